"""Where a Tensor that requires grad becomes plain numbers: a warning, once per line, or an error, and never silence."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import gradflow as gf
import gradflow.numpy as gnp
from gradflow.errors import GraphError, LostGradientWarning

F = gf.nn.functional


def integral(t: gf.Tensor) -> Any:
    return pytest.importorskip("scipy.integrate").quad(lambda s: t * s, 0, 1)


WARNED: dict[str, Any] = {
    "gf.tensor of a list": lambda t: gf.tensor([t, t]),
    "gf.tensor of a nest": lambda t: gf.tensor([[1.0, t], [2.0, 3.0]]),
    "gf.as_tensor of a list": lambda t: gf.as_tensor([t]),
    "gf.tensor of a tensor": lambda t: gf.tensor(t, requires_grad=True),
    "new_tensor": lambda t: t.new_tensor([t]),
    "float": lambda t: float(t),
    "complex": lambda t: complex(t),
    "math.exp": lambda t: math.exp(t),
    "np.float64": lambda t: np.float64(t),
    "a[0] = t": lambda t: np.zeros(3).__setitem__(0, t),
    "a.fill(t)": lambda t: np.zeros(3).fill(t),
    "np.fromiter": lambda t: np.fromiter([t, t], float),
    "scipy.integrate.quad": integral,
    "huber_loss delta": lambda t: F.huber_loss(gf.ones(2), gf.zeros(2), delta=t),
    "normalize eps": lambda t: F.normalize(gf.ones(2, 2), eps=t),
}


@pytest.mark.parametrize("name", WARNED)
def test_numbers_made_of_a_tensor_that_requires_grad_are_warned_of(name: str) -> None:
    t = gf.tensor(1.5, requires_grad=True)
    with pytest.warns(LostGradientWarning, match=r"\.item\(\) or \.detach\(\)") as told:
        WARNED[name](t)
    assert {w.filename for w in told} == {__file__}
    with gf.no_grad():  # filterwarnings is "error"
        WARNED[name](t)
    WARNED[name](t.detach())


def test_once_per_line() -> None:
    t, out = gf.tensor([1.0, 2.0, 3.0], requires_grad=True), np.zeros(3)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        for i in range(3):
            out[i] = t[i]
        for i in range(3):
            out[i] = t[i]
    assert [w.lineno - told[0].lineno for w in told] == [0, 2] and out.tolist() == [1, 2, 3]


def test_what_is_not_warned_of() -> None:
    t = gf.tensor(1.5, requires_grad=True)
    assert int(t) == 1 and t.item() == 1.5 and bool(t) and t.tolist() == 1.5 and f"{t:.2f}" == "1.50"
    assert f"{t}" == "1.5" and str(t) and repr(t) and t > 1
    float(t.detach())
    gf.tensor(t.item())
    gf.tensor([t.item(), 1.0])
    gf.tensor([gf.ones(()), 2.0])
    assert isinstance(t.clone().tolist(), float) and float(gf.ones((), dtype=gf.int64)) == 1


REFUSED: dict[str, Any] = {
    "np.array of a list": lambda t: np.array([t, t]),
    "np.array with a dtype": lambda t: np.array([t, t], float),
    "np.asarray": lambda t: np.asarray(t),
    "np.asarray of a nest": lambda t: np.asarray([[t, 1.0]]),
    "np.mean of a list": lambda t: np.mean([t, t]),
    "a[:] = t": lambda t: np.zeros(3).__setitem__(slice(None), t),
    "np.full": lambda t: np.full(3, t),
    "np.arange": lambda t: np.arange(t),
    "gf.arange": lambda t: gf.arange(t),
    "gf.arange step": lambda t: gf.arange(0, 1, t),
    "gnp.arange": lambda t: gnp.arange(0, t),
    "cross_entropy": lambda t: F.cross_entropy(gf.zeros(2, 3), gf.tensor([0, 1]), t * gf.ones(3)),
    "cross_entropy of probabilities": lambda t: F.cross_entropy(gf.zeros(2, 3), gf.ones(2, 3) / 3, t * gf.ones(3)),
    "nll_loss": lambda t: F.nll_loss(gf.zeros(2, 3), gf.tensor([0, 1]), t * gf.ones(3)),
    "CrossEntropyLoss": lambda t: gf.nn.CrossEntropyLoss(weight=t * gf.ones(3))(gf.zeros(2, 3), gf.tensor([0, 1])),
}


@pytest.mark.cpu_only("what CuPy and NumPy make of a Tensor on a device is an error of its own")
@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_gradient_for_a_tensor_refuses_one_that_requires_it(name: str) -> None:
    t = gf.tensor(1.5, requires_grad=True)
    with pytest.raises(GraphError, match=r"recorded"):
        REFUSED[name](t)
    REFUSED[name](t.detach())


def test_the_weights_that_are_recorded() -> None:
    """The other losses multiply by their weights, so that those have gradients."""
    x, y = gf.rand(2, 3, dtype=gf.float64, requires_grad=True), gf.rand(2, 3, dtype=gf.float64)
    w = gf.rand(2, 3, dtype=gf.float64, requires_grad=True)
    for loss in (
        lambda x, w: F.mse_loss(x, y, weight=w),
        lambda x, w: F.l1_loss(x, y, weight=w),
        lambda x, w: F.huber_loss(x, y, weight=w),
        lambda x, w: F.binary_cross_entropy(x, y, weight=w),
        lambda x, w: F.binary_cross_entropy_with_logits(x, y, pos_weight=w),
        lambda x, w: F.cross_entropy(x, w),
        lambda x, w: F.kl_div(x, w),
        lambda x, w: F.batch_norm(x, w[0], w[1], training=False),
    ):
        assert gf.gradcheck(loss, [x, w])
    with gf.no_grad():
        F.cross_entropy(gf.zeros(2, 3), gf.tensor([0, 1]), w[0])
