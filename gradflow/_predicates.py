"""Questions about whole tensors, answered with a Python bool."""

from __future__ import annotations

import numpy as np

from ._creation import as_tensor
from ._tensor import Tensor
from .typing import TensorData


def is_tensor(value: object) -> bool:
    """True for a gradflow Tensor.

    Parameters
    ----------
    value : object
        Anything.

    Returns
    -------
    bool
        False also for arrays and numbers.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.is_tensor(gf.ones(2)), gf.is_tensor(1.0)
    (True, False)
    """
    return isinstance(value, Tensor)


def allclose(a: TensorData, b: TensorData, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """True if ``|a - b| <= atol + rtol * |b|`` for every element.

    Parameters
    ----------
    a, b : Tensor, array, number or nested lists
        What to compare; their shapes broadcast.
    rtol, atol : float
        How far they may differ: relative to ``|b|``, and beside that.
    equal_nan : bool
        Whether two NaN count as equal.

    Returns
    -------
    bool
        A Python bool; on CUDA this waits for the device.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.allclose(gf.ones(2), gf.ones(2) + 1e-7)
    True
    """
    return bool(np.allclose(as_tensor(a).to_numpy(), as_tensor(b).to_numpy(), rtol, atol, equal_nan))


def equal(a: TensorData, b: TensorData) -> bool:
    """True if the shapes and all elements are the same.

    Parameters
    ----------
    a, b : Tensor, array, number or nested lists
        What to compare.

    Returns
    -------
    bool
        A Python bool; on CUDA this waits for the device.  NaN is equal to nothing.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.equal(gf.ones(2), gf.ones(2))
    True
    """
    x, y = as_tensor(a), as_tensor(b)
    return bool(x.shape == y.shape and (x == y).all())
