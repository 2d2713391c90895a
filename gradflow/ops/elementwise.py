"""Operations on each element alone: arithmetic, powers, exponentials, trigonometry, comparison, selection.

Rules of functions with an infinite or missing derivative somewhere use ``xp.chain(g, d)``, the product that is 0 where
``g`` is 0: an element that the result does not depend on (the branch that ``where`` threw away) then gets 0, not NaN.
Formulas: NIST Digital Library of Mathematical Functions, chapters 4 and 7.
"""

from __future__ import annotations

import math
from typing import Any

from ..engine import cast_to, elementwise
from ..errors import ArgumentError, DTypeError
from ..typing import Array, DType, Namespace, TensorLike

# --- arithmetic ---------------------------------------------------------------------------------------------------


@elementwise(lambda g: g, lambda g: g)
def _add(xp: Namespace, a: Array, b: Array) -> Array:
    return xp.add(a, b)


@elementwise(lambda g: g, lambda g: -g)
def _sub(xp: Namespace, a: Array, b: Array) -> Array:
    return xp.subtract(a, b)


@elementwise(lambda g, b: g * b, lambda g, a: g * a)
def mul(xp: Namespace, a: Array, b: Array) -> Array:
    """Elementwise product ``a * b``; shapes broadcast.

    >>> import gradflow as gf
    >>> gf.mul(gf.tensor([1.0, 2.0]), 3.0)
    tensor([3., 6.])
    """
    return xp.multiply(a, b)


@elementwise(lambda xp, g, b: xp.chain(g, xp.reciprocal(b)), lambda xp, g, y, b: xp.chain(g, -y / b), floats=True)
def _div(xp: Namespace, a: Array, b: Array) -> Array:
    return xp.divide(a, b)


def add(a: TensorLike, b: TensorLike, *, alpha: float = 1) -> Any:
    """``a + alpha * b``; shapes broadcast.

    >>> import gradflow as gf
    >>> gf.add(gf.tensor([1.0, 2.0]), 3.0, alpha=2)
    tensor([7., 8.])
    """
    return _add(a, b) if alpha == 1 else _add(a, mul(b, alpha))


def sub(a: TensorLike, b: TensorLike, *, alpha: float = 1) -> Any:
    """``a - alpha * b``; shapes broadcast.  DTypeError for booleans.

    >>> import gradflow as gf
    >>> gf.sub(gf.tensor([1.0, 2.0, 3.0]), 1.0, alpha=2)
    tensor([-1.,  0.,  1.])
    """
    return _sub(a, b) if alpha == 1 else _sub(a, mul(b, alpha))


def rsub(a: TensorLike, b: TensorLike) -> Any:
    """``b - a``."""
    return _sub(b, a)


def div(a: TensorLike, b: TensorLike, *, rounding_mode: str | None = None) -> Any:
    """``a / b``; integers give floats.  ``rounding_mode``: None, "trunc" (towards 0) or "floor".

    >>> import gradflow as gf
    >>> gf.div(gf.tensor([7.0, -7.0]), 2, rounding_mode="floor")
    tensor([ 3., -4.])
    """
    if rounding_mode is None:
        return _div(a, b)
    if rounding_mode == "floor":
        return floor_divide(a, b)
    if rounding_mode == "trunc":
        whole = trunc(_div(a, b))
        dtype = mul(a, b).dtype
        return cast_to(whole.detach(), dtype) if dtype.kind in "iu" else whole
    raise ArgumentError(f"div: rounding_mode is None, 'trunc' or 'floor', not {rounding_mode!r}")


def rdiv(a: TensorLike, b: TensorLike) -> Any:
    """``b / a``."""
    return _div(b, a)


@elementwise(lambda g: -g)
def neg(xp: Namespace, x: Array) -> Array:
    """``-x``.

    >>> import gradflow as gf
    >>> gf.neg(gf.tensor([0.5, 1.0]))
    tensor([-0.5000, -1.0000])
    """
    return xp.negative(x)


@elementwise(
    lambda xp, g, a, b: xp.chain(g * b, xp.power(a, b - 1)),
    lambda xp, g, y, a, b: xp.chain(xp.chain(g, xp.where((a == 0) & (xp.real(b) >= 0), xp.zeros_like(y), y)), xp.log(a)),
)
def _pow(xp: Namespace, a: Array, b: Array) -> Array:
    if a.dtype.kind in "iu" and (b < 0).any():
        raise _no_integer()
    return xp.power(a, b)


@elementwise(lambda xp, g, x, exponent: xp.chain(g, exponent * xp.pow_scalar(x, exponent - 1)) if exponent else xp.zeros_like(g))
def _pow_scalar(xp: Namespace, x: Array, exponent: Any) -> Array:
    return xp.pow_scalar(x, exponent)


def _no_integer() -> ArgumentError:
    return ArgumentError("pow: integers to negative integer powers are not integers; make the base a float first")


def pow(x: TensorLike, exponent: TensorLike) -> Any:
    """``x`` to the power ``exponent``; d/dx is exponent * x^(exponent - 1), 0 for exponent 0.

    >>> import gradflow as gf
    >>> gf.pow(gf.tensor([2.0, 3.0]), 2)
    tensor([4., 9.])
    """
    if isinstance(exponent, int | float) and not isinstance(exponent, bool) and hasattr(x, "dtype"):
        if x.dtype.kind in "iub" and isinstance(exponent, int) and exponent < 0:
            raise _no_integer()
        if x.dtype.kind not in "iub":
            return _pow_scalar(x, exponent)
    return _pow(x, exponent)


def rpow(x: TensorLike, base: TensorLike) -> Any:
    """``base ** x``."""
    return _pow(base, x)


@elementwise(lambda xp, g, x: xp.chain(xp.sign(x), g))  # 0 at 0, even of an infinite g
def _abs(xp: Namespace, x: Array) -> Array:
    return xp.absolute(x)


def safe(xp: Namespace, y: Array) -> Array:
    """``y`` with 1 for 0: a divisor."""
    return xp.where(y == 0, xp.ones_like(y), y)


@elementwise(lambda xp, g, x, y: xp.where(y == 0, xp.zeros_like(y), g / safe(xp, y)) * x, holomorphic=False)
def _modulus(xp: Namespace, x: Array) -> Array:
    return xp.absolute(x)


def abs(x: TensorLike) -> Any:
    """Absolute value ``|x|``; its derivative is taken to be 0 at 0.

    >>> import gradflow as gf
    >>> gf.abs(gf.tensor([-1.0, 2.0]))
    tensor([1., 2.])
    """
    return _modulus(x) if hasattr(x, "dtype") and x.dtype.kind == "c" else _abs(x)


@elementwise(lambda xp, g, x: 2 * (g * x))
def square(xp: Namespace, x: Array) -> Array:
    """``x * x``.

    >>> import gradflow as gf
    >>> gf.square(gf.tensor([0.5, 1.0]))
    tensor([0.2500, 1.0000])
    """
    return xp.square(x)


@elementwise(lambda xp, g, y: xp.chain(g, 0.5 / y), floats=True)
def sqrt(xp: Namespace, x: Array) -> Array:
    """Square root; d/dx is 1 / (2 sqrt(x)).

    >>> import gradflow as gf
    >>> gf.sqrt(gf.tensor([0.5, 1.0]))
    tensor([0.7071, 1.0000])
    """
    return xp.sqrt(x)


@elementwise(lambda xp, g, x, y: xp.chain(g, -0.5 * y / x), floats=True)
def rsqrt(xp: Namespace, x: Array) -> Array:
    """``1 / sqrt(x)``.

    >>> import gradflow as gf
    >>> gf.rsqrt(gf.tensor([0.5, 1.0]))
    tensor([1.4142, 1.0000])
    """
    return xp.reciprocal(xp.sqrt(x))


@elementwise(lambda xp, g, y: -xp.chain(xp.chain(g, y), y), floats=True)
def reciprocal(xp: Namespace, x: Array) -> Array:
    """``1 / x``.

    >>> import gradflow as gf
    >>> gf.reciprocal(gf.tensor([0.5, 1.0]))
    tensor([2., 1.])
    """
    return xp.reciprocal(x)


@elementwise(lambda g: g, lambda xp, g, a, b: -g * xp.floor(a / b))
def remainder(xp: Namespace, a: Array, b: Array) -> Array:
    """``a - b * floor(a / b)``, with the sign of ``b`` (Python's ``%``).

    >>> import gradflow as gf
    >>> gf.remainder(gf.tensor([5.0, -5.0]), 3)
    tensor([2., 1.])
    """
    return xp.remainder(a, b)


@elementwise(lambda g: g, lambda xp, g, a, b: -g * xp.trunc(a / b))
def fmod(xp: Namespace, a: Array, b: Array) -> Array:
    """``a - b * trunc(a / b)``, with the sign of ``a`` (C's ``fmod``).

    >>> import gradflow as gf
    >>> gf.fmod(gf.tensor([5.0, -5.0]), 3)
    tensor([ 2., -2.])
    """
    return xp.fmod(a, b)


@elementwise(lambda xp, g: xp.zeros_like(g), lambda xp, g: xp.zeros_like(g))
def floor_divide(xp: Namespace, a: Array, b: Array) -> Array:
    """``floor(a / b)``; flat almost everywhere, so its gradient is 0.

    >>> import gradflow as gf
    >>> gf.floor_divide(gf.tensor([5.0, -5.0]), 3)
    tensor([ 1., -2.])
    """
    return xp.floor_divide(a, b)


def rfloor_divide(a: TensorLike, b: TensorLike) -> Any:
    """``floor(b / a)``."""
    return floor_divide(b, a)


def rremainder(a: TensorLike, b: TensorLike) -> Any:
    """``remainder(b, a)``."""
    return remainder(b, a)


@elementwise(lambda g, weight: g - g * weight, lambda g, weight: g * weight, lambda g, a, b: g * (b - a))
def lerp(xp: Namespace, a: Array, b: Array, weight: Array) -> Array:
    """``a + weight * (b - a)``.

    >>> import gradflow as gf
    >>> gf.lerp(gf.tensor([0.0]), gf.tensor([10.0]), 0.25)
    tensor([2.5000])
    """
    return a + weight * (b - a)


# --- rounding: flat, so the gradient is 0 -------------------------------------------------------------------------


@elementwise(lambda xp, g: xp.zeros_like(g))
def sign(xp: Namespace, x: Array) -> Array:
    """-1, 0 or 1; DTypeError for complex numbers.

    >>> import gradflow as gf
    >>> gf.sign(gf.tensor([-2.0, 0.0]))
    tensor([-1.,  0.])
    """
    if x.dtype.kind == "c":
        raise DTypeError(f"sign: {x.dtype} numbers have no sign; their direction is x / abs(x)")
    return xp.astype(x, x.dtype) if x.dtype == bool else xp.sign(x)


@elementwise(lambda xp, g: xp.zeros_like(g))
def floor(xp: Namespace, x: Array) -> Array:
    """The largest whole number that is not above ``x``.

    >>> import gradflow as gf
    >>> gf.floor(gf.tensor([1.5, -1.5]))
    tensor([ 1., -2.])
    """
    return xp.floor(x)


@elementwise(lambda xp, g: xp.zeros_like(g))
def ceil(xp: Namespace, x: Array) -> Array:
    """The smallest whole number that is not below ``x``.

    >>> import gradflow as gf
    >>> gf.ceil(gf.tensor([1.5, -1.5]))
    tensor([ 2., -1.])
    """
    return xp.ceil(x)


@elementwise(lambda xp, g: xp.zeros_like(g))
def _round(xp: Namespace, x: Array) -> Array:
    if x.dtype.kind == "c":
        raise DTypeError(f"round: {x.dtype} numbers are not rounded; take .real and .imag")
    return xp.rint(x) if x.dtype.kind == "f" else x.copy()


def round(x: TensorLike, *, decimals: int = 0) -> Any:
    """``x`` to the nearest number with that many decimals, halves to the even one; the gradient is 0.

    >>> import gradflow as gf
    >>> gf.round(gf.tensor([1.26, 2.5]), decimals=1)
    tensor([1.3000, 2.5000])
    """
    if decimals == 0:
        return _round(x)
    scale = 10.0**decimals
    return _div(_round(mul(x, scale)), scale)


@elementwise(lambda xp, g: xp.zeros_like(g))
def trunc(xp: Namespace, x: Array) -> Array:
    """``x`` without its fraction.

    >>> import gradflow as gf
    >>> gf.trunc(gf.tensor([1.5, -1.5]))
    tensor([ 1., -1.])
    """
    return xp.trunc(x)


# --- exponentials and logarithms ------------------------------------------------------------------------------------


@elementwise(lambda g, y: g * y, floats=True)
def exp(xp: Namespace, x: Array) -> Array:
    """e to the power ``x``.

    >>> import gradflow as gf
    >>> gf.exp(gf.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """
    return xp.exp(x)


@elementwise(lambda g, y: g * y + g, floats=True)
def expm1(xp: Namespace, x: Array) -> Array:
    """``exp(x) - 1``, accurate near 0.

    >>> import gradflow as gf
    >>> gf.expm1(gf.tensor([0.5, 1.0]))
    tensor([0.6487, 1.7183])
    """
    return xp.expm1(x)


@elementwise(lambda xp, g, x: xp.chain(g, xp.reciprocal(x)), floats=True)
def log(xp: Namespace, x: Array) -> Array:
    """Natural logarithm.

    >>> import gradflow as gf
    >>> gf.log(gf.tensor([0.5, 1.0]))
    tensor([-0.6931,  0.0000])
    """
    return xp.log(x)


@elementwise(lambda xp, g, x: xp.chain(g, xp.reciprocal(x + 1)), floats=True)
def log1p(xp: Namespace, x: Array) -> Array:
    """``log(1 + x)``, accurate near 0.

    >>> import gradflow as gf
    >>> gf.log1p(gf.tensor([0.5, 1.0]))
    tensor([0.4055, 0.6931])
    """
    return xp.log1p(x)


@elementwise(lambda xp, g, x: xp.chain(g, xp.reciprocal(x * math.log(2))), floats=True)
def log2(xp: Namespace, x: Array) -> Array:
    """Logarithm to base 2.

    >>> import gradflow as gf
    >>> gf.log2(gf.tensor([0.5, 1.0]))
    tensor([-1.,  0.])
    """
    return xp.log2(x)


@elementwise(lambda xp, g, x: xp.chain(g, xp.reciprocal(x * math.log(10))), floats=True)
def log10(xp: Namespace, x: Array) -> Array:
    """Logarithm to base 10.

    >>> import gradflow as gf
    >>> gf.log10(gf.tensor([0.5, 1.0]))
    tensor([-0.3010,  0.0000])
    """
    return xp.log10(x)


@elementwise(lambda xp, g, x: (2 / math.sqrt(math.pi)) * (g * xp.exp(-(x * x))), floats=True)
def erf(xp: Namespace, x: Array) -> Array:
    """The error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to ``x`` (DLMF 7.2.1).

    >>> import gradflow as gf
    >>> gf.erf(gf.tensor([0.5, 1.0]))
    tensor([0.5205, 0.8427])
    """
    if x.dtype.kind == "c":
        raise DTypeError(f"erf: takes real numbers, not {x.dtype}")
    return xp.erf(x)


@elementwise(lambda g, y: g * (y - y * y), floats=True)
def sigmoid(xp: Namespace, x: Array) -> Array:
    """``1 / (1 + exp(-x))``, without overflow and accurate in both tails; d/dx is y (1 - y).

    >>> import gradflow as gf
    >>> gf.sigmoid(gf.tensor([0.0, 100.0]))
    tensor([0.5000, 1.0000])
    """
    return xp.sigmoid(x)


# --- trigonometric and hyperbolic functions ---------------------------------------------------------------------------


@elementwise(lambda xp, g, x: g * xp.cos(x), floats=True)
def sin(xp: Namespace, x: Array) -> Array:
    """Sine of ``x`` in radians.

    >>> import gradflow as gf
    >>> gf.sin(gf.tensor([0.5, 1.0]))
    tensor([0.4794, 0.8415])
    """
    return xp.sin(x)


@elementwise(lambda xp, g, x: -g * xp.sin(x), floats=True)
def cos(xp: Namespace, x: Array) -> Array:
    """Cosine of ``x`` in radians.

    >>> import gradflow as gf
    >>> gf.cos(gf.tensor([0.5, 1.0]))
    tensor([0.8776, 0.5403])
    """
    return xp.cos(x)


@elementwise(lambda g, y: g + g * y * y, floats=True)
def tan(xp: Namespace, x: Array) -> Array:
    """Tangent of ``x`` in radians.

    >>> import gradflow as gf
    >>> gf.tan(gf.tensor([0.5, 1.0]))
    tensor([0.5463, 1.5574])
    """
    return xp.tan(x)


@elementwise(lambda xp, g, x: xp.chain(g, xp.reciprocal(xp.sqrt(1 - x * x))), floats=True)
def asin(xp: Namespace, x: Array) -> Array:
    """Inverse sine, in radians.

    >>> import gradflow as gf
    >>> gf.asin(gf.tensor([0.5, 1.0]))
    tensor([0.5236, 1.5708])
    """
    return xp.arcsin(x)


@elementwise(lambda xp, g, x: xp.chain(g, -xp.reciprocal(xp.sqrt(1 - x * x))), floats=True)
def acos(xp: Namespace, x: Array) -> Array:
    """Inverse cosine, in radians.

    >>> import gradflow as gf
    >>> gf.acos(gf.tensor([0.5, 1.0]))
    tensor([1.0472, 0.0000])
    """
    return xp.arccos(x)


@elementwise(lambda xp, g, x: g / (1 + x * x), floats=True)
def atan(xp: Namespace, x: Array) -> Array:
    """Inverse tangent, in radians.

    >>> import gradflow as gf
    >>> gf.atan(gf.tensor([0.5, 1.0]))
    tensor([0.4636, 0.7854])
    """
    return xp.arctan(x)


@elementwise(
    lambda xp, g, a, b: xp.chain(g, b / (a * a + b * b)),
    lambda xp, g, a, b: xp.chain(g, -a / (a * a + b * b)),
    floats=True,
)
def atan2(xp: Namespace, a: Array, b: Array) -> Array:
    """The angle of the point (``b``, ``a``), in radians from -pi to pi.

    >>> import gradflow as gf
    >>> gf.atan2(gf.tensor([1.0]), gf.tensor([-1.0]))
    tensor([2.3562])
    """
    return xp.arctan2(a, b)


@elementwise(lambda xp, g, x: g * xp.cosh(x), floats=True)
def sinh(xp: Namespace, x: Array) -> Array:
    """Hyperbolic sine.

    >>> import gradflow as gf
    >>> gf.sinh(gf.tensor([0.5, 1.0]))
    tensor([0.5211, 1.1752])
    """
    return xp.sinh(x)


@elementwise(lambda xp, g, x: g * xp.sinh(x), floats=True)
def cosh(xp: Namespace, x: Array) -> Array:
    """Hyperbolic cosine.

    >>> import gradflow as gf
    >>> gf.cosh(gf.tensor([0.5, 1.0]))
    tensor([1.1276, 1.5431])
    """
    return xp.cosh(x)


@elementwise(lambda g, y: g - g * (y * y), floats=True)
def tanh(xp: Namespace, x: Array) -> Array:
    """Hyperbolic tangent; d/dx is 1 - y^2.

    >>> import gradflow as gf
    >>> gf.tanh(gf.tensor([0.5, 1.0]))
    tensor([0.4621, 0.7616])
    """
    return xp.tanh(x)


@elementwise(lambda xp, g, x: g / xp.sqrt(x * x + 1), floats=True)
def asinh(xp: Namespace, x: Array) -> Array:
    """Inverse hyperbolic sine.

    >>> import gradflow as gf
    >>> gf.asinh(gf.tensor([0.5, 1.0]))
    tensor([0.4812, 0.8814])
    """
    return xp.arcsinh(x)


@elementwise(lambda xp, g, x: xp.chain(g, xp.reciprocal(xp.sqrt(x - 1) * xp.sqrt(x + 1))), floats=True)
def acosh(xp: Namespace, x: Array) -> Array:
    """Inverse hyperbolic cosine.

    >>> import gradflow as gf
    >>> gf.acosh(gf.tensor([1.0, 2.0]))
    tensor([0.0000, 1.3170])
    """
    return xp.arccosh(x)


@elementwise(lambda xp, g, x: xp.chain(g, xp.reciprocal(1 - x * x)), floats=True)
def atanh(xp: Namespace, x: Array) -> Array:
    """Inverse hyperbolic tangent.

    >>> import gradflow as gf
    >>> gf.atanh(gf.tensor([0.0, 0.5]))
    tensor([0.0000, 0.5493])
    """
    return xp.arctanh(x)


# --- selection --------------------------------------------------------------------------------------------------------


def _ordered(name: str, x: Array) -> None:
    if x.dtype.kind == "c":
        raise DTypeError(f"{name}: {x.dtype} numbers have no order; compare .real, .imag or .abs()")


def _share(xp: Namespace, a: Array, b: Array, g: Array) -> Array:
    """1 where ``a`` is the larger, 1/2 where both are equal, 0 elsewhere."""
    return xp.astype(a > b, g.dtype) + 0.5 * xp.astype(a == b, g.dtype)


@elementwise(lambda xp, g, a, b: g * _share(xp, a, b, g), lambda xp, g, a, b: g * _share(xp, b, a, g))
def maximum(xp: Namespace, a: Array, b: Array) -> Array:
    """The larger of the two; where they are equal each gets half of the gradient.

    >>> import gradflow as gf
    >>> gf.maximum(gf.tensor([1.0, 5.0]), gf.tensor([2.0, 4.0]))
    tensor([2., 5.])
    """
    _ordered("maximum", a)
    return xp.maximum(a, b)


@elementwise(lambda xp, g, a, b: g * _share(xp, b, a, g), lambda xp, g, a, b: g * _share(xp, a, b, g))
def minimum(xp: Namespace, a: Array, b: Array) -> Array:
    """The smaller of the two; where they are equal each gets half of the gradient.

    >>> import gradflow as gf
    >>> gf.minimum(gf.tensor([1.0, 5.0]), gf.tensor([2.0, 4.0]))
    tensor([1., 4.])
    """
    _ordered("minimum", a)
    return xp.minimum(a, b)


@elementwise(
    condition=None,
    a=lambda xp, g, condition: xp.where(condition, g, xp.zeros_like(g)),
    b=lambda xp, g, condition: xp.where(condition, xp.zeros_like(g), g),
)
def _where(xp: Namespace, condition: Array, a: Array, b: Array) -> Array:
    if condition.dtype != bool:
        raise DTypeError(f"where: the condition is an array of booleans, not {condition.dtype}; compare it with something")
    return xp.where(condition, a, b)


@elementwise(lambda xp, g, x, low: g * xp.astype(x >= low, g.dtype))
def _clamp_min(xp: Namespace, x: Array, low: Any) -> Array:
    return xp.maximum(x, xp.scalar(low, x.dtype))


@elementwise(lambda xp, g, x, high: g * xp.astype(x <= high, g.dtype))
def _clamp_max(xp: Namespace, x: Array, high: Any) -> Array:
    return xp.minimum(x, xp.scalar(high, x.dtype))


@elementwise(lambda xp, g, x, low: g * xp.astype(x >= low, g.dtype), lambda xp, g, x, low: g * xp.astype(x < low, g.dtype))
def _at_least(xp: Namespace, x: Array, low: Array) -> Array:
    _ordered("clamp", x)
    return xp.maximum(x, low)


@elementwise(lambda xp, g, x, high: g * xp.astype(x <= high, g.dtype), lambda xp, g, x, high: g * xp.astype(x > high, g.dtype))
def _at_most(xp: Namespace, x: Array, high: Array) -> Array:
    _ordered("clamp", x)
    return xp.minimum(x, high)


def clamp(x: TensorLike, min: TensorLike | None = None, max: TensorLike | None = None) -> Any:
    """``x`` held between ``min`` and ``max`` (numbers or tensors; None: no bound).

    The gradient goes to ``x`` inside of the bounds and on them, to a bound outside of it.

    >>> import gradflow as gf
    >>> gf.clamp(gf.tensor([-2.0, 0.5, 2.0]), -1, 1)
    tensor([-1.0000,  0.5000,  1.0000])
    """
    if min is None and max is None:
        raise ArgumentError("clamp: give min, max or both")
    if min is not None:
        x = _clamp_min(x, min) if _fits(x, min) else _at_least(x, min)
    if max is not None:
        x = _clamp_max(x, max) if _fits(x, max) else _at_most(x, max)
    return x


def _fits(x: Any, bound: Any) -> bool:
    """True if the number ``bound`` can become of ``x``'s dtype without promoting ``x``."""
    kind = x.dtype.kind if hasattr(x, "dtype") else "?"
    return (isinstance(bound, int) and kind in "fiu") or (isinstance(bound, float) and kind == "f")


# --- comparison and logic: booleans, no gradient ----------------------------------------------------------------------


@elementwise(None, None)
def eq(xp: Namespace, a: Array, b: Array) -> Array:
    """``a == b``, element by element.

    >>> import gradflow as gf
    >>> gf.tensor([1.0, 2.0]) == 2
    tensor([False,  True])
    """
    return xp.equal(a, b)


@elementwise(None, None)
def ne(xp: Namespace, a: Array, b: Array) -> Array:
    """``a != b``, element by element.

    >>> import gradflow as gf
    >>> gf.tensor([1.0, 2.0]) != 2
    tensor([ True, False])
    """
    return xp.not_equal(a, b)


@elementwise(None, None)
def lt(xp: Namespace, a: Array, b: Array) -> Array:
    """``a < b``, element by element.

    >>> import gradflow as gf
    >>> gf.tensor([1.0, 2.0]) < 2
    tensor([ True, False])
    """
    _ordered("lt", a)
    return xp.less(a, b)


@elementwise(None, None)
def le(xp: Namespace, a: Array, b: Array) -> Array:
    """``a <= b``, element by element.

    >>> import gradflow as gf
    >>> gf.tensor([1.0, 2.0]) <= 2
    tensor([True, True])
    """
    _ordered("le", a)
    return xp.less_equal(a, b)


@elementwise(None, None)
def gt(xp: Namespace, a: Array, b: Array) -> Array:
    """``a > b``, element by element.

    >>> import gradflow as gf
    >>> gf.tensor([1.0, 2.0]) > 2
    tensor([False, False])
    """
    _ordered("gt", a)
    return xp.greater(a, b)


@elementwise(None, None)
def ge(xp: Namespace, a: Array, b: Array) -> Array:
    """``a >= b``, element by element.

    >>> import gradflow as gf
    >>> gf.tensor([1.0, 2.0]) >= 2
    tensor([False,  True])
    """
    _ordered("ge", a)
    return xp.greater_equal(a, b)


@elementwise(None, None)
def logical_and(xp: Namespace, a: Array, b: Array) -> Array:
    """True where both are nonzero.

    >>> import gradflow as gf
    >>> gf.logical_and(gf.tensor([True, False]), gf.tensor([True, True]))
    tensor([ True, False])
    """
    return xp.logical_and(a, b)


@elementwise(None, None)
def logical_or(xp: Namespace, a: Array, b: Array) -> Array:
    """True where one or both are nonzero.

    >>> import gradflow as gf
    >>> gf.logical_or(gf.tensor([True, False]), gf.tensor([False, False]))
    tensor([ True, False])
    """
    return xp.logical_or(a, b)


@elementwise(None, None)
def logical_xor(xp: Namespace, a: Array, b: Array) -> Array:
    """True where just one is nonzero.

    >>> import gradflow as gf
    >>> gf.logical_xor(gf.tensor([True, False]), gf.tensor([True, True]))
    tensor([False,  True])
    """
    return xp.logical_xor(a, b)


@elementwise(None)
def logical_not(xp: Namespace, x: Array) -> Array:
    """True where ``x`` is zero.

    >>> import gradflow as gf
    >>> gf.logical_not(gf.tensor([True, False]))
    tensor([False,  True])
    """
    return xp.logical_not(x)


@elementwise(None, None)
def bitwise_and(xp: Namespace, a: Array, b: Array) -> Array:
    """``a & b`` of integers or booleans.

    >>> import gradflow as gf
    >>> gf.bitwise_and(gf.tensor([6]), gf.tensor([3]))
    tensor([2])
    """
    return xp.bitwise_and(a, b)


@elementwise(None, None)
def bitwise_or(xp: Namespace, a: Array, b: Array) -> Array:
    """``a | b`` of integers or booleans.

    >>> import gradflow as gf
    >>> gf.bitwise_or(gf.tensor([6]), gf.tensor([3]))
    tensor([7])
    """
    return xp.bitwise_or(a, b)


@elementwise(None, None)
def bitwise_xor(xp: Namespace, a: Array, b: Array) -> Array:
    """``a ^ b`` of integers or booleans.

    >>> import gradflow as gf
    >>> gf.bitwise_xor(gf.tensor([6]), gf.tensor([3]))
    tensor([5])
    """
    return xp.bitwise_xor(a, b)


@elementwise(None)
def bitwise_not(xp: Namespace, x: Array) -> Array:
    """``~x`` of integers or booleans.

    >>> import gradflow as gf
    >>> gf.bitwise_not(gf.tensor([True, False]))
    tensor([False,  True])
    """
    return xp.invert(x)


@elementwise(None)
def isnan(xp: Namespace, x: Array) -> Array:
    """True where ``x`` is not a number.

    >>> import gradflow as gf
    >>> gf.isnan(gf.tensor([1.0, float("nan")]))
    tensor([False,  True])
    """
    return xp.isnan(x)


@elementwise(None)
def isinf(xp: Namespace, x: Array) -> Array:
    """True where ``x`` is infinite.

    >>> import gradflow as gf
    >>> gf.isinf(gf.tensor([1.0, float("inf")]))
    tensor([False,  True])
    """
    return xp.isinf(x)


@elementwise(None)
def isfinite(xp: Namespace, x: Array) -> Array:
    """True where ``x`` is neither infinite nor NaN.

    >>> import gradflow as gf
    >>> gf.isfinite(gf.tensor([1.0, float("inf")]))
    tensor([ True, False])
    """
    return xp.isfinite(x)


# --- complex numbers ----------------------------------------------------------------------------------------------------


@elementwise(lambda xp, g: xp.conjugate(g), holomorphic=False)
def _conj(xp: Namespace, x: Array) -> Array:
    return xp.conjugate(x)


def conj(x: TensorLike) -> Any:
    """The complex conjugate; a real tensor is returned as it is.

    >>> import gradflow as gf
    >>> gf.conj(gf.tensor([1 + 2j]))
    tensor([1.-2.j], dtype=complex64)
    """
    return x if hasattr(x, "dtype") and x.dtype.kind != "c" else _conj(x)


@elementwise(lambda xp, g, _x: xp.astype(g, _x.dtype), holomorphic=False)
def _real(xp: Namespace, x: Array) -> Array:
    return xp.real(x).copy()


def real(x: TensorLike) -> Any:
    """The real part (a copy); a real tensor is returned as it is.

    >>> import gradflow as gf
    >>> gf.real(gf.tensor([1 + 2j]))
    tensor([1.])
    """
    return x if hasattr(x, "dtype") and x.dtype.kind != "c" else _real(x)


@elementwise(lambda xp, g, _x: 1j * xp.astype(g, _x.dtype), holomorphic=False)
def imag(xp: Namespace, x: Array) -> Array:
    """The imaginary part of a complex tensor (a copy).

    >>> import gradflow as gf
    >>> gf.imag(gf.tensor([1 + 2j]))
    tensor([2.])
    """
    if x.dtype.kind != "c":
        raise DTypeError(f"imag: a tensor of dtype {x.dtype} has no imaginary part")
    return xp.imag(x).copy()


def angle(x: TensorLike) -> Any:
    """The angle of ``x`` in the complex plane, in radians.

    >>> import gradflow as gf
    >>> gf.angle(gf.tensor([1j]))
    tensor([1.5708])
    """
    if hasattr(x, "dtype") and x.dtype.kind == "c":
        return atan2(imag(x), real(x))
    return _half_turn(x)


@elementwise(lambda xp, g: xp.zeros_like(g), floats=True)
def _half_turn(xp: Namespace, x: Array) -> Array:
    return xp.arctan2(xp.zeros_like(x), x + 0.0)  # + 0.0: of -0.0 it is 0, not pi


# --- products that rules use ------------------------------------------------------------------------------------------


@elementwise(lambda xp, g, d: xp.chain(g, d), lambda xp, g, a: xp.chain(g, a))
def chain(xp: Namespace, a: Array, d: Array) -> Array:
    """``a * d``, and 0 wherever ``a`` is 0, even where ``d`` is infinite or NaN."""
    return xp.chain(a, d)


def where(condition: TensorLike, a: TensorLike | None = None, b: TensorLike | None = None) -> Any:
    """``a`` where ``condition`` is true, ``b`` elsewhere; each gets the gradient of the elements taken from it.

    ``where(condition)`` alone is ``nonzero(condition, as_tuple=True)``.

    >>> import gradflow as gf
    >>> gf.where(gf.tensor([True, False]), 1.0, gf.tensor([5.0, 6.0]))
    tensor([1., 6.])
    """
    if a is None and b is None:
        from .index import nonzero

        return nonzero(condition, as_tuple=True)
    return _where(condition, a, b)


def cast(x: TensorLike, dtype: DType) -> Any:
    """``x`` with elements of ``dtype``; between floats it is recorded, to an integer or boolean type the graph ends."""
    return cast_to(x, dtype) if dtype.kind in "fc" else cast_to(x.detach(), dtype)
