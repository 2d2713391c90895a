"""Products of vectors and matrices."""

from __future__ import annotations

from typing import Any

from .._engine import primitive
from ..errors import ShapeError
from ..typing import Array, Namespace, Tensor, TensorOrArray
from .shape import reshape, unsqueeze


def _mT(xp: Namespace, x: Array) -> Array:
    return xp.swapaxes(x, -1, -2)


def _mH(xp: Namespace, x: Array) -> Array:
    return xp.conjugate(xp.swapaxes(x, -1, -2))


@primitive(
    lambda xp, g, _a, b: xp.sum_to(xp.matmul(g, _mT(xp, b)), _a.shape),
    lambda xp, g, a, _b: xp.sum_to(xp.matmul(_mT(xp, a), g), _b.shape),
)
def _matmul(xp: Namespace, a: Array, b: Array) -> Array:
    return xp.matmul(a, b)


@primitive(lambda xp, g, b: xp.reshape(g, (-1, 1)) * b, lambda xp, g, a: xp.matmul(g, a))
def _matvec(xp: Namespace, a: Array, b: Array) -> Array:
    return xp.matmul(a, b)


@primitive(lambda xp, g, b: xp.matmul(b, g), lambda xp, g, a: xp.reshape(a, (-1, 1)) * g)
def _vecmat(xp: Namespace, a: Array, b: Array) -> Array:
    return xp.matmul(a, b)


def matmul(a: TensorOrArray, b: TensorOrArray) -> Tensor:
    """Matrix product ``a @ b``.

    Vectors are rows on the left and columns on the right, and their dimension is gone from the result.

    Parameters
    ----------
    a : Tensor or array
        Shape (..., i, j) or (j,).
    b : Tensor or array
        Shape (..., j, k) or (j,).  Leading dimensions broadcast.

    Returns
    -------
    Tensor
        Shape (..., i, k) and the promoted dtype.

    Raises
    ------
    ShapeError
        When the shapes do not fit, or one is a number.

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> y = gf.matmul(w, gf.tensor([1.0, 2.0]))
    >>> y.sum().backward()
    >>> y.tolist(), w.grad.tolist()
    ([5.0, 11.0], [[1.0, 2.0], [1.0, 2.0]])
    """
    na, nb = _ndim(a), _ndim(b)
    if not (na and nb):
        raise ShapeError(f"matmul: takes vectors and matrices, got shapes {_shape(a)} and {_shape(b)}; use * for numbers")
    if na > 1 and nb > 1:
        return _matmul(a, b)
    if na < 3 and nb < 3:
        return dot(a, b) if na == nb else _matvec(a, b) if nb == 1 else _vecmat(a, b)
    y = _matmul(unsqueeze(a, 0) if na == 1 else a, unsqueeze(b, 1) if nb == 1 else b)
    shape = y.shape[:-2] + (y.shape[-1:] if na == 1 else y.shape[-2:-1])
    return reshape(y, shape)


def rmatmul(a: TensorOrArray, b: TensorOrArray) -> Tensor:
    """``b @ a``: the operator ``@`` with the operands exchanged."""
    return matmul(b, a)


def _ndim(x: Any) -> int:
    return int(getattr(x, "ndim", 0))


def _shape(x: Any) -> Any:
    return tuple(getattr(x, "shape", ()))


def _sized(name: str, a: Any, b: Any, na: int, nb: int) -> None:
    if _ndim(a) != na or _ndim(b) != nb:
        raise ShapeError(
            f"{name}: takes a {na}-d and a {nb}-d tensor, got shapes {_shape(a)} and {_shape(b)}; matmul is the general product"
        )


@primitive(lambda g, b: g * b, lambda g, a: g * a)
def _dot(xp: Namespace, a: Array, b: Array) -> Array:
    return xp.dot(a, b)


def dot(a: TensorOrArray, b: TensorOrArray) -> Tensor:
    """Inner product of two vectors, not conjugated.

    Parameters
    ----------
    a, b : Tensor or array
        Shape (n,).

    Returns
    -------
    Tensor
        No dimensions; the promoted dtype.

    Raises
    ------
    ShapeError
        When they are not vectors of one length.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.dot(gf.tensor([1.0, 2.0]), gf.tensor([3.0, 4.0]))
    tensor(11.)
    """
    _sized("dot", a, b, 1, 1)
    if a.shape != b.shape:
        raise ShapeError(f"dot: vectors of one length are needed, got {a.shape[0]} and {b.shape[0]}")
    return _dot(a, b)


def mv(a: TensorOrArray, b: TensorOrArray) -> Tensor:
    """A matrix times a vector.

    Parameters
    ----------
    a : Tensor or array
        Shape (i, j).
    b : Tensor or array
        Shape (j,).

    Returns
    -------
    Tensor
        Shape (i,) and the promoted dtype.

    Raises
    ------
    ShapeError
        When the shapes do not fit.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.mv(gf.tensor([[1.0, 2.0], [3.0, 4.0]]), gf.tensor([1.0, 1.0]))
    tensor([3., 7.])
    """
    _sized("mv", a, b, 2, 1)
    return matmul(a, b)


def mm(a: TensorOrArray, b: TensorOrArray) -> Tensor:
    """A matrix times a matrix.

    Parameters
    ----------
    a : Tensor or array
        Shape (i, j).
    b : Tensor or array
        Shape (j, k).

    Returns
    -------
    Tensor
        Shape (i, k) and the promoted dtype.

    Raises
    ------
    ShapeError
        When the shapes do not fit.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.mm(gf.tensor([[1.0, 2.0], [3.0, 4.0]]), gf.eye(2))
    tensor([[1., 2.],
            [3., 4.]])
    """
    _sized("mm", a, b, 2, 2)
    return _matmul(a, b)


def bmm(a: TensorOrArray, b: TensorOrArray) -> Tensor:
    """The products of matrices with matrices, pair by pair.

    Parameters
    ----------
    a : Tensor or array
        Shape (n, i, j).
    b : Tensor or array
        Shape (n, j, k).

    Returns
    -------
    Tensor
        Shape (n, i, k) and the promoted dtype.

    Raises
    ------
    ShapeError
        When the shapes do not fit; ``matmul`` broadcasts.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.bmm(gf.ones(2, 3, 4), gf.ones(2, 4, 5)).shape
    (2, 3, 5)
    """
    _sized("bmm", a, b, 3, 3)
    if a.shape[0] != b.shape[0]:
        raise ShapeError(f"bmm: {a.shape[0]} matrices and {b.shape[0]}; matmul broadcasts")
    return _matmul(a, b)


def outer(a: TensorOrArray, b: TensorOrArray) -> Tensor:
    """Every element of one vector times every element of another: ``y[i, j] = a[i] * b[j]``.

    Parameters
    ----------
    a, b : Tensor or array
        Shapes (m,) and (n,).

    Returns
    -------
    Tensor
        Shape (m, n) and the promoted dtype.

    Raises
    ------
    ShapeError
        When one is not a vector.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.outer(gf.tensor([1.0, 2.0]), gf.tensor([3.0, 4.0]))
    tensor([[3., 4.],
            [6., 8.]])
    """
    _sized("outer", a, b, 1, 1)
    return unsqueeze(a, 1) * unsqueeze(b, 0)


def kron(a: TensorOrArray, b: TensorOrArray) -> Tensor:
    """Kronecker product: ``b`` times each element of ``a``, laid out in its place.

    Parameters
    ----------
    a, b : Tensor or array
        Any shapes; the one with fewer dimensions gets dimensions of size 1 in front.

    Returns
    -------
    Tensor
        The product of the sizes along each dimension; the promoted dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.kron(gf.eye(2), gf.ones(1, 2))
    tensor([[1., 1., 0., 0.],
            [0., 0., 1., 1.]])
    """
    n = max(a.ndim, b.ndim)
    sa, sb = (1,) * (n - a.ndim) + tuple(a.shape), (1,) * (n - b.ndim) + tuple(b.shape)
    y = reshape(a, tuple(k for s in sa for k in (s, 1))) * reshape(b, tuple(k for s in sb for k in (1, s)))
    return reshape(y, tuple(i * j for i, j in zip(sa, sb, strict=True)))
