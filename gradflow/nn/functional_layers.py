"""The functions behind the layers: linear, dropout, normalisation, embedding, padding.  Public in ``nn.functional``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import backend
from .._creation import as_tensor
from .._engine import operand, wide, wrap, writes
from .._inplace import allow, overwrite
from .._ops import choosing, dims, elementwise, index, neural, norms, picking, reduce, shape
from .._plain import plain, whole_number
from .._tensor import Tensor
from ..errors import ArgumentError, DTypeError, IndexingError, ShapeError
from ..random import rand
from ..typing import Array
from ._given import tensor_of


def written(
    input: Tensor, inplace: bool, name: str, function: Callable[..., Tensor], *args: Any, keeps_input: bool = True
) -> Tensor:
    """``function(input, *args)``, written over ``input`` if ``inplace`` (what backward needs of the input is copied first)."""
    if not inplace:
        return function(input, *args)
    allow(input, name)
    overwrite(input, function(shape.clone(input) if keeps_input and input.node is not None else input, *args), name)
    return input


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """The affine map ``input @ weight.T + bias``.

    Parameters
    ----------
    input : Tensor
        Shape (..., in_features).
    weight : Tensor
        Shape (out_features, in_features).
    bias : Tensor, optional
        Shape (out_features,).

    Returns
    -------
    Tensor
        Shape (..., out_features).

    Raises
    ------
    ShapeError
        If the last dimension of ``input`` is not in_features.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.linear(gf.ones(2), gf.tensor([[1.0, 2.0]]), gf.tensor([0.5]))
    tensor([3.5000])
    """
    return neural.linear_layer(input, weight, bias)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element made 0 with probability ``p``, the others times 1 / (1 - p).

    Parameters
    ----------
    input : Tensor
        Any shape; floats.
    p : float, default 0.5
        In [0, 1].
    training : bool, default True
        False: the result is ``input`` itself.
    inplace : bool, default False
        Write the result over ``input``, and return it.

    Returns
    -------
    Tensor
        The shape of ``input``.

    Raises
    ------
    ArgumentError
        For a ``p`` outside of [0, 1].
    DTypeError
        For integers.

    References
    ----------
    Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting" (2014).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.dropout(gf.ones(3), 0.5, training=False)
    tensor([1., 1., 1.])
    """
    input, p = operand("dropout", input), plain(p)
    if not 0 <= p <= 1:
        raise ArgumentError(f"dropout: the probability p lies in [0, 1], not {p}")
    if not training or p == 0:
        return input
    if input.dtype.kind not in "fc":
        raise DTypeError(f"dropout: scales what it keeps, so it takes floats, not {input.dtype}")
    xp = backend.namespace_of(input.array)
    scale = 0.0 if p == 1 else 1 / (1 - p)
    mask = xp.astype(rand(input.shape, dtype="float32", device=input.device).array >= p, input.dtype) * scale
    return written(input, inplace, "dropout", elementwise.mul, wrap(mask), keeps_input=False)


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """``(x - mean) / sqrt(var + eps) * weight + bias``, for each channel.

    In training mean and variance are those of the batch, the variance divided by n. ``running_mean`` and ``running_var``, if
    given, are then updated in place: running = (1 - momentum) running + momentum batch, with the unbiased variance. Otherwise
    they are used.

    Parameters
    ----------
    input : Tensor
        Shape (N, C) or (N, C, ...).
    running_mean : Tensor or None
        Shape (C,).
    running_var : Tensor or None
        Shape (C,).
    weight : Tensor, optional
        Shape (C,).
    bias : Tensor, optional
        Shape (C,).
    training : bool, default False
        Whether the statistics of the batch are used.
    momentum : float, default 0.1
        The weight of the batch in the running statistics.
    eps : float, default 1e-5
        Added to the variance.

    Returns
    -------
    Tensor
        The shape of ``input``.

    Raises
    ------
    ShapeError
        For statistics or weights that are not (C,), and in training for a single value in a channel.
    ArgumentError
        Without running statistics outside of training.

    References
    ----------
    Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate shift" (2015).

    Examples
    --------
    >>> import gradflow as gf
    >>> x, mean, var = gf.tensor([[1.0], [3.0]]), gf.zeros(1), gf.ones(1)
    >>> gf.nn.functional.batch_norm(x, mean, var, training=True, momentum=0.5, eps=0.0)
    tensor([[-1.],
            [ 1.]])
    >>> mean, var
    (tensor([1.]), tensor([1.5000]))
    """
    input = operand("batch_norm", input)
    if input.ndim < 2:
        raise ShapeError(f"batch_norm: takes (N, C) or (N, C, ...), not shape {input.shape}")
    channels = input.shape[1]
    one_each = (channels,)
    for t in (running_mean, running_var, weight, bias):
        if t is not None and t.shape != one_each:
            name = {id(running_mean): "running_mean", id(running_var): "running_var", id(weight): "weight"}.get(id(t), "bias")
            raise ShapeError(f"batch_norm: {name} has shape {t.shape}; an input of shape {input.shape} needs ({channels},)")
    across = None if input.ndim == 2 else (1, channels) + (1,) * (input.ndim - 2)
    if not training:
        if running_mean is None or running_var is None:
            raise ArgumentError("batch_norm: needs running_mean and running_var when training=False")
        return _standardized(input, running_mean, running_var, weight, bias, eps, across)
    n = input.numel() // channels if channels else 0
    if n <= 1:
        raise ShapeError(f"batch_norm: training needs more than one value per channel; the input has shape {input.shape}")
    axes = (0,) if across is None else (0, *range(2, input.ndim))
    made: Any = neural.normalised(input, axes, eps, _shaped(weight, across), _shaped(bias, across))
    y, mean, var = made
    if running_mean is not None:
        _blend(running_mean, mean, momentum, 1.0)
    if running_var is not None:
        _blend(running_var, var, momentum, n / (n - 1))
    return y  # type: ignore[no-any-return]


@wide
def _standardized(input: Any, mean: Any, var: Any, weight: Any, bias: Any, eps: float, across: Any) -> Tensor:
    scale: Any = elementwise.rsqrt(var + eps)
    scale = scale if weight is None else scale * weight
    offset: Any = -mean * scale if bias is None else bias - mean * scale
    return input * _shaped(scale, across) + _shaped(offset, across)  # type: ignore[no-any-return]


def _shaped(t: Any, form: tuple[int, ...] | None) -> Any:
    return t if t is None or form is None else shape.reshape(t, form)


def _blend(running: Tensor, batch: Array, momentum: float, factor: float) -> None:
    """``running = (1 - momentum) running + momentum factor batch``, on the bare array."""
    running.array *= 1 - momentum
    running.array += batch.reshape(running.array.shape) * (momentum * factor)
    writes.written_if_shared(running)


def layer_norm(
    input: Tensor,
    normalized_shape: int | Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """``(x - mean) / sqrt(var + eps) * weight + bias``, over the last dimensions.

    Parameters
    ----------
    input : Tensor
        Shape (..., *normalized_shape).
    normalized_shape : int or sequence of ints
        The sizes of the last dimensions; an int means one dimension.
    weight : Tensor, optional
        Shape ``normalized_shape``.
    bias : Tensor, optional
        Shape ``normalized_shape``.
    eps : float, default 1e-5
        Added to the variance, which is divided by n.

    Returns
    -------
    Tensor
        The shape of ``input``.

    Raises
    ------
    ShapeError
        If ``input`` does not end in ``normalized_shape``, or weight or bias do not have it.

    References
    ----------
    Ba, Kiros and Hinton, "Layer normalization" (2016).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.layer_norm(gf.tensor([[1.0, 3.0], [0.0, 8.0]]), (2,), eps=0.0)
    tensor([[-1.,  1.],
            [-1.,  1.]])
    """
    sizes: Any = normalized_shape
    input, number = operand("layer_norm", input), whole_number(sizes)
    form = tuple(sizes) if number is None else (number,)
    if not form or input.shape[-len(form) :] != form:
        raise ShapeError(f"layer_norm: normalized_shape is {form}, but the input has shape {input.shape}")
    for name, t in (("weight", weight), ("bias", bias)):
        if t is not None and t.shape != form:
            raise ShapeError(f"layer_norm: {name} has shape {t.shape}, not normalized_shape {form}")
    axes = tuple(range(input.ndim - len(form), input.ndim))
    made: Any = neural.normalised(input, axes, eps, weight, bias)
    return made[0]  # type: ignore[no-any-return]


def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None) -> Tensor:
    """The rows of ``weight`` at the integers in ``input``.

    Parameters
    ----------
    input : Tensor
        Integers of any shape.
    weight : Tensor
        Shape (entries, features).
    padding_idx : int, optional
        A row that gets no gradient; negative: counted from the end.

    Returns
    -------
    Tensor
        The shape of ``input`` and (features,) behind it.

    Raises
    ------
    IndexingError
        For an entry that is not there.
    DTypeError
        For an input that is not integers.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.embedding(gf.tensor([1, 0, 1]), gf.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[3., 4.],
            [1., 2.],
            [3., 4.]])
    """
    input = tensor_of("embedding", "the input", input)
    if weight.ndim != 2:
        raise ShapeError(f"embedding: the weight has shape {weight.shape}, not (entries, features)")
    if input.dtype.kind not in "iu":
        raise DTypeError(f"embedding: the input are integers (rows of the weight), not {input.dtype}")
    entries = weight.shape[0]
    xp = backend.namespace_of(input.array)
    neural.check_classes(xp, input.array, entries, "embedding")
    y = index.getitem(weight, input)
    if padding_idx is None:
        return y
    if not -entries <= padding_idx < entries:
        raise IndexingError(f"embedding: padding_idx {padding_idx} is outside of {entries} entries")
    padded = (input.array == padding_idx % entries)[..., None]
    return choosing.where(wrap(padded), y.detach(), y)


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """The input with something put around it, or cut off, in its last dimensions.

    Parameters
    ----------
    input : Tensor
        Any shape.
    pad : sequence of ints
        (before, after) of the last dimension, then of the one before it, ... Negative numbers cut off.
    mode : {"constant", "reflect", "replicate", "circular"}, default "constant"
        "constant": ``value``; "reflect": mirrored, the edge once; "replicate": the edge again and again; "circular": from the
        other side.
    value : float, optional
        What "constant" puts there; 0 unless given.

    Returns
    -------
    Tensor
        Each dimension larger by what was put before and after it.

    Raises
    ------
    ArgumentError
        For another ``mode``, and for a ``value`` that the mode does not use.
    ShapeError
        For an odd or too long ``pad``, and for more reflected or wrapped elements than there are.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.pad(gf.tensor([1.0, 2.0, 3.0]), (2, 1), mode="reflect")
    tensor([3., 2., 1., 2., 3., 2.])
    """
    input, sizes = operand("pad", input), dims.spelled((tuple(pad),), "pad")
    if len(sizes) % 2 or len(sizes) > 2 * input.ndim:
        raise ShapeError(f"pad: {sizes} is not a pair for each of at most {input.ndim} dimensions, the last first")
    if mode not in ("constant", "reflect", "replicate", "circular"):
        raise ArgumentError(f"pad: mode is 'constant', 'reflect', 'replicate' or 'circular', not {mode!r}")
    if mode != "constant" and value is not None:
        raise ArgumentError(f"pad: mode {mode!r} takes no value")
    pairs = [(0, 0)] * (input.ndim - len(sizes) // 2) + list(zip(sizes[-2::-2], sizes[::-2], strict=True))
    for n, (before, after) in zip(input.shape, pairs, strict=True):
        if n + before + after < 0 or -min(before, 0) > n or -min(after, 0) > n:
            raise ShapeError(f"pad: {sizes} cuts more off than there is in shape {input.shape}")
    if mode == "constant":
        return _constant_pad(input, pairs, value or 0)
    y: Any = input
    for d, (n, (before, after)) in enumerate(zip(input.shape, pairs, strict=True)):
        if (before, after) != (0, 0):
            y = picking.index_select(y, d, wrap(_places(input, n, before, after, mode)))
    return y  # type: ignore[no-any-return]


def _constant_pad(input: Tensor, pairs: list[tuple[int, int]], value: float) -> Tensor:
    y: Any = input
    if any(before < 0 or after < 0 for before, after in pairs):
        cut = (slice(-min(b, 0), n + min(a, 0)) for n, (b, a) in zip(input.shape, pairs, strict=True))
        y = index.getitem(input, tuple(cut))
    widths = tuple((max(before, 0), max(after, 0)) for before, after in pairs)
    if value == 0:
        return neural.pad_zero(y, widths)
    xp = backend.namespace_of(y.array)
    inside = xp.pad(xp.ones(y.shape, bool), widths)
    return choosing.where(wrap(inside), neural.pad_zero(y, widths), value)


def _places(input: Tensor, n: int, before: int, after: int, mode: str) -> Array:
    """Which of ``n`` elements stands at each place of the padded dimension."""
    most = {"reflect": n - 1, "circular": n, "replicate": max(before, after) if n else 0}[mode]
    if max(before, after) > most:
        raise ShapeError(f"pad: mode {mode!r} can put at most {most} around {n} elements, not {(before, after)}")
    xp = backend.namespace_of(input.array)
    at = xp.arange(-before, n + after)
    if mode == "circular":
        return xp.remainder(at, n)
    if mode == "replicate":
        return xp.minimum(xp.maximum(at, 0), n - 1)
    return n - 1 - xp.absolute(n - 1 - xp.absolute(at))


@wide
def normalize(input: Tensor, p: float = 2.0, dim: int | tuple[int, ...] = 1, eps: float = 1e-12) -> Tensor:
    """``x / max(norm_p(x), eps)`` along ``dim``.

    Parameters
    ----------
    input : Tensor
        Any shape; integers are taken as floats.
    p : float, default 2.0
        The order of the norm.
    dim : int or tuple[int, ...], default 1
        Over which dimensions the norm is taken.
    eps : float, default 1e-12
        The smallest number that is divided by.

    Returns
    -------
    Tensor
        The shape of ``input``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.normalize(gf.tensor([3.0, 4.0]), dim=0)
    tensor([0.6000, 0.8000])
    """
    size: Any = norms.norm(input, p, dim, keepdim=True)
    return input / choosing.clamp(size, min=float(eps))


@wide
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between ``x1`` and ``x2``: x1 . x2 / (max(|x1|, eps) max(|x2|, eps)), along ``dim``.

    Parameters
    ----------
    x1 : Tensor
        Any shape.
    x2 : Tensor
        A shape that broadcasts with that of ``x1``.
    dim : int, default 1
        Along which the products are summed.
    eps : float, default 1e-8
        The smallest length that is divided by.

    Returns
    -------
    Tensor
        The broadcast shape without ``dim``.

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.cosine_similarity(gf.tensor([3.0, 4.0]), gf.tensor([4.0, 3.0]), dim=0)
    tensor(0.9600)
    """
    a, b = as_tensor(x1), as_tensor(x2)
    if a.shape != b.shape:
        try:
            both = backend.cpu.broadcast_shapes(a.shape, b.shape)
        except ValueError:
            raise ShapeError(f"cosine_similarity: shapes {a.shape} and {b.shape} do not broadcast") from None
        a, b = shape.broadcast_to(a, both), shape.broadcast_to(b, both)
    unit_a, unit_b = normalize(a, 2.0, dim, eps), normalize(b, 2.0, dim, eps)
    return reduce.sum(unit_a * unit_b, dim)
