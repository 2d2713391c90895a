"""Activations of neural networks, each one node: a chain of small ones would keep more memory, or lose accuracy (softplus)."""

from __future__ import annotations

import math

from .._engine import elementwise
from ..errors import ArgumentError
from ..typing import Array, Namespace, Tensor, TensorLike, TensorOrArray
from .compare import _ordered


@elementwise(lambda xp, g, y: g * xp.astype(xp.greater(y, xp.scalar(0, y.dtype)), g.dtype))
def relu(xp: Namespace, x: TensorLike) -> Array:
    """``max(x, 0)``, element by element; the derivative is 1 above 0 and taken to be 0 at 0.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; real numbers.

    Returns
    -------
    Tensor
        The shape and dtype of `x`.

    Raises
    ------
    DTypeError
        When `x` is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    >>> y = gf.relu(x)
    >>> y.sum().backward()
    >>> y.tolist(), x.grad.tolist()
    ([0.0, 0.0, 2.0], [0.0, 0.0, 1.0])
    """
    _ordered("relu", x)
    return xp.maximum_scalar(x, 0)


def _slopes(xp: Namespace, x: Array, like: Array, slope: float) -> Array:
    return xp.astype(x > 0, like.dtype) * (1 - slope) + slope


@elementwise(lambda xp, g, x, negative_slope: g * _slopes(xp, x, g, negative_slope), floats=True)
def leaky_relu(xp: Namespace, x: TensorLike, negative_slope: float = 0.01) -> Array:
    """``x`` where it is positive, ``negative_slope * x`` elsewhere, element by element.

    The derivative is 1 above 0, and `negative_slope` at 0 and below: no unit is ever without a gradient.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; real numbers.
    negative_slope : float
        The slope below 0.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Raises
    ------
    DTypeError
        When `x` is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.leaky_relu(gf.tensor([-1.0, 2.0]))
    tensor([-0.0100,  2.0000])
    """
    _ordered("leaky_relu", x)
    return x * _slopes(xp, x, x, negative_slope)


@elementwise(
    lambda xp, g, x, alpha: g * xp.where(x > 0, xp.ones_like(x), alpha * xp.exp(xp.minimum(x, xp.zeros_like(x)))),
    floats=True,
    fuse=True,
)
def elu(xp: Namespace, x: TensorOrArray, alpha: float = 1.0) -> Array:
    """``x`` where it is positive, ``alpha * (exp(x) - 1)`` elsewhere, element by element.

    Parameters
    ----------
    x : Tensor or array
        Any shape; real numbers.
    alpha : float
        The limit towards minus infinity, with the sign changed, and the slope at 0 from below.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Raises
    ------
    DTypeError
        When `x` is complex.

    References
    ----------
    D.-A. Clevert, T. Unterthiner, S. Hochreiter, "Fast and accurate deep network learning by exponential linear units" (2015).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.elu(gf.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    _ordered("elu", x)
    zero = xp.scalar(0, x.dtype)
    return xp.maximum(x, zero) + alpha * xp.expm1(xp.minimum(x, zero))


_SELU_SCALE, _SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


@elementwise(
    lambda xp, g, x: g * (_SELU_SCALE * xp.where(x > 0, xp.ones_like(x), _SELU_ALPHA * xp.exp(xp.minimum(x, xp.zeros_like(x))))),
    floats=True,
    fuse=True,
)
def selu(xp: Namespace, x: TensorOrArray) -> Array:
    """``1.0507 * elu(x, alpha=1.6733)``, element by element.

    With these two numbers mean 0 and variance 1 stay from layer to layer.  The derivative at 0 is that from below, 1.7581.

    Parameters
    ----------
    x : Tensor or array
        Any shape; real numbers.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Raises
    ------
    DTypeError
        When `x` is complex.

    References
    ----------
    G. Klambauer, T. Unterthiner, A. Mayr, S. Hochreiter, "Self-normalizing neural networks" (2017), equation 2.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.selu(gf.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """
    _ordered("selu", x)
    zero = xp.scalar(0, x.dtype)
    return _SELU_SCALE * (xp.maximum(x, zero) + _SELU_ALPHA * xp.expm1(xp.minimum(x, zero)))


def _gelu_rule(xp: Namespace, g: Array, x: Array) -> Array:
    below = 0.5 * (1 + xp.erf(x * math.sqrt(0.5)))
    return g * (below + x * xp.exp(-0.5 * (x * x)) * (1 / math.sqrt(2 * math.pi)))


@elementwise(_gelu_rule, floats=True, fuse=True)
def _gelu(xp: Namespace, x: Array) -> Array:
    _ordered("gelu", x)
    return 0.5 * x * (1 + xp.erf(x * math.sqrt(0.5)))


def _gelu_tanh_rule(xp: Namespace, g: Array, x: Array) -> Array:
    q = x * x
    t = xp.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * (q * x)))
    return g * (0.5 * (1 + t) + (0.5 * math.sqrt(2 / math.pi)) * (x * (1 - t * t)) * (1 + 3 * 0.044715 * q))


@elementwise(_gelu_tanh_rule, floats=True, fuse=True)
def _gelu_tanh(xp: Namespace, x: Array) -> Array:
    _ordered("gelu", x)
    return 0.5 * x * (1 + xp.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * (x * x * x))))


def gelu(x: TensorLike, approximate: str = "none") -> Tensor:
    """``x`` times the normal distribution function at ``x``, element by element.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; real numbers.
    approximate : {"none", "tanh"}
        "tanh" takes ``0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))``.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Raises
    ------
    ArgumentError
        When `approximate` is another word.
    DTypeError
        When `x` is complex.

    References
    ----------
    D. Hendrycks, K. Gimpel, "Gaussian error linear units" (2016).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.gelu(gf.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """
    if approximate == "none":
        return _gelu(x)
    if approximate != "tanh":
        raise ArgumentError(f"gelu: approximate is 'none' or 'tanh', not {approximate!r}")
    return _gelu_tanh(x)


def _silu_rule(xp: Namespace, g: Array, x: Array) -> Array:
    s = xp.sigmoid(x)
    return g * (s + x * (s - s * s))


@elementwise(_silu_rule, floats=True, fuse=True)
def silu(xp: Namespace, x: TensorLike) -> Array:
    """``x * sigmoid(x)``, element by element.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.silu(gf.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """
    return x * xp.sigmoid(x)


@elementwise(
    lambda xp, g, x, beta, threshold: g * xp.where(x * beta > threshold, xp.ones_like(x), xp.sigmoid(x * beta)),
    floats=True,
    fuse=True,
)
def softplus(xp: Namespace, x: TensorOrArray, beta: float = 1.0, threshold: float = 20.0) -> Array:
    """``log(1 + exp(beta * x)) / beta``, element by element, without overflow.

    The derivative is ``sigmoid(beta * x)``.  Above the threshold the result is `x` itself, and the derivative 1.

    Parameters
    ----------
    x : Tensor or array
        Any shape; real numbers.
    beta : float
        How sharp the bend at 0 is.
    threshold : float
        The value of ``beta * x`` above which the result is `x`.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Raises
    ------
    DTypeError
        When `x` is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.softplus(gf.tensor([-1.0, 2.0]))
    tensor([0.3133, 2.1269])
    """
    _ordered("softplus", x)
    z = x * beta
    return xp.where(z > threshold, x, (xp.maximum(z, xp.scalar(0, x.dtype)) + xp.log1p(xp.exp(-xp.absolute(z)))) * (1 / beta))


def _mish_rule(xp: Namespace, g: Array, x: Array) -> Array:
    t = xp.tanh(_log_of_exp_plus_1(xp, x))
    return g * (t + x * ((1 - t * t) * xp.sigmoid(x)))


def _log_of_exp_plus_1(xp: Namespace, x: Array) -> Array:
    return xp.maximum(x, xp.zeros_like(x)) + xp.log1p(xp.exp(-xp.absolute(x)))


@elementwise(_mish_rule, floats=True, fuse=True)
def mish(xp: Namespace, x: TensorLike) -> Array:
    """``x * tanh(log(1 + exp(x)))``, element by element.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; real numbers.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Raises
    ------
    DTypeError
        When `x` is complex.

    References
    ----------
    D. Misra, "Mish: a self regularized non-monotonic activation function" (2019).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.mish(gf.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])
    """
    _ordered("mish", x)
    return x * xp.tanh(_log_of_exp_plus_1(xp, x))


@elementwise(lambda xp, g, x: g * xp.sigmoid(-x), floats=True, fuse=True)
def logsigmoid(xp: Namespace, x: TensorOrArray) -> Array:
    """``log(sigmoid(x))``, element by element, finite for every finite ``x``; the derivative is ``sigmoid(-x)``.

    Parameters
    ----------
    x : Tensor or array
        Any shape; real numbers.

    Returns
    -------
    Tensor
        The shape of `x`; integers give the default dtype.

    Raises
    ------
    DTypeError
        When `x` is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.logsigmoid(gf.tensor([-1.0, 2.0]))
    tensor([-1.3133, -0.1269])
    """
    _ordered("logsigmoid", x)
    return xp.minimum(x, xp.scalar(0, x.dtype)) - xp.log1p(xp.exp(-xp.absolute(x)))


@elementwise(lambda xp, g, x, low, high: g * xp.astype((x > low) & (x < high), g.dtype))
def _hardtanh(xp: Namespace, x: Array, low: float, high: float) -> Array:
    _ordered("hardtanh", x)
    return xp.minimum(xp.maximum(x, xp.scalar(low, x.dtype)), xp.scalar(high, x.dtype))


def hardtanh(x: TensorLike, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """``x`` held between two numbers, element by element; the gradient is 0 on them and outside.

    Parameters
    ----------
    x : Tensor, array or number
        Any shape; real numbers.
    min_val, max_val : float
        The bounds.

    Returns
    -------
    Tensor
        The shape and dtype of `x`.

    Raises
    ------
    ArgumentError
        When `min_val` is not below `max_val`.
    DTypeError
        When `x` is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.functional.hardtanh(gf.tensor([-2.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """
    if min_val >= max_val:
        raise ArgumentError(f"hardtanh: min_val {min_val} is not below max_val {max_val}")
    return _hardtanh(x, min_val, max_val)
