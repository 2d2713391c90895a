"""Functions of neural networks on Tensors, spelled as in ``torch.nn.functional``.

>>> import gradflow as gf
>>> import gradflow.nn.functional as F
>>> F.relu(gf.tensor([-1.0, 2.0]))
tensor([0., 2.])
"""

from __future__ import annotations

from typing import Any

from .._engine import operand, warn
from .._ops import activations, neural, transcendental, trigonometry
from .._ops.index import one_hot
from .._tensor import Tensor
from ..typing import DType
from .functional_classes import cross_entropy, nll_loss
from .functional_conv import (
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    fold,
    unfold,
)  # fmt: skip
from .functional_layers import (
    batch_norm,
    cosine_similarity,
    dropout,
    embedding,
    layer_norm,
    linear,
    normalize,
    pad,
    written,
)  # fmt: skip
from .functional_losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    smooth_l1_loss,
)  # fmt: skip
from .functional_pool import (
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
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool1d", "adaptive_max_pool2d", "avg_pool1d", "avg_pool2d",
    "avg_pool3d", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "fold",
    "interpolate", "max_pool1d", "max_pool2d", "max_pool3d", "unfold",
    "batch_norm", "binary_cross_entropy", "binary_cross_entropy_with_logits", "cosine_similarity", "cross_entropy", "dropout",
    "elu", "embedding", "gelu", "hardtanh", "huber_loss", "kl_div", "l1_loss", "layer_norm", "leaky_relu", "linear",
    "log_softmax", "logsigmoid", "mish", "mse_loss", "nll_loss", "normalize", "one_hot", "pad", "relu", "selu", "sigmoid",
    "silu", "smooth_l1_loss", "softmax", "softplus", "tanh",
]  # fmt: skip


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """``max(x, 0)`` of each element; the derivative is 0 at 0.

    Parameters
    ----------
    input : Tensor
        Any shape.
    inplace : bool, default False
        Write the result over ``input``, and return it.

    Returns
    -------
    Tensor
        The shape of ``input``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.relu(gf.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    >>> x = gf.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    >>> gf.nn.functional.relu(x).sum().backward()
    >>> x.grad
    tensor([0., 0., 1.])
    >>> x = gf.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    >>> gf.nn.functional.relu(x).sum().backward()
    >>> x.grad
    tensor([0., 0., 1.])
    """
    return written(input, inplace, "relu", activations.relu, keeps_input=False)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """``x`` where it is positive, ``negative_slope * x`` elsewhere; the derivative at 0 is ``negative_slope``.

    Parameters
    ----------
    input : Tensor
        Any shape; integers are taken as floats.
    negative_slope : float, default 0.01
        The slope below 0.
    inplace : bool, default False
        Write the result over ``input``, and return it.

    Returns
    -------
    Tensor
        The shape of ``input``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.leaky_relu(gf.tensor([-1.0, 2.0]), 0.5)
    tensor([-0.5000,  2.0000])
    """
    return written(input, inplace, "leaky_relu", activations.leaky_relu, negative_slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``x`` where it is positive, ``alpha * (exp(x) - 1)`` elsewhere.

    Parameters
    ----------
    input : Tensor
        Any shape; integers are taken as floats.
    alpha : float, default 1.0
        Minus the limit for x to minus infinity.
    inplace : bool, default False
        Write the result over ``input``, and return it.

    Returns
    -------
    Tensor
        The shape of ``input``.

    References
    ----------
    Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear units" (2015).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.elu(gf.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    return written(input, inplace, "elu", activations.elu, alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """``1.0507 * elu(x, 1.6733)``, which keeps mean 0 and variance 1 through layers.

    Parameters
    ----------
    input : Tensor
        Any shape; integers are taken as floats.
    inplace : bool, default False
        Write the result over ``input``, and return it.

    Returns
    -------
    Tensor
        The shape of ``input``.

    References
    ----------
    Klambauer et al., "Self-normalizing neural networks" (2017).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.selu(gf.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """
    return written(input, inplace, "selu", activations.selu)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """``x`` times the normal distribution function at x.

    Parameters
    ----------
    input : Tensor
        Any shape; integers are taken as floats.
    approximate : {"none", "tanh"}, default "none"
        "none" is the function itself, "tanh" its approximation 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).

    Returns
    -------
    Tensor
        The shape of ``input``.

    Raises
    ------
    ArgumentError
        For another ``approximate``.

    References
    ----------
    Hendrycks and Gimpel, "Gaussian error linear units" (2016).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.gelu(gf.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """
    return activations.gelu(input, approximate)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """``x * sigmoid(x)`` of each element.

    Parameters
    ----------
    input : Tensor
        Any shape; integers are taken as floats.
    inplace : bool, default False
        Write the result over ``input``, and return it.

    Returns
    -------
    Tensor
        The shape of ``input``.

    References
    ----------
    Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function approximation in reinforcement learning"
    (2017).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.silu(gf.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """
    return written(input, inplace, "silu", activations.silu)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """``log(1 + exp(beta x)) / beta`` without overflow, and x itself where ``beta * x`` is above ``threshold``.

    Parameters
    ----------
    input : Tensor
        Any shape; integers are taken as floats.
    beta : float, default 1.0
        How sharp the bend at 0 is.
    threshold : float, default 20.0
        From where on the result is x.

    Returns
    -------
    Tensor
        The shape of ``input``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.softplus(gf.tensor([-1.0, 30.0]))
    tensor([ 0.3133, 30.0000])
    """
    return activations.softplus(input, beta, threshold)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x * tanh(softplus(x))`` of each element.

    Parameters
    ----------
    input : Tensor
        Any shape; integers are taken as floats.
    inplace : bool, default False
        Write the result over ``input``, and return it.

    Returns
    -------
    Tensor
        The shape of ``input``.

    References
    ----------
    Misra, "Mish: a self regularized non-monotonic activation function" (2019).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.mish(gf.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])
    """
    return written(input, inplace, "mish", activations.mish)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """``x`` held between ``min_val`` and ``max_val``; the derivative is 0 at both and outside.

    Parameters
    ----------
    input : Tensor
        Any shape; integers are taken as floats.
    min_val : float, default -1.0
        The smallest result.
    max_val : float, default 1.0
        The largest result.
    inplace : bool, default False
        Write the result over ``input``, and return it.

    Returns
    -------
    Tensor
        The shape of ``input``.

    Raises
    ------
    ArgumentError
        If ``min_val`` is not below ``max_val``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.hardtanh(gf.tensor([-2.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """
    return written(input, inplace, "hardtanh", activations.hardtanh, min_val, max_val)


def logsigmoid(input: Tensor) -> Tensor:
    """``log(sigmoid(x))``, finite for every finite x.

    Parameters
    ----------
    input : Tensor
        Any shape; integers are taken as floats.

    Returns
    -------
    Tensor
        The shape of ``input``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.logsigmoid(gf.tensor([-200.0, 0.0]))
    tensor([-200.0000,   -0.6931])
    """
    return activations.logsigmoid(input)


def sigmoid(input: Tensor) -> Tensor:
    """``1 / (1 + exp(-x))``, without overflow.

    Parameters
    ----------
    input : Tensor
        Any shape.

    Returns
    -------
    Tensor
        The shape of ``input``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.sigmoid(gf.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])
    """
    return transcendental.sigmoid(input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent of each element.

    Parameters
    ----------
    input : Tensor
        Any shape.

    Returns
    -------
    Tensor
        The shape of ``input``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.tanh(gf.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """
    return trigonometry.tanh(input)


def softmax(input: Tensor, dim: int | None = None, dtype: DType = None) -> Tensor:
    """``exp(x) / sum(exp(x))`` along ``dim``, without overflow.

    Parameters
    ----------
    input : Tensor
        Any shape; integers are taken as floats.
    dim : int, optional
        Along which the results sum to 1. Without it there is a warning, as in PyTorch, and ``dim`` is 0 for 0, 1 and 3 dimensions
        and 1 for others.
    dtype : dtype or str, optional
        ``input`` is cast to it first.

    Returns
    -------
    Tensor
        The shape of ``input``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.softmax(gf.tensor([1.0, 1.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    result: Tensor = neural.softmax(_cast(input, dtype), _dim(input, dim, "softmax"))
    return result


def log_softmax(input: Tensor, dim: int | None = None, dtype: DType = None) -> Tensor:
    """``log(softmax(x))`` along ``dim``, finite for every finite x.

    Parameters
    ----------
    input : Tensor
        Any shape; integers are taken as floats.
    dim : int, optional
        Along which the exponentials of the results sum to 1. Without it there is a warning, as in PyTorch, and ``dim`` is 0 for
        0, 1 and 3 dimensions and 1 for others.
    dtype : dtype or str, optional
        ``input`` is cast to it first.

    Returns
    -------
    Tensor
        The shape of ``input``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.log_softmax(gf.tensor([1.0, 1.0]), dim=0)
    tensor([-0.6931, -0.6931])
    """
    result: Tensor = neural.log_softmax(_cast(input, dtype), _dim(input, dim, "log_softmax"))
    return result


def _cast(input: Any, dtype: DType) -> Any:
    return input if dtype is None else operand("softmax", input).to(dtype=dtype)


def _dim(input: Tensor, dim: int | None, name: str) -> int:
    if dim is not None:
        return dim
    input = operand(name, input)
    chosen = 0 if input.ndim in (0, 1, 3) else 1
    warn(f"{name}: give dim; without it dimension {chosen} is taken for shape {input.shape}")
    return chosen
