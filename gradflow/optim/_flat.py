"""Parameters that are updated together: side by side in one memory, their gradients and their state likewise.

A bucket takes over the memory of some parameters; each parameter keeps its Tensor, which then shows its part of the bucket's
memory.  So a step is one kernel, however many parameters there are.  What makes that safe:

1.  A parameter is moved only if its array is memory of gradflow's own (``xp.owns``: no view, no memory of a file, of another
    process or of another library) and nothing but its Tensor holds the array (``reference_count``).  Every view of such an
    array, its buffer and its DLPack capsule hold it.  An array that is held, by a graph for instance, is updated where it is.
2.  ``p.array`` is compared with the bucket's part before each step; a parameter whose array was replaced leaves the bucket.
3.  Each part is an alias, no view, of the bucket's memory.  So rule 1 holds for parts as well, and a part has its own stamp of
    in-place writes.
4.  The gradients' memory is cut into ``GradientBuffer`` parts, whose rules are those of ``_engine/accumulate.py``.  A gradient in
    other memory is copied into its part before the step, and only into a part that is free; if one is not, the bucket gets new
    memory for all gradients.  The Tensor in ``.grad`` is not changed.
5.  The state belongs to the bucket; the Tensors in ``optimizer.state`` show parts of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .. import backend
from .._engine import ALONE, GradientBuffer, Leaf, reference_count, wrap, writes
from .._kernels import SCALE, Bound, Kernel
from .._tensor import Tensor
from ..backend import dtypes
from ..typing import Array

NO_BUFFER = GradientBuffer(backend.cpu.empty(0))
"""What a bucket of one parameter that was not moved has as its gradient's part: it runs on any array."""

Run = tuple[int, int]
"""Neighbouring parameters, from the first to before the last, that take the same step."""


def real_pairs(array: Array) -> Array:
    """``array``; if it is complex, its memory as real numbers with a last dimension of 2."""
    return array if array.dtype.kind != "c" else array[..., None].view(f"f{array.dtype.itemsize // 2}")


def kept_in(p: Tensor) -> Any:
    """The dtype of a parameter's state: that of the parameter, but for half precision, which would lose small steps."""
    return dtypes.float32 if p.dtype == dtypes.float16 else p.dtype


def _gradient_of(p: Tensor) -> tuple[Array | None, Any]:
    """The array of ``p.grad`` (None if there is none), and the leaf where it is (None if ``p`` is no leaf)."""
    leaf = p.node if p.node is not None else getattr(p, "_frozen", None)
    if isinstance(leaf, Leaf):
        return leaf.numbers(), leaf
    grad = p.grad
    return None if grad is None else grad.array, None


class Bucket:
    """Some parameters of one dtype and device with the arrays that the kernel runs on.

    ``keeps`` gives the names of the state with the value each starts from.  What is in ``state`` already is taken over.
    One parameter whose memory cannot be moved makes a bucket of its own, which leaves it where it is.
    """

    def __init__(
        self, kernel: Kernel, params: list[Tensor], states: list[dict[str, Any]], keeps: Mapping[str, float], flat: bool
    ) -> None:
        self.params, self.states, self.keeps, self.flat = params, states, dict(keeps), flat
        self._kernel = kernel
        self.xp = backend.namespace_of(params[0].array)
        self.starts = [0, *itertools.accumulate(p.array.size for p in params)]
        self.new = [any(s.get(name) is None for name in keeps) for s in states]  # which have had no step yet
        dtype, kept = params[0].dtype, kept_in(params[0])
        if dtype != kept:
            keeps = {"master_param": 0.0, **keeps}
        self._state = {name: self._state_array(name, start, kept) for name, start in keeps.items()}
        self._bound: dict[tuple[Run, bool], Bound] = {}
        self._values: Any
        if flat:
            self._values, self.views = self._gathered([p.array for p in params], dtype)
            for p, view in zip(params, self.views, strict=True):
                p.array = view
            self._renew_gradients()
        else:
            self._values, self.views = params[0].array, [params[0].array]
            self._gradients: Array | None = None
            self._gradient_parts = [NO_BUFFER]
        self._stamps = [writes.stamp_of(p.array) for p in params]
        self._age = 0

    def _gathered(self, arrays: Sequence[Array] | None, dtype: Any) -> tuple[Array, list[Array]]:
        """One memory for all parameters, with the numbers of ``arrays`` in it, and each parameter's part of it."""
        xp, params = self.xp, self.params
        with xp.on(xp.device_of(params[0].array)):
            whole = xp.empty(self.starts[-1], dtype)
            parts = [
                xp.alias(whole[a:b].reshape(p.shape)) for (a, b), p in zip(itertools.pairwise(self.starts), params, strict=True)
            ]
        if arrays is not None:
            for part, array in zip(parts, arrays, strict=True):
                part[...] = array
        return whole, parts

    def _state_array(self, name: str, start: float, dtype: Any) -> Array:
        """The array of one kind of state, and in each parameter's state the Tensor that shows its part."""
        held = [s.get(name) for s in self.states]
        if self.flat:
            whole, parts = self._gathered(None, dtype)
        else:
            whole = self.xp.empty_like(self.params[0].array, dtype=dtype)
            parts = [whole]
        xp = self.xp
        for p, s, part, old in zip(self.params, self.states, parts, held, strict=True):
            if name != "master_param":
                part[...] = start if old is None else old.array
            elif old is None:
                part[...] = p.array
            else:  # the copy holds unless something else was written into the parameter
                part[...] = _followed(xp, old.array, p.array)
            s[name] = wrap(part)
        return whole

    def is_current(self) -> bool:
        """True while the parameters' memory is the bucket's.

        A bucket of one parameter that could not be moved gives up now and then, after 1, 2, 4, 8 ... steps: what showed the
        parameter's memory, a graph that was kept for long, may be gone.
        """
        for p, view in zip(self.params, self.views, strict=True):
            if p.array is not view:
                return False
        if self.flat:
            return True
        self._age += 1
        return self._age & (self._age - 1) != 0 or self._age == 1

    def shares_memory_with(self, params: Iterable[Tensor]) -> bool:
        """True if one of ``params`` shows the memory of a part of this bucket.

        The order of the steps counts where parameters share memory, and a bucket of several takes all its steps at once.
        """
        parts = {id(self.xp.owner(view)) for view in self.views}
        return self.flat and any(id(backend.namespace_of(p.array).owner(p.array)) in parts for p in params)

    def release(self) -> None:
        """Hold the parameters' memory no longer, so that another bucket may move it."""
        self.views, self._values, self._bound = [], None, {}

    def collect(self) -> list[Run]:
        """Bring the gradients into the bucket's memory; the runs of parameters that have one."""
        missing, elsewhere = [], []
        for i, (p, part) in enumerate(zip(self.params, self._gradient_parts, strict=True)):
            leaf: Any = p.node
            if leaf.__class__ is Leaf and leaf.buffer is part and leaf.is_unread():
                continue
            g = _gradient_of(p)[0]
            if g is None:
                missing.append(i)
            elif g is not part.array:
                elsewhere.append(i)
        if elsewhere:
            self._gather_gradients(elsewhere, missing)
        n = len(self.params)
        if not missing:
            return [(0, n)]
        return [(a + 1, b) for a, b in itertools.pairwise([-1, *missing, n]) if a + 1 < b]

    def _gather_gradients(self, elsewhere: list[int], missing: list[int]) -> None:
        """Copy the gradients that are in other memory into the bucket's."""
        if not self.flat:
            g, _ = _gradient_of(self.params[0])
            if g is not self._gradients:
                self._gradients, self._bound = g, {}
            return
        if not all(self._gradient_parts[i].is_free() for i in elsewhere):
            self._renew_gradients()
            elsewhere = [i for i in range(len(self.params)) if i not in missing]
        for i in elsewhere:
            (g, leaf), part = _gradient_of(self.params[i]), self._gradient_parts[i]
            part.array[...] = g
            if leaf is not None:
                leaf.moved_to(part)

    def _renew_gradients(self) -> None:
        """New memory for the gradients; who shows the old keeps it."""
        self._gradients, parts = self._gathered(None, self.params[0].dtype)
        self._gradient_parts = [GradientBuffer(part) for part in parts]
        self._bound = {}

    def step(self, run: Run, numbers: Mapping[str, Any]) -> None:
        """The kernel on some neighbouring parameters, their gradients times SCALE if that is among the numbers."""
        key = run, SCALE in numbers
        bound = self._bound.get(key)
        if bound is None:
            bound = self._bound[key] = self._bind(*key)
        if "master_param" in self._state:
            self._follow(run)
        bound(numbers)
        writes.all_stamped(self._stamps[run[0] : run[1]])

    def _bind(self, run: Run, scaled: bool) -> Bound:
        def part(array: Array) -> Array:
            return real_pairs(array if not self.flat else array[self.starts[run[0]] : self.starts[run[1]]])

        arrays = {name: part(a) for name, a in self._state.items() if name != "master_param"}
        arrays |= {"p": part(self._values), "g": part(self._gradients)}
        low = None
        if "master_param" in self._state:
            low, arrays["p"] = arrays["p"], part(self._state["master_param"])
        return (self._kernel.scaled("g") if scaled else self._kernel).bind(arrays, low)

    def _follow(self, run: Run) -> None:
        """Let the full-precision copy follow what was written into the half-precision parameters since the last step.

        Their numbers are compared, because a write into the bare array is noted nowhere.
        """
        full, low = self._state["master_param"], self._values
        if self.flat:
            part = slice(self.starts[run[0]], self.starts[run[1]])
            full, low = full[part], low[part]
        full[...] = _followed(self.xp, full, low)


def _followed(xp: Any, full: Array, low: Array) -> Array:
    """``full`` where it rounds to ``low``, and ``low`` elsewhere: there something else was written."""
    return xp.where(xp.equal(xp.astype(full, low.dtype), low), full, xp.astype(low, full.dtype))


def buckets(
    kernel: Kernel, params: Iterable[Tensor], state: Callable[[Tensor], dict[str, Any]], keeps: Mapping[str, float]
) -> list[Bucket]:
    """Buckets for parameters that have a gradient: one for each dtype and device, and one for each that cannot be moved."""
    together: dict[Any, list[Tensor]] = {}
    for p in params:
        xp = backend.namespace_of(p.array)
        movable = reference_count(p) <= ALONE and xp.owns(p.array) and p.array.size > 0 and p.array.flags.c_contiguous
        together.setdefault((p.dtype, p.device) if movable else id(p), []).append(p)
    return [Bucket(kernel, ps, [state(p) for p in ps], keeps, not isinstance(key, int)) for key, ps in together.items()]
