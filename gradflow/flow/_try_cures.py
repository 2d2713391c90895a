"""Cures tried out: a fresh copy for each, trained for a while, and how far each came."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import gradflow as gf

from ..errors import ArgumentError
from ..random import restore, states
from ._cures import CURES, Cure, NotApplicable, adam, same_kind
from .wording import Verdict


@dataclass(frozen=True)
class Result:
    """One training: the cure (key "as it is" for none), its losses, or why it could not be tried."""

    key: str
    name: str
    losses: tuple[float, ...] = ()
    why_not: str = ""

    @property
    def end(self) -> float:
        """The mean loss of the last tenth of the steps; infinite for a training that broke off or was not made."""
        last = self.losses[-max(1, len(self.losses) // 10) :]
        return sum(last) / len(last) if last and all(map(math.isfinite, last)) else math.inf


class Tried:
    """What trying the cures gave: ``results``, the best first, and ``unchanged``, the training as it is; prints a table."""

    def __init__(self, results: Sequence[Result], unchanged: Result) -> None:
        self.unchanged = unchanged
        self.results = tuple(sorted(results, key=lambda r: (r.end, bool(r.why_not))))

    @property
    def best(self) -> Result:
        """The training with the lowest loss at the end, which may be the one as it is."""
        return min((self.unchanged, *self.results), key=lambda r: r.end)

    def helped(self, r: Result) -> bool:
        """True if the loss came out at least a tenth lower than without the cure."""
        return r.end < 0.9 * self.unchanged.end

    def rows(self) -> list[tuple[str, str, str, str]]:
        """What was changed, the loss at the start, at the end, and what that means; the best first."""
        made = []
        for r in sorted((self.unchanged, *self.results), key=lambda r: r.end):
            said = r.why_not or ("" if r is self.unchanged else "helps" if self.helped(r) else "no better")
            shown = "" if r.why_not else f"{r.end:.4g}" if math.isfinite(r.end) else "diverged"
            made.append((r.name, f"{r.losses[0]:.4g}" if r.losses else "", shown, said))
        return made

    def __str__(self) -> str:
        table = [("change", "first loss", "last loss", ""), *self.rows()]
        wide = [max(len(row[i]) for row in table) for i in range(3)]
        lines = [f"{a:<{wide[0]}}  {b:>{wide[1]}}  {c:>{wide[2]}}  {d}".rstrip() for a, b, c, d in table]
        return "\n".join([lines[0], "-" * (sum(wide) + 16), *lines[1:]])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from ._html import table

        return table(("change", "first loss", "last loss", ""), self.rows())

    def plot(self, figure: Any = None) -> Any:
        """A matplotlib Figure: the losses of all trainings, and where each came out."""
        from ._pictures import trials

        return trials(self, figure)


def tried(
    model: Any, optimizer: Any, loss_fn: Any, data: Any, steps: int, cures: Any, train: Any, verdicts: Sequence[Verdict]
) -> Tried:  # fmt: skip
    """Train copies of ``model``; see ``Report.try_cures``."""
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ArgumentError(f"try_cures: steps is a whole number from 1, not {steps!r}")
    chosen = _chosen(cures, verdicts)

    def training(net: Any, opt: Any) -> Sequence[float]:
        return train(net, opt) if train is not None else trained(net, opt, loss_fn, data, steps)

    drawn = states()
    order: Any = getattr(data, "generator", None)  # a loader may draw its batches from a generator of its own
    order_state = order.get_state() if isinstance(order, gf.Generator) else None

    def again() -> None:
        restore(drawn)
        if order_state is not None:
            order.set_state(order_state)

    try:
        with np.errstate(all="ignore"):  # what diverges is reported, not warned of
            net = copy.deepcopy(model)
            base = adam(net) if optimizer is None else same_kind(optimizer, list(net.parameters()))
            name = f"as it is ({type(base).__name__}, lr {base.param_groups[0]['lr']:g})"
            unchanged = Result("as it is", name, _floats(training(net, base)))
            results = []
            for cure in chosen:
                again()
                try:
                    net, opt = cure.apply(model, base)
                except NotApplicable as problem:
                    results.append(Result(cure.key, cure.name, (), f"not tried: {problem}"))
                    continue
                results.append(Result(cure.key, cure.name, _floats(training(net, opt))))
    finally:
        again()
    return Tried(results, unchanged)


def _chosen(cures: Any, verdicts: Sequence[Verdict]) -> list[Cure]:
    known = {c.key: c for c in CURES}
    if cures is None:
        named = [key for v in verdicts for key in v.cures if key in known] or ["init", "relu", "norm", "residual", "adam"]
        return [known[key] for key in dict.fromkeys([*named, "lr x 0.1", "lr x 10"])]
    made = []
    for c in cures:
        if not isinstance(c, Cure) and c not in known:
            raise ArgumentError(f"try_cures: {c!r} is neither a Cure nor one of {', '.join(known)}")
        made.append(c if isinstance(c, Cure) else known[c])
    return made


def trained(net: Any, opt: Any, loss_fn: Callable[[Any, Any], Any], data: Iterable[Any], steps: int) -> list[float]:
    """The losses of ``steps`` steps over ``data``, which is gone through again and again; one wait for the device at the end."""
    net.train()
    losses: list[Any] = []
    while len(losses) < steps:
        before = len(losses)
        for x, y in itertools.islice(data, steps - before):
            loss = loss_fn(net(*x) if isinstance(x, tuple | list) else net(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.detach().reshape(()))
        if len(losses) == before:
            raise ArgumentError("try_cures: data gave no batches; an iterator that is used up cannot be gone through again")
    found: list[float] = gf.stack(losses).to_numpy().tolist()
    return found


def _floats(losses: Any) -> tuple[float, ...]:
    made = tuple(float(v.item() if hasattr(v, "item") else v) for v in losses) if losses is not None else ()
    if not made:
        raise ArgumentError("try_cures: train(model, optimizer) returns the losses, one for each step")
    return made
