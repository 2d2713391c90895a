"""The backward pass step by step: which node is visited when, what has arrived there, and what it hands on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from html import escape
from typing import Any, NamedTuple

from .._engine import Leaf, Node
from .._tensor import Tensor
from ..errors import ArgumentError
from . import _boxes as bx
from ._drawing import Arrow, Drawing, Shape, Words, elements, svg, width_of
from ._gradients import Digest, Passage, passage
from ._layout import Point
from ._reading import named, nodes_of, results
from .picture import BODY, LOOK, Graph, Picture, drawn

MOST = 60  # steps of an animation
NOW, DONE, WAITING = LOOK["result"], LOOK["module"], ("#FFFFFF", "#BDBDBD")
BACK_NOW, BACK_DONE, AHEAD = "#D55E00", "#009E73", "#CFCFCF"
PLUS, COLUMNS = " + ", ("step", "node", "gradient that arrives", "sum of", "hands on")


class Step(NamedTuple):
    """One visit: the node and how it is called here, the gradient that arrives, the parts that it is the sum of (from which
    node, how much), and what goes on (to which node, how much)."""

    node: Node
    label: str
    arrives: Digest
    parts: list[tuple[str, Digest]]
    gives: list[tuple[str, Digest]]

    @property
    def sum(self) -> str:
        """``1 + 1``; empty where a single part arrives, or the pass begins."""
        return PLUS.join(str(d) for _, d in self.parts) if len(self.parts) > 1 else ""

    @property
    def hands_on(self) -> str:
        if isinstance(self.node, Leaf):
            return "into .grad"
        return ", ".join(f"{to}: {d}" for to, d in self.gives)


class Sweep:
    """What ``sweep`` returns: ``steps``, a table in terminal and notebook, ``frame(k)`` and ``animation()``.

    Parameters
    ----------
    graph : Graph
        The graph whose nodes are visited.
    passed : Passage
        The gradients of the pass.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.ones(2, requires_grad=True)
    >>> [step.label for step in gf.viz.sweep((x * x).sum(), params={"x": x})]
    ['sum', 'mul', 'x']
    """

    def __init__(self, graph: Graph, passed: Passage) -> None:
        self.graph = graph
        self.passage = passed
        labels, short = _labels(graph.chart, passed.order)
        visited = set(passed.order)
        parts: dict[Node, list[tuple[str, Digest]]] = {n: [] for n in passed.order}
        gives: dict[Node, list[tuple[str, Digest]]] = {n: [] for n in passed.order}
        for (node, i), d in passed.given.items():
            parent = node.next_functions[i][0]
            if parent in visited:
                parts[parent].append((short[node], d))
                gives[node].append((short[parent], d))
        self.steps = [Step(n, labels[n], passed.arrived[n], parts[n], gives[n]) for n in passed.order]

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def _rows(self) -> list[tuple[str, ...]]:
        return [(str(k), s.label, str(s.arrives), s.sum, s.hands_on) for k, s in enumerate(self.steps, 1)]

    def __repr__(self) -> str:
        table = [COLUMNS, *self._rows()]
        wide = [max(len(row[i]) for row in table) for i in range(len(COLUMNS))]
        return "\n".join("   ".join(f"{cell:<{w}}" for cell, w in zip(row, wide, strict=True)).rstrip() for row in table)

    def _repr_html_(self) -> str:
        cell = 'style="text-align:left;padding:2px 12px"'
        head = "".join(f"<th {cell}>{c}</th>" for c in COLUMNS)
        rows = "".join("<tr>" + "".join(f"<td {cell}>{escape(c)}</td>" for c in row) + "</tr>" for row in self._rows())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

    def frame(self, k: int) -> Picture:
        """The graph after ``k`` steps: what is done, what is being visited, and what has been added up so far.

        Parameters
        ----------
        k : int
            The number of steps; 0: before the first.

        Returns
        -------
        Picture
            It prints as a caption, a notebook draws it, and ``save`` writes it.

        Raises
        ------
        ArgumentError
            For a number of steps that there is not.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.ones(2, requires_grad=True)
        >>> gf.viz.sweep((x * x).sum(), params={"x": x}).frame(1)
        step 1 of 3: sum gets 1 and hands on mul: [1, 1]
        """
        if isinstance(k, bool) or not isinstance(k, int) or not 0 <= k <= len(self.steps):
            raise ArgumentError(f"frame: k is a number of steps from 0 to {len(self.steps)}, not {k!r}")
        return _Frame(self, k)

    def animation(self, seconds: float = 1.6) -> Picture:
        """All frames in turn, as one SVG that plays by itself; saved as PNG or PDF it is the last frame.

        Parameters
        ----------
        seconds : float, default 1.6
            How long each frame is shown, above 0.

        Returns
        -------
        Picture
            A notebook draws it, and ``save`` writes it.

        Raises
        ------
        ArgumentError
            For a pass of more than 60 steps (look at single frames), and for ``seconds`` that are not above 0.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.ones(2, requires_grad=True)
        >>> gf.viz.sweep((x * x).sum(), params={"x": x}).animation(seconds=1.0)
        step 3 of 3: x gets [1, 1] + [1, 1] = [2, 2] and adds this to .grad
        """
        if len(self.steps) > MOST:
            raise ArgumentError(f"animation: {len(self.steps)} steps are too many to watch (the limit is {MOST}); use frame(k)")
        if not seconds > 0:
            raise ArgumentError(f"animation: seconds is a time above 0, not {seconds!r}")
        return _Animation(self, seconds)


class _Frame(Picture):
    def __init__(self, played: Sweep, k: int) -> None:
        self._sweep, self._k = played, k

    def __repr__(self) -> str:
        return self._caption()

    @cached_property
    def svg(self) -> str:
        return svg(self._drawing())

    def _drawing(self) -> Drawing:
        played, k = self._sweep, self._k
        graph, passed = played.graph, played.passage
        when = {s.node: i for i, s in enumerate(played.steps)}

        def look(i: int, box: bx.Box) -> tuple[str, str, list[str]]:
            if box.kind == "copy":
                return (*LOOK["copy"], [])
            node = box.nodes[0]
            at = when.get(node, len(when))
            parts = [str(d) for (n, j), d in passed.given.items() if when[n] < k and n.next_functions[j][0] is node]
            lines = [box.detail]
            if at < k:
                lines.append(_added(played.steps[at]))
            elif parts:
                lines.append("so far " + PLUS.join(parts))
            return (*(NOW if at == k - 1 else DONE if at < k else WAITING), lines)

        arrows: list[Shape] = []
        for link, points in zip(graph.shown.links, graph.layout.curves, strict=True):
            at = min((when.get(n, len(when)) for n, _ in link.inputs))
            if at < k and any(key in passed.given for key in link.inputs):
                colour, line = (BACK_NOW, 2.4) if at == k - 1 else (BACK_DONE, 1.6)
                arrows.append(Arrow(_turned(points), colour, line))
            else:
                arrows.append(Arrow(points, AHEAD, 1.2))
        text = self._caption()
        widest = max(width_of(_caption(played, j), BODY) for j in range(len(played) + 1))
        return drawn(graph, arrows, look, ([Words(0, 26, text, BODY, "#444444", anchor="start")], widest, 32))

    def _caption(self) -> str:
        return _caption(self._sweep, self._k)


class _Animation(_Frame):
    def __init__(self, played: Sweep, seconds: float) -> None:
        super().__init__(played, len(played))
        self._seconds = seconds

    @cached_property
    def svg(self) -> str:
        count = self._k + 1
        whole = count * self._seconds
        groups = []
        for k in range(count):
            # Each frame is visible for its share of the time.  Without animation the last one is.
            begin, end = k / count, (k + 1) / count
            times = f"0;{begin:.4f};{end:.4f}" if k else f"0;{end:.4f};{end:.4f}"
            shown = "hidden;visible;hidden" if k else "visible;hidden;hidden"
            play = (
                f'<animate attributeName="visibility" values="{shown}" keyTimes="{times}" dur="{whole:g}s" calcMode="discrete" '
                'repeatCount="indefinite"/>'
            )
            start = "visible" if k == count - 1 else "hidden"
            groups.append(f'<g visibility="{start}">{play}{elements(_Frame(self._sweep, k)._drawing())}</g>')
        return svg(self._drawing(), "".join(groups))


def sweep(y: Tensor, gradient: Tensor | None = None, *, params: Any = None, direction: str = "down") -> Sweep:
    """The backward pass from ``y`` step by step: newest node first, each visited once, when all its parts have arrived.

    The pass is really made, and watched by hooks on the nodes; ``.grad`` stays as it is and nothing is freed. Elements are shown
    of arrays of up to four, of larger ones the root mean square.

    Parameters
    ----------
    y : Tensor
        Where the pass begins.
    gradient : Tensor, optional
        The gradient to begin with, of the shape of ``y``; None: 1, for a single element.
    params : Module, Trace or dict, optional
        Names, as in ``graph``.
    direction : {"down", "right"}, default "down"
        Where the arrows go.

    Returns
    -------
    Sweep
        It prints as a table.

    Raises
    ------
    GraphError
        For a tensor without a graph or with a freed one, and if ``gradient`` is missing.
    ArgumentError
        For another ``direction``.

    Examples
    --------
    >>> import gradflow as gf
    >>> a = gf.tensor(1.0, requires_grad=True)
    >>> b = a + a
    >>> c = b + b
    >>> gf.viz.sweep(c, params={"a": a, "b": b, "c": c})
    step   node      gradient that arrives   sum of   hands on
    1      c = add   1                                b: 1, b: 1
    2      b = add   2                       1 + 1    a: 2, a: 2
    3      a         4                       2 + 2    into .grad
    """
    if direction not in ("down", "right"):
        raise ArgumentError(f"viz.sweep: direction is 'down' or 'right', not {direction!r}")
    outputs = results(y, "viz.sweep")
    nodes = nodes_of(outputs)
    passed = passage(outputs, [gradient] * len(outputs), nodes, "viz.sweep")
    names = {n: name for n, (name, _) in named(params).items()}
    made = bx.chart(nodes, None, names, False, len(nodes))
    played = Sweep(Graph(made, passed, {t.node for t in outputs if t.node is not None}, direction), passed)
    for step in played.steps:
        box = made.boxes[made.place[step.node]]
        box.extra = [_added(step)]
    for box in made.boxes:
        box.detail = str(box.nodes[0].shape)
    return played


def _labels(chart: bx.Chart, order: list[Node]) -> tuple[dict[Node, str], dict[Node, str]]:
    """What each node is called: ``b = add``, and ``b`` where others refer to it; ``mul (3)`` for the third step if there are
    several without a name."""
    boxes = {n: chart.boxes[chart.place[n]] for n in order}
    often = Counter(b.heading for b in boxes.values())
    labels = {n: b.heading if often[b.heading] == 1 else f"{b.heading} ({k})" for k, (n, b) in enumerate(boxes.items(), 1)}
    return labels, {n: b.name or labels[n] for n, b in boxes.items()}


def _added(step: Step) -> str:
    return f"grad {step.sum} = {step.arrives}" if step.sum else f"grad {step.arrives}"


def _caption(played: Sweep, k: int) -> str:
    if not k:
        return f"{len(played)} steps back, from the newest node to the leaves"
    step = played.steps[k - 1]
    what = (
        "adds this to .grad" if isinstance(step.node, Leaf) else f"hands on {step.hands_on}" if step.gives else "hands on nothing"
    )
    return f"step {k} of {len(played)}: {step.label} gets {step.sum + ' = ' if step.sum else ''}{step.arrives} and {what}"


def _turned(points: list[Point]) -> list[Point]:
    """A curve the other way round, with the tip of its arrow where it began."""
    *curve, tip = points
    first, control = curve[0], curve[1]
    dx, dy = control.x - first.x, control.y - first.y
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    base = Point(first.x + 6 * dx / length, first.y + 6 * dy / length)
    return [tip, *curve[-2:0:-1], base, first]
