"""Many arrays of one shape that look like one of them, so that a derivative rule serves many gradients at once.

A ``Batch`` holds B arrays of one shape as one array with a first dimension of length B, and shows the shape of one.  Its
namespace, ``Batching``, has the names of the backends: what is called with a batch among its arguments computes B results
in one go where the function below knows how, and one after the other where it does not.  Arrays that are no batch are the
same for all.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ..backend import namespace_of
from ..typing import Array, DType, Namespace, Shape

_NAMES = {  # of functions that are served alike; of the others each has a method below, or is called for one after the other
    "_elementwise": """
        absolute add arccos arccosh arcsin arcsinh arctan arctan2 arctanh astype bitwise_and bitwise_or bitwise_xor ceil
        conjugate cos cosh divide equal erf exp expm1 flat floor floor_divide fmod greater greater_equal hypot imag invert
        isfinite isinf isnan kept less less_equal log log10 log1p log2 logaddexp logical_and logical_not logical_or logical_xor
        maximum maximum_scalar minimum multiply negative not_equal pow_scalar power real reciprocal remainder rint sigmoid sign
        sin sinh sqrt square subtract tan tanh trunc where
    """,
    "_of_first": "array asarray ascontiguousarray empty_like full_like ones_like zeros_like tril triu",
    "_along": "sum prod max min all any mean",
    "_along_one": "cumsum cumprod argmax argmin argsort",
}
_KIND = {name: kind for kind, names in _NAMES.items() for name in names.split()}


class Batch:
    """B arrays, ``data[0]`` to ``data[B - 1]``, in the place of one."""

    __slots__ = ("array",)
    __array_ufunc__ = None  # an array on the left leaves the operation to the batch
    base = None  # for those who ask whose memory it shows: nobody else's

    def __init__(self, data: Array) -> None:
        self.array = data

    @property
    def __gradflow_namespace__(self) -> Batching:
        return batching(namespace_of(self.array), len(self.array))

    @property
    def shape(self) -> Shape:
        return self.array.shape[1:]  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        return int(self.array.ndim) - 1

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def dtype(self) -> Any:
        return self.array.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __bool__(self) -> bool:
        raise TypeError("a batch of arrays has no one truth value")

    def __getitem__(self, index: Any) -> Any:
        return self.__gradflow_namespace__.getitem(self, index)

    def __setitem__(self, index: Any, values: Any) -> None:
        self.__gradflow_namespace__.setitem(self, index, values)

    def __neg__(self) -> Any:
        return Batch(-self.array)

    def __invert__(self) -> Any:
        return Batch(~self.array)

    # Used in this body only.
    def _operator(function: Callable[[Any, Any], Any], mirrored: bool = False) -> Any:  # type: ignore[misc]  # noqa: N805
        def compute(self: Batch, other: Any) -> Any:
            ndim = getattr(other, "ndim", 0)
            mine = _lifted(self, ndim)
            other = _lifted(other, self.ndim)
            return Batch(function(other, mine) if mirrored else function(mine, other))

        return compute

    __add__, __radd__ = _operator(operator.add), _operator(operator.add, True)
    __sub__, __rsub__ = _operator(operator.sub), _operator(operator.sub, True)
    __mul__, __rmul__ = _operator(operator.mul), _operator(operator.mul, True)
    __truediv__, __rtruediv__ = _operator(operator.truediv), _operator(operator.truediv, True)
    __pow__, __and__, __or__ = _operator(operator.pow), _operator(operator.and_), _operator(operator.or_)
    __gt__, __ge__ = _operator(operator.gt), _operator(operator.ge)
    __lt__, __le__ = _operator(operator.lt), _operator(operator.le)
    __eq__, __ne__ = _operator(operator.eq), _operator(operator.ne)
    __hash__ = object.__hash__

    def __iadd__(self, other: Any) -> Any:  # type: ignore[misc]
        self.array += _lifted(other, self.ndim)
        return self

    @property
    def T(self) -> Any:
        return self.__gradflow_namespace__.transpose(self)

    @property
    def real(self) -> Any:
        return Batch(self.array.real)

    @property
    def imag(self) -> Any:
        return Batch(self.array.imag)

    def reshape(self, *shape: Any) -> Any:
        return self.__gradflow_namespace__.reshape(self, shape[0] if len(shape) == 1 else shape)

    def astype(self, dtype: DType, copy: bool = True) -> Any:
        return Batch(self.array.astype(dtype, copy=copy))

    def copy(self) -> Any:
        return Batch(self.array.copy())

    def sum(self, axis: Any = None, keepdims: bool = False) -> Any:
        return self.__gradflow_namespace__.sum(self, axis, keepdims)

    def __repr__(self) -> str:
        return f"<batch of {len(self.array)} arrays of {self.dtype} {self.shape}>"


class Batching:
    """The namespace of batches of ``count`` arrays of one backend, ``xp``."""

    def __init__(self, xp: Namespace, count: int) -> None:
        self.xp, self.count = xp, count

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.xp, name)
        if not callable(found) or isinstance(found, type):
            return found
        made = getattr(self, _KIND.get(name, "_one_by_one"))(found)
        setattr(self, name, made)
        return made

    # --- kinds of functions ---------------------------------------------------------------------------------------------

    def _elementwise(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            if Batch not in map(type, args):
                return function(*args, **options)
            ndim = max([getattr(a, "ndim", 0) for a in args])
            return Batch(function(*[_lifted(a, ndim) for a in args], **options))

        return call

    def _of_first(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(x: Any, *args: Any, **options: Any) -> Any:
            return Batch(function(x.array, *args, **options)) if isinstance(x, Batch) else function(x, *args, **options)

        return call

    def _along(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
            if not isinstance(x, Batch):
                return function(x, axis, keepdims)
            axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
            return Batch(function(x.array, tuple(_after(a, x.ndim) for a in axes), keepdims))

        return call

    def _along_one(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(x: Any, axis: Any = None, **options: Any) -> Any:
            if not isinstance(x, Batch):
                return function(x, axis, **options)
            if axis is None:
                return Batch(function(x.array.reshape(self.count, -1), 1, **options))
            return Batch(function(x.array, _after(axis, x.ndim), **options))

        return call

    def _one_by_one(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """For what has no better way here: B calls."""

        def call(*args: Any, **options: Any) -> Any:
            if not (_any_batch(args) or _any_batch(options.values())):
                return function(*args, **options)
            made = [
                function(*[_nth(a, i) for a in args], **{k: _nth(v, i) for k, v in options.items()}) for i in range(self.count)
            ]
            if made[0] is None:
                return None
            if isinstance(made[0], tuple):
                return tuple(self._stacked([m[i] for m in made]) for i in range(len(made[0])))
            return self._stacked(made)

        return call

    def _stacked(self, arrays: list[Array]) -> Batch:
        out = self.xp.empty((len(arrays), *arrays[0].shape), arrays[0].dtype)
        for i, array in enumerate(arrays):
            out[i] = array
        return Batch(out)

    def spread(self, a: Any) -> Array:
        """All of a batch, or an array that is the same for all B times, without a copy."""
        return a.array if isinstance(a, Batch) else self.xp.broadcast_to(a, (self.count, *a.shape))

    # --- functions with a shape among their arguments -------------------------------------------------------------------

    def zeros(self, shape: Any, dtype: Any = None) -> Batch:
        return Batch(self.xp.zeros((self.count, *_shape(shape)), dtype))

    def ones(self, shape: Any, dtype: Any = None) -> Batch:
        return Batch(self.xp.ones((self.count, *_shape(shape)), dtype))

    def empty(self, shape: Any, dtype: Any = None) -> Batch:
        return Batch(self.xp.empty((self.count, *_shape(shape)), dtype))

    def reshape(self, x: Any, shape: Any) -> Any:
        if not isinstance(x, Batch):
            return self.xp.reshape(x, shape)
        shape = _shape(shape)
        if -1 in shape:  # told here, for beside the rows of empty arrays it could be anything
            known = -math.prod(shape)
            shape = tuple(x.size // known if n == -1 and known else max(n, 0) for n in shape)
        return Batch(x.array.reshape((self.count, *shape)))

    def broadcast_to(self, x: Any, shape: Shape) -> Any:
        if not isinstance(x, Batch):
            return self.xp.broadcast_to(x, shape)
        return Batch(self.xp.broadcast_to(_lifted(x, len(shape)), (self.count, *shape)))

    def sum_to(self, x: Any, shape: Shape) -> Any:
        if not isinstance(x, Batch):
            return self.xp.sum_to(x, shape)
        whole = self.xp.sum_to(x.array, (self.count, *(1,) * (x.ndim - len(shape)), *shape))
        return Batch(whole.reshape((self.count, *shape)))

    def transpose(self, x: Any, axes: Any = None) -> Any:
        if not isinstance(x, Batch):
            return self.xp.transpose(x, axes)
        axes = range(x.ndim - 1, -1, -1) if axes is None else axes
        return Batch(self.xp.transpose(x.array, (0, *[_after(a, x.ndim) for a in axes])))

    def swapaxes(self, x: Any, one: int, other: int) -> Any:
        if not isinstance(x, Batch):
            return self.xp.swapaxes(x, one, other)
        return Batch(self.xp.swapaxes(x.array, _after(one, x.ndim), _after(other, x.ndim)))

    def flip(self, x: Any, axis: tuple[int, ...]) -> Any:
        if not isinstance(x, Batch):
            return self.xp.flip(x, axis)
        return Batch(self.xp.flip(x.array, tuple(_after(a, x.ndim) for a in axis)))

    def concatenate(self, arrays: Any, axis: int = 0) -> Any:
        if not _any_batch(arrays):
            return self.xp.concatenate(arrays, axis)
        return Batch(self.xp.concatenate([self.spread(a) for a in arrays], _after(axis, arrays[0].ndim)))

    def getitem(self, x: Any, index: Any) -> Any:
        parts = index if isinstance(index, tuple) else (index,)
        if isinstance(x, Batch) and not any(hasattr(p, "ndim") or isinstance(p, list | bool) for p in parts):
            return Batch(self.xp.getitem(x.array, (slice(None), *parts)))
        return self._one_by_one(self.xp.getitem)(x, index)

    def setitem(self, x: Any, index: Any, values: Any) -> None:
        self._one_by_one(self.xp.setitem)(x, index, values)

    def matmul(self, a: Any, b: Any, out: Any = None) -> Any:
        """The products; where one factor is the same for all, they are one product of larger matrices."""
        xp, n = self.xp, self.count
        if not _any_batch((a, b)):
            return xp.matmul(a, b, out)
        if not isinstance(a, Batch):
            if b.ndim == 1:  # a b for each row b: rows times a transposed
                return Batch(
                    xp.matmul(b.array, a if a.ndim == 1 else xp.swapaxes(a, -1, -2)) if a.ndim < 3 else self._pairs(a, b)
                )
            return Batch(self._pairs(a, b) if a.ndim > b.ndim else xp.matmul(a, b.array))
        if not isinstance(b, Batch) and b.ndim < 3:
            rows = a.array.reshape(math.prod(a.array.shape[:-1]), a.shape[-1])
            return Batch(xp.matmul(rows, b).reshape((n, *a.shape[:-1], *b.shape[1:])))
        return Batch(self._pairs(a, b))

    def _pairs(self, a: Any, b: Any) -> Array:
        """The products by the rules of matmul, with the batch as one more dimension in front."""
        row, column = a.ndim == 1, b.ndim == 1
        left, right = self.spread(a), self.spread(b)
        left = left[:, None, :] if row else left
        right = right[:, :, None] if column else right
        more = left.ndim - right.ndim  # dimensions that only one of them has stand behind the batch
        fill = (self.count, *(1,) * abs(more))
        if more > 0:
            right = right.reshape((*fill, *right.shape[1:]))
        elif more < 0:
            left = left.reshape((*fill, *left.shape[1:]))
        made = self.xp.matmul(left, right)
        made = made[..., 0] if column else made
        return (made[..., 0] if column else made[..., 0, :]) if row else made

    def surely_finite(self, x: Any) -> bool:
        return self.xp.surely_finite(x.array if isinstance(x, Batch) else x)  # type: ignore[no-any-return]

    # --- what is asked of any namespace ---------------------------------------------------------------------------------

    def device_of(self, x: Any) -> Any:
        return self.xp.device_of(x.array if isinstance(x, Batch) else x)

    def owner(self, x: Any) -> Any:
        return self.xp.owner(x.array if isinstance(x, Batch) else x)


@lru_cache(16)
def batching(xp: Namespace, count: int) -> Batching:
    """The namespace, which keeps the functions that it has made."""
    return Batching(xp, count)


def _lifted(a: Any, ndim: int) -> Any:
    """The array of a batch, with the batch before ``ndim`` dimensions, so that it is broadcast as its members are."""
    if not isinstance(a, Batch):
        return a
    missing = ndim - a.ndim
    return a.array if missing <= 0 else a.array.reshape((len(a.array), *(1,) * missing, *a.shape))


def _after(axis: int, ndim: int) -> int:
    """Which dimension of the array of a batch is dimension ``axis`` of its members."""
    return axis + 1 if axis >= 0 else axis + ndim + 1


def _shape(shape: Any) -> tuple[int, ...]:
    return tuple(shape) if isinstance(shape, tuple | list) else (shape,)


def _any_batch(values: Any) -> bool:
    return any(isinstance(v, Batch) or (isinstance(v, tuple | list) and _any_batch(v)) for v in values)


def _nth(value: Any, i: int) -> Any:
    if isinstance(value, Batch):
        return value.array[i, ...]
    return type(value)(_nth(v, i) for v in value) if type(value) in (tuple, list) else value
