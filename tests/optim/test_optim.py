"""Optimizers against their formulas written out in NumPy, their state, and their refusals."""

from __future__ import annotations

import copy
import itertools
import tracemalloc
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow.errors import ArgumentError, GraphError, InPlaceError
from gradflow.optim import SGD, Adam, Optimizer

A = np.random.default_rng(5).normal(size=(6, 4))
B = np.random.default_rng(6).normal(size=(6,))
START = np.random.default_rng(7).normal(size=4)
STEPS = 20


def slope(w: np.ndarray) -> np.ndarray:
    return A.T @ (A @ w - B) + np.sin(w)


def trajectory(make: object, interrupted: bool = False) -> list[np.ndarray]:
    """20 steps on a fixed loss; ``interrupted``: half-way a new optimizer takes over the saved state."""
    w = gf.tensor(START, requires_grad=True)
    optimizer, path = make([w]), []  # type: ignore[operator]
    for k in range(STEPS):
        if interrupted and k == STEPS // 2:
            saved = copy.deepcopy(optimizer.state_dict())
            optimizer = make([w])  # type: ignore[operator]
            optimizer.load_state_dict(saved)
        optimizer.zero_grad()
        r = gf.tensor(A) @ w - gf.tensor(B)
        (0.5 * (r * r).sum() - w.cos().sum()).backward()
        optimizer.step()
        path.append(w.detach().cpu().numpy().copy())
    return path


def close(a: list[np.ndarray], b: list[np.ndarray]) -> None:
    for x, y in zip(a, b, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-12)


SGDS = [
    dict(zip(("momentum", "dampening", "nesterov", "weight_decay", "maximize"), v, strict=True))
    for v in itertools.product((0.0, 0.9), (0.0, 0.3), (False, True), (0.0, 0.1), (False, True))
    if not (v[2] and (v[0] == 0 or v[1] != 0))
]


@pytest.mark.parametrize("settings", SGDS)
def test_sgd_follows_its_formula(settings: dict) -> None:
    lr, m, sign = 0.01, settings["momentum"], -1 if settings["maximize"] else 1
    w, b, wanted = START.copy(), None, []
    for _ in range(STEPS):
        g = sign * slope(w) + settings["weight_decay"] * w
        b = g if b is None else m * b + (1 - settings["dampening"]) * g
        w = w - lr * (g if m == 0 else g + m * b if settings["nesterov"] else b)
        wanted.append(w)
    close(trajectory(lambda p: SGD(p, lr, **settings)), wanted)
    close(trajectory(lambda p: SGD(p, lr, **settings), interrupted=True), wanted)


ADAMS = [
    dict(zip(("betas", "weight_decay", "amsgrad", "maximize"), v, strict=True))
    for v in itertools.product(((0.9, 0.999), (0.0, 0.5)), (0.0, 0.1), (False, True), (False, True))
]


@pytest.mark.parametrize("settings", ADAMS)
def test_adam_follows_its_formula(settings: dict) -> None:
    lr, eps, (b1, b2), sign = 0.05, 1e-8, settings["betas"], -1 if settings["maximize"] else 1
    w, m, v, top, wanted = START.copy(), 0.0, 0.0, 0.0, []
    for n in range(1, STEPS + 1):
        g = sign * slope(w) + settings["weight_decay"] * w
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        top = np.maximum(top, v)
        used = top if settings["amsgrad"] else v
        w = w - lr * (m / (1 - b1**n)) / (np.sqrt(used / (1 - b2**n)) + eps)
        wanted.append(w)
    close(trajectory(lambda p: Adam(p, lr, eps=eps, **settings)), wanted)
    close(trajectory(lambda p: Adam(p, lr, eps=eps, **settings), interrupted=True), wanted)


def chapter_gradient_descent(w: np.ndarray, g: np.ndarray, n: int, m: dict) -> np.ndarray:
    return w - 0.02 * g


def chapter_momentum(w: np.ndarray, g: np.ndarray, n: int, m: dict) -> np.ndarray:
    m["v"] = 0.8 * m.get("v", 0) + 0.2 * g
    return w - 0.02 * m["v"]


def chapter_adagrad(w: np.ndarray, g: np.ndarray, n: int, m: dict) -> np.ndarray:
    m["s"] = m.get("s", 0) + g**2
    return w - 0.02 * g / (np.sqrt(m["s"]) + 1e-7)


def chapter_rmsprop(w: np.ndarray, g: np.ndarray, n: int, m: dict) -> np.ndarray:
    m["s"] = 0.8 * m.get("s", 0) + 0.2 * g**2
    return w - 0.02 * g / (np.sqrt(m["s"]) + 1e-7)


def chapter_adam(w: np.ndarray, g: np.ndarray, n: int, m: dict) -> np.ndarray:
    m["v"] = 0.8 * m.get("v", 0) + 0.2 * g
    m["s"] = 0.8 * m.get("s", 0) + 0.2 * g**2
    return w - 0.02 * m["v"] / (np.sqrt(m["s"]) + 1e-7)


CHAPTER = [
    (chapter_gradient_descent, lambda p: SGD(p, 0.02)),
    (chapter_momentum, lambda p: gf.optim.Momentum(p, 0.02, beta=0.8)),
    (chapter_adagrad, lambda p: gf.optim.Adagrad(p, 0.02, eps=1e-7)),
    (chapter_rmsprop, lambda p: gf.optim.RMSprop(p, 0.02, alpha=0.8, eps=1e-7)),
    (chapter_adam, lambda p: Adam(p, 0.02, betas=(0.8, 0.8), eps=1e-7, bias_correction=False)),
]


@pytest.mark.parametrize("rows", [6, 2, 1], ids=["batch", "mini-batch", "stochastic"])
@pytest.mark.parametrize(("formula", "make"), CHAPTER)
def test_the_chapters_seven(formula: object, make: object, rows: int) -> None:
    """Batch, mini-batch and stochastic gradient descent are SGD with the gradient of all, some or one of the rows."""
    w, held, u = START.copy(), {}, gf.tensor(START, requires_grad=True)
    optimizer = make([u])  # type: ignore[operator]
    for n in range(1, STEPS + 1):
        batch = np.arange(n * rows, (n + 1) * rows) % len(A)
        a, b = A[batch], B[batch]
        w = formula(w, a.T @ (a @ w - b), n, held)  # type: ignore[operator]
        optimizer.zero_grad()
        r = gf.tensor(a) @ u - gf.tensor(b)
        (0.5 * (r * r).sum()).backward()
        optimizer.step()
        close([u.detach().cpu().numpy()], [w])


@pytest.mark.parametrize("make", [lambda p: SGD(p, 0.1, 0.9), lambda p: Adam(p, 0.1, amsgrad=True)])
def test_complex_parameters_move_as_pairs_of_real_ones(make: object) -> None:
    z = gf.tensor(START[:2] + 1j * START[2:], requires_grad=True)
    x, y = gf.tensor(START[:2], requires_grad=True), gf.tensor(START[2:], requires_grad=True)
    both = make([z]), make([x, y])  # type: ignore[operator]
    for _ in range(5):
        for optimizer in both:
            optimizer.zero_grad()
        (z.abs() ** 4).sum().backward()
        ((x * x + y * y) ** 2).sum().backward()
        for optimizer in both:
            optimizer.step()
    np.testing.assert_allclose(z.detach().cpu().numpy(), x.detach().cpu().numpy() + 1j * y.detach().cpu().numpy(), rtol=1e-10)


# --- groups, gradients, memory ----------------------------------------------------------------------------------------------


def weights(*shapes: tuple) -> list[gf.Tensor]:
    return [gf.ones(s, requires_grad=True) for s in shapes]


def test_groups_have_their_own_settings_and_none_is_skipped() -> None:
    a, b, c = weights((2,), (3,), ())
    optimizer = SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.1)
    optimizer.add_param_group({"params": [c], "lr": 1.0})
    (a.sum() + c * 2).backward()
    optimizer.step()
    assert (b.tolist(), c.item()) == ([1] * 3, -1) and a.tolist() == pytest.approx([0.9] * 2)
    assert b not in optimizer.state
    optimizer.param_groups[1]["lr"] = 2.0
    optimizer.zero_grad()
    b.sum().backward()
    optimizer.step()
    assert b.tolist() == [-1] * 3 and a.tolist() == pytest.approx([0.9] * 2)


def test_zero_grad_forgets_the_gradient_or_writes_zeros_into_it() -> None:
    (w,) = weights((3,))
    optimizer = SGD([w])
    optimizer.zero_grad()
    (w * w).sum().backward()
    grad = w.grad
    optimizer.zero_grad()
    assert w.grad is None and grad.tolist() == [2] * 3
    (w * w * w).sum().backward()
    assert w.grad.tolist() == [3] * 3 and grad.tolist() == [2] * 3
    grad = w.grad
    optimizer.zero_grad(set_to_none=False)
    assert w.grad is grad and grad.tolist() == [0] * 3
    w.grad = None
    optimizer.zero_grad(set_to_none=False)
    assert w.grad is None
    (w**3).sum().backward(create_graph=True)
    optimizer.zero_grad(set_to_none=False)
    assert w.grad.grad_fn is None and w.grad.tolist() == [0] * 3


def test_parameters_without_a_gradient_are_skipped() -> None:
    (a, b) = weights((1,), (1,))
    optimizer = gf.optim.Adam([a, b], lr=0.1)
    for n in range(3):
        optimizer.zero_grad()
        (a.sum() + b.sum() if n == 0 else b.sum()).backward()
        optimizer.step()
    assert a.tolist() == pytest.approx([0.9]) and b.tolist() == pytest.approx([0.7])
    assert optimizer.state[a]["step"] == 1 and optimizer.state[b]["step"] == 3


def test_closure_is_run_with_gradients_and_its_result_returned() -> None:
    (w,) = weights((2,))
    optimizer = SGD([w], lr=0.1)

    def closure() -> gf.Tensor:
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with gf.no_grad():
        assert optimizer.step(closure).item() == 2
    assert w.tolist() == pytest.approx([0.8] * 2)
    assert optimizer.step() is None


def test_a_step_writes_in_place_and_backward_notices() -> None:
    (w,) = weights((3,))
    address, optimizer = w.data_ptr(), Adam([w])
    loss = (w * w).sum()
    loss.backward(retain_graph=True)
    optimizer.step()
    assert w.data_ptr() == address and w.is_leaf
    with pytest.raises(InPlaceError, match="MulBackward"):
        loss.backward()
    seen = w.grad * gf.ones(3, requires_grad=True)  # keeps the gradient's numbers
    optimizer.zero_grad(set_to_none=False)
    with pytest.raises(InPlaceError):
        seen.sum().backward()


@pytest.mark.parametrize(
    "make", [lambda p: SGD(p, 1e-3, 0.9, nesterov=True, weight_decay=0.1), lambda p: Adam(p, weight_decay=0.1)]
)
def test_steps_ask_for_no_memory(make: object) -> None:
    (w,) = weights((300_000,))
    optimizer = make([w])  # type: ignore[operator]
    (w * w).sum().backward()
    for _ in range(2):
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
    tracemalloc.start()
    for _ in range(5):
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50_000  # an array of w's shape takes 1.2 MB


def test_memory_replaced_by_the_user_is_followed() -> None:
    layer = gf.nn.Linear(2, 1)
    optimizer = Adam(layer.parameters(), lr=0.1)
    layer(gf.ones(1, 2)).sum().backward()
    optimizer.step()
    layer.double()
    before = layer.weight.tolist()
    optimizer.step()
    assert layer.weight.tolist() != before and optimizer.state[layer.weight]["exp_avg"].dtype == gf.float64


# --- saving and refusing ----------------------------------------------------------------------------------------------------


def test_state_that_is_loaded_gets_the_dtype_of_the_parameters() -> None:
    single, double = gf.ones(3, requires_grad=True), gf.ones(3, dtype=gf.float64, requires_grad=True)
    theirs, ours = Adam([single]), Adam([double])
    single.sum().backward()
    theirs.step()
    ours.load_state_dict(theirs.state_dict())
    assert {k: v.dtype for k, v in ours.state[double].items() if k != "step"} == dict.fromkeys(
        ["exp_avg", "exp_avg_sq"], gf.float64
    )


def test_state_follows_a_parameter_that_is_cast() -> None:
    class Summing(Optimizer):
        def begin(self, group: dict, state: dict, p: gf.Tensor) -> None:
            state["sum"] = gf.zeros_like(p).detach()

        def update(self, group: dict, state: dict, u: object, grad: np.ndarray) -> None:
            state["sum"].array[...] += grad
            u.array -= 0.1 * state["sum"].array  # type: ignore[attr-defined]

    layer, dtypes = gf.nn.Linear(2, 1), []
    optimizer = Summing(layer.parameters(), {})
    for x in (gf.ones(1, 2), gf.ones(1, 2, dtype=gf.float64)):
        layer.to(x.dtype)
        optimizer.zero_grad(set_to_none=True)
        layer(x).sum().backward()
        optimizer.step()
        dtypes.append(optimizer.state[layer.weight]["sum"].dtype)
    assert dtypes == [gf.float32, gf.float64] and optimizer.state[layer.weight]["sum"].tolist() == [[2.0, 2.0]]


def test_state_dict_has_pytorchs_layout() -> None:
    a, b = weights((2,), (3,))
    optimizer = Adam([{"params": [a], "lr": 0.5}, {"params": [b]}])
    b.sum().backward()
    optimizer.step()
    state = optimizer.state_dict()
    assert [g["params"] for g in state["param_groups"]] == [[0], [1]] and state["param_groups"][0]["lr"] == 0.5
    assert list(state["state"]) == [1] and state["state"][1]["step"] == 1
    assert set(state["state"][1]) == {"step", "exp_avg", "exp_avg_sq"}
    other = Adam([{"params": weights((2,))}, {"params": weights((3,))}])
    other.load_state_dict(state)
    (held,) = other.state.values()
    assert held["exp_avg"].tolist() == pytest.approx([0.1] * 3) and other.param_groups[0]["lr"] == 0.5
    assert held["exp_avg"].array is not state["state"][1]["exp_avg"].array
    state["state"][1]["step"] = gf.tensor(7.0)  # PyTorch counts in a tensor
    other.load_state_dict(state)
    assert next(iter(other.state.values()))["step"] == 7
    assert Adam(weights((2,), ()), amsgrad=True).state_dict()["state"] == {}
    (w,) = weights(())
    single = Adam([w])
    single.load_state_dict({**single.state_dict(), "state": {0: {"step": gf.tensor(3.0), "exp_avg": w, "exp_avg_sq": w}}})
    assert single.state[w]["step"] == 3 and single.state[w]["exp_avg"].array is not w.array
    before = other.state_dict()
    for change, said in (
        (lambda s: s["param_groups"].pop(), "groups"),
        (lambda s: s["state"][1].update(exp_avg=gf.ones(4)), r"exp_avg.*shape \(4,\)"),
        (lambda s: s["state"].update({9: {}}), "parameter 9"),
        (lambda s: s["param_groups"][1].update(lr=-1), "lr"),
    ):
        wrong = copy.deepcopy(before)
        change(wrong)
        with pytest.raises(ArgumentError, match=said):
            other.load_state_dict(wrong)
        assert other.param_groups[1]["lr"] == 1e-3 and next(iter(other.state.values()))["step"] == 7
    with pytest.raises(TypeError, match="dict"):
        other.load_state_dict({})


@pytest.mark.parametrize(
    ("error", "said", "make"),
    [
        (ArgumentError, "lr", lambda w: SGD(w, lr=-0.1)),
        (ArgumentError, "lr", lambda w: SGD(w, lr="fast")),
        (ArgumentError, "lr", lambda w: SGD(w, lr=float("nan"))),
        (ArgumentError, "momentum", lambda w: SGD(w, momentum=-1)),
        (ArgumentError, "weight_decay", lambda w: Adam(w, weight_decay=-1)),
        (ArgumentError, "nesterov", lambda w: SGD(w, nesterov=True)),
        (ArgumentError, r"betas\[1\]", lambda w: Adam(w, betas=(0.9, 1.0))),
        (ArgumentError, r"betas\[0\]", lambda w: Adam(w, betas=(-0.1, 0.9))),
        (ArgumentError, "two numbers", lambda w: Adam(w, betas=0.9)),
        (ArgumentError, "eps", lambda w: Adam(w, eps=-1)),
        (ArgumentError, "no parameters", lambda w: SGD([])),
        (ArgumentError, "no parameters", lambda w: SGD([{"params": []}])),
        (ArgumentError, "lr", lambda w: SGD([{"params": w, "lr": -1}])),
        (ArgumentError, "twice", lambda w: SGD([*w, *w])),
        (ArgumentError, "twice", lambda w: SGD([{"params": w}, {"params": w}])),
        (GraphError, "not a leaf", lambda w: SGD([w[0] * 2])),
        (TypeError, "not one Tensor", lambda w: SGD(w[0])),
        (TypeError, "not a Tensor", lambda w: SGD([np.ones(2)])),
        (TypeError, "set", lambda w: SGD([{"params": set(w)}])),
        (TypeError, "'params'", lambda w: SGD([{"lr": 1}])),
        (TypeError, "int", lambda w: SGD(3)),
    ],
)
def test_refusals(error: type, said: str, make: object) -> None:
    with pytest.raises(error, match=said):
        make(weights((2,)))  # type: ignore[operator]


def test_a_refused_group_changes_nothing() -> None:
    a, b = weights((2,), (2,))
    optimizer = SGD([a], lr=0.1)
    with pytest.raises(ArgumentError):
        optimizer.add_param_group({"params": [b], "lr": -1})
    assert len(optimizer.param_groups) == 1
    assert repr(optimizer).startswith("SGD (\nParameter Group 0\n    dampening: 0.0\n    lr: 0.1\n")


def test_an_optimizer_of_ones_own() -> None:
    class Sign(Optimizer):
        def __init__(self, params: object, lr: float) -> None:
            super().__init__(params, {"lr": lr})

        def update(self, group: dict, state: dict, u: object, grad: np.ndarray) -> None:
            u.array -= group["lr"] * np.sign(grad)  # type: ignore[attr-defined]

    (w,) = weights((2,))
    (w * gf.tensor([3.0, -2.0])).sum().backward()
    Sign([w], 0.5).step()
    assert w.tolist() == [0.5, 1.5]
    (w * 1).sum().backward()
    with pytest.raises(NotImplementedError, match="update"):
        Optimizer([w], {}).step()


@pytest.mark.parametrize("dtype", [gf.float32, gf.float16])
@pytest.mark.parametrize("scaled", [False, True])
def test_settings_and_state_have_any_name(dtype: Any, scaled: bool) -> None:
    """A setting called ``scale`` is not what a GradScaler asks for, nor is state called ``low`` the rounded parameter."""

    class Mine(gf.optim.ElementwiseOptimizer):
        formula = gf.optim.Kernel(lambda xp, p, g, low, k0, lr: (p - (lr * 0.5) * k0 * g, low + g), writes="p low")

        def keeps(self, group: dict[str, Any]) -> dict[str, float]:
            return {"low": 0.5}

    w = gf.tensor([1.0, -2.0], dtype=dtype, requires_grad=True)
    optimizer = Mine([w], {"scale": 3.0, "k0": 2.0, "lr": 0.125})
    loss = (w * w).sum()
    if scaled:
        scaler = gf.amp.GradScaler(init_scale=8.0)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
    else:
        loss.backward()
        optimizer.step()
    assert w.tolist() == [0.75, -1.5] and optimizer.state[w]["low"].tolist() == [2.5, -3.5]


def test_settings_are_plain_numbers_and_a_rate_in_a_tensor_stays_one() -> None:
    w, rate = gf.ones(2, requires_grad=True), gf.tensor(0.1)
    for lr in (np.float64(0.1), np.array(0.1), np.float32(0.1)):
        group = gf.optim.SGD([w], lr=lr, momentum=np.float32(0.5)).param_groups[0]
        assert type(group["lr"]) is float and type(group["momentum"]) is float
    group = gf.optim.SGD([w], lr=rate, momentum=gf.tensor(0.5)).param_groups[0]
    assert group["lr"] is rate and type(group["momentum"]) is float
