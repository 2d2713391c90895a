"""The way into an operation for what is not Tensors of one dtype: Python numbers, bare arrays, several dtypes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import backend
from ..backend import dtypes
from ..errors import DeviceError, DTypeError, ShapeError
from ..typing import Array, Tensor
from .explain import unfit
from .modes import mode
from .node import Node
from .tensor_layer import tensor_layer, wrap

if TYPE_CHECKING:
    from .op import Op


def enter(op: Op, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arrays and nodes of the inputs, brought to one dtype by PyTorch's rules; casts of Tensors are recorded."""
    raw, nodes = _unwrap(op, op.shown, values)
    xp = _namespace(op, op.shown, raw)
    chosen = [i for i, n in enumerate(op.inputs) if n in op.promoted and raw[i] is not None]
    if chosen:
        _promote(op, xp, raw, nodes, chosen)
    out: list[Any] = []
    for n, array, node in zip(op.inputs, raw, nodes, strict=True):
        out.append(xp.asarray(array) if isinstance(array, int | float | complex) else array)
        if n in op.differentiable:
            out.append(node)
    return tuple(out)


def is_value(*values: Any) -> bool:
    """True if operations take each of ``values``: Tensors, arrays and numbers."""
    return all(isinstance(v, tensor_layer.tensor | int | float | complex | np.generic) or backend.is_array(v) for v in values)


def is_operand(*values: Any) -> bool:
    """The same, and for lists and texts: beside those Python would ask the Tensor for an index, which is a poorer error."""
    return all(isinstance(v, list | tuple | str) or is_value(v) for v in values)


def enter_all(op: Op, values: tuple[Any, ...]) -> tuple[tuple[Array, ...], tuple[Node | None, ...]]:
    """The same for an operation on any number of inputs."""
    if not values:
        raise ShapeError(f"{op.name}: needs at least one tensor, got none")
    names = [f"tensors[{i}]" for i in range(len(values))]
    raw, nodes = _unwrap(op, names, values)
    xp = _namespace(op, names, raw)
    if any(r.__class__ is not np.ndarray or r.dtype is not raw[0].dtype for r in raw):
        _promote(op, xp, raw, nodes, list(range(len(raw))))
    return tuple(raw), tuple(nodes)


def _unwrap(op: Op, names: list[str], values: tuple[Any, ...]) -> tuple[list[Any], list[Node | None]]:
    raw: list[Any] = []
    nodes: list[Node | None] = []
    for name, v in zip(names, values, strict=True):
        node = None
        if isinstance(v, tensor_layer.tensor):
            v, node = v.array, v.node
        elif isinstance(v, np.generic):
            v = v.item()  # a NumPy scalar is as weak as a Python number
        if isinstance(v, int | float | complex) or (v is None and name in op.optional):
            pass
        elif not backend.is_array(v):
            raise unfit(op.name, name, v)
        elif v.dtype.kind not in dtypes.CATEGORY:
            raise DTypeError(f"{op.name}: {name} has dtype {v.dtype}; gradflow computes with numbers and booleans")
        raw.append(v)
        nodes.append(node)
    return raw, nodes


def operand(name: str, value: Any, what: str = "the input") -> Tensor:
    """``value`` as a Tensor, for a function that asks it for its shape; DTypeError unless it is one, an array or a number."""
    if isinstance(value, tensor_layer.tensor):
        return value  # type: ignore[no-any-return]
    if isinstance(value, int | float | complex):
        return wrap(backend.cpu.asarray(np.asarray(value, dtypes.of_python(value))))  # type: ignore[no-any-return]
    if not backend.is_array(value):
        raise unfit(name, what, value)
    if value.dtype.kind not in dtypes.CATEGORY:
        raise DTypeError(f"{name}: {what} has dtype {value.dtype}; gradflow computes with numbers and booleans")
    return wrap(np.asarray(value) if isinstance(value, np.generic) else value)  # type: ignore[no-any-return]


def _namespace(op: Op, names: list[str], raw: list[Any]) -> Any:
    places = [(n, backend.namespace_of(a), a) for n, a in zip(names, raw, strict=True) if hasattr(a, "dtype")]
    if not places:
        return backend.namespace_for(None)
    (first, xp, a), *rest = places
    for n, other, b in rest:
        if xp.device_of(a) != other.device_of(b):
            raise DeviceError(
                f"{op.name}: {first} is on {xp.device_of(a)} and {n} on {other.device_of(b)}; bring them together with "
                f"{n}.to('{xp.device_of(a)}')"
            )
    return xp


def _promote(op: Op, xp: Any, raw: list[Any], nodes: list[Node | None], chosen: list[int]) -> None:
    dtype = dtypes.result_type(*(raw[i] for i in chosen))
    if op.floats and dtype.kind in "biu":
        dtype = dtypes.get_default_dtype()
    for i in chosen:
        if isinstance(raw[i], int | float | complex):
            raw[i] = xp.scalar(raw[i], dtype)
        elif raw[i].dtype != dtype:
            node = nodes[i]
            if node is not None and mode.recording:
                recorded = tensor_layer.namespace.astype(wrap(raw[i], node), dtype)
                raw[i], nodes[i] = recorded.array, recorded.node
            else:
                raw[i] = xp.astype(raw[i], dtype)
