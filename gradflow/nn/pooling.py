"""Pooling, unfolding and resampling as modules; they have no parameters, and are the functions of ``nn.functional``."""

from __future__ import annotations

from collections.abc import Sequence

from .._ops import pool
from .._tensor import Tensor
from . import functional as F
from .functional_pool import Sizes
from .module import Module


class _MaxPool(Module):
    _rank = 0

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        settings = self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        return pool.max_pool(input, *settings, self._rank)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The largest element of each window of (N, C, L); see ``functional.max_pool1d``.

    Parameters
    ----------
    kernel_size : int or sequence of ints
        The size of a window.
    stride : int or sequence of ints, optional
        How far windows are apart; ``kernel_size`` unless given.
    padding : int or sequence of ints, default 0
        How much is put around the input; it is never the largest.
    dilation : int or sequence of ints, default 1
        How far the elements of a window are apart.
    return_indices : bool, default False
        Whether calls return a pair, with the places where the elements were found.
    ceil_mode : bool, default False
        Whether there are also windows that reach out at the end.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.MaxPool1d(2)(gf.tensor([[1.0, 5.0, 2.0, 3.0]]))
    tensor([[5., 3.]])
    """

    _rank = 1


class MaxPool2d(_MaxPool):
    """The largest element of each window of (N, C, H, W); see ``functional.max_pool2d``.

    Parameters
    ----------
    kernel_size : int or sequence of ints
        The size of a window.
    stride : int or sequence of ints, optional
        How far windows are apart; ``kernel_size`` unless given.
    padding : int or sequence of ints, default 0
        How much is put around the input; it is never the largest.
    dilation : int or sequence of ints, default 1
        How far the elements of a window are apart.
    return_indices : bool, default False
        Whether calls return a pair, with the places where the elements were found.
    ceil_mode : bool, default False
        Whether there are also windows that reach out at the end.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.MaxPool2d(2)
    MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
    >>> gf.nn.MaxPool2d(2)(gf.randn(4, 8, 26, 26)).shape
    (4, 8, 13, 13)
    """

    _rank = 2


class MaxPool3d(_MaxPool):
    """The largest element of each window of (N, C, D, H, W); see ``functional.max_pool3d``.

    Parameters
    ----------
    kernel_size : int or sequence of ints
        The size of a window.
    stride : int or sequence of ints, optional
        How far windows are apart; ``kernel_size`` unless given.
    padding : int or sequence of ints, default 0
        How much is put around the input; it is never the largest.
    dilation : int or sequence of ints, default 1
        How far the elements of a window are apart.
    return_indices : bool, default False
        Whether calls return a pair, with the places where the elements were found.
    ceil_mode : bool, default False
        Whether there are also windows that reach out at the end.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.MaxPool3d(2)(gf.randn(1, 2, 4, 4, 4)).shape
    (1, 2, 2, 2, 2)
    """

    _rank = 3


class AvgPool1d(Module):
    """The mean of each window of (N, C, L); see ``functional.avg_pool1d``.

    Parameters
    ----------
    kernel_size : int or sequence of ints
        The size of a window.
    stride : int or sequence of ints, optional
        How far windows are apart; ``kernel_size`` unless given.
    padding : int or sequence of ints, default 0
        How many zeros are put around the input.
    ceil_mode : bool, default False
        Whether there are also windows that reach out at the end.
    count_include_pad : bool, default True
        Whether the zeros of the padding count as elements.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.AvgPool1d(2)(gf.tensor([[1.0, 5.0, 2.0, 3.0]]))
    tensor([[3.0000, 2.5000]])
    """

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.ceil_mode, self.count_include_pad = padding, ceil_mode, count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(AvgPool1d):
    """The mean of each window of (N, C, H, W); see ``functional.avg_pool2d``.

    Parameters
    ----------
    kernel_size : int or sequence of ints
        The size of a window.
    stride : int or sequence of ints, optional
        How far windows are apart; ``kernel_size`` unless given.
    padding : int or sequence of ints, default 0
        How many zeros are put around the input.
    ceil_mode : bool, default False
        Whether there are also windows that reach out at the end.
    count_include_pad : bool, default True
        Whether the zeros of the padding count as elements.
    divisor_override : int, optional
        What the sum is divided by instead of the number of elements.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.AvgPool2d(3, stride=2)(gf.randn(4, 8, 9, 9)).shape
    (4, 8, 4, 4)
    """

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode, count_include_pad)
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        settings = (self.padding, self.ceil_mode, self.count_include_pad, self.divisor_override)
        return F.avg_pool2d(input, self.kernel_size, self.stride, *settings)


class AvgPool3d(AvgPool2d):
    """The mean of each window of (N, C, D, H, W); see ``functional.avg_pool3d``.

    Parameters
    ----------
    kernel_size : int or sequence of ints
        The size of a window.
    stride : int or sequence of ints, optional
        How far windows are apart; ``kernel_size`` unless given.
    padding : int or sequence of ints, default 0
        How many zeros are put around the input.
    ceil_mode : bool, default False
        Whether there are also windows that reach out at the end.
    count_include_pad : bool, default True
        Whether the zeros of the padding count as elements.
    divisor_override : int, optional
        What the sum is divided by instead of the number of elements.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.AvgPool3d(2)(gf.randn(1, 2, 4, 4, 4)).shape
    (1, 2, 2, 2, 2)
    """

    def forward(self, input: Tensor) -> Tensor:
        settings = (self.padding, self.ceil_mode, self.count_include_pad, self.divisor_override)
        return F.avg_pool3d(input, self.kernel_size, self.stride, *settings)


class AdaptiveAvgPool1d(Module):
    """The means of (N, C, L) over ``output_size`` windows that cover it; see ``functional.adaptive_avg_pool1d``.

    Parameters
    ----------
    output_size : int or sequence of ints
        How many windows there are.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.AdaptiveAvgPool1d(2)(gf.tensor([[1.0, 5.0, 2.0]]))
    tensor([[3.0000, 3.5000]])
    """

    def __init__(self, output_size: Sizes) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool1d(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool2d(Module):
    """The means of (N, C, H, W) over ``output_size`` windows that cover it; see ``functional.adaptive_avg_pool2d``.

    Parameters
    ----------
    output_size : int, None, or sequence of these
        How many windows there are in each dimension; None leaves a size as it is.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.AdaptiveAvgPool2d(1)(gf.randn(4, 8, 9, 7)).shape
    (4, 8, 1, 1)
    """

    def __init__(self, output_size: Sizes | Sequence[int | None] | None) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(Module):
    """The largest elements of (N, C, L) in ``output_size`` windows that cover it; see ``functional.adaptive_max_pool1d``.

    Parameters
    ----------
    output_size : int or sequence of ints
        How many windows there are.
    return_indices : bool, default False
        Whether calls return a pair, with the places where the elements were found.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.AdaptiveMaxPool1d(2)(gf.tensor([[1.0, 5.0, 2.0]]))
    tensor([[5., 5.]])
    """

    def __init__(self, output_size: Sizes, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size, self.return_indices = output_size, return_indices

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        return pool.adaptive_max_pool(input, self.output_size, self.return_indices, 1)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveMaxPool2d(Module):
    """The largest elements of (N, C, H, W) in ``output_size`` windows that cover it; see ``functional.adaptive_max_pool2d``.

    Parameters
    ----------
    output_size : int, None, or sequence of these
        How many windows there are in each dimension; None leaves a size as it is.
    return_indices : bool, default False
        Whether calls return a pair, with the places where the elements were found.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.AdaptiveMaxPool2d((None, 2))(gf.randn(4, 8, 9, 7)).shape
    (4, 8, 9, 2)
    """

    def __init__(self, output_size: Sizes | Sequence[int | None] | None, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size, self.return_indices = output_size, return_indices

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        return pool.adaptive_max_pool(input, self.output_size, self.return_indices, 2)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class Unfold(Module):
    """The windows of images as columns: (N, C, H, W) gives (N, C KH KW, windows); see ``functional.unfold``.

    Parameters
    ----------
    kernel_size : int or sequence of ints
        The size of a window.
    dilation : int or sequence of ints, default 1
        How far the elements of a window are apart.
    padding : int or sequence of ints, default 0
        How many zeros are put around the input.
    stride : int or sequence of ints, default 1
        How far windows are apart.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.Unfold((2, 3))(gf.randn(2, 5, 3, 4)).shape
    (2, 30, 4)
    """

    def __init__(self, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> None:
        super().__init__()
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, input: Tensor) -> Tensor:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Module):
    """The columns of ``Unfold`` added up where they come from; see ``functional.fold``.

    Parameters
    ----------
    output_size : int or sequence of ints
        H and W of the result.
    kernel_size : int or sequence of ints
        The size of a window.
    dilation : int or sequence of ints, default 1
        How far the elements of a window are apart.
    padding : int or sequence of ints, default 0
        How many zeros lie around the result, which are cut off.
    stride : int or sequence of ints, default 1
        How far windows are apart.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.Fold((3, 4), (2, 3))(gf.randn(2, 30, 4)).shape
    (2, 5, 3, 4)
    """

    def __init__(
        self, output_size: Sizes, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
    ) -> None:
        super().__init__()
        self.output_size, self.kernel_size = output_size, kernel_size
        self.dilation, self.padding, self.stride = dilation, padding, stride

    def forward(self, input: Tensor) -> Tensor:
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
            f"stride={self.stride}"
        )


class Upsample(Module):
    """The input resampled to a ``size``, or by a ``scale_factor``; see ``functional.interpolate``.

    Parameters
    ----------
    size : int or sequence of ints, optional
        The spatial sizes of the result.
    scale_factor : float or sequence of floats, optional
        What the sizes are multiplied with; either this or ``size``.
    mode : str, default "nearest"
        "nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear" or "area".
    align_corners : bool, optional
        Whether the first and last elements keep their places.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.Upsample(scale_factor=2, mode="bilinear")(gf.randn(1, 3, 4, 5)).shape
    (1, 3, 8, 10)
    """

    def __init__(
        self,
        size: Sizes | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
    ) -> None:
        super().__init__()
        self.size, self.scale_factor, self.mode, self.align_corners = size, scale_factor, mode, align_corners

    def forward(self, input: Tensor) -> Tensor:
        return F.interpolate(input, self.size, self.scale_factor, self.mode, self.align_corners)

    def extra_repr(self) -> str:
        measure = f"size={self.size}" if self.scale_factor is None else f"scale_factor={self.scale_factor}"
        return f"{measure}, mode={self.mode!r}"
