"""Modules that hold modules or parameters: in a row, in a list, by name, beside a shortcut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._tensor import Tensor
from ..errors import ShapeError
from ._holding import List, Named, Positional, module
from .module import Module
from .parameter import Parameter


def _parameter(value: Any, where: str) -> Parameter:
    if not isinstance(value, Tensor):
        raise TypeError(f"{where} holds Parameters, not {type(value).__name__}")
    return value if isinstance(value, Parameter) else Parameter(value)


def _listed(held: Mapping[str, Any]) -> str:
    """Names, dtypes and shapes, a line each."""
    return "\n".join(f"({name}): {p.dtype} {p.shape}" for name, p in held.items())


class Sequential(Positional):
    """Modules applied one after another: ``Sequential(f, g)(x)`` is ``g(f(x))``.

    Indexing gives a module, slicing a shorter Sequential that shares the modules.

    Parameters
    ----------
    *modules : Module, or one dict of str and Module
        The modules in order; a dict names them, otherwise they are called "0", "1", ...

    Raises
    ------
    TypeError
        For what is no Module.

    Examples
    --------
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
            self.add_module(str(name), module(m, "Sequential"))

    def forward(self, input: Any) -> Any:
        m: Any
        for m in self._modules.values():
            input = m(input)
        return input

    def _part(self, items: list[tuple[str, Any]]) -> Module:
        return type(self)(dict(items))


class Residual(Module):
    """``x + body(x)``: the body computes what is added to ``x``, and the gradient also goes round it undiminished.

    Parameters
    ----------
    body : Module
        What is added.
    shortcut : Module, optional
        Where the body makes another shape: a module (a Linear, a Conv2d of kernel 1) that brings ``x`` to it. The result is
        ``shortcut(x) + body(x)``.

    Raises
    ------
    ShapeError
        When called, if the two shapes differ.

    References
    ----------
    He et al., "Deep residual learning for image recognition" (2015), equations 1 and 2.

    Examples
    --------
    >>> import gradflow as gf
    >>> block = gf.nn.Residual(gf.nn.Sequential(gf.nn.Linear(4, 4), gf.nn.ReLU(), gf.nn.Linear(4, 4)))
    >>> block(gf.ones(2, 4)).shape
    (2, 4)
    """

    body: Module
    shortcut: Module | None

    def __init__(self, body: Module, shortcut: Module | None = None) -> None:
        super().__init__()
        self.body = module(body, "Residual")
        self.register_module("shortcut", None if shortcut is None else module(shortcut, "Residual"))

    def forward(self, input: Tensor) -> Tensor:
        added: Tensor = self.body(input)
        kept = input if self.shortcut is None else self.shortcut(input)
        if kept.shape != added.shape:
            raise ShapeError(
                f"Residual: the body makes {added.shape} of {input.shape}, to which {kept.shape} cannot be added; "
                "give a shortcut that makes the same shape"
            )
        return kept + added


class ModuleList(List):
    """A list of modules whose parameters are found; it has no forward of its own.

    Parameters
    ----------
    values : iterable of Module, optional
        The modules.

    Examples
    --------
    >>> import gradflow as gf
    >>> layers = gf.nn.ModuleList(gf.nn.Linear(2, 2) for _ in range(3))
    >>> len(layers), len(list(layers.parameters()))
    (3, 6)
    """


class ParameterList(List):
    """A list of parameters that a module finds.

    Parameters
    ----------
    values : iterable of Tensor, optional
        Tensors become Parameters.

    Examples
    --------
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


class ModuleDict(Named):
    """A dict of modules whose parameters are found; it has no forward of its own.

    Parameters
    ----------
    values : mapping or iterable of pairs, optional
        Names and modules.

    Examples
    --------
    >>> import gradflow as gf
    >>> heads = gf.nn.ModuleDict({"mean": gf.nn.Linear(2, 1), "scale": gf.nn.Linear(2, 1)})
    >>> heads["mean"](gf.ones(3, 2)).shape
    (3, 1)
    """


class ParameterDict(Named):
    """A dict of parameters that a module finds.

    Parameters
    ----------
    values : mapping or iterable of pairs, optional
        Names and tensors, which become Parameters.

    Examples
    --------
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
