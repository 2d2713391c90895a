"""Zero times infinity: NaN, but 0 where a selecting operation did not take the element; never finite and wrong."""

import math
import random
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow._engine import REGISTRY
from gradflow._engine.unused import DEEPEST, Masked, Zeros
from gradflow.errors import AnomalyError, DeviceError, RuleError

pytestmark = pytest.mark.filterwarnings(
    "ignore:divide by zero:RuntimeWarning", "ignore:invalid value:RuntimeWarning", "ignore:overflow:RuntimeWarning"
)
inf, nan = math.inf, math.nan


def f64(values: Any) -> Any:
    return gf.tensor(values, dtype=gf.float64, requires_grad=True)


def derivatives(f: Any, values: Any) -> tuple[list[float], list[float]]:
    """First and second derivative of the sum of ``f``; the first also as plain backward gives it."""
    x = f64(values)
    (plain,) = gf.autograd.grad(f(x).sum(), x)
    (g,) = gf.autograd.grad(f(x).sum(), x, create_graph=True)
    np.testing.assert_array_equal(plain.tolist(), g.tolist())
    (h,) = gf.autograd.grad(g.sum(), x, allow_unused=True, materialize_grads=True)
    return g.tolist(), h.tolist()


# --- a zero that is no structural zero --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "at"),
    [
        (lambda x: gf.sqrt(x) ** 2, 0.0),
        (lambda x: gf.sqrt(x) * gf.sqrt(x), 0.0),
        (lambda x: gf.sqrt(x).square(), 0.0),
        (lambda x: (x**0.5) ** 2, 0.0),
        (lambda x: (x ** gf.tensor(0.5)) ** 2, 0.0),
        (lambda x: gf.exp(gf.log(x)), 0.0),
        (lambda x: 2 ** gf.log2(x), 0.0),
        (lambda x: gf.expm1(gf.log1p(x)), -1.0),
        (lambda x: 1 / (1 / x), 0.0),
        (lambda x: gf.reciprocal(gf.reciprocal(x)), 0.0),
        (lambda x: (x**-1) ** -1, 0.0),
        (lambda x: gf.rsqrt(x) ** -2, 0.0),
        (lambda x: gf.sin(gf.asin(x)), 1.0),
        (lambda x: gf.cos(gf.acos(x)), 1.0),
        (lambda x: gf.tanh(gf.atanh(x)), 1.0),
        (lambda x: gf.cosh(gf.acosh(x)), 1.0),
        (lambda x: gf.logsumexp(gf.log(x), 0, keepdim=True), 0.0),
        (lambda x: gf.relu(gf.sqrt(x)) ** 2, 0.0),
        (lambda x: gf.abs(gf.sqrt(x)) ** 2, 0.0),
        (lambda x: gf.maximum(gf.sqrt(x), gf.tensor(0.0)) ** 2, 0.0),
        (lambda x: gf.clamp(gf.sqrt(x), 0.0) ** 2, 0.0),
        (lambda x: gf.sqrt(x * x), 0.0),  # no derivative there
        (lambda x: gf.acos(gf.cos(x)), 0.0),
    ],
)
@pytest.mark.parametrize("fused", [False, True])
def test_it_is_nan_and_not_0(f: Any, at: float, fused: bool) -> None:
    """The derivative of all but the last two is 1, which the product of slopes cannot tell."""
    if fused:
        try:
            derivatives(gf.fused(f), [0.5])
        except (RuleError, DeviceError):
            pytest.skip("not for kernels")
        f = gf.fused(f)
    (g,), (h,) = derivatives(f, [at])
    assert not math.isfinite(g) and not math.isfinite(h)


# --- a structural zero ------------------------------------------------------------------------------------------------


def log_of_some(pick: Any) -> Any:
    """log(x) + 3 sqrt(x) at the elements that ``pick`` takes: derivatives 1/x + 1.5/sqrt(x) there, and 0 elsewhere."""
    return lambda x: pick(gf.log(x) + 3 * gf.sqrt(x))


LAST = gf.tensor([False, False, True])
PICKS = {
    "where": lambda y: gf.where(LAST, y, 0.0),
    "where not": lambda y: gf.where(~LAST, 0.0, y),
    "where of two": lambda y: gf.where(LAST, y, y * y).masked_fill(~LAST, 0.0),
    "masked_fill": lambda y: y.masked_fill(~LAST, 7.0),
    "masked_select": lambda y: y.masked_select(LAST),
    "clamp": lambda y: y.clamp(min=-1.0),
    "clamp by a tensor": lambda y: y.clamp(min=gf.full((3,), -1.0)),
    "maximum": lambda y: gf.maximum(y, gf.tensor(-1.0)),
    "minimum": lambda y: -gf.minimum(-y, gf.tensor(1.0)),
    "amax": lambda y: y.amax(),
    "max": lambda y: y.max(0).values,
    "sort": lambda y: y.sort().values[2:],
    "topk": lambda y: y.topk(1).values,
    "index": lambda y: y[2],
    "negative index": lambda y: y[-1],
    "slice": lambda y: y[2:],
    "array": lambda y: y[gf.tensor([2])],
    "mask": lambda y: y[LAST],
    "gather": lambda y: y.gather(0, gf.tensor([2])),
    "index_select": lambda y: y.index_select(0, gf.tensor([2])),
    "narrow": lambda y: y.narrow(0, 2, 1),
    "split": lambda y: y.split(1)[2],
    "unbind": lambda y: y.unbind()[2],
    "in rows": lambda y: gf.stack([y, y])[1].flip(0)[:1],
    "diagonal": lambda y: y.reshape(1, 3).expand(3, 3).diagonal()[2:],
    "tril": lambda y: gf.tril(y.flip(0).reshape(1, 3)),
    "triu": lambda y: gf.triu(y.flip(0).reshape(3, 1)),
    "after shapes": lambda y: y.reshape(1, 3).t().expand(3, 2).mean(1)[2],
    "after a sum": lambda y: gf.stack([y, 2 * y], 1).sum(1)[2] / 3,
    "after cumsum": lambda y: y.flip(0).cumsum(0)[0],
    "after a cast": lambda y: y.to(gf.float32).to(gf.float64)[2],
    "through a window": lambda y: gf.where(LAST, y, 0.0)[1:].flip(0),
}


@pytest.mark.parametrize("pick", PICKS.values(), ids=PICKS.keys())
@pytest.mark.parametrize("at", [0.0, -1.0])
def test_an_element_that_is_not_taken_gives_0(pick: Any, at: float) -> None:
    if at < 0 and pick in [PICKS[n] for n in ("clamp", "clamp by a tensor", "maximum", "minimum", "amax", "max", "sort", "topk")]:
        pytest.skip("NaN among what is compared")
    g, h = derivatives(log_of_some(pick), [at, at, 4.0])
    assert g == [0, 0, pytest.approx(0.25 + 0.75)]
    assert h == [0, 0, pytest.approx(-1 / 16 - 0.75 / 8)]


def test_a_value_written_in_place_takes_the_gradient_away() -> None:
    def f(x: Any) -> Any:
        y = gf.log(x)
        y[:2] = 1.0
        return y

    assert derivatives(f, [0.0, -1.0, 4.0]) == ([0, 0, 0.25], [0, 0, -1 / 16])


def test_overflow_in_the_branch_that_was_not_taken() -> None:
    g, h = derivatives(lambda x: gf.where(x < 10, gf.exp(x), x), [1000.0, 0.0])
    assert g == [1, 1] and h == [0, 1]
    g, h = derivatives(lambda x: gf.where(x < 10, x * gf.exp(x * x), x), [1000.0, 0.0])
    assert g == [1, 1] and h == [0, 0]


def test_zeros_go_through_elementwise_operations_and_broadcasts() -> None:
    x, scale = f64([[0.0, 0.0], [1.0, 4.0]]), f64([0.0, 1.0])
    keep = gf.tensor([[False, True], [False, True]])
    y = gf.where(keep, gf.tanh(gf.log(scale) * 2 + gf.sqrt(x)), 0.0)
    y.sum().backward()
    assert x.grad.tolist()[0][0] == x.grad.tolist()[1][0] == 0 and x.grad.tolist()[0][1] == inf
    assert scale.grad.tolist()[0] == 0  # no element of its column is taken
    assert math.isfinite(scale.grad.tolist()[1])
    row = f64([0.0])
    gf.where(gf.tensor([False, True]), gf.log(row) * gf.tensor([1.0, 0.0]), 0.0).sum().backward()
    assert math.isnan(row.grad.item())  # one of its two uses is taken, and that is 0 times infinity


def test_only_zeros_of_all_uses_are_structural() -> None:
    x = f64([0.0, 0.0, 0.0])
    y = gf.sqrt(x)
    a, b = gf.tensor([True, False, False]), gf.tensor([False, True, False])
    (gf.where(a, y**2, 0.0) + gf.where(b, y**2, 0.0) + gf.where(b, y, 0.0)).sum().backward()
    np.testing.assert_array_equal(x.grad.tolist(), [nan, inf, 0])
    x = f64([0.0, 0.0])
    y = gf.sqrt(x)
    (gf.where(gf.tensor([False, True]), y, 0.0).sum() + (y * 0).sum()).backward()
    np.testing.assert_array_equal(x.grad.tolist(), [nan, inf])


def test_many_uses_meet() -> None:
    x = f64([0.0] + [1.0] * 200)
    y = gf.log(x)
    total = y[1] * 0
    for i in range(1, 201):
        total = total + y[i] + y[i:].sum()
    (g,) = gf.autograd.grad(total, x)
    assert g.tolist() == [0, *(i + 1 for i in range(1, 201))]


def test_long_nests_of_selections() -> None:
    """More than Python's recursion would reach, had each mask to wait for all before it."""
    x = f64([0.0, 1.0])
    y, taken = x * 1, gf.tensor([False, True])
    for _ in range(2000):
        y = gf.where(taken, gf.sqrt(y), y * 2)
    gf.where(taken, gf.log(y), 1.0).sum().backward()
    assert x.grad.tolist()[0] == 0
    depth = Zeros(lambda: np.array([True]))
    for _ in range(10 * DEEPEST):
        depth = Zeros(lambda d=depth: d(), depth)  # type: ignore[misc]
        assert depth.depth <= DEEPEST


def test_in_fused_functions() -> None:
    inside = gf.fused(lambda x: gf.where(x > 0.5, gf.log(x) * 2 + gf.sqrt(x), 0.0))
    whole = gf.fused(lambda x: gf.log(x) * 2 + gf.sqrt(x))
    for f in (inside, lambda x: gf.where(x > 0.5, whole(x), 0.0), lambda x: whole(x)[1:], gf.fused(lambda x: inside(x) * 1)):
        assert derivatives(f, [0.0, 1.0]) == ([0, 2.5], [0, -2.25])
    product = gf.fused(lambda x, y: gf.log(x) * y)
    x, y = f64([0.0]), f64([1.0, 2.0, 3.0])
    gf.where(gf.tensor([False, False, False]), product(x, y), 0.0).sum().backward()
    assert x.grad.tolist() == [0] and y.grad.tolist() == [0, 0, 0]


def test_rows_in_one_pass() -> None:
    x = gf.tensor([0.0, 1.0, 2.0], dtype=gf.float64)

    def f(x: Any) -> Any:
        return gf.where(x > 0.5, gf.log(x), 0.0)[gf.tensor([0, 1, 2])]

    assert gf.func.jacrev(f)(x).tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0.5]]
    assert gf.func.hessian(lambda x: f(x).sum())(x).tolist() == [[0, 0, 0], [0, -1, 0], [0, 0, -0.25]]
    leaf = x.clone().requires_grad_()
    (rows,) = gf.autograd.grad(f(leaf), leaf, gf.eye(3), is_grads_batched=True)
    assert rows.tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0.5]]


def test_complex_gradients() -> None:
    z = gf.tensor([0j, 1 + 1j], dtype=gf.complex128, requires_grad=True)
    for pick in (lambda y: gf.where(gf.tensor([False, True]), y, 0.0), lambda y: y[1:]):
        (g,) = gf.autograd.grad(pick(gf.log(z) * 2).real.sum(), z, create_graph=True)
        assert g.tolist() == [0, pytest.approx(2 / (1 - 1j))]  # of 2 log z, conjugated
        (h,) = gf.autograd.grad(g.real.sum(), z)
        assert h.tolist() == [0, pytest.approx(-2 / (1 - 1j) ** 2)]


# --- hooks, anomaly mode, interior gradients ------------------------------------------------------------------------------


def test_hooks_and_users_see_plain_gradients() -> None:
    x = f64([0.0, 1.0])
    inner = gf.sqrt(x)
    y = inner * 3
    seen: list[Any] = []
    y.register_hook(lambda g: seen.append(g.tolist()))
    inner.retain_grad()
    y.grad_fn.register_hook(lambda ins, outs: seen.extend([ins[0].tolist(), outs[0].tolist()]))
    gf.where(gf.tensor([False, True]), gf.log(y), 0.0).sum().backward(retain_graph=True)
    assert seen == [[0, pytest.approx(1 / 3)], [0, 1], [0, pytest.approx(1 / 3)]]
    assert inner.grad.tolist() == [0, 1] and x.grad.tolist() == [0, 0.5]
    (g,) = gf.autograd.grad(gf.log(y)[1], inner)
    assert g.tolist() == [0, 1]


def test_a_gradient_that_a_hook_changed_is_no_zero() -> None:
    def with_hook(hook: Any) -> list[float]:
        x = f64([0.0, 1.0])
        y = gf.sqrt(x) * 2
        y.register_hook(hook)
        (y * 1)[1].backward()
        return x.grad.tolist()  # type: ignore[no-any-return]

    def write(g: Any) -> None:
        g += 1.0

    assert with_hook(lambda _: None) == [0, 1]
    assert with_hook(lambda g: g + 1) == [inf, 2]
    assert with_hook(write) == [inf, 2]


def test_anomaly_mode_names_the_operation_that_made_nan() -> None:
    x = f64([0.0, 1.0])
    with gf.autograd.detect_anomaly():
        gf.where(gf.tensor([False, True]), gf.sqrt(x) * 2, 0.0).sum().backward()
        assert x.grad.tolist() == [0, 1]
        with pytest.raises(AnomalyError, match=r"backward of sqrt: 1 NaN"):
            (gf.sqrt(x) ** 2).sum().backward()


# --- what the engine relies on --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n, op in REGISTRY.items() if op.kind == "linear" and op.carries])
def test_linear_operations_that_carry_have_no_negative_weights(name: str) -> None:
    from optable import ROWS

    rows = [r for r in ROWS if getattr(r.of, "op", None) is REGISTRY[name]]
    rng = np.random.default_rng(0)
    for r in rows:
        if r.call is r.of:
            tensors = [gf.tensor(rng.random(s), dtype=gf.float64, requires_grad=True) for s in r.shapes]
            for g in gf.autograd.grad(r.call(*tensors).sum(), tensors, allow_unused=True):
                assert g is None or bool((g >= 0).all()), name


def test_no_mask_is_made_where_no_pole_can_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    init = Masked.__init__

    def counted(self: Any, *args: Any) -> None:
        made.append(self)
        init(self, *args)

    monkeypatch.setattr(Masked, "__init__", counted)
    x, w = gf.randn(4, 6, requires_grad=True), gf.randn(6, 6, requires_grad=True)
    for f in (
        lambda h: h[:, 0],
        lambda h: h.reshape(6, 4)[1:],
        lambda h: (h + h * w[0]).chunk(2, 1)[0],
        lambda h: (h * 0.5).masked_fill(x > 0, 0),
        lambda h: gf.clamp(h, -1, 1),
        lambda h: gf.clamp(h * 2, gf.tensor(-1.0), gf.tensor(1.0)),
    ):
        f(x @ w).sum().backward()
        f(x).sum().backward()
    assert not made
    (x @ w).exp()[0].sum().backward()
    assert made


# --- against the derivatives nearby ---------------------------------------------------------------------------------------

UNARY = [
    gf.sqrt, gf.log, gf.exp, gf.reciprocal, gf.rsqrt, gf.square, gf.sin, gf.tanh, gf.asin, gf.acos, gf.atanh, gf.log1p,
    lambda x: 1 / x, lambda x: x**0.5, lambda x: x**1.5, lambda x: x**-1, lambda x: -x, lambda x: 1 - x,
    lambda x: x.clamp(-0.75, 1.75), lambda x: x.flip(0), lambda x: x.cumsum(0), lambda x: x.reshape(1, -1).t().reshape(-1),
    lambda x: x.norm() + 0 * x, lambda x: gf.maximum(x, gf.tensor(0.3)),
]  # fmt: skip
BINARY = [gf.add, gf.sub, gf.mul, gf.div, lambda a, b: gf.pow(a * a + 0.5, b)]


def program(seed: int) -> tuple[Any, list[float]]:
    """A random function with poles, and a point at which it is likely to have them."""
    r = random.Random(seed)
    n = r.choice([1, 2, 3])
    steps: list[Any] = []
    for k in range(r.randint(2, 6)):
        i, j = r.choice([k, r.randint(0, k)]), r.randint(0, k)
        mask = gf.tensor([r.random() < 0.5 for _ in range(n)])
        places = gf.tensor([r.randrange(n) for _ in range(n)])
        one, two = r.choice(UNARY), r.choice(BINARY)
        steps.append(
            r.choices(
                [
                    lambda v, f=one, i=i: f(v[i]),
                    lambda v, f=two, i=i, j=j: f(v[i], v[j]),
                    lambda v, i=i, j=j, m=mask: gf.where(m, v[i], v[j]),
                    lambda v, i=i, m=mask: v[i].masked_fill(m, 0.4),
                    lambda v, i=i, p=places: v[i][p],
                    lambda v, i=i: gf.cat([v[i][1:], v[0][:1]]),
                ],
                [8, 5, 2, 2, 2, 1],
            )[0]
        )
    weights = gf.tensor([r.choice([1.0, 0.7, -1.3]) for _ in range(n)], dtype=gf.float64)

    def f(x: Any) -> Any:
        values = [x]
        for step in steps:
            values.append(step(values))
        return (values[-1] * weights).sum()

    return f, [r.choice([0.0, 0.0, 1.0, -1.0, 0.5, 2.0]) for _ in range(n)]


def gradient(f: Any, at: Any) -> Any:
    x = f64(at)
    (g,) = gf.autograd.grad(f(x), x, allow_unused=True, materialize_grads=True)
    return np.array(g.tolist())


def test_a_finite_gradient_is_the_limit_of_those_nearby() -> None:
    compared = 0
    for seed in range(400):
        f, at = program(seed)
        got = gradient(f, at)
        rng = np.random.default_rng(seed)
        aside = [rng.choice([-1, 1], len(at)) * rng.uniform(0.5, 1.5, len(at)) for _ in range(6)]
        near = np.array([[gradient(f, np.array(at) + d * s) for s in (1e-5, 1e-7)] for d in aside])
        for i in np.flatnonzero(np.isfinite(got)):
            limits = [b for a, b in near[:, :, i] if np.isfinite([a, b]).all() and abs(a - b) <= 0.02 * (1 + abs(b))]
            if limits and max(limits) - min(limits) <= 0.02 * (1 + abs(limits[0])):
                compared += 1
                assert abs(got[i] - limits[0]) <= 0.05 * (1 + abs(limits[0])), (seed, at, i, got[i], limits)
    assert compared > 300


@pytest.mark.parametrize(
    ("f", "wanted"),
    [
        (lambda t: gf.sqrt(gf.clamp(t, min=0.0)), [0.0, 0.25]),
        (lambda t: gf.clamp(t, 0.0, 5.0) ** 0.5, [0.0, 0.25]),
        (lambda t: gf.sqrt(gf.maximum(t, gf.zeros(2))), [0.0, 0.25]),
        (lambda t: gf.sqrt(-gf.minimum(-t, gf.zeros(2))), [0.0, 0.25]),
        (lambda t: gf.sqrt(gf.clamp(t, min=gf.zeros(2))), [0.0, 0.25]),
    ],
)
def test_an_infinite_gradient_does_not_reach_what_was_not_taken(f: Any, wanted: list[float]) -> None:
    t = gf.tensor([-1.0, 4.0], requires_grad=True)
    (g,) = gf.autograd.grad(f(t).sum(), t)
    (h,) = gf.autograd.grad(f(t).sum(), t, create_graph=True)
    assert g.tolist() == h.tolist() == wanted


def test_a_nan_is_the_larger_and_the_smaller() -> None:
    a, b = gf.tensor([math.nan, 1.0, 2.0], requires_grad=True), gf.tensor([2.0, math.nan, 1.0], requires_grad=True)
    for f in (gf.maximum, gf.minimum):
        a.grad = b.grad = None
        f(a, b).sum().backward()
        taken = f is gf.maximum
        assert a.grad.tolist() == [1.0, 1.0, float(taken)] and b.grad.tolist() == [1.0, 1.0, float(not taken)]
