"""Random tensors, and the generators they come from: one stream for each device, the same for the same seed."""

from __future__ import annotations

from _thread import allocate_lock
from typing import Any

from . import backend
from ._creation import finished, float_dtype, place_of, shape_of
from ._plain import whole_number
from ._tensor import Tensor
from .backend import CPU, dtypes
from .backend import device as Device
from .errors import ArgumentError, DTypeError, ShapeError
from .typing import DeviceLike, DType, Scalar, SizeLike

__all__ = [
    "Generator", "bernoulli", "default_generator", "get_rng_state", "manual_seed", "multinomial", "normal", "rand",
    "rand_like", "randint", "randn", "randn_like", "randperm", "set_rng_state",
]  # fmt: skip


class Generator:
    """A stream of random numbers on one device; the same seed gives the same numbers there.

    >>> import gradflow as gf
    >>> a = gf.rand(3, generator=gf.Generator().manual_seed(1))
    >>> b = gf.rand(3, generator=gf.Generator().manual_seed(1))
    >>> bool((a == b).all())
    True
    """

    def __init__(self, device: str | Device = "cpu") -> None:
        self.device = Device(device)
        self._random: Any = None
        self._lock = allocate_lock()
        self._seed = 0

    def manual_seed(self, seed: int) -> Generator:
        """Start over from ``seed``, a whole number."""
        number = whole_number(seed)
        if number is None or number < 0:
            raise ArgumentError(f"a seed is a whole number from 0, not {seed!r}")
        with self._lock:
            self._seed, self._random = number, None
        return self

    def seed(self) -> int:
        """Start over from a seed of the operating system's, and return it."""
        import os

        seed = int.from_bytes(os.urandom(7), "little")
        self.manual_seed(seed)
        return seed

    def initial_seed(self) -> int:
        return self._seed

    def get_state(self) -> dict[str, Any]:
        """What ``set_state`` needs to go on from here."""
        return {"seed": self._seed, "state": self.draw("get_state")}

    def set_state(self, state: dict[str, Any]) -> None:
        self.manual_seed(state["seed"])
        self.draw("set_state", state["state"])

    def draw(self, what: str, *args: Any) -> Any:
        with self._lock:
            if self._random is None:
                self._random = backend.namespace_for(self.device).Random(self._seed, self.device)
            return getattr(self._random, what)(*args)


default_generator = Generator()
_generators: dict[Device, Generator] = {CPU: default_generator}
default_generator.seed()


def _generator(generator: Generator | None, where: Device) -> Generator:
    if generator is not None:
        if generator.device.type != where.type:
            raise ArgumentError(f"a generator on {generator.device} cannot make numbers on {where}; use Generator('{where}')")
        return generator
    found = _generators.get(where)
    if found is None:
        found = _generators[where] = Generator(where).manual_seed(default_generator.initial_seed())
    return found


def manual_seed(seed: int) -> Generator:
    """Start the random numbers of every device over from ``seed``.

    >>> import gradflow as gf
    >>> gf.manual_seed(0).initial_seed()
    0
    """
    for g in _generators.values():
        g.manual_seed(seed)
    return default_generator


def get_rng_state() -> dict[str, Any]:
    """The state of the CPU's generator."""
    return default_generator.get_state()


def set_rng_state(state: dict[str, Any]) -> None:
    default_generator.set_state(state)


def states() -> dict[Device, dict[str, Any]]:
    """The states of all devices' generators."""
    return {where: g.get_state() for where, g in _generators.items()}


def restore(states: dict[Device, dict[str, Any]]) -> None:
    """Set the generators back to what ``states()`` gave."""
    for where, state in states.items():
        _generators[where].set_state(state)


def rand(
    *sizes: SizeLike, size: SizeLike | None = None, generator: Generator | None = None, dtype: DType = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Numbers uniform in [0, 1).

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
    """Normally distributed numbers of mean 0 and standard deviation 1.

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
    source = _generator(generator, where)
    if wanted.kind == "c":
        part = dtypes.real_of(wanted)
        scale = 0.5**0.5 if what == "normal" else 1.0
        return finished((source.draw(what, shape, part) + 1j * source.draw(what, shape, part)) * part.type(scale), requires_grad)
    return finished(source.draw(what, shape, wanted), requires_grad)


def rand_like(x: Tensor, *, dtype: DType = None, device: DeviceLike = None, requires_grad: bool = False) -> Tensor:
    """``rand`` of the shape, dtype and device of ``x``.

    >>> import gradflow as gf
    >>> gf.rand_like(gf.ones(2)).shape
    (2,)
    """
    return rand(x.shape, dtype=dtype or x.dtype, device=device or x.device, requires_grad=requires_grad)


def randn_like(x: Tensor, *, dtype: DType = None, device: DeviceLike = None, requires_grad: bool = False) -> Tensor:
    """``randn`` of the shape, dtype and device of ``x``.

    >>> import gradflow as gf
    >>> gf.randn_like(gf.ones(2)).shape
    (2,)
    """
    return randn(x.shape, dtype=dtype or x.dtype, device=device or x.device, requires_grad=requires_grad)


def randint(
    low: int, high: Any = None, size: SizeLike | None = None, *, generator: Generator | None = None, dtype: DType = None,
    device: DeviceLike = None,
) -> Tensor:  # fmt: skip
    """Whole numbers from ``low`` up to but without ``high``; ``randint(high, size)`` begins at 0.

    >>> import gradflow as gf
    >>> gf.randint(0, 2, (3,)).dtype
    dtype('int64')
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
    array = _generator(generator, where).draw("integers", low, high, shape_of((size,), None, "randint"))
    return finished(backend.namespace_of(array).astype(array, dtypes.int64 if dtype is None else dtypes.as_dtype(dtype)), False)


def randperm(n: int, *, generator: Generator | None = None, device: DeviceLike = None) -> Tensor:
    """The whole numbers below ``n`` in random order.

    >>> import gradflow as gf
    >>> gf.sort(gf.randperm(3)).values
    tensor([0, 1, 2])
    """
    number = whole_number(n)
    if number is None or number < 0:
        raise ArgumentError(f"randperm: n is a whole number from 0, not {n!r}")
    _, where = place_of(device)
    return finished(_generator(generator, where).draw("permutation", number), False)


def bernoulli(x: Tensor, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability in each element of ``x``, else 0, in the dtype of ``x``.

    >>> import gradflow as gf
    >>> gf.bernoulli(gf.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    if x.dtype.kind != "f":
        raise DTypeError(f"bernoulli: probabilities are floats, not {x.dtype}")
    if x.device.type == "cpu" and x.numel() and not bool(((x >= 0) & (x <= 1)).all()):
        raise ArgumentError("bernoulli: a probability lies outside of [0, 1]")
    u = _generator(generator, x.device).draw("uniform", x.shape, x.dtype)
    return finished(backend.namespace_of(u).astype(u < x.array, x.dtype), False)


def normal(
    mean: Scalar,
    std: Scalar = 1.0,
    size: SizeLike | None = None,
    *,
    generator: Generator | None = None,
    device: DeviceLike = None,
) -> Tensor:
    """Normally distributed numbers, of one mean and deviation over ``size``, or of those in tensors.

    They are constants, as in PyTorch; ``mean + std * gf.randn(size)`` is recorded.

    >>> import gradflow as gf
    >>> gf.normal(0.0, 1.0, (2,)).shape
    (2,)
    """
    if size is None:
        both = [v for v in (mean, std) if isinstance(v, Tensor)]
        if not both:
            raise ArgumentError("normal: give a size, or mean or std as a tensor")
        size, device = backend.cpu.broadcast_shapes(*(v.shape for v in both)), both[0].device
    if not isinstance(std, Tensor) and std < 0:
        raise ArgumentError(f"normal: a standard deviation is not negative, got {std}")
    made: Tensor = (randn(size, generator=generator, device=device) * std + mean).detach()
    return made


def multinomial(x: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None) -> Tensor:
    """``num_samples`` indices per row, drawn with the weights in ``x`` (a vector or a matrix of rows).

    Without replacement by the Gumbel trick: the largest of log weight plus Gumbel noise (Efraimidis and Spirakis 2006).

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
