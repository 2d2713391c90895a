"""MyGrad.  It has first derivatives, and no optimizers; plain ones are written out here."""

from __future__ import annotations

from typing import Any, ClassVar

import mygrad
import numpy as np
from mygrad.nnet.activations import relu
from mygrad.nnet.layers import batchnorm, conv_nd, max_pool
from mygrad.nnet.losses import softmax_crossentropy

from ..problems import Problem, chain_numbers, network_numbers
from . import Peer, Work
from .hand_updates import update_on_numpy

_FIRST = "has first derivatives only"


class MyGrad(Peer):
    lacks: ClassVar = {"hvp": _FIRST, "hessian": _FIRST}

    def version(self) -> str:
        from importlib.metadata import version

        return version("mygrad")

    def host(self, result: Any) -> Any:
        return np.array(result.data)

    def chain(self, problem: Problem) -> Work:
        *numbers, c = chain_numbers(problem)
        x, w, b = (mygrad.tensor(a) for a in numbers)
        total = bool(problem.size["shape"])

        def step() -> None:
            x.null_grad()
            w.null_grad()
            b.null_grad()
            y = x
            for _ in range(25):
                y = y * w
                y = y + b
                y = mygrad.tanh(y)
                y = y - c
            (y.sum() if total else y).backward()

        return Work(step, values=lambda: {"x": x.grad, "w": w.grad, "b": b.grad})

    def mlp(self, problem: Problem) -> Work:
        def outputs(parameters: list[Any], x: Any) -> Any:
            for n in range(0, len(parameters), 2):
                x = mygrad.matmul(x, parameters[n].T) + parameters[n + 1]
                if n + 2 < len(parameters):
                    x = relu(x)
            return x

        adam = problem.size["optimizer"] == "Adam"
        return self._training(problem, outputs, "Adam" if adam else "SGD", 1e-3 if adam else 0.1)

    def residual(self, problem: Problem) -> Work:
        def outputs(parameters: list[Any], x: Any) -> Any:
            for n in range(0, len(parameters) - 2, 4):
                w, b, scale, shift = parameters[n : n + 4]
                z = mygrad.matmul(x, w.T) + b
                x = x + relu(batchnorm(z, gamma=scale, beta=shift, eps=1e-5))
            return mygrad.matmul(x, parameters[-2].T) + parameters[-1]

        return self._training(problem, outputs, "Adam", 1e-3)

    def conv(self, problem: Problem) -> Work:
        def outputs(parameters: list[Any], x: Any) -> Any:
            for n in (0, 2):
                x = conv_nd(x, parameters[n], stride=1) + parameters[n + 1].reshape(1, -1, 1, 1)
                edge = x.shape[-1] // 2 * 2
                x = max_pool(x[:, :, :edge, :edge], (2, 2), 2)
            return mygrad.matmul(x.reshape(len(x), -1), parameters[4].T) + parameters[5]

        return self._training(problem, outputs, "SGD", 0.01)

    def _training(self, problem: Problem, outputs: Any, name: str, lr: float) -> Work:
        numbers = network_numbers(problem)
        parameters: list[Any] = []
        gradients: list[Any] = []
        updates: list[Any] = []

        def start() -> None:
            parameters[:] = [mygrad.tensor(p.copy()) for p in numbers.parameters]
            gradients[:] = [np.empty_like(p.data) for p in parameters]
            updates[:] = [
                update_on_numpy(name, {"lr": lr}, p.data.reshape(-1), g.reshape(-1))
                for p, g in zip(parameters, gradients, strict=True)
            ]

        def step() -> Any:
            loss = softmax_crossentropy(outputs(parameters, numbers.x), numbers.labels)
            loss.backward()
            for p, own, update in zip(parameters, gradients, updates, strict=True):
                own[...] = p.grad
                update()
            return loss

        return Work(step, start)
