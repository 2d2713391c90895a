"""Methods of ``gradflow.numpy.ndarray`` that choose, order, change and write its elements."""

# mypy: disable-error-code="override"
# A subclass whose methods are another manual's: that is what it is for.

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

from .. import _inplace, backend
from .._ops import index as ix
from . import functions as fn
from .arguments import of_a_dimension, refuse
from .face import conj, limits, public, rounding, together
from .nd_shape import Shaped


class Elements(Shaped):
    """Its elements by themselves."""

    __slots__ = ()

    @property
    def flat(self) -> _Flat:
        """The elements in C order, to be read, indexed and written.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.zeros((2, 2))
        >>> a.flat[1:3] = 7
        >>> a
        array([[0., 7.],
               [7., 0.]])
        """
        return _Flat(self)

    def argsort(self, axis: int | None = -1, kind: str | None = None, order: Any = None, *, stable: bool | None = None) -> Any:
        """The indices that sort this array in ascending order.

        Parameters
        ----------
        axis : int or None, default -1
            Along which dimension; None sorts all elements.
        kind : str, optional
            As NumPy takes it, for nothing: the order of equal elements stays in any case.
        order : None
            Names of fields; there are none.
        stable : bool, optional
            As NumPy takes it, for nothing.

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
        >>> gnp.array([3.0, 1.0, 2.0]).argsort()
        array([1, 2, 0])
        """
        refuse("argsort", order=order)
        return _argsort(self.ravel(), -1) if axis is None else _argsort(of_a_dimension(self), axis)

    def sort(self, axis: int = -1, kind: str | None = None, order: Any = None, *, stable: bool | None = None) -> None:
        """Sort this array in place, which is recorded; ``gradflow.numpy.sort`` returns a sorted copy.

        Parameters
        ----------
        axis : int, default -1
            Along which dimension.
        kind : str, optional
            As NumPy takes it, for nothing: the order of equal elements stays in any case.
        order : None
            Names of fields; there are none.
        stable : bool, optional
            As NumPy takes it, for nothing.

        Raises
        ------
        InPlaceError
            If this array is a leaf that requires grad, outside of ``no_grad``, or repeats its memory.
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.array([3.0, 1.0, 2.0])
        >>> a.sort()
        >>> a
        array([1., 2., 3.])
        """
        refuse("sort", order=order)
        _sort_(self, axis)

    def nonzero(self) -> Any:
        """The indices of the elements that are not 0.

        Returns
        -------
        tuple of ndarray
            For each dimension the indices, int64, in C order of the elements.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.array([0, 5, 7]).nonzero()
        (array([1, 2]),)
        """
        return _nonzero(self)

    def clip(self, min: Any = None, max: Any = None, out: Any = None) -> Any:
        """The elements held between two limits.

        Parameters
        ----------
        min : array_like, optional
            The lower limit; none if it is left out.
        max : array_like, optional
            The upper limit; none if it is left out.
        out : None
            Not recorded; write ``a[...] = ...``.

        Returns
        -------
        ndarray
            The numbers within the limits.

        Raises
        ------
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.array([-2.0, 0.5, 3.0]).clip(-1, 1)
        array([-1. ,  0.5,  1. ])
        """
        refuse("clip", out=out)
        return _clip(self, min, max)

    def round(self, decimals: int = 0, out: Any = None) -> Any:
        """The nearest number with so many decimals; of two equally near the even one.

        Parameters
        ----------
        decimals : int, default 0
            Digits after the point; negative for tens and hundreds.
        out : None
            Not recorded; write ``a[...] = ...``.

        Returns
        -------
        ndarray
            Of the shape and dtype of this array; its gradient is 0.

        Raises
        ------
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.array([0.5, 1.5]).round()
        array([0., 2.])
        """
        refuse("round", out=out)
        return _round(self, decimals)

    def conj(self) -> Any:
        """The complex conjugate; of real numbers a copy.

        Returns
        -------
        ndarray
            Of the shape and dtype of this array.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.array([1 + 2j]).conj()
        array([1.-2.j])
        """
        return _conjugate(self)

    conjugate = conj

    def dot(self, other: Any, out: Any = None) -> Any:
        """The product with a number, a vector or a matrix, as ``gradflow.numpy.dot``.

        Parameters
        ----------
        other : array_like
            The other factor.
        out : None
            Not recorded; write ``a[...] = ...``.

        Returns
        -------
        ndarray
            The products.

        Raises
        ------
        ShapeError
            If the sizes that are summed over differ.
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.array([[1.0, 2.0], [3.0, 5.0]])
        >>> a.dot([1.0, 0.0])
        array([1., 3.])
        """
        refuse("dot", out=out)
        return _dot(self, other)

    def take(self, indices: Any, axis: int | None = None, out: Any = None, mode: str = "raise") -> Any:
        """The slices that ``indices`` name along a dimension.

        Parameters
        ----------
        indices : array_like of int
            Indices, which may repeat; negative ones count from the end.
        axis : int, optional
            Along which dimension; without it the elements are taken in C order.
        out : None
            Not recorded; write ``a[...] = ...``.
        mode : str, default "raise"
            No other mode is recorded.

        Returns
        -------
        ndarray
            The slices; the dimension ``axis`` is replaced by those of ``indices``.

        Raises
        ------
        IndexingError
            If an index lies outside.
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.array([1.0, 2.0, 3.0]).take([2, 0])
        array([3., 1.])
        """
        refuse("take", out=out, mode=None if mode == "raise" else mode)
        return _take(self, indices, axis)

    def compress(self, condition: Any, axis: int | None = None, out: Any = None) -> Any:
        """The slices along a dimension for which a condition is true.

        Parameters
        ----------
        condition : array_like of bool
            One boolean for each slice; those that lack are False.
        axis : int, optional
            Along which dimension; without it the elements are taken in C order.
        out : None
            Not recorded; write ``a[...] = ...``.

        Returns
        -------
        ndarray
            The chosen slices.

        Raises
        ------
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.array([[1.0, 2.0], [3.0, 5.0]])
        >>> a.compress([False, True], axis=0)
        array([[3., 5.]])
        """
        refuse("compress", out=out)
        return self.take(public(fn.nonzero)(condition)[0], axis)

    def put(self, indices: Any, values: Any, mode: str = "raise") -> None:
        """Write values to the elements that ``indices`` name in C order; recorded.

        Parameters
        ----------
        indices : array_like of int
            Which elements.
        values : array_like
            What is written; it broadcasts.
        mode : str, default "raise"
            No other mode is recorded.

        Raises
        ------
        InPlaceError
            If this array is a leaf that requires grad, outside of ``no_grad``, or repeats its memory.
        NoCounterpartError
            If an argument is given that is not recorded.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.zeros((2, 2))
        >>> a.put([0, 3], [1.0, 2.0])
        >>> a
        array([[1., 0.],
               [0., 2.]])
        """
        refuse("put", mode=None if mode == "raise" else mode)
        self.flat[indices] = values

    def fill(self, value: Any) -> None:
        """Write one number over the whole array; recorded.

        Parameters
        ----------
        value : array_like
            The number.

        Raises
        ------
        InPlaceError
            If this array is a leaf that requires grad, outside of ``no_grad``, or repeats its memory.
        ShapeError
            If ``value`` has dimensions.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.zeros(2)
        >>> a.fill(7)
        >>> a
        array([7., 7.])
        """
        _inplace.fill_(self, value)

    def item(self, *args: Any) -> Any:
        """One element as a Python number, which has no gradient.

        Parameters
        ----------
        *args : int or tuple of int
            The index of the element, or its place in C order; nothing where there is one element.

        Returns
        -------
        float, int, bool or complex
            The number.

        Raises
        ------
        ShapeError
            If nothing is given and there is not one element.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.array([[1.0, 2.0], [3.0, 5.0]])
        >>> a.item(1, 0), a.item(3)
        (3.0, 5.0)
        """
        if not args:
            return super().item()
        place = args[0] if len(args) == 1 and isinstance(args[0], tuple) else args
        return (self.flat[place[0]] if len(place) == 1 and self.ndim != 1 else self[tuple(place)]).item()

    def tobytes(self, order: str = "C") -> bytes:
        """The bytes of the elements.

        Parameters
        ----------
        order : str, default "C"
            "C", "F" or "A", as NumPy takes it.

        Returns
        -------
        bytes
            A copy.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.array([1, 2], dtype="uint8").tobytes()
        b'\\x01\\x02'
        """
        return self.to_numpy().tobytes(cast("Any", order))


class _Flat:
    """The elements of an array in C order, as ``numpy.ndarray.flat``."""

    def __init__(self, array: Elements) -> None:
        self._array = array

    def __len__(self) -> int:
        return self._array.size

    def __iter__(self) -> Iterator[Any]:
        return iter(self._array.ravel())

    def __getitem__(self, index: Any) -> Any:
        return self._array.ravel()[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        a = of_a_dimension(self._array)
        xp = backend.namespace_of(a.array)
        places = xp.reshape(xp.arange(a.size), a.shape)  # where each element of the array is in C order
        chosen = xp.reshape(places, (-1,))[ix.bare(index)]
        left, where = chosen, []
        for n in reversed(a.shape):
            where.append(left % n)
            left = left // n
        a[tuple(reversed(where))] = value


_of_one: Callable[[Any], Any] = public
_argsort, _nonzero, _conjugate, _take = map(_of_one, (fn.argsort, fn.nonzero, conj, fn.take))
_clip, _dot, _round = public(fn.clip, limits), public(fn.dot, together(0, 2)), public(fn.round, rounding)
_sort_ = _inplace.of(fn.sort, "sort")
