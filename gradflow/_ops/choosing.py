"""Choosing between elements: where, maximum, minimum, clamp."""

from __future__ import annotations

from typing import Any, overload

from .._engine import elementwise, selecting
from ..errors import ArgumentError, DTypeError
from ..typing import Array, Namespace, Tensor, TensorLike, TensorOrArray
from .compare import _ordered


def _shared(xp: Namespace, a: Array, b: Array, g: Array, left: Array) -> Array:
    """``g``, half of it where ``a`` and ``b`` are equal, and 0 where ``left``, also of an infinite ``g``; a NaN takes all."""
    return xp.kept(~left, g) * (1 - 0.5 * xp.astype(a == b, g.dtype))


@elementwise(
    selecting(lambda xp, g, a, b: _shared(xp, a, b, g, a < b), lambda a, b: a < b, clean=True),
    selecting(lambda xp, g, a, b: _shared(xp, a, b, g, b < a), lambda a, b: b < a, clean=True),
)
def maximum(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    """The larger of ``a`` and ``b``, element by element; NaN if one is NaN.

    The larger gets the gradient; where both are equal each gets half of it.

    Parameters
    ----------
    a, b : Tensor, array or number
        Real numbers; their shapes broadcast.

    Returns
    -------
    Tensor
        The broadcast shape and the promoted dtype.

    Raises
    ------
    DTypeError
        When one is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([1.0, 2.0, 5.0], requires_grad=True)
    >>> y = gf.maximum(x, 2.0)
    >>> y.sum().backward()
    >>> y.tolist(), x.grad.tolist()
    ([2.0, 2.0, 5.0], [0.0, 0.5, 1.0])
    """
    _ordered("maximum", a)
    return xp.maximum(a, b)


@elementwise(
    selecting(lambda xp, g, a, b: _shared(xp, a, b, g, a > b), lambda a, b: a > b, clean=True),
    selecting(lambda xp, g, a, b: _shared(xp, a, b, g, b > a), lambda a, b: b > a, clean=True),
)
def minimum(xp: Namespace, a: TensorLike, b: TensorLike) -> Array:
    """The smaller of ``a`` and ``b``, element by element; NaN if one is NaN.

    The smaller gets the gradient; where both are equal each gets half of it.

    Parameters
    ----------
    a, b : Tensor, array or number
        Real numbers; their shapes broadcast.

    Returns
    -------
    Tensor
        The broadcast shape and the promoted dtype.

    Raises
    ------
    DTypeError
        When one is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.minimum(gf.tensor([1.0, 5.0]), gf.tensor([2.0, 4.0]))
    tensor([1., 4.])
    """
    _ordered("minimum", a)
    return xp.minimum(a, b)


@elementwise(
    condition=None,
    a=selecting(lambda xp, g, condition: xp.kept(condition, g), lambda condition: ~condition, clean=True),
    b=selecting(lambda xp, g, condition: xp.kept(~condition, g), lambda condition: condition, clean=True),
)
def _where(xp: Namespace, condition: Array, a: Array, b: Array) -> Array:
    if condition.dtype != bool:
        raise DTypeError(f"where: the condition is an array of booleans, not {condition.dtype}; compare it with something")
    return xp.where(condition, a, b)


@elementwise(selecting(lambda xp, g, x, low: xp.kept(x >= low, g), lambda x, low: x < low, clean=True))
def _clamp_min(xp: Namespace, x: Array, low: Any) -> Array:
    return xp.maximum(x, xp.scalar(low, x.dtype))


@elementwise(selecting(lambda xp, g, x, high: xp.kept(x <= high, g), lambda x, high: x > high, clean=True))
def _clamp_max(xp: Namespace, x: Array, high: Any) -> Array:
    return xp.minimum(x, xp.scalar(high, x.dtype))


@elementwise(
    selecting(lambda xp, g, x, low: xp.kept(x >= low, g), lambda x, low: x < low, clean=True),
    selecting(lambda xp, g, x, low: xp.kept(x < low, g), lambda x, low: x > low, clean=True),
)
def _at_least(xp: Namespace, x: Array, low: Array) -> Array:
    _ordered("clamp", x)
    return xp.maximum(x, low)


@elementwise(
    selecting(lambda xp, g, x, high: xp.kept(x <= high, g), lambda x, high: x > high, clean=True),
    selecting(lambda xp, g, x, high: xp.kept(x > high, g), lambda x, high: x < high, clean=True),
)
def _at_most(xp: Namespace, x: Array, high: Array) -> Array:
    _ordered("clamp", x)
    return xp.minimum(x, high)


def clamp(x: TensorLike, min: TensorLike | None = None, max: TensorLike | None = None) -> Tensor:
    """``x`` held between ``min`` and ``max``, element by element.

    The gradient goes to `x` inside of the bounds and on them, to a bound outside of it.  Where `min` is above `max` the result is
    `max`.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; real numbers.
    min, max : Tensor, array, number or None
        The bounds; their shapes broadcast with that of `x`.  None is no bound.

    Returns
    -------
    Tensor
        The broadcast shape and the promoted dtype.

    Raises
    ------
    ArgumentError
        When both bounds are None.
    DTypeError
        When `x` is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([-2.0, 0.5, 1.0], requires_grad=True)
    >>> y = gf.clamp(x, -1, 1)
    >>> y.sum().backward()
    >>> y.tolist(), x.grad.tolist()
    ([-1.0, 0.5, 1.0], [0.0, 1.0, 1.0])
    """
    if min is None and max is None:
        raise ArgumentError("clamp: give min, max or both")
    if min is not None:
        x = _clamp_min(x, min) if _fits(x, min) else _at_least(x, min)
        if max is None:
            return x
    return _clamp_max(x, max) if _fits(x, max) else _at_most(x, max)


def _fits(x: Any, bound: Any) -> bool:
    """True if the number ``bound`` can become of ``x``'s dtype without promoting ``x``."""
    kind = x.dtype.kind if hasattr(x, "dtype") else "?"
    return (isinstance(bound, int) and kind in "fiu") or (isinstance(bound, float) and kind == "f")


@overload
def where(condition: TensorOrArray) -> tuple[Tensor, ...]: ...


@overload
def where(condition: TensorLike, a: TensorLike, b: TensorLike) -> Tensor: ...


def where(condition: Any, a: TensorLike | None = None, b: TensorLike | None = None) -> Tensor | tuple[Tensor, ...]:
    """``a`` where ``condition`` is true and ``b`` elsewhere; each gets the gradient of the elements taken from it.

    The elements not taken get 0, and so does what they were computed from, even where its slope there is infinite or NaN.  The
    same holds of what an index, ``masked_fill``, ``maximum``, ``minimum`` or ``clamp`` does not take.  Any other 0 that meets an
    infinite slope gives NaN: ``sqrt(x) ** 2`` at 0, whose derivative is 1.

    Parameters
    ----------
    condition : Tensor, array or bool
        Booleans.
    a, b : Tensor, array or number
        The values; the three shapes broadcast.  Without both, ``where(condition)`` is ``nonzero(condition, as_tuple=True)``.

    Returns
    -------
    Tensor or tuple of Tensor
        The broadcast shape and the promoted dtype of `a` and `b`; without them one vector of indices for each dimension.

    Raises
    ------
    DTypeError
        When `condition` has another dtype than bool.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.where(gf.tensor([True, False]), 1.0, gf.tensor([5.0, 6.0]))
    tensor([1., 6.])
    >>> x = gf.tensor([0.0, 4.0], requires_grad=True)
    >>> gf.where(x > 1, gf.sqrt(x), 0.0).sum().backward()
    >>> x.grad
    tensor([0.0000, 0.2500])
    """
    if a is None and b is None:
        from .index import nonzero

        return nonzero(condition, as_tuple=True)
    return _where(condition, a, b)
