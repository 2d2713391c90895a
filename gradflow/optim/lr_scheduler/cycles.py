"""Schedules that go up and down again, some of them with the momentum in the opposite direction.

They compute the learning rate from the epoch and their own bounds; what it was before does not matter to them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...errors import ArgumentError
from ..optimizer import Optimizer
from .base import LRScheduler, checked_optimizer, name_of, note_resumed, number, numbers_for_groups, one_of, put_rate, whole


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a wave down, again and again: ``lr = eta_min + (initial_lr - eta_min) (1 + cos(pi T_cur / T_i)) / 2``.

    T_cur are the epochs since the last restart, T_i the length of this descent: T_0 T_mult**(number of restarts). ``step(epoch)``
    takes parts of epochs too, as in ``step(epoch + batch / batches)``. The place in the descent depends on the epoch alone.
    PyTorch's goes wrong when it is made with a ``last_epoch`` that lies several restarts ahead, and by rounding in
    ``step(epoch)``.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rates are written; ``initial_lr`` is noted in each group.
    T_0 : int
        Epochs of the first descent, at least 1.
    T_mult : int, default 1
        By how much each descent is longer than the one before; a whole number, at least 1.
    eta_min : float, default 0.0
        The lowest learning rate, at least 0.
    last_epoch : int, default -1
        -1 to start; the last epoch that was completed, to go on.

    Raises
    ------
    ArgumentError
        For settings out of range.

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (2016), equation 5.

    Examples
    --------
    >>> import gradflow as gf
    >>> optimizer = gf.optim.SGD([gf.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = gf.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2, T_mult=2)
    >>> for _ in range(4):
    ...     print([round(lr, 3) for lr in scheduler.get_last_lr()], scheduler.T_cur, scheduler.T_i)
    ...     scheduler.step()
    [1.0] 0 2
    [0.5] 1 2
    [1.0] 0 4
    [0.854] 1 4
    """

    def __init__(self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        T_0 = whole(self, "T_0", T_0, 1)
        T_mult = whole(self, "T_mult", T_mult, 1)
        eta_min = number(self, "eta_min", eta_min, 0)
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        self.T_cur: float = 0
        self.T_i = T_0
        super().__init__(optimizer, last_epoch)

    def place(self, epoch: float) -> tuple[float, int]:
        """T_cur and T_i at an epoch.

        Parameters
        ----------
        epoch : float
            An epoch, or a part of one.

        Returns
        -------
        tuple of float and int
            The epochs since the last restart, and the length of this descent.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)], lr=1.0)
        >>> gf.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2, T_mult=2).place(3)
        (1, 4)
        """
        length = self.T_0
        if self.T_mult == 1:
            return epoch % length, length
        while epoch >= length:
            epoch, length = epoch - length, length * self.T_mult
        return epoch, length

    def get_lr(self) -> list[float]:
        height = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (lr - self.eta_min) * height for lr in self.base_lrs]

    def _move(self, epoch: float, rule: Callable[[], list[float]]) -> None:
        before = self.T_cur, self.T_i
        self.T_cur, self.T_i = self.place(epoch)
        try:
            super()._move(epoch, rule)
        except BaseException:
            self.T_cur, self.T_i = before
            raise


class _Cycle(LRScheduler):
    """Writes ``momentum``, or ``betas[0]`` where the optimizer has betas, together with the learning rate."""

    cycle_momentum: bool

    def get_momentum(self) -> list[float]:
        """The momenta of ``last_epoch``.

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
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
        >>> gf.optim.lr_scheduler.CyclicLR(optimizer, base_lr=0.5, max_lr=1.0).get_momentum()
        [0.9]
        """
        raise NotImplementedError

    def _write(self, lrs: list[float]) -> None:
        super()._write(lrs)
        if self.cycle_momentum:
            for group, momentum in zip(self.optimizer.param_groups, self.get_momentum(), strict=True):
                _put_momentum(group, momentum)

    def _momenta(self, optimizer: Optimizer, base: Any, top: Any, last_epoch: int) -> tuple[list[float], list[float]]:
        """The bounds of the momentum, checked and noted in the groups."""
        if not {"momentum", "betas"} & set(optimizer.defaults):
            raise ArgumentError(
                f"{name_of(self)}: cycle_momentum=True needs an optimizer with momentum or betas, {type(optimizer).__name__} has "
                "neither; give cycle_momentum=False"
            )
        self.use_beta1 = "betas" in optimizer.defaults
        lows = numbers_for_groups(self, "base_momentum", base, optimizer, 0, 1)
        highs = numbers_for_groups(self, "max_momentum", top, optimizer, 0, 1)
        if last_epoch == -1:
            for group, low, high in zip(optimizer.param_groups, lows, highs, strict=True):
                group["max_momentum"], group["base_momentum"] = high, low
                _put_momentum(group, high)
        return lows, highs


def _put_momentum(group: dict[str, Any], momentum: float) -> None:
    if "betas" in group:
        group["betas"] = (momentum, *group["betas"][1:])
    else:
        group["momentum"] = momentum


MODES: dict[str, tuple[str, Callable[[float, float], float]]] = {
    "triangular": ("cycle", lambda gamma, cycle: 1.0),
    "triangular2": ("cycle", lambda gamma, cycle: 0.5 ** (cycle - 1)),
    "exp_range": ("iterations", lambda gamma, n: gamma**n),
}
"""What each mode of CyclicLR counts, and the height of a triangle it makes of that."""


class CyclicLR(_Cycle):
    """Triangles between two learning rates: ``lr = base_lr + (max_lr - base_lr) h s``.

    h goes from 0 to 1 in ``step_size_up`` epochs and back in ``step_size_down``. s, the scale, is 1 for mode "triangular",
    0.5**(cycle - 1) with cycles counted from 1 for "triangular2", and gamma**n for "exp_range".

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rates are written; ``initial_lr`` is noted in each group.
    base_lr : float or list of floats
        The lower learning rate, at least 0; a list has one for each group.
    max_lr : float or list of floats
        The upper learning rate, at least 0; a list has one for each group.
    step_size_up : int, default 2000
        Epochs (here as a rule batches), above 0.
    step_size_down : int, optional
        Epochs, at least 0; None: as many as up.
    mode : {"triangular", "triangular2", "exp_range"}, default "triangular"
        How s changes.
    gamma : float, default 1.0
        The base of "exp_range", at least 0.
    scale_fn : callable, optional
        A function that is s, instead of that of ``mode``.
    scale_mode : {"cycle", "iterations"}, default "cycle"
        Whether ``scale_fn`` is given the number of the cycle, or the epoch.
    cycle_momentum : bool, default True
        Whether the momentum is max_momentum - (max_momentum - base_momentum) h s.
    base_momentum : float or list of floats, default 0.8
        The lower momentum, in [0, 1]; a list has one for each group.
    max_momentum : float or list of floats, default 0.9
        The upper momentum, in [0, 1]; a list has one for each group.
    last_epoch : int, default -1
        -1 to start; the last epoch that was completed, to go on.

    Raises
    ------
    ArgumentError
        For settings out of range, and if the momentum of an optimizer without one is to cycle.

    References
    ----------
    Smith, "Cyclical learning rates for training neural networks" (2015).

    Examples
    --------
    >>> import gradflow as gf
    >>> optimizer = gf.optim.SGD([gf.zeros(2, requires_grad=True)], lr=1.0, momentum=0.9)
    >>> scheduler = gf.optim.lr_scheduler.CyclicLR(optimizer, base_lr=0.5, max_lr=1.0, step_size_up=2)
    >>> for _ in range(5):
    ...     print(scheduler.get_last_lr(), round(optimizer.param_groups[0]["momentum"], 3))
    ...     scheduler.step()
    [0.5] 0.9
    [0.75] 0.85
    [1.0] 0.8
    [0.75] 0.85
    [0.5] 0.9
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        note_resumed(checked_optimizer(self, optimizer))
        base_lrs = numbers_for_groups(self, "base_lr", base_lr, optimizer)
        self.max_lrs = numbers_for_groups(self, "max_lr", max_lr, optimizer)
        down = step_size_up if step_size_down is None else step_size_down
        step_size_up = number(self, "step_size_up", step_size_up, above=0)
        down = number(self, "step_size_down", down, 0)
        gamma = number(self, "gamma", gamma, 0)
        if scale_fn is None:
            one_of(self, "mode", mode, list(MODES))
            scale_mode = MODES[mode][0]
        elif not callable(scale_fn):
            raise TypeError(f"CyclicLR: scale_fn is a function, not {type(scale_fn).__name__}")
        one_of(self, "scale_mode", scale_mode, ["cycle", "iterations"])
        self.total_size = float(step_size_up + down)
        self.step_ratio = step_size_up / self.total_size
        self.mode, self.gamma, self.scale_mode, self._scale_fn_custom = mode, gamma, scale_mode, scale_fn
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums, self.max_momentums = self._momenta(optimizer, base_momentum, max_momentum, last_epoch)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, base_lrs, strict=True):
                put_rate(group, lr)
        self.base_lrs = base_lrs
        super().__init__(optimizer, last_epoch)

    def scale_fn(self, x: float) -> float:
        """The scale s of a triangle.

        Parameters
        ----------
        x : float
            The number of the cycle, or the epoch, as the mode counts.

        Returns
        -------
        float
            1 for "triangular".

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
        >>> gf.optim.lr_scheduler.CyclicLR(optimizer, 0.5, 1.0, mode="triangular2").scale_fn(2)
        0.5
        """
        return MODES[self.mode][1](self.gamma, x) if self._scale_fn_custom is None else self._scale_fn_custom(x)

    def height(self, epoch: int) -> float:
        """Where an epoch lies between the bounds: 0 at ``base_lr`` and ``max_momentum``, 1 at the others.

        Parameters
        ----------
        epoch : int
            An epoch.

        Returns
        -------
        float
            h s.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
        >>> gf.optim.lr_scheduler.CyclicLR(optimizer, 0.5, 1.0, step_size_up=4).height(1)
        0.25
        """
        cycles, place = divmod(epoch, self.total_size)
        place /= self.total_size
        h = place / self.step_ratio if place <= self.step_ratio else (1 - place) / (1 - self.step_ratio)
        return h * self.scale_fn(int(cycles) + 1 if self.scale_mode == "cycle" else epoch)

    def get_lr(self) -> list[float]:
        h = self.height(self.last_epoch)
        return [low + (high - low) * h for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def get_momentum(self) -> list[float]:
        h = self.height(self.last_epoch)
        return [high - (high - low) * h for low, high in zip(self.base_momentums, self.max_momentums, strict=True)]


CURVES: dict[str, Callable[[float, float, float], float]] = {
    "cos": lambda start, end, part: end + (start - end) / 2 * (1 + math.cos(math.pi * part)),
    "linear": lambda start, end, part: start + (end - start) * part,
}
"""From ``start`` to ``end`` while ``part`` goes from 0 to 1."""


class OneCycleLR(_Cycle):
    """One rise to a large learning rate and one long descent far below where it began.

    The learning rate goes from max_lr / div_factor up to max_lr in the first pct_start total_steps epochs, then down to max_lr /
    div_factor / final_div_factor. With ``cycle_momentum`` the momentum goes from ``max_momentum`` down to ``base_momentum`` and
    up again. The last value is that of epoch total_steps - 1; one further step, which a loop makes after its last batch, keeps
    it.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rates are written; ``initial_lr`` is noted in each group.
    max_lr : float or list of floats
        The largest learning rate, at least 0; a list has one for each group.
    total_steps : int, optional
        The length of the schedule, at least 1; None: ``epochs`` times ``steps_per_epoch``.
    epochs : int, optional
        How many passes over the data.
    steps_per_epoch : int, optional
        How many steps in each.
    pct_start : float, default 0.3
        The part of the rise, in [0, 1].
    anneal_strategy : {"cos", "linear"}, default "cos"
        The form of the rise and the descent.
    cycle_momentum : bool, default True
        Whether the momentum is written too.
    base_momentum : float or list of floats, default 0.85
        The lower momentum, in [0, 1]; a list has one for each group.
    max_momentum : float or list of floats, default 0.95
        The upper momentum, in [0, 1]; a list has one for each group.
    div_factor : float, default 25.0
        Above 0.
    final_div_factor : float, default 1e4
        Above 0.
    three_phase : bool, default False
        Whether it first goes down to where it began, in as many epochs as it rose.
    last_epoch : int, default -1
        -1 to start; the last epoch that was completed, to go on.

    Raises
    ------
    ArgumentError
        For settings out of range, for a step beyond ``total_steps``, and if the momentum of an optimizer without one is to cycle.

    References
    ----------
    Smith and Topin, "Super-convergence: very fast training of neural networks using large learning rates" (2017); in two phases,
    as fastai does it.

    Examples
    --------
    >>> import gradflow as gf
    >>> optimizer = gf.optim.SGD([gf.zeros(2, requires_grad=True)], lr=1.0, momentum=0.9)
    >>> scheduler = gf.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=10, anneal_strategy="linear")
    >>> lrs = []
    >>> for _ in range(10):
    ...     lrs += scheduler.get_last_lr()
    ...     scheduler.step()
    >>> [round(lr, 2) for lr in lrs]
    [0.04, 0.52, 1.0, 0.86, 0.71, 0.57, 0.43, 0.29, 0.14, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        note_resumed(checked_optimizer(self, optimizer))
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ArgumentError("OneCycleLR: give total_steps, or epochs and steps_per_epoch")
            epochs = whole(self, "epochs", epochs, 1)
            steps_per_epoch = whole(self, "steps_per_epoch", steps_per_epoch, 1)
            total_steps = epochs * steps_per_epoch
        total_steps = whole(self, "total_steps", total_steps, 1)
        pct_start = number(self, "pct_start", pct_start, 0, 1)
        one_of(self, "anneal_strategy", anneal_strategy, list(CURVES))
        div_factor = number(self, "div_factor", div_factor, above=0)
        final_div_factor = number(self, "final_div_factor", final_div_factor, above=0)
        max_lrs = numbers_for_groups(self, "max_lr", max_lr, optimizer)
        self.total_steps, self._anneal_func_type, self.cycle_momentum = total_steps, anneal_strategy, cycle_momentum
        rise, last = float(pct_start * total_steps), total_steps - 1
        self._schedule_phases: list[dict[str, Any]] = [{"end_step": rise - 1, "start_lr": "initial_lr", "end_lr": "max_lr"}]
        if three_phase:
            self._schedule_phases += [
                {"end_step": 2 * rise - 2, "start_lr": "max_lr", "end_lr": "initial_lr"},
                {"end_step": last, "start_lr": "initial_lr", "end_lr": "min_lr"},
            ]
        else:
            self._schedule_phases += [{"end_step": last, "start_lr": "max_lr", "end_lr": "min_lr"}]
        if cycle_momentum:
            self._momenta(optimizer, base_momentum, max_momentum, last_epoch)
        for i, (group, lr) in enumerate(zip(optimizer.param_groups, max_lrs, strict=True)):
            if last_epoch == -1:
                group["initial_lr"], group["max_lr"] = lr / div_factor, lr
                group["min_lr"] = lr / div_factor / final_div_factor
            elif missing := [key for key in ("initial_lr", "max_lr", "min_lr") if key not in group]:
                raise ArgumentError(
                    f"OneCycleLR: last_epoch={last_epoch} goes on with a schedule, but group {i} of the optimizer has no "
                    f"{' and no '.join(map(repr, missing))}; load the optimizer's state_dict() first"
                )
        super().__init__(optimizer, last_epoch)

    def place(self, epoch: int) -> tuple[str, str, float]:
        """The bounds that an epoch lies between, and which part of the way has been gone.

        Parameters
        ----------
        epoch : int
            An epoch.

        Returns
        -------
        tuple of str, str and float
            The names of the bounds in ``param_groups``, and the part in [0, 1].

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
        >>> gf.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=10).place(1)
        ('initial_lr', 'max_lr', 0.5)
        """
        start, phase = 0.0, self._schedule_phases[-1]
        for phase in self._schedule_phases:
            if epoch <= phase["end_step"] or phase is self._schedule_phases[-1]:
                break
            start = phase["end_step"]
        length = phase["end_step"] - start
        return phase["start_lr"], phase["end_lr"], min((epoch - start) / length, 1.0) if length else 1.0

    def get_lr(self) -> list[float]:
        if self.last_epoch > self.total_steps:
            raise ArgumentError(
                f"OneCycleLR: this is step {self.last_epoch}, but the schedule was made for total_steps={self.total_steps}"
            )
        start, end, part = self.place(self.last_epoch)
        curve = CURVES[self._anneal_func_type]
        return [curve(group[start], group[end], part) for group in self.optimizer.param_groups]

    def get_momentum(self) -> list[float]:
        start, end, part = self.place(self.last_epoch)
        curve = CURVES[self._anneal_func_type]
        bound = {"initial_lr": "max_momentum", "max_lr": "base_momentum", "min_lr": "max_momentum"}
        return [curve(group[bound[start]], group[bound[end]], part) for group in self.optimizer.param_groups]
