"""Layers with parameters or a state of their own, with PyTorch's default initialisation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .._creation import empty, ones, zeros
from .._engine import no_grad, operand
from .._ops import shape
from .._tensor import Tensor
from ..backend import dtypes
from ..errors import ArgumentError, DTypeError, ShapeError
from ..typing import DeviceLike, DType
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter


def _count(value: Any, name: str, least: int = 0) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or value.__index__() < least:
        raise ArgumentError(f"{name} is a whole number from {least}, not {value!r}")
    return int(value)


def draw(weight: Tensor, bias: Tensor | None) -> None:
    """Weight and bias uniform in +-1/sqrt(fan in), PyTorch's beginning of linear and convolution layers."""
    init.kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        bound = 1 / math.sqrt(math.prod(weight.shape[1:]) or math.inf)
        init.uniform_(bias, -bound, bound)


class Identity(Module):
    """Returns its input; takes and forgets any arguments.

    >>> import gradflow as gf
    >>> gf.nn.Identity()(gf.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


class Flatten(Module):
    """The dimensions from ``start_dim`` to ``end_dim`` made one; by default all but the first.

    >>> import gradflow as gf
    >>> gf.nn.Flatten()(gf.ones(2, 3, 4)).shape
    (2, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        return shape.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Linear(Module):
    """``x @ weight.T + bias``: (..., in_features) gives (..., out_features).

    ``weight`` (out_features, in_features) and ``bias`` (out_features,) begin uniform in +-1/sqrt(in_features), which is
    He's uniform initialisation with a = sqrt(5) (He et al., "Delving deep into rectifiers", 2015).

    >>> import gradflow as gf
    >>> layer = gf.nn.Linear(3, 2)
    >>> layer
    Linear(in_features=3, out_features=2, bias=True)
    >>> layer(gf.ones(5, 3)).shape
    (5, 2)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: DeviceLike = None, dtype: DType = None
    ) -> None:
        super().__init__()
        self.in_features = _count(in_features, "Linear: in_features")
        self.out_features = _count(out_features, "Linear: out_features")
        self.weight = Parameter(empty(self.out_features, self.in_features, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(self.out_features, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        draw(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


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
        self.num_features = _count(num_features, f"{name}: num_features")
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
        """Forget the batches seen: mean 0, variance 1."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0, and no batches seen."""
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

    In training it uses the batch's mean and variance and blends them into ``running_mean`` and ``running_var`` with
    ``momentum`` (None: the average of all batches); in evaluation it uses those.  Source: Ioffe and Szegedy, "Batch
    normalization" (2015).

    >>> import gradflow as gf
    >>> gf.nn.BatchNorm1d(1)(gf.tensor([[1.0], [3.0]])).detach()
    tensor([[-1.0000],
            [ 1.0000]])
    """

    _ndims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """``BatchNorm1d`` for images (N, C, H, W).

    >>> import gradflow as gf
    >>> gf.nn.BatchNorm2d(3)(gf.randn(2, 3, 4, 4)).shape
    (2, 3, 4, 4)
    """

    _ndims = (4,)


class LayerNorm(Module):
    """The last dimensions, ``normalized_shape``, brought to mean 0 and variance 1, times ``weight`` plus ``bias``.

    Source: Ba et al., "Layer normalization" (2016).

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
        self.normalized_shape = tuple(_count(n, "LayerNorm: a size of normalized_shape") for n in sizes)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        n = self.normalized_shape
        self.register_parameter("weight", Parameter(ones(n, device=device, dtype=dtype)) if elementwise_affine else None)
        has_bias = elementwise_affine and bias
        self.register_parameter("bias", Parameter(zeros(n, device=device, dtype=dtype)) if has_bias else None)

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class Dropout(Module):
    """In training each element is zeroed with probability ``p`` and the others scaled by 1 / (1 - p).

    Source: Srivastava et al., "Dropout" (2014).

    >>> import gradflow as gf
    >>> gf.nn.Dropout(0.5).eval()(gf.ones(3))
    tensor([1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ArgumentError(f"Dropout: the probability p lies in [0, 1], not {p}")
        self.p, self.inplace = p, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Embedding(Module):
    """A table of vectors looked up by integers: (...) gives (..., embedding_dim).

    ``weight`` (num_embeddings, embedding_dim) begins normal with deviation 1; the row ``padding_idx`` begins as 0 and
    gets no gradient.

    >>> import gradflow as gf
    >>> gf.nn.Embedding(10, 3)(gf.tensor([[1, 2], [3, 4]])).shape
    (2, 2, 3)
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        device: DeviceLike = None,
        dtype: DType = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = _count(num_embeddings, "Embedding: num_embeddings")
        self.embedding_dim = _count(embedding_dim, "Embedding: embedding_dim")
        if padding_idx is not None:
            if not -self.num_embeddings <= padding_idx < self.num_embeddings:
                raise ArgumentError(f"Embedding: padding_idx {padding_idx} is outside of {num_embeddings} entries")
            padding_idx %= self.num_embeddings
        self.padding_idx = padding_idx
        self.weight = Parameter(empty(self.num_embeddings, self.embedding_dim, device=device, dtype=dtype))
        if self.weight.dtype.kind != "f":
            raise DTypeError(f"Embedding: vectors are floats, not {self.weight.dtype}")
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the vectors anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None) -> Embedding:
        """An Embedding of the vectors in ``embeddings`` (entries, features), sharing their memory, not trained if ``freeze``."""
        if embeddings.ndim != 2:
            raise ShapeError(f"Embedding.from_pretrained: takes (entries, features), not shape {embeddings.shape}")
        made = cls(0, embeddings.shape[1])
        made.num_embeddings, made.padding_idx = embeddings.shape[0], padding_idx
        made.weight = Parameter(embeddings, requires_grad=not freeze)
        return made

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
