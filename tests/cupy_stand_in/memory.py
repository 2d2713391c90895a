"""Memory of the pretended device: who owns what, as ``ndarray.data`` and ``ndarray.base`` tell it; page-locked memory."""

from __future__ import annotations

import ctypes
import weakref
from typing import Any

import numpy as np

Host = np.ndarray[Any, Any]


class Memory:
    """A block of memory; all arrays that show it share this object."""

    __slots__ = ("__weakref__", "array", "root")
    root: Host

    def __init__(self, root: Host) -> None:
        self.root = root
        self.array: Any = None  # a weak reference to the CuPy array that was made with it

    @property
    def ptr(self) -> int:
        return address(self.root)

    @property
    def size(self) -> int:
        return self.root.nbytes


_known: weakref.WeakValueDictionary[int, Memory] = weakref.WeakValueDictionary()


def root_of(a: Host) -> Host:
    """The NumPy array that owns what ``a`` shows."""
    root, base = a, a.base
    while base is not None:
        if isinstance(base, np.ndarray):
            root = base
        base = getattr(base, "base", None)
    return root


def memory_of(a: Host) -> Memory:
    """The block that ``a`` shows; a new one for memory that no array of the stand-in shows yet."""
    root = root_of(a)
    found = _known.get(id(root))
    if found is None:
        found = _known[id(root)] = Memory(root)
    return found


def address(a: Host) -> int:
    return int(a.__array_interface__["data"][0])


class UnownedMemory(Memory):
    """``cupy.cuda.UnownedMemory``: a block that lies at an address, in memory that ``owner`` keeps alive."""

    __slots__ = ("owner",)

    def __init__(self, ptr: int, size: int, owner: Any, device_id: int = -1) -> None:
        block = (ctypes.c_char * size).from_address(ptr) if size else b""
        super().__init__(np.frombuffer(block, np.uint8))
        self.owner = owner
        _known[id(self.root)] = self


class MemoryPointer:
    """``cupy.cuda.MemoryPointer``, what ``ndarray.data`` is: an address, and the block that it lies in."""

    device_id = 0

    def __init__(self, mem: Memory, offset: int) -> None:
        self.mem, self.ptr = mem, mem.ptr + offset

    def array(self, shape: Any, dtype: Any, strides: Any = None) -> Host:
        """An array from this address on."""
        return np.ndarray(shape, dtype, self.mem.root, self.ptr - self.mem.ptr, strides)


def rubbish(a: Host) -> Host:
    """``a`` overwritten with what must not be read: NaN, and whole numbers far out of range."""
    if a.dtype.kind == "b":
        a[...] = True
    else:
        a[...] = np.nan if a.dtype.kind in "fc" else np.iinfo(a.dtype).max
    return a


_pinned: weakref.WeakValueDictionary[int, Host] = weakref.WeakValueDictionary()


def empty_pinned(shape: Any, dtype: Any = float, order: Any = "C") -> Host:
    """``cupyx.empty_pinned``: a NumPy array in page-locked memory, copies of which do not wait."""
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    out: Host = np.ndarray(shape, dtype, order=order)
    _pinned[id(out)] = out
    return rubbish(out)


def is_pinned(a: Host) -> bool:
    """Whether an array that ``empty_pinned`` made owns the memory of ``a``."""
    root = root_of(a)
    return _pinned.get(id(root)) is root
