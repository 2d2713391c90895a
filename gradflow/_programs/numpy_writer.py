"""A program as straight-line NumPy calls, each with ``out=``, over blocks that stay in the cache."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Sequence
from threading import local
from typing import Any

import numpy as np

from ..backend import cpu
from ..typing import Array, Namespace
from . import threads
from .program import Expression, Program

BLOCK_BYTES = 1 << 19
"""A block of one array: an update's four or five blocks and its scratch fit in a core's second-level cache."""

PARALLEL_BYTES = 1 << 22
"""From this size of one array on, the blocks are spread over threads."""


class _Block:
    """The function over one block as it is being written.

    Every value has a home: scratch, or the array of an output while nobody needs what it holds.
    """

    def __init__(self, program: Program, storage: dict[str, np.dtype[Any]], compute: np.dtype[Any]) -> None:
        self.program, self.storage, self.compute = program, storage, compute
        self.names = {name: f"a{i}" for i, name in enumerate(storage)}
        self.numbers = {node: f"k{i}" for i, node in enumerate(program.numbers)}
        self.env: dict[str, Any] = {"copyto": np.copyto}
        self.lines: list[str] = []
        self.scratch: list[np.dtype[Any]] = []
        self._free: dict[bool, list[str]] = {False: [], True: []}
        self._home: dict[Expression, str] = {}
        self._constants: dict[Expression, str] = {}
        self._stored: set[str] = set()  # the outputs that hold their values
        loads = self._loads()
        order = [*loads, *program.body]
        # The step that reads a value last, or the end for what is stored.
        self._last = {a: step for step, n in enumerate(order) for a in n.args} | {n: len(order) for _, n in program.outputs}
        # The step that computes what an array will hold, and the last that needs what it holds before.
        self._due = {name: order.index(n) for name, n in program.outputs if n in order}
        self._needed = {n.value: step for n, step in self._last.items() if n.name == "array" and n not in loads}
        for step, node in enumerate(order):
            if node in loads:
                self._home[node] = self._take(False)
                self.lines.append(f"copyto({self._home[node]}, {self.names[node.value]})")
            else:
                self._write(step, node)
        for name, node in program.outputs:
            if name not in self._stored and not (node.name == "array" and node.value == name):
                self.lines.append(f"copyto({self.names[name]}, {self._operand(node)}, 'same_kind')")

    def _loads(self) -> list[Expression]:
        """Arrays copied to scratch first: those of another dtype, and one that is overwritten and stored elsewhere."""
        outputs = self.program.outputs
        moved = {n for name, n in outputs if n.name == "array" and n.value != name and n.value in dict(outputs)}
        read = [*(a for n in self.program.body for a in n.args), *(n for _, n in outputs)]
        arrays = [n for n in dict.fromkeys(read) if n.name == "array"]
        return [n for n in arrays if n in moved or self.storage[n.value] != self.compute]

    def _write(self, step: int, node: Expression) -> None:
        operands = [self._operand(a) for a in node.args]
        for a in reversed(dict.fromkeys(node.args)):  # before the result is placed: it may lie where an operand does
            if self._last[a] == step and self._home.get(a, "").startswith("s"):
                self._give_back(self._home[a])
        self._home[node] = place = self._place(step, node)
        self._call(node, operands, place)

    def _place(self, step: int, node: Expression) -> str:
        """Where a value goes: to the array where it is stored, else to one that is due only after the value's last use,
        else to scratch."""
        for name, n in self.program.outputs:
            if n is node and self._is_free(name, step):
                self._stored.add(name)
                return self.names[name]
        for name, due in self._due.items():
            if step < due and self._last[node] <= due and node.kind != "mask" and self._is_free(name, step):
                self._needed[name] = self._last[node]
                return self.names[name]
        return self._take(node.kind == "mask")

    def _is_free(self, name: str, step: int) -> bool:
        return self.storage[name] == self.compute and self._needed.get(name, -1) <= step

    def _call(self, node: Expression, operands: list[str], place: str) -> None:
        if node.name == "where":
            self.env["select"] = select
            self.lines.append(f"select({', '.join([*operands, place])})")
        elif node.name == "cast":
            self.lines.append(f"copyto({place}, {operands[0]})")
        elif node.name == "erf":
            self.env["erf"] = cpu.erf
            self.lines.append(f"copyto({place}, erf({operands[0]}))")
        else:
            self.env[node.name] = getattr(cpu, node.name)
            # NumPy deprecates the place as a third argument of these two, and takes it faster than out= of the others.
            out = f"out={place}" if node.name in ("maximum", "minimum") else place
            self.lines.append(f"{node.name}({', '.join([*operands, out])})")

    def _operand(self, node: Expression) -> str:
        if node.name == "constant":
            name = self._constants.setdefault(node, f"c{len(self._constants)}")
            with cpu.floating_errors(over="ignore"):
                self.env[name] = np.array(node.value, self.compute)
            return name
        if node.is_number:
            return self.numbers[node]
        return self._home.get(node) or self.names[node.value]

    def _take(self, mask: bool) -> str:
        if self._free[mask]:
            return self._free[mask].pop()
        self.scratch.append(np.dtype(bool) if mask else self.compute)
        return f"s{len(self.scratch) - 1}"

    def _give_back(self, name: str) -> None:
        self._free[self.scratch[int(name[1:])].kind == "b"].append(name)

    def source(self) -> str:
        taken = [*self.names.values(), *self.numbers.values(), *(f"s{i}" for i in range(len(self.scratch)))]
        return f"def run({', '.join(taken)}):\n" + "".join(f"    {line}\n" for line in self.lines or ["pass"])


class _Scratch(local):
    """Each thread's scratch memory, which lasts."""

    def __init__(self) -> None:
        self.buffers: dict[Any, list[Array]] = {}
        self.views: dict[Any, tuple[Array, ...]] = {}


_scratch = _Scratch()


def _scratch_for(kinds: tuple[np.dtype[Any], ...], shape: tuple[int, ...], size: int) -> tuple[Array, ...]:
    """Scratch of ``shape``, one array for each dtype; the same memory again and again while it is no more than a block."""
    if not kinds:
        return ()
    found = _scratch.views.get((kinds, shape))
    if found is not None:
        return found
    if size * max(k.itemsize for k in kinds) > BLOCK_BYTES:
        return tuple([np.empty(shape, k) for k in kinds])
    made, counts = [], dict.fromkeys(kinds, 0)
    for kind in kinds:
        held = _scratch.buffers.setdefault(kind, [])
        if len(held) <= counts[kind]:
            held.append(np.empty(BLOCK_BYTES // kind.itemsize, kind))
        made.append(held[counts[kind]][:size].reshape(shape))
        counts[kind] += 1
    if len(_scratch.views) > 256:  # shapes come and go
        _scratch.views.clear()
    _scratch.views[kinds, shape] = tuple(made)
    return tuple(made)


def select(condition: Array, a: Array, b: Array, out: Array) -> None:
    """``out = a if condition else b``; ``out`` may be any of the others.

    By the bits, ``b ^ ((a ^ b) & mask)``: a choice element by element takes 4 to 7 times as long.
    """
    if condition.ndim == 0:
        np.copyto(out, a if condition else b)
        return
    if out.size < SMALL:
        out[...] = np.where(condition, a, b)
        return
    bits = _BITS[out.itemsize]
    mask, changed = _scratch_for((bits, bits), out.shape, out.size)
    np.copyto(mask, condition)
    np.negative(mask, mask)
    np.bitwise_xor(a.view(bits), b.view(bits), changed)
    np.bitwise_and(changed, mask, changed)
    np.bitwise_xor(b.view(bits), changed, out.view(bits))


SMALL = 1 << 10
_BITS = {n: np.dtype(f"i{n}") for n in (2, 4, 8)}


class NumPyKernel:
    """A program written out for NumPy; ``bind`` gives the arrays, and what that returns is called with the numbers."""

    def __init__(self, _xp: Namespace, program: Program, storage: dict[str, np.dtype[Any]], compute: np.dtype[Any]) -> None:
        block = _Block(program, storage, compute)
        self.source, self.program = block.source(), program
        self._scratch, self._compute = tuple(block.scratch), compute
        written = dict(program.outputs)
        self._outputs = [i for i, name in enumerate(storage) if name in written]
        self._inputs = [i for i, name in enumerate(storage) if name not in written]
        filename = f"<gradflow kernel {program.name}>"
        linecache.cache[filename] = (len(self.source), None, self.source.splitlines(True), filename)
        exec(compile(self.source, filename, "exec"), block.env)
        self._run: Callable[..., None] = block.env["run"]

    def bind(self, arrays: Sequence[Array]) -> Callable[..., None]:
        """The kernel on ``arrays``, broadcast to the shape of the last; what comes back takes the formula's numbers."""
        arrays, shared = list(arrays), []
        for i in self._inputs:  # what shares memory with an output would be overwritten before it is read
            a = arrays[i]
            if any(np.may_share_memory(a, arrays[k]) for k in self._outputs):
                arrays[i] = np.empty_like(a)
                shared.append((arrays[i], a))
        numbers = cpu.Numbers(len(self.program.numbers), self._compute)
        compute, run, kinds = self.program.compute, self._run, self._scratch
        shape, size = arrays[-1].shape, arrays[-1].size
        per_block = max(1, BLOCK_BYTES // max(self._compute.itemsize, *(a.itemsize for a in arrays)))
        flat = size > per_block and all(a.size == 1 or (a.size == size and a.flags.c_contiguous) for a in arrays)
        parallel = flat and size * self._compute.itemsize >= PARALLEL_BYTES
        starts = range(0, size, per_block)
        if flat:
            arrays = [a.reshape(-1 if a.size > 1 else ()) for a in arrays]

        def block(start: int) -> None:
            n = min(per_block, size - start)
            run(*[a[start : start + n] if a.ndim else a for a in arrays], *numbers.held, *_scratch_for(kinds, (n,), n))

        def step(*given: float) -> None:
            numbers.put(compute(*given))
            for copy, original in shared:
                np.copyto(copy, original)
            if not flat:
                run(*arrays, *numbers.held, *_scratch_for(kinds, shape, size))
            elif parallel and threads.get_num_threads() > 1:
                threads.for_each(block, starts)
            else:
                for start in starts:
                    block(start)

        return step
