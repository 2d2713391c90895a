"""Questions about whole tensors, answered with a Python bool."""

from __future__ import annotations

import numpy as np

from ._creation import as_tensor
from ._tensor import Tensor
from .typing import TensorData


def is_tensor(value: object) -> bool:
    """True for a gradflow Tensor.

    >>> import gradflow as gf
    >>> gf.is_tensor(1.0)
    False
    """
    return isinstance(value, Tensor)


def allclose(a: TensorData, b: TensorData, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """True if |a - b| <= atol + rtol |b| for every element.

    >>> import gradflow as gf
    >>> gf.allclose(gf.ones(2), gf.ones(2) + 1e-7)
    True
    """
    return bool(np.allclose(as_tensor(a).to_numpy(), as_tensor(b).to_numpy(), rtol, atol, equal_nan))


def equal(a: TensorData, b: TensorData) -> bool:
    """True if the shapes and all elements are the same.

    >>> import gradflow as gf
    >>> gf.equal(gf.ones(2), gf.ones(2))
    True
    """
    x, y = as_tensor(a), as_tensor(b)
    return bool(x.shape == y.shape and (x == y).all())
