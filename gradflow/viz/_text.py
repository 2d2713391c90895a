"""A graph as lines of text."""

from __future__ import annotations

from ._boxes import Box, Chart

_ARROW, _BRANCH, _PASS = "\N{LEFTWARDS ARROW}", "\N{BOX DRAWINGS LIGHT VERTICAL AND RIGHT} ", "\N{BOX DRAWINGS LIGHT VERTICAL} "


def tree(chart: Chart) -> str:
    """The chart from the newest box down: what is made comes above what it is made of.

    Side branches are set in, the last one goes on at the left.  Behind the arrow stand the leaves that this operation alone
    uses, and what is used several times: its line comes once all that use it have come.
    """
    boxes = chart.boxes
    sources: list[list[int]] = [[] for _ in boxes]
    uses = [0] * len(boxes)
    for link in chart.links:
        sources[link.head].append(link.tail)
        uses[link.tail] += 1
    left = list(uses)  # users that have not come yet
    shared: dict[int, str] = {}
    lines: list[str] = []
    stack = [(i, "", "") for i, n in reversed(list(enumerate(uses))) if not n]
    while stack:
        i, lead, below = stack.pop()
        ready, beside = [], []
        for s in sources[i]:
            left[s] -= 1
            inline = boxes[s].kind == "leaf" and uses[s] == 1
            if inline:
                beside.append(" ".join(_words(boxes[s])))
            elif uses[s] > 1:
                beside.append(shared.setdefault(s, boxes[s].name or f"[{len(shared) + 1}]"))
            if not inline and not left[s]:
                ready.append(s)
        mark = [shared[i]] if i in shared and not boxes[i].name else []
        lines.append(lead + "  ".join([*mark, *_words(boxes[i])]) + (f"  {_ARROW} {', '.join(beside)}" if beside else ""))
        if ready:
            stack.append((ready[-1], below, below))
        stack += [(s, below + _BRANCH, below + _PASS) for s in reversed(ready[:-1])]
    return "\n".join(lines)


def _words(box: Box) -> list[str]:
    return [w for w in (box.heading, box.detail, *box.extra) if w]
