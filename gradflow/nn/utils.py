"""Helpers for training: gradients clipped by norm or by value, parameters as one vector.

Everything is computed where the gradients are.  Nothing here waits for a GPU, except ``error_if_nonfinite=True``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from .. import backend
from .._creation import as_tensor
from .._engine import warn, wrap, writes
from .._ops import joining
from .._ops import shape as shapes
from .._tensor import Tensor
from ..errors import ArgumentError, DeviceError, DTypeError, ShapeError
from ..typing import Array, Namespace


def clip_grad_norm_(
    parameters: Iterable[Tensor] | Tensor,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients down, in place, so that together their norm is at most ``max_norm``.

    grad *= min(max_norm / (norm + 1e-6), 1), where norm is that of all elements of all gradients. Parameters without a gradient
    are passed over. On the CPU nothing is written if nothing has to change.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensors
        The parameters whose gradients are scaled.
    max_norm : float
        At least 0.
    norm_type : float, default 2.0
        The order of the norm, as in ``get_total_norm``.
    error_if_nonfinite : bool, default False
        Whether an infinite or NaN norm raises, before any gradient is changed; for this alone the device is waited for.
    foreach : bool, optional
        There for PyTorch's sake; it changes nothing.

    Returns
    -------
    Tensor
        The norm before, as of ``get_total_norm``.

    Raises
    ------
    ArgumentError
        For a negative or NaN ``max_norm``, and with ``error_if_nonfinite``.

    References
    ----------
    Pascanu et al., "On the difficulty of training recurrent neural networks" (2012), section 3.2.

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.tensor([3.0, 4.0], requires_grad=True)
    >>> (w * w / 2).sum().backward()
    >>> gf.nn.utils.clip_grad_norm_([w], max_norm=1.0)
    tensor(5.)
    >>> w.grad
    tensor([0.6000, 0.8000])
    """
    held = _tensors("clip_grad_norm_", "parameters", parameters)
    bound = _bound("clip_grad_norm_", "max_norm", max_norm)
    total = get_total_norm([p.grad for p in held if p.grad is not None], norm_type, error_if_nonfinite)
    clip_grads_with_norm_(held, bound, total)
    return total


def clip_grads_with_norm_(
    parameters: Iterable[Tensor] | Tensor, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale all gradients down, in place, for a norm that is known already; the second half of ``clip_grad_norm_``.

    grad *= min(max_norm / (total_norm + 1e-6), 1).

    Parameters
    ----------
    parameters : Tensor or iterable of Tensors
        The parameters whose gradients are scaled.
    max_norm : float
        At least 0.
    total_norm : Tensor
        The norm of all gradients.
    foreach : bool, optional
        There for PyTorch's sake; it changes nothing.

    Raises
    ------
    ArgumentError
        For a negative or NaN ``max_norm``.

    References
    ----------
    Pascanu et al., "On the difficulty of training recurrent neural networks" (2012), section 3.2.

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.tensor([3.0, 4.0], requires_grad=True)
    >>> (w * w / 2).sum().backward()
    >>> gf.nn.utils.clip_grads_with_norm_([w], 1.0, gf.tensor(50.0))
    >>> w.grad
    tensor([0.0600, 0.0800])
    """
    grads = _grads(_tensors("clip_grads_with_norm_", "parameters", parameters))
    bound = _bound("clip_grads_with_norm_", "max_norm", max_norm)
    total = as_tensor(total_norm).array
    xp = backend.namespace_of(total)
    with xp.floating_errors(over="ignore", invalid="ignore"):
        factor = xp.asarray(xp.minimum(_within(bound, total.dtype) / (total + 1e-6), 1))
        if xp is backend.cpu and factor >= 1:
            return
        for g in grads:
            here = backend.namespace_of(g)
            # float16 times a float32 factor: the factor may be below what float16 can hold
            f = xp.astype(_beside(factor, g), _working(g.dtype))
            here.multiply(g, f, out=g)
            writes.written(g)


def clip_grad_value_(parameters: Iterable[Tensor] | Tensor, clip_value: float, foreach: bool | None = None) -> None:
    """Limit every element of the gradients, in place, to ``[-clip_value, clip_value]``; NaN stays NaN.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensors
        The parameters whose gradients are limited.
    clip_value : float
        At least 0.
    foreach : bool, optional
        There for PyTorch's sake; it changes nothing.

    Raises
    ------
    ArgumentError
        For a negative or NaN ``clip_value``.
    DTypeError
        For complex gradients, which have no order, before any gradient is changed.

    References
    ----------
    Mikolov, "Statistical language models based on neural networks" (2012), section 3.2.2.

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.tensor([3.0, -0.5], requires_grad=True)
    >>> (w * w / 2).sum().backward()
    >>> gf.nn.utils.clip_grad_value_([w], 1.0)
    >>> w.grad
    tensor([ 1.0000, -0.5000])
    """
    grads = _grads(_tensors("clip_grad_value_", "parameters", parameters))
    bound = _bound("clip_grad_value_", "clip_value", clip_value)
    for g in grads:
        if g.dtype.kind == "c":
            raise DTypeError(f"clip_grad_value_: a {g.dtype} gradient has no order; use clip_grad_norm_")
    for g in grads:
        xp = backend.namespace_of(g)
        limit = _within(bound, g.dtype)
        xp.maximum(g, xp.scalar(-limit, g.dtype), out=g)
        xp.minimum(g, xp.scalar(limit, g.dtype), out=g)
        writes.written(g)


def get_total_norm(
    tensors: Iterable[Tensor] | Tensor,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all elements of all tensors together, ``(sum |x|**norm_type)**(1 / norm_type)``.

    Parameters
    ----------
    tensors : Tensor or iterable of Tensors
        None have the norm 0.
    norm_type : float or str, default 2.0
        The order: a number; ``math.inf`` (also as "inf") gives the largest ``|x|``, ``-math.inf`` the smallest, and 0 counts what
        is not 0.
    error_if_nonfinite : bool, default False
        Whether an infinite or NaN norm raises; only to learn this is the device waited for.
    foreach : bool, optional
        There for PyTorch's sake; it changes nothing.

    Returns
    -------
    Tensor
        Shape (), on the device of the first tensor, of the widest dtype among them, at least float32: the norm of float16
        gradients easily exceeds what float16 holds.

    Raises
    ------
    ArgumentError
        If ``error_if_nonfinite`` and the norm is infinite or NaN, and for another ``norm_type``.
    DTypeError
        For integers.

    References
    ----------
    The definition of the p-norm.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.utils.get_total_norm([gf.tensor([3.0]), gf.tensor([[4.0, 12.0]])])
    tensor(13.)
    """
    held = _tensors("get_total_norm", "tensors", tensors)
    try:
        p = math.nan if isinstance(norm_type, Tensor) else float(norm_type)
    except (TypeError, ValueError):
        p = math.nan
    if math.isnan(p):
        raise ArgumentError(f"get_total_norm: norm_type is a number or 'inf', not {norm_type!r}")
    for t in held:
        if t.dtype.kind not in "fc":
            raise DTypeError(f"get_total_norm: a {t.dtype} tensor has no norm; give floats")
    arrays = [t.array for t in held if t.array.size]
    if not arrays:
        return as_tensor(0.0)
    xp, wanted = backend.namespace_of(arrays[0]), max((_working(a.dtype) for a in arrays), key=lambda d: int(d[1:]))
    with xp.floating_errors(over="ignore", invalid="ignore", divide="ignore"):
        parts = [_beside(_norm(a, p), arrays[0]) for a in arrays]
        total = parts[0]
        if len(parts) > 1:
            line = xp.concatenate([xp.astype(n, wanted).reshape(1) for n in parts])
            total = xp.sum(line) if p == 0 else _norm(line, p)
    norm: Tensor = wrap(xp.asarray(total))
    if error_if_nonfinite and not math.isfinite(norm.item()):
        places = [str(i) for i, t in enumerate(held) if not _all_finite(t.array)]
        where = f"tensors {', '.join(places)} of {len(held)} have such elements" if places else "the sum overflows"
        raise ArgumentError(
            f"get_total_norm: the norm of order {p:g} is {norm.item()} ({where}); nothing was clipped.  "
            "With error_if_nonfinite=False gradients are scaled by it all the same"
        )
    return norm


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All parameters flattened, one after the other; differentiable.

    Parameters
    ----------
    parameters : iterable of Tensors
        At least one.

    Returns
    -------
    Tensor
        One dimension.

    Raises
    ------
    ArgumentError
        For none.
    DeviceError
        For parameters on several devices.

    References
    ----------
    The form is PyTorch's.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.nn.utils.parameters_to_vector([gf.eye(2), gf.tensor(5.0)])
    tensor([1., 0., 0., 1., 5.])
    """
    held = _tensors("parameters_to_vector", "parameters", parameters)
    if not held:
        raise ArgumentError("parameters_to_vector: got no parameters; is the iterator used up?")
    return joining.cat([shapes.reshape(p, -1) for p in held])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Copy the elements of ``vec`` into the parameters, in the order of ``parameters_to_vector``.

    Unlike PyTorch's, which lets the parameters show the memory of ``vec``, the numbers are written into the memory that the
    parameters have, in their dtypes, so that optimizers and views follow. Nothing is recorded. Where an error is raised, nothing
    is written.

    Parameters
    ----------
    vec : Tensor
        One dimension, with just as many elements as the parameters.
    parameters : iterable of Tensors
        Written in place.

    Raises
    ------
    ShapeError
        For another shape of ``vec``.
    DeviceError
        If ``vec`` is on another device.
    DTypeError
        For complex numbers into real ones.

    References
    ----------
    The form is PyTorch's.

    Examples
    --------
    >>> import gradflow as gf
    >>> layer = gf.nn.Linear(2, 1)
    >>> gf.nn.utils.vector_to_parameters(gf.tensor([1.0, 2.0, 3.0]), layer.parameters())
    >>> layer.weight.tolist(), layer.bias.tolist()
    ([[1.0, 2.0]], [3.0])
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"vector_to_parameters: vec is a Tensor, not {type(vec).__name__}")
    held = _tensors("vector_to_parameters", "parameters", parameters)
    count = sum(p.array.size for p in held)
    if vec.ndim != 1 or vec.array.size != count:
        raise ShapeError(f"vector_to_parameters: vec has the shape {vec.shape}, the parameters take ({count},)")
    for p in held:
        if p.device != vec.device:
            raise DeviceError(
                f"vector_to_parameters: vec is on {vec.device}, a parameter on {p.device}; use vec.to('{p.device}')"
            )
        if vec.dtype.kind == "c" and p.dtype.kind != "c":
            raise DTypeError(f"vector_to_parameters: {vec.dtype} numbers do not go into a {p.dtype} parameter; use vec.real")
    place = 0
    for p in held:
        end = place + p.array.size
        p.array[...] = vec.array[place:end].reshape(p.array.shape)
        writes.written(p.array)
        place = end


# --- parts ----------------------------------------------------------------------------------------------------------------------


def _tensors(name: str, what: str, given: Any) -> list[Tensor]:
    """The tensors given: one, or an iterable of them."""
    if isinstance(given, Tensor):
        return [given]
    if not isinstance(given, Iterable):
        raise TypeError(f"{name}: {what} are Tensors, not {type(given).__name__}")
    held = list(given)
    if not held and iter(given) is given and name.startswith("clip"):
        warn(f"{name}: {what} is an iterator with nothing left in it, so nothing is clipped")
    for i, t in enumerate(held):
        if not isinstance(t, Tensor):
            raise TypeError(f"{name}: {what}[{i}] is a {type(t).__name__}, not a Tensor")
    return held


def _grads(parameters: list[Tensor]) -> list[Array]:
    return [p.grad.array for p in parameters if p.grad is not None]


def _bound(name: str, what: str, value: Any) -> float:
    """``value`` as a number that is at least 0."""
    try:
        bound = float(value)
    except (TypeError, ValueError):
        bound = math.nan
    if not bound >= 0:
        raise ArgumentError(f"{name}: {what} is a number of at least 0, not {value!r}")
    return bound


_LARGEST = {2: 65504.0, 4: (2 - 2.0**-23) * 2.0**127}
"""The largest float16 and float32, by their sizes in bytes."""


def _within(bound: float, dtype: Any) -> float:
    """``bound``, or infinity if it is beyond what ``dtype`` holds."""
    return bound if bound <= _LARGEST.get(dtype.itemsize, math.inf) else math.inf


def _working(dtype: Any) -> str:
    """The real dtype in which numbers of ``dtype`` are measured: float32 for float16, and for complex64."""
    return "f8" if dtype.itemsize == (16 if dtype.kind == "c" else 8) else "f4"


def _beside(x: Array, other: Array) -> Array:
    """``x`` on the device of ``other``."""
    xp, there = backend.namespace_of(x), backend.namespace_of(other).device_of(other)
    return x if xp.device_of(x) == there else xp.moved(xp.asarray(x), there)


def _all_finite(x: Array) -> bool:
    xp = backend.namespace_of(x)
    return bool(xp.to_host(xp.asarray(xp.all(xp.isfinite(x)))))


def _norm(x: Array, p: float) -> Array:
    """The p-norm of all elements."""
    xp: Namespace = backend.namespace_of(x)
    x = xp.ascontiguousarray(x).reshape(-1)
    if x.dtype.kind == "c":
        x = x.view(_working(x.dtype)) if p == 2 else xp.absolute(x)
    x = xp.astype(x, _working(x.dtype))
    if p == 2:
        return xp.sqrt(xp.dot(x, x))
    if p == 0:
        return xp.astype(xp.sum(xp.not_equal(x, 0)), x.dtype)
    x = xp.absolute(x)
    if math.isinf(p):
        return xp.max(x) if p > 0 else xp.min(x)
    return xp.sum(x) if p == 1 else xp.pow_scalar(xp.sum(xp.pow_scalar(x, p)), 1 / p)
