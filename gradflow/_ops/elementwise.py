"""Arithmetic on each element alone: sums, products, powers, rounding.

A rule is the plain product of ``g`` and the slope, also of functions with an infinite slope somewhere: what becomes of 0 times
infinity is the engine's to tell (``engine/unused.py``).  Where a slope is taken to be 0 although the formula has none,
``xp.flat`` says so.
"""

from __future__ import annotations

from typing import Any

from .._engine import elementwise, linear, wide
from ..backend import cpu
from ..errors import ArgumentError, DivisionError, DTypeError
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
    """Elementwise product ``a * b``; shapes broadcast.

    >>> import gradflow as gf
    >>> gf.mul(gf.tensor([1.0, 2.0]), 3.0)
    tensor([3., 6.])
    """
    return xp.multiply(a, b)


@wide
@elementwise(lambda g, b: g / b, lambda g, a, b: -g * ((a / b) / b), floats=True)
def _div(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    return xp.divide(a, b)


def add(a: TensorLike, b: TensorLike, *, alpha: float = 1) -> Tensor:
    """``a + alpha * b``; shapes broadcast.

    >>> import gradflow as gf
    >>> gf.add(gf.tensor([1.0, 2.0]), 3.0, alpha=2)
    tensor([7., 8.])
    """
    return _add(a, b) if alpha == 1 else _add(a, mul(b, alpha))


def sub(a: TensorLike, b: TensorLike, *, alpha: float = 1) -> Tensor:
    """``a - alpha * b``; shapes broadcast.  DTypeError for booleans.

    >>> import gradflow as gf
    >>> gf.sub(gf.tensor([1.0, 2.0, 3.0]), 1.0, alpha=2)
    tensor([-1.,  0.,  1.])
    """
    return _sub(a, b) if alpha == 1 else _sub(a, mul(b, alpha))


def rsub(a: TensorLike, b: TensorLike) -> Tensor:
    """``b - a``."""
    return _sub(b, a)


def div(a: TensorLike, b: TensorLike, *, rounding_mode: str | None = None) -> Tensor:
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
        _no_zero("div", a, b)
        whole = trunc(_div(a, b))
        dtype = mul(a, b).dtype
        return cast_to(whole.detach(), dtype) if dtype.kind in "iu" else whole
    raise ArgumentError(f"div: rounding_mode is None, 'trunc' or 'floor', not {rounding_mode!r}")


def rdiv(a: TensorLike, b: TensorLike) -> Tensor:
    """``b / a``."""
    return _div(b, a)


@elementwise(lambda g: -g)
def neg(xp: Namespace, x: TensorLike) -> Array:
    """``-x``.

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
    """``x`` to the power ``exponent``; d/dx is exponent * x^(exponent - 1), 0 for exponent 0.

    d/dexponent is x^exponent log(x); at x = 0 it is taken to be 0 for exponents from 0 on, as PyTorch takes it.

    >>> import gradflow as gf
    >>> gf.pow(gf.tensor([2.0, 3.0]), 2)
    tensor([4., 9.])
    """
    if isinstance(exponent, int | float) and not isinstance(exponent, bool) and (kind := _kind(x)):
        if kind in "iub" and isinstance(exponent, int) and exponent < 0:
            raise _no_integer()
        if kind not in "iub":
            return _pow_scalar(x, exponent)
    return _pow(x, exponent)


def rpow(x: TensorLike, base: TensorLike) -> Tensor:
    """``base ** x``."""
    return _pow(base, x)


@elementwise(lambda xp, g, x: g * xp.sign(x))
def _abs(xp: Namespace, x: Array) -> Array:
    return xp.absolute(x)


@elementwise(lambda xp, g, x, y: xp.flat(y == 0, (g / y) * x, g), holomorphic=False)
def _modulus(xp: Namespace, x: Array) -> Array:
    return xp.absolute(x)


def abs(x: TensorLike) -> Tensor:
    """Absolute value ``|x|``; its derivative is taken to be 0 at 0.

    >>> import gradflow as gf
    >>> gf.abs(gf.tensor([-1.0, 2.0]))
    tensor([1., 2.])
    """
    return _modulus(x) if hasattr(x, "dtype") and x.dtype.kind == "c" else _abs(x)  # pyright: ignore[reportAttributeAccessIssue]


@elementwise(lambda xp, g, x: 2 * (g * x))
def square(xp: Namespace, x: TensorLike) -> Array:
    """``x * x``.

    >>> import gradflow as gf
    >>> gf.square(gf.tensor([0.5, 1.0]))
    tensor([0.2500, 1.0000])
    """
    return xp.square(x)


@elementwise(lambda g, y: g / (2 * y), floats=True)
def sqrt(xp: Namespace, x: TensorLike) -> Array:
    """Square root; d/dx is 1 / (2 sqrt(x)).

    >>> import gradflow as gf
    >>> gf.sqrt(gf.tensor([0.5, 1.0]))
    tensor([0.7071, 1.0000])
    """
    return xp.sqrt(x)


@elementwise(lambda g, x, y: g * (-0.5 * y / x), floats=True)
def rsqrt(xp: Namespace, x: TensorLike) -> Array:
    """``1 / sqrt(x)``.

    >>> import gradflow as gf
    >>> gf.rsqrt(gf.tensor([0.5, 1.0]))
    tensor([1.4142, 1.0000])
    """
    return xp.reciprocal(xp.sqrt(x))


@elementwise(lambda g, y: -g * y * y, floats=True)
def reciprocal(xp: Namespace, x: TensorLike) -> Array:
    """``1 / x``.

    >>> import gradflow as gf
    >>> gf.reciprocal(gf.tensor([0.5, 1.0]))
    tensor([2., 1.])
    """
    return xp.reciprocal(x)


def _no_zero(name: str, a: Any, b: Any) -> None:
    """ZeroDivisionError if whole numbers are to be divided by 0; NumPy, and ``gradflow.numpy``, warn and give 0."""
    if _whole(a) and _whole(b):
        b = b.array if hasattr(b, "node") else b
        if isinstance(b, int | cpu.ndarray | cpu.generic) and not cpu.all(cpu.asarray(b)):
            raise DivisionError(f"{name}: a whole number divided by 0; make one of the two a float, with which it is inf or nan")


def _whole(x: Any) -> bool:
    return x.dtype.kind in "biu" if hasattr(x, "dtype") else isinstance(x, int)


@wide
@elementwise(lambda g: g, lambda xp, g, a, b: -g * xp.floor(a / b))
def _remainder(xp: Namespace, a: Array, b: Array) -> Array:
    return xp.remainder(a, b)


def remainder(a: TensorLike, b: TensorLike) -> Tensor:
    """``a - b * floor(a / b)``, with the sign of ``b`` (Python's ``%``).

    ZeroDivisionError for whole numbers divided by 0, as in PyTorch (on CUDA, where looking would be a wait, they give 0).

    >>> import gradflow as gf
    >>> gf.remainder(gf.tensor([5.0, -5.0]), 3)
    tensor([2., 1.])
    """
    _no_zero("remainder", a, b)
    return _remainder(a, b)


@wide
@elementwise(lambda g: g, lambda xp, g, a, b: -g * xp.trunc(a / b))
def _fmod(xp: Namespace, a: Array, b: Array) -> Array:
    return xp.fmod(a, b)


def fmod(a: TensorLike, b: TensorLike) -> Tensor:
    """``a - b * trunc(a / b)``, with the sign of ``a`` (C's ``fmod``).

    ZeroDivisionError for whole numbers divided by 0, as in PyTorch (on CUDA, where looking would be a wait, they give 0).

    >>> import gradflow as gf
    >>> gf.fmod(gf.tensor([5.0, -5.0]), 3)
    tensor([ 2., -2.])
    """
    _no_zero("fmod", a, b)
    return _fmod(a, b)


@elementwise(lambda xp, g: xp.zeros_like(g), lambda xp, g: xp.zeros_like(g))
def _floor_divide(xp: Namespace, a: Array, b: Array) -> Array:
    return xp.floor_divide(a, b)


def floor_divide(a: TensorLike, b: TensorLike) -> Tensor:
    """``floor(a / b)``; flat almost everywhere, so its gradient is 0.

    ZeroDivisionError for whole numbers divided by 0, as in PyTorch (on CUDA, where looking would be a wait, they give 0).

    >>> import gradflow as gf
    >>> gf.floor_divide(gf.tensor([5.0, -5.0]), 3)
    tensor([ 1., -2.])
    """
    _no_zero("floor_divide", a, b)
    return _floor_divide(a, b)


def rfloor_divide(a: TensorLike, b: TensorLike) -> Tensor:
    """``floor(b / a)``."""
    return floor_divide(b, a)


def rremainder(a: TensorLike, b: TensorLike) -> Tensor:
    """``remainder(b, a)``."""
    return remainder(b, a)


@wide
@elementwise(lambda g, weight: g - g * weight, lambda g, weight: g * weight, lambda g, a, b: g * (b - a))
def lerp(xp: Namespace, a: TensorOrArray, b: TensorOrArray, weight: TensorOrArray | float) -> Array:
    """``a + weight * (b - a)``.

    >>> import gradflow as gf
    >>> gf.lerp(gf.tensor([0.0]), gf.tensor([10.0]), 0.25)
    tensor([2.5000])
    """
    return a + weight * (b - a)


# --- rounding: flat, so the gradient is 0 -------------------------------------------------------------------------


@elementwise(lambda xp, g: xp.zeros_like(g))
def sign(xp: Namespace, x: TensorOrArray) -> Array:
    """-1, 0 or 1; DTypeError for complex numbers.

    >>> import gradflow as gf
    >>> gf.sign(gf.tensor([-2.0, 0.0]))
    tensor([-1.,  0.])
    """
    if x.dtype.kind == "c":
        raise DTypeError(f"sign: {x.dtype} numbers have no sign; their direction is x / abs(x)")
    return xp.array(x, copy=True) if x.dtype == bool else xp.sign(x)


@elementwise(lambda xp, g: xp.zeros_like(g))
def floor(xp: Namespace, x: TensorLike) -> Array:
    """The largest whole number that is not above ``x``.

    >>> import gradflow as gf
    >>> gf.floor(gf.tensor([1.5, -1.5]))
    tensor([ 1., -2.])
    """
    return xp.floor(x)


@elementwise(lambda xp, g: xp.zeros_like(g))
def ceil(xp: Namespace, x: TensorLike) -> Array:
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
    return xp.rint(x) if x.dtype.kind == "f" else xp.array(x, copy=True)


def round(x: TensorLike, *, decimals: int = 0) -> Tensor:
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
def trunc(xp: Namespace, x: TensorLike) -> Array:
    """``x`` without its fraction.

    >>> import gradflow as gf
    >>> gf.trunc(gf.tensor([1.5, -1.5]))
    tensor([ 1., -1.])
    """
    return xp.trunc(x)


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
