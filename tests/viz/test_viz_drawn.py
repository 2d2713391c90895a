"""What stands where in a picture of a graph: shapes, colours, and how SVG and matplotlib draw them."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow.viz import _boxes as boxes
from gradflow.viz import _drawing as drawing
from gradflow.viz import _layout as layout
from gradflow.viz import picture
from gradflow.viz._drawing import Arrow, Drawing, Rectangle, Words, head_of, svg, width_of
from gradflow.viz._gradients import Digests
from gradflow.viz._layout import Point
from gradflow.viz._scale import BAD, NOTHING, STOPS, Scale, colour, legend
from gradflow.viz.picture import LOOK, shifted
from gradflow.viz.steps import BACK_DONE, BACK_NOW, DONE, NOW, WAITING, _turned

needs_viz = pytest.mark.skipif(not layout.is_available(), reason="needs pip install 'gradflow-autograd[viz]'")
DOWN = [Point(0, 0), Point(0, 10), Point(0, 20), Point(0, 30), Point(0, 36)]


# --- shapes -----------------------------------------------------------------------------------------------------------------


def test_the_width_of_words() -> None:
    """In hundredths of the size: i 28, f 36, x 58, M 82, = 84, W 97 and 64 for what is not in the list."""
    assert width_of("ifxM=W", 10) == pytest.approx((28 + 36 + 58 + 82 + 84 + 97) / 10)
    assert width_of("ab", 100) == 128 and width_of("ab", 100, bold=True) == pytest.approx(128 * 1.12) and width_of("", 9) == 0


def test_the_head_of_an_arrow() -> None:
    """Half as wide as 2.2 and 0.6 of the line, across the way from the last point to the tip."""
    assert head_of(Arrow(DOWN, "red", line=1.0)) == [(0, 36), pytest.approx((-2.8, 30)), pytest.approx((2.8, 30))]
    slanted = head_of(Arrow([Point(1, 1), Point(4, 5)], "red", line=3.0))
    assert slanted == [(4, 5), pytest.approx((1 - 3.2, 1 + 2.4)), pytest.approx((1 + 3.2, 1 - 2.4))]
    assert head_of(Arrow([Point(1, 1), Point(1, 1)], "red")) == [(1, 1)] * 3


def test_shapes_as_svg() -> None:
    shapes = [
        Rectangle(1, 2, 30, 40.25, "#FFF", "#000", 1.5, 6.0, title="a < b"), Words(5, 6, "x & y", 9.5, bold=True),
        Words(5, 6, "z", 9, "#111", anchor="start"), Arrow(DOWN, "#123", 2.0, True, "way"), Arrow(DOWN, "#123"),
    ]  # fmt: skip
    text = svg(Drawing(100.4, 50, shapes))
    assert text.startswith('<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50" viewBox="0 0 100.4 50.0" ')
    assert (
        '<rect x="1.0" y="2.0" width="30.0" height="40.2" rx="6" fill="#FFF" stroke="#000" stroke-width="1.5">'
        "<title>a &lt; b</title></rect>"
    ) in text
    assert (
        '<text x="5.0" y="6.0" font-size="9.5" fill="#222222" font-weight="bold" text-anchor="middle" pointer-events="none">'
        "x &amp; y</text>"
    ) in text
    assert '<text x="5.0" y="6.0" font-size="9" fill="#111" pointer-events="none">z</text>' in text
    assert (
        '<g><title>way</title><path d="M0.0,0.0C0.0,10.0 0.0,20.0 0.0,30.0" fill="none" stroke="#123" stroke-width="2.00" '
        'stroke-dasharray="4 3"/><polygon points="0.0,36.0 -3.4,30.0 3.4,30.0" fill="#123"/></g>'
    ) in text
    assert '<g><path d="M0.0,0.0C0.0,10.0 0.0,20.0 0.0,30.0" fill="none" stroke="#123" stroke-width="1.20"/>' in text
    assert svg(Drawing(9, 9, shapes), "<g/>").endswith('fill="white"/><g/></svg>')


def test_shapes_as_matplotlib_draws_them() -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    figure, axes = plt.subplots()
    round_, square = Rectangle(1, 2, 30, 40, "#FF0000", "#0000FF", 1.5), Rectangle(0, 0, 5, 5, "#FF0000", radius=0)
    for order, shape in enumerate([round_, square, Arrow(DOWN, "#00FF00", 2.0, True), Arrow(DOWN, "#00FF00")]):
        drawing._draw(axes, shape, order)
    first, second, dashed, head, solid, _ = axes.patches
    assert (first.get_x(), first.get_y(), first.get_width(), first.get_height()) == (1, 2, 30, 40)
    assert first.get_facecolor() == (1, 0, 0, 1) and first.get_edgecolor() == (0, 0, 1, 1) and first.get_linewidth() == 1.5
    assert (first.get_boxstyle().pad, first.get_boxstyle().rounding_size) == (0, 5)
    assert not hasattr(second.get_boxstyle(), "rounding_size") and second.get_zorder() == 1
    assert dashed.get_path().vertices.tolist() == [[0, 0], [0, 10], [0, 20], [0, 30]] and dashed.get_path().codes.tolist() == [
        1,
        4,
        4,
        4,
    ]
    assert dashed.get_edgecolor() == (0, 1, 0, 1) and dashed.get_facecolor()[3] == 0 and dashed.get_linewidth() == 2
    assert dashed.get_linestyle() != solid.get_linestyle() and solid.get_linestyle() in ("solid", "-")
    np.testing.assert_allclose(head.get_xy()[:3], [[0, 36], [-3.4, 30], [3.4, 30]])
    assert head.get_facecolor() == (0, 1, 0, 1)
    assert [p.get_zorder() for p in axes.patches] == [0, 1, 2, 2, 3, 3]
    for k, (anchor, side) in enumerate((("middle", "center"), ("start", "left"), ("end", "right"))):
        drawing._draw(axes, Words(1, 2, "a $b$", 9, bold=bool(k), anchor=anchor), 7)
        text = axes.texts[-1]
        assert (text.get_ha(), text.get_va(), text.get_weight()) == (side, "baseline", "bold" if k else "normal")
        assert text.get_text() == r"a \$b\$" and text.get_zorder() == 7 and text.get_color() == "#222222"
    plt.close(figure)


def test_a_png_is_as_large_as_its_drawing_and_y_grows_downwards(monkeypatch: pytest.MonkeyPatch) -> None:
    image = pytest.importorskip("matplotlib.image")
    red = Drawing(72, 36, [Rectangle(0, 0, 36, 18, "#FF0000", radius=0)])
    pixels = image.imread(io.BytesIO(drawing.rendered(red, "png", 100)))
    assert pixels.shape[:2] == (50, 100)
    assert pixels[5, 5, :3].tolist() == [1, 0, 0] and pixels[45, 5, :3].tolist() == pixels[5, 95, :3].tolist() == [1, 1, 1]
    monkeypatch.setattr(drawing, "MOST_PIXELS", 50)
    assert image.imread(io.BytesIO(drawing.rendered(red, "png", 100))).shape[:2] == (25, 50)
    assert drawing.rendered(red, "pdf", 100).startswith(b"%PDF")


def test_shapes_are_moved() -> None:
    moved = shifted(Arrow(DOWN[:2], "red"), 3, 4)
    assert isinstance(moved, Arrow) and moved.points == [(3, 4), (3, 14)]
    assert shifted(Words(1, 2, "a", 9), 3, 4) == Words(4, 6, "a", 9)


def test_a_curve_turned_round() -> None:
    """The same curve backwards; its tip takes the 6 points that lie before the first, so that the curve begins there."""
    assert _turned(DOWN) == [(0, 36), (0, 20), (0, 10), (0, 6), (0, 0)]
    two = [Point(float(i), 0.0) for i in range(0, 80, 10)]  # two splines, and the tip
    assert [p.x for p in _turned(two)] == [70, 50, 40, 30, 20, 10, 6, 0]
    aslant = _turned([Point(0, 0), Point(30, 40), Point(60, 80), Point(90, 120), Point(93, 124)])
    assert aslant[-2:] == [pytest.approx((3.6, 4.8)), (0, 0)]
    assert _turned([Point(1, 1)] * 5) == [(1, 1)] * 5


# --- colours ----------------------------------------------------------------------------------------------------------------


def test_colours_lie_between_the_stops() -> None:
    assert [colour(k / 5) for k in range(6)] == list(STOPS)
    assert colour(0.1) == "#82D24C"  # half-way from A5DB36 to 5EC962
    assert (colour(-1.0), colour(2.0)) == (STOPS[0], STOPS[-1])


def test_the_style_of_a_gradient_by_its_size() -> None:
    scale = Scale([1e-4, 1.0, 0.0, math.nan])
    assert (scale.low, scale.high, scale.none, scale.zeros, scale.bad) == (-4, 0, False, True, True)
    assert scale.style(1e-4) == (STOPS[0], 1.3, False) and scale.style(1.0) == (STOPS[-1], pytest.approx(3.2), False)
    assert scale.style(1e-2) == (colour(0.5), pytest.approx(2.25), False)
    assert scale.style(0.0) == (NOTHING, 1.2, True) and scale.style(math.inf) == scale.style(math.nan) == (BAD, 2.6, True)
    alike = Scale([2.0, 2.04])
    assert alike.style(2.0) == (colour(0.6), pytest.approx(1.3 + 1.9 * 0.6), False) and alike.ticks() == [alike.high]
    assert Scale([1.0, 1.05]).share(0.0) == 0 and not Scale([1.0]).zeros and not Scale([1.0]).bad
    none = Scale([0.0, math.inf])
    assert none.none and (none.low, none.high) == (0, 0)


def test_the_decades_of_a_scale() -> None:
    assert Scale([1e-3, 1.0]).ticks() == [-3, -2, -1, 0]
    assert Scale([1e-10, 1.0]).ticks() == [-10, -7, -4, -1]  # every third of eleven
    assert Scale([2.0, 30.0]).ticks() == pytest.approx([math.log10(2), math.log10(30)])  # one decade is too few
    assert Scale([2.0, 300.0]).ticks() == [1, 2]


def test_the_legend() -> None:
    assert legend(None, "down") == ([], 0, 0)
    shapes, width, height = legend(Scale([1e-3, 1.0, 0.0, math.inf]), "down")
    words = [s for s in shapes if isinstance(s, Words)]
    assert [w.text for w in words] == [
        "↓ values     ↑ gradients, coloured by RMS",
        "0.001",
        "0.01",
        "0.1",
        "1",
        "0",
        "NaN or Inf",
    ]
    assert [w.anchor for w in words] == ["start", "start", "middle", "middle", "end", "start", "start"]
    assert [w.x for w in words[1:5]] == pytest.approx([0, 190 / 3, 380 / 3, 190]) and {w.y for w in words[1:5]} == {55}
    bars = [s for s in shapes if isinstance(s, Rectangle)]
    for k, bar in enumerate(bars[:38]):  # a band of colours, each a little over the next
        assert bar == Rectangle(pytest.approx(5 * k), 34, pytest.approx(5.4), 8, colour(k / 37), radius=0)
    assert bars[38:] == [Rectangle(pytest.approx(190 * k / 3 - 0.5), 42, 1, 3, "#444444", radius=0) for k in range(4)]
    arrows = [s for s in shapes if isinstance(s, Arrow)]
    assert [(a.colour, a.dashed, a.points[0].x) for a in arrows] == [
        (NOTHING, True, 206), (BAD, True, pytest.approx(206 + 31 + width_of("0", 8.5) + 16)),
    ]  # fmt: skip
    assert [w.x for w in words[5:]] == [a.points[0].x + 31 for a in arrows]
    assert arrows[0].points == [(206 + dx, 38) for dx in (0, 8, 12, 20, 26)]
    assert height == 58 and width == pytest.approx(arrows[1].points[0].x + 31 + width_of("NaN or Inf", 8.5) + 16)
    alike, width, _ = legend(Scale([1e-5, 0.0]), "right")
    assert [s.text for s in alike if isinstance(s, Words)] == ["→ values     ← gradients, coloured by RMS", "1e−5", "0"]
    (patch,) = (s for s in alike if isinstance(s, Rectangle))
    (way,) = (s for s in alike if isinstance(s, Arrow))
    assert patch == Rectangle(0, 34, 26, 8, colour(0.6), radius=0)
    assert alike[0] == Words(0, 26, "→ values     ← gradients, coloured by RMS", 9.5, "#444444", anchor="start")
    assert alike[2] == Words(32, 42, "1e−5", 8.5, "#444444", anchor="start") and way.points[0].x == pytest.approx(
        32 + width_of("1e−5", 8.5) + 16
    )
    assert width == pytest.approx(width_of("→ values     ← gradients, coloured by RMS", 9.5))
    zeros, _, _ = legend(Scale([0.0]), "down")
    assert len(zeros) == 3 and zeros[1].points[0].x == 0
    powers = [s.text for s in legend(Scale([3e-5, 7e-5]), "down")[0] if isinstance(s, Words)]
    assert powers[1:] == ["3.0e−05", "7.0e−05"]


# --- boxes ------------------------------------------------------------------------------------------------------------------


def test_at_most_four_kinds_of_operations_are_counted() -> None:
    assert boxes._counted("aabbbcd") == "3 b, 2 a, 1 c, 1 d"
    assert boxes._counted("aabbbcde") == "3 b, 2 a, 1 c, 1 d, ..."


def test_a_long_row_of_operations_in_twelve_parts() -> None:
    """Four at each end stay; 26 between are cut at round(26 k / 12): parts of two and of three."""

    def folded(n: int) -> list[str]:
        y = x = gf.ones(1, requires_grad=True)
        for _ in range(n):
            y = gf.tanh(y)
        return [b.heading for b in gf.viz.graph(y, params={"x": x}, fold=True).chart.boxes]

    parts = [f"{round(26 * (k + 1) / 12) - round(26 * k / 12)} tanh" for k in range(12)]
    assert folded(34) == ["x", *["tanh"] * 4, *parts, *["tanh"] * 4] and parts.count("3 tanh") == 2
    assert folded(20) == ["x", *["tanh"] * 20] and len(folded(21)) == 1 + 4 + 12 + 4


def test_modules_are_folded_at_the_first_depth_that_has_two() -> None:
    x = gf.ones(1, 2)
    inner = gf.nn.Sequential(gf.nn.Linear(2, 2), gf.nn.Tanh())

    def headings(net: Any, **more: Any) -> list[str]:
        return [b.heading for b in gf.viz.graph(net, x, **more).chart.boxes]

    assert headings(gf.nn.Sequential(inner), fold=True) == ["Linear 0.0", "Tanh 0.1"]
    assert headings(gf.nn.Sequential(inner, gf.nn.Tanh()), fold=True) == ["Sequential 0", "Tanh 1"]
    assert headings(gf.nn.Sequential(gf.nn.Linear(2, 2)), fold=True) == ["Linear 0"]
    # Four nodes are not more than four.
    assert headings(inner, max_nodes=4) == ["0.weight", "0.bias", "linear", "tanh"]
    assert headings(inner, max_nodes=3) == ["Linear 0", "Tanh 1"]


def test_numbers_of_arrays() -> None:
    digests = Digests()
    given = [
        np.array([3.0, -4.0]), np.arange(5.0), np.array([3 + 4j]), np.zeros((0, 2)), np.array([[-1.5]], "f2"), np.full(9, np.nan),
        np.array([1, 2, 3, 4, 5]),
    ]  # fmt: skip
    assert [digests.add(a) for a in given] == list(range(7))
    found = digests.fetch()
    assert [str(d) for d in found] == ["[3, −4]", "RMS 2.449", "[(3+4j)]", "[]", "[[−1.5]]", "RMS nan", "RMS 3.317"]
    assert [d.rms for d in found[:5]] == pytest.approx([math.sqrt(12.5), math.sqrt(6), 5, 0, 1.5])
    assert [d.shape for d in found[3:5]] == [(0, 2), (1, 1)]


def looks(shapes: Any) -> dict[str, tuple[str, str, float, list[str]]]:
    """Fill, stroke, width of line and the texts in each box, by its heading."""
    found: dict[str, tuple[str, str, float, list[str]]] = {}
    box = heading = None
    for s in shapes:
        if isinstance(s, Rectangle):
            box, heading = s, None
        elif isinstance(s, Words) and isinstance(box, Rectangle) and s.y < box.y + box.height:
            heading = heading or s.text
            found.setdefault(heading, (box.fill, box.stroke, box.line, []))[3].append(s.text)
    return found


@needs_viz
def test_colours_and_words_of_boxes() -> None:
    a = gf.tensor([1.0, 2.0], requires_grad=True)
    b = a * 3
    shown = looks(gf.viz.graph(b.sum(), params={"a": a, "b": b}, values=True, gradients=True)._drawing().shapes)
    assert shown == {
        "a": (*LOOK["leaf"], 1.2, ["a", "(2,)", "value [1, 2]", "grad [3, 3]"]),
        "b = mul": (*LOOK["operation"], 1.2, ["b = mul", "(2,)", "value [3, 6]", "grad [1, 1]"]),
        "sum": (*LOOK["result"], 1.8, ["sum", "()", "value 9", "grad 1"]),
    }
    leaf = looks(gf.viz.graph(a, params={"a": a})._drawing().shapes)
    assert leaf == {"a": (*LOOK["leaf"], 1.8, ["a", "(2,)"])}  # the end, and a leaf still
    net = gf.nn.Sequential(gf.nn.Linear(2, 2), gf.nn.Sequential(gf.nn.Tanh(), gf.nn.Tanh()))
    g = gf.viz.graph(net, gf.ones(1, 2), fold=1)
    folded = looks(g._drawing().shapes)
    assert folded == {
        "Linear 0": (*LOOK["module"], 1.2, ["Linear 0", "(1, 2)", "1 operation, 6 parameters"]),
        "Sequential 1": (*LOOK["module"], 1.8, ["Sequential 1", "(1, 2)", "2 operations"]),
    }
    sheets = [s for s in g._drawing().shapes if isinstance(s, Rectangle)]
    assert len(sheets) == 4 and (sheets[1].x + 3, sheets[1].y + 3) == pytest.approx((sheets[0].x, sheets[0].y))


def test_what_a_box_tells_under_the_mouse() -> None:
    a, x = gf.ones(2, requires_grad=True), gf.ones(2)
    leaf, box = gf.viz.graph(a * x, params={"a": a}).chart.boxes
    assert box.hover == ["mul  (2,)", "<MulBackward>", "inputs: leaf, no gradient"]
    assert leaf.hover == ["a  (2,)", "<AccumulateGrad>"] and (leaf.detail, leaf.extra) == ("(2,)", [])
    net = gf.nn.Sequential(gf.nn.Linear(2, 2), gf.nn.Tanh())
    tanh = gf.viz.graph(net, x.reshape(1, 2)).chart.boxes[-1]
    assert tanh.hover[2:] == ["in Tanh 1", "inputs: linear"]


def test_parameters_stand_after_what_enters_their_frame() -> None:
    net = gf.nn.Sequential(gf.nn.Linear(2, 2), gf.nn.Linear(2, 2, bias=False))
    chart = gf.viz.graph(net, gf.ones(1, 2)).chart
    at = {box.heading: i for i, box in enumerate(chart.boxes)}
    first = min(i for i, box in enumerate(chart.boxes) if box.heading == "linear")
    assert picture._order(chart) == [(first, at["1.weight"])]  # nothing that is recorded enters the first


@needs_viz
def test_arrows_are_coloured_by_the_gradient_and_tell_it() -> None:
    a = gf.tensor([3.0, 4.0], requires_grad=True)
    g = gf.viz.graph((a * 100).sum(), params={"a": a}, gradients=True)
    down, last = (s for s in g._drawing().shapes[:3] if isinstance(s, Arrow))
    assert (down.colour, down.line, down.dashed) == (STOPS[-1], pytest.approx(3.2), False)
    assert (last.colour, last.line, last.dashed) == (STOPS[0], 1.3, False)
    assert (down.title, last.title) == ("a → mul\ngradient [100, 100]", "mul → sum\ngradient [1, 1]")
    plain = [s for s in gf.viz.graph((a * 100).sum(), params={"a": a})._drawing().shapes if isinstance(s, Arrow)]
    assert {(s.colour, s.line, s.dashed) for s in plain} == {("#8C8C8C", 1.1, False)} and plain[0].title == "a → mul"

    class Twice(gf.nn.Module):
        def forward(self, x: Any) -> Any:
            return x * 2 + x * 3

    folded = gf.viz.graph(gf.nn.Sequential(gf.nn.Linear(1, 1), Twice()), gf.ones(1, 1), fold=1, gradients=True)
    (both,) = (s for s in folded._drawing().shapes if isinstance(s, Arrow))
    assert both.title == "Linear 0 → Twice 1\n2 ways; the largest gradient has RMS 3"


@needs_viz
def test_the_frames_of_a_backward_pass() -> None:
    a = gf.tensor(1.0, requires_grad=True)
    b = a + a
    c = b + b
    s = gf.viz.sweep(c, params={"a": a, "b": b, "c": c})
    shapes = s.frame(2)._drawing().shapes
    assert looks(shapes) == {
        "a": (*WAITING, 1.2, ["a", "()", "so far 2 + 2"]),
        "b = add": (*NOW, 1.2, ["b = add", "()", "grad 1 + 1 = 2"]),
        "c = add": (*DONE, 1.8, ["c = add", "()", "grad 1"]),
    }
    arrows = [x for x in shapes if isinstance(x, Arrow)]
    assert [(x.colour, x.line) for x in arrows] == [(BACK_NOW, 2.4)] * 2 + [(BACK_DONE, 1.6)] * 2
    before = [x for x in s.frame(0)._drawing().shapes if isinstance(x, Arrow)]
    assert all(x.colour == "#CFCFCF" and x.points[-1].y > x.points[0].y for x in before)  # down, as values go
    assert all(x.points[-1].y < x.points[0].y for x in arrows)  # up, as gradients go
    assert s.frame(0).__repr__() == "3 steps back, from the newest node to the leaves"
    assert repr(s.frame(3)) == "step 3 of 3: a gets 2 + 2 = 4 and adds this to .grad"
    widest = max(width_of(repr(s.frame(k)), 9.5) for k in range(4))
    assert {s.frame(k)._drawing().width for k in range(4)} == {widest + 24}  # no frame of an animation is wider than another
    caption = shapes[-1]
    assert (caption.x, caption.y, caption.text) == (12, s.graph.layout.height + 12 + 26, repr(s.frame(2)))  # below all boxes
    text = s.animation(2).svg
    assert 'values="visible;hidden;hidden" keyTimes="0;0.2500;0.2500" dur="8s"' in text
    assert 'values="hidden;visible;hidden" keyTimes="0;0.2500;0.5000" dur="8s"' in text
    assert text.count('<g visibility="hidden">') == 3 and text.index('<g visibility="visible">') > text.rindex(
        '<g visibility="hidden">'
    )
    for wrong in (-1, 4, True, 1.0):
        with pytest.raises(gf.errors.ArgumentError, match="from 0 to 3"):
            s.frame(wrong)
    with pytest.raises(gf.errors.ArgumentError, match="above 0"):
        s.animation(0)


# --- the layout -------------------------------------------------------------------------------------------------------------


def test_a_straight_edge_goes_in_between_the_others() -> None:
    """A leaf's edge (False) is not straight; of three beside it two come before, one after."""
    edges = [(2, 4, True), (0, 4, False), (1, 4, False), (3, 4, False), (4, 5, True)]
    assert list(layout._edges(edges)) == [
        "4 [ordering=in];",
        "0 -> 4 [id=1 weight=1];",
        "1 -> 4 [id=2 weight=1];",
        "2 -> 4 [id=0 weight=6];",
        "3 -> 4 [id=3 weight=1];",
        "4 -> 5 [id=4 weight=6];",
    ]
    assert not any("ordering" in line for line in layout._edges([(0, 3, True), (1, 3, True), (2, 3, False)]))


def test_dot_tries_less_hard_the_more_layers_edges_pass() -> None:
    def effort(n: int, straight: bool = True) -> str:
        """A row of n edges, and one from its begin to its end, which passes n - 1 boxes."""
        return layout._effort([(0, n, straight), *((i, i + 1, True) for i in range(n))])

    assert effort(1500) == effort(9000, False) == ""
    assert effort(1501) == effort(6000) == "nslimit=0.5; mclimit=0.1;"
    assert effort(6001) == "nslimit=0.2; mclimit=0.02; splines=line;"
    crossing = [(0, 1, True), (2, 3, True), (1, 3, False)]  # two rows beside each other: nothing is passed
    assert layout._effort(crossing * 2000) == ""


def test_what_dot_answers_is_turned_upside_down() -> None:
    made = {
        "bb": "0,0,100,50",
        "objects": [{"name": "1", "pos": "30,40"}, {"name": "cluster_0", "bb": "10,5,60,45"}, {"name": "cluster_1"}],
        "edges": [{"id": "0", "pos": "e,1,2 3,4 5,6 7,8 9,10"}, {"pos": "e,0,0 1,1"}],
    }
    found = layout._read(made, 2, ["Linear 0", "Tanh 1"])
    assert found.centres == [(0, 0), (30, 10)] and (found.width, found.height) == (100, 50)
    assert found.frames == [("Linear 0", 10, 5, 50, 40)]
    assert found.curves == [[(3, 46), (5, 44), (7, 42), (9, 40), (1, 48)]]  # the tip comes last


def test_frames_are_written_one_in_the_other() -> None:
    labels: list[str] = []
    text = layout._written(layout.Cluster("a", 33.4, [1, 2], [layout.Cluster("b", 5, [3], [])]), labels)
    assert labels == ["a", "b"] and text.count('WIDTH="33" HEIGHT="11"') == text.count('WIDTH="5" HEIGHT="11"') == 1
    assert text.startswith('subgraph "cluster_0" {') and text.endswith("}") and text.count("{") == text.count("}") == 2
    assert text.index(" 1; 2; ") < text.index('subgraph "cluster_1" {') < text.index(" 3; }")


@needs_viz
def test_boxes_lie_where_edges_and_order_want_them() -> None:
    sizes = [(100.0, 50.0)] * 3
    (alone,) = layout.place(sizes[:1], [], [], [], "down").centres
    one = layout.place(sizes[:1], [], [], [], "down")
    assert (one.width, one.height) == pytest.approx((100, 50), abs=1) and alone == pytest.approx((50, 25), abs=1)
    a, b, c = layout.place(sizes, [(0, 2, True), (1, 2, True)], [], [], "down").centres
    assert a.y == b.y < c.y - 50 and abs(a.x - b.x) > 100
    a, b, c = layout.place(sizes, [(0, 2, True), (1, 2, True)], [(0, 1)], [], "down").centres
    assert a.y < b.y - 50 and b.y < c.y - 50
    a, b, c = layout.place(sizes, [(0, 2, True), (1, 2, True)], [], [], "right").centres
    assert a.x == b.x < c.x - 100
    framed = layout.place(sizes, [(0, 1, True), (1, 2, True)], [], [layout.Cluster("f", 20, [0, 1], [])], "down")
    (f,) = framed.frames
    assert f.label == "f" and all(f.x <= p.x - 50 and p.x + 50 <= f.x + f.width for p in framed.centres[:2])
    assert f.y <= framed.centres[0].y - 25 and framed.centres[1].y + 25 <= f.y + f.height < framed.centres[2].y - 25
