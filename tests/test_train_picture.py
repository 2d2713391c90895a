"""What stands in the picture that ``python -m gradflow train`` saves, for a few digits made up by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gradflow import _train_picture as drawn

Figure = pytest.importorskip("matplotlib.figure").Figure

IMAGES = np.arange(16.0).reshape(4, 4) / 16
LABELS = np.array([0, 1, 2, 1])
CHANCES = np.array(
    [[0.9, 0.1, 0.0], [0.8, 0.2, 0.0], [0.25, 0.25, 0.5], [0.0, 0.05, 0.95]]
)  # the second and the last are misread


def hardest(labels: Any = LABELS, columns: int = 3) -> Any:
    figure = Figure()
    drawn._draw_hardest(figure, IMAGES, labels, CHANCES, columns)
    return figure


def test_the_surest_mistakes_come_first() -> None:
    figure = hardest()
    assert figure.get_suptitle() == "The 2 misread digits, then the least certain of those read right"
    assert [a.get_title() for a in figure.axes] == ["is 1, read 2", "is 1, read 0", "is 2"]
    assert [a.get_xlabel() for a in figure.axes] == ["95% sure", "80% sure", "50% sure"]
    assert [a.title.get_color() for a in figure.axes] == [drawn.RED, drawn.RED, drawn.GREEN]
    for axes, i in zip(figure.axes, (3, 1, 2), strict=True):
        (image,) = axes.images
        assert image.get_array().tolist() == IMAGES[i].reshape(2, 2).tolist() and image.get_clim() == (0, 1)


@pytest.mark.parametrize(
    ("labels", "columns", "title"),
    [
        ([0, 0, 2, 2], 2, "None was misread; these were the hardest"),
        ([0, 0, 2, 1], 2, "The one misread digit, then the least certain of those read right"),
        ([0, 1, 2, 1], 2, "The 2 misread digits"),
        ([1, 1, 1, 1], 3, "3 of the 4 misread digits"),
    ],
)
def test_how_many_were_misread(labels: list[int], columns: int, title: str) -> None:
    figure = hardest(np.array(labels), columns)
    assert figure.get_suptitle() == title and len(figure.axes) == columns


def test_what_was_taken_for_what() -> None:
    axes = Figure().subplots()
    drawn._draw_confusion(axes, np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 0]))
    shade = axes.images[0].get_array()
    np.testing.assert_allclose(shade[0, 0], [0.55, 0.75, 0.92])  # blue by the count, of the largest
    np.testing.assert_allclose(shade[1, 1], [1 - 0.225, 1 - 0.125, 0.96])
    np.testing.assert_allclose(shade[[0, 1], [1, 0]], [[0.95, 0.5, 0.55]] * 2)  # red by the root of the count
    told = {t.get_position(): (t.get_text(), t.get_weight()) for t in axes.texts}
    assert told == {(0, 0): ("2", "normal"), (1, 0): ("1", "bold"), (0, 1): ("1", "bold"), (1, 1): ("1", "normal")}
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_xticks().tolist()) == ("read as", "is a", [0, 1])


def test_the_curves_of_loss_and_accuracy() -> None:
    def row(epoch: float, *numbers: float) -> Any:
        names = "train_loss", "test_loss", "train_accuracy", "test_accuracy"
        return SimpleNamespace(epoch=epoch, **dict(zip(names, numbers, strict=True)))

    rows = [row(0, 2.3, 2.4, 0.1, 0.12), row(1, 0.5, 0.6, 0.8, 0.75), row(2, 0.2, 0.4, 0.95, 0.9)]
    task: Any = SimpleNamespace(rows=rows, losses=[2.0, 1.0, 0.5, 0.25], steps_per_epoch=2)
    left, right = Figure().subplots(1, 2)
    drawn._draw_curves(task, left, right)
    batches, *ends = left.lines
    assert batches.get_xdata().tolist() == [0.5, 1, 1.5, 2] and list(batches.get_ydata()) == task.losses
    assert [list(line.get_ydata()) for line in ends] == [[2.3, 0.5, 0.2], [2.4, 0.6, 0.4]]
    assert [(line.get_label(), list(line.get_ydata())) for line in right.lines] == [
        ("digits learnt from, now 95.00%", [0.1, 0.8, 0.95]), ("unseen digits, now 90.00%", [0.12, 0.75, 0.9]),
    ]  # fmt: skip
    assert [list(line.get_xdata()) for line in right.lines] == [[0, 1, 2]] * 2
    assert left.get_yscale() == "log" and left.get_xlim() == right.get_xlim() == (0, 2.04)
    assert right.get_ylim() == pytest.approx((0.72, 1.003))  # 3 % below the worst after the first epoch, and 90 % at the most
    task.rows, task.losses = rows[:1], []
    left, right = Figure().subplots(1, 2)
    drawn._draw_curves(task, left, right)
    assert left.get_yscale() == "linear" and left.get_xlim() == (0, 1.02) and right.get_ylim() == pytest.approx((0.09, 1.003))
    rows[1].test_accuracy = rows[2].test_accuracy = 0.99
    task.rows = rows
    left, right = Figure().subplots(1, 2)
    drawn._draw_curves(task, left, right)
    assert right.get_ylim()[0] == 0.9
