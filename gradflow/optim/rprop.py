"""Two methods of another kind: steps by the gradient's sign alone, and an average of all places visited."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from .._kernels import Kernel
from ..errors import ArgumentError
from ..typing import Array, Namespace
from .elementwise import ElementwiseOptimizer
from .optimizer import Params, at_least
from .sgd import steered


def rprop(
    xp: Namespace, p: Array, g: Array, prev: Array, step_size: Array, shrink: float, grow: float, least: float, most: float,
    *, maximize: bool,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """The step grows while g keeps its sign, and shrinks, with no move, where the sign has changed;  p = p - step sign(g)."""
    g = steered(g, p, 0, maximize)
    agreement = g * prev
    factor = xp.where(agreement > 0, grow, xp.where(agreement < 0, shrink, 1.0))
    size = xp.minimum(xp.maximum(step_size * factor, least), most)
    g = xp.where(agreement < 0, 0.0, g)
    return p - xp.sign(g) * size, g, size


class Rprop(ElementwiseOptimizer):
    """Resilient backpropagation: every number has a step length of its own, and only the sign of its gradient counts.

    The step length starts at ``lr``, is multiplied by ``etas[1]`` while the gradient keeps its sign, and by ``etas[0]`` when it
    has changed; then the number does not move. It is for gradients of all the data, not of batches.

    Parameters
    ----------
    params : iterable of Tensor, (str, Tensor) or dict
        Parameters, ``named_parameters()``, or dicts with "params" and settings of their own (groups).
    lr : float, default 1e-2
        The first step length, at least 0.
    etas : two floats, default (0.5, 1.2)
        The factors: 0 < etas[0] < 1 < etas[1].
    step_sizes : two floats, default (1e-6, 50.0)
        The smallest and the largest step length.
    maximize : bool, default False
        Whether the sign of the gradient is turned.
    error_on_nonfinite : bool, default False
        Whether a step refuses NaN and infinite gradients; it then waits for the device.

    Raises
    ------
    ArgumentError
        For a negative ``lr``, and unless 0 < etas[0] < 1 < etas[1].

    References
    ----------
    Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning: the RPROP algorithm" (1993).

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = gf.optim.Rprop([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.9000, 1.9000])
    """

    formula = Kernel(rprop, writes="p prev step_size")
    counters: ClassVar = {"step": 0}

    def __init__(
        self, params: Params, lr: float = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0), *, maximize: bool = False, error_on_nonfinite: bool = False,
    ) -> None:  # fmt: skip
        settings = {"lr": lr, "etas": etas, "step_sizes": step_sizes, "maximize": maximize}
        super().__init__(params, settings, error_on_nonfinite)

    def check(self, group: dict[str, Any]) -> None:
        at_least("Rprop", "lr", group["lr"])
        for name in ("etas", "step_sizes"):
            pair = group[name]
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                raise ArgumentError(f"Rprop: {name} are two numbers, not {pair!r}")
            for i, value in enumerate(pair):
                at_least("Rprop", f"{name}[{i}]", value)
        if not 0 < group["etas"][0] < 1 < group["etas"][1]:
            raise ArgumentError(f"Rprop: etas are a number between 0 and 1 and one above 1, not {group['etas']!r}")

    def keeps(self, group: dict[str, Any]) -> dict[str, float]:
        return {"prev": 0.0, "step_size": float(group["lr"])}

    def numbers(self, group: dict[str, Any], counts: dict[str, Any]) -> dict[str, Any]:
        known = super().numbers(group, counts)
        known["shrink"], known["grow"] = group["etas"]
        known["least"], known["most"] = group["step_sizes"]
        return known


def asgd(
    xp: Namespace, p: Array, g: Array, ax: Array, lambd: float, weight_decay: float, eta: float, mu: float, *, maximize: bool
) -> tuple[Array, Array]:
    """p = (1 - lambd eta) p - eta g;  a = a + mu (p - a)."""
    g = steered(g, p, weight_decay, maximize)
    p = p * (1 - lambd * eta) - eta * g
    return p, ax + mu * (p - ax)


class ASGD(ElementwiseOptimizer):
    """Gradient descent with a falling learning rate; ``state[p]["ax"]`` is the average of the places visited.

    p = (1 - lambd eta) p - eta g, with eta = lr / (1 + lambd lr n)^alpha at step n.

    Parameters
    ----------
    params : iterable of Tensor, (str, Tensor) or dict
        Parameters, ``named_parameters()``, or dicts with "params" and settings of their own (groups).
    lr : float, default 1e-2
        The learning rate, at least 0.
    lambd : float, default 1e-4
        A decay of its own.
    alpha : float, default 0.75
        The power with which the rate falls.
    t0 : float, default 1e6
        After how many steps the average begins.
    weight_decay : float, default 0.0
        How much of p is added to g, at least 0.
    maximize : bool, default False
        Whether the sign of the gradient is turned.
    error_on_nonfinite : bool, default False
        Whether a step refuses NaN and infinite gradients; it then waits for the device.

    Raises
    ------
    ArgumentError
        For a negative ``lr`` or ``weight_decay``.

    References
    ----------
    Polyak and Juditsky, "Acceleration of stochastic approximation by averaging" (1992); Xu, "Towards optimal one pass large scale
    learning with averaged stochastic gradient descent" (2011).

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = gf.optim.ASGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.8000, 1.6000])
    """

    formula = Kernel(asgd, writes="p ax")
    counters: ClassVar = {"step": 0, "eta": None, "mu": 1.0}

    def __init__(
        self, params: Params, lr: float = 1e-2, lambd: float = 1e-4, alpha: float = 0.75, t0: float = 1e6,
        weight_decay: float = 0.0, *, maximize: bool = False, error_on_nonfinite: bool = False,
    ) -> None:  # fmt: skip
        settings = {"lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, settings, error_on_nonfinite)

    def check(self, group: dict[str, Any]) -> None:
        for name in ("lr", "weight_decay"):
            at_least("ASGD", name, group[name])
        for name in ("lambd", "alpha", "t0"):
            at_least("ASGD", name, group[name], -math.inf)

    def keeps(self, group: dict[str, Any]) -> dict[str, float]:
        return {"ax": 0.0}

    def numbers(self, group: dict[str, Any], counts: dict[str, Any]) -> dict[str, Any]:
        known = super().numbers(group, counts)
        lr, n = known["lr"], counts["step"]
        if known["eta"] is None:
            known["eta"] = lr
        # eta and mu are those noted at the last step; here they are noted for the next
        counts["eta"] = lr / (1 + group["lambd"] * lr * n) ** group["alpha"]
        counts["mu"] = 1 / max(1, n - group["t0"])
        return known
