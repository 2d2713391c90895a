"""Other shapes and orders of dimensions, broadcasting, and copies: each operation is linear, and its adjoint goes back."""

from __future__ import annotations

from collections.abc import Sequence

from .._engine import linear, operand
from ..errors import ArgumentError, ShapeError
from ..typing import Array, Dims, Namespace, Shape, SizeLike, Tensor, TensorLike, TensorOrArray
from . import dims

# --- reshaping --------------------------------------------------------------------------------------------------------


@linear(lambda xp, g, _x: xp.reshape(g, _x.shape), view=True)
def _reshape(xp: Namespace, x: Array, shape: Shape) -> Array:
    return xp.reshape(x, shape)


def reshape(x: TensorLike, *shape: SizeLike) -> Tensor:
    """The same elements in another shape.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape.
    *shape : int or tuple of int
        The new sizes.  One may be -1: it takes what is left.

    Returns
    -------
    Tensor
        A view of `x` where its layout allows it, else a copy.

    Raises
    ------
    ShapeError
        When the sizes do not hold the elements of `x`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.reshape(gf.arange(6.0), (2, -1))
    tensor([[0., 1., 2.],
            [3., 4., 5.]])
    """
    return _reshape(x, dims.spelled(shape, "reshape"))


def view(x: Tensor, *shape: SizeLike) -> Tensor:
    """The same elements in another shape: ``reshape`` that never copies.

    Parameters
    ----------
    x : Tensor
        Any shape.
    *shape : int or tuple of int
        The new sizes.  One may be -1: it takes what is left.

    Returns
    -------
    Tensor
        A view of `x`.

    Raises
    ------
    ShapeError
        When the sizes do not hold the elements of `x`, or its layout cannot be seen in that shape without a copy.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.arange(4.0).view(2, 2)
    tensor([[0., 1.],
            [2., 3.]])
    """
    y = _reshape(x, dims.spelled(shape, "view"))
    if x.size and getattr(y, "_base", None) is None:
        raise ShapeError(
            f"view: a tensor of shape {x.shape} with strides {x.array.strides} cannot be seen as {y.shape}; use reshape"
        )
    return y


def flatten(x: TensorOrArray, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The dimensions from ``start_dim`` to ``end_dim`` made one.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    start_dim, end_dim : int
        The first and the last dimension to join.

    Returns
    -------
    Tensor
        A view of `x` where its layout allows it, else a copy.  A number becomes a vector of one element.

    Raises
    ------
    ArgumentError
        When `start_dim` comes after `end_dim`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.flatten(gf.ones(2, 3, 4), 1).shape
    (2, 12)
    """
    x = operand("flatten", x)
    a, b = dims.one(start_dim, x.ndim, "flatten"), dims.one(end_dim, x.ndim, "flatten")
    if a > b:
        raise ArgumentError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    if not x.ndim:
        return _reshape(x, (1,))
    n = 1
    for size in x.shape[a : b + 1]:
        n *= size
    return _reshape(x, (*x.shape[:a], n, *x.shape[b + 1 :]))


def ravel(x: TensorLike) -> Tensor:
    """All elements in one dimension.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape.

    Returns
    -------
    Tensor
        A vector: a view of `x` where its layout allows it, else a copy.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.ravel(gf.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([1., 2., 3., 4.])
    """
    return _reshape(x, (-1,))


def squeeze(x: TensorOrArray, dim: Dims = None) -> Tensor:
    """``x`` without its dimensions of size 1.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    dim : int, tuple of int or None
        The dimensions to take away if their size is 1; None is all of them.

    Returns
    -------
    Tensor
        A view of `x`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.squeeze(gf.ones(1, 2, 1)).shape
    (2,)
    >>> gf.squeeze(gf.ones(1, 2, 1), 0).shape
    (2, 1)
    """
    chosen = dims.several(dim, x.ndim, "squeeze")
    return _reshape(x, tuple(n for i, n in enumerate(x.shape) if n != 1 or i not in chosen))


def unsqueeze(x: TensorOrArray, dim: int) -> Tensor:
    """``x`` with a new dimension of size 1.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    dim : int
        The place of the new dimension in the result; -1 is the last.

    Returns
    -------
    Tensor
        A view of `x`.

    Raises
    ------
    IndexingError
        When the result has no dimension `dim`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.unsqueeze(gf.ones(2), 0).shape
    (1, 2)
    """
    d = dims.one(dim, x.ndim + 1, "unsqueeze")
    return _reshape(x, (*x.shape[:d], 1, *x.shape[d:]))


# --- permuting --------------------------------------------------------------------------------------------------------


def _inverse(order: tuple[int, ...]) -> tuple[int, ...]:
    back = [0] * len(order)
    for i, d in enumerate(order):
        back[d] = i
    return tuple(back)


@linear(lambda xp, g, order: xp.transpose(g, _inverse(order)), view=True)
def _permute(xp: Namespace, x: Array, order: tuple[int, ...]) -> Array:
    return xp.transpose(x, order)


def permute(x: TensorOrArray, *order: SizeLike) -> Tensor:
    """``x`` with its dimensions in another order.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    *order : int or tuple of int
        For each dimension of the result, the dimension of `x` that it is.

    Returns
    -------
    Tensor
        A view of `x`.

    Raises
    ------
    ShapeError
        When `order` does not name all dimensions.
    ArgumentError
        When it names one twice.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.permute(gf.ones(2, 3, 4), (2, 0, 1)).shape
    (4, 2, 3)
    """
    wanted = dims.several(dims.spelled(order, "permute"), x.ndim, "permute")
    if len(wanted) != x.ndim:
        raise ShapeError(f"permute: {len(wanted)} dimensions named for a tensor that has {x.ndim}")
    return _permute(x, wanted)


def transpose(x: TensorOrArray, dim0: int, dim1: int) -> Tensor:
    """``x`` with two dimensions exchanged.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    dim0, dim1 : int
        The two dimensions.

    Returns
    -------
    Tensor
        A view of `x`.

    Raises
    ------
    IndexingError
        When `x` has no such dimension.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.transpose(gf.tensor([[1.0, 2.0], [3.0, 4.0]]), 0, 1)
    tensor([[1., 3.],
            [2., 4.]])
    """
    a, b = dims.one(dim0, x.ndim, "transpose"), dims.one(dim1, x.ndim, "transpose")
    order = list(range(x.ndim))
    if order:
        order[a], order[b] = order[b], order[a]
    return _permute(x, tuple(order))


def t(x: TensorOrArray) -> Tensor:
    """Transposed matrix; a vector or a number stays as it is.

    Parameters
    ----------
    x : Tensor or array
        At most two dimensions.

    Returns
    -------
    Tensor
        A view of `x`.

    Raises
    ------
    ShapeError
        When `x` has more than two dimensions.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.t(gf.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[1., 3.],
            [2., 4.]])
    """
    if x.ndim > 2:
        raise ShapeError(f"t: takes at most 2 dimensions, got shape {x.shape}; use transpose(dim0, dim1) or .mT")
    return _permute(x, tuple(reversed(range(x.ndim))))


def movedim(x: TensorOrArray, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """``x`` with dimensions moved to other places; the others keep their order.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    source : int or sequence of int
        The dimensions to move.
    destination : int or sequence of int
        Their places in the result, as many.

    Returns
    -------
    Tensor
        A view of `x`.

    Raises
    ------
    ArgumentError
        When `source` and `destination` are not as many.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.movedim(gf.ones(2, 3, 4), 0, -1).shape
    (3, 4, 2)
    """
    a, b = dims.several(source, x.ndim, "movedim"), dims.several(destination, x.ndim, "movedim")
    if len(a) != len(b):
        raise ArgumentError(f"movedim: {len(a)} dimensions to move to {len(b)} places")
    order = [d for d in range(x.ndim) if d not in a]
    for place, d in sorted(zip(b, a, strict=True)):
        order.insert(place, d)
    return _permute(x, tuple(order))


# --- broadcasting -----------------------------------------------------------------------------------------------------


@linear(lambda xp, g, _x: xp.sum_to(g, _x.shape), view=True)
def broadcast_to(xp: Namespace, x: TensorLike, shape: Shape) -> Array:
    """``x`` repeated, without copying, along new dimensions and those of size 1.

    The gradient is summed over the dimensions that were repeated.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape.
    shape : tuple of int
        The shape to broadcast to.

    Returns
    -------
    Tensor
        A view of `x`.

    Raises
    ------
    ShapeError
        When `x` does not broadcast to `shape`.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([1.0, 2.0], requires_grad=True)
    >>> gf.broadcast_to(x, (3, 2)).sum().backward()
    >>> x.grad
    tensor([3., 3.])
    """
    return xp.broadcast_to(x, shape)


@linear(lambda xp, g, _x: xp.broadcast_to(g, _x.shape))
def sum_to(xp: Namespace, x: Array, shape: Shape) -> Array:
    """The adjoint of ``broadcast_to``: summed over the dimensions that were repeated."""
    y = xp.sum_to(x, shape)
    return xp.array(y, copy=True) if y is x else y


def expand(x: TensorOrArray, *sizes: SizeLike) -> Tensor:
    """``x`` repeated, without copying: ``broadcast_to`` with -1 for a size that stays.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    *sizes : int or tuple of int
        The shape to broadcast to.  -1 stands for a dimension that is there.

    Returns
    -------
    Tensor
        A view of `x`.

    Raises
    ------
    ShapeError
        When `x` does not broadcast to that shape, or -1 stands for a new dimension.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.ones(2, 1).expand(-1, 3).shape
    (2, 3)
    """
    shape = dims.spelled(sizes, "expand")
    lead = len(shape) - x.ndim
    if lead < 0 or -1 in shape[: max(lead, 0)]:
        raise ShapeError(f"expand: sizes {shape} for a tensor of shape {x.shape}; -1 stands for a dimension that is there")
    return broadcast_to(x, tuple(x.shape[i - lead] if n == -1 else n for i, n in enumerate(shape)))


# --- copies -----------------------------------------------------------------------------------------------------------


@linear(lambda g: g)
def clone(xp: Namespace, x: TensorLike) -> Array:
    """A copy in memory of its own, through which the gradient goes back to ``x``.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape.

    Returns
    -------
    Tensor
        The shape and dtype of `x`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.clone(gf.tensor([1.0, 2.0, 3.0]))
    tensor([1., 2., 3.])
    """
    return xp.array(x, copy=True)


@linear(lambda g: g)
def _compact(xp: Namespace, x: Array) -> Array:
    return xp.array(x, copy=True, order="C")


def contiguous(x: Tensor) -> Tensor:
    """``x`` with its elements in order without gaps.

    Parameters
    ----------
    x : Tensor
        Any shape.

    Returns
    -------
    Tensor
        `x` itself if its elements lie so, else a copy.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.tensor([[1.0, 2.0], [3.0, 4.0]]).T.contiguous().is_contiguous()
    True
    """
    return x if x.array.flags.c_contiguous else _compact(x)
