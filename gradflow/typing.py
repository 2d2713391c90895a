"""Names for what passes through gradflow's signatures.

A type checker reads the aliases under TYPE_CHECKING.  At run time they are ``Any``, so that this module imports neither arrays
nor Tensors, and ``typing.get_type_hints`` works all the same.

CuPy's arrays come from compiled code without annotations: a checker lets them pass everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeAlias

Array: TypeAlias = Any
"""A bare array of the backend, or, where a derivative is itself recorded, a Tensor."""

Namespace: TypeAlias = Any
"""``xp``: the functions of one backend, or ``gradflow.numpy``."""

Index: TypeAlias = Any
"""An index whose Tensors and lists have been made bare arrays."""

Shape: TypeAlias = tuple[int, ...]
"""The lengths of the dimensions."""

Dims: TypeAlias = int | tuple[int, ...] | list[int] | None
"""One dimension, several, or None for all; a negative number counts from the last."""

SizeLike: TypeAlias = SupportsIndex | Sequence[SupportsIndex]
"""One size, or all of them: ``*size: SizeLike`` takes ``f(2, 3)`` and ``f((2, 3))``."""

if TYPE_CHECKING:
    from types import EllipsisType

    import numpy as np
    from numpy.typing import ArrayLike

    from ._tensor import Tensor as Tensor
    from .backend import device

    TensorOrArray: TypeAlias = Tensor | np.ndarray[Any, Any]
    """What a function takes that asks for a shape."""

    TensorLike: TypeAlias = Tensor | np.ndarray[Any, Any] | np.number[Any] | np.bool | complex
    """What an operation takes as an input: also a number of Python's or NumPy's."""

    Scalar: TypeAlias = Tensor | np.floating[Any] | np.integer[Any] | float
    """One real number, also in a Tensor."""

    TensorData: TypeAlias = Tensor | ArrayLike
    """What a tensor is made of: also nested lists, and what turns into an array."""

    DType: TypeAlias = np.dtype[Any] | type[Any] | str | None
    """What ``numpy.dtype`` makes a dtype of; None stands for the default."""

    DeviceLike: TypeAlias = device | str | None
    """A device or its name; None stands for the default."""

    Pick: TypeAlias = SupportsIndex | slice | EllipsisType | Tensor | np.ndarray[Any, Any] | Sequence[Any] | None
    """What indexes one dimension, or (None) makes a new one."""

    IndexLike: TypeAlias = Pick | tuple[Pick, ...]
    """What stands in the brackets of ``x[...]``."""
else:
    Tensor = TensorOrArray = TensorLike = Scalar = TensorData = DType = DeviceLike = IndexLike = Any
