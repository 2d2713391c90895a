"""Exponentials and logarithms, each on every element alone.

Formulas: NIST Digital Library of Mathematical Functions, chapters 4 and 7.
"""

from __future__ import annotations

import math

from .._engine import elementwise, wide
from ..errors import DTypeError
from ..typing import Array, Namespace, TensorLike, TensorOrArray


@wide
@elementwise(
    lambda xp, g, a, b: g * xp.sigmoid(a - b),
    lambda xp, g, a, b: g * xp.sigmoid(b - a),
    floats=True,
)
def logaddexp(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    """``log(exp(a) + exp(b))``, element by element, without overflow.

    The derivatives are ``sigmoid(a - b)`` and ``sigmoid(b - a)``.

    Parameters
    ----------
    a, b : Tensor, array or number
        Logarithms of the terms, real; their shapes broadcast.

    Returns
    -------
    Tensor
        The broadcast shape and the promoted dtype; integers give the default dtype.

    Raises
    ------
    DTypeError
        When one is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.logaddexp(gf.tensor([0.0, 2000.0]), gf.tensor([0.0, 1000.0]))
    tensor([   0.6931, 2000.0000])
    """
    return xp.logaddexp(a, b)


@elementwise(lambda g, y: g * y, floats=True)
def exp(xp: Namespace, x: TensorLike) -> Array:
    """Exponential function, e to the power ``x``, element by element; the derivative is the result itself.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.  A float32 `x` above 88.7 gives infinity.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([0.0, 1.0], requires_grad=True)
    >>> gf.exp(x).sum().backward()
    >>> x.grad
    tensor([1.0000, 2.7183])
    """
    return xp.exp(x)


@elementwise(lambda g, y: g * y + g, floats=True)
def expm1(xp: Namespace, x: TensorLike) -> Array:
    """``exp(x) - 1``, element by element, accurate near 0; the derivative is ``exp(x)``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.expm1(gf.tensor([0.5, 1.0]))
    tensor([0.6487, 1.7183])
    """
    return xp.expm1(x)


@elementwise(lambda g, x: g / x, floats=True)
def log(xp: Namespace, x: TensorLike) -> Array:
    """Natural logarithm, element by element; the derivative is ``1 / x``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; 0 gives minus infinity, a negative real number NaN.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.log(gf.tensor([0.5, 1.0]))
    tensor([-0.6931,  0.0000])
    """
    return xp.log(x)


@elementwise(lambda g, x: g / (x + 1), floats=True)
def log1p(xp: Namespace, x: TensorLike) -> Array:
    """``log(1 + x)``, element by element, accurate near 0; the derivative is ``1 / (1 + x)``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; -1 gives minus infinity, a real number below -1 NaN.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.log1p(gf.tensor([0.5, 1.0]))
    tensor([0.4055, 0.6931])
    """
    return xp.log1p(x)


@elementwise(lambda g, x: g / (x * math.log(2)), floats=True)
def log2(xp: Namespace, x: TensorLike) -> Array:
    """Logarithm to base 2, element by element; the derivative is ``1 / (x * log(2))``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; 0 gives minus infinity, a negative real number NaN.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.log2(gf.tensor([0.5, 1.0]))
    tensor([-1.,  0.])
    """
    return xp.log2(x)


@elementwise(lambda g, x: g / (x * math.log(10)), floats=True)
def log10(xp: Namespace, x: TensorLike) -> Array:
    """Logarithm to base 10, element by element; the derivative is ``1 / (x * log(10))``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; 0 gives minus infinity, a negative real number NaN.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.log10(gf.tensor([0.5, 1.0]))
    tensor([-0.3010,  0.0000])
    """
    return xp.log10(x)


@wide
@elementwise(lambda xp, g, x: (2 / math.sqrt(math.pi)) * (g * xp.exp(-(x * x))), floats=True)
def erf(xp: Namespace, x: TensorOrArray) -> Array:
    """Error function, ``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` from 0 to ``x``, element by element.

    The derivative is ``2 / sqrt(pi) * exp(-x**2)``.

    Parameters
    ----------
    x : Tensor or array
        Any shape; real numbers.

    Returns
    -------
    Tensor
        The shape of `x`, from -1 to 1; integers give the default dtype.

    Raises
    ------
    DTypeError
        When `x` is complex.

    References
    ----------
    NIST Digital Library of Mathematical Functions, 7.2.1.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.erf(gf.tensor([0.5, 1.0]))
    tensor([0.5205, 0.8427])
    """
    if x.dtype.kind == "c":
        raise DTypeError(f"erf: takes real numbers, not {x.dtype}")
    return xp.erf(x)


@wide
@elementwise(lambda g, y: g * (y - y * y), floats=True)
def sigmoid(xp: Namespace, x: TensorLike) -> Array:
    """``1 / (1 + exp(-x))``, element by element, without overflow and accurate in both tails.

    The derivative is ``y * (1 - y)`` with the result ``y``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape.

    Returns
    -------
    Tensor
        The shape of `x`, from 0 to 1; integers give the default dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([0.0, 100.0], requires_grad=True)
    >>> y = gf.sigmoid(x)
    >>> y.sum().backward()
    >>> y.tolist(), x.grad.tolist()
    ([0.5, 1.0], [0.25, 0.0])
    """
    return xp.sigmoid(x)


@wide
@elementwise(lambda xp, g, x: g * (xp.sigmoid(x) * xp.sigmoid(-x)), floats=True)
def logistic(xp: Namespace, x: TensorLike) -> Array:
    """``sigmoid`` for derivatives that are differentiated again: its own derivatives, of any order, are accurate in both tails.

    That of ``sigmoid``, which keeps y and not x, is 0 where y has become 1.
    """
    return xp.sigmoid(x)
