"""Inverses, linear systems, determinants and factorisations of matrices.

Formulas: M. Giles, "An extended collection of matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008); for Cholesky, I. Murray, "Differentiation of the Cholesky decomposition" (2016).
"""

from __future__ import annotations

from typing import Any

from .._engine import primitive
from ..backend import cpu
from ..errors import ShapeError
from ..typing import Array, Namespace, Tensor, TensorLike, TensorOrArray
from .complex import conj
from .linalg import _mH, _mT, matmul
from .shape import _permute, expand, reshape, unsqueeze


def _square(x: Array, name: str) -> None:
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"linalg.{name}: takes square matrices in the last two dimensions, got shape {tuple(x.shape)}")


@primitive(lambda xp, g, y: -xp.matmul(xp.matmul(_mT(xp, y), g), _mT(xp, y)), floats=True)
def inv(xp: Namespace, x: TensorLike) -> Array:
    """Inverse ``y`` of each matrix; the gradient is ``-y.T @ g @ y.T``.

    Parameters
    ----------
    x : Tensor or array
        Shape (..., n, n).

    Returns
    -------
    Tensor
        Shape (..., n, n); integers give the default dtype.

    Raises
    ------
    ShapeError
        When the matrices are not square.
    LinAlgError
        When one has no inverse.

    References
    ----------
    M. Giles, "An extended collection of matrix derivative results for forward and reverse mode algorithmic differentiation"
    (2008), section 2.2.3.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.linalg.inv(gf.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    _square(x, "inv")
    return xp.inv(x)


@primitive(
    lambda xp, g, a, y: -xp.matmul(xp.solve(_mT(xp, a), g), _mT(xp, y)),
    lambda xp, g, a: xp.solve(_mT(xp, a), g),
    floats=True,
)
def _solve(xp: Namespace, a: Array, b: Array) -> Array:
    return xp.solve(a, b)


def solve(a: TensorOrArray, b: TensorOrArray) -> Tensor:
    """The ``y`` with ``a @ y = b``, for a vector or for columns of right-hand sides.

    The gradient of `b` is ``solve(a.T, g)``, and that of `a` is minus it times ``y.T``.

    Parameters
    ----------
    a : Tensor or array
        Shape (..., n, n).
    b : Tensor or array
        Shape (..., n, k); (n,) or (..., n), that of `a` without its last dimension, is a vector.  Leading dimensions broadcast.

    Returns
    -------
    Tensor
        Shape (..., n, k), or (..., n) for a vector; integers give the default dtype.

    Raises
    ------
    ShapeError
        When the shapes do not fit.
    LinAlgError
        When a matrix is singular.

    References
    ----------
    M. Giles, "An extended collection of matrix derivative results for forward and reverse mode algorithmic differentiation"
    (2008), section 2.3.1.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.linalg.solve(gf.tensor([[2.0, 0.0], [0.0, 4.0]]), gf.tensor([2.0, 2.0]))
    tensor([1.0000, 0.5000])
    """
    _square(a, "solve")
    vector = b.ndim == 1 or tuple(b.shape) == tuple(a.shape[:-1])
    if vector:
        b = unsqueeze(b, -1)
    if b.shape[-2] != a.shape[-1]:
        raise ShapeError(f"linalg.solve: a system of shape {tuple(a.shape)} with a right-hand side of shape {tuple(b.shape)}")
    lead = _broadcast(a.shape[:-2], b.shape[:-2], "linalg.solve")
    y = _solve(expand(a, *lead, *a.shape[-2:]), expand(b, *lead, *b.shape[-2:]))
    return reshape(y, y.shape[:-1]) if vector else y


def _broadcast(a: Any, b: Any, name: str) -> tuple[int, ...]:
    try:
        return tuple(cpu.broadcast_shapes(tuple(a), tuple(b)))
    except ValueError:
        raise ShapeError(f"{name}: leading dimensions {tuple(a)} and {tuple(b)} do not broadcast") from None


@primitive(lambda xp, g, x: xp.reshape(g, (*g.shape, 1, 1)) * xp.cofactors(x), floats=True)
def det(xp: Namespace, x: TensorLike) -> Array:
    """Determinant of each matrix.

    The gradient is the matrix of cofactors (the adjugate transposed), also of a singular matrix.  The second derivative exists at
    every matrix too.  The third needs the inverse: LinAlgError if there is none.

    Parameters
    ----------
    x : Tensor or array
        Shape (..., n, n).

    Returns
    -------
    Tensor
        Shape (...,); integers give the default dtype.

    Raises
    ------
    ShapeError
        When the matrices are not square.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([[1.0, 2.0], [2.0, 4.0]], requires_grad=True)
    >>> y = gf.linalg.det(x)
    >>> y.backward()
    >>> y.item(), x.grad.tolist()
    (0.0, [[4.0, -2.0], [-2.0, 1.0]])
    """
    _square(x, "det")
    return xp.det(x)


@primitive(lambda xp, g, x: xp.cofactors_back(g, x))
def cofactors(xp: Namespace, x: TensorLike) -> Array:
    """The matrix of cofactors of each matrix: the derivatives of the determinant."""
    return xp.cofactors(x)


def cofactors_back(g: Tensor, x: Tensor) -> Tensor:
    """``xp.cofactors_back`` of Tensors, for derivatives of the third order on: with N the inverse transposed it is
    det(x) (<g, N> N - N g^T N)."""
    n, along = inv(x).mT, (-2, -1)
    return reshape(det(x), (*x.shape[:-2], 1, 1)) * ((g * n).sum(along, keepdim=True) * n - matmul(matmul(n, g.mT), n))


def inverse_adjoint(x: Tensor) -> Tensor:
    """``xp.inverse_adjoint`` of Tensors."""
    return conj(inv(x).mT)


@primitive(lambda xp, g, x: xp.reshape(g, (*g.shape, 1, 1)) * xp.inverse_adjoint(x), floats=True, holomorphic=False)
def logabsdet(xp: Namespace, x: TensorLike) -> Array:
    """The logarithm of the absolute value of the determinant of each matrix."""
    _square(x, "slogdet")
    return xp.slogdet(x)[1]


@primitive(None, floats=True)
def _detsign(xp: Namespace, x: Array) -> Array:
    return xp.slogdet(x)[0]


def _phase_rule(xp: Namespace, g: Array, x: Array, y: Array) -> Array:
    turn = -xp.imag(xp.conjugate(g) * y)
    return xp.reshape(1j * turn, (*y.shape, 1, 1)) * _mH(xp, xp.inv(x))


@primitive(_phase_rule, holomorphic=False)
def _detphase(xp: Namespace, x: Array) -> Array:
    return xp.slogdet(x)[0]


def slogdet(x: TensorOrArray) -> tuple[Tensor, Tensor]:
    """Sign and logarithm of the absolute value of each determinant, without overflow.

    Of a singular matrix they are 0 and minus infinity; the gradient of the logarithm is infinite there, and NaN where a
    cofactor is 0, as in PyTorch.  The gradient of the logarithm is else the inverse, conjugated and transposed.

    Parameters
    ----------
    x : Tensor or array
        Shape (..., n, n).

    Returns
    -------
    tuple of Tensor
        ``(sign, logabsdet)``, each of shape (...,).  The sign of a complex determinant is a number of modulus 1.

    Raises
    ------
    ShapeError
        When the matrices are not square.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.linalg.slogdet(gf.tensor([[1.0, 0.0], [0.0, -1.0]]))
    (tensor(-1.), tensor(0.))
    """
    return (_detphase if x.dtype.kind == "c" else _detsign)(x), logabsdet(x)


def _cholesky_rule(xp: Namespace, g: Array, y: Array) -> Array:
    lower = xp.tril(xp.matmul(_mH(xp, y), g))
    half = lower - 0.5 * xp.tril(xp.triu(lower))  # the diagonal counts half
    middle = xp.solve(_mH(xp, y), half)
    s = _mH(xp, xp.solve(_mH(xp, y), _mH(xp, middle)))
    return 0.5 * (s + _mH(xp, s))


@primitive(_cholesky_rule, floats=True, holomorphic=False)
def _cholesky(xp: Namespace, x: Array) -> Array:
    _square(x, "cholesky")
    return xp.cholesky(x)


def cholesky(x: TensorLike, *, upper: bool = False) -> Tensor:
    """Cholesky factor: the lower triangular L with ``L @ L.mH = x``.

    Only the lower triangle of `x` is read.  The gradient is Hermitian as `x` is: each triangle has half of it.

    Parameters
    ----------
    x : Tensor or array
        Shape (..., n, n): Hermitian positive definite matrices.
    upper : bool
        Whether to return ``L.mH``.

    Returns
    -------
    Tensor
        Shape (..., n, n); integers give the default dtype.

    Raises
    ------
    ShapeError
        When the matrices are not square.
    LinAlgError
        When one is not positive definite.

    References
    ----------
    I. Murray, "Differentiation of the Cholesky decomposition" (2016), section 3.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.linalg.cholesky(gf.tensor([[4.0, 2.0], [2.0, 5.0]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    y = _cholesky(x)
    return conj(_permute(y, (*range(y.ndim - 2), y.ndim - 1, y.ndim - 2))) if upper else y
