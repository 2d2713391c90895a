"""Freed memory is kept for the next step instead of being handed back to the system.

Every temporary array above 128 kB is otherwise mapped anew: the system fills it with zeros page by page, which takes longer
than the arithmetic (a training step of 20 small residual blocks: 610 page faults and 1.8 times the time).  glibc's malloc
keeps what it is given if both of its thresholds are raised; one alone makes it worse.  The two are the whole process's, so
this waits for the first ``backward()``, and the environment variable ``GRADFLOW_MALLOC=system`` leaves malloc as it is.
"""

from __future__ import annotations

import os

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_MAPPED_FROM = 1 << 30  # a larger array is still mapped, and goes back when it is freed

kept: bool | None = None
"""Whether freed memory is kept; None as long as nothing has been decided."""


def keep() -> bool:
    """Let malloc keep freed memory; False where that is switched off, or malloc is not glibc's."""
    global kept
    if kept is None:
        kept = os.environ.get("GRADFLOW_MALLOC", "") != "system" and _raise_thresholds()
    return kept


def _raise_thresholds() -> bool:
    import ctypes

    try:
        libc = ctypes.CDLL(None)
        libc.gnu_get_libc_version  # noqa: B018 - other systems' mallopt takes other numbers
        mallopt = libc.mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1) and mallopt(_M_MMAP_THRESHOLD, _MAPPED_FROM))
