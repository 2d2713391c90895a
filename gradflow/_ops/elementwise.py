"""Arithmetic on each element alone: sums, products, powers.

A rule is the plain product of ``g`` and the slope, also of functions with an infinite slope somewhere: what becomes of 0 times
infinity is the engine's to tell (``engine/unused.py``).  Where a slope is taken to be 0 although the formula has none,
``xp.flat`` says so.
"""

from __future__ import annotations

from typing import Any

from .._engine import elementwise, linear, wide
from ..errors import ArgumentError
from ..typing import Array, Namespace, Tensor, TensorLike, TensorOrArray

# --- arithmetic ---------------------------------------------------------------------------------------------------


@elementwise(lambda g: g, lambda g: g)
def _add(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    return xp.add(a, b)


@elementwise(lambda g: g, lambda g: -g)
def _sub(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    return xp.subtract(a, b)


@elementwise(lambda g, b: g * b, lambda g, a: g * a)
def mul(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    """``a * b``, element by element.

    The derivatives are ``b`` and ``a``.

    Parameters
    ----------
    a, b : Tensor, array or number
        The factors; their shapes broadcast.

    Returns
    -------
    Tensor
        The broadcast shape and the promoted dtype.

    Raises
    ------
    ShapeError
        When the shapes do not broadcast.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([1.0, 2.0], requires_grad=True)
    >>> gf.mul(x, 3.0).sum().backward()
    >>> x.grad
    tensor([3., 3.])
    """
    return xp.multiply(a, b)


@wide
@elementwise(lambda g, b: g / b, lambda g, a, b: -g * ((a / b) / b), floats=True)
def _div(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    """``a / b``, element by element; the derivatives are ``1 / b`` and ``-a / b**2``.

    Parameters
    ----------
    a, b : Tensor, array or number
        The dividend and the divisor; their shapes broadcast.

    Returns
    -------
    Tensor
        The broadcast shape and the promoted dtype; integers give the default dtype.

    Raises
    ------
    ShapeError
        When the shapes do not broadcast.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.tensor([7, -7]).true_divide(2)
    tensor([ 3.5000, -3.5000])
    """
    return xp.divide(a, b)


def add(a: TensorLike, b: TensorLike, *, alpha: float = 1) -> Tensor:
    """``a + alpha * b``, element by element.

    Parameters
    ----------
    a, b : Tensor, array or number
        The terms; their shapes broadcast.
    alpha : number
        The factor of `b`, which has no gradient.

    Returns
    -------
    Tensor
        The broadcast shape and the promoted dtype; two boolean tensors give their "or".

    Raises
    ------
    ShapeError
        When the shapes do not broadcast.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.add(gf.tensor([1.0, 2.0]), 3.0, alpha=2)
    tensor([7., 8.])
    """
    return _add(a, b) if alpha == 1 else _add(a, mul(b, alpha))


def sub(a: TensorLike, b: TensorLike, *, alpha: float = 1) -> Tensor:
    """``a - alpha * b``, element by element.

    Parameters
    ----------
    a, b : Tensor, array or number
        The minuend and the subtrahend; their shapes broadcast.
    alpha : number
        The factor of `b`, which has no gradient.

    Returns
    -------
    Tensor
        The broadcast shape and the promoted dtype.

    Raises
    ------
    ShapeError
        When the shapes do not broadcast.
    DTypeError
        When both are booleans.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.sub(gf.tensor([1.0, 2.0, 3.0]), 1.0, alpha=2)
    tensor([-1.,  0.,  1.])
    """
    return _sub(a, b) if alpha == 1 else _sub(a, mul(b, alpha))


def rsub(a: TensorLike, b: TensorLike) -> Tensor:
    """``b - a``, element by element: the operator ``-`` with the operands exchanged."""
    return _sub(b, a)


@elementwise(lambda g: -g)
def neg(xp: Namespace, x: TensorLike) -> Array:
    """``-x``, element by element.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; no booleans.

    Returns
    -------
    Tensor
        The shape and dtype of `x`.

    Raises
    ------
    DTypeError
        When `x` is boolean.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.neg(gf.tensor([0.5, 1.0]))
    tensor([-0.5000, -1.0000])
    """
    return xp.negative(x)


@wide
@elementwise(
    lambda xp, g, a, b: xp.flat(b == 0, g * b * xp.power(a, b - 1), g),
    lambda xp, g, y, a, b: xp.flat((a == 0) & (xp.real(b) >= 0), g * y * xp.log(a), g),
)
def _pow(xp: Namespace, a: Array, b: Array) -> Array:
    if a.dtype.kind in "iu" and xp.any(b < 0):
        raise _no_integer()
    return xp.power(a, b)


@wide
@elementwise(lambda xp, g, x, exponent: g * (exponent * xp.pow_scalar(x, exponent - 1)) if exponent else xp.zeros_like(g))
def _pow_scalar(xp: Namespace, x: Array, exponent: Any) -> Array:
    return xp.pow_scalar(x, exponent)


def _kind(x: Any) -> str:
    """The kind of the dtype of an array or a Tensor; "" for a number."""
    kind: str = x.dtype.kind if hasattr(x, "dtype") else ""
    return kind


def _no_integer() -> ArgumentError:
    return ArgumentError("pow: integers to negative integer powers are not integers; make the base a float first")


def pow(x: TensorLike, exponent: TensorLike) -> Tensor:
    """``x ** exponent``, element by element.

    d/dx is ``exponent * x**(exponent - 1)``, and 0 for the exponent 0.  d/dexponent is ``x**exponent * log(x)``; at ``x`` = 0 it
    is taken to be 0 for exponents from 0 on, as PyTorch takes it.

    Parameters
    ----------
    x : Tensor, array or number
        The base.
    exponent : Tensor, array or number
        The exponent; the shapes broadcast.  A number is cheaper than a Tensor.

    Returns
    -------
    Tensor
        The broadcast shape and the promoted dtype.  A negative float base with a fractional exponent gives NaN.

    Raises
    ------
    ArgumentError
        When an integer is raised to a negative integer power.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([2.0, 3.0], requires_grad=True)
    >>> y = gf.pow(x, 2)
    >>> y.sum().backward()
    >>> y.tolist(), x.grad.tolist()
    ([4.0, 9.0], [4.0, 6.0])
    """
    if isinstance(exponent, int | float) and not isinstance(exponent, bool) and (kind := _kind(x)):
        if kind in "iub" and isinstance(exponent, int) and exponent < 0:
            raise _no_integer()
        if kind not in "iub":
            return _pow_scalar(x, exponent)
    return _pow(x, exponent)


def rpow(x: TensorLike, base: TensorLike) -> Tensor:
    """``base ** x``, element by element: the operator ``**`` with the operands exchanged."""
    return _pow(base, x)


@elementwise(lambda xp, g, x: g * xp.sign(x))
def _abs(xp: Namespace, x: Array) -> Array:
    return xp.absolute(x)


@elementwise(lambda xp, g, x, y: xp.flat(y == 0, (g / y) * x, g), holomorphic=False)
def _modulus(xp: Namespace, x: Array) -> Array:
    return xp.absolute(x)


def abs(x: TensorLike) -> Tensor:
    """Absolute value ``|x|``, element by element.

    The derivative is the sign of ``x``, and taken to be 0 at 0.  Of a complex number the modulus is taken.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape.

    Returns
    -------
    Tensor
        The shape and dtype of `x`; complex numbers give the float dtype of their parts.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    >>> y = gf.abs(x)
    >>> y.sum().backward()
    >>> y.tolist(), x.grad.tolist()
    ([1.0, 0.0, 2.0], [-1.0, 0.0, 1.0])
    """
    return _modulus(x) if hasattr(x, "dtype") and x.dtype.kind == "c" else _abs(x)  # pyright: ignore[reportAttributeAccessIssue]


@elementwise(lambda xp, g, x: 2 * (g * x))
def square(xp: Namespace, x: TensorLike) -> Array:
    """``x * x``, element by element; the derivative is ``2 * x``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape.

    Returns
    -------
    Tensor
        The shape and dtype of `x`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.square(gf.tensor([0.5, 1.0]))
    tensor([0.2500, 1.0000])
    """
    return xp.square(x)


@elementwise(lambda g, y: g / (2 * y), floats=True)
def sqrt(xp: Namespace, x: TensorLike) -> Array:
    """Square root, element by element.

    The derivative is ``1 / (2 * sqrt(x))``, which is infinite at 0.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; a negative real number gives NaN.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.sqrt(gf.tensor([0.5, 1.0]))
    tensor([0.7071, 1.0000])
    """
    return xp.sqrt(x)


@elementwise(lambda g, x, y: g * (-0.5 * y / x), floats=True)
def rsqrt(xp: Namespace, x: TensorLike) -> Array:
    """``1 / sqrt(x)``, element by element; the derivative is ``-0.5 * x**-1.5``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; 0 gives infinity, a negative real number NaN.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.rsqrt(gf.tensor([0.5, 1.0]))
    tensor([1.4142, 1.0000])
    """
    return xp.reciprocal(xp.sqrt(x))


@elementwise(lambda g, y: -g * y * y, floats=True)
def reciprocal(xp: Namespace, x: TensorLike) -> Array:
    """``1 / x``, element by element; the derivative is ``-1 / x**2``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; 0 gives infinity.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.reciprocal(gf.tensor([0.5, 1.0]))
    tensor([2., 1.])
    """
    return xp.reciprocal(x)


@wide
@elementwise(lambda g, weight: g - g * weight, lambda g, weight: g * weight, lambda g, a, b: g * (b - a))
def lerp(xp: Namespace, a: TensorOrArray, b: TensorOrArray, weight: TensorOrArray | float) -> Array:
    """``a + weight * (b - a)``, element by element: the linear interpolation from ``a`` to ``b``.

    Parameters
    ----------
    a, b : Tensor or array
        The values at the weights 0 and 1.
    weight : Tensor, array or number
        Where between them to stand, also outside of 0 to 1.  The three shapes broadcast.

    Returns
    -------
    Tensor
        The broadcast shape and the promoted dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.lerp(gf.tensor([0.0]), gf.tensor([10.0]), 0.25)
    tensor([2.5000])
    """
    return a + weight * (b - a)


# --- what rules use ---------------------------------------------------------------------------------------------------


@elementwise(condition=None, d=lambda g: g, like=None)
def flat(xp: Namespace, condition: Array, d: Array, like: Array) -> Array:
    """``d``, the gradient by a rule's formula, and ``0 * like`` where ``condition``: there the slope is taken to be 0.

    Its derivative is that of ``d`` everywhere.  So a second derivative at such an element is what the formula gives, NaN where
    that has a pole, and not the 0 that a constant would give.
    """
    y = xp.flat(condition, d, like)
    return y * 1 if y is d else y  # d may be a symbol where condition, of which xp is, is an array


@linear(lambda xp, g, _x: xp.astype(g, _x.dtype))
def cast_to(xp: Namespace, x: Any, dtype: Any) -> Any:
    """``x`` with elements of another dtype; the gradient goes back in the dtype of ``x`` (its real part, if that is real)."""
    return xp.astype(x, dtype, copy=True)


def cast(x: Tensor, dtype: Any) -> Tensor:
    """``x`` with elements of ``dtype``; between floats it is recorded, to an integer or boolean type the graph ends."""
    return cast_to(x, dtype) if dtype.kind in "fc" else cast_to(x.detach(), dtype)
