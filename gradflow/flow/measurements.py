"""What was measured, as plain numbers on the host: layers, weights, snapshots of a step, trial steps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Layer:
    """One output of a module (or of a function called between modules) and the gradient of the loss with respect to it.

    ``role``: "weights" for what holds matrices, "activation" for an elementwise function with a slope of its own, "other".
    ``spread``: how much the output differs from one example to the next, as a part of its RMS: 0 when every example gives the
    same.  ``saturated``: the share of inputs at which the activation's slope is under 5 % of its steepest; ``dead``: the
    share of units at which it is so for every example, over the window.  ``sides``: on how many sides of 0 it becomes flat;
    ``steepest``: its largest slope.  ``gradient``: RMS of the gradient; None where none came.
    """

    name: str
    kind: str
    role: str
    shape: tuple[int, ...]
    mean: float
    std: float
    rms: float
    spread: float
    zeros: float  # share of elements that are 0; not counted where there are weights
    saturated: float | None = None
    dead: float | None = None
    sides: int = 0
    steepest: float = 0.0
    gradient: float | None = None
    samples: Numbers = field(default=(), repr=False)
    gradient_samples: Numbers = field(default=(), repr=False)

    @property
    def finite(self) -> bool:
        """False if the output has a NaN or an infinite element."""
        return math.isfinite(self.rms)


@dataclass(frozen=True)
class Weight:
    """A parameter: RMS of its values, of its gradient (None: the loss gave it none), and of the step taken by the RMS."""

    name: str
    layer: str
    shape: tuple[int, ...]
    trained: bool
    rms: float
    gradient: float | None = None
    update: float | None = None

    @property
    def ratio(self) -> float | None:
        """RMS of the update by RMS of the values; None where nothing was updated, and for values that are all 0."""
        return None if self.update is None or not self.rms else self.update / self.rms


@dataclass(frozen=True)
class Snapshot:
    """Everything measured in one step: ``layers`` in the order in which they were computed, ``weights``, the loss."""

    step: int
    layers: tuple[Layer, ...]
    weights: tuple[Weight, ...]
    loss: float | None = None


@dataclass(frozen=True)
class Trial:
    """Steps on copies of the model: the losses of one batch at the learning rate as it is and at multiples of it.

    ``constant``: the lowest loss that a model reaches which ignores its input (None where that cannot be told).
    ``sharpness``: the largest curvature of the loss along the way of the gradient (None if it was not measured).
    """

    optimizer: str
    lr: float
    start: float
    constant: float | None
    curves: Mapping[float, Numbers]  # the losses after 1, 2, ... steps, by what lr was multiplied with
    sharpness: float | None = None
    after: Snapshot | None = None  # the copy at the learning rate as it is, measured after its last step
    plain: bool = False  # gradient descent without momentum, for which 2 / sharpness is the limit of lr

    def end(self, factor: float = 1.0) -> float:
        """The loss at the end: the largest of the last three, NaN if it has become so."""
        last = self.curves[factor][-3:]
        return math.nan if any(math.isnan(v) for v in last) else max(last)


@dataclass(frozen=True)
class Broken:
    """The first operation that made a NaN or an infinity, the module it happened in, and in which pass."""

    operation: str
    module: str
    where: str  # "forward", "backward", "batch" or "loss"
    said: str = ""


@dataclass(frozen=True)
class Facts:
    """All that a report knows, and all that the verdicts are made from."""

    snapshots: tuple[Snapshot, ...]
    trial: Trial | None = None
    broken: Broken | None = None
    losses: tuple[tuple[int, float], ...] = ()
    uncalled: tuple[str, ...] = ()
    optimizer: str | None = None
    lr: float | None = None

    @property
    def last(self) -> Snapshot:
        """The latest snapshot."""
        return self.snapshots[-1]

    @property
    def sampled(self) -> Snapshot:
        """The latest snapshot of which values were kept for histograms (the latest of all, if there is none)."""
        return next((s for s in reversed(self.snapshots) if any(v.samples for v in s.layers)), self.last)

    def without_samples(self) -> Facts:
        """The same without the values kept for histograms."""
        thin = tuple(
            replace(s, layers=tuple(replace(v, samples=(), gradient_samples=()) for v in s.layers)) for s in self.snapshots
        )
        return replace(self, snapshots=thin)

    def to_dict(self) -> dict[str, Any]:
        """Lists, dicts, numbers and strings alone; what is not finite as the strings "nan", "inf", "-inf"."""
        made: dict[str, Any] = _plain(asdict(self))
        return made

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> Facts:
        """What ``to_dict`` gave, as it was."""
        d = _numbers(held)
        trial, broken = d["trial"], d["broken"]
        if trial is not None:
            curves = {float(k): tuple(v) for k, v in trial["curves"].items()}
            after = None if trial["after"] is None else _snapshot(trial["after"])
            trial = Trial(**{**trial, "curves": curves, "after": after})
        return cls(
            snapshots=tuple(_snapshot(s) for s in d["snapshots"]),
            trial=trial,
            broken=None if broken is None else Broken(**broken),
            losses=tuple((step, loss) for step, loss in d["losses"]),
            uncalled=tuple(d["uncalled"]),
            optimizer=d["optimizer"],
            lr=d["lr"],
        )


def _snapshot(s: Mapping[str, Any]) -> Snapshot:
    layers, weights = (tuple(_made(kind, v) for v in s[key]) for kind, key in ((Layer, "layers"), (Weight, "weights")))
    return Snapshot(s["step"], layers, weights, s["loss"])


def _made(kind: type[Any], held: Mapping[str, Any]) -> Any:
    values = {f.name: held[f.name] for f in fields(kind) if f.name in held}
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


_ODD = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    return value


def _numbers(value: Any) -> Any:
    """``_plain`` undone; names of layers are not touched, as only values of number-like fields are such strings."""
    if isinstance(value, Mapping):
        return {k: v if k in _WORDS else _numbers(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_numbers(v) for v in value]
    return _ODD.get(value, value) if isinstance(value, str) else value


_WORDS = {"name", "layer", "kind", "role", "operation", "module", "where", "said", "optimizer", "uncalled"}
