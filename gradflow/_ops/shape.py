"""Operations that move elements about and compute nothing: each is linear, and its adjoint moves them back."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any

from .._engine import linear, operand
from .._plain import whole_number
from ..errors import ArgumentError, ShapeError
from ..typing import Array, Dims, Index, Namespace, Shape, SizeLike, Tensor, TensorLike, TensorOrArray
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


# --- joining and repeating --------------------------------------------------------------------------------------------


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
    from .index import index_select

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


# --- taking apart -----------------------------------------------------------------------------------------------------


def narrow(x: Tensor, dim: int, start: int, length: int) -> Tensor:
    """``length`` slices from ``start`` on along ``dim``.

    Parameters
    ----------
    x : Tensor
        At least one dimension.
    dim : int
        The dimension to go along.
    start : int
        The first index; a negative one counts from the end.
    length : int
        How many.

    Returns
    -------
    Tensor
        A view of `x`.

    Raises
    ------
    ArgumentError
        When there are not as many.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.narrow(gf.tensor([1.0, 2.0, 3.0]), 0, 1, 2)
    tensor([2., 3.])
    """
    d = dims.one(dim, x.ndim, "narrow")
    size = x.shape[d] if x.ndim else 0
    start = start + size if start < 0 else start
    if not (0 <= start <= size and 0 <= length <= size - start):
        raise ArgumentError(f"narrow: {length} elements from {start} on in a dimension of size {size}")
    return x[(slice(None),) * d + (slice(start, start + length),)]


def select(x: Tensor, dim: int, index: int) -> Tensor:
    """The slice at ``index`` along ``dim``, without that dimension.

    Parameters
    ----------
    x : Tensor
        At least one dimension.
    dim : int
        The dimension to go along.
    index : int
        Which slice; a negative number counts from the end.

    Returns
    -------
    Tensor
        A view of `x`.

    Raises
    ------
    IndexingError
        When there is no such slice or dimension.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.select(gf.tensor([[1.0, 2.0], [3.0, 4.0]]), 0, 1)
    tensor([3., 4.])
    """
    return x[(slice(None),) * dims.one(dim, x.ndim, "select") + (index,)]


def split(x: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """``x`` cut along ``dim`` into pieces of one size, or of the sizes listed.

    Parameters
    ----------
    x : Tensor
        At least one dimension.
    split_size_or_sections : int or sequence of int
        The size of each piece, of which the last may be smaller; or all sizes.
    dim : int
        The dimension to cut.

    Returns
    -------
    tuple of Tensor
        Views of `x`.

    Raises
    ------
    ArgumentError
        When a piece would have a size below 1.
    ShapeError
        When the sizes listed do not add up to the size of `dim`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.split(gf.tensor([1.0, 2.0, 3.0]), 2)
    (tensor([1., 2.]), tensor([3.]))
    """
    d, size = dims.one(dim, x.ndim, "split"), dims.size(x.shape, dim, "split")
    step = whole_number(split_size_or_sections)
    sections: Any = split_size_or_sections
    if step is not None:
        if step < 1:
            raise ArgumentError(f"split: pieces of size {step}")
        sizes = [min(step, size - at) for at in range(0, size, step)] or [0]
    else:
        sizes = [int(s) for s in sections]
        if sum(sizes) != size or min(sizes, default=0) < 0:
            raise ShapeError(f"split: sizes {sizes} do not add up to {size}, the size of dimension {dim}")
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes))]
    return tuple(narrow(x, d, end - n, n) for n, end in zip(sizes, ends, strict=True))


def chunk(x: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """``x`` cut along ``dim`` into at most ``chunks`` pieces of one size, of which the last may be smaller.

    Parameters
    ----------
    x : Tensor
        At least one dimension.
    chunks : int
        How many pieces; there are fewer where they do not come out even.
    dim : int
        The dimension to cut.

    Returns
    -------
    tuple of Tensor
        Views of `x`.

    Raises
    ------
    ArgumentError
        When `chunks` is below 1.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.chunk(gf.tensor([1.0, 2.0, 3.0]), 2)
    (tensor([1., 2.]), tensor([3.]))
    """
    count = whole_number(chunks)
    if count is None or count < 1:
        raise ArgumentError(f"chunk: {chunks} pieces")
    size = dims.size(x.shape, dim, "chunk")
    return split(x, max(-(-size // count), 1), dim)


def unbind(x: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """All slices along ``dim``, without that dimension.

    Parameters
    ----------
    x : Tensor
        At least one dimension.
    dim : int
        The dimension to cut.

    Returns
    -------
    tuple of Tensor
        Views of `x`.

    Raises
    ------
    ShapeError
        When `x` has no dimensions.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.unbind(gf.tensor([[1.0, 2.0], [3.0, 4.0]]))
    (tensor([1., 2.]), tensor([3., 4.]))
    """
    return tuple(select(x, dim, i) for i in range(dims.size(x.shape, dim, "unbind")))


# --- triangles and diagonals ------------------------------------------------------------------------------------------


@linear(lambda xp, g, diagonal: xp.tril(g, diagonal), selects=True)
def tril(xp: Namespace, x: TensorLike, diagonal: int = 0) -> Array:
    """Lower triangle of the last two dimensions, zeros above it.

    Parameters
    ----------
    x : Tensor, array or number
        Shape (..., m, n).
    diagonal : int
        The last diagonal to keep: 0 is the main one, 1 the one above it, -1 the one below.

    Returns
    -------
    Tensor
        A copy in the shape of `x`.

    Raises
    ------
    ShapeError
        When `x` has fewer than two dimensions.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.tril(gf.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[1., 0.],
            [3., 4.]])
    """
    _matrix("tril", x)
    return xp.tril(x, operator.index(diagonal))


def _matrix(name: str, x: Array) -> None:
    if x.ndim < 2:
        raise ShapeError(f"{name}: takes matrices in the last two dimensions, got shape {x.shape}")


@linear(lambda xp, g, diagonal: xp.triu(g, diagonal), selects=True)
def triu(xp: Namespace, x: TensorLike, diagonal: int = 0) -> Array:
    """Upper triangle of the last two dimensions, zeros below it.

    Parameters
    ----------
    x : Tensor, array or number
        Shape (..., m, n).
    diagonal : int
        The first diagonal to keep: 0 is the main one, 1 the one above it, -1 the one below.

    Returns
    -------
    Tensor
        A copy in the shape of `x`.

    Raises
    ------
    ShapeError
        When `x` has fewer than two dimensions.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.triu(gf.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[1., 2.],
            [0., 4.]])
    """
    _matrix("triu", x)
    return xp.triu(x, operator.index(diagonal))


@linear(lambda xp, g, _x, offset, dim1, dim2: xp.diagonal_scatter(g, _x.shape, offset, dim1, dim2), view=True, selects=True)
def diagonal(xp: Namespace, x: TensorOrArray, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """Diagonal of two dimensions, as the last dimension of the result.

    Parameters
    ----------
    x : Tensor or array
        At least two dimensions.
    offset : int
        Which diagonal: 0 is the main one, 1 the one above it, -1 the one below.
    dim1, dim2 : int
        The rows and the columns.

    Returns
    -------
    Tensor
        A view of `x`.

    Raises
    ------
    ShapeError
        When `dim1` and `dim2` are the same.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.diagonal(gf.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([1., 4.])
    """
    return xp.diagonal(x, offset, dims.one(dim1, x.ndim, "diagonal"), dims.one(dim2, x.ndim, "diagonal"))


@linear(lambda xp, g, offset, dim1, dim2: xp.diagonal(g, offset, dim1, dim2))
def diagonal_scatter(xp: Namespace, x: TensorLike, shape: Shape, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """The adjoint of ``diagonal``: zeros of ``shape`` with ``x`` on the diagonal."""
    return xp.diagonal_scatter(x, shape, offset, dim1, dim2)


def diag(x: TensorOrArray, diagonal: int = 0) -> Tensor:
    """Matrix with a vector as its diagonal, or the diagonal of a matrix as a vector.

    Parameters
    ----------
    x : Tensor or array
        A vector or a matrix.
    diagonal : int
        Which diagonal: 0 is the main one, 1 the one above it, -1 the one below.

    Returns
    -------
    Tensor
        Of a vector (n,) a square matrix with ``n + abs(diagonal)`` rows; of a matrix a vector, which is a copy.

    Raises
    ------
    ShapeError
        When `x` is neither a vector nor a matrix.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.diag(gf.tensor([1.0, 2.0]))
    tensor([[1., 0.],
            [0., 2.]])
    """
    if x.ndim == 1:
        n = x.shape[0] + (diagonal if diagonal > 0 else -diagonal)
        return diagonal_scatter(x, (n, n), diagonal, 0, 1)
    if x.ndim != 2:
        raise ShapeError(f"diag: takes a vector or a matrix, got shape {x.shape}")
    return clone(_diagonal(x, diagonal))


_diagonal = diagonal


def trace(x: TensorOrArray) -> Tensor:
    """Sum of a matrix's diagonal.

    Parameters
    ----------
    x : Tensor or array
        Shape (m, n).

    Returns
    -------
    Tensor
        No dimensions; integers give int64.

    Raises
    ------
    ShapeError
        When `x` is no matrix.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.trace(gf.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(5.)
    """
    if x.ndim != 2:
        raise ShapeError(f"trace: takes a matrix, got shape {x.shape}")
    return _diagonal(x).sum()


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


@linear(lambda xp, g, _x, offset: xp.window_put(g, _x.shape, offset), selects=True)
def window(xp: Namespace, x: TensorLike, offset: Index) -> Array:
    """The elements of ``x`` whose places in the flattened tensor are the integers ``offset``."""
    return xp.window(x, offset)


@linear(lambda xp, g, offset: xp.window(g, offset))
def window_put(xp: Namespace, x: TensorLike, shape: Shape, offset: Index) -> Array:
    """The adjoint of ``window``."""
    return xp.window_put(x, shape, offset)


@linear(
    lambda xp, g, offset: xp.window_set(g, xp.zeros_like(xp.window(g, offset)), offset),
    lambda xp, g, offset: xp.window(g, offset),
    selects=True,
)
def window_set(xp: Namespace, x: TensorLike, v: TensorLike, offset: Index) -> Array:
    """A copy of ``x`` with ``v`` at the places ``offset``: what an in-place write through a view does to its base."""
    return xp.window_set(x, v, offset)
