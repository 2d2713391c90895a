"""``cupy.random``: the old RandomState and the new Generator, each with those methods only that CuPy gave it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .array import ndarray, shown
from .record import launches, wait
from .snapshot import CLASSES, bound


class _Stream:
    """A stream of random numbers that refuses whatever CuPy's class of that name would refuse."""

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_"):
            return object.__getattribute__(self, name)
        words = CLASSES[type(self).__name__].get(name)
        if words is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        found = getattr(type(self), "_" + name, None)
        if found is None:
            raise NotImplementedError(f"CuPy has {type(self).__name__}.{name}, but the stand-in for it does not; add it there")

        def call(*args: Any, **kwargs: Any) -> Any:
            launches.append("curand")
            return found(self, **bound(words, name, args, kwargs))

        return call


def _float(dtype: Any) -> np.dtype[Any]:
    found: np.dtype[Any] = np.dtype(dtype)
    if found.char not in "fd":
        raise TypeError("cupy.random only supports float32 and float64")
    return found


class RandomState(_Stream):
    """``cupy.random.RandomState``."""

    __module__ = "cupy.random"

    def __init__(self, seed: Any = None, method: Any = None) -> None:
        self._method = method
        self._seed(seed)

    def _seed(self, seed: Any = None) -> None:
        if seed is not None and (not isinstance(seed, int | np.integer) or not 0 <= int(seed) < 1 << 64):
            raise ValueError("Seed must be an integer between 0 and 2**64 - 1")
        self._rng = np.random.default_rng(None if seed is None else int(seed))

    def _random_sample(self, size: Any = None, dtype: Any = float) -> ndarray:
        return shown(self._rng.random(() if size is None else size, _float(dtype)))

    def _standard_normal(self, size: Any = None, dtype: Any = float) -> ndarray:
        return shown(self._rng.standard_normal(() if size is None else size, _float(dtype)))

    def _normal(self, loc: float = 0.0, scale: float = 1.0, size: Any = None, dtype: Any = float) -> ndarray:
        return shown((self._rng.standard_normal(() if size is None else size, _float(dtype)) * scale + loc).astype(dtype))

    def _uniform(self, low: float = 0.0, high: float = 1.0, size: Any = None, dtype: Any = float) -> ndarray:
        return shown((self._rng.random(() if size is None else size, _float(dtype)) * (high - low) + low).astype(dtype))

    def _randint(self, low: int, high: Any = None, size: Any = None, dtype: Any = int) -> ndarray:
        low, high = (0, low) if high is None else (low, high)
        if low >= high:
            raise ValueError("low >= high")
        limits = np.iinfo(dtype)
        if low < limits.min or high - 1 > limits.max:
            raise ValueError(f"low or high is out of bounds for {np.dtype(dtype).name}")
        if (high - low) & (high - low - 1):  # not a power of two: it draws until all are below
            wait("RandomState.randint")
        return shown(np.asarray(self._rng.integers(low, high, () if size is None else size, np.dtype(dtype))))

    def _permutation(self, a: Any) -> ndarray:
        if isinstance(a, int):
            return shown(self._rng.permutation(a))
        return a[shown(self._rng.permutation(len(a)))]  # type: ignore[no-any-return]


class Generator(_Stream):
    """``cupy.random.Generator``: it lacks normal, permutation, shuffle and choice."""

    __module__ = "cupy.random"

    def __init__(self, bit_generator: Any = None) -> None:
        self._rng = np.random.default_rng(bit_generator)

    def _random(self, size: Any = None, dtype: Any = np.float64, out: Any = None) -> ndarray:
        return shown(np.asarray(self._rng.random(size, _float(dtype))))

    def _standard_normal(self, size: Any = None, dtype: Any = np.float64, out: Any = None) -> ndarray:
        return shown(np.asarray(self._rng.standard_normal(size, _float(dtype))))

    def _integers(self, low: int, high: Any = None, size: Any = None, dtype: Any = np.int64, endpoint: bool = False) -> ndarray:
        return shown(np.asarray(self._rng.integers(low, high, size, dtype, endpoint)))


def default_rng(seed: Any = None) -> Generator:
    return Generator(seed)
