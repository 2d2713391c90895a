"""Names for what passes through gradflow's signatures.

An array is a ``numpy.ndarray`` or a ``cupy.ndarray``; the two share no base class, so a static name for both is
``Any``.  The aliases below tell a reader which kind of value is meant.
"""

from __future__ import annotations

from math import prod
from typing import Any, TypeAlias


class Size(tuple[int, ...]):
    """The lengths of a tensor's dimensions: a tuple that knows the number of elements, as ``torch.Size``.

    >>> import gradflow as gf
    >>> gf.ones(2, 3).shape, gf.ones(2, 3, 4).shape[1:].numel()
    ((2, 3), 12)
    """

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements: the product of the lengths."""
        return prod(self)

    def __getitem__(self, index: Any) -> Any:
        found = tuple.__getitem__(self, index)
        return found if found.__class__ is int else Size(found)

    def __add__(self, other: Any) -> Size:
        return Size(tuple.__add__(self, other))


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
