"""Tensors of a shape: filled with one number, or with whatever is in their memory.

Every function takes ``dtype=``, ``device=`` and ``requires_grad=``; without a dtype, floats are of the default dtype and
whole numbers int64.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import backend
from ._creation import _array, finished, float_dtype, place_of
from ._ops import dims, shape
from ._size import Size
from ._tensor import Tensor
from .backend import dtypes
from .errors import ArgumentError, DTypeError, ShapeError
from .typing import DeviceLike, DType, SizeLike, TensorLike, TensorOrArray


def shape_of(sizes: tuple[Any, ...], size: Any, name: str) -> tuple[int, ...]:
    """The shape spelled ``f(2, 3)``, ``f((2, 3))`` or ``f(size=(2, 3))``."""
    wanted = dims.spelled(sizes if size is None else (size,), name) if sizes or size is not None else ()
    if any(n < 0 for n in wanted):
        raise ShapeError(f"{name}: a size is negative in {wanted}")
    return wanted


def zeros(
    *sizes: SizeLike, size: SizeLike | None = None, dtype: DType = None, device: DeviceLike = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of zeros.

    Parameters
    ----------
    *sizes : int or tuple of int
        The shape, as ``zeros(2, 3)`` or ``zeros((2, 3))``; none is a tensor without dimensions.
    size : int, tuple of int or None
        The shape, by its name.
    dtype : dtype or None
        The dtype; None is the default float dtype.
    device : device, str or None
        Where the tensor lives; None is the default device.
    requires_grad : bool
        Whether operations on the tensor are recorded.

    Returns
    -------
    Tensor
        The shape given.

    Raises
    ------
    ShapeError
        When a size is negative.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.zeros(2)
    tensor([0., 0.])
    """
    xp, _ = place_of(device)
    return finished(xp.zeros(shape_of(sizes, size, "zeros"), float_dtype(dtype)), requires_grad)


def ones(
    *sizes: SizeLike, size: SizeLike | None = None, dtype: DType = None, device: DeviceLike = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of ones.

    Parameters
    ----------
    *sizes : int or tuple of int
        The shape, as ``ones(2, 3)`` or ``ones((2, 3))``; none is a tensor without dimensions.
    size : int, tuple of int or None
        The shape, by its name.
    dtype : dtype or None
        The dtype; None is the default float dtype.
    device : device, str or None
        Where the tensor lives; None is the default device.
    requires_grad : bool
        Whether operations on the tensor are recorded.

    Returns
    -------
    Tensor
        The shape given.

    Raises
    ------
    ShapeError
        When a size is negative.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.ones(2)
    tensor([1., 1.])
    """
    xp, _ = place_of(device)
    return finished(xp.ones(shape_of(sizes, size, "ones"), float_dtype(dtype)), requires_grad)


def empty(
    *sizes: SizeLike, size: SizeLike | None = None, dtype: DType = None, device: DeviceLike = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of a shape with whatever is in its memory.

    Parameters
    ----------
    *sizes : int or tuple of int
        The shape, as ``empty(2, 3)`` or ``empty((2, 3))``; none is a tensor without dimensions.
    size : int, tuple of int or None
        The shape, by its name.
    dtype : dtype or None
        The dtype; None is the default float dtype.
    device : device, str or None
        Where the tensor lives; None is the default device.
    requires_grad : bool
        Whether operations on the tensor are recorded.

    Returns
    -------
    Tensor
        The shape given.

    Raises
    ------
    ShapeError
        When a size is negative.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.empty(2, 3).shape
    (2, 3)
    """
    xp, _ = place_of(device)
    return finished(xp.empty(shape_of(sizes, size, "empty"), float_dtype(dtype)), requires_grad)


def full(
    size: SizeLike, fill_value: TensorLike, *, dtype: DType = None, device: DeviceLike = None, requires_grad: bool = False
) -> Tensor:
    """A tensor with one number all over.

    Parameters
    ----------
    size : int or tuple of int
        The shape.
    fill_value : number or Tensor
        The number.  A Tensor of one element gives its dtype and device, and is recorded.
    dtype : dtype or None
        The dtype; None is that of the number's kind: bool, int64, the default float or its complex dtype.
    device : device, str or None
        Where the tensor lives; None is the default device, or that of a Tensor.
    requires_grad : bool
        Whether operations on the tensor are recorded.

    Returns
    -------
    Tensor
        The shape `size`.

    Raises
    ------
    ShapeError
        When `fill_value` has several elements, or a size is negative.
    DTypeError
        When it is complex and `dtype` real.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.full((2,), 7)
    tensor([7, 7])
    """
    if isinstance(fill_value, Tensor):
        return _repeated(fill_value, shape_of((size,), None, "full"), dtype, device, requires_grad)
    xp, _ = place_of(device)
    value = fill_value.item() if isinstance(fill_value, np.generic) else fill_value
    if not isinstance(value, int | float | complex):
        raise ArgumentError(f"full: fills with one number, not {value!r}")
    wanted = dtypes.of_python(value) if dtype is None else dtypes.as_dtype(dtype)
    if isinstance(value, complex) and wanted.kind not in "cb":
        raise DTypeError(f"full: the complex number {value} would lose its imaginary part as {wanted}")
    return finished(xp.full(shape_of((size,), None, "full"), value, wanted), requires_grad)


def _repeated(value: Tensor, size: tuple[int, ...], dtype: DType, device: DeviceLike, requires_grad: bool) -> Tensor:
    """The one element of ``value`` all over a shape, recorded."""
    if value.numel() != 1:
        raise ShapeError(f"full: fills with one number, not with a tensor of shape {value.shape}")
    made: Tensor = shape.clone(shape.broadcast_to(value.to(dtype=dtype, device=device).reshape(()), size))
    return made.requires_grad_(True) if requires_grad else made


def eye(n: int, m: int | None = None, *, dtype: DType = None, device: DeviceLike = None, requires_grad: bool = False) -> Tensor:
    """A matrix with ones on the diagonal and zeros elsewhere.

    Parameters
    ----------
    n : int
        The number of rows.
    m : int or None
        The number of columns; None is `n`.
    dtype : dtype or None
        The dtype; None is the default float dtype.
    device : device, str or None
        Where the tensor lives; None is the default device.
    requires_grad : bool
        Whether operations on the tensor are recorded.

    Returns
    -------
    Tensor
        Shape (n, m).

    Raises
    ------
    ShapeError
        When a size is negative.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    xp, _ = place_of(device)
    rows, columns = shape_of((n, n if m is None else m), None, "eye")
    return finished(xp.eye(rows, columns, dtype=float_dtype(dtype)), requires_grad)


def zeros_like(x: TensorOrArray, *, dtype: DType = None, device: DeviceLike = None, requires_grad: bool = False) -> Tensor:
    """A tensor of zeros of the shape, dtype and device of ``x``.

    Parameters
    ----------
    x : Tensor or array
        The model, whose values are not read.
    dtype : dtype or None
        Another dtype; None is that of `x`.
    device : device, str or None
        Another device; None is that of `x`.
    requires_grad : bool
        Whether operations on the tensor are recorded.

    Returns
    -------
    Tensor
        The shape of `x`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.zeros_like(gf.tensor([1, 2]))
    tensor([0, 0])
    """
    return _like(x, "zeros", dtype, device, requires_grad)


def ones_like(x: TensorOrArray, *, dtype: DType = None, device: DeviceLike = None, requires_grad: bool = False) -> Tensor:
    """A tensor of ones of the shape, dtype and device of ``x``.

    Parameters
    ----------
    x : Tensor or array
        The model, whose values are not read.
    dtype : dtype or None
        Another dtype; None is that of `x`.
    device : device, str or None
        Another device; None is that of `x`.
    requires_grad : bool
        Whether operations on the tensor are recorded.

    Returns
    -------
    Tensor
        The shape of `x`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.ones_like(gf.tensor([1, 2]))
    tensor([1, 1])
    """
    return _like(x, "ones", dtype, device, requires_grad)


def empty_like(x: TensorOrArray, *, dtype: DType = None, device: DeviceLike = None, requires_grad: bool = False) -> Tensor:
    """A tensor of the shape, dtype and device of ``x`` with whatever is in its memory.

    Parameters
    ----------
    x : Tensor or array
        The model, whose values are not read.
    dtype : dtype or None
        Another dtype; None is that of `x`.
    device : device, str or None
        Another device; None is that of `x`.
    requires_grad : bool
        Whether operations on the tensor are recorded.

    Returns
    -------
    Tensor
        The shape of `x`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.empty_like(gf.tensor([1, 2])).dtype
    dtype('int64')
    """
    return _like(x, "empty", dtype, device, requires_grad)


def _like(x: Any, name: str, dtype: DType, device: DeviceLike, requires_grad: bool) -> Tensor:
    xp = backend.namespace_of(x.array) if device is None and isinstance(x, Tensor) else place_of(device or x.device)[0]
    return finished(getattr(xp, name)(x.shape, x.dtype if dtype is None else dtypes.as_dtype(dtype)), requires_grad)


def full_like(
    x: TensorOrArray, fill_value: TensorLike, *, dtype: DType = None, device: DeviceLike = None, requires_grad: bool = False
) -> Tensor:
    """One number all over the shape of ``x``, in its dtype, on its device.

    Parameters
    ----------
    x : Tensor or array
        The model, whose values are not read.
    fill_value : number or Tensor
        The number.  A Tensor of one element is recorded.
    dtype : dtype or None
        Another dtype; None is that of `x`.
    device : device, str or None
        Another device; None is that of `x`.
    requires_grad : bool
        Whether operations on the tensor are recorded.

    Returns
    -------
    Tensor
        The shape of `x`.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.full_like(gf.tensor([1, 2]), 7)
    tensor([7, 7])
    """
    if device is None and isinstance(x, Tensor) and isinstance(fill_value, int | float | complex):
        xp = backend.namespace_of(x.array)
        return finished(xp.full(x.shape, fill_value, x.dtype if dtype is None else dtypes.as_dtype(dtype)), requires_grad)
    return full(
        x.shape, fill_value, dtype=x.dtype if dtype is None else dtype, device=device or x.device, requires_grad=requires_grad
    )


def constructed(data: tuple[Any, ...]) -> Any:
    """The bare array of ``Tensor(*data)``: lengths of dimensions, or one thing that holds numbers."""
    if not data:
        return empty(0).array
    held, *more = data
    if not isinstance(held, bool) and all(isinstance(n, int) for n in data):
        return empty(*data).array
    if more:
        raise TypeError(
            "Tensor takes the lengths of the dimensions, or numbers in one list or array; gf.tensor keeps their dtype"
        )
    if isinstance(held, Size):
        return empty(held).array
    if isinstance(held, Tensor):
        return held.detach().to(dtype=dtypes.get_default_dtype()).array
    if isinstance(held, float | complex):
        raise TypeError(f"Tensor({held!r}): a length is a whole number; gf.tensor({held!r}) is a tensor of one number")
    return _array(held, dtypes.get_default_dtype(), None, True)
