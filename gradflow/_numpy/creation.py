"""Making tensors as NumPy spells it, with NumPy's dtypes: Python's floats are double, its integers int64.

They make Tensors, and ``gradflow.numpy`` arrays of its own class of them.  Where numbers are taken, Tensors are too, and are
recorded.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _creation, _ranges, backend
from .._engine import wrap
from .._ops import division, elementwise, joining, shape
from .._recorded import refuse_to_lose
from .._tensor import Tensor
from ..backend import dtypes
from ..errors import ArgumentError, ShapeError
from ..typing import DType


def _here() -> Any:
    """The backend of the default device."""
    return _creation.place_of(None)[0]


def _dtype(dtype: DType) -> Any:
    return None if dtype is None else dtypes.as_dtype(dtype)


def zeros(shape: Any, dtype: DType = None) -> Tensor:
    """Zeros of a shape, double unless ``dtype`` is given."""
    return wrap(_here().zeros(shape, _dtype(dtype)))  # type: ignore[no-any-return]


def ones(shape: Any, dtype: DType = None) -> Tensor:
    """Ones of a shape, double unless ``dtype`` is given."""
    return wrap(_here().ones(shape, _dtype(dtype)))  # type: ignore[no-any-return]


def empty(shape: Any, dtype: DType = None) -> Tensor:
    """Memory of a shape with whatever is in it, double unless ``dtype`` is given."""
    return wrap(_here().empty(shape, _dtype(dtype)))  # type: ignore[no-any-return]


def full(shape: Any, fill_value: Any, dtype: DType = None) -> Tensor:
    """``fill_value``, a number or what broadcasts to ``shape``, in its dtype; Tensors in it are recorded.

    >>> import gradflow.numpy as gnp
    >>> gnp.full(2, 0.5)
    array([0.5, 0.5])
    """
    return _repeated(asarray(fill_value, dtype), shape)


def _repeated(value: Tensor, size: Any) -> Tensor:
    return shape.clone(shape.broadcast_to(value, tuple(size) if hasattr(size, "__len__") else (int(size),)))


def eye(N: int, M: int | None = None, k: int = 0, dtype: DType = None) -> Tensor:
    """An N x M matrix with ones on the diagonal ``k``, double unless ``dtype`` is given."""
    return wrap(_here().eye(N, M, k, np.float64 if dtype is None else _dtype(dtype)))  # type: ignore[no-any-return]


def identity(n: int, dtype: DType = None) -> Tensor:
    """An n x n matrix with ones on the diagonal, double unless ``dtype`` is given."""
    return eye(n, dtype=dtype)


def zeros_like(x: Any, dtype: DType = None, shape: Any = None) -> Tensor:
    """Zeros of the shape and dtype of ``x``, on its device, or of those given."""
    return _like("zeros", x, dtype, shape)


def ones_like(x: Any, dtype: DType = None, shape: Any = None) -> Tensor:
    """Ones of the shape and dtype of ``x``, on its device, or of those given."""
    return _like("ones", x, dtype, shape)


def empty_like(x: Any, dtype: DType = None, shape: Any = None) -> Tensor:
    """Memory of the shape and dtype of ``x``, on its device, or of those given."""
    return _like("empty", x, dtype, shape)


def full_like(x: Any, fill_value: Any, dtype: DType = None, shape: Any = None) -> Tensor:
    """``fill_value`` all over the shape of ``x``, in its dtype, on its device; a Tensor is recorded."""
    data = _data(x)
    wanted, size = data.dtype if dtype is None else _dtype(dtype), data.shape if shape is None else shape
    if isinstance(fill_value, int | float) and wanted.kind in "fc":  # as derivative rules call it
        return wrap(backend.namespace_of(data).full(size, fill_value, wanted))  # type: ignore[no-any-return]
    return _repeated(asarray(fill_value).to(dtype=wanted, device=backend.namespace_of(data).device_of(data)), size)


def _like(name: str, x: Any, dtype: DType, shape: Any) -> Tensor:
    data = _data(x)
    make = getattr(backend.namespace_of(data), name)
    return wrap(make(data.shape if shape is None else shape, data.dtype if dtype is None else _dtype(dtype)))  # type: ignore[no-any-return]


def _data(x: Any) -> Any:
    return x.array if isinstance(x, Tensor) else x if backend.is_array(x) else asarray(x).array


# --- from data ------------------------------------------------------------------------------------------------------------


def array(x: Any, dtype: DType = None, copy: bool | None = True, order: str = "K", ndmin: int = 0) -> Tensor:
    """A Tensor of ``x`` with NumPy's dtype for it: numbers, nested lists, arrays, Tensors; Tensors, also in lists, are recorded.

    A copy, unless ``copy`` is None, for one where it is needed, or False: ValueError if it is needed.

    >>> import gradflow as gf, gradflow.numpy as gnp
    >>> t = gf.tensor(2.0, requires_grad=True)
    >>> y = gnp.array([[t, 1.0], [0.0, t * t]])
    >>> y.sum().backward()
    >>> t.grad
    tensor(5.)
    """
    if isinstance(x, Tensor):
        made = x.to(dtype=dtype)
        made = shape.clone(made) if copy and made is x else made
    elif isinstance(x, list | tuple) and (held := _dtypes_in(x)):
        made = _stacked(x, np.result_type(*held) if dtype is None else _dtype(dtype), _first(x).device)
    else:
        made = _plain(x, dtype, copy)
    if copy is False and made is not x and not _shares(made.array, x):
        raise ValueError("array: this dtype cannot be had without a copy; leave copy=False out")
    return made if made.ndim >= ndmin else made.reshape((1,) * (ndmin - made.ndim) + made.shape)


def _shares(data: Any, x: Any) -> bool:
    xp = backend.namespace_of(data)
    return backend.is_array(x) and backend.namespace_of(x) is xp and xp.owner(data) is xp.owner(x)


def asarray(x: Any, dtype: DType = None) -> Tensor:
    """``array`` that copies only where it must: a Tensor is returned as it is, an array shares its memory."""
    return array(x, dtype, None)


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


# --- in steps -------------------------------------------------------------------------------------------------------------


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: DType = None) -> Tensor:
    """``start``, ``start + step``, ... up to but without ``stop``; ``arange(n)`` counts from 0.

    GraphError for a Tensor that requires grad: how many numbers there are has no gradient.
    """
    for v in (start, stop, step):
        refuse_to_lose(v, "arange", "start + step * arange(n) is recorded, and arange(t.item()) has the numbers alone")
    start, stop, step = (v.to_numpy()[()] if isinstance(v, Tensor) else v for v in (start, stop, step))
    return wrap(_here().arange(start, stop, step, _dtype(dtype)))  # type: ignore[no-any-return]


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: DType = None, axis: int = 0
) -> Any:
    """``num`` numbers evenly spaced from ``start`` to ``stop``, which is the last unless ``endpoint`` is False.

    Both may be Tensors, of any shapes that broadcast, and are recorded; ``axis`` is where the numbers lie in the result.
    ``retstep``: the step is returned too.

    >>> import gradflow as gf, gradflow.numpy as gnp
    >>> gnp.linspace(0, gf.tensor(1.0, requires_grad=True), 3)
    tensor([0.0000, 0.5000, 1.0000], grad_fn=<AddBackward>)
    """
    if num < 0:
        raise ArgumentError(f"linspace: {num} numbers")
    ends = [v if isinstance(v, Tensor) or backend.is_array(v) else asarray(v).array for v in (start, stop)]
    if not (isinstance(start, Tensor) or isinstance(stop, Tensor)):
        made = _here().linspace(start, stop, num, endpoint=endpoint, retstep=retstep, dtype=_dtype(dtype), axis=axis)
        return (wrap(made[0]), made[1]) if retstep else wrap(made)
    natural = np.result_type(*(v.dtype if hasattr(v, "dtype") else v for v in (start, stop)), float(num))
    place = next(v.device for v in (start, stop) if isinstance(v, Tensor))
    a, b = (_creation.as_tensor(v).to(dtype=natural, device=place) for v in ends)
    pieces = max(num - 1 if endpoint else num, 0)
    r = _ranges.arange(num, device=place).to(dtype=dtypes.real_of(natural)) * (1 / pieces if pieces else 0)
    r = r.reshape((num,) + (1,) * max(a.ndim, b.ndim))
    found: Any = a * (1 - r) + b * r
    if dtype is not None:
        found = (division.floor(found) if _dtype(dtype).kind in "iu" else found).to(dtype=dtype)
    found = shape.movedim(found, 0, axis) if axis else found
    return (found, (b - a) * (1 / pieces if pieces else np.nan)) if retstep else found


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: DType = None, axis: int = 0
) -> Tensor:
    """``base`` to the powers ``linspace(start, stop, num)``; each of the three may be a Tensor, which is recorded."""
    exponents = linspace(start, stop, num, endpoint, axis=axis)
    made = elementwise.pow(asarray(base) if isinstance(base, Tensor) else base, exponents)
    return made if dtype is None else made.to(dtype=dtype)
