"""The stand-in for CuPy refuses what CuPy refuses and counts what waits; training on it waits for nothing.

Run with ``pytest --device cuda --stand-in``.
"""

from __future__ import annotations

import copy
import pickle
import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cupy_stand_in import ImplicitWait, launches, no_waits, waits
from cupy_stand_in.snapshot import API

import gradflow as gf
from gradflow.errors import DeviceError, IndexingError

pytestmark = pytest.mark.stand_in


class Lazy:
    """The module ``cupy`` or ``cupyx``, looked up when it is used: where it is not installed, the tests are skipped."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if "cupy" not in sys.modules:  # pytest asks every object of a module for names of its own
            raise AttributeError(name)
        return getattr(__import__(self._name), name)


cupy, cupyx = Lazy("cupy"), Lazy("cupyx")


def ones(*shape: int, dtype: Any = "f") -> Any:
    return cupy.ones(shape, dtype)


H = np.ones((2, 3), np.float32)


class Foreign:
    """No array, and nothing CuPy knows."""

    def __radd__(self, other: Any) -> str:
        return "radd"


class Yielding(Foreign):
    __array_ufunc__ = None


class Important(Foreign):
    __array_priority__ = 200


# What is refused


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        # to NumPy by the back door
        (lambda: np.asarray(ones(2)), TypeError, "Implicit conversion to a NumPy array"),
        (lambda: np.array([ones(2), ones(2)]), TypeError, "Implicit conversion"),
        (lambda: H.__setitem__(0, ones(3)), TypeError, "Implicit conversion"),
        (lambda: ones(2).__array_interface__, AttributeError, "__array_interface__"),
        # mixing
        (lambda: ones(2, 3) + H, TypeError, "Unsupported type.*numpy.ndarray"),
        (lambda: H * ones(2, 3), TypeError, "Unsupported type.*numpy.ndarray"),
        (lambda: np.add(H, ones(2, 3)), TypeError, "Unsupported type"),
        (lambda: ones(2) * [1.0, 2.0], TypeError, "NotImplemented"),
        (lambda: cupy.maximum(ones(2), [1.0, 2.0]), TypeError, "Unsupported type.*list"),
        (lambda: ones(2, 3) @ H.T, TypeError, "incorrect type"),
        (lambda: ones(2, 3) @ 2, TypeError, "incorrect type"),
        (lambda: cupy.concatenate([ones(2, 3), H]), TypeError, "concatenate"),
        (lambda: cupy.where(ones(2, 3), H, 0), TypeError, "Unsupported type"),
        (lambda: ones(2, 3).__setitem__(0, H[0]), ValueError, "non-scalar numpy.ndarray"),
        (lambda: ones(3).__setitem__(slice(None), [1, 2, 3]), ValueError, "non-scalar"),
        (lambda: ones(2, 3).fill(H), ValueError, "non-scalar"),
        (lambda: cupy.copyto(ones(2, 3), H), ValueError, "non-scalar"),
        (lambda: ones(2) + Foreign(), TypeError, "NotImplemented|unsupported"),
        (lambda: cupy.broadcast_to(H, (4, 2, 3)), TypeError, "incorrect type"),
        (lambda: cupy.tile(ones(2), cupy.asarray(2)), TypeError, "must not be a cupy.ndarray"),
        (lambda: ones(2).set([1.0, 2.0]), TypeError, "Only numpy.ndarray"),
        (lambda: ones(2).set(np.ones(2)), TypeError, "float64 array cannot be set to float32"),
        (lambda: np.from_dlpack(ones(2)), Exception, ""),
        (lambda: cupy.from_dlpack(H), TypeError, "CPU arrays cannot be directly imported"),
        # what CuPy has not got
        (lambda: cupy.block([[ones(1)]]), AttributeError, "no attribute 'block'"),
        (lambda: cupy.errstate(all="ignore"), AttributeError, "errstate"),
        (lambda: cupy.linalg.vector_norm(ones(1)), AttributeError, "vector_norm"),
        (lambda: ones(1).setflags(write=False), AttributeError, "setflags"),
        (lambda: ones(1).flags.writeable, AttributeError, "writeable"),
        (lambda: ones(1).ctypes, AttributeError, "ctypes"),
        (lambda: cupy.random.default_rng(0).normal(size=3), AttributeError, "'normal'"),
        (lambda: cupy.random.default_rng(0).permutation(3), AttributeError, "'permutation'"),
        (lambda: cupy.fft.fft(ones(2)), NotImplementedError, "the stand-in for it does not"),
        (lambda: [1, 2][cupy.asarray(1)], TypeError, "indices must be integers"),
        (lambda: range(cupy.asarray(1)), TypeError, "integer"),
        # keywords
        (lambda: cupy.add(ones(2), 1, where=ones(2)), TypeError, "Wrong arguments.*where"),
        (lambda: cupy.sum(ones(2), where=ones(2)), TypeError, "where"),
        (lambda: ones(2).max(initial=0), TypeError, "initial"),
        (lambda: ones(2).var(correction=1), TypeError, "correction"),
        (lambda: cupy.reshape(ones(2), shape=(2, 1)), TypeError, "shape"),
        (lambda: ones(2).astype("d", device="cuda"), TypeError, "device"),
        (lambda: cupy.einsum("i->", ones(2), out=ones()), TypeError, "out"),
        (lambda: cupy.linalg.cholesky(ones(2, 2), upper=True), TypeError, "upper"),
        (lambda: cupy.clip(ones(2)), TypeError, "a_min"),
        (lambda: ones(2).item(0), TypeError, "positional"),
        (lambda: ones(2).argsort(kind="quicksort"), ValueError, "stable"),
        (lambda: ones(2).repeat(np.array([1, 2])), TypeError, "repeats"),
        # ufuncs
        (lambda: cupy.maximum.reduce(ones(2)), NotImplementedError, r"`cupy_maximum.reduce` is not supported"),
        (lambda: cupy.logical_or.accumulate(ones(2)), NotImplementedError, "not supported"),
        (lambda: cupy.multiply.reduceat(ones(2), [0]), NotImplementedError, "not supported"),
        (lambda: cupy.multiply.at(ones(2), 0, 2), NotImplementedError, "not supported"),
        (lambda: cupy.add.at(ones(2, dtype="F"), 0, 1), TypeError, "complex64"),
        (lambda: cupyx.scatter_add(ones(2, dtype="b"), 0, 1), TypeError, "int8"),
        (lambda: cupyx.scatter_max(ones(2, dtype="e"), cupy.asarray([0]), 1), TypeError, "float16"),
        (lambda: cupy.add(ones(2), 1, ones(3)), ValueError, "mismatch|broadcast"),
        (lambda: cupy.add(ones(2), 1, out=ones(1, 2)[0, :1]), ValueError, "Out shape is mismatched"),
        (lambda: cupy.add(ones(2), 0.5, out=ones(2, dtype="i")), TypeError, "could not be coerced"),
        (lambda: cupy.add(ones(2), 1, out=H), TypeError, "Output arguments type"),
        (lambda: cupy.bitwise_and(ones(2), 1), TypeError, "Wrong type"),
        (lambda: -(ones(2) > 0), TypeError, "negative"),
        # the rest
        (lambda: hash(ones(2)), TypeError, "unhashable"),
        (lambda: len(ones()), TypeError, "unsized"),
        (lambda: list(ones()), TypeError, "0-d"),
        (lambda: bool(ones(2)), ValueError, "truth value"),
        (lambda: ones(2)[2], IndexError, "Index 2 is out of bounds for axis 0 with size 2"),
        (lambda: ones(2)[0, 0], IndexError, "too many indices"),
        (lambda: ones(2)[cupy.asarray([0.5])], IndexError, "integer or boolean"),
        (lambda: ones(2, dtype=object), ValueError, "Unsupported dtype"),
        (lambda: cupy.linalg.inv(ones(2, 2, dtype="e")), TypeError, "float16 is unsupported"),
        (lambda: cupy.linalg.inv(H), np.linalg.LinAlgError, "only supports cupy"),
        (lambda: cupy.linalg.solve(ones(1, 2, 2), ones(3, 2, 1)), ValueError, "must have"),
        (lambda: cupy.random.RandomState(0).random_sample(3, "e"), TypeError, "float32 and float64"),
        (lambda: cupy.cuda.Device(1).use(), RuntimeError, "invalid device"),
    ],
)
def test_what_is_refused(call: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert re.search(words, str(caught.value), re.DOTALL), caught.value


def test_nothing_stands_here_that_cupy_lacks() -> None:
    members = {n for n in vars(type(ones(1))) if not n.startswith("_")}
    assert members - API["classes"]["ndarray"].keys() == set()
    for name in ("__index__", "__imatmul__", "__contains__", "__array_namespace__", "__array_interface__"):
        assert not hasattr(type(ones(1)), name) and name not in API["classes"]["ndarray"]
    assert not isinstance(ones(1), np.ndarray)


def test_other_operands() -> None:
    x = ones(2)
    assert x + Yielding() == "radd" and x + Important() == "radd"
    for t in (gf.ones(2, requires_grad=True), gf.ones((), requires_grad=True)):
        for y in (x + t, x - t, x * t, x / t, x**t, t + x, np.float32(2) * t, x[0] * t, cupy.ones(()) * t):
            assert isinstance(y, gf.Tensor) and y.grad_fn is not None and y.is_cuda
        assert isinstance(x < t, gf.Tensor) and isinstance(x == t, gf.Tensor)
    m = gf.ones(2, 2, requires_grad=True)
    (ones(2, 2) @ m).sum().backward()
    assert m.grad is not None and m.grad.tolist() == [[2, 2], [2, 2]]
    with pytest.raises(TypeError):
        x += gf.ones(2)


# What it computes


def test_types_are_cupys() -> None:
    f, h, i, b = ones(2), ones(2, dtype="e"), ones(2, dtype="i"), ones(2, dtype="?")
    results = {
        "f": [f + 1, f + 1.5, f * True, cupy.sqrt(f), f.sum(), f.mean(), f[0], cupy.where(b, f, 0), f + h],
        "e": [h + 1.5, cupy.sqrt(b), h.mean(), h * 2],
        "d": [f + np.float64(1), i / i, i + 1.5, i.mean(), i + f],
        "F": [f + 1j], "i": [i + 1, i // 2], "l": [i.sum(), b.sum(), f.argmax(), i.cumsum()], "?": [f > 0, b & b, f.any()],
    }  # fmt: skip
    for char, made in results.items():
        assert [m.dtype.char for m in made] == [char] * len(made), char
        assert all(type(m) is type(f) for m in made)  # never a NumPy number


def test_indices_in_arrays_wrap() -> None:
    x = cupy.arange(4.0)
    assert x[cupy.asarray([5, -5, 1])].tolist() == [1, 3, 1] and x[np.array([9])].tolist() == [1]
    assert cupy.take(x, cupy.asarray([4])).tolist() == [0]
    x[cupy.asarray([6])] = 9
    assert x.tolist() == [0, 1, 9, 3]
    y = cupy.zeros((2, 3))
    cupyx.scatter_add(y, (cupy.asarray([2, 2]), slice(None)), 1)
    assert y.tolist() == [[2, 2, 2], [0, 0, 0]]
    index = cupy.asarray(1)
    assert x[index].data.mem is not x.data.mem and x[1].data.mem is x.data.mem


def test_memory() -> None:
    x = cupy.zeros((2, 3), "f")
    for view in (x[1], x.T, x.reshape(3, 2), cupy.broadcast_to(x, (2, 2, 3)), x.diagonal(), x[0, 1], x[..., None]):
        assert view.data.mem is x.data.mem and view.base is x
    for other in (x.copy(), x + 1, x[[0]], cupy.tile(x, 1), cupy.asarray(H), x.flatten()):
        assert other.base is None and other.data.mem is not x.data.mem
    assert x[1].data.ptr - x.data.ptr == 12 and x.base is None
    x.diagonal()[...] = 5
    assert x.tolist() == [[5, 0, 0], [0, 5, 0]]
    part = cupy.ndarray((2,), "f", cupy.cuda.MemoryPointer(cupy.cuda.UnownedMemory(x.data.ptr + 4, 8, x, 0), 0))
    part[...] = 7
    assert x.tolist() == [[5, 7, 7], [0, 5, 0]] and part.data.mem is not x.data.mem and part[0].data.mem is part.data.mem
    assert not np.isfinite(cupy.empty(3).get()).any()  # nobody may count on what is in new memory


def test_singular_matrices_are_silent_unless_asked_for() -> None:
    singular = cupy.zeros((2, 2))
    with no_waits():
        found = cupy.linalg.inv(singular), cupy.linalg.cholesky(-cupy.eye(2))
    assert all(np.isnan(f.get()).all() for f in found)
    with cupyx.errstate(linalg="raise"), pytest.raises(np.linalg.LinAlgError):
        cupy.linalg.inv(singular)
    with cupyx.errstate(linalg="raise"), no_waits(), pytest.raises(ImplicitWait):
        cupy.linalg.inv(cupy.eye(2))
    with pytest.raises(gf.errors.LinAlgError, match="inv"):
        gf.linalg.inv(gf.zeros(2, 2))


# Kernels


def kernel(inputs: str = "T x, T y", outputs: str = "T z", body: str = "z = x + y", **options: Any) -> Any:
    return cupy.ElementwiseKernel(inputs, outputs, body, "a_kernel", **options)


def test_kernels_run() -> None:
    x, y = cupy.arange(6, dtype="f").reshape(2, 3), cupy.arange(3, dtype="f")
    assert kernel()(x, y).tolist() == (x + y).tolist() and kernel()(x.T, 2.5).tolist() == (x.T + 2.5).tolist()
    z = cupy.zeros((2, 3), "f")
    assert kernel()(x[:, ::-1], y, z) is z and z.tolist() == (x[:, ::-1] + y).tolist()
    kernel("T g, T lr", "T p, T m", "m = m / 2 + g; p -= lr * m", no_return=True)(x, 0.5, z[:, :], z)
    half = kernel("T x", "T y", "y = exp(x) / (T(1) + exp(x))")(cupy.asarray([0.5, -3.0], "e"))
    assert half.dtype == "e" and half.tolist() == pytest.approx([0.6225, 0.04743], rel=1e-3)
    total = cupy.zeros(1, "f")
    kernel("raw T x, int64 n", "raw T y", "y[0] += x[i] * (i < n)", loop_prep="y[0] = 1")(x.T, 6, total, size=6)
    assert total.tolist() == [16]
    places = kernel("raw T x", "T y", "y = _ind.get()[1] + 10 * _ind.get()[0]", reduce_dims=False)
    assert places(x, cupy.zeros((2, 2), "f")).tolist() == [[0, 1], [10, 11]]
    two = kernel("T x", "T y, int32 z", "y = -x; z = x > 1", return_tuple=True)(x[0])
    assert [t.tolist() for t in two] == [[0, -1, -2], [0, 0, 1]]
    assert kernel(no_return=True)(x, y, z) is None and kernel()(x[:0], y).shape == (0, 3)


@pytest.mark.parametrize("dtype", "?bBhilefdFD")
def test_kernels_copy_every_dtype(dtype: str) -> None:
    x = cupy.asarray(np.array([0, 1, 2.5]).astype(dtype))
    made = kernel("T x", "T y", "y = x")(x)
    assert made.dtype == x.dtype and made.tolist() == x.tolist()


def test_float16_in_kernels_rounds_as_numpy_does() -> None:
    bits = np.arange(1 << 16, dtype=np.uint16)
    every = bits.view(np.float16)
    wide = kernel("float16 x", "float32 y", "y = x")(cupy.asarray(every)).get()
    np.testing.assert_array_equal(wide, every.astype(np.float32))
    between = np.nextafter(every[np.isfinite(every)].astype(np.float32), np.float32(np.inf))
    finite = every[:0x7C00].astype(np.float32)
    middle = (finite[1:] + finite[:-1]) / np.float32(2)
    for values in (between, middle, -middle, np.array([1e6, -1e6, 1e-9, np.nan, np.inf, -0.0], np.float32)):
        got = kernel("float32 x", "float16 y", "y = x")(cupy.asarray(values)).get()
        with np.errstate(over="ignore"):
            np.testing.assert_array_equal(got, values.astype(np.float16))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: kernel()(ones(2)), TypeError, "Wrong number of arguments"),
        (lambda: kernel()(ones(2), H), TypeError, "Unsupported type"),
        (lambda: kernel()(ones(2), ones(2, dtype="d")), TypeError, "Type is mismatched. y float64 float32 T"),
        (lambda: kernel()(ones(2), 1, ones(2, dtype="d")), TypeError, "Type is mismatched. x float32 float64 T"),
        (lambda: kernel("float32 x", "T y")(ones(2, dtype="d"), ones(2)), TypeError, "x float64 float32"),
        (lambda: kernel()(1, 2), ValueError, "Loop size is undetermined"),
        (lambda: kernel("raw T x, T y")(ones(2), 2.0, size=2, no=1), TypeError, "Wrong arguments"),
        (lambda: kernel("T x", "raw T z")(ones(2), size=2), ValueError, "only if all of the ndarray are 'raw'"),
        (lambda: kernel("T x", "raw T z")(ones(2)), ValueError, "Undetermined"),
        (lambda: kernel("raw T x, S y")(ones(2), 2, size=2), KeyError, "S"),
        (lambda: kernel()(ones(2), 1, ones(3)), ValueError, "mismatch|broadcast"),
        (lambda: kernel()(ones(2), 1, 3), TypeError, "Output arguments"),
        (lambda: kernel("T i"), ValueError, "'i' as a parameter name"),
        (lambda: kernel("const T x"), Exception, "Unknown keyword"),
        (lambda: kernel("T"), Exception, "Syntax error"),
        (lambda: kernel("floaty x"), TypeError, "floaty"),
        (lambda: kernel(body="z = no_such_thing(x)")(ones(2), 1), RuntimeError, "does not compile"),
        (lambda: kernel("T x", "T z", "x = 1")(ones(2)), RuntimeError, "does not compile"),
    ],
)
def test_kernels_refuse(call: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert re.search(words, str(caught.value)), caught.value


# Waits and launches


@pytest.mark.parametrize(
    "call",
    [
        lambda x: float(x[0]), lambda x: int(x[0]), lambda x: bool(x[0]), lambda x: complex(x[0]), lambda x: x[0].item(),
        lambda x: x.get(), lambda x: cupy.asnumpy(x), lambda x: x.tolist(), lambda x: x.tobytes(), lambda x: repr(x),
        lambda x: str(x), lambda x: f"{x[0]:.2f}", lambda x: f"{x}", lambda x: x[x > 0], lambda x: x.__setitem__(x > 0, 1),
        lambda x: x.nonzero(), lambda x: cupy.where(x), lambda x: cupy.unique(x), lambda x: cupy.flatnonzero(x),
        lambda x: x.set(np.ones(3, "f")), lambda x: x.set(np.ones(3, "f"), cupy.cuda.Stream()), lambda x: pickle.dumps(x),
        lambda x: x.set(cupyx.empty_pinned(3, "f")), lambda x: cupy.cuda.get_current_stream().synchronize(),
        lambda x: cupy.cuda.Device().synchronize(), lambda x: x.__dlpack__(dl_device=(1, 0)),
        lambda x: x.repeat(cupy.asarray([1, 2, 3])),
        lambda x: cupy.random.RandomState(0).randint(0, 10, 3), lambda x: 1.0 in x, lambda x: sorted(x), lambda x: max(x),
    ],
)  # fmt: skip
def test_what_waits(call: Callable[[Any], Any]) -> None:
    x = cupy.arange(3, dtype="f")
    with waits.recorded() as found:
        call(x)
    assert found
    with no_waits(), pytest.raises(ImplicitWait):
        call(x)
    call(x)


def test_what_does_not_wait() -> None:
    x, y = ones(3), cupy.zeros((2, 2))
    with no_waits(), waits.recorded() as found:
        x + 1, x.sum(), x[1:], x[cupy.asarray([0, 1])], cupy.asarray(H), cupy.where(x > 0, x, 0), copy.deepcopy(x)
        x.set(cupyx.empty_pinned(3, "f"), cupy.cuda.get_current_stream())
        x.get(out=cupyx.empty_pinned(3, "f"), blocking=False)
        x[...] = 3
        x.fill(x[0])
        len(x), x.shape, list(y), x.data.ptr, x.argmax(), y @ y, cupy.linalg.inv(y)
        cupy.random.RandomState(0).randint(0, 1 << 62, 3), cupy.random.RandomState(0).permutation(5)
    assert found == []


def test_launches_are_counted_by_name() -> None:
    x = ones(3)
    with launches.recorded() as found:
        x + 1
        kernel()(x, x)
        kernel()(x[:0], x[:0])  # nothing to do is no launch
        x.sum()
    assert found == ["cupy_add", "a_kernel", "cupy_sum"]


def test_an_input_that_overlaps_an_output_is_copied_first() -> None:
    x = cupy.arange(4, dtype="f")
    with launches.recorded() as found:
        kernel("T x", "T y", "y = x + 1")(x, x)  # the very same object is not
        kernel("T x", "T y", "y = x")(x[:-1], x[1:])
    assert found == ["a_kernel", "cupy_copy", "a_kernel"] and x.tolist() == [1, 1, 2, 3]


# gradflow on it


def model() -> gf.nn.Module:
    return gf.nn.Sequential(gf.nn.Linear(5, 16), gf.nn.ReLU(), gf.nn.Linear(16, 16), gf.nn.Tanh(), gf.nn.Linear(16, 3))


@pytest.mark.parametrize(
    "make",
    [
        lambda p: gf.optim.SGD(p, lr=1.0),
        lambda p: gf.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=1e-4, nesterov=True),
        lambda p: gf.optim.Adam(p, lr=0.02),
    ],
    ids=["SGD", "momentum", "Adam"],
)
def test_a_training_loop_waits_for_nothing(make: Any) -> None:
    x, y = gf.randn(60, 5), gf.randint(0, 3, (60,))
    net = model()
    optimizer = make(net.parameters())
    losses = []
    with no_waits(), waits.recorded() as found:
        for _ in range(200):
            optimizer.zero_grad()
            loss = gf.nn.functional.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
    assert found == []
    assert float(losses[-1]) < 0.5 * float(losses[0])


@pytest.mark.parametrize("loss", ["mse_loss", "l1_loss", "huber_loss", "binary_cross_entropy_with_logits", "kl_div"])
def test_losses_wait_for_nothing(loss: str) -> None:
    x, y = gf.randn(8, 3, requires_grad=True), gf.rand(8, 3)
    with no_waits():
        getattr(gf.nn.functional, loss)(x, y).backward()


def test_a_class_that_is_not_there_makes_the_loss_nan() -> None:
    """Looking at the labels would be a wait; on the CPU the same raises."""
    F = gf.nn.functional
    for options in ({}, {"reduction": "sum"}, {"label_smoothing": 0.1}, {"weight": gf.ones(3)}):
        for wrong in (3, -1, 1 << 40):
            x = gf.zeros(2, 3, requires_grad=True)
            with no_waits():
                loss = F.cross_entropy(x, gf.tensor([0, wrong]), **options)
                loss.backward()
            assert np.isnan(loss.item())
            assert x.grad is not None
            assert np.isnan(x.grad.to_numpy()).tolist() == [[False] * 3, [True] * 3]
    each = F.cross_entropy(gf.zeros(3, 2), gf.tensor([0, 2, -100]), reduction="none")
    np.testing.assert_allclose(each.to_numpy(), [np.log(2), np.nan, 0], rtol=1e-6)
    assert np.isnan(F.nll_loss(gf.zeros(2, 3), gf.tensor([0, 3])).item())
    assert F.cross_entropy(gf.zeros(2, 3), gf.tensor([0, -100])).item() == pytest.approx(np.log(3))


def test_indices_of_the_host_are_looked_at() -> None:
    x = gf.zeros(3)
    with no_waits():
        for index in ([3], np.array([-4]), (slice(None), [0])):
            with pytest.raises(IndexingError):
                x[index]
        with pytest.raises(IndexingError):
            x[[5]] = 1.0


def test_moving_between_devices() -> None:
    x = gf.ones(2, device="cpu", requires_grad=True)
    y = x.cuda()
    assert y.is_cuda and y.device == gf.device("cuda:0") and repr(y).endswith("device='cuda:0', grad_fn=<MoveBackward>)")
    (y * 3).cpu().sum().backward()
    assert x.grad is not None and x.grad.device == gf.device("cpu") and x.grad.tolist() == [3, 3]
    net = model().cpu()
    net(gf.ones(1, 5, device="cpu")).sum().backward()
    assert all(p.grad is not None and p.grad.is_cuda for p in net.cuda().parameters())
    with pytest.raises(DeviceError, match=r"x on cuda:0.*weight on cpu"):
        gf.nn.functional.linear(gf.ones(1, 5), gf.ones(2, 5, device="cpu"))
    assert (1 - gf.zeros(2)).is_cuda and (2 ** gf.zeros(2)).is_cuda and gf.where(gf.zeros(2) > 0, 1.0, gf.zeros(2)).is_cuda
