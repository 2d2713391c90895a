"""The line search of L-BFGS; equations and algorithms are those of Nocedal and Wright, "Numerical optimization" (2006)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from ..typing import Array

DECREASE, CURVATURE = 1e-4, 0.9  # c1 and c2 of the Wolfe conditions, equations 3.7


class SearchPoint(NamedTuple):
    """The loss along the search direction at the step length ``t``: value, slope, and the gradient there."""

    t: float
    loss: float
    slope: float
    grad: Array


def cubic_minimum(a: SearchPoint, b: SearchPoint, low: float, high: float) -> float:
    """Where the cubic through the values and slopes of two points is least, kept in [low, high]; equation 3.59.

    The middle of [low, high] if the cubic is nowhere level but at a maximum, or if a value is not finite.
    """
    if b.t < a.t:
        a, b = b, a
    t = math.nan
    if a.t != b.t:
        d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
        square = d1 * d1 - a.slope * b.slope
        if square >= 0:
            d2 = math.sqrt(square)
            bottom = b.slope - a.slope + 2 * d2
            t = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / bottom) if bottom else math.nan
    return (low + high) / 2 if math.isnan(t) else min(max(t, low), high)


class LineSearch:
    """Looks for a step length with ``loss <= loss0 + c1 t slope0`` and ``|slope| <= c2 |slope0|``, the strong Wolfe conditions.

    ``trial`` evaluates a length; after ``most`` more than the first, the lowest point met is taken as it is.  ``largest``
    is the greatest component of the direction; a bracket in which no component moves by ``smallest_change`` is not refined.
    """

    def __init__(
        self, trial: Callable[[float], SearchPoint], start: SearchPoint, largest: float, smallest_change: float, most: int
    ) -> None:
        self.trial, self.start, self.largest, self.smallest_change, self.most = trial, start, largest, smallest_change, most
        self.further = 0  # trials after the first

    def run(self, t: float) -> SearchPoint:
        """From the length ``t`` on, longer ones, until one is good or a bracket holds a good one; algorithm 3.5."""
        last, new = self.start, self.trial(t)
        while self.further < self.most:
            if self.rises(new) or (self.further > 1 and new.loss >= last.loss):
                return self.between([last, new])
            if self.levels(new):
                return new
            if new.slope >= 0:
                return self.between([last, new])
            t = cubic_minimum(last, new, new.t + 0.01 * (new.t - last.t), 10 * new.t)
            last, new = new, self.trial(t)
            self.further += 1
        return self.start if self.start.loss <= new.loss else new

    def between(self, ends: list[SearchPoint]) -> SearchPoint:
        """The bracket between two points is narrowed until its lower end is good; algorithm 3.6, "zoom".

        A length outside of the bracket, or for the second time in a row within a tenth of it from an end, is moved inwards
        to that tenth, so that the bracket keeps shrinking.
        """
        low, near = lower(ends), False
        while self.further < self.most and abs(ends[1].t - ends[0].t) * self.largest >= self.smallest_change:
            left, right = min(ends[0].t, ends[1].t), max(ends[0].t, ends[1].t)
            t, margin = cubic_minimum(ends[0], ends[1], left, right), 0.1 * (right - left)
            if min(right - t, t - left) >= margin:
                near = False
            elif near or not left < t < right:
                t, near = right - margin if abs(t - right) < abs(t - left) else left + margin, False
            else:
                near = True
            new = self.trial(t)
            self.further += 1
            if self.rises(new) or new.loss >= ends[low].loss:
                ends[1 - low] = new
                low = lower(ends)
                continue
            good = self.levels(new)
            if not good and new.slope * (ends[1 - low].t - ends[low].t) >= 0:
                ends[1 - low] = ends[low]
            ends[low] = new
            if good:
                break
        return ends[low]

    def rises(self, new: SearchPoint) -> bool:
        """True if the loss has not come down by what the slope at the start promised; equation 3.7a fails."""
        return new.loss > self.start.loss + DECREASE * new.t * self.start.slope

    def levels(self, new: SearchPoint) -> bool:
        """True if the slope has become flat enough; equation 3.7b."""
        return abs(new.slope) <= -CURVATURE * self.start.slope


def lower(ends: list[SearchPoint]) -> int:
    return 0 if ends[0].loss <= ends[1].loss else 1
