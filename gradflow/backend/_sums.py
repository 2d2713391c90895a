"""Sums of many numbers in host memory, so that the error does not grow with their number.

NumPy adds pairwise only along the dimension whose elements are neighbours in memory; along any other one it adds row to
row, and the error of a float32 sum then grows with the number of rows.  Here a dimension is first cut into ``TERMS`` long
parts that are added to each other, which leaves one part, and so on: no number takes part in more than ``TERMS`` additions
for each time the number of rows is divided by it.  Added as long parts the rows are also read at the speed of memory.

Source: Higham, "The accuracy of floating point summation" (1993), section 2, on the order of sums.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from ..typing import Array

TERMS = 256
MANY = 2048
"""Up to so many rows are added one after the other: the error is then some units of the last place."""

PART = 256
"""Of a running sum so many numbers are added one after the other."""

BLAS = (np.dtype(np.float32), np.dtype(np.float64))
_sum: Any = np.add.reduce  # Any: called with positions, which NumPy's stubs do not know


@lru_cache(64)
def ones(n: Any, dtype: np.dtype[Any]) -> Array:
    return np.ones(n, dtype)


def column_sums(x: Array, keepdims: bool) -> Array:
    """The sum over the first of two dimensions, as products with ones: two to four times as fast as NumPy's sum."""
    n = x.shape[0]
    if n >= MANY and x.flags.c_contiguous and x.size:
        while n >= 2 * TERMS:
            part = n // TERMS
            folded = ones(TERMS, x.dtype).dot(x[: part * TERMS].reshape(TERMS, -1)).reshape(part, -1)
            if n > part * TERMS:
                folded[0] += ones(n - part * TERMS, x.dtype).dot(x[part * TERMS :])
            x, n = folded, part
    elif n >= MANY:
        return along(x, 0) if keepdims else along(x, 0)[0]
    total = ones(n, x.dtype).dot(x)
    return total[None] if keepdims else total


def along(x: Array, d: int) -> Array:
    """The sum along dimension ``d``, which stays with size 1."""
    while x.shape[d] >= 2 * TERMS and inner(x) != d:
        part = x.shape[d] // TERMS
        before = (slice(None),) * d
        long = x[(*before, slice(part * TERMS))].reshape(*x.shape[:d], TERMS, part, *x.shape[d + 1 :])
        folded = _sum(long, d)
        if x.shape[d] > part * TERMS:
            folded[(*before, slice(1))] += _sum(x[(*before, slice(part * TERMS, None))], d, None, None, True)
        x = folded
    return _sum(x, d, None, None, True)


def inner(x: Array) -> int:
    """The dimension whose elements are closest in memory, along which NumPy's loop runs; -1 if none has several."""
    several = [d for d, n in enumerate(x.shape) if n > 1]
    return min(several, key=lambda d: (abs(x.strides[d]), -d), default=-1)


def careful(x: Array, axis: Any, keepdims: bool) -> Array:
    """The sum of ``x`` over ``axis`` (None: all); of float16 in float32, rounded once."""
    if x.dtype.kind not in "fc" or not x.size:
        return _sum(x, axis, None, None, keepdims)
    if x.dtype.itemsize == 2:
        return careful(x.astype(np.float32), axis, keepdims).astype(x.dtype)
    axes = range(x.ndim) if axis is None else [d % x.ndim for d in (axis if isinstance(axis, tuple) else (axis,))]
    rows = prod([x.shape[d] for d in axes])
    if rows < MANY:
        return _sum(x, axis, None, None, keepdims)
    # What NumPy adds pairwise: the innermost dimension, and those around it that go on without a gap.
    d, near = inner(x), []
    while d in axes:
        near.append(d)
        rows //= x.shape[d]
        step = abs(x.strides[d]) * x.shape[d]
        d = next((e for e in axes if e not in near and abs(x.strides[e]) == step and x.shape[e] > 1), -1)
    if rows < MANY:
        return _sum(x, axis, None, None, keepdims)
    y = _sum(x, tuple(near), None, None, True) if near else x
    for d in sorted(set(axes) - set(near), key=lambda d: abs(y.strides[d])):
        y = along(y, d)
    return y if keepdims else y.reshape([n for d, n in enumerate(x.shape) if d not in axes])


def running_sums(x: Array, axis: int) -> Array:
    """The running sums along ``axis``, of float16 in float32: those of short parts, to which what all before them sum up to, in
    double precision, is added."""
    kind, dtype, d = x.dtype.kind, x.dtype, axis % x.ndim
    if dtype.itemsize == 2 and kind == "f":
        return running_sums(x.astype(np.float32), axis).astype(dtype)
    parts = x.shape[d] // PART
    if kind not in "fc" or parts < 2:
        return np.add.accumulate(x, axis)
    before = (slice(None),) * d
    whole = (*before, slice(parts * PART))
    out = np.empty(x.shape, dtype)
    cut = out[whole].reshape(*x.shape[:d], parts, PART, *x.shape[d + 1 :])  # a view: one dimension is cut in two
    np.add.accumulate(x[whole].reshape(cut.shape), d + 1, None, cut)
    ends = np.add.accumulate(cut[(*before, slice(None), -1)], d, np.float64 if kind == "f" else np.complex128).astype(dtype)
    rest = cut[(*before, slice(1, None))]
    rest += np.expand_dims(ends[(*before, slice(-1))], d + 1)
    if x.shape[d] > parts * PART:
        left = (*before, slice(parts * PART, None))
        rest = np.add.accumulate(x[left], d, None, out[left])
        rest += ends[(*before, slice(-1, None))]
    return out
