"""Random arguments of operations: mostly valid for the shapes at hand, sometimes not, since both libraries must refuse then."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np

Shape = tuple[int, ...]


class Draw:
    """Draws arguments for a tensor of ``shape``, and maybe an other of ``other``; ``dim`` is one of its dimensions."""

    def __init__(self, r: random.Random, rng: np.random.Generator, shape: Shape, other: Shape) -> None:
        self.r, self.rng, self.shape, self.other = r, rng, shape, other
        self.n = len(shape)
        self.dim = self.axis()
        self.size = shape[self.dim] if self.n else 1

    def axis(self) -> int:
        return self.r.randrange(-self.n, self.n) if self.n else self.r.choice([0, -1])

    def axes(self) -> tuple[int, ...]:
        return tuple(self.r.sample(range(self.n), self.r.randint(1, self.n))) if self.n else ()

    def places(self, count: int) -> list[int]:
        """Indices along ``dim``."""
        return [self.r.randrange(self.size) for _ in range(count)] if self.size else []

    def reduction(self, name: str) -> dict[str, Any]:
        """Keywords of a reduction: over all, one or several dimensions."""
        dims = self.r.choice([None, self.dim, self.dim, self.axes() or None])
        if isinstance(dims, tuple) and name in ("prod", "max", "min", "median"):
            dims = dims[0]
        keywords: dict[str, Any] = {} if dims is None else {"dim": dims, "keepdim": self.r.random() < 0.5}
        return keywords | ({"correction": 0} if name in ("var", "std") else {})

    def reshaped(self) -> Shape:
        size = math.prod(self.shape)
        choices: list[Shape] = [(size,), (-1,), (1, size), (size, 1), self.shape[::-1]]
        for part in (2, 3):
            if size and size % part == 0:
                choices += [(part, size // part), (size // part, part), (part, -1)]
        return self.r.choice(choices)

    def expanded(self) -> Shape:
        sizes = tuple(self.r.choice([k, -1]) if k != 1 else self.r.choice([1, 2, 3, -1]) for k in self.shape)
        return ((2, *sizes)) if self.r.random() < 0.3 else sizes

    def flattened(self) -> tuple[int, ...]:
        return tuple(sorted([self.r.randrange(self.n), self.r.randrange(self.n)])) if self.n else (0, -1)

    def split(self) -> tuple[int, int, int]:
        length = self.r.randint(1, max(1, self.size))
        return length, self.dim, self.r.randrange(max(1, -(-self.size // length)))

    def narrowed(self) -> tuple[int, int, int]:
        start = self.r.randint(0, self.size)
        return self.dim, start, self.r.randint(0, self.size - start)

    def gathered(self) -> tuple[int, Any]:
        shape = list(self.shape)
        if self.n:
            shape[self.dim] = self.r.randint(1, 4)
        return self.dim, self.rng.integers(0, max(1, self.size), size=shape)

    def scattered(self, distinct: bool) -> tuple[int, Any]:
        """Places for the other tensor's numbers; ``distinct``: no two in one place, three times in four."""
        shape = list(self.shape)
        if len(self.other) == self.n:
            shape = [min(pair) for pair in zip(self.shape, self.other, strict=True)]
        places = self.rng.integers(0, max(1, self.size), size=shape)
        if distinct and self.n and self.r.random() < 0.75:
            k, count = self.dim % self.n, shape[self.dim]
            order = np.argsort(self.rng.random(size=[*shape[:k], max(self.size, 1), *shape[k + 1 :]]), axis=k)
            places = np.take(order, range(min(count, order.shape[k])), axis=k)
        return self.dim, places

    def added(self) -> tuple[int, list[int]]:
        count = self.other[self.dim] if self.n and len(self.other) == self.n else 1
        return self.dim, [self.r.randrange(max(1, self.size)) for _ in range(count)]

    def index(self) -> tuple[Any, ...]:
        """An index, with slices, integers, lists, tensors of integers and booleans, None and the ellipsis."""
        r, masked = self.r, False
        made: list[Any] = []
        if not self.n:
            return (r.choice([..., None]),)
        length = r.choice([1, 2, 3])
        for size in self.shape[: r.randint(0, self.n)]:
            chance = r.random()
            if chance < 0.3 and size:
                made.append(r.randrange(-size, size))
            elif chance < 0.65:
                ends = [r.choice([None, r.randint(-size - 1, size + 1)]) for _ in range(2)]
                made.append(("slice", *ends, r.choice([None, 1, 2, 3])))
            elif chance < 0.9 and size:
                made.append((r.choice(["tensor", "list"]), [r.randrange(-size, size) for _ in range(length)]))
            elif chance < 0.95 and not masked:
                made.append(("tensor", [r.random() < 0.6 for _ in range(size)]))
                masked = True
            else:
                made += [None] * (chance >= 0.95) + [("slice", None, None, None)]
        if r.random() < 0.2:
            made.insert(r.randint(0, len(made)), ...)
        return tuple(made) or (...,)


ARGUMENTS: dict[str, Callable[[Draw], Any]] = {
    **dict.fromkeys(["cumsum", "cumprod", "softmax", "log_softmax", "cat", "cat of three", "stack"], lambda d: d.dim),
    "sort": lambda d: (d.dim, d.r.random() < 0.5),
    "topk": lambda d: (d.dim, d.r.randint(0, d.size)),
    "reshape": Draw.reshaped,
    "view": Draw.reshaped,
    "permute": lambda d: tuple(d.r.sample(range(d.n), d.n)),
    "transpose": lambda d: (d.dim, d.axis()),
    "movedim": lambda d: (d.dim, d.axis()),
    "unsqueeze": lambda d: d.r.randint(-d.n - 1, d.n),
    "squeeze": lambda d: d.r.choice([None, d.dim]),
    "expand": Draw.expanded,
    "flatten": Draw.flattened,
    "flip": lambda d: tuple(d.r.sample(range(d.n), d.r.randint(0, d.n))),
    "roll": lambda d: (d.r.randint(-4, 4), d.dim if d.n else None),
    "split": Draw.split,
    "chunk": lambda d: (d.r.randint(1, 3), d.dim),
    "unbind": lambda d: (d.dim, d.r.randrange(max(1, d.size))),
    "narrow": Draw.narrowed,
    "select": lambda d: (d.dim, d.r.randrange(-d.size, d.size) if d.size else 0),
    **dict.fromkeys(["tril", "triu", "diag", "diagonal"], lambda d: d.r.randint(-2, 2)),
    **dict.fromkeys(["repeat", "tile"], lambda d: tuple(d.r.randint(1, 2) for _ in range(d.n + d.r.choice([0, 0, 1])))),
    "repeat_interleave": lambda d: (d.r.randint(1, 3), d.r.choice([None, d.dim])),
    **dict.fromkeys(["x[...]", "x[p] = y", "x[p] = 0.7", "x[p] += 1.25", "x[p] *= y"], Draw.index),
    "index_select": lambda d: (d.dim, d.places(d.r.randint(0, 4))),
    "gather": Draw.gathered,
    "take_along_dim": Draw.gathered,
    **dict.fromkeys(["x[x > p]", "masked_select", "masked_fill"], lambda d: round(d.r.uniform(-1, 1), 2)),
    **dict.fromkeys(["mul_", "add_", "fill_", "masked_fill_"], lambda d: round(d.r.uniform(-1.5, 1.5), 2)),
    "pad": lambda d: tuple(d.r.randint(0, 2) for _ in range(2 * d.r.randint(1, max(1, d.n)))),
    "scatter": lambda d: d.scattered(distinct=True),
    "scatter_add": lambda d: d.scattered(distinct=False),
    "index_add": Draw.added,
    "where, mask": lambda d: d.rng.random(size=d.shape) < 0.5,
}


def argument(name: str, d: Draw, family: str) -> Any:
    """The argument of an operation; None where it takes none."""
    if family == "reduction":
        return d.reduction(name)
    return ARGUMENTS[name](d) if name in ARGUMENTS else None
