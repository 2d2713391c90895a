"""Every kernel that the package can write, found by running what asks for them; for the tests and for ci/kernels."""

from __future__ import annotations

import ast
import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import gradflow as gf
from gradflow import _kernels as kernels
from gradflow._engine import REGISTRY
from gradflow._engine.writing import make_callable
from gradflow._kernels import LOW, Kernel
from gradflow._programs import computed_in
from gradflow._programs.cuda_writer import Text
from gradflow._programs.primitives import PRIMITIVES
from gradflow._programs.program import Program
from gradflow.errors import ArgumentError

DTYPES = ("float16", "float32", "float64")

STEPS = {"RAdam": 8}
"""RAdam divides by the root of v from its sixth step on; all others have met all their kernels after two."""

CHOICES: dict[str, list[Any]] = {
    "betas": [(0.9, 0.99), (0.9, 0.0), (0.0, 0.99), (0.0, 0.0)],
    "etas": [(0.5, 1.2)],
    "step_sizes": [(1e-6, 50.0), (0.0, 50.0)],
    "error_on_nonfinite": [False],  # looked at before the kernel runs
}
"""Settings that are neither a number, tried with a value and with 0, nor a choice of two."""

PLACES = {
    # ElementwiseKernels as CuPy takes them: those of backend/cuda.py by name, and the one that all formulas become.
    ("backend/cuda.py", "ElementwiseKernel", "_recurrence"),
    ("backend/cuda.py", "ElementwiseKernel", "_sigmoid"),
    ("backend/__init__.py", "ElementwiseKernel", "elementwise_kernel"),
    ("_programs/cuda_writer.py", "elementwise_kernel", "CudaKernel"),
    # Formulas; those of the optimizers, which are the class's attribute, join below.
    ("_kernels.py", "Kernel", "Kernel"),  # a formula on a gradient that is scaled
    ("_kernels.py", "Kernel", "Fusion"),  # definitions and rules of operations that say fuse=True
    ("_engine/writing.py", "Fusion", "_fused"),
    ("_fusing.py", "Kernel", "_FusedFunction"),  # functions of the user's, made of primitives
}  # fmt: skip
"""Where the package makes kernels: (file, what is called, the function, class or variable around it)."""

_MAKERS = {
    "ElementwiseKernel", "RawKernel", "RawModule", "ReductionKernel", "elementwise_kernel", "CudaKernel", "Kernel", "Fusion",
}  # fmt: skip


def places() -> set[tuple[str, str, str]]:
    """Where the package really makes kernels, in the words of ``PLACES``; optimizers stand in ``optim/*``."""
    found = set()
    package = Path(inspect.getfile(gf)).parent
    for path in sorted(package.rglob("*.py")):
        file = path.relative_to(package).as_posix()
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            for node in ast.walk(statement):
                if isinstance(node, ast.Call):
                    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                    if called in _MAKERS:
                        found.add(("optim/*" if file.startswith("optim/") else file, called, _named(statement)))
    return found


def _named(statement: ast.stmt) -> str:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return statement.name
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id
    return ast.unparse(statement)


@dataclass
class Case:
    """One kernel as the writers get it."""

    origin: str
    program: Program
    storage: dict[str, np.dtype[Any]]
    said: str

    def __post_init__(self) -> None:
        self.compute = computed_in(self.storage)
        self.text = Text(self.program, self.storage, self.compute)
        self.key = (self.text.name, self.text.in_params, self.text.out_params, self.text.body)

    def __str__(self) -> str:
        return f"{self.origin} ({'/'.join(dict.fromkeys(map(str, self.storage.values())))}){self.said}"


class _Idle:
    """A kernel that does nothing."""

    @staticmethod
    def bind(arrays: Any) -> Callable[..., None]:
        return lambda *numbers: None


class Cases(dict[tuple[str, ...], Case]):
    """Kernels by their text; ``asked`` is what was said of all that were asked for, of those with the same text too."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def add(self, case: Case) -> None:
        self.setdefault(case.key, case)

    def record(self, origin: str, run: Callable[[], None]) -> None:
        """Add the kernels that ``run`` asks for; no kernel is written and none runs."""
        seen = set()

        def written(kernel: Kernel, xp: Any, storage: Mapping[str, Any], absent: Any, zero: Any, options: Any, low: Any) -> Any:
            key = (id(kernel), tuple(storage.items()), absent, zero, options, low)
            if key not in seen:
                seen.add(key)
                chosen = dict(zip(kernel.options, options, strict=True))
                program = kernel.program(list(storage), absent, zero, chosen, low is not None)
                said = [f"{n} = 0" for n in zero] + [f"no {n}" for n in absent] + [f"{n} = {v}" for n, v in chosen.items()]
                dtypes = dict(storage) if low is None else {**storage, LOW: low}
                case = Case(origin, program, dtypes, "".join(f", {s}" for s in said))
                self.asked.add(f"{case},")
                self.add(case)
            return _Idle

        def run_once(kernel: Kernel, arrays: Mapping[str, Any]) -> None:  # without noting for good what is not a kernel
            written(kernel, None, {n: a.dtype for n, a in arrays.items()}, (), (), (), None)

        with mock.patch.object(Kernel, "written", written), mock.patch.object(Kernel, "run", run_once):
            run()


def optimizers() -> list[type[gf.optim.ElementwiseOptimizer]]:
    """The package's optimizers of one formula."""
    found, left = [], [gf.optim.ElementwiseOptimizer]
    while left:
        for cls in left.pop().__subclasses__():
            left.append(cls)
            if hasattr(cls, "formula") and cls.__module__.startswith("gradflow."):
                found.append(cls)
    return sorted(found, key=lambda c: c.__name__)


PLACES |= {("optim/*", "Kernel", cls.__name__) for cls in optimizers() if "formula" in vars(cls)}


def settings(cls: type[gf.optim.Optimizer]) -> Iterator[dict[str, Any]]:
    """All combinations of an optimizer's settings that may lead to another text."""
    parameters = [p for p in inspect.signature(cls).parameters.values() if p.name != "params"]
    choices = [
        CHOICES.get(p.name) or ([False, True] if isinstance(p.default, bool) else [p.default or 0.5, 0.0]) for p in parameters
    ]
    for values in itertools.product(*choices):
        yield {p.name: v for p, v in zip(parameters, values, strict=True)}


def of_optimizer(cases: Cases, cls: type[gf.optim.ElementwiseOptimizer], dtypes: tuple[str, ...] = DTYPES) -> None:
    """The kernels of an optimizer under all its settings; float16 also with gradients that are scaled."""

    def run() -> None:
        for chosen, dtype in itertools.product(settings(cls), dtypes):
            for scale in (None, 2.0) if dtype == "float16" else (None,):
                p = gf.zeros(1, dtype=getattr(gf, dtype), device="cpu", requires_grad=True)
                try:
                    optimizer: Any = cls([p], **chosen)
                except ArgumentError:
                    continue  # settings that exclude each other
                optimizer.grad_scale = scale
                p.grad = gf.zeros(1, dtype=p.dtype, device="cpu")
                for _ in range(STEPS.get(cls.__name__, 2)):
                    optimizer.step()

    cases.record(cls.__name__, run)


def fused_operations() -> list[Any]:
    """The package's operations whose definition and rules are kernels."""
    return sorted((op for op in REGISTRY.values() if op.fuse), key=lambda op: op.name)


def of_operation(cases: Cases, op: Any, dtypes: tuple[str, ...] = DTYPES) -> None:
    """The kernels of an operation and of its derivatives, its parameters being at their defaults."""

    def run() -> None:
        for dtype in dtypes:
            inputs = [gf.zeros(1, dtype=getattr(gf, dtype), device="cpu", requires_grad=True) for _ in op.inputs]
            make_callable(op)(*inputs).sum().backward()

    with mock.patch.object(kernels, "FUSED_FROM", 0):
        cases.record(op.name, run)


def of_primitives(cases: Cases, dtypes: tuple[str, ...] = DTYPES) -> None:
    """A kernel for each primitive, of which everything else is made."""
    for name, dtype in itertools.product(PRIMITIVES, dtypes):
        kernel = Kernel(probe(name), "y", ["x", "z", "y"])
        storage = dict.fromkeys(("x", "z", "y"), np.dtype(dtype))
        cases.add(Case(name, kernel.program(list(storage), (), (), {}), storage, ""))


def probe(name: str) -> Callable[..., Any]:
    """A formula that is one primitive, of ``x`` and ``z``."""

    def formula(xp: Any, x: Any, z: Any, y: Any) -> Any:
        if name == "cast":
            return x > z
        if name == "where":
            return xp.where(x > z, x, z)
        if name.startswith("logical"):
            tests = [x > z, x > 0.0][: 1 if name == "logical_not" else 2]
            return getattr(xp, name)(*tests)
        two = PRIMITIVES[name].c.count("{1}") > 0
        return getattr(xp, name)(x, z) if two else getattr(xp, name)(x)

    formula.__name__ = f"primitive_{name}"
    return formula


def all_cases(dtypes: tuple[str, ...] = DTYPES) -> Cases:
    cases = Cases()
    of_primitives(cases, dtypes)
    for op in fused_operations():
        of_operation(cases, op, dtypes)
    for cls in optimizers():
        of_optimizer(cases, cls, dtypes)
    return cases
