"""Convolution and unfolding.  Public in ``nn.functional``."""

from __future__ import annotations

from collections.abc import Callable

from .._ops import convolve
from .._tensor import Tensor
from .functional_pool import (
    Sizes,
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    interpolate,
    max_pool1d,
    max_pool2d,
    max_pool3d,
)

__all__ = [
    "Sizes", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "fold", "unfold",
    # Pickles of before 0.1 name this module for these.
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool1d", "adaptive_max_pool2d", "avg_pool1d", "avg_pool2d",
    "avg_pool3d", "interpolate", "max_pool1d", "max_pool2d", "max_pool3d",
]  # fmt: skip

_conv: Callable[..., Tensor] = convolve.convolution
_conv_transpose: Callable[..., Tensor] = convolve.transposed_convolution
_unfold: Callable[..., Tensor] = convolve.unfold
_fold: Callable[..., Tensor] = convolve.refold


def conv1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Sizes = 1, padding: str | Sizes = 0, dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """The sums of a signal's windows, weighted by kernels; ``conv2d`` in one dimension.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, L) or (C, L).
    weight : Tensor
        Shape (O, C / groups, K).
    bias : Tensor, optional
        Shape (O,); added to each channel.
    stride : int or sequence of ints, default 1
        How far windows are apart, in each dimension.
    padding : str, int, or sequence of ints, default 0
        How many zeros are put around ``input``; "valid": none; "same": as many as keep the sizes, with stride 1.
    dilation : int or sequence of ints, default 1
        How far the elements of a kernel are apart.
    groups : int, default 1
        The channels are divided into so many parts that do not mix.

    Returns
    -------
    Tensor
        Shape (N, O, L') or (O, L'), L' = (L + 2 padding - dilation (K - 1) - 1) // stride + 1.

    Raises
    ------
    ShapeError
        If channels, groups and sizes do not fit.
    DTypeError
        For integers, and for an input and weight of two dtypes.
    ArgumentError
        For settings out of range.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.conv1d(gf.tensor([[1.0, 2.0, 4.0]]), gf.tensor([[[-1.0, 1.0]]]))
    tensor([[1., 2.]])
    """
    return _conv(input, weight, bias, stride, padding, dilation, groups, 1)


def conv2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Sizes = 1, padding: str | Sizes = 0, dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """The sums of an image's windows, weighted by kernels.

    y[n, o, p] = bias[o] + sum over c, t of weight[o, c, t] x[n, c, p stride - padding + t dilation]. Outside of ``input`` x is 0.
    The result lies in memory with the batch last, as the next convolution takes it fastest; ``contiguous()`` brings it into
    order.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, H, W) or (C, H, W).
    weight : Tensor
        Shape (O, C / groups, KH, KW).
    bias : Tensor, optional
        Shape (O,); added to each channel.
    stride : int or sequence of ints, default 1
        How far windows are apart, in each dimension.
    padding : str, int, or sequence of ints, default 0
        How many zeros are put around ``input``; "valid": none; "same": as many as keep the sizes, with stride 1.
    dilation : int or sequence of ints, default 1
        How far the elements of a kernel are apart.
    groups : int, default 1
        The channels are divided into so many parts that do not mix.

    Returns
    -------
    Tensor
        Shape (N, O, ...) or (O, ...); a size n becomes (n + 2 padding - dilation (k - 1) - 1) // stride + 1.

    Raises
    ------
    ShapeError
        If channels, groups and sizes do not fit.
    DTypeError
        For integers, and for an input and weight of two dtypes.
    ArgumentError
        For settings out of range.

    References
    ----------
    Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016).

    Examples
    --------
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
    """The sums of a volume's windows, weighted by kernels; ``conv2d`` in three dimensions.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, D, H, W) or (C, D, H, W).
    weight : Tensor
        Shape (O, C / groups, KD, KH, KW).
    bias : Tensor, optional
        Shape (O,); added to each channel.
    stride : int or sequence of ints, default 1
        How far windows are apart, in each dimension.
    padding : str, int, or sequence of ints, default 0
        How many zeros are put around ``input``; "valid": none; "same": as many as keep the sizes, with stride 1.
    dilation : int or sequence of ints, default 1
        How far the elements of a kernel are apart.
    groups : int, default 1
        The channels are divided into so many parts that do not mix.

    Returns
    -------
    Tensor
        Shape (N, O, ...) or (O, ...); a size n becomes (n + 2 padding - dilation (k - 1) - 1) // stride + 1.

    Raises
    ------
    ShapeError
        If channels, groups and sizes do not fit.
    DTypeError
        For integers, and for an input and weight of two dtypes.
    ArgumentError
        For settings out of range.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.conv3d(gf.ones(1, 2, 3, 3, 3), gf.ones(4, 2, 2, 2, 2), padding="same").shape
    (1, 4, 3, 3, 3)
    """
    return _conv(input, weight, bias, stride, padding, dilation, groups, 3)


def conv_transpose1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Sizes = 1, padding: Sizes = 0, output_padding: Sizes = 0,
    groups: int = 1, dilation: Sizes = 1,
) -> Tensor:  # fmt: skip
    """The adjoint of ``conv1d`` in its input, plus a bias.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, L) or (C, L).
    weight : Tensor
        Shape (C, O / groups, K).
    bias : Tensor, optional
        Shape (O,); added to each channel.
    stride : int or sequence of ints, default 1
        The stride of the convolution whose adjoint it is: how far the results of neighbours are apart.
    padding : int or sequence of ints, default 0
        How much is cut off the result at both ends.
    output_padding : int or sequence of ints, default 0
        By how much the result is longer at the end; below stride or dilation.
    groups : int, default 1
        The channels are divided into so many parts that do not mix.
    dilation : int or sequence of ints, default 1
        How far the elements of a kernel are apart.

    Returns
    -------
    Tensor
        Shape (N, O, L') or (O, L'), L' = (L - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1.

    Raises
    ------
    ShapeError
        If channels, groups and sizes do not fit.
    DTypeError
        For integers, and for an input and weight of two dtypes.
    ArgumentError
        For settings out of range.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.conv_transpose1d(gf.tensor([[1.0, 2.0]]), gf.tensor([[[1.0, 1.0, 1.0]]]), stride=2)
    tensor([[1., 1., 3., 2., 2.]])
    """
    return _conv_transpose(input, weight, bias, stride, padding, output_padding, groups, dilation, 1)


def conv_transpose2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Sizes = 1, padding: Sizes = 0, output_padding: Sizes = 0,
    groups: int = 1, dilation: Sizes = 1,
) -> Tensor:  # fmt: skip
    """The adjoint of ``conv2d`` in its input, plus a bias: every element adds the kernel, times itself, to where it came from.

    Several input sizes have one output size in ``conv2d``; ``output_padding`` says which of them the result has.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, H, W) or (C, H, W).
    weight : Tensor
        Shape (C, O / groups, KH, KW).
    bias : Tensor, optional
        Shape (O,); added to each channel.
    stride : int or sequence of ints, default 1
        The stride of the convolution whose adjoint it is: how far the results of neighbours are apart.
    padding : int or sequence of ints, default 0
        How much is cut off the result at both ends.
    output_padding : int or sequence of ints, default 0
        By how much the result is larger at the end; below stride or dilation.
    groups : int, default 1
        The channels are divided into so many parts that do not mix.
    dilation : int or sequence of ints, default 1
        How far the elements of a kernel are apart.

    Returns
    -------
    Tensor
        Shape (N, O, ...) or (O, ...); a size n becomes (n - 1) stride - 2 padding + dilation (k - 1) + output_padding + 1.

    Raises
    ------
    ShapeError
        If channels, groups and sizes do not fit.
    DTypeError
        For integers, and for an input and weight of two dtypes.
    ArgumentError
        For settings out of range.

    References
    ----------
    Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), chapter 4.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.conv_transpose2d(gf.tensor([[[1.0, 2.0]]]), gf.ones(1, 1, 1, 2))
    tensor([[[1., 3., 2.]]])
    """
    return _conv_transpose(input, weight, bias, stride, padding, output_padding, groups, dilation, 2)


def conv_transpose3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Sizes = 1, padding: Sizes = 0, output_padding: Sizes = 0,
    groups: int = 1, dilation: Sizes = 1,
) -> Tensor:  # fmt: skip
    """The adjoint of ``conv3d`` in its input, plus a bias.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, D, H, W) or (C, D, H, W).
    weight : Tensor
        Shape (C, O / groups, KD, KH, KW).
    bias : Tensor, optional
        Shape (O,); added to each channel.
    stride : int or sequence of ints, default 1
        The stride of the convolution whose adjoint it is: how far the results of neighbours are apart.
    padding : int or sequence of ints, default 0
        How much is cut off the result at both ends.
    output_padding : int or sequence of ints, default 0
        By how much the result is larger at the end; below stride or dilation.
    groups : int, default 1
        The channels are divided into so many parts that do not mix.
    dilation : int or sequence of ints, default 1
        How far the elements of a kernel are apart.

    Returns
    -------
    Tensor
        Shape (N, O, ...) or (O, ...); a size n becomes (n - 1) stride - 2 padding + dilation (k - 1) + output_padding + 1.

    Raises
    ------
    ShapeError
        If channels, groups and sizes do not fit.
    DTypeError
        For integers, and for an input and weight of two dtypes.
    ArgumentError
        For settings out of range.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.conv_transpose3d(gf.ones(1, 2, 3, 3, 3), gf.ones(2, 4, 2, 2, 2), stride=2).shape
    (1, 4, 6, 6, 6)
    """
    return _conv_transpose(input, weight, bias, stride, padding, output_padding, groups, dilation, 3)


def unfold(input: Tensor, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> Tensor:
    """The windows of images as columns.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, H, W) or (C, H, W).
    kernel_size : int or sequence of ints
        The size of a window.
    dilation : int or sequence of ints, default 1
        How far the elements of a window are apart.
    padding : int or sequence of ints, default 0
        How many zeros are put around ``input``.
    stride : int or sequence of ints, default 1
        How far windows are apart, in each dimension.

    Returns
    -------
    Tensor
        Shape (N, C KH KW, windows) or (C KH KW, windows).

    Raises
    ------
    ShapeError
        If no window fits.

    Examples
    --------
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
    """The columns of ``unfold`` added up where they come from; it is the adjoint of ``unfold``.

    Parameters
    ----------
    input : Tensor
        Shape (N, C KH KW, windows) or (C KH KW, windows).
    output_size : int or sequence of ints
        H and W of the result.
    kernel_size : int or sequence of ints
        The size of a window.
    dilation : int or sequence of ints, default 1
        How far the elements of a window are apart.
    padding : int or sequence of ints, default 0
        How many zeros lie around the result, which are cut off.
    stride : int or sequence of ints, default 1
        How far windows are apart, in each dimension.

    Returns
    -------
    Tensor
        Shape (N, C, *output_size) or (C, *output_size).

    Raises
    ------
    ShapeError
        If the rows are no multiple of the kernel's elements, or the columns not as many as there are windows.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.fold(gf.ones(4, 2), (2, 3), (2, 2))
    tensor([[[1., 2., 1.],
             [1., 2., 1.]]])
    """
    return _fold(input, output_size, kernel_size, dilation, padding, stride)
