"""Beginnings of weights: distributions, patterns, and that nothing of it is recorded."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest

import gradflow as gf
from gradflow import nn
from gradflow.errors import ArgumentError, DTypeError, ShapeError
from gradflow.nn import init
from gradflow.nn._quantile import quantile

N = 200_000


def numbers(tensor: gf.Tensor) -> np.ndarray:
    return tensor.to_numpy().astype(np.float64)


def is_uniform(x: np.ndarray, bound: float) -> None:
    """Largest distance of the distribution functions, against Kolmogorov's 1e-6 quantile."""
    assert abs(x).max() <= bound * (1 + 1e-6)
    grid = np.sort(x.ravel()) / (2 * bound) + 0.5
    assert abs(grid - np.linspace(0, 1, grid.size)).max() < 2.7 / math.sqrt(grid.size)


def is_normal(x: np.ndarray, mean: float, std: float) -> None:
    ranks = np.linspace(0, 1, 201)[1:-1]
    wanted = [statistics.NormalDist(mean, std).inv_cdf(p) for p in ranks]
    got = np.quantile(x.ravel(), ranks)
    tolerance = 5 * np.sqrt(ranks * (1 - ranks) / x.size) / np.exp(-(((np.array(wanted) - mean) / std) ** 2) / 2) * 2.51 * std
    assert (abs(got - wanted) < tolerance).all()


def test_gains_are_pytorchs() -> None:
    for name in ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose2d", "sigmoid"):
        assert init.calculate_gain(name) == 1
    assert init.calculate_gain("tanh") == 5 / 3 and init.calculate_gain("relu") == math.sqrt(2)
    assert init.calculate_gain("selu") == 0.75
    assert init.calculate_gain("leaky_relu") == pytest.approx(math.sqrt(2 / (1 + 1e-4)))
    assert init.calculate_gain("leaky_relu", 2) == pytest.approx(math.sqrt(0.4))
    for wrong in (("softplus",), ("leaky_relu", "steep"), ("leaky_relu", True)):
        with pytest.raises(ArgumentError, match="calculate_gain"):
            init.calculate_gain(*wrong)


def test_uniform_and_normal() -> None:
    x = gf.empty(N)
    is_uniform(numbers(init.uniform_(x, -3, 3)), 3)
    assert init.normal_(x, 2.0, 0.5) is x
    is_normal(numbers(x), 2.0, 0.5)
    assert numbers(init.uniform_(x))[:5].min() >= 0
    with pytest.raises(ArgumentError, match="not negative"):
        init.normal_(x, std=-1)
    with pytest.raises(DTypeError):
        init.uniform_(gf.zeros(2, dtype=gf.int64))


@pytest.mark.parametrize("shape", [(300, 500), (40, 30, 5, 5)])
def test_xavier_and_kaiming(shape: tuple[int, ...]) -> None:
    w = gf.empty(shape)
    kernel = math.prod(shape[2:])
    fan_in, fan_out = shape[1] * kernel, shape[0] * kernel
    is_uniform(numbers(init.xavier_uniform_(w, gain=2)), 2 * math.sqrt(6 / (fan_in + fan_out)))
    is_normal(numbers(init.xavier_normal_(w)), 0, math.sqrt(2 / (fan_in + fan_out)))
    is_uniform(numbers(init.kaiming_uniform_(w)), math.sqrt(6 / fan_in))
    is_uniform(numbers(init.kaiming_uniform_(w, math.sqrt(5))), 1 / math.sqrt(fan_in))
    is_normal(numbers(init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu")), 0, math.sqrt(2 / fan_out))
    is_normal(numbers(init.kaiming_normal_(w, nonlinearity="tanh")), 0, 5 / 3 / math.sqrt(fan_in))
    with pytest.raises(ArgumentError, match="fan_in"):
        init.kaiming_normal_(w, mode="fan_by")
    for name in ("xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_"):
        with pytest.raises(ShapeError, match=name):
            getattr(init, name)(gf.empty(3))


@pytest.mark.parametrize(
    ("mean", "std", "a", "b"),
    [
        (0.0, 1.0, -2.0, 2.0),
        (0.0, 0.02, -2.0, 2.0),
        (1.0, 2.0, 0.5, 0.75),
        (0.5, 1.0, 3.0, 3.5),
        (0.0, 1.0, 4.0, 6.0),
        (0.0, 1.0, -9.0, -7.5),
    ],
)
def test_trunc_normal(mean: float, std: float, a: float, b: float) -> None:
    x = numbers(init.trunc_normal_(gf.empty(20_000, dtype=gf.float64), mean, std, a, b))
    assert a <= x.min() and x.max() <= b
    sign = -1.0 if a > mean else 1.0
    cdf = np.vectorize(lambda v: math.erfc(-sign * (v - mean) / std / math.sqrt(2)) / 2)
    low, high = sorted(cdf(np.array([a, b])))
    ranks = np.sort((cdf(x) - low) / (high - low))
    assert abs(ranks - np.linspace(0, 1, ranks.size)).max() < 2.7 / math.sqrt(ranks.size)


def test_the_inverse_of_the_normal_distribution_function() -> None:
    p = np.concatenate([np.linspace(1e-5, 1 - 1e-5, 999), 10.0 ** -np.arange(1, 308, 7)])
    wanted = [statistics.NormalDist().inv_cdf(v) for v in p]
    np.testing.assert_allclose(numbers(quantile(gf.tensor(p))), wanted, rtol=1e-13, atol=1e-14)


def test_what_an_initialisation_takes_for_granted() -> None:
    for function, settings in (
        (init.trunc_normal_, {"mean": 0.0, "std": 1.0, "a": -2.0, "b": 2.0}), (init.normal_, {"mean": 0.0, "std": 1.0}),
        (init.uniform_, {"a": 0.0, "b": 1.0}), (init.xavier_uniform_, {"gain": 1.0}), (init.xavier_normal_, {"gain": 1.0}),
        (init.kaiming_uniform_, {"a": 0, "mode": "fan_in", "nonlinearity": "leaky_relu"}),
        (init.kaiming_normal_, {"a": 0, "mode": "fan_in", "nonlinearity": "leaky_relu"}), (init.orthogonal_, {"gain": 1.0}),
    ):  # fmt: skip
        found = []
        for given in ({}, settings):
            gf.manual_seed(1)
            found.append(numbers(function(gf.empty(20, 10, dtype=gf.float64), **given)))
        np.testing.assert_array_equal(*found)


def test_trunc_normal_refuses_what_makes_no_sense() -> None:
    for wrong in ({"a": 1.0, "b": 1.0}, {"std": 0.0}, {"std": math.nan}):
        with pytest.raises(ArgumentError, match="trunc_normal_"):
            init.trunc_normal_(gf.empty(3), **wrong)


def test_patterns() -> None:
    assert init.constant_(gf.empty(2, 2), 3).tolist() == [[3, 3], [3, 3]]
    assert init.ones_(gf.empty(2, dtype=gf.int64)).tolist() == [1, 1] and init.zeros_(gf.empty(1)).tolist() == [0]
    assert init.eye_(gf.empty(3, 2)).tolist() == [[1, 0], [0, 1], [0, 0]]
    with pytest.raises(ShapeError, match="eye_"):
        init.eye_(gf.empty(3))


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_dirac_hands_on_channels(rank: int) -> None:
    layer = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[rank - 1](4, 4, 3, padding="same", groups=2, bias=False)
    init.dirac_(layer.weight, groups=2)
    x = gf.randn(2, 4, *(5,) * rank)
    assert gf.allclose(layer(x), x)
    w = init.dirac_(gf.empty(3, 2, 3))
    assert numbers(w).sum() == 2 and w[1, 1, 1].item() == 1
    for wrong, groups, error in (((2, 2), 1, ShapeError), ((3, 2, 3), 2, ArgumentError)):
        with pytest.raises(error, match="dirac_"):
            init.dirac_(gf.empty(wrong), groups)


@pytest.mark.parametrize("shape", [(6, 6), (4, 9), (9, 4), (3, 2, 2, 2)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    w = numbers(init.orthogonal_(gf.empty(shape, dtype=gf.float64), gain=2)).reshape(shape[0], -1) / 2
    square = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(square, np.eye(len(square)), atol=1e-12)


def test_every_rotation_is_as_likely() -> None:
    """Of a random orthogonal matrix the mean is 0 and the trace has mean 0 and variance 1, whatever its size."""
    w = np.array([numbers(init.orthogonal_(gf.empty(3, 3))) for _ in range(400)])
    assert abs(w.mean(0)).max() < 0.16
    traces = np.trace(w, axis1=1, axis2=2)
    assert abs(traces.mean()) < 0.25 and 0.75 < traces.var() < 1.3
    assert 0.35 < (np.linalg.det(w) > 0).mean() < 0.65
    assert init.orthogonal_(gf.empty(0, 3)).shape == (0, 3)
    with pytest.raises(ShapeError):
        init.orthogonal_(gf.empty(3))
    with pytest.raises(DTypeError):
        init.orthogonal_(gf.empty(3, 3, dtype=gf.int64))


def test_sparse() -> None:
    w = numbers(init.sparse_(gf.empty(50, 400), sparsity=0.3, std=2.0))
    assert ((w == 0).sum(0) == 15).all()
    is_normal(w[w != 0], 0, 2.0)
    assert (w == 0).mean(1).std() > 0  # other rows in every column
    assert (w == 0).mean(1).min() > 0.2 and (w == 0).mean(1).max() < 0.4
    assert (numbers(init.sparse_(gf.empty(3, 2), 1.0)) == 0).all() and (numbers(init.sparse_(gf.empty(3, 2), 0.0)) != 0).all()
    with pytest.raises(ShapeError):
        init.sparse_(gf.empty(3), 0.5)
    with pytest.raises(ArgumentError):
        init.sparse_(gf.empty(3, 3), 1.5)


RANDOM = {
    "uniform_": {}, "normal_": {}, "trunc_normal_": {}, "xavier_uniform_": {}, "xavier_normal_": {}, "kaiming_uniform_": {},
    "kaiming_normal_": {}, "orthogonal_": {}, "sparse_": {"sparsity": 0.5},
}  # fmt: skip
FIXED = {"constant_": {"val": 2.0}, "ones_": {}, "zeros_": {}, "eye_": {}, "dirac_": {}}


def test_every_function_is_tested_for_how_it_writes() -> None:
    assert {*RANDOM, *FIXED, "calculate_gain"} == set(init.__all__)


@pytest.mark.parametrize("name", [*RANDOM, *FIXED])
def test_in_place_and_recorded_nowhere(name: str) -> None:
    shape = (4, 3, 2) if name == "dirac_" else (4, 3)
    p = nn.Parameter(gf.full(shape, 7.0))
    data, version = p.array, p._version
    held = (p * p).sum()
    assert getattr(init, name)(p, **(RANDOM | FIXED)[name]) is p
    assert p.array is data and p.is_leaf and p.requires_grad and p.grad is None and p._version > version
    assert not (numbers(p.detach()) == 7).any()
    with pytest.raises(gf.errors.InPlaceError):  # the value that backward needs has gone
        held.backward()


@pytest.mark.parametrize("name", RANDOM)
def test_same_generator_same_numbers(name: str) -> None:
    def made(seed: int) -> np.ndarray:
        generator = gf.Generator(gf.get_default_device()).manual_seed(seed)
        return numbers(getattr(init, name)(gf.empty(6, 5), **RANDOM[name], generator=generator))

    before = gf.default_generator.get_state()
    assert (made(1) == made(1)).all() and (made(1) != made(2)).any()
    assert gf.default_generator.get_state() == before


@pytest.mark.parametrize("dtype", [gf.float16, gf.float32, gf.float64])
def test_dtypes(dtype: np.dtype) -> None:
    for name, arguments in (RANDOM | FIXED).items():
        x = getattr(init, name)(gf.empty((4, 3, 2) if name == "dirac_" else (4, 3), dtype=dtype), **arguments)
        assert x.dtype == dtype and np.isfinite(numbers(x)).all()
