"""From features to verdicts: every threshold, where it comes from, and the order in which they are looked at."""

from __future__ import annotations

from typing import NamedTuple

from ._features import Features


class Limits(NamedTuple):
    """The thresholds.

    They were set on one half of the networks in ``ci/flow_nets``, between those that train well and those that do not; the
    comments give what was found there.  ``ci/flow_nets.json`` has every network's numbers, label and verdict.
    """

    learns: float = 0.07  # skill of the trial steps, under which nothing is learnt: failing 0.058 and less, slow 0.088 and more
    learns_well: float = 0.25  # over which nothing is wrong: well 0.288 and more, saturated 0.223 and less
    other_rate: float = 0.09  # skill at another learning rate: at 1/100 of a good rate from 0.155 on, flow at fault up to 0.051
    dead: float = 0.9  # share of a layer
    saturated: float = 0.4  # mean share of flat slopes
    logits: float = 1.5  # log10 of the last layer's RMS
    growth: float = 2.0  # log10 from the first to the largest RMS
    explodes: float = -1.5  # log10 of last by first gradient
    drop: float = 2.0  # log10 of last by first gradient
    sink: float = -1.8  # log10 of last by first RMS
    spread: float = 0.01  # least part of a layer's RMS that differs between examples
    # Where nobody knows if it learns, or where the loss falls, more is asked of the features.
    sure_saturated: float = 0.7  # well at the start up to 0.61, failing from 0.76 on
    falls: float = 0.75  # the last loss of a training by the first
    falls_saturated: float = 0.77  # well at the end up to 0.72, failing from 0.80 on
    falls_spread: float = 1e-3
    falls_growth: float = 4.0
    falls_logits: float = 3.0
    too_large: float = 0.1  # update by size in the first step
    much: float = 0.5  # by how much more skill another learning rate has to give where this one learns a little
    some: float = 0.05  # and where it learns nothing, but nothing is wrong with the flow
    not_even_constant: float = -0.01  # skill of steps too short even to find the best constant answer
    deep: float = 24  # so many layers of weights that do not learn at all need no other sign


LIMITS = Limits()


def decide(s: Features, limits: Limits = LIMITS) -> list[str]:
    """The names of the verdicts on what the features show, the worst first."""
    if s.broken:
        return _broken(s, limits)
    made = ["disconnected"] if s.unreached else []
    if s.own is not None:
        made += _tried(s, limits)
    elif s.first is not None and s.last is not None:
        made += _trained(s, limits)
    else:
        made += _flow(s, limits._replace(saturated=limits.sure_saturated))
    return made or ["healthy"]


def _broken(s: Features, limits: Limits) -> list[str]:
    """A NaN at the start is made by an operation; one that comes in training is where values or steps had grown too large."""
    if not s.broke_later:
        return ["non-finite"]
    if "exploding" in _flow(s, limits):
        return ["exploding", "non-finite"]
    if (s.update or 0.0) > limits.too_large:
        return ["learning rate too high", "non-finite"]
    return ["non-finite"]


def _tried(s: Features, limits: Limits) -> list[str]:
    """With trial steps: what learns is healthy; otherwise another learning rate does it, or the flow is to blame."""
    assert s.own is not None
    lower, higher = (-9.0 if v is None else v for v in (s.lower, s.higher))
    rate = ["learning rate too high" if lower > higher else "learning rate too low"]
    sure, end = limits._replace(saturated=limits.sure_saturated), s.at_the_end()
    if s.own >= limits.learns_well:
        # One batch can be learnt by heart with steps that ruin the model for all others.
        ruined = (s.update or 0.0) > limits.too_large and not _flow(s, sure) and _flow(end, sure)
        return ["learning rate too high"] if ruined else []
    gain = max(lower, higher) - s.own
    if s.own >= limits.learns:
        return _flow(s, sure) or (rate if gain >= limits.much else _flow(end, sure))
    if max(lower, higher) >= limits.other_rate:
        return _flow(s, sure) + rate
    found = _flow(s, limits)
    if found:
        return found
    if higher > lower and gain >= limits.some and s.own <= limits.not_even_constant:
        return rate
    found = _flow(end, limits)
    if found and lower > higher and gain >= limits.some:
        return rate
    return found or (["vanishing"] if s.depth >= limits.deep else [])


def _trained(s: Features, limits: Limits) -> list[str]:
    """With the losses of a training: where they fall, only what is plain; else what was wrong at the start, or came later."""
    assert s.first is not None and s.last is not None
    end = s.at_the_end()
    if s.last <= limits.falls * s.first:
        strict = {"saturated": limits.falls_saturated, "spread": limits.falls_spread, "drop": 9.0, "sink": -9.0, "explodes": -9.0}
        strict |= {"growth": limits.falls_growth, "logits": limits.falls_logits}
        found = _flow(end, limits._replace(**strict))
        too_large = found and (s.update or 0.0) > limits.too_large and not _flow(s, limits)
        return ["learning rate too high"] if too_large else found
    found = _flow(s, limits)
    if found:
        return found
    if (s.update or 0.0) > limits.too_large:
        return ["learning rate too high"]
    return _flow(end, limits) or ["learning rate too low"]


def _flow(s: Features, limits: Limits) -> list[str]:
    """What is wrong with values and gradients, whatever the learning rate."""
    dead, saturated = s.dead >= limits.dead, s.saturated >= limits.saturated
    values = s.growth >= limits.growth
    grows = values or s.logits >= limits.logits or s.drop <= limits.explodes
    shrinks = s.drop >= limits.drop or s.sink <= limits.sink or s.spread <= limits.spread
    found = {"dead": dead, "exploding": values, "saturated": saturated, "exploding ": grows, "vanishing": shrinks}
    # Values that explode saturate whatever they meet; gradients that grow through saturated layers have that as their cause.
    return list(dict.fromkeys(name.strip() for name, is_so in found.items() if is_so))
