"""Indexing: reading, writing, and everything that goes by indices, against NumPy."""

from __future__ import annotations

from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradflow as gf
from gradflow import errors
from gradflow._ops.index import index_set
from gradflow._ops.shape import sum_to

X = np.arange(24.0).reshape(2, 3, 4)

INDICES: list[Any] = [
    0,
    -1,
    slice(None),
    slice(1, None),
    slice(None, None, -1),
    slice(5, 9),
    ...,
    None,
    (0, 1),
    (0, 1, 2),
    (slice(None), -1),
    (..., 0),
    (None, 0, ..., None),
    (slice(None, None, 2), slice(None), slice(3, 0, -1)),
    [0, 1, 0],
    [[0, 1], [1, 1]],
    ([0, 1], [2, 0]),
    ([0, 1], slice(None), [1, 3]),
    (slice(None), [0, 0, 2]),
    (..., [3, 3]),
    ([[0], [1]], [0, 2]),
    (0, [1, 2]),
    (None, [1], 0),
    [True, False],
    (slice(None), [True, False, True]),
    X > 5,
    (0, X[0] > 5),
    True,
    False,
    np.array([1, 0]),
    np.array(1),
    np.array([0, 1], np.uint8),
    gf.tensor([1, 1]),
    gf.tensor(0),
    (gf.tensor([True, False]), 0),
    gf.tensor([[0, 1]]),
    np.int64(1),
    [],
    range(2),
    (slice(np.int64(0), gf.tensor(1)),),
]


def plain(index: Any) -> Any:
    if isinstance(index, tuple):
        return tuple(plain(i) for i in index)
    if isinstance(index, gf.Tensor):
        return index.cpu().array if index.ndim else index.item()
    if isinstance(index, slice):
        return slice(*(None if p is None else int(p) for p in (index.start, index.stop, index.step)))
    if isinstance(index, np.ndarray) and not index.ndim:
        return index.item()  # an integer, as in PyTorch: a view, where NumPy copies
    if isinstance(index, list | range):
        return list(index) or np.zeros(0, np.int64)
    return index


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_reading(index: Any) -> None:
    t = gf.tensor(X, requires_grad=True)
    want = X[plain(index)]
    got = t[index]
    np.testing.assert_array_equal(got.detach().cpu().numpy(), want)
    seed = np.cos(np.arange(want.size)).reshape(want.shape)
    got.backward(gradient=gf.tensor(seed))
    expected = np.zeros_like(X)
    np.add.at(expected, plain(index), seed)
    assert t.grad is not None
    np.testing.assert_allclose(t.grad.cpu().array, expected)
    basic = got.array.base is not None and np.shares_memory(got.array, t.array)
    number = isinstance(X[plain(index)], np.generic)  # where NumPy gives a number, a tensor is a view of one element
    assert basic == (np.shares_memory(want, X) or number)


@pytest.mark.parametrize("index", [i for i in INDICES if i is not False], ids=str)
def test_writing(index: Any) -> None:
    value = np.linspace(-1, 1, X[plain(index)].size).reshape(X[plain(index)].shape)
    if isinstance(index, np.ndarray | list | gf.Tensor) or (
        isinstance(index, tuple) and any(isinstance(i, list | gf.Tensor) for i in index)
    ):
        value = np.full_like(value, 0.5)  # of the same place written twice the last one stays, or the first
    want = X.copy()
    want[plain(index)] = value
    t, v = gf.tensor(X, requires_grad=True), gf.tensor(value, requires_grad=True)
    y = t.clone()
    y[index] = v
    np.testing.assert_array_equal(y.detach().cpu().numpy(), want)
    y.sum().backward()
    assert t.grad is not None and v.grad is not None
    kept = np.ones_like(X)
    kept[plain(index)] = 0
    np.testing.assert_array_equal(t.grad.cpu().array, kept)
    assert v.grad.shape == v.shape
    unrecorded = gf.tensor(X)
    unrecorded[index] = value.tolist() if value.ndim == 0 else value
    np.testing.assert_array_equal(unrecorded.cpu().numpy(), want)


def test_writing_broadcasts_and_casts() -> None:
    x = gf.zeros(2, 3)
    x[0] = 1
    x[:, 1] = gf.tensor([5, 6])
    x[1, ::2] = gf.tensor([7.5], dtype=gf.float64)
    assert x.tolist() == [[1, 5, 1], [7.5, 6, 7.5]] and x.dtype == gf.float32
    v = gf.ones(1, 1, 1, 3, requires_grad=True)
    y = gf.zeros(2, 3).clone()
    y[0] = v
    y.sum().backward()
    assert v.grad is not None and v.grad.shape == (1, 1, 1, 3) and v.grad.sum().item() == 3
    assert gf.gradcheck(
        lambda a, b: index_set(a, b, 1),
        (gf.rand(2, 3, dtype=gf.float64, requires_grad=True), gf.rand(1, 1, 3, dtype=gf.float64, requires_grad=True)),
    )


BAD: list[tuple[Any, type[Exception]]] = [
    (2, errors.IndexingError),
    (-3, errors.IndexingError),
    (1.5, errors.IndexingError),
    ("a", errors.IndexingError),
    ([0.5], errors.IndexingError),
    ((0, 0, 0, 0), errors.IndexingError),
    (([0, 1], [0, 1, 2]), errors.IndexingError),
    ([5], errors.IndexingError),
    ([True, False, True], errors.IndexingError),
    (gf.tensor([0.5]), errors.IndexingError),
    ((..., ...), errors.IndexingError),
    ({0: 1}, errors.IndexingError),
    (1j, errors.IndexingError),
    ([[0, 1], [1]], errors.GradflowError),
    (slice(0.5, 1), Exception),
]


@pytest.mark.parametrize(("index", "error"), BAD, ids=[str(i) for i, _ in BAD])
def test_bad_indices(index: Any, error: Any) -> None:
    with pytest.raises(error):
        gf.tensor(X)[index]
    with pytest.raises(error):
        gf.tensor(X)[index] = 0.0


@pytest.mark.cpu_only("indices in arrays on a device wrap around: looking at them would wait for it")
def test_indices_in_arrays_are_looked_at() -> None:
    x = gf.tensor(X)
    for call in (
        lambda: x[gf.tensor([5])],
        lambda: x[0].gather(0, gf.tensor([[9]])),
        lambda: x[0].scatter_add(0, gf.tensor([[7]]), gf.zeros(1, 1)),
    ):
        with pytest.raises(errors.IndexingError, match="out of bounds"):
            call()


def test_errors_name_what_was_wrong() -> None:
    x = gf.tensor(X)
    for call, words in [
        (lambda: x[5], "out of bounds"),
        (lambda: x.gather(0, gf.tensor([0])), "gather: the index has 1 dimensions and the tensor 3"),
        (lambda: x[0].gather(0, gf.tensor([[0.5]])), "gather: the index is an array of integers"),
        (lambda: x[0].gather(2, gf.tensor([[0]])), "gather: dimension 2"),
        (lambda: x.index_select(0, gf.tensor([[0]])), "index_select: the index is a vector"),
        (lambda: x.index_select(0, gf.tensor([0.5])), "integers"),
        (lambda: x[0].scatter(0, gf.tensor([[0, 0]]), gf.zeros(1, 1)), "scatter: the index has shape"),
        (lambda: x[0].scatter(0, gf.tensor([[0]])), "scatter: give src or value"),
        (lambda: x[0].index_add(0, gf.tensor([0, 1]), gf.zeros(1, 4)), "index_add: 2 slices"),
        (lambda: x[0].index_add(0, gf.tensor([[0]]), gf.zeros(1, 4)), "index_add: the index is a vector"),
        (lambda: x.masked_select(gf.tensor([1, 0])), "masked_select: the mask"),
        (lambda: x.masked_select(gf.tensor([True, False])), "masked_select: a mask of shape"),
        (lambda: x[0].take_along_dim(gf.tensor([[0, 1]]).T, 1), "take_along_dim: indices of shape"),
        (lambda: x[0].take_along_dim(gf.tensor([0]), 1), "take_along_dim"),
        (lambda: gf.one_hot(gf.tensor([0.5])), "one_hot: classes are integers"),
        (lambda: gf.one_hot(gf.tensor([-1])), "one_hot: a class is negative"),
        (lambda: gf.one_hot(gf.tensor([3]), 3), "one_hot: class 3 of 3"),
        (lambda: gf.one_hot(gf.tensor([], dtype=gf.int64)), "one_hot: no classes"),
    ]:
        with pytest.raises(errors.GradflowError, match=words):
            call()


# By indices along a dimension


def test_gather_and_scatter_against_loops() -> None:
    x, i = np.arange(12.0).reshape(3, 4), np.array([[2, 0, 1, 1], [0, 0, 2, 1]])
    np.testing.assert_array_equal(gf.gather(gf.tensor(x), 0, gf.tensor(i)).cpu().array, np.take_along_axis(x, i, 0))
    src = np.arange(100.0, 108.0).reshape(2, 4)
    want, added = x.copy(), x.copy()
    for a in range(2):
        for b in range(4):
            want[i[a, b], b] = src[a, b]
            added[i[a, b], b] += src[a, b]
    np.testing.assert_array_equal(gf.scatter_add(gf.tensor(x), 0, gf.tensor(i), gf.tensor(src)).cpu().array, added)
    single = np.array([[2, 0, 1, 1]])
    want = x.copy()
    np.put_along_axis(want, single, src[:1], 0)
    np.testing.assert_array_equal(gf.scatter(gf.tensor(x), 0, gf.tensor(single), gf.tensor(src[:1])).cpu().array, want)
    assert gf.scatter(gf.zeros(1, 2), 1, gf.tensor([[1]]), value=3.0).tolist() == [[0, 3]]
    assert gf.scatter_add(gf.zeros(1, 2), 1, gf.tensor([[1, 1]]), gf.tensor(2.0)).tolist() == [[0, 4]]


def test_duplicates_are_summed() -> None:
    assert gf.index_add(gf.zeros(2), 0, gf.tensor([1, 1]), gf.tensor([1.0, 2.0]), alpha=2).tolist() == [0, 6]
    assert gf.index_add(gf.tensor(1.0), 0, gf.tensor([0]), gf.tensor([2.0])).item() == 3
    x = gf.tensor([1.0, 2.0], requires_grad=True)
    (gf.index_select(x, 0, gf.tensor([0, 0, 1])) * gf.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [11, 100]


def test_take_along_dim_broadcasts() -> None:
    x = gf.tensor(X[0])
    assert gf.take_along_dim(x, gf.tensor([[1, 0]]), 1).tolist() == [[1, 0], [5, 4], [9, 8]]
    assert gf.take_along_dim(x[:1], gf.tensor([[1], [0]]), 1).tolist() == [[1], [0]]
    order = gf.argsort(x, 0, descending=True)
    assert gf.take_along_dim(x, order, 0).tolist() == X[0][::-1].tolist()


def test_masks() -> None:
    x = gf.tensor(X[0])
    assert gf.masked_select(x, x > 8).tolist() == [9, 10, 11]
    assert gf.masked_select(x, gf.tensor([True, False, False, False])).tolist() == [0, 4, 8]
    assert gf.masked_select(gf.tensor([1.0]), gf.tensor([[True], [False]])).tolist() == [1]
    assert gf.masked_select(x, gf.tensor(True)).shape == (12,)
    assert gf.masked_fill(gf.tensor([1, 2]), gf.tensor([True, False]), 7).tolist() == [7, 2]


# Whatever hypothesis thinks of


def shapes(**options: Any) -> Any:
    return hnp.array_shapes(**({"min_dims": 0, "max_dims": 3, "min_side": 0, "max_side": 3} | options))


@settings(max_examples=80)
@given(st.data())
def test_basic_indices(data: Any) -> None:
    shape = data.draw(shapes())
    index = data.draw(hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True))
    check_index(shape, index)


@settings(max_examples=60)
@given(st.data())
def test_advanced_indices(data: Any) -> None:
    shape = data.draw(shapes(min_dims=1, min_side=1))
    count = data.draw(st.integers(1, len(shape)))
    parts = data.draw(hnp.integer_array_indices(shape[:count], result_shape=shapes(max_dims=2)))
    check_index(shape, parts)
    mixed = tuple(p if data.draw(st.booleans()) else slice(None, None, data.draw(st.sampled_from([1, 2, -1]))) for p in parts)
    check_index(shape, mixed)


@settings(max_examples=30)
@given(st.data())
def test_masks_of_any_shape(data: Any) -> None:
    shape = data.draw(shapes(min_dims=1))
    mask = data.draw(hnp.arrays(bool, shape[: data.draw(st.integers(1, len(shape)))]))
    check_index(shape, mask)


def check_index(shape: Any, index: Any) -> None:
    x = np.random.default_rng(0).normal(size=shape)
    t = gf.tensor(x, requires_grad=True)
    np.testing.assert_array_equal(t[index].detach().cpu().numpy(), x[index])
    assert gf.gradcheck(lambda v: v[index], t)
    v = gf.tensor(np.ones_like(x[index]), requires_grad=True)

    def write(a: gf.Tensor, b: gf.Tensor) -> gf.Tensor:
        a = a.clone()
        a[index] = b * 1
        return a

    want = x.copy()
    want[index] = 1
    y = write(t, v)
    np.testing.assert_array_equal(y.detach().cpu().numpy(), want)
    (g,) = gf.autograd.grad(y.sum(), t)
    np.testing.assert_array_equal(g.cpu().array, want != 1)


@settings(max_examples=60)
@given(
    hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3),
    st.sampled_from(["add", "mul", "sub", "maximum", "where", "atan2", "lerp"]),
)
def test_broadcasting(drawn: Any, name: str) -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.uniform(0.5, 1.5, s) + k for k, s in enumerate(drawn.input_shapes))
    A, B = (gf.tensor(v, dtype=gf.float64, requires_grad=True) for v in (a, b))
    f: dict[str, Any] = {
        "where": lambda u, v: gf.where(gf.tensor(True), u, v),
        "lerp": lambda u, v: gf.lerp(u, v, 0.3),
    }
    call = f.get(name) or getattr(gf, name)
    y = call(A, B)
    assert y.shape == drawn.result_shape
    assert gf.gradcheck(call, (A, B))
    for g, t in zip(gf.autograd.grad(y.sum(), (A, B), allow_unused=True), (A, B), strict=True):
        assert g is not None and g.shape == t.shape


@settings(max_examples=40)
@given(hnp.mutually_broadcastable_shapes(num_shapes=1, base_shape=(2, 3, 2), max_dims=3, min_side=1, max_side=3))
def test_broadcast_to_and_back(drawn: Any) -> None:
    (shape,), result = drawn.input_shapes, drawn.result_shape
    x = gf.tensor(np.random.default_rng(0).normal(size=shape), dtype=gf.float64, requires_grad=True)
    assert gf.broadcast_to(x, result).shape == result
    assert gf.gradcheck(lambda v: gf.broadcast_to(v, result), x)
    wide = gf.ones(result, dtype=gf.float64, requires_grad=True)
    assert sum_to(wide, shape).shape == shape and gf.gradcheck(lambda v: sum_to(v, shape), wide)


@settings(max_examples=60)
@given(st.data())
def test_reductions_over_any_dimensions(data: Any) -> None:
    shape = data.draw(shapes(min_side=1))
    dim = data.draw(st.lists(st.integers(0, len(shape) - 1), unique=True).map(tuple)) if shape else ()
    keepdim = data.draw(st.booleans())
    x = np.random.default_rng(0).normal(size=shape)
    t = gf.tensor(x, dtype=gf.float64, requires_grad=True)
    axis = dim or None
    for f, theirs in ((gf.sum, np.sum), (gf.mean, np.mean), (gf.amax, np.max)):
        y = f(t, dim, keepdim)
        np.testing.assert_allclose(y.detach().cpu().numpy(), theirs(x, axis=axis, keepdims=keepdim))
        assert gf.gradcheck(lambda v, f=f: f(v, dim, keepdim), t)


REPEATED: list[Any] = [  # kinds of indices that name an element twice, of a tensor of shape (3, 2, 2)
    [0, 0, 0],
    [2, -1],
    [1, 0, 1, -2],
    (slice(None), [1, 0, -1]),
    ([0, 0, -3], [1, 0, 1]),
    ([1, 1], slice(None), [0, 0]),
    ([1, 1], slice(None)),
    ([1, 1], slice(0, 1)),
    ([1, 1], None, slice(None), ...),
    (..., [0, 0]),
    (None, [2, 2], ..., slice(None)),
    ([True, False, True], [1, 1]),
    (0, [0, 0]),
    (1, [0, 0], slice(None, None, -1)),
    [[0, 1], [1, 0]],
    gf.tensor([[2, 2]]),
    np.array([[0, 1], [0, 1]], np.uint8).T,
]


@pytest.mark.parametrize("index", REPEATED, ids=str)
def test_of_values_for_one_element_the_one_that_stays_gets_the_gradient(index: Any) -> None:
    x = gf.randn(3, 2, 2, dtype=gf.float64, requires_grad=True)
    picked = x.detach()[index]
    lying = gf.randn(*reversed(picked.shape), dtype=gf.float64, requires_grad=True)

    def write(x: gf.Tensor, v: gf.Tensor) -> gf.Tensor:
        t = x * 1.0
        t[index] = v
        return t * t

    for v in (gf.randn(*picked.shape, dtype=gf.float64, requires_grad=True), lying):
        value = (lambda v: v.permute(*reversed(range(v.ndim)))) if v is lying else (lambda v: v)
        assert gf.gradcheck(lambda x, v, value=value: write(x, value(v)), [x, v])
        assert gf.gradgradcheck(lambda x, v, value=value: write(x, value(v)), [x, v])
    one = gf.randn(1, 1, 1, 1, dtype=gf.float64, requires_grad=True)
    assert gf.gradcheck(write, [x, one])

    v = gf.randn(*picked.shape, dtype=gf.float64, requires_grad=True)  # a value of 1 for each that stays, and for none other
    ones = write(gf.ones(3, 2, 2, dtype=gf.float64), v)
    t = gf.ones(3, 2, 2, dtype=gf.float64)
    t[index] = v
    t.sum().backward()
    stays = v.grad.cpu().numpy()
    assert set(np.unique(stays)) <= {0.0, 1.0} and stays.sum() == np.count_nonzero(t.detach().cpu().numpy() != 1)
    seeds = gf.eye(ones.numel(), dtype=gf.float64)
    batched = gf.autograd.grad(ones.reshape(-1), v, seeds, retain_graph=True, is_grads_batched=True)[0]
    for seed, row in zip(seeds, batched, strict=True):
        assert row.tolist() == gf.autograd.grad(ones.reshape(-1), v, seed, retain_graph=True)[0].tolist()


def test_values_for_one_element_as_in_an_issue_of_pytorch() -> None:
    x, y = gf.zeros(5, 2, requires_grad=True), gf.arange(10.0, requires_grad=True)
    z = x.clone()
    z[[0, 0, 0, 0, 0]] = y.reshape(5, 2)
    z.sum().backward()
    assert y.grad.tolist() == [0] * 8 + [1, 1] and x.grad.tolist() == [[0, 0]] + [[1, 1]] * 4
    a, b = gf.zeros(3, requires_grad=True), gf.tensor([1.0, 2.0], requires_grad=True)
    d = a.clone().scatter_(0, gf.tensor([1, 1]), b)
    (d * gf.tensor([1.0, 5.0, 1.0])).sum().backward()
    assert d.tolist() == [0, 2, 0] and b.grad.tolist() == [0, 5] and a.grad.tolist() == [1, 0, 1]


def test_an_index_without_repetition_keeps_nothing_more() -> None:
    for index in ([2, 0], (slice(None), [1, 0]), 1, slice(1), np.array([True, False, True])):
        t, v = gf.zeros(3, 2), gf.ones((), requires_grad=True)
        t[index] = v
        assert dict(zip(t.grad_fn.op.saves, t.grad_fn.saved, strict=True))["last"] is None


def test_indices_and_tensors_without_dimensions() -> None:
    s = gf.tensor(5.0)
    for index in (gf.tensor(0), gf.tensor([0])):
        for taken in (gf.gather(s, 0, index), gf.index_select(s, 0, index)):
            taken.fill_(7.0)  # a copy
            assert s.item() == 5
        assert gf.gather(s, 0, index).shape == index.shape and gf.index_select(s, -1, index).shape == ()
        assert gf.scatter(s, 0, index, gf.tensor(2.0)).item() == 2 and gf.scatter(s, 0, index, value=3.0).item() == 3
        assert gf.scatter_add(s, 0, index, gf.tensor([2.0])).item() == 7 and gf.index_add(s, 0, index, gf.tensor(2.0)).item() == 7
    assert gf.gather(gf.tensor([4.0, 5.0]), 0, gf.tensor(1)).item() == 5
    assert gf.scatter(gf.zeros(2), 0, gf.tensor(1), gf.tensor(2.0)).tolist() == [0, 2]
    assert gf.scatter_add(s, 0, gf.tensor([0, 0]), gf.tensor([1.0, 2.0])).item() == 8
    with pytest.raises(errors.ShapeError):
        gf.index_select(s, 0, gf.tensor([0, 0]))
    with pytest.raises(errors.ShapeError):
        gf.scatter(s, 0, gf.tensor([[0]]), gf.tensor([[2.0]]))


@pytest.mark.parametrize("where, shape", [(0, (1,)), ((0, 1), (1, 1)), ((slice(1), 1), (1, 1, 1)), ((0, slice(None)), (1, 1, 2))])
def test_dimensions_of_one_too_many_in_front(where: Any, shape: Any) -> None:
    size = (3,) if where == 0 else (3, 2)
    x, v = gf.ones(size, requires_grad=True), gf.full(shape, 2.0, requires_grad=True)
    t = x * 1
    t[where] = v
    (t * 3).sum().backward()
    assert v.grad.shape == shape and v.grad.sum().item() == 3 * x.detach()[where].numel()
    assert x.grad.sum().item() == 3 * (x.numel() - x.detach()[where].numel()) and (t.detach()[where] == 2).all()
