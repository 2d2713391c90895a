"""Schedulers made of schedulers: one after another, or all at every step."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...errors import ArgumentError
from ..optimizer import Optimizer
from .base import LRScheduler, name_of, put_rate, rates_of, whole
from .plateau import ReduceLROnPlateau


class _Composed(LRScheduler):
    """What the two have in common: the members, and saving them."""

    _schedulers: list[LRScheduler]

    def _members(self, schedulers: Any, optimizer: Any) -> None:
        """Check and note the schedulers and their optimizer."""
        name, held = name_of(self), list(schedulers) if isinstance(schedulers, Iterable) else [schedulers]
        if not held:
            raise ArgumentError(f"{name}: got no schedulers")
        for i, s in enumerate(held):
            if not isinstance(s, LRScheduler):
                raise TypeError(f"{name}: schedulers[{i}] is a {type(s).__name__}, not a scheduler")
            if isinstance(s, ReduceLROnPlateau):
                raise ArgumentError(
                    f"{name}: schedulers[{i}] is a ReduceLROnPlateau, whose step() needs a metric; call it by itself"
                )
            optimizer = s.optimizer if optimizer is None else optimizer
            if s.optimizer is not optimizer:
                raise ArgumentError(f"{name}: schedulers[{i}], a {name_of(s)}, was made for another optimizer")
        self.optimizer, self._schedulers = optimizer, held

    def _reset_lr(self) -> None:
        for group in self.optimizer.param_groups:
            put_rate(group, group["initial_lr"])

    def _rewind(self) -> None:
        for s in self._schedulers:
            s._rewind()

    def _rewrite(self) -> None:
        for s in self._schedulers:
            if s.last_epoch >= 0:  # its turn has come
                s._rewrite()
        for group, lr in zip(self.optimizer.param_groups, self._last_lr, strict=True):
            put_rate(group, lr)

    def _note(self) -> None:
        self._last_lr = rates_of(self.optimizer)

    def state_dict(self) -> dict[str, Any]:
        """A copy of all but the optimizer, under PyTorch's keys.

        Returns
        -------
        dict
            Values by name; "_schedulers" has the members' states.

        Examples
        --------
        >>> import gradflow as gf
        >>> from gradflow.optim.lr_scheduler import ChainedScheduler, ExponentialLR
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)], lr=1.0)
        >>> len(ChainedScheduler([ExponentialLR(optimizer, gamma=0.5)]).state_dict()["_schedulers"])
        1
        """
        own = {key: value for key, value in vars(self).items() if key not in ("optimizer", "_schedulers")}
        copied = {key: list(value) if isinstance(value, list) else value for key, value in own.items()}
        return {**copied, "_schedulers": [s.state_dict() for s in self._schedulers]}

    def _fit(self, state_dict: Mapping[str, Any]) -> None:
        super()._fit(state_dict)
        given, own = state_dict["_schedulers"], self._schedulers
        if len(given) != len(own):
            raise ArgumentError(
                f"{name_of(self)}: this state is of {len(given)} schedulers, here are {len(own)}; nothing was loaded"
            )
        for s, state in zip(own, given, strict=True):
            s._fit(state)

    def _load(self, state_dict: Mapping[str, Any]) -> None:
        for s, state in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            s._load(state)
        super()._load({key: value for key, value in state_dict.items() if key != "_schedulers"})


class SequentialLR(_Composed):
    """One scheduler after another: ``schedulers[i]`` from epoch ``milestones[i - 1]`` to ``milestones[i]``.

    Each begins at an epoch 0 of its own, from ``initial_lr`` (a MultiplicativeLR goes on from the learning rate there is).

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rates are written; ``initial_lr`` is noted in each group.
    schedulers : Sequence[LRScheduler]
        Schedulers of this optimizer.
    milestones : sequence of ints
        Epochs in rising order, one fewer than ``schedulers``.
    last_epoch : int, default -1
        -1 to start; another number runs through the schedule up to the epoch after it (PyTorch's would begin anew).

    Raises
    ------
    TypeError
        For what is no scheduler.
    ArgumentError
        For no schedulers, one of another optimizer, a ReduceLROnPlateau, and milestones that do not fit.

    References
    ----------
    The form is PyTorch's.

    Examples
    --------
    >>> import gradflow as gf
    >>> from gradflow.optim.lr_scheduler import ExponentialLR, LinearLR, SequentialLR
    >>> optimizer = gf.optim.SGD([gf.zeros(2, requires_grad=True)], lr=1.0)
    >>> warm_up = LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> scheduler = SequentialLR(optimizer, [warm_up, ExponentialLR(optimizer, gamma=0.5)], milestones=[2])
    >>> for _ in range(4):
    ...     print(scheduler.get_last_lr())
    ...     scheduler.step()
    [0.5]
    [0.75]
    [1.0]
    [0.5]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int], last_epoch: int = -1
    ) -> None:
        self._members(schedulers, optimizer)
        last_epoch = whole(self, "last_epoch", last_epoch, -1)
        held: list[int] = []
        for i, m in enumerate(milestones):
            held.append(whole(self, f"milestones[{i}]", m, held[-1] if held else 0))
        if len(held) != len(self._schedulers) - 1:
            raise ArgumentError(
                f"SequentialLR: {len(self._schedulers)} schedulers take {len(self._schedulers) - 1} milestones, not {len(held)}"
            )
        self._milestones = held
        self._restart()
        for _ in range(last_epoch + 1):
            self.step()

    def _current(self) -> tuple[int, LRScheduler]:
        i = bisect_right(self._milestones, self.last_epoch)
        return i, self._schedulers[i]

    def _restart(self) -> None:
        self._reset_lr()
        self._rewind()
        self.last_epoch = 0
        self._current()[1]._initial_step()
        self._note()

    def _initial_step(self) -> None:
        self._restart()

    def step(self) -> None:  # type: ignore[override]
        """Go to the next epoch: a step of the scheduler whose turn it is.

        Examples
        --------
        >>> import gradflow as gf
        >>> from gradflow.optim.lr_scheduler import ConstantLR, ExponentialLR, SequentialLR
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)], lr=1.0)
        >>> first, then = ConstantLR(optimizer, factor=0.5, total_iters=9), ExponentialLR(optimizer, gamma=0.1)
        >>> scheduler = SequentialLR(optimizer, [first, then], milestones=[1])
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [1.0]
        """
        self.optimizer._resumed = None
        self.last_epoch += 1
        i, scheduler = self._current()
        if i and self._milestones[i - 1] == self.last_epoch:
            scheduler._restart()
        else:
            scheduler.step()
        self._note()


class ChainedScheduler(_Composed):
    """All schedulers at every step, one after the other; each changes what the one before it left.

    Parameters
    ----------
    schedulers : Sequence[LRScheduler]
        Schedulers of one optimizer, at least one.
    optimizer : Optimizer, optional
        None: that of the schedulers.

    Raises
    ------
    TypeError
        For what is no scheduler.
    ArgumentError
        For no schedulers, one of another optimizer, and a ReduceLROnPlateau.

    References
    ----------
    The form is PyTorch's.

    Examples
    --------
    >>> import gradflow as gf
    >>> from gradflow.optim.lr_scheduler import ChainedScheduler, ConstantLR, ExponentialLR
    >>> optimizer = gf.optim.SGD([gf.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = ChainedScheduler([ConstantLR(optimizer, factor=0.5, total_iters=2), ExponentialLR(optimizer, gamma=0.5)])
    >>> for _ in range(4):
    ...     print(scheduler.get_last_lr())
    ...     scheduler.step()
    [0.5]
    [0.25]
    [0.25]
    [0.125]
    """

    _own_keys = ("last_epoch",)

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self._members(schedulers, optimizer)
        self.last_epoch = self._schedulers[0].last_epoch
        self._note()

    def _initial_step(self) -> None:
        for s in self._schedulers:
            s._initial_step()
        self.last_epoch = 0
        self._note()

    def _restart(self) -> None:
        self._reset_lr()
        self._rewind()
        self._initial_step()

    def step(self) -> None:  # type: ignore[override]
        """Go to the next epoch: a step of every scheduler, in order.

        Examples
        --------
        >>> import gradflow as gf
        >>> from gradflow.optim.lr_scheduler import ChainedScheduler, ExponentialLR
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = ChainedScheduler([ExponentialLR(optimizer, gamma=0.5), ExponentialLR(optimizer, gamma=0.5)])
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [0.25]
        """
        for s in self._schedulers:
            s.step()
        self.last_epoch += 1
        self._note()
