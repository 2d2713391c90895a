"""Modules imported when they are first asked for, so that ``import gradflow`` is nearly as quick as ``import numpy``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def later(package: str, where: Mapping[str, str]) -> Callable[[str], Any]:
    """A ``__getattr__`` for the module called ``package``: ``where`` gives for each name the module (".io") it is found in.

    A name that is the module's own (``{"io": ".io"}``) is the module.  What was found once is an ordinary name from then on.
    """

    def find(name: str) -> Any:
        if name not in where:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(where[name], sys.modules[package].__package__)
        value = getattr(module, name, module)
        setattr(sys.modules[package], name, value)
        return value

    return find
