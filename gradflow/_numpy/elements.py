"""Choosing and replacing elements, spelled as NumPy spells it."""

from __future__ import annotations

from typing import Any

from .._engine import as_numpy
from .._ops import choosing as ch
from .._ops import diagonals as dg
from .._ops import dims
from .._ops import division as dv
from .._ops import elementwise as e
from .._ops import index as ix
from .._ops import neural as nn
from .._ops import picking as pk
from .._ops import shape as s
from ..backend.cpu import pi
from ..errors import NoCounterpartError

__all__ = [
    "abs", "absolute", "clip", "deg2rad", "degrees", "diag", "diagonal", "nonzero", "pad", "pow", "power", "rad2deg", "radians",
    "rint", "round", "take", "take_along_axis", "tril", "triu", "where",
]  # fmt: skip


# --- functions of one element: their docstrings are in ufuncs.py ----------------------------------------------------------


def absolute(x: Any) -> Any:
    return e.abs(*as_numpy(x))


def power(x1: Any, x2: Any) -> Any:
    return e.pow(*as_numpy(x1, x2))


def rint(x: Any) -> Any:
    return dv.round(*as_numpy(x))


def degrees(x: Any) -> Any:
    return e.mul(as_numpy(x)[0], 180 / pi)


def radians(x: Any) -> Any:
    return e.mul(as_numpy(x)[0], pi / 180)


abs, pow, rad2deg, deg2rad = absolute, power, degrees, radians


def round(a: Any, decimals: int = 0) -> Any:
    """The nearest number with so many decimals; of two equally near the even one.

    The result is flat almost everywhere, so its gradient is 0.

    Parameters
    ----------
    a : array_like
        Real numbers.
    decimals : int, default 0
        Digits after the point; negative for tens and hundreds.

    Returns
    -------
    ndarray or Tensor
        Of the shape and dtype of ``a``.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.round([0.5, 1.5, 2.345], 1), gnp.round([0.5, 1.5, 2.5])
    (array([0.5, 1.5, 2.3]), array([0., 2., 2.]))
    """
    return dv.round(*as_numpy(a), decimals=decimals)


def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """``a`` held between two limits.

    The gradient is that of the side taken: of ``a`` between the limits, and of a limit beyond it.

    Parameters
    ----------
    a : array_like
        Real numbers.
    a_min : array_like, optional
        The lower limit, which broadcasts with ``a``; none if it is left out.
    a_max : array_like, optional
        The upper limit, which broadcasts with ``a``; none if it is left out.
    min : array_like, optional
        NumPy's other name for ``a_min``.
    max : array_like, optional
        NumPy's other name for ``a_max``.

    Returns
    -------
    ndarray or Tensor
        The numbers within the limits.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> x = gnp.array([-2.0, 0.5, 3.0]).requires_grad_()
    >>> y = gnp.clip(x, -1, 1)
    >>> y.sum().backward()
    >>> y.tolist(), x.grad
    ([-1.0, 0.5, 1.0], array([0., 1., 0.]))
    """
    return ch.clamp(a, a_min if min is None else min, a_max if max is None else max)


# --- which elements -------------------------------------------------------------------------------------------------------


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """The elements of ``x`` where ``condition`` is true, and of ``y`` elsewhere.

    Each element of the result has its gradient from the side taken alone, whatever slope the other side has there.

    Parameters
    ----------
    condition : array_like
        What is not 0 is true.
    x : array_like, optional
        Elements, or numbers, where it is true.
    y : array_like, optional
        Elements, or numbers, where it is not.  The three broadcast.

    Returns
    -------
    ndarray, Tensor or tuple of them
        The chosen elements; without ``x`` and ``y`` the indices of ``nonzero``.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> x = gnp.array([0.0, 4.0]).requires_grad_()
    >>> gnp.where(x > 0, gnp.sqrt(x), x).sum().backward()
    >>> x.grad
    array([1.  , 0.25])
    """
    return ch.where(*as_numpy(condition)) if x is None and y is None else ch.where(*as_numpy(condition), *as_numpy(x, y))


def nonzero(a: Any) -> Any:
    """The indices of the elements that are not 0.

    Parameters
    ----------
    a : array_like
        An array.

    Returns
    -------
    tuple of ndarray or Tensor
        For each dimension the indices, int64, in C order of the elements.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.nonzero([[0, 5], [7, 0]])
    (array([0, 1]), array([1, 0]))
    """
    return ix.nonzero(a, as_tuple=True)


def take(a: Any, indices: Any, axis: int | None = None) -> Any:
    """The slices that ``indices`` name along a dimension.

    Parameters
    ----------
    a : array_like
        An array.
    indices : array_like of int
        Indices, which may repeat; negative ones count from the end.
    axis : int, optional
        Along which dimension; without it the elements are taken in C order.

    Returns
    -------
    ndarray or Tensor
        The slices; the dimension ``axis`` is replaced by those of ``indices``.

    Raises
    ------
    IndexingError
        If an index lies outside.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> x = gnp.array([1.0, 2.0, 3.0]).requires_grad_()
    >>> gnp.take(x, [2, 0, 2]).sum().backward()
    >>> x.grad
    array([1., 0., 2.])
    """
    a, d = (s.ravel(a), 0) if axis is None or not a.ndim else (a, dims.one(axis, a.ndim, "take"))
    return ix.getitem(a, (slice(None),) * d + (indices,))


def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    """The elements that ``indices`` name along a dimension, other ones for each place in the other dimensions.

    Parameters
    ----------
    arr : array_like
        An array.
    indices : array_like of int
        Indices, such as ``argsort`` gives; their other dimensions broadcast with those of ``arr``.
    axis : int or None, default -1
        Along which dimension; None takes from all elements in C order.

    Returns
    -------
    ndarray or Tensor
        Of the shape of ``indices``, broadcast.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.take_along_axis([[1, 5], [8, 6]], [[1], [0]], axis=1)
    array([[5],
           [8]])
    """
    return pk.take_along_dim(arr, indices, axis)


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonals of the matrices in two dimensions.

    Parameters
    ----------
    a : array_like
        An array of two dimensions or more.
    offset : int, default 0
        Which diagonal: above the main one if positive, below if negative.
    axis1 : int, default 0
        The dimension of the rows.
    axis2 : int, default 1
        The dimension of the columns.

    Returns
    -------
    ndarray or Tensor
        A view; its last dimension is the diagonal.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.diagonal([[1, 2], [3, 4]])
    array([1, 4])
    """
    return dg.diagonal(a, offset, axis1, axis2)


def diag(v: Any, k: int = 0) -> Any:
    """A vector as the diagonal of a matrix, or the diagonal of a matrix.

    Parameters
    ----------
    v : array_like
        A vector or a matrix.
    k : int, default 0
        Which diagonal: above the main one if positive, below if negative.

    Returns
    -------
    ndarray or Tensor
        A matrix with zeros beside the diagonal, or a vector.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.diag([1, 2]), gnp.diag([[1, 2], [3, 4]])
    (array([[1, 0],
           [0, 2]]), array([1, 4]))
    """
    return dg.diag(v, k)


def tril(m: Any, k: int = 0) -> Any:
    """The lower triangle of each matrix, with zeros above it.

    Parameters
    ----------
    m : array_like
        Matrices, (..., m, n).
    k : int, default 0
        The last diagonal that stays: above the main one if positive, below if negative.

    Returns
    -------
    ndarray or Tensor
        Of the shape of ``m``.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.tril([[1, 2], [3, 4]])
    array([[1, 0],
           [3, 4]])
    """
    return dg.tril(m, k)


def triu(m: Any, k: int = 0) -> Any:
    """The upper triangle of each matrix, with zeros below it.

    Parameters
    ----------
    m : array_like
        Matrices, (..., m, n).
    k : int, default 0
        The first diagonal that stays: above the main one if positive, below if negative.

    Returns
    -------
    ndarray or Tensor
        Of the shape of ``m``.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.triu([[1, 2], [3, 4]])
    array([[1, 2],
           [0, 4]])
    """
    return dg.triu(m, k)


def pad(array: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0) -> Any:
    """An array with zeros around it.

    Parameters
    ----------
    array : array_like
        What is in the middle.
    pad_width : int, pair of int or sequence of pairs
        How many zeros: everywhere, (before, after) in all dimensions, or a pair for each dimension.
    mode : str, default "constant"
        No other mode is recorded.
    constant_values : float, default 0
        No other number is recorded.

    Returns
    -------
    ndarray or Tensor
        The larger array.

    Raises
    ------
    NoCounterpartError
        If another mode or number is asked for.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.pad([1.0, 2.0], (1, 2))
    array([0., 1., 2., 0., 0.])
    """
    if mode != "constant" or constant_values != 0:
        raise NoCounterpartError(
            f"np.pad with mode={mode!r}, constant_values={constant_values!r} is not recorded for Tensors; zeros are"
        )
    widths = [pad_width] if isinstance(pad_width, int) else list(pad_width)
    pairs = [
        (w, w) if isinstance(w, int) else tuple(w)
        for w in ([tuple(widths)] if len(widths) == 2 and isinstance(widths[0], int) else widths)
    ]
    return nn.pad_zero(array, tuple(pairs * array.ndim if len(pairs) == 1 else pairs))
