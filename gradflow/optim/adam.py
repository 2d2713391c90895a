"""Adam: steps scaled by running averages of the gradient and of its square."""

from __future__ import annotations

import math
from typing import Any

from ..errors import ArgumentError
from ..tensor import Tensor
from ..typing import Array, Namespace
from .optimizer import Optimizer, Update, at_least, bare, directed, fresh


def adam_update(
    xp: Namespace, p: Array, g: Array, m: Array, v: Array, top: Array | None, t: Array, group: dict[str, Any], step: int
) -> None:
    """m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  p = p - lr (m / (1 - b1^n)) / (sqrt(v / (1 - b2^n)) + eps).

    ``top``, the largest v so far, takes its place for AMSGrad.  With r = sqrt(1 - b2^n) the last line is written
    p - (lr r / (1 - b1^n)) m / (sqrt(v) + eps r), which needs fewer passes.
    """
    b1, b2 = group["betas"]
    xp.multiply(m, b1, out=m)
    xp.multiply(g, 1 - b1, out=t)
    xp.add(m, t, out=m)
    xp.multiply(v, b2, out=v)
    xp.multiply(g, g, out=t)
    xp.multiply(t, 1 - b2, out=t)
    xp.add(v, t, out=v)
    if top is not None:
        v = xp.maximum(top, v, out=top)
    r = math.sqrt(1 - b2**step)
    xp.sqrt(v, out=t)
    xp.add(t, group["eps"] * r, out=t)
    xp.divide(m, t, out=t)
    xp.multiply(t, group["lr"] * r / (1 - b1**step), out=t)
    xp.subtract(p, t, out=p)


class Adam(Optimizer):
    """``p = p - lr m' / (sqrt(v') + eps)``, m' and v' the running averages of g and g^2 with their bias corrected.

    ``betas`` are the averages' memories.  ``weight_decay`` adds ``weight_decay p`` to g, ``amsgrad`` divides by the
    largest v so far, ``maximize`` turns the sign of g.

    ArgumentError for a negative ``lr``, ``eps`` or ``weight_decay`` and for betas outside of [0, 1).  Source: Kingma and
    Ba, "Adam" (2014); Reddi et al., "On the convergence of Adam and beyond" (2018) for AMSGrad.

    >>> import gradflow as gf
    >>> w = gf.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = gf.optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.9000, 1.9000])
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        settings = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, settings)

    def check(self, group: dict[str, Any]) -> None:
        name = type(self).__name__
        for what in ("lr", "eps", "weight_decay"):
            at_least(name, what, group[what])
        betas = group["betas"]
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise ArgumentError(f"{name}: betas are two numbers, not {betas!r}")
        for i, b in enumerate(betas):
            at_least(name, f"betas[{i}]", b, 0.0, 1.0)

    def begin(self, group: dict[str, Any], state: dict[str, Any], p: Tensor) -> None:
        state["step"] = 0
        state["exp_avg"], state["exp_avg_sq"] = fresh(p.data), fresh(p.data)

    def update(self, group: dict[str, Any], state: dict[str, Any], u: Update, grad: Array) -> None:
        top = None
        if group["amsgrad"]:
            if "max_exp_avg_sq" not in state:
                state["max_exp_avg_sq"] = fresh(u.of)
            top = bare(state["max_exp_avg_sq"])
        state["step"] += 1
        g = directed(u.xp, grad, u, group)
        m, v = bare(state["exp_avg"]), bare(state["exp_avg_sq"])
        adam_update(u.xp, u.data, g, m, v, top, u.scratch(0), group, state["step"])
