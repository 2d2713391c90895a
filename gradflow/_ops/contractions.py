"""Sums of products over chosen dimensions: einsum and tensordot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._engine import primitive
from .._plain import whole_number
from ..errors import ArgumentError, ShapeError
from ..typing import Array, Namespace, Tensor, TensorOrArray
from . import dims
from .diagonals import diagonal
from .linalg import _matmul
from .shape import _permute, reshape, sum_to

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


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
