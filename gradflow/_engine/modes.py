"""Whether operations of a thread are recorded, and checked in anomaly mode; and the switches of both."""

from __future__ import annotations

import functools
from _thread import _local, get_ident
from collections.abc import Callable
from types import coroutine
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class _Mode(_local):
    """Whether operations are recorded, and checked for NaN and infinity, in this thread.

    Plain attributes: an interrupt is raised where a function of Python begins or after a call, not inside an assignment, so that
    ``finally: mode.recording = was`` always sets it back.
    """

    recording: bool = True
    anomaly: bool = False
    depth: int = 0  # how many blocks, decorated functions and backward passes are under way that will set these back
    outer: list[tuple[Any, bool]]


class _Process:
    """``anomaly_was_used``: whether anomaly mode was ever on in this process.  Until then no operation asks its thread."""

    __slots__ = ("anomaly_was_used",)

    def __init__(self) -> None:
        self.anomaly_was_used = False


threads_not_recording: set[int] = set()
"""While this is empty, no operation asks the mode of its thread, which takes as long as making a node.

A thread is added before it stops recording.  It is removed when it records and nothing is under way that may set that back.  A
thread that is here and records loses the time of the question, and no more.
"""


def stops_recording() -> None:
    """Called by a thread that is about to stop recording."""
    threads_not_recording.add(get_ident())


def recording_restored() -> None:
    """Called by a thread whose recording has been set back to what it was."""
    if not mode.recording:
        threads_not_recording.add(get_ident())
    elif not mode.depth:
        threads_not_recording.discard(get_ident())


mode = _Mode()
process = _Process()


def is_grad_enabled() -> bool:
    """True while operations are recorded in this thread.

    Returns
    -------
    bool
        False inside of ``no_grad``, and after ``set_grad_enabled(False)``.

    Examples
    --------
    >>> import gradflow as gf
    >>> with gf.no_grad():
    ...     print(gf.is_grad_enabled())
    False
    """
    return mode.recording


def is_anomaly_enabled() -> bool:
    """True while anomaly mode is on in this thread."""
    return mode.anomaly


def recording(on: bool, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """``function(*args, **kwargs)`` with recording on or off; an interrupt finds it set back, which ``with`` cannot promise."""
    was, depth = mode.recording, mode.depth
    try:
        mode.depth = depth + 1
        _set("recording", on)
        return function(*args, **kwargs)
    finally:
        mode.recording, mode.depth = was, depth
        recording_restored()


def _set(field: str, value: bool) -> None:
    if field == "anomaly":
        process.anomaly_was_used = True
    elif not value:
        stops_recording()
    setattr(mode, field, value)


@coroutine
def _steps(field: str, value: bool, running: Any) -> Any:
    """What a generator or coroutine yields and returns.

    While it runs it has a mode of its own, ``value`` to begin with; in between its caller's is set.
    """
    step, given = running.send, None
    while True:
        before, depth = getattr(mode, field), mode.depth
        try:
            mode.depth = depth + 1
            _set(field, value)
            made = step(given)
            value = getattr(mode, field)
        except StopIteration as end:
            return end.value
        finally:
            mode.depth = depth
            setattr(mode, field, before)
            recording_restored()
        try:
            step, given = running.send, (yield made)
        except BaseException as thrown:  # also when it is closed
            step, given = running.throw, thrown


class _Switch:
    """A mode set to a value inside a ``with`` block or a decorated function, and set back after.

    In a decorated generator, coroutine or asynchronous generator the mode is set whenever that goes on, and its caller's where it
    waits.
    """

    _field, _value = "recording", True

    def __enter__(self) -> None:
        before, depth = getattr(mode, self._field), mode.depth
        try:
            _outer().append((self, before))
            _set(self._field, self._value)
            mode.depth = depth + 1
        except BaseException:  # an interrupt, after which there is no __exit__
            setattr(mode, self._field, before)
            raise

    def __exit__(self, *_: Any) -> None:
        outer = getattr(mode, "outer", [])
        for k in reversed(range(len(outer))):  # the block of a generator may end in another thread, which has no entry of it
            switch, before = outer[k]
            if switch is self:
                mode.depth -= 1
                later = [i for i in range(k + 1, len(outer)) if outer[i][0]._field == self._field]
                if later:  # a block that began later goes on: the mode stays that one's, and ``before`` is set when it ends
                    outer[later[0]] = (outer[later[0]][0], before)
                else:
                    setattr(mode, self._field, before)
                del outer[k]
                recording_restored()
                return

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        import inspect

        field, value = self._field, self._value

        def inside(*args: P.args, **kwargs: P.kwargs) -> Any:
            before, depth = getattr(mode, field), mode.depth
            try:
                mode.depth = depth + 1
                _set(field, value)
                return function(*args, **kwargs)
            finally:
                mode.depth = depth
                setattr(mode, field, before)
                recording_restored()

        def generator(*args: P.args, **kwargs: P.kwargs) -> Any:
            return (yield from _steps(field, value, function(*args, **kwargs)))  # pyright: ignore[reportGeneralTypeIssues]

        async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
            return await _steps(field, value, function(*args, **kwargs))

        async def asynchronous(*args: P.args, **kwargs: P.kwargs) -> Any:
            running: Any = function(*args, **kwargs)
            step, given = running.asend, None
            while True:
                try:
                    made = await _steps(field, value, step(given))
                except StopAsyncIteration:
                    return
                try:
                    step, given = running.asend, (yield made)
                except BaseException as thrown:
                    step, given = running.athrow, thrown

        chosen: Any = inside
        if inspect.isgeneratorfunction(function):
            chosen = generator
        elif inspect.iscoroutinefunction(function):
            chosen = awaited
        elif inspect.isasyncgenfunction(function):
            chosen = asynchronous
        return functools.wraps(function)(chosen)


def _outer() -> list[tuple[Any, bool]]:
    """The blocks that this thread is in, and the values to set back to: a switch may be entered again, and by several threads."""
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
        _set(self._field, self._value)
        recording_restored()

    def __enter__(self) -> None:
        _outer().append((self, self._before))
        _set(self._field, self._value)
        mode.depth += 1

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        setattr(mode, self._field, self._before)  # as a decorator it is meant for the function, not for the lines around it
        recording_restored()
        return super().__call__(function)


class no_grad(_Switch):  # noqa: N801 - spelled as in PyTorch
    """Do not record, in a ``with`` block or a decorated function.

    The setting is that of the running thread.  In a decorated generator, coroutine or asynchronous generator it holds whenever
    that goes on, and its caller's where it waits.

    Parameters
    ----------
    function : callable, optional
        What ``@gf.no_grad`` stands before; ``@gf.no_grad()`` and ``with gf.no_grad():`` give none.

    Examples
    --------
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
    """Record, also inside of ``no_grad``, in a ``with`` block or a decorated function.

    Parameters
    ----------
    function : callable, optional
        What ``@gf.enable_grad`` stands before; ``@gf.enable_grad()`` and ``with gf.enable_grad():`` give none.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.ones(2, requires_grad=True)
    >>> with gf.no_grad(), gf.enable_grad():
    ...     print((x * 2).requires_grad)
    True
    """

    _value = True


class set_grad_enabled(_Setting):  # noqa: N801
    """Record or not from here on, by a flag; as a context manager or a decorator only inside.

    Parameters
    ----------
    value : bool
        Whether to record.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.ones(2, requires_grad=True)
    >>> with gf.set_grad_enabled(False):
    ...     print((x * 2).requires_grad)
    False
    """


class detect_anomaly(_Switch):  # noqa: N801
    """Check every recorded operation for NaN and infinity, forward and backward, in a ``with`` block or a decorated function.

    AnomalyError then names the operation, the shapes and the line of your code that made it.  In backward that is also where a
    gradient of 0 met an infinite slope and gave NaN (``gradflow.where`` says when it does).  It costs a pass over every array,
    and on CUDA a wait for the device, so it is for looking for a fault.

    Raises
    ------
    AnomalyError
        Inside, from the operation that makes a NaN or an infinity.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.ones(1, requires_grad=True)
    >>> with gf.autograd.detect_anomaly():
    ...     try:
    ...         y = x * float("inf")
    ...     except gf.errors.AnomalyError as error:
    ...         print("inf" in str(error))
    True
    """

    _field = "anomaly"


class set_detect_anomaly(_Setting):  # noqa: N801
    """Anomaly mode on or off from here on, by a flag; as a context manager only inside the block.

    Parameters
    ----------
    value : bool
        Whether to check for NaN and infinity, as ``detect_anomaly`` does.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.ones(1, requires_grad=True)
    >>> with gf.autograd.set_detect_anomaly(False):
    ...     print((x * float("inf")).item())
    inf
    """

    _field = "anomaly"
