"""``Tensor.data`` is PyTorch's: a Tensor over the same memory that records nothing; ``Tensor.array`` is the bare array."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow import nn
from gradflow.errors import DTypeError, GraphError, InPlaceError


def test_it_shares_the_memory_and_records_nothing() -> None:
    w = gf.tensor([1.0, 2.0], requires_grad=True)
    d = w.data
    assert type(d) is gf.Tensor and not d.requires_grad and d.is_leaf and d.array is w.array
    assert (d * 2).grad_fn is None and (w * 2).data.grad_fn is None
    d[0] = 5.0
    assert w.tolist() == [5.0, 2.0] and w._version == 1


def test_the_idioms_of_pytorch() -> None:
    layer = nn.Linear(3, 2)
    w, b = layer.weight, layer.bias
    array = w.array
    layer(gf.ones(4, 3)).sum().backward()
    before, grad = w.tolist(), w.grad
    w.data -= 0.5 * w.grad
    assert w.array is array and w.requires_grad and w.is_leaf
    np.testing.assert_allclose(w.detach().cpu().numpy(), np.array(before, np.float32) - 0.5 * grad.cpu().numpy())
    w.data.add_(1.0).mul_(2.0)
    b.data.copy_(gf.tensor([3.0, 4.0]))
    b.data.clamp_(max=3.5)
    assert b.tolist() == [3.0, 3.5]
    w.data.zero_()
    w.data[1] = 7.0
    assert w.tolist() == [[0.0] * 3, [7.0] * 3]
    w.data.normal_(0, 0.02)
    assert 0 < float(w.data.abs().max()) < 0.2 and w.array is array
    w.grad.data.zero_()
    assert w.grad.tolist() == [[0.0] * 3] * 2
    loss = layer(gf.ones(1, 3)).sum()
    assert isinstance(loss.data.item(), float) and loss.data.cpu().numpy().shape == ()


def test_a_tensor_assigned_to_it_is_the_memory() -> None:
    w, new = gf.ones(2, requires_grad=True), gf.tensor([[1.0, 2.0, 3.0]])
    (w * 2).sum().backward()
    w.data = new
    assert w.array is new.array and w.shape == (1, 3) and w.requires_grad
    w.grad = None
    (w * w).sum().backward()
    assert w.grad.tolist() == [[2.0, 4.0, 6.0]]
    new[0, 0] = 9.0
    assert w.tolist() == [[9.0, 2.0, 3.0]]
    w.data = w.data.double()
    assert w.dtype == gf.float64 and (w * 1).sum().grad_fn is not None
    frozen = gf.ones(2)
    frozen.data = gf.arange(3)
    assert frozen.tolist() == [0, 1, 2]


def test_what_cannot_be_assigned() -> None:
    w = gf.ones(2, requires_grad=True)
    y = w * 2
    for value, error, words in (
        (np.zeros(2), TypeError, "as_tensor"),
        ([0.0, 0.0], TypeError, "list"),
        (None, TypeError, "NoneType"),
        (gf.arange(2), DTypeError, "floats"),
    ):
        with pytest.raises(error, match=words):
            w.data = value
    for value in (gf.ones(3), gf.ones(2, dtype=gf.float64)):
        with pytest.raises(GraphError, match="recorded operation"):
            y.data = value
    assert w.tolist() == [1.0, 1.0] and y.tolist() == [2.0, 2.0]
    y.data = gf.tensor([5.0, 6.0])
    y.sum().backward()
    assert y.tolist() == [5.0, 6.0] and w.grad.tolist() == [2.0, 2.0]


def test_backward_sees_what_is_written_through_it() -> None:
    w = gf.tensor([1.0, 2.0], requires_grad=True)
    y = (w * w).sum()
    w.data.mul_(3.0)
    with pytest.raises(InPlaceError):
        y.backward()
    assert w.grad is None


def test_an_optimizer_follows_it() -> None:
    w, other = gf.tensor([1.0, 2.0], requires_grad=True), gf.tensor([5.0], requires_grad=True)
    optimizer = gf.optim.SGD([w, other], lr=0.5, momentum=0.5)
    for k in range(4):
        if k == 1:
            w.data -= 1.0
        if k == 2:
            w.data = gf.tensor([10.0, 20.0])
        optimizer.zero_grad()
        (w.sum() + other.sum()).backward()
        optimizer.step()
    assert w.tolist() == [10.0 - 0.5 * (1.75 + 1.875), 20.0 - 0.5 * (1.75 + 1.875)]
    assert other.tolist() == [5.0 - 0.5 * (1.0 + 1.5 + 1.75 + 1.875)]


@pytest.mark.parametrize("which", ["base", "first view", "second view"])
def test_views_of_memory_that_was_replaced(which: str) -> None:
    x = gf.tensor([1.0, 2.0, 3.0], requires_grad=True)
    base = x * 1.0
    views: dict[str, Any] = {"base": base, "first view": base[:2], "second view": base[1:]}
    t = views[which]
    t.data = gf.zeros(*t.shape)
    others = [v for name, v in views.items() if name != which]
    others[0][0] = 7.0  # reaches the tensors that still show that memory, and the other one not
    assert t.tolist() == [0.0] * len(t)
    (g,) = gf.autograd.grad(t.sum(), x, retain_graph=True)
    assert sum(g.tolist()) == len(t)
    shown = sum(o.sum() for o in others)
    assert others[0].tolist()[0] == 7.0 and shown.item() == sum(float(o.array.sum()) for o in others)
    (g,) = gf.autograd.grad(shown, x)
    wanted = {"base": [0.0, 2.0, 1.0], "first view": [0.0, 2.0, 2.0], "second view": [0.0, 2.0, 1.0]}[which]
    assert g.tolist() == wanted


def test_pickles_of_earlier_versions_load() -> None:
    """Made when Tensor lived in gradflow.tensor: a tensor, a parameter, a model and the state of an optimizer after a step."""
    saved = pickle.loads((Path(__file__).parents[1] / "pickled_before_0_1.pkl").read_bytes())
    assert type(saved["t"]) is gf.Tensor and saved["t"].requires_grad and saved["t"].tolist() == [1.0, 2.0]
    assert type(saved["p"]) is nn.Parameter and saved["p"].tolist() == [1.0, 1.0]
    model = saved["m"]
    np.testing.assert_allclose(model[0].weight.tolist(), [[0.3959, 0.0937], [0.0157, -0.3256]], atol=1e-4)
    optimizer = gf.optim.Adam(model.parameters(), lr=0.5)
    optimizer.load_state_dict(saved["s"])
    assert optimizer.param_groups[0]["lr"] == 0.1
    model(gf.ones(1, 2, device="cpu")).sum().backward()
    optimizer.step()
    assert gf.Tensor.__module__ == "gradflow" and type(pickle.loads(pickle.dumps(saved["t"]))) is gf.Tensor
