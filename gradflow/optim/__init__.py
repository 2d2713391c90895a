"""Optimizers: they change parameters in place by their gradients, spelled as in ``torch.optim``.

>>> import gradflow as gf
>>> w = gf.tensor(3.0, requires_grad=True)
>>> optimizer = gf.optim.SGD([w], lr=0.1)
>>> for _ in range(50):
...     optimizer.zero_grad()
...     loss = (w - 1) ** 2
...     loss.backward()
...     optimizer.step()
>>> w.detach()
tensor(1.0000)
"""

from typing import TYPE_CHECKING

from .._kernels import Kernel
from .._lazy import later
from .adam import Adam, Adamax, AdamW, NAdam, RAdam
from .adaptive import Adadelta, Adagrad, RMSprop
from .elementwise import ElementwiseOptimizer
from .optimizer import Optimizer
from .rprop import ASGD, Rprop
from .sgd import SGD, Momentum

__all__ = [
    "ASGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "ElementwiseOptimizer", "Kernel", "LBFGS", "Momentum",
    "Muon", "NAdam", "Optimizer", "RAdam", "RMSprop", "Rprop", "SGD", "lr_scheduler",
]  # fmt: skip

if TYPE_CHECKING:
    from . import lr_scheduler
    from .adafactor import Adafactor
    from .lbfgs import LBFGS
    from .muon import Muon

# What few programs use is imported when it is first asked for.
__getattr__ = later(__name__, {"Adafactor": ".adafactor", "LBFGS": ".lbfgs", "Muon": ".muon", "lr_scheduler": ".lr_scheduler"})


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
