"""What a GradScaler does with the gradients of one optimizer: whether they are finite, and dividing them."""

from __future__ import annotations

from typing import Any

from . import backend
from ._engine import writes
from .backend import dtypes
from .typing import Array


class Turn:
    """What has been done for one optimizer since the last ``update()``."""

    __slots__ = ("finite", "optimizer", "scaled", "stepped")

    def __init__(self, optimizer: Any, finite: Array, scaled: bool) -> None:
        self.optimizer = optimizer
        self.finite: Any = finite  # an array of one bool, and that bool once the device has been asked
        self.scaled = scaled
        self.stepped = False

    def is_finite(self) -> bool:
        """Whether all gradients were finite; waits for the device the first time."""
        if not isinstance(self.finite, bool):
            self.finite = bool(backend.namespace_of(self.finite).to_host(self.finite).all())
        return bool(self.finite)


def finite(grads: list[Array]) -> Array:
    """One bool, on the device of the first: whether all elements are finite."""
    xp = backend.namespace_of(grads[0])
    there, found = xp.device_of(grads[0]), []
    for g in grads:
        here = backend.namespace_of(g)
        one = here.asarray(here.all(here.isfinite(g))).reshape(1)
        found.append(one if here.device_of(one) == there else here.moved(one, there))
    return xp.all(xp.concatenate(found), keepdims=True) if len(found) > 1 else found[0]


def divide(grads: list[Array], scale: float) -> None:
    """Divide arrays by ``scale``, in place."""
    factor = 1 / scale
    for g in grads:
        xp = backend.namespace_of(g)
        with xp.floating_errors(over="ignore", invalid="ignore"):
            # a float32 factor: in float16 the inverse of a large scale would be 0
            wide = g.dtype.itemsize == (16 if g.dtype.kind == "c" else 8)
            xp.multiply(g, xp.scalar(factor, dtypes.float64 if wide else dtypes.float32), out=g)
        writes.written(g)
