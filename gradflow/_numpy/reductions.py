"""Sums, extrema and orders along axes, spelled as NumPy spells them."""

from __future__ import annotations

from typing import Any

from .._ops import complex as cx
from .._ops import cutting as ct
from .._ops import dims
from .._ops import elementwise as e
from .._ops import extremes as ex
from .._ops import reduce as r
from .._ops import shape as s
from ..backend.dtypes import complex64, complex128

__all__ = [
    "all", "amax", "amin", "any", "argmax", "argmin", "argsort", "cumprod", "cumsum", "max", "mean", "median", "min", "prod",
    "sort", "std", "sum", "var",
]  # fmt: skip


def sum(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    """The sum of the elements over ``axis``.

    Parameters
    ----------
    a : array_like
        The elements to add.
    axis : int or tuple of int, optional
        Where to add; over all dimensions if it is left out.
    dtype : dtype, optional
        The dtype of the sum.  Short whole numbers and booleans are added in 64 bits without it.
    keepdims : bool, default False
        True keeps the dimensions that are added over, with size 1.

    Returns
    -------
    ndarray or Tensor
        The sums.  float16 is added in float32 and rounded once.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> x = gnp.array([[1.0, 2.0], [3.0, 4.0]]).requires_grad_()
    >>> gnp.sum(x * x, axis=0)
    array([10., 20.], grad_fn=<SumBackward>)
    """
    return r.sum(a, axis, keepdims, dtype=dtype)


def mean(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    """The arithmetic mean of the elements over ``axis``.

    Parameters
    ----------
    a : array_like
        The elements; whole numbers become float64.
    axis : int or tuple of int, optional
        Over what the mean is taken; over all dimensions if it is left out.
    dtype : dtype, optional
        The dtype of the mean.
    keepdims : bool, default False
        True keeps the dimensions of ``axis``, with size 1.

    Returns
    -------
    ndarray or Tensor
        The means.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.mean([[1, 2], [3, 5]], axis=1)
    array([1.5, 4. ])
    """
    return r.mean(a, axis, keepdims, dtype=dtype)


def prod(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    """The product of the elements over ``axis``.

    The gradient is right where elements are 0, too.

    Parameters
    ----------
    a : array_like
        The factors.
    axis : int or tuple of int, optional
        Where to multiply; over all dimensions if it is left out.
    dtype : dtype, optional
        The dtype of the product.  Short whole numbers are multiplied in 64 bits without it.
    keepdims : bool, default False
        True keeps the dimensions of ``axis``, with size 1.

    Returns
    -------
    ndarray or Tensor
        The products.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> x = gnp.array([0.0, 2.0, 3.0]).requires_grad_()
    >>> gnp.prod(x).backward()
    >>> x.grad
    array([6., 0., 0.])
    """
    return r.prod(a, axis, keepdims, dtype=dtype)


def var(a: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    """The variance, ``sum(abs(a - mean(a))**2) / (n - ddof)``, over ``axis``.

    Parameters
    ----------
    a : array_like
        The elements, real or complex; whole numbers become float64.
    axis : int or tuple of int, optional
        Over what the variance is taken; over all dimensions if it is left out.
    ddof : float, default 0
        What is subtracted from the number of elements n.  PyTorch's default is 1.
    keepdims : bool, default False
        True keeps the dimensions of ``axis``, with size 1.

    Returns
    -------
    ndarray or Tensor
        The variances, which are real.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.var([1.0, 3.0]), gnp.var([1.0, 3.0], ddof=1)
    (array(1.), array(2.))
    """
    if getattr(a, "dtype", None) in (complex64, complex128):  # the mean square of the distance from the mean
        return e._add(var(cx.real(a), axis, ddof, keepdims), var(cx.imag(a), axis, ddof, keepdims))
    return r.var(a, axis, None, keepdims, correction=ddof)


def std(a: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    """The standard deviation, the root of ``var``, over ``axis``.

    The gradient is taken to be 0 where the deviation is 0.

    Parameters
    ----------
    a : array_like
        The elements, real or complex; whole numbers become float64.
    axis : int or tuple of int, optional
        Over what the deviation is taken; over all dimensions if it is left out.
    ddof : float, default 0
        What is subtracted from the number of elements in the variance.  PyTorch's default is 1.
    keepdims : bool, default False
        True keeps the dimensions of ``axis``, with size 1.

    Returns
    -------
    ndarray or Tensor
        The deviations, which are real.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.std([[1.0, 3.0], [2.0, 2.0]], axis=1)
    array([1., 0.])
    """
    if getattr(a, "dtype", None) in (complex64, complex128):
        return e.sqrt(var(a, axis, ddof, keepdims))
    return r.std(a, axis, None, keepdims, correction=ddof)


def max(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest element over ``axis``.

    Equal largest elements share the gradient evenly.  NaN is passed on.

    Parameters
    ----------
    a : array_like
        The elements, which are real.
    axis : int or tuple of int, optional
        Where to look; over all dimensions if it is left out.
    keepdims : bool, default False
        True keeps the dimensions of ``axis``, with size 1.

    Returns
    -------
    ndarray or Tensor
        The largest elements, alone; where they are says ``argmax``.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> x = gnp.array([[1.0, 5.0], [4.0, 4.0]]).requires_grad_()
    >>> gnp.max(x, axis=1).sum().backward()
    >>> x.grad
    array([[0. , 1. ],
           [0.5, 0.5]])
    """
    return ex.amax(a, axis, keepdims)


def min(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The smallest element over ``axis``.

    Equal smallest elements share the gradient evenly.  NaN is passed on.

    Parameters
    ----------
    a : array_like
        The elements, which are real.
    axis : int or tuple of int, optional
        Where to look; over all dimensions if it is left out.
    keepdims : bool, default False
        True keeps the dimensions of ``axis``, with size 1.

    Returns
    -------
    ndarray or Tensor
        The smallest elements, alone; where they are says ``argmin``.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.min([[1, 5], [4, 3]], axis=1)
    array([1, 3])
    """
    return ex.amin(a, axis, keepdims)


amax, amin = max, min


def all(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """True where every element over ``axis`` is nonzero.

    Parameters
    ----------
    a : array_like
        The elements; NaN counts as nonzero.
    axis : int or tuple of int, optional
        Where to look; over all dimensions if it is left out.
    keepdims : bool, default False
        True keeps the dimensions of ``axis``, with size 1.

    Returns
    -------
    ndarray or Tensor
        Booleans; True where there are no elements.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.all([[1, 2], [0, 3]], axis=1)
    array([ True, False])
    """
    return r.all(a, axis, keepdims)


def any(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """True where some element over ``axis`` is nonzero.

    Parameters
    ----------
    a : array_like
        The elements; NaN counts as nonzero.
    axis : int or tuple of int, optional
        Where to look; over all dimensions if it is left out.
    keepdims : bool, default False
        True keeps the dimensions of ``axis``, with size 1.

    Returns
    -------
    ndarray or Tensor
        Booleans; False where there are no elements.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.any([[0, 0], [0, 3]], axis=1)
    array([False,  True])
    """
    return r.any(a, axis, keepdims)


def argmax(a: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where the largest element along ``axis`` is: the first of equal ones.

    Parameters
    ----------
    a : array_like
        The elements, which are real.
    axis : int, optional
        Along which dimension; without it the place in C order is returned.
    keepdims : bool, default False
        True keeps the dimension, with size 1.

    Returns
    -------
    ndarray or Tensor
        Indices, int64, which have no gradient.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.argmax([[1, 5], [4, 4]], axis=1)
    array([1, 0])
    """
    return ex.argmax(a, axis, keepdims)


def argmin(a: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where the smallest element along ``axis`` is: the first of equal ones.

    Parameters
    ----------
    a : array_like
        The elements, which are real.
    axis : int, optional
        Along which dimension; without it the place in C order is returned.
    keepdims : bool, default False
        True keeps the dimension, with size 1.

    Returns
    -------
    ndarray or Tensor
        Indices, int64, which have no gradient.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.argmin([[1, 5], [4, 4]], axis=1)
    array([0, 0])
    """
    return ex.argmin(a, axis, keepdims)


def cumsum(a: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Running sums along ``axis``.

    Parameters
    ----------
    a : array_like
        The elements to add.
    axis : int, optional
        Along which dimension; without it along all elements in C order.
    dtype : dtype, optional
        The dtype of the sums.  Short whole numbers are added in 64 bits without it.

    Returns
    -------
    ndarray or Tensor
        Of the shape of ``a``, or one-dimensional without ``axis``.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.cumsum([1.0, 2.0, 4.0])
    array([1., 3., 7.])
    """
    return r.cumsum(s.ravel(a), 0, dtype=dtype) if axis is None else r.cumsum(a, axis, dtype=dtype)


def cumprod(a: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Running products along ``axis``.

    The gradient is right where elements are 0, too.

    Parameters
    ----------
    a : array_like
        The factors.
    axis : int, optional
        Along which dimension; without it along all elements in C order.
    dtype : dtype, optional
        The dtype of the products.  Short whole numbers are multiplied in 64 bits without it.

    Returns
    -------
    ndarray or Tensor
        Of the shape of ``a``, or one-dimensional without ``axis``.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.cumprod([1.0, 2.0, 4.0])
    array([1., 2., 8.])
    """
    return r.cumprod(s.ravel(a), 0, dtype=dtype) if axis is None else r.cumprod(a, axis, dtype=dtype)


def median(a: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The middle element along ``axis``, or the mean of the two middle ones where their number is even.

    Parameters
    ----------
    a : array_like
        The elements, which are real; whole numbers become float64.
    axis : int, optional
        Along which dimension; without it the median of all elements is taken.
    keepdims : bool, default False
        True keeps the dimension, or all without ``axis``, with size 1.

    Returns
    -------
    ndarray or Tensor
        The medians.  PyTorch's ``median`` takes the lower of two middle elements instead.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> x = gnp.array([1.0, 5.0, 2.0, 4.0]).requires_grad_()
    >>> gnp.median(x).backward()
    >>> x.grad
    array([0. , 0. , 0.5, 0.5])
    """
    x, d = (s.ravel(a), 0) if axis is None else (a, dims.one(axis, a.ndim, "median"))
    n = x.shape[d]
    ordered = ex.sort(x, d).values
    middle = ct.narrow(ordered, d, (n - 1) // 2, 2 - n % 2)
    found = r.mean(middle, d, keepdims)
    return s.reshape(found, (1,) * a.ndim) if keepdims and axis is None else found


def sort(a: Any, axis: int | None = -1, kind: str | None = None) -> Any:
    """The elements in ascending order along ``axis``, as a copy.

    Each gradient goes back to the element that it belongs to.

    Parameters
    ----------
    a : array_like
        The elements, which are real.
    axis : int or None, default -1
        Along which dimension; None sorts all elements, in one dimension.
    kind : str, optional
        As NumPy takes it, for nothing: the order of equal elements stays in any case.

    Returns
    -------
    ndarray or Tensor
        Of the dtype of ``a``, and of its shape unless ``axis`` is None.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.sort([[3, 1], [2, 4]])
    array([[1, 3],
           [2, 4]])
    """
    return ex.sort(s.ravel(a), 0).values if axis is None else ex.sort(a, axis).values


def argsort(a: Any, axis: int | None = -1, kind: str | None = None) -> Any:
    """The indices that sort ``a`` in ascending order along ``axis``.

    Parameters
    ----------
    a : array_like
        The elements, which are real.
    axis : int or None, default -1
        Along which dimension; None sorts all elements, in one dimension.
    kind : str, optional
        As NumPy takes it, for nothing: the order of equal elements stays in any case.

    Returns
    -------
    ndarray or Tensor
        Indices, int64, which have no gradient.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.argsort([3.0, 1.0, 2.0])
    array([1, 2, 0])
    """
    return ex.argsort(s.ravel(a), 0) if axis is None else ex.argsort(a, axis)


REDUCTIONS = {"add": sum, "multiply": prod, "maximum": max, "minimum": min, "logical_and": all, "logical_or": any}
"""What ``np.add.reduce`` and its like are here."""
