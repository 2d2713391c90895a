"""Triangles and diagonals of matrices."""

from __future__ import annotations

import operator

from .._engine import linear
from ..errors import ShapeError
from ..typing import Array, Namespace, Shape, Tensor, TensorLike, TensorOrArray
from . import dims
from .shape import clone


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
