"""What holds for every operation: derivatives of first and second order, memory, dtypes; and that none is left out."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import optable_conv
import optable_points
import pytest
from optable import ROWS, Point, Row

import gradflow as gf
from gradflow import linalg
from gradflow._engine import REGISTRY, Node
from gradflow._engine.op import elementwise, primitive
from gradflow.backend import namespace_of
from gradflow.errors import GradcheckError, RuleError

assert optable_conv and optable_points  # they add their rows
SMOOTH = [r for r in ROWS if r.smooth]
COMPLEX = [r for r in SMOOTH if r.complex]


def ids(rows: list[Row]) -> dict[str, Any]:
    return {"argvalues": rows, "ids": [r.label for r in rows]}


# Layouts of the same numbers in the memory of the device


def straight(xp: Any, a: Any) -> Any:
    return xp.ascontiguousarray(a)


def transposed(xp: Any, a: Any) -> Any:
    return xp.ascontiguousarray(a.T).T


def backwards(xp: Any, a: Any) -> Any:
    return xp.ascontiguousarray(a[::-1])[::-1]


def gappy(xp: Any, a: Any) -> Any:
    return xp.repeat(a, 2, -1)[..., ::2]


def frozen(a: Any) -> Any:
    a = a.view()
    if isinstance(a, np.ndarray):  # no other memory can be made read-only
        a.flags.writeable = False
    return a


def leaves(row: Row, dtype: Any = np.float64, layout: Any = straight) -> list[gf.Tensor]:
    held = [gf.tensor(a).array for a in row.arrays(dtype)]
    return [gf.as_tensor(frozen(layout(namespace_of(a), a) if a.ndim else a)).requires_grad_() for a in held]


def outputs(made: Any) -> list[gf.Tensor]:
    many = list(made) if isinstance(made, tuple) else [made]
    return [o for o in many if isinstance(o, gf.Tensor) and o.requires_grad]


def gradients(row: Row, ins: list[gf.Tensor], seeds: Any = None, **options: Any) -> tuple[Any, Any, Any]:
    outs = outputs(row.call(*ins))
    if seeds is None:
        rng = np.random.default_rng(1)
        seeds = []
        for o in outs:
            seed = rng.uniform(0.5, 1.5, o.shape) + (1j * rng.uniform(0.5, 1.5, o.shape) if o.is_complex() else 0)
            seeds.append(gf.as_tensor(frozen(gf.tensor(np.array(seed, o.dtype)).array)))
    return outs, seeds, gf.autograd.grad(outs, ins, seeds, allow_unused=True, **options)


# Derivatives


@pytest.mark.parametrize("row", **ids(SMOOTH))
def test_first_derivative(row: Row) -> None:
    assert gf.gradcheck(row.call, leaves(row))


@pytest.mark.parametrize("row", **ids([r for r in SMOOTH if any(len(s) > 1 for s in r.shapes)]))
def test_first_derivative_of_transposed_inputs(row: Row) -> None:
    assert gf.gradcheck(row.call, leaves(row, layout=transposed))


@pytest.mark.parametrize("row", **ids([r for r in SMOOTH if r.second]))
def test_second_derivative(row: Row) -> None:
    assert gf.gradgradcheck(row.call, leaves(row, layout=transposed))


@pytest.mark.parametrize("row", **ids(COMPLEX))
def test_complex_derivatives(row: Row) -> None:
    ins = leaves(row, np.complex128)
    assert gf.gradcheck(row.call, ins)
    _, seeds, plain = gradients(row, ins)
    _, _, recorded = gradients(row, ins, seeds, create_graph=True)
    for a, b in zip(recorded, plain, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a.cpu().array, b.cpu().array, rtol=1e-12, atol=1e-12)
    if row.second:
        assert gf.gradgradcheck(row.call, ins)


POINTS = [pytest.param(r, p, id=f"{r.label}-{p.at}") for r in ROWS for p in r.points]


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-13), ("float32", 1e-6)])
@pytest.mark.parametrize(("row", "point"), POINTS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_limits(row: Row, point: Point, dtype: str, tolerance: float) -> None:
    """Value, gradient and Hessian at a point: the gradient plain and recorded, the Hessian row by row and all rows at once."""

    def close(found: Any, wanted: Any) -> None:
        np.testing.assert_allclose(np.ravel(found), np.ravel(wanted), rtol=tolerance, atol=tolerance)

    def joined(grads: Any) -> gf.Tensor:
        parts = [gf.zeros_like(t) if g is None else g for g, t in zip(grads, ins, strict=True)]
        return gf.cat([p.reshape(-1) for p in parts])

    ins = [gf.tensor(a).requires_grad_() for a in point.arrays(dtype)]
    made = row.call(*ins)
    several = made if isinstance(made, tuple) else [made]
    close(np.concatenate([o.detach().to_numpy().ravel() for o in several]), point.value)
    total = sum(o.sum() for o in outputs(made))
    first = joined(gf.autograd.grad(total, ins, create_graph=True, allow_unused=True))
    close(joined(gf.autograd.grad(total, ins, retain_graph=True, allow_unused=True)).to_numpy(), point.gradient)
    close(first.detach().to_numpy(), point.gradient)
    if point.hessian is not None and not first.requires_grad:
        close(np.zeros((len(first), len(first))), point.hessian)
    elif point.hessian is not None:
        rows = [joined(gf.autograd.grad(e, ins, retain_graph=True, allow_unused=True)).tolist() for e in first]
        close(rows, point.hessian)
        unit = gf.eye(len(first), dtype=first.dtype)
        at_once = gf.autograd.grad(first, ins, unit, retain_graph=True, allow_unused=True, is_grads_batched=True)
        parts = [gf.zeros(len(first), t.numel()) if g is None else g for g, t in zip(at_once, ins, strict=True)]
        close(np.concatenate([p.to_numpy().reshape(len(first), -1) for p in parts], 1), point.hessian)


@pytest.mark.parametrize("row", **ids(SMOOTH))
def test_memory_and_layouts(row: Row) -> None:
    memory_dtypes_and_layouts(row, np.float64)


@pytest.mark.parametrize("row", **ids(SMOOTH))
def test_float32(row: Row) -> None:
    memory_dtypes_and_layouts(row, np.float32)


@pytest.mark.parametrize("row", **ids([r for r in SMOOTH if r.half]))
def test_float16(row: Row) -> None:
    memory_dtypes_and_layouts(row, np.float16)


def memory_dtypes_and_layouts(row: Row, dtype: Any) -> None:
    """What the differences do not see."""
    ins = leaves(row, dtype)
    before = [t.detach().cpu().array.copy() for t in ins]
    outs, seeds, first = gradients(row, ins)
    held = [s.cpu().array.copy() for s in seeds]
    for t, was in zip([*ins, *seeds], [*before, *held], strict=True):
        np.testing.assert_array_equal(t.cpu().array, was)
    for o in outs:
        assert isinstance(o.array, namespace_of(ins[0].array).ndarray)
        if not row.view:
            assert not any(np.shares_memory(o.array, t.array) for t in ins)
    for t, g in zip(ins, first, strict=True):
        assert g is not None and g.dtype == t.dtype and g.shape == t.shape and g.grad_fn is None
        assert getattr(g.array.flags, "writeable", True)  # CuPy knows no other
        assert not any(np.shares_memory(g.array, other.array) for other in (*ins, *seeds, *outs))
    _, _, recorded = gradients(row, ins, seeds, create_graph=True)
    tolerance = {"f8": 1e-12, "f4": 1e-5, "f2": 2e-2}[np.dtype(dtype).str[1:]]
    for t, g, again in zip(ins, first, recorded, strict=True):
        assert again.dtype == t.dtype and again.shape == t.shape
        np.testing.assert_allclose(again.cpu().array, g.cpu().array, rtol=tolerance, atol=tolerance)
    for layout in (transposed, backwards, gappy):
        outs_there, _, there = gradients(row, leaves(row, dtype, layout), seeds)
        for a, b in zip([*outs_there, *there], [*outs, *first], strict=True):
            np.testing.assert_allclose(a.cpu().array, b.cpu().array, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("row", **ids([r for r in ROWS if not r.smooth]))
def test_without_derivative(row: Row) -> None:
    ins = leaves(row)
    made = row.call(*ins)
    assert isinstance(made, gf.Tensor) and not made.requires_grad
    assert not any(np.shares_memory(made.array, t.array) for t in ins)


@pytest.mark.parametrize("row", **ids([r for r in ROWS if not r.view]))
@pytest.mark.filterwarnings("ignore")
def test_a_result_that_is_no_view_has_memory_of_its_own(row: Row) -> None:
    for dtype in (np.float64, np.float32, np.complex128, np.int64, np.uint8, np.bool_):
        ins = [gf.tensor(a) for a in row.arrays(dtype)]
        try:
            made = outputs(row.call(*ins))
        except (gf.errors.GradflowError, TypeError):
            continue  # not for numbers of that kind
        assert not any(o.array.size and np.shares_memory(o.cpu().array, t.cpu().array) for o in made for t in ins), dtype


# Nothing is left out

LISTED = {
    # gradflow's own functions that are no operations, and the test that covers each
    "allclose": "test_ops_values.py::test_allclose_and_equal",
    "equal": "test_ops_values.py::test_allclose_and_equal",
    "is_tensor": "test_ops_values.py::test_is_tensor",
}


def graph_of(made: Any) -> set[str]:
    """The names of the operations recorded on the way to a result."""
    todo: list[Any] = [o.grad_fn for o in outputs(made)]
    found = set()
    while todo:
        node = todo.pop()
        if isinstance(node, Node) and node.op is not None:
            found.add(node.op.name)
            todo += [p for p in node.parents if p is not None]
    return found


def own(function: Any) -> bool:
    """Whether the function is defined in gradflow/_ops; public ones say in ``__module__`` where users find them."""
    return inspect.isfunction(function) and inspect.unwrap(function).__globals__["__name__"].startswith("gradflow._ops.")


def test_every_operation_has_a_row() -> None:
    covered = {r.of.op.name for r in ROWS if hasattr(r.of, "op")}
    for row in ROWS:
        covered |= graph_of(row.call(*leaves(row))) if row.smooth else set()
        if row.complex:
            covered |= graph_of(row.call(*leaves(row, np.complex128)))
    inner = {"one_hot", "nonzero", "detsign"}  # without a gradient, called by functions that have rows
    ours = {name: op for name, op in REGISTRY.items() if op.forward.__module__.startswith("gradflow.")}
    assert len(ours) > 100
    assert sorted(set(ours) - covered - inner) == []


CASES = {"where", "flat", "sign", "maximum", "minimum"}
"""What a rule calls on ``xp`` where it tells cases apart, so that one of them holds at single points."""


def called_by(function: Any, seen: set[Any]) -> set[str]:
    """The attributes that a rule and the helpers it calls ask for."""
    codes, names = [function.__code__], set()
    while codes:
        code = codes.pop()
        names |= set(code.co_names)
        codes += [c for c in code.co_consts if inspect.iscode(c)]
    for name in list(names):
        helper = function.__globals__.get(name)
        if inspect.isfunction(helper) and not hasattr(helper, "op") and helper not in seen:
            seen.add(helper)
            names |= called_by(helper, seen)
    return names


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_every_operation_whose_rule_tells_cases_apart_has_points() -> None:
    telling = {
        name
        for name, op in REGISTRY.items()
        if op.forward.__module__.startswith("gradflow.")
        for rule in [*op.rules.values(), op.joint]
        if inspect.isfunction(rule) and (hasattr(rule, "unused") or called_by(rule, set()) & CASES)  # unused: what selects says
    }
    assert {"abs", "norm2", "pow", "hypot", "maximum", "amax"} <= telling
    covered = set()
    for row in ROWS:
        for point in row.points:
            covered |= graph_of(row.call(*(gf.tensor(a).requires_grad_() for a in point.arrays(np.float64))))
    others = {"where", "index_set", "softmax_cross_entropy"}  # cases of a condition, of an index, of weights: not of the numbers
    assert sorted(telling - covered - others) == []


def test_every_public_function_has_a_row() -> None:
    def plain(f: Any) -> Any:
        """Without the keywords axis and keepdims."""
        return inner if inspect.isfunction(inner := getattr(f, "__wrapped__", f)) else f

    rows = {plain(r.of) for r in ROWS}
    files = {path.name: path for path in Path(__file__).parents[1].rglob("test_*.py")}
    missing = []
    for place in (gf, linalg):
        for name, f in vars(place).items():
            if name.startswith("_") or not inspect.isfunction(f) or plain(f) in rows:
                continue
            if own(plain(f)):
                missing.append(name)
            elif f.__globals__["__name__"] == "gradflow._predicates":
                file, _, test = LISTED.get(name, "::").partition("::")
                if not file or f"def {test}(" not in files[file].read_text(encoding="utf-8"):
                    missing.append(name)
    assert missing == []


def test_every_method_that_is_an_operation_has_a_row() -> None:
    rows = {r.of for r in ROWS} | {r.of.op for r in ROWS if hasattr(r.of, "op")}
    methods = {n: getattr(f, "op", f) for n, f in vars(gf.Tensor).items() if own(f)}
    assert len(methods) > 150
    assert sorted(n for n, f in methods.items() if f not in rows and n not in PRIVATE) == []


PRIVATE = {
    "__add__",
    "__radd__",
    "__sub__",
    "__truediv__",
    "true_divide",  # the operations that add, sub and div are made of
}


def test_rows_are_told_apart() -> None:
    labels = [r.label for r in ROWS]
    assert len(set(labels)) == len(labels)


# A wrong rule is found


@pytest.fixture
def registry() -> Any:
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


def test_gradcheck_finds_a_wrong_rule(registry: None) -> None:
    @elementwise(lambda g, b: g * b, lambda g, a: g * a * 1.01)
    def planted(xp: Any, a: Any, b: Any) -> Any:
        return xp.multiply(a, b)

    a, b = (gf.tensor(v, dtype=gf.float64, requires_grad=True) for v in ([2.0, 0.0], [1.0, 5.0]))
    with pytest.raises(GradcheckError, match=r"output 0, entry \(0,\), with respect to input 1, entry \(0,\).*off by 0\.02"):
        gf.gradcheck(planted, (a, b))
    assert not gf.gradcheck(planted, (a, b), raise_exception=False)
    assert gf.gradcheck(planted, (a, b.detach()))


def test_gradgradcheck_finds_a_rule_that_cannot_be_differentiated(registry: None) -> None:
    @elementwise(lambda g, x: g * 2 * (x.detach() if hasattr(x, "detach") else x))
    def planted(xp: Any, x: Any) -> Any:
        return x * x

    x = gf.tensor([0.5, -1.0], dtype=gf.float64, requires_grad=True)
    assert gf.gradcheck(planted, x)
    with pytest.raises(GradcheckError, match="input 0"):
        gf.gradgradcheck(planted, x)


def test_gradgradcheck_finds_a_gradient_that_is_another_when_recorded(registry: None) -> None:
    @elementwise(lambda g, x: g * (3 if isinstance(x, gf.Tensor) else 2) * x)
    def planted(xp: Any, x: Any) -> Any:
        return x * x

    for dtype in (gf.float64, gf.complex128):
        x = gf.tensor([0.5, -1.0], dtype=dtype, requires_grad=True)
        assert gf.gradcheck(planted, x)
        with pytest.raises(GradcheckError, match=r"gradient of input 0 is .* where it is recorded"):
            gf.gradgradcheck(planted, x)
        assert not gf.gradgradcheck(planted, x, raise_exception=False)


def test_gradcheck_asks_a_function_with_memory_laid_out_as_that_of_its_input() -> None:
    x = gf.tensor(np.asfortranarray(np.arange(6.0).reshape(2, 3)), requires_grad=True)
    assert gf.gradcheck(lambda x: (x.t().view(-1) ** 2).sum(), [x])  # a view that rows after one another would not allow


def test_gradcheck_finds_a_gradient_of_the_wrong_shape(registry: None) -> None:
    @primitive(lambda g: g)
    def planted(xp: Any, x: Any) -> Any:
        return xp.sum(x, axis=0)

    with pytest.raises(GradcheckError, match=r"input 0, of shape \(2, 3\), came back in shape \(3,\)"):
        gf.gradcheck(planted, gf.ones(2, 3, dtype=gf.float64, requires_grad=True))


@pytest.mark.parametrize(
    ("rules", "named", "words"),
    [
        ((lambda g, nothing: g,), {}, "x.*asks for 'nothing'"),
        ((lambda g, _scale: g,), {}, "asks for '_scale'"),
        ((lambda g: g, lambda g: g, lambda g: g), {}, "3 rules for 2 inputs"),
        ((lambda g: g,), {"z": lambda g: g}, "a rule for 'z'"),
    ],
)
def test_a_rule_that_fits_nothing_is_refused_when_it_is_written(registry: None, rules: Any, named: Any, words: str) -> None:
    with pytest.raises(RuleError, match=f"(?s)planted.*{words}"):

        @elementwise(*rules, **named)
        def planted(xp: Any, x: Any, scale: float) -> Any:
            return x * scale
