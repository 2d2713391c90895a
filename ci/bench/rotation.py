"""Libraries take turns on one problem, in processes of their own."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .measure import Turn, disagreements, ratio, summary
from .peers import PEERS, Unsupported
from .problems import Problem
from .worker import environment

PAUSE = 0.03
"""Seconds between two turns: PyTorch's threads go on spinning for some milliseconds after their work."""


class Failed(RuntimeError):  # noqa: N818
    """A library raised an error."""


DISTURBED = 0.1
"""So much of its time in line for a core spoils a turn: threads that work together wait for the one that waits."""


@dataclass
class Plan:
    """How long to measure: the seconds of a turn, the rounds, for how long in all spoilt turns may be repeated, and how many
    rounds there are even when time is up."""

    turn: float = 0.25
    rounds: int = 9
    patience: float = 60.0
    pause: float = PAUSE
    least: int = 3


class Process:
    """A library's process, as it is seen from outside."""

    def __init__(self, name: str, device: str, *options: str) -> None:
        self.name, self.label = name, PEERS[name].label
        command = [sys.executable, str(Path(__file__).parent), "--worker", name, "--device", device, *options]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())

    def ready(self) -> None:
        """Wait until the library is imported; Failed if that went wrong."""
        self._answer()

    def ask(self, question: str, *arguments: Any) -> Any:
        """The worker's answer; Unsupported with its reason, or Failed with its error."""
        assert self._process.stdin is not None
        pickle.dump((question, arguments), self._process.stdin)
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        try:
            kind, value = pickle.load(self._process.stdout)
        except EOFError:
            raise Failed(f"its process ended with status {self._process.wait()}") from None
        if kind == "unsupported":
            raise Unsupported(value)
        if kind == "failed":
            raise Failed(value)
        return value

    def stop(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@dataclass
class Result:
    """What became of one problem: a summary for each library that took part, and why others did not."""

    problem: Problem
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def spoilt(self, peer: str) -> bool:
        """Whether other programs made gradflow or the peer wait so much that their ratio says nothing."""
        return any(self.found[name]["waited"] > DISTURBED for name in ("gradflow", peer))

    def verdicts(self) -> dict[str, str]:
        """What became of each aim, by peer: "reached", "missed" or "undecided"."""
        ours = self.found.get("gradflow", {}).get("ratios", {})
        return {
            aim.peer: "undecided" if self.spoilt(aim.peer) else "reached" if ours[aim.peer][0] <= aim.ratio else "missed"
            for aim in self.problem.aims
            if aim.peer in ours
        }


def run(problem: Problem, processes: Sequence[Process], plan: Plan, deadline: float = float("inf")) -> Result:
    """Set the problem up in every process, hold the results against each other, and measure if they agree."""
    result = Result(problem)
    there, values = [], {}
    for process in processes:
        try:
            process.ask("build", problem)
            if process.name != "floor":
                values[process.name] = process.ask("values", problem.steps)
            there.append(process)
        except Unsupported as reason:
            result.skipped[process.name] = str(reason)
        except Failed as error:
            if process.name == "gradflow":
                result.errors.append(f"{process.label}: {error}")
            else:  # somebody else's fault, and no reason to measure nothing
                result.skipped[process.name] = str(error)
    result.errors += disagreements(values, problem.tolerance)
    if not result.errors:
        try:
            result.found = _measured(there, plan, deadline)
        except Failed as error:
            result.errors.append(str(error))
    for process in processes:
        _quietly(process.ask, "drop")
    return result


def _measured(processes: Sequence[Process], plan: Plan, deadline: float) -> dict[str, dict[str, Any]]:
    estimates = {p.name: p.ask("warm", plan.turn / 4) for p in processes}
    turns: dict[str, list[Turn]] = {p.name: [] for p in processes}
    for number in range(plan.rounds):
        if number >= plan.least and time.monotonic() > deadline:
            break
        first = number % len(processes)
        for process in [*processes[first:], *processes[:first]]:
            turns[process.name].append(_turn(process, plan, estimates[process.name]))
    found = {p.name: {**summary(turns[p.name]), "peak_mb": p.ask("peak")} for p in processes}
    if "gradflow" in turns:
        found["gradflow"]["ratios"] = {
            name: ratio(turns["gradflow"], theirs) for name, theirs in turns.items() if name != "gradflow"
        }
    return found


def _turn(process: Process, plan: Plan, estimate: float) -> Turn:
    """A turn after a pause; one in which other programs kept the cores busy is repeated while there is patience."""
    best: Turn | None = None
    while best is None or (best.waited > DISTURBED and plan.patience > 0):
        begun = time.monotonic()
        time.sleep(plan.pause if best is None else 3 * plan.pause)
        turn: Turn = process.ask("turn", plan.turn, estimate)
        if best is None or turn.waited < best.waited:
            best = turn
        if turn.waited > DISTURBED:
            plan.patience -= time.monotonic() - begun
    return best


def _quietly(call: Callable[..., Any], *arguments: Any) -> None:
    try:
        call(*arguments)
    except (Failed, OSError):
        return
