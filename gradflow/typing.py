"""Names for what passes through gradflow's signatures.

An array is a ``numpy.ndarray`` or a ``cupy.ndarray``; the two share no base class, so a static name for both is
``Any``.  The aliases below tell a reader which kind of value is meant.
"""

from __future__ import annotations

from typing import Any, TypeAlias

Array: TypeAlias = Any
"""A bare array of the backend, or, where a derivative is itself recorded, a Tensor."""

TensorLike: TypeAlias = Any
"""What an operation takes as an input: a Tensor, a bare array, or a Python number."""

Namespace: TypeAlias = Any
"""``xp``: the functions of one backend, or ``gradflow.numpy``."""

DType: TypeAlias = Any
"""A NumPy dtype or what ``numpy.dtype`` makes one of."""

Shape: TypeAlias = tuple[int, ...]
Dims: TypeAlias = int | tuple[int, ...] | list[int] | None
Index: TypeAlias = Any
