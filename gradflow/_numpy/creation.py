"""Making tensors as NumPy spells it, with NumPy's dtypes: Python's floats are double, its integers int64.

They make Tensors, and ``gradflow.numpy`` arrays of its own class of them.  Where numbers are taken, Tensors are too, and are
recorded.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _creation, backend
from .._engine import wrap
from .._ops import joining, shape
from .._tensor import Tensor
from ..backend import dtypes
from ..errors import ShapeError
from ..typing import DType

__all__ = [
    "array", "asarray", "empty", "empty_like", "eye", "full", "full_like", "identity", "ones",
    "ones_like", "zeros", "zeros_like",
]  # fmt: skip


def here() -> Any:
    """The backend of the default device."""
    return _creation.place_of(None)[0]


def as_dtype(dtype: DType) -> Any:
    return None if dtype is None else dtypes.as_dtype(dtype)


def zeros(shape: Any, dtype: DType = None) -> Tensor:
    """An array of zeros.

    Parameters
    ----------
    shape : int or tuple of int
        The lengths of the dimensions.
    dtype : dtype, optional
        The dtype, float64 by default.

    Returns
    -------
    ndarray
        On the default device.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.zeros((1, 2))
    array([[0., 0.]])
    """
    return wrap(here().zeros(shape, as_dtype(dtype)))  # type: ignore[no-any-return]


def ones(shape: Any, dtype: DType = None) -> Tensor:
    """An array of ones.

    Parameters
    ----------
    shape : int or tuple of int
        The lengths of the dimensions.
    dtype : dtype, optional
        The dtype, float64 by default.

    Returns
    -------
    ndarray
        On the default device.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.ones((1, 2))
    array([[1., 1.]])
    """
    return wrap(here().ones(shape, as_dtype(dtype)))  # type: ignore[no-any-return]


def empty(shape: Any, dtype: DType = None) -> Tensor:
    """An array of whatever is in its memory.

    Parameters
    ----------
    shape : int or tuple of int
        The lengths of the dimensions.
    dtype : dtype, optional
        The dtype, float64 by default.

    Returns
    -------
    ndarray
        On the default device.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.empty((1, 2)).shape
    (1, 2)
    """
    return wrap(here().empty(shape, as_dtype(dtype)))  # type: ignore[no-any-return]


def full(shape: Any, fill_value: Any, dtype: DType = None) -> Tensor:
    """``fill_value`` all over a shape.

    Parameters
    ----------
    shape : int or tuple of int
        The lengths of the dimensions.
    fill_value : array_like
        A number, or what broadcasts to ``shape``; a Tensor is recorded.
    dtype : dtype, optional
        The dtype, that of ``fill_value`` by default.

    Returns
    -------
    ndarray or Tensor
        Of that shape.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.full(2, 0.5)
    array([0.5, 0.5])
    """
    return _repeated(asarray(fill_value, dtype), shape)


def _repeated(value: Tensor, size: Any) -> Tensor:
    return shape.clone(shape.broadcast_to(value, tuple(size) if hasattr(size, "__len__") else (int(size),)))


def eye(N: int, M: int | None = None, k: int = 0, dtype: DType = None) -> Tensor:
    """A matrix with ones on a diagonal and zeros elsewhere.

    Parameters
    ----------
    N : int
        The number of rows.
    M : int, optional
        The number of columns, N by default.
    k : int, default 0
        Which diagonal: above the main one if positive, below if negative.
    dtype : dtype, optional
        The dtype, float64 by default.

    Returns
    -------
    ndarray
        A matrix (N, M) on the default device.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.eye(2, 3, k=1)
    array([[0., 1., 0.],
           [0., 0., 1.]])
    """
    return wrap(here().eye(N, M, k, np.float64 if dtype is None else as_dtype(dtype)))  # type: ignore[no-any-return]


def identity(n: int, dtype: DType = None) -> Tensor:
    """A square matrix with ones on the diagonal and zeros elsewhere.

    Parameters
    ----------
    n : int
        The number of rows and of columns.
    dtype : dtype, optional
        The dtype, float64 by default.

    Returns
    -------
    ndarray
        A matrix (n, n) on the default device.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.identity(2)
    array([[1., 0.],
           [0., 1.]])
    """
    return eye(n, dtype=dtype)


def zeros_like(a: Any, dtype: DType = None, shape: Any = None) -> Tensor:
    """An array of zeros, of the shape and dtype of an array and on its device.

    Parameters
    ----------
    a : array_like
        The array to be like.
    dtype : dtype, optional
        Another dtype.
    shape : int or tuple of int, optional
        Another shape.

    Returns
    -------
    ndarray or Tensor
        A Tensor where ``a`` is a plain Tensor.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.zeros_like([5, 7])
    array([0, 0])
    """
    return _like("zeros", a, dtype, shape)


def ones_like(a: Any, dtype: DType = None, shape: Any = None) -> Tensor:
    """An array of ones, of the shape and dtype of an array and on its device.

    Parameters
    ----------
    a : array_like
        The array to be like.
    dtype : dtype, optional
        Another dtype.
    shape : int or tuple of int, optional
        Another shape.

    Returns
    -------
    ndarray or Tensor
        A Tensor where ``a`` is a plain Tensor.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.ones_like([5, 7])
    array([1, 1])
    """
    return _like("ones", a, dtype, shape)


def empty_like(prototype: Any, dtype: DType = None, shape: Any = None) -> Tensor:
    """An array of whatever is in its memory, of the shape and dtype of an array and on its device.

    Parameters
    ----------
    prototype : array_like
        The array to be like.
    dtype : dtype, optional
        Another dtype.
    shape : int or tuple of int, optional
        Another shape.

    Returns
    -------
    ndarray or Tensor
        A Tensor where ``prototype`` is a plain Tensor.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.empty_like([5, 7]).shape
    (2,)
    """
    return _like("empty", prototype, dtype, shape)


def full_like(a: Any, fill_value: Any, dtype: DType = None, shape: Any = None) -> Tensor:
    """``fill_value`` all over the shape of an array, in its dtype and on its device.

    Parameters
    ----------
    a : array_like
        The array to be like.
    fill_value : array_like
        A number, or what broadcasts to the shape; a Tensor is recorded.
    dtype : dtype, optional
        Another dtype.
    shape : int or tuple of int, optional
        Another shape.

    Returns
    -------
    ndarray or Tensor
        A Tensor where ``a`` is a plain Tensor.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.full_like([1, 2], 7.5)
    array([7, 7])
    """
    data = _data(a)
    wanted, size = data.dtype if dtype is None else as_dtype(dtype), data.shape if shape is None else shape
    if isinstance(fill_value, int | float) and wanted.kind in "fc":  # as derivative rules call it
        return wrap(backend.namespace_of(data).full(size, fill_value, wanted))  # type: ignore[no-any-return]
    return _repeated(asarray(fill_value).to(dtype=wanted, device=backend.namespace_of(data).device_of(data)), size)


def _like(name: str, x: Any, dtype: DType, shape: Any) -> Tensor:
    data = _data(x)
    make = getattr(backend.namespace_of(data), name)
    return wrap(make(data.shape if shape is None else shape, data.dtype if dtype is None else as_dtype(dtype)))  # type: ignore[no-any-return]


def _data(x: Any) -> Any:
    return x.array if isinstance(x, Tensor) else x if backend.is_array(x) else asarray(x).array


# --- from data ------------------------------------------------------------------------------------------------------------


def array(object: Any, dtype: DType = None, copy: bool | None = True, order: str = "K", ndmin: int = 0) -> Tensor:
    """An array of numbers, nested lists, arrays or Tensors, with NumPy's dtype for it.

    Tensors, also those in lists, are recorded.

    Parameters
    ----------
    object : array_like
        What the array is made of.
    dtype : dtype, optional
        The dtype, that of the numbers by default.
    copy : bool or None, default True
        True makes a copy, None one where it is needed, and False none.
    order : str, default "K"
        As NumPy takes it, for nothing.
    ndmin : int, default 0
        The least number of dimensions; those that lack are put in front.

    Returns
    -------
    ndarray or Tensor
        A Tensor where plain Tensors are given.

    Raises
    ------
    ShapeError
        If nested lists are ragged.
    ValueError
        If ``copy`` is False and a copy is needed.

    Examples
    --------
    >>> import gradflow as gf, gradflow.numpy as gnp
    >>> t = gf.tensor(2.0, requires_grad=True)
    >>> y = gnp.array([[t, 1.0], [0.0, t * t]])
    >>> y.sum().backward()
    >>> t.grad
    tensor(5.)
    """
    x = object
    if isinstance(x, Tensor):
        made = x.to(dtype=dtype)
        made = shape.clone(made) if copy and made is x else made
    elif isinstance(x, list | tuple) and (held := _dtypes_in(x)):
        made = _stacked(x, np.result_type(*held) if dtype is None else as_dtype(dtype), _first(x).device)
    else:
        made = _plain(x, dtype, copy)
    if copy is False and made is not x and not _shares(made.array, x):
        raise ValueError("array: this dtype cannot be had without a copy; leave copy=False out")
    return made if made.ndim >= ndmin else made.reshape((1,) * (ndmin - made.ndim) + made.shape)


def _shares(data: Any, x: Any) -> bool:
    xp = backend.namespace_of(data)
    return backend.is_array(x) and backend.namespace_of(x) is xp and xp.owner(data) is xp.owner(x)


def asarray(a: Any, dtype: DType = None) -> Tensor:
    """``array`` that copies only where it must.

    Parameters
    ----------
    a : array_like
        What the array is made of.
    dtype : dtype, optional
        The dtype, that of the numbers by default.

    Returns
    -------
    ndarray or Tensor
        A Tensor of this dtype is returned as it is, and an array shares its memory.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> x = gnp.array([1.0, 2.0])
    >>> gnp.asarray(x) is x, gnp.asarray([1, 2], dtype=float)
    (True, array([1., 2.]))
    """
    return array(a, dtype, None)


def _plain(x: Any, dtype: DType, copy: bool | None) -> Tensor:
    if not backend.is_array(x):
        try:
            x, copy = np.asarray(x), None
        except ValueError as problem:
            raise ShapeError(f"array: the nested lists are ragged: {problem}") from None
    return _creation.tensor(x, dtype=dtype) if copy else _creation.as_tensor(x, dtype)


_PLAIN = frozenset((bool, int, float, complex))


def _dtypes_in(x: Any, nested: bool = False) -> list[Any]:
    """The dtypes of what is in nested lists, if a Tensor is."""
    found: list[Any] = []
    tensors = False
    kinds = set(map(type, x))
    for v in [kind(1) for kind in kinds] if kinds <= _PLAIN else x:  # of many numbers one of each kind
        inner = _dtypes_in(v, True) if isinstance(v, list | tuple) else [v.dtype if hasattr(v, "dtype") else np.asarray(v).dtype]
        tensors |= isinstance(v, Tensor) or (isinstance(v, list | tuple) and _first(v) is not None)
        found += inner
    return found if nested or tensors else []


def _first(x: Any) -> Any:
    """The first Tensor in nested lists, or None."""
    if not isinstance(x, list | tuple):
        return x if isinstance(x, Tensor) else None
    return next((t for t in map(_first, x) if t is not None), None)


def _stacked(x: Any, dtype: Any, device: Any) -> Tensor:
    """Nested lists of Tensors and numbers as one Tensor, recorded."""
    if isinstance(x, list | tuple) and x:
        return joining.stack([_stacked(v, dtype, device) for v in x])
    return (x if isinstance(x, Tensor) else _creation.tensor(np.asarray(x), device=device)).to(dtype=dtype)
