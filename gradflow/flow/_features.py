"""The few numbers that verdicts are decided by, taken from everything that was measured."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from .measurements import Facts, Snapshot, Trial, Weight

_SMALLEST = 1e-40  # taken for gradients that are 0
_WORST = -9.0  # a loss ten times that of the best constant answer, or NaN


class Features(NamedTuple):
    """What verdicts are decided by; logarithms are to the base 10, shares between 0 and 1, None: not measured.

    ``later_...``: the same after the trial steps, or at the end of what was watched; otherwise as at the start.
    """

    broken: bool = False  # a NaN or an infinity
    broke_later: bool = False  # it came after steps that were finite
    unreached: int = 0  # parameters the loss does not reach
    depth: int = 1  # matrices with a gradient
    drop: float = 0.0  # log of the gradient of the last matrix by that of the first
    slope: float = 0.0  # log of the gradient, change from one matrix to the next
    spread: float = 1.0  # the least spread of a layer (see Layer)
    sink: float = 0.0  # log of the RMS of the last layer of weights by that of the first
    growth: float = 0.0  # log of the largest RMS of a layer of weights by that of the first
    logits: float = 0.0  # log of the RMS of the last layer
    saturated: float = 0.0  # mean share of flat slopes in activations that are flat on both sides
    dead: float = 0.0  # share of dead units in the layer that has most
    update: float | None = None  # the median over matrices of update by size
    later_drop: float = 0.0
    later_spread: float = 1.0
    later_sink: float = 0.0
    later_growth: float = 0.0
    later_logits: float = 0.0
    later_saturated: float = 0.0
    later_dead: float = 0.0
    own: float | None = None  # skill of the trial steps: 1 - loss by that of the best constant answer
    lower: float | None = None  # the best skill at a smaller learning rate, and what that was multiplied with
    lower_at: float = 1.0
    higher: float | None = None  # and at a larger one
    higher_at: float = 1.0
    first: float | None = None  # mean loss of the first, and of the last twentieth of the steps noted
    last: float | None = None

    def at_the_end(self) -> Features:
        """The features with those from later in the place of those from the start."""
        later = {k.removeprefix("later_"): v for k, v in self._asdict().items() if k.startswith("later_")}
        return self._replace(**later)


def features_of(facts: Facts) -> Features:
    """The features in ``facts``: at the start, and in the last step measured in which everything was finite."""
    start = facts.snapshots[0]
    finite = [s for s in facts.snapshots if _finite(s)]
    end = finite[-1] if finite else start
    if facts.trial is not None and facts.trial.after is not None:
        end = facts.trial.after
    began = bool(finite) and finite[0] is start and all(map(math.isfinite, [loss for _, loss in facts.losses[:1]]))
    watched = facts.trial is None and (len(facts.snapshots) > 1 or bool(facts.losses))
    lost = facts.broken is not None or (watched and any(not math.isfinite(loss) for _, loss in facts.losses))
    made: dict[str, Any] = {
        "broken": lost,
        "broke_later": lost and watched and began,
        "unreached": len(unreached(finite[-1] if finite else start)),
    }
    made |= _of_gradients(start) | _of_values(start)
    later = _of_gradients(end) | _of_values(end)
    made |= {f"later_{k}": v for k, v in later.items() if f"later_{k}" in Features._fields}
    ratios = [w.ratio for w in start.weights if len(w.shape) > 1 and w.ratio is not None and math.isfinite(w.ratio)]
    if ratios:
        made["update"] = sorted(ratios)[len(ratios) // 2]
    if facts.trial is not None:
        made |= _of_trial(facts.trial)
    if len(facts.losses) > 1:
        losses = [loss for _, loss in facts.losses]
        n = max(1, len(losses) // 20)
        made |= {"first": sum(losses[:n]) / n, "last": sum(losses[-n:]) / n}
    return Features(**made)


def _finite(s: Snapshot) -> bool:
    gradients = [w.gradient for w in s.weights if w.gradient is not None]
    return all(v.finite for v in s.layers) and all(map(math.isfinite, gradients))


def matrices(s: Snapshot) -> list[Weight]:
    """The parameters with more than one dimension that have a gradient, in order."""
    return [w for w in s.weights if len(w.shape) > 1 and w.trained and w.gradient is not None]


def unreached(s: Snapshot) -> list[Weight]:
    """The parameters that the loss does not reach: no gradient, or one of zeros alone.

    Where units are dead or gradients too small for the dtype, zeros say nothing of the wiring.
    """
    none = [w for w in s.weights if w.trained and w.gradient is None]
    zero = [w for w in s.weights if w.trained and w.gradient == 0]
    return none if _numb(s) else none + zero


def _numb(s: Snapshot) -> bool:
    """True if gradients may be 0 for another reason than the wiring: dead or saturated layers, or sizes near underflow."""
    flat = any((v.dead or 0.0) > 0.9 or (v.saturated or 0.0) > 0.99 or v.rms > 1e4 for v in s.layers)
    return flat or any(v.gradient is not None and v.gradient < 1e-15 for v in s.layers if v.gradient)


def _log(v: float) -> float:
    return math.log10(max(v, _SMALLEST)) if math.isfinite(v) else 40.0


def _of_gradients(s: Snapshot) -> dict[str, Any]:
    logs = [_log(w.gradient) for w in matrices(s) if w.gradient is not None]
    n = len(logs)
    if n < 2:
        return {"depth": n}
    middle = (n - 1) / 2
    slope = sum((i - middle) * v for i, v in enumerate(logs)) / sum((i - middle) ** 2 for i in range(n))
    return {"depth": n, "drop": logs[-1] - logs[0], "slope": slope}


def _of_values(s: Snapshot) -> dict[str, Any]:
    made: dict[str, Any] = {}
    layers = [v for v in s.layers if v.role == "weights"]
    if layers and all(v.finite for v in s.layers):
        sizes = [_log(v.rms) for v in layers]
        made |= {"sink": sizes[-1] - sizes[0], "growth": max(sizes) - sizes[0], "logits": sizes[-1]}
        made["spread"] = min(v.spread for v in s.layers)
    flat = [v.saturated for v in s.layers if v.sides == 2 and v.saturated is not None]
    if flat:
        made["saturated"] = sum(flat) / len(flat)
    # Units stuck on a flat side of a function that has two are saturated; on the one flat side of ReLU and its kin, dead.
    made["dead"] = max((v.dead for v in s.layers if v.sides == 1 and v.dead is not None), default=0.0)
    return made


def _of_trial(t: Trial) -> dict[str, Any]:
    level = t.constant if t.constant is not None and t.constant > 0 else abs(t.start)

    def skill(factor: float) -> float:
        end = t.end(factor)
        return max(_WORST, 1 - end / level) if math.isfinite(end) and level else _WORST

    made: dict[str, Any] = {"own": skill(1.0)}
    for what, factors in (("lower", [f for f in t.curves if f < 1]), ("higher", [f for f in t.curves if f > 1])):
        if factors:
            best = max(factors, key=skill)
            made |= {what: skill(best), f"{what}_at": best}
    return made
