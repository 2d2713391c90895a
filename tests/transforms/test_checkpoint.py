"""checkpoint: the same gradients with less kept, the same random numbers, any order."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow.errors import ArgumentError, GraphError


def host(t: gf.Tensor) -> np.ndarray:
    return t.detach().to_numpy()


def net(depth: int = 3, width: int = 4) -> gf.nn.Sequential:
    gf.manual_seed(1)
    return gf.nn.Sequential(*[gf.nn.Sequential(gf.nn.Linear(width, width), gf.nn.Tanh()) for _ in range(depth)]).double()


@pytest.mark.parametrize("asked", [True, False])
def test_gradients_of_arguments_and_parameters_are_the_same(asked: bool) -> None:
    found = []
    for through in (lambda f, x: f(x), gf.checkpoint):
        f = net()
        x = gf.linspace(-1, 1, 8, dtype=gf.float64).reshape(2, 4).requires_grad_(asked)
        y = through(f[0], x)
        z = through(f[1], y) * through(f[1], x)  # the same parameters twice
        f[2](z).square().sum().backward()
        found.append([host(z), *[host(p.grad) for p in f.parameters()], *([host(x.grad)] if asked else [])])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def test_what_is_used_beside_the_arguments_gets_its_gradient() -> None:
    w = gf.tensor([1.0, 2.0], requires_grad=True)
    u = w * w  # neither an argument nor a leaf
    y = gf.checkpoint(lambda x, scale: (x * u * scale).sin(), gf.tensor([3.0, 4.0]), scale=gf.tensor(0.5))
    y.sum().backward()
    a = np.array([1.5, 2.0])
    np.testing.assert_allclose(host(w.grad), np.cos(a * [1, 4]) * a * [2, 4], rtol=1e-6)
    (g,) = gf.autograd.grad(gf.checkpoint(lambda: (w * w).sum()), w)
    assert g.tolist() == [2, 4]


def test_several_results_and_unused_ones() -> None:
    x = gf.tensor([1.0, 2.0], requires_grad=True)
    a, b, n = gf.checkpoint(lambda t: (t * 2, t * t, t.detach()), x)
    assert not n.requires_grad
    b.sum().backward()
    assert x.grad.tolist() == [2, 4] and a.tolist() == [2, 4]


def test_dropout_repeats_its_mask_and_the_stream_goes_on() -> None:
    x = gf.ones(1000, requires_grad=True)
    drop = gf.nn.Dropout(0.5)
    gf.manual_seed(7)
    y = gf.checkpoint(lambda t: drop(t) * t, x)
    after = host(gf.rand(3))
    y.sum().backward()
    assert host(x.grad).tolist() == (2 * host(y)).tolist()
    here = host(gf.rand(3))
    gf.manual_seed(7)
    drop(x)
    assert host(gf.rand(3)).tolist() == after.tolist() and host(gf.rand(3)).tolist() == here.tolist()
    x.grad = None
    y = gf.checkpoint(lambda t: drop(t) * t, x, preserve_rng_state=False)
    y.sum().backward()
    assert host(x.grad).tolist() != (2 * host(y)).tolist()


def test_any_order() -> None:
    x = gf.tensor([0.3, -0.7], dtype=gf.float64, requires_grad=True)
    w = gf.tensor([1.5, 0.5], dtype=gf.float64, requires_grad=True)

    def f(a: gf.Tensor, b: gf.Tensor) -> gf.Tensor:
        return gf.checkpoint(lambda t: (t * b).sin() * t, a)

    assert gf.gradcheck(f, (x, w)) and gf.gradgradcheck(f, (x, w))
    nested = lambda a: gf.checkpoint(lambda t: gf.checkpoint(lambda s: s.exp() * w, t) * t, a)
    assert gf.gradgradcheck(nested, (x,))


def test_in_parts() -> None:
    f, x = net(5), gf.ones(2, 4, dtype=gf.float64, requires_grad=True)
    f(x).sum().backward()
    wanted = [host(x.grad), *[host(p.grad) for p in f.parameters()]]
    for segments in (1, 2, 5):
        f.zero_grad()
        x.grad = None
        gf.checkpoint_sequential(f, segments, x).sum().backward()
        for a, b in zip([x.grad, *[p.grad for p in f.parameters()]], wanted, strict=True):
            np.testing.assert_allclose(host(a), b, rtol=1e-13)
    for wrong in (0, 6, 1.5):
        with pytest.raises(ArgumentError, match="segments"):
            gf.checkpoint_sequential(f, wrong, x)


def test_refusals_and_no_grad() -> None:
    with pytest.raises(TypeError, match="function"):
        gf.checkpoint(gf.ones(2))
    with gf.no_grad():
        assert not gf.checkpoint(net(1), gf.ones(1, 4, dtype=gf.float64)).requires_grad
    assert not gf.checkpoint(lambda t: t * 2, gf.ones(2)).requires_grad
    y = gf.checkpoint(lambda t: t * t, gf.ones(2, requires_grad=True)).sum()
    y.backward()
    with pytest.raises(GraphError, match="freed"):
        y.backward()
    x = gf.ones(2, requires_grad=True)
    z = x * 1
    y = gf.checkpoint(lambda t: t * t, z).sum()
    with gf.no_grad():
        z.add_(1)
    with pytest.raises(GraphError, match="overwritten"):
        y.backward()


def peak_of(run: Any) -> int:
    """The most memory that NumPy held at once during ``run()``, beyond what it held before."""
    run()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak - before


@pytest.mark.cpu_only("measures the memory of NumPy's arrays")
def test_it_keeps_less() -> None:
    gf.manual_seed(0)
    layers = [gf.nn.Sequential(gf.nn.Linear(64, 64), gf.nn.Tanh(), gf.nn.Linear(64, 64), gf.nn.Tanh()) for _ in range(16)]
    x = gf.randn(512, 64)

    def run(through: Any) -> None:
        y = x
        for layer in layers:
            y = through(layer, y)
        y.sum().backward()

    plain, less = peak_of(lambda: run(lambda f, t: f(t))), peak_of(lambda: run(gf.checkpoint))
    one = 512 * 64 * 4
    # two arrays for each of 32 layers, against one for each of 16 and the inside of one
    assert plain > 32 * one and less < 28 * one


@pytest.mark.cpu_only("measures the memory of NumPy's arrays")
def test_a_training_step_takes_no_more_than_the_rules_name() -> None:
    """An MLP 784-256-128-10 on 1024 rows: what its rules keep, its parameters' gradients, and what one rule makes at a time."""
    gf.manual_seed(0)
    model = gf.nn.Sequential(gf.nn.Linear(784, 256), gf.nn.ReLU(), gf.nn.Linear(256, 128), gf.nn.ReLU(), gf.nn.Linear(128, 10))
    x, y = gf.randn(1024, 784), gf.randint(0, 10, (1024,))
    optimizer, criterion = gf.optim.Adam(model.parameters()), gf.nn.CrossEntropyLoss()

    def step() -> None:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()

    step()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    loss = criterion(model(x), y)
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    named = kept_by(loss)
    numbers = {(p.array.ctypes.data, p.array.nbytes) for p in [*model.parameters(), x]}
    named -= numbers
    kept = sum(size for _, size in named)
    assert held < 1.1 * kept  # nothing is held that no rule names
    del loss
    # Beside what is kept there are, when the first layer's rule runs, the gradients that come in and go out of it: the weight's
    # is as large as the weight, and the widest activation's gradient is there.
    working = 1024 * 256 * 4 + 784 * 256 * 4
    assert kept > 1.6e6  # two hidden layers' activations, and what cross-entropy keeps
    assert peak_of(step) < 1.1 * (kept + working)


def kept_by(loss: gf.Tensor) -> set[tuple[int, int]]:
    """Address and size of every array that the graph of ``loss`` keeps, each once."""
    found: set[tuple[int, int]] = set()
    stack, seen = [loss.node], set()
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        stack += list(node.parents)
        for kept in node.saved:
            if isinstance(kept, np.ndarray):
                found.add((kept.ctypes.data, kept.nbytes))
    return found


# Arguments and captured tensors that depend on one another


def plainly(f: Any, *args: Any, **kwargs: Any) -> Any:
    return f(*args, **kwargs)


def depending(c: Any, x: gf.Tensor, w: gf.Tensor) -> dict[str, gf.Tensor]:
    """Programs of two vectors, in which ``c`` is checkpoint or a plain call."""
    h, cast = w + 1, w.float().double()
    m = gf.outer(w, x)
    t = m.t()

    def loop(f: Any, steps: int) -> gf.Tensor:
        u, before = x, x * 0.5
        for _ in range(steps):
            u, before = c(f, u, before, w)
        return u

    return {
        "made of a captured one": c(lambda a: a * h * w, x),
        "kept by what made it": c(lambda a: a * (w * 2).sin() * gf.exp(w) * w, x),
        "transposed": c(lambda a: (a @ m).tanh() @ t, x),
        "cast": c(lambda a: a * cast * w, x),
        "captured and argument": c(lambda a: a * w * 2, 3 * w),
        "argument and captured": c(lambda a: a * a * x, x),
        "twice the same": c(lambda a, b: a * b.sin(), x, x),
        "one made of the other": c(lambda a, b: a * b.sin(), x, x * w),
        "one inside the other": c(lambda a: c(lambda b: b * h * a, a * w) * h, x * h),
        "a loop with a shared parameter": loop(lambda u, b, p: (2 * u - b + p * u.sin(), u), 3),
        "a loop with a captured parameter": loop(lambda u, b, p: (2 * u - b + w * u.sin() * h, u), 3),
        "returned": c(lambda a: (a, h, a * h), x)[1] * c(lambda a: a, x),
    }


NAMES = list(depending(plainly, gf.ones(2, requires_grad=True), gf.ones(2, requires_grad=True)))


def derivatives(program: Any, *points: gf.Tensor) -> list[np.ndarray]:
    """The value, the gradients plain, recorded and by backward, a product with the Hessian, and one with the Jacobian."""
    ins = [p.detach().requires_grad_() for p in points]
    vs = [gf.tensor(np.linspace(0.5, 1.5, p.array.size).reshape(p.shape)) for p in points]
    y = program(*ins)
    s = (y * y).sum()
    found = [y, *gf.autograd.grad(s, ins, retain_graph=True, materialize_grads=True)]
    recorded = gf.autograd.grad(s, ins, create_graph=True, materialize_grads=True)
    found += recorded
    product = sum(((g * v).sum() for g, v in zip(recorded, vs, strict=True)), gf.tensor(0.0))
    assert product.requires_grad
    found += gf.autograd.grad(product, ins, retain_graph=True, materialize_grads=True)
    s.backward()
    found += [gf.zeros_like(i.detach()) if i.grad is None else i.grad for i in ins]
    found.append(gf.func.jvp(program, tuple(points), tuple(vs))[1])
    return [host(t) for t in found]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_counted_twice(name: str) -> None:
    x, w = gf.tensor(np.array([0.7, -0.4])), gf.tensor(np.array([0.3, 1.2]))
    found, wanted = (derivatives(lambda a, b, c=c: depending(c, a, b)[name], x, w) for c in (gf.checkpoint, plainly))
    assert len(found) == len(wanted) > 8
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)


def test_hand_computed_values() -> None:
    x, w = gf.tensor([3.0], requires_grad=True), gf.tensor([5.0], requires_grad=True)
    h = w + 1
    gf.checkpoint(lambda a: a * h * w, x).sum().backward()
    assert w.grad.tolist() == [33.0]  # d/dw 3 (w + 1) w
    (g,) = gf.autograd.grad(gf.checkpoint(lambda a, b: a * b, x, x), x, create_graph=True)
    assert g.tolist() == [6.0]
    c, one = gf.tensor([0.7], dtype=gf.float64), gf.ones(1, dtype=gf.float64)

    def cube(c: gf.Tensor) -> gf.Tensor:
        return gf.checkpoint(lambda u, c: c * u, c * c, c)

    assert gf.func.jvp(cube, (c,), (one,))[1].item() == pytest.approx(1.47)
    assert gf.func.jacfwd(cube)(c).item() == pytest.approx(1.47)
    assert gf.func.hessian(lambda c: cube(c).sum())(c).item() == pytest.approx(4.2)


def random_program(rng: np.random.Generator) -> Any:
    """A program of two vectors: captured tensors made of one another, and parts that use some of them beside arguments."""
    one = [lambda a: a.sin(), lambda a: a * 0.5, lambda a: a + 1, lambda a: -a, lambda a: a.tanh(), lambda a: a[::-1],
           lambda a: a.clone(), lambda a: a.to(gf.complex128).real, lambda a: gf.stack([a, a * a]).sum(0)]  # fmt: skip
    two = [lambda a, b: a + b, lambda a, b: a * b, lambda a, b: (a * b).sin(), lambda a, b: a - b * b,
           lambda a, b: gf.where(a > b, a, b)]  # fmt: skip

    def steps(count: int) -> list[tuple[Any, int, int]]:
        made = []
        for _ in range(count):
            f = one[rng.integers(len(one))] if rng.random() < 0.4 else two[rng.integers(len(two))]
            made.append((f, int(rng.integers(1000)), int(rng.integers(1000))))
        return made

    def run(todo: list[tuple[Any, int, int]], held: list[gf.Tensor]) -> list[gf.Tensor]:
        held = list(held)
        for f, i, j in todo:
            a, b = held[i % len(held)], held[j % len(held)]
            held.append(f(a) if f in one else f(a, b))
        return held

    before, inner = steps(3), [(steps(3), rng.integers(0, 1000, 2).tolist(), bool(rng.random() < 0.3)) for _ in range(3)]

    def program(c: Any, x: gf.Tensor, w: gf.Tensor) -> gf.Tensor:
        pool = run(before, [x, w])
        for todo, which, nested in inner:
            arguments = [pool[i % len(pool)] for i in which]
            captured = list(pool)

            def part(*given: gf.Tensor, todo: Any = todo, captured: Any = captured, nested: bool = nested) -> Any:
                held = run(todo, [*given, *captured])
                if nested:
                    held.append(c(lambda a: a * held[0] + captured[-1], held[-1]))
                return held[-1], held[-2]

            pool += list(c(part, *arguments))
        return pool[-1] * pool[-2]

    return program


@pytest.mark.parametrize("seed", range(60))
def test_random_programs_of_dependent_tensors(seed: int) -> None:
    rng = np.random.default_rng(seed)
    program = random_program(rng)
    x, w = (gf.tensor(rng.uniform(-1, 1, 3)) for _ in range(2))
    found, wanted = (derivatives(lambda a, b, c=c: program(c, a, b), x, w) for c in (gf.checkpoint, plainly))
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


def test_parts_in_a_chain_are_run_three_times_at_most() -> None:
    """Forward, and once in each of the two backward passes of a product with a Hessian."""
    calls = 0

    def f(u: gf.Tensor, before: gf.Tensor, c: gf.Tensor) -> tuple[gf.Tensor, gf.Tensor]:
        nonlocal calls
        calls += 1
        return 2 * u - before + c * u, u

    def loop(c: gf.Tensor) -> gf.Tensor:
        u, before = c * 0 + 1, c * 0 + 1
        for _ in range(12):
            u, before = gf.checkpoint(f, u, before, c)
        return u.sum()

    gf.func.hvp(loop, (gf.tensor([0.7]),), (gf.ones(1),))
    assert calls <= 36


def test_the_graph_around_is_left_alone() -> None:
    x, w = gf.tensor([3.0], requires_grad=True), gf.tensor([5.0], requires_grad=True)
    h = w * w  # keeps its input, and is used outside too
    seen: list[Any] = []
    w.register_hook(lambda g: seen.append(g.tolist()))
    h.register_hook(lambda g: seen.append(g.tolist()))
    h.retain_grad()
    (gf.checkpoint(lambda a: a * h * w, x) + h.sin()).sum().backward()
    whole = 3 * 5 + np.cos(25)
    assert [v for (v,) in seen] == pytest.approx([whole, whole * 10 + 75], rel=1e-5)  # each once, with all that came
    assert h.grad.item() == pytest.approx(whole, rel=1e-5)


def test_what_is_used_beside_the_arguments_must_stay_as_it_was() -> None:
    x, w = gf.ones(2, requires_grad=True), gf.ones(2, requires_grad=True)
    y = gf.checkpoint(lambda a: a * w, x).sum()
    with gf.no_grad():
        w.add_(1)
    with pytest.raises(GraphError, match="overwritten"):
        y.backward()
    held = [w * 2]
    y = gf.checkpoint(lambda a: a * held[0], x).sum()
    held[0] = x * 3
    with pytest.raises(GraphError, match="did not depend on"):
        y.backward()
