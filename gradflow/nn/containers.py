"""Modules that hold modules: in a row, in a list, by name."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from ..errors import IndexingError
from .module import Module


def _module(value: Any, where: str) -> Module:
    if not isinstance(value, Module):
        raise TypeError(f"{where} holds Modules, not {type(value).__name__}")
    return value


class _Row(Module):
    """Modules named "0", "1", ... in order."""

    def _at(self, index: Any) -> int:
        i, n = operator.index(index), len(self._modules)
        if not -n <= i < n:
            raise IndexingError(f"{type(self).__name__}: index {i} is outside of its {n} modules")
        return i % n

    def _key(self, index: Any) -> str:
        return list(self._modules)[self._at(index)]

    def _renumber(self, modules: Iterable[Any]) -> None:
        held = list(modules)
        self._modules.clear()
        self._modules.update((str(i), m) for i, m in enumerate(held))

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self._part(list(self._modules.items())[index])
        return self._modules[self._key(index)]

    def _part(self, items: list[tuple[str, Any]]) -> Module:
        return type(self)(*(m for _, m in items))

    def __setitem__(self, index: Any, module: Module) -> None:
        self._modules[self._key(index)] = _module(module, type(self).__name__)

    def __delitem__(self, index: Any) -> None:
        items = list(self._modules.items())
        if isinstance(index, slice):
            del items[index]
        else:
            del items[self._at(index)]
        if all(name.isdigit() for name in self._modules):
            self._renumber(m for _, m in items)
        else:
            self._modules.clear()
            self._modules.update(items)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __contains__(self, module: object) -> bool:
        return any(m is module for m in self._modules.values())

    def append(self, module: Module) -> Any:
        """Put ``module`` at the end; returns the container."""
        self.add_module(str(len(self)), _module(module, type(self).__name__))
        return self

    def extend(self, modules: Iterable[Module]) -> Any:
        """Put all of ``modules`` at the end; returns the container."""
        for m in list(modules):
            self.append(m)
        return self

    def insert(self, index: int, module: Module) -> Any:
        """Put ``module`` before place ``index``; returns the container."""
        held = list(self._modules.values())
        held.insert(index, _module(module, type(self).__name__))
        self._renumber(held)
        return self

    def pop(self, index: Any = -1) -> Any:
        """Take out and return the module at ``index``."""
        found = self[index]
        del self[index]
        return found


class Sequential(_Row):
    """Modules applied one after another: ``Sequential(f, g)(x)`` is ``g(f(x))``.

    Takes modules, or one dict of names and modules.  Indexing gives a module, slicing a shorter Sequential that shares
    the modules.

    >>> import gradflow as gf
    >>> net = gf.nn.Sequential(gf.nn.Linear(2, 3), gf.nn.ReLU(), gf.nn.Linear(3, 1))
    >>> net(gf.ones(4, 2)).shape
    (4, 1)
    >>> net[:2]
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): ReLU()
    )
    """

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        named = modules[0].items() if len(modules) == 1 and isinstance(modules[0], Mapping) else enumerate(modules)
        for name, m in named:
            self.add_module(str(name), _module(m, "Sequential"))

    def forward(self, input: Any) -> Any:
        for m in self._modules.values():
            input = cast("Module", m)(input)
        return input

    def _part(self, items: list[tuple[str, Any]]) -> Module:
        return type(self)(dict(items))


class ModuleList(_Row):
    """A list of modules whose parameters are found; it has no forward of its own.

    >>> import gradflow as gf
    >>> layers = gf.nn.ModuleList(gf.nn.Linear(2, 2) for _ in range(3))
    >>> len(layers), len(list(layers.parameters()))
    (3, 6)
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        self.extend(modules or ())

    def _part(self, items: list[tuple[str, Any]]) -> Module:
        return type(self)(m for _, m in items)

    def __iadd__(self, modules: Iterable[Module]) -> Any:
        return self.extend(modules)

    def __add__(self, modules: Iterable[Module]) -> Any:
        return type(self)([*self, *modules])


class ModuleDict(Module):
    """A dict of modules whose parameters are found; it has no forward of its own.

    >>> import gradflow as gf
    >>> heads = gf.nn.ModuleDict({"mean": gf.nn.Linear(2, 1), "scale": gf.nn.Linear(2, 1)})
    >>> heads["mean"](gf.ones(3, 2)).shape
    (3, 1)
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        self.update(modules or {})

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, _module(module, "ModuleDict"))

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._modules.keys()

    def values(self) -> Iterable[Any]:
        """The modules."""
        return self._modules.values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Names and modules."""
        return self._modules.items()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Put in (or over) every module of ``modules``, a dict or pairs."""
        pairs: Any = modules.items() if isinstance(modules, Mapping | ModuleDict) else modules
        for name, m in pairs:
            self[name] = m

    def pop(self, key: str) -> Any:
        """Take out and return the module ``key``."""
        found = self[key]
        del self[key]
        return found

    def clear(self) -> None:
        """Take out every module."""
        self._modules.clear()
