"""Sums of many float32: their errors do not grow with the number of terms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradflow as gf
import gradflow.nn.functional as F

ROWS = 400_000
X = np.random.default_rng(0).random((ROWS, 8), dtype=np.float32)
LIMIT = 1e-6
"""Ten times PyTorch's error; row added to row these sums are off by 1e-5 and more."""
EXACT = X.sum(0, dtype=np.float64)


def error(found: Any, exact: Any) -> float:
    return float(np.max(np.abs(found.detach().cpu().numpy().astype(np.float64) / exact - 1)))


def bias_gradient(x: gf.Tensor, shape: tuple[int, ...]) -> gf.Tensor:
    b = gf.zeros(8, requires_grad=True)
    (x.reshape(*shape) * (b + 1)).sum().backward()
    assert b.grad is not None
    return b.grad


def linear_bias_gradient(x: gf.Tensor) -> gf.Tensor:
    b = gf.zeros(8, requires_grad=True)
    y = F.linear(gf.ones(ROWS, 2), gf.ones(8, 2), b)
    y.backward(x)
    assert b.grad is not None
    return b.grad


SUMS: dict[str, tuple[Callable[[gf.Tensor], Any], Any]] = {
    "sum": (lambda x: gf.sum(x, 0), EXACT),
    "mean": (lambda x: gf.mean(x, 0, keepdim=True)[0], EXACT / ROWS),
    "sum of columns": (lambda x: gf.sum(x.t().contiguous().t(), 0), EXACT),
    "sum of some columns": (lambda x: gf.sum(x[:, :3], 0), EXACT[:3]),
    "sum of a part": (lambda x: gf.sum(x[:, :3]), EXACT[:3].sum()),
    "sum backwards": (lambda x: gf.sum(x.flip(1), 0), EXACT[::-1]),
    "over two dimensions": (lambda x: gf.sum(x.reshape(100, -1, 8), (0, 1)), EXACT),
    "over the outer two": (lambda x: gf.sum(x.reshape(-1, 4, 8).permute(0, 2, 1), (0, 2)), EXACT),
    "over the middle": (lambda x: gf.sum(x.reshape(2, -1, 8), 1).sum(0), EXACT),
    "a bias": (lambda x: bias_gradient(x, (ROWS, 8)), EXACT),
    "a bias of three dimensions": (lambda x: bias_gradient(x, (100, -1, 8)), EXACT),
    "a bias of a layer": (linear_bias_gradient, EXACT),
    "cumsum": (lambda x: gf.cumsum(x, 0), np.cumsum(X, 0, dtype=np.float64)),
    "cumsum of one": (lambda x: gf.cumsum(x.reshape(-1), 0), np.cumsum(X.reshape(-1), dtype=np.float64)),
    "einsum": (lambda x: gf.einsum("ij,ij->j", x, x), (X.astype(np.float64) ** 2).sum(0)),
    "var": (lambda x: gf.var(x, 0), X.astype(np.float64).var(0, ddof=1)),
    "std": (lambda x: gf.std(x, 0), X.astype(np.float64).std(0, ddof=1)),
}


@pytest.mark.cpu_only("a GPU adds many numbers in a tree in any case")
@pytest.mark.parametrize("name", SUMS)
def test_error_of_many_rows(name: str) -> None:
    call, exact = SUMS[name]
    assert error(call(gf.tensor(X)), exact) < LIMIT


@pytest.mark.cpu_only("a GPU adds many numbers in a tree in any case")
def test_ten_million_rows() -> None:
    x = gf.full((10_000_000, 1), 0.1)
    assert x.sum(0).item() == pytest.approx(1e6, rel=1e-6)  # row after row it is 8.8 % too large
    assert x.mean(0).item() == pytest.approx(0.1, rel=1e-6)
    assert gf.broadcast_to(gf.tensor([0.1]), (10_000_000, 1)).sum(0).item() == pytest.approx(1e6, rel=1e-6)


@pytest.mark.cpu_only("a GPU adds many numbers in a tree in any case")
def test_statistics_of_a_batch() -> None:
    x = gf.tensor(X)
    mean, var = gf.zeros(8), gf.zeros(8)
    F.batch_norm(x, mean, var, training=True, momentum=1.0)
    assert error(mean, EXACT / ROWS) < LIMIT and error(var, X.astype(np.float64).var(0, ddof=1)) < LIMIT


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.int64, np.int8, bool])
@pytest.mark.parametrize("n", [2047, 2048, 2049, 5001])
def test_sums_around_the_limits(n: int, dtype: Any) -> None:
    a = (np.arange(3 * n * 2) % 7).reshape(3, n, 2).astype(dtype)
    for layout in (a, np.asfortranarray(a), a[:, ::-1], np.repeat(a, 2, -1)[..., ::2]):
        x = gf.tensor(layout)
        for dim in (0, 1, 2, (0, 1), (1, 2), (0, 2), None):
            for keepdim in (False, True):
                wanted = layout.sum(dim, keepdims=keepdim, dtype=np.int64 if layout.dtype.kind in "bi" else layout.dtype)
                found = gf.sum(x, dim, keepdim)
                assert found.shape == np.shape(wanted)
                np.testing.assert_array_equal(found.cpu().numpy(), wanted)
        for dim in range(3):
            wanted = np.cumsum(layout, dim, dtype=np.int64 if layout.dtype.kind in "bi" else layout.dtype)
            np.testing.assert_array_equal(gf.cumsum(x, dim).cpu().numpy(), wanted)


def test_infinities_and_nan_in_long_sums() -> None:
    a = np.ones((3000, 2), np.float32)
    a[5, 0], a[1000, 1] = np.inf, np.nan
    np.testing.assert_array_equal(gf.tensor(a).sum(0).cpu().numpy(), [np.inf, np.nan])
    running = gf.cumsum(gf.tensor(a), 0).cpu().numpy()
    np.testing.assert_array_equal(running[[4, 5, -1], 0], [5, np.inf, np.inf])
    np.testing.assert_array_equal(np.isnan(running[:, 1]), np.arange(3000) >= 1000)


# Equal numbers


@pytest.mark.parametrize("number", [12345.67, 1e3, 1e-7, -3e30])
@pytest.mark.parametrize("n", [3, 10, 1000, 30_000])
def test_equal_numbers_have_no_distance_from_their_mean(number: float, n: int) -> None:
    rows = gf.full((2, n), number, requires_grad=True)
    eps = min(1e-5, number * number * 1e-12) or 1e-5
    for made in (F.layer_norm(rows, (n,), eps=eps), F.batch_norm(rows.t(), None, None, training=True, eps=eps)):
        assert np.abs(made.detach().cpu().numpy()).max() == 0
    assert gf.var(rows, 1).tolist() == [0, 0] and gf.std(rows.t(), 0).tolist() == [0, 0]
    (g,) = gf.autograd.grad(F.layer_norm(rows, (n,), eps=1e-5).sum() + gf.var(rows, 1).sum(), rows)
    assert np.isfinite(g.cpu().numpy()).all()


def test_numbers_that_are_nearly_equal() -> None:
    near = np.float32(12345.0) + np.arange(20_000, dtype=np.float32).reshape(2, -1) % 3 * np.float32(2.0**-10)
    exact = near.astype(np.float64)
    assert error(gf.var(gf.tensor(near), 1), exact.var(1, ddof=1)) < 1e-4
    normal = (exact - exact.mean(1, keepdims=True)) / np.sqrt(exact.var(1, keepdims=True) + 1e-9)
    np.testing.assert_allclose(F.layer_norm(gf.tensor(near), (10_000,), eps=1e-9).cpu().numpy(), normal, atol=2e-2)
