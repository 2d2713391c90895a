"""What the adapters on CuPy share."""

from __future__ import annotations

import cupy


def synchronize() -> None:
    cupy.cuda.runtime.deviceSynchronize()


def device_name() -> str:
    name = cupy.cuda.runtime.getDeviceProperties(0)["name"]
    return str(name.decode())


def pool_bytes() -> float | None:
    """What CuPy's pool holds: the most that has been in use since it was emptied."""
    try:
        return float(cupy.get_default_memory_pool().total_bytes())
    except (AttributeError, NotImplementedError):  # the tests' stand-in for CuPy has no pool
        return None


def empty_pool() -> None:
    if pool_bytes() is not None:
        cupy.get_default_memory_pool().free_all_blocks()
