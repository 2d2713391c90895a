"""Tables for people, a file for programs."""

from __future__ import annotations

import json
import os
import platform
import re
from pathlib import Path
from typing import Any

import numpy as np

from . import plot, starts
from .peers import PEERS
from .problems import TITLES
from .rotation import Result


def load() -> float | None:
    """How many programs have been wanting a core of late."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    processor = platform.processor() or platform.machine()
    try:
        names = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
        processor = names[0] if names else processor
    except OSError:
        pass
    return {
        "processor": processor, "cores": cores(), "system": platform.system(), "python": platform.python_version(),
        "numpy": np.__version__,
    }  # fmt: skip


def file_name(device: str | None) -> str:
    """A results file is named by its device: cpu-2-cores, nvidia-h100-80gb-hbm3."""
    return f"cpu-{cores()}-cores" if device is None else re.sub(r"[^a-z0-9]+", "-", device.lower()).strip("-")


def _figure(value: float) -> str:
    """Three digits."""
    digits = next((d for d, least in enumerate((100, 10, 0.1)) if value >= least), 3)
    return f"{value:.{digits}f}"


def _judged(aim: float | None, verdict: str | None) -> str:
    return "" if aim is None else f"aim {aim:.2f}: {verdict}"


def lines(result: Result) -> list[str]:
    """The table of one problem.  ``waits``: the part of its time for which other programs kept a library from a core."""
    problem, found = result.problem, result.found
    said = ["", problem.title]
    if result.errors:
        return [*said, *(f"  FAILED: {error}" for error in result.errors)]
    scale, unit = problem.scale, problem.unit
    aims, verdicts = {aim.peer: aim.ratio for aim in problem.aims}, result.verdicts()
    ratios = found.get("gradflow", {}).get("ratios", {})
    said.append(f"  {'':20s}{unit:>8s} {'quartiles':>17s}{'faults':>8s}{'peak MB':>9s}{'waits':>7s}  gradflow takes of it")
    for name, s in found.items():
        quartiles = f"{_figure(s['lower'] * scale)} .. {_figure(s['upper'] * scale)}"
        peak = "" if s["peak_mb"] is None else _figure(s["peak_mb"])
        line = f"  {PEERS[name].label:20s}{_figure(s['median'] * scale):>8s} {quartiles:>17s}{s['faults']:8.0f}{peak:>9s}"
        line += f"{s['waited']:7.0%}"
        if name in ratios:
            middle, lower, upper = ratios[name]
            line += f"  {middle:5.2f} ({lower:.2f} .. {upper:.2f})  {_judged(aims.get(name), verdicts.get(name))}"
        said.append(line.rstrip())
    said += [f"  {PEERS[name].label}: skipped, {reason}" for name, reason in result.skipped.items()]
    if problem.floor_bytes and (floor := found.get("floor") or found.get("floor-cuda")):
        line = f"  memory: {problem.floor_bytes / floor['median'] / 1e9:.1f} GB/s"
        if "torch" in found:
            line += f"; this floor is {floor['median'] / found['torch']['median']:.2f} of PyTorch eager"
        said.append(line)
    return said


def show(result: Result) -> None:
    print("\n".join(lines(result)), flush=True)


def start_lines(found: dict[str, Any]) -> list[str]:
    head = f"  {'':20s}{'import s':>10s}{'first gradient s':>18s}{'installed MB':>14s}{'W3 peak MB':>12s}"
    said = ["", f"W8 {TITLES['W8']}", head]
    for name, s in found.items():
        label = "NumPy" if name == "hand" else PEERS[name].label
        peak = _figure(s["peak_mb"]) if s["peak_mb"] is not None else ""
        said.append(
            f"  {label:20s}{s['import'][0]:10.3f}{s['first'][0]:18.3f}{_figure(s['installed_mb']):>14s}{peak:>12s}".rstrip()
        )
    for what, spoken in (("import", "import"), ("first", "import and first gradient"), ("peak_mb", "peak memory of W3 at 1024")):
        ratio = starts.ratio(found, what, "torch")
        if ratio is not None:
            aim, verdict = starts.AIMS.get(what), starts.verdicts(found).get(what)
            said.append(
                f"  {spoken}: {ratio:.2f} of PyTorch eager  {_judged(None if aim is None else aim.ratio, verdict)}".rstrip()
            )
    return said


def show_starts(found: dict[str, Any]) -> None:
    print("\n".join(start_lines(found)), flush=True)


def show_end(results: list[Result], found_starts: dict[str, Any]) -> None:
    """The aims in few lines."""
    judged = []
    for r in results:
        verdicts, ratios = r.verdicts(), r.found.get("gradflow", {}).get("ratios", {})
        for aim in r.problem.aims:
            if aim.peer in verdicts:
                text = f"{r.problem.title}: {ratios[aim.peer][0]:.2f} of {PEERS[aim.peer].label}, aim {aim.ratio:.2f}"
                judged.append((text, verdicts[aim.peer]))
    for what, said in starts.verdicts(found_starts).items():
        aim = starts.AIMS[what]
        figure = starts.ratio(found_starts, what, aim.peer)
        judged.append((f"W8 {what}: {figure:.2f} of {PEERS[aim.peer].label}, aim {aim.ratio:.2f}", said))
    print(f"\n{sum(said == 'reached' for _, said in judged)} of {len(judged)} aims reached")
    for verdict, spoken in (("missed", "missed"), ("undecided", "undecided, as the machine was busy")):
        if these := [text for text, said in judged if said == verdict]:
            print(spoken + ":", *these, sep="\n  ")
    if failed := [r.problem.title for r in results if r.errors]:
        print("FAILED:", *failed, sep="\n  ")


def as_data(head: dict[str, Any], results: list[Result], found_starts: dict[str, Any]) -> dict[str, Any]:
    """Everything, for JSON: times in seconds a step, ratios as median, lower and upper quartile."""
    workloads = [
        {
            "group": r.problem.group, "name": r.problem.name, "title": r.problem.title, "unit": r.problem.unit,
            "scale": r.problem.scale, "aims": {aim.peer: aim.ratio for aim in r.problem.aims}, "verdicts": r.verdicts(),
            "floor_bytes": r.problem.floor_bytes, "found": r.found, "skipped": r.skipped, "errors": r.errors,
        }
        for r in results
    ]  # fmt: skip
    made = {**head, "workloads": workloads}
    if found_starts:
        made["starts"] = {**found_starts, "verdicts": starts.verdicts(found_starts)}
    return made


def _short(value: Any) -> Any:
    """Floats to five digits."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: _short(v) for key, v in value.items()}
    return [_short(v) for v in value] if isinstance(value, list | tuple) else value


def save(folder: Path, name: str, head: dict[str, Any], results: list[Result], found_starts: dict[str, Any]) -> Path:
    """Write the file, and beside it the picture where matplotlib is installed; returns the file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    data = as_data(head, results, found_starts)
    path.write_text(json.dumps(_short(data), indent=1) + "\n", encoding="utf-8")
    plot.save(folder / f"{name}.png", data)
    return path
