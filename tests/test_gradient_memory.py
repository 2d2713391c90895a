"""After zero_grad() backward writes first gradients into the memory of .grad: what nobody may notice, but by the clock."""

from __future__ import annotations

import threading
import weakref
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow.engine.graph import BLANK, LENT, SEEN
from gradflow.errors import RuleError

F = gf.nn.functional


class Fails(gf.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: gf.Tensor) -> gf.Tensor:
        return x * 1

    @staticmethod
    def backward(ctx: Any, g: gf.Tensor) -> gf.Tensor:
        raise RuntimeError("backward fails")


def blank(features: int = 3) -> tuple[gf.nn.Linear, gf.optim.SGD, gf.Tensor]:
    """A layer whose gradients have just been made zero after a step, and an input."""
    gf.manual_seed(1)
    layer, x = gf.nn.Linear(features, features).double(), gf.randn(4, features, dtype=gf.float64)
    optimizer = gf.optim.SGD(layer.parameters(), lr=0.1)
    (layer(x) ** 2).sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    assert layer.weight.node.state == BLANK  # and nothing below would find out, were it not so
    return layer, optimizer, x


def expected(loss: gf.Tensor, layer: gf.nn.Linear) -> np.ndarray:
    """The weight's gradient, by another way."""
    return gf.autograd.grad(loss, layer.weight, retain_graph=True)[0].to_numpy()


def test_the_memory_lasts_and_the_gradient_is_written_there() -> None:
    layer, optimizer, x = blank()
    memory = layer.weight.node._grad.data
    for _ in range(3):
        loss = (layer(x) ** 2).sum()
        right = expected(loss, layer)
        loss.backward()
        assert layer.weight.node._grad.data is memory
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
    layer, _, x = blank()
    memory = layer.weight.node._grad.data
    loss = loss_of(layer, x)
    right = expected(loss, layer)
    loss.backward()
    np.testing.assert_allclose(layer.weight.grad.to_numpy(), right, rtol=1e-13)
    assert layer.weight.grad.data is memory


def test_who_looks_finds_zeros() -> None:
    layer, optimizer, x = blank()
    assert not layer.weight.grad.to_numpy().any() and layer.weight.node.state == SEEN
    seen = layer.weight.grad
    optimizer.zero_grad()
    assert layer.weight.node.state == SEEN  # it is held here, and would show what is not to be seen
    layer(x).sum().backward()
    assert layer.weight.grad is seen
    np.testing.assert_allclose(seen.to_numpy(), expected(layer(x).sum(), layer), rtol=1e-14)
    part = layer.bias.grad.data[:1]
    optimizer.zero_grad()
    assert part[0] == 0


def test_a_step_without_a_backward_finds_zeros() -> None:
    layer, optimizer, _ = blank()
    before = layer.weight.detach().to_numpy().copy()
    optimizer.step()
    np.testing.assert_array_equal(layer.weight.detach().to_numpy(), before)


def test_a_pass_that_fails_leaves_zeros() -> None:
    layer, _, x = blank()
    hidden = x.requires_grad_() * 1
    with pytest.raises(RuntimeError, match="backward fails"):
        layer(Fails.apply(hidden)).sum().backward()
    assert layer.weight.node.state == LENT
    loss = layer(x.detach()).sum()
    loss.backward()
    np.testing.assert_allclose(layer.weight.grad.to_numpy(), expected(layer(x).sum(), layer), rtol=1e-14)
    layer, _, x = blank()
    with pytest.raises(RuntimeError, match="backward fails"):
        layer(Fails.apply(x.requires_grad_())).sum().backward()
    assert not layer.weight.grad.to_numpy().any()


def test_a_pass_inside_a_pass() -> None:
    layer, _, x = blank()
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
    layer, optimizer, x = blank()
    h = layer(x)
    h.register_hook(lambda _: optimizer.zero_grad())
    loss = (layer(h) ** 2).sum()
    loss.backward(retain_graph=True)
    found = layer.weight.grad.to_numpy().copy()
    np.testing.assert_allclose(found, expected(loss, layer), rtol=1e-14)


def test_memory_of_another_dtype_is_no_room() -> None:
    layer, _, x = blank()
    for p in layer.parameters():
        p.data = p.data.astype("f4")
    layer(x.float()).sum().backward()
    assert layer.weight.grad.dtype == gf.float64
    np.testing.assert_allclose(layer.weight.grad.to_numpy()[0], x.to_numpy().sum(0), rtol=1e-6)


def test_a_finalizer_may_run_backward() -> None:
    layer, _, x = blank()
    w, ran = layer.weight, []
    w.grad = (w * 1.0).sum() * gf.ones(3, 3, dtype=gf.float64)  # a gradient with a graph, which is let go below

    def finalizer() -> None:
        (gf.tensor([1.0], requires_grad=True) * 2).sum().backward()
        ran.append(True)

    weakref.finalize(w.grad, finalizer)
    layer(x).sum().backward()
    assert ran


def test_what_a_hook_was_shown_stays() -> None:
    layer, optimizer, x = blank()
    shown: list[gf.Tensor] = []
    with layer.weight.register_hook(shown.append):
        for i in range(3):
            (layer(x) * i).sum().backward()
            optimizer.zero_grad()
    assert len(shown) == 3
    for i, g in enumerate(shown):
        np.testing.assert_allclose(g.to_numpy(), expected((layer(x) * i).sum(), layer), rtol=1e-14)
    node_shown: list[gf.Tensor] = []
    y = layer(x)
    y.grad_fn.register_hook(lambda gradients, _: node_shown.extend(g for g in gradients if g is not None))
    y.sum().backward()
    right = node_shown[0].to_numpy().copy()
    optimizer.zero_grad()
    (layer(x) * 3).sum().backward()
    np.testing.assert_array_equal(node_shown[0].to_numpy(), right)


def test_gradients_as_values_are_nobody_elses() -> None:
    layer, optimizer, x = blank()
    (g,) = gf.autograd.grad(layer(x).sum(), layer.weight)
    right = g.to_numpy().copy()
    assert not layer.weight.grad.to_numpy().any()
    optimizer.zero_grad()
    (layer(x) * 5).sum().backward()
    np.testing.assert_array_equal(g.to_numpy(), right)
    layer, _, x = blank()
    (layer(x) ** 2).sum().backward(create_graph=True)
    assert layer.weight.grad.requires_grad
    np.testing.assert_allclose(layer.weight.grad.to_numpy(), expected((layer(x) ** 2).sum(), layer), rtol=1e-14)


def test_threads_add_up() -> None:
    layer, _, _ = blank(64)
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
    def both(xp: Any, g: Any, room: Any) -> Any:
        return g, g

    with pytest.raises(RuleError, match="room for one"):

        @gf.engine.primitive(joint=(both, "a b"))
        def _two(xp: Any, a: Any, b: Any) -> Any:
            return a + b
