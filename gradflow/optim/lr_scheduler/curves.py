"""Schedules that are a function of the epoch alone: the learning rate is ``initial_lr`` times ``relative(epoch)``.

Most of them apply the *change* of that function from one epoch to the next to whatever the learning rate is, as
PyTorch's do: schedulers can then work on one optimizer together, and a learning rate that was set by hand in between is
taken on from there.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from ..optimizer import Optimizer
from .base import LRScheduler, number, rates_of, whole
from .functions import LambdaLR, MultiplicativeLR

__all__ = [
    "ConstantLR", "CosineAnnealingLR", "ExponentialLR", "LinearLR", "MultiStepLR", "PolynomialLR", "StepLR",
    "LambdaLR", "MultiplicativeLR",  # pickles of before 0.1 name this module for these
]  # fmt: skip


class _Curve(LRScheduler):
    """``lr = floor + (lr - floor) relative(n) / relative(n - 1)``."""

    floor = 0.0
    _steps_when_resumed = False  # as PyTorch's schedulers do or do not with last_epoch >= 0

    def relative(self, epoch: int) -> float:
        """The height above ``floor`` at an epoch, as a part of the initial one.

        Parameters
        ----------
        epoch : int
            An epoch, from 0 on.

        Returns
        -------
        float
            1 is the height of ``initial_lr``.

        Raises
        ------
        NotImplementedError
            If the class does not define it.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)], lr=3.0)
        >>> gf.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=4).relative(1)
        0.75
        """
        raise NotImplementedError

    def change(self, epoch: int) -> float | None:
        """By what the learning rate is multiplied to come from the epoch before to ``epoch``.

        Parameters
        ----------
        epoch : int
            An epoch, from 1 on.

        Returns
        -------
        float or None
            ``relative(epoch) / relative(epoch - 1)``; None where that is 0 / 0 or infinite.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)], lr=1.0)
        >>> gf.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2).change(2)
        2.0
        """
        now, before = self.relative(epoch), self.relative(epoch - 1)
        return now / before if before else None

    def get_lr(self) -> list[float]:
        n, lrs = self.last_epoch, rates_of(self.optimizer)
        change = self.change(n) if n else self.relative(0)
        if change is None:  # from the bottom nothing can be multiplied: it goes up by as much as the formula does
            up = self.relative(n)
            return [lr + (base - self.floor) * up for lr, base in zip(lrs, self.base_lrs, strict=True)]
        return lrs if change == 1 else [self.floor + (lr - self.floor) * change for lr in lrs]

    def _first_lr(self) -> list[float]:
        if self.last_epoch == 0 or self._steps_when_resumed:
            return self.get_lr()
        return rates_of(self.optimizer)

    def _free_lr(self) -> list[float]:
        height = self.relative(self.last_epoch)
        return [self.floor + (lr - self.floor) * height for lr in self.base_lrs]


class _Decay(_Curve):
    """``relative(n) = gamma ** count(n)``; the change is a power of its own, which neither overflows nor loses digits."""

    gamma: float

    def count(self, epoch: int) -> int:
        """How many times the learning rate has been multiplied by gamma."""
        raise NotImplementedError

    def relative(self, epoch: int) -> float:
        return float(self.gamma ** self.count(epoch))

    def change(self, epoch: int) -> float | None:
        return float(self.gamma ** (self.count(epoch) - self.count(epoch - 1)))


class StepLR(_Decay):
    """The learning rate times gamma every ``step_size`` epochs: ``lr = initial_lr gamma**floor(n / step_size)``.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rates are written; ``initial_lr`` is noted in each group.
    step_size : int
        Epochs, at least 1.
    gamma : float, default 0.1
        The factor, at least 0.
    last_epoch : int, default -1
        -1 to start; the last epoch that was completed, to go on.

    Raises
    ------
    ArgumentError
        For settings out of range.

    References
    ----------
    The rule is as old as training by gradient descent; the form is PyTorch's.

    Examples
    --------
    >>> import gradflow as gf
    >>> optimizer = gf.optim.SGD([gf.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = gf.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> for _ in range(4):
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    _steps_when_resumed = True

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        step_size = whole(self, "step_size", step_size, 1)
        gamma = number(self, "gamma", gamma, 0)
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def count(self, epoch: int) -> int:
        return epoch // self.step_size


class MultiStepLR(_Decay):
    """The learning rate times gamma at each milestone: ``lr = initial_lr gamma**(number of milestones m with m <= n)``.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rates are written; ``initial_lr`` is noted in each group.
    milestones : Iterable[int]
        Epochs; one that is given twice counts twice.
    gamma : float, default 0.1
        The factor, at least 0.
    last_epoch : int, default -1
        -1 to start; the last epoch that was completed, to go on.

    Raises
    ------
    ArgumentError
        For settings out of range.

    References
    ----------
    He et al., "Deep residual learning for image recognition" (2015), section 4.2.

    Examples
    --------
    >>> import gradflow as gf
    >>> optimizer = gf.optim.SGD([gf.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = gf.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[1, 3], gamma=0.5)
    >>> for _ in range(3):
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    _steps_when_resumed = True

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1) -> None:
        if not isinstance(milestones, Iterable):
            raise TypeError(f"MultiStepLR: milestones are several epochs, such as [30, 80], not {milestones!r}")
        held = [whole(self, f"milestones[{i}]", m, 0) for i, m in enumerate(milestones)]
        gamma = number(self, "gamma", gamma, 0)
        self.milestones, self.gamma = Counter(held), gamma
        super().__init__(optimizer, last_epoch)

    def count(self, epoch: int) -> int:
        return sum(times for m, times in self.milestones.items() if m <= epoch)


class ExponentialLR(_Decay):
    """The learning rate times gamma every epoch: ``lr = initial_lr gamma**n``.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rates are written; ``initial_lr`` is noted in each group.
    gamma : float
        The factor, at least 0; above 1 the learning rate grows, as one wants to find the largest that works.
    last_epoch : int, default -1
        -1 to start; the last epoch that was completed, to go on.

    Raises
    ------
    ArgumentError
        For settings out of range.

    References
    ----------
    The continuous form of a decay in steps; the form is PyTorch's.

    Examples
    --------
    >>> import gradflow as gf
    >>> optimizer = gf.optim.SGD([gf.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = gf.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> for _ in range(3):
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.125]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        gamma = number(self, "gamma", gamma, 0)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def count(self, epoch: int) -> int:
        return epoch


class ConstantLR(_Curve):
    """A lower learning rate for the first epochs: ``lr = initial_lr factor`` while ``n < total_iters``.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rates are written; ``initial_lr`` is noted in each group.
    factor : float, default 1.0 / 3
        In [0, 1].
    total_iters : int, default 5
        Epochs, at least 1.
    last_epoch : int, default -1
        -1 to start; the last epoch that was completed, to go on.

    Raises
    ------
    ArgumentError
        For settings out of range.

    References
    ----------
    He et al., "Deep residual learning for image recognition" (2015), section 4.2, a warm-up at a tenth.

    Examples
    --------
    >>> import gradflow as gf
    >>> optimizer = gf.optim.SGD([gf.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = gf.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> for _ in range(3):
    ...     print(scheduler.get_last_lr())
    ...     scheduler.step()
    [0.5]
    [0.5]
    [1.0]
    """

    _steps_when_resumed = True

    def __init__(self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1) -> None:
        factor = number(self, "factor", factor, 0, 1)
        total_iters = whole(self, "total_iters", total_iters, 1)
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def relative(self, epoch: int) -> float:
        return self.factor if epoch < self.total_iters else 1.0


class LinearLR(_Curve):
    """A straight line from ``initial_lr start_factor`` at epoch 0 to ``initial_lr end_factor`` at ``total_iters``.

    lr = initial_lr (start_factor + (end_factor - start_factor) min(n / total_iters, 1)).

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rates are written; ``initial_lr`` is noted in each group.
    start_factor : float, default 1.0 / 3
        In (0, 1].
    end_factor : float, default 1.0
        In [0, 1].
    total_iters : int, default 5
        Epochs, at least 1.
    last_epoch : int, default -1
        -1 to start; the last epoch that was completed, to go on.

    Raises
    ------
    ArgumentError
        For settings out of range.

    References
    ----------
    Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour" (2017), section 2.2, gradual warm-up.

    Examples
    --------
    >>> import gradflow as gf
    >>> optimizer = gf.optim.SGD([gf.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = gf.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> for _ in range(3):
    ...     print(scheduler.get_last_lr())
    ...     scheduler.step()
    [0.5]
    [0.75]
    [1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        start_factor = number(self, "start_factor", start_factor, 0, 1, above=0)
        end_factor = number(self, "end_factor", end_factor, 0, 1)
        total_iters = whole(self, "total_iters", total_iters, 1)
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def relative(self, epoch: int) -> float:
        return self.start_factor + (self.end_factor - self.start_factor) * min(epoch, self.total_iters) / self.total_iters


class PolynomialLR(_Curve):
    """A power of the epochs that are left, which goes to 0: ``lr = initial_lr (1 - min(n / total_iters, 1))**power``.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rates are written; ``initial_lr`` is noted in each group.
    total_iters : int, default 5
        Epochs, at least 1.
    power : float, default 1.0
        At least 0; 1 is a straight line.
    last_epoch : int, default -1
        -1 to start; the last epoch that was completed, to go on.

    Raises
    ------
    ArgumentError
        For settings out of range.

    References
    ----------
    Chen et al., "DeepLab: semantic image segmentation with deep convolutional nets" (2016), section 4.3, the "poly" policy.

    Examples
    --------
    >>> import gradflow as gf
    >>> optimizer = gf.optim.SGD([gf.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = gf.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=4, power=2.0)
    >>> for _ in range(2):
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        total_iters = whole(self, "total_iters", total_iters, 1)
        power = number(self, "power", power, 0)
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def relative(self, epoch: int) -> float:
        return float((1 - min(epoch, self.total_iters) / self.total_iters) ** self.power)


class CosineAnnealingLR(_Curve):
    """Half a wave down in ``T_max`` epochs: ``lr = eta_min + (initial_lr - eta_min) (1 + cos(pi n / T_max)) / 2``.

    After ``T_max`` the wave goes up again, as PyTorch's does.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rates are written; ``initial_lr`` is noted in each group.
    T_max : int
        Epochs, above 0.
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
    >>> scheduler = gf.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
    >>> for _ in range(4):
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.0]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        T_max = number(self, "T_max", T_max, above=0)
        eta_min = number(self, "eta_min", eta_min, 0)
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    @property
    def floor(self) -> float:  # type: ignore[override]
        """The lowest learning rate, ``eta_min``.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)], lr=1.0)
        >>> gf.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4, eta_min=0.1).floor
        0.1
        """
        return self.eta_min

    def relative(self, epoch: int) -> float:
        return (1 + math.cos(math.pi * epoch / self.T_max)) / 2
