"""What is drawn of a graph: boxes, and the links between them.  A box is one node, or several that are folded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import prod
from typing import Any

from .._engine import Leaf, Node
from ..errors import ArgumentError
from ..nn import Parameter
from ._reading import operation
from .tracing import Call, Trace

ENDS = 4  # operations at each end of a folded row that stay as they are
MANY = 3  # users of a leaf up to which edges lead to all of them from one box
PARTS = 12  # boxes that the middle of a folded row becomes


class Box:
    """One box: the nodes in it (oldest first), the module calls around it, and what is written in it."""

    __slots__ = ("calls", "detail", "extra", "hover", "kind", "name", "nodes", "title")

    def __init__(self, nodes: list[Node], kind: str, title: str, calls: Sequence[Call] = ()) -> None:
        self.nodes, self.kind, self.title, self.calls = nodes, kind, title, tuple(calls)
        self.name: str | None = None
        self.detail = ""  # the shape, or what is folded in here
        self.extra: list[str] = []  # values and gradients
        self.hover: list[str] = []

    @property
    def folded(self) -> bool:
        return self.kind in ("module", "row")

    @property
    def heading(self) -> str:
        """``b = add``, ``0.weight``, ``Linear 0``."""
        if self.name is None:
            return self.title
        return self.name if self.kind == "leaf" else f"{self.name} = {self.title}"

    @property
    def operations(self) -> list[Node]:
        return [n for n in self.nodes if not isinstance(n, Leaf)]


class Link:
    """An edge from box to box, by their places in the chart: the inputs of nodes that it stands for."""

    __slots__ = ("head", "inputs", "tail")

    def __init__(self, tail: int, head: int) -> None:
        self.tail, self.head = tail, head
        self.inputs: list[tuple[Node, int]] = []  # a node, and which of its inputs


class Chart:
    """Boxes in the order of their making, and the links, each from an older box to a newer one."""

    def __init__(self, boxes: list[Box]) -> None:
        self.boxes = boxes
        self.place = {n: i for i, box in enumerate(boxes) for n in box.nodes}
        self.links: list[Link] = []
        between: dict[tuple[int, int], Link] = {}
        for head, box in enumerate(boxes):
            for node in box.nodes:
                for i, (parent, _) in enumerate(node.next_functions):
                    if parent is None:
                        continue
                    tail = self.place[parent]
                    if tail == head:
                        continue
                    merged = box.folded or boxes[tail].folded
                    link = between.get((tail, head)) if merged else None
                    if link is None:
                        link = between[tail, head] = Link(tail, head)
                        self.links.append(link)
                    link.inputs.append((node, i))

    def spread(self) -> Chart:
        """The chart to draw: a leaf that many use, far from each other as a rule, stands again, small, at each of them."""
        made = Chart([])
        made.boxes, made.place = list(self.boxes), self.place
        users = self.consumers()
        copies: dict[tuple[int, int], int] = {}
        for link in self.links:
            tail, box = link.tail, self.boxes[link.tail]
            if box.kind == "leaf" and len(set(users[tail])) > MANY and link.head != users[tail][0]:
                if (tail, link.head) not in copies:
                    copies[tail, link.head] = len(made.boxes)
                    copy = Box(box.nodes, "copy", box.heading, self.boxes[link.head].calls)
                    copy.hover = box.hover
                    made.boxes.append(copy)
                tail = copies[tail, link.head]
            moved = Link(tail, link.head)
            moved.inputs = link.inputs
            made.links.append(moved)
        return made

    def consumers(self) -> list[list[int]]:
        """For each box those that use its result."""
        found: list[list[int]] = [[] for _ in self.boxes]
        for link in self.links:
            found[link.tail].append(link.head)
        return found


def chart(
    nodes: Sequence[Node], trace: Trace | None, names: dict[Node, str], fold: Any, most: int
) -> Chart:  # fmt: skip
    """The boxes of ``nodes`` (oldest first), folded as ``fold`` says, or if there are more than ``most``."""
    chains = {n: trace.chain(n) if trace is not None else [] for n in nodes}
    whole = [_single(n, chains[n], names) for n in nodes]
    if fold is None:
        fold = len(whole) > most
    if fold is False:
        return Chart(_with_calls_of_leaves(whole))
    deepest = max((len(c) - (c[0].path == "") for c in chains.values() if c), default=0)
    if isinstance(fold, bool):
        boxes = _by_module(nodes, chains, _depth(chains, deepest), names) if deepest else whole
    elif not deepest:
        raise ArgumentError("viz.graph: fold=1, 2 ... is a depth of modules, and needs params=trace, or a Module with its inputs")
    else:
        boxes = _by_module(nodes, chains, fold, names)
    boxes = _absorbed(boxes, names)
    if len(boxes) > most or not deepest:
        boxes = _absorbed(_by_row(boxes), names)
    return Chart(boxes)


def _single(node: Node, calls: Sequence[Call], names: dict[Node, str]) -> Box:
    if isinstance(node, Leaf):
        box = Box([node], "leaf", "parameter" if isinstance(node.variable, Parameter) else "leaf")
    else:
        box = Box([node], "operation", operation(node), calls)
    box.name = names.get(node)
    return box


def _level(chain: Sequence[Call], depth: int) -> Call | None:
    """The call at ``depth`` below the model's own, which is at 0."""
    place = depth if chain and chain[0].path == "" else depth - 1
    return chain[place] if place < len(chain) else None


def _depth(chains: dict[Node, list[Call]], deepest: int) -> int:
    """The shallowest depth with two modules beside each other or more; 1 if there is none."""
    for depth in range(1, deepest + 1):
        if len({c for chain in chains.values() if (c := _level(chain, depth)) is not None}) > 1:
            return depth
    return 1


def _by_module(nodes: Sequence[Node], chains: dict[Node, list[Call]], depth: int, names: dict[Node, str]) -> list[Box]:
    """One box for each module call at ``depth``; what lies outside of all stays as it is."""
    boxes: list[Box] = []
    of: dict[Call, Box] = {}
    for node in nodes:
        call = _level(chains[node], depth)
        if call is None:
            boxes.append(_single(node, chains[node], names))
        elif call in of:
            of[call].nodes.append(node)
        else:
            chain = call.chain
            of[call] = Box([node], "module", call.label, chain[: chain.index(call)])
            boxes.append(of[call])
    return boxes


def _by_row(boxes: list[Box]) -> list[Box]:
    """The first and the last few as they are, those between as a few boxes of neighbours in time.

    What is made one after the other may be drawn as one: every edge leads from older to newer, so no cycle comes about.
    """
    leaves = [b for b in boxes if b.kind == "leaf"]
    made = [b for b in boxes if b.kind != "leaf"]
    middle = made[ENDS:-ENDS]
    if len(middle) <= PARTS:
        return boxes
    cuts = [round(k * len(middle) / PARTS) for k in range(PARTS + 1)]
    parts = []
    for begin, end in pairwise(cuts):
        row = [n for b in middle[begin:end] for n in b.nodes]
        parts.append(Box(row, "row", _counted(operation(n) for n in row if not isinstance(n, Leaf))))
    return leaves + made[:ENDS] + parts + made[-ENDS:]


def _absorbed(boxes: list[Box], names: dict[Node, str]) -> list[Box]:
    """Leaves that one folded box alone uses go into it; then it says what is in it."""
    rough = Chart(boxes)
    users = rough.consumers()
    kept = []
    for i, box in enumerate(boxes):
        into = set(users[i])
        if box.kind == "leaf" and len(into) == 1 and boxes[into_one := into.pop()].folded:
            boxes[into_one].nodes[:0] = box.nodes
        else:
            kept.append(box)
    for box in kept:
        if box.folded:
            count = len(box.operations)
            leaves = [n for n in box.nodes if isinstance(n, Leaf)]
            numbers = sum(prod(n.shape) for n in leaves)
            box.detail = f"{count:,} operation{'s' * (count != 1)}" + (f", {numbers:,} parameters" if leaves else "")
            box.hover = [_counted(map(operation, box.operations)), *(names.get(n, "leaf") for n in leaves[:12])]
    return kept


def _with_calls_of_leaves(boxes: list[Box]) -> list[Box]:
    """A leaf whose users are all in one module call is drawn in that call."""
    rough = Chart(boxes)
    for box, users in zip(boxes, rough.consumers(), strict=True):
        if box.kind == "leaf" and users:
            chains = [boxes[u].calls for u in users]
            common = chains[0]
            for c in chains[1:]:
                common = tuple(a for a, b in zip(common, c, strict=False) if a is b)
            box.calls = common
    return boxes


def _counted(names: Iterable[str]) -> str:
    """``12 mul, 3 add``: the commonest first, at most four kinds."""
    common = Counter(names).most_common()
    told = [f"{count} {name}" for name, count in common[:4]]
    return ", ".join(told) + (", ..." if len(common) > 4 else "")
