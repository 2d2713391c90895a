"""What the methods of ``gradflow.numpy.ndarray`` do with NumPy's arguments that are not recorded."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError, NoCounterpartError

_NO_VALUE = getattr(np, "_NoValue", None)


def refuse(name: str, **given: Any) -> None:
    """NoCounterpartError for an argument of NumPy's that is not recorded."""
    for key, value in given.items():
        if value is not None and value is not _NO_VALUE and not (key == "where" and value is True):
            cure = {"out": "write a[...] = ...", "where": "use gradflow.numpy.where"}.get(key, "leave it out")
            raise NoCounterpartError(f"{name}: {key}= is not recorded; {cure}")


def of_a_dimension(array: Any) -> Any:
    """``array``, of one dimension if it has none, as NumPy takes it where there is an axis to go along."""
    return array if array.ndim else array.reshape(1)


def c_order(name: str, order: str) -> None:
    if order != "C":
        raise ArgumentError(f"{name}: order is 'C' or 'F', not {order!r}: that of the memory is not recorded")
