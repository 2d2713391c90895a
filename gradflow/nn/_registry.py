"""The names of a Module: which attributes are parameters, buffers and modules, and walking over them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .._tensor import Tensor
from ..errors import ArgumentError
from .parameter import Parameter

if TYPE_CHECKING:
    from .module import Module


class Registry:
    """The half of Module that keeps names; see Module."""

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _transient: set[str]  # the buffers that state_dict leaves out
    _hooks: dict[int, Any]

    # --- attributes -------------------------------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        d = self.__dict__
        if "_modules" in d:
            for held in (d["_parameters"], d["_modules"], d["_buffers"]):
                if name in held:
                    return held[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        d = self.__dict__
        if isinstance(value, Parameter):
            self._ready(name)
            self._forget(name, "_parameters")
            self._parameters[name] = value
        elif isinstance(value, Registry):
            self._ready(name)
            self._forget(name, "_modules")
            self._modules[name] = value  # type: ignore[assignment]
        elif "_modules" not in d:
            object.__setattr__(self, name, value)
        elif name in self._parameters:
            self._only_none(name, value, "parameter", "a Parameter")
            self._parameters[name] = None
        elif name in self._modules:
            self._only_none(name, value, "module", "a Module")
            self._modules[name] = None
        elif name in self._buffers:
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"{type(self).__name__}.{name} is a buffer: it can be a Tensor or None, not {type(value).__name__}"
                )
            self._buffers[name] = value
        else:
            object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        for held in (self._parameters, self._modules, self._buffers):
            if name in held:
                del held[name]
                self._transient.discard(name)
                return
        object.__delattr__(self, name)

    def _ready(self, name: str) -> None:
        if "_modules" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__}.{name} is assigned before super().__init__() has been called")

    def _forget(self, name: str, keep: str) -> None:
        """Take ``name`` out of everywhere but ``keep``."""
        self.__dict__.pop(name, None)
        for kind in ("_parameters", "_modules", "_buffers"):
            if kind != keep:
                self.__dict__[kind].pop(name, None)
        self._transient.discard(name)

    def _only_none(self, name: str, value: Any, what: str, kind: str) -> None:
        if value is not None:
            raise TypeError(
                f"{type(self).__name__}.{name} is a {what}: it can be {kind} or None, not {type(value).__name__}; "
                "delete it first to give the name another use"
            )

    # --- registering ------------------------------------------------------------------------------------------------------

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Make ``param`` (None: a place left empty) the parameter ``name``; the same as assigning it.

        ArgumentError for a name that is empty, has a dot or is taken; TypeError for what is no Parameter.
        """
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(f"register_parameter: {name!r} is given a {type(param).__name__}, not a Parameter")
        self._free(name, self._parameters, "register_parameter")
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Make ``tensor`` the buffer ``name``: it moves with the module and is saved (if ``persistent``), but not trained.

        ArgumentError for a name that is empty, has a dot or is taken; TypeError for what is no Tensor.

        >>> import gradflow as gf
        >>> m = gf.nn.Module()
        >>> m.register_buffer("count", gf.zeros(1))
        >>> m.count, list(m.state_dict())
        (tensor([0.]), ['count'])
        """
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"register_buffer: {name!r} is given a {type(tensor).__name__}, not a Tensor")
        self._free(name, self._buffers, "register_buffer")
        self._buffers[name] = tensor
        if persistent:
            self._transient.discard(name)
        else:
            self._transient.add(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Make ``module`` the part ``name``; the same as assigning it.  Errors as of ``register_parameter``."""
        if module is not None and not isinstance(module, Registry):
            raise TypeError(f"register_module: {name!r} is given a {type(module).__name__}, not a Module")
        self._free(name, self._modules, "register_module")
        self._modules[name] = module

    def add_module(self, name: str, module: Module | None) -> None:
        """``register_module``."""
        self.register_module(name, module)

    def _free(self, name: Any, held: Any, what: str) -> None:
        self._ready(str(name))
        if not isinstance(name, str):
            raise TypeError(f"{what}: a name is a string, not {type(name).__name__}")
        if not name or "." in name:
            raise ArgumentError(f"{what}: a name is not empty and has no dot, got {name!r}")
        if name not in held and hasattr(self, name):
            raise ArgumentError(f"{what}: {type(self).__name__} already has an attribute {name!r}")

    # --- walking ----------------------------------------------------------------------------------------------------------

    def named_modules(
        self, memo: set[Any] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """Every module from this one down with its full name, each once (unless ``remove_duplicate`` is False)."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, m in self._modules.items():
            if m is not None:
                yield from m.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self) -> Iterator[Any]:
        """Every module from this one down, each once."""
        for _, m in self.named_modules():
            yield m

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """The modules directly in this one with their names, each once."""
        seen = set()
        for name, m in self._modules.items():
            if m is not None and m not in seen:
                seen.add(m)
                yield name, m

    def children(self) -> Iterator[Any]:
        """The modules directly in this one, each once."""
        for _, m in self.named_children():
            yield m

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Every parameter with its full name, each once; without ``recurse`` only this module's own.

        >>> import gradflow as gf
        >>> [name for name, _ in gf.nn.Sequential(gf.nn.Linear(2, 1)).named_parameters()]
        ['0.weight', '0.bias']
        """
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Every parameter, each once; what an optimizer is given."""
        for _, p in self.named_parameters(recurse=recurse):
            yield p

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Every buffer with its full name, each once."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Every buffer, each once."""
        for _, b in self.named_buffers(recurse=recurse):
            yield b

    def _named(self, kind: str, prefix: str, recurse: bool, remove_duplicate: bool) -> Iterator[tuple[str, Any]]:
        seen = set()
        places = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else iter([(prefix, self)])
        for path, m in places:
            for name, t in getattr(m, kind).items():
                if t is None or id(t) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(t))
                yield f"{path}.{name}" if path else name, t

    # --- by name ----------------------------------------------------------------------------------------------------------

    def get_submodule(self, target: str) -> Any:
        """The module with the full name ``target`` ("": this one).  AttributeError if there is none."""
        found: Any = self
        for name in target.split(".") if target else ():
            inner = found._modules.get(name)
            if inner is None:
                raise AttributeError(f"{type(found).__name__} has no module {name!r} (looking for {target!r})")
            found = inner
        return found

    def get_parameter(self, target: str) -> Parameter:
        """The parameter with the full name ``target``.  AttributeError if there is none."""
        found: Parameter = self._get(target, "_parameters", "parameter")
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer with the full name ``target``.  AttributeError if there is none."""
        found: Tensor = self._get(target, "_buffers", "buffer")
        return found

    def _get(self, target: str, kind: str, what: str) -> Any:
        path, _, name = target.rpartition(".")
        m = self.get_submodule(path)
        found = getattr(m, kind).get(name)
        if found is None:
            raise AttributeError(f"{type(m).__name__} has no {what} {name!r} (looking for {target!r})")
        return found
