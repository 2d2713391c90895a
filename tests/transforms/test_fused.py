"""fused: one kernel for a function and one for its derivative, the same numbers as without it, and clear refusals."""

from __future__ import annotations

import functools
import inspect
import math
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow import fused
from gradflow._ops import activations
from gradflow.errors import DTypeError, InPlaceError, RuleError


def swish(x: gf.Tensor, beta: gf.Tensor) -> gf.Tensor:
    return x * gf.sigmoid(beta * x)


def bump(x: gf.Tensor, w: gf.Tensor) -> gf.Tensor:
    """Many of the things that a fused function may use, some twice."""
    r = x * x + w
    inner = gf.where(x > 0.5, gf.exp(-r), 1 / (1 + r)) + gf.maximum(x, w) * gf.tanh(r)
    return inner + gf.sqrt(r + 3) ** 3 - abs(x - 2 * w).log1p() + gf.erf(x) / 2**0.5 + gf.clamp(x, -0.3, 0.7)


FUNCTIONS = {
    "swish": swish,
    "bump": bump,
    "chapter": lambda a, b: (a - b).square() / 2,
    "unused": lambda a, b: a * 2 + 1,
    "powers": lambda a, b: (a * a + 1) ** -0.5 + b**2 - b**3 + (a * a + 2) ** b,
    "rounded": lambda a, b: a * gf.floor(b * 3) + gf.sign(a) * b,
    "choice": lambda a, b: gf.where((a > b) & ~(b < 0), a * b, b),
    "cast": lambda a, b: (a > 0) * b + (a == a).float(),
}


def pair(*shapes: tuple[int, ...], dtype: Any = gf.float64) -> list[gf.Tensor]:
    rng = np.random.default_rng(11)
    return [gf.tensor(rng.uniform(0.1, 1.5, s) * np.sign(rng.normal(size=s)), dtype=dtype, requires_grad=True) for s in shapes]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("shapes", [((4, 3), (4, 3)), ((4, 3), (3,)), ((4, 1), ()), ((), ()), ((0, 3), (3,))])
def test_the_numbers_are_those_of_the_function(name: str, shapes: Any) -> None:
    f, (a, b) = FUNCTIONS[name], pair(*shapes)
    g = fused(f)
    plain, one = f(a, b), g(a, b)
    assert one.shape == plain.shape and one.dtype == plain.dtype
    np.testing.assert_allclose(one.detach().to_numpy(), plain.detach().to_numpy(), rtol=1e-14, atol=1e-15)
    weight = gf.tensor(np.random.default_rng(5).normal(size=plain.shape))
    for order in (1, 2, 3):
        found, wanted = [], []
        for y, into in ((one, found), (plain, wanted)):
            s = (y * weight).sum() if y.requires_grad else (a + b).sum() * 0
            for _ in range(order):
                grads = gf.autograd.grad(s, [a, b], create_graph=True, allow_unused=True, materialize_grads=True)
                s = sum(((d * d).sum() if d.requires_grad else (a + b).sum() * 0 for d in grads), gf.tensor(0.0))
            into += [d.detach().to_numpy() for d in grads]
        for x, y in zip(found, wanted, strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("f", [swish, bump])
def test_the_derivatives_are_those_of_differences(f: Any) -> None:
    a, b = pair((3, 2), (2,))
    assert gf.gradcheck(fused(f), (a, b)) and gf.gradgradcheck(fused(f), (a, b))


def test_large_arrays_go_in_blocks_and_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    g = fused(bump)
    a, b = pair((300, 200), (300, 200), dtype=gf.float32)
    y, plain = g(a, b), bump(a, b)
    np.testing.assert_allclose(y.detach().to_numpy(), plain.detach().to_numpy(), rtol=2e-6, atol=2e-6)
    (da,) = gf.autograd.grad(y.sum(), a)
    (wanted,) = gf.autograd.grad(plain.sum(), a)
    np.testing.assert_allclose(da.to_numpy(), wanted.to_numpy(), rtol=2e-5, atol=2e-5)
    t = a.detach().t()  # not side by side in memory
    np.testing.assert_array_equal(g(t, b.detach().t()).to_numpy(), y.detach().to_numpy().T)


def test_one_operation_in_the_graph_and_it_keeps_only_its_inputs() -> None:
    a, b = pair((3,), (3,))
    y = fused(bump)(a, b)
    assert repr(y.grad_fn) == "<BumpBackward>" and y.grad_fn.next_functions == ((a.node, 0), (b.node, 0))
    with gf.no_grad():
        assert not fused(bump)(a, b).requires_grad


def test_numbers_defaults_names_and_nesting() -> None:
    @fused
    def soft(x: gf.Tensor, beta: float = 2.0) -> gf.Tensor:
        """Softened."""
        return swished(x, beta) + x

    swished = fused(swish)
    (x,) = pair((5,))
    assert (soft.__name__, soft.__doc__) == ("soft", "Softened.")
    v = x.detach().to_numpy()
    for y, beta in ((soft(x), 2.0), (soft(x, 0.0), 0.0), (soft(x, beta=-1.5), -1.5), (soft(x, gf.tensor(3.0)), 3.0)):
        np.testing.assert_allclose(y.detach().to_numpy(), v / (1 + np.exp(-beta * v)) + v, rtol=1e-14)
    assert gf.gradgradcheck(lambda t: soft(t), (x,))
    assert soft(gf.tensor([1, 2])).dtype == gf.float32
    half = soft(gf.tensor([1.0, 2.0], dtype=gf.float16))
    assert half.dtype == gf.float16 and half.tolist() == pytest.approx([1.8808, 3.9640], rel=1e-3)


WORDS = [
    "y", "g", "xp", "needs", "out", "out_for", "run", "cpu", "op", "give", "parents", "new", "tick", "Tensor", "Node", "n", "t",
    "s", "d", "p0", "saved", "kept", "forward", "rule", "derivative", "definition", "named", "in0_", "in1_", "out0_", "q_", "_",
    "__", "isinstance", "float", "int", "None_", "call", "\N{GREEK SMALL LETTER BETA}",
]  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_parameters_and_functions_have_any_name(word: str) -> None:
    """The names of a user's parameters mean nothing in the code that is written for an operation."""
    for name in ("f", word):
        for first, second in ((word, "q"), ("q", word)):
            scope: dict[str, Any] = {"gf": gf}
            exec(f"def {name}({first}, {second}=1.5): return {first} ** 2 * ({second} * {first} + 2) ** 3", scope)
            f = scope[name]
            g = fused(f)
            assert inspect.signature(g) == inspect.signature(f) and g.__name__ == name
            a, b = pair((3,), (3,))
            for args, named in (((a, b), {}), ((), {second: b, first: a}), ((a,), {second: b}), ((a,), {})):
                found, wanted = [], []
                for into, h in ((found, g), (wanted, f)):
                    y = h(*args, **named)
                    first_order = gf.autograd.grad(y.sum(), [a, b], create_graph=True, materialize_grads=True)
                    s = (first_order[0] ** 2 + first_order[1] ** 2).sum()
                    into += [y, *first_order, *gf.autograd.grad(s, [a, b], materialize_grads=True)]
                for u, v in zip(found, wanted, strict=True):
                    np.testing.assert_allclose(u.detach().to_numpy(), v.detach().to_numpy(), rtol=1e-11)


def test_errors_have_the_names_of_the_user() -> None:
    f = fused(lambda y, scale: y * gf.sin(scale))
    x = gf.ones(3, requires_grad=True)
    for wrong, said in ((lambda: f(x), "'scale'"), (lambda: f(x, None), "scale must be"), (lambda: f(x, k=1), "'k'")):
        with pytest.raises((TypeError, DTypeError), match=said):
            wrong()
    t = x * 1
    z = f(t, x)
    t.detach().add_(1)
    with pytest.raises(InPlaceError, match="its input 'y'"):
        z.sum().backward()


def test_a_function_without_a_name() -> None:
    f = fused(functools.partial(lambda t, y: t * y))
    assert f(gf.ones(2), gf.full((2,), 3.0)).tolist() == [3, 3]


def test_no_grad_and_anomaly_mode_around_the_first_call() -> None:
    (x,) = pair((3,))
    f = fused(lambda t: t * t * t)
    with gf.no_grad():
        f(x)
    with gf.autograd.detect_anomaly():
        (g,) = gf.autograd.grad(fused(lambda t: t * t * t)(x).sum(), x, create_graph=True)
        (h,) = gf.autograd.grad(g.sum(), x)
    np.testing.assert_allclose(h.to_numpy(), 6 * x.detach().to_numpy())


@pytest.mark.parametrize(
    ("error", "said", "make"),
    [
        (RuleError, "sum", lambda x: fused(lambda t: t / t.sum())(x)),
        (RuleError, "branch", lambda x: fused(lambda t: t if t > 0 else -t)(x)),
        (RuleError, "NoneType", lambda x: fused(lambda t: None)(x)),
        (TypeError, "positional", lambda x: fused(lambda *ts: ts[0])),
        (TypeError, "positional", lambda x: fused(lambda t, *, k: t)),
        (TypeError, "positional", lambda x: fused(lambda: 1.0)),
        (DTypeError, "complex", lambda x: fused(lambda t: t * t)(x + 1j)),
    ],
)
def test_refusals(error: type, said: str, make: Any) -> None:
    with pytest.raises(error, match=said):
        make(gf.ones(3))


ACTIVATIONS = [
    activations.elu, activations.selu, activations.gelu, lambda x: activations.gelu(x, "tanh"), activations.silu,
    activations.softplus, lambda x: activations.softplus(x, 2.0, 3.0), activations.mish, activations.logsigmoid,
]  # fmt: skip


@pytest.mark.parametrize("f", ACTIVATIONS)
def test_activations_are_the_same_fused_and_plain(f: Any) -> None:
    """From 32,768 numbers on they run as one kernel; the parts of the large array, each alone, do not."""
    x = gf.tensor(np.random.default_rng(2).normal(size=40_000) * 4, dtype=gf.float32, requires_grad=True)
    y = f(x)
    y.sum().backward()
    for i in range(0, 40_000, 10_000):
        part = x.detach()[i : i + 10_000].clone().requires_grad_()
        z = f(part)
        z.sum().backward()
        np.testing.assert_allclose(y.detach().to_numpy()[i : i + 10_000], z.detach().to_numpy(), rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(x.grad.to_numpy()[i : i + 10_000], part.grad.to_numpy(), rtol=1e-6, atol=1e-6)


def test_infinities_and_nan_pass_through_as_in_the_function() -> None:
    values = gf.tensor([math.inf, -math.inf, math.nan, 0.0, -0.0, 1e38])
    for f in (lambda t: gf.maximum(t, -t), lambda t: gf.where(t > 0, t, -t), lambda t: t.tanh() * 2, lambda t: 1 / t):
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(fused(f)(values).to_numpy(), f(values).to_numpy())


@pytest.mark.parametrize("shapes", [((3,), (3,)), ((2, 3), (3,)), ((2, 3), ())], ids=str)
def test_jacobians_and_hessians(shapes: Any) -> None:
    a, b = (t.detach() for t in pair(*shapes))
    f = fused(swish)
    for made, plain in zip(gf.func.jacrev(f, (0, 1))(a, b), gf.func.jacrev(swish, (0, 1))(a, b), strict=True):
        np.testing.assert_allclose(made.to_numpy(), plain.to_numpy(), rtol=1e-12, atol=1e-12)
    made, plain = (gf.func.hessian(lambda x, g=g: g(x, b).sum())(a) for g in (f, swish))
    np.testing.assert_allclose(made.to_numpy(), plain.to_numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.stand_in
def test_a_call_is_one_launch_and_so_is_its_derivative() -> None:
    from cupy_stand_in import record

    a, b = pair((4, 3), (4, 3), dtype=gf.float32)
    f = fused(bump)
    with record.launches.recorded() as launched:
        y = f(a, b)
    assert [name for name in launched if name != "cupy_empty"] == ["gf_bump"]
    with record.launches.recorded() as launched:
        gf.autograd.grad(y, [a, b], gf.ones(4, 3))
    assert [name for name in launched if name.startswith("gf_")] == ["gf_bump_gradient_0"]
