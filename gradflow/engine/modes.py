"""Switching recording, and the checks of anomaly mode, on and off in the running thread."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from .graph import ever, mode

P = ParamSpec("P")
R = TypeVar("R")


def is_grad_enabled() -> bool:
    """True while operations are recorded in this thread."""
    return mode.recording


def is_anomaly_enabled() -> bool:
    """True while anomaly mode is on in this thread."""
    return mode.anomaly


class _Switch:
    """A mode set to a value inside a ``with`` block or a decorated function, and set back after."""

    _field, _value = "recording", True

    def __enter__(self) -> None:
        _outer().append(getattr(mode, self._field))
        setattr(mode, self._field, self._value)

    def __exit__(self, *_: Any) -> None:
        setattr(mode, self._field, _outer().pop())

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def inside(*args: P.args, **kwargs: P.kwargs) -> R:
            with self:
                return function(*args, **kwargs)

        return inside


def _outer() -> list[bool]:
    """The values to set back to, of this thread, so that one switch may be entered again and by several threads."""
    try:
        return mode.outer
    except AttributeError:
        mode.outer = []
        return mode.outer


class _Setting(_Switch):
    """A mode set from here on; as a context manager, only to the end of the block."""

    def __init__(self, value: bool) -> None:
        self._value = bool(value)
        self._before: bool = getattr(mode, self._field)
        setattr(mode, self._field, self._value)

    def __enter__(self) -> None:
        _outer().append(self._before)
        setattr(mode, self._field, self._value)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        setattr(mode, self._field, self._before)  # as a decorator it is meant for the function, not for the lines around it
        return super().__call__(function)


class no_grad(_Switch):  # noqa: N801 - spelled as in PyTorch
    """Do not record, in a ``with`` block or a decorated function.

    >>> import gradflow as gf
    >>> x = gf.ones(2, requires_grad=True)
    >>> with gf.no_grad():
    ...     print((x * 2).requires_grad)
    False
    """

    _value = False

    def __new__(cls, function: Any = None) -> Any:
        switch = super().__new__(cls)
        return switch if function is None else switch(function)  # also as @no_grad without brackets


class enable_grad(no_grad):  # noqa: N801
    """Record, also inside ``no_grad``."""

    _value = True


class set_grad_enabled(_Setting):  # noqa: N801
    """Record or not from here on, by a flag; as a context manager only inside the block."""


class detect_anomaly(_Switch):  # noqa: N801
    """Check every recorded operation for NaN and infinity, forward and backward.

    AnomalyError then names the operation, the shapes and the line of your code that made it.  It costs a pass over
    every array, and on CUDA a wait for the device, so it is for looking for a fault.
    """

    _field = "anomaly"

    def __enter__(self) -> None:
        ever.anomaly = True
        super().__enter__()


class set_detect_anomaly(_Setting):  # noqa: N801
    """Anomaly mode on or off from here on, by a flag; as a context manager only inside the block."""

    _field = "anomaly"

    def __init__(self, value: bool) -> None:
        ever.anomaly = True
        super().__init__(value)
