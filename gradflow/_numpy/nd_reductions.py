"""Methods of ``gradflow.numpy.ndarray`` that take a sum, an extremum or the like along axes."""

# mypy: disable-error-code="override"
# A subclass whose methods are another manual's: that is what it is for.

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..typing import DType
from . import functions as fn
from .arguments import of_a_dimension, refuse
from .face import floats, public, sums
from .nd_elements import Elements


class Reduced(Elements):
    """Its sums, extrema and statistics."""

    __slots__ = ()

    def sum(
        self, axis: Any = None, dtype: DType = None, out: Any = None, keepdims: bool = False, initial: Any = None,
        where: Any = True,
    ) -> Any:  # fmt: skip
        """The sum of the elements over ``axis``.

        Parameters
        ----------
        axis : int or tuple of int, optional
            Where to add; over all dimensions if it is left out.
        dtype : dtype, optional
            The dtype of the sum.  Short whole numbers and booleans are added in 64 bits without it.
        out : None
            Not recorded; write ``a[...] = ...``.
        keepdims : bool, default False
            True keeps the dimensions of ``axis``, with size 1.
        initial : None
            Not recorded.
        where : True
            Not recorded; use ``gradflow.numpy.where``.

        Returns
        -------
        ndarray
            The sums.

        Raises
        ------
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.array([[1.0, 2.0], [3.0, 5.0]])
        >>> a.sum(axis=0)
        array([4., 7.])
        """
        refuse("sum", out=out, initial=initial, where=where)
        return _sum(self, axis, dtype, keepdims)

    def prod(
        self, axis: Any = None, dtype: DType = None, out: Any = None, keepdims: bool = False, initial: Any = None,
        where: Any = True,
    ) -> Any:  # fmt: skip
        """The product of the elements over ``axis``.

        Parameters
        ----------
        axis : int or tuple of int, optional
            Where to multiply; over all dimensions if it is left out.
        dtype : dtype, optional
            The dtype of the product.  Short whole numbers are multiplied in 64 bits without it.
        out : None
            Not recorded; write ``a[...] = ...``.
        keepdims : bool, default False
            True keeps the dimensions of ``axis``, with size 1.
        initial : None
            Not recorded.
        where : True
            Not recorded; use ``gradflow.numpy.where``.

        Returns
        -------
        ndarray
            The products; the gradient is right where elements are 0, too.

        Raises
        ------
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.array([[1.0, 2.0], [3.0, 5.0]])
        >>> a.prod(axis=0)
        array([ 3., 10.])
        """
        refuse("prod", out=out, initial=initial, where=where)
        return _prod(self, axis, dtype, keepdims)

    def mean(self, axis: Any = None, dtype: DType = None, out: Any = None, keepdims: bool = False, *, where: Any = True) -> Any:
        """The arithmetic mean of the elements over ``axis``.

        Parameters
        ----------
        axis : int or tuple of int, optional
            Over what the mean is taken; over all dimensions if it is left out.
        dtype : dtype, optional
            The dtype of the result.
        out : None
            Not recorded; write ``a[...] = ...``.
        keepdims : bool, default False
            True keeps the dimensions of ``axis``, with size 1.
        where : True
            Not recorded; use ``gradflow.numpy.where``.

        Returns
        -------
        ndarray
            The means; of whole numbers they are float64.

        Raises
        ------
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.array([[1.0, 2.0], [3.0, 5.0]])
        >>> a.mean(axis=0)
        array([2. , 3.5])
        """
        refuse("mean", out=out, where=where)
        return _mean(self, axis, dtype, keepdims)

    def var(
        self, axis: Any = None, dtype: DType = None, out: Any = None, ddof: float = 0, keepdims: bool = False, *,
        where: Any = True,
    ) -> Any:  # fmt: skip
        """The variance over ``axis``.

        Parameters
        ----------
        axis : int or tuple of int, optional
            Over what the variance is taken; over all dimensions if it is left out.
        dtype : dtype, optional
            The dtype to compute in.
        out : None
            Not recorded; write ``a[...] = ...``.
        ddof : float, default 0
            What is subtracted from the number of elements; PyTorch's default is 1.
        keepdims : bool, default False
            True keeps the dimensions of ``axis``, with size 1.
        where : True
            Not recorded; use ``gradflow.numpy.where``.

        Returns
        -------
        ndarray
            The variances, which are real.

        Raises
        ------
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.array([[1.0, 2.0], [3.0, 5.0]])
        >>> a.var(axis=0)
        array([1.  , 2.25])
        """
        refuse("var", out=out, where=where)
        return _var(self if dtype is None else self.astype(dtype), axis, ddof, keepdims)

    def std(
        self, axis: Any = None, dtype: DType = None, out: Any = None, ddof: float = 0, keepdims: bool = False, *,
        where: Any = True,
    ) -> Any:  # fmt: skip
        """The standard deviation over ``axis``, the root of ``var``.

        Parameters
        ----------
        axis : int or tuple of int, optional
            Over what the deviation is taken; over all dimensions if it is left out.
        dtype : dtype, optional
            The dtype to compute in.
        out : None
            Not recorded; write ``a[...] = ...``.
        ddof : float, default 0
            What is subtracted from the number of elements; PyTorch's default is 1.
        keepdims : bool, default False
            True keeps the dimensions of ``axis``, with size 1.
        where : True
            Not recorded; use ``gradflow.numpy.where``.

        Returns
        -------
        ndarray
            The deviations; the gradient is taken to be 0 where one is 0.

        Raises
        ------
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.array([[1.0, 2.0], [3.0, 5.0]])
        >>> a.std(axis=0)
        array([1. , 1.5])
        """
        refuse("std", out=out, where=where)
        return _std(self if dtype is None else self.astype(dtype), axis, ddof, keepdims)

    def max(self, axis: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
        """The largest element over ``axis``.

        Parameters
        ----------
        axis : int or tuple of int, optional
            Where to look; over all dimensions if it is left out.
        out : None
            Not recorded; write ``a[...] = ...``.
        keepdims : bool, default False
            True keeps the dimensions of ``axis``, with size 1.
        initial : None
            Not recorded.
        where : True
            Not recorded; use ``gradflow.numpy.where``.

        Returns
        -------
        ndarray
            The largest elements, alone: where they are says ``argmax``.  Equal ones share the gradient evenly.

        Raises
        ------
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.array([[1.0, 2.0], [3.0, 5.0]])
        >>> a.max(1)
        array([2., 5.])
        """
        refuse("max", out=out, initial=initial, where=where)
        return _max(self, axis, keepdims)

    def min(self, axis: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
        """The smallest element over ``axis``.

        Parameters
        ----------
        axis : int or tuple of int, optional
            Where to look; over all dimensions if it is left out.
        out : None
            Not recorded; write ``a[...] = ...``.
        keepdims : bool, default False
            True keeps the dimensions of ``axis``, with size 1.
        initial : None
            Not recorded.
        where : True
            Not recorded; use ``gradflow.numpy.where``.

        Returns
        -------
        ndarray
            The smallest elements, alone: where they are says ``argmin``.  Equal ones share the gradient evenly.

        Raises
        ------
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.array([[1.0, 2.0], [3.0, 5.0]])
        >>> a.min(1)
        array([1., 3.])
        """
        refuse("min", out=out, initial=initial, where=where)
        return _min(self, axis, keepdims)

    def all(self, axis: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = True) -> Any:
        """True where every element over ``axis`` is nonzero.

        Parameters
        ----------
        axis : int or tuple of int, optional
            Where to look; over all dimensions if it is left out.
        out : None
            Not recorded; write ``a[...] = ...``.
        keepdims : bool, default False
            True keeps the dimensions of ``axis``, with size 1.
        where : True
            Not recorded; use ``gradflow.numpy.where``.

        Returns
        -------
        ndarray
            Booleans; True where there are no elements.

        Raises
        ------
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.array([[1, 2], [0, 3]]).all(1)
        array([ True, False])
        """
        refuse("all", out=out, where=where)
        return _all(self, axis, keepdims)

    def any(self, axis: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = True) -> Any:
        """True where some element over ``axis`` is nonzero.

        Parameters
        ----------
        axis : int or tuple of int, optional
            Where to look; over all dimensions if it is left out.
        out : None
            Not recorded; write ``a[...] = ...``.
        keepdims : bool, default False
            True keeps the dimensions of ``axis``, with size 1.
        where : True
            Not recorded; use ``gradflow.numpy.where``.

        Returns
        -------
        ndarray
            Booleans; False where there are no elements.

        Raises
        ------
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.array([[0, 0], [0, 3]]).any(1)
        array([False,  True])
        """
        refuse("any", out=out, where=where)
        return _any(self, axis, keepdims)

    def argmax(self, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
        """Where the largest element is: the first of equal ones.

        Parameters
        ----------
        axis : int, optional
            Along which dimension; without it among all elements in C order.
        out : None
            Not recorded; write ``a[...] = ...``.
        keepdims : bool, default False
            True keeps the dimensions of ``axis``, with size 1.

        Returns
        -------
        ndarray
            Indices, int64.

        Raises
        ------
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.array([[1.0, 2.0], [3.0, 5.0]])
        >>> a.argmax(axis=1)
        array([1, 1])
        """
        refuse("argmax", out=out)
        return _argmax(self, axis, keepdims)

    def argmin(self, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
        """Where the smallest element is: the first of equal ones.

        Parameters
        ----------
        axis : int, optional
            Along which dimension; without it among all elements in C order.
        out : None
            Not recorded; write ``a[...] = ...``.
        keepdims : bool, default False
            True keeps the dimensions of ``axis``, with size 1.

        Returns
        -------
        ndarray
            Indices, int64.

        Raises
        ------
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.array([[1.0, 2.0], [3.0, 5.0]])
        >>> a.argmin(axis=1)
        array([0, 0])
        """
        refuse("argmin", out=out)
        return _argmin(self, axis, keepdims)

    def cumsum(self, axis: int | None = None, dtype: DType = None, out: Any = None) -> Any:
        """Running sums along ``axis``.

        Parameters
        ----------
        axis : int, optional
            Along which dimension; without it along all elements in C order.
        dtype : dtype, optional
            The dtype of the result.
        out : None
            Not recorded; write ``a[...] = ...``.

        Returns
        -------
        ndarray
            Of the shape of this array, or one-dimensional without ``axis``.

        Raises
        ------
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.array([1.0, 2.0, 4.0]).cumsum()
        array([1., 3., 7.])
        """
        refuse("cumsum", out=out)
        return _cumsum(of_a_dimension(self), axis, dtype)

    def cumprod(self, axis: int | None = None, dtype: DType = None, out: Any = None) -> Any:
        """Running products along ``axis``.

        Parameters
        ----------
        axis : int, optional
            Along which dimension; without it along all elements in C order.
        dtype : dtype, optional
            The dtype of the result.
        out : None
            Not recorded; write ``a[...] = ...``.

        Returns
        -------
        ndarray
            Of the shape of this array, or one-dimensional without ``axis``.

        Raises
        ------
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.array([1.0, 2.0, 4.0]).cumprod()
        array([1., 2., 8.])
        """
        refuse("cumprod", out=out)
        return _cumprod(of_a_dimension(self), axis, dtype)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: DType = None, out: Any = None) -> Any:
        """The sum of the diagonal of each matrix in two dimensions.

        Parameters
        ----------
        offset : int, default 0
            Which diagonal: above the main one if positive, below if negative.
        axis1 : int, default 0
            The dimension of the rows.
        axis2 : int, default 1
            The dimension of the columns.
        dtype : dtype, optional
            The dtype of the result.
        out : None
            Not recorded; write ``a[...] = ...``.

        Returns
        -------
        ndarray
            With the other dimensions.

        Raises
        ------
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.array([[1.0, 2.0], [3.0, 5.0]])
        >>> a.trace()
        array(6.)
        """
        refuse("trace", out=out)
        return self.diagonal(offset, axis1, axis2).sum(-1, dtype)


_of_one: Callable[[Any], Any] = public
_sum, _prod, _cumsum, _cumprod = (public(f, sums) for f in (fn.sum, fn.prod, fn.cumsum, fn.cumprod))
_mean, _var, _std = (public(f, floats) for f in (fn.mean, fn.var, fn.std))
_max, _min, _all, _any, _argmax, _argmin = map(_of_one, (fn.max, fn.min, fn.all, fn.any, fn.argmax, fn.argmin))
