"""The Tensor: an array, the node that made it, and the operations as methods.

The class body lists which operations are methods; what they do is written where they are defined.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

import numpy as np

from . import _inplace, backend
from ._engine import is_operand, operator, wrap
from ._numpy_keywords import METHODS, numpy_keywords
from ._ops import activations as act
from ._ops import choosing as ch
from ._ops import compare as cp
from ._ops import complex as cx
from ._ops import cutting as ct
from ._ops import device as device_ops
from ._ops import diagonals as dg
from ._ops import division as dv
from ._ops import elementwise as e
from ._ops import extremes as ex
from ._ops import factorisations as fa
from ._ops import index as ix
from ._ops import joining as jn
from ._ops import linalg as la
from ._ops import neural as nn
from ._ops import norms as nm
from ._ops import picking as pk
from ._ops import reduce as r
from ._ops import shape as s
from ._ops import transcendental as fn
from ._ops import trigonometry as tg
from ._recorded import Recorded, is_plotted, loses_gradient, warn_of_lost_gradient
from ._size import Size
from .backend import device as Device
from .backend import dtypes
from .errors import DeviceError, GraphError, ShapeError
from .typing import DeviceLike, DType, SizeLike, TensorData, TensorLike

if TYPE_CHECKING:
    from .random import Generator

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T", bound="Tensor")


def _known_only(function: F) -> F:
    """A function of two operands as an operator: NotImplemented beside what operations do not take."""

    def operate(self: Tensor, other: TensorLike) -> Tensor:
        return function(self, other) if is_operand(other) else NotImplemented

    operate.__name__ = operate.__qualname__ = function.__name__
    operate.__doc__ = function.__doc__
    return cast("F", operate)


class Tensor(Recorded):
    """An array that can record what is computed from it.

    ``array`` is the bare ``numpy.ndarray`` or ``cupy.ndarray``.  Tensors are made by ``gf.tensor`` (copies),
    ``gf.as_tensor`` (shares memory) and the creation functions.

    >>> import gradflow as gf
    >>> x = gf.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4., 6.])
    """

    __slots__ = ()
    __module__ = "gradflow"  # the public place, which pickles name
    __array_priority__ = 1000.0

    def __init__(self, *data: TensorData, requires_grad: bool = False) -> None:
        """As PyTorch's ``torch.Tensor``: ``Tensor(4, 5)`` is memory of that shape, ``Tensor([1, 2])`` holds these numbers.

        Both have the default dtype, float32.  ``gf.tensor`` and ``gf.as_tensor`` keep the dtype of what they are given.
        """
        from ._filled import constructed

        self.array, self.node = constructed(data), None
        if requires_grad:
            self.requires_grad_(True)

    # --- what it is -----------------------------------------------------------------------------------------------

    @property
    def ndim(self) -> int:
        return self.array.ndim  # type: ignore[no-any-return]

    @property
    def size(self) -> _NumberOfElements:
        """The number of elements; also callable as PyTorch's ``size()`` and ``size(dim)``."""
        return _NumberOfElements(self.array.size, self.array.shape)

    @property
    def is_cuda(self) -> bool:
        return not isinstance(self.array, np.ndarray)

    def dim(self) -> int:
        """The number of dimensions."""
        return self.ndim

    def numel(self) -> int:
        """The number of elements."""
        return int(self.array.size)

    def element_size(self) -> int:
        """Bytes of one element."""
        return int(self.array.dtype.itemsize)

    def is_floating_point(self) -> bool:
        return bool(self.array.dtype.kind == "f")

    def is_complex(self) -> bool:
        return bool(self.array.dtype.kind == "c")

    def is_contiguous(self) -> bool:
        return bool(self.array.flags.c_contiguous)

    def stride(self) -> tuple[int, ...]:
        """Steps between neighbours along each dimension, in elements."""
        return tuple(n // self.array.dtype.itemsize for n in self.array.strides)

    def data_ptr(self) -> int:
        """The address of the first element."""
        return int(backend.namespace_of(self.array).address(self.array))

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of a 0-d tensor")
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(ct.unbind(self))

    def __repr__(self) -> str:
        from . import _printing

        return _printing.text(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: the text and more, fetched from the device once."""
        from . import _printing

        return _printing.bundle(self)

    def _repr_html_(self) -> str:
        return self._repr_mimebundle_()["text/html"]

    def __format__(self, spec: str) -> str:
        """A tensor without dimensions is written as its number: ``f"{loss:.3f}"``, ``f"{loss}"``."""
        return format(str(self) if self.ndim else self.detach().item(), spec)

    def __hash__(self) -> int:
        return id(self)

    def __contains__(self, element: TensorLike) -> bool:
        return bool(r.any(cp.eq(self, element)))

    def __bool__(self) -> bool:
        if self.array.size != 1:
            raise ShapeError(f"a tensor of shape {self.shape} is neither true nor false; use .any() or .all()")
        return bool(self.array.item())

    def __float__(self) -> float:
        if self.node is not None and loses_gradient(self):
            _warn_of_number("float")
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __complex__(self) -> complex:
        if self.node is not None and loses_gradient(self):
            _warn_of_number("complex")
        return complex(self.item())

    def __index__(self) -> int:
        if self.dtype.kind not in "iub" or self.array.size != 1:
            raise TypeError(f"only an integer tensor of one element is an index, not {self.dtype} of shape {self.shape}")
        return int(self.array.item())

    # --- the same numbers elsewhere ---------------------------------------------------------------------------------

    def item(self) -> Any:
        """The one element as a Python number (on CUDA this waits for the device)."""
        if self.array.size != 1:
            raise ShapeError(f"item: a tensor of shape {self.shape} has {self.array.size} elements, not one; use tolist()")
        return self.array.item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
        return self.array.tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray[Any, Any]:
        """The bare NumPy array, sharing memory.

        DeviceError on CUDA and GraphError if this tensor requires grad, unless ``force``: use ``to_numpy()`` for an array
        in any case.
        """
        if force:
            return self.to_numpy()
        if self.node is not None:
            raise GraphError(
                "numpy(): a bare array would lose the graph of this tensor, which requires grad; NumPy's functions called on the "
                "tensor itself, as np.sin(t), are recorded; for its numbers alone use to_numpy()"
            )
        if self.is_cuda:
            raise DeviceError(f"numpy(): this tensor is on {self.device}; use .cpu().numpy() or to_numpy()")
        return self.array  # type: ignore[no-any-return]

    def to_numpy(self) -> np.ndarray[Any, Any]:
        """The numbers as a NumPy array without a graph, from any device.

        On the CPU it shares the tensor's memory, and changes with it: keep ``to_numpy().copy()`` of a parameter that is trained.
        """
        return backend.namespace_of(self.array).to_host(self.array)  # type: ignore[no-any-return]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        force = (self.node is not None or self.is_cuda) and is_plotted()
        if self.node is not None and not force:
            raise GraphError(
                "an array of NumPy has no gradient, and this Tensor requires grad: gf.stack or gradflow.numpy.array of Tensors "
                "is recorded; for plain numbers use detach() or to_numpy()"
            )
        array = self.numpy(force=force)
        return array if dtype is None and not copy else np.array(array, dtype, copy=copy)

    def __dlpack__(self, **kwargs: Any) -> Any:
        if self.node is not None:
            raise GraphError(
                "DLPack: another library's array would lose the graph of this tensor, which requires grad; an autograd.Function "
                "with a backward records what another library computes; for the numbers alone use detach()"
            )
        data = self.array
        if any(s < 0 or s % data.itemsize for s in data.strides):  # PyTorch takes no such steps, and would end the process
            if kwargs.get("copy") is False:
                raise BufferError(f"DLPack: strides of {data.strides} bytes cannot be shared; use contiguous()")
            data = data.copy()
        return data.__dlpack__(**kwargs)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()

    def to(self, *where: Tensor | DType | Device, dtype: DType = None, device: DeviceLike = None, copy: bool = False) -> Tensor:
        """This tensor as another dtype, on another device, or as and where another tensor is; recorded.

        >>> import gradflow as gf
        >>> gf.ones(2).to(gf.float64).dtype
        dtype('float64')
        """
        for what in where:
            if isinstance(what, Tensor):
                dtype, device = what.dtype, what.device
            else:
                device, dtype = backend.meant_by(what, device, dtype)
        t = self
        if device is not None:
            t = device_ops.to_device(t, Device(device))
        if dtype is not None:
            wanted = dtypes.as_dtype(dtype)
            t = t if t.dtype == wanted else e.cast(t, wanted)
        return s.clone(t) if copy and t is self else t

    def type(self, dtype: DType) -> Tensor:
        return self.to(dtype=dtype)

    def astype(self, dtype: DType, copy: _bool = True) -> Tensor:
        """NumPy's spelling of ``to(dtype, copy=True)``; without ``copy`` a tensor of that dtype is returned as it is."""
        return self.to(dtype=dtype, copy=copy)

    def as_subclass(self, cls: builtins.type[T]) -> T:
        """This tensor's memory, recorded, as another class of Tensor, whose methods it then has.

        >>> import gradflow as gf, gradflow.numpy as gnp
        >>> gf.tensor([1.0, 3.0]).as_subclass(gnp.ndarray).std()
        array(1., dtype=float32)
        """
        if not issubclass(cls, Tensor):
            raise TypeError(f"as_subclass: {cls.__name__} is no class of Tensor")
        made = ix.getitem(self, ...)
        made.__class__ = cls
        return cast("T", made)

    def type_as(self, other: Tensor) -> Tensor:
        return self.to(dtype=other.dtype)

    def cpu(self) -> Tensor:
        return self.to(device="cpu")

    def cuda(self, index: int | None = None) -> Tensor:
        return self.to(device=Device("cuda", index))

    def float(self) -> Tensor:
        return self.to(dtype=dtypes.float32)

    def double(self) -> Tensor:
        return self.to(dtype=dtypes.float64)

    def half(self) -> Tensor:
        return self.to(dtype=dtypes.float16)

    def long(self) -> Tensor:
        return self.to(dtype=dtypes.int64)

    def int(self) -> Tensor:
        return self.to(dtype=dtypes.int32)

    def bool(self) -> Tensor:
        return self.to(dtype=dtypes.bool_)

    def new_tensor(self, data: TensorData, *, dtype: DType = None, requires_grad: _bool = False) -> Tensor:
        from ._creation import tensor

        return tensor(data, dtype=self.dtype if dtype is None else dtype, device=self.device, requires_grad=requires_grad)

    def new_zeros(self, *size: SizeLike, dtype: DType = None, requires_grad: _bool = False) -> Tensor:
        return self._new("zeros", size, dtype, requires_grad)

    def new_ones(self, *size: SizeLike, dtype: DType = None, requires_grad: _bool = False) -> Tensor:
        return self._new("ones", size, dtype, requires_grad)

    def new_empty(self, *size: SizeLike, dtype: DType = None, requires_grad: _bool = False) -> Tensor:
        return self._new("empty", size, dtype, requires_grad)

    def new_full(self, size: SizeLike, fill_value: TensorLike, *, dtype: DType = None, requires_grad: _bool = False) -> Tensor:
        from ._filled import full

        return full(size, fill_value, dtype=dtype or self.dtype, device=self.device, requires_grad=requires_grad)

    def _new(self, name: str, size: Any, dtype: DType, requires_grad: _bool) -> Tensor:
        from . import _filled

        made: Tensor = getattr(_filled, name)(*size, dtype=dtype or self.dtype, device=self.device, requires_grad=requires_grad)
        return made

    # --- operations -------------------------------------------------------------------------------------------------

    # Beside an operand that they do not know operators give NotImplemented, and Python asks the operand.
    __add__ = __radd__ = operator(e._add)
    __sub__, __rsub__ = operator(e._sub), e.rsub
    __mul__ = __rmul__ = operator(e.mul)
    __truediv__, __rtruediv__ = operator(e._div), dv.rdiv
    __floordiv__, __rfloordiv__ = _known_only(dv.floor_divide), dv.rfloor_divide
    __mod__, __rmod__ = _known_only(dv.remainder), dv.rremainder
    __pow__, __rpow__ = e.pow, e.rpow
    __matmul__, __rmatmul__ = _known_only(la.matmul), la.rmatmul
    __neg__, __abs__ = e.neg, e.abs
    if TYPE_CHECKING:  # object's own give bool

        def __eq__(self, other: object) -> Tensor: ...  # type: ignore[override]
        def __ne__(self, other: object) -> Tensor: ...  # type: ignore[override]
    else:
        __eq__, __ne__ = operator(cp.eq, "is_value"), operator(cp.ne, "is_value")
    __lt__, __le__, __gt__, __ge__ = operator(cp.lt), operator(cp.le), operator(cp.gt), operator(cp.ge)
    __and__ = __rand__ = operator(cp.bitwise_and)
    __or__ = __ror__ = operator(cp.bitwise_or)
    __xor__ = __rxor__ = operator(cp.bitwise_xor)
    __invert__ = cp.bitwise_not
    __getitem__ = ix.getitem
    __setitem__ = _inplace.setitem

    def __pos__(self) -> Tensor:
        return self

    abs, absolute, add, sub, subtract, mul, multiply = e.abs, e.abs, e.add, e.sub, e.sub, e.mul, e.mul
    div, divide, true_divide, neg, negative, pow = dv.div, dv.div, e._div, e.neg, e.neg, e.pow
    exp, expm1, log, log1p, log2, log10 = fn.exp, fn.expm1, fn.log, fn.log1p, fn.log2, fn.log10
    hypot, logaddexp = tg.hypot, fn.logaddexp
    sqrt, rsqrt, reciprocal, square = e.sqrt, e.rsqrt, e.reciprocal, e.square
    sin, cos, tan, asin, acos, atan, atan2 = tg.sin, tg.cos, tg.tan, tg.asin, tg.acos, tg.atan, tg.atan2
    sinh, cosh, tanh, asinh, acosh, atanh = tg.sinh, tg.cosh, tg.tanh, tg.asinh, tg.acosh, tg.atanh
    sigmoid, erf, clamp, clip, maximum, minimum = fn.sigmoid, fn.erf, ch.clamp, ch.clamp, ch.maximum, ch.minimum
    sign, floor, ceil, round, trunc = dv.sign, dv.floor, dv.ceil, dv.round, dv.trunc
    fmod, remainder, floor_divide, lerp = dv.fmod, dv.remainder, dv.floor_divide, e.lerp
    eq, ne, lt, le, gt, ge = cp.eq, cp.ne, cp.lt, cp.le, cp.gt, cp.ge
    logical_and, logical_or, logical_xor, logical_not = cp.logical_and, cp.logical_or, cp.logical_xor, cp.logical_not
    isnan, isinf, isfinite = cp.isnan, cp.isinf, cp.isfinite
    conj, angle = cx.conj, cx.angle

    sum, mean, prod, var, std, max, min = r.sum, r.mean, r.prod, r.var, r.std, ex.max, ex.min
    amax, amin, argmax, argmin, any, all = ex.amax, ex.amin, ex.argmax, ex.argmin, r.any, r.all
    logsumexp, cumsum, cumprod, norm, median = nm.logsumexp, r.cumsum, r.cumprod, nm.norm, ex.median
    sort, argsort, topk = ex.sort, ex.argsort, ex.topk

    reshape, view, flatten, ravel, permute, transpose, t = (
        s.reshape,
        s.view,
        s.flatten,
        s.ravel,
        s.permute,
        s.transpose,
        s.t,
    )
    squeeze, unsqueeze, expand, broadcast_to, movedim = s.squeeze, s.unsqueeze, s.expand, s.broadcast_to, s.movedim
    split, chunk, unbind, flip, roll, repeat, tile = ct.split, ct.chunk, ct.unbind, jn.flip, jn.roll, jn.repeat, jn.tile
    repeat_interleave, narrow, select = jn.repeat_interleave, ct.narrow, ct.select
    tril, triu, diag, diagonal, trace, clone, contiguous = (
        dg.tril,
        dg.triu,
        dg.diag,
        dg.diagonal,
        dg.trace,
        s.clone,
        s.contiguous,
    )

    dot, mv, mm, bmm, matmul, outer, kron = la.dot, la.mv, la.mm, la.bmm, la.matmul, la.outer, la.kron
    inverse, det, slogdet, cholesky = fa.inv, fa.det, fa.slogdet, fa.cholesky

    gather, scatter, scatter_add, index_select, index_add = (
        pk.gather,
        pk.scatter,
        pk.scatter_add,
        pk.index_select,
        pk.index_add,
    )
    take_along_dim, masked_fill, masked_select, nonzero = (
        pk.take_along_dim,
        ix.masked_fill,
        ix.masked_select,
        ix.nonzero,
    )

    softmax, log_softmax, relu = nn.softmax, nn.log_softmax, act.relu

    def where(self, condition: TensorLike, other: TensorLike) -> Tensor:
        """This tensor's elements where ``condition`` is true, those of ``other`` elsewhere."""
        return ch.where(condition, self, other)

    def view_as(self, other: Tensor) -> Tensor:
        return s.view(self, other.shape)

    def reshape_as(self, other: Tensor) -> Tensor:
        return s.reshape(self, other.shape)

    def expand_as(self, other: Tensor) -> Tensor:
        return s.expand(self, other.shape)

    @property
    def T(self) -> Tensor:
        """The dimensions in reverse order, as a view."""
        return s.permute(self, tuple(reversed(range(self.ndim))))

    @property
    def mT(self) -> Tensor:
        """Each matrix of the last two dimensions transposed, as a view."""
        if self.ndim < 2:
            raise ShapeError(f"mT: needs at least 2 dimensions, got shape {self.shape}")
        return s.transpose(self, -2, -1)

    @property
    def real(self) -> Tensor:
        return cx.real(self)

    @property
    def imag(self) -> Tensor:
        return cx.imag(self)

    # --- in place ---------------------------------------------------------------------------------------------------

    add_, sub_, mul_, div_ = (_inplace.of(f, n) for f, n in ((e.add, "add_"), (e.sub, "sub_"), (e.mul, "mul_"), (dv.div, "div_")))
    pow_, neg_, abs_ = _inplace.of(e.pow, "pow_"), _inplace.of(e.neg, "neg_"), _inplace.of(e.abs, "abs_")
    exp_, log_, sqrt_ = _inplace.of(fn.exp, "exp_"), _inplace.of(fn.log, "log_"), _inplace.of(e.sqrt, "sqrt_")
    square_, reciprocal_ = _inplace.of(e.square, "square_"), _inplace.of(e.reciprocal, "reciprocal_")
    sin_, cos_, tanh_ = _inplace.of(tg.sin, "sin_"), _inplace.of(tg.cos, "cos_"), _inplace.of(tg.tanh, "tanh_")
    sigmoid_, relu_, clamp_ = (
        _inplace.of(fn.sigmoid, "sigmoid_"),
        _inplace.of(act.relu, "relu_"),
        _inplace.of(ch.clamp, "clamp_"),
    )
    floor_, ceil_, round_ = _inplace.of(dv.floor, "floor_"), _inplace.of(dv.ceil, "ceil_"), _inplace.of(dv.round, "round_")
    masked_fill_, lerp_ = _inplace.of(ix.masked_fill, "masked_fill_"), _inplace.of(e.lerp, "lerp_")
    scatter_, scatter_add_ = _inplace.of(pk.scatter, "scatter_"), _inplace.of(pk.scatter_add, "scatter_add_")
    index_add_ = _inplace.of(pk.index_add, "index_add_")
    copy_, fill_, zero_ = _inplace.copy_, _inplace.fill_, _inplace.zero_
    __iadd__, __isub__, __imul__, __itruediv__ = add_, sub_, mul_, div_
    __ipow__ = pow_

    def normal_(self, mean: _float = 0.0, std: _float = 1.0, *, generator: Generator | None = None) -> Tensor:
        """Write normally distributed numbers over the whole tensor."""
        from .random import randn

        return _inplace.copy_(self, randn(self.shape, dtype=self.dtype, device=self.device, generator=generator) * std + mean)

    def uniform_(self, low: _float = 0.0, high: _float = 1.0, *, generator: Generator | None = None) -> Tensor:
        """Write numbers uniform in [low, high) over the whole tensor."""
        from .random import rand

        return _inplace.copy_(
            self, rand(self.shape, dtype=self.dtype, device=self.device, generator=generator) * (high - low) + low
        )

    # --- beside NumPy ------------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from ._numpy.calls import call_ufunc

        return call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from ._numpy.calls import call_function

        return call_function(function, args, kwargs)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        from . import numpy as gnp

        return gnp

    # --- copies and files ----------------------------------------------------------------------------------------------

    def __deepcopy__(self, memo: dict[Any, Any]) -> Tensor:
        if not self.is_leaf:
            raise GraphError(
                "only leaves can be deep-copied: a result's graph cannot be; clone() is a recorded copy, detach().clone() one of "
                "the numbers alone"
            )
        made: Tensor = wrap(self.array.copy())
        memo[id(self)] = made
        self._copy_state(made)
        return made

    def _copy_state(self, made: Tensor) -> None:
        if self.node is not None:
            made.requires_grad_(True)
        if self.is_leaf and self.grad is not None:
            made.grad = wrap(self.grad.array.copy())

    def __reduce__(self) -> Any:
        if not self.is_leaf:
            raise GraphError("only leaves can be pickled: a result's graph cannot be; use detach()")
        return _rebuilt, (type(self), self.to_numpy(), str(self.device), self.requires_grad)


def _warn_of_number(kind: str) -> None:
    warn_of_lost_gradient(
        f"a Python {kind}, as {kind}(t), math.exp(t) or a[i] = t of a NumPy array make it,",
        "gf.exp(t) and its like are recorded, a[i] = t with a = gf.zeros(n), and gf.stack or gradflow.numpy.array of Tensors",
    )


_bool = bool
_float = float


def _rebuilt(kind: Any, array: np.ndarray[Any, Any], device: str, requires_grad: bool) -> Tensor:
    place = Device(device)
    t: Tensor = object.__new__(kind)
    t.array, t.node = backend.namespace_for(place).from_host(array, place), None
    return t.requires_grad_(requires_grad)


class _NumberOfElements(int):
    """NumPy's ``size`` (a number) and PyTorch's ``size()`` in one."""

    _shape: Size

    def __new__(cls, count: int, shape: tuple[int, ...]) -> _NumberOfElements:
        self = super().__new__(cls, count)
        self._shape = Size(shape)
        return self

    @overload
    def __call__(self, dim: None = None) -> tuple[int, ...]: ...
    @overload
    def __call__(self, dim: int) -> int: ...
    def __call__(self, dim: int | None = None) -> int | tuple[int, ...]:
        return self._shape if dim is None else self._shape[dim]


for _name in METHODS:
    setattr(Tensor, _name, numpy_keywords(getattr(Tensor, _name)))
