"""A schedule that follows what is measured: lower the learning rate when the measure no longer improves."""

from __future__ import annotations

import math
from typing import Any

from ..._plain import real_number
from ...errors import ArgumentError
from ..optimizer import Optimizer
from .base import LRScheduler, checked_optimizer, name_of, number, numbers_for_groups, one_of, put_rate, rate_of, rates_of, whole


class ReduceLROnPlateau(LRScheduler):
    """``lr = max(lr factor, min_lr)`` when a metric has not improved for more than ``patience`` steps.

    With mode "min" the metric improves if it is below best (1 - threshold), for threshold_mode "rel", or below best - threshold,
    for "abs"; with "max" if it is above best (1 + threshold) or best + threshold. NaN is no improvement.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rates are written.
    mode : {"min", "max"}, default "min"
        Whether a metric is good that is small, or one that is large.
    factor : float, default 0.1
        In [0, 1).
    patience : int, default 10
        Steps, at least 0.
    threshold : float, default 1e-4
        At least 0.
    threshold_mode : {"rel", "abs"}, default "rel"
        Whether ``threshold`` is a part of the best value.
    cooldown : int, default 0
        For so many steps after a reduction nothing is counted; at least 0.
    min_lr : float or list of floats, default 0
        The lowest learning rate; a list has one for each group.
    eps : float, default 1e-8
        A change of the learning rate that is not larger is not made.

    Raises
    ------
    ArgumentError
        For settings out of range.

    References
    ----------
    The rule is that of Keras; the form is PyTorch's.

    Examples
    --------
    >>> import gradflow as gf
    >>> optimizer = gf.optim.SGD([gf.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = gf.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for loss in (3.0, 2.0, 2.0, 2.0, 2.0):
    ...     scheduler.step(loss)
    ...     print(scheduler.get_last_lr())
    [1.0]
    [1.0]
    [1.0]
    [0.5]
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        self.optimizer = checked_optimizer(self, optimizer)
        factor = number(self, "factor", factor, 0)
        if factor >= 1:
            raise ArgumentError(f"ReduceLROnPlateau: factor is a number below 1, not {factor!r}")
        one_of(self, "mode", mode, ["min", "max"])
        one_of(self, "threshold_mode", threshold_mode, ["rel", "abs"])
        patience = whole(self, "patience", patience, 0)
        cooldown = whole(self, "cooldown", cooldown, 0)
        threshold = number(self, "threshold", threshold, 0)
        eps = number(self, "eps", eps, 0)
        self.min_lrs = numbers_for_groups(self, "min_lr", min_lr, optimizer)
        self.default_min_lr = self.min_lrs[0] if real_number(min_lr) is not None else None
        self.mode, self.factor, self.patience, self.threshold = mode, factor, patience, threshold
        self.threshold_mode, self.cooldown, self.eps = threshold_mode, cooldown, eps
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.best, self.num_bad_epochs, self.cooldown_counter = self.mode_worse, 0, 0
        self.last_epoch = 0
        self._last_lr = rates_of(optimizer)

    @property
    def in_cooldown(self) -> bool:
        """Whether steps are not counted now, because of a reduction not longer than ``cooldown`` steps ago.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = gf.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, cooldown=5)
        >>> for loss in (1.0, 2.0):
        ...     scheduler.step(loss)
        >>> scheduler.in_cooldown
        True
        """
        return self.cooldown_counter > 0

    def _is_better(self, a: float, best: float) -> bool:
        away = -self.threshold if self.mode == "min" else self.threshold
        bound = best * (1 + away) if self.threshold_mode == "rel" else best + away
        return a < bound if self.mode == "min" else a > bound

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Take in one value of the metric, and lower the learning rates if their turn has come.

        Parameters
        ----------
        metrics : float or Tensor
            One number; for that of a Tensor the device is waited for.
        epoch : int, optional
            The epoch it belongs to; None: the next.

        Raises
        ------
        ArgumentError
            For what is no number, and for groups that have come in where ``min_lr`` was a list.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = gf.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
        >>> for loss in (1.0, 2.0):
        ...     scheduler.step(loss)
        >>> scheduler.get_last_lr()
        [0.5]
        """
        try:
            value = float(metrics.item() if hasattr(metrics, "item") else metrics)
        except (TypeError, ValueError) as problem:
            raise ArgumentError(f"{name_of(self)}.step: metrics is one number, not {metrics!r}") from problem
        self.optimizer._resumed = None
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise ArgumentError(
                    f"{name_of(self)} has min_lrs for {len(self.min_lrs)} groups, but the optimizer has {len(groups)} now; "
                    "write one for each group to scheduler.min_lrs"
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self._is_better(value, self.best):
            self.best, self.num_bad_epochs = value, 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
            for group, least in zip(groups, self.min_lrs, strict=True):
                lr = rate_of(group)
                lower = max(lr * self.factor, least)
                if lr - lower > self.eps:
                    put_rate(group, lower)
        self._last_lr = rates_of(self.optimizer)
