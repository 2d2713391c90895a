"""Beginnings of weights, spelled as in ``torch.nn.init``: each function writes its tensor in place and returns it.

Nothing is recorded.  ``generator``, where there is one, is a ``gf.Generator`` on the tensor's kind of device; without it the
device's own is drawn from.  A weight is laid out as in ``Linear`` and ``Conv2d``, (outputs, inputs, ...): its *fan in* is the
number of inputs of one output, its *fan out* that of the outputs of one input, both times the elements of a kernel.

>>> import gradflow as gf
>>> layer = gf.nn.Linear(4, 3)
>>> gf.nn.init.zeros_(layer.bias).tolist()
[0.0, 0.0, 0.0]
"""

from __future__ import annotations

import math
import sys

import numpy as np

from .._engine import no_grad
from .._filled import zeros_like
from .._lazy import name_public_place
from .._ops import picking
from .._plain import real_number
from .._tensor import Tensor
from ..errors import ArgumentError, DTypeError, ShapeError
from ..random import Generator, rand
from ._filling import (
    constant_,
    dirac_,
    eye_,
    normal_,
    ones_,
    put_pattern,
    trunc_normal_,
    uniform_,
    zeros_,
)  # fmt: skip

__all__ = [
    "calculate_gain", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_", "orthogonal_",
    "sparse_", "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip

name_public_place(sys.modules[__name__], __all__)


# --- how much ---------------------------------------------------------------------------------------------------------------

_GAINS = {
    **dict.fromkeys(("linear", "conv1d", "conv2d", "conv3d"), 1.0),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), 1.0),
    **{"sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4},
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """By how much weights are to be larger for a ``nonlinearity`` than for none, to keep the variance from layer to layer.

    It is 1 for "linear", "sigmoid", "conv1d" ... "conv_transpose3d", 5/3 for "tanh", sqrt(2) for "relu", sqrt(2 / (1 + slope**2))
    for "leaky_relu" and 3/4 for "selu".

    Parameters
    ----------
    nonlinearity : str
        One of these names.
    param : float, optional
        The slope of "leaky_relu"; None: 0.01.

    Returns
    -------
    float
        The factor.

    Raises
    ------
    ArgumentError
        For another name, and for a slope that is no number.

    References
    ----------
    He et al., "Delving deep into rectifiers" (2015), equations 10 and 15, for the rectifiers; those of tanh and selu are
    PyTorch's.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.init.calculate_gain("leaky_relu", 1.0)
    1.0
    """
    if nonlinearity == "leaky_relu":
        slope = real_number(0.01 if param is None else param)
        if slope is None:
            raise ArgumentError(f"calculate_gain: the slope of leaky_relu is a number, not {param!r}")
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        raise ArgumentError(f"calculate_gain: {nonlinearity!r} is not one of leaky_relu, {', '.join(_GAINS)}")
    return _GAINS[nonlinearity]


def _fans(tensor: Tensor, name: str) -> tuple[int, int]:
    """Fan in and fan out."""
    if tensor.ndim < 2:
        raise ShapeError(f"{name}: a weight of shape {tensor.shape} has no fan in and fan out; it needs 2 dimensions or more")
    kernel = math.prod(tensor.shape[2:])
    return tensor.shape[1] * kernel, tensor.shape[0] * kernel


def _deviation(tensor: Tensor, a: float, mode: str, nonlinearity: str, name: str) -> float:
    """The standard deviation of He's initialisation; 0 for a weight without elements."""
    if mode not in ("fan_in", "fan_out"):
        raise ArgumentError(f"{name}: mode is 'fan_in' or 'fan_out', not {mode!r}")
    fan = _fans(tensor, name)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan) if fan else 0.0


# --- by fan in and fan out -------------------------------------------------------------------------------------------------


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Write numbers uniform in +-gain * sqrt(6 / (fan in + fan out)): a variance between those that keep signals and gradients.

    Parameters
    ----------
    tensor : Tensor
        A weight of 2 dimensions or more, written in place.
    gain : float, default 1.0
        A factor; see ``calculate_gain``.
    generator : Generator, optional
        What the numbers are drawn from, on the tensor's kind of device; None: the device's own.

    Returns
    -------
    Tensor
        ``tensor``.

    Raises
    ------
    ShapeError
        For fewer dimensions.

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010), equation 16.

    Examples
    --------
    >>> import gradflow as gf
    >>> float(gf.nn.init.xavier_uniform_(gf.empty(4, 2)).abs().max()) <= 1
    True
    """
    bound = gain * math.sqrt(6 / max(1, sum(_fans(tensor, "xavier_uniform_"))))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Write normally distributed numbers of standard deviation gain * sqrt(2 / (fan in + fan out)).

    Parameters
    ----------
    tensor : Tensor
        A weight of 2 dimensions or more, written in place.
    gain : float, default 1.0
        A factor; see ``calculate_gain``.
    generator : Generator, optional
        What the numbers are drawn from, on the tensor's kind of device; None: the device's own.

    Returns
    -------
    Tensor
        ``tensor``.

    Raises
    ------
    ShapeError
        For fewer dimensions.

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010), equation 12.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.init.xavier_normal_(gf.empty(4, 2), gain=0.0).abs().max()
    tensor(0.)
    """
    return normal_(tensor, 0.0, gain * math.sqrt(2 / max(1, sum(_fans(tensor, "xavier_normal_")))), generator)


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Generator | None = None
) -> Tensor:
    """Write numbers uniform in +-gain * sqrt(3 / fan), so that the variance stays from layer to layer.

    The gain is ``calculate_gain(nonlinearity, a)``.

    Parameters
    ----------
    tensor : Tensor
        A weight of 2 dimensions or more, written in place.
    a : float, default 0
        The slope below 0 of a leaky ReLU.
    mode : {"fan_in", "fan_out"}, default "fan_in"
        Whether the variance of signals stays, or that of gradients.
    nonlinearity : str, default "leaky_relu"
        The function behind the layer; a name that ``calculate_gain`` takes.
    generator : Generator, optional
        What the numbers are drawn from, on the tensor's kind of device; None: the device's own.

    Returns
    -------
    Tensor
        ``tensor``.

    Raises
    ------
    ShapeError
        For fewer dimensions.
    ArgumentError
        For another ``mode`` or ``nonlinearity``.

    References
    ----------
    He et al., "Delving deep into rectifiers" (2015).

    Examples
    --------
    >>> import gradflow as gf
    >>> float(gf.nn.init.kaiming_uniform_(gf.empty(2, 6), nonlinearity="relu").abs().max()) <= 1
    True
    """
    bound = math.sqrt(3) * _deviation(tensor, a, mode, nonlinearity, "kaiming_uniform_")
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Generator | None = None
) -> Tensor:
    """Write normally distributed numbers of standard deviation gain / sqrt(fan), so that the variance stays from layer to layer.

    The gain is ``calculate_gain(nonlinearity, a)``.

    Parameters
    ----------
    tensor : Tensor
        A weight of 2 dimensions or more, written in place.
    a : float, default 0
        The slope below 0 of a leaky ReLU.
    mode : {"fan_in", "fan_out"}, default "fan_in"
        Whether the variance of signals stays, or that of gradients.
    nonlinearity : str, default "leaky_relu"
        The function behind the layer; a name that ``calculate_gain`` takes.
    generator : Generator, optional
        What the numbers are drawn from, on the tensor's kind of device; None: the device's own.

    Returns
    -------
    Tensor
        ``tensor``.

    Raises
    ------
    ShapeError
        For fewer dimensions.
    ArgumentError
        For another ``mode`` or ``nonlinearity``.

    References
    ----------
    He et al., "Delving deep into rectifiers" (2015), equation 10.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.init.kaiming_normal_(gf.empty(3, 5), mode="fan_out", nonlinearity="relu").shape
    (3, 5)
    """
    return normal_(tensor, 0.0, _deviation(tensor, a, mode, nonlinearity, "kaiming_normal_"), generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Write a random orthogonal matrix times ``gain``, which changes the length of no signal.

    Where the matrix is not square, its rows or its columns, whichever are fewer, are orthonormal. It is Q of a QR decomposition
    of normally distributed numbers, with signs that make R's diagonal positive, so that every rotation is as likely as any other.
    The decomposition is made on the host.

    Parameters
    ----------
    tensor : Tensor
        Shape (rows, ...), taken as a matrix of that many rows, written in place.
    gain : float, default 1
        A factor; see ``calculate_gain``.
    generator : Generator, optional
        What the numbers are drawn from, on the tensor's kind of device; None: the device's own.

    Returns
    -------
    Tensor
        ``tensor``.

    Raises
    ------
    ShapeError
        Below 2 dimensions.
    DTypeError
        For what is not floats.

    References
    ----------
    Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks" (2013); Mezzadri, "How to
    generate random matrices from the classical compact groups" (2007), for the signs.

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.nn.init.orthogonal_(gf.empty(2, 3, dtype=gf.float64))
    >>> gf.allclose(w @ w.T, gf.eye(2, dtype=gf.float64))
    True
    """
    if tensor.ndim < 2:
        raise ShapeError(f"orthogonal_: takes 2 dimensions or more, not shape {tensor.shape}")
    if tensor.dtype.kind != "f":
        raise DTypeError(f"orthogonal_: takes floats, not {tensor.dtype}")
    if not tensor.numel():
        return tensor
    rows = tensor.shape[0]
    drawn = zeros_like(tensor, dtype=np.float64).normal_(generator=generator).to_numpy().reshape(rows, -1)
    wide = drawn.shape[0] < drawn.shape[1]
    q, r = np.linalg.qr(drawn.T if wide else drawn)
    q = q * np.where(np.diagonal(r) < 0, -gain, gain)
    return put_pattern(tensor, np.ascontiguousarray(q.T if wide else q).reshape(tensor.shape))


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Write a matrix with the fraction ``sparsity`` of each column 0, and the others normally distributed.

    Parameters
    ----------
    tensor : Tensor
        A matrix, written in place.
    sparsity : float
        In [0, 1]; the number of zeros is rounded up.
    std : float, default 0.01
        The standard deviation of the others.
    generator : Generator, optional
        What the numbers are drawn from, on the tensor's kind of device; None: the device's own.

    Returns
    -------
    Tensor
        ``tensor``.

    Raises
    ------
    ShapeError
        For what is no matrix.
    ArgumentError
        For a fraction outside of [0, 1].

    References
    ----------
    Martens, "Deep learning via Hessian-free optimization" (2010), section 5.

    Examples
    --------
    >>> import gradflow as gf
    >>> (gf.nn.init.sparse_(gf.empty(10, 2), sparsity=0.75) == 0).sum(dim=0)
    tensor([8, 8])
    """
    if tensor.ndim != 2:
        raise ShapeError(f"sparse_: takes a matrix, not shape {tensor.shape}")
    if not 0 <= sparsity <= 1:
        raise ArgumentError(f"sparse_: sparsity is a fraction in [0, 1], not {sparsity}")
    empty = math.ceil(sparsity * tensor.shape[0])
    normal_(tensor, 0.0, std, generator)
    if empty and tensor.numel():
        with no_grad():
            order = rand(tensor.shape, device=tensor.device, generator=generator, dtype=np.float64).argsort(dim=0)
            tensor.copy_(picking.scatter(tensor.detach(), 0, order[:empty], value=0.0))
    return tensor
