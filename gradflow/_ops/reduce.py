"""Sums, means, variances and products over dimensions, running ones along one, and all and any."""

from __future__ import annotations

from typing import Any

from .._engine import linear, primitive, wide
from ..errors import DTypeError
from ..typing import Array, Dims, DType, Namespace, Tensor, TensorLike, TensorOrArray
from . import dims
from .elementwise import cast_to
from .shape import reshape


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
