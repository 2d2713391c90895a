"""Cutting tensors into pieces, which are views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._plain import whole_number
from ..errors import ArgumentError, ShapeError
from ..typing import Tensor
from . import dims


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
