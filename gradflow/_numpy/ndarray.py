"""``gradflow.numpy.ndarray``: a Tensor whose operators and methods are those of ``numpy.ndarray``.

What NumPy's class has is here with NumPy's meaning, or raises and says what to use instead (``_NOT_HERE``).  Of PyTorch's methods
those stay that concern gradients, devices and what an array is asked (``_KEPT``); any other is absent, so that no name has two
meanings.
"""

# mypy: disable-error-code="override"
# A subclass whose methods are another manual's: that is what it is for.

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np

from .. import _inplace, backend
from .._engine import base_of, is_operand, wrap
from .._ops import cutting as ct
from .._ops import index as ix
from .._ops import shape as s
from .._tensor import Tensor, _rebuilt
from ..errors import ArgumentError, DTypeError, NoCounterpartError
from ..typing import DType
from . import functions as fn
from .face import alias, conj, floats, limits, of_ufunc, own, public, rounding, set_class, sums, together, untouched

_NO_VALUE = getattr(np, "_NoValue", None)


def _meets(other: Any) -> bool:
    return isinstance(other, Tensor | int | float | complex) or (is_operand(other) and not isinstance(other, str))


def _operators(name: str, function: Callable[..., Any] | None = None) -> tuple[Any, Any, Any]:
    """The operator that NumPy's ufunc ``name`` stands behind, the mirrored one, and the one that writes its result in place."""
    compute = public(function or getattr(fn, name), of_ufunc(getattr(np, name)))

    def forth(self: ndarray, other: Any) -> Any:
        return compute(self, other) if _meets(other) else NotImplemented

    def back(self: ndarray, other: Any) -> Any:
        return compute(other, self) if _meets(other) else NotImplemented

    def held(self: ndarray, other: Any) -> Any:
        made = compute(self, other)
        if not np.can_cast(made.dtype, self.dtype, "same_kind"):
            raise DTypeError(f"{name}: a result of {made.dtype} cannot be held by an array of {self.dtype}; write out of place")
        return made

    write = _inplace.of(held, name)

    def place(self: ndarray, other: Any) -> Any:
        return write(self, other) if _meets(other) else NotImplemented

    return forth, back, place


def _shift(compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A shift of whole numbers, which has no derivative."""

    def shift(a: Any, b: Any) -> Any:
        array = compute(getattr(a, "array", a), getattr(b, "array", b))
        return wrap(np.asarray(array) if isinstance(array, np.generic) else array)

    return shift


def _refuse(name: str, **given: Any) -> None:
    """NoCounterpartError for an argument of NumPy's that is not recorded."""
    for key, value in given.items():
        if value is not None and value is not _NO_VALUE and not (key == "where" and value is True):
            cure = {"out": "write a[...] = ...", "where": "use gradflow.numpy.where"}.get(key, "leave it out")
            raise NoCounterpartError(f"{name}: {key}= is not recorded; {cure}")


class ndarray(Tensor):  # noqa: N801 - NumPy's name
    """An array that can record what is computed from it, with the operators, methods and dtypes of ``numpy.ndarray``.

    ``gradflow.numpy.array`` and its like make one; ``t.as_subclass(gradflow.numpy.ndarray)`` is a Tensor seen as one, and
    ``a.as_subclass(gf.Tensor)`` the way back.  Beside a plain Tensor the result is an ``ndarray``.

    >>> import gradflow.numpy as gnp
    >>> a = gnp.array([[1, 2], [3, 5]])
    >>> a / 2
    array([[0.5, 1. ],
           [1.5, 2.5]])
    >>> a.max(1), a.std()
    (array([2, 5]), array(1.47901995))
    """

    __slots__ = ()
    __module__ = "gradflow.numpy"

    def __init__(self, shape: Any, dtype: DType = float) -> None:
        """Memory of a shape with whatever is in it, as ``numpy.ndarray(shape, dtype)``; use ``gradflow.numpy.array`` for data."""
        self.array, self.node = fn.empty(shape, dtype).array, None

    # --- what it is -----------------------------------------------------------------------------------------------

    @property
    def size(self) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]  # PyTorch's size is also called
        """The number of elements."""
        return int(self.array.size)

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return int(self.array.itemsize)

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return int(self.array.nbytes)

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes between neighbours along each dimension."""
        return tuple(self.array.strides)

    @property
    def flags(self) -> Any:
        """How the elements lie in memory."""
        return self.array.flags

    @property
    def base(self) -> Any:
        """The array whose memory this one shows, or None."""
        base = base_of(self)
        return None if base is self else base

    @property
    def flat(self) -> _Flat:
        """The elements in C order, to be read, indexed and written."""
        return _Flat(self)

    @property
    def T(self) -> Any:
        return self.transpose()

    @property
    def mT(self) -> Any:
        return _matrix_transpose(self)

    @property
    def real(self) -> Any:
        return _real(self)

    @property
    def imag(self) -> Any:
        return _imag(self) if self.dtype.kind == "c" else _zeros_like(self)

    def __iter__(self) -> Iterator[Any]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        return iter(_unbind(self))

    def __contains__(self, element: Any) -> bool:
        return bool((self == element).any())

    def __str__(self) -> str:
        return np.array_str(self.to_numpy())

    def __repr__(self) -> str:
        notes = [] if self.device.type == "cpu" else [f"device='{self.device}'"]
        if self.node is not None:
            notes.append("requires_grad=True" if self.is_leaf else f"grad_fn={self.node!r}")
        return "".join([np.array_repr(self.to_numpy())[:-1], *(", " + n for n in notes), ")"])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from .. import _printing

        return _printing.bundle(self, repr(self))

    def __dir__(self) -> list[str]:
        return [n for n in super().__dir__() if not isinstance(vars(ndarray).get(n), _Absent)]

    # --- operators --------------------------------------------------------------------------------------------------

    __add__, __radd__, __iadd__ = _operators("add")
    __sub__, __rsub__, __isub__ = _operators("subtract")
    __mul__, __rmul__, __imul__ = _operators("multiply")
    __truediv__, __rtruediv__, __itruediv__ = _operators("divide")
    __floordiv__, __rfloordiv__, __ifloordiv__ = _operators("floor_divide")
    __mod__, __rmod__, __imod__ = _operators("remainder")
    __pow__, __rpow__, __ipow__ = _operators("power")
    __matmul__, __rmatmul__, __imatmul__ = _operators("matmul")
    __and__, __rand__, __iand__ = _operators("bitwise_and")
    __or__, __ror__, __ior__ = _operators("bitwise_or")
    __xor__, __rxor__, __ixor__ = _operators("bitwise_xor")
    __lshift__, __rlshift__, __ilshift__ = _operators("left_shift", _shift(operator.lshift))
    __rshift__, __rrshift__, __irshift__ = _operators("right_shift", _shift(operator.rshift))
    __lt__, __le__, __gt__, __ge__ = (_operators(n)[0] for n in ("less", "less_equal", "greater", "greater_equal"))
    __neg__, __abs__, __invert__ = (public(getattr(fn, n), of_ufunc(getattr(np, n))) for n in ("negative", "absolute", "invert"))
    __pos__ = public(fn.copy, of_ufunc(np.positive))
    __hash__ = Tensor.__hash__
    __getitem__ = public(ix.getitem)

    def __eq__(self, other: Any) -> Any:
        return _equal(self, other) if other is not None else _zeros_like(self, bool)

    def __ne__(self, other: Any) -> Any:
        return _not_equal(self, other) if other is not None else _ones_like(self, bool)

    def __divmod__(self, other: Any) -> Any:
        return (self // other, self % other) if _meets(other) else NotImplemented

    def __rdivmod__(self, other: Any) -> Any:
        return (other // self, other % self) if _meets(other) else NotImplemented

    def __index__(self) -> int:
        if self.ndim or self.dtype.kind not in "iu":
            raise TypeError(f"only an integer array without dimensions is an index, not {self.dtype} of shape {self.shape}")
        return int(self.array.item())

    # --- reductions -------------------------------------------------------------------------------------------------

    def sum(
        self, axis: Any = None, dtype: DType = None, out: Any = None, keepdims: bool = False, initial: Any = None,
        where: Any = True,
    ) -> Any:  # fmt: skip
        _refuse("sum", out=out, initial=initial, where=where)
        return _sum(self, axis, dtype, keepdims)

    def prod(
        self, axis: Any = None, dtype: DType = None, out: Any = None, keepdims: bool = False, initial: Any = None,
        where: Any = True,
    ) -> Any:  # fmt: skip
        _refuse("prod", out=out, initial=initial, where=where)
        return _prod(self, axis, dtype, keepdims)

    def mean(self, axis: Any = None, dtype: DType = None, out: Any = None, keepdims: bool = False, *, where: Any = True) -> Any:
        _refuse("mean", out=out, where=where)
        return _mean(self, axis, dtype, keepdims)

    def var(
        self, axis: Any = None, dtype: DType = None, out: Any = None, ddof: float = 0, keepdims: bool = False, *,
        where: Any = True,
    ) -> Any:  # fmt: skip
        _refuse("var", out=out, where=where)
        return _var(self if dtype is None else self.astype(dtype), axis, ddof, keepdims)

    def std(
        self, axis: Any = None, dtype: DType = None, out: Any = None, ddof: float = 0, keepdims: bool = False, *,
        where: Any = True,
    ) -> Any:  # fmt: skip
        _refuse("std", out=out, where=where)
        return _std(self if dtype is None else self.astype(dtype), axis, ddof, keepdims)

    def max(self, axis: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
        """The largest elements, alone: where they are says ``argmax``."""
        _refuse("max", out=out, initial=initial, where=where)
        return _max(self, axis, keepdims)

    def min(self, axis: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
        _refuse("min", out=out, initial=initial, where=where)
        return _min(self, axis, keepdims)

    def all(self, axis: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = True) -> Any:
        _refuse("all", out=out, where=where)
        return _all(self, axis, keepdims)

    def any(self, axis: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = True) -> Any:
        _refuse("any", out=out, where=where)
        return _any(self, axis, keepdims)

    def argmax(self, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
        _refuse("argmax", out=out)
        return _argmax(self, axis, keepdims)

    def argmin(self, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
        _refuse("argmin", out=out)
        return _argmin(self, axis, keepdims)

    def cumsum(self, axis: int | None = None, dtype: DType = None, out: Any = None) -> Any:
        _refuse("cumsum", out=out)
        return _cumsum(_of_a_dimension(self), axis, dtype)

    def cumprod(self, axis: int | None = None, dtype: DType = None, out: Any = None) -> Any:
        _refuse("cumprod", out=out)
        return _cumprod(_of_a_dimension(self), axis, dtype)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: DType = None, out: Any = None) -> Any:
        _refuse("trace", out=out)
        return self.diagonal(offset, axis1, axis2).sum(-1, dtype)

    # --- elements ---------------------------------------------------------------------------------------------------

    def argsort(self, axis: int | None = -1, kind: str | None = None, order: Any = None, *, stable: bool | None = None) -> Any:
        """Stable whatever the ``kind``."""
        _refuse("argsort", order=order)
        return _argsort(self.ravel(), -1) if axis is None else _argsort(_of_a_dimension(self), axis)

    def sort(self, axis: int = -1, kind: str | None = None, order: Any = None, *, stable: bool | None = None) -> None:
        """Sort this array in place, which is recorded; ``gradflow.numpy.sort`` returns a sorted copy."""
        _refuse("sort", order=order)
        _sort_(self, axis)

    def nonzero(self) -> Any:
        return _nonzero(self)

    def clip(self, min: Any = None, max: Any = None, out: Any = None) -> Any:
        _refuse("clip", out=out)
        return _clip(self, min, max)

    def round(self, decimals: int = 0, out: Any = None) -> Any:
        _refuse("round", out=out)
        return _round(self, decimals)

    def conj(self) -> Any:
        return _conjugate(self)

    conjugate = conj

    def dot(self, other: Any, out: Any = None) -> Any:
        _refuse("dot", out=out)
        return _dot(self, other)

    def take(self, indices: Any, axis: int | None = None, out: Any = None, mode: str = "raise") -> Any:
        _refuse("take", out=out, mode=None if mode == "raise" else mode)
        return _take(self, indices, axis)

    def compress(self, condition: Any, axis: int | None = None, out: Any = None) -> Any:
        _refuse("compress", out=out)
        return self.take(public(fn.nonzero)(condition)[0], axis)

    def put(self, indices: Any, values: Any, mode: str = "raise") -> None:
        """Write ``values`` to the elements that ``indices`` name in C order; recorded."""
        _refuse("put", mode=None if mode == "raise" else mode)
        self.flat[indices] = values

    def fill(self, value: Any) -> None:
        """Write one number over the whole array; recorded."""
        _inplace.fill_(self, value)

    def item(self, *args: Any) -> Any:
        """The one element, or the one at an index, as a Python number."""
        if not args:
            return super().item()
        place = args[0] if len(args) == 1 and isinstance(args[0], tuple) else args
        return (self.flat[place[0]] if len(place) == 1 and self.ndim != 1 else self[tuple(place)]).item()

    def tobytes(self, order: str = "C") -> bytes:
        return self.to_numpy().tobytes(cast("Any", order))

    # --- shape ------------------------------------------------------------------------------------------------------

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> Any:
        _refuse("reshape", copy=copy)
        sizes = shape[0] if len(shape) == 1 else shape
        if order == "F":  # the first index runs fastest: in C order that is the transposed array
            backwards = tuple(reversed(sizes)) if hasattr(sizes, "__len__") else (sizes,)
            return _reshape(self.T, backwards).T
        _c_order("reshape", order)
        return _reshape(self, sizes)

    def ravel(self, order: str = "C") -> Any:
        return _ravel(self) if order == "C" else self.reshape(-1, order=order)

    def flatten(self, order: str = "C") -> Any:
        """A copy in one dimension."""
        return self.ravel(order).copy()

    def transpose(self, *axes: Any) -> Any:
        given = axes[0] if len(axes) == 1 else axes
        return _transpose(self, (given if hasattr(given, "__len__") else (given,)) if given is not None and axes else None)

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        return _swapaxes(self, axis1, axis2)

    def squeeze(self, axis: Any = None) -> Any:
        return _squeeze(self, axis)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
        return _diagonal(self, offset, axis1, axis2)

    def repeat(self, repeats: Any, axis: int | None = None) -> Any:
        """Each element several times, one beside the other."""
        return _repeat(_of_a_dimension(self), repeats, axis)

    def copy(self, order: str = "C") -> Any:
        if order == "F":
            return self.T.copy().T
        return _copy(self) if order != "C" or self.array.flags.c_contiguous else _contiguous(self)

    def __copy__(self) -> Any:
        return self.copy("K")

    def view(self, dtype: DType = None, type: Any = None) -> Any:
        """Another array of the same memory."""
        if dtype is not None or type is not None:
            raise NoCounterpartError("view: bytes read as another dtype have no derivative; astype converts, reshape reshapes")
        return self[...]

    def astype(self, dtype: DType, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]  # the order of NumPy's parameters
        if not np.can_cast(self.dtype, np.dtype(dtype), cast("Any", casting)):
            raise DTypeError(f"astype: {self.dtype} does not become {np.dtype(dtype)} with casting={casting!r}")
        return _to(self, dtype=dtype, copy=copy)

    # --- graph, devices, copies ---------------------------------------------------------------------------------------

    detach, to, cpu, cuda = (public(f, untouched) for f in (Tensor.detach, Tensor.to, Tensor.cpu, Tensor.cuda))

    new_empty, new_full, new_ones, new_tensor, new_zeros = (
        public(f, untouched) for f in (Tensor.new_empty, Tensor.new_full, Tensor.new_ones, Tensor.new_tensor, Tensor.new_zeros)
    )

    def to_device(self, device: Any, /, *, stream: Any = None) -> Any:
        return _to(self, device=device)

    @property
    def grad(self) -> Any:
        """The gradient that backward has added up here, an ``ndarray``; None at first."""
        found = super().grad
        if found is None or isinstance(found, ndarray):
            return found
        return self._like(found, shared=found.node is not None)  # a recorded one may be that of several arrays

    @grad.setter
    def grad(self, value: Any) -> None:
        Tensor.grad.fset(self, alias(value) if type(value) is Tensor else value)  # type: ignore[attr-defined]

    def _float_dtype(self) -> np.dtype[Any]:
        return backend.dtypes.float64

    def _like(self, made: Any, shared: bool = False) -> Any:
        return own(wrap(made.array, made.node) if shared else made)

    def __deepcopy__(self, memo: dict[Any, Any]) -> Any:
        return own(super().__deepcopy__(memo))

    def __reduce__(self) -> Any:
        _, (_, *state) = super().__reduce__()
        return _unpickled, tuple(state)


set_class(ndarray)


def _unpickled(*state: Any) -> Any:
    return own(_rebuilt(Tensor, *state))


def _of_a_dimension(array: ndarray) -> Any:
    """``array``, of one dimension if it has none, as NumPy takes it where there is an axis to go along."""
    return array if array.ndim else array.reshape(1)


def _c_order(name: str, order: str) -> None:
    if order != "C":
        raise ArgumentError(f"{name}: order is 'C' or 'F', not {order!r}: that of the memory is not recorded")


class _Flat:
    """The elements of an array in C order, as ``numpy.ndarray.flat``."""

    def __init__(self, array: ndarray) -> None:
        self._array = array

    def __len__(self) -> int:
        return self._array.size

    def __iter__(self) -> Iterator[Any]:
        return iter(self._array.ravel())

    def __getitem__(self, index: Any) -> Any:
        return self._array.ravel()[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        a = _of_a_dimension(self._array)
        xp = backend.namespace_of(a.array)
        places = xp.reshape(xp.arange(a.size), a.shape)  # where each element of the array is in C order
        chosen = xp.reshape(places, (-1,))[ix.bare(index)]
        left, where = chosen, []
        for n in reversed(a.shape):
            where.append(left % n)
            left = left // n
        a[tuple(reversed(where))] = value


# --- the operations behind the methods -------------------------------------------------------------------------------------

_of_one: Callable[[Any], Any] = public

_sum, _prod, _cumsum, _cumprod = (public(f, sums) for f in (fn.sum, fn.prod, fn.cumsum, fn.cumprod))
_mean, _var, _std = (public(f, floats) for f in (fn.mean, fn.var, fn.std))
_max, _min, _all, _any, _argmax, _argmin = map(_of_one, (fn.max, fn.min, fn.all, fn.any, fn.argmax, fn.argmin))
_argsort, _nonzero, _conjugate, _take, _repeat = map(_of_one, (fn.argsort, fn.nonzero, conj, fn.take, fn.repeat))
_reshape, _ravel, _transpose, _swapaxes, _squeeze = map(_of_one, (fn.reshape, fn.ravel, fn.transpose, fn.swapaxes, fn.squeeze))
_diagonal, _copy, _matrix_transpose, _real, _imag, _unbind = map(
    _of_one, (fn.diagonal, fn.copy, fn.matrix_transpose, fn.real, fn.imag, ct.unbind)
)
_clip, _dot = public(fn.clip, limits), public(fn.dot, together(0, 2))
_contiguous, _round, _to = public(s.contiguous), public(fn.round, rounding), public(Tensor.to, untouched)
_zeros_like, _ones_like = public(fn.zeros_like, untouched), public(fn.ones_like, untouched)
_sort_ = _inplace.of(fn.sort, "sort")
_equal, _not_equal = _operators("equal")[0], _operators("not_equal")[0]


# --- names that are not here ----------------------------------------------------------------------------------------------

_NUMBERS = "to_numpy() gives the plain array, which has it"
_NOT_HERE = {
    "argpartition": "argsort orders all elements",
    "byteswap": _NUMBERS,
    "choose": "use gradflow.numpy.where or take_along_axis",
    "ctypes": _NUMBERS,
    "data": "array is the bare array, and detach() shares the memory and records nothing",
    "dump": "use gf.save or pickle.dump",
    "dumps": "use pickle.dumps",
    "getfield": _NUMBERS,
    "partition": "sort orders all elements",
    "resize": "the size of a recorded array is fixed; use gradflow.numpy.pad, concatenate or reshape",
    "searchsorted": "use numpy.searchsorted, whose result has no derivative, on to_numpy()",
    "setfield": _NUMBERS,
    "setflags": "array is the bare array, which has it",
    "tofile": _NUMBERS,
}
"""What ``numpy.ndarray`` has and a recorded array has not, and what to use instead."""

_KEPT = {
    *("array", "as_subclass", "backward", "detach_", "grad_fn", "is_leaf", "node", "numpy", "register_hook", "requires_grad"),
    *("register_post_accumulate_grad_hook", "requires_grad_", "retain_grad", "retains_grad", "to_numpy"),
    *("data_ptr", "dim", "element_size", "is_complex", "is_contiguous", "is_cuda", "is_floating_point", "numel", "stride"),
    *("device", "dtype", "ndim", "shape", "tolist"),
}
"""Of what Tensor has, that which is taken over: gradients, what an array is asked, and what NumPy calls the same."""


class _Absent:
    """A name that is not there, and says what is."""

    def __init__(self, name: str, cure: str) -> None:
        self.text = f"gradflow.numpy.ndarray has no {name}: {cure}"

    def __get__(self, array: Any, kind: Any = None) -> Any:
        raise AttributeError(self.text)


def _leave_out() -> None:
    for name, cure in _NOT_HERE.items():
        setattr(ndarray, name, _Absent(name, cure))
    for name in dir(Tensor):
        if not name.startswith("_") and name not in _KEPT and name not in vars(ndarray):
            cure = f"gradflow.numpy.{name}" if name in fn.__all__ else "as_subclass(gf.Tensor)"
            setattr(ndarray, name, _Absent(name, f"PyTorch's method is not NumPy's; {cure} has it"))


_leave_out()
