"""``python -m gradflow``: the command line of the training program, and its exit codes.

0: done.  1: the training failed.  2: an option that makes no sense.  130: interrupted by Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import numpy as np

from . import __version__, train
from .errors import ArgumentError, DeviceError

PROGRAM = "python -m gradflow"


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage above it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{PROGRAM}: {message} (--help lists the options)\n")


def parser() -> argparse.ArgumentParser:
    """The options; what they may be is checked by ``train.prepare``."""
    default = train.Settings()
    rates = ", ".join(f"{choice.lr:g} for {name}" for name, choice in train.optimizers().items())
    p = _Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} [train] [options]",
        description="Train a residual, batch-normalised network on the 1,797 handwritten digits that come with "
        "scikit-learn, show how well it reads 450 digits it has not seen, and save a picture of it.",
        epilog="Ctrl-C ends the training early and keeps what was learnt so far. "
        "Exit codes: 0 done, 1 the training failed, 2 an option makes no sense, 130 interrupted.",
        allow_abbrev=False,
    )
    p.add_argument("command", nargs="?", metavar="train", default="train", help="what to do; there is nothing else yet")
    p.add_argument("--device", default=default.device, help="cpu, cuda or cuda:N (default: %(default)s)")
    p.add_argument(
        "--optimizer", default=default.optimizer, metavar="NAME",
        help=f"{', '.join(train.optimizers())} (default: %(default)s)",
    )  # fmt: skip
    p.add_argument("--lr", type=float, metavar="RATE", help=f"highest learning rate (default: {rates})")
    p.add_argument("--batch-size", type=int, default=default.batch_size, metavar="N", help="default: %(default)s")
    p.add_argument("--epochs", type=int, default=default.epochs, metavar="N", help="passes over the data (default: %(default)s)")
    p.add_argument(
        "--seed", type=int, default=default.seed, metavar="N",
        help="of weights, order and dropout; which digits are kept for the test is always the same (default: %(default)s)",
    )  # fmt: skip
    p.add_argument("--out", default=default.out, metavar="PICTURE", help="where the picture goes (default: %(default)s)")
    p.add_argument("--save", metavar="FILE.npz", help="where the trained weights go (default: they are not kept)")
    version = f"gradflow {__version__} (NumPy {np.__version__}, Python {sys.version.split()[0]})"
    p.add_argument("--version", action="version", version=version)
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (default: that of the process) and return the exit code."""
    try:
        return _train(_settings(argv))
    except SystemExit as done:
        return int(done.code or 0)
    except KeyboardInterrupt:
        return _say("interrupted; no picture was saved", 130)
    except BrokenPipeError:  # the reader of the output has gone, as in `| head`; spare Python's complaint at its exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _settings(argv: Sequence[str] | None) -> train.Settings:
    p = parser()
    options, unknown = p.parse_known_args(argv)
    if unknown:
        first = unknown[0]
        p.error(f"there is no option {first}" if first.startswith("-") else f"'{first}' is too much")
    if options.command != "train":
        p.error(f"'{options.command}' is not something to do; the one command is 'train'")
    return train.Settings(**{name: value for name, value in vars(options).items() if name != "command"})


def _train(settings: train.Settings) -> int:
    try:
        task = train.prepare(settings)
    except (ArgumentError, DeviceError) as problem:
        return _say(problem, 2)
    try:
        interrupted = train.learn(task)
        if interrupted:
            _say(f"interrupted after {task.progress()}; this is what was learnt so far", 130)
        train.report(task)
    except (train.DivergedError, OSError) as problem:
        if isinstance(problem, BrokenPipeError):
            raise
        return _say(problem, 1)
    return 130 if interrupted else 0


def _say(what: object, code: int) -> int:
    print(f"{PROGRAM}: {' '.join(str(what).split())}", file=sys.stderr, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
