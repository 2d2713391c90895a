"""Numbers in steps, and the indices and coordinates of grids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._creation import as_tensor, finished, float_dtype, place_of
from ._ops import elementwise
from ._recorded import refuse_to_lose
from ._tensor import Tensor
from .backend import dtypes
from .errors import ArgumentError, ShapeError
from .typing import DeviceLike, DType, Scalar


def arange(
    start: Scalar, end: Scalar | None = None, step: Scalar = 1, *, dtype: DType = None, device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """``start``, ``start + step``, ... up to but without ``end``; ``arange(n)`` counts from 0.

    Parameters
    ----------
    start : number
        The first number.  Alone it is `end`.
    end : number or None
        Where to stop.
    step : number
        The distance, not 0.
    dtype : dtype or None
        The dtype; None is int64, or the default float dtype if one of the three is a float.
    device : device, str or None
        Where the tensor lives; None is the default device.
    requires_grad : bool
        Whether operations on the tensor are recorded.

    Returns
    -------
    Tensor
        A vector.

    Raises
    ------
    ArgumentError
        When `step` is 0 or leads away from `end`.
    GraphError
        When one is a Tensor that requires grad: how many numbers there are has no gradient.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.arange(4.0)
    tensor([0., 1., 2., 3.])
    >>> gf.arange(5, 0, -2)
    tensor([5, 3, 1])
    """
    for v in (start, end, step):
        refuse_to_lose(v, "arange", "start + step * gf.arange(n) is recorded, and arange(t.item()) has the numbers alone")
    values: list[Any] = [v.item() if isinstance(v, Tensor | np.generic) else v for v in (start, end, step)]
    first, last, by = values
    if last is None:
        first, last = 0, first
    if by == 0 or (last - first) / by < 0:
        raise ArgumentError(f"arange: steps of {by} do not lead from {first} to {last}")
    wanted = dtypes.as_dtype(dtype) if dtype is not None else (
        dtypes.get_default_dtype() if any(isinstance(v, float) for v in (first, last, by)) else dtypes.int64
    )  # fmt: skip
    xp, _ = place_of(device)
    return finished(xp.asarray(xp.arange(first, last, by), dtype=wanted), requires_grad)


def linspace(
    start: Scalar, end: Scalar, steps: int, *, dtype: DType = None, device: DeviceLike = None, requires_grad: bool = False
) -> Tensor:
    """``steps`` numbers evenly spaced from ``start`` to ``end``, both included.

    Parameters
    ----------
    start, end : number or Tensor
        The ends.  Tensors of one element are recorded.
    steps : int
        How many numbers.
    dtype : dtype or None
        The dtype; None is that of Tensors of floats, else the default float dtype.
    device : device, str or None
        Where the tensor lives; None is the device of Tensors, else the default one.
    requires_grad : bool
        Whether operations on the tensor are recorded.

    Returns
    -------
    Tensor
        Shape (steps,).

    Raises
    ------
    ArgumentError
        When `steps` is negative.
    ShapeError
        When `start` or `end` is a Tensor of several elements.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if steps < 0:
        raise ArgumentError(f"linspace: {steps} steps")
    if isinstance(start, Tensor) or isinstance(end, Tensor):
        made = _between(start, end, steps, dtype, device)
        return made.requires_grad_(True) if requires_grad else made
    xp, _ = place_of(device)
    return finished(xp.asarray(xp.linspace(float(start), float(end), steps), dtype=float_dtype(dtype)), requires_grad)


def _between(start: Any, end: Any, steps: int, dtype: DType, device: DeviceLike) -> Tensor:
    """``linspace`` between Tensors, recorded, in their dtype if they are floats: each number is ``start (1 - r) + end r``."""
    tensors = [v for v in (start, end) if isinstance(v, Tensor)]
    for t in tensors:
        if t.numel() != 1:
            raise ShapeError(f"linspace: goes from one number to another, got a tensor of shape {t.shape}")
    natural = _float_of(tensors)
    device = tensors[0].device if device is None else device
    r = linspace(0.0, 1.0, steps, dtype=dtypes.real_of(natural), device=device)
    start, end = (v.to(device=device, dtype=natural).reshape(()) if isinstance(v, Tensor) else v for v in (start, end))
    made: Tensor = start * (1 - r) + end * r
    return made if dtype is None else made.to(dtype=dtype)


def _float_of(tensors: list[Tensor]) -> np.dtype[Any]:
    """The dtype of Tensors together if they are floats, and the default one for integers."""
    natural = dtypes.result_type(*(t.array for t in tensors))
    return natural if natural.kind in "fc" else dtypes.get_default_dtype()


def logspace(
    start: Scalar, end: Scalar, steps: int, base: Scalar = 10.0, *, dtype: DType = None, device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """``base`` to the powers ``linspace(start, end, steps)``.

    Parameters
    ----------
    start, end : number or Tensor
        The first and the last exponent.  Tensors of one element are recorded.
    steps : int
        How many numbers.
    base : number or Tensor
        What is raised to the powers.  A Tensor is recorded.
    dtype : dtype or None
        The dtype; None is that of Tensors of floats, else the default float dtype.
    device : device, str or None
        Where the tensor lives; None is the device of Tensors, else the default one.
    requires_grad : bool
        Whether operations on the tensor are recorded.

    Returns
    -------
    Tensor
        Shape (steps,).

    Raises
    ------
    ArgumentError
        When `steps` is negative.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    if steps < 0:
        raise ArgumentError(f"logspace: {steps} steps")
    if tensors := [v for v in (start, end, base) if isinstance(v, Tensor)]:
        device = tensors[0].device if device is None else device
        exponents = linspace(start, end, steps, dtype=_float_of(tensors), device=device)
        made: Tensor = elementwise.pow(base.to(device=device) if isinstance(base, Tensor) else base, exponents)
        made = made if dtype is None else made.to(dtype=dtype)
        return made.requires_grad_(True) if requires_grad else made
    xp, _ = place_of(device)
    return finished(xp.asarray(base ** xp.linspace(float(start), float(end), steps), dtype=float_dtype(dtype)), requires_grad)


def meshgrid(*tensors: Tensor | Sequence[Tensor], indexing: str = "ij") -> tuple[Tensor, ...]:
    """The coordinates of a grid: one tensor for each vector, in the shape of the whole grid.

    Parameters
    ----------
    *tensors : Tensor or sequence of Tensor
        Vectors, the coordinates along each dimension; a tensor without dimensions counts as a vector.
    indexing : {"ij", "xy"}
        "ij" has the first vector along the first dimension, "xy" along the second.

    Returns
    -------
    tuple of Tensor
        Views, as many as there are vectors.

    Raises
    ------
    ArgumentError
        When `indexing` is another word.
    ShapeError
        When one has several dimensions.

    Examples
    --------
    >>> import gradflow as gf
    >>> rows, columns = gf.meshgrid(gf.tensor([1, 2]), gf.tensor([3, 4]))
    >>> rows.tolist(), columns.tolist()
    ([[1, 1], [2, 2]], [[3, 4], [3, 4]])
    """
    vectors: list[Any] = list(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], list | tuple) else list(tensors)
    if indexing not in ("ij", "xy"):
        raise ArgumentError(f"meshgrid: indexing is 'ij' or 'xy', not {indexing!r}")
    if any(v.ndim > 1 for v in vectors):
        raise ShapeError(f"meshgrid: takes vectors, got shapes {[v.shape for v in vectors]}")
    sizes = tuple(v.numel() for v in vectors)
    grids = [v.reshape((1,) * i + (-1,) + (1,) * (len(sizes) - i - 1)).broadcast_to(sizes) for i, v in enumerate(vectors)]
    return tuple(g.transpose(0, 1) for g in grids) if indexing == "xy" and len(grids) > 1 else tuple(grids)


def tril_indices(row: int, col: int, offset: int = 0, *, device: DeviceLike = None) -> Tensor:
    """The indices of the lower triangle of a matrix.

    Parameters
    ----------
    row, col : int
        The numbers of rows and columns.
    offset : int
        The last diagonal to take: 0 is the main one, 1 the one above it, -1 the one below.
    device : device, str or None
        Where the tensor lives; None is the default device.

    Returns
    -------
    Tensor
        int64 of shape (2, n): the rows, and the columns.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    found = np.tril_indices(row, offset, col)
    return as_tensor(np.stack(found), dtype=dtypes.int64, device=device)
