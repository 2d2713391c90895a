"""The backward pass: one loop over the recorded nodes, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from numpy import errstate, ndarray

from .. import backend
from ..backend import dtypes
from ..errors import GraphError
from .accumulate import copy_of, leaves_with_hooks
from .hooks import HeldBack, run_hooks
from .modes import mode, recording_restored, stops_recording
from .node import Node
from .paths import last_users, leading_to
from .pending import Gradients, PendingGradients, no_out
from .tensor_layer import tensor_layer
from .unused import Masked, carry, mapped, still
from .writes import writes

_REAL = dtypes.float32, dtypes.float64
_ARRAYS = ndarray, *[d.type for d in _REAL]  # a gradient on the CPU; NumPy makes a number of what has no dimensions


def sweep(
    roots: Iterable[tuple[Node, Any]], *, create_graph: bool = False, retain_graph: bool = False,
    inputs: Sequence[Node] | None = None, stop: bool = False, batched: Any = None, in_place: bool = False,
) -> tuple[Gradients, set[Node]]:  # fmt: skip
    """The gradients that reach the leaves, or ``inputs``, from ``roots``; and those of them that are buffers of their own.

    The other gradients may share memory with something else.  Nothing is stored in any ``.grad``: a pass that fails leaves those
    as they were.

    ``in_place``: the first gradient of a leaf may be written into the buffer that the leaf lends.  ``inputs``: nodes, interior
    ones among them, to which alone the pass goes.  ``stop``: the pass ends at ``inputs``, and their hooks are left to the pass
    that goes on from there.  ``create_graph``: gradients are Tensors and every rule runs, recorded, in the namespace of functions
    over Tensors; otherwise they are bare arrays.  ``batched``: the gradients are batches of arrays, whose namespace this is; code
    of the user's (a Function, a hook) is not shown a batch: OneByOne if there is any on the way.
    """
    roots = list(roots)
    pending = PendingGradients(create_graph, lends=in_place and not create_graph)
    nodes, by_node, give, out_for = pending.nodes, pending.by_node, pending.give, pending.out_for
    special = _SpecialNodes(pending, create_graph, retain_graph, stop, batched)
    if inputs is not None:
        special.go_to(inputs, roots)
    users = last_users([n for n, _ in roots]) if leaves_with_hooks and not stop else None
    cpu, was, depth = backend.cpu, mode.recording, mode.depth
    all_special = create_graph or mode.anomaly or special.wanted is not None
    try:
        mode.depth = depth + 1
        if not create_graph:
            stops_recording()
        mode.recording = create_graph
        with errstate(all="ignore"):
            for node, g in roots:
                give(node, g)
            while nodes:
                n = nodes.pop()
                g = by_node.pop(n)
                saved = n.saved
                if all_special or n.extra is not None or saved is None or g.__class__ not in _ARRAYS or g.dtype not in _REAL:
                    special.visit(n, g)
                else:
                    if n.seq < writes.last:
                        writes.check(n)
                    op = n.op
                    op.backward(cpu, g, saved, n.parents, give, out_for)
                    if op.releases and not retain_graph:
                        n.saved = None
                if users is not None:
                    special.see_leaves(users.pop(n, ()))
            for leaves in (users or {}).values():  # the pass did not come to their last user
                special.see_leaves(leaves)
    except BaseException:
        pending.give_back()
        raise
    finally:
        mode.recording, mode.depth = was, depth
        recording_restored()
    if inputs is not None:
        return (special.captured or {}) | {n: by_node[n] for n in inputs if n in by_node}, pending.owned
    return by_node, pending.owned


class OneByOne(Exception):  # noqa: N818 - no error: the caller goes on with one gradient at a time
    """A node on the way takes one gradient at a time."""


class _SpecialNodes:
    """What the loop of ``sweep`` leaves out: hooks, anomaly mode, recorded passes, passes to some nodes only, other arrays."""

    __slots__ = ("_batched", "_create", "_needed", "_pending", "_retain", "_stop", "captured", "wanted")

    def __init__(self, pending: PendingGradients, create_graph: bool, retain_graph: bool, stop: bool, batched: Any) -> None:
        self._pending, self._create, self._retain, self._stop, self._batched = pending, create_graph, retain_graph, stop, batched
        self.wanted: set[Node] | None = None  # None: the pass goes to all leaves
        self._needed: set[Node] | None = None
        self.captured: Gradients | None = None

    def go_to(self, inputs: Sequence[Node], roots: list[tuple[Node, Any]]) -> None:
        """Go to ``inputs`` alone; the gradients of those that are no leaves are put into ``captured``."""
        wanted = set(inputs)
        self._needed = leading_to(wanted, [n for n, _ in roots], self._stop)
        self.wanted = None if self._needed is None else wanted
        self.captured = {}

    def visit(self, n: Node, g: Any) -> None:
        """Run the backward of one node, with all that may have to be seen to."""
        pending, create_graph, op = self._pending, self._create, n.op
        if self._batched is not None and (n.extra is not None or op.kind == "function" or mode.anomaly):
            raise OneByOne
        masked: Masked | None = None
        if n.extra is not None or g.__class__ is Masked:
            g, masked = self._after_hooks(n, g)
        parents: Any = n.parents
        if self.wanted is not None:
            parents = self._parents_to_give(n, g)
            if parents is None:
                return
        if n.saved is None:
            raise GraphError(
                f"{n.name()}: what it saved for backward has been freed by an earlier backward; call that one with "
                "retain_graph=True to go through the graph again"
            )
        if n.seq < writes.last:
            writes.check(n)
        if create_graph:
            xp: Any = tensor_layer.namespace
            saved = op.lift(n, g)
        else:
            xp = self._batched or (backend.cpu if op.kind == "function" else backend.namespace_of(g))
            saved = n.saved
        held = HeldBack(n, g, pending.give, create_graph) if n.extra is not None or mode.anomaly else None
        give: Any = pending.give if held is None else held
        out_for = pending.out_for if held is None else no_out
        if g.dtype.kind == "c" and op.holomorphic:
            g, give, out_for = xp.conjugate(g), _conjugating(xp, give), no_out
        if masked is not None:
            carry(masked, g, op, xp, saved, parents, give, no_out)
        else:
            op.backward(xp, g, saved, parents, give, out_for)
        if held is not None:
            held.finish()
        if not self._retain and op.releases:
            n.saved = None

    def _after_hooks(self, n: Node, g: Any) -> tuple[Any, Masked | None]:
        """The gradient that comes to ``n`` after its hooks, and its structural zeros if it has some."""
        ends = self.wanted is not None and n in self.wanted
        masked = g if g.__class__ is Masked else None
        if masked is not None:
            g = masked.plain() if ends or n.extra is not None else masked.array
        if n.extra is not None and not (self._stop and ends):
            g, before = run_hooks(n, g, self._create), g
            masked = still(masked, g) if masked is not None and g is before else None
        return g, masked

    def _parents_to_give(self, n: Node, g: Any) -> tuple[Node | None, ...] | None:
        """The parents that the pass goes on to, None in the place of others; None if it ends at ``n``."""
        wanted, needed = self.wanted, self._needed
        assert wanted is not None and needed is not None and self.captured is not None
        if n in wanted:
            self.captured[n] = g
        if n not in needed:
            return None
        return tuple([p if p in needed or p in wanted else None for p in n.parents])

    def see_leaves(self, leaves: Iterable[Any]) -> None:
        """Run the hooks of leaves to which no more gradients come."""
        for leaf in leaves:
            extra = leaf.extra
            g = self._pending.by_node.get(leaf)
            if g is None or extra is None or not (extra.hooks or extra.pre_hooks):
                continue
            if self._batched is not None:
                raise OneByOne
            # A hook may keep what it is shown.
            self._pending.replace(leaf, run_hooks(leaf, g if self._create else copy_of(g), self._create))


def _conjugating(xp: Any, give: Any) -> Any:
    """The gradient of a holomorphic f is g * conj(f'), which is conj(conj(g) * f'): PyTorch's convention."""
    return lambda p, g: give(p, mapped(lambda d: xp.conjugate(d) if d.dtype.kind == "c" else d, g))
