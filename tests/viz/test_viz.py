"""Pictures of graphs, the backward pass step by step, tensors in notebooks, and tensors given to matplotlib."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import tracemalloc
import xml.etree.ElementTree as ET
from typing import Any

import cupy_stand_in
import numpy as np
import pytest
from counting import calls_in

import gradflow as gf
import gradflow.nn.functional as F
from gradflow.errors import ArgumentError, GraphError
from gradflow.viz import _drawing as drawing
from gradflow.viz import _layout as layout
from gradflow.viz import picture
from gradflow.viz._boxes import MANY
from gradflow.viz._drawing import Words
from gradflow.viz._scale import Scale, colour

needs_viz = pytest.mark.skipif(not layout.is_available(), reason="needs pip install 'gradflow-autograd[viz]'")


def diamond() -> tuple[gf.Tensor, dict[str, gf.Tensor]]:
    a = gf.tensor(1.0, requires_grad=True)
    b = a + a
    c = b + b
    return c, {"a": a, "b": b, "c": c}


def blocks(n: int) -> gf.nn.Sequential:
    body = [gf.nn.Sequential(gf.nn.Linear(4, 4), gf.nn.BatchNorm1d(4), gf.nn.ReLU(), gf.nn.Linear(4, 4)) for _ in range(n)]
    return gf.nn.Sequential(*map(gf.nn.Residual, body))


def headings(g: gf.viz.Graph) -> list[str]:
    return [box.heading for box in g.chart.boxes]


def texts(svg: str) -> list[str]:
    return [e.text or "" for e in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


# The graph


def test_what_a_graph_shows() -> None:
    c, names = diamond()
    g = gf.viz.graph(c, params=names, values=True, gradients=True)
    assert str(g).splitlines() == [
        "c = add  ()  value 4  grad 1  ← b, b",
        "b = add  ()  value 2  grad 2  ← a, a",
        "a  ()  value 1  grad 4",
    ]
    assert [(link.tail, link.head) for link in g.chart.links] == [(0, 1), (0, 1), (1, 2), (1, 2)]
    assert [g.size_of(link) for link in g.chart.links] == [2, 2, 1, 1]
    assert all(t.grad is None for t in names.values() if t.is_leaf)


def test_gradients_are_those_of_backward() -> None:
    net, x = blocks(2), gf.randn(8, 4)
    loss = F.mse_loss(net(x), gf.zeros(8, 4))
    found = gf.viz.graph(loss, params=net, gradients=True).passage
    assert found is not None
    loss.backward()
    told = {box.hover[0].split()[0]: box for box in gf.viz.graph(loss, params=net).chart.boxes if box.kind == "leaf"}
    for name, p in net.named_parameters():
        rms = float((p.grad**2).mean().sqrt())
        assert found.arrived[p.node].rms == pytest.approx(rms, rel=1e-5, abs=1e-8)
        assert any(line.startswith("grad") for line in told[name].extra)  # already there: shown without being asked for


def test_gradients_leave_everything_as_it_was() -> None:
    a = gf.tensor([1.0, 2.0], requires_grad=True)
    b = a * 3
    b.retain_grad()
    calls: list[gf.Tensor] = []
    b.register_hook(calls.append)
    y = (b * b).sum()
    gf.viz.graph(y, gradients=True)
    gf.viz.sweep(y)
    assert a.grad is None and b.grad is None and len(calls) == 2  # the user's own hooks are called, as by any pass
    y.backward()
    assert a.grad.tolist() == [18, 36] and b.grad.tolist() == [6, 12] and len(calls) == 3


def test_gradient_to_begin_with() -> None:
    a = gf.tensor([1.0, 2.0], requires_grad=True)
    y = a * 2
    found = gf.viz.graph(y, gradients=gf.tensor([1.0, 10.0])).passage
    assert found is not None and found.arrived[a.node].elements is not None
    assert found.arrived[a.node].elements.tolist() == [2, 20]
    with pytest.raises(GraphError, match="gradient"):
        gf.viz.graph(y, gradients=True)


def test_what_is_not_finite_or_zero_is_told() -> None:
    x = gf.tensor([0.0, 1.0], requires_grad=True)
    y = gf.sqrt(x).sum() + (x * 0).sum() * 0
    g = gf.viz.graph(y, params={"x": x}, gradients=True)
    sizes = [g.size_of(link) for link in g.chart.links]
    assert 0 in sizes and any(not np.isfinite(s) for s in sizes if s is not None)
    if layout.is_available():
        assert {"0", "NaN or Inf"} <= set(texts(g.svg))


@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_sizes_whose_square_is_no_number(size: float) -> None:
    a = gf.ones(9, dtype=gf.float64, requires_grad=True)
    found = gf.viz.graph((a * size).sum(), gradients=True).passage
    assert found is not None and found.arrived[a.node].rms == pytest.approx(size, rel=1e-12)


def test_leaf_whose_tensor_is_gone() -> None:
    y = (gf.ones(2, requires_grad=True) * 2).sum()
    assert str(gf.viz.graph(y, gradients=True, values=True)).endswith("← leaf (2,) grad [2, 2]")


def test_function_with_several_outputs() -> None:
    class Both(gf.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1, x * 2

        @staticmethod
        def backward(ctx, a, b):
            return a + 2 * b

    x = gf.ones(3, requires_grad=True)
    first, second = Both.apply(x)
    g = gf.viz.graph([(first * second).sum(), second.sum()], params={"x": x}, gradients=True)
    assert headings(g).count("Both") == 3 and "grad [6, 6, 6]" in str(g)
    # The node of both outputs gets two gradients: none is told as if it were the only one, nor what goes on to x.
    both = g.chart.boxes[1].nodes[0]
    assert g.passage is not None and both not in g.passage.arrived and not g.chart.boxes[1].extra
    assert {node for node, _ in g.passage.given}.isdisjoint({both, g.chart.boxes[2].nodes[0], g.chart.boxes[3].nodes[0]})
    if layout.is_available():
        assert "<title>x → Both</title>" in g.svg and "<title>Both → mul\ngradient [2, 2, 2]</title>" in g.svg


def test_text_of_branches() -> None:
    x = gf.ones(2, requires_grad=True)
    y = x * 2
    assert str(gf.viz.graph(gf.sin(y) * gf.cos(y) + gf.ones(2, requires_grad=True))).splitlines() == [
        "add  (2,)  ← leaf (2,)",
        "mul  (2,)",
        "├ sin  (2,)  ← [1]",
        "cos  (2,)  ← [1]",
        "[1]  mul  (2,)  ← leaf (2,)",
    ]


def test_names_from_locals_and_modules() -> None:
    net = gf.nn.Linear(2, 1)
    _hidden = gf.ones(2)
    h = net(gf.ones(3, 2))
    y = h.sum()
    assert headings(gf.viz.graph(y, params=locals())) == ["net.weight", "net.bias", "h = linear", "y = sum"]
    assert headings(gf.viz.graph(y, params=net))[:2] == ["weight", "bias"]


# Modules


def test_trace_frames_and_folds() -> None:
    net = blocks(3)
    with gf.viz.trace(net) as calls:
        loss = net(gf.ones(5, 4)).square().mean()
    assert not net._hooks and len(calls.calls) == 1 + 3 * 6
    folded = gf.viz.graph(loss, params=calls, fold=True, gradients=True)
    assert headings(folded) == ["Residual 0", "Residual 1", "Residual 2", "square", "mean"]
    assert "5 operations, 48 parameters" in folded.chart.boxes[0].detail
    assert len(folded.chart.links) == 4 and all(folded.size_of(link) is not None for link in folded.chart.links)
    deeper = headings(gf.viz.graph(loss, params=calls, fold=3))
    assert deeper[:5] == ["Linear 0.body.0", "BatchNorm1d 0.body.1", "ReLU 0.body.2", "Linear 0.body.3", "add"]
    whole = gf.viz.graph(loss, params=calls)
    assert len(whole.chart.boxes) == 3 * (5 + 6) + 2
    if layout.is_available():
        assert {"Residual 1", "Linear 2.body.3"} <= set(texts(whole.svg)) and "ReLU 0.body.2" not in texts(whole.svg)


def test_module_with_its_inputs() -> None:
    net = gf.nn.Sequential(gf.nn.Linear(4, 3), gf.nn.Tanh())
    g = gf.viz.graph(net, gf.ones(2, 4), fold=True)
    assert headings(g) == ["Linear 0", "Tanh 1"]

    class Two(gf.nn.Module):
        def forward(self, x):
            return {"a": x * 2, "b": (x + 1, 7)}

    assert headings(gf.viz.graph(Two(), gf.ones(2, requires_grad=True)))[1:] == ["mul", "add"]


def test_trace_survives_a_failing_call_and_a_second_use() -> None:
    class Broken(gf.nn.Module):
        def forward(self, x):
            raise ValueError("broken")

    net = gf.nn.Sequential(gf.nn.Linear(2, 2), Broken())
    with gf.viz.trace(net) as calls:
        with pytest.raises(ValueError, match="broken"):
            net(gf.ones(1, 2))
        y = net[0](gf.ones(1, 2)).sum()
    assert headings(gf.viz.graph(y, params=calls, fold=1)) == ["Linear 0", "sum"]


def test_a_call_that_failed_holds_none_of_those_after_it() -> None:
    class Fails(gf.nn.Module):
        def forward(self, x):
            raise ValueError

    class Tries(gf.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = Fails(), gf.nn.Linear(2, 2)

        def forward(self, x):
            x = x * 2
            with contextlib.suppress(ValueError):
                return self.a(x)
            return self.b(x)

    net, x = Tries(), gf.ones(1, 2, requires_grad=True)
    before = x * 1
    with gf.viz.trace(net) as calls:
        y = net(x)
    after = y * 1

    def inside(node: Any) -> list[str]:
        return [c.label for c in calls.chain(node)]

    assert inside(y.node) == ["Tries", "Linear b"] and inside(y.node.next_functions[0][0]) == ["Tries"]
    assert inside(before.node) == inside(after.node) == inside(x.node) == []
    assert [c.label for c in calls.calls] == ["Tries", "Fails a", "Linear b"] and all(c.ended > c.began for c in calls.calls)
    assert repr(calls) == "<trace of 3 module calls of Tries>"


@pytest.mark.parametrize("fold", [None, True])
def test_long_graphs_are_folded(fold: bool | None) -> None:
    x = gf.ones(3, requires_grad=True)
    y = x
    for i in range(2000):
        y = gf.tanh(y) if i % 4 else y * 1.01 + x * 0.0
    g = gf.viz.graph(y.sum(), params={"x": x}, fold=fold, gradients=True)
    assert len(g.chart.boxes) < 30
    assert sum(len(box.operations) for box in g.chart.boxes) == 1500 + 3 * 500 + 1
    assert all(link.tail < link.head or g.chart.boxes[link.tail].kind == "leaf" for link in g.chart.links)  # no cycle
    assert "tanh" in str(g)
    if layout.is_available():
        assert "x" in texts(g.svg)


def test_shared_leaf_stands_beside_each_use() -> None:
    w = gf.ones(2, requires_grad=True)
    y = gf.ones(2)
    for _ in range(MANY + 3):
        y = gf.sin(y + w)
    g = gf.viz.graph(y.sum(), params={"w": w})
    assert headings(g).count("w") == 1
    assert [b.kind for b in g.shown.boxes].count("copy") == MANY + 2
    assert sorted(link.head for link in g.shown.links) == sorted(link.head for link in g.chart.links)
    assert {tuple(b.hover) for b in g.shown.boxes if b.kind == "copy"} == {("w  (2,)", "<AccumulateGrad>")}
    first = min(link.head for link in g.chart.links if link.tail == headings(g).index("w"))
    assert [link.head for link in g.shown.links if link.tail == headings(g).index("w")] == [first]  # the box itself stays there


# Files and notebooks


@needs_viz
def test_svg() -> None:
    c, names = diamond()
    g = gf.viz.graph(c, params=names, gradients=True, values=True)
    root = ET.fromstring(g.svg)
    shown = texts(g.svg)
    assert {"a", "b = add", "c = add", "value 4", "grad 2"} <= set(shown)
    titles = [t.text or "" for t in root.iter("{http://www.w3.org/2000/svg}title")]
    assert any("<AddBackward>" in t for t in titles) and any("gradient 2" in t for t in titles)
    assert g._repr_svg_() == g.svg and g.hover()._repr_html_() == g.svg
    # Boxes lie within the picture and beside each other, and values go down.
    box = [e for e in root.iter("{http://www.w3.org/2000/svg}rect") if e.find("{http://www.w3.org/2000/svg}title") is not None]
    tops = [float(e.get("y", 0)) for e in box]
    ends = [float(e.get("y", 0)) + float(e.get("height", 0)) for e in box]
    assert len(box) == 3 and tops[1] > ends[0] and tops[2] > ends[1] and ends[2] < float(root.get("height", 0))
    right = ET.fromstring(gf.viz.graph(c, direction="right").svg)
    assert float(right.get("width", 0)) > float(right.get("height", 0))


@needs_viz
def test_names_are_escaped() -> None:
    a = gf.ones(2, requires_grad=True)
    g = gf.viz.graph(a.sum(), params={'<script>&"': a})
    assert '<script>&"' in texts(g.svg) and "<script>" not in g.svg


@needs_viz
@pytest.mark.parametrize("suffix", [".svg", ".png", ".pdf", ".PNG"])
def test_save(tmp_path, suffix) -> None:
    start = {".svg": b"<svg", ".png": b"\x89PNG", ".pdf": b"%PDF"}[suffix.lower()]
    c, names = diamond()
    path = tmp_path / f"graph{suffix}"
    gf.viz.graph(c, params={"$x_a$": names["a"]}, gradients=True).save(path, dpi=60)
    assert path.read_bytes().startswith(start) and [p.name for p in tmp_path.iterdir()] == [path.name]


@needs_viz
def test_save_refuses(tmp_path) -> None:
    g = gf.viz.graph(diamond()[0])
    for name in ("graph.jpeg", "graph", "graph.svg.gz"):
        with pytest.raises(ArgumentError, match=r"\.svg, \.png or \.pdf"):
            g.save(tmp_path / name)
    with pytest.raises(OSError):
        g.save(tmp_path / "missing" / "graph.svg")
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(OSError):
        g.save(tmp_path / "folder.svg")
    assert [p.name for p in tmp_path.iterdir()] == ["folder.svg"]


def test_without_the_extra_there_is_text(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setitem(__import__("sys").modules, "pygraphviz", None)
    g = gf.viz.graph(diamond()[0])
    assert g._repr_svg_() is None
    assert repr(g).splitlines() == [*str(g).splitlines(), "(pip install 'gradflow-autograd[viz]' draws this)"]
    with pytest.raises(ImportError, match=re.escape("pip install 'gradflow-autograd[viz]'")):
        g.save(tmp_path / "graph.svg")
    assert not list(tmp_path.iterdir())


@needs_viz
def test_the_work_of_a_picture_grows_with_its_nodes() -> None:
    calls = {}
    for n in (22, 45):
        net = blocks(n)
        with gf.viz.trace(net) as traced:
            loss = net(gf.ones(2, 4)).sum()
        made = []
        calls[n] = calls_in(lambda loss=loss, traced=traced, made=made: made.append(gf.viz.graph(loss, params=traced).svg))
    assert made[0].count("<rect") > 496
    assert calls[45] < 2.5 * calls[22]  # twice the nodes


def test_the_scale_of_colours() -> None:
    s = Scale([1e-6, 1e-3, 0.0, 1.0])
    assert s.ticks() == [-6, -4, -2, 0] and s.zeros and not s.bad
    assert s.style(1.0)[0] == colour(1.0) != s.style(1e-6)[0] == colour(0.0)
    assert s.style(1.0)[1] > s.style(1e-3)[1] > s.style(1e-6)[1]
    light = [sum(int(colour(k / 20)[i : i + 2], 16) for i in (1, 3, 5)) for k in range(21)]
    assert light == sorted(light, reverse=True)  # the order is seen without colours too
    assert Scale([2.0, 2.0]).style(2.0)[0] == colour(0.6)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: gf.viz.graph(gf.ones(2)), GraphError, "has no graph"),
        (lambda: gf.viz.graph(np.ones(2)), TypeError, "takes a Tensor"),
        (lambda: gf.viz.graph([]), GraphError, "no tensor"),
        (lambda: gf.viz.graph(gf.ones(2, requires_grad=True), 3), TypeError, "inputs are for a Module"),
        (lambda: gf.viz.graph(diamond()[0], params=3), TypeError, "params is"),
        (lambda: gf.viz.graph(diamond()[0], params={"a": 3}), TypeError, "no Tensor"),
        (lambda: gf.viz.graph(diamond()[0], fold=0), ArgumentError, "fold"),
        (lambda: gf.viz.graph(diamond()[0], fold=2), ArgumentError, "trace"),
        (lambda: gf.viz.graph(diamond()[0], max_nodes=0), ArgumentError, "max_nodes"),
        (lambda: gf.viz.graph(diamond()[0], direction="up"), ArgumentError, "direction"),
        (lambda: gf.viz.trace(diamond()[0]), TypeError, "takes a Module"),
        (lambda: gf.viz.sweep(gf.ones(2)), GraphError, "has no graph"),
        (lambda: gf.viz.sweep(gf.ones(2, requires_grad=True) * 2), GraphError, "gradient"),
        (lambda: gf.viz.sweep(diamond()[0], direction="up"), ArgumentError, "direction"),
        (lambda: gf.viz.sweep(diamond()[0]).frame(4), ArgumentError, "0 to 3"),
        (lambda: gf.viz.sweep(diamond()[0]).animation(0), ArgumentError, "seconds"),
    ],
)
def test_bad_input(call, error, words) -> None:
    with pytest.raises(error, match=words):
        call()


def test_a_freed_graph_is_shown_but_has_no_gradients() -> None:
    a = gf.tensor(2.0, requires_grad=True)
    y = a * a * a
    y.backward()
    assert str(gf.viz.graph(y)).count("mul") == 2
    for call in (lambda: gf.viz.graph(y, gradients=True), lambda: gf.viz.sweep(y)):
        with pytest.raises(GraphError, match="before backward"):
            call()
    assert a.grad.item() == 12 and not a.node.metadata.hooks


# The backward pass step by step


def test_sweep() -> None:
    c, names = diamond()
    s = gf.viz.sweep(c, params=names)
    assert [(step.label, step.arrives.elements.item(), step.sum) for step in s] == [
        ("c = add", 1, ""), ("b = add", 2, "1 + 1"), ("a", 4, "2 + 2"),
    ]  # fmt: skip
    assert [to for to, _ in s.steps[0].gives] == ["b", "b"] and s.steps[2].hands_on == "into .grad"
    assert s._repr_html_().count("<tr>") == 4 and "2 + 2" in repr(s) and len(s) == 3
    assert names["a"].grad is None


def test_sweep_adds_up_to_what_arrives() -> None:
    x = gf.tensor([0.5, 2.0], requires_grad=True)
    y = (gf.sin(x) * x + gf.exp(x) * x.sum()).sum()
    s = gf.viz.sweep(y, params={"x": x})
    for step in s.steps[1:]:
        total = np.sum([d.elements for _, d in step.parts], axis=0)
        np.testing.assert_allclose(total, step.arrives.elements, rtol=1e-6)
    order = [step.node.seq for step in s]
    assert order == sorted(order, reverse=True)
    labels = [step.label for step in s]
    assert len(set(labels)) == len(labels)


@needs_viz
def test_frames_and_animation(tmp_path) -> None:
    c, names = diamond()
    s = gf.viz.sweep(c, params=names)
    shown = [texts(s.frame(k).svg) for k in range(4)]
    assert "so far 1 + 1" in shown[1] and "grad 1 + 1 = 2" in shown[2] and "so far 2 + 2" in shown[2]
    assert "grad 2 + 2 = 4" in shown[3] and not any("grad 2 + 2" in t for t in shown[2])
    assert shown[2][-1] == repr(s.frame(2)) == "step 2 of 3: b = add gets 1 + 1 = 2 and hands on a: 2, a: 2"
    svg = s.animation(1).svg
    assert svg.count("<animate") == 4 and 'dur="4s"' in svg
    assert ET.fromstring(svg).tag.endswith("svg")
    s.animation().save(tmp_path / "sweep.svg")
    y = c
    for _ in range(70):
        y = y * 1
    with pytest.raises(ArgumentError, match="too many"):
        gf.viz.sweep(y).animation()


# Tensors in a notebook

KINDS = {
    "0-d": (lambda: gf.tensor(3.0), []),
    "empty": (lambda: gf.zeros(0, 3), []),
    "integers": (lambda: gf.tensor([1, 2, 3]), ["int64", "min 1", "mean 2", "max 3", "std 1"]),
    "booleans": (lambda: gf.tensor([True, False, True]), ["2 of 3 true"]),
    "complex": (lambda: gf.tensor([3 + 4j, 0j]), ["complex64", "|x| max 5", "|x| min 0"]),
    "half": (lambda: gf.full((4,), 60000.0, dtype=gf.float16), ["float16", "mean 60000", "std 0"]),
    "huge numbers": (lambda: gf.tensor([1e300, -1e300], dtype=gf.float64), ["max 1e+300"]),
    "transposed": (lambda: gf.arange(6.0).reshape(2, 3).T[1:], ["(2, 2)", "min 1", "mean 3", "max 5"]),
    "far from zero": (lambda: gf.tensor([1e8, 1e8 + 1], dtype=gf.float64), ["std 0.7071"]),
    "leaf": (lambda: gf.ones(2, requires_grad=True), ["requires grad"]),
    "result": (lambda: gf.ones(2, requires_grad=True) * 2, ["grad_fn &lt;MulBackward&gt;"]),
    "parameter": (lambda: gf.nn.Parameter(gf.ones(2)), ["Parameter"]),
    "not finite": (
        lambda: gf.tensor([1.0, float("nan"), float("inf"), float("-inf"), 3.0]), ["1 NaN and 2 Inf among 5", "mean 2", "max 3"],
    ),
    "nothing finite": (lambda: gf.tensor([float("nan")] * 2), ["2 NaN among 2"]),
    "long": (lambda: gf.arange(5000.0), ["(5000,)", "mean 2500", "max 4999"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_tensor_in_a_notebook(kind: str) -> None:
    make, words = KINDS[kind]
    t = make()
    with cupy_stand_in.counted(cupy_stand_in.waits) as waits:
        shown = t._repr_mimebundle_()
    assert len(waits) <= 1
    page = shown["text/html"]
    assert shown["text/plain"] == repr(t) and page == t._repr_html_()
    assert str(t.shape) in page and str(t.dtype) in page and str(t.device) in page
    missing = [w for w in words if w not in page]
    assert not missing, page
    assert ("among" in page) == (not bool(gf.isfinite(t).all()))
    ET.fromstring(page.replace("&nbsp;", " "))  # everything is escaped


@pytest.mark.parametrize("shape", [(40, 70, 30), (84_000,), (2, 42_000), (42_000, 2)])
def test_statistics_are_of_all_elements(shape) -> None:
    t = gf.randn(*shape) + 5
    t.array[(-1,) * len(shape)] = 1000.0
    for shown in (t, t.transpose(0, -1)):
        page, x = shown._repr_html_(), t.to_numpy().astype(np.float64)
        found = {k: float(v) for k, v in re.findall(r"(min|mean|max|std) ([-+.e\d]+)", page)}
        wanted = {"min": x.min(), "mean": x.mean(), "max": x.max(), "std": x.std(ddof=1)}
        assert found == pytest.approx(wanted, rel=1e-3)


def test_long_tensors_are_fetched_in_part_only() -> None:
    t = gf.arange(1_000_000.0).reshape(1000, 1000)
    text = repr(t)
    assert text.count("...") == 7 and text.count("\n") == 6 and "999999." in text and "997." in text
    assert "..." not in repr(gf.zeros(10, 100))
    assert repr(gf.zeros(7, 200)).count("...,") == 8 - 1


@pytest.mark.cpu_only("counts calls of NumPy")
def test_a_huge_tensor_is_looked_at_in_blocks_and_never_copied() -> None:
    t = gf.zeros(20_000_000)
    tracemalloc.start()
    calls = calls_in(t._repr_html_)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert calls < 200_000 and peak < 5_000_000


# Tensors given to matplotlib


@pytest.mark.parametrize("requires_grad", [False, True])
def test_matplotlib_draws_tensors(requires_grad: bool) -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    x = gf.linspace(0, 1, 12, requires_grad=requires_grad)
    y = x * x
    m = gf.rand(4, 5, requires_grad=requires_grad)
    figure, axes = plt.subplots(3, 4)
    a = axes.ravel()
    (line,) = a[0].plot(x, y)
    np.testing.assert_allclose(line.get_ydata(), y.to_numpy())
    image = a[1].imshow(m)
    np.testing.assert_allclose(image.get_array(), m.to_numpy())
    counts, _, _ = a[2].hist(y, bins=4)
    assert counts.sum() == 12
    points = a[3].scatter(x, y, c=x, s=y * 20)
    np.testing.assert_allclose(points.get_offsets()[:, 1], y.to_numpy())
    bars = a[4].bar(x, y, width=0.05)
    assert bars[-1].get_height() == pytest.approx(1.0)
    a[5].hist2d(x, y)
    a[6].contourf(m)
    a[7].errorbar(x, y, yerr=y)
    a[8].fill_between(x, y)
    a[9].plot([0, 1], [y[0], y[-1]])
    a[9].axhline(y[3])
    a[10].quiver(x, y, x, y)
    a[11].pcolormesh(m)
    figure.canvas.draw()
    plt.close(figure)
    if requires_grad or m.is_cuda:  # elsewhere the numbers are not handed out unasked
        with pytest.raises((GraphError, gf.errors.DeviceError)):
            np.asarray(m)


def test_frames_lie_in_the_frame_of_the_module_that_calls() -> None:
    inner = [gf.nn.Sequential(gf.nn.Linear(2, 2), gf.nn.ReLU()) for _ in range(2)]
    model = gf.nn.Sequential(gf.nn.Sequential(gf.nn.Sequential(*inner), gf.nn.Tanh()), gf.nn.Sigmoid())
    with gf.viz.trace(model) as calls:
        y = model(gf.ones(1, 2))

    def names(clusters: list[layout.Cluster]) -> dict[str, Any]:
        return {c.label.split()[-1]: names(c.inner) for c in clusters}

    assert names(picture.clusters(gf.viz.graph(y, params=calls).chart.boxes)) == {
        "0": {"0.0": {"0.0.0": {"0.0.0.0": {}}, "0.0.1": {"0.0.1.0": {}}}}
    }


def test_a_picture_of_one_node() -> None:
    y = (gf.ones(2, requires_grad=True) * 2).sum()
    assert len(gf.viz.graph(y, max_nodes=1).chart.boxes) >= 1
    for wrong in (0, -1, 1.5, True, "2"):
        with pytest.raises(ArgumentError, match="max_nodes"):
            gf.viz.graph(y, max_nodes=wrong)


def test_matplotlib_puts_words_where_the_drawing_says() -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    words = Words(30.0, 70.0, "here", 9.0, "#000000")
    figure, axes = plt.subplots()
    drawing._draw(axes, words, 1)
    (text,) = axes.texts
    assert text.get_position() == (30.0, 70.0) and text.get_text() == "here" and text.get_fontsize() == 9.0
    plt.close(figure)
