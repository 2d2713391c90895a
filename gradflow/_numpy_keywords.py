"""NumPy's keywords that PyTorch's functions take beside their own: ``axis`` for ``dim``, ``keepdims`` for ``keepdim``."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

METHODS = [
    "all", "any", "amax", "amin", "argmax", "argmin", "argsort", "chunk", "cumprod", "cumsum", "gather", "index_add",
    "index_select", "log_softmax", "logsumexp", "max", "mean", "median", "min", "narrow", "prod", "repeat_interleave", "scatter",
    "scatter_add", "select", "softmax", "sort", "squeeze", "std", "sum", "take_along_dim", "topk", "unbind", "unsqueeze", "var",
]  # fmt: skip
"""PyTorch's functions with a parameter ``dim`` that take ``axis``: all but norm and split, which are written in Python there."""

FUNCTIONS = (*METHODS, "cat", "stack")

_SPELLINGS = (("axis", "dim"), ("keepdims", "keepdim"))


def numpy_keywords(function: F) -> F:
    """``function`` that takes ``axis`` and ``keepdims`` in the place of ``dim`` and ``keepdim``."""

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        if named:
            for theirs, ours in _SPELLINGS:
                if theirs in named:
                    if ours in named:
                        raise TypeError(f"{function.__name__}() got both {ours}= and {theirs}=, which are the same")
                    named[ours] = named.pop(theirs)
        return function(*args, **named)

    return cast("F", call)
