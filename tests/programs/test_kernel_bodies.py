"""The bodies of the CUDA kernels, compiled for the host and run against what NumPy makes of the same formulas.

A GPU may still round otherwise (it fuses products with sums, and flushes float32 numbers below 1e-38 to 0).
"""

from __future__ import annotations

import ctypes
from typing import Any

import kernel_cases as listed
import numpy as np
import pytest
from cupy_stand_in import compiler
from kernel_cases import Case
from random_formulas import RandomFormula

from gradflow._programs.numpy_writer import NumPyKernel

pytestmark = pytest.mark.cpu_only("runs the bodies of CUDA's kernels on the host, whatever device the suite runs on")

# -Werror: a double in the body of a float32 kernel, or a rounding that the text does not say, is an error.
FLAGS = (
    *(f for f in compiler.FLAGS if f not in ("-w", "-O1")),
    "-O0",
    "-Wdouble-promotion",
    "-Wconversion",
    "-Wfloat-conversion",
    "-Werror",
)

ROUNDED = {
    "power": 2, "expm1": 2, "log1p": 2, "tanh": 3, "sinh": 3, "cosh": 2, "exp": 2, "log": 2, "sin": 2, "cos": 2, "arctan": 2,
    "erf": 2,
}  # fmt: skip
"""Units in the last place by which two good libraries may differ; everything else is exact."""

C = {"float16": "float16", "float32": "float", "float64": "double"}


def function_of(case: Case, name: str) -> str:
    """A loop over a body."""
    text = case.text
    taken, inside = [], []
    for parameters, const in ((text.in_params, "const "), (text.out_params, "")):
        for parameter in parameters.split(", "):
            words = parameter.split()
            if not words:
                continue
            kind = f"{const}{C[words[-2]]}"
            raw = words[0] == "raw"
            taken.append(f"{kind}* {words[-1] if raw else 'p' + words[-1]}")
            if not raw:
                inside.append(f"{kind} &{words[-1]} = p{words[-1]}[i];")
    return (f'extern "C" void {name}(ptrdiff_t n, {", ".join(taken)}) {{\n'
            f"for (ptrdiff_t i = 0; i < n; ++i) {{\n{' '.join(inside)}\n{text.body}\n}} }}\n")  # fmt: skip


class Bodies:
    """Kernels by their text, with their bodies compiled in one go."""

    def __init__(self, cases: list[Case], flags: tuple[str, ...] = FLAGS) -> None:
        source = "".join(function_of(case, f"body_{i}") for i, case in enumerate(cases))
        quiet = '#pragma GCC diagnostic push\n#pragma GCC diagnostic ignored "-Wconversion"\n'
        header = f"{quiet}{compiler.HEADER}\n#pragma GCC diagnostic pop\n"
        library = compiler.library(header + source, flags)
        self._functions = {case.key: getattr(library, f"body_{i}") for i, case in enumerate(cases)}

    def run(self, case: Case, arrays: dict[str, Any], numbers: Any) -> None:
        held = [arrays[n] for n in case.text.inputs]
        held += [numbers] * bool(case.program.numbers)
        held += [arrays[n] for n in case.text.outputs]
        assert all(a.flags.c_contiguous for a in held)
        size = next(iter(arrays.values())).size
        self._functions[case.key](ctypes.c_ssize_t(size), *[ctypes.c_void_p(a.ctypes.data) for a in held])


def numbers_for(case: Case, rng: np.random.Generator) -> list[float]:
    """Values for the formula's numbers."""
    return [0.25 + 0.5 * rng.random() for _ in range(case.program.compute.__code__.co_argcount)]


def compared(bodies: Bodies, case: Case, seed: int = 0) -> None:
    """Run a kernel's body and its NumPy form on the same numbers."""
    rng = np.random.default_rng(seed)
    special = np.array([0.0, -0.0, 1.0, -1.0, 6e-8, -3e4, np.inf, -np.inf, np.nan])
    arrays = {}
    for name, dtype in case.storage.items():
        values = rng.standard_normal(60)
        values[::4] = special[rng.integers(0, len(special), 15)]
        arrays[name] = values.astype(dtype)
    there, here = ({n: a.copy() for n, a in arrays.items()} for _ in range(2))
    given = numbers_for(case, rng)
    with np.errstate(all="ignore"):
        NumPyKernel(None, case.program, case.storage, case.compute).bind(list(here.values()))(*given)
        bodies.run(case, there, np.array(case.program.compute(*given), case.compute))
    units = sum(ROUNDED.get(node.name, 0) for node in case.program.body)
    for name in arrays:
        if units == 0:
            np.testing.assert_array_equal(there[name], here[name], err_msg=f"{case}: {name}\n{case.text.body}")
        else:
            eps = np.finfo(case.storage[name]).eps
            np.testing.assert_allclose(
                there[name], here[name], rtol=units * eps, atol=units * eps, err_msg=f"{case}: {name}\n{case.text.body}"
            )


@pytest.fixture(scope="module")
def cases() -> dict[str, list[Case]]:
    """All kernels, by what asks for them."""
    compiler.compiler()  # or skip
    found: dict[str, list[Case]] = {}
    for case in listed.all_cases().values():
        found.setdefault("primitive" if case.program.name.startswith("primitive") else case.origin, []).append(case)
    return found


@pytest.fixture(scope="module")
def bodies(cases: dict[str, list[Case]]) -> Bodies:
    return Bodies([c for cs in cases.values() for c in cs])


ORIGINS = ["primitive", *(op.name for op in listed.fused_operations()), *(cls.__name__ for cls in listed.optimizers())]


@pytest.mark.slow
@pytest.mark.parametrize("origin", ORIGINS)
def test_a_body_computes_what_numpy_does(cases: dict[str, list[Case]], bodies: Bodies, origin: str) -> None:
    for i, case in enumerate(cases.get(origin, ())):
        compared(bodies, case, i)


@pytest.mark.slow
def test_bodies_of_random_formulas_compute_what_numpy_does() -> None:
    compiler.compiler()
    some = []
    for seed in range(180):
        f = RandomFormula(seed, exact=True)
        storage = {n: np.dtype(listed.DTYPES[seed % 3]) for n in [*f.arrays, *f.fresh]}
        if seed % 4 == 0:  # several dtypes at once
            storage |= {n: np.dtype(listed.DTYPES[i % 3]) for i, n in enumerate(storage)}
        some.append(Case(f.__name__, f.kernel().program(list(storage), (), (), {}), storage, ""))
    there = Bodies(some)
    for case in some:
        compared(there, case)


@pytest.mark.slow
def test_faults_in_a_body_are_found(cases: dict[str, list[Case]]) -> None:
    case = next(
        c for c in cases["primitive"] if c.program.name == "primitive_exp" and set(c.storage.values()) == {np.dtype("f4")}
    )
    text, said = case.text, case.text.body
    try:
        text.body = said.replace("exp(", "1.0 / exp(")
        with pytest.raises(RuntimeError, match=r"Werror=(double-promotion|float-conversion)"):
            Bodies([case])
        text.body = said.replace("exp(", "0.99999f * exp(")
        wrong = Bodies([case])
        with pytest.raises(AssertionError, match=r"exp \(float32\): y"):
            compared(wrong, case)
    finally:
        text.body = said
