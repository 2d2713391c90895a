"""gradflow.flow's report as text, as a page and as pictures, from made-up facts whose numbers are known."""

from __future__ import annotations

import math
import re
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from flow_cases import layer, snapshot, trial, weight

from gradflow.errors import ArgumentError
from gradflow.flow import Facts, _pictures
from gradflow.flow._try_cures import Result, Tried
from gradflow.flow.measurements import Trial
from gradflow.flow.report import Report, Setting, bars, folded, number, percent, update_of


def report(*snapshots: Any, **more: Any) -> Report:
    return Report(Facts(snapshots, **more), Setting(None, None, None, None))


# --- text -------------------------------------------------------------------------------------------------------------------


def test_numbers_have_three_digits() -> None:
    shown = {
        None: "", 0.0: "0", 1.0: "1", -0.5: "-0.5", 12.3456: "12.3", 999.4: "999", 999.6: "1.00e3", 1234.0: "1.23e3",
        0.01: "0.01",
        0.00999: "9.99e-3", -12345.6: "-1.23e4", 1e12: "1.00e12", 2e-30: "2.00e-30", math.inf: "inf", -math.inf: "-inf",
    }  # fmt: skip
    assert {v: number(v) for v in shown} == shown and number(math.nan) == "nan"


def test_shares_in_percent() -> None:
    shown = {None: "", 0.0: "0", 0.009: "<1", 0.01: "1", 0.5: "50", 0.99: "99", 0.991: ">99", 1.0: "100"}
    assert {v: percent(v) for v in shown} == shown


def test_of_many_rows_the_middle_is_left_out() -> None:
    assert folded(list(range(40))) == (list(range(40)), [], 0)
    assert folded(list(range(43))) == (list(range(20)), list(range(23, 43)), 3)
    assert folded(list(range(41)))[2] == 1 and folded([1, 2, 3], 2) == ([1], [3], 1)


def test_the_update_of_a_layer_is_that_of_its_matrix() -> None:
    weights = (
        weight("a.bias", shape=(4,), update=1.0), weight("a.weight", update=0.05), weight("b.weight"),
        weight("c.zero", rms=0.0, update=1.0),
    )  # fmt: skip
    assert [update_of(layer(name), weights) for name in "abcd"] == [0.1, None, None, None]


def test_bars_in_eighths_on_a_logarithmic_scale() -> None:
    """12 characters for three decades and 0.02 more: a decade is 96 / 3.02 = 31.8 eighths, and the smallest shows one."""

    def drawn(*gradients: float | None) -> list[str]:
        return bars(Facts((snapshot([layer(str(i), gradient=g) for i, g in enumerate(gradients)]),)))

    assert drawn(1.0, 0.1, 10**-0.9, 1e-3, None, 0.0, math.inf) == ["█" * 12, "█" * 8, "█" * 8 + "▍", "▏", "", "", ""]
    assert drawn(2.0, 2e-6) == ["█" * 12, "▏"] and drawn(1.0, 1e-6, 1e-3)[2] == "█" * 6
    assert drawn(None, 0.0) == ["", ""]


def test_the_table_of_a_small_model() -> None:
    layers = [
        layer("0", mean=0.25, std=1.5, spread=0.75, gradient=1e-3),
        layer("act", "activation", saturated=0.5, dead=0.004, gradient=1e-2, std=2000.0),
        layer("2", gradient=None),
    ]
    weights = [weight("0.weight", update=0.001), weight("2.weight")]
    text = str(report(snapshot(layers, weights, loss=0.125))).splitlines()
    assert text[text.index("") + 1 :] == [
        "one batch, loss 0.125",
        "layer  kind    mean     std  differs  flat %  dead %  gradient  step/size  gradient, log scale",
        "-" * 94,
        "0      Linear  0.25     1.5     0.75                   1.00e-3    2.00e-3  ████████",
        "act    Tanh       0  2.00e3      0.5      50      <1      0.01             ████████████",
        "2      Linear     0       1      0.5                      none",
        "-" * 94,
        "differs: between examples, as part of the RMS;  flat: slope under 5 % of the activation's largest",
    ]
    later = str(report(snapshot(), snapshot(step=7, loss=None))).splitlines()
    assert "step 7, the last of 2 measured" in later


def test_a_long_table_is_folded_and_a_wide_one_cut() -> None:
    many = [layer(f"body.{i}") for i in range(45)]
    lines = str(report(snapshot(many))).splitlines()
    at = lines.index("... 5 layers more ...")
    assert lines[at - 1].startswith("body.19 ") and lines[at + 1].startswith("body.25 ") and lines[at + 20].startswith("body.44 ")
    wide = [layer("x" * 50 + ".first", kind="k" * 30 + "Kind"), layer("y", kind="K")]
    lines = str(report(snapshot(wide, []))).splitlines()
    row = next(line for line in lines if ".first" in line)
    assert max(map(len, lines)) == 110 and row.split()[:2] == ["…xxx.first", "…" + "k" * 15 + "Kind"]  # as much as has to be
    names = [layer("x" * 80 + ".first", kind="k" * 80 + "Kind", saturated=0.5)]
    row = next(line for line in str(report(snapshot(names, []))).splitlines() if ".first" in line)
    name, kind = row.split()[:2]
    assert (len(name), len(kind)) == (10, 20) and name.startswith("…") and kind.startswith("…k") and kind.endswith("kKind")


def test_cures_after_watch_need_data_or_a_training() -> None:
    for given in ({}, {"data": [(1, 2)]}, {"loss_fn": lambda z, y: z}):
        with pytest.raises(ArgumentError, match="after watch, give data= and loss_fn="):
            report(snapshot()).try_cures(**given)


# --- the page ---------------------------------------------------------------------------------------------------------------


def test_the_page_tells_what_the_text_tells() -> None:
    layers = [layer("<0>", gradient=1e-3, mean=0.25), layer("1", gradient=1.0), layer("2", gradient=None)]
    weights = [weight("<0>.weight", 1e-3), weight("1.weight")]
    page = report(snapshot(layers, weights, loss=0.5))._repr_html_()
    assert '<div class="v" style="border-color:#D55E00"><b>vanishing: the gradient shrinks 1e+03 times' in page
    assert "<dt>layers</dt><dd>&lt;0&gt;</dd>" in page and "<dt>cures</dt><dd>1. residual connections; 2." in page
    rows = re.findall(r"<tr>(.*?)</tr>", page)
    assert len(rows) == 4 and rows[0].startswith('<th class="w">layer</th><th class="w">kind</th><th>mean</th>')
    assert rows[0].endswith("<th>gradient, 1e-3 to 1e0</th>")
    assert rows[1].startswith('<td class="w">&lt;0&gt;</td><td class="w">Linear</td><td>0.25</td><td>1</td>')
    assert [re.findall(r'<rect width="(\d+)"', row) for row in rows[1:]] == [["4"], ["100"], ["0"]]
    assert '<div class="n">One batch, loss 0.5. Gradient:' in page and page.endswith("</div>")
    good = report(snapshot(), snapshot([layer(str(i), gradient=0.0) for i in range(45)], step=7, loss=None))._repr_html_()
    assert "border-color:#009E73" in good and '<div class="n">Step 7. Gradient' in good
    rows = re.findall(r"<tr>(.*?)</tr>", good)
    assert len(rows) == 1 + 20 + 1 + 20 and rows[0].endswith("<th>gradient</th>")
    assert rows[21] == '<td class="w">… 5 more …</td><td class="w"></td>' + "<td></td>" * 8


# --- pictures ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def pyplot() -> Any:
    made = pytest.importorskip("matplotlib.pyplot")
    before = dict(made.rcParams)
    yield made
    assert dict(made.rcParams) == before  # gradflow's style is left again
    made.close("all")


def legend(axes: Any) -> list[str]:
    held = axes.get_legend()
    return [] if held is None else [t.get_text() for t in held.get_texts()]


def ticks(axis: Any) -> tuple[list[float], list[str]]:
    return axis.get_ticklocs().tolist(), [t.get_text() for t in axis.get_ticklabels()]


def test_the_sizes_of_layers(pyplot: Any) -> None:
    layers = [
        layer("0", gradient=2e-3),
        layer("1", rms=0.1, gradient=None),
        layer("2", rms=0.0, gradient=0.5),
        layer("3", rms=math.inf),
    ]
    shown = report(snapshot(layers))
    own = pyplot.figure()
    figure = shown.plot(own)
    assert figure is own and figure.get_suptitle() == shown.verdicts[0].title and len(figure.axes) == 4
    sizes = figure.axes[0]
    floor, top = 10**-3.3, 1.0
    outputs, gradients = sizes.patches[:4], sizes.patches[4:8]
    assert [b.get_x() for b in outputs] == pytest.approx([-0.4, 0.6, 1.6, 2.6]) and len(sizes.patches) == 8
    assert [b.get_x() for b in gradients] == pytest.approx([0, 1, 2, 3]) and outputs[0].get_width() == pytest.approx(0.4)
    assert [b.get_y() for b in sizes.patches] == pytest.approx([floor] * 8)
    assert [b.get_height() for b in outputs] == pytest.approx([1 - floor, 0.1 - floor, 0, 0])
    assert [b.get_height() for b in gradients] == pytest.approx([2e-3 - floor, 0, 0.5 - floor, 1 - floor])
    assert sizes.get_ylim() == pytest.approx((floor, top * 10 ** (0.12 * 3.3 + 0.3))) and sizes.get_yscale() == "log"
    assert sorted(legend(sizes)) == ["gradient of the loss", "no gradient", "output"]
    (cross,) = sizes.lines
    assert cross.get_xdata() == [1] and cross.get_ydata() == [0.02] and cross.get_marker() == "x"
    assert ticks(sizes.xaxis) == ([0, 1, 2, 3], ["0", "1", "2", "3"]) and sizes.get_xlim() == pytest.approx((-0.6, 3.6))
    nothing = report(snapshot([layer("0", rms=0.0, gradient=0.0)])).plot().axes[0]
    assert len(nothing.patches) == 0 and legend(nothing) == []
    assert legend(report(snapshot([layer("0", rms=0.0, gradient=None)])).plot().axes[0]) == ["no gradient"]


def test_names_of_many_layers(pyplot: Any) -> None:
    many = report(snapshot([layer(f"a.long.name.of.{i}") for i in range(50)])).plot().axes[0]
    places, names = ticks(many.xaxis)
    assert places == [*range(0, 50, 3)] and names[-1] == "…long.name.of.48" and names[0] == "a.long.name.of.0"
    assert many.xaxis.get_ticklabels()[0].get_rotation() == 60 and many.get_xlim() == pytest.approx((-0.6, 49.6))
    few = report(snapshot([layer(f"{i:02}") for i in range(20)])).plot().axes[0]
    assert few.xaxis.get_ticklabels()[0].get_rotation() == 0 and few.xaxis.get_ticklabels()[0].get_size() != 8
    crowded = report(snapshot([layer(f"{i:03}") for i in range(24)])).plot().axes[0]
    assert len(ticks(crowded.xaxis)[0]) == 24 and crowded.xaxis.get_ticklabels()[0].get_rotation() == 0
    assert crowded.xaxis.get_ticklabels()[0].get_size() == 8


def test_the_sizes_of_weights(pyplot: Any) -> None:
    weights = [weight("0.weight", 1e-2), weight("0.bias", 5.0, shape=(4,)), weight("2.weight", None, rms=0.25)]
    axes = report(snapshot(None, weights)).plot().axes[1]
    values, gradients = (line.get_ydata() for line in axes.lines)
    assert list(values) == [0.5, 0.25] and gradients[0] == 1e-2 and math.isnan(gradients[1])
    assert ticks(axes.xaxis)[1] == ["0.weight", "2.weight"] and legend(axes) == ["values", "gradient of the loss"]
    assert axes.get_yscale() == "log" and axes.get_title("left") == "Size of the weights, and of their gradients"
    alone = report(snapshot(None, [weight("w", shape=(3,))])).plot().axes[1]
    assert list(alone.lines[0].get_ydata()) == [0.5] and ticks(alone.xaxis)[1] == ["w"]


def test_the_trial_steps(pyplot: Any) -> None:
    curves = {0.1: (3.5, 3.0), 1.0: (3.0, 2.0), 10.0: (9.0, 17.0), 7.0: (math.nan, 1.5)}
    made = Trial("SGD", 0.2, 4.0, 2.5, curves)
    axes = report(snapshot(), trial=made).plot().axes[1]
    lines = {line.get_label(): list(line.get_ydata()) for line in axes.lines}
    assert lines.pop("best constant answer") == [2.5, 2.5] and list(axes.lines[0].get_xdata()) == [0, 1, 2]
    assert math.isnan(lines.pop("1.4 (x 7)")[1])
    assert lines == {"0.02 (x 0.1)": [4, 3.5, 3], "0.2 (as it is)": [4, 3, 2], "2 (x 10)": [4, 9, 17]}
    assert axes.get_ylim() == pytest.approx((1.5 - 0.06 * 7.5, 9 + 0.08 * 7.5))  # what is four times the start is cut off
    widths = [line.get_linewidth() for line in axes.lines]
    assert (
        widths[1] == max(widths) > widths[0] and axes.lines[1].get_color() == "#000000" and axes.lines[3].get_color() == "#8C8C8C"
    )
    assert (
        axes.get_title("left") == "Trial steps of SGD on copies" and axes.get_legend().get_title().get_text() == "learning rate"
    )
    no = report(snapshot(), trial=trial(start=2.0, constant=None)).plot().axes[1]
    assert len(no.lines) == 5 and no.get_ylim() == pytest.approx((2, 2))


def drawn_losses(losses: Any) -> Any:
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    _pictures._losses(axes, Facts((snapshot(),), losses=losses))
    return axes


def test_a_training_over_time(pyplot: Any) -> None:
    def at(step: int, *gradients: Any) -> Any:
        layers = [layer(n, gradient=g) for n, g in zip("abc", gradients, strict=False)]
        weights = [weight(f"{n}.weight", update=u) for n, u in zip("abcde", (0.5e-3, 0.0, 1e-3, None, 5.0), strict=True)]
        return snapshot(layers, [*weights, weight("bias", shape=(4,), update=1.0)], step)

    snapshots = at(0, 1e-1, 1e-2, 1e-3), at(10, 1.0, None, 1e-2), at(20, 1e-2, math.inf, 1e-2)
    losses = tuple((i, 40.0 - i) for i in range(40))
    figure = report(*snapshots, losses=losses).plot()
    assert len(figure.axes) == 7 and figure.get_size_inches()[1] > report(at(0, 1.0)).plot().get_size_inches()[1]
    grid = figure.axes[1]
    (mesh,) = grid.collections
    held = np.ma.filled(np.ma.masked_invalid(mesh.get_array()), 0).reshape(3, 3)
    np.testing.assert_allclose(held, [[0.1, 1, 0.01], [0.01, 0, 0], [0.001, 0.01, 0.01]])
    assert (mesh.norm.vmin, mesh.norm.vmax) == (1e-3, 1.0)
    corners = mesh.get_coordinates()
    assert corners[0, :, 0].tolist() == [0, 10, 20, 30] and corners[:, 0, 1].tolist() == [-0.5, 0.5, 1.5, 2.5]
    assert ticks(grid.yaxis) == ([0, 1, 2], ["a", "b", "c"]) and grid.get_ylim()[0] > grid.get_ylim()[1]
    updates = figure.axes[2]
    assert [list(line.get_xdata()) for line in updates.lines[:5]] == [[0, 10, 20]] * 5
    assert [line.get_ydata()[0] for line in updates.lines[:3:2]] == pytest.approx([1e-3, 2e-3])
    assert np.isnan(updates.lines[1].get_ydata()).all() and np.isnan(updates.lines[3].get_ydata()).all()
    assert legend(updates) == ["a.weight", "c.weight", "e.weight"] and len(updates.lines) == 6
    assert updates.lines[5].get_ydata()[0] == 1e-3 and updates.get_yscale() == "log" and updates.texts[0].get_text() == "1e-3"
    assert updates.texts[0].get_position() == (0.01, 0.95e-3)  # at the left, right under its line
    loss = figure.axes[3]
    (each,) = loss.lines
    assert list(each.get_ydata()) == [v for _, v in losses] and list(each.get_xdata()) == list(range(40))
    assert loss.get_yscale() == "log" and legend(loss) == []  # from 40 down to 1
    flat = drawn_losses(tuple((2 * i, 20.0 - (i % 2) * 19) for i in range(60)))
    assert flat.get_yscale() == "linear" and legend(flat) == ["each step", "mean of 2"]
    assert flat.lines[1].get_ydata() == pytest.approx([10.5] * 59) and list(flat.lines[1].get_xdata()) == list(range(2, 120, 2))
    assert legend(report(*(snapshot([layer("0")], [], step=k) for k in range(2))).plot().axes[2]) == []
    none = drawn_losses(())
    assert none.texts[0].get_text().startswith("not noted") and len(none.lines) == 0
    below = drawn_losses(((0, -1.0), (1, 100.0), (2, math.nan)))
    assert below.get_yscale() == "linear"


def test_a_map_of_gradients_that_are_alike_or_unknown(pyplot: Any) -> None:
    same = [snapshot([layer(f"{i}", gradient=0.5) for i in range(21)], step=5 * k) for k in range(2)]
    axes = report(*same).plot().axes[1]
    assert (axes.collections[0].norm.vmin, axes.collections[0].norm.vmax) == (0.5, 5)
    assert ticks(axes.yaxis)[0] == list(range(0, 21, 2))
    unknown = [snapshot([layer("0", gradient=None)], step=k) for k in range(2)]
    figure = report(*unknown).plot()
    assert len(figure.axes) == 6 and not figure.axes[1].collections and figure.axes[1].get_xlabel() == "step"


def edges(axes: Any) -> list[np.ndarray]:
    """The corners of each histogram in the picture."""
    return [patch.get_xy() for patch in axes.patches]


def test_histograms(pyplot: Any) -> None:
    values = (*map(float, range(1001)), math.nan)
    sizes = (0.0, 0.0, 1e-3, -1e-1)
    layers = [layer("in")]
    layers += [layer(f"act{i}", "activation", samples=values, gradient_samples=sizes if i else ()) for i in range(9)]
    left, right = report(snapshot(layers)).plot().axes[2:]
    assert legend(left) == ["act0", "act2", "act4", "act6", "act8"]  # five, the first and the last among them
    assert legend(right) == [f"act{i} (50% are 0)" for i in (2, 4, 6, 8)] and right.get_xscale() == "log"
    assert (
        left.get_title("left") == "Outputs of activations, first to last" and right.get_title("left") == "Size of their gradients"
    )
    assert [p.get_edgecolor() for p in right.patches] == [p.get_edgecolor() for p in left.patches[1:]]  # a layer has one colour
    for corners in edges(right):
        places = np.unique(corners[:, 0])
        assert len(places) == 41 and places[-1] == pytest.approx(0.1 * 10**0.05)
        assert places[0] == pytest.approx(1e-3 / 10**0.05)
        assert sorted(set(corners[:, 1])) == [0, 0.5]
    # 30 bins over all but the outermost 0.2 % at either end, which are counted there: 2 to 998, 0 to 35 in the first.
    (corners,) = edges(report(snapshot([layers[1]])).plot().axes[2])
    places, heights = np.unique(corners[:, 0]), corners[:, 1]
    assert (places[0], places[1], places[-1], len(places)) == pytest.approx((2, 35.2, 998, 31))
    assert heights[1] == pytest.approx(36 / 1001) and heights[1:-1:2].sum() == pytest.approx(1)
    # Without activations the layers of weights, else all; without samples a word.
    for role, title in (("weights", "Outputs of layers, first to last"), ("other", "Outputs of layers, first to last")):
        left, right = report(snapshot([layer("x", "other"), layer("a", role, samples=(1.0, 2.0))])).plot().axes[2:]
        assert (left.get_title("left"), legend(left)) == (title, ["a"]) and right.texts[0].get_text() == "nothing measured"
    zero = layer("a", samples=(1.0,), gradient_samples=(0.0, 0.0))
    left, right = report(snapshot([zero])).plot().axes[2:]
    assert len(edges(left)) == 1 and legend(right) == ["a (100% are 0)"] and set(edges(right)[0][:, 1]) == {0}


def test_the_curves_of_tried_cures(pyplot: Any) -> None:
    long = tuple(float(v) for v in range(100, 0, -1))  # ends at 5.5: the mean of 10 ... 1
    unchanged = Result("as it is", "as it is (SGD)", (8.0, 6.0, 4.0))
    others = [
        Result("a", "a", long), Result("b", "b", (8.0, 9.0)), Result("c", "c", (), "not tried: no"),
        Result("d", "d", (8.0, 400.0)),
        Result("e", "e", (8.0, math.inf)), *(Result(f"f{i}", f"f{i}", (7.0 + i,)) for i in range(4)),
    ]  # fmt: skip
    figure = Tried(others, unchanged).plot()
    left, right = figure.axes
    # Best on top: 4, 5.5, then 7, 8, 9 (b and f2), 10, 400 and what is infinite.
    _, names = ticks(right.yaxis)
    assert names[::-1] == ["as it is (SGD)", "a", "f0", "f1", "b", "f2", "f3", "d", "e"]
    top = 1.3 * 10  # of the ends under three times the highest start, 100: 400 is beyond
    assert left.get_ylim() == pytest.approx((0, 1.3 * max(8, 10))) and right.get_xlim() == pytest.approx((0, 1.12 * top))
    assert [b.get_width() for b in right.patches][::-1] == pytest.approx([4, 5.5, 7, 8, 9, 9, 10, top, top])
    assert [t.get_text() for t in right.texts][::-1] == ["4", "5.5", "7", "8", "9", "9", "10", "400", "diverged"]
    assert [t.get_ha() for t in right.texts][::-1] == ["left"] * 7 + ["right"] * 2
    assert [t.get_position()[0] for t in right.texts][::-1][1::7] == pytest.approx([5.5 + top * 0.01, top * 0.98])
    assert [b.get_alpha() for b in right.patches][::-1] == [1] * 7 + [0.35] * 2
    black, *_ = right.patches[::-1]
    assert black.get_facecolor() == (0, 0, 0, 1)
    colours = [line.get_color() for line in left.lines][::-1]  # what is best is drawn last, over the others
    assert colours[0] == "#000000" and len(set(colours[1:7])) == 6 and colours[7:] == ["#8c8c8c"] * 2
    widths = [line.get_linewidth() for line in left.lines][::-1]
    assert widths[0] > widths[1] == widths[2]
    means = left.lines[-2]  # of 4, as there are 100 losses: at the last of them
    assert list(means.get_xdata()) == list(range(4, 101)) and means.get_ydata() == pytest.approx(np.arange(98.5, 2, -1))
    assert list(left.lines[-1].get_ydata()) == [8, 6, 4] and list(left.lines[-1].get_xdata()) == [1, 2, 3]


def test_the_text_of_tried_cures() -> None:
    unchanged = Result("as it is", "as it is (SGD)", (8.0, 4.0))
    others = [
        Result("a", "a", (8.0, 3.7)),
        Result("b", "b", (8.0, 3.5)),
        Result("c", "c", (), "not tried: no"),
        Result("d", "d", (8.0, math.nan)),
    ]
    tried = Tried(others, unchanged)
    assert str(tried).splitlines() == [
        "change          first loss  last loss",
        "-" * 49,
        "b                        8        3.5  helps",
        "a                        8        3.7  no better",
        "as it is (SGD)           8          4",
        "d                        8   diverged  no better",
        "c                                      not tried: no",
    ]
    assert [r.key for r in tried.results] == ["b", "a", "d", "c"] and tried.best.key == "b"
    assert Tried(others[:1], Result("as it is", "x", (3.0,))).best.key == "as it is"
    assert [Result("a", "a", tuple(map(float, range(n)))).end for n in (9, 20, 29)] == [8, 18.5, 27.5]  # one, two, two


def test_the_rows_of_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=list))
    layers = [layer("0", samples=(1.0,), gradient_samples=(2.0,)), layer("1", "activation", saturated=0.5)]
    rows = report(snapshot(layers, [weight("0.weight", update=0.25)], step=3, loss=0.5), snapshot(layers, step=4)).to_frame()
    assert [(r["step"], r["loss"], r["name"], r["update_ratio"]) for r in rows] == [
        (3, 0.5, "0", 0.5), (3, 0.5, "1", None), (4, 1, "0", None), (4, 1, "1", None),
    ]  # fmt: skip
    assert rows[1]["saturated"] == 0.5 and rows[0]["shape"] == (8, 4) and not any(k.endswith("samples") for k in rows[0])
