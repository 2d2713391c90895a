"""What ``Module.summary`` shows: a table of modules, the shapes they make, and their parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from .._engine import no_grad
from .._tensor import Tensor
from ..random import restore, states
from .module import Module


class SummaryRow(NamedTuple):
    """One module: its full name and class, how deep it lies, what it made, how often it was called, what it holds."""

    name: str
    kind: str
    depth: int
    output: Any  # a shape, several in a list or dict, None if it was not called
    calls: int
    parameters: int
    trained: int

    @property
    def label(self) -> str:
        """The class with the last part of the name, set in by depth."""
        last = self.name.rpartition(".")[2]
        return "  " * self.depth + (f"{last}: {self.kind}" if last else self.kind)


class Summary:
    """A table of modules: ``rows``, the number of ``parameters``, how many are ``trained``, their ``bytes``; prints itself.

    The parameters of a module are those in it and in its parts.  One that is used in several places counts once in each place
    that holds it, and once in all.
    """

    def __init__(self, rows: list[SummaryRow], parameters: int, trained: int, bytes: int) -> None:
        self.rows, self.parameters, self.trained, self.bytes = rows, parameters, trained, bytes

    def __iter__(self) -> Iterator[SummaryRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        table = [("module", "output shape", "parameters")]
        table += [(r.label, _shown(r), f"{r.parameters:,}" if r.parameters else "") for r in self.rows]
        wide = [max(len(line[i]) for line in table) for i in range(3)]
        lines = [f"{a:<{wide[0]}}    {b:<{wide[1]}}    {c:>{wide[2]}}".rstrip() for a, b, c in table]
        rule = "-" * (sum(wide) + 8)
        total = f"{self.parameters:,} parameters, {self.trained:,} of them trained, {_size(self.bytes)}"
        return "\n".join([lines[0], rule, *lines[1:], rule, total])


def summarize(module: Module, example: tuple[Any, ...]) -> Summary:
    """The table of ``module``, called with ``example`` unless that is empty."""
    made = _outputs(module, example) if example else {}
    rows = []
    for name, m in module.named_modules():
        output, calls = made.get(m, (None, 0))
        depth = name.count(".") + 1 if name else 0
        held = list(m.parameters())
        trained = sum(p.numel() for p in held if p.requires_grad)
        rows.append(SummaryRow(name, type(m).__name__, depth, output, calls, sum(p.numel() for p in held), trained))
    size = sum(p.numel() * p.element_size() for p in module.parameters())
    return Summary(rows, rows[0].parameters, rows[0].trained, size)


def _outputs(module: Module, example: tuple[Any, ...]) -> dict[Any, tuple[Any, int]]:
    """What each module first returned, and how often it was called."""
    made: dict[Any, tuple[Any, int]] = {}

    def note(m: Any, _: Any, output: Any) -> None:
        first, calls = made.get(m, (_shape(output), 0))
        made[m] = first, calls + 1

    drawn = states()
    modes = {m: m.training for m in module.modules()}
    handles = [m.register_forward_hook(note) for m in modes]
    try:
        module.eval()
        with no_grad():
            module(*example)
    finally:
        restore(drawn)
        for handle in handles:
            handle.remove()
        for m, training in modes.items():
            m.training = training
    return made


def _shape(output: Any) -> Any:
    if isinstance(output, Tensor):
        return output.shape
    if isinstance(output, dict):
        return {key: _shape(value) for key, value in output.items()}
    if isinstance(output, tuple | list):
        return [_shape(value) for value in output]
    return type(output).__name__


def _shown(row: SummaryRow) -> str:
    if not row.calls:
        return ""
    return str(row.output) + (f" x {row.calls}" if row.calls > 1 else "")


def _size(count: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.4g} {unit}"
        count /= 1000
    return f"{count:.4g} GB"
