"""The workloads: what is computed, on which numbers, and the ratios aimed at.

All numbers are float32 and come from fixed seeds, so every library starts from the same ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

Host = np.ndarray[Any, Any]

TITLES = {
    "W1": "chain of 100 elementwise operations, forward and backward, per operation",
    "W2": "MLP 64-32-10, batch 32, one step of SGD",
    "W3": "MLP, one step of Adam",
    "W4": "20 residual blocks of 64 with batch norm, batch 128, one step of Adam",
    "W5": "one step of an optimizer alone",
    "W6": "conv net on 28 x 28 (conv 8, pool, conv 16, pool, linear), batch 64, one step of SGD",
    "W7": "second derivatives of logistic regression",
    "W8": "a new process",
}


@dataclass(frozen=True)
class Aim:
    """gradflow's time is to be at most ``ratio`` of ``peer``'s."""

    peer: str
    ratio: float


@dataclass(frozen=True)
class Problem:
    """One line of the benchmark; ``kind`` names the method of a peer that sets it up, ``size`` says what of."""

    group: str
    name: str
    kind: str
    size: dict[str, Any]
    aims: tuple[Aim, ...] = ()
    unit: str = "ms"
    parts: int = 1  # a step has so many parts, and the time is given for one
    steps: int = 5  # after so many steps the libraries are compared
    tolerance: float = 2e-3
    quick: bool = True  # whether --quick has it
    floor_bytes: int = 0  # the least that a step must move to and from memory

    @property
    def scale(self) -> float:
        """The time of a step in seconds times this is in ``unit``."""
        return {"s": 1.0, "ms": 1e3, "us": 1e6}[self.unit] / self.parts

    @property
    def title(self) -> str:
        return f"{self.group} {TITLES[self.group]}: {self.name}" if self.name else f"{self.group} {TITLES[self.group]}"


OPTIMIZERS: dict[str, tuple[str, dict[str, Any], int]] = {
    "Adam": ("Adam", {"lr": 1e-3}, 28),
    "RMSprop": ("RMSprop", {"lr": 1e-3}, 20),
    "Adagrad": ("Adagrad", {"lr": 1e-2}, 20),
    "momentum": ("SGD", {"lr": 1e-3, "momentum": 0.9}, 20),
}
"""Class and settings in PyTorch's names, and the bytes a parameter that a step reads and writes at least."""


def _optimizer(name: str, count: int, each: int, aims: tuple[Aim, ...], quick: bool) -> Problem:
    spoken = f"{name}, {count} tensor{'s' * (count > 1)} of {each:,}"
    size = {"optimizer": name, "count": count, "each": each}
    unit = "ms" if count * each > 100_000 else "us"
    moved = OPTIMIZERS[name][2] * count * each if count * each > 1_000_000 else 0  # less than that stays in the cache
    return Problem("W5", spoken, "optimizer", size, aims, unit, quick=quick, floor_bytes=moved)


def _mlp(layers: list[int], batch: int, aims: tuple[Aim, ...] = (), quick: bool = True) -> Problem:
    spoken = f"{'-'.join(map(str, layers))}, batch {batch}"
    return Problem("W3", spoken, "mlp", {"layers": layers, "batch": batch, "optimizer": "Adam"}, aims, quick=quick)


def _common(aimed: bool) -> dict[str, list[Problem]]:
    def to(ratio: float) -> tuple[Aim, ...]:
        return (Aim("torch", ratio),) if aimed else ()

    logistic = {"examples": 1000}
    return {
        "W1": [
            Problem("W1", "8 numbers", "chain", {"shape": (8,)}, to(0.35), "us", 100, 1),
            Problem("W1", "one number (0-d)", "chain", {"shape": ()}, to(0.35), "us", 100, 1),
        ],
        "W2": [Problem("W2", "", "mlp", {"layers": [64, 32, 10], "batch": 32, "optimizer": "SGD"}, to(0.18), "us")],
        "W4": [Problem("W4", "", "residual", {"blocks": 20, "width": 64, "batch": 128}, to(0.42))],
        "W6": [Problem("W6", "", "conv", {"batch": 64}, to(0.75))],
        "W7": [
            Problem("W7", "Hessian-vector product, n = 1000, d = 100", "hvp", {**logistic, "d": 100}, to(0.40), "us", steps=1),
            Problem("W7", "full Hessian, n = 1000, d = 30", "hessian", {**logistic, "d": 30}, to(0.12), "us", steps=1),
        ],
    }  # fmt: skip


def _on_cpu() -> dict[str, list[Problem]]:
    million, layers = 1_000_000, [784, 256, 128, 10]
    shapes = ((1, 10 * million, 0.30), (200, million // 20, 0.60), (100, 100, 0.30))
    alone = [
        _optimizer(name, count, each, (Aim("torch", aim),), quick=name == "Adam")
        for name in OPTIMIZERS
        for count, each, aim in shapes
    ]
    wide = [_mlp(layers, 64, (Aim("torch", 0.78),)), _mlp(layers, 1024, (Aim("torch", 1.0),))]
    return {**_common(aimed=True), "W3": wide, "W5": alone}


def _on_cuda() -> dict[str, list[Problem]]:
    layers, level = [784, 256, 128, 10], Aim("torch-fused", 1.0)
    wide = [_mlp(layers, n, quick=n < 2000) for n in (64, 1024, 65536)] + [_mlp([784, 4096, 4096, 10], 1024, quick=False)]
    alone = [
        _optimizer("Adam", 1, 10**7, (level, Aim("floor-cuda", 1 / 0.9)), quick=True),
        _optimizer("Adam", 1, 10**8, (level, Aim("floor-cuda", 1 / 0.9)), quick=False),
        _optimizer("Adam", 200, 100, (level,), quick=True),
    ]
    return {**_common(aimed=False), "W3": wide, "W5": alone}


def problems(device: str) -> list[Problem]:
    """All of them on ``"cpu"`` or ``"cuda"``, W1 first."""
    groups = _on_cuda() if device == "cuda" else _on_cpu()
    return [p for group in sorted(groups) for p in groups[group]]


def tiny(problem: Problem) -> Problem:
    """The same problem so small that it takes no time: it shows that a program runs, and nothing else."""
    size = dict(problem.size)
    if "batch" in size:
        size["batch"] = 4
    if "layers" in size:
        size["layers"] = [min(n, 8) for n in size["layers"]]
    if "each" in size:
        size["each"], size["count"] = min(size["each"], 200), min(size["count"], 3)
    small = {"blocks": 2, "width": 4, "examples": 16, "d": 4}
    size |= {key: value for key, value in small.items() if key in size}
    return replace(problem, size=size, aims=(), floor_bytes=min(problem.floor_bytes, 4096))


# --- the numbers ----------------------------------------------------------------------------------------------------------


def rng_of(problem: Problem) -> np.random.Generator:
    return np.random.default_rng(sum(map(ord, problem.group)))


def chain_numbers(problem: Problem) -> tuple[Host, Host, Host, Host]:
    """x, w, b and c of ``y = tanh(y w + b) - c``, from y = x, 25 times over."""
    rng, shape = rng_of(problem), problem.size["shape"]
    parts = ((0.5, 0.0), (0.2, 0.9), (0.1, 0.0), (0.1, 0.0))
    x, w, b, c = (np.asarray(rng.random(shape) * factor + least, np.float32) for factor, least in parts)
    return x, w, b, c


@dataclass(frozen=True)
class Network:
    """A batch with its labels, and the parameters to start from: weights (out, in), biases (out,)."""

    x: Host
    labels: Host
    parameters: list[Host] = field(default_factory=list)


def _layer(rng: np.random.Generator, out: int, *into: int) -> list[Host]:
    """Weight and bias of a layer, uniform within one over the root of the number of inputs."""
    bound = 1 / np.sqrt(np.prod(into))
    return [((rng.random(s, dtype=np.float32) * 2 - 1) * np.float32(bound)) for s in ((out, *into), (out,))]


def network_numbers(problem: Problem) -> Network:
    """Of the kinds "mlp", "residual" (each block: linear weight and bias, batch norm's; then the last layer) and "conv"."""
    rng, size = rng_of(problem), problem.size
    batch = size["batch"]
    labels = rng.integers(0, 10, batch) if "layers" not in size else rng.integers(0, size["layers"][-1], batch)
    if problem.kind == "mlp":
        layers = size["layers"]
        x = rng.standard_normal((batch, layers[0]), np.float32)
        made = [a for i, o in pairwise(layers) for a in _layer(rng, o, i)]
    elif problem.kind == "residual":
        width = size["width"]
        x = rng.standard_normal((batch, width), np.float32)
        made = []
        for _ in range(size["blocks"]):
            made += [*_layer(rng, width, width), np.ones(width, np.float32), np.zeros(width, np.float32)]
        made += _layer(rng, 10, width)
    else:
        x = rng.standard_normal((batch, 1, 28, 28), np.float32)
        made = [*_layer(rng, 8, 1, 3, 3), *_layer(rng, 16, 8, 3, 3), *_layer(rng, 10, 400)]
    return Network(x, labels, made)


def optimizer_numbers(problem: Problem) -> Iterator[tuple[Host, Host]]:
    """Parameter and gradient, tensor by tensor; the gradient is the same at every step."""
    rng = rng_of(problem)
    for _ in range(problem.size["count"]):
        yield tuple(rng.random(problem.size["each"], dtype=np.float32) - np.float32(0.5) for _ in range(2))  # type: ignore[misc]


def logistic_numbers(problem: Problem) -> tuple[Host, Host, Host, Host]:
    """X (n, d), labels of +1 and -1, weights w, and the vector that the Hessian is multiplied by."""
    rng, n, d = rng_of(problem), problem.size["examples"], problem.size["d"]
    x = rng.standard_normal((n, d), np.float32)
    y = np.where(rng.random(n) < 0.5, -1, 1).astype(np.float32)
    return x, y, rng.standard_normal(d, np.float32) * np.float32(0.1), rng.standard_normal(d, np.float32)
