"""The schedules that are compared with PyTorch's: which scheduler, with which settings, on which optimizer.

``ci/torch_values_lr`` runs them in PyTorch and writes ``torch_lr.json``; ``test_lr_scheduler.py`` runs them in gradflow.
Nothing here knows either: ``build`` and ``run`` are given the classes.
"""

from __future__ import annotations

from typing import Any

STEPS = 40
SAVED_AT = 17
LRS = (0.1, 0.7)


def epochs(formula: str) -> Any:
    """A function of ``epoch``, from its formula."""
    return eval(f"lambda epoch: {formula}")


def case(name: str, *members: Any, optimizer: str = "SGD", disturbed: bool = False, metric: str = "", **settings: Any) -> Any:
    """One schedule.

    members: of a composed one.  disturbed: after 11 steps the learning rates are multiplied by 3 by hand.  metric: of a
    ReduceLROnPlateau, as a formula.  A setting that starts with "epoch:" is a function.
    """
    return {
        "name": name, "members": members, "optimizer": optimizer, "disturbed": disturbed, "metric": metric, "settings": settings,
    }  # fmt: skip


CASES: dict[str, Any] = {
    "lambda": case("LambdaLR", lr_lambda="epoch:0.95**epoch"),
    "lambda, one for each group": case("LambdaLR", lr_lambda=["epoch:1 / (1 + epoch)", "epoch:epoch // 30"]),
    "multiplicative": case("MultiplicativeLR", lr_lambda="epoch:0.95 + 0.01 * (epoch % 5)"),
    "multiplicative, disturbed": case(
        "MultiplicativeLR", lr_lambda=["epoch:0.9", "epoch:1 - 0.5 / (1 + epoch)"], disturbed=True
    ),
    "step": case("StepLR", step_size=7),
    "step of 1": case("StepLR", step_size=1, gamma=0.9),
    "step, disturbed": case("StepLR", step_size=4, gamma=0.6, disturbed=True),
    "step, growing": case("StepLR", step_size=3, gamma=1.5),
    "multistep": case("MultiStepLR", milestones=[3, 10, 30]),
    "multistep, unsorted and twice": case("MultiStepLR", milestones=[20, 5, 20, 0], gamma=0.5, disturbed=True),
    "constant": case("ConstantLR"),
    "constant, disturbed": case("ConstantLR", factor=0.25, total_iters=20, disturbed=True),
    "linear": case("LinearLR"),
    "linear, down": case("LinearLR", start_factor=1.0, end_factor=0.1, total_iters=30),
    "linear, to zero": case("LinearLR", start_factor=0.5, end_factor=0.0, total_iters=15),
    "linear, disturbed": case("LinearLR", start_factor=0.05, end_factor=0.9, total_iters=21, disturbed=True),
    "exponential": case("ExponentialLR", gamma=0.9),
    "exponential, growing and disturbed": case("ExponentialLR", gamma=1.3, disturbed=True),
    "polynomial": case("PolynomialLR"),
    "polynomial of 40": case("PolynomialLR", total_iters=40, power=0.9),
    "polynomial, disturbed": case("PolynomialLR", total_iters=30, power=3.0, disturbed=True),
    "cosine": case("CosineAnnealingLR", T_max=40),
    "cosine, several waves": case("CosineAnnealingLR", T_max=6, eta_min=0.01),
    "cosine, to zero and on": case("CosineAnnealingLR", T_max=13),
    "cosine, disturbed": case("CosineAnnealingLR", T_max=20, eta_min=0.02, disturbed=True),
    "restarts": case("CosineAnnealingWarmRestarts", T_0=7),
    "restarts, longer": case("CosineAnnealingWarmRestarts", T_0=3, T_mult=2, eta_min=0.001),
    "restarts, three times longer": case("CosineAnnealingWarmRestarts", T_0=1, T_mult=3, disturbed=True),
    "cyclic": case("CyclicLR", base_lr=0.01, max_lr=0.5, step_size_up=5),
    "cyclic, unequal": case("CyclicLR", base_lr=[0.01, 0.2], max_lr=[0.3, 0.4], step_size_up=6, step_size_down=3),
    "cyclic, saw": case("CyclicLR", base_lr=0.1, max_lr=0.5, step_size_up=9, step_size_down=0),
    "cyclic, triangular2": case("CyclicLR", base_lr=0.01, max_lr=0.5, step_size_up=4, mode="triangular2", optimizer="Adam"),
    "cyclic, exp_range": case(
        "CyclicLR", base_lr=0.01, max_lr=0.5, step_size_up=8, mode="exp_range", gamma=0.97, base_momentum=[0.5, 0.6],
        max_momentum=[0.8, 0.9],
    ),
    "cyclic, own scale of cycles": case("CyclicLR", base_lr=0.01, max_lr=0.5, step_size_up=5, scale_fn="epoch:1 / (1 + epoch)"),
    "cyclic, own scale of iterations": case(
        "CyclicLR", base_lr=0.01, max_lr=0.5, step_size_up=5, scale_fn="epoch:0.9**epoch", scale_mode="iterations",
        cycle_momentum=False,
    ),
    "one cycle": case("OneCycleLR", max_lr=0.5, total_steps=41),
    "one cycle of betas": case("OneCycleLR", max_lr=[0.5, 0.1], total_steps=50, optimizer="Adam", pct_start=0.25),
    "one cycle, linear in three": case("OneCycleLR", max_lr=0.5, total_steps=41, anneal_strategy="linear", three_phase=True),
    "one cycle, in epochs": case(
        "OneCycleLR", max_lr=0.5, epochs=7, steps_per_epoch=6, div_factor=10.0, final_div_factor=100.0, three_phase=True,
        base_momentum=[0.7, 0.75], max_momentum=[0.8, 0.9],
    ),
    "one cycle, nothing but down": case("OneCycleLR", max_lr=0.5, total_steps=60, pct_start=0.0, cycle_momentum=False),
    "plateau": case("ReduceLROnPlateau", patience=2, factor=0.5, metric="1 / (1 + min(epoch, 8))"),
    "plateau, cooling down": case(
        "ReduceLROnPlateau", patience=1, factor=0.7, cooldown=3, min_lr=[0.02, 0.3], metric="1 + 0.5 * (epoch % 4)"
    ),
    "plateau, max": case(
        "ReduceLROnPlateau", mode="max", patience=0, factor=0.6, threshold=0.2, threshold_mode="abs", metric="0.1 * epoch"
    ),
    "plateau, min by differences": case(
        "ReduceLROnPlateau", patience=3, threshold=0.01, threshold_mode="abs", eps=1e-3, metric="-0.004 * epoch", disturbed=True
    ),
    "plateau, max by parts": case("ReduceLROnPlateau", mode="max", patience=2, threshold=0.1, metric="1.05**epoch"),
    "sequence": case(
        "SequentialLR", case("LinearLR", start_factor=0.1, total_iters=8), case("CosineAnnealingLR", T_max=20),
        case("ConstantLR", factor=0.01, total_iters=100), milestones=[8, 30],
    ),
    "sequence of those that count": case(
        "SequentialLR", case("StepLR", step_size=2), case("MultiStepLR", milestones=[0, 4], gamma=0.5),
        case("ExponentialLR", gamma=0.8), case("PolynomialLR", total_iters=9), milestones=[5, 15, 25],
    ),
    "sequence of those with functions": case(
        "SequentialLR", case("LambdaLR", lr_lambda="epoch:0.9**epoch"),
        case("MultiplicativeLR", lr_lambda="epoch:0.9"), case("LambdaLR", lr_lambda="epoch:1 + epoch"), milestones=[7, 20],
    ),
    "sequence of cycles": case(
        "SequentialLR", case("CosineAnnealingWarmRestarts", T_0=3), case("CyclicLR", base_lr=0.01, max_lr=0.2, step_size_up=5),
        case("CosineAnnealingWarmRestarts", T_0=5, T_mult=2), milestones=[8, 20],
    ),
    "sequence with a phase left out": case(
        "SequentialLR", case("LinearLR"), case("ExponentialLR", gamma=0.9), case("StepLR", step_size=6), milestones=[0, 12]
    ),
    "chain": case("ChainedScheduler", case("ConstantLR", factor=0.1, total_iters=20), case("ExponentialLR", gamma=0.9)),
    "chain of many, disturbed": case(
        "ChainedScheduler", case("LinearLR", total_iters=9), case("StepLR", step_size=5, gamma=0.7),
        case("CosineAnnealingLR", T_max=11, eta_min=0.005), case("MultiplicativeLR", lr_lambda="epoch:0.99"), disturbed=True,
    ),
    "chain of a sequence": case(
        "ChainedScheduler",
        case("SequentialLR", case("LinearLR", total_iters=4), case("ExponentialLR", gamma=0.95), milestones=[6]),
        case("MultiStepLR", milestones=[10, 20], gamma=0.3),
    ),
    "sequence that begins with a chain": case(
        "SequentialLR", case("ChainedScheduler", case("ConstantLR", total_iters=4), case("StepLR", step_size=5)),
        case("StepLR", step_size=6), milestones=[20],
    ),
}  # fmt: skip

RESUMED = {
    name: CASES[name]
    for name in (
        "lambda", "multiplicative", "step", "multistep", "constant", "linear", "exponential", "polynomial", "cosine", "restarts",
        "cyclic", "one cycle",
    )
}  # fmt: skip
"""What is also made with ``last_epoch=`` on an optimizer that has been through the schedule before: at 3, 6 and 12."""
RESUMED_AT = (3, 6, 12)


def decoded(value: Any) -> Any:
    """A setting, with formulas as functions."""
    if isinstance(value, list):
        return [decoded(v) for v in value]
    return epochs(value.removeprefix("epoch:")) if isinstance(value, str) and value.startswith("epoch:") else value


def build(schedulers: Any, optimizer: Any, spec: Any, **more: Any) -> Any:
    """The scheduler of a case, from a module with the classes."""
    settings = {key: decoded(value) for key, value in spec["settings"].items()} | more
    members = [build(schedulers, optimizer, member) for member in spec["members"]]
    kind = getattr(schedulers, spec["name"])
    if spec["name"] == "ChainedScheduler":
        return kind(members, **settings)
    return kind(optimizer, members, **settings) if members else kind(optimizer, **settings)


def now(optimizer: Any) -> list[float]:
    """Learning rate and momentum of each group."""
    found = []
    for group in optimizer.param_groups:
        found += [float(group["lr"]), float(group["betas"][0] if "betas" in group else group["momentum"])]
    return found


def advance(optimizer: Any, scheduler: Any, spec: Any, n: int) -> None:
    """Step ``n`` (from 0) of training."""
    if spec["disturbed"] and n == 11:
        for group in optimizer.param_groups:
            group["lr"] *= 3
    optimizer.step()
    if spec["metric"]:
        scheduler.step(epochs(spec["metric"])(n))
    else:
        scheduler.step()
