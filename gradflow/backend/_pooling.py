"""Pooling and resampling of bare arrays (N, C, *sizes), written once for both backends.

Every result lies in memory in the order of what it was made from.  Nothing is padded: each tap of a window is a slice of the
input that meets a slice of the output, and what would read the padding is in neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import Any

from ..typing import Array, Namespace, Shape
from ._convolution import Form, spans
from .dtypes import float16, float32


def _along(xp: Namespace, x: Array, axis: int, taps: list[tuple[slice, slice]], windows: int, join: Any, start: Any) -> Array:
    """The slices of one dimension's taps joined."""
    at = (slice(None),) * axis
    first = taps[0][1]
    if all(here == slice(0, windows) for here, _ in taps):
        if len(taps) == 1:
            return xp.array(x[(*at, first)])
        out = join(x[(*at, first)], x[(*at, taps[1][1])])
        for _, there in taps[2:]:
            join(out, x[(*at, there)], out=out)
        return out
    out = xp.full_like(x, start, shape=(*x.shape[:axis], windows, *x.shape[axis + 1 :]))
    for here, there in taps:
        part = out[(*at, here)]
        join(part, x[(*at, there)], out=part)
    return out


def pool_max(xp: Namespace, x: Array, kernel: Shape, size: Shape, form: Form) -> Array:
    """The largest element of each window, one dimension after the other."""
    least = -xp.inf if x.dtype.kind == "f" else 0 if x.dtype.kind == "u" else -(1 << (8 * x.dtype.itemsize - 1))
    for i, taps in enumerate(spans(x.shape[2:], kernel, size, form)):
        x = _along(xp, x, i + 2, taps, size[i], xp.maximum, least)
    return x


def pool_sum(xp: Namespace, x: Array, kernel: Shape, size: Shape, form: Form) -> Array:
    """The sum of each window, one dimension after the other."""
    dtype = x.dtype
    x = xp.astype(x, float32) if dtype == float16 else x
    for i, taps in enumerate(spans(x.shape[2:], kernel, size, form)):
        x = _along(xp, x, i + 2, taps, size[i], xp.add, 0)
    return xp.astype(x, dtype)


def pool_spread(xp: Namespace, x: Array, kernel: Shape, size: Shape, form: Form) -> Array:
    """The adjoint of ``pool_sum``: each element of ``x`` added to all of its window, in an input of ``size``."""
    dtype = x.dtype
    x = xp.astype(x, float32) if dtype == float16 else x
    for i, taps in reversed(list(enumerate(spans(size, kernel, x.shape[2:], form)))):
        at = (slice(None),) * (i + 2)
        out = xp.full_like(x, 0, shape=(*x.shape[: i + 2], size[i], *x.shape[i + 3 :]))
        for here, there in taps:
            out[(*at, there)] += x[(*at, here)]
        x = out
    return xp.astype(x, dtype)


# --- which element of a window is its largest -----------------------------------------------------------------------------


@lru_cache(256)
def _meetings(sizes: Shape, kernel: Shape, windows: Shape, form: Form) -> tuple[list[tuple[Shape, Any, Any]], bool]:
    """For each tap: itself, a slice of the windows, and the slice of the input that they find there; and if all are whole."""
    found, every = [], (slice(None), slice(None))
    taps = spans(sizes, kernel, windows, form)
    for tap in product(*(range(k) for k in kernel)):
        meet = [taps[i][t] for i, t in enumerate(tap)]
        found.append((tap, (*every, *(here for here, _ in meet)), (*every, *(there for _, there in meet))))
    return found, all(here == slice(0, o) for o, each in zip(windows, taps, strict=True) for here, _ in each)


def _chosen(xp: Namespace, x: Array, y: Array, kernel: Shape, form: Form) -> Iterator[tuple[tuple[int, ...], Any, Any, Array]]:
    """Tap by tap: itself, a slice of ``y``, the slice of ``x`` that it meets, and where ``x`` is the first not less than ``y``.

    So a window with a NaN, whose largest element is NaN, counts its first element as that.
    """
    found, whole = _meetings(x.shape[2:], kernel, y.shape[2:], form)
    free = xp.ones_like(y, bool)
    for i, (tap, here, there) in enumerate(found, 1):
        left = free[here]
        if whole and i == len(found):  # where none was chosen the last one is
            yield tap, here, there, left
            return
        mask = xp.less(x[there], y[here])
        xp.greater(left, mask, mask)  # still free, and not less
        left ^= mask
        yield tap, here, there, mask


def pool_put(xp: Namespace, x: Array, given: Array, most: Array, kernel: Shape, form: Form) -> Array:
    """``x``, one number for each window, put where the window of ``given`` is as large as ``most``; zeros elsewhere."""
    if x.strides != most.strides:
        x, held = xp.empty_like(most, dtype=x.dtype), x
        xp.copyto(x, held)
    sizes = zip(form.stride, kernel, form.dilation, given.shape[2:], most.shape[2:], strict=True)
    gaps = [(s - (k - 1) * d - 1, n - o * k) for s, k, d, n, o in sizes]
    tiled = all(gap == (0, 0) for gap in gaps) and not any(form.low)
    out = (xp.empty_like if tiled else xp.zeros_like)(given, dtype=x.dtype)
    apart = all(gap >= 0 for gap, _ in gaps)
    for _, here, there, mask in _chosen(xp, given, most, kernel, form):
        target = out[there]
        if apart:
            xp.multiply(x[here], mask, target)
        else:
            target += x[here] * mask
    return out


def pool_pick(xp: Namespace, x: Array, given: Array, most: Array, kernel: Shape, form: Form) -> Array:
    """The adjoint of ``pool_put``: the element of ``x`` from the place where the window of ``given`` is as large as ``most``."""
    out = xp.zeros_like(most, dtype=x.dtype)
    for _, here, there, mask in _chosen(xp, given, most, kernel, form):
        xp.copyto(out[here], x[there], where=mask)
    return out


def pool_indices(xp: Namespace, x: Array, y: Array, kernel: Shape, form: Form) -> Array:
    """Where in the flattened sizes of ``x`` the largest element ``y`` of each window is: int64."""
    sizes, windows = x.shape[2:], y.shape[2:]
    out = xp.zeros_like(y, dtype="int64")
    for tap, here, _, mask in _chosen(xp, x, y, kernel, form):
        flat: Any = 0
        for n, o, t, s, low, d in zip(sizes, windows, tap, form.stride, form.low, form.dilation, strict=True):
            flat = flat[..., None] * n if not isinstance(flat, int) else 0
            flat = flat + (xp.arange(o) * s + (t * d - low))
        xp.copyto(out[here], xp.broadcast_to(flat, y.shape)[here], where=mask)
    return out


# --- resampling -----------------------------------------------------------------------------------------------------------


def blend(xp: Namespace, x: Array, dim: int, index: Array, weights: Array | None) -> Array:
    """Along ``dim``: the sum over t of ``weights[t]`` times the elements at ``index[t]``, each of shape (t, new size)."""
    dtype = x.dtype
    if weights is None:
        return xp.take(x, xp.asarray(index[0]), dim)
    x = xp.astype(x, float32) if dtype == float16 else x
    total = None
    for places, shares in zip(index, weights, strict=True):
        term = xp.take(x, xp.asarray(places), dim)
        term *= xp.reshape(xp.asarray(shares, dtype=x.dtype), (-1,) + (1,) * (x.ndim - 1 - dim))
        if total is None:
            total = term
        else:
            total += term
    return xp.astype(total, dtype)


def unblend(xp: Namespace, x: Array, dim: int, index: Array, weights: Array | None, size: int) -> Array:
    """The adjoint of ``blend``: along ``dim`` a product with its matrix transposed, which has no order of sums to depend on."""
    dtype = x.dtype
    x = xp.astype(x, float32) if dtype == float16 else x
    shares = xp.ones(index.shape, x.dtype) if weights is None else xp.asarray(weights, dtype=x.dtype)
    columns = xp.broadcast_to(xp.arange(index.shape[1]), index.shape)
    matrix = xp.put_add(shares, (xp.asarray(index), columns), (size, index.shape[1]))
    if dim == x.ndim - 1:
        return xp.astype(xp.matmul(x, matrix.T), dtype)
    return xp.astype(xp.moveaxis(xp.matmul(matrix, xp.moveaxis(x, dim, -2)), -2, dim), dtype)
