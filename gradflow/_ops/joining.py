"""Joining tensors, and repeating and shifting what is in them: each operation is linear, and its adjoint moves elements back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .._engine import linear
from ..errors import ArgumentError, ShapeError
from ..typing import Array, Dims, Namespace, SizeLike, Tensor, TensorOrArray
from . import dims
from .picking import index_select
from .shape import _reshape, ravel, unsqueeze


def _cut(xp: Namespace, g: Array, _tensors: Any, dim: int) -> list[Array]:
    d = dims.one(dim, g.ndim, "cat")
    parts, at = [], 0
    for piece in _tensors:
        n = piece.shape[d]
        parts.append(g[(slice(None),) * d + (slice(at, at + n),)])
        at += n
    return parts


@linear(joint=(_cut, "tensors"))
def _cat(xp: Namespace, dim: int, *tensors: Array) -> Array:
    return xp.concatenate(tensors, dims.one(dim, tensors[0].ndim, "cat"))


def cat(tensors: Iterable[TensorOrArray], dim: int = 0) -> Tensor:
    """The tensors one after the other along ``dim``.

    Parameters
    ----------
    tensors : iterable of Tensor or array
        At least one; all sizes but that of `dim` are equal.  A tensor of shape (0,) fits beside any, as in PyTorch.
    dim : int
        The dimension along which they follow each other.

    Returns
    -------
    Tensor
        A copy with the promoted dtype.

    Raises
    ------
    ShapeError
        When the shapes do not fit, or there are no tensors.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.cat([gf.zeros(2), gf.ones(1)])
    tensor([0., 0., 1.])
    """
    tensors = tuple(tensors)
    try:
        return _cat(dim, *tensors)
    except (ArgumentError, ShapeError):
        whole = next((t.shape for t in tensors if len(t.shape) > 1), None)
        if whole is None or all(tuple(t.shape) != (0,) for t in tensors):
            raise
    d = dims.one(dim, len(whole), "cat")
    empty = (*whole[:d], 0, *whole[d + 1 :])
    return _cat(dim, *[_reshape(t, empty) if tuple(t.shape) == (0,) else t for t in tensors])


def stack(tensors: Iterable[TensorOrArray], dim: int = 0) -> Tensor:
    """The tensors, all of one shape, side by side along a new dimension.

    Parameters
    ----------
    tensors : iterable of Tensor or array
        At least one; all of the same shape.
    dim : int
        The place of the new dimension in the result.

    Returns
    -------
    Tensor
        A copy with the promoted dtype.

    Raises
    ------
    ShapeError
        When the shapes differ, or there are no tensors.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.stack([gf.zeros(2), gf.ones(2)])
    tensor([[0., 0.],
            [1., 1.]])
    """
    tensors = list(tensors)
    if not tensors:
        raise ShapeError("stack: needs at least one tensor, got none")
    shapes = {tuple(t.shape) if hasattr(t, "shape") else () for t in tensors}
    if len(shapes) > 1:
        raise ShapeError(f"stack: tensors of one shape are needed, got {sorted(shapes)}")
    return _cat(dim, *[unsqueeze(t, dim) for t in tensors])


@linear(lambda xp, g, dim: xp.flip(g, dim))
def _flip(xp: Namespace, x: Array, dim: tuple[int, ...]) -> Array:
    return xp.flip(x, dim)


def flip(x: TensorOrArray, *dim: SizeLike) -> Tensor:
    """``x`` with the order along some dimensions reversed.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    *dim : int or tuple of int
        The dimensions to reverse.

    Returns
    -------
    Tensor
        A copy in the shape of `x`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.flip(gf.tensor([1.0, 2.0, 3.0]), 0)
    tensor([3., 2., 1.])
    """
    return _flip(x, dims.several(dims.spelled(dim, "flip"), x.ndim, "flip"))


@linear(lambda xp, g, shifts, dim: xp.roll(g, tuple(-s for s in shifts), dim))
def _roll(xp: Namespace, x: Array, shifts: tuple[int, ...], dim: tuple[int, ...]) -> Array:
    return xp.roll(x, shifts, dim)


def roll(x: TensorOrArray, shifts: int | Sequence[int], dims: Dims = None) -> Tensor:
    """The elements moved on by ``shifts``; those pushed out at the end come in at the front.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    shifts : int or sequence of int
        How far, one for each of `dims`.  A negative one moves towards the front.
    dims : int, tuple of int or None
        The dimensions to move along; None moves in the flattened tensor.

    Returns
    -------
    Tensor
        A copy in the shape of `x`.

    Raises
    ------
    ArgumentError
        When `shifts` and `dims` are not as many.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.roll(gf.tensor([1.0, 2.0, 3.0]), 1)
    tensor([3., 1., 2.])
    """
    steps: tuple[Any, ...] = tuple(shifts) if isinstance(shifts, tuple | list) else (shifts,)
    if dims is None:
        if len(steps) > 1:
            raise ArgumentError(f"roll: {len(steps)} shifts and no dims to say along which dimensions")
        return _reshape(_roll(ravel(x), steps, (0,)), tuple(x.shape))
    along = tuple(dims) if isinstance(dims, tuple | list) else (dims,)
    if len(along) != len(steps):
        raise ArgumentError(f"roll: {len(steps)} shifts for {len(along)} dimensions")
    return _roll(x, steps, tuple(_one(d, x.ndim, "roll") for d in along))


_one = dims.one


def _untile(xp: Namespace, g: Array, _x: Any, repeats: tuple[int, ...]) -> Array:
    lead = len(repeats) - len(_x.shape)
    shape = (1,) * lead + tuple(_x.shape)
    apart = tuple(k for pair in zip(repeats, shape, strict=True) for k in pair)
    return xp.reshape(xp.sum(xp.reshape(g, apart), axis=tuple(range(0, 2 * len(repeats), 2))), _x.shape)


@linear(_untile)
def _tile(xp: Namespace, x: Array, repeats: tuple[int, ...]) -> Array:
    return xp.tile(x, repeats)


def tile(x: TensorOrArray, *repeats: SizeLike) -> Tensor:
    """The whole tensor side by side, ``repeats`` times along each dimension.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    *repeats : int or tuple of int
        How often along each dimension.  Missing ones at the front are 1; further ones add dimensions at the front.

    Returns
    -------
    Tensor
        A copy; the gradient is the sum over the repetitions.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.tile(gf.tensor([1, 2]), 2)
    tensor([1, 2, 1, 2])
    """
    r = dims.spelled(repeats, "tile")
    return _tile(x, (1,) * (x.ndim - len(r)) + r)


def repeat(x: TensorOrArray, *repeats: SizeLike) -> Tensor:
    """The whole tensor side by side: ``tile`` with a number for every dimension.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    *repeats : int or tuple of int
        How often along each dimension, at least as many as `x` has; further ones add dimensions at the front.

    Returns
    -------
    Tensor
        A copy; the gradient is the sum over the repetitions.

    Raises
    ------
    ShapeError
        When `repeats` has fewer numbers than `x` has dimensions.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.tensor([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    r = dims.spelled(repeats, "repeat")
    if len(r) < x.ndim:
        raise ShapeError(f"repeat: {len(r)} numbers for a tensor with {x.ndim} dimensions; give one for each")
    return _tile(x, r)


def repeat_interleave(x: Tensor, repeats: int | Sequence[int] | TensorOrArray, dim: int | None = None) -> Tensor:
    """Each element, or slice along ``dim``, repeated right behind itself.

    Parameters
    ----------
    x : Tensor
        Any shape.
    repeats : int or sequence of int
        How often each is repeated: one number for all, or one for each.
    dim : int or None
        The dimension to repeat along; None repeats the elements of the flattened tensor.

    Returns
    -------
    Tensor
        A copy; the gradient is the sum over the repetitions.

    Raises
    ------
    ArgumentError
        When a number is negative.
    ShapeError
        When there are not as many numbers as elements along `dim`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.repeat_interleave(gf.tensor([1, 2]), 2)
    tensor([1, 1, 2, 2])
    >>> gf.repeat_interleave(gf.tensor([[1], [2]]), [1, 2], dim=0)
    tensor([[1],
            [2],
            [2]])
    """
    if dim is None:
        x, dim = ravel(x), 0
    n = dims.size(x.shape, dim, "repeat_interleave")
    given: Any = repeats
    counts = dims.spelled((given.tolist() if hasattr(given, "tolist") else given,), "repeat_interleave")
    if min(counts, default=0) < 0:
        raise ArgumentError(f"repeat_interleave: a count is negative in {counts}")
    if len(counts) == 1:
        counts *= n
    if len(counts) != n:
        raise ShapeError(f"repeat_interleave: {len(counts)} counts for a dimension of size {n}")
    return index_select(x, dim, [i for i, c in enumerate(counts) for _ in range(c)])
