"""Hooks of a backward pass: what they are shown of a gradient, and what they may return in its place."""

from __future__ import annotations

from typing import Any

from .. import backend
from ..errors import ShapeError
from ..typing import Shape
from .accumulate import copy_of
from .anomaly import inspect_backward
from .modes import mode
from .node import Node
from .tensor_layer import tensor_layer, wrap
from .unused import plain


def run_hooks(n: Node, g: Any, create_graph: bool) -> Any:
    """The gradient after the hooks that see it before it is used, each of which may replace it; a retained one is stored."""
    extra = n.extra
    assert extra is not None
    for hook in list(extra.hooks.values()):
        made = hook(_as_tensor(g, create_graph))
        if made is not None:
            g = _accepted(n, made, g, n.shape, create_graph)
    for hook in list(extra.pre_hooks.values()):
        made = hook(_incoming(n, g, create_graph))
        if made is not None:
            g = _replaced(n, made if isinstance(made, tuple) else (made,), g, create_graph)
    if extra.retain:
        t = _as_tensor(g, create_graph)
        if not create_graph:
            t = wrap(copy_of(t.array))
        extra.grad = t if extra.grad is None else extra.grad + t
    return g


def _replaced(n: Node, made: tuple[Any, ...], g: Any, create_graph: bool) -> Any:
    """What comes to a node, with the gradients that a prehook returned in their places."""
    count = len(_incoming(n, g, create_graph))
    if len(made) != count:
        raise TypeError(f"{n.name()}: a hook returns None or a tuple of {count} gradients, not of {len(made)}")
    if not hasattr(g, "parts"):
        return _accepted(n, made[0], g, n.shape, create_graph)
    there = {i: (t, g.parts[i]) for i, t in enumerate(made) if t is not None and i in g.parts}
    return type(g)({i: _accepted(n, t, old, old.shape, create_graph) for i, (t, old) in there.items()})


def _as_tensor(g: Any, create_graph: bool) -> Any:
    return g if create_graph else wrap(backend.namespace_of(g).asarray(g))


def _incoming(node: Node, g: Any, create_graph: bool) -> tuple[Any, ...]:
    """What comes to a node, as its hooks are shown it: one gradient, or one (or None) for each output of a Function."""
    parts = getattr(g, "parts", None)
    if parts is None:
        return (_as_tensor(g, create_graph),)
    outputs: Any = node.op.outputs  # type: ignore[attr-defined]
    return tuple([_as_tensor(parts[i], create_graph) if i in parts else None for i in range(len(outputs))])


def _outgoing(g: Any, create_graph: bool) -> Any:
    """What a node hands on, as its hooks are shown it; an output of a Function hands on a part of what comes to that."""
    (only,) = getattr(g, "parts", {0: g}).values()
    return _as_tensor(only, create_graph)


def _instead(g: Any, t: Any, create_graph: bool) -> Any:
    """The gradient ``t`` of a hook's in the place, and the form, of ``g``."""
    made = t if create_graph else t.array
    return type(g)(dict.fromkeys(g.parts, made)) if hasattr(g, "parts") else made


def _accepted(n: Node, made: Any, g: Any, shape: Shape, create_graph: bool) -> Any:
    """The gradient that a hook returned in the place of ``g``."""
    if not isinstance(made, tensor_layer.tensor):
        raise TypeError(f"{n.name()}: a hook returned {type(made).__name__}; it returns a Tensor or None")
    if made.array.shape != shape:
        raise ShapeError(f"{n.name()}: a hook returned a gradient of shape {made.array.shape}, not {shape}")
    return made if create_graph else made.array.astype(g.dtype, copy=False)


class HeldBack:
    """``give`` for a node with hooks, or in anomaly mode: the gradients are given on when all are there and were looked at."""

    def __init__(self, node: Node, g: Any, give: Any, create_graph: bool) -> None:
        self._node, self._g, self._give, self._create = node, g, give, create_graph
        self._held: list[tuple[Node, Any]] = []

    def __call__(self, p: Node, g: Any) -> None:
        plain(g)  # here, so that anomaly mode lays a NaN in it to this node
        self._held.append((p, g))

    def finish(self) -> None:
        """Look at the gradients, run the hooks that see them, and give them on."""
        node, held = self._node, self._held
        if mode.anomaly:
            pieces = [(p, part) for p, g in held for part in getattr(g, "parts", {0: plain(g)}).values()]
            inspect_backward(node, [(p, part.array if self._create else part) for p, part in pieces])
        hooks = node.extra.post_hooks if node.extra is not None else {}
        for hook in list(hooks.values()):
            held = self._after(hook, held)
        for p, g in held:
            self._give(p, g)

    def _after(self, hook: Any, held: list[tuple[Node, Any]]) -> list[tuple[Node, Any]]:
        """The gradients that are handed on, after a hook that sees those of all parents at once."""
        node = self._node
        left = {p: [g for q, g in held if q is p] for p in node.parents}
        # A parent that is there twice (a / a) was given one gradient for each time, in order.
        handed = [left[p].pop(0) if left[p] else None for p in node.parents]
        shown = tuple([None if g is None else _outgoing(plain(g), self._create) for g in handed])
        made = hook(shown, _incoming(node, self._g, self._create))
        if made is None:
            return held
        if not isinstance(made, tuple) or len(made) != len(node.parents):
            raise TypeError(f"{node.name()}: a hook returns None or a tuple of {len(node.parents)} gradients")
        return [
            (p, _instead(g, t, self._create))
            for p, g, t in zip(node.parents, handed, made, strict=True)
            if p is not None and t is not None
        ]
