"""Muon: momentum whose matrix is brought near an orthogonal one before each step."""

from __future__ import annotations

import math
from typing import Any

from .._plain import whole_number
from .._tensor import Tensor
from ..errors import ArgumentError
from ..typing import Array, Namespace
from ._flat import kept_in
from ._matrices import full_precision, kept, real_only
from .optimizer import Optimizer, Params, Update, at_least

ADJUSTMENTS = (None, "original", "match_rms_adamw")


def orthogonalised(xp: Namespace, m: Array, coefficients: tuple[float, float, float], steps: int, eps: float) -> Array:
    """U V^T, roughly, of the matrix ``m = U S V^T``: its singular values are driven towards 1 without an SVD.

    From ``X = m / max(|m|, eps)`` on, ``steps`` times ``X = (a + b X X^T + c (X X^T)^2) X``, on the shorter side of the
    matrix.  With the default coefficients and steps the singular values end between about 0.7 and 1.2, but for tiny ones.
    """
    a, b, c = coefficients
    x = m if m.shape[0] <= m.shape[1] else m.T
    x = xp.divide(x, xp.maximum(xp.sqrt(xp.sum(xp.multiply(x, x))), eps))
    for _ in range(steps):
        gram = xp.matmul(x, x.T)
        polynomial = xp.matmul(gram, gram)
        xp.multiply(polynomial, c, out=polynomial)
        xp.add(polynomial, xp.multiply(gram, b, out=gram), out=polynomial)
        turned = xp.matmul(polynomial, x)
        x = xp.add(xp.multiply(x, a, out=x), turned, out=x)
    return x if m.shape[0] <= m.shape[1] else x.T


class Muon(Optimizer):
    """``p = (1 - lr weight_decay) p - lr r O``, O the momentum with its singular values brought near 1; for matrices.

    The momentum is B = m B + (1 - m) g (m: ``momentum``), and what is made orthogonal is B, or with ``nesterov`` m B + (1 - m) g.
    For that ``ns_steps`` Newton-Schulz iterations with the polynomial ``ns_coefficients`` begin from the matrix over its norm, at
    least ``eps``. ``lr r`` is about the length of a step in every singular direction, in units of p.

    PyTorch iterates in bfloat16, gradflow in the parameter's own precision, so the two agree to a few hundredths of a step.
    Parameters of half precision have a full-precision copy, ``state[p]["master_param"]``, that the steps are taken on. A step
    does not wait for the device.

    Parameters
    ----------
    params : iterable of Tensor, (str, Tensor) or dict
        Parameters, ``named_parameters()``, or dicts with "params" and settings of their own (groups).
    lr : float, default 1e-3
        The learning rate, at least 0.
    weight_decay : float, default 0.1
        By how much of itself, times ``lr``, p is shrunk in a step; at least 0.
    momentum : float, default 0.95
        m, at least 0.
    nesterov : bool, default True
        Whether the step looks ahead.
    ns_coefficients : three floats, default (3.4445, -4.775, 2.0315)
        The coefficients of X, X^3 and X^5 in an iteration.
    eps : float, default 1e-7
        The smallest norm that is divided by, at least 0.
    ns_steps : int, default 5
        How many iterations, from 0 to 99.
    adjust_lr_fn : {None, "original", "match_rms_adamw"}, default None
        r for a matrix (A, B): sqrt(max(1, A / B)) for None and "original"; 0.2 sqrt(max(A, B)) for "match_rms_adamw", with which
        a learning rate for AdamW fits Muon too.
    error_on_nonfinite : bool, default False
        Whether a step refuses NaN and infinite gradients; it then waits for the device.

    Raises
    ------
    ShapeError
        For a parameter that is no matrix.
    DTypeError
        For a complex parameter.
    ArgumentError
        For a negative ``lr``, ``weight_decay``, ``momentum`` or ``eps``, for ``ns_steps`` out of range, coefficients that are not
        three, and an unknown ``adjust_lr_fn``.

    References
    ----------
    Jordan et al., "Muon: an optimizer for hidden layers in neural networks" (2024); Liu et al., "Muon is scalable for LLM
    training" (2025) for "match_rms_adamw".

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    >>> optimizer = gf.optim.Muon([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> (w.detach() - 0.99 * gf.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])).norm() < 0.15
    tensor(True)
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
        *,
        error_on_nonfinite: bool = False,
    ) -> None:
        settings = {
            "lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov,
            "ns_coefficients": ns_coefficients, "eps": eps, "ns_steps": ns_steps, "adjust_lr_fn": adjust_lr_fn,
        }  # fmt: skip
        super().__init__(params, settings, error_on_nonfinite)

    def check(self, group: dict[str, Any]) -> None:
        for what in ("lr", "weight_decay", "momentum", "eps"):
            at_least("Muon", what, group[what])
        coefficients, steps = group["ns_coefficients"], group["ns_steps"]
        if not isinstance(coefficients, tuple | list) or len(coefficients) != 3:
            raise ArgumentError(f"Muon: ns_coefficients are three numbers, not {coefficients!r}")
        for i, c in enumerate(coefficients):
            at_least("Muon", f"ns_coefficients[{i}]", c, -math.inf)
        if whole_number(steps) is None or not 0 <= steps < 100:
            raise ArgumentError(f"Muon: ns_steps is a whole number from 0 to 99, not {steps!r}")
        if group["adjust_lr_fn"] not in ADJUSTMENTS:
            raise ArgumentError(f"Muon: adjust_lr_fn is one of {ADJUSTMENTS}, not {group['adjust_lr_fn']!r}")

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Let the optimizer update further matrices, with settings of their own.

        Parameters
        ----------
        param_group : dict
            {"params": matrices} and settings by name; those that are missing are the optimizer's.

        Raises
        ------
        ShapeError
            For a parameter that is no matrix.
        DTypeError
            For a complex parameter; other errors as of ``Optimizer.add_param_group``.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.Muon([gf.zeros(2, 2, requires_grad=True)])
        >>> optimizer.add_param_group({"params": [gf.zeros(2, 3, requires_grad=True)]})
        >>> len(optimizer.param_groups)
        2
        """
        super().add_param_group(real_only("Muon", param_group, ndim=2))

    def begin(self, group: dict[str, Any], state: dict[str, Any], p: Tensor) -> None:
        state["momentum_buffer"] = p.detach().new_zeros(p.shape, dtype=kept_in(p))

    def update(self, group: dict[str, Any], state: dict[str, Any], u: Update, grad: Array) -> None:
        xp, lr, m = u.xp, float(group["lr"]), group["momentum"]
        p, held = full_precision(state, u), kept(state, "momentum_buffer", u)
        moved = xp.multiply(xp.astype(grad, held.dtype), 1 - m)
        xp.add(xp.multiply(held, m, out=held), moved, out=held)
        moved = xp.add(moved, xp.multiply(held, m), out=moved) if group["nesterov"] else held
        o = orthogonalised(xp, moved, group["ns_coefficients"], group["ns_steps"], group["eps"])
        rows, columns = p.shape
        if group["adjust_lr_fn"] == "match_rms_adamw":
            ratio = 0.2 * math.sqrt(max(rows, columns))
        else:
            ratio = math.sqrt(max(1.0, rows / columns)) if columns else 1.0
        xp.multiply(p, 1 - lr * group["weight_decay"], out=p)
        xp.subtract(p, xp.multiply(o, lr * ratio, out=o), out=p)
        if p is not u.array:
            u.array[...] = p
