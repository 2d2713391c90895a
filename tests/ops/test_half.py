"""float16: values and gradients are those of float32, rounded once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import optable_conv  # noqa: F401 - adds its rows
import pytest
from optable import ROWS, Row, anything, positive

import gradflow as gf
import gradflow.nn.functional as F

SWEPT = [r for r in ROWS if r.smooth and r.half]
PRODUCTS = {"matmul", "mul", "chain", "kron", "einsum"}
"""Their gradients are sums of products that are rounded first, as in PyTorch: right to the last digits of the largest term."""
LARGE = {anything, positive}
"""The domains that large numbers belong to as well."""


def outputs(made: Any) -> list[gf.Tensor]:
    return [o for o in (made if isinstance(made, tuple) else (made,)) if isinstance(o, gf.Tensor) and o.requires_grad]


def found(call: Callable[..., Any], arrays: list[Any], dtype: Any, order: int) -> list[Any]:
    """The results, their gradients, and from ``order`` 2 on the gradients of those."""
    ins = [gf.tensor(a.astype(dtype)).requires_grad_() for a in arrays]
    outs = outputs(call(*ins))
    rng = np.random.default_rng(5)
    seeds = [gf.tensor(rng.uniform(0.5, 1.5, o.shape).astype(np.float16)).to(o.dtype) for o in outs]
    made = [*outs, *gf.autograd.grad(outs, ins, seeds, create_graph=order > 1)]
    for t in made:
        assert t.dtype == outs[0].dtype
    rest = [t for t in made[len(outs) :] if t.requires_grad]
    if order > 1 and rest:
        again = gf.autograd.grad(rest, ins, [gf.ones_like(t) for t in rest], allow_unused=True)
        made += [t for t in again if t is not None]
    return [t.detach().cpu().numpy() for t in made]


def same(call: Callable[..., Any], arrays: list[Any], order: int = 1, ulps: int = 4, of_largest: bool = False) -> None:
    with np.errstate(all="ignore"):  # some results are beyond float16
        low, full = (found(call, arrays, dtype, order) for dtype in (np.float16, np.float32))
    for got, exact in zip(low, full, strict=True):
        assert got.dtype in (np.float16, exact.dtype)
        with np.errstate(over="ignore"):
            wanted = exact.astype(np.float16)
        there = np.isfinite(wanted)
        np.testing.assert_array_equal(got[~there], wanted[~there])
        size = np.abs(wanted[there])
        if of_largest and size.size:
            size = np.full_like(size, size.max())
        assert (np.abs(got[there] - exact[there].astype(float)) <= ulps * np.spacing(size).astype(float)).all()


def arrays_of(row: Row, top: float) -> list[Any]:
    """The numbers of a row in float16; those whose domain allows it up to ``top`` times as large."""
    rng = np.random.default_rng(3)
    arrays = [a.astype(np.float16) for a in row.arrays()]
    if top == 1:
        return arrays
    grown = [np.exp(rng.uniform(0, np.log(top), a.shape)) if d in LARGE else 1 for a, d in zip(arrays, row.domains, strict=True)]
    return [(a * g).astype(np.float16) for a, g in zip(arrays, grown, strict=True)]


@pytest.mark.parametrize("top", [1, 600])
@pytest.mark.parametrize("row", SWEPT, ids=[r.label for r in SWEPT])
def test_every_operation(row: Row, top: float) -> None:
    arrays = arrays_of(row, top)
    if makes_half(row, arrays):
        same(row.call, arrays, of_largest=bool(PRODUCTS & {row.label.partition("(")[0].rpartition(".")[2]}))


def makes_half(row: Row, arrays: list[Any]) -> bool:
    """Whether the row's call gives float16, and not what it is told by ``dtype=``."""
    with np.errstate(all="ignore"):
        made = outputs(row.call(*[gf.tensor(a).requires_grad_() for a in arrays]))
    return bool(made) and made[0].dtype == np.float16


SECOND = [r for r in SWEPT if r.second]


@pytest.mark.parametrize("row", SECOND, ids=[r.label for r in SECOND])
def test_second_derivatives(row: Row) -> None:
    arrays = arrays_of(row, 1)
    if makes_half(row, arrays):
        same(row.call, arrays, order=2, of_largest=True)


def spread(*shape: int, top: float = 1000.0) -> Any:
    """Numbers of both signs from 1 to ``top``, evenly in their logarithm."""
    rng = np.random.default_rng(len(shape) + shape[0])
    size = np.exp(rng.uniform(0, np.log(top), shape)) * rng.choice([-1.0, 1.0], shape)
    return size.astype(np.float16)


N = 3000
LONG: dict[str, tuple[Callable[..., Any], list[Any]]] = {
    "layer_norm": (lambda x, w, b: F.layer_norm(x, (N,), w, b), [spread(2, N), spread(N, top=2), spread(N, top=2)]),
    "batch_norm": (lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True), [spread(N, 2), spread(2), spread(2)]),
    "images": (lambda x: F.batch_norm(x, None, None, training=True), [spread(20, 2, 12, 13)]),
    "evaluating": (
        lambda x, m: F.batch_norm(x, m, gf.ones(2, dtype=x.dtype) * 900.0, training=False),
        [spread(N, 2), spread(2)],
    ),
    "normalize": (lambda x: F.normalize(x), [spread(2, N)]),
    "cosine_similarity": (lambda a, b: F.cosine_similarity(a, b), [spread(2, N), spread(2, N, top=999)]),
    "std": (lambda x: gf.std(x, 0), [spread(N, 2)]),
    "var": (lambda x: gf.var(x, 1), [spread(2, N, top=200)]),
    "norm": (lambda x: gf.norm(x, dim=0), [spread(N, 2)]),
    "norm 3": (lambda x: gf.norm(x, 3, dim=0), [spread(N, 2)]),
    "norm 1.5": (lambda x: gf.norm(x, 1.5, dim=1), [spread(2, N, top=30)]),
    "norm 1": (lambda x: gf.norm(x, 1, dim=0), [spread(N, 2, top=20)]),
    "small norms": (lambda x: gf.norm(x, 3), [np.float16([1e-4, 2e-4])]),
    "sum": (lambda x: gf.sum(x, 0), [spread(N, 2, top=30)]),
    "mean": (lambda x: gf.mean(x, 0), [spread(N, 2)]),
    "cumsum": (lambda x: gf.cumsum(x, 0), [np.ones((N, 2), np.float16)]),
    "cumprod": (lambda x: gf.cumprod(x, 0), [np.full((600,), 1.001, np.float16)]),
    "softmax": (lambda x: gf.softmax(x, 1), [spread(2, N, top=10)]),
    "log_softmax": (lambda x: gf.log_softmax(x, 1), [spread(2, N)]),
    "logsumexp": (lambda x: gf.logsumexp(x, 0), [spread(N, 2)]),
    "mse_loss": (lambda a, b: F.mse_loss(a, b), [spread(N, top=500), spread(N, top=400)]),
    "mse_loss, one far off": (lambda a: F.mse_loss(a, a.detach() * 0), [np.float16([300, 1, 1, 1, 1])]),
    "l1_loss": (lambda a, b: F.l1_loss(a, b), [spread(N), spread(N, top=900)]),
    "huber_loss": (lambda a, b: F.huber_loss(a, b, delta=10.0), [spread(N), spread(N, top=900)]),
    "smooth_l1_loss": (lambda a, b: F.smooth_l1_loss(a, b), [spread(N), spread(N, top=900)]),
    "cross_entropy": (lambda x: F.cross_entropy(x, gf.arange(N) % 5), [spread(N, 5)]),
    "cross_entropy, smoothed": (lambda x: F.cross_entropy(x, gf.arange(N) % 5, label_smoothing=0.1), [spread(N, 5, top=9)]),
    "nll_loss": (lambda x: F.nll_loss(x, gf.arange(N) % 5), [spread(N, 5)]),
    "binary_cross_entropy": (
        lambda x: F.binary_cross_entropy(x, gf.ones(200, dtype=x.dtype) * 0.25),
        [np.linspace(0.01, 0.99, 200, dtype=np.float16)],
    ),
    "binary_cross_entropy_with_logits": (
        lambda x: F.binary_cross_entropy_with_logits(x, gf.ones(N, dtype=x.dtype) * 0.25),
        [spread(N, top=20)],
    ),
    "kl_div": (lambda x: F.kl_div(x, gf.ones(N, dtype=x.dtype) * 0.25), [spread(N, top=20)]),
    **{name: (getattr(F, name), [np.linspace(-12, 12, 2501, dtype=np.float16)])
       for name in ("gelu", "silu", "mish", "softplus", "logsigmoid", "elu", "selu", "sigmoid", "tanh")},
    "gelu, tanh": (lambda x: F.gelu(x, "tanh"), [np.linspace(-6, 6, 2501, dtype=np.float16)]),
    "atan2": (lambda a, b: gf.atan2(a, b), [spread(N), spread(N, top=900)]),
    "near the origin": (lambda a, b: gf.atan2(a, b), [np.float16([1e-4, 6e-8]), np.float16([1e-4, 0])]),
    "interpolate": (lambda x: F.interpolate(x, scale_factor=2, mode="bicubic"), [spread(1, 1, 9, 9)]),
    "avg_pool2d": (lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), [spread(1, 1, 9, 9)]),
}  # fmt: skip


@pytest.mark.parametrize("name", LONG)
def test_large_numbers_and_long_sums(name: str) -> None:
    call, arrays = LONG[name]
    same(call, arrays)


MANY = 5000
H = gf.float16
COUNTED: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]]]] = {
    "+": (lambda b: gf.ones(MANY, 4, dtype=H) + b, [(4,)]),
    "*": (lambda b: gf.ones(MANY, 4, dtype=H) * b, [(4,)]),
    "/": (lambda b: gf.ones(MANY, 4, dtype=H) / b, [(4,)]),
    "three dimensions": (lambda b: gf.ones(50, 100, 4, dtype=H) + b, [(4,)]),
    "linear's bias": (lambda b, w: F.linear(gf.ones(MANY, 4, dtype=H), w, b), [(3,), (3, 4)]),
    "convolution's bias": (lambda b, w: F.conv1d(gf.ones(1, 1, MANY, dtype=H), w, b), [(1,), (1, 1, 1)]),
    "transposed convolution's": (lambda b, w: F.conv_transpose1d(gf.ones(1, 1, MANY, dtype=H), w, b), [(1,), (1, 1, 1)]),
    "batch norm's": (lambda b, w: F.batch_norm(gf.ones(MANY, 4, dtype=H), None, None, w, b, training=True), [(4,), (4,)]),
    "layer norm's": (lambda b, w: F.layer_norm(gf.ones(MANY, 4, dtype=H), (4,), w, b), [(4,), (4,)]),
    "expand": (lambda b: b.expand(MANY, 4), [(4,)]),
    "repeat": (lambda b: b.repeat(MANY, 1), [(4,)]),
    "tile": (lambda b: gf.tile(b, (MANY, 1)), [(4,)]),
    "repeat_interleave": (lambda b: gf.repeat_interleave(b, MANY), [(4,)]),
    "where": (lambda b: gf.where(gf.ones(MANY, 4) > 0, b, 0.0), [(4,)]),
    "maximum": (lambda b: gf.maximum(gf.zeros(MANY, 4, dtype=H), b), [(4,)]),
    "einsum": (lambda b: gf.einsum("ij,j->ij", gf.ones(MANY, 4, dtype=H), b), [(4,)]),
    "outer": (lambda b: gf.outer(gf.ones(MANY, dtype=H), b), [(4,)]),
    "index": (lambda b: b[gf.zeros(MANY, dtype=gf.int64)], [(4,)]),
    "embedding": (lambda b: F.embedding(gf.zeros(MANY, dtype=gf.int64), b), [(2, 4)]),
    "gather": (lambda b: gf.gather(b, 0, gf.zeros(MANY, dtype=gf.int64)), [(4,)]),
    "index_select": (lambda b: gf.index_select(b, 0, gf.zeros(MANY, dtype=gf.int64)), [(4,)]),
}


@pytest.mark.parametrize("name", COUNTED)
def test_gradients_counted_beyond_2048(name: str) -> None:
    """Adding ones one by one, float16 stops at 2048."""
    call, shapes = COUNTED[name]
    leaves = [gf.ones(*s, dtype=H, requires_grad=True) for s in shapes]
    y = call(*leaves)
    y.backward(gf.ones_like(y))
    assert leaves[0].grad is not None
    assert abs(leaves[0].grad.reshape(-1)[0].item()) == MANY


def test_sums_into_place_beyond_2048() -> None:
    ones, index = gf.ones(MANY, dtype=H), gf.zeros(MANY, dtype=gf.int64)
    assert gf.scatter_add(gf.zeros(2, dtype=H), 0, index, ones).tolist() == [MANY, 0]
    assert gf.index_add(gf.zeros(2, dtype=H), 0, index, ones).tolist() == [MANY, 0]
    assert gf.sum(gf.ones(MANY, 2, dtype=H), 0).tolist() == [MANY] * 2
    assert gf.cumsum(ones, 0)[-1].item() == MANY
    assert gf.einsum("ij->j", gf.ones(MANY, 2, dtype=H)).tolist() == [MANY] * 2


@pytest.mark.parametrize("find", [gf.max, gf.min, gf.amax, gf.amin, gf.median])
def test_more_equal_elements_than_float16_counts(find: Any) -> None:
    x = gf.ones(70_000, dtype=H, requires_grad=True)
    find(x).backward()
    assert x.grad is not None
    assert x.grad.double().sum().item() == pytest.approx(1, rel=0.05)  # of 1 / 70,000 float16 holds seven bits


def test_float16_beside_other_dtypes_is_promoted_as_before() -> None:
    half, single = gf.ones(2, dtype=H), gf.ones(2)
    for made in (gf.atan2(half, single), F.mse_loss(half, single), F.layer_norm(half, (2,), single, single)):
        assert made.dtype == gf.float32
    for made in (gf.atan2(half, gf.tensor(1.0)), gf.atan2(half, 1.0), gf.atan2(1.0, half), half**2, 2**half, half / 3):
        assert made.dtype == H
    assert gf.pow(half, 1j).dtype == gf.complex64
    assert F.mse_loss(input=half, target=half).dtype == H


def test_running_statistics_in_float16_are_updated() -> None:
    mean, var = gf.zeros(1, dtype=H), gf.ones(1, dtype=H)
    F.batch_norm(gf.tensor([[100.0], [300.0]], dtype=H), mean, var, training=True, momentum=0.5)
    assert mean.tolist() == [100] and var.tolist() == [10_000]
    x = gf.tensor([[300.0], [-300.0]], dtype=H)
    assert F.batch_norm(x, None, None, training=True).tolist() == [[1], [-1]]


def test_values_that_pytorch_has() -> None:
    x = gf.tensor([300.0, -300.0, 200.0, 1.0], dtype=H, requires_grad=True)
    np.testing.assert_allclose(F.layer_norm(x, (4,)).tolist(), [1.0898, -1.5293, 0.6538, -0.2150], rtol=1e-3)
    assert gf.norm(x).item() == 469 and gf.std(x).item() == 264.5
    np.testing.assert_allclose(F.normalize(x, dim=0).tolist(), [0.6397, -0.6397, 0.4265, 0.0021], rtol=2e-2)
    assert F.cosine_similarity(x, x, dim=0).item() == 1
    assert F.gelu(gf.tensor([-4.01], dtype=H)).item() == pytest.approx(-1.209e-4, rel=1e-3)
    gf.norm(x).backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.tolist(), [0.6397, -0.6397, 0.4265, 0.0021], rtol=2e-2)
