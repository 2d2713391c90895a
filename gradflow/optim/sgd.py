"""Gradient descent, and descent with momentum."""

from __future__ import annotations

import math
from typing import Any

from .._kernels import Kernel
from ..errors import ArgumentError
from ..typing import Array, Namespace
from .elementwise import ElementwiseOptimizer
from .optimizer import Params, at_least


def steered(g: Array, p: Array, weight_decay: float, maximize: bool) -> Array:
    """The gradient, its sign changed to maximize, plus ``weight_decay`` times the parameter."""
    if maximize:
        g = -g
    return g + weight_decay * p if weight_decay else g


def sgd(
    xp: Namespace, p: Array, g: Array, momentum_buffer: Array | None, lr: float, momentum: float, dampening: float,
    weight_decay: float, *, nesterov: bool, maximize: bool, first: bool,
) -> tuple[Array, Array | None]:  # fmt: skip
    """b = m b + (1 - d) g, at first b = g;  p = p - lr b, or p - lr (g + m b) for Nesterov's."""
    g = steered(g, p, weight_decay, maximize)
    if momentum_buffer is None:
        return p - lr * g, None
    b = g if first else momentum * momentum_buffer + ((1 - dampening) * g if dampening else g)
    return p - lr * (g + momentum * b if nesterov else b), b


class SGD(ElementwiseOptimizer):
    """Gradient descent: ``p = p - lr g``, with a memory of earlier gradients if there is ``momentum``.

    It is batch, stochastic or mini-batch gradient descent, as the gradient comes from all examples, one, or some. With momentum m
    and dampening d, b = m b + (1 - d) g (at first b = g) takes the place of g, and with ``nesterov`` g + m b.

    Parameters
    ----------
    params : iterable of Tensor, (str, Tensor) or dict
        Parameters, ``named_parameters()``, or dicts with "params" and settings of their own (groups).
    lr : float, default 1e-3
        The learning rate, at least 0.
    momentum : float, default 0.0
        m, at least 0.
    dampening : float, default 0.0
        d.
    weight_decay : float, default 0.0
        How much of p is added to g.
    nesterov : bool, default False
        Whether the step looks ahead.
    maximize : bool, default False
        Whether the sign of the gradient is turned.
    error_on_nonfinite : bool, default False
        Whether a step refuses NaN and infinite gradients; it then waits for the device.

    Raises
    ------
    ArgumentError
        For a negative ``lr``, ``momentum`` or ``weight_decay``, and for ``nesterov`` without momentum or with dampening.

    References
    ----------
    Sutskever et al., "On the importance of initialization and momentum in deep learning" (2013); the form is that of PyTorch's
    ``torch.optim.SGD``.

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = gf.optim.SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.8000, 1.6000])
    """

    formula = Kernel(sgd, writes="p momentum_buffer")

    def __init__(
        self, params: Params, lr: float = 1e-3, momentum: float = 0.0, dampening: float = 0.0, weight_decay: float = 0.0,
        nesterov: bool = False, *, maximize: bool = False, error_on_nonfinite: bool = False,
    ) -> None:  # fmt: skip
        settings = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, settings, error_on_nonfinite)

    def check(self, group: dict[str, Any]) -> None:
        for name in ("lr", "momentum", "weight_decay"):
            at_least("SGD", name, group[name])
        at_least("SGD", "dampening", group["dampening"], -math.inf)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ArgumentError("SGD: nesterov needs a momentum above 0 and no dampening")

    def keeps(self, group: dict[str, Any]) -> dict[str, float]:
        return {"momentum_buffer": 0.0} if group["momentum"] else {}


def momentum(
    xp: Namespace, p: Array, g: Array, velocity: Array, lr: float, beta: float, weight_decay: float, *, maximize: bool
) -> tuple[Array, Array]:
    """v = beta v + (1 - beta) g;  p = p - lr v."""
    v = beta * velocity + (1 - beta) * steered(g, p, weight_decay, maximize)
    return p - lr * v, v


class Momentum(ElementwiseOptimizer):
    """Gradient descent by a running average of the gradient: ``v = beta v + (1 - beta) g`` from v = 0, ``p = p - lr v``.

    Once v has settled it is as long as g, so ``lr`` means what it means without momentum. ``SGD(momentum=beta)``, which adds g
    whole, takes steps longer by 1 / (1 - beta).

    Parameters
    ----------
    params : iterable of Tensor, (str, Tensor) or dict
        Parameters, ``named_parameters()``, or dicts with "params" and settings of their own (groups).
    lr : float, default 1e-3
        The learning rate, at least 0.
    beta : float, default 0.8
        The memory of the average, in [0, 1).
    weight_decay : float, default 0.0
        How much of p is added to g.
    maximize : bool, default False
        Whether the sign of the gradient is turned.
    error_on_nonfinite : bool, default False
        Whether a step refuses NaN and infinite gradients; it then waits for the device.

    Raises
    ------
    ArgumentError
        For a negative ``lr`` or ``weight_decay``, and for a ``beta`` outside of [0, 1).

    References
    ----------
    Polyak, "Some methods of speeding up the convergence of iteration methods" (1964), as an average.

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = gf.optim.Momentum([w], lr=0.1, beta=0.8)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.9600, 1.9200])
    """

    formula = Kernel(momentum, writes="p velocity")

    def __init__(
        self, params: Params, lr: float = 1e-3, beta: float = 0.8, weight_decay: float = 0.0,
        *, maximize: bool = False, error_on_nonfinite: bool = False,
    ) -> None:  # fmt: skip
        settings = {"lr": lr, "beta": beta, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, settings, error_on_nonfinite)

    def check(self, group: dict[str, Any]) -> None:
        for name in ("lr", "weight_decay"):
            at_least("Momentum", name, group[name])
        at_least("Momentum", "beta", group["beta"], 0.0, 1.0)

    def keeps(self, group: dict[str, Any]) -> dict[str, float]:
        return {"velocity": 0.0}
