"""Products of batches, and systems of equations: what is the same for all arrays is multiplied with all of them at once."""

from __future__ import annotations

import math
from string import ascii_letters
from typing import Any

from ..typing import Array
from .batch import Batch, NoBatch, OfBatches, any_batch, lifted


class Products(OfBatches):
    """The functions of kind "contraction", and those of matrices with two arguments."""

    def matmul(self, a: Any, b: Any) -> Any:
        """The products; where one factor is the same for all, they are one product of larger matrices."""
        xp, n = self.xp, self.count
        if not any_batch((a, b)):
            return xp.matmul(a, b)
        if not isinstance(a, Batch):
            if b.ndim == 1:  # a b for each row b: rows times a transposed
                return Batch(
                    xp.matmul(b.array, a if a.ndim == 1 else xp.swapaxes(a, -1, -2)) if a.ndim < 3 else self._pairs(a, b)
                )
            return Batch(self._pairs(a, b) if a.ndim > b.ndim else xp.matmul(a, b.array))
        if not isinstance(b, Batch) and b.ndim < 3:
            rows = a.array.reshape(math.prod(a.array.shape[:-1]), a.shape[-1])
            return Batch(xp.matmul(rows, b).reshape((n, *a.shape[:-1], *b.shape[1:])))
        return Batch(self._pairs(a, b))

    dot = matmul

    def _pairs(self, a: Any, b: Any) -> Array:
        """The products by the rules of matmul, with the batch as one more dimension in front."""
        row, column = a.ndim == 1, b.ndim == 1
        left, right = self.spread(a), self.spread(b)
        left = left[:, None, :] if row else left
        right = right[:, :, None] if column else right
        more = left.ndim - right.ndim  # dimensions that only one of them has stand behind the batch
        fill = (self.count, *(1,) * abs(more))
        if more > 0:
            right = right.reshape((*fill, *right.shape[1:]))
        elif more < 0:
            left = left.reshape((*fill, *left.shape[1:]))
        made = self.xp.matmul(left, right)
        made = made[..., 0] if column else made
        return (made[..., 0] if column else made[..., 0, :]) if row else made

    def einsum(self, equation: str, *operands: Any, optimize: bool = False) -> Any:
        """The batch is one more letter."""
        if not any_batch(operands):
            return self.xp.einsum(equation, *operands, optimize=optimize)
        letter = next((c for c in ascii_letters if c not in equation), None)
        if letter is None:
            raise NoBatch(f"{equation!r} leaves no letter for the batch")
        terms, _, result = equation.partition("->")
        named = [letter + t if isinstance(a, Batch) else t for t, a in zip(terms.split(","), operands, strict=True)]
        arrays = [a.array if isinstance(a, Batch) else a for a in operands]
        return Batch(self.xp.einsum(f"{','.join(named)}->{letter}{result}", *arrays, optimize=optimize))

    def solve(self, a: Any, b: Any) -> Any:
        """Where the matrices are the same for all, the right-hand sides are columns of one system."""
        xp = self.xp
        if not any_batch((a, b)):
            return xp.solve(a, b)
        if isinstance(a, Batch):
            return Batch(xp.solve(lifted(a, b.ndim), lifted(b, a.ndim) if isinstance(b, Batch) else self.spread(b)))
        columns = xp.moveaxis(b.array, 0, -2)
        made = xp.solve(a, columns.reshape((*columns.shape[:-2], self.count * b.shape[-1])))
        return Batch(xp.moveaxis(made.reshape((*made.shape[:-1], self.count, b.shape[-1])), -2, 0))

    def cofactors_back(self, g: Any, x: Any) -> Any:
        made = self.xp.cofactors_back(lifted(g, x.ndim), lifted(x, g.ndim))
        return Batch(made) if any_batch((g, x)) else made
