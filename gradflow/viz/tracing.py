"""Which call of which module made a node: by forward hooks, and the clock that stamps nodes."""

from __future__ import annotations

import sys
from bisect import bisect_left
from typing import Any

from .._engine import Node, tick
from ..nn import Module


class Call:
    """One call of a module: its full name and class, when it began and ended, and the call it was made in."""

    __slots__ = ("began", "ended", "inside", "kind", "path")

    def __init__(self, path: str, kind: str, inside: Call | None) -> None:
        self.path, self.kind, self.inside = path, kind, inside
        self.began, self.ended = tick(), 0

    @property
    def label(self) -> str:
        """``Linear 0``, ``Residual blocks.3``; the model itself has no name."""
        return f"{self.kind} {self.path}".rstrip()

    @property
    def chain(self) -> list[Call]:
        """This call and those it was made in, the outermost first."""
        found: list[Call] = [self]
        while (inside := found[-1].inside) is not None:
            found.append(inside)
        return found[::-1]


class Trace:
    """The calls of the modules of ``model`` while the ``with`` block runs; see ``trace``.

    Parameters
    ----------
    model : Module
        The model whose calls are noted.

    Raises
    ------
    TypeError
        For what is not a Module.

    Examples
    --------
    >>> import gradflow as gf
    >>> net = gf.nn.Sequential(gf.nn.Linear(3, 4), gf.nn.Tanh())
    >>> with gf.viz.Trace(net) as calls:
    ...     _ = net(gf.ones(2, 3))
    >>> [call.label for call in calls.calls]
    ['Sequential', 'Linear 0', 'Tanh 1']
    """

    def __init__(self, model: Module) -> None:
        if not isinstance(model, Module):
            raise TypeError(f"viz.trace: takes a Module, not {type(model).__name__}")
        self.model = model
        self.calls: list[Call] = []
        self._open: list[tuple[Any, int, Call]] = []  # modules that run, how deep in the stack, and their calls
        self._handles: list[Any] = []

    def __enter__(self) -> Trace:
        for path, module in self.model.named_modules():
            enter = lambda m, args, path=path: self._begun(m, path)
            self._handles += [
                module.register_forward_pre_hook(enter, prepend=True),
                module.register_forward_hook(lambda m, args, output: self._ended(m)),
            ]
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._ended(None)

    def _begun(self, module: Module, path: str) -> None:
        depth = _depth()
        while self._open and self._open[-1][1] >= depth:  # it is over, by an exception, or it would lie below
            self._ended(self._open[-1][0])
        call = Call(path, type(module).__name__, self._open[-1][2] if self._open else None)
        self.calls.append(call)
        self._open.append((module, depth, call))

    def _ended(self, module: Module | None) -> None:
        """Close the call of ``module``, and those in it that an exception ended; all, for None."""
        while self._open:
            of, _, call = self._open.pop()
            call.ended = tick()
            if of is module:
                return

    def chain(self, node: Node) -> list[Call]:
        """The calls that a node was made in, the outermost first; a leaf was made in none.

        Parameters
        ----------
        node : Node
            A node of a graph.

        Returns
        -------
        list of Call
            They have ``label``, ``path`` and ``kind``.

        Examples
        --------
        >>> import gradflow as gf
        >>> net = gf.nn.Sequential(gf.nn.Linear(3, 4), gf.nn.Tanh())
        >>> with gf.viz.trace(net) as calls:
        ...     y = net(gf.ones(2, 3))
        >>> [call.label for call in calls.chain(y.grad_fn)]
        ['Sequential', 'Tanh 1']
        """
        i = bisect_left(self.calls, node.seq, key=lambda c: c.began) - 1
        call = self.calls[i] if i >= 0 and node.seq else None
        while call is not None and call.ended < node.seq:
            call = call.inside
        return [] if call is None else call.chain

    def __repr__(self) -> str:
        return f"<trace of {len(self.calls)} module calls of {type(self.model).__name__}>"


def _depth() -> int:
    """The number of frames on the stack."""
    frame, depth = sys._getframe(1), 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1  # type: ignore[assignment]
    return depth


def trace(model: Module) -> Trace:
    """A context in which the calls of ``model`` and of all modules in it are noted, so that ``graph`` can show and fold them.

    Parameters
    ----------
    model : Module
        The model whose calls are noted.

    Returns
    -------
    Trace
        Given to ``graph`` as ``params``.

    Raises
    ------
    TypeError
        For what is not a Module.

    Examples
    --------
    >>> import gradflow as gf
    >>> net = gf.nn.Sequential(gf.nn.Linear(3, 4), gf.nn.Tanh(), gf.nn.Linear(4, 1))
    >>> with gf.viz.trace(net) as calls:
    ...     loss = net(gf.ones(2, 3)).square().mean()
    >>> print(gf.viz.graph(loss, params=calls, fold=True))
    mean  ()
    square  (2, 1)
    Linear 2  (2, 1)  1 operation, 5 parameters
    Tanh 1  (2, 4)  1 operation
    Linear 0  (2, 4)  1 operation, 16 parameters
    """
    return Trace(model)
