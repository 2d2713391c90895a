"""Writing into a tensor's memory: ``add_``, ``x[i] = v``, ``copy_``, and what that means for the graph.

A write through a view changes its base and every other view of it.  The base then gets a node for "the base with these
elements replaced", and each living view one for "these elements of the base", so that gradients go where the numbers
went.  Which elements a view shows is read off the addresses and strides of the arrays when it is written to; making a
view costs nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from . import backend
from .engine import REGISTRY, Ghost, Leaf, base_of, mode, tick, views_of, wrap, writes
from .errors import DeviceError, DTypeError, IndexingError, InPlaceError, ShapeError
from .ops import elementwise, index, shape
from .typing import Array, TensorLike

if TYPE_CHECKING:
    from .tensor import Tensor

P = ParamSpec("P")


def of(function: Callable[Concatenate[Any, P], Tensor], name: str) -> Callable[Concatenate[Tensor, P], Tensor]:
    """The in-place form of an operation: its result written over its first input."""

    def write(self: Tensor, /, *args: P.args, **kwargs: P.kwargs) -> Tensor:
        allow(self, name)
        began = tick()
        result = function(self, *args, **kwargs)
        _keep_copies(result.node, self.data, began)
        overwrite(self, result, name)
        return self

    write.__name__ = write.__qualname__ = name
    write.__doc__ = f"``{name[:-1]}``, written over this tensor; the graph records it."
    return write


def allow(t: Any, name: str) -> None:
    """Raise InPlaceError where a write cannot be: into a leaf that is being recorded, into memory that repeats."""
    if mode.recording:
        base = base_of(t)
        if isinstance(base.node, Leaf):
            what = "a leaf tensor that requires grad" if base is t else "a view of a leaf tensor that requires grad"
            raise InPlaceError(
                f"{name}: {what} cannot be written in place while it is recorded; use gf.no_grad(), or write out of place"
            )
    if t.data.size and any(s == 0 and n > 1 for s, n in zip(t.data.strides, t.data.shape, strict=True)):
        raise InPlaceError(f"{name}: this tensor of shape {t.shape} repeats the same memory (expand); clone() it before writing")
    if not getattr(getattr(t.data, "flags", None), "writeable", True):
        raise InPlaceError(f"{name}: this tensor shows an array that is read-only; clone() it before writing")


def _keep_copies(node: Any, data: Array, began: int) -> None:
    """Where the nodes made since ``began`` kept the memory that is about to be overwritten, let them keep a copy."""
    copy = None
    todo = [node]
    while todo:
        n = todo.pop()
        if n is None or n.seq < began:
            continue
        todo.extend(n.parents)
        if any(k is data for k in n.kept):
            copy = backend.namespace_of(data).array(data, copy=True) if copy is None else copy
            n.kept = tuple(copy if k is data else k for k in n.kept)


def overwrite(t: Any, result: Any, name: str) -> None:
    """Put ``result`` into the memory of ``t`` and make its graph that of ``t``."""
    data = t.data
    if result.data.shape != data.shape:
        raise ShapeError(f"{name}: a result of shape {result.shape} does not fit into a tensor of shape {t.shape}")
    if result.dtype != data.dtype:
        if result.dtype.kind != data.dtype.kind and "fciub".find(result.dtype.kind) < "fciub".find(data.dtype.kind):
            raise DTypeError(f"{name}: a result of {result.dtype} cannot be held by a tensor of {data.dtype}; write out of place")
        result = elementwise.cast(result, data.dtype)
    data[...] = result.data
    _rebase(t, result.node if mode.recording else t.node)


def _rebase(t: Any, node: Any) -> None:
    """Give ``t`` the graph ``node`` of its new contents, and its base and the views of that theirs."""
    writes.written(t.data)
    if not mode.recording:
        return
    base = base_of(t)
    if base is t:
        t.node = node
    else:
        old = base.node
        if node is None and old is None:
            return
        places = _places(base.data, t.data)
        base.node = REGISTRY["window_set"].record(
            base.data, (old, node), {"offset": places, "_v": Ghost(t.data), "_x": Ghost(base.data)}
        )
    if base.node is None and node is None:
        return
    for view in views_of(base):
        if base.node is None:
            view.node = None
        else:
            places = _places(base.data, view.data)
            view.node = REGISTRY["window"].record(view.data, (base.node,), {"_x": Ghost(base.data), "offset": places})


def _places(base: Array, view: Array) -> Array:
    """Where in the flattened ``base`` each element of ``view`` lies, as integers of the shape of ``view``."""
    xp = backend.namespace_of(base)
    offset = xp.zeros((1,) * view.ndim, "int64") + (xp.address(view) - xp.address(base))
    for d, (n, stride) in enumerate(zip(view.shape, view.strides, strict=True)):
        offset = offset + xp.reshape(xp.arange(n) * stride, tuple(n if i == d else 1 for i in range(view.ndim)))
    lowest = sum(min(stride, 0) * (n - 1) for n, stride in zip(base.shape, base.strides, strict=True))
    offset = offset - lowest
    places = xp.zeros_like(offset)
    sizes = list(base.shape)
    for d in sorted(range(base.ndim), key=lambda i: -abs(base.strides[i])):
        n, stride = base.shape[d], base.strides[d]
        if n == 1:
            continue
        at = offset // abs(stride)
        offset = offset - at * abs(stride)
        if stride < 0:
            at = n - 1 - at
        weight = 1
        for size in sizes[d + 1 :]:
            weight *= size
        places = places + at * weight
    return xp.reshape(places, view.shape)


def setitem(t: Any, where: Any, value: TensorLike) -> None:
    """``t[where] = value``, recorded."""
    allow(t, "x[index] = value")
    where = index.bare(where)
    if not hasattr(value, "node"):
        value = wrap(_filled(t.data, value))
    xp = backend.namespace_of(t.data)
    if backend.namespace_of(value.data) is not xp:
        raise DeviceError(f"x[index] = value: x is on {t.device}, value on {value.device}; use value.to('{t.device}')")
    if value.dtype != t.dtype:
        value = elementwise.cast(value, t.dtype)
    recorded = mode.recording and (t.node is not None or value.node is not None)
    if recorded and xp.owner(value.data) is xp.owner(t.data):
        value = shape.clone(value)
    try:
        xp.setitem(t.data, where, value.data)
    except (ValueError, IndexError, TypeError) as problem:
        kind = ShapeError if isinstance(problem, ValueError) else IndexingError
        raise kind(f"x[index] = value: {problem} (x has shape {t.shape}, value {tuple(value.shape)})") from None
    node = t.node
    if recorded:
        kept = {"index": where, "_v": Ghost(value.data), "_x": Ghost(t.data)}
        node = REGISTRY["index_set"].record(t.data, (t.node, value.node), kept)
    _rebase(t, node)


def _filled(like: Array, value: Any) -> Array:
    xp = backend.namespace_of(like)
    try:
        return xp.asarray(value, dtype=like.dtype)
    except (TypeError, ValueError):
        raise DTypeError(f"x[index] = value: {type(value).__name__} is not a number, an array or a Tensor") from None


def copy_(self: Tensor, source: TensorLike) -> Tensor:
    """Write ``source`` (broadcast, cast and moved to this device) over this tensor; the graph records it."""
    allow(self, "copy_")
    if not hasattr(source, "node"):
        source = wrap(_filled(self.data, source))
    value = source.to(self.device) if source.device != self.device else source
    if value.dtype != self.dtype:
        value = elementwise.cast(value, self.dtype)
    if value.shape != self.shape:
        value = shape.broadcast_to(value, self.shape)
    if value is source and mode.recording and value.node is not None:
        value = shape.clone(value)  # a node of its own, or hooks and gradients of the two tensors would be one
    overwrite(self, value, "copy_")
    return self


def fill_(self: Tensor, value: TensorLike) -> Tensor:
    """Write one number over the whole tensor."""
    if getattr(value, "ndim", 0):
        raise ShapeError(f"fill_: takes one number, got shape {value.shape}")
    return copy_(self, value)


def zero_(self: Tensor) -> Tensor:
    """Write 0 over the whole tensor."""
    return copy_(self, 0)
