"""Making tensors: from data, filled, in steps, at random.

Every function takes ``dtype=``, ``device=`` and ``requires_grad=``; without a dtype, floats are of the default dtype and
whole numbers int64.
"""

from __future__ import annotations

from _thread import allocate_lock
from typing import Any

import numpy as np

from . import backend
from .backend import CPU, dtypes
from .backend import device as Device
from .engine import wrap
from .errors import ArgumentError, DTypeError, ShapeError
from .ops import dims
from .ops.index import one_hot
from .tensor import Tensor
from .typing import DType

__all__ = [
    "Generator", "arange", "as_tensor", "bernoulli", "default_generator", "empty", "empty_like", "eye", "from_dlpack",
    "from_numpy", "full", "full_like", "get_rng_state", "linspace", "logspace", "manual_seed", "meshgrid", "multinomial",
    "normal", "one_hot", "ones", "ones_like", "rand", "rand_like", "randint", "randn", "randn_like", "randperm",
    "set_rng_state", "tensor", "tril_indices", "zeros", "zeros_like",
]  # fmt: skip


def _finish(array: Any, requires_grad: bool) -> Tensor:
    t: Tensor = wrap(array)
    return t.requires_grad_(True) if requires_grad else t


def _place(device: Any) -> tuple[Any, Device]:
    where = backend.get_default_device() if device is None else Device(device)
    return backend.namespace_for(where), where


def _float(dtype: DType) -> np.dtype[Any]:
    return dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)


# --- from data ------------------------------------------------------------------------------------------------------------


def tensor(data: Any, *, dtype: DType = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor with a copy of ``data``: numbers, nested lists, arrays, Tensors.

    Python floats become the default float dtype (float32), ints int64; an array keeps its dtype.  DTypeError for what is
    not numbers, ShapeError for ragged lists.

    >>> import gradflow as gf
    >>> gf.tensor([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 2.],
            [3., 4.]])
    """
    return _finish(_array(data, dtype, device, True), requires_grad)


def as_tensor(data: Any, dtype: DType = None, device: Any = None) -> Tensor:
    """A tensor that shares the memory of an array where it can; a Tensor is returned as it is.

    >>> import numpy as np, gradflow as gf
    >>> a = np.zeros(2, np.float32)
    >>> gf.as_tensor(a).data is a
    True
    """
    if isinstance(data, Tensor):
        return data.to(dtype=dtype, device=device)
    return _finish(_array(data, dtype, device, False), False)


def from_numpy(array: np.ndarray[Any, Any]) -> Tensor:
    """A tensor on the CPU that shares the memory of a NumPy array.

    >>> import gradflow as gf, numpy as np
    >>> gf.from_numpy(np.ones(2))
    tensor([1., 1.], dtype=float64)
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy takes a numpy.ndarray, not {type(array).__name__}")
    return _finish(_array(array, None, CPU, False), False)


def from_dlpack(source: Any) -> Tensor:
    """A tensor that shares the memory of any array that speaks DLPack, on its device."""
    kind = source.__dlpack_device__()[0]
    xp = backend.namespace_for("cuda" if int(kind) == 2 else "cpu")
    return _finish(xp.from_dlpack(source), False)


def _array(data: Any, dtype: DType, device: Any, copy: bool) -> Any:
    if isinstance(data, Tensor):
        data = data.data
    elif isinstance(data, list | tuple) and _holds_tensors(data):
        data = _plain(data)
    wanted = None if dtype is None else dtypes.as_dtype(dtype)
    if backend.is_array(data):
        xp, where = (
            (backend.namespace_of(data), None)
            if device is None and not isinstance(data, np.ndarray | np.generic)
            else _place(device)
        )
        if xp is not backend.namespace_of(data):
            data = (
                xp.from_host(data, where)
                if isinstance(data, np.ndarray | np.generic)
                else backend.namespace_of(data).to_host(data)
            )
            copy = False
    else:
        xp, where = _place(device)
        try:
            data = np.asarray(data)
        except ValueError as problem:
            raise ShapeError(f"the nested lists are ragged: {problem}") from None
        if data.dtype.kind == "f" and wanted is None:
            wanted = dtypes.get_default_dtype()
        elif data.dtype.kind == "c" and wanted is None:
            wanted = dtypes.complex_of(dtypes.get_default_dtype())
        elif data.dtype.kind == "i" and wanted is None:
            wanted = dtypes.int64
        if data.dtype.kind not in dtypes.CATEGORY:
            raise DTypeError(f"a Tensor holds numbers and booleans; {data.dtype} came of the {type(data).__name__} given")
        data = xp.from_host(data, where) if xp is not backend.cpu else data
        copy = False
    if data.dtype.kind not in dtypes.CATEGORY:
        raise DTypeError(f"a Tensor holds numbers and booleans, not {data.dtype}")
    if wanted is not None and data.dtype != wanted:
        return xp.asarray(xp.astype(data, wanted))
    return xp.array(data, copy=True) if copy else xp.asarray(data)


def _holds_tensors(data: Any) -> bool:
    while isinstance(data, list | tuple) and data:
        data = data[0]
    return isinstance(data, Tensor)


def _plain(data: Any) -> Any:
    return (
        [_plain(d) for d in data] if isinstance(data, list | tuple) else (data.to_numpy() if isinstance(data, Tensor) else data)
    )


# --- filled ---------------------------------------------------------------------------------------------------------------


def _size(sizes: tuple[Any, ...], size: Any, name: str) -> tuple[int, ...]:
    shape = dims.spelled(sizes if size is None else (size,), name) if sizes or size is not None else ()
    if any(n < 0 for n in shape):
        raise ShapeError(f"{name}: a size is negative in {shape}")
    return shape


def zeros(*sizes: Any, size: Any = None, dtype: DType = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of a shape, given as ``zeros(2, 3)`` or ``zeros((2, 3))``.

    >>> import gradflow as gf
    >>> gf.zeros(2)
    tensor([0., 0.])
    """
    xp, _ = _place(device)
    return _finish(xp.zeros(_size(sizes, size, "zeros"), _float(dtype)), requires_grad)


def ones(*sizes: Any, size: Any = None, dtype: DType = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of a shape, given as ``ones(2, 3)`` or ``ones((2, 3))``.

    >>> import gradflow as gf
    >>> gf.ones(2)
    tensor([1., 1.])
    """
    xp, _ = _place(device)
    return _finish(xp.ones(_size(sizes, size, "ones"), _float(dtype)), requires_grad)


def empty(*sizes: Any, size: Any = None, dtype: DType = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Memory of a shape with whatever is in it.

    >>> import gradflow as gf
    >>> gf.empty(2, 3).shape
    (2, 3)
    """
    xp, _ = _place(device)
    return _finish(xp.empty(_size(sizes, size, "empty"), _float(dtype)), requires_grad)


def full(size: Any, fill_value: Any, *, dtype: DType = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """One number all over a shape; without a dtype, of that number's kind.

    >>> import gradflow as gf
    >>> gf.full((2,), 7)
    tensor([7, 7])
    """
    xp, _ = _place(device)
    value = fill_value.item() if isinstance(fill_value, Tensor | np.generic) else fill_value
    if not isinstance(value, int | float | complex):
        raise ArgumentError(f"full: fills with one number, not {value!r}")
    wanted = dtypes.of_python(value) if dtype is None else dtypes.as_dtype(dtype)
    return _finish(xp.full(_size((size,), None, "full"), value, wanted), requires_grad)


def eye(n: int, m: int | None = None, *, dtype: DType = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """An n x m matrix with ones on the diagonal.

    >>> import gradflow as gf
    >>> gf.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    xp, _ = _place(device)
    rows, columns = _size((n, n if m is None else m), None, "eye")
    return _finish(xp.eye(rows, columns, dtype=_float(dtype)), requires_grad)


def zeros_like(x: Any, *, dtype: DType = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of the shape, dtype and device of ``x``.

    >>> import gradflow as gf
    >>> gf.zeros_like(gf.tensor([1, 2]))
    tensor([0, 0])
    """
    return _like(x, "zeros", dtype, device, requires_grad)


def ones_like(x: Any, *, dtype: DType = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of the shape, dtype and device of ``x``.

    >>> import gradflow as gf
    >>> gf.ones_like(gf.tensor([1, 2]))
    tensor([1, 1])
    """
    return _like(x, "ones", dtype, device, requires_grad)


def empty_like(x: Any, *, dtype: DType = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Memory of the shape, dtype and device of ``x`` with whatever is in it.

    >>> import gradflow as gf
    >>> gf.empty_like(gf.tensor([1, 2])).dtype
    dtype('int64')
    """
    return _like(x, "empty", dtype, device, requires_grad)


def _like(x: Any, name: str, dtype: DType, device: Any, requires_grad: bool) -> Tensor:
    xp, _ = _place(x.device if device is None else device)
    return _finish(getattr(xp, name)(x.shape, x.dtype if dtype is None else dtypes.as_dtype(dtype)), requires_grad)


def full_like(x: Any, fill_value: Any, *, dtype: DType = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """One number all over the shape of ``x``, in its dtype, on its device.

    >>> import gradflow as gf
    >>> gf.full_like(gf.tensor([1, 2]), 7)
    tensor([7, 7])
    """
    return full(
        x.shape, fill_value, dtype=x.dtype if dtype is None else dtype, device=device or x.device, requires_grad=requires_grad
    )


# --- in steps ---------------------------------------------------------------------------------------------------------------


def arange(
    start: Any, end: Any = None, step: Any = 1, *, dtype: DType = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """``start``, ``start + step``, ... up to but without ``end``; ``arange(n)`` counts from 0.

    >>> import gradflow as gf
    >>> gf.arange(4.0)
    tensor([0., 1., 2., 3.])
    """
    start, end, step = (v.item() if isinstance(v, Tensor | np.generic) else v for v in (start, end, step))
    if end is None:
        start, end = 0, start
    if step == 0 or (end - start) / step < 0:
        raise ArgumentError(f"arange: steps of {step} do not lead from {start} to {end}")
    wanted = dtypes.as_dtype(dtype) if dtype is not None else (
        dtypes.get_default_dtype() if any(isinstance(v, float) for v in (start, end, step)) else dtypes.int64
    )  # fmt: skip
    xp, _ = _place(device)
    return _finish(xp.asarray(xp.arange(start, end, step), dtype=wanted), requires_grad)


def linspace(start: Any, end: Any, steps: int, *, dtype: DType = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """``steps`` numbers evenly spaced from ``start`` to ``end``, both included.

    >>> import gradflow as gf
    >>> gf.linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if steps < 0:
        raise ArgumentError(f"linspace: {steps} steps")
    xp, _ = _place(device)
    return _finish(xp.asarray(xp.linspace(float(start), float(end), steps), dtype=_float(dtype)), requires_grad)


def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: DType = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """``base`` to the powers ``linspace(start, end, steps)``.

    >>> import gradflow as gf
    >>> gf.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    if steps < 0:
        raise ArgumentError(f"logspace: {steps} steps")
    xp, _ = _place(device)
    return _finish(xp.asarray(base ** xp.linspace(float(start), float(end), steps), dtype=_float(dtype)), requires_grad)


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """The coordinates of a grid: one tensor per vector, each of the shape of the whole grid ("ij": rows first).

    >>> import gradflow as gf
    >>> gf.meshgrid(gf.tensor([1, 2]), gf.tensor([3]))
    (tensor([[1],
            [2]]), tensor([[3],
            [3]]))
    """
    vectors = list(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], list | tuple) else list(tensors)
    if indexing not in ("ij", "xy"):
        raise ArgumentError(f"meshgrid: indexing is 'ij' or 'xy', not {indexing!r}")
    if any(v.ndim > 1 for v in vectors):
        raise ShapeError(f"meshgrid: takes vectors, got shapes {[v.shape for v in vectors]}")
    shape = tuple(v.numel() for v in vectors)
    grids = [v.reshape((1,) * i + (-1,) + (1,) * (len(shape) - i - 1)).broadcast_to(shape) for i, v in enumerate(vectors)]
    return tuple(g.transpose(0, 1) for g in grids) if indexing == "xy" and len(grids) > 1 else tuple(grids)


def tril_indices(row: int, col: int, offset: int = 0, *, device: Any = None) -> Tensor:
    """The indices of the lower triangle of a row x col matrix, as a (2, n) tensor.

    >>> import gradflow as gf
    >>> gf.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    found = np.tril_indices(row, offset, col)
    return as_tensor(np.stack(found), dtype=dtypes.int64, device=device)


# --- at random ----------------------------------------------------------------------------------------------------------------


class Generator:
    """A stream of random numbers on one device; the same seed gives the same numbers there.

    >>> import gradflow as gf
    >>> a = gf.rand(3, generator=gf.Generator().manual_seed(1))
    >>> b = gf.rand(3, generator=gf.Generator().manual_seed(1))
    >>> bool((a == b).all())
    True
    """

    def __init__(self, device: Any = "cpu") -> None:
        self.device = Device(device)
        self._random: Any = None
        self._lock = allocate_lock()
        self._seed = 0

    def manual_seed(self, seed: int) -> Generator:
        """Start over from ``seed``, a whole number."""
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise ArgumentError(f"a seed is a whole number from 0, not {seed!r}")
        with self._lock:
            self._seed, self._random = seed, None
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


def rand(
    *sizes: Any, size: Any = None, generator: Generator | None = None, dtype: DType = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Numbers uniform in [0, 1).

    >>> import gradflow as gf
    >>> gf.rand(2, 3).shape
    (2, 3)
    """
    return _random("uniform", _size(sizes, size, "rand"), generator, dtype, device, requires_grad)


def randn(
    *sizes: Any, size: Any = None, generator: Generator | None = None, dtype: DType = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Normally distributed numbers of mean 0 and standard deviation 1.

    >>> import gradflow as gf
    >>> gf.randn(2, 3).shape
    (2, 3)
    """
    return _random("normal", _size(sizes, size, "randn"), generator, dtype, device, requires_grad)


def _random(what: str, shape: Any, generator: Any, dtype: DType, device: Any, requires_grad: bool) -> Tensor:
    _, where = _place(device)
    wanted = _float(dtype)
    if wanted.kind not in "fc":
        raise DTypeError(f"random numbers of this kind are floats, not {wanted}; see randint")
    source = _generator(generator, where)
    if wanted.kind == "c":
        part = dtypes.real_of(wanted)
        scale = 0.5**0.5 if what == "normal" else 1.0
        return _finish((source.draw(what, shape, part) + 1j * source.draw(what, shape, part)) * part.type(scale), requires_grad)
    return _finish(source.draw(what, shape, wanted), requires_grad)


def rand_like(x: Tensor, *, dtype: DType = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """``rand`` of the shape, dtype and device of ``x``.

    >>> import gradflow as gf
    >>> gf.rand_like(gf.ones(2)).shape
    (2,)
    """
    return rand(x.shape, dtype=dtype or x.dtype, device=device or x.device, requires_grad=requires_grad)


def randn_like(x: Tensor, *, dtype: DType = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """``randn`` of the shape, dtype and device of ``x``.

    >>> import gradflow as gf
    >>> gf.randn_like(gf.ones(2)).shape
    (2,)
    """
    return randn(x.shape, dtype=dtype or x.dtype, device=device or x.device, requires_grad=requires_grad)


def randint(
    low: int, high: Any = None, size: Any = None, *, generator: Generator | None = None, dtype: DType = None, device: Any = None
) -> Tensor:
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
    _, where = _place(device)
    array = _generator(generator, where).draw("integers", low, high, _size((size,), None, "randint"))
    return _finish(backend.namespace_of(array).astype(array, dtypes.int64 if dtype is None else dtypes.as_dtype(dtype)), False)


def randperm(n: int, *, generator: Generator | None = None, device: Any = None) -> Tensor:
    """The whole numbers below ``n`` in random order.

    >>> import gradflow as gf
    >>> gf.sort(gf.randperm(3)).values
    tensor([0, 1, 2])
    """
    if n < 0:
        raise ArgumentError(f"randperm: n is {n}")
    _, where = _place(device)
    return _finish(_generator(generator, where).draw("permutation", n), False)


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
    return _finish(backend.namespace_of(u).astype(u < x.data, x.dtype), False)


def normal(mean: Any, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None, device: Any = None) -> Tensor:
    """Normally distributed numbers, of one mean and deviation over ``size``, or of those in tensors.

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
    if x.device.type == "cpu":
        if not bool((x >= 0).all()) or not bool(x.isfinite().all()):
            raise ArgumentError("multinomial: a weight is negative, infinite or NaN")
        some = int((x > 0).sum(-1).min())
        if num_samples < 1 or some == 0 or (not replacement and num_samples > some):
            raise ArgumentError(f"multinomial: {num_samples} samples of {some} weights above 0 (replacement={replacement})")
    draws = num_samples if replacement else 1
    u = rand((*x.shape[:-1], draws, x.shape[-1]), generator=generator, device=x.device, dtype=dtypes.float64)
    with backend.namespace_of(x.data).floating_errors(divide="ignore"):  # log(0): never drawn
        keys = x.detach().double().log().unsqueeze(-2) - (-(u + 1e-300).log()).log()
    if replacement:
        drawn: Tensor = keys.argmax(-1)
    else:
        drawn = keys.select(-2, 0).topk(num_samples, -1).indices
    return drawn
