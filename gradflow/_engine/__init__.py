"""Floor 2: the engine.  It knows arrays and graphs, and no operation by name.

``graph``: nodes, recording, the clock of writes.  ``accumulate``: leaves and the memory of their gradients.  ``op``: the form of
an operation.  ``sweep``: the backward loop.  ``promote``: the slow way into an operation.  ``inline``: a rule as one expression.
``views``: which tensors share memory.  ``modes``: ``no_grad`` and its kin.
"""

from .accumulate import GradientBuffer, Leaf, accumulate, accumulating, own
from .callers import warn
from .graph import ALONE, Ghost, Node, RemovableHandle, Value, holders, mode, set_tensor, tick, wrap, writes
from .modes import (
    detect_anomaly,
    enable_grad,
    is_anomaly_enabled,
    is_grad_enabled,
    no_grad,
    recording,
    set_detect_anomaly,
    set_grad_enabled,
)
from .op import REGISTRY, Op, compiled, elementwise, linear, make_callable, operator, primitive, selecting
from .promote import as_numpy, cast_to, is_operand, operand, wide, with_numpy_dtypes
from .sweep import OneByOne, reached, sweep
from .views import base_of, link, views_of

__all__ = [
    "ALONE", "Ghost", "GradientBuffer", "Leaf", "Node", "OneByOne", "Op", "REGISTRY", "RemovableHandle", "Value", "accumulate",
    "accumulating", "as_numpy", "base_of", "cast_to", "compiled", "detect_anomaly", "elementwise", "enable_grad", "holders",
    "is_anomaly_enabled", "is_grad_enabled", "is_operand", "linear", "link", "make_callable", "mode", "no_grad", "operand",
    "operator", "own", "primitive", "reached", "recording", "selecting", "set_detect_anomaly", "set_grad_enabled", "set_tensor",
    "sweep", "tick", "views_of", "warn", "wide", "with_numpy_dtypes", "wrap", "writes",
]  # fmt: skip
