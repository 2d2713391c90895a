"""float16: operations that compute in float32 what they are given in float16."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from types import FunctionType
from typing import Any, ParamSpec, TypeVar

import numpy as np

from ..backend import dtypes
from .tensor_layer import tensor_layer

P = ParamSpec("P")
R = TypeVar("R")


def wide(function: Callable[P, R]) -> Callable[P, R]:
    """Decorates an operation, or a function made of several, that computes in float32 what it is given in float16.

    Its float16 inputs are cast, its result is cast back, and both casts are recorded: so value and gradients, of any order,
    are those in float32, rounded once.  For a formula of one or two roundings that is not needed, nor for sums of float16,
    which the backends keep in float32 in any case.
    """
    op = getattr(function, "op", None)
    if op is not None:
        op.wide = True  # its call, which is written when it is first called, looks
        return function
    # Held here, for the globals of ``call`` are another module's.
    single, double, only_half, again = dtypes.float32, dtypes.float64, all_half, in_float32

    def call(*args: Any, **kwargs: Any) -> Any:
        first = args[0] if args else next(iter(kwargs.values()), None)
        dtype = getattr(first, "dtype", None)
        if dtype is not single and dtype is not double and only_half((*args, *kwargs.values())):
            return again(function, *args, **kwargs)
        return function(*args, **kwargs)

    # By its globals doctest tells to which module a function belongs.
    made = FunctionType(call.__code__, function.__globals__, function.__name__, None, call.__closure__)
    return update_wrapper(made, function)


def all_half(values: tuple[Any, ...]) -> bool:
    """True if what promotion makes of the floats among ``values`` is float16."""
    arrays = [v for v in values if hasattr(v, "dtype") and not isinstance(v, np.generic)]
    if not any(v.dtype == dtypes.float16 for v in arrays):
        return False
    return dtypes.result_type(*arrays, *[v for v in values if isinstance(v, complex)]) == dtypes.float16


def in_float32(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """``function`` of the arguments with float16 as float32, its result (of several the first) in float16 again."""
    y = function(*map(_widened, args), **{k: _widened(v) for k, v in kwargs.items()})
    astype = tensor_layer.namespace.astype
    return (astype(y[0], dtypes.float16), *y[1:]) if isinstance(y, tuple) else astype(y, dtypes.float16)


def _widened(value: Any) -> Any:
    return tensor_layer.namespace.astype(value, dtypes.float32) if getattr(value, "dtype", None) == dtypes.float16 else value
