"""Products of arrays and linear algebra, spelled as NumPy spells them."""

from __future__ import annotations

from typing import Any

from .. import linalg
from .._ops import complex as cx
from .._ops import contractions as co
from .._ops import diagonals as dg
from .._ops import elementwise as e
from .._ops import factorisations as fa
from .._ops import linalg as la
from .._ops import reduce as r
from .._ops import shape as s
from ..typing import Tensor

__all__ = ["dot", "einsum", "tensordot", "vecdot"]


def dot(a: Any, b: Any) -> Any:
    """The product of numbers, vectors or matrices; for more dimensions a ``tensordot``.

    Parameters
    ----------
    a : array_like
        A number, (n,) or (..., m, n).
    b : array_like
        A number, (n,) or (..., n, k).

    Returns
    -------
    ndarray or Tensor
        The sum over the last dimension of ``a`` and the last but one of ``b`` (its only one if it is a vector).

    Raises
    ------
    ShapeError
        If these dimensions differ.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.dot([[1, 2], [3, 4]], [10, 1])
    array([12, 34])
    """
    na, nb = getattr(a, "ndim", 0), getattr(b, "ndim", 0)
    if not (na and nb):
        return e.mul(a, b)
    if nb <= 2:
        return la.matmul(a, b)
    return co.tensordot(a, b, ((na - 1,), (nb - 2,)))


def vecdot(x1: Any, x2: Any, axis: int = -1) -> Any:
    """The inner products of vectors, ``sum(conj(x1) * x2)`` over ``axis``.

    Parameters
    ----------
    x1 : array_like
        Vectors, of which the complex conjugate is taken.
    x2 : array_like
        Vectors; the two broadcast.
    axis : int, default -1
        The dimension that is summed over.

    Returns
    -------
    ndarray or Tensor
        One number for each pair of vectors.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.vecdot([[1, 2], [3, 4]], [10, 1])
    array([12, 34])
    """
    return r.sum(e.mul(cx.conj(x1), x2), axis, False)


def einsum(*operands: Any, optimize: Any = False) -> Any:
    """A sum of products, in Einstein's notation: dimensions with one letter run together.

    Parameters
    ----------
    *operands : str and array_like
        An equation such as "ij,jk->ik" and the arrays, or each array followed by the list of its axes as numbers.  Without
        "->" the letters that occur once stay, in alphabetical order.
    optimize : bool or str, default False
        As NumPy takes it, for nothing: the order of the products is chosen in any case.

    Returns
    -------
    ndarray or Tensor
        The sums, with the dimensions to the right of "->".

    Raises
    ------
    ShapeError
        If dimensions with one letter differ.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.einsum("ij,j->i", [[1, 2], [3, 4]], [10, 1])
    array([12, 34])
    """
    return co.einsum(*operands)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """The sum of products over several dimensions of each array.

    Parameters
    ----------
    a : array_like
        An array.
    b : array_like
        Another.
    axes : int or pair of sequences of int, default 2
        The last so many dimensions of ``a`` and the first of ``b``, or the dimensions of ``a`` and those of ``b``.

    Returns
    -------
    ndarray or Tensor
        With the dimensions of ``a``, then of ``b``, that are not summed over.

    Raises
    ------
    ShapeError
        If the dimensions that are summed over differ.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.tensordot(gnp.ones((2, 3, 4)), gnp.ones((4, 3, 5)), axes=([1, 2], [1, 0])).shape
    (2, 5)
    """
    return co.tensordot(a, b, axes)


# --- with NumPy's signature for users; rules use the operations themselves ------------------------------------------------


def matmul(x1: Any, x2: Any, /) -> Tensor:
    """The matrix product; of more than two dimensions the first ones broadcast.

    Parameters
    ----------
    x1 : array_like
        Matrices (..., m, n), or a vector (n,), which is a row.
    x2 : array_like
        Matrices (..., n, k), or a vector (n,), which is a column.

    Returns
    -------
    ndarray or Tensor
        The products, (..., m, k), without the dimension that a vector lacks.

    Raises
    ------
    ShapeError
        If the sizes n differ, or one of the two is a number.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.matmul([[1, 2], [3, 4]], [[1, 0], [1, 1]])
    array([[3, 2],
           [7, 4]])
    """
    return la.matmul(x1, x2)


def outer(a: Any, b: Any) -> Tensor:
    """Each element of ``a`` times each of ``b``.

    Parameters
    ----------
    a : array_like
        m elements, taken in C order.
    b : array_like
        n elements, taken in C order.

    Returns
    -------
    ndarray or Tensor
        A matrix (m, n).

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.outer([1, 2], [3, 4])
    array([[3, 4],
           [6, 8]])
    """
    return la.outer(s.ravel(a), s.ravel(b))


def kron(a: Any, b: Any) -> Tensor:
    """The Kronecker product: ``b`` times each element of ``a``, side by side.

    Parameters
    ----------
    a : array_like
        The factors.
    b : array_like
        The blocks.

    Returns
    -------
    ndarray or Tensor
        In each dimension as long as ``a`` times ``b``.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.kron([1, 10], [1, 2])
    array([ 1,  2, 10, 20])
    """
    return la.kron(a, b)


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Tensor:
    """The sum of the diagonal of each matrix in two dimensions.

    Parameters
    ----------
    a : array_like
        An array of two dimensions or more.
    offset : int, default 0
        Which diagonal: above the main one if positive, below if negative.
    axis1 : int, default 0
        The dimension of the rows.
    axis2 : int, default 1
        The dimension of the columns.
    dtype : dtype, optional
        The dtype of the sum.

    Returns
    -------
    ndarray or Tensor
        With the other dimensions of ``a``.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.trace([[1, 2], [3, 4]])
    array(5)
    """
    return r.sum(dg.diagonal(a, offset, axis1, axis2), -1, dtype=dtype)


def inv(a: Any) -> Tensor:
    """The inverse of each matrix.

    Parameters
    ----------
    a : array_like
        Square matrices, (..., n, n); whole numbers become float64.

    Returns
    -------
    ndarray or Tensor
        Matrices of the same shape.

    Raises
    ------
    LinAlgError
        If a matrix has no inverse.
    ShapeError
        If the matrices are not square.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.linalg.inv([[2, 0], [0, 4]])
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    return fa.inv(a)


def det(a: Any) -> Tensor:
    """The determinant of each matrix.

    The gradient is that of the cofactors, which exist at every matrix, also at a singular one.

    Parameters
    ----------
    a : array_like
        Square matrices, (..., n, n); whole numbers become float64.

    Returns
    -------
    ndarray or Tensor
        One number for each matrix.

    Raises
    ------
    ShapeError
        If the matrices are not square.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> x = gnp.array([[1.0, 2.0], [2.0, 4.0]]).requires_grad_()
    >>> gnp.linalg.det(x).backward()
    >>> x.grad
    array([[ 4., -2.],
           [-2.,  1.]])
    """
    return fa.det(a)


def slogdet(a: Any) -> tuple[Tensor, Tensor]:
    """The sign of the determinant of each matrix, and the logarithm of its absolute value.

    Parameters
    ----------
    a : array_like
        Square matrices, (..., n, n); whole numbers become float64.

    Returns
    -------
    tuple of ndarray or Tensor
        The sign, on the unit circle for complex matrices, and the logarithm: 0 and -inf for a singular matrix.

    Raises
    ------
    ShapeError
        If the matrices are not square.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.linalg.slogdet([[0.0, 1.0], [1.0, 0.0]])
    (array(-1.), array(0.))
    """
    return fa.slogdet(a)


def cholesky(a: Any, *, upper: bool = False) -> Tensor:
    """The lower triangular matrix L with ``L @ L.conj().T = a`` of each matrix.

    Parameters
    ----------
    a : array_like
        Hermitian, positive definite matrices, (..., n, n); whole numbers become float64.
    upper : bool, default False
        True gives ``L.conj().T``.

    Returns
    -------
    ndarray or Tensor
        Matrices of the same shape.

    Raises
    ------
    LinAlgError
        If a matrix is not positive definite.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.linalg.cholesky([[4.0, 2.0], [2.0, 2.0]])
    array([[2., 0.],
           [1., 1.]])
    """
    return fa.cholesky(a, upper=upper)


def solve(a: Any, b: Any) -> Tensor:
    """The solution x of ``a @ x = b`` for each matrix.

    Parameters
    ----------
    a : array_like
        Square matrices, (..., n, n); whole numbers become float64.
    b : array_like
        A vector (n,), or matrices (..., n, k) whose columns are right-hand sides.

    Returns
    -------
    ndarray or Tensor
        The solutions, shaped as ``b``, broadcast.

    Raises
    ------
    LinAlgError
        If a matrix is singular.
    ShapeError
        If the shapes do not fit.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.linalg.solve([[2.0, 1.0], [0.0, 4.0]], [4.0, 8.0])
    array([1., 2.])
    """
    return fa.solve(a, b)


# --- of numpy.linalg alone ------------------------------------------------------------------------------------------------


def linalg_outer(x1: Any, x2: Any, /) -> Tensor:
    """Each element of one vector times each of another.

    Parameters
    ----------
    x1 : array_like
        A vector (m,).
    x2 : array_like
        A vector (n,).

    Returns
    -------
    ndarray or Tensor
        A matrix (m, n).

    Raises
    ------
    ShapeError
        If one of the two is no vector; ``gradflow.numpy.outer`` takes elements of any shape.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.linalg.outer([1, 2], [3, 4])
    array([[3, 4],
           [6, 8]])
    """
    return la.outer(x1, x2)


def linalg_tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Tensor:
    """The sum of products over several dimensions of each array: ``gradflow.numpy.tensordot``, whose ``axes`` is named.

    Parameters
    ----------
    x1 : array_like
        An array.
    x2 : array_like
        Another.
    axes : int or pair of sequences of int, default 2
        The last so many dimensions of ``x1`` and the first of ``x2``, or the dimensions of ``x1`` and those of ``x2``.

    Returns
    -------
    ndarray or Tensor
        With the dimensions of ``x1``, then of ``x2``, that are not summed over.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.linalg.tensordot([1, 2], [3, 4], axes=1)
    array(11)
    """
    return co.tensordot(x1, x2, axes)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The 2-norm of all elements, or the norm of order ``ord``, of vectors over one ``axis`` or of matrices over two.

    The gradient is taken to be 0 where the norm is 0.

    Parameters
    ----------
    x : array_like
        The elements; whole numbers become float64.
    ord : float or str, optional
        Of vectors any number, inf and -inf; of matrices "fro", 1 and -1 (largest and smallest sum of abs(x) over a column),
        inf and -inf (over a row).
    axis : int or tuple of int, optional
        The dimension of the vectors, or the two of the matrices.
    keepdims : bool, default False
        True keeps these dimensions, with size 1.

    Returns
    -------
    ndarray or Tensor
        The norms, which are real.

    Raises
    ------
    ArgumentError
        For the orders 2, -2 and "nuc" of matrices, which need singular values.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.linalg.norm([[3.0, 0.0], [4.0, 1.0]], axis=0)
    array([5., 1.])
    """
    return linalg.norm(x, ord, axis, keepdims)


def vector_norm(x: Any, *, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Tensor:
    """The norm ``sum(abs(x)**ord)**(1/ord)`` of the elements over ``axis``.

    The gradient of the 2-norm is taken to be 0 where the norm is 0.

    Parameters
    ----------
    x : array_like
        The elements; whole numbers become float64.
    axis : int or tuple of int, optional
        Over what the norm is taken; over all dimensions if it is left out.
    keepdims : bool, default False
        True keeps these dimensions, with size 1.
    ord : float, default 2
        The order; inf and -inf give the largest and the smallest of abs(x), 0 the number of nonzero elements.

    Returns
    -------
    ndarray or Tensor
        The norms, which are real.

    Examples
    --------
    >>> import gradflow.numpy as gnp
    >>> gnp.linalg.vector_norm([[3.0, 4.0], [-1.0, 2.0]], axis=1, ord=1)
    array([7., 3.])
    """
    return linalg.vector_norm(x, ord, axis, keepdims)
