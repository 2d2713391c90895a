"""The memory of gradients: it is used again, and never while anything shows what is in it."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow._engine import primitive
from gradflow.errors import RuleError

F = gf.nn.functional


class Fails(gf.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: gf.Tensor) -> gf.Tensor:
        return x * 1

    @staticmethod
    def backward(ctx: Any, g: gf.Tensor) -> gf.Tensor:
        raise RuntimeError("backward fails")


def ready(features: int = 3) -> tuple[gf.nn.Linear, gf.optim.SGD, gf.Tensor]:
    """A layer whose gradients have just been set aside after a step, and an input."""
    gf.manual_seed(1)
    layer, x = gf.nn.Linear(features, features).double(), gf.randn(4, features, dtype=gf.float64)
    optimizer = gf.optim.SGD(layer.parameters(), lr=0.1)
    (layer(x) ** 2).sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    assert layer.weight.grad is None and layer.weight.node.spare is not None  # or the tests below could not fail
    return layer, optimizer, x


def expected(loss: gf.Tensor, layer: gf.nn.Linear) -> np.ndarray:
    """The weight's gradient, by another way."""
    return gf.autograd.grad(loss, layer.weight, retain_graph=True)[0].to_numpy()


def memory_of(t: gf.Tensor) -> Any:
    """The array that the gradient of ``t`` is in."""
    return t.node.buffer.array


def test_the_memory_lasts_and_the_gradient_is_written_there() -> None:
    layer, optimizer, x = ready()
    memory = layer.weight.node.spare.array
    for _ in range(3):
        loss = (layer(x) ** 2).sum()
        right = expected(loss, layer)
        loss.backward()
        assert memory_of(layer.weight) is memory
        np.testing.assert_allclose(layer.weight.grad.to_numpy(), right, rtol=1e-14)
        loss = layer(x).sum()
        loss.backward()  # the second is added
        right = right + expected(layer(x).sum(), layer)
        np.testing.assert_allclose(layer.weight.grad.to_numpy(), right, rtol=1e-14)
        optimizer.step()
        optimizer.zero_grad()


@pytest.mark.parametrize(
    "loss_of",
    [
        lambda layer, x: (layer(layer(x)) ** 2).sum(),
        lambda layer, x: (layer(x) ** 2).sum() + (layer.weight**3).sum(),
        lambda layer, x: (layer.weight**3).sum() + (layer(x) ** 2).sum(),
        lambda layer, x: (layer(x).sum() * layer(x)).sum() + layer.weight[0, 0],
        lambda layer, x: layer(x[0]).sum(),
    ],
)
def test_a_weight_that_is_used_again(loss_of: Any) -> None:
    layer, _, x = ready()
    memory = layer.weight.node.spare.array
    loss = loss_of(layer, x)
    right = expected(loss, layer)
    loss.backward()
    np.testing.assert_allclose(layer.weight.grad.to_numpy(), right, rtol=1e-13)
    assert memory_of(layer.weight) is memory


SHOWN: dict[str, Callable[[Any], Any]] = {
    "the Tensor": lambda g: g,
    "a detached Tensor": lambda g: g.detach(),
    "a slice": lambda g: g[:1],
    "a slice of a slice, transposed": lambda g: g[1:].T[:, :1],
    "the bare array": lambda g: g.array,
    "a slice of the bare array": lambda g: g.array[:1],
}
HOST: dict[str, Callable[[Any], Any]] = {
    "numpy()": lambda g: g.numpy(),
    "to_numpy()": lambda g: g.to_numpy()[::2],
    "__array__": lambda g: np.asarray(g),
    "a buffer": lambda g: memoryview(g.numpy()),
    "DLPack": lambda g: np.from_dlpack(g),
}


def check_that_it_stays(show: Callable[[Any], Any]) -> None:
    layer, optimizer, x = ready()
    kept, numbers, memories = [], [], []
    for i in range(4):
        (layer(x) * (i + 1)).sum().backward()
        right = expected((layer(x) * (i + 1)).sum(), layer)
        np.testing.assert_allclose(layer.weight.grad.to_numpy(), right, rtol=1e-14)
        kept.append(show(layer.weight.grad))
        numbers.append(kept[-1].tolist())
        memories.append(weakref.ref(layer.weight.node.buffer.array))
        if i % 2:
            optimizer.step()
        optimizer.zero_grad()
    assert [k.tolist() for k in kept] == numbers and len({tuple(np.ravel(n)) for n in numbers}) == 4
    kept.clear()
    gc.collect()
    assert len({id(m()) for m in memories if m() is not None}) <= 1  # what is shown no longer goes


@pytest.mark.parametrize("show", SHOWN)
def test_a_gradient_that_is_shown_is_never_overwritten(show: str) -> None:
    check_that_it_stays(SHOWN[show])


@pytest.mark.cpu_only("shares memory with NumPy")
@pytest.mark.parametrize("show", HOST)
def test_a_gradient_that_numpy_shows_is_never_overwritten(show: str) -> None:
    check_that_it_stays(HOST[show])


def test_a_gradient_that_a_graph_saved_is_not_overwritten() -> None:
    layer, optimizer, x = ready()
    layer(x).sum().backward()
    ones = gf.ones(3, 3, dtype=gf.float64, requires_grad=True)
    loss, right = (layer.weight.grad * ones).sum(), layer.weight.grad.tolist()
    optimizer.zero_grad()
    (layer(x) * 3).sum().backward()
    loss.backward()
    assert ones.grad.tolist() == right


def test_a_gradient_held_by_garbage_is_not_overwritten_before_it_is_collected() -> None:
    layer, optimizer, x = ready()
    gc.disable()
    try:
        layer(x).sum().backward()
        ring: list[Any] = [layer.weight.grad.array]
        ring.append(ring)
        watched = weakref.ref(ring[0])
        numbers = ring[0].tolist()
        del ring
        optimizer.zero_grad()
        (layer(x) * 7).sum().backward()
        assert watched().tolist() == numbers
    finally:
        gc.enable()


def test_no_gradient_memory_is_asked_for_while_gradients_are_read() -> None:
    layer, optimizer, x = ready()
    memories: set[int] = set()
    for i in range(100):
        (layer(x) ** 2).sum().backward()
        norm = layer.weight.grad.norm().item() + layer.bias.grad[0].item()  # who reads a gradient lets it go again
        assert norm > 0
        memories |= {id(p.node.buffer) for p in layer.parameters()}
        optimizer.step()
        if i % 3:
            optimizer.zero_grad()
        else:
            layer.zero_grad()
    assert len(memories) == 2


def test_zeros_are_seen_by_whoever_shows_the_gradient() -> None:
    layer, optimizer, x = ready()
    layer(x).sum().backward()
    seen, part = layer.weight.grad, layer.bias.grad.array[:1]
    optimizer.zero_grad(set_to_none=False)
    assert layer.weight.grad is seen and not seen.to_numpy().any() and part[0] == 0
    layer(x).sum().backward()
    np.testing.assert_allclose(seen.to_numpy(), expected(layer(x).sum(), layer), rtol=1e-14)


def test_a_step_without_a_backward_changes_nothing() -> None:
    layer, optimizer, _ = ready()
    before = layer.weight.detach().to_numpy().copy()
    optimizer.step()
    np.testing.assert_array_equal(layer.weight.detach().to_numpy(), before)


def test_a_pass_that_fails_gives_the_memory_back() -> None:
    layer, _, x = ready()
    memory = layer.weight.node.spare
    with pytest.raises(RuntimeError, match="backward fails"):
        layer(Fails.apply(x.clone().requires_grad_() * 1)).sum().backward()
    assert layer.weight.grad is None and layer.weight.node.spare is memory and memory.is_free()
    layer(x).sum().backward()
    np.testing.assert_allclose(layer.weight.grad.to_numpy(), expected(layer(x).sum(), layer), rtol=1e-14)
    assert layer.weight.node.buffer is memory


def test_memory_in_another_order_is_not_written_by_a_product() -> None:
    w = gf.nn.Parameter(gf.arange(4.0, dtype=gf.float64).reshape(2, 2).t())
    for n in range(1, 4):
        ((w - 0.5) ** 2).sum().backward()  # a gradient laid out as the weight is
        np.testing.assert_allclose(w.grad.to_numpy(), 2 * (w.detach().to_numpy() - 0.5))
        w.grad = None
        F.linear(F.linear(gf.ones(3, 2, dtype=gf.float64) * n, w), w).sum().backward()
        a, x = w.detach().to_numpy(), np.full((3, 2), float(n))
        np.testing.assert_allclose(w.grad.to_numpy(), np.outer(a.sum(0), x.sum(0)) + np.outer(np.ones(2), (x @ a.T).sum(0)))
        w.grad = None


def test_gradients_of_another_shape_or_dtype_after_the_array_was_replaced() -> None:
    layer, _, x = ready()
    for p in layer.parameters():
        p.array = p.array.astype("f4")
    layer(x.float()).sum().backward()
    assert layer.weight.grad.dtype == gf.float32
    np.testing.assert_allclose(layer.weight.grad.to_numpy()[0], x.to_numpy().sum(0), rtol=1e-6)
    w = gf.ones(3, requires_grad=True)
    (w * gf.ones(2, 3)).sum().backward()
    w.grad, w.array = None, gf.ones(2, 3).array
    (w * gf.ones(4, 2, 3)).sum().backward()
    assert w.grad.tolist() == [[4.0] * 3] * 2
    w.grad, w.array = None, gf.ones(3).array
    (w * gf.ones(2, 3)).sum().backward()
    assert w.grad.tolist() == [2.0] * 3
    w.requires_grad_(False)
    w.array = gf.ones(1).array
    assert w.requires_grad_().grad is None
    (w * gf.ones(2, 3)).sum().backward()
    assert w.grad.tolist() == [6.0]


def test_freezing_twice_and_detaching_keep_what_a_leaf_has() -> None:
    w, seen = gf.tensor([1.0, 2.0], requires_grad=True), []
    w.register_hook(lambda g: seen.append(g.tolist()))
    y = (w * w).sum()
    (w * 3).sum().backward()
    for _ in range(2):
        assert w.requires_grad_(False).grad.tolist() == [3.0, 3.0]
    assert w.detach_().grad.tolist() == [3.0, 3.0] and not w.requires_grad
    y.backward(retain_graph=True)  # nothing is added to what is frozen
    assert w.grad.tolist() == [3.0, 3.0]
    w.requires_grad_()
    y.backward()
    assert w.grad.tolist() == [5.0, 7.0] and seen[-1] == [2.0, 4.0]
    layer = gf.nn.Linear(2, 1)
    layer(gf.ones(1, 2)).sum().backward()
    layer.requires_grad_(False).requires_grad_(False)
    assert layer.requires_grad_().weight.grad.tolist() == [[1.0, 1.0]]
    h = (w * 2).detach_()
    assert h.is_leaf and not h.requires_grad


def test_a_recorded_gradient_is_added_to_in_place_and_shared_with_no_other_leaf() -> None:
    a, b = gf.tensor([1.0, 2.0], requires_grad=True), gf.tensor([3.0, 4.0], requires_grad=True)
    ((a + b) ** 2).sum().backward(create_graph=True)
    first, other = a.grad, b.grad
    assert first.requires_grad and first is not other
    (a * 10).sum().backward()
    assert a.grad is first and first.tolist() == [18.0, 22.0] and first.requires_grad and other.tolist() == [8.0, 12.0]
    assert gf.autograd.grad(other.sum(), a)[0].tolist() == [2.0, 2.0]


def test_a_pass_inside_a_pass() -> None:
    layer, _, x = ready()
    inner = x.detach() * 2

    def hook(_: gf.Tensor) -> None:
        with gf.enable_grad():
            layer(inner).sum().backward()

    hidden = x.requires_grad_() * 1
    hidden.register_hook(hook)  # called when the weight's gradient has been written, and is not accumulated
    layer(hidden).sum().backward()
    right = expected(layer(x).sum(), layer) + expected(layer(inner).sum(), layer)
    np.testing.assert_allclose(layer.weight.grad.to_numpy(), right, rtol=1e-14)


def test_zero_grad_inside_a_pass_takes_nothing_from_it() -> None:
    layer, optimizer, x = ready()
    h = layer(x)
    h.register_hook(lambda _: optimizer.zero_grad())
    loss = (layer(h) ** 2).sum()
    loss.backward(retain_graph=True)
    found = layer.weight.grad.to_numpy().copy()
    np.testing.assert_allclose(found, expected(loss, layer), rtol=1e-14)


def test_a_finalizer_may_run_backward() -> None:
    layer, _, x = ready()
    w, ran = layer.weight, []
    w.grad = (w * 1.0).sum() * gf.ones(3, 3, dtype=gf.float64)  # a gradient with a graph, which is let go below

    def finalizer() -> None:
        (gf.tensor([1.0], requires_grad=True) * 2).sum().backward()
        ran.append(True)

    weakref.finalize(w.grad, finalizer)
    layer(x).sum().backward(create_graph=True)
    assert ran


def test_what_a_hook_was_shown_stays() -> None:
    layer, optimizer, x = ready()
    shown: list[gf.Tensor] = []
    with layer.weight.register_hook(shown.append):
        for i in range(1, 4):  # not 0: zeros are what memory that is used again would show, too
            (layer(x) * i).sum().backward()
            optimizer.zero_grad()
    assert len(shown) == 3
    for i, g in enumerate(shown, 1):
        np.testing.assert_allclose(g.to_numpy(), expected((layer(x) * i).sum(), layer), rtol=1e-14)
    node_shown: list[gf.Tensor] = []
    y = layer(x)
    y.grad_fn.register_hook(lambda gradients, _: node_shown.extend(g for g in gradients if g is not None))
    y.sum().backward()
    right = node_shown[0].to_numpy().copy()
    optimizer.zero_grad()
    (layer(x) * 3).sum().backward()
    np.testing.assert_array_equal(node_shown[0].to_numpy(), right)


@pytest.mark.parametrize("uses", [1, 2])
def test_what_a_hook_gives_stays_the_users(uses: int) -> None:
    w, mine = gf.ones(3, requires_grad=True), gf.tensor([1.0, 2.0, 3.0])
    w.register_hook(lambda _: mine)
    for n in range(1, 3):
        sum((w * i).sum() for i in range(1, uses + 1)).backward()
        assert w.grad.tolist() == [n, 2.0 * n, 3.0 * n] and mine.tolist() == [1.0, 2.0, 3.0]


def test_gradients_as_values_are_nobody_elses() -> None:
    layer, optimizer, x = ready()
    (g,) = gf.autograd.grad(layer(x).sum(), layer.weight)
    right = g.to_numpy().copy()
    assert layer.weight.grad is None
    optimizer.zero_grad()
    (layer(x) * 5).sum().backward()
    np.testing.assert_array_equal(g.to_numpy(), right)
    layer, _, x = ready()
    (layer(x) ** 2).sum().backward(create_graph=True)
    assert layer.weight.grad.requires_grad
    np.testing.assert_allclose(layer.weight.grad.to_numpy(), expected((layer(x) ** 2).sum(), layer), rtol=1e-14)


def test_threads_add_up() -> None:
    layer, _, _ = ready(64)
    inputs = [gf.randn(32, 64, dtype=gf.float64) for _ in range(16)]

    def work(some: list[gf.Tensor]) -> None:
        for x in some:
            layer(x).sum().backward()

    threads = [threading.Thread(target=work, args=(inputs[i::4],)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    right = sum(expected(layer(x).sum(), layer) for x in inputs)
    np.testing.assert_allclose(layer.weight.grad.to_numpy(), right, rtol=1e-10)


def test_room_is_for_one_gradient() -> None:
    def both(xp: Any, g: Any, out: Any) -> Any:
        return g, g

    with pytest.raises(RuleError, match="the memory of one"):

        @primitive(joint=(both, "a b"))
        def _two(xp: Any, a: Any, b: Any) -> Any:
            return a + b
