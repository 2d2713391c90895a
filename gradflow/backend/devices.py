"""Where arrays live: ``device("cpu")``, ``device("cuda")``, ``device("cuda", 1)``."""

from __future__ import annotations

from _thread import _local
from typing import Any

from .._plain import whole_number
from ..errors import ArgumentError


class device:  # noqa: N801 - spelled as torch.device
    """A place for arrays: ``"cpu"``, ``"cuda"`` (the current GPU) or ``"cuda:1"``.

    As a context manager it is the default of everything created inside.  Whether a GPU is there is found out when an array is
    first asked for, not here.

    Parameters
    ----------
    type : str or device
        ``"cpu"``, ``"cuda"``, or one with its index, ``"cuda:1"``.
    index : int or None
        Which GPU, counted from 0; None is the current one.

    Raises
    ------
    ArgumentError
        When that is no device.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.device("cuda", 1) == gf.device("cuda:1")
    True
    >>> with gf.device("cpu"):
    ...     print(gf.zeros(2).device)
    cpu
    """

    __slots__ = ("index", "type")
    type: str
    index: int | None

    def __init__(self, type: str | device, index: int | None = None) -> None:
        if isinstance(type, device):
            given: Any = type
            type, index = given.type, given.index
        name, colon, number = str(type).partition(":")
        if name not in ("cpu", "cuda") or (colon and not number.isdigit()) or (colon and index is not None):
            raise ArgumentError(f"{type!r} is not a device; use 'cpu', 'cuda' or 'cuda:N'")
        if colon:
            index = int(number)
        if index is not None:
            count = whole_number(index)
            if count is None or count < 0:
                raise ArgumentError(f"a device's index is a count from 0, not {index!r}")
            index = count
        if name == "cpu" and index:
            raise ArgumentError(f"there is one CPU: 'cpu' or 'cpu:0', not 'cpu:{index}'")
        self.type, self.index = name, index if name == "cuda" else None

    def __repr__(self) -> str:
        return f"device(type={self.type!r}" + (f", index={self.index})" if self.index is not None else ")")

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __enter__(self) -> device:
        _scope.entered.append(self)
        return self

    def __exit__(self, *_: Any) -> None:
        _scope.entered.pop()

    def __reduce__(self) -> tuple[Any, ...]:
        return device, (self.type, self.index)


class _Scope(_local):
    """The devices whose ``with`` blocks this thread is inside of, the innermost last."""

    def __init__(self) -> None:
        self.entered: list[device] = []


CPU = device("cpu")
_scope = _Scope()
_default = CPU


def get_default_device() -> device:
    """The device of everything that is created without naming one.

    Returns
    -------
    device
        That of the innermost ``with gf.device(...)`` around this call, else the one set by ``set_default_device``, at first the
        CPU.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.get_default_device()
    device(type='cpu')
    """
    return _scope.entered[-1] if _scope.entered else _default


def set_default_device(to: str | device) -> None:
    """Create everything for which no device is named on ``to`` from now on, in all threads.

    Parameters
    ----------
    to : str or device
        The device.

    Raises
    ------
    ArgumentError
        When `to` is no device.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.set_default_device("cpu")
    >>> gf.zeros(2).device
    device(type='cpu')
    """
    global _default
    _default = device(to)
