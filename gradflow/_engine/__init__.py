"""Layer 4: the engine.  It knows arrays and graphs, and no operation by name.

In the order in which the files build on each other:

    tensor_layer   the slots of a Tensor; what the layer of Tensors registers
    node           nodes, and what the backward pass asks of an operation
    modes          recording and anomaly mode of a thread, ``no_grad`` and its kin
    writes         in-place writes, and whether a saved array is intact
    views          which tensors share memory
    callers        the user's line, for warnings
    anomaly        NaN and infinity looked for
    explain        errors that name the operation
    promote, half  ways into an operation: numbers, dtypes, float16
    unused         structural zeros of gradients
    writing        the source of an operation's call and backward
    op             the form of an operation
    numpy_dtypes   operations with NumPy's dtypes
    accumulate     leaves and the memory of their gradients
    hooks, paths, pending, sweep    the backward pass
"""

from .accumulate import GradientBuffer, Leaf, accumulate, accumulating, copy_of
from .callers import warn
from .half import wide
from .modes import (
    detect_anomaly,
    enable_grad,
    is_anomaly_enabled,
    is_grad_enabled,
    mode,
    no_grad,
    recording,
    set_detect_anomaly,
    set_grad_enabled,
)
from .node import Node, RemovableHandle, ShapeOnly, tick
from .numpy_dtypes import as_numpy, with_numpy_dtypes
from .op import REGISTRY, Op, elementwise, linear, primitive, selecting
from .paths import reached
from .promote import is_operand, operand
from .sweep import OneByOne, sweep
from .tensor_layer import Value, register_tensor_layer, wrap
from .views import base_of, link, views_of
from .writes import ALONE, reference_count, writes
from .writing import compiled, make_callable, operator

__all__ = [
    "ALONE", "GradientBuffer", "Leaf", "Node", "OneByOne", "Op", "REGISTRY", "RemovableHandle", "ShapeOnly", "Value",
    "accumulate", "accumulating", "as_numpy", "base_of", "compiled", "copy_of", "detect_anomaly", "elementwise", "enable_grad",
    "is_anomaly_enabled", "is_grad_enabled", "is_operand", "linear", "link", "make_callable", "mode", "no_grad", "operand",
    "operator", "primitive", "reached", "recording", "reference_count", "register_tensor_layer", "selecting",
    "set_detect_anomaly", "set_grad_enabled", "sweep", "tick", "views_of", "warn", "wide", "with_numpy_dtypes", "wrap", "writes",
]  # fmt: skip
