"""Anomaly mode: NaN and infinity are looked for in every result and every gradient, and the user's line is named."""

from __future__ import annotations

from collections.abc import Iterable

from .. import backend
from ..errors import AnomalyError
from ..typing import Array, Namespace
from .callers import user_line
from .node import Node, made_at


def inspect_forward(node: Node, xp: Namespace, y: Array) -> None:
    """Remember the user's line, and raise AnomalyError if the result ``y`` has a NaN or an infinity."""
    node.metadata.made_at = user_line()
    if y.dtype.kind in "fc" and not bool(xp.isfinite(y).all()):
        shapes = [p.shape if p is not None else "no grad" for p in node.parents]
        raise AnomalyError(
            f"forward of {node.op.name}: {_counted(xp, y)} in its result of shape {y.shape} (inputs {shapes}){made_at(node)}"
        )


def inspect_backward(node: Node, gradients: Iterable[tuple[Node, Array]]) -> None:
    """Raise AnomalyError if a gradient that ``node`` hands to a parent has a NaN or an infinity."""
    for parent, g in gradients:
        xp = backend.namespace_of(g)
        if g.dtype.kind in "fc" and not bool(xp.isfinite(g).all()):
            raise AnomalyError(
                f"backward of {node.op.name}: {_counted(xp, g)} in the gradient of an input of shape {parent.shape}; "
                f"its result has shape {node.shape}{made_at(node)}"
            )


def _counted(xp: Namespace, array: Array) -> str:
    nans, infinite = int(xp.isnan(array).sum()), int(xp.isinf(array).sum())
    return " and ".join(f"{n} {what}" for n, what in ((nans, "NaN"), (infinite, "infinite")) if n)
