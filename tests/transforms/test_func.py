"""gf.func, and many gradients in one pass: rows are what one pass after the other gives, for every operation."""

from __future__ import annotations

from typing import Any

import numpy as np
import optable_conv  # noqa: F401 - adds its rows
import pytest
from optable import ROWS, Row

import gradflow as gf
from gradflow._standins.batch import Batch, batching
from gradflow.backend import cpu
from gradflow.errors import ArgumentError, DTypeError, GraphError, ShapeError
from gradflow.func import grad, grad_and_value, hessian, hvp, jacfwd, jacrev, jvp, vjp

SMOOTH = [r for r in ROWS if r.smooth]


def at(*shape: int, seed: int = 0) -> gf.Tensor:
    return gf.tensor(np.random.default_rng(seed).uniform(0.5, 1.5, shape))


def close(a: Any, b: Any, tolerance: float = 1e-10) -> bool:
    return a.shape == b.shape and np.allclose(a.to_numpy(), b.to_numpy(), rtol=tolerance, atol=tolerance)


# Rows


@pytest.mark.parametrize("row", SMOOTH, ids=[r.label for r in SMOOTH])
def test_rows_in_one_pass_are_rows_one_after_the_other(row: Row) -> None:
    ins = [gf.tensor(a).requires_grad_() for a in row.arrays(np.float64)]
    made = row.call(*ins)
    outs = [o for o in (made if isinstance(made, tuple) else (made,)) if isinstance(o, gf.Tensor) and o.requires_grad]
    rng = np.random.default_rng(2)
    weights = [gf.tensor(np.asarray(rng.standard_normal((3, *o.shape)) + (1j if o.is_complex() else 0), o.dtype)) for o in outs]
    options = {"retain_graph": True, "allow_unused": True}
    rows = gf.autograd.grad(outs, ins, weights, is_grads_batched=True, **options)
    singles = [gf.autograd.grad(outs, ins, [w[i] for w in weights], **options) for i in range(3)]
    for i, x in enumerate(ins):
        if rows[i] is None:
            assert all(s[i] is None for s in singles)
            continue
        assert rows[i].shape == (3, *x.shape) and rows[i].dtype == x.dtype
        assert close(rows[i], gf.stack([s[i] for s in singles]))


def test_rows_are_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(gf.autograd, "sweep", lambda *a, f=gf.autograd.sweep, **k: calls.append(1) or f(*a, **k))
    x, w = at(5).requires_grad_(), at(7, 5)
    y = gf.tanh(w @ x)
    gf.autograd.grad(y, x, gf.eye(7, dtype=gf.float64), is_grads_batched=True)
    assert len(calls) == 1


class Twice(gf.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: gf.Tensor) -> gf.Tensor:
        return x * 2

    @staticmethod
    def backward(ctx: Any, g: gf.Tensor) -> gf.Tensor:
        assert g.ndim == 1  # code of the user's sees one gradient at a time
        return g * 2


def test_functions_and_hooks_see_one_row_at_a_time() -> None:
    x = at(3).requires_grad_()
    assert close(jacrev(Twice.apply)(x.detach()), 2 * gf.eye(3, dtype=gf.float64))
    y = x * 3
    seen = []
    y.register_hook(lambda g: seen.append(g.shape))
    (rows,) = gf.autograd.grad(y, x, gf.eye(3, dtype=gf.float64), is_grads_batched=True)
    assert seen == [(3,)] * 3 and close(rows, 3 * gf.eye(3, dtype=gf.float64))


def test_recorded_rows_can_be_differentiated() -> None:
    x = at(3).requires_grad_()
    (rows,) = gf.autograd.grad(x**3, x, gf.eye(3, dtype=gf.float64), is_grads_batched=True, create_graph=True)
    (second,) = gf.autograd.grad(rows.sum(), x)
    assert close(second, 6 * x.detach())


def test_rows_that_do_not_fit() -> None:
    x = at(3).requires_grad_()
    y = x * 2
    with pytest.raises(ArgumentError, match="equally many rows"):
        gf.autograd.grad([y, y], x, [gf.ones(2, 3), gf.ones(4, 3)], is_grads_batched=True)
    with pytest.raises(ArgumentError, match="is a Tensor"):
        gf.autograd.grad(y, x, is_grads_batched=True)
    with pytest.raises(ShapeError):
        gf.autograd.grad(y, x, gf.ones(3, 4, dtype=gf.float64), is_grads_batched=True)


MATRICES = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)),
            ((5, 2, 3), (3,)), ((3,), (5, 3, 4)), ((6, 1, 2, 3), (5, 3, 4)), ((5, 2, 3), (6, 5, 3, 4))]  # fmt: skip


@pytest.mark.cpu_only("numpy's own product is what it is compared with")
@pytest.mark.parametrize("which", ["left", "right", "both"])
@pytest.mark.parametrize("shapes", MATRICES, ids=str)
def test_products_of_batches(shapes: Any, which: str) -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((4, *s)) for s in shapes)
    left = Batch(a) if which != "right" else a[0]
    right = Batch(b) if which != "left" else b[0]
    made = batching(cpu, 4).matmul(left, right)
    for i in range(4):
        assert np.allclose(made.array[i], (a[i] if which != "right" else a[0]) @ (b[i] if which != "left" else b[0]))


# Functions of functions


def f(x: gf.Tensor) -> gf.Tensor:
    return (gf.sin(x) * x).sum()


def test_gradients_and_values() -> None:
    x = at(4)
    d = gf.sin(x) + x * gf.cos(x)
    assert close(grad(f)(x), d)
    found, value = grad_and_value(f)(x)
    assert close(found, d) and close(value, f(x)) and not value.requires_grad and not found.requires_grad
    assert x.grad is None and not x.requires_grad
    found, (value, aux) = grad_and_value(lambda x: (f(x), {"twice": 2 * x}), has_aux=True)(x)
    assert close(aux["twice"], 2 * x) and not aux["twice"].requires_grad
    assert close(grad(lambda x: (f(x), x), has_aux=True)(x)[1], x)


def test_several_arguments_and_trees() -> None:
    a, b = at(3), at(3, seed=1)
    da, db = grad(lambda a, b, *, scale: (a * b * scale).sum(), (0, 1))(a, b, scale=2.0)
    assert close(da, 2 * b) and close(db, 2 * a)
    assert close(grad(lambda a, b: (a * b).sum(), 1)(a, b), a) and close(grad(lambda a, b: (a * b).sum(), -1)(a, b), a)
    found = grad(lambda p: (p["w"] * p["bs"][0]).sum())({"w": a, "bs": [b, at(2)]})
    assert close(found["w"], b) and close(found["bs"][0], a) and close(found["bs"][1], 0 * at(2))


def test_derivatives_of_any_order() -> None:
    x = gf.tensor(0.7, dtype=gf.float64)
    g = gf.sin
    for expected in (gf.cos(x), -gf.sin(x), -gf.cos(x), gf.sin(x)):
        g = grad(g)
        assert close(g(x), expected)


def test_a_function_inside_another_of_its_variables() -> None:
    c, d = gf.tensor(2.0), gf.tensor(3.0)
    assert grad(lambda a: grad(lambda b: a * b * b)(c))(d).item() == 4.0  # d/da 2 a b


def test_results_are_recorded_for_arguments_that_require_grad() -> None:
    x = at(3).requires_grad_()
    hessian(f)(x).sum().backward()
    third = (gf.func.jacrev(hessian(f))(x.detach())).sum(dim=(0, 1))
    assert close(x.grad, third)
    with gf.no_grad():
        assert not grad(f)(x).requires_grad


def test_products_with_jacobians() -> None:
    x, w = at(4), at(3, 4, seed=1)

    def g(x: gf.Tensor) -> gf.Tensor:
        return gf.tanh(w @ x)

    j = (1 - g(x) ** 2)[:, None] * w
    u, v = at(3, seed=2), at(4, seed=3)
    value, pull = vjp(g, x)
    assert close(value, g(x)) and close(pull(u)[0], u @ j) and close(pull(2 * u)[0], 2 * u @ j)
    value, pushed = jvp(g, (x,), (v,))
    assert close(value, g(x)) and close(pushed, j @ v)
    for jacobian in (jacrev, jacfwd):
        assert close(jacobian(g)(x), j)


@pytest.mark.parametrize("jacobian", [jacrev, jacfwd])
def test_jacobians_of_trees(jacobian: Any) -> None:
    a, b = at(2), at(3, seed=1)
    made = jacobian(lambda a, b: {"outer": gf.outer(a, b), "a": a * 1, "none": gf.ones(2, dtype=gf.float64)}, (0, 1))(a, b)
    i, k = np.eye(2), np.eye(3)
    assert np.allclose(made["outer"][0].to_numpy(), np.einsum("ik,j->ijk", i, b.to_numpy()))
    assert np.allclose(made["outer"][1].to_numpy(), np.einsum("jk,i->ijk", k, a.to_numpy()))
    assert np.allclose(made["a"][0].to_numpy(), i) and made["a"][1].shape == (2, 3) and not made["a"][1].to_numpy().any()
    assert made["none"][1].shape == (2, 3) and not made["none"][1].to_numpy().any()


def test_hessians() -> None:
    x = at(5)
    h = hessian(f)(x)
    assert close(h, gf.diag(2 * gf.cos(x) - x * gf.sin(x)))
    v = at(5, seed=4)
    value, (product,) = hvp(f, (x,), (v,))
    assert close(value, f(x)) and close(product, h @ v)
    blocks = hessian(lambda a, b: (a * a * b).sum(), (0, 1))(x, v)
    assert close(blocks[0][0], gf.diag(2 * v)) and close(blocks[0][1], gf.diag(2 * x)) and close(blocks[1][1], 0 * gf.diag(x))


def test_a_network_of_every_layer_has_the_hessian_of_its_loops() -> None:
    gf.manual_seed(0)
    w1, w2, x = at(3, 4), at(4, 2, seed=1), at(5, 3, seed=2)
    labels = gf.tensor([0, 1, 1, 0, 1])

    def loss(w1: gf.Tensor) -> gf.Tensor:
        hidden = gf.nn.functional.layer_norm(gf.tanh(x @ w1), (4,))
        return gf.nn.functional.cross_entropy(hidden @ w2, labels)

    h = hessian(loss)(w1).reshape(12, 12)
    rows = []
    for i in range(12):
        v = gf.zeros(12, dtype=gf.float64)
        v[i] = 1.0
        rows.append(hvp(loss, (w1,), (v.reshape(3, 4),))[1][0].reshape(12))
    assert close(h, gf.stack(rows)) and close(h, h.T)


def test_what_is_refused() -> None:
    x = at(3)
    with pytest.raises(GraphError, match="one number"):
        grad(lambda x: x * 2)(x)
    with pytest.raises(DTypeError, match="only Tensors"):
        grad(f)(3.0)
    with pytest.raises(DTypeError, match="int64"):
        grad(lambda x: (x * 1.0).sum())(gf.tensor([1, 2]))
    for argnums in (1, -2, True, 0.0, (0, 1)):
        with pytest.raises(ArgumentError, match="argnums"):
            grad(f, argnums)(x)
    with pytest.raises(DTypeError, match="returned float"):
        jacrev(lambda x: 1.0)(x)
    with pytest.raises(ArgumentError, match="pair"):
        grad(f, has_aux=True)(x)
    with pytest.raises(ArgumentError, match="tuples"):
        jvp(f, x, x)
    with pytest.raises(ArgumentError, match="tuples"):
        hvp(f, (x,), (x, x))
    with pytest.raises(ShapeError, match="tangents"):
        jvp(f, (x,), (at(4),))
    with pytest.raises(ArgumentError, match="form"):
        vjp(lambda x: (x, x), x)[1](x)


def test_the_level_is_left_when_a_function_raises() -> None:
    def bad(x: gf.Tensor) -> gf.Tensor:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        grad(bad)(at(2))
    assert not grad(f)(at(2)).requires_grad  # nothing is left that would have it recorded


# Complex numbers


def test_jacobians_are_of_real_numbers() -> None:
    r, z = gf.tensor([0.3, 1.0]), gf.tensor([1 + 2j, 0.5j])
    for f, x, said in (
        (lambda r: gf.exp(1j * r), r, "the value is complex64"),
        (lambda z: z * z, z, "an argument is complex64"),
        (lambda z: abs(z) ** 2, z, "an argument is complex64"),
        (lambda r, z: r * abs(z), r, None),  # one of the others may be
    ):
        for jacobian in (jacrev, jacfwd):
            if said is None:
                assert close(jacobian(f)(x, z), gf.diag(abs(z)), 1e-6)
            else:
                with pytest.raises(DTypeError, match=f"{jacobian.__name__}: {said}.*jvp or vjp"):
                    jacobian(f)(x)
    with pytest.raises(DTypeError, match="hessian: an argument is complex64"):
        hessian(lambda z: (abs(z) ** 2).sum())(z)
    inside = lambda r: (abs(gf.exp(1j * r) + r) ** 2).sum()  # 1 + r^2 + 2 r cos r
    v = r.to_numpy()
    assert np.allclose(np.diag(hessian(inside)(r).to_numpy()), 2 - 4 * np.sin(v) - 2 * v * np.cos(v), rtol=1e-5)


def test_products_of_complex_numbers() -> None:
    """For f(z) = conj(z) z^2: df = 2 |z|^2 v + z^2 conj(v), and its transpose, PyTorch's convention."""
    rng = np.random.default_rng(3)
    z, v, u = (rng.normal(size=3) + 1j * rng.normal(size=3) for _ in range(3))
    f = lambda z: z.conj() * z * z
    pushed = jvp(f, (gf.tensor(z),), (gf.tensor(v),))[1].to_numpy()
    assert np.allclose(pushed, 2 * abs(z) ** 2 * v + z**2 * v.conj())
    pulled = vjp(f, gf.tensor(z))[1](gf.tensor(u))[0].to_numpy()
    assert np.allclose(pulled, 2 * abs(z) ** 2 * u + z**2 * u.conj())
    size = lambda z: (abs(z) ** 4).sum()
    assert np.allclose(grad(size)(gf.tensor(z)).to_numpy(), 4 * abs(z) ** 2 * z)
    product = hvp(size, (gf.tensor(z),), (gf.tensor(v),))[1][0].to_numpy()
    assert np.allclose(product, 8 * abs(z) ** 2 * v + 4 * z**2 * v.conj())
    turned = jvp(lambda r: gf.exp(1j * r), (gf.tensor(z.real.copy()),), (gf.tensor(v.real.copy()),))[1].to_numpy()
    assert np.allclose(turned, 1j * np.exp(1j * z.real) * v.real)
