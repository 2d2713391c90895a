"""HIPS autograd.  It has no optimizers that step; plain ones are written out here."""

from __future__ import annotations

from typing import Any, ClassVar

import autograd
import autograd.numpy as anp
import numpy as np

from ..problems import Problem, chain_numbers, logistic_numbers, network_numbers
from . import Peer, Work
from .hand_updates import update_on_numpy


def cross_entropy(z: Any, picked: Any) -> Any:
    s = z - anp.max(z, axis=1, keepdims=True)
    return (anp.sum(anp.log(anp.sum(anp.exp(s), axis=1))) - anp.sum(s * picked)) / np.float32(len(picked))


class Hips(Peer):
    lacks: ClassVar = {"conv": "its only convolution is a loop over SciPy's"}

    def version(self) -> str:
        from importlib.metadata import version

        return version("autograd")

    def chain(self, problem: Problem) -> Work:
        *numbers, c = chain_numbers(problem)

        def result(xwb: Any) -> Any:
            y, w, b = xwb
            for _ in range(25):
                y = y * w
                y = y + b
                y = anp.tanh(y)
                y = y - c
            return anp.sum(y)

        gradient = autograd.grad(result)
        found: list[Any] = []

        def step() -> None:
            found[:] = gradient(tuple(numbers))

        return Work(step, values=lambda: dict(zip("xwb", found, strict=True)))

    def mlp(self, problem: Problem) -> Work:
        def outputs(parameters: list[Any], x: Any) -> Any:
            for n in range(0, len(parameters), 2):
                x = anp.dot(x, parameters[n].T) + parameters[n + 1]
                if n + 2 < len(parameters):
                    x = anp.maximum(x, 0)
            return x

        adam = problem.size["optimizer"] == "Adam"
        return self._training(problem, outputs, "Adam" if adam else "SGD", 1e-3 if adam else 0.1)

    def residual(self, problem: Problem) -> Work:
        eps = np.float32(1e-5)

        def outputs(parameters: list[Any], x: Any) -> Any:
            for n in range(0, len(parameters) - 2, 4):
                w, b, scale, shift = parameters[n : n + 4]
                z = anp.dot(x, w.T) + b
                c = z - anp.mean(z, axis=0)
                z = c / anp.sqrt(anp.mean(c * c, axis=0) + eps) * scale + shift
                x = x + anp.maximum(z, 0)
            return anp.dot(x, parameters[-2].T) + parameters[-1]

        return self._training(problem, outputs, "Adam", 1e-3)

    def _training(self, problem: Problem, outputs: Any, name: str, lr: float) -> Work:
        numbers = network_numbers(problem)
        picked = np.eye(numbers.parameters[-1].size, dtype=np.float32)[numbers.labels]
        both = autograd.value_and_grad(lambda parameters: cross_entropy(outputs(parameters, numbers.x), picked))
        parameters: list[Any] = []
        gradients: list[Any] = []
        updates: list[Any] = []

        def start() -> None:
            parameters[:] = [p.copy() for p in numbers.parameters]
            gradients[:] = [np.empty_like(p) for p in parameters]
            updates[:] = [
                update_on_numpy(name, {"lr": lr}, p.reshape(-1), g.reshape(-1))
                for p, g in zip(parameters, gradients, strict=True)
            ]

        def step() -> Any:
            loss, found = both(parameters)
            for own, g, update in zip(gradients, found, updates, strict=True):
                own[...] = g
                update()
            return loss

        return Work(step, start)

    def _loss(self, problem: Problem) -> Any:
        x, y, _, _ = logistic_numbers(problem)
        return lambda w: anp.mean(anp.log1p(anp.exp(-(y * anp.dot(x, w)))))

    def hvp(self, problem: Problem) -> Work:
        *_, w, v = logistic_numbers(problem)
        product = autograd.hessian_vector_product(self._loss(problem))
        return Work(lambda: product(w, v))

    def hessian(self, problem: Problem) -> Work:
        w = logistic_numbers(problem)[2]
        full = autograd.hessian(self._loss(problem))
        return Work(lambda: full(w))
