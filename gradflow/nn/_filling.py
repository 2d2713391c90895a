"""The initialisations that do not look at fan in and fan out.  Public in ``nn.init``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._creation import as_tensor
from .._engine import no_grad
from .._filled import zeros_like
from .._ops import choosing
from .._plain import whole_number
from .._tensor import Tensor
from ..errors import ArgumentError, ShapeError
from ..random import Generator, rand
from ._quantile import quantile

# --- one value, or a pattern ------------------------------------------------------------------------------------------------


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Write ``val`` everywhere.

    Parameters
    ----------
    tensor : Tensor
        Written in place, whatever its shape.
    val : float
        The number.

    Returns
    -------
    Tensor
        ``tensor``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.init.constant_(gf.empty(2), 0.5)
    tensor([0.5000, 0.5000])
    """
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Write 1 everywhere.

    Parameters
    ----------
    tensor : Tensor
        Written in place, whatever its shape.

    Returns
    -------
    Tensor
        ``tensor``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.init.ones_(gf.empty(2))
    tensor([1., 1.])
    """
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Write 0 everywhere.

    Parameters
    ----------
    tensor : Tensor
        Written in place, whatever its shape.

    Returns
    -------
    Tensor
        ``tensor``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.init.zeros_(gf.empty(2))
    tensor([0., 0.])
    """
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """Write the identity: 1 on the diagonal of a matrix, 0 elsewhere.

    A Linear with this weight hands on as many inputs as it has outputs for.

    Parameters
    ----------
    tensor : Tensor
        A matrix, written in place.

    Returns
    -------
    Tensor
        ``tensor``.

    Raises
    ------
    ShapeError
        For what is no matrix.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.init.eye_(gf.empty(2, 3))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    if tensor.ndim != 2:
        raise ShapeError(f"eye_: takes a matrix, not shape {tensor.shape}")
    return put_pattern(tensor, np.eye(tensor.shape[0], tensor.shape[1]))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Write the identity of a convolution: 1 in the middle of the kernel from each channel to the same one, 0 elsewhere.

    Parameters
    ----------
    tensor : Tensor
        The weight of a ``Conv1d``, ``Conv2d`` or ``Conv3d``, written in place.
    groups : int, default 1
        Each group of channels is handed on by itself.

    Returns
    -------
    Tensor
        ``tensor``.

    Raises
    ------
    ShapeError
        For other weights.
    ArgumentError
        If ``groups`` does not divide the output channels.

    Examples
    --------
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
    return put_pattern(tensor, weight)


def put_pattern(tensor: Tensor, pattern: Any) -> Tensor:
    with no_grad():
        return tensor.copy_(as_tensor(pattern, dtype=tensor.dtype, device=tensor.device))


# --- at random --------------------------------------------------------------------------------------------------------------


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Write numbers that are uniform in [a, b).

    Parameters
    ----------
    tensor : Tensor
        Written in place, whatever its shape.
    a : float, default 0.0
        The lower end.
    b : float, default 1.0
        The upper end.
    generator : Generator, optional
        What the numbers are drawn from, on the tensor's kind of device; None: the device's own.

    Returns
    -------
    Tensor
        ``tensor``.

    Examples
    --------
    >>> import gradflow as gf
    >>> bool((gf.nn.init.uniform_(gf.empty(100), 2, 3) >= 2).all())
    True
    """
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Write normally distributed numbers.

    Parameters
    ----------
    tensor : Tensor
        Written in place, whatever its shape.
    mean : float, default 0.0
        Their mean.
    std : float, default 1.0
        Their standard deviation, at least 0.
    generator : Generator, optional
        What the numbers are drawn from, on the tensor's kind of device; None: the device's own.

    Returns
    -------
    Tensor
        ``tensor``.

    Raises
    ------
    ArgumentError
        For a negative ``std``.

    Examples
    --------
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
    """Write normally distributed numbers, only those that lie in [a, b].

    What falls outside is drawn again (and the device is waited for, to learn whether anything did). Where that would be most, as
    in a tail, each element is one uniform number sent through the inverse of the distribution function.

    Parameters
    ----------
    tensor : Tensor
        Written in place, whatever its shape.
    mean : float, default 0.0
        The mean of the whole distribution.
    std : float, default 1.0
        Its standard deviation, above 0.
    a : float, default -2.0
        The smallest value; a value, not a multiple of ``std``.
    b : float, default 2.0
        The largest value.
    generator : Generator, optional
        What the numbers are drawn from, on the tensor's kind of device; None: the device's own.

    Returns
    -------
    Tensor
        ``tensor``.

    Raises
    ------
    ArgumentError
        Unless ``a < b`` and ``std > 0``.

    References
    ----------
    Wichura, "Algorithm AS 241: the percentage points of the normal distribution" (1988), for the inverse.

    Examples
    --------
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
                tensor.copy_(choosing.where(outside, again, tensor))
            return tensor
        u = rand(tensor.shape, dtype=np.float64, device=tensor.device, generator=generator)
        x = quantile(first + u * (last - first)).clamp(low, high)
        return tensor.copy_((x * (sign * std) + mean).clamp(a, b))
