"""Host memory: whose it is, aliases of it, and what on a GPU brings something there."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..typing import Array
from .devices import device


class Numbers:
    """A few numbers for a kernel: what is ``held`` stays where it is when others are put there."""

    def __init__(self, count: int, dtype: np.dtype[Any]) -> None:
        self.held: Any = [np.empty((), dtype) for _ in range(count)]

    def put(self, values: tuple[float, ...]) -> None:
        for held, value in zip(self.held, values, strict=True):
            held[()] = value


class Courier:
    """Brings arrays from the host to a device ahead of their need; to the CPU there is no way to go."""

    def __init__(self, where: device) -> None:
        pass

    def send(self, arrays: list[Array]) -> Any:
        """Set out with ``arrays``; returns the parcel, for ``arrived``."""
        return arrays

    def arrived(self, parcel: Any) -> list[Array]:
        """The arrays of a parcel."""
        return parcel  # type: ignore[no-any-return]

    def close(self) -> None:
        """Wait until nothing is under way."""


def alias(x: Array) -> Array:
    """An array of the memory of ``x`` that is no view of it.

    Views of the result keep the result alive, and not only ``x``.  In-place writes to it have a stamp of their own.
    """
    return np.asarray(_Memory(x))


class _Memory:
    """What NumPy takes for a foreign owner of memory, so that it makes no view of ``array``."""

    def __init__(self, array: Array) -> None:
        self._array, self.__array_interface__ = array, array.__array_interface__


def owns(x: Array) -> bool:
    """True if NumPy or ``alias`` made ``x``: it is no view, and shows no memory of another library or a file."""
    return type(x) is np.ndarray and (bool(x.flags.owndata) if x.base is None else isinstance(x.base, _Memory))


def owner(x: Array) -> Any:
    """The object that holds the memory which ``x`` shows; views of one memory have one owner."""
    base = x.base
    while base is not None:
        if isinstance(base, np.ndarray):
            x = base
        base = getattr(base, "base", None)
    return x


def address(x: Array) -> int:
    """Where the first element of ``x`` lies."""
    return int(x.__array_interface__["data"][0])
