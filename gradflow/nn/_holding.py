"""What modules that hold others have in common: a row of them, and a dict of them."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..errors import IndexingError
from .module import Module


def module(value: Any, where: str) -> Module:
    if not isinstance(value, Module):
        raise TypeError(f"{where} holds Modules, not {type(value).__name__}")
    return value


class Positional(Module):
    """Modules (or, in a ParameterList, parameters) named "0", "1", ... in order."""

    _what = "modules"

    @property
    def _held(self) -> dict[str, Any]:
        return self._modules

    def _checked(self, value: Any) -> Any:
        return module(value, type(self).__name__)

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
        """Put ``value`` at the end.

        Parameters
        ----------
        value : Module or Tensor
            A module; a parameter in a ``ParameterList``.

        Returns
        -------
        Module
            The container.

        Raises
        ------
        TypeError
            For what it does not hold.

        Examples
        --------
        >>> import gradflow as gf
        >>> len(gf.nn.Sequential(gf.nn.ReLU()).append(gf.nn.Tanh()))
        2
        """
        setattr(self, str(len(self)), self._checked(value))
        return self

    def extend(self, values: Iterable[Any]) -> Any:
        """Put all of ``values`` at the end.

        Parameters
        ----------
        values : iterable of Module or Tensor
            Modules; parameters in a ``ParameterList``.

        Returns
        -------
        Module
            The container.

        Raises
        ------
        TypeError
            For what it does not hold.

        Examples
        --------
        >>> import gradflow as gf
        >>> len(gf.nn.Sequential().extend([gf.nn.ReLU(), gf.nn.Tanh()]))
        2
        """
        for v in list(values):
            self.append(v)
        return self

    def insert(self, index: int, value: Any) -> Any:
        """Put ``value`` before place ``index``; what comes after is renumbered.

        Parameters
        ----------
        index : int
            The place; as of ``list.insert``.
        value : Module or Tensor
            A module; a parameter in a ``ParameterList``.

        Returns
        -------
        Module
            The container.

        Raises
        ------
        TypeError
            For what it does not hold.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.nn.Sequential(gf.nn.ReLU()).insert(0, gf.nn.Tanh())
        Sequential(
          (0): Tanh()
          (1): ReLU()
        )
        """
        held = list(self._held.values())
        held.insert(index, self._checked(value))
        self._renumber(held)
        return self

    def pop(self, index: Any = -1) -> Any:
        """Take out what is at ``index``; what comes after is renumbered.

        Parameters
        ----------
        index : int, default -1
            The place; negative: counted from the end.

        Returns
        -------
        Module or Tensor
            What was there.

        Raises
        ------
        IndexingError
            For a place that is not there.

        Examples
        --------
        >>> import gradflow as gf
        >>> net = gf.nn.Sequential(gf.nn.ReLU(), gf.nn.Tanh())
        >>> net.pop(0), len(net)
        (ReLU(), 1)
        """
        found = self[index]
        del self[index]
        return found


class List(Positional):
    """A ``Positional`` that is made of one iterable and added to others."""

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self.extend(values or ())

    def _part(self, items: list[tuple[str, Any]]) -> Module:
        return type(self)(v for _, v in items)

    def __iadd__(self, values: Iterable[Any]) -> Any:
        return self.extend(values)

    def __add__(self, values: Iterable[Any]) -> Any:
        return type(self)([*self, *values])


class Named(Module):
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
        self.add_module(key, module(value, type(self).__name__))

    def __delitem__(self, key: str) -> None:
        del self._held[key]

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __contains__(self, key: object) -> bool:
        return key in self._held

    def keys(self) -> Iterable[str]:
        """The names, in the order in which they were put in.

        Returns
        -------
        iterable of str
            A view, as of a dict.

        Examples
        --------
        >>> import gradflow as gf
        >>> list(gf.nn.ModuleDict({"act": gf.nn.ReLU()}).keys())
        ['act']
        """
        return self._held.keys()

    def values(self) -> Iterable[Any]:
        """The modules (or, in a ``ParameterDict``, parameters), in the order of their names.

        Returns
        -------
        iterable of Module or Tensor
            A view, as of a dict.

        Examples
        --------
        >>> import gradflow as gf
        >>> list(gf.nn.ModuleDict({"act": gf.nn.ReLU()}).values())
        [ReLU()]
        """
        return self._held.values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """All pairs of a name and what stands under it.

        Returns
        -------
        iterable of tuple
            A view, as of a dict.

        Examples
        --------
        >>> import gradflow as gf
        >>> list(gf.nn.ModuleDict({"act": gf.nn.ReLU()}).items())
        [('act', ReLU())]
        """
        return self._held.items()

    def update(self, values: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Put in everything in ``values``; what has the name of another replaces it.

        Parameters
        ----------
        values : mapping or iterable of pairs
            Names, and modules (in a ``ParameterDict``: tensors).

        Raises
        ------
        TypeError
            For what it does not hold.

        Examples
        --------
        >>> import gradflow as gf
        >>> modules = gf.nn.ModuleDict({"act": gf.nn.ReLU()})
        >>> modules.update({"act": gf.nn.Tanh(), "out": gf.nn.Identity()})
        >>> modules["act"], len(modules)
        (Tanh(), 2)
        """
        pairs: Any = values.items() if isinstance(values, Mapping | Named) else values
        for name, value in pairs:
            self[name] = value

    def pop(self, key: str) -> Any:
        """Take out what stands under ``key``.

        Parameters
        ----------
        key : str
            The name.

        Returns
        -------
        Module or Tensor
            What stood there.

        Raises
        ------
        KeyError
            For a name that is not there.

        Examples
        --------
        >>> import gradflow as gf
        >>> modules = gf.nn.ModuleDict({"act": gf.nn.ReLU()})
        >>> modules.pop("act"), len(modules)
        (ReLU(), 0)
        """
        found = self[key]
        del self[key]
        return found

    def clear(self) -> None:
        """Take out everything.

        Examples
        --------
        >>> import gradflow as gf
        >>> modules = gf.nn.ModuleDict({"act": gf.nn.ReLU()})
        >>> modules.clear()
        >>> len(modules)
        0
        """
        self._held.clear()
