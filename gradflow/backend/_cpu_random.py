"""Random numbers in host memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..typing import Array, Shape
from .devices import device


class Random:
    """A stream of random numbers; the same seed gives the same numbers."""

    def __init__(self, seed: int, where: device) -> None:
        self._rng = np.random.Generator(np.random.PCG64(seed))

    def uniform(self, shape: Shape, dtype: np.dtype[Any]) -> Array:
        """In [0, 1)."""
        if dtype.itemsize > 2:
            return np.asarray(self._rng.random(shape, dtype))
        # The steps between float16 numbers below 1: rounding a float32 instead would give 1 now and then.
        return np.asarray(np.floor(self._rng.random(shape, np.float32) * 2048) / 2048, dtype)

    def normal(self, shape: Shape, dtype: np.dtype[Any]) -> Array:
        """Mean 0, standard deviation 1."""
        return np.asarray(self._rng.standard_normal(shape, dtype if dtype.itemsize > 2 else np.float32), dtype)

    def integers(self, low: int, high: int, shape: Shape) -> Array:
        """int64 in [low, high)."""
        return np.asarray(self._rng.integers(low, high, shape))

    def permutation(self, n: int) -> Array:
        return self._rng.permutation(n)

    def get_state(self) -> dict[str, Any]:
        return dict(self._rng.bit_generator.state)

    def set_state(self, state: dict[str, Any]) -> None:
        self._rng.bit_generator.state = state
