"""How layers and losses check what they are given: counts, reductions, and what can be made a Tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import backend
from .._creation import as_tensor
from .._ops import reduce
from .._plain import real_number
from .._tensor import Tensor
from ..errors import ArgumentError, DTypeError, GradflowError

_REDUCTIONS = ("none", "mean", "sum")


def check_reduction(reduction: Any, name: str, allowed: tuple[str, ...] = _REDUCTIONS) -> None:
    if reduction not in allowed:
        raise ArgumentError(f"{name}: reduction is {', '.join(map(repr, allowed[:-1]))} or {allowed[-1]!r}, not {reduction!r}")


def reduced(loss: Any, reduction: str) -> Any:
    if reduction == "mean":
        return reduce.mean(loss)
    return reduce.sum(loss) if reduction == "sum" else loss


def tensors_of(input: Any, target: Any, name: str) -> tuple[Tensor, Tensor]:
    if isinstance(input, Tensor) and isinstance(target, Tensor):
        return input, target
    return tensor_of(name, "the input", input, target), tensor_of(name, "the target", target, input)


def whole_count(value: Any, name: str, least: int = 0) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or value.__index__() < least:
        raise ArgumentError(f"{name} is a whole number from {least}, not {value!r}")
    return int(value)


def tensor_of(name: str, what: str, value: Any, beside: Any = None) -> Tensor:
    """``value`` as a Tensor; of numbers and lists it is on the device of ``beside``, and of its dtype if both are floats.

    DTypeError, which names the loss and the argument, for what is not numbers, and for a list of Tensors, whose gradients would
    be lost.
    """
    if isinstance(value, Tensor):
        return value
    bare = isinstance(value, list | tuple) or real_number(value) is not None
    if not bare and not backend.is_array(value):
        if not hasattr(value, "__array__"):
            raise DTypeError(
                f"{name}: {what} must be a Tensor, an array, a number or a list of numbers, not {type(value).__name__}"
            )
        value = np.asarray(value)  # a Series, a DataFrame, a tensor of another library
    if bare and _has_tensors(value):
        raise DTypeError(f"{name}: {what} is a {type(value).__name__} of Tensors; gf.stack(...) makes one Tensor of them")
    near = beside if bare and isinstance(beside, Tensor) else None
    try:
        made = as_tensor(value, device=None if near is None else near.device)
    except GradflowError as problem:
        raise type(problem)(f"{name}: {what}: {problem}") from None
    return made.to(dtype=near.dtype) if near is not None and near.dtype.kind == made.dtype.kind == "f" else made


def _has_tensors(value: Any) -> bool:
    return isinstance(value, Tensor) or (isinstance(value, list | tuple) and any(map(_has_tensors, value)))
