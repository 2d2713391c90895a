"""The loss transcendental.  Public in ``nn.functional``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import backend
from .._engine import warn, wide, wrap
from .._ops import compare, elementwise, index, neural, reduce, shape, transcendental
from .._plain import plain, real_number
from .._recorded import refuse_to_lose
from .._tensor import Tensor
from ..errors import ArgumentError, DeviceError, DTypeError, ShapeError
from ..typing import Array
from ._given import tensor_of

_REDUCTIONS = ("none", "mean", "sum")
_UNSIGNED = {size: np.dtype(f"u{size}") for size in (1, 2, 4, 8)}


def _check(reduction: Any, name: str, allowed: tuple[str, ...] = _REDUCTIONS) -> None:
    if reduction not in allowed:
        raise ArgumentError(f"{name}: reduction is {', '.join(map(repr, allowed[:-1]))} or {allowed[-1]!r}, not {reduction!r}")


def _reduced(loss: Any, reduction: str) -> Any:
    if reduction == "mean":
        return reduce.mean(loss)
    return reduce.sum(loss) if reduction == "sum" else loss


def _tensors(input: Any, target: Any, name: str) -> tuple[Tensor, Tensor]:
    if isinstance(input, Tensor) and isinstance(target, Tensor):
        return input, target
    return tensor_of(name, "the input", input, target), tensor_of(name, "the target", target, input)


def _paired(input: Any, target: Any, reduction: str, name: str, exactly: bool = False) -> tuple[Tensor, Tensor]:
    """What every elementwise loss is given, checked; shapes that differ but broadcast are warned about, as in PyTorch."""
    _check(reduction, name)
    one_for_all = not isinstance(target, Tensor) and real_number(target) is not None
    input, target = _tensors(input, target, name)
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
    """``(input - target)^2``, each element times ``weight`` if given, and its mean (over the weights' sum), sum, or none.

    ArgumentError for another ``reduction``; ShapeError for shapes that do not broadcast (a warning for those that do).

    >>> import gradflow as gf
    >>> gf.nn.functional.mse_loss(gf.tensor([1.0, 2.0]), gf.tensor([1.0, 4.0]))
    tensor(2.)
    """
    input, target = _paired(input, target, reduction, "mse_loss")
    return _weighted(elementwise.square(input - target), weight, reduction, "mse_loss")


def _weighted(loss: Any, weight: Tensor | None, reduction: str, name: str) -> Tensor:
    if weight is None:
        return _reduced(loss, reduction)  # type: ignore[no-any-return]
    weight = tensor_of(name, "the weight", weight, loss)
    if weight.shape != loss.shape:
        raise ShapeError(f"{name}: weight has shape {weight.shape} and the elements {loss.shape}; they must be the same")
    if reduction == "mean":
        return reduce.sum(loss * weight) / reduce.sum(weight)
    return _reduced(loss * weight, reduction)  # type: ignore[no-any-return]


@wide
def l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """``|input - target|`` and its mean, sum, or none; ``weight`` and errors as in ``mse_loss``.

    >>> import gradflow as gf
    >>> gf.nn.functional.l1_loss(gf.tensor([1.0, 2.0]), gf.tensor([1.0, 4.0]))
    tensor(1.)
    """
    input, target = _paired(input, target, reduction, "l1_loss")
    return _weighted(elementwise.abs(input - target), weight, reduction, "l1_loss")


@wide
def smooth_l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """``d^2 / (2 beta)`` where ``|d| < beta``, ``|d| - beta / 2`` elsewhere, with ``d = input - target``.

    ArgumentError for a negative ``beta``; with 0 it is ``l1_loss``.  Source: Girshick, "Fast R-CNN" (2015).

    >>> import gradflow as gf
    >>> gf.nn.functional.smooth_l1_loss(gf.tensor([0.5, 3.0]), gf.zeros(2), reduction="none")
    tensor([0.1250, 2.5000])
    """
    if beta < 0:
        raise ArgumentError(f"smooth_l1_loss: beta is not negative, got {beta}")
    input, target = _paired(input, target, reduction, "smooth_l1_loss")
    if beta == 0:
        return _reduced(elementwise.abs(input - target), reduction)  # type: ignore[no-any-return]
    return _reduced(_huber(input - target, beta) * (1 / beta), reduction)  # type: ignore[no-any-return]


@wide
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """``d^2 / 2`` where ``|d| < delta``, ``delta (|d| - delta / 2)`` elsewhere, with ``d = input - target``.

    ``weight`` as in ``mse_loss``, but "mean" divides by the number of elements, as PyTorch does here.  ArgumentError for
    a ``delta`` that is not positive.  Source: Huber, "Robust estimation of a location parameter" (1964).

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
    c = compare.clamp(d, -float(delta), float(delta))
    return c * (d - 0.5 * c)


@wide
def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean") -> Tensor:
    """``-(t log(x) + (1 - t) log(1 - x))`` of probabilities ``x``, with the logs held above -100, so that it is finite.

    The gradient is (x - t) / max((1 - x) x, 1e-12), as in PyTorch: large, but finite, where ``x`` is exactly 0 or 1 and wrong;
    ``binary_cross_entropy_with_logits`` has the exact one everywhere.  ``weight`` scales the elements.  ShapeError unless input
    and target have one shape; ArgumentError for an ``x`` outside of [0, 1] (looked at on the CPU only).

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
    return _reduced(loss, reduction)  # type: ignore[no-any-return]


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
    """``-(p t log s(x) + (1 - t) log(1 - s(x)))`` with ``s`` the sigmoid, without overflow.

    ``pos_weight`` p (1 unless given) weights the positives, ``weight`` the elements; both broadcast.  ShapeError unless
    input and target have one shape.

    >>> import gradflow as gf
    >>> gf.nn.functional.binary_cross_entropy_with_logits(gf.tensor([0.0, 800.0]), gf.tensor([0.0, 1.0]))
    tensor(0.3466)
    """
    name = "binary_cross_entropy_with_logits"
    input, target = _paired(input, target, reduction, name, exactly=True)
    log_s: Any = neural.logsigmoid(input)
    if pos_weight is not None:
        log_s = log_s * ((_fitting(pos_weight, input, "pos_weight", name) - 1) * target + 1)
    loss: Any = (1 - target) * input - log_s
    if weight is not None:
        loss = loss * _fitting(weight, loss, "weight", name)
    return _reduced(loss, reduction)  # type: ignore[no-any-return]


@wide
def kl_div(input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """``t (log t - x)``, the Kullback-Leibler divergence of probabilities ``t`` from log-probabilities ``x``.

    ``log_target``: the target holds log t.  ``reduction`` also "batchmean", the sum over the size of the first
    dimension, which is the divergence itself (the "mean" over all elements is not).

    >>> import gradflow as gf
    >>> x = gf.log_softmax(gf.zeros(1, 2), dim=1)
    >>> gf.nn.functional.kl_div(x, gf.tensor([[1.0, 0.0]]), reduction="batchmean")
    tensor(0.6931)
    """
    _check(reduction, "kl_div", ("none", "mean", "batchmean", "sum"))
    input, target = _paired(input, target, "none", "kl_div")
    loss: Any
    if log_target:
        loss = transcendental.exp(target) * (target - input)
    else:
        safe = compare.where(wrap(target.array == 0), 1.0, target)  # 0 log 0 is 0
        loss = target * transcendental.log(safe) - target * input
    if reduction == "batchmean":
        return reduce.sum(loss) / (input.shape[0] if input.ndim else 1)
    return _reduced(loss, reduction)  # type: ignore[no-any-return]


# --- classes ----------------------------------------------------------------------------------------------------------------


@wide
def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    """``-w[target] input[target]`` of log-probabilities (N, C), (C,) or (N, C, ...) and class indices (N,), () or (N, ...).

    ``weight`` (C,) is w, ``ignore_index`` a class that counts for nothing; "mean" divides by the sum of the weights
    that were used.  Errors as in ``cross_entropy``.

    >>> import gradflow as gf
    >>> gf.nn.functional.nll_loss(gf.tensor([[-1.0, -2.0], [-3.0, -4.0]]), gf.tensor([0, 1]))
    tensor(2.5000)
    """
    _check(reduction, "nll_loss")
    input, target = _tensors(input, target, "nll_loss")
    classes = _class_dim(input, "nll_loss")
    safe, kept, there = _class_indices(input, target, ignore_index, "nll_loss")
    picked = index.gather(input, classes, wrap(_added(safe, classes)))
    loss = -shape.squeeze(picked, classes)
    if there is not None:
        loss = loss * wrap(there)
    return _class_mean(loss, safe, kept, _class_weight(input, weight, "nll_loss"), reduction)


@wide
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """``-log softmax(input)[target]``: scores (N, C), (C,) or (N, C, ...) against classes.

    ``target`` holds class indices (integers of shape (N,), (), (N, ...)) or probabilities (floats of the shape of
    ``input``): then it is ``-sum_c target_c log softmax(input)_c``.  ``weight`` (C,) weights the classes; "mean" divides
    by the sum of the weights of the targets that were used, for probabilities by their number: where that is 0 the loss is NaN
    and its gradient 0.  ``ignore_index``: an index that counts for nothing.  ``label_smoothing`` e: the target is mixed with
    the uniform, (1 - e) t + e / C.

    IndexingError for a class that is not there (on CUDA, where looking would be a wait, its loss and gradients are NaN
    instead), ShapeError for shapes that do not fit,
    DTypeError for indices that are not integers, ArgumentError for another reduction or e outside of [0, 1].
    Source: Szegedy et al., "Rethinking the Inception architecture" (2016) for the smoothing.

    >>> import gradflow as gf
    >>> gf.nn.functional.cross_entropy(gf.zeros(2, 4), gf.tensor([0, 3]))
    tensor(1.3863)
    """
    _check(reduction, "cross_entropy")
    if not 0 <= label_smoothing <= 1:
        raise ArgumentError(f"cross_entropy: label_smoothing lies in [0, 1], not {label_smoothing}")
    input, target = _tensors(input, target, "cross_entropy")
    classes = _class_dim(input, "cross_entropy")
    w = _class_weight(input, weight, "cross_entropy")
    if input.shape == target.shape:
        return _soft_cross_entropy(input, target, w, classes, ignore_index, reduction, label_smoothing)
    safe, kept, there = _class_indices(input, target, ignore_index, "cross_entropy")
    if label_smoothing > 0:
        return _smoothed(input, safe, kept, there, w, classes, reduction, label_smoothing)
    xp = backend.namespace_of(input.array)
    rows: Any = input
    if input.ndim != 2:
        rows = shape.reshape(shape.movedim(input, classes, -1), (-1, input.shape[classes]))
    flat = xp.astype(safe.reshape(-1), "int64") if safe.dtype.kind == "u" else safe.reshape(-1)
    share, total = _shares(safe, kept, w, reduction, input.dtype)
    if share is not None and there is not None:
        share = share * wrap(there.reshape(-1))
    loss: Any = neural.softmax_cross_entropy(rows, wrap(flat + xp.row_starts(*rows.shape)), share, total)[0]
    if share is not None:
        return loss  # type: ignore[no-any-return]
    if loss.shape != safe.shape:
        loss = shape.reshape(loss, safe.shape)
    if there is not None:
        loss = loss * wrap(there)
    return _class_mean(loss, safe, kept, w, reduction)


def _class_dim(input: Tensor, name: str) -> int:
    if not input.ndim:
        raise ShapeError(f"{name}: scores have shape (N, C), (C,) or (N, C, ...), not ()")
    if input.dtype.kind != "f":
        raise DTypeError(f"{name}: scores are floats, not {input.dtype}")
    return 0 if input.ndim == 1 else 1


def _class_weight(input: Tensor, weight: Tensor | None, name: str) -> Array | None:
    if weight is None:
        return None
    weight = tensor_of(name, "the weight", weight, input)
    count = input.shape[0 if input.ndim == 1 else 1]
    if weight.shape != (count,):
        raise ShapeError(f"{name}: weight has shape {weight.shape}; {count} classes need ({count},)")
    instead = 'the losses of reduction="none" times weight[target] are recorded, and weight.detach() is a constant'
    refuse_to_lose(weight, f"{name}: weight=", instead)
    return weight.array.astype(input.dtype, copy=False)


def _class_indices(
    input: Tensor, target: Tensor, ignore_index: int, name: str
) -> tuple[Array, Array | None, Array | None]:  # fmt: skip
    """The indices with a class in place of ``ignore_index``, and which count (None: all of them).

    Whether the others are classes is looked at on the CPU.  On CUDA looking would be a wait; there the third is 1 for an
    index that is a class, or is ignored, and NaN for one that is neither.
    """
    held, form, ignore_index = target.array, input.shape, plain(ignore_index)
    wanted = form[:1] + form[2:] if len(form) > 1 else ()
    if held.shape != wanted:
        raise ShapeError(
            f"{name}: a target of shape {held.shape} does not fit scores of shape {form}: class indices have shape {wanted}"
            + (f", probabilities {form}" if name == "cross_entropy" else "")
        )
    if held.dtype.kind not in "iu":
        raise DTypeError(f"{name}: class indices are integers, not {held.dtype}; use target.long()")
    xp = backend.namespace_of(held)
    if xp is not backend.namespace_of(input.array):
        raise DeviceError(
            f"{name}: the input is on {input.device} and the target on {target.device}; use target.to('{input.device}')"
        )
    count = form[0 if len(form) == 1 else 1]
    if xp is backend.cpu:
        # Read as unsigned, a negative index is a huge one: a single pass says whether all are classes.
        unsigned = held.view(_UNSIGNED[held.dtype.itemsize])
        if (not held.size or int(xp.max(unsigned)) < count) and not 0 <= ignore_index < count:
            return held, None, None
    if held.dtype.kind == "u":  # beside which a negative ignore_index may be no number
        held = xp.astype(held, "int64")
    kept = held != ignore_index
    if xp is backend.cpu:
        safe = xp.where(kept, held, xp.zeros_like(held))
        neural.check_classes(xp, safe, count, name)
        return safe, kept, None
    classes = (held >= 0) & (held < count)
    number = input.dtype.type
    return xp.where(classes & kept, held, xp.zeros_like(held)), kept, xp.where(classes | ~kept, number(1), number(math.nan))


def _shares(
    safe: Array, kept: Array | None, weight: Array | None, reduction: str, dtype: Any
) -> tuple[Tensor | None, Tensor | None]:
    """What each loss, or every loss, counts in the sum that "sum" or "mean" is, and what that sum is divided by (None: nothing).

    None, None for "none", and for no losses at all.
    """
    if reduction == "none" or not safe.size:
        return None, None
    xp = backend.namespace_of(safe)
    if weight is None and kept is None:
        each = 1.0 if reduction == "sum" else 1 / safe.size
        return wrap(xp.scalar(each, dtype) if xp is backend.cpu else xp.full((), each, dtype)), None
    factor = _factor(xp, safe, kept, weight, dtype)
    return wrap(factor.reshape(-1)), wrap(xp.asarray(xp.sum(factor))) if reduction == "mean" else None


def _factor(xp: Any, safe: Array, kept: Array | None, weight: Array | None, dtype: Any) -> Array:
    """The weight of each target's class, 0 where the target does not count."""
    factor = xp.ones(safe.shape, dtype) if weight is None else weight[safe]
    return factor if kept is None else xp.where(kept, factor, xp.zeros_like(factor))


def _class_mean(loss: Any, safe: Array, kept: Array | None, weight: Array | None, reduction: str) -> Tensor:
    """The losses of class indices weighted, those that do not count made 0, and reduced."""
    if weight is None and kept is None:
        return _reduced(loss, reduction)  # type: ignore[no-any-return]
    xp = backend.namespace_of(safe)
    factor = _factor(xp, safe, kept, weight, loss.dtype)
    if kept is not None:
        loss = compare.where(wrap(kept), loss, 0.0)
    if weight is not None:
        loss = loss * wrap(factor)
    if reduction != "mean":
        return _reduced(loss, reduction)  # type: ignore[no-any-return]
    return _weighted_mean(xp, loss, factor)


def _weighted_mean(xp: Any, loss: Any, factor: Array) -> Tensor:
    """The sum of losses over that of their weights: NaN where nothing counts, as in PyTorch, with a gradient of 0."""
    total = xp.asarray(xp.sum(factor))
    if xp is not backend.cpu or not total:
        loss = compare.where(wrap(xp.asarray(total != 0)), loss, 0.0)
    with xp.floating_errors(invalid="ignore"):
        return reduce.sum(loss) / wrap(total)  # type: ignore[no-any-return]


def _smoothed(
    input: Tensor, safe: Array, kept: Array | None, there: Array | None, weight: Array | None, classes: int, reduction: str,
    e: float,
) -> Tensor:  # fmt: skip
    count = input.shape[classes]
    log_p: Any = neural.log_softmax(input, classes)
    hard = -shape.squeeze(index.gather(log_p, classes, wrap(_added(safe, classes))), classes)
    spread = log_p if weight is None else log_p * wrap(_along(weight, classes, input.ndim))
    # The uniform part is weighted class by class already, and divided by the same sum as the other.
    xp = backend.namespace_of(safe)
    soft = -reduce.sum(spread, classes) * (e / count)
    if weight is not None:
        hard = hard * wrap(weight[safe])
    loss = hard * (1 - e) + soft
    if there is not None:
        loss = loss * wrap(there)
    if kept is not None:
        loss = compare.where(wrap(kept), loss, 0.0)
    if reduction != "mean" or (weight is None and kept is None):
        return _reduced(loss, reduction)  # type: ignore[no-any-return]
    factor = xp.ones(safe.shape, loss.dtype) if weight is None else weight[safe]
    return _weighted_mean(xp, loss, factor if kept is None else xp.where(kept, factor, xp.zeros_like(factor)))


def _soft_cross_entropy(
    input: Tensor, target: Tensor, weight: Array | None, classes: int, ignore_index: int, reduction: str, e: float
) -> Tensor:
    if target.dtype.kind != "f":
        raise DTypeError(
            f"cross_entropy: a target of the input's shape {input.shape} holds probabilities, floats, not {target.dtype}"
        )
    if plain(ignore_index) >= 0:
        raise ArgumentError(f"cross_entropy: ignore_index {ignore_index} means nothing for a target of probabilities")
    count = input.shape[classes]
    log_p: Any = neural.log_softmax(input, classes)
    if weight is not None:
        log_p = log_p * wrap(_along(weight, classes, input.ndim))
    mixed: Any = target if e == 0 else target * (1 - e) + e / count
    loss = -reduce.sum(log_p * mixed, classes)
    if reduction == "mean":
        number = math.prod(loss.shape)
        return reduce.sum(loss) * (1 / number if number else math.nan)
    return _reduced(loss, reduction)  # type: ignore[no-any-return]


def _added(indices: Array, dim: int) -> Array:
    """``indices`` with a dimension of one at ``dim``."""
    return indices.reshape((*indices.shape[:dim], 1, *indices.shape[dim:]))


def _along(weight: Array, dim: int, ndim: int) -> Array:
    return weight.reshape(tuple(-1 if i == dim else 1 for i in range(ndim)))
