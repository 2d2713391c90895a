"""Numbers as they are given: of Python, of NumPy, and arrays and tensors without dimensions."""

from __future__ import annotations

import operator
from numbers import Real
from typing import Any


def plain(value: Any) -> Any:
    """A number of NumPy's, or an array or tensor without dimensions, as Python's number; anything else as it is.

    >>> import numpy as np
    >>> from gradflow._plain import plain
    >>> plain(np.float32(0.5)), plain(np.array(3)), plain("text")
    (0.5, 3, 'text')
    """
    return value.item() if getattr(value, "ndim", None) == 0 and hasattr(value, "item") else value


def whole_number(value: Any) -> int | None:
    """The whole number that ``value`` is; None if it is none, or a truth value.

    >>> from gradflow._plain import whole_number
    >>> whole_number(3), whole_number(3.0), whole_number(True)
    (3, None, None)
    """
    value = plain(value)
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def real_number(value: Any) -> Any:
    """The real number that ``value`` is, int or float; None if it is none, or a truth value.

    >>> import numpy as np
    >>> from gradflow._plain import real_number
    >>> real_number(np.float16(0.5)), real_number(2), real_number(True), real_number("2")
    (0.5, 2, None, None)
    """
    value = plain(value)
    return value if isinstance(value, Real) and not isinstance(value, bool) else None
