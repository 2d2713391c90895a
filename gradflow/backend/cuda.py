"""The CuPy backend: what ``xp`` is for arrays in a GPU's memory.

Every name here stands in ``cpu.py`` with the same signature.  This module and its parts (``_cuda_*.py``) alone import CuPy, and
they are imported when a CUDA device is first asked for.  Nothing here waits for the device unless its docstring says so.
"""

from __future__ import annotations

import math
import sys
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

import cupy
import cupyx
import numpy as np
from cupyx.scipy.special import erf as _erf

from .._lazy import when_called
from ..errors import ArgumentError, LinAlgError
from ..typing import Array, DType, Index, Shape
from ._centred import centred as about_first
from ._cuda_random import Random as Random
from ._cuda_transfer import Courier as Courier
from ._cuda_transfer import Numbers as Numbers
from .devices import device

ndarray = cupy.ndarray
generic = cupy.generic
inf, nan, pi = math.inf, math.nan, math.pi

absolute, add, arccos, arccosh, arcsin = cupy.absolute, cupy.add, cupy.arccos, cupy.arccosh, cupy.arcsin
arcsinh, arctan, arctan2, arctanh, ceil = cupy.arcsinh, cupy.arctan, cupy.arctan2, cupy.arctanh, cupy.ceil
bitwise_and, bitwise_or, bitwise_xor, invert = cupy.bitwise_and, cupy.bitwise_or, cupy.bitwise_xor, cupy.invert
conjugate, cos, cosh, divide, equal, exp = cupy.conjugate, cupy.cos, cupy.cosh, cupy.divide, cupy.equal, cupy.exp
expm1, floor, floor_divide, fmod, greater = cupy.expm1, cupy.floor, cupy.floor_divide, cupy.fmod, cupy.greater
greater_equal, isfinite, isinf, isnan, less = cupy.greater_equal, cupy.isfinite, cupy.isinf, cupy.isnan, cupy.less
less_equal, log, log10, log1p, log2 = cupy.less_equal, cupy.log, cupy.log10, cupy.log1p, cupy.log2
logical_and, logical_or, logical_xor = cupy.logical_and, cupy.logical_or, cupy.logical_xor
matmul, maximum, minimum, multiply, negative = cupy.matmul, cupy.maximum, cupy.minimum, cupy.multiply, cupy.negative
not_equal, power, reciprocal, remainder, rint = cupy.not_equal, cupy.power, cupy.reciprocal, cupy.remainder, cupy.rint
sign, sin, sinh, sqrt, square, subtract, tan, tanh = (
    cupy.sign, cupy.sin, cupy.sinh, cupy.sqrt, cupy.square, cupy.subtract, cupy.tan, cupy.tanh,
)  # fmt: skip
hypot, logaddexp, trunc = cupy.hypot, cupy.logaddexp, cupy.trunc

arange, array, asarray, ascontiguousarray = cupy.arange, cupy.array, cupy.asarray, cupy.ascontiguousarray
empty, empty_like, eye, full, full_like = cupy.empty, cupy.empty_like, cupy.eye, cupy.full, cupy.full_like
linspace, ones, ones_like, zeros, zeros_like = cupy.linspace, cupy.ones, cupy.ones_like, cupy.zeros, cupy.zeros_like
broadcast_to, concatenate, diagonal, dot = cupy.broadcast_to, cupy.concatenate, cupy.diagonal, cupy.dot
einsum, moveaxis, nonzero, repeat, roll = cupy.einsum, cupy.moveaxis, cupy.nonzero, cupy.repeat, cupy.roll
swapaxes, tile, transpose = cupy.swapaxes, cupy.tile, cupy.transpose
tril, triu, where, argmax, argmin = cupy.tril, cupy.triu, cupy.where, cupy.argmax, cupy.argmin
argsort, copyto, take_along_axis, broadcast_shapes, from_dlpack, take = (
    cupy.argsort, cupy.copyto, cupy.take_along_axis, cupy.broadcast_shapes, cupy.from_dlpack, cupy.take,
)  # fmt: skip


def floating_errors(
    *, call: Any = None, all: Any = None, divide: Any = None, over: Any = None, under: Any = None, invalid: Any = None
) -> AbstractContextManager[None]:
    """``numpy.errstate``'s stand-in: a GPU raises no floating-point warnings that could be silenced."""
    return nullcontext()


def sum(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    """The sum; of float16 it is kept in float32, which not all of CuPy's ways to sum do by themselves."""
    return x.sum(axis, keepdims=keepdims) if x.itemsize > 2 else _in_float32(x, x.sum, axis, keepdims)


def prod(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    return x.prod(axis, keepdims=keepdims) if x.itemsize > 2 else _in_float32(x, x.prod, axis, keepdims)


def _in_float32(x: Array, reduce: Any, axis: Any, keepdims: bool) -> Array:
    if x.dtype.kind != "f":
        return reduce(axis, keepdims=keepdims)
    return reduce(axis, dtype=np.float32, keepdims=keepdims).astype(x.dtype)


def max(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    return x.max(axis, keepdims=keepdims)


def min(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    return x.min(axis, keepdims=keepdims)


def maximum_scalar(x: Array, value: float) -> Array:
    """``maximum(x, value)``."""
    return maximum(x, scalar(value, x.dtype))


def all(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    return x.all(axis, keepdims=keepdims)


def any(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    return x.any(axis, keepdims=keepdims)


def logical_not(x: Array) -> Array:
    """CuPy's, which takes no complex numbers, and of those what NumPy gives."""
    return cupy.logical_not(x) if x.dtype.kind != "c" else x == 0


def cumsum(x: Array, axis: int) -> Array:
    """Running sums, of float16 in float32."""
    return x.cumsum(axis) if x.dtype != np.float16 else x.cumsum(axis, np.float32).astype(x.dtype)


def cumprod(x: Array, axis: int) -> Array:
    """Running products, of float16 in float32."""
    return x.cumprod(axis) if x.dtype != np.float16 else x.cumprod(axis, np.float32).astype(x.dtype)


# One thread walks along the axis; neighbouring threads walk beside it, so that they read neighbouring memory.
_recurrence = cupy.ElementwiseKernel(
    "raw T a, raw T u, int64 steps",
    "raw T y",
    """
    const long long lanes = _ind.size();
    T held = u[i];
    y[i] = held;
    for (long long j = i + lanes; j < steps * lanes; j += lanes) {
        held = u[j] + a[j] * held;
        y[j] = held;
    }
    """,
    "gf_recurrence",
)


def recurrence(a: Array, u: Array, axis: int) -> Array:
    """``y_i = u_i + a_i y_(i-1)`` along ``axis``, from y = 0."""
    y = cupy.empty(u.shape, u.dtype)
    if y.size:
        a = cupy.broadcast_to(a, u.shape).astype(u.dtype, copy=False)
        a, u, out = (cupy.moveaxis(v, axis, 0) for v in (a, u, y))
        _recurrence(a, u, len(out), out, size=out[0].size)
    return y


def mean(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    return x.mean(axis, keepdims=keepdims) if x.itemsize > 2 else _in_float32(x, x.mean, axis, keepdims)


def centred(x: Array, axis: Any) -> tuple[Array, Array]:
    """``x`` less its mean over ``axis``, and that mean; both are exact where all elements are equal."""
    return about_first(sys.modules[__name__], x, axis)


def astype(x: Array, dtype: DType, copy: bool = False) -> Array:
    """``x`` with elements of ``dtype``; a complex array gives its real part to a real dtype."""
    if x.dtype.kind == "c" and np.dtype(dtype).kind not in "cb":
        x = x.real
    return x.astype(dtype, copy=copy)


def real(x: Array) -> Array:
    return x.real


def imag(x: Array) -> Array:
    return x.imag


def flip(x: Array, axis: tuple[int, ...]) -> Array:
    """A copy with the order along ``axis`` reversed (a copy, as PyTorch's, not NumPy's view)."""
    back = slice(None, None, -1)
    return x[tuple(back if d in axis else slice(None) for d in range(x.ndim))].copy()


def sum_to(x: Array, shape: Shape) -> Array:
    """Sum ``x`` over the dimensions along which ``shape`` was broadcast to get ``x.shape``."""
    lead = x.ndim - len(shape)
    if lead:
        x = sum(x, tuple(range(lead)))
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and x.shape[i] != 1)
    return sum(x, axes, True) if axes else x


def flat(condition: Array, d: Array, like: Array) -> Array:
    """``d``, and ``0 * like`` where ``condition``."""
    return cupy.where(condition, 0 * like, d)


def kept(condition: Array, g: Array) -> Array:
    """``g`` where ``condition``, and 0 elsewhere, also in the place of an infinity or a NaN."""
    return cupy.where(condition, g, g.dtype.type(0))


def surely_finite(x: Array) -> bool:
    """True only if all elements are finite, and that is quick to tell: here looking would be a wait."""
    return False


_SHORT_POWERS = {-1: cupy.reciprocal, 0.5: cupy.sqrt, 2: cupy.square}


def pow_scalar(x: Array, exponent: float) -> Array:
    """``x ** exponent`` for a Python number, by the shortest way there is for it."""
    # Integers have no short ways: of them ** -1 is refused and ** 0.5 is a float.
    short = _SHORT_POWERS.get(exponent) if x.dtype.kind in "fc" else None
    return x**exponent if short is None else short(x)


_ATOMIC = "fdilILqQ"
"""The dtypes, by their one-letter codes, that the GPU adds to memory in one step; float16 would be rounded at every one."""


def put_add(values: Array, index: Index, shape: Shape) -> Array:
    """Zeros of ``shape`` with ``values`` added at ``index``; an element named twice gets both.

    Floats are added in no fixed order, so the last bits may change from run to run.  A boolean mask makes it wait.
    """
    parts = index if isinstance(index, tuple) else (index,)
    if not builtin_any(isinstance(i, ndarray | np.ndarray) and i.dtype != bool for i in parts):
        out = cupy.zeros(shape, values.dtype)
        out[index] = values
        return out
    held = values.dtype
    if held.kind == "c":
        out = cupy.zeros(shape, held)
        cupyx.scatter_add(out.real, index, values.real)
        cupyx.scatter_add(out.imag, index, values.imag)
        return out
    # Short integers are summed as int32, which wraps to the same value; booleans too, where any sum but 0 is True.
    out = cupy.zeros(shape, held if held.char in _ATOMIC else np.float32 if held.kind == "f" else np.int32)
    cupyx.scatter_add(out, index, values.astype(out.dtype, copy=False))
    return out.astype(held, copy=False)


def reshape(x: Array, shape: Any) -> Array:
    return x.reshape(shape)


def row_starts(rows: int, columns: int) -> Array:
    """Where in a flattened (rows, columns) array each row begins."""
    return cupy.arange(rows) * columns


def window(x: Array, offset: Array) -> Array:
    """The elements at the places ``offset`` of the flattened ``x``."""
    return x.reshape(-1)[offset]


def window_put(values: Array, shape: Shape, offset: Array) -> Array:
    """Zeros of ``shape`` with ``values`` added at the places ``offset`` of the flattened array."""
    return put_add(values, offset, (math.prod(shape),)).reshape(shape)


def window_set(x: Array, values: Array, offset: Array) -> Array:
    """A copy of ``x`` with ``values`` at the places ``offset`` of the flattened array."""
    flat = x.flatten()
    flat[offset] = values
    return flat.reshape(x.shape)


def index_set(x: Array, values: Array, index: Index) -> Array:
    """A copy of ``x`` with ``values`` at ``index``; which one stays where an element is named twice is not fixed."""
    out = x.copy()
    out[index] = values
    return out


def diagonal_scatter(values: Array, shape: Shape, offset: int, axis1: int, axis2: int) -> Array:
    """Zeros of ``shape`` with ``values`` on a diagonal."""
    out = cupy.zeros(shape, values.dtype)
    cupy.diagonal(out, offset, axis1, axis2)[...] = values
    return out


def as_strided(x: Array, shape: Shape, strides: Shape) -> Array:
    """A view of the memory of ``x``, which has no gaps, with steps of so many bytes."""
    return cupy.lib.stride_tricks.as_strided(x, shape, strides)


def scratch(count: int, dtype: np.dtype[Any]) -> Array:
    """Room for ``count`` numbers, for the time of one operation; CuPy's pool keeps the memory."""
    return cupy.empty(count, dtype)


block_bytes = 1 << 27
"""How much of a convolution's windows is laid out at a time: few launches, and not all of the memory."""

conv, conv_input, conv_weight, patches, fold = when_called(
    __package__, "._convolution", "conv conv_input conv_weight patches fold", sys.modules[__name__]
)
pool_max, pool_indices, pool_pick, pool_put, pool_sum, pool_spread, blend, unblend = when_called(
    __package__, "._pooling", "pool_max pool_indices pool_pick pool_put pool_sum pool_spread blend unblend", sys.modules[__name__]
)


# exp(-|x|) never overflows, not even float16, and T(1) keeps a float32 kernel free of double precision.
_sigmoid = cupy.ElementwiseKernel(
    "T x",
    "T y",
    """
    const T e = exp(x < T(0) ? x : T(-x));
    y = (x < T(0) ? e : T(1)) / (T(1) + e);
    """,
    "gf_sigmoid",
)


def sigmoid(x: Array) -> Array:
    """``1 / (1 + exp(-x))`` without overflow, accurate in both tails."""
    return _sigmoid(x) if x.dtype.kind == "f" else cupy.reciprocal(1 + cupy.exp(-x))


def pad(x: Array, widths: Any, value: float = 0.0) -> Array:
    """``x`` with ``value`` around it; ``widths`` are (before, after) pairs, one for each dimension."""
    return cupy.pad(x, widths, constant_values=value)


def getitem(x: Array, index: Index) -> Array:
    """A number in an index array of CuPy that is too large wraps around; a boolean mask makes it wait."""
    _look_at(x, index)
    return x[index]


def setitem(x: Array, index: Index, values: Array) -> None:
    """``x[index] = values``; of an index as ``getitem``, and which value stays where one is named twice is not fixed."""
    _look_at(x, index)
    x[index] = values


def _look_at(x: Array, index: Index) -> None:
    """IndexError for a number in a NumPy index that is too large: those can be looked at without a wait for the device."""
    parts = index if isinstance(index, tuple) else (index,)
    if builtin_any(isinstance(i, np.ndarray) for i in parts):
        # NumPy looks at them, on an array of this shape that needs one byte; what lies on the device counts as 0.
        like: Any = np.broadcast_to(np.False_, x.shape)
        like[tuple(np.zeros(i.shape, i.dtype) if isinstance(i, ndarray) else i for i in parts)]


def erf(x: Array) -> Array:
    """The error function, as CUDA's mathematical library computes it."""
    out = _erf(x)
    return out.astype(x.dtype, copy=False) if x.dtype.kind == "f" else out  # CuPy turns float16 into float64 here


def inv(x: Array) -> Array:
    """Waits for the device, to learn whether ``x`` was singular; so do solve and cholesky."""
    return _factorised(cupy.linalg.inv, x)


def solve(a: Array, b: Array) -> Array:
    return _factorised(cupy.linalg.solve, a, b)


def det(x: Array) -> Array:
    return cupy.linalg.det(x)


def slogdet(x: Array) -> tuple[Array, Array]:
    sign_, log_ = cupy.linalg.slogdet(x)
    return sign_, log_


def svd(x: Array) -> tuple[Array, Array, Array]:
    """``u, s, vh`` with ``x = u diag(s) vh``."""
    u, s, vh = _factorised(cupy.linalg.svd, x)
    return u, s, vh


cofactors, cofactors_back, inverse_adjoint = when_called(
    __package__, "._determinant", "cofactors cofactors_back inverse_adjoint", sys.modules[__name__]
)


def cholesky(x: Array) -> Array:
    return _factorised(cupy.linalg.cholesky, x)


def _factorised(function: Any, *matrices: Array) -> Array:
    try:
        with cupyx.errstate(linalg="raise"):
            return function(*matrices)
    except np.linalg.LinAlgError as problem:
        raise LinAlgError(f"linalg.{function.__name__}: {problem} (shape {matrices[0].shape})") from None


def scalar(value: Any, dtype: np.dtype[Any]) -> Array:
    """A Python number as an operand: a NumPy scalar, which CuPy hands to a kernel by value, with no copy."""
    try:
        return dtype.type(value)
    except OverflowError:
        raise ArgumentError(f"{value} is no {dtype}; convert the tensor it meets, with .long() or .float()") from None


def on(where: device) -> AbstractContextManager[Any]:
    """Arrays made inside lie on ``where``."""
    return cupy.cuda.Device(where.index)  # type: ignore[no-any-return]


def alias(x: Array) -> Array:
    """An array of the memory of ``x`` that is no view of it.

    Views of the result keep the result alive, and not only ``x``.  In-place writes to it have a stamp of their own.
    """
    size = x.itemsize if x.size else 0
    for n, step in zip(x.shape, x.strides, strict=True):
        size += (n - 1) * step if x.size else 0
    memory = _Memory(x.data.ptr, size, x, x.device.id)
    return cupy.ndarray(x.shape, x.dtype, cupy.cuda.MemoryPointer(memory, 0), x.strides)


class _Memory(cupy.cuda.UnownedMemory):  # type: ignore[misc]
    """The memory of an alias, told apart from memory of other libraries."""


def owns(x: Array) -> bool:
    """True if CuPy's allocator or ``alias`` made ``x``: it is no view, and shows no memory of another library."""
    memory = x.data.mem
    if x.base is not None or type(memory) is cupy.cuda.UnownedMemory:
        return False
    return type(memory) is _Memory or type(memory) is type(cupy.empty(1).data.mem)


def owner(x: Array) -> Any:
    """The object that holds the memory which ``x`` shows; views of one memory have one owner."""
    return x.data.mem


def address(x: Array) -> int:
    """Where the first element of ``x`` lies."""
    return int(x.data.ptr)


def to_host(x: Array) -> np.ndarray[Any, Any]:
    """A copy in host memory; waits until it is there."""
    return np.asarray(cupy.asnumpy(x))


def from_host(x: np.ndarray[Any, Any], where: device) -> Array:
    """A copy on ``where``, or on the current GPU if that names no index."""
    with cupy.cuda.Device(where.index):
        return cupy.array(x)


def moved(x: Array, where: device) -> Array:
    """``x`` copied to another device."""
    if where.type != "cuda":
        return to_host(x)
    with cupy.cuda.Device(where.index):
        return cupy.array(x)


def device_of(x: Array) -> device:
    return _device(x.device.id)


@cache
def _device(index: int) -> device:
    return device("cuda", index)


def device_count() -> int:
    """How many GPUs answer: 0 without a driver."""
    try:
        return int(cupy.cuda.runtime.getDeviceCount())
    except cupy.cuda.runtime.CUDARuntimeError:
        return 0


def synchronize() -> None:
    """Wait until the current GPU has finished all that it was given."""
    cupy.cuda.runtime.deviceSynchronize()


def builtin_any(items: Any) -> bool:
    """``any`` of the language, which the reduction above hides in this module."""
    return True in (bool(i) for i in items)
