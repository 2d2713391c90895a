"""JAX, with whole steps compiled ahead by ``jit`` and their old values given back (``donate_argnums``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..problems import OPTIMIZERS, Problem, chain_numbers, logistic_numbers, network_numbers, optimizer_numbers
from . import Peer, Work

Update = Callable[[Any, Any, Any, Any], tuple[Any, Any]]


def _adam(p: Any, g: Any, state: Any, n: Any, lr: float) -> tuple[Any, Any]:
    m, v = 0.9 * state[0] + 0.1 * g, 0.999 * state[1] + 0.001 * g * g
    r = jnp.sqrt(1 - 0.999**n)
    return p - lr * r / (1 - 0.9**n) * m / (jnp.sqrt(v) + 1e-8 * r), (m, v)


def _sgd(p: Any, g: Any, state: Any, n: Any, lr: float, momentum: float = 0.0) -> tuple[Any, Any]:
    b = momentum * state[0] + g if momentum else g
    return p - lr * b, (b,) if momentum else state


def _rmsprop(p: Any, g: Any, state: Any, n: Any, lr: float) -> tuple[Any, Any]:
    s = 0.99 * state[0] + 0.01 * g * g
    return p - lr * g / (jnp.sqrt(s) + 1e-8), (s,)


def _adagrad(p: Any, g: Any, state: Any, n: Any, lr: float) -> tuple[Any, Any]:
    s = state[0] + g * g
    return p - lr * g / (jnp.sqrt(s) + 1e-10), (s,)


_RULES = {"Adam": (_adam, 2), "SGD": (_sgd, 1), "RMSprop": (_rmsprop, 1), "Adagrad": (_adagrad, 1)}


def cross_entropy(z: Any, labels: Any) -> Any:
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), labels[:, None], 1))


class Jax(Peer):
    def version(self) -> str:
        return str(jax.__version__)

    def chain(self, problem: Problem) -> Work:
        *numbers, c = (jnp.asarray(a) for a in chain_numbers(problem))

        def result(y: Any, w: Any, b: Any) -> Any:
            for _ in range(25):
                y = jnp.tanh(y * w + b) - c
            return y.sum()

        gradient = jax.jit(jax.grad(result, (0, 1, 2)))
        found: list[Any] = []

        def step() -> None:
            found[:] = jax.block_until_ready(gradient(*numbers))

        return Work(step, values=lambda: {n: self.host(g) for n, g in zip("xwb", found, strict=True)})

    def mlp(self, problem: Problem) -> Work:
        def outputs(parameters: Any, x: Any) -> Any:
            for n in range(0, len(parameters), 2):
                x = x @ parameters[n].T + parameters[n + 1]
                if n + 2 < len(parameters):
                    x = jax.nn.relu(x)
            return x

        adam = problem.size["optimizer"] == "Adam"
        return self._training(problem, outputs, "Adam" if adam else "SGD", {"lr": 1e-3 if adam else 0.1})

    def residual(self, problem: Problem) -> Work:
        def outputs(parameters: Any, x: Any) -> Any:
            for n in range(0, len(parameters) - 2, 4):
                w, b, scale, shift = parameters[n : n + 4]
                z = x @ w.T + b
                z = (z - z.mean(0)) * jax.lax.rsqrt(z.var(0) + 1e-5) * scale + shift
                x = x + jax.nn.relu(z)
            return x @ parameters[-2].T + parameters[-1]

        return self._training(problem, outputs, "Adam", {"lr": 1e-3})

    def conv(self, problem: Problem) -> Work:
        def outputs(parameters: Any, x: Any) -> Any:
            for n in (0, 2):
                x = jax.lax.conv(x, parameters[n], (1, 1), "VALID") + parameters[n + 1][:, None, None]
                x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
            return x.reshape(len(x), -1) @ parameters[4].T + parameters[5]

        return self._training(problem, outputs, "SGD", {"lr": 0.01})

    def _training(self, problem: Problem, outputs: Any, name: str, settings: dict[str, float]) -> Work:
        numbers = network_numbers(problem)
        x, labels = jnp.asarray(numbers.x), jnp.asarray(numbers.labels, jnp.int32)
        rule, kept = _RULES[name]

        def advance(parameters: Any, states: Any, n: Any) -> Any:
            loss, gradients = jax.value_and_grad(lambda ps: cross_entropy(outputs(ps, x), labels))(parameters)
            new = [rule(p, g, s, n, **settings) for p, g, s in zip(parameters, gradients, states, strict=True)]
            return loss, [p for p, _ in new], [s for _, s in new], n + 1

        compiled = jax.jit(advance, donate_argnums=(0, 1, 2))
        held: list[Any] = []

        def start() -> None:
            parameters = [jnp.array(p) for p in numbers.parameters]
            held[:] = [parameters, [tuple(jnp.zeros_like(p) for _ in range(kept)) for p in parameters], jnp.float32(1)]

        def step() -> Any:
            loss, *held[:] = compiled(*held)
            return loss.block_until_ready()

        return Work(step, start)

    def optimizer(self, problem: Problem) -> Work:
        name, settings, _ = OPTIMIZERS[problem.size["optimizer"]]
        rule, kept = _RULES[name]
        gradients = [jnp.asarray(g) for _, g in optimizer_numbers(problem)]

        def advance(parameters: Any, gradients: Any, states: Any, n: Any) -> Any:
            new = [rule(p, g, s, n, **settings) for p, g, s in zip(parameters, gradients, states, strict=True)]
            return [p for p, _ in new], [s for _, s in new], n + 1

        compiled = jax.jit(advance, donate_argnums=(0, 2))
        parameters = [jnp.array(p) for p, _ in optimizer_numbers(problem)]
        held = [parameters, [tuple(jnp.zeros_like(p) for _ in range(kept)) for p in parameters], jnp.float32(1)]

        def step() -> None:
            held[:] = jax.block_until_ready(compiled(held[0], gradients, *held[1:]))

        return Work(step, values=lambda: {"p": [np.asarray(p)[::97] for p in held[0][::10]]})

    def _loss(self, problem: Problem) -> tuple[Any, Any, Any]:
        x, y, w, v = (jnp.asarray(a) for a in logistic_numbers(problem))
        return lambda w: jnp.mean(jnp.log1p(jnp.exp(-(y * (x @ w))))), w, v

    def hvp(self, problem: Problem) -> Work:
        loss, w, v = self._loss(problem)
        product = jax.jit(lambda w, v: jax.jvp(jax.grad(loss), (w,), (v,))[1])
        return Work(lambda: product(w, v).block_until_ready())

    def hessian(self, problem: Problem) -> Work:
        loss, w, _ = self._loss(problem)
        full = jax.jit(jax.hessian(loss))
        return Work(lambda: full(w).block_until_ready())
