"""``cupy.ndarray``: an array that the host cannot read without asking, and that knows only what CuPy's does."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any

import numpy as np

from .memory import Memory, MemoryPointer, address, is_pinned, memory_of, rubbish
from .record import launches, wait
from .snapshot import CLASSES, bound

Host = np.ndarray[Any, Any]
SCALARS = (bool, int, float, complex, np.bool_, np.number)
CUPY: Any = None
"""The module ``cupy`` of the stand-in, once it is installed."""


def supported(dtype: Any) -> np.dtype[Any]:
    found: np.dtype[Any] = np.dtype(dtype)
    if found.char not in "?bhilqBHILQefdFD":
        raise ValueError(f"Unsupported dtype {found}")
    return found


def shown(a: Any) -> ndarray:
    """The CuPy array of a NumPy array's memory (or of a copy of a NumPy number)."""
    a = np.asarray(a)
    made: ndarray = object.__new__(ndarray)
    made._a, made._mem = a, memory_of(a)
    owner = made._mem.array and made._mem.array()
    if owner is None:
        made._mem.array = weakref.ref(made)
    made._base = owner
    return made


def wrapped(result: Any) -> Any:
    """``result`` with CuPy arrays, also of 0 dimensions, for the NumPy arrays and numbers in it."""
    if isinstance(result, np.ndarray | np.generic):
        return shown(result)
    if isinstance(result, tuple):
        parts = [wrapped(r) for r in result]
        return tuple(parts) if type(result) is tuple else type(result)(*parts)
    return [wrapped(r) for r in result] if isinstance(result, list) else result


class Flags:
    """CuPy's flags: there is no read-only memory on a device."""

    def __init__(self, a: Host) -> None:
        self.c_contiguous, self.f_contiguous = a.flags.c_contiguous, a.flags.f_contiguous
        self.owndata = a.base is None

    @property
    def fnc(self) -> bool:
        return self.f_contiguous and not self.c_contiguous

    @property
    def forc(self) -> bool:
        return self.f_contiguous or self.c_contiguous

    def __getitem__(self, name: str) -> bool:
        return bool(getattr(self, name.lower()))


def _yields(x: Any, y: Any) -> bool:
    """CuPy's ``_should_use_rop``: whether the other operand is left to do it."""
    protocol = getattr(y, "__array_ufunc__", NotImplemented)
    if protocol is not NotImplemented:
        return protocol is None
    return bool(getattr(x, "__array_priority__", 0) < getattr(y, "__array_priority__", 0))


class ndarray:
    """Numbers on the pretended device."""

    __module__ = "cupy"
    __slots__ = ("__weakref__", "_a", "_base", "_mem")
    __array_priority__ = 100
    __hash__ = None  # type: ignore[assignment]
    _a: Host
    _mem: Memory
    _base: ndarray | None

    def __new__(cls, shape: Any, dtype: Any = float, memptr: Any = None, strides: Any = None, order: Any = "C") -> ndarray:
        if memptr is not None:
            return shown(memptr.array(shape, supported(dtype), strides))
        if strides is not None:
            raise NotImplementedError("the stand-in lays out its own memory by order alone")
        return shown(rubbish(np.empty(shape, supported(dtype), order)))

    shape = property(lambda self: self._a.shape)
    ndim = property(lambda self: self._a.ndim)
    size = property(lambda self: self._a.size)
    dtype = property(lambda self: self._a.dtype)
    strides = property(lambda self: self._a.strides)
    itemsize = property(lambda self: self._a.itemsize)
    nbytes = property(lambda self: self._a.nbytes)
    base = property(lambda self: self._base)
    flags = property(lambda self: Flags(self._a))
    data = property(lambda self: MemoryPointer(self._mem, address(self._a) - self._mem.ptr))
    device = property(lambda self: CUPY.cuda.Device(0))
    T = property(lambda self: shown(self._a.T))
    mT = property(lambda self: shown(self._a.mT))  # noqa: N815 - CuPy's name

    @property
    def real(self) -> ndarray:
        return shown(self._a.real) if self._a.dtype.kind == "c" else self

    @property
    def imag(self) -> ndarray:
        return shown(self._a.imag if self._a.dtype.kind == "c" else np.zeros_like(self._a))

    # --- to the host: each of these waits ---------------------------------------------------------------------------

    def __array__(self, dtype: Any = None) -> Any:
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a NumPy array explicitly."
        )

    def get(self, stream: Any = None, order: Any = "C", out: Any = None, blocking: bool = True) -> Host:
        if out is not None and not isinstance(out, np.ndarray):
            raise TypeError("Only numpy.ndarray can be obtained from cupy.ndarray")
        if blocking or out is None or not is_pinned(out):
            wait("ndarray.get")
        if out is None:
            return np.array(self._a, order=order)
        if out.dtype != self.dtype or out.shape != self.shape:
            raise TypeError(f"{out.dtype} array of shape {out.shape} cannot be obtained from {self.dtype} {self.shape}")
        out[...] = self._a
        return out

    def _number(self, cause: str) -> Any:
        if self._a.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        wait(cause)
        return self._a.item()

    def item(self) -> Any:
        return self._number("ndarray.item")

    def __float__(self) -> float:
        return float(self._number("float()"))

    def __int__(self) -> int:
        return int(self._number("int()"))

    def __complex__(self) -> complex:
        return complex(self._number("complex()"))

    def __bool__(self) -> bool:
        if self._a.size > 1:
            raise ValueError("The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()")
        return bool(self._number("bool()")) if self._a.size else False

    def tolist(self) -> Any:
        return self._read("ndarray.tolist").tolist()

    def tobytes(self, order: str = "C") -> bytes:
        return self._read("ndarray.tobytes").tobytes()

    def _read(self, cause: str) -> Host:
        wait(cause)
        return self._a

    def __repr__(self) -> str:
        return repr(self._read("repr()"))

    def __str__(self) -> str:
        return str(self._read("str()"))

    def __format__(self, spec: str) -> str:
        a = self._read("format()")
        return format(a if a.ndim else a[()], spec)

    def __reduce__(self) -> Any:
        return shown, (self._read("pickle").copy(),)

    # --- from the host ----------------------------------------------------------------------------------------------

    def set(self, arr: Any, stream: Any = None) -> None:
        if not isinstance(arr, np.ndarray):
            raise TypeError("Only numpy.ndarray can be set to cupy.ndarray")
        if arr.dtype != self.dtype:
            raise TypeError(f"{arr.dtype} array cannot be set to {self.dtype} array")
        if arr.shape != self.shape:
            raise ValueError(f"Shape mismatch. Old shape: {self.shape}, new shape: {arr.shape}")
        if stream is None or not is_pinned(arr):
            wait("ndarray.set")
        self._a[...] = arr

    def fill(self, value: Any) -> None:
        if isinstance(value, np.ndarray | ndarray) and value.size != 1:
            kind = "numpy" if isinstance(value, np.ndarray) else "cupy"
            raise ValueError(f"non-scalar {kind}.ndarray cannot be used for fill")
        launches.append("cupy_fill")
        self._a.fill(value._a if isinstance(value, ndarray) else value)

    # --- protocols --------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._a)

    def __iter__(self) -> Iterator[ndarray]:
        if not self._a.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self._a)))

    def __getitem__(self, slices: Any) -> ndarray:
        from .indexing import taken

        return taken(self, slices)

    def __setitem__(self, slices: Any, value: Any) -> None:
        from .indexing import put

        put(self, slices, value)

    def __copy__(self) -> ndarray:
        return shown(self._a.copy())

    def __deepcopy__(self, memo: Any) -> ndarray:
        return shown(self._a.copy())

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        out = kwargs.get("out", ())
        if out:
            if len(out) != 1:
                raise ValueError("The 'out' parameter must have exactly one array value")
            kwargs["out"] = out[0]
        if any(not isinstance(x, (*SCALARS, ndarray, np.ndarray)) for x in (*inputs, *out)):
            return NotImplemented
        ours = getattr(CUPY, ufunc.__name__, None)
        if ours is None:
            return NotImplemented
        return (ours if method == "__call__" else getattr(ours, method))(*inputs, **kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        try:
            ours = reduce(getattr, [*func.__module__.split(".")[1:], func.__name__], CUPY)
        except AttributeError:
            return NotImplemented
        return ours(*args, **kwargs) if all(t in (ndarray, np.ndarray) for t in types) else NotImplemented

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, 0

    def __dlpack__(self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: Any = None) -> Any:
        if dl_device is not None and tuple(dl_device) == (1, 0):
            return self._read("DLPack to the host").copy().__dlpack__()
        return self  # what a capsule would hold; only cupy.from_dlpack can open it


def _binary(ufunc: str, swapped: bool = False) -> Callable[[Any, Any], Any]:
    def operate(x: Any, y: Any) -> Any:
        if not isinstance(y, ndarray):
            if _yields(x, y):
                return NotImplemented
            return getattr(np, ufunc)(*((y, x) if swapped else (x, y)))
        return getattr(CUPY, ufunc)(*((y, x) if swapped else (x, y)))

    return operate


def _in_place(ufunc: str) -> Callable[[Any, Any], Any]:
    return lambda x, y: getattr(CUPY, ufunc)(x, y, x)


_OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "power", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
    "lshift": "left_shift", "rshift": "right_shift", "matmul": "matmul",
}  # fmt: skip
_COMPARISONS = {
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal",
}  # fmt: skip
for _name, _ufunc in _OPERATORS.items():
    setattr(ndarray, f"__{_name}__", _binary(_ufunc))
    setattr(ndarray, f"__r{_name}__", _binary(_ufunc, swapped=True))
    if f"__i{_name}__" in CLASSES["ndarray"]:  # there is no __imatmul__
        setattr(ndarray, f"__i{_name}__", _in_place(_ufunc))
for _name, _ufunc in _COMPARISONS.items():
    setattr(ndarray, f"__{_name}__", _binary(_ufunc))
for _name, _ufunc in {"neg": "negative", "abs": "absolute", "invert": "invert", "pos": "positive"}.items():
    setattr(ndarray, f"__{_name}__", lambda x, ufunc=_ufunc: getattr(CUPY, ufunc)(x))


def method(function: Callable[..., Any]) -> None:
    """Make ``function(array, ...)``, whose parameters are CuPy's, a method of the name, if CuPy has one."""
    name = function.__name__.rstrip("_")
    words = CLASSES["ndarray"][name]
    assert words is not None and words != "property", name

    def call(self: ndarray, *args: Any, **kwargs: Any) -> Any:
        given = bound(words, name, args, kwargs)
        with np.errstate(all="ignore"):
            return function(self, **given)

    call.__name__ = name
    setattr(ndarray, name, call)
