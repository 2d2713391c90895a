"""Random programs: what their steps do, and how they are drawn.

A program is a list of steps on numbered tensors: leaves, operations, views, writes in place in any order, hooks, backward
passes in between, recording switched off and on.  It is drawn from its seed while PyTorch runs it, and ends with a loss.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .drawing import Draw, argument
from .libraries import TORCH, Library
from .operations import FAMILIES

Values = dict[Any, Any]  # tensors by number, and what hooks saw by ("hook", number)
LARGEST = 300  # elements of a tensor


class Step(NamedTuple):
    family: str
    name: str
    inputs: tuple[int, ...]
    argument: Any = None
    output: int | None = None
    mode: str | None = None  # "no_grad", "enable_grad" (within no_grad), or neither

    def __str__(self) -> str:
        said = [f"v{i}" for i in self.inputs]
        if self.argument is not None:
            said.append(str(self.argument.tolist() if isinstance(self.argument, np.ndarray) else self.argument))
        made = "" if self.output is None else f"v{self.output} = "
        return f"{made}{self.family}: {self.name}({', '.join(said)}){f'  # {self.mode}' if self.mode else ''}"


@dataclass(frozen=True)
class Program:
    """``ending``: a number in [0, 1) that says how the final backward pass is made."""

    seed: int
    steps: list[Step]
    ending: float

    def __str__(self) -> str:
        return "\n".join(f"    {step}" for step in self.steps) + f"\n    ending {self.ending:.2f}, seed {self.seed}"


# What a step does


def leaf(L: Library, values: Values, step: Step) -> Any:
    data, requires_grad = step.argument
    return L.tensor(np.array(data)).requires_grad_(requires_grad)


def hook(L: Library, values: Values, step: Step) -> None:
    (x,) = (values[i] for i in step.inputs)
    if step.name == "retain_grad":
        x.retain_grad()
    elif step.name == "observe":
        x.register_hook(lambda g: values.setdefault(("hook", step.output), []).append(g))
    else:
        x.register_hook(lambda g: g * step.argument)


def backward(L: Library, values: Values, step: Step) -> None:
    (x,) = (values[i] for i in step.inputs)
    if step.name == "create_graph":
        (x * x).sum().backward(create_graph=True)
        return
    loss = {"squares": lambda: (x * x).sum(), "sum": lambda: x.sum(), "mean": lambda: (x * 1.3).mean()}[step.name]()
    loss.backward(retain_graph=step.argument)


def grad(L: Library, values: Values, step: Step) -> Any:
    x, wrt = (values[i] for i in step.inputs)
    keywords = {"create_graph": step.argument, "retain_graph": True, "allow_unused": True}
    return L.autograd.grad((x * x).sum(), [wrt], **keywords)[0]


def state(L: Library, values: Values, step: Step) -> None:
    (x,) = (values[i] for i in step.inputs)
    if step.name == "requires_grad_":
        x.requires_grad_(step.argument)
    elif step.name == "detach_":
        x.detach_()
    elif step.name == "grad = None":
        x.grad = None
    elif x.grad is not None:
        x.grad.zero_()


ACTIONS = {"leaf": leaf, "hook": hook, "backward": backward, "grad": grad, "state": state}


@contextlib.contextmanager
def recording(L: Library, mode: str | None) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        if mode:
            stack.enter_context(L.no_grad())
        if mode == "enable_grad":
            stack.enter_context(L.enable_grad())
        yield


def take(L: Library, values: Values, step: Step) -> None:
    """Make one step."""
    with recording(L, step.mode):
        if action := ACTIONS.get(step.family):
            made = action(L, values, step)
        else:
            made = FAMILIES[step.family][step.name](L, step.argument, *(values[i] for i in step.inputs))
    if step.output is not None and made is not None and step.family != "hook":
        values[step.output] = made


# Drawing a program

SHARES = {
    "unary": 16, "binary": 12, "matrix": 5, "reduction": 9, "shaping": 20, "joining": 5, "writing": 17, "hook": 5, "state": 4,
    "backward": 5, "grad": 2,
}  # fmt: skip
NAMES = {
    "hook": ["scale", "scale", "observe", "retain_grad", "retain_grad"],
    "state": ["requires_grad_", "requires_grad_", "detach_", "grad = None", "grad.zero_"],
    "backward": ["squares", "sum", "mean", "create_graph"],
    "grad": ["grad"],
}
OFTEN = {
    "shaping": {"x[...]": 5, "reshape": 2, "transpose": 2, "detach": 2, ".grad": 2},
    "joining": {"cat": 2},
    "writing": {"x[p] = y": 2, "copy_ y": 2, "add_ y": 2, "mul_ y": 2, "lerp_ y": 2},
}


def family_name(r: random.Random, family: str) -> str:
    if family in NAMES:
        return r.choice(NAMES[family])
    names = list(FAMILIES[family])
    return r.choices(names, [OFTEN.get(family, {}).get(name, 1) for name in names])[0]


def draw_step(r: random.Random, rng: np.random.Generator, values: Values, output: int) -> Step:
    """A step on some of the tensors, the latest ones above all."""
    numbers = [i for i in values if isinstance(i, int)]

    def pick() -> int:
        return r.choice(numbers[-4:] if r.random() < 0.6 else numbers)

    x = pick()
    shape = tuple(values[x].shape)
    alike = [i for i in numbers if tuple(values[i].shape) == shape]
    y = r.choice(alike) if r.random() < 0.6 else pick()
    family = r.choices(list(SHARES), list(SHARES.values()))[0]
    name = family_name(r, family)
    if family in ("hook", "state", "backward"):
        given = {"hook": round(r.uniform(-2, 2), 2), "state": r.random() < 0.6, "backward": r.random() < 0.7}[family]
        return Step(family, name, (x,), given, output if family == "hook" else None)
    if family == "grad":
        return Step(family, name, (x, r.choice(numbers)), r.random() < 0.7, output)
    two = family in ("binary", "matrix", "joining") or (family == "writing" and (name.endswith(" y") or name.startswith("x[")))
    d = Draw(r, rng, shape, tuple(values[y].shape))
    inputs = (x, y) if two else (x,)
    return Step(family, name, inputs, argument(name, d, family), None if family == "writing" else output)


def draw(seed: int) -> Program:
    """The program of a seed.  PyTorch runs it meanwhile; nine in ten of the steps that it refuses are left out."""
    r, rng = random.Random(seed), np.random.default_rng(seed)
    steps: list[Step] = []
    values: Values = {}
    for number in range(r.choice([1, 1, 2, 2, 3])):
        n = r.choice([0, 1, 1, 2, 2, 2, 3, 4])
        shape = tuple(r.choice([0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4]) for _ in range(n))
        data = np.round(rng.normal(size=shape), 3)
        steps.append(Step("leaf", "tensor", (), (data.tolist() if data.size else data, r.random() < 0.8), number))
        take(TORCH, values, steps[-1])
    mode, left = None, 0
    for output in range(10, 10 + r.randint(2, 14)):
        if left == 0:
            mode = None
            if r.random() < 0.06:
                mode, left = r.choice(["no_grad", "no_grad", "enable_grad"]), r.randint(1, 3)
        left = max(0, left - 1)
        step = draw_step(r, rng, values, output)._replace(mode=mode)
        try:
            take(TORCH, values, step)
        except Exception:
            if r.random() < 0.9:
                continue
        made = values.get(step.output)
        if made is not None and made.numel() > LARGEST:
            del values[step.output]
            continue
        steps.append(step)
    return Program(seed, steps, r.random())
