"""Dimensions and shapes as the operations take them: negative ones counted from the end, each at most once."""

from __future__ import annotations

import operator
from math import prod
from typing import Any

from ..errors import ArgumentError, IndexingError, ShapeError
from ..typing import Shape


def one(dim: Any, ndim: int, name: str) -> int:
    """``dim`` as a number in [0, ndim); a 0-d tensor has dimension 0 to name."""
    try:
        d = operator.index(dim)
    except TypeError:
        raise ArgumentError(f"{name}: a dimension is an integer, not {dim!r}") from None
    span = ndim or 1
    if not -span <= d < span:
        raise IndexingError(f"{name}: dimension {d} is outside of a {ndim}-dimensional tensor ({-span} to {span - 1})")
    return d % span


def size(shape: Shape, dim: Any, name: str) -> int:
    """How many there are along ``dim``, which a number does not have."""
    d = one(dim, len(shape), name)
    if not shape:
        raise ShapeError(f"{name}: a 0-d tensor has no dimension to go along; reshape(1) gives it one")
    return shape[d]


def several(dim: Any, ndim: int, name: str) -> tuple[int, ...]:
    """``dim`` (None for all, a number, or several) as distinct numbers in [0, ndim)."""
    if dim is None:
        return tuple(range(ndim))
    found = tuple(one(d, ndim, name) for d in (dim if isinstance(dim, tuple | list) else (dim,)))
    if len(set(found)) != len(found):
        raise ArgumentError(f"{name}: the same dimension is named twice in {dim}")
    return found if ndim else ()


def axis(dim: Any, ndim: int, name: str) -> Any:
    """``dim`` as NumPy's ``axis``; an empty sequence means all, as in PyTorch."""
    if dim is None or (isinstance(dim, tuple | list) and not dim):
        return None
    return several(dim, ndim, name)


def kept(shape: Shape, dim: Any, name: str) -> Shape:
    """``shape`` with 1 along the reduced dimensions: what a reduction gives with keepdim."""
    gone = several(dim or None if isinstance(dim, tuple | list) else dim, len(shape), name)
    return tuple(1 if i in gone else n for i, n in enumerate(shape))


def count(shape: Shape, dim: Any, name: str) -> int:
    """How many elements go into one element of the reduction."""
    if dim is None:
        return prod(shape)
    return prod([shape[i] for i in several(dim or None if isinstance(dim, tuple | list) else dim, len(shape), name)])


def spelled(sizes: tuple[Any, ...], name: str) -> tuple[int, ...]:
    """``f(2, 3)``, ``f((2, 3))`` and ``f([2, 3])`` are one call."""
    try:
        if len(sizes) == 1 and not hasattr(sizes[0], "__index__"):
            sizes = tuple(sizes[0])
        return tuple(operator.index(s) for s in sizes)
    except TypeError:
        raise ArgumentError(f"{name}: takes integers, got {sizes}") from None
