"""Picking elements along one dimension by an index, and putting them back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..backend import namespace_of
from ..errors import ArgumentError, DTypeError, ShapeError
from ..typing import Shape, Tensor, TensorLike, TensorOrArray
from . import dims
from .elementwise import _add, mul
from .index import _bare_part, _getitem, index_set, put_add
from .shape import broadcast_to


def _integers(index: Any, name: str) -> Any:
    index = index.array if hasattr(index, "node") else _bare_part(index)
    if not hasattr(index, "dtype") or index.dtype.kind not in "iu":
        raise DTypeError(f"{name}: the index is an array of integers, not {getattr(index, 'dtype', type(index).__name__)}")
    return index


def _along(x: Any, dim: int, index: Any, name: str) -> Any:
    """The full index that takes ``index`` along ``dim`` and each place of the others as it is."""
    index = _integers(index, name)
    if index.ndim != x.ndim:
        raise ShapeError(f"{name}: the index has {index.ndim} dimensions and the tensor {x.ndim}; they must be as many")
    xp = namespace_of(index)
    full: list[Any] = []
    for i, n in enumerate(index.shape):
        if i == dim:
            full.append(index)
        else:
            full.append(xp.reshape(xp.arange(n), (1,) * i + (n,) + (1,) * (index.ndim - i - 1)))
    return tuple(full)


def gather(x: TensorOrArray, dim: int, index: TensorOrArray) -> Tensor:
    """One element of ``x`` along ``dim`` for every element of ``index``: for ``dim`` 0 ``y[i][j] = x[index[i][j]][j]``.

    The gradient adds up where an element is taken several times.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    dim : int
        The dimension along which `index` counts.
    index : Tensor or array
        Integers, with as many dimensions as `x`; a negative one counts from the end.

    Returns
    -------
    Tensor
        The shape of `index` and the dtype of `x`, a copy.

    Raises
    ------
    ShapeError
        When `index` and `x` have not as many dimensions.
    DTypeError
        When `index` is not of integers.
    IndexingError
        When an index lies outside of `dim`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.gather(gf.tensor([[1.0, 2.0], [3.0, 4.0]]), 1, gf.tensor([[1], [0]]))
    tensor([[2.],
            [3.]])
    """
    d = dims.one(dim, x.ndim, "gather")
    if _numbers_meet(x, index):
        index = _integers(index, "gather")
        return gather(x.reshape(-1), d, index.reshape(-1)).reshape(index.shape)
    return _getitem(x, _along(x, d, index, "gather"))


def _numbers_meet(x: Any, index: Any) -> bool:
    """True if ``x`` or the index has no dimensions and the other at most one: both then count as vectors, as in PyTorch."""
    other = getattr(index, "ndim", 1)
    return (not x.ndim and other < 2) or (not other and x.ndim < 2)


def _as_vectors(function: Callable[..., Tensor], x: Any, index: Any, src: Any) -> Tensor:
    """``function`` of what ``_numbers_meet`` is true of."""
    index = _integers(index, function.__name__).reshape(-1)
    src = src.reshape(-1) if getattr(src, "shape", None) == () else src
    return function(x.reshape(-1), 0, index, src).reshape(tuple(x.shape))


def take_along_dim(x: TensorOrArray, indices: TensorLike, dim: int | None = None) -> Tensor:
    """The elements of ``x`` at ``indices`` along ``dim``; the other dimensions broadcast.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    indices : Tensor or array
        Integers, with as many dimensions as `x`: what ``argsort`` and ``argmax(keepdim=True)`` give.
    dim : int or None
        The dimension along which `indices` count; None counts in the flattened tensor.

    Returns
    -------
    Tensor
        The broadcast shape, with the size of `indices` along `dim`; a copy.

    Raises
    ------
    ShapeError
        When the shapes do not broadcast.
    DTypeError
        When `indices` are not integers.
    IndexingError
        When an index lies outside of `dim`.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([[1.0, 2.0], [4.0, 3.0]])
    >>> gf.take_along_dim(x, x.argsort(dim=1), dim=1)
    tensor([[1., 2.],
            [3., 4.]])
    """
    index = _integers(indices, "take_along_dim")
    if dim is None:
        return _getitem(x.reshape(-1), index.reshape(-1))
    d = dims.one(dim, x.ndim, "take_along_dim")
    other = tuple(1 if i == d else n for i, n in enumerate(x.shape))
    if index.ndim != x.ndim:
        raise ShapeError(f"take_along_dim: the indices have {index.ndim} dimensions and the tensor {x.ndim}")
    xp = namespace_of(index)
    shape = tuple(index.shape[i] if i == d or n == 1 else n for i, n in enumerate(other))
    if any(m not in (1, n) for n, m in zip(shape, index.shape, strict=True)):
        raise ShapeError(
            f"take_along_dim: indices of shape {index.shape} do not broadcast against a tensor of shape {tuple(x.shape)}"
        )
    wide = tuple(n if i == d else m for i, (n, m) in enumerate(zip(x.shape, shape, strict=True)))
    x = x if wide == tuple(x.shape) else broadcast_to(x, wide)
    full = _along(x, d, xp.broadcast_to(index, shape), "take_along_dim")
    return _getitem(x, full)


def index_select(x: TensorOrArray, dim: int, index: TensorLike | Sequence[int]) -> Tensor:
    """The slices of ``x`` along ``dim`` that a vector of integers names, in its order.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    dim : int
        The dimension to go along.
    index : Tensor, array or sequence of int
        A vector of integers (n,); one may stand in it several times.

    Returns
    -------
    Tensor
        The shape of `x` with n along `dim`, a copy.

    Raises
    ------
    ShapeError
        When `index` has more than one dimension.
    IndexingError
        When an index lies outside of `dim`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.index_select(gf.tensor([[1.0, 2.0], [3.0, 4.0]]), 1, [1, 1, 0])
    tensor([[2., 2., 1.],
            [4., 4., 3.]])
    """
    places = _vector(index, "index_select")
    if not x.ndim:
        if len(places) != 1:
            raise ShapeError(f"index_select: a tensor without dimensions is selected once, not {len(places)} times")
        return _getitem(x.reshape(1), places).reshape(())
    return _getitem(x, (slice(None),) * dims.one(dim, x.ndim, "index_select") + (places,))


def _vector(index: Any, name: str) -> Any:
    index = _integers([index] if isinstance(index, int) else index, name)
    if index.ndim > 1:
        raise ShapeError(f"{name}: the index is a vector, not of shape {index.shape}")
    return index.reshape(-1)


def scatter(
    x: TensorOrArray, dim: int, index: TensorLike, src: TensorLike | None = None, *, value: complex | None = None
) -> Tensor:
    """A copy of ``x`` with elements of ``src`` put at ``index`` along ``dim``: for ``dim`` 0 ``y[index[i][j]][j] = src[i][j]``.

    Of the values for an element that is named several times one stays, and that one gets the gradient.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    dim : int
        The dimension along which `index` counts.
    index : Tensor or array
        Integers, with as many dimensions as `x`.
    src : Tensor, array or number
        The values, in a shape that is nowhere smaller than that of `index`; what is more is not used.
    value : number
        One value for all places, instead of `src`.

    Returns
    -------
    Tensor
        The shape of `x`.

    Raises
    ------
    ArgumentError
        When both `src` and `value` are given, or neither.
    ShapeError
        When the shapes do not fit.
    DTypeError
        When `index` is not of integers.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.scatter(gf.zeros(3), 0, gf.tensor([2]), gf.tensor([5.0]))
    tensor([0., 0., 5.])
    """
    if (src is None) == (value is None):
        raise ArgumentError("scatter: give src or value, one of them")
    src = value if src is None else src
    d = dims.one(dim, x.ndim, "scatter")
    if _numbers_meet(x, index):
        return _as_vectors(scatter, x, index, src)
    full = _along(x, d, index, "scatter")
    return index_set(x, _first_part(src, full[d].shape, "scatter"), full)


def scatter_add(x: TensorOrArray, dim: int, index: TensorLike, src: TensorLike) -> Tensor:
    """A copy of ``x`` with elements of ``src`` added at ``index`` along ``dim``; an element named twice gets both.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    dim : int
        The dimension along which `index` counts.
    index : Tensor or array
        Integers, with as many dimensions as `x`.
    src : Tensor, array or number
        The terms, in a shape that is nowhere smaller than that of `index`; what is more is not used.

    Returns
    -------
    Tensor
        The shape of `x`.

    Raises
    ------
    ShapeError
        When the shapes do not fit.
    DTypeError
        When `index` is not of integers.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.scatter_add(gf.zeros(3), 0, gf.tensor([2, 2]), gf.tensor([5.0, 1.0]))
    tensor([0., 0., 6.])
    """
    d = dims.one(dim, x.ndim, "scatter_add")
    if _numbers_meet(x, index):
        return _as_vectors(scatter_add, x, index, src)
    full = _along(x, d, index, "scatter_add")
    return _add(x, put_add(_first_part(src, full[d].shape, "scatter_add"), full, tuple(x.shape)))


def _first_part(src: Any, shape: Shape, name: str) -> Any:
    if not hasattr(src, "shape") or tuple(src.shape) == shape:
        return src
    if src.ndim == 0:
        return broadcast_to(src, shape)
    if src.ndim != len(shape) or any(n > m for n, m in zip(shape, src.shape, strict=True)):
        raise ShapeError(f"{name}: the index has shape {shape}, more than the source has: {tuple(src.shape)}")
    return _getitem(src, tuple(slice(0, n) for n in shape))


def index_add(
    x: TensorOrArray, dim: int, index: TensorLike | Sequence[int], source: TensorOrArray, *, alpha: float = 1
) -> Tensor:
    """A copy of ``x`` with ``alpha`` times the slices of ``source`` added to the slices along ``dim`` that ``index`` names.

    A slice that is named twice gets both.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    dim : int
        The dimension to go along.
    index : Tensor, array or sequence of int
        A vector of integers (n,).
    source : Tensor or array
        The shape of `x` with n along `dim`.
    alpha : number
        The factor of `source`.

    Returns
    -------
    Tensor
        The shape of `x`.

    Raises
    ------
    ShapeError
        When `source` has another shape.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.index_add(gf.zeros(3), 0, gf.tensor([2, 2]), gf.tensor([5.0, 1.0]))
    tensor([0., 0., 6.])
    """
    d = dims.one(dim, x.ndim, "index_add")
    places = _vector(index, "index_add")
    if not x.ndim:
        return index_add(x.reshape(1), 0, places, source.reshape(-1), alpha=alpha).reshape(())
    full = (slice(None),) * d + (places,)
    wanted = (*x.shape[:d], len(places), *x.shape[d + 1 :])
    if tuple(source.shape) != wanted:
        raise ShapeError(
            f"index_add: {len(places)} slices of {tuple(x.shape)} along {dim} have shape {wanted}, but the source has "
            f"{tuple(source.shape)}"
        )
    return _add(x, put_add(source if alpha == 1 else mul(source, alpha), full, tuple(x.shape)))
