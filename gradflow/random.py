"""Random tensors, and the generators they come from: one stream for each device, the same for the same seed."""

from __future__ import annotations

from typing import Any

from . import backend
from ._creation import finished, float_dtype, place_of
from ._filled import shape_of
from ._generator import Generator as Generator
from ._generator import default_generator, generator_for, get_rng_state, manual_seed, set_rng_state
from ._generator import restore as restore
from ._generator import states as states
from ._plain import whole_number
from ._tensor import Tensor
from .backend import dtypes
from .errors import ArgumentError, DTypeError, ShapeError
from .typing import DeviceLike, DType, Scalar, SizeLike

__all__ = [
    "Generator", "bernoulli", "default_generator", "get_rng_state", "manual_seed", "multinomial", "normal", "rand",
    "rand_like", "randint", "randn", "randn_like", "randperm", "set_rng_state",
]  # fmt: skip


def rand(
    *sizes: SizeLike, size: SizeLike | None = None, generator: Generator | None = None, dtype: DType = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Random numbers, uniform in [0, 1).

    Parameters
    ----------
    *sizes : int or tuple of int
        The shape, as ``rand(2, 3)`` or ``rand((2, 3))``; none is a tensor without dimensions.
    size : int, tuple of int or None
        The shape, by its name.
    generator : Generator or None
        Where the numbers come from; None is the device's own generator.
    dtype : dtype or None
        A float or complex dtype; None is the default float dtype.  Both parts of a complex number are uniform.
    device : device, str or None
        Where the tensor lives; None is the default device.
    requires_grad : bool
        Whether operations on the tensor are recorded.

    Returns
    -------
    Tensor
        The shape given.

    Raises
    ------
    DTypeError
        When `dtype` is of integers or booleans.
    ArgumentError
        When `generator` is one of another device.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.rand(2, 3).shape
    (2, 3)
    """
    return _random("uniform", shape_of(sizes, size, "rand"), generator, dtype, device, requires_grad)


def randn(
    *sizes: SizeLike, size: SizeLike | None = None, generator: Generator | None = None, dtype: DType = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Random numbers, normally distributed with mean 0 and variance 1.

    Parameters
    ----------
    *sizes : int or tuple of int
        The shape, as ``randn(2, 3)`` or ``randn((2, 3))``; none is a tensor without dimensions.
    size : int, tuple of int or None
        The shape, by its name.
    generator : Generator or None
        Where the numbers come from; None is the device's own generator.
    dtype : dtype or None
        A float or complex dtype; None is the default float dtype.  The parts of a complex number have variance 1/2 each.
    device : device, str or None
        Where the tensor lives; None is the default device.
    requires_grad : bool
        Whether operations on the tensor are recorded.

    Returns
    -------
    Tensor
        The shape given.

    Raises
    ------
    DTypeError
        When `dtype` is of integers or booleans.
    ArgumentError
        When `generator` is one of another device.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.randn(2, 3).shape
    (2, 3)
    """
    return _random("normal", shape_of(sizes, size, "randn"), generator, dtype, device, requires_grad)


def _random(what: str, shape: Any, generator: Any, dtype: DType, device: DeviceLike, requires_grad: bool) -> Tensor:
    _, where = place_of(device)
    wanted = float_dtype(dtype)
    if wanted.kind not in "fc":
        raise DTypeError(f"random numbers of this kind are floats, not {wanted}; see randint")
    source = generator_for(generator, where)
    if wanted.kind == "c":
        part = dtypes.real_of(wanted)
        scale = 0.5**0.5 if what == "normal" else 1.0
        return finished((source.draw(what, shape, part) + 1j * source.draw(what, shape, part)) * part.type(scale), requires_grad)
    return finished(source.draw(what, shape, wanted), requires_grad)


def rand_like(x: Tensor, *, dtype: DType = None, device: DeviceLike = None, requires_grad: bool = False) -> Tensor:
    """Random numbers, uniform in [0, 1), in the shape of ``x``.

    Parameters
    ----------
    x : Tensor
        The model, whose values are not read.
    dtype : dtype or None
        Another dtype; None is that of `x`.
    device : device, str or None
        Another device; None is that of `x`.
    requires_grad : bool
        Whether operations on the tensor are recorded.

    Returns
    -------
    Tensor
        The shape of `x`.

    Raises
    ------
    DTypeError
        When the dtype is of integers or booleans.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.rand_like(gf.ones(2)).shape
    (2,)
    """
    return rand(x.shape, dtype=dtype or x.dtype, device=device or x.device, requires_grad=requires_grad)


def randn_like(x: Tensor, *, dtype: DType = None, device: DeviceLike = None, requires_grad: bool = False) -> Tensor:
    """Random numbers, normally distributed with mean 0 and variance 1, in the shape of ``x``.

    Parameters
    ----------
    x : Tensor
        The model, whose values are not read.
    dtype : dtype or None
        Another dtype; None is that of `x`.
    device : device, str or None
        Another device; None is that of `x`.
    requires_grad : bool
        Whether operations on the tensor are recorded.

    Returns
    -------
    Tensor
        The shape of `x`.

    Raises
    ------
    DTypeError
        When the dtype is of integers or booleans.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.randn_like(gf.ones(2)).shape
    (2,)
    """
    return randn(x.shape, dtype=dtype or x.dtype, device=device or x.device, requires_grad=requires_grad)


def randint(
    low: int, high: Any = None, size: SizeLike | None = None, *, generator: Generator | None = None, dtype: DType = None,
    device: DeviceLike = None,
) -> Tensor:  # fmt: skip
    """Random whole numbers from ``low`` up to but without ``high``; ``randint(high, size)`` begins at 0.

    Parameters
    ----------
    low : int
        The smallest number.
    high : int or None
        The number above the largest.
    size : int, tuple of int or None
        The shape.
    generator : Generator or None
        Where the numbers come from; None is the device's own generator.
    dtype : dtype or None
        The dtype; None is int64.
    device : device, str or None
        Where the tensor lives; None is the default device.

    Returns
    -------
    Tensor
        The shape `size`.

    Raises
    ------
    ArgumentError
        When `size` is missing, or there is no number between the two.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.randint(0, 2, (3,))
    >>> x.dtype, bool(((x == 0) | (x == 1)).all())
    (dtype('int64'), True)
    """
    if size is None:
        if high is None:
            raise ArgumentError("randint: give a size, as in randint(0, 10, (3,))")
        low, high, size = 0, low, high
    if high is None:
        low, high = 0, low
    if low >= high:
        raise ArgumentError(f"randint: there is no whole number from {low} up to but without {high}")
    _, where = place_of(device)
    array = generator_for(generator, where).draw("integers", low, high, shape_of((size,), None, "randint"))
    return finished(backend.namespace_of(array).astype(array, dtypes.int64 if dtype is None else dtypes.as_dtype(dtype)), False)


def randperm(n: int, *, generator: Generator | None = None, device: DeviceLike = None) -> Tensor:
    """The whole numbers below ``n`` in random order.

    Parameters
    ----------
    n : int
        How many.
    generator : Generator or None
        Where the order comes from; None is the device's own generator.
    device : device, str or None
        Where the tensor lives; None is the default device.

    Returns
    -------
    Tensor
        int64 of shape (n,).

    Raises
    ------
    ArgumentError
        When `n` is negative or no whole number.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.sort(gf.randperm(3)).values
    tensor([0, 1, 2])
    """
    number = whole_number(n)
    if number is None or number < 0:
        raise ArgumentError(f"randperm: n is a whole number from 0, not {n!r}")
    _, where = place_of(device)
    return finished(generator_for(generator, where).draw("permutation", number), False)


def bernoulli(x: Tensor, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability in each element of ``x``, else 0.

    Parameters
    ----------
    x : Tensor
        Probabilities of any shape, real floats from 0 to 1.
    generator : Generator or None
        Where the numbers come from; None is the device's own generator.

    Returns
    -------
    Tensor
        The shape and dtype of `x`, without a gradient.

    Raises
    ------
    DTypeError
        When `x` is not of real floats.
    ArgumentError
        When a probability lies outside of 0 to 1; on CUDA, where the check would wait for the device, it is not looked for.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.bernoulli(gf.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    if x.dtype.kind != "f":
        raise DTypeError(f"bernoulli: probabilities are floats, not {x.dtype}")
    if x.device.type == "cpu" and x.numel() and not bool(((x >= 0) & (x <= 1)).all()):
        raise ArgumentError("bernoulli: a probability lies outside of [0, 1]")
    u = generator_for(generator, x.device).draw("uniform", x.shape, x.dtype)
    return finished(backend.namespace_of(u).astype(u < x.array, x.dtype), False)


def normal(
    mean: Scalar,
    std: Scalar = 1.0,
    size: SizeLike | None = None,
    *,
    generator: Generator | None = None,
    device: DeviceLike = None,
) -> Tensor:
    """Random numbers, normally distributed with the mean and the standard deviation given.

    They are constants, as in PyTorch; ``mean + std * gf.randn(size)`` is recorded.

    Parameters
    ----------
    mean, std : number or Tensor
        The mean and the standard deviation: of all numbers, or, in a Tensor, of each.
    size : int, tuple of int or None
        The shape; None is that to which the Tensors broadcast.
    generator : Generator or None
        Where the numbers come from; None is the device's own generator.
    device : device, str or None
        Where the tensor lives; None is the default device, or without `size` that of the Tensors.

    Returns
    -------
    Tensor
        The shape `size`, without a gradient.

    Raises
    ------
    ArgumentError
        When `std` is negative, or neither a size nor a Tensor is given.  On CUDA the values of a Tensor are not looked at.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.normal(0.0, 1.0, (2,)).shape
    (2,)
    """
    if size is None:
        both = [v for v in (mean, std) if isinstance(v, Tensor)]
        if not both:
            raise ArgumentError("normal: give a size, or mean or std as a tensor")
        size, device = backend.cpu.broadcast_shapes(*(v.shape for v in both)), both[0].device
    if isinstance(std, Tensor):
        negative = std.device.type == "cpu" and bool((std < 0).any())
    else:
        negative = bool(std < 0)
    if negative:
        raise ArgumentError(f"normal: a standard deviation is not negative, got {std}")
    made: Tensor = (randn(size, generator=generator, device=device) * std + mean).detach()
    return made


def multinomial(x: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None) -> Tensor:
    """Random indices, drawn with the weights in each row of ``x``.

    Without replacement the indices are those of the largest of log weight plus Gumbel noise.

    Parameters
    ----------
    x : Tensor
        Weights, a vector (n,) or rows (m, n) of real floats; they need not add up to 1.
    num_samples : int
        How many indices for each row.
    replacement : bool
        Whether an index may be drawn again.
    generator : Generator or None
        Where the numbers come from; None is the device's own generator.

    Returns
    -------
    Tensor
        int64 of shape (num_samples,) or (m, num_samples).

    Raises
    ------
    ShapeError
        When `x` is not a vector or matrix of real floats.
    ArgumentError
        When there are fewer weights above 0 than samples, or one is negative, infinite or NaN.  On CUDA the values are not
        looked at.

    References
    ----------
    P. Efraimidis, P. Spirakis, "Weighted random sampling with a reservoir" (2006).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.multinomial(gf.tensor([0.0, 1.0]), 1)
    tensor([1])
    """
    if x.ndim not in (1, 2) or x.dtype.kind != "f":
        raise ShapeError(f"multinomial: weights are a float vector or matrix, not {x.dtype} of shape {x.shape}")
    if num_samples < 1 or (not replacement and num_samples > x.shape[-1]):
        raise ArgumentError(f"multinomial: {num_samples} samples of {x.shape[-1]} weights (replacement={replacement})")
    if x.device.type == "cpu":
        if not bool((x >= 0).all()) or not bool(x.isfinite().all()):
            raise ArgumentError("multinomial: a weight is negative, infinite or NaN")
        some = int((x > 0).sum(-1).min())
        if some == 0 or (not replacement and num_samples > some):
            raise ArgumentError(f"multinomial: {num_samples} samples of {some} weights above 0 (replacement={replacement})")
    draws = num_samples if replacement else 1
    u = rand((*x.shape[:-1], draws, x.shape[-1]), generator=generator, device=x.device, dtype=dtypes.float64)
    with backend.namespace_of(x.array).floating_errors(divide="ignore"):  # log(0): never drawn
        keys = x.detach().double().log().unsqueeze(-2) - (-(u + 1e-300).log()).log()
    if replacement:
        drawn: Tensor = keys.argmax(-1)
    else:
        drawn = keys.select(-2, 0).topk(num_samples, -1).indices
    return drawn
