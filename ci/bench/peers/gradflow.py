"""gradflow itself, from the checkout that this program lies in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import gradflow

from .torchlike import TorchLike


class Gradflow(TorchLike):
    lib = gradflow

    def __init__(self, device: str) -> None:
        super().__init__(device)
        gradflow.zeros(1, device=device)  # says what is missing
        if device != "cpu":
            from . import on_cupy

            self.asynchronous, self._cupy = True, on_cupy

    def put(self, parameter: Any, array: Any) -> None:
        parameter.array[...] = self.tensor(array).array

    def hessian_of(self, loss: Any, w: Any) -> Any:
        if not hasattr(gradflow, "func"):
            return None
        made = gradflow.func.hessian(loss)
        return lambda: made(w)

    def wait(self) -> None:
        if self.asynchronous:
            self._cupy.synchronize()

    def device_name(self) -> str | None:
        return self._cupy.device_name() if self.asynchronous else None

    def device_memory(self) -> float | None:
        return self._cupy.pool_bytes()

    def drop(self) -> None:
        if self.asynchronous:
            self._cupy.empty_pool()
