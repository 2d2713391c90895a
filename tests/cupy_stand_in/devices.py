"""``cupy.cuda``: one device, whose streams have always finished; asking whether they have is a wait all the same."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

from .record import wait


class CUDARuntimeError(RuntimeError):
    """What the CUDA runtime reports."""

    __module__ = "cupy_backends.cuda.api.runtime"


class Device:
    """``cupy.cuda.Device``."""

    __module__ = "cupy.cuda.device"

    def __init__(self, device: Any = None) -> None:
        self.id = 0 if device is None else int(device)

    def __int__(self) -> int:
        return self.id

    def __repr__(self) -> str:
        return f"<CUDA Device {self.id}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __enter__(self) -> Device:
        self.use()
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    def use(self) -> Device:
        if self.id:
            raise CUDARuntimeError("cudaErrorInvalidDevice: invalid device ordinal")
        return self

    def synchronize(self) -> None:
        wait("Device.synchronize")

    compute_capability = "90"
    mem_info = (1 << 34, 1 << 34)


class Event:
    """``cupy.cuda.Event``."""

    __module__ = "cupy.cuda.stream"

    def __init__(self, block: bool = False, disable_timing: bool = False, interprocess: bool = False) -> None:
        self.done = True

    def record(self, stream: Any = None) -> None:
        pass

    def synchronize(self) -> None:
        wait("Event.synchronize")


class _Current(threading.local):
    def __init__(self) -> None:
        self.streams: list[Stream] = []


_current = _Current()


class Stream:
    """``cupy.cuda.Stream``."""

    __module__ = "cupy.cuda.stream"
    null: Stream

    def __init__(self, null: bool = False, non_blocking: bool = False, ptds: bool = False, priority: Any = None) -> None:
        self.ptr, self.done, self.is_non_blocking = 0 if null else id(self), True, non_blocking

    def __enter__(self) -> Stream:
        _current.streams.append(self)
        return self

    def __exit__(self, *_: Any) -> None:
        _current.streams.pop()

    def use(self) -> Stream:
        _current.streams[:] = [self]
        return self

    def synchronize(self) -> None:
        wait("Stream.synchronize")

    def record(self, event: Any = None) -> Any:
        return Event() if event is None else event

    def wait_event(self, event: Any) -> None:
        pass  # the device waits, not the host


Stream.null = Stream(null=True)


def get_current_stream(device_id: int = -1) -> Stream:
    return _current.streams[-1] if _current.streams else Stream.null


def get_elapsed_time(start_event: Any, end_event: Any) -> float:
    return 0.0


def _synchronize() -> None:
    wait("runtime.deviceSynchronize")


runtime = SimpleNamespace(
    CUDARuntimeError=CUDARuntimeError,
    getDeviceCount=lambda: 1,
    getDevice=lambda: 0,
    deviceSynchronize=_synchronize,
    getDeviceProperties=lambda device: {"name": b"stand-in", "multiProcessorCount": 1, "l2CacheSize": 1 << 20},
)
curand = SimpleNamespace(CURAND_RNG_PSEUDO_DEFAULT=100, CURAND_RNG_PSEUDO_XORWOW=101, CURAND_RNG_PSEUDO_PHILOX4_32_10=161)
