"""Modules that hold modules or parameters: in a row, in a list, by name, beside a shortcut."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .._tensor import Tensor
from ..errors import IndexingError, ShapeError
from .module import Module
from .parameter import Parameter


def _module(value: Any, where: str) -> Module:
    if not isinstance(value, Module):
        raise TypeError(f"{where} holds Modules, not {type(value).__name__}")
    return value


def _parameter(value: Any, where: str) -> Parameter:
    if not isinstance(value, Tensor):
        raise TypeError(f"{where} holds Parameters, not {type(value).__name__}")
    return value if isinstance(value, Parameter) else Parameter(value)


def _listed(held: Mapping[str, Any]) -> str:
    """Names, dtypes and shapes, a line each."""
    return "\n".join(f"({name}): {p.dtype} {p.shape}" for name, p in held.items())


class _Row(Module):
    """Modules (or, in a ParameterList, parameters) named "0", "1", ... in order."""

    _what = "modules"

    @property
    def _held(self) -> dict[str, Any]:
        return self._modules

    def _checked(self, value: Any) -> Any:
        return _module(value, type(self).__name__)

    def _at(self, index: Any) -> int:
        i, n = operator.index(index), len(self._held)
        if not -n <= i < n:
            raise IndexingError(f"{type(self).__name__}: index {i} is outside of its {n} {self._what}")
        return i % n

    def _key(self, index: Any) -> str:
        return list(self._held)[self._at(index)]

    def _renumber(self, values: Iterable[Any]) -> None:
        held = list(values)
        self._held.clear()
        self._held.update((str(i), v) for i, v in enumerate(held))

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self._part(list(self._held.items())[index])
        return self._held[self._key(index)]

    def _part(self, items: list[tuple[str, Any]]) -> Module:
        return type(self)(*(v for _, v in items))

    def __setitem__(self, index: Any, value: Any) -> None:
        self._held[self._key(index)] = self._checked(value)

    def __delitem__(self, index: Any) -> None:
        items = list(self._held.items())
        if isinstance(index, slice):
            del items[index]
        else:
            del items[self._at(index)]
        if all(name.isdigit() for name in self._held):
            self._renumber(v for _, v in items)
        else:
            self._held.clear()
            self._held.update(items)

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._held.values())

    def __contains__(self, value: object) -> bool:
        return any(v is value for v in self._held.values())

    def append(self, value: Any) -> Any:
        """Put ``value`` at the end; returns the container."""
        setattr(self, str(len(self)), self._checked(value))
        return self

    def extend(self, values: Iterable[Any]) -> Any:
        """Put all of ``values`` at the end; returns the container."""
        for v in list(values):
            self.append(v)
        return self

    def insert(self, index: int, value: Any) -> Any:
        """Put ``value`` before place ``index``; returns the container."""
        held = list(self._held.values())
        held.insert(index, self._checked(value))
        self._renumber(held)
        return self

    def pop(self, index: Any = -1) -> Any:
        """Take out and return what is at ``index``."""
        found = self[index]
        del self[index]
        return found


class _List(_Row):
    """A ``_Row`` that is made of one iterable and added to others."""

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self.extend(values or ())

    def _part(self, items: list[tuple[str, Any]]) -> Module:
        return type(self)(v for _, v in items)

    def __iadd__(self, values: Iterable[Any]) -> Any:
        return self.extend(values)

    def __add__(self, values: Iterable[Any]) -> Any:
        return type(self)([*self, *values])


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

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        super().__init__()
        named = modules[0].items() if len(modules) == 1 and isinstance(modules[0], Mapping) else enumerate(modules)
        for name, m in named:
            self.add_module(str(name), _module(m, "Sequential"))

    def forward(self, input: Any) -> Any:
        m: Any
        for m in self._modules.values():
            input = m(input)
        return input

    def _part(self, items: list[tuple[str, Any]]) -> Module:
        return type(self)(dict(items))


class Residual(Module):
    """``x + body(x)``: the body learns what to add to ``x``, and the gradient passes it by on the sum undiminished.

    Where the body makes other shapes, ``shortcut`` is a module (a Linear, a Conv2d of kernel 1) that brings ``x`` to them:
    ``shortcut(x) + body(x)``.  Shapes that do not fit raise ShapeError.

    Source: He et al., "Deep residual learning for image recognition" (2015), equations 1 and 2.

    >>> import gradflow as gf
    >>> block = gf.nn.Residual(gf.nn.Sequential(gf.nn.Linear(4, 4), gf.nn.ReLU(), gf.nn.Linear(4, 4)))
    >>> block(gf.ones(2, 4)).shape
    (2, 4)
    """

    body: Module
    shortcut: Module | None

    def __init__(self, body: Module, shortcut: Module | None = None) -> None:
        super().__init__()
        self.body = _module(body, "Residual")
        self.register_module("shortcut", None if shortcut is None else _module(shortcut, "Residual"))

    def forward(self, input: Tensor) -> Tensor:
        added: Tensor = self.body(input)
        kept = input if self.shortcut is None else self.shortcut(input)
        if kept.shape != added.shape:
            raise ShapeError(
                f"Residual: the body makes {added.shape} of {input.shape}, to which {kept.shape} cannot be added; "
                "give a shortcut that makes the same shape"
            )
        return kept + added


class ModuleList(_List):
    """A list of modules whose parameters are found; it has no forward of its own.

    >>> import gradflow as gf
    >>> layers = gf.nn.ModuleList(gf.nn.Linear(2, 2) for _ in range(3))
    >>> len(layers), len(list(layers.parameters()))
    (3, 6)
    """


class ParameterList(_List):
    """A list of parameters that a module finds; Tensors put into it become Parameters.

    >>> import gradflow as gf
    >>> weights = gf.nn.ParameterList(gf.ones(2, 2) for _ in range(3))
    >>> len(weights), [name for name, _ in weights.named_parameters()]
    (3, ['0', '1', '2'])
    """

    _what = "parameters"

    @property
    def _held(self) -> dict[str, Any]:
        return self._parameters

    def _checked(self, value: Any) -> Any:
        return _parameter(value, "ParameterList")

    def extra_repr(self) -> str:
        return _listed(self._parameters)


class _Named(Module):
    """Modules (or, in a ParameterDict, parameters) by name."""

    def __init__(self, values: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None) -> None:
        super().__init__()
        self.update(values or {})

    @property
    def _held(self) -> dict[str, Any]:
        return self._modules

    def __getitem__(self, key: str) -> Any:
        return self._held[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.add_module(key, _module(value, type(self).__name__))

    def __delitem__(self, key: str) -> None:
        del self._held[key]

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __contains__(self, key: object) -> bool:
        return key in self._held

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._held.keys()

    def values(self) -> Iterable[Any]:
        """What stands under the names."""
        return self._held.values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Names and what stands under them."""
        return self._held.items()

    def update(self, values: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Put in (or over) everything in ``values``, a dict or pairs."""
        pairs: Any = values.items() if isinstance(values, Mapping | _Named) else values
        for name, value in pairs:
            self[name] = value

    def pop(self, key: str) -> Any:
        """Take out and return what stands under ``key``."""
        found = self[key]
        del self[key]
        return found

    def clear(self) -> None:
        """Take out everything."""
        self._held.clear()


class ModuleDict(_Named):
    """A dict of modules whose parameters are found; it has no forward of its own.

    >>> import gradflow as gf
    >>> heads = gf.nn.ModuleDict({"mean": gf.nn.Linear(2, 1), "scale": gf.nn.Linear(2, 1)})
    >>> heads["mean"](gf.ones(3, 2)).shape
    (3, 1)
    """


class ParameterDict(_Named):
    """A dict of parameters that a module finds; Tensors put into it become Parameters.

    >>> import gradflow as gf
    >>> gf.nn.ParameterDict({"scale": gf.ones(3), "shift": gf.zeros(3)})
    ParameterDict(
      (scale): float32 (3,)
      (shift): float32 (3,)
    )
    """

    @property
    def _held(self) -> dict[str, Any]:
        return self._parameters

    def __setitem__(self, key: str, value: Any) -> None:
        value = _parameter(value, "ParameterDict")
        if key in self._parameters:
            self._parameters[key] = value
        else:
            self.register_parameter(key, value)

    def extra_repr(self) -> str:
        return _listed(self._parameters)
