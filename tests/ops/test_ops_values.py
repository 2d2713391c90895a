"""Forward values and semantics: promotion, the points where derivatives need care, the options, the errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow import errors, linalg
from gradflow._ops import activations, neural

inf, nan = math.inf, math.nan


def f64(data: Any, requires_grad: bool = True) -> gf.Tensor:
    return gf.tensor(data, dtype=gf.float64, requires_grad=requires_grad)


def slope(f: Any, x: Any) -> Any:
    """The gradient of the sum of ``f`` at ``x``."""
    t = f64(x)
    out = f(t)
    (g,) = gf.autograd.grad(out.sum() if out.ndim else out, t)
    return g.tolist()


def second(f: Any, x: Any) -> Any:
    t = f64(x)
    out = f(t)
    (g,) = gf.autograd.grad(out.sum(), t, create_graph=True)
    (h,) = gf.autograd.grad(g.sum(), t)
    return h.tolist()


# Promotion, as PyTorch's


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (gf.tensor([1]), 0.5, gf.float32),
        (gf.tensor([1]), 1, gf.int64),
        (gf.tensor([1], dtype=gf.int8), 100, gf.int8),
        (gf.tensor([1], dtype=gf.int8), gf.tensor([1], dtype=gf.uint8), gf.int16),
        (gf.tensor([1]), gf.tensor([0.5]), gf.float32),
        (gf.tensor([1]), gf.tensor([0.5], dtype=gf.float16), gf.float16),
        (gf.tensor([0.5]), gf.tensor(0.5, dtype=gf.float64), gf.float32),
        (gf.tensor(0.5), gf.tensor(0.5, dtype=gf.float64), gf.float64),
        (gf.tensor([0.5]), gf.tensor([0.5], dtype=gf.float64), gf.float64),
        (gf.tensor([0.5], dtype=gf.float16), gf.tensor([0.5]), gf.float32),
        (gf.tensor([0.5]), np.float64(0.5), gf.float32),
        (gf.tensor([1]), np.float64(0.5), gf.float32),
        (gf.tensor([1]), np.int8(3), gf.int64),
        (gf.tensor([0.5]), 1j, gf.complex64),
        (gf.tensor([0.5], dtype=gf.float64), 1j, gf.complex128),
        (gf.tensor([0.5], dtype=gf.float64), gf.tensor(1j, dtype=gf.complex64), gf.complex128),
        (gf.tensor([True]), gf.tensor([True]), gf.bool),
        (gf.tensor([True]), 1, gf.int64),
        (gf.tensor([True]), 0.5, gf.float32),
        (gf.tensor(3), gf.tensor([0.5], dtype=gf.float16), gf.float16),
        (gf.tensor([3]), gf.tensor(0.5, dtype=gf.float64), gf.float64),
        (gf.tensor([0.5]), gf.tensor(np.array([0.5])).array, gf.float64),
    ],
)
def test_promotion(left: Any, right: Any, expected: Any) -> None:
    assert (left + right).dtype == expected
    assert (right + left).dtype == expected
    assert (left * right).dtype == expected


def test_results_of_integers() -> None:
    i = gf.tensor([7, -7, 2])
    assert (i / 2).dtype == gf.float32 and (i / i).dtype == gf.float32
    assert (i // 2).tolist() == [3, -4, 1] and (i // 2).dtype == gf.int64
    assert (i % 4).tolist() == [3, 1, 2] and gf.fmod(i, 4).tolist() == [3, -3, 2]
    assert gf.div(i, 2, rounding_mode="trunc").tolist() == [3, -3, 1]
    assert gf.div(i, 2, rounding_mode="trunc").dtype == gf.int64
    assert gf.div(i, 2, rounding_mode="floor").tolist() == [3, -4, 1]
    assert (i**2).dtype == gf.int64 and (2 ** gf.tensor([3])).tolist() == [8]
    assert gf.sqrt(gf.tensor([4])).dtype == gf.float32
    assert gf.tensor([True, True]).sum().dtype == gf.int64
    assert gf.tensor([200, 100], dtype=gf.uint8).sum().tolist() == 300
    for f in (gf.sum, gf.prod):
        assert f(gf.tensor([3], dtype=gf.uint8)).dtype == gf.int64
        assert f(gf.tensor([3], dtype=gf.int32)).dtype == gf.int64
    for f in (gf.cumsum, gf.cumprod):
        assert f(gf.tensor([3], dtype=gf.uint8), 0).dtype == gf.int64
        assert f(gf.tensor(3, dtype=gf.uint8), 0).dtype == gf.int64
        assert f(gf.tensor([3]), 0, dtype=gf.float64).dtype == gf.float64
    assert gf.round(i).dtype == gf.int64 and gf.round(gf.tensor([2.5, 3.5, -0.5])).tolist() == [2, 4, -0.0]
    assert gf.round(gf.tensor([1.25, -1.26]), decimals=1).tolist() == pytest.approx([1.2, -1.3])
    for f in (
        activations.leaky_relu,
        activations.elu,
        activations.gelu,
        activations.silu,
        activations.softplus,
        activations.logsigmoid,
        gf.erf,
        gf.sigmoid,
    ):
        assert f(gf.tensor([-1, 2])).dtype == gf.float32
    assert (gf.tensor([True, False]) + gf.tensor([True, True])).tolist() == [True, True]


def test_float16_is_summed_in_float32() -> None:
    x = gf.full((3000,), 1.0, dtype=gf.float16)
    assert x.mean().item() == 1.0 and x.mean().dtype == gf.float16
    assert gf.full((4, 2), 60000.0, dtype=gf.float16).mean().item() == 60000.0


# Unary functions, against NumPy and the language


UNARY: dict[str, Any] = {
    "abs": np.abs,
    "neg": np.negative,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "log2": np.log2,
    "log10": np.log10,
    "sqrt": np.sqrt,
    "rsqrt": lambda v: 1 / np.sqrt(v),
    "reciprocal": lambda v: 1 / v,
    "square": np.square,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "atanh": np.arctanh,
    "sigmoid": lambda v: 1 / (1 + np.exp(-v)),
    "erf": np.vectorize(math.erf),
    "sign": np.sign,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.rint,
    "trunc": np.trunc,
    "relu": lambda v: np.maximum(v, 0),
}


@pytest.mark.parametrize("name", UNARY)
def test_unary_values(name: str) -> None:
    x = np.array([0.1, 0.35, 0.5, 0.75, 0.9])
    f, t = UNARY[name], gf.tensor(x)
    np.testing.assert_allclose(getattr(gf, name)(t).to_numpy(), f(x), rtol=1e-14)
    np.testing.assert_allclose(getattr(t, name)().to_numpy(), f(x), rtol=1e-14)
    assert getattr(gf, name)(t.float()).dtype == gf.float32


def test_acosh_atan2_lerp_and_activations() -> None:
    x = np.array([1.5, 2.0])
    np.testing.assert_allclose(gf.acosh(gf.tensor(x)).cpu().array, np.arccosh(x))
    a, b = np.array([1.0, -1.0]), np.array([-2.0, 2.0])
    np.testing.assert_allclose(gf.atan2(gf.tensor(a), gf.tensor(b)).cpu().array, np.arctan2(a, b))
    np.testing.assert_allclose(gf.lerp(gf.tensor(a), gf.tensor(b), 0.25).cpu().array, a + 0.25 * (b - a))
    x = np.array([-2.0, 0.5])
    t = gf.tensor(x)
    np.testing.assert_allclose(activations.leaky_relu(t, 0.2).cpu().array, [-0.4, 0.5])
    np.testing.assert_allclose(activations.elu(t, 2.0).cpu().array, [2 * math.expm1(-2), 0.5])
    np.testing.assert_allclose(
        gf.selu(t).cpu().array, [1.0507009873554805 * 1.6732632423543772 * math.expm1(-2), 0.5 * 1.0507009873554805]
    )
    np.testing.assert_allclose(activations.gelu(t).cpu().array, [v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in x])
    np.testing.assert_allclose(activations.gelu(t, "tanh").cpu().array, [-0.0454023059, 0.345714011], rtol=1e-6)
    np.testing.assert_allclose(activations.silu(t).cpu().array, x / (1 + np.exp(-x)))
    np.testing.assert_allclose(activations.softplus(t, 2.0).cpu().array, np.log1p(np.exp(2 * x)) / 2)
    np.testing.assert_allclose(activations.mish(t).cpu().array, x * np.tanh(np.log1p(np.exp(x))))
    np.testing.assert_allclose(activations.logsigmoid(t).cpu().array, -np.log1p(np.exp(-x)))
    np.testing.assert_allclose(activations.hardtanh(t).cpu().array, [-1.0, 0.5])


REAL_ACTIVATIONS = [
    activations.relu, activations.leaky_relu, activations.elu, activations.selu, activations.gelu, activations.softplus,
    activations.mish, activations.logsigmoid, activations.hardtanh, lambda x: activations.gelu(x, "tanh"),
]  # fmt: skip


@pytest.mark.parametrize("f", REAL_ACTIVATIONS)
def test_activations_of_an_order_refuse_complex_numbers(f: Any) -> None:
    """gelu was erf of the real part, times the complex number; the others compared real parts."""
    with pytest.raises(errors.DTypeError, match=r"\w+: complex64 numbers have no order"):
        f(gf.tensor([1 - 2j]))


def test_complex_parts() -> None:
    z = gf.tensor([3 + 4j, -1 - 1j])
    assert z.dtype == gf.complex64 and z.abs().dtype == gf.float32 and z.abs().tolist() == pytest.approx([5, math.sqrt(2)])
    assert z.real.tolist() == [3, -1] and z.imag.tolist() == [4, -1] and gf.conj(z).tolist() == [3 - 4j, -1 + 1j]
    assert gf.angle(z).tolist() == pytest.approx([math.atan2(4, 3), math.atan2(-1, -1)])
    x = gf.tensor([1.0, -1.0, 0.0, -0.0, inf, -inf, nan])
    np.testing.assert_allclose(gf.angle(x).cpu().array, np.array([0, math.pi, 0, 0, 0, math.pi, nan], np.float32))
    assert gf.conj(x) is x and gf.real(x) is x


def test_complex_gradients_follow_the_conjugate_convention() -> None:
    z = gf.tensor([1 + 2j], dtype=gf.complex128, requires_grad=True)
    (z * z.conj()).real.sum().backward()
    assert z.grad is not None and z.grad.tolist() == [2 + 4j]  # of |z|^2 it is 2z, as in PyTorch
    w = gf.tensor([1 + 2j], dtype=gf.complex128, requires_grad=True)
    (w * w).backward(gradient=gf.tensor([1 + 0j], dtype=gf.complex128))
    assert w.grad is not None and w.grad.tolist() == [2 - 4j]


# Where the function is flat the derivative is 0, and it is finite where its limit is


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (gf.abs, [0.0, -0.0], [0, 0]),
        (gf.relu, [0.0, -1.0], [0, 0]),
        (activations.hardtanh, [-1.0, 1.0, 0.0], [0, 0, 1]),
        (lambda x: gf.clamp(x, -1, 1), [-1.0, 1.0, 2.0, 0.5], [1, 1, 0, 1]),
        (lambda x: gf.clamp(x, gf.tensor([1.0, 1.0, 1.0])), [0.0, 1.0, 2.0], [0, 1, 1]),
        (lambda x: gf.clamp(x, max=gf.tensor([1.0, 1.0, 1.0])), [0.0, 1.0, 2.0], [1, 1, 0]),
        (lambda x: x**0, [0.0, 2.0], [0, 0]),
        (lambda x: x ** gf.tensor([0.0, 0.0]), [0.0, 2.0], [0, 0]),
        (lambda x: x**2, [0.0, 3.0], [0, 6]),
        (lambda x: x**1, [0.0, 3.0], [1, 1]),
        (lambda x: x ** gf.tensor([2.0, 1.0]), [0.0, 0.0], [0, 1]),
        (lambda x: gf.tensor([0.0, 0.0]) ** x, [1.0, 0.0], [0, 0]),
        (gf.norm, [0.0, 0.0], [0, 0]),
        (lambda x: gf.norm(x, 1), [0.0, 2.0], [0, 1]),
        (lambda x: gf.norm(x, 3), [0.0, 0.0], [0, 0]),
        (lambda x: gf.norm(x, 0.5), [0.0, 4.0], [0, 1]),
        (lambda x: gf.norm(x, inf), [2.0, -2.0], [0.5, -0.5]),
        (gf.std, [3.0, 3.0, 3.0], [0, 0, 0]),
        (gf.std, [1.0, 2.0, 3.0], [-0.5, 0, 0.5]),
        (lambda x: gf.norm(x, 3), [1.0, 0.0], [1, 0]),
        (gf.var, [3.0, 3.0, 3.0], [0, 0, 0]),
        (gf.max, [2.0, 2.0, 1.0], [0.5, 0.5, 0]),
        (gf.min, [2.0, 1.0, 1.0], [0, 0.5, 0.5]),
        (lambda x: gf.amax(x, 0), [2.0, 2.0], [0.5, 0.5]),
        (lambda x: gf.max(x, 0).values, [1.0, 2.0, 2.0], [0, 1, 0]),
        (lambda x: gf.maximum(x, gf.tensor([1.0, 1.0])), [1.0, 0.0], [0.5, 0]),
        (gf.median, [1.0, 2.0, 2.0], [0, 0.5, 0.5]),
        (gf.prod, [0.0, 2.0, 3.0], [6, 0, 0]),
        (gf.prod, [0.0, 0.0, 3.0], [0, 0, 0]),
        (lambda x: gf.cumprod(x, 0), [2.0, 0.0, 3.0], [1, 8, 0]),
        (lambda x: gf.where(x > 0, gf.sqrt(gf.clamp(x, 0)), 0.0), [0.0, 4.0], [0, 0.25]),
        (lambda x: gf.where(x != 0, gf.sqrt(x), x), [0.0, 4.0], [1, 0.25]),
        (lambda x: gf.where(x == 0, x, 1 / gf.where(x == 0, 1.0, x)), [0.0, 2.0], [1, -0.25]),
        (lambda x: gf.where(x < 1, gf.asin(gf.clamp(x, -1, 1)), x), [1.0, 0.0], [1, 1]),
        (lambda x: gf.where(x > 0, x**0.5, x), [0.0, 4.0], [1, 0.25]),
        (gf.angle, [-1.0, 1.0], [0, 0]),
        (gf.floor, [0.5, 1.0], [0, 0]),
        (gf.sign, [0.0, 1.0], [0, 0]),
        (lambda x: gf.logsumexp(x, 0), [-inf, 0.0], [0, 1]),
        (lambda x: gf.softmax(x, 0)[0], [0.0, -inf], [0, 0]),
        (lambda x: x * gf.tensor([0.0, 1.0]), [1e300, 1.0], [0, 1]),
    ],
)
def test_derivatives_at_the_edges(f: Any, x: Any, expected: Any) -> None:
    np.testing.assert_allclose(slope(f, x), expected, atol=1e-15)


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize(
    ("f", "bad"),
    [
        (gf.sqrt, 0.0),
        (gf.sqrt, -1.0),
        (gf.log, 0.0),
        (gf.log, -1.0),
        (gf.log2, 0.0),
        (gf.log10, 0.0),
        (gf.log1p, -1.0),
        (gf.rsqrt, 0.0),
        (gf.reciprocal, 0.0),
        (gf.asin, 1.0),
        (gf.acos, -1.0),
        (gf.acosh, 1.0),
        (gf.atanh, 1.0),
        (lambda x: 1 / x, 0.0),
        (lambda x: x / x, 0.0),
        (lambda x: x**-1, 0.0),
        (lambda x: x**0.5, 0.0),
        (lambda x: x**x, -1.0),
        (lambda x: gf.atan2(x, x), 0.0),
    ],
)
def test_a_branch_that_where_threw_away_gives_0(f: Any, bad: float) -> None:
    """The element not taken has an infinite or no derivative, and must not turn 0 into NaN; to second order."""
    taken = 0.5 if f is not gf.acosh else 2.0
    x = f64([bad, taken])
    keep = gf.tensor([False, True])
    (g,) = gf.autograd.grad(gf.where(keep, f(x), 0.0).sum(), x, create_graph=True)
    alone = f64([taken])
    (want,) = gf.autograd.grad(f(alone).sum(), alone, create_graph=True)
    assert g.tolist() == [0.0, want.item()]
    if want.requires_grad:
        (h,) = gf.autograd.grad(gf.where(keep, g, 0.0).sum(), x)
        (wanted,) = gf.autograd.grad(want.sum(), alone)
        assert h.tolist() == [0.0, pytest.approx(wanted.item())]


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: gf.prod(x) ** 2, [0.0, 2.0, 3.0]),
        (gf.prod, [0.0, 0.0, 3.0]),
        (lambda x: gf.cumprod(x, 0), [2.0, 0.0, 3.0]),
        (lambda x: gf.cumprod(x, 0), [0.0, 0.0, 3.0]),
        (lambda x: x**2, [0.0, 1.0]),
        (lambda x: x**3, [0.0, 1.0]),
        (lambda x: x ** gf.tensor([2.0, 2.0], dtype=gf.float64), [0.0, 1.0]),
    ],
)
def test_second_derivatives_at_zeros(f: Any, x: Any) -> None:
    assert gf.gradcheck(f, f64(x)) and gf.gradgradcheck(f, f64(x))


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (gf.norm, [0.0, 0.0]),
        (lambda x: gf.norm(x) ** 2, [0.0, 0.0]),  # 2
        (lambda x: gf.exp(-0.5 * gf.norm(x) ** 2), [0.0, 0.0]),  # -1
        (lambda x: gf.norm(x, 3), [0.0, 0.0]),
        (lambda x: gf.norm(x, 3) ** 3, [0.0, 0.0]),
        (gf.std, [1.0, 1.0]),
        (lambda x: gf.std(x) ** 2, [1.0, 1.0]),  # 1, the variance's
        (lambda x: gf.abs(gf.complex(x, x) if hasattr(gf, "complex") else x * (1 + 1j)), [0.0]),
        (lambda x: gf.tensor([0.0], dtype=gf.float64) ** x, [0.0]),
    ],
)
def test_where_a_slope_is_taken_to_be_0_the_second_derivative_is_nan(f: Any, x: list[float]) -> None:
    """The first derivative is 0 by convention; the second is that of the function or NaN, and not that of a constant."""
    t = f64(x)
    (g,) = gf.autograd.grad(f(t).sum(), t, create_graph=True)
    assert g.tolist() == [0.0] * len(x)
    (h,) = gf.autograd.grad(g.sum(), t)
    assert all(map(math.isnan, h.tolist()))


def test_second_derivative_of_a_square() -> None:
    assert second(lambda x: x**2, [0.0]) == [2]


def test_far_tails_without_warnings() -> None:
    x = f64([-1000.0, -1e-300, 0.0, 1000.0])
    cases: list[tuple[Any, list[float], list[float]]] = [
        (gf.sigmoid, [0, 0.5, 0.5, 1], [0, 0.25, 0.25, 0]),
        (gf.tanh, [-1, 0, 0, 1], [0, 1, 1, 0]),
        (activations.softplus, [0, math.log(2), math.log(2), 1000], [0, 0.5, 0.5, 1]),
        (activations.logsigmoid, [-1000, -math.log(2), -math.log(2), 0], [1, 0.5, 0.5, 0]),
        (activations.silu, [0, 0, 0, 1000], [0, 0.5, 0.5, 1]),
        (activations.gelu, [0, 0, 0, 1000], [0, 0.5, 0.5, 1]),
        (activations.elu, [-1, 0, 0, 1000], [0, 1, 1, 1]),
        (gf.erf, [-1, 0, 0, 1], [0, 2 / math.sqrt(math.pi), 2 / math.sqrt(math.pi), 0]),
    ]
    for f, values, slopes in cases:
        y = f(x)
        np.testing.assert_allclose(y.detach().cpu().array, values, atol=1e-12)
        (g,) = gf.autograd.grad(y.sum(), x, create_graph=True)
        np.testing.assert_allclose(g.detach().cpu().array, slopes, atol=1e-12)
        if g.requires_grad:
            assert np.isfinite(gf.autograd.grad(g.sum(), x)[0].cpu().array).all()
    big = f64([1000.0, -1000.0, 999.0])
    np.testing.assert_allclose(gf.logsumexp(big, 0).item(), 1000 + math.log1p(math.exp(-1)))
    np.testing.assert_allclose(gf.log_softmax(big, 0).detach().cpu().array[1], -2000 - math.log1p(math.exp(-1)))
    assert gf.softmax(big, 0).tolist()[1] == 0
    assert gf.sigmoid(gf.tensor([-100.0, 100.0])).tolist() == pytest.approx([math.exp(-100), 1])


def test_logsumexp_of_infinities() -> None:
    assert gf.logsumexp(f64([-inf, -inf]), 0).item() == -inf
    assert gf.logsumexp(f64([inf, 1000.0]), 0).item() == inf
    assert gf.logsumexp(f64([-inf, 2.0]), 0).item() == 2.0
    assert gf.logsumexp(gf.zeros(0, 2), 0).tolist() == [-inf, -inf]
    assert gf.softmax(gf.zeros(0, 2), 0).shape == (0, 2) and gf.log_softmax(gf.zeros(2, 0), 1).shape == (2, 0)


# Reductions


X = np.random.default_rng(0).normal(size=(2, 3, 4))


@pytest.mark.parametrize("dim", [None, 0, -1, (0, 2), (1,)])
@pytest.mark.parametrize("keepdim", [False, True])
def test_reductions_against_numpy(dim: Any, keepdim: bool) -> None:
    t = gf.tensor(X)
    for name, theirs in {"sum": np.sum, "mean": np.mean, "amax": np.max, "amin": np.min}.items():
        got = getattr(t, name)(dim, keepdim) if dim is not None else getattr(t, name)(dim=None, keepdim=keepdim)
        np.testing.assert_allclose(got.cpu().array, theirs(X, axis=dim, keepdims=keepdim))
    for correction in (0, 1, 0.5):
        np.testing.assert_allclose(
            t.var(dim, keepdim=keepdim, correction=correction).cpu().array, np.var(X, axis=dim, ddof=correction, keepdims=keepdim)
        )
        np.testing.assert_allclose(
            t.std(dim, keepdim=keepdim, correction=correction).cpu().array, np.std(X, axis=dim, ddof=correction, keepdims=keepdim)
        )
    np.testing.assert_array_equal((t > 0).any(dim, keepdim).cpu().array, np.any(X > 0, axis=dim, keepdims=keepdim))
    np.testing.assert_array_equal((t > -1).all(dim, keepdim).cpu().array, np.all(X > -1, axis=dim, keepdims=keepdim))
    every = tuple(range(3)) if dim is None else dim
    np.testing.assert_allclose(t.logsumexp(every, keepdim).cpu().array, np.log(np.sum(np.exp(X), axis=every, keepdims=keepdim)))
    for p in (1, 2, 3, 0.5, 0):
        size = np.abs(X)
        want = np.sum(size > 0, axis=dim, keepdims=keepdim) if p == 0 else np.sum(size**p, axis=dim, keepdims=keepdim) ** (1 / p)
        np.testing.assert_allclose(t.norm(p, dim, keepdim).cpu().array, want)
    np.testing.assert_allclose(t.norm(inf, dim, keepdim).cpu().array, np.max(np.abs(X), axis=dim, keepdims=keepdim))
    np.testing.assert_allclose(t.norm(-inf, dim, keepdim).cpu().array, np.min(np.abs(X), axis=dim, keepdims=keepdim))


def test_reductions_of_nothing() -> None:
    e = gf.zeros(0, 3)
    assert e.sum().item() == 0 and e.prod().item() == 1 and e.sum(0).tolist() == [0, 0, 0]
    assert math.isnan(e.mean().item()) and np.isnan(e.mean(0).array).all() and e.mean(1).shape == (0,)
    assert e.any().item() is False and e.all().item() is True
    with pytest.raises(errors.ShapeError, match="amax"):
        e.max()
    with pytest.raises(errors.GradflowError, match="argmax"):
        e.argmax(0)
    assert gf.std(gf.tensor([1.0, 3.0]), correction=0).item() == 1
    x = gf.tensor([[2.0, 2.0]])
    assert np.isnan(gf.var(x, 0).cpu().array).all()  # one element, n - 1 = 0


def test_var_and_std_take_unbiased_in_every_place() -> None:
    t = gf.tensor(X)
    for got in (t.var(1, False), t.var(1, unbiased=False), t.var(1, correction=0)):
        np.testing.assert_allclose(got.cpu().array, X.var(1))
    np.testing.assert_allclose(t.std(False).cpu().array, X.std())
    np.testing.assert_allclose(gf.std(t, 1, True, True).cpu().array, X.std(1, ddof=1, keepdims=True))


def test_max_and_min_in_three_forms() -> None:
    x = gf.tensor([[1.0, 5.0, 5.0], [7.0, 3.0, -1.0]])
    assert gf.max(x).item() == 7 and gf.min(x).item() == -1 and x.max().shape == ()
    values, indices = gf.max(x, 1)
    assert values.tolist() == [5, 7] and indices.tolist() == [1, 0] and indices.dtype == gf.int64
    named = x.min(dim=0, keepdim=True)
    assert named.values.tolist() == [[1, 3, -1]] and named.indices.tolist() == [[0, 1, 1]]
    assert gf.max(x, gf.tensor([2.0, 4.0, 6.0])).tolist() == [[2, 5, 6], [7, 4, 6]]
    assert x.min(other=gf.tensor(2.0)).tolist() == [[1, 2, 2], [2, 2, -1]]
    assert gf.argmax(x).item() == 3 and gf.argmin(x, 1, keepdim=True).tolist() == [[0], [2]]
    assert math.isnan(gf.max(gf.tensor([1.0, nan])).item())


def test_median_takes_the_lower_of_two_and_the_nan() -> None:
    assert gf.median(gf.tensor([4.0, 1.0, 3.0, 2.0])).item() == 2
    values, indices = gf.median(gf.tensor([[5.0, 1.0, 3.0], [2.0, nan, 1.0]]), 1)
    assert values.tolist()[0] == 3 and math.isnan(values.tolist()[1]) and indices.tolist() == [2, 1]
    assert math.isnan(gf.median(gf.tensor([nan, 1.0])).item())
    with pytest.raises(errors.ArgumentError, match="median"):
        gf.median(gf.zeros(0))


def test_sort_and_topk_are_stable() -> None:
    x = gf.tensor([1.0, 0.0, 1.0, 0.0])
    assert gf.sort(x).indices.tolist() == [1, 3, 0, 2]
    assert gf.sort(x, descending=True).indices.tolist() == [0, 2, 1, 3]
    assert gf.argsort(x, descending=True).tolist() == [0, 2, 1, 3]
    assert gf.topk(x, 2).indices.tolist() == [0, 2] and gf.topk(x, 3, largest=False).values.tolist() == [0, 0, 1]
    assert gf.sort(gf.tensor([nan, 1.0, -inf])).indices.tolist() == [2, 1, 0]
    assert gf.topk(x, 0).values.shape == (0,)


def test_cumulations() -> None:
    np.testing.assert_allclose(gf.cumsum(gf.tensor(X), 1).cpu().array, np.cumsum(X, 1))
    np.testing.assert_allclose(gf.cumprod(gf.tensor(X), -1).cpu().array, np.cumprod(X, -1))
    assert gf.cumsum(gf.tensor(3.0), 0).item() == 3 and gf.prod(gf.tensor(X), 1).shape == (2, 4)


# Moving elements


def test_moves_against_numpy() -> None:
    t = gf.tensor(X)
    cases: list[tuple[Any, Any]] = [
        (t.flip(0, 2), np.flip(X, (0, 2))),
        (t.flip(1), np.flip(X, 1)),
        (t.roll(2), np.roll(X, 2)),
        (t.roll((1, -1), (0, 2)), np.roll(X, (1, -1), (0, 2))),
        (t.movedim(0, -1), np.moveaxis(X, 0, -1)),
        (t.movedim((0, 1), (2, 0)), np.moveaxis(X, (0, 1), (2, 0))),
        (t.tile((2, 1, 1)), np.tile(X, (2, 1, 1))),
        (t.tile(2), np.tile(X, 2)),
        (t.repeat(2, 1, 1, 1), np.tile(X, (2, 1, 1, 1))),
        (t.repeat_interleave(2), np.repeat(X, 2)),
        (t.repeat_interleave(gf.tensor([1, 0, 2]), 1), np.repeat(X, [1, 0, 2], 1)),
        (t.repeat_interleave(gf.tensor(3), 0), np.repeat(X, 3, 0)),
        (t.permute(2, 0, 1), np.transpose(X, (2, 0, 1))),
        (t.transpose(0, -1), np.swapaxes(X, 0, -1)),
        (t.T, X.T),
        (t.mT, np.swapaxes(X, -1, -2)),
        (t[0].t(), X[0].T),
        (t.flatten(), X.ravel()),
        (t.flatten(1), X.reshape(2, 12)),
        (t.reshape(-1, 2), X.reshape(-1, 2)),
        (gf.stack([t, t], -1), np.stack([X, X], -1)),
        (gf.cat([t, t], 1), np.concatenate([X, X], 1)),
        (t.tril(1), np.tril(X, 1)),
        (t.triu(-1), np.triu(X, -1)),
        (t.diagonal(1, 0, 2), np.diagonal(X, 1, 0, 2)),
        (gf.diag(t[0, 0], 1), np.diag(X[0, 0], 1)),
        (gf.diag(t[0], -1), np.diag(X[0], -1)),
        (t[0].trace(), np.trace(X[0])),
        (t.narrow(2, 1, 2), X[:, :, 1:3]),
        (t.select(1, -1), X[:, -1]),
        (t.unsqueeze(-1), X[..., None]),
        (t.expand(5, -1, -1, -1), np.broadcast_to(X, (5, 2, 3, 4))),
        (gf.broadcast_to(t, (5, 2, 3, 4)), np.broadcast_to(X, (5, 2, 3, 4))),
    ]
    for got, want in cases:
        np.testing.assert_array_equal(got.cpu().array, want)


def test_pieces() -> None:
    x = gf.arange(7)
    assert [p.tolist() for p in gf.split(x, 3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert [p.tolist() for p in gf.split(x, [1, 0, 6])] == [[0], [], [1, 2, 3, 4, 5, 6]]
    assert [len(p) for p in gf.chunk(x, 3)] == [3, 3, 1] and [len(p) for p in gf.chunk(gf.arange(4), 3)] == [2, 2]
    assert [p.shape for p in gf.unbind(gf.zeros(2, 3), 1)] == [(2,), (2,), (2,)]


def test_squeezing() -> None:
    x = gf.zeros(1, 2, 1)
    assert x.squeeze().shape == (2,) and x.squeeze(0).shape == (2, 1) and x.squeeze(1).shape == (1, 2, 1)
    assert x.squeeze((0, -1)).shape == (2,) and gf.zeros(()).squeeze().shape == () and x.unsqueeze(3).shape == (1, 2, 1, 1)


def test_view_never_copies() -> None:
    x = gf.arange(6.0)
    y = x.view(2, 3)
    y.array[0, 0] = 9
    assert x.tolist()[0] == 9 and x.view(3, -1).shape == (3, 2)
    with pytest.raises(errors.ShapeError, match="view"):
        y.t().view(6)
    assert y.t().reshape(6).shape == (6,)


# Products


def test_matmul_from_1d_to_nd() -> None:
    rng = np.random.default_rng(0)
    for sa, sb in [
        ((3,), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3,)),
        ((2, 3), (3, 4)),
        ((4, 2, 3), (3,)),
        ((3,), (4, 3, 2)),
        ((2, 1, 2, 3), (4, 3, 2)),
    ]:
        a, b = rng.normal(size=sa), rng.normal(size=sb)
        np.testing.assert_allclose((gf.tensor(a) @ gf.tensor(b)).cpu().array, np.matmul(a, b))
        np.testing.assert_allclose((gf.tensor(a).array @ gf.tensor(b)).cpu().array, np.matmul(a, b))
    i = gf.tensor([[1, 2], [3, 4]])
    assert (i @ i).dtype == gf.int64 and (i @ i.float()).dtype == gf.float32


EQUATIONS = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk", (2, 3), (3, 4)),
    ("ii", (3, 3)),
    ("ii->i", (3, 3)),
    ("...ii->...i", (2, 3, 3)),
    ("ij->ji", (2, 3)),
    ("ba", (2, 3)),
    ("ij->", (2, 3)),
    ("ij,ij->", (2, 3), (2, 3)),
    ("i,j", (2,), (3,)),
    ("iij->j", (2, 2, 3)),
    ("jiij->", (2, 3, 3, 2)),
    ("a...b->b...a", (2, 3, 4)),
    ("b...,b...", (2, 3), (2, 3)),
    ("...,...", (3,), (2, 3)),
    ("ij,kl->", (2, 3), (2, 1)),
    ("ab,b,b,ca->c", (2, 3), (3,), (3,), (4, 2)),
    ("i...,->i", (2,), ()),
    ("zA,Ab", (2, 3), (3, 2)),
    (" ij , jk -> ik ", (2, 3), (3, 2)),
    ("", ()),
    ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)),
    ("i,i,i->i", (3,), (3,), (3,)),
]


@pytest.mark.parametrize("case", EQUATIONS, ids=[c[0] for c in EQUATIONS])
def test_einsum_against_numpy(case: Any) -> None:
    equation, *shapes = case
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=s) for s in shapes]
    got = gf.einsum(equation, *[gf.tensor(a) for a in arrays])
    np.testing.assert_allclose(got.cpu().array, np.einsum(equation, *arrays))
    np.testing.assert_allclose(gf.einsum(equation, [gf.tensor(a) for a in arrays]).cpu().array, got.cpu().array)


def test_einsum_broadcasts_sizes_of_1() -> None:
    a, b = np.ones((2, 3)), np.arange(3.0).reshape(1, 3)
    assert gf.einsum("...->", gf.ones(2, 3)).item() == 6  # NumPy refuses this one, PyTorch sums
    assert gf.einsum("ij,ij->", gf.tensor(a), gf.tensor(b)).item() == 6
    assert gf.einsum("ij,ij->i", gf.tensor(b), gf.tensor(a)).tolist() == [3, 3]
    assert gf.einsum("ij,jk->ik", gf.ones(2, 1), gf.ones(3, 2)).tolist() == [[3, 3], [3, 3]]


@pytest.mark.parametrize(
    ("equation", "shapes", "error"),
    [
        ("ij,jk", [(2, 3)], errors.ArgumentError),
        ("ij,jk", [(2, 3), (4, 2)], errors.ShapeError),
        ("ijk", [(2, 3)], errors.ShapeError),
        ("i", [(2, 3)], errors.ShapeError),
        ("i1", [(2, 3)], errors.ArgumentError),
        ("i.j", [(2, 3)], errors.ArgumentError),
        ("ij->k", [(2, 3)], errors.ArgumentError),
        ("i->ii", [(3,)], errors.ArgumentError),
        ("ii", [(2, 3)], errors.ShapeError),
        ("ii", [(1, 3)], errors.ShapeError),
        (3, [(2,)], errors.ArgumentError),
    ],
)
def test_einsum_errors(equation: Any, shapes: Any, error: Any) -> None:
    with pytest.raises(error, match="einsum"):
        gf.einsum(equation, *[gf.zeros(s) for s in shapes])


def test_other_products_against_numpy() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3, 4)), rng.normal(size=(4, 3, 2))
    A, B = gf.tensor(a), gf.tensor(b)
    np.testing.assert_allclose(gf.tensordot(A, B, 1).cpu().array, np.tensordot(a, b, 1))
    np.testing.assert_allclose(gf.tensordot(A, B, ([0, 1], [2, 1])).cpu().array, np.tensordot(a, b, ((0, 1), (2, 1))))
    np.testing.assert_allclose(gf.tensordot(A, B, 0).cpu().array, np.tensordot(a, b, 0))
    np.testing.assert_allclose(gf.kron(A[0], B[0]).cpu().array, np.kron(a[0], b[0]))
    np.testing.assert_allclose(gf.kron(A[0, 0], B[0]).cpu().array, np.kron(a[0, 0], b[0]))
    np.testing.assert_allclose(gf.outer(A[0, 0], B[0, 0]).cpu().array, np.outer(a[0, 0], b[0, 0]))
    np.testing.assert_allclose(gf.dot(A[0, 0], B[:, 0, 0]).cpu().array, np.dot(a[0, 0], b[:, 0, 0]))
    np.testing.assert_allclose(gf.mv(A[0], B[:, 0, 0]).cpu().array, a[0] @ b[:, 0, 0])
    np.testing.assert_allclose(gf.bmm(A, B.reshape(2, 4, 3)).cpu().array, a @ b.reshape(2, 4, 3))


def test_linalg_against_numpy() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=(2, 3, 3)) + 3 * np.eye(3)
    A, spd = gf.tensor(a), a @ np.swapaxes(a, 1, 2)
    np.testing.assert_allclose(linalg.inv(A).cpu().array, np.linalg.inv(a))
    np.testing.assert_allclose(linalg.det(A).cpu().array, np.linalg.det(a))
    for got, want in zip(linalg.slogdet(-A), np.linalg.slogdet(-a), strict=True):
        np.testing.assert_allclose(got.cpu().array, want)
    np.testing.assert_allclose(linalg.cholesky(gf.tensor(spd)).cpu().array, np.linalg.cholesky(spd))
    np.testing.assert_allclose(
        linalg.cholesky(gf.tensor(spd), upper=True).cpu().array, np.swapaxes(np.linalg.cholesky(spd), 1, 2)
    )
    for b in (rng.normal(size=(2, 3, 2)), rng.normal(size=(2, 3))):
        want = np.linalg.solve(a, b) if b.ndim == 3 else np.linalg.solve(a, b[..., None])[..., 0]
        np.testing.assert_allclose(linalg.solve(A, gf.tensor(b)).cpu().array, want)
    m = rng.normal(size=(2, 3))
    M = gf.tensor(m)
    for order in (None, "fro", 1, -1, inf, -inf):
        np.testing.assert_allclose(linalg.norm(M, order).cpu().array, np.linalg.norm(m, order))
        np.testing.assert_allclose(linalg.norm(A, order, (1, 2), True).cpu().array, np.linalg.norm(a, order, (1, 2), True))
    for order in (None, 1, 2, 3, inf, -inf, 0, 0.5):
        np.testing.assert_allclose(linalg.norm(M[0], order).cpu().array, np.linalg.norm(m[0], order))
        np.testing.assert_allclose(linalg.norm(M, order, 0).cpu().array, np.linalg.norm(m, order, 0))
    np.testing.assert_allclose(linalg.vector_norm(M, 3).cpu().array, np.sum(np.abs(m) ** 3) ** (1 / 3))
    h = np.array([[2, 1j], [-1j, 3]])
    np.testing.assert_allclose(linalg.cholesky(gf.tensor(h), upper=True).cpu().array, np.linalg.cholesky(h).conj().T)
    assert gf.gradcheck(lambda z: linalg.cholesky(0.5 * (z + gf.conj(z.mT))), gf.tensor(h, requires_grad=True))


# Comparisons and questions


def test_comparisons_and_logic() -> None:
    a, b = gf.tensor([1.0, 2.0, nan]), gf.tensor([2.0, 2.0, nan])
    assert (a < b).tolist() == [True, False, False] and (a <= b).tolist() == [True, True, False]
    assert (a == b).tolist() == [False, True, False] and (a != b).tolist() == [True, False, True]
    assert (a >= 2).tolist() == [False, True, False] and (a < 1).tolist() == [False, False, False]
    assert gf.isnan(a).tolist() == [False, False, True] and gf.isinf(gf.tensor([inf, 1.0])).tolist() == [True, False]
    assert gf.isfinite(gf.tensor([inf, nan, 0.0])).tolist() == [False, False, True]
    m, n = gf.tensor([True, True, False]), gf.tensor([True, False, False])
    assert (
        (m & n).tolist() == [True, False, False]
        and (m | n).tolist() == [True, True, False]
        and (m ^ n).tolist() == [False, True, False]
    )
    assert (~m).tolist() == [False, False, True] and gf.logical_xor(m, n).tolist() == [False, True, False]
    assert (gf.tensor([6]) & 3).tolist() == [2] and (~gf.tensor([0])).tolist() == [-1]


def test_allclose_and_equal() -> None:
    a = gf.tensor([1.0, nan])
    assert gf.allclose(gf.ones(2), gf.ones(2) + 1e-7) and not gf.allclose(a, a) and gf.allclose(a, a, equal_nan=True)
    assert gf.equal(gf.ones(2), gf.ones(2)) and not gf.equal(gf.ones(2), gf.ones(3)) and not gf.equal(gf.ones(2), gf.zeros(2))


def test_is_tensor() -> None:
    assert gf.is_tensor(gf.ones(1)) and not gf.is_tensor(np.ones(1))


def test_where_and_nonzero() -> None:
    m = gf.tensor([[True, False], [True, True]])
    assert [i.tolist() for i in gf.where(m)] == [[0, 1, 1], [0, 0, 1]]
    assert m.nonzero().tolist() == [[0, 0], [1, 0], [1, 1]] and [i.tolist() for i in gf.nonzero(m[0], as_tuple=True)] == [[0]]
    assert gf.where(m, 1, 0).dtype == gf.int64 and gf.where(m, 1.0, 0).dtype == gf.float32
    assert gf.nonzero(gf.tensor(5.0)).shape == (1, 0) and len(gf.nonzero(gf.tensor(5.0), as_tuple=True)) == 1


# Bad input: one clear error that names the operation


Z, V, I, B = gf.zeros(2, 3), gf.zeros(3), gf.tensor([0, 1]), gf.tensor([True, False])
C = gf.tensor([1 + 1j, 2 - 1j])

BAD: list[tuple[str, Any, Any]] = [
    ("add", lambda: gf.zeros(2) + gf.zeros(3), errors.ShapeError),
    ("mul", lambda: gf.mul(gf.zeros(2), "3"), errors.DTypeError),
    ("mul", lambda: gf.zeros(2) * [1, 2], errors.DTypeError),
    ("sub", lambda: B - B, errors.DTypeError),
    ("neg", lambda: -B, errors.DTypeError),
    ("sign", lambda: gf.sign(C), errors.DTypeError),
    ("erf", lambda: gf.erf(C), errors.DTypeError),
    ("round", lambda: gf.round(C), errors.DTypeError),
    ("imag", lambda: gf.imag(Z), errors.DTypeError),
    ("lt", lambda: C < C, errors.DTypeError),
    ("maximum", lambda: gf.maximum(C, C), errors.DTypeError),
    ("amax", lambda: C.max(), errors.DTypeError),
    ("argmin", lambda: C.argmin(), errors.DTypeError),
    ("argsort", lambda: C.sort(), errors.DTypeError),
    ("clamp", lambda: gf.clamp(C, gf.tensor(0.0)), errors.DTypeError),
    ("clamp", lambda: gf.clamp(Z), errors.ArgumentError),
    ("div", lambda: gf.div(Z, 2, rounding_mode="up"), errors.ArgumentError),
    ("pow", lambda: I**-1, errors.ArgumentError),
    ("pow", lambda: I ** gf.tensor([-1, -1]), errors.ArgumentError),
    ("uint8", lambda: gf.tensor([1], dtype=gf.uint8) * -1, errors.ArgumentError),
    ("bitwise_and", lambda: Z & Z, errors.DTypeError),
    ("where", lambda: gf.where(gf.tensor([1, 0]), 1.0, 2.0), errors.DTypeError),
    ("where", lambda: gf.where(B, gf.zeros(3), 0.0), errors.ShapeError),
    ("sum", lambda: Z.sum(2), errors.IndexingError),
    ("sum", lambda: Z.sum((0, 0)), errors.ArgumentError),
    ("sum", lambda: Z.sum(1.5), errors.ArgumentError),
    ("sum", lambda: Z.sum("rows"), errors.ArgumentError),
    ("mean", lambda: I.mean(), errors.DTypeError),
    ("var", lambda: I.var(), errors.DTypeError),
    ("cumsum", lambda: Z.cumsum(3), errors.IndexingError),
    ("norm", lambda: Z.norm("nuc"), errors.ArgumentError),
    ("linalg.norm", lambda: linalg.norm(Z, 2), errors.ArgumentError),
    ("linalg.norm", lambda: linalg.norm(gf.zeros(2, 2, 2), 1), errors.ShapeError),
    ("topk", lambda: V.topk(4), errors.ArgumentError),
    ("topk", lambda: V.topk(1.5), errors.ArgumentError),
    ("topk", lambda: V.topk(-1), errors.ArgumentError),
    ("argsort", lambda: V.sort(1), errors.IndexingError),
    ("median", lambda: gf.zeros(0).median(), errors.ArgumentError),
    ("softmax", lambda: V.softmax(1), errors.IndexingError),
    ("softmax", lambda: gf.zeros(()).softmax(3), errors.IndexingError),
    ("reshape", lambda: Z.reshape(4), errors.ShapeError),
    ("reshape", lambda: Z.reshape(-1, -1), errors.ShapeError),
    ("reshape", lambda: Z.reshape("a"), errors.ArgumentError),
    ("reshape", lambda: Z.reshape(2.0, 3), errors.ArgumentError),
    ("flatten", lambda: Z.flatten(1, 0), errors.ArgumentError),
    ("squeeze", lambda: Z.squeeze(2), errors.IndexingError),
    ("unsqueeze", lambda: Z.unsqueeze(4), errors.IndexingError),
    ("permute", lambda: Z.permute(0), errors.ShapeError),
    ("permute", lambda: Z.permute(0, 0), errors.ArgumentError),
    ("transpose", lambda: Z.transpose(0, 2), errors.IndexingError),
    ("t", lambda: gf.zeros(1, 1, 1).t(), errors.ShapeError),
    ("mT", lambda: V.mT, errors.ShapeError),
    ("movedim", lambda: Z.movedim((0, 1), 0), errors.ArgumentError),
    ("expand", lambda: Z.expand(3), errors.ShapeError),
    ("broadcast_to", lambda: Z.expand(2, 4), errors.ShapeError),
    ("broadcast_to", lambda: gf.broadcast_to(Z, (4, 3)), errors.ShapeError),
    ("cat", lambda: gf.cat([]), errors.ShapeError),
    ("cat", lambda: gf.cat([Z, V]), errors.ShapeError),
    ("cat", lambda: gf.cat([Z, gf.zeros(2, 2)]), errors.ShapeError),
    ("cat", lambda: gf.cat([Z, Z], 2), errors.IndexingError),
    ("stack", lambda: gf.stack([Z, V]), errors.ShapeError),
    ("stack", lambda: gf.stack([]), errors.GradflowError),
    ("flip", lambda: Z.flip(0, 0), errors.ArgumentError),
    ("roll", lambda: Z.roll((1, 2)), errors.ArgumentError),
    ("roll", lambda: Z.roll((1, 2), 0), errors.ArgumentError),
    ("repeat", lambda: Z.repeat(2), errors.ShapeError),
    ("tile", lambda: Z.tile((-1, 1)), errors.GradflowError),
    ("repeat_interleave", lambda: V.repeat_interleave(-1), errors.ArgumentError),
    ("repeat_interleave", lambda: V.repeat_interleave([1, 2]), errors.ShapeError),
    ("repeat_interleave", lambda: V.repeat_interleave(1.5), errors.ArgumentError),
    ("repeat_interleave", lambda: gf.zeros(()).repeat_interleave(2, 0), errors.ShapeError),
    ("narrow", lambda: V.narrow(0, 1, 3), errors.ArgumentError),
    ("getitem", lambda: V.select(0, 3), errors.IndexingError),
    ("split", lambda: V.split(0), errors.ArgumentError),
    ("split", lambda: V.split([1, 1]), errors.ShapeError),
    ("split", lambda: gf.zeros(()).split(1), errors.ShapeError),
    ("chunk", lambda: V.chunk(0), errors.ArgumentError),
    ("chunk", lambda: gf.zeros(()).chunk(1), errors.ShapeError),
    ("unbind", lambda: gf.zeros(()).unbind(), errors.ShapeError),
    ("tril", lambda: V.tril(), errors.ShapeError),
    ("triu", lambda: V.triu(), errors.ShapeError),
    ("diag", lambda: gf.zeros(1, 1, 1).diag(), errors.ShapeError),
    ("diagonal", lambda: V.diagonal(), errors.GradflowError),
    ("trace", lambda: V.trace(), errors.ShapeError),
    ("matmul", lambda: Z @ Z, errors.ShapeError),
    ("matmul", lambda: Z @ 2, errors.ShapeError),
    ("matmul", lambda: gf.zeros(2, 2, 3) @ gf.zeros(3, 3, 1), errors.ShapeError),
    ("dot", lambda: gf.dot(Z, V), errors.ShapeError),
    ("dot", lambda: gf.dot(V, gf.zeros(2)), errors.ShapeError),
    ("mm", lambda: gf.mm(Z, V), errors.ShapeError),
    ("mv", lambda: gf.mv(Z, Z), errors.ShapeError),
    ("bmm", lambda: gf.bmm(gf.zeros(1, 2, 3), gf.zeros(2, 3, 2)), errors.ShapeError),
    ("outer", lambda: gf.outer(Z, V), errors.ShapeError),
    ("tensordot", lambda: gf.tensordot(Z, Z, 1), errors.ShapeError),
    ("tensordot", lambda: gf.tensordot(Z, Z, 3), errors.ShapeError),
    ("linalg.inv", lambda: linalg.inv(Z), errors.ShapeError),
    ("linalg.inv", lambda: linalg.inv(gf.zeros(2, 2)), errors.LinAlgError),
    ("linalg.det", lambda: linalg.det(V), errors.ShapeError),
    ("linalg.cholesky", lambda: linalg.cholesky(-gf.eye(2)), errors.LinAlgError),
    ("linalg.solve", lambda: linalg.solve(gf.eye(2), gf.zeros(3)), errors.ShapeError),
    ("linalg.solve", lambda: linalg.solve(gf.zeros(2, 2), gf.zeros(2)), errors.LinAlgError),
    ("hardtanh", lambda: activations.hardtanh(V, 1.0, 0.0), errors.ArgumentError),
    ("gelu", lambda: activations.gelu(V, "cubic"), errors.ArgumentError),
    ("linear", lambda: neural.linear_layer(Z, gf.zeros(2, 2)), errors.ShapeError),
]


@pytest.mark.parametrize(("name", "call", "error"), BAD, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(BAD)])
def test_bad_input(name: str, call: Any, error: Any) -> None:
    with pytest.raises(error) as caught:
        call()
    assert isinstance(caught.value, errors.GradflowError)
    assert name in str(caught.value)


def minors(a: np.ndarray) -> np.ndarray:
    """The cofactors, minor by minor."""
    n = len(a)
    out = np.zeros_like(a)
    for i in range(n):
        for j in range(n):
            left = np.delete(np.delete(a, i, 0), j, 1)
            out[i, j] = (-1) ** (i + j) * (np.linalg.det(left) if n > 1 else 1.0)
    return out


SINGULAR = {
    "1x1": np.zeros((1, 1)),
    "2x2": np.array([[1.0, 2.0], [2.0, 4.0]]),
    "a zero row": np.array([[0.0, 0.0], [0.0, 1.0]]),
    "a zero column": np.array([[0.0, 1.0], [0.0, 1.0]]),
    "nothing": np.zeros((2, 2)),
    "3x3 of rank 1": np.outer([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]),
    "3x3 of rank 2": np.array([[1.0, 2, 3], [4, 5, 6], [5, 7, 9]]),
    "4x4 of rank 2": np.kron(np.eye(2), np.ones((2, 2))),
    "4x4 of rank 3": np.array([[2.0, 0, 0, 0], [0, 3, 0, 0], [0, 0, 4, 0], [0, 0, 0, 0]]),
    "vanishing": np.diag([1e-200, 1e-200, 2.0]),
    "complex": np.array([[1j, 2.0], [2j, 4.0]]),
}


@pytest.mark.parametrize("name", SINGULAR)
def test_gradient_of_the_determinant_of_a_singular_matrix(name: str) -> None:
    a = SINGULAR[name]
    x = gf.tensor(a, dtype=gf.complex128 if a.dtype.kind == "c" else gf.float64, requires_grad=True)
    assert abs(linalg.det(x).item()) < 1e-12
    (g,) = gf.autograd.grad(linalg.det(x), x, gf.ones((), dtype=x.dtype))
    np.testing.assert_allclose(g.cpu().numpy(), np.conj(minors(a)), rtol=1e-12, atol=1e-12 * np.abs(a).max())
    if name != "vanishing":
        assert gf.gradcheck(linalg.det, x) and gf.gradgradcheck(linalg.det, x)
    stack = gf.stack([x.detach(), gf.eye(len(a), dtype=x.dtype) * 2]).requires_grad_()
    (g,) = gf.autograd.grad(linalg.det(stack), stack, gf.ones(2, dtype=x.dtype))
    np.testing.assert_allclose(g[0].cpu().numpy(), np.conj(minors(a)), rtol=1e-12, atol=1e-12 * np.abs(a).max())
    np.testing.assert_allclose(g[1].cpu().numpy(), minors(2 * np.eye(len(a))), atol=1e-12)


def test_determinants_that_overflow_and_the_empty_one() -> None:
    x = gf.tensor([[1e200, 0.0, 0.0], [0.0, 1e200, 0.0], [0.0, 0.0, 1e-100]], dtype=gf.float64, requires_grad=True)
    (g,) = gf.autograd.grad(linalg.det(x), x)
    np.testing.assert_allclose(np.diag(g.cpu().numpy())[:2], [1e100, 1e100])
    empty = gf.zeros(0, 0, requires_grad=True)
    linalg.det(empty).backward()
    assert empty.grad is not None and empty.grad.shape == (0, 0)
    nan = gf.full((2, 2), math.nan, requires_grad=True)
    with np.errstate(all="ignore"):
        (g,) = gf.autograd.grad(linalg.det(nan), nan)
    assert np.isnan(g.cpu().numpy()).all()


def test_third_derivative_of_the_determinant() -> None:
    x = gf.tensor([[2.0, 1.0, 0.5], [0.3, 3.0, 1.0], [0.1, 0.2, 4.0]], dtype=gf.float64, requires_grad=True)
    (g,) = gf.autograd.grad(linalg.det(x), x, create_graph=True)
    assert gf.gradgradcheck(lambda a: gf.autograd.grad(linalg.det(a), a, create_graph=True)[0], x)
    s = gf.zeros(2, 2, requires_grad=True)
    (g,) = gf.autograd.grad(linalg.det(s), s, create_graph=True)
    with pytest.raises(errors.LinAlgError, match=r"linalg\.inv"):
        gf.autograd.grad(g.sum(), s, create_graph=True)


def test_slogdet_of_a_singular_matrix() -> None:
    x = gf.tensor([[[1.0, 2.0], [2.0, 4.0]], [[2.0, 0.0], [0.0, 4.0]]], dtype=gf.float64, requires_grad=True)
    sign, log = linalg.slogdet(x)
    assert sign.tolist() == [0, 1] and log[0].item() == -math.inf
    (g,) = gf.autograd.grad(log.sum(), x)
    assert np.isinf(g[0].cpu().numpy()).all()
    np.testing.assert_allclose(g[1].cpu().numpy(), [[0.5, 0], [0, 0.25]])


# The origin


def test_the_angle_at_the_origin_and_near_it() -> None:
    for f in (gf.atan2, np.arctan2):
        a, b = (gf.tensor([0.0], requires_grad=True) for _ in range(2))
        assert [g.tolist() for g in gf.autograd.grad(f(a, b).sum(), [a, b])] == [[0], [0]]
    z = gf.tensor([0j], requires_grad=True)
    gf.angle(z).sum().backward()
    assert z.grad is not None and z.grad.tolist() == [0]
    for dtype, number in ((gf.float16, 1e-4), (gf.float32, 1e-25), (gf.float32, 1e30), (gf.float64, 1e-200), (gf.float64, 1e200)):
        a = gf.tensor([number], dtype=dtype, requires_grad=True)
        b = gf.tensor([2 * number], dtype=dtype, requires_grad=True)
        held = a.item(), b.item()
        da, db = (g.item() for g in gf.autograd.grad(gf.atan2(a, b).sum(), [a, b]))
        tolerance = 1e-3 if dtype == gf.float16 else 1e-6
        assert da == pytest.approx(2 / 5 / held[0], rel=tolerance) and db == pytest.approx(-1 / 5 / held[0], rel=tolerance)
    a, b = (gf.tensor([v], dtype=gf.float64, requires_grad=True) for v in (3e-5, -4e-5))
    assert gf.gradcheck(lambda a, b: gf.atan2(a * 1e-150, b * 1e-150), (a * 1e5, b * 1e5))
    assert gf.gradgradcheck(gf.atan2, tuple((t * 1e5).detach().requires_grad_() for t in (a, b)))


# Division by 0


@pytest.mark.cpu_only("on CUDA looking for a 0 would be a wait")
@pytest.mark.parametrize("zero", [0, gf.tensor(0), gf.tensor([2, 0, 1]), np.array([0, 1, 2]), False], ids=str)
def test_whole_numbers_divided_by_0(zero: Any) -> None:
    x = gf.tensor([1, 2, 3])
    calls = [
        lambda: x // zero, lambda: x % zero, lambda: gf.floor_divide(x, zero), lambda: gf.remainder(x, zero),
        lambda: gf.fmod(x, zero), lambda: gf.div(x, zero, rounding_mode="floor"), lambda: gf.div(x, zero, rounding_mode="trunc"),
    ]  # fmt: skip
    if isinstance(zero, gf.Tensor):
        calls += [lambda: 5 // zero, lambda: 5 % zero]
    for call in calls:
        with pytest.raises(ZeroDivisionError, match="a whole number divided by 0"):
            call()
        with pytest.raises(RuntimeError):  # which PyTorch raises
            call()


def test_other_divisions_by_0_go_on() -> None:
    x = gf.tensor([1, 2])
    with np.errstate(all="ignore"):
        assert (x // 0.0).tolist() == [math.inf] * 2 and (x.float() // 0).tolist() == [math.inf] * 2
        assert np.isnan((x % 0.0).cpu().numpy()).all() and (x / 0).tolist() == [math.inf] * 2
    assert (x // 2).tolist() == [0, 1] and (gf.tensor([], dtype=gf.int64) // x[:0]).tolist() == []
    if not x.is_cuda:
        with pytest.warns(RuntimeWarning, match="divide by zero"):
            assert gf.numpy.floor_divide(x, 0).tolist() == [0, 0]
        with pytest.warns(RuntimeWarning, match="divide by zero"):
            assert np.remainder(x, 0).tolist() == [0, 0]


def test_logsigmoid_twice() -> None:
    x = gf.tensor([-30.0, -5.0, 0.0, 5.0, 20.0], requires_grad=True)
    for f, sign in ((gf.nn.functional.logsigmoid, -1), (gf.nn.functional.softplus, 1)):
        (g,) = gf.autograd.grad(f(x).sum(), x, create_graph=True)
        (h,) = gf.autograd.grad(g.sum(), x)
        v = np.abs(x.detach().cpu().numpy().astype(np.float64))
        np.testing.assert_allclose(h.cpu().numpy(), sign * np.exp(-v) / (1 + np.exp(-v)) ** 2, rtol=1e-6)


def test_cat_beside_an_empty_vector() -> None:
    empty, m = gf.zeros(0, requires_grad=True), gf.arange(6.0, requires_grad=True).reshape(2, 3)
    for made in (gf.cat([empty, m]), gf.cat([m, empty], 1), gf.cat([empty, m, empty], dim=-1)):
        assert made.tolist() == m.tolist()
        made.sum().backward(retain_graph=True)
    assert empty.grad.shape == (0,)
    assert gf.cat([gf.zeros(0, dtype=gf.float64), m]).dtype == gf.float64
    assert gf.cat([gf.zeros(0), gf.zeros(0)]).shape == (0,)
    for wrong in ([gf.zeros(0, 3), gf.ones(2, 2)], [gf.zeros(0), gf.ones(2, 2), gf.ones(2, 3)], [gf.zeros(1), gf.ones(2, 2)]):
        with pytest.raises(gf.errors.ShapeError):
            gf.cat(wrong)


def test_hypot_and_logaddexp_at_the_ends() -> None:
    a = gf.tensor([0.0, 3e200, 1e-200, math.inf], dtype=gf.float64, requires_grad=True)
    b = gf.tensor([0.0, 4e200, 0.0, 1.0], dtype=gf.float64, requires_grad=True)
    y = gf.hypot(a, b)
    np.testing.assert_allclose(y.detach().cpu().numpy(), np.hypot(*(t.detach().cpu().numpy() for t in (a, b))))
    da, db = gf.autograd.grad(y[:3].sum(), [a, b])
    np.testing.assert_allclose(da.cpu().numpy(), [0, 0.6, 1, 0])
    np.testing.assert_allclose(db.cpu().numpy(), [0, 0.8, 0, 0])
    a = gf.tensor([1e3, -math.inf, 0.0, 800.0], dtype=gf.float64, requires_grad=True)
    b = gf.tensor([-1e3, 1.0, 0.0, 799.0], dtype=gf.float64, requires_grad=True)
    y = gf.logaddexp(a, b)
    np.testing.assert_allclose(y.detach().cpu().numpy(), [1e3, 1.0, math.log(2), 799 + math.log1p(math.e)])
    (da,) = gf.autograd.grad(y.sum(), a, create_graph=True)
    np.testing.assert_allclose(da.detach().cpu().numpy(), [1, 0, 0.5, math.e / (1 + math.e)])
    (second,) = gf.autograd.grad(da.sum(), a)
    np.testing.assert_allclose(second.cpu().numpy(), [0, 0, 0.25, math.e / (1 + math.e) ** 2])


def test_the_norm_of_order_0_counts() -> None:
    x = gf.tensor([[0.0, 1.0, 2.0], [0.0, 0.0, -1.0]])
    assert gf.norm(x, 0).item() == 3 and gf.norm(x, 0, dim=1).tolist() == [2, 1] and gf.norm(x, 0, dim=0).tolist() == [0, 1, 2]


@pytest.mark.parametrize("f", [gf.hypot, gf.atan2])
def test_no_second_derivative_is_made_up_at_the_origin(f: Any) -> None:
    a, b = (gf.zeros((), dtype=gf.float64, requires_grad=True) for _ in range(2))
    y = f(a, b) ** 2  # of hypot the Hessian is 2 times the identity, which its own derivatives cannot tell
    first = gf.autograd.grad(y, [a, b], create_graph=True)
    assert [g.item() for g in first] == [0.0, 0.0]
    assert math.isnan(gf.autograd.grad(first[0], a)[0].item())
