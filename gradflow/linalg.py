"""Linear algebra, spelled as ``torch.linalg``: products at the top level too, factorisations and norms here."""

from __future__ import annotations

from typing import Any

from .ops.linalg import (
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
from .ops.reduce import norm as _norm
from .typing import TensorLike

inverse = inv

__all__ = [
    "bmm", "cholesky", "det", "dot", "einsum", "inv", "inverse", "kron", "matmul", "mm", "mv", "norm", "outer", "slogdet",
    "solve", "tensordot", "vector_norm",
]  # fmt: skip


def vector_norm(x: TensorLike, ord: float = 2, dim: Any = None, keepdim: bool = False) -> Any:
    """The norm of order ``ord`` of the elements over ``dim``."""
    return _norm(x, ord, dim, keepdim)


def norm(x: TensorLike, ord: Any = None, dim: Any = None, keepdim: bool = False) -> Any:
    """The 2-norm of all elements (of a matrix: Frobenius'), or the norm of order ``ord`` of vectors along ``dim``."""
    return _norm(x, 2 if ord in (None, "fro") else ord, dim, keepdim)
