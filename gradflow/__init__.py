"""gradflow: gradients for NumPy and CuPy arrays, spelled like PyTorch.

>>> import gradflow as gf
>>> x = gf.tensor([1.0, 2.0, 3.0], requires_grad=True)
>>> y = (x ** 2).sum()
>>> y.backward()
>>> x.grad
tensor([2., 4., 6.])
"""

from . import autograd, backend, creation, engine, errors, linalg, nn, numpy, optim
from ._version import __version__
from .autograd import Function
from .backend import device, get_default_device, set_default_device
from .backend.cpu import inf, nan, pi
from .backend.dtypes import bool_ as bool
from .backend.dtypes import (
    cdouble, cfloat, complex64, complex128, double, float16, float32, float64, get_default_dtype, half, int8, int16, int32,
    int64, long, promote_types, result_type, set_default_dtype, short, uint8,
)  # fmt: skip
from .backend.dtypes import float_ as float
from .backend.dtypes import int_ as int
from .creation import (
    Generator, arange, as_tensor, bernoulli, default_generator, empty, empty_like, eye, from_dlpack, from_numpy, full,
    full_like, get_rng_state, linspace, logspace, manual_seed, meshgrid, multinomial, normal, one_hot, ones, ones_like, rand,
    rand_like, randint, randn, randn_like, randperm, set_rng_state, tensor, tril_indices, zeros, zeros_like,
)  # fmt: skip
from .engine import Node, enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from .gradcheck import gradcheck, gradgradcheck
from .linalg import (
    bmm, cholesky, det, dot, einsum, inverse, kron, matmul, mm, mv, outer, slogdet, tensordot,
)  # fmt: skip
from .ops.elementwise import (
    abs, abs as absolute, acos, acosh, add, angle, asin, asinh, atan, atan2, atanh, bitwise_and, bitwise_not, bitwise_or,
    bitwise_xor, ceil, clamp, clamp as clip, conj, cos, cosh, div, div as divide, eq, erf, exp, expm1, floor, floor_divide, fmod,
    ge, gt, imag, isfinite, isinf, isnan, le, lerp, log, log1p, log2, log10, logical_and, logical_not, logical_or, logical_xor,
    lt, maximum, minimum, mul, mul as multiply, ne, neg, neg as negative, pow, real, reciprocal, remainder, round, rsqrt,
    sigmoid, sign, sin, sinh, sqrt, square, sub, sub as subtract, tan, tanh, trunc, where,
)  # fmt: skip
from .ops.index import (
    gather, index_add, index_select, masked_fill, masked_select, nonzero, scatter, scatter_add, take_along_dim,
)  # fmt: skip
from .ops.neural import log_softmax, relu, selu, softmax
from .ops.reduce import (
    all, amax, amin, any, argmax, argmin, argsort, cumprod, cumsum, logsumexp, max, mean, median, min, norm, prod, sort, std,
    sum, topk, var,
)  # fmt: skip
from .ops.shape import (
    broadcast_to, cat, cat as concat, cat as concatenate, chunk, clone, diag, diagonal, flatten, flip, movedim, narrow, permute,
    ravel, reshape, roll, select, split, squeeze, stack, t, tile, trace, transpose, tril, triu, unbind, unsqueeze,
)  # fmt: skip
from .ops.shape import repeat_interleave
from .tensor import Tensor

engine.set_tensor(Tensor, numpy)


def is_tensor(value: object) -> bool:
    """True for a gradflow Tensor."""
    return isinstance(value, Tensor)


def allclose(a: Tensor, b: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """True if every |a - b| <= atol + rtol |b|."""
    import numpy as np

    pair = (as_tensor(v).to_numpy() for v in (a, b))
    return np.allclose(*pair, rtol=rtol, atol=atol, equal_nan=equal_nan)


def equal(a: Tensor, b: Tensor) -> bool:
    """True if shapes and all elements are the same."""
    return a.shape == b.shape and (a == b).all().item()
