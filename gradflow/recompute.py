"""checkpoint: a part of a computation that keeps its inputs alone, and is run again in backward."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from . import random
from .autograd import Function
from .engine import Leaf, Node, enable_grad, is_grad_enabled, sweep, tick, wrap
from .errors import ArgumentError
from .tensor import Tensor


def checkpoint(function: Callable[..., Any], *args: Any, preserve_rng_state: bool = True, **kwargs: Any) -> Any:
    """``function(*args, **kwargs)``, of which only the arguments are kept: what backward needs is computed again there.

    Memory for time: a net of n parts, each a checkpoint, keeps n inputs and, one part at a time, what is inside.  Tensors that
    ``function`` uses beside its arguments, parameters of a Module say, get their gradients too.  With
    ``preserve_rng_state`` random numbers are repeated, so that dropout uses the same mask again.  The derivative can itself
    be differentiated.

    ``function`` returns a Tensor or a tuple of them, and should do the same when it is run again: what it writes beside its
    result (the running statistics of a BatchNorm) is written twice.

    Source: Chen et al., "Training deep nets with sublinear memory cost" (2016).

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
    run = _Run(function, args, kwargs, preserve_rng_state)
    made, beside = run.first()
    if made is None:
        return run.result
    return Checkpoint.apply(run, made, len(run.tensors), *run.tensors, *beside)


def checkpoint_sequential(functions: Any, segments: int, input: Tensor, preserve_rng_state: bool = True) -> Any:
    """A Sequential, or a list of functions, cut into ``segments`` parts of about equal number, each a checkpoint.

    ArgumentError unless 1 <= segments <= the number of functions.

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


class _Run:
    """A call that can be made again, with other tensors for those among its arguments."""

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
        begun = tick()
        inner = [_leaf(t) for t in self.tensors]
        self.result = made = self(inner)
        outputs = made if isinstance(made, tuple) else (made,)
        roots = [o.node for o in outputs if isinstance(o, Tensor) and o.node is not None]
        if not roots:
            return None, []
        self.result = None
        beside = _reached(roots, begun, {t.node for t in inner})
        bare = tuple(wrap(o.data) if isinstance(o, Tensor) else o for o in outputs)
        self.flat = [b for b, o in zip(bare, outputs, strict=True) if isinstance(o, Tensor) and o.node is None]
        return bare if isinstance(made, tuple) else bare[0], [wrap(None, node) for node in beside]

    @contextmanager
    def again(self) -> Iterator[None]:
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


def _reached(roots: list[Any], begun: int, own: set[Any]) -> list[Node]:
    """The nodes made before ``begun``, other than ``own``, that the graph of ``roots`` leads to."""
    seen, stack, found = set(roots), list(roots), []
    while stack:
        node = stack.pop()
        if isinstance(node, Leaf) or node.seq < begun:
            if node not in own:
                found.append(node)
            continue
        for p in node.parents:
            if p is not None and p not in seen:
                seen.add(p)
                stack.append(p)
    return found


class Checkpoint(Function):
    """The recorded side: a node whose parents are the arguments and what was used beside them."""

    @staticmethod
    def forward(ctx: Any, run: _Run, made: Any, count: int, *tensors: Tensor) -> Any:
        ctx.run, ctx.beside = run, [t.node for t in tensors[count:]]
        ctx.save_for_backward(*tensors[:count])
        ctx.mark_non_differentiable(*run.flat)
        return made

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        recording = is_grad_enabled()  # the derivative is itself differentiated
        tensors = list(ctx.saved_tensors)
        inner = tensors if recording else [_leaf(t) for t in tensors]
        with enable_grad(), ctx.run.again():
            made = ctx.run(inner)
        outputs = made if isinstance(made, tuple) else (made,)
        roots = [(o.node, g if recording else g.data) for o, g in zip(outputs, grads, strict=True) if o.node is not None]
        nodes = [t.node for t in inner] + ctx.beside
        found, _ = sweep(roots, create_graph=recording, retain_graph=recording, inputs=[n for n in nodes if n is not None])
        gradients = [found.get(n) if n is not None else None for n in nodes]
        return None, None, None, *(g if g is None or recording else wrap(g) for g in gradients)
