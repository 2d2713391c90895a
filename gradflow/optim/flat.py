"""Parameters that are updated together: side by side in one memory, their gradients and their state likewise.

A bucket takes over the memory of parameters that nobody else shows; each parameter keeps its Tensor, which then shows its
part of the bucket's memory.  So a step is one kernel, however many parameters there are.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from sys import getrefcount
from typing import Any

from .. import backend
from ..backend import dtypes
from ..engine import ALONE, BLANK, LENT, SEEN, Leaf, holders, wrap, writes
from ..kernels import Bound, Kernel
from ..tensor import Tensor
from ..typing import Array

Run = tuple[int, int]
"""Neighbouring parameters, from the first to before the last, that take the same step."""


def real_pairs(array: Array) -> Array:
    """``array``; if it is complex, its memory as real numbers with a last dimension of 2."""
    return array if array.dtype.kind != "c" else array[..., None].view(f"f{array.dtype.itemsize // 2}")


def kept_in(p: Tensor) -> Any:
    """The dtype of a parameter's state: that of the parameter, but for half precision, which would lose small steps."""
    return dtypes.float32 if p.dtype == dtypes.float16 else p.dtype


def _grad_of(p: Tensor) -> Any:
    """``p.grad`` in a fifth of the time, which counts where there are a hundred small parameters."""
    node: Any = p.node
    return node._grad if node.__class__ is Leaf and node.state == SEEN else p.grad


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
        self.xp = backend.namespace_of(params[0].data)
        self.starts = [0, *itertools.accumulate(p.data.size for p in params)]
        self.new = [any(s.get(name) is None for name in keeps) for s in states]  # which have had no step yet
        dtype, kept = params[0].dtype, kept_in(params[0])
        if dtype != kept:
            keeps = {"master_param": 0.0, **keeps}
        self._state = {name: self._state_array(name, start, kept) for name, start in keeps.items()}
        if flat:
            self._values, self.views = self._gathered([p.data for p in params], dtype)
            for p, view in zip(params, self.views, strict=True):
                p.data = view
            self._gradients, self.gradient_views = self._gathered(None, dtype)
        else:
            self._values, self.views = params[0].data, [params[0].data]
            self._gradients, self.gradient_views = None, [None]
        self._stamps = [writes.stamp_of(p.data) for p in params]
        self._gradient_stamps = [writes.stamp_of(g) for g in self.gradient_views] if flat else []
        self._last = 0  # the clock at the last step
        self._age = 0
        self._bound: dict[tuple[Run, bool], Bound] = {}

    def _gathered(self, arrays: Sequence[Array] | None, dtype: Any) -> tuple[Array, list[Array]]:
        """One memory for all parameters, with the numbers of ``arrays`` in it, and each parameter's part of it."""
        xp, params = self.xp, self.params
        with xp.on(xp.device_of(params[0].data)):
            whole = xp.empty(self.starts[-1], dtype)
            parts = [xp.carve(whole, start, p.shape) for start, p in zip(self.starts, params, strict=False)]
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
            whole = self.xp.empty_like(self.params[0].data, dtype=dtype)
            parts = [whole]
        xp = self.xp
        for p, s, part, old in zip(self.params, self.states, parts, held, strict=True):
            if name != "master_param":
                part[...] = start if old is None else old.data
            elif old is None:
                part[...] = p.data
            else:  # the copy holds unless something else was written into the parameter
                part[...] = xp.where(xp.equal(xp.astype(old.data, p.dtype), p.data), old.data, xp.astype(p.data, dtype))
            s[name] = wrap(part)
        return whole

    def is_current(self) -> bool:
        """True while the parameters' memory is the bucket's.

        A bucket of one parameter that could not be moved gives up now and then, after 1, 2, 4, 8 ... steps: what showed the
        parameter's memory, a graph that was kept for long, may be gone.
        """
        for p, view in zip(self.params, self.views, strict=True):
            if p.data is not view:
                return False
        if self.flat:
            return True
        self._age += 1
        return self._age & (self._age - 1) != 0 or self._age == 1

    def release(self) -> None:
        """Hold the parameters' memory no longer, so that another bucket may move it."""
        self.views, self._values, self._bound = [], None, {}

    def collect(self) -> list[Run]:
        """Bring the gradients into the bucket's memory; the runs of parameters that have one."""
        missing: list[int] = []
        for i, p in enumerate(self.params):
            grad = _grad_of(p)
            if grad is None:
                missing.append(i)
            elif grad.data is not self.gradient_views[i]:
                self._take(i, grad)
        n = len(self.params)
        if not missing:
            return [(0, n)]
        return [(a + 1, b) for a, b in itertools.pairwise([-1, *missing, n]) if a + 1 < b]

    def _take(self, i: int, grad: Tensor) -> None:
        """Copy a gradient that lies elsewhere; its Tensor moves in where nobody else shows its memory."""
        if not self.flat:
            self._gradients, self.gradient_views = grad.data, [grad.data]
            self._bound.clear()
            return
        if getrefcount(self.gradient_views[i]) > _FREE:  # somebody kept the gradient of an earlier step
            old = self.gradient_views
            self._gradients, self.gradient_views = self._gathered(None, self.params[0].dtype)
            self._gradient_stamps = [writes.stamp_of(g) for g in self.gradient_views]
            self._bound.clear()
            for k, p in enumerate(self.params):
                held = p.grad
                if k != i and held is not None and held.data is old[k]:
                    self.gradient_views[k][...] = old[k]
                    if holders(held) <= ALONE + 1:  # and the list of the old views
                        self._move(p, held, k)
        self.gradient_views[i][...] = grad.data
        if holders(grad) <= ALONE:
            self._move(self.params[i], grad, i)

    def _move(self, p: Tensor, grad: Tensor, i: int) -> None:
        grad.data = self.gradient_views[i]
        p.grad = grad  # whoever stamps its writes looks anew

    def step(self, run: Run, numbers: Mapping[str, Any]) -> None:
        """The kernel on some neighbouring parameters, their gradients times ``scale`` if that is among the numbers."""
        key = run, "scale" in numbers
        bound = self._bound.get(key)
        if bound is None:
            bound = self._bound[key] = self._bind(*key)
        if "master_param" in self._state:
            self._follow(run)
        bound(numbers)
        self._last = writes.all_stamped(self._stamps[run[0] : run[1]])

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
        """Let the full-precision copy follow what was written into the half-precision parameter since the last step."""
        for i in range(*run):
            if self._stamps[i].tick > self._last > 0:
                self.states[i]["master_param"].data[...] = self.params[i].data

    def zero(self) -> bool:
        """Make all gradients zero, if all are in the bucket's memory; otherwise nothing, and False.

        Where nobody else can see a gradient its memory is left as it is, to be written at the next backward (see Leaf).
        """
        if not self.flat:
            return False
        leaves: list[Any] = [p.node for p in self.params]
        for i, leaf in enumerate(leaves):
            if leaf.__class__ is not Leaf or leaf._grad is None or leaf._grad.node is not None:
                return False
            if leaf._grad.data is not self.gradient_views[i]:
                return False
        written = []
        for i, leaf in enumerate(leaves):
            if getrefcount(leaf._grad) <= _UNSEEN and getrefcount(self.gradient_views[i]) <= _FREE + 1:
                leaf.state = BLANK
            elif leaf.state != LENT:  # a pass under way has that memory, and its leaf reads as zeros already
                self.gradient_views[i].fill(0)
                leaf.state = SEEN
                written.append(self._gradient_stamps[i])
        if written:
            writes.all_stamped(written)
        return True


def buckets(
    kernel: Kernel, params: Iterable[Tensor], state: Callable[[Tensor], dict[str, Any]], keeps: Mapping[str, float]
) -> list[Bucket]:
    """Buckets for parameters that have a gradient: one for each dtype and device, and one for each that cannot be moved."""
    together: dict[Any, list[Tensor]] = {}
    for p in params:
        movable = holders(p) <= ALONE and p.data.size > 0 and p.data.flags.c_contiguous
        together.setdefault((p.dtype, p.device) if movable else id(p), []).append(p)
    return [Bucket(kernel, ps, [state(p) for p in ps], keeps, not isinstance(key, int)) for key, ps in together.items()]


def _free() -> int:
    views = [backend.cpu.empty(3)]
    return getrefcount(views[0])


_FREE = _free()


class _Only:
    def __init__(self) -> None:
        self._grad = wrap(backend.cpu.empty(3))


def _unseen() -> int:
    only = _Only()
    return getrefcount(only._grad)


_UNSEEN = _unseen()
"""What is counted for a gradient that only its leaf holds."""
