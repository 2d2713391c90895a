"""The report as HTML for a notebook: one piece without scripts or files, in the colours of a light or a dark page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from .measurements import Facts
from .report import HEADINGS, folded, number, rows_of

if TYPE_CHECKING:
    from .report import Report

# Text and lines take the page's own colour; only marks have one of their own, readable on white and on black.
_STYLE = (
    "<style scoped>.gf-flow{font:13px/1.45 system-ui,sans-serif;max-width:72em;color:inherit}"
    ".gf-flow .v{border-left:4px solid;padding:.3em .8em;margin:.4em 0}"
    ".gf-flow .v b{font-size:1.15em}.gf-flow dl{display:grid;grid-template-columns:6em 1fr;margin:.3em 0 0;gap:.1em .6em}"
    ".gf-flow dt{opacity:.65}.gf-flow dd{margin:0;overflow-wrap:anywhere}"
    ".gf-flow .scroll{overflow-x:auto}.gf-flow table{border-collapse:collapse;margin:.5em 0;color:inherit;background:none}"
    ".gf-flow th,.gf-flow td{padding:.12em .6em;text-align:right;white-space:nowrap;color:inherit;background:none;"
    "border:0;border-bottom:1px solid rgba(128,128,128,.3);font-variant-numeric:tabular-nums}"
    ".gf-flow th{font-weight:600}.gf-flow .w{text-align:left}.gf-flow svg{vertical-align:middle}"
    ".gf-flow .n{opacity:.65;font-size:.92em}</style>"
)
GOOD, BAD = "#009E73", "#D55E00"  # Okabe and Ito


def page(report: Report) -> str:
    """The verdicts and the table of layers, with the gradients as bars on a logarithmic scale."""
    parts = [_STYLE, '<div class="gf-flow">']
    for v in report.verdicts:
        color = GOOD if v.name == "healthy" else BAD
        lines = [f"<dt>{escape(k)}</dt><dd>{escape(t)}</dd>" for k, t in v.lines()]
        parts.append(f'<div class="v" style="border-color:{color}"><b>{escape(v.title)}</b><dl>{"".join(lines)}</dl></div>')
    parts += [_layers(report.facts), "</div>"]
    return "".join(parts)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A plain table, the first column aligned to the left."""
    shown = _table(headings, ([escape(c) for c in row] for row in rows), 1)
    return f'{_STYLE}<div class="gf-flow"><div class="scroll">{shown}</div></div>'


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]], left: int) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        aligned = [' class="w"' if i < left else "" for i in range(len(cells))]
        return "<tr>" + "".join(f"<{tag}{a}>{c}</{tag}>" for a, c in zip(aligned, cells, strict=True)) + "</tr>"

    head = line([escape(h) for h in headings], "th")
    return f"<table><thead>{head}</thead><tbody>{''.join(line(r, 'td') for r in rows)}</tbody></table>"


def _layers(facts: Facts) -> str:
    sizes = [v.gradient for v in facts.last.layers]
    logs = [math.log10(g) if g and math.isfinite(g) else None for g in sizes]
    known = [v for v in logs if v is not None]
    top, low = (max(known), min(min(known), max(known) - 3)) if known else (0.0, -3.0)

    def bar(v: float | None) -> str:
        wide = 0 if v is None else 4 + 96 * (v - low) / (top - low)
        return f'<svg width="110" height="11" role="img"><rect width="{wide:.0f}" height="11" fill="#56B4E9"/></svg>'

    rows = [[*(escape(c) for c in cells), bar(v)] for cells, v in zip(rows_of(facts), logs, strict=True)]
    first, rest, hidden = folded(rows)
    gap = [[f"… {hidden} more …", *[""] * len(HEADINGS)]] if hidden else []
    scale = f"gradient, 1e{low:.0f} to 1e{top:.0f}" if known else "gradient"
    shown = _table((*HEADINGS, scale), [*first, *gap, *rest], 2)
    s = facts.last
    what = f"Step {s.step}" if len(facts.snapshots) > 1 else "One batch"
    loss = "" if s.loss is None else f", loss {number(s.loss)}"
    note = (
        f"{what}{loss}. Gradient: RMS of the loss's gradient with respect to the layer's output. Differs: between examples, "
        "as part of the RMS. Flat: slope of the activation under 5 % of its largest; dead: for every example. Step/size: RMS "
        "of the update by RMS of the values."
    )
    return f'<div class="scroll">{shown}</div><div class="n">{note}</div>'
