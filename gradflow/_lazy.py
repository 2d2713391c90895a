"""Names that a package finds when they are first asked for, so that ``import gradflow`` is nearly as quick as that of NumPy."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any


def later(package: str, where: Mapping[Any, str]) -> Callable[[str], Any]:
    """A ``__getattr__`` for the module called ``package``: ``where`` gives for each name the module (".io") it is found in.

    A name that is the module's own (``{"io": ".io"}``) is the module.  What was found once is an ordinary name from then on.
    """

    def find(name: str) -> Any:
        if name not in where:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(where[name], sys.modules[package].__package__)
        value = getattr(module, name, module)
        setattr(sys.modules[package], name, value)
        name_public_place(sys.modules[package], [name])
        return value

    return find


def name_public_place(module: ModuleType, names: Iterable[str]) -> None:
    """Write ``module`` into ``__module__`` of what it shows from private modules: pickles, help() and tracebacks then name it."""
    for name in names:
        value = vars(module).get(name)
        if "._" in getattr(value, "__module__", "") and vars(module).get(getattr(value, "__name__", "")) is value:
            value.__module__ = module.__name__


class Divided(ModuleType):
    """A module of the past whose functions are in other files now: its names are looked for in ``modules``."""

    def __init__(self, name: str, modules: Iterable[ModuleType]) -> None:
        super().__init__(name)
        self._modules = modules

    def __getattr__(self, name: str) -> Any:
        for module in self._modules:
            value = vars(module).get(name)
            if callable(value):
                return value
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


def when_called(package: str | None, module: str, names: str, *first: Any) -> tuple[Callable[..., Any], ...]:
    """Functions of ``module`` that are called with ``first`` before their arguments; it is imported at the first call of one."""

    def one(name: str) -> Callable[..., Any]:
        found: Callable[..., Any] | None = None

        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal found
            if found is None:
                found = partial(getattr(import_module(module, package), name), *first)
            return found(*args, **kwargs)

        return call

    return tuple(map(one, names.split()))
