"""The colours of gradients by their size, and the legend that tells them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ._drawing import Arrow, Rectangle, Shape, Words, width_of
from ._layout import Point

# From small to large: viridis without its lightest part, turned round.  Its lightness falls all the way, so that the order
# can be seen without colours too.
STOPS = ("#A5DB36", "#5EC962", "#21918C", "#31688E", "#443983", "#440154")
BAD, NOTHING = "#D55E00", "#B5B5B5"
TICKS = 5
WIDE = 190.0


class Scale:
    """log10 of the sizes onto colours and widths; zeros, and what is not finite, have colours of their own."""

    def __init__(self, sizes: Sequence[float]) -> None:
        logs = [math.log10(s) for s in sizes if math.isfinite(s) and s > 0]
        self.low, self.high = (min(logs), max(logs)) if logs else (0.0, 0.0)
        self.none = not logs
        self.zeros = any(s == 0 for s in sizes)
        self.bad = any(not math.isfinite(s) for s in sizes)

    def style(self, size: float) -> tuple[str, float, bool]:
        """Colour, width, and whether dashed."""
        if not math.isfinite(size):
            return BAD, 2.6, True
        if size == 0:
            return NOTHING, 1.2, True
        share = self.share(math.log10(size))
        return colour(share), 1.3 + 1.9 * share, False

    def share(self, log: float) -> float:
        """Where on the scale, from 0 to 1; the middle if all are alike."""
        return (log - self.low) / (self.high - self.low) if self.high - self.low > 0.01 else 0.6

    def ticks(self) -> list[float]:
        """The decades on the scale, not too many; its ends if there are fewer than two."""
        decades = range(math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9) + 1)
        if len(decades) < 2:
            return [self.low, self.high] if self.high - self.low > 0.01 else [self.high]
        step = -(-len(decades) // TICKS)
        return [float(d) for d in decades[::step]]


def colour(share: float) -> str:
    """A colour between the stops."""
    at = min(max(share, 0.0), 1.0) * (len(STOPS) - 1)
    k = min(int(at), len(STOPS) - 2)
    a, b = (tuple(int(s[i : i + 2], 16) for i in (1, 3, 5)) for s in STOPS[k : k + 2])
    return "#" + "".join(f"{round(u + (v - u) * (at - k)):02X}" for u, v in zip(a, b, strict=True))


def legend(scale: Scale | None, direction: str) -> tuple[list[Shape], float, float]:
    """What stands below the picture: its shapes, width and height."""
    if scale is None:
        return [], 0.0, 0.0
    down = direction == "down"
    values, back = ("\N{DOWNWARDS ARROW}", "\N{UPWARDS ARROW}") if down else ("\N{RIGHTWARDS ARROW}", "\N{LEFTWARDS ARROW}")
    title = f"{values} values     {back} gradients, coloured by RMS"
    shapes: list[Shape] = [Words(0, 26, title, 9.5, "#444444", anchor="start")]
    x, y = 0.0, 34.0
    if not scale.none:
        if scale.high - scale.low > 0.01:
            steps = 38
            shapes += [
                Rectangle(k * WIDE / steps, y, WIDE / steps + 0.4, 8, colour(k / (steps - 1)), radius=0) for k in range(steps)
            ]
            for log in scale.ticks():
                at = scale.share(log) * WIDE
                shapes.append(Rectangle(at - 0.5, y + 8, 1, 3, "#444444", radius=0))
                shapes.append(Words(at, y + 21, _power(log), 8.5, "#444444", anchor=_side(at)))
            x = WIDE + 16
        else:
            shapes += [
                Rectangle(0, y, 26, 8, colour(0.6), radius=0),
                Words(32, y + 8, _power(scale.high), 8.5, "#444444", anchor="start"),
            ]
            x = 32 + width_of(_power(scale.high), 8.5) + 16
    for there, text, line in ((scale.zeros, "0", NOTHING), (scale.bad, "NaN or Inf", BAD)):
        if there:
            points = [Point(x, y + 4), Point(x + 8, y + 4), Point(x + 12, y + 4), Point(x + 20, y + 4), Point(x + 26, y + 4)]
            shapes += [Arrow(points, line, 1.6, True), Words(x + 31, y + 8, text, 8.5, "#444444", anchor="start")]
            x += 31 + width_of(text, 8.5) + 16
    return shapes, max(x, width_of(title, 9.5)), y + 24


def _side(at: float) -> str:
    return "start" if at < 8 else "end" if at > WIDE - 8 else "middle"


def _power(log: float) -> str:
    value = 10.0**log
    return (f"{value:.3g}" if 1e-3 <= value < 1e4 else f"{value:.1e}" if log % 1 else f"1e{log:.0f}").replace(
        "-", "\N{MINUS SIGN}"
    )
