"""What a tensor says of itself: its size and layout, its text, and whether it is true."""

from __future__ import annotations

from typing import Any, overload

import numpy as np

from . import backend
from ._recorded import Recorded, loses_gradient, warn_of_lost_gradient
from ._size import Size
from .errors import ShapeError


class Described(Recorded):
    """What every Tensor can be asked."""

    __slots__ = ()

    @property
    def ndim(self) -> int:
        """The number of dimensions.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2, 3).ndim
        2
        """
        return self.array.ndim  # type: ignore[no-any-return]

    @property
    def size(self) -> _NumberOfElements:
        """The number of elements; also callable, as PyTorch's ``size()`` and ``size(dim)``, for the lengths of the dimensions.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.ones(2, 3)
        >>> x.size, x.size(), x.size(0)
        (6, (2, 3), 2)
        """
        return _NumberOfElements(self.array.size, self.array.shape)

    @property
    def is_cuda(self) -> bool:
        """True if the elements lie on a CUDA device.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2).is_cuda
        False
        """
        return not isinstance(self.array, np.ndarray)

    def dim(self) -> int:
        """The number of dimensions.

        Returns
        -------
        int
            As ``ndim``.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2, 3).dim()
        2
        """
        return self.ndim

    def numel(self) -> int:
        """The number of elements.

        Returns
        -------
        int
            The product of the lengths.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2, 3).numel()
        6
        """
        return int(self.array.size)

    def element_size(self) -> int:
        """The memory of one element.

        Returns
        -------
        int
            Bytes.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2).element_size()
        4
        """
        return int(self.array.dtype.itemsize)

    def is_floating_point(self) -> bool:
        """True if the elements are floats.

        Returns
        -------
        bool
            False for complex numbers, too.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2).is_floating_point()
        True
        """
        return bool(self.array.dtype.kind == "f")

    def is_complex(self) -> bool:
        """True if the elements are complex.

        Returns
        -------
        bool
            The answer.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2).is_complex()
        False
        """
        return bool(self.array.dtype.kind == "c")

    def is_contiguous(self) -> bool:
        """True if the elements lie one after the other in C order.

        Returns
        -------
        bool
            The answer.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.ones(2, 3)
        >>> x.is_contiguous(), x.T.is_contiguous()
        (True, False)
        """
        return bool(self.array.flags.c_contiguous)

    def stride(self) -> tuple[int, ...]:
        """The steps between neighbours along each dimension.

        Returns
        -------
        tuple of int
            Counted in elements; 0 along a dimension that repeats.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2, 3).stride()
        (3, 1)
        """
        return tuple(n // self.array.dtype.itemsize for n in self.array.strides)

    def data_ptr(self) -> int:
        """The address of the first element.

        Returns
        -------
        int
            An address in the memory of the device.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.ones(2)
        >>> x[1:].data_ptr() - x.data_ptr()
        4
        """
        return int(backend.namespace_of(self.array).address(self.array))

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of a 0-d tensor")
        return int(self.shape[0])

    def __repr__(self) -> str:
        from . import _printing

        return _printing.text(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: the text and more, fetched from the device once."""
        from . import _printing

        return _printing.bundle(self)

    def _repr_html_(self) -> str:
        return self._repr_mimebundle_()["text/html"]

    def __format__(self, spec: str) -> str:
        """A tensor without dimensions is written as its number: ``f"{loss:.3f}"``, ``f"{loss}"``."""
        return format(str(self) if self.ndim else self.detach().item(), spec)

    def __bool__(self) -> bool:
        if self.array.size != 1:
            raise ShapeError(f"a tensor of shape {self.shape} is neither true nor false; use .any() or .all()")
        return bool(self.array.item())

    def item(self) -> Any:
        """The one element as a Python number.

        It has no gradient, which nothing warns of.  On CUDA this waits for the device.

        Returns
        -------
        float, int, bool or complex
            The number.

        Raises
        ------
        ShapeError
            If there is not one element.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.tensor([2.5]).item()
        2.5
        """
        if self.array.size != 1:
            raise ShapeError(f"item: a tensor of shape {self.shape} has {self.array.size} elements, not one; use tolist()")
        return self.array.item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers.

        They have no gradient, which nothing warns of.  On CUDA this waits for the device.

        Returns
        -------
        list or number
            A list for each dimension; a number where there is none.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.tensor([[1, 2], [3, 4]]).tolist()
        [[1, 2], [3, 4]]
        """
        return self.array.tolist()

    def __float__(self) -> float:
        if self.node is not None and loses_gradient(self):
            _warn_of_number("float")
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __complex__(self) -> complex:
        if self.node is not None and loses_gradient(self):
            _warn_of_number("complex")
        return complex(self.item())

    def __index__(self) -> int:
        if self.dtype.kind not in "iub" or self.array.size != 1:
            raise TypeError(f"only an integer tensor of one element is an index, not {self.dtype} of shape {self.shape}")
        return int(self.array.item())


def _warn_of_number(kind: str) -> None:
    warn_of_lost_gradient(
        f"a Python {kind}, as {kind}(t), math.exp(t) or a[i] = t of a NumPy array make it,",
        "gf.exp(t) and its like are recorded, a[i] = t with a = gf.zeros(n), and gf.stack or gradflow.numpy.array of Tensors",
    )


class _NumberOfElements(int):
    """NumPy's ``size`` (a number) and PyTorch's ``size()`` in one."""

    _shape: Size

    def __new__(cls, count: int, shape: tuple[int, ...]) -> _NumberOfElements:
        self = super().__new__(cls, count)
        self._shape = Size(shape)
        return self

    def __reduce__(self) -> Any:
        return _NumberOfElements, (int(self), self._shape)

    @overload
    def __call__(self, dim: None = None) -> tuple[int, ...]: ...
    @overload
    def __call__(self, dim: int) -> int: ...
    def __call__(self, dim: int | None = None) -> int | tuple[int, ...]:
        return self._shape if dim is None else self._shape[dim]
