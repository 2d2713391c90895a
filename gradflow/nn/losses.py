"""The losses as modules; formulas, errors and sources stand with the functions of ``nn.functional``."""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from ..errors import ArgumentError
from . import functional as F
from ._given import tensor_of
from .module import Module


class _Loss(Module):
    _reductions: tuple[str, ...] = ("none", "mean", "sum")

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        if reduction not in self._reductions:
            raise ArgumentError(f"{type(self).__name__}: reduction is one of {', '.join(self._reductions)}, not {reduction!r}")
        self.reduction = reduction


class MSELoss(_Loss):
    """The squared error ``(input - target)^2``, and its mean or sum; see ``functional.mse_loss``.

    Parameters
    ----------
    reduction : {"none", "mean", "sum"}, default "mean"
        "none": every element; "mean": their mean; "sum": their sum.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.MSELoss()(gf.tensor([1.0, 2.0]), gf.tensor([1.0, 4.0]))
    tensor(2.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """The absolute error ``|input - target|``, and its mean or sum; see ``functional.l1_loss``.

    Parameters
    ----------
    reduction : {"none", "mean", "sum"}, default "mean"
        "none": every element; "mean": their mean; "sum": their sum.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.L1Loss()(gf.tensor([1.0, 2.0]), gf.tensor([1.0, 4.0]))
    tensor(1.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """``d^2 / (2 beta)`` where ``|d| < beta``, ``|d| - beta / 2`` elsewhere; see ``functional.smooth_l1_loss``.

    Parameters
    ----------
    reduction : {"none", "mean", "sum"}, default "mean"
        "none": every element; "mean": their mean; "sum": their sum.
    beta : float, default 1.0
        Where the parabola ends; with 0 it is ``L1Loss``.

    Raises
    ------
    ArgumentError
        For a negative ``beta``.

    References
    ----------
    Girshick, "Fast R-CNN" (2015), equation 3.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.SmoothL1Loss(reduction="none")(gf.tensor([0.5, 3.0]), gf.zeros(2))
    tensor([0.1250, 2.5000])
    """

    def __init__(self, *, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        if beta < 0:
            raise ArgumentError(f"SmoothL1Loss: beta is not negative, got {beta}")
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """``d^2 / 2`` where ``|d| < delta``, ``delta (|d| - delta / 2)`` elsewhere; see ``functional.huber_loss``.

    Parameters
    ----------
    reduction : {"none", "mean", "sum"}, default "mean"
        "none": every element; "mean": their mean; "sum": their sum.
    delta : float, default 1.0
        Where the parabola ends.

    Raises
    ------
    ArgumentError
        For a ``delta`` that is not positive.

    References
    ----------
    Huber, "Robust estimation of a location parameter" (1964).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.HuberLoss(reduction="none", delta=2.0)(gf.tensor([0.5, 3.0]), gf.zeros(2))
    tensor([0.1250, 4.0000])
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        if not delta > 0:
            raise ArgumentError(f"HuberLoss: delta is positive, got {delta}")
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, self.reduction, self.delta)


class _WeightedLoss(_Loss):
    weight: Tensor | None

    def __init__(self, weight: Tensor | None, reduction: str) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", self._numbers("weight", weight))

    def _numbers(self, what: str, given: Any) -> Tensor | None:
        return None if given is None else tensor_of(type(self).__name__, what, given)


class BCELoss(_WeightedLoss):
    """``-(t log(x) + (1 - t) log(1 - x))`` of probabilities ``x``; see ``functional.binary_cross_entropy``.

    Parameters
    ----------
    weight : Tensor, optional
        What each element is multiplied with; a buffer of the module.
    reduction : {"none", "mean", "sum"}, default "mean"
        "none": every element; "mean": their mean; "sum": their sum.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.BCELoss()(gf.tensor([0.5]), gf.tensor([1.0]))
    tensor(0.6931)
    """

    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean") -> None:
        super().__init__(weight, reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_WeightedLoss):
    """``BCELoss`` of the sigmoid of the input, without overflow; see ``functional.binary_cross_entropy_with_logits``.

    Parameters
    ----------
    weight : Tensor, optional
        What each element is multiplied with; a buffer of the module.
    reduction : {"none", "mean", "sum"}, default "mean"
        "none": every element; "mean": their mean; "sum": their sum.
    pos_weight : Tensor, optional
        The weight of the positives; a buffer of the module.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.BCEWithLogitsLoss()(gf.tensor([0.0]), gf.tensor([1.0]))
    tensor(0.6931)
    """

    pos_weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean", pos_weight: Tensor | None = None) -> None:
        super().__init__(weight, reduction)
        self.register_buffer("pos_weight", self._numbers("pos_weight", pos_weight))

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class CrossEntropyLoss(_WeightedLoss):
    """``-log softmax(input)[target]`` of scores against classes; see ``functional.cross_entropy``.

    For a target of probabilities it is -sum_c target_c log softmax(input)_c.

    Parameters
    ----------
    weight : Tensor, optional
        Shape (C,): the weight of each class; a buffer of the module.
    ignore_index : int, default -100
        An index that counts for nothing.
    reduction : {"none", "mean", "sum"}, default "mean"
        "none": every element; "mean": the weighted mean; "sum": the sum.
    label_smoothing : float, default 0.0
        The share of the uniform distribution in the target.

    Raises
    ------
    ArgumentError
        For a ``label_smoothing`` outside of [0, 1].

    References
    ----------
    Szegedy et al., "Rethinking the Inception architecture for computer vision" (2016), section 7, for the smoothing.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.CrossEntropyLoss()(gf.zeros(2, 4), gf.tensor([0, 3]))
    tensor(1.3863)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, reduction)
        if not 0 <= label_smoothing <= 1:
            raise ArgumentError(f"CrossEntropyLoss: label_smoothing lies in [0, 1], not {label_smoothing}")
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(_WeightedLoss):
    """``-input[target]`` of log-probabilities against class indices; see ``functional.nll_loss``.

    Parameters
    ----------
    weight : Tensor, optional
        Shape (C,): the weight of each class; a buffer of the module.
    ignore_index : int, default -100
        An index that counts for nothing.
    reduction : {"none", "mean", "sum"}, default "mean"
        "none": every element; "mean": the weighted mean; "sum": the sum.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.NLLLoss()(gf.tensor([[-1.0, -2.0], [-3.0, -4.0]]), gf.tensor([0, 1]))
    tensor(2.5000)
    """

    def __init__(self, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(weight, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class KLDivLoss(_Loss):
    """``t (log t - x)`` of probabilities ``t`` and log-probabilities ``x``; see ``functional.kl_div``.

    Parameters
    ----------
    reduction : {"none", "mean", "batchmean", "sum"}, default "mean"
        "batchmean", the sum over the size of the first dimension, is the divergence itself.
    log_target : bool, default False
        Whether the target holds the logarithms.

    References
    ----------
    Kullback and Leibler, "On information and sufficiency" (1951).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.KLDivLoss(reduction="sum")(gf.log_softmax(gf.zeros(2), dim=0), gf.tensor([1.0, 0.0]))
    tensor(0.6931)
    """

    _reductions = ("none", "mean", "batchmean", "sum")

    def __init__(self, *, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)
