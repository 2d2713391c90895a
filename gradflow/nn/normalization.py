"""Normalisation: batch norm and layer norm, with PyTorch's default initialisation."""

from __future__ import annotations

from collections.abc import Sequence

from .._engine import operand
from .._filled import ones, zeros
from .._tensor import Tensor
from ..backend import dtypes
from ..errors import ArgumentError, ShapeError
from ..typing import DeviceLike, DType
from . import functional as F
from . import init
from ._given import whole_count
from .module import Module
from .parameter import Parameter


class _BatchNorm(Module):
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None
    _ndims: tuple[int, ...] = ()

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: DeviceLike = None,
        dtype: DType = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self.num_features = whole_count(num_features, f"{name}: num_features")
        if momentum is not None and not 0 <= momentum <= 1:
            raise ArgumentError(f"{name}: momentum lies in [0, 1] (None: the plain average), not {momentum}")
        self.eps, self.momentum, self.affine, self.track_running_stats = eps, momentum, affine, track_running_stats
        n = self.num_features
        self.register_parameter("weight", Parameter(ones(n, device=device, dtype=dtype)) if affine else None)
        self.register_parameter("bias", Parameter(zeros(n, device=device, dtype=dtype)) if affine else None)
        track = track_running_stats
        self.register_buffer("running_mean", zeros(n, device=device, dtype=dtype) if track else None)
        self.register_buffer("running_var", ones(n, device=device, dtype=dtype) if track else None)
        self.register_buffer("num_batches_tracked", zeros((), device=device, dtype=dtypes.int64) if track else None)

    def reset_running_stats(self) -> None:
        """Forget the batches seen: mean 0, variance 1, none counted.

        Examples
        --------
        >>> import gradflow as gf
        >>> norm = gf.nn.BatchNorm1d(1)
        >>> _ = norm(gf.tensor([[1.0], [3.0]]))
        >>> norm.running_mean, norm.num_batches_tracked
        (tensor([0.2000]), tensor(1))
        >>> norm.reset_running_stats()
        >>> norm.running_mean, norm.num_batches_tracked
        (tensor([0.]), tensor(0))
        """
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Make the weight 1 and the bias 0, and forget the batches seen.

        Examples
        --------
        >>> import gradflow as gf
        >>> norm = gf.nn.BatchNorm1d(2)
        >>> norm.reset_parameters()
        >>> norm.weight.tolist(), norm.bias.tolist()
        ([1.0, 1.0], [0.0, 0.0])
        """
        self.reset_running_stats()
        if self.weight is not None and self.bias is not None:
            init.ones_(self.weight)
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        input = operand(type(self).__name__, input)
        if input.ndim not in self._ndims:
            wanted = " or ".join(f"{n} dimensions" for n in self._ndims)
            raise ShapeError(f"{type(self).__name__}: takes {wanted}, not shape {input.shape}")
        held = self._buffers
        mean, var, count = held["running_mean"], held["running_var"], held["num_batches_tracked"]
        momentum = self.momentum
        if self.training and count is not None:
            count.array += 1
            if momentum is None:
                momentum = 1 / int(count.array)
        return F.batch_norm(
            input,
            mean,
            var,
            self.weight,
            self.bias,
            self.training or mean is None,
            0.0 if momentum is None else momentum,
            self.eps,
        )

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """Each channel of (N, C) or (N, C, L) brought to mean 0 and variance 1 over the batch, times ``weight`` plus ``bias``.

    In training it uses mean and variance of the batch, and blends them into the buffers ``running_mean`` and ``running_var``; in
    evaluation it uses those. ``weight`` (C,) begins as 1, ``bias`` (C,) as 0. ``num_batches_tracked`` counts batches. Formula and
    errors: ``functional.batch_norm``.

    Parameters
    ----------
    num_features : int
        The number of channels, C.
    eps : float, default 1e-5
        Added to the variance.
    momentum : float or None, default 0.1
        The weight of the batch in the running statistics; None: they are the average of all batches.
    affine : bool, default True
        Whether there are ``weight`` and ``bias``.
    track_running_stats : bool, default True
        Whether there are running statistics; without them evaluation uses those of the batch, too.
    device : device or str, optional
        Where the parameters are.
    dtype : dtype or str, optional
        The dtype of the parameters.

    Raises
    ------
    ArgumentError
        For a ``momentum`` outside of [0, 1].
    ShapeError
        When called, for another number of dimensions, and in training for a single value in a channel.

    References
    ----------
    Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate shift" (2015).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.BatchNorm1d(1)(gf.tensor([[1.0], [3.0]])).detach()
    tensor([[-1.0000],
            [ 1.0000]])
    """

    _ndims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Each channel of (N, C, H, W) brought to mean 0 and variance 1 over the batch, times ``weight`` plus ``bias``.

    It is ``BatchNorm1d`` for images.

    Parameters
    ----------
    num_features : int
        The number of channels, C.
    eps : float, default 1e-5
        Added to the variance.
    momentum : float or None, default 0.1
        The weight of the batch in the running statistics; None: they are the average of all batches.
    affine : bool, default True
        Whether there are ``weight`` and ``bias``.
    track_running_stats : bool, default True
        Whether there are running statistics; without them evaluation uses those of the batch, too.
    device : device or str, optional
        Where the parameters are.
    dtype : dtype or str, optional
        The dtype of the parameters.

    Raises
    ------
    ArgumentError
        For a ``momentum`` outside of [0, 1].
    ShapeError
        When called, for another number of dimensions, and in training for a single value in a channel.

    References
    ----------
    Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate shift" (2015).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.BatchNorm2d(3)(gf.randn(2, 3, 4, 4)).shape
    (2, 3, 4, 4)
    """

    _ndims = (4,)


class LayerNorm(Module):
    """The last dimensions brought to mean 0 and variance 1, times ``weight`` plus ``bias``.

    ``weight`` begins as 1 and ``bias`` as 0, both of shape ``normalized_shape``. Formula and errors: ``functional.layer_norm``.

    Parameters
    ----------
    normalized_shape : int or sequence of ints
        The sizes of the last dimensions; an int means one dimension.
    eps : float, default 1e-5
        Added to the variance.
    elementwise_affine : bool, default True
        Whether there are ``weight`` and ``bias``.
    bias : bool, default True
        False: only ``weight``.
    device : device or str, optional
        Where the parameters are.
    dtype : dtype or str, optional
        The dtype of the parameters.

    References
    ----------
    Ba, Kiros and Hinton, "Layer normalization" (2016).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.LayerNorm(2)(gf.tensor([[1.0, 3.0], [0.0, 8.0]])).detach()
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]])
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: DeviceLike = None,
        dtype: DType = None,
    ) -> None:
        super().__init__()
        sizes = (normalized_shape,) if not isinstance(normalized_shape, Sequence) else normalized_shape
        self.normalized_shape = tuple(whole_count(n, "LayerNorm: a size of normalized_shape") for n in sizes)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        n = self.normalized_shape
        self.register_parameter("weight", Parameter(ones(n, device=device, dtype=dtype)) if elementwise_affine else None)
        has_bias = elementwise_affine and bias
        self.register_parameter("bias", Parameter(zeros(n, device=device, dtype=dtype)) if has_bias else None)

    def reset_parameters(self) -> None:
        """Make the weight 1 and the bias 0.

        Examples
        --------
        >>> import gradflow as gf
        >>> norm = gf.nn.LayerNorm(2)
        >>> norm.reset_parameters()
        >>> norm.weight.tolist(), norm.bias.tolist()
        ([1.0, 1.0], [0.0, 0.0])
        """
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
