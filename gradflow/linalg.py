"""Linear algebra, spelled as ``torch.linalg``: products at the top level too, factorisations and norms here."""

from __future__ import annotations

from ._ops import dims
from ._ops.contractions import einsum, tensordot
from ._ops.extremes import amax, amin
from ._ops.factorisations import cholesky, det, inv, slogdet, solve
from ._ops.linalg import bmm, dot, kron, matmul, mm, mv, outer
from ._ops.norms import norm as _norm
from ._ops.shape import squeeze
from .errors import ArgumentError, ShapeError
from .typing import Dims, Tensor, TensorOrArray

inverse = inv

__all__ = [
    "bmm", "cholesky", "det", "dot", "einsum", "inv", "inverse", "kron", "matmul", "mm", "mv", "norm", "outer", "slogdet",
    "solve", "tensordot", "vector_norm",
]  # fmt: skip


def vector_norm(x: TensorOrArray, ord: float | str = 2, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Norm of order ``ord`` of the elements over ``dim``, ``(sum |x|**ord)**(1/ord)``.

    Where the norm is 0 the gradient is taken to be 0, and second derivatives are NaN.

    Parameters
    ----------
    x : Tensor or array
        Any shape; the elements over `dim` count as one vector.
    ord : float
        The order.  0 counts the nonzero elements, inf takes the largest ``|x|``, -inf the smallest.
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
        When `ord` is no number.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.linalg.vector_norm(gf.tensor([[3.0, 4.0], [6.0, 8.0]]), dim=1)
    tensor([ 5., 10.])
    """
    return _norm(x, ord, dim, keepdim)


def norm(x: TensorOrArray, ord: float | str | None = None, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The 2-norm of all elements, or the norm of order ``ord``: of vectors along one ``dim``, of matrices over two.

    Parameters
    ----------
    x : Tensor or array
        Any shape.
    ord : float, "fro" or None
        The order.  Of vectors it is that of ``vector_norm``.  Of matrices "fro" is the root of the sum of squares, 1 and -1 are
        the largest and smallest column sum of ``|x|``, inf and -inf those of rows.  None is the 2-norm of the elements.
    dim : int, tuple of int or None
        The dimensions to go over; None takes a vector or a matrix as it is, and without `ord` any shape.
    keepdim : bool
        Whether the dimensions gone over stay, with size 1.

    Returns
    -------
    Tensor
        The shape of `x` without `dim`; a real float dtype, for integers the default one.

    Raises
    ------
    ArgumentError
        When `ord` is 2 or "nuc" for matrices, which needs singular values, or another word.
    ShapeError
        When `ord` is given, `dim` is not, and `x` is neither a vector nor a matrix.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.linalg.norm(gf.tensor([[3.0, 0.0], [0.0, -4.0]]))
    tensor(5.)
    >>> gf.linalg.norm(gf.tensor([[3.0, 0.0], [0.0, -4.0]]), 1)
    tensor(4.)
    """
    if ord is None:
        return _norm(x, 2, dim, keepdim)
    over = dims.several(dim, x.ndim, "linalg.norm")
    if dim is None and not 1 <= len(over) <= 2:
        raise ShapeError(f"linalg.norm: ord={ord!r} of a tensor of shape {x.shape}; say by dim= along what, or flatten it")
    if len(over) != 2:
        return _norm(x, ord, dim, keepdim)
    if ord == "fro":
        return _norm(x, 2, over, keepdim)
    rows, columns = over
    if ord in (1, -1):
        rows, columns = columns, rows
    elif ord not in (float("inf"), float("-inf")):
        raise ArgumentError(
            f"linalg.norm: of matrices 'fro', 1, -1, inf and -inf are known, not {ord!r}; dim= with one number is for vectors"
        )
    sums = _norm(x, 1, columns, True)
    y = (amax if ord > 0 else amin)(sums, rows, True)
    return y if keepdim else squeeze(y, over)
