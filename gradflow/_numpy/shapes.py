"""Other shapes of the same elements, spelled as NumPy spells them."""

from __future__ import annotations

from typing import Any

from .. import backend
from .._engine import Value
from .._ops import dims
from .._ops import shape as s
from ..errors import ShapeError
from ..typing import Tensor
from .creation import asarray

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_shapes", "expand_dims", "matrix_transpose", "moveaxis", "ndim",
    "permute_dims", "ravel", "reshape", "shape", "size", "squeeze", "swapaxes", "transpose",
]  # fmt: skip


def shape(a: Any) -> Any:
    """The lengths of the dimensions.

    Parameters
    ----------
    a : array_like
        An array.

    Returns
    -------
    tuple of int
        Its shape.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.shape([[1, 2, 3]])
    (1, 3)
    """
    return a.shape


def ndim(a: Any) -> int:
    """The number of dimensions.

    Parameters
    ----------
    a : array_like
        An array.

    Returns
    -------
    int
        The length of its shape.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.ndim([[1, 2, 3]])
    2
    """
    return int(a.ndim)


def size(a: Any) -> int:
    """The number of elements.

    Parameters
    ----------
    a : array_like
        An array.

    Returns
    -------
    int
        The product of its lengths.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.size([[1, 2, 3]])
    3
    """
    return int(a.size)


def reshape(a: Any, shape: Any) -> Any:
    """The elements, in C order, in another shape.

    Parameters
    ----------
    a : array_like
        The elements.
    shape : int or tuple of int
        The lengths of the new dimensions.  One of them may be -1, for what is left.

    Returns
    -------
    ndarray or Tensor
        A view where the layout in memory allows one, else a copy.

    Raises
    ------
    ShapeError
        If the numbers of elements differ.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.reshape([1, 2, 3, 4], (2, -1))
    array([[1, 2],
           [3, 4]])
    """
    return s.reshape(a, shape)


def ravel(a: Any) -> Any:
    """The elements in C order in one dimension.

    Parameters
    ----------
    a : array_like
        The elements.

    Returns
    -------
    ndarray or Tensor
        A view where the layout in memory allows one, else a copy.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.ravel([[1, 2], [3, 4]])
    array([1, 2, 3, 4])
    """
    return s.ravel(a)


def transpose(a: Any, axes: Any = None) -> Any:
    """The dimensions in another order, in reverse order unless one is given.

    Parameters
    ----------
    a : array_like
        An array.
    axes : tuple of int, optional
        Dimension ``i`` of the result is dimension ``axes[i]`` of ``a``.

    Returns
    -------
    ndarray or Tensor
        A view.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.transpose([[1, 2], [3, 4]])
    array([[1, 3],
           [2, 4]])
    """
    return s.permute(a, tuple(reversed(range(a.ndim))) if axes is None else axes)


def permute_dims(a: Any, axes: Any = None) -> Any:
    """The dimensions in another order: ``transpose`` under the name of the array API standard.

    Parameters
    ----------
    a : array_like
        An array.
    axes : tuple of int, optional
        Dimension ``i`` of the result is dimension ``axes[i]`` of ``a``; the reverse order if it is left out.

    Returns
    -------
    ndarray or Tensor
        A view.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.permute_dims(gnp.ones((2, 3, 4)), (2, 0, 1)).shape
    (4, 2, 3)
    """
    return transpose(a, axes)


def matrix_transpose(x: Any) -> Any:
    """Each matrix of the last two dimensions transposed.

    Parameters
    ----------
    x : array_like
        Matrices, (..., m, n).

    Returns
    -------
    ndarray or Tensor
        A view, (..., n, m).

    Raises
    ------
    IndexingError
        If there are fewer than two dimensions.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.matrix_transpose(gnp.ones((5, 2, 3))).shape
    (5, 3, 2)
    """
    return s.transpose(x, -2, -1)


def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """Two dimensions exchanged.

    Parameters
    ----------
    a : array_like
        An array.
    axis1 : int
        One dimension.
    axis2 : int
        The other.

    Returns
    -------
    ndarray or Tensor
        A view.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.swapaxes(gnp.ones((2, 3, 4)), 0, 2).shape
    (4, 3, 2)
    """
    return s.transpose(a, axis1, axis2)


def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """The dimensions in another order: some are moved, the others stay in theirs.

    Parameters
    ----------
    a : array_like
        An array.
    source : int or tuple of int
        The dimensions to move.
    destination : int or tuple of int
        Their places in the result.

    Returns
    -------
    ndarray or Tensor
        A view.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.moveaxis(gnp.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    return s.movedim(a, source, destination)


def squeeze(a: Any, axis: Any = None) -> Any:
    """``a`` without its dimensions of size 1.

    Parameters
    ----------
    a : array_like
        An array.
    axis : int or tuple of int, optional
        The dimensions to leave out; all of size 1 if it is left out.

    Returns
    -------
    ndarray or Tensor
        A view.

    Raises
    ------
    ShapeError
        If a dimension of ``axis`` is of another size.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.squeeze([[[1], [2]]]).shape, gnp.squeeze([[[1], [2]]], axis=0).shape
    ((2,), (2, 1))
    """
    if axis is not None and (long := [d for d in dims.several(axis, a.ndim, "squeeze") if a.shape[d] != 1]):
        raise ShapeError(f"squeeze: dimension {long[0]} of shape {a.shape} is not of size 1")
    return s.squeeze(a, axis)


def expand_dims(a: Any, axis: Any) -> Any:
    """``a`` with more dimensions, of size 1.

    Parameters
    ----------
    a : array_like
        An array.
    axis : int or tuple of int
        The places of the new dimensions in the result.

    Returns
    -------
    ndarray or Tensor
        A view.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.expand_dims([1, 2], (0, 2)).shape
    (1, 2, 1)
    """
    several = axis if isinstance(axis, tuple | list) else (axis,)
    for d in sorted(dims.several(several, a.ndim + len(several), "expand_dims")):
        a = s.unsqueeze(a, d)
    return a


def atleast_1d(*arys: Any) -> Any:
    """Each array with one dimension or more: a number becomes a vector.

    Parameters
    ----------
    *arys : array_like
        One array, or several.

    Returns
    -------
    ndarray, Tensor or tuple of them
        Views; a tuple where several arrays are given.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.atleast_1d(2.0)
    array([2.])
    """
    return _each(arys, lambda x: x if x.ndim else s.reshape(x, (1,)))


def atleast_2d(*arys: Any) -> Any:
    """Each array with two dimensions or more: a vector becomes a matrix of one row.

    Parameters
    ----------
    *arys : array_like
        One array, or several.

    Returns
    -------
    ndarray, Tensor or tuple of them
        Views; a tuple where several arrays are given.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.atleast_2d([1.0, 2.0])
    array([[1., 2.]])
    """
    return _each(arys, lambda x: x if x.ndim > 1 else s.reshape(x, (1, -1) if x.size else (1, *x.shape)))


def atleast_3d(*arys: Any) -> Any:
    """Each array with three dimensions or more: n numbers become (1, n, 1), a matrix (m, n) becomes (m, n, 1).

    Parameters
    ----------
    *arys : array_like
        One array, or several.

    Returns
    -------
    ndarray, Tensor or tuple of them
        Views; a tuple where several arrays are given.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.atleast_3d([1.0, 2.0]).shape
    (1, 2, 1)
    """
    return _each(arys, lambda x: x if x.ndim > 2 else s.reshape(x, (*x.shape, 1) if x.ndim == 2 else (1, x.size, 1)))


def _each(arrays: tuple[Any, ...], made: Any) -> Any:
    """What is made of one array, or the tuple of what is made of several."""
    found = tuple(made(x if isinstance(x, Value) else asarray(x)) for x in arrays)
    return found[0] if len(found) == 1 else found


def broadcast_shapes(*shapes: Any) -> Any:
    """The shape of a result made of arrays of these shapes.

    Parameters
    ----------
    *shapes : int or tuple of int
        The shapes.

    Returns
    -------
    tuple of int
        The shape to which all of them broadcast.

    Raises
    ------
    ValueError
        If they do not broadcast to one shape.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.broadcast_shapes((3, 1), (4,))
    (3, 4)
    """
    return backend.cpu.broadcast_shapes(*shapes)


# --- with NumPy's signature for users; rules use the operation itself ----------------------------------------------------


def broadcast_to(array: Any, shape: Any) -> Tensor:
    """``array`` repeated, without copying, along new dimensions and those of size 1.

    Parameters
    ----------
    array : array_like
        The elements.
    shape : int or tuple of int
        The shape of the result.

    Returns
    -------
    ndarray or Tensor
        A view, in which several elements share their memory: it is not written in place.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.broadcast_to([1, 2], (2, 2))
    array([[1, 2],
           [1, 2]])
    """
    return s.broadcast_to(array, (shape,) if isinstance(shape, int) else tuple(shape))
