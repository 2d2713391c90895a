"""Convolution and its relatives, for any number of spatial dimensions.

With ``<a, b>`` the sum of the products, three operations are one trilinear form,
``<conv(x, w), g> = <x, conv_input(g, w)> = <w, conv_weight(x, g)>``, so that each one's gradients are the two others, to any
order.  ``patches`` lays out the windows, ``fold`` adds them up again: each is the other's gradient.

Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), has the sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from .._engine import linear, operand, primitive, wide
from ..backend._convolution import Form
from ..errors import ArgumentError, DTypeError, ShapeError
from ..typing import Array, Namespace, Shape, Tensor
from .elementwise import _add
from .shape import reshape


@primitive(
    lambda xp, g, _x, weight, form: xp.conv_input(g, weight, _x.shape[2:], form),
    lambda xp, g, x, _weight, form: xp.conv_weight(x, g, _weight.shape[2:], form),
    bias=lambda xp, g: xp.sum(g, axis=(0, *range(2, g.ndim))),
)
def conv(xp: Namespace, x: Array, weight: Array, size: Shape, form: Form, bias: Array = None) -> Array:
    """``y[n, o, p] = bias[o] + sum over c, t of weight[o, c, t] x[n, c, p stride - low + t dilation]``, for p below ``size``.

    (N, C, ...) with a weight (O, C / groups, ...) and a bias (O,) gives (N, O, *size); outside of itself ``x`` is 0.
    """
    return xp.conv(x, weight, size, form, bias)


@primitive(
    lambda xp, g, _x, weight, form: xp.conv(g, weight, _x.shape[2:], form),
    lambda xp, g, x, _weight, form: xp.conv_weight(g, x, _weight.shape[2:], form),
)
def conv_input(xp: Namespace, x: Array, weight: Array, size: Shape, form: Form) -> Array:
    """The adjoint of ``conv`` in its input, the transposed convolution: (N, O, ...), (O, C / groups, ...) give (N, C, *size)."""
    return xp.conv_input(x, weight, size, form)


@primitive(
    lambda xp, g, _a, b, form: xp.conv_input(b, g, _a.shape[2:], form),
    lambda xp, g, a, _b, form: xp.conv(a, g, _b.shape[2:], form),
)
def conv_weight(xp: Namespace, a: Array, b: Array, size: Shape, form: Form) -> Array:
    """The adjoint of ``conv`` in its weight: (N, C, ...) and (N, O, ...) give (O, C / groups, *size)."""
    return xp.conv_weight(a, b, size, form)


@linear(lambda xp, g, _x, kernel, form: xp.fold(g, kernel, _x.shape[2:], form))
def patches(xp: Namespace, x: Array, kernel: Shape, size: Shape, form: Form) -> Array:
    """The windows of ``x``: (N, C, ...) gives (N, C, *kernel, *size), with 0 where a window reaches out."""
    return xp.patches(x, kernel, size, form)


@linear(lambda xp, g, _x, kernel, form: xp.patches(g, kernel, _x.shape[2 + len(kernel) :], form))
def fold(xp: Namespace, x: Array, kernel: Shape, size: Shape, form: Form) -> Array:
    """The adjoint of ``patches``: windows (N, C, *kernel, ...) added up where they lie in (N, C, *size)."""
    return xp.fold(x, kernel, size, form)


# --- arguments ------------------------------------------------------------------------------------------------------------


def each(value: Any, rank: int, least: int, name: str, what: str) -> Shape:
    """``value``, a whole number or one for each spatial dimension, as a tuple of ``rank``; ArgumentError below ``least``."""
    several: tuple[Any, ...] = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    if len(several) == 1:
        several *= rank
    if len(several) != rank or any(isinstance(n, bool) or not hasattr(n, "__index__") for n in several):
        raise ArgumentError(f"{name}: {what} is a whole number or {rank} of them, one for each spatial dimension, not {value!r}")
    found = tuple(n.__index__() for n in several)
    if min(found) < least:
        raise ArgumentError(f"{name}: {what} is at least {least}, not {value!r}")
    return found


def setting(value: Any) -> Any:
    """``value`` as it can be looked up by: a list as a tuple."""
    return tuple(value) if isinstance(value, list) else value


def batched(x: Any, rank: int, name: str) -> tuple[Any, bool]:
    """``x`` as (N, C, *sizes), and whether it came without N."""
    x = operand(name, x)
    if x.ndim not in (rank + 1, rank + 2):
        sizes = ", ".join("DHW"[3 - rank :]) if rank > 1 else "L"
        raise ShapeError(f"{name}: takes (N, C, {sizes}) or (C, {sizes}), not an input of shape {tuple(x.shape)}")
    single = x.ndim == rank + 1
    return (reshape(x, (1, *x.shape)) if single else x), single


def unbatched(y: Tensor, single: bool) -> Tensor:
    return reshape(y, y.shape[1:]) if single else y


def extent(kernel: Shape, dilation: Shape) -> Shape:
    """How far a window reaches."""
    return tuple((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True))


def _fitting(x: Any, weight: Any, bias: Any, groups: Any, rank: int, name: str, transposed: bool) -> None:
    """The checks of what a convolution and a transposed one are given."""
    for what, t in (("the weight", weight), ("the bias", bias)):
        if t is not None and t.dtype != x.dtype:
            raise DTypeError(
                f"{name}: the input is {x.dtype} and {what} {t.dtype}; bring them together with .to(dtype), or the layer with "
                ".double(), .float() or .half()"
            )
    if x.dtype.kind not in "fc":
        raise DTypeError(f"{name}: convolves floats, not {x.dtype}; convert with .float()")
    if weight.ndim != rank + 2 or 0 in weight.shape[2:]:
        layout = "(in, out / groups" if transposed else "(out, in / groups"
        raise ShapeError(f"{name}: the weight has shape {tuple(weight.shape)}, not {layout}, and {rank} kernel sizes from 1)")
    if isinstance(groups, bool) or not hasattr(groups, "__index__") or groups < 1:
        raise ArgumentError(f"{name}: groups is a whole number from 1, not {groups!r}")
    if weight.shape[0] % groups:
        raise ShapeError(
            f"{name}: groups={groups} does not divide the {weight.shape[0]} {'input' if transposed else 'output'} channels of "
            f"a weight of shape {tuple(weight.shape)}"
        )
    wanted = weight.shape[0] if transposed else weight.shape[1] * groups
    if x.shape[1] != wanted:
        raise ShapeError(
            f"{name}: the input has {x.shape[1]} channels (shape {tuple(x.shape)}), but a weight of shape {tuple(weight.shape)} "
            f"with groups={groups} takes {wanted}"
        )
    made = weight.shape[1] * groups if transposed else weight.shape[0]
    if bias is not None and tuple(bias.shape) != (made,):
        raise ShapeError(f"{name}: the bias has shape {tuple(bias.shape)}; {made} output channels need ({made},)")


def convolution(x: Array, weight: Array, bias: Array, stride: Any, padding: Any, dilation: Any, groups: int, rank: int) -> Tensor:
    """``conv`` with PyTorch's arguments; the functions ``conv1d``, ``conv2d`` and ``conv3d`` are this."""
    x, single = batched(x, rank, f"conv{rank}d")
    _fitting(x, weight, bias, groups, rank, f"conv{rank}d", False)
    settings = setting(stride), setting(padding), setting(dilation)
    size, form = _geometry(tuple(x.shape[2:]), tuple(weight.shape[2:]), *settings, groups, rank)
    return unbatched(conv(x, weight, size, form, bias), single)


@lru_cache(256)
def _geometry(
    sizes: Shape, kernel: Shape, stride: Any, padding: Any, dilation: Any, groups: int, rank: int
) -> tuple[Shape, Form]:
    """The sizes of a convolution's result, and where its windows lie."""
    name = f"conv{rank}d"
    stride, dilation = each(stride, rank, 1, name, "stride"), each(dilation, rank, 1, name, "dilation")
    reach = extent(kernel, dilation)
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ArgumentError(f"{name}: padding is 'same', 'valid' or whole numbers, not {padding!r}")
        if padding == "same" and max(stride) > 1:
            raise ArgumentError(f"{name}: padding='same' needs stride 1, not {stride}; give the padding as numbers")
        around = tuple(r - 1 if padding == "same" else 0 for r in reach)
        low = tuple(a // 2 for a in around)
    else:
        low = each(padding, rank, 0, name, "padding")
        around = tuple(2 * p for p in low)
    room = tuple(n + a for n, a in zip(sizes, around, strict=True))
    if any(r > n for r, n in zip(reach, room, strict=True)):
        raise ShapeError(
            f"{name}: the kernel {kernel} with dilation {dilation} spans {reach}, more than the input, {sizes}, which with "
            f"padding {padding!r} is {room}; pad more, or take a smaller kernel"
        )
    size = tuple((n - r) // s + 1 for n, r, s in zip(room, reach, stride, strict=True))
    return size, Form(stride, low, dilation, int(groups))


@wide
def transposed_convolution(
    x: Array, weight: Array, bias: Array, stride: Any, padding: Any, output_padding: Any, groups: int,
    dilation: Any, rank: int,
) -> Tensor:  # fmt: skip
    """``conv_input`` with PyTorch's arguments and a bias; ``conv_transpose1d`` to ``conv_transpose3d`` are this."""
    name = f"conv_transpose{rank}d"
    x, single = batched(x, rank, name)
    _fitting(x, weight, bias, groups, rank, name, True)
    stride, dilation = each(stride, rank, 1, name, "stride"), each(dilation, rank, 1, name, "dilation")
    low, more = each(padding, rank, 0, name, "padding"), each(output_padding, rank, 0, name, "output_padding")
    if any(m >= max(s, d) for m, s, d in zip(more, stride, dilation, strict=True)):
        raise ArgumentError(f"{name}: output_padding {more} is not below stride {stride} or dilation {dilation}")
    reach = extent(weight.shape[2:], dilation)
    size = tuple((n - 1) * s - 2 * p + r + m for n, s, p, r, m in zip(x.shape[2:], stride, low, reach, more, strict=True))
    if min(size) < 1:
        raise ShapeError(
            f"{name}: an input of shape {tuple(x.shape)} with kernel {tuple(weight.shape[2:])} and padding {low} would give "
            f"sizes {size}; pad less"
        )
    y = conv_input(x, weight, size, Form(stride, low, dilation, groups))
    if bias is not None:
        y = _add(y, reshape(bias, (-1,) + (1,) * rank))
    return unbatched(y, single)


def _windows(sizes: Shape, kernel: Shape, dilation: Shape, padding: Shape, stride: Shape, name: str) -> Shape:
    count = tuple((n + 2 * p - r) // s + 1 for n, p, r, s in zip(sizes, padding, extent(kernel, dilation), stride, strict=True))
    if min(count) < 1:
        raise ShapeError(
            f"{name}: a kernel {kernel} with dilation {dilation} does not fit into sizes {sizes} with padding {padding}"
        )
    return count


def unfold(x: Array, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """The windows of images as columns: (N, C, H, W) gives (N, C * kernel elements, windows)."""
    x, single = batched(x, 2, "unfold")
    kernel, dilation = each(kernel_size, 2, 1, "unfold", "kernel_size"), each(dilation, 2, 1, "unfold", "dilation")
    padding, stride = each(padding, 2, 0, "unfold", "padding"), each(stride, 2, 1, "unfold", "stride")
    size = _windows(x.shape[2:], kernel, dilation, padding, stride, "unfold")
    y = patches(x, kernel, size, Form(stride, padding, dilation))
    n, c = x.shape[:2]
    return unbatched(reshape(y, (n, c * kernel[0] * kernel[1], size[0] * size[1])), single)


def refold(x: Array, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """The columns of ``unfold`` added up where they come from: (N, C * kernel elements, windows) gives (N, C, *output_size)."""
    x = operand("fold", x)
    if x.ndim not in (2, 3):
        raise ShapeError(f"fold: takes (N, C * kernel elements, windows), or that without N, not shape {tuple(x.shape)}")
    single = x.ndim == 2
    x = reshape(x, (1, *x.shape)) if single else x
    kernel, dilation = each(kernel_size, 2, 1, "fold", "kernel_size"), each(dilation, 2, 1, "fold", "dilation")
    padding, stride = each(padding, 2, 0, "fold", "padding"), each(stride, 2, 1, "fold", "stride")
    size = each(output_size, 2, 1, "fold", "output_size")
    windows = _windows(size, kernel, dilation, padding, stride, "fold")
    taps, count = kernel[0] * kernel[1], windows[0] * windows[1]
    if x.shape[1] % taps:
        raise ShapeError(f"fold: {x.shape[1]} rows are no multiple of the {taps} elements of a kernel {kernel}")
    if x.shape[2] != count:
        raise ShapeError(
            f"fold: an output of {size} has {windows[0]} x {windows[1]} = {count} windows of kernel {kernel}, but the input, of "
            f"shape {tuple(x.shape)}, has {x.shape[2]}"
        )
    x = reshape(x, (x.shape[0], x.shape[1] // taps, *kernel, *windows))
    return unbatched(fold(x, kernel, size, Form(stride, padding, dilation)), single)
