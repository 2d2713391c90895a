"""The process of one library: it sets up problems, computes what is compared, and times its turns.

Each library has a process of its own, so that its threads, its memory and its page faults are its own.  It answers one
question after the other, pickled on its standard input and output.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import sys
import time
import traceback
from array import array
from pathlib import Path
from typing import Any, BinaryIO

from .measure import Turn
from .peers import Peer, Unsupported, Work, load
from .problems import Problem

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

THREADS = 2
MB = 1e6


def environment() -> dict[str, str]:
    """Two threads for every library's matrix products and loops."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    return {**os.environ, **dict.fromkeys(names, str(THREADS)), "JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3"}


def two_cores() -> None:
    """Keep this process, with all threads to come, on two cores."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])


def page_faults() -> int:
    """Page faults so far."""
    return 0 if resource is None else resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def status(name: str) -> float | None:
    """A line of Linux's /proc/self/status, in bytes; None elsewhere."""
    try:
        with open("/proc/self/status") as lines:
            return next(1024.0 * int(line.split()[1]) for line in lines if line.startswith(name + ":"))
    except (OSError, StopIteration):
        return None


def forget_peak() -> None:
    """From here on the peak of the process's memory is counted anew (Linux)."""
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as door:
        door.write("5")


def waited() -> float:
    """Seconds that threads of this process have stood in line for a core, because others were on it (Linux)."""
    total = 0
    for thread in Path("/proc/self/task").glob("*/schedstat"):
        with contextlib.suppress(OSError, IndexError, ValueError):  # it may have ended by now
            total += int(thread.read_text().split()[1])
    return total / 1e9


class Worker:
    """The answers to the questions; each is a method."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.work: Work | None = None
        self._before: float | None = None

    def hello(self) -> dict[str, Any]:
        return {"version": self.peer.version(), "device": self.peer.device_name()}

    def build(self, problem: Problem) -> None:
        """Set a problem up, in memory that is counted."""
        self.work = None
        gc.collect()
        forget_peak()
        self._before = status("VmRSS")
        made = getattr(self.peer, problem.kind, None)
        if made is None:
            raise Unsupported(self.peer.lacks.get(problem.kind, "not written for it"))
        self.work = made(problem)

    def values(self, steps: int) -> dict[str, Any]:
        """What the library computes in its first steps."""
        work = self.work
        assert work is not None
        work.start()
        # Each is taken over before the next step, which may write over it.
        results = [self.peer.host(result) for result in (work.step() for _ in range(steps)) if result is not None]
        return {**({"result": results} if results else {}), **work.values()}

    def warm(self, seconds: float) -> float:
        """Run for a while; the seconds of a step."""
        assert self.work is not None
        self.work.start()
        for _ in range(3):
            self.work.step()
        self.peer.wait()
        begun, steps = time.perf_counter(), 0
        while True:
            for _ in range(3):
                self.work.step()
            self.peer.wait()
            steps += 3
            if (taken := time.perf_counter() - begun) > seconds:
                return taken / steps

    def turn(self, seconds: float, estimate: float) -> Turn:
        """Steps from the start for so many seconds, each timed.

        A device is given its steps in runs of 10 ms or more, with a wait before and after each run, as they overlap.
        """
        assert self.work is not None
        step, wait, now = self.work.step, self.peer.wait, time.perf_counter
        self.work.start()
        for _ in range(min(1000, int(0.05 * seconds / estimate) + 2)):
            step()
        wait()
        each = max(1, int(0.01 / estimate)) if self.peer.asynchronous else 1
        times = array("d")
        faults, stood = page_faults(), waited()
        begun = now()
        end = begun + seconds
        if each == 1 and not self.peer.asynchronous:
            after = now()
            while after < end or len(times) < 3:
                before = now()
                step()
                after = now()
                times.append(after - before)
        else:
            while now() < end or len(times) < 3:
                before = now()
                for _ in range(each):
                    step()
                wait()
                times.append((now() - before) / each)
        took = now() - begun
        return Turn(times.tolist(), len(times) * each, page_faults() - faults, (waited() - stood) / took)

    def peak(self) -> float | None:
        """Megabytes of the problem: on a device what the library has taken there, on the CPU by how much the process grew."""
        if self.peer.asynchronous:
            taken = self.peer.device_memory()
            return None if taken is None else taken / MB
        most = status("VmHWM")
        return None if most is None or self._before is None else (most - self._before) / MB

    def drop(self) -> None:
        """Let go of the problem and its memory."""
        self.work = None
        gc.collect()
        self.peer.drop()


def serve(name: str, device: str) -> None:
    """Answer until there are no more questions."""
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not come between the answers
    if device == "cpu":
        two_cores()
    try:
        worker = Worker(load(name, device))
    except Exception as problem:
        _answer(answers, "failed", f"{type(problem).__name__}: {problem}")
        return
    _answer(answers, "done", None)
    while True:
        try:
            question, arguments = pickle.load(questions)
        except EOFError:
            return
        try:
            _answer(answers, "done", getattr(worker, question)(*arguments))
        except Unsupported as reason:
            _answer(answers, "unsupported", str(reason))
        except Exception as problem:
            traceback.print_exc()
            _answer(answers, "failed", f"{type(problem).__name__}: {problem}")


def _answer(answers: BinaryIO, kind: str, value: Any) -> None:
    try:
        pickle.dump((kind, value), answers)
        answers.flush()
    except BrokenPipeError:  # nobody listens any more
        os._exit(0)
