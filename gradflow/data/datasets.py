"""What holds examples: one at a time by number, several at a time by a vector of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .. import backend
from .._creation import as_tensor
from .._engine import wrap
from .._ops import joining
from .._plain import real_number
from .._tensor import Tensor
from ..backend import CPU, dtypes
from ..backend import device as Device
from ..errors import ArgumentError, DeviceError, DTypeError, IndexingError, ShapeError
from ..random import Generator, randperm


def default_collate(batch: Sequence[Any]) -> Any:
    """The examples of a batch, put together: tensors, arrays and numbers in one more dimension, the first.

    Tuples, lists and dicts are put together part by part and remain what they are; text stays a list. Whole numbers become int64,
    others the default dtype.

    Parameters
    ----------
    batch : Sequence[object]
        Examples, at least one.

    Returns
    -------
    object
        A Tensor, or what the examples are with Tensors in it.

    Raises
    ------
    ShapeError
        For examples of different shapes or lengths.
    TypeError
        For other things.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.data.default_collate([(gf.ones(2), 3), (gf.zeros(2), 4)])
    (tensor([[1., 1.],
            [0., 0.]]), tensor([3, 4]))
    """
    first = batch[0]
    if isinstance(first, Tensor):
        if any(t.shape != first.shape for t in batch):
            raise ShapeError(f"a batch is made of tensors of one shape, not {sorted({tuple(t.shape) for t in batch})}")
        return joining.stack(list(batch))
    if isinstance(first, np.ndarray):
        if any(a.shape != first.shape for a in batch):
            raise ShapeError(f"a batch is made of arrays of one shape, not {sorted({a.shape for a in batch})}")
        return as_tensor(np.stack(batch))
    if isinstance(first, bool | int | float | complex | np.generic):
        return as_tensor(np.asarray(batch, dtype=None if isinstance(first, np.generic) else dtypes.of_python(first)))
    if isinstance(first, str | bytes):
        return list(batch)
    if isinstance(first, Mapping):
        return {key: default_collate([example[key] for example in batch]) for key in first}
    if isinstance(first, tuple | list):
        if any(len(example) != len(first) for example in batch):
            raise ShapeError("a batch is made of examples of as many parts each")
        parts = [default_collate(part) for part in zip(*batch, strict=True)]
        if isinstance(first, list):
            return parts
        return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)
    raise TypeError(
        f"examples are tensors, arrays, numbers, text, or tuples, lists and dicts of them, not {type(first).__name__}"
    )


def taken(dataset: Any, index: Tensor) -> Any:
    """The batch of the examples of ``dataset`` that ``index`` names."""
    if isinstance(dataset, Dataset):
        return dataset.take(index)
    return default_collate([dataset[i] for i in index.tolist()])


class Dataset:
    """Examples by number: a subclass writes ``__len__`` and ``__getitem__``.

    One that can make a whole batch at once writes ``take`` as well.

    Examples
    --------
    >>> import gradflow as gf
    >>> class Squares(gf.data.Dataset):
    ...     def __len__(self):
    ...         return 10
    ...     def __getitem__(self, index):
    ...         return index, index**2
    >>> next(iter(gf.data.DataLoader(Squares(), batch_size=3)))
    (tensor([0, 1, 2]), tensor([0, 1, 4]))
    """

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} has no __len__(); a Dataset says there how many examples it has")

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__(); a Dataset returns an example there")

    @property
    def device(self) -> Device:
        """Where ``take`` wants its index; the CPU unless a subclass says otherwise.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.data.TensorDataset(gf.arange(4.0)).device
        device(type='cpu')
        """
        return CPU

    def take(self, index: Tensor) -> Any:
        """The batch of the examples that ``index`` names.

        Parameters
        ----------
        index : Tensor
            A vector of whole numbers, on ``device``.

        Returns
        -------
        object
            What ``default_collate`` makes of the examples, unless a subclass makes it otherwise.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.data.TensorDataset(gf.arange(4.0)).take(gf.tensor([3, 0]))
        (tensor([3., 0.]),)
        """
        return default_collate([self[i] for i in index.tolist()])


class IterableDataset:
    """Examples one after the other, from a file or a stream: a subclass writes ``__iter__``.

    A DataLoader takes them as they come. It cannot shuffle them, and knows its length only where ``__len__`` is written too.

    Examples
    --------
    >>> import gradflow as gf
    >>> class Countdown(gf.data.IterableDataset):
    ...     def __iter__(self):
    ...         yield from (3, 2, 1)
    >>> list(gf.data.DataLoader(Countdown(), batch_size=2))
    [tensor([3, 2]), tensor([1])]
    """

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__} has no __iter__(); an IterableDataset yields its examples there")


class TensorDataset(Dataset):
    """Examples as rows: number ``i`` is ``(a[i], b[i], ...)``.

    A batch is taken in one indexing of each tensor, where it lies.

    Parameters
    ----------
    *tensors : Tensor or array
        Of as many rows each, and on one device.

    Raises
    ------
    ArgumentError
        For no tensors.
    ShapeError
        For tensors of different lengths.
    DeviceError
        For different devices.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.data.TensorDataset(gf.arange(4.0), gf.arange(4))[2]
    (tensor(2.), tensor(2))
    """

    def __init__(self, *tensors: Any) -> None:
        self.tensors = tuple(as_tensor(t) for t in tensors)
        if not self.tensors:
            raise ArgumentError("TensorDataset: takes one tensor or more")
        if any(not t.ndim for t in self.tensors) or len({len(t) for t in self.tensors}) > 1:
            raise ShapeError(f"TensorDataset: the tensors need as many rows each, not shapes {[t.shape for t in self.tensors]}")
        if len({t.device for t in self.tensors}) > 1:
            raise DeviceError(
                f"TensorDataset: the tensors lie on {', '.join(str(t.device) for t in self.tensors)}, not on one device"
            )

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(t[index] for t in self.tensors)

    @property
    def device(self) -> Device:
        return self.tensors[0].device

    def take(self, index: Tensor) -> tuple[Tensor, ...]:
        return tuple(_rows(t, index) for t in self.tensors)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{t.dtype} {t.shape}' for t in self.tensors)})"


def _rows(t: Tensor, index: Tensor) -> Tensor:
    index = index.to(device=t.device)
    if t.requires_grad:
        return t.index_select(0, index)
    made: Tensor = wrap(backend.namespace_of(t.array).take(t.array, index.array, axis=0))
    return made


class Samples(TensorDataset):
    """Inputs ``x`` and what belongs to them, ``y``, with names: of the set, of the features, of the classes.

    Parameters
    ----------
    x : Tensor or array
        A row for each example.
    y : Tensor or array
        Whole numbers, places in ``target_names``; or, without those, measured values.
    name : str, default "samples"
        The name of the set.
    feature_names : sequence of str, default ()
        The names of the columns of ``x``.
    target_names : sequence of str, default ()
        The names of the classes.

    Raises
    ------
    ShapeError
        For an ``x`` and a ``y`` of different lengths.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.data.Samples(gf.ones(3, 2), gf.tensor([0, 1, 1]), "points", ("width", "height"), ("red", "blue"))
    points: 3 examples, x float32 (3, 2), y int64 (3,), 2 classes
    """

    def __init__(
        self, x: Any, y: Any, name: str = "samples", feature_names: Sequence[str] = (), target_names: Sequence[str] = ()
    ) -> None:
        super().__init__(x, y)
        self.x, self.y = self.tensors
        self.name = name
        self.feature_names = tuple(str(n) for n in feature_names)
        self.target_names = tuple(str(n) for n in target_names)

    def __repr__(self) -> str:
        x, y = self.x, self.y
        classes = f", {len(self.target_names)} classes" if self.target_names else ""
        return f"{self.name}: {len(self)} examples, x {x.dtype} {x.shape}, y {y.dtype} {y.shape}{classes}"


class Subset(Dataset):
    """The examples of ``dataset`` that ``indices`` name, in their order.

    Parameters
    ----------
    dataset : Dataset or sequence
        Examples by number.
    indices : sequence of ints, array or Tensor
        A vector; negative numbers count from the end.

    Raises
    ------
    IndexingError
        For a number that is outside of ``dataset``.
    DTypeError
        For what is no vector of whole numbers.

    Examples
    --------
    >>> import gradflow as gf
    >>> part = gf.data.Subset(gf.data.TensorDataset(gf.arange(4.0)), [3, 0])
    >>> part[0], len(part)
    ((tensor(3.),), 2)
    """

    def __init__(self, dataset: Any, indices: Any) -> None:
        held = indices.to_numpy() if isinstance(indices, Tensor) else np.asarray(list(indices))
        if held.ndim != 1 or (held.size and held.dtype.kind not in "iu"):
            raise DTypeError(f"Subset: indices are a vector of whole numbers, not {held.dtype} of shape {held.shape}")
        n = len(dataset)
        if held.size and (held.min() < -n or held.max() >= n):
            raise IndexingError(f"Subset: indices from {held.min()} to {held.max()} are not all among {n} examples")
        self.dataset = dataset
        self.indices = np.where(held < 0, held + n, held).astype(np.int64)
        self._index = as_tensor(self.indices, device=self.device)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> Any:
        return self.dataset[int(self.indices[index])]

    @property
    def device(self) -> Device:
        return self.dataset.device if isinstance(self.dataset, Dataset) else CPU

    def take(self, index: Tensor) -> Any:
        return taken(self.dataset, _rows(self._index, index))


def random_split(dataset: Any, lengths: Sequence[float], generator: Generator | None = None) -> list[Subset]:
    """Disjoint parts of ``dataset``, drawn at random: no example is in two of them.

    Parameters
    ----------
    dataset : Dataset or sequence
        Examples by number.
    lengths : sequence of floats
        How many examples each part gets, together as many as there are. Or fractions that add up to 1; they are rounded down, and
        what is left over goes one by one to the parts from the first on.
    generator : Generator, optional
        A generator on the CPU.

    Returns
    -------
    list of Subset
        One for each of ``lengths``.

    Raises
    ------
    ArgumentError
        For lengths that do not add up.

    Examples
    --------
    >>> import gradflow as gf
    >>> whole = gf.data.TensorDataset(gf.arange(10.0))
    >>> [len(part) for part in gf.data.random_split(whole, [0.75, 0.25])]
    [8, 2]
    """
    n = len(dataset)
    given = [real_number(k) for k in lengths]
    if any(k is None or not k >= 0 for k in given):
        raise ArgumentError(f"random_split: lengths are numbers from 0, not {list(lengths)}")
    if abs(sum(given) - 1) < 1e-9 and (n != 1 or any(isinstance(k, float) for k in given)):
        sizes = [int(n * k + 1e-9) for k in given]
        for i in range(n - sum(sizes)):
            sizes[i % len(sizes)] += 1
    else:
        sizes = [int(k) for k in given]
        if sizes != given or sum(sizes) != n:
            raise ArgumentError(
                f"random_split: {given} are neither fractions that add up to 1 nor the sizes of parts of {n} examples"
            )
    order = randperm(n, generator=generator, device=CPU).to_numpy()
    return [Subset(dataset, part) for part in np.split(order, np.cumsum(sizes)[:-1])]
