"""A formula and what is written from it: expressions, NumPy's calls, CUDA's text, threads; and the list of all kernels."""

from __future__ import annotations

import inspect
import itertools
import math
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import kernel_cases as listed
import numpy as np
import pytest
from random_formulas import RandomFormula

import gradflow as gf
from gradflow._kernels import LOW, SCALE, Kernel
from gradflow._programs import numpy_writer, threads
from gradflow._programs.cuda_writer import Text
from gradflow._programs.primitives import PRIMITIVES
from gradflow._programs.program import Program
from gradflow._standins.symbol import xp
from gradflow.backend import cpu
from gradflow.errors import ArgumentError, DTypeError, RuleError

pytestmark = pytest.mark.cpu_only("is about NumPy's kernels, or about texts, whatever device the suite runs on")

LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "contiguous": lambda a: a,
    "transposed": lambda a: np.ascontiguousarray(a.T).T,
    "strided": lambda a: np.repeat(a, 2, axis=-1)[..., ::2] if a.ndim else a,
    "reversed": lambda a: a[::-1].copy()[::-1] if a.ndim else a,
}


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Many blocks and threads on small arrays."""
    monkeypatch.setattr(numpy_writer, "BLOCK_BYTES", 64)
    monkeypatch.setattr(numpy_writer, "PARALLEL_BYTES", 256)
    monkeypatch.setattr(numpy_writer, "SMALL", 0)
    monkeypatch.setattr(numpy_writer, "_scratch", numpy_writer._Scratch())
    before = gf.get_num_threads()
    gf.set_num_threads(3)
    yield
    gf.set_num_threads(before)


def data(f: RandomFormula, dtype: Any, shape: tuple[int, ...], rng: np.random.Generator) -> dict[str, Any]:
    """Arrays for a random formula, with special numbers among their elements."""
    special = np.array([0.0, -0.0, 1.0, -1.0, 2.5, np.inf, -np.inf, np.nan])
    made = {}
    for name in f.arrays:
        values = rng.standard_normal(math.prod(shape))
        values[::5] = special[rng.integers(0, len(special), len(values[::5]))]
        made[name] = values.reshape(shape).astype(dtype)
    return made


def held_to_numpy(f: RandomFormula, arrays: dict[str, Any], seed: int = 0) -> None:
    """Run the kernel of a formula and hold it to what plain NumPy computes."""
    rng = np.random.default_rng(seed)
    numbers = dict(zip(f.numbers, rng.choice([0.0, 0.3, -1.5, 2.0], len(f.numbers)).tolist(), strict=True))
    like = arrays[f.arrays[0]]
    arrays = arrays | {n: np.full_like(like, 7) for n in f.fresh}
    compute = max([np.dtype("f4"), *(a.dtype for a in arrays.values())], key=lambda t: t.itemsize)
    wanted = f.plain({n: arrays[n] for n in f.arrays}, numbers, compute)
    before = {n: a.copy() for n, a in arrays.items()}
    with np.errstate(all="ignore"):
        f.kernel().bind(arrays)(numbers)
        for name, value in zip(f.writes, wanted, strict=True):
            np.testing.assert_array_equal(arrays[name], value.astype(arrays[name].dtype), err_msg=f"{f.__name__}: {name}")
    for name in set(arrays) - set(f.writes):
        np.testing.assert_array_equal(arrays[name], before[name])


def source_of(program: Program, dtype: str = "f8") -> str:
    storage = dict.fromkeys(program.arrays, np.dtype(dtype))
    return numpy_writer.NumPyKernel(None, program, storage, max(np.dtype("f4"), np.dtype(dtype), key=lambda t: t.itemsize)).source


# --- random formulas -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("small", [0, numpy_writer.SMALL])
def test_a_kernel_gives_what_the_formula_gives(dtype: str, layout: str, small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numpy_writer, "SMALL", small)  # choices by bits, or by numpy.where
    rng = np.random.default_rng(1)
    for seed in range(60):
        # NumPy may take another way to exp and its like where arrays are not contiguous, and round otherwise.
        f = RandomFormula(seed, exact=layout != "contiguous")
        arrays = {n: LAYOUTS[layout](a) for n, a in data(f, dtype, (5, 7), rng).items()}
        held_to_numpy(f, arrays, seed)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_blocks_and_threads_change_nothing(small_blocks: None, dtype: str) -> None:
    rng = np.random.default_rng(2)
    for seed in range(60, 120):
        f = RandomFormula(seed, exact=True)
        held_to_numpy(f, data(f, dtype, (11, 13), rng), seed)


@pytest.mark.parametrize("shape", [(), (1,), (0,), (3, 0, 2), (1, 1, 4)])
def test_any_shape(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    for seed in range(120, 150):
        f = RandomFormula(seed, exact=True)
        held_to_numpy(f, data(f, "float64", shape, rng), seed)


def test_arrays_of_several_dtypes_are_computed_with_in_the_widest() -> None:
    rng = np.random.default_rng(4)
    for seed in range(150, 210):
        f = RandomFormula(seed)
        arrays = {n: a.astype(rng.choice(["f2", "f4", "f8"])) for n, a in data(f, "f4", (4, 5), rng).items()}
        held_to_numpy(f, arrays, seed)


def test_long_formulas_need_little_scratch() -> None:
    rng = np.random.default_rng(5)
    for seed in range(20):
        f = RandomFormula(seed, steps=200)
        held_to_numpy(f, data(f, "f8", (40,), rng), seed)

    def chain(xp: Any, x: Any, y: Any) -> Any:
        for _ in range(3000):  # no recursion anywhere
            x = xp.tanh(x + 1.0)
        return x

    kernel = Kernel(chain, "y")
    source = source_of(kernel.program(["x", "y"], (), (), {}))
    assert source.startswith("def run(a0, a1):")  # all of it in the output


def test_scratch_of_a_shape_is_the_same_memory_again() -> None:
    kinds = np.dtype("f8"), np.dtype("f8"), np.dtype("?")
    first = numpy_writer._scratch_for(kinds, (5, 7), 35)
    assert numpy_writer._scratch_for(kinds, (7,), 7)[0].shape == (7,)
    again = numpy_writer._scratch_for(kinds, (5, 7), 35)
    assert all(a is b for a, b in zip(first, again, strict=True))
    assert not any(np.shares_memory(a, b) for a, b in itertools.combinations(first, 2))


def test_arrays_may_change_places() -> None:
    def turned(xp: Any, a: Any, b: Any, c: Any) -> Any:
        return b, c, a

    a, b, c = (np.full(3, v) for v in (1.0, 2.0, 3.0))
    Kernel(turned, "a b c").bind({"a": a, "b": b, "c": c})({})
    assert (a[0], b[0], c[0]) == (2.0, 3.0, 1.0)


def test_none_leaves_an_array_alone() -> None:
    kernel = Kernel(lambda xp, a, b: (None, a + b), "a b")
    a, b = np.ones(3), np.ones(3)
    kernel.bind({"a": a, "b": b})({})
    assert a.tolist() == [1.0] * 3 and b.tolist() == [2.0] * 3


@pytest.mark.parametrize("view", [lambda p: p, lambda p: p[::-1], lambda p: p[:1]], ids=["itself", "reversed", "one element"])
def test_an_input_may_share_the_memory_of_an_output(view: Callable[[Any], Any]) -> None:
    def formula(xp: Any, g: Any, p: Any) -> Any:
        return xp.exp(p) * g + g

    for size in (5, 100_000):  # whole, and in blocks
        p = np.linspace(0.0, 1.0, size)
        wanted = np.exp(p) * view(p) + view(p)
        bound = Kernel(formula, "p").bind({"g": view(p), "p": p})
        bound({})
        np.testing.assert_array_equal(p, wanted)
        wanted = np.exp(p) * view(p) + view(p)
        bound({})
        np.testing.assert_array_equal(p, wanted)


def test_low_gets_the_first_output_rounded() -> None:
    kernel = Kernel(lambda xp, p, m, g: (p - g, m + g), "p m")
    p, m, g = np.float32([1, 2, 3]), np.zeros(3, "f4"), np.float16([0.1, 0.2, 0.3])
    low = np.zeros(3, "f2")
    bound = kernel.bind({"p": p, "m": m, "g": g}, low)
    bound({})
    bound({})
    assert p.dtype == np.float32 and low.dtype == np.float16
    np.testing.assert_array_equal(p, np.float32([1, 2, 3]) - np.float32(g) - np.float32(g))
    np.testing.assert_array_equal(low, p.astype("f2"))


def test_scaled_multiplies_one_array() -> None:
    kernel = Kernel(lambda xp, p, g, lr: p - lr * g, "p")
    assert kernel.scaled("g") is kernel.scaled("g")
    p, g = np.ones(3), np.full(3, 4.0)
    kernel.scaled("g").bind({"p": p, "g": g})({"lr": 0.5, SCALE: 0.25})
    assert p.tolist() == [0.5] * 3


def test_numbers_and_arrays_have_any_name() -> None:
    """What is written for a formula has no name in common with the formula's own."""
    words = ["k0", "k1", "n0", "host_multiply", "float", "numbers", "scale", "low", "a0", "s0", "c0", "run", "copyto", "lr"]
    for number in words[:-1]:
        for array in set(words) - {number, "lr"}:
            scope: dict[str, Any] = {}
            exec(f"def f(xp, p, {array}, {number}, lr): return p - (lr * 0.5) * {array} * {number}, {array} + {number}", scope)
            kernel = Kernel(scope["f"], f"p {array}")
            for times in (1.0, 0.25):
                p, g, low = np.ones(3, "f4"), np.full(3, 4.0, "f4"), np.zeros(3, "f2")
                chosen = kernel if times == 1 else kernel.scaled(array)
                chosen.bind({"p": p, array: g}, low)({number: 3.0, "lr": 0.1, SCALE: times})
                assert p.tolist() == pytest.approx([1 - 0.6 * times] * 3), (number, array)
                assert low.tolist() == p.astype("f2").tolist()
                assert g.tolist() == [4 * times + 3] * 3


# --- the expression --------------------------------------------------------------------------------------------------------


def program(formula: Callable[..., Any], arrays: str, zero: str = "") -> Program:
    kernel = Kernel(formula, "y")
    return kernel.program([*arrays.split(), "y"], (), zero.split(), {})


def test_a_common_part_is_computed_once() -> None:
    made = program(lambda xp, x, y: xp.exp(x * x) + x * x * xp.exp(x * x), "x")
    assert sorted(n.name for n in made.body) == ["add", "exp", "multiply", "multiply"]
    assert source_of(made).count("exp(") == 1
    assert Text(made, {"x": np.dtype("f4"), "y": np.dtype("f4")}, np.dtype("f4")).body.count("exp(") == 1


def test_a_number_that_is_zero_is_left_out() -> None:
    def formula(xp: Any, x: Any, y: Any, decay: Any) -> Any:
        return x + decay * y if decay else x

    assert len(program(formula, "x").body) == 2
    assert program(formula, "x", "decay").body == []
    kernel = Kernel(formula, "y")
    x, y = np.ones(3), np.ones(3)
    bound = kernel.bind({"x": x, "y": y})
    for decay, wanted in ((0.0, 1.0), (0.5, 1.5), (0.0, 1.0)):
        bound({"decay": decay})
        assert y.tolist() == [wanted] * 3
    assert len(kernel._written) == 2


def test_numbers_are_computed_on_the_host_in_double_precision() -> None:
    made = program(lambda xp, x, y, beta, step: x * (1 - beta**step) + xp.where(beta > 0.5, 1.0, 2.0), "x")
    assert [n.name for n in made.body] == ["multiply", "add"]
    assert made.compute(0.75, 3) == (1 - 0.75**3, 1.0)
    assert made.compute(0.25, 3) == (1 - 0.25**3, 2.0)


def test_constants_are_folded() -> None:
    made = program(lambda xp, x, y: x * xp.sqrt(xp.exp(0.0) + 3.0), "x")
    assert [n.name for n in made.body] == ["multiply"] and not made.numbers
    assert made.body[0].args[1].value == 2.0


def test_powers_go_the_shortest_way() -> None:
    for exponent, names in ((2, ["multiply"]), (3, ["multiply"] * 2), (0.5, ["sqrt"]), (-1, ["reciprocal"]), (2.5, ["power"])):
        assert [n.name for n in program(lambda xp, x, y: x**exponent, "x").body] == names  # noqa: B023 - run at once
    assert program(lambda xp, x, y: x**1, "x").body == []
    assert [n.name for n in program(lambda xp, x, y: 2**x, "x").body] == ["power"]


def test_a_condition_is_true_unless_it_is_zero() -> None:
    def formula(xp: Any, x: Any, y: Any, n: Any) -> Any:
        either = xp.logical_or(x, n)
        return xp.where(x, 1.0, xp.where(n, xp.where(either, x > 1, x < 1), 3.0)) + xp.where(~either, 10.0, 0.0)

    for n in (0.0, 2.0):
        x, y = np.array([0.0, 2.0, np.nan, -0.0]), np.empty(4)
        Kernel(formula, "y").bind({"x": x, "y": y})({"n": n})
        wanted = np.where(x, 1, np.where(n, np.where((x != 0) | bool(n), x > 1, x < 1), 3)) + np.where((x == 0) & (n == 0), 10, 0)
        np.testing.assert_array_equal(y, wanted)


@pytest.mark.parametrize("name", [n for n, p in PRIMITIVES.items() if n != "cast" and "{2}" not in p.c])
def test_the_host_computes_numbers_as_numpy_does(name: str) -> None:
    values = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 1e300, -1e300, math.inf, -math.inf, math.nan]
    two = "{1}" in PRIMITIVES[name].c
    function = getattr(cpu, name)
    with np.errstate(all="ignore"):
        for a in values:
            for b in values if two else [None]:
                given = (a, b) if two else (a,)
                if given == (-math.inf, 0.5):
                    continue  # infinite for C's pow, NaN for NumPy, which takes the root
                wanted = function(*map(np.float64, given))
                found = PRIMITIVES[name].host(*given)
                np.testing.assert_allclose(float(found), float(np.asarray(wanted)), rtol=1e-15, err_msg=f"{name}{given}")
                if wanted == 0 and name in ("divide", "reciprocal"):
                    assert math.copysign(1, found) == np.copysign(1, wanted)


def test_what_a_formula_cannot_do_is_said() -> None:
    def branches(xp: Any, x: Any, y: Any) -> Any:
        return x if x > 0 else -x

    cases: list[tuple[Callable[..., Any], str, str]] = [
        (branches, "branch", "y"),
        (lambda xp, x, y: xp.sum(x), "xp.sum cannot stand", "y"),
        (lambda xp, x, y: (x, x), "returns 2 values for 1 outputs", "y"),
        (lambda xp, x, y: x + np.ones(3), "takes its own arrays and real numbers, not ndarray", "y"),
        (lambda xp, x, y: x * 2j, "real numbers, not complex", "y"),
        (lambda xp, x, y: "x", "real numbers, not str", "y"),
    ]
    for formula, message, writes in cases:
        with pytest.raises(RuleError, match=message):
            Kernel(formula, writes).program(["x", "y"], (), (), {})


@pytest.mark.parametrize("dtype", ["int64", "bool", "complex64"])
def test_kernels_are_for_real_floats(dtype: str) -> None:
    x = np.zeros(3, dtype)
    with pytest.raises(DTypeError, match=f"x is {dtype}"):
        Kernel(lambda xp, x, y: x + 1, "y").bind({"x": x, "y": np.zeros(3)})({})


# --- the text for CUDA -----------------------------------------------------------------------------------------------------


def text(formula: Callable[..., Any], dtype: str = "f4", arrays: str = "x") -> Text:
    made = program(formula, arrays)
    storage = dict.fromkeys(made.arrays, np.dtype(dtype))
    return Text(made, storage, max(np.dtype("f4"), np.dtype(dtype), key=lambda t: t.itemsize))


def test_constants_in_the_text_have_the_kernels_type() -> None:
    def formula(xp: Any, x: Any, y: Any) -> Any:
        return x * 0.1 + -2.0 - xp.maximum(x, xp.inf) - xp.minimum(x, 1e300) / -0.0

    single, double = text(formula).body, text(formula, "f8").body
    assert "0.10000000149011612f" in single and "(-2.0f)" in single and "(-0.0f)" in single and "1e+300" not in single
    assert "0.1;" in double and "(-2.0)" in double and "1e+300" in double and "0.0f" not in double
    assert "nan" not in single and "inf" not in single


def test_any_name_is_a_name_in_the_text() -> None:
    formula = eval("lambda xp, double, i, T, v0, numbers, β, y: double + i + T + v0 + numbers + β")
    made = text(formula, arrays="double i T v0 numbers β")
    assert made.name == "gf_lambda" and made.body.isascii()
    words = [p.split()[-1] for p in [*made.in_params.split(", "), made.out_params]]
    assert len(set(words)) == 7 and all(w.isidentifier() and w.isascii() for w in words)
    assert not set(words) & {"double", "i", "T", "v0", "numbers"}


# --- threads ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def three_threads() -> Iterator[None]:
    before = gf.get_num_threads()
    gf.set_num_threads(3)
    yield
    gf.set_num_threads(before)


def test_the_number_of_threads_is_a_whole_number_above_0(three_threads: None) -> None:
    assert gf.get_num_threads() == 3
    for wrong in (0, -1, 2.0, "2", True, None):
        with pytest.raises(ArgumentError, match="whole number of at least 1"):
            gf.set_num_threads(wrong)  # type: ignore[arg-type]
    assert gf.get_num_threads() == 3


@pytest.mark.parametrize(("said", "wanted"), [("3", 3), ("2,4", 2), ("0", None), ("many", None), (None, None)])
def test_omp_num_threads_is_obeyed(said: str | None, wanted: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if said is None:
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    else:
        monkeypatch.setenv("OMP_NUM_THREADS", said)
    monkeypatch.setattr(threads, "_count", None)
    assert gf.get_num_threads() == (wanted or threads._at_start())
    assert gf.get_num_threads() >= 1


def test_work_is_shared(three_threads: None) -> None:
    together = threading.Barrier(3, timeout=20)
    names: set[str] = set()

    def work(item: int) -> None:
        if item < 3:
            together.wait()  # passes only if three threads work at once
        names.add(threading.current_thread().name)

    threads.for_each(work, range(30))
    assert len(names) == 3


def test_numpys_error_state_holds_in_all_threads(three_threads: None) -> None:
    together = threading.Barrier(3, timeout=20)
    said: list[str] = []

    def work(item: int) -> None:
        together.wait()
        said.append(np.geterr()["divide"])

    with np.errstate(divide="ignore"):
        threads.for_each(work, range(3))
    assert said == ["ignore"] * 3


@pytest.mark.parametrize("where", ["a worker", "this thread", "all"])
def test_an_error_is_raised_once_all_have_stopped(three_threads: None, where: str) -> None:
    together = threading.Barrier(3, timeout=20)
    here = threading.current_thread()
    running: list[int] = []

    def work(item: int) -> None:
        running.append(item)
        try:
            if item < 3:
                together.wait()
            mine = threading.current_thread() is here
            if where == "all" or mine == (where == "this thread"):
                raise ValueError(f"item {item}")
            threading.Event().wait(0.02)
        finally:
            running.remove(item)

    with pytest.raises(ValueError, match="item"):
        threads.for_each(work, range(6))
    assert running == []


def test_small_arrays_never_touch_the_pool(monkeypatch: pytest.MonkeyPatch, three_threads: None) -> None:
    asked: list[int] = []
    monkeypatch.setattr(threads, "for_each", lambda work, items: asked.append(len(items)))
    kernel = Kernel(lambda xp, x, y: x + 1, "y")
    for bytes_, wanted in ((8, 0), (numpy_writer.PARALLEL_BYTES - 8, 0), (numpy_writer.PARALLEL_BYTES, 1)):
        x = np.zeros(bytes_ // 8)
        kernel.bind({"x": x, "y": x.copy()})({})
        assert len(asked) == wanted
    gf.set_num_threads(1)
    kernel.bind({"x": x, "y": x.copy()})({})
    assert len(asked) == 1


def test_a_kernel_runs_after_a_fork() -> None:
    program = """
import os, sys
import numpy as np
import gradflow as gf
from gradflow._kernels import Kernel
from gradflow._programs import numpy_writer
gf.set_num_threads(2)
kernel, x = Kernel(lambda xp, x: x + 1, "x"), np.zeros(numpy_writer.PARALLEL_BYTES // 8)
kernel.bind({"x": x})({})
child = os.fork()
kernel.bind({"x": x})({})
assert (x == 2).all()
if child:
    assert os.waitpid(child, 0)[1] == 0
    print("both")
os._exit(0) if not child else None
"""
    if not hasattr(sys.modules["os"], "fork"):
        pytest.skip("no fork on this system")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "both\n"), done.stderr


# --- the list of all kernels -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_list_has_every_place_that_makes_a_kernel() -> None:
    assert listed.places() == listed.PLACES


def test_the_list_has_every_optimizer_of_one_formula() -> None:
    public = [getattr(gf.optim, name) for name in gf.optim.__all__]
    public = [c for c in public if isinstance(c, type) and issubclass(c, gf.optim.ElementwiseOptimizer) and hasattr(c, "formula")]
    assert set(public) == set(listed.optimizers()) and len(public) > 10


@pytest.mark.slow
@pytest.mark.parametrize("cls", listed.optimizers(), ids=lambda c: c.__name__)
def test_the_list_has_an_optimizer_under_all_its_settings(cls: Any) -> None:
    cases = listed.Cases()
    listed.of_optimizer(cases, cls, ("float16",))

    def both(what: str, other: str) -> None:
        assert any(f", {what}," in asked for asked in cases.asked), what
        assert any(other in asked if other else f", {what}," not in asked for asked in cases.asked), other or what

    takes = inspect.signature(cls).parameters
    for option in cls.formula.options:
        if option in takes or option == "first":
            both(f"{option} = True", f", {option} = False,")
    for name in cls.formula.names:
        if name in takes or name in ("beta1", "beta2", "momentum_buffer", "grad_avg", "max_exp_avg_sq"):
            both(f"no {name}" if name in cls.formula.writes else f"{name} = 0", "")
    assert any(SCALE in c.program.given for c in cases.values())
    assert all(LOW in c.storage for c in cases.values())


def test_a_program_has_numbers_where_it_needs_them() -> None:
    assert xp.sqrt(4.0) == 2.0 and xp.pi == math.pi and xp.square(3) == 9
