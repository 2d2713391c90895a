"""``python ci/fuzzing STEP [--seed S] [--n N]``: one step in this process; ``ci/fuzz`` makes the environment for it."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "ci"), str(ROOT / "tests")]


def differences(seed: int, n: int) -> bool:
    from fuzzing.table import check

    return check()


def programs(seed: int, n: int) -> bool:
    from fuzzing import comparing, isolated

    return isolated.judge("programs", comparing.compare, seed, n)


def modules(seed: int, n: int) -> bool:
    from fuzzing import isolated, modules

    return isolated.judge("modules", modules.compare, seed, n)


def interrupts(seed: int, n: int) -> bool:
    from fuzzing.interrupts import fuzz

    return fuzz(seed, n)


def files(seed: int, n: int) -> bool:
    from fuzzing.files import altered_files

    return altered_files(seed, n)


def kills(seed: int, n: int) -> bool:
    from fuzzing.files import kills

    return kills(seed, n)


STEPS: dict[str, Callable[[int, int], bool]] = {
    step.__name__: step for step in (differences, programs, modules, interrupts, files, kills)
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="ci/fuzz")
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--seed", type=int, help="the first seed; without it one is drawn and printed")
    parser.add_argument("--n", type=int, default=200)
    options = parser.parse_args()
    seed = secrets.randbelow(2**31) if options.seed is None else options.seed
    sys.exit(not STEPS[options.step](seed, options.n))


if __name__ == "__main__":
    main()
