"""Parts of complex numbers; gradients follow PyTorch's conjugate convention."""

from __future__ import annotations

from .._engine import elementwise
from ..errors import DTypeError
from ..typing import Array, Namespace, Tensor, TensorOrArray
from .trigonometry import atan2


@elementwise(lambda xp, g: xp.conjugate(g), holomorphic=False)
def _conj(xp: Namespace, x: Array) -> Array:
    return xp.conjugate(x)


def conj(x: Tensor) -> Tensor:
    """Complex conjugate, element by element.

    Parameters
    ----------
    x : Tensor
        Any shape.

    Returns
    -------
    Tensor
        The shape and dtype of `x`; a real tensor itself, not a copy.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.conj(gf.tensor([1 + 2j]))
    tensor([1.-2.j], dtype=complex64)
    """
    return x if hasattr(x, "dtype") and x.dtype.kind != "c" else _conj(x)


@elementwise(lambda xp, g, _x: xp.astype(g, _x.dtype), holomorphic=False)
def _real(xp: Namespace, x: Array) -> Array:
    return xp.array(xp.real(x), copy=True)


def real(x: Tensor) -> Tensor:
    """Real part, element by element.

    Parameters
    ----------
    x : Tensor
        Any shape.

    Returns
    -------
    Tensor
        A copy with the float dtype of the parts; a real tensor itself, not a copy.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.real(gf.tensor([1 + 2j]))
    tensor([1.])
    """
    return x if hasattr(x, "dtype") and x.dtype.kind != "c" else _real(x)


@elementwise(lambda xp, g, _x: 1j * xp.astype(g, _x.dtype), holomorphic=False)
def imag(xp: Namespace, x: TensorOrArray) -> Array:
    """Imaginary part of a complex tensor, element by element.

    Parameters
    ----------
    x : Tensor or array
        Any shape, complex.

    Returns
    -------
    Tensor
        A copy with the float dtype of the parts.

    Raises
    ------
    DTypeError
        When `x` is real.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([1 + 2j], requires_grad=True)
    >>> y = gf.imag(x)
    >>> y.sum().backward()
    >>> y.tolist(), x.grad.tolist()
    ([2.0], [1j])
    """
    if x.dtype.kind != "c":
        raise DTypeError(f"imag: a tensor of dtype {x.dtype} has no imaginary part")
    return xp.array(xp.imag(x), copy=True)


def angle(x: Tensor) -> Tensor:
    """Angle in the complex plane, element by element.

    A real number has the angle 0, or pi if it is negative; its gradient is 0.

    Parameters
    ----------
    x : Tensor
        Any shape.

    Returns
    -------
    Tensor
        The shape of `x`, in radians from -pi to pi; integers give the default dtype.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.angle(gf.tensor([1j]))
    tensor([1.5708])
    """
    if hasattr(x, "dtype") and x.dtype.kind == "c":
        return atan2(imag(x), real(x))
    return _half_turn(x)


@elementwise(lambda xp, g: xp.zeros_like(g), floats=True)
def _half_turn(xp: Namespace, x: Array) -> Array:
    return xp.arctan2(xp.zeros_like(x), x + 0.0)  # + 0.0: of -0.0 it is 0, not pi
