"""Indexing as CuPy does it: whole numbers in arrays wrap around, masks wait, NumPy arrays cannot be put."""

from __future__ import annotations

from typing import Any

import numpy as np

from .array import SCALARS, Host, ndarray, shown
from .record import wait


def taken(x: ndarray, key: Any) -> ndarray:
    found, copies = host_key(x, key)
    y = np.asarray(x._a[found])
    # A NumPy number in place of a 0-d index array would give a view; CuPy copies for every array.
    return shown(y.copy() if copies and y.base is not None else y if y.base is not None else _kept(x, found, y))


def _kept(x: ndarray, key: Any, y: Host) -> Host:
    """One element as a view of 0 dimensions, where NumPy gives a number cut off from the memory."""
    if y.ndim or any(isinstance(k, np.ndarray) for k in key):
        return y
    view: Host = x._a[(*key, ...)]
    return view


def put(x: ndarray, key: Any, value: Any) -> None:
    found, _ = host_key(x, key)
    if isinstance(value, ndarray):
        value = value._a
    elif isinstance(value, np.ndarray | list | tuple):
        if not isinstance(value, np.ndarray) or value.size != 1 or value.ndim:
            raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
    elif not isinstance(value, SCALARS):
        raise TypeError(f"Unsupported type {type(value)}")
    with np.errstate(all="ignore"):
        x._a[found] = value


def host_key(x: ndarray, key: Any) -> tuple[tuple[Any, ...], bool]:
    """``key`` for the NumPy array beneath ``x``, and whether an array is in it."""
    parts = key if isinstance(key, tuple) else (key,)
    sizes = [_dimensions(p) for p in parts]
    if sum(p is Ellipsis for p in parts) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    if sum(sizes) > x.ndim:
        raise IndexError(f"too many indices for array: array is {x.ndim}-dimensional, but {sum(sizes)} were indexed")
    axis, found, copies = 0, [], False
    for part, size in zip(parts, sizes, strict=True):
        if part is Ellipsis:
            axis += x.ndim - sum(sizes)
        elif _is_array(part):
            part, copies = _array(part, x.shape, axis), True
        elif isinstance(part, int | np.integer) and not -x.shape[axis] <= part < x.shape[axis]:
            raise IndexError(f"Index {part} is out of bounds for axis {axis} with size {x.shape[axis]}")
        found.append(part)
        axis += size
    return tuple(found), copies


def _is_array(part: Any) -> bool:
    return isinstance(part, ndarray | np.ndarray | list | range | bool | np.bool_)


def _dimensions(part: Any) -> int:
    """How many dimensions of the array a part of the key takes up."""
    if part is None or part is Ellipsis:
        return 0
    if isinstance(part, bool | np.bool_):
        return 0
    if isinstance(part, ndarray | np.ndarray) and part.dtype.kind == "b":
        return int(part.ndim)
    if isinstance(part, list) and part:
        return int(np.ndim(a)) if (a := np.asarray(part)).dtype.kind == "b" else 1
    return 1


def _array(part: Any, shape: tuple[int, ...], axis: int) -> Host:
    a = part._a if isinstance(part, ndarray) else np.asarray(part, np.int64 if isinstance(part, list) and not part else None)
    if a.dtype.kind == "b":
        wait("a boolean mask as an index")
        return a
    if a.dtype.kind not in "iu":
        raise IndexError(f"arrays used as indices must be of integer or boolean type. (actual: {a.dtype})")
    return np.asarray(a % max(shape[axis], 1))
