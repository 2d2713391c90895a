"""Tensors of data: numbers, lists and arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import backend
from ._engine import wrap
from ._ops.index import one_hot
from ._recorded import loses_gradient, warn_of_lost_gradient
from ._tensor import Tensor
from .backend import CPU, dtypes
from .backend import device as Device
from .errors import DTypeError, ShapeError
from .typing import DeviceLike, DType, TensorData

__all__ = ["as_tensor", "from_dlpack", "from_numpy", "one_hot", "tensor"]


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
