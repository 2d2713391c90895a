"""gradflow spelled like NumPy, as ``jax.numpy`` is: NumPy's functions, whose arrays record what is computed from them.

What is made of numbers, of lists, of NumPy's arrays and of ``ndarray`` is an ``ndarray``, and has NumPy's dtypes.  Of plain
Tensors the functions make Tensors, with PyTorch's dtypes.

>>> import gradflow.numpy as gnp
>>> x = gnp.array([[1.0, 2.0], [3.0, 5.0]]).requires_grad_()
>>> y = gnp.sum(x / x.max(1, keepdims=True), axis=0)
>>> y
array([1.1, 2. ], grad_fn=<SumBackward>)
>>> y.sum().backward()
>>> x.grad
array([[ 0.5 , -0.25],
       [ 0.2 , -0.12]])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as _np

from ._numpy import functions as _functions
from ._numpy import linalg as linalg
from ._numpy.face import Fit as _Fit
from ._numpy.face import conj as _conj
from ._numpy.face import first as _first
from ._numpy.face import floats as _floats
from ._numpy.face import limits as _limits
from ._numpy.face import of_ufunc as _of_ufunc
from ._numpy.face import operands as _operands
from ._numpy.face import public as _public
from ._numpy.face import rounding as _rounding
from ._numpy.face import sequence as _sequence
from ._numpy.face import sums as _sums
from ._numpy.face import together as _together
from ._numpy.face import untouched as _untouched
from ._numpy.ndarray import ndarray as ndarray

if TYPE_CHECKING:
    from ._numpy.functions import *  # noqa: F403

    def __getattr__(name: str) -> Any: ...  # the names that are set below


_FITS: dict[str, _Fit] = {
    **dict.fromkeys(("mean", "var", "std", "median", "angle", "inv", "det", "cholesky", "slogdet"), _floats),
    **dict.fromkeys(("sum", "prod", "cumsum", "cumprod", "trace"), _sums),
    **dict.fromkeys(("concatenate", "concat", "stack"), _sequence),
    **dict.fromkeys(("dot", "outer", "kron", "tensordot"), _together(0, 2)),
    **dict.fromkeys(
        ("arange", "array", "asarray", "empty", "eye", "full", "identity", "linspace", "logspace", "ones", "zeros"), _untouched
    ),
    **dict.fromkeys(("empty_like", "full_like", "ones_like", "zeros_like"), _untouched),
    **dict.fromkeys(("atleast_1d", "atleast_2d", "atleast_3d"), _untouched),
    **dict.fromkeys(("broadcast_shapes", "isdtype", "result_type"), _untouched),
    "clip": _limits,
    "einsum": _operands,
    "round": _rounding,
    "solve": _together(0, 2, as_floats=True),
    "where": _together(1, 3, weak=True),
}
"""How the arguments of a function get NumPy's dtypes, where it is no ufunc and has more to fit than its first argument."""


def _made(name: str, function: Any) -> Any:
    """The function of that name for users; what is no function (a dtype, a number) as it is."""
    if not callable(function) or isinstance(function, type | _np.dtype):
        return function
    ufunc = getattr(_np, name, None)
    return _public(function, _of_ufunc(ufunc) if isinstance(ufunc, _np.ufunc) else _FITS.get(name, _first))


_each: dict[int, Any] = {id(_functions.conj): _made("conj", _conj)}  # one for all names of a function
for _name in _functions.__all__:
    _function = getattr(_functions, _name)
    if id(_function) not in _each:
        _each[id(_function)] = _made(_name, _function)
    globals()[_name] = _each[id(_function)]
REDUCTIONS = {name: _each[id(function)] for name, function in _functions.REDUCTIONS.items()}
"""What ``np.add.reduce`` and its like are here."""
e = _np.e
__all__ = sorted([*_functions.__all__, "e", "ndarray"])


def table() -> dict[Any, Any]:
    """NumPy's functions and what stands for each of them here."""
    own = {n: f for n in __all__ if callable(f := globals()[n])}
    found = {getattr(_np, n): f for n, f in own.items() if hasattr(getattr(_np, n, None), "_implementation")}
    return found | {getattr(_np.linalg, n): getattr(linalg, n) for n in linalg.__all__}
