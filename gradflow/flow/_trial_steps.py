"""Trial steps: what the optimizer would do with a model, found out on copies of both."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradflow as gf

from ._measure import Tally, square_sum
from .measurements import Snapshot, Trial

FACTORS = (0.01, 0.1, 1.0, 10.0, 100.0)
STEPS = 20
LONGER = 3  # times as many at the rate as it is: a training on the edge of stability may first rise and then settle
_ROUNDS = 40  # of the search for the best constant output
_TURNS = 8  # of the power iteration


@dataclass
class TrialResult:
    """A trial whose losses are still on the device."""

    tally: Tally
    optimizer: str
    lr: float
    plain: bool
    factors: tuple[float, ...]
    steps: int
    bases: slice | None
    sharpness: slice | None

    def on_host(self, v: Sequence[float], start: float, after: Snapshot | None) -> Trial:
        """What ``fetch`` gave, with names; ``start`` is the loss before any step, ``after`` what was measured after the last."""
        curves, start_of = {}, 0
        for f in self.factors:
            curves[f] = tuple(v[start_of : start_of + made_at(f, self.steps)])
            start_of += len(curves[f])
        bases = [b for b in ([] if self.bases is None else v[self.bases]) if b == b]
        sharpness = None if self.sharpness is None else v[self.sharpness.start]
        constant = min(bases) if bases else None
        return Trial(self.optimizer, self.lr, start, constant, curves, sharpness, after, self.plain)


def made_at(factor: float, steps: int) -> int:
    """How many steps are made at this multiple of the learning rate."""
    return LONGER * steps if factor == 1.0 else steps


def attempt(
    model: gf.nn.Module, optimizer: gf.optim.Optimizer, loss_of: Callable[[Any], Any], baseline: Callable[[], list[Any]],
    first_step: Callable[[dict[str, Any], Any], None], last_step: Callable[[Any], None], steps: int = STEPS,
    factors: tuple[float, ...] = FACTORS,
) -> TrialResult:  # fmt: skip
    """Make ``steps`` steps from here with each multiple of the learning rate (``LONGER`` times as many with the rate as it is),
    each on a fresh copy of model and optimizer.

    ``loss_of(model)`` is the loss of the batch; ``first_step(before, copy)`` sees the copy after its first step at the learning
    rate as it is, ``last_step(copy)`` sees it at the end.  Nothing waits for the device.
    """
    tally = Tally()
    for factor in factors:
        net, opt = copy.deepcopy((model, optimizer))
        for group in opt.param_groups:
            group["lr"] = group["lr"] * factor
        before = {name: p.array.copy() for name, p in net.named_parameters()} if factor == 1.0 else None
        for loss in _losses(net, opt, loss_of, made_at(factor, steps)):
            if before is not None:
                first_step(before, net)
                before = None
            tally.put(loss)
        if factor == 1.0:
            last_step(net)
    bases = baseline()
    where = tally.put(*bases) if bases else None
    plain = type(optimizer) is gf.optim.SGD and not any(g.get("momentum") or g.get("nesterov") for g in optimizer.param_groups)
    sharp = tally.put(_sharpness(model, loss_of)) if plain else None
    lr = float(optimizer.param_groups[0]["lr"])
    return TrialResult(tally, type(optimizer).__name__, lr, plain, factors, steps, where, sharp)


def _losses(net: gf.nn.Module, opt: gf.optim.Optimizer, loss_of: Callable[[Any], Any], steps: int) -> Iterator[Any]:
    """The loss after each step, as 0-d arrays; gradients go to the copy alone."""

    def closure() -> Any:
        params = [p for p in net.parameters() if p.requires_grad]
        loss = loss_of(net)
        for p, g in zip(params, gf.autograd.grad(loss, params, allow_unused=True), strict=True):
            p.grad = g
        return loss.detach()

    for _ in range(steps):
        opt.step(closure)
        with gf.no_grad():
            yield loss_of(net).array


def best_constant(output: Any, loss_of_output: Callable[[Any], Any]) -> list[Any]:
    """The losses, as 0-d arrays, met on the way to the best output that is the same for every example.

    Gradient descent with the step of Barzilai and Borwein, s.s / s.y ("Two-point step size gradient methods", IMA Journal of
    Numerical Analysis 8, 1988), from 0 and from the mean output: exact after a step on a square, and no number is looked at.
    """
    losses: list[Any] = []
    whole = output.detach()
    if whole.ndim == 0 or whole.dtype.kind != "f":
        return losses
    for c in (gf.zeros_like(whole[:1]), whole.mean(0, keepdim=True)):
        s = last = rate = None
        for _ in range(_ROUNDS):
            c = c.detach().requires_grad_()
            with gf.enable_grad():
                loss = loss_of_output(c + gf.zeros_like(whole))
            if not loss.requires_grad:
                return losses
            losses.append(loss.array)
            g: Any = gf.autograd.grad(loss, c, allow_unused=True, materialize_grads=True)[0]
            if s is not None:
                rate = (s * s).sum() / ((s * (g - last)).sum().abs() + 1e-30)
            last, s = g, -g * (1.0 if rate is None else rate)
            c = c.detach() + s
    return losses


def _sharpness(model: gf.nn.Module, loss_of: Callable[[Any], Any]) -> Any:
    """The largest curvature of the loss, by power iteration from the gradient, as a 0-d array.

    The product of the Hessian with a direction is the difference of two gradients (Pearlmutter, "Fast exact multiplication by
    the Hessian", 1994, equation 1), so that second derivatives of the model's operations are not needed.
    """
    net = copy.deepcopy(model)
    params = [p for p in net.parameters() if p.requires_grad]

    def gradient() -> list[Any]:
        found = gf.autograd.grad(loss_of(net), params, allow_unused=True, materialize_grads=True)
        return [g.array for g in found if g is not None]

    def size(arrays: list[Any]) -> Any:
        return sum(square_sum(a) for a in arrays) ** 0.5

    start = [p.array.copy() for p in params]
    base = gradient()
    # Half of the digits of the parameters: below it rounding spoils the difference, above it the loss is no parabola.
    length = 1e-3 * (size(start) + 1e-12)
    direction, curvature = base, size(base)
    for _ in range(_TURNS):
        scale = length / (size(direction) + 1e-300)
        for p, a, d in zip(params, start, direction, strict=True):
            p.array[...] = a + (scale * d).astype(a.dtype)
        direction = [g - b for g, b in zip(gradient(), base, strict=True)]
        curvature = size(direction) / length
    return curvature
