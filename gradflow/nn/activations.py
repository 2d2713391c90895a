"""The activations as modules; formulas, errors and sources stand with the functions of ``nn.functional``."""

from __future__ import annotations

from typing import Any, ClassVar

from .._tensor import Tensor
from ..errors import ArgumentError
from . import functional as F
from .module import Module


class _Activation(Module):
    """A function of ``nn.functional`` with its settings held in attributes."""

    _shown: ClassVar[tuple[str, ...]] = ()  # the settings that repr names
    _optional: ClassVar[tuple[str, ...]] = ("inplace",)  # named only when they are set

    def extra_repr(self) -> str:
        held: dict[str, Any] = self.__dict__
        shown = [f"{n}={held[n]}" for n in self._shown]
        return ", ".join([*shown, *(f"{n}={held[n]}" for n in self._optional if held.get(n))])


class ReLU(_Activation):
    """``max(x, 0)`` of each element; see ``functional.relu``.

    Parameters
    ----------
    inplace : bool, default False
        Write the result over the input, and return it.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.ReLU()(gf.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, self.inplace)


class LeakyReLU(_Activation):
    """``x`` where it is positive, ``negative_slope * x`` elsewhere; see ``functional.leaky_relu``.

    Parameters
    ----------
    negative_slope : float, default 0.01
        The slope below 0.
    inplace : bool, default False
        Write the result over the input, and return it.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.LeakyReLU(0.5)(gf.tensor([-1.0, 2.0]))
    tensor([-0.5000,  2.0000])
    """

    _shown = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope, self.inplace = negative_slope, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)


class ELU(_Activation):
    """``x`` where it is positive, ``alpha * (exp(x) - 1)`` elsewhere; see ``functional.elu``.

    Parameters
    ----------
    alpha : float, default 1.0
        Minus the limit for x to minus infinity.
    inplace : bool, default False
        Write the result over the input, and return it.

    References
    ----------
    Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear units" (2015).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.ELU()(gf.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """

    _shown = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha, self.inplace = alpha, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)


class SELU(_Activation):
    """``1.0507 * elu(x, 1.6733)``; see ``functional.selu``.

    Parameters
    ----------
    inplace : bool, default False
        Write the result over the input, and return it.

    References
    ----------
    Klambauer et al., "Self-normalizing neural networks" (2017).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.SELU()(gf.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)


class GELU(_Activation):
    """``x`` times the normal distribution function at ``x``; see ``functional.gelu``.

    Parameters
    ----------
    approximate : {"none", "tanh"}, default "none"
        The function itself, or its approximation by tanh.

    Raises
    ------
    ArgumentError
        For another ``approximate``.

    References
    ----------
    Hendrycks and Gimpel, "Gaussian error linear units" (2016).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.GELU()(gf.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        if approximate not in ("none", "tanh"):
            raise ArgumentError(f"GELU: approximate is 'none' or 'tanh', not {approximate!r}")
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(_Activation):
    """``x * sigmoid(x)`` of each element; see ``functional.silu``.

    Parameters
    ----------
    inplace : bool, default False
        Write the result over the input, and return it.

    References
    ----------
    Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function approximation in reinforcement learning"
    (2017).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.SiLU()(gf.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, self.inplace)


class Softplus(_Activation):
    """``log(1 + exp(beta x)) / beta``; ``x`` itself where ``beta * x`` is above ``threshold``; see ``functional.softplus``.

    Parameters
    ----------
    beta : float, default 1.0
        How sharp the bend at 0 is.
    threshold : float, default 20.0
        From where on the result is x.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.Softplus()(gf.tensor([-1.0, 30.0]))
    tensor([ 0.3133, 30.0000])
    """

    _shown = ("beta", "threshold")

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)


class Mish(_Activation):
    """``x * tanh(softplus(x))`` of each element; see ``functional.mish``.

    Parameters
    ----------
    inplace : bool, default False
        Write the result over the input, and return it.

    References
    ----------
    Misra, "Mish: a self regularized non-monotonic activation function" (2019).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.Mish()(gf.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)


class Hardtanh(_Activation):
    """``x`` held between ``min_val`` and ``max_val``; see ``functional.hardtanh``.

    Parameters
    ----------
    min_val : float, default -1.0
        The smallest result.
    max_val : float, default 1.0
        The largest result.
    inplace : bool, default False
        Write the result over the input, and return it.

    Raises
    ------
    ArgumentError
        If ``min_val`` is not below ``max_val``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.Hardtanh()(gf.tensor([-2.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """

    _shown = ("min_val", "max_val")

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        if not min_val < max_val:
            raise ArgumentError(f"Hardtanh: min_val {min_val} is not below max_val {max_val}")
        self.min_val, self.max_val, self.inplace = min_val, max_val, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)


class LogSigmoid(_Activation):
    """``log(sigmoid(x))``, finite for every finite x; see ``functional.logsigmoid``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.LogSigmoid()(gf.tensor([0.0]))
    tensor([-0.6931])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Sigmoid(_Activation):
    """``1 / (1 + exp(-x))`` of each element; see ``functional.sigmoid``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.Sigmoid()(gf.tensor([0.0]))
    tensor([0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.sigmoid(input)


class Tanh(_Activation):
    """The hyperbolic tangent of each element; see ``functional.tanh``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.Tanh()(gf.tensor([0.0]))
    tensor([0.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanh(input)


class Softmax(_Activation):
    """``exp(x) / sum(exp(x))`` along ``dim``; see ``functional.softmax``.

    Parameters
    ----------
    dim : int, optional
        Along which the results sum to 1. Without it each call warns, and takes 0 for 0, 1 and 3 dimensions and 1 for others.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.Softmax(dim=1)(gf.zeros(1, 2))
    tensor([[0.5000, 0.5000]])
    """

    _shown = ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim)


class LogSoftmax(_Activation):
    """``log(softmax(x))`` along ``dim``; see ``functional.log_softmax``.

    Parameters
    ----------
    dim : int, optional
        Along which the exponentials sum to 1. Without it each call warns, and takes 0 for 0, 1 and 3 dimensions and 1 for others.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.LogSoftmax(dim=1)(gf.zeros(1, 2))
    tensor([[-0.6931, -0.6931]])
    """

    _shown = ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim)
