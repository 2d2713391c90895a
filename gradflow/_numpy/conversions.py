"""Copies, dtypes and the parts of complex numbers, spelled as NumPy spells them."""

from __future__ import annotations

from typing import Any

from .. import backend
from .._engine import Value
from .._ops import complex as cx
from .._ops import elementwise as e
from .._ops import shape as s
from ..typing import Tensor
from .creation import zeros_like

__all__ = ["astype", "copy", "isdtype", "result_type"]


def copy(a: Any) -> Any:
    """A copy in memory of its own, recorded.

    Parameters
    ----------
    a : array_like
        An array.

    Returns
    -------
    ndarray or Tensor
        The same elements.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> x = gnp.ones(2)
    >>> y = gnp.copy(x)
    >>> y[0] = 5
    >>> x
    array([1., 1.])
    """
    return s.clone(a)


def astype(x: Any, dtype: Any) -> Any:
    """The elements in another dtype.

    The gradient comes back in the dtype of ``x``.

    Parameters
    ----------
    x : array_like
        An array.
    dtype : dtype
        What ``numpy.dtype`` makes a dtype of.

    Returns
    -------
    ndarray or Tensor
        ``x`` in that dtype; floats lose their fraction where they become whole numbers, and with it their gradient.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.astype([1.7, -1.7], int)
    array([ 1, -1])
    """
    return e.cast(x, backend.dtypes.as_dtype(dtype))


def isdtype(dtype: Any, kind: Any) -> Any:
    """True if ``dtype`` is of a kind such as "real floating".

    Parameters
    ----------
    dtype : dtype
        What ``numpy.dtype`` makes a dtype of.
    kind : str, dtype or tuple of them
        "bool", "signed integer", "unsigned integer", "integral", "real floating", "complex floating", "numeric", or a dtype;
        of several one is enough.

    Returns
    -------
    bool
        The answer.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.isdtype(gnp.float32, "real floating")
    True
    """
    import numpy as np

    return np.isdtype(np.dtype(dtype), kind)


def result_type(*arrays_and_dtypes: Any) -> Any:
    """The dtype that gradflow's operations give a result made of these Tensors, arrays, numbers and dtypes.

    Parameters
    ----------
    *arrays_and_dtypes : array_like or dtype
        What is computed with; a name such as "int8" is a dtype.

    Returns
    -------
    dtype
        The dtype of the result, by PyTorch's rules of promotion.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.result_type("int8", gnp.float32)
    dtype('float32')
    """
    import numpy as np

    given = (x.array if isinstance(x, Value) else x for x in arrays_and_dtypes)
    return backend.dtypes.result_type(*(np.empty(1, x) if isinstance(x, str | type | np.dtype) else x for x in given))


# --- with NumPy's signature for users; rules use the operations themselves ---------------------------------------------


def real(val: Any) -> Tensor:
    """The real part.

    Parameters
    ----------
    val : array_like
        Complex or real numbers.

    Returns
    -------
    ndarray or Tensor
        A view of the real parts; ``val`` itself if it is real.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.real([3 - 4j])
    array([3.])
    """
    return cx.real(val)


def imag(val: Any) -> Tensor:
    """The imaginary part.

    Parameters
    ----------
    val : array_like
        Complex or real numbers.

    Returns
    -------
    ndarray or Tensor
        A view of the imaginary parts; zeros if ``val`` is real.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.imag([3 - 4j]), gnp.imag([3.0])
    (array([-4.]), array([0.]))
    """
    return cx.imag(val) if val.dtype.kind == "c" else zeros_like(val)


def angle(z: Any, deg: bool = False) -> Tensor:
    """The angle of complex numbers in the plane, in (-pi, pi].

    Parameters
    ----------
    z : array_like
        Complex or real numbers.
    deg : bool, default False
        True for degrees in the place of radians.

    Returns
    -------
    ndarray or Tensor
        Real numbers.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.angle([1j, -1.0], deg=True)
    array([ 90., 180.])
    """
    return e.mul(cx.angle(z), 180 / backend.cpu.pi) if deg else cx.angle(z)
