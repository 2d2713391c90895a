"""Every namespace in which rules run keeps the contract (gradflow/backend/contract.py), and so do the rules themselves."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any

import cupy_stand_in
import numpy as np
import pytest
from backend_source import statements
from cupy_stand_in import snapshot

import gradflow as gf
from gradflow._numpy import functions as recorded
from gradflow._programs.primitives import PRIMITIVES
from gradflow._standins import batching
from gradflow._standins.batch import NoBatch
from gradflow._standins.symbol import Symbols
from gradflow.backend import contract, cpu
from gradflow.backend.contract import ASKED_OF_ARRAYS, CONSTANTS, FUNCTIONS, KERNELS_ALONE, SERVICES, ContractEntry
from gradflow.errors import RuleError

FOLDER = Path(gf.__file__).parent
Contract = dict[str, ContractEntry]
ANY = Parameter.empty
BY_NAME, BY_PLACE = Parameter.KEYWORD_ONLY, (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
UNSAID = object()
"""A default that the snapshot of CuPy does not tell."""


# --- signatures -------------------------------------------------------------------------------------------------------


def signature(parameters: str) -> Signature:
    """The signature spelled as in the contract."""
    return inspect.signature(eval(f"lambda {parameters}: None", {"UNSAID": UNSAID}))


def of_stand_in(parameters: str) -> Signature:
    """The signature without what is for the backends alone."""
    made = signature(parameters)
    return made.replace(parameters=[p for p in made.parameters.values() if p.name not in ("copy", "out")])


WANTED = {name: signature(f.signature) for name, f in FUNCTIONS.items()}


def misfits(wanted: Signature, found: Signature) -> str:
    """What hinders ``found`` from taking every call that ``wanted`` allows, and from meaning the same; "" if nothing does."""
    places = [p for p in found.parameters.values() if p.kind in BY_PLACE]
    variadic = {p.kind: p for p in found.parameters.values()}
    met = []
    for i, p in enumerate(wanted.parameters.values()):
        if p.kind is Parameter.VAR_POSITIONAL:
            q = variadic.get(p.kind)
        elif p.kind is BY_NAME:
            q = found.parameters.get(p.name) or variadic.get(Parameter.VAR_KEYWORD)
        else:
            q = places[i] if i < len(places) else variadic.get(Parameter.VAR_POSITIONAL)
        if q is None or (p.kind is BY_NAME and q.kind is Parameter.POSITIONAL_ONLY):
            return f"takes no {p.name}"
        if p.kind is Parameter.POSITIONAL_OR_KEYWORD and q.name != p.name and q.kind in BY_PLACE:
            return f"calls {p.name} {q.name}"
        if q.kind in (*BY_PLACE, BY_NAME) and p.default is not ANY and q.default not in (p.default, UNSAID):
            return f"has {p.name}={q.default!r}, not {p.default!r}"
        met.append(q.name)
    needed = [q.name for q in found.parameters.values() if q.default is ANY and q.kind in (*BY_PLACE, BY_NAME)]
    more = [name for name in needed if name not in met]
    return f"needs {more[0]}" if more else ""


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        ("x, axis=None, keepdims=False", ""),
        ("a, axis=None, out=None, *, keepdims=False, where=True", ""),
        ("a, axis=None, dtype=None, keepdims=False, /", "takes no keepdims"),
        ("a, dim=None, keepdims=False", "calls axis dim"),
        ("a, axis=0, keepdims=False", "has axis=0, not None"),
        ("a, axis, keepdims=False", "has axis=<class 'inspect._empty'>, not None"),
        ("a, axis=None, *, keepdims=False, kind", "needs kind"),
        ("a, axis=UNSAID, *, keepdims=False", ""),
    ],
)
def test_the_comparison_of_signatures_sees_a_difference(found: str, problem: str) -> None:
    assert misfits(signature("x, /, axis=None, *, keepdims=False"), signature(found)) == problem


def signature_of(function: Any) -> Signature | None:
    """None for what is no function, and for functions of NumPy that tell none."""
    if isinstance(function, np.ufunc):
        return signature(", ".join("abc"[: function.nin]) + ", /, out=None, **more")
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


# --- the two backends, read from their source -------------------------------------------------------------------------


def header(function: ast.FunctionDef, first: int = 0) -> Signature:
    """The signature of a definition, without annotations and its ``first`` parameters."""
    for arg in ast.walk(function.args):
        if isinstance(arg, ast.arg):
            arg.annotation = None
    made = inspect.signature(eval(f"lambda {ast.unparse(function.args)}: None"))
    return made.replace(parameters=list(made.parameters.values())[first:])


def bodies(path: Path) -> dict[str, ast.FunctionDef]:
    return {n.name: n for n in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(n, ast.FunctionDef)}


def named(file: str) -> Iterator[tuple[str, ast.stmt | ast.expr]]:
    """What a backend defines: names, and the definition or the expression that each is."""
    for statement in statements(file):
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            yield statement.name, statement
        elif isinstance(statement, ast.Assign):
            (target,) = statement.targets if len(statement.targets) == 1 else (ast.Tuple(statement.targets),)
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            values = statement.value.elts if isinstance(statement.value, ast.Tuple) else [statement.value] * len(names)
            yield from ((n.id, v) for n, v in zip(names, values, strict=True) if isinstance(n, ast.Name))


def backend_of(file: str, library: Callable[[str], Signature | None]) -> dict[str, Signature | None]:
    """The public names of a backend with their signatures; ``library`` gives that of ``np.x`` and ``cupy.x``."""
    found: dict[str, Signature | None] = {}
    for name, value in named(file):
        if isinstance(value, ast.FunctionDef):
            found[name] = header(value)
        elif isinstance(value, ast.Attribute):
            found[name] = library(value.attr)
        elif isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "when_called":
            module = ast.literal_eval(value.args[1]).strip(".")
            function = bodies(FOLDER / "backend" / f"{module}.py").get(name)
            found[name] = None if function is None else header(function, len(value.args) - 3)
        else:
            found[name] = None
    return {n: s for n, s in found.items() if not n.startswith("_") and n != "builtin_any"}


def cupys(name: str) -> Signature | None:
    """The signature of one of CuPy's functions, as the snapshot tells it."""
    api = snapshot.API["cupy"]
    if name in api["ufuncs"]:
        return signature(", ".join("abc"[: api["ufuncs"][name]["nin"]]) + ", /, out=None, **more")
    words = api["functions"].get(name)
    return None if words is None else signature(", ".join(w[:-1] + "=UNSAID" if w.endswith("=") else w for w in words.split()))


CPU = backend_of("cpu.py", lambda name: signature_of(getattr(np, name)))
CUDA = backend_of("cuda.py", cupys)


def backend_problems(names: dict[str, Signature | None], table: Contract) -> list[str]:
    wanted = {*table, *CONSTANTS, *SERVICES}
    found = [f"{n} is in the contract only" for n in wanted - names.keys()]
    found += [f"{n} is neither in the contract nor a service" for n in names.keys() - wanted]
    pairs = [(n, signature(f.signature), names.get(n)) for n, f in table.items()]
    return sorted(found + [f"{n} {misfits(w, f)}" for n, w, f in pairs if f is not None and misfits(w, f)])


@pytest.mark.parametrize("names", [CPU, CUDA], ids=["cpu", "cuda"])
def test_backends_keep_the_contract(names: dict[str, Signature | None]) -> None:
    assert backend_problems(names, FUNCTIONS) == []
    assert sum(names[n] is not None for n in FUNCTIONS) > len(FUNCTIONS) - 5  # there is something to compare


def test_a_name_stands_in_the_contract_once() -> None:
    names = [n for *_, listed in contract._TABLE for n in listed.split()] + [*CONSTANTS, *KERNELS_ALONE, *SERVICES]
    assert len(names) == len(set(names)) > 150


def test_what_cpu_py_says_is_what_it_has() -> None:
    assert [n for n in CPU if not hasattr(cpu, n)] == []


# --- the stand-in for CuPy --------------------------------------------------------------------------------------------


def test_the_stand_in_for_cupy_keeps_the_contract() -> None:
    there = {n: v for n, v in named("cuda.py") if n in FUNCTIONS}
    own: dict[str, ast.FunctionDef] = {}
    for path in Path(cupy_stand_in.__file__).parent.glob("*.py"):
        own |= {n.rstrip("_"): d for n, d in bodies(path).items() if d.decorator_list}
    taken = [v.attr for v in there.values() if isinstance(v, ast.Attribute)]
    offered = {*cupy_stand_in.functions.FUNCTIONS, *cupy_stand_in.functions.UFUNCS}
    assert len(taken) > 80 and sorted(set(taken) - offered) == []
    seen = [(n, signature(FUNCTIONS[n].signature), header(own[n])) for n in taken if n in own and n in FUNCTIONS]
    packed = {"args", "operands", "kwargs"}  # a definition that is given CuPy's *args as one
    problems = [f"{n} {misfits(w, f)}" for n, w, f in seen if not packed & f.parameters.keys() and misfits(w, f)]
    assert len(seen) > 15 and problems == []


# --- stand-ins for arrays ---------------------------------------------------------------------------------------------


class _Backend:
    """Has every function of the contract, and tells which was asked for."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: name


def batch_problems(table: Contract, namespace: type = batching.Batching) -> list[str]:
    found = []
    own = {n: f for c in namespace.__mro__ for n, f in vars(c).items() if not n.startswith("_") and n != "spread"}
    for name, function in table.items():
        takes = function.stand_ins & {"batch", "shared"}
        if name in own:
            problem = misfits(of_stand_in(function.signature), _without_self(own[name]))
            if takes != {"batch"}:
                found.append(f"{name} has a form that the contract denies")
            elif problem:
                found.append(f"{name} {problem}")
        elif takes == {"batch"} and function.kind not in batching.FORMS:
            found.append(f"{name} has no form for batches")
        elif takes == {"batch", "shared"}:
            found.append(f"{name} both takes a batch and takes none")
    return sorted(found + [f"{n} is not in the contract" for n in own.keys() - table.keys()])


def _without_self(function: Any) -> Signature:
    made = inspect.signature(function)
    return made.replace(parameters=list(made.parameters.values())[1:])


def test_batches_keep_the_contract() -> None:
    assert batch_problems(FUNCTIONS) == []
    xp: Any = batching.Batching(_Backend(), 3)
    for name in (n for n, f in FUNCTIONS.items() if not f.stand_ins & {"batch", "shared"}):
        with pytest.raises(NoBatch, match=rf"xp\.{name} takes no batch"):
            getattr(xp, name)
    assert xp.arange(3) == "arange"
    with pytest.raises(AttributeError, match="contract"):
        xp.synchronize


def kernel_problems(table: Contract, namespace: type = Symbols) -> list[str]:
    own = {n: f for n, f in vars(namespace).items() if not n.startswith("_") and n not in CONSTANTS}
    offered = own.keys() | PRIMITIVES.keys()
    said = {n for n, f in table.items() if "kernel" in f.stand_ins} | {*KERNELS_ALONE}
    found = [f"{n} has no form for kernels" for n in said - offered]
    found += [f"{n} is a form that the contract denies" for n in offered - said]
    for name in said & table.keys():
        wanted = signature(table[name].signature)
        if name in own:
            problem = misfits(wanted, _without_self(own[name]))
            found += [f"{name} {problem}"] if problem else []
        elif name in PRIMITIVES:
            takes = max(i + 1 for i in range(3) if f"{{{i}}}" in PRIMITIVES[name].c)
            found += [f"{name} takes {takes}"] if takes != len(wanted.parameters) else []
    return sorted(found)


def test_symbols_keep_the_contract() -> None:
    assert kernel_problems(FUNCTIONS) == []
    for name in (n for n, f in FUNCTIONS.items() if "kernel" not in f.stand_ins):
        with pytest.raises(RuleError, match=rf"xp\.{name} cannot stand"):
            getattr(Symbols(), name)


def recorded_problems(table: Contract, namespace: Any = recorded) -> list[str]:
    found = []
    for name, function in table.items():
        made = getattr(namespace, name, None)
        if ("recorded" in function.stand_ins) != (made is not None):
            found.append(f"{name} is recorded only {'in the contract' if made is None else 'outside of the contract'}")
        elif made is not None:
            there = signature_of(made)
            assert there is not None
            problem = misfits(of_stand_in(function.signature), there)
            found += [f"{name} {problem}"] if problem else []
    return sorted(found)


def test_recorded_functions_keep_the_contract() -> None:
    assert recorded_problems(FUNCTIONS) == []
    assert all(hasattr(recorded, n) for n in CONSTANTS)


@pytest.mark.parametrize(("stand_in", "known"), [("batch", "matmul"), ("kernel", "sqrt"), ("recorded", "sqrt")])
def test_a_forgotten_form_is_told(stand_in: str, known: str) -> None:
    """A function of the contract that a namespace lacks, and a form that the contract does not know."""
    more = FUNCTIONS | {"absent": ContractEntry("root", "x, /", frozenset({stand_in}))}
    less = FUNCTIONS | {known: FUNCTIONS[known]._replace(stand_ins=FUNCTIONS[known].stand_ins - {stand_in})}
    problems = {"batch": batch_problems, "kernel": kernel_problems, "recorded": recorded_problems}[stand_in]
    assert [p.split()[0] for p in problems(more)] == ["absent"]
    assert [p.split()[0] for p in problems(less)] == [known]
    assert backend_problems(CPU, more) == backend_problems(CUDA, more) == ["absent is in the contract only"]
    assert backend_problems(CPU | {"absent": None}, FUNCTIONS) == ["absent is neither in the contract nor a service"]
    other = FUNCTIONS | {"sum": FUNCTIONS["sum"]._replace(signature="x, /, axis=0")}
    assert backend_problems(CPU, other) == ["sum has axis=None, not 0"] == recorded_problems(other)


# --- rules and definitions --------------------------------------------------------------------------------------------

FORBIDDEN = {"abs", "bool", "complex", "float", "getattr", "hasattr", "int", "isinstance", "round", "type"}
OF_ARRAYS = {n for n in dir(np.ndarray) if not n.startswith("__")} - {*ASKED_OF_ARRAYS}
LOOKS_AT_NUMBERS = {"check_classes"}  # on purpose, and on the host only; it is neither a rule nor a definition


def over_xp(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.Lambda]:
    """The rules, the definitions and their helpers: what has a parameter ``xp``, and the lambdas with one called ``g``."""
    for n in ast.walk(tree):
        if isinstance(n, ast.FunctionDef | ast.Lambda):
            names = [a.arg for a in n.args.args]
            if "xp" in names[:1] or (isinstance(n, ast.Lambda) and "g" in names):
                yield n


def calls_of_xp(tree: ast.AST) -> Iterator[tuple[str, ast.Call | None]]:
    """Each ``xp.NAME`` with the call that it is the function of."""
    calls = {id(n.func): n for n in ast.walk(tree) if isinstance(n, ast.Call)}
    for n in ast.walk(tree):
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "xp":
            yield n.attr, calls.get(id(n))


def rule_problems(source: str) -> list[str]:
    """What in a module of operations is not in the contract."""
    tree, found = ast.parse(source), set()
    modules = {a.asname or a.name for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom) for a in n.names}
    for name, call in calls_of_xp(tree):
        if name not in FUNCTIONS and name not in CONSTANTS:
            found.add(f"xp.{name}")
        elif call is not None and not any(isinstance(a, ast.Starred) for a in call.args):
            try:
                WANTED[name].bind(*call.args, **{k.arg or "": k.value for k in call.keywords})
            except TypeError as problem:
                found.add(f"xp.{name}: {problem}")
    for function in over_xp(tree):
        if getattr(function, "name", "") in LOOKS_AT_NUMBERS:
            continue
        body = function.body if isinstance(function.body, list) else [function.body]
        for n in (n for part in body for n in ast.walk(part)):
            if isinstance(n, ast.Attribute) and n.attr in OF_ARRAYS:
                owner = n.value
                plain = isinstance(owner, ast.Name) and owner.id in {"xp", *modules}
                if not plain and not (isinstance(owner, ast.Attribute) and owner.attr == "dtype"):
                    found.add(f".{n.attr} in line {n.lineno}")
            elif isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in FORBIDDEN - modules:
                found.add(f"{n.func.id}() in line {n.lineno}")
    return sorted(found)


OPERATIONS = sorted((FOLDER / "_ops").glob("*.py"))


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda p: p.stem)
def test_operations_keep_the_contract(path: Path) -> None:
    assert rule_problems(path.read_text(encoding="utf-8")) == []


def test_what_is_forbidden_in_operations_is_found() -> None:
    assert len(OPERATIONS) > 10
    source = """
@elementwise(lambda g, x: g * x.copy(), lambda xp, g, y: xp.absent(g) if type(y) else xp.sum(g, 0, True))
def op(xp, x, z):
    return abs(x).sum() + xp.exp(x.T, x) + x.dtype.type(2) + dims.sort(x.shape)

def helper(x):
    return x.sum()
"""
    assert rule_problems("import dims\n" + source) == [
        ".copy in line 3",
        ".sum in line 5",
        "abs() in line 5",
        "type() in line 3",
        "xp.absent",
        "xp.exp: too many positional arguments",
        "xp.sum: too many positional arguments",
    ]


def used_in_rules(tree: ast.Module) -> set[str]:
    """The names of ``xp`` that rules call, themselves or through helpers of their module."""
    functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
    todo: list[ast.AST] = [
        part for f in functions.values() for d in f.decorator_list if isinstance(d, ast.Call) for part in [*d.args, *d.keywords]
    ]
    seen: set[str] = set()
    found: set[str] = set()
    while todo:
        part = todo.pop()
        found |= {name for name, _ in calls_of_xp(part)}
        for name in {n.id for n in ast.walk(part) if isinstance(n, ast.Name)} & functions.keys() - seen:
            seen.add(name)
            if not functions[name].decorator_list:
                todo.append(functions[name])
    return found


def test_rules_call_what_is_recorded_and_takes_batches() -> None:
    used = {n for path in OPERATIONS for n in used_in_rules(ast.parse(path.read_text(encoding="utf-8")))} - {*CONSTANTS}
    assert len(used) > 60
    assert [n for n in sorted(used) if "recorded" not in FUNCTIONS[n].stand_ins] == []
    assert [n for n in sorted(used) if not FUNCTIONS[n].stand_ins & {"batch", "shared"}] == []
