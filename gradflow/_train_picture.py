"""What a training run of ``python -m gradflow`` looks like, drawn with matplotlib."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

import gradflow as gf

if TYPE_CHECKING:
    from .train import Task


def picture(task: Task, scores: gf.Tensor) -> Any:
    """A matplotlib Figure: loss and accuracy over time, what was taken for what, and the digits that were hardest to read.

    ``scores`` are the network's for the test digits, (n, 10).
    """
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=(12.5, 7.2), dpi=110, layout="constrained", facecolor="white")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.08)
    above, below = figure.subfigures(2, 1, height_ratios=[2.1, 1])
    curves, accuracies, table = above.subplots(1, 3, width_ratios=[1, 1, 1.1])
    last = task.rows[-1]
    figure.suptitle(
        f"gradflow read {last.test_accuracy:.2%} of {len(task.test.labels)} unseen handwritten digits right  "
        f"({round(last.epoch, 2):g} epochs, {task.seconds:.1f} s on {task.settings.device})", fontsize=14, fontweight="bold",
    )  # fmt: skip
    _draw_curves(task, curves, accuracies)
    chances = gf.softmax(scores, dim=1).to_numpy()
    labels = task.test.labels.to_numpy()
    _draw_confusion(table, labels, chances.argmax(1))
    _draw_hardest(below, task.test.images.to_numpy(), labels, chances)
    return figure


BLUE, ORANGE, RED, GREEN, GREY = "#1f5fa8", "#e07b00", "#c0262d", "#2c7a3f", "#8c8c8c"


def _draw_curves(task: Task, losses: Any, accuracies: Any) -> None:
    epochs = [row.epoch for row in task.rows]
    steps = np.arange(1, len(task.losses) + 1) / task.steps_per_epoch
    losses.plot(steps, task.losses, color=GREY, lw=0.6, alpha=0.6, label="each mini-batch (distorted, dropout)")
    for axes, kind in ((losses, "loss"), (accuracies, "accuracy")):
        for part, color in (("train", BLUE), ("test", ORANGE)):
            values = [getattr(row, f"{part}_{kind}") for row in task.rows]
            what = "digits learnt from" if part == "train" else "unseen digits"
            what += f", now {values[-1]:.2%}" if kind == "accuracy" else ""
            axes.plot(epochs, values, color=color, lw=2, marker="o", ms=3.5, label=what)
        axes.set(xlabel="epoch", xlim=(0, max(1.0, epochs[-1]) * 1.02))
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.get_major_locator().set_params(integer=True)
    losses.set(title="Loss (cross-entropy)", yscale="log" if steps.size else "linear")
    losses.legend(loc="best", fontsize=8, frameon=False)
    low = min(row.test_accuracy for row in task.rows[1:] or task.rows)
    accuracies.set(title="Accuracy", ylim=(max(0.0, min(0.9, low - 0.03)), 1.003))
    accuracies.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    accuracies.legend(loc="lower right", fontsize=8, frameon=False)


def _draw_confusion(axes: Any, labels: Any, answers: Any) -> None:
    classes = int(labels.max()) + 1
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (labels, answers), 1)
    wrong = counts * (1 - np.eye(classes, dtype=int))
    shade = np.ones((classes, classes, 3))
    shade -= counts[..., None] * np.eye(classes)[..., None] / max(1, counts.max()) * (0.45, 0.25, 0.08)
    shade -= np.sqrt(wrong / max(1, wrong.max()))[..., None] * (0.05, 0.5, 0.45)
    axes.imshow(shade)
    for (truth, answer), count in np.ndenumerate(counts):
        if count:
            weight = "normal" if truth == answer else "bold"
            axes.text(answer, truth, count, ha="center", va="center", fontsize=8.5, fontweight=weight)
    axes.set(title="What was taken for what", xlabel="read as", ylabel="is a", xticks=range(classes), yticks=range(classes))
    axes.tick_params(length=0)
    axes.spines[:].set_color("#cccccc")


def _draw_hardest(figure: Any, images: Any, labels: Any, chances: Any, columns: int = 10) -> None:
    """First the misread digits, the surest mistake first; if there are few, then those that were nearly misread."""
    answers = chances.argmax(1)
    misread = answers != labels
    belief = chances[np.arange(len(labels)), labels]
    hardest = np.argsort(belief, kind="stable")
    hardest = np.concatenate([hardest[misread[hardest]], hardest[~misread[hardest]]])[:columns]
    count = int(misread.sum())
    title = f"The {count} misread digits" if 1 < count <= columns else f"{columns} of the {count} misread digits"
    title = {0: "None was misread; these were the hardest", 1: "The one misread digit"}.get(count, title)
    rest = ", then the least certain of those read right" if 0 < count < columns else ""
    figure.suptitle(title + rest, fontsize=12)
    side = math.isqrt(images.shape[1])
    for axes, i in zip(figure.subplots(1, columns), hardest, strict=True):
        axes.imshow(images[i].reshape(side, side), cmap="gray_r", interpolation="bicubic", vmin=0, vmax=1)
        text = f"is {labels[i]}, read {answers[i]}" if misread[i] else f"is {labels[i]}"
        axes.set_title(text, fontsize=9.5, color=RED if misread[i] else GREEN)
        axes.set_xlabel(f"{chances[i, answers[i]]:.0%} sure", fontsize=8.5)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color("#bbbbbb")
