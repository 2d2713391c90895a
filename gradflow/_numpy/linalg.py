"""Linear algebra spelled as ``numpy.linalg``: ``gradflow.numpy.linalg``."""

from __future__ import annotations

from typing import Any

from . import linear as _linear
from .face import floats as _floats
from .face import public as _public
from .face import together as _together

__all__ = ["cholesky", "det", "inv", "matmul", "norm", "outer", "slogdet", "solve", "tensordot", "vector_norm"]


def _made(function: Any, fit: Any, name: str | None = None) -> Any:
    made = _public(function, fit, name)
    made.__module__ = "gradflow.numpy.linalg"
    return made


cholesky, det, inv, slogdet = (_made(f, _floats) for f in (_linear.cholesky, _linear.det, _linear.inv, _linear.slogdet))
matmul, solve = _made(_linear.matmul, _together(0, 2)), _made(_linear.solve, _together(0, 2, as_floats=True))
outer = _made(_linear.linalg_outer, _together(0, 2), "outer")
tensordot = _made(_linear.linalg_tensordot, _together(0, 2), "tensordot")
norm, vector_norm = _made(_linear.norm, _floats), _made(_linear.vector_norm, _floats)
