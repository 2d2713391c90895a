"""Convolution of bare arrays, written once for both backends.

Arrays come and go as (N, C, *sizes), but results lie in memory as C, *sizes, N: the batch last.  A row of an image is then one
long run of memory for any offset of the window, so that the windows are copied out and folded back at the speed of memory,
and the matrix product sees long rows.  Elementwise functions keep that order by themselves.

The windows (im2col) are laid out a block at a time, as large as the cache holds, and multiplied while they are there.

Source: Chellapilla et al., "High performance convolutional neural networks for document processing" (2006), which lays the
windows out for a matrix product; the batch stands last in memory as in Krizhevsky's cuda-convnet.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from itertools import product
from math import prod
from typing import Any, NamedTuple

from ..typing import Array, Namespace, Shape
from .dtypes import float16, float32


class Form(NamedTuple):
    """Where the windows lie: tap t of window o is at ``o * stride - low + t * dilation``, and reads 0 outside of the input.

    How far the padding goes on the other side follows from the sizes of input and output.  ``groups``: the channels are
    convolved in so many separate parts.
    """

    stride: Shape
    low: Shape
    dilation: Shape
    groups: int = 1


def bound(xp: Namespace) -> tuple[Any, ...]:
    """The functions below, for the arrays of one backend."""
    return tuple(partial(f, xp) for f in (conv, conv_input, conv_weight, patches, fold))


def conv(xp: Namespace, x: Array, weight: Array, size: Shape, form: Form, bias: Array | None = None) -> Array:
    """``y[n, o, p] = bias[o] + sum over c and taps t of weight[o, c, t] x[n, c, p * stride - low + t * dilation]``."""
    dtype, groups, made = x.dtype, form.groups, weight.shape[0]
    x, weight = _wide(x), _wide(weight)
    out = xp.empty((made, *size, x.shape[0]), x.dtype)
    if not (out.size and weight.size):
        out[...] = 0 if bias is None else bias.reshape((-1,) + (1,) * (out.ndim - 1))
        return _batch_first(out).astype(dtype, copy=False)
    if weight.shape[1] == 1 < groups:
        _depthwise(xp, _padded(xp, x, weight.shape[2:], size, form), weight, out, form)
        if bias is not None:
            out += bias.reshape((-1,) + (1,) * (out.ndim - 1))
        return _batch_first(out).astype(dtype, copy=False)
    rows, matrix = out.reshape(groups, made // groups, -1), weight.reshape(groups, made // groups, -1)
    if prod(weight.shape[2:]) == 1:
        column = None
    else:  # the bias is the weight of one more tap, which always reads 1
        column = bias
        if bias is not None:
            matrix = xp.concatenate([matrix, _wide(bias).reshape(groups, -1, 1)], 2)
    for part, windows in _blocks(
        xp, _padded(xp, x, weight.shape[2:], size, form), weight.shape[2:], size, form, column is not None
    ):
        xp.matmul(matrix, windows, out=rows[:, :, part])
    if bias is not None and column is None:
        rows += bias.reshape(groups, -1, 1)
    return _batch_first(out).astype(dtype, copy=False)


def conv_weight(xp: Namespace, x: Array, g: Array, kernel: Shape, form: Form) -> Array:
    """The adjoint of ``conv`` in the weight: ``w[o, c, t] = sum over n and p of g[n, o, p] x[n, c, p * stride - low + ...]``."""
    dtype, size, groups = x.dtype, g.shape[2:], form.groups
    shape = (g.shape[1], x.shape[1] // groups, *kernel)
    if not (x.size and g.size):
        return xp.zeros(shape, dtype)
    x, g = _wide(x), _wide(g)
    if shape[1] == 1 < groups:
        return _depthwise_weight(xp, _padded(xp, x, kernel, size, form), _batch_last(xp, g), kernel, form).astype(
            dtype, copy=False
        )
    columns = _batch_last(xp, g).reshape(groups, shape[0] // groups, -1).transpose(0, 2, 1)
    total: Any = None
    for part, windows in _blocks(xp, _padded(xp, x, kernel, size, form), kernel, size, form):
        term = xp.matmul(windows, columns[:, part])  # the weight transposed: BLAS is faster with the longer side first
        if total is None:
            total = term
        else:
            total += term
    return total.transpose(0, 2, 1).reshape(shape).astype(dtype, copy=False)


def conv_input(xp: Namespace, g: Array, weight: Array, size: Shape, form: Form) -> Array:
    """The adjoint of ``conv`` in the input, which is the transposed convolution; ``size`` is that of the input."""
    dtype, kernel, groups = g.dtype, weight.shape[2:], form.groups
    g, weight = _wide(g), _wide(weight)
    channels, sizes, batch = weight.shape[1] * groups, g.shape[2:], g.shape[0]
    out = xp.zeros((channels, *size, batch), g.dtype)
    if out.size and g.size and weight.shape[1] == 1 < groups:
        _depthwise_input(xp, _batch_last(xp, g), weight, out, form)
    elif out.size and g.size and weight.size:
        rows = _batch_last(xp, g).reshape(groups, weight.shape[0] // groups, -1)
        matrix = weight.reshape(groups, weight.shape[0] // groups, -1).transpose(0, 2, 1)
        step, taps = prod(sizes[1:]) * batch, weight.shape[1] * prod(kernel)
        at_once = _rows_at_once(xp, sizes[0], groups * taps * step * out.itemsize, 8)
        held = xp.scratch(groups * taps * at_once * step, out.dtype)
        for start in range(0, sizes[0], at_once):
            count = min(at_once, sizes[0] - start)
            windows = held[: groups * taps * count * step].reshape(groups, taps, count * step)
            xp.matmul(matrix, rows[:, :, start * step : (start + count) * step], out=windows)
            _add_back(out, windows.reshape(channels, *kernel, count, *sizes[1:], batch), form, start)
    return _batch_first(out).astype(dtype, copy=False)


def patches(xp: Namespace, x: Array, kernel: Shape, size: Shape, form: Form) -> Array:
    """The windows themselves: (N, C, *kernel, *size)."""
    return _batch_first(xp.array(_windows(xp, _padded(xp, x, kernel, size, form), kernel, size, form)[0], order="C"))


def fold(xp: Namespace, x: Array, kernel: Shape, size: Shape, form: Form) -> Array:
    """The adjoint of ``patches``: (N, C, *kernel, *windows) added up where they come from, in an input of ``size``."""
    dtype = x.dtype
    x = _wide(x)
    out = xp.zeros((x.shape[1], *size, x.shape[0]), x.dtype)
    if x.size:
        _add_back(out, x.transpose(*range(1, x.ndim), 0), form, 0)
    return _batch_first(out).astype(dtype, copy=False)


# --- where the taps are ---------------------------------------------------------------------------------------------------


def span(size: int, windows: int, stride: int, offset: int) -> tuple[slice, slice]:
    """Which of the ``windows`` find ``window * stride + offset`` inside of [0, size), and where that is."""
    first = max(0, -(offset // stride))
    last = min(windows - 1, (size - 1 - offset) // stride)
    if last < first:
        return slice(0, 0), slice(0, 0)
    return slice(first, last + 1), slice(first * stride + offset, last * stride + offset + 1, stride)


@lru_cache(256)
def spans(sizes: Shape, kernel: Shape, windows: Shape, form: Form, start: int = 0) -> list[list[tuple[slice, slice]]]:
    """For each dimension and tap, ``span``; of the first dimension the windows from ``start`` on."""
    shifts = (start * form.stride[0], *(0 for _ in sizes[1:]))
    return [
        [span(n, o, s, shift - low + t * d) for t in range(k)]
        for n, k, o, s, low, d, shift in zip(sizes, kernel, windows, form.stride, form.low, form.dilation, shifts, strict=True)
    ]


@lru_cache(256)
def _places(sizes: Shape, kernel: Shape, windows: Shape, form: Form, start: int) -> list[tuple[Any, Any]]:
    """For each tap: a slice of the image (C, *sizes, N), and of the windows (C, *kernel, *windows, N) what is added there."""
    found, every = [], slice(None)
    taps = spans(sizes, kernel, windows, form, start)
    for tap in product(*(range(k) for k in kernel)):
        meet = [taps[i][t] for i, t in enumerate(tap)]
        found.append(((every, *(there for _, there in meet)), (every, *tap, *(here for here, _ in meet))))
    return found


def _add_back(out: Array, windows: Array, form: Form, start: int) -> None:
    """Add windows (C, *kernel, *sizes, N), whose first size begins at ``start``, to the image (C, *sizes, N) they lie in."""
    rank = len(form.stride)
    for there, here in _places(out.shape[1:-1], windows.shape[1 : 1 + rank], windows.shape[1 + rank : -1], form, start):
        target = out[there]
        target += windows[here]


# --- the layout -----------------------------------------------------------------------------------------------------------


def _batch_last(xp: Namespace, x: Array) -> Array:
    return xp.ascontiguousarray(x.transpose(*range(1, x.ndim), 0))


def _batch_first(x: Array) -> Array:
    return x.transpose(x.ndim - 1, *range(x.ndim - 1))


def _wide(x: Array) -> Array:
    """float16 as float32, in which it is multiplied and summed."""
    return x.astype(float32) if x.dtype == float16 else x


@lru_cache(256)
def _margins(sizes: Shape, kernel: Shape, size: Shape, form: Form) -> tuple[Shape, Any] | None:
    """The sizes with the zeros around that the windows reach, and where the input is in there; None if they reach none."""
    widths = [
        (low, max(0, (o - 1) * s - low + (k - 1) * d + 1 - n))
        for n, k, o, s, low, d in zip(sizes, kernel, size, form.stride, form.low, form.dilation, strict=True)
    ]
    if not any(low or high for low, high in widths):
        return None
    inside = (slice(None), *(slice(low, low + n) for n, (low, _) in zip(sizes, widths, strict=True)))
    return tuple(low + n + high for n, (low, high) in zip(sizes, widths, strict=True)), inside


def _padded(xp: Namespace, x: Array, kernel: Shape, size: Shape, form: Form) -> Array:
    """``x`` with the batch last, in memory without gaps, and zeros around it wherever a window reaches out."""
    margins = _margins(x.shape[2:], kernel, size, form)
    if margins is None:
        return _batch_last(xp, x)
    sizes, inside = margins
    image = xp.zeros((x.shape[1], *sizes, x.shape[0]), x.dtype)
    image[inside] = x.transpose(*range(1, x.ndim), 0)
    return image


def _windows(xp: Namespace, image: Array, kernel: Shape, size: Shape, form: Form) -> Array:
    """A view of the windows: (groups, C / groups, *kernel, *size, N)."""
    channel, *steps, last = image.strides
    taps = [s * d for s, d in zip(steps, form.dilation, strict=True)]
    moves = [s * d for s, d in zip(steps, form.stride, strict=True)]
    each = image.shape[0] // form.groups
    shape = (form.groups, each, *kernel, *size, image.shape[-1])
    return xp.as_strided(image, shape, (channel * each, channel, *taps, *moves, last))


def _rows_at_once(xp: Namespace, rows: int, bytes_in_row: int, blocks: int) -> int:
    """How many of the first dimension's windows are laid out at a time, so that they fill so many ``blocks`` of memory."""
    fit: int = blocks * xp.block_bytes // bytes_in_row
    return max(1, min(rows, fit))


def _blocks(
    xp: Namespace, image: Array, kernel: Shape, size: Shape, form: Form, ones: bool = False
) -> Iterator[tuple[slice, Array]]:
    """The windows as matrices (groups, channels * taps, windows * N), some of the first dimension's at a time.

    ``ones``: one more row of them, of ones.  A matrix is good until the next one is asked for.
    """
    groups, batch = form.groups, image.shape[-1]
    step, taps = prod(size[1:]) * batch, image.shape[0] // groups * prod(kernel)
    if not ones and prod(kernel) == 1 and image.shape[1:-1] == size:  # the image is its own windows
        yield slice(0, size[0] * step), image.reshape(groups, taps, -1)
        return
    view = _windows(xp, image, kernel, size, form)
    at = (slice(None),) * (2 + len(kernel))
    at_once = _rows_at_once(xp, size[0], groups * taps * step * image.itemsize, 1)
    held = xp.scratch(groups * (taps + ones) * at_once * step, image.dtype)
    matrix, filled = held, 0
    for start in range(0, size[0], at_once):
        count = min(at_once, size[0] - start)
        if count != filled:
            matrix, filled = held[: groups * (taps + ones) * count * step].reshape(groups, taps + ones, count * step), count
            if ones:
                matrix[:, taps] = 1
            target = matrix[:, :taps].reshape(groups, -1, *kernel, count, *size[1:], batch)
        xp.copyto(target, view[(*at, slice(start, start + count))])
        yield slice(start * step, (start + count) * step), matrix


# --- one input channel in each group: no matrix products, but a product and a sum for each tap -----------------------------


def _channel_blocks(xp: Namespace, channels: int, bytes_in_all: int) -> Iterator[slice]:
    at_once = max(1, channels * xp.block_bytes // max(bytes_in_all, 1))
    for start in range(0, channels, at_once):
        yield slice(start, min(start + at_once, channels))


def _tapped(xp: Namespace, image: Array, kernel: Shape, size: Shape, form: Form) -> Iterator[tuple[slice, list[Array]]]:
    """For some channels at a time, what each tap sees: (channels, 1, *size, N)."""
    view = _windows(xp, image, kernel, size, form)[:, 0]
    taps = list(product(*(range(k) for k in kernel)))
    for part in _channel_blocks(xp, form.groups, form.groups * prod(size) * image.shape[-1] * image.itemsize):
        yield part, [view[(part, *tap, None)] for tap in taps]


def _depthwise(xp: Namespace, image: Array, weight: Array, out: Array, form: Form) -> None:
    every = out.reshape(form.groups, -1, *out.shape[1:])
    weights = weight.reshape(*every.shape[:2], -1, *(1,) * (out.ndim - 1))
    for part, seen in _tapped(xp, image, weight.shape[2:], out.shape[1:-1], form):
        total, w = every[part], weights[part]
        held = xp.scratch(total.size, total.dtype).reshape(total.shape)
        xp.multiply(seen[0], w[:, :, 0], total)
        for t in range(1, len(seen)):
            xp.multiply(seen[t], w[:, :, t], held)
            total += held


def _depthwise_weight(xp: Namespace, image: Array, g: Array, kernel: Shape, form: Form) -> Array:
    every = g.reshape(form.groups, -1, *g.shape[1:])
    weights = xp.empty((*every.shape[:2], prod(kernel)), g.dtype)
    for part, seen in _tapped(xp, image, kernel, g.shape[1:-1], form):
        each, w = every[part], weights[part]
        held = xp.scratch(each.size, each.dtype).reshape(each.shape)
        flat = held.reshape(*w.shape[:2], -1)
        for t in range(len(seen)):
            xp.multiply(seen[t], each, held)
            w[:, :, t] = flat.sum(2)
    return weights.reshape(g.shape[0], 1, *kernel)


def _depthwise_input(xp: Namespace, g: Array, weight: Array, out: Array, form: Form) -> None:
    kernel, each = weight.shape[2:], weight.shape[0] // form.groups
    every = g.reshape(form.groups, each, *g.shape[1:])
    weights = weight.reshape(form.groups, each, -1, *(1,) * (g.ndim - 1))
    for part in _channel_blocks(xp, form.groups, g.size // each * g.itemsize):
        target = out[part]
        held = xp.scratch(every[part, 0].size, g.dtype).reshape(every[part, 0].shape)
        for m in range(each):
            for t, (there, here) in enumerate(_places(out.shape[1:-1], kernel, g.shape[1:-1], form, 0)):
                xp.multiply(every[part, m], weights[part, m, t], held)
                place = target[there]
                place += held[(here[0], *here[1 + len(kernel) :])]
