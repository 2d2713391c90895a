"""What all optimizers share: groups of parameters, their state, and writing in place."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from .. import backend
from .._creation import as_tensor
from .._engine import recording, wrap, writes
from .._plain import plain, real_number
from .._recorded import zero_grads
from .._tensor import Tensor
from ..errors import ArgumentError, GraphError, NonFiniteError
from ..typing import Array
from ._flat import kept_in, real_pairs
from ._hooks import HookedOptimizer


class Update:
    """One parameter as a step sees it: the bare arrays to work on, complex ones as pairs of real numbers."""

    __slots__ = ("_scratch", "_stamp", "array", "of", "xp")

    def __init__(self, data: Array) -> None:
        self.of, self.array, self.xp = data, real_pairs(data), backend.namespace_of(data)
        self._stamp: Any = writes.stamp_of(data)
        self._scratch: list[Array] = []

    def scratch(self, i: int) -> Array:
        """A buffer of the parameter's shape, lasting from step to step."""
        while len(self._scratch) <= i:
            self._scratch.append(self.xp.empty_like(self.array))
        return self._scratch[i]

    def written(self) -> None:
        """Note that the parameter has been written, so that a backward that needs the old value says so."""
        writes.stamped(self._stamp)


Params: TypeAlias = Iterable[Tensor] | Iterable[tuple[str, Tensor]] | Iterable[dict[str, Any]]
"""What an optimizer serves: parameters, ``named_parameters()``, or groups with settings of their own."""


class Optimizer(HookedOptimizer):
    """The base of all optimizers: ``param_groups``, ``state``, ``step()``, ``zero_grad()``.

    A subclass checks settings in ``check``, makes a parameter's state in ``begin`` and writes one parameter in ``update``. Where
    an error is raised, nothing has changed.

    Parameters
    ----------
    params : iterable of Tensor, (str, Tensor) or dict
        Parameters, ``named_parameters()``, or dicts with "params" and settings of their own (groups).
    defaults : dict
        The settings of the groups that do not say otherwise.
    error_on_nonfinite : bool, default False
        Whether a step refuses NaN and infinite gradients; it then waits for the device.

    Raises
    ------
    ArgumentError
        For settings that make no sense, for no parameters, and for one given twice.
    GraphError
        For a parameter that is not a leaf.
    TypeError
        For what is no Tensor.

    Examples
    --------
    >>> import gradflow as gf
    >>> class SignDescent(gf.optim.Optimizer):
    ...     def update(self, group, state, u, grad):
    ...         u.array -= group["lr"] * u.xp.sign(grad)
    >>> w = gf.tensor([1.0, -2.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> SignDescent([w], {"lr": 0.5}).step()
    >>> w.detach()
    tensor([ 0.5000, -1.5000])
    """

    def __init__(self, params: Params, defaults: dict[str, Any], error_on_nonfinite: bool = False) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                f"{type(self).__name__}: takes several parameters, such as model.parameters(), not one Tensor; use [it]"
            )
        if not isinstance(params, Iterable):
            raise TypeError(f"{type(self).__name__}: takes parameters or groups of them, not {type(params).__name__}")
        self.defaults = defaults = _settings(defaults)
        self.error_on_nonfinite = error_on_nonfinite
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[Tensor, dict[str, Any]] = {}
        self._updates: dict[Tensor, Update] = {}
        self._buckets: dict[int, list[Any]] = {}
        self._hooks = {}
        # Settings as loaded, for schedulers: None before load_state_dict() and after a scheduler's step, [] until one is made.
        self._resumed: list[dict[str, Any]] | None = None
        self.check(defaults)
        groups: list[Any] = list(params)
        if not groups:
            raise ArgumentError(f"{type(self).__name__}: got no parameters; is the iterator used up?")
        if not any(isinstance(g, dict) for g in groups):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    # --- what a subclass writes ---------------------------------------------------------------------------------------------

    def check(self, group: dict[str, Any]) -> None:
        """Raise ArgumentError for settings that make no sense; a subclass writes it.

        Parameters
        ----------
        group : dict
            A dict of ``param_groups``: settings by name.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)], lr=0.1)
        >>> optimizer.check({**optimizer.param_groups[0], "lr": -1.0})
        Traceback (most recent call last):
            ...
        gradflow.errors.ArgumentError: SGD: lr is a number at least 0, not -1.0
        """

    def begin(self, group: dict[str, Any], state: dict[str, Any], p: Tensor) -> None:
        """Make the state of a parameter; called before its first update, and written by a subclass.

        Parameters
        ----------
        group : dict
            A dict of ``param_groups``: settings by name.
        state : dict
            An empty dict, to be filled.
        p : Tensor
            The parameter.

        Examples
        --------
        >>> import gradflow as gf
        >>> class Counting(gf.optim.Optimizer):
        ...     def begin(self, group, state, p):
        ...         state["step"] = 0
        ...     def update(self, group, state, u, grad):
        ...         state["step"] += 1
        >>> w = gf.ones(1, requires_grad=True)
        >>> w.sum().backward()
        >>> optimizer = Counting([w], {})
        >>> optimizer.step()
        >>> optimizer.state[w]
        {'step': 1}
        """

    def update(self, group: dict[str, Any], state: dict[str, Any], u: Update, grad: Array) -> None:
        """Write one parameter, ``u.array``, in place; a subclass writes it.

        Parameters
        ----------
        group : dict
            A dict of ``param_groups``: settings by name.
        state : dict
            The state of the parameter.
        u : Update
            The parameter: its bare array ``u.array`` and the namespace ``u.xp`` (NumPy or CuPy). Complex numbers are pairs of
            real ones.
        grad : array
            The gradient, which is only read.

        Raises
        ------
        NotImplementedError
            If the class does not define it.

        Examples
        --------
        >>> import gradflow as gf
        >>> class Shrinking(gf.optim.Optimizer):
        ...     def update(self, group, state, u, grad):
        ...         u.array *= 0.5
        >>> w = gf.ones(1, requires_grad=True)
        >>> w.sum().backward()
        >>> Shrinking([w], {}).step()
        >>> w.detach()
        tensor([0.5000])
        """
        raise NotImplementedError(f"{type(self).__name__} has no update(); an Optimizer writes the parameter there")

    # --- use ----------------------------------------------------------------------------------------------------------------

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; those whose ``.grad`` is None stay as they are.

        Parameters
        ----------
        closure : callable, optional
            A function that computes the loss anew, with gradients, before the update.

        Returns
        -------
        object
            What ``closure`` returns; None without it.

        Raises
        ------
        NonFiniteError
            With ``error_on_nonfinite``, for a NaN or infinite gradient, before anything is changed.

        Examples
        --------
        >>> import gradflow as gf
        >>> w = gf.tensor([1.0, 2.0], requires_grad=True)
        >>> optimizer = gf.optim.SGD([w], lr=0.25)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([0.5000, 1.0000])
        """
        for hook in list(self._hooks.get("step_pre", {}).values()):
            hook(self, (closure,), {})
        loss = self._loss_of(closure)
        if self.error_on_nonfinite:
            self._refuse_nonfinite()
        for number, group in enumerate(self.param_groups):
            self._step_group(number, group)
        for hook in list(self._hooks.get("step_post", {}).values()):
            hook(self, (closure,), {})
        return loss

    def _loss_of(self, closure: Callable[[], Any] | None) -> Any:
        return None if closure is None else recording(True, closure)

    def _step_group(self, number: int, group: dict[str, Any]) -> None:
        for p in group["params"]:
            grad = p.grad
            if grad is None:
                continue
            u = self._updates.get(p)
            if u is None or u.of is not p.array:
                u = self._renewed(p)
            state = self.state.get(p)
            if not state:
                state = self.state[p] = {}
                self.begin(group, state, p)
            self.update(group, state, u, grad.array if grad.array.dtype.kind != "c" else real_pairs(grad.array))
            u.written()

    def _refuse_nonfinite(self) -> None:
        for i, group in enumerate(self.param_groups):
            for k, p in enumerate(group["params"]):
                grad = p.grad
                if grad is not None and not bool(backend.namespace_of(grad.array).isfinite(grad.array).all()):
                    raise NonFiniteError(
                        f"{type(self).__name__}: the gradient of parameter {k} of group {i} (shape {p.shape}) has NaN or "
                        "infinite elements; nothing was updated"
                    )

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Make the gradients of all parameters None, so that the next backward writes them anew.

        The memory of a gradient is kept for the next one, unless something still shows it: a gradient that you hold is never
        overwritten.

        Parameters
        ----------
        set_to_none : bool, default True
            False: zeros are written into the gradients that are there, and whatever shows one shows zeros.

        Examples
        --------
        >>> import gradflow as gf
        >>> w = gf.ones(1, requires_grad=True)
        >>> w.sum().backward()
        >>> gf.optim.SGD([w]).zero_grad()
        >>> w.grad is None
        True
        """
        zero_grads([p for g in self.param_groups for p in g["params"]], set_to_none)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Let the optimizer update further parameters, with settings of their own.

        Parameters
        ----------
        param_group : dict
            {"params": parameters} and settings by name; those that are missing are the optimizer's.

        Raises
        ------
        ArgumentError
            For settings that make no sense, for no parameters, and for one that the optimizer has.
        GraphError
            For a parameter that is not a leaf.
        TypeError
            For what is no dict with "params", and for what is no Tensor.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)], lr=0.1)
        >>> optimizer.add_param_group({"params": [gf.zeros(2, requires_grad=True)], "lr": 0.01})
        >>> [group["lr"] for group in optimizer.param_groups]
        [0.1, 0.01]
        """
        name = type(self).__name__
        if not isinstance(param_group, dict) or "params" not in param_group:
            raise TypeError(f"{name}: a group is a dict with 'params', not {param_group!r}")
        params = param_group["params"]
        if isinstance(params, set):
            raise TypeError(f"{name}: a set of parameters has no order that lasts; use a list")
        params = [params] if isinstance(params, Tensor) else list(params)
        if not params:
            raise ArgumentError(f"{name}: a group has no parameters; is the iterator used up?")
        taken = {id(p) for g in self.param_groups for p in g["params"]}
        for i, p in enumerate(params):
            if not isinstance(p, Tensor):
                raise TypeError(f"{name}: parameter {i} is a {type(p).__name__}, not a Tensor")
            if not p.is_leaf:
                raise GraphError(
                    f"{name}: parameter {i} (shape {p.shape}) is the result of {p.grad_fn!r}, not a leaf; it would never change"
                )
            if id(p) in taken:
                raise ArgumentError(f"{name}: parameter {i} (shape {p.shape}) is given twice; each is updated once a step")
            taken.add(id(p))
        group = _settings({**self.defaults, **param_group, "params": params})
        self.check(group)
        self.param_groups.append(group)

    def _renewed(self, p: Tensor) -> Update:
        """The view of a parameter that is new, or whose memory has been replaced (moved, cast); its state follows."""
        u = self._updates[p] = Update(p.array)
        for key, value in self.state.get(p, {}).items():
            if isinstance(value, Tensor) and value.shape == p.shape:
                self.state[p][key] = value.to(dtype=p.dtype, device=p.device)
        return u

    # --- saving -------------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """State and settings with the parameters numbered, as PyTorch lays them out.

        Returns
        -------
        dict
            {"state": {number: ...}, "param_groups": [...]}. The tensors of the state are not copied.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.Momentum([gf.zeros(1, requires_grad=True)], lr=0.1)
        >>> optimizer.state_dict()["param_groups"][0]["params"]
        [0]
        """
        for hook in list(self._hooks.get("save_pre", {}).values()):
            hook(self)
        number = {id(p): i for i, p in enumerate(p for g in self.param_groups for p in g["params"])}
        groups = [
            {**{k: v for k, v in g.items() if k != "params"}, "params": [number[id(p)] for p in g["params"]]}
            for g in self.param_groups
        ]
        made: dict[str, Any] = {"state": {number[id(p)]: dict(s) for p, s in self.state.items()}, "param_groups": groups}
        for hook in list(self._hooks.get("save_post", {}).values()):
            changed = hook(self, made)
            made = made if changed is None else changed
        return made

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over settings and state from what ``state_dict()`` gave.

        The state is copied, and brought to each parameter's dtype and device. Where an error is raised, nothing is loaded.

        Parameters
        ----------
        state_dict : dict
            What ``state_dict()`` of such an optimizer gave, here or in PyTorch.

        Raises
        ------
        ArgumentError
            If the groups are of other sizes, or the state of other shapes.
        TypeError
            For what is no such dict.

        Examples
        --------
        >>> import gradflow as gf
        >>> w = gf.zeros(1, requires_grad=True)
        >>> saved = gf.optim.SGD([w], lr=0.5).state_dict()
        >>> optimizer = gf.optim.SGD([w], lr=0.1)
        >>> optimizer.load_state_dict(saved)
        >>> optimizer.param_groups[0]["lr"]
        0.5
        """
        name = type(self).__name__
        for hook in list(self._hooks.get("load_pre", {}).values()):
            changed = hook(self, state_dict)
            state_dict = state_dict if changed is None else changed
        if not isinstance(state_dict, Mapping) or not {"state", "param_groups"} <= set(state_dict):
            raise TypeError(f"{name}.load_state_dict takes a dict with 'state' and 'param_groups'")
        theirs = state_dict["param_groups"]
        sizes, own = [len(g["params"]) for g in theirs], [len(g["params"]) for g in self.param_groups]
        if sizes != own:
            raise ArgumentError(f"{name}: groups of {sizes} parameters do not fit this optimizer's, of {own}; nothing was loaded")
        place = {
            i: p
            for theirs_g, g in zip(theirs, self.param_groups, strict=True)
            for i, p in zip(theirs_g["params"], g["params"], strict=True)
        }
        state: dict[Tensor, dict[str, Any]] = {}
        for i, held in state_dict["state"].items():
            if i not in place:
                raise ArgumentError(f"{name}: there is state for parameter {i}, but no such parameter; nothing was loaded")
            state[place[i]] = self._taken(held, place[i], i)
        groups = [
            _settings({**g, **{k: v for k, v in t.items() if k != "params"}})
            for g, t in zip(self.param_groups, theirs, strict=True)
        ]
        for group in groups:
            self.check(group)
        for group, made in zip(self.param_groups, groups, strict=True):
            group.update(made)
        self.state = state
        self._resumed = []
        self._buckets.clear()
        for hook in list(self._hooks.get("load_post", {}).values()):
            hook(self)

    def _taken(self, held: Mapping[str, Any], p: Tensor, number: int) -> dict[str, Any]:
        """A copy of the state of parameter ``number``, fit for it; ArgumentError if it does not fit."""
        made: dict[str, Any] = {}
        for key, value in held.items():
            if isinstance(value, int | float) or value is None:
                made[key] = value
                continue
            t = as_tensor(value).detach()
            if t.shape == p.shape and key != "step":
                made[key] = t.to(dtype=kept_in(p), device=p.device, copy=True)
            elif t.ndim == 0:  # PyTorch counts in tensors
                made[key] = int(t.item()) if key == "step" else t.item()
            else:
                raise ArgumentError(
                    f"{type(self).__name__}: the state {key!r} of parameter {number} has shape {t.shape}, not {p.shape}; "
                    "nothing was loaded"
                )
        return made

    def __getstate__(self) -> dict[str, Any]:
        """For copies and pickles: what is worked on is made anew where it is needed."""
        return {**self.__dict__, "_updates": {}, "_buckets": {}, "_hooks": {}}

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])


def fresh(data: Array) -> Tensor:
    """Zeros of the shape, dtype and device of a parameter's array, for its state."""
    made: Tensor = wrap(backend.namespace_of(data).zeros_like(data))
    return made


def bare(state: Tensor) -> Array:
    """The array of a state tensor, as ``Update`` sees the parameter."""
    return state.array if state.array.dtype.kind != "c" else real_pairs(state.array)


def at_least(name: str, what: str, value: Any, least: float = 0.0, below: float | None = None, *, closed: bool = False) -> None:
    """Raise ArgumentError unless ``least <= value`` (``< below``, or ``<= below`` if ``closed``)."""
    number = real_number(value)
    if number is None or not number >= least or (below is not None and not (number <= below if closed else number < below)):
        bounds = f" at least {least:g}" if least > -math.inf else ""
        if below is not None:
            bounds = f" in [{least:g}, {below:g}{']' if closed else ')'}"
        raise ArgumentError(f"{name}: {what} is a number{bounds}, not {value!r}")


def _settings(group: dict[str, Any]) -> dict[str, Any]:
    """Settings with Python's numbers in the place of NumPy's; a learning rate in a Tensor stays the Tensor."""
    made = {}
    for key, value in group.items():
        if key == "params" or (key == "lr" and isinstance(value, Tensor)):
            made[key] = value
        elif getattr(value, "ndim", None) == 1 and hasattr(value, "tolist"):
            made[key] = tuple(value.tolist())
        elif type(value) in (tuple, list):
            made[key] = type(value)(map(plain, value))
        else:
            made[key] = plain(value)
    return made
