"""``gradflow.numpy.ndarray`` is held to ``numpy.ndarray``: all its public names and operators, over dtypes and layouts."""

from __future__ import annotations

import copy
import operator
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from test_numpy import CALLS, FLAT, SQUARE, A, S

import gradflow as gf
import gradflow.numpy as gnp
from gradflow._numpy.ndarray import _NOT_HERE
from gradflow.errors import DTypeError, InPlaceError, NoCounterpartError

BASE = np.array([[3.0, -1.0, 2.0], [0.5, 4.0, -2.0]])
DTYPES = ("float64", "float32", "float16", "complex128", "complex64", "int64", "int32", "int8", "uint8", "bool")
SOME = ("float64", "float32", "complex64", "int64", "int8", "uint8", "bool")


def numbers(dtype: str) -> Any:
    x = {"c": BASE * (1 - 0.5j), "f": BASE, "u": np.abs(BASE), "i": np.trunc(BASE), "b": np.trunc(BASE)}[dtype[0]]
    return x.astype(dtype)


LAYOUTS: dict[str, Any] = {
    "matrix": lambda d: numbers(d),
    "transposed": lambda d: numbers(d).T,
    "vector": lambda d: numbers(d)[0],
    "stepped": lambda d: numbers(d)[:, ::-2],
    "number": lambda d: np.array(numbers(d)[0, 0]),
}


def ours(x: Any) -> Any:
    """NumPy's arrays as gradflow's, on the device of the tests; anything else as it is."""
    return gnp.asarray(x.copy("K")) if isinstance(x, np.ndarray) else x


def same(got: Any, want: Any) -> None:
    if isinstance(want, tuple | list):
        assert isinstance(got, tuple | list) and len(got) == len(want)
        for g, w in zip(got, want, strict=True):
            same(g, w)
    elif isinstance(want, np.ndarray | np.generic):
        assert type(got) is gnp.ndarray, type(got)
        assert got.dtype == want.dtype and got.shape == want.shape, (got.dtype, want.dtype, got.shape, want.shape)
        rough = want.dtype in (np.float16, np.float32, np.complex64)
        np.testing.assert_allclose(got.to_numpy(), want, rtol=2e-3 if want.dtype == np.float16 else 1e-5 if rough else 1e-12)
    else:
        assert type(got) is type(want) and got == want, (got, want)


REFUSED = ("have no order", "are not rounded", "have no sign")
"""Of complex numbers: gradflow has no order of them, no sign, and no operation that rounds them."""


RAISED = (IndexError, OverflowError, TypeError, ValueError)


def compared(call: Any, x: Any) -> None:
    """``call`` does with gradflow's array what it does with NumPy's: returns, writes, raises (of arrays without dimensions NumPy
    is stricter about axes)."""
    a, b = x.copy("K"), ours(x)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            want = call(np, a)
        except RAISED:
            if x.ndim:
                with pytest.raises(RAISED):
                    call(gnp, b)
            return
        try:
            got = call(gnp, b)
        except DTypeError as problem:
            assert any(words in str(problem) for words in REFUSED), problem
            return
    same(got, want)
    same(b, a)


METHODS = {  # expressions, of an array x and a module m
    "T": "x.T",
    "all": "x.all(); x.all(0); x.all(axis=-1, keepdims=True)",
    "any": "x.any(); x.any(0); x.any(axis=-1, keepdims=True)",
    "argmax": "x.argmax(); x.argmax(0); x.argmax(axis=-1, keepdims=True)",
    "argmin": "x.argmin(); x.argmin(0); x.argmin(axis=-1, keepdims=True)",
    "argsort": "x.argsort(kind='stable'); x.argsort(0, stable=True); x.argsort(axis=None, kind='stable')",
    "astype": "x.astype(m.float32); x.astype('f8', copy=False); x.astype(m.int64, casting='safe'); x.astype('complex128').real",
    "base": "x.base is None; x.copy().reshape(-1)[1:].base is not None; (x + x).base is None",
    "clip": "x.clip(0, 2); x.clip(max=1); x.clip(min=0.5); x.clip(x, 2)",
    "compress": "x.compress([True, False], axis=0); x.compress([False, True, True])",
    "conj": "x.conj()",
    "conjugate": "x.conjugate()",
    "copy": "x.copy(); x.copy('C'); x.copy().base is None",
    "cumprod": "x.cumprod(); x.cumprod(0); x.cumprod(axis=-1, dtype=m.float64)",
    "cumsum": "x.cumsum(); x.cumsum(0); x.cumsum(axis=-1, dtype=m.float64)",
    "device": "hasattr(x, 'device')",
    "diagonal": "x.diagonal(); x.diagonal(1); x.diagonal(offset=-1, axis1=1, axis2=0)",
    "dot": "x.dot(x.T); x.dot(2); x.dot(m.ones(3)); x.dot([1, 2, 3])",
    "dtype": "x.dtype",
    "fill": "x.fill(1); x.fill(1.0)",
    "flags": "x.copy().flags.c_contiguous; x.copy().T.flags.c_contiguous",
    "flat": (
        "list(x.flat); x.flat[0]; x.flat[[2, 0]]; x.flat[1:]; len(x.flat); x.flat.__setitem__(slice(1, 3), 1); "
        "x.T.flat.__setitem__([0, 2], [1, 0])"
    ),
    "flatten": "x.flatten(); x.flatten('F'); x.flatten().base is None",
    "imag": "x.imag",
    "item": "x.item(); x.item(1); x.item(0, 1); x.item((1, 1)); x.item(-1)",
    "itemsize": "x.itemsize",
    "mT": "x.mT",
    "max": "x.max(); x.max(0); x.max(axis=(0, 1), keepdims=True); x.max(1)",
    "mean": "x.mean(); x.mean(0); x.mean(axis=-1, keepdims=True); x.mean(dtype='f8')",
    "min": "x.min(); x.min(0); x.min(axis=(0, 1), keepdims=True); x.min(1)",
    "nbytes": "x.nbytes",
    "ndim": "x.ndim",
    "nonzero": "x.nonzero(); (x > 1).nonzero()",
    "prod": "x.prod(); x.prod(0); x.prod(axis=-1, keepdims=True); x.prod(dtype='f8')",
    "put": "x.put([0, 2], [1, 0]); x.put(1, 1)",
    "ravel": "x.ravel(); x.ravel('F')",
    "real": "x.real",
    "repeat": "x.repeat(2); x.repeat(2, axis=0); x.repeat([1, 0, 2], 1)",
    "reshape": (
        "x.reshape(3, 2); x.reshape((3, 2)); x.reshape(-1); x.reshape([2, -1]); x.reshape(3, 2, order='F'); "
        "x.reshape(()); x.reshape(1, -1)"
    ),
    "round": "x.round(); (x * 1).round(1); (x * 8).round(decimals=-1)",
    "shape": "x.shape",
    "size": "x.size",
    "sort": "x.sort(); x.sort(0); x.sort(axis=-1, kind='stable')",
    "squeeze": "x.squeeze(); x[None].squeeze(0); x[..., None].squeeze(axis=-1); x.squeeze(0)",
    "std": "x.std(); x.std(0); x.std(axis=-1, ddof=1, keepdims=True); x.real.std(dtype='f8')",
    "strides": "x.copy().strides",
    "sum": "x.sum(); x.sum(0); x.sum(axis=(0, 1), keepdims=True); x.sum(dtype='f8'); x.sum(0, None, None, True); x.sum(3)",
    "swapaxes": "x.swapaxes(0, 1); x.swapaxes(-1, 0)",
    "take": "x.take(1); x.take([0, -1]); x.take([[1, 0]], axis=0); x.take([5], axis=1)",
    "to_device": "x.to_device(x.device)",
    "tobytes": "x.tobytes(); x.tobytes('F')",
    "tolist": "x.tolist()",
    "trace": "x.trace(); x.trace(1); x.trace(offset=-1, axis1=1, axis2=0, dtype='f8')",
    "transpose": "x.transpose(); x.transpose(1, 0); x.transpose((0, 1)); x.transpose(None); x[None].transpose(2, 0, 1)",
    "var": "x.var(); x.var(0); x.var(axis=-1, ddof=1, keepdims=True); x.var(ddof=2)",
    "view": "x.view()",
}

OTHERS: dict[str, Any] = {  # what stands on the other side of an operator
    "itself": lambda m, x: x,
    "int": lambda m, x: 3,
    "negative": lambda m, x: -3,
    "float": lambda m, x: 1.5,
    "complex": lambda m, x: 2j,
    "bool": lambda m, x: True,
    "float32": lambda m, x: np.float32(2.5),
    "float64": lambda m, x: np.float64(2.5),
    "list": lambda m, x: [1, 2, 3],
    **{d: lambda m, x, d=d: m.array(numbers(d)) for d in SOME},
}
PAIRS = (
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_", "xor", "lshift", "rshift"),
    *("lt", "le", "gt", "ge", "eq", "ne"),
)
IN_PLACE = tuple("i" + name.strip("_") for name in PAIRS[:13])
OPERATORS: dict[str, Any] = {name: getattr(operator, name) for name in (*PAIRS, *IN_PLACE)} | {"divmod": divmod}
ALONE: dict[str, Any] = {name: getattr(operator, name) for name in ("neg", "pos", "abs", "invert", "index")} | {
    "bool": bool,
    "int": int,
    "float": float,
    "complex": complex,
    "len": len,
    "iter": list,
    "contains": lambda x: 2 in x,
    "str": str,
    "format": lambda x: f"{x}",
    "repr": lambda x: repr(x).replace(", device='cuda:0'", ""),
}
OTHER_DUNDERS = {  # tested below, or in tests/gradflow_numpy/test_numpy.py
    "array", "array_function", "array_namespace", "array_priority", "array_ufunc", "copy", "deepcopy", "dlpack", "dlpack_device",
    "getitem", "setitem", "hash", "reduce",
}  # fmt: skip
NOT_NEEDED = {  # of NumPy's C code, of subclasses of its class, of typing, of object; and deletion of elements, which raises
    "array_finalize", "array_interface", "array_struct", "array_wrap", "buffer", "class_getitem", "delitem", "setstate", "sizeof",
    *(n.strip("_") for n in dir(object)),
}  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
def test_methods_are_numpys(name: str) -> None:
    for text in METHODS[name].split("; "):
        call = eval(f"lambda m, x: {text}")
        for dtype in DTYPES:
            for layout in LAYOUTS.values():
                compared(call, layout(dtype))


@pytest.mark.parametrize("dtype", SOME)
@pytest.mark.parametrize("name", OPERATORS)
def test_operators_are_numpys(name: str, dtype: str) -> None:
    op = OPERATORS[name]
    for other in OTHERS.values():
        compared(lambda m, x, other=other: op(x, other(m, x)), numbers(dtype))
        if name not in IN_PLACE:
            compared(lambda m, x, other=other: op(other(m, x), x), numbers(dtype))


@pytest.mark.parametrize("name", ALONE)
def test_operators_of_one_array_are_numpys(name: str) -> None:
    for dtype in DTYPES:
        for layout in LAYOUTS.values():
            compared(lambda m, x: ALONE[name](x), layout(dtype))


@pytest.mark.parametrize("module", [np, gnp], ids=["np", "gnp"])
@pytest.mark.parametrize("name", CALLS | SQUARE | FLAT)
def test_functions_of_an_array_are_numpys(name: str, module: Any) -> None:
    call, base = (CALLS | SQUARE | FLAT)[name], S if name in SQUARE else A
    for dtype in SOME:
        if not (dtype == "bool" and name.startswith("round")):  # which NumPy refuses
            compared(lambda m, x: call(np if m is np else module, x), (4 * base).astype(dtype))


def test_every_name_of_numpys_class_is_compared_or_says_what_to_use() -> None:
    public = {n for n in dir(np.ndarray) if not n.startswith("_")}
    absent = {n for n in public if not hasattr(gnp.ndarray, n)}
    assert absent == set(_NOT_HERE) & public and public == METHODS.keys() | absent
    for name in absent:
        with pytest.raises(AttributeError, match=f"no {name}: .*(use|has it|orders|gradflow|shares)"):
            getattr(gnp.ones(2), name)
        assert name not in dir(gnp.ones(2))
    ours = {n.strip("_") for n in vars(gnp.ndarray) if n.startswith("__")}
    theirs = {n.strip("_") for n in dir(np.ndarray) if n.startswith("__")}
    pairs = {n.strip("_") for n in PAIRS} | {"divmod"}
    known = pairs | {"r" + n for n in pairs} | set(IN_PLACE) | ALONE.keys() | OTHER_DUNDERS | NOT_NEEDED
    assert sorted(theirs - known) == [] and sorted(pairs - ours) == []


def test_of_pytorchs_methods_those_of_gradients_and_devices_stay() -> None:
    a = gnp.array([1.0, 2.0])
    for name in ("exp", "unsqueeze", "add_", "softmax", "float", "type", "topk"):
        assert not hasattr(a, name) and hasattr(gf.Tensor, name) and name not in dir(a)
    with pytest.raises(AttributeError, match=r"gradflow\.numpy\.exp has it"):
        a.exp()
    with pytest.raises(AttributeError, match=r"as_subclass\(gf\.Tensor\) has it"):
        a.unsqueeze(0)
    assert a.to(gf.float32).dtype == gf.float32 and type(a.cpu()) is type(a.detach()) is gnp.ndarray
    assert a.to(gf.float64) is a and a.detach().array is a.array


# --- the class of results ---------------------------------------------------------------------------------------------------


def test_the_class_of_a_result() -> None:
    a, t = gnp.array([1.0, 2.0]), gf.tensor([3.0, 4.0])
    for made in (
        gnp.exp(a), np.exp(a), gnp.sum(a), np.sum(a), gnp.linalg.norm(a), np.linalg.norm(a), gnp.zeros(2), gnp.sqrt(2),
        gnp.mean([1, 2]), gnp.exp(a.to_numpy()), gnp.stack([a, a]), np.concatenate([a, a]), gnp.split(a, 2)[0], gnp.nonzero(a)[0],
        gnp.linalg.slogdet([[2.0]])[1], np.add.reduce(a), gnp.zeros_like(a), np.zeros_like(a), a[0], a[None], a == a, 2 * a,
        gnp.einsum("i,i", a, a), a.T, next(iter(a)),
    ):  # fmt: skip
        assert type(made) is gnp.ndarray
    for made in (
        gnp.exp(t),
        np.exp(t),
        gnp.sum(t),
        gnp.stack([t, t]),
        gnp.linalg.norm(t),
        gnp.asarray(t),
        gnp.zeros_like(t),
        t + 1,
    ):
        assert type(made) is gf.Tensor and made.dtype == gf.float32
    assert gnp.asarray(t) is t and gnp.asarray(a) is a and gnp.atleast_1d(a) is a
    assert type(gf.exp(a)) is gf.Tensor  # gf's functions are PyTorch's


def test_an_array_beside_a_tensor_makes_an_array() -> None:
    a, t = gnp.array([1, 2]), gf.tensor([1.0, 3.0], requires_grad=True)
    for made in (
        a + t,
        t + a,
        a / t,
        t / a,
        gnp.add(t, a),
        np.multiply(t, a),
        gnp.stack([t, a]),
        a < t,
        t < a,
        t @ a,
        gnp.where(a > 1, t, a),
    ):
        assert type(made) is gnp.ndarray
        assert made.dtype == (gf.bool if made.dtype == gf.bool else gf.float64)  # int64 and float32, by NumPy
    (a * t).sum().backward()
    assert type(t) is gf.Tensor and type(t.grad) is gf.Tensor and t.grad.tolist() == [1.0, 2.0]
    one, other = gnp.atleast_1d(a, t)
    assert one is a and type(other) is gnp.ndarray and other.array is t.array and type(t) is gf.Tensor


def test_a_tensor_seen_as_an_array_and_back() -> None:
    t = gf.tensor([[1.0, 4.0], [2.0, 8.0]], requires_grad=True)
    a = (t * 2).as_subclass(gnp.ndarray)
    assert type(a) is gnp.ndarray and a.max(1).tolist() == [8.0, 16.0]
    b = a.as_subclass(gf.Tensor)
    assert (
        type(b) is gf.Tensor and b.max(1).values.tolist() == [8.0, 16.0] and b.data_ptr() == a.array.ctypes.data
        if not t.is_cuda
        else True
    )
    b.sum().backward()
    assert t.grad.tolist() == [[2.0, 2.0], [2.0, 2.0]]
    with pytest.raises(TypeError, match="int is no class of Tensor"):
        t.as_subclass(int)  # type: ignore[type-var]


def test_the_constructor_is_numpys() -> None:
    a = gnp.ndarray((2, 3), np.float32)
    assert a.shape == (2, 3) and a.dtype == np.float32 and gnp.ndarray(2).dtype == np.float64
    assert gnp.ndarray.__module__ == "gradflow.numpy" and issubclass(gnp.ndarray, gf.Tensor)


# --- gradients ---------------------------------------------------------------------------------------------------------------

WITH_GRADIENT = (
    "T", "astype", "clip", "compress", "conj", "copy", "cumprod", "cumsum", "diagonal", "dot", "flat", "flatten", "max", "mean",
    "min", "prod", "ravel", "repeat", "reshape", "squeeze", "std", "sum", "swapaxes", "take", "trace", "transpose", "var",
)  # fmt: skip


@pytest.mark.parametrize("name", WITH_GRADIENT)
def test_methods_have_gradients(name: str) -> None:
    x = gnp.array(BASE + 0.1).requires_grad_()
    seen = 0
    for text in METHODS[name].split("; "):
        call = eval(f"lambda m, x: {text}")

        def numbers_of(x: Any, call: Any = call) -> Any:
            made = call(gnp, x)
            return gnp.stack(made) if isinstance(made, list) else made

        try:
            made = numbers_of(x)
        except (ValueError, TypeError, IndexError, RuntimeError):  # not of this shape, or in place
            continue
        if isinstance(made, gnp.ndarray) and made.dtype == gf.float64 and made is not x:
            assert made.grad_fn is not None and gf.gradcheck(numbers_of, x) and gf.gradgradcheck(numbers_of, x)
            seen += 1
    assert seen


def test_gradients_are_arrays() -> None:
    x = gnp.array([1.0, 2.0]).requires_grad_()
    assert x.grad is None
    (x**3).sum().backward()
    assert type(x.grad) is gnp.ndarray and x.grad is x.grad and x.grad.tolist() == [3.0, 12.0]
    x.grad[0] = 5.0
    (x * x).sum().backward()
    assert x.grad.tolist() == [7.0, 16.0]
    given = gf.tensor([1.0, 1.0], dtype=gf.float64)
    x.grad = given
    assert type(x.grad) is gnp.ndarray and type(given) is gf.Tensor
    x.grad = None
    assert x.grad is None
    (g,) = gf.autograd.grad((x**3).sum(), x, create_graph=True)
    (second,) = gf.autograd.grad(g.sum(), x)
    assert type(g) is type(second) is gnp.ndarray and second.tolist() == [6.0, 12.0]
    y = x * 2
    y.retain_grad()
    y.sum().backward()
    assert type(y.grad) is gnp.ndarray


def test_a_gradient_that_a_tensor_shares_stays_a_tensor() -> None:
    a, t = gnp.array([1.0, 2.0]).requires_grad_(), gf.tensor([1.0, 2.0], dtype=gf.float64, requires_grad=True)
    weights = gf.tensor([1.0, 1.0], dtype=gf.float64, requires_grad=True)
    of_a, of_t = gf.autograd.grad(a + t, (a, t), weights, create_graph=True)
    assert type(of_a) is gnp.ndarray and type(of_t) is type(weights) is gf.Tensor
    (a + t).backward(weights, create_graph=True)
    assert type(a.grad) is gnp.ndarray and type(t.grad) is type(weights) is gf.Tensor


def test_whole_numbers_become_float64() -> None:
    with pytest.warns(UserWarning, match="becomes float64"):
        assert gnp.arange(3).requires_grad_().dtype == gf.float64


def spread(x: Any) -> Any:
    assert type(x) is gnp.ndarray
    return (x * x.std()).sum()


@pytest.mark.parametrize("given", [np.array, gnp.array], ids=["numpy's", "gradflow's"])
def test_functions_of_functions_see_arrays(given: Any) -> None:
    x, by_hand = given([1.0, 2.0, 4.0]), 7 * np.array([-4.0, -1.0, 5.0]) / 9 / np.std([1, 2, 4]) + np.std([1, 2, 4])
    found = gf.func.grad(spread)(x)
    assert type(found) is gnp.ndarray
    np.testing.assert_allclose(found.to_numpy(), by_hand)
    for made in (
        gf.func.hessian(spread)(x),
        gf.func.jacrev(gnp.sin)(x),
        gf.func.jacfwd(gnp.sin)(x),
        gf.func.jacrev(lambda v: gnp.ones(2))(x),
    ):
        assert type(made) is gnp.ndarray and made.shape[-1] == 3
    value, pull = gf.func.vjp(spread, x)
    assert type(value) is type(pull(given(1.0))[0]) is gnp.ndarray
    assert all(type(v) is gnp.ndarray for v in gf.func.jvp(spread, (x,), (x,)))
    value, (product,) = gf.func.hvp(spread, (x,), (x,))
    np.testing.assert_allclose(product.to_numpy(), (gf.func.hessian(spread)(x) @ gnp.asarray(x)).to_numpy(), atol=1e-12)
    second = gf.func.grad(lambda v: gf.func.grad(spread)(v).sum())(x)
    np.testing.assert_allclose(second.to_numpy(), gf.func.hessian(spread)(x).sum(0).to_numpy(), atol=1e-12)


def test_what_runs_a_function_again_gives_it_arrays() -> None:
    x = gnp.array([1.0, 2.0, 4.0]).requires_grad_()
    (wanted,) = gf.autograd.grad(spread(x), x)
    y = gf.checkpoint(spread, x)
    assert type(y) is gnp.ndarray
    np.testing.assert_allclose(gf.autograd.grad(y, x)[0].to_numpy(), wanted.to_numpy())
    (g,) = gf.autograd.grad(gf.checkpoint(spread, x), x, create_graph=True)
    np.testing.assert_allclose(
        gf.autograd.grad(g.sum(), x)[0].to_numpy(), gf.func.hessian(spread)(x.detach()).sum(0).to_numpy(), atol=1e-12
    )
    assert gf.gradcheck(spread, x) and gf.gradgradcheck(spread, x)
    np.testing.assert_allclose(gf.autograd.numerical_grad(spread, x).cpu().numpy(), wanted.to_numpy(), rtol=1e-6)


# --- views, writes, indices ---------------------------------------------------------------------------------------------------


def test_writes_are_recorded_through_views() -> None:
    x = gnp.array(BASE).requires_grad_()
    y = x * 2
    turned, row, flat = y.T, y[1], y.reshape(-1)
    y[0, 0] = 7.0
    row *= 3
    turned[2] = x[:, 0]
    flat[1] += x[1, 1]
    want = BASE * 2
    want[0, 0] = 7.0
    want[1] *= 3
    want[:, 2] = BASE[:, 0]
    want[0, 1] += BASE[1, 1]
    for shown, wanted in ((y, want), (turned, want.T), (row, want[1]), (flat, want.reshape(-1))):
        assert type(shown) is gnp.ndarray
        np.testing.assert_array_equal(shown.detach().to_numpy(), wanted)
    y.sum().backward()
    assert x.grad.tolist() == [[1.0, 2.0, 0.0], [7.0, 7.0, 0.0]]
    assert row.base is y and y.base is None


def test_sort_fill_and_put_are_recorded() -> None:
    x = gnp.array([3.0, 1.0, 2.0]).requires_grad_()
    y = x * x
    assert y.sort() is None
    assert y.tolist() == [1.0, 4.0, 9.0]
    (y * gnp.arange(3)).sum().backward()
    assert x.grad.tolist() == [12.0, 0.0, 4.0]
    for write in (lambda v: v.fill(1.0), lambda v: v.put([0, 1, 2], 1.0), lambda v: v.flat.__setitem__(slice(None), 1.0)):
        y = x * x
        write(y)
        assert gf.autograd.grad(y.sum(), x)[0].tolist() == [0.0, 0.0, 0.0]
    for write in (lambda: x.sort(), lambda: x.fill(0), lambda: x.__iadd__(1), lambda: x.__setitem__(0, 1)):
        with pytest.raises(InPlaceError, match="leaf"):
            write()
    with gf.no_grad():
        x += 1
    assert x.tolist() == [4.0, 2.0, 3.0] and x.requires_grad


INDICES = (
    "0", "-1", "1, 2", "...", "None", ":, 0", "::-1", "::2, ::-2", "..., 1", "[1, 0]", "[[0, 1]]", "[0, 1], [2, 2]",
    "[True, False]", "x > 1", "m.array([1, 0])", "m.array([[0], [1]]), [0, 2]", "m.array([[True, False, True]]) & (x > -9)",
    "np.array([0, 1])", "np.int64(1)", "(0, slice(1))", "m.array(1)", "None, 0, None", "[]", "5", "0.5", "0, 0, 0", "'a'",
    "[0, 7]", "[True]", "True",
)  # fmt: skip


@pytest.mark.parametrize("index", INDICES)
def test_indices_are_numpys(index: str) -> None:
    for dtype in ("float64", "int8", "bool"):
        compared(eval(f"lambda m, x: x[{index}]"), numbers(dtype))
        for value in ("1", "x[0, 0]", "2.7"):
            compared(eval(f"lambda m, x: x[None].__setitem__(np.s_[0, {index}], {value})"), numbers(dtype))


# --- the rest ----------------------------------------------------------------------------------------------------------------


def test_copies_and_pickles_keep_the_class() -> None:
    x = gnp.array([1.0, 2.0]).requires_grad_()
    (x * x).sum().backward()
    for made in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert type(made) is gnp.ndarray and made.requires_grad and made.is_leaf and made.tolist() == [1.0, 2.0]
        assert made.array is not x.array and made.device == x.device
    assert type(copy.deepcopy(x).grad) is gnp.ndarray and copy.deepcopy(x).grad.tolist() == [2.0, 4.0]
    assert type(copy.copy(x)) is gnp.ndarray and copy.copy(x).grad_fn is not None
    assert type(copy.deepcopy(gnp.arange(3))) is gnp.ndarray


@pytest.mark.cpu_only("the text names another device")
def test_it_prints_as_numpys_with_what_is_recorded() -> None:
    x = gnp.array([[1.0, 2.5]])
    assert repr(x) == repr(np.array([[1.0, 2.5]])) and repr(gnp.zeros(2000)) == repr(np.zeros(2000))
    x.requires_grad_()
    assert repr(x) == "array([[1. , 2.5]], requires_grad=True)" and str(x) == "[[1.  2.5]]"
    assert repr(x * 2) == "array([[2., 5.]], grad_fn=<MulBackward>)"
    shown = x._repr_mimebundle_()
    assert shown["text/plain"] == repr(x) and "array([[1. , 2.5]]" in shown["text/html"] and "ndarray" in shown["text/html"]


def test_arguments_that_are_not_recorded_say_so() -> None:
    x = gnp.array(BASE)
    for call, words in (
        (lambda: x.sum(out=gnp.zeros(())), r"sum: out= is not recorded; write a\[\.\.\.\]"),
        (lambda: x.mean(where=x > 0), "mean: where= is not recorded; use gradflow.numpy.where"),
        (lambda: x.max(initial=3.0), "max: initial= is not recorded"),
        (lambda: x.take([0], mode="wrap"), "take: mode= is not recorded"),
        (lambda: x.argsort(order="a"), "argsort: order="),
        (lambda: x.view(np.int64), "view: bytes"),
    ):
        with pytest.raises(NoCounterpartError, match=words):
            call()
    for call in (lambda: x.reshape(3, 2, order="A"), lambda: x.flatten("K")):
        with pytest.raises(ValueError, match="order is 'C' or 'F'"):
            call()
    with pytest.raises(DTypeError, match="casting='safe'"):
        x.astype(np.float32, casting="safe")
    with pytest.raises(TypeError, match="0-d"):
        iter(gnp.array(1.0))


def test_operators_beside_what_they_do_not_know() -> None:
    a = gnp.array([1.0, 2.0])

    class Other:
        def __radd__(self, left: object) -> str:
            return "asked"

    assert a + Other() == "asked" and (a == "x") is False
    assert (a == None).tolist() == [False, False] and (a != None).tolist() == [True, True]  # noqa: E711
    for wrong in (lambda: a + "x", lambda: a @ {}, lambda: a + None, lambda: a.__iadd__(None) + 0):
        with pytest.raises(TypeError):
            wrong()


def test_the_namespace_of_derivative_rules_knows_no_arrays() -> None:
    """Rules are recorded in ``numpy_functions``, where nothing is wrapped, whatever the class of what they belong to."""
    from gradflow._numpy import functions as numpy_functions

    a = gnp.array([1.0, 2.0])
    assert type(numpy_functions.multiply(a, a)) is gf.Tensor and numpy_functions.sum(gf.ones(2)).dtype == gf.float32
    x = gnp.array([0.5, 2.0]).requires_grad_()
    (g,) = gf.autograd.grad(gnp.tanh(x).sum(), x, create_graph=True)
    assert g.grad_fn is not None and all(type(k) is not gnp.ndarray for k in g.grad_fn.saved)


@pytest.mark.parametrize("name", ["SGD", "Adam", "Adafactor", "LBFGS"])
def test_optimizers_move_an_array_as_a_tensor(name: str) -> None:
    def moved(make: Any) -> Any:
        x = make(BASE).requires_grad_()
        optimizer = getattr(gf.optim, name)([x], lr=0.1)

        def loss() -> Any:
            optimizer.zero_grad()
            value = (x * x).sum()
            value.backward()
            return value

        for _ in range(3):
            optimizer.step(loss)
        return x

    a, t = moved(gnp.array), moved(gf.tensor)
    assert type(a) is type(a.grad) is gnp.ndarray and a.detach().tolist() == t.detach().tolist() != BASE.tolist()


def test_layers_and_losses_take_an_array_and_make_tensors() -> None:
    x, target = gnp.array(BASE, np.float32).requires_grad_(), gnp.array([1, 0])
    net = gf.nn.Sequential(gf.nn.Flatten(), gf.nn.Linear(3, 4), gf.nn.LayerNorm(4), gf.nn.GELU(), gf.nn.Softmax(-1))
    y = net(x)
    loss = gf.nn.CrossEntropyLoss()(y, target)
    assert type(y) is type(loss) is gf.Tensor
    loss.backward()
    of_tensor = gf.nn.CrossEntropyLoss()(net(x.as_subclass(gf.Tensor)), gf.tensor([1, 0]))
    assert of_tensor.item() == loss.item() and type(x.grad) is gnp.ndarray and x.grad.any()


@pytest.mark.parametrize("function", [np.logaddexp, np.arctan2, np.remainder, np.hypot])
def test_what_a_function_of_numpy_cannot_take_is_refused_as_by_gradflow(function: Any) -> None:
    with pytest.raises(DTypeError, match=f"{function.__name__}: .* not supported for the input types"):
        function(gnp.array([1j]), 1.0)


def test_the_base_of_a_view_is_an_ndarray() -> None:
    """Also where a function made it on the way, as ``roll`` of all elements does."""
    a = gnp.arange(6.0).reshape(2, 3)
    made = gnp.roll(a, 1)
    assert type(made.base) is gnp.ndarray and made.base.shape == np.roll(a.to_numpy(), 1).base.shape == (6,)
    assert a[1:].base is a.base and gnp.ones(2).base is None
