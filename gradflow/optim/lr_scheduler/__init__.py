"""Schedules of learning rates, spelled as in ``torch.optim.lr_scheduler``.

A scheduler is made for an optimizer and writes ``group["lr"]``: the first value when it is made, the next at each
``step()``, which is called after ``optimizer.step()``.

>>> import gradflow as gf
>>> optimizer = gf.optim.SGD([gf.zeros(2, requires_grad=True)], lr=1.0)
>>> scheduler = gf.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
>>> for epoch in range(5):
...     optimizer.step()  # once for every batch, after backward()
...     print(epoch, scheduler.get_last_lr())
...     scheduler.step()
0 [1.0]
1 [1.0]
2 [0.5]
3 [0.5]
4 [0.25]
"""

from .base import LRScheduler
from .composed import ChainedScheduler, SequentialLR
from .curves import (
    ConstantLR,
    CosineAnnealingLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from .cycles import CosineAnnealingWarmRestarts, CyclicLR, OneCycleLR
from .functions import LambdaLR, MultiplicativeLR
from .plateau import ReduceLROnPlateau

__all__ = [
    "LRScheduler", "LambdaLR", "MultiplicativeLR", "StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR",
    "PolynomialLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "OneCycleLR", "SequentialLR",
    "ChainedScheduler", "ReduceLROnPlateau",
]  # fmt: skip
