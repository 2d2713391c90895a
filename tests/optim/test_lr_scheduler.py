"""Schedulers against PyTorch's values, their state, and their refusals."""

from __future__ import annotations

import copy
import importlib
import inspect
import json
import pickle
import pkgutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from lr_cases import CASES, LRS, RESUMED, RESUMED_AT, SAVED_AT, STEPS, advance, build, decoded, now

import gradflow as gf
from gradflow.errors import ArgumentError
from gradflow.optim import SGD, Adam, lr_scheduler
from gradflow.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiplicativeLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)

TORCH = json.loads((Path(__file__).parents[1] / "torch_lr.json").read_text(encoding="utf-8"))


def optimizer_of(spec: Any) -> Any:
    groups = [{"params": [gf.zeros(2, requires_grad=True)], "lr": lr} for lr in LRS]
    return {"SGD": SGD, "Adam": Adam}[spec["optimizer"]](groups, lr=1.0)


def close(found: Any, wanted: Any) -> None:
    for a, b in zip(found, wanted, strict=True):
        assert a == pytest.approx(b, rel=1e-12, abs=1e-15)


def path(spec: Any, optimizer: Any, scheduler: Any, steps: Any) -> list[list[float]]:
    found = []
    for n in steps:
        advance(optimizer, scheduler, spec, n)
        found.append(now(optimizer))
        assert scheduler.get_last_lr() == found[-1][::2]
    return found


@pytest.mark.parametrize("name", CASES)
def test_values_are_pytorchs(name: str) -> None:
    spec, wanted = CASES[name], TORCH[name]["values"]
    optimizer = optimizer_of(spec)
    scheduler = build(lr_scheduler, optimizer, spec)
    close([now(optimizer), *path(spec, optimizer, scheduler, range(STEPS))], wanted)
    assert scheduler.last_epoch == STEPS


@pytest.mark.parametrize("name", CASES)
def test_a_saved_state_goes_on_with_the_same_values(name: str) -> None:
    spec = CASES[name]
    first = optimizer_of(spec)
    scheduler = build(lr_scheduler, first, spec)
    path(spec, first, scheduler, range(SAVED_AT))
    saved = pickle.loads(pickle.dumps(scheduler.state_dict()))
    groups = copy.deepcopy(first.state_dict())
    wanted = path(spec, first, scheduler, range(SAVED_AT, STEPS))
    second = optimizer_of(spec)
    again = build(lr_scheduler, second, spec)
    second.load_state_dict(groups)
    again.load_state_dict(saved)
    assert path(spec, second, again, range(SAVED_AT, STEPS)) == wanted
    assert again.last_epoch == STEPS


SAVE_POINTS = (0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 17, 20, 21, 30)
"""Before, at and after the milestones of the cases."""


def resumed(spec: Any, order: str, groups: Any, saved: Any) -> tuple[Any, Any]:
    """An optimizer and a scheduler with both states, loaded in one of the orders there are."""
    optimizer = optimizer_of(spec)
    if order == "optimizer, made, scheduler":
        optimizer.load_state_dict(groups)
    scheduler = build(lr_scheduler, optimizer, spec)
    if order == "made, optimizer, scheduler":
        optimizer.load_state_dict(groups)
    scheduler.load_state_dict(saved)
    if order == "made, scheduler, optimizer":
        optimizer.load_state_dict(groups)
    return optimizer, scheduler


@pytest.mark.parametrize(
    "order", ["optimizer, made, scheduler", "made, optimizer, scheduler", "made, scheduler, optimizer", "no"]
)
@pytest.mark.parametrize("name", CASES)
def test_every_order_of_loading_goes_on_as_if_nothing_had_been_broken_off(name: str, order: str) -> None:
    spec = CASES[name]
    first = optimizer_of(spec)
    scheduler = build(lr_scheduler, first, spec)
    states, wanted = {}, []
    for n in range(STEPS):
        wanted.append(now(first))
        if n in SAVE_POINTS:
            states[n] = copy.deepcopy((first.state_dict(), scheduler.state_dict()))
        advance(first, scheduler, spec, n)
    for n, (groups, saved) in states.items():
        optimizer, again = resumed(spec, order, groups, saved)
        found = []
        for k in range(n, STEPS):
            found.append(now(optimizer))
            advance(optimizer, again, spec, k)
        assert found == wanted[n:], f"saved at {n}"


@pytest.mark.parametrize("order", ["optimizer, made, scheduler", "made, optimizer, scheduler", "made, scheduler, optimizer"])
@pytest.mark.parametrize("first_loaded", [0, 1])
def test_two_schedulers_side_by_side_and_a_rate_set_by_hand_are_resumed_too(order: str, first_loaded: int) -> None:
    def make(optimizer: Any) -> list[Any]:
        return [LinearLR(optimizer, 0.25, total_iters=4), StepLR(optimizer, 3, 0.5)]

    def go(optimizer: Any, schedulers: Any) -> list[float]:
        found = []
        for _ in range(6):
            found.append(optimizer.param_groups[0]["lr"])
            for s in schedulers:
                s.step()
        return found

    optimizer = sgd()
    schedulers = make(optimizer)
    go(optimizer, schedulers)
    optimizer.param_groups[0]["lr"] *= 3
    groups, saved = copy.deepcopy((optimizer.state_dict(), [s.state_dict() for s in schedulers]))
    wanted = go(optimizer, schedulers)

    again = sgd()
    if order == "optimizer, made, scheduler":
        again.load_state_dict(groups)
    made = make(again)
    if order == "made, optimizer, scheduler":
        again.load_state_dict(groups)
    for i in (first_loaded, 1 - first_loaded):
        made[i].load_state_dict(saved[i])
    if order == "made, scheduler, optimizer":
        again.load_state_dict(groups)
    assert go(again, made) == wanted


def test_a_tensor_that_is_the_learning_rate_stays_the_tensor_when_a_schedule_is_resumed() -> None:
    def make(lr: Any) -> Any:
        return sgd(lr, momentum=0.5)

    first = make(gf.tensor(1.0, dtype=gf.float64))
    scheduler = OneCycleLR(first, max_lr=2.0, total_steps=9)
    for _ in range(4):
        scheduler.step()
    groups, saved = copy.deepcopy(first.state_dict()), scheduler.state_dict()
    second = make(gf.tensor(1.0, dtype=gf.float64))
    second.load_state_dict(groups)
    held = second.param_groups[0]["lr"]
    again = OneCycleLR(second, max_lr=2.0, total_steps=9)
    assert now(second) != now(first)  # what makes it wrong where the saved state is not put back
    again.load_state_dict(saved)
    assert second.param_groups[0]["lr"] is held and now(second) == now(first)


def test_a_schedule_that_is_loaded_later_in_training_takes_its_rates_with_it() -> None:
    optimizer = sgd(momentum=0.9)
    optimizer.load_state_dict(optimizer.state_dict())
    scheduler = CyclicLR(optimizer, 0.1, 1.0, step_size_up=4)
    for _ in range(3):
        scheduler.step()
    saved, there = scheduler.state_dict(), now(optimizer)
    for _ in range(2):
        scheduler.step()
    scheduler.load_state_dict(saved)
    assert now(optimizer) == there and scheduler.get_last_lr() == there[:1]


def from_json(state: Any) -> Any:
    """What JSON turned into something else, turned back."""
    if "milestones" in state:
        state["milestones"] = Counter({int(m): times for m, times in state["milestones"].items()})
    for member in state.get("_schedulers", ()):
        from_json(member)
    return state


@pytest.mark.parametrize("name", CASES)
def test_pytorchs_state_can_be_loaded_and_ours_has_its_keys(name: str) -> None:
    spec, theirs = CASES[name], from_json(copy.deepcopy(TORCH[name]["state"]))
    optimizer = optimizer_of(spec)
    scheduler = build(lr_scheduler, optimizer, spec)
    path(spec, optimizer, scheduler, range(SAVED_AT))
    fresh = build(lr_scheduler, optimizer_of(spec), spec)
    own = scheduler.state_dict()
    assert set(own) - {"last_epoch"} == set(theirs) - {"last_epoch", "_is_initial", "_get_lr_called_within_step"}
    scheduler.__dict__.update({k: v for k, v in vars(fresh).items() if k != "optimizer" and not k.startswith("_sched")})
    scheduler.load_state_dict(theirs)
    close(path(spec, optimizer, scheduler, range(SAVED_AT, STEPS)), TORCH[name]["values"][SAVED_AT + 1 :])


@pytest.mark.parametrize("after", RESUMED_AT)
@pytest.mark.parametrize("name", RESUMED)
def test_last_epoch_goes_on_as_in_pytorch(name: str, after: int) -> None:
    spec = RESUMED[name]
    optimizer = optimizer_of(spec)
    path(spec, optimizer, build(lr_scheduler, optimizer, spec), range(after))
    scheduler = build(lr_scheduler, optimizer, spec, last_epoch=after - 1)
    assert scheduler.last_epoch == after
    found = [now(optimizer), *path(spec, optimizer, scheduler, range(after, after + 10))]
    close(found, TORCH["resumed"][f"{name}, {after}"])


def test_every_class_of_pytorch_is_there_and_tested() -> None:
    tested = {spec["name"] for spec in CASES.values()}
    assert tested | {"LRScheduler"} == set(lr_scheduler.__all__) and len(tested) >= 15
    for found in pkgutil.iter_modules(lr_scheduler.__path__, "gradflow.optim.lr_scheduler."):
        importlib.import_module(found.name)
    left, written = [LRScheduler], set()
    while left:
        for cls in left.pop().__subclasses__():
            left.append(cls)
            if cls.__module__.startswith("gradflow.optim") and not cls.__name__.startswith("_"):
                written.add(cls.__name__)
    assert written == tested
    for name in lr_scheduler.__all__:
        text = inspect.getdoc(getattr(lr_scheduler, name)) or ""
        assert ">>>" in text and "rror" in text and (name == "LRScheduler" or "References" in text), name


# --- use ------------------------------------------------------------------------------------------------------------------------


def sgd(lr: Any = 1.0, **settings: Any) -> SGD:
    return SGD([gf.zeros(2, requires_grad=True)], lr=lr, **settings)


def lrs(scheduler: Any, n: int) -> list[float]:
    found = []
    for _ in range(n):
        found += scheduler.get_last_lr()
        scheduler.step()
    return found


def test_initial_lr_is_noted_once_and_saved_with_the_optimizer() -> None:
    optimizer = sgd(0.5)
    LinearLR(optimizer, start_factor=0.5)
    scheduler = ExponentialLR(optimizer, gamma=0.5)
    assert scheduler.base_lrs == [0.5] and optimizer.param_groups[0]["lr"] == 0.25
    assert optimizer.state_dict()["param_groups"][0]["initial_lr"] == 0.5


def test_step_to_an_epoch_takes_the_formula_whatever_the_learning_rate_is() -> None:
    scheduler = CosineAnnealingLR(sgd(), T_max=4)
    scheduler.optimizer.param_groups[0]["lr"] = 123.0
    scheduler.step(2)
    assert scheduler.get_last_lr() == pytest.approx([0.5]) and scheduler.last_epoch == 2
    scheduler.step()
    assert scheduler.get_last_lr() == pytest.approx([(1 - 2**-0.5) / 2])
    restarts = CosineAnnealingWarmRestarts(sgd(), T_0=5, T_mult=5)
    for epoch, place in ((130, (100, 125)), (5, (0, 25)), (155, (0, 625)), (4.5, (4.5, 5)), (6.25, (1.25, 25))):
        restarts.step(epoch)
        assert (restarts.T_cur, restarts.T_i) == place
    assert restarts.last_epoch == 6
    restarts.step()
    assert (restarts.last_epoch, restarts.T_cur) == (7, 2)
    for s in (restarts, scheduler):
        before = s.last_epoch, s.get_last_lr()
        with pytest.raises(ArgumentError, match=r"epoch .* at least 0, not -1"):
            s.step(-1)
        assert (s.last_epoch, s.get_last_lr()) == before


def test_restarts_that_are_resumed_far_ahead_are_where_the_formula_says() -> None:
    optimizer = sgd()
    whole = lrs(CosineAnnealingWarmRestarts(optimizer, T_0=5, T_mult=2), 40)
    resumed = CosineAnnealingWarmRestarts(optimizer, T_0=5, T_mult=2, last_epoch=17)
    assert (resumed.T_cur, resumed.T_i) == (3, 20) and lrs(resumed, 22) == whole[18:]


def test_zero_is_left_again_where_the_formula_says_so() -> None:
    scheduler = ConstantLR(sgd(), factor=0.0, total_iters=2)
    assert lrs(scheduler, 4) == [0, 0, 1, 1]  # PyTorch's divides by zero here
    assert lrs(ExponentialLR(sgd(), gamma=0.0), 3) == [1, 0, 0]
    assert lrs(StepLR(sgd(), 1, gamma=0.0), 3) == [1, 0, 0]
    assert lrs(PolynomialLR(sgd(), 2, power=0.0), 4) == [1, 1, 1, 1]


def test_a_long_growth_ends_in_infinity_not_in_an_error() -> None:
    scheduler = ExponentialLR(sgd(1e-300), gamma=2.0)
    last = lrs(scheduler, 3000)
    assert last[1000] == pytest.approx(1e-300 * 2.0**1000) and last[-1] == float("inf")


def test_one_cycle_ends_with_its_schedule() -> None:
    scheduler = OneCycleLR(sgd(momentum=0.9), max_lr=1.0, total_steps=4, anneal_strategy="linear")
    end = lrs(scheduler, 4)[-1]
    assert scheduler.get_last_lr() == [end] and end == pytest.approx(1 / 25e4)  # PyTorch's would be negative
    with pytest.raises(ArgumentError, match=r"step 5.*total_steps=4"):
        scheduler.step()
    assert scheduler.last_epoch == 4 and scheduler.get_last_lr() == [end]
    for pct in (0, 1, 0.25):
        for three in (False, True):
            s = OneCycleLR(sgd(momentum=0.9), 1.0, total_steps=4, pct_start=pct, three_phase=three)
            assert all(0 < lr <= 1 for lr in lrs(s, 4))


def test_a_sequence_can_be_run_through_to_an_epoch() -> None:
    def make(optimizer: Any, **more: Any) -> SequentialLR:
        members = [LinearLR(optimizer, total_iters=3), ExponentialLR(optimizer, 0.5)]
        return SequentialLR(optimizer, members, milestones=[4], **more)

    one, two = make(sgd()), make(sgd(), last_epoch=5)
    found = lrs(one, 10)
    assert two.last_epoch == 6 and lrs(two, 4) == found[6:]


def test_what_pytorch_cannot_nest() -> None:
    """A later member that is itself composed is an error in PyTorch; a first one begins an epoch too late there."""

    def inner(optimizer: Any) -> SequentialLR:
        return SequentialLR(optimizer, [LinearLR(optimizer, 0.5, total_iters=2), StepLR(optimizer, 1, 0.5)], milestones=[3])

    optimizer = sgd()
    outer = SequentialLR(optimizer, [ConstantLR(optimizer, 0.1, total_iters=9), inner(optimizer)], milestones=[2])
    assert lrs(outer, 7) == pytest.approx([0.1, 0.1, 0.5, 0.75, 1, 1, 0.5])
    optimizer = sgd()
    chain = ChainedScheduler([ConstantLR(optimizer, 0.5, total_iters=2), ExponentialLR(optimizer, 0.1)])
    outer = SequentialLR(optimizer, [ConstantLR(optimizer, 0.1, total_iters=9), chain], milestones=[2])
    assert lrs(outer, 5) == pytest.approx([0.1, 0.1, 0.5, 0.05, 0.01])
    optimizer = sgd()
    chain = ChainedScheduler([ConstantLR(optimizer, 0.5, total_iters=2), ExponentialLR(optimizer, 0.1)])
    outer = SequentialLR(optimizer, [chain, StepLR(optimizer, 1)], milestones=[3])
    assert lrs(outer, 4) == pytest.approx([0.5, 0.05, 0.01, 1.0])
    optimizer = sgd()
    outer = SequentialLR(optimizer, [inner(optimizer), StepLR(optimizer, 1)], milestones=[5])
    assert lrs(outer, 7) == pytest.approx([0.5, 0.75, 1, 1, 0.5, 1.0, 0.1])


def test_plateau_takes_tensors_and_new_groups_and_nan_is_no_improvement() -> None:
    optimizer = sgd()
    scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
    scheduler.step(gf.tensor(1.0))
    assert scheduler.best == 1 and not scheduler.in_cooldown
    optimizer.add_param_group({"params": gf.zeros(1, requires_grad=True), "lr": 0.25})
    scheduler.step(float("nan"))
    assert scheduler.get_last_lr() == [0.5, 0.125]
    fixed = ReduceLROnPlateau(sgd(), patience=0, min_lr=[0.1])
    fixed.optimizer.add_param_group({"params": gf.zeros(1, requires_grad=True)})
    with pytest.raises(ArgumentError, match="min_lrs for 1 groups"):
        fixed.step(1.0)
    fixed.min_lrs.append(0.0)
    fixed.step(2.0, epoch=7)
    assert fixed.last_epoch == 7


class Slope:
    def __init__(self, slope: float) -> None:
        self.slope = slope

    def __call__(self, n: float) -> float:
        return 1 / (1 + self.slope * n)


def test_a_learning_rate_in_a_tensor_is_written_in_place() -> None:
    lr = gf.tensor(1.0, dtype=gf.float64)
    optimizer = sgd(lr)
    scheduler = ChainedScheduler([StepLR(optimizer, 1, 0.5), ConstantLR(optimizer, 0.25, total_iters=2)])
    assert lrs(scheduler, 3) == [0.25, 0.125, 0.25] and optimizer.param_groups[0]["lr"] is lr and lr.item() == 0.125
    assert optimizer.param_groups[0]["initial_lr"] == 1.0 and scheduler.get_last_lr() == [0.125]
    ReduceLROnPlateau(optimizer, patience=0, factor=0.5).step(float("nan"))
    assert lr.item() == 0.0625


def test_callable_objects_are_saved_by_their_attributes_and_functions_are_not() -> None:
    scheduler = LambdaLR(optimizer_of(CASES["step"]), [Slope(3.0), lambda n: 0.5])
    state = scheduler.state_dict()
    assert state["lr_lambdas"] == [{"slope": 3.0}, None]
    other = LambdaLR(optimizer_of(CASES["step"]), [Slope(1.0), lambda n: 0.25])
    other.load_state_dict(state)
    other.step()
    assert other.get_last_lr() == [LRS[0] / 4, LRS[1] / 4]
    cycle = CyclicLR(sgd(momentum=0.5), 0.1, 0.2, step_size_up=2, scale_fn=Slope(2.0))
    assert cycle.state_dict()["_scale_fn_custom"] == {"slope": 2.0}
    again = CyclicLR(sgd(momentum=0.5), 0.1, 0.2, step_size_up=2, scale_fn=Slope(0.0))
    again.load_state_dict(cycle.state_dict())
    assert lrs(again, 5) == lrs(cycle, 5)
    assert LambdaLR(sgd(), float).state_dict()["lr_lambdas"] == [None]


def test_a_state_is_a_copy() -> None:
    scheduler = MultiStepLR(sgd(), [2, 3])
    state = scheduler.state_dict()
    state["base_lrs"][0], state["milestones"][2] = 9.0, 5
    assert scheduler.base_lrs == [1.0] and scheduler.milestones[2] == 1
    scheduler.load_state_dict(state)
    state["base_lrs"][0] = 8.0
    assert scheduler.base_lrs == [9.0] and "optimizer" not in state


def test_a_scheduler_of_ones_own() -> None:
    class Ramp(LRScheduler):
        def get_lr(self) -> list[float]:
            return [group["lr"] + lr for group, lr in zip(self.optimizer.param_groups, self.base_lrs, strict=True)]

    scheduler = Ramp(sgd())
    assert lrs(scheduler, 3) == [2, 3, 4]
    assert set(scheduler.state_dict()) == {"base_lrs", "last_epoch", "_last_lr", "_step_count"}

    class Short(LRScheduler):
        def get_lr(self) -> list[float]:
            return []

    with pytest.raises(ArgumentError, match="0 learning rates for 1 groups"):
        Short(sgd())
    with pytest.raises(NotImplementedError, match="get_lr"):
        LRScheduler(sgd())


# --- refusing -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "said", "make"),
    [
        (TypeError, "StepLR: optimizer is an Optimizer, not int", lambda o: StepLR(3, 1)),
        (TypeError, "optimizer", lambda o: LambdaLR(None, float)),
        (TypeError, "optimizer", lambda o: ReduceLROnPlateau(None)),
        (TypeError, "optimizer", lambda o: CyclicLR(None, 0.1, 0.2)),
        (TypeError, "optimizer", lambda o: OneCycleLR(None, 0.1, 5)),
        (ArgumentError, "last_epoch", lambda o: StepLR(o, 1, last_epoch=-2)),
        (ArgumentError, "group 0.*initial_lr", lambda o: StepLR(o, 1, last_epoch=3)),
        (ArgumentError, "step_size .* at least 1, not 0", lambda o: StepLR(o, 0)),
        (ArgumentError, "step_size", lambda o: StepLR(o, 2.5)),
        (ArgumentError, "gamma .* at least 0, not -1", lambda o: StepLR(o, 1, gamma=-1)),
        (ArgumentError, "gamma", lambda o: ExponentialLR(o, "fast")),
        (ArgumentError, "gamma", lambda o: ExponentialLR(o, float("nan"))),
        (ArgumentError, r"milestones\[1\].*-3", lambda o: MultiStepLR(o, [1, -3])),
        (TypeError, "milestones", lambda o: MultiStepLR(o, 30)),
        (ArgumentError, "factor .* at least 0 and at most 1, not 1.5", lambda o: ConstantLR(o, 1.5)),
        (ArgumentError, "total_iters", lambda o: ConstantLR(o, total_iters=0)),
        (ArgumentError, "start_factor .* above 0 and at most 1, not 0", lambda o: LinearLR(o, 0)),
        (ArgumentError, "end_factor", lambda o: LinearLR(o, end_factor=-0.1)),
        (ArgumentError, "total_iters", lambda o: LinearLR(o, total_iters=0)),
        (ArgumentError, "power", lambda o: PolynomialLR(o, power=-1)),
        (ArgumentError, "total_iters", lambda o: PolynomialLR(o, total_iters=0)),
        (ArgumentError, "T_max .* above 0, not 0", lambda o: CosineAnnealingLR(o, 0)),
        (ArgumentError, "eta_min", lambda o: CosineAnnealingLR(o, 5, eta_min=None)),
        (ArgumentError, "T_0", lambda o: CosineAnnealingWarmRestarts(o, 0)),
        (ArgumentError, "T_mult", lambda o: CosineAnnealingWarmRestarts(o, 3, 1.5)),
        (ArgumentError, "eta_min", lambda o: CosineAnnealingWarmRestarts(o, 3, eta_min="x")),
        (TypeError, "lr_lambda is a function, not float", lambda o: LambdaLR(o, 0.5)),
        (ArgumentError, "lr_lambda has 2 entries, the optimizer has 1", lambda o: MultiplicativeLR(o, [float, float])),
        (ArgumentError, "base_lr", lambda o: CyclicLR(o, -1, 0.2)),
        (ArgumentError, r"max_lr\[0\]", lambda o: CyclicLR(o, 0.1, ["x"])),
        (ArgumentError, "step_size_up", lambda o: CyclicLR(o, 0.1, 0.2, 0)),
        (ArgumentError, "gamma .* at least 0, not -1", lambda o: CyclicLR(o, 0.1, 0.2, gamma=-1)),
        (ArgumentError, "gamma .* at least 0, not -1", lambda o: MultiStepLR(o, [1], gamma=-1)),
        (ArgumentError, "threshold .* at least 0, not -1", lambda o: ReduceLROnPlateau(o, threshold=-1)),
        (ArgumentError, "eps .* at least 0, not -1", lambda o: ReduceLROnPlateau(o, eps=-1)),
        (ArgumentError, "step_size_down", lambda o: CyclicLR(o, 0.1, 0.2, 5, -1)),
        (ArgumentError, "mode is 'triangular' or .*'square'", lambda o: CyclicLR(o, 0.1, 0.2, mode="square")),
        (ArgumentError, "scale_mode", lambda o: CyclicLR(o, 0.1, 0.2, scale_fn=float, scale_mode="x")),
        (TypeError, "scale_fn", lambda o: CyclicLR(o, 0.1, 0.2, scale_fn=2)),
        (ArgumentError, "base_momentum", lambda o: CyclicLR(o, 0.1, 0.2, base_momentum=2)),
        (ArgumentError, "momentum or betas, Plain", lambda o: CyclicLR(Plain(), 0.1, 0.2)),
        (ArgumentError, "cycle_momentum=False", lambda o: OneCycleLR(Plain(), 0.1, 10)),
        (ArgumentError, "total_steps, or epochs", lambda o: OneCycleLR(o, 0.1, epochs=3)),
        (ArgumentError, "total_steps", lambda o: OneCycleLR(o, 0.1, 0)),
        (ArgumentError, "epochs", lambda o: OneCycleLR(o, 0.1, epochs=-3, steps_per_epoch=2)),
        (ArgumentError, "steps_per_epoch", lambda o: OneCycleLR(o, 0.1, epochs=3, steps_per_epoch=0.5)),
        (ArgumentError, "pct_start", lambda o: OneCycleLR(o, 0.1, 9, pct_start=30)),
        (ArgumentError, "anneal_strategy", lambda o: OneCycleLR(o, 0.1, 9, anneal_strategy="cosine")),
        (ArgumentError, "div_factor", lambda o: OneCycleLR(o, 0.1, 9, div_factor=0)),
        (ArgumentError, "final_div_factor", lambda o: OneCycleLR(o, 0.1, 9, final_div_factor=0)),
        (ArgumentError, "no 'initial_lr' and no 'max_lr'", lambda o: OneCycleLR(o, 0.1, 9, last_epoch=3)),
        (ArgumentError, "factor is a number below 1, not 1.0", lambda o: ReduceLROnPlateau(o, factor=1.0)),
        (ArgumentError, "factor", lambda o: ReduceLROnPlateau(o, factor=-0.5)),
        (ArgumentError, "mode", lambda o: ReduceLROnPlateau(o, "least")),
        (ArgumentError, "threshold_mode", lambda o: ReduceLROnPlateau(o, threshold_mode="x")),
        (ArgumentError, "patience", lambda o: ReduceLROnPlateau(o, patience=-1)),
        (ArgumentError, "cooldown", lambda o: ReduceLROnPlateau(o, cooldown=0.5)),
        (ArgumentError, "min_lr has 2 entries", lambda o: ReduceLROnPlateau(o, min_lr=[0, 0])),
        (ArgumentError, "metrics is one number", lambda o: ReduceLROnPlateau(o).step("low")),
        (ArgumentError, "metrics is one number", lambda o: ReduceLROnPlateau(o).step(gf.ones(2))),
        (ArgumentError, "no schedulers", lambda o: SequentialLR(o, [], [])),
        (ArgumentError, "no schedulers", lambda o: ChainedScheduler([])),
        (TypeError, r"schedulers\[0\] is a str", lambda o: ChainedScheduler(["x"])),
        (TypeError, r"schedulers\[0\] is a int", lambda o: ChainedScheduler(3)),
        (ArgumentError, r"schedulers\[0\] is a ReduceLROnPlateau", lambda o: ChainedScheduler([ReduceLROnPlateau(o)])),
        (ArgumentError, "another optimizer", lambda o: SequentialLR(o, [StepLR(sgd(), 1)], [])),
        (ArgumentError, "1 schedulers take 0 milestones, not 1", lambda o: SequentialLR(o, [StepLR(o, 1)], [3])),
        (ArgumentError, r"milestones\[1\]", lambda o: SequentialLR(o, [StepLR(o, 1)] * 3, [3, 2])),
    ],
)
def test_refusals(error: type, said: str, make: Any) -> None:
    with pytest.raises(error, match=said) as refused:
        make(sgd(momentum=0.5))
    first = str(refused.value).partition(":")[0].removesuffix(".step")
    assert first in gf.optim.lr_scheduler.__all__  # who refuses stands first


class Plain(gf.optim.Optimizer):
    """An optimizer without momentum."""

    def __init__(self) -> None:
        super().__init__([gf.zeros(2, requires_grad=True)], {"lr": 0.1})


def test_cycling_without_momentum_is_possible() -> None:
    assert lrs(CyclicLR(Plain(), 0.1, 0.2, 1, cycle_momentum=False), 3) == pytest.approx([0.1, 0.2, 0.1])


def test_a_group_added_later_is_noticed() -> None:
    scheduler = StepLR(sgd(), 2)
    scheduler.optimizer.add_param_group({"params": gf.zeros(2, requires_grad=True)})
    with pytest.raises(ArgumentError, match="made for 1 groups, but the optimizer has 2"):
        scheduler.step()
    assert scheduler.last_epoch == 0
    restarts = CosineAnnealingWarmRestarts(sgd(), T_0=3)
    restarts.optimizer.add_param_group({"params": gf.zeros(2, requires_grad=True)})
    with pytest.raises(ArgumentError, match="made for 1 groups"):
        restarts.step()
    assert (restarts.last_epoch, restarts.T_cur) == (0, 0)


def test_a_state_that_does_not_fit_changes_nothing() -> None:
    scheduler = StepLR(sgd(), 2)
    good = scheduler.state_dict()
    for wrong, said in (
        ({k: v for k, v in good.items() if k != "gamma"}, "StepLR's state, it lacks gamma"),
        (ExponentialLR(sgd(), 0.5).state_dict(), "lacks step_size"),
        ({**good, "_last_lr": [1.0, 2.0]}, "for 2 groups, the optimizer has 1"),
    ):
        with pytest.raises(ArgumentError, match=said):
            scheduler.load_state_dict({**wrong, "last_epoch": 9})
        assert scheduler.last_epoch == 0
    with pytest.raises(TypeError, match="state_dict"):
        scheduler.load_state_dict([1])
    chain = ChainedScheduler([scheduler, ExponentialLR(scheduler.optimizer, 0.5)])
    with pytest.raises(ArgumentError, match="of 1 schedulers, here are 2"):
        chain.load_state_dict(ChainedScheduler([scheduler]).state_dict())
    state = chain.state_dict()
    state["_schedulers"][0]["last_epoch"] = 5
    del state["_schedulers"][1]["gamma"]
    with pytest.raises(ArgumentError, match="lacks gamma"):
        chain.load_state_dict(state)
    assert scheduler.last_epoch == 0


def test_settings_are_decoded() -> None:
    assert decoded(["epoch:2 * epoch"])[0](4) == 8 and decoded("linear") == "linear"
