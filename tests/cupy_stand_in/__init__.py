"""A strict stand-in for CuPy, so that gradflow's CUDA path runs where there is no GPU.

    import cupy_stand_in

    cupy_stand_in.install()      # before anything asks for CuPy
    with cupy_stand_in.no_waits():
        train()                  # raises where CuPy would make the host wait for the device

It knows what the snapshot in ``api.json`` says that CuPy knows, and of that as much as gradflow uses: a name that CuPy
lacks is an AttributeError, a name that only the stand-in lacks a NotImplementedError that says so.  It may be stricter
than CuPy, never less strict.  Numbers are NumPy's; what only a real device can show (speed, races, the last bits of a
sum, the order of streams) is not in it.

    snapshot.py    what CuPy offers, and calls bound by its signatures
    record.py      the waits and the launches, and ``no_waits``
    memory.py      who owns which memory; page-locked memory
    array.py       cupy.ndarray: what it shows, refuses and converts to
    indexing.py    its indexing
    methods.py     its methods
    ufuncs.py      cupy.ufunc
    functions.py   the functions of the module cupy
    layouts.py     those that lay arrays out anew, and products
    linalg.py      cupy.linalg, cupyx.errstate
    randoms.py     cupy.random
    devices.py     cupy.cuda
    kernels.py     cupy.ElementwiseKernel
    compiler.py    its body, compiled for the host; host.h is what the body may call
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from . import array as _array
from . import devices, functions, layouts, linalg, methods, randoms
from .array import ndarray, shown
from .kernels import ElementwiseKernel
from .memory import MemoryPointer, UnownedMemory, empty_pinned
from .record import ImplicitWait, counted, launches, no_waits, waits
from .snapshot import API, Missing, put
from .ufuncs import ufunc

__all__ = ["ImplicitWait", "counted", "install", "launches", "no_waits", "waits"]


def install() -> Any:
    """Put the stand-in where ``import cupy`` finds it; returns the module ``cupy``."""
    if (there := sys.modules.get("cupy")) is not None:
        if there is not _array.CUPY:
            raise RuntimeError("CuPy itself is already imported; the stand-in cannot take its place")
        return there
    modules = {name: Missing(name) for name in _NAMES}
    for name, module in modules.items():
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(modules[parent], child, module)
    cupy, cupyx, cuda = modules["cupy"], modules["cupyx"], modules["cupy.cuda"]
    cupy.__version__ = cupyx.__version__ = API["version"]
    for found in (functions.UFUNCS, functions.FUNCTIONS, _numpys()):
        for name, thing in found.items():
            put(cupy, name, thing)
    for name, thing in {"ndarray": ndarray, "ufunc": ufunc, "ElementwiseKernel": ElementwiseKernel}.items():
        put(cupy, name, thing)
    for name, thing in linalg.FUNCTIONS.items():
        put(modules["cupy.linalg"], name, thing)
    for name in ("RandomState", "Generator", "default_rng"):
        put(modules["cupy.random"], name, getattr(randoms, name))
    for name in ("Device", "Event", "Stream", "get_current_stream", "get_elapsed_time"):
        put(cuda, name, getattr(devices, name))
    put(cuda, "MemoryPointer", MemoryPointer)
    put(cuda, "UnownedMemory", UnownedMemory)
    put(cuda, "is_available", lambda: True)
    put(cuda, "runtime", devices.runtime)
    cuda.curand = devices.curand
    put(cupyx, "errstate", linalg.errstate)
    put(cupyx, "empty_pinned", empty_pinned)
    put(cupyx, "rsqrt", ufunc("rsqrt", API["cupyx"]["ufuncs"]["rsqrt"]))
    for name in ("scatter_add", "scatter_max", "scatter_min"):
        put(cupyx, name, lambda a, slices, value, name=name: getattr(a, name)(slices, value))
    special = modules["cupyx.scipy.special"]
    put(special, "erf", ufunc("erf", API["cupyx.scipy.special"]["ufuncs"]["erf"]))
    modules["cupy_backends.cuda.api"].runtime = devices.runtime
    modules["cupy_backends.cuda.libs"].curand = devices.curand
    _strides(modules["cupy.lib.stride_tricks"])
    _array.CUPY = cupy
    sys.modules.update(modules)
    return cupy


_NAMES = [
    "cupy", "cupy.cuda", "cupy.fft", "cupy.lib", "cupy.lib.stride_tricks", "cupy.linalg", "cupy.random", "cupyx",
    "cupyx.scipy", "cupyx.scipy.special", "cupy_backends", "cupy_backends.cuda", "cupy_backends.cuda.api",
    "cupy_backends.cuda.libs",
]  # fmt: skip


def _numpys() -> dict[str, Any]:
    """What CuPy has taken over from NumPy as it is: types and constants."""
    found = {}
    for name, kind in API["cupy"]["others"].items():
        theirs = getattr(np, name, None)
        if (kind == "class" and isinstance(theirs, type) and issubclass(theirs, np.generic | np.dtype)) or (
            kind == "value" and isinstance(theirs, float)
        ):
            found[name] = theirs
    return found | {"newaxis": None, "finfo": np.finfo, "iinfo": np.iinfo}


def _strides(module: Any) -> None:
    tricks = np.lib.stride_tricks
    module.as_strided = lambda x, shape=None, strides=None: shown(tricks.as_strided(x._a, shape, strides))
    module.sliding_window_view = lambda x, window_shape, axis=None: shown(
        tricks.sliding_window_view(x._a, window_shape, axis, writeable=True)
    )


assert methods and layouts  # imported for what they add to cupy.ndarray and to the functions
