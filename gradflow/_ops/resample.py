"""Resampling: each element of the result a fixed blend of a few elements along each dimension.

``blend`` does it along one dimension, ``unblend`` is its adjoint; interpolation and averages over uneven windows differ in
nothing but the places and the weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from .._engine import linear, operand, wide
from .._plain import real_number
from ..backend import cpu
from ..errors import ArgumentError, DTypeError, ShapeError
from ..typing import Array, Namespace, Shape, Tensor
from .convolve import each
from .shape import clone


@linear(lambda xp, g, _x, dim, index, weights: xp.unblend(g, dim, index, weights, _x.shape[dim]), carries=False)
def blend(xp: Namespace, x: Array, dim: int, index: Array, weights: Array) -> Array:
    """``y[i] = sum over t of weights[t, i] x[index[t, i]]`` along ``dim``; weights None: there is one t, and it counts 1."""
    return xp.blend(x, dim, index, weights)


@linear(lambda xp, g, dim, index, weights: xp.blend(g, dim, index, weights), carries=False)
def unblend(xp: Namespace, x: Array, dim: int, index: Array, weights: Array, size: int) -> Array:
    """The adjoint of ``blend``: ``x[index[t, i]]`` gathers ``weights[t, i] y[i]``; ``size`` elements come out."""
    return xp.unblend(x, dim, index, weights, size)


# --- places and weights ---------------------------------------------------------------------------------------------------

Taps = tuple[Array, Array | None]


def edges(n: int, size: int) -> list[tuple[int, int]]:
    """Where each of ``size`` windows that share out ``n`` elements begins and ends; neighbours may overlap by one."""
    return [(i * n // size, -(-(i + 1) * n // size)) for i in range(size)]


@lru_cache(128)
def averages(n: int, size: int) -> Taps:
    """The mean of each of those windows."""
    spans = edges(n, size)
    most = max(stop - start for start, stop in spans)
    index = [[min(start + t, stop - 1) for start, stop in spans] for t in range(most)]
    weights = [[(start + t < stop) / (stop - start) for start, stop in spans] for t in range(most)]
    return cpu.array(index), cpu.array(weights)


def _cubic(t: float) -> list[float]:
    """Keys' kernel with a = -0.75 at the distances 1 + t, t, 1 - t, 2 - t."""
    a = -0.75

    def near(d: float) -> float:
        return ((a + 2) * d - (a + 3)) * d * d + 1

    def far(d: float) -> float:
        return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a

    return [far(1 + t), near(t), near(1 - t), far(2 - t)]


@lru_cache(128)
def _taps(kind: str, n: int, size: int, scale: float | None, align_corners: bool) -> Taps:
    """For each of ``size`` elements the ``n`` elements it is made of; ``scale``: how many of the new go into one of the old."""
    step = n / size if scale is None else 1 / scale
    if kind in ("nearest", "nearest-exact"):
        shift = 0.5 if kind == "nearest-exact" else 0.0
        return cpu.array([[min(math.floor((i + shift) * step), n - 1) for i in range(size)]]), None
    if align_corners:
        places = [i * (n - 1) / (size - 1) if size > 1 else 0.0 for i in range(size)]
    else:
        places = [(i + 0.5) * step - 0.5 for i in range(size)]
    if kind == "linear":
        places = [min(max(p, 0.0), n - 1.0) for p in places]
        first = [math.floor(p) for p in places]
        after = [p - f for p, f in zip(places, first, strict=True)]
        return cpu.array([first, [min(f + 1, n - 1) for f in first]]), cpu.array([[1 - t for t in after], after])
    first = [math.floor(p) for p in places]
    index = [[min(max(f + t, 0), n - 1) for f in first] for t in range(-1, 3)]
    weights = [_cubic(p - f) for p, f in zip(places, first, strict=True)]
    return cpu.array(index), cpu.array([[w[t] for w in weights] for t in range(4)])


@wide
def resampled(x: Any, sizes: Sequence[int], taps: Callable[[int], Taps]) -> Tensor:
    """``x`` (N, C, ...) blended along each spatial dimension; ``taps(i)`` are those of the i-th."""
    y = x
    for i, size in enumerate(sizes):
        index, weights = taps(i)
        if not (weights is None and size == x.shape[i + 2] and (index[0] == cpu.arange(size)).all()):
            y = blend(y, i + 2, index, weights)
    return clone(y) if y is x else y


# --- interpolation --------------------------------------------------------------------------------------------------------

_RANKS = {"linear": (1,), "bilinear": (2,), "bicubic": (2,), "trilinear": (3,), "nearest": (1, 2, 3), "nearest-exact": (1, 2, 3)}


def interpolate(x: Array, size: Any, scale_factor: Any, mode: str, align_corners: bool | None) -> Tensor:
    """``x`` (N, C, ...) at other sizes; the words are PyTorch's."""
    x = operand("interpolate", x)
    rank = x.ndim - 2
    if mode not in _RANKS:
        raise ArgumentError(f"interpolate: mode is one of {', '.join(map(repr, _RANKS))} or 'area', not {mode!r}")
    if rank not in _RANKS[mode]:
        wanted = " or ".join(f"{r + 2}" for r in _RANKS[mode])
        raise ShapeError(f"interpolate: mode {mode!r} takes (N, C, ...) of {wanted} dimensions, not shape {tuple(x.shape)}")
    nearest = mode.startswith("nearest")
    if nearest and align_corners is not None:
        raise ArgumentError(f"interpolate: mode {mode!r} has no corners to align; leave align_corners out")
    if not nearest and x.dtype.kind not in "fc":
        raise DTypeError(f"interpolate: mode {mode!r} blends floats, not {x.dtype}; convert with .float()")
    if 0 in x.shape[2:]:
        raise ShapeError(f"interpolate: there is nothing to take from in shape {tuple(x.shape)}")
    kind = mode if nearest else "cubic" if mode == "bicubic" else "linear"
    sizes, scales = sizes_at(x.shape[2:], size, scale_factor, rank)
    return resampled(x, sizes, lambda i: _taps(kind, x.shape[i + 2], sizes[i], scales[i], bool(align_corners)))


def sizes_at(old: Shape, size: Any, scale_factor: Any, rank: int) -> tuple[Shape, Sequence[float | None]]:
    if (size is None) == (scale_factor is None):
        raise ArgumentError("interpolate: give size or scale_factor, one of them")
    if size is not None:
        return each(size, rank, 1, "interpolate", "size"), [None] * rank
    scales = [real_number(s) for s in (scale_factor if isinstance(scale_factor, Sequence) else [scale_factor] * rank)]
    if len(scales) != rank or any(s is None or not s > 0 for s in scales):
        raise ArgumentError(f"interpolate: scale_factor is a positive number or {rank} of them, not {scale_factor!r}")
    sizes = tuple(math.floor(n * s) for n, s in zip(old, scales, strict=True))
    if min(sizes) < 1:
        raise ShapeError(f"interpolate: scale_factor {scale_factor} leaves nothing of sizes {tuple(old)}: {sizes}")
    return sizes, [float(s) for s in scales]
