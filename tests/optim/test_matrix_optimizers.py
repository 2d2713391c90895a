"""Muon and Adafactor against their formulas written out in NumPy, their state, and their refusals."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow.errors import ArgumentError, DTypeError, GraphError, NonFiniteError, ShapeError
from gradflow.optim import Adafactor, Muon
from gradflow.optim.muon import orthogonalised

STEPS = 20
COEFFICIENTS = (3.4445, -4.775, 2.0315)


def start(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(7).normal(size=shape)


def slope(w: np.ndarray) -> np.ndarray:
    return np.tanh(w) + np.cos(3 * w) + 0.1 * w.sum()


def loss_of(w: gf.Tensor) -> gf.Tensor:
    return (w.cosh().log() + (3 * w).sin() / 3).sum() + 0.05 * w.sum() ** 2


def trajectory(make: Any, shape: tuple[int, ...], interrupted: bool = False) -> list[np.ndarray]:
    """20 steps; ``interrupted``: half-way a new optimizer takes over the saved state."""
    w = gf.tensor(start(shape), requires_grad=True)
    optimizer, path = make([w]), []
    for k in range(STEPS):
        if interrupted and k == STEPS // 2:
            saved = copy.deepcopy(optimizer.state_dict())
            optimizer = make([w])
            optimizer.load_state_dict(saved)
        optimizer.zero_grad()
        loss_of(w).backward()
        optimizer.step()
        path.append(w.detach().to_numpy().copy())
    return path


def check(make: Any, shape: tuple[int, ...], wanted: list[np.ndarray], rtol: float = 1e-11) -> None:
    for found in (trajectory(make, shape), trajectory(make, shape, interrupted=True)):
        for x, y in zip(found, wanted, strict=True):
            np.testing.assert_allclose(x, y, rtol=rtol, atol=rtol)


# --- Muon -------------------------------------------------------------------------------------------------------------------


def newton_schulz(m: np.ndarray, coefficients: tuple, steps: int, eps: float) -> np.ndarray:
    """By the singular values: each iteration turns s into a s + b s^3 + c s^5."""
    a, b, c = coefficients
    U, s, V = np.linalg.svd(m / max(np.linalg.norm(m), eps), full_matrices=False)
    for _ in range(steps):
        s = a * s + b * s**3 + c * s**5
    return U * s @ V


MUONS = [
    dict(zip(("nesterov", "weight_decay", "momentum", "adjust_lr_fn"), v, strict=True))
    for v in itertools.product((True, False), (0.0, 0.1), (0.0, 0.95), (None, "original", "match_rms_adamw"))
]


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4)])
@pytest.mark.parametrize("settings", MUONS)
def test_muon_follows_its_formula(shape: tuple[int, int], settings: dict) -> None:
    lr, m, (rows, columns) = 0.05, settings["momentum"], shape
    ratio = 0.2 * max(shape) ** 0.5 if settings["adjust_lr_fn"] == "match_rms_adamw" else max(1, rows / columns) ** 0.5
    w, b, wanted = start(shape), np.zeros(shape), []
    for _ in range(STEPS):
        g = slope(w)
        b = m * b + (1 - m) * g
        o = newton_schulz(m * b + (1 - m) * g if settings["nesterov"] else b, COEFFICIENTS, 5, 1e-7)
        w = (1 - lr * settings["weight_decay"]) * w - lr * ratio * o
        wanted.append(w)
    check(lambda p: Muon(p, lr, **settings), shape, wanted, rtol=1e-8)  # small singular values magnify rounding


@pytest.mark.parametrize("shape", [(8, 8), (4, 30), (30, 4)])
def test_orthogonalised_brings_singular_values_near_1(shape: tuple[int, int]) -> None:
    m = start(shape)
    o = orthogonalised(gf.backend.cpu, m, COEFFICIENTS, 7, 1e-7)
    s = np.linalg.svd(o, compute_uv=False)
    assert s.min() > 0.6 and s.max() < 1.25
    converged = orthogonalised(gf.backend.cpu, m, (1.5, -0.5, 0.0), 40, 1e-7)  # Newton's own cubic iteration
    U, _, V = np.linalg.svd(m, full_matrices=False)
    np.testing.assert_allclose(converged, U @ V, atol=1e-10)
    assert orthogonalised(gf.backend.cpu, 0 * m, COEFFICIENTS, 5, 1e-7).tolist() == (0 * m).tolist()


@pytest.mark.parametrize("dtype", [gf.float16, gf.float32])
def test_muon_in_less_precision(dtype: Any) -> None:
    paths = []
    for used in (dtype, gf.float64):
        w = gf.tensor(start((5, 3)) * 100, dtype=used, requires_grad=True)  # squares overflow in float16
        optimizer = Muon([w], lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            (w * 10).sum().backward()
            optimizer.step()
        kept = optimizer.state[w]["momentum_buffer"]
        assert w.dtype == used and kept.dtype == (gf.float32 if used == gf.float16 else used)
        paths.append(w.detach().double().to_numpy())
    np.testing.assert_allclose(*paths, rtol=1e-5 if dtype == gf.float32 else 5e-3)


# --- Adafactor --------------------------------------------------------------------------------------------------------------


def rms(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(x**2)))


ADAFACTORS = [
    {"lr": 0.1},
    {"lr": 0.1, "weight_decay": 0.1, "maximize": True},
    {"lr": 0.3, "beta2_decay": -0.3, "d": 2.0},
    {"lr": 0.1, "eps": (0.5, 2.0)},
]


@pytest.mark.parametrize("shape", [(), (5,), (4, 3), (2, 4, 3), (1, 3)])
@pytest.mark.parametrize("settings", ADAFACTORS)
def test_adafactor_follows_its_formula(shape: tuple[int, ...], settings: dict) -> None:
    lr, (eps1, eps2), d = settings["lr"], settings.get("eps", (2.0**-52, 1e-3)), settings.get("d", 1.0)
    w, V, R, C, wanted = start(shape), 0.0, 0.0, 0.0, []
    for t in range(1, STEPS + 1):
        g = -slope(w) if settings.get("maximize") else slope(w)
        b, a = 1 - t ** settings.get("beta2_decay", -0.8), max(eps2, rms(w)) * min(lr, 1 / t**0.5)
        if len(shape) < 2:
            V = b * V + (1 - b) * g**2
            estimate = V
        else:
            R = b * R + (1 - b) * (g**2).mean(-1, keepdims=True)
            C = b * C + (1 - b) * (g**2).mean(-2, keepdims=True)
            estimate = R * C / np.maximum(R.mean(-2, keepdims=True), eps1)
        u = g / np.sqrt(np.maximum(estimate, eps1**2))
        w = w * (1 - lr * settings.get("weight_decay", 0.0)) - a * u / max(1, rms(u) / d)
        wanted.append(w)
    check(lambda p: Adafactor(p, **settings), shape, wanted)


@pytest.mark.parametrize("dtype", [gf.float16, gf.float32])
@pytest.mark.parametrize("shape", [(5,), (4, 3)])
def test_adafactor_in_less_precision(dtype: Any, shape: tuple[int, ...]) -> None:
    paths = []
    for used in (dtype, gf.float64):
        w = gf.tensor(start(shape), dtype=used, requires_grad=True)
        optimizer = Adafactor([w], lr=0.1, weight_decay=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            (w * 400).sum().backward()  # whose squares overflow in float16
            optimizer.step()
        kept = optimizer.state[w]["variance" if len(shape) == 1 else "row_var"]
        assert w.dtype == used and kept.dtype == (gf.float32 if used == gf.float16 else used)
        paths.append(w.detach().double().to_numpy())
    np.testing.assert_allclose(*paths, rtol=1e-5 if dtype == gf.float32 else 5e-3, atol=1e-6 if dtype == gf.float32 else 2e-3)


def test_adafactors_state_has_pytorchs_layout() -> None:
    a, b = gf.ones(2, 3, 4, requires_grad=True), gf.ones(5, requires_grad=True)
    optimizer = Adafactor([a, b])
    (a.sum() * 2 + (b * b).sum()).backward()
    optimizer.step()
    state = optimizer.state_dict()["state"]
    assert set(state[0]) == {"step", "row_var", "col_var"} and set(state[1]) == {"step", "variance"}
    assert state[0]["row_var"].shape == (2, 3, 1) and state[0]["col_var"].shape == (2, 1, 4)
    assert state[0]["row_var"].flatten().tolist() == [4] * 6 and state[1]["variance"].tolist() == [4] * 5


def test_adafactor_loads_what_fits_and_nothing_else() -> None:
    def made() -> Adafactor:
        w = [gf.tensor(start((4, 3)), requires_grad=True), gf.tensor(start((5,)), requires_grad=True)]
        optimizer = Adafactor(w, lr=0.1)
        (loss_of(w[0]) + loss_of(w[1])).backward()
        optimizer.step()
        return optimizer

    optimizer = made()
    matrix, vector = optimizer.param_groups[0]["params"]
    saved = made().state_dict()
    saved["state"][0]["step"] = gf.tensor(7.0)  # PyTorch counts in a tensor
    optimizer.load_state_dict(saved)
    assert optimizer.state[matrix]["step"] == 7 and optimizer.state[vector]["step"] == 1
    assert optimizer.state[matrix]["row_var"].array is not saved["state"][0]["row_var"].array
    for change, said in (
        (lambda s: s["state"][0].update(row_var=gf.ones(3, 1)), r"row_var.*shape \(3, 1\), not \(4, 1\)"),
        (lambda s: s["state"][0].update(col_var=gf.ones(4, 3)), r"col_var.*shape \(4, 3\)"),
        (lambda s: s["state"][1].update(row_var=gf.ones(5)), "row_var"),
        (lambda s: s["state"][1].update(variance=gf.ones(4)), r"variance.*shape \(4,\)"),
        (lambda s: s["state"].update({9: {"row_var": gf.ones(1)}}), "parameter 9"),
        (lambda s: s["param_groups"][0].update(lr=-1), "lr"),
        (lambda s: s["param_groups"][0]["params"].pop(), "groups"),
    ):
        wrong = copy.deepcopy(optimizer.state_dict())
        change(wrong)
        with pytest.raises(ArgumentError, match=said):
            optimizer.load_state_dict(wrong)
        assert optimizer.state[matrix]["step"] == 7 and optimizer.param_groups[0]["lr"] == 0.1
    with pytest.raises(TypeError, match="dict"):
        optimizer.load_state_dict({})


# --- both -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [Muon, Adafactor])
def test_casts_none_and_groups(cls: Any) -> None:
    layer, other = gf.nn.Linear(2, 3, bias=False), gf.ones(2, 2, requires_grad=True)
    optimizer = cls([{"params": layer.parameters()}, {"params": other, "lr": 0.5}], lr=0.1)
    layer(gf.ones(1, 2)).sum().backward()
    optimizer.step()
    assert other.tolist() == [[1, 1]] * 2 and other not in optimizer.state
    layer.double()
    before = layer.weight.tolist()
    optimizer.step()
    state = optimizer.state[layer.weight]
    held = state["momentum_buffer"] if cls is Muon else state["row_var"]
    assert layer.weight.tolist() != before and held.dtype == gf.float64
    address = layer.weight.data_ptr()
    optimizer.step()
    assert layer.weight.data_ptr() == address


@pytest.mark.parametrize("cls", [Muon, Adafactor])
def test_half_precision_has_a_full_precision_copy(cls: Any) -> None:
    low, full = (gf.tensor(start((3, 3)), dtype=gf.float16).to(dtype, copy=True) for dtype in (gf.float16, gf.float32))
    low.requires_grad_(), full.requires_grad_()
    both = [cls([w], lr=1e-5, weight_decay=0.0) for w in (low, full)]
    for k in range(400):
        for optimizer, w in zip(both, (low, full), strict=True):
            w.grad = gf.ones(3, 3, dtype=w.dtype)  # steps far below the spacing of float16
            if k == 200:
                with gf.no_grad():
                    w[0, 0] = 2.0
                saved = copy.deepcopy(optimizer.state_dict())
                optimizer.load_state_dict(saved)
            optimizer.step()
    state = both[0].state[low]
    assert low.dtype == gf.float16 and state["master_param"].dtype == gf.float32 and "master_param" not in both[1].state[full]
    np.testing.assert_allclose(state["master_param"].tolist(), full.tolist(), rtol=1e-5)
    np.testing.assert_allclose(low.tolist(), full.tolist(), rtol=1e-3)
    assert abs(low.to_numpy() - start((3, 3)))[1:].max() > 1e-3
    low.array = low.array.astype("f8")
    low.grad = gf.ones(3, 3, dtype=gf.float64)
    both[0].step()
    assert "master_param" not in state and low.dtype == gf.float64


@pytest.mark.stand_in
@pytest.mark.parametrize("cls", [Muon, Adafactor])
def test_steps_do_not_wait_for_the_device(cls: Any) -> None:
    import cupy_stand_in

    params = [gf.ones(3, 4, dtype=dtype, requires_grad=True) for dtype in (gf.float16, gf.float32, gf.float64)]
    if cls is Adafactor:
        params += [gf.ones(shape, requires_grad=True) for shape in ((), (5,), (2, 3, 4))]
    for p in params:
        p.grad = gf.ones(p.shape, dtype=p.dtype)
    optimizer = cls(params, lr=0.1)
    with cupy_stand_in.no_waits():
        for _ in range(3):
            optimizer.step()
    assert all(p.flatten()[0].item() < 1 for p in params)


@pytest.mark.parametrize("cls", [Muon, Adafactor])
def test_hooks_copies_and_tensors_as_learning_rates(cls: Any) -> None:
    w, seen = gf.ones(2, 3, requires_grad=True), []
    optimizer = cls([w], lr=gf.tensor(0.25), error_on_nonfinite=True)
    optimizer.register_step_post_hook(lambda *_: seen.append(w.tolist()))
    w.grad = gf.full((2, 3), float("nan"))
    with pytest.raises(NonFiniteError, match="nothing was updated"):
        optimizer.step()
    assert w.tolist() == [[1] * 3] * 2 and optimizer.state == {} and seen == []
    w.grad = gf.ones(2, 3)
    optimizer.step()
    assert seen == [w.tolist()] and w.tolist() != [[1] * 3] * 2
    other = copy.deepcopy(optimizer)
    (v,) = other.param_groups[0]["params"]
    v.grad = gf.ones(2, 3)
    optimizer.step()
    other.step()
    assert v is not w and v.tolist() == w.tolist()


@pytest.mark.parametrize("cls", [Muon, Adafactor])
def test_the_gradient_is_only_read_and_views_are_written(cls: Any) -> None:
    held = gf.tensor(start((6, 4)))
    w = held.T[:3].detach().requires_grad_()  # strided: columns of the memory below
    before = held.to_numpy().copy()
    w.grad = gf.tensor(start((3, 6)))
    optimizer = cls([w], lr=0.1, **({"maximize": True, "weight_decay": 0.1} if cls is Adafactor else {}))
    optimizer.step()
    assert w.grad.tolist() == start((3, 6)).tolist()
    assert (held.to_numpy()[:, :3] != before[:, :3]).all() and (held.to_numpy()[:, 3:] == before[:, 3:]).all()


@pytest.mark.parametrize(
    ("error", "said", "make"),
    [
        (ShapeError, r"shape \(3,\).*AdamW", lambda w, b: Muon([w, b])),
        (ShapeError, r"shape \(2, 2, 2\)", lambda w, b: Muon([gf.ones(2, 2, 2, requires_grad=True)])),
        (ShapeError, r"shape \(3,\)", lambda w, b: Muon([{"params": w}, {"params": b}])),
        (DTypeError, "complex", lambda w, b: Muon([gf.ones(2, 2, dtype=gf.complex64, requires_grad=True)])),
        (DTypeError, "complex", lambda w, b: Adafactor([gf.ones(2, dtype=gf.complex64, requires_grad=True)])),
        (ArgumentError, "lr", lambda w, b: Muon([w], lr=-1)),
        (ArgumentError, "momentum", lambda w, b: Muon([w], momentum=-1)),
        (ArgumentError, "weight_decay", lambda w, b: Muon([w], weight_decay=-1)),
        (ArgumentError, "eps", lambda w, b: Muon([w], eps=-1)),
        (ArgumentError, "ns_steps", lambda w, b: Muon([w], ns_steps=100)),
        (ArgumentError, "ns_steps", lambda w, b: Muon([w], ns_steps=2.0)),
        (ArgumentError, "three numbers", lambda w, b: Muon([w], ns_coefficients=(1, 2))),
        (ArgumentError, r"ns_coefficients\[1\]", lambda w, b: Muon([w], ns_coefficients=(1, "2", 3))),
        (ArgumentError, "adjust_lr_fn", lambda w, b: Muon([w], adjust_lr_fn="none")),
        (ArgumentError, "lr", lambda w, b: Adafactor([w], lr=-1)),
        (ArgumentError, "beta2_decay", lambda w, b: Adafactor([w], beta2_decay=0.1)),
        (ArgumentError, "beta2_decay", lambda w, b: Adafactor([w], beta2_decay="-0.8")),
        (ArgumentError, r"eps\[0\]", lambda w, b: Adafactor([w], eps=(-1, 1e-3))),
        (ArgumentError, r"eps\[1\]", lambda w, b: Adafactor([w], eps=(None, None))),
        (ArgumentError, "two numbers", lambda w, b: Adafactor([w], eps=1e-3)),
        (ArgumentError, " d ", lambda w, b: Adafactor([w], d=0.5)),
        (ArgumentError, "weight_decay", lambda w, b: Adafactor([w], weight_decay=-1)),
        (ArgumentError, "twice", lambda w, b: Muon([w, w])),
        (GraphError, "not a leaf", lambda w, b: Muon([w * 2])),
        (TypeError, "not a Tensor", lambda w, b: Muon([np.ones((2, 2))])),
        (TypeError, "set", lambda w, b: Muon([{"params": {w}}])),
        (TypeError, "'params'", lambda w, b: Adafactor([{"lr": 1}])),
        (TypeError, "not one Tensor", lambda w, b: Adafactor(w)),
        (TypeError, "int", lambda w, b: Muon(3)),
    ],
)
def test_refusals(error: type, said: str, make: Any) -> None:
    with pytest.raises(error, match=said):
        make(gf.ones(2, 3, requires_grad=True), gf.ones(3, requires_grad=True))


def test_a_refused_group_changes_nothing() -> None:
    w, b = gf.ones(2, 3, requires_grad=True), gf.ones(3, requires_grad=True)
    optimizer = Muon([w], lr=0.1)
    with pytest.raises(ShapeError):
        optimizer.add_param_group({"params": iter([b])})
    assert len(optimizer.param_groups) == 1
    optimizer.add_param_group({"params": iter([gf.ones(2, 2, requires_grad=True)]), "lr": 1.0})
    assert [len(g["params"]) for g in optimizer.param_groups] == [1, 1]
