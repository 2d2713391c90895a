"""Random training: parameters brought together in one memory by one optimizer, beside each one alone with its own.

The arrays of those alone are held, so that none is ever moved.  Whatever is done on the way, the numbers of all parameters and
gradients, and of all that shows them (views, bare arrays, a buffer that they are slices of), are the same on both sides.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow import optim

STEPS = 15
SHAPES = [(3, 4), (3,), (2, 2), (), (12,), (3, 4), (3,)]
OPTIMIZERS: list[Callable[[list[gf.Tensor]], Any]] = [
    lambda p: optim.SGD(p, 0.1),
    lambda p: optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
    lambda p: optim.Adam(p, 0.1),
    lambda p: optim.AdamW(p, 0.1, amsgrad=True),
    lambda p: optim.RMSprop(p, 0.05, centered=True, momentum=0.5),
    lambda p: optim.Adagrad(p, 0.1),
]


class Side:
    """Some parameters with their optimizers, and what was kept of them."""

    def __init__(self, values: list[np.ndarray], make: Callable[[list[gf.Tensor]], Any], together: bool, shown: int) -> None:
        self.kept: dict[int, Any] = {}
        self.params = [gf.tensor(v, dtype=gf.float64) for v in values]
        if shown:  # the last parameters are slices of a buffer of the user's
            buffer = self.kept[-1] = gf.cat([p.reshape(-1) for p in self.params[-shown:]])
            parts = gf.split(buffer, [p.numel() for p in self.params[-shown:]])
            self.params[-shown:] = [part.reshape(p.shape) for part, p in zip(parts, self.params[-shown:], strict=True)]
        self.params = [p.detach().requires_grad_() for p in self.params]
        self.held = [] if together else [p.array for p in self.params]
        self.optimizers = [make(self.params)] if together else [make([p]) for p in self.params]

    def optimize(self, what: str, *args: Any, **kwargs: Any) -> None:
        for o in self.optimizers:
            getattr(o, what)(*args, **kwargs)

    def backward(self, used: list[int], form: int) -> None:
        terms = [((self.params[i] - 0.3) ** 2).sum() + self.params[i].sin().sum() for i in used if self.params[i].requires_grad]
        if form and len(used) > 1:
            terms.append((self.params[used[0]] * self.params[used[1]].cos().sum()).sum())
        w, b = self.params[0], self.params[1]
        if form > 1 and w.requires_grad:
            x = gf.linspace(-1.0, 1.0, 20, dtype=gf.float64).reshape(5, 4)
            terms.append(gf.nn.functional.linear(x, w, b).tanh().sum())
        for _ in range(1 + (form == 3)):
            if any(t.requires_grad for t in terms):
                gf.stack(terms).sum().backward(retain_graph=True)

    def seen(self) -> dict[str, Any]:
        made = {f"p[{i}]": p for i, p in enumerate(self.params)} | {f"kept[{n}]": x for n, x in self.kept.items()}
        return made | {f"p[{i}].grad": p.grad for i, p in enumerate(self.params)}


def keep(n: int, i: int, what: Callable[[gf.Tensor], Any]) -> Callable[[Side], Any]:
    return lambda s: s.kept.__setitem__(n, what(s.params[i]))


def of_gradient(what: Callable[[gf.Tensor], Any]) -> Callable[[gf.Tensor], Any]:
    return lambda p: None if p.grad is None else what(p.grad)


def actions(n: int, i: int, j: int, value: float) -> dict[str, Callable[[Side], Any]]:
    """What people do between the steps of training, with parameter ``i`` and ``j``, of one shape."""

    def write(s: Side) -> None:
        with gf.no_grad():
            s.params[i].mul_(value)

    def write_gradient(s: Side) -> None:
        if s.params[i].grad is not None:
            s.params[i].grad.mul_(value)

    def swap(s: Side) -> None:
        s.params[i].grad, s.params[j].grad = s.params[j].grad, s.params[i].grad

    return {
        f"k[{n}] = p[{i}].detach()": keep(n, i, lambda p: p.detach()),
        f"k[{n}] = p[{i}].array": keep(n, i, lambda p: p.array),
        f"k[{n}] = p[{i}].detach().reshape(-1)[:1]": keep(n, i, lambda p: p.detach().reshape(-1)[:1]),
        f"k[{n}] = p[{i}].grad": keep(n, i, of_gradient(lambda g: g)),
        f"k[{n}] = p[{i}].grad.detach()": keep(n, i, of_gradient(lambda g: g.detach())),
        f"k[{n}] = p[{i}].grad.reshape(-1)[:1]": keep(n, i, of_gradient(lambda g: g.reshape(-1)[:1])),
        f"k[{n}] = p[{i}].grad.array": keep(n, i, of_gradient(lambda g: g.array)),
        f"k.pop({n - 1})": lambda s: s.kept.pop(n - 1, None),
        f"p[{i}].requires_grad_(False)": lambda s: s.params[i].requires_grad_(False),
        f"p[{i}].requires_grad_()": lambda s: s.params[i].requires_grad_(),
        f"p[{i}].grad.mul_({value:.3f})": write_gradient,
        f"p[{i}].mul_({value:.3f})": write,
        f"p[{i}].grad, p[{j}].grad = p[{j}].grad, p[{i}].grad": swap,
        f"p[{i}].grad = p[{j}].grad": lambda s: setattr(s.params[i], "grad", s.params[j].grad),
        f"p[{i}].grad = None": lambda s: setattr(s.params[i], "grad", None),
        f"p[{i}].grad = full_like(p[{i}], {value:.3f})": lambda s: setattr(s.params[i], "grad", gf.full_like(s.params[i], value)),
        "clip_grad_norm_(p, 1.0)": lambda s: gf.nn.utils.clip_grad_norm_(s.params, 1.0),
    }


@pytest.mark.parametrize("seed", range(60))
def test_together_or_alone_nothing_differs(seed: int) -> None:
    r = random.Random(seed)
    rng = np.random.default_rng(seed)
    shapes = SHAPES[: r.randint(2, len(SHAPES))]
    values = [rng.normal(size=s) for s in shapes]
    make = OPTIMIZERS[seed % len(OPTIMIZERS)]
    shown = r.choice([0, 0, 2])
    sides = [Side(values, make, True, shown), Side(values, make, False, shown)]
    pairs = [(i, j) for i, s in enumerate(shapes) for j, t in enumerate(shapes) if s == t]
    doing: list[str] = []

    def both(what: str, do: Callable[[Side], Any]) -> None:
        doing.append(what)
        for s in sides:
            do(s)

    def act() -> None:
        if r.random() < 0.5:
            both(*r.choice(list(actions(len(doing), *r.choice(pairs), r.uniform(-1, 1)).items())))

    for _ in range(STEPS):
        act()
        how = r.choice([{}, {"set_to_none": True}, {"set_to_none": False}, None])
        if how is not None:
            both(f"zero_grad({how})", lambda s, how=how: s.optimize("zero_grad", **how))
        act()
        used, form = sorted(r.sample(range(len(shapes)), r.randint(1, len(shapes)))), r.randrange(4)
        both(f"backward({used}, {form})", lambda s, used=used, form=form: s.backward(used, form))
        act()
        both("step", lambda s: s.optimize("step"))
        ours, alone = sides[0].seen(), sides[1].seen()
        for name, right in alone.items():
            found = ours[name]
            assert (found is None) == (right is None), "\n".join([name, *doing])
            if right is not None:
                a, b = (gf.as_tensor(x).detach().cpu().to_numpy() for x in (found, right))
                np.testing.assert_allclose(a, b, 1e-9, 1e-12, err_msg="\n".join([name, *doing]))
