"""Functions of batches: in one call they give what one array after the other gives, for every function of the contract."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

import cupy_stand_in
import numpy as np
import pytest

import gradflow as gf
from gradflow import backend
from gradflow._standins.batch import Batch, NoBatch, batching
from gradflow.backend import cpu
from gradflow.backend._convolution import Form
from gradflow.backend.contract import FUNCTIONS

COUNT = 3  # arrays in a batch
SHAPES: list[tuple[int, ...]] = [(), (4,), (2, 3), (0, 2), (2, 1, 3)]
PAIRS: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((), ()), ((3,), (3,)), ((3,), ()), ((2, 3), (3,)), ((3,), (2, 1)), ((0, 3), (3,)),
]  # fmt: skip
Case = tuple[Any, ...]
RNG = np.random.default_rng(0)


class Some:
    """What a case is called with: arrays for a batch, of which the first also serves alone."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.array = array


def some(*shape: int) -> Some:
    return Some(RNG.uniform(0.2, 0.9, (COUNT, *shape)))


def bits(*shape: int) -> Some:
    return Some(RNG.uniform(0, 1, (COUNT, *shape)) < 0.5)


def regular(*shape: int) -> Some:
    """Symmetric positive definite matrices."""
    a = RNG.standard_normal((COUNT, *shape))
    return Some(a @ a.swapaxes(-1, -2) + np.eye(shape[-1]))


BITS = {"invert", "bitwise_and", "bitwise_or", "bitwise_xor", "logical_and", "logical_or", "logical_xor", "logical_not"}
NUMBERS = {"pow_scalar": 2.5, "maximum_scalar": 0.5}


def of_kind(name: str) -> list[Case]:
    """The cases of functions that are served alike."""
    made = bits if name in BITS else some
    if FUNCTIONS[name].kind == "reduction":
        return [(some(2, 3, 4), axis) for axis in (None, 1, -1, (0, -1))]
    if name in NUMBERS:
        return [(made(*shape), NUMBERS[name]) for shape in SHAPES]
    if FUNCTIONS[name].signature.startswith("a, b"):
        return [(made(*a), made(*b)) for a, b in PAIRS]
    if name == "arccosh":
        return [(Some(1 + some(*shape).array),) for shape in SHAPES]
    return [(made(*shape),) for shape in SHAPES]


PLACES = np.array([[2, 0], [1, 2]])
MASK = np.array([[True, False, True], [False, True, True]])
INDICES: list[tuple[Any, tuple[int, ...]]] = [  # an index, and the shape of what it picks
    (1, (3, 4)), (slice(0, 1), (1, 3, 4)), ((..., 0), (2, 3)), ((None, 1, slice(None, None, 2)), (1, 2, 4)),
    (np.array([0, 0, 1]), (3, 3, 4)), ((slice(None), PLACES), (2, 2, 2, 4)), (MASK, (4, 4)),
    ((np.array([0, 1]), np.array([2, 2])), (2, 4)), ((np.array([0, 1]), slice(None), np.array([2, 2])), (2, 3)),
    ((slice(None), np.array([0, 1]), None, np.array([1, 1])), (2, 2, 1)), ((1, slice(None), np.array([0, 3, 3])), (3, 3)),
    ((PLACES % 2, slice(None), 0), (2, 2, 3)), ((slice(1), 1, np.array([1, 3])), (1, 2)),
]  # fmt: skip
FORM, GROUPED = Form((2, 1), (1, 0), (1, 2)), Form((1, 1), (1, 1), (1, 1), 2)
TILES = Form((2, 2), (0, 0), (1, 1))

CASES: dict[str, list[Case]] = {
    "astype": [(some(2, 3), np.dtype(np.float32))],
    "where": [(bits(2, 3), some(3), some(2, 1)), (bits(), some(2), some())],
    "flat": [(bits(2, 3), some(2, 3), some(3))],
    "kept": [(bits(2, 3), some(2, 3)), (bits(2, 1), some(2, 3))],
    "centred": [(some(2, 3, 4), axis) for axis in (None, (0,), (0, 2), (2,))],
    "cumsum": [(some(2, 3), 1), (some(2, 3), -2)],
    "cumprod": [(some(2, 3), 0), (some(4), -1)],
    "argmax": [(some(2, 3), axis) for axis in (None, 0, -1)],
    "argmin": [(some(2, 3), axis) for axis in (None, 0, -1)],
    "argsort": [(some(2, 5), {"axis": axis, "kind": "stable"}) for axis in (0, -1)],
    "recurrence": [(some(2, 4), some(2, 4), 1), (some(4), some(4), 0)],
    "reshape": [(some(2, 6), shape) for shape in ((12,), (3, -1), (2, 2, 3))] + [(some(0, 2), (0,))],
    "broadcast_to": [(some(3), (2, 3)), (some(2, 1), (4, 2, 3)), (some(), (2,))],
    "sum_to": [(some(2, 3, 4), shape) for shape in ((3, 4), (1, 4), (2, 1, 4), (), (2, 3, 4))],
    "transpose": [(some(2, 3, 4), (2, 0, 1)), (some(), ())],
    "swapaxes": [(some(2, 3, 4), 0, -1), (some(2, 3), -1, -2)],
    "flip": [(some(2, 3), (0,)), (some(2, 3), (1, 0))],
    "roll": [(some(2, 5), (2,), (1,)), (some(2, 5), (1, -1), (0, 1))],
    "tile": [(some(2, 3), (2, 2)), (some(3), (2, 1)), (some(2, 3), (2,))],
    "pad": [(some(2, 3), ((1, 0), (0, 2)))],
    "tril": [(some(3, 4), k) for k in (0, -1)],
    "triu": [(some(2, 3, 4), k) for k in (0, 1)],
    "diagonal": [(some(3, 4), 0, 0, 1), (some(2, 3, 4), 1, -1, 0)],
    "diagonal_scatter": [(some(3), (3, 4), 0, 0, 1), (some(2, 3), (3, 2, 4), 1, 0, 2)],
    "getitem": [(some(2, 3, 4), index) for index, _ in INDICES],
    "index_set": [(some(2, 3, 4), some(*shape), index) for index, shape in INDICES if index is not INDICES[4][0]]
    + [(some(2, 3), some(3), np.array([1, 0])), (some(2, 3), some(), (slice(None), 1))],
    "put_add": [(some(*shape), index, (2, 3, 4)) for index, shape in INDICES],
    "window": [(some(3, 4), PLACES), (some(6), np.array([5, 5, 0]))],
    "window_put": [(some(2, 2), (3, 4), PLACES), (some(3), (6,), np.array([5, 5, 0]))],
    "window_set": [(some(3, 4), some(2, 1), np.array([[7, 3], [0, 1]]))],
    "take": [(some(2, 3), PLACES[0], 1), (some(3, 2), PLACES, 0)],
    "take_along_axis": [(some(2, 3), Some(RNG.integers(0, 3, (COUNT, 2, 2))), 1)],
    "matmul": [(some(2, 3), some(3, 2)), (some(3), some(3)), (some(5, 2, 3), some(3)), (some(3), some(5, 3, 2))],
    "dot": [(some(3), some(3))],
    "einsum": [("ij,jk->ik", some(2, 3), some(3, 2)), ("ijk->kj", some(2, 3, 4)), ("i,ij,j->", some(2), some(2, 3), some(3))],
    "solve": [(regular(3, 3), some(3, 2)), (regular(2, 3, 3), some(2, 3, 1))],
    "slogdet": [(regular(3, 3),), (regular(2, 2, 2),)],
    "cofactors_back": [(some(3, 3), regular(3, 3)), (some(2, 3, 3), Some(np.ones((COUNT, 2, 3, 3))))],
    **{n: [(regular(3, 3),), (regular(2, 2, 2),)] for n in ("cholesky", "cofactors", "det", "inv", "inverse_adjoint")},
    "conv": [
        (some(2, 3, 5, 6), some(4, 3, 3, 2), (3, 4), FORM), (some(2, 4, 4, 4), some(6, 2, 3, 3), (4, 4), GROUPED),
        (some(1, 3, 5, 6), some(4, 3, 3, 2), (3, 4), FORM, some(4)),
    ],
    "conv_input": [
        (some(2, 4, 3, 4), some(4, 3, 3, 2), (5, 6), FORM), (some(2, 6, 4, 4), some(6, 2, 3, 3), (4, 4), GROUPED),
    ],
    "conv_weight": [
        (some(2, 3, 5, 6), some(2, 4, 3, 4), (3, 2), FORM), (some(2, 4, 4, 4), some(2, 6, 4, 4), (3, 3), GROUPED),
    ],
    "patches": [(some(2, 3, 5, 6), (3, 2), (3, 4), FORM)],
    "fold": [(some(2, 3, 3, 2, 3, 4), (3, 2), (5, 6), FORM)],
    "pool_max": [(some(2, 3, 5, 6), (3, 2), (3, 4), FORM)],
    "pool_sum": [(some(2, 3, 5, 6), (3, 2), (3, 4), FORM)],
    "pool_spread": [(some(2, 3, 3, 4), (3, 2), (5, 6), FORM)],
    "pool_put": [(some(1, 2, 2, 3), some(1, 2, 4, 6), some(1, 2, 2, 3), (2, 2), TILES)],
    "pool_pick": [(some(1, 2, 4, 6), some(1, 2, 4, 6), some(1, 2, 2, 3), (2, 2), TILES)],
    "pool_indices": [(some(1, 2, 4, 6), some(1, 2, 2, 3), (2, 2), TILES)],
    "blend": [(some(1, 2, 4), 2, PLACES, PLACES / 4), (some(1, 4), 1, PLACES[:1], None)],
    "unblend": [(some(1, 2, 2), 2, PLACES, PLACES / 4, 4), (some(1, 2, 3), 1, PLACES, PLACES / 4, 4)],
    "array": [(some(2, 3),)],
    "asarray": [(some(2, 3), np.dtype(np.float32))],
    "ones_like": [(some(2, 3),)],
    "zeros_like": [(some(2, 3),)],
    "full_like": [(some(2, 3), 2.5)],
    "ones": [((2, 3), np.dtype(np.float32)), ((), np.dtype(bool))],
    "zeros": [((2, 3), np.dtype(np.float32))],
    "full": [((2, 3), 1.5, np.dtype(np.float32))],
}  # fmt: skip
ELSEWHERE = {"concatenate", "empty", "moved", "device_of", "owner", "surely_finite"}
"""Below, by a test of each, or with nothing to compare."""

SERVED = sorted(n for n, f in FUNCTIONS.items() if "batch" in f.stand_ins)


def there(xp: Any, value: Any) -> Any:
    """Arrays of the case on the device of the suite."""
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(there(xp, v) for v in value)
    return xp.asarray(value) if isinstance(value, np.ndarray) else value


def results(made: Any) -> tuple[Any, ...]:
    return made if isinstance(made, tuple) else (made,)


@pytest.mark.parametrize("name", sorted(set(SERVED) - ELSEWHERE))
def test_batches_give_what_one_array_after_the_other_gives(name: str) -> None:
    xp = backend.namespace_for(None)
    function, of_batches = getattr(xp, name), getattr(batching(xp, COUNT), name)
    for case in CASES[name] if name in CASES else of_kind(name):
        options = case[-1] if isinstance(case[-1], dict) else {}
        args = [Some(there(xp, a.array)) if isinstance(a, Some) else there(xp, a) for a in case[: len(case) - bool(options)]]
        several = [i for i, a in enumerate(args) if isinstance(a, Some)]
        for width in range(1 if several else 0, len(several) + 1):
            for chosen in itertools.combinations(several, width):
                given = [(Batch(a.array) if i in chosen else a.array[0, ...]) if i in several else a for i, a in enumerate(args)]
                made = results(of_batches(*given, **options))
                for k in range(COUNT):
                    alone = [a.array[k, ...] if isinstance(a, Batch) else a for a in given]
                    for m, wanted in zip(made, results(function(*alone, **options)), strict=True):
                        assert m.shape == wanted.shape and m.dtype == wanted.dtype, (name, case, chosen)
                        np.testing.assert_allclose(xp.to_host(m.array[k]), xp.to_host(xp.asarray(wanted)), rtol=1e-9, atol=1e-12)


def test_every_form_has_a_case() -> None:
    kinds = {n for n in SERVED if FUNCTIONS[n].kind in ("elementwise", "reduction")}
    assert set(SERVED) - kinds - CASES.keys() - ELSEWHERE == set()
    assert CASES.keys() <= set(SERVED)


def test_what_has_no_numbers_to_compare() -> None:
    xp = backend.namespace_for(None)
    of_batches: Any = batching(xp, 2)
    x = xp.asarray(np.arange(6.0).reshape(2, 3))
    made = of_batches.concatenate([Batch(x), xp.asarray(np.array([7.0]))], 0)
    assert xp.to_host(made.array).tolist() == [[0, 1, 2, 7], [3, 4, 5, 7]]
    assert of_batches.empty((4,), np.dtype(np.float32)).array.shape == (2, 4)
    assert of_batches.owner(Batch(x)) is xp.owner(x) and of_batches.owner(x) is xp.owner(x)
    assert of_batches.device_of(Batch(x)) == of_batches.device_of(x) == xp.device_of(x)
    assert of_batches.surely_finite(Batch(x)) == xp.surely_finite(x)
    assert not of_batches.surely_finite(Batch(x + np.inf))
    moved = of_batches.moved(Batch(x), backend.CPU)
    assert isinstance(moved, Batch) and moved.array.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("name", SERVED)
def test_what_is_no_batch_is_the_backends(name: str) -> None:
    if FUNCTIONS[name].kind == "creation" or name in ELSEWHERE:
        return
    xp = backend.namespace_for(None)
    case = (CASES[name] if name in CASES else of_kind(name))[-1]
    options = case[-1] if isinstance(case[-1], dict) else {}
    args = [there(xp, a.array[0, ...]) if isinstance(a, Some) else there(xp, a) for a in case[: len(case) - bool(options)]]
    made = results(getattr(batching(xp, COUNT), name)(*args, **options))
    for m, wanted in zip(made, results(getattr(xp, name)(*args, **options)), strict=True):
        assert type(m) is type(wanted)
        np.testing.assert_array_equal(xp.to_host(xp.asarray(m)), xp.to_host(xp.asarray(wanted)))


def test_what_takes_no_batch_says_why() -> None:
    of_batches: Any = batching(cpu, 2)
    batch = Batch(np.zeros((2, 3), int))
    for call, words in (
        (lambda: of_batches.getitem(np.zeros(3), batch), "an index is the same"),
        (lambda: of_batches.window(np.zeros(3), batch), "an index is the same"),
        (lambda: of_batches.einsum(f"{'abcdefghijklmnopqrstuvwxyz'},ABCDEFGHIJKLMNOPQRSTUVWXYZ->", batch, batch), "no letter"),
        (lambda: of_batches.nonzero(batch), "xp.nonzero takes no batch"),
        (lambda: bool(batch), "no one truth value"),
    ):
        with pytest.raises(NoBatch, match=words):
            call()


# --- how many calls ---------------------------------------------------------------------------------------------------


def test_what_takes_no_batch_is_called_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    x = gf.tensor([1.0, 2.0])
    monkeypatch.setitem(FUNCTIONS, "cosh", FUNCTIONS["cosh"]._replace(stand_ins=frozenset()))
    batching.cache_clear()
    assert gf.func.jacrev(gf.sinh)(x).tolist() == gf.diag(gf.cosh(x)).tolist()
    batching.cache_clear()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How often each function of the contract is called on the CPU."""
    counted: Counter[str] = Counter()

    def counting(name: str, function: Any) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            counted[name] += 1
            return function(*args, **options)

        return call

    for name in FUNCTIONS:
        monkeypatch.setattr(cpu, name, counting(name, getattr(cpu, name)))
    batching.cache_clear()
    yield counted
    batching.cache_clear()


def tensor(*shape: int) -> gf.Tensor:
    return gf.tensor(RNG.standard_normal(shape))


@pytest.mark.cpu_only("counts calls of NumPy's functions")
def test_the_jacobian_of_a_solution_solves_once(calls: Counter[str]) -> None:
    a = tensor(6, 6) + 6 * gf.eye(6, dtype=gf.float64)
    b = tensor(6)
    calls.clear()
    found = gf.func.jacrev(lambda v: gf.linalg.solve(a, v))(b)
    assert calls["solve"] == 2  # for the solution, and for all rows of the Jacobian
    assert np.allclose(found.to_numpy(), np.linalg.inv(a.to_numpy()))
    calls.clear()
    gf.func.jacrev(lambda m: gf.linalg.solve(m, b))(a)
    assert calls["solve"] == 2 and sum(calls.values()) < 50


def binary() -> tuple[Any, Any]:
    x, t = tensor(64, 10), (tensor(64) > 0).double()
    return (lambda w: gf.nn.functional.binary_cross_entropy_with_logits(x @ w, t)), tensor(10)


def softmax() -> tuple[Any, Any]:
    x, t = tensor(32, 64), gf.tensor(RNG.integers(0, 10, 32))
    return (lambda w: gf.nn.functional.cross_entropy(gf.nn.functional.linear(x, w), t)), tensor(10, 64)


@pytest.mark.cpu_only("counts calls of NumPy's functions")
@pytest.mark.parametrize(("regression", "most"), [(binary, 60), (softmax, 100)])
def test_the_hessian_of_a_regression_takes_few_calls(calls: Counter[str], regression: Any, most: int) -> None:
    function, w = regression()
    gf.func.hessian(function)(w)  # the source of the operations is written at their first call
    calls.clear()
    gf.func.hessian(function)(w)
    assert 20 < sum(calls.values()) < most, calls


@pytest.mark.stand_in
@pytest.mark.parametrize(("regression", "most"), [(binary, 40), (softmax, 130)])
def test_the_hessian_of_a_regression_takes_few_launches(regression: Any, most: int) -> None:
    function, w = regression()
    gf.func.hessian(function)(w)
    with cupy_stand_in.counted(cupy_stand_in.launches) as launched:
        gf.func.hessian(function)(w)
    assert 20 < len(launched) < most, Counter(launched)
