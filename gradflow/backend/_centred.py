"""Distances from the mean, written once for every namespace."""

from __future__ import annotations

from typing import Any

from ..typing import Array, Namespace


def centred(xp: Namespace, x: Array, axis: Any) -> tuple[Array, Array]:
    """``x`` less its mean over ``axis``, a tuple or None for all, and that mean.

    The mean is taken of the distances from the first element: where all elements are equal it is that element, and the distances
    are 0, to the last digit.
    """
    if not x.size:
        mean = xp.mean(x, axis=axis, keepdims=True)
        return x - mean, mean
    first = x[first_of(x, axis)]
    away = x - first
    mean = xp.mean(away, axis=axis, keepdims=True)
    away -= mean
    return away, first + mean


def first_of(x: Array, axis: Any) -> Any:
    """The index of the first element along ``axis``, whose dimensions stay."""
    if axis == (0,):
        return slice(0, 1)
    if axis == (x.ndim - 1,):
        return (..., slice(0, 1))
    return (slice(0, 1),) * x.ndim if axis is None else tuple([slice(0, 1) if d in axis else slice(None) for d in range(x.ndim)])
