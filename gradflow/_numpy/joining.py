"""Arrays put together, cut, turned and repeated, spelled as NumPy spells it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from .._ops import cutting as ct
from .._ops import joining as jn
from .._ops import shape as s
from ..errors import ArgumentError

__all__ = ["concat", "concatenate", "flip", "repeat", "roll", "split", "stack", "tile", "unstack"]


def concatenate(arrays: Any, axis: int | None = 0) -> Any:
    """One array after the other, along a dimension that they have.

    Parameters
    ----------
    arrays : sequence of array_like
        Arrays of one shape but for ``axis``.  They get the dtype that holds all.
    axis : int or None, default 0
        Along which dimension; None joins the elements of all in C order.

    Returns
    -------
    ndarray or Tensor
        A copy, in which each part passes its gradient on.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.concatenate([[1, 2], [3.5]])
    array([1. , 2. , 3.5])
    """
    return jn.cat([s.ravel(t) for t in arrays]) if axis is None else jn.cat(arrays, axis)


concat = concatenate


def stack(arrays: Any, axis: int = 0) -> Any:
    """One array beside the other, along a new dimension.

    Parameters
    ----------
    arrays : sequence of array_like
        Arrays of one shape.  They get the dtype that holds all.
    axis : int, default 0
        The place of the new dimension in the result.

    Returns
    -------
    ndarray or Tensor
        A copy, in which each part passes its gradient on.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.stack([[1, 2], [3, 4]], axis=1)
    array([[1, 3],
           [2, 4]])
    """
    return jn.stack(arrays, axis)


def unstack(x: Any, *, axis: int = 0) -> tuple[Any, ...]:
    """The slices along a dimension, which they no longer have.

    Parameters
    ----------
    x : array_like
        An array of one dimension or more.
    axis : int, default 0
        Along which dimension.

    Returns
    -------
    tuple of ndarray or Tensor
        Views.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.unstack([[1, 2], [3, 4]])
    (array([1, 2]), array([3, 4]))
    """
    return ct.unbind(x, axis)


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """The parts of an array along a dimension.

    Parameters
    ----------
    ary : array_like
        The array to cut.
    indices_or_sections : int or sequence of int
        The number of equal parts, or the indices before which to cut.
    axis : int, default 0
        Along which dimension.

    Returns
    -------
    list of ndarray or Tensor
        Views.

    Raises
    ------
    ArgumentError
        If a number of parts does not divide the size.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.split(gnp.arange(5), [1, 3])
    [array([0]), array([1, 2]), array([3, 4])]
    """
    n = ary.shape[axis]
    if isinstance(indices_or_sections, int):
        if n % indices_or_sections:
            raise ArgumentError(f"split: {n} elements do not divide into {indices_or_sections} equal parts")
        return list(ct.split(ary, n // indices_or_sections, axis))
    cuts = [0, *indices_or_sections, n]
    return list(ct.split(ary, [b - a for a, b in pairwise(cuts)], axis))


def flip(m: Any, axis: Any = None) -> Any:
    """The order along dimensions reversed.

    Parameters
    ----------
    m : array_like
        An array.
    axis : int or tuple of int, optional
        Along which dimensions; along all if it is left out.

    Returns
    -------
    ndarray or Tensor
        A copy.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.flip([[1, 2], [3, 4]], axis=1)
    array([[2, 1],
           [4, 3]])
    """
    return jn.flip(m, tuple(range(m.ndim)) if axis is None else axis)


def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """The elements moved along dimensions; what leaves at one end comes in at the other.

    Parameters
    ----------
    a : array_like
        An array.
    shift : int or tuple of int
        By how many places, to higher indices if positive.
    axis : int or tuple of int, optional
        Along which dimensions; along all elements in C order if it is left out.

    Returns
    -------
    ndarray or Tensor
        A copy.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.roll([1, 2, 3, 4], 1)
    array([4, 1, 2, 3])
    """
    return jn.roll(a, shift, axis)


def tile(A: Any, reps: Any) -> Any:
    """The whole array several times along each dimension.

    Parameters
    ----------
    A : array_like
        An array.
    reps : int or tuple of int
        How many times along each dimension; the last number is for the last dimension.

    Returns
    -------
    ndarray or Tensor
        A copy; the gradients of the repetitions are added up.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.tile([1, 2], (2, 2))
    array([[1, 2, 1, 2],
           [1, 2, 1, 2]])
    """
    return jn.tile(A, reps)


def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element several times, one beside the other.

    Parameters
    ----------
    a : array_like
        An array.
    repeats : int or array_like of int
        How many times, for all elements along ``axis`` or for each of them.
    axis : int, optional
        Along which dimension; without it along all elements in C order.

    Returns
    -------
    ndarray or Tensor
        A copy; the gradients of the repetitions are added up.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.repeat([1, 2], [2, 1])
    array([1, 1, 2])
    """
    return jn.repeat_interleave(a, repeats, axis)
