"""Scaling the loss: finding the scale, leaving out steps, and calls in the wrong order."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow.amp import GradScaler
from gradflow.errors import ArgumentError, InPlaceError
from gradflow.optim import SGD, Adam


def weight(*values: float, dtype: Any = gf.float32) -> gf.Tensor:
    return gf.tensor(values, dtype=dtype, requires_grad=True)


def graded(*grads: float, dtype: Any = gf.float32, lr: float = 1.0) -> tuple[gf.Tensor, SGD]:
    """A parameter of zeros with that gradient, and its optimizer."""
    w = weight(*[0.0] * len(grads), dtype=dtype)
    w.grad = gf.tensor(grads, dtype=dtype)
    return w, SGD([w], lr=lr)


def test_scaled_training_is_training() -> None:
    def train(scaler: GradScaler) -> list[float]:
        gf.manual_seed(1)
        net = gf.nn.Sequential(gf.nn.Linear(3, 8), gf.nn.Tanh(), gf.nn.Linear(8, 1))
        x, optimizer = gf.randn(16, 3), Adam(net.parameters(), lr=0.05)
        losses = []
        for _ in range(20):
            optimizer.zero_grad()
            loss = (net(x) - x.sum(dim=1, keepdim=True)).square().mean()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            losses.append(loss.item())
        return losses

    plain = train(GradScaler(enabled=False))
    assert plain[-1] < plain[0] / 3 and train(GradScaler()) == pytest.approx(plain, rel=1e-4)


def test_scale_multiplies_and_step_divides() -> None:
    w, scaler = weight(1.0, 2.0), GradScaler(8.0)
    optimizer = SGD([w], lr=0.25)
    loss = (w * w).sum()
    scaled = scaler.scale(loss)
    assert scaled.item() == 40 and scaled.dtype == np.float32
    scaled.backward()
    assert w.grad.tolist() == [16, 32]
    assert scaler.step(optimizer) is None and w.tolist() == [0.5, 1.0]
    assert w.grad.tolist() == [2, 4]
    scaler.update()
    several = scaler.scale([loss, (loss, loss)])
    assert isinstance(several, list) and isinstance(several[1], tuple) and several[1][0].item() == 40
    assert [t.item() for t in scaler.scale(t for t in (loss, loss))] == [40, 40]


def test_a_step_with_infinity_or_nan_is_left_out_and_the_scale_lowered() -> None:
    scaler = GradScaler(1024.0, growth_interval=2)
    for bad in (math.inf, -math.inf, math.nan):
        w, optimizer = graded(1.0, bad)
        before = scaler.get_scale()
        assert scaler.step(optimizer) is None and w.tolist() == [0, 0]
        scaler.update()
        assert scaler.get_scale() == before / 2
    for wanted in (128, 256, 256, 512):
        w, optimizer = graded(1.0, 2.0)
        scaler.step(optimizer)
        scaler.update()
        assert w.tolist() != [0, 0] and scaler.get_scale() == wanted
    assert repr(scaler) == "GradScaler(scale=512, enabled=True)"


def test_good_steps_are_counted_anew_after_a_bad_one() -> None:
    scaler = GradScaler(4.0, growth_factor=3.0, backoff_factor=0.25, growth_interval=3)
    scales = []
    for bad in (0, 0, 1, 0, 0, 0, 0):
        scaler.step(graded(math.nan if bad else 1.0)[1])
        scaler.update()
        scales.append(scaler.get_scale())
    assert scales == [4, 4, 1, 1, 1, 3, 3] and scaler.state_dict()["_growth_tracker"] == 1


def test_the_scale_stays_a_number_that_can_be_used() -> None:
    scaler = GradScaler(1e38, growth_interval=1)
    for _ in range(5):
        scaler.step(graded(1.0)[1])
        scaler.update()
    assert 1e38 <= scaler.get_scale() < 3.4e38
    scaler.update(1e-37)
    for _ in range(9):
        scaler.step(graded(math.nan)[1])
        scaler.update()
    assert scaler.get_scale() == 2.0**-126


def test_every_gradient_counts_and_none_is_skipped() -> None:
    a, b, c = weight(1.0), weight(1.0), weight(1.0)
    optimizer, scaler = SGD([{"params": [a, b]}, {"params": [c]}], lr=1.0), GradScaler(2.0)
    a.grad, c.grad = gf.tensor([2.0]), gf.tensor([math.nan])
    scaler.step(optimizer)
    assert (a.tolist(), c.tolist()) == ([1], [1])
    scaler.update()
    a.grad, c.grad = gf.tensor([2.0]), gf.tensor([4.0])
    scaler.step(optimizer)
    assert (a.tolist(), b.tolist(), c.tolist()) == ([-1], [1], [-3]) and scaler.get_scale() == 1


def test_unscale_shows_the_gradients_and_is_not_repeated_by_step() -> None:
    (w, optimizer), scaler = graded(30.0, 40.0), GradScaler(10.0)
    buffer = w.grad.data_ptr()
    scaler.unscale_(optimizer)
    assert w.grad.tolist() == pytest.approx([3, 4]) and w.grad.data_ptr() == buffer
    gf.nn.utils.clip_grad_norm_([w], 1.0)
    scaler.step(optimizer)
    scaler.update()
    assert w.tolist() == pytest.approx([-0.6, -0.8])


def test_several_optimizers_share_a_scale_and_one_may_be_left_out() -> None:
    (a, one), (b, two), scaler = graded(8.0), graded(math.inf), GradScaler(4.0)
    scaler.step(one)
    scaler.step(two)
    scaler.update()
    assert (a.tolist(), b.tolist(), scaler.get_scale()) == ([-2], [0], 2)


def test_float16() -> None:
    w = weight(1.0, 2.0, dtype=gf.float16)
    optimizer, scaler = SGD([w], lr=0.25), GradScaler()
    loss = (w * w).sum()
    scaled = scaler.scale(loss)
    assert scaled.dtype == np.float32 and scaled.item() == 5 * 32768 and scaler.get_scale() == 32768
    (scaled / 64).backward()
    assert w.grad.tolist() == [1024, 2048]
    scaler.step(optimizer)
    assert w.tolist() == pytest.approx([1 - 0.25 * 2 / 64, 2 - 0.25 * 4 / 64], rel=1e-3)
    assert w.grad.tolist() == [1024, 2048] and w.grad.dtype == np.float16  # divided in the kernel, in full precision
    scaler.update()
    # divided by a number whose inverse float16 does not hold
    (w, optimizer), scaler = graded(2.0**15, dtype=gf.float16), GradScaler(2.0**27)
    scaler.unscale_(optimizer)
    assert w.grad.tolist() == [2.0**-12]
    scaler.update()
    # what is scaled first sets the scale of the iteration
    scaler.update(65536.0)
    scaler.scale(gf.tensor(1.0))
    scaler.scale(gf.tensor(1.0, dtype=gf.float16))
    assert scaler.get_scale() == 65536


def test_small_float16_gradients_reach_an_optimizer_that_divides_by_itself() -> None:
    class Wide(SGD):
        _step_supports_amp_scaling = True
        seen: Any = None

        def step(self, closure: Any = None) -> Any:
            self.seen = [p.grad.array.astype(np.float32) / self.grad_scale for p in self.param_groups[0]["params"]]
            return "stepped"

    w, scaler = graded(6.5536e-4, dtype=gf.float16)[0], GradScaler(65536.0)
    optimizer = Wide([w])
    assert scaler.step(optimizer) == "stepped" and not hasattr(optimizer, "grad_scale")
    assert optimizer.seen[0].tolist() == pytest.approx([1e-8], rel=1e-3)
    scaler.update()
    optimizer.seen, w.grad = None, gf.tensor([math.inf], dtype=gf.float16)
    assert scaler.step(optimizer) is None and optimizer.seen is None
    with pytest.raises(ArgumentError, match="step"):
        scaler.unscale_(optimizer)
    scaler.update()
    assert scaler.get_scale() == 32768


def test_complex_and_double_gradients() -> None:
    z = gf.tensor([1 + 2j], dtype=gf.complex64, requires_grad=True)
    x = gf.tensor([1.0], dtype=gf.float64, requires_grad=True)
    z.grad, x.grad = gf.tensor([3 + 6j], dtype=gf.complex64), gf.tensor([1.0], dtype=gf.float64)
    scaler, optimizer = GradScaler(3.0), SGD([z, x])
    scaler.unscale_(optimizer)
    assert z.grad.tolist() == [1 + 2j] and x.grad.tolist() == [1 / 3]
    assert (z.grad.dtype, x.grad.dtype) == (np.complex64, np.float64)


def test_backward_notices_that_gradients_were_divided() -> None:
    (w, optimizer), scaler = graded(2.0), GradScaler(2.0)
    seen = w.grad * gf.ones(1, requires_grad=True)
    scaler.unscale_(optimizer)
    with pytest.raises(InPlaceError):
        seen.sum().backward()


def test_not_enabled_means_nothing_happens() -> None:
    (w, optimizer), scaler = graded(2.0), GradScaler(4.0, enabled=False)
    loss = gf.tensor(3.0)
    assert scaler.scale(loss) is loss and scaler.get_scale() == 1 and not scaler.is_enabled()
    scaler.unscale_(optimizer)
    assert scaler.step(optimizer, lambda: 7) == 7 and w.tolist() == [-2]
    scaler.update()
    scaler.load_state_dict({})
    assert scaler.state_dict() == {}


def test_state() -> None:
    scaler = GradScaler(16.0, 3.0, 0.25, 5)
    scaler.step(graded(1.0)[1])
    scaler.update()
    state = scaler.state_dict()
    assert state == {
        "scale": 16.0, "growth_factor": 3.0, "backoff_factor": 0.25, "growth_interval": 5, "_growth_tracker": 1,
    }  # fmt: skip
    for other in (GradScaler(), copy.deepcopy(scaler), pickle.loads(pickle.dumps(scaler))):
        other.load_state_dict(state)
        assert other.state_dict() == state
    assert (scaler.get_growth_factor(), scaler.get_backoff_factor(), scaler.get_growth_interval()) == (3, 0.25, 5)
    scaler.update(gf.tensor(7.0))
    assert scaler.get_scale() == 7 and scaler.is_enabled()
    with pytest.raises(ArgumentError, match="growth_interval"):
        scaler.load_state_dict({k: v for k, v in state.items() if k != "growth_interval"})
    with pytest.raises(ArgumentError, match="enabled=False"):
        scaler.load_state_dict({})
    with pytest.raises(ArgumentError, match="init_scale"):
        scaler.load_state_dict({**state, "scale": -1.0})
    assert scaler.get_scale() == 7


@pytest.mark.parametrize(
    ("error", "said", "call"),
    [
        (ArgumentError, "unscale_: unscale_.. has been called", lambda s, o: (s.unscale_(o), s.unscale_(o))),
        (ArgumentError, "unscale_: step.. has been called", lambda s, o: (s.step(o), s.unscale_(o))),
        (ArgumentError, "step: already called for this SGD", lambda s, o: (s.step(o), s.step(o))),
        (ArgumentError, r"update: call step\(optimizer\) first", lambda s, o: s.update()),
        (ArgumentError, "update: call step", lambda s, o: (s.step(o), s.update(), s.update())),
        (ArgumentError, "closure", lambda s, o: s.step(o, lambda: 1)),
        (ArgumentError, "closure", lambda s, o: s.step(o, closure=lambda: 1)),
        (ArgumentError, "no parameter of this SGD has a gradient", lambda s, o: s.step(SGD([weight(1.0)]))),
        (ArgumentError, "no parameter", lambda s, o: s.unscale_(SGD([weight(1.0)]))),
        (ArgumentError, "new_scale", lambda s, o: s.update(0.0)),
        (TypeError, "takes an optimizer, not float", lambda s, o: s.step(1.0)),
        (TypeError, "takes Tensors, not float", lambda s, o: s.scale(1.0)),
        (TypeError, "takes Tensors, not str", lambda s, o: s.scale(["loss"])),
        (ArgumentError, "init_scale .* not 'cuda'", lambda s, o: GradScaler("cuda")),
        (ArgumentError, "init_scale", lambda s, o: GradScaler(math.inf)),
        (ArgumentError, "growth_factor .* above 1, not 1.0", lambda s, o: GradScaler(growth_factor=1.0)),
        (ArgumentError, "backoff_factor .* above 0 and below 1, not 1.5", lambda s, o: GradScaler(backoff_factor=1.5)),
        (ArgumentError, "growth_interval", lambda s, o: GradScaler(growth_interval=0)),
        (ArgumentError, "growth_factor", lambda s, o: s.set_growth_factor(math.nan)),
    ],
)
def test_misuse(error: type, said: str, call: Any) -> None:
    with pytest.raises(error, match=said):
        call(GradScaler(), graded(1.0)[1])


@pytest.mark.stand_in
def test_a_step_waits_for_the_device_once() -> None:
    import cupy_stand_in

    params = [gf.ones(n, requires_grad=True, dtype=d) for n, d in ((3, gf.float32), (5, gf.float16), (2, gf.complex64))]
    optimizer, scaler = SGD(params), GradScaler()
    with cupy_stand_in.counted(cupy_stand_in.waits) as waits:
        with cupy_stand_in.no_waits():
            scaler.scale(sum((p * p.conj()).real.sum().float() for p in params)).backward()
            scaler.unscale_(optimizer)
        scaler.step(optimizer)
        scaler.update()
        scaler.get_scale()
        scaler.state_dict()
    assert len(waits) == 1


@pytest.mark.gpu
def test_on_a_gpu() -> None:
    for bad in (False, True):
        w = gf.zeros(2, device="cuda", requires_grad=True)
        w.grad = gf.tensor([4.0, math.inf if bad else 8.0], device="cuda")
        optimizer, scaler = SGD([w], lr=1.0), GradScaler(4.0)
        scaler.step(optimizer)
        scaler.update()
        assert w.tolist() == ([0, 0] if bad else [-1, -2]) and scaler.get_scale() == (2 if bad else 4)
