"""fused: an elementwise function of one's own as one kernel, and its derivatives as others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import update_wrapper
from types import FunctionType
from typing import Any

from ._engine import Op, compiled, make_callable, mode, recording, sweep, wrap
from ._kernels import Kernel
from ._standins.batch import Batch, any_batch, lifted
from ._standins.symbol import Symbol
from ._tensor import Tensor
from .errors import DTypeError, RuleError
from .typing import Array, Namespace

Elementwise = Callable[..., Any]


def fused(function: Elementwise) -> Elementwise:
    """One kernel of an elementwise function of your own; its derivatives, of any order, are kernels too.

    The function is run once on symbols, never on numbers: it cannot branch on values, and what it computes on the way takes no
    memory.  The derivative is taken on the expression, by the same rules as everywhere.

    On CUDA a call is one launch.  On the CPU large arrays go block by block through the cache, on several threads.  There it
    saves memory rather than time: formulas of ``exp`` and ``tanh`` on fewer than some three million numbers are quicker plain.

    Parameters
    ----------
    function : callable
        Takes tensors and returns one.  It may use what computes each element by itself: arithmetic, comparisons, ``gf.where``,
        ``exp``, ``log``, ``sqrt``, ``tanh``, ``sigmoid``, ``erf``, ``maximum`` and the like, and other fused functions.

    Returns
    -------
    callable
        The same function as one operation.  Its arguments are broadcast, and integers made floats.

    Raises
    ------
    RuleError
        When the function is called and is not elementwise.
    TypeError
        When a parameter is not a plain positional one.

    Examples
    --------
    >>> import gradflow as gf
    >>> @gf.fused
    ... def swish(x, beta):
    ...     return x * gf.sigmoid(beta * x)
    >>> x = gf.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    >>> y = swish(x, 1.5)
    >>> y
    tensor([-0.1824,  0.0000,  1.9051], grad_fn=<SwishBackward>)
    >>> y.sum().backward()
    >>> x.grad
    tensor([-0.0413,  0.5000,  1.0881])
    """
    import inspect

    parameters = list(inspect.signature(function).parameters.values())
    if not parameters or any(p.kind is not p.POSITIONAL_OR_KEYWORD for p in parameters):
        raise TypeError(f"fused: {_name(function)} takes plain positional parameters, at least one, and no * or **")
    op = _operation(function, len(parameters))
    op.shown = [p.name for p in parameters]
    call = _named(op)
    call.__defaults__ = tuple(p.default for p in parameters if p.default is not p.empty) or None
    made = update_wrapper(call, function)
    made.op = op  # type: ignore[attr-defined]
    return made


def _named(op: Op) -> FunctionType:
    """The call of ``op`` with parameters of the user's names; the one other name in it is longer than any of them."""
    call, listed = "_" * (1 + max(map(len, op.shown))), ", ".join(op.shown)
    source = f"def named({listed}): return {call}({listed})\n"
    return compiled(op, "named", source, {call: make_callable(op)})


def _name(function: Elementwise) -> str:
    name = getattr(function, "__name__", "")
    return name if name.isidentifier() and name.strip("_") else "fused"


def _operation(function: Elementwise, count: int) -> Op:
    """An operation of ``count`` inputs whose definition and rule run kernels.

    A rule is given what it names, so that the inputs have names of their own: a user's parameter called ``y`` or ``g`` is neither
    the output nor the gradient.
    """
    names = _inputs(count)
    listed = ", ".join(names)
    scope: dict[str, Any] = {"run": _FusedFunction(function, count), "derivative": _Derivative(function, count)}
    scope["__name__"] = function.__module__
    exec(
        f"def definition(xp, {listed}): return run(xp, ({listed},))\n"
        f"def rule(xp, g, needs, {listed}): return derivative(xp, g, needs, ({listed},))\n",
        scope,
    )
    definition, rule = scope["definition"], scope["rule"]
    definition.__name__ = _name(function)
    return Op("elementwise", definition, rules=dict.fromkeys(names, rule), joint=rule, promoted=names, floats=True)


def _inputs(count: int) -> list[str]:
    return [f"in{i}_" for i in range(count)]


class _FusedFunction:
    """A function of ``count`` Tensors as a kernel on bare arrays."""

    def __init__(self, function: Elementwise, count: int, outputs: int = 1) -> None:
        self._function, self._names = function, _inputs(count)
        self._outputs = [f"out{i}_" for i in range(outputs)]

        def formula(xp: Namespace, **symbols: Symbol) -> Any:
            made = _traced(function, [wrap(symbols[n]) for n in self._names])
            return tuple(map(self._bare, made if isinstance(made, tuple) else (made,)))

        formula.__name__ = _name(function)
        self._kernel = Kernel(formula, " ".join(self._outputs), [*self._names, *self._outputs])

    def _bare(self, y: Any) -> Any:
        if not isinstance(y, Tensor | int | float):
            raise RuleError(f"fused: {self._kernel.formula.__name__} returns {type(y).__name__}, not a Tensor")
        return y.array if isinstance(y, Tensor) else y

    def many(self, xp: Namespace, arrays: Sequence[Array]) -> list[Array]:
        if any_batch(arrays):
            ndim = max([a.ndim for a in arrays])
            return [Batch(made) for made in self.many(xp.xp, [lifted(a, ndim) for a in arrays])]
        shape = xp.broadcast_shapes(*[a.shape for a in arrays])
        dtype = arrays[0].dtype
        if dtype.kind != "f":
            raise DTypeError(f"{self._kernel.formula.__name__}: a fused function takes real numbers, not {dtype}")
        made = [xp.empty(shape, dtype) for _ in self._outputs]
        self._kernel.run(dict(zip([*self._names, *self._outputs], [*arrays, *made], strict=True)))
        return made

    def __call__(self, xp: Namespace, arrays: tuple[Array, ...]) -> Array:
        if any(isinstance(a, Symbol) for a in arrays):  # inside another fused function
            return self._bare(self._function(*[wrap(a) if isinstance(a, Symbol) else a for a in arrays]))
        return self.many(xp, arrays)[0]


def _traced(function: Elementwise, arguments: list[Any]) -> Any:
    """``function`` recorded, for derivatives of symbols, and without a look for NaN, of which symbols know nothing."""
    was = mode.anomaly
    try:
        mode.anomaly = False
        return recording(True, function, *arguments)
    finally:
        mode.anomaly = was


class _Derivative:
    """The gradients of a fused function: one kernel for all that are asked for, or, recorded, a fused function for each."""

    def __init__(self, function: Elementwise, count: int) -> None:
        self._count = count + 1  # the gradient that comes in, and the inputs
        self._parts = [_gradient(function, i) for i in range(count)]
        self._runs: dict[tuple[bool, ...], _FusedFunction] = {}
        self._recorded: dict[int, Any] = {}

    def __call__(self, xp: Namespace, g: Any, needs: tuple[bool, ...], inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        wanted = [i for i, need in enumerate(needs) if need]
        if isinstance(g, Tensor):
            found = [self._of(i)(g, *inputs) for i in wanted]
        elif isinstance(g, Symbol):
            tensors = [wrap(xp.asarray(a)) for a in inputs]
            found = [self._parts[i](wrap(g), *tensors).array for i in wanted]
        else:
            found = self._run(needs, wanted).many(xp, (g, *inputs))
        made: list[Any] = [None] * len(needs)
        for i, d in zip(wanted, found, strict=True):
            made[i] = d
        return tuple(made)

    def _run(self, needs: tuple[bool, ...], wanted: list[int]) -> _FusedFunction:
        run = self._runs.get(needs)
        if run is None:
            parts = [self._parts[i] for i in wanted]

            def gradients(g: Tensor, *inputs: Tensor) -> tuple[Any, ...]:
                return tuple(part(g, *inputs) for part in parts)

            gradients.__name__ = f"{parts[0].__name__}_"
            run = self._runs[needs] = _FusedFunction(gradients, self._count, len(wanted))
        return run

    def _of(self, i: int) -> Any:
        """The gradient of input ``i`` as a fused function of its own."""
        if i not in self._recorded:
            self._recorded[i] = make_callable(_operation(self._parts[i], self._count))
        return self._recorded[i]


def _gradient(function: Elementwise, i: int) -> Elementwise:
    """``(g, *inputs) -> g times the derivative of function(*inputs) by input i``, recorded."""

    def part(g: Tensor, *inputs: Tensor) -> Tensor:
        leaves = [wrap(t.array) for t in inputs]
        x = leaves[i].requires_grad_() if inputs[i].node is None else inputs[i]
        arguments = [x if k == i else t for k, t in enumerate(inputs)]
        y = function(*arguments)
        if not isinstance(y, Tensor) or y.node is None:
            return g * 0  # a constant
        assert x.node is not None
        found, _ = sweep([(y.node, g)], create_graph=True, retain_graph=True, inputs=[x.node])
        return found.get(x.node, g * 0)  # type: ignore[no-any-return]

    part.__name__ = f"{_name(function).strip('_')}_gradient_{i}"
    return part
