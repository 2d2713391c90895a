"""Indexing of batches: the index, the same for all arrays, is put behind a slice that takes them all."""

from __future__ import annotations

import math
from typing import Any

from ..typing import Array, Index, Shape
from .batch import Batch, NoBatch, OfBatches, any_batch, lifted, shifted


class Indexing(OfBatches):
    """The functions of kind "index"."""

    def getitem(self, x: Any, index: Index) -> Any:
        index, place = _behind_batch(index)
        if not isinstance(x, Batch):
            return self.xp.getitem(x, index[1:])
        return Batch(self._moved(self.xp.getitem(x.array, index), place, 0))

    def index_set(self, x: Any, values: Any, index: Index) -> Any:
        index, place = _behind_batch(index)
        if not any_batch((x, values)):
            return self.xp.index_set(x, values, index[1:])
        whole = self.spread(x)
        if place and not isinstance(values, Batch):
            values = Batch(self.spread(values))
        if isinstance(values, Batch):
            values = self._moved(lifted(values, self.xp.getitem(whole, index).ndim - 1), 0, place)
        return Batch(self.xp.index_set(whole, values, index))

    def put_add(self, values: Any, index: Index, shape: Shape) -> Any:
        index, place = _behind_batch(index)
        if not isinstance(values, Batch):
            return self.xp.put_add(values, index[1:], shape)
        return Batch(self.xp.put_add(self._moved(values.array, 0, place), index, (self.count, *shape)))

    def window(self, x: Any, offset: Array) -> Any:
        _refuse(offset)
        if not isinstance(x, Batch):
            return self.xp.window(x, offset)
        return Batch(self.xp.window(x.array, self._places(offset, x.shape)))

    def window_put(self, values: Any, shape: Shape, offset: Array) -> Any:
        _refuse(offset)
        if not isinstance(values, Batch):
            return self.xp.window_put(values, shape, offset)
        return Batch(self.xp.window_put(values.array, (self.count, *shape), self._places(offset, shape)))

    def window_set(self, x: Any, values: Any, offset: Array) -> Any:
        _refuse(offset)
        if not any_batch((x, values)):
            return self.xp.window_set(x, values, offset)
        values = lifted(values, offset.ndim)
        return Batch(self.xp.window_set(self.spread(x), values, self._places(offset, x.shape)))

    def take(self, x: Any, indices: Array, axis: int) -> Any:
        _refuse(indices)
        if not isinstance(x, Batch):
            return self.xp.take(x, indices, axis)
        return Batch(self.xp.take(x.array, indices, shifted(axis, x.ndim)))

    def take_along_axis(self, x: Any, indices: Any, axis: int) -> Any:
        if not any_batch((x, indices)):
            return self.xp.take_along_axis(x, indices, axis)
        return Batch(self.xp.take_along_axis(self.spread(x), self.spread(indices), shifted(axis, x.ndim)))

    def _places(self, offset: Array, shape: Shape) -> Array:
        """``offset``, places in a flattened array of ``shape``, as places in a flattened batch of such arrays."""
        starts = self.xp.row_starts(self.count, math.prod(shape))
        return starts.reshape((-1,) + (1,) * offset.ndim) + offset

    def _moved(self, array: Array, source: int, destination: int) -> Array:
        return array if source == destination else self.xp.moveaxis(array, source, destination)


def _refuse(index: Any) -> None:
    if isinstance(index, Batch):
        raise NoBatch("an index is the same for all arrays of a batch")


def _behind_batch(index: Index) -> tuple[Any, int]:
    """``index`` behind a slice that takes all arrays of a batch, and which dimension of the selection the batch then is.

    That is the first, but where arrays among the parts of ``index`` are apart: NumPy puts their dimensions in front.
    """
    parts = index if isinstance(index, tuple) else (index,)
    for p in parts:
        _refuse(p)
    arrays = [p for p in parts if hasattr(p, "ndim") or isinstance(p, list | bool)]
    places = [i for i, p in enumerate(parts) if hasattr(p, "ndim") or isinstance(p, list | int)] if arrays else []
    together = not places or places[-1] - places[0] == len(places) - 1
    front = 0 if together else max(1 if isinstance(p, list | bool) or p.dtype == bool else p.ndim for p in arrays)
    return (slice(None), *parts), front
