"""checkpoint: a part of a computation that keeps its inputs alone, and is run again in backward."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from . import random
from ._engine import Leaf, Node, is_grad_enabled, reached, recording, sweep, tick, wrap
from ._ops.shape import reshape
from ._tensor import Tensor
from .autograd import Function
from .errors import ArgumentError, GraphError


def checkpoint(function: Callable[..., Any], *args: Any, preserve_rng_state: bool = True, **kwargs: Any) -> Any:
    """``function(*args, **kwargs)``, of which only the arguments are saved: what backward needs is computed again there.

    It trades time for memory: a net of n parts, each a checkpoint, keeps n inputs and, one part at a time, what is inside.
    Tensors that `function` uses beside its arguments, parameters of a Module say, get their gradients too.  The derivative can
    itself be differentiated.

    Parameters
    ----------
    function : callable
        Returns a Tensor or a tuple of them, and does the same when it is run again.  What it writes beside its result (the
        running statistics of a BatchNorm) is written twice.
    *args : object
        Its positional arguments.
    preserve_rng_state : bool
        Whether random numbers are repeated, so that dropout uses the same mask again.
    **kwargs : object
        Its named arguments.

    Returns
    -------
    Tensor or tuple of Tensor
        What `function` returns.

    Raises
    ------
    TypeError
        When `function` cannot be called.
    GraphError
        In backward, when `function` depends on other tensors than in its first run.

    References
    ----------
    T. Chen, B. Xu, C. Zhang, C. Guestrin, "Training deep nets with sublinear memory cost" (2016).

    Examples
    --------
    >>> import gradflow as gf
    >>> layer = gf.nn.Sequential(gf.nn.Linear(3, 4), gf.nn.Tanh(), gf.nn.Dropout(0.5))
    >>> x = gf.ones(2, 3, requires_grad=True)
    >>> y = gf.checkpoint(layer, x)
    >>> y.grad_fn
    <CheckpointBackward>
    >>> y.sum().backward()
    >>> x.grad.shape
    (2, 3)
    """
    if not callable(function):
        raise TypeError(f"checkpoint: takes a function and its arguments, not {type(function).__name__}")
    if not is_grad_enabled():
        return function(*args, **kwargs)
    run = _SecondRun(function, args, kwargs, preserve_rng_state)
    made, beside = run.first()
    if made is None:
        return run.result
    return Checkpoint.apply(run, made, len(run.tensors), *run.tensors, *beside)


def checkpoint_sequential(functions: Any, segments: int, input: Tensor, preserve_rng_state: bool = True) -> Any:
    """A Sequential, or a list of functions, cut into ``segments`` parts of about equal number, each a checkpoint.

    Parameters
    ----------
    functions : Sequential or iterable of callable
        Each takes what the one before returns.
    segments : int
        The number of parts.
    input : Tensor
        What the first function takes.
    preserve_rng_state : bool
        Whether random numbers are repeated, so that dropout uses the same mask again.

    Returns
    -------
    Tensor
        What the last function returns.

    Raises
    ------
    ArgumentError
        When `segments` is below 1 or above the number of functions.

    Examples
    --------
    >>> import gradflow as gf
    >>> net = gf.nn.Sequential(*[gf.nn.Linear(2, 2) for _ in range(4)])
    >>> gf.checkpoint_sequential(net, 2, gf.ones(1, 2)).shape
    (1, 2)
    """
    parts = list(functions)
    if not isinstance(segments, int) or not 1 <= segments <= len(parts):
        raise ArgumentError(f"checkpoint_sequential: segments lies between 1 and {len(parts)}, not {segments!r}")
    size, more = divmod(len(parts), segments)
    begin, x = 0, input
    for k in range(segments):
        end = begin + size + (k < more)
        x = checkpoint(_in_turn, parts[begin:end], x, preserve_rng_state=preserve_rng_state)
        begin = end
    return x


def _in_turn(functions: Sequence[Callable[[Any], Any]], x: Any) -> Any:
    for f in functions:
        x = f(x)
    return x


class _SecondRun:
    """A call that can be made again, with other tensors for those among its arguments.

    A run has a graph of its own.  It ends at ``inner`` tensors, which have the arguments' arrays and nodes that nothing else
    leads to, and at ``beside``: the nodes, older than the first run, that it leads to otherwise.  Backward goes through that
    graph to these ends and no further, whatever one of them was made of; the pass around goes on from there.
    """

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], preserve: bool) -> None:
        self._function, self._args, self._kwargs = function, args, kwargs
        self._names = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        self._names += [n for n, a in kwargs.items() if isinstance(a, Tensor)]  # type: ignore[misc]
        self.tensors = [args[n] if isinstance(n, int) else kwargs[n] for n in self._names]
        self._state = random.states() if preserve else None
        self.result: Any = None
        self.flat: list[Tensor] = []  # results that have no gradient

    def __call__(self, tensors: Sequence[Tensor]) -> Any:
        args, kwargs = list(self._args), dict(self._kwargs)
        for name, t in zip(self._names, tensors, strict=True):
            if isinstance(name, int):
                args[name] = t
            else:
                kwargs[name] = t
        return self._function(*args, **kwargs)

    def first(self) -> tuple[Any, list[Tensor]]:
        """The results without their graph, and stand-ins for the tensors beside the arguments that the graph led to."""
        self._begun = tick()
        inner = [_leaf(t) for t in self.tensors]
        self.result = made = self(inner)
        outputs = made if isinstance(made, tuple) else (made,)
        roots = [o.node for o in outputs if isinstance(o, Tensor) and o.node is not None]
        if not roots:
            return None, []
        self.result = None
        self.beside = beside = self._reached(roots, inner)
        bare = tuple(o._like(wrap(o.array)) if isinstance(o, Tensor) else o for o in outputs)
        self.flat = [b for b, o in zip(bare, outputs, strict=True) if isinstance(o, Tensor) and o.node is None]
        return bare if isinstance(made, tuple) else bare[0], [_shown(node) for node in beside]

    def _reached(self, roots: list[Any], inner: Sequence[Tensor]) -> list[Node]:
        """The nodes made before the first run, other than those of ``inner``, that the graph of ``roots`` leads to."""
        return reached(roots, self._begun, {t.node for t in inner if t.node is not None})

    def gradients(self, inner: Sequence[Tensor], grads: Sequence[Any], recorded: bool) -> dict[Node, Any]:
        """The run made again on ``inner``, and what its results' gradients give at its ends."""
        with self._random_numbers():
            made = recording(True, self, inner)
        outputs = made if isinstance(made, tuple) else (made,)
        roots = [(o.node, g if recorded else g.array) for o, g in zip(outputs, grads, strict=True) if o.node is not None]
        if not set(self._reached([n for n, _ in roots], inner)) <= set(self.beside):
            raise GraphError(
                "checkpoint: run again, the function depends on tensors that its first run did not depend on, whose gradients "
                "would be lost; it must do the same each time, and what it uses must not change before backward"
            )
        ends = [*(t.node for t in inner if t.node is not None), *self.beside]
        return sweep(roots, create_graph=recorded, retain_graph=recorded, inputs=ends, stop=True)[0]

    @contextmanager
    def _random_numbers(self) -> Iterator[None]:
        """The random numbers of the first run, and afterwards those that were due."""
        if self._state is None:
            yield
            return
        due = random.states()
        random.restore(self._state)
        try:
            yield
        finally:
            random.restore(due)


def _leaf(t: Tensor) -> Tensor:
    """The same array as the beginning of a graph of its own."""
    return t.detach().requires_grad_() if t.requires_grad else t


def _branch(t: Tensor) -> Tensor:
    """The same array with a node of its own, from which the graph goes on to ``t``."""
    made: Tensor = t._like(wrap(t.array, reshape(t, t.shape).node)) if t.requires_grad else t
    return made


def _shown(node: Node) -> Tensor:
    """A Tensor that stands for a node: with its array if that is still to be had, so that a write to it is noticed."""
    leaf = node.variable if isinstance(node, Leaf) else None
    made: Tensor = wrap(None if leaf is None else leaf.array, node)
    return made


class Checkpoint(Function):
    """The recorded side: a node whose parents are the arguments and what was used beside them."""

    _of_operations = True

    @staticmethod
    def forward(ctx: Any, run: _SecondRun, made: Any, count: int, *tensors: Tensor) -> Any:
        ctx.run, ctx.count = run, count
        ctx.save_for_backward(*tensors)
        ctx.mark_non_differentiable(*run.flat)
        return made

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        recorded = is_grad_enabled()  # the derivative is itself differentiated
        inner = [(_branch if recorded else _leaf)(t) for t in ctx.saved_tensors[: ctx.count]]
        found = ctx.run.gradients(inner, grads, recorded)
        gradients = [found.get(n) for n in (*(t.node for t in inner), *ctx.run.beside)]
        return None, None, None, *(g if g is None or recorded else wrap(g) for g in gradients)
