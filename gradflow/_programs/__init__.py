"""Layer 2: a formula as a ``Program``, and the writers that make a kernel of one.

``primitives``: the operations that kernels know.  ``program``: expressions and ``Program``.  ``numpy_writer``: calls with
``out=`` over blocks, on several ``threads``.  ``cuda_writer``: the text of an ElementwiseKernel.

A writer is a class that is made of ``(xp, program, storage, compute)`` and has ``bind(arrays)``; another one needs a line in
``WRITERS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from ..backend import dtypes
from ..errors import DTypeError
from ..typing import Namespace
from .program import Program
from .threads import get_num_threads, set_num_threads

__all__ = ["WRITERS", "computed_in", "get_num_threads", "set_num_threads", "written"]

WRITERS = {"gradflow.backend.cpu": (".numpy_writer", "NumPyKernel"), "gradflow.backend.cuda": (".cuda_writer", "CudaKernel")}
"""The writer for a backend: the module it is in, which is imported when it is first asked for, and the class."""


def written(xp: Namespace, program: Program, storage: Mapping[str, np.dtype[Any]]) -> Any:
    """The kernel that computes ``program`` on arrays of ``xp`` of the dtypes ``storage``."""
    for name, dtype in storage.items():
        if dtype.kind != "f":
            raise DTypeError(f"{program.name}: {name} is {dtype}; kernels compute with real floating-point numbers")
    module, kind = WRITERS[xp.__name__]
    return getattr(import_module(module, __package__), kind)(xp, program, dict(storage), computed_in(storage))


def computed_in(storage: Mapping[str, np.dtype[Any]]) -> np.dtype[Any]:
    """The dtype that a kernel on arrays of these computes in: the widest, but not float16."""
    return max([dtypes.float32, *storage.values()], key=lambda t: t.itemsize)
