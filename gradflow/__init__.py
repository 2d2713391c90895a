"""gradflow: gradients for NumPy and CuPy arrays, spelled like PyTorch.

>>> import gradflow as gf
>>> x = gf.tensor([1.0, 2.0, 3.0], requires_grad=True)
>>> y = (x ** 2).sum()
>>> y.backward()
>>> x.grad
tensor([2., 4., 6.])
"""

# ruff: noqa: I001 - packed, or the list of names would be three screens long
# fmt: off
import sys as _sys
from typing import TYPE_CHECKING

from . import _creation, _engine, _filled, _ranges, _tensor, autograd, backend, errors, linalg, random
from ._numpy import functions as _functions
from ._version import __version__
from .autograd import Function
from .backend import device, get_default_device, set_default_device
from .backend.cpu import inf, nan, pi
from .backend.dtypes import (
    bool_ as bool, cdouble, cfloat, complex128, complex64, double, float16, float32, float64, float_ as float,
    get_default_dtype, half, int16, int32, int64, int8, int_ as int, long, promote_types, result_type,
    set_default_dtype, short, uint8,
)
from ._predicates import allclose, equal, is_tensor
from ._creation import as_tensor, from_dlpack, from_numpy, one_hot, tensor
from ._filled import empty, empty_like, eye, full, full_like, ones, ones_like, zeros, zeros_like
from ._ranges import arange, linspace, logspace, meshgrid, tril_indices
from ._engine import enable_grad, is_grad_enabled, no_grad, Node, set_grad_enabled
from .gradcheck import gradcheck, gradgradcheck
from ._lazy import Divided as _Divided, later as _later, name_public_place as _name_public_place
from ._numpy_keywords import FUNCTIONS as _KEYWORDS, numpy_keywords as _numpy_keywords
from .linalg import bmm, cholesky, det, dot, einsum, inverse, kron, matmul, mm, mv, outer, slogdet, tensordot
from ._ops.choosing import clamp, clamp as clip, maximum, minimum, where
from ._ops.compare import (
    bitwise_and, bitwise_not, bitwise_or, bitwise_xor, eq, ge, gt, isfinite, isinf, isnan, le, logical_and, logical_not,
    logical_or, logical_xor, lt, ne,
)
from ._ops.complex import angle, conj, imag, real
from ._ops.division import ceil, div, div as divide, floor, floor_divide, fmod, remainder, round, sign, trunc
from ._ops.elementwise import (
    abs, abs as absolute, add, lerp, mul, mul as multiply, neg, neg as negative, pow, reciprocal, rsqrt, sqrt, square, sub,
    sub as subtract,
)
from ._ops.transcendental import erf, exp, expm1, log, log10, log1p, log2, logaddexp, sigmoid
from ._ops.trigonometry import acos, acosh, asin, asinh, atan, atan2, atanh, cos, cosh, hypot, sin, sinh, tan, tanh
from ._ops.index import masked_fill, masked_select, nonzero
from ._ops.picking import gather, index_add, index_select, scatter, scatter_add, take_along_dim
from ._ops.activations import relu, selu
from ._ops.neural import log_softmax, softmax
from ._ops.extremes import amax, amin, argmax, argmin, argsort, max, median, min, sort, topk
from ._ops.norms import logsumexp, norm
from ._ops.reduce import all, any, cumprod, cumsum, mean, prod, std, sum, var
from ._ops.cutting import chunk, narrow, select, split, unbind
from ._ops.diagonals import diag, diagonal, trace, tril, triu
from ._ops.joining import cat, flip, repeat_interleave, roll, stack, tile
from ._ops.shape import broadcast_to, clone, flatten, movedim, permute, ravel, reshape, squeeze, t, transpose, unsqueeze
from .random import (
    bernoulli, default_generator, Generator, get_rng_state, manual_seed, multinomial, normal, rand, rand_like,
    randint, randn, randn_like, randperm, set_rng_state,
)
from ._tensor import Tensor
from ._size import Size

if TYPE_CHECKING:
    from . import amp, data, flow, func, io, nn, numpy, optim, viz
    from ._fusing import fused
    from .io import load, save
    from ._programs import get_num_threads, set_num_threads
    from ._recompute import checkpoint, checkpoint_sequential

__all__ = [
    "__version__", "abs", "absolute", "acos", "acosh", "add", "all", "allclose", "amax", "amin", "amp", "angle",
    "any", "arange", "argmax", "argmin", "argsort", "as_tensor", "asin", "asinh", "atan", "atan2", "atanh",
    "autograd", "backend", "bernoulli", "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "bmm", "bool",
    "broadcast_to", "cat", "cdouble", "ceil", "cfloat", "checkpoint", "checkpoint_sequential", "cholesky", "chunk",
    "clamp", "clip", "clone", "complex128", "complex64", "concat", "concatenate", "conj", "cos", "cosh",
    "cumprod", "cumsum", "data", "default_generator", "det", "device", "diag", "diagonal", "div", "divide", "dot", "double",
    "einsum", "empty", "empty_like", "enable_grad", "eq", "equal", "erf", "errors", "exp", "expm1", "eye",
    "flatten", "flip", "float", "float16", "float32", "float64", "floor", "floor_divide", "flow", "fmod", "from_dlpack",
    "from_numpy", "full", "full_like", "Function", "func", "fused", "gather", "ge", "Generator", "get_default_device",
    "get_default_dtype", "get_num_threads", "get_rng_state", "gradcheck", "gradgradcheck", "gt", "half", "hypot", "imag",
    "index_add", "index_select", "inf", "int", "int16", "int32", "int64", "int8", "inverse", "io", "is_grad_enabled",
    "is_tensor", "isfinite", "isinf", "isnan", "kron", "le", "lerp", "linalg", "linspace", "load", "log", "log10", "log1p",
    "log2", "log_softmax", "logaddexp", "logical_and", "logical_not", "logical_or", "logical_xor", "logspace",
    "logsumexp", "long", "lt", "manual_seed", "masked_fill", "masked_select", "matmul", "max", "maximum", "mean",
    "median", "meshgrid", "min", "minimum", "mm", "movedim", "mul", "multinomial", "multiply", "mv", "nan", "narrow", "ne", "neg",
    "negative", "nn", "no_grad", "Node", "nonzero", "norm", "normal", "numpy", "one_hot", "ones", "ones_like",
    "optim", "outer", "permute", "pi", "pow", "prod", "promote_types", "rand", "rand_like", "randint", "randn",
    "randn_like", "random", "randperm", "ravel", "real", "reciprocal", "relu", "remainder", "repeat_interleave",
    "reshape", "result_type", "roll", "round", "rsqrt", "save", "scatter", "scatter_add", "select", "selu",
    "set_default_device", "set_default_dtype", "set_grad_enabled", "set_num_threads", "set_rng_state", "short",
    "sigmoid", "sign", "sin", "sinh", "Size", "slogdet", "softmax", "sort", "split", "sqrt", "square", "squeeze", "stack",
    "std", "sub", "subtract", "sum", "t", "take_along_dim", "tan", "tanh", "tensor", "Tensor", "tensordot", "tile",
    "topk", "trace", "transpose", "tril", "tril_indices", "triu", "trunc", "uint8", "unbind", "unsqueeze", "var", "viz",
    "where", "zeros", "zeros_like",
]
# fmt: on

for _name in _KEYWORDS:  # with axis= and keepdims= too
    globals()[_name] = getattr(Tensor, _name, None) or _numpy_keywords(globals()[_name])
concat = concatenate = cat

_name_public_place(_sys.modules[__name__], __all__)
_name_public_place(linalg, linalg.__all__)
_name_public_place(autograd, autograd.__all__)

_engine.register_tensor_layer(Tensor, _functions)


_LATER = {
    **{name: "." + name for name in ("amp", "data", "func", "flow", "io", "nn", "numpy", "optim", "viz")},
    "fused": "._fusing", "load": ".io", "save": ".io", "get_num_threads": "._programs", "set_num_threads": "._programs",
    "checkpoint": "._recompute", "checkpoint_sequential": "._recompute",
}  # fmt: skip
__getattr__ = _later(__name__, _LATER)

# The places of before 0.1, which pickles of then name.
_sys.modules[__name__ + ".tensor"] = _tensor
_sys.modules[__name__ + ".creation"] = _Divided(__name__ + ".creation", [_creation, _filled, _ranges])
_operations = [module for name, module in _sys.modules.items() if name.startswith("gradflow._ops.")]
for _name in ("compare", "complex", "elementwise", "functions", "index", "linalg", "moves", "neural", "reduce", "shape"):
    _sys.modules[f"{__name__}.ops.{_name}"] = _Divided(f"{__name__}.ops.{_name}", _operations)


def __dir__() -> list[str]:
    return sorted(__all__)
