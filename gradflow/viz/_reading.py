"""The nodes that a graph is made of, and the names of the tensors in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._engine import Leaf, Node
from .._tensor import Tensor
from ..errors import GraphError
from ..nn import Module
from .tracing import Trace


def results(y: Any, what: str) -> list[Tensor]:
    """``y`` as a list of recorded tensors; ``what`` is the function that asks, for the message."""
    held: list[Any] = list(y) if isinstance(y, Sequence) and not isinstance(y, Tensor) else [y]
    if not held:
        raise GraphError(f"{what}: there is no tensor in {y!r}")
    for t in held:
        if not isinstance(t, Tensor):
            raise TypeError(f"{what}: takes a Tensor, or a list of them, not {type(t).__name__}")
        if t.node is None:
            raise GraphError(
                f"{what}: this tensor of shape {t.shape} has no graph: it was not computed from a tensor with "
                "requires_grad=True, or inside no_grad(), or was detached"
            )
    return held


def nodes_of(tensors: Iterable[Tensor]) -> list[Node]:
    """All nodes that ``tensors`` were computed by: leaves in the order of their use, then the others as made."""
    stack = [t.node for t in tensors if t.node is not None]
    seen = set(stack)
    while stack:
        for parent, _ in stack.pop().next_functions:
            if parent is not None and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    made = sorted((n for n in seen if not isinstance(n, Leaf)), key=lambda n: n.seq)
    used = dict.fromkeys(p for n in made for p, _ in n.next_functions if isinstance(p, Leaf))
    return [*used, *(seen - {*used, *made}), *made]


def operation(node: Node) -> str:
    """The operation's name as one calls it: ``mul``, ``cross_entropy``, the class of a Function."""
    return str(node.op.name).removesuffix("Backward")


def named(params: Any) -> dict[Node, tuple[str, Tensor]]:
    """The name and the tensor of each node that ``params`` knows of: a Module, a Trace, or a mapping of tensors and modules."""
    if params is None:
        return {}
    pairs: list[tuple[str, Any]]
    if isinstance(params, Trace):
        params = params.model
    if isinstance(params, Module):
        pairs = list(params.named_parameters())
    elif isinstance(params, Mapping):
        pairs = []
        for name, value in params.items():
            if isinstance(value, Module):
                pairs += [(f"{name}.{inner}", p) for inner, p in value.named_parameters()]
            elif isinstance(value, Tensor) and not str(name).startswith("_"):  # _, _1 ... are IPython's own names
                pairs.append((str(name), value))
        if params and not pairs:
            raise TypeError("viz: there is no Tensor and no Module among the values of params")
    else:
        raise TypeError(
            f"viz: params is a Module, a trace, or a dict of names and tensors (locals() will do), not {type(params).__name__}"
        )
    found: dict[Node, tuple[str, Tensor]] = {}
    for name, t in pairs:
        if t.node is not None:
            found.setdefault(t.node, (name, t))
    return found


def tensors_of(outputs: Sequence[Tensor], names: Mapping[Node, tuple[str, Tensor]], nodes: Iterable[Node]) -> dict[Node, Tensor]:
    """The tensors whose numbers can be shown: leaves, outputs and what has a name; a node does not hold its result."""
    found: dict[Node, Tensor] = {n: n.variable for n in nodes if isinstance(n, Leaf) and n.variable is not None}
    found |= {n: t for n, (_, t) in names.items()}
    return found | {t.node: t for t in outputs if t.node is not None}
