"""The Tensor: an array, the node that made it, and the operations as methods.

The class body lists which operations are methods; what they do is written where they are defined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from . import _inplace, backend
from ._converted import Converted
from ._described import _NumberOfElements as _NumberOfElements  # pickles name it here
from ._engine import is_operand, operator, wrap
from ._numpy_keywords import METHODS, numpy_keywords
from ._ops import activations as act
from ._ops import choosing as ch
from ._ops import compare as cp
from ._ops import complex as cx
from ._ops import cutting as ct
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
from .backend import device as Device
from .errors import GraphError, ShapeError
from .typing import TensorData, TensorLike

if TYPE_CHECKING:
    from .random import Generator

F = TypeVar("F", bound=Callable[..., Any])


def _known_only(function: F) -> F:
    """A function of two operands as an operator: NotImplemented beside what operations do not take."""

    def operate(self: Tensor, other: TensorLike) -> Tensor:
        return function(self, other) if is_operand(other) else NotImplemented

    operate.__name__ = operate.__qualname__ = function.__name__
    operate.__doc__ = function.__doc__
    return cast("F", operate)


class Tensor(Converted):
    """An array that can record what is computed from it.

    ``array`` is the bare ``numpy.ndarray`` or ``cupy.ndarray``.  Tensors are made by ``gf.tensor`` (copies),
    ``gf.as_tensor`` (shares memory) and the creation functions.  The class itself, as ``torch.Tensor``, makes memory of the
    default dtype, float32, where the others keep the dtype of what they are given.

    Parameters
    ----------
    *data : int or array_like
        Lengths of dimensions, for memory of that shape with whatever is in it; or the numbers themselves.
    requires_grad : bool, default False
        True asks for a gradient.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4., 6.])
    >>> gf.Tensor(4, 5).shape, gf.Tensor([1, 2])
    ((4, 5), tensor([1., 2.]))
    """

    __slots__ = ()
    __module__ = "gradflow"  # the public place, which pickles name
    __array_priority__ = 1000.0

    def __init__(self, *data: TensorData, requires_grad: bool = False) -> None:
        from ._filled import constructed

        self.array, self.node = constructed(data), None
        if requires_grad:
            self.requires_grad_(True)

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

    def __iter__(self) -> Iterator[Tensor]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(ct.unbind(self))

    def __contains__(self, element: TensorLike) -> bool:
        return bool(r.any(cp.eq(self, element)))

    def __hash__(self) -> int:  # a class with __eq__ has none unless it says so
        return id(self)

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
        """The elements of this tensor where ``condition`` is true, those of ``other`` elsewhere.

        Parameters
        ----------
        condition : Tensor
            What is not 0 is true.
        other : Tensor or number
            The other elements.  The three broadcast.

        Returns
        -------
        Tensor
            The chosen elements; each has its gradient from the side taken alone.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.tensor([1.0, -2.0])
        >>> x.where(x > 0, 0.0)
        tensor([1., 0.])
        """
        return ch.where(condition, self, other)

    def view_as(self, other: Tensor) -> Tensor:
        """The elements in the shape of another tensor, without copying.

        Parameters
        ----------
        other : Tensor
            The tensor whose shape is taken.

        Returns
        -------
        Tensor
            A view.

        Raises
        ------
        ShapeError
            If the numbers of elements differ, or the layout in memory allows no view.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.arange(4).view_as(gf.ones(2, 2))
        tensor([[0, 1],
                [2, 3]])
        """
        return s.view(self, other.shape)

    def reshape_as(self, other: Tensor) -> Tensor:
        """The elements in the shape of another tensor.

        Parameters
        ----------
        other : Tensor
            The tensor whose shape is taken.

        Returns
        -------
        Tensor
            A view where the layout in memory allows one, else a copy.

        Raises
        ------
        ShapeError
            If the numbers of elements differ.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.arange(4).reshape_as(gf.ones(2, 2))
        tensor([[0, 1],
                [2, 3]])
        """
        return s.reshape(self, other.shape)

    def expand_as(self, other: Tensor) -> Tensor:
        """The tensor repeated, without copying, to the shape of another.

        Parameters
        ----------
        other : Tensor
            The tensor whose shape is taken.

        Returns
        -------
        Tensor
            A view, in which several elements share their memory.

        Raises
        ------
        ShapeError
            If the shapes do not fit.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.arange(2).expand_as(gf.ones(2, 2))
        tensor([[0, 1],
                [0, 1]])
        """
        return s.expand(self, other.shape)

    @property
    def T(self) -> Tensor:
        """The dimensions in reverse order, as a view.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2, 3).T.shape
        (3, 2)
        """
        return s.permute(self, tuple(reversed(range(self.ndim))))

    @property
    def mT(self) -> Tensor:
        """Each matrix of the last two dimensions transposed, as a view; ShapeError if there are fewer.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(5, 2, 3).mT.shape
        (5, 3, 2)
        """
        if self.ndim < 2:
            raise ShapeError(f"mT: needs at least 2 dimensions, got shape {self.shape}")
        return s.transpose(self, -2, -1)

    @property
    def real(self) -> Tensor:
        """The real part, as a view; a real tensor as it is.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.tensor([3 - 4j]).real
        tensor([3.])
        """
        return cx.real(self)

    @property
    def imag(self) -> Tensor:
        """The imaginary part, as a view; DTypeError if this tensor is real.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.tensor([3 - 4j]).imag
        tensor([-4.])
        """
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
        """Write normally distributed numbers over the whole tensor.

        Parameters
        ----------
        mean : float, default 0.0
            Their mean.
        std : float, default 1.0
            Their standard deviation.
        generator : Generator, optional
            Where the numbers come from; the device's own generator by default.

        Returns
        -------
        Tensor
            This tensor.

        Raises
        ------
        InPlaceError
            If this tensor is a leaf that requires grad, outside of ``no_grad``, or repeats its memory.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.zeros(3).normal_(std=0)
        tensor([0., 0., 0.])
        """
        from .random import randn

        return _inplace.copy_(self, randn(self.shape, dtype=self.dtype, device=self.device, generator=generator) * std + mean)

    def uniform_(self, low: _float = 0.0, high: _float = 1.0, *, generator: Generator | None = None) -> Tensor:
        """Write numbers uniform in [low, high) over the whole tensor.

        Parameters
        ----------
        low : float, default 0.0
            The lower end.
        high : float, default 1.0
            The upper end.
        generator : Generator, optional
            Where the numbers come from; the device's own generator by default.

        Returns
        -------
        Tensor
            This tensor.

        Raises
        ------
        InPlaceError
            If this tensor is a leaf that requires grad, outside of ``no_grad``, or repeats its memory.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.zeros(3).uniform_(2, 3)
        >>> bool(((x >= 2) & (x < 3)).all())
        True
        """
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


_float = float


def _rebuilt(kind: Any, array: np.ndarray[Any, Any], device: str, requires_grad: bool) -> Tensor:
    place = Device(device)
    t: Tensor = object.__new__(kind)
    t.array, t.node = backend.namespace_for(place).from_host(array, place), None
    return t.requires_grad_(requires_grad)


for _name in METHODS:
    setattr(Tensor, _name, numpy_keywords(getattr(Tensor, _name)))
