"""Which tensors show the memory of which, so that an in-place write through one reaches the graph of all."""

from __future__ import annotations

import weakref
from typing import Any

from .. import backend
from .tensor_layer import wrap


def link(view: Any, source: Any) -> None:
    """Note that ``view`` was made from ``source``, if it really shows its memory."""
    a, b = view.array, source.array
    if a is not b and a.base is None:
        return
    xp = backend.namespace_of(a)
    if xp.owner(a) is not xp.owner(b):
        return
    base = base_of(source)
    view._base = base
    views = getattr(base, "_views", None)
    if views is None:
        views = base._views = []
    elif len(views) > 8 and len(views) & (len(views) - 1) == 0:  # at each power of two, forget those that are gone
        views[:] = [r for r in views if r() is not None]
    views.append(weakref.ref(view))


def replace(tensor: Any, array: Any) -> None:
    """Give ``tensor`` other memory: it shows no other's any more, and none shows its."""
    base = getattr(tensor, "_base", None)
    if base is not None:
        base._views[:] = [r for r in base._views if r() is not tensor]
        tensor._base = None
    elif views := views_of(tensor):
        old = wrap(tensor.array, tensor.node)  # a tensor of the memory that they go on showing
        old._views, tensor._views = tensor._views, []
        for v in views:
            v._base = old
    tensor.array = array


def base_of(tensor: Any) -> Any:
    """The tensor whose memory ``tensor`` shows: itself, unless it was made by a view operation."""
    base = getattr(tensor, "_base", None)
    return tensor if base is None else base


def views_of(base: Any) -> list[Any]:
    """The living tensors that show the memory of ``base``."""
    return [t for t in (r() for r in getattr(base, "_views", None) or ()) if t is not None]
