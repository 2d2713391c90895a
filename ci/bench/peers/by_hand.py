"""What a patient person writes without a library: NumPy calls into buffers that last, derivatives worked out on paper."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..problems import Problem, chain_numbers, logistic_numbers, network_numbers, optimizer_numbers
from . import Peer, Work
from .hand_layers import Conv, CrossEntropy, Flat, Flatten, Linear, MaxPool, Residual
from .hand_updates import update_on_cuda, update_on_numpy

ONE = np.array(1, np.float32)


class ByHand(Peer):
    xp: Any = np

    def array(self, x: Any) -> Any:
        return np.array(x)

    def scalar(self, x: float) -> Any:
        return np.array(x, np.float32)

    def chain(self, problem: Problem) -> Work:
        x, w, b, c = chain_numbers(problem)
        before = [x, *(np.empty_like(x) for _ in range(25))]
        tanhs = [np.empty_like(x) for _ in range(25)]
        g, t, gw, gb = (np.empty_like(x) for _ in range(4))
        forward = list(zip(before, tanhs, before[1:], strict=False))
        backward = list(zip(before, tanhs, strict=False))[::-1]
        multiply, add, subtract, tanh = np.multiply, np.add, np.subtract, np.tanh

        def step() -> None:
            for y, h, z in forward:
                multiply(y, w, z)
                add(z, b, z)
                tanh(z, h)
                subtract(h, c, z)
            g.fill(1)
            gw.fill(0)
            gb.fill(0)
            for y, h in backward:
                multiply(h, h, t)
                subtract(ONE, t, t)
                multiply(g, t, g)
                add(gb, g, gb)
                multiply(g, y, t)
                add(gw, t, gw)
                multiply(g, w, g)

        return Work(step, values=lambda: {"x": g, "w": gw, "b": gb})

    def mlp(self, problem: Problem) -> Work:
        layers = problem.size["layers"]

        def build(flat: Flat, batch: int) -> list[Any]:
            return [
                Linear(self.xp, flat, batch, i, o, relu=n < len(layers) - 2, first=n == 0)
                for n, (i, o) in enumerate(pairwise(layers))
            ]

        adam = problem.size["optimizer"] == "Adam"
        return self.training(problem, build, "Adam" if adam else "SGD", {"lr": 1e-3 if adam else 0.1})

    def training(self, problem: Problem, build: Callable[[Flat, int], list[Any]], name: str, settings: dict[str, Any]) -> Work:
        numbers = network_numbers(problem)
        x = self.array(numbers.x)
        now: Any = SimpleNamespace()

        def start() -> None:
            now.__dict__.clear()
            flat = Flat(self.xp, [self.array(p) for p in numbers.parameters])
            now.layers = build(flat, len(x))
            now.loss = CrossEntropy(self.xp, self.array(numbers.labels), numbers.parameters[-1].size)
            now.update = self.update_of(name, settings, flat.values, flat.gradients)

        def step() -> Any:
            y = x
            for layer in now.layers:
                y = layer.forward(y)
            loss = now.loss.forward(y)
            g = now.loss.backward()
            for layer in reversed(now.layers):
                g = layer.backward(g)
            now.update()
            return loss

        return Work(step, start)

    def update_of(self, name: str, settings: dict[str, Any], p: Any, g: Any) -> Callable[[], None]:
        return update_on_numpy(name, settings, p, g)

    def optimizer(self, problem: Problem) -> Work:
        flat = Flat(self.xp, [self.array(p) for p, _ in optimizer_numbers(problem)])
        flat.gradients[...] = self.array(np.concatenate([g for _, g in optimizer_numbers(problem)]))
        momentum = problem.size["optimizer"] == "momentum"
        settings = {"momentum": {"lr": 1e-3, "momentum": 0.9}, "Adagrad": {"lr": 1e-2}}
        update = self.update_of(
            "SGD" if momentum else problem.size["optimizer"],
            settings.get(problem.size["optimizer"], {"lr": 1e-3}), flat.values, flat.gradients,
        )  # fmt: skip
        return Work(update, values=lambda: {"p": [self.host(p[::97]) for p in flat.parameters[::10]]})

    def _logistic(self, problem: Problem) -> tuple[Any, Any, Any, Any, Any]:
        """X, y, w, v and a function of the margins m that gives s(m) s(-m) / n."""
        x, y, w, v = (self.array(a) for a in logistic_numbers(problem))
        one, n, xp = self.scalar(1), self.scalar(len(y)), self.xp

        def curvature() -> Any:
            e = xp.dot(x, w)
            xp.multiply(e, y, e)
            xp.exp(e, e)
            t = xp.add(e, one)
            xp.divide(e, t, e)
            xp.divide(e, t, e)
            return xp.divide(e, n, e)

        return x, y, w, v, curvature

    def hvp(self, problem: Problem) -> Work:
        x, _, _, v, curvature = self._logistic(problem)
        xp = self.xp
        return Work(lambda: xp.dot(curvature() * xp.dot(x, v), x))

    def hessian(self, problem: Problem) -> Work:
        x, _, _, _, curvature = self._logistic(problem)
        xp = self.xp
        return Work(lambda: xp.dot(x.T * curvature(), x))


class ByHandOnNumPy(ByHand):
    """With what only NumPy's side is written for."""

    def residual(self, problem: Problem) -> Work:
        blocks, width = problem.size["blocks"], problem.size["width"]

        def build(flat: Flat, batch: int) -> list[Any]:
            made = [Residual(flat, batch, width, first=n == 0) for n in range(blocks)]
            return [*made, Linear(np, flat, batch, width, 10)]

        return self.training(problem, build, "Adam", {"lr": 1e-3})

    def conv(self, problem: Problem) -> Work:
        def build(flat: Flat, batch: int) -> list[Any]:
            return [
                Conv(flat, batch, 1, 8, 28, first=True), MaxPool(), Conv(flat, batch, 8, 16, 13), MaxPool(), Flatten(),
                Linear(np, flat, batch, 400, 10),
            ]  # fmt: skip

        return self.training(problem, build, "SGD", {"lr": 0.01})


class ByHandOnCuda(ByHand):
    """Bare CuPy, with a kernel of its own for the update."""

    asynchronous = True

    def __init__(self, device: str) -> None:
        super().__init__(device)
        import cupy

        from . import on_cupy

        self.xp, self._cupy = cupy, on_cupy
        self.wait, self.drop = on_cupy.synchronize, on_cupy.empty_pool  # type: ignore[method-assign]
        self.device_memory = on_cupy.pool_bytes  # type: ignore[method-assign]

    def version(self) -> str:
        return str(self.xp.__version__)

    def array(self, x: Any) -> Any:
        return self.xp.asarray(x)

    def scalar(self, x: float) -> Any:
        return np.float32(x)

    def host(self, result: Any) -> Any:
        return self.xp.asnumpy(result)

    def update_of(self, name: str, settings: dict[str, Any], p: Any, g: Any) -> Callable[[], None]:
        return update_on_cuda(self.xp, name, settings, p, g)
