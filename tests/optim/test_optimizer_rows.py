"""What holds for every optimizer: saved state, copies, dtypes, parameters without a gradient; and that none is left out.

The values of their steps stand in ``test_torch_optim.py`` (PyTorch's) and ``test_optim.py`` (the textbook's formulas).
"""

from __future__ import annotations

import copy
import importlib
import pickle
import pkgutil
from typing import Any

import numpy as np
import pytest
from test_optim import CHAPTER
from test_torch_optim import GOLDEN

import gradflow as gf
from gradflow import optim

# A row for each optimizer and each choice of settings that keeps another state.
ROWS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.2, "weight_decay": 0.1}),
    ("Momentum", {"lr": 0.1}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1}),
    ("Adadelta", {"lr": 5.0, "eps": 1e-3}),
    ("RMSprop", {"lr": 0.02}),
    ("RMSprop", {"lr": 0.02, "momentum": 0.9, "centered": True}),
    ("Adam", {"lr": 0.05}),
    ("Adam", {"lr": 0.05, "amsgrad": True, "weight_decay": 0.1}),
    ("AdamW", {"lr": 0.05}),
    ("Adamax", {"lr": 0.05}),
    ("NAdam", {"lr": 0.05}),
    ("RAdam", {"lr": 0.05}),
    ("Rprop", {"lr": 0.05}),
    ("ASGD", {"lr": 0.1, "t0": 2}),
    ("Adafactor", {"lr": 0.05}),
    ("Muon", {"lr": 0.05}),
    ("LBFGS", {"lr": 0.5, "max_iter": 2}),
    ("LBFGS", {"max_iter": 2, "line_search_fn": "strong_wolfe"}),
]
every_row = pytest.mark.parametrize(("name", "settings"), ROWS, ids=[f"{n}-{s}".replace("'", "") for n, s in ROWS])

START = np.array([[0.5, -1.0, 1.5], [-0.75, 1.25, 0.25]])
GOAL = np.array([[0.25, 1.0, -0.5], [1.0, -0.25, 0.75]])


def parameters(dtype: Any = gf.float64) -> list[gf.Tensor]:
    return [gf.tensor(a, dtype=dtype, requires_grad=True) for a in (START, START[:, :2] * 2)]


def steps(optimizer: Any, n: int) -> Any:
    """``n`` steps of the optimizer on a loss with curvature and a sine; the loss before each."""
    held = [p for group in optimizer.param_groups for p in group["params"]]

    def closure() -> gf.Tensor:
        optimizer.zero_grad()
        loss = gf.zeros((), dtype=held[0].dtype)
        for p in held:
            d = p - gf.tensor(GOAL[:, : p.shape[1]], dtype=p.dtype)
            loss = loss + (d * d + d.sin()).sum() * 0.5
        loss.backward()
        return loss

    return [optimizer.step(closure).item() for _ in range(n)]


def numbers(params: Any) -> list[Any]:
    return [p.detach().tolist() for p in params]


@every_row
def test_a_saved_state_goes_on_with_the_same_numbers(name: str, settings: dict[str, Any]) -> None:
    params = parameters()
    optimizer = getattr(optim, name)(params, **settings)
    losses = steps(optimizer, 3)
    assert losses[-1] < losses[0]
    saved, there = copy.deepcopy(optimizer.state_dict()), numbers(params)
    wanted = steps(optimizer, 4), numbers(params)
    others = [gf.tensor(a, dtype=gf.float64, requires_grad=True) for a in there]
    again = getattr(optim, name)(others)  # with other settings, which the state brings along
    again.load_state_dict(saved)
    assert (steps(again, 4), numbers(others)) == wanted
    assert again.state_dict()["param_groups"] == optimizer.state_dict()["param_groups"]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))], ids=["deepcopy", "pickle"])
@every_row
def test_a_copy_goes_on_alone(name: str, settings: dict[str, Any], copied: Any) -> None:
    optimizer = getattr(optim, name)(parameters(), **settings)
    steps(optimizer, 3)
    other = copied(optimizer)
    mine, theirs = (o.param_groups[0]["params"] for o in (optimizer, other))
    before = numbers(mine)
    wanted = steps(other, 3)
    assert numbers(mine) == before != numbers(theirs)
    assert steps(optimizer, 3) == wanted and numbers(mine) == numbers(theirs)
    assert repr(other) == repr(optimizer)


@pytest.mark.parametrize(("dtype", "tolerance"), [(gf.float32, 1e-4), (gf.float16, 3e-2)], ids=["float32", "float16"])
@every_row
def test_dtypes_are_kept(name: str, settings: dict[str, Any], dtype: Any, tolerance: float) -> None:
    exact, params = parameters(), parameters(dtype)
    steps(getattr(optim, name)(exact, **settings), 5)
    steps(getattr(optim, name)(params, **settings), 5)
    for p, q in zip(params, exact, strict=True):
        assert p.dtype == dtype and p.grad.dtype == dtype and p.is_leaf and p.requires_grad
        np.testing.assert_allclose(p.detach().to_numpy(), q.detach().to_numpy(), rtol=tolerance, atol=tolerance)


@every_row
def test_a_parameter_without_a_gradient_is_left_alone(name: str, settings: dict[str, Any]) -> None:
    used, unused = parameters()
    optimizer = getattr(optim, name)([used, unused], **settings)

    def closure() -> gf.Tensor:
        optimizer.zero_grad()
        loss = (used * used).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert unused.grad is None and unused not in optimizer.state
    np.testing.assert_array_equal(unused.detach().to_numpy(), START[:, :2] * 2)
    assert (used.detach().to_numpy() != START).any()


# Nothing is left out


def optimizers() -> set[str]:
    """The names of all classes of ``gradflow.optim`` that can be made: those that are not there to be derived from."""
    for found in pkgutil.walk_packages(optim.__path__, "gradflow.optim."):
        importlib.import_module(found.name)
    left: list[type[optim.Optimizer]] = [optim.Optimizer]
    classes: set[type[optim.Optimizer]] = set()
    while left:
        for cls in left.pop().__subclasses__():
            left.append(cls)
            if cls.__module__.startswith("gradflow.optim") and not cls.__name__.startswith("_"):
                classes.add(cls)
    return {cls.__name__ for cls in classes - {optim.ElementwiseOptimizer}}


def test_every_optimizer_has_rows_and_values() -> None:
    there = optimizers()
    assert len(there) > 12
    assert sorted(there - {name for name, _ in ROWS}) == []
    values = {case["name"] for case in GOLDEN["cases"]} | {type(make(parameters())).__name__ for _, make in CHAPTER}
    assert sorted(there - values) == [], "no numbers to compare the steps with, in torch_optim.json or in test_optim.CHAPTER"
    assert sorted(there - set(optim.__all__)) == []
