"""What the real CuPy offers, read from ``api.json``, and calls bound by its signatures.

``ci/snapshot_cupy`` writes the file where CuPy's wheel is installed; its docstring says how a signature is spelled.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

API: dict[str, Any] = json.loads((Path(__file__).parent / "api.json").read_text(encoding="utf-8"))
CLASSES: dict[str, dict[str, str | None]] = API["classes"]


_UNSAID = object()


@cache
def binder(words: str, name: str) -> Callable[..., dict[str, Any]]:
    """A function of the signature spelled ``a axis= *args * name= **kwargs`` that returns what it was given, by name."""
    parameters = [w[:-1] + "=_unsaid" if w.endswith("=") else w for w in words.split()]
    pairs = [(w.strip("*="), w) for w in words.split() if w != "*"]
    listed = ", ".join(f"({n!r}, {n})" for n, _ in pairs)
    always = [n for n, w in pairs if w.startswith("*")]
    scope: dict[str, Any] = {"_unsaid": _UNSAID}
    exec(f"def {name}({', '.join(parameters)}):\n    return ({listed}{',' * bool(listed)})", scope)
    function = scope[name]

    def bind(*args: Any, **kwargs: Any) -> dict[str, Any]:
        return {n: v for n, v in function(*args, **kwargs) if v is not _UNSAID and (n not in always or v)}

    return bind


def bound(words: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments by CuPy's names for them, as far as they were given; TypeError where CuPy's signature has no room."""
    return binder(words, name)(*args, **kwargs)


class Missing(ModuleType):
    """A module of the stand-in: it tells what CuPy lacks from what only the stand-in lacks."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []  # Python takes a module with a path for a package

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__") and _offered(self.__name__, name):
            raise NotImplementedError(f"CuPy has {self.__name__}.{name}, but the stand-in for it does not; add it there")
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


def _offered(module: str, name: str) -> bool:
    part = API.get(module, {})
    return name in part if isinstance(part, list) else any(name in kind for kind in part.values())


def put(module: Missing, name: str, thing: Any) -> None:
    """Add ``thing`` to a module, if CuPy has something of that name there."""
    if not _offered(module.__name__, name):
        raise LookupError(f"CuPy has no {module.__name__}.{name}, so the stand-in must not have it")
    setattr(module, name, thing)
