"""What the stand-in writes down when asked: where the host would have waited for the device, and what was launched."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager


class Log:
    """Names of what happened, for those that listen; nothing is kept for nobody."""

    def __init__(self) -> None:
        self._open: list[list[str]] = []

    def append(self, name: str) -> None:
        for names in self._open:
            names.append(name)

    @contextmanager
    def recorded(self) -> Iterator[list[str]]:
        """A list that grows by each name inside of the block."""
        names: list[str] = []
        self._open = [*self._open, names]
        try:
            yield names
        finally:
            self._open = [n for n in self._open if n is not names]


waits = Log()
"""Each wait of the host for the device, by what caused it."""

launches = Log()
"""Each kernel that was started, by name: an ElementwiseKernel's own, ``cupy_add`` and the like for a ufunc's."""


def counted(log: Log) -> AbstractContextManager[list[str]]:
    """``log.recorded()``."""
    return log.recorded()


class ImplicitWait(AssertionError):  # noqa: N818 - it names what happened
    """Raised inside ``no_waits`` where CuPy would have made the host wait for the device."""


class _Forbidden(threading.local):
    depth = 0


_forbidden = _Forbidden()


def wait(cause: str) -> None:
    """Note that the host waits here."""
    waits.append(cause)
    if _forbidden.depth:
        raise ImplicitWait(f"{cause} waits for the device")


@contextmanager
def no_waits() -> Iterator[None]:
    """Whatever would wait for the device inside of this block, in this thread, raises ImplicitWait."""
    _forbidden.depth += 1
    try:
        yield
    finally:
        _forbidden.depth -= 1
