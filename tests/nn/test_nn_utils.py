"""Clipping gradients and parameters as one vector, against NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow.errors import ArgumentError, DTypeError, InPlaceError, ShapeError
from gradflow.nn.utils import (
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
    parameters_to_vector,
    vector_to_parameters,
)

RNG = np.random.default_rng(3)


def with_grads(*grads: np.ndarray) -> list[gf.Tensor]:
    """Parameters with those gradients, and one without any."""
    held = []
    for g in grads:
        p = gf.as_tensor(np.zeros_like(g)).requires_grad_()
        p.grad = gf.as_tensor(g.copy())
        held.append(p)
    return [*held[:1], gf.zeros(3, requires_grad=True), *held[1:]]


def norm(arrays: list[np.ndarray], p: float) -> float:
    x = np.abs(np.concatenate([a.astype(np.complex128 if a.dtype.kind == "c" else np.float64).ravel() for a in arrays]))
    return float(np.linalg.norm(x, p))


NORMS = [2, 1, 3, 0.5, math.inf, -math.inf, 0, -1, "inf"]


@pytest.mark.parametrize("p", NORMS)
@pytest.mark.parametrize("dtypes", [("f8", "f8"), ("f4", "f4"), ("f2", "f2"), ("f2", "f8"), ("c8", "f4"), ("c16", "c16")])
def test_norm_and_clipping(p: Any, dtypes: tuple[str, str]) -> None:
    grads = [RNG.normal(size=s).astype(d) for s, d in zip([(3, 4), (2,)], dtypes, strict=True)]
    grads.append(np.array(-2.5, dtypes[0]))
    if dtypes[0][0] == "c":
        grads[0] = grads[0] * (1 + 2j)
    grads[0] = grads[0].astype(dtypes[0])
    wanted = norm(grads, float(p))
    loose = 1e-12 if set(dtypes) <= {"f8", "c16"} else 1e-5
    params = with_grads(*grads)
    addresses = [q.grad.data_ptr() for q in params if q.grad is not None]
    total = clip_grad_norm_(iter(params), wanted / 3, p)
    assert total.ndim == 0 and not total.requires_grad and total.item() == pytest.approx(wanted, rel=loose)
    assert total.dtype == (np.float64 if {"f8", "c16"} & set(dtypes) else np.float32)
    found = [q.grad for q in params if q.grad is not None]
    assert [g.data_ptr() for g in found] == addresses
    for g, start in zip(found, grads, strict=True):
        assert g.dtype == start.dtype
        np.testing.assert_allclose(
            g.cpu().numpy(), start * (wanted / 3 / (wanted + 1e-6)), rtol=1e-3 if start.dtype == np.float16 else loose
        )


def test_small_gradients_stay_as_they_are() -> None:
    grads = [RNG.normal(size=5).astype(np.float32)]
    params = with_grads(*grads)
    assert clip_grad_norm_(params, 1e6).item() == pytest.approx(norm(grads, 2), rel=1e-6)
    assert clip_grad_norm_(params, 1e300).item() == pytest.approx(norm(grads, 2), rel=1e-6)
    assert clip_grad_norm_(params, math.inf).item() == pytest.approx(norm(grads, 2), rel=1e-6)
    assert params[0].grad.cpu().numpy().tobytes() == grads[0].tobytes()


def test_one_tensor_and_none_and_empty_ones() -> None:
    (w, _) = with_grads(np.array([3.0, 4.0]))
    assert clip_grad_norm_(w, 1).item() == 5
    assert w.grad.tolist() == pytest.approx([0.6, 0.8], rel=1e-6)
    assert clip_grad_norm_([], 1.0).item() == 0 and clip_grad_norm_([gf.ones(2)], 1.0).item() == 0
    with pytest.warns(UserWarning, match="nothing left"):
        assert clip_grad_norm_(iter([]), 1.0).tolist() == 0
    clip_grad_value_([], 1.0)
    empty = gf.zeros(0, 3)
    for p in NORMS:
        assert get_total_norm([empty, gf.ones(1), empty], p).item() == 1 and get_total_norm([empty], p).item() == 0
    assert get_total_norm(gf.tensor([3.0, 4.0])).item() == 5


def test_gradients_in_any_layout() -> None:
    base = RNG.normal(size=(4, 6))
    for view in (base.T, base[::-1], base[:, ::-2], base[1], base[::2, 1], base[::-1, 2], np.broadcast_to(base[0], (3, 6))):
        for array in (view, view * (1 - 1j)):
            assert get_total_norm(gf.as_tensor(array)).item() == pytest.approx(norm([array], 2), rel=1e-12)
    w = gf.as_tensor(np.zeros((6, 4))).requires_grad_()
    w.grad = gf.as_tensor(base.copy().T)
    clip_grad_norm_(w, 1.0)
    np.testing.assert_allclose(w.grad.cpu().numpy(), base.T / (norm([base], 2) + 1e-6))


def test_float16_gradients_beyond_its_range_are_clipped() -> None:
    g = np.full(100, 60000, np.float16)
    (w, _) = with_grads(g)
    assert clip_grad_norm_([w], 1.0).item() == pytest.approx(600000)
    assert w.grad.tolist() == pytest.approx([0.1] * 100, rel=1e-3)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_norm_that_is_not_finite(bad: float) -> None:
    grads = [np.array([1.0, 2.0]), np.array([bad, 1.0])]
    params = with_grads(*grads)
    with pytest.raises(ArgumentError, match=rf"order 2 is {bad} \(tensors 1 of 2"):
        clip_grad_norm_(params, 1.0, error_if_nonfinite=True)
    assert params[0].grad.tolist() == [1, 2]
    assert str(clip_grad_norm_(params, 1.0).item()) == str(bad)
    assert str(params[0].grad.tolist()[0]) == ("0.0" if bad == math.inf else "nan")
    with pytest.raises(ArgumentError, match="the sum overflows"):
        get_total_norm([gf.tensor([1e30])] * 2, 3, error_if_nonfinite=True)


def test_clip_by_value() -> None:
    grads = [np.array([-3.0, -0.5, 2.0, math.nan, math.inf]), np.array(-7.0, np.float32), np.array([6e4, -1], np.float16)]
    params = with_grads(*grads)
    clip_grad_value_(params, 1.0)
    np.testing.assert_array_equal(params[0].grad.cpu().numpy(), [-1, -0.5, 1, math.nan, 1])
    assert params[2].grad.item() == -1 and params[3].grad.tolist() == [1, -1]
    params = with_grads(grads[2])
    clip_grad_value_(params[0], 1e6)
    assert params[0].grad.tolist() == grads[2].tolist()
    (w, _) = with_grads(np.array([3.0]))
    clip_grad_value_(iter([w]), gf.tensor(2.0))
    assert w.grad.tolist() == [2]


@pytest.mark.parametrize(
    "write",
    [lambda w: clip_grad_norm_([w], 0.1), lambda w: clip_grad_value_([w], 0.1), lambda w: clip_grads_with_norm_(w, 1, 9.0)],
)
def test_backward_notices_that_a_gradient_was_written(write: Any) -> None:
    (w, _) = with_grads(np.array([3.0, 4.0]))
    seen = w.grad * gf.ones(2, dtype=gf.float64, requires_grad=True)
    write(w)
    with pytest.raises(InPlaceError):
        seen.sum().backward()


def test_nothing_is_recorded() -> None:
    w = gf.ones(2, requires_grad=True)
    (w**3).sum().backward(create_graph=True)
    assert not clip_grad_norm_([w], 1.0).requires_grad


def test_parameters_as_a_vector() -> None:
    layer = gf.nn.Linear(3, 2)
    vector = parameters_to_vector(layer.parameters())
    assert vector.tolist() == [*layer.weight.detach().cpu().numpy().ravel().tolist(), *layer.bias.tolist()]
    (vector * gf.arange(8.0)).sum().backward()
    assert layer.weight.grad.tolist() == [[0, 1, 2], [3, 4, 5]] and layer.bias.grad.tolist() == [6, 7]
    address, loss = layer.weight.data_ptr(), (layer.weight * layer.weight).sum()
    vector_to_parameters(gf.arange(8.0, dtype=gf.float64), layer.parameters())
    assert layer.weight.tolist() == [[0, 1, 2], [3, 4, 5]] and layer.bias.tolist() == [6, 7]
    assert layer.weight.data_ptr() == address and layer.weight.dtype == np.float32 and layer.weight.is_leaf
    with pytest.raises(InPlaceError):
        loss.backward()
    turned = gf.as_tensor(np.zeros((2, 3)).T)
    vector_to_parameters(gf.arange(6.0), [turned])
    assert turned.tolist() == [[0, 1], [2, 3], [4, 5]] and parameters_to_vector([turned]).tolist() == list(range(6))


@pytest.mark.parametrize(
    ("error", "said", "call"),
    [
        (ArgumentError, "max_norm is a number of at least 0, not -1", lambda w: clip_grad_norm_(w, -1)),
        (ArgumentError, "max_norm", lambda w: clip_grad_norm_(w, math.nan)),
        (ArgumentError, "max_norm", lambda w: clip_grads_with_norm_(w, "x", gf.tensor(1.0))),
        (ArgumentError, "norm_type.*'two'", lambda w: clip_grad_norm_(w, 1, "two")),
        (ArgumentError, "norm_type", lambda w: get_total_norm(w, math.nan)),
        (ArgumentError, "clip_value .* not -2", lambda w: clip_grad_value_(w, -2)),
        (ArgumentError, "clip_value", lambda w: clip_grad_value_(w, None)),
        (TypeError, r"parameters\[1\] is a int", lambda w: clip_grad_norm_([*w, 3], 1)),
        (TypeError, "parameters are Tensors, not int", lambda w: clip_grad_value_(3, 1)),
        (TypeError, r"tensors\[0\] is a ndarray", lambda w: get_total_norm([np.ones(2)])),
        (DTypeError, "int64", lambda w: get_total_norm([gf.tensor([1])])),
        (DTypeError, "complex128 gradient has no order", lambda w: clip_grad_value_(with_grads(np.ones(2) + 1j), 1)),
        (ArgumentError, "no parameters", lambda w: parameters_to_vector(iter([]))),
        (TypeError, "vec is a Tensor", lambda w: vector_to_parameters([1.0], w)),
        (ShapeError, r"\(3,\).*\(2,\)", lambda w: vector_to_parameters(gf.ones(3), w)),
        (ShapeError, r"\(2, 1\)", lambda w: vector_to_parameters(gf.ones(2, 1), w)),
        (DTypeError, "complex64.*float64", lambda w: vector_to_parameters(gf.ones(2, dtype=gf.complex64), w)),
    ],
)
def test_refusals(error: type, said: str, call: Any) -> None:
    (w, _) = with_grads(np.array([3.0, 4.0]))
    with pytest.raises(error, match=said):
        call([w])
    assert w.grad.tolist() == [3, 4] and w.tolist() == [0, 0]


@pytest.mark.stand_in
def test_nothing_waits_for_the_device() -> None:
    import cupy_stand_in

    params = with_grads(RNG.normal(size=(3, 4)).astype(np.float32), RNG.normal(size=5).astype(np.float16), np.ones(2))
    assert params[0].device.type == "cuda"
    with cupy_stand_in.no_waits():
        for p in NORMS:
            clip_grad_norm_(params, 0.5, p)
        clip_grad_value_(params, 0.1)
        vector_to_parameters(parameters_to_vector(params), params)
    with cupy_stand_in.counted(cupy_stand_in.waits) as waits:
        clip_grad_norm_(params, 0.5, error_if_nonfinite=True)
    assert len(waits) == 1


@pytest.mark.gpu
def test_on_a_gpu() -> None:
    grads = [RNG.normal(size=(3, 4)).astype(np.float32), RNG.normal(size=5).astype(np.float16)]
    for p in NORMS:
        params = []
        for g in grads:
            w = gf.as_tensor(np.zeros_like(g)).to("cuda").requires_grad_()
            w.grad = gf.as_tensor(g).to("cuda")
            params.append(w)
        total = clip_grad_norm_(params, 0.5, p)
        assert total.device.type == "cuda" and total.item() == pytest.approx(norm(grads, float(p)), rel=1e-5)
        clip_grad_value_(params, 0.1)
        assert max(float(w.grad.abs().max().item()) for w in params) <= 0.1001
    vector_to_parameters(parameters_to_vector(params) + 1, params)
    assert params[1].tolist() == [1] * 5


def test_a_bound_beyond_float16_clips_nothing() -> None:
    w = gf.ones(2, dtype=gf.float16, requires_grad=True)
    w.grad = gf.tensor([65504.0, -1.0], dtype=gf.float16)
    for bound in (70000.0, 65505.0, math.inf):
        clip_grad_value_([w], bound)
        assert w.grad.tolist() == [65504.0, -1.0]
    clip_grad_value_([w], 65504.0)
    clip_grad_value_([w], 0.5)
    assert w.grad.tolist() == [0.5, -0.5]
