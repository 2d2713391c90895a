"""NumPy's functions on Tensors are recorded or refused, and ``gradflow.numpy`` takes NumPy's spelling."""

from __future__ import annotations

import inspect
import io
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import gradflow as gf
import gradflow.numpy as gnp
from gradflow.errors import ArgumentError, DeviceError, GraphError, NoCounterpartError, ShapeError

RNG = np.random.default_rng(0)
A = RNG.uniform(0.3, 0.8, (2, 3))
S = RNG.uniform(0.3, 0.8, (3, 3)) + 2 * np.eye(3)
MASK = np.array([[True, False, True], [False, True, True]])


def on(x: Any, array: Any) -> Any:
    """``array`` to stand beside ``x``: as it is beside an array, as an array of the device beside a Tensor."""
    return gf.tensor(array).array if isinstance(x, gf.Tensor) else array


# Each takes the module (NumPy, whose protocols then find gradflow, or gradflow.numpy) and an array or Tensor.
CALLS: dict[str, Any] = {
    "absolute": lambda m, x: m.absolute(-x),
    "abs": lambda m, x: m.abs(-x),
    "negative": lambda m, x: m.negative(x),
    "add": lambda m, x: m.add(x, x),
    "add array": lambda m, x: m.add(on(x, A), x),
    "subtract": lambda m, x: m.subtract(1.0, x),
    "multiply": lambda m, x: m.multiply(on(x, A), x),
    "divide": lambda m, x: m.divide(on(x, A), x),
    "true_divide": lambda m, x: m.true_divide(x, 2),
    "power": lambda m, x: m.power(x, 2),
    "power base": lambda m, x: m.power(2.0, x),
    "square": lambda m, x: m.square(x),
    "remainder": lambda m, x: m.remainder(x, 0.29),
    "mod": lambda m, x: m.mod(x, 0.29),
    "fmod": lambda m, x: m.fmod(x, 0.29),
    "sqrt": lambda m, x: m.sqrt(x),
    "reciprocal": lambda m, x: m.reciprocal(x),
    "exp": lambda m, x: m.exp(x),
    "expm1": lambda m, x: m.expm1(x),
    "degrees": lambda m, x: m.degrees(x),
    "radians": lambda m, x: m.radians(x),
    "rad2deg": lambda m, x: m.rad2deg(x),
    "deg2rad": lambda m, x: m.deg2rad(x),
    "log": lambda m, x: m.log(x),
    "log1p": lambda m, x: m.log1p(x),
    "log2": lambda m, x: m.log2(x),
    "log10": lambda m, x: m.log10(x),
    "sin": lambda m, x: m.sin(x),
    "cos": lambda m, x: m.cos(x),
    "tan": lambda m, x: m.tan(x),
    "arcsin": lambda m, x: m.arcsin(x),
    "arccos": lambda m, x: m.arccos(x),
    "arctan": lambda m, x: m.arctan(x),
    "arctan2": lambda m, x: m.arctan2(x, on(x, A)),
    "sinh": lambda m, x: m.sinh(x),
    "cosh": lambda m, x: m.cosh(x),
    "tanh": lambda m, x: m.tanh(x),
    "arcsinh": lambda m, x: m.arcsinh(x),
    "arccosh": lambda m, x: m.arccosh(x + 1),
    "arctanh": lambda m, x: m.arctanh(x),
    "maximum": lambda m, x: m.maximum(x, 0.5),
    "minimum": lambda m, x: m.minimum(x, on(x, A).T[0][:1]),
    "where": lambda m, x: m.where(on(x, MASK), x, 0.0),
    "clip": lambda m, x: m.clip(x, 0.4, 0.6),
    "clip kw": lambda m, x: m.clip(x, a_min=0.4, a_max=None),
    "conjugate": lambda m, x: m.conjugate(x * 1.0),
    "real": lambda m, x: m.real(x * 1.0),
    "sum": lambda m, x: m.sum(x),
    "sum axis": lambda m, x: m.sum(x, axis=0),
    "sum pos": lambda m, x: m.sum(x, 1),
    "sum keep": lambda m, x: m.sum(x, axis=(0, 1), keepdims=True),
    "sum dtype": lambda m, x: m.sum(x, dtype=np.float64),
    "sum -1": lambda m, x: m.sum(x, axis=-1, dtype="f8"),
    "mean": lambda m, x: m.mean(x, axis=0, keepdims=True),
    "mean dtype": lambda m, x: m.mean(x, dtype=np.float64),
    "prod": lambda m, x: m.prod(x, axis=1),
    "prod all": lambda m, x: m.prod(x),
    "var": lambda m, x: m.var(x),
    "var ddof": lambda m, x: m.var(x, axis=1, ddof=1),
    "std": lambda m, x: m.std(x, axis=0),
    "std ddof": lambda m, x: m.std(x, ddof=1, keepdims=True),
    "max": lambda m, x: m.max(x, axis=1),
    "min": lambda m, x: m.min(x),
    "amax": lambda m, x: m.amax(x, axis=0, keepdims=True),
    "amin": lambda m, x: m.amin(x, axis=(0, 1)),
    "cumsum": lambda m, x: m.cumsum(x),
    "cumsum axis": lambda m, x: m.cumsum(x, axis=1),
    "cumprod": lambda m, x: m.cumprod(x, axis=0),
    "cumprod all": lambda m, x: m.cumprod(x),
    "median": lambda m, x: m.median(x, axis=0),
    "median all": lambda m, x: m.median(x),
    "median keep": lambda m, x: m.median(x, axis=1, keepdims=True),
    "sort": lambda m, x: m.sort(x, axis=0),
    "sort kind": lambda m, x: m.sort(x, kind="stable"),
    "dot": lambda m, x: m.dot(x, on(x, A).T),
    "dot vectors": lambda m, x: m.dot(x[0], on(x, A)[0]),
    "dot numbers": lambda m, x: m.dot(x, 2.0),
    "matmul": lambda m, x: m.matmul(x, on(x, A).T),
    "matmul left": lambda m, x: m.matmul(on(x, A).T, x),
    "outer": lambda m, x: m.outer(x[0], on(x, A)[1]),
    "einsum": lambda m, x: m.einsum("ij,kj->ik", x, on(x, A)),
    "einsum optimize": lambda m, x: m.einsum("ij,kj->ik", x, on(x, A), optimize=True),
    "kron": lambda m, x: m.kron(x, on(x, A)),
    "tensordot": lambda m, x: m.tensordot(x, on(x, A), axes=([0, 1], [0, 1])),
    "tensordot n": lambda m, x: m.tensordot(x, on(x, A).T, axes=1),
    "trace": lambda m, x: m.trace(x),
    "tril": lambda m, x: m.tril(x, k=1),
    "triu": lambda m, x: m.triu(x, 1),
    "diagonal": lambda m, x: m.diagonal(x, offset=1),
    "diag": lambda m, x: m.diag(x, k=1),
    "diag vector": lambda m, x: m.diag(x[0], k=-1),
    "reshape": lambda m, x: m.reshape(x, (3, 2)),
    "reshape -1": lambda m, x: m.reshape(x, -1),
    "ravel": lambda m, x: m.ravel(x),
    "transpose": lambda m, x: m.transpose(x),
    "transpose axes": lambda m, x: m.transpose(x[None], axes=(2, 0, 1)),
    "swapaxes": lambda m, x: m.swapaxes(x, 0, 1),
    "moveaxis": lambda m, x: m.moveaxis(x, 0, -1),
    "squeeze": lambda m, x: m.squeeze(x[None], axis=0),
    "expand_dims": lambda m, x: m.expand_dims(x, axis=1),
    "expand_dims two": lambda m, x: m.expand_dims(x, axis=(0, 2)),
    "broadcast_to": lambda m, x: m.broadcast_to(x, (2, 2, 3)),
    "concatenate": lambda m, x: m.concatenate([on(x, A), x], axis=1),
    "concatenate flat": lambda m, x: m.concatenate((x, x), axis=None),
    "stack": lambda m, x: m.stack([x, x], axis=-1),
    "split": lambda m, x: m.split(x, 3, axis=1)[2],
    "split at": lambda m, x: m.split(x, [1], axis=1)[1],
    "flip": lambda m, x: m.flip(x),
    "flip axis": lambda m, x: m.flip(x, axis=0),
    "roll": lambda m, x: m.roll(x, 1),
    "roll axis": lambda m, x: m.roll(x, shift=-1, axis=1),
    "tile": lambda m, x: m.tile(x, (2, 1)),
    "tile n": lambda m, x: m.tile(x, 2),
    "repeat": lambda m, x: m.repeat(x, 2),
    "repeat axis": lambda m, x: m.repeat(x, [1, 0, 2], axis=1),
    "take": lambda m, x: m.take(x, [0, 0, 2], axis=1),
    "take flat": lambda m, x: m.take(x, [5, 0]),
    "take_along_axis": lambda m, x: m.take_along_axis(x, on(x, np.array([[2], [0]])), axis=1),
    "pad": lambda m, x: m.pad(x, 1),
    "pad pairs": lambda m, x: m.pad(x, ((1, 0), (0, 2))),
    "pad pair": lambda m, x: m.pad(x, (1, 2)),
    "pad mode": lambda m, x: m.pad(x, [(0, 1), (1, 0)], mode="constant"),
    "copy": lambda m, x: m.copy(x),
    "hypot": lambda m, x: m.hypot(x, on(x, A)),
    "logaddexp": lambda m, x: m.logaddexp(x, on(x, A)),
    "concat": lambda m, x: m.concat([on(x, A), x], axis=1),
    "permute_dims": lambda m, x: m.permute_dims(x, (1, 0)),
    "matrix_transpose": lambda m, x: m.matrix_transpose(x),
    "vecdot": lambda m, x: m.vecdot(x, on(x, A), axis=0),
    "linalg.norm": lambda m, x: np.linalg.norm(x),
    "linalg.norm axis": lambda m, x: np.linalg.norm(x, axis=1, keepdims=True),
    "linalg.norm ord": lambda m, x: np.linalg.norm(x, ord=3, axis=0),
    "linalg.norm matrix": lambda m, x: np.linalg.norm(x, 1),
    "linalg.norm fro": lambda m, x: np.linalg.norm(x, "fro"),
    "linalg.norm inf": lambda m, x: np.linalg.norm(x, ord=np.inf),
}
SQUARE: dict[str, Any] = {
    "inv": lambda m, x: np.linalg.inv(x),
    "det": lambda m, x: np.linalg.det(x),
    "solve": lambda m, x: np.linalg.solve(x, on(x, np.ones(3))),
    "cholesky": lambda m, x: np.linalg.cholesky(x @ x.T),
    "slogdet": lambda m, x: np.linalg.slogdet(x)[1],
    "inv m": lambda m, x: m.inv(x) if m is gnp else np.linalg.inv(x),
}
FLAT: dict[str, Any] = {  # without a gradient
    "sign": lambda m, x: m.sign(x),
    "floor": lambda m, x: m.floor(x),
    "ceil": lambda m, x: m.ceil(x),
    "trunc": lambda m, x: m.trunc(x),
    "rint": lambda m, x: m.rint(x),
    "round": lambda m, x: m.round(x, 1),
    "round kw": lambda m, x: m.round(x, decimals=1),
    "floor_divide": lambda m, x: m.floor_divide(x, 0.29),
    "equal": lambda m, x: m.equal(x, on(x, A)),
    "not_equal": lambda m, x: m.not_equal(x, 0.5),
    "less": lambda m, x: m.less(x, 0.5),
    "less_equal": lambda m, x: m.less_equal(x, 0.5),
    "greater": lambda m, x: m.greater(x, 0.5),
    "greater_equal": lambda m, x: m.greater_equal(x, 0.5),
    "logical_and": lambda m, x: m.logical_and(x, on(x, MASK)),
    "logical_or": lambda m, x: m.logical_or(x, on(x, MASK)),
    "logical_xor": lambda m, x: m.logical_xor(x, on(x, MASK)),
    "logical_not": lambda m, x: m.logical_not(x),
    "isnan": lambda m, x: m.isnan(x),
    "isinf": lambda m, x: m.isinf(x),
    "isfinite": lambda m, x: m.isfinite(x),
    "any": lambda m, x: m.any(x > 0.5, axis=0),
    "all": lambda m, x: m.all(x > 0.5, axis=1, keepdims=True),
    "argmax": lambda m, x: m.argmax(x, axis=1),
    "argmin": lambda m, x: m.argmin(x),
    "argmax keep": lambda m, x: m.argmax(x, axis=0, keepdims=True),
    "argsort": lambda m, x: m.argsort(x, axis=0),
    "argsort kind": lambda m, x: m.argsort(x, kind="stable"),
    "zeros_like": lambda m, x: m.zeros_like(x),
    "ones_like": lambda m, x: m.ones_like(x, dtype=np.int64),
    "full_like": lambda m, x: m.full_like(x, 3.0),
    "shape": lambda m, x: m.shape(x),
    "ndim": lambda m, x: m.ndim(x),
    "size": lambda m, x: m.size(x),
    "nonzero": lambda m, x: m.nonzero(x > 0.5)[0],
    "bitwise_and": lambda m, x: m.bitwise_and(x > 0.4, on(x, MASK)),
    "bitwise_or": lambda m, x: m.bitwise_or(x > 0.5, on(x, MASK)),
    "bitwise_xor": lambda m, x: m.bitwise_xor(x > 0.5, on(x, MASK)),
    "invert": lambda m, x: m.invert(x > 0.5),
    "where one": lambda m, x: m.where(x > 0.5)[1],
    "imag": lambda m, x: m.imag(x * 1j),
}


def cases(calls: dict[str, Any]) -> Any:
    return pytest.mark.parametrize(("name", "call"), calls.items(), ids=calls.keys())


@pytest.mark.parametrize("module", [np, gnp], ids=["np", "gnp"])
@cases(CALLS)
def test_numpy_functions_are_recorded(name: str, call: Any, module: Any) -> None:
    check_recorded(call, module, A)


@pytest.mark.parametrize("module", [np, gnp], ids=["np", "gnp"])
@cases(SQUARE)
def test_numpy_linalg_is_recorded(name: str, call: Any, module: Any) -> None:
    check_recorded(call, module, S)


def check_recorded(call: Any, module: Any, x: Any) -> None:
    t = gf.tensor(x, requires_grad=True)
    y = call(module, t)
    assert isinstance(y, gf.Tensor) and y.grad_fn is not None
    want = np.asarray(call(np, x))
    assert y.shape == want.shape and y.dtype == want.dtype
    np.testing.assert_allclose(y.detach().cpu().numpy(), want, rtol=1e-12)
    assert gf.gradcheck(lambda v: call(module, v), t)


@pytest.mark.parametrize("module", [np, gnp], ids=["np", "gnp"])
@cases(FLAT)
def test_numpy_functions_without_a_gradient(name: str, call: Any, module: Any) -> None:
    got = call(module, gf.tensor(A, requires_grad=True))
    want = call(np, A)
    np.testing.assert_allclose(got.detach().cpu().numpy() if isinstance(got, gf.Tensor) else got, want)
    if not isinstance(want, int | tuple):
        assert isinstance(got, gf.Tensor) and got.dtype == np.asarray(want).dtype


def test_every_name_has_a_case() -> None:
    """Whatever gradflow.numpy has in common with NumPy is called above in NumPy's spelling."""
    elsewhere = {
        *["atleast_1d", "atleast_2d", "atleast_3d", "unstack", "isdtype", "result_type", "bool_"],  # test_names_of_the_array_api
        *["complex64", "complex128", "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8"],
        "arange",
        "array",
        "asarray",
        "astype",
        "empty",
        "empty_like",
        "eye",
        "full",
        "identity",
        "linspace",
        "logspace",
        "ones",
        "zeros",
        "e",
        "inf",
        "nan",
        "pi",
        "newaxis",
        "asin",
        "acos",
        "atan",
        "atan2",
        "asinh",
        "acosh",
        "atanh",
        "pow",
        "conj",
        "bitwise_not",
        "broadcast_shapes",
        "angle",
        "ndarray",  # tests/gradflow_numpy/test_numpy_ndarray.py
    }
    called = {n.partition(" ")[0].rpartition(".")[2] for n in CALLS | FLAT | SQUARE} | elsewhere
    assert [n for n in gnp.__all__ if hasattr(np, n) and n not in called] == []


def test_other_names() -> None:
    assert gnp.arange(4).tolist() == [0, 1, 2, 3] and gnp.linspace(0, 1, 3).tolist() == [0, 0.5, 1]
    assert (
        gnp.zeros((2, 1)).shape == (2, 1)
        and gnp.ones(2, dtype=gf.int64).tolist() == [1, 1]
        and gnp.full((2,), 3).tolist() == [3, 3]
    )
    assert gnp.eye(2).tolist() == [[1, 0], [0, 1]] and gnp.empty_like(gf.ones(2)).shape == (2,)
    x = gf.tensor([0.5], requires_grad=True)
    assert gnp.array(x).grad_fn is not None and gnp.asarray(x) is x and gnp.astype(x, gf.float64).dtype == gf.float64
    assert gnp.clip(x, min=0.6, max=0.8).tolist() == pytest.approx([0.6])  # NumPy's from 2.1 on
    assert gnp.array([1.0, 2.0]).tolist() == [1, 2] and gnp.broadcast_shapes((2, 1), (3,)) == (2, 3)
    for a, b in (
        ("asin", "arcsin"),
        ("acos", "arccos"),
        ("atan", "arctan"),
        ("asinh", "arcsinh"),
        ("acosh", "arccosh"),
        ("atanh", "arctanh"),
        ("pow", "power"),
    ):
        assert getattr(gnp, a) is getattr(gnp, b)
    np.testing.assert_allclose(gnp.angle(gf.tensor([1j, -1.0])).to_numpy(), [np.pi / 2, np.pi])


def test_constants_are_numpys() -> None:
    """Also ``e``, which was the module of elementwise operations."""
    assert (gnp.e, gnp.pi, gnp.inf, gnp.newaxis) == (np.e, np.pi, np.inf, None) and np.isnan(gnp.nan)
    with pytest.raises(AttributeError, match="no attribute 'fn'"):
        _ = gnp.fn  # what the table of functions imports is not public


def test_arrays_and_tensors_meet() -> None:
    t = gf.tensor(A, requires_grad=True)
    a, ones = on(t, A), on(t, np.ones(3))
    for y in (ones * t, t * ones, np.float64(2) * t, a + t, a - t, a / t, a.T @ t, 2.0**t, np.float64(2) ** t, t < a, a < t):
        assert isinstance(y, gf.Tensor)
        assert y.grad_fn is not None or y.dtype == gf.bool
    assert gf.gradcheck(lambda v: ones * v + a / v - v, t)
    assert (np.float64(2) * gf.ones(2)).dtype == gf.float32
    for y in (
        np.add.reduce(t),
        np.add.reduce(t, axis=1),
        np.multiply.reduce(t, axis=None),
        np.maximum.reduce(t, 1),
        np.minimum.reduce(t, keepdims=True),
    ):
        assert y.grad_fn is not None
    np.testing.assert_allclose(np.add.reduce(t).detach().cpu().numpy(), A.sum(0))
    np.testing.assert_allclose(np.maximum.reduce(t, 1).detach().cpu().numpy(), A.max(1))
    assert gf.gradcheck(lambda v: np.multiply.reduce(v, axis=0), t)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("numpy.fft.fft", lambda t: np.fft.fft(t)),
        ("numpy.unique", lambda t: np.unique(t)),
        ("numpy.linalg.svd", lambda t: np.linalg.svd(t)),
        ("np.add.at", lambda t: np.add.at(t, 0, 1)),
        ("np.add.accumulate", lambda t: np.add.accumulate(t)),
        ("np.multiply.outer", lambda t: np.multiply.outer(t, t)),
        ("np.add with out=", lambda t: np.add(t, 1, out=np.zeros((2, 3)))),
        ("np.sum", lambda t: np.sum(t, out=np.zeros(()))),
        ("np.float_power", lambda t: np.float_power(t, 2)),
        ("np.exp with out=", lambda t: np.exp(A, out=t)),
        ("np.mean", lambda t: np.mean(t, where=MASK)),
        ("np.sum", lambda t: np.sum(t, initial=3.0)),
        ("np.max", lambda t: np.max(t, initial=3.0)),
        ("np.pad", lambda t: np.pad(t, 1, mode="edge")),
        ("np.pad", lambda t: np.pad(t, 1, constant_values=2.0)),
        ("np.reshape", lambda t: np.reshape(t, (6,), order="F")),
        ("numpy.histogram", lambda t: np.histogram(t)),
        ("numpy.apply_along_axis", lambda t: np.apply_along_axis(sum, 0, t)),
        ("np.clip", lambda t: np.clip(t, 0, 1, out=np.zeros((2, 3)))),
        ("np.divmod", lambda t: np.divmod(t, 2)),
        ("np.nextafter", lambda t: np.nextafter(t, t)),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_functions_without_a_counterpart_lose_no_gradient(name: str, call: Any) -> None:
    with pytest.raises(NoCounterpartError, match=re.escape(name.replace("numpy", "np"))):
        call(gf.tensor(A, requires_grad=True))
    t = gf.tensor(A)
    if t.is_cuda and name != "np.exp with out=":
        with pytest.raises(DeviceError, match="cpu"):
            call(t)
    elif name in ("np.add.at", "np.exp with out="):
        with pytest.raises((NoCounterpartError, ValueError), match=r"written|write|read-only"):
            call(t)
        assert t.tolist() == A.tolist() and t._version == 0
    else:
        found, wanted = call(t), call(A)
        for one, other in zip(*(v if isinstance(v, tuple) else (v,) for v in (found, wanted)), strict=True):
            assert type(one) is type(other)
            np.testing.assert_array_equal(one, other)
        with gf.no_grad():
            assert type(call(gf.tensor(A, requires_grad=True))) is type(found)


WITHOUT_DERIVATIVE = {
    "allclose": lambda t, a: np.allclose(t, a),
    "isclose": lambda t, a: np.isclose(t, 1.0),
    "array_equal": lambda t, a: np.array_equal(t, a),
    "argwhere": lambda t, a: np.argwhere(t > 1),
    "count_nonzero": lambda t, a: np.count_nonzero(t),
    "searchsorted": lambda t, a: np.searchsorted(np.arange(3.0), t),
    "digitize": lambda t, a: np.digitize(t, np.arange(3.0)),
    "array2string": lambda t, a: np.array2string(t),
    "iscomplexobj": lambda t, a: np.iscomplexobj(t),
    "result_type": lambda t, a: np.result_type(t, np.float32),
    "may_share_memory": lambda t, a: np.may_share_memory(a, t),
}


@pytest.mark.cpu_only("NumPy's functions of arrays on a GPU")
@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("name", WITHOUT_DERIVATIVE)
def test_functions_without_a_derivative_take_any_tensor(name: str, recorded: bool) -> None:
    f = WITHOUT_DERIVATIVE[name]
    np.testing.assert_array_equal(f(gf.tensor(A.copy(), requires_grad=recorded), A), f(A.copy(), A))


@pytest.mark.cpu_only("files and memory of NumPy")
def test_numpy_takes_a_tensor_without_a_gradient_as_an_array() -> None:
    t, file = gf.tensor(A), io.BytesIO()
    np.save(file, t)
    file.seek(0)
    np.testing.assert_array_equal(np.load(file), A)
    total = np.ones((2, 3))
    total += t
    np.testing.assert_array_equal(total, A + 1)
    with pytest.raises(ValueError, match="read-only"):
        np.atleast_3d(t)[0, 0, 0] = 1.0  # a view of the tensor's memory, which gradflow would not know of
    np.testing.assert_array_equal(np.random.default_rng(0).permutation(t), np.random.default_rng(0).permutation(A))
    w = gf.tensor(A, requires_grad=True)
    with pytest.raises(NoCounterpartError, match=r"np\.save is not recorded.*detach"):
        np.save(io.BytesIO(), w)
    with pytest.raises(NoCounterpartError, match=r"np\.add with out="):
        total += w
    np.testing.assert_array_equal(total, A + 1)


@pytest.mark.cpu_only("is about memory shared with NumPy")
def test_a_tensor_that_is_recorded_is_no_array() -> None:
    t = gf.tensor(A, requires_grad=True)
    for convert in (np.asarray, np.array, lambda v: np.ones((2, 3)).__setitem__(0, v[0]), np.ascontiguousarray):
        with pytest.raises(GraphError, match=r"detach|to_numpy"):
            convert(t)
    np.testing.assert_array_equal(np.asarray(t.detach()), A)
    assert np.asarray(t.detach(), dtype=np.float32).dtype == np.float32 and np.shares_memory(np.asarray(t.detach()), t.array)


def test_namespace_protocol() -> None:
    assert gf.ones(1).__array_namespace__() is gnp


def test_numpy_is_found_without_importing_gradflow_numpy() -> None:
    code = "import numpy as np, gradflow as gf; t = gf.ones(2, requires_grad=True); assert np.sum(np.exp(t)).grad_fn is not None"
    subprocess.run([sys.executable, "-c", code], check=True)


MADE: list[Any] = [  # of numbers: gradflow.numpy gives NumPy's numbers and dtypes
    lambda m: m.zeros(3),
    lambda m: m.zeros((2, 1), dtype=np.float32),
    lambda m: m.zeros(2, int),
    lambda m: m.ones((2, 3)),
    lambda m: m.ones((), np.int8),
    lambda m: m.empty((0, 2)),
    lambda m: m.eye(3),
    lambda m: m.eye(2, 3, 1),
    lambda m: m.eye(3, k=-1, dtype=bool),
    lambda m: m.identity(2),
    lambda m: m.full(2, 1),
    lambda m: m.full((2,), 0.5),
    lambda m: m.full((2, 2), [1.0, 2.0]),
    lambda m: m.full(3, np.float32(2)),
    lambda m: m.full(3, 1.9, dtype=int),
    lambda m: m.full(2, 1j),
    lambda m: m.full((1, 2), True),
    lambda m: m.arange(3),
    lambda m: m.arange(3.0),
    lambda m: m.arange(1, 2, 0.25),
    lambda m: m.arange(5, 0, -2),
    lambda m: m.arange(3, 1),
    lambda m: m.arange(4, dtype=np.float32),
    lambda m: m.arange(0.0, 1.0, 0.3, np.float16),
    lambda m: m.linspace(0, 1),
    lambda m: m.linspace(0.5, -2, 7),
    lambda m: m.linspace(0, 1, 4, endpoint=False),
    lambda m: m.linspace(0, 10, 4, dtype=int),
    lambda m: m.linspace(0, 1, 1),
    lambda m: m.linspace(0, 1, 0),
    lambda m: m.linspace(0, 1, 5, retstep=True)[0],
    lambda m: m.linspace(np.float32(0), np.float32(1), 3),
    lambda m: m.logspace(0, 2, 3),
    lambda m: m.logspace(0, 2, 4, False, 2.0),
    lambda m: m.logspace(0, 2, 3, base=3, dtype=np.float32),
    lambda m: m.array(2),
    lambda m: m.array(2.0),
    lambda m: m.array([1, 2.5]),
    lambda m: m.array([[1, 2], [3, 4]], dtype=np.float32),
    lambda m: m.array([True, False]),
    lambda m: m.array([1j, 2]),
    lambda m: m.array([]),
    lambda m: m.array([1.0, 2.0], ndmin=2),
    lambda m: m.array(np.arange(3, dtype=np.int16)),
    lambda m: m.array([np.float32(1), 5]),
    lambda m: m.asarray([1.0, 2.0]),
    lambda m: m.asarray(3),
    lambda m: m.asarray([1, 2], dtype=complex),
    lambda m: m.zeros_like([1.0, 2.0]),
    lambda m: m.ones_like(np.float32(1)),
    lambda m: m.full_like([1, 2], 2.7),
    lambda m: m.full_like(np.zeros(2), [1, 2]),
    lambda m: m.zeros_like([1, 2], shape=(3,)),
    lambda m: m.sqrt(2),
    lambda m: m.sqrt(2.0),
    lambda m: m.exp([1, 2]),
    lambda m: m.log(np.float32(2)),
    lambda m: m.sin(np.arange(3)),
    lambda m: m.add(1, 2),
    lambda m: m.add(1, 2.5),
    lambda m: m.divide(1, 2),
    lambda m: m.multiply(np.float32(2), 0.5),
    lambda m: m.maximum(1, 2.5),
    lambda m: m.arctan2(1, 2),
    lambda m: m.abs(-3),
    lambda m: m.absolute(-2.5),
    lambda m: m.power(2, 0.5),
    lambda m: m.power(2, 3),
    lambda m: m.floor(2.5),
    lambda m: m.rint(2.5),
    lambda m: m.round(2.567, 1),
    lambda m: m.degrees(1.0),
    lambda m: m.where(np.array([True, False]), 1.0, 2),
    lambda m: m.less(1, 2),
    lambda m: m.invert(5),
]


@pytest.mark.cpu_only("NumPy's arrays lie in host memory; where gradflow's are made is asked below")
@pytest.mark.parametrize("call", MADE, ids=range(len(MADE)))
def test_what_is_made_of_numbers_is_as_numpys(call: Any) -> None:
    got, want = call(gnp), np.asarray(call(np))
    assert isinstance(got, gf.Tensor) and got.dtype == want.dtype and got.shape == want.shape
    np.testing.assert_allclose(got.numpy(), want, rtol=1e-15 if want.dtype.itemsize > 4 else 1e-6)


def test_what_is_made_of_numbers_lies_on_the_default_device() -> None:
    made = [gnp.zeros(2), gnp.full(2, 1.0), gnp.arange(3.0), gnp.linspace(0, 1, 3), gnp.array([1.0]), gnp.sqrt(2)]
    assert {t.device.type for t in made} == {gf.get_default_device().type} and {t.dtype for t in made} == {gf.float64}


RECORDED: dict[str, Any] = {
    "gf.linspace": lambda t: gf.linspace(0, t, 4),
    "gf.linspace from": lambda t: gf.linspace(t, t * t, 3),
    "gf.logspace": lambda t: gf.logspace(0, t, 3),
    "gf.logspace base": lambda t: gf.logspace(0, 2, 3, base=t),
    "gf.full": lambda t: gf.full((2, 3), t),
    "gf.full_like": lambda t: gf.full_like(gf.ones(2, dtype=gf.float64), t),
    "new_full": lambda t: gf.ones(1, dtype=gf.float64).new_full((2,), t),
    "gnp.linspace": lambda t: gnp.linspace(t, 2.0, 4, endpoint=False),
    "gnp.linspace rows": lambda t: gnp.linspace(gf.stack([t, t * t]), 0.0, 3, axis=1),
    "gnp.linspace step": lambda t: gnp.linspace(0, t, 5, retstep=True)[1],
    "np.linspace": lambda t: np.linspace(0, t, 3),
    "gnp.logspace": lambda t: gnp.logspace(0, t, 3, base=2.0),
    "np.logspace": lambda t: np.logspace(t, 1, 3),
    "gnp.full": lambda t: gnp.full((2, 2), gf.stack([t, t * t])),
    "gnp.full_like": lambda t: gnp.full_like(gf.ones(2, dtype=gf.float64), t),
    "np.full_like": lambda t: np.full_like(gf.ones(2, dtype=gf.float64), t),
    "gnp.array": lambda t: gnp.array(t),
    "gnp.array list": lambda t: gnp.array([t, t * t, 1.0, 2]),
    "gnp.array nested": lambda t: gnp.array([[t, 1], (0.5, t**3)]),
    "gnp.array dtype": lambda t: gnp.array([[t, 1.0]], dtype=np.complex128).real,
    "gnp.array rows": lambda t: gnp.array([[gf.stack([t, t])], [np.ones(2)] if not t.is_cuda else [[1, 1]]]),
    "gnp.asarray": lambda t: gnp.asarray([t, [2.0][0]]),
}


@pytest.mark.parametrize("name", RECORDED)
def test_tensors_as_numbers_are_recorded(name: str) -> None:
    t = gf.tensor(1.5, dtype=gf.float64, requires_grad=True)
    made = RECORDED[name](t)
    assert made.grad_fn is not None and made.dtype == gf.float64
    assert gf.gradcheck(RECORDED[name], t)
    plain = RECORDED[name](t.detach())
    assert not plain.requires_grad and plain.tolist() == made.tolist()
    if name.startswith("gf.") and "base" not in name and "from" not in name:
        np.testing.assert_allclose(made.detach().cpu().numpy(), RECORDED[name](gf.tensor(1.5)).cpu().numpy(), rtol=1e-6)


def test_values_of_recorded_creation() -> None:
    t = gf.tensor(2.0, dtype=gf.float64, requires_grad=True)
    assert gnp.array([[t, 1], [0.5, t]]).tolist() == [[2, 1], [0.5, 2]]
    assert np.linspace(1, t, 3).tolist() == [1, 1.5, 2] and gf.linspace(t, 0, 3).tolist() == [2, 1, 0]
    np.testing.assert_allclose(gf.logspace(0, t, 3).detach().cpu().numpy(), [1, 10, 100])
    assert gf.full((2,), t, requires_grad=True).grad_fn is not None
    assert gf.linspace(gf.tensor(1), gf.tensor(2), 3).dtype == gf.get_default_dtype()
    assert gnp.array([gf.tensor(1), 2]).dtype == gf.int64 and gnp.array([gf.ones((), dtype=gf.float32), 2.0]).dtype == gf.float64
    shared = gnp.asarray(t)
    assert shared is t and gnp.array(t, copy=False) is t
    with pytest.raises(ValueError, match="copy"):
        gnp.array([1.0], copy=False)
    with pytest.raises(ShapeError):
        gf.linspace(gf.ones(2), 1.0, 3)
    with pytest.raises(ShapeError):
        gf.full((2,), gf.ones(2))
    with pytest.raises(ShapeError):
        gnp.array([[t, t], [t]])


def test_einsum_takes_lists_of_dimensions() -> None:
    a, b = gf.tensor(A, requires_grad=True), gf.tensor(S, requires_grad=True)
    wanted = np.einsum("ij,jk->ik", A, S)
    for made in (
        gf.einsum(a, [0, 1], b, [1, 2], [0, 2]),
        gnp.einsum(a, [0, 1], b, [1, 2]),
        np.einsum(a, [5, 30], b, [30, 51], [5, 51]),
        np.einsum("ij,jk", a, b, optimize=True),
        gf.einsum("ij,jk", [a, b]),
        gf.einsum(a, [..., 1], b, [1, 2], [..., 2]),
    ):
        assert made.requires_grad
        np.testing.assert_allclose(made.detach().cpu().numpy(), wanted)
    assert gf.einsum(a, [0, 1], []).item() == pytest.approx(A.sum())
    for wrong in ([0, "x"], 3, [0, 52], [-1, 0]):
        with pytest.raises(ArgumentError, match="list of its dimensions"):
            gf.einsum(a, wrong)


def test_names_of_the_array_api() -> None:
    x, y = gf.tensor(A, requires_grad=True), gf.tensor(A + 1j, requires_grad=True)
    np.testing.assert_allclose(gnp.vecdot(y, x).detach().cpu().numpy(), np.vecdot(A + 1j, A))
    np.testing.assert_allclose(gnp.vecdot(y, y, axis=0).detach().cpu().numpy(), np.vecdot(A + 1j, A + 1j, axis=0))
    assert gnp.matrix_transpose(gf.ones(2, 3, 4)).shape == (2, 4, 3)
    assert gnp.permute_dims(gf.ones(2, 3, 4), (2, 0, 1)).shape == (4, 2, 3)
    assert [t.tolist() for t in gnp.unstack(x, axis=1)] == A.T.tolist() and gnp.concat([x, x], axis=1).shape == (2, 6)
    assert gnp.isdtype(gnp.float32, "real floating") and not gnp.isdtype("int64", ("real floating", "bool"))
    assert gnp.result_type(gf.ones(2), gf.arange(3)) == gnp.result_type(gnp.float32, "int64") == gf.float32
    assert gnp.result_type(gf.ones(2), 1.5j) == gnp.complex64 and gnp.result_type(gnp.int8, 2) == gnp.int8
    assert x.astype("float32").dtype == gf.float32 and x.astype(gf.float64) is not x and x.astype(gf.float64, copy=False) is x
    for f in (gnp.atleast_1d, gnp.atleast_2d, gnp.atleast_3d):
        wanted: Any = getattr(np, f.__name__)
        for shape in ((), (0,), (3,), (2, 3), (2, 0), (2, 3, 4)):
            assert f(gf.ones(*shape)).shape == wanted(np.ones(shape)).shape
        one, other = f(x, [1.0, 2.0])
        assert one.requires_grad and other.shape == wanted([1.0, 2.0]).shape


def test_numpy_linalg_takes_axis() -> None:
    x = gf.tensor(A, requires_grad=True)
    for named in (
        {},
        {"axis": 0},
        {"axis": 1, "keepdims": True},
        {"ord": 1, "axis": 0},
        {"ord": "fro"},
        {"axis": (0, 1), "ord": np.inf},
    ):
        np.testing.assert_allclose(gnp.linalg.norm(x, **named).detach().cpu().numpy(), np.linalg.norm(A, **named))
    np.testing.assert_allclose(
        np.linalg.vector_norm(x, axis=1, ord=3).detach().cpu().numpy(), np.linalg.vector_norm(A, axis=1, ord=3)
    )
    zero = gf.zeros(2, 1, requires_grad=True)
    (g,) = gf.autograd.grad((gnp.linalg.norm(zero, axis=0) ** 2).sum(), zero)
    assert g.tolist() == [[0.0], [0.0]]


KEYWORDS = [(gnp, np, n) for n in gnp.__all__] + [(gnp.linalg, np.linalg, n) for n in gnp.linalg.__all__]


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.2.0", reason="the names of some parameters were others before")
@pytest.mark.parametrize(("ours", "theirs", "name"), [k for k in KEYWORDS if hasattr(k[1], k[2])])
def test_parameters_have_numpys_names(ours: Any, theirs: Any, name: str) -> None:
    f, g = getattr(ours, name), getattr(theirs, name)
    if not callable(f) or isinstance(f, type | np.dtype):
        return
    try:
        known = [*inspect.signature(g).parameters]
    except ValueError:  # written in C, for an older NumPy
        return
    if isinstance(g, np.ufunc):
        known = [p for p in ("x", "x1", "x2", "axis") if g.nin == (1 if p == "x" else 2)]
    spelled = {"arange": {"start"}, "broadcast_shapes": {"shapes"}, "pad": {"constant_values"}}.get(name, set())
    taken = [p for p in inspect.signature(f).parameters if p not in spelled]
    assert [p for p in known if p in taken] == taken


VALUES: dict[str, Any] = {
    "sort of all": lambda m: m.sort(A, axis=None),
    "argsort of all": lambda m: m.argsort(a=A, axis=None),
    "median of all": lambda m: m.median(a=A, keepdims=True),
    "trace": lambda m: m.trace(a=np.arange(24).reshape(2, 3, 4), offset=1, axis1=1, axis2=2),
    "trace of short numbers": lambda m: m.trace(np.eye(3, dtype="uint8"), 0, 0, 1),
    "imag": lambda m: m.imag(val=A),
    "angle": lambda m: m.angle([1j, -2.0], deg=True),
    "outer": lambda m: m.outer(A, 2.0),
    "einsum of lists": lambda m: m.einsum("ij,j->i", [[1, 2], [3, 4]], [10, 1]),
    "einsum of lists and axes": lambda m: m.einsum([[1, 2], [3, 4]], [0, 1], [10.0, 1.0], [1]),
    "permute_dims": lambda m: m.permute_dims(A),
    "take_along_axis": lambda m: m.take_along_axis(arr=A, indices=np.array([[0], [2]]), axis=-1),
    "tensordot": lambda m: m.linalg.tensordot(A, A.T, axes=1),
    "linalg.matmul": lambda m: m.linalg.matmul(A, A.T),
}


@pytest.mark.parametrize("name", VALUES)
def test_numpys_arguments_give_numpys_values(name: str) -> None:
    got, want = VALUES[name](gnp), VALUES[name](np)
    assert type(got) is gnp.ndarray and got.dtype == want.dtype and got.shape == want.shape
    np.testing.assert_allclose(got.to_numpy(), want, rtol=1e-12)


def test_the_list_of_names_is_for_users() -> None:
    """What is no name of NumPy's is SciPy's or of numpy.linalg; what derivative rules call is not listed."""
    more = {n for n in gnp.__all__ if not hasattr(np, n)} - {"unstack"}  # NumPy's from 2.1 on
    assert more == {"cholesky", "det", "erf", "inv", "sigmoid", "slogdet", "solve"}
