"""Schedules that are functions of the user's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, checked_optimizer, functions_for_groups, rates_of


class LambdaLR(LRScheduler):
    """Any function of the epoch: ``lr = initial_lr lr_lambda(n)``.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rates are written; ``initial_lr`` is noted in each group.
    lr_lambda : callable or list of callables
        From an epoch to a factor; a list has one for each group. A function is not saved in ``state_dict()``; of any other
        callable object the attributes are.
    last_epoch : int, default -1
        -1 to start; the last epoch that was completed, to go on.

    Raises
    ------
    TypeError
        For what is no function.
    ArgumentError
        For a list of another length.

    References
    ----------
    The form is PyTorch's.

    Examples
    --------
    >>> import gradflow as gf
    >>> optimizer = gf.optim.SGD([gf.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = gf.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], float] | list[Any], last_epoch: int = -1) -> None:
        self.lr_lambdas = _functions(self, optimizer, lr_lambda)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [lr * factor(self.last_epoch) for lr, factor in zip(self.base_lrs, self.lr_lambdas, strict=True)]


class MultiplicativeLR(LRScheduler):
    """The learning rate times a function of the epoch: ``lr = lr lr_lambda(n)``, from epoch 1 on.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rates are written; ``initial_lr`` is noted in each group.
    lr_lambda : callable or list of callables
        From an epoch to a factor; a list has one for each group. It is saved as in ``LambdaLR``.
    last_epoch : int, default -1
        -1 to start; the last epoch that was completed, to go on.

    Raises
    ------
    TypeError
        For what is no function.
    ArgumentError
        For a list of another length.

    References
    ----------
    The form is PyTorch's.

    Examples
    --------
    >>> import gradflow as gf
    >>> optimizer = gf.optim.SGD([gf.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = gf.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda epoch: 0.5 if epoch % 2 else 1.0)
    >>> for _ in range(3):
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], float] | list[Any], last_epoch: int = -1) -> None:
        self.lr_lambdas = _functions(self, optimizer, lr_lambda)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [lr * factor(self.last_epoch) for lr, factor in zip(rates_of(self.optimizer), self.lr_lambdas, strict=True)]

    def _first_lr(self) -> list[float]:
        return rates_of(self.optimizer)


def _functions(scheduler: LRScheduler, optimizer: Optimizer, functions: Any) -> list[Callable[[int], float]]:
    return functions_for_groups(scheduler, "lr_lambda", functions, checked_optimizer(scheduler, optimizer))
