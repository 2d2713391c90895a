"""Which part of a graph a backward pass goes through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from .accumulate import Leaf, leaves_with_hooks
from .node import Node

age = attrgetter("seq")


def leading_to(wanted: set[Node], roots: Sequence[Node], stop: bool) -> set[Node] | None:
    """The nodes below ``roots`` from which a wanted node is reached; None if the wanted are all the leaves, so that all do.

    ``stop``: without those that are wanted, and what only they lead to.
    """
    ends = wanted if stop else set[Node]()
    seen = set(roots)
    stack = [n for n in roots if n not in ends]
    others = False  # leaves that are not wanted
    while stack:
        for p in stack.pop().parents:
            if p is not None and p not in seen:
                seen.add(p)
                if not p.seq:
                    others = others or p not in wanted
                elif p not in ends:
                    stack.append(p)
    if not others and not any(n.seq for n in wanted):
        return None
    leading: set[Node] = set()
    for n in sorted(seen - ends, key=age):  # parents are older than what was made of them
        for p in n.parents:
            if p in wanted or p in leading:
                leading.add(n)
                break
    return leading


def reached(roots: Sequence[Node], since: int, inside: set[Node]) -> list[Node]:
    """Where the part of a graph that was made after ``since`` ends: the older nodes, and the leaves whose tensors are there, that
    ``roots`` lead to without one of ``inside``."""
    seen, stack, found = set(roots), list(roots), []
    while stack:
        node: Any = stack.pop()
        if node in inside:
            continue
        if not node.seq and node.variable is None:  # its tensor is gone, and with it the gradient
            continue
        if node.seq < since:
            found.append(node)
            continue
        for p in node.parents:
            if p is not None and p not in seen:
                seen.add(p)
                stack.append(p)
    return found


def last_users(roots: Iterable[Node]) -> dict[Node, list[Node]]:
    """For each leaf with hooks below ``roots``, filed under the oldest node that uses it: the last one that a pass comes to."""
    oldest: dict[Node, Node] = {}
    seen = set(roots)
    stack = list(seen)
    oldest.update({n: n for n in seen if isinstance(n, Leaf) and n in leaves_with_hooks})
    while stack:
        n = stack.pop()
        for p in n.parents:
            if isinstance(p, Leaf):
                if p in leaves_with_hooks and (p not in oldest or n.seq < oldest[p].seq):
                    oldest[p] = n
            elif p is not None and p not in seen:
                seen.add(p)
                stack.append(p)
    users: dict[Node, list[Node]] = {}
    for leaf, n in oldest.items():
        users.setdefault(n, []).append(leaf)
    return users
