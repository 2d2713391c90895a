"""Floor 1: the two backends behind one contract.

``cpu`` (NumPy) and ``cuda`` (CuPy) are modules with the same names and signatures; an operation is written over
whichever of them is passed as ``xp``.  CuPy is imported when a CUDA device is first asked for, never before.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DeviceError
from ..typing import Array, Namespace
from . import cpu
from .devices import CPU, device, get_default_device, set_default_device

__all__ = [
    "CPU", "cpu", "cuda_is_available", "device", "get_default_device", "is_array", "namespace_for", "namespace_of",
    "set_default_device",
]  # fmt: skip

_cuda: Any = None
_HOST = (np.ndarray, np.generic)


def _import_cuda() -> Any:
    global _cuda
    if _cuda is None:
        try:
            from . import cuda
        except ImportError as problem:
            raise DeviceError(
                "device 'cuda' needs CuPy, which cannot be imported here "
                f"({problem}); install it with: pip install 'gradflow[cuda12x]' (or cuda13x, to match the driver)"
            ) from problem
        _cuda = cuda
    return _cuda


def cuda_is_available() -> bool:
    """True if CuPy is installed and a CUDA device answers."""
    try:
        return bool(_import_cuda().device_count() > 0)
    except DeviceError:
        return False


def namespace_for(where: str | device | None) -> Namespace:
    """The backend of a device; one clear DeviceError if CuPy or the GPU is missing."""
    where = get_default_device() if where is None else device(where)
    if where.type == "cpu":
        return cpu
    cuda = _import_cuda()
    count = cuda.device_count()
    if count == 0:
        raise DeviceError(
            "device 'cuda' needs a GPU and its driver: CuPy is installed but finds no CUDA device; "
            "use device='cpu', or check that nvidia-smi lists a GPU"
        )
    if where.index is not None and where.index >= count:
        raise DeviceError(f"there is no device '{where}': {count} CUDA device(s) here, numbered from 0")
    return cuda


def namespace_of(array: Array) -> Namespace:
    """The backend that an array belongs to."""
    if isinstance(array, _HOST):
        return cpu
    if _cuda is not None or type(array).__module__.partition(".")[0] == "cupy":
        cuda = _import_cuda()
        if isinstance(array, cuda.ndarray):
            return cuda
    raise TypeError(f"{type(array).__name__} is not an array of NumPy or CuPy")


def is_array(value: Any) -> bool:
    """True for a NumPy or CuPy array (a NumPy scalar counts)."""
    if isinstance(value, _HOST):
        return True
    return type(value).__module__.partition(".")[0] == "cupy" and isinstance(value, _import_cuda().ndarray)
