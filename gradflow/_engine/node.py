"""A node of a recorded computation, and what the backward pass asks of the operation that it names.

A ``Node`` is data, not a closure.  It is made when an operation runs on something that requires grad.  It holds the operation,
the nodes of its inputs, and what the derivative rules asked to save.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from itertools import count
from typing import Any, Protocol

from ..typing import Array, Namespace, Shape

tick: Callable[[], int] = count(1).__next__
"""One clock for everything: a node is stamped when it is made, a memory when it is written in place."""


class ShapeOnly:
    """What a rule sees of an input that it names with a leading underscore: shape and dtype, no elements."""

    __slots__ = ("dtype", "shape")

    def __init__(self, array: Array) -> None:
        self.shape, self.dtype = array.shape, array.dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __repr__(self) -> str:
        return f"<{self.dtype} array of shape {self.shape}, not saved>"


class Operation(Protocol):
    """What ``Node.op`` owes to the backward pass; ``op.Op`` is the form of gradflow's own operations."""

    @property
    def name(self) -> str:
        """The operation in the words of an error."""
        ...

    @property
    def title(self) -> str:
        """The node as PyTorch writes it, ``MulBackward``."""
        ...

    @property
    def kind(self) -> str:
        """``elementwise``, ``linear``, ``primitive``; ``function`` if ``backward`` runs code of the user's."""
        ...

    @property
    def saves(self) -> tuple[str, ...]:
        """The names of what ``Node.saved`` holds, in its order."""
        ...

    @property
    def releases(self) -> bool:
        """Whether ``Node.saved`` holds arrays, so that a pass without ``retain_graph`` releases them."""
        ...

    @property
    def holomorphic(self) -> bool:
        """Whether the rules are those of a holomorphic function, whose gradient of complex numbers the pass conjugates."""
        ...

    @property
    def carries(self) -> bool:
        """Whether ``backward`` may be given a ``Masked`` gradient (``unused.py``)."""
        ...

    @property
    def backward(self) -> Callable[[Namespace, Any, Any, Any, Any, Any], None]:
        """``backward(xp, g, saved, parents, give, out_for)`` calls ``give(parent, gradient)`` for each parent that is not None.

        ``out_for(parent)`` is memory that the gradient may be written into, or None.
        """
        ...

    @property
    def lift(self) -> Callable[[Any, Any], tuple[Any, ...]]:
        """``lift(node, g)``: what the node saved, as Tensors that know where they come from, for a recorded backward."""
        ...


class NodeExtras:
    """What few nodes have: hooks, a retained gradient, the line of the user's code that made them."""

    __slots__ = ("grad", "hooks", "made_at", "post_hooks", "pre_hooks", "retain", "variable")

    def __init__(self) -> None:
        self.hooks: dict[int, Callable[[Any], Any]] = {}
        self.pre_hooks: dict[int, Callable[[Any], Any]] = {}
        self.post_hooks: dict[int, Callable[..., Any]] = {}
        self.retain = False
        self.grad: Any = None
        self.variable: weakref.ref[Any] | None = None
        self.made_at: str | None = None


class RemovableHandle:
    """What registering a hook returns; ``remove()`` takes the hook off again, also as a context manager."""

    def __init__(self, hooks: dict[int, Callable[..., Any]], hook: Callable[..., Any]) -> None:
        if not callable(hook):
            raise TypeError(f"a hook is a function, not {type(hook).__name__}")
        self._hooks, self._key = hooks, tick()
        hooks[self._key] = hook

    def remove(self) -> None:
        self._hooks.pop(self._key, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class Node:
    """One recorded operation, ``grad_fn`` of the tensor that it made.

    Nodes are made by operations on tensors that require grad, and by no one else.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.ones(2, requires_grad=True)
    >>> y = x * 3
    >>> y.grad_fn
    <MulBackward>
    """

    __slots__ = ("__weakref__", "extra", "op", "parents", "saved", "seq", "shape")
    op: Operation
    parents: tuple[Node | None, ...]  # where the gradients of the differentiable inputs go
    saved: tuple[Any, ...] | None  # what the rules named; None once backward has released it
    shape: Shape
    seq: int  # when it was made; 0: a leaf, older than every operation
    extra: NodeExtras | None

    def name(self) -> str:
        """The operation's name as PyTorch writes it.

        Returns
        -------
        str
            ``MulBackward`` for a product, ``AccumulateGrad`` for a leaf.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2, requires_grad=True).sum().grad_fn.name()
        'SumBackward'
        """
        return self.op.title

    @property
    def where(self) -> str:
        """Where the operation and its derivative are defined, as ``file:line``; empty for a leaf.

        Examples
        --------
        >>> import gradflow as gf
        >>> (gf.ones(2, requires_grad=True) * 2).grad_fn.where.rpartition(":")[0][-14:]
        'elementwise.py'
        """
        defined = getattr(self.op, "forward", None) or getattr(getattr(self.op, "function", None), "backward", None)
        code = getattr(defined, "__code__", None)
        return "" if code is None else f"{code.co_filename}:{code.co_firstlineno}"

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The nodes that backward goes to from here, one pair per differentiable input, None where no gradient goes.

        The second of each pair is 0: in PyTorch it tells outputs apart, which have nodes of their own here.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.ones(2, requires_grad=True)
        >>> (x * 3).grad_fn.next_functions
        ((<AccumulateGrad>, 0), (None, 0))
        """
        return tuple((p, 0) for p in self.parents)

    @property
    def metadata(self) -> NodeExtras:
        """Hooks and what else few nodes have; made when it is first asked for.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2, requires_grad=True).sum().grad_fn.metadata.retain
        False
        """
        if self.extra is None:
            self.extra = NodeExtras()
        return self.extra

    def target_shape(self) -> Shape:
        """The shape that a gradient for this node is summed to.

        Returns
        -------
        tuple of int
            The shape of the tensor that the node made; of a leaf, that of its tensor as it is now.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2, 3, requires_grad=True).sum(0).grad_fn.target_shape()
        (3,)
        """
        return self.shape

    def register_hook(self, hook: Callable[[tuple[Any, ...], tuple[Any, ...]], Any]) -> RemovableHandle:
        """Call ``hook(grad_inputs, grad_outputs)`` after this node's backward.

        Parameters
        ----------
        hook : callable
            It gets two tuples of Tensors: the gradients that go to the parents (None where none goes), and those that came
            to the node.  A tuple that it returns replaces the first one.

        Returns
        -------
        RemovableHandle
            ``remove()`` takes the hook off again.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.ones(2, requires_grad=True)
        >>> y = x * 3
        >>> handle = y.grad_fn.register_hook(lambda given, came: print(given[0], came[0]))
        >>> y.sum().backward()
        tensor([3., 3.]) tensor([1., 1.])
        """
        return RemovableHandle(self.metadata.post_hooks, hook)

    def register_prehook(self, hook: Callable[[tuple[Any, ...]], Any]) -> RemovableHandle:
        """Call ``hook(grad_outputs)`` before this node's backward.

        Parameters
        ----------
        hook : callable
            It gets a tuple of Tensors, the gradients that came to the node.  A tuple that it returns replaces them.

        Returns
        -------
        RemovableHandle
            ``remove()`` takes the hook off again.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.ones(2, requires_grad=True)
        >>> y = x * 3
        >>> handle = y.grad_fn.register_prehook(lambda came: (came[0] * 10,))
        >>> y.sum().backward()
        >>> x.grad
        tensor([30., 30.])
        """
        return RemovableHandle(self.metadata.pre_hooks, hook)

    def __repr__(self) -> str:
        return f"<{self.name()}>"


def made_at(node: Node) -> str:
    """', made at FILE:LINE' if anomaly mode noted where ``node`` was made."""
    where = node.extra.made_at if node.extra is not None else None
    return f", made at {where}" if where else ""
