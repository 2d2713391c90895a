"""Numbers of NumPy and arrays without dimensions wherever a number is asked for; truth values and NaN refused."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradflow as gf
import gradflow.nn.functional as F
from gradflow import nn, optim
from gradflow.errors import ArgumentError
from gradflow.optim import lr_scheduler as S

REALS: list[Callable[[float], Any]] = [np.float16, np.float32, np.float64, np.array, lambda v: gf.tensor(v, dtype=gf.float64)]
WHOLES: list[Callable[[int], Any]] = [np.int64, np.int32, np.int8, np.array, gf.tensor]

OPTIMIZERS = {
    name: kind
    for name, kind in vars(optim).items()
    if isinstance(kind, type) and issubclass(kind, optim.Optimizer) and name not in ("Optimizer", "ElementwiseOptimizer")
}
SETTINGS = [
    (name, setting, parameter.default)
    for name, kind in OPTIMIZERS.items()
    for setting, parameter in inspect.signature(kind).parameters.items()
    if isinstance(parameter.default, float | int | tuple) and not isinstance(parameter.default, bool)
] + [(name, "lr", 0.125) for name in OPTIMIZERS]


def trained(name: str, **settings: Any) -> Any:
    p = gf.tensor([[1.0, 2.0], [3.0, 5.0]], requires_grad=True)
    optimizer = OPTIMIZERS[name]([p], **settings)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    for _ in range(2):
        closure()
        optimizer.step(closure)
    return p.detach().to_numpy().tolist()


def exact(default: Any) -> Any:
    """A value of the setting that float16 holds as it is."""
    if isinstance(default, tuple):
        return tuple(None if v is None else float(np.float16(v)) for v in default)
    return default if isinstance(default, int) else float(np.float16(min(default, 1024.0)))


@pytest.mark.parametrize(("name", "setting", "default"), SETTINGS)
def test_settings_of_optimizers(name: str, setting: str, default: Any) -> None:
    value = exact(default)
    wanted = trained(name, **{setting: value})
    for kind in WHOLES if isinstance(value, int) else REALS:
        if isinstance(value, tuple):
            given = tuple(None if v is None else kind(v) for v in value)
            assert trained(name, **{setting: given}) == wanted
        else:
            assert trained(name, **{setting: kind(value)}) == wanted, kind
    if isinstance(value, tuple) and None not in value:
        assert trained(name, **{setting: np.array(value)}) == wanted
    for wrong in (True, np.True_, float("nan"), np.float32("nan"), "0.1", 1j):
        with pytest.raises(ArgumentError, match=rf"{name}: {setting} (is|are) ") as told:
            trained(name, **{setting: wrong})
        # What is refused is not what the sentence asks for.
        said = re.search(r"not (.*)$", str(told.value))
        assert said is not None and said[1] in map(repr, (True, np.True_, float("nan"), np.float32("nan"), "0.1", 1j))


def sgd() -> Any:
    return optim.SGD([gf.ones(2, requires_grad=True)], lr=0.5, momentum=0.75)


RATES: dict[str, tuple[Any, Callable[[Any, Any], Any]]] = {
    "StepLR.step_size": (2, lambda o, v: S.StepLR(o, v)),
    "StepLR.gamma": (0.5, lambda o, v: S.StepLR(o, 2, v)),
    "MultiStepLR": (3, lambda o, v: S.MultiStepLR(o, [2, v])),
    "ConstantLR.factor": (0.25, lambda o, v: S.ConstantLR(o, v)),
    "ConstantLR.total_iters": (2, lambda o, v: S.ConstantLR(o, 0.25, v)),
    "LinearLR.start": (0.25, lambda o, v: S.LinearLR(o, v)),
    "LinearLR.end": (0.25, lambda o, v: S.LinearLR(o, 0.5, v)),
    "LinearLR.total_iters": (3, lambda o, v: S.LinearLR(o, total_iters=v)),
    "ExponentialLR": (0.5, lambda o, v: S.ExponentialLR(o, v)),
    "PolynomialLR.power": (1.5, lambda o, v: S.PolynomialLR(o, 4, v)),
    "PolynomialLR.total_iters": (4, lambda o, v: S.PolynomialLR(o, v)),
    "Cosine.T_max": (3, lambda o, v: S.CosineAnnealingLR(o, v)),
    "Cosine.eta_min": (0.125, lambda o, v: S.CosineAnnealingLR(o, 3, v)),
    "Restarts.T_0": (2, lambda o, v: S.CosineAnnealingWarmRestarts(o, v)),
    "Restarts.T_mult": (2, lambda o, v: S.CosineAnnealingWarmRestarts(o, 1, v)),
    "Cyclic.base_lr": (0.25, lambda o, v: S.CyclicLR(o, v, 0.5, 2)),
    "Cyclic.max_lr": (0.25, lambda o, v: S.CyclicLR(o, 0.125, [v], 2)),
    "Cyclic.up": (2, lambda o, v: S.CyclicLR(o, 0.125, 0.5, v)),
    "Cyclic.down": (2, lambda o, v: S.CyclicLR(o, 0.125, 0.5, 3, v)),
    "Cyclic.momentum": (0.5, lambda o, v: S.CyclicLR(o, 0.125, 0.5, 3, base_momentum=v)),
    "OneCycle.max_lr": (0.5, lambda o, v: S.OneCycleLR(o, v, 40)),
    "OneCycle.total_steps": (40, lambda o, v: S.OneCycleLR(o, 0.5, v)),
    "OneCycle.epochs": (20, lambda o, v: S.OneCycleLR(o, 0.5, epochs=v, steps_per_epoch=v)),
    "OneCycle.pct_start": (0.25, lambda o, v: S.OneCycleLR(o, 0.5, 40, pct_start=v)),
    "OneCycle.div_factor": (8.0, lambda o, v: S.OneCycleLR(o, 0.5, 40, div_factor=v)),
    "OneCycle.final_div_factor": (8.0, lambda o, v: S.OneCycleLR(o, 0.5, 40, final_div_factor=v)),
    "SequentialLR": (2, lambda o, v: S.SequentialLR(o, [S.ConstantLR(o), S.ExponentialLR(o, 0.5)], [v])),
}


@pytest.mark.parametrize("name", RATES)
def test_settings_of_schedules(name: str) -> None:
    value, make = RATES[name]

    def rates(given: Any) -> list[Any]:
        optimizer = sgd()
        scheduler, found = make(optimizer, given), []
        for _ in range(6):
            group = optimizer.param_groups[0]
            found.append((group["lr"], group["momentum"]))
            scheduler.step()
        assert all(type(v) in (int, float) for pair in found for v in pair)
        return found

    wanted = rates(value)
    for kind in WHOLES if isinstance(value, int) else REALS:
        assert rates(kind(value)) == wanted, kind
    for wrong in (True, np.True_, float("nan"), "2", None):
        if wrong is None and name == "Cyclic.down":
            continue
        with pytest.raises((ArgumentError, TypeError)):
            make(sgd(), wrong)


def test_more_of_schedules() -> None:
    steps = S.StepLR(sgd(), np.uint8(200), 0.5)  # which cannot count on to 256
    for _ in range(400):
        steps.step()
    assert steps.get_last_lr() == [0.125]
    assert S.MultiStepLR(sgd(), np.array([2, 3])).milestones == S.MultiStepLR(sgd(), gf.tensor([2, 3])).milestones
    assert S.CyclicLR(sgd(), 0.1, np.array([0.25])).max_lrs == [0.25]
    plateau = S.ReduceLROnPlateau(sgd(), factor=np.float32(0.5), patience=np.int64(0), min_lr=np.float64(0.25))
    for _ in range(5):
        plateau.step(np.float32(1.0))
    assert plateau.get_last_lr() == [0.25] and plateau.default_min_lr == 0.25
    half = S.LambdaLR(sgd(), lambda n: np.float32(0.5))
    assert type(half.optimizer.param_groups[0]["lr"]) is float
    scheduler = S.StepLR(sgd(), 2)
    scheduler.step(np.int64(4))
    assert scheduler.last_epoch == 4


def test_a_learning_rate_set_by_hand_counts_as_the_number_it_is() -> None:
    def last(kind: Callable[[float], Any]) -> Any:
        p = gf.tensor([1.0, 2.0], dtype=gf.float64, requires_grad=True)
        optimizer = optim.Adam([p])
        for _ in range(3):
            optimizer.param_groups[0]["lr"] = kind(float(np.float32(0.1)))
            optimizer.zero_grad()
            (p * p).sum().backward()
            optimizer.step()
        return p.tolist()

    assert last(np.float32) == last(float) == last(np.array) == last(np.float64)


def saw(value: Any) -> Any:
    """What comparing needs: lists of numbers."""
    if isinstance(value, tuple | list):
        return [saw(v) for v in value]
    return value.tolist() if isinstance(value, gf.Tensor) else value


ELSEWHERE: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "batch_size": (2, lambda v: list(gf.data.DataLoader(gf.data.TensorDataset(gf.arange(5)), batch_size=v))),
    "manual_seed": (3, lambda v: [gf.manual_seed(v), gf.rand(2)][1]),
    "Generator": (3, lambda v: gf.rand(2, generator=gf.Generator().manual_seed(v), device="cpu")),
    "random_split": (0.25, lambda v: [len(p) for p in gf.data.random_split(gf.data.TensorDataset(gf.arange(8)), [v, 0.75])]),
    "dropout": (0.5, lambda v: [gf.manual_seed(1), F.dropout(gf.ones(9), v)][1]),
    "Dropout": (0.5, lambda v: [gf.manual_seed(1), nn.Dropout(v)(gf.ones(9))][1]),
    "randperm": (2, lambda v: gf.randperm(v).sum()),
    "split": (2, lambda v: gf.arange(5).split(v)),
    "chunk": (2, lambda v: gf.arange(5).chunk(v)),
    "topk": (2, lambda v: gf.arange(5).topk(v).values),
    "tril": (1, lambda v: gf.ones(3, 3).tril(v)),
    "triu": (1, lambda v: gf.ones(3, 3).triu(v)),
    "tensordot": (1, lambda v: gf.tensordot(gf.ones(2, 3), gf.ones(3, 2), v)),
    "layer_norm": (3, lambda v: F.layer_norm(gf.arange(3.0), v)),
    "interpolate": (2.0, lambda v: F.interpolate(gf.ones(1, 1, 2), scale_factor=v)),
    "leaky_relu's gain": (0.5, lambda v: nn.init.calculate_gain("leaky_relu", v)),
    "growth_interval": (5, lambda v: gf.amp.GradScaler(growth_interval=v).get_growth_interval()),
    "growth_factor": (1.5, lambda v: gf.amp.GradScaler(growth_factor=v).get_growth_factor()),
    "device": (1, lambda v: str(gf.device("cuda", v))),
    "sizes": (2, lambda v: gf.zeros(v, 3).reshape(3, v).sum(v - 1)),
    "Linear": (2, lambda v: nn.Linear(v, v)(gf.zeros(1, 2)).shape),
    "Conv1d": (2, lambda v: nn.Conv1d(v, v, v, stride=v, padding=v)(gf.zeros(1, 2, 5)).shape),
    "num_threads": (1, lambda v: [gf.set_num_threads(v), gf.get_num_threads()][1]),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_numbers_elsewhere(name: str) -> None:
    value, f = ELSEWHERE[name]
    threads = gf.get_num_threads()
    wanted = saw(f(value))
    for kind in WHOLES if isinstance(value, int) else REALS:
        assert saw(f(kind(value))) == wanted, kind
    gf.set_num_threads(threads)


def test_truth_values_are_no_counts() -> None:
    for f in (
        lambda: gf.data.DataLoader([1], batch_size=True),
        lambda: gf.manual_seed(np.True_),
        lambda: gf.topk(gf.ones(2), True),
        lambda: gf.randperm(1.5),
        lambda: gf.device("cuda", True),
    ):
        with pytest.raises(ArgumentError):
            f()
