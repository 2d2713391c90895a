"""Functions with a derivative of the user's own: ``autograd.Function``, and the nodes that they make."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from . import backend
from ._engine import Node, mode, reached, recording, tick, wrap
from ._tensor import Tensor
from .errors import DTypeError, GraphError, ShapeError


class _Parts:
    """The gradients of the outputs of a Function on their way to its node: a tuple that adds up part by part."""

    shape = ()  # what the sweep looks at in any gradient
    ndim = 0
    dtype = np.dtype(np.float32)

    def __init__(self, parts: dict[int, Any]) -> None:
        self.parts = parts

    def __add__(self, other: _Parts) -> _Parts:
        merged = dict(self.parts)
        for i, g in other.parts.items():
            merged[i] = merged[i] + g if i in merged else g
        return _Parts(merged)


class Context:
    """What forward leaves for backward: ``save_for_backward``, and any attributes you set."""

    def __init__(self) -> None:
        self._saved: list[tuple[Any, Any, int]] = []
        self._outputs: dict[int, tuple[Any, Any]] = {}  # saved outputs; weakly, or node and output would hold each other
        self._flat: set[int] = set()
        self._materialize = True
        self.needs_input_grad: tuple[bool, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors (inputs, outputs or others; None too) for backward; overwritten ones are noticed."""
        self._saved = [(t, getattr(t, "array", None), tick()) for t in tensors]

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What ``save_for_backward`` kept."""
        return tuple(self._with_graph(t) for t, _, _ in self._saved)

    def _with_graph(self, t: Any) -> Any:
        data, node = self._outputs.get(id(t), (None, None))
        return t if data is None else t._like(wrap(data, node() if node is not None else None))

    def mark_non_differentiable(self, *outputs: Tensor) -> None:
        """These outputs get no gradient."""
        self._flat |= {id(t) for t in outputs}

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (the default) or None for an output that was not used."""
        self._materialize = value


class _UserOperation:
    """What the operations of nodes have in common whose backward is, or serves, code of the user's."""

    kind, holomorphic, releases, carries = "function", False, False, False
    saves: tuple[str, ...] = ()
    name = title = ""

    def lift(self, node: Node, g: Any) -> tuple[Any, ...]:
        return node.saved or ()


class _FunctionOp(_UserOperation):
    """The operation of a Function's node: calls its ``backward`` on Tensors."""

    releases, saves = True, ("ctx",)

    def __init__(self, function: type[Function], places: list[int], outputs: list[tuple[Any, Any, Any]]) -> None:
        self.function, self.name = function, function.__name__
        self.title = function.__name__ + "Backward"
        self.places = places  # which of the arguments the parents belong to
        self.outputs = outputs  # (namespace, shape, dtype) of each

    def backward(self, xp: Any, g: Any, saved: Any, parents: Any, give: Any, out_for: Any) -> None:
        (ctx,) = saved
        _check_saved(ctx, self.title)
        recorded = mode.recording  # set by the sweep: True only with create_graph
        parts = g.parts if isinstance(g, _Parts) else {0: g}
        grads: list[Any] = []
        for i, (space, shape, dtype) in enumerate(self.outputs):
            part = parts.get(i)
            if part is None and ctx._materialize:
                part = space.zeros(shape, dtype)
            grads.append(part if part is None or isinstance(part, Tensor) else wrap(space.asarray(part)))
        probes = self._probed(grads) if recorded and not self.function._of_operations else None
        begun = tick()
        made = self.function.backward(ctx, *grads)
        made = made if isinstance(made, tuple) else (made,)
        count = len(ctx.needs_input_grad)
        if len(made) != count:
            raise GraphError(
                f"{self.name}.backward returned {len(made)} gradients for the {count} arguments of forward; "
                "it returns None for an argument without one"
            )
        for p, place in zip(parents, self.places, strict=True):
            grad = made[place]
            if p is None or grad is None:
                continue
            if not isinstance(grad, Tensor):
                grad = wrap(backend.namespace_of(grad).asarray(grad))
            if grad.shape != p.shape:
                raise ShapeError(
                    f"{self.name}.backward: the gradient of argument {place} has shape {grad.shape}; the argument has {p.shape}"
                )
            if probes is not None:
                grad = self._known(grad, probes, begun, [g.node for g in grads if g is not None], parents)
            give(p, grad if recorded else grad.array)

    @staticmethod
    def _probed(grads: list[Any]) -> set[Node]:
        """Give a node to each gradient without one, so that all made of them by recorded operations has one too."""
        probes = set()
        for i, g in enumerate(grads):
            if g is not None and g.node is None:
                probe = _node(_Probe(), (), g.shape)
                grads[i] = wrap(g.array, probe)
                probes.add(probe)
        return probes

    def _known(self, grad: Any, probes: set[Node], begun: int, incoming: list[Any], parents: Any) -> Any:
        """A gradient that this backward returned while it was recorded, as what it is: without a node, the derivative of a
        function that is linear; with one that raises, what was not made by recorded operations and whose own derivative nobody
        knows; otherwise recorded."""
        if grad.node is None:
            known = tuple([n for n in incoming if n not in probes])
            return wrap(grad.array, _node(_BlockedOp(self.name), (*known, *parents), grad.shape))
        if probes and not reached([grad.node], begun, probes):
            return wrap(grad.array)
        return grad


def _node(op: Any, parents: tuple[Any, ...], shape: Any) -> Node:
    node = Node()
    node.op, node.parents, node.saved, node.shape, node.extra, node.seq = op, parents, (), shape, None, tick()
    return node


class _Probe(_UserOperation):
    """The operation of a node that stands for a gradient that depends on nothing."""

    title, name = "Gradient", "gradient"

    def backward(self, *_: Any) -> None:
        """There is no parent to hand anything on to."""


class _BlockedOp(_UserOperation):
    """The operation of a gradient that cannot be differentiated; its parents are all that it may depend on, so that whoever
    asks for one of their derivatives goes through it."""

    def __init__(self, name: str) -> None:
        self.name, self.title = name, name + "Backward"

    def backward(self, *_: Any) -> None:
        raise GraphError(
            f"{self.name}.backward is not made of recorded operations (it works on bare arrays, or says once_differentiable), so "
            "its gradients cannot be differentiated, as second derivatives, hvp, hessian, jvp and jacfwd do; write it in "
            "operations on Tensors, with None for a gradient that is always zero, or take first derivatives (grad, vjp, jacrev)"
        )


class _PartOp(_UserOperation):
    """The operation of one output's node: hands its gradient on as a part of the Function's."""

    def __init__(self, place: int, title: str) -> None:
        self.place, self.title, self.name = place, title, title

    def backward(self, xp: Any, g: Any, saved: Any, parents: Any, give: Any, out_for: Any) -> None:
        give(parents[0], _Parts({self.place: g}))


def _check_saved(ctx: Context, title: str) -> None:
    from ._engine import writes

    for t, data, when in ctx._saved:
        if data is not None and isinstance(t, Tensor):
            stamp = writes.stamp_of(data) if writes.last > when else None
            if stamp is not None and stamp.tick > when:
                raise GraphError(
                    f"{title}: a saved tensor of shape {t.shape} was overwritten by an in-place operation after it was saved"
                )


class Function:
    """An operation with a derivative of your own, as ``torch.autograd.Function``.

    A subclass defines ``forward`` and ``backward`` as static methods, and is called by ``apply``.  Both may work on ``.array``,
    the bare arrays, so that a pair of ``cupy.RawKernel`` fits in.

    Written in recorded operations on ``grads`` and ``ctx.saved_tensors``, backward can be differentiated again, which second
    derivatives do, and ``gf.func``'s jvp, jacfwd, hvp and hessian.  Through a backward on bare arrays, or one that says
    ``once_differentiable``, these raise GraphError.  It cannot be seen that an array which backward multiplies ``grads`` with was
    computed from the input: ``gf.gradgradcheck`` tells.

    Examples
    --------
    >>> import gradflow as gf
    >>> class Cube(gf.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x ** 3
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return 3 * x ** 2 * g
    >>> x = gf.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    _of_operations = False  # whether backward is known to be made of recorded operations

    @staticmethod
    def forward(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        """Compute the result; nothing that is done here is recorded.

        Parameters
        ----------
        ctx : Context
            Where to leave what backward needs: ``ctx.save_for_backward(*tensors)``, and any attributes.
        *args : object
            The positional arguments of ``apply``.
        **kwargs : object
            Its named arguments.

        Returns
        -------
        Tensor or tuple of Tensor
            One for each output.

        Examples
        --------
        >>> import gradflow as gf
        >>> class Twice(gf.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         return x * 2
        >>> Twice.apply(gf.ones(2))
        tensor([2., 2.])
        """
        raise NotImplementedError("a Function defines forward(ctx, *args) as a staticmethod")

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """The gradients of the arguments, from those of the outputs.

        Parameters
        ----------
        ctx : Context
            What forward was given: ``ctx.saved_tensors``, ``ctx.needs_input_grad``, and its attributes.
        *grads : Tensor
            A gradient for each output, zeros for one that nobody used.

        Returns
        -------
        Tensor, None or tuple of them
            A gradient for each argument, in its shape; None for an argument without one, or whose gradient is always zero.

        Examples
        --------
        >>> import gradflow as gf
        >>> class Reversed(gf.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         return x.clone()
        ...     @staticmethod
        ...     def backward(ctx, g):
        ...         return -g
        >>> x = gf.ones(2, requires_grad=True)
        >>> Reversed.apply(x).sum().backward()
        >>> x.grad
        tensor([-1., -1.])
        """
        raise NotImplementedError("a Function defines backward(ctx, *grads) as a staticmethod")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward, and record it with this class's backward.

        Parameters
        ----------
        *args : object
            What forward gets; Tensors among them that require grad get a gradient.
        **kwargs : object
            Named arguments for forward, which get no gradient.

        Returns
        -------
        Tensor or tuple of Tensor
            What forward returned, with a node of this class if it is recorded.

        Raises
        ------
        DTypeError
            When forward returns something else.

        Examples
        --------
        >>> import gradflow as gf
        >>> class Twice(gf.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         return x * 2
        >>> Twice.apply(gf.ones(2))
        tensor([2., 2.])
        """
        ctx = Context()
        needs = [isinstance(a, Tensor) and a.node is not None for a in args]
        ctx.needs_input_grad = tuple(needs)
        made = recording(False, cls.forward, ctx, *args, **kwargs)
        outputs = made if isinstance(made, tuple) else (made,)
        for o in outputs:
            if not isinstance(o, Tensor):
                raise DTypeError(f"{cls.__name__}.forward returned {type(o).__name__}; it returns a Tensor or a tuple of Tensors")
        if not (any(needs) and mode.recording):
            return made
        places = [i for i, n in enumerate(needs) if n]
        node = Node()
        node.op = _FunctionOp(cls, places, [(backend.namespace_of(o.array), o.shape, o.dtype) for o in outputs])
        node.parents = tuple(args[i].node for i in places)
        node.saved, node.shape, node.extra, node.seq = (ctx,), _Parts.shape, None, tick()
        alone = len(outputs) == 1  # then the gradient needs no wrapping, and this node is the output's own
        inputs = {id(a.array) for a in args if isinstance(a, Tensor)}
        results: list[Tensor] = []
        part: Any = None
        for i, o in enumerate(outputs):
            flat = id(o) in ctx._flat or o.dtype.kind not in "fc"
            t: Tensor = o._like(wrap(o.array.copy() if id(o.array) in inputs else o.array))
            if alone and not flat:
                part, node.shape, t.node = node, t.shape, node
            elif not flat:
                part = t.node = _node(_PartOp(i, cls.__name__ + "Backward"), (node,), t.shape)
            if any(saved is o for saved, _, _ in ctx._saved):
                ctx._outputs[id(o)] = (t.array, weakref.ref(part) if not flat else None)
            results.append(t)
        return tuple(results) if isinstance(made, tuple) else results[0]


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a ``backward`` that is not made of recorded operations: differentiating its gradients raises GraphError.

    GraphError is also what ``gf.func``'s jvp, jacfwd, hvp and hessian raise, which differentiate it.

    Parameters
    ----------
    backward : callable
        The ``backward`` of a Function, below ``@staticmethod``.

    Returns
    -------
    callable
        The same function, run without recording.

    Examples
    --------
    >>> import numpy as np, gradflow as gf
    >>> class Exp(gf.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.y = gf.from_numpy(np.exp(x.array))
    ...         return ctx.y
    ...     @staticmethod
    ...     @gf.autograd.once_differentiable
    ...     def backward(ctx, g):
    ...         return g * ctx.y
    >>> x = gf.zeros(1, requires_grad=True)
    >>> gf.autograd.grad(Exp.apply(x), x)
    (tensor([1.]),)
    """

    @functools.wraps(backward)
    def once(ctx: Any, *grads: Any) -> Any:
        made = recording(False, backward, ctx, *grads)
        if isinstance(made, tuple):
            return tuple([g.detach() if isinstance(g, Tensor) else g for g in made])
        return made.detach() if isinstance(made, Tensor) else made

    return once
