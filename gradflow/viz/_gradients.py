"""The gradients on every way back, through the hooks of nodes; no ``.grad`` is touched."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .. import _printing, autograd, backend
from .._engine import Leaf, Node, wrap
from .._tensor import Tensor
from ..errors import GraphError

SHOWN = 4  # elements of an array that are shown in full


class Digest(NamedTuple):
    """What is told of an array: its shape, the root of the mean of |x|^2, and its elements if they are few."""

    shape: tuple[int, ...]
    rms: float
    elements: np.ndarray[Any, Any] | None

    def __str__(self) -> str:
        if self.elements is None:
            return f"RMS {number(self.rms)}"
        return brackets(self.elements)


def number(v: Any) -> str:
    """A number in four digits, with a real minus sign."""
    return (str(v) if isinstance(v, complex) else _printing.number(v)).replace("-", "\N{MINUS SIGN}")


def brackets(values: np.ndarray[Any, Any]) -> str:
    """Numbers in four digits, nested as the array is."""
    if values.ndim:
        return "[" + ", ".join(map(brackets, values)) + "]"
    return number(values.item())


class Digests:
    """Digests of arrays, computed where the arrays are, and fetched from each device together: one wait."""

    def __init__(self) -> None:
        self._held: list[tuple[tuple[int, ...], int, Any, Any]] = []

    def add(self, array: Any) -> int:
        """Note ``array`` as it is now; its number."""
        small = array.size <= SHOWN
        wide = array.astype("D" if array.dtype.kind == "c" else "d").reshape(-1)
        with np.errstate(all="ignore"):
            size = abs(wide)
            most = size.max() if array.size else size.sum()
            scaled = size / (most + (most == 0))  # squares of what is near 1 neither overflow nor vanish
            rms = most * ((scaled * scaled).sum() / max(array.size, 1)) ** 0.5
        self._held.append((array.shape, array.size, wide if small else wide[:0].copy(), rms))
        return len(self._held) - 1

    def fetch(self) -> list[Digest]:
        rows: dict[int, Digest] = {}
        for kind in "dD":
            for xp in {backend.namespace_of(h[2]) for h in self._held}:
                here = [i for i, h in enumerate(self._held) if h[2].dtype.char == kind and backend.namespace_of(h[2]) is xp]
                if not here:
                    continue
                parts = [p for i in here for p in (self._held[i][2], self._held[i][3].astype(kind).reshape(1))]
                flat = xp.to_host(xp.concatenate(parts))
                at = 0
                for i in here:
                    shape, size, head, _ = self._held[i]
                    elements = flat[at : at + head.size].reshape(shape) if size <= SHOWN else None
                    rows[i] = Digest(shape, float(flat[at + head.size].real), elements)
                    at += head.size + 1
        return [rows[i] for i in range(len(self._held))]


class Passage:
    """One backward pass as it went: the nodes in the order of the visits, what arrived at each, what it gave to each input."""

    def __init__(self) -> None:
        self.order: list[Node] = []
        self.arrived: dict[Node, Digest] = {}
        self.given: dict[tuple[Node, int], Digest] = {}


def passage(outputs: Sequence[Tensor], weights: Sequence[Any], nodes: Sequence[Node], what: str) -> Passage:
    """A backward pass from ``outputs`` that adds to no ``.grad`` and frees nothing; hooks that are there are called, as ever.

    The hooks are those of nodes; a leaf's gradient is what ``autograd.grad`` returns.  Retained gradients are put back.  Not
    known is what the node of a Function with several outputs gets and gives, which no hook is shown.

    GraphError if an earlier backward has freed the graph.
    """
    made, digests = Passage(), Digests()
    arrived: dict[Node, int] = {}
    given: dict[tuple[Node, int], int] = {}

    def comes(node: Node, grads: Any) -> None:
        made.order.append(node)
        arrived[node] = digests.add(grads[0].array)

    def goes(node: Node, grad_inputs: Any, _: Any) -> None:
        for i, g in enumerate(grad_inputs):
            if g is not None:
                given[node, i] = digests.add(g.array)

    watched = [n for n in nodes if not isinstance(n, Leaf) and not _is_bundle(n)]
    giving = [n for n in watched if not any(p is not None and _is_bundle(p) for p, _ in n.next_functions)]
    leaves = [n for n in nodes if isinstance(n, Leaf)]
    retained = [(n.extra, n.extra.grad) for n in nodes if n.extra is not None and n.extra.retain]
    handles = [n.register_prehook(partial(comes, n)) for n in watched] + [n.register_hook(partial(goes, n)) for n in giving]
    try:
        found = autograd.grad(outputs, [_standing_for(n) for n in leaves], weights, retain_graph=True, allow_unused=True)
    except GraphError as problem:
        if "freed" in str(problem):
            raise GraphError(
                f"{what}: the gradients cannot be computed again, because an earlier backward() has freed what the graph kept; "
                "call this before backward(), or backward(retain_graph=True)"
            ) from problem
        raise
    finally:
        for handle in handles:
            handle.remove()
        for extra, grad in retained:
            extra.grad = grad
    for leaf, g in zip(leaves, found, strict=True):
        if g is not None:
            made.order.append(leaf)
            arrived[leaf] = digests.add(g.array)
    fetched = digests.fetch()
    made.arrived = {n: fetched[i] for n, i in arrived.items()}
    made.given = {k: fetched[i] for k, i in given.items()}
    return made


def _standing_for(leaf: Leaf) -> Tensor:
    """A tensor with the node of ``leaf``, whose own may be gone."""
    made: Tensor = wrap(np.zeros(()), leaf)
    return made


def _is_bundle(node: Node) -> bool:
    """Whether ``node`` is a Function's that has several outputs: its gradient is not one array."""
    return len(getattr(node.op, "outputs", ())) > 1
