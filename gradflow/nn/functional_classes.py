"""The losses of scores against classes.  Public in ``nn.functional``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import backend
from .._engine import wide, wrap
from .._ops import choosing, neural, picking, reduce, shape
from .._plain import plain
from .._recorded import refuse_to_lose
from .._tensor import Tensor
from ..errors import ArgumentError, DeviceError, DTypeError, ShapeError
from ..typing import Array
from ._given import check_reduction, reduced, tensor_of, tensors_of

_UNSIGNED = {size: np.dtype(f"u{size}") for size in (1, 2, 4, 8)}


@wide
def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    """``-w[target] input[target]``: the loss of log-probabilities against class indices.

    Parameters
    ----------
    input : Tensor
        Log-probabilities, shape (N, C), (C,) or (N, C, ...).
    target : Tensor
        Integers, shape (N,), () or (N, ...).
    weight : Tensor, optional
        Shape (C,): the weight w of each class, 1 unless given. It gets no gradient.
    ignore_index : int, default -100
        An index that counts for nothing.
    reduction : str, default "mean"
        "none": every element; "mean": the sum over that of the weights that were used; "sum": the sum.

    Returns
    -------
    Tensor
        Shape (), or that of ``target`` for "none".

    Raises
    ------
    IndexingError
        For a class that is not there. On CUDA, where looking would be a wait, its loss and gradients are NaN instead.
    ShapeError
        For shapes that do not fit.
    DTypeError
        For indices that are not integers.
    GraphError
        For a ``weight`` that requires grad.
    ArgumentError
        For another ``reduction``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.nll_loss(gf.tensor([[-1.0, -2.0], [-3.0, -4.0]]), gf.tensor([0, 1]))
    tensor(2.5000)
    """
    check_reduction(reduction, "nll_loss")
    input, target = tensors_of(input, target, "nll_loss")
    classes = _class_dim(input, "nll_loss")
    safe, kept, there = _class_indices(input, target, ignore_index, "nll_loss")
    picked = picking.gather(input, classes, wrap(_added(safe, classes)))
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
    """``-log softmax(input)[target]``: the loss of scores against classes, without overflow.

    A target of probabilities gives -sum_c target_c log softmax(input)_c. "mean" divides by the sum of the weights of the targets
    that were used, for probabilities by their number. Where that is 0 the loss is NaN and its gradient 0.

    Parameters
    ----------
    input : Tensor
        Scores, shape (N, C), (C,) or (N, C, ...).
    target : Tensor
        Class indices, integers of shape (N,), () or (N, ...); or probabilities, floats of the shape of ``input``.
    weight : Tensor, optional
        Shape (C,): the weight of each class, 1 unless given. It gets no gradient.
    ignore_index : int, default -100
        An index that counts for nothing.
    reduction : str, default "mean"
        "none": every element; "mean": the weighted mean; "sum": the sum.
    label_smoothing : float, default 0.0
        The share e of the uniform distribution in the target: (1 - e) t + e / C.

    Returns
    -------
    Tensor
        Shape (), or (N,), () or (N, ...) for "none".

    Raises
    ------
    IndexingError
        For a class that is not there. On CUDA, where looking would be a wait, its loss and gradients are NaN instead.
    ShapeError
        For shapes that do not fit.
    DTypeError
        For indices that are not integers.
    GraphError
        For a ``weight`` that requires grad.
    ArgumentError
        For another ``reduction``, and for a ``label_smoothing`` outside of [0, 1].

    References
    ----------
    Szegedy et al., "Rethinking the Inception architecture for computer vision" (2016), section 7, for the smoothing.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.cross_entropy(gf.zeros(2, 4), gf.tensor([0, 3]))
    tensor(1.3863)
    >>> scores = gf.zeros(1, 2, requires_grad=True)
    >>> gf.nn.functional.cross_entropy(scores, gf.tensor([1])).backward()
    >>> scores.grad
    tensor([[ 0.5000, -0.5000]])
    """
    check_reduction(reduction, "cross_entropy")
    if not 0 <= label_smoothing <= 1:
        raise ArgumentError(f"cross_entropy: label_smoothing lies in [0, 1], not {label_smoothing}")
    input, target = tensors_of(input, target, "cross_entropy")
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
        return reduced(loss, reduction)  # type: ignore[no-any-return]
    xp = backend.namespace_of(safe)
    factor = _factor(xp, safe, kept, weight, loss.dtype)
    if kept is not None:
        loss = choosing.where(wrap(kept), loss, 0.0)
    if weight is not None:
        loss = loss * wrap(factor)
    if reduction != "mean":
        return reduced(loss, reduction)  # type: ignore[no-any-return]
    return _weighted_mean(xp, loss, factor)


def _weighted_mean(xp: Any, loss: Any, factor: Array) -> Tensor:
    """The sum of losses over that of their weights: NaN where nothing counts, as in PyTorch, with a gradient of 0."""
    total = xp.asarray(xp.sum(factor))
    if xp is not backend.cpu or not total:
        loss = choosing.where(wrap(xp.asarray(total != 0)), loss, 0.0)
    with xp.floating_errors(invalid="ignore"):
        return reduce.sum(loss) / wrap(total)  # type: ignore[no-any-return]


def _smoothed(
    input: Tensor, safe: Array, kept: Array | None, there: Array | None, weight: Array | None, classes: int, reduction: str,
    e: float,
) -> Tensor:  # fmt: skip
    count = input.shape[classes]
    log_p: Any = neural.log_softmax(input, classes)
    hard = -shape.squeeze(picking.gather(log_p, classes, wrap(_added(safe, classes))), classes)
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
        loss = choosing.where(wrap(kept), loss, 0.0)
    if reduction != "mean" or (weight is None and kept is None):
        return reduced(loss, reduction)  # type: ignore[no-any-return]
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
    return reduced(loss, reduction)  # type: ignore[no-any-return]


def _added(indices: Array, dim: int) -> Array:
    """``indices`` with a dimension of one at ``dim``."""
    return indices.reshape((*indices.shape[:dim], 1, *indices.shape[dim:]))


def _along(weight: Array, dim: int, ndim: int) -> Array:
    return weight.reshape(tuple(-1 if i == dim else 1 for i in range(ndim)))
