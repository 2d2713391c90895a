"""The picture: how the libraries' times compare."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .peers import PEERS

# Okabe and Ito's colours, which the colour-blind can tell apart; the two that everything is about stand out.
_COLOURS = {"gradflow": "#D55E00", "torch": "#000000"}
_OTHERS = ("#56B4E9", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#999999", "#F0E442")


def save(path: Path, data: dict[str, Any]) -> bool:
    """Write it; False without matplotlib, or without anything to compare with."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    shown = [w for w in data["workloads"] if "torch" in w["found"] and "gradflow" in w["found"]]
    if not shown:
        return False
    figure = Figure(figsize=(9, 1.2 + 0.28 * len(shown)), dpi=90, layout="constrained")
    axes = figure.add_subplot()
    others = iter(_OTHERS * 2)
    for name, entry in PEERS.items():
        found = [(w["found"].get(name), w["found"]["torch"], y) for y, w in enumerate(shown)]
        points = [(theirs["median"] / torch["median"], y) for theirs, torch, y in found if theirs]
        if points:
            x, y = zip(*points, strict=True)
            style = {"marker": "D", "ms": 7, "zorder": 3} if name == "gradflow" else {"marker": "o", "ms": 5}
            axes.plot(x, y, ls="", color=_COLOURS.get(name) or next(others), label=entry.label, **style)
    aimed = [(w["aims"]["torch"], y) for y, w in enumerate(shown) if "torch" in w["aims"]]
    if aimed:
        x, y = zip(*aimed, strict=True)
        axes.plot(x, y, "|", color="#D55E00", ms=14, mew=2, label="gradflow's aim")
    axes.axvline(1, color="black", lw=0.8)
    axes.set(xscale="log", xlabel="time, PyTorch eager = 1", title=f"ci/bench on {data['device']}")
    axes.set_yticks(range(len(shown)), [f"{w['group']} {w['name']}".strip() for w in shown], fontsize=8)
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    axes.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))
    figure.savefig(path)
    return True
