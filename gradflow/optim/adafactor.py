"""Adafactor: Adam's scaling with the squares of a matrix's gradient remembered as one row and one column."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .._creation import as_tensor
from .._plain import real_number
from .._tensor import Tensor
from ..errors import ArgumentError
from ..typing import Array, Namespace, Shape
from ._flat import kept_in
from ._matrices import full_precision, kept, real_only
from .optimizer import Optimizer, Params, Update, at_least

FACTORS = {"row_var": -1, "col_var": -2}
"""The state's factors, each with the dimension it is summed over."""

EPSILONS = {2: 2.0**-10, 4: 2.0**-23, 8: 2.0**-52}
"""The spacing of floats at 1, by their size in bytes."""


def factor_shape(shape: Shape, dim: int) -> Shape:
    return tuple(1 if i == len(shape) + dim else n for i, n in enumerate(shape))


def blend(xp: Namespace, held: Array, new: Array, weight: float) -> None:
    """held = (1 - weight) held + weight new; ``new`` is overwritten."""
    xp.multiply(held, 1 - weight, out=held)
    xp.add(held, xp.multiply(new, weight, out=new), out=held)


def root_mean_square(xp: Namespace, x: Array, work: Array) -> Array:
    return xp.sqrt(xp.mean(xp.multiply(x, x, out=work)))


class Adafactor(Optimizer):
    """``p = (1 - lr weight_decay) p - a U / max(1, rms(U) / d)``, ``U = g / sqrt(V)`` with V an estimate of g^2.

    For a parameter of two dimensions or more, of shape (..., n, m), the state is the averages R (n, 1) and C (1, m) of the rows'
    and columns' mean squares, and V = R C / max(mean(R), eps1): n + m numbers instead of Adam's 2 n m. For others V is itself the
    average of g^2.

    In step t the averages give the new squares the weight t ** beta2_decay. V is at least eps1 ** 2. The step is relative to the
    parameter: a = min(lr, 1 / sqrt(t)) max(eps2, rms(p)), rms the root of the mean square, and p before its decay. Parameters of
    half precision have a full-precision copy, ``state[p]["master_param"]``, that the steps are taken on. A step does not wait for
    the device.

    Parameters
    ----------
    params : iterable of Tensor, (str, Tensor) or dict
        Parameters, ``named_parameters()``, or dicts with "params" and settings of their own (groups).
    lr : float, default 1e-2
        The largest relative step, at least 0.
    beta2_decay : float, default -0.8
        The power of t, at most 0.
    eps : pair of float or None and float, default (None, 1e-3)
        eps1 and eps2; eps1=None is the spacing of the dtype's numbers at 1.
    d : float, default 1.0
        The size above which an update is scaled down, at least 1.
    weight_decay : float, default 0.0
        By how much of itself, times ``lr``, p is shrunk in a step; at least 0.
    maximize : bool, default False
        Whether the sign of the gradient is turned.
    error_on_nonfinite : bool, default False
        Whether a step refuses NaN and infinite gradients; it then waits for the device.

    Raises
    ------
    DTypeError
        For a complex parameter.
    ArgumentError
        For a negative ``lr``, ``weight_decay``, ``eps1`` or ``eps2``, a positive ``beta2_decay``, and ``d`` below 1.

    References
    ----------
    Shazeer and Stern, "Adafactor: adaptive learning rates with sublinear memory cost" (2018); the places of lr and eps1 are those
    of PyTorch's ``torch.optim.Adafactor``.

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> optimizer = gf.optim.Adafactor([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> optimizer.state[w]["row_var"].flatten()  # the means of (2 w)^2 along the rows
    tensor([10., 50.])
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        error_on_nonfinite: bool = False,
    ) -> None:
        settings = {
            "lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d, "weight_decay": weight_decay, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, settings, error_on_nonfinite)

    def check(self, group: dict[str, Any]) -> None:
        for what, least in (("lr", 0.0), ("weight_decay", 0.0), ("d", 1.0)):
            at_least("Adafactor", what, group[what], least)
        decay = real_number(group["beta2_decay"])
        if decay is None or not decay <= 0:
            raise ArgumentError(f"Adafactor: beta2_decay is a number up to 0, not {group['beta2_decay']!r}")
        eps = group["eps"]
        if not isinstance(eps, tuple | list) or len(eps) != 2:
            raise ArgumentError(f"Adafactor: eps are two numbers, the first of which may be None, not {eps!r}")
        for i, e in enumerate(eps):
            if i or e is not None:
                at_least("Adafactor", f"eps[{i}]", e)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Let the optimizer update further parameters, with settings of their own.

        Parameters
        ----------
        param_group : dict
            {"params": parameters} and settings by name; those that are missing are the optimizer's.

        Raises
        ------
        DTypeError
            For a complex parameter; other errors as of ``Optimizer.add_param_group``.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.Adafactor([gf.zeros(1, requires_grad=True)])
        >>> optimizer.add_param_group({"params": [gf.zeros(2, 3, requires_grad=True)]})
        >>> len(optimizer.param_groups)
        2
        """
        super().add_param_group(real_only("Adafactor", param_group))

    def begin(self, group: dict[str, Any], state: dict[str, Any], p: Tensor) -> None:
        state["step"] = 0
        shapes = {"variance": p.shape} if p.ndim < 2 else {key: factor_shape(p.shape, dim) for key, dim in FACTORS.items()}
        for key, shape in shapes.items():
            state[key] = p.detach().new_zeros(shape, dtype=kept_in(p))

    def update(self, group: dict[str, Any], state: dict[str, Any], u: Update, grad: Array) -> None:
        xp, lr, (eps1, eps2) = u.xp, float(group["lr"]), group["eps"]
        eps1 = EPSILONS[u.array.dtype.itemsize] if eps1 is None else eps1
        p = full_precision(state, u)
        if p is u.array:
            g, work, spare = grad, u.scratch(0), u.scratch(1)
        else:
            g, work, spare = xp.astype(grad, p.dtype), xp.empty_like(p), xp.empty_like(p)

        state["step"] += 1
        weight, rho = state["step"] ** group["beta2_decay"], min(lr, 1 / math.sqrt(state["step"]))
        length = xp.maximum(root_mean_square(xp, p, work), eps2)
        if group["weight_decay"]:
            xp.multiply(p, 1 - lr * group["weight_decay"], out=p)
        xp.multiply(g, g, out=work)
        if p.ndim < 2:
            variance = kept(state, "variance", u)
            blend(xp, variance, work, weight)
            work[...] = variance
        else:
            row, col = kept(state, "row_var", u), kept(state, "col_var", u)
            row_mean, col_mean = xp.mean(work, -1, True), xp.mean(work, -2, True)
            blend(xp, row, row_mean, weight)
            blend(xp, col, col_mean, weight)
            xp.multiply(xp.divide(row, xp.maximum(xp.mean(row, -2, True), eps1)), col, out=work)
        xp.sqrt(xp.maximum(work, eps1 * eps1, out=work), out=work)
        update = xp.divide(g, work, out=work)
        large = xp.maximum(root_mean_square(xp, update, spare) / group["d"], 1)
        xp.multiply(update, length / large * (-rho if group["maximize"] else rho), out=update)
        xp.subtract(p, update, out=p)
        if p is not u.array:
            u.array[...] = p

    def _taken(self, held: Mapping[str, Any], p: Tensor, number: int) -> dict[str, Any]:
        rest = super()._taken({k: v for k, v in held.items() if k not in FACTORS}, p, number)
        return rest | {k: self._factor(p, number, k, v) for k, v in held.items() if k in FACTORS}

    def _factor(self, p: Tensor, i: int, key: str, value: Any) -> Tensor:
        held, wanted = as_tensor(value).detach(), factor_shape(p.shape, FACTORS[key])
        if p.ndim < 2 or held.shape != wanted:
            raise ArgumentError(
                f"Adafactor: the state {key!r} of parameter {i} has shape {held.shape}, not {wanted}; nothing was loaded"
            )
        taken: Tensor = held.to(dtype=kept_in(p), device=p.device, copy=True)
        return taken
