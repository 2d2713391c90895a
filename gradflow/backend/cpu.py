"""The NumPy backend: what ``xp`` is for arrays in host memory.

Every name here stands in ``cuda.py`` with the same signature.  Names and parameters are NumPy's; where NumPy's own
function is a slow Python wrapper (``np.sum``, ``np.flip``, ...) the ufunc method beneath it is called instead.
"""

from __future__ import annotations

import builtins
import math
import sys
from _thread import _local  # what threading.local is, and numpy does not import threading
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any

import numpy as np

from .._lazy import when_called
from ..errors import ArgumentError, LinAlgError
from ..typing import Array, DType, Index, Shape
from ._centred import centred as about_first
from ._centred import first_of
from ._cpu_memory import Courier as Courier
from ._cpu_memory import Numbers as Numbers
from ._cpu_memory import address as address
from ._cpu_memory import alias as alias
from ._cpu_memory import owner as owner
from ._cpu_memory import owns as owns
from ._cpu_random import Random as Random
from ._sums import BLAS, MANY, careful, column_sums, running_sums
from ._sums import ones as ones_for
from .devices import CPU, device

ndarray = np.ndarray
generic = np.generic
inf, nan, pi = math.inf, math.nan, math.pi
floating_errors = np.errstate

absolute, add, arccos, arccosh, arcsin, arcsinh = np.absolute, np.add, np.arccos, np.arccosh, np.arcsin, np.arcsinh
arctan, arctan2, arctanh, bitwise_and, bitwise_or = np.arctan, np.arctan2, np.arctanh, np.bitwise_and, np.bitwise_or
bitwise_xor, ceil, conjugate, cos, cosh, divide = np.bitwise_xor, np.ceil, np.conjugate, np.cos, np.cosh, np.divide
equal, exp, expm1, floor, floor_divide, fmod = np.equal, np.exp, np.expm1, np.floor, np.floor_divide, np.fmod
greater, greater_equal, invert, isfinite, isinf = np.greater, np.greater_equal, np.invert, np.isfinite, np.isinf
isnan, less, less_equal, log, log10, log1p, log2 = np.isnan, np.less, np.less_equal, np.log, np.log10, np.log1p, np.log2
logical_and, logical_not, logical_or, logical_xor = np.logical_and, np.logical_not, np.logical_or, np.logical_xor
maximum, minimum, multiply, negative = np.maximum, np.minimum, np.multiply, np.negative
not_equal, power, reciprocal, remainder, rint = np.not_equal, np.power, np.reciprocal, np.remainder, np.rint
sign, sin, sinh, sqrt, square, subtract, tan, tanh = (
    np.sign, np.sin, np.sinh, np.sqrt, np.square, np.subtract, np.tan, np.tanh,
)  # fmt: skip
hypot, logaddexp, trunc = np.hypot, np.logaddexp, np.trunc

arange, array, asarray, ascontiguousarray, empty = np.arange, np.array, np.asarray, np.ascontiguousarray, np.empty
empty_like, eye, full, full_like, linspace, ones = np.empty_like, np.eye, np.full, np.full_like, np.linspace, np.ones
ones_like, zeros, zeros_like = np.ones_like, np.zeros, np.zeros_like
concatenate, dot = np.concatenate, np.dot
moveaxis, nonzero, repeat, roll, swapaxes = np.moveaxis, np.nonzero, np.repeat, np.roll, np.swapaxes
tile, transpose, tril, triu, where = np.tile, np.transpose, np.tril, np.triu, np.where
argmax, argmin, argsort, copyto, take_along_axis = np.argmax, np.argmin, np.argsort, np.copyto, np.take_along_axis
broadcast_shapes, from_dlpack, take = np.broadcast_shapes, np.from_dlpack, np.take

_sum: Any = np.add.reduce  # Any: called with positions, which are faster and which NumPy's stubs do not know
_prod: Any = np.multiply.reduce
_max: Any = np.maximum.reduce
_min: Any = np.minimum.reduce
_all: Any = np.logical_and.reduce
_any: Any = np.logical_or.reduce


def sum(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    """The sum; of float16 it is kept in float32, and of many numbers its error does not grow with them (``sums``)."""
    if axis == (1,) and x.ndim == 2 and x.dtype in BLAS and 0 < x.shape[1] <= 128:  # longer ones pairwise, for accuracy
        return x.dot(ones_for((x.shape[1], 1) if keepdims else x.shape[1], x.dtype))  # three to eight times as fast
    if x.itemsize > 2 and (x.size < MANY or (axis is None and x.flags.forc)):
        return _sum(x, axis, None, None, keepdims)
    if axis == (0,) and x.ndim == 2 and x.dtype in BLAS:
        return column_sums(x, keepdims)
    return careful(x, axis, keepdims)


def prod(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    if x.dtype == _HALF:
        return _prod(x, axis, np.float32, None, keepdims).astype(_HALF)
    return _prod(x, axis, None, None, keepdims)


def max(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    return _best(_max, x, axis, keepdims)


def min(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    return _best(_min, x, axis, keepdims)


def _best(reduce: Any, x: Array, axis: Any, keepdims: bool) -> Array:
    if axis == (1,) and x.ndim == 2 and 0 < x.shape[1] <= 32 <= x.shape[0]:  # down the columns: up to seven times as fast
        y = reduce(x.T.copy(), 0)
        return y[:, None] if keepdims else y
    return reduce(x, axis, None, None, keepdims)


def maximum_scalar(x: Array, value: float) -> Array:
    """``maximum(x, value)``, for which NumPy's maximum is slow: its fast loops take no operand without steps."""
    if x.size < 2048 or x.dtype.kind != "f":
        return maximum(x, scalar(value, x.dtype))
    return x.clip(scalar(value, x.dtype), scalar(inf, x.dtype))


def all(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    return _all(x, axis, bool, None, keepdims)


def any(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    return _any(x, axis, bool, None, keepdims)


def cumsum(x: Array, axis: int) -> Array:
    """Running sums, of float16 in float32, and with an error that does not grow with their number (``sums``)."""
    if x.itemsize > 2 and x.shape[axis] < 512:
        return np.add.accumulate(x, axis)
    return running_sums(x, axis)


def cumprod(x: Array, axis: int) -> Array:
    """Running products, of float16 in float32, of many float32 in float64."""
    if x.dtype == _HALF or (x.dtype.char in "fF" and x.shape[axis] > 128):
        held = {"e": np.float32, "f": np.float64, "F": np.complex128}[x.dtype.char]
        return np.multiply.accumulate(x, axis, held).astype(x.dtype)
    return np.multiply.accumulate(x, axis)


def recurrence(a: Array, u: Array, axis: int) -> Array:
    """``y_i = u_i + a_i y_(i-1)`` along ``axis``, from y = 0."""
    y = np.array(u)
    steps, factors = np.moveaxis(y, axis, 0), np.moveaxis(a, axis, 0)
    for i in range(1, len(steps)):
        steps[i] += factors[i] * steps[i - 1]
    return y


def mean(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    """The mean; sums of float16 are kept in float32, where they neither overflow nor lose small terms."""
    if axis == (0,) and x.ndim == 2 and x.dtype in BLAS and x.size:
        total = column_sums(x, keepdims)
        total /= scalar(x.shape[0], x.dtype)
        return total
    total = sum(x if x.itemsize > 2 else x.astype(np.float32), axis, keepdims)
    if not x.size:
        return total.astype(x.dtype) * nan
    return (total / total.dtype.type(x.size // total.size)).astype(x.dtype, copy=False)


def centred(x: Array, axis: Any) -> tuple[Array, Array]:
    """``x`` less its mean over ``axis``, and that mean; both are exact where all elements are equal."""
    if x.size > 8192:  # one pass less, unless some element lies so close to its mean that its neighbours may do so too
        mean_ = mean(x, axis, True)
        away = x - mean_
        if not (np.absolute(away[first_of(x, axis)]) < np.absolute(mean_) * scalar(1e-5, x.dtype)).any():
            return away, mean_
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


def reshape(x: Array, shape: Any) -> Array:
    return x.reshape(shape) if x.__class__ is ndarray else np.reshape(x, shape)  # that takes numbers too, and three times as long


def broadcast_to(x: Array, shape: Shape) -> Array:
    """A read-only view of ``x`` repeated to ``shape``."""
    if x.ndim:
        return np.broadcast_to(x, shape)
    view = np.ndarray(shape, x.dtype, np.asarray(x), 0, (0,) * len(shape))  # one number: a fifth of the time of the general way
    view.flags.writeable = False
    return view


def matmul(a: Array, b: Array, out: Array = None) -> Array:
    """The matrix product; of matrices and vectors by ``dot``, which reaches BLAS in a quarter of the time."""
    return a.dot(b, out) if a.ndim < 3 > b.ndim else np.matmul(a, b, out)


def sum_to(x: Array, shape: Shape) -> Array:
    """Sum ``x`` over the dimensions along which ``shape`` was broadcast to get ``x.shape``."""
    lead = x.ndim - len(shape)
    if x.ndim == 2 and x.dtype in BLAS and shape[-1:] == x.shape[1:] and (lead == 1 or (not lead and shape[0] == 1)):
        return column_sums(x, not lead)
    axes = (*range(lead), *(lead + i for i, n in enumerate(shape) if n == 1 and x.shape[lead + i] != 1))
    if not axes:
        return x
    total = _sum(x, axes, None, None, True) if x.size < MANY and x.itemsize > 2 else careful(x, axes, True)
    return total.reshape(shape) if lead else total


def einsum(equation: str, *operands: Array, optimize: bool = False) -> Array:
    """``numpy.einsum``; where BLAS does not sum, float16 is summed in float32, and many terms in double precision."""
    dtype = operands[0].dtype
    if dtype.char not in "efF" or (dtype != _HALF and _terms(equation, operands) < MANY):
        return np.einsum(equation, *operands, optimize=optimize)
    if dtype == _HALF:
        operands = tuple([a.astype(np.float32) for a in operands])
    held = np.complex128 if dtype.kind == "c" else np.float64
    return np.einsum(equation, *operands, optimize=optimize, dtype=held).astype(dtype, copy=False)


def _terms(equation: str, operands: tuple[Array, ...]) -> int:
    """How many products are summed for one element of the result."""
    if _largest([x.size for x in operands]) < MANY:
        return 0  # few
    left, _, result = equation.partition("->")
    sizes = {c: n for term, x in zip(left.split(","), operands, strict=True) for c, n in zip(term, x.shape, strict=True)}
    return math.prod([n for c, n in sizes.items() if c not in result])


_HALF = np.dtype(np.float16)


def flat(condition: Array, d: Array, like: Array) -> Array:
    """``d``, and ``0 * like`` where ``condition``."""
    return np.where(condition, 0 * like, d) if condition.any() else d


def kept(condition: Array, g: Array) -> Array:
    """``g`` where ``condition``, and 0 elsewhere, also in the place of an infinity or a NaN."""
    out = g * condition.astype(g.dtype)  # on random conditions it is fifty times as fast as where
    return out if surely_finite(out) else np.where(condition, g, g.dtype.type(0))


def surely_finite(x: Array) -> bool:
    """True only if all elements are finite, and that is quick to tell."""
    return x.dtype.itemsize > 2 and math.isfinite(_total(x if x.ndim == 1 else x.ravel("K")))


def _total(x: Array) -> float:
    """A number that is finite only if all of ``x`` is: the sum of squares, or, where BLAS would wake its threads, the sum."""
    return float(abs(x.dot(x) if x.size < 8192 else _sum(x)))


def pow_scalar(x: Array, exponent: float) -> Array:
    """``x ** exponent`` for a Python number, by the shortest way there is for it."""
    return x**exponent


def put_add(values: Array, index: Index, shape: Shape) -> Array:
    """Zeros of ``shape`` with ``values`` added at ``index``; an element named twice gets both."""
    parts = index if isinstance(index, tuple) else (index,)
    if builtin_any(isinstance(i, np.ndarray) and i.dtype != bool for i in parts):
        if values.dtype == _HALF:
            return put_add(values.astype(np.float32), index, shape).astype(_HALF)
        out = np.zeros(shape, values.dtype)
        np.add.at(out, index, values)
        return out
    out = np.zeros(shape, values.dtype)
    out[index] = values
    return out


def row_starts(rows: int, columns: int) -> Array:
    """Where in a flattened (rows, columns) array each row begins; only to be read."""
    return _row_starts(rows, columns) if rows <= 4096 else np.arange(rows) * columns


@lru_cache(64)
def _row_starts(rows: int, columns: int) -> Array:
    return np.arange(rows) * columns


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
    """A copy of ``x`` with ``values`` at ``index``."""
    out = np.array(x)  # of a number without dimensions too
    out[index] = values
    return out


def diagonal(x: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """The diagonal as the last dimension of a view; writable where ``x`` is (NumPy's own is not)."""
    view = np.diagonal(x, offset, axis1, axis2)
    if isinstance(x, np.ndarray) and x.flags.writeable:
        view.flags.writeable = True
    return view


def diagonal_scatter(values: Array, shape: Shape, offset: int, axis1: int, axis2: int) -> Array:
    """Zeros of ``shape`` with ``values`` on a diagonal."""
    out = np.zeros(shape, values.dtype)
    diagonal(out, offset, axis1, axis2)[...] = values
    return out


def as_strided(x: Array, shape: Shape, strides: Shape) -> Array:
    """A view of the memory of ``x``, which has no gaps, with steps of so many bytes."""
    return np.ndarray(shape, x.dtype, x, 0, strides)  # a tenth of the time of np.lib.stride_tricks


_held = _local()


def scratch(count: int, dtype: np.dtype[Any]) -> Array:
    """Room for ``count`` numbers, the same memory at every call: what is in it is gone at the next."""
    size = count * dtype.itemsize
    if size > 1 << 24:
        return np.empty(count, dtype)
    room = getattr(_held, "room", None)
    if room is None or room.size < size:
        room = _held.room = np.empty(size, np.uint8)
    return room[:size].view(dtype)


block_bytes = 1 << 18
"""How much of a convolution's windows is laid out at a time: what stays in a core's own cache."""

conv, conv_input, conv_weight, patches, fold = when_called(
    __package__, "._convolution", "conv conv_input conv_weight patches fold", sys.modules[__name__]
)
pool_max, pool_indices, pool_pick, pool_put, pool_sum, pool_spread, blend, unblend = when_called(
    __package__, "._pooling", "pool_max pool_indices pool_pick pool_put pool_sum pool_spread blend unblend", sys.modules[__name__]
)


def sigmoid(x: Array) -> Array:
    """``1 / (1 + exp(-x))`` without overflow, accurate in both tails."""
    if x.dtype.kind == "c":
        return np.reciprocal(1 + np.exp(-x))
    return np.exp(np.minimum(x, scalar(0, x.dtype))) / (np.exp(-np.absolute(x)) + scalar(1, x.dtype))


def pad(x: Array, widths: Any, value: float = 0.0) -> Array:
    """``x`` with ``value`` around it; ``widths`` are (before, after) pairs, one for each dimension."""
    return np.pad(x, widths, constant_values=value)


def getitem(x: Array, index: Index) -> Array:
    """``x[index]``; one element comes as a 0-d view, where NumPy would give a number cut off from its memory."""
    y = x[index]
    return y if isinstance(y, np.ndarray) else x[(*(index if isinstance(index, tuple) else (index,)), ...)]


def setitem(x: Array, index: Index, values: Array) -> None:
    """``x[index] = values``."""
    x[index] = values


(erf,) = when_called(__package__, "._special", "erf")


def inv(x: Array) -> Array:
    return _factorised(np.linalg.inv, x)


def solve(a: Array, b: Array) -> Array:
    return _factorised(np.linalg.solve, a, b)


def det(x: Array) -> Array:
    return np.linalg.det(x)


def slogdet(x: Array) -> tuple[Array, Array]:
    sign_, log_ = np.linalg.slogdet(x)
    return sign_, log_


def svd(x: Array) -> tuple[Array, Array, Array]:
    """``u, s, vh`` with ``x = u diag(s) vh``."""
    u, s, vh = _factorised(np.linalg.svd, x)
    return u, s, vh


cofactors, cofactors_back, inverse_adjoint = when_called(
    __package__, "._determinant", "cofactors cofactors_back inverse_adjoint", sys.modules[__name__]
)


def cholesky(x: Array) -> Array:
    return _factorised(np.linalg.cholesky, x)


def _factorised(function: Any, *matrices: Array) -> Array:
    try:
        return function(*matrices)
    except np.linalg.LinAlgError as problem:
        raise LinAlgError(f"linalg.{function.__name__}: {problem} (shape {matrices[0].shape})") from None


_scalars: dict[tuple[float, np.dtype[Any]], Array] = {}


def scalar(value: Any, dtype: np.dtype[Any]) -> Array:
    """A Python number as an operand: a 0-d array, remembered, because NumPy takes one faster than a number."""
    key = (value, dtype)
    found = _scalars.get(key)
    if found is None or not (value or value.__class__ is int):
        try:
            found = np.array(value, dtype)
        except OverflowError:
            raise ArgumentError(f"{value} is no {dtype}; convert the tensor it meets, with .long() or .float()") from None
        found.flags.writeable = False
        # -0.0 equals 0.0, a complex number has two such parts, and NaN equals nothing: of these only the 0 without a point can
        # be looked up
        if (not value and value.__class__ is not int) or value != value or isinstance(value, complex):
            return found
        if len(_scalars) > 1000:
            _scalars.clear()
        _scalars[key] = found
    return found


def on(where: device) -> AbstractContextManager[Any]:
    """Arrays made inside lie on ``where``."""
    return nullcontext()


def to_host(x: Array) -> np.ndarray[Any, Any]:
    return np.asarray(x)


def from_host(x: np.ndarray[Any, Any], where: device) -> Array:
    return x


def moved(x: Array, where: device) -> Array:
    """``x`` copied to another device."""
    from . import namespace_for

    return namespace_for(where).from_host(x, where)


def device_of(x: Array) -> device:
    return CPU


def device_count() -> int:
    return 1


def synchronize() -> None:
    """Nothing to wait for: NumPy has finished when it returns."""


_largest = builtins.max  # which the reduction above hides in this module


def builtin_any(items: Any) -> bool:
    """``any`` of the language, which the reduction above hides in this module."""
    return True in (bool(i) for i in items)
