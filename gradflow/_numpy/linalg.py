"""Linear algebra spelled as ``numpy.linalg``: ``gradflow.numpy.linalg``."""

from __future__ import annotations

from typing import Any

from .. import linalg as _la
from .face import floats as _floats
from .face import public as _public
from .face import together as _together

__all__ = ["cholesky", "det", "inv", "matmul", "norm", "outer", "slogdet", "solve", "tensordot", "vector_norm"]

cholesky, det, inv, slogdet = (_public(f, _floats) for f in (_la.cholesky, _la.det, _la.inv, _la.slogdet))
matmul, outer, tensordot = (_public(f, _together(0, 2)) for f in (_la.matmul, _la.outer, _la.tensordot))
solve = _public(_la.solve, _together(0, 2, as_floats=True))


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """``numpy.linalg.norm``: the 2-norm of all elements, or the norm of order ``ord``, of vectors over one ``axis`` or of
    matrices over two.

    >>> import gradflow.numpy as gnp
    >>> gnp.linalg.norm([[3.0, 0.0], [4.0, 1.0]], axis=0)
    array([5., 1.])
    """
    return _la.norm(x, ord, axis, keepdims)


def _vector_norm(x: Any, *, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Any:
    """The norm of order ``ord`` of the elements over ``axis``."""
    return _la.vector_norm(x, ord, axis, keepdims)


norm, vector_norm = _public(_norm, _floats), _public(_vector_norm, _floats)
