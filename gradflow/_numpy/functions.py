"""NumPy's functions over Tensors, spelled as NumPy spells them: the namespace in which derivative rules run when the derivative
is itself recorded.

Results are Tensors, and dtypes PyTorch's.  ``gradflow.numpy`` is the same table for users: it adds NumPy's dtypes and its class
of arrays.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import Any

from .. import _ranges, backend
from .._engine import Value, as_numpy, with_numpy_dtypes
from .._lazy import later
from .._ops import choosing as ch
from .._ops import compare as cp
from .._ops import complex as cx
from .._ops import contractions as co
from .._ops import cutting as ct
from .._ops import diagonals as dg
from .._ops import dims
from .._ops import division as dv
from .._ops import elementwise as e
from .._ops import extremes as ex
from .._ops import factorisations as fa
from .._ops import index as ix
from .._ops import joining as jn
from .._ops import linalg as la
from .._ops import neural as nn
from .._ops import picking as pk
from .._ops import reduce as r
from .._ops import shape as s
from .._ops import transcendental as fn
from .._ops import trigonometry as tg
from ..backend._centred import centred as about_first
from ..backend.cpu import inf as inf
from ..backend.cpu import nan as nan
from ..backend.cpu import pi as pi
from ..errors import ArgumentError, NoCounterpartError, ShapeError
from .creation import arange as arange
from .creation import array as array
from .creation import asarray as asarray
from .creation import empty as empty
from .creation import empty_like as empty_like
from .creation import eye as eye
from .creation import full as full
from .creation import full_like as full_like
from .creation import identity as identity
from .creation import linspace as linspace
from .creation import logspace as logspace
from .creation import ones as ones
from .creation import ones_like as ones_like
from .creation import zeros as zeros
from .creation import zeros_like as zeros_like

newaxis = None
_THIS = sys.modules[__name__]
floating_errors = backend.cpu.floating_errors

add, subtract, multiply, divide, negative = e._add, e._sub, e.mul, e._div, e.neg
true_divide, floor_divide, remainder, mod, fmod = e._div, dv._floor_divide, dv._remainder, dv._remainder, dv._fmod
square, sqrt, reciprocal, exp, expm1 = e.square, e.sqrt, e.reciprocal, fn.exp, fn.expm1
log, log1p, log2, log10, erf, sigmoid = fn.log, fn.log1p, fn.log2, fn.log10, fn.erf, fn.logistic
sin, cos, tan, arcsin, arccos, arctan, arctan2 = tg.sin, tg.cos, tg.tan, tg.asin, tg.acos, tg.atan, tg.atan2
sinh, cosh, tanh, arcsinh, arccosh, arctanh = tg.sinh, tg.cosh, tg.tanh, tg.asinh, tg.acosh, tg.atanh
asin, acos, atan, atan2, asinh, acosh, atanh = tg.asin, tg.acos, tg.atan, tg.atan2, tg.asinh, tg.acosh, tg.atanh
hypot, logaddexp = tg.hypot, fn.logaddexp
maximum, minimum, sign, floor, ceil, trunc = ch.maximum, ch.minimum, dv.sign, dv.floor, dv.ceil, dv.trunc
equal, not_equal, less, less_equal, greater, greater_equal = cp.eq, cp.ne, cp.lt, cp.le, cp.gt, cp.ge
logical_and, logical_or, logical_xor, logical_not = cp.logical_and, cp.logical_or, cp.logical_xor, cp.logical_not
bitwise_and, bitwise_or, bitwise_xor, invert, bitwise_not = (
    cp.bitwise_and,
    cp.bitwise_or,
    cp.bitwise_xor,
    cp.bitwise_not,
    cp.bitwise_not,
)
isnan, isinf, isfinite = cp.isnan, cp.isinf, cp.isfinite
conjugate = conj = cx.conj
real, imag, angle, flat = cx.real, cx.imag, cx.angle, e.flat
pow_scalar = e.pow

matmul, outer, kron = la.matmul, la.outer, la.kron
solve, inv, det, cholesky, slogdet = fa.solve, fa.inv, fa.det, fa.cholesky, fa.slogdet
sum_to, broadcast_to, trace = s.sum_to, s.broadcast_to, dg.trace
diagonal_scatter, window, window_put, window_set = dg.diagonal_scatter, ix.window, ix.window_put, ix.window_set
cofactors, cofactors_back, inverse_adjoint = fa.cofactors, fa.cofactors_back, fa.inverse_adjoint
put_add, index_set, getitem, recurrence = ix.put_add, ix.index_set, ix.getitem, r.recurrence
pad_zero = nn.pad_zero
__getattr__ = later(
    __name__,
    dict.fromkeys(("conv", "conv_input", "conv_weight", "patches", "fold"), "gradflow._ops.convolve")
    | dict.fromkeys(("pool_max", "pool_put", "pool_pick", "pool_sum", "pool_spread"), "gradflow._ops.pool")
    | dict.fromkeys(("blend", "unblend"), "gradflow._ops.resample"),
)


_ops = {n: f for n, f in globals().items() if hasattr(f, "op")}
_own = {f: with_numpy_dtypes(f) for f in _ops.values()}  # beside Tensors the same; of Python's numbers alone as NumPy's
globals().update({n: _own[f] for n, f in _ops.items()})


def absolute(x: Any) -> Any:
    return e.abs(*as_numpy(x))


def power(x: Any, exponent: Any) -> Any:
    return e.pow(*as_numpy(x, exponent))


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    return ch.where(*as_numpy(condition)) if x is None and y is None else ch.where(*as_numpy(condition), *as_numpy(x, y))


def rint(x: Any) -> Any:
    return dv.round(*as_numpy(x))


abs, pow = absolute, power


def kept(condition: Any, x: Any) -> Any:
    return ch.where(condition, x, 0.0)


def degrees(x: Any) -> Any:
    return e.mul(as_numpy(x)[0], 180 / pi)


def radians(x: Any) -> Any:
    return e.mul(as_numpy(x)[0], pi / 180)


rad2deg, deg2rad = degrees, radians


def sum(x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    return r.sum(x, axis, keepdims, dtype=dtype)


def mean(x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    return r.mean(x, axis, keepdims, dtype=dtype)


def centred(x: Any, axis: Any) -> Any:
    return about_first(_THIS, x, axis)


def prod(x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    return r.prod(x, axis, keepdims, dtype=dtype)


def var(x: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    if getattr(x, "dtype", None) in (complex64, complex128):  # the mean square of the distance from the mean
        return e._add(var(cx.real(x), axis, ddof, keepdims), var(cx.imag(x), axis, ddof, keepdims))
    return r.var(x, axis, None, keepdims, correction=ddof)


def std(x: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    if getattr(x, "dtype", None) in (complex64, complex128):
        return e.sqrt(var(x, axis, ddof, keepdims))
    return r.std(x, axis, None, keepdims, correction=ddof)


def max(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return ex.amax(x, axis, keepdims)


def min(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return ex.amin(x, axis, keepdims)


amax, amin = max, min


def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return r.all(x, axis, keepdims)


def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return r.any(x, axis, keepdims)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    return ex.argmax(x, axis, keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    return ex.argmin(x, axis, keepdims)


def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    return r.cumsum(s.ravel(x), 0, dtype=dtype) if axis is None else r.cumsum(x, axis, dtype=dtype)


def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    return r.cumprod(s.ravel(x), 0, dtype=dtype) if axis is None else r.cumprod(x, axis, dtype=dtype)


def median(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """NumPy's median: the mean of the two middle elements where their number is even."""
    x, d = (s.ravel(x), 0) if axis is None else (x, dims.one(axis, x.ndim, "median"))
    n = x.shape[d]
    ordered = ex.sort(x, d).values
    middle = ct.narrow(ordered, d, (n - 1) // 2, 2 - n % 2)
    return r.mean(middle, d, keepdims)


def sort(x: Any, axis: int = -1, kind: str | None = None) -> Any:
    """Stable whatever the ``kind``."""
    return ex.sort(x, axis).values


def argsort(x: Any, axis: int = -1, kind: str | None = None) -> Any:
    """Stable whatever the ``kind``."""
    return ex.argsort(x, axis)


def dot(a: Any, b: Any) -> Any:
    """NumPy's dot: products of numbers, inner products, matrix products, and for more dimensions ``tensordot``."""
    na, nb = getattr(a, "ndim", 0), getattr(b, "ndim", 0)
    if not (na and nb):
        return e.mul(a, b)
    if nb <= 2:
        return la.matmul(a, b)
    return co.tensordot(a, b, ((na - 1,), (nb - 2,)))


def vecdot(x1: Any, x2: Any, axis: int = -1) -> Any:
    """The sum of ``conj(x1) * x2`` over ``axis``."""
    return r.sum(e.mul(cx.conj(x1), x2), axis, False)


def einsum(*operands: Any, optimize: Any = False) -> Any:
    """An equation and its operands, or each operand followed by the list of its axes, as ``numpy.einsum`` takes them.

    ``optimize`` changes nothing here: the order of the products is chosen in any case.
    """
    return co.einsum(*operands)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    return co.tensordot(a, b, axes)


def reshape(x: Any, shape: Any) -> Any:
    return s.reshape(x, shape)


def ravel(x: Any) -> Any:
    return s.ravel(x)


def transpose(x: Any, axes: Any = None) -> Any:
    return s.permute(x, tuple(reversed(range(x.ndim))) if axes is None else axes)


def permute_dims(x: Any, axes: Any) -> Any:
    return s.permute(x, axes)


def matrix_transpose(x: Any) -> Any:
    return s.transpose(x, -2, -1)


def unstack(x: Any, *, axis: int = 0) -> tuple[Any, ...]:
    return ct.unbind(x, axis)


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    return s.transpose(x, axis1, axis2)


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    return s.movedim(x, source, destination)


def squeeze(x: Any, axis: Any = None) -> Any:
    """``x`` without its dimensions of size 1, or without those in ``axis``: ShapeError if one is of another size."""
    if axis is not None and (long := [d for d in dims.several(axis, x.ndim, "squeeze") if x.shape[d] != 1]):
        raise ShapeError(f"squeeze: dimension {long[0]} of shape {x.shape} is not of size 1")
    return s.squeeze(x, axis)


def expand_dims(x: Any, axis: Any) -> Any:
    several = axis if isinstance(axis, tuple | list) else (axis,)
    for d in sorted(dims.several(several, x.ndim + len(several), "expand_dims")):
        x = s.unsqueeze(x, d)
    return x


def atleast_1d(*arrays: Any) -> Any:
    return _each(arrays, lambda x: x if x.ndim else s.reshape(x, (1,)))


def atleast_2d(*arrays: Any) -> Any:
    return _each(arrays, lambda x: x if x.ndim > 1 else s.reshape(x, (1, -1) if x.size else (1, *x.shape)))


def atleast_3d(*arrays: Any) -> Any:
    return _each(arrays, lambda x: x if x.ndim > 2 else s.reshape(x, (*x.shape, 1) if x.ndim == 2 else (1, x.size, 1)))


def _each(arrays: tuple[Any, ...], made: Any) -> Any:
    """What is made of one array, or the tuple of what is made of several."""
    found = tuple(made(x if isinstance(x, Value) else asarray(x)) for x in arrays)
    return found[0] if len(found) == 1 else found


def concatenate(tensors: Any, axis: int | None = 0) -> Any:
    return jn.cat([s.ravel(t) for t in tensors]) if axis is None else jn.cat(tensors, axis)


concat = concatenate


def stack(tensors: Any, axis: int = 0) -> Any:
    return jn.stack(tensors, axis)


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    n = x.shape[axis]
    if isinstance(indices_or_sections, int):
        if n % indices_or_sections:
            raise ArgumentError(f"split: {n} elements do not divide into {indices_or_sections} equal parts")
        return list(ct.split(x, n // indices_or_sections, axis))
    cuts = [0, *indices_or_sections, n]
    return list(ct.split(x, [b - a for a, b in pairwise(cuts)], axis))


def flip(x: Any, axis: Any = None) -> Any:
    return jn.flip(x, tuple(range(x.ndim)) if axis is None else axis)


def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    return jn.roll(x, shift, axis)


def tile(x: Any, reps: Any) -> Any:
    return jn.tile(x, reps)


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    return jn.repeat_interleave(x, repeats, axis)


def tril(x: Any, k: int = 0) -> Any:
    return dg.tril(x, k)


def triu(x: Any, k: int = 0) -> Any:
    return dg.triu(x, k)


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return dg.diagonal(x, offset, axis1, axis2)


def diag(x: Any, k: int = 0) -> Any:
    return dg.diag(x, k)


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    x, d = (s.ravel(x), 0) if axis is None or not x.ndim else (x, dims.one(axis, x.ndim, "take"))
    return ix.getitem(x, (slice(None),) * d + (indices,))


def take_along_axis(x: Any, indices: Any, axis: int) -> Any:
    return pk.take_along_dim(x, indices, axis)


def clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    return ch.clamp(x, a_min if min is None else min, a_max if max is None else max)


def round(x: Any, decimals: int = 0) -> Any:
    return dv.round(*as_numpy(x), decimals=decimals)


def nonzero(x: Any) -> Any:
    return ix.nonzero(x, as_tuple=True)


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0) -> Any:
    """Zeros around ``x``: ``pad_width`` is a number, a pair (before, after), or a pair for each dimension."""
    if mode != "constant" or constant_values != 0:
        raise NoCounterpartError(
            f"np.pad with mode={mode!r}, constant_values={constant_values!r} is not recorded for Tensors; zeros are"
        )
    widths = [pad_width] if isinstance(pad_width, int) else list(pad_width)
    pairs = [
        (w, w) if isinstance(w, int) else tuple(w)
        for w in ([tuple(widths)] if len(widths) == 2 and isinstance(widths[0], int) else widths)
    ]
    return nn.pad_zero(x, tuple(pairs * x.ndim if len(pairs) == 1 else pairs))


float16, float32, float64 = backend.dtypes.float16, backend.dtypes.float32, backend.dtypes.float64
complex64, complex128 = backend.dtypes.complex64, backend.dtypes.complex128
int8, int16, int32, int64 = backend.dtypes.int8, backend.dtypes.int16, backend.dtypes.int32, backend.dtypes.int64
uint8, bool_ = backend.dtypes.uint8, backend.dtypes.bool_


def isdtype(dtype: Any, kind: Any) -> Any:
    """True if ``dtype`` is of a kind such as "real floating", or one of several dtypes and kinds: ``numpy.isdtype``."""
    import numpy as np

    return np.isdtype(np.dtype(dtype), kind)


def result_type(*arrays_and_dtypes: Any) -> Any:
    """The dtype of a result made of these Tensors, arrays, numbers and dtypes, as gradflow's operations have it."""
    import numpy as np

    given = (x.array if isinstance(x, Value) else x for x in arrays_and_dtypes)
    return backend.dtypes.result_type(*(np.empty(1, x) if isinstance(x, str | type | np.dtype) else x for x in given))


def astype(x: Any, dtype: Any) -> Any:
    return e.cast(x, backend.dtypes.as_dtype(dtype))


def moved(x: Any, where: Any) -> Any:
    return x.to(device=where)


def copy(x: Any) -> Any:
    return s.clone(x)


def shape(x: Any) -> Any:
    return x.shape


def ndim(x: Any) -> int:
    return int(x.ndim)


def size(x: Any) -> int:
    return int(x.size)


def scalar(value: Any, dtype: Any) -> Any:
    """A Python number as it is: the operations give it the dtype of what it meets."""
    return value


def maximum_scalar(x: Any, value: float) -> Any:
    return maximum(x, value)


def row_starts(rows: int, columns: int) -> Any:
    return _ranges.arange(rows) * columns


def broadcast_shapes(*shapes: Any) -> Any:
    return backend.cpu.broadcast_shapes(*shapes)


REDUCTIONS = {"add": sum, "multiply": prod, "maximum": max, "minimum": min, "logical_and": all, "logical_or": any}
"""What ``np.add.reduce`` and its like are here."""


_OTHERS = {
    "about_first", "annotations", "Any", "ArgumentError", "as_numpy", "NoCounterpartError", "backend", "creation", "cp", "cv",
    "cx", "dims", "e", "floating_errors", "fn", "ix", "la", "nn", "pairwise", "po", "r", "REDUCTIONS",
    "rs", "s", "ShapeError", "sys", "Value", "with_numpy_dtypes", "wrap",
}  # fmt: skip
__all__ = sorted(n for n in globals() if not n.startswith("_") and n not in _OTHERS)
