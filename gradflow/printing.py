"""How a tensor prints: PyTorch's form, from NumPy's printer."""

from __future__ import annotations

from typing import Any

import numpy as np

from .backend import dtypes
from .engine import Leaf


def text(t: Any) -> str:
    """``tensor([...])`` with what is not the default: dtype, device, gradient."""
    array = t.to_numpy()
    notes = []
    if array.dtype not in (dtypes.get_default_dtype(), dtypes.int64, dtypes.bool_) or not array.size:
        notes.append(f"dtype={array.dtype}")
    if t.device.type != "cpu":
        notes.insert(0, f"device='{t.device}'")
    if array.size == 0 and array.ndim != 1:
        notes.insert(0, f"size={array.shape}")
    node = t.node
    if isinstance(node, Leaf):
        notes.append("requires_grad=True")
    elif node is not None:
        notes.append(f"grad_fn={node!r}")
    return f"tensor({_elements(array, len('tensor('))}" + "".join(", " + n for n in notes) + ")"


def _elements(array: np.ndarray[Any, Any], indent: int) -> str:
    if not array.size:
        return "[]"
    if array.dtype.kind == "b":
        width = max(len(str(v)) for v in _shown(array).tolist()) if array.ndim else 0
        style: Any = {"bool": lambda v: str(v).rjust(width)}
        return np.array2string(array, separator=", ", prefix=" " * indent, threshold=1000, formatter=style)
    if array.dtype.kind != "f":
        return np.array2string(array, separator=", ", prefix=" " * indent, threshold=1000)
    finite = array[np.isfinite(array)].astype(np.float64)
    if finite.size and (finite == np.round(finite)).all() and np.abs(finite).max() < 1e8:
        form = "{:.0f}."
    else:
        size = np.abs(finite[finite != 0])
        wide = size.size and (size.max() >= 1e8 or size.min() < 1e-4 or size.max() / size.min() > 1e6)
        form = "{:.4e}" if wide else "{:.4f}"

    def one(v: float) -> str:
        return form.format(v) if np.isfinite(v) else str(v)

    width = max(len(one(v)) for v in _shown(array)) if array.ndim else 0
    style = {"float_kind": lambda v: one(v).rjust(width)}
    return np.array2string(array, separator=", ", prefix=" " * indent, threshold=1000, formatter=style)


def _shown(array: np.ndarray[Any, Any]) -> Any:
    """The elements whose width decides the columns."""
    return array.ravel() if array.size <= 1000 else np.concatenate([array.ravel()[:200], array.ravel()[-200:]])
