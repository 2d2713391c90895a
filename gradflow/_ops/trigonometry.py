"""Trigonometric and hyperbolic functions, each on every element alone.

Formulas: NIST Digital Library of Mathematical Functions, chapter 4.
"""

from __future__ import annotations

from .._engine import elementwise, wide
from ..typing import Array, Namespace, TensorLike


@elementwise(lambda xp, g, x: g * xp.cos(x), floats=True)
def sin(xp: Namespace, x: TensorLike) -> Array:
    """Sine of ``x`` in radians, element by element; the derivative is ``cos(x)``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape, in radians.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.sin(gf.tensor([0.5, 1.0]))
    tensor([0.4794, 0.8415])
    """
    return xp.sin(x)


@elementwise(lambda xp, g, x: -g * xp.sin(x), floats=True)
def cos(xp: Namespace, x: TensorLike) -> Array:
    """Cosine of ``x`` in radians, element by element; the derivative is ``-sin(x)``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape, in radians.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.cos(gf.tensor([0.5, 1.0]))
    tensor([0.8776, 0.5403])
    """
    return xp.cos(x)


@elementwise(lambda g, y: g + g * y * y, floats=True)
def tan(xp: Namespace, x: TensorLike) -> Array:
    """Tangent of ``x`` in radians, element by element; the derivative is ``1 + tan(x)**2``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape, in radians.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.tan(gf.tensor([0.5, 1.0]))
    tensor([0.5463, 1.5574])
    """
    return xp.tan(x)


@wide
@elementwise(lambda xp, g, x: g / xp.sqrt(1 - x * x), floats=True)
def asin(xp: Namespace, x: TensorLike) -> Array:
    """Inverse sine, element by element; the derivative is ``1 / sqrt(1 - x**2)``, infinite at -1 and 1.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape, from -1 to 1; other real numbers give NaN.

    Returns
    -------
    Tensor
        The shape of `x`, in radians from -pi/2 to pi/2; integers give the default dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.asin(gf.tensor([0.5, 1.0]))
    tensor([0.5236, 1.5708])
    """
    return xp.arcsin(x)


@wide
@elementwise(lambda xp, g, x: -g / xp.sqrt(1 - x * x), floats=True)
def acos(xp: Namespace, x: TensorLike) -> Array:
    """Inverse cosine, element by element; the derivative is ``-1 / sqrt(1 - x**2)``, infinite at -1 and 1.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape, from -1 to 1; other real numbers give NaN.

    Returns
    -------
    Tensor
        The shape of `x`, in radians from 0 to pi; integers give the default dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.acos(gf.tensor([0.5, 1.0]))
    tensor([1.0472, 0.0000])
    """
    return xp.arccos(x)


@wide
@elementwise(lambda xp, g, x: g / (1 + x * x), floats=True)
def atan(xp: Namespace, x: TensorLike) -> Array:
    """Inverse tangent, element by element; the derivative is ``1 / (1 + x**2)``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape.

    Returns
    -------
    Tensor
        The shape of `x`, in radians from -pi/2 to pi/2; integers give the default dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.atan(gf.tensor([0.5, 1.0]))
    tensor([0.4636, 0.7854])
    """
    return xp.arctan(x)


def _turn(xp: Namespace, g: Array, a: Array, b: Array, toward: Array) -> Array:
    """``g * toward / (a^2 + b^2)``, whose squares neither overflow nor vanish; 0 at the origin, as PyTorch has it."""
    size = xp.maximum(xp.absolute(a), xp.absolute(b))
    p, q = a / size, b / size
    return xp.flat(size == 0, g * (toward / size / (p * p + q * q) / size), g)


@wide
@elementwise(
    lambda xp, g, a, b: _turn(xp, g, a, b, b),
    lambda xp, g, a, b: _turn(xp, g, a, b, -a),
    floats=True,
)
def atan2(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    """Angle of the point with the abscissa ``b`` and the ordinate ``a``, element by element.

    The derivatives are ``b / (a**2 + b**2)`` and ``-a / (a**2 + b**2)``.  At (0, 0) they are taken to be 0,
    as PyTorch takes them.

    Parameters
    ----------
    a, b : Tensor, array or number
        Ordinate and abscissa, real; their shapes broadcast.

    Returns
    -------
    Tensor
        The broadcast shape, in radians from -pi to pi; integers give the default dtype.

    Raises
    ------
    DTypeError
        When one is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.atan2(gf.tensor([1.0]), gf.tensor([-1.0]))
    tensor([2.3562])
    """
    return xp.arctan2(a, b)


@wide
@elementwise(
    lambda xp, g, a, y: xp.flat(y == 0, (g / y) * a, g),
    lambda xp, g, b, y: xp.flat(y == 0, (g / y) * b, g),
    floats=True,
)
def hypot(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    """``sqrt(a**2 + b**2)``, element by element, without overflow.

    The derivatives are ``a / y`` and ``b / y`` with the result ``y``.  At (0, 0) they are taken to be 0.

    Parameters
    ----------
    a, b : Tensor, array or number
        The legs of the triangle, real; their shapes broadcast.

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
    >>> gf.hypot(gf.tensor([3.0]), gf.tensor([4.0]))
    tensor([5.])
    """
    return xp.hypot(a, b)


@elementwise(lambda xp, g, x: g * xp.cosh(x), floats=True)
def sinh(xp: Namespace, x: TensorLike) -> Array:
    """Hyperbolic sine, element by element; the derivative is ``cosh(x)``.

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
    >>> gf.sinh(gf.tensor([0.5, 1.0]))
    tensor([0.5211, 1.1752])
    """
    return xp.sinh(x)


@elementwise(lambda xp, g, x: g * xp.sinh(x), floats=True)
def cosh(xp: Namespace, x: TensorLike) -> Array:
    """Hyperbolic cosine, element by element; the derivative is ``sinh(x)``.

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
    >>> gf.cosh(gf.tensor([0.5, 1.0]))
    tensor([1.1276, 1.5431])
    """
    return xp.cosh(x)


@wide
@elementwise(lambda g, y: g - g * (y * y), floats=True)
def tanh(xp: Namespace, x: TensorLike) -> Array:
    """Hyperbolic tangent, element by element; the derivative is ``1 - y**2`` with the result ``y``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape.

    Returns
    -------
    Tensor
        The shape of `x`, from -1 to 1; integers give the default dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.tanh(gf.tensor([0.5, 1.0]))
    tensor([0.4621, 0.7616])
    """
    return xp.tanh(x)


@wide
@elementwise(lambda xp, g, x: g / xp.sqrt(x * x + 1), floats=True)
def asinh(xp: Namespace, x: TensorLike) -> Array:
    """Inverse hyperbolic sine, element by element; the derivative is ``1 / sqrt(x**2 + 1)``.

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
    >>> gf.asinh(gf.tensor([0.5, 1.0]))
    tensor([0.4812, 0.8814])
    """
    return xp.arcsinh(x)


@elementwise(lambda xp, g, x: g / (xp.sqrt(x - 1) * xp.sqrt(x + 1)), floats=True)
def acosh(xp: Namespace, x: TensorLike) -> Array:
    """Inverse hyperbolic cosine, element by element; the derivative is ``1 / sqrt(x**2 - 1)``, infinite at 1.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; a real number below 1 gives NaN.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.acosh(gf.tensor([1.0, 2.0]))
    tensor([0.0000, 1.3170])
    """
    return xp.arccosh(x)


@wide
@elementwise(lambda g, x: g / (1 - x * x), floats=True)
def atanh(xp: Namespace, x: TensorLike) -> Array:
    """Inverse hyperbolic tangent, element by element; the derivative is ``1 / (1 - x**2)``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape, between -1 and 1; -1 and 1 give infinities, other real numbers NaN.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.atanh(gf.tensor([0.0, 0.5]))
    tensor([0.0000, 0.5493])
    """
    return xp.arctanh(x)
