"""Parameters brought together in one memory: what that must not change, and that a step is one kernel."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow.errors import InPlaceError, NonFiniteError
from gradflow.optim import SGD, Adam, RMSprop
from gradflow.optim._flat import Bucket

SHAPES = [(3, 4), (4,), (2, 2, 2), ()]


def weights(dtype: Any = gf.float64, shapes: Any = SHAPES) -> list[gf.Tensor]:
    rng = np.random.default_rng(3)
    return [gf.tensor(rng.normal(size=s), dtype=dtype, requires_grad=True) for s in shapes]


def loss_of(ws: list[gf.Tensor], skip: tuple[int, ...] = ()) -> gf.Tensor:
    terms = [((w - 1) ** 4).sum() * (i + 1) for i, w in enumerate(ws) if i not in skip]
    return gf.stack(terms).sum()


def train(ws: list[gf.Tensor], make: Any, steps: int = 6, none: bool = False) -> list[np.ndarray]:
    optimizer = make(ws)
    for _ in range(steps):
        optimizer.zero_grad(set_to_none=none)
        loss_of(ws).backward()
        optimizer.step()
    return [w.detach().to_numpy() for w in ws]


def held(optimizer: Any) -> list[Bucket]:
    return [b for bs in optimizer._buckets.values() for b in bs]


MAKES = [lambda p: SGD(p, 0.01, momentum=0.9), lambda p: Adam(p, 0.05), lambda p: RMSprop(p, 0.01, centered=True, momentum=0.5)]


@pytest.mark.parametrize("make", MAKES)
@pytest.mark.parametrize("none", [False, True])
def test_together_and_one_by_one_are_the_same(make: Any, none: bool) -> None:
    together = weights()
    found = train(together, make, none=none)
    alone = weights()
    keep = [w.array for w in alone]  # somebody else shows the memory, so nothing is moved
    optimizer = make(alone)
    for _ in range(6):
        optimizer.zero_grad()
        loss_of(alone).backward()
        optimizer.step()
    assert [b.flat for b in held(optimizer)] == [False] * 4
    for a, b, k in zip(found, alone, keep, strict=True):
        assert b.array is k
        np.testing.assert_array_equal(a, b.detach().to_numpy())


def test_parameters_lie_side_by_side_and_keep_their_tensors() -> None:
    ws = weights(gf.float32)
    optimizer = SGD(ws, 0.1, momentum=0.9)
    before = [w.tolist() for w in ws]
    loss_of(ws).backward()
    grads = [w.grad for w in ws]
    right = [g.tolist() for g in grads]
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    optimizer.step()
    (bucket,) = held(optimizer)
    assert bucket.flat and [w.tolist() for w in ws] == before
    assert all(w.grad is g for w, g in zip(ws, grads, strict=True)) and [g.tolist() for g in grads] == right
    del grads
    optimizer.zero_grad()
    loss_of(ws).backward()  # from now on gradients are written into the bucket's memory
    starts = np.cumsum([0, 12, 4, 8]) * 4
    for name in ("data", "grad", "momentum"):
        of = {
            "data": lambda w: w,
            "grad": lambda w: w.grad,
            "momentum": lambda w: optimizer.state[w]["momentum_buffer"],
        }[name]
        assert [of(w).data_ptr() - of(ws[0]).data_ptr() for w in ws] == starts.tolist()
        assert [of(w).shape for w in ws] == SHAPES
    assert all(w.is_leaf and w.requires_grad for w in ws)


def test_what_shows_a_parameter_goes_on_showing_it() -> None:
    base = np.ones((2, 3))
    aliased, viewed, plain, more = (
        gf.as_tensor(gf.tensor(base).array).requires_grad_() if i == 0 else gf.ones(2, 3, dtype=gf.float64, requires_grad=True)
        for i in range(4)
    )
    with gf.no_grad():
        view = viewed.view(-1)
    bare = aliased.array
    optimizer = SGD([aliased, viewed, plain, more], lr=0.5)
    sum((w.sum() for w in (aliased, viewed, plain, more)), gf.tensor(0.0)).backward()
    optimizer.step()
    assert sorted(len(b.params) for b in held(optimizer)) == [1, 1, 2]
    for shown in (view, gf.as_tensor(bare), plain.detach(), more.detach()):
        assert shown.reshape(-1).tolist() == [0.5] * 6
    alias = plain.detach()  # of memory that has been moved already
    optimizer.step()
    assert alias.tolist() == [[0.0] * 3] * 2 and view.tolist() == [0.0] * 6


def test_what_could_not_be_moved_at_first_is_moved_later() -> None:
    ws = weights()
    graph = [w * w for w in ws]  # keeps the parameters' arrays
    optimizer = SGD(ws, 0.01, momentum=0.9)
    loss_of(ws).backward()
    optimizer.step()
    assert [b.flat for b in held(optimizer)] == [False] * 4
    del graph
    for _ in range(4):
        optimizer.zero_grad()
        loss_of(ws).backward()
        optimizer.step()
    assert [b.flat for b in held(optimizer)] == [True]
    again = weights()
    train(again, lambda p: SGD(p, 0.01, momentum=0.9), 5)
    for a, b in zip(ws, again, strict=True):
        assert a.tolist() == b.tolist()


KEEP = {
    "the Tensor": lambda w: w.grad,
    "a detached Tensor": lambda w: w.grad.detach(),
    "a slice": lambda w: w.grad[..., :1] if w.ndim else w.grad.view(1),
    "the bare array": lambda w: w.grad.array,
    "a view of the bare array": lambda w: w.grad.array[..., None],
    "the transposed Tensor": lambda w: w.grad.T,
}


@pytest.mark.parametrize("make", MAKES)
@pytest.mark.parametrize("keep", KEEP)
def test_gradients_that_are_held_are_not_overwritten_and_do_not_disturb_a_step(make: Any, keep: str) -> None:
    ws, alone = weights(), weights()
    optimizer, each = make(ws), [make([w]) for w in alone]
    held, numbers = [], []
    for n in range(6):
        for o in (optimizer, *each):
            o.zero_grad()
        for some in (ws, alone):
            loss_of(some).backward()
        if n % 2:
            held.append(KEEP[keep](ws[n % 3]))  # while the step is made
            numbers.append(held[-1].tolist())
        for o in (optimizer, *each):
            o.step()
        held.append(KEEP[keep](ws[2]))
        numbers.append(held[-1].tolist())
    assert [h.tolist() for h in held] == numbers
    for a, b in zip(ws, alone, strict=True):
        np.testing.assert_allclose(a.detach().to_numpy(), b.detach().to_numpy(), rtol=1e-14)


def test_a_step_uses_no_memory_that_was_never_written() -> None:
    a, b = gf.tensor([1.0, 2.0], requires_grad=True), gf.tensor([3.0, 4.0], requires_grad=True)
    optimizer, last = SGD([a, b], lr=0.1), []
    for _ in range(4):
        optimizer.zero_grad()
        (a * a + 3 * b).sum().backward()
        shown = a.grad.detach()
        optimizer.step()
        last.append(b.grad)
    assert shown.tolist() == pytest.approx([1.024, 2.048])
    assert a.tolist() == pytest.approx([0.4096, 0.8192]) and all(g.tolist() == [3.0, 3.0] for g in last)
    a.grad, b.grad = b.grad, a.grad
    optimizer.step()
    assert a.tolist() == pytest.approx([0.1096, 0.5192])


def slice_of_a_buffer() -> tuple[Any, list[gf.Tensor]]:
    flat = gf.zeros(5)
    return flat, [gf.nn.Parameter(flat[:2]), gf.nn.Parameter(flat[2:])]


def one_row_twice() -> tuple[Any, list[gf.Tensor]]:
    row = gf.zeros(2, 3)
    return row[0], [gf.nn.Parameter(row[0]), gf.nn.Parameter(row[0])]


def tied_memory() -> tuple[Any, list[gf.Tensor]]:
    a, b = gf.nn.Parameter(gf.zeros(2, 3)), gf.nn.Parameter(gf.zeros(3, 2))
    b.array = a.array.reshape(3, 2)
    return b, [a]


@pytest.mark.parametrize("make", [slice_of_a_buffer, one_row_twice, tied_memory])
def test_parameters_over_memory_that_is_shared_stay_there(make: Any) -> None:
    shown, params = make()
    optimizer = SGD(params, lr=1.0)
    for n in range(1, 3):
        optimizer.zero_grad()
        gf.stack([p.sum() for p in params]).sum().backward()
        optimizer.step()
        times = n * (2 if make is one_row_twice else 1)
        assert shown.reshape(-1).tolist() == [-times] * shown.numel()


def test_parameters_that_share_memory_are_updated_in_their_order() -> None:
    found = []
    for first in (0, 1):  # which of the two has a gradient at the first step
        memory = gf.ones(2, dtype=gf.float64)
        ps = [gf.nn.Parameter(memory.view(2)), gf.nn.Parameter(memory.view(2))]
        optimizer = SGD(ps, lr=0.1, weight_decay=0.5)
        ps[first].sum().backward()
        optimizer.step()
        optimizer.zero_grad()
        memory.fill_(1.0)
        (ps[0] * 2 + ps[1] * 5).sum().backward()
        optimizer.step()
        found.append(memory.tolist())
    assert found[0] == found[1] == pytest.approx([(1 - 0.1 * 2.5) - 0.1 * (5 + 0.5 * 0.75)] * 2)


@pytest.mark.parametrize("shown", [slice(None), slice(1, 2)])
def test_a_parameter_that_comes_to_show_a_buckets_memory_keeps_its_place_in_the_order(shown: slice) -> None:
    """a and c are one bucket; then b is given memory of c.  In their order b takes its step before c, as in PyTorch."""
    a, b, c = (gf.nn.Parameter(gf.full((2,), n, dtype=gf.float64)) for n in (1.0, 2.0, 3.0))
    holder = b.array  # so that b is not moved
    optimizer = SGD([a, b, c], lr=0.1, weight_decay=0.5)
    (a + 2 * b + 5 * c).sum().backward()
    optimizer.step()
    del holder
    value = c.array.tolist()
    b.data, b.grad = c.data[shown], gf.full_like(c.data[shown], 2.0)
    optimizer.step()
    expected = [v - 0.1 * (2 + 0.5 * v) if i in range(2)[shown] else v for i, v in enumerate(value)]
    expected = [v - 0.1 * (5 + 0.5 * v) for v in expected]
    assert c.tolist() == pytest.approx(expected, rel=1e-12) and b.tolist() == c.tolist()[shown]
    first = 1 - 0.1 * (1 + 0.5)
    assert a.tolist() == pytest.approx([first - 0.1 * (1 + 0.5 * first)] * 2, rel=1e-12)


def test_half_precision_parameters_that_share_memory_follow_each_other() -> None:
    a = gf.arange(4.0).half().requires_grad_()
    b = a.detach().requires_grad_()
    optimizer = SGD([b, a], lr=0.25)
    (a * 2).sum().backward()
    for _ in range(2):  # what cannot be moved is looked at anew after 1, 2, 4 ... steps
        optimizer.step()
    (b * 4).sum().backward()
    optimizer.step()
    assert a.tolist() == b.tolist() == [i - 2 * 0.5 - (1.0 + 0.5) for i in range(4)]


@pytest.mark.cpu_only("NumPy arrays of the user's")
@pytest.mark.parametrize(
    "part", [lambda a: a, lambda a: a.reshape(-1), lambda a: a[0:1], lambda a: a.T], ids=["whole", "flat", "part", "transposed"]
)
@pytest.mark.parametrize("kind", ["array", "file", "shared", "bytes", "dlpack"])
def test_parameters_over_foreign_memory_stay_there(kind: str, part: Any, tmp_path: Any) -> None:
    from multiprocessing.shared_memory import SharedMemory

    block = SharedMemory(create=True, size=48) if kind == "shared" else None
    try:
        if kind == "file":
            array: np.ndarray = np.memmap(tmp_path / "numbers", np.float64, "w+", shape=(2, 3))
        elif block is not None:
            array = np.ndarray((2, 3), np.float64, block.buf)
        elif kind == "bytes":
            array = np.frombuffer(bytearray(48)).reshape(2, 3)
        else:
            array = np.zeros((2, 3))
        array[...] = 0
        shown = part(array)
        p = gf.nn.Parameter(gf.from_dlpack(shown) if kind == "dlpack" else gf.from_numpy(shown))
        other = gf.nn.Parameter(gf.zeros(3, dtype=gf.float64))
        optimizer = Adam([p, other], lr=1.0)
        for _ in range(3):
            optimizer.zero_grad()
            (p.sum() + other.sum()).backward()
            optimizer.step()
        np.testing.assert_allclose(shown, np.full(shown.shape, -3.0), rtol=1e-6)
        del p, optimizer, shown, array
    finally:
        if block is not None:
            import gc

            gc.collect()
            block.close()
            block.unlink()


def test_each_parameter_has_its_own_version() -> None:
    a, b = weights(shapes=[(3,), (3,)])
    optimizer = SGD([a, b], 0.1)
    loss_of([a, b]).backward()
    optimizer.step()
    assert held(optimizer)[0].flat
    y = (a * a).sum()
    with gf.no_grad():
        b.mul_(2)
    y.backward(retain_graph=True)  # b was written, not a
    optimizer.zero_grad()
    y.backward(retain_graph=True)
    optimizer.step()
    with pytest.raises(InPlaceError):
        y.backward()


def test_a_parameter_without_a_gradient_is_left_alone_and_counts_its_own_steps() -> None:
    ws, alone = weights(), weights()
    optimizer, each = Adam(ws, 0.05), [Adam([w], 0.05) for w in alone]
    for n in range(8):
        skip = {2: (1,), 3: (0, 3), 5: (1, 2)}.get(n, ())
        for o in (optimizer, *each):
            o.zero_grad(set_to_none=True)
        loss_of(ws, skip).backward()
        loss_of(alone, skip).backward()
        for o in (optimizer, *each):
            o.step()
    assert [optimizer.state[w]["step"] for w in ws] == [7, 6, 7, 7]
    for a, b in zip(ws, alone, strict=True):
        np.testing.assert_allclose(a.detach().to_numpy(), b.detach().to_numpy(), rtol=1e-14)


def test_parameters_that_come_later_join() -> None:
    ws = weights()
    optimizer = Adam(ws[:2], 0.05)
    loss_of(ws[:2]).backward()
    optimizer.step()
    optimizer.add_param_group({"params": ws[2:], "lr": 0.1})
    loss_of(ws).backward()
    optimizer.step()
    assert [len(b.params) for b in held(optimizer)] == [2, 2]
    ws[0].array = gf.zeros(3, 4, dtype=gf.float64).array  # the memory is replaced: the state stays
    optimizer.step()
    assert optimizer.state[ws[0]]["step"] == 3 and ws[0].tolist() != [[0.0] * 4] * 3


def test_casts_and_settings_that_change_what_is_kept_are_followed() -> None:
    layer = gf.nn.Linear(3, 2)
    optimizer = SGD(layer.parameters(), 0.1, momentum=0.9)
    x = gf.ones(1, 3)
    layer(x).sum().backward()
    optimizer.step()
    layer.double()
    layer(x.double()).sum().backward()
    optimizer.step()
    assert optimizer.state[layer.weight]["momentum_buffer"].dtype == gf.float64 and held(optimizer)[0].flat
    optimizer.param_groups[0]["momentum"] = 0.0
    before = layer.bias.tolist()
    optimizer.step()
    assert layer.bias.tolist() == pytest.approx([b - 0.1 * g for b, g in zip(before, layer.bias.grad.tolist(), strict=True)])


def test_what_is_kept_may_come_later() -> None:
    (w,) = weights(shapes=[(3,)])
    optimizer, value, velocity = SGD([w], 0.1), w.detach().to_numpy().copy(), 0.0
    for n in range(5):
        optimizer.param_groups[0]["momentum"] = 0.9 * (n > 1)
        g = 4 * (value - 1) ** 3
        velocity = 0.9 * velocity + g if n > 1 else 0.0
        value = value - 0.1 * (velocity if n > 1 else g)
        w.grad = None
        loss_of([w]).backward()
        optimizer.step()
        np.testing.assert_allclose(w.detach().to_numpy(), value, rtol=1e-12)
        assert ("momentum_buffer" in optimizer.state[w]) == (n > 1)


def test_half_precision_has_a_full_precision_copy() -> None:
    half, full = weights(gf.float16), weights(gf.float32)
    with gf.no_grad():
        for a, b in zip(half, full, strict=True):
            b.copy_(a.float())
    optimizers = SGD(half, 1e-4, momentum=0.9), SGD(full, 1e-4, momentum=0.9)
    for _ in range(40):  # each step is far below what float16 can tell apart
        for w in (*half, *full):
            w.grad = gf.ones_like(w).detach()
        for o in optimizers:
            o.step()
    for a, b in zip(half, full, strict=True):
        state = optimizers[0].state[a]
        assert state["master_param"].dtype == state["momentum_buffer"].dtype == gf.float32
        assert state["master_param"].tolist() == b.tolist() and a.tolist() == b.half().tolist()
    saved = copy.deepcopy(optimizers[0].state_dict())
    other = SGD(half, 1e-4, momentum=0.9)
    other.load_state_dict(saved)
    for o in (other, optimizers[1]):
        o.step()
    assert other.state[half[0]]["master_param"].tolist() == full[0].tolist()
    with gf.no_grad():
        half[0].fill_(2.0)  # what the user writes counts
    other.param_groups[0].update(lr=0.5, momentum=0.0)
    other.step()
    assert half[0].tolist() == [[1.5] * 4] * 3


@pytest.mark.parametrize("alone", [True, False])
def test_what_is_written_into_the_bare_half_precision_array_counts(alone: bool) -> None:
    ws = [gf.ones(3, dtype=gf.float16, requires_grad=True) for _ in range(1 if alone else 2)]
    held = ws[0].array if alone else None
    optimizer = SGD(ws, 0.25)
    for w in ws:
        w.grad = gf.ones(3, dtype=gf.float16)
    optimizer.step()
    ws[0].array[...] = 0.5
    optimizer.step()
    assert ws[0].tolist() == [0.25] * 3 and ws[-1].tolist() == ([0.25] if alone else [0.5]) * 3
    assert held is None or held.tolist() == [0.25] * 3


def test_a_gradient_that_is_not_finite_can_be_an_error_that_changes_nothing() -> None:
    ws = weights()
    optimizer = Adam(ws, error_on_nonfinite=True)
    loss_of(ws).backward()
    optimizer.step()
    before = [w.tolist() for w in ws]
    ws[3].grad.fill_(float("nan"))
    with pytest.raises(NonFiniteError, match=r"parameter 3 of group 0 \(shape \(\)\).*nothing was updated"):
        optimizer.step()
    assert [w.tolist() for w in ws] == before and optimizer.state[ws[0]]["step"] == 1


def test_copies_and_pickles_of_an_optimizer_go_on() -> None:
    layer = gf.nn.Linear(3, 2)
    optimizer = Adam(layer.parameters(), 0.1)

    def step(layer: gf.nn.Linear, optimizer: Adam) -> list:
        optimizer.zero_grad()
        (layer(gf.ones(1, 3)) ** 2).sum().backward()
        optimizer.step()
        return layer.weight.tolist()

    step(layer, optimizer)
    copies = [copy.deepcopy((layer, optimizer)), pickle.loads(pickle.dumps((layer, optimizer)))]
    before = layer.weight.tolist()
    found = [step(*c) for c in copies]
    assert layer.weight.tolist() == before
    assert found == [step(layer, optimizer)] * 2 and found[0] != before


def test_hooks_are_called_around_a_step_and_saving() -> None:
    (w,) = weights(shapes=[(2,)])
    optimizer, seen = SGD([w], 0.1), []
    handles = [
        optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append("before")),
        optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append("after")),
        optimizer.register_state_dict_pre_hook(lambda o: seen.append("saving")),
        optimizer.register_state_dict_post_hook(lambda o, s: {**s, "more": 1}),
        optimizer.register_load_state_dict_pre_hook(lambda o, s: {k: v for k, v in s.items() if k != "more"}),
        optimizer.register_load_state_dict_post_hook(lambda o: seen.append("loaded")),
    ]
    w.sum().backward()
    optimizer.step()
    saved = optimizer.state_dict()
    assert saved["more"] == 1
    optimizer.load_state_dict(saved)
    assert seen == ["before", "after", "saving", "loaded"]
    for handle in handles:
        handle.remove()
    optimizer.step()
    assert len(seen) == 4 and "more" not in optimizer.state_dict()


@pytest.mark.stand_in
@pytest.mark.parametrize("count", [1, 30])
def test_a_step_is_one_launch(count: int) -> None:
    from cupy_stand_in import record

    ws = weights(gf.float32, [(3,)] * count)
    optimizer = Adam(ws)
    for _ in range(3):
        optimizer.zero_grad()
        loss_of(ws).backward()
        optimizer.step()
    loss_of(ws).backward()
    with record.launches.recorded() as launched:
        optimizer.step()
    assert launched == ["gf_adam"]
