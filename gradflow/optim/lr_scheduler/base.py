"""What all schedulers share: counting epochs, writing learning rates, saving."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from types import FunctionType
from typing import Any

from ..._engine import writes
from ..._plain import plain, real_number, whole_number
from ..._tensor import Tensor
from ...errors import ArgumentError
from ..optimizer import Optimizer


class LRScheduler:
    """The base of all schedulers: ``step()``, ``get_last_lr()``, ``last_epoch``, ``base_lrs``, ``state_dict()``.

    An *epoch* is the number of ``step()`` calls so far, whether a step is made for each pass over the data or for each batch. All
    lengths of schedules count in it. A subclass writes ``get_lr()``.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rates are written; ``initial_lr`` is noted in each group.
    last_epoch : int, default -1
        -1 to start. To go on where training was broken off, load both ``state_dict()`` (of the optimizer and of the scheduler);
        with the optimizer's alone, give the number of the last epoch that was completed.

    Raises
    ------
    TypeError
        Without an optimizer.
    ArgumentError
        For arguments that make no sense, and to go on without ``initial_lr`` in the groups.

    Examples
    --------
    >>> import gradflow as gf
    >>> class Halves(gf.optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [lr * 0.5**self.last_epoch for lr in self.base_lrs]
    >>> scheduler = Halves(gf.optim.SGD([gf.zeros(2, requires_grad=True)], lr=0.8))
    >>> scheduler.step()
    >>> scheduler.get_last_lr(), scheduler.last_epoch
    ([0.4], 1)
    """

    base_lrs: list[float]
    last_epoch: int
    _last_lr: list[float]
    _step_count: int

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = checked_optimizer(self, optimizer)
        last_epoch = whole(self, "last_epoch", last_epoch, -1)
        note_resumed(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", rate_of(group))
            elif "initial_lr" not in group:
                raise ArgumentError(
                    f"{name_of(self)}: last_epoch={last_epoch} goes on with a schedule, but group {i} of the optimizer has no "
                    "'initial_lr'; load the optimizer's state_dict() first, or start with last_epoch=-1"
                )
        if not hasattr(self, "base_lrs"):  # a subclass may have base rates of its own
            self.base_lrs = [g["initial_lr"] for g in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._initial_step()

    # --- what a subclass writes ---------------------------------------------------------------------------------------------

    def get_lr(self) -> list[float]:
        """The learning rates of ``last_epoch``, one for each group; a subclass writes it, and users read ``get_last_lr()``.

        Returns
        -------
        list of float
            One for each group.

        Raises
        ------
        NotImplementedError
            If the class does not define it.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)], lr=1.0)
        >>> gf.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.5).get_lr()
        [0.5]
        """
        raise NotImplementedError(f"{name_of(self)} has no get_lr(); a scheduler computes its learning rates there")

    def _first_lr(self) -> list[float]:
        """As ``get_lr()``, when the scheduler has just been made."""
        return self.get_lr()

    def _free_lr(self) -> list[float]:
        """As ``get_lr()``, whatever the learning rates are now."""
        return self.get_lr()

    # --- use ----------------------------------------------------------------------------------------------------------------

    def step(self, epoch: float | None = None) -> None:
        """Go to the next epoch, or to ``epoch``, and write its learning rates.

        Parameters
        ----------
        epoch : float, optional
            The epoch to go to; None: the next.

        Raises
        ------
        ArgumentError
            For a negative ``epoch``, and where groups have come in since the scheduler was made.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = gf.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> scheduler.step()
        >>> optimizer.param_groups[0]["lr"]
        0.5
        """
        self.optimizer._resumed = None
        if epoch is None:
            self._move(self.last_epoch + 1, self.get_lr)
        else:
            self._move(number(self, "epoch", epoch, 0), self._free_lr)
        self._step_count += 1

    def get_last_lr(self) -> list[float]:
        """The learning rates as of the last ``step()``.

        Returns
        -------
        list of float
            One for each group.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)], lr=1.0)
        >>> gf.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5).get_last_lr()
        [1.0]
        """
        return self._last_lr

    def _initial_step(self) -> None:
        """Take the step that a scheduler takes when it is made."""
        self._move(self.last_epoch + 1, self._first_lr)
        self._step_count = 1

    def _rewind(self) -> None:
        """Go back to before the first step."""
        self.last_epoch = -1

    def _restart(self) -> None:
        """Begin at epoch 0, whatever was before."""
        self._move(0, self._free_lr)

    def _move(self, epoch: float, rule: Callable[[], list[float]]) -> None:
        """Write what ``rule`` says for ``epoch``; if it raises, nothing has changed."""
        groups, before = self.optimizer.param_groups, self.last_epoch
        if len(groups) != len(self.base_lrs):
            raise ArgumentError(
                f"{name_of(self)} was made for {len(self.base_lrs)} groups, but the optimizer has {len(groups)} now; "
                "make the scheduler after the last add_param_group()"
            )
        self.last_epoch = int(epoch)
        try:
            lrs = rule()
            if len(lrs) != len(groups):
                raise ArgumentError(f"{name_of(self)}: get_lr() gave {len(lrs)} learning rates for {len(groups)} groups")
        except BaseException:
            self.last_epoch = before
            raise
        self._write(lrs)

    def _write(self, lrs: list[float]) -> None:
        for group, lr in zip(self.optimizer.param_groups, lrs, strict=True):
            put_rate(group, lr)
        self._last_lr = lrs

    # --- saving -------------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """A copy of all but the optimizer, under PyTorch's keys.

        Of functions the place is kept and nothing saved; of other callable objects their attributes.

        Returns
        -------
        dict
            Values by name.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)], lr=1.0)
        >>> gf.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5).state_dict()["last_epoch"]
        0
        """
        return {key: _saved(value) for key, value in vars(self).items() if key != "optimizer"}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what ``state_dict()`` gave, so that the next learning rates are those of a run that was not broken off.

        The optimizer's state is loaded by itself, before the scheduler is made, after that, or after this call. Making a
        scheduler writes learning rates: those that the optimizer had loaded before are put back. Where no state of the optimizer
        was loaded, its groups are given the saved ``get_last_lr()``, and the momentum that belongs to it. Where an error is
        raised, nothing is loaded.

        Parameters
        ----------
        state_dict : dict
            What ``state_dict()`` of such a scheduler gave, here or in PyTorch.

        Raises
        ------
        ArgumentError
            If entries are missing, or the number of groups is another.
        TypeError
            For what is no dict.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = gf.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> saved = scheduler.state_dict()
        >>> scheduler.step()
        >>> scheduler.load_state_dict(saved)
        >>> scheduler.last_epoch, optimizer.param_groups[0]["lr"]
        (0, 1.0)
        """
        self._fit(state_dict)
        self._load(state_dict)
        if self.optimizer._resumed is None:
            self._rewrite()
        else:
            put_resumed(self.optimizer)

    def _rewrite(self) -> None:
        """Write the settings of ``last_epoch`` once more."""
        self._write(self._last_lr)

    def _fit(self, state_dict: Mapping[str, Any]) -> None:
        """Raise ArgumentError unless ``state_dict`` is the state of such a scheduler."""
        name = name_of(self)
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"{name}.load_state_dict takes what state_dict() gave, not {type(state_dict).__name__}")
        missing = [k for k in vars(self) if k not in state_dict and k not in ("optimizer", *self._own_keys)]
        if missing:
            raise ArgumentError(f"{name}: this is not a {name}'s state, it lacks {', '.join(missing)}; nothing was loaded")
        given, here = len(state_dict["_last_lr"]), len(self.optimizer.param_groups)
        if given != here:
            raise ArgumentError(f"{name}: this state is for {given} groups, the optimizer has {here}; nothing was loaded")

    _own_keys: tuple[str, ...] = ()  # that PyTorch's state does not have

    def _load(self, state_dict: Mapping[str, Any]) -> None:
        for key, own in list(vars(self).items()):
            if key in state_dict and key != "optimizer":
                setattr(self, key, _loaded(own, state_dict[key]))


def _saved(value: Any) -> Any:
    """What is saved of an attribute."""
    if isinstance(value, list):
        return [_saved(v) for v in value]
    if callable(value):
        held = getattr(value, "__dict__", None)
        return deepcopy(held) if isinstance(held, dict) and not isinstance(value, FunctionType) else None
    return deepcopy(value)


def _loaded(own: Any, saved: Any) -> Any:
    """An attribute that was ``own``, with what was saved; functions stay as they are."""
    if isinstance(own, list) and any(callable(v) for v in own):
        return [_loaded(v, s) for v, s in zip(own, saved, strict=True)]
    if callable(own):
        if saved is not None:
            vars(own).update(deepcopy(saved))
        return own
    return deepcopy(saved)


# --- groups ---------------------------------------------------------------------------------------------------------------------


def rate_of(group: dict[str, Any]) -> Any:
    """The learning rate of a group; of a Tensor, its number."""
    lr = group["lr"]
    return lr.item() if isinstance(lr, Tensor) else lr


def put_rate(group: dict[str, Any], lr: float) -> None:
    """Write the learning rate of a group; into a Tensor in place, so that whoever holds it sees it."""
    held = group["lr"]
    if isinstance(held, Tensor):
        held.array.fill(lr)
        writes.written(held.array)
    else:
        group["lr"] = plain(lr)


def rates_of(optimizer: Optimizer) -> list[float]:
    return [rate_of(group) for group in optimizer.param_groups]


_WRITTEN = ("momentum", "betas", "initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum")


def note_resumed(optimizer: Optimizer) -> None:
    """Keep what the groups hold before the first scheduler is made for an optimizer whose state was loaded."""
    if optimizer._resumed == []:
        optimizer._resumed = [
            {"lr": rate_of(group)} | {key: group[key] for key in _WRITTEN if key in group} for group in optimizer.param_groups
        ]


def put_resumed(optimizer: Optimizer) -> None:
    """Write what ``note_resumed`` kept; nothing where the state was loaded after the scheduler was made."""
    for group, kept in zip(optimizer.param_groups, optimizer._resumed or (), strict=False):
        put_rate(group, kept["lr"])
        group.update({key: value for key, value in kept.items() if key != "lr"})


# --- checking arguments ---------------------------------------------------------------------------------------------------------


def name_of(scheduler: LRScheduler) -> str:
    return type(scheduler).__name__


def checked_optimizer(scheduler: LRScheduler, optimizer: Any) -> Optimizer:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{name_of(scheduler)}: optimizer is an Optimizer, not {type(optimizer).__name__}")
    return optimizer


def number(
    scheduler: LRScheduler, what: str, value: Any, least: float = -math.inf, most: float = math.inf, above: float = -math.inf
) -> Any:
    """``value`` as Python's number; ArgumentError unless it is finite, ``least <= value <= most`` and ``value > above``."""
    given = real_number(value)
    if given is None or not math.isfinite(given) or not (least <= given <= most and (given > above or above == -math.inf)):
        low = f"above {above:g}" if above > -math.inf else f"at least {least:g}" if least > -math.inf else ""
        high = f"at most {most:g}" if most < math.inf else ""
        bounds = " ".join(filter(None, (low, "and" if low and high else "", high)))
        raise ArgumentError(f"{name_of(scheduler)}: {what} is a finite number{bounds and ' ' + bounds}, not {value!r}")
    return given


def whole(scheduler: LRScheduler, what: str, value: Any, least: int) -> int:
    """``value`` as Python's number; ArgumentError unless it is a whole number from ``least`` on."""
    given = whole_number(value)
    if given is None or given < least:
        raise ArgumentError(f"{name_of(scheduler)}: {what} is a whole number of at least {least}, not {value!r}")
    return given


def one_of(scheduler: LRScheduler, what: str, value: Any, names: Sequence[str]) -> None:
    """Raise ArgumentError unless ``value`` is among ``names``."""
    if not isinstance(value, str) or value not in names:
        raise ArgumentError(f"{name_of(scheduler)}: {what} is {' or '.join(map(repr, names))}, not {value!r}")


def for_each_group(scheduler: LRScheduler, what: str, value: Any, optimizer: Optimizer) -> list[Any]:
    """``value`` for every group: a list or tuple has one for each, anything else serves all."""
    count = len(optimizer.param_groups)
    if getattr(value, "ndim", None) == 1 and hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, list | tuple):
        return [value] * count
    if len(value) != count:
        raise ArgumentError(f"{name_of(scheduler)}: {what} has {len(value)} entries, the optimizer has {count} groups")
    return list(value)


def numbers_for_groups(
    scheduler: LRScheduler, what: str, value: Any, optimizer: Optimizer, least: float = 0.0, most: float = math.inf
) -> list[float]:
    """As ``for_each_group``, of numbers in [least, most]."""
    values = for_each_group(scheduler, what, value, optimizer)
    one_for_all = not isinstance(value, list | tuple) and getattr(value, "ndim", 0) == 0
    return [number(scheduler, what if one_for_all else f"{what}[{i}]", v, least, most) for i, v in enumerate(values)]


def functions_for_groups(scheduler: LRScheduler, what: str, value: Any, optimizer: Optimizer) -> list[Callable[[int], float]]:
    """As ``for_each_group``, of functions."""
    values = for_each_group(scheduler, what, value, optimizer)
    for v in values:
        if not callable(v):
            raise TypeError(f"{name_of(scheduler)}: {what} is a function, not {type(v).__name__}")
    return values
