"""Methods of ``gradflow.numpy.ndarray`` that show or copy its elements in another shape, order or dtype."""

# mypy: disable-error-code="override"
# A subclass whose methods are another manual's: that is what it is for.

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from .._ops import shape as s
from .._tensor import Tensor
from ..errors import DTypeError, NoCounterpartError
from ..typing import DType
from . import functions as fn
from .arguments import c_order, of_a_dimension, refuse
from .face import public, untouched


class Shaped(Tensor):
    """Its elements in another shape."""

    __slots__ = ()

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> Any:
        """The elements in another shape.

        Parameters
        ----------
        *shape : int or tuple of int
            The lengths of the new dimensions.  One of them may be -1, for what is left.
        order : str, default "C"
            "C" or "F": which index runs fastest, the last or the first.
        copy : None
            Not recorded.

        Returns
        -------
        ndarray
            A view where the layout in memory allows one, else a copy.

        Raises
        ------
        ShapeError
            If the numbers of elements differ.
        ArgumentError
            If the order is another.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.arange(4).reshape(2, -1)
        array([[0, 1],
               [2, 3]])
        """
        refuse("reshape", copy=copy)
        sizes = shape[0] if len(shape) == 1 else shape
        if order == "F":  # the first index runs fastest: in C order that is the transposed array
            backwards = tuple(reversed(sizes)) if hasattr(sizes, "__len__") else (sizes,)
            return _reshape(self.T, backwards).T
        c_order("reshape", order)
        return _reshape(self, sizes)

    def ravel(self, order: str = "C") -> Any:
        """The elements in one dimension.

        Parameters
        ----------
        order : str, default "C"
            "C" or "F": which index runs fastest, the last or the first.

        Returns
        -------
        ndarray
            A view where the layout in memory allows one, else a copy.

        Raises
        ------
        ArgumentError
            If the order is another.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.array([[1.0, 2.0], [3.0, 5.0]])
        >>> a.ravel("F")
        array([1., 3., 2., 5.])
        """
        return _ravel(self) if order == "C" else self.reshape(-1, order=order)

    def flatten(self, order: str = "C") -> Any:
        """A copy of the elements in one dimension.

        Parameters
        ----------
        order : str, default "C"
            "C" or "F": which index runs fastest, the last or the first.

        Returns
        -------
        ndarray
            A vector.

        Raises
        ------
        ArgumentError
            If the order is another.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.array([[1.0, 2.0], [3.0, 5.0]])
        >>> a.flatten()
        array([1., 2., 3., 5.])
        """
        return self.ravel(order).copy()

    def transpose(self, *axes: Any) -> Any:
        """The dimensions in another order, in reverse order unless one is given.

        Parameters
        ----------
        *axes : int or tuple of int
            Dimension ``i`` of the result is dimension ``axes[i]`` of this array.

        Returns
        -------
        ndarray
            A view.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.ones((2, 3, 4)).transpose(2, 0, 1).shape
        (4, 2, 3)
        """
        given = axes[0] if len(axes) == 1 else axes
        return _transpose(self, (given if hasattr(given, "__len__") else (given,)) if given is not None and axes else None)

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        """Two dimensions exchanged.

        Parameters
        ----------
        axis1 : int
            One dimension.
        axis2 : int
            The other.

        Returns
        -------
        ndarray
            A view.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.ones((2, 3, 4)).swapaxes(0, 2).shape
        (4, 3, 2)
        """
        return _swapaxes(self, axis1, axis2)

    def squeeze(self, axis: Any = None) -> Any:
        """The array without its dimensions of size 1.

        Parameters
        ----------
        axis : int or tuple of int, optional
            The dimensions to leave out; all of size 1 if it is left out.

        Returns
        -------
        ndarray
            A view.

        Raises
        ------
        ShapeError
            If a dimension of ``axis`` is of another size.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.ones((1, 2, 1)).squeeze().shape
        (2,)
        """
        return _squeeze(self, axis)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
        """The diagonals of the matrices in two dimensions.

        Parameters
        ----------
        offset : int, default 0
            Which diagonal: above the main one if positive, below if negative.
        axis1 : int, default 0
            The dimension of the rows.
        axis2 : int, default 1
            The dimension of the columns.

        Returns
        -------
        ndarray
            A view; its last dimension is the diagonal.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.array([[1.0, 2.0], [3.0, 5.0]])
        >>> a.diagonal()
        array([1., 5.])
        """
        return _diagonal(self, offset, axis1, axis2)

    def repeat(self, repeats: Any, axis: int | None = None) -> Any:
        """Each element several times, one beside the other.

        Parameters
        ----------
        repeats : int or array_like of int
            How many times, for all elements along ``axis`` or for each of them.
        axis : int, optional
            Along which dimension; without it along all elements in C order.

        Returns
        -------
        ndarray
            A copy.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.array([1, 2]).repeat([2, 1])
        array([1, 1, 2])
        """
        return _repeat(of_a_dimension(self), repeats, axis)

    def copy(self, order: str = "C") -> Any:
        """A copy in memory of its own, recorded.

        Parameters
        ----------
        order : str, default "C"
            The layout: "C", "F", or "K" for that of this array.

        Returns
        -------
        ndarray
            The same elements.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.ones(2)
        >>> b = a.copy()
        >>> b[0] = 5
        >>> a
        array([1., 1.])
        """
        if order == "F":
            return _copy(self.T).T
        return _copy(self) if order != "C" or self.array.flags.c_contiguous else _contiguous(self)

    def __copy__(self) -> Any:
        return self.copy("K")

    def view(self, dtype: DType = None, type: Any = None) -> Any:
        """Another array of the same memory.

        Parameters
        ----------
        dtype : None
            Another dtype has no derivative; ``astype`` converts.
        type : None
            Another class; ``as_subclass`` gives it.

        Returns
        -------
        ndarray
            A view.

        Raises
        ------
        NoCounterpartError
            If a dtype or a class is given.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> a = gnp.ones(2)
        >>> a.view()[0] = 5
        >>> a
        array([5., 1.])
        """
        if dtype is not None or type is not None:
            raise NoCounterpartError("view: bytes read as another dtype have no derivative; astype converts, reshape reshapes")
        return self[...]

    def astype(self, dtype: DType, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]  # the order of NumPy's parameters
        """The elements in another dtype; recorded.

        Parameters
        ----------
        dtype : dtype
            The dtype.
        order : str, default "K"
            As NumPy takes it, for nothing.
        casting : str, default "unsafe"
            What may be lost, as in ``numpy.can_cast``.
        subok : bool, default True
            As NumPy takes it, for nothing.
        copy : bool, default True
            False returns an array of that dtype as it is.

        Returns
        -------
        ndarray
            The elements in that dtype.

        Raises
        ------
        DTypeError
            If ``casting`` does not allow it.

        Examples
        --------
        >>> import gradflow.numpy as gnp
        >>> gnp.array([1.7, -1.7]).astype(int)
        array([ 1, -1])
        """
        if not np.can_cast(self.dtype, np.dtype(dtype), cast("Any", casting)):
            raise DTypeError(f"astype: {self.dtype} does not become {np.dtype(dtype)} with casting={casting!r}")
        return _to(self, dtype=dtype, copy=copy)


_of_one: Callable[[Any], Any] = public
_reshape, _ravel, _transpose, _swapaxes, _squeeze = map(_of_one, (fn.reshape, fn.ravel, fn.transpose, fn.swapaxes, fn.squeeze))
_diagonal, _repeat, _copy, _contiguous = map(_of_one, (fn.diagonal, fn.repeat, fn.copy, s.contiguous))
_to = public(Tensor.to, untouched)
