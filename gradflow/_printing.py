"""How a tensor prints: PyTorch's form, from NumPy's printer; and what a notebook shows of it."""

from __future__ import annotations

import html as markup
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from . import backend
from ._engine import Leaf
from .backend import dtypes
from .typing import Array

WHOLE, EDGE = 1000, 3  # elements up to which all are shown; of longer tensors, how many at each end of a dimension
BLOCK = {
    "cpu": 15_000,
    "cuda": 1 << 26,
}  # elements looked at together: temporaries of 120 kB, which malloc need not ask the system for


def text(t: Any) -> str:
    """``tensor([...])`` with what is not the default: dtype, device, gradient.  Fetches no more than it shows."""
    xp = backend.namespace_of(t.array)
    return _text(t, xp.to_host(_corners(xp, t.array)))


def bundle(t: Any, shown: str | None = None) -> dict[str, str]:
    """What a notebook shows: the text (``shown``, if given), and as HTML with shape, dtype, device, minimum, mean, maximum,
    standard deviation, and a warning of NaN and infinity.  One wait for the device; all elements are looked at where they are.
    """
    corners, found = _look(t.array)
    kind = type(t).__name__
    if shown is None:
        shown = ("" if kind == "Tensor" else f"{kind} containing:\n") + _text(t, corners)  # as a Parameter prints
    facts = [kind, str(t.shape), str(t.dtype), str(t.device)]
    if t.node is not None:
        facts.append("requires grad" if isinstance(t.node, Leaf) else f"grad_fn {t.node!r}")
    lines = [_line(" · ".join([*facts, *found.told(t.dtype.kind)]), "opacity:0.75")]
    if found.nans or found.infinities:
        lines.append(_line(found.warning(), "color:#D55E00;font-weight:bold"))
    page = f'<div><pre style="margin:0;white-space:pre;overflow-x:auto">{markup.escape(shown)}</pre>{"".join(lines)}</div>'
    return {"text/plain": shown, "text/html": page}


def number(v: float) -> str:
    """Four digits, or a whole number as it is."""
    return f"{v:.0f}" if v == round(v, 0) and abs(v) < 1e8 else f"{v:.4g}"


def _line(words: str, style: str) -> str:
    return f'<div style="font-size:85%;{style}">{markup.escape(words)}</div>'


# --- the text -------------------------------------------------------------------------------------------------------------


def _text(t: Any, corners: np.ndarray[Any, Any]) -> str:
    notes = []
    if t.dtype not in (dtypes.get_default_dtype(), dtypes.int64, dtypes.bool_) or not t.array.size:
        notes.append(f"dtype={t.dtype}")
    if t.device.type != "cpu":
        notes.insert(0, f"device='{t.device}'")
    if t.array.size == 0 and t.ndim != 1:
        notes.insert(0, f"size={t.shape}")
    node = t.node
    if isinstance(node, Leaf):
        notes.append("requires_grad=True")
    elif node is not None:
        notes.append(f"grad_fn={node!r}")
    elements = _elements(corners, len("tensor("), t.array.size > WHOLE)
    return f"tensor({elements}" + "".join(", " + n for n in notes) + ")"


def _corners(xp: Any, array: Array) -> Array:
    """``array``, or of a long one a smaller one that prints alike: each long dimension with one element more than is shown."""
    if array.size > WHOLE:
        for axis, n in enumerate(array.shape):
            if n > 2 * EDGE + 1:
                before = (slice(None),) * axis
                array = xp.concatenate((array[(*before, slice(EDGE + 1))], array[(*before, slice(-EDGE, None))]), axis)
    return array


def _elements(array: np.ndarray[Any, Any], indent: int, shortened: bool) -> str:
    if not array.size:
        return "[]"
    style: Any = None
    if array.dtype.kind == "b":
        width = max(len(str(v)) for v in array.ravel().tolist()) if array.ndim else 0
        style = {"bool": lambda v: str(v).rjust(width)}
    elif array.dtype.kind == "f":
        one = _form(array)
        width = max(len(one(v)) for v in array.ravel()) if array.ndim else 0
        style = {"float_kind": lambda v: one(v).rjust(width)}
    threshold = 0 if shortened else WHOLE
    return np.array2string(
        array, separator=", ", prefix=" " * indent, threshold=threshold, edgeitems=EDGE, formatter=style
    )  # fmt: skip


def _form(array: np.ndarray[Any, Any]) -> Any:
    """How each of these floats is written: whole numbers, four decimals, or with an exponent."""
    finite = array[np.isfinite(array)].astype(np.float64)
    if finite.size and (finite == np.round(finite)).all() and np.abs(finite).max() < 1e8:
        form = "{:.0f}."
    else:
        size = np.abs(finite[finite != 0])
        wide = size.size and (size.max() >= 1e8 or size.min() < 1e-4 or size.max() / size.min() > 1e6)
        form = "{:.4e}" if wide else "{:.4f}"
    return lambda v: form.format(v) if np.isfinite(v) else str(v)


# --- the numbers beside it ------------------------------------------------------------------------------------------------


class Statistics(NamedTuple):
    """Of the finite elements (of their sizes, for complex ones) minimum, maximum, mean and standard deviation; and counts."""

    size: int
    low: float
    high: float
    mean: float
    std: float
    nans: int
    infinities: int

    def told(self, kind: str) -> list[str]:
        """What is worth saying: nothing of a single number, or if no element is finite."""
        if self.size < 2 or not math.isfinite(self.mean):
            return []
        if kind == "b":
            return [f"{round(self.mean * self.size):,} of {self.size:,} true"]
        named = {"min": self.low, "mean": self.mean, "max": self.high, "std": self.std}
        bar = "|x| " if kind == "c" else ""
        return [f"{bar}{name} {number(value)}" for name, value in named.items() if not math.isnan(value)]

    def warning(self) -> str:
        counts = [f"{n:,} {what}" for n, what in ((self.nans, "NaN"), (self.infinities, "Inf")) if n]
        some = self.size > self.nans + self.infinities and self.size > 1
        others = "; min, mean, max and std are those of the others" if some else ""
        return f"\N{WARNING SIGN} {' and '.join(counts)} among {self.size:,} elements{others}"


def _look(array: Array) -> tuple[np.ndarray[Any, Any], Statistics]:
    """The corners of ``array`` and its statistics, in one transfer from the device."""
    xp = backend.namespace_of(array)
    corners = _corners(xp, array)
    if not array.size:
        return xp.to_host(corners), Statistics(0, math.nan, math.nan, math.nan, math.nan, 0, 0)
    with xp.floating_errors(all="ignore"):
        numbers = _numbers(xp, array)
    packed = xp.to_host(xp.concatenate((numbers.view("u1"), xp.ascontiguousarray(corners).reshape(-1).view("u1"))))
    cut = numbers.size * numbers.itemsize
    return packed[cut:].view(array.dtype).reshape(corners.shape), _statistics(packed[:cut].view("d"), array.size)


def _numbers(xp: Any, array: Array) -> Array:
    """What ``_statistics`` needs, on the device: an origin, and for each block what ``_sums`` says of it."""
    first = array[(slice(1),) * array.ndim].reshape(())
    origin = (abs(first) if first.dtype.kind == "c" else first).astype("d")  # near the mean, so that sums of squares keep digits
    origin = xp.where(xp.isfinite(origin), origin, 0.0)
    block = BLOCK["cpu" if xp is backend.cpu else "cuda"]
    array = array.transpose(sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis])))  # as it lies in memory
    return xp.concatenate([origin.reshape(1), *(_sums(xp, b, origin) for b in _blocks(array, block))])


def _blocks(array: Array, most: int) -> Iterator[Array]:
    """``array`` in parts of at most ``most`` elements, as views."""
    if array.size <= most:
        yield array
        return
    rows = most // (array.size // len(array))
    if rows:
        yield from (array[i : i + rows] for i in range(0, len(array), rows))
    else:
        for row in array:
            yield from _blocks(row, most)


def _sums(xp: Any, block: Array, origin: Array) -> Array:
    """Minimum, maximum, sum and sum of squares (both from ``origin``), and the numbers of finite elements and of NaN."""
    x = abs(block) if block.dtype.kind == "c" else block
    finite = xp.isfinite(x)
    if xp is backend.cpu and finite.all():
        low, high, d, count, nans = x.min(), x.max(), x.astype("d") - origin, x.size, 0.0
    else:
        wide = x.astype("d")
        low, high = xp.where(finite, wide, math.inf).min(), xp.where(finite, wide, -math.inf).max()
        d, count, nans = xp.where(finite, wide - origin, 0.0), finite.sum(), xp.isnan(wide).sum()
    told = (low, high, d.sum(), (d * d).sum(), count, nans)
    return xp.concatenate([xp.asarray(v).astype("d").reshape(1) for v in told])


def _statistics(numbers: np.ndarray[Any, Any], size: int) -> Statistics:
    origin, parts = float(numbers[0]), numbers[1:].reshape(-1, 6)
    total, squares, count, nans = parts[:, 2:].sum(0).tolist()
    mean = total / count if count else math.nan
    std = math.sqrt(max((squares - count * mean * mean) / (count - 1), 0.0)) if count > 1 else math.nan
    return Statistics(size, parts[:, 0].min(), parts[:, 1].max(), origin + mean, std, int(nans), int(size - count - nans))
