"""Division, remainders and rounding, each on every element alone."""

from __future__ import annotations

from typing import Any

from .._engine import elementwise, wide
from ..backend import cpu
from ..errors import ArgumentError, DivisionError, DTypeError
from ..typing import Array, Namespace, Tensor, TensorLike, TensorOrArray
from .elementwise import _div, cast_to, mul


def div(a: TensorLike, b: TensorLike, *, rounding_mode: str | None = None) -> Tensor:
    """``a / b``, element by element, as a float or rounded to a whole number.

    Without rounding the derivatives are ``1 / b`` and ``-a / b**2``; with rounding they are 0.

    Parameters
    ----------
    a, b : Tensor, array or number
        The dividend and the divisor; their shapes broadcast.
    rounding_mode : {None, "trunc", "floor"}
        None does not round, "trunc" rounds towards 0, "floor" towards minus infinity.

    Returns
    -------
    Tensor
        The broadcast shape.  Integers give the default dtype without rounding, and integers with it.

    Raises
    ------
    DivisionError
        When a whole number is divided by 0 and the result is rounded.  On CUDA the result is 0.
    ArgumentError
        When `rounding_mode` is another word.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.div(gf.tensor([7, -7]), 2)
    tensor([ 3.5000, -3.5000])
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
    """``b / a``, element by element: the operator ``/`` with the operands exchanged."""
    return _div(b, a)


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
    """``a - b * floor(a / b)``, element by element, with the sign of ``b`` (Python's ``%``).

    d/da is 1, d/db is ``-floor(a / b)``.

    Parameters
    ----------
    a, b : Tensor, array or number
        The dividend and the divisor; their shapes broadcast.

    Returns
    -------
    Tensor
        The broadcast shape and the promoted dtype; a float divided by 0 gives NaN.

    Raises
    ------
    DivisionError
        When a whole number is divided by 0, as in PyTorch.  On CUDA, where the check would wait for the device, the result is 0.
    DTypeError
        When one is complex.

    Examples
    --------
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
    """``a - b * trunc(a / b)``, element by element, with the sign of ``a`` (C's ``fmod``).

    d/da is 1, d/db is ``-trunc(a / b)``.

    Parameters
    ----------
    a, b : Tensor, array or number
        The dividend and the divisor; their shapes broadcast.

    Returns
    -------
    Tensor
        The broadcast shape and the promoted dtype; a float divided by 0 gives NaN.

    Raises
    ------
    DivisionError
        When a whole number is divided by 0, as in PyTorch.  On CUDA, where the check would wait for the device, the result is 0.
    DTypeError
        When one is complex.

    Examples
    --------
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
    """``floor(a / b)``, element by element.

    The function is flat almost everywhere, and its gradient is 0.

    Parameters
    ----------
    a, b : Tensor, array or number
        The dividend and the divisor; their shapes broadcast.

    Returns
    -------
    Tensor
        The broadcast shape and the promoted dtype: integers stay integers.

    Raises
    ------
    DivisionError
        When a whole number is divided by 0, as in PyTorch.  On CUDA, where the check would wait for the device, the result is 0.
    DTypeError
        When one is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.floor_divide(gf.tensor([5.0, -5.0]), 3)
    tensor([ 1., -2.])
    """
    _no_zero("floor_divide", a, b)
    return _floor_divide(a, b)


def rfloor_divide(a: TensorLike, b: TensorLike) -> Tensor:
    """``floor(b / a)``, element by element: the operator ``//`` with the operands exchanged."""
    return floor_divide(b, a)


def rremainder(a: TensorLike, b: TensorLike) -> Tensor:
    """``remainder(b, a)``, element by element: the operator ``%`` with the operands exchanged."""
    return remainder(b, a)


# --- rounding: flat, so the gradient is 0 -------------------------------------------------------------------------


@elementwise(lambda xp, g: xp.zeros_like(g))
def sign(xp: Namespace, x: TensorOrArray) -> Array:
    """-1, 0 or 1, element by element; the gradient is 0.

    Parameters
    ----------
    x : Tensor or array
        Any shape; real numbers.

    Returns
    -------
    Tensor
        The shape and dtype of `x`; booleans are returned as a copy.

    Raises
    ------
    DTypeError
        When `x` is complex: the direction of a complex number is ``x / abs(x)``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.sign(gf.tensor([-2.0, 0.0]))
    tensor([-1.,  0.])
    """
    if x.dtype.kind == "c":
        raise DTypeError(f"sign: {x.dtype} numbers have no sign; their direction is x / abs(x)")
    return xp.array(x, copy=True) if x.dtype == bool else xp.sign(x)


@elementwise(lambda xp, g: xp.zeros_like(g))
def floor(xp: Namespace, x: TensorLike) -> Array:
    """The largest whole number that is not above ``x``, element by element; the gradient is 0.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; real numbers.

    Returns
    -------
    Tensor
        The shape and dtype of `x`.

    Raises
    ------
    DTypeError
        When `x` is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.floor(gf.tensor([1.5, -1.5]))
    tensor([ 1., -2.])
    """
    return xp.floor(x)


@elementwise(lambda xp, g: xp.zeros_like(g))
def ceil(xp: Namespace, x: TensorLike) -> Array:
    """The smallest whole number that is not below ``x``, element by element; the gradient is 0.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; real numbers.

    Returns
    -------
    Tensor
        The shape and dtype of `x`.

    Raises
    ------
    DTypeError
        When `x` is complex.

    Examples
    --------
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
    """The nearest number with ``decimals`` decimals, halves to the even one; the gradient is 0.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; real numbers.
    decimals : int
        The number of decimals; -2 rounds to hundreds.

    Returns
    -------
    Tensor
        The shape and dtype of `x`; integers with `decimals` give the default dtype.

    Raises
    ------
    DTypeError
        When `x` is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.round(gf.tensor([0.5, 1.5, 2.5]))
    tensor([0., 2., 2.])
    >>> gf.round(gf.tensor([1.26, 2.5]), decimals=1)
    tensor([1.3000, 2.5000])
    """
    if decimals == 0:
        return _round(x)
    scale = 10.0**decimals
    return _div(_round(mul(x, scale)), scale)


@elementwise(lambda xp, g: xp.zeros_like(g))
def trunc(xp: Namespace, x: TensorLike) -> Array:
    """``x`` without its fraction, element by element; the gradient is 0.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; real numbers.

    Returns
    -------
    Tensor
        The shape and dtype of `x`.

    Raises
    ------
    DTypeError
        When `x` is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.trunc(gf.tensor([1.5, -1.5]))
    tensor([ 1., -1.])
    """
    return xp.trunc(x)
