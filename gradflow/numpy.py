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

from functools import partial as _partial
from typing import TYPE_CHECKING, Any

import numpy as _np

from ._numpy import conversions as _conversions
from ._numpy import functions as _functions
from ._numpy import linalg as linalg
from ._numpy import linear as _linear
from ._numpy import shapes as _shapes
from ._numpy import ufuncs as _ufuncs
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
    from ._numpy.conversions import angle, imag, real  # noqa: F401
    from ._numpy.functions import *  # noqa: F403
    from ._numpy.linear import cholesky, det, inv, kron, matmul, outer, slogdet, solve, trace  # noqa: F401
    from ._numpy.shapes import broadcast_to  # noqa: F401

    def __getattr__(name: str) -> Any: ...  # the names that are set below


_OWN: dict[str, Any] = {
    "conj": _conj,
    **{f.__name__: f for f in (_conversions.angle, _conversions.imag, _conversions.real, _shapes.broadcast_to)},
    **{f.__name__: f for f in (_linear.kron, _linear.matmul, _linear.outer, _linear.trace)},
    **{f.__name__: f for f in (_linear.cholesky, _linear.det, _linear.inv, _linear.slogdet, _linear.solve)},
}
"""Functions that have NumPy's signature here, and an operation's where derivative rules use them."""
_FITS: dict[str, _Fit] = {
    **dict.fromkeys(("mean", "var", "std", "median", "angle", "inv", "det", "cholesky", "slogdet"), _floats),
    **dict.fromkeys(("sum", "prod", "cumsum", "cumprod"), _sums),
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
    "trace": _partial(_sums, place=4),
    "where": _together(1, 3, weak=True),
}
"""How the arguments of a function get NumPy's dtypes, where it is no ufunc and has more to fit than its first argument."""


def _made(name: str, function: Any) -> Any:
    """The function of that name for users; what is no function (a dtype, a number) as it is."""
    if not callable(function) or isinstance(function, type | _np.dtype):
        return function
    ufunc = getattr(_np, name, None)
    if not isinstance(ufunc, _np.ufunc):
        ufunc = None
    made = _public(function, _FITS.get(name, _first) if ufunc is None else _of_ufunc(ufunc), name)
    made.__module__ = __name__
    inputs = ("x1", "x2") if ufunc is not None and ufunc.nin == 2 else ("x",)
    if text := _ufuncs.docstring(name, inputs):
        made.__doc__, made.__wrapped__ = text, _ufuncs.Positional(function, inputs)  # type: ignore[attr-defined]
    return made


_names: dict[int, list[str]] = {}  # one function for all names
for _name in _functions.__all__:
    _names.setdefault(id(getattr(_functions, _name)), []).append(_name)
for _same in _names.values():
    _function = getattr(_functions, _same[0])
    _name = getattr(_function, "__name__", "").lstrip("_")
    _name = _name if _name in _same else _same[0]
    globals().update(dict.fromkeys(_same, _made(_name, _OWN.get(_name, _function))))
REDUCTIONS = {name: globals()[function.__name__] for name, function in _functions.REDUCTIONS.items()}
"""What ``np.add.reduce`` and its like are here."""
e = _np.e
__all__ = sorted([*_functions.__all__, "e", "ndarray"])


def table() -> dict[Any, Any]:
    """NumPy's functions and what stands for each of them here."""
    own = {n: f for n in __all__ if callable(f := globals()[n])}
    found = {getattr(_np, n): f for n, f in own.items() if hasattr(getattr(_np, n, None), "_implementation")}
    return found | {getattr(_np.linalg, n): getattr(linalg, n) for n in linalg.__all__}
