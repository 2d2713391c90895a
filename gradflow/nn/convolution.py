"""Convolution layers, with PyTorch's default initialisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._filled import empty
from .._ops.convolve import each, extent
from .._tensor import Tensor
from ..errors import ArgumentError, ShapeError
from ..typing import DeviceLike, DType
from . import functional as F
from ._given import whole_count
from .functional_conv import Sizes
from .layers import draw
from .module import Module
from .parameter import Parameter

_MODES = ("zeros", "reflect", "replicate", "circular")


class _Convolution(Module):
    """What convolutions and transposed ones have in common."""

    weight: Parameter
    bias: Parameter | None
    _rank = 0
    _transposed = False

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Sizes, stride: Sizes, padding: str | Sizes, output_padding: Sizes,
        dilation: Sizes, groups: int, bias: bool, padding_mode: str, device: DeviceLike, dtype: DType,
    ) -> None:  # fmt: skip
        super().__init__()
        name, rank = type(self).__name__, self._rank
        self.in_channels = whole_count(in_channels, f"{name}: in_channels", 1)
        self.out_channels = whole_count(out_channels, f"{name}: out_channels", 1)
        self.groups = whole_count(groups, f"{name}: groups", 1)
        if self.in_channels % self.groups or self.out_channels % self.groups:
            raise ArgumentError(f"{name}: groups={groups} does not divide {in_channels} input and {out_channels} output channels")
        if padding_mode not in (_MODES[:1] if self._transposed else _MODES):
            raise ArgumentError(f"{name}: padding_mode is {' or '.join(map(repr, _MODES))}, not {padding_mode!r}")
        self.kernel_size = each(kernel_size, rank, 1, name, "kernel_size")
        self.stride, self.dilation = each(stride, rank, 1, name, "stride"), each(dilation, rank, 1, name, "dilation")
        self.padding = padding if isinstance(padding, str) else each(padding, rank, 0, name, "padding")
        self.output_padding = each(output_padding, rank, 0, name, "output_padding")
        self.padding_mode = padding_mode
        if isinstance(padding, str):
            if self._transposed or padding not in ("same", "valid"):
                raise ArgumentError(
                    f"{name}: padding is whole numbers{'' if self._transposed else ', same or valid'}: {padding!r}"
                )
            if padding == "same" and max(self.stride) > 1:
                raise ArgumentError(f"{name}: padding='same' needs stride 1, not {self.stride}; give the padding as numbers")
        first, second = self.out_channels, self.in_channels
        if self._transposed:
            first, second = second, first
        shape = (first, second // self.groups, *self.kernel_size)
        self.weight = Parameter(empty(shape, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(self.out_channels, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew, uniform in +-1/sqrt(n), n the elements of one kernel.

        Examples
        --------
        >>> import gradflow as gf
        >>> layer = gf.nn.Conv1d(1, 1, 4)
        >>> layer.reset_parameters()
        >>> bool((layer.weight.abs() <= 0.5).all())
        True
        """
        draw(self.weight, self.bias)

    def extra_repr(self) -> str:
        one, none = (1,) * self._rank, (0,) * self._rank
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        parts += [f"padding={self.padding!r}"] if self.padding != none else []
        parts += [f"dilation={self.dilation}"] if self.dilation != one else []
        parts += [f"output_padding={self.output_padding}"] if self.output_padding != none else []
        parts += [f"groups={self.groups}"] if self.groups != 1 else []
        parts += ["bias=False"] if self.bias is None else []
        parts += [f"padding_mode={self.padding_mode}"] if self.padding_mode != "zeros" else []
        return ", ".join(parts)


class _Conv(_Convolution):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: str | Sizes = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: DeviceLike = None,
        dtype: DType = None,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, 0, dilation, groups, bias, padding_mode, device, dtype
        )  # fmt: skip

    def forward(self, input: Tensor) -> Tensor:
        function = (F.conv1d, F.conv2d, F.conv3d)[self._rank - 1]
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._around(), mode=self.padding_mode), 0
        return function(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _around(self) -> list[int]:
        """How much ``pad`` puts before and after each dimension, the last one first."""
        pairs: list[tuple[int, int]]
        if self.padding == "same":
            spans = [r - 1 for r in extent(self.kernel_size, self.dilation)]
            pairs = [(s // 2, s - s // 2) for s in spans]
        else:
            pairs = [(int(p), int(p)) for p in ((0,) * self._rank if self.padding == "valid" else self.padding)]
        return [n for pair in reversed(pairs) for n in pair]


class Conv1d(_Conv):
    """The sums of a signal's windows, weighted by ``out_channels`` kernels: (N, in_channels, L) gives (N, out_channels, L').

    ``weight`` (out_channels, in_channels / groups, K) and ``bias`` (out_channels,) begin uniform in +-1/sqrt(n), n the elements
    of one kernel. Formula, sizes and errors: ``functional.conv1d``.

    Parameters
    ----------
    in_channels : int
        The channels of the input.
    out_channels : int
        The channels of the result: how many kernels there are.
    kernel_size : int or sequence of ints
        The size of the window.
    stride : int or sequence of ints, default 1
        How far windows are apart.
    padding : str, int, or sequence of ints, default 0
        How many elements are put around the input; "valid": none; "same": as many as keep the sizes, with stride 1.
    dilation : int or sequence of ints, default 1
        How far the elements of a kernel are apart.
    groups : int, default 1
        The channels are divided into so many parts that do not mix.
    bias : bool, default True
        Whether there is a ``bias``.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}, default "zeros"
        What the padding consists of; see ``functional.pad``.
    device : device or str, optional
        Where the parameters are.
    dtype : dtype or str, optional
        The dtype of the parameters.

    Raises
    ------
    ArgumentError
        For settings out of range, and for "same" with another stride than 1.

    References
    ----------
    He et al., "Delving deep into rectifiers" (2015), for the initialisation, with a = sqrt(5).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.Conv1d(3, 5, 4, padding="same")(gf.randn(2, 3, 10)).shape
    (2, 5, 10)
    """

    _rank = 1


class Conv2d(_Conv):
    """The sums of an image's windows, weighted by ``out_channels`` kernels: (N, in_channels, H, W) gives (N, out_channels, ...).

    ``weight`` (out_channels, in_channels / groups, KH, KW) and ``bias`` (out_channels,) begin uniform in +-1/sqrt(n), n the
    elements of one kernel. Formula, sizes and errors: ``functional.conv2d``.

    Parameters
    ----------
    in_channels : int
        The channels of the input.
    out_channels : int
        The channels of the result: how many kernels there are.
    kernel_size : int or sequence of ints
        The size of the window.
    stride : int or sequence of ints, default 1
        How far windows are apart.
    padding : str, int, or sequence of ints, default 0
        How many elements are put around the input; "valid": none; "same": as many as keep the sizes, with stride 1.
    dilation : int or sequence of ints, default 1
        How far the elements of a kernel are apart.
    groups : int, default 1
        The channels are divided into so many parts that do not mix.
    bias : bool, default True
        Whether there is a ``bias``.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}, default "zeros"
        What the padding consists of; see ``functional.pad``.
    device : device or str, optional
        Where the parameters are.
    dtype : dtype or str, optional
        The dtype of the parameters.

    Raises
    ------
    ArgumentError
        For settings out of range, and for "same" with another stride than 1.

    References
    ----------
    He et al., "Delving deep into rectifiers" (2015), for the initialisation, with a = sqrt(5).

    Examples
    --------
    >>> import gradflow as gf
    >>> layer = gf.nn.Conv2d(1, 8, 3)
    >>> layer
    Conv2d(1, 8, kernel_size=(3, 3), stride=(1, 1))
    >>> layer(gf.randn(4, 1, 28, 28)).shape
    (4, 8, 26, 26)
    """

    _rank = 2


class Conv3d(_Conv):
    """The sums of a volume's windows, weighted by kernels: (N, in_channels, D, H, W) gives (N, out_channels, ...).

    ``weight`` (out_channels, in_channels / groups, KD, KH, KW) and ``bias`` (out_channels,) begin uniform in +-1/sqrt(n), n the
    elements of one kernel. Formula, sizes and errors: ``functional.conv3d``.

    Parameters
    ----------
    in_channels : int
        The channels of the input.
    out_channels : int
        The channels of the result: how many kernels there are.
    kernel_size : int or sequence of ints
        The size of the window.
    stride : int or sequence of ints, default 1
        How far windows are apart.
    padding : str, int, or sequence of ints, default 0
        How many elements are put around the input; "valid": none; "same": as many as keep the sizes, with stride 1.
    dilation : int or sequence of ints, default 1
        How far the elements of a kernel are apart.
    groups : int, default 1
        The channels are divided into so many parts that do not mix.
    bias : bool, default True
        Whether there is a ``bias``.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}, default "zeros"
        What the padding consists of; see ``functional.pad``.
    device : device or str, optional
        Where the parameters are.
    dtype : dtype or str, optional
        The dtype of the parameters.

    Raises
    ------
    ArgumentError
        For settings out of range, and for "same" with another stride than 1.

    References
    ----------
    He et al., "Delving deep into rectifiers" (2015), for the initialisation, with a = sqrt(5).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.Conv3d(1, 2, 3, stride=2)(gf.randn(4, 1, 7, 7, 7)).shape
    (4, 2, 3, 3, 3)
    """

    _rank = 3


class _ConvTranspose(_Convolution):
    _transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        padding_mode: str = "zeros",
        device: DeviceLike = None,
        dtype: DType = None,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, output_padding, dilation, groups, bias, padding_mode, device,
            dtype,
        )  # fmt: skip

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        function = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[self._rank - 1]
        more = self.output_padding if output_size is None else self._missing(input, output_size)
        padding: Any = self.padding
        return function(input, self.weight, self.bias, self.stride, padding, more, self.groups, self.dilation)

    def _missing(self, input: Tensor, output_size: Sequence[int]) -> tuple[int, ...]:
        """The ``output_padding`` that gives ``output_size``."""
        wanted = tuple(output_size)[-self._rank :]
        given: Any = self.padding
        least = [
            (n - 1) * s - 2 * p + r
            for n, s, p, r in zip(
                input.shape[-self._rank :], self.stride, given, extent(self.kernel_size, self.dilation), strict=True
            )
        ]
        most = [n + max(s, d) - 1 for n, s, d in zip(least, self.stride, self.dilation, strict=True)]
        if len(wanted) != self._rank or any(not a <= w <= b for a, w, b in zip(least, wanted, most, strict=True)):
            raise ShapeError(
                f"{type(self).__name__}: output_size {tuple(output_size)} cannot come of an input of shape {input.shape}; from "
                f"{tuple(least)} to {tuple(most)} can"
            )
        return tuple(w - n for w, n in zip(wanted, least, strict=True))


class ConvTranspose1d(_ConvTranspose):
    """The adjoint of a convolution, which makes signals longer: (N, in_channels, L) gives (N, out_channels, L').

    ``weight`` (in_channels, out_channels / groups, K) and ``bias`` (out_channels,) begin uniform in +-1/sqrt(n), n the elements
    of ``weight[0]``. Where several sizes are possible, ``layer(x, output_size=...)`` chooses one. Formula, sizes and errors:
    ``functional.conv_transpose1d``.

    Parameters
    ----------
    in_channels : int
        The channels of the input.
    out_channels : int
        The channels of the result: how many kernels there are.
    kernel_size : int or sequence of ints
        The size of the window.
    stride : int or sequence of ints, default 1
        How far the results of neighbours are apart.
    padding : int or sequence of ints, default 0
        How much is cut off the result at both ends.
    output_padding : int or sequence of ints, default 0
        By how much the result is larger at the end; below stride or dilation.
    groups : int, default 1
        The channels are divided into so many parts that do not mix.
    bias : bool, default True
        Whether there is a ``bias``.
    dilation : int or sequence of ints, default 1
        How far the elements of a kernel are apart.
    padding_mode : {"zeros"}, default "zeros"
        There is no other.
    device : device or str, optional
        Where the parameters are.
    dtype : dtype or str, optional
        The dtype of the parameters.

    Raises
    ------
    ArgumentError
        For settings out of range.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.ConvTranspose1d(3, 5, 4, stride=2)(gf.randn(2, 3, 10)).shape
    (2, 5, 22)
    """

    _rank = 1


class ConvTranspose2d(_ConvTranspose):
    """The adjoint of a convolution, which makes images larger: (N, in_channels, H, W) gives (N, out_channels, H', W').

    ``weight`` (in_channels, out_channels / groups, KH, KW) and ``bias`` (out_channels,) begin uniform in +-1/sqrt(n), n the
    elements of ``weight[0]``. Where several sizes are possible, ``layer(x, output_size=...)`` chooses one. Formula, sizes and
    errors: ``functional.conv_transpose2d``.

    Parameters
    ----------
    in_channels : int
        The channels of the input.
    out_channels : int
        The channels of the result: how many kernels there are.
    kernel_size : int or sequence of ints
        The size of the window.
    stride : int or sequence of ints, default 1
        How far the results of neighbours are apart.
    padding : int or sequence of ints, default 0
        How much is cut off the result at both ends.
    output_padding : int or sequence of ints, default 0
        By how much the result is larger at the end; below stride or dilation.
    groups : int, default 1
        The channels are divided into so many parts that do not mix.
    bias : bool, default True
        Whether there is a ``bias``.
    dilation : int or sequence of ints, default 1
        How far the elements of a kernel are apart.
    padding_mode : {"zeros"}, default "zeros"
        There is no other.
    device : device or str, optional
        Where the parameters are.
    dtype : dtype or str, optional
        The dtype of the parameters.

    Raises
    ------
    ArgumentError
        For settings out of range.

    Examples
    --------
    >>> import gradflow as gf
    >>> layer = gf.nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1)
    >>> layer(gf.randn(2, 8, 5, 5)).shape, layer(gf.randn(2, 8, 5, 5), output_size=(10, 10)).shape
    ((2, 4, 9, 9), (2, 4, 10, 10))
    """

    _rank = 2


class ConvTranspose3d(_ConvTranspose):
    """The adjoint of a convolution, which makes volumes larger: (N, in_channels, D, H, W) gives (N, out_channels, ...).

    ``weight`` (in_channels, out_channels / groups, KD, KH, KW) and ``bias`` (out_channels,) begin uniform in +-1/sqrt(n), n the
    elements of ``weight[0]``. Where several sizes are possible, ``layer(x, output_size=...)`` chooses one. Formula, sizes and
    errors: ``functional.conv_transpose3d``.

    Parameters
    ----------
    in_channels : int
        The channels of the input.
    out_channels : int
        The channels of the result: how many kernels there are.
    kernel_size : int or sequence of ints
        The size of the window.
    stride : int or sequence of ints, default 1
        How far the results of neighbours are apart.
    padding : int or sequence of ints, default 0
        How much is cut off the result at both ends.
    output_padding : int or sequence of ints, default 0
        By how much the result is larger at the end; below stride or dilation.
    groups : int, default 1
        The channels are divided into so many parts that do not mix.
    bias : bool, default True
        Whether there is a ``bias``.
    dilation : int or sequence of ints, default 1
        How far the elements of a kernel are apart.
    padding_mode : {"zeros"}, default "zeros"
        There is no other.
    device : device or str, optional
        Where the parameters are.
    dtype : dtype or str, optional
        The dtype of the parameters.

    Raises
    ------
    ArgumentError
        For settings out of range.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.ConvTranspose3d(1, 2, 2, stride=2)(gf.randn(4, 1, 3, 3, 3)).shape
    (4, 2, 6, 6, 6)
    """

    _rank = 3
