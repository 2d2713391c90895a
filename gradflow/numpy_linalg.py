"""Linear algebra spelled as ``numpy.linalg``: ``gradflow.numpy.linalg``."""

from __future__ import annotations

from typing import Any

from . import linalg as _la
from .linalg import cholesky as cholesky
from .linalg import det as det
from .linalg import inv as inv
from .linalg import matmul as matmul
from .linalg import outer as outer
from .linalg import slogdet as slogdet
from .linalg import solve as solve
from .linalg import tensordot as tensordot

__all__ = ["cholesky", "det", "inv", "matmul", "norm", "outer", "slogdet", "solve", "tensordot", "vector_norm"]


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """``numpy.linalg.norm``: the 2-norm of all elements, or the norm of order ``ord``, of vectors over one ``axis`` or of
    matrices over two.

    >>> import gradflow as gf, gradflow.numpy as gnp
    >>> gnp.linalg.norm(gf.tensor([[3.0, 0.0], [4.0, 1.0]]), axis=0)
    tensor([5., 1.])
    """
    return _la.norm(x, ord, axis, keepdims)


def vector_norm(x: Any, *, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Any:
    """The norm of order ``ord`` of the elements over ``axis``."""
    return _la.vector_norm(x, ord, axis, keepdims)
