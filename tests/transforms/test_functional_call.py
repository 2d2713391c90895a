"""A module called with other parameters gives what a module with these parameters gives, and stays what it was."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow import nn
from gradflow.errors import ArgumentError
from gradflow.func import functional_call


def net() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2)).double()


X = gf.tensor(np.random.default_rng(0).normal(size=(5, 3)))


def held(model: nn.Module) -> dict[str, Any]:
    return {name: (t, t.tolist()) for name, t in [*model.named_parameters(), *model.named_buffers()]}


def same(model: nn.Module, before: dict[str, Any]) -> bool:
    return all(before[n][0] is t and before[n][1] == t.tolist() for n, t in [*model.named_parameters(), *model.named_buffers()])


def test_it_is_the_module_with_these_parameters() -> None:
    model, other = net(), net()
    before = held(model)
    other(X)  # its running statistics become its own
    given = {**dict(other.named_parameters()), **{n: b.clone() for n, b in other.named_buffers()}}
    y = functional_call(model, given, X)
    assert y.tolist() == other(X).tolist() and same(model, before)
    for name, b in other.named_buffers():  # both were written by one call more
        assert given[name].tolist() == b.tolist()
    loss = functional_call(model, [dict(other.named_parameters()), {"1.running_mean": gf.zeros(4, dtype=gf.float64)}], (X,)).sum()
    loss.backward()
    assert all(p.grad is not None for p in other.parameters()) and all(p.grad is None for p in model.parameters())


def test_gradients_of_a_dict_of_parameters() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    params = {name: p.detach() for name, p in model.named_parameters()}

    def loss(params: dict[str, gf.Tensor], scale: float) -> gf.Tensor:
        return (functional_call(model, params, X) * scale).square().mean()

    found = gf.func.grad(loss)(params, 2.0)
    (model(X) * 2.0).square().mean().backward()
    for name, p in model.named_parameters():
        np.testing.assert_allclose(found[name].cpu().numpy(), p.grad.cpu().numpy(), rtol=1e-12)
    hessian = gf.func.hessian(lambda b: loss({**params, "2.bias": b}, 1.0))(params["2.bias"])
    np.testing.assert_allclose(hessian.cpu().numpy(), np.eye(2), atol=1e-12)


def test_what_is_not_named_stays_and_arguments_are_handed_on() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(gf.ones(2))
            self.b = nn.Parameter(gf.zeros(2))

        def forward(self, x: gf.Tensor, times: float = 1.0) -> gf.Tensor:
            return x * self.w * times + self.b

    model, x = Scaled(), gf.tensor([1.0, 2.0])
    assert functional_call(model, {"w": gf.tensor([2.0, 3.0])}, x).tolist() == [2.0, 6.0]
    assert functional_call(model, {"b": gf.ones(2)}, (x, 3.0)).tolist() == [4.0, 7.0]
    assert functional_call(model, {}, (), {"x": x, "times": 2.0}).tolist() == [2.0, 4.0]
    with pytest.raises(ArgumentError, match="'b' is not given"):
        functional_call(model, {"w": gf.ones(2)}, x, strict=True)


def test_tied_weights() -> None:
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    model[1].weight = model[0].weight
    w, x = gf.tensor([[2.0, 0.0], [0.0, 3.0]]), gf.ones(1, 2)
    own = model[0].weight
    assert (
        functional_call(model, {"0.weight": w}, x).tolist() == functional_call(model, {"1.weight": w}, x).tolist() == [[4.0, 9.0]]
    )
    once = functional_call(model, {"1.weight": w}, x, tie_weights=False)
    assert once.tolist() == (x @ own.T @ w.T).tolist()
    with pytest.raises(ArgumentError, match="tied"):
        functional_call(model, {"0.weight": w, "1.weight": gf.ones(2, 2)}, x)
    assert functional_call(model, {"0.weight": w, "1.weight": w}, x).tolist() == [[4.0, 9.0]]
    assert model[0].weight is model[1].weight is own


def test_whatever_happens_the_module_is_what_it_was() -> None:
    model = net()
    before = held(model)
    with pytest.raises(Exception, match="shape"):
        functional_call(model, {"0.weight": gf.ones(4, 7, dtype=gf.float64)}, X)
    for wrong, error, words in (
        ({"0.wieght": X}, ArgumentError, "no parameter or buffer '0.wieght'"),
        ({"0.weight": np.ones((4, 3))}, TypeError, "ndarray"),
        ([{"0.bias": X}, {"0.bias": X}], ArgumentError, "two of the dicts"),
        ([("0.bias", X)], TypeError, "tuple"),
    ):
        with pytest.raises(error, match=re.escape(words)):
            functional_call(model, wrong, X)
    assert same(model, before)
