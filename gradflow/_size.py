"""``gf.Size``: what ``shape`` is."""

from __future__ import annotations

from math import prod
from typing import Any


class Size(tuple[int, ...]):
    """The lengths of a tensor's dimensions: a tuple that knows the number of elements, as ``torch.Size``.

    Parameters
    ----------
    iterable : iterable of int, optional
        The lengths.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.ones(2, 3).shape, gf.ones(2, 3, 4).shape[1:].numel()
    ((2, 3), 12)
    """

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements.

        Returns
        -------
        int
            The product of the lengths.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.Size((2, 3)).numel()
        6
        """
        return prod(self)

    def __getitem__(self, index: Any) -> Any:
        found = tuple.__getitem__(self, index)
        return found if found.__class__ is int else Size(found)

    def __add__(self, other: Any) -> Size:
        return Size(tuple.__add__(self, other))
