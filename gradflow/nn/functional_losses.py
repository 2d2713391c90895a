"""The losses of numbers and probabilities, element by element.  Public in ``nn.functional``."""

from __future__ import annotations

from typing import Any

from .. import backend
from .._engine import warn, wide, wrap
from .._ops import activations, choosing, elementwise, neural, reduce, shape, transcendental
from .._plain import real_number
from .._tensor import Tensor
from ..errors import ArgumentError, DTypeError, ShapeError
from ._given import check_reduction, reduced, tensor_of, tensors_of
from .functional_classes import cross_entropy, nll_loss

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "huber_loss", "kl_div", "l1_loss", "mse_loss", "smooth_l1_loss",
    "cross_entropy", "nll_loss",  # pickles of before 0.1 name this module for these
]  # fmt: skip


def _paired(input: Any, target: Any, reduction: str, name: str, exactly: bool = False) -> tuple[Tensor, Tensor]:
    """What every elementwise loss is given, checked; shapes that differ but broadcast are warned about, as in PyTorch."""
    check_reduction(reduction, name)
    one_for_all = not isinstance(target, Tensor) and real_number(target) is not None
    input, target = tensors_of(input, target, name)
    if one_for_all:
        return input, shape.broadcast_to(target, input.shape)
    if input.shape == target.shape:
        return input, target
    text = f"{name}: the input has shape {input.shape} and the target {target.shape}"
    if not exactly:
        try:
            both = backend.cpu.broadcast_shapes(input.shape, target.shape)
        except ValueError:
            raise ShapeError(f"{text}; they must be the same") from None
        warn(f"{text}; they are broadcast to {both}, which is seldom meant")
        return input, target
    raise ShapeError(f"{text}; they must be the same")


@wide
def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """The squared error ``(input - target)^2``, and its mean or sum.

    Parameters
    ----------
    input : Tensor
        Any shape.
    target : Tensor
        The shape of ``input``, or one number for all elements.
    reduction : str, default "mean"
        "none": every element; "mean": their mean; "sum": their sum.
    weight : Tensor, optional
        The shape of ``input``: what each element is multiplied with; "mean" divides by the weights' sum.

    Returns
    -------
    Tensor
        Shape (), or that of the elements for "none".

    Raises
    ------
    ArgumentError
        For another ``reduction``.
    ShapeError
        For shapes that do not broadcast; for those that do there is a warning.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.mse_loss(gf.tensor([1.0, 2.0]), gf.tensor([1.0, 4.0]))
    tensor(2.)
    >>> x = gf.tensor([1.0, 2.0], requires_grad=True)
    >>> gf.nn.functional.mse_loss(x, gf.tensor([1.0, 4.0])).backward()
    >>> x.grad
    tensor([ 0., -2.])
    """
    input, target = _paired(input, target, reduction, "mse_loss")
    return _weighted(elementwise.square(input - target), weight, reduction, "mse_loss")


def _weighted(loss: Any, weight: Tensor | None, reduction: str, name: str) -> Tensor:
    if weight is None:
        return reduced(loss, reduction)  # type: ignore[no-any-return]
    weight = tensor_of(name, "the weight", weight, loss)
    if weight.shape != loss.shape:
        raise ShapeError(f"{name}: weight has shape {weight.shape} and the elements {loss.shape}; they must be the same")
    if reduction == "mean":
        return reduce.sum(loss * weight) / reduce.sum(weight)
    return reduced(loss * weight, reduction)  # type: ignore[no-any-return]


@wide
def l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """The absolute error ``|input - target|``, and its mean or sum; the derivative is 0 where it is 0.

    Parameters
    ----------
    input : Tensor
        Any shape.
    target : Tensor
        The shape of ``input``, or one number for all elements.
    reduction : str, default "mean"
        "none": every element; "mean": their mean; "sum": their sum.
    weight : Tensor, optional
        The shape of ``input``: what each element is multiplied with; "mean" divides by the weights' sum.

    Returns
    -------
    Tensor
        Shape (), or that of the elements for "none".

    Raises
    ------
    ArgumentError
        For another ``reduction``.
    ShapeError
        For shapes that do not broadcast; for those that do there is a warning.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.l1_loss(gf.tensor([1.0, 2.0]), gf.tensor([1.0, 4.0]))
    tensor(1.)
    """
    input, target = _paired(input, target, reduction, "l1_loss")
    return _weighted(elementwise.abs(input - target), weight, reduction, "l1_loss")


@wide
def smooth_l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """``d^2 / (2 beta)`` where ``|d| < beta``, ``|d| - beta / 2`` elsewhere, with ``d = input - target``; its mean or sum.

    Parameters
    ----------
    input : Tensor
        Any shape.
    target : Tensor
        The shape of ``input``, or one number for all elements.
    reduction : str, default "mean"
        "none": every element; "mean": their mean; "sum": their sum.
    beta : float, default 1.0
        Where the parabola ends; with 0 it is ``l1_loss``.

    Returns
    -------
    Tensor
        Shape (), or that of the elements for "none".

    Raises
    ------
    ArgumentError
        For a negative ``beta``, and for another ``reduction``.
    ShapeError
        For shapes that do not broadcast; for those that do there is a warning.

    References
    ----------
    Girshick, "Fast R-CNN" (2015), equation 3.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.smooth_l1_loss(gf.tensor([0.5, 3.0]), gf.zeros(2), reduction="none")
    tensor([0.1250, 2.5000])
    """
    if beta < 0:
        raise ArgumentError(f"smooth_l1_loss: beta is not negative, got {beta}")
    input, target = _paired(input, target, reduction, "smooth_l1_loss")
    if beta == 0:
        return reduced(elementwise.abs(input - target), reduction)  # type: ignore[no-any-return]
    return reduced(_huber(input - target, beta) * (1 / beta), reduction)  # type: ignore[no-any-return]


@wide
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """``d^2 / 2`` where ``|d| < delta``, ``delta (|d| - delta / 2)`` elsewhere, with ``d = input - target``; its mean or sum.

    Parameters
    ----------
    input : Tensor
        Any shape.
    target : Tensor
        The shape of ``input``, or one number for all elements.
    reduction : str, default "mean"
        "none": every element; "mean": their mean; "sum": their sum.
    delta : float, default 1.0
        Where the parabola ends.
    weight : Tensor, optional
        The shape of ``input``: what each element is multiplied with; "mean" divides by the number of elements, as in PyTorch.

    Returns
    -------
    Tensor
        Shape (), or that of the elements for "none".

    Raises
    ------
    ArgumentError
        For a ``delta`` that is not positive, and for another ``reduction``.
    ShapeError
        For shapes that do not broadcast; for those that do there is a warning.

    References
    ----------
    Huber, "Robust estimation of a location parameter" (1964).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.huber_loss(gf.tensor([0.5, 3.0]), gf.zeros(2), reduction="none", delta=2.0)
    tensor([0.1250, 4.0000])
    """
    if not delta > 0:
        raise ArgumentError(f"huber_loss: delta is positive, got {delta}")
    input, target = _paired(input, target, reduction, "huber_loss")
    loss = _huber(input - target, delta)
    if weight is not None and reduction == "mean":
        return reduce.mean(_weighted(loss, weight, "none", "huber_loss"))
    return _weighted(loss, weight, reduction, "huber_loss")


def _huber(d: Any, delta: float) -> Any:
    """With c = clamp(d, -delta, delta) both pieces are c (d - c / 2), and the second derivative is right at 0 too."""
    c = choosing.clamp(d, -float(delta), float(delta))
    return c * (d - 0.5 * c)


@wide
def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean") -> Tensor:
    """``-(t log(x) + (1 - t) log(1 - x))`` of probabilities ``x`` and targets ``t``; its mean or sum.

    The logarithms are held above -100, so that the loss is finite. The gradient is (x - t) / max((1 - x) x, 1e-12), as in
    PyTorch: large, but finite, where ``x`` is exactly 0 or 1 and wrong. ``binary_cross_entropy_with_logits`` has the exact one
    everywhere.

    Parameters
    ----------
    input : Tensor
        Probabilities of any shape.
    target : Tensor
        The shape of ``input``, or one number for all elements.
    weight : Tensor, optional
        What each element is multiplied with; a shape that broadcasts to that of ``input``.
    reduction : str, default "mean"
        "none": every element; "mean": their mean; "sum": their sum.

    Returns
    -------
    Tensor
        Shape (), or that of ``input`` for "none".

    Raises
    ------
    ShapeError
        Unless ``input`` and ``target`` have one shape.
    ArgumentError
        For an ``input`` outside of [0, 1], which is looked at on the CPU only, and for another ``reduction``.
    DTypeError
        For an ``input`` that is not floats.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.binary_cross_entropy(gf.tensor([0.5, 0.5]), gf.tensor([0.0, 1.0]))
    tensor(0.6931)
    """
    name = "binary_cross_entropy"
    input, target = _paired(input, target, reduction, name, exactly=True)
    if input.dtype.kind != "f":
        raise DTypeError(f"{name}: the input are probabilities, floats, not {input.dtype}")
    if not input.is_cuda and input.numel():
        low, high = float(input.array.min()), float(input.array.max())
        if not (low >= 0 and high <= 1):
            raise ArgumentError(
                f"{name}: the input are probabilities in [0, 1], not {low if not low >= 0 else high}; see {name}_with_logits"
            )
    loss: Any = neural.probability_cross_entropy(input, target)
    if weight is not None:
        loss = loss * _fitting(weight, loss, "weight", name)
    return reduced(loss, reduction)  # type: ignore[no-any-return]


def _fitting(weight: Tensor, loss: Tensor, what: str, name: str) -> Tensor:
    weight = tensor_of(name, f"the {what}", weight, loss)
    try:
        fits = backend.cpu.broadcast_shapes(weight.shape, loss.shape) == loss.shape
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(f"{name}: {what} has shape {weight.shape}, which does not broadcast to {loss.shape}")
    return weight


@wide
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """``-(p t log s(x) + (1 - t) log(1 - s(x)))`` with ``s`` the sigmoid, without overflow; its mean or sum.

    Parameters
    ----------
    input : Tensor
        Scores of any shape.
    target : Tensor
        The shape of ``input``, or one number for all elements.
    weight : Tensor, optional
        What each element is multiplied with; a shape that broadcasts to that of ``input``.
    reduction : str, default "mean"
        "none": every element; "mean": their mean; "sum": their sum.
    pos_weight : Tensor, optional
        The weight p of the positives, 1 unless given; a shape that broadcasts to that of ``input``.

    Returns
    -------
    Tensor
        Shape (), or that of ``input`` for "none".

    Raises
    ------
    ShapeError
        Unless ``input`` and ``target`` have one shape.
    ArgumentError
        For another ``reduction``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.binary_cross_entropy_with_logits(gf.tensor([0.0, 800.0]), gf.tensor([0.0, 1.0]))
    tensor(0.3466)
    """
    name = "binary_cross_entropy_with_logits"
    input, target = _paired(input, target, reduction, name, exactly=True)
    log_s: Any = activations.logsigmoid(input)
    if pos_weight is not None:
        log_s = log_s * ((_fitting(pos_weight, input, "pos_weight", name) - 1) * target + 1)
    loss: Any = (1 - target) * input - log_s
    if weight is not None:
        loss = loss * _fitting(weight, loss, "weight", name)
    return reduced(loss, reduction)  # type: ignore[no-any-return]


@wide
def kl_div(input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """``t (log t - x)`` of probabilities ``t`` and log-probabilities ``x``: the Kullback-Leibler divergence; its mean or sum.

    Parameters
    ----------
    input : Tensor
        Log-probabilities of any shape.
    target : Tensor
        Probabilities; the shape of ``input``.
    reduction : str, default "mean"
        "none", "mean", "sum", or "batchmean": the sum over the size of the first dimension. That is the divergence itself; "mean"
        divides by the number of elements.
    log_target : bool, default False
        Whether ``target`` holds the logarithms.

    Returns
    -------
    Tensor
        Shape (), or that of the elements for "none".

    Raises
    ------
    ArgumentError
        For another ``reduction``.

    References
    ----------
    Kullback and Leibler, "On information and sufficiency" (1951).

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.log_softmax(gf.zeros(1, 2), dim=1)
    >>> gf.nn.functional.kl_div(x, gf.tensor([[1.0, 0.0]]), reduction="batchmean")
    tensor(0.6931)
    """
    check_reduction(reduction, "kl_div", ("none", "mean", "batchmean", "sum"))
    input, target = _paired(input, target, "none", "kl_div")
    loss: Any
    if log_target:
        loss = transcendental.exp(target) * (target - input)
    else:
        safe = choosing.where(wrap(target.array == 0), 1.0, target)  # 0 log 0 is 0
        loss = target * transcendental.log(safe) - target * input
    if reduction == "batchmean":
        return reduce.sum(loss) / (input.shape[0] if input.ndim else 1)
    return reduced(loss, reduction)  # type: ignore[no-any-return]
