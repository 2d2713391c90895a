"""Switching recording, and the checks of anomaly mode, on and off in the running thread."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from .graph import mode

P = ParamSpec("P")
R = TypeVar("R")


def is_grad_enabled() -> bool:
    """True while operations are recorded in this thread."""
    return mode.recording


def is_anomaly_enabled() -> bool:
    """True while anomaly mode is on in this thread."""
    return mode.anomaly


class _Switch:
    """A mode's value inside a ``with`` block or a decorated function, the old one after."""

    _field = "recording"

    def __init__(self, value: bool) -> None:
        self._value = value
        self._outer: list[bool] = []

    def __enter__(self) -> None:
        self._outer.append(getattr(mode, self._field))
        setattr(mode, self._field, self._value)

    def __exit__(self, *_: Any) -> None:
        setattr(mode, self._field, self._outer.pop())

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def inside(*args: P.args, **kwargs: P.kwargs) -> R:
            with type(self)._again(self._value):
                return function(*args, **kwargs)

        return inside

    @classmethod
    def _again(cls, value: bool) -> _Switch:
        fresh = object.__new__(cls)
        _Switch.__init__(fresh, value)
        return fresh


class no_grad(_Switch):  # noqa: N801 - spelled as in PyTorch
    """Do not record, in a ``with`` block or a decorated function.

    >>> import gradflow as gf
    >>> x = gf.ones(2, requires_grad=True)
    >>> with gf.no_grad():
    ...     print((x * 2).requires_grad)
    False
    """

    def __init__(self) -> None:
        super().__init__(False)

    def __new__(cls, function: Any = None) -> Any:
        self = super().__new__(cls)
        if function is None:
            return self
        self.__init__()  # type: ignore[misc]  # @no_grad without brackets
        return self(function)


class enable_grad(no_grad):  # noqa: N801
    """Record, also inside ``no_grad``."""

    def __init__(self) -> None:
        _Switch.__init__(self, True)


class set_grad_enabled(_Switch):  # noqa: N801
    """Record or not from here on, by a flag; as a context manager only inside the block."""

    def __init__(self, enabled: bool) -> None:
        super().__init__(bool(enabled))
        self._before = mode.recording
        mode.recording = self._value

    def __enter__(self) -> None:
        self._outer.append(self._before)
        mode.recording = self._value

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        mode.recording = self._before  # used as a decorator, it is not meant for the lines around it
        return super().__call__(function)


class detect_anomaly(_Switch):  # noqa: N801
    """Check every recorded operation for NaN and infinity, forward and backward.

    AnomalyError then names the operation, the shapes and the line of your code that made it.  It costs a pass over
    every array, and on CUDA a wait for the device, so it is for looking for a fault.
    """

    _field = "anomaly"

    def __init__(self, enabled: bool = True) -> None:
        super().__init__(bool(enabled))


class set_detect_anomaly(set_grad_enabled):  # noqa: N801
    """Anomaly mode on or off from here on, by a flag; as a context manager only inside the block."""

    _field = "anomaly"

    def __init__(self, enabled: bool) -> None:
        _Switch.__init__(self, bool(enabled))
        self._before = mode.anomaly
        mode.anomaly = self._value

    def __enter__(self) -> None:
        self._outer.append(self._before)
        mode.anomaly = self._value
