"""The largest and smallest elements, and their order: max, argmax, sort, topk, median."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias, overload

from .._engine import primitive, selecting
from .._plain import whole_number
from ..errors import ArgumentError
from ..typing import Array, Dims, Namespace, Tensor, TensorLike, TensorOrArray
from . import dims
from .choosing import maximum, minimum, where
from .compare import _ordered, isnan
from .picking import take_along_dim
from .reduce import _spread, _sum
from .shape import clone, reshape

# --- extremes -------------------------------------------------------------------------------------------------------------


def _ties(xp: Namespace, g: Array, x: Array, y: Array, dim: Dims, name: str) -> Array:
    """Elements equal to the extreme share its gradient evenly."""
    counted = "float32" if g.dtype.itemsize == 2 else g.dtype  # there may be more of them than float16 can count
    hit = xp.astype(x == _spread(xp, y, x, dim, name), counted)
    each = _spread(xp, g, x, dim, name) * hit / xp.sum(hit, axis=dims.axis(dim, x.ndim, name), keepdims=True)
    return each if each.dtype == g.dtype else xp.astype(each, g.dtype)


@primitive(
    selecting(lambda xp, g, x, y, dim: _ties(xp, g, x, y, dim, "amax"), lambda xp, x, y, dim: x != _spread(xp, y, x, dim, "amax"))
)
def amax(xp: Namespace, x: TensorOrArray, dim: Dims = None, keepdim: bool = False) -> Array:
    """The largest element over ``dim``; NaN if one is NaN.  Equal ones share the gradient evenly.

    Parameters
    ----------
    x : Tensor or array
        Any shape; real numbers.
    dim : int, tuple of int or None
        The dimensions to go over; None, or an empty tuple, is all of them.
    keepdim : bool
        Whether the dimensions gone over stay, with size 1.

    Returns
    -------
    Tensor
        The shape of `x` without `dim`, and its dtype.

    Raises
    ------
    ShapeError
        When there are no elements to go over.
    DTypeError
        When `x` is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([[1.0, 2.0], [4.0, 4.0]], requires_grad=True)
    >>> y = gf.amax(x, dim=1)
    >>> y.sum().backward()
    >>> y.tolist(), x.grad.tolist()
    ([2.0, 4.0], [[0.0, 1.0], [0.5, 0.5]])
    """
    _ordered("amax", x)
    return xp.max(x, axis=dims.axis(dim, x.ndim, "amax"), keepdims=keepdim)


@primitive(
    selecting(lambda xp, g, x, y, dim: _ties(xp, g, x, y, dim, "amin"), lambda xp, x, y, dim: x != _spread(xp, y, x, dim, "amin"))
)
def amin(xp: Namespace, x: TensorOrArray, dim: Dims = None, keepdim: bool = False) -> Array:
    """The smallest element over ``dim``; NaN if one is NaN.  Equal ones share the gradient evenly.

    Parameters
    ----------
    x : Tensor or array
        Any shape; real numbers.
    dim : int, tuple of int or None
        The dimensions to go over; None, or an empty tuple, is all of them.
    keepdim : bool
        Whether the dimensions gone over stay, with size 1.

    Returns
    -------
    Tensor
        The shape of `x` without `dim`, and its dtype.

    Raises
    ------
    ShapeError
        When there are no elements to go over.
    DTypeError
        When `x` is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.amin(gf.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=1)
    tensor([1., 3.])
    """
    _ordered("amin", x)
    return xp.min(x, axis=dims.axis(dim, x.ndim, "amin"), keepdims=keepdim)


@primitive(None)
def argmax(xp: Namespace, x: TensorLike, dim: int | None = None, keepdim: bool = False) -> Array:
    """Index of the largest element along ``dim``: the first of several, or of the first NaN.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; real numbers.
    dim : int or None
        The dimension to go along; None counts in the flattened tensor.
    keepdim : bool
        Whether the dimensions gone over stay, with size 1.

    Returns
    -------
    Tensor
        The shape of `x` without `dim`; int64, without a gradient.

    Raises
    ------
    ShapeError
        When there are no elements to go over.
    DTypeError
        When `x` is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.argmax(gf.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=1)
    tensor([1, 1])
    """
    return _arg(xp, xp.argmax, x, dim, keepdim, "argmax")


@primitive(None)
def argmin(xp: Namespace, x: TensorLike, dim: int | None = None, keepdim: bool = False) -> Array:
    """Index of the smallest element along ``dim``: the first of several, or of the first NaN.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; real numbers.
    dim : int or None
        The dimension to go along; None counts in the flattened tensor.
    keepdim : bool
        Whether the dimensions gone over stay, with size 1.

    Returns
    -------
    Tensor
        The shape of `x` without `dim`; int64, without a gradient.

    Raises
    ------
    ShapeError
        When there are no elements to go over.
    DTypeError
        When `x` is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.argmin(gf.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=1)
    tensor([0, 0])
    """
    return _arg(xp, xp.argmin, x, dim, keepdim, "argmin")


def _arg(xp: Namespace, find: Any, x: Array, dim: int | None, keepdim: bool, name: str) -> Array:
    _ordered(name, x)
    d = None if dim is None else dims.one(dim, x.ndim, name)
    found = xp.asarray(find(x if x.ndim else xp.reshape(x, (1,)), axis=d))
    return xp.reshape(found, dims.kept(x.shape, dim, name)) if keepdim else found


_Function: TypeAlias = Callable[..., Tensor]


class _Found(NamedTuple):
    values: Tensor
    indices: Tensor


# One of each function's own, for the name is what prints.
def _pair(name: str) -> type[_Found]:
    return type(name, (_Found,), {"__slots__": ()})


_max, _min, _median, _sort, _topk = map(_pair, ("max", "min", "median", "sort", "topk"))


@overload
def max(x: TensorLike, dim: TensorOrArray | None = None, keepdim: bool = False, *, other: TensorLike | None = None) -> Tensor: ...


@overload
def max(x: TensorLike, dim: int, keepdim: bool = False) -> _Found: ...


def max(x: TensorLike, dim: Any = None, keepdim: bool = False, *, other: TensorLike | None = None) -> Tensor | _Found:
    """The largest of all elements, the largest along one dimension, or the larger of each two.

    ``max(x)`` is ``amax(x)``, where equal elements share the gradient.  ``max(x, dim)`` gives the gradient to the element at its
    index, the first of several.  ``max(x, other)`` is ``maximum(x, other)``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; real numbers.
    dim : int, Tensor or None
        The dimension to go along; None is all of them.  A Tensor in this place is `other`.
    keepdim : bool
        Whether `dim` stays, with size 1.
    other : Tensor, array, number or None
        What `x` is compared with, element by element.

    Returns
    -------
    Tensor or tuple
        A Tensor, but with `dim` a named pair of ``values`` and ``indices`` (int64).

    Raises
    ------
    ShapeError
        When there are no elements to go over.
    DTypeError
        When `x` is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.max(gf.tensor([[1.0, 5.0], [7.0, 3.0]]))
    tensor(7.)
    >>> gf.max(gf.tensor([[1.0, 5.0], [7.0, 3.0]]), 1)
    max(values=tensor([5., 7.]), indices=tensor([1, 0]))
    """
    return _extreme(x, dim, keepdim, other, amax, argmax, maximum, _max)


@overload
def min(x: TensorLike, dim: TensorOrArray | None = None, keepdim: bool = False, *, other: TensorLike | None = None) -> Tensor: ...


@overload
def min(x: TensorLike, dim: int, keepdim: bool = False) -> _Found: ...


def min(x: TensorLike, dim: Any = None, keepdim: bool = False, *, other: TensorLike | None = None) -> Tensor | _Found:
    """The smallest of all elements, the smallest along one dimension, or the smaller of each two.

    ``min(x)`` is ``amin(x)``, where equal elements share the gradient.  ``min(x, dim)`` gives the gradient to the element at its
    index, the first of several.  ``min(x, other)`` is ``minimum(x, other)``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; real numbers.
    dim : int, Tensor or None
        The dimension to go along; None is all of them.  A Tensor in this place is `other`.
    keepdim : bool
        Whether `dim` stays, with size 1.
    other : Tensor, array, number or None
        What `x` is compared with, element by element.

    Returns
    -------
    Tensor or tuple
        A Tensor, but with `dim` a named pair of ``values`` and ``indices`` (int64).

    Raises
    ------
    ShapeError
        When there are no elements to go over.
    DTypeError
        When `x` is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.min(gf.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(1.)
    >>> gf.min(gf.tensor([[1.0, 2.0], [3.0, 4.0]]), 1)
    min(values=tensor([1., 3.]), indices=tensor([0, 0]))
    """
    return _extreme(x, dim, keepdim, other, amin, argmin, minimum, _min)


def _extreme(
    x: Any, dim: Any, keepdim: bool, other: Any, whole: _Function, where: _Function, pairwise: _Function, pair: type[_Found]
) -> Tensor | _Found:
    if other is not None or hasattr(dim, "shape"):
        return pairwise(x, dim if other is None else other)
    if dim is None:
        return whole(x)
    indices = where(x, dim, True)
    return _picked(pair, x, indices, dim, keepdim)


def _picked(pair: type[_Found], x: Any, indices: Any, dim: int, keepdim: bool) -> _Found:
    if not x.ndim:
        return pair(clone(x), reshape(indices, ()))
    values = take_along_dim(x, indices, dim)
    if keepdim:
        return pair(values, indices)
    shape = tuple(n for i, n in enumerate(values.shape) if i != dim % x.ndim)
    return pair(reshape(values, shape), reshape(indices, shape))


# --- orders ---------------------------------------------------------------------------------------------------------------


@primitive(None)
def argsort(xp: Namespace, x: TensorOrArray, dim: int = -1, descending: bool = False, stable: bool = True) -> Array:
    """The indices that sort ``x`` along ``dim``; equal elements keep their order.

    Parameters
    ----------
    x : Tensor or array
        Any shape; real numbers.  NaN counts as the largest.
    dim : int
        The dimension to sort along.
    descending : bool
        Whether the largest comes first.
    stable : bool
        Taken as PyTorch takes it; the order is stable in either case.

    Returns
    -------
    Tensor
        The shape of `x`; int64, without a gradient.

    Raises
    ------
    DTypeError
        When `x` is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.argsort(gf.tensor([3.0, 1.0, 2.0]))
    tensor([1, 2, 0])
    """
    _ordered("argsort", x)
    d = dims.one(dim, x.ndim, "argsort")
    if not x.ndim:
        return xp.zeros((), "int64")
    if not descending:
        return xp.argsort(x, axis=d, kind="stable")
    order = xp.argsort(xp.flip(x, (d,)), axis=d, kind="stable")
    return x.shape[d] - 1 - xp.flip(order, (d,))


def sort(x: TensorOrArray, dim: int = -1, descending: bool = False, stable: bool = True) -> _Found:
    """The elements in order along ``dim``, and where each came from; equal elements keep their order.

    Parameters
    ----------
    x : Tensor or array
        Any shape; real numbers.  NaN counts as the largest.
    dim : int
        The dimension to sort along.
    descending : bool
        Whether the largest comes first.
    stable : bool
        Taken as PyTorch takes it; the order is stable in either case.

    Returns
    -------
    tuple of Tensor
        A named pair in the shape of `x`: ``values``, and ``indices`` (int64) into `x`.

    Raises
    ------
    DTypeError
        When `x` is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.sort(gf.tensor([3.0, 1.0, 2.0]))
    sort(values=tensor([1., 2., 3.]), indices=tensor([1, 2, 0]))
    """
    indices = argsort(x, dim, descending, stable)
    return _sort(take_along_dim(x, indices, dim) if x.ndim else clone(x), indices)


def topk(x: TensorOrArray, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> _Found:
    """The ``k`` largest or smallest elements along ``dim``, and where each came from.

    Parameters
    ----------
    x : Tensor or array
        Any shape; real numbers.  NaN counts as the largest.
    k : int
        How many; at most the size of `dim`.
    dim : int
        The dimension to go along.
    largest : bool
        Whether to take the largest, not the smallest.
    sorted : bool
        Taken as PyTorch takes it; the elements are in order in either case.

    Returns
    -------
    tuple of Tensor
        A named pair in the shape of `x` with `k` along `dim`: ``values``, and ``indices`` (int64) into `x`.

    Raises
    ------
    ArgumentError
        When `k` is negative or above the size of `dim`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.topk(gf.tensor([3.0, 1.0, 2.0]), 2)
    topk(values=tensor([3., 2.]), indices=tensor([0, 2]))
    """
    d = dims.one(dim, x.ndim, "topk")
    size = x.shape[d] if x.ndim else 1
    count = whole_number(k)
    if count is None or not 0 <= count <= size:
        raise ArgumentError(f"topk: k = {k} of a dimension with {size} elements")
    indices = argsort(x, dim, largest)
    if x.ndim:
        indices = indices[(slice(None),) * d + (slice(0, count),)]
    return _topk(take_along_dim(x, indices, dim) if x.ndim else clone(x), indices)


@overload
def median(x: TensorLike, dim: None = None, keepdim: bool = False) -> Tensor: ...


@overload
def median(x: TensorLike, dim: int, keepdim: bool = False) -> _Found: ...


def median(x: TensorLike, dim: int | None = None, keepdim: bool = False) -> Tensor | _Found:
    """The middle element, the lower of two: of all elements, or along ``dim``.

    NaN if one is NaN.  Without `dim` elements equal to the median share the gradient; with it the element at the index has it.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; real numbers.
    dim : int or None
        The dimension to go along; None is all of them.
    keepdim : bool
        Whether `dim` stays, with size 1.

    Returns
    -------
    Tensor or tuple
        A Tensor without dimensions, but with `dim` a named pair of ``values`` and ``indices`` (int64).

    Raises
    ------
    ArgumentError
        When there are no elements.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.median(gf.tensor([4.0, 1.0, 2.0, 3.0]))
    tensor(2.)
    >>> gf.median(gf.tensor([[1.0, 3.0, 2.0]]), dim=1)
    median(values=tensor([2.]), indices=tensor([2]))
    """
    if dim is None:
        flat = reshape(x, (-1,))
        return _lone(flat, _middle(flat, 0))
    return _picked(_median, x, _middle(x, dim), dim, keepdim)


@primitive(selecting(lambda xp, g, x, y: _ties(xp, g, x, y, None, "median"), lambda x, y: x != y), index=None)
def _lone(xp: Namespace, x: Array, index: Array) -> Array:
    return xp.reshape(x[index], ())


def _middle(x: Any, dim: int) -> Any:
    """Where the median along ``dim`` is: NaNs are sorted to the end, and the first of them, if any, is taken."""
    d = dims.one(dim, x.ndim, "median")
    order = argsort(x, dim)
    if not x.ndim:
        return order
    n = x.shape[d]
    if n == 0:
        raise ArgumentError("median: there is no middle of no elements")
    nans = _sum(isnan(x), d, True)
    return take_along_dim(order, where(nans > 0, n - nans, (n - 1) // 2), d)
