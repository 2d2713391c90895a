"""No library: how fast this machine's memory is.  An optimizer cannot be faster than what it must move.

On the CPU that is the bandwidth of changing an array in place, on two threads; on a GPU that of copying.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ..problems import Problem
from ..worker import THREADS
from . import Peer, Unsupported, Work


class Floor(Peer):
    def __init__(self, device: str) -> None:
        super().__init__(device)
        if device != "cpu":
            from . import on_cupy

            self.asynchronous, self._cupy = True, on_cupy
            self.wait = on_cupy.synchronize  # type: ignore[method-assign]
            self.drop = on_cupy.empty_pool  # type: ignore[method-assign]

    def optimizer(self, problem: Problem) -> Work:
        """Move as many bytes as the optimizer must, half of them read and half written."""
        if not problem.floor_bytes:
            raise Unsupported("so little fits in the cache")
        numbers = problem.floor_bytes // 8
        return self._copied(numbers) if self.asynchronous else self._in_place(numbers)

    def _in_place(self, numbers: int) -> Work:
        one, parts = np.ones((), np.float32), np.array_split(np.ones(numbers, np.float32), THREADS)
        pool = ThreadPoolExecutor(THREADS - 1)

        def pass_over(part: Any) -> None:
            np.multiply(part, one, part)

        def step() -> None:
            others = [pool.submit(pass_over, part) for part in parts[1:]]
            pass_over(parts[0])
            for other in others:
                other.result()

        return Work(step)

    def _copied(self, numbers: int) -> Work:
        import cupy

        source, target = cupy.ones(numbers, np.float32), cupy.empty(numbers, np.float32)
        return Work(lambda: cupy.copyto(target, source))
