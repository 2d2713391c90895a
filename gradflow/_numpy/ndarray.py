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
from typing import Any

import numpy as np

from .. import _inplace, backend
from .._engine import base_of, is_operand, wrap
from .._ops import cutting as ct
from .._ops import index as ix
from .._tensor import Tensor, _rebuilt
from ..errors import DTypeError
from ..typing import DType
from . import functions as fn
from .face import alias, of_ufunc, own, public, set_class, untouched
from .nd_reductions import Reduced


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


class ndarray(Reduced):  # noqa: N801 - NumPy's name
    """An array that can record what is computed from it, with the operators, methods and dtypes of ``numpy.ndarray``.

    ``gradflow.numpy.array`` and its like make one; ``t.as_subclass(gradflow.numpy.ndarray)`` is a Tensor seen as one, and
    ``a.as_subclass(gf.Tensor)`` the way back.  Beside a plain Tensor the result is an ``ndarray``.

    Parameters
    ----------
    shape : int or tuple of int
        The lengths of the dimensions, of memory with whatever is in it; use ``gradflow.numpy.array`` for data.
    dtype : dtype, default float
        The dtype.

    Examples
    --------
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
        self.array, self.node = fn.empty(shape, dtype).array, None

    # --- what it is -----------------------------------------------------------------------------------------------

    @property
    def size(self) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]  # PyTorch's size is also called
        """The number of elements.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.ones((2, 3)).size
        6
        """
        return int(self.array.size)

    @property
    def itemsize(self) -> int:
        """The bytes of one element.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.ones(2).itemsize
        8
        """
        return int(self.array.itemsize)

    @property
    def nbytes(self) -> int:
        """The bytes of all elements.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.ones(2).nbytes
        16
        """
        return int(self.array.nbytes)

    @property
    def strides(self) -> tuple[int, ...]:
        """The bytes between neighbours along each dimension.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.ones((2, 3)).strides
        (24, 8)
        """
        return tuple(self.array.strides)

    @property
    def flags(self) -> Any:
        """How the elements lie in memory, as ``numpy.ndarray.flags``.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.ones(2).flags.c_contiguous
        True
        """
        return self.array.flags

    @property
    def base(self) -> Any:
        """The array whose memory this one shows, or None.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.ones(4)
        >>> a[1:].base is a
        True
        """
        base = base_of(self)
        return None if base is self else base if isinstance(base, ndarray) else alias(base)

    @property
    def T(self) -> Any:
        """The dimensions in reverse order, as a view.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.ones((2, 3)).T.shape
        (3, 2)
        """
        return self.transpose()

    @property
    def mT(self) -> Any:
        """Each matrix of the last two dimensions transposed, as a view.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.ones((5, 2, 3)).mT.shape
        (5, 3, 2)
        """
        return _matrix_transpose(self)

    @property
    def real(self) -> Any:
        """The real part, as a view.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.array([3 - 4j]).real
        array([3.])
        """
        return _real(self)

    @property
    def imag(self) -> Any:
        """The imaginary part, as a view; zeros if the array is real.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.array([3 - 4j]).imag
        array([-4.])
        """
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

    # --- graph, devices, copies ---------------------------------------------------------------------------------------

    detach, to, cpu, cuda = (public(f, untouched) for f in (Tensor.detach, Tensor.to, Tensor.cpu, Tensor.cuda))

    new_empty, new_full, new_ones, new_tensor, new_zeros = (
        public(f, untouched) for f in (Tensor.new_empty, Tensor.new_full, Tensor.new_ones, Tensor.new_tensor, Tensor.new_zeros)
    )

    def to_device(self, device: Any, /, *, stream: Any = None) -> Any:
        """The array on another device; recorded.

        Parameters
        ----------
        device : device or str
            The device.
        stream : None
            As the array API standard has it, for nothing.

        Returns
        -------
        ndarray
            This array itself if it is there.

        Raises
        ------
        DeviceError
            If the device does not exist here.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.ones(2).to_device("cpu")
        array([1., 1.])
        """
        return _to(self, device=device)

    @property
    def grad(self) -> Any:
        """The gradient that backward has added up here, an ``ndarray``; None at first.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.array([1.0, 2.0]).requires_grad_()
        >>> (a * a).sum().backward()
        >>> a.grad
        array([2., 4.])
        """
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


# --- the operations behind the methods -------------------------------------------------------------------------------------

_of_one: Callable[[Any], Any] = public
_matrix_transpose, _real, _imag, _unbind = map(_of_one, (fn.matrix_transpose, fn.real, fn.imag, ct.unbind))
_to, _zeros_like, _ones_like = (public(f, untouched) for f in (Tensor.to, fn.zeros_like, fn.ones_like))
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
    own = {name for kind in ndarray.__mro__[: ndarray.__mro__.index(Tensor)] for name in vars(kind)}
    for name in dir(Tensor):
        if not name.startswith("_") and name not in _KEPT | own:
            cure = f"gradflow.numpy.{name}" if name in fn.__all__ else "as_subclass(gf.Tensor)"
            setattr(ndarray, name, _Absent(name, f"PyTorch's method is not NumPy's; {cure} has it"))


_leave_out()
