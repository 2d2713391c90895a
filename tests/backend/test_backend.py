"""The two backends keep one contract, and devices, dtypes and the NumPy backend do what their docstrings say."""

from __future__ import annotations

import ast
import itertools
import math
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from backend_source import statements
from numpy.lib.stride_tricks import sliding_window_view

from gradflow import backend
from gradflow.backend import cpu, devices, dtypes
from gradflow.backend.devices import CPU, device, get_default_device, set_default_device
from gradflow.errors import ArgumentError, DeviceError, DTypeError, LinAlgError

FOLDER = Path(cpu.__file__).parent


# One contract


def defined(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    """What a module or a class defines without a leading underscore, but for what it imports; ``__init__`` counts."""
    found: dict[str, ast.stmt] = {}
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            found[statement.name] = statement
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            found |= {n.id: statement for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
    return {name: node for name, node in found.items() if name == "__init__" or not name.startswith("_")}


def parameters(function: ast.FunctionDef) -> list[str]:
    """A function's parameters with their defaults, without their types."""
    bare = ast.parse(ast.unparse(function)).body[0]
    assert isinstance(bare, ast.FunctionDef)
    for arg in ast.walk(bare.args):
        if isinstance(arg, ast.arg):
            arg.annotation = None
    return ast.unparse(bare.args).split(", ")


def contract(source: str) -> dict[str, ast.stmt]:
    return defined(ast.parse(source).body)


def disagreements(one: dict[str, ast.stmt], other: dict[str, ast.stmt]) -> list[str]:
    """The names that stand on one side only, or that are functions with different parameters."""
    found = sorted(one.keys() ^ other.keys())
    for name in one.keys() & other.keys():
        a, b = one[name], other[name]
        if isinstance(a, ast.FunctionDef) and isinstance(b, ast.FunctionDef):
            if parameters(a) != parameters(b):
                found.append(name)
        elif isinstance(a, ast.ClassDef) and isinstance(b, ast.ClassDef):
            found += [f"{name}.{problem}" for problem in disagreements(defined(a.body), defined(b.body))]
        elif isinstance(a, ast.ClassDef) or isinstance(b, ast.ClassDef):
            found.append(name)
    return found


def test_backends_have_the_same_names_and_signatures() -> None:
    numpy_side, cupy_side = (defined(statements(name)) for name in ("cpu.py", "cuda.py"))
    assert {"matmul", "sum", "Random", "inf"} <= numpy_side.keys()
    assert disagreements(numpy_side, cupy_side) == []


@pytest.mark.parametrize(
    ("theirs", "problem"),
    [
        ("def f(x, axis=None): ...\nclass R:\n    def __init__(self, seed): ...", ["a", "b"]),
        ("a, b = 1, 2\ndef f(x, dim=None): ...\nclass R:\n    def __init__(self, seed): ...", ["f"]),
        ("a, b = 1, 2\ndef f(x, axis=0): ...\nclass R:\n    def __init__(self, seed): ...", ["f"]),
        ("a, b = 1, 2\ndef f(x, axis=None): ...\nclass R:\n    def __init__(self): ...", ["R.__init__"]),
        ("a, b = 1, 2\nf = g = len\nR = 3", ["R", "g"]),
        ("b = a = 2\nfrom x import y\n_c = 1\nf = len\nclass R:\n    def __init__(self, seed: int): ...", []),
    ],
)
def test_the_comparison_of_signatures_sees_a_difference(theirs: str, problem: list[str]) -> None:
    ours = "a = 1\nb = 2\ndef f(x: int, axis=None): ...\nclass R:\n    def __init__(self, seed): ..."
    assert sorted(disagreements(contract(ours), contract(theirs))) == problem


def test_only_cuda_py_and_its_parts_name_cupy_in_an_import() -> None:
    for path in FOLDER.glob("*.py"):
        imports = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Import)]
        assert any(a.name == "cupy" for n in imports for a in n.names) == (
            path.name == "cuda.py" or path.name.startswith("_cuda_")
        ), path


def test_importing_the_backend_does_not_look_for_cupy() -> None:
    program = """
import sys
class Watch:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in ("cupy", "cupyx", "cupy_backends"):
            print(name)
sys.meta_path.insert(0, Watch)
import numpy, gradflow.backend as b
b.namespace_for(None), b.namespace_for("cpu"), b.namespace_of(numpy.ones(2)), b.is_array([1]), b.device("cuda:1")
if sys.argv[1:]:
    b.cuda_is_available()
"""

    def looked_for(*arguments: str) -> str:
        command = [sys.executable, "-c", program, *arguments]
        return subprocess.run(command, cwd=FOLDER.parents[1], check=True, capture_output=True, text=True).stdout

    assert looked_for() == ""
    assert looked_for("ask").startswith("cupy\n")


# Devices


@pytest.fixture(autouse=True)
def _defaults() -> Iterator[None]:
    held = devices._default, dtypes.get_default_dtype()
    set_default_device("cpu")  # whatever device the suite runs on
    yield
    set_default_device(held[0])
    dtypes.set_default_dtype(held[1])


@pytest.mark.parametrize(
    ("made", "type_", "index", "text"),
    [
        (device("cpu"), "cpu", None, "cpu"),
        (device("cpu:0"), "cpu", None, "cpu"),
        (device("cpu", 0), "cpu", None, "cpu"),
        (device("cuda"), "cuda", None, "cuda"),
        (device("cuda:0"), "cuda", 0, "cuda:0"),
        (device("cuda:12"), "cuda", 12, "cuda:12"),
        (device("cuda", 1), "cuda", 1, "cuda:1"),
        (device(device("cuda", 1)), "cuda", 1, "cuda:1"),
    ],
)
def test_device_is_parsed(made: device, type_: str, index: int | None, text: str) -> None:
    assert (made.type, made.index, str(made)) == (type_, index, text)
    assert eval(repr(made)) == made


@pytest.mark.parametrize("name", ["", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:x", "cuda:0:1", "cpu:1", ":0", 0, None])
def test_device_refuses_what_is_no_device(name: Any) -> None:
    with pytest.raises(ArgumentError, match=r"device|one CPU"):
        device(name)


@pytest.mark.parametrize(("name", "index"), [("cuda", -1), ("cuda", 1.0), ("cuda", True), ("cuda:1", 1), ("cpu", 2)])
def test_device_refuses_what_is_no_index(name: str, index: Any) -> None:
    with pytest.raises(ArgumentError):
        device(name, index)


def test_device_equality_and_hash() -> None:
    assert device("cuda:1") == device("cuda", 1)
    assert device("cpu") == CPU
    assert device("cuda") != device("cuda:0")
    assert device("cuda:0") != device("cuda:1")
    assert device("cpu") != "cpu"
    assert len({device("cuda:1"), device("cuda", 1), device("cuda"), CPU}) == 3


def test_device_as_a_context_nests_and_is_left_by_an_error() -> None:
    one = device("cuda:1")
    with one as entered, device("cuda:2"):
        assert entered is one
        assert get_default_device() == device("cuda:2")
        with pytest.raises(KeyError), one, one, CPU:
            assert get_default_device() == CPU
            raise KeyError
        assert get_default_device() == device("cuda:2")
    assert get_default_device() == CPU


def in_thread(function: Any) -> Any:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


def test_device_as_a_context_holds_in_its_own_thread_only() -> None:
    with device("cuda:1"):
        assert in_thread(get_default_device) == CPU
    assert get_default_device() == CPU


def test_one_device_object_can_be_entered_by_several_threads() -> None:
    shared, entered, leave = device("cuda"), threading.Event(), threading.Event()

    def other() -> None:
        with shared:
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with device("cuda:1"):
        with shared:
            thread.start()
            assert entered.wait(10)
        found = get_default_device()
    leave.set()
    thread.join()
    assert found == device("cuda:1")


def test_default_device_holds_in_all_threads_and_yields_to_a_context() -> None:
    set_default_device("cuda:3")
    assert get_default_device() == in_thread(get_default_device) == device("cuda:3")
    with CPU:
        assert get_default_device() == CPU
        assert backend.namespace_for(None) is cpu
    with pytest.raises(ArgumentError):
        set_default_device("tpu")
    assert get_default_device() == device("cuda:3")


@pytest.fixture
def no_cupy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "_cuda", None)
    monkeypatch.delattr(backend, "cuda", raising=False)
    monkeypatch.delitem(sys.modules, "gradflow.backend.cuda", raising=False)
    monkeypatch.setitem(sys.modules, "cupy", None)


@pytest.mark.usefixtures("no_cupy")
def test_cuda_without_cupy_says_what_to_install() -> None:
    assert not backend.cuda_is_available()
    for where in ("cuda", device("cuda", 1)):
        with pytest.raises(DeviceError, match=r"needs CuPy.*pip install") as caught:
            backend.namespace_for(where)
        assert "nvidia-smi" not in str(caught.value)
    with device("cuda"), pytest.raises(DeviceError, match="needs CuPy"):
        backend.namespace_for(None)
    assert backend.namespace_for("cpu") is cpu


def test_cuda_without_a_gpu_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "_cuda", SimpleNamespace(device_count=lambda: 0, ndarray=()))
    assert not backend.cuda_is_available()
    for where in ("cuda", "cuda:0"):
        with pytest.raises(DeviceError, match="needs a GPU and its driver") as caught:
            backend.namespace_for(where)
        assert "pip install" not in str(caught.value)


def test_cuda_device_beyond_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = SimpleNamespace(device_count=lambda: 2, ndarray=())
    monkeypatch.setattr(backend, "_cuda", stand_in)
    assert backend.cuda_is_available()
    assert backend.namespace_for("cuda") is backend.namespace_for("cuda:1") is stand_in
    with pytest.raises(DeviceError, match=r"no device 'cuda:2'.*2 CUDA device"):
        backend.namespace_for("cuda:2")


def test_namespace_of_arrays() -> None:
    assert backend.namespace_of(np.ones(2)) is backend.namespace_of(np.float32(1)) is cpu
    assert backend.is_array(np.ones(2)) and backend.is_array(np.float32(1))
    assert not backend.is_array([1.0]) and not backend.is_array(1.0)
    with pytest.raises(TypeError, match="list is not an array"):
        backend.namespace_of([1.0])


# Dtypes

# torch.promote_types, row and column in the order of NAMES.
NAMES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64", "complex128"]
PROMOTED = """
bool u8   i8   i16  i32  i64  f16  f32  f64  c64  c128
u8   u8   i16  i16  i32  i64  f16  f32  f64  c64  c128
i8   i16  i8   i16  i32  i64  f16  f32  f64  c64  c128
i16  i16  i16  i16  i32  i64  f16  f32  f64  c64  c128
i32  i32  i32  i32  i32  i64  f16  f32  f64  c64  c128
i64  i64  i64  i64  i64  i64  f16  f32  f64  c64  c128
f16  f16  f16  f16  f16  f16  f16  f32  f64  c64  c128
f32  f32  f32  f32  f32  f32  f32  f32  f64  c64  c128
f64  f64  f64  f64  f64  f64  f64  f64  f64  c128 c128
c64  c64  c64  c64  c64  c64  c64  c64  c128 c64  c128
c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128
"""
SHORT = dict(zip(["bool", "u8", "i8", "i16", "i32", "i64", "f16", "f32", "f64", "c64", "c128"], NAMES, strict=True))


def test_promote_types_is_pytorchs() -> None:
    rows = [line.split() for line in PROMOTED.strip().splitlines()]
    table = {(a, b): SHORT[rows[i][j]] for (i, a), (j, b) in itertools.product(enumerate(NAMES), enumerate(NAMES))}
    assert {pair: dtypes.promote_types(*pair).name for pair in table} == table


@pytest.mark.parametrize(
    ("operands", "expected"),
    [
        # Arrays with dimensions: promote_types.
        ("u8[] i8[]", "i16"),
        ("i64[] f32[]", "f32"),
        ("i64[] f16[] u8[]", "f16"),
        ("f64[] c64[]", "c128"),
        # A 0-d array of the same or a lower category does not count beside them.
        ("f32[] f64", "f32"),
        ("f16[] f64", "f16"),
        ("i8[] i64", "i8"),
        ("u8[] i8", "u8"),
        ("c64[] c128", "c64"),
        ("c64[] f64", "c64"),
        ("f32[] i64", "f32"),
        ("i8[] bool", "i8"),
        # One of a higher category does.
        ("bool[] u8", "u8"),
        ("i64[] f16", "f16"),
        ("i64[] f64", "f64"),
        ("i64[] c64", "c64"),
        ("f32[] c64", "c64"),
        ("f32[] c128", "c64"),
        ("f64[] c64", "c128"),
        # 0-d arrays among themselves: promote_types.
        ("f32 f64", "f64"),
        ("i8 i64", "i64"),
        # A Python number counts less than a 0-d array.
        ("f16[] 2.5", "f16"),
        ("f64[] 2.5", "f64"),
        ("f16 2.5", "f16"),
        ("i8[] 3", "i8"),
        ("u8 3", "u8"),
        ("f32[] 3", "f32"),
        ("bool[] True", "bool"),
        ("bool[] 3", "i64"),
        ("bool 3", "i64"),
        ("i32[] 2.5", "f32"),
        ("bool 2.5", "f32"),
        ("i64[] 1j", "c64"),
        ("f32[] 1j", "c64"),
        ("f64[] 1j", "c128"),
        ("c64[] 1j", "c64"),
        ("i32[] f64 2.5", "f64"),
        ("bool[] i8 2.5", "f32"),
        # Python numbers alone.
        ("True", "bool"),
        ("True 3", "i64"),
        ("3 2.5", "f32"),
        ("2.5 1j", "c64"),
    ],
)
def test_result_type_is_pytorchs(operands: str, expected: str) -> None:
    numbers: dict[str, Any] = {"True": True, "3": 3, "2.5": 2.5, "1j": 1j}
    values = [
        numbers[o] if o in numbers else np.zeros((2,) if o.endswith("[]") else (), SHORT[o.removesuffix("[]")])
        for o in operands.split()
    ]
    for order in itertools.permutations(values):
        assert dtypes.result_type(*order).name == SHORT[expected]


def test_result_type_follows_the_default_dtype() -> None:
    dtypes.set_default_dtype(np.float64)
    ints, floats = np.zeros(2, np.int32), np.zeros(2, np.float32)
    assert dtypes.result_type(ints, 2.5) == dtypes.float64
    assert dtypes.result_type(ints, 1j) == dtypes.complex128
    assert dtypes.result_type(floats, 2.5) == dtypes.float32


def test_dtypes_refused() -> None:
    for wrong in ("S3", object, "datetime64[s]", "no dtype", [1, 2]):
        with pytest.raises(DTypeError):
            dtypes.as_dtype(wrong)
    for wrong in (np.int64, np.complex64, bool):
        with pytest.raises(DTypeError, match="float32"):
            dtypes.set_default_dtype(wrong)
    assert dtypes.as_dtype("float16") == dtypes.half
    assert dtypes.get_default_dtype() == dtypes.float32


def test_complex_of_and_real_of() -> None:
    assert [dtypes.complex_of(d).name for d in (dtypes.float16, dtypes.float32, dtypes.float64)] == [
        "complex64", "complex64", "complex128",
    ]  # fmt: skip
    assert [dtypes.real_of(np.dtype(d)).name for d in ("c8", "c16", "f2", "i4")] == [
        "float32", "float64", "float16", "int32",
    ]  # fmt: skip


# The NumPy backend


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_erf_against_the_standard_library(dtype: Any) -> None:
    joints = np.array([0.84375, 1.25, 1 / 0.35, 6.0])
    x = np.concatenate([np.linspace(-7, 7, 20001), np.geomspace(1e-30, 1e-3, 500), joints]).astype(dtype)
    x = np.concatenate([x, -x, np.nextafter(x, dtype(0))])
    expected = np.array([math.erf(float(v)) for v in x]).astype(dtype)
    got = cpu.erf(x)
    assert got.dtype == dtype
    assert np.max(np.abs(got - expected) / np.spacing(np.abs(expected))) <= (3 if dtype is np.float32 else 2)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_erf_at_the_edges(dtype: Any) -> None:
    x = np.array([[np.inf, -np.inf, np.nan], [0.0, -0.0, 1e30]], dtype)
    got = cpu.erf(x)
    np.testing.assert_array_equal(got, np.array([[1, -1, np.nan], [0, 0, 1]], dtype))
    assert list(np.signbit(got[1, :2])) == [False, True]
    zero_d = cpu.erf(np.array(0.5, dtype))
    assert zero_d.shape == () and zero_d.dtype == dtype
    assert abs(float(zero_d) - math.erf(0.5)) <= (3 if dtype is np.float32 else 1) * np.spacing(dtype(0.5))
    assert cpu.erf(np.zeros((0, 2), dtype)).shape == (0, 2)
    whole, half = cpu.erf(np.array([1, -2])), cpu.erf(np.array([1, -2], np.float16))
    assert whole.dtype == np.float64 and whole.tolist() == pytest.approx([math.erf(1), -math.erf(2)], rel=1e-15)
    assert half.dtype == np.float16 and half.tolist() == np.float16([math.erf(1), -math.erf(2)]).tolist()
    np.testing.assert_array_equal(cpu.erf(x.T), got.T)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "int64", "int8"])
def test_put_add_adds_at_repeated_indices(dtype: str) -> None:
    values = np.array([1, 2, 4, 8], dtype)
    got = cpu.put_add(values, np.array([0, 2, 0, -1]), (3,))
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, np.array([5, 0, 10], dtype))


def test_put_add_takes_every_kind_of_index() -> None:
    rows = cpu.put_add(np.ones((3, 2)), (np.array([1, 1, 0]), slice(None, 2)), (2, 3))
    np.testing.assert_array_equal(rows, [[1, 1, 0], [2, 2, 0]])
    mask = np.array([True, False, True])
    np.testing.assert_array_equal(cpu.put_add(np.array([3.0, 4.0]), mask, (3,)), [3, 0, 4])
    np.testing.assert_array_equal(cpu.put_add(np.array([3.0, 4.0]), slice(None, None, -2), (3,)), [4, 0, 3])
    np.testing.assert_array_equal(cpu.put_add(np.array(3.0), (1, 0), (2, 1)), [[0], [3]])


def test_windows_of_the_flattened_array() -> None:
    x, offset = np.arange(6.0).reshape(2, 3), np.array([[5, 1], [1, 0]])
    np.testing.assert_array_equal(cpu.window(x, offset), [[5, 1], [1, 0]])
    np.testing.assert_array_equal(cpu.window_put(np.ones((2, 2)), (2, 3), offset), [[1, 2, 0], [0, 0, 1]])
    np.testing.assert_array_equal(cpu.window_set(x.T, np.array([7.0, 8.0]), np.array([1, 5])), [[0, 7], [1, 4], [2, 8]])
    assert x[0, 1] == 1


def test_index_set_is_a_copy() -> None:
    x = np.zeros((2, 3))
    got = cpu.index_set(x, np.array([1.0, 2.0]), (slice(None), 1))
    np.testing.assert_array_equal(got, [[0, 1, 0], [0, 2, 0]])
    assert not x.any()


@pytest.mark.parametrize("offset", [-1, 0, 2])
def test_diagonal_scatter_undoes_diagonal(offset: int) -> None:
    x = np.arange(1.0, 25).reshape(3, 2, 4)
    values = np.diagonal(x, offset, 0, 2)
    got = cpu.diagonal_scatter(values, x.shape, offset, 0, 2)
    np.testing.assert_array_equal(np.diagonal(got, offset, 0, 2), values)
    assert np.count_nonzero(got) == values.size


def test_surely_finite() -> None:
    """It may be False of large numbers, never True beside an infinity or a NaN."""
    assert cpu.surely_finite(np.ones((3, 4))) and cpu.surely_finite(np.float32(1)) and cpu.surely_finite(np.ones(0))
    assert cpu.surely_finite(np.ones(3, np.complex64)) and cpu.surely_finite(np.ones((200, 200))[:, ::2])
    for n in (3, 10000):
        for bad in ([np.inf], [-np.inf], [np.nan], [np.inf, -np.inf]):
            x = np.ones(n)
            x[: len(bad)] = bad
            with cpu.floating_errors(invalid="ignore"):
                assert not cpu.surely_finite(x) and not cpu.surely_finite(x * (1 + 1j))
    assert not cpu.surely_finite(np.full(3, np.inf, np.float16))


def test_flat() -> None:
    d, g = np.array([np.nan, 2.0, np.inf]), np.array([3.0, 4.0, np.nan])
    np.testing.assert_array_equal(cpu.flat(np.array([True, False, True]), d, g), [0, 2, np.nan])
    assert cpu.flat(np.array([False, False, False]), d, g) is d


@pytest.mark.parametrize("shape", [(2, 3, 4), (3, 4), (1, 4), (2, 1, 4), (1, 1, 1), (4,), (1,), ()])
def test_sum_to_undoes_broadcasting(shape: tuple[int, ...]) -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    got = cpu.sum_to(x, shape)
    assert got.shape == shape
    # The adjoint of broadcasting: <broadcast(y), x> = <y, sum_to(x)>.
    y = np.arange(1.0, 1 + math.prod(shape)).reshape(shape)
    assert np.sum(np.broadcast_to(y, x.shape) * x) == np.sum(y * got)


def test_sum_to_keeps_what_fits() -> None:
    x = np.ones((2, 1, 3), np.float32)
    assert cpu.sum_to(x, (2, 1, 3)) is x
    assert cpu.sum_to(np.ones((0, 3)), (1, 3)).tolist() == [[0, 0, 0]]


def test_scalar_keeps_the_sign_of_zero_and_its_dtype() -> None:
    f4, c8 = np.dtype("f4"), np.dtype("c8")
    for value in (0.0, -0.0, 0.0):
        assert math.copysign(1, cpu.scalar(value, f4)) == math.copysign(1, value)
    assert np.isnan(cpu.scalar(math.nan, f4))
    for dtype in (f4, np.dtype("f8"), c8, np.dtype("i8"), np.dtype(bool)):
        assert cpu.scalar(1, dtype).dtype == dtype and cpu.scalar(1, dtype) == 1
    with pytest.raises(ValueError, match="read-only"):
        cpu.scalar(2, f4)[...] = 3


def test_scalar_keeps_the_sign_of_a_complex_zero_part() -> None:
    c8 = np.dtype("c8")
    for imag in (0.0, -0.0, 0.0):
        assert math.copysign(1, cpu.scalar(complex(5, imag), c8).imag) == math.copysign(1, imag)


@pytest.mark.parametrize("shape", [(40, 7), (31, 7), (40, 33), (32, 1), (0, 3), (3, 5000)])
def test_reductions_of_rows_by_the_quick_ways(shape: tuple[int, int]) -> None:
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    if x.size > 30:
        x[3 % len(x), 0], x[5 % len(x), 0], x[7 % len(x), 0] = np.nan, np.inf, -np.inf
    for dtype in (np.float32, np.float64, np.int64):
        with np.errstate(invalid="ignore"):
            a = x.astype(dtype)
        for keepdims in (False, True):
            for ours, numpys in ((cpu.max, np.max), (cpu.min, np.min), (cpu.sum, np.sum)):
                got, right = ours(a, axis=(1,), keepdims=keepdims), numpys(a, axis=1, keepdims=keepdims)
                assert got.shape == right.shape and got.dtype == right.dtype
                np.testing.assert_allclose(got, right, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("size", [3, 5000])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int32])
def test_maximum_scalar(size: int, dtype: Any) -> None:
    x = (np.random.default_rng(0).normal(size=size) * 3).astype(dtype)
    if np.dtype(dtype).kind == "f":
        x[:3] = np.nan, np.inf, -np.inf
    for value in (0, 1.5 if np.dtype(dtype).kind == "f" else 1):
        got = cpu.maximum_scalar(x, value)
        assert got.dtype == dtype
        np.testing.assert_array_equal(got, np.maximum(x, np.array(value, dtype)))


def test_a_zero_is_remembered_without_its_sign() -> None:
    f4 = np.dtype("f4")
    assert cpu.scalar(0, f4) is cpu.scalar(0, f4)
    assert math.copysign(1, cpu.scalar(-0.0, f4)) == -1 and math.copysign(1, cpu.scalar(0, f4)) == 1
    assert math.copysign(1, cpu.scalar(0.0, f4)) == 1


def test_row_starts() -> None:
    for rows in (0, 3, 5000):
        np.testing.assert_array_equal(cpu.row_starts(rows, 7), np.arange(rows) * 7)


def test_pow_scalar() -> None:
    x = np.array([0.5, 2.0, 3.0], np.float32)
    for exponent in (-1, 0, 0.5, 1, 2, 3, -1.5):
        got = cpu.pow_scalar(x, exponent)
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, [v**exponent for v in x.tolist()], rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_sigmoid_in_both_tails(dtype: Any) -> None:
    tail = -np.log(np.finfo(dtype).tiny) - 1  # as far as exp(-x) is a normal number
    x = np.concatenate([np.linspace(-tail, tail, 101), [0.0, 1e4, np.inf, -1e4, -np.inf, np.nan]]).astype(dtype)
    exact = x[:101].astype(np.float64)
    with cpu.floating_errors(all="raise", under="ignore"):
        got = cpu.sigmoid(x)
    assert got.dtype == dtype
    np.testing.assert_allclose(got[:101], 1 / (1 + np.exp(-exact)), rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(got[101:], [0.5, 1, 1, 0, 0, np.nan])
    z = np.array([1 + 2j, -3j])
    np.testing.assert_allclose(cpu.sigmoid(z), 1 / (1 + np.exp(-z)), rtol=1e-14)


def test_pad() -> None:
    got = cpu.pad(np.ones((1, 2), np.float32), ((1, 0), (0, 2)), 7.0)
    np.testing.assert_array_equal(got, np.array([[7, 7, 7, 7], [1, 1, 7, 7]], np.float32), strict=True)
    assert cpu.pad(np.ones(2), ((1, 1),)).tolist() == [0, 1, 1, 0]


def test_owner_and_address_of_views() -> None:
    x = np.zeros((4, 6))
    views = [x, x[1:], x.T, x.reshape(2, 12)[:, ::3], x[2:][1:].T, x.real, np.broadcast_to(x, (2, 4, 6)), x[..., None]]
    assert all(cpu.owner(v) is x for v in views)
    assert cpu.owner(x.copy()) is not x
    assert cpu.address(x.T) == cpu.address(x) == x.ctypes.data
    assert cpu.address(x[1, 2:]) == cpu.address(x) + 64
    assert cpu.address(x[::-1]) == cpu.address(x) + 3 * 48


def test_owner_of_a_sliding_window() -> None:
    x = np.zeros(8)
    assert cpu.owner(sliding_window_view(x, 3)) is x


def test_astype_takes_the_real_part() -> None:
    z = np.array([1 + 2j, 3j], np.complex64)
    np.testing.assert_array_equal(cpu.astype(z, np.float64), [1, 0])
    np.testing.assert_array_equal(cpu.astype(z, bool), [True, True])
    assert cpu.astype(z, np.complex64) is z and cpu.astype(z, np.complex64, copy=True) is not z


def test_reductions_keep_numpys_meaning() -> None:
    x = np.array([[1, 2, 3], [4, 0, 6]], np.int32)
    for name in ("sum", "prod", "max", "min", "all", "any"):
        for axis, keepdims in itertools.product([None, 0, -1, (0, 1), ()], [False, True]):
            expected = getattr(np, name)(x, axis=axis, keepdims=keepdims)
            got = getattr(cpu, name)(x, axis, keepdims)
            np.testing.assert_array_equal(got, expected, strict=True)
    np.testing.assert_array_equal(cpu.cumsum(x, 1), np.cumsum(x, 1))
    np.testing.assert_array_equal(cpu.cumprod(x, 0), np.cumprod(x, 0))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64"])
def test_mean(dtype: str) -> None:
    x = np.arange(24).reshape(2, 3, 4).astype(dtype)
    for axis, keepdims in itertools.product([None, 0, (0, 2)], [False, True]):
        got, expected = cpu.mean(x, axis, keepdims), np.mean(x, axis, keepdims=keepdims)
        assert got.dtype == dtype and got.shape == expected.shape
        np.testing.assert_allclose(got, expected, rtol=4 * np.finfo(dtype).eps)
    assert np.isnan(cpu.mean(np.zeros(0, dtype)))


def test_mean_of_equal_numbers_is_that_number() -> None:
    assert [n for n in range(1, 100) if cpu.mean(np.ones(n)) != 1] == []
    assert cpu.mean(np.full(1000, 100, np.float16)) == 100  # the sum is beyond float16


def test_recurrence() -> None:
    a, u = np.arange(24.0).reshape(2, 3, 4) / 10, np.ones((2, 3, 4))
    for axis in (0, 1, -1):
        got = np.moveaxis(cpu.recurrence(a, u, axis), axis, 0)
        held = np.zeros(got.shape[1:])
        for y, factor, term in zip(got, np.moveaxis(a, axis, 0), np.moveaxis(u, axis, 0), strict=True):
            held = term + factor * held
            np.testing.assert_allclose(y, held, rtol=1e-15)
    assert np.all(u == 1) and cpu.recurrence(a[:, :0], u[:, :0], 1).shape == (2, 0, 4)
    assert cpu.recurrence(np.array([np.inf]), np.array([2.0]), 0) == 2  # nothing stands before the first


def test_flip_is_a_copy() -> None:
    x = np.arange(6.0).reshape(2, 3)
    got = cpu.flip(x, (1,))
    np.testing.assert_array_equal(got, [[2, 1, 0], [5, 4, 3]])
    assert cpu.owner(got) is not cpu.owner(x)


def test_linalg_errors_are_gradflows() -> None:
    singular = np.zeros((2, 2))
    for call in (
        lambda: cpu.inv(singular),
        lambda: cpu.solve(singular, np.ones((2, 1))),
        lambda: cpu.cholesky(-np.eye(2)),
    ):
        with pytest.raises(LinAlgError, match=r"linalg\.\w+: .*shape \(2, 2\)"):
            call()
    assert cpu.det(singular) == 0


# Random numbers


def draws(random: cpu.Random) -> list[Any]:
    f4, f8 = np.dtype("f4"), np.dtype("f8")
    return [
        random.uniform((3,), f4), random.uniform((), f8), random.normal((2, 2), f8), random.normal((3,), f4),
        random.integers(-5, 5, (7,)), random.permutation(9), random.uniform((2,), np.dtype("f2")),
    ]  # fmt: skip


def same(one: list[Any], other: list[Any]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_random_is_decided_by_its_seed() -> None:
    first = cpu.Random(7, CPU)
    one = draws(first)
    assert same(one, draws(cpu.Random(7, CPU)))
    assert not same(one, draws(cpu.Random(8, CPU)))
    assert not same(one, draws(first))


def test_random_state_round_trip() -> None:
    random = cpu.Random(7, CPU)
    random.uniform((3,), np.dtype("f4"))  # an odd number of 32-bit draws leaves half a word behind
    state = random.get_state()
    after = draws(random)
    other = cpu.Random(0, CPU)
    for _ in range(2):  # drawing must not have changed the state that was handed out
        other.set_state(state)
        assert same(after, draws(other))


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_random_ranges_and_dtypes(dtype: str) -> None:
    random, d = cpu.Random(0, CPU), np.dtype(dtype)
    uniform, normal = random.uniform((200, 200), d), random.normal((200, 200), d)
    assert uniform.dtype == normal.dtype == d and uniform.shape == normal.shape == (200, 200)
    assert uniform.min() >= 0 and uniform.max() < 1
    assert abs(uniform.mean(dtype="f8") - 0.5) < 0.01
    assert abs(normal.mean(dtype="f8")) < 0.02 and abs(normal.std(dtype="f8") - 1) < 0.02


def test_random_integers_and_permutation() -> None:
    random = cpu.Random(0, CPU)
    integers = random.integers(-2, 3, (1000,))
    assert integers.dtype == np.int64 and set(integers.tolist()) == {-2, -1, 0, 1, 2}
    assert random.integers(0, 2, ()).shape == ()
    permutation = random.permutation(50)
    assert permutation.dtype == np.int64 and sorted(permutation.tolist()) == list(range(50)) != permutation.tolist()


def test_host_and_device_of_numpy_arrays() -> None:
    x = np.ones(3)
    assert cpu.to_host(x) is x and cpu.from_host(x, CPU) is x
    assert cpu.device_of(x) == CPU and cpu.device_count() == 1
    cpu.synchronize()
