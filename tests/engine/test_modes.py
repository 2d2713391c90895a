"""Recording and anomaly mode: in generators and coroutines, and after an interrupt at any moment."""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

import gradflow as gf
from gradflow import _levels
from gradflow._engine import is_anomaly_enabled, is_grad_enabled, mode
from gradflow._engine.modes import threads_not_recording


def recorded() -> bool:
    """Whether an operation is recorded, which is what the mode is for."""
    on = (gf.ones(2, requires_grad=True) * 2).requires_grad
    assert on == is_grad_enabled()
    return on


SWITCHES = {
    "no_grad()": (gf.no_grad(), recorded, False),
    "no_grad": (gf.no_grad, recorded, False),
    "set_grad_enabled": (lambda f: gf.set_grad_enabled(False)(f), recorded, False),
    "detect_anomaly": (gf.autograd.detect_anomaly(), is_anomaly_enabled, True),
    "set_detect_anomaly": (lambda f: gf.autograd.set_detect_anomaly(True)(f), is_anomaly_enabled, True),
}


@pytest.mark.parametrize("name", SWITCHES)
def test_a_generator_has_the_mode_whenever_it_goes_on(name: str) -> None:
    switch, asked, there = SWITCHES[name]
    here = not there
    seen: list[Any] = []

    @switch
    def numbers(count: int) -> Any:
        """Numbers."""
        try:
            for i in range(count):
                try:
                    seen.append((asked(), (yield i)))
                except ValueError:
                    seen.append((asked(), "thrown"))
        finally:
            seen.append((asked(), "closed"))
        return asked()

    assert numbers.__doc__ == "Numbers." and inspect.isgeneratorfunction(numbers)
    running = numbers(5)
    assert asked() == here
    assert next(running) == 0 and asked() == here
    assert running.send("sent") == 1 and asked() == here
    assert running.throw(ValueError()) == 2 and asked() == here
    running.close()
    assert asked() == here
    assert seen == [(there, "sent"), (there, "thrown"), (there, "closed")]
    last = numbers(1)
    next(last)
    with pytest.raises(StopIteration) as end:
        next(last)
    assert end.value.value == there and asked() == here
    assert list(numbers(3)) == [0, 1, 2]
    with pytest.raises(KeyError):
        next(numbers(2)) or numbers(2).throw(KeyError())
    assert asked() == here


def test_generators_in_turn_have_a_mode_each() -> None:
    @gf.no_grad()
    def off() -> Any:
        yield recorded()
        with gf.enable_grad():
            yield recorded()
            yield recorded()
        yield recorded()

    @gf.enable_grad()
    def on() -> Any:
        for _ in range(4):
            yield recorded()

    a, b = off(), on()
    assert [(next(a), next(b), recorded()) for _ in range(4)] == [(w, True, True) for w in (False, True, True, False)]
    with gf.no_grad():
        a, b = off(), on()
        assert [(next(a), next(b), recorded()) for _ in range(4)] == [(w, True, False) for w in (False, True, True, False)]
    assert recorded() and not threads_not_recording


def test_blocks_that_end_in_another_order() -> None:
    def block() -> Any:
        with gf.no_grad():
            yield
        yield

    running = block()
    next(running)
    assert not recorded()
    with gf.enable_grad():
        assert recorded()
        next(running)  # the block of the generator ends inside of this one
        assert recorded()
    assert recorded() and not threads_not_recording
    running = block()
    next(running)
    thread = threading.Thread(target=lambda: next(running))
    thread.start()
    thread.join()
    gf.set_grad_enabled(True)
    mode.outer.clear()
    mode.depth = 0


def test_coroutines_and_asynchronous_generators() -> None:
    @gf.no_grad()
    async def part(x: int) -> tuple[bool, int]:
        await asyncio.sleep(0)
        return recorded(), x

    @gf.no_grad()
    async def parts(count: int) -> Any:
        try:
            for i in range(count):
                await asyncio.sleep(0)
                yield recorded(), i
        finally:
            seen.append(recorded())

    async def whole() -> None:
        assert await asyncio.gather(part(1), outside(), part(2)) == [(False, 1), True, (False, 2)]
        assert [made async for made in parts(3)] == [(False, 0), (False, 1), (False, 2)]
        running = parts(3)
        assert await running.__anext__() == (False, 0) and recorded()
        await running.aclose()
        with pytest.raises(KeyError):
            await parts(1).athrow(KeyError())
        assert recorded()

    async def outside() -> bool:
        for _ in range(5):
            assert recorded()
            await asyncio.sleep(0)
        return recorded()

    seen: list[bool] = []
    assert inspect.iscoroutinefunction(part) and inspect.isasyncgenfunction(parts)
    asyncio.run(whole())
    assert seen == [False, False]


# Interrupts


class Cube(gf.Function):
    @staticmethod
    def forward(ctx: Any, x: gf.Tensor) -> gf.Tensor:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, g: gf.Tensor) -> gf.Tensor:
        (x,) = ctx.saved_tensors
        return 3 * x**2 * g


class Once(Cube):
    backward = staticmethod(gf.autograd.once_differentiable(Cube.backward))


def start() -> gf.Tensor:
    return gf.tensor([0.5, -1.0], dtype=gf.float64, requires_grad=True)


@gf.no_grad()
def quietly(x: gf.Tensor) -> float:
    return float(x.sum())


@gf.no_grad()
def each(x: gf.Tensor) -> Any:
    for i in range(2):
        yield float(x[i])


@gf.autograd.detect_anomaly()
def watched(x: gf.Tensor) -> Any:
    return gf.autograd.grad((x * x.sin()).sum(), x)


def backward(f: Callable[[gf.Tensor], gf.Tensor]) -> Any:
    def run() -> Any:
        x = start()
        f(x).sum().backward()
        f(x).sum().backward()
        return x.grad

    return run


def step() -> Any:
    x = start()
    optimizer = gf.optim.Adam([x], lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        (x.sin() * x).sum().backward()
        optimizer.step()
    return x.detach()


@gf.no_grad()
def closures() -> Any:
    x = start()
    optimizer = gf.optim.SGD([x], lr=0.1)

    def closure() -> gf.Tensor:
        optimizer.zero_grad()
        loss = (x.sin() * x).sum()
        loss.backward()
        return loss

    return optimizer.step(closure), x.detach()


def second() -> Any:
    x = start()
    (g,) = gf.autograd.grad((x**3).sum(), x, create_graph=True)
    return gf.autograd.grad(g.sum(), x)


WORK: dict[str, Callable[[], Any]] = {
    "backward": backward(lambda x: (x * x).sin() * x),
    "a Function": backward(lambda x: Cube.apply(x) * Once.apply(x)),
    "checkpoint": backward(lambda x: gf.checkpoint(lambda a: a.sin() * x, x * 2)),
    "fused": backward(lambda x: gf.fused(lambda a: a * a.sin())(x)),
    "recorded": second,
    "hvp": lambda: gf.func.hvp(lambda x: (x.sin() * x).sum(), (start().detach(),), (gf.ones(2, dtype=gf.float64),))[1],
    "jvp": lambda: gf.func.jvp(lambda x: x.sin() * x, (start().detach(),), (gf.ones(2, dtype=gf.float64),))[1],
    "jacobians": lambda: (gf.func.jacrev(gf.sin)(start().detach()), gf.func.jacfwd(gf.sin)(start().detach())),
    "no_grad": lambda: [quietly(start()), *each(start())],
    "detect_anomaly": lambda: watched(start()),
    "an optimizer": step,
    "a closure": closures,
}


def test_blocks_of_generators_may_end_in_any_order() -> None:
    def quiet_steps() -> Any:
        with gf.no_grad():
            yield
            assert not recorded()
            yield

    def loud_steps() -> Any:
        with gf.enable_grad():
            yield
            yield

    first, second = quiet_steps(), quiet_steps()
    next(first), next(second)
    first.close()
    assert not recorded()  # the block of second goes on
    second.close()
    assert recorded()
    steps = quiet_steps()
    next(steps)
    with gf.enable_grad():
        steps.close()
        assert recorded()
    assert recorded()
    outer = loud_steps()
    with gf.no_grad():
        next(outer)
        with gf.no_grad():
            outer.close()
            assert not recorded()
        assert not recorded()
    assert recorded()
    with gf.autograd.detect_anomaly():
        steps = quiet_steps()
        next(steps)
    assert not mode.anomaly and not recorded()
    steps.close()
    assert recorded() and mode.depth == 0


def numbers(made: Any) -> Any:
    return (
        [numbers(m) for m in made] if isinstance(made, tuple | list) else made.tolist() if isinstance(made, gf.Tensor) else made
    )


def interrupted(work: Callable[[], Any], after: int) -> bool:
    """Run ``work`` with a KeyboardInterrupt at one of the places where Python raises it: where a function begins, and when a call
    of C has returned.  False if it was done before.  (One inside a weak reference's callback is only told of.)

    The beginning of ``__exit__`` is left out: no ``with`` block can set anything back there.  So are NumPy's own functions:
    ``numpy.errstate`` does not set back what it has set if it is interrupted in its ``__enter__``.
    """
    left = after

    def look(frame: Any, event: str, _: Any) -> None:
        nonlocal left
        if frame.f_globals.get("__name__", "").startswith("numpy."):
            return
        if event == "c_return" or (event == "call" and frame.f_code.co_name != "__exit__"):
            left -= 1
            if left < 0:
                raise KeyboardInterrupt

    sys.setprofile(look)
    try:
        work()
    except KeyboardInterrupt:
        pass
    finally:
        sys.setprofile(None)
    return left < 0


@pytest.mark.cpu_only("is about Python's own calls, which are the same")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", WORK)
def test_an_interrupt_leaves_the_modes_and_the_gradients_right(name: str) -> None:
    work = WORK[name]
    expected, count = numbers(work()), 0
    while interrupted(work, count):
        assert mode.recording and not mode.anomaly and mode.depth == _levels._depth.count == 0, count
        threads_not_recording.clear()  # a thread that is left there is only slower
        if count % 10 == 0:
            assert numbers(work()) == expected, count
        count += 1 + count // 100
    assert count > 50
    assert numbers(work()) == expected and recorded()


@pytest.mark.cpu_only("is about Python's own calls, which are the same")
def test_an_interrupt_inside_no_grad_leaves_it_off() -> None:
    work, count, more = WORK["recorded"], 0, True
    with gf.no_grad():
        while more:
            more = interrupted(lambda: gf.enable_grad()(work)(), count)
            assert not recorded(), count
            count += 3
    assert recorded()
