"""Numbers in steps, spelled as NumPy spells them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _creation, _ranges, backend
from .._engine import wrap
from .._ops import division, elementwise, shape
from .._recorded import refuse_to_lose
from .._tensor import Tensor
from ..backend import dtypes
from ..errors import ArgumentError
from ..typing import DType
from .creation import as_dtype, asarray, here

__all__ = ["arange", "linspace", "logspace"]


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: DType = None) -> Tensor:
    """``start``, ``start + step``, ... up to but without ``stop``; ``arange(n)`` counts from 0.

    Parameters
    ----------
    start : float
        The first number; the end where ``stop`` is left out, and counting begins at 0.
    stop : float, optional
        The end, which is not in the result.
    step : float, default 1
        The distance of the numbers.
    dtype : dtype, optional
        The dtype, that of the numbers by default.

    Returns
    -------
    ndarray
        A vector on the default device.

    Raises
    ------
    GraphError
        If one of the three is a Tensor that requires grad: how many numbers there are has no gradient.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.arange(3), gnp.arange(0, 1, 0.25)
    (array([0, 1, 2]), array([0.  , 0.25, 0.5 , 0.75]))
    """
    for v in (start, stop, step):
        refuse_to_lose(v, "arange", "start + step * arange(n) is recorded, and arange(t.item()) has the numbers alone")
    start, stop, step = (v.to_numpy()[()] if isinstance(v, Tensor) else v for v in (start, stop, step))
    return wrap(here().arange(start, stop, step, as_dtype(dtype)))  # type: ignore[no-any-return]


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: DType = None, axis: int = 0
) -> Any:
    """A number of points evenly spaced from ``start`` to ``stop``.

    Parameters
    ----------
    start : array_like
        The first number.
    stop : array_like
        The last number.  Both may be Tensors, of any shapes that broadcast, and are recorded.
    num : int, default 50
        How many numbers.
    endpoint : bool, default True
        False leaves out ``stop``, and makes the step smaller.
    retstep : bool, default False
        True returns the step, too.
    dtype : dtype, optional
        The dtype, a float by default; for whole numbers they are rounded down.
    axis : int, default 0
        The dimension of the result along which the numbers lie.

    Returns
    -------
    ndarray, Tensor or tuple
        The numbers; with ``retstep`` the pair of them and their distance.

    Raises
    ------
    ArgumentError
        If ``num`` is negative.

    Examples
    --------
    >>> import gradflow as gf, gradflow.numpy as gnp
    >>> gnp.linspace(0, gf.tensor(1.0, requires_grad=True), 3)
    tensor([0.0000, 0.5000, 1.0000], grad_fn=<AddBackward>)
    """
    if num < 0:
        raise ArgumentError(f"linspace: {num} numbers")
    ends = [v if isinstance(v, Tensor) or backend.is_array(v) else asarray(v).array for v in (start, stop)]
    if not (isinstance(start, Tensor) or isinstance(stop, Tensor)):
        made = here().linspace(start, stop, num, endpoint=endpoint, retstep=retstep, dtype=as_dtype(dtype), axis=axis)
        return (wrap(made[0]), made[1]) if retstep else wrap(made)
    natural = np.result_type(*(v.dtype if hasattr(v, "dtype") else v for v in (start, stop)), float(num))
    place = next(v.device for v in (start, stop) if isinstance(v, Tensor))
    a, b = (_creation.as_tensor(v).to(dtype=natural, device=place) for v in ends)
    pieces = max(num - 1 if endpoint else num, 0)
    r = _ranges.arange(num, device=place).to(dtype=dtypes.real_of(natural)) * (1 / pieces if pieces else 0)
    r = r.reshape((num,) + (1,) * max(a.ndim, b.ndim))
    found: Any = a * (1 - r) + b * r
    if dtype is not None:
        found = (division.floor(found) if as_dtype(dtype).kind in "iu" else found).to(dtype=dtype)
    found = shape.movedim(found, 0, axis) if axis else found
    return (found, (b - a) * (1 / pieces if pieces else np.nan)) if retstep else found


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: DType = None, axis: int = 0
) -> Tensor:
    """``base`` to the powers ``linspace(start, stop, num)``.

    Parameters
    ----------
    start : array_like
        The first exponent.
    stop : array_like
        The last exponent.
    num : int, default 50
        How many numbers.
    endpoint : bool, default True
        False leaves out ``stop``.
    base : array_like, default 10
        The base.  It and the exponents may be Tensors, and are recorded.
    dtype : dtype, optional
        The dtype, a float by default.
    axis : int, default 0
        The dimension of the result along which the numbers lie.

    Returns
    -------
    ndarray or Tensor
        The numbers.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.logspace(0, 2, 3)
    array([  1.,  10., 100.])
    """
    exponents = linspace(start, stop, num, endpoint, axis=axis)
    made = elementwise.pow(asarray(base) if isinstance(base, Tensor) else base, exponents)
    return made if dtype is None else made.to(dtype=dtype)
