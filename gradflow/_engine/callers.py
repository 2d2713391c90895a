"""The user's line: where a warning points, and what an error names."""

from __future__ import annotations

import linecache
import re
import sys
import warnings
from types import FrameType

_PACKAGE = __name__.partition(".")[0]
_FLOATING = re.compile(r"(divide by zero|invalid value|overflow|underflow) encountered in ")


def _is_inside(frame: FrameType) -> bool:
    """True for code of this package, and code that it wrote."""
    module = frame.f_globals.get("__name__") or ""
    return module.partition(".")[0] == _PACKAGE or frame.f_code.co_filename.startswith("<gradflow ")


def user_frame() -> FrameType | None:
    """The innermost frame of code outside this package."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_inside(frame):
        frame = frame.f_back
    return frame


def user_line() -> str:
    """The innermost line of code outside this package that is running now."""
    frame = user_frame()
    if frame is None:
        return "an unknown line"
    file = frame.f_code.co_filename
    line = linecache.getline(file, frame.f_lineno).strip()
    # A cell's file is called anew in every session.
    where = f"a notebook cell, line {frame.f_lineno}" if "ipykernel_" in file else f"{file}:{frame.f_lineno}"
    return where + (f" ({line})" if line else "")


def warn(text: str, category: type[Warning] = UserWarning) -> None:
    """``warnings.warn`` that points at the user's line, however deep in the package it is called."""
    level, frame = 1, sys._getframe(0).f_back
    while frame is not None and _is_inside(frame):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, category, stacklevel=level + 1)


class _Floating:
    """The message pattern of a warning filter that lets NumPy's floating-point warnings point at the user's line.

    NumPy gives them at the line that called it, which is in this package; moving them costs an operation nothing here, where
    only what has gone wrong arrives.  A filter that is set after the import (``simplefilter("always")``) comes before this one,
    and the warning then points at the operation.
    """

    def match(self, text: str) -> bool:
        """True, which drops the warning, when it has been given again at the user's line."""
        frame = sys._getframe(1)
        if not _FLOATING.match(text) or not _is_inside(frame) or frame.f_globals is globals():
            return False
        user = user_frame()
        if user is None:
            return False
        seen = user.f_globals.setdefault("__warningregistry__", {})
        module = user.f_globals.get("__name__")
        warnings.warn_explicit(text, RuntimeWarning, user.f_code.co_filename, user.f_lineno, module, seen)
        return True


warnings.filters.insert(0, ("ignore", _Floating(), RuntimeWarning, None, 0))  # type: ignore[attr-defined, unused-ignore]
