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
        """Make ``param`` the parameter ``name``; the same as assigning it.

        Parameters
        ----------
        name : str
            The name of the attribute.
        param : Parameter or None
            The parameter; None leaves the place empty.

        Raises
        ------
        ArgumentError
            For a name that is empty, has a dot or is taken.
        TypeError
            For what is no Parameter.

        Examples
        --------
        >>> import gradflow as gf
        >>> module = gf.nn.Module()
        >>> module.register_parameter("scale", gf.nn.Parameter(gf.ones(1)))
        >>> module.register_parameter("shift", None)
        >>> module.shift is None, [name for name, _ in module.named_parameters()]
        (True, ['scale'])
        """
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(f"register_parameter: {name!r} is given a {type(param).__name__}, not a Parameter")
        self._free(name, self._parameters, "register_parameter")
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Make ``tensor`` the buffer ``name``: it moves with the module and is saved, but not trained.

        Parameters
        ----------
        name : str
            The name of the attribute.
        tensor : Tensor or None
            The buffer; None leaves the place empty.
        persistent : bool, default True
            Whether it is in ``state_dict``.

        Raises
        ------
        ArgumentError
            For a name that is empty, has a dot or is taken.
        TypeError
            For what is no Tensor.

        Examples
        --------
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
        """Make ``module`` the part ``name``; the same as assigning it.

        Parameters
        ----------
        name : str
            The name of the attribute.
        module : Module or None
            The module; None leaves the place empty.

        Raises
        ------
        ArgumentError
            For a name that is empty, has a dot or is taken.
        TypeError
            For what is no Module.

        Examples
        --------
        >>> import gradflow as gf
        >>> net = gf.nn.Module()
        >>> net.register_module("act", gf.nn.ReLU())
        >>> net.act
        ReLU()
        """
        if module is not None and not isinstance(module, Registry):
            raise TypeError(f"register_module: {name!r} is given a {type(module).__name__}, not a Module")
        self._free(name, self._modules, "register_module")
        self._modules[name] = module

    def add_module(self, name: str, module: Module | None) -> None:
        """Make ``module`` the part ``name``; another name of ``register_module``.

        Parameters
        ----------
        name : str
            The name of the attribute.
        module : Module or None
            The module; None leaves the place empty.

        Raises
        ------
        ArgumentError
            For a name that is empty, has a dot or is taken.
        TypeError
            For what is no Module.

        Examples
        --------
        >>> import gradflow as gf
        >>> net = gf.nn.Module()
        >>> net.add_module("act", gf.nn.ReLU())
        >>> net.act
        ReLU()
        """
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
        """Every module from this one down with its full name, the whole before the parts.

        Parameters
        ----------
        memo : set[object], optional
            The modules that are left out; those that come are added to it.
        prefix : str, default ""
            The name of this module.
        remove_duplicate : bool, default True
            Whether a module that has several names comes once.

        Yields
        ------
        tuple of str and Module
            The full name, and the module.

        Examples
        --------
        >>> import gradflow as gf
        >>> [name for name, _ in gf.nn.Sequential(gf.nn.ReLU()).named_modules()]
        ['', '0']
        """
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
        """Every module from this one down, each once, the whole before the parts.

        Yields
        ------
        Module
            This module first.

        Examples
        --------
        >>> import gradflow as gf
        >>> [type(m).__name__ for m in gf.nn.Sequential(gf.nn.ReLU()).modules()]
        ['Sequential', 'ReLU']
        """
        for _, m in self.named_modules():
            yield m

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """The modules directly in this one with their names, each once.

        Yields
        ------
        tuple of str and Module
            The name, and the module.

        Examples
        --------
        >>> import gradflow as gf
        >>> list(gf.nn.Sequential(gf.nn.ReLU()).named_children())
        [('0', ReLU())]
        """
        seen = set()
        for name, m in self._modules.items():
            if m is not None and m not in seen:
                seen.add(m)
                yield name, m

    def children(self) -> Iterator[Any]:
        """The modules directly in this one, each once.

        Yields
        ------
        Module
            In the order in which they were assigned.

        Examples
        --------
        >>> import gradflow as gf
        >>> list(gf.nn.Sequential(gf.nn.ReLU()).children())
        [ReLU()]
        """
        for _, m in self.named_children():
            yield m

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Every parameter with its full name.

        Parameters
        ----------
        prefix : str, default ""
            What stands before each name, with a dot between.
        recurse : bool, default True
            False: only this module's own.
        remove_duplicate : bool, default True
            Whether a parameter that has several names comes once.

        Returns
        -------
        iterator of tuple
            Pairs of a full name and a Parameter.

        Examples
        --------
        >>> import gradflow as gf
        >>> [name for name, _ in gf.nn.Sequential(gf.nn.Linear(2, 1)).named_parameters()]
        ['0.weight', '0.bias']
        """
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Every parameter, each once; it is what an optimizer is given.

        Parameters
        ----------
        recurse : bool, default True
            False: only this module's own.

        Yields
        ------
        Parameter
            In the order in which they were assigned.

        Examples
        --------
        >>> import gradflow as gf
        >>> [p.shape for p in gf.nn.Linear(2, 1).parameters()]
        [(1, 2), (1,)]
        """
        for _, p in self.named_parameters(recurse=recurse):
            yield p

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Every buffer with its full name.

        Parameters
        ----------
        prefix : str, default ""
            What stands before each name, with a dot between.
        recurse : bool, default True
            False: only this module's own.
        remove_duplicate : bool, default True
            Whether a buffer that has several names comes once.

        Returns
        -------
        iterator of tuple
            Pairs of a full name and a Tensor.

        Examples
        --------
        >>> import gradflow as gf
        >>> [name for name, _ in gf.nn.Sequential(gf.nn.BatchNorm1d(2)).named_buffers()]
        ['0.running_mean', '0.running_var', '0.num_batches_tracked']
        """
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Every buffer, each once.

        Parameters
        ----------
        recurse : bool, default True
            False: only this module's own.

        Yields
        ------
        Tensor
            In the order in which they were registered.

        Examples
        --------
        >>> import gradflow as gf
        >>> [b.shape for b in gf.nn.BatchNorm1d(2).buffers()]
        [(2,), (2,), ()]
        """
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
        """The module of a full name.

        Parameters
        ----------
        target : str
            Names with dots between them; "" is this module.

        Returns
        -------
        Module
            The module.

        Raises
        ------
        AttributeError
            If there is none.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.nn.Sequential(gf.nn.Sequential(gf.nn.ReLU())).get_submodule("0.0")
        ReLU()
        """
        found: Any = self
        for name in target.split(".") if target else ():
            inner = found._modules.get(name)
            if inner is None:
                raise AttributeError(f"{type(found).__name__} has no module {name!r} (looking for {target!r})")
            found = inner
        return found

    def get_parameter(self, target: str) -> Parameter:
        """The parameter of a full name.

        Parameters
        ----------
        target : str
            Names with dots between them.

        Returns
        -------
        Parameter
            The parameter.

        Raises
        ------
        AttributeError
            If there is none.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.nn.Sequential(gf.nn.Linear(2, 1)).get_parameter("0.bias").shape
        (1,)
        """
        found: Parameter = self._get(target, "_parameters", "parameter")
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer of a full name.

        Parameters
        ----------
        target : str
            Names with dots between them.

        Returns
        -------
        Tensor
            The buffer.

        Raises
        ------
        AttributeError
            If there is none.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.nn.Sequential(gf.nn.BatchNorm1d(2)).get_buffer("0.running_mean")
        tensor([0., 0.])
        """
        found: Tensor = self._get(target, "_buffers", "buffer")
        return found

    def _get(self, target: str, kind: str, what: str) -> Any:
        path, _, name = target.rpartition(".")
        m = self.get_submodule(path)
        found = getattr(m, kind).get(name)
        if found is None:
            raise AttributeError(f"{type(m).__name__} has no {what} {name!r} (looking for {target!r})")
        return found
