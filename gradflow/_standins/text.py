"""A rule's text as one expression, so that running it costs no call.

A function that does nothing but arithmetic and calls of ``xp`` is run once on symbols that write down what is done to
them.  One with a branch, a loop or a call of something else is never run so, and an intermediate value used twice or a look
into a shape ends the attempt: the function is then called as it stands.
"""

from __future__ import annotations

import dis
from collections.abc import Callable
from typing import Any


class _NotAnExpressionError(Exception):
    """The function is more than one expression."""


class _SourceText:
    """Text that grows by what is done to it; a compound one may be used once."""

    def __init__(self, text: str, compound: bool = True) -> None:
        self._text, self._compound, self._used = text, compound, False

    def _use(self) -> str:
        if self._compound and self._used:
            raise _NotAnExpressionError
        self._used = True
        return self._text

    def __getattr__(self, name: str) -> _SourceText:
        if name not in ("shape", "dtype", "ndim") or self._compound:
            raise _NotAnExpressionError
        return _SourceText(f"{self._text}.{name}", False)

    def __neg__(self) -> _SourceText:
        return _SourceText(f"(-{_text(self)})")

    def _refuse(self, *_: Any) -> Any:
        raise _NotAnExpressionError

    __bool__ = __iter__ = __eq__ = __ne__ = __getitem__ = __call__ = _refuse
    __hash__ = object.__hash__

    def _operator(sign: str, mirrored: bool = False) -> Any:  # type: ignore[misc]  # noqa: N805 - used in this body only
        def write(self: _SourceText, other: Any) -> _SourceText:
            left, right = (other, self) if mirrored else (self, other)
            return _SourceText(f"({_text(left)} {sign} {_text(right)})")

        return write

    __add__, __radd__ = _operator("+"), _operator("+", True)
    __sub__, __rsub__ = _operator("-"), _operator("-", True)
    __mul__, __rmul__ = _operator("*"), _operator("*", True)
    __truediv__, __rtruediv__ = _operator("/"), _operator("/", True)
    __gt__, __lt__, __ge__, __le__ = _operator(">"), _operator("<"), _operator(">="), _operator("<=")


class _Namespace:
    """``xp`` of the symbols."""

    def __getattr__(self, name: str) -> Callable[..., _SourceText]:
        def call(*args: Any, **kwargs: Any) -> _SourceText:
            passed = [_text(a) for a in args] + [f"{k}={_text(v)}" for k, v in kwargs.items()]
            return _SourceText(f"xp.{name}({', '.join(passed)})")

        return call


def _text(value: Any) -> str:
    if isinstance(value, _SourceText):
        return value._use()
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    raise _NotAnExpressionError


def _straight(code: Any) -> bool:
    """True if the function always does the same and asks nobody else: no branch, no test, no handler, no outside name."""
    outside = ("LOAD_GLOBAL", "LOAD_DEREF", "IS_OP", "CONTAINS_OP", "STORE_FAST")
    return not code.co_exceptiontable and not any(i.opname in outside or "JUMP" in i.opname for i in dis.get_instructions(code))


def expression(function: Callable[..., Any], names: dict[str, str]) -> str | None:
    """``function``'s text with its parameters written as ``names`` says, or None if it is not one expression."""
    code = function.__code__
    if not _straight(code):
        return None
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    try:
        values = {p: _Namespace() if p == "xp" else _SourceText(names[p], False) for p in parameters}
        return _text(function(**values))
    except Exception:  # whatever went wrong on symbols, the function itself is what counts
        return None
