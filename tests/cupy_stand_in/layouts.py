"""The functions of the module ``cupy`` that lay arrays out anew, and the products of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from .array import Host, ndarray, wrapped
from .functions import function, operand_array, plain
from .methods import placed
from .record import launches

# --- shapes -------------------------------------------------------------------------------------------------------------------


@function("array", launch=False)
def broadcast_to(array: Host, shape: Any) -> Host:
    view = np.broadcast_to(array, shape)
    # NumPy's is read-only; a device knows no such memory.
    return np.lib.stride_tricks.as_strided(array, view.shape, view.strides)


@function("a", launch=False)
def moveaxis(a: Host, source: Any, destination: Any) -> Host:
    return np.moveaxis(a, source, destination)


@function("a", launch=False)
def expand_dims(a: Host, axis: Any) -> Host:
    return np.expand_dims(a, axis)


@function("tup")
def concatenate(tup: Any, axis: Any = 0, out: Any = None, dtype: Any = None, casting: str = "same_kind") -> Host:
    if out is not None:
        raise NotImplementedError("the stand-in does not concatenate into out")
    return np.concatenate(tup, axis, dtype=dtype, casting=casting)  # type: ignore[call-overload,no-any-return]


@function("tup")
def stack(tup: Any, axis: int = 0, out: Any = None, dtype: Any = None, casting: str = "same_kind") -> Host:
    return np.stack(tup, axis, dtype=dtype, casting=casting)  # type: ignore[call-overload,no-any-return]


@function("A")
def tile(A: Host, reps: Any) -> Host:
    return np.tile(A, reps)


@function("a")
def roll(a: Host, shift: Any, axis: Any = None) -> Host:
    return np.roll(a, shift, axis)


@function("m", launch=False)
def flip(m: Host, axis: Any = None) -> Host:
    return np.flip(m, axis)


@function("m")
def tril(m: Host, k: int = 0) -> Host:
    return np.tril(m, k)


@function("m")
def triu(m: Host, k: int = 0) -> Host:
    return np.triu(m, k)


@function("array")
def pad(array: Host, pad_width: Any, mode: Any = "constant", kwargs: Any = None) -> Host:
    return np.pad(array, pad_width, mode, **(kwargs or {}))


@plain
def take_along_axis(a: Any, indices: Any, axis: Any) -> Any:
    if axis is None:
        a, axis = a.ravel(), 0
    if a.ndim != indices.ndim:
        raise ValueError("`indices` and `a` must have the same number of dimensions")
    if indices.dtype.kind not in "iu":
        raise IndexError("`indices` must be an integer array")
    axis = range(a.ndim)[axis]
    places = [np.arange(n).reshape((1,) * i + (-1,) + (1,) * (a.ndim - i - 1)) for i, n in enumerate(a.shape)]
    launches.append("cupy_take")
    return a[(*places[:axis], indices, *places[axis + 1 :])]


@plain
def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = None) -> None:
    if isinstance(src, np.ndarray) and src.size != 1:
        raise ValueError("non-scalar numpy.ndarray cannot be used for copyto")
    launches.append("cupy_copy")
    source = src._a if isinstance(src, ndarray) else src
    with np.errstate(all="ignore"):
        np.copyto(operand_array(dst, "copyto")._a, source, casting, True if where is None else where._a)  # type: ignore[arg-type]


# --- products -----------------------------------------------------------------------------------------------------------------


@plain
def matmul(args: Any = (), out: Any = None, **other: Any) -> Any:
    if other:
        raise NotImplementedError(f"the stand-in's matmul does not take {sorted(other)}")
    if len(args) != 2:
        raise TypeError("matmul takes two arrays, and a third as out= only")
    for name, value in zip("ab", args, strict=True):
        if not isinstance(value, ndarray):
            raise TypeError(
                f"Argument {name!r} has incorrect type (expected cupy._core.core._ndarray_base, got {type(value).__name__})"
            )
    launches.append("cublas")
    with np.errstate(all="ignore"):
        return placed(np.matmul(args[0]._a, args[1]._a), out)


@plain
def dot(a: Any, b: Any, out: Any = None) -> Any:
    return a.dot(b, out)


@function("a b")
def tensordot(a: Host, b: Host, axes: Any = 2) -> Any:
    return np.tensordot(a, b, axes)


@plain
def einsum(operands: Any = (), kwargs: Any = None) -> Any:
    given = kwargs or {}
    if unknown := set(given) - {"dtype", "optimize"}:
        raise TypeError(f"Did not understand the following kwargs: {sorted(unknown)}")
    launches.append("cupy_einsum")
    equation, *arrays = operands
    held = [operand_array(a, "einsum")._a for a in arrays]
    with np.errstate(all="ignore"):
        if all(a.dtype.char == "e" for a in held):  # matrix products in cuBLAS, which sums float16 in float32
            return wrapped(np.einsum(equation, *(a.astype(np.float32) for a in held), **given).astype(np.float16))
        return wrapped(np.einsum(equation, *held, **given))
