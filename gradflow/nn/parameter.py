"""Parameter: a tensor that a Module knows as its own."""

from __future__ import annotations

from typing import Any

from .. import backend
from .._creation import as_tensor
from .._filled import empty
from .._tensor import Tensor
from ..errors import DTypeError
from ..typing import TensorData


class Parameter(Tensor):
    """A tensor that is trained: assigned to an attribute of a Module, it is among its ``parameters()``.

    It stays a Parameter through ``copy.deepcopy`` and ``pickle``.

    Parameters
    ----------
    data : Tensor, array or numbers, optional
        Its memory is shared. None: an empty tensor, to be filled later.
    requires_grad : bool, default True
        Whether it is given a gradient.

    Raises
    ------
    DTypeError
        For numbers without a gradient, such as integers, unless ``requires_grad=False``.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.Parameter(gf.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: TensorData | None = None, requires_grad: bool = True) -> None:
        if data is None:
            data = empty(0)
        elif not isinstance(data, Tensor) and not backend.is_array(data):
            data = as_tensor(data)
        self.array, self.node = data.array if isinstance(data, Tensor) else data, None
        if requires_grad and self.dtype.kind not in "fc":
            raise DTypeError(f"Parameter: a {self.dtype} tensor has no gradient; give floats, or requires_grad=False")
        if requires_grad:
            self.requires_grad_(True)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()

    def __deepcopy__(self, memo: dict[Any, Any]) -> Parameter:
        made = type(self)(self.array.copy(), False)
        memo[id(self)] = made
        self._copy_state(made)
        return made
