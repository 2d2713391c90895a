"""gradflow.flow: what it measures, what it makes of it, that it changes nothing, and how it is shown."""

from __future__ import annotations

import json
import math
import re
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow import nn
from gradflow.errors import ArgumentError, ShapeError
from gradflow.flow import Facts, diagnose, watch
from gradflow.flow._activation_slopes import shape_of
from gradflow.flow._cures import CURES, Cure
from gradflow.flow._features import Features
from gradflow.flow._verdicts import decide

CE = nn.CrossEntropyLoss()
RESULTS = Path(__file__).resolve().parents[2] / "ci" / "flow_nets.json"


def mlp(depth: int, act: Any = nn.ReLU, width: int = 16, factor: float = 1.0, classes: int = 3, inputs: int = 8) -> nn.Sequential:
    parts: list[Any] = []
    for i in range(depth - 1):
        parts += [nn.Linear(width if i else inputs, width), act()]
    model = nn.Sequential(*parts, nn.Linear(width, classes))
    for m in model:
        if isinstance(m, nn.Linear):
            (nn.init.kaiming_normal_ if act is nn.ReLU else nn.init.xavier_normal_)(m.weight)
            with gf.no_grad():
                m.weight.mul_(factor)
            nn.init.zeros_(m.bias)
    return model


def batch(n: int = 64, inputs: int = 8, classes: int = 3) -> tuple[Any, Any]:
    """Points whose class is the largest of the first numbers: easily learnt."""
    x = gf.randn(n, inputs)
    return x, x[:, :classes].argmax(dim=1)


def names(report: Any) -> list[str]:
    return [v.name for v in report.verdicts]


# --- the numbers ------------------------------------------------------------------------------------------------------------


def test_the_numbers_of_a_layer_are_those_that_numpy_computes():
    net, (x, y) = mlp(3, nn.Tanh), batch()
    report = diagnose(net, CE, (x, y))
    w = [p.detach().to_numpy().astype("d") for p in net.parameters()]
    h = x.to_numpy().astype("d") @ w[0].T + w[1]
    a = np.tanh(h)
    layer, act = report.facts.last.layers[:2]
    for measured, array in ((layer, h), (act, a)):
        assert measured.shape == array.shape
        assert measured.mean == pytest.approx(array.mean(), abs=1e-5)
        assert measured.std == pytest.approx(array.std(), rel=1e-4)
        assert measured.rms == pytest.approx(np.sqrt((array**2).mean()), rel=1e-4)
        assert measured.spread == pytest.approx(np.sqrt(array.var(0).mean() / (array**2).mean()), rel=1e-4)
        assert measured.zeros == 0
    slope = 1 - a**2
    assert act.saturated == pytest.approx((slope < 0.05).mean(), abs=1e-9)
    assert (act.role, act.sides, act.steepest) == ("activation", 2, pytest.approx(1))
    # The gradient of the mean cross-entropy with respect to the outputs of the last layer: (softmax - one hot) / n.
    z = np.tanh(a @ w[2].T + w[3]) @ w[4].T + w[5]
    p = np.exp(z - z.max(1, keepdims=True))
    g = (p / p.sum(1, keepdims=True) - np.eye(3)[y.to_numpy()]) / len(z)
    assert report.facts.last.layers[-1].gradient == pytest.approx(np.sqrt((g**2).mean()), rel=1e-4)
    last = next(v for v in report.facts.last.weights if v.name == "4.weight")
    expected = g.T @ np.tanh(a @ w[2].T + w[3])
    assert last.gradient == pytest.approx(np.sqrt((expected**2).mean()), rel=1e-4)
    assert last.rms == pytest.approx(np.sqrt((w[4] ** 2).mean()), rel=1e-4)


def test_tiny_gradients_are_not_rounded_to_zero():
    net = mlp(3)
    report = diagnose(net, lambda z, y: CE(z, y) * 1e-30, batch())
    plain = diagnose(net, CE, batch())
    small, size = report.facts.last.weights[0].gradient, plain.facts.last.weights[0].gradient
    assert small is not None and size is not None and 0.5 < small / size / 1e-30 < 2


def test_the_update_is_that_of_the_step_really_taken():
    net, (x, y) = nn.Linear(8, 3), batch()
    optimizer = gf.optim.SGD(net.parameters(), lr=0.5)
    before = net.weight.detach().to_numpy().copy()
    with watch(net, optimizer, every=1) as w:
        CE(net(x), y).backward()
        optimizer.step()
    weight = w.report().facts.last.weights[0]
    change = net.weight.detach().to_numpy() - before
    assert weight.update == pytest.approx(np.sqrt((change**2).mean()), rel=1e-4)
    assert weight.ratio == pytest.approx(np.sqrt((change**2).mean() / (before**2).mean()), rel=1e-4)


@pytest.mark.parametrize(
    ("module", "sides"),
    [(nn.ReLU(), 1), (nn.ReLU(inplace=True), 1), (nn.Sigmoid(), 2), (nn.Tanh(), 2), (nn.Hardtanh(), 2), (nn.LeakyReLU(), 0),
     (nn.GELU(), 1), (nn.ELU(), 1), (nn.Softplus(), 1), (nn.Softmax(dim=1), None), (nn.Dropout(), None), (nn.Identity(), None),
     (nn.Flatten(), None), (nn.LogSoftmax(dim=1), None), (nn.Linear(1, 1), None)],
)  # fmt: skip
def test_activations_are_told_by_their_derivative(module: Any, sides: int | None):
    found = shape_of(module)
    assert (None if found is None else found.sides) == sides


def test_looking_at_a_module_draws_no_random_numbers_of_the_training():
    dropout = nn.Dropout()
    gf.manual_seed(3)
    wanted = gf.rand(3).tolist()
    gf.manual_seed(3)
    assert shape_of(dropout) is None and gf.rand(3).tolist() == wanted


def test_an_activation_of_ones_own():
    class Bump(nn.Module):
        def forward(self, x: Any) -> Any:
            return gf.exp(-x * x)

    found = shape_of(Bump())
    assert found is not None and found.sides == 2
    assert found.steepest == pytest.approx(math.sqrt(2 / math.e), rel=1e-2)


def test_functions_called_in_forward_are_seen_too():
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = nn.Linear(8, 16), nn.Linear(16, 16), nn.Linear(16, 3)

        def forward(self, x: Any) -> Any:
            return self.c(gf.tanh(self.b(gf.relu(self.a(x)))))

    net, (x, y) = Net(), batch()
    with gf.no_grad():
        net.b.weight.mul_(100.0)
    layers = {v.name: v for v in diagnose(net, CE, (x, y)).facts.last.layers}
    assert list(layers) == ["a", "-> b", "b", "-> c", "c"]
    zeros = (net.a(x).detach().to_numpy() <= 0).mean()
    assert layers["-> b"].role == "activation" and layers["-> b"].sides == 1
    assert layers["-> b"].saturated == pytest.approx(zeros, abs=1e-9)
    assert layers["-> c"].sides == 2 and (layers["-> c"].saturated or 0) > 0.8


def test_dead_units_are_those_that_stay_flat_over_the_window():
    net, (_, y) = mlp(2, nn.ReLU), batch(8)
    with gf.no_grad():
        net[0].bias[:4] = -100.0  # four units that never fire
    optimizer = gf.optim.SGD(net.parameters(), lr=1e-9)
    with watch(net, optimizer, every=1) as w:
        for _ in range(6):
            CE(net(batch(8)[0]), y).backward()
            optimizer.step()
    shares = [s.layers[1].dead for s in w.report().facts.snapshots]
    assert shares[-1] == pytest.approx(4 / 16)
    assert all(a >= b for a, b in pairwise(shares))


# --- the verdicts -----------------------------------------------------------------------------------------------------------


def sgd(net: Any, lr: float = 0.1) -> Any:
    return gf.optim.SGD(net.parameters(), lr=lr)


def test_healthy():
    net = mlp(4)
    report = diagnose(net, CE, batch(), gf.optim.Adam(net.parameters(), lr=1e-2))
    assert names(report) == ["healthy"] and report.healthy
    assert diagnose(net, CE, batch()).healthy


def test_vanishing_names_layers_cause_and_cures():
    report = diagnose(net := mlp(12, nn.Sigmoid), CE, batch(), sgd(net))
    (verdict, *_) = report.verdicts
    assert verdict.name == "vanishing" and "0" in verdict.layers and "20" not in verdict.layers
    assert "Sigmoid" in verdict.cause and "0.25" in verdict.cause
    assert verdict.cures[:2] == ("norm", "relu")
    small = diagnose(net := mlp(8, nn.Tanh, factor=0.1), CE, batch(), sgd(net)).verdicts[0]
    assert (small.name, small.cures[:2]) == ("vanishing", ("norm", "init")) and "too small" in small.cause


def test_exploding():
    verdict = diagnose(net := mlp(10, factor=6.0), CE, batch(), sgd(net)).verdicts[0]
    assert (verdict.name, verdict.cures[0]) == ("exploding", "init") and "too large" in verdict.cause


def test_saturated():
    verdict = diagnose(net := mlp(6, nn.Tanh, factor=30.0), CE, batch()).verdicts[0]
    assert verdict.name == "saturated" and "1" in verdict.layers and verdict.cures[0] == "init"
    assert len(list(net)) == 11


def test_dead():
    net = mlp(4)
    nn.init.constant_(net[2].bias, -50.0)
    verdict = diagnose(net, CE, batch(), sgd(net)).verdicts[0]
    assert (verdict.name, verdict.layers[0]) == ("dead", "3")  # and what comes after gets zeros alone


def test_learning_rates():
    high = diagnose(net := mlp(4), CE, batch(), sgd(net, 30.0)).verdicts[0]
    assert high.name == "learning rate too high" and any("curvature" in e for e in high.evidence)
    low = diagnose(net := mlp(4), CE, batch(), sgd(net, 1e-4)).verdicts[0]
    assert low.name == "learning rate too low" and low.cures[0] == "lr x 100"


def test_disconnected_with_the_names():
    class Net(nn.Module):
        def __init__(self, how: str) -> None:
            super().__init__()
            self.how, self.a, self.b, self.unused = how, nn.Linear(8, 16), nn.Linear(16, 3), nn.Linear(2, 2)

        def forward(self, x: Any) -> Any:
            h = self.a(x)
            return self.b(h.detach() if self.how == "detach" else gf.round(h) if self.how == "round" else h)

    assert diagnose(Net(""), CE, batch()).verdicts[0].layers == ("unused.weight", "unused.bias")
    assert "does not use" in diagnose(Net(""), CE, batch()).verdicts[0].cause
    verdict = diagnose(Net("detach"), CE, batch()).verdicts[0]
    assert verdict.name == "disconnected" and "detach" in verdict.cause
    rounded = diagnose(Net("round"), CE, batch()).verdicts[0]
    assert {"a.weight", "a.bias"} <= set(rounded.layers)


@pytest.mark.parametrize(
    ("function", "operation"),
    [(lambda h: gf.log(h), "log"), (lambda h: h / (h * 0), "div"), (lambda h: gf.exp(h * 1e4), "exp")],
)
def test_the_first_operation_that_makes_a_nan_is_named(function: Any, operation: str):
    class Inner(nn.Module):
        def forward(self, h: Any) -> Any:
            return function(h)

    net = nn.Sequential(nn.Linear(8, 8), Inner(), nn.Linear(8, 3))
    report = diagnose(net, CE, batch())
    broken = report.facts.broken
    assert broken is not None and (broken.operation, broken.module, broken.where) == (operation, "1", "forward")
    assert names(report) == ["non-finite"] and operation in report.verdicts[0].title


def test_a_nan_that_only_backward_makes():
    class Root(nn.Module):
        def forward(self, h: Any) -> Any:
            return gf.sqrt(gf.relu(h) * 0)

    broken = diagnose(nn.Sequential(nn.Linear(8, 8), Root(), nn.Linear(8, 3)), CE, batch()).facts.broken
    assert broken is not None and broken.where == "backward" and broken.operation


def test_a_batch_or_a_parameter_that_is_not_finite():
    x, y = batch()
    x[0, 0] = math.nan
    assert "batch" in diagnose(mlp(2), CE, (x, y)).verdicts[0].title
    net = mlp(2)
    with gf.no_grad():
        net[2].weight[0, 0] = math.inf
    assert "2.weight" in diagnose(net, CE, batch()).verdicts[0].title


def test_a_regression_is_diagnosed_too():
    x = gf.randn(64, 8)
    y = x.sum(dim=1, keepdim=True) * 100 + 1000
    net = mlp(3, classes=1)
    report = diagnose(net, nn.MSELoss(), (x, y), gf.optim.Adam(net.parameters(), lr=0.5))
    assert report.facts.trial is not None
    assert report.facts.trial.constant == pytest.approx(float(((y - y.mean()) ** 2).mean()), rel=1e-3)


@pytest.mark.parametrize(
    ("sign", "within", "beyond", "verdict"),
    [
        ("drop", 1.99, 2.0, "vanishing"),
        ("drop", -1.49, -1.5, "exploding"),
        ("sink", -1.79, -1.8, "vanishing"),
        ("spread", 0.011, 0.01, "vanishing"),
        ("growth", 1.99, 2.0, "exploding"),
        ("logits", 1.49, 1.5, "exploding"),
        ("dead", 0.89, 0.9, "dead"),
        ("saturated", 0.69, 0.7, "saturated"),
    ],
)
def test_from_where_on_a_sign_is_a_verdict(sign: str, within: float, beyond: float, verdict: str):
    assert decide(Features(**{sign: within})) == ["healthy"]
    assert decide(Features(**{sign: beyond})) == [verdict]


# --- calibration ------------------------------------------------------------------------------------------------------------


collection = pytest.mark.skipif(not RESULTS.exists(), reason="ci/ is not part of the source distribution")


def table() -> list[dict[str, Any]]:
    odd = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
    rows = json.loads(RESULTS.read_text())
    for row in rows:
        row["features"] = {way: Features(**{k: odd.get(v, v) for k, v in s.items()}) for way, s in row["features"].items()}
    return rows


@collection
def test_the_verdicts_on_the_collection_are_right():
    """ci/flow_nets trained these networks and put down what their trainings bear out; the verdicts are made anew here."""
    rows = table()
    assert len(rows) >= 80
    for way in ("optimizer", "watch", "no optimizer"):
        for half in ("calibration", "test", "drawn"):
            right, least = [], 0.9 if (way, half) == ("watch", "drawn") else 0.95
            for row in rows:
                borne_out, said = set(row["right"]), decide(row["features"][way])[0]
                if way == "no optimizer" and borne_out and all(r.startswith("learning") for r in borne_out):
                    borne_out = {"healthy"}
                if row["half"] == half and borne_out:
                    right.append(said in borne_out)
                    if row["training"] == "well" and "disconnected" not in borne_out:
                        assert said == "healthy", f"a false alarm: {row['name']} ({way})"
            assert len(right) > 50 and sum(right) / len(right) >= least, (way, half)


@collection
def test_the_collection_has_every_verdict_and_not_only_one():
    rows = table()
    first = [row["right"] for row in rows]
    for name in ("healthy", "vanishing", "exploding", "saturated", "dead", "disconnected", "non-finite",
                 "learning rate too high", "learning rate too low"):  # fmt: skip
        assert sum(name in r for r in first) >= 4, name
    assert sum(r == ["healthy"] for r in first) >= 30


@collection
@pytest.mark.cpu_only("the collection was made on the CPU")
@pytest.mark.parametrize(
    "name", ["relu x4, sgd 0.1", "sigmoid x8, sgd 0.1", "relu x4, sgd 0.1 x 100", "relu x4, biases -5, sgd 0.1"]
)
def test_some_of_the_collection_again(name: str):
    from importlib.machinery import SourceFileLoader
    from importlib.util import module_from_spec, spec_from_loader

    loader = SourceFileLoader("flow_nets", str(RESULTS.with_suffix("")))
    spec = spec_from_loader("flow_nets", loader)
    assert spec is not None
    script = module_from_spec(spec)
    loader.exec_module(script)
    make, optimizer_of = script.collection()[name]
    x, y = script.data()
    gf.manual_seed(3)
    net = make()
    report = diagnose(net, CE, (x[:256], y[:256]), optimizer_of(net.parameters()))
    row = next(r for r in table() if r["name"] == name)
    assert names(report)[0] in row["right"]


# --- nothing is changed -----------------------------------------------------------------------------------------------------


class Touchy(nn.Module):
    """Everything that a forward pass may change."""

    def __init__(self, fails: bool = False) -> None:
        super().__init__()
        self.a, self.norm, self.drop, self.b = nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3)
        self.calls, self.fails = 0, fails

    def forward(self, x: Any) -> Any:
        self.calls += 1
        h = self.drop(self.norm(self.a(x)))
        if self.fails:
            raise KeyError("in forward")
        return self.b(h)


@pytest.mark.parametrize("fails", [False, True])
def test_diagnose_changes_nothing(fails: bool):
    net, (x, y) = Touchy(), batch()
    CE(net(x), y).backward()
    optimizer = gf.optim.Adam(net.parameters(), lr=0.1)
    optimizer.step()
    net.fails = fails
    net.drop.eval()
    kept = {name: t.to_numpy().copy() for name, t in net.state_dict().items()}
    grads = {name: (p.grad, p.grad.to_numpy().copy()) for name, p in net.named_parameters()}
    objects = {name: (p, p.array) for name, p in net.named_parameters()}
    state = json.dumps(
        {i: {k: gf.as_tensor(v).to_numpy().tolist() for k, v in s.items()} for i, s in optimizer.state_dict()["state"].items()}
    )
    calls, modes = net.calls, [m.training for m in net.modules()]
    gf.manual_seed(5)
    expected = gf.rand(3).to_numpy()
    gf.manual_seed(5)
    if fails:
        with pytest.raises(KeyError):
            diagnose(net, CE, (x, y), optimizer)
    else:
        diagnose(net, CE, (x, y), optimizer)
    assert np.array_equal(gf.rand(3).to_numpy(), expected)
    assert net.calls == calls and [m.training for m in net.modules()] == modes
    for name, t in net.state_dict().items():
        assert np.array_equal(t.to_numpy(), kept[name]), name
    for name, p in net.named_parameters():
        assert objects[name][0] is p and objects[name][1] is p.array
        assert grads[name][0] is p.grad and np.array_equal(p.grad.to_numpy(), grads[name][1])
    after = json.dumps(
        {i: {k: gf.as_tensor(v).to_numpy().tolist() for k, v in s.items()} for i, s in optimizer.state_dict()["state"].items()}
    )
    assert after == state
    assert all(not m._hooks for m in net.modules())


def test_a_loss_that_fails_leaves_no_hooks():
    net = mlp(2)

    def loss(z: Any, y: Any) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        diagnose(net, loss, batch())
    assert all(not m._hooks for m in net.modules())


def test_watch_takes_its_hooks_off_also_after_an_error():
    net = mlp(2)
    optimizer = sgd(net)
    with pytest.raises(KeyError), watch(net, optimizer, every=1):
        raise KeyError
    assert all(not m._hooks for m in net.modules())
    assert not any(optimizer._hooks.values())


def test_watch_does_not_change_the_training():
    ends = []
    for watched in (False, True):
        gf.manual_seed(1)
        net, (x, y) = Touchy(), batch()
        optimizer = gf.optim.Adam(net.parameters(), lr=0.01)
        with watch(net, optimizer, every=3 if watched else 1000):
            for _ in range(10):
                optimizer.zero_grad()
                CE(net(x), y).backward()
                optimizer.step()
        ends.append([p.detach().to_numpy() for p in net.parameters()])
    assert all(np.array_equal(a, b) for a, b in zip(*ends, strict=True))


def test_hooks_are_on_the_modules_in_measured_steps_alone():
    net, (x, y) = mlp(2), batch()
    optimizer = sgd(net)
    hooked = []
    with watch(net, optimizer, every=4) as w:
        for _ in range(9):
            hooked.append(any(m._hooks for m in net.modules()))
            with gf.no_grad():
                net(x)  # an evaluation between is not measured
            CE(net(x), y).backward()
            optimizer.step()
    assert [i for i, h in enumerate(hooked) if h] == [0, 4, 8]
    assert [s.step for s in w.report().facts.snapshots] == [0, 4, 8]


# --- watching ---------------------------------------------------------------------------------------------------------------


def trained(net: Any, optimizer: Any, steps: int = 60, every: int = 10, noted: bool = True) -> Any:
    x, y = batch(128)
    with watch(net, optimizer, every=every) as w:
        for _ in range(steps):
            loss = CE(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if noted:
                w.note(loss)
    return w.report()


def test_watch_of_a_training_that_goes_well_and_of_others():
    def told(net: Any, optimizer_of: Any, noted: bool = True) -> list[str]:
        with np.errstate(all="ignore"):
            return names(trained(net, optimizer_of(net), noted=noted))

    assert told(mlp(3), lambda net: gf.optim.Adam(net.parameters(), lr=1e-2)) == ["healthy"]
    assert told(mlp(12, nn.Sigmoid), sgd)[0] == "vanishing"
    assert told(mlp(12, nn.Sigmoid), sgd, noted=False)[0] == "vanishing"
    assert told(mlp(4), lambda net: sgd(net, 1e-5))[0] == "learning rate too low"
    assert told(mlp(4), lambda net: sgd(net, 1e4))[0] == "learning rate too high"


def test_the_history_has_losses_and_updates():
    report = trained(net := mlp(3), sgd(net))
    assert len(report.facts.losses) == 60 and len(report.facts.snapshots) == 6
    assert all(
        w.ratio is not None and w.ratio > 0 for s in report.facts.snapshots for w in s.weights if w.name.endswith("weight")
    )


@pytest.mark.stand_in
def test_one_wait_a_report():
    from cupy_stand_in import no_waits, waits

    net, (x, y) = nn.Sequential(mlp(3, nn.Tanh), nn.BatchNorm1d(3)), batch()
    optimizer = sgd(net)
    with no_waits(), watch(net, optimizer, every=2) as w:
        for _ in range(7):
            loss = CE(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            w.note(loss)
    with waits.recorded() as found:
        w.report()
    assert len(found) == 1
    with waits.recorded() as found:
        diagnose(net, CE, (x, y))
    assert len(found) == 1
    with waits.recorded() as found:
        diagnose(net, CE, (x, y), optimizer)
    assert len(found) == 1


# --- odd models -------------------------------------------------------------------------------------------------------------


def test_a_module_called_twice_and_one_never_called():
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.shared, self.act, self.head = nn.Linear(8, 8), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 3)
            self.never = nn.ReLU()

        def forward(self, x: Any) -> Any:
            h = self.act(self.first(x))
            return self.head(self.act(self.shared(self.act(self.shared(h)))))

    report = diagnose(Net(), CE, batch())
    found = [v.name for v in report.facts.last.layers]
    assert "shared" in found and "shared (call 2)" in found and "act (call 3)" in found
    assert report.facts.uncalled == ("never",)
    assert report.healthy


def test_parts_that_are_frozen_are_no_fault():
    net = mlp(3)
    net[0].requires_grad_(False)
    assert diagnose(net, CE, batch()).healthy


def test_several_inputs_and_outputs_in_a_dict():
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(4, 8), nn.Linear(8, 3)

        def forward(self, x: Any, y: Any) -> Any:
            return {"scores": self.b(gf.relu(self.a(x) + self.a(y)))}

    x, y = gf.randn(32, 4), gf.randn(32, 4)
    net = Two()
    report = diagnose(net, lambda z, t: CE(z["scores"], t), ((x, y), gf.randint(0, 3, (32,))), sgd(net))
    assert report.facts.trial is not None and report.facts.trial.constant is None


def test_half_and_double_precision_and_images():
    x = gf.randn(16, 1, 8, 8, dtype=gf.float64)
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3)).double()
    report = diagnose(net, CE, (x, gf.randint(0, 3, (16,))))
    assert report.facts.last.layers[0].shape == (16, 4, 6, 6)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda net, b: diagnose(lambda x: x, CE, b), TypeError, "Module"),
        (lambda net, b: diagnose(net, "ce", b), TypeError, "loss_fn"),
        (lambda net, b: diagnose(net, CE, b[0]), TypeError, "pair"),
        (lambda net, b: diagnose(net, CE, (*b, 1)), TypeError, "3 parts"),
        (lambda net, b: diagnose(net, CE, (np.ones((2, 8)), b[1])), TypeError, "gf.tensor"),
        (lambda net, b: diagnose(net, CE, (gf.ones(0, 8), b[1])), ShapeError, "empty"),
        (lambda net, b: diagnose(net, lambda z, y: z, b), ShapeError, "single number"),
        (lambda net, b: diagnose(net, lambda z, y: 1.0, b), TypeError, "not a Tensor"),
        (lambda net, b: diagnose(nn.ReLU(), CE, b), ArgumentError, "no parameters"),
        (lambda net, b: diagnose(nn.Sequential(), CE, b), ArgumentError, "no parameters"),
        (lambda net, b: diagnose(nn.Linear(8, 3).requires_grad_(False), CE, b), ArgumentError, "requires grad"),
        (lambda net, b: diagnose(net, CE, b, "adam"), TypeError, "optimizer"),
        (lambda net, b: diagnose(net, CE, b, sgd(mlp(2))), ArgumentError, "none of the model"),
        (lambda net, b: diagnose(net, CE, b, trial_steps=0), ArgumentError, "trial_steps"),
        (lambda net, b: watch(net, sgd(net), every=0), ArgumentError, "every"),
        (lambda net, b: watch(net, sgd(net), every=2.5), ArgumentError, "every"),
        (lambda net, b: watch(net, None), TypeError, "optimizer"),
        (lambda net, b: watch(net, sgd(net)).report(), ArgumentError, "no step"),
        (lambda net, b: diagnose(net, CE, b).try_cures(steps=0), ArgumentError, "steps"),
        (lambda net, b: diagnose(net, CE, b).try_cures(cures=["magic"]), ArgumentError, "magic"),
        (lambda net, b: diagnose(net, CE, b).try_cures(iter(())), ArgumentError, "no batches"),
    ],
)  # fmt: skip
def test_bad_input(call: Any, error: type[Exception], said: str):
    with pytest.raises(error, match=said):
        call(mlp(2), batch())


# --- how it is shown --------------------------------------------------------------------------------------------------------


def test_the_table_is_bounded_and_says_the_verdict_first():
    net = mlp(60, nn.Tanh)
    text = str(diagnose(net, CE, batch(), sgd(net)))
    lines = text.splitlines()
    assert max(map(len, lines)) <= 110
    assert lines[0].split(":")[0].lower() in {"healthy", "vanishing", "exploding", "saturated", "learning rate too low"}
    assert "layers more" in text and len(lines) < 70


def test_the_page_is_one_piece_and_escaped():
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.add_module("<script>", nn.Linear(8, 3))

        def forward(self, x: Any) -> Any:
            return self._modules["<script>"](x)

    page = diagnose(Net(), CE, batch())._repr_html_()
    assert "<script" not in page and "&lt;script&gt;" in page
    assert "http" not in page and "src=" not in page
    assert page.count("<table") == page.count("</table>") == 1


def test_the_bars_of_the_page_are_as_long_as_the_gradients():
    report = diagnose(mlp(6, nn.Sigmoid), CE, batch())
    logs = [math.log10(v.gradient) for v in report.facts.last.layers]
    top, low = max(logs), min(min(logs), max(logs) - 3)
    shown = [int(w) for w in re.findall(r'<rect width="(\d+)" height="11"', report._repr_html_())]
    assert shown == [round(4 + 96 * (v - low) / (top - low)) for v in logs] and max(shown) == 100


def test_facts_survive_json():
    net = mlp(3)
    with gf.no_grad():
        net[0].weight[0, 0] = math.inf
    for report in (diagnose(mlp(3), CE, batch()), trained(other := mlp(3), sgd(other), 20), diagnose(net, CE, batch())):
        held = json.loads(json.dumps(report.to_dict()))
        again = Facts.from_dict(held)
        assert again.to_dict() == report.facts.to_dict()
        assert json.dumps(again.to_dict()) == json.dumps(report.facts.to_dict())
        assert held["verdicts"][0]["name"] == report.verdicts[0].name


def test_a_frame_has_a_row_for_each_layer_and_step():
    pandas = pytest.importorskip("pandas")
    frame = trained(net := mlp(3), sgd(net), 30).to_frame()
    assert isinstance(frame, pandas.DataFrame) and len(frame) == 3 * 5
    assert {"step", "name", "gradient", "saturated", "update_ratio"} <= set(frame.columns)


@pytest.mark.parametrize("package", ["matplotlib", "pandas"])
def test_what_is_missing_is_named(package: str, monkeypatch: pytest.MonkeyPatch):
    report = diagnose(mlp(2), CE, batch())
    for name in [n for n in sys.modules if n.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=f"pip install {package}"):
        report.plot() if package == "matplotlib" else report.to_frame()


def test_pictures_show_what_was_measured():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    net = mlp(3)
    report = diagnose(net, CE, batch(), sgd(net))
    figure = report.plot()
    sizes = figure.axes[0]
    assert sizes.get_yscale() == "log"
    tops = [bar.get_y() + bar.get_height() for bar in sizes.patches[: len(report.facts.last.layers)]]
    assert tops == pytest.approx([v.rms for v in report.facts.last.layers])
    over_time = trained(net := mlp(3), sgd(net), 30).plot()
    assert len(over_time.axes) == 7  # six panels and the scale of the map
    assert any(line.get_ydata()[0] == 1e-3 for line in over_time.axes[2].lines)
    assert all(a.get_xlabel() and a.get_ylabel() for a in (*figure.axes, *over_time.axes[:6]))
    pyplot.close("all")


# --- cures ------------------------------------------------------------------------------------------------------------------


def test_cures_are_tried_on_copies_and_the_right_one_wins():
    net = mlp(10, nn.Sigmoid)
    before = [p.to_numpy().copy() for p in net.state_dict().values()]
    report = diagnose(net, CE, batch(), gf.optim.Adam(net.parameters(), lr=5e-3))
    tried = report.try_cures(steps=60, cures=["relu", "clip", "leaky"])
    assert tried.best.key == "relu" and tried.helped(tried.best)
    assert not tried.helped(next(r for r in tried.results if r.key == "clip"))
    assert "not tried" in str(tried) and "ReLU" in tried._repr_html_()
    assert all(np.array_equal(a, p.to_numpy()) for a, p in zip(before, net.state_dict().values(), strict=True))


def test_cures_of_ones_own_and_a_training_of_ones_own():
    net, b = mlp(3), batch()
    seen = []

    def train(model: Any, optimizer: Any) -> list[float]:
        seen.append((len(list(model)), type(optimizer).__name__))
        return [2.0, 1.0 / len(list(model))]

    wider = Cure("deeper", "one layer more", lambda m: m.append(nn.Linear(3, 3)))
    tried = diagnose(net, CE, b).try_cures(train=train, cures=[wider])
    assert seen == [(5, "Adam"), (6, "Adam")] and tried.best.key == "deeper"


def test_the_picture_of_tried_cures():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    cures = [Cure(f"{n} more", f"{n} more", lambda m, n=n: m.extend([nn.Linear(3, 3)] * n)) for n in (1, 2)]
    net = mlp(3)
    ends = {len(net): 1.0, len(net) + 1: 0.5, len(net) + 2: math.inf}
    tried = diagnose(net, CE, batch()).try_cures(train=lambda model, _: [2.0, ends[len(model)]], cures=cures)
    curves, bars = tried.plot().axes
    top = curves.get_ylim()[1]
    assert [b.get_width() for b in bars.patches] == [top, 1.0, 0.5]  # the best is on top, and what diverged fills its row
    assert [t.get_text() for t in bars.texts] == ["diverged", "1", "0.5"]
    assert [t.get_ha() for t in bars.texts] == ["right", "left", "left"]
    pyplot.close("all")


@pytest.mark.parametrize("cure", [c for c in CURES if c.key not in ("leaky",)], ids=lambda c: c.key)
def test_every_cure_makes_a_model_that_trains(cure: Cure):
    net = mlp(4, nn.Sigmoid)
    changed, optimizer = cure.apply(net, sgd(net))
    x, y = batch()
    CE(changed(x), y).backward()
    optimizer.step()
    kinds = [type(m).__name__ for m in changed.modules()]
    assert ("BatchNorm1d" in kinds) == (cure.key in ("norm", "all"))
    assert ("Residual" in kinds) == (cure.key in ("residual", "all"))
    assert ("ReLU" in kinds) == (cure.key in ("relu", "all"))
    assert kinds != [] and [type(m).__name__ for m in net.modules()].count("Sigmoid") == 3


def test_cures_meet_the_same_batches_from_a_loader_with_a_generator_of_its_own() -> None:
    x, y = batch()
    model = mlp(3)
    own = gf.Generator(x.device).manual_seed(3)
    loader = gf.data.DataLoader(gf.data.TensorDataset(x, y), 8, shuffle=True, generator=own)
    before = own.get_state()
    tried = diagnose(model, CE, (x, y)).try_cures(loader, steps=5, cures=["clip"])
    assert tried.results[0].losses[0] == tried.unchanged.losses[0]
    assert str(own.get_state()) == str(before)


def test_the_first_column_of_a_table_is_words() -> None:
    from gradflow.flow import _html as page

    shown = page.table(["layer", "size"], [["a & b", "1"], ["c", "2"]])
    assert '<th class="w">layer</th><th>size</th>' in shown
    assert '<td class="w">a &amp; b</td><td>1</td>' in shown and '<td class="w">c</td><td>2</td>' in shown
