"""Zeros of a gradient that are there because the result does not depend on the element: structural zeros.

The rule for zero times infinity.  A derivative rule is the plain product ``g * slope``.  Where ``g`` is 0 and the slope is
infinite or NaN, the product is NaN, as in PyTorch and JAX: the true derivative may be anything (that of ``sqrt(x) ** 2`` at 0
is 1).  One kind of 0 is known to be right whatever the slope: that of an element which a selecting operation did not take
(the branch that ``where`` left, what an index left out, the smaller argument of ``maximum``, the outside of ``clamp``).
There the gradient is 0.

``Masked`` is a gradient together with the places of its structural zeros, and travels in the place of the bare gradient.
What holds of it:

1. Where ``zeros`` is true the result does not depend on the element, and the gradient is 0, whatever ``data`` holds there.
   ``clean`` says that ``data`` holds 0 there already; ``plain()`` is the gradient with these zeros written.
2. ``zeros`` may be smaller than the truth and never larger: a zero that is not marked costs a NaN, one that is marked
   wrongly would be a wrong number.  So an element at which two arguments of ``maximum`` are equal is not marked, and
   ``relu``, which keeps too little to tell ``x < 0`` from ``x = 0``, marks nothing.
3. ``zeros`` does not depend on the gradient: it is a bare array of booleans, broadcast to the shape of one gradient, also
   where gradients are batches or Tensors (of symbols it is a symbol).  It is found when first asked for, which on the CPU is
   only if an infinity or a NaN is among the numbers.
4. Only a parent whose operation ``carries`` is given a Masked, and the first one only if there is a pole for it to meet.
   Elementwise operations carry: the zeros of a result are zeros of each of its inputs.  Linear operations with no negative
   weights (shapes, indexing, sums, casts) carry: an element to which nothing but zeros comes back is one.  Every other
   operation, each leaf, hook and user is given ``plain()``.
5. Where gradients of several uses meet, the zeros that all of them have stay.
6. In a recorded backward the zeros are written by a recorded ``where``, which marks them anew in derivatives of higher order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from numpy import ndarray

from .. import backend
from .._standins.batch import Batch
from ..backend import dtypes
from ..typing import Array, Namespace, Shape
from .tensor_layer import tensor_layer

DEEPEST = 30
"""So many masks may wait for each other: a long chain of selections is found part by part, without deep recursion."""


class Zeros:
    """Where structural zeros are: an array of booleans, found when first called, from those of ``parts`` if there are any."""

    __slots__ = ("_find", "_found", "depth")

    def __init__(self, find: Callable[[], Array], *parts: Zeros) -> None:
        self._find: Callable[[], Array] | None = find
        self._found: Array = None
        self.depth = 1
        if parts:
            self.depth += max([z.depth for z in parts])
            if self.depth > DEEPEST:
                self()

    @property
    def known(self) -> bool:
        return self._find is None

    def __call__(self) -> Array:
        if self._find is not None:
            self._found, self._find, self.depth = _bare(self._find()), None, 0
        return self._found


class Masked:
    """A gradient whose elements at ``zeros`` count as 0 (the module's docstring says what holds)."""

    __slots__ = ("array", "clean", "shared", "zeros")

    def __init__(self, data: Any, zeros: Zeros, clean: bool) -> None:
        self.array, self.zeros, self.clean = data, zeros, clean
        self.shared: list[Zeros] | None = None  # of what has met others: all their zeros

    def plain(self) -> Any:
        """The gradient as everybody else takes it, with its structural zeros written."""
        if not self.clean:
            self.array, self.clean = _cleared(self.array, self.zeros), True
        return self.array


def plain(g: Any) -> Any:
    """A gradient as a hook, a leaf or an operation that does not carry takes it."""
    return g.plain() if g.__class__ is Masked else g


def mapped(function: Callable[[Any], Any], g: Any) -> Any:
    """``function``, which maps 0 to 0, of a gradient that may be Masked."""
    return Masked(function(g.array), g.zeros, g.clean) if g.__class__ is Masked else function(g)


def still(masked: Masked, g: Any) -> Masked:
    """``masked`` after hooks have seen it as ``g``, and perhaps written into it."""
    return Masked(g, Zeros(lambda: _in_all([masked.zeros, Zeros(lambda: _bare(g) == 0)]), masked.zeros), True)


def _bare(zeros: Any) -> Any:
    return zeros.array if isinstance(zeros, tensor_layer.tensor) else zeros


def _cleared(d: Any, zeros: Zeros) -> Any:
    zero = d.dtype.type(0)
    if isinstance(d, tensor_layer.tensor):  # always: where the first derivative is finite the second may not be
        return tensor_layer.namespace.where(zeros(), zero, d)
    xp = backend.namespace_of(d)
    return d if xp.surely_finite(d) else xp.where(zeros(), zero, d)


# --- marking: what the backward of a selecting operation calls ------------------------------------------------------------


def unused(d: Any, p: Any, whole: Shape, find: Callable[[], Array], clean: bool) -> Masked:
    """The gradient ``d`` for the parent ``p`` of a selecting operation; ``find()``: which elements, of the ``whole`` to which
    inputs were broadcast, it did not take."""
    zeros = Zeros(find)
    return Masked(d, zeros if p.shape == whole else _folded(zeros, whole, p.shape), clean)


def left_out(d: Any, p: Any, op: Any, saved: Any, g: Any) -> Masked:
    """The gradient ``d`` for ``p``, the first parent of a linear operation that leaves out some of its elements."""
    xp, shape = _namespace_below(g), g.shape
    return Masked(d, Zeros(lambda: _unreached(op, xp, saved, (p, *(None,) * (len(op.differentiable) - 1)), shape, None)[0]), True)


def meets_pole(p: Any, further: int = 3) -> bool:
    """False where no pole can follow: neither in ``p``, which carries, nor behind it, as far as that carries."""
    if not p.op.tame or not further:
        return True
    for q in p.parents:  # noqa: SIM110 - a third of the time that any() takes
        if q is not None and q.op.carries and meets_pole(q, further - 1):
            return True
    return False


# --- carrying: what the sweep calls at a node that is given a Masked --------------------------------------------------------


def carry(masked: Masked, g: Any, op: Any, xp: Namespace, saved: Any, parents: Sequence[Any], give: Any, none: Any) -> None:
    """Run the backward of ``op``, which carries; ``g`` is the data of ``masked``, in the form that the rules take it."""
    if op.kind == "elementwise":
        op.backward(xp, g, saved, _unsummed(parents, g.shape), _spread(masked, g, xp, give), none)
        return
    if not masked.clean:
        g = _cleared(g, masked.zeros)
    below, shape, zeros, place = _namespace_below(g), g.shape, masked.zeros, -1
    found = Zeros(lambda: _unreached(op, below, saved, parents, shape, zeros), zeros)

    def handed(p: Any, d: Any) -> None:
        nonlocal place
        place += 1
        k = place
        d = plain(d)  # what a selecting operation left out is among what nothing comes back to
        give(p, Masked(d, Zeros(lambda: found()[k], found), True) if p.op.carries else d)

    op.backward(xp, g, saved, parents, handed, none)


def _spread(masked: Masked, g: Any, xp: Namespace, give: Any) -> Callable[[Any, Any], None]:
    """``give`` of an elementwise operation: the zeros of its result are zeros of each input."""

    def handed(p: Any, d: Any) -> None:
        zeros, clean = masked.zeros, masked.clean
        if d.__class__ is Masked:  # a selecting operation's own
            zeros, clean, d = _either(zeros, d.zeros), clean and d.clean, d.array
        else:
            clean = clean and d is g
        if p.__class__ is _Unsummed:
            d, clean = d if clean else _cleared(d, zeros), True
            zeros, p = _folded(zeros, p.shape, p.parent.shape), p.parent
            d = xp.sum_to(d, p.shape)
        if p.op.carries:
            give(p, Masked(d, zeros, clean))
        else:
            give(p, d if clean else _cleared(d, zeros))

    return handed


class _Unsummed:
    """Stands for a parent that was broadcast, in the shape of the result: so its gradient comes before it is summed."""

    __slots__ = ("op", "parent", "parents", "shape")

    def __init__(self, parent: Any, shape: Shape) -> None:
        self.parent, self.shape, self.op, self.parents = parent, shape, parent.op, parent.parents


def _unsummed(parents: Sequence[Any], shape: Shape) -> Sequence[Any]:
    for p in parents:
        if p is not None and p.shape != shape:
            return [p if p is None or p.shape == shape else _Unsummed(p, shape) for p in parents]
    return parents


def meet(a: Any, b: Any) -> Any:
    """The sum of two gradients of one node, of which one at least is Masked."""
    if a.__class__ is not Masked or b.__class__ is not Masked:
        return plain(a) + plain(b)
    if a.zeros is b.zeros:
        return Masked(a.array + b.array, a.zeros, a.clean and b.clean)
    if a.shared is None or a.zeros.known:
        parts = [a.zeros, b.zeros]
        made = Masked(a.plain() + b.plain(), Zeros(lambda: _in_all(parts), *parts), True)
        made.shared = parts
        return made
    a.shared.append(b.zeros)  # nobody else has been given what met here, nor asked for its zeros
    a.zeros.depth = max(a.zeros.depth, b.zeros.depth + 1)
    if isinstance(a.array, tensor_layer.tensor):
        a.array = a.array + b.plain()
    else:
        a.array += b.plain()
    return a


# --- masks of masks -----------------------------------------------------------------------------------------------------------


def _either(a: Zeros, b: Zeros) -> Zeros:
    return Zeros(lambda: backend.namespace_of(a()).logical_or(a(), b()), a, b)


def _in_all(parts: list[Zeros]) -> Array:
    found = parts[0]()
    for z in parts[1:]:
        found = backend.namespace_of(found).logical_and(found, z())
    return found


def _folded(zeros: Zeros, whole: Shape, shape: Shape) -> Zeros:
    """Zeros of a gradient that is summed from ``whole`` to ``shape``: elements for which all summands are."""

    def find() -> Array:
        xp = backend.namespace_of(zeros())
        used = xp.astype(xp.logical_not(zeros()), dtypes.float32)
        return xp.equal(xp.sum_to(xp.broadcast_to(used, whole), shape), 0)

    return Zeros(find, zeros)


def _unreached(op: Any, xp: Namespace, saved: Any, parents: Sequence[Any], shape: Shape, zeros: Zeros | None) -> list[Array]:
    """For each gradient that a linear operation hands on: where nothing but zeros comes back.

    Its own rule is run on 1 for what is no zero and 0 for what is: with no negative weight nothing cancels.
    """
    found: list[Array] = []
    used = xp.ones(shape, dtypes.float32)
    if zeros is not None:
        used = used * xp.astype(xp.logical_not(zeros()), dtypes.float32)
    op.backward(xp, used, saved, parents, lambda _, d: found.append(xp.equal(plain(d), 0)), lambda _: None)
    return found


def _namespace_below(g: Any) -> Namespace:
    """The namespace of bare arrays for a gradient that may be a Tensor or a batch."""
    if g.__class__ is ndarray:
        return backend.cpu
    g = _bare(g)
    return backend.namespace_of(g.array if isinstance(g, Batch) else g)
