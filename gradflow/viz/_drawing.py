"""Shapes, and the two ways to draw them: as SVG, and by matplotlib as PNG and PDF."""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

from ._layout import INSTALL, Point

FONTS = "'DejaVu Sans', Verdana, 'Segoe UI', Helvetica, Arial, sans-serif"
MOST_PIXELS = 32_000  # of a PNG's longer side: beyond, fewer dots per inch


class Rectangle(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    fill: str
    stroke: str = "none"
    line: float = 1.0
    radius: float = 5.0
    title: str = ""


class Arrow(NamedTuple):
    """Cubic splines, and the tip that the arrow at their end points to."""

    points: Sequence[Point]
    colour: str
    line: float = 1.2
    dashed: bool = False
    title: str = ""


class Words(NamedTuple):
    """One line of text; ``y`` is its base line."""

    x: float
    y: float
    text: str
    size: float
    colour: str = "#222222"
    bold: bool = False
    anchor: str = "middle"


Shape = Rectangle | Arrow | Words


class Drawing(NamedTuple):
    """Shapes on a white ground of that size, in points; y grows downwards."""

    width: float
    height: float
    shapes: list[Shape]


# Widths of DejaVu Sans in 1/100 of the size: the widest of the fonts above, so that what fits in it fits in all.
_WIDTHS = {28: "ijl'", 33: "IJ,. /:;\\|", 36: "f-", 40: "t()[]!r", 51: "*_`sz?", 58: "cLkFvxy", 82: "wMOQDGHN&",
           84: "#+<=>^~×−±", 97: "mW@…%"}  # fmt: skip
_WIDTH = {c: w for w, chars in _WIDTHS.items() for c in chars}


def width_of(text: str, size: float, bold: bool = False) -> float:
    """How wide ``text`` is, near enough for a box around it."""
    return size * sum(_WIDTH.get(c, 64) for c in text) * (1.12 if bold else 1.0) / 100


def head_of(arrow: Arrow) -> list[Point]:
    """The triangle at the end of an arrow."""
    end, tip = arrow.points[-2], arrow.points[-1]
    dx, dy = tip.x - end.x, tip.y - end.y
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    half = 2.2 + 0.6 * arrow.line
    sx, sy = -dy / length * half, dx / length * half
    return [tip, Point(end.x + sx, end.y + sy), Point(end.x - sx, end.y - sy)]


# --- SVG ------------------------------------------------------------------------------------------------------------------


def svg(drawing: Drawing, inside: str | None = None) -> str:
    """The drawing as the text of an SVG file; ``inside``: other elements in the place of its shapes'."""
    w, h = drawing.width, drawing.height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{w:.0f}" height="{h:.0f}" viewBox="0 0 {w:.1f} {h:.1f}" '
        f'style="max-width:100%;height:auto" font-family="{FONTS}"><rect width="100%" height="100%" rx="6" fill="white"/>'
        + (elements(drawing) if inside is None else inside)
        + "</svg>"
    )


def elements(drawing: Drawing) -> str:
    return "".join(_element(s) for s in drawing.shapes)


def _element(s: Shape) -> str:
    if isinstance(s, Words):
        weight = ' font-weight="bold"' if s.bold else ""
        anchor = f' text-anchor="{s.anchor}"' if s.anchor != "start" else ""
        return (
            f'<text x="{s.x:.1f}" y="{s.y:.1f}" font-size="{s.size:g}" fill="{s.colour}"{weight}{anchor} pointer-events="none">'
            f"{escape(s.text)}</text>"
        )
    title = f"<title>{escape(s.title)}</title>" if s.title else ""
    if isinstance(s, Rectangle):
        return (
            f'<rect x="{s.x:.1f}" y="{s.y:.1f}" width="{s.width:.1f}" height="{s.height:.1f}" rx="{s.radius:g}" '
            f'fill="{s.fill}" stroke="{s.stroke}" stroke-width="{s.line:g}">{title}</rect>'
        )
    first, *rest = s.points[:-1]
    path = f"M{first.x:.1f},{first.y:.1f}C" + " ".join(f"{p.x:.1f},{p.y:.1f}" for p in rest)
    corners = " ".join(f"{p.x:.1f},{p.y:.1f}" for p in head_of(s))
    dash = ' stroke-dasharray="4 3"' if s.dashed else ""
    return (
        f'<g>{title}<path d="{path}" fill="none" stroke="{s.colour}" stroke-width="{s.line:.2f}"{dash}/>'
        f'<polygon points="{corners}" fill="{s.colour}"/></g>'
    )


# --- PNG and PDF ----------------------------------------------------------------------------------------------------------


def rendered(drawing: Drawing, form: str, dpi: float) -> bytes:
    """The drawing as a file of matplotlib's, ``form`` "png" or "pdf"; ImportError, which says what to install, without it."""
    try:
        from matplotlib.figure import Figure
    except ImportError as problem:
        raise ImportError(
            f"a graph as {form.upper()} needs matplotlib, which cannot be imported ({problem}): {INSTALL}"
        ) from problem
    from matplotlib import rc_context

    # Without hinting letters are as wide at every resolution.
    style = {"font.family": "DejaVu Sans", "text.hinting": "none", "text.usetex": False, "figure.constrained_layout.use": False}
    with rc_context(style):
        figure = Figure(figsize=(drawing.width / 72, drawing.height / 72), facecolor="white")
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, drawing.width), ylim=(drawing.height, 0))
        axes.axis("off")
        for order, shape in enumerate(drawing.shapes):
            _draw(axes, shape, order)
        file = io.BytesIO()
        dpi = min(dpi, MOST_PIXELS * 72 / max(drawing.width, drawing.height))
        options: dict[str, Any] = {"pil_kwargs": {"compress_level": 2}} if form == "png" else {}
        figure.savefig(file, format=form, dpi=dpi, **options)
    return file.getvalue()


def _draw(axes: Any, s: Shape, order: int) -> None:
    from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon
    from matplotlib.path import Path

    if isinstance(s, Words):
        side = {"middle": "center", "start": "left", "end": "right"}[s.anchor]
        weight = "bold" if s.bold else "normal"
        axes.text(
            s.x,
            s.y,
            s.text.replace("$", r"\$"),
            fontsize=s.size,
            color=s.colour,
            weight=weight,
            ha=side,
            va="baseline",
            zorder=order,
        )
    elif isinstance(s, Rectangle):
        style = f"round,pad=0,rounding_size={s.radius}" if s.radius else "square,pad=0"
        box = FancyBboxPatch((s.x, s.y), s.width, s.height, style, fc=s.fill, ec=s.stroke, lw=s.line, zorder=order)
        axes.add_patch(box)
    else:
        points = s.points[:-1]
        path = Path(points, [Path.MOVETO] + [Path.CURVE4] * (len(points) - 1))
        dash = (0, (3, 2.5)) if s.dashed else "solid"
        axes.add_patch(PathPatch(path, fc="none", ec=s.colour, lw=s.line, ls=dash, zorder=order))
        axes.add_patch(Polygon(head_of(s), closed=True, fc=s.colour, ec="none", zorder=order))
