"""Derivatives of the determinant that exist where there is no inverse, written once for both backends.

With x = U S V^H the cofactors are det(U) det(V^H) conj(U) P conj(V^H), where P is diagonal and holds the product of all other
singular values.  In the same bases the derivative of the cofactors is made of the products of all but two.

Source: for the cofactors, Giles, "An extended collection of matrix derivative results" (2008), section 2.2.3, and Golub and
Van Loan, "Matrix Computations", for what the decomposition makes of them.
"""

from __future__ import annotations

from ..errors import LinAlgError
from ..typing import Array, Namespace


def cofactors(xp: Namespace, x: Array) -> Array:
    """The cofactors of each matrix: its determinant times its inverse transposed, of singular matrices too."""
    d = xp.asarray(xp.det(x))
    if _regular(xp, x, d):  # nearly singular is no trouble: what both are divided by is the same, and goes out
        return d[..., None, None] * _transposed(xp, xp.inv(x))
    u, s, vh, turn = _decomposed(xp, x)
    return turn * xp.matmul(xp.conjugate(u) * _others(xp, s)[..., None, :], xp.conjugate(vh))


def cofactors_back(xp: Namespace, g: Array, x: Array) -> Array:
    """The gradient of ``x`` where ``g`` is that of its cofactors: with N the inverse transposed det(x) (<g, N> N - N g^T N).

    That difference loses as many digits as N has, so it is taken only of matrices whose condition number is moderate.
    """
    d = xp.asarray(xp.det(x))
    if _regular(xp, x, d):
        n, sides = _transposed(xp, xp.inv(x)), (-2, -1)
        condition = xp.sum(xp.absolute(n) ** 2, axis=sides) * xp.sum(xp.absolute(x) ** 2, axis=sides)
        if not bool((condition > _MODERATE[x.dtype.char]).any()):
            along = xp.sum(g * n, axis=sides, keepdims=True) * n
            return d[..., None, None] * (along - xp.matmul(xp.matmul(n, _transposed(xp, g)), n))
    u, s, vh, turn = _decomposed(xp, x)
    inside = xp.matmul(xp.matmul(_transposed(xp, xp.conjugate(u)), g), _transposed(xp, xp.conjugate(vh)))
    one = xp.eye(x.shape[-1], dtype=bool)
    row = s[..., None, :]
    pairs = _others(xp, xp.where(one, xp.ones_like(row), row))  # the product of all but two
    pairs = xp.where(one, xp.zeros_like(pairs), pairs)
    diagonal = xp.matmul(xp.astype(pairs, x.dtype), xp.diagonal(inside, 0, -2, -1)[..., None])
    middle = xp.where(one, diagonal, -pairs * _transposed(xp, inside))
    return turn * xp.matmul(xp.matmul(xp.conjugate(u), middle), xp.conjugate(vh))


def inverse_adjoint(xp: Namespace, x: Array) -> Array:
    """The conjugate transpose of the inverse: the gradient of log|det x|; infinite, or NaN for 0/0, where ``x`` is singular."""
    try:
        return xp.conjugate(_transposed(xp, xp.inv(x)))
    except LinAlgError:
        d = xp.asarray(xp.slogdet(x)[0])[..., None, None]
        safe = xp.where(d == 0, xp.eye(x.shape[-1], dtype=x.dtype), x)
        with xp.floating_errors(divide="ignore", invalid="ignore"):
            return xp.conjugate(xp.where(d == 0, cofactors(xp, x) / d, _transposed(xp, xp.inv(safe))))


_MODERATE = {"f": 3e3, "F": 3e3, "d": 1e8, "D": 1e8}
"""The square of the condition number up to which: it costs 2 digits of 7, or 4 of 16."""


def _regular(xp: Namespace, x: Array, d: Array) -> bool:
    """Whether determinants and inverses are there to be multiplied; what is not finite is left to become NaN."""
    return not bool(((d == 0) | xp.isinf(d)).any()) or not bool(xp.isfinite(x).all())


def _transposed(xp: Namespace, x: Array) -> Array:
    return xp.swapaxes(x, -1, -2)


def _decomposed(xp: Namespace, x: Array) -> tuple[Array, Array, Array, Array]:
    u, s, vh = xp.svd(x)
    return u, s, vh, xp.asarray(xp.det(u) * xp.det(vh))[..., None, None]


def _others(xp: Namespace, s: Array) -> Array:
    """The product of all others along the last dimension: those before an element times those after it."""
    last = s.ndim - 1
    ahead = xp.concatenate((xp.ones_like(s[..., :1]), s[..., :-1]), last)
    behind = xp.concatenate((s[..., 1:], xp.ones_like(s[..., :1])), last)
    return xp.cumprod(ahead, last) * xp.flip(xp.cumprod(xp.flip(behind, (last,)), last), (last,))
