"""Element types: their names, the default float, and PyTorch's promotion.

NumPy promotes int64 with float32 to float64 and lets a 0-d array count as much as a matrix; PyTorch does neither.
gradflow follows PyTorch (its manual, "type promotion"), so that nothing turns into float64 by itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DTypeError

float16 = half = np.dtype(np.float16)
float32 = float_ = np.dtype(np.float32)
float64 = double = np.dtype(np.float64)
complex64 = cfloat = np.dtype(np.complex64)
complex128 = cdouble = np.dtype(np.complex128)
uint8 = np.dtype(np.uint8)
int8 = np.dtype(np.int8)
int16 = short = np.dtype(np.int16)
int32 = int_ = np.dtype(np.int32)
int64 = long = np.dtype(np.int64)
bool_ = np.dtype(np.bool_)

CATEGORY = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}
_default = float32


def get_default_dtype() -> np.dtype[Any]:
    """The dtype of floats for which none is named: float32 unless changed.

    Returns
    -------
    numpy.dtype
        A real floating dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.get_default_dtype()
    dtype('float32')
    """
    return _default


def set_default_dtype(dtype: Any) -> None:
    """Make ``dtype`` the one given to floats for which none is named.

    Parameters
    ----------
    dtype : dtype
        A real floating dtype.

    Raises
    ------
    DTypeError
        When `dtype` is another one.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.set_default_dtype(gf.float64)
    >>> gf.zeros(1).dtype
    dtype('float64')
    >>> gf.set_default_dtype(gf.float32)
    """
    global _default
    d = np.dtype(dtype)
    if d.kind != "f":
        raise DTypeError(f"set_default_dtype: the default must be a floating dtype, not {d}; use gf.float32 or gf.float64")
    _default = d


def as_dtype(dtype: Any) -> np.dtype[Any]:
    """``dtype`` as a NumPy dtype that gradflow can hold; DTypeError for strings, objects, dates and the like."""
    d: np.dtype[Any]
    try:
        d = np.dtype(dtype)
    except TypeError:
        raise DTypeError(f"{dtype!r} is not a dtype; use one of gradflow's, such as gf.float32 or gf.int64") from None
    if d.kind not in CATEGORY:
        raise DTypeError(f"gradflow holds numbers and booleans, not {d}")
    return d


def of_python(value: Any) -> np.dtype[Any]:
    """The dtype that the Python number ``value`` becomes where nothing else decides."""
    if isinstance(value, bool):
        return bool_
    if isinstance(value, int):
        return int64
    if isinstance(value, float):
        return _default
    return complex_of(_default)


def complex_of(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The complex dtype whose parts are ``dtype`` (complex64 for anything shorter than double)."""
    return complex128 if dtype == float64 else complex64


def real_of(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype of the parts of a complex ``dtype``; any other dtype is its own."""
    return np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype


def promote_types(a: Any, b: Any) -> np.dtype[Any]:
    """The smallest dtype that PyTorch lets both ``a`` and ``b`` become: int64 with float32 is float32.

    Parameters
    ----------
    a, b : dtype
        The two dtypes.

    Returns
    -------
    numpy.dtype
        Of two kinds the higher one wins (boolean, integer, float, complex); of one kind the wider.

    Raises
    ------
    DTypeError
        When one is no dtype of numbers or booleans.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.promote_types(gf.int64, gf.float32)
    dtype('float32')
    """
    one, other = as_dtype(a), as_dtype(b)
    rank, other_rank = CATEGORY[one.kind], CATEGORY[other.kind]
    if rank != other_rank and min(rank, other_rank) < 2:
        return one if rank > other_rank else other
    common: np.dtype[Any] = np.promote_types(one, other)
    return common


def result_type(*values: Any) -> np.dtype[Any]:
    """The dtype that PyTorch gives the result of an operation between ``values``.

    Arrays with dimensions decide; a 0-d array, and after it a Python number, only counts where it is of a higher category (bool <
    integer < float < complex).

    Parameters
    ----------
    *values : Tensor, array or number
        What the operation takes.

    Returns
    -------
    numpy.dtype
        The dtype of its result.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.result_type(gf.ones(2), 2.5), gf.result_type(gf.tensor([1, 2]), 2.5)
    (dtype('float32'), dtype('float32'))
    """
    ranked: list[np.dtype[Any] | None] = [None, None, None]  # arrays with dimensions, 0-d arrays, Python numbers
    for v in values:
        rank, dtype = (2, of_python(v)) if not hasattr(v, "dtype") else (1 if v.ndim == 0 else 0, v.dtype)
        held = ranked[rank]
        ranked[rank] = dtype if held is None else promote_types(held, dtype)
    result: np.dtype[Any] | None = None
    for candidate in ranked:
        if candidate is None:
            continue
        if result is None:
            result = candidate
        elif CATEGORY[candidate.kind] > CATEGORY[result.kind]:
            result = promote_types(result, candidate) if candidate.kind != "c" or result.kind != "f" else complex_of(result)
    assert result is not None
    return result
