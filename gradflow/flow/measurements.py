"""What was measured, as plain numbers on the host: layers, weights, snapshots of a step, trial steps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Layer:
    """One output of a module (or of a function called between modules), and the gradient of the loss with respect to it.

    Parameters
    ----------
    name : str
        The full name of the module.
    kind : str
        Its class.
    role : {"weights", "activation", "other"}
        "weights" for what holds matrices, "activation" for an elementwise function with a slope of its own.
    shape : tuple of int
        The shape of the output.
    mean : float
        The mean of the output.
    std : float
        Its standard deviation.
    rms : float
        The root of the mean of its squares.
    spread : float
        How much the output differs from one example to the next, as a part of its RMS: 0 when every example gives the same.
    zeros : float
        The share of elements that are 0; not counted where there are weights.
    saturated : float, optional
        The share of inputs at which the activation's slope is under 5 % of its steepest.
    dead : float, optional
        The share of units at which it is so for every example, over the window.
    sides : int, default 0
        On how many sides of 0 the activation becomes flat.
    steepest : float, default 0.0
        Its largest slope.
    gradient : float, optional
        The RMS of the gradient; None where none came.
    samples : tuple of float, default ()
        Values kept for histograms.
    gradient_samples : tuple of float, default ()
        Gradients kept for histograms.

    Examples
    --------
    >>> import gradflow as gf
    >>> net = gf.nn.Sequential(gf.nn.Linear(2, 3), gf.nn.ReLU())
    >>> report = gf.flow.diagnose(net, lambda y, t: (y - t).square().mean(), (gf.ones(4, 2), gf.zeros(4, 3)))
    >>> [(layer.name, layer.kind, layer.role) for layer in report.facts.last.layers]
    [('0', 'Linear', 'weights'), ('1', 'ReLU', 'activation')]
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
        """False if the output has a NaN or an infinite element.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.flow.Layer("0", "Linear", "weights", (4, 3), 0.0, 1.0, float("inf"), 1.0, 0.0).finite
        False
        """
        return math.isfinite(self.rms)


@dataclass(frozen=True)
class Weight:
    """A parameter: the RMS of its values, of its gradient, and of the step that was taken.

    Parameters
    ----------
    name : str
        The full name of the parameter.
    layer : str
        The full name of its module.
    shape : tuple of int
        Its shape.
    trained : bool
        Whether it requires grad.
    rms : float
        The RMS of its values.
    gradient : float, optional
        The RMS of its gradient; None: the loss gave it none.
    update : float, optional
        The RMS of the step; None where nothing was updated.

    Examples
    --------
    >>> import gradflow as gf
    >>> net = gf.nn.Linear(2, 3)
    >>> report = gf.flow.diagnose(net, lambda y, t: (y - t).square().mean(), (gf.ones(4, 2), gf.zeros(4, 3)))
    >>> [(weight.name, weight.shape) for weight in report.facts.last.weights]
    [('weight', (3, 2)), ('bias', (3,))]
    """

    name: str
    layer: str
    shape: tuple[int, ...]
    trained: bool
    rms: float
    gradient: float | None = None
    update: float | None = None

    @property
    def ratio(self) -> float | None:
        """The RMS of the update by the RMS of the values; None where nothing was updated, and for values that are all 0.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.flow.Weight("0.weight", "0", (3, 2), True, rms=0.5, gradient=1.0, update=0.001).ratio
        0.002
        """
        return None if self.update is None or not self.rms else self.update / self.rms


@dataclass(frozen=True)
class Snapshot:
    """Everything measured in one step.

    Parameters
    ----------
    step : int
        The number of the step.
    layers : tuple of Layer
        In the order in which they were computed.
    weights : tuple of Weight
        In the order of ``named_parameters``.
    loss : float, optional
        The loss; None if it is not known.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.flow.Snapshot(step=0, layers=(), weights=(), loss=1.5).loss
    1.5
    """

    step: int
    layers: tuple[Layer, ...]
    weights: tuple[Weight, ...]
    loss: float | None = None


@dataclass(frozen=True)
class Trial:
    """Steps on copies of the model: the losses of one batch at the learning rate as it is and at multiples of it.

    Parameters
    ----------
    optimizer : str
        The class of the optimizer.
    lr : float
        The learning rate.
    start : float
        The loss before the first step.
    constant : float or None
        The lowest loss that a model reaches which ignores its input; None where that cannot be told.
    curves : dict of float and tuple of float
        The losses after 1, 2, ... steps, by what the learning rate was multiplied with.
    sharpness : float, optional
        The largest curvature of the loss along the way of the gradient; None if it was not measured.
    after : Snapshot, optional
        The copy at the learning rate as it is, measured after its last step.
    plain : bool, default False
        Whether it is gradient descent without momentum, for which 2 / sharpness is the limit of the learning rate.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.flow.Trial("SGD", 0.1, 2.0, None, {1.0: (1.5, 1.2, 1.1)}).curves[1.0][-1]
    1.1
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
        """The loss at the end: the largest of the last three, NaN if it has become so.

        Parameters
        ----------
        factor : float, default 1.0
            What the learning rate was multiplied with.

        Returns
        -------
        float
            The loss.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.flow.Trial("SGD", 0.1, 2.0, None, {1.0: (1.5, 1.2, 1.1, 1.0)}).end()
        1.2
        """
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
    """All that a report knows, and all that the verdicts are made from.

    Parameters
    ----------
    snapshots : tuple of Snapshot
        One for each step that was measured.
    trial : Trial, optional
        Steps on copies.
    broken : Broken, optional
        The first operation that made a NaN or an infinity, the module it happened in, and in which pass.
    losses : tuple of pairs, default ()
        Numbers of steps, and their losses.
    uncalled : tuple of str, default ()
        The modules that were not called.
    optimizer : str, optional
        The class of the optimizer.
    lr : float, optional
        Its learning rate.

    Examples
    --------
    >>> import gradflow as gf
    >>> facts = gf.flow.Facts((gf.flow.Snapshot(0, (), (), 1.5),), optimizer="Adam", lr=1e-3)
    >>> facts.last.loss
    1.5
    """

    snapshots: tuple[Snapshot, ...]
    trial: Trial | None = None
    broken: Broken | None = None
    losses: tuple[tuple[int, float], ...] = ()
    uncalled: tuple[str, ...] = ()
    optimizer: str | None = None
    lr: float | None = None

    @property
    def last(self) -> Snapshot:
        """The latest snapshot.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.flow.Facts((gf.flow.Snapshot(0, (), ()), gf.flow.Snapshot(5, (), ()))).last.step
        5
        """
        return self.snapshots[-1]

    @property
    def sampled(self) -> Snapshot:
        """The latest snapshot of which values were kept for histograms; the latest of all, if there is none.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.flow.Facts((gf.flow.Snapshot(0, (), ()), gf.flow.Snapshot(5, (), ()))).sampled.step
        5
        """
        return next((s for s in reversed(self.snapshots) if any(v.samples for v in s.layers)), self.last)

    def without_samples(self) -> Facts:
        """The same without the values kept for histograms.

        Returns
        -------
        Facts
            A copy.

        Examples
        --------
        >>> import gradflow as gf
        >>> facts = gf.flow.Facts((gf.flow.Snapshot(0, (), ()),))
        >>> facts.without_samples() == facts
        True
        """
        thin = tuple(
            replace(s, layers=tuple(replace(v, samples=(), gradient_samples=()) for v in s.layers)) for s in self.snapshots
        )
        return replace(self, snapshots=thin)

    def to_dict(self) -> dict[str, Any]:
        """The facts as lists, dicts, numbers and strings alone, fit for JSON.

        Returns
        -------
        dict
            What is not finite is one of the strings "nan", "inf", "-inf".

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.flow.Facts((gf.flow.Snapshot(0, (), (), float("inf")),)).to_dict()["snapshots"][0]["loss"]
        'inf'
        """
        made: dict[str, Any] = _plain(asdict(self))
        return made

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> Facts:
        """The facts that ``to_dict`` gave, as they were.

        Parameters
        ----------
        held : dict
            What ``to_dict`` gave.

        Returns
        -------
        Facts
            Equal to the first, but for NaN.

        Examples
        --------
        >>> import gradflow as gf
        >>> facts = gf.flow.Facts((gf.flow.Snapshot(0, (), (), 1.5),))
        >>> gf.flow.Facts.from_dict(facts.to_dict()) == facts
        True
        """
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
