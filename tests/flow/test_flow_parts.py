"""gradflow.flow's parts: trial steps, the probe, what is watched, and cures, on models whose numbers are known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow import nn
from gradflow.errors import ArgumentError
from gradflow.flow import diagnose, watch
from gradflow.flow._cures import CURES, Cure, NotApplicable, same_kind
from gradflow.flow._measure import Tally, _sample
from gradflow.flow._trial_steps import TrialResult, _sharpness, best_constant
from gradflow.flow._try_cures import _chosen
from gradflow.flow.wording import Verdict

CURE = {c.key: c for c in CURES}


class Scale(nn.Module):
    """``x * p``, from p = 1: of the loss z^2 / 2 at x = 1 a step of gradient descent makes p (1 - lr)."""

    def __init__(self) -> None:
        super().__init__()
        self.p = nn.Parameter(gf.ones(1, 1, dtype=gf.float64))

    def forward(self, x: Any) -> Any:
        return x @ self.p


def half_square(z: Any, y: Any) -> Any:
    return 0.5 * (z * z).mean()


ONE = gf.ones(1, 1, dtype=gf.float64), gf.zeros(1)


# --- trial steps ------------------------------------------------------------------------------------------------------------


def test_the_trial_steps_of_gradient_descent() -> None:
    net = Scale()
    facts = diagnose(net, half_square, ONE, gf.optim.SGD(net.parameters(), lr=0.1), trial_steps=3).facts
    t = facts.trial
    assert t is not None and (t.optimizer, t.lr, t.plain) == ("SGD", 0.1, True) and (facts.optimizer, facts.lr) == ("SGD", 0.1)
    assert facts.last.step == 0 and t.start == facts.last.loss == 0.5 and t.constant == 0
    assert list(t.curves) == [0.01, 0.1, 1.0, 10.0, 100.0]
    for factor, curve in t.curves.items():  # three times as many at the rate as it is
        steps = range(1, 10 if factor == 1 else 4)
        assert curve == pytest.approx([0.5 * (1 - 0.1 * factor) ** (2 * k) for k in steps], abs=1e-12)
    assert t.sharpness == pytest.approx(1, rel=1e-6)
    assert t.after is not None and t.after.weights[0].rms == pytest.approx(0.9**9) and t.after.step == 3
    assert t.after.loss == pytest.approx(0.5 * 0.9**18)
    (weight,) = facts.last.weights
    assert (weight.rms, weight.gradient, weight.update) == pytest.approx((1, 1, 0.1)) and net.p.tolist() == [[1]]


@pytest.mark.parametrize("settings", [{"momentum": 0.5}, {"momentum": 0.5, "nesterov": True}])
def test_the_curvature_limits_plain_gradient_descent_alone(settings: dict[str, Any]) -> None:
    net = Scale()
    t = diagnose(net, half_square, ONE, gf.optim.SGD(net.parameters(), lr=0.1, **settings), trial_steps=3).facts.trial
    assert t is not None and not t.plain and t.sharpness is None
    t = diagnose(net, half_square, ONE, gf.optim.Adam(net.parameters(), lr=0.1), trial_steps=3).facts.trial
    assert t is not None and not t.plain and t.sharpness is None


def test_the_sharpness_is_the_largest_eigenvalue_of_the_hessian() -> None:
    """Of the mean square of X w - y it is 2 X^T X / n."""
    x = gf.tensor(np.random.default_rng(2).normal(size=(40, 3)) * [3.0, 1.0, 0.5])
    net = nn.Linear(3, 1, bias=False).double()
    before = net.weight.tolist()
    largest = np.linalg.eigvalsh(2 * x.to_numpy().T @ x.to_numpy() / 40)[-1]
    assert float(_sharpness(net, lambda m: ((m(x) - 1) ** 2).mean())) == pytest.approx(largest, rel=1e-5)
    assert net.weight.tolist() == before


def test_the_best_constant_answer() -> None:
    def best(output: Any, loss: Any) -> float:
        return min(float(v) for v in best_constant(output, loss))

    y = gf.tensor([[0.0], [2.0], [10.0]])
    assert best(gf.ones(3, 1), lambda c: ((c - y) ** 2).mean()) == pytest.approx(56 / 3)  # the variance
    labels = gf.tensor([0, 0, 0, 1])
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert best(gf.randn(4, 2), lambda c: nn.CrossEntropyLoss()(c, labels)) == pytest.approx(entropy, rel=1e-4)
    # Begun from the mean output too: here the loss is flat at 0.
    assert best(gf.full((4, 1), 3.0), lambda c: (gf.relu(c - 1) - 2).abs().mean() + 1) == pytest.approx(1, abs=0.1)
    for nothing in (gf.tensor(1.0), gf.tensor([1, 2])):
        assert best_constant(nothing, half_square) == []
    assert best_constant(gf.ones(3, 1), lambda c: gf.tensor(1.0)) == []
    penalty = gf.tensor(2.0, requires_grad=True)
    assert {float(v) for v in best_constant(gf.ones(3, 1), lambda c: penalty * penalty)} == {4}  # whatever the output


def test_what_a_trial_brought_to_the_host() -> None:
    """Two steps at a tenth of the rate, three times as many at the rate, the constants met, and the curvature."""
    held = TrialResult(Tally(), "SGD", 0.5, True, (0.1, 1.0), 2, slice(8, 11), slice(11, 12))
    t = held.on_host([1, 2, 3, 4, 5, 6, 7, 8, math.nan, 3, 2, 7], 9.0, None)
    assert t.curves == {0.1: (1, 2), 1.0: (3, 4, 5, 6, 7, 8)} and (t.start, t.constant, t.sharpness) == (9, 2, 7)
    none = TrialResult(Tally(), "SGD", 0.5, True, (1.0,), 1, slice(3, 4), None).on_host([1, 2, 3, math.nan], 9.0, None)
    assert none.constant is None and none.sharpness is None
    assert TrialResult(Tally(), "SGD", 0.5, True, (1.0,), 1, None, None).on_host([1, 2, 3], 9.0, None).constant is None


def test_parameters_that_a_model_does_not_use_do_not_stop_a_trial() -> None:
    net = Scale()
    net.spare = nn.Parameter(gf.ones(2))
    facts = diagnose(net, half_square, ONE, gf.optim.SGD(net.parameters(), lr=0.1), trial_steps=3).facts
    assert facts.trial is not None and facts.trial.end() == pytest.approx(0.5 * 0.9**14)
    assert facts.trial.sharpness is not None and facts.trial.sharpness > 0.2
    assert [(w.name, w.gradient, w.update) for w in facts.last.weights][1] == ("spare", None, 0)


@pytest.mark.parametrize("steps", [True, 2, 3.5, "20"])
def test_trial_steps_are_a_whole_number_from_3(steps: Any) -> None:
    net = Scale()
    with pytest.raises(ArgumentError, match="trial_steps"):
        diagnose(net, half_square, ONE, gf.optim.SGD(net.parameters(), lr=0.1), trial_steps=steps)


# --- what is measured -------------------------------------------------------------------------------------------------------


def test_a_sample_is_spread_over_all_elements() -> None:
    assert _sample(np.arange(256.0)).tolist() == list(range(256))
    assert _sample(np.arange(512.0).reshape(2, 256)).tolist() == list(range(0, 512, 3))  # 2 divides 512
    assert _sample(np.arange(1000.0)).tolist() == list(range(0, 1000, 7))  # 4, 5 and 6 have factors in common with 1000
    assert _sample(np.array([3 + 4j])).tolist() == [5]


def test_numbers_of_outputs_without_examples_of_complex_ones_and_of_containers() -> None:
    class Parts(nn.Module):
        def forward(self, x: Any) -> Any:
            return {"count": gf.tensor([1, 2]), "values": [x * (3 + 4j)]}

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w, self.parts = nn.Parameter(gf.tensor([1.0, 2.0])), Parts()

        def forward(self, x: Any) -> Any:
            return self.parts(x * self.w)["values"][0]

    net = Net()
    last = diagnose(net, lambda z, y: z.abs().sum(), (gf.tensor([1.0, -1.0]), None)).facts.last
    found = next(v for v in last.layers if v.name == "parts")
    assert (found.shape, found.spread, found.zeros) == ((2,), 0, 0) and found.rms == pytest.approx(math.sqrt((25 + 100) / 2))
    assert sorted(found.samples) == [5, 10]


def test_a_unit_is_dead_if_it_was_flat_in_the_last_ten_measured_steps() -> None:
    net = nn.Sequential(nn.Linear(1, 2), nn.ReLU())
    with gf.no_grad():
        net[0].weight.copy_(gf.tensor([[1.0], [1.0]]))
        net[0].bias.copy_(gf.tensor([0.0, 5.0]))
    optimizer = gf.optim.SGD(net.parameters(), lr=0.0)
    with watch(net, optimizer, every=1) as w:
        for k in range(16):
            net(gf.full((4, 1), 1.0 if k == 5 else -1.0)).sum().backward()
            optimizer.step()
    dead = [s.layers[1].dead for s in w.report().facts.snapshots]
    assert dead == [0.5] * 5 + [0] * 10 + [0.5]


def test_of_several_calls_before_a_step_the_last_is_measured() -> None:
    net = nn.Sequential(nn.Linear(1, 1, bias=False), nn.ReLU())
    with gf.no_grad():
        net[0].weight.fill_(1.0)
    optimizer = gf.optim.SGD(net.parameters(), lr=0.0)
    w = watch(net, optimizer)
    assert w.every == 50
    for value in (3.0, 5.0):  # a block may be entered again
        with w:
            for factor in (7.0, 1.0):
                net(gf.full((2, 1), factor * value)).sum().backward()
            optimizer.step()
            w.every = 1
    found = w.report().facts.snapshots
    assert [[(v.name, v.rms) for v in s.layers] for s in found] == [[("0", r), ("1", r)] for r in (3, 5)]
    assert [s.weights[0].gradient for s in found] == [48, 48 + 80]  # of both calls, and never set to zero


def test_the_gradient_of_what_a_function_made_and_of_what_the_loss_does_not_use() -> None:
    class Net(nn.Module):
        def __init__(self, used: bool) -> None:
            super().__init__()
            self.a, self.b, self.c, self.used = nn.Linear(2, 3), nn.Linear(3, 3), nn.Linear(2, 3), used

        def forward(self, x: Any) -> Any:
            z = self.b(gf.relu(self.a(x)))
            return z + self.c(x) if self.used else self.c(x)

    x = gf.randn(5, 2)
    net = Net(True)
    layers = {v.name: v for v in diagnose(net, half_square, (x, None)).facts.last.layers}
    h = gf.relu(net.a(x))
    (g,) = gf.autograd.grad(half_square(net.b(h) + net.c(x), None), [h])
    assert layers["-> b"].gradient == pytest.approx(float((g * g).mean()) ** 0.5, rel=1e-5)
    layers = {v.name: v for v in diagnose(Net(False), half_square, (x, None)).facts.last.layers}
    assert [layers[n].gradient for n in ("a", "-> b", "b")] == [None] * 3  # the pass that finds slopes is not the loss's
    assert layers["-> b"].sides == 1 and layers["c"].gradient is not None


def test_modules_of_ones_own_are_told_apart_though_they_print_alike() -> None:
    class Act(nn.Module):
        def __init__(self, f: Any) -> None:
            super().__init__()
            self.f = f

        def forward(self, x: Any) -> Any:
            return self.f(x)

    net = nn.Sequential(nn.Linear(2, 2), Act(gf.tanh), Act(gf.relu), Act(gf.exp))
    layers = diagnose(net, half_square, (gf.randn(4, 2), None)).facts.last.layers
    assert [v.sides for v in layers[1:]] == [2, 1, 1] and layers[2].saturated == layers[2].zeros


def test_a_buffer_that_forward_assigns_anew_is_put_back() -> None:
    class Counts(Scale):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("seen", gf.zeros(1))

        def forward(self, x: Any) -> Any:
            self.seen = self.seen + 1
            return super().forward(x)

    net = Counts()
    before = net.seen
    diagnose(net, half_square, ONE)
    assert net.seen is before and before.tolist() == [0]


def test_other_batch_sizes_and_shapes_between_steps() -> None:
    net = nn.Sequential(nn.Linear(1, 2), nn.ReLU())
    with gf.no_grad():
        net[0].weight.fill_(1.0)
        net[0].bias.zero_()
    optimizer = gf.optim.SGD(net.parameters(), lr=0.0)
    with watch(net, optimizer, every=1) as w:
        for shape, sign in (((4, 1), 1.0), ((2, 1), -1.0), ((2, 3, 1), -1.0)):
            net(gf.full(shape, sign)).sum().backward()
            optimizer.step()
    assert [s.layers[1].dead for s in w.report().facts.snapshots] == [0, 0, 1]  # units of another shape are counted anew


def test_values_are_kept_of_every_fifth_measured_step_and_those_seen_last_alone() -> None:
    net = nn.Sequential(nn.Linear(1, 2), nn.ReLU())
    optimizer = gf.optim.SGD(net.parameters(), lr=0.0)
    with watch(net, optimizer, every=2) as w:
        for _ in range(18):
            net(gf.ones(4, 1)).sum().backward()
            optimizer.step()
    facts = w.report().facts
    assert [s.step for s in facts.snapshots] == list(range(0, 18, 2)) and w.steps == 18
    assert [bool(s.layers[0].samples) for s in facts.snapshots] == [k == 5 for k in range(9)] and facts.sampled.step == 10
    assert len(facts.sampled.layers[0].samples) == len(facts.sampled.layers[0].gradient_samples) == 8
    thin = facts.without_samples()
    assert thin.sampled is thin.last and thin.last.layers[0].rms == facts.last.layers[0].rms
    assert not any(v.samples or v.gradient_samples for s in thin.snapshots for v in s.layers)


def test_what_is_noted_and_what_a_watch_knows() -> None:
    net = nn.Sequential(nn.Linear(1, 2), nn.ReLU())
    optimizer = gf.optim.Adam(net.parameters(), lr=0.25)
    with watch(net, optimizer, every=1) as w:
        with pytest.raises(ArgumentError, match="entered already"), w:
            pass
        with pytest.raises(ArgumentError, match=r"single number, not of shape \(2,\)"):
            w.note(gf.ones(2))
        for k in range(3):
            net(gf.ones(4, 1)).sum().backward()
            w.note(gf.tensor([float(k)]) if k else 7)
            optimizer.step()
    facts = w.report().facts
    assert facts.losses == ((0, 7.0), (1, 1.0), (2, 2.0)) and (facts.optimizer, facts.lr) == ("Adam", 0.25)
    assert facts.trial is None and facts.broken is None and facts.uncalled == ()


@pytest.mark.parametrize(("factor", "where", "layer"), [(math.inf, "forward", "1"), (1.0, "backward", "2")])
def test_a_watch_names_the_module_where_something_broke(factor: float, where: str, layer: str) -> None:
    class Times(nn.Module):
        def forward(self, x: Any) -> Any:
            return x * factor

    net = nn.Sequential(nn.Linear(1, 1), Times(), nn.Linear(1, 1))
    optimizer = gf.optim.SGD(net.parameters(), lr=0.0)
    with np.errstate(all="ignore"), watch(net, optimizer, every=1) as w:
        for k in range(2):
            (net(gf.ones(4, 1)).sum() * (math.inf if where == "backward" and k else 1.0)).backward()
            optimizer.step()
    broken = w.report().facts.broken
    assert broken is not None and (broken.where, broken.module) == (where, layer)
    assert broken.said.startswith(f"seen in step {int(where == 'backward')};")


def test_where_a_nan_is_made() -> None:
    class Root(nn.Module):
        def forward(self, h: Any) -> Any:
            return gf.sqrt(gf.relu(h) * 0)

    x, y = gf.randn(4, 2), gf.zeros(4)
    inner = diagnose(nn.Sequential(nn.Linear(2, 2), Root(), nn.Linear(2, 1)), half_square, (x, y)).facts.broken
    assert inner is not None and (inner.operation, inner.module, inner.where) == ("sqrt", "1", "backward")
    assert inner.said.startswith("backward of sqrt")
    part = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Identity(), Root()), nn.Linear(2, 1))
    part.spare = nn.Parameter(gf.ones(2))  # which the loss does not reach
    nested = diagnose(part, half_square, (x, y)).facts.broken
    assert nested is not None and (nested.operation, nested.module) == ("sqrt", "1.1")  # not the container's name
    loss = diagnose(nn.Linear(2, 1), lambda z, _: (z * 0 - 1).log().mean(), (x, y)).facts.broken
    assert loss is not None and (loss.operation, loss.module, loss.where) == ("log", "", "loss")


# --- cures ------------------------------------------------------------------------------------------------------------------


def test_an_optimizer_of_the_same_kind() -> None:
    old = nn.Linear(2, 2)
    sgd = gf.optim.SGD(old.parameters(), lr=0.5, momentum=0.9, nesterov=True, weight_decay=0.01)
    made = same_kind(sgd, [p := nn.Parameter(gf.ones(2))], 0.1)
    group = made.param_groups[0]
    assert type(made) is gf.optim.SGD and group["params"] == [p] and group["lr"] == pytest.approx(0.05)
    assert {k: group[k] for k in ("momentum", "nesterov", "weight_decay")} == {
        "momentum": 0.9,
        "nesterov": True,
        "weight_decay": 0.01,
    }
    adam = same_kind(gf.optim.Adam(old.parameters(), lr=0.5, betas=(0.5, 0.75)), [p]).param_groups[0]
    assert (adam["lr"], adam["betas"]) == (0.5, (0.5, 0.75))
    net, other = CURE["adam"].apply(old, sgd)
    assert type(other) is gf.optim.Adam and other.param_groups[0]["lr"] == 1e-3 and net is not old
    assert [CURE[f"lr x {f}"].lr for f in ("0.01", "0.1", "10", "100")] == [0.01, 0.1, 10, 100]
    assert CURE["lr x 100"].apply(old, sgd)[1].param_groups[0]["lr"] == 50


def test_clipped_gradients_have_a_norm_of_1_at_most() -> None:
    net, optimizer = CURE["clip"].apply(nn.Linear(2, 1), gf.optim.SGD([nn.Parameter(gf.ones(1))], lr=1.0))
    for grad, step in (([[3.0, 4.0]], [0.6, 0.8]), ([[0.3, 0.4]], [0.3, 0.4])):
        before = net.weight.detach().to_numpy().copy()
        net.weight.grad = gf.tensor(grad)  # and none for the bias
        optimizer.step()
        assert (before - net.weight.detach().to_numpy()).ravel() == pytest.approx(step, abs=1e-4)


def test_an_initialisation_by_what_follows() -> None:
    net = nn.Sequential(
        nn.Linear(300, 200), nn.Dropout(), nn.ReLU(), nn.Linear(200, 300), nn.Tanh(), nn.Conv1d(20, 30, 5), nn.LeakyReLU(),
        nn.BatchNorm1d(4), nn.Linear(300, 200, bias=False),
    )  # fmt: skip
    with gf.no_grad():
        net[7].running_mean.fill_(5.0)
    made, _ = CURE["init"].apply(net, gf.optim.SGD(net.parameters(), lr=1.0))
    he = {0: math.sqrt(2 / 300), 5: math.sqrt(2 / 100)}  # of the inputs; on one side flat, or on none
    xavier = {3: math.sqrt(2 / 500), 8: math.sqrt(2 / 500)}  # of inputs and outputs; flat on both sides, or nothing follows
    for i, std in (he | xavier).items():
        assert float(made[i].weight.detach().std()) == pytest.approx(std, rel=0.06)
        assert getattr(made[i], "bias", None) is None or not made[i].bias.any()
    assert made[7].running_mean.tolist() == [0] * 4 and net[7].running_mean.tolist() == [5] * 4


def kinds(model: Any) -> list[str]:
    return [type(m).__name__ for m in model]


def test_activations_are_exchanged_where_they_are_flat() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.ReLU(), nn.LeakyReLU(), nn.Sequential(nn.Tanh(), nn.GELU()))
    made = CURE["relu"].apply(net, gf.optim.SGD(net.parameters(), lr=1.0))[0]
    assert kinds(made)[:4] == ["Linear", "ReLU", "ReLU", "LeakyReLU"] and kinds(made[4]) == ["ReLU", "GELU"]
    made = CURE["leaky"].apply(net, gf.optim.SGD(net.parameters(), lr=1.0))[0]
    assert kinds(made)[:4] == ["Linear", "Sigmoid", "LeakyReLU", "LeakyReLU"] and kinds(made[4]) == ["Tanh", "LeakyReLU"]
    assert np.array_equal(made[0].weight.detach().to_numpy(), net[0].weight.detach().to_numpy())


def test_normalisations_come_before_activations_alone() -> None:
    net = nn.Sequential(
        nn.Conv2d(1, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(12, 5), nn.Linear(5, 4), nn.Tanh(), nn.Dropout(), nn.Linear(4, 2)
    ).double()  # fmt: skip
    made = CURE["norm"].apply(net, gf.optim.SGD(net.parameters(), lr=1.0))[0]
    assert kinds(made) == [
        "Conv2d",
        "BatchNorm2d",
        "ReLU",
        "Flatten",
        "Linear",
        "Linear",
        "BatchNorm1d",
        "Tanh",
        "Dropout",
        "Linear",
    ]
    assert (made[1].num_features, made[6].num_features) == (3, 4) and made[1].weight.dtype == made[
        6
    ].running_mean.dtype == gf.float64
    assert made(gf.ones(2, 1, 3, 3, dtype=gf.float64)).shape == (2, 2)


def test_residual_connections_go_round_layers_that_keep_the_width() -> None:
    net = nn.Sequential(
        nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 4), nn.Linear(4, 4), nn.Tanh(),
        nn.Linear(4, 4),
    )  # fmt: skip
    made = CURE["residual"].apply(net, gf.optim.SGD(net.parameters(), lr=1.0))[0]
    assert kinds(made) == ["Linear", "ReLU", "Residual", "Linear", "Residual", "Linear"]
    inside = [[type(m).__name__ for m in made[i].modules()][2:] for i in (2, 4)]
    assert inside == [["Linear", "BatchNorm1d", "ReLU"], ["Linear", "Tanh"]]
    x = gf.randn(5, 4)
    held = net[7](net[6](x)) + x
    assert np.allclose(made[4](x).detach().to_numpy(), held.detach().to_numpy())


@pytest.mark.parametrize(
    ("key", "said"),
    [("init", "no Linear layer"), ("relu", "flat on both sides"), ("leaky", "flat on one side"),
     ("norm", "right before an activation"),
     ("residual", "as many outputs as inputs")],
)  # fmt: skip
def test_cures_that_do_not_apply(key: str, said: str) -> None:
    net = nn.Sequential(nn.BatchNorm1d(3))
    optimizer = gf.optim.SGD(net.parameters(), lr=1.0)
    with pytest.raises(NotApplicable, match=said):
        CURE[key].apply(net, optimizer)
    assert kinds(CURE["all"].apply(net, optimizer)[0]) == ["BatchNorm1d"]


# --- trying them ------------------------------------------------------------------------------------------------------------


def test_which_cures_are_tried() -> None:
    def keys(*verdicts: Verdict) -> list[str]:
        return [c.key for c in _chosen(None, verdicts)]

    rates = ["lr x 0.1", "lr x 10"]
    assert keys(Verdict("dead", "", cures=("leaky", "norm")), Verdict("x", "", cures=("norm", "clip", "other"))) == [
        "leaky", "norm", "clip", *rates,
    ]  # fmt: skip
    assert keys(Verdict("x", "", cures=("lr x 10", "adam"))) == ["lr x 10", "adam", "lr x 0.1"]
    assert keys(Verdict("healthy", "")) == ["init", "relu", "norm", "residual", "adam", *rates]
    own = Cure("own", "mine")
    assert _chosen(["relu", own], ()) == [CURE["relu"], own] and _chosen([], ()) == []


def test_every_training_meets_the_same_random_numbers() -> None:
    net = nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.5), nn.Linear(8, 1))
    batches = [(gf.randn(4, 2), gf.zeros(4, 1)) for _ in range(3)]
    report = diagnose(net.eval(), nn.MSELoss(), batches[0])
    gf.manual_seed(11)
    want = gf.rand(2).tolist()
    gf.manual_seed(11)
    same = Cure("same", "no change", lambda m: m)
    tried = report.try_cures(batches, steps=7, cures=["relu", same])
    assert gf.rand(2).tolist() == want
    assert tried.unchanged.name == "as it is (Adam, lr 0.001)" and len(tried.unchanged.losses) == 7
    first, second = tried.results
    assert (first.key, first.losses) == ("same", tried.unchanged.losses)
    assert (
        (second.key, second.name) == ("relu", "ReLU with He initialisation")
        and second.why_not == "not tried: there is no activation module that is flat on both sides"
        and second.losses == ()
    )
    assert not net.training and len(set(tried.unchanged.losses)) == 7


def test_the_losses_of_a_plain_training() -> None:
    net = Scale()
    report = diagnose(net, half_square, ONE, gf.optim.SGD(net.parameters(), lr=0.1), trial_steps=3)
    tried = report.try_cures(steps=4, cures=["lr x 10"])
    assert tried.unchanged.losses == pytest.approx([0.5 * 0.9 ** (2 * k) for k in range(4)])
    assert tried.results[0].losses == pytest.approx([0.5, 0, 0, 0]) and tried.unchanged.name == "as it is (SGD, lr 0.1)"
    pair = report.try_cures([((ONE[0],), ONE[1])], steps=2, cures=[], loss_fn=lambda z, y: half_square(z, y) + 1)
    assert pair.unchanged.losses == pytest.approx([1.5, 1 + 0.5 * 0.81]) and pair.results == ()
    assert len(report.try_cures(cures=[]).unchanged.losses) == 200
    ends = report.try_cures(cures=[], train=lambda m, o: gf.tensor([2.0, 1.0])).unchanged
    assert ends.losses == (2, 1)
    for nothing in (None, []):
        with pytest.raises(ArgumentError, match="returns the losses"):
            report.try_cures(cures=[], train=lambda m, o, made=nothing: made)
    assert len(report.try_cures(steps=1, cures=[]).unchanged.losses) == 1
    with pytest.raises(ArgumentError, match="whole number"):
        report.try_cures(steps=True)


def test_copies_are_trained_in_training_mode() -> None:
    class Mode(Scale):
        def forward(self, x: Any) -> Any:
            return super().forward(x) + (0.0 if self.training else 10.0)

    net = Mode().eval()
    tried = diagnose(net, half_square, ONE).try_cures(steps=1, cures=[])
    assert tried.unchanged.losses == (0.5,) and not net.training
