"""Convolution, unfolding, pooling and interpolation.  Public in ``nn.functional``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, overload

from .._engine import operand
from .._ops import convolve, pool, resample
from .._tensor import Tensor
from ..errors import ArgumentError

Sizes = int | Sequence[int]

_conv: Callable[..., Tensor] = convolve.convolution
_conv_transpose: Callable[..., Tensor] = convolve.transposed_convolution
_unfold: Callable[..., Tensor] = convolve.unfold
_fold: Callable[..., Tensor] = convolve.refold
_avg_pool: Callable[..., Tensor] = pool.avg_pool
_adaptive_avg_pool: Callable[..., Tensor] = pool.adaptive_avg_pool
_interpolate: Callable[..., Tensor] = resample.interpolate


def conv1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Sizes = 1, padding: str | Sizes = 0, dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """``conv2d`` of signals: (N, C, L) with a weight (O, C / groups, K).

    >>> import gradflow as gf
    >>> gf.nn.functional.conv1d(gf.tensor([[1.0, 2.0, 4.0]]), gf.tensor([[[-1.0, 1.0]]]))
    tensor([[1., 2.]])
    """
    return _conv(input, weight, bias, stride, padding, dilation, groups, 1)


def conv2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Sizes = 1, padding: str | Sizes = 0, dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """``y[n, o, p] = bias[o] + sum over c, t of weight[o, c, t] x[n, c, p stride - padding + t dilation]``, zeros around ``x``.

    (N, C, H, W), or without N, with a weight (O, C / groups, KH, KW) and a bias (O,) gives (N, O, ...), each size
    (n + 2 padding - dilation (k - 1) - 1) // stride + 1.  ``padding``: numbers, "valid" for none, or "same" for as much as keeps
    the sizes (with stride 1).  ``groups``: channels in so many parts that do not mix.  The result lies in memory with the batch
    last, as the next convolution likes it; ``contiguous()`` brings it into order.

    ShapeError if channels, groups and sizes do not fit, DTypeError for integers and for an input and weight of two dtypes,
    ArgumentError for settings out of range.  Source: Dumoulin and Visin, "A guide to convolution arithmetic" (2016).

    >>> import gradflow as gf
    >>> gf.nn.functional.conv2d(gf.ones(1, 1, 3, 3), gf.ones(1, 1, 2, 2), gf.tensor([0.5]))
    tensor([[[[4.5000, 4.5000],
              [4.5000, 4.5000]]]])
    """
    return _conv(input, weight, bias, stride, padding, dilation, groups, 2)


def conv3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Sizes = 1, padding: str | Sizes = 0, dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """``conv2d`` of volumes: (N, C, D, H, W) with a weight (O, C / groups, KD, KH, KW).

    >>> import gradflow as gf
    >>> gf.nn.functional.conv3d(gf.ones(1, 2, 3, 3, 3), gf.ones(4, 2, 2, 2, 2), padding="same").shape
    (1, 4, 3, 3, 3)
    """
    return _conv(input, weight, bias, stride, padding, dilation, groups, 3)


def conv_transpose1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Sizes = 1, padding: Sizes = 0, output_padding: Sizes = 0,
    groups: int = 1, dilation: Sizes = 1,
) -> Tensor:  # fmt: skip
    """``conv_transpose2d`` of signals: (N, C, L) with a weight (C, O / groups, K).

    >>> import gradflow as gf
    >>> gf.nn.functional.conv_transpose1d(gf.tensor([[1.0, 2.0]]), gf.tensor([[[1.0, 1.0, 1.0]]]), stride=2)
    tensor([[1., 1., 3., 2., 2.]])
    """
    return _conv_transpose(input, weight, bias, stride, padding, output_padding, groups, dilation, 1)


def conv_transpose2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Sizes = 1, padding: Sizes = 0, output_padding: Sizes = 0,
    groups: int = 1, dilation: Sizes = 1,
) -> Tensor:  # fmt: skip
    """The adjoint of ``conv2d`` in its input, plus a bias: every element sends the kernel, times itself, to where it came from.

    (N, C, H, W), or without N, with a weight (C, O / groups, KH, KW) and a bias (O,) gives (N, O, ...), each size
    (n - 1) stride - 2 padding + dilation (k - 1) + output_padding + 1.  Several input sizes have one output size in ``conv2d``;
    ``output_padding``, below stride or dilation, says which it is here.  It raises what ``conv2d`` raises.

    Source: Dumoulin and Visin, "A guide to convolution arithmetic" (2016), chapter 4.

    >>> import gradflow as gf
    >>> gf.nn.functional.conv_transpose2d(gf.tensor([[[1.0, 2.0]]]), gf.ones(1, 1, 1, 2))
    tensor([[[1., 3., 2.]]])
    """
    return _conv_transpose(input, weight, bias, stride, padding, output_padding, groups, dilation, 2)


def conv_transpose3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Sizes = 1, padding: Sizes = 0, output_padding: Sizes = 0,
    groups: int = 1, dilation: Sizes = 1,
) -> Tensor:  # fmt: skip
    """``conv_transpose2d`` of volumes: (N, C, D, H, W) with a weight (C, O / groups, KD, KH, KW).

    >>> import gradflow as gf
    >>> gf.nn.functional.conv_transpose3d(gf.ones(1, 2, 3, 3, 3), gf.ones(2, 4, 2, 2, 2), stride=2).shape
    (1, 4, 6, 6, 6)
    """
    return _conv_transpose(input, weight, bias, stride, padding, output_padding, groups, dilation, 3)


def unfold(input: Tensor, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> Tensor:
    """The windows of images as columns: (N, C, H, W), or without N, gives (N, C KH KW, windows).

    ShapeError if no window fits.

    >>> import gradflow as gf
    >>> gf.nn.functional.unfold(gf.arange(6.0).reshape(1, 2, 3), (2, 2))
    tensor([[0., 1.],
            [1., 2.],
            [3., 4.],
            [4., 5.]])
    """
    return _unfold(input, kernel_size, dilation, padding, stride)


def fold(
    input: Tensor, output_size: Sizes, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
) -> Tensor:
    """The columns of ``unfold`` added up where they come from: (N, C KH KW, windows) gives (N, C, *output_size).

    ShapeError if the rows are no multiple of the kernel's elements, or the columns not as many as there are windows.

    >>> import gradflow as gf
    >>> gf.nn.functional.fold(gf.ones(4, 2), (2, 3), (2, 2))
    tensor([[[1., 2., 1.],
             [1., 2., 1.]]])
    """
    return _fold(input, output_size, kernel_size, dilation, padding, stride)


@overload
def max_pool1d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, dilation: Sizes = 1,
    ceil_mode: bool = False, return_indices: Literal[False] = False,
) -> Tensor: ...  # fmt: skip
@overload
def max_pool1d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, dilation: Sizes = 1,
    ceil_mode: bool = False, *, return_indices: Literal[True],
) -> tuple[Tensor, Tensor]: ...  # fmt: skip
def max_pool1d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, dilation: Sizes = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:  # fmt: skip
    """``max_pool2d`` of signals (N, C, L).

    >>> import gradflow as gf
    >>> gf.nn.functional.max_pool1d(gf.tensor([[1.0, 5.0, 2.0, 3.0]]), 2)
    tensor([[5., 3.]])
    """
    return pool.max_pool(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, 1)


@overload
def max_pool2d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, dilation: Sizes = 1,
    ceil_mode: bool = False, return_indices: Literal[False] = False,
) -> Tensor: ...  # fmt: skip
@overload
def max_pool2d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, dilation: Sizes = 1,
    ceil_mode: bool = False, *, return_indices: Literal[True],
) -> tuple[Tensor, Tensor]: ...  # fmt: skip
def max_pool2d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, dilation: Sizes = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:  # fmt: skip
    """The largest element of each window of (N, C, H, W), or without N; of several the first gets the gradient.

    ``stride`` is the kernel size unless given.  The padding is never the largest, and at most half a kernel.  ``ceil_mode``:
    also windows that reach out at the end.  ``return_indices``: a pair, with where in the flattened H W each was found.
    ShapeError if no window fits, ArgumentError for settings out of range, DTypeError for complex numbers and booleans.

    >>> import gradflow as gf
    >>> gf.nn.functional.max_pool2d(gf.arange(8.0).reshape(1, 2, 4), 2, return_indices=True)
    (tensor([[[5., 7.]]]), tensor([[[5, 7]]]))
    """
    return pool.max_pool(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, 2)


@overload
def max_pool3d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, dilation: Sizes = 1,
    ceil_mode: bool = False, return_indices: Literal[False] = False,
) -> Tensor: ...  # fmt: skip
@overload
def max_pool3d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, dilation: Sizes = 1,
    ceil_mode: bool = False, *, return_indices: Literal[True],
) -> tuple[Tensor, Tensor]: ...  # fmt: skip
def max_pool3d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, dilation: Sizes = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:  # fmt: skip
    """``max_pool2d`` of volumes (N, C, D, H, W).

    >>> import gradflow as gf
    >>> gf.nn.functional.max_pool3d(gf.arange(8.0).reshape(1, 2, 2, 2), 2)
    tensor([[[[7.]]]])
    """
    return pool.max_pool(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, 3)


def avg_pool1d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:  # fmt: skip
    """``avg_pool2d`` of signals (N, C, L).

    >>> import gradflow as gf
    >>> gf.nn.functional.avg_pool1d(gf.tensor([[1.0, 5.0, 2.0, 3.0]]), 2)
    tensor([[3.0000, 2.5000]])
    """
    return _avg_pool(input, kernel_size, stride, padding, ceil_mode, count_include_pad, None, 1)


def avg_pool2d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean of each window of (N, C, H, W), or without N.

    ``count_include_pad``: the zeros of the padding count as elements.  ``divisor_override``: what the sum is divided by instead.
    The rest is as in ``max_pool2d``; integers have no mean here (DTypeError).

    >>> import gradflow as gf
    >>> gf.nn.functional.avg_pool2d(gf.arange(8.0).reshape(1, 2, 4), 2)
    tensor([[[2.5000, 4.5000]]])
    """
    return _avg_pool(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, 2)


def avg_pool3d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """``avg_pool2d`` of volumes (N, C, D, H, W).

    >>> import gradflow as gf
    >>> gf.nn.functional.avg_pool3d(gf.arange(8.0).reshape(1, 2, 2, 2), 2)
    tensor([[[[3.5000]]]])
    """
    return _avg_pool(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, 3)


def adaptive_avg_pool1d(input: Tensor, output_size: Sizes) -> Tensor:
    """``adaptive_avg_pool2d`` of signals (N, C, L).

    >>> import gradflow as gf
    >>> gf.nn.functional.adaptive_avg_pool1d(gf.tensor([[1.0, 5.0, 2.0]]), 2)
    tensor([[3.0000, 3.5000]])
    """
    return _adaptive_avg_pool(input, output_size, 1)


def adaptive_avg_pool2d(input: Tensor, output_size: Sizes | Sequence[int | None] | None) -> Tensor:
    """The means of (N, C, H, W), or without N, over ``output_size`` windows: the i-th is [floor(i n / o), ceil((i + 1) n / o)).

    None for a size leaves it as it is.

    >>> import gradflow as gf
    >>> gf.nn.functional.adaptive_avg_pool2d(gf.arange(8.0).reshape(1, 2, 4), (1, 2))
    tensor([[[2.5000, 4.5000]]])
    """
    return _adaptive_avg_pool(input, output_size, 2)


@overload
def adaptive_max_pool1d(input: Tensor, output_size: Sizes, return_indices: Literal[False] = False) -> Tensor: ...
@overload
def adaptive_max_pool1d(input: Tensor, output_size: Sizes, return_indices: Literal[True]) -> tuple[Tensor, Tensor]: ...
def adaptive_max_pool1d(input: Tensor, output_size: Sizes, return_indices: bool = False) -> Tensor | tuple[Tensor, Tensor]:
    """``adaptive_max_pool2d`` of signals (N, C, L).

    >>> import gradflow as gf
    >>> gf.nn.functional.adaptive_max_pool1d(gf.tensor([[1.0, 5.0, 2.0]]), 2)
    tensor([[5., 5.]])
    """
    return pool.adaptive_max_pool(input, output_size, return_indices, 1)


@overload
def adaptive_max_pool2d(
    input: Tensor, output_size: Sizes | Sequence[int | None] | None, return_indices: Literal[False] = False
) -> Tensor: ...
@overload
def adaptive_max_pool2d(
    input: Tensor, output_size: Sizes | Sequence[int | None] | None, return_indices: Literal[True]
) -> tuple[Tensor, Tensor]: ...
def adaptive_max_pool2d(
    input: Tensor, output_size: Sizes | Sequence[int | None] | None, return_indices: bool = False
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest elements over the windows of ``adaptive_avg_pool2d``, and with ``return_indices`` where in H W they were.

    >>> import gradflow as gf
    >>> gf.nn.functional.adaptive_max_pool2d(gf.arange(8.0).reshape(1, 2, 4), (1, 2))
    tensor([[[5., 7.]]])
    """
    return pool.adaptive_max_pool(input, output_size, return_indices, 2)


def interpolate(
    input: Tensor, size: Sizes | None = None, scale_factor: float | Sequence[float] | None = None, mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:  # fmt: skip
    """(N, C, ...) at another ``size``, or at ``scale_factor`` times its own (rounded down).

    ``mode``: "nearest" (the element at floor(i n / o)), "nearest-exact" (the one nearest to the middle), "linear" for 1 spatial
    dimension, "bilinear" and "bicubic" for 2, "trilinear" for 3, "area" (``adaptive_avg_pool``).  Element i lies at
    (i + 1/2) n / o - 1/2, or with ``align_corners`` at i (n - 1) / (o - 1).  ShapeError or ArgumentError for a mode or setting
    that does not go with the dimensions.  Source of "bicubic": Keys, "Cubic convolution interpolation" (1981), a = -0.75.

    >>> import gradflow as gf
    >>> gf.nn.functional.interpolate(gf.tensor([[[1.0, 3.0]]]), size=4, mode="linear")
    tensor([[[1.0000, 1.5000, 2.5000, 3.0000]]])
    >>> gf.nn.functional.interpolate(gf.tensor([[[1.0, 3.0]]]), scale_factor=2)
    tensor([[[1., 1., 3., 3.]]])
    """
    if mode != "area":
        return _interpolate(input, size, scale_factor, mode, align_corners)
    if align_corners is not None:
        raise ArgumentError("interpolate: mode 'area' has no corners to align; leave align_corners out")
    input = operand("interpolate", input)
    rank = input.ndim - 2
    return _adaptive_avg_pool(input, resample.sizes_at(input.shape[2:], size, scale_factor, rank)[0], rank)
