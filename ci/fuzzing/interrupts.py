"""Training interrupted at random points: gradients and steps are right afterwards, and recording is on.

usage: ci/fuzz interrupts [--seed S] [--n N]      N interrupts, shared out among the ways to train

A timer raises KeyboardInterrupt as Ctrl-C does, so the points differ from run to run; the seed fixes numbers and delays alone.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import gradflow as gf

nn, F = gf.nn, gf.nn.functional


class Training(NamedTuple):
    """``loss(model, x)`` of some way to train, and its optimizer."""

    model: Callable[[], Any]
    loss: Callable[[Any, Any], Any]
    optimizer: Callable[[Any], Any]


def mlp() -> Any:
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)).double()


def normed() -> Any:
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.LayerNorm(8), nn.Linear(8, 3)).double()


def squares(model: Any, x: Any) -> Any:
    return (model(x) ** 2).mean()


def penalty(model: Any, x: Any) -> Any:
    """With the gradient of the output in the loss, so that backward is itself recorded."""
    x = x.detach().requires_grad_(True)
    g: Any = gf.autograd.grad(model(x).sum(), x, create_graph=True)[0]
    return (g**2).mean() + squares(model, x)


def checkpointed(model: Any, x: Any) -> Any:
    return (gf.checkpoint(model, x) ** 2).mean()


def jacobian(model: Any, x: Any) -> Any:
    """A Jacobian inside of the training step: a batch of backward passes."""
    rows = gf.func.jacrev(lambda v: model(v).tanh())(x[0].detach())
    return squares(model, x) * float((rows**2).sum() + 1)


@gf.no_grad()  # a function, for Python can interrupt a block of ``with`` before its __exit__ has begun
def total(y: Any) -> Any:
    return y.sum()


def written(model: Any, x: Any) -> Any:
    y = model(x).clone()
    y[:, 0] *= 2
    y[1:].tanh_()
    total(y)
    return (y**2).mean()


TRAININGS = {
    "SGD": Training(mlp, squares, lambda p: gf.optim.SGD(p, lr=0.01, momentum=0.9)),
    "Adam": Training(mlp, squares, lambda p: gf.optim.Adam(p, lr=0.01)),
    "AdamW and norms": Training(normed, squares, lambda p: gf.optim.AdamW(p, lr=0.01)),
    "RMSprop and a gradient penalty": Training(mlp, penalty, lambda p: gf.optim.RMSprop(p, lr=0.001)),
    "Adam and checkpoint": Training(mlp, checkpointed, lambda p: gf.optim.Adam(p, lr=0.01)),
    "SGD and a Jacobian": Training(mlp, jacobian, lambda p: gf.optim.SGD(p, lr=0.01)),
    "Adagrad and writes in place": Training(mlp, written, lambda p: gf.optim.Adagrad(p, lr=0.01)),
}


def interrupt(signum: int, frame: Any) -> None:
    raise KeyboardInterrupt


def train_until(delay: float, training: Training, model: Any, optimizer: Any, x: Any) -> bool:
    """Train, and be interrupted after ``delay`` seconds.  True if the interrupt came."""
    try:
        signal.setitimer(signal.ITIMER_REAL, delay)
        for _ in range(10_000):
            optimizer.zero_grad()
            training.loss(model, x).backward()
            optimizer.step()
    except KeyboardInterrupt:
        return True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return False


def numbers(tensors: Any) -> list[Any]:
    return [None if t is None else t.detach().numpy().copy() for t in tensors]


def differ(found: list[Any], right: list[Any]) -> bool:
    return any(not np.allclose(a, b, rtol=1e-9, atol=1e-12) for a, b in zip(found, right, strict=True))


def faults(training: Training, model: Any, optimizer: Any, x: Any) -> list[str]:
    """What is wrong after an interrupt, told by a new model and optimizer that take over the numbers."""
    wrong = []
    if not gf.is_grad_enabled():
        wrong.append("recording is off")
        gf.set_grad_enabled(True)
    fresh = training.model()
    fresh.load_state_dict(model.state_dict())
    beside = training.optimizer(fresh.parameters())
    beside.load_state_dict(optimizer.state_dict())
    for what, count in (("gradients", 1), ("gradients of two passes", 2), ("gradients", 1)):
        for m, o in ((model, optimizer), (fresh, beside)):
            o.zero_grad()
            for _ in range(count):
                training.loss(m, x).backward()
        if differ(numbers(p.grad for p in model.parameters()), numbers(p.grad for p in fresh.parameters())):
            wrong.append(what)
    optimizer.step()
    beside.step()
    if differ(numbers(model.parameters()), numbers(fresh.parameters())):
        wrong.append("step")
    return wrong


def trial(name: str, seed: int, n: int) -> list[str]:
    """n interrupts of one way to train; what was wrong after each."""
    training, r = TRAININGS[name], random.Random(seed)
    gf.manual_seed(seed)
    x = gf.randn(5, 4, dtype=gf.float64)
    model = training.model()
    optimizer = training.optimizer(model.parameters())
    optimizer.zero_grad()
    training.loss(model, x).backward()
    optimizer.step()
    start = time.perf_counter()
    for _ in range(5):
        training.loss(model, x).backward()
        optimizer.step()
    step = (time.perf_counter() - start) / 5
    wrong = []
    for k in range(n):
        if k % 25 == 0:  # so that numbers stay of a common size, and optimizers also meet their first steps
            model = training.model()
            optimizer = training.optimizer(model.parameters())
        if train_until(r.uniform(1e-5, 3 * step), training, model, optimizer, x):
            wrong += faults(training, model, optimizer, x)
    return wrong


def fuzz(seed: int, n: int) -> bool:
    """n interrupts in all; True if nothing was wrong after any of them."""
    before = signal.signal(signal.SIGALRM, interrupt)
    right = True
    try:
        for name in TRAININGS:
            each = -(-n // len(TRAININGS))
            wrong = trial(name, seed, each)
            counts = ", ".join(f"{wrong.count(what)} x {what}" for what in sorted(set(wrong)))
            print(f"{each} interrupts, {name}: {f'WRONG afterwards: {counts}' if wrong else 'all right'}", flush=True)
            right &= not wrong
    finally:
        signal.signal(signal.SIGALRM, before)
    return right
