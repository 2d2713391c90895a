"""Operations that give NumPy's dtypes where no Tensor is among their inputs, as functions of gradflow.numpy do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import backend
from ..backend import dtypes
from .promote import enter
from .tensor_layer import tensor_layer
from .writing import make_callable

if TYPE_CHECKING:
    from .op import Op


def with_numpy_dtypes(function: Any) -> Any:
    """The same operation, whose result has NumPy's dtype where there is no Tensor among the inputs."""
    return make_callable(function.op, _enter_numpy)


def _enter_numpy(op: Op, values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not any(isinstance(v, tensor_layer.tensor) for v in values):
        chosen = [i for i, n in enumerate(op.inputs) if n in op.promoted]
        made = dict(zip(chosen, as_numpy(*(values[i] for i in chosen), floats=op.floats), strict=True))
        values = tuple([made.get(i, v) for i, v in enumerate(values)])
    return enter(op, values)


def as_numpy(*values: Any, floats: bool = False) -> tuple[Any, ...]:
    """``values`` as they are if a Tensor (or None, or a symbol) is among them; else as arrays of the dtype that NumPy gives
    them together.

    ``floats``: an integer dtype becomes double.
    """
    if any(isinstance(v, tensor_layer.tensor) or v is None or hasattr(v, "__gradflow_namespace__") for v in values):
        return values
    held: list[Any] = [v if isinstance(v, int | float | complex) or backend.is_array(v) else np.asarray(v) for v in values]
    dtype = np.result_type(*(v.dtype if hasattr(v, "dtype") else v for v in held))
    if floats and dtype.kind in "biu":
        dtype = dtypes.float64
    place = next((backend.namespace_of(v) for v in held if backend.is_array(v)), None) or backend.namespace_for(None)
    return tuple([place.asarray(v, dtype=dtype) for v in held])
