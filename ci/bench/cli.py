"""The command line."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

from . import report, starts
from .peers import PEERS, installed
from .problems import TITLES, Problem, problems, tiny
from .rotation import Failed, Plan, Process, Result, run
from .worker import serve

QUICK_SECONDS = 12.0  # for W1-W7; setting everything up takes three times as long
ROOT = Path(__file__).resolve().parents[2]


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="ci/bench",
        description="gradflow beside other libraries on the same problems, in turns, in one run. The exit status is 1 if "
        "results disagree or gradflow fails; a missed aim is told, and is no failure.",
        epilog="Libraries: " + ", ".join(n for n in PEERS if not n.startswith("floor")) + ". Those that are not installed are "
        "left out. Workloads: " + "; ".join(f"{k} {v}" for k, v in TITLES.items()) + ".",
    )
    made.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    made.add_argument("--only", metavar="W1,W5", help="these workloads alone")
    made.add_argument("--peers", metavar="gradflow,torch", help="these libraries alone")
    made.add_argument(
        "--quick",
        action="store_true",
        help="less than a minute, less exact, and without the libraries that start or compile for seconds",
    )
    made.add_argument("--seconds", type=float, help="measure less exactly where it would take longer than this in all")
    made.add_argument("--patience", type=float, metavar="SECONDS", default=60.0,
                      help="for so long in all repeat turns in which other programs kept the cores busy (60)")  # fmt: skip
    made.add_argument("--save", metavar="FOLDER", nargs="?", const=Path(__file__).parent / "results", type=Path,
                      help="write NAME.json and NAME.png, NAME being the device's (usually to ci/bench/results)")  # fmt: skip
    made.add_argument("--tiny", action="store_true", help="sizes that take no time: shows that everything runs, measures nothing")
    made.add_argument("--stand-in", action="store_true", help="with --device cuda: the tests' stand-in for CuPy, without a GPU")
    made.add_argument("--worker", metavar="NAME", help=argparse.SUPPRESS)  # the process of one library
    return made


def chosen(text: str | None, known: list[str], what: str) -> list[str]:
    """The names in a list with commas, each of them known; all without a list."""
    if text is None:
        return known
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in names if name not in known]:
        sys.exit(f"ci/bench: no such {what}: {', '.join(unknown)}; there are {', '.join(known)}")
    return [name for name in known if name in names]


def stand_in() -> None:
    """Put the tests' stand-in where CuPy is imported from."""
    sys.path.insert(0, str(ROOT / "tests"))
    import cupy_stand_in  # type: ignore[import-not-found]

    cupy_stand_in.install()


def main(arguments: list[str] | None = None) -> None:
    options = parser().parse_args(arguments)
    if options.worker:
        if options.stand_in:
            stand_in()
        serve(options.worker, options.device)
        return
    here = [name for name, entry in PEERS.items() if options.device in entry.devices]
    groups = chosen(options.only, list(TITLES), "workload")
    usual = [name for name in here if PEERS[name].quick or not options.quick]
    wanted = usual if options.peers is None else chosen(options.peers, here, "library for this device")
    peers = [name for name in here if name in wanted or name.startswith("floor")]
    given = ("cupy",) if options.stand_in else ()
    missing = [name for name in peers if not installed(name, given)]
    for name in missing:
        print(f"{PEERS[name].label}: left out, {' and '.join(PEERS[name].needs)} is not installed")
    known = Bench(options, [name for name in peers if name not in missing])
    asked = [p for p in problems(options.device) if p.group in groups and (p.quick or not options.quick)]
    known.run([tiny(p) for p in asked] if options.tiny else asked)
    if "W8" in groups and options.device == "cpu":
        known.new_processes()
    known.close()


class Bench:
    """One run: the plan, what has been found, and how it is shown."""

    def __init__(self, options: Any, peers: list[str]) -> None:
        self.options, self.peers = options, peers
        patience = min(options.patience, 2.0) if options.quick else options.patience
        usual = Plan(0.05, 5, patience, least=2) if options.quick else Plan(patience=patience)
        self.plan = Plan(0.001, 2, 0, 0) if options.tiny else usual
        self.asked = dict(vars(self.plan))
        self.results: list[Result] = []
        self.starts: dict[str, Any] = {}
        self.versions: dict[str, str] = {}
        self.device_name: str | None = None
        self.gone: set[str] = set()  # libraries that could not be imported
        self.running: dict[str, Process] = {}
        self.begun, self.load = time.monotonic(), report.load()
        seconds = options.seconds or (QUICK_SECONDS if options.quick else float("inf"))
        self.end = self.begun + seconds

    def run(self, asked: list[Problem]) -> None:
        """All problems, those of one group with the same processes."""
        left = len(asked)
        for group in dict.fromkeys(p.group for p in asked):
            processes = self._processes(group)
            for problem in [p for p in asked if p.group == group]:
                now = time.monotonic()
                result = run(problem, processes, self.plan, now + max(0, self.end - now) / (left + 1))
                left -= 1
                self.results.append(result)
                report.show(result)
            if not self.options.quick:
                self._stop()
        self._stop()

    def _processes(self, group: str) -> list[Process]:
        """A process for each library that joins a group, as many as are there already.

        Each group has new ones, whose memory shows nothing of the others, unless there is no time to start them.
        """
        flags = ["--stand-in"] if self.options.stand_in else []
        wanted = [name for name in self.peers if group in PEERS[name].groups and name not in self.gone]
        made = [Process(name, self.options.device, *flags) for name in wanted if name not in self.running]
        for process in made:
            try:
                process.ready()
                said = process.ask("hello")
            except Failed as error:
                process.stop()
                if process.name == "gradflow":
                    for other in made:
                        other.stop()
                    sys.exit(f"ci/bench --device {self.options.device}: {error}")
                self.gone.add(process.name)
                print(f"{process.label}: left out, {error}")
                continue
            self.versions[process.label] = said["version"]
            self.device_name = said["device"] or self.device_name
            self.running[process.name] = process
        return [self.running[name] for name in wanted if name in self.running]

    def _stop(self) -> None:
        for process in self.running.values():
            process.stop()
        self.running.clear()

    def new_processes(self) -> None:
        repeats = 1 if self.options.tiny or self.options.quick else 15
        measured = ("gradflow", "torch", "hand") if self.options.quick else starts.TINY
        self.starts = starts.measured([p for p in self.peers if p in measured], repeats)
        report.show_starts(self.starts)

    def close(self) -> None:
        """The last lines, the file and the picture; stops with status 1 if something failed."""
        report.show_end(self.results, self.starts)
        took = time.monotonic() - self.begun
        print(f"{took:.0f} s; load of the machine at the start {self.load}, at the end {report.load()} (2 is this program alone)")
        if self.options.save:
            name = report.file_name(self.device_name)
            head = {
                "device": self.device_name or name, "machine": report.machine(), "versions": self.versions,
                "plan": self.asked, "load": [self.load, report.load()],
            }  # fmt: skip
            path = report.save(self.options.save, name, head, self.results, self.starts)
            print(f"written: {os.path.relpath(path)}")
        if any(result.errors for result in self.results):
            sys.exit(1)
