"""Many arrays of one shape that look like one of them, so that a derivative rule serves many gradients at once.

A ``Batch`` holds B arrays of one shape as one array with a first dimension of length B, and shows the shape of one.  Its
namespace is ``Batching`` in ``batching.py``.  Arrays that are no batch are the same for all.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..backend import namespace_of
from ..typing import Array, Namespace, Shape

if TYPE_CHECKING:
    from .batching import Batching


class NoBatch(Exception):  # noqa: N818 - who asked for a batch goes on with one array after the other
    """What was called takes no batch; the message says why."""


class Batch:
    """B arrays, ``array[0]`` to ``array[B - 1]``, in the place of one."""

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

    @property
    def T(self) -> Any:
        return self.__gradflow_namespace__.transpose(self, tuple(range(self.ndim - 1, -1, -1)))

    def __len__(self) -> int:
        return self.shape[0]

    def __bool__(self) -> bool:
        raise NoBatch("a batch of arrays has no one truth value")

    def __getitem__(self, index: Any) -> Any:
        return self.__gradflow_namespace__.getitem(self, index)

    def __neg__(self) -> Any:
        return Batch(-self.array)

    def __invert__(self) -> Any:
        return Batch(~self.array)

    # Used in this body only.
    def _operator(function: Callable[[Any, Any], Any], mirrored: bool = False) -> Any:  # type: ignore[misc]  # noqa: N805
        def compute(self: Batch, other: Any) -> Any:
            ndim = getattr(other, "ndim", 0)
            mine = lifted(self, ndim)
            other = lifted(other, self.ndim)
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
        self.array += lifted(other, self.ndim)
        return self

    def __repr__(self) -> str:
        return f"<batch of {len(self.array)} arrays of {self.dtype} {self.shape}>"


class OfBatches:
    """What a namespace of batches begins with."""

    def __init__(self, xp: Namespace, count: int) -> None:
        self.xp, self.count = xp, count

    def spread(self, a: Any) -> Array:
        """All of a batch, or an array that is the same for all B times, without a copy."""
        return a.array if isinstance(a, Batch) else self.xp.broadcast_to(a, (self.count, *a.shape))


@lru_cache(16)
def batching(xp: Namespace, count: int) -> Batching:
    """The namespace of batches of ``count`` arrays of the backend ``xp``; it keeps the functions that it has made."""
    from .batching import Batching  # here, so that an import of gradflow does not pay for it

    return Batching(xp, count)


def lifted(a: Any, ndim: int) -> Any:
    """The array of a batch, with the batch before ``ndim`` dimensions, so that it is broadcast as its members are."""
    if not isinstance(a, Batch):
        return a
    missing = ndim - a.ndim
    return a.array if missing <= 0 else a.array.reshape((len(a.array), *(1,) * missing, *a.shape))


def shifted(axis: int, ndim: int) -> int:
    """Which dimension of the array of a batch is dimension ``axis`` of its members, which have ``ndim``."""
    return axis + 1 if axis >= 0 else axis + ndim + 1


def any_batch(values: Any) -> bool:
    """Whether one of ``values`` is a batch."""
    return Batch in map(type, values)
