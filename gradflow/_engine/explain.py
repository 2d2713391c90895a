"""Errors that name the operation and the input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import backend
from ..errors import DeviceError, DTypeError, GradflowError, IndexingError, ShapeError

if TYPE_CHECKING:
    from .op import Op


def explain(op: Op, arrays: tuple[Any, ...], problem: Exception) -> Exception:
    """The error to raise for what a backend complained about."""
    known = [a for a in arrays if hasattr(a, "dtype")]
    names = op.shown if op.variadic is None else [str(i) for i in range(len(arrays))]
    # A NumPy number stands beside arrays of any device.
    places = {
        n: str(backend.namespace_of(a).device_of(a))
        for n, a in zip(names, arrays, strict=False)
        if hasattr(a, "dtype") and not isinstance(a, np.generic)
    }
    if len(set(places.values())) > 1:
        where = ", ".join(f"{n} on {place}" for n, place in places.items())
        return DeviceError(f"{op.name}: inputs on different devices ({where}); bring them together with .to(device)")
    if isinstance(problem, GradflowError):
        return problem.with_traceback(None)  # where it was found says less than its words
    kinds = {IndexError: IndexingError, ValueError: ShapeError, TypeError: DTypeError}
    for builtin, ours in kinds.items():
        if isinstance(problem, builtin):
            described = ", ".join(f"{a.dtype} {tuple(a.shape)}" for a in known)
            return ours(f"{op.name}({described}): {problem}")
    return problem


def unfit(name: str, what: str, value: Any) -> DTypeError:
    """The error for an argument that is not numbers, or numbers in a form that an operation does not take."""
    kind = type(value).__name__ if not isinstance(value, type) else f"the class {value.__name__}"
    if type(value).__module__.partition(".")[0] not in ("builtins", "gradflow", "__main__"):
        kind = f"{type(value).__module__}.{kind}"
    cure = "; gf.tensor(...) makes one of it" if isinstance(value, list | tuple) or hasattr(value, "__array__") else ""
    return DTypeError(f"{name}: {what} must be a Tensor, an array or a number, not {kind}{cure}")
