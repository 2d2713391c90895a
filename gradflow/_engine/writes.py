"""In-place writes: when each memory was last written, and whether what a node saved is intact."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterable
from typing import Any

import numpy as np

from .. import backend
from ..errors import InPlaceError
from ..typing import Array
from .node import Node, made_at, tick
from .tensor_layer import Value


def reference_count(t: Any) -> int:
    """How many references the array of ``t`` has: ALONE if nothing but ``t`` holds it."""
    return sys.getrefcount(t.array)


def _count_of_one_holder() -> int:
    t = Value()
    t.array = np.empty(3)
    alone = reference_count(t)
    more = []
    array = t.array
    more.append(reference_count(t))
    del array
    view = t.array[:1]
    more.append(reference_count(t))
    del view
    return alone if min(more) > alone else 0  # 0: this interpreter does not count every holder; no array is taken to be alone


ALONE = _count_of_one_holder()
"""``reference_count`` of an array that only its tensor holds; measured, because interpreters count differently."""


class Stamp:
    """When one memory was last written in place, and how often."""

    __slots__ = ("count", "ref", "tick")

    def __init__(self) -> None:
        self.tick = self.count = 0
        self.ref: Any = None


class Writes:
    """The in-place writes, by the memory they went to.

    A saved array is intact if its memory's last write is older than the node that saved it.  So recording an operation costs
    nothing for the check, and backward looks only at nodes older than the last write of all.
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
                found.ref = owner  # a memory that cannot be watched is held, or its id could be given away
            stamps[key] = found
        return found

    def written(self, array: Array) -> None:
        """Note that ``array`` has just been written in place."""
        self.stamped(self.stamp_of(array))

    def stamped(self, stamp: Stamp) -> None:
        """Note a write of the memory that has this stamp."""
        stamp.tick = self.last = tick()
        stamp.count += 1

    def written_if_shared(self, t: Value) -> None:
        """Note that the array of ``t`` has just been written in place.

        If nothing else holds the array, no node has saved it: its version grows, and backward has nothing to look at.
        """
        if reference_count(t) > ALONE or t.array.base is not None:
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
        """How often the memory of ``array`` has been written in place."""
        found = self._stamps.get(id(backend.namespace_of(array).owner(array)))
        return found.count if found is not None else 0

    def check(self, node: Node) -> None:
        """Raise InPlaceError if anything that ``node`` saved has been overwritten since."""
        assert node.saved is not None
        stamps = self._stamps
        for i, saved in enumerate(node.saved):
            for array in saved if type(saved) is tuple else (saved,):
                if type(array) is not np.ndarray and not backend.is_array(array):
                    continue
                owns = type(array) is np.ndarray and array.base is None
                stamp = stamps.get(id(array if owns else backend.namespace_of(array).owner(array)))
                if stamp is not None and stamp.tick > node.seq:
                    raise _overwritten(node, node.op.saves[i], array, stamp)


def _overwritten(node: Node, name: str, array: Array, stamp: Stamp) -> InPlaceError:
    op: Any = node.op
    shown = dict(zip(op.inputs, op.shown, strict=True))
    what = "its output" if name == "y" else f"its input {shown.get(name, name)!r}"
    return InPlaceError(
        f"{node.name()}: {what} (shape {array.shape}) is needed for backward but was overwritten by an in-place operation after "
        f"it was used (its memory is now at version {stamp.count}){made_at(node)}; write out of place, or clone() before writing"
    )


writes = Writes()
