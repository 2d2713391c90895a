"""Picking elements by index, and putting them back.

All of it is one pair of operations: ``getitem``, and its adjoint ``put_add``, which adds at an index into zeros.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, Literal, overload

from .._engine import elementwise, linear, mode, primitive
from ..backend import cpu, namespace_of
from ..errors import DTypeError, IndexingError, ShapeError
from ..typing import Array, Index, IndexLike, Namespace, Shape, Tensor, TensorLike, TensorOrArray
from .choosing import where
from .shape import broadcast_to


@linear(lambda xp, g, _x, index: xp.put_add(g, index, _x.shape), view=True, selects=True)
def _getitem(xp: Namespace, x: Array, index: Index) -> Array:
    return xp.getitem(x, index)


@linear(lambda xp, g, index: xp.getitem(g, index))
def put_add(xp: Namespace, x: TensorLike, index: Index, shape: Shape) -> Array:
    """Zeros of ``shape`` with ``x`` added at ``index``; an element named twice gets both."""
    return xp.put_add(x, index, shape)


@linear(
    lambda xp, g, index: xp.index_set(g, xp.zeros_like(xp.getitem(g, index)), index),
    lambda xp, g, _v, index, last: _sum_back(xp, _of_last(xp, xp.getitem(g, index), last), _v.shape),
    selects=True,
)
def _index_set(xp: Namespace, x: Array, v: Array, index: Index, last: Array | None = None) -> Array:
    return xp.index_set(x, fitting(xp, v, index, last, x.shape), index)


def index_set(x: Array, v: Array, index: Index) -> Tensor:
    """A copy of ``x`` with ``v`` at ``index``: what ``x[index] = v`` means for the gradients.

    Of the values for an element that is named several times one stays, and that one gets the gradient.
    """
    return _index_set(x, v, index, last_written(x.array if hasattr(x, "node") else x, index) if recorded(v) else None)


def recorded(v: Any) -> bool:
    """True if ``v`` is a Tensor whose gradient is asked for."""
    return mode.recording and getattr(v, "node", None) is not None


def last_written(x: Array, index: Index) -> Array | None:
    """For each element of ``x`` that ``index`` names, the number of the value that stays there when all are written.

    The values are counted as they lie in ``x[index]``, where dimensions behind those that ``index`` names count as one.
    None if no element can be named twice, and where looking is no wait, for an index in host memory, if none is.
    Which value stays is the backend's choice: numbers are written in place of the values, and read back.
    """
    parts, named = _named(index, x.ndim)
    arrays = [p for p in parts if getattr(p, "ndim", 0)]
    if all(p.dtype == bool for p in arrays):
        return None
    there = namespace_of(x)
    xp = cpu if all(namespace_of(p) is cpu for p in arrays) else there
    last = xp.empty(x.shape[:named], "int64")
    try:
        numbers = _numbers(parts[0] if len(parts) == 1 else xp.getitem(last, parts))
        xp.setitem(last, parts, numbers)
    except IndexError:
        return None  # of which the write itself tells
    last = xp.getitem(last, parts)
    if xp is cpu and bool((last == numbers).all()):
        return None
    return last if xp is there else there.from_host(last, there.device_of(x))


def _named(index: Index, ndim: int) -> tuple[tuple[Any, ...], int]:
    """The parts of ``index`` up to the last that chooses, and how many dimensions they name."""
    parts = list(index) if isinstance(index, tuple) else [index]
    while parts and (parts[-1] is Ellipsis or (isinstance(parts[-1], slice) and parts[-1] == slice(None))):
        if parts.pop() is not Ellipsis and any(p is Ellipsis for p in parts):
            return (*parts, slice(None)), ndim
    if any(p is Ellipsis for p in parts):
        return tuple(parts), ndim
    return tuple(parts), sum(_names_of(p) for p in parts)


def _names_of(part: Any) -> int:
    """How many dimensions one part of an index names."""
    if part is None or isinstance(part, bool):
        return 0
    return int(part.ndim) if hasattr(part, "dtype") and part.dtype == bool else 1


def _numbers(like: Array) -> Array:
    """0, 1, 2 ... in the shape of ``like``."""
    xp = namespace_of(like)
    return xp.reshape(xp.arange(like.size), like.shape)


def fitting(xp: Namespace, v: Array, index: Index, last: Array | None, shape: Shape) -> Array:
    """The values ``v`` as they are written: without the dimensions of size 1 in front, which broadcasting adds again, and each
    replaced by the one that stays where it is written, so that the order of writing is nothing.
    """
    ones = 0
    while ones < v.ndim and v.shape[ones] == 1:
        ones += 1
    v = xp.reshape(v, v.shape[ones:]) if ones else v
    if last is None:
        return v
    rest = tuple(shape[_named(index, len(shape))[1] :])
    return xp.reshape(xp.broadcast_to(v, (*last.shape, *rest)), (last.size, *rest))[last]


def _of_last(xp: Namespace, g: Array, last: Array | None) -> Array:
    """``g``, and 0 for the values that others were written over."""
    if last is None:
        return g
    stays = last == _numbers(last)
    return xp.where(xp.reshape(stays, stays.shape + (1,) * (g.ndim - stays.ndim)), g, xp.zeros_like(g))


def _sum_back(xp: Namespace, g: Array, shape: Shape) -> Array:
    """The gradient of a value that was broadcast into place; it may have had dimensions of size 1 too many in front."""
    return xp.reshape(xp.sum_to(g, shape[max(len(shape) - g.ndim, 0) :]), shape)


def bare(index: Any) -> Any:
    """An index with the Tensors, lists and NumPy numbers in it made bare arrays and integers, its kinds checked."""
    return tuple(_bare_part(i) for i in index) if isinstance(index, tuple) else _bare_part(index)


def _bare_part(i: Any) -> Any:
    if i is None or i is Ellipsis or isinstance(i, bool | int):
        return i
    if isinstance(i, slice):
        return slice(*(None if p is None else operator.index(p) for p in (i.start, i.stop, i.step)))
    if hasattr(i, "node"):
        i = i.array
    if hasattr(i, "dtype"):
        if i.dtype.kind not in "iub":
            raise IndexingError(f"an index is made of integers or booleans, not {i.dtype}; convert it with .long()")
        return i if i.ndim else (bool(i) if i.dtype.kind == "b" else int(i))
    if isinstance(i, list | range):
        return _listed(list(i))
    try:
        return operator.index(i)
    except TypeError:
        raise IndexingError(
            f"{type(i).__name__} cannot index a tensor; use integers, slices, None, ... or arrays of integers or booleans"
        ) from None


def _listed(i: list[Any]) -> Any:
    try:
        array = cpu.asarray([_bare_part(k) for k in i]) if i else cpu.asarray(i, dtype="int64")
    except ValueError:
        raise IndexingError(f"a list that indexes is ragged: {i}") from None
    if array.dtype.kind not in "iub":
        raise IndexingError(f"a list that indexes holds integers or booleans, not {array.dtype}")
    return array


def getitem(x: TensorLike, index: IndexLike) -> Tensor:
    """``x[index]``.

    Parameters
    ----------
    x : Tensor
        Any shape.
    index : int, slice, None, Ellipsis, Tensor, array, list or tuple of them
        What to take, as in NumPy.

    Returns
    -------
    Tensor
        A view for integers, slices, None and Ellipsis; a copy for masks and integer arrays.

    Raises
    ------
    IndexingError
        When an index is out of bounds, or of a kind that cannot index.
    """
    return _getitem(x, bare(index))


def masked_fill(x: TensorLike, mask: TensorLike, value: TensorLike) -> Tensor:
    """``x`` with ``value`` where ``mask`` is true.

    The elements replaced get the gradient 0, also where it would be infinite or NaN.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape.
    mask : Tensor or array
        Booleans; the three shapes broadcast.
    value : Tensor, array or number
        What is put in.

    Returns
    -------
    Tensor
        The broadcast shape and the promoted dtype, a copy.

    Raises
    ------
    DTypeError
        When `mask` is not of booleans.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.masked_fill(gf.tensor([0.5, 1.0]), gf.tensor([True, False]), 0.0)
    tensor([0., 1.])
    """
    return where(mask, value, x)


def masked_select(x: TensorOrArray, mask: TensorOrArray | bool | Sequence[Any]) -> Tensor:
    """The elements where ``mask`` is true, in a vector.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    mask : Tensor, array, bool or sequence of bool
        Booleans; the shapes broadcast.

    Returns
    -------
    Tensor
        A vector with an element for each true one of the broadcast mask, a copy.

    Raises
    ------
    DTypeError
        When `mask` is not of booleans.
    ShapeError
        When the shapes do not broadcast.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.masked_select(gf.tensor([0.5, 1.0]), gf.tensor([True, False]))
    tensor([0.5000])
    """
    chosen = _bare_part(mask)
    chosen = cpu.asarray(chosen) if isinstance(chosen, bool) else chosen
    if not hasattr(chosen, "dtype") or chosen.dtype != bool:
        raise DTypeError("masked_select: the mask is an array of booleans")
    shape = tuple(x.shape)
    if chosen.shape == shape:
        return _getitem(x, chosen)
    xp = namespace_of(chosen)
    try:
        both = xp.broadcast_shapes(shape, chosen.shape)
    except ValueError:
        raise ShapeError(f"masked_select: a mask of shape {chosen.shape} for a tensor of shape {shape}") from None
    return _getitem(broadcast_to(x, both), xp.broadcast_to(chosen, both))


@primitive(None)
def _nonzero(xp: Namespace, x: Array) -> Array:
    found = xp.nonzero(xp.reshape(x, (-1,)) if x.ndim < 2 else x)
    columns = xp.concatenate([c[:, None] for c in found], 1)
    return columns[:, : x.ndim]


@overload
def nonzero(x: TensorOrArray, *, as_tuple: Literal[False] = False) -> Tensor: ...
@overload
def nonzero(x: TensorOrArray, *, as_tuple: Literal[True]) -> tuple[Tensor, ...]: ...
def nonzero(x: TensorOrArray, *, as_tuple: bool = False) -> Tensor | tuple[Tensor, ...]:
    """The indices of the nonzero elements.

    Parameters
    ----------
    x : Tensor or array
        Any shape and dtype.
    as_tuple : bool
        Whether to give a vector for each dimension instead of a row for each element.

    Returns
    -------
    Tensor or tuple of Tensor
        int64 rows (n, dimensions of `x`), or one vector (n,) for each dimension.  On CUDA this waits for the device.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nonzero(gf.tensor([[0.0, 3.0], [2.0, 0.0]]))
    tensor([[0, 1],
            [1, 0]])
    >>> gf.nonzero(gf.tensor([0.0, 3.0]), as_tuple=True)
    (tensor([1]),)
    """
    if not as_tuple:
        return _nonzero(x)
    found = _nonzero(x if getattr(x, "ndim", 1) else x.reshape(1))
    return tuple(found[:, d] for d in range(found.shape[1]))


@elementwise(None)
def _one_hot(xp: Namespace, x: Array, num_classes: int) -> Array:
    return xp.astype(x[..., None] == xp.arange(num_classes), "int64")


def one_hot(x: TensorLike | Sequence[int], num_classes: int = -1) -> Tensor:
    """One row for each class, with a 1 at the class and 0 elsewhere.

    Parameters
    ----------
    x : Tensor, array or sequence of int
        Classes, counted from 0, in any shape.
    num_classes : int
        The length of the rows; -1 takes the largest class plus one.

    Returns
    -------
    Tensor
        The shape of `x` with a last dimension of `num_classes`; int64, without a gradient.

    Raises
    ------
    IndexingError
        When a class is negative or not below `num_classes`, or there are none to take the largest of.
    DTypeError
        When `x` is not of integers.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.one_hot(gf.tensor([1, 0]), 3)
    tensor([[0, 1, 0],
            [1, 0, 0]])
    """
    given: Any = x
    index = given.array if hasattr(x, "node") else cpu.asarray(x)
    if index.dtype.kind not in "iu":
        raise DTypeError(f"one_hot: classes are integers, not {index.dtype}")
    top = int(index.max()) + 1 if index.size else 0
    if index.size and int(index.min()) < 0:
        raise IndexingError("one_hot: a class is negative")
    if num_classes != -1 and top > num_classes:
        raise IndexingError(f"one_hot: class {top - 1} of {num_classes} classes (0 to {num_classes - 1})")
    if num_classes == -1 and not index.size:
        raise IndexingError("one_hot: no classes to count; give num_classes")
    return _one_hot(index, top if num_classes == -1 else num_classes)


# --- places in the flattened tensor -----------------------------------------------------------------------------------


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
