"""Adam and its kin: steps scaled by running averages of the gradient and of its square."""

from __future__ import annotations

from typing import Any, ClassVar

from .._kernels import Kernel
from ..errors import ArgumentError
from ..typing import Array, Namespace
from .elementwise import ElementwiseOptimizer
from .optimizer import Params, at_least
from .sgd import steered


def decayed(g: Array, p: Array, lr: float, weight_decay: float, maximize: bool, decoupled: bool) -> tuple[Array, Array]:
    """Gradient and parameter after weight decay, which is a part of the gradient or, decoupled, shrinks the parameter."""
    if decoupled and weight_decay:
        return steered(g, p, 0, maximize), p * (1 - lr * weight_decay)
    return steered(g, p, weight_decay, maximize), p


def adam(
    xp: Namespace, p: Array, g: Array, exp_avg: Array, exp_avg_sq: Array, max_exp_avg_sq: Array | None, lr: float,
    beta1: float, beta2: float, eps: float, weight_decay: float, step: int,
    *, decoupled_weight_decay: bool, bias_correction: bool, maximize: bool,
) -> tuple[Array, Array, Array, Array | None]:  # fmt: skip
    """m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  p = p - lr (m / (1 - b1^n)) / (sqrt(v / (1 - b2^n)) + eps).

    The largest v so far takes its place for AMSGrad.  With r = sqrt(1 - b2^n) the last line is written
    p - (lr r / (1 - b1^n)) m / (sqrt(v) + eps r), which takes fewer passes over the arrays.
    """
    g, p = decayed(g, p, lr, weight_decay, maximize, decoupled_weight_decay)
    m = beta1 * exp_avg + (1 - beta1) * g
    v = beta2 * exp_avg_sq + (1 - beta2) * (g * g)
    top = None if max_exp_avg_sq is None else xp.maximum(max_exp_avg_sq, v)
    size = lr
    if bias_correction:
        r = xp.sqrt(1 - beta2**step)
        size, eps = lr * r / (1 - beta1**step), eps * r
    return p - size * m / (xp.sqrt(v if top is None else top) + eps), m, v, top


class _Averaging(ElementwiseOptimizer):
    """What the optimizers with two ``betas`` share."""

    counters: ClassVar = {"step": 0}

    def check(self, group: dict[str, Any]) -> None:
        name = type(self).__name__
        for what in ("lr", "eps", "weight_decay", "momentum_decay"):
            if what in group:
                at_least(name, what, group[what])
        betas = group["betas"]
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise ArgumentError(f"{name}: betas are two numbers, not {betas!r}")
        for i, b in enumerate(betas):
            at_least(name, f"betas[{i}]", b, 0.0, 1.0)

    def keeps(self, group: dict[str, Any]) -> dict[str, float]:
        return {"exp_avg": 0.0, "exp_avg_sq": 0.0}


class Adam(_Averaging):
    """``p = p - lr m' / (sqrt(v') + eps)``, m' and v' the running averages of g and g^2 with their bias corrected.

    m = b1 m + (1 - b1) g and v = b2 v + (1 - b2) g^2 start from 0; at step n, m' = m / (1 - b1^n) and v' = v / (1 - b2^n).

    Parameters
    ----------
    params : iterable of Tensor, (str, Tensor) or dict
        Parameters, ``named_parameters()``, or dicts with "params" and settings of their own (groups).
    lr : float, default 1e-3
        The learning rate, at least 0.
    betas : two floats, default (0.9, 0.999)
        b1 and b2, the memories of the averages, in [0, 1).
    eps : float, default 1e-8
        Added to the root, at least 0.
    weight_decay : float, default 0.0
        How much of p is added to g, at least 0.
    amsgrad : bool, default False
        Whether v' is made of the largest v so far.
    maximize : bool, default False
        Whether the sign of the gradient is turned.
    decoupled_weight_decay : bool, default False
        Whether weight decay shrinks p by ``lr weight_decay`` and leaves g alone.
    bias_correction : bool, default True
        False: m and v themselves are used; the first step is then (1 - b1) / sqrt(1 - b2) times as long, 3.2 with the default
        betas and 0.45 with (0.8, 0.8).
    error_on_nonfinite : bool, default False
        Whether a step refuses NaN and infinite gradients; it then waits for the device.

    Raises
    ------
    ArgumentError
        For a negative ``lr``, ``eps`` or ``weight_decay``, and for betas outside of [0, 1).

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization" (2014), algorithm 1; Reddi et al., "On the convergence of Adam and
    beyond" (2018) for AMSGrad.

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = gf.optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.9000, 1.9000])
    """

    formula = Kernel(adam, writes="p exp_avg exp_avg_sq max_exp_avg_sq")

    def __init__(
        self, params: Params, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0, amsgrad: bool = False, *, maximize: bool = False, decoupled_weight_decay: bool = False,
        bias_correction: bool = True, error_on_nonfinite: bool = False,
    ) -> None:  # fmt: skip
        settings = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad, "maximize": maximize,
            "decoupled_weight_decay": decoupled_weight_decay, "bias_correction": bias_correction,
        }  # fmt: skip
        super().__init__(params, settings, error_on_nonfinite)

    def keeps(self, group: dict[str, Any]) -> dict[str, float]:
        kept = {"exp_avg": 0.0, "exp_avg_sq": 0.0}
        return {**kept, "max_exp_avg_sq": 0.0} if group["amsgrad"] else kept


class AdamW(Adam):
    """Adam whose weight decay shrinks p by ``lr weight_decay``, and leaves the averages of the gradient alone.

    Parameters
    ----------
    params : iterable of Tensor, (str, Tensor) or dict
        Parameters, ``named_parameters()``, or dicts with "params" and settings of their own (groups).
    lr : float, default 1e-3
        The learning rate, at least 0.
    betas : two floats, default (0.9, 0.999)
        b1 and b2, the memories of the averages, in [0, 1).
    eps : float, default 1e-8
        Added to the root, at least 0.
    weight_decay : float, default 1e-2
        By how much of itself, times ``lr``, p is shrunk in a step; at least 0.
    amsgrad : bool, default False
        Whether the largest v so far is divided by.
    maximize : bool, default False
        Whether the sign of the gradient is turned.
    error_on_nonfinite : bool, default False
        Whether a step refuses NaN and infinite gradients; it then waits for the device.

    Raises
    ------
    ArgumentError
        For a negative ``lr``, ``eps`` or ``weight_decay``, and for betas outside of [0, 1).

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization" (2017).

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = gf.optim.AdamW([w], lr=0.1, weight_decay=0.5)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.8500, 1.8000])
    """

    def __init__(
        self, params: Params, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False, error_on_nonfinite: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True,
            error_on_nonfinite=error_on_nonfinite,
        )  # fmt: skip


def adamax(
    xp: Namespace, p: Array, g: Array, exp_avg: Array, exp_inf: Array, lr: float, beta1: float, beta2: float, eps: float,
    weight_decay: float, step: int, *, maximize: bool,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """m = b1 m + (1 - b1) g;  u = max(b2 u, |g| + eps);  p = p - (lr / (1 - b1^n)) m / u."""
    g = steered(g, p, weight_decay, maximize)
    m = beta1 * exp_avg + (1 - beta1) * g
    u = xp.maximum(beta2 * exp_inf, xp.absolute(g) + eps)
    return p - lr / (1 - beta1**step) * m / u, m, u


class Adamax(_Averaging):
    """Adam with the largest recent ``|g|``, fading by b2 a step, in place of the root of the average of g^2.

    m = b1 m + (1 - b1) g, u = max(b2 u, |g| + eps), p = p - lr / (1 - b1^n) m / u at step n.

    Parameters
    ----------
    params : iterable of Tensor, (str, Tensor) or dict
        Parameters, ``named_parameters()``, or dicts with "params" and settings of their own (groups).
    lr : float, default 2e-3
        The learning rate, at least 0.
    betas : two floats, default (0.9, 0.999)
        b1 and b2, in [0, 1).
    eps : float, default 1e-8
        Added to |g|, at least 0.
    weight_decay : float, default 0.0
        How much of p is added to g, at least 0.
    maximize : bool, default False
        Whether the sign of the gradient is turned.
    error_on_nonfinite : bool, default False
        Whether a step refuses NaN and infinite gradients; it then waits for the device.

    Raises
    ------
    ArgumentError
        For a negative ``lr``, ``eps`` or ``weight_decay``, and for betas outside of [0, 1).

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization" (2014), section 7.1.

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = gf.optim.Adamax([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.9000, 1.9000])
    """

    formula = Kernel(adamax, writes="p exp_avg exp_inf")

    def __init__(
        self, params: Params, lr: float = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0, *, maximize: bool = False, error_on_nonfinite: bool = False,
    ) -> None:  # fmt: skip
        settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, settings, error_on_nonfinite)

    def keeps(self, group: dict[str, Any]) -> dict[str, float]:
        return {"exp_avg": 0.0, "exp_inf": 0.0}


def nadam(
    xp: Namespace, p: Array, g: Array, exp_avg: Array, exp_avg_sq: Array, lr: float, beta1: float, beta2: float, eps: float,
    weight_decay: float, step: int, mu: float, mu_next: float, mu_product: float,
    *, decoupled_weight_decay: bool, maximize: bool,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """m, v as in Adam;  p = p - lr ((1 - mu) g / (1 - P) + mu' m / (1 - P mu')) / (sqrt(v / (1 - b2^n)) + eps).

    P is the product of all mu so far and mu' the next of them.
    """
    g, p = decayed(g, p, lr, weight_decay, maximize, decoupled_weight_decay)
    m = beta1 * exp_avg + (1 - beta1) * g
    v = beta2 * exp_avg_sq + (1 - beta2) * (g * g)
    r = xp.sqrt(1 - beta2**step)
    ahead = lr * r * (1 - mu) / (1 - mu_product) * g + lr * r * mu_next / (1 - mu_product * mu_next) * m
    return p - ahead / (xp.sqrt(v) + eps * r), m, v


class NAdam(_Averaging):
    """Adam with Nesterov's look ahead; the momentum mu grows from half of b1 towards it.

    m, v as in ``Adam``; mu_n = b1 (1 - 0.96^(n momentum_decay) / 2), and P the product of all mu up to step n. The step is lr ((1
    - mu_n) g / (1 - P) + mu_(n+1) m / (1 - P mu_(n+1))) / (sqrt(v / (1 - b2^n)) + eps).

    Parameters
    ----------
    params : iterable of Tensor, (str, Tensor) or dict
        Parameters, ``named_parameters()``, or dicts with "params" and settings of their own (groups).
    lr : float, default 2e-3
        The learning rate, at least 0.
    betas : two floats, default (0.9, 0.999)
        b1 and b2, the memories of the averages, in [0, 1).
    eps : float, default 1e-8
        Added to the root, at least 0.
    weight_decay : float, default 0.0
        How much of p is added to g, at least 0.
    momentum_decay : float, default 4e-3
        How fast mu grows, at least 0.
    decoupled_weight_decay : bool, default False
        Whether weight decay shrinks p by ``lr weight_decay`` and leaves g alone.
    maximize : bool, default False
        Whether the sign of the gradient is turned.
    error_on_nonfinite : bool, default False
        Whether a step refuses NaN and infinite gradients; it then waits for the device.

    Raises
    ------
    ArgumentError
        For a negative ``lr``, ``eps``, ``weight_decay`` or ``momentum_decay``, and for betas outside of [0, 1).

    References
    ----------
    Dozat, "Incorporating Nesterov momentum into Adam" (2016).

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = gf.optim.NAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.8944, 1.8944])
    """

    formula = Kernel(nadam, writes="p exp_avg exp_avg_sq")
    counters: ClassVar = {"step": 0, "mu_product": 1.0}

    def __init__(
        self, params: Params, lr: float = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0, momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False,
        *, maximize: bool = False, error_on_nonfinite: bool = False,
    ) -> None:  # fmt: skip
        settings = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, settings, error_on_nonfinite)

    @staticmethod
    def _mu(group: dict[str, Any], step: int) -> float:
        return float(group["betas"][0] * (1 - 0.5 * 0.96 ** (step * group["momentum_decay"])))

    def advance(self, group: dict[str, Any], counts: dict[str, Any]) -> None:
        super().advance(group, counts)
        counts["mu_product"] *= self._mu(group, counts["step"])

    def numbers(self, group: dict[str, Any], counts: dict[str, Any]) -> dict[str, Any]:
        step = counts["step"]
        return {**super().numbers(group, counts), "mu": self._mu(group, step), "mu_next": self._mu(group, step + 1)}


def radam(
    xp: Namespace, p: Array, g: Array, exp_avg: Array, exp_avg_sq: Array, lr: float, beta1: float, beta2: float, eps: float,
    weight_decay: float, step: int, rectification: float, *, decoupled_weight_decay: bool, maximize: bool,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """m, v as in Adam;  p = p - (lr / (1 - b1^n)) m R sqrt(1 - b2^n) / (sqrt(v) + eps), without the fraction at first."""
    g, p = decayed(g, p, lr, weight_decay, maximize, decoupled_weight_decay)
    m = beta1 * exp_avg + (1 - beta1) * g
    v = beta2 * exp_avg_sq + (1 - beta2) * (g * g)
    size = lr / (1 - beta1**step)
    if not rectification:
        return p - size * m, m, v
    return p - size * rectification * xp.sqrt(1 - beta2**step) * m / (xp.sqrt(v) + eps), m, v


class RAdam(_Averaging):
    """Adam that divides by sqrt(v) only once enough steps have made v trustworthy, and then by and by.

    At step n, r_inf = 2 / (1 - b2) - 1, and r = r_inf - 2 n b2^n / (1 - b2^n) counts the gradients that v stands for. Up to r = 5
    the step is lr m'. From then on it is Adam's, times R = sqrt((r - 4) (r - 2) r_inf / ((r_inf - 4) (r_inf - 2) r)).

    Parameters
    ----------
    params : iterable of Tensor, (str, Tensor) or dict
        Parameters, ``named_parameters()``, or dicts with "params" and settings of their own (groups).
    lr : float, default 1e-3
        The learning rate, at least 0.
    betas : two floats, default (0.9, 0.999)
        b1 and b2, the memories of the averages, in [0, 1).
    eps : float, default 1e-8
        Added to the root, at least 0.
    weight_decay : float, default 0.0
        How much of p is added to g, at least 0.
    decoupled_weight_decay : bool, default False
        Whether weight decay shrinks p by ``lr weight_decay`` and leaves g alone.
    maximize : bool, default False
        Whether the sign of the gradient is turned.
    error_on_nonfinite : bool, default False
        Whether a step refuses NaN and infinite gradients; it then waits for the device.

    Raises
    ------
    ArgumentError
        For a negative ``lr``, ``eps`` or ``weight_decay``, and for betas outside of [0, 1).

    References
    ----------
    Liu et al., "On the variance of the adaptive learning rate and beyond" (2019), algorithm 2.

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = gf.optim.RAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.8000, 1.6000])
    """

    formula = Kernel(radam, writes="p exp_avg exp_avg_sq")

    def __init__(
        self, params: Params, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0, decoupled_weight_decay: bool = False,
        *, maximize: bool = False, error_on_nonfinite: bool = False,
    ) -> None:  # fmt: skip
        settings = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, settings, error_on_nonfinite)

    def numbers(self, group: dict[str, Any], counts: dict[str, Any]) -> dict[str, Any]:
        n, b = counts["step"], group["betas"][1]
        most = 2 / (1 - b) - 1
        r = most - 2 * n * b**n / (1 - b**n)
        squared = (r - 4) * (r - 2) * most / ((most - 4) * (most - 2) * r) if r > 5 else 0.0
        return {**super().numbers(group, counts), "rectification": squared**0.5}
