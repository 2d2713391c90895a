"""The backward pass: one loop over the recorded nodes, newest first."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from numpy import errstate, ndarray

from .. import backend
from ..backend import dtypes
from ..errors import AnomalyError, GraphError, ShapeError
from ..typing import Shape
from .accumulate import GradientBuffer, own
from .graph import Node, hush, made_at, mode, settle, upstairs, wrap, writes
from .promote import found
from .unused import Masked, carry, mapped, meet, plain, still

_seq = attrgetter("seq")
_REAL = dtypes.float32, dtypes.float64
_PLAIN = ndarray, *[d.type for d in _REAL]  # a gradient on the CPU; NumPy makes a number of what has no dimensions
Gradients = dict[Node, Any]


def sweep(
    roots: Iterable[tuple[Node, Any]], *, create_graph: bool = False, retain_graph: bool = False,
    inputs: Sequence[Node] | None = None, stop: bool = False, batched: Any = None, in_place: bool = False,
) -> tuple[Gradients, set[Node]]:  # fmt: skip
    """The gradients that reach the leaves (or ``inputs``, interior nodes among them) from ``roots``, and those of them whose
    gradient is a buffer of its own; the others may share memory with something else.

    Nothing is stored in any ``.grad``: a pass that fails leaves those as they were.  ``in_place``: the first gradient of a leaf
    that has none may be written into the buffer that the leaf lends.  ``stop``: the pass ends at ``inputs``, and their hooks are
    left to the pass that goes on from there.

    Gradients are bare arrays, and Tensors with ``create_graph``, where every rule runs in ``numpy_functions`` and is recorded
    in turn.  ``batched``: they are batches of arrays, whose namespace this is; code of the user's (a Function, a hook) is not
    shown them: OneByOne if there is any on the way.
    """
    grads: Gradients = {}
    owned: set[Node] = set()  # nodes whose gradient is a buffer made here, which may be added to in place
    lent: dict[Any, GradientBuffer] = {}  # what leaves have lent to this pass
    todo: list[Node] = []  # nodes with a gradient, oldest first; leaves are not among them
    captured: Gradients = {}
    wanted = None if inputs is None else set(inputs)
    needed = None if wanted is None else _leading_to(wanted, [n for n, _ in roots], stop)
    if needed is None:
        wanted = None

    def give(p: Node, g: Any) -> None:
        h = grads.get(p)
        if h is None:
            grads[p] = g
            if p.seq:
                if todo and todo[-1].seq > p.seq:
                    insort(todo, p, key=_seq)
                else:
                    todo.append(p)
        elif h.__class__ is Masked or g.__class__ is Masked:
            grads[p] = meet(h, g)
        elif p in owned:
            h += g
            grads[p] = h  # a batch cannot be added in place to one array
        else:
            h = grads[p] = h + g
            if not create_graph and h.ndim:
                owned.add(p)

    def room_for(p: Any) -> Any:
        if p.seq or p in grads:
            return None
        buffer = p.lend()
        if buffer is None:
            return None
        owned.add(p)
        lent[p] = buffer
        return buffer.array

    def visit(n: Node, g: Any) -> None:
        """One node with all that may have to be seen to; the loop below does the common case itself."""
        if batched is not None and (n.extra is not None or n.op.kind == "function" or mode.anomaly):
            raise OneByOne
        op, parents, kept = n.op, n.parents, n.kept
        ends = wanted is not None and n in wanted
        masked = g if g.__class__ is Masked else None
        if masked is not None:
            g = masked.plain() if ends or n.extra is not None else masked.array
        if n.extra is not None and not (stop and ends):
            g, before = _run_hooks(n, g, create_graph), g
            masked = still(masked, g) if masked is not None and g is before else None
        if wanted is not None and needed is not None:
            if ends:
                captured[n] = g
            if n not in needed:
                return
            parents = tuple([p if p in needed or p in wanted else None for p in parents])
        if kept is None:
            raise GraphError(
                f"{n.name()}: what it kept for backward has been freed by an earlier backward; call that one with "
                "retain_graph=True to go through the graph again"
            )
        if n.seq < writes.last:
            writes.check(n)
        if create_graph:
            xp: Any = upstairs.namespace
            kept = op.lift(n, g)
        else:
            xp = batched or (backend.cpu if op.kind == "function" else backend.namespace_of(g))
        watched = _Watched(n, g, give, create_graph) if n.extra is not None or mode.anomaly else None
        out: Any = give if watched is None else watched
        if g.dtype.kind == "c" and op.holomorphic:
            g, out = xp.conjugate(g), _conjugating(xp, out)
        if masked is not None:
            carry(masked, g, op, xp, kept, parents, out, no_room)
        else:
            op.backward(xp, g, kept, parents, out, find_room if out is give else no_room)
        if watched is not None:
            watched.finish()
        if not retain_graph and op.frees:
            n.kept = None

    find_room = room_for if in_place and not create_graph else no_room
    cpu, was, depth = backend.cpu, mode.recording, mode.depth
    careful = create_graph or mode.anomaly or wanted is not None
    try:
        mode.depth = depth + 1
        if not create_graph:
            hush()
        mode.recording = create_graph
        with errstate(all="ignore"):
            for node, g in roots:
                give(node, g)
            while todo:
                n = todo.pop()
                g = grads.pop(n)
                kept = n.kept
                if careful or n.extra is not None or kept is None or g.__class__ not in _PLAIN or g.dtype not in _REAL:
                    visit(n, g)
                else:
                    if n.seq < writes.last:
                        writes.check(n)
                    op = n.op
                    op.backward(cpu, g, kept, n.parents, give, find_room)
                    if op.frees and not retain_graph:
                        n.kept = None
            leaf: Any
            for leaf in [n for n in grads if n.extra is not None and n.extra.hooks and not stop]:
                if batched is not None:
                    raise OneByOne
                g = grads[leaf]
                grads[leaf] = _run_hooks(leaf, g if create_graph else own(g), create_graph)  # a hook may keep what it is shown
                owned.discard(leaf)  # and may return an array that is the user's
                if leaf in lent:
                    leaf.take_back(lent.pop(leaf))
    except BaseException:
        for leaf, buffer in lent.items():
            leaf.take_back(buffer)
        raise
    finally:
        mode.recording, mode.depth = was, depth
        settle()
    if inputs is not None:
        captured |= {n: grads[n] for n in inputs if n in grads}
        return captured, owned
    return grads, owned


def no_room(p: Node) -> None:
    """For a gradient that somebody else will hold."""


class OneByOne(Exception):  # noqa: N818 - no error: it says how to go on
    """What is on the way takes one gradient at a time."""


def _leading_to(wanted: set[Node], roots: Sequence[Node], stop: bool) -> set[Node] | None:
    """The nodes below ``roots`` from which a wanted node is reached; None if the wanted are all the leaves, so that all do.

    ``stop``: without those that are wanted, and what only they lead to.
    """
    ends = wanted if stop else set[Node]()
    seen = set(roots)
    stack = [n for n in roots if n not in ends]
    others = False  # leaves that are not wanted
    while stack:
        for p in stack.pop().parents:
            if p is not None and p not in seen:
                seen.add(p)
                if not p.seq:
                    others = others or p not in wanted
                elif p not in ends:
                    stack.append(p)
    if not others and not any(n.seq for n in wanted):
        return None
    leading: set[Node] = set()
    for n in sorted(seen - ends, key=_seq):  # parents are older than what was made of them
        for p in n.parents:
            if p in wanted or p in leading:
                leading.add(n)
                break
    return leading


def reached(roots: Sequence[Node], since: int, inside: set[Node]) -> list[Node]:
    """Where the part of a graph that was made after ``since`` ends: the older nodes, and the leaves whose tensors are there, that
    ``roots`` lead to without one of ``inside``."""
    seen, stack, found = set(roots), list(roots), []
    while stack:
        node: Any = stack.pop()
        if node in inside:
            continue
        if not node.seq and node.variable is None:  # nobody sees its gradient
            continue
        if node.seq < since:
            found.append(node)
            continue
        for p in node.parents:
            if p is not None and p not in seen:
                seen.add(p)
                stack.append(p)
    return found


def _conjugating(xp: Any, give: Any) -> Any:
    """The gradient of a holomorphic f is g * conj(f'), which is conj(conj(g) * f'): PyTorch's convention."""
    return lambda p, g: give(p, mapped(lambda d: xp.conjugate(d) if d.dtype.kind == "c" else d, g))


def _as_tensor(g: Any, create_graph: bool) -> Any:
    return g if create_graph else wrap(backend.namespace_of(g).asarray(g))


def _incoming(node: Node, g: Any, create_graph: bool) -> tuple[Any, ...]:
    """What comes to a node, as its hooks are shown it: one gradient, or one (or None) for each output of a Function."""
    parts = getattr(g, "parts", None)
    if parts is None:
        return (_as_tensor(g, create_graph),)
    return tuple([_as_tensor(parts[i], create_graph) if i in parts else None for i in range(len(node.op.outputs))])


def _outgoing(g: Any, create_graph: bool) -> Any:
    """What a node hands on, as its hooks are shown it; an output of a Function hands on a part of what comes to that."""
    (only,) = getattr(g, "parts", {0: g}).values()
    return _as_tensor(only, create_graph)


def _instead(g: Any, t: Any, create_graph: bool) -> Any:
    """The gradient ``t`` of a hook's in the place, and the form, of ``g``."""
    made = t if create_graph else t.array
    return type(g)(dict.fromkeys(g.parts, made)) if hasattr(g, "parts") else made


def _run_hooks(n: Node, g: Any, create_graph: bool) -> Any:
    """The hooks that see a gradient before it is used, each of which may replace it; then a retained gradient is kept."""
    extra = n.extra
    assert extra is not None
    for hook in list(extra.hooks.values()):
        made = hook(_as_tensor(g, create_graph))
        if made is not None:
            g = _accepted(n, made, g, n.shape, create_graph)
    for hook in list(extra.pre_hooks.values()):
        shown = _incoming(n, g, create_graph)
        made = hook(shown)
        if made is None:
            continue
        several = made if isinstance(made, tuple) else (made,)
        if len(several) != len(shown):
            raise TypeError(f"{n.name()}: a hook returns None or a tuple of {len(shown)} gradients, not of {len(several)}")
        if not hasattr(g, "parts"):
            g = _accepted(n, several[0], g, n.shape, create_graph)
        else:
            there = {i: (t, g.parts[i]) for i, t in enumerate(several) if t is not None and i in g.parts}
            g = type(g)({i: _accepted(n, t, old, old.shape, create_graph) for i, (t, old) in there.items()})
    if extra.retain:
        t = _as_tensor(g, create_graph)
        if not create_graph:
            t = wrap(own(t.array))
        extra.grad = t if extra.grad is None else extra.grad + t
    return g


def _accepted(n: Node, made: Any, g: Any, shape: Shape, create_graph: bool) -> Any:
    """The gradient that a hook returned in the place of ``g``."""
    if not isinstance(made, upstairs.tensor):
        raise TypeError(f"{n.name()}: a hook returned {type(made).__name__}; it returns a Tensor or None")
    if made.array.shape != shape:
        raise ShapeError(f"{n.name()}: a hook returned a gradient of shape {made.array.shape}, not {shape}")
    return made if create_graph else made.array.astype(g.dtype, copy=False)


class _Watched:
    """``give`` for a node with hooks, or in anomaly mode: holds the gradients back until all are there and looked at."""

    def __init__(self, node: Node, g: Any, give: Any, create_graph: bool) -> None:
        self._node, self._g, self._give, self._create = node, g, give, create_graph
        self._given: list[tuple[Node, Any]] = []

    def __call__(self, p: Node, g: Any) -> None:
        plain(g)  # here, so that what a NaN in it is laid to is this node
        self._given.append((p, g))

    def finish(self) -> None:
        node, given = self._node, self._given
        if mode.anomaly:
            pieces = [(p, part) for p, g in given for part in getattr(g, "parts", {0: plain(g)}).values()]
            for p, g in pieces:
                raw = g.array if self._create else g
                xp = backend.namespace_of(raw)
                if raw.dtype.kind in "fc" and not bool(xp.isfinite(raw).all()):
                    raise AnomalyError(
                        f"backward of {node.op.name}: {found(xp, raw)} in the gradient of an input of shape {p.shape}; "
                        f"its result has shape {node.shape}{made_at(node)}"
                    )
        hooks = node.extra.post_hooks if node.extra is not None else {}
        for hook in list(hooks.values()):
            left = {p: [g for q, g in given if q is p] for p in node.parents}
            # A parent that is there twice (a / a) was given one gradient for each time, in order.
            handed = [left[p].pop(0) if left[p] else None for p in node.parents]
            shown = tuple([None if g is None else _outgoing(plain(g), self._create) for g in handed])
            made = hook(shown, _incoming(node, self._g, self._create))
            if made is not None:
                if not isinstance(made, tuple) or len(made) != len(node.parents):
                    raise TypeError(f"{node.name()}: a hook returns None or a tuple of {len(node.parents)} gradients")
                given = [
                    (p, _instead(g, t, self._create))
                    for p, g, t in zip(node.parents, handed, made, strict=True)
                    if p is not None and t is not None
                ]
        for p, g in given:
            self._give(p, g)
