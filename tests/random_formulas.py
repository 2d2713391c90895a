"""Formulas made at random, for tests that hold the kernels written from them to plain NumPy."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np

from gradflow._kernels import Kernel
from gradflow.backend import cpu

ARITHMETIC = ("add", "subtract", "multiply", "divide")
COMPARISONS = ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal")
EXACT = ("negative", "reciprocal", "absolute", "sign", "sqrt", "floor")
ROUNDED = ("exp", "expm1", "log", "log1p", "tanh", "sinh", "cosh", "sin", "cos", "arctan", "erf")
"""What a C library may round otherwise than NumPy."""

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "greater": lambda a, b: a > b,
    "greater_equal": lambda a, b: a >= b,
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "equal": lambda a, b: a == b,
    "not_equal": lambda a, b: a != b,
}


class RandomFormula:
    """A random formula of ``arrays`` and ``numbers`` with several outputs, some of them inputs that are overwritten.

    It is a list of steps, each a function of values made before; so it runs on symbols and on arrays alike.
    """

    def __init__(self, seed: int, exact: bool = False, steps: int = 12) -> None:
        self._random = random = Random(seed)
        self.arrays = [f"x{i}" for i in range(random.randint(1, 4))]
        self.numbers = [f"n{i}" for i in range(random.randint(0, 3))]
        self.fresh = [f"out{i}" for i in range(random.randint(0, 2))]
        overwritten = random.sample(self.arrays, random.randint(0 if self.fresh else 1, len(self.arrays)))
        self.writes = [*overwritten, *self.fresh]
        random.shuffle(self.writes)
        self._kinds = ["array"] * len(self.arrays) + ["number"] * len(self.numbers)
        self._used: set[int] = set()
        self.steps = [self._step(exact) for _ in range(random.randint(0, steps))]
        self.results = [self._result() for _ in self.writes]
        self.__name__ = f"formula_{seed}"

    def _of(self, *kinds: str) -> int | float:
        """The place of a value of one of those kinds, mostly one that nothing has used yet, or a constant."""
        random = self._random
        places = [i for i, k in enumerate(self._kinds) if k in kinds]
        if not places or ("number" in kinds and random.random() < 0.15):
            return random.choice([0.0, -0.0, 1.0, -1.0, 2.0, 0.1, -0.75, 3.5])
        unused = [i for i in places if i not in self._used]
        place = random.choice(unused if unused and random.random() < 0.6 else places)
        self._used.add(place)
        return place

    def _array(self) -> int:
        place = self._of("array")
        assert isinstance(place, int)
        return place

    def _has(self, kind: str) -> bool:
        return kind in self._kinds

    def _step(self, exact: bool) -> tuple[str, list[int | float]]:
        random, both = self._random, ("array", "number")
        what = random.choice(
            ["arithmetic"] * 5 + ["unary", "unary", "compare", "where", "extreme", "masked", "host", "logic", "power"]
        )
        kind, places = "array", [self._array(), self._of(*both)]
        if what == "power" and exact:
            what = "arithmetic"
        if what in ("where", "masked", "logic") and not self._has("mask"):
            what = "compare"
        if what == "host" and not self._has("number"):
            what = "arithmetic"
        if what == "arithmetic":
            name = random.choice(ARITHMETIC)
        elif what == "extreme":
            name = random.choice(["maximum", "minimum"])
        elif what == "power":
            name, places[1] = "power", random.choice([0.7, -1.3, 2.5, self._array()])
        elif what == "unary":
            name, places = random.choice(EXACT if exact else EXACT + ROUNDED), places[:1]
        elif what == "compare":
            name, kind = random.choice(COMPARISONS), "mask"
        elif what == "logic":
            name, kind = random.choice(["logical_and", "logical_or", "logical_not"]), "mask"
            places = [self._of("mask") for _ in range(1 if name == "logical_not" else 2)]
        elif what == "where":
            name, places = "where", [self._of("mask", "flag"), *places]
        elif what == "masked":  # a mask as 0 or 1
            name, places = "multiply", [self._of("mask"), places[0]]
        else:  # numbers alone: computed on the host
            name = random.choice([*ARITHMETIC[:3], *COMPARISONS])
            places = [random.choice([i for i, k in enumerate(self._kinds) if k == "number"]), self._of("number")]
            kind = "flag" if name in COMPARISONS else "number"
        if places[0] != places[-1] and len(places) == 2 and what != "power" and kind != "number" and random.random() < 0.5:
            places.reverse()
        self._kinds.append(kind)
        return name, places

    def _result(self) -> int | float:
        random = self._random
        unused = [i for i, k in enumerate(self._kinds) if k == "array" and i not in self._used]
        if unused and random.random() < 0.8:
            self._used.add(unused[-1])
            return unused[-1]
        return self._of(*random.choice([("array",)] * 6 + [("mask", "array"), ("number",)]))

    def __call__(self, xp: Any, **given: Any) -> tuple[Any, ...]:
        values = [given[n] for n in [*self.arrays, *self.numbers]]

        def value(place: int | float) -> Any:
            return values[place] if isinstance(place, int) else place

        for name, places in self.steps:
            operands = [value(p) for p in places]
            function = OPERATORS[name] if name in OPERATORS else getattr(xp, name)
            values.append(function(*operands))
        return tuple(value(p) for p in self.results)

    def kernel(self) -> Kernel:
        def formula(xp: Any, **given: Any) -> tuple[Any, ...]:
            return self(xp, **given)

        formula.__name__ = self.__name__
        return Kernel(formula, " ".join(self.writes), [*self.arrays, *self.fresh, *self.numbers])

    def plain(
        self, arrays: dict[str, np.ndarray[Any, Any]], numbers: dict[str, float], compute: Any
    ) -> list[np.ndarray[Any, Any]]:
        """What the formula gives for arrays, by NumPy alone, in the dtype ``compute``."""
        shape = next(iter(arrays.values())).shape
        with np.errstate(all="ignore"):
            made = self(cpu, **{n: a.astype(compute) for n, a in arrays.items()}, **numbers)
            return [np.broadcast_to(np.asarray(v, compute), shape) for v in made]
