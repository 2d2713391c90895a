"""Pooling and interpolation.  Public in ``nn.functional``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, overload

from .._engine import operand
from .._ops import pool, resample
from .._tensor import Tensor
from ..errors import ArgumentError

Sizes = int | Sequence[int]

_avg_pool: Callable[..., Tensor] = pool.avg_pool
_adaptive_avg_pool: Callable[..., Tensor] = pool.adaptive_avg_pool
_interpolate: Callable[..., Tensor] = resample.interpolate


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
    """The largest element of each window; of several equal ones the first gets the gradient.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, L) or (C, L).
    kernel_size : int or sequence of ints
        The size of a window.
    stride : int or sequence of ints, optional
        How far windows are apart; ``kernel_size`` unless given.
    padding : int or sequence of ints, default 0
        How much is put around ``input``, at most half a kernel; it is never the largest.
    dilation : int or sequence of ints, default 1
        How far the elements of a window are apart.
    ceil_mode : bool, default False
        Whether there are also windows that reach out at the end.
    return_indices : bool, default False
        Whether a pair is returned.

    Returns
    -------
    Tensor or tuple of two Tensors
        Shape (N, C, L') or (C, L'); with ``return_indices`` also where along L each was found.

    Raises
    ------
    ShapeError
        If no window fits.
    ArgumentError
        For settings out of range.
    DTypeError
        For complex numbers and booleans.

    Examples
    --------
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
    """The largest element of each window; of several equal ones the first gets the gradient.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, H, W) or (C, H, W).
    kernel_size : int or sequence of ints
        The size of a window.
    stride : int or sequence of ints, optional
        How far windows are apart; ``kernel_size`` unless given.
    padding : int or sequence of ints, default 0
        How much is put around ``input``, at most half a kernel; it is never the largest.
    dilation : int or sequence of ints, default 1
        How far the elements of a window are apart.
    ceil_mode : bool, default False
        Whether there are also windows that reach out at the end.
    return_indices : bool, default False
        Whether a pair is returned.

    Returns
    -------
    Tensor or tuple of two Tensors
        Shape (N, C, H', W') or (C, H', W'); with ``return_indices`` also where in the flattened H W each was found.

    Raises
    ------
    ShapeError
        If no window fits.
    ArgumentError
        For settings out of range.
    DTypeError
        For complex numbers and booleans.

    Examples
    --------
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
    """The largest element of each window; of several equal ones the first gets the gradient.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, D, H, W) or (C, D, H, W).
    kernel_size : int or sequence of ints
        The size of a window.
    stride : int or sequence of ints, optional
        How far windows are apart; ``kernel_size`` unless given.
    padding : int or sequence of ints, default 0
        How much is put around ``input``, at most half a kernel; it is never the largest.
    dilation : int or sequence of ints, default 1
        How far the elements of a window are apart.
    ceil_mode : bool, default False
        Whether there are also windows that reach out at the end.
    return_indices : bool, default False
        Whether a pair is returned.

    Returns
    -------
    Tensor or tuple of two Tensors
        Shape (N, C, D', H', W') or without N; with ``return_indices`` also where in the flattened D H W each was found.

    Raises
    ------
    ShapeError
        If no window fits.
    ArgumentError
        For settings out of range.
    DTypeError
        For complex numbers and booleans.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.max_pool3d(gf.arange(8.0).reshape(1, 2, 2, 2), 2)
    tensor([[[[7.]]]])
    """
    return pool.max_pool(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, 3)


def avg_pool1d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:  # fmt: skip
    """The mean of each window.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, L) or (C, L); floats.
    kernel_size : int or sequence of ints
        The size of a window.
    stride : int or sequence of ints, optional
        How far windows are apart; ``kernel_size`` unless given.
    padding : int or sequence of ints, default 0
        How many zeros are put around ``input``, at most half a kernel.
    ceil_mode : bool, default False
        Whether there are also windows that reach out at the end.
    count_include_pad : bool, default True
        Whether the zeros of the padding count as elements.

    Returns
    -------
    Tensor
        Shape (N, C, L') or (C, L').

    Raises
    ------
    ShapeError
        If no window fits.
    ArgumentError
        For settings out of range.
    DTypeError
        For integers.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.avg_pool1d(gf.tensor([[1.0, 5.0, 2.0, 3.0]]), 2)
    tensor([[3.0000, 2.5000]])
    """
    return _avg_pool(input, kernel_size, stride, padding, ceil_mode, count_include_pad, None, 1)


def avg_pool2d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean of each window.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, H, W) or (C, H, W); floats.
    kernel_size : int or sequence of ints
        The size of a window.
    stride : int or sequence of ints, optional
        How far windows are apart; ``kernel_size`` unless given.
    padding : int or sequence of ints, default 0
        How many zeros are put around ``input``, at most half a kernel.
    ceil_mode : bool, default False
        Whether there are also windows that reach out at the end.
    count_include_pad : bool, default True
        Whether the zeros of the padding count as elements.
    divisor_override : int, optional
        What the sum is divided by instead of the number of elements.

    Returns
    -------
    Tensor
        Shape (N, C, H', W') or (C, H', W').

    Raises
    ------
    ShapeError
        If no window fits.
    ArgumentError
        For settings out of range.
    DTypeError
        For integers.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.avg_pool2d(gf.arange(8.0).reshape(1, 2, 4), 2)
    tensor([[[2.5000, 4.5000]]])
    """
    return _avg_pool(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, 2)


def avg_pool3d(
    input: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean of each window.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, D, H, W) or (C, D, H, W); floats.
    kernel_size : int or sequence of ints
        The size of a window.
    stride : int or sequence of ints, optional
        How far windows are apart; ``kernel_size`` unless given.
    padding : int or sequence of ints, default 0
        How many zeros are put around ``input``, at most half a kernel.
    ceil_mode : bool, default False
        Whether there are also windows that reach out at the end.
    count_include_pad : bool, default True
        Whether the zeros of the padding count as elements.
    divisor_override : int, optional
        What the sum is divided by instead of the number of elements.

    Returns
    -------
    Tensor
        Shape (N, C, D', H', W') or (C, D', H', W').

    Raises
    ------
    ShapeError
        If no window fits.
    ArgumentError
        For settings out of range.
    DTypeError
        For integers.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.avg_pool3d(gf.arange(8.0).reshape(1, 2, 2, 2), 2)
    tensor([[[[3.5000]]]])
    """
    return _avg_pool(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, 3)


def adaptive_avg_pool1d(input: Tensor, output_size: Sizes) -> Tensor:
    """The means of ``output_size`` windows over the input: the i-th of o is [floor(i n / o), ceil((i + 1) n / o)).

    Parameters
    ----------
    input : Tensor
        Shape (N, C, L) or (C, L).
    output_size : int or sequence of ints
        How many windows there are.

    Returns
    -------
    Tensor
        Shape (N, C, output_size) or (C, output_size).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.adaptive_avg_pool1d(gf.tensor([[1.0, 5.0, 2.0]]), 2)
    tensor([[3.0000, 3.5000]])
    """
    return _adaptive_avg_pool(input, output_size, 1)


def adaptive_avg_pool2d(input: Tensor, output_size: Sizes | Sequence[int | None] | None) -> Tensor:
    """The means of ``output_size`` windows over the input: the i-th of o is [floor(i n / o), ceil((i + 1) n / o)).

    Parameters
    ----------
    input : Tensor
        Shape (N, C, H, W) or (C, H, W).
    output_size : int, None, or sequence of these
        How many windows there are in each dimension; None leaves a size as it is.

    Returns
    -------
    Tensor
        Shape (N, C, *output_size) or (C, *output_size).

    Examples
    --------
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
    """The largest elements of ``output_size`` windows over the input: the i-th of o is [floor(i n / o), ceil((i + 1) n / o)).

    Parameters
    ----------
    input : Tensor
        Shape (N, C, L) or (C, L).
    output_size : int or sequence of ints
        How many windows there are.
    return_indices : bool, default False
        Whether a pair is returned.

    Returns
    -------
    Tensor or tuple of two Tensors
        Shape (N, C, output_size) or (C, output_size); with ``return_indices`` also where along L each was found.

    Examples
    --------
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
    """The largest elements of ``output_size`` windows over the input: the i-th of o is [floor(i n / o), ceil((i + 1) n / o)).

    Parameters
    ----------
    input : Tensor
        Shape (N, C, H, W) or (C, H, W).
    output_size : int, None, or sequence of these
        How many windows there are in each dimension; None leaves a size as it is.
    return_indices : bool, default False
        Whether a pair is returned.

    Returns
    -------
    Tensor or tuple of two Tensors
        Shape (N, C, *output_size) or (C, *output_size); with ``return_indices`` also where in the flattened H W each was found.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.adaptive_max_pool2d(gf.arange(8.0).reshape(1, 2, 4), (1, 2))
    tensor([[[5., 7.]]])
    """
    return pool.adaptive_max_pool(input, output_size, return_indices, 2)


def interpolate(
    input: Tensor, size: Sizes | None = None, scale_factor: float | Sequence[float] | None = None, mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:  # fmt: skip
    """The input resampled to another ``size``, or to ``scale_factor`` times its own.

    Element i of the o results lies at (i + 1/2) n / o - 1/2 in the n elements of the input, or with ``align_corners`` at i (n -
    1) / (o - 1).

    Parameters
    ----------
    input : Tensor
        Shape (N, C, ...), with 1 to 3 spatial dimensions.
    size : int or sequence of ints, optional
        The spatial sizes of the result.
    scale_factor : float or sequence of floats, optional
        What the sizes are multiplied with, and rounded down; either this or ``size``.
    mode : str, default "nearest"
        "nearest": the element at floor(i n / o); "nearest-exact": the one nearest to the middle; "linear" for 1 spatial
        dimension, "bilinear" and "bicubic" for 2, "trilinear" for 3; "area": as ``adaptive_avg_pool2d``.
    align_corners : bool, optional
        Whether the first and last elements keep their places; for the linear and cubic modes.

    Returns
    -------
    Tensor
        Shape (N, C, *size).

    Raises
    ------
    ShapeError
        For a mode that does not go with the dimensions.
    ArgumentError
        For a setting that does not go with the mode.

    References
    ----------
    Keys, "Cubic convolution interpolation for digital image processing" (1981), with a = -0.75, for "bicubic".

    Examples
    --------
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
