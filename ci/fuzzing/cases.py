"""Which cases of tests/differences a program meets: those that show themselves by other numbers, not by a refusal."""

from __future__ import annotations

from typing import Any

import torch

from .libraries import BOTH, GRADFLOW, TORCH, Library
from .operations import index
from .programs import Program, Step, Values

SECOND = {
    "elu": "second derivative of elu at 0",
    "selu": "second derivative of selu at 0",
}


def always(program: Program) -> set[str]:
    """The rows that a program meets as a whole."""
    found = {"no gradient, or zero"}
    steps = program.steps
    hooks = [k for k, step in enumerate(steps) if step.family == "hook"]
    if hooks and any(step.family == "writing" for step in steps[hooks[0] :]):
        found.add("a hook on a view that is written to afterwards")
    second = program.ending < 0.35 or any(step.name == "create_graph" for step in steps)
    if second and any(step.name == "scale" for step in steps):
        found.add("a hook that changes a gradient between, in a second backward pass")
    if second and hooks:
        found.add("a gradient between, in a second backward pass")
    return found


def before(step: Step, values: Values) -> set[str]:
    """The rows that a step meets, told before PyTorch makes it."""
    found = set()
    if step.name in SECOND:
        found.add(SECOND[step.name])
    if step.name == "sign" and values[step.inputs[0]].isnan().any():
        found.add("sign of NaN")
    if step.name == "requires_grad_" and step.argument:
        base = values[step.inputs[0]]
        if any(t._is_view() and t._base is base for i, t in values.items() if isinstance(i, int)):
            found.add("a view made before its base requires grad")
    places = step.name == "x[...]" or step.name.startswith("x[p]")
    if places and mixed(step.argument):
        found.add("an integer beside a list in an index")
    if (step.name == "scatter" or step.name.startswith("x[p]")) and step.mode != "no_grad" and repeated(step, values):
        found.add("repeated indices in an assignment")
    return found


def after(step: Step, values: dict[Library, Values]) -> set[str]:
    """The rows that a step meets, told by what it gave."""
    t, g = (values[L][step.output] for L in BOTH)
    if step.name in ("std", "norm") and bool((t == 0).any()):
        return {"second derivative of std or a norm where it is 0"}
    if any(t is values[TORCH][i] for i in step.inputs) and not any(g is values[GRADFLOW][i] for i in step.inputs):
        return {"a result that is the tensor itself"}
    if step.mode == "no_grad" and t.requires_grad and not g.requires_grad:
        return {"a view made with recording off"}
    return set()


def mixed(places: tuple[Any, ...]) -> bool:
    """True for an index with an integer beside lists or tensors: NumPy counts it among these, PyTorch does not."""
    lists = any(isinstance(place, tuple) and place[0] != "slice" for place in places)
    return lists and any(type(place) is int for place in places)


def repeated(step: Step, values: Values) -> bool:
    """True if a step writes several numbers, one of which needs a gradient, into one element."""
    x, y = (values[i] for i in step.inputs)
    if not (x.requires_grad or y.requires_grad):
        return False
    elements = torch.arange(x.numel()).reshape(x.shape)
    try:
        if step.name == "scatter":
            elements = elements.gather(step.argument[0], torch.as_tensor(step.argument[1]))
        else:
            elements = elements[index(TORCH, step.argument)]
    except (IndexError, RuntimeError):  # both libraries refuse it too
        return False
    return bool(elements.unique().numel() < elements.numel())
