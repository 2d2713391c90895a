"""A program as the text of a ``cupy.ElementwiseKernel``: one launch, whatever it computes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import backend
from ..typing import Array, Namespace
from .primitives import PRIMITIVES
from .program import Expression, Program

_C = {"float16": "float", "float32": "float", "float64": "double"}
"""The type that C computes in for arrays of a dtype; half precision is for storage only."""


class Text:
    """What ``cupy.ElementwiseKernel`` takes: parameters with their dtypes, and the body for one element.

    The numbers that all elements share come in an array of their own, ``numbers``, in the device's memory: a captured
    graph reads there what the host has put since.
    """

    def __init__(self, program: Program, storage: dict[str, np.dtype[Any]], compute: np.dtype[Any]) -> None:
        self.name = "gf_" + re.sub("[^A-Za-z0-9]+", "_", program.name).strip("_")
        self._t = _C[compute.name]
        self._literal = "{!r}f" if self._t == "float" else "{!r}"
        written = {name for name, _ in program.outputs}
        self.inputs = [n for n in program.arrays if n not in written]
        self.outputs = [n for n, _ in program.outputs]
        # Not the formula's own names, which may be words of C, or in another alphabet.
        c_names = {n: f"a{i}" for i, n in enumerate(storage)}
        taken = [f"{storage[n]} {c_names[n]}_" for n in self.inputs]
        if program.numbers:
            taken.append(f"raw {'float32' if self._t == 'float' else 'float64'} numbers")
        self.in_params = ", ".join(taken)
        self.out_params = ", ".join(f"{storage[n]} {c_names[n]}_" for n in self.outputs)
        self._names: dict[Expression, str] = {n: f"numbers[{i}]" for i, n in enumerate(program.numbers)}
        lines = [f"typedef {self._t} T;"]
        for leaf in dict.fromkeys(self._leaves(program)):
            name = self._names[leaf] = c_names[leaf.value]
            lines.append(f"const T {name} = T({name}_);  // {ascii(leaf.value)[1:-1]}")
        for i, node in enumerate(program.body):
            text = PRIMITIVES[node.name].c.format(*map(self._operand, node.args))
            self._names[node] = f"v{i}"
            lines.append(f"const {'bool' if node.kind == 'mask' else 'T'} v{i} = {text};")
        for name, node in program.outputs:
            value = self._operand(node)
            if storage[name] != compute:  # said, not left to C: a test forbids roundings that nobody wrote
                value = f"{'float16' if storage[name].itemsize == 2 else 'float'}({value})"
            lines.append(f"{c_names[name]}_ = {value};")
        self.body = "\n".join(lines)

    @staticmethod
    def _leaves(program: Program) -> list[Expression]:
        used = [a for n in program.body for a in n.args] + [n for _, n in program.outputs]
        return [n for n in used if n.name == "array"]

    def _operand(self, node: Expression) -> str:
        return self._names[node] if node.name != "constant" else self._constant(node.value)

    def _constant(self, v: float) -> str:
        if self._t == "float":
            with backend.cpu.floating_errors(over="ignore"):
                v = float(np.float32(v))
        if not math.isfinite(v):
            return "(T(0) / T(0))" if v != v else "(T(1) / T(0))" if v > 0 else "(T(-1) / T(0))"
        text = self._literal.format(v)
        return f"({text})" if text.startswith("-") else text


class CudaKernel:
    """A program as one launch; ``bind`` gives the arrays, and what that returns is called with the numbers."""

    def __init__(self, xp: Namespace, program: Program, storage: dict[str, np.dtype[Any]], compute: np.dtype[Any]) -> None:
        text = Text(program, storage, compute)
        self._xp, self.program, self._names = xp, program, list(storage)
        self._order = [*text.inputs, *text.outputs]
        self._inputs = len(text.inputs)
        self._dtype = compute
        self.kernel = backend.elementwise_kernel(text.in_params, text.out_params, text.body, text.name)

    def bind(self, arrays: Sequence[Array]) -> Callable[..., None]:
        """The kernel on ``arrays``, all of one shape; the function that comes back takes the formula's numbers."""
        by_name = dict(zip(self._names, arrays, strict=True))
        inputs = [by_name[n] for n in self._order[: self._inputs]]
        outputs = [by_name[n] for n in self._order[self._inputs :]]
        kernel, compute = self.kernel, self.program.compute
        if not self.program.numbers:
            return lambda *_: kernel(*inputs, *outputs)
        with self._xp.on(self._xp.device_of(arrays[0])):
            numbers = self._xp.Numbers(len(self.program.numbers), self._dtype)

        def step(*given: float) -> None:
            numbers.put(compute(*given))
            kernel(*inputs, numbers.held, *outputs)

        return step
