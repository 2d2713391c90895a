"""Products and factorisations of matrices.

Formulas: M. Giles, "An extended collection of matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008); for Cholesky, I. Murray, "Differentiation of the Cholesky decomposition" (2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._engine import primitive
from .._plain import whole_number
from ..backend import cpu
from ..errors import ArgumentError, ShapeError
from ..typing import Array, Namespace, Tensor, TensorLike, TensorOrArray
from . import dims
from .complex import conj
from .shape import _permute, diagonal, expand, reshape, sum_to, unsqueeze

# --- products -----------------------------------------------------------------------------------------------------------


_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


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


def _contract_rule(xp: Namespace, g: Array, tensors: tuple[Array, ...], equation: str, needs: tuple[bool, ...]) -> list[Any]:
    inputs, result = equation.split("->")
    names = inputs.split(",")
    grads: list[Any] = []
    for i, mine in enumerate(names):
        if not needs[i]:
            grads.append(None)
            continue
        others = [result, *names[:i], *names[i + 1 :]]
        grads.append(xp.einsum(f"{','.join(others)}->{mine}", g, *tensors[:i], *tensors[i + 1 :]))
    return grads


@primitive(joint=(_contract_rule, "tensors"))
def contract(xp: Namespace, equation: str, *tensors: Array) -> Array:
    """``einsum`` of a plain equation: no letter twice in one term, each of a term's letters in another term or the result."""
    return xp.array(xp.einsum(equation, *tensors, optimize=len(tensors) > 1))


def einsum(equation: Any, *operands: Any) -> Tensor:
    """The sum of products, written with index letters.

    A letter that stands for dimensions of several terms multiplies along them; one that the result lacks is summed over.  A
    letter twice in a term takes the diagonal, and "..." broadcasts.  Without "->" the result has the letters that stand once, in
    alphabetical order.

    Parameters
    ----------
    equation : str
        The terms, one for each operand, and the result: ``"ij,jk->ik"``.
    *operands : Tensor or array
        One for each term.  Instead of an equation each operand may be followed by the list of its dimensions, numbers from 0 to
        51 and Ellipsis, and a list for the result may come last: ``einsum(a, [0, 1], b, [1, 2], [0, 2])``.

    Returns
    -------
    Tensor
        The dimensions of the result's letters; the promoted dtype.

    Raises
    ------
    ArgumentError
        When the equation cannot be read, or has not as many terms as there are operands.
    ShapeError
        When a letter stands for two sizes.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> gf.einsum("ij,jk->ik", x, x)
    tensor([[ 7., 10.],
            [15., 22.]])
    >>> gf.einsum("ii->", x)
    tensor(5.)
    """
    if not isinstance(equation, str) and operands:
        equation, operands = _equation((equation, *operands))
    tensors = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], list | tuple) else list(operands)
    terms, result = _letters(equation, tensors)
    sizes: dict[str, int] = {}
    for term, x in zip(terms, tensors, strict=True):
        for letter, n in zip(term, x.shape, strict=True):
            held = sizes.setdefault(letter, n)
            if held != n and 1 not in (held, n):
                raise ShapeError(f"einsum: {letter!r} is {held} in one term and {n} in another of {equation!r}")
            sizes[letter] = max(held, n) if held != 0 and n != 0 else 0
    for i in range(len(tensors)):
        tensors[i], terms[i] = _diagonals(tensors[i], terms[i])
        tensors[i], terms[i] = _summed(
            tensors[i], terms[i], [k for k, c in enumerate(terms[i]) if tensors[i].shape[k] != sizes[c]]
        )
    for i in range(len(tensors)):
        met = {*result, *"".join(terms[:i] + terms[i + 1 :])}
        tensors[i], terms[i] = _summed(tensors[i], terms[i], [k for k, c in enumerate(terms[i]) if c not in met])
    missing = [c for c in result if not any(c in t for t in terms)]
    y = contract(f"{','.join(terms)}->{''.join(c for c in result if c not in missing)}", *tensors)
    if missing:  # letters of size 1 everywhere
        y = reshape(y, tuple(sizes[c] for c in result))
    return y


def _equation(given: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """The equation that lists of numbers stand for, and the operands between them."""

    def term(numbers: Any) -> str:
        if not isinstance(numbers, list | tuple) or not all(n is ... or (isinstance(n, int) and 0 <= n < 52) for n in numbers):
            raise ArgumentError(
                f"einsum: beside an operand stands the list of its dimensions, numbers from 0 to 51 and Ellipsis, not {numbers!r}"
            )
        return "".join("..." if n is ... else _LETTERS[n] for n in numbers)

    terms = ",".join(term(numbers) for numbers in given[1::2])
    return (f"{terms}->{term(given[-1])}" if len(given) % 2 else terms), given[0 : len(given) - len(given) % 2 : 2]


def _letters(equation: str, tensors: list[Any]) -> tuple[list[str], str]:
    """The terms and the result with every "..." written out in letters."""
    if not isinstance(equation, str):
        raise ArgumentError(f"einsum: the first argument is an equation such as 'ij,jk->ik', not {type(equation).__name__}")
    left, arrow, result = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(tensors):
        raise ArgumentError(f"einsum: {len(terms)} terms in {equation!r} for {len(tensors)} tensors")
    free = [c for c in _LETTERS if c not in equation]
    longest = 0
    for i, (term, x) in enumerate(zip(terms, tensors, strict=True)):
        named = term.replace("...", "", 1)
        if not named.isalpha() and named:
            raise ArgumentError(f"einsum: {equation!r} has something in it that is no letter, comma, '...' or '->'")
        hidden = x.ndim - len(named)
        if hidden < 0 or (hidden and "..." not in term):
            raise ShapeError(f"einsum: term {term!r} names {len(named)} dimensions of a tensor of shape {tuple(x.shape)}")
        longest = max(longest, hidden)
        terms[i] = term.replace("...", "".join(free[26 - hidden : 26]))
    dots = "".join(free[26 - longest : 26])
    if arrow:
        result = result.replace("...", dots)
    else:
        named = "".join(terms)
        result = dots + "".join(sorted(c for c in set(named) if named.count(c) == 1 and c not in dots))
    for c in result:
        if result.count(c) > 1 or not any(c in t for t in terms):
            raise ArgumentError(f"einsum: {c!r} of the result appears twice in it, or in no term, of {equation!r}")
    return terms, result


def _diagonals(x: Any, term: str) -> tuple[Any, str]:
    """A tensor and its term with each letter in it once: of a letter that is there twice the diagonal is taken."""
    for c in dict.fromkeys(term):
        while term.count(c) > 1:
            i = term.index(c)
            j = term.index(c, i + 1)
            if x.shape[i] != x.shape[j]:
                raise ShapeError(f"einsum: {c!r} takes the diagonal of dimensions of sizes {x.shape[i]} and {x.shape[j]}")
            x = diagonal(x, 0, i, j)
            term = term[:i] + term[i + 1 : j] + term[j + 1 :] + c
    return x, term


def _summed(x: Any, term: str, gone: list[int]) -> tuple[Any, str]:
    """A tensor and its term without some dimensions, over which it is summed."""
    if gone:
        x = sum_to(x, tuple(1 if i in gone else n for i, n in enumerate(x.shape)))
        x = reshape(x, tuple(n for i, n in enumerate(x.shape) if i not in gone))
    return x, "".join(c for i, c in enumerate(term) if i not in gone)


def tensordot(a: TensorOrArray, b: TensorOrArray, dims: int | Sequence[int | Sequence[int]] = 2) -> Tensor:
    """Sum of products over dimensions of ``a`` and ``b``.

    Parameters
    ----------
    a, b : Tensor or array
        Any shapes.
    dims : int or pair of sequences of int
        How many of the last dimensions of `a` meet the first of `b`; or which of `a`, and which of `b`.

    Returns
    -------
    Tensor
        The other dimensions of `a`, then those of `b`; the promoted dtype.

    Raises
    ------
    ShapeError
        When the sizes differ.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.tensordot(gf.ones(2, 3), gf.ones(4, 3), dims=([1], [1])).shape
    (2, 4)
    """
    count = whole_number(dims)
    if count is not None:
        if count > min(a.ndim, b.ndim) or count < 0:
            raise ShapeError(f"tensordot: {count} dimensions of tensors of shapes {a.shape} and {b.shape}")
        da, db = tuple(range(a.ndim - count, a.ndim)), tuple(range(count))
    else:
        over: Any = dims
        da, db = (_several(d, x.ndim, "tensordot") for d, x in zip(over, (a, b), strict=True))
    if len(da) != len(db) or any(a.shape[i] != b.shape[j] for i, j in zip(da, db, strict=False)):
        raise ShapeError(f"tensordot: dimensions {da} of shape {a.shape} do not match {db} of {b.shape}")
    keep_a, keep_b = [i for i in range(a.ndim) if i not in da], [i for i in range(b.ndim) if i not in db]
    n = 1
    for i in da:
        n *= a.shape[i]
    left = reshape(_permute(a, (*keep_a, *da)), (_count(a, keep_a), n))
    right = reshape(_permute(b, (*db, *keep_b)), (n, _count(b, keep_b)))
    return reshape(_matmul(left, right), (*(a.shape[i] for i in keep_a), *(b.shape[i] for i in keep_b)))


_several = dims.several


def _count(x: Any, over: list[int]) -> int:
    n = 1
    for i in over:
        n *= x.shape[i]
    return n


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


# --- inverses and factorisations ------------------------------------------------------------------------------------------


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

    Only the lower triangle of `x` is read.  The gradient is Hermitian, as if both triangles were.

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
