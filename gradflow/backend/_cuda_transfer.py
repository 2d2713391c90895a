"""From host memory to a GPU without a wait: numbers for kernels, and arrays ahead of their need."""

from __future__ import annotations

from typing import Any

import cupy
import cupyx
import numpy as np

from ..typing import Array
from .devices import device


class Numbers:
    """A few numbers for a kernel, in the device's memory: ``held`` stays where it is when others are put there.

    They are copied from page-locked memory, for which the host does not wait.  A place in that memory is written again only
    when its last copy is over: there are many, and at every half of them the host looks (and in practice never waits) for
    the copies of half a round ago.
    """

    def __init__(self, count: int, dtype: np.dtype[Any]) -> None:
        self.held: Any = cupy.empty(count, dtype)
        self._slots = cupyx.empty_pinned((2 * _HALF, count), dtype)
        self._copied: list[Any] = [None, None]
        self._next = 0
        self._values: tuple[float, ...] | None = None

    def put(self, values: tuple[float, ...]) -> None:
        if values == self._values:
            return
        half, first = divmod(self._next, _HALF)
        stream = cupy.cuda.get_current_stream()
        if first == 0:
            self._copied[1 - half] = stream.record()
            if self._copied[half] is not None:
                self._copied[half].synchronize()
        slot = self._slots[self._next]
        slot[:] = values
        self.held.set(slot, stream)
        self._next = (self._next + 1) % (2 * _HALF)
        self._values = values


_HALF = 512


class Courier:
    """Brings arrays from the host to a GPU while it computes: on a stream of its own, from page-locked memory.

    There are two rooms in that memory, for this parcel and the last.  A room is written again when its copies are over, which
    they are as a rule: the host waits for the parcel before the last.
    """

    def __init__(self, where: device) -> None:
        self._device = cupy.cuda.Device(where.index)
        with self._device:
            self._stream = cupy.cuda.Stream(non_blocking=True)
        self._rooms: list[dict[int, Any]] = [{}, {}]
        self._sent: list[Any] = [None, None]
        self._turn = 0

    def send(self, arrays: list[Array]) -> Any:
        """Set out with copies of ``arrays``, which may be written to again; returns the parcel, for ``arrived``."""
        turn = self._turn = 1 - self._turn
        with self._device:
            if self._sent[turn] is not None:
                self._sent[turn].synchronize()
            # Made on the current stream, for it is there that they are freed; what lay in that memory may be in use until now.
            made = [cupy.empty(a.shape, a.dtype) for a in arrays]
            self._stream.wait_event(cupy.cuda.get_current_stream().record())
            for i, (a, out) in enumerate(zip(arrays, made, strict=True)):
                if a.size:
                    room = self._room(turn, i, a.nbytes)[: a.nbytes].view(a.dtype).reshape(a.shape)
                    np.copyto(room, a)
                    out.set(room, self._stream)
            event = self._sent[turn] = self._stream.record()
        return made, event

    def _room(self, turn: int, i: int, size: int) -> Any:
        held = self._rooms[turn].get(i)
        if held is None or held.size < size:
            held = self._rooms[turn][i] = cupyx.empty_pinned((size,), np.uint8)
        return held

    def arrived(self, parcel: Any) -> list[Array]:
        """The arrays of a parcel; what is done with them from now on, the GPU does when they are there."""
        made, event = parcel
        with self._device:
            cupy.cuda.get_current_stream().wait_event(event)
        return made  # type: ignore[no-any-return]

    def close(self) -> None:
        """Wait until nothing is under way, so that the memory at both ends may be given away."""
        for event in self._sent:
            if event is not None:
                event.synchronize()
