"""Layers with parameters or a state of their own, with PyTorch's default initialisation."""

from __future__ import annotations

import math
from typing import Any

from .._engine import no_grad
from .._filled import empty
from .._ops import shape
from .._tensor import Tensor
from ..errors import ArgumentError, DTypeError, ShapeError
from ..typing import DeviceLike, DType
from . import functional as F
from . import init
from ._given import whole_count
from .module import Module
from .normalization import BatchNorm1d, BatchNorm2d, LayerNorm
from .parameter import Parameter

__all__ = [
    "Dropout", "Embedding", "Flatten", "Identity", "Linear", "draw",
    "BatchNorm1d", "BatchNorm2d", "LayerNorm",  # pickles of before 0.1 name this module for these
]  # fmt: skip


def draw(weight: Tensor, bias: Tensor | None) -> None:
    """Weight and bias uniform in +-1/sqrt(fan in), PyTorch's beginning of linear and convolution layers."""
    init.kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        bound = 1 / math.sqrt(math.prod(weight.shape[1:]) or math.inf)
        init.uniform_(bias, -bound, bound)


class Identity(Module):
    """The input, as it is; any arguments of the constructor are ignored.

    Parameters
    ----------
    *args : object
        Ignored.
    **kwargs : object
        Ignored.

    Examples
    --------
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

    Parameters
    ----------
    start_dim : int, default 1
        The first of these dimensions.
    end_dim : int, default -1
        The last of them.

    Examples
    --------
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
    """The affine map ``x @ weight.T + bias``: (..., in_features) gives (..., out_features).

    ``weight`` (out_features, in_features) and ``bias`` (out_features,) begin uniform in +-1/sqrt(in_features), which is He's
    uniform initialisation with a = sqrt(5).

    Parameters
    ----------
    in_features : int
        The size of the last dimension of the input; 0 is possible.
    out_features : int
        The size of the last dimension of the result; 0 is possible.
    bias : bool, default True
        Whether there is a ``bias``.
    device : device or str, optional
        Where the parameters are.
    dtype : dtype or str, optional
        The dtype of the parameters.

    Raises
    ------
    ArgumentError
        For a number of features that is no whole number from 0.

    References
    ----------
    He et al., "Delving deep into rectifiers" (2015), for the initialisation.

    Examples
    --------
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
        self.in_features = whole_count(in_features, "Linear: in_features")
        self.out_features = whole_count(out_features, "Linear: out_features")
        self.weight = Parameter(empty(self.out_features, self.in_features, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(self.out_features, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew, uniform in +-1/sqrt(in_features).

        Examples
        --------
        >>> import gradflow as gf
        >>> layer = gf.nn.Linear(4, 1)
        >>> layer.reset_parameters()
        >>> bool((layer.weight.abs() <= 0.5).all())
        True
        """
        draw(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Dropout(Module):
    """In training each element made 0 with probability ``p`` and the others times 1 / (1 - p); in evaluation the input itself.

    Parameters
    ----------
    p : float, default 0.5
        In [0, 1].
    inplace : bool, default False
        Write the result over the input, and return it.

    Raises
    ------
    ArgumentError
        For a ``p`` outside of [0, 1].

    References
    ----------
    Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting" (2014).

    Examples
    --------
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

    ``weight`` (num_embeddings, embedding_dim) begins normal with deviation 1. Errors: ``functional.embedding``.

    Parameters
    ----------
    num_embeddings : int
        How many vectors there are.
    embedding_dim : int
        How long they are.
    padding_idx : int, optional
        A vector that begins as 0 and gets no gradient; negative: counted from the end.
    device : device or str, optional
        Where the parameters are.
    dtype : dtype or str, optional
        The dtype of the parameters.

    Raises
    ------
    ArgumentError
        For a ``padding_idx`` that is not there.
    DTypeError
        For a ``dtype`` that is not floats.

    Examples
    --------
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
        self.num_embeddings = whole_count(num_embeddings, "Embedding: num_embeddings")
        self.embedding_dim = whole_count(embedding_dim, "Embedding: embedding_dim")
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
        """Draw the vectors anew, normal with deviation 1, and make that of ``padding_idx`` 0.

        Examples
        --------
        >>> import gradflow as gf
        >>> table = gf.nn.Embedding(10, 2, padding_idx=0)
        >>> table.reset_parameters()
        >>> table.weight[0].tolist()
        [0.0, 0.0]
        """
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None) -> Embedding:
        """An Embedding of given vectors, which shares their memory.

        Parameters
        ----------
        embeddings : Tensor
            Shape (entries, features).
        freeze : bool, default True
            Whether the vectors are left as they are in training.
        padding_idx : int, optional
            A vector that gets no gradient.

        Returns
        -------
        Embedding
            Its ``weight`` shows the memory of ``embeddings``.

        Raises
        ------
        ShapeError
            For another number of dimensions.

        Examples
        --------
        >>> import gradflow as gf
        >>> table = gf.nn.Embedding.from_pretrained(gf.tensor([[1.0, 2.0], [3.0, 4.0]]))
        >>> table(gf.tensor([1])), table.weight.requires_grad
        (tensor([[3., 4.]]), False)
        """
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
