"""Statistics of times, and whether libraries agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Turn:
    """What one turn of one library gave: seconds of each step, all page faults, and for what part of it threads stood
    in line for a core because other programs were on it."""

    seconds: Sequence[float]
    steps: int
    faults: int = 0
    waited: float = 0.0

    @property
    def median(self) -> float:
        return float(np.median(self.seconds))


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """The median with the quartile below it and the one above: (median, lower, upper)."""
    if not len(values):
        raise ValueError("quartiles of nothing")
    lower, middle, upper = np.percentile(np.asarray(values, float), [25, 50, 75])
    return float(middle), float(lower), float(upper)


def summary(turns: Sequence[Turn]) -> dict[str, Any]:
    """Seconds of a step over all turns, and page faults a step."""
    median, lower, upper = quartiles([s for t in turns for s in t.seconds])
    steps = sum(t.steps for t in turns)
    return {
        "median": median, "lower": lower, "upper": upper, "steps": steps, "turns": len(turns),
        "faults": sum(t.faults for t in turns) / steps, "waited": float(np.mean([t.waited for t in turns])),
    }  # fmt: skip


def ratio(ours: Sequence[Turn], theirs: Sequence[Turn]) -> tuple[float, float, float]:
    """Our time over theirs, round by round, so that a busy minute of the machine slows both: median and quartiles."""
    return quartiles([a.median / b.median for a, b in zip(ours, theirs, strict=False)])


def difference(a: Any, b: Any) -> float:
    """The largest difference of two arrays, as a part of the largest number in the second; infinite if they do not match."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("inf")
    if not a.size:
        return 0.0
    return float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-12))


def disagreements(values: Mapping[str, Mapping[str, Any]], tolerance: float) -> list[str]:
    """What each peer computed, by peer and name, held against the first that has it; one sentence for each that differs."""
    found = []
    names = dict.fromkeys(name for theirs in values.values() for name in theirs)
    for name in names:
        having = [peer for peer in values if name in values[peer]]
        for peer in having[1:]:
            far = difference(values[peer][name], values[having[0]][name])
            if not far <= tolerance:
                found.append(f"{peer} and {having[0]} differ in {name} by {far:.1e} of its size ({tolerance:.1e} is allowed)")
    return found
