"""Norms, and the logarithm of a sum of exponentials."""

from __future__ import annotations

from typing import Any

from .._engine import primitive, wide
from ..errors import ArgumentError
from ..typing import Array, Dims, Namespace, Tensor, TensorOrArray
from . import dims
from .choosing import where
from .elementwise import abs as absolute
from .elementwise import cast_to, mul
from .extremes import amax, amin
from .reduce import _spread, _sum


@wide
@primitive(
    lambda xp, g, x, y, dim: _spread(xp, g, x, dim, "logsumexp") * xp.exp(x - _spread(xp, y, x, dim, "logsumexp")), floats=True
)
def logsumexp(xp: Namespace, x: TensorOrArray, dim: Dims, keepdim: bool = False) -> Array:
    """``log(sum(exp(x)))`` over ``dim``, without overflow; the gradient is the softmax.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    dim : int, tuple of int or None
        The dimensions to go over; None, or an empty tuple, is all of them.
    keepdim : bool
        Whether the dimensions gone over stay, with size 1.

    Returns
    -------
    Tensor
        The shape of `x` without `dim`; integers give the default dtype.  Of no elements it is minus infinity.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([0.0, 1000.0], requires_grad=True)
    >>> y = gf.logsumexp(x, dim=0)
    >>> y.backward()
    >>> y.item(), x.grad.tolist()
    (1000.0, [0.0, 1.0])
    """
    axis = dims.axis(dim, x.ndim, "logsumexp")
    top = xp.max(x, axis=axis, keepdims=True) if dims.count(x.shape, dim, "logsumexp") else xp.zeros((), x.dtype)
    top = xp.where(xp.isfinite(top), top, xp.zeros_like(top))
    with xp.floating_errors(divide="ignore", over="ignore"):  # log(0) of nothing but -inf, exp(1000) beside +inf
        y = xp.log(xp.sum(xp.exp(x - top), axis=axis, keepdims=True)) + top
    return y if keepdim else xp.reshape(y, _dropped(x.shape, dim, "logsumexp"))


def _dropped(shape: Any, dim: Dims, name: str) -> tuple[int, ...]:
    gone = dims.several(dim or None if isinstance(dim, tuple | list) else dim, len(shape), name)
    return tuple(n for i, n in enumerate(shape) if i not in gone)


@primitive(lambda xp, g, x, y, dim: _norm2_rule(xp, g, x, y, dim), holomorphic=False, floats=True)
def _norm2(xp: Namespace, x: Array, dim: Dims = None, keepdim: bool = False) -> Array:
    squares = x * x if x.dtype.kind != "c" else xp.real(x * xp.conjugate(x))
    return xp.sqrt(xp.sum(squares, axis=dims.axis(dim, x.ndim, "norm"), keepdims=keepdim))


def _norm2_rule(xp: Namespace, g: Array, x: Array, y: Array, dim: Dims) -> Array:
    y = _spread(xp, y, x, dim, "norm")
    g = _spread(xp, g, x, dim, "norm")
    return xp.flat(y == 0, (g / y) * x, g)


@wide
def norm(x: TensorOrArray, p: float | str | None = "fro", dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The p-norm of the elements over ``dim``, ``(sum |x|**p)**(1/p)``.

    The gradient where the norm is 0 is taken to be 0, and second derivatives there are NaN.  For `p` below 1 the gradient of an
    element that is 0 is taken to be 0.

    Parameters
    ----------
    x : Tensor or array
        Any shape; it is not read as a matrix (that does ``gf.linalg.norm``).
    p : float, "fro" or None
        The order; "fro" and None are 2.  0 counts the nonzero elements, inf takes the largest ``|x|``, -inf the smallest.
    dim : int, tuple of int or None
        The dimensions to go over; None, or an empty tuple, is all of them.
    keepdim : bool
        Whether the dimensions gone over stay, with size 1.

    Returns
    -------
    Tensor
        The shape of `x` without `dim`; a real float dtype, for integers the default one.

    Raises
    ------
    ArgumentError
        When `p` is another word.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([3.0, 4.0], requires_grad=True)
    >>> y = gf.norm(x)
    >>> y.backward()
    >>> y, x.grad
    (tensor(5., grad_fn=<Norm2Backward>), tensor([0.6000, 0.8000]))
    """
    if p in (2, "fro", None):
        return _norm2(x, dim, keepdim)
    if isinstance(p, str):
        raise ArgumentError(f"norm: p is a number or 'fro', not {p!r}")
    size = absolute(x if x.dtype.kind in "fc" else mul(x, 1.0))
    if p == float("inf"):
        return amax(size, dim, keepdim)
    if p == float("-inf"):
        return amin(size, dim, keepdim)
    if p == 0:
        return _sum(cast_to((size != 0), size.dtype), dim, keepdim)
    if p == 1:
        return _sum(size, dim, keepdim)
    if p < 1:  # the derivative at 0 is infinite, and taken to be 0
        size = where(size == 0, 0.0, size)
    return _power_root(_sum(size**p, dim, keepdim), p)


@primitive(lambda xp, g, y, p: xp.flat(y == 0, g * xp.pow_scalar(y, 1 - p) * (1 / p), g))
def _power_root(xp: Namespace, x: Array, p: float) -> Array:
    return xp.pow_scalar(x, 1 / p)
