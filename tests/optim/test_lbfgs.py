"""L-BFGS against the dense BFGS formula, its line search, its memory, and its refusals."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow.errors import ArgumentError, DeviceError, GraphError, InPlaceError, NonFiniteError
from gradflow.optim import LBFGS
from gradflow.optim._line_search import LineSearch, SearchPoint, cubic_minimum

A = np.random.default_rng(5).normal(size=(6, 4))
B = np.random.default_rng(6).normal(size=(6,))
START = np.random.default_rng(7).normal(size=4)
STEPS = 20


def convex(w: gf.Tensor) -> gf.Tensor:
    r = gf.tensor(A, dtype=w.dtype) @ w - gf.tensor(B, dtype=w.dtype)
    return 0.5 * (r * r).sum() + (w**4).sum() / 4


def slope(w: np.ndarray) -> np.ndarray:
    return A.T @ (A @ w - B) + w**3


def rosenbrock(w: gf.Tensor) -> gf.Tensor:
    return ((1 - w[:-1]) ** 2 + 100 * (w[1:] - w[:-1] ** 2) ** 2).sum()


def closure_of(optimizer: LBFGS, loss_of: Any, *params: gf.Tensor) -> Any:
    def closure() -> gf.Tensor:
        optimizer.zero_grad()
        loss = loss_of(*params)
        loss.backward()
        return loss

    return closure


def trajectory(interrupted: bool = False, **settings: Any) -> list[np.ndarray]:
    """20 steps; ``interrupted``: half-way a new optimizer takes over the saved state."""
    w = gf.tensor(START, requires_grad=True)
    optimizer, path = LBFGS([w], **settings), []
    for k in range(STEPS):
        if interrupted and k == STEPS // 2:
            saved = copy.deepcopy(optimizer.state_dict())
            optimizer = LBFGS([w], **settings)
            optimizer.load_state_dict(saved)
        optimizer.step(closure_of(optimizer, convex, w))
        path.append(w.detach().to_numpy().copy())
    return path


def numbers(held: Any) -> Any:
    """A state in plain numbers and lists."""
    if isinstance(held, dict):
        return {key: numbers(value) for key, value in held.items()}
    return [numbers(v) for v in held] if isinstance(held, list) else held.tolist() if isinstance(held, gf.Tensor) else held


# --- the formula ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("memory", [1, 3, 100])
def test_directions_are_the_dense_formulas(memory: int) -> None:
    """Equation 6.17, applied anew in every iteration to the last pairs, from (s.y / y.y) I."""
    lr, w, pairs, wanted, last = 0.1, START.copy(), [], [], None
    for _ in range(STEPS):
        g = slope(w)
        if last is None:
            step = -min(1, 1 / np.abs(g).sum()) * lr * g
        else:
            pairs = [*pairs, (step, g - last)][-memory:]
            s, y = pairs[-1]
            H = (s @ y) / (y @ y) * np.eye(4)
            for s, y in pairs:
                V = np.eye(4) - np.outer(y, s) / (s @ y)
                H = V.T @ H @ V + np.outer(s, s) / (s @ y)
            step = -lr * (H @ g)
        last, w = g, w + step
        wanted.append(w)
    settings = {"lr": lr, "max_iter": 1, "history_size": memory}
    for found, want in zip(trajectory(**settings), wanted, strict=True):
        np.testing.assert_allclose(found, want, rtol=1e-10)
    for found, want in zip(trajectory(**settings, interrupted=True), wanted, strict=True):
        np.testing.assert_allclose(found, want, rtol=1e-10)


@pytest.mark.parametrize("n", [2, 5])
def test_rosenbrocks_valley(n: int) -> None:
    w = gf.tensor([-1.2, 1.0, 0.5, -0.7, 1.4][:n], dtype=gf.float64, requires_grad=True)
    optimizer = LBFGS([w], max_iter=200, tolerance_grad=1e-10, tolerance_change=0.0, line_search_fn="strong_wolfe")
    first = optimizer.step(closure_of(optimizer, rosenbrock, w))
    assert first.item() == rosenbrock(gf.tensor([-1.2, 1.0, 0.5, -0.7, 1.4][:n], dtype=gf.float64)).item()
    np.testing.assert_allclose(w.tolist(), np.ones(n), atol=1e-8)


def test_a_quadratic_loss_is_solved_in_a_few_iterations() -> None:
    w = gf.tensor(START, requires_grad=True)
    optimizer = LBFGS([w], max_iter=30, tolerance_change=0.0, line_search_fn="strong_wolfe")
    optimizer.step(closure_of(optimizer, lambda w: ((gf.tensor(A) @ w - gf.tensor(B)) ** 2).sum(), w))
    np.testing.assert_allclose(w.tolist(), np.linalg.lstsq(A, B, rcond=None)[0], atol=1e-6)
    assert optimizer.state[w]["n_iter"] < 20


@pytest.mark.parametrize("lr", [1e-3, 0.3, 1.0, 30.0])
@pytest.mark.parametrize("start", range(4))
def test_a_step_length_meets_the_strong_wolfe_conditions(lr: float, start: int) -> None:
    def loss_of(w: gf.Tensor) -> gf.Tensor:
        return (w.sin() * 3 + w * w / 4).sum() + (w[0] * w[1]).cos()

    w = gf.tensor(np.random.default_rng(start).normal(size=3) * 3, requires_grad=True)
    optimizer = LBFGS([w], lr=lr, max_iter=1, max_eval=50, line_search_fn="strong_wolfe")
    closure = closure_of(optimizer, loss_of, w)
    for _ in range(5):
        x, loss = w.detach().to_numpy().copy(), closure().item()
        g = w.grad.to_numpy().copy()
        optimizer.step(closure)
        move = w.detach().to_numpy() - x
        if np.abs(g).max() < 1e-6:
            break
        assert closure().item() <= loss + 1e-4 * (g @ move) + 1e-12
        assert abs(w.grad.to_numpy() @ move) <= 0.9 * abs(g @ move) + 1e-12


# --- its memory -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{"lr": 0.2, "max_iter": 3}, {"max_iter": 2, "line_search_fn": "strong_wolfe"}])
def test_a_saved_state_continues_the_same_trajectory(settings: dict) -> None:
    for found, want in zip(trajectory(**settings, interrupted=True), trajectory(**settings), strict=True):
        np.testing.assert_array_equal(found, want)


def test_the_state_has_pytorchs_names_on_the_first_parameter() -> None:
    a, b = gf.ones(2, 3, requires_grad=True), gf.ones(4, requires_grad=True)
    optimizer = LBFGS([a, b], max_iter=5, history_size=2, lr=0.1)
    optimizer.step(closure_of(optimizer, lambda a, b: (a**4).sum() + (b * b).sum() * a.sum(), a, b))
    state = optimizer.state_dict()
    assert list(state["state"]) == [0] and state["param_groups"][0]["max_eval"] == 6
    held = state["state"][0]
    assert set(held) == {
        "d", "t", "old_dirs", "old_stps", "ro", "H_diag", "prev_flat_grad", "prev_loss", "func_evals", "n_iter",
    }  # fmt: skip
    assert held["d"].shape == held["prev_flat_grad"].shape == (10,) and held["n_iter"] == held["func_evals"] == 5
    assert len(held["old_dirs"]) == len(held["old_stps"]) == len(held["ro"]) == 2
    before = numbers(held)
    optimizer.step(closure_of(optimizer, lambda a, b: (a**4).sum() + (b * b).sum() * a.sum(), a, b))
    assert numbers(held) == before != numbers(optimizer.state_dict()["state"][0])


def test_a_state_as_pytorch_saves_it_is_taken() -> None:
    w = gf.tensor(START, requires_grad=True)
    optimizer = LBFGS([w], lr=0.1, max_iter=4)
    optimizer.step(closure_of(optimizer, convex, w))
    state, v = optimizer.state_dict(), gf.tensor(w.detach().to_numpy(), requires_grad=True)
    held = state["state"][0]
    held["ro"] = [gf.tensor(r, dtype=gf.float64) for r in held["ro"]]
    held["H_diag"], held["t"], held["al"] = gf.tensor(held["H_diag"], dtype=gf.float64), np.float64(0.1), [None] * 100
    other = LBFGS([v])
    other.load_state_dict(state)
    assert "al" not in other.state[v] and other.param_groups[0]["lr"] == 0.1 and other.state[v]["d"].array is not held["d"].array
    optimizer.step(closure_of(optimizer, convex, w))
    other.step(closure_of(other, convex, v))
    assert v.tolist() == w.tolist()
    fresh = LBFGS([v])
    fresh.load_state_dict(LBFGS([w]).state_dict())
    assert fresh.state == {}
    for change, said in (
        (lambda s: s["state"][0].update(d=gf.ones(3)), r"'d' has shape \(3,\), not \(4,\)"),
        (lambda s: s["state"][0]["old_stps"].append(gf.ones(5)), "old_stps"),
        (lambda s: s["state"][0]["ro"].pop(), "lengths"),
        (lambda s: s["state"].update({1: {}}), "parameter 1"),
        (lambda s: s["param_groups"][0].update(max_iter=0), "max_iter"),
        (lambda s: s["param_groups"].append(s["param_groups"][0]), "groups"),
    ):
        wrong, before = copy.deepcopy(optimizer.state_dict()), other.state[v]
        change(wrong)
        with pytest.raises(ArgumentError, match=said):
            other.load_state_dict(wrong)
        assert other.state[v] is before and other.param_groups[0]["max_iter"] == 4
    with pytest.raises(TypeError, match="dict"):
        other.load_state_dict([])  # type: ignore[arg-type]


# --- parameters of all kinds ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_float32_comes_to_the_same_place(search: str | None) -> None:
    found = {}
    for dtype in (gf.float32, gf.float64):
        w = gf.tensor(START, dtype=dtype, requires_grad=True)
        optimizer = LBFGS([w], lr=0.5, max_iter=60, tolerance_grad=1e-5, line_search_fn=search)
        optimizer.step(closure_of(optimizer, convex, w))
        assert optimizer.state[w]["d"].dtype == w.dtype == dtype
        found[dtype] = w.tolist()
    # A search sees losses alone: around a minimum they tell places apart down to the root of the machine epsilon.
    np.testing.assert_allclose(found[gf.float32], found[gf.float64], atol=np.finfo("f4").eps ** 0.5)


def test_dtypes_and_layouts_mix() -> None:
    a = gf.tensor(START[:2], dtype=gf.float16, requires_grad=True)
    b = gf.tensor(np.asfortranarray(np.ones((2, 3))), requires_grad=True)
    c = gf.tensor(2.0, requires_grad=True)
    empty = gf.zeros(0, requires_grad=True)
    optimizer = LBFGS([a, b, c, empty], max_iter=30, line_search_fn="strong_wolfe")
    places = [p.data_ptr() for p in (a, b, c)]

    def loss_of() -> gf.Tensor:
        return ((a.double() - 0.5) ** 2).sum() + ((b - 2.0) ** 2).sum() + ((c - 1) ** 4).double()

    optimizer.step(closure_of(optimizer, loss_of))
    assert a.tolist() == pytest.approx([0.5] * 2, abs=2e-3) and b.flatten().tolist() == pytest.approx([2] * 6, abs=2e-3)
    assert c.item() == pytest.approx(1, abs=0.1) and [p.data_ptr() for p in (a, b, c)] == places
    assert optimizer.state[a]["d"].dtype == gf.float64
    half = gf.tensor([1.0, 2.0], dtype=gf.float16, requires_grad=True)
    optimizer = LBFGS([half], lr=0.1)
    optimizer.step(closure_of(optimizer, lambda w: (w * w).sum(), half))
    assert optimizer.state[half]["d"].dtype == gf.float32 and max(half.tolist()) < 1


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_complex_parameters_move_as_pairs_of_real_ones(search: str | None) -> None:
    z = gf.tensor(START[:2] + 1j * START[2:], requires_grad=True)
    x, y = gf.tensor(START[:2], requires_grad=True), gf.tensor(START[2:], requires_grad=True)
    one, two = LBFGS([z], 0.1, 3, line_search_fn=search), LBFGS([x, y], 0.1, 3, line_search_fn=search)
    for _ in range(3):
        one.step(closure_of(one, lambda z: ((z - 1) ** 2).abs().sum() + (z.abs() ** 4).sum(), z))
        two.step(closure_of(two, lambda x, y: ((x - 1) ** 2 + y * y).sum() + ((x * x + y * y) ** 2).sum(), x, y))
    np.testing.assert_allclose(z.detach().to_numpy(), x.detach().to_numpy() + 1j * y.detach().to_numpy(), rtol=1e-9)


def test_a_parameter_without_gradient_counts_as_flat() -> None:
    a, b = gf.tensor(START, requires_grad=True), gf.ones(3, requires_grad=True)
    optimizer = LBFGS([b, a], max_iter=5, lr=0.1)
    optimizer.step(closure_of(optimizer, convex, a))
    assert b.tolist() == [1] * 3 and a.tolist() != START.tolist() and b.grad is None


def test_a_cast_parameter_takes_its_memory_along() -> None:
    layer = gf.nn.Linear(3, 1)
    optimizer, x = LBFGS(layer.parameters(), lr=0.1, max_iter=3), gf.tensor(np.eye(3))
    optimizer.step(closure_of(optimizer, lambda: (layer(x.float()) ** 2).sum()))
    layer.double()
    before = layer.weight.tolist()
    optimizer.step(closure_of(optimizer, lambda: (layer(x) ** 2).sum()))
    assert layer.weight.tolist() != before and optimizer.state[layer.weight]["old_dirs"][0].dtype == gf.float64


def test_settings_may_change_between_steps() -> None:
    w = gf.tensor(START, requires_grad=True)
    optimizer = LBFGS([w], lr=0.1, max_iter=6)
    optimizer.step(closure_of(optimizer, convex, w))
    optimizer.param_groups[0].update(history_size=2, lr=0.05)
    optimizer.step(closure_of(optimizer, convex, w))
    assert len(optimizer.state[w]["ro"]) == 2 and optimizer.state[w]["t"] == 0.05


def test_hooks_copies_and_tensors_as_learning_rates() -> None:
    w, seen = gf.tensor(START, requires_grad=True), []
    optimizer = LBFGS([w], lr=gf.tensor(0.125), max_iter=3)
    optimizer.register_step_pre_hook(lambda *_: seen.append(w.tolist()))
    optimizer.register_step_post_hook(lambda *_: seen.append(w.tolist()))
    optimizer.step(closure_of(optimizer, convex, w))
    assert seen == [START.tolist(), w.tolist()] and optimizer.state[w]["t"] == 0.125
    other = copy.deepcopy(optimizer)
    (v,) = other.param_groups[0]["params"]
    optimizer.step(closure_of(optimizer, convex, w))
    other.step(closure_of(other, convex, v))
    assert v is not w and v.tolist() == w.tolist()


def test_backward_notices_what_a_step_wrote() -> None:
    w = gf.tensor(START, requires_grad=True)
    loss, optimizer = convex(w), LBFGS([w], max_iter=1)
    optimizer.step(closure_of(optimizer, convex, w))
    with pytest.raises(InPlaceError):
        loss.backward()


# --- ends and errors --------------------------------------------------------------------------------------------------------


def test_a_step_ends_where_it_should() -> None:
    calls = 0

    def run(**settings: Any) -> tuple[LBFGS, gf.Tensor]:
        nonlocal calls
        w = gf.tensor(START, requires_grad=True)
        optimizer = LBFGS([w], **settings)
        closure, calls = closure_of(optimizer, convex, w), 0

        def counted() -> gf.Tensor:
            nonlocal calls
            calls += 1
            return closure()

        optimizer.step(counted)
        return optimizer, w

    optimizer, w = run(tolerance_grad=100.0)
    assert calls == 1 and w.tolist() == START.tolist() and optimizer.state[w] == {"func_evals": 1, "n_iter": 0}
    optimizer, w = run(max_iter=7, lr=0.01)
    assert calls == 7 == optimizer.state[w]["n_iter"] == optimizer.state[w]["func_evals"]
    run(max_iter=7, lr=0.01, max_eval=3)
    assert calls == 3
    run(max_iter=100, max_eval=9, tolerance_grad=0.0, line_search_fn="strong_wolfe")
    assert 9 <= calls <= 10
    run(lr=0.01, tolerance_change=0.1)
    assert calls == 2  # no component moved by 0.1
    optimizer, w = run(max_iter=100, lr=0.5)
    assert np.abs(slope(w.detach().to_numpy())).max() < 1e-4 and calls < 100
    run(tolerance_change=1e6)
    assert calls == 1  # the slope cannot change the loss by so much
    w.requires_grad_(False)
    with gf.no_grad():
        w.requires_grad_()
        optimizer.step(closure_of(optimizer, convex, w))  # the closure has gradients all the same


def test_the_line_search_avoids_what_is_not_finite() -> None:
    """-log w + w beyond w = 0: the loss there is NaN, or its gradient infinite."""
    for there, grad in ((math.nan, math.nan), (math.inf, 1.0), (0.0, math.inf), (-math.inf, 0.0)):
        w = gf.tensor([3.0], dtype=gf.float64, requires_grad=True)
        optimizer = LBFGS([w], lr=50.0, max_iter=40, tolerance_change=0.0, line_search_fn="strong_wolfe")
        plain = closure_of(optimizer, lambda w: (w - w.log()).sum(), w)

        def closure(w: Any = w, there: float = there, grad: float = grad, plain: Any = plain) -> Any:
            if w.item() > 0:
                return plain()
            w.grad = gf.tensor([grad], dtype=gf.float64)
            return there

        optimizer.step(closure)
        assert w.item() == pytest.approx(1, abs=1e-6)


def test_a_diverging_loss_ends_the_step() -> None:
    w, calls = gf.tensor([3.0], dtype=gf.float64, requires_grad=True), 0
    optimizer = LBFGS([w], lr=1e3)

    def closure() -> float:
        nonlocal calls
        calls += 1
        w.grad = gf.tensor([1.0], dtype=gf.float64)
        return 1.0 if calls == 1 else math.inf

    optimizer.step(closure)
    assert calls == 2 and math.isfinite(w.item())


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
@pytest.mark.parametrize("at", [1, 2, 5])
def test_an_error_in_the_closure_leaves_all_as_it_was(search: str | None, at: int) -> None:
    w = gf.tensor(START, requires_grad=True)
    optimizer = LBFGS([w], lr=0.1, max_iter=8, history_size=2, tolerance_change=0.0, line_search_fn=search)
    closure, calls = closure_of(optimizer, convex, w), 0
    optimizer.step(closure)
    before, state = w.tolist(), numbers(optimizer.state_dict()["state"][0])

    def failing() -> gf.Tensor:
        nonlocal calls
        calls += 1
        if calls == at:
            raise KeyboardInterrupt
        return closure()

    with pytest.raises(KeyboardInterrupt):
        optimizer.step(failing)
    assert w.tolist() == before
    assert numbers(optimizer.state_dict()["state"][0]) == state


@pytest.mark.stand_in
def test_parameters_on_several_devices_are_refused() -> None:
    a, b = gf.ones(2, device="cpu", requires_grad=True), gf.ones(2, requires_grad=True)
    with pytest.raises(DeviceError, match=r"on cpu, cuda:0"):
        LBFGS([a, b]).step(lambda: 1.0)


def test_what_is_not_finite_at_the_start_is_refused() -> None:
    w = gf.tensor([1.0, 2.0], requires_grad=True)
    optimizer = LBFGS([w])
    for loss, grad, said in ((math.nan, 1.0, "loss is nan"), (math.inf, 1.0, "loss is inf"), (1.0, math.nan, "gradient is nan")):

        def closure(loss: float = loss, grad: float = grad) -> float:
            w.grad = gf.tensor([1.0, grad])
            return loss

        with pytest.raises(NonFiniteError, match=said):
            optimizer.step(closure)
        assert w.tolist() == [1, 2] and optimizer.state_dict()["state"] == {}


@pytest.mark.parametrize(
    ("error", "said", "make"),
    [
        (ArgumentError, "lr", lambda w: LBFGS(w, lr=-1)),
        (ArgumentError, "lr", lambda w: LBFGS(w, lr=math.nan)),
        (ArgumentError, "max_iter", lambda w: LBFGS(w, max_iter=0)),
        (ArgumentError, "max_iter", lambda w: LBFGS(w, max_iter=2.5)),
        (ArgumentError, "max_eval", lambda w: LBFGS(w, max_eval=0)),
        (ArgumentError, "history_size", lambda w: LBFGS(w, history_size=0)),
        (ArgumentError, "tolerance_grad", lambda w: LBFGS(w, tolerance_grad=-1)),
        (ArgumentError, "tolerance_change", lambda w: LBFGS(w, tolerance_change="none")),
        (ArgumentError, "line_search_fn", lambda w: LBFGS(w, line_search_fn="armijo")),
        (ArgumentError, "one group", lambda w: LBFGS([{"params": w}, {"params": [gf.ones(1, requires_grad=True)]}])),
        (ArgumentError, "one group", lambda w: LBFGS(w).add_param_group({"params": [gf.ones(1, requires_grad=True)]})),
        (ArgumentError, "no parameters", lambda w: LBFGS([])),
        (GraphError, "not a leaf", lambda w: LBFGS([w[0] * 2])),
        (TypeError, "closure", lambda w: LBFGS(w).step()),
        (TypeError, "NoneType", lambda w: LBFGS(w).step(lambda: None)),
        (ArgumentError, "one number", lambda w: LBFGS(w).step(lambda: gf.ones(2))),
    ],
)
def test_refusals(error: type, said: str, make: Any) -> None:
    w = [gf.ones(2, requires_grad=True)]
    with pytest.raises(error, match=said):
        make(w)
    assert w[0].tolist() == [1, 1]


def test_a_bracket_begins_where_the_loss_stays_equal() -> None:
    """Algorithm 3.5 of Nocedal and Wright: from the second length on, a loss that is not below the last one ends the search."""
    losses = iter([5.0, 4.0, 4.0, 3.0])
    tried: list[float] = []

    def trial(t: float) -> SearchPoint:
        tried.append(t)
        return SearchPoint(t, next(losses), -0.95, np.zeros(1))

    start = SearchPoint(0.0, 10.0, -1.0, np.zeros(1))
    LineSearch(trial, start, largest=1.0, smallest_change=1e-9, most=3).run(1.0)
    assert tried[0] < tried[1] < tried[2] and tried[1] < tried[3] < tried[2]


@pytest.mark.parametrize(
    ("most", "smallest_change", "largest", "met", "tried", "taken"),
    [
        (6, 1e-9, 1, [(1.0, -2.0), (0.0, -3.0), (0.0, -4.0), (0.5, -2.0), (1.5, -3.0), (1.5, 0.0), (-2.0, -1.9), (1.0, -1.8)],
         [1.0, 5.505, 5.55005, 5.50718449, 5.50521845, 5.50500002, 5.50502186], 5.50500002),
        (8, 1e-9, 0.5, [(1.0, -1.0), (-0.5, -0.95), (0.75, -0.95), (0.25, 0.95), (1.0, -1.5), (-0.5, -0.95), (0.5, -0.95)],
         [1.0, 1.24011884, 1.24252002, 1.2425182, 1.24251984, 1.24251984], 1.24251984),
        (6, 1e-9, 1, [(2.0, -2.0), (2.0, -1.9), (2.5, 1.8), (2.5, -4.0), (2.0, 1.9), (2.0, -4.0), (0.0, 1.8)],
         [1.0, 0.215566739, 0.026028361, 0.000402928294, 0.000198882546, 2.99262696e-05], 2.99262696e-05),
        (2, 1e-9, 1, [(1.0, -2.0), (-1.0, -1.9), (0.5, -1.9), (1.0, -3.0)], [1.0, 2.93674989, 2.95611739], 0.0),
        (6, 1e-9, 0.5, [(4.0, -2.0), (3.5, 4.0), (3.5, 1.8), (4.5, 4.0), (2.5, -1.9), (2.0, 1.9), (4.5, -1.9), (4.5, -4.0)],
         [0.1, 0.0895380221, 0.0971993069, 0.0903041505, 0.0903116882, 0.0903109344, 0.0903116882], 0.0903116882),
        (2, 0.05, 0.5, [(4.0, -1.0), (3.75, 2.0), (3.5, 2.0)], [0.1, 0.0895380221], 0.0895380221),
        (8, 0.05, 1, [(1.0, -2.0), (-2.0, -1.9), (0.5, -4.0), (0.5, -4.0)], [1.0, 1.24011884, 1.24252002], 1.24011884),
        (3, 1e-9, 0.5, [(2.0, -2.0), (0.0, 1.9), (0.0, -1.8), (2.0, -3.0), (0.5, 1.8)],
         [0.1, 0.0984391906, 0.0992301355, 0.0984392844], 0.0984391906),
    ],
)  # fmt: skip
def test_lengths_are_tried_in_the_order_of_pytorchs_search(
    most: int, smallest_change: float, largest: float, met: list[tuple[float, float]], tried: list[float], taken: float
) -> None:
    """``met``: loss and slope at the start, and at each trial; the lengths are those of PyTorch's ``_strong_wolfe``."""
    found: list[float] = []

    def trial(t: float) -> SearchPoint:
        found.append(t)
        return SearchPoint(t, *met[len(found)], np.zeros(1))

    search = LineSearch(trial, SearchPoint(0.0, *met[0], np.zeros(1)), largest, smallest_change, most)
    assert search.run(tried[0]).t == pytest.approx(taken, rel=1e-7)
    assert found == pytest.approx(tried, rel=1e-7) and search.further == len(tried) - 1


def test_the_minimum_of_a_cubic() -> None:
    def at(t: float, f: Any, slope: Any) -> SearchPoint:
        return SearchPoint(t, f(t), slope(t), np.zeros(1))

    a, b = (at(t, lambda t: (t - 1) ** 3 - 3 * (t - 1), lambda t: 3 * (t - 1) ** 2 - 3) for t in (0.5, 4.0))
    assert cubic_minimum(a, b, 0.5, 4) == cubic_minimum(b, a, 0.5, 4) == pytest.approx(2)
    assert (cubic_minimum(a, b, 2.5, 4), cubic_minimum(a, b, 0.5, 1.5)) == (2.5, 1.5)
    a, b = (at(t, lambda t: (t - 1) ** 3, lambda t: 3 * (t - 1) ** 2) for t in (0.0, 3.0))
    assert cubic_minimum(a, b, 0, 4) == 1  # level there, though no minimum
    for f, slope in ((lambda t: 2 * t, lambda t: 2.0), (lambda t: -t * t, lambda t: -2 * t), (lambda t: math.nan, lambda t: 1.0)):
        assert cubic_minimum(at(-1.0, f, slope), at(1.0, f, slope), 1, 4) == 2.5
    assert cubic_minimum(a, a, 1, 4) == 2.5


def test_what_is_set_without_being_given_and_parameters_without_elements() -> None:
    empty = gf.zeros(0, requires_grad=True)
    optimizer = LBFGS([empty])
    held = {k: v for k, v in optimizer.param_groups[0].items() if k != "params"}
    assert held == {
        "lr": 1, "max_iter": 20, "max_eval": 25, "tolerance_grad": 1e-7, "tolerance_change": 1e-9, "history_size": 100,
        "line_search_fn": None,
    }  # fmt: skip
    optimizer.step(lambda: 3.0)
    assert optimizer.state[empty] == {"func_evals": 1, "n_iter": 0}


def test_a_gradient_no_larger_than_the_tolerance_ends_the_step() -> None:
    w = gf.tensor([0.5], requires_grad=True)
    optimizer = LBFGS([w], tolerance_grad=1.0)
    optimizer.step(closure_of(optimizer, lambda w: w.sum(), w))  # a gradient of exactly 1
    assert w.tolist() == [0.5] and optimizer.state[w] == {"func_evals": 1, "n_iter": 0}
