"""The Tensor: an array, the node that made it, and the operations as methods.

The class body lists which operations are methods; what they do is written where they are defined.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from . import backend, inplace
from .backend import device as Device
from .backend import dtypes
from .engine import Leaf, Node, RemovableHandle, Value, accumulate, sweep, wrap, writes
from .errors import DeviceError, DTypeError, GraphError, NoCounterpartError, ShapeError
from .ops import elementwise as e
from .ops import index as ix
from .ops import linalg as la
from .ops import moves
from .ops import neural as nn
from .ops import reduce as r
from .ops import shape as s
from .typing import Array, DType, TensorLike


class Tensor(Value):
    """An array that can record what is computed from it.

    ``data`` is the bare ``numpy.ndarray`` or ``cupy.ndarray``.  Tensors are made by ``gf.tensor`` (copies),
    ``gf.as_tensor`` (shares memory) and the creation functions.

    >>> import gradflow as gf
    >>> x = gf.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4., 6.])
    """

    __slots__ = ()
    __array_priority__ = 1000.0

    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        self.data = _numbers(data)
        self.node = None
        if requires_grad:
            self.requires_grad_(True)

    # --- what it is -----------------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape  # type: ignore[no-any-return]

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.data.dtype  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        return self.data.ndim  # type: ignore[no-any-return]

    @property
    def size(self) -> Any:
        """The number of elements; also callable as PyTorch's ``size()`` and ``size(dim)``."""
        return _Size(self.data.size, self.data.shape)

    @property
    def device(self) -> Device:
        return backend.namespace_of(self.data).device_of(self.data)  # type: ignore[no-any-return]

    @property
    def is_cuda(self) -> bool:
        return not isinstance(self.data, np.ndarray)

    def dim(self) -> int:
        """The number of dimensions."""
        return self.ndim

    def numel(self) -> int:
        """The number of elements."""
        return int(self.data.size)

    def element_size(self) -> int:
        """Bytes of one element."""
        return int(self.data.dtype.itemsize)

    def is_floating_point(self) -> bool:
        return bool(self.data.dtype.kind == "f")

    def is_complex(self) -> bool:
        return bool(self.data.dtype.kind == "c")

    def is_contiguous(self) -> bool:
        return bool(self.data.flags.c_contiguous)

    def stride(self) -> tuple[int, ...]:
        """Steps between neighbours along each dimension, in elements."""
        return tuple(n // self.data.dtype.itemsize for n in self.data.strides)

    def data_ptr(self) -> int:
        """The address of the first element."""
        return int(backend.namespace_of(self.data).address(self.data))

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of a 0-d tensor")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(s.unbind(self))

    def __repr__(self) -> str:
        from . import printing

        return printing.text(self)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec and not self.ndim else str(self).__format__(spec)

    def __hash__(self) -> int:
        return id(self)

    def __contains__(self, element: TensorLike) -> bool:
        return bool(r.any(e.eq(self, element)))

    def __bool__(self) -> bool:
        if self.data.size != 1:
            raise ShapeError(f"a tensor of shape {self.shape} is neither true nor false; use .any() or .all()")
        return bool(self.data.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __index__(self) -> int:
        if self.dtype.kind not in "iub" or self.data.size != 1:
            raise TypeError(f"only an integer tensor of one element is an index, not {self.dtype} of shape {self.shape}")
        return int(self.data.item())

    # --- its graph --------------------------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """True if operations on this tensor are recorded; settable on leaves."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Ask for a gradient of this tensor, or stop asking.

        An integer or boolean tensor becomes one of the default float dtype, with a warning: whole numbers have no
        derivative.  GraphError if it is the result of a recorded operation and the gradient is to be refused.
        """
        if not requires_grad:
            if not self.is_leaf:
                raise GraphError("requires_grad can be switched off on leaves only; use detach() for a result without its graph")
            self._frozen, self.node = self.node, None  # type: ignore[assignment]
            return self
        if self.node is None:
            if self.dtype.kind not in "fc":
                default = dtypes.get_default_dtype()
                warnings.warn(
                    f"only floating tensors have gradients: this {self.dtype} tensor becomes {default}; "
                    "write the numbers as floats to begin with, such as arange(4.0)",
                    UserWarning,
                    stacklevel=2,
                )
                self.data = backend.namespace_of(self.data).astype(self.data, default)
            frozen = getattr(self, "_frozen", None)
            same = frozen is not None and (frozen.shape, frozen.dtype) == (self.shape, self.dtype)
            self.node = frozen if same else Leaf(self)
        return self

    @property
    def is_leaf(self) -> bool:
        """True unless this tensor is the result of a recorded operation."""
        return self.node is None or isinstance(self.node, Leaf)

    @property
    def grad_fn(self) -> Node | None:
        """The node of the operation that made this tensor; None for a leaf."""
        return None if isinstance(self.node, Leaf) else self.node

    @property
    def grad(self) -> Tensor | None:
        """The gradient that backward has added up here; None at first."""
        node = self.node if self.node is not None else getattr(self, "_frozen", None)
        if node is None:
            return None
        if isinstance(node, Leaf):
            return node.grad  # type: ignore[no-any-return]
        if node.extra is None or not node.extra.retain:
            warnings.warn(
                f"the .grad of a tensor that is not a leaf ({node!r}) is not kept; call retain_grad() on it before backward()",
                UserWarning,
                stacklevel=2,
            )
            return None
        return node.extra.grad  # type: ignore[no-any-return]

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(f"grad is a Tensor or None, not {type(value).__name__}")
            if value.shape != self.shape or value.dtype != self.dtype or value.device != self.device:
                raise ShapeError(
                    f"a grad of {value.dtype} {value.shape} on {value.device} does not fit a tensor of {self.dtype} {self.shape} "
                    f"on {self.device}"
                )
        node: Any = self.node if self.node is not None else getattr(self, "_frozen", None)
        if node is None:
            if value is None:
                return
            node = self._frozen = Leaf(self)
        if isinstance(node, Leaf):
            node.grad, node.stamp = value, None
        else:
            node.metadata.grad = value

    @property
    def retains_grad(self) -> bool:
        return self.node is not None and self.node.extra is not None and self.node.extra.retain

    def retain_grad(self) -> None:
        """Keep the gradient of this result in ``.grad``, as leaves do."""
        if self.node is None:
            raise GraphError("retain_grad: this tensor does not require grad")
        if not isinstance(self.node, Leaf):
            self.node.metadata.retain = True

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Call ``hook(grad)`` whenever the gradient of this tensor is known; a Tensor it returns is used instead."""
        if self.node is None:
            raise GraphError("register_hook: this tensor does not require grad")
        return RemovableHandle(self.node.metadata.hooks, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle:
        """Call ``hook(tensor)`` after a gradient has been added to ``.grad`` of this leaf."""
        if not isinstance(self.node, Leaf):
            raise GraphError("register_post_accumulate_grad_hook: only a leaf that requires grad collects gradients")
        return RemovableHandle(self.node.metadata.post_hooks, hook)

    @property
    def _version(self) -> int:
        """How often this memory has been written in place through gradflow."""
        return writes.version(self.data)

    def detach(self) -> Tensor:
        """The same memory without the graph."""
        t: Tensor = wrap(self.data)
        return t

    def detach_(self) -> Tensor:
        """Forget how this tensor was made; it becomes a leaf that does not require grad."""
        self.node = None
        return self

    def backward(
        self, gradient: TensorLike | None = None, retain_graph: bool | None = None, create_graph: bool = False,
        inputs: Tensor | Sequence[Tensor] | None = None,
    ) -> None:  # fmt: skip
        """Add the gradient of this tensor to ``.grad`` of the leaves it was computed from (or of ``inputs`` alone).

        ``gradient`` has this tensor's shape, and may be left out for a single element (it is 1).  The recorded values are
        freed unless ``retain_graph``; with ``create_graph`` the gradients themselves have gradients.

        GraphError, with nothing changed, if this tensor does not require grad, if ``gradient`` is missing or the graph
        has been freed.

        >>> import gradflow as gf
        >>> x = gf.tensor([1.0, 2.0], requires_grad=True)
        >>> (x ** 2).backward(gradient=gf.ones(2))
        >>> x.grad
        tensor([2., 4.])
        """
        backward([self], [gradient], retain_graph, create_graph, inputs)

    # --- the same numbers elsewhere ---------------------------------------------------------------------------------

    def item(self) -> Any:
        """The one element as a Python number (on CUDA this waits for the device)."""
        if self.data.size != 1:
            raise ShapeError(f"item: a tensor of shape {self.shape} has {self.data.size} elements, not one; use tolist()")
        return self.data.item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
        return self.data.tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray[Any, Any]:
        """The bare NumPy array, sharing memory.

        DeviceError on CUDA and GraphError if this tensor requires grad, unless ``force``: use ``to_numpy()`` for an array
        in any case.
        """
        if force:
            return self.to_numpy()
        if self.node is not None:
            raise GraphError("numpy(): a tensor that requires grad would lose its graph; use detach().numpy() or to_numpy()")
        if self.is_cuda:
            raise DeviceError(f"numpy(): this tensor is on {self.device}; use .cpu().numpy() or to_numpy()")
        return self.data  # type: ignore[no-any-return]

    def to_numpy(self) -> np.ndarray[Any, Any]:
        """The numbers as a NumPy array without a graph, from any device."""
        return backend.namespace_of(self.data).to_host(self.data)  # type: ignore[no-any-return]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        array = self.numpy()
        return array if dtype is None and not copy else np.array(array, dtype, copy=copy)

    def __dlpack__(self, **kwargs: Any) -> Any:
        if self.node is not None:
            raise GraphError("DLPack: a tensor that requires grad would lose its graph; use detach()")
        return self.data.__dlpack__(**kwargs)

    def __dlpack_device__(self) -> Any:
        return self.data.__dlpack_device__()

    def to(self, *where: Any, dtype: DType = None, device: Any = None, copy: bool = False) -> Tensor:
        """This tensor as another dtype, on another device, or as and where another tensor is; recorded.

        >>> import gradflow as gf
        >>> gf.ones(2).to(gf.float64).dtype
        dtype('float64')
        """
        for what in where:
            if isinstance(what, Tensor):
                dtype, device = what.dtype, what.device
            elif isinstance(what, Device) or (isinstance(what, str) and what.partition(":")[0] in ("cpu", "cuda")):
                device = what
            else:
                dtype = what
        t = self
        if device is not None:
            t = moves.to_device(t, Device(device))
        if dtype is not None:
            wanted = dtypes.as_dtype(dtype)
            t = t if t.dtype == wanted else e.cast(t, wanted)
        return s.clone(t) if copy and t is self else t

    def type(self, dtype: DType) -> Tensor:
        return self.to(dtype=dtype)

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

    def new_tensor(self, data: Any, *, dtype: DType = None, requires_grad: _bool = False) -> Tensor:
        from .creation import tensor

        return tensor(data, dtype=self.dtype if dtype is None else dtype, device=self.device, requires_grad=requires_grad)

    def new_zeros(self, *size: Any, dtype: DType = None, requires_grad: _bool = False) -> Tensor:
        return self._new("zeros", size, dtype, requires_grad)

    def new_ones(self, *size: Any, dtype: DType = None, requires_grad: _bool = False) -> Tensor:
        return self._new("ones", size, dtype, requires_grad)

    def new_empty(self, *size: Any, dtype: DType = None, requires_grad: _bool = False) -> Tensor:
        return self._new("empty", size, dtype, requires_grad)

    def new_full(self, size: Any, fill_value: Any, *, dtype: DType = None, requires_grad: _bool = False) -> Tensor:
        from .creation import full

        return full(size, fill_value, dtype=dtype or self.dtype, device=self.device, requires_grad=requires_grad)

    def _new(self, name: str, size: Any, dtype: DType, requires_grad: _bool) -> Tensor:
        from . import creation

        made: Tensor = getattr(creation, name)(*size, dtype=dtype or self.dtype, device=self.device, requires_grad=requires_grad)
        return made

    # --- operations -------------------------------------------------------------------------------------------------

    __add__ = __radd__ = e._add
    __sub__, __rsub__ = e._sub, e.rsub
    __mul__ = __rmul__ = e.mul
    __truediv__, __rtruediv__ = e._div, e.rdiv
    __floordiv__, __rfloordiv__ = e.floor_divide, e.rfloor_divide
    __mod__, __rmod__ = e.remainder, e.rremainder
    __pow__, __rpow__ = e.pow, e.rpow
    __matmul__, __rmatmul__ = la.matmul, la.rmatmul
    __neg__, __abs__ = e.neg, e.abs
    __eq__, __ne__, __lt__, __le__, __gt__, __ge__ = e.eq, e.ne, e.lt, e.le, e.gt, e.ge  # type: ignore[assignment]
    __and__ = __rand__ = e.bitwise_and
    __or__ = __ror__ = e.bitwise_or
    __xor__ = __rxor__ = e.bitwise_xor
    __invert__ = e.bitwise_not
    __getitem__ = ix.getitem
    __setitem__ = inplace.setitem

    def __pos__(self) -> Tensor:
        return self

    abs, absolute, add, sub, subtract, mul, multiply = e.abs, e.abs, e.add, e.sub, e.sub, e.mul, e.mul
    div, divide, true_divide, neg, negative, pow = e.div, e.div, e._div, e.neg, e.neg, e.pow
    exp, expm1, log, log1p, log2, log10 = e.exp, e.expm1, e.log, e.log1p, e.log2, e.log10
    sqrt, rsqrt, reciprocal, square = e.sqrt, e.rsqrt, e.reciprocal, e.square
    sin, cos, tan, asin, acos, atan, atan2 = e.sin, e.cos, e.tan, e.asin, e.acos, e.atan, e.atan2
    sinh, cosh, tanh, asinh, acosh, atanh = e.sinh, e.cosh, e.tanh, e.asinh, e.acosh, e.atanh
    sigmoid, erf, clamp, clip, maximum, minimum = e.sigmoid, e.erf, e.clamp, e.clamp, e.maximum, e.minimum
    sign, floor, ceil, round, trunc = e.sign, e.floor, e.ceil, e.round, e.trunc
    fmod, remainder, floor_divide, lerp = e.fmod, e.remainder, e.floor_divide, e.lerp
    eq, ne, lt, le, gt, ge = e.eq, e.ne, e.lt, e.le, e.gt, e.ge
    logical_and, logical_or, logical_xor, logical_not = e.logical_and, e.logical_or, e.logical_xor, e.logical_not
    isnan, isinf, isfinite = e.isnan, e.isinf, e.isfinite
    conj, angle = e.conj, e.angle

    sum, mean, prod, var, std, max, min = r.sum, r.mean, r.prod, r.var, r.std, r.max, r.min
    amax, amin, argmax, argmin, any, all = r.amax, r.amin, r.argmax, r.argmin, r.any, r.all
    logsumexp, cumsum, cumprod, norm, median = r.logsumexp, r.cumsum, r.cumprod, r.norm, r.median
    sort, argsort, topk = r.sort, r.argsort, r.topk

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
    split, chunk, unbind, flip, roll, repeat, tile = s.split, s.chunk, s.unbind, s.flip, s.roll, s.repeat, s.tile
    repeat_interleave, narrow, select = s.repeat_interleave, s.narrow, s.select
    tril, triu, diag, diagonal, trace, clone, contiguous = (
        s.tril,
        s.triu,
        s.diag,
        s.diagonal,
        s.trace,
        s.clone,
        s.contiguous,
    )

    dot, mv, mm, bmm, matmul, outer, kron = la.dot, la.mv, la.mm, la.bmm, la.matmul, la.outer, la.kron
    inverse, det, slogdet, cholesky = la.inv, la.det, la.slogdet, la.cholesky

    gather, scatter, scatter_add, index_select, index_add = (
        ix.gather,
        ix.scatter,
        ix.scatter_add,
        ix.index_select,
        ix.index_add,
    )
    take_along_dim, masked_fill, masked_select, nonzero = (
        ix.take_along_dim,
        ix.masked_fill,
        ix.masked_select,
        ix.nonzero,
    )

    softmax, log_softmax, relu = nn.softmax, nn.log_softmax, nn.relu

    def view_as(self, other: Tensor) -> Tensor:
        return s.view(self, other.shape)  # type: ignore[no-any-return]

    def reshape_as(self, other: Tensor) -> Tensor:
        return s.reshape(self, other.shape)  # type: ignore[no-any-return]

    def expand_as(self, other: Tensor) -> Tensor:
        return s.expand(self, other.shape)  # type: ignore[no-any-return]

    @property
    def T(self) -> Tensor:
        """The dimensions in reverse order, as a view."""
        return s.permute(self, tuple(reversed(range(self.ndim))))  # type: ignore[no-any-return]

    @property
    def mT(self) -> Tensor:
        """Each matrix of the last two dimensions transposed, as a view."""
        if self.ndim < 2:
            raise ShapeError(f"mT: needs at least 2 dimensions, got shape {self.shape}")
        return s.transpose(self, -2, -1)  # type: ignore[no-any-return]

    @property
    def real(self) -> Tensor:
        return e.real(self)  # type: ignore[no-any-return]

    @property
    def imag(self) -> Tensor:
        return e.imag(self)

    # --- in place ---------------------------------------------------------------------------------------------------

    add_, sub_, mul_, div_ = (inplace.of(f, n) for f, n in ((e.add, "add_"), (e.sub, "sub_"), (e.mul, "mul_"), (e.div, "div_")))
    pow_, neg_, abs_ = inplace.of(e.pow, "pow_"), inplace.of(e.neg, "neg_"), inplace.of(e.abs, "abs_")
    exp_, log_, sqrt_ = inplace.of(e.exp, "exp_"), inplace.of(e.log, "log_"), inplace.of(e.sqrt, "sqrt_")
    square_, reciprocal_ = inplace.of(e.square, "square_"), inplace.of(e.reciprocal, "reciprocal_")
    sin_, cos_, tanh_ = inplace.of(e.sin, "sin_"), inplace.of(e.cos, "cos_"), inplace.of(e.tanh, "tanh_")
    sigmoid_, relu_, clamp_ = (
        inplace.of(e.sigmoid, "sigmoid_"),
        inplace.of(nn.relu, "relu_"),
        inplace.of(e.clamp, "clamp_"),
    )
    floor_, ceil_, round_ = inplace.of(e.floor, "floor_"), inplace.of(e.ceil, "ceil_"), inplace.of(e.round, "round_")
    masked_fill_, lerp_ = inplace.of(ix.masked_fill, "masked_fill_"), inplace.of(e.lerp, "lerp_")
    scatter_, scatter_add_ = inplace.of(ix.scatter, "scatter_"), inplace.of(ix.scatter_add, "scatter_add_")
    index_add_ = inplace.of(ix.index_add, "index_add_")
    copy_, fill_, zero_ = inplace.copy_, inplace.fill_, inplace.zero_
    __iadd__, __isub__, __imul__, __itruediv__ = add_, sub_, mul_, div_
    __ipow__ = pow_

    def normal_(self, mean: _float = 0.0, std: _float = 1.0, *, generator: Any = None) -> Tensor:
        """Write normally distributed numbers over the whole tensor."""
        from .creation import randn

        return inplace.copy_(self, randn(self.shape, dtype=self.dtype, device=self.device, generator=generator) * std + mean)

    def uniform_(self, low: _float = 0.0, high: _float = 1.0, *, generator: Any = None) -> Tensor:
        """Write numbers uniform in [low, high) over the whole tensor."""
        from .creation import rand

        return inplace.copy_(
            self, rand(self.shape, dtype=self.dtype, device=self.device, generator=generator) * (high - low) + low
        )

    # --- beside NumPy ------------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from . import numpy as gnp

        if method == "reduce" and ufunc.__name__ in (
            "add",
            "multiply",
            "maximum",
            "minimum",
            "logical_and",
            "logical_or",
        ):
            function: Any = {"add": gnp.sum, "multiply": gnp.prod, "maximum": gnp.max, "minimum": gnp.min,
                        "logical_and": gnp.all, "logical_or": gnp.any}[ufunc.__name__]  # fmt: skip
            kwargs.setdefault("axis", 0)
        else:
            function = getattr(gnp, ufunc.__name__, None) if method == "__call__" else None
        out = kwargs.pop("out", None)
        kwargs = {k: v for k, v in kwargs.items() if v is not None}
        if function is None or out is not None:
            call = (
                f"np.{ufunc.__name__}"
                + ("" if method == "__call__" else f".{method}")
                + (" with out=" if out is not None else "")
            )
            raise NoCounterpartError(
                f"{call} is not recorded for Tensors; see gradflow.numpy for what is, or use to_numpy() for bare numbers"
            )
        return function(*inputs, **kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        found = _numpy_table().get(function)
        if found is None:
            name = f"{getattr(function, '__module__', 'numpy')}.{getattr(function, '__name__', function)}"
            raise NoCounterpartError(
                f"{name} is not recorded for Tensors; see gradflow.numpy for what is, or use to_numpy() for bare numbers"
            )
        return found(*args, **kwargs)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        from . import numpy as gnp

        return gnp

    # --- copies and files ----------------------------------------------------------------------------------------------

    def __deepcopy__(self, memo: dict[Any, Any]) -> Tensor:
        if not self.is_leaf:
            raise GraphError("only leaves can be deep-copied: a result's graph cannot be; use detach().clone()")
        made: Tensor = wrap(self.data.copy())
        memo[id(self)] = made
        self._copy_state(made)
        return made

    def _copy_state(self, made: Tensor) -> None:
        if self.node is not None:
            made.requires_grad_(True)
        if self.is_leaf and self.grad is not None:
            made.grad = wrap(self.grad.data.copy())

    def __reduce__(self) -> Any:
        if not self.is_leaf:
            raise GraphError("only leaves can be pickled: a result's graph cannot be; use detach()")
        return _rebuilt, (type(self), self.to_numpy(), str(self.device), self.requires_grad)


_bool = bool
_float = float
_table: dict[Any, Any] = {}


def _numpy_table() -> dict[Any, Any]:
    if not _table:
        from . import numpy as gnp

        _table.update(gnp.table())
    return _table


def _rebuilt(kind: Any, array: np.ndarray[Any, Any], device: str, requires_grad: bool) -> Tensor:
    place = Device(device)
    t: Tensor = kind(backend.namespace_for(place).from_host(array, place), requires_grad=False)
    return t.requires_grad_(requires_grad)


class _Size(int):
    """NumPy's ``size`` (a number) and PyTorch's ``size()`` in one."""

    _shape: tuple[int, ...]

    def __new__(cls, count: int, shape: tuple[int, ...]) -> _Size:
        self = super().__new__(cls, count)
        self._shape = shape
        return self

    def __call__(self, dim: int | None = None) -> Any:
        return self._shape if dim is None else self._shape[dim]


def _numbers(data: Any) -> Array:
    """``data`` as an array that a Tensor can hold."""
    if isinstance(data, Value):
        return data.data
    array = data if backend.is_array(data) else np.asarray(data)
    if array.dtype.kind not in dtypes.CATEGORY:
        raise DTypeError(f"a Tensor holds numbers and booleans, not {array.dtype}")
    return np.asarray(array) if isinstance(array, np.generic) else array


def backward(
    tensors: Sequence[Tensor], gradients: Sequence[TensorLike | None], retain_graph: bool | None, create_graph: bool,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:  # fmt: skip
    """The backward pass from several tensors at once into ``.grad``."""
    starts = [initial(t, g, create_graph) for t, g in zip(tensors, gradients, strict=True)]
    roots = [(t.node, g) for t, g in zip(tensors, starts, strict=True)]
    chosen = None
    if inputs is not None:
        inputs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
        if not inputs:
            raise GraphError("backward: inputs is empty; leave it out for all leaves")
        for t in inputs:
            if not isinstance(t.node, Leaf):
                raise GraphError("backward: inputs are leaves that require grad; for others use gf.autograd.grad")
        chosen = [t.node for t in inputs if t.node is not None]
    retain = create_graph if retain_graph is None else retain_graph
    found, owned = sweep(roots, create_graph=create_graph, retain_graph=retain, inputs=chosen)  # type: ignore[arg-type]
    accumulate(found, owned, create_graph)


def initial(t: Tensor, gradient: TensorLike | None, create_graph: bool) -> Any:
    """The gradient that a backward pass from ``t`` begins with, checked."""
    if not isinstance(t, Tensor):
        raise TypeError(f"backward starts at a Tensor, not {type(t).__name__}")
    if t.node is None:
        raise GraphError(
            "this tensor does not require grad and was not computed from one that does (or was, inside no_grad); "
            "set requires_grad=True on what the gradient is wanted of"
        )
    xp = backend.namespace_of(t.data)
    if gradient is None:
        if t.data.size != 1:
            raise GraphError(
                f"a gradient is implicitly 1 only for a tensor of one element, not of shape {t.shape}: call sum() or mean() "
                "first, or pass gradient=, of the same shape, to weight the elements"
            )
        if t.dtype.kind == "c":
            raise GraphError("a complex result needs gradient=: it says which real quantity is differentiated")
        g: Any = xp.ones_like(t.data)
        return wrap(g) if create_graph else g
    held = gradient if isinstance(gradient, Tensor) else wrap(xp.asarray(gradient))
    if held.shape != t.shape:
        raise ShapeError(f"backward: gradient has shape {held.shape} and the tensor {t.shape}; they must be the same")
    if held.device != t.device:
        raise DeviceError(f"backward: gradient is on {held.device} and the tensor on {t.device}; use gradient.to('{t.device}')")
    if held.dtype != t.dtype:
        if held.dtype.kind == "c":
            raise DTypeError(f"backward: a complex gradient for a tensor of {t.dtype}")
        held = e.cast(held, t.dtype)
    return held if create_graph else held.data
