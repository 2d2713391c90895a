"""Making tensors: from data, filled, in steps, at random."""

from __future__ import annotations

import array
import math
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow import errors

# From data


class Series:
    """What turns into an array of double when asked, as a Series of pandas, or a tensor of another library."""

    def __init__(self, numbers: list[float]) -> None:
        self._numbers = numbers

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(self._numbers, np.float64 if dtype is None else dtype)


@pytest.mark.parametrize(
    ("data", "dtype", "shape"),
    [
        (1, gf.int64, ()),
        (1.5, gf.float32, ()),
        (True, gf.bool, ()),
        (1j, gf.complex64, ()),
        ([1, 2], gf.int64, (2,)),
        ([1, 2.5], gf.float32, (2,)),
        ([[1.0], [2.0]], gf.float32, (2, 1)),
        ([], gf.float32, (0,)),
        ([True, False], gf.bool, (2,)),
        ([True, 2], gf.int64, (2,)),
        ((1, 2), gf.int64, (2,)),
        (np.float64(1.5), gf.float64, ()),
        (np.zeros(2, np.int8), gf.int8, (2,)),
        (np.zeros((2, 0)), gf.float64, (2, 0)),
        (range(3), gf.int64, (3,)),
        ([gf.tensor(1.0), gf.tensor(2.0)], gf.float32, (2,)),
        ([np.float64(1), np.float64(2)], gf.float64, (2,)),
        ((1.0, np.float64(2)), gf.float64, (2,)),
        ([[1.0, np.float64(2)]], gf.float64, (1, 2)),
        ([np.float32(1), 2.0], gf.float32, (2,)),
        ([np.zeros(2), np.ones(2)], gf.float64, (2, 2)),
        ([np.zeros(2, np.float32), [1.0, 2.0]], gf.float32, (2, 2)),
        ([gf.ones(2, dtype=gf.float64)], gf.float64, (1, 2)),
        ([np.complex128(1j)], gf.complex128, (1,)),
        (array.array("d", [1.0]), gf.float64, (1,)),
        (array.array("f", [1.0]), gf.float32, (1,)),
        (memoryview(np.zeros(2)), gf.float64, (2,)),
        (Series([1.0, 2.0]), gf.float64, (2,)),
        ([[gf.tensor(1), 2]], gf.int64, (1, 2)),
        (gf.ones(2, dtype=gf.float16), gf.float16, (2,)),
        (np.array(3), gf.int64, ()),
    ],
    ids=lambda v: str(v).partition(" at 0x")[0],
)
def test_tensor_of_data(data: Any, dtype: Any, shape: Any) -> None:
    t = gf.tensor(data)
    assert t.dtype == dtype and t.shape == shape and t.is_leaf and not t.requires_grad
    assert gf.as_tensor(data).dtype == dtype
    other = gf.complex128 if np.dtype(dtype).kind == "c" else gf.float64
    assert gf.tensor(data, dtype=other).dtype == other


@pytest.mark.cpu_only("is about memory shared with NumPy")
def test_tensor_copies_and_as_tensor_shares() -> None:
    a = np.zeros(2, np.float32)
    assert not np.shares_memory(gf.tensor(a).array, a)
    for shared in (gf.as_tensor(a), gf.from_numpy(a), gf.from_dlpack(a)):
        assert np.shares_memory(shared.array, a)
    t = gf.ones(2, requires_grad=True)
    assert gf.as_tensor(t) is t and gf.as_tensor(t, gf.float64).grad_fn is not None
    with gf.no_grad():
        assert not gf.tensor(t).requires_grad
    assert gf.tensor(1.0, requires_grad=True).requires_grad
    assert gf.from_dlpack(gf.ones(2)).tolist() == [1, 1]


LOOKING = pytest.mark.cpu_only("looking at the numbers would wait for a device")


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: gf.tensor([[1, 2], [3]]), errors.ShapeError, "ragged"),
        (lambda: gf.tensor("abc"), errors.DTypeError, "numbers"),
        (lambda: gf.tensor(None), errors.DTypeError, "numbers"),
        (lambda: gf.tensor([1j], dtype=gf.float32), errors.DTypeError, "imaginary"),
        (lambda: gf.as_tensor(np.array([1j]), dtype=gf.int64), errors.DTypeError, "imaginary"),
        (lambda: gf.full((2,), 1j, dtype=gf.float64), errors.DTypeError, "imaginary"),
        (lambda: gf.tensor(["a"]), errors.DTypeError, "numbers"),
        (lambda: gf.tensor(np.array(["a"])), errors.DTypeError, "numbers"),
        (lambda: gf.tensor(np.array([object()])), errors.DTypeError, "numbers"),
        (lambda: gf.tensor(1.0, dtype="text"), errors.DTypeError, "text"),
        (lambda: gf.tensor(1.0, dtype="U3"), errors.DTypeError, "numbers"),
        (lambda: gf.from_numpy([1.0]), TypeError, "numpy.ndarray"),
        (lambda: gf.zeros(-1), errors.ShapeError, "zeros"),
        (lambda: gf.zeros(2.5), errors.ArgumentError, "zeros"),
        (lambda: gf.ones("a"), errors.ArgumentError, "ones"),
        (lambda: gf.arange(1, 5, -1), errors.ArgumentError, "arange"),
        (lambda: gf.arange(1, 5, 0), errors.ArgumentError, "arange"),
        (lambda: gf.linspace(0, 1, -1), errors.GradflowError, "linspace"),
        (lambda: gf.logspace(0, 1, -1), errors.ArgumentError, "logspace"),
        (lambda: gf.eye(-1), errors.GradflowError, "eye"),
        (lambda: gf.rand(2, dtype=gf.int64), errors.DTypeError, "randint"),
        (lambda: gf.randint(5, 5, (2,)), errors.ArgumentError, "randint"),
        (lambda: gf.randint(5), errors.ArgumentError, "randint"),
        (lambda: gf.randperm(-1), errors.ArgumentError, "randperm"),
        pytest.param(lambda: gf.bernoulli(gf.tensor([1.5])), errors.ArgumentError, "bernoulli", marks=LOOKING),
        pytest.param(lambda: gf.bernoulli(gf.tensor([math.nan])), errors.ArgumentError, "bernoulli", marks=LOOKING),
        (lambda: gf.bernoulli(gf.tensor([1])), errors.DTypeError, "bernoulli"),
        (lambda: gf.normal(0.0, -1.0, (2,)), errors.ArgumentError, "normal"),
        pytest.param(lambda: gf.normal(0.0, gf.tensor([1.0, -1.0])), errors.ArgumentError, "is not negative", marks=LOOKING),
        (lambda: gf.normal(0.0, 1.0), errors.ArgumentError, "normal"),
        pytest.param(lambda: gf.multinomial(gf.tensor([0.5, -0.5]), 1), errors.ArgumentError, "multinomial", marks=LOOKING),
        pytest.param(lambda: gf.multinomial(gf.tensor([0.0, 0.0]), 1), errors.ArgumentError, "multinomial", marks=LOOKING),
        (lambda: gf.multinomial(gf.tensor([0.5, 0.5]), 3), errors.ArgumentError, "multinomial"),
        (lambda: gf.multinomial(gf.ones(1, 1, 1), 1), errors.ShapeError, "multinomial"),
        (lambda: gf.meshgrid(gf.ones(2), indexing="yx"), errors.ArgumentError, "meshgrid"),
        (lambda: gf.meshgrid(gf.ones(2, 2)), errors.ShapeError, "meshgrid"),
        (lambda: gf.manual_seed(1.5), errors.ArgumentError, "seed"),
        (lambda: gf.manual_seed("a"), errors.ArgumentError, "seed"),
        (lambda: gf.set_default_dtype(gf.int64), errors.DTypeError, "set_default_dtype"),
        (lambda: gf.full((2,), "a"), errors.GradflowError, "full"),
    ],
)
def test_bad_input(call: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        call()


# Filled


def test_filled() -> None:
    for make, value in ((gf.zeros, 0), (gf.ones, 1)):
        for t in (make(2, 3), make((2, 3)), make([2, 3]), make(size=(2, 3))):
            assert t.shape == (2, 3) and t.dtype == gf.float32 and t.eq(value).all().item()
        assert make(()).shape == () and make(0).shape == (0,) and make(2, dtype=gf.int64, requires_grad=False).dtype == gf.int64
    assert gf.empty(2, 3).shape == (2, 3) and gf.zeros(2, requires_grad=True).requires_grad
    assert gf.full((2,), 3).dtype == gf.int64 and gf.full((2,), 3.0).dtype == gf.float32 and gf.full((), True).dtype == gf.bool
    assert gf.full((2,), 1j).dtype == gf.complex64 and gf.full((2,), gf.tensor(2.5)).tolist() == [2.5, 2.5]
    assert gf.eye(2, 3).tolist() == [[1, 0, 0], [0, 1, 0]] and gf.eye(2).dtype == gf.float32
    assert gf.tril_indices(2, 2).tolist() == [[0, 1, 1], [0, 0, 1]]


def test_like_and_new() -> None:
    x = gf.zeros(2, 1, dtype=gf.float64, requires_grad=True)
    for t in (
        gf.zeros_like(x),
        gf.ones_like(x),
        gf.empty_like(x),
        gf.full_like(x, 7),
        gf.rand_like(x),
        gf.randn_like(x),
        x.new_zeros(2, 1),
        x.new_ones((2, 1)),
        x.new_empty(2, 1),
        x.new_full((2, 1), 7),
        x.new_tensor([[1], [2]]),
    ):
        assert t.shape == (2, 1) and t.dtype == gf.float64 and not t.requires_grad
    assert gf.full_like(gf.zeros(2), 7).tolist() == [7, 7] and gf.ones_like(x, dtype=gf.int64).dtype == gf.int64
    assert gf.zeros_like(x, requires_grad=True).requires_grad and x.new_ones(2, dtype=gf.bool).tolist() == [True, True]
    assert x.new_tensor([1], dtype=gf.int8).dtype == gf.int8


def test_default_dtype() -> None:
    try:
        gf.set_default_dtype(gf.float64)
        assert gf.tensor([1.0]).dtype == gf.zeros(1).dtype == gf.rand(1).dtype == gf.arange(2.0).dtype == gf.float64
        assert (gf.tensor([1]) / 2).dtype == gf.float64 and gf.tensor([1j]).dtype == gf.complex128
    finally:
        gf.set_default_dtype(gf.float32)
    assert gf.get_default_dtype() == gf.float32


# In steps


def test_arange() -> None:
    assert gf.arange(3).tolist() == [0, 1, 2] and gf.arange(3).dtype == gf.int64
    assert gf.arange(3.0).dtype == gf.float32 and gf.arange(1, 2, 0.25).tolist() == [1, 1.25, 1.5, 1.75]
    assert gf.arange(5, 0, -2).tolist() == [5, 3, 1] and gf.arange(2, 2).tolist() == [] and gf.arange(0).shape == (0,)
    assert gf.arange(1, 4, dtype=gf.float64).tolist() == [1, 2, 3] and gf.arange(gf.tensor(3)).tolist() == [0, 1, 2]
    assert gf.arange(2.0, requires_grad=True).requires_grad


def test_linspace_and_logspace() -> None:
    assert gf.linspace(0, 1, 5).tolist() == [0, 0.25, 0.5, 0.75, 1] and gf.linspace(0, 1, 5).dtype == gf.float32
    assert gf.linspace(3, 3, 1).tolist() == [3] and gf.linspace(0, 1, 0).shape == (0,) and gf.linspace(1, 0, 2).tolist() == [1, 0]
    np.testing.assert_allclose(gf.logspace(0, 2, 3).cpu().array, [1, 10, 100])
    np.testing.assert_allclose(gf.logspace(0, 2, 3, base=2.0).cpu().array, [1, 2, 4])


def test_meshgrid() -> None:
    a, b = gf.tensor([1.0, 2.0], requires_grad=True), gf.tensor([3.0, 4.0, 5.0])
    for indexing in ("ij", "xy"):
        for got, want in zip(
            gf.meshgrid(a, b, indexing=indexing), np.meshgrid([1, 2], [3, 4, 5], indexing=indexing), strict=True
        ):
            np.testing.assert_array_equal(got.detach().cpu().numpy(), want)
        three = gf.meshgrid([a, b, gf.ones(2)], indexing=indexing)
        assert [t.shape for t in three] == [w.shape for w in np.meshgrid([1, 2], [3, 4, 5], [1, 1], indexing=indexing)]
    gf.meshgrid(a, b)[0].sum().backward()
    assert a.grad is not None and a.grad.tolist() == [3, 3]


def test_one_hot() -> None:
    assert gf.one_hot(gf.tensor([0, 2])).tolist() == [[1, 0, 0], [0, 0, 1]] and gf.one_hot(gf.tensor([0, 2])).dtype == gf.int64
    assert gf.one_hot(gf.tensor(1), 3).tolist() == [0, 1, 0] and gf.one_hot(gf.tensor([[0], [1]]), 2).shape == (2, 1, 2)
    assert gf.one_hot(gf.tensor([], dtype=gf.int64), 2).shape == (0, 2)


# At random


def test_the_same_seed_gives_the_same_numbers() -> None:
    draws = (
        lambda: gf.rand(3),
        lambda: gf.randn(2, 2),
        lambda: gf.randint(0, 100, (4,)),
        lambda: gf.randperm(5),
        lambda: gf.bernoulli(gf.full((8,), 0.5)),
        lambda: gf.normal(0.0, 1.0, (3,)),
        lambda: gf.multinomial(gf.ones(5), 3),
        lambda: gf.zeros(3).normal_(),
        lambda: gf.zeros(3).uniform_(),
        lambda: gf.randn(2, dtype=gf.complex64),
    )
    for draw in draws:
        gf.manual_seed(3)
        first = draw()
        assert not gf.equal(first, draw()) or first.dtype == gf.int64
        gf.manual_seed(3)
        assert gf.equal(first, draw())
    gf.manual_seed(3)
    state = gf.get_rng_state()
    a = gf.rand(4, device="cpu")
    gf.set_rng_state(state)
    assert gf.equal(a, gf.rand(4, device="cpu"))
    here = gf.get_default_device()
    g, h = gf.Generator(here).manual_seed(1), gf.Generator(here).manual_seed(1)
    state = g.get_state()
    a = gf.rand(4, generator=g)
    g.set_state(state)
    assert gf.equal(a, gf.rand(4, generator=g))
    g.set_state(state)
    assert gf.equal(gf.randn(3, generator=g), gf.randn(3, generator=h)) and g.initial_seed() == 1
    assert isinstance(g.seed(), int)
    before = gf.get_rng_state()
    gf.rand(2, generator=g)
    assert gf.get_rng_state() == before


def test_distributions() -> None:
    u, n = gf.rand(4000), gf.randn(4000)
    assert u.min().item() >= 0 and u.max().item() < 1 and abs(u.mean().item() - 0.5) < 0.03
    assert abs(n.mean().item()) < 0.08 and abs(n.std().item() - 1) < 0.06
    assert gf.rand(50, dtype=gf.float16).max().item() < 1 and gf.rand(2, dtype=gf.float64).dtype == gf.float64
    i = gf.randint(-2, 3, (500,))
    assert i.dtype == gf.int64 and sorted(set(i.tolist())) == [-2, -1, 0, 1, 2] and gf.randint(5, (2, 3)).shape == (2, 3)
    assert gf.randint(0, 5, (2,), dtype=gf.float32).dtype == gf.float32
    assert sorted(gf.randperm(6).tolist()) == [0, 1, 2, 3, 4, 5] and gf.randperm(0).shape == (0,)
    p = gf.tensor([0.0, 1.0, 0.3])
    drawn = gf.stack([gf.bernoulli(p) for _ in range(300)])
    assert drawn[:, 0].sum().item() == 0 and drawn[:, 1].sum().item() == 300 and abs(drawn[:, 2].mean().item() - 0.3) < 0.1
    assert (
        gf.normal(gf.tensor([0.0, 100.0]), gf.tensor([1.0, 1e-3])).shape == (2,)
        and abs(gf.normal(gf.tensor([5.0]), 1e-6).item() - 5) < 1e-3
    )
    assert gf.normal(0.0, gf.ones(3)).shape == (3,)


def test_multinomial() -> None:
    w = gf.tensor([0.0, 1.0, 3.0])
    many = gf.multinomial(w, 4000, replacement=True)
    counts = gf.one_hot(many, 3).sum(0).tolist()
    assert counts[0] == 0 and abs(counts[2] / 4000 - 0.75) < 0.04 and many.dtype == gf.int64
    for _ in range(20):
        assert sorted(gf.multinomial(w, 2).tolist()) == [1, 2]
    rows = gf.multinomial(gf.tensor([[1.0, 0.0], [0.0, 1.0]]), 1)
    assert rows.tolist() == [[0], [1]]
    firsts = [gf.multinomial(w, 2)[0].item() for _ in range(400)]
    assert abs(firsts.count(2) / 400 - 0.75) < 0.1


# Printing


@pytest.mark.parametrize(
    ("t", "text"),
    [
        (gf.tensor([1.0, 2.0]), "tensor([1., 2.])"),
        (gf.tensor(3), "tensor(3)"),
        (gf.tensor([1.5]), "tensor([1.5000])"),
        (gf.tensor([1.0], dtype=gf.float64), "tensor([1.], dtype=float64)"),
        (gf.tensor([True]), "tensor([True])"),
        (gf.tensor([1.0], requires_grad=True), "tensor([1.], requires_grad=True)"),
        (gf.tensor([]), "tensor([])"),
    ],
    ids=str,
)
@pytest.mark.cpu_only("shows how tensors on the CPU print")
def test_printing(t: gf.Tensor, text: str) -> None:
    assert repr(t).startswith(text[:-1])


@pytest.mark.cpu_only("shows how tensors on the CPU print")
def test_printing_of_results_and_odd_numbers() -> None:
    x = gf.tensor([1.0, 2.0], requires_grad=True)
    assert repr(x * 2) == "tensor([2., 4.], grad_fn=<MulBackward>)"
    assert "nan" in repr(gf.tensor([math.nan, 1.0])) and "inf" in repr(gf.tensor([math.inf]))
    assert "..." in repr(gf.zeros(2000)) and "e" in repr(gf.tensor([1e-10, 1e10])) and "j" in repr(gf.tensor([1j]))
    assert repr(gf.tensor([[1, 2], [3, 4]])) == "tensor([[1, 2],\n        [3, 4]])"
    assert f"{gf.tensor(1.5):.2f}" == "1.50"


@pytest.mark.cpu_only("CuPy hands out device memory only")
def test_dlpack_hands_out_no_steps_that_others_do_not_know() -> None:
    held = np.zeros(4, [("flag", np.uint8), ("number", np.float32)])  # numbers at steps of 5 bytes
    for t in (gf.arange(4.0)[::-1], gf.arange(6.0).reshape(2, 3)[:, ::-1], gf.from_numpy(held["number"])):
        lent = np.from_dlpack(t)
        assert all(s > 0 and s % 4 == 0 for s in lent.strides) and lent.tolist() == t.tolist()
        with pytest.raises(BufferError, match="contiguous"):
            t.__dlpack__(copy=False)
    straight = gf.arange(4.0)[::2]
    assert np.shares_memory(np.from_dlpack(straight), straight.array)


def test_logspace_between_tensors_and_bases() -> None:
    ends = gf.tensor(0.0), gf.tensor(2.0)
    for made, wanted in (
        (gf.logspace(*ends, 3, dtype=gf.float64), [1, 10, 100]), (gf.logspace(0, 2, 3, dtype=gf.float64), [1, 10, 100]),
        (gf.logspace(*ends, 3, base=gf.tensor(2.0), dtype=gf.float64), [1, 2, 4]),
    ):  # fmt: skip
        assert made.dtype == gf.float64 and made.tolist() == pytest.approx(wanted, rel=1e-6)
    assert gf.logspace(*ends, 3).dtype == gf.float32
    assert gf.logspace(*ends, 3, requires_grad=True).requires_grad and not gf.logspace(*ends, 3).requires_grad


def test_whole_numbers_begin_at_0_where_only_their_end_is_given() -> None:
    for made in (gf.randint(3, size=(200,)), gf.randint(3, (200,)), gf.randint(0, 3, (200,))):
        assert sorted(set(made.tolist())) == [0, 1, 2]
    assert set(gf.randint(1, 3, (200,)).tolist()) == {1, 2}
