"""From verdicts to words: which layers, the evidence in numbers, the cause, and the cures in the order in which they help."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ._cures import CURES
from ._features import features_of, matrices, unreached
from ._verdicts import decide
from .measurements import Broken, Facts, Layer, Snapshot, Weight

_NAMES = {c.key: c.name for c in CURES}
WIDE = 110


@dataclass(frozen=True)
class Verdict:
    """What is wrong, in which layers, with the evidence, the cause and advice in the order in which it helps.

    Parameters
    ----------
    name : str
        One word, such as "vanishing".
    title : str
        A sentence that begins with it.
    layers : tuple of str, default ()
        The full names of the layers concerned.
    evidence : tuple of str, default ()
        Sentences with numbers.
    cause : str, default ""
        What the trouble comes from.
    advice : tuple of str, default ()
        What helps, the best first.
    cures : tuple of str, default ()
        The keys of those pieces of advice that ``Report.try_cures`` can try.

    Examples
    --------
    >>> import gradflow as gf
    >>> print(gf.flow.Verdict("dead", "dead: half of the units are always 0", layers=("1",), cause="a large step"))
    DEAD: half of the units are always 0
      layers    1
      cause     a large step
    """

    name: str
    title: str
    layers: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    cause: str = ""
    advice: tuple[str, ...] = ()
    cures: tuple[str, ...] = ()

    def lines(self) -> list[tuple[str, str]]:
        """What there is to say under the title, with a word for each.

        Returns
        -------
        list of pairs
            A word, such as "evidence", and a text.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.flow.Verdict("dead", "dead: half of the units are always 0", cause="a large step").lines()
        [('cause', 'a large step')]
        """
        said = [("layers", _listed(self.layers)), *(("evidence", e) for e in self.evidence), ("cause", self.cause)]
        cures = "; ".join(f"{i}. {a}" for i, a in enumerate(self.advice, 1))
        return [(k, t) for k, t in [*said, ("cures", cures)] if t]

    def __str__(self) -> str:
        import textwrap

        lines = textwrap.wrap(self.title.upper()[: len(self.name)] + self.title[len(self.name) :], WIDE)
        last = ""
        for k, t in self.lines():
            lines += textwrap.wrap(t, WIDE, initial_indent=f"  {'' if k == last else k:<10}", subsequent_indent=" " * 12)
            last = k
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The fields as strings and lists of strings.

        Returns
        -------
        dict
            By the names of the fields.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.flow.Verdict("dead", "dead: half of the units are always 0").to_dict()["name"]
        'dead'
        """
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


def judge(facts: Facts) -> tuple[Verdict, ...]:
    """The verdicts on what was measured, the worst first.

    Parameters
    ----------
    facts : Facts
        What was measured.

    Returns
    -------
    tuple of Verdict
        "healthy" alone if nothing is wrong.

    Examples
    --------
    >>> import gradflow as gf
    >>> net = gf.nn.Linear(2, 1)
    >>> report = gf.flow.diagnose(net, lambda y, t: (y - t).square().mean(), (gf.randn(8, 2), gf.ones(8, 1)))
    >>> [verdict.name for verdict in gf.flow.judge(report.facts)]
    ['healthy']
    """
    return tuple(_SAYS[name](facts) for name in decide(features_of(facts)))


def _listed(names: Iterable[str], most: int = 8) -> str:
    held = list(names)
    if len(held) <= most:
        return ", ".join(held)
    return ", ".join([*held[: most - 2], "...", held[-1]]) + f" ({len(held)})"


def _n(v: float) -> str:
    return f"{v:.3g}"


def _ways(*keys: str, last: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    return {"cures": keys, "advice": (*(_NAMES[k] for k in keys), *last)}


# --- what is known of the weights ------------------------------------------------------------------------------------------


def _gain(s: Snapshot) -> float | None:
    """By how much the weights are larger than Xavier's (before functions flat on both sides) or He's: the median of all."""
    sides = [v.sides for v in s.layers if v.role == "activation"]
    wanted = 1.0 if sides and sum(n == 2 for n in sides) * 2 > len(sides) else 2.0
    gains = sorted(w.rms * math.sqrt(math.prod(w.shape[1:]) / wanted) for w in s.weights if len(w.shape) > 1 and w.rms > 0)
    return gains[len(gains) // 2] if gains else None


def _start(facts: Facts) -> Snapshot:
    return facts.snapshots[0]


def _gradients(s: Snapshot) -> list[tuple[Weight, float]]:
    return [(w, w.gradient) for w in matrices(s) if w.gradient is not None]


def _course(s: Snapshot) -> str:
    """The gradients of the first and the last weights, and what that is for each layer between."""
    held = _gradients(s)
    if len(held) < 2:
        return ""
    (first, a), (last, b) = held[0], held[-1]
    said = f"RMS of the gradient {_n(a)} in {first.name}, {_n(b)} in {last.name}"
    slope = features_of(Facts((s,))).slope
    return f"{said}: a factor {_n(10**slope)} from one layer of weights to the next" if abs(slope) > 0.05 else said


def _signal(s: Snapshot) -> str:
    known = [v for v in s.layers if v.role in ("weights", "activation")]
    if len(known) < 2:
        return ""
    least = min(known, key=lambda v: v.spread)
    first = known[0]
    part = f"{_n(first.spread)} of their RMS in {first.name}"
    return f"outputs differ between examples by {part}" + (
        f", by {_n(least.spread)} in {least.name}" if least is not first else ""
    )


def _tried(facts: Facts) -> str:
    """How the trial steps went at the learning rate as it is."""
    t = facts.trial
    if t is None:
        if not facts.losses:
            return ""
        sign = features_of(facts)
        return f"the loss went from {_n(sign.first or 0.0)} to {_n(sign.last or 0.0)} in {len(facts.losses)} noted steps"
    steps = len(t.curves[1.0])
    constant = "" if t.constant is None else f"; ignoring the input would give {_n(t.constant)}"
    return f"{steps} trial steps of {t.optimizer} bring the loss from {_n(t.start)} to {_n(t.end())}{constant}"


# --- the verdicts -----------------------------------------------------------------------------------------------------------


def _healthy(facts: Facts) -> Verdict:
    s = facts.last
    said = tuple(t for t in (_tried(facts), _course(s)) if t)
    flow = "values and gradients flow through all layers"
    learns = facts.trial is not None or bool(facts.losses)
    return Verdict("healthy", f"healthy: {flow}" + (", and the loss falls" if learns else ""), (), said)


def _vanishing(facts: Facts) -> Verdict:
    s, depth = facts.last, len(matrices(facts.last))
    held = _gradients(s)
    top = max((g for _, g in held), default=0.0)
    layers = tuple(w.layer or w.name for w, g in held if g < 1e-2 * top)
    weak = features_of(facts)
    gain = _gain(_start(facts))
    steepest = [v for v in s.layers if v.role == "activation" and 0 < v.steepest <= 0.5]
    if weak.drop >= 1.0:
        title = f"vanishing: the gradient shrinks {_n(10**weak.drop)} times on its way back through {depth} layers of weights"
    elif weak.sink <= -1.0:
        title = f"vanishing: the values shrink {_n(10**-weak.sink)} times on their way through {depth} layers of weights"
    else:
        title = f"vanishing: after {depth} layers of weights hardly anything of the input is left that could be learnt from"
    evidence = tuple(t for t in (_course(s), _signal(s), _tried(facts)) if t)
    if gain is not None and gain < 0.5:
        cause = (
            f"initial scale too small: the weights are {_n(gain)} times as large as Xavier's or He's initialisation makes them"
        )
        return Verdict("vanishing", title, layers, evidence, cause, **_ways("norm", "init", "residual", "all"))
    if steepest:
        v = steepest[0]
        cause = f"saturating activation: the slope of {v.kind} is nowhere above {_n(v.steepest)}, and slopes multiply over layers"
        return Verdict("vanishing", title, layers, evidence, cause, **_ways("norm", "relu", "residual", "all"))
    cause = f"depth without residual connections or normalisation: what {depth} layers do to values and gradients multiplies"
    return Verdict("vanishing", title, layers, evidence, cause, **_ways("residual", "norm", "init", "all"))


def _exploding(facts: Facts) -> Verdict:
    s, weak = facts.last, features_of(facts)
    held = _gradients(s)
    low = min((v.rms for v in s.layers if v.rms > 0), default=0.0)
    large = [v.name for v in s.layers if v.rms > 100 * low]
    if weak.drop <= -1.0:
        bottom = min((g for _, g in held), default=0.0)
        large = [w.layer or w.name for w, g in held if g > 10 * bottom]
        title = f"exploding: the gradient grows {_n(10**-weak.drop)} times on its way back through {len(held)} layers of weights"
    else:
        title = f"exploding: the values grow to an RMS of {_n(max((v.rms for v in s.layers), default=0.0))}"
    values = f"RMS of the outputs {_n(s.layers[0].rms)} in {s.layers[0].name}, {_n(s.layers[-1].rms)} in {s.layers[-1].name}"
    evidence = tuple(t for t in (values, _course(s), _tried(facts)) if t)
    gain = _gain(_start(facts))
    if gain is not None and gain > 1.5:
        cause = (
            f"initial scale too large: the weights are {_n(gain)} times as large as Xavier's or He's initialisation makes them"
        )
        return Verdict("exploding", title, tuple(large), evidence, cause, **_ways("init", "norm", "all", "clip"))
    cause = "what each layer adds or multiplies adds up over depth; nothing brings the values back to a size of 1"
    return Verdict("exploding", title, tuple(large), evidence, cause, **_ways("norm", "clip", "residual", "all", "lr x 0.1"))


def _saturated(facts: Facts) -> Verdict:
    s = facts.last
    flat = [v for v in s.layers if v.sides == 2 and (v.saturated or 0.0) > 0.5]
    most = max(flat, key=lambda v: v.saturated or 0.0, default=None)
    kind = most.kind if most is not None else "the activation"
    mean = features_of(facts).saturated
    title = f"saturated: {mean:.0%} of the slopes of {kind} are under 5 % of its largest"
    worst = "" if most is None else f"in {most.name} {most.saturated or 0.0:.0%} of the slopes are flat"
    gain = _gain(_start(facts))
    into = [v.rms for v in s.layers if v.role == "weights"]
    values = f"values of RMS {_n(into[0])} come out of the first layer of weights" if into else ""
    evidence = tuple(t for t in (worst, values, _course(s), _tried(facts)) if t)
    cause = "its inputs are too large: where an activation is flat no gradient comes through"
    if gain is not None and gain > 1.5:
        cause += f"; the weights are {_n(gain)} times as large as Xavier's or He's initialisation makes them"
        ways = _ways("init", "relu", "norm", "all", last=("scale the inputs to a standard deviation of 1",))
    else:
        ways = _ways("relu", "norm", "all", "lr x 0.1", last=("scale the inputs to a standard deviation of 1",))
    return Verdict("saturated", title, tuple(v.name for v in flat), evidence, cause, **ways)


def _dead(facts: Facts) -> Verdict:
    s = facts.last
    layers = [v for v in s.layers if (v.dead or 0.0) > 0.5]
    most = max((v for v in s.layers if v.dead is not None), key=lambda v: v.dead or 0.0)
    title = f"dead: {most.dead or 0.0:.0%} of the units in {most.name} ({most.kind}) are flat for every example"
    evidence = tuple(
        t for t in (f"their input has mean {_n(_before(s, most).mean)}, deviation {_n(_before(s, most).std)}", _tried(facts)) if t
    )
    cause = "biases or weights have pushed the inputs to the flat side, where no gradient brings them back"
    cause += "; a step that was too large does that" if len(facts.snapshots) > 1 else ""
    ways = _ways("init", "norm", "leaky", "lr x 0.1")
    return Verdict("dead", title, tuple(v.name for v in layers), evidence, cause, **ways)


def _before(s: Snapshot, layer: Layer) -> Layer:
    i = s.layers.index(layer)
    return s.layers[max(0, i - 1)]


def _too_high(facts: Facts) -> Verdict:
    t, at = facts.trial, features_of(facts).lower_at
    key = f"lr x {at:g}" if t is not None else "lr x 0.1"
    evidence = []
    if t is not None and t.plain and t.sharpness and math.isfinite(t.sharpness):
        limit = f"2/{_n(t.sharpness)} = {_n(2 / t.sharpness)}"
        evidence = [f"the largest curvature is {_n(t.sharpness)}: gradient descent is stable below {limit}"]
    cause = "each step goes beyond where the gradient tells anything of the loss"
    return _rate("learning rate too high", facts, at, evidence, cause, key, _other(key, "lr x 0.1", "lr x 0.01"), "clip", "norm")


def _too_low(facts: Facts) -> Verdict:
    at = features_of(facts).higher_at
    key = f"lr x {at:g}" if facts.trial is not None else "lr x 10"
    cause = "the gradient points the right way, but the steps along it are too short"
    return _rate("learning rate too low", facts, at, [], cause, key, _other(key, "lr x 10", "lr x 100"), "adam")


def _other(key: str, one: str, another: str) -> str:
    return another if key == one else one


def _rate(name: str, facts: Facts, at: float, more: list[str], cause: str, *cures: str) -> Verdict:
    """A verdict on the learning rate; ``at`` times as large it was tried out too."""
    t, update = facts.trial, features_of(facts).update
    rate = "" if facts.lr is None else f": {_n(facts.lr)} ({facts.optimizer})"
    evidence = [_tried(facts)]
    if t is not None:
        evidence.append(f"at {_n(t.lr * at)} they bring it to {_n(t.end(at))}")
    evidence += more
    if update is not None and math.isfinite(update):
        evidence.append(f"a step changes the weights by {_n(update)} of their size (1e-3 is usual)")
    return Verdict(name, name + rate, (), tuple(e for e in evidence if e), cause, **_ways(*cures))


def _disconnected(facts: Facts) -> Verdict:
    s = facts.last
    lost = unreached(s)
    names = tuple(w.name for w in lost)
    none = [w for w in lost if w.gradient is None]
    what = f"the loss does not reach {len(lost)} of {len(s.weights)} parameters"
    uncalled = [n for n in facts.uncalled if any(w.layer == n for w in lost)]
    evidence = []
    if none:
        evidence.append(f"no gradient (None): {_listed(w.name for w in none)}")
    if len(none) < len(lost):
        evidence.append(f"a gradient of zeros alone: {_listed(w.name for w in lost if w.gradient is not None)}")
    if uncalled:
        evidence.append(f"never called: {_listed(uncalled)}")
    if uncalled and len(none) == len(lost) and {w.layer for w in lost} <= set(uncalled):
        cause = "forward does not use these modules"
        advice: tuple[str, ...] = ("call them in forward, or remove them",)
    elif none:
        cause = "their outputs are not used, or the recording is cut on the way to the loss: detach(), no_grad(), .data, numpy()"
        advice = ("use what they make", "take detach(), no_grad() and .data out of forward")
    else:
        cause = (
            "they are multiplied by 0, or a step without a slope lies on the way to the loss: round, sign, argmax, a comparison"
        )
        advice = ("begin factors at other values than 0", "put a function with a slope in the place of the step")
    return Verdict("disconnected", f"disconnected: {what}", names, tuple(evidence), cause, advice)


_CAUSES = {
    "log": ("the logarithm of a number that is 0 or less", "log_softmax or logsigmoid, or clamp(min=eps) before log"),
    "div": ("a division by 0", "add a small number to the divisor"),
    "exp": ("exp of a large number overflows (from 89 on in float32)", "subtract the maximum first, or use softmax, logsumexp"),
    "sqrt": ("the slope of the square root is infinite at 0", "sqrt(x + eps)"),
    "pow": ("a power without a finite value or slope at 0 or below", "add a small number, or clamp, before it"),
    "norm": ("a norm of 0", "add a small number before the division"),
}  # fmt: skip


def _bad_loss(facts: Facts) -> str:
    """The first noted loss that is not finite, where no measured step shows anything."""
    step, loss = next((n, v) for n, v in facts.losses if not math.isfinite(v))
    return f"the loss noted in step {step} is {loss}"


def _nonfinite(facts: Facts) -> Verdict:
    b = facts.broken or Broken("", "", "unknown", _bad_loss(facts))
    place = f" in {b.module}" if b.module else ""
    said = (b.said,) if b.said else ()
    if b.where == "batch":
        return Verdict(
            "non-finite", "non-finite: the batch itself has NaN or infinite numbers", (), (), "the data", ("clean the data",)
        )
    if b.where == "parameter":
        cause = "an earlier step or the initialisation left it there"
        return Verdict(
            "non-finite",
            f"non-finite: the parameter {b.module} is not finite",
            (b.module,),
            (),
            cause,
            **_ways("init", "clip", "lr x 0.1"),
        )
    if not b.operation:
        return Verdict(
            "non-finite",
            "non-finite: the loss or a gradient is NaN or infinite",
            (),
            said,
            "the numbers grow beyond what they can hold",
            **_ways("init", "norm", "lr x 0.1"),
        )
    way = "derivative of " if b.where == "backward" else ""
    place = place or (" in the loss" if b.where == "loss" else "")
    title = f"non-finite: the first NaN or infinity is made by {way}{b.operation}{place}"
    cause, cure = _CAUSES.get(b.operation, ("", ""))
    if cure:
        return Verdict("non-finite", title, (b.module,) if b.module else (), said, cause, (cure,))
    cause = "numbers grow beyond what they can hold, or meet infinities"
    return Verdict("non-finite", title, (b.module,) if b.module else (), said, cause, **_ways("init", "norm", "clip", "lr x 0.1"))


_SAYS: dict[str, Callable[[Facts], Verdict]] = {
    "healthy": _healthy, "vanishing": _vanishing, "exploding": _exploding, "saturated": _saturated, "dead": _dead,
    "learning rate too high": _too_high, "learning rate too low": _too_low, "disconnected": _disconnected,
    "non-finite": _nonfinite,
}  # fmt: skip
