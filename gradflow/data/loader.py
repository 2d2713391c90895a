"""DataLoader: a dataset as batches, in order or shuffled, brought to a device ahead of their need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from .. import backend
from .._engine import wrap
from .._plain import whole_number
from .._ranges import arange
from .._tensor import Tensor
from ..backend import CPU
from ..backend import device as Device
from ..errors import ArgumentError
from ..random import Generator, randperm
from ..typing import DeviceLike
from .datasets import Dataset, IterableDataset, default_collate, taken


class DataLoader:
    """The examples of a dataset in batches; every ``for`` over it is one pass, with ``shuffle`` in a new order.

    Parameters
    ----------
    dataset : Dataset, IterableDataset, sequence or iterable
        What has a length and examples by number; or what is iterated, whose examples are taken as they come.
    batch_size : int, default 1
        ``len(dataset)`` for batch gradient descent, 1 for stochastic, between them for mini-batch gradient descent.
    shuffle : bool, default False
        Whether each pass has a new random order.
    drop_last : bool, default False
        Whether the last batch is left out if it is smaller than the others.
    generator : Generator, optional
        What the order is drawn from; None: the generator of the device that the examples lie on.
    collate_fn : callable, optional
        It makes a batch of a list of examples; None: they are taken all at once, or by ``default_collate``.
    device : device or str, optional
        Where the batches are wanted. A GPU gets each while it still works on the one before: on a stream of its own, from
        page-locked memory.

    Raises
    ------
    ArgumentError
        For settings that make no sense.
    TypeError
        For what is no dataset, and for an iterator, which would be empty in the second pass.
    DeviceError
        When it is first run, for a device that is not there.

    Examples
    --------
    >>> import gradflow as gf
    >>> loader = gf.data.DataLoader(gf.data.TensorDataset(gf.arange(5.0)), batch_size=2, shuffle=True, drop_last=True)
    >>> len(loader), [x.shape for (x,) in loader]
    (2, [(2,), (2,)])
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        drop_last: bool = False,
        generator: Generator | None = None,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        device: DeviceLike = None,
    ) -> None:
        by_number = hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__") and not isinstance(dataset, IterableDataset)
        if not by_number and not hasattr(dataset, "__iter__"):
            raise TypeError(
                f"DataLoader: a dataset has a length and examples by number, or is iterated; {type(dataset).__name__} has neither"
            )
        if not by_number and isinstance(dataset, Iterator):
            raise TypeError(
                f"DataLoader: a dataset is iterated anew in every pass; {type(dataset).__name__} would be empty in the second"
            )
        if not by_number and shuffle:
            raise ArgumentError("DataLoader: examples that are iterated come in their own order; shuffle needs them by number")
        size = whole_number(batch_size)
        if size is None or size < 1:
            raise ArgumentError(f"DataLoader: batch_size is a whole number from 1, not {batch_size!r}")
        if generator is not None and not isinstance(generator, Generator):
            raise TypeError(f"DataLoader: generator is a gf.Generator, not {type(generator).__name__}")
        self.dataset: Any = dataset
        self.batch_size, self.shuffle, self.drop_last = size, bool(shuffle), bool(drop_last)
        self.generator, self.collate_fn, self._by_number = generator, collate_fn, by_number
        self.device = None if device is None else Device(device)

    def __len__(self) -> int:
        """The number of batches; TypeError for a dataset that is iterated and has no length."""
        n = len(self.dataset)
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        batches = self._batches(self._order()) if self._by_number else self._as_they_come()
        if self.device is None:
            return batches
        return _moved(batches, self.device)

    def _order(self) -> Tensor:
        """The numbers of the examples in the order of this pass, where the dataset wants them."""
        n = len(self.dataset)
        place = self.dataset.device if isinstance(self.dataset, Dataset) else CPU
        if not self.shuffle:
            return arange(n, device=place)
        drawn = place if self.generator is None else self.generator.device
        return randperm(n, generator=self.generator, device=drawn).to(place)

    def _batches(self, order: Tensor) -> Iterator[Any]:
        size, numbers = self.batch_size, order.array
        for i in range(len(self)):
            index: Tensor = wrap(numbers[i * size : (i + 1) * size])
            if self.collate_fn is None:
                yield taken(self.dataset, index)
            else:
                yield self.collate_fn([self.dataset[k] for k in index.tolist()])

    def _as_they_come(self) -> Iterator[Any]:
        collate, examples = self.collate_fn or default_collate, iter(self.dataset)
        while batch := [*islice(examples, self.batch_size)]:
            if len(batch) == self.batch_size or not self.drop_last:
                yield collate(batch)


def _moved(batches: Iterator[Any], where: Device) -> Iterator[Any]:
    """The batches on ``where``, each sent there before the one ahead of it is handed out."""
    courier = backend.namespace_for(where).Courier(where)
    coming: Any = None
    try:
        for batch in batches:
            sent = _send(batch, where, courier)
            if coming is not None:
                yield _receive(coming, courier)
            coming = sent
        if coming is not None:
            yield _receive(coming, courier)
    finally:
        courier.close()


def _send(batch: Any, where: Device, courier: Any) -> tuple[Any, Any]:
    """The batch with what is under way replaced by its number, and the parcel."""
    arrays: list[Any] = []

    def start(t: Tensor) -> Any:
        if t.is_cuda or t.requires_grad:
            return t.to(device=where)
        arrays.append(t.array)
        return _UnderWay(len(arrays) - 1)

    form = _mapped(batch, Tensor, start)
    return form, courier.send(arrays)


def _receive(sent: tuple[Any, Any], courier: Any) -> Any:
    form, parcel = sent
    arrays = courier.arrived(parcel)
    return _mapped(form, _UnderWay, lambda place: wrap(arrays[place]))


class _UnderWay(int):
    """The place of an array in a parcel."""


def _mapped(batch: Any, kind: Any, change: Callable[[Any], Any]) -> Any:
    """``batch`` with every ``kind`` in it changed."""
    if isinstance(batch, kind):
        return change(batch)
    if isinstance(batch, Mapping):
        return {key: _mapped(value, kind, change) for key, value in batch.items()}
    if isinstance(batch, tuple | list):
        parts = [_mapped(value, kind, change) for value in batch]
        return type(batch)(*parts) if hasattr(batch, "_fields") else type(batch)(parts)
    return batch
