"""The probe: hooks that measure a step on the device where it happens.  Nothing is brought to the host here but by ``fetch``."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import gradflow as gf

from ._activation_slopes import FLAT, Shape, shape_of, slope_at, slope_between
from .measurements import Layer, Snapshot, Weight

WINDOW = 10  # measured steps over which a unit has to be flat to be called dead
SAMPLES = 256  # values of a layer kept for histograms


class Tally:
    """Numbers on the device, 0-d arrays or vectors, in a row; ``fetch`` brings several tallies to the host at once."""

    def __init__(self) -> None:
        self._held: list[Any] = []
        self._packed: Any = None
        self.count = 0

    def put(self, *numbers: Any) -> slice:
        """Append 0-d arrays, or one vector; where they will be found."""
        start = self.count
        self._held += numbers
        self.count += numbers[0].size if numbers[0].ndim else len(numbers)
        return slice(start, self.count)

    def packed(self) -> Any:
        """All numbers as one vector in double precision where they lie."""
        if self._packed is None or self._held:
            held, self._held = self._held, []
            parts = [] if self._packed is None else [self._packed]
            if held and isinstance(held[0], np.generic):
                parts.append(gf.as_tensor(np.array(held, "f8")))
            elif held:
                tensors = [gf.as_tensor(v) for v in held]
                device = tensors[0].device
                parts.append(gf.cat([t.reshape(-1).to(dtype=gf.float64, device=device) for t in tensors]))
            self._packed = gf.cat(parts) if len(parts) > 1 else parts[0] if parts else None
        return self._packed


def fetch(tallies: Sequence[Tally]) -> list[list[float]]:
    """The numbers of each tally, brought to the host in one transfer."""
    parts = [p for p in (t.packed() for t in tallies) if p is not None]
    whole = gf.cat([p.to(device=parts[0].device) for p in parts]).to_numpy().tolist() if parts else []
    made, start = [], 0
    for t in tallies:
        made.append(whole[start : start + t.count])
        start += t.count
    return made


def _wide(a: Any) -> Any:
    """The elements in double precision, so that squares of 1e-25 are not 0; of complex ones the size."""
    return (abs(a) if a.dtype.kind == "c" else a).astype("f8")


def square_sum(a: Any) -> Any:
    """The sum of the squares of an array, where it lies."""
    wide = _wide(a).ravel()
    return wide.dot(wide)


def _sample(a: Any) -> Any:
    """At most SAMPLES elements, at a distance that has no factor in common with any dimension: of all units, of all examples."""
    flat = a.ravel()
    stride = max(1, -(-flat.size // SAMPLES))
    while math.gcd(stride, flat.size) > 1:
        stride += 1
    return _wide(flat[::stride])


def _tensor(value: Any) -> Any:
    """The first floating Tensor in what a module takes or returns; None if there is none."""
    if isinstance(value, gf.Tensor):
        return value if value.dtype.kind in "fc" and value.numel() else None
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple | list) else ()
    return next((t for t in map(_tensor, parts) if t is not None), None)


@dataclass
class _Row:
    """Where the numbers of a Layer are found in its tally."""

    name: str
    kind: str
    role: str
    shape: tuple[int, ...]
    numbers: slice
    sample: slice | None
    slope: slice | None = None
    sides: int | None = 0  # None: to be told from the numbers
    steepest: float = 0.0
    gradient: slice | None = None
    gradient_sample: slice | None = None


@dataclass
class Measured:
    """One step's numbers, still on the device."""

    step: int
    tally: Tally = field(default_factory=Tally)
    samples: Tally = field(default_factory=Tally)
    rows: list[_Row] = field(default_factory=list)
    weights: dict[str, dict[str, Any]] = field(default_factory=dict)
    loss: slice | None = None

    def on_host(self, v: Sequence[float], samples: Sequence[float] = ()) -> Snapshot:
        """What ``fetch`` gave for ``tally`` and ``samples``, with names."""
        loss = None if self.loss is None else v[self.loss.start]
        layers = tuple(_layer(r, v, samples) for r in self.rows)
        return Snapshot(self.step, layers, tuple(_weight(name, w, v) for name, w in self.weights.items()), loss)


def _layer(r: _Row, v: Sequence[float], samples: Sequence[float]) -> Layer:
    total, squares, between, *counted = v[r.numbers]
    zeros = counted[0] if counted else 0.0
    n, examples = math.prod(r.shape), r.shape[0] if len(r.shape) > 1 else 1
    mean, square = total / n, squares / n
    spread = math.sqrt(max(0.0, 1 - between / examples / squares)) if squares > 0 and examples > 1 else 0.0
    role, sides, steepest, saturated, dead = r.role, r.sides or 0, r.steepest, None, None
    if r.slope is not None:
        flat, stuck = v[r.slope.start] / n, v[r.slope.start + 1] * examples / n
        if r.sides is None:
            steepest, least, diagonal = v[r.slope][2:]
            if diagonal and least < steepest:
                # A function whose flat side is at 0, as that of ReLU, makes as many zeros as it has flat places.
                role, sides = "activation", 1 if flat and zeros / n >= 0.9 * flat else 2
        if sides:
            saturated, dead = flat, stuck
    return Layer(
        r.name, r.kind, role, r.shape, mean, math.sqrt(max(0.0, square - mean * mean)), math.sqrt(square), spread, zeros / n,
        saturated, dead, sides, steepest, None if r.gradient is None else math.sqrt(v[r.gradient.start] / n),
        tuple(samples[r.sample]) if r.sample and samples else (),
        tuple(samples[r.gradient_sample]) if r.gradient_sample and samples else (),
    )  # fmt: skip


def _weight(name: str, w: dict[str, Any], v: Sequence[float]) -> Weight:
    def rms(key: str) -> float | None:
        return math.sqrt(v[w[key].start] / max(1, math.prod(w["shape"]))) if key in w else None

    value = rms("value")
    assert value is not None
    return Weight(name, name.rpartition(".")[0], w["shape"], w["trained"], value, rms("gradient"), rms("update"))


@dataclass(frozen=True)
class _Place:
    """A module that is measured: its full name, what it does, and its form if it is an activation."""

    name: str
    role: str
    shape: Shape | None
    holds: bool  # other modules, and no parameters of its own


class Probe:
    """Measures the steps that a model makes while the probe is attached.

    Measured are modules without parts, those with parameters of their own, and others that do something with what their
    parts return.  What reaches a layer with weights and was made by a function called in between (``F.relu``, ``x + y``) is
    measured there, under the layer's name with an arrow; its slope is found by a small backward pass to the output measured
    before, which calls hooks that others have put on those tensors.  Not seen is a slope across a change of shape.

    A call without gradients (an evaluation) is not measured, and of several calls of the model before a step the last is.
    """

    def __init__(self, model: gf.nn.Module, samples: bool = True) -> None:
        self.model, self.samples = model, samples
        self.measured = Measured(0)
        self.called: set[Any] = set()
        self.named: list[tuple[str, Any]] = []
        self._places = dict(_places(model))
        self._stuck: dict[str, deque[Any]] = {}
        self._handles: list[Any] = []
        self._known: set[Any] = set()  # what made the tensors that are measured already
        self._latest: Any = None
        self._calls: dict[str, int] = {}
        self._slopes: dict[Any, slice] = {}
        self._differentiating = False

    def attach(self, step: int) -> None:
        """Measure from here on, as step number ``step``."""
        self.detach()
        self.measured = Measured(step)
        self.named = list(self.model.named_parameters())
        self._begin()
        hooks = self._handles
        hooks.append(self.model.register_forward_pre_hook(self._begin))
        for m, place in self._places.items():
            if place.shape is not None or place.role == "weights":
                hooks.append(m.register_forward_pre_hook(self._before, with_kwargs=True))
            hooks.append(m.register_forward_hook(self._after))

    def detach(self) -> None:
        """Take all hooks off; gradients of what was computed before still count until the next ``attach``."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._known.clear()
        self._latest = None

    def _begin(self, *_: Any) -> None:
        if gf.is_grad_enabled():
            self.measured = Measured(self.measured.step)
            self._calls, self._slopes = {}, {}
            self._known.clear()
            self._latest = None

    # --- forward ----------------------------------------------------------------------------------------------------------

    def _before(self, m: Any, args: Any, kwargs: Any) -> None:
        x = _tensor((args, kwargs))
        if x is None or not gf.is_grad_enabled():
            return
        place = self._places[m]
        if place.shape is not None:
            slope, _ = slope_at(m, x)
            self._slopes[m] = self._flatness(place.name + self._numbered(place.name), slope.array, place.shape.steepest)
        elif x.grad_fn is not None and x.grad_fn not in self._known:
            name = f"-> {place.name or type(m).__name__}{self._numbered(place.name)}"
            row = self._row(name, x.grad_fn.name().removesuffix("Backward"), "other", x)
            row.slope, row.sides = self._function_slope(name, x), None
            self._watch_gradient(row, x)

    def _function_slope(self, name: str, x: Any) -> slice | None:
        """The slope of what was done to the last measured output to make ``x``."""
        if self._latest is None:
            return None
        self._differentiating = True
        try:
            made = slope_between(x, self._latest)
        finally:
            self._differentiating = False
        if made is None:
            return None
        slope, diagonal = made
        size = abs(slope.array)
        steepest = size.max()
        return self._flatness(name, slope.array, steepest, steepest, size.min(), diagonal)

    def _flatness(self, name: str, slope: Any, steepest: Any, *more: Any) -> slice:
        """How many slopes are flat, and how many units have been flat for every example of the last measured steps."""
        flat = abs(slope) < FLAT * steepest
        recent = self._stuck.setdefault(name, deque(maxlen=WINDOW))
        if recent and recent[-1].shape != flat.shape[1:]:
            recent.clear()
        recent.append(flat.all(0) if flat.ndim > 1 else flat)
        stuck = recent[0]
        for other in list(recent)[1:]:
            stuck = stuck & other
        return self.measured.tally.put(flat.sum(), stuck.sum(), *more)

    def _after(self, m: Any, args: Any, output: Any) -> None:
        y, place = _tensor(output), self._places[m]
        if y is None or not gf.is_grad_enabled():
            return
        self.called.add(m)
        if (y.grad_fn in self._known if y.grad_fn is not None else place.holds) or any(y is a for a in args):
            return  # a container that returns what its last part made, or an Identity
        row = self._row(place.name + self._numbered(place.name), type(m).__name__, place.role, y)
        self._calls[place.name] = self._calls.get(place.name, 0) + 1
        if place.shape is not None and m in self._slopes:
            row.slope, row.sides, row.steepest = self._slopes.pop(m), place.shape.sides, place.shape.steepest
        self._watch_gradient(row, y)

    def _numbered(self, name: str) -> str:
        calls = self._calls.get(name, 0)
        return f" (call {calls + 1})" if calls else ""

    def _row(self, name: str, kind: str, role: str, y: Any) -> _Row:
        wide = _wide(y.array)
        units = wide.reshape(wide.shape[0] if wide.ndim > 1 else 1, -1)
        sums, flat, put = units.sum(0), wide.ravel(), self.measured.tally.put
        numbers = put(sums.sum(), flat.dot(flat), sums.dot(sums))
        if role != "weights":  # whose outputs are hardly ever exactly 0
            numbers = slice(numbers.start, put((y.array == 0).sum()).stop)
        sample = self.measured.samples.put(_sample(y.array)) if self.samples else None
        row = _Row(name or "(model)", kind, role, y.shape, numbers, sample)
        self.measured.rows.append(row)
        return row

    def _watch_gradient(self, row: _Row, y: Any) -> None:
        if not y.requires_grad:
            return
        measured, self._latest = self.measured, y
        if y.grad_fn is not None:
            self._known.add(y.grad_fn)

        def came(g: Any) -> None:
            if measured is not self.measured or self._differentiating:
                return
            row.gradient = measured.tally.put(square_sum(g.array))
            if self.samples:
                row.gradient_sample = measured.samples.put(_sample(g.array))

        y.register_hook(came)

    # --- parameters -------------------------------------------------------------------------------------------------------

    def weigh(self, gradients: Callable[[Any], Any] = lambda p: p.grad) -> None:
        """Measure the parameters and their gradients as they are now."""
        for name, p in self.named:
            held: dict[str, Any] = {"shape": p.shape, "trained": p.requires_grad}
            held["value"] = self.measured.tally.put(square_sum(p.array))
            g = gradients(p) if p.requires_grad else None
            if g is not None:
                held["gradient"] = self.measured.tally.put(square_sum(g.array))
            self.measured.weights[name] = held

    def moved(self, before: Mapping[str, Any], model: gf.nn.Module | None = None) -> None:
        """Measure by how much the parameters (of a copy of the model) differ from ``before``, arrays by name."""
        for name, p in self.named if model is None else model.named_parameters():
            if name in before and name in self.measured.weights:
                self.measured.weights[name]["update"] = self.measured.tally.put(square_sum(p.array - before[name]))

    def uncalled(self) -> tuple[str, ...]:
        """The names of measured modules that were not called."""
        return tuple(place.name for m, place in self._places.items() if m not in self.called and next(m.children(), None) is None)


def _places(model: gf.nn.Module) -> Iterator[tuple[Any, _Place]]:
    found: dict[Any, Shape | None] = {}  # the library's own modules are what their settings say
    for name, m in model.named_modules():
        parts, own = next(m.children(), None) is not None, list(m.parameters(recurse=False))
        key = (type(m), repr(m)) if not parts and type(m).__module__.startswith("gradflow.nn.") else m
        if key not in found:
            found[key] = shape_of(m)
        role = "weights" if any(p.ndim > 1 for p in own) else "other" if found[key] is None else "activation"
        yield m, _Place(name, role, found[key], parts and not own)
