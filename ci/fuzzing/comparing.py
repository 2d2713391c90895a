"""A program run by both libraries and compared: values after every step, gradients, hooks, second derivatives.

usage: ci/fuzz programs [--seed S] [--n N]      programs S to S + N - 1; without --seed a fresh one is drawn and printed
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from torch.autograd.graph import allow_mutation_on_saved_tensors

from . import cases
from .isolated import Result, name_of_kind
from .libraries import BOTH, CURRENT, GRADFLOW, TORCH, DisagreementError, Library, both, meant, same, shown
from .programs import Program, Step, Values, draw, take


class Run:
    """One program in both libraries.  ``met``: names of rows of tests/differences whose case the program meets.

    ``lenient``: PyTorch keeps every graph and copies what it saved before it is overwritten, so that it also computes where it
    would refuse and gradflow, which saves less, would not.
    """

    def __init__(self, program: Program, lenient: bool = False) -> None:
        self.program, self.lenient = program, lenient
        self.values: dict[Library, Values] = {L: {} for L in BOTH}
        self.met: set[str] = cases.always(program)

    def finish(self) -> str:
        """Run it to its end; the verdict, or DisagreementError."""
        with allow_mutation_on_saved_tensors() if self.lenient else contextlib.nullcontext():
            for step in self.program.steps:
                if all(i in self.values[TORCH] for i in step.inputs) and not self.step(step):
                    return "both refuse"
            if self.compare("before the ending") is None:
                return "both refuse"
            return self.ending()

    def step(self, step: Step) -> bool:
        """Make a step in both; False if both refuse one that may have done half of its work."""
        where = f"{step.family}: {step.name}"
        self.met |= cases.before(step, self.values[TORCH])
        kept = step._replace(argument=True) if step.family == "backward" and self.lenient else step
        if both(lambda L: take(L, self.values[L], kept if L is TORCH else step), where) is None:
            return step.family not in ("writing", "backward")
        t, g = (self.values[L].get(step.output) for L in BOTH)
        if (t is None) != (g is None):
            self.values[TORCH].pop(step.output, None)
            self.values[GRADFLOW].pop(step.output, None)
            self.gradients(t, g, where)
        elif t is not None and step.family != "hook":
            self.met |= cases.after(step, self.values)
            self.numbers("value", t, g, where)
        return True

    def numbers(self, kind: str, t: Any, g: Any, where: str) -> None:
        a, b = TORCH.array(t), GRADFLOW.array(g)
        if not same(a, b):
            alone = ", NaN in torch alone" if a.shape == b.shape and same(np.where(np.isnan(a), b, a), b) else ""
            raise DisagreementError(kind + alone, where, f"torch {shown(a)}, gradflow {shown(b)}")

    def gradients(self, t: Any, g: Any, where: str, kind: str = "gradient") -> None:
        """Two gradients, each of which may be None."""
        if t is not None and g is not None:
            self.numbers(kind, t, g, where)
        elif t is not None or g is not None:
            L, found = (TORCH, t) if g is None else (GRADFLOW, g)
            zero = "" if L.array(found).any() else ", or zero"
            raise DisagreementError(f"{kind} is None{zero}", where, f"{L.name} alone has {shown(L.array(found))}")

    def compare(self, where: str) -> dict[Library, Any] | None:
        """Everything that can be read off the tensors.  PyTorch refuses to tell some of it after some writes."""
        facts = both(lambda L: {i: (t.requires_grad, t.is_leaf, t.grad) for i, t in self.tensors(L).items()}, where)
        if facts is None:
            return None
        for name, seen in self.values[TORCH].items():
            if isinstance(name, tuple):
                seen, beside = ([g for g in self.values[L].get(name, []) if L.array(g).any()] for L in BOTH)
                if len(seen) != len(beside):
                    raise DisagreementError("calls of a hook", where, f"torch {len(seen)}, gradflow {len(beside)}")
                for pair in zip(seen, beside, strict=True):
                    self.numbers("gradient in a hook", *pair, where)
        for i, t in self.tensors(TORCH).items():
            self.numbers("value", t, self.values[GRADFLOW][i], f"v{i}, {where}")
            (torch_needs, _, torch_grad), (needs, _, grad) = (facts[L][i] for L in BOTH)
            if torch_needs != needs:
                raise DisagreementError("requires_grad", f"v{i}, {where}", f"torch {torch_needs}, gradflow {needs}")
            kind = "gradient" if t.is_leaf else "gradient between"
            self.gradients(torch_grad, grad, f"v{i}.grad, {where}", kind)
        return facts

    def tensors(self, L: Library) -> Values:
        return {i: t for i, t in self.values[L].items() if isinstance(i, int)}

    def ending(self) -> str:
        """A loss of some of the tensors, and its gradients: of first or second order, once or twice."""
        r, rng = random.Random(self.program.seed + 5), np.random.default_rng(self.program.seed + 7)
        tensors = self.tensors(TORCH)
        used = [i for i, t in tensors.items() if r.random() < 0.6 and t.requires_grad and t.numel()]
        leaves = [i for i, t in tensors.items() if t.requires_grad and t.is_leaf]
        if not used:
            return "nothing to differentiate"
        weights = {i: rng.normal(size=tuple(tensors[i].shape)) for i in used}
        if self.program.ending >= 0.35:
            found = both(lambda L: self.first_order(L, weights), "the ending")
        else:
            found = both(lambda L: self.second_order(L, weights, leaves), "the ending")
        if found is None:
            return "both refuse"
        for i, t, g in zip(leaves, found[TORCH], found[GRADFLOW], strict=False):
            self.gradients(t, g, f"v{i}, the ending", "recorded gradient")
        self.compare("after the ending")
        return "agree"

    def loss(self, L: Library, weights: dict[int, Any]) -> Any:
        return sum(((self.values[L][i] * L.tensor(w)).sum() for i, w in weights.items()), start=L.tensor(0.0))

    def first_order(self, L: Library, weights: dict[int, Any]) -> list[Any]:
        loss, twice = self.loss(L, weights), self.program.ending > 0.8
        loss.backward(retain_graph=twice or (self.lenient and L is TORCH))
        if twice:
            loss.backward()
        return []

    def second_order(self, L: Library, weights: dict[int, Any], leaves: list[int]) -> list[Any]:
        """Gradients that are recorded; the gradient of their squares goes to ``.grad``."""
        wrt = [self.values[L][i] for i in leaves]
        grads = L.autograd.grad(self.loss(L, weights), wrt, create_graph=True, allow_unused=True) if wrt else []
        copies = [None if g is None else g.detach().clone() for g in grads]
        squares = [(g * g).sum() for g in grads if g is not None and g.requires_grad]
        if squares:
            sum(squares[1:], start=squares[0]).backward()
        return copies


def probe(program: Program, lenient: bool = False) -> tuple[str | DisagreementError, set[str]]:
    """The verdict on a program, and the rows of tests/differences that it met."""
    run = Run(program, lenient)
    try:
        return run.finish(), run.met
    except DisagreementError as found:
        return found, run.met


def explained(program: Program) -> tuple[str | None, DisagreementError | None]:
    """A verdict, or what the two libraries disagree in and should not."""
    found, names = probe(program)
    if isinstance(found, str):
        return found, None
    row = meant(found, names)
    if row and row.lenient:  # gradflow computes what PyTorch refuses: what does PyTorch compute if it is made to?
        found, names = probe(program, lenient=True)
        if isinstance(found, str) or found.kind == "refused by gradflow":
            return f"meant: {row.name}", None
        row = meant(found, names)
    return (f"meant: {row.name}", None) if row else (None, found)


def shrink(program: Program, still: Callable[[Program], bool]) -> Program:
    """The program without the steps that the disagreement does not need."""
    steps, again = program.steps, True
    while again:
        again = False
        for i in reversed(range(len(steps))):
            fewer = steps[:i] + steps[i + 1 :]
            if still(replace(program, steps=fewer)):
                steps, again = fewer, True
    return replace(program, steps=steps)


def same_kind(kind: str, look: Callable[[Program], tuple[Any, Any]], which: int) -> Callable[[Program], bool]:
    """Does a program disagree in that kind?"""

    def still(program: Program) -> bool:
        found = look(program)[which]
        return isinstance(found, DisagreementError) and found.kind == kind

    return still


def compare(seed: int) -> Result:
    """The verdict on the program of a seed."""
    CURRENT.value = TORCH.name.encode()
    program = draw(seed)
    verdict, found = explained(program)
    if verdict and verdict.startswith("meant"):
        # The row must explain what is left when everything that is beside the point is gone.
        first, _ = probe(program)
        assert isinstance(first, DisagreementError)
        program = shrink(program, same_kind(first.kind, probe, 0))
        verdict, found = explained(program)
    if verdict:
        return Result(seed, verdict)
    assert found
    program = shrink(program, same_kind(found.kind, explained, 1))
    _, found = explained(program)
    return Result(seed, name_of_kind(found), f"{found}\n{program}", len(program.steps))
