"""gradflow.flow from made-up facts: the signs they give, the verdicts on signs, and the words of each verdict."""

from __future__ import annotations

import math
from typing import Any

import pytest
from flow_cases import layer, snapshot, trial, weight

from gradflow.flow import Facts
from gradflow.flow._features import Features, features_of, unreached
from gradflow.flow._verdicts import decide
from gradflow.flow.measurements import Broken, Layer, Snapshot, Trial, Weight
from gradflow.flow.wording import Verdict, judge

# --- from facts to signs ----------------------------------------------------------------------------------------------------


def test_the_features_of_gradients_and_values() -> None:
    layers = [
        layer("in", "other", spread=0.2),
        layer("0", rms=2.0),
        layer("1", "activation", sides=2, saturated=0.2, dead=0.95, rms=1e3),
        layer("2", rms=200.0, spread=0.125),
        layer("3", "activation", sides=2, saturated=0.7, dead=0.0),
        layer("4", rms=20.0),
        layer("5", "activation", sides=1, saturated=0.9, dead=0.25),
        layer("6", "activation", sides=1, saturated=0.9, dead=0.5),
    ]
    weights = [
        weight("0.weight", 1e-4, update=0.05),  # a tenth of its size
        weight("0.bias", 1e9, shape=(4,), update=5.0),
        weight("2.weight", 1e-3, update=0.15),
        weight("4.weight", 1e-1, update=0.2),
        weight("frozen", None, trained=False),
        weight("spare", None),
    ]
    s = features_of(Facts((snapshot(layers, weights),)))
    assert (s.broken, s.broke_later, s.unreached, s.depth) == (False, False, 1, 3)
    assert s.drop == pytest.approx(3)  # 1e-4 to 1e-1
    assert s.slope == pytest.approx(1.5)  # least squares through -4, -3, -1
    assert (s.sink, s.growth, s.logits) == pytest.approx((1, 2, math.log10(20)))  # of layers with weights alone
    assert (s.spread, s.saturated, s.dead) == pytest.approx((0.125, 0.45, 0.5))
    assert s.update == pytest.approx(0.3)  # the median of 0.1, 0.3 and 0.4: the bias is no matrix
    assert (s.later_drop, s.later_growth, s.later_dead) == (s.drop, s.growth, s.dead)
    assert s.own is s.lower is s.higher is s.first is s.last is None


def test_signs_at_the_ends_of_the_scale() -> None:
    one = features_of(Facts((snapshot([], [weight("0.weight")]),)))
    assert (one.depth, one.drop, one.spread, one.saturated, one.update) == (1, 0, 1, 0, None)
    none = [weight("0.weight", 0.0), weight("2.weight", 1e-3), weight("4.weight", math.inf)]
    assert features_of(Facts((snapshot(None, none),))).drop == 80  # 0 counts as 1e-40, what is not finite as 1e40
    s = features_of(Facts((snapshot([layer("0"), layer("1", rms=math.nan)], [weight("0.weight", update=math.nan)]),)))
    assert (s.growth, s.logits, s.spread, s.update) == (0, 0, 1, None)
    four = [weight(str(i), update=0.5 * v) for i, v in enumerate((4, 1, 3, 2))]
    assert features_of(Facts((snapshot(None, four),))).update == 3  # the upper one of the two in the middle


def test_the_features_of_the_trial_steps() -> None:
    after = snapshot([layer("0", rms=1.0), layer("2", rms=1e3)], [weight("0.weight", 1e-5), weight("2.weight", 1.0)])
    s = features_of(
        Facts((snapshot(),), trial(start=4.0, constant=2.0, after=after, own=1.0, x001=1.9, x01=1.5, x10=0.5, x100=9.0))
    )
    assert (s.own, s.lower, s.lower_at, s.higher, s.higher_at) == (0.5, 0.25, 0.1, 0.75, 10.0)
    assert (s.drop, s.growth) == (0, 0) and (s.later_drop, s.later_growth, s.later_logits) == pytest.approx((5, 3, 3))
    end = s.at_the_end()
    assert (end.drop, end.growth, end.own, end.later_drop) == (s.later_drop, s.later_growth, 0.5, s.later_drop)
    # Without a constant answer, or one of loss 0, the loss at the start is what counts; a skill is -9 at the least.
    for constant in (None, 0.0):
        s = features_of(
            Facts((snapshot(),), trial(start=-4.0, constant=constant, own=1.0, x10=math.nan, x100=1e9, x01=-3, x001=2))
        )
        assert (s.own, s.lower, s.lower_at, s.higher) == (0.75, 1.75, 0.1, -9)
    assert features_of(Facts((snapshot(),), trial(start=0.0, constant=None, own=1.0))).own == -9


def test_a_trial_ends_at_the_largest_of_its_last_three_losses() -> None:
    t = Trial(
        "SGD", 0.1, 5.0, None, {1.0: (9.0, 1.0, 3.0, 2.0), 10.0: (1.0, math.nan, 2.0, 3.0), 100.0: (math.nan, 1.0, 4.0, 2.0)}
    )
    assert t.end() == 3 and math.isnan(t.end(10.0)) and t.end(100.0) == 4


def test_the_features_of_the_losses_of_a_training() -> None:
    """The mean of the first and of the last twentieth of the steps: two of 40, one of 19."""
    course = tuple((i, float(v)) for i, v in enumerate([10, 6, *[5] * 36, 3, 2]))
    s = features_of(Facts((snapshot(), snapshot(step=30)), losses=course))
    assert (s.first, s.last) == (8, 2.5) and not s.broken
    short = features_of(Facts((snapshot(),), losses=course[:19]))
    assert (short.first, short.last) == (10, 5)
    assert features_of(Facts((snapshot(),), losses=course[:1])).first is None


def test_where_something_became_infinite() -> None:
    good, bad = snapshot(), snapshot([layer("0", rms=math.inf)], [weight("0.weight", math.nan), weight("x", None)], step=5)
    broken = Broken("Linear", "0", "forward")

    def told(*snapshots: Snapshot, **more: Any) -> tuple[bool, bool]:
        s = features_of(Facts(snapshots, **more))
        return s.broken, s.broke_later

    lost, kept = ((0, 1.0), (1, math.nan)), ((0, 1.0), (1, 1.0))
    assert told(good, bad, broken=broken) == (True, True)
    assert told(good, bad, losses=kept) == (False, False)
    assert told(bad, broken=broken) == (True, False)  # from the start on
    assert told(bad, good, broken=broken) == (True, False)
    assert told(good, losses=lost) == (True, True)
    assert told(good, losses=((0, math.nan), (1, 1.0))) == told(good, losses=((0, math.nan),)) == (True, False)
    assert told(good, broken=broken) == (True, False)  # diagnose: one snapshot, no losses
    assert told(good, trial=trial(), losses=lost) == (False, False)
    # The end, and which parameters the loss reaches, are read off the last snapshot that is finite throughout.
    small = snapshot(None, [weight("0.weight", 1e-3), weight("2.weight", 1.0)])
    s = features_of(Facts((good, small, bad), broken=broken))
    assert (s.drop, s.unreached) == (0, 0) and s.later_drop == pytest.approx(3)
    assert features_of(Facts((bad,), broken=broken)).unreached == 1
    lost_gradient = snapshot(None, [weight("0.weight", math.inf), weight("2.weight", 1.0)])
    assert features_of(Facts((small, lost_gradient), broken=broken)).later_drop == pytest.approx(3)


def test_zeros_say_nothing_of_the_wiring_where_gradients_cannot_come_through() -> None:
    weights = [weight("none", None), weight("zero", 0.0), weight("frozen", None, trained=False), weight("good")]

    def names(*layers: Layer) -> list[str]:
        return [w.name for w in unreached(snapshot(layers, weights))]

    assert names(layer("0")) == ["none", "zero"]
    assert names(layer("0", dead=0.9, saturated=0.99, rms=1e4, gradient=1e-15)) == ["none", "zero"]
    for beyond in ({"dead": 0.91}, {"saturated": 0.995}, {"rms": 1.1e4}, {"gradient": 9e-16}):
        assert names(layer("0"), layer("1", **beyond)) == ["none"]
    assert names(layer("0", gradient=None), layer("1", gradient=0.0)) == ["none", "zero"]


# --- from signs to verdicts -------------------------------------------------------------------------------------------------

HIGH, LOW = "learning rate too high", "learning rate too low"


@pytest.mark.parametrize(
    ("signs", "verdicts"),
    [
        # A NaN: at the start it is made by an operation, later by values or steps that had become too large.
        ({"broken": True, "growth": 9, "update": 9, "unreached": 2}, ["non-finite"]),
        ({"broken": True, "broke_later": True}, ["non-finite"]),
        ({"broken": True, "broke_later": True, "growth": 2, "update": 9}, ["exploding", "non-finite"]),
        ({"broken": True, "broke_later": True, "update": 0.11}, [HIGH, "non-finite"]),
        ({"broken": True, "broke_later": True, "update": 0.1}, ["non-finite"]),
        # Without a trial or losses.
        ({"unreached": 1}, ["disconnected"]),
        ({"unreached": 1, "dead": 0.9}, ["disconnected", "dead"]),
        ({"dead": 1, "growth": 3, "saturated": 0.9, "drop": -3, "spread": 0}, ["dead", "exploding", "saturated", "vanishing"]),
        ({"saturated": 0.9, "drop": -2}, ["saturated", "exploding"]),  # gradients grow through what is saturated
        # Trial steps that learn well leave nothing to say, unless they ruin the model.
        ({"own": 0.25, "higher": 1.0, "growth": 2.5, "later_dead": 1.0}, ["healthy"]),
        ({"own": 0.25, "later_dead": 0.9, "update": 0.11}, [HIGH]),
        ({"own": 0.25, "later_dead": 0.9, "update": 0.1}, ["healthy"]),
        ({"own": 0.25, "later_dead": 0.89, "update": 0.11}, ["healthy"]),
        ({"own": 0.25, "later_dead": 0.9, "dead": 0.9, "update": 0.11}, ["healthy"]),
        ({"own": 0.25, "later_saturated": 0.69, "update": 0.11}, ["healthy"]),
        # They learn a little: what is plainly wrong, or a rate that learns much more, or what was wrong at the end.
        ({"own": 0.24, "growth": 2, "higher": 0.9}, ["exploding"]),
        ({"own": 0.24, "saturated": 0.69, "higher": 0.73}, ["healthy"]),
        ({"own": 0.24, "saturated": 0.69, "higher": 0.74}, [LOW]),
        ({"own": 0.24, "lower": 0.74, "higher": 0.73}, [HIGH]),
        ({"own": 0.07, "higher": 0.56, "later_dead": 0.9}, ["dead"]),
        # They learn nothing, another rate does.
        ({"own": 0.06, "higher": 0.09}, [LOW]),
        ({"own": 0.06, "lower": 0.09}, [HIGH]),
        ({"own": 0.06, "lower": 0.09, "growth": 2}, ["exploding", HIGH]),
        ({"own": 0.06, "lower": 0.09, "saturated": 0.69}, [HIGH]),
        # None does: the flow, from weaker signs on, or steps too short even to find the constant answer.
        ({"own": 0.06, "lower": 0.08, "saturated": 0.4}, ["saturated"]),
        ({"own": -0.01, "higher": 0.04}, [LOW]),
        ({"own": -0.01, "higher": 0.03}, ["healthy"]),
        ({"own": 0.0, "higher": 0.06}, ["healthy"]),
        ({"own": -0.01, "lower": 0.04}, ["healthy"]),
        ({"own": -0.01, "lower": 0.04, "later_saturated": 0.4}, [HIGH]),
        ({"own": -0.01, "lower": 0.03, "later_saturated": 0.4}, ["saturated"]),
        ({"own": 0.01, "higher": 0.07, "later_saturated": 0.4}, ["saturated"]),
        ({"own": 0.06, "depth": 23}, ["healthy"]),
        ({"own": 0.06, "depth": 24}, ["vanishing"]),
        ({"own": 0.06, "depth": 24, "unreached": 1}, ["disconnected", "vanishing"]),
        # The losses of a training: where they fall, more is asked of the signs.
        ({"first": 4.0, "last": 3.0}, ["healthy"]),
        ({"first": 4.0, "last": 3.1}, [LOW]),
        ({"first": 4.0, "last": 3.1, "update": 0.11}, [HIGH]),
        ({"first": 4.0, "last": 3.1, "update": 0.1}, [LOW]),
        ({"first": 4.0, "last": 3.1, "update": 0.11, "saturated": 0.4}, ["saturated"]),
        ({"first": 4.0, "last": 3.1, "later_saturated": 0.4}, ["saturated"]),
        ({"first": 4.0, "last": 3.0, "later_saturated": 0.76, "later_spread": 2e-3, "later_drop": 8.9}, ["healthy"]),
        ({"first": 4.0, "last": 3.0, "later_growth": 3.9, "later_logits": 2.9, "later_sink": -8.9}, ["healthy"]),
        ({"first": 4.0, "last": 3.0, "later_drop": -8.9, "dead": 1.0}, ["healthy"]),
        ({"first": 4.0, "last": 3.0, "later_saturated": 0.77}, ["saturated"]),
        ({"first": 4.0, "last": 3.0, "later_spread": 1e-3}, ["vanishing"]),
        ({"first": 4.0, "last": 3.0, "later_growth": 4}, ["exploding"]),
        ({"first": 4.0, "last": 3.0, "later_logits": 3}, ["exploding"]),
        ({"first": 4.0, "last": 3.0, "later_drop": 9}, ["vanishing"]),
        ({"first": 4.0, "last": 3.0, "later_drop": -9}, ["exploding"]),
        ({"first": 4.0, "last": 3.0, "later_sink": -9}, ["vanishing"]),
        ({"first": 4.0, "last": 3.0, "later_dead": 0.9, "update": 0.11}, [HIGH]),
        ({"first": 4.0, "last": 3.0, "later_dead": 0.9, "update": 0.1}, ["dead"]),
        ({"first": 4.0, "last": 3.0, "later_dead": 0.9, "update": 0.11, "saturated": 0.4}, ["dead"]),
    ],
)
def test_which_signs_are_which_verdicts(signs: dict[str, Any], verdicts: list[str]) -> None:
    assert decide(Features(**signs)) == verdicts


# --- the words --------------------------------------------------------------------------------------------------------------


def said(facts: Facts) -> Verdict:
    return judge(facts)[0]


def test_the_words_of_healthy() -> None:
    bare = said(Facts((snapshot(),)))
    assert bare.title == "healthy: values and gradients flow through all layers"
    assert bare.evidence == ("RMS of the gradient 1 in 0.weight, 1 in 2.weight",) and bare.cures == bare.layers == ()
    assert str(bare).splitlines() == [
        "HEALTHY: values and gradients flow through all layers",
        "  evidence  RMS of the gradient 1 in 0.weight, 1 in 2.weight",
    ]
    slanted = snapshot(None, [weight("0.weight", 0.5), weight("2.weight", 1.0), weight("4.weight", 0.5 * 10**0.25)])
    learns = said(Facts((slanted,), trial(own=0.5)))
    assert learns.title == "healthy: values and gradients flow through all layers, and the loss falls"
    assert learns.evidence == (
        "4 trial steps of SGD bring the loss from 2 to 0.5; ignoring the input would give 1",
        "RMS of the gradient 0.5 in 0.weight, 0.889 in 4.weight: a factor 1.33 from one layer of weights to the next",
    )
    # The lengths of a trial's curve and of the losses noted are told too.
    assert said(Facts((snapshot(),), trial(constant=None, own=0.5))).evidence[0].endswith("bring the loss from 2 to 0.5")
    noted = said(Facts((snapshot(None, [weight("0.weight")]),), losses=tuple((i, 2.0 - i) for i in range(2))))
    assert noted.title.endswith("and the loss falls")
    assert noted.evidence == ("the loss went from 2 to 1 in 2 noted steps",)


def deep(gradients: Any, rms: float = 0.5, sides: int = 2, **more: Any) -> Snapshot:
    """Layers of weights with an activation after each, as a Sequential names them."""
    layers, weights = [], []
    for i, g in enumerate(gradients):
        layers += [layer(f"{2 * i}", spread=0.5 / (i + 1)), layer(f"{2 * i + 1}", "activation", sides=sides, spread=0.5, **more)]
        weights.append(weight(f"{2 * i}.weight", g, rms))
    return snapshot(layers, weights)


def test_the_words_of_vanishing() -> None:
    v = said(Facts((deep([1e-4, 9e-3, 0.01, 1.0], kind="Sigmoid", steepest=0.25),)))
    assert (v.name, v.layers) == ("vanishing", ("0", "2"))  # under a hundredth of the largest
    assert v.title == "vanishing: the gradient shrinks 1e+04 times on its way back through 4 layers of weights"
    assert v.evidence[1:] == ("outputs differ between examples by 0.5 of their RMS in 0, by 0.125 in 6",)
    assert v.evidence[0].startswith("RMS of the gradient 0.0001 in 0.weight, 1 in 6.weight: a factor 16 from one")
    assert v.cause == "saturating activation: the slope of Sigmoid is nowhere above 0.25, and slopes multiply over layers"
    assert v.cures == ("norm", "relu", "residual", "all")
    assert v.advice[:2] == ("batch normalisation", "ReLU with He initialisation")
    for steepest, cause in ((0.5, "saturating"), (0.51, "depth without"), (0.0, "depth without")):
        other = said(Facts((deep([1e-4, 1.0], steepest=steepest),)))
        assert other.cause.startswith(cause)
    assert other.cures == ("residual", "norm", "init", "all")
    assert other.cause.endswith("what 2 layers do to values and gradients multiplies")
    small = said(Facts((deep([1e-4, 1.0], rms=0.24, steepest=0.25), deep([1e-4, 1.0]))))  # the weights at the start
    assert small.cause.startswith("initial scale too small: the weights are 0.48 times as large as Xavier's")
    assert small.cures == ("norm", "init", "residual", "all")


def test_the_other_titles_of_vanishing() -> None:
    sunk = [layer("0"), layer("2", rms=1e-2, spread=0.2), layer("4", "activation", spread=0.5)]
    v = said(Facts((snapshot(sunk, [weight("0.weight"), weight("2.weight", 0.5)]),)))
    assert v.title == "vanishing: the values shrink 100 times on their way through 2 layers of weights" and v.layers == ()
    # A gradient that shrinks ten times is what the title tells first.
    v = said(Facts((snapshot(sunk, [weight("0.weight", 0.1), weight("2.weight", 1.0)]),)))
    assert v.title == "vanishing: the gradient shrinks 10 times on its way back through 2 layers of weights"
    lost = [layer("0"), layer("2", rms=0.11, spread=0.005)]
    v = said(Facts((snapshot(lost, [weight("0.weight"), weight("2.weight")]),)))
    assert v.title == "vanishing: after 2 layers of weights hardly anything of the input is left that could be learnt from"
    assert v.evidence[1] == "outputs differ between examples by 0.5 of their RMS in 0, by 0.005 in 2"
    alone = [layer("in", "other"), layer("0", spread=0.005)]
    v = said(Facts((snapshot(alone, [weight("0.weight")]),)))
    assert v.evidence == ()  # one layer: nothing to compare it with
    first = [layer("0", spread=0.005), layer("2", spread=0.2)]
    assert said(Facts((snapshot(first),))).evidence[1] == "outputs differ between examples by 0.005 of their RMS in 0"


def test_the_gain_of_weights_is_told_by_their_initialisation() -> None:
    """He's RMS for 4 inputs is sqrt(2 / 4), Xavier's sqrt(1 / 4): which is taken is told by most of the activations."""

    def gain(rms: float, sides: list[int], *weights: Weight) -> str:
        layers = [layer("0", spread=0.001), *(layer(f"a{i}", "activation", sides=n) for i, n in enumerate(sides))]
        return said(Facts((snapshot(layers, [weight("0.weight", rms=rms), *weights]),))).cause

    assert "are 0.4 times" in gain(0.2, [2, 2, 1]) and "are 0.4 times" in gain(0.2, [2])
    assert "are 0.283 times" in gain(0.2, [2, 1]) and "are 0.283 times" in gain(0.2, [1]) and "are 0.283 times" in gain(0.2, [])
    assert gain(0.25, [2]).startswith("depth") and gain(0.36, [1]).startswith("depth")  # half as large is not too small
    # The median over matrices; a convolution's inputs are its channels times the elements of its kernel.
    kernel = weight("2.weight", rms=0.1, shape=(7, 2, 3, 3))  # 0.1 * sqrt(18) = 0.424
    assert "are 0.424 times" in gain(0.2, [2], kernel)
    assert "are 0.424 times" in gain(0.2, [2], kernel, weight("4.weight"), weight("b", shape=(9,)), weight("z", rms=0.0))


def test_the_words_of_exploding() -> None:
    layers = [layer("0", rms=2.0), layer("1", "activation", rms=0.0), layer("2", rms=200.0), layer("3", rms=600.0)]
    v = said(Facts((snapshot(layers, [weight("0.weight", rms=0.75), weight("2.weight", rms=0.75)]),)))
    assert (v.name, v.title, v.layers) == ("exploding", "exploding: the values grow to an RMS of 600", ("3",))
    assert v.evidence[0] == "RMS of the outputs 2 in 0, 600 in 3" and v.evidence[1].startswith(
        "RMS of the gradient 1 in 0.weight"
    )
    assert v.cause.startswith("what each layer adds") and v.cures == ("norm", "clip", "residual", "all", "lr x 0.1")
    grown = deep([1.0, 0.2, 0.1, 0.01], rms=0.8, sides=2)
    v = said(Facts((grown, grown)))
    assert v.title == "exploding: the gradient grows 100 times on its way back through 4 layers of weights"
    assert v.layers == ("0", "2")  # more than ten times the smallest
    assert v.cause.startswith("initial scale too large: the weights are 1.6 times as large")
    assert v.cures == ("init", "norm", "all", "clip")


def test_the_words_of_saturated() -> None:
    layers = [
        layer("0", rms=30.0), layer("1", "activation", sides=2, saturated=0.8), layer("2", rms=3.0),
        layer("3", "activation", sides=2, saturated=0.9, kind="Sigmoid"), layer("5", "activation", sides=1, saturated=0.99),
        layer("6", "activation", sides=2, saturated=0.5),
    ]  # fmt: skip
    weights = [weight("0.weight", rms=0.75), weight("2.weight", rms=0.75)]
    v = said(Facts((snapshot(layers, weights),)))
    assert v.name == "saturated" and v.layers == ("1", "3")
    assert v.title == "saturated: 73% of the slopes of Sigmoid are under 5 % of its largest"
    assert v.evidence[:2] == ("in 3 90% of the slopes are flat", "values of RMS 30 come out of the first layer of weights")
    assert v.cause == "its inputs are too large: where an activation is flat no gradient comes through"
    assert v.cures == ("relu", "norm", "all", "lr x 0.1") and v.advice[4:] == ("scale the inputs to a standard deviation of 1",)
    v = said(Facts((snapshot(layers, [weight("0.weight", rms=2.0)]),)))
    assert v.cures == ("init", "relu", "norm", "all") and v.advice[-1] == "scale the inputs to a standard deviation of 1"
    assert v.cause.endswith("the weights are 4 times as large as Xavier's or He's initialisation makes them")


def test_the_words_of_dead() -> None:
    layers = [
        layer("0", mean=-3.0, std=0.5), layer("1", "activation", kind="ReLU", sides=1, dead=0.95), layer("2"),
        layer("3", "activation", kind="ReLU", sides=1, dead=0.6), layer("4", "activation", sides=1, dead=0.5),
    ]  # fmt: skip
    v = said(Facts((snapshot(layers),)))
    assert v.title == "dead: 95% of the units in 1 (ReLU) are flat for every example" and v.layers == ("1", "3")
    assert v.evidence == ("their input has mean -3, deviation 0.5",) and v.cures == ("init", "norm", "leaky", "lr x 0.1")
    assert v.cause == "biases or weights have pushed the inputs to the flat side, where no gradient brings them back"
    later = said(Facts((snapshot(layers), snapshot(layers))))
    assert later.cause.endswith("brings them back; a step that was too large does that")
    first = said(Facts((snapshot([layer("a", "activation", sides=1, dead=1.0, mean=7.0), layer("b")]),)))
    assert first.evidence[0].startswith("their input has mean 7")  # nothing is before it


def test_the_words_on_learning_rates() -> None:
    start = snapshot(None, [weight("0.weight", update=0.1)])
    t = trial(own=3.0, x01=0.5, x001=0.9)
    v = said(Facts((start,), t, optimizer="SGD", lr=0.1))
    assert (v.name, v.title) == (HIGH, "learning rate too high: 0.1 (SGD)")
    assert v.evidence == (
        "4 trial steps of SGD bring the loss from 2 to 3; ignoring the input would give 1",
        "at 0.01 they bring it to 0.5",
        "a step changes the weights by 0.2 of their size (1e-3 is usual)",
    )
    assert v.cause.startswith("each step goes beyond") and v.cures == ("lr x 0.1", "lr x 0.01", "clip", "norm")
    plain = Trial("SGD", 0.1, 2.0, 1.0, t.curves, sharpness=40.0, plain=True)
    curved = said(Facts((snapshot(),), plain))
    assert curved.title == HIGH
    assert curved.evidence[2:] == ("the largest curvature is 40: gradient descent is stable below 2/40 = 0.05",)
    for sharpness, is_plain in ((40.0, False), (math.inf, True), (0.0, True), (None, True)):
        other = said(Facts((snapshot(),), Trial("SGD", 0.1, 2.0, 1.0, t.curves, sharpness, plain=is_plain)))
        assert len(other.evidence) == 2
    v = said(Facts((snapshot(),), trial(own=3.0, x01=0.9, x001=0.5)))
    assert v.cures[:2] == ("lr x 0.01", "lr x 0.1") and v.evidence[1] == "at 0.001 they bring it to 0.5"
    v = said(Facts((snapshot(),), trial(own=1.5, x10=0.5), optimizer="SGD", lr=1e-4))
    assert (v.title, v.cures) == ("learning rate too low: 0.0001 (SGD)", ("lr x 10", "lr x 100", "adam"))
    assert v.evidence[1] == "at 1 they bring it to 0.5" and v.cause.startswith("the gradient points the right way")
    v = said(Facts((snapshot(),), trial(own=1.5, x100=0.5)))
    assert v.cures == ("lr x 100", "lr x 10", "adam")
    # Of a training other rates are not known; an update that is not finite is not told.
    flat = ((0, 4.0), (1, 4.0))
    v = said(Facts((start,), losses=flat))
    assert v.cures[:2] == ("lr x 0.1", "lr x 0.01") and v.evidence[0] == "the loss went from 4 to 4 in 2 noted steps"
    v = said(Facts((snapshot(),), losses=flat))
    assert (v.name, v.cures, len(v.evidence)) == (LOW, ("lr x 10", "lr x 100", "adam"), 1)


def test_the_words_of_disconnected() -> None:
    def told(*weights: Weight, uncalled: tuple[str, ...] = ()) -> Verdict:
        return said(Facts((snapshot(None, [*weights, weight("head.weight")]),), uncalled=uncalled))

    none = [weight(f"a.{i}", None) for i in range(2)]
    v = told(*none, uncalled=("a", "other"))
    assert v.title == "disconnected: the loss does not reach 2 of 3 parameters" and v.layers == ("a.0", "a.1")
    assert v.evidence == ("no gradient (None): a.0, a.1", "never called: a")
    assert (v.cause, v.advice) == ("forward does not use these modules", ("call them in forward, or remove them",))
    mixed = told(*none, weight("b.weight", 0.0), uncalled=("a",))
    assert mixed.evidence == ("no gradient (None): a.0, a.1", "a gradient of zeros alone: b.weight", "never called: a")
    assert mixed.cause.startswith("their outputs are not used") and mixed.advice[0] == "use what they make"
    # One module is not called, another is called and gets nothing all the same.
    both = told(*none, weight("b.weight", None), uncalled=("a",))
    assert both.cause.startswith("their outputs are not used")
    zero = told(weight("b.weight", 0.0), uncalled=("b",))
    assert zero.evidence == ("a gradient of zeros alone: b.weight", "never called: b")
    assert zero.cause.startswith("they are multiplied by 0") and len(zero.advice) == 2 and zero.cures == ()
    nine = told(*[weight(f"a.{i}", None) for i in range(9)])
    assert nine.evidence == ("no gradient (None): a.0, a.1, a.2, a.3, a.4, a.5, ..., a.8 (9)",)
    eight = told(*[weight(f"a.{i}", None) for i in range(8)])
    assert eight.evidence == ("no gradient (None): a.0, a.1, a.2, a.3, a.4, a.5, a.6, a.7",)


@pytest.mark.parametrize(
    ("broken", "title", "layers", "cause", "cures"),
    [
        (Broken("", "", "batch"), "the batch itself has NaN or infinite numbers", (), "the data", ()),
        (Broken("", "0.weight", "parameter"), "the parameter 0.weight is not finite", ("0.weight",), "an earlier step",
         ("init", "clip", "lr x 0.1")),
        (Broken("", "", "unknown"), "the loss or a gradient is NaN or infinite", (),
         "the numbers grow", ("init", "norm", "lr x 0.1")),
        (Broken("log", "head", "forward"), "the first NaN or infinity is made by log in head", ("head",), "the logarithm", ()),
        (Broken("sqrt", "", "backward"), "the first NaN or infinity is made by derivative of sqrt", (),
         "the slope of the square", ()),
        (Broken("div", "", "loss"), "the first NaN or infinity is made by div in the loss", (), "a division by 0", ()),
        (Broken("matmul", "head", "forward"), "the first NaN or infinity is made by matmul in head", ("head",),
         "numbers grow beyond",
         ("init", "norm", "clip", "lr x 0.1")),
        (Broken("matmul", "", "loss"), "the first NaN or infinity is made by matmul in the loss", (), "numbers grow beyond",
         ("init", "norm", "clip", "lr x 0.1")),
    ],
)  # fmt: skip
def test_the_words_of_non_finite(broken: Broken, title: str, layers: Any, cause: str, cures: Any) -> None:
    v = said(Facts((snapshot(),), broken=broken))
    assert (v.name, v.title, v.layers, v.cures) == ("non-finite", f"non-finite: {title}", layers, cures)
    assert v.cause.startswith(cause) and v.advice and v.evidence == ()


def test_what_was_said_of_a_nan_is_evidence() -> None:
    for operation in ("", "log", "matmul"):
        assert said(Facts((snapshot(),), broken=Broken(operation, "0", "forward", "so it was"))).evidence == ("so it was",)


def test_a_loss_that_became_nan_between_two_measured_steps() -> None:
    found = judge(Facts((snapshot(),), losses=((0, 1.0), (1, math.inf), (2, math.nan))))
    assert [v.name for v in found] == ["non-finite"] and found[0].evidence == ("the loss noted in step 1 is inf",)
    assert found[0].title == "non-finite: the loss or a gradient is NaN or infinite"


def test_a_verdict_as_text() -> None:
    words = " ".join(["word"] * 30)
    v = Verdict("dead", "dead: " + words, ("a", "b"), (words, "short"), "why", ("one", "two"))
    lines = str(v).splitlines()
    assert lines[0].startswith("DEAD: word word") and max(map(len, lines)) <= 110 and lines[1] == "word " * 8 + "word"
    assert lines[2] == "  layers    a, b"
    assert lines[3].startswith("  evidence  word") and lines[4].startswith(" " * 12 + "word") and lines[5] == " " * 12 + "short"
    assert lines[6:] == ["  cause     why", "  cures     1. one; 2. two"]
    assert v.to_dict()["layers"] == ["a", "b"] and v.to_dict()["cause"] == "why"
