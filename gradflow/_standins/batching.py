"""The namespace of batches: what is called with a batch among its arguments computes B results in one call.

``backend/contract.py`` says which functions take a batch.  Those of most kinds are served alike, by ``FORMS``; the others have
a method of their own here, in ``batch_indexing``, ``batch_products`` or ``batch_windows``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..backend.contract import CONSTANTS, FUNCTIONS
from ..typing import Shape
from .batch import Batch, NoBatch, any_batch, lifted, shifted
from .batch_indexing import Indexing
from .batch_products import Products
from .batch_windows import Windows

FORMS = {
    "elementwise": "_elementwise", "reduction": "_reduction", "along": "_along", "like": "_of_first", "matrix": "_of_first",
    "window": "_images",
}  # fmt: skip
"""For each kind whose functions are served alike: the method that makes such a function of a backend one of batches."""


class Batching(Indexing, Products, Windows):
    """The namespace of batches of ``count`` arrays of one backend, ``xp``."""

    def __getattr__(self, name: str) -> Any:
        if name in CONSTANTS:
            return getattr(self.xp, name)
        function = FUNCTIONS.get(name)
        if function is None:
            raise AttributeError(f"xp.{name} is no function of the contract (backend/contract.py)")
        if not function.stand_ins & {"batch", "shared"}:
            raise NoBatch(f"xp.{name} takes no batch of arrays")
        made = getattr(self.xp, name)
        if "batch" in function.stand_ins:
            made = getattr(self, FORMS[function.kind])(made)
        setattr(self, name, made)
        return made

    # --- kinds of functions ---------------------------------------------------------------------------------------------

    def _elementwise(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            if not any_batch(args):
                return function(*args, **options)
            ndim = max([getattr(a, "ndim", 0) for a in args])
            return Batch(function(*[lifted(a, ndim) for a in args], **options))

        return call

    def _reduction(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
            if not isinstance(x, Batch):
                return function(x, axis, keepdims)
            return Batch(function(x.array, _axes(axis, x.ndim), keepdims))

        return call

    def _along(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(x: Any, axis: Any = None, **options: Any) -> Any:
            if not isinstance(x, Batch):
                return function(x, axis, **options)
            if axis is None:
                return Batch(function(x.array.reshape(self.count, -1), 1, **options))
            return Batch(function(x.array, shifted(axis, x.ndim), **options))

        return call

    def _of_first(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """For what does with the last dimensions, or each element, of its first argument the same for any others in front."""

        def call(x: Any, *args: Any, **options: Any) -> Any:
            if not isinstance(x, Batch):
                return function(x, *args, **options)
            made = function(x.array, *args, **options)
            return tuple(map(Batch, made)) if isinstance(made, tuple) else Batch(made)

        return call

    # --- over dimensions ------------------------------------------------------------------------------------------------

    def centred(self, x: Any, axis: Any) -> Any:
        if not isinstance(x, Batch):
            return self.xp.centred(x, axis)
        away, mean = self.xp.centred(x.array, _axes(axis, x.ndim))
        return Batch(away), Batch(mean)

    def recurrence(self, a: Any, u: Any, axis: int) -> Any:
        if not any_batch((a, u)):
            return self.xp.recurrence(a, u, axis)
        return Batch(self.xp.recurrence(self.spread(a), self.spread(u), shifted(axis, u.ndim)))

    # --- shapes ---------------------------------------------------------------------------------------------------------

    def reshape(self, x: Any, shape: Any) -> Any:
        if not isinstance(x, Batch):
            return self.xp.reshape(x, shape)
        shape = _shape(shape)
        if -1 in shape:  # told here, for beside the rows of empty arrays it could be anything
            known = -math.prod(shape)
            shape = tuple(x.size // known if n == -1 and known else max(n, 0) for n in shape)
        return Batch(self.xp.reshape(x.array, (self.count, *shape)))

    def broadcast_to(self, x: Any, shape: Shape) -> Any:
        if not isinstance(x, Batch):
            return self.xp.broadcast_to(x, shape)
        return Batch(self.xp.broadcast_to(lifted(x, len(shape)), (self.count, *shape)))

    def sum_to(self, x: Any, shape: Shape) -> Any:
        if not isinstance(x, Batch):
            return self.xp.sum_to(x, shape)
        whole = self.xp.sum_to(x.array, (self.count, *(1,) * (x.ndim - len(shape)), *shape))
        return Batch(whole.reshape((self.count, *shape)))

    def transpose(self, x: Any, axes: Any) -> Any:
        if not isinstance(x, Batch):
            return self.xp.transpose(x, axes)
        return Batch(self.xp.transpose(x.array, (0, *[shifted(a, x.ndim) for a in axes])))

    def swapaxes(self, x: Any, axis1: int, axis2: int) -> Any:
        if not isinstance(x, Batch):
            return self.xp.swapaxes(x, axis1, axis2)
        return Batch(self.xp.swapaxes(x.array, shifted(axis1, x.ndim), shifted(axis2, x.ndim)))

    def flip(self, x: Any, axis: tuple[int, ...]) -> Any:
        if not isinstance(x, Batch):
            return self.xp.flip(x, axis)
        return Batch(self.xp.flip(x.array, _axes(axis, x.ndim)))

    def roll(self, x: Any, shift: Any, axis: Any) -> Any:
        if not isinstance(x, Batch):
            return self.xp.roll(x, shift, axis)
        return Batch(self.xp.roll(x.array, shift, _axes(axis, x.ndim)))

    def tile(self, x: Any, reps: tuple[int, ...]) -> Any:
        if not isinstance(x, Batch):
            return self.xp.tile(x, reps)
        reps = (1,) * (x.ndim - len(reps)) + tuple(reps)
        return Batch(self.xp.tile(lifted(x, len(reps)), (1, *reps)))

    def concatenate(self, arrays: Any, axis: int = 0) -> Any:
        if not any_batch(arrays):
            return self.xp.concatenate(arrays, axis)
        return Batch(self.xp.concatenate([self.spread(a) for a in arrays], shifted(axis, arrays[0].ndim)))

    def pad(self, x: Any, widths: Any) -> Any:
        return Batch(self.xp.pad(x.array, ((0, 0), *widths))) if isinstance(x, Batch) else self.xp.pad(x, widths)

    def tril(self, x: Any, k: int = 0) -> Any:
        return Batch(self.xp.tril(x.array, k)) if isinstance(x, Batch) else self.xp.tril(x, k)

    def triu(self, x: Any, k: int = 0) -> Any:
        return Batch(self.xp.triu(x.array, k)) if isinstance(x, Batch) else self.xp.triu(x, k)

    def diagonal(self, x: Any, offset: int, axis1: int, axis2: int) -> Any:
        if not isinstance(x, Batch):
            return self.xp.diagonal(x, offset, axis1, axis2)
        return Batch(self.xp.diagonal(x.array, offset, shifted(axis1, x.ndim), shifted(axis2, x.ndim)))

    def diagonal_scatter(self, values: Any, shape: Shape, offset: int, axis1: int, axis2: int) -> Any:
        if not isinstance(values, Batch):
            return self.xp.diagonal_scatter(values, shape, offset, axis1, axis2)
        axis1, axis2 = shifted(axis1, len(shape)), shifted(axis2, len(shape))
        return Batch(self.xp.diagonal_scatter(values.array, (self.count, *shape), offset, axis1, axis2))

    # --- new arrays: a batch, into which the arrays of one may be written -------------------------------------------------

    def zeros(self, shape: Any, dtype: Any = None) -> Batch:
        return Batch(self.xp.zeros((self.count, *_shape(shape)), dtype))

    def ones(self, shape: Any, dtype: Any = None) -> Batch:
        return Batch(self.xp.ones((self.count, *_shape(shape)), dtype))

    def empty(self, shape: Any, dtype: Any = None) -> Batch:
        return Batch(self.xp.empty((self.count, *_shape(shape)), dtype))

    def full(self, shape: Any, value: Any, dtype: Any = None) -> Batch:
        return Batch(self.xp.full((self.count, *_shape(shape)), value, dtype))

    # --- what is asked of any namespace ---------------------------------------------------------------------------------

    def surely_finite(self, x: Any) -> bool:
        return self.xp.surely_finite(x.array if isinstance(x, Batch) else x)  # type: ignore[no-any-return]

    def device_of(self, x: Any) -> Any:
        return self.xp.device_of(x.array if isinstance(x, Batch) else x)

    def owner(self, x: Any) -> Any:
        return self.xp.owner(x.array if isinstance(x, Batch) else x)


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """The dimensions of a batch's array that are the dimensions ``axis`` (None: all) of its members."""
    if axis is None:
        return tuple(range(1, ndim + 1))
    return tuple(shifted(a, ndim) for a in (axis if isinstance(axis, tuple) else (axis,)))


def _shape(shape: Any) -> tuple[int, ...]:
    return tuple(shape) if isinstance(shape, tuple | list) else (shape,)
