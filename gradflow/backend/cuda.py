"""The CuPy backend: what ``xp`` is for arrays in a GPU's memory.

Every name here stands in ``cpu.py`` with the same signature.  This module alone imports CuPy, and it is itself
imported when a CUDA device is first asked for.  Nothing here waits for the device unless its docstring says so.
"""

from __future__ import annotations

import math
import sys
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

import cupy
import cupyx
import numpy as np
from cupyx.scipy.special import erf as _erf

from .._lazy import when_called
from ..errors import ArgumentError, LinAlgError
from ..typing import Array, DType, Index, Shape
from ._centred import centred as about_first
from .devices import device

ndarray = cupy.ndarray
generic = cupy.generic
inf, nan, pi = math.inf, math.nan, math.pi

absolute, add, arccos, arccosh, arcsin = cupy.absolute, cupy.add, cupy.arccos, cupy.arccosh, cupy.arcsin
arcsinh, arctan, arctan2, arctanh, ceil = cupy.arcsinh, cupy.arctan, cupy.arctan2, cupy.arctanh, cupy.ceil
bitwise_and, bitwise_or, bitwise_xor, invert = cupy.bitwise_and, cupy.bitwise_or, cupy.bitwise_xor, cupy.invert
conjugate, cos, cosh, divide, equal, exp = cupy.conjugate, cupy.cos, cupy.cosh, cupy.divide, cupy.equal, cupy.exp
expm1, floor, floor_divide, fmod, greater = cupy.expm1, cupy.floor, cupy.floor_divide, cupy.fmod, cupy.greater
greater_equal, isfinite, isinf, isnan, less = cupy.greater_equal, cupy.isfinite, cupy.isinf, cupy.isnan, cupy.less
less_equal, log, log10, log1p, log2 = cupy.less_equal, cupy.log, cupy.log10, cupy.log1p, cupy.log2
logical_and, logical_or, logical_xor = cupy.logical_and, cupy.logical_or, cupy.logical_xor
matmul, maximum, minimum, multiply, negative = cupy.matmul, cupy.maximum, cupy.minimum, cupy.multiply, cupy.negative
not_equal, power, reciprocal, remainder, rint = cupy.not_equal, cupy.power, cupy.reciprocal, cupy.remainder, cupy.rint
sign, sin, sinh, sqrt, square, subtract, tan, tanh = (
    cupy.sign, cupy.sin, cupy.sinh, cupy.sqrt, cupy.square, cupy.subtract, cupy.tan, cupy.tanh,
)  # fmt: skip
hypot, logaddexp, trunc = cupy.hypot, cupy.logaddexp, cupy.trunc

arange, array, asarray, ascontiguousarray = cupy.arange, cupy.array, cupy.asarray, cupy.ascontiguousarray
empty, empty_like, eye, full, full_like = cupy.empty, cupy.empty_like, cupy.eye, cupy.full, cupy.full_like
linspace, ones, ones_like, zeros, zeros_like = cupy.linspace, cupy.ones, cupy.ones_like, cupy.zeros, cupy.zeros_like
broadcast_to, concatenate, diagonal, dot = cupy.broadcast_to, cupy.concatenate, cupy.diagonal, cupy.dot
einsum, moveaxis, nonzero, repeat, roll = cupy.einsum, cupy.moveaxis, cupy.nonzero, cupy.repeat, cupy.roll
swapaxes, tile, transpose = cupy.swapaxes, cupy.tile, cupy.transpose
tril, triu, where, argmax, argmin = cupy.tril, cupy.triu, cupy.where, cupy.argmax, cupy.argmin
argsort, copyto, take_along_axis, broadcast_shapes, from_dlpack, take = (
    cupy.argsort, cupy.copyto, cupy.take_along_axis, cupy.broadcast_shapes, cupy.from_dlpack, cupy.take,
)  # fmt: skip


def floating_errors(
    *, call: Any = None, all: Any = None, divide: Any = None, over: Any = None, under: Any = None, invalid: Any = None
) -> AbstractContextManager[None]:
    """``numpy.errstate``'s stand-in: a GPU raises no floating-point warnings that could be silenced."""
    return nullcontext()


def sum(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    """The sum; of float16 it is kept in float32, which not all of CuPy's ways to sum do by themselves."""
    return x.sum(axis, keepdims=keepdims) if x.itemsize > 2 else _in_float32(x, x.sum, axis, keepdims)


def prod(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    return x.prod(axis, keepdims=keepdims) if x.itemsize > 2 else _in_float32(x, x.prod, axis, keepdims)


def _in_float32(x: Array, reduce: Any, axis: Any, keepdims: bool) -> Array:
    if x.dtype.kind != "f":
        return reduce(axis, keepdims=keepdims)
    return reduce(axis, dtype=np.float32, keepdims=keepdims).astype(x.dtype)


def max(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    return x.max(axis, keepdims=keepdims)


def min(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    return x.min(axis, keepdims=keepdims)


def maximum_scalar(x: Array, value: float) -> Array:
    """``maximum(x, value)``."""
    return maximum(x, scalar(value, x.dtype))


def all(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    return x.all(axis, keepdims=keepdims)


def any(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    return x.any(axis, keepdims=keepdims)


def logical_not(x: Array) -> Array:
    """CuPy's, which takes no complex numbers, and of those what NumPy gives."""
    return cupy.logical_not(x) if x.dtype.kind != "c" else x == 0


def cumsum(x: Array, axis: int) -> Array:
    """Running sums, of float16 in float32."""
    return x.cumsum(axis) if x.dtype != np.float16 else x.cumsum(axis, np.float32).astype(x.dtype)


def cumprod(x: Array, axis: int) -> Array:
    """Running products, of float16 in float32."""
    return x.cumprod(axis) if x.dtype != np.float16 else x.cumprod(axis, np.float32).astype(x.dtype)


# One thread walks along the axis; neighbouring threads walk beside it, so that they read neighbouring memory.
_recurrence = cupy.ElementwiseKernel(
    "raw T a, raw T u, int64 steps",
    "raw T y",
    """
    const long long lanes = _ind.size();
    T held = u[i];
    y[i] = held;
    for (long long j = i + lanes; j < steps * lanes; j += lanes) {
        held = u[j] + a[j] * held;
        y[j] = held;
    }
    """,
    "gf_recurrence",
)


def recurrence(a: Array, u: Array, axis: int) -> Array:
    """``y_i = u_i + a_i y_(i-1)`` along ``axis``, from y = 0."""
    y = cupy.empty(u.shape, u.dtype)
    if y.size:
        a = cupy.broadcast_to(a, u.shape).astype(u.dtype, copy=False)
        a, u, out = (cupy.moveaxis(v, axis, 0) for v in (a, u, y))
        _recurrence(a, u, len(out), out, size=out[0].size)
    return y


def mean(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    return x.mean(axis, keepdims=keepdims) if x.itemsize > 2 else _in_float32(x, x.mean, axis, keepdims)


def centred(x: Array, axis: Any) -> tuple[Array, Array]:
    """``x`` less its mean over ``axis``, and that mean; both are exact where all elements are equal."""
    return about_first(sys.modules[__name__], x, axis)


def astype(x: Array, dtype: DType, copy: bool = False) -> Array:
    """``x`` with elements of ``dtype``; a complex array gives its real part to a real dtype."""
    if x.dtype.kind == "c" and np.dtype(dtype).kind not in "cb":
        x = x.real
    return x.astype(dtype, copy=copy)


def real(x: Array) -> Array:
    return x.real


def imag(x: Array) -> Array:
    return x.imag


def flip(x: Array, axis: tuple[int, ...]) -> Array:
    """A copy with the order along ``axis`` reversed (a copy, as PyTorch's, not NumPy's view)."""
    back = slice(None, None, -1)
    return x[tuple(back if d in axis else slice(None) for d in range(x.ndim))].copy()


def sum_to(x: Array, shape: Shape) -> Array:
    """Sum ``x`` over the dimensions along which ``shape`` was broadcast to get ``x.shape``."""
    lead = x.ndim - len(shape)
    if lead:
        x = sum(x, tuple(range(lead)))
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and x.shape[i] != 1)
    return sum(x, axes, True) if axes else x


def flat(condition: Array, d: Array, like: Array) -> Array:
    """``d``, and ``0 * like`` where ``condition``."""
    return cupy.where(condition, 0 * like, d)


def kept(condition: Array, g: Array) -> Array:
    """``g`` where ``condition``, and 0 elsewhere, also in the place of an infinity or a NaN."""
    return cupy.where(condition, g, g.dtype.type(0))


def surely_finite(x: Array) -> bool:
    """True only if all elements are finite, and that is quick to tell: here looking would be a wait."""
    return False


_SHORT_POWERS = {-1: cupy.reciprocal, 0.5: cupy.sqrt, 2: cupy.square}


def pow_scalar(x: Array, exponent: float) -> Array:
    """``x ** exponent`` for a Python number, by the shortest way there is for it."""
    # Integers have no short ways: of them ** -1 is refused and ** 0.5 is a float.
    short = _SHORT_POWERS.get(exponent) if x.dtype.kind in "fc" else None
    return x**exponent if short is None else short(x)


_ATOMIC = "fdilILqQ"
"""The dtypes, by their one-letter codes, that the GPU adds to memory in one step; float16 would be rounded at every one."""


def put_add(values: Array, index: Index, shape: Shape) -> Array:
    """Zeros of ``shape`` with ``values`` added at ``index``; an element named twice gets both.

    Floats are added in no fixed order, so the last bits may change from run to run.  A boolean mask makes it wait.
    """
    parts = index if isinstance(index, tuple) else (index,)
    if not builtin_any(isinstance(i, ndarray | np.ndarray) and i.dtype != bool for i in parts):
        out = cupy.zeros(shape, values.dtype)
        out[index] = values
        return out
    held = values.dtype
    if held.kind == "c":
        out = cupy.zeros(shape, held)
        cupyx.scatter_add(out.real, index, values.real)
        cupyx.scatter_add(out.imag, index, values.imag)
        return out
    # Short integers are summed as int32, which wraps to the same value; booleans too, where any sum but 0 is True.
    out = cupy.zeros(shape, held if held.char in _ATOMIC else np.float32 if held.kind == "f" else np.int32)
    cupyx.scatter_add(out, index, values.astype(out.dtype, copy=False))
    return out.astype(held, copy=False)


def reshape(x: Array, shape: Any) -> Array:
    return x.reshape(shape)


def row_starts(rows: int, columns: int) -> Array:
    """Where in a flattened (rows, columns) array each row begins."""
    return cupy.arange(rows) * columns


def window(x: Array, offset: Array) -> Array:
    """The elements at the places ``offset`` of the flattened ``x``."""
    return x.reshape(-1)[offset]


def window_put(values: Array, shape: Shape, offset: Array) -> Array:
    """Zeros of ``shape`` with ``values`` added at the places ``offset`` of the flattened array."""
    return put_add(values, offset, (math.prod(shape),)).reshape(shape)


def window_set(x: Array, values: Array, offset: Array) -> Array:
    """A copy of ``x`` with ``values`` at the places ``offset`` of the flattened array."""
    flat = x.flatten()
    flat[offset] = values
    return flat.reshape(x.shape)


def index_set(x: Array, values: Array, index: Index) -> Array:
    """A copy of ``x`` with ``values`` at ``index``; which one stays where an element is named twice is not fixed."""
    out = x.copy()
    out[index] = values
    return out


def diagonal_scatter(values: Array, shape: Shape, offset: int, axis1: int, axis2: int) -> Array:
    """Zeros of ``shape`` with ``values`` on a diagonal."""
    out = cupy.zeros(shape, values.dtype)
    cupy.diagonal(out, offset, axis1, axis2)[...] = values
    return out


def as_strided(x: Array, shape: Shape, strides: Shape) -> Array:
    """A view of the memory of ``x``, which has no gaps, with steps of so many bytes."""
    return cupy.lib.stride_tricks.as_strided(x, shape, strides)


def scratch(count: int, dtype: np.dtype[Any]) -> Array:
    """Room for ``count`` numbers, for the time of one operation; CuPy's pool keeps the memory."""
    return cupy.empty(count, dtype)


block_bytes = 1 << 27
"""How much of a convolution's windows is laid out at a time: few launches, and not all of the memory."""

conv, conv_input, conv_weight, patches, fold = when_called(
    __package__, "._convolution", "conv conv_input conv_weight patches fold", sys.modules[__name__]
)
pool_max, pool_indices, pool_pick, pool_put, pool_sum, pool_spread, blend, unblend = when_called(
    __package__, "._pooling", "pool_max pool_indices pool_pick pool_put pool_sum pool_spread blend unblend", sys.modules[__name__]
)


# exp(-|x|) never overflows, not even float16, and T(1) keeps a float32 kernel free of double precision.
_sigmoid = cupy.ElementwiseKernel(
    "T x",
    "T y",
    """
    const T e = exp(x < T(0) ? x : T(-x));
    y = (x < T(0) ? e : T(1)) / (T(1) + e);
    """,
    "gf_sigmoid",
)


def sigmoid(x: Array) -> Array:
    """``1 / (1 + exp(-x))`` without overflow, accurate in both tails."""
    return _sigmoid(x) if x.dtype.kind == "f" else cupy.reciprocal(1 + cupy.exp(-x))


def pad(x: Array, widths: Any, value: float = 0.0) -> Array:
    """``x`` with ``value`` around it; ``widths`` are (before, after) pairs, one for each dimension."""
    return cupy.pad(x, widths, constant_values=value)


def getitem(x: Array, index: Index) -> Array:
    """A number in an index array of CuPy that is too large wraps around; a boolean mask makes it wait."""
    _look_at(x, index)
    return x[index]


def setitem(x: Array, index: Index, values: Array) -> None:
    """``x[index] = values``; of an index as ``getitem``, and which value stays where one is named twice is not fixed."""
    _look_at(x, index)
    x[index] = values


def _look_at(x: Array, index: Index) -> None:
    """IndexError for a number in a NumPy index that is too large: those can be looked at without a wait for the device."""
    parts = index if isinstance(index, tuple) else (index,)
    if builtin_any(isinstance(i, np.ndarray) for i in parts):
        # NumPy looks at them, on an array of this shape that needs one byte; what lies on the device counts as 0.
        like: Any = np.broadcast_to(np.False_, x.shape)
        like[tuple(np.zeros(i.shape, i.dtype) if isinstance(i, ndarray) else i for i in parts)]


def erf(x: Array) -> Array:
    """The error function, as CUDA's mathematical library computes it."""
    out = _erf(x)
    return out.astype(x.dtype, copy=False) if x.dtype.kind == "f" else out  # CuPy turns float16 into float64 here


def inv(x: Array) -> Array:
    """Waits for the device, to learn whether ``x`` was singular; so do solve and cholesky."""
    return _factorised(cupy.linalg.inv, x)


def solve(a: Array, b: Array) -> Array:
    return _factorised(cupy.linalg.solve, a, b)


def det(x: Array) -> Array:
    return cupy.linalg.det(x)


def slogdet(x: Array) -> tuple[Array, Array]:
    sign_, log_ = cupy.linalg.slogdet(x)
    return sign_, log_


def svd(x: Array) -> tuple[Array, Array, Array]:
    """``u, s, vh`` with ``x = u diag(s) vh``."""
    u, s, vh = _factorised(cupy.linalg.svd, x)
    return u, s, vh


cofactors, cofactors_back, inverse_adjoint = when_called(
    __package__, "._determinant", "cofactors cofactors_back inverse_adjoint", sys.modules[__name__]
)


def cholesky(x: Array) -> Array:
    return _factorised(cupy.linalg.cholesky, x)


def _factorised(function: Any, *matrices: Array) -> Array:
    try:
        with cupyx.errstate(linalg="raise"):
            return function(*matrices)
    except np.linalg.LinAlgError as problem:
        raise LinAlgError(f"linalg.{function.__name__}: {problem} (shape {matrices[0].shape})") from None


def scalar(value: Any, dtype: np.dtype[Any]) -> Array:
    """A Python number as an operand: a NumPy scalar, which CuPy hands to a kernel by value, with no copy."""
    try:
        return dtype.type(value)
    except OverflowError:
        raise ArgumentError(f"{value} is no {dtype}; convert the tensor it meets, with .long() or .float()") from None


def on(where: device) -> AbstractContextManager[Any]:
    """Arrays made inside lie on ``where``."""
    return cupy.cuda.Device(where.index)  # type: ignore[no-any-return]


class Numbers:
    """A few numbers for a kernel, in the device's memory: ``held`` stays where it is when others are put there.

    They are copied from page-locked memory, for which the host does not wait.  A place in that memory is written again only
    when its last copy is over: there are many, and at every half of them the host looks (and in practice never waits) for
    the copies of half a round ago.
    """

    def __init__(self, count: int, dtype: np.dtype[Any]) -> None:
        self.held: Any = cupy.empty(count, dtype)
        self._slots = cupyx.empty_pinned((2 * _HALF, count), dtype)
        self._copied: list[Any] = [None, None]
        self._next = 0
        self._values: tuple[float, ...] | None = None

    def put(self, values: tuple[float, ...]) -> None:
        if values == self._values:
            return
        half, first = divmod(self._next, _HALF)
        stream = cupy.cuda.get_current_stream()
        if first == 0:
            self._copied[1 - half] = stream.record()
            if self._copied[half] is not None:
                self._copied[half].synchronize()
        slot = self._slots[self._next]
        slot[:] = values
        self.held.set(slot, stream)
        self._next = (self._next + 1) % (2 * _HALF)
        self._values = values


_HALF = 512


class Courier:
    """Brings arrays from the host to a GPU while it computes: on a stream of its own, from page-locked memory.

    There are two rooms in that memory, for this parcel and the last.  A room is written again when its copies are over, which
    they are as a rule: the host waits for the parcel before the last.
    """

    def __init__(self, where: device) -> None:
        self._device = cupy.cuda.Device(where.index)
        with self._device:
            self._stream = cupy.cuda.Stream(non_blocking=True)
        self._rooms: list[dict[int, Any]] = [{}, {}]
        self._sent: list[Any] = [None, None]
        self._turn = 0

    def send(self, arrays: list[Array]) -> Any:
        """Set out with copies of ``arrays``, which may be written to again; returns the parcel, for ``arrived``."""
        turn = self._turn = 1 - self._turn
        with self._device:
            if self._sent[turn] is not None:
                self._sent[turn].synchronize()
            # Made on the current stream, for it is there that they are freed; what lay in that memory may be in use until now.
            made = [cupy.empty(a.shape, a.dtype) for a in arrays]
            self._stream.wait_event(cupy.cuda.get_current_stream().record())
            for i, (a, out) in enumerate(zip(arrays, made, strict=True)):
                if a.size:
                    room = self._room(turn, i, a.nbytes)[: a.nbytes].view(a.dtype).reshape(a.shape)
                    np.copyto(room, a)
                    out.set(room, self._stream)
            event = self._sent[turn] = self._stream.record()
        return made, event

    def _room(self, turn: int, i: int, size: int) -> Any:
        held = self._rooms[turn].get(i)
        if held is None or held.size < size:
            held = self._rooms[turn][i] = cupyx.empty_pinned((size,), np.uint8)
        return held

    def arrived(self, parcel: Any) -> list[Array]:
        """The arrays of a parcel; what is done with them from now on, the GPU does when they are there."""
        made, event = parcel
        with self._device:
            cupy.cuda.get_current_stream().wait_event(event)
        return made  # type: ignore[no-any-return]

    def close(self) -> None:
        """Wait until nothing is under way, so that the memory at both ends may be given away."""
        for event in self._sent:
            if event is not None:
                event.synchronize()


def alias(x: Array) -> Array:
    """An array of the memory of ``x`` that is no view of it.

    Views of the result keep the result alive, and not only ``x``.  In-place writes to it have a stamp of their own.
    """
    size = x.itemsize if x.size else 0
    for n, step in zip(x.shape, x.strides, strict=True):
        size += (n - 1) * step if x.size else 0
    memory = _Memory(x.data.ptr, size, x, x.device.id)
    return cupy.ndarray(x.shape, x.dtype, cupy.cuda.MemoryPointer(memory, 0), x.strides)


class _Memory(cupy.cuda.UnownedMemory):  # type: ignore[misc]
    """The memory of an alias, told apart from memory of other libraries."""


def owns(x: Array) -> bool:
    """True if CuPy's allocator or ``alias`` made ``x``: it is no view, and shows no memory of another library."""
    memory = x.data.mem
    if x.base is not None or type(memory) is cupy.cuda.UnownedMemory:
        return False
    return type(memory) is _Memory or type(memory) is type(cupy.empty(1).data.mem)


def owner(x: Array) -> Any:
    """The object that holds the memory which ``x`` shows; views of one memory have one owner."""
    return x.data.mem


def address(x: Array) -> int:
    """Where the first element of ``x`` lies."""
    return int(x.data.ptr)


def to_host(x: Array) -> np.ndarray[Any, Any]:
    """A copy in host memory; waits until it is there."""
    return np.asarray(cupy.asnumpy(x))


def from_host(x: np.ndarray[Any, Any], where: device) -> Array:
    """A copy on ``where``, or on the current GPU if that names no index."""
    with cupy.cuda.Device(where.index):
        return cupy.array(x)


def moved(x: Array, where: device) -> Array:
    """``x`` copied to another device."""
    if where.type != "cuda":
        return to_host(x)
    with cupy.cuda.Device(where.index):
        return cupy.array(x)


def device_of(x: Array) -> device:
    return _device(x.device.id)


@cache
def _device(index: int) -> device:
    return device("cuda", index)


def device_count() -> int:
    """How many GPUs answer: 0 without a driver."""
    try:
        return int(cupy.cuda.runtime.getDeviceCount())
    except cupy.cuda.runtime.CUDARuntimeError:
        return 0


def synchronize() -> None:
    """Wait until the current GPU has finished all that it was given."""
    cupy.cuda.runtime.deviceSynchronize()


class Random:
    """A stream of random numbers; the same seed gives the same numbers.

    CuPy's generator cannot be asked for its state.  So every draw restarts it at a seed of its own, made from the
    stream's seed and the number of the draw, and these two numbers are the state.  The generator is Philox
    (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011), which is made for this: a restart is cheap
    and any two seeds give independent numbers.
    """

    def __init__(self, seed: int, where: device) -> None:
        self._sequence = np.random.SeedSequence(seed)
        self._draws = 0
        self._device = cupy.cuda.Device(where.index)
        with self._device:
            self._rng = cupy.random.RandomState(0, cupy.cuda.curand.CURAND_RNG_PSEUDO_PHILOX4_32_10)

    def _restarted(self) -> Any:
        """The generator, set to where the next draw begins."""
        here = np.random.SeedSequence(self._sequence.entropy, spawn_key=(self._draws,))
        self._draws += 1
        self._rng.seed(int(here.generate_state(1, np.uint64)[0]))
        return self._rng

    def uniform(self, shape: Shape, dtype: np.dtype[Any]) -> Array:
        """In [0, 1)."""
        with self._device:
            if dtype.itemsize > 2:
                return self._restarted().random_sample(shape, dtype)
            # The steps between float16 numbers below 1: rounding a float32 instead would give 1 now and then.
            steps = cupy.floor(self._restarted().random_sample(shape, np.float32) * np.float32(2048))
            return (steps / np.float32(2048)).astype(dtype)

    def normal(self, shape: Shape, dtype: np.dtype[Any]) -> Array:
        """Mean 0, standard deviation 1."""
        with self._device:
            held = dtype if dtype.itemsize > 2 else np.float32
            return self._restarted().standard_normal(shape, held).astype(dtype, copy=False)

    def integers(self, low: int, high: int, shape: Shape) -> Array:
        """int64 in [low, high)."""
        with self._device:
            rng = self._restarted()
            if not 0 < high - low <= 1 << 32:
                return rng.randint(low, high, shape, np.int64)  # exact by rejection, for which it waits
            # 63 random bits need no rejection; their remainder favours no number by more than 1 part in 2**31.
            out = rng.randint(0, 1 << 63, shape, np.int64)
            out %= high - low
            out += low
            return out

    def permutation(self, n: int) -> Array:
        with self._device:
            return self._restarted().permutation(int(n))

    def get_state(self) -> dict[str, Any]:
        return {"seed": self._sequence.entropy, "draws": self._draws}

    def set_state(self, state: dict[str, Any]) -> None:
        if set(state) != {"seed", "draws"}:
            raise ArgumentError(
                "this is not the state of a generator on CUDA; a generator's state fits only a generator on the same "
                "kind of device, so take it from one with get_state()"
            )
        self._sequence, self._draws = np.random.SeedSequence(state["seed"]), int(state["draws"])


def builtin_any(items: Any) -> bool:
    """``any`` of the language, which the reduction above hides in this module."""
    return True in (bool(i) for i in items)
