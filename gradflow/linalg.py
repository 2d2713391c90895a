"""Linear algebra, spelled as ``torch.linalg``: products at the top level too, factorisations and norms here."""

from __future__ import annotations

from ._ops import dims
from ._ops.linalg import (
    bmm,
    cholesky,
    det,
    dot,
    einsum,
    inv,
    kron,
    matmul,
    mm,
    mv,
    outer,
    slogdet,
    solve,
    tensordot,
)
from ._ops.reduce import amax, amin
from ._ops.reduce import norm as _norm
from ._ops.shape import squeeze
from .errors import ArgumentError, ShapeError
from .typing import Dims, Tensor, TensorOrArray

inverse = inv

__all__ = [
    "bmm", "cholesky", "det", "dot", "einsum", "inv", "inverse", "kron", "matmul", "mm", "mv", "norm", "outer", "slogdet",
    "solve", "tensordot", "vector_norm",
]  # fmt: skip


def vector_norm(x: TensorOrArray, ord: float | str = 2, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The norm of order ``ord`` of the elements over ``dim``."""
    return _norm(x, ord, dim, keepdim)


def norm(x: TensorOrArray, ord: float | str | None = None, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The 2-norm of all elements, or the norm of order ``ord``: of vectors along one ``dim``, of matrices over two.

    Orders of matrices: "fro" (the default), 1 and -1 (largest and smallest column sum of |x|), inf and -inf (of rows).
    ArgumentError for 2 and "nuc", which need singular values.
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
