"""The gradients of a backward pass that have come to a node, or a leaf, and have not been handed on."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from typing import Any

from .accumulate import GradientBuffer
from .node import Node
from .paths import age
from .unused import Masked, meet

Gradients = dict[Node, Any]


class PendingGradients:
    """What ``give`` was called with, summed for each node.

    ``give`` and ``out_for`` are closures and no methods: a pass calls ``give`` once for each gradient, and a closure finds what
    it works on faster.
    """

    __slots__ = ("_lent", "by_node", "give", "nodes", "out_for", "owned")

    def __init__(self, create_graph: bool, lends: bool) -> None:
        by_node: Gradients = {}
        owned: set[Node] = set()  # nodes whose gradient is a buffer made in this pass: others may be added to it in place
        nodes: list[Node] = []  # nodes with a gradient, oldest first; leaves are not among them
        lent: dict[Any, GradientBuffer] = {}  # the buffers that leaves have lent to this pass

        def give(p: Node, g: Any) -> None:
            h = by_node.get(p)
            if h is None:
                by_node[p] = g
                if p.seq:
                    if nodes and nodes[-1].seq > p.seq:
                        insort(nodes, p, key=age)
                    else:
                        nodes.append(p)
            elif h.__class__ is Masked or g.__class__ is Masked:
                by_node[p] = meet(h, g)
            elif p in owned:
                h += g
                by_node[p] = h  # a batch cannot be added in place to one array
            else:
                h = by_node[p] = h + g
                if not create_graph and h.ndim:
                    owned.add(p)

        def out_for(p: Any) -> Any:
            """The memory that the first gradient of the leaf ``p`` may be written into; None if there is none."""
            if p.seq or p in by_node:
                return None
            buffer = p.lend_buffer()
            if buffer is None:
                return None
            owned.add(p)
            lent[p] = buffer
            return buffer.array

        self.by_node, self.owned, self.nodes, self._lent, self.give = by_node, owned, nodes, lent, give
        self.out_for: Callable[[Node], Any] = out_for if lends else no_out

    def replace(self, leaf: Any, g: Any) -> None:
        """A hook has seen the gradient of ``leaf`` and returned ``g``, which may be the user's: nothing is written into it."""
        self.by_node[leaf] = g
        self.owned.discard(leaf)
        if leaf in self._lent:
            leaf.take_back(self._lent.pop(leaf))

    def give_back(self) -> None:
        """The pass has failed: the leaves get back what they lent."""
        for leaf, buffer in self._lent.items():
            leaf.take_back(buffer)


def no_out(p: Node) -> None:
    """``out_for`` where a hook, a Tensor or another node may hold the gradient too: there is no memory to write it into."""
