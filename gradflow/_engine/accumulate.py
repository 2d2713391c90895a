"""Where gradients end: leaves, the memory of their gradients, and the addition at the end of a backward pass.

A training loop computes the same gradients at every step, so their memory lasts: it is a ``GradientBuffer``, and the next
gradient is written into it.  What makes that safe, and what tests/engine/test_gradient_memory.py and ci/optimizer_fuzz attack:

1.  The array of a buffer is used inside ``engine`` and ``optim.flat`` only.  Reading ``.grad`` gives an alias: another array of
    the same memory, which is no view, so that every view of the alias (a slice, ``numpy()``, DLPack, ``detach()``) keeps the
    alias alive.  A weak reference to the alias therefore tells whether anything outside shows the memory.
2.  A buffer is the gradient of at most one leaf (``Leaf.buffer``), or set aside for its next gradient (``Leaf.spare``), or
    lent to a backward pass that writes into it (``Leaf.lent``).
3.  A buffer that is the gradient of its leaf is only added to, as PyTorch adds to ``.grad`` in place.
4.  A buffer is overwritten only while ``is_free()``: nothing outside shows it, and no pass is writing into it.  ``zero_grad()``
    sets a buffer aside if it is free; if it is not, the buffer is left to those who show it and the next gradient gets new
    memory.
5.  ``.grad`` is written when a whole pass has succeeded.  A pass that fails gives back what it was lent.

No reference count is read: a garbage collector that frees late only makes a buffer look used for longer.
"""

from __future__ import annotations

import weakref
from _thread import RLock
from typing import Any

from .. import backend
from ..typing import Array, Shape
from .node import Node, NodeExtras, RemovableHandle
from .tensor_layer import Value, tensor_layer, wrap
from .writes import writes

accumulating = RLock()
"""Held while the gradient of a leaf changes.  The thread that holds it may take it again: a finalizer may run at any time."""


class GradientBuffer:
    """Memory for the gradient of one leaf."""

    __slots__ = ("_alias", "array", "busy")

    def __init__(self, array: Array) -> None:
        self.array = array
        self.busy = False  # a backward pass writes into it
        self._alias: weakref.ref[Array] | None = None

    def alias(self) -> Array:
        """An array of the same memory, to be seen outside; asked for once, by the leaf whose gradient this is."""
        alias = backend.namespace_of(self.array).alias(self.array)
        self._alias = weakref.ref(alias)
        return alias

    def is_free(self) -> bool:
        """True while the memory may be overwritten."""
        return not self.busy and (self._alias is None or self._alias() is None)


class _Accumulate:
    """The operation of a leaf, whose gradient is added to ``.grad``; the backward pass ends there."""

    title, name, kind = "AccumulateGrad", "leaf", "leaf"
    saves: tuple[str, ...] = ()
    releases = holomorphic = carries = False

    def backward(self, *_: Any) -> None:
        """Never called: a leaf hands nothing on."""

    def lift(self, node: Any, g: Any) -> tuple[Any, ...]:
        return ()


_ACCUMULATE = _Accumulate()

leaves_with_hooks: weakref.WeakSet[Leaf] = weakref.WeakSet()
"""The leaves on which a hook was ever registered: while there are none, no backward pass looks for the last use of one."""


class Leaf(Node):
    """The node of a tensor made by the user with ``requires_grad=True``; ``grad`` is the tensor's ``.grad``.

    The gradient is in ``buffer``, or in a Tensor that was assigned or recorded; ``_tensor`` is the Tensor that reading
    ``.grad`` gives, None before the first reading.
    """

    __slots__ = ("_alias", "_tensor", "buffer", "lent", "spare")

    def __init__(self, owner: Value) -> None:
        self.op = _ACCUMULATE
        self.parents, self.saved, self.seq = (), (), 0
        self.shape = owner.array.shape
        self.extra = NodeExtras()
        self.extra.variable = weakref.ref(owner)  # weak, or tensor and node would keep each other alive
        self._tensor: Any = None
        self._alias: Array | None = None
        self.buffer: GradientBuffer | None = None
        self.spare: GradientBuffer | None = None
        self.lent: GradientBuffer | None = None

    @property
    def variable(self) -> Any:
        """The tensor whose gradient is collected here (None once it is gone)."""
        assert self.extra is not None and self.extra.variable is not None
        return self.extra.variable()

    def target_shape(self) -> Shape:
        variable = self.variable
        if variable is not None:
            self.shape = variable.array.shape  # the user may have replaced the array
        return self.shape

    def register_gradient_hook(self, hook: Any) -> RemovableHandle:
        """Call ``hook(gradient)`` in each backward pass, as soon as the last use of the tensor has handed on its gradient."""
        handle = RemovableHandle(self.metadata.hooks, hook)
        leaves_with_hooks.add(self)
        return handle

    def register_prehook(self, hook: Any) -> RemovableHandle:
        """Call ``hook((gradient,))`` where ``register_gradient_hook`` calls its hook, after it."""
        leaves_with_hooks.add(self)
        return super().register_prehook(hook)

    # --- reading and replacing the gradient ---------------------------------------------------------------------------

    @property
    def grad(self) -> Any:
        if self._tensor is None and self.buffer is not None:
            with accumulating:
                if self._tensor is None and self.buffer is not None:
                    self._alias = self.buffer.alias()
                    self._tensor = wrap(self._alias)
        return self._tensor

    @grad.setter
    def grad(self, value: Any) -> None:
        with accumulating:
            if value is None or value is not self._tensor:
                self.clear()
                self._tensor = value

    def clear(self) -> None:
        """Make ``.grad`` None, and set its memory aside for the next gradient if nothing outside shows it."""
        buffer = self.buffer
        self.buffer = self._tensor = self._alias = None
        if buffer is not None and self.spare is None and buffer.is_free():
            self.spare = buffer

    def is_unread(self) -> bool:
        """True while the gradient is in the buffer alone."""
        return self._tensor is None

    def numbers(self) -> Array | None:
        """The array of the gradient for reading: that of the buffer where the gradient is in it."""
        tensor, buffer = self._tensor, self.buffer
        if tensor is None:
            return None if buffer is None else buffer.array
        array = tensor.array
        return array if buffer is None or array is not self._alias else buffer.array

    def moved_to(self, buffer: GradientBuffer) -> None:
        """The numbers of the gradient have been copied into ``buffer``, which becomes the memory of this or the next gradient."""
        with accumulating:
            if self._tensor is None:
                self.buffer, self.spare = buffer, None
            else:
                self.spare = buffer

    # --- what a backward pass brings ------------------------------------------------------------------------------------

    def lend_buffer(self) -> GradientBuffer | None:
        """A buffer for the first gradient of a pass; None if there is a gradient to add to, or no free buffer that fits."""
        with accumulating:
            spare, variable = self.spare, self.extra.variable()  # type: ignore[union-attr, misc]
            if spare is None or variable is None or self.buffer is not None or self._tensor is not None:
                return None
            data, array = variable.array, spare.array
            if data.dtype is not array.dtype or data.shape != array.shape or not array.flags.c_contiguous:
                return None  # a product is written into C-contiguous memory only
            self.spare, self.lent, spare.busy = None, spare, True
            return spare

    def take_back(self, buffer: GradientBuffer) -> None:
        """``buffer`` was lent to a pass that did not need it after all."""
        with accumulating:
            buffer.busy = False
            if self.lent is buffer:
                self.lent = None
            if self.spare is None:
                self.spare = buffer

    def add(self, g: Any, owned: bool, create_graph: bool) -> None:
        """Add what a pass brought; ``owned``: no other gradient or tensor has that array."""
        tensor, buffer = self._tensor, self.buffer
        if tensor is None and buffer is None:
            if create_graph:
                # The same Tensor may have reached other leaves; the next pass adds to this one in place.
                self._tensor = wrap(copy_of(g.array), g.node)
            else:
                self.buffer = self._filled(g, owned)
        elif create_graph:
            self.grad = self.grad + g
        else:
            array = buffer.array if tensor is None else tensor.array  # type: ignore[union-attr]
            array += g
            if tensor is not None:  # a gradient that was not read is in no graph
                writes.written(array)
            lent = self.lent
            if lent is not None and g is lent.array:
                self.take_back(lent)

    def _filled(self, g: Array, owned: bool) -> GradientBuffer:
        spare = self.spare
        if spare is None or spare.array.dtype is not g.dtype or spare.array.shape != g.shape or not spare.is_free():
            return GradientBuffer(g if owned else copy_of(g))
        self.spare = None
        spare.array[...] = g
        return spare


def copy_of(g: Array) -> Array:
    """A copy of a gradient that may share memory with something else."""
    return backend.namespace_of(g).array(g, copy=True)


def accumulate(grads: dict[Node, Any], owned: set[Node], create_graph: bool) -> None:
    """Add what reached each leaf to its ``.grad``."""
    leaf: Any
    with accumulating:
        for leaf, g in grads.items():
            tensor = leaf.extra.variable()
            if tensor is not None:
                if tensor.node is not leaf:
                    continue  # requires_grad was switched off after the tensor was used
                if g.shape != tensor.array.shape:  # the user replaced the array after an earlier use
                    xp = tensor_layer.namespace if create_graph else backend.namespace_of(g)
                    g = xp.sum_to(g, leaf.target_shape())
            lent = leaf.lent
            if lent is not None and g is lent.array and leaf.buffer is None and leaf.is_unread():
                leaf.buffer, leaf.lent, lent.busy = lent, None, False
            else:
                leaf.add(g, leaf in owned, create_graph)
    for leaf in grads:
        extra = leaf.extra
        if extra is not None and extra.post_hooks:
            for hook in list(extra.post_hooks.values()):
                hook(leaf.variable)
