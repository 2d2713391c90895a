"""Updates written by hand, over one memory for all parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ..worker import THREADS

Array = Any
BLOCK = 1 << 16
PARALLEL = 1_000_000


def update_on_numpy(name: str, settings: dict[str, Any], p: Array, g: Array) -> Callable[[], None]:
    """A step of the optimizer: block by block, so that each stays in the cache, and on two threads if there is much."""
    state = [np.zeros_like(p) for _ in range({"SGD": 1 if settings.get("momentum") else 0, "Adam": 2}.get(name, 1))]
    prepare, rule = {"Adam": _adam, "SGD": _sgd, "RMSprop": _rmsprop, "Adagrad": _adagrad}[name](settings)
    starts = range(0, p.size, BLOCK)

    def work(these: Any) -> None:
        scratch = np.empty(min(BLOCK, p.size), np.float32)
        for i in these:
            part = slice(i, i + BLOCK)
            mine = p[part]
            rule(mine, g[part], *[s[part] for s in state], scratch[: mine.size])

    if p.size < PARALLEL:

        def step() -> None:
            prepare()
            work(starts)

        return step
    pool = ThreadPoolExecutor(THREADS - 1)

    def parallel() -> None:
        prepare()
        others = [pool.submit(work, starts[n::THREADS]) for n in range(1, THREADS)]
        work(starts[::THREADS])
        for other in others:
            other.result()

    return parallel


def _scalar(x: float) -> Array:
    return np.array(x, np.float32)


Rule = tuple[Callable[[], None], Callable[..., None]]


def _nothing() -> None:
    pass


def _adam(settings: dict[str, Any]) -> Rule:
    """In ten passes: m holds the sum of b1^k g, so that its factor goes into the step's size, and so does v."""
    lr, steps = settings["lr"], 0
    b1, b2, size, eps = _scalar(0.9), _scalar(0.999), _scalar(0), _scalar(0)

    def prepare() -> None:
        nonlocal steps
        steps += 1
        k = math.sqrt((1 - 0.999) / (1 - 0.999**steps))
        size[()], eps[()] = lr * (1 - 0.9) / (1 - 0.9**steps) / k, 1e-8 / k

    def rule(p: Array, g: Array, m: Array, v: Array, t: Array) -> None:
        np.multiply(m, b1, m)
        np.add(m, g, m)
        np.multiply(g, g, t)
        np.multiply(v, b2, v)
        np.add(v, t, v)
        np.sqrt(v, t)
        np.add(t, eps, t)
        np.divide(m, t, t)
        np.multiply(t, size, t)
        np.subtract(p, t, p)

    return prepare, rule


def _sgd(settings: dict[str, Any]) -> Rule:
    lr, momentum = _scalar(settings["lr"]), _scalar(settings.get("momentum", 0))

    def plain(p: Array, g: Array, t: Array) -> None:
        np.multiply(g, lr, t)
        np.subtract(p, t, p)

    def rule(p: Array, g: Array, b: Array, t: Array) -> None:
        np.multiply(b, momentum, b)
        np.add(b, g, b)
        np.multiply(b, lr, t)
        np.subtract(p, t, p)

    return _nothing, rule if momentum else plain


def _scaled(lr: Array, eps: Array, p: Array, g: Array, s: Array, t: Array) -> None:
    """p = p - lr g / (sqrt(s) + eps)."""
    np.sqrt(s, t)
    np.add(t, eps, t)
    np.divide(g, t, t)
    np.multiply(t, lr, t)
    np.subtract(p, t, p)


def _rmsprop(settings: dict[str, Any]) -> Rule:
    lr, eps, a, rest = (_scalar(k) for k in (settings["lr"], 1e-8, 0.99, 0.01))

    def rule(p: Array, g: Array, s: Array, t: Array) -> None:
        np.multiply(g, g, t)
        np.multiply(t, rest, t)
        np.multiply(s, a, s)
        np.add(s, t, s)
        _scaled(lr, eps, p, g, s, t)

    return _nothing, rule


def _adagrad(settings: dict[str, Any]) -> Rule:
    lr, eps = _scalar(settings["lr"]), _scalar(1e-10)

    def rule(p: Array, g: Array, s: Array, t: Array) -> None:
        np.multiply(g, g, t)
        np.add(s, t, s)
        _scaled(lr, eps, p, g, s, t)

    return _nothing, rule


def update_on_cuda(cupy: Any, name: str, settings: dict[str, Any], p: Array, g: Array) -> Callable[[], None]:
    """A step as one kernel: Adam, or gradient descent."""
    lr, steps = settings["lr"], 0
    if name == "SGD":
        descend = cupy.ElementwiseKernel("float32 g, float32 lr", "float32 p", "p -= lr * g", "hand_sgd")
        return lambda: descend(g, lr, p)
    kernel = cupy.ElementwiseKernel(
        "float32 g, float32 size, float32 eps", "float32 p, float32 m, float32 v",
        "m = 0.9f * m + 0.1f * g; v = 0.999f * v + 0.001f * g * g; p -= size * m / (sqrt(v) + eps)", "hand_adam",
    )  # fmt: skip
    m, v = cupy.zeros_like(p), cupy.zeros_like(p)

    def step() -> None:
        nonlocal steps
        steps += 1
        r = math.sqrt(1 - 0.999**steps)
        kernel(g, lr * r / (1 - 0.9**steps), 1e-8 * r, p, m, v)

    return step
