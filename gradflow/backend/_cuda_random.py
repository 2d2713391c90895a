"""Random numbers on a GPU."""

from __future__ import annotations

from typing import Any

import cupy
import numpy as np

from ..errors import ArgumentError
from ..typing import Array, Shape
from .devices import device


class Random:
    """A stream of random numbers; the same seed gives the same numbers.

    CuPy's generator cannot be asked for its state.  So every draw restarts it at a seed of its own, made from the
    stream's seed and the number of the draw, and these two numbers are the state.  The generator is Philox
    (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011), which is made for this: a restart is cheap
    and any two seeds give independent numbers.
    """

    def __init__(self, seed: int, where: device) -> None:
        self._sequence = np.random.SeedSequence(seed)
        self._draws = 0
        self._device = cupy.cuda.Device(where.index)
        with self._device:
            self._rng = cupy.random.RandomState(0, cupy.cuda.curand.CURAND_RNG_PSEUDO_PHILOX4_32_10)

    def _restarted(self) -> Any:
        """The generator, set to where the next draw begins."""
        here = np.random.SeedSequence(self._sequence.entropy, spawn_key=(self._draws,))
        self._draws += 1
        self._rng.seed(int(here.generate_state(1, np.uint64)[0]))
        return self._rng

    def uniform(self, shape: Shape, dtype: np.dtype[Any]) -> Array:
        """In [0, 1)."""
        with self._device:
            if dtype.itemsize > 2:
                return self._restarted().random_sample(shape, dtype)
            # The steps between float16 numbers below 1: rounding a float32 instead would give 1 now and then.
            steps = cupy.floor(self._restarted().random_sample(shape, np.float32) * np.float32(2048))
            return (steps / np.float32(2048)).astype(dtype)

    def normal(self, shape: Shape, dtype: np.dtype[Any]) -> Array:
        """Mean 0, standard deviation 1."""
        with self._device:
            held = dtype if dtype.itemsize > 2 else np.float32
            return self._restarted().standard_normal(shape, held).astype(dtype, copy=False)

    def integers(self, low: int, high: int, shape: Shape) -> Array:
        """int64 in [low, high)."""
        with self._device:
            rng = self._restarted()
            if not 0 < high - low <= 1 << 32:
                return rng.randint(low, high, shape, np.int64)  # exact by rejection, for which it waits
            # 63 random bits need no rejection; their remainder favours no number by more than 1 part in 2**31.
            out = rng.randint(0, 1 << 63, shape, np.int64)
            out %= high - low
            out += low
            return out

    def permutation(self, n: int) -> Array:
        with self._device:
            return self._restarted().permutation(int(n))

    def get_state(self) -> dict[str, Any]:
        return {"seed": self._sequence.entropy, "draws": self._draws}

    def set_state(self, state: dict[str, Any]) -> None:
        if set(state) != {"seed", "draws"}:
            raise ArgumentError(
                "this is not the state of a generator on CUDA; a generator's state fits only a generator on the same "
                "kind of device, so take it from one with get_state()"
            )
        self._sequence, self._draws = np.random.SeedSequence(state["seed"]), int(state["draws"])
