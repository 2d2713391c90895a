"""The program behind ``python -m gradflow``: a residual network learns to read handwritten digits.

``prepare`` checks every option, reads the data and builds the model, ``learn`` trains it, ``report`` prints the table and
saves the picture.  It needs scikit-learn (the digits), tqdm and matplotlib: ``pip install 'gradflow-autograd[demo]'``.
"""

from __future__ import annotations

import importlib.util
import math
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import gradflow as gf
from gradflow import _train_picture, data, nn, optim
from gradflow.nn import functional as F

from ._files import regular, whole
from .errors import ArgumentError, GradflowError

WIDTH, BLOCKS, DROPOUT = 128, 2, 0.1
SIDE, CLASSES = 8, 10
PICTURES = ".png", ".jpg", ".pdf", ".svg"
WARM_UP = 0.05  # of all steps
DISTORTION = 0.5, 0.1  # an image is shifted by up to half a pixel and stretched by up to a tenth


class Choice(NamedTuple):
    """An optimizer: its class in ``gradflow.optim``, a learning rate that suits the digits, and its other arguments."""

    name: str
    lr: float
    options: dict[str, Any]


_CHOICES = {
    "adam": Choice("Adam", 3e-3, {}),
    "adamw": Choice("AdamW", 3e-3, {}),
    "adamax": Choice("Adamax", 5e-3, {}),
    "nadam": Choice("NAdam", 3e-3, {}),
    "adagrad": Choice("Adagrad", 2e-2, {}),
    "adadelta": Choice("Adadelta", 1.0, {}),
    "rmsprop": Choice("RMSprop", 1e-3, {}),
    "sgd": Choice("SGD", 0.03, {"momentum": 0.9}),
}


def optimizers() -> dict[str, Choice]:
    """The optimizers to choose from: those of the list that ``gradflow.optim`` has."""
    return {key: choice for key, choice in _CHOICES.items() if hasattr(optim, choice.name)}


@dataclass(frozen=True)
class Settings:
    """The options of the command line; ``lr=None`` stands for the optimizer's own."""

    device: str = "cpu"
    optimizer: str = "adam"
    lr: float | None = None
    batch_size: int = 32
    epochs: int = 20
    seed: int = 0
    out: str = "digits.png"
    save: str | None = None


class DivergedError(GradflowError, ArithmeticError):
    """A loss that is no longer a finite number."""


# --- data -----------------------------------------------------------------------------------------------------------------


class Digits(NamedTuple):
    """Images as rows of 64 numbers in [0, 1], and the digits they show."""

    images: gf.Tensor
    labels: gf.Tensor


def load(device: str = "cpu") -> tuple[Digits, Digits]:
    """The digits to learn from (1,347) and those kept aside for the test (450), the same ones in every run.

    Of each class every fourth image, in an order drawn once, is kept aside.  Source: E. Alpaydin and C. Kaynak, "Optical
    Recognition of Handwritten Digits", UCI Machine Learning Repository (1998), as contained in scikit-learn.
    """
    digits = data.digits(device=device, dtype=gf.float32)
    labels = digits.y.to_numpy()
    order = np.random.RandomState(0).permutation(len(labels))  # RandomState: the one stream NumPy has promised never to change
    order = order[np.argsort(labels[order], kind="stable")]
    kept = np.arange(len(order)) % 4 == 0

    def part(chosen: Any) -> Digits:
        return Digits(digits.x[chosen] / 16, digits.y[chosen])

    return part(order[~kept]), part(order[kept])


def distorted(images: gf.Tensor) -> gf.Tensor:
    """Every image shifted and stretched a little at random, so that no digit is seen twice in quite the same form.

    Linear interpolation is a matrix: entry (i, j) is how much pixel j counts for place i, ``max(0, 1 - |place(i) - j|)``.
    One such matrix moves the rows of an image and a second one its columns.
    """
    shift, stretch = DISTORTION
    n = len(images)
    centred = gf.arange(SIDE, dtype=gf.float32, device=images.device) - (SIDE - 1) / 2

    def between(bound: float) -> gf.Tensor:
        return (gf.rand(n, 1, 1, device=images.device) * 2 - 1) * bound

    def interpolation() -> gf.Tensor:
        places = centred.reshape(-1, 1) * (between(stretch) + 1) + between(shift)
        return gf.relu(1 - (places - centred).abs())

    moved: gf.Tensor = (interpolation() @ images.reshape(n, SIDE, SIDE) @ interpolation().mT).reshape(n, -1)
    return moved


# --- model ----------------------------------------------------------------------------------------------------------------


class Residual(nn.Residual):
    """``relu(x + body(x))``; source: He et al., "Deep residual learning for image recognition" (2015)."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__(nn.Sequential(
            nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(width, width), nn.BatchNorm1d(width),
        ))  # fmt: skip

    def forward(self, input: gf.Tensor) -> gf.Tensor:
        return F.relu(super().forward(input))


def network() -> nn.Module:
    """64 pixels in, one score for each of ten digits out."""
    return nn.Sequential(
        nn.Linear(SIDE * SIDE, WIDTH), nn.BatchNorm1d(WIDTH), nn.ReLU(),
        *(Residual(WIDTH, DROPOUT) for _ in range(BLOCKS)),
        nn.Linear(WIDTH, CLASSES),
    )  # fmt: skip


# --- what is being done -----------------------------------------------------------------------------------------------------


class EpochRow(NamedTuple):
    """How well the model does after so many epochs, without dropout and distortion."""

    epoch: float
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float

    def __str__(self) -> str:
        learnt = f"{round(self.epoch, 2):7g}{self.train_loss:13.4f}{self.train_accuracy:12.2%}"
        return f"{learnt}{self.test_loss:12.4f}{self.test_accuracy:11.2%}"


HEADING = "  epoch   train loss   train acc   test loss   test acc"


@dataclass
class Task:
    """A training: its settings, data, model and optimizer, and what has become of it so far."""

    settings: Settings
    lr: float
    train: Digits
    test: Digits
    model: nn.Module
    optimizer: Any
    losses: list[float] = field(default_factory=list)  # one for each step
    rows: list[EpochRow] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches only: the few images left over are other ones in every epoch."""
        return len(self.train.labels) // self.settings.batch_size

    def progress(self) -> str:
        """How far the training came, in words."""
        return f"{round(len(self.losses) / self.steps_per_epoch, 2):g} of {self.settings.epochs} epochs"

    def measure(self) -> EpochRow:
        """Judge the model as it is now and note it."""
        row = EpochRow(len(self.losses) / self.steps_per_epoch, *judge(self.model, self.train), *judge(self.model, self.test))
        if not math.isfinite(row.train_loss + row.test_loss):
            smaller = min(self.lr / 10, optimizers()[self.settings.optimizer].lr)
            raise DivergedError(f"the loss is {row.train_loss:g} after {self.progress()}; try --lr {smaller:g}")
        if self.rows and self.rows[-1].epoch == row.epoch:
            self.rows.pop()
        self.rows.append(row)
        return row


def prepare(settings: Settings) -> Task:
    """Check the settings, read the data, build the model.

    ArgumentError or DeviceError, in one sentence, for what cannot be; nothing has been trained or written then.
    """
    choices = optimizers()
    if settings.optimizer not in choices:
        raise ArgumentError(f"--optimizer {settings.optimizer} is not one of {', '.join(choices)}")
    choice = choices[settings.optimizer]
    lr = choice.lr if settings.lr is None else settings.lr
    if not (math.isfinite(lr) and lr > 0):
        raise ArgumentError(f"--lr must be a number above 0, such as {choice.lr:g}, not {lr:g}")
    for name, value in (("epochs", settings.epochs), ("seed", settings.seed)):
        if value < 0:
            raise ArgumentError(f"--{name} must be a whole number from 0, not {value}")
    if settings.batch_size < 2:
        raise ArgumentError(f"--batch-size must be at least 2 (batch normalisation compares images), not {settings.batch_size}")
    _check_installed()
    _check_files(settings)
    gf.zeros(1, device=settings.device)

    train, test = load(settings.device)
    if settings.batch_size > len(train.labels):
        raise ArgumentError(
            f"--batch-size must be at most {len(train.labels)}, the number of digits to learn from, not {settings.batch_size}"
        )
    gf.manual_seed(settings.seed)
    model = network().to(settings.device)
    optimizer = getattr(optim, choice.name)(model.parameters(), lr=lr, **choice.options)
    return Task(settings, lr, train, test, model, optimizer)


def _check_installed() -> None:
    packages = {"sklearn": "scikit-learn", "matplotlib": "matplotlib", "tqdm": "tqdm"}
    missing = [package for module, package in packages.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise ArgumentError(f"the training needs {', '.join(missing)}, not installed here: pip install 'gradflow-autograd[demo]'")


def _check_files(settings: Settings) -> None:
    wanted: list[tuple[str, str, tuple[str, ...]]] = [("--out", settings.out, PICTURES)]
    if settings.save is not None:
        wanted.append(("--save", settings.save, (".npz",)))
    for option, name, endings in wanted:
        path = Path(name)
        if path.suffix.lower() not in endings:
            raise ArgumentError(f"{option} must be the name of a file that ends in {' or '.join(endings)}, not '{name}'")
        if not path.parent.is_dir():
            raise ArgumentError(f"{option} '{name}': there is no folder '{path.parent}'; make it first or name another")
        try:
            regular(path)
            if path.exists():
                path.open("r+b").close()
            tempfile.TemporaryFile(dir=path.parent).close()
        except OSError as problem:
            raise ArgumentError(f"{option} '{name}' cannot be written ({problem.strerror}); name another place") from None


# --- training ---------------------------------------------------------------------------------------------------------------


def judge(model: nn.Module, digits: Digits) -> tuple[float, float]:
    """Mean cross-entropy, and the share of digits read right."""
    scores = read(model, digits)
    right = (scores.argmax(dim=1) == digits.labels).float().mean()
    return F.cross_entropy(scores, digits.labels).item(), right.item()


def read(model: nn.Module, digits: Digits) -> gf.Tensor:
    """The ten scores of every image, with the model in evaluation mode."""
    model.eval()
    with gf.no_grad():
        scores: gf.Tensor = model(digits.images)
    model.train()
    return scores


def schedule(done: float) -> float:
    """What part of the learning rate holds when ``done`` (0 to 1) of the steps are done: a short rise, then a cosine to 0.

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (2016).
    """
    return min(1.0, 0.1 + done / WARM_UP) * 0.5 * (1 + math.cos(math.pi * done))


def step(task: Task, images: gf.Tensor, labels: gf.Tensor) -> float:
    """Learn from one mini-batch; returns its loss."""
    done = len(task.losses) / (task.settings.epochs * task.steps_per_epoch)
    for group in task.optimizer.param_groups:
        group["lr"] = task.lr * schedule(done)
    loss = F.cross_entropy(task.model(images), labels)
    task.optimizer.zero_grad()
    loss.backward()
    task.optimizer.step()
    return float(loss.item())


def learn(task: Task) -> bool:
    """Train, with a progress bar, and print a table as it goes; True if Ctrl-C ended it early."""
    from threadpoolctl import threadpool_limits
    from tqdm import tqdm

    settings = task.settings
    print(_headline(task), HEADING, sep="\n\n", flush=True)
    shown = {1, 2, *(round(settings.epochs * part / 5) for part in range(6))}
    printed = None
    start = time.perf_counter()
    # A bar for people only: in a file or a pipe it would be a line for every time it moves.
    bar = tqdm(total=settings.epochs * task.steps_per_epoch, unit=" steps", leave=False, dynamic_ncols=True, disable=None)
    interrupted = False
    # Products of matrices as small as these gain nothing from threads, and on a busy machine threads wait for each other.
    with bar, threadpool_limits(1), _ctrl_c() as asked, np.errstate(over="ignore", invalid="ignore"):
        try:
            for epoch in range(settings.epochs + 1):
                row = task.measure()
                if epoch in shown:
                    bar.write(str(row), file=sys.stdout)
                    sys.stdout.flush()
                    printed = row
                if epoch == settings.epochs or not _epoch(task, bar, row, asked):
                    interrupted = epoch < settings.epochs
                    break
        except KeyboardInterrupt:
            interrupted = True
    task.seconds = time.perf_counter() - start
    if interrupted:
        task.measure()
    if task.rows[-1] != printed:
        print(task.rows[-1], flush=True)
    return interrupted


def _epoch(task: Task, bar: Any, row: EpochRow, asked: threading.Event) -> bool:
    """One pass over the data in a new order; False if it was cut short."""
    moved = data.TensorDataset(distorted(task.train.images), task.train.labels)
    for images, labels in data.DataLoader(moved, task.settings.batch_size, shuffle=True, drop_last=True):
        if asked.is_set():
            return False
        task.losses.append(step(task, images, labels))
        bar.set_postfix_str(f"loss {task.losses[-1]:.3f}, test accuracy {row.test_accuracy:.1%}", refresh=False)
        bar.update()
    return not asked.is_set()


@contextmanager
def _ctrl_c() -> Iterator[threading.Event]:
    """Ctrl-C asks for a stop after the step under way, so that no update is cut in half; pressed again, it stops at once."""
    asked = threading.Event()

    def ask(*_: Any) -> None:
        asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    mine = threading.current_thread() is threading.main_thread()
    mine = mine and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if mine:
        signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        if mine:
            signal.signal(signal.SIGINT, signal.default_int_handler)


# --- what came of it --------------------------------------------------------------------------------------------------------


def _headline(task: Task) -> str:
    s = task.settings
    return (
        f"{len(task.train.labels):,} handwritten digits to learn from, {len(task.test.labels)} others for the test\n"
        f"{SIDE * SIDE}-{WIDTH}-{BLOCKS} x residual({WIDTH})-{CLASSES} network, {_size(task.model):,} parameters, on {s.device}\n"
        f"{s.optimizer}, learning rate {task.lr:g}, batches of {s.batch_size}, {s.epochs} epochs, seed {s.seed}"
    )


def _size(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def report(task: Task) -> None:
    """Save the weights and the picture, then print what was reached; OSError if a file cannot be written."""
    s, last, n = task.settings, task.rows[-1], len(task.test.labels)
    lines = [
        ("test accuracy", f"{last.test_accuracy:.2%} ({round(last.test_accuracy * n)} of {n} unseen digits read right)"),
        ("training time", f"{task.seconds:.1f} s on {s.device} ({task.progress()}, {len(task.losses):,} steps)"),
        ("parameters", f"{_size(task.model):,}"),
    ]
    if s.save is not None:
        gf.save(task.model.state_dict(), s.save)
        lines.append(("weights", s.save))
    drawn = _train_picture.picture(task, read(task.model, task.test))
    with whole(s.out) as beside:
        drawn.savefig(beside, format=Path(s.out).suffix[1:].lower())
    lines.append(("picture", s.out))
    print("", *(f"{name:<15}{value}" for name, value in lines), sep="\n", flush=True)
