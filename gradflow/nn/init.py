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
from typing import Any

import numpy as np

from .._creation import as_tensor, zeros_like
from .._engine import no_grad
from .._ops import compare, index, transcendental
from .._plain import real_number, whole_number
from .._tensor import Tensor
from ..errors import ArgumentError, DTypeError, ShapeError
from ..random import Generator, rand

__all__ = [
    "calculate_gain", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_", "orthogonal_",
    "sparse_", "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip


# --- how much ---------------------------------------------------------------------------------------------------------------

_GAINS = {
    **dict.fromkeys(("linear", "conv1d", "conv2d", "conv3d"), 1.0),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), 1.0),
    **{"sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4},
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """By how much weights are to be larger for a ``nonlinearity`` than for none, to keep the variance from layer to layer.

    1 for "linear", "sigmoid", "conv1d" ... "conv_transpose3d"; 5/3 for "tanh"; sqrt(2) for "relu";
    sqrt(2 / (1 + slope**2)) for "leaky_relu", whose slope is ``param`` (None: 0.01); 3/4 for "selu".  ArgumentError for others.

    Source: He et al., "Delving deep into rectifiers" (2015), equations 10 and 15, for the rectifiers; those of tanh and selu
    are PyTorch's.

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


# --- one value, or a pattern ------------------------------------------------------------------------------------------------


def constant_(tensor: Tensor, val: float) -> Tensor:
    """``val`` everywhere.

    >>> import gradflow as gf
    >>> gf.nn.init.constant_(gf.empty(2), 0.5)
    tensor([0.5000, 0.5000])
    """
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """1 everywhere.

    >>> import gradflow as gf
    >>> gf.nn.init.ones_(gf.empty(2))
    tensor([1., 1.])
    """
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """0 everywhere.

    >>> import gradflow as gf
    >>> gf.nn.init.zeros_(gf.empty(2))
    tensor([0., 0.])
    """
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """The identity: 1 on the diagonal of a matrix, 0 elsewhere, so that a Linear hands on as many inputs as it has room for.

    >>> import gradflow as gf
    >>> gf.nn.init.eye_(gf.empty(2, 3))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    if tensor.ndim != 2:
        raise ShapeError(f"eye_: takes a matrix, not shape {tensor.shape}")
    return _scattered(tensor, np.eye(tensor.shape[0], tensor.shape[1]))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """The identity of a convolution: 1 in the middle of the kernel from each channel to the same one, 0 elsewhere.

    tensor: the weight of a ``Conv1d``, ``Conv2d`` or ``Conv3d``.  With ``groups`` each group of channels is handed on by
    itself.  ShapeError for other weights, ArgumentError if ``groups`` does not divide the output channels.

    >>> import gradflow as gf
    >>> gf.nn.init.dirac_(gf.empty(1, 1, 3))
    tensor([[[0., 1., 0.]]])
    """
    if tensor.ndim not in (3, 4, 5):
        raise ShapeError(f"dirac_: takes the weight of a convolution, of 3 to 5 dimensions, not shape {tensor.shape}")
    if whole_number(groups) is None or groups < 1 or tensor.shape[0] % groups:
        raise ArgumentError(f"dirac_: groups={groups} does not divide {tensor.shape[0]} output channels")
    weight: Any = np.zeros(tensor.shape)
    middle = tuple(n // 2 for n in tensor.shape[2:])
    each = tensor.shape[0] // groups
    d = np.arange(min(each, tensor.shape[1]))
    for g in range(groups):
        weight[(g * each + d, d, *middle)] = 1
    return _scattered(tensor, weight)


def _scattered(tensor: Tensor, pattern: Any) -> Tensor:
    with no_grad():
        return tensor.copy_(as_tensor(pattern, dtype=tensor.dtype, device=tensor.device))


# --- at random --------------------------------------------------------------------------------------------------------------


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Numbers uniform in [a, b).

    >>> import gradflow as gf
    >>> bool((gf.nn.init.uniform_(gf.empty(100), 2, 3) >= 2).all())
    True
    """
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normally distributed numbers of that mean and standard deviation.

    >>> import gradflow as gf
    >>> gf.nn.init.normal_(gf.empty(2), mean=3.0, std=0.0)
    tensor([3., 3.])
    """
    if not std >= 0:
        raise ArgumentError(f"normal_: a standard deviation is not negative, got {std}")
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Generator | None = None
) -> Tensor:
    """Normally distributed numbers, only those that lie in [a, b]; ``a`` and ``b`` are values, not multiples of ``std``.

    What falls outside is drawn again (and the device is waited for, to learn whether anything did).  Where that would be most,
    as in a tail, each element is one uniform number sent through the inverse of the distribution function.
    ArgumentError unless ``a < b`` and ``std > 0``.

    Source: Wichura, "Algorithm AS 241: the percentage points of the normal distribution" (1988), for the inverse.

    >>> import gradflow as gf
    >>> float(gf.nn.init.trunc_normal_(gf.empty(1000), std=5.0).abs().max()) <= 2
    True
    """
    if not (std > 0 and a < b):
        raise ArgumentError(f"trunc_normal_: takes a < b and std > 0, not a={a}, b={b}, std={std}")
    low, high = (a - mean) / std, (b - mean) / std
    sign = -1.0 if low > 0 else 1.0  # the lower tail, where the distribution function keeps all its digits
    if low > 0:
        low, high = -high, -low
    first, last = (math.erfc(-x / math.sqrt(2)) / 2 for x in (low, high))
    with no_grad():
        if last - first > 0.3:
            tensor.normal_(mean, std, generator=generator)
            while bool((outside := (tensor < a) | (tensor > b)).any()):
                again = zeros_like(tensor).normal_(mean, std, generator=generator)
                tensor.copy_(compare.where(outside, again, tensor))
            return tensor
        u = rand(tensor.shape, dtype=np.float64, device=tensor.device, generator=generator)
        x = _quantile(first + u * (last - first)).clamp(low, high)
        return tensor.copy_((x * (sign * std) + mean).clamp(a, b))


def _quantile(p: Tensor) -> Any:
    """Where the normal distribution function is ``p``."""
    q = p - 0.5
    near = q.abs() <= 0.425
    r = 0.180625 - q * q
    middle = q * _ratio(compare.where(near, r, 0.0), *_MIDDLE)
    r = (-transcendental.log(compare.clamp(compare.minimum(p, 1 - p), 1e-320, None))).sqrt()
    tail = compare.where(r <= 5, _ratio(r.clamp(max=5.0) - 1.6, *_SIDE), _ratio(r.clamp(min=5.0) - 5, *_FAR))
    return compare.where(near, middle, compare.where(q < 0, -tail, tail))


def _ratio(r: Tensor, above: tuple[float, ...], below: tuple[float, ...]) -> Any:
    """The quotient of two polynomials in ``r``, their coefficients from the constant on."""

    def polynomial(coefficients: tuple[float, ...]) -> Any:
        y: Any = coefficients[-1]
        for c in reversed(coefficients[:-1]):
            y = y * r + c
        return y

    return polynomial(above) / polynomial(below)


# Wichura (1988), PPND16: near the median, up to 1 - 1.4e-11, and beyond; relative error about 1e-16.
_MIDDLE = (
    (
        3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
        67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
    ),
    (
        1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077, 21213.794301586595867, 39307.895800092710610,
        28729.085735721942674, 5226.4952788528545610,
    ),
)  # fmt: skip
_SIDE = (
    (
        1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
        1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4,
    ),
    (
        1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550, 0.148103976427480074590,
        0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
    ),
)  # fmt: skip
_FAR = (
    (
        6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230,
        0.0265321895265761230930, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
    ),
    (
        1.0, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525, 7.86869131145613259100e-4,
        1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
    ),
)  # fmt: skip


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform in +-gain * sqrt(6 / (fan in + fan out)): a variance between those that keep signals and gradients.

    tensor: a weight of 2 dimensions or more, else ShapeError.  ``gain``: see ``calculate_gain``.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010), equation 16.

    >>> import gradflow as gf
    >>> float(gf.nn.init.xavier_uniform_(gf.empty(4, 2)).abs().max()) <= 1
    True
    """
    bound = gain * math.sqrt(6 / max(1, sum(_fans(tensor, "xavier_uniform_"))))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normally distributed, of standard deviation gain * sqrt(2 / (fan in + fan out)); see ``xavier_uniform_``.

    >>> import gradflow as gf
    >>> gf.nn.init.xavier_normal_(gf.empty(4, 2), gain=0.0).abs().max()
    tensor(0.)
    """
    return normal_(tensor, 0.0, gain * math.sqrt(2 / max(1, sum(_fans(tensor, "xavier_normal_")))), generator)


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Generator | None = None
) -> Tensor:
    """Uniform in +-gain * sqrt(3 / fan): the variance of signals ("fan_in") or gradients ("fan_out") stays from layer to layer.

    tensor: a weight of 2 dimensions or more, else ShapeError.  ``a``: the slope below 0 of a leaky ReLU.  The gain is
    ``calculate_gain(nonlinearity, a)``.  ArgumentError for another ``mode`` or ``nonlinearity``.

    Source: He et al., "Delving deep into rectifiers" (2015).

    >>> import gradflow as gf
    >>> float(gf.nn.init.kaiming_uniform_(gf.empty(2, 6), nonlinearity="relu").abs().max()) <= 1
    True
    """
    bound = math.sqrt(3) * _deviation(tensor, a, mode, nonlinearity, "kaiming_uniform_")
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Generator | None = None
) -> Tensor:
    """Normally distributed, of standard deviation gain / sqrt(fan); see ``kaiming_uniform_``.

    >>> import gradflow as gf
    >>> gf.nn.init.kaiming_normal_(gf.empty(3, 5), mode="fan_out", nonlinearity="relu").shape
    (3, 5)
    """
    return normal_(tensor, 0.0, _deviation(tensor, a, mode, nonlinearity, "kaiming_normal_"), generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """A random orthogonal matrix times ``gain``: it changes the length of no signal.

    tensor: (rows, ...), taken as a matrix of that many rows; where it is not square, its rows or its columns, whichever are
    fewer, are orthonormal.  It is Q of a QR decomposition of normally distributed numbers, with signs that make R's diagonal
    positive, so that every rotation is as likely as any other.  The decomposition is made on the host.

    ShapeError below 2 dimensions, DTypeError for what is not floats.

    Source: Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks" (2013);
    Mezzadri, "How to generate random matrices from the classical compact groups" (2007), for the signs.

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
    return _scattered(tensor, np.ascontiguousarray(q.T if wide else q).reshape(tensor.shape))


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """A matrix with the fraction ``sparsity`` (rounded up) of each column 0, the others normal of deviation ``std``.

    ShapeError for what is no matrix; ArgumentError for a fraction outside of [0, 1].

    Source: Martens, "Deep learning via Hessian-free optimization" (2010), section 5.

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
            tensor.copy_(index.scatter(tensor.detach(), 0, order[:empty], value=0.0))
    return tensor
