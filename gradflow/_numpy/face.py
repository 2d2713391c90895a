"""What makes NumPy's functions of functions over Tensors: NumPy's dtypes on the way in, the class of the result on the way out.

``public`` is put around each function of ``functions`` once, and around the operations behind the methods of ``ndarray``.
Inside, everything is a plain Tensor, so that no operation ever meets the operators of ``ndarray``.

The class of a result:

- beside an ``ndarray``, or where no Tensor is given, it is ``ndarray``: dtypes are NumPy's, float64 is the default;
- of plain Tensors alone it is a Tensor, with PyTorch's dtypes, and the function is called as it is;
- an ``ndarray`` and a plain Tensor make an ``ndarray``, whatever their order, as NumPy's own subclasses win: code that computes
  with NumPy's methods goes on with them when a Tensor (a weight, a constant) comes in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np

from .. import backend
from .._engine import base_of, link, wrap
from .._ops.complex import conj as complex_conj
from .._ops.elementwise import cast
from .._ops.shape import clone
from .._tensor import Tensor
from ..errors import DTypeError
from .creation import asarray

ndarray: type[Tensor] = Tensor  # ``_numpy/ndarray``, whose methods are made by ``public``, puts its class here


def set_class(kind: type[Tensor]) -> None:
    """Told once by ``_numpy/ndarray``."""
    global ndarray
    ndarray = kind


Given: TypeAlias = tuple[list[Any], dict[str, Any], Any]
"""Positional arguments, named ones, and the dtype of the result (None: as it comes)."""
Fit: TypeAlias = Callable[[list[Any], dict[str, Any]], Given]
"""Makes arguments fit: what stands for arrays becomes Tensors, of the dtypes in which NumPy would compute."""


def public(function: Callable[..., Any], fit: Fit | None = None, name: str | None = None) -> Callable[..., Any]:
    """``function``, which takes and returns Tensors, with NumPy's dtypes and ``ndarray`` as its result (see above)."""
    fit = first if fit is None else fit
    code = function.__code__
    names = () if hasattr(function, "op") else code.co_varnames[: code.co_argcount]

    def call(*args: Any, **named: Any) -> Any:
        classes: set[bool] = set()
        _look(args, classes)
        if named:
            _look(named.values(), classes)
        if classes == _TENSORS:
            return function(*args, **named)
        if named:  # arrays that are given by name are found by their places
            for name in names[len(args) :]:
                if name not in named:
                    break
                args = (*args, named.pop(name))
        given: dict[int, tuple[Tensor, Tensor]] = {}
        plain = {k: _plain(v, given) for k, v in named.items()} if named else named
        taken, keywords, dtype = fit([_plain(v, given) for v in args], plain)
        made = function(*taken, **keywords)
        if dtype is not None and made.array.dtype != dtype:
            made = cast(made, dtype)
        return _shown(made, given)

    call.__name__ = call.__qualname__ = name or function.__name__
    call.__doc__ = function.__doc__
    call.__wrapped__ = function  # type: ignore[attr-defined]  # where inspect.signature looks
    return call


_NUMBERS = frozenset((bool, int, float, complex))
_TENSORS = {False}  # what ``_look`` finds where plain Tensors are given and no ``ndarray``


def _look(values: Iterable[Any], classes: set[bool]) -> None:
    """Add to ``classes`` True if an ``ndarray`` is among ``values``, or in lists of them, and False if a plain Tensor is."""
    for v in values:
        if isinstance(v, Tensor):
            classes.add(isinstance(v, ndarray))
        elif type(v) in (list, tuple) and not _NUMBERS.issuperset(map(type, v)):
            _look(v, classes)


def _plain(value: Any, given: dict[int, tuple[Tensor, Tensor]]) -> Any:
    """``value`` with a plain Tensor of the same memory and node for each Tensor in it; ``given`` tells them from results."""
    if isinstance(value, Tensor):
        t = as_plain(value)
        given[id(t)] = t, value
        return t
    if type(value) in (list, tuple) and not _NUMBERS.issuperset(map(type, value)):
        return type(value)(_plain(v, given) for v in value)
    return value


def as_plain(t: Tensor) -> Tensor:
    """A plain Tensor that stands for ``t`` while a function runs: a view made of it is a view of what ``t`` shows."""
    made: Tensor = wrap(t.array, t.node)
    made._base = base_of(t)
    return made


def _shown(made: Any, given: dict[int, tuple[Tensor, Tensor]]) -> Any:
    """What a function returned, with ``ndarray`` in the place of each new Tensor, and what it was given as it was given."""
    if isinstance(made, Tensor):
        if id(made) not in given:
            return own(made)
        original = given[id(made)][1]
        return original if isinstance(original, ndarray) else alias(original)
    if isinstance(made, tuple | list):
        parts = [_shown(v, given) for v in made]
        return type(made)(*parts) if hasattr(made, "_fields") else type(made)(parts)
    return made


def own(t: Tensor) -> Any:
    """``t``, which nobody else holds, as an ``ndarray``."""
    t.__class__ = ndarray
    return t


def alias(t: Tensor) -> Any:
    """An ``ndarray`` of the memory and the node of ``t``, which stays what it is."""
    made = own(wrap(t.array, t.node))
    link(made, t)
    return made


def conj(x: Any) -> Any:
    """The complex conjugate; of real numbers a copy, as in NumPy, for a result may be written to."""
    made = complex_conj(x)
    return clone(made) if made is x else made


# --- dtypes ---------------------------------------------------------------------------------------------------------------


def untouched(args: list[Any], named: dict[str, Any]) -> Given:
    """For functions that make arrays of anything."""
    return args, named, None


def first(args: list[Any], named: dict[str, Any]) -> Given:
    """For functions of one array."""
    args[:1] = _arrays(args[:1])
    return args, named, None


def floats(args: list[Any], named: dict[str, Any]) -> Given:
    """For functions of one array that compute with floats: whole numbers become float64."""
    args, named, _ = first(args, named)
    if args:
        args[0] = _float(args[0])
    return args, named, None


def sums(args: list[Any], named: dict[str, Any], place: int = 2) -> Given:
    """For sums and products of one array: those of short unsigned numbers are uint64; ``place``: that of ``dtype``."""
    args, named, _ = first(args, named)
    short = args and args[0].dtype.kind == "u" and named.get("dtype") is None and (len(args) <= place or args[place] is None)
    return args, named, np.dtype(np.uint64) if short else None


def rounding(args: list[Any], named: dict[str, Any]) -> Given:
    """For ``round``: whole numbers stay such, also to tens and hundreds."""
    args, named, _ = first(args, named)
    if not args or args[0].dtype.kind not in "biu":
        return args, named, None
    dtype = args[0].dtype if args[0].dtype.kind != "b" else np.dtype(np.float16)
    args[0] = _float(args[0])
    return args, named, dtype


def together(begin: int = 0, end: int | None = None, *, as_floats: bool = False, weak: bool = False) -> Fit:
    """For functions of several arrays, the positional arguments from ``begin`` to ``end``: they get one dtype.

    ``weak``: Python's numbers among them have no say in that, as in a ufunc.
    """

    def fit(args: list[Any], named: dict[str, Any]) -> Given:
        args[:begin] = _strong(args[:begin])
        values = args[begin:end]
        args[begin:end] = _of_one_dtype(values if weak else _strong(values), as_floats)
        return args, named, None

    return fit


def limits(args: list[Any], named: dict[str, Any]) -> Given:
    """For ``clip``, whose limits have two names each."""
    x, *given = args
    low, high = (*given, None, None)[:2]
    low = named.pop("min", None) if low is None else low
    high = named.pop("max", None) if high is None else high
    return _of_one_dtype([x, low, high], False), named, None


def sequence(args: list[Any], named: dict[str, Any]) -> Given:
    """For functions of a sequence of arrays."""
    if args:
        args[0] = _of_one_dtype(_strong(list(args[0])), False)
    return args, named, None


def operands(args: list[Any], named: dict[str, Any]) -> Given:
    """For ``einsum``: an equation and arrays, or arrays each with the list of its axes, and perhaps that of the result."""
    places = range(1, len(args)) if args and isinstance(args[0], str) else range(0, len(args) - 1, 2)
    for i, v in zip(places, _of_one_dtype(_strong([args[i] for i in places]), False), strict=True):
        args[i] = v
    return args, named, None


def of_ufunc(ufunc: np.ufunc) -> Fit:
    """For the counterpart of a ufunc of NumPy: the dtypes are those of the loop that NumPy would choose."""
    nin = ufunc.nin
    loops: dict[tuple[Any, ...], list[Any]] = {}  # for dtypes and weak numbers that were met before

    def fit(args: list[Any], named: dict[str, Any]) -> Given:
        if len(args) < nin:
            return args, named, None
        key = tuple([v.array.dtype if isinstance(v, Tensor) else type(v) for v in args[:nin]])
        if key not in loops:
            args[:nin] = _arrays(args[:nin])
            key = tuple([v.array.dtype if isinstance(v, Tensor) else type(v) for v in args[:nin]])
            loops[key] = _loop(ufunc, key)
        *wanted, dtype = loops[key]
        if dtype.kind == "b" and any(type(v) is int and not _holds(d, v) for v, d in zip(args, wanted, strict=False)):
            wanted = [np.dtype(np.float64)] * nin  # a number beyond the dtype is compared all the same
        for i, d in enumerate(wanted):
            if key[i] is not d:
                args[i] = _fitting(args[i], d)
        return args, named, dtype

    return fit


def _loop(ufunc: np.ufunc, key: tuple[Any, ...]) -> list[Any]:
    try:
        return list(ufunc.resolve_dtypes((*key, *[None] * ufunc.nout)))
    except TypeError as problem:
        raise DTypeError(f"{ufunc.__name__}: {problem}") from None


_WEAK = frozenset((int, float, complex))  # a bool is as strong as an array of bools


def _fitting(value: Any, dtype: Any) -> Any:
    if type(value) not in _WEAK:
        return value if value.dtype == dtype else cast(value, dtype)
    if dtype.kind in "iu":
        dtype.type(value)  # OverflowError as NumPy's, where the number does not fit
    return value


def _holds(dtype: Any, value: int) -> bool:
    return dtype.kind not in "iu" or bool(np.iinfo(dtype).min <= value <= np.iinfo(dtype).max)


def _of_one_dtype(values: list[Any], as_floats: bool) -> list[Any]:
    values = _arrays(values)
    known = [v if type(v) in _WEAK else v.dtype for v in values if v is not None]
    if not known:
        return values
    dtype = np.result_type(*known)
    if as_floats and dtype.kind in "biu":
        dtype = np.dtype(np.float64)
    return [v if v is None else _fitting(v, dtype) for v in values]


def _float(x: Any) -> Any:
    return cast(x, np.dtype(np.float64)) if x.dtype.kind in "biu" else x


def _arrays(values: list[Any]) -> list[Any]:
    """``values`` as Tensors.  Beside one of them Python's numbers stay what they are: their dtype is weak."""
    if all(type(v) in _WEAK or v is None for v in values):
        return [v if v is None else asarray(v) for v in values]
    place = next((_device(v) for v in values if isinstance(v, Tensor) or _is_bare(v)), None)
    return [v if type(v) in _WEAK or v is None or isinstance(v, Tensor) else _array(v, place) for v in values]


def _strong(values: list[Any]) -> list[Any]:
    """``values`` as Tensors, Python's numbers too, all on the device of those that have one."""
    place = next((_device(v) for v in values if isinstance(v, Tensor) or _is_bare(v)), None)
    return [v if v is None or isinstance(v, Tensor) else _array(v, place) for v in values]


def _is_bare(value: Any) -> bool:
    return backend.is_array(value) and not isinstance(value, np.generic)


def _device(value: Any) -> Any:
    array = value.array if isinstance(value, Tensor) else value
    return backend.namespace_of(array).device_of(array)


def _array(value: Any, place: Any) -> Tensor:
    """An array where it is; a list or a number of NumPy on the device of what it stands beside."""
    if _is_bare(value):
        made: Tensor = wrap(value)
        if value.dtype.kind not in backend.dtypes.CATEGORY:
            raise DTypeError(f"gradflow computes with numbers and booleans, not {value.dtype}")
        return made
    made = asarray(value)
    return made if place is None else made.to(device=place)
