"""What NumPy's own functions do with Tensors: ``np.exp(t)``, ``np.unique(t)``, ``array += t``.

``call_ufunc`` and ``call_function`` stand behind ``Tensor.__array_ufunc__`` and ``Tensor.__array_function__``.  A function
that gradflow.numpy has is recorded.  Any other runs in NumPy on bare arrays, and gives what NumPy gives, where no gradient
can be lost: no Tensor among the arguments requires grad, or the function has no derivative.  The arrays are read-only views
of the Tensors' memory, so that no function writes where gradflow would not know of it.
"""

from __future__ import annotations

from contextlib import suppress
from inspect import signature
from typing import Any

import numpy as np

from .. import backend
from .. import numpy as gnp
from .._recorded import Recorded, is_plotted, loses_gradient
from ..errors import DeviceError, NoCounterpartError

_WITHOUT_DERIVATIVE = {
    np.allclose, np.argpartition, np.argwhere, np.array2string, np.array_equal, np.array_equiv, np.array_repr, np.array_str,
    np.can_cast, np.common_type, np.count_nonzero, np.digitize, np.flatnonzero, np.iscomplex, np.iscomplexobj, np.isclose,
    np.isin, np.isneginf, np.isposinf, np.isreal, np.isrealobj, np.lexsort, np.may_share_memory, np.min_scalar_type,
    np.nanargmax, np.nanargmin, np.result_type, np.searchsorted, np.shares_memory, np.unravel_index,
}  # fmt: skip
"""Their results are whole numbers, booleans, text or dtypes."""

_CONVERSIONS = {np.atleast_1d, np.atleast_2d, np.atleast_3d}
"""Libraries make arrays of what they are given by these, for their C code: arrays, unless a gradient would be lost."""

_table: dict[Any, Any] = {}


def call_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """``ufunc(*inputs, **named)``, or one of its methods such as ``np.add.reduce``."""
    name = ufunc.__name__
    if method == "reduce" and name in gnp.REDUCTIONS:
        function: Any = gnp.REDUCTIONS[name]
        refused = [k for k in ("out", "where", "initial") if named.get(k) is not None]
        taken = {"axis": 0} | {k: v for k, v in named.items() if v is not None}
    else:
        function = getattr(gnp, name, None) if method == "__call__" else None
        known = signature(function).parameters if named and function is not None else {}  # axis= of np.vecdot
        refused, taken = [k for k in named if k not in known], named
    if function is not None and not refused:
        return function(*inputs, **taken)
    call = f"np.{name}" + ("" if method == "__call__" else f".{method}") + "".join(f" with {k}=" for k in refused)
    return _on_arrays(f"{call} is not recorded", getattr(ufunc, method), inputs, named)


def call_function(function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """``function(*args, **named)`` for a function of NumPy that asks its arguments, as all but a few do."""
    if not _table:
        _table.update({theirs: (ours, signature(ours)) for theirs, ours in gnp.table().items()})
    name = f"{function.__module__}.{function.__name__}".replace("numpy", "np", 1)
    problem = f"{name} is not recorded"
    if function in _CONVERSIONS:
        with suppress(NoCounterpartError, DeviceError):
            return _on_arrays(problem, function, args, named)
    if function in _table:
        recorded, takes = _table[function]
        try:
            takes.bind(*args, **named)
        except TypeError as misfit:
            problem = f"{name}: {misfit}; recorded is {name}({', '.join(takes.parameters)})"
        else:
            try:
                return recorded(*args, **named)
            except NoCounterpartError as refused:
                problem = str(refused)
    return _on_arrays(problem, function, args, named, function in _WITHOUT_DERIVATIVE or is_plotted())


def _on_arrays(problem: str, function: Any, args: tuple[Any, ...], named: dict[str, Any], any_tensor: bool = False) -> Any:
    """NumPy's own function on bare arrays; NoCounterpartError with ``problem`` if the gradient of an argument would be lost."""
    out = named.get("out")
    if any(isinstance(o, Recorded) for o in (out if isinstance(out, tuple) else (out,))):
        raise NoCounterpartError(f"{problem}, and out= is a Tensor, where NumPy cannot write: it would not be recorded")

    def bare(argument: Any) -> Any:
        if isinstance(argument, Recorded):
            if not any_tensor and loses_gradient(argument):
                raise NoCounterpartError(
                    f"{problem}, and a Tensor that requires grad is given; see gradflow.numpy for what is recorded, or use "
                    "detach() for the numbers alone"
                )
            if not isinstance(argument.array, np.ndarray):
                if is_plotted():
                    return backend.namespace_of(argument.array).to_host(argument.array)
                raise DeviceError(f"{problem}, and a Tensor on a GPU is not copied to NumPy unasked; use t.cpu()")
            array = argument.array.view()
            array.flags.writeable = False
            return array
        if isinstance(argument, list | tuple) and type(argument) in (list, tuple):
            return type(argument)(map(bare, argument))
        return {k: bare(v) for k, v in argument.items()} if type(argument) is dict else argument

    return function(*map(bare, args), **{k: bare(v) for k, v in named.items()})
