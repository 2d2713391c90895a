"""Operations that fold dimensions away, and those that run along one: sums, extremes, norms, orders, cumulations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias, overload

from .._engine import linear, primitive, selecting, wide
from .._plain import whole_number
from ..errors import ArgumentError, DTypeError
from ..typing import Array, Dims, DType, Namespace, Tensor, TensorLike, TensorOrArray
from . import dims
from .compare import _ordered, isnan, maximum, minimum, where
from .elementwise import abs as absolute
from .elementwise import cast_to, mul
from .index import take_along_dim
from .shape import clone, reshape


def _spread(xp: Namespace, g: Array, _x: Any, dim: Dims, name: str) -> Array:
    """A gradient of the reduction, reshaped so that it broadcasts against what was reduced."""
    if not g.ndim:
        return g  # it is broadcast as it is
    shape = dims.kept(_x.shape, dim, name)
    return g if g.shape == shape else xp.reshape(g, shape)


# --- sums -------------------------------------------------------------------------------------------------------------


@linear(lambda xp, g, _x, dim: xp.broadcast_to(_spread(xp, g, _x, dim, "sum"), _x.shape))
def _sum(xp: Namespace, x: Array, dim: Dims = None, keepdim: bool = False) -> Array:
    return xp.sum(_wide(xp, x), axis=dims.axis(dim, x.ndim, "sum"), keepdims=keepdim)


def _wide(xp: Namespace, x: Array) -> Array:
    """Unsigned integers as int64, in which, as in PyTorch, all whole numbers are summed and multiplied."""
    return xp.astype(x, "int64") if x.dtype.kind == "u" else x


def sum(x: TensorLike, dim: Dims = None, keepdim: bool = False, *, dtype: DType = None) -> Tensor:
    """Sum over ``dim``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape.
    dim : int, tuple of int or None
        The dimensions to sum over; None, or an empty tuple, is all of them.
    keepdim : bool
        Whether the dimensions summed over stay, with size 1.
    dtype : dtype or None
        The dtype to which `x` is converted first.

    Returns
    -------
    Tensor
        The shape of `x` without `dim`.  Booleans and integers give int64.

    Raises
    ------
    IndexingError
        When `x` has no dimension `dim`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.sum(gf.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=1, keepdim=True)
    tensor([[3.],
            [7.]])
    """
    return _sum(x if dtype is None else cast_to(x, dtype), dim, keepdim)


def _divided(xp: Namespace, g: Array, _x: Any, dim: Dims) -> Array:
    return _spread(xp, g, _x, dim, "mean") * (1 / (dims.count(_x.shape, dim, "mean") or 1))


@linear(lambda xp, g, _x, dim: xp.broadcast_to(_divided(xp, g, _x, dim), _x.shape))
def _mean(xp: Namespace, x: Array, dim: Dims = None, keepdim: bool = False) -> Array:
    if x.dtype.kind not in "fc":
        raise DTypeError(f"mean: the mean of {x.dtype} is not {x.dtype}; convert with .float(), or pass dtype=")
    return xp.mean(x, axis=dims.axis(dim, x.ndim, "mean"), keepdims=keepdim)


def mean(x: TensorLike, dim: Dims = None, keepdim: bool = False, *, dtype: DType = None) -> Tensor:
    """Mean over ``dim``; NaN of no elements.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; floats or complex numbers.
    dim : int, tuple of int or None
        The dimensions to average over; None, or an empty tuple, is all of them.
    keepdim : bool
        Whether the dimensions averaged over stay, with size 1.
    dtype : dtype or None
        The dtype to which `x` is converted first.

    Returns
    -------
    Tensor
        The shape of `x` without `dim`.

    Raises
    ------
    DTypeError
        When `x` is of integers or booleans, and `dtype` is not given.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.mean(gf.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([2., 3.])
    """
    return _mean(x if dtype is None else cast_to(x, dtype), dim, keepdim)


def _var_rule(xp: Namespace, g: Array, x: Array, dim: Dims, correction: float) -> Array:
    n = dims.count(x.shape, dim, "var")
    away, _ = xp.centred(x, dims.axis(dim, x.ndim, "var"))
    return _spread(xp, g, x, dim, "var") * away * (2 / (n - correction) if n > correction else xp.nan)


@wide
@primitive(_var_rule)
def _var(xp: Namespace, x: Array, dim: Dims = None, correction: float = 1, keepdim: bool = False) -> Array:
    if x.dtype.kind != "f":
        raise DTypeError(f"var: needs real floats, not {x.dtype}; convert with .float()")
    n, axis = dims.count(x.shape, dim, "var"), dims.axis(dim, x.ndim, "var")
    away, _ = xp.centred(x, axis)
    scale = 1 / (n - correction) if n > correction else xp.inf  # as PyTorch: inf, and NaN from 0 * inf
    with xp.floating_errors(invalid="ignore"):
        return xp.sum(away * away, axis=axis, keepdims=keepdim) * x.dtype.type(scale)


def var(x: TensorLike, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float = 1) -> Tensor:
    """Variance over ``dim``: squared distances from the mean, summed and divided by ``n - correction``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; real floats.
    dim : int, tuple of int or None
        The dimensions to go over; None, or an empty tuple, is all of them.
    unbiased : bool or None
        True is correction 1 and False correction 0; None leaves it to `correction`.
    keepdim : bool
        Whether the dimensions gone over stay, with size 1.
    correction : number
        What is subtracted from the number of elements n.  Where n is not above it the result is infinite or NaN.

    Returns
    -------
    Tensor
        The shape of `x` without `dim`.

    Raises
    ------
    DTypeError
        When `x` is not of real floats.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.var(gf.tensor([1.0, 2.0, 3.0, 4.0]))
    tensor(1.6667)
    >>> gf.var(gf.tensor([1.0, 2.0, 3.0, 4.0]), correction=0)
    tensor(1.2500)
    """
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    return _var(x, dim, correction if unbiased is None else float(unbiased), keepdim)


@wide
def std(x: TensorLike, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float = 1) -> Tensor:
    """Standard deviation over ``dim``, the root of ``var``.

    Where all elements are equal its gradient is taken to be 0, and second derivatives are NaN.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; real floats.
    dim : int, tuple of int or None
        The dimensions to go over; None, or an empty tuple, is all of them.
    unbiased : bool or None
        True is correction 1 and False correction 0; None leaves it to `correction`.
    keepdim : bool
        Whether the dimensions gone over stay, with size 1.
    correction : number
        What is subtracted from the number of elements n.  Where n is not above it the result is infinite or NaN.

    Returns
    -------
    Tensor
        The shape of `x` without `dim`.

    Raises
    ------
    DTypeError
        When `x` is not of real floats.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.std(gf.tensor([1.0, 2.0, 3.0]))
    tensor(1.)
    """
    return _root(var(x, dim, unbiased, keepdim, correction=correction))


@primitive(lambda xp, g, y: xp.flat(y == 0, g / (2 * y), g))
def _root(xp: Namespace, x: Array) -> Array:
    return xp.sqrt(x)


# --- products -----------------------------------------------------------------------------------------------------------


def _prod_rule(xp: Namespace, g: Array, x: Array, dim: Any) -> Array:
    """Each element's factor is the product of the others: those before it times those after it (0 elements are no trouble)."""
    if not x.ndim:
        return g
    d = dims.one(dim, x.ndim, "prod")
    after = xp.flip(_before(xp, xp.flip(x, (d,)), d), (d,))
    return xp.reshape(g, dims.kept(x.shape, d, "prod")) * _before(xp, x, d) * after


def _before(xp: Namespace, x: Array, d: int) -> Array:
    """The product of all elements before each one along ``d``."""
    return xp.cumprod(_shifted(xp, x, d, 1), d)


def _shifted(xp: Namespace, x: Array, d: int, fill: float) -> Array:
    """``x`` moved on by one along ``d``, with ``fill`` let in at the front."""
    lead = (slice(None),) * d
    return xp.concatenate((xp.full_like(x[(*lead, slice(0, 1))], fill), x[(*lead, slice(0, -1))]), d)


@wide
@primitive(_prod_rule)
def _prod(xp: Namespace, x: Array, dim: Any, keepdim: bool = False) -> Array:
    return xp.prod(_wide(xp, x), axis=dims.several(dim, x.ndim, "prod"), keepdims=keepdim)


def prod(x: TensorLike, dim: int | None = None, keepdim: bool = False, *, dtype: DType = None) -> Tensor:
    """Product over one dimension, or of all elements.

    The gradient of an element is the product of the others, also where some of them are 0.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape.
    dim : int or None
        The dimension to multiply along; None is all of them.
    keepdim : bool
        Whether `dim` stays, with size 1.
    dtype : dtype or None
        The dtype to which `x` is converted first.

    Returns
    -------
    Tensor
        The shape of `x` without `dim`.  Booleans and integers give int64.

    Raises
    ------
    IndexingError
        When `x` has no dimension `dim`.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([0.0, 2.0, 3.0], requires_grad=True)
    >>> y = gf.prod(x)
    >>> y.backward()
    >>> y.item(), x.grad.tolist()
    (0.0, [6.0, 0.0, 0.0])
    """
    x = x if dtype is None else cast_to(x, dtype)
    return _prod(reshape(x, (-1,)), 0, False) if dim is None else _prod(x, dim, keepdim)


@linear(lambda xp, g, dim: xp.flip(xp.cumsum(xp.flip(g, (dim % g.ndim,)), dim), (dim % g.ndim,)) if g.ndim else g)
def _cumsum(xp: Namespace, x: Array, dim: int) -> Array:
    d = dims.one(dim, x.ndim, "cumsum")
    return xp.cumsum(_wide(xp, x), d) if x.ndim else xp.sum(_wide(xp, x))


def cumsum(x: TensorLike, dim: int, *, dtype: DType = None) -> Tensor:
    """Running sums along ``dim``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape.
    dim : int
        The dimension to go along.
    dtype : dtype or None
        The dtype to which `x` is converted first.

    Returns
    -------
    Tensor
        The shape of `x`.  Booleans and integers give int64.

    Raises
    ------
    IndexingError
        When `x` has no dimension `dim`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.cumsum(gf.tensor([1.0, 2.0, 3.0]), 0)
    tensor([1., 3., 6.])
    """
    return _cumsum(x if dtype is None else cast_to(x, dtype), dim)


def _cumprod_rule(xp: Namespace, g: Array, x: Array, dim: int) -> Array:
    """d/dx_i = (product before i) * s_i with s_i = g_i + x_(i+1) s_(i+1): no division, so zeros are no trouble."""
    if not x.ndim:
        return g
    d = dims.one(dim, x.ndim, "cumprod")
    back = xp.recurrence(_shifted(xp, xp.flip(x, (d,)), d, 0), xp.flip(g, (d,)), d)
    return _before(xp, x, d) * xp.flip(back, (d,))


@wide
@primitive(_cumprod_rule)
def _cumprod(xp: Namespace, x: Array, dim: int) -> Array:
    d = dims.one(dim, x.ndim, "cumprod")
    return xp.cumprod(_wide(xp, x), d) if x.ndim else xp.prod(_wide(xp, x))


def cumprod(x: TensorLike, dim: int, *, dtype: DType = None) -> Tensor:
    """Running products along ``dim``; the gradient is right also where elements are 0.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape.
    dim : int
        The dimension to go along.
    dtype : dtype or None
        The dtype to which `x` is converted first.

    Returns
    -------
    Tensor
        The shape of `x`.  Booleans and integers give int64.

    Raises
    ------
    IndexingError
        When `x` has no dimension `dim`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.cumprod(gf.tensor([1.0, 2.0, 3.0]), 0)
    tensor([1., 2., 6.])
    """
    return _cumprod(x if dtype is None else cast_to(x, dtype), dim)


def _adjoint_recurrence(xp: Namespace, g: Array, a: Array, dim: int) -> Array:
    """The gradient of u: the same recurrence run from the far end, each factor one place on."""
    return xp.flip(xp.recurrence(_shifted(xp, xp.flip(a, (dim,)), dim, 0), xp.flip(g, (dim,)), dim), (dim,))


@wide
@primitive(
    lambda xp, g, a, y, dim: _adjoint_recurrence(xp, g, a, dim) * _shifted(xp, y, dim, 0),
    lambda xp, g, a, dim: _adjoint_recurrence(xp, g, a, dim),
)
def recurrence(xp: Namespace, a: TensorLike, u: TensorLike, dim: int) -> Array:
    """``y_i = u_i + a_i y_(i-1)`` along ``dim``, from y = 0."""
    return xp.recurrence(a, u, dim)


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


@primitive(None)
def all(xp: Namespace, x: TensorOrArray, dim: Dims = None, keepdim: bool = False) -> Array:
    """True where every element over ``dim`` is nonzero; of no elements, True.

    Parameters
    ----------
    x : Tensor or array
        Any shape and dtype.
    dim : int, tuple of int or None
        The dimensions to go over; None, or an empty tuple, is all of them.
    keepdim : bool
        Whether the dimensions gone over stay, with size 1.

    Returns
    -------
    Tensor
        Booleans in the shape of `x` without `dim`, without a gradient.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.all(gf.tensor([[True, False], [True, True]]), dim=1)
    tensor([False,  True])
    """
    return xp.all(x, axis=dims.axis(dim, x.ndim, "all"), keepdims=keepdim)


@primitive(None)
def any(xp: Namespace, x: TensorOrArray, dim: Dims = None, keepdim: bool = False) -> Array:
    """True where some element over ``dim`` is nonzero; of no elements, False.

    Parameters
    ----------
    x : Tensor or array
        Any shape and dtype.
    dim : int, tuple of int or None
        The dimensions to go over; None, or an empty tuple, is all of them.
    keepdim : bool
        Whether the dimensions gone over stay, with size 1.

    Returns
    -------
    Tensor
        Booleans in the shape of `x` without `dim`, without a gradient.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.any(gf.tensor([[True, False], [False, False]]), dim=1)
    tensor([ True, False])
    """
    return xp.any(x, axis=dims.axis(dim, x.ndim, "any"), keepdims=keepdim)


# --- norms ----------------------------------------------------------------------------------------------------------------


@wide
@primitive(
    lambda xp, g, x, y, dim: _spread(xp, g, x, dim, "logsumexp") * xp.exp(x - _spread(xp, y, x, dim, "logsumexp")), floats=True
)
def logsumexp(xp: Namespace, x: TensorOrArray, dim: Dims, keepdim: bool = False) -> Array:
    """``log(sum(exp(x)))`` over ``dim``, without overflow; the gradient is the softmax.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    dim : int, tuple of int or None
        The dimensions to go over; None, or an empty tuple, is all of them.
    keepdim : bool
        Whether the dimensions gone over stay, with size 1.

    Returns
    -------
    Tensor
        The shape of `x` without `dim`; integers give the default dtype.  Of no elements it is minus infinity.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([0.0, 1000.0], requires_grad=True)
    >>> y = gf.logsumexp(x, dim=0)
    >>> y.backward()
    >>> y.item(), x.grad.tolist()
    (1000.0, [0.0, 1.0])
    """
    axis = dims.axis(dim, x.ndim, "logsumexp")
    top = xp.max(x, axis=axis, keepdims=True) if dims.count(x.shape, dim, "logsumexp") else xp.zeros((), x.dtype)
    top = xp.where(xp.isfinite(top), top, xp.zeros_like(top))
    with xp.floating_errors(divide="ignore", over="ignore"):  # log(0) of nothing but -inf, exp(1000) beside +inf
        y = xp.log(xp.sum(xp.exp(x - top), axis=axis, keepdims=True)) + top
    return y if keepdim else xp.reshape(y, _dropped(x.shape, dim, "logsumexp"))


def _dropped(shape: Any, dim: Dims, name: str) -> tuple[int, ...]:
    gone = dims.several(dim or None if isinstance(dim, tuple | list) else dim, len(shape), name)
    return tuple(n for i, n in enumerate(shape) if i not in gone)


@primitive(lambda xp, g, x, y, dim: _norm2_rule(xp, g, x, y, dim), holomorphic=False, floats=True)
def _norm2(xp: Namespace, x: Array, dim: Dims = None, keepdim: bool = False) -> Array:
    squares = x * x if x.dtype.kind != "c" else xp.real(x * xp.conjugate(x))
    return xp.sqrt(xp.sum(squares, axis=dims.axis(dim, x.ndim, "norm"), keepdims=keepdim))


def _norm2_rule(xp: Namespace, g: Array, x: Array, y: Array, dim: Dims) -> Array:
    y = _spread(xp, y, x, dim, "norm")
    g = _spread(xp, g, x, dim, "norm")
    return xp.flat(y == 0, (g / y) * x, g)


@wide
def norm(x: TensorOrArray, p: float | str | None = "fro", dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The p-norm of the elements over ``dim``, ``(sum |x|**p)**(1/p)``.

    The gradient where the norm is 0 is taken to be 0, and second derivatives there are NaN.  For `p` below 1 the gradient of an
    element that is 0 is taken to be 0.

    Parameters
    ----------
    x : Tensor or array
        Any shape; it is not read as a matrix (that does ``gf.linalg.norm``).
    p : float, "fro" or None
        The order; "fro" and None are 2.  0 counts the nonzero elements, inf takes the largest ``|x|``, -inf the smallest.
    dim : int, tuple of int or None
        The dimensions to go over; None, or an empty tuple, is all of them.
    keepdim : bool
        Whether the dimensions gone over stay, with size 1.

    Returns
    -------
    Tensor
        The shape of `x` without `dim`; a real float dtype, for integers the default one.

    Raises
    ------
    ArgumentError
        When `p` is another word.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([3.0, 4.0], requires_grad=True)
    >>> y = gf.norm(x)
    >>> y.backward()
    >>> y, x.grad
    (tensor(5., grad_fn=<Norm2Backward>), tensor([0.6000, 0.8000]))
    """
    if p in (2, "fro", None):
        return _norm2(x, dim, keepdim)
    if isinstance(p, str):
        raise ArgumentError(f"norm: p is a number or 'fro', not {p!r}")
    size = absolute(x if x.dtype.kind in "fc" else mul(x, 1.0))
    if p == float("inf"):
        return amax(size, dim, keepdim)
    if p == float("-inf"):
        return amin(size, dim, keepdim)
    if p == 0:
        return _sum(cast_to((size != 0), size.dtype), dim, keepdim)
    if p == 1:
        return _sum(size, dim, keepdim)
    if p < 1:  # the derivative at 0 is infinite, and taken to be 0
        size = where(size == 0, 0.0, size)
    return _power_root(_sum(size**p, dim, keepdim), p)


@primitive(lambda xp, g, y, p: xp.flat(y == 0, g * xp.pow_scalar(y, 1 - p) * (1 / p), g))
def _power_root(xp: Namespace, x: Array, p: float) -> Array:
    return xp.pow_scalar(x, 1 / p)


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
    nans = sum(isnan(x), d, True)
    return take_along_dim(order, where(nans > 0, n - nans, (n - 1) // 2), d)
