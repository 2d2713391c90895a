"""Making tensors: from data, filled, in steps.

Every function takes ``dtype=``, ``device=`` and ``requires_grad=``; without a dtype, floats are of the default dtype and
whole numbers int64.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import backend
from ._engine import wrap
from ._ops import dims, elementwise, shape
from ._ops.index import one_hot
from ._recorded import loses_gradient, refuse_to_lose, warn_of_lost_gradient
from ._size import Size
from ._tensor import Tensor
from .backend import CPU, dtypes
from .backend import device as Device
from .errors import ArgumentError, DTypeError, ShapeError
from .typing import DeviceLike, DType, Scalar, SizeLike, TensorData, TensorLike, TensorOrArray

__all__ = [
    "arange", "as_tensor", "empty", "empty_like", "eye", "from_dlpack", "from_numpy", "full", "full_like",
    "linspace", "logspace", "meshgrid", "one_hot", "ones", "ones_like", "tensor", "tril_indices", "zeros",
    "zeros_like",
]  # fmt: skip


def finished(array: Any, requires_grad: bool) -> Tensor:
    """A Tensor of a new array."""
    t: Tensor = wrap(array)
    return t.requires_grad_(True) if requires_grad else t


def place_of(device: DeviceLike) -> tuple[Any, Device]:
    """The backend and the device that ``device`` (None: the default one) names."""
    where = backend.get_default_device() if device is None else Device(device)
    return backend.namespace_for(where), where


def float_dtype(dtype: DType) -> np.dtype[Any]:
    """``dtype``, or the default float for None."""
    return dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)


# --- from data ------------------------------------------------------------------------------------------------------------


def tensor(data: TensorData, *, dtype: DType = None, device: DeviceLike = None, requires_grad: bool = False) -> Tensor:
    """A tensor with a copy of ``data``.

    Python floats become the default float dtype (float32), ints int64.  Arrays, also those in lists, NumPy's numbers, and what
    turns into an array (a Series of pandas, an ``array.array``) keep float64.  The copy has no graph; ``t.clone()`` and
    ``gf.stack`` are recorded.

    Parameters
    ----------
    data : number, nested lists, array or Tensor
        What to copy.
    dtype : dtype or None
        The dtype; None keeps that of an array, and is the rule above for Python's numbers.
    device : device, str or None
        Where the tensor lives; None is the device of an array of CuPy, also in a Tensor, else the default one.
    requires_grad : bool
        Whether operations on the tensor are recorded.

    Returns
    -------
    Tensor
        The shape of `data`.

    Raises
    ------
    DTypeError
        When `data` is not of numbers, or is complex and `dtype` real.
    ShapeError
        When the nested lists are ragged.

    Warns
    -----
    LostGradientWarning
        When a Tensor in `data` requires grad.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.tensor([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 2.],
            [3., 4.]])
    """
    return finished(_array(data, dtype, device, True), requires_grad)


def as_tensor(data: TensorData, dtype: DType = None, device: DeviceLike = None) -> Tensor:
    """A tensor that shares the memory of ``data`` where it can, and else is a copy.

    Parameters
    ----------
    data : number, nested lists, array or Tensor
        An array shares its memory if it has the wanted dtype and device.  A Tensor that has them is returned as it is.
    dtype : dtype or None
        The dtype; None is the rule of ``tensor``.
    device : device, str or None
        Where the tensor lives; None is the device of an array of CuPy or of a Tensor, else the default one.

    Returns
    -------
    Tensor
        The shape of `data`.

    Raises
    ------
    DTypeError
        When `data` is not of numbers, or is complex and `dtype` real.
    ShapeError
        When the nested lists are ragged.

    Examples
    --------
    >>> import numpy as np, gradflow as gf
    >>> a = np.zeros(2, np.float32)
    >>> gf.as_tensor(a).array is a
    True
    """
    if isinstance(data, Tensor):
        return data.to(dtype=dtype, device=device)
    return finished(_array(data, dtype, device, False), False)


def from_numpy(array: np.ndarray[Any, Any]) -> Tensor:
    """A tensor on the CPU that shares the memory of a NumPy array.

    Parameters
    ----------
    array : numpy.ndarray
        Numbers or booleans of any shape.

    Returns
    -------
    Tensor
        The shape and dtype of `array`.

    Raises
    ------
    TypeError
        When `array` is something else.
    DTypeError
        When it does not hold numbers.

    Examples
    --------
    >>> import gradflow as gf, numpy as np
    >>> a = np.ones(2)
    >>> x = gf.from_numpy(a)
    >>> a[0] = 5.0
    >>> x
    tensor([5., 1.], dtype=float64)
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy takes a numpy.ndarray, not {type(array).__name__}")
    return finished(_array(array, None, CPU, False), False)


def from_dlpack(source: Any) -> Tensor:
    """A tensor that shares the memory of any array that speaks DLPack, on its device.

    Parameters
    ----------
    source : object with ``__dlpack__``
        An array of another library, on the CPU or a CUDA device.

    Returns
    -------
    Tensor
        The shape, dtype and device of `source`.

    Examples
    --------
    >>> import gradflow as gf, numpy as np
    >>> gf.from_dlpack(np.ones(2))
    tensor([1., 1.], dtype=float64)
    """
    kind = source.__dlpack_device__()[0]
    xp = backend.namespace_for("cuda" if int(kind) == 2 else "cpu")
    return finished(xp.from_dlpack(source), False)


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


def _array(data: Any, dtype: DType, device: DeviceLike, copy: bool) -> Any:
    """The bare array behind ``tensor`` and ``as_tensor``."""
    wanted = None if dtype is None else dtypes.as_dtype(dtype)
    if isinstance(data, Tensor):
        if loses_gradient(data):
            warn_of_lost_gradient("gf.tensor of a Tensor", "t.clone() is recorded")
        data = data.array
    elif isinstance(data, list | tuple | int | float | complex) and not backend.is_array(data):
        data, natural = _plain(data)
        wanted = natural if wanted is None else wanted
    if not backend.is_array(data):
        data = np.asarray(data)
    _check_kind(data, wanted)
    host = isinstance(data, np.ndarray | np.generic)
    xp, where = (backend.namespace_of(data), None) if device is None and not host else place_of(device)
    if xp is not backend.namespace_of(data):
        data, copy = xp.from_host(data, where) if host else backend.namespace_of(data).to_host(data), False
    if wanted is not None and data.dtype != wanted:
        return xp.asarray(xp.astype(data, wanted))
    return xp.array(data, copy=True) if copy else xp.asarray(data)


def _check_kind(data: Any, wanted: Any) -> None:
    if data.dtype.kind not in dtypes.CATEGORY:
        raise DTypeError(f"a Tensor holds numbers and booleans, not {data.dtype}")
    if data.dtype.kind == "c" and wanted is not None and wanted.kind not in "cb":
        raise DTypeError(f"complex numbers ({data.dtype}) would lose their imaginary part as {wanted}; take .real")


def _plain(data: Any) -> tuple[Any, np.dtype[Any] | None]:
    """Python's numbers and lists as an array, and the dtype to give it: that of its arrays and NumPy's numbers, if that is
    double, and the default one for Python's."""
    held: list[Any] = []
    bare = _bare(data, held)
    if held and any(loses_gradient(t) for t in held):
        warn_of_lost_gradient("gf.tensor of a list of Tensors", "gf.stack, gf.cat or gradflow.numpy.array of them is recorded")
    try:
        array = np.asarray(bare)
    except ValueError as problem:
        raise ShapeError(f"the nested lists are ragged: {problem}") from None
    kind = array.dtype.kind
    if kind not in "fc":
        return array, dtypes.int64 if kind == "i" else None
    double = held and any(v.dtype in (dtypes.float64, dtypes.complex128) for v in held)
    natural = dtypes.float64 if double else dtypes.get_default_dtype()
    return array, natural if kind == "f" else dtypes.complex_of(natural)


def _bare(data: Any, held: list[Any]) -> Any:
    """``data`` with NumPy arrays for the Tensors in its lists; what has a dtype is put into ``held``."""
    if not isinstance(data, list | tuple):
        if isinstance(data, Tensor):
            held.append(data)
            return data.to_numpy()
        if isinstance(getattr(data, "dtype", None), np.dtype):
            held.append(data)
        return data
    return data if _PYTHON.issuperset(map(type, data)) else [_bare(d, held) for d in data]


_PYTHON = frozenset((bool, int, float, complex))


# --- filled ---------------------------------------------------------------------------------------------------------------


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


# --- in steps ---------------------------------------------------------------------------------------------------------------


def arange(
    start: Scalar, end: Scalar | None = None, step: Scalar = 1, *, dtype: DType = None, device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """``start``, ``start + step``, ... up to but without ``end``; ``arange(n)`` counts from 0.

    Parameters
    ----------
    start : number
        The first number.  Alone it is `end`.
    end : number or None
        Where to stop.
    step : number
        The distance, not 0.
    dtype : dtype or None
        The dtype; None is int64, or the default float dtype if one of the three is a float.
    device : device, str or None
        Where the tensor lives; None is the default device.
    requires_grad : bool
        Whether operations on the tensor are recorded.

    Returns
    -------
    Tensor
        A vector.

    Raises
    ------
    ArgumentError
        When `step` is 0 or leads away from `end`.
    GraphError
        When one is a Tensor that requires grad: how many numbers there are has no gradient.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.arange(4.0)
    tensor([0., 1., 2., 3.])
    >>> gf.arange(5, 0, -2)
    tensor([5, 3, 1])
    """
    for v in (start, end, step):
        refuse_to_lose(v, "arange", "start + step * gf.arange(n) is recorded, and arange(t.item()) has the numbers alone")
    values: list[Any] = [v.item() if isinstance(v, Tensor | np.generic) else v for v in (start, end, step)]
    first, last, by = values
    if last is None:
        first, last = 0, first
    if by == 0 or (last - first) / by < 0:
        raise ArgumentError(f"arange: steps of {by} do not lead from {first} to {last}")
    wanted = dtypes.as_dtype(dtype) if dtype is not None else (
        dtypes.get_default_dtype() if any(isinstance(v, float) for v in (first, last, by)) else dtypes.int64
    )  # fmt: skip
    xp, _ = place_of(device)
    return finished(xp.asarray(xp.arange(first, last, by), dtype=wanted), requires_grad)


def linspace(
    start: Scalar, end: Scalar, steps: int, *, dtype: DType = None, device: DeviceLike = None, requires_grad: bool = False
) -> Tensor:
    """``steps`` numbers evenly spaced from ``start`` to ``end``, both included.

    Parameters
    ----------
    start, end : number or Tensor
        The ends.  Tensors of one element are recorded.
    steps : int
        How many numbers.
    dtype : dtype or None
        The dtype; None is that of Tensors of floats, else the default float dtype.
    device : device, str or None
        Where the tensor lives; None is the device of Tensors, else the default one.
    requires_grad : bool
        Whether operations on the tensor are recorded.

    Returns
    -------
    Tensor
        Shape (steps,).

    Raises
    ------
    ArgumentError
        When `steps` is negative.
    ShapeError
        When `start` or `end` is a Tensor of several elements.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if steps < 0:
        raise ArgumentError(f"linspace: {steps} steps")
    if isinstance(start, Tensor) or isinstance(end, Tensor):
        made = _between(start, end, steps, dtype, device)
        return made.requires_grad_(True) if requires_grad else made
    xp, _ = place_of(device)
    return finished(xp.asarray(xp.linspace(float(start), float(end), steps), dtype=float_dtype(dtype)), requires_grad)


def _between(start: Any, end: Any, steps: int, dtype: DType, device: DeviceLike) -> Tensor:
    """``linspace`` between Tensors, recorded, in their dtype if they are floats: each number is ``start (1 - r) + end r``."""
    tensors = [v for v in (start, end) if isinstance(v, Tensor)]
    for t in tensors:
        if t.numel() != 1:
            raise ShapeError(f"linspace: goes from one number to another, got a tensor of shape {t.shape}")
    natural = _float_of(tensors)
    device = tensors[0].device if device is None else device
    r = linspace(0.0, 1.0, steps, dtype=dtypes.real_of(natural), device=device)
    start, end = (v.to(device=device, dtype=natural).reshape(()) if isinstance(v, Tensor) else v for v in (start, end))
    made: Tensor = start * (1 - r) + end * r
    return made if dtype is None else made.to(dtype=dtype)


def _float_of(tensors: list[Tensor]) -> np.dtype[Any]:
    """The dtype of Tensors together if they are floats, and the default one for integers."""
    natural = dtypes.result_type(*(t.array for t in tensors))
    return natural if natural.kind in "fc" else dtypes.get_default_dtype()


def logspace(
    start: Scalar, end: Scalar, steps: int, base: Scalar = 10.0, *, dtype: DType = None, device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """``base`` to the powers ``linspace(start, end, steps)``.

    Parameters
    ----------
    start, end : number or Tensor
        The first and the last exponent.  Tensors of one element are recorded.
    steps : int
        How many numbers.
    base : number or Tensor
        What is raised to the powers.  A Tensor is recorded.
    dtype : dtype or None
        The dtype; None is that of Tensors of floats, else the default float dtype.
    device : device, str or None
        Where the tensor lives; None is the device of Tensors, else the default one.
    requires_grad : bool
        Whether operations on the tensor are recorded.

    Returns
    -------
    Tensor
        Shape (steps,).

    Raises
    ------
    ArgumentError
        When `steps` is negative.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    if steps < 0:
        raise ArgumentError(f"logspace: {steps} steps")
    if tensors := [v for v in (start, end, base) if isinstance(v, Tensor)]:
        device = tensors[0].device if device is None else device
        exponents = linspace(start, end, steps, dtype=_float_of(tensors), device=device)
        made: Tensor = elementwise.pow(base.to(device=device) if isinstance(base, Tensor) else base, exponents)
        made = made if dtype is None else made.to(dtype=dtype)
        return made.requires_grad_(True) if requires_grad else made
    xp, _ = place_of(device)
    return finished(xp.asarray(base ** xp.linspace(float(start), float(end), steps), dtype=float_dtype(dtype)), requires_grad)


def meshgrid(*tensors: Tensor | Sequence[Tensor], indexing: str = "ij") -> tuple[Tensor, ...]:
    """The coordinates of a grid: one tensor for each vector, in the shape of the whole grid.

    Parameters
    ----------
    *tensors : Tensor or sequence of Tensor
        Vectors, the coordinates along each dimension; a tensor without dimensions counts as a vector.
    indexing : {"ij", "xy"}
        "ij" has the first vector along the first dimension, "xy" along the second.

    Returns
    -------
    tuple of Tensor
        Views, as many as there are vectors.

    Raises
    ------
    ArgumentError
        When `indexing` is another word.
    ShapeError
        When one has several dimensions.

    Examples
    --------
    >>> import gradflow as gf
    >>> rows, columns = gf.meshgrid(gf.tensor([1, 2]), gf.tensor([3, 4]))
    >>> rows.tolist(), columns.tolist()
    ([[1, 1], [2, 2]], [[3, 4], [3, 4]])
    """
    vectors: list[Any] = list(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], list | tuple) else list(tensors)
    if indexing not in ("ij", "xy"):
        raise ArgumentError(f"meshgrid: indexing is 'ij' or 'xy', not {indexing!r}")
    if any(v.ndim > 1 for v in vectors):
        raise ShapeError(f"meshgrid: takes vectors, got shapes {[v.shape for v in vectors]}")
    sizes = tuple(v.numel() for v in vectors)
    grids = [v.reshape((1,) * i + (-1,) + (1,) * (len(sizes) - i - 1)).broadcast_to(sizes) for i, v in enumerate(vectors)]
    return tuple(g.transpose(0, 1) for g in grids) if indexing == "xy" and len(grids) > 1 else tuple(grids)


def tril_indices(row: int, col: int, offset: int = 0, *, device: DeviceLike = None) -> Tensor:
    """The indices of the lower triangle of a matrix.

    Parameters
    ----------
    row, col : int
        The numbers of rows and columns.
    offset : int
        The last diagonal to take: 0 is the main one, 1 the one above it, -1 the one below.
    device : device, str or None
        Where the tensor lives; None is the default device.

    Returns
    -------
    Tensor
        int64 of shape (2, n): the rows, and the columns.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    found = np.tril_indices(row, offset, col)
    return as_tensor(np.stack(found), dtype=dtypes.int64, device=device)
