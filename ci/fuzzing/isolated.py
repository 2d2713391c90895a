"""Work in child processes, because PyTorch ends the process at some programs that it should refuse."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from .libraries import CURRENT, TORCH

CHUNK = 100  # items to a process
FORK = multiprocessing.get_context("fork")


class Result(NamedTuple):
    """What became of one case: a verdict, and, where the libraries disagree and should not, a report and its likes' name."""

    seed: int
    verdict: str
    report: str = ""
    size: int = 0  # the shortest report of a kind is printed


def serve(work: Callable[[int], Result], seeds: list[int], answers: Connection) -> None:
    for seed in seeds:
        try:
            answers.send(work(seed))
        except BaseException:
            print(f"seed {seed}:", file=sys.stderr)
            traceback.print_exc()
            sys.exit(1)


def results(work: Callable[[int], Result], seeds: Iterable[int]) -> Iterator[Result]:
    """``work(seed)`` for every seed; where the process was ended by a signal, a result that says so."""
    left = list(seeds)
    while left:
        receiver, sender = FORK.Pipe(duplex=False)
        child = FORK.Process(target=serve, args=(work, left[:CHUNK], sender))
        child.start()
        sender.close()
        done = 0
        try:
            while True:
                yield receiver.recv()
                done += 1
        except EOFError:
            child.join()
        left, code = left[done:], child.exitcode or 0
        if code > 0:
            sys.exit(f"the comparison itself failed at seed {left[0]}")
        if code < 0:
            yield crash(left.pop(0), code)


def crash(seed: int, code: int) -> Result:
    name, library = signal.Signals(-code).name, CURRENT.value.decode()
    if library == TORCH.name:
        return Result(seed, "torch ends the process")
    return Result(seed, f"{name} in {library}", f"{library} ended the process with {name}")


def judge(what: str, work: Callable[[int], Result], seed: int, n: int) -> bool:
    """Run seeds and print what was found, each kind of disagreement once; True if every one of them is meant."""
    verdicts: Counter[str] = Counter()
    groups: defaultdict[str, list[Result]] = defaultdict(list)
    for result in results(work, range(seed, seed + n)):
        if result.report:
            groups[result.verdict].append(result)
        else:
            verdicts[result.verdict] += 1
    print(f"{what} {seed} to {seed + n - 1}:", ", ".join(f"{count} {name}" for name, count in verdicts.most_common()))
    for group in sorted(groups.values(), key=len, reverse=True):
        shortest = min(group, key=lambda result: result.size)
        print(f"DIFFERENT ({len(group)}, seeds {' '.join(str(result.seed) for result in group[:8])}): {shortest.report}")
        print(f"    again: ci/fuzz {what} --seed {shortest.seed} --n 1", flush=True)
    return not groups


def name_of_kind(text: Any) -> str:
    """A report without its numbers, so that disagreements of one kind come together."""
    return "".join("#" if c.isdigit() else c for c in str(text))[:90]
