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
from functools import lru_cache
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


def conv(xp: Namespace, x: Array, weight: Array, size: Shape, form: Form, bias: Array | None = None) -> Array:
    """``y[n, o, p] = bias[o] + sum over c and taps t of weight[o, c, t] x[n, c, p * stride - low + t * dilation]``."""
    dtype, groups, kernel, made = x.dtype, form.groups, weight.shape[2:], weight.shape[0]
    x, weight = _wide(x), _wide(weight)
    out = xp.empty((made, *size, x.shape[0]), x.dtype)
    if not (out.size and weight.size):
        out[...] = 0 if bias is None else bias.reshape((-1,) + (1,) * (out.ndim - 1))
        return _batch_first(out).astype(dtype, copy=False)
    rows, matrix = out.reshape(groups, made // groups, -1), weight.reshape(groups, made // groups, -1)
    ones = bias is not None and prod(kernel) > 1  # the bias as the weight of one more tap, which always reads 1
    if ones:
        matrix = xp.concatenate([matrix, _wide(bias).reshape(groups, -1, 1)], 2)
    for some, part, windows in _blocks(xp, _padded(xp, x, kernel, size, form), kernel, size, form, ones):
        xp.matmul(matrix[some], windows, out=rows[some, :, part])
    if bias is not None and not ones:
        rows += bias.reshape(groups, -1, 1)
    return _batch_first(out).astype(dtype, copy=False)


def conv_weight(xp: Namespace, x: Array, g: Array, kernel: Shape, form: Form) -> Array:
    """The adjoint of ``conv`` in the weight: ``w[o, c, t] = sum over n and p of g[n, o, p] x[n, c, p * stride - low + ...]``."""
    dtype, size, groups = x.dtype, g.shape[2:], form.groups
    shape = (g.shape[1], x.shape[1] // groups, *kernel)
    if not (x.size and g.size):
        return xp.zeros(shape, dtype)
    x, g = _wide(x), _wide(g)
    columns = _batch_last(xp, g).reshape(groups, shape[0] // groups, -1).transpose(0, 2, 1)
    # the weight transposed: BLAS is faster with the longer side first
    total = xp.empty((groups, prod(shape[1:]), shape[0] // groups), x.dtype)
    for some, part, windows in _blocks(xp, _padded(xp, x, kernel, size, form), kernel, size, form):
        if part.start == 0:
            xp.matmul(windows, columns[some, part], out=total[some])
        else:
            total[some] += xp.matmul(windows, columns[some, part])
    return total.transpose(0, 2, 1).reshape(shape).astype(dtype, copy=False)


def conv_input(xp: Namespace, g: Array, weight: Array, size: Shape, form: Form) -> Array:
    """The adjoint of ``conv`` in the input, which is the transposed convolution; ``size`` is that of the input."""
    dtype, kernel, groups = g.dtype, weight.shape[2:], form.groups
    g, weight = _wide(g), _wide(weight)
    each, sizes, batch = weight.shape[1], g.shape[2:], g.shape[0]
    margin = tuple((k - 1) * d - low for k, d, low in zip(kernel, form.dilation, form.low, strict=True))
    if max(form.stride) == 1 and min(margin) >= 0 and weight.shape[0] <= 2 * each * groups:
        # Step by step it is a convolution with the kernel turned about.  That lays out the windows of g, which is faster than
        # to add up windows of the result, unless g has far more channels.
        turned = weight.reshape(groups, -1, each, *kernel).swapaxes(1, 2)[(..., *(slice(None, None, -1) for _ in kernel))]
        turned = xp.ascontiguousarray(turned).reshape(each * groups, -1, *kernel)
        return conv(xp, g, turned, size, form._replace(low=margin)).astype(dtype, copy=False)
    out = xp.zeros((each * groups, *size, batch), g.dtype)
    if out.size and weight.size and g.size:
        rows = _batch_last(xp, g).reshape(groups, weight.shape[0] // groups, -1)
        matrix = weight.reshape(groups, weight.shape[0] // groups, -1).transpose(0, 2, 1)
        product = xp.matmul if rows.shape[1] > 1 else xp.multiply  # a column times a row, of which BLAS is slow
        step, taps = prod(sizes[1:]) * batch, each * prod(kernel)
        for some, start, stop in _parts(xp, groups, sizes[0], taps * step * out.itemsize, 8):
            count = (some.stop - some.start, taps, (stop - start) * step)
            windows = xp.scratch(prod(count), out.dtype).reshape(count)
            product(matrix[some], rows[some, :, start * step : stop * step], out=windows)
            windows = windows.reshape(count[0] * each, *kernel, stop - start, *sizes[1:], batch)
            _add_back(out[some.start * each : some.stop * each], windows, form, start)
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


def _parts(xp: Namespace, groups: int, rows: int, bytes_in_row: int, blocks: int) -> Iterator[tuple[slice, int, int]]:
    """Groups and rows, of so many bytes in each group, in parts that fill so many ``blocks`` of memory: (groups, start, stop)."""
    room: int = blocks * xp.block_bytes
    groups_at_once = max(1, min(groups, room // (rows * bytes_in_row)))
    rows_at_once = max(1, min(rows, room // bytes_in_row))
    for group in range(0, groups, groups_at_once):
        for start in range(0, rows, rows_at_once):
            yield slice(group, min(group + groups_at_once, groups)), start, min(start + rows_at_once, rows)


def _blocks(
    xp: Namespace, image: Array, kernel: Shape, size: Shape, form: Form, ones: bool = False
) -> Iterator[tuple[slice, slice, Array]]:
    """The windows as matrices (some groups, channels * taps, some of the windows * N): which groups, which windows, and they.

    ``ones``: one more row of them, of ones.  A matrix is good until the next one is asked for.
    """
    groups, batch = form.groups, image.shape[-1]
    each = image.shape[0] // groups
    step, taps = prod(size[1:]) * batch, each * prod(kernel)
    if not ones and prod(kernel) == 1 and image.shape[1:-1] == size:  # the image is its own windows
        yield slice(0, groups), slice(0, size[0] * step), image.reshape(groups, taps, -1)
        return
    view, every = _windows(xp, image, kernel, size, form), (slice(None),) * (1 + len(kernel))
    matrix: Any = None
    target, filled = matrix, None
    blocks = 4 if each == 1 < groups else 1  # a product with a vector does not mind long rows
    for some, start, stop in _parts(xp, groups, size[0], taps * step * image.itemsize, blocks):
        count = (some.stop - some.start, taps + ones, (stop - start) * step)
        if count != filled:
            matrix, filled = xp.scratch(prod(count), image.dtype).reshape(count), count
            if ones:
                matrix[:, taps] = 1
            target = matrix[:, :taps].reshape(count[0], each, *kernel, stop - start, *size[1:], batch)
        xp.copyto(target, view[(some, *every, slice(start, stop))])
        yield some, slice(start * step, stop * step), matrix
