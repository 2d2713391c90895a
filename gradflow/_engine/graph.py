"""What a recorded computation is made of: nodes, the modes of recording, and the clock of writes.

A ``Node`` is data, not a closure.  It is made when an operation runs on something that requires grad, and holds the
operation, the nodes its inputs came from, and what the derivative rules asked to keep.
"""

from __future__ import annotations

import sys
import weakref
from _thread import _local, get_ident
from collections.abc import Callable, Iterable
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import backend
from ..errors import InPlaceError
from ..typing import Array, Shape

if TYPE_CHECKING:
    from .accumulate import Leaf

tick: Callable[[], int] = count(1).__next__
"""One clock for everything: a node is stamped when it is made, a memory when it is written in place."""


class _Mode(_local):
    """Whether operations are recorded, and checked for NaN and infinity, in this thread.

    Plain attributes: an interrupt is raised where a function of Python begins or after a call, not inside an assignment, so that
    ``finally: mode.recording = was`` always sets it back.
    """

    recording: bool = True
    anomaly: bool = False
    depth: int = 0  # how many blocks, decorated functions and backward passes are under way that will set these back
    outer: list[tuple[Any, bool]]


class _Ever:
    """Whether anomaly mode was ever on in this process: until then no operation asks its thread."""

    __slots__ = ("anomaly",)

    def __init__(self) -> None:
        self.anomaly = False


quiet: set[int] = set()
"""The threads that do not record: while there are none, no operation asks its own, which takes as long as making a node.

One that is here and records loses that time, and no more: so a thread comes here before it stops recording, and leaves when
nothing is under way that may set that back.
"""


def hush() -> None:
    """For a thread that is about to stop recording."""
    quiet.add(get_ident())


def settle() -> None:
    """For a thread whose recording has been set back to what it was."""
    if not mode.recording:
        quiet.add(get_ident())
    elif not mode.depth:
        quiet.discard(get_ident())


mode = _Mode()
ever = _Ever()


class Value:
    """The slots of a Tensor: the bare array, and the node that made it (None where no gradient is asked for)."""

    __slots__ = ("__weakref__", "_base", "_frozen", "_views", "array", "node")
    array: Array
    node: Node | None
    _base: Any  # the Tensor whose memory this one shows
    _views: Any  # the Tensors that show this one's memory
    _frozen: Leaf | None  # where .grad stays while requires_grad is off


class _Upstairs:
    """What the floor above tells once: the class of the values, and the namespace in which rules are recorded."""

    __slots__ = ("namespace", "tensor")

    def __init__(self) -> None:
        self.tensor: type[Any] = Value
        self.namespace: Any = None


upstairs = _Upstairs()


def set_tensor(kind: type[Any], namespace: Any) -> None:
    """Told once by the floor above."""
    upstairs.tensor, upstairs.namespace = kind, namespace


def wrap(data: Array, node: Node | None = None) -> Any:
    """A Tensor of a bare array."""
    t = object.__new__(upstairs.tensor)
    t.array, t.node = data, node
    return t


def holders(t: Any) -> int:
    """How many hold the array of ``t``: ALONE if nobody but ``t``."""
    return sys.getrefcount(t.array)


def _alone() -> int:
    t = Value()
    t.array = np.empty(3)
    alone = holders(t)
    more = []
    array = t.array
    more.append(holders(t))
    del array
    view = t.array[:1]
    more.append(holders(t))
    del view
    return alone if min(more) > alone else 0  # 0: this interpreter does not count every holder, and no array is taken to be alone


ALONE = _alone()
"""What ``holders`` gives for an array that nobody but its tensor holds; measured, because interpreters count differently."""


class Ghost:
    """What a rule sees of an input it named with a leading underscore: shape and dtype, no elements."""

    __slots__ = ("dtype", "shape")

    def __init__(self, array: Array) -> None:
        self.shape, self.dtype = array.shape, array.dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __repr__(self) -> str:
        return f"<{self.dtype} array of shape {self.shape}, not kept>"


class Extra:
    """What few nodes have: hooks, a retained gradient, the line of the user's code that made them."""

    __slots__ = ("grad", "hooks", "post_hooks", "pre_hooks", "retain", "variable", "where")

    def __init__(self) -> None:
        self.hooks: dict[int, Callable[[Any], Any]] = {}
        self.pre_hooks: dict[int, Callable[[Any], Any]] = {}
        self.post_hooks: dict[int, Callable[..., Any]] = {}
        self.retain = False
        self.grad: Any = None
        self.variable: weakref.ref[Any] | None = None
        self.where: str | None = None


class RemovableHandle:
    """What registering a hook returns; ``remove()`` takes the hook off again, also as a context manager."""

    def __init__(self, hooks: dict[int, Callable[..., Any]], hook: Callable[..., Any]) -> None:
        if not callable(hook):
            raise TypeError(f"a hook is a function, not {type(hook).__name__}")
        self._hooks, self._key = hooks, tick()
        hooks[self._key] = hook

    def remove(self) -> None:
        self._hooks.pop(self._key, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class Node:
    """One recorded operation, ``grad_fn`` of the tensor it made."""

    __slots__ = ("__weakref__", "extra", "kept", "op", "parents", "seq", "shape")
    op: Any
    parents: tuple[Node | None, ...]  # where the gradients of the differentiable inputs go
    kept: tuple[Any, ...] | None  # what the rules named; None once backward has freed it
    shape: Shape
    seq: int
    extra: Extra | None

    def name(self) -> str:
        """The operation's name as PyTorch writes it, ``MulBackward``."""
        return str(self.op.title)

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The nodes that backward goes to from here, one pair per differentiable input, None where no gradient goes."""
        return tuple((p, 0) for p in self.parents)

    @property
    def metadata(self) -> Extra:
        if self.extra is None:
            self.extra = Extra()
        return self.extra

    def target_shape(self) -> Shape:
        """The shape that a gradient for this node is summed to."""
        return self.shape

    def register_hook(self, hook: Callable[[tuple[Any, ...], tuple[Any, ...]], Any]) -> RemovableHandle:
        """Call ``hook(grad_inputs, grad_outputs)`` after this node's backward; a returned tuple replaces grad_inputs."""
        return RemovableHandle(self.metadata.post_hooks, hook)

    def register_prehook(self, hook: Callable[[tuple[Any, ...]], Any]) -> RemovableHandle:
        """Call ``hook(grad_outputs)`` before this node's backward; a returned tuple replaces grad_outputs."""
        return RemovableHandle(self.metadata.pre_hooks, hook)

    def __repr__(self) -> str:
        return f"<{self.name()}>"


class Stamp:
    """When one memory was last written in place, and how often."""

    __slots__ = ("count", "ref", "tick")

    def __init__(self) -> None:
        self.tick = self.count = 0
        self.ref: Any = None


class Writes:
    """The in-place writes, by the memory they went to.

    A kept array is intact if its memory's last write is older than the node that kept it, so recording an operation
    costs nothing for it, and backward looks only at nodes older than the last write of all.
    """

    def __init__(self) -> None:
        self.last = 0
        self._stamps: dict[int, Stamp] = {}

    def stamp_of(self, array: Array) -> Stamp:
        """The stamp of the memory of ``array``, made at its first write."""
        owner = backend.namespace_of(array).owner(array)
        key = id(owner)
        found = self._stamps.get(key)
        if found is None:
            found = Stamp()
            stamps = self._stamps
            try:
                found.ref = weakref.ref(owner, lambda _: stamps.pop(key, None) and None)
            except TypeError:
                found.ref = owner  # a memory that cannot be watched is kept, or its id could be given away
            stamps[key] = found
        return found

    def written(self, array: Array) -> None:
        """Note that ``array`` has just been written in place."""
        self.stamped(self.stamp_of(array))

    def stamped(self, stamp: Stamp) -> None:
        stamp.tick = self.last = tick()
        stamp.count += 1

    def aside(self, t: Value) -> None:
        """Note that the array of ``t`` has just been written in place; if nobody else holds it, no node has kept it, and
        backward has nothing to look at."""
        if holders(t) > ALONE or t.array.base is not None:
            self.written(t.array)
        else:
            (self._stamps.get(id(t.array)) or self.stamp_of(t.array)).count += 1

    def all_stamped(self, stamps: Iterable[Stamp]) -> int:
        """Note one write that went to several memories; the time it is noted under."""
        now = self.last = tick()
        for stamp in stamps:
            stamp.tick = now
            stamp.count += 1
        return now

    def version(self, array: Array) -> int:
        found = self._stamps.get(id(backend.namespace_of(array).owner(array)))
        return found.count if found is not None else 0

    def check(self, node: Node) -> None:
        """Raise InPlaceError if anything that ``node`` kept has been overwritten since."""
        assert node.kept is not None
        stamps = self._stamps
        for i, kept in enumerate(node.kept):
            for array in kept if type(kept) is tuple else (kept,):
                if type(array) is not np.ndarray and not backend.is_array(array):
                    continue
                own = type(array) is np.ndarray and array.base is None
                stamp = stamps.get(id(array if own else backend.namespace_of(array).owner(array)))
                if stamp is not None and stamp.tick > node.seq:
                    name = node.op.keeps[i]
                    shown = dict(zip(node.op.inputs, node.op.shown, strict=True))
                    what = "its output" if name == "y" else f"its input {shown.get(name, name)!r}"
                    raise InPlaceError(
                        f"{node.name()}: {what} (shape {array.shape}) is needed for backward but was overwritten by an "
                        f"in-place operation after it was used (its memory is now at version {stamp.count})"
                        f"{made_at(node)}; write out of place, or clone() before writing"
                    )


writes = Writes()


def made_at(node: Node) -> str:
    """', made at FILE:LINE' if anomaly mode noted where ``node`` was made."""
    where = node.extra.where if node.extra is not None else None
    return f", made at {where}" if where else ""
