"""Operations of neural networks that are one node each: softmax, linear, normalisation, cross-entropy.

One node where the chain of small ones would keep more memory or lose accuracy (softmax), or cost a multiple
of the time (linear, cross-entropy, normalisation).
"""

from __future__ import annotations

import math
from typing import Any

from .._engine import elementwise, linear, primitive, wide
from ..errors import IndexingError, ShapeError
from ..typing import Array, DType, Namespace, Tensor, TensorLike, TensorOrArray
from . import dims
from .elementwise import cast_to

# --- softmax ----------------------------------------------------------------------------------------------------------------


def _exponents(xp: Namespace, x: Array, dim: int, name: str) -> tuple[Array, Array, Any]:
    axis = (dims.one(dim, x.ndim, name),)[: x.ndim]
    if not x.size:  # there is no largest of no elements
        return x, x, xp.scalar(1, x.dtype)
    centred = x - xp.max(x, axis=axis, keepdims=True)
    e = xp.exp(centred)
    return centred, e, xp.sum(e, axis=axis, keepdims=True)


@wide
@primitive(lambda xp, g, y, dim: y * (g - xp.sum(g * y, axis=dim if g.ndim else None, keepdims=True)), floats=True)
def _softmax(xp: Namespace, x: Array, dim: int) -> Array:
    _, e, total = _exponents(xp, x, dim, "softmax")
    return e / total


def softmax(x: TensorLike, dim: int, *, dtype: DType = None) -> Tensor:
    """``exp(x) / sum(exp(x))`` along ``dim``, without overflow.

    The gradient is ``y * (g - sum(g * y))`` with the result ``y`` and the sum along `dim`.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; real numbers.
    dim : int
        The dimension along which the results add up to 1.
    dtype : dtype or None
        The dtype to which `x` is converted first.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Raises
    ------
    IndexingError
        When `x` has no dimension `dim`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.softmax(gf.tensor([1.0, 1.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    return _softmax(x if dtype is None else cast_to(x, dtype), dim)


@wide
@primitive(lambda xp, g, y, dim: g - xp.exp(y) * xp.sum(g, axis=dim if g.ndim else None, keepdims=True), floats=True)
def _log_softmax(xp: Namespace, x: Array, dim: int) -> Array:
    centred, _, total = _exponents(xp, x, dim, "log_softmax")
    return centred - xp.log(total)


def log_softmax(x: TensorLike, dim: int, *, dtype: DType = None) -> Tensor:
    """``log(softmax(x))`` along ``dim``, finite for every finite ``x``.

    The gradient is ``g - softmax(x) * sum(g)`` with the sum along `dim`.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; real numbers.
    dim : int
        The dimension along which the probabilities add up to 1.
    dtype : dtype or None
        The dtype to which `x` is converted first.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Raises
    ------
    IndexingError
        When `x` has no dimension `dim`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.log_softmax(gf.tensor([1.0, 1.0]), dim=0)
    tensor([-0.6931, -0.6931])
    """
    return _log_softmax(x if dtype is None else cast_to(x, dtype), dim)


def _cross_entropy_rule(xp: Namespace, g: Array, p: Array, place: Array, share: Any, total: Any) -> Array:
    each = g if share is None else g * share if total is None else xp.where(share == 0, xp.scalar(0, g.dtype), g / total * share)
    d = xp.window_set(p, xp.window(p, place) - xp.scalar(1, p.dtype), place)
    return d * (xp.reshape(each, (-1, 1)) if each.ndim else each)


@wide
@primitive(_cross_entropy_rule, place=None, share=None, total=None, also="p", floats=True)
def softmax_cross_entropy(xp: Namespace, x: Array, place: Array, share: Array = None, total: Array = None) -> Any:
    """``-log softmax(x)`` at one class of each row of ``x`` (n, classes), and the softmax ``p``.

    ``place`` (n,): where in the flattened ``x`` those classes stand.  With ``share`` the losses are summed, each times its
    share: one number for all, 1/n for the mean, or (n,), 0 for a row that does not count.  That sum is divided by ``total``, if
    given: where that is 0 too, as no row counts, the loss is NaN and the gradient 0.
    """
    centred, e, whole = _exponents(xp, x, 1, "cross_entropy")
    loss = xp.reshape(xp.log(whole), (-1,)) - xp.window(centred, place)
    if share is not None:
        loss = xp.sum(xp.where(share == 0, share, share * loss)) if share.ndim else xp.sum(loss) * share
    if total is not None:
        with xp.floating_errors(invalid="ignore"):
            loss = loss / total
    return loss, e / whole


def check_classes(xp: Namespace, target: Array, classes: int, name: str) -> None:
    """IndexingError if a class index lies outside of [0, classes); on the CPU only: on CUDA looking would be a wait."""
    if xp.device_of(target).type == "cpu" and target.size:
        low, high = int(xp.min(target)), int(xp.max(target))
        if low < 0 or high >= classes:
            raise IndexingError(f"{name}: class {low if low < 0 else high} of {classes} classes (0 to {classes - 1})")


_LEAST_LOG, _LEAST_SPREAD = -100.0, 1e-12


def _logs(xp: Namespace, x: Array) -> tuple[Array, Array]:
    """log(x) and log(1 - x), held above -100."""
    least = xp.scalar(_LEAST_LOG, x.dtype)
    return xp.maximum(xp.log(x), least), xp.maximum(xp.log1p(-x), least)


def _odds(xp: Namespace, x: Array) -> Array:
    inside, outside = _logs(xp, x)
    return outside - inside


@wide
@elementwise(
    lambda xp, g, x, target: g * ((x - target) / xp.maximum((1 - x) * x, xp.scalar(_LEAST_SPREAD, x.dtype))),
    lambda xp, g, x: g * _odds(xp, x),
    floats=True,
)
def probability_cross_entropy(xp: Namespace, x: TensorOrArray, target: TensorLike) -> Array:
    """``-(t log(x) + (1 - t) log(1 - x))`` with the logs held above -100.

    d/dx is (x - t) / ((1 - x) x), its denominator held above 1e-12, as in PyTorch: a prediction that is wholly wrong has a large
    gradient, not none.
    """
    with xp.floating_errors(divide="ignore"):  # log(0)
        inside, outside = _logs(xp, x)
    return -(target * inside + (1 - target) * outside)


# --- layers -------------------------------------------------------------------------------------------------------------------


def _flat(xp: Namespace, x: Array) -> Array:
    return x if x.ndim == 2 else xp.reshape(x, (-1, x.shape[-1]))


def _weight_rule(xp: Namespace, g: Array, x: Array, out: Any) -> Array:
    if g.ndim == 1:
        return xp.reshape(g, (-1, 1)) * x
    rows, columns = _flat(xp, g).T, _flat(xp, x)
    return xp.matmul(rows, columns) if out is None or out.dtype != g.dtype else xp.matmul(rows, columns, out=out)


@primitive(lambda xp, g, weight: xp.matmul(g, weight), _weight_rule, lambda xp, g, _bias: xp.sum_to(g, _bias.shape))
def _linear(xp: Namespace, x: Array, weight: Array, bias: Array = None) -> Array:
    """``x @ weight.T + bias``: (..., in) with a weight (out, in) and a bias (out,) gives (..., out)."""
    if weight.ndim != 2 or not x.ndim or x.shape[-1] != weight.shape[1]:
        raise ShapeError(
            f"linear: an input of shape {x.shape} and a weight of shape {weight.shape} do not fit: the input's last dimension "
            f"must be {weight.shape[-1] if weight.ndim else 'there'}, the weight's in_features"
        )
    y = xp.matmul(x, weight.T)
    return y if bias is None else xp.add(y, bias)


linear_layer = _linear


def _normalised_rule(
    xp: Namespace, g: Array, x: Array, weight: Any, _bias: Any, mean: Array, var: Array, dim: Any, eps: float, needs: Any
) -> Any:  # fmt: skip
    """With c = x - mean and r = 1 / sqrt(var + eps), y = c r weight + bias.  For u = g weight and means over ``dim``

    dx = r (u - mean(u) - c r^2 mean(u c)), dweight = sum(g c r), dbias = sum(g).

    A weight that is the same along ``dim`` (batch norm's) is taken out of the means, which then are dbias and dweight too.
    """
    r = xp.reciprocal(xp.sqrt(var + eps))
    away, scale, u, share = x - mean, r, g, -mean.size / max(x.size, 1)
    uniform = weight is None or all(d < x.ndim - weight.ndim or weight.shape[d - x.ndim] == 1 for d in dim)
    if weight is not None and uniform:
        scale = r * weight
    elif weight is not None:
        u = g * weight
    total, slope = xp.sum_to(u, mean.shape), xp.sum_to(u * away, mean.shape)
    dx = None
    if needs[0]:
        back = scale * share
        dx = u * scale + (away * (back * (r * r * slope)) + back * total)
    if uniform and weight is not None:
        fit = xp.reshape if math.prod(weight.shape) == math.prod(mean.shape) else xp.sum_to  # a sum for one weight to all rows
        return dx, fit(slope * r, weight.shape), fit(total, _bias.shape) if needs[2] else None
    dweight = xp.sum_to(g * away * r, weight.shape) if weight is not None and needs[1] else None
    return dx, dweight, xp.sum_to(g, _bias.shape) if needs[2] else None


@wide
@primitive(joint=(_normalised_rule, "x weight bias"), also="mean var")
def normalised(xp: Namespace, x: Array, dim: tuple[int, ...], eps: float, weight: Array = None, bias: Array = None) -> Any:
    """``(x - mean) / sqrt(var + eps) * weight + bias`` over ``dim``, with the mean and variance used (n, not n - 1).

    Source: Ioffe and Szegedy, "Batch normalization" (2015); over the last dimensions it is Ba et al., "Layer
    normalization" (2016).
    """
    away, mean = xp.centred(x, dim)
    var = xp.mean(away * away, axis=dim, keepdims=True)
    r = xp.reciprocal(xp.sqrt(var + eps))
    y = away * (r if weight is None else r * weight)
    if bias is not None:
        y += bias
    return y, mean, var


def _unpad(xp: Namespace, g: Array, _x: Any, widths: Any) -> Array:
    return xp.getitem(g, tuple(slice(before, before + n) for (before, _), n in zip(widths, _x.shape, strict=True)))


@linear(_unpad)
def pad_zero(xp: Namespace, x: TensorLike, widths: tuple[tuple[int, ...], ...]) -> Array:
    """``x`` with zeros around it: (before, after) for each dimension."""
    return xp.pad(x, widths)
