"""The functions of the module ``cupy``, each over NumPy's function of that name, with CuPy's parameters and refusals.

A definition is over NumPy arrays; ``@function("a b")`` names the parameters that may hold CuPy arrays (or sequences of
them).  Anywhere else, and for a NumPy array in their place, the call raises TypeError as CuPy does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .array import SCALARS, Host, ndarray, shown, supported, wrapped
from .memory import rubbish
from .record import launches, wait
from .snapshot import API, bound
from .ufuncs import operand, ufunc

FUNCTIONS: dict[str, Callable[..., Any]] = {}


def function(arrays: str, scalars: bool = False, launch: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a definition over NumPy arrays one of CuPy's functions; ``scalars``: numbers will do in an array's place."""

    def define(definition: Callable[..., Any]) -> Callable[..., Any]:
        name = definition.__name__.rstrip("_")
        words = API["cupy"]["functions"][name]
        takes = set(arrays.split())

        def call(*args: Any, **kwargs: Any) -> Any:
            given = bound(words, name, args, kwargs)
            for key, value in given.items():
                if key in takes:
                    given[key] = _host(value, name, key, scalars)
                elif isinstance(value, ndarray):
                    raise TypeError(f"{name}: {key} is decided on the host; it must not be a cupy.ndarray")
            if launch:
                launches.append(f"cupy_{name}")
            with np.errstate(all="ignore"):
                return wrapped(definition(**given))

        call.__name__ = call.__qualname__ = name
        FUNCTIONS[name] = call
        return definition

    return define


def _host(value: Any, name: str, key: str, scalars: bool) -> Any:
    if isinstance(value, ndarray):
        return value._a
    if isinstance(value, list | tuple) and not scalars:
        return [_host(v, name, key, False) for v in value]
    if scalars and (value is None or isinstance(value, SCALARS)):
        return value
    raise TypeError(
        f"{name}: Argument {key!r} has incorrect type (expected cupy._core.core._ndarray_base, got {type(value).__name__})"
    )


def plain(definition: Callable[..., Any]) -> None:
    """One of CuPy's functions as it stands, its arguments checked by CuPy's signature."""
    name = definition.__name__.rstrip("_")
    words = API["cupy"]["functions"][name]

    def call(*args: Any, **kwargs: Any) -> Any:
        return definition(**bound(words, name, args, kwargs))

    call.__name__ = call.__qualname__ = name
    FUNCTIONS[name] = call


# --- making ---------------------------------------------------------------------------------------------------------------


def _from(obj: Any, dtype: Any, copy: Any, order: Any, ndmin: int = 0) -> ndarray:
    if isinstance(obj, ndarray):
        same = dtype is None or supported(dtype) == obj.dtype
        if same and not copy and obj.ndim >= ndmin and order in (None, "K"):
            return obj
        made = np.array(obj._a, dtype, order=order or "K", ndmin=ndmin)
    elif isinstance(obj, list | tuple) and (found := _leaves(obj)):
        if not all(isinstance(v, ndarray) for v in found):
            raise TypeError(f"Unsupported type {next(type(v) for v in found if not isinstance(v, ndarray))}")
        made = np.array(_plain(obj), dtype, ndmin=ndmin)
    else:
        made = np.array(obj, dtype, order=order or "K", ndmin=ndmin)
    supported(made.dtype)
    launches.append("cupy_copy")
    return shown(made)


def _leaves(obj: Any) -> list[Any]:
    """All that nested lists hold, if a CuPy array is among it."""
    flat = [v for part in obj for v in (_leaves(part) if isinstance(part, list | tuple) else [part])]
    return flat if any(isinstance(v, ndarray) for v in flat) else []


def _plain(obj: Any) -> Any:
    return [_plain(v) for v in obj] if isinstance(obj, list | tuple) else obj._a


@plain
def array(
    obj: Any, dtype: Any = None, copy: Any = True, order: Any = "K", subok: Any = False, ndmin: int = 0, blocking: bool = False
) -> ndarray:
    if subok:
        raise NotImplementedError("subok is not supported yet")
    return _from(obj, dtype, copy, order, ndmin)


@plain
def asarray(a: Any, dtype: Any = None, order: Any = None, copy: Any = None, blocking: bool = False) -> ndarray:
    return _from(a, dtype, copy, order)


@plain
def ascontiguousarray(a: Any, dtype: Any = None) -> ndarray:
    if isinstance(a, ndarray) and a.flags.c_contiguous and (dtype is None or a.dtype == dtype):
        return a if a.ndim else a.reshape(1)
    made = np.ascontiguousarray(a._a if isinstance(a, ndarray) else a, dtype)
    launches.append("cupy_copy")
    return shown(made)


@plain
def asnumpy(a: Any, stream: Any = None, order: Any = "C", out: Any = None, blocking: bool = True) -> Host:
    if isinstance(a, ndarray):
        return a.get(stream=stream, order=order, out=out, blocking=blocking)
    return np.asarray(a)


@plain
def from_dlpack(array: Any, device: Any = None, copy: Any = None) -> ndarray:
    if array.__dlpack_device__()[0] != 2:
        raise TypeError(
            "CPU arrays cannot be directly imported to CuPy. Use `cupy.array(numpy.from_dlpack(input))` instead."
        )  # fmt: skip
    capsule = array.__dlpack__()
    return shown(capsule._a.view())


@plain
def get_array_module(args: Any = ()) -> Any:
    from . import array as held

    return held.CUPY if any(isinstance(a, ndarray) for a in args) else np


@plain
def broadcast_shapes(args: Any = ()) -> tuple[int, ...]:
    return np.broadcast_shapes(*args)


@plain
def result_type(arrays_and_dtypes: Any = ()) -> Any:
    return np.result_type(*(v.dtype if isinstance(v, ndarray) else v for v in arrays_and_dtypes))


FUNCTIONS["can_cast"], FUNCTIONS["promote_types"] = np.can_cast, np.promote_types


@function("")
def empty(shape: Any, dtype: Any = float, order: Any = "C") -> Host:
    return rubbish(np.empty(shape, supported(dtype), order))


@function("")
def zeros(shape: Any, dtype: Any = float, order: Any = "C") -> Host:
    return np.zeros(shape, supported(dtype), order)


@function("")
def ones(shape: Any, dtype: Any = float, order: Any = "C") -> Host:
    return np.ones(shape, supported(dtype), order)


def _like(numpys: Any, a: Host, dtype: Any, order: Any, shape: Any) -> Host:
    made: Host = numpys(a, dtype=dtype, order=order, shape=shape)
    return made


@function("prototype")
def empty_like(prototype: Host, dtype: Any = None, order: Any = "K", subok: Any = None, shape: Any = None) -> Host:
    return rubbish(_like(np.empty_like, prototype, dtype, order, shape))


@function("a")
def zeros_like(a: Host, dtype: Any = None, order: Any = "K", subok: Any = None, shape: Any = None) -> Host:
    return _like(np.zeros_like, a, dtype, order, shape)


@function("a")
def ones_like(a: Host, dtype: Any = None, order: Any = "K", subok: Any = None, shape: Any = None) -> Host:
    return _like(np.ones_like, a, dtype, order, shape)


@function("fill_value", scalars=True)
def full(shape: Any, fill_value: Any, dtype: Any = None, order: Any = "C") -> Host:
    return np.full(shape, fill_value, dtype, order)


@function("a fill_value", scalars=True)
def full_like(
    a: Host, fill_value: Any, dtype: Any = None, order: Any = "K", subok: Any = None, shape: Any = None
) -> Host:  # fmt: skip
    return np.full_like(a, fill_value, dtype, order, True, shape)


@function("")
def eye(N: int, M: Any = None, k: int = 0, dtype: Any = float, order: Any = "C") -> Host:
    return np.eye(N, M, k, supported(dtype), order)


@function("")
def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> Host:
    return np.arange(start, stop, step, dtype) if stop is not None else np.arange(start, dtype=dtype)


@function("")
def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: int = 0
) -> Any:
    return np.linspace(start, stop, num, endpoint, retstep, dtype, axis)


@function("")
def tri(N: int, M: Any = None, k: int = 0, dtype: Any = float) -> Host:
    return np.tri(N, M, k, dtype)


# --- one function of a ufunc's kind, reductions -----------------------------------------------------------------------------


@plain
def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    if (x is None) != (y is None):
        raise ValueError("Must provide both 'x' and 'y' or neither.")
    if not isinstance(condition, ndarray):
        raise TypeError(f"Unsupported type {type(condition)}")
    if x is None:
        return condition.nonzero()
    launches.append("cupy_where")
    return shown(np.where(condition._a, operand(x), operand(y)))


def _by_method(name: str) -> None:
    def call(*args: Any, **kwargs: Any) -> Any:
        given = bound(API["cupy"]["functions"][public], public, args, kwargs)
        first = given.pop(next(iter(given)))
        if not isinstance(first, ndarray):
            raise TypeError(f"{public}: Argument 'a' has incorrect type (expected cupy.ndarray, got {type(first).__name__})")
        if name == "clip":
            return first.clip(given.get("a_min"), given.get("a_max"), given.get("out"))
        return getattr(first, name)(**given)

    for public in (name, {"max": "amax", "min": "amin"}.get(name, name)):
        call.__name__ = name
        if public in API["cupy"]["functions"]:
            FUNCTIONS[public] = call


for _name in (
    "sum", "prod", "max", "min", "all", "any", "argmax", "argmin", "mean", "var", "std", "cumsum", "cumprod", "argsort",
    "diagonal", "trace", "repeat", "take", "swapaxes", "squeeze", "ravel", "clip", "round", "nonzero",
):  # fmt: skip
    _by_method(_name)


@plain
def reshape(a: Any, newshape: Any, order: Any = "C", copy: Any = None) -> Any:
    return operand_array(a, "reshape").reshape(newshape, order=order)


@plain
def transpose(a: Any, axes: Any = None) -> Any:
    return operand_array(a, "transpose").transpose(axes)


def operand_array(a: Any, name: str) -> ndarray:
    if not isinstance(a, ndarray):
        raise TypeError(f"{name}: expected cupy.ndarray, got {type(a).__name__}")
    return a


@plain
def shares_memory(a: Any, b: Any, max_work: Any = None) -> bool:
    return np.shares_memory(operand_array(a, "shares_memory")._a, operand_array(b, "shares_memory")._a)


@plain
def may_share_memory(a: Any, b: Any, max_work: Any = None) -> bool:
    return np.may_share_memory(operand_array(a, "may_share_memory")._a, operand_array(b, "may_share_memory")._a)


@function("a")
def count_nonzero(a: Host, axis: Any = None) -> Any:
    return np.asarray(np.count_nonzero(a, axis=axis))


@function("a")
def flatnonzero(a: Host) -> Host:
    wait("flatnonzero")
    return np.flatnonzero(a)


@function("ar")
def unique(ar: Host, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False, **other: Any) -> Any:
    wait("unique")
    return np.unique(ar, return_index, return_inverse, return_counts, **other)


@function("a")
def sort(a: Host, axis: int = -1, kind: Any = None) -> Host:
    if kind not in (None, "stable"):
        raise ValueError("kind can only be None or 'stable'")
    return np.sort(a, axis)


UFUNCS = {name: ufunc(name, said) for name, said in API["cupy"]["ufuncs"].items()}
