"""The picture of a graph: what it shows, in what colours, and how it comes to a notebook or a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from .._engine import Leaf, Node
from .._files import whole
from .._tensor import Tensor
from ..errors import ArgumentError
from ..nn import Module
from . import _boxes as bx
from ._drawing import Arrow, Drawing, Rectangle, Shape, Words, rendered, svg, width_of
from ._gradients import Digest, Digests, Passage, passage
from ._layout import INSTALL, Cluster, Layout, is_available, place
from ._reading import named, nodes_of, operation, results, tensors_of
from ._scale import Scale, legend
from ._text import tree
from .tracing import Call, Trace

LOOK = {  # fill and stroke, of Okabe and Ito's colours
    "leaf": ("#E5F1F8", "#0072B2"),
    "operation": ("#FFFFFF", "#8C8C8C"),
    "module": ("#E5F5F0", "#009E73"),
    "row": ("#F5F5F5", "#8C8C8C"),
    "copy": ("#F3F9FC", "#8DBFDD"),
    "result": ("#FDEFE5", "#D55E00"),
}
GREY = "#8C8C8C"
HEADING, BODY = 11.0, 9.5  # sizes of letters, in points
LEAVES = ("leaf", "copy")
MARGIN = 12.0


class Picture:
    """What a notebook shows as SVG, and what can be saved."""

    @cached_property
    def svg(self) -> str:
        """The text of an SVG file; ImportError, which says what to install, without pygraphviz."""
        raise NotImplementedError

    def _drawing(self) -> Drawing:
        raise NotImplementedError

    def save(self, path: str | os.PathLike[str], *, dpi: float = 192) -> None:
        """Write the picture to a file.

        Parameters
        ----------
        path : str or path
            It ends in ``.svg``, ``.png`` or ``.pdf``.
        dpi : float, default 192
            Dots per inch of a PNG.

        Raises
        ------
        ArgumentError
            For another suffix.
        OSError
            If the file cannot be written.
        ImportError
            If what draws is not installed.

        Examples
        --------
        >>> import os, tempfile
        >>> import gradflow as gf
        >>> x = gf.ones(2, requires_grad=True)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "graph.svg")
        ...     gf.viz.graph((x * x).sum()).save(path)
        ...     os.path.getsize(path) > 1000
        True
        """
        form = Path(path).suffix.lower().removeprefix(".")
        if form not in ("svg", "png", "pdf"):
            raise ArgumentError(f"save: {os.fspath(path)!r} should end in .svg, .png or .pdf")
        content = self.svg.encode() if form == "svg" else rendered(self._drawing(), form, dpi)
        with whole(path) as beside:
            beside.write_bytes(content)

    def _repr_svg_(self) -> str | None:
        return self.svg if is_available() else None

    def hover(self) -> Hover:
        """The same picture as HTML.

        JupyterLab shows an SVG as an image, without its hover texts; this it shows with them.

        Returns
        -------
        Hover
            What a notebook shows.

        Raises
        ------
        ImportError
            If what draws is not installed.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.ones(2, requires_grad=True)
        >>> "<svg" in gf.viz.graph((x * x).sum()).hover()._repr_html_()
        True
        """
        return Hover(self.svg)


class Hover:
    """A picture as HTML."""

    def __init__(self, text: str) -> None:
        self._text = text

    def _repr_html_(self) -> str:
        return self._text


class Graph(Picture):
    """What ``graph`` returns: a picture in a notebook, lines of text in a terminal, and ``save``.

    Parameters
    ----------
    chart : Chart
        The boxes and the links between them.
    passed : Passage or None
        The gradients, if there are any.
    ends : set of Node
        The nodes of the results.
    direction : {"down", "right"}
        Where the arrows go.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.ones(2, requires_grad=True)
    >>> gf.viz.graph((x * x).sum()).direction
    'down'
    """

    def __init__(self, chart: bx.Chart, passed: Passage | None, ends: set[Node], direction: str) -> None:
        self.chart, self.passage = chart, passed
        self.ends, self.direction = ends, direction

    @cached_property
    def shown(self) -> bx.Chart:
        """The boxes and links as they are drawn: a leaf that many operations use has a small box at each of them.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.ones(2, requires_grad=True)
        >>> len(gf.viz.graph(x.exp().sum()).shown.boxes)
        3
        """
        return self.chart.spread()

    @cached_property
    def layout(self) -> Layout:
        """The places of the boxes and the curves of the links, in points.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.ones(2, requires_grad=True)
        >>> len(gf.viz.graph(x.exp().sum()).layout.centres)
        3
        """
        boxes, links = self.shown.boxes, self.shown.links
        edges = [(link.tail, link.head, boxes[link.tail].kind not in LEAVES) for link in links]
        return place([box_size(b) for b in boxes], edges, _order(self.shown), clusters(boxes), self.direction)

    @cached_property
    def scale(self) -> Scale | None:
        """The colours of the gradients; None if none is known.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.ones(2, requires_grad=True)
        >>> gf.viz.graph(x.exp().sum()).scale is None
        True
        """
        sizes = [s for link in self.shown.links if (s := self.size_of(link)) is not None]
        return Scale(sizes) if sizes else None

    def size_of(self, link: bx.Link) -> float | None:
        """The RMS of the gradient that goes back along a link; the largest, if the link stands for several.

        Parameters
        ----------
        link : Link
            One of ``shown.links``.

        Returns
        -------
        float or None
            None if it is not known.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.ones(2, requires_grad=True)
        >>> drawn = gf.viz.graph((2 * x).sum(), gradients=True)
        >>> [drawn.size_of(link) for link in drawn.shown.links]
        [2.0, 1.0]
        """
        if self.passage is None:
            return None
        known = [d.rms for key in link.inputs if (d := self.passage.given.get(key)) is not None]
        if any(r != r for r in known):
            return float("nan")
        return max(known, default=None)

    @cached_property
    def svg(self) -> str:
        return svg(self._drawing())

    def _drawing(self) -> Drawing:
        return drawn(self, self._links())

    def _links(self) -> list[Shape]:
        made: list[Shape] = []
        for link, points in zip(self.shown.links, self.layout.curves, strict=True):
            size = self.size_of(link)
            colour, line, dashed = (GREY, 1.1, False) if size is None or self.scale is None else self.scale.style(size)
            made.append(Arrow(points, colour, line, dashed, self._told(link, size)))
        return made

    def _told(self, link: bx.Link, size: float | None) -> str:
        boxes = self.shown.boxes
        text = f"{boxes[link.tail].heading} \N{RIGHTWARDS ARROW} {boxes[link.head].heading}"
        if self.passage is None or size is None:
            return text
        if len(link.inputs) > 1:
            return f"{text}\n{len(link.inputs)} ways; the largest gradient has RMS {size:.4g}"
        return f"{text}\ngradient {self.passage.given[link.inputs[0]]}"

    def __str__(self) -> str:
        return tree(self.chart)

    def __repr__(self) -> str:
        return str(self) + ("" if is_available() else f"\n({INSTALL} draws this)")


def graph(
    y: Any,
    *inputs: Any,
    params: Any = None,
    values: bool = False,
    gradients: bool | Tensor | None = None,
    fold: bool | int | None = None,
    max_nodes: int = 500,
    direction: str = "down",
) -> Graph:
    """The recorded computation behind ``y``: leaves, operations, shapes, and what goes from one to the next.

    Arrows show the way of the values, from the leaves to ``y``; gradients go the same ways back. What needs no gradient is not
    recorded, and so not in the picture.

    Parameters
    ----------
    y : Tensor, list of Tensors or Module
        What was computed. A Module is called with ``inputs``, and its modules' calls are framed.
    *inputs : object
        What a Module is called with.
    params : Module, Trace or dict, optional
        Names: a Module, a ``trace`` (frames too), or a dict of names, tensors and modules; ``locals()`` will do.
    values : bool, default False
        Whether there are the numbers of leaves, of ``y`` and of the tensors in ``params``, where they are few; otherwise their
        root mean square. Other results are not at hand: a graph keeps only what the derivatives need.
    gradients : bool, Tensor or None, default None
        True computes them, or from a Tensor like ``y``, if ``y`` has more than one element. Edges are then coloured by the root
        mean square of the gradient on them, and boxes tell the sum that arrives. ``.grad`` stays as it is, and hooks are called
        as by any backward. None shows what is already in ``.grad`` of leaves and of tensors in ``params`` with ``retain_grad()``;
        False nothing.
    fold : bool, int or None, default None
        True makes each call of a module one box, the outermost where there are at least two; 1, 2 ... the modules at that depth.
        None folds only what has more than ``max_nodes`` nodes. Without a trace neighbours in time are put together.
    max_nodes : int, default 500
        ``fold=None`` folds what has more nodes than that; at least 1.
    direction : {"down", "right"}, default "down"
        Where the arrows go.

    Returns
    -------
    Graph
        It prints as text, a notebook draws it, and ``save`` writes it.

    Raises
    ------
    GraphError
        For a tensor without a graph, or one whose gradients are asked for when an earlier backward has freed it.
    TypeError
        For a ``y`` of another kind, and for ``inputs`` without a Module.
    ArgumentError
        For another ``fold``, ``max_nodes`` or ``direction``.

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.tensor([1.0, 2.0], requires_grad=True)
    >>> y = (w * w).sum()
    >>> print(gf.viz.graph(y, params={"w": w}, values=True, gradients=True))
    sum  ()  value 5  grad 1
    mul  (2,)  grad [1, 1]  ← w, w
    w  (2,)  value [1, 2]  grad [2, 4]
    """
    what = "viz.graph"
    _check(fold, max_nodes, direction)
    if isinstance(y, Module):
        with Trace(y) as trace:
            y = _tensors_in(y(*inputs))
        params = trace if params is None else params
    else:
        trace = params if isinstance(params, Trace) else None  # type: ignore[assignment]
        if inputs:
            raise TypeError(f"{what}: inputs are for a Module; {type(y).__name__} takes none (params=, values= ... by name)")
    outputs = results(y, what)
    nodes = nodes_of(outputs)
    names = named(params)
    labels = {n: name for n, (name, _) in names.items()}
    tensors = tensors_of(outputs, names, nodes)
    ends = {t.node for t in outputs if t.node is not None}
    passed = None
    if gradients is not None and gradients is not False:
        weights = [gradients if isinstance(gradients, Tensor) else None] * len(outputs)
        passed = passage(outputs, weights, nodes, what)
    made = bx.chart(nodes, trace, labels, fold, max_nodes)
    _write(made, tensors if values else {}, _grads(passed, tensors) if gradients is not False else {})
    return Graph(made, passed, ends, direction)


def _check(fold: Any, max_nodes: Any, direction: Any) -> None:
    if not (fold is None or isinstance(fold, bool) or (isinstance(fold, int) and fold >= 1)):
        raise ArgumentError(f"viz.graph: fold is True, False, None or a depth from 1, not {fold!r}")
    if isinstance(max_nodes, bool) or not isinstance(max_nodes, int) or max_nodes < 1:
        raise ArgumentError(f"viz.graph: max_nodes is a number from 1, not {max_nodes!r}")
    if direction not in ("down", "right"):
        raise ArgumentError(f"viz.graph: direction is 'down' or 'right', not {direction!r}")


def _tensors_in(output: Any) -> list[Tensor]:
    """The recorded tensors in what a module returned."""
    if isinstance(output, Tensor):
        return [output]
    held = output.values() if isinstance(output, Mapping) else output if isinstance(output, tuple | list) else ()
    return [t for o in held for t in _tensors_in(o) if t.requires_grad]


def _grads(passed: Passage | None, tensors: dict[Node, Tensor]) -> dict[Node, Digest]:
    """The gradients to be told: those of the pass, or those that are in ``.grad``."""
    if passed is not None:
        return passed.arrived
    there = {n: t.grad for n, t in tensors.items() if (isinstance(n, Leaf) or t.retains_grad) and t.grad is not None}
    return _digests(there)


def _digests(tensors: Mapping[Node, Tensor]) -> dict[Node, Digest]:
    digests = Digests()
    for t in tensors.values():
        digests.add(t.array)
    return dict(zip(tensors, digests.fetch(), strict=True))


def _write(chart: bx.Chart, tensors: dict[Node, Tensor], grads: dict[Node, Digest]) -> None:
    """Fill in what stands in the boxes and what they tell when the mouse is over them."""
    values = _digests({n: t for n, t in tensors.items() if not chart.boxes[chart.place[n]].folded})
    for box in chart.boxes:
        node = box.nodes[-1]
        shape = str(node.shape)
        if box.folded:
            box.detail = f"{shape}  {box.detail}"
            box.hover = [box.heading, box.detail, *box.hover]
            continue
        box.detail = shape
        box.hover = [f"{box.heading}  {shape}", f"{node!r}"]
        box.hover += [f"in {call.label}" for call in box.calls if call.path]
        parents = [p for p, _ in node.next_functions]
        if parents:
            box.hover.append("inputs: " + ", ".join("no gradient" if p is None else operation(p) for p in parents))
        box.extra += [f"value {values[node]}"] if node in values else []
        box.extra += [f"grad {grads[node]}"] if node in grads else []


# --- the drawing ----------------------------------------------------------------------------------------------------------


def box_size(box: bx.Box) -> tuple[float, float]:
    wide = [width_of(box.heading, HEADING, bold=True)] + [width_of(t, BODY) for t in _lines(box)]
    return max(wide) + 20, 25 + 12.5 * len(_lines(box))


def _lines(box: bx.Box) -> list[str]:
    return [*(box.detail.split("  ")), *box.extra] if box.detail else box.extra


def _order(chart: bx.Chart) -> list[tuple[int, int]]:
    """The parameters of a framed operation come after what enters the frame: one frame then stands below the other."""
    boxes, users = chart.boxes, chart.consumers()
    entering: dict[int, list[int]] = {}
    for link in chart.links:
        if boxes[link.tail].kind not in LEAVES:
            entering.setdefault(link.head, []).append(link.tail)
    pairs = []
    for leaf, heads in enumerate(users):
        if boxes[leaf].kind in LEAVES and len(heads) == 1 and any(c.path for c in boxes[leaf].calls):
            pairs += [(first, leaf) for first in entering.get(heads[0], ())]
    return pairs


def clusters(boxes: list[bx.Box]) -> list[Cluster]:
    """The frames around boxes of one module call; none around the model as a whole, nor around a single box."""
    inside: dict[Call, list[int]] = {}
    for i, box in enumerate(boxes):
        for call in box.calls:
            if call.path:
                inside.setdefault(call, []).append(i)
    framed = {c for c, members in inside.items() if len(members) > 1}
    direct: dict[Call | None, list[int]] = {}
    for i, box in enumerate(boxes):
        around = [c for c in box.calls if c in framed]
        direct.setdefault(around[-1] if around else None, []).append(i)
    parts: dict[Call | None, list[Call]] = {}
    for call in sorted(framed, key=lambda c: c.began):
        above = [c for c in call.chain[:-1] if c in framed]
        parts.setdefault(above[-1] if above else None, []).append(call)

    def build(call: Call) -> Cluster:
        return Cluster(call.label, width_of(call.label, BODY), direct.get(call, []), [build(c) for c in parts.get(call, [])])

    return [build(c) for c in parts.get(None, [])]


def drawn(
    graph: Graph, arrows: list[Shape], look: Callable[[int, bx.Box], tuple[str, str, list[str]]] | None = None,
    foot: tuple[list[Shape], float, float] | None = None,
) -> Drawing:  # fmt: skip
    """The whole picture; ``look`` gives fill, stroke and lines of a box, ``foot`` what stands below: shapes, width, height."""
    layout = graph.layout
    back: list[Shape] = []
    front: list[Shape] = []
    for f in layout.frames:
        back.append(Rectangle(f.x, f.y, f.width, f.height, "#F7F7F7", "#D9D9D9", 1.0, 6.0))
        front.append(Words(f.x + 8, f.y + 14, f.label, BODY, "#6B6B6B", anchor="start"))
    for i, (box, centre) in enumerate(zip(graph.shown.boxes, layout.centres, strict=True)):
        is_end = any(n in graph.ends for n in box.nodes)
        fill, stroke = LOOK["result" if is_end and not box.folded and box.kind not in LEAVES else box.kind]
        lines = _lines(box)
        if look is not None:
            fill, stroke, lines = look(i, box)
        width, height = box_size(box)
        x, y = centre.x - width / 2, centre.y - height / 2
        line = 1.8 if is_end else 1.2
        if box.folded:  # a pile of sheets
            front.append(Rectangle(x + 3, y + 3, width, height, fill, stroke, line))
        front.append(Rectangle(x, y, width, height, fill, stroke, line, title="\n".join(box.hover)))
        front.append(Words(centre.x, y + 17, box.heading, HEADING, bold=True))
        front += [Words(centre.x, y + 30 + 12.5 * k, t, BODY, "#444444") for k, t in enumerate(lines)]
    shapes, wide, high = foot if foot is not None else legend(graph.scale, graph.direction)
    width = max(layout.width, wide) + 2 * MARGIN
    height = layout.height + high + 2 * MARGIN
    dx = (width - layout.width) / 2
    moved = [shifted(s, dx, MARGIN) for s in [*back, *arrows, *front]]
    return Drawing(width, height, moved + [shifted(s, MARGIN, layout.height + MARGIN) for s in shapes])


def shifted(s: Shape, dx: float, dy: float) -> Shape:
    if isinstance(s, Arrow):
        return s._replace(points=[p._replace(x=p.x + dx, y=p.y + dy) for p in s.points])
    return s._replace(x=s.x + dx, y=s.y + dy)
