"""NumPy's functions over Tensors, spelled as NumPy spells them: the namespace in which derivative rules run when the derivative
is itself recorded.

Results are Tensors, and dtypes PyTorch's.  ``gradflow.numpy`` is the same table for users: it adds NumPy's dtypes and its class
of arrays.
"""

from __future__ import annotations

import sys
from typing import Any

from .. import _ranges, backend
from .._engine import with_numpy_dtypes
from .._lazy import later
from .._ops import choosing as ch
from .._ops import compare as cp
from .._ops import complex as cx
from .._ops import diagonals as dg
from .._ops import division as dv
from .._ops import elementwise as e
from .._ops import factorisations as fa
from .._ops import index as ix
from .._ops import linalg as la
from .._ops import neural as nn
from .._ops import reduce as r
from .._ops import shape as s
from .._ops import transcendental as fn
from .._ops import trigonometry as tg
from ..backend._centred import centred as about_first
from ..backend.cpu import inf as inf
from ..backend.cpu import nan as nan
from ..backend.cpu import pi as pi
from .conversions import *  # noqa: F403
from .creation import *  # noqa: F403
from .elements import *  # noqa: F403
from .joining import *  # noqa: F403
from .linear import *  # noqa: F403
from .ranges import *  # noqa: F403
from .reductions import *  # noqa: F403
from .reductions import REDUCTIONS as REDUCTIONS
from .shapes import *  # noqa: F403

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


def kept(condition: Any, x: Any) -> Any:
    return ch.where(condition, x, 0.0)


def centred(x: Any, axis: Any) -> Any:
    return about_first(_THIS, x, axis)


float16, float32, float64 = backend.dtypes.float16, backend.dtypes.float32, backend.dtypes.float64
complex64, complex128 = backend.dtypes.complex64, backend.dtypes.complex128
int8, int16, int32, int64 = backend.dtypes.int8, backend.dtypes.int16, backend.dtypes.int32, backend.dtypes.int64
uint8, bool_ = backend.dtypes.uint8, backend.dtypes.bool_


def moved(x: Any, where: Any) -> Any:
    return x.to(device=where)


def scalar(value: Any, dtype: Any) -> Any:
    """A Python number as it is: the operations give it the dtype of what it meets."""
    return value


def maximum_scalar(x: Any, value: float) -> Any:
    return maximum(x, value)


def row_starts(rows: int, columns: int) -> Any:
    return _ranges.arange(rows) * columns


_FOR_RULES = {
    "centred", "cofactors", "cofactors_back", "diagonal_scatter", "flat", "getitem", "index_set", "inverse_adjoint", "kept",
    "maximum_scalar", "moved", "pad_zero", "pow_scalar", "put_add", "recurrence", "row_starts", "scalar", "sum_to", "window",
    "window_put", "window_set",
}  # fmt: skip
"""What derivative rules call and users do not."""
_OTHERS = {"about_first", "annotations", "Any", "floating_errors", "later", "REDUCTIONS", "with_numpy_dtypes"}
__all__ = sorted(
    n for n, v in globals().items() if not (n.startswith("_") or n in _OTHERS | _FOR_RULES or isinstance(v, type(sys)))
)
