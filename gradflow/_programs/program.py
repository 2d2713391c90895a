"""A formula as data: the expressions it computes, with every common part there once, in the order in which they are computed.

What is made of numbers alone is a number too: it is computed on the host, in double precision, before the kernel starts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from .primitives import PRIMITIVES, Kind


class Expression:
    """One value of an expression: ``name`` is a primitive's, or ``"array"``, ``"number"``, ``"constant"``."""

    __slots__ = ("args", "kind", "name", "value")

    def __init__(self, name: str, args: tuple[Expression, ...], kind: Kind, value: Any = None) -> None:
        self.name, self.args, self.kind, self.value = name, args, kind, value

    @property
    def is_number(self) -> bool:
        return self.kind in ("number", "flag")

    def __repr__(self) -> str:
        inner = repr(self.value) if not self.args else ", ".join(map(repr, self.args))
        return f"{self.name}({inner})"


class Expressions:
    """The expressions of one formula, each made once."""

    def __init__(self) -> None:
        self._made: dict[Any, Expression] = {}

    def leaf(self, name: str, value: Any, kind: Kind) -> Expression:
        key = (name, value, math.copysign(1.0, value) if name == "constant" else None)  # -0.0 is not 0.0
        return self._made.setdefault(key, Expression(name, (), kind, value))

    def constant(self, value: Any) -> Expression:
        return self.leaf("constant", float(value), "number")

    def apply(self, name: str, *args: Expression) -> Expression:
        primitive = PRIMITIVES[name]
        numbers = all(a.is_number for a in args)
        if numbers and all(a.name == "constant" for a in args) and not primitive.is_test:
            return self.constant(primitive.host(*(a.value for a in args)))
        kinds = ("flag", "number") if numbers else ("mask", "array")
        key = (name, *map(id, args))
        return self._made.setdefault(key, Expression(name, args, kinds[0] if primitive.is_test else kinds[1]))


class Program:
    """An expression ready to be written out.

    ``arrays`` are the names of its inputs, ``outputs`` pairs of a name and the node stored there (the name of an input:
    that array is overwritten), ``body`` the nodes computed for each element, in order, and ``numbers`` the nodes that
    the elements share; ``compute`` gets the values of the formula's numbers, called ``given``, and gives those of ``numbers``.
    """

    def __init__(self, name: str, arrays: Sequence[str], given: Sequence[str], outputs: Sequence[tuple[str, Expression]]) -> None:
        self.name, self.arrays, self.given, self.outputs = name, tuple(arrays), tuple(given), tuple(outputs)
        self.body: list[Expression] = []
        self.numbers: list[Expression] = []
        seen: set[Expression] = set()
        for _, node in outputs:
            self._collect(node, seen)
        self.compute = _host_function(given, self.numbers)

    def _collect(self, root: Expression, seen: set[Expression]) -> None:
        stack = [(root, False)]  # no recursion: a formula may be long
        while stack:
            node, done = stack.pop()
            if done:
                self.body.append(node)
            elif node not in seen:
                seen.add(node)
                if node.is_number:
                    if node.name != "constant":
                        self.numbers.append(node)
                elif node.args:
                    stack.append((node, True))
                    stack += [(a, False) for a in reversed(node.args)]


def _host_function(given: Sequence[str], numbers: Sequence[Expression]) -> Callable[..., tuple[float, ...]]:
    """The shared numbers as a function of the formula's own, in double precision.

    What is written has names of its own for them: a number that the user calls ``k0`` is not one that is computed here.
    """
    own = {name: f"n{i}" for i, name in enumerate(given)}
    env: dict[str, Any] = {f"host_{name}": p.host for name, p in PRIMITIVES.items()}
    lines: list[str] = []
    names: dict[Expression, str] = {}

    def text(node: Expression) -> str:
        if node.name == "number":
            return own[node.value]
        if node.name == "constant":
            return f"float({str(node.value)!r})"
        if node not in names:
            args = ", ".join([text(a) for a in node.args])
            names[node] = f"k{len(names)}"
            lines.append(f"    {names[node]} = host_{node.name}({args})")
        return names[node]

    results = [text(n) for n in numbers]
    source = (
        f"def numbers({', '.join(own.values())}):\n" + "\n".join(lines) + f"\n    return ({''.join(r + ', ' for r in results)})\n"
    )
    exec(source, env)
    return env["numbers"]  # type: ignore[no-any-return]
