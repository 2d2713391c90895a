"""The methods of ``cupy.ndarray`` that compute, with CuPy's parameters; also the reductions behind the functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from .array import Host, method, ndarray, shown, supported
from .record import launches, wait


def placed(result: Any, out: Any) -> Any:
    """``result``, or ``out`` with it written over."""
    if out is None:
        return shown(result)
    if not isinstance(out, ndarray):
        raise TypeError(f"Argument 'out' has incorrect type (expected cupy.ndarray, got {type(out).__name__})")
    if out.shape != np.shape(result):
        raise ValueError(f"Output array has shape {out.shape}, the result {np.shape(result)}")
    out._a[...] = result
    return out


def _checked(axis: Any) -> Any:
    if isinstance(axis, ndarray):
        raise TypeError("an axis is an int or a tuple of ints, not a cupy.ndarray")
    return axis


def _reduction(name: str) -> None:
    numpys = getattr(np, name)

    def reduce(self: ndarray, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        launches.append(f"cupy_{name}")
        extra = {} if dtype is None else {"dtype": dtype}
        return placed(numpys(self._a, axis=_checked(axis), keepdims=keepdims, **extra), out)

    reduce.__name__ = name
    method(reduce)


for _name in ("sum", "prod", "max", "min", "all", "any", "argmax", "argmin"):
    _reduction(_name)


def _count(a: Host, axis: Any) -> int:
    return a.size // max(np.add.reduce(np.broadcast_to(np.int8(0), a.shape), axis=axis).size, 1)


@method
def mean(self: ndarray, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    launches.append("cupy_mean")
    a, axis = self._a, _checked(axis)
    result = np.dtype(dtype or (a.dtype if a.dtype.kind in "fc" else np.float64))
    total = np.add.reduce(a, axis=axis, dtype=np.float32 if result.char == "e" else result, keepdims=keepdims)
    # NumPy's own mean warns of no elements; a device says nothing.
    return placed((np.asarray(total) / np.asarray(_count(a, axis), total.dtype)).astype(result), out)


def _variance(a: Host, axis: Any, dtype: Any, ddof: Any, keepdims: bool) -> Host:
    result = np.dtype(dtype or (a.dtype if a.dtype.kind in "fc" else np.float64))
    held = np.float32 if result.char == "e" else result
    n = _count(a, axis)
    centred = a - np.add.reduce(a, axis=axis, dtype=held, keepdims=True) / np.asarray(n, held)
    total = np.add.reduce((centred * centred.conj()).real, axis=axis, keepdims=keepdims)
    found: Host = np.asarray(total / np.asarray(max(n - ddof, 0), total.dtype))
    return found.astype(np.dtype(result.char.lower()))


@method
def var(
    self: ndarray, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: bool = False
) -> Any:  # fmt: skip
    launches.append("cupy_var")
    return placed(_variance(self._a, _checked(axis), dtype, ddof, keepdims), out)


@method
def std(
    self: ndarray, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: bool = False
) -> Any:  # fmt: skip
    launches.append("cupy_std")
    return placed(np.sqrt(_variance(self._a, _checked(axis), dtype, ddof, keepdims)), out)


@method
def cumsum(self: ndarray, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    launches.append("cupy_cumsum")
    return placed(np.cumsum(self._a, _checked(axis), dtype), out)


@method
def cumprod(self: ndarray, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    launches.append("cupy_cumprod")
    return placed(np.cumprod(self._a, _checked(axis), dtype), out)


@method
def argsort(self: ndarray, axis: Any = -1, kind: Any = None) -> Any:
    if kind not in (None, "stable"):
        raise ValueError("kind can only be None or 'stable'")
    launches.append("cupy_argsort")
    return shown(np.argsort(self._a, axis, kind="stable"))


@method
def astype(
    self: ndarray, dtype: Any, order: Any = "K", casting: Any = None, subok: Any = None, copy: bool = True
) -> ndarray:  # fmt: skip
    if casting is not None or subok is not None:
        raise TypeError("casting and subok are not supported yet")
    wanted = supported(dtype)
    if not copy and wanted == self.dtype and order == "K":
        return self
    launches.append("cupy_copy")
    return shown(self._a.astype(wanted, order=order))


@method
def copy(self: ndarray, order: Any = "C") -> ndarray:
    launches.append("cupy_copy")
    return shown(self._a.copy(order))


@method
def view(self: ndarray, dtype: Any = None, type: Any = None) -> ndarray:
    return shown(self._a.view() if dtype is None else self._a.view(supported(dtype)))


@method
def reshape(self: ndarray, shape: Any, order: Any = "C", copy: Any = None) -> ndarray:
    if order not in ("C", "F", "A"):
        raise ValueError(f"order {order!r} is not permitted")
    if any(isinstance(n, ndarray) for n in shape):
        raise TypeError("'ndarray' object cannot be interpreted as an integer")
    return shown(self._a.reshape(*shape, order=order))


@method
def transpose(self: ndarray, axes: Any = ()) -> ndarray:
    return shown(self._a.transpose(*axes))


@method
def ravel(self: ndarray, order: Any = "C") -> ndarray:
    return shown(self._a.ravel(order))


@method
def flatten(self: ndarray, order: Any = "C") -> ndarray:
    launches.append("cupy_copy")
    return shown(self._a.flatten(order))


@method
def squeeze(self: ndarray, axis: Any = None) -> ndarray:
    return shown(self._a.squeeze(axis))


@method
def swapaxes(self: ndarray, axis1: int, axis2: int) -> ndarray:
    return shown(self._a.swapaxes(axis1, axis2))


@method
def diagonal(self: ndarray, offset: int = 0, axis1: int = 0, axis2: int = 1) -> ndarray:
    view = np.diagonal(self._a, offset, axis1, axis2)
    view.flags.writeable = True  # a device knows no other memory
    return shown(view)


@method
def trace(self: ndarray, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None) -> Any:
    launches.append("cupy_trace")
    return placed(np.trace(self._a, offset, axis1, axis2, dtype), out)


@method
def repeat(self: ndarray, repeats: Any, axis: Any = None) -> ndarray:
    if isinstance(repeats, np.ndarray):
        raise TypeError("'repeats' does not accept numpy.ndarray; convert with cupy.array() first")
    if isinstance(repeats, ndarray):
        wait("repeat of as many as an array says")
        repeats = repeats._a
    if isinstance(repeats, int) and repeats < 0:
        raise ValueError(f"'repeats' should not be negative: {repeats}")
    launches.append("cupy_repeat")
    return shown(np.repeat(self._a, repeats, axis))


@method
def take(self: ndarray, indices: Any, axis: Any = None, out: Any = None) -> Any:
    launches.append("cupy_take")
    where = indices._a if isinstance(indices, ndarray) else indices
    return placed(np.take(self._a, where, axis, mode="wrap"), out)


@method
def dot(self: ndarray, b: Any, out: Any = None) -> Any:
    if not isinstance(b, ndarray):
        raise TypeError(f"Argument 'b' has incorrect type (expected cupy._core.core._ndarray_base, got {type(b).__name__})")
    launches.append("cublas")
    return placed(np.dot(self._a, b._a), out)


@method
def clip(self: ndarray, min: Any = None, max: Any = None, out: Any = None) -> Any:
    if min is None and max is None:
        raise ValueError("array_clip: must set either max or min")
    low, high = (v._a if isinstance(v, ndarray) else v for v in (min, max))
    if isinstance(min, np.ndarray) or isinstance(max, np.ndarray):
        raise TypeError(f"Unsupported type {np.ndarray}")
    launches.append("cupy_clip")
    return placed(np.clip(self._a, low, high), out)


@method
def round_(self: ndarray, decimals: int = 0, out: Any = None) -> Any:
    launches.append("cupy_round")
    return placed(np.round(self._a, decimals), out)


@method
def conj(self: ndarray) -> ndarray:
    return shown(self._a.conj()) if self._a.dtype.kind == "c" else self


@method
def conjugate(self: ndarray) -> ndarray:
    return shown(self._a.conj()) if self._a.dtype.kind == "c" else self


@method
def nonzero(self: ndarray) -> tuple[ndarray, ...]:
    if not self._a.ndim:
        raise ValueError("Calling nonzero on 0d arrays is not allowed.")
    wait("nonzero")
    return tuple(shown(i) for i in np.nonzero(self._a))


@method
def sort(self: ndarray, axis: int = -1, kind: Any = None) -> None:
    if kind not in (None, "stable"):
        raise ValueError("kind can only be None or 'stable'")
    launches.append("cupy_sort")
    self._a.sort(axis)


@method
def scatter_add(self: ndarray, slices: Any, value: Any) -> None:
    from .ufuncs import scatter

    scatter("add", self, slices, value)


@method
def scatter_max(self: ndarray, slices: Any, value: Any) -> None:
    from .ufuncs import scatter

    scatter("maximum", self, slices, value)


@method
def scatter_min(self: ndarray, slices: Any, value: Any) -> None:
    from .ufuncs import scatter

    scatter("minimum", self, slices, value)
