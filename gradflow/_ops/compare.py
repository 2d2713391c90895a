"""Comparing elements, and the logic of the answers: booleans without a gradient."""

from __future__ import annotations

from .._engine import elementwise
from ..errors import DTypeError
from ..typing import Array, Namespace, TensorLike


def _ordered(name: str, x: Array) -> None:
    if x.dtype.kind == "c":
        raise DTypeError(f"{name}: {x.dtype} numbers have no order; compare .real, .imag or .abs()")


@elementwise(None, None)
def eq(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    """``a == b``, element by element.

    Parameters
    ----------
    a, b : Tensor, array or number
        What to compare; their shapes broadcast.

    Returns
    -------
    Tensor
        Booleans of the broadcast shape, without a gradient.  NaN is equal to nothing.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.eq(gf.tensor([1.0, 2.0]), 2)
    tensor([False,  True])
    """
    return xp.equal(a, b)


@elementwise(None, None)
def ne(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    """``a != b``, element by element.

    Parameters
    ----------
    a, b : Tensor, array or number
        What to compare; their shapes broadcast.

    Returns
    -------
    Tensor
        Booleans of the broadcast shape, without a gradient.  NaN is unequal to everything.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.ne(gf.tensor([1.0, 2.0]), 2)
    tensor([ True, False])
    """
    return xp.not_equal(a, b)


@elementwise(None, None)
def lt(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    """``a < b``, element by element.

    Parameters
    ----------
    a, b : Tensor, array or number
        Real numbers; their shapes broadcast.

    Returns
    -------
    Tensor
        Booleans of the broadcast shape, without a gradient.

    Raises
    ------
    DTypeError
        When one is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.lt(gf.tensor([1.0, 2.0]), 2)
    tensor([ True, False])
    """
    _ordered("lt", a)
    return xp.less(a, b)


@elementwise(None, None)
def le(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    """``a <= b``, element by element.

    Parameters
    ----------
    a, b : Tensor, array or number
        Real numbers; their shapes broadcast.

    Returns
    -------
    Tensor
        Booleans of the broadcast shape, without a gradient.

    Raises
    ------
    DTypeError
        When one is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.le(gf.tensor([1.0, 2.0]), 2)
    tensor([True, True])
    """
    _ordered("le", a)
    return xp.less_equal(a, b)


@elementwise(None, None)
def gt(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    """``a > b``, element by element.

    Parameters
    ----------
    a, b : Tensor, array or number
        Real numbers; their shapes broadcast.

    Returns
    -------
    Tensor
        Booleans of the broadcast shape, without a gradient.

    Raises
    ------
    DTypeError
        When one is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.gt(gf.tensor([1.0, 2.0]), 1)
    tensor([False,  True])
    """
    _ordered("gt", a)
    return xp.greater(a, b)


@elementwise(None, None)
def ge(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    """``a >= b``, element by element.

    Parameters
    ----------
    a, b : Tensor, array or number
        Real numbers; their shapes broadcast.

    Returns
    -------
    Tensor
        Booleans of the broadcast shape, without a gradient.

    Raises
    ------
    DTypeError
        When one is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.ge(gf.tensor([1.0, 2.0]), 2)
    tensor([False,  True])
    """
    _ordered("ge", a)
    return xp.greater_equal(a, b)


@elementwise(None, None)
def logical_and(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    """True where both are nonzero, element by element.

    Parameters
    ----------
    a, b : Tensor, array or number
        Any dtype; their shapes broadcast.

    Returns
    -------
    Tensor
        Booleans of the broadcast shape, without a gradient.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.logical_and(gf.tensor([True, False]), gf.tensor([True, True]))
    tensor([ True, False])
    """
    return xp.logical_and(a, b)


@elementwise(None, None)
def logical_or(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    """True where one or both are nonzero, element by element.

    Parameters
    ----------
    a, b : Tensor, array or number
        Any dtype; their shapes broadcast.

    Returns
    -------
    Tensor
        Booleans of the broadcast shape, without a gradient.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.logical_or(gf.tensor([True, False]), gf.tensor([False, False]))
    tensor([ True, False])
    """
    return xp.logical_or(a, b)


@elementwise(None, None)
def logical_xor(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    """True where just one of the two is nonzero, element by element.

    Parameters
    ----------
    a, b : Tensor, array or number
        Any dtype; their shapes broadcast.

    Returns
    -------
    Tensor
        Booleans of the broadcast shape, without a gradient.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.logical_xor(gf.tensor([True, False]), gf.tensor([True, True]))
    tensor([False,  True])
    """
    return xp.logical_xor(a, b)


@elementwise(None)
def logical_not(xp: Namespace, x: TensorLike) -> Array:
    """True where ``x`` is zero, element by element.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape and dtype.

    Returns
    -------
    Tensor
        Booleans of the shape of `x`, without a gradient.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.logical_not(gf.tensor([True, False]))
    tensor([False,  True])
    """
    return xp.logical_not(x)


@elementwise(None, None)
def bitwise_and(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    """``a & b`` of integers, bit by bit, or of booleans.

    Parameters
    ----------
    a, b : Tensor, array or number
        Integers or booleans; their shapes broadcast.

    Returns
    -------
    Tensor
        The broadcast shape and the promoted dtype, without a gradient.

    Raises
    ------
    DTypeError
        When one is a float or complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.bitwise_and(gf.tensor([6]), gf.tensor([3]))
    tensor([2])
    """
    return xp.bitwise_and(a, b)


@elementwise(None, None)
def bitwise_or(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    """``a | b`` of integers, bit by bit, or of booleans.

    Parameters
    ----------
    a, b : Tensor, array or number
        Integers or booleans; their shapes broadcast.

    Returns
    -------
    Tensor
        The broadcast shape and the promoted dtype, without a gradient.

    Raises
    ------
    DTypeError
        When one is a float or complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.bitwise_or(gf.tensor([6]), gf.tensor([3]))
    tensor([7])
    """
    return xp.bitwise_or(a, b)


@elementwise(None, None)
def bitwise_xor(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    """``a ^ b`` of integers, bit by bit, or of booleans.

    Parameters
    ----------
    a, b : Tensor, array or number
        Integers or booleans; their shapes broadcast.

    Returns
    -------
    Tensor
        The broadcast shape and the promoted dtype, without a gradient.

    Raises
    ------
    DTypeError
        When one is a float or complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.bitwise_xor(gf.tensor([6]), gf.tensor([3]))
    tensor([5])
    """
    return xp.bitwise_xor(a, b)


@elementwise(None)
def bitwise_not(xp: Namespace, x: TensorLike) -> Array:
    """``~x`` of integers, bit by bit, or of booleans.

    Parameters
    ----------
    x : Tensor, array or number
        Integers or booleans of any shape.

    Returns
    -------
    Tensor
        The shape and dtype of `x`, without a gradient.

    Raises
    ------
    DTypeError
        When `x` is a float or complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.bitwise_not(gf.tensor([True, False]))
    tensor([False,  True])
    """
    return xp.invert(x)


@elementwise(None)
def isnan(xp: Namespace, x: TensorLike) -> Array:
    """True where ``x`` is not a number, element by element.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape and dtype.

    Returns
    -------
    Tensor
        Booleans of the shape of `x`, without a gradient.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.isnan(gf.tensor([1.0, float("nan")]))
    tensor([False,  True])
    """
    return xp.isnan(x)


@elementwise(None)
def isinf(xp: Namespace, x: TensorLike) -> Array:
    """True where ``x`` is infinite, of either sign, element by element.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape and dtype.

    Returns
    -------
    Tensor
        Booleans of the shape of `x`, without a gradient.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.isinf(gf.tensor([1.0, float("inf")]))
    tensor([False,  True])
    """
    return xp.isinf(x)


@elementwise(None)
def isfinite(xp: Namespace, x: TensorLike) -> Array:
    """True where ``x`` is neither infinite nor NaN, element by element.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape and dtype.

    Returns
    -------
    Tensor
        Booleans of the shape of `x`, without a gradient.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.isfinite(gf.tensor([1.0, float("inf")]))
    tensor([ True, False])
    """
    return xp.isfinite(x)
