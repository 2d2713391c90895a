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

from .adam import Adam
from .optimizer import Optimizer
from .sgd import SGD

__all__ = ["Adam", "Optimizer", "SGD"]
