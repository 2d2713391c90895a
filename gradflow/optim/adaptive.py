"""Steps divided, number by number, by the size of the gradients met so far: AdaGrad, RMSProp, AdaDelta."""

from __future__ import annotations

from typing import Any, ClassVar

from .._kernels import Kernel
from ..typing import Array, Namespace
from .elementwise import ElementwiseOptimizer
from .optimizer import Params, at_least
from .sgd import steered


def adagrad(
    xp: Namespace, p: Array, g: Array, sum: Array, lr: float, lr_decay: float, eps: float, weight_decay: float, step: int,
    *, maximize: bool,
) -> tuple[Array, Array]:  # fmt: skip
    """s = s + g^2;  p = p - lr / (1 + (n - 1) lr_decay) g / (sqrt(s) + eps)."""
    g = steered(g, p, weight_decay, maximize)
    s = sum + g * g
    return p - lr / (1 + (step - 1) * lr_decay) * g / (xp.sqrt(s) + eps), s


class Adagrad(ElementwiseOptimizer):
    """``p = p - lr g / (sqrt(s) + eps)``, s the sum of all g^2 so far: what moved much moves less and less.

    Parameters
    ----------
    params : iterable of Tensor, (str, Tensor) or dict
        Parameters, ``named_parameters()``, or dicts with "params" and settings of their own (groups).
    lr : float, default 1e-2
        The learning rate, at least 0.
    lr_decay : float, default 0.0
        At step n ``lr`` is divided by 1 + (n - 1) lr_decay.
    weight_decay : float, default 0.0
        How much of p is added to g, at least 0.
    initial_accumulator_value : float, default 0.0
        What s starts from.
    eps : float, default 1e-10
        Added to the root, at least 0.
    maximize : bool, default False
        Whether the sign of the gradient is turned.
    error_on_nonfinite : bool, default False
        Whether a step refuses NaN and infinite gradients; it then waits for the device.

    Raises
    ------
    ArgumentError
        For a negative setting.

    References
    ----------
    Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization" (2011).

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = gf.optim.Adagrad([w], lr=0.1, eps=1e-7)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.9000, 1.9000])
    """

    formula = Kernel(adagrad, writes="p sum")
    counters: ClassVar = {"step": 0}

    def __init__(
        self, params: Params, lr: float = 1e-2, lr_decay: float = 0.0, weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0, eps: float = 1e-10,
        *, maximize: bool = False, error_on_nonfinite: bool = False,
    ) -> None:  # fmt: skip
        settings = {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, settings, error_on_nonfinite)

    def check(self, group: dict[str, Any]) -> None:
        for name in ("lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"):
            at_least("Adagrad", name, group[name])

    def keeps(self, group: dict[str, Any]) -> dict[str, float]:
        return {"sum": group["initial_accumulator_value"]}


def rmsprop(
    xp: Namespace, p: Array, g: Array, square_avg: Array, momentum_buffer: Array | None, grad_avg: Array | None, lr: float,
    alpha: float, eps: float, weight_decay: float, momentum: float, *, maximize: bool,
) -> tuple[Array, Array, Array | None, Array | None]:  # fmt: skip
    """s = a s + (1 - a) g^2;  p = p - lr g / (sqrt(s) + eps).

    Centered: sqrt(s - m^2) with m = a m + (1 - a) g.  With momentum: b = momentum b + g / (...) takes the step.
    """
    g = steered(g, p, weight_decay, maximize)
    s = alpha * square_avg + (1 - alpha) * (g * g)
    m = None if grad_avg is None else alpha * grad_avg + (1 - alpha) * g
    size = xp.sqrt(s if m is None else s - m * m) + eps
    if momentum_buffer is None:
        return p - lr * g / size, s, None, m
    b = momentum * momentum_buffer + g / size
    return p - lr * b, s, b, m


class RMSprop(ElementwiseOptimizer):
    """``p = p - lr g / (sqrt(s) + eps)``, s the running average of g^2: ``s = alpha s + (1 - alpha) g^2``.

    Parameters
    ----------
    params : iterable of Tensor, (str, Tensor) or dict
        Parameters, ``named_parameters()``, or dicts with "params" and settings of their own (groups).
    lr : float, default 1e-2
        The learning rate, at least 0.
    alpha : float, default 0.99
        The memory of the average, in [0, 1].
    eps : float, default 1e-8
        Added to the root, at least 0.
    weight_decay : float, default 0.0
        How much of p is added to g, at least 0.
    momentum : float, default 0.0
        With it steps add up, as in ``SGD``.
    centered : bool, default False
        Whether the square of the running average of g is subtracted from s.
    maximize : bool, default False
        Whether the sign of the gradient is turned.
    error_on_nonfinite : bool, default False
        Whether a step refuses NaN and infinite gradients; it then waits for the device.

    Raises
    ------
    ArgumentError
        For a negative ``lr``, ``eps``, ``weight_decay`` or ``momentum``, and for an ``alpha`` outside of [0, 1].

    References
    ----------
    Hinton, "Neural networks for machine learning", lecture 6e (2012); Graves, "Generating sequences with recurrent neural
    networks" (2013) for the centered form.

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = gf.optim.RMSprop([w], lr=0.1, alpha=0.8)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.7764, 1.7764])
    """

    formula = Kernel(rmsprop, writes="p square_avg momentum_buffer grad_avg")
    counters: ClassVar = {"step": 0}

    def __init__(
        self, params: Params, lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0.0,
        momentum: float = 0.0, centered: bool = False, *, maximize: bool = False, error_on_nonfinite: bool = False,
    ) -> None:  # fmt: skip
        settings = {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered, "weight_decay": weight_decay,
            "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, settings, error_on_nonfinite)

    def check(self, group: dict[str, Any]) -> None:
        for name in ("lr", "eps", "weight_decay", "momentum"):
            at_least("RMSprop", name, group[name])
        at_least("RMSprop", "alpha", group["alpha"], 0.0, 1.0, closed=True)

    def keeps(self, group: dict[str, Any]) -> dict[str, float]:
        kept = {"square_avg": 0.0}
        if group["momentum"]:
            kept["momentum_buffer"] = 0.0
        if group["centered"]:
            kept["grad_avg"] = 0.0
        return kept


def adadelta(
    xp: Namespace, p: Array, g: Array, square_avg: Array, acc_delta: Array, lr: float, rho: float, eps: float,
    weight_decay: float, *, maximize: bool,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """s = r s + (1 - r) g^2;  d = sqrt(u + eps) / sqrt(s + eps) g;  u = r u + (1 - r) d^2;  p = p - lr d."""
    g = steered(g, p, weight_decay, maximize)
    s = rho * square_avg + (1 - rho) * (g * g)
    d = xp.sqrt(acc_delta + eps) / xp.sqrt(s + eps) * g
    return p - lr * d, s, rho * acc_delta + (1 - rho) * (d * d)


class Adadelta(ElementwiseOptimizer):
    """RMSProp whose learning rate is the running size of its steps: ``d = sqrt(u + eps) / sqrt(s + eps) g``, ``p = p - lr d``.

    s and u are the running averages of g^2 and d^2.

    Parameters
    ----------
    params : iterable of Tensor, (str, Tensor) or dict
        Parameters, ``named_parameters()``, or dicts with "params" and settings of their own (groups).
    lr : float, default 1.0
        The learning rate, at least 0.
    rho : float, default 0.9
        The memory of the averages, in [0, 1].
    eps : float, default 1e-6
        Added under the roots, at least 0.
    weight_decay : float, default 0.0
        How much of p is added to g, at least 0.
    maximize : bool, default False
        Whether the sign of the gradient is turned.
    error_on_nonfinite : bool, default False
        Whether a step refuses NaN and infinite gradients; it then waits for the device.

    Raises
    ------
    ArgumentError
        For a negative ``lr``, ``eps`` or ``weight_decay``, and for a ``rho`` outside of [0, 1].

    References
    ----------
    Zeiler, "ADADELTA: an adaptive learning rate method" (2012), algorithm 1.

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = gf.optim.Adadelta([w], lr=100.0)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.6838, 1.6838])
    """

    formula = Kernel(adadelta, writes="p square_avg acc_delta")
    counters: ClassVar = {"step": 0}

    def __init__(
        self, params: Params, lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0.0,
        *, maximize: bool = False, error_on_nonfinite: bool = False,
    ) -> None:  # fmt: skip
        settings = {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, settings, error_on_nonfinite)

    def check(self, group: dict[str, Any]) -> None:
        for name in ("lr", "eps", "weight_decay"):
            at_least("Adadelta", name, group[name])
        at_least("Adadelta", "rho", group["rho"], 0.0, 1.0, closed=True)

    def keeps(self, group: dict[str, Any]) -> dict[str, float]:
        return {"square_avg": 0.0, "acc_delta": 0.0}
