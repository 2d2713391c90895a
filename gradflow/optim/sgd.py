"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError
from ..tensor import Tensor
from ..typing import Array, Namespace
from .optimizer import Optimizer, Update, at_least, bare, directed, fresh


def momentum_update(xp: Namespace, p: Array, g: Array, b: Array, t: Array, group: dict[str, Any], first: bool) -> None:
    """b = momentum b + (1 - dampening) g (at first: b = g);  p = p - lr b, or p - lr (g + momentum b) for Nesterov's."""
    momentum, dampening = group["momentum"], group["dampening"]
    if first:
        b[...] = g
    else:
        xp.multiply(b, momentum, out=b)
        if dampening:
            xp.multiply(g, 1 - dampening, out=t)
            xp.add(b, t, out=b)
        else:
            xp.add(b, g, out=b)
    d = b
    if group["nesterov"]:
        xp.multiply(b, momentum, out=t)
        d = xp.add(t, g, out=t)
    descend(xp, p, d, t, group["lr"])


def descend(xp: Namespace, p: Array, d: Array, t: Array, lr: float) -> None:
    """p = p - lr d."""
    xp.multiply(d, lr, out=t)
    xp.subtract(p, t, out=p)


class SGD(Optimizer):
    """Stochastic gradient descent: ``p = p - lr g``, with a memory of earlier gradients if there is ``momentum``.

    With momentum m and dampening d: ``b = m b + (1 - d) g`` (b = g at first) takes the place of g, and Nesterov's is
    ``g + m b``.  ``weight_decay`` adds ``weight_decay p`` to g, ``maximize`` turns its sign.

    ArgumentError for a negative ``lr``, ``momentum`` or ``weight_decay``, and for ``nesterov`` without momentum or with
    dampening.  Source: PyTorch's manual of ``torch.optim.SGD``; Sutskever et al., "On the importance of initialization
    and momentum" (2013).

    >>> import gradflow as gf
    >>> w = gf.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = gf.optim.SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.8000, 1.6000])
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        settings = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, settings)

    def check(self, group: dict[str, Any]) -> None:
        for name in ("lr", "momentum", "weight_decay"):
            at_least("SGD", name, group[name])
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ArgumentError("SGD: nesterov needs a momentum above 0 and no dampening")

    def begin(self, group: dict[str, Any], state: dict[str, Any], p: Tensor) -> None:
        state["momentum_buffer"] = None

    def update(self, group: dict[str, Any], state: dict[str, Any], u: Update, grad: Array) -> None:
        xp, t = u.xp, u.scratch(0)
        g = directed(xp, grad, u, group)
        if not group["momentum"]:
            descend(xp, u.data, g, t, group["lr"])
            return
        first = state.get("momentum_buffer") is None
        if first:
            state["momentum_buffer"] = fresh(u.of)
        momentum_update(xp, u.data, g, bare(state["momentum_buffer"]), t, group, first)
