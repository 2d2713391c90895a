"""Where the boxes go: by Graphviz's dot, in layers, which pygraphviz brings along and runs in this process."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

INSTALL = "pip install 'gradflow-autograd[viz]'"
POINTS = 72.0  # a Graphviz inch


class Point(NamedTuple):
    x: float
    y: float


class Cluster(NamedTuple):
    """Boxes to be drawn together in a frame: its label and how wide that is, what is directly in it, and the frames in it."""

    label: str
    width: float
    members: list[int]
    inner: list[Cluster]


class Frame(NamedTuple):
    """A drawn frame: its label, its left upper corner and its size."""

    label: str
    x: float
    y: float
    width: float
    height: float


class Layout(NamedTuple):
    """Centres of boxes, the curves of edges, frames, and the size of it all; y grows downwards, units are points.

    A curve is the points of cubic splines, p0 c1 c2 p1 c1 c2 p2 ..., and then the tip of its arrow.
    """

    centres: list[Point]
    curves: list[list[Point]]
    frames: list[Frame]
    width: float
    height: float


def is_available() -> bool:
    return importlib.util.find_spec("pygraphviz") is not None


def place(
    sizes: Sequence[tuple[float, float]], edges: Iterable[tuple[int, int, bool]], order: Iterable[tuple[int, int]],
    clusters: Iterable[Cluster], direction: str,
) -> Layout:  # fmt: skip
    """Boxes of those sizes (width, height), laid out so that edges go down ("down") or to the right ("right").

    An edge is the places of two boxes, and whether it should rather be straight than others; ``order`` has further pairs of
    boxes, of which the first is to come before the second.

    ImportError, which says what to install, if pygraphviz is missing.
    """
    try:
        from pygraphviz import AGraph
    except ImportError as problem:
        raise ImportError(f"drawing a graph needs pygraphviz, which cannot be imported ({problem}): {INSTALL}") from problem
    edges = list(edges)
    towards = "LR" if direction == "right" else "TB"
    lines = [
        f"digraph {{ rankdir={towards}; nodesep=0.22; ranksep=0.32; newrank=true; {_effort(edges)}",
        'node [shape=box fixedsize=true label=""]; edge [arrowsize=0.6];',
    ]
    for i, (width, height) in enumerate(sizes):
        lines.append(f"{i} [width={width / POINTS:.3f} height={height / POINTS:.3f}];")
    lines += _edges(edges)
    lines += [f"{first} -> {second} [style=invis weight=0];" for first, second in order]
    frames: list[str] = []
    lines += [_written(c, frames) for c in clusters]
    made = json.loads(AGraph("\n".join([*lines, "}"])).draw(format="json0", prog="dot"))
    return _read(made, len(sizes), frames)


def _edges(edges: Sequence[tuple[int, int, bool]]) -> Iterator[str]:
    """The edges box by box; where a single straight one goes in, the others stand on both sides of it, so that a long row of
    boxes goes straight down and not aside."""
    entering: dict[int, list[int]] = {}
    for k, (_, head, _) in enumerate(edges):
        entering.setdefault(head, []).append(k)
    for head, keys in entering.items():
        straight = [k for k in keys if edges[k][2]]
        if len(straight) == 1 < len(keys):
            beside = [k for k in keys if not edges[k][2]]
            half = (len(beside) + 1) // 2
            keys = beside[:half] + straight + beside[half:]
            yield f"{head} [ordering=in];"
        yield from (f"{edges[k][0]} -> {head} [id={k} weight={6 if edges[k][2] else 1}];" for k in keys)


def _effort(edges: Sequence[tuple[int, int, bool]]) -> str:
    """How hard dot shall try.  Every layer that an edge passes costs, and with many of them dot tries for minutes."""
    layer: dict[int, int] = {}
    for tail, head, main in sorted(edges, key=lambda e: e[1]):  # in the order of making
        layer[head] = max(layer.get(head, 0), layer.get(tail, 0) + 1) if main else layer.get(head, 0)
    passed = sum(max(0, layer[head] - layer.get(tail, 0) - 1) for tail, head, main in edges if main)
    if passed < 1500:
        return ""
    return "nslimit=0.5; mclimit=0.1;" if passed < 6000 else "nslimit=0.2; mclimit=0.02; splines=line;"


def _written(cluster: Cluster, labels: list[str]) -> str:
    """A cluster in dot's language; room for the label is kept by an empty table of its size, so that no font is asked for."""
    labels.append(cluster.label)
    room = f'<TABLE BORDER="0" FIXEDSIZE="TRUE" WIDTH="{cluster.width:.0f}" HEIGHT="11"><TR><TD></TD></TR></TABLE>'
    head = f'subgraph "cluster_{len(labels) - 1}" {{ margin=9; labeljust=l; label=<{room}>;'
    return " ".join([head, *(f"{m};" for m in cluster.members), *(_written(c, labels) for c in cluster.inner), "}"])


def _read(made: dict[str, Any], count: int, labels: list[str]) -> Layout:
    _, _, width, height = _numbers(made["bb"])

    def point(text: str) -> Point:
        x, y = _numbers(text)
        return Point(x, height - y)

    centres = [Point(0, 0)] * count
    frames = []
    for thing in made.get("objects", []):
        if "pos" in thing:
            centres[int(thing["name"])] = point(thing["pos"])
        elif thing["name"].startswith("cluster_") and "bb" in thing:
            x0, y0, x1, y1 = _numbers(thing["bb"])
            frames.append(Frame(labels[int(thing["name"][8:])], x0, height - y1, x1 - x0, y1 - y0))
    edges = [e for e in made.get("edges", []) if "id" in e]
    curves: list[list[Point]] = [[] for _ in edges]
    for edge in edges:
        tip, *points = edge["pos"].split()
        curves[int(edge["id"])] = [*map(point, points), point(tip.removeprefix("e,"))]
    return Layout(centres, curves, frames, width, height)


def _numbers(text: str) -> list[float]:
    return [float(v) for v in text.split(",")]
