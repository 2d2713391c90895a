"""A formula run once on symbols: the expression it computes, with every common part there once.

Symbols stand for arrays, and for numbers that are the same for all elements.  What is made of numbers alone is a number
too: it is computed on the host, in double precision, before the kernel starts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..backend import CPU, device, dtypes
from ..errors import RuleError

Kind = str
"""``"array"``, ``"mask"`` (an array of booleans), ``"number"``, ``"flag"`` (a boolean number)."""


class Primitive:
    """One operation that kernels know: how C writes it (``T``: the type computed in), and what the host computes."""

    __slots__ = ("c", "host", "is_test", "name")

    def __init__(self, name: str, c: str, host: Callable[..., Any], is_test: bool = False) -> None:
        self.name, self.c, self.host, self.is_test = name, c, host, is_test


# What the host computes is what NumPy would: no exceptions, but infinities and NaN.


def _quiet(function: Callable[[float], float]) -> Callable[[float], float]:
    def call(v: float) -> float:
        try:
            return function(v)
        except OverflowError:
            return math.copysign(math.inf, v) if function is math.sinh else math.inf
        except ValueError:
            return math.nan

    return call


def _sign(v: float) -> float:
    return v if v != v else float((v > 0) - (v < 0))


def _divide(a: float, b: float) -> float:
    return a / b if b else a * math.copysign(math.inf, b) if a else math.nan


def _power_of(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:
        return math.nan if a else math.copysign(math.inf, a) if b % 2 == 1 else math.inf


def _log(v: float) -> float:
    return math.log(v) if v > 0 else -math.inf if v == 0 else math.nan


def _greatest(a: float, b: float) -> float:
    return a if a > b or a != a else b


def _least(a: float, b: float) -> float:
    return a if a < b or a != a else b


PRIMITIVES = {
    p.name: p
    for p in (
        Primitive("add", "{0} + {1}", lambda a, b: a + b),
        Primitive("subtract", "{0} - {1}", lambda a, b: a - b),
        Primitive("multiply", "{0} * {1}", lambda a, b: a * b),
        Primitive("divide", "{0} / {1}", _divide),
        Primitive("negative", "-{0}", lambda a: -a),
        Primitive("reciprocal", "T(1) / {0}", lambda a: _divide(1.0, a)),
        # Both give NaN where either is NaN, as NumPy's do; fmax would lose it.
        Primitive("maximum", "({0} > {1} || {0} != {0}) ? {0} : {1}", _greatest),
        Primitive("minimum", "({0} < {1} || {0} != {0}) ? {0} : {1}", _least),
        Primitive("power", "pow({0}, {1})", _power_of),
        Primitive("absolute", "abs({0})", abs),
        Primitive("sign", "{0} != {0} ? {0} : T(({0} > T(0)) - ({0} < T(0)))", _sign),
        Primitive("sqrt", "sqrt({0})", _quiet(math.sqrt)),
        Primitive("exp", "exp({0})", _quiet(math.exp)),
        Primitive("expm1", "expm1({0})", _quiet(math.expm1)),
        Primitive("log", "log({0})", _log),
        Primitive("log1p", "log1p({0})", lambda a: math.log1p(a) if a > -1 else _log(1 + a)),
        Primitive("tanh", "tanh({0})", math.tanh),
        Primitive("sinh", "sinh({0})", _quiet(math.sinh)),
        Primitive("cosh", "cosh({0})", _quiet(math.cosh)),
        Primitive("sin", "sin({0})", _quiet(math.sin)),
        Primitive("cos", "cos({0})", _quiet(math.cos)),
        Primitive("arctan", "atan({0})", math.atan),
        Primitive("erf", "erf({0})", math.erf),
        Primitive("floor", "floor({0})", lambda a: float(math.floor(a)) if math.isfinite(a) else a),
        Primitive("greater", "{0} > {1}", lambda a, b: a > b, True),
        Primitive("greater_equal", "{0} >= {1}", lambda a, b: a >= b, True),
        Primitive("less", "{0} < {1}", lambda a, b: a < b, True),
        Primitive("less_equal", "{0} <= {1}", lambda a, b: a <= b, True),
        Primitive("equal", "{0} == {1}", lambda a, b: a == b, True),
        Primitive("not_equal", "{0} != {1}", lambda a, b: a != b, True),
        Primitive("logical_and", "{0} && {1}", lambda a, b: bool(a and b), True),
        Primitive("logical_or", "{0} || {1}", lambda a, b: bool(a or b), True),
        Primitive("logical_not", "!{0}", lambda a: not a, True),
        Primitive("where", "{0} ? {1} : {2}", lambda c, a, b: a if c else b),
        Primitive("cast", "T({0})", float),  # a boolean as 0 or 1
    )
}


class Node:
    """One value of an expression: ``name`` is a primitive's, or ``"array"``, ``"number"``, ``"constant"``."""

    __slots__ = ("args", "kind", "name", "value")

    def __init__(self, name: str, args: tuple[Node, ...], kind: Kind, value: Any = None) -> None:
        self.name, self.args, self.kind, self.value = name, args, kind, value

    @property
    def is_number(self) -> bool:
        return self.kind in ("number", "flag")

    def __repr__(self) -> str:
        inner = repr(self.value) if not self.args else ", ".join(map(repr, self.args))
        return f"{self.name}({inner})"


class Trace:
    """The nodes of one formula, each made once."""

    def __init__(self) -> None:
        self._nodes: dict[Any, Node] = {}

    def leaf(self, name: str, value: Any, kind: Kind) -> Node:
        key = (name, value, math.copysign(1.0, value) if name == "constant" else None)  # -0.0 is not 0.0
        return self._nodes.setdefault(key, Node(name, (), kind, value))

    def constant(self, value: Any) -> Node:
        return self.leaf("constant", float(value), "number")

    def apply(self, name: str, *args: Node) -> Node:
        primitive = PRIMITIVES[name]
        numbers = all(a.is_number for a in args)
        if numbers and all(a.name == "constant" for a in args) and not primitive.is_test:
            return self.constant(primitive.host(*(a.value for a in args)))
        kinds = ("flag", "number") if numbers else ("mask", "array")
        key = (name, *map(id, args))
        return self._nodes.setdefault(key, Node(name, args, kinds[0] if primitive.is_test else kinds[1]))


_NONE = Trace()
"""Where constants stand that have not met an array yet."""


class Symbol:
    """What a formula sees in place of an array or a number."""

    shape: tuple[int, ...] = ()
    ndim = 0
    size = 1

    def __init__(self, trace: Trace, node: Node) -> None:
        self._trace, self._node = trace, node

    @property
    def __gradflow_namespace__(self) -> Symbols:
        """Symbols stand where arrays do: operations and rules are run on them in this namespace."""
        return xp

    @property
    def dtype(self) -> np.dtype[Any]:
        """What promotion sees: a float that no Python number widens, or a boolean."""
        return dtypes.bool_ if self._node.kind in ("mask", "flag") else dtypes.float32

    def __bool__(self) -> bool:
        if self._node.name == "number":
            return True  # a number that is 0 is passed as 0
        return bool(self.item())

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **_: Any) -> Any:
        """A NumPy number on the left leaves the operation to the symbol."""
        return getattr(xp, ufunc.__name__)(*inputs) if method == "__call__" else NotImplemented

    def __array_function__(self, function: Any, _types: Any, args: Any, kwargs: Any) -> Any:
        return getattr(xp, function.__name__)(*args, **kwargs)

    def item(self) -> Any:
        raise RuleError("a formula cannot branch on the values of an array: use xp.where, or an option after the *")

    def copy(self) -> Symbol:
        return self

    def astype(self, dtype: Any, copy: bool = False) -> Any:
        return xp.astype(self, dtype)

    def __neg__(self) -> Symbol:
        return _applied("negative", self)

    def __abs__(self) -> Symbol:
        return _applied("absolute", self)

    def __pow__(self, exponent: Any) -> Symbol:
        return _power(self, exponent)

    def __rpow__(self, base: Any) -> Symbol:
        return _power(base, self)

    def _operator(name: str, mirrored: bool = False) -> Any:  # type: ignore[misc]  # noqa: N805 - used in this body only
        def write(self: Symbol, other: Any) -> Symbol:
            return _applied(name, other, self) if mirrored else _applied(name, self, other)

        return write

    __add__, __radd__ = _operator("add"), _operator("add", True)
    __sub__, __rsub__ = _operator("subtract"), _operator("subtract", True)
    __mul__, __rmul__ = _operator("multiply"), _operator("multiply", True)
    __truediv__, __rtruediv__ = _operator("divide"), _operator("divide", True)
    __gt__, __lt__, __ge__, __le__ = _operator("greater"), _operator("less"), _operator("greater_equal"), _operator("less_equal")
    __eq__, __ne__ = _operator("equal"), _operator("not_equal")
    __and__, __or__, __invert__ = _operator("logical_and"), _operator("logical_or"), lambda self: _applied("logical_not", self)
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<symbol {self._node!r}>"


def _applied(name: str, *args: Any) -> Symbol:
    traces = [a._trace for a in args if isinstance(a, Symbol)]
    trace = next((t for t in traces if t is not _NONE), _NONE)
    nodes = [_node(trace, a) for a in args]
    if name == "where":
        nodes = [_truth(trace, nodes[0]), *(trace.apply("cast", n) if n.kind == "mask" else n for n in nodes[1:])]
    elif name.startswith("logical"):
        nodes = [_truth(trace, n) for n in nodes]
    elif name != "cast":
        nodes = [trace.apply("cast", n) if n.kind == "mask" else n for n in nodes]
    return Symbol(trace, trace.apply(name, *nodes))


def _truth(trace: Trace, node: Node) -> Node:
    """A condition, as NumPy takes one: a number is true unless it is 0."""
    return node if node.kind in ("mask", "flag") else trace.apply("not_equal", node, trace.constant(0.0))


def _node(trace: Trace, value: Any) -> Node:
    if isinstance(value, Symbol):
        return value._node if value._trace is trace else trace.constant(value._node.value)
    if isinstance(value, bool | int | float | np.floating | np.integer | np.bool_):
        return trace.constant(value)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return trace.constant(value.item())
    raise RuleError(f"a formula takes its own arrays and real numbers, not {type(value).__name__}")


def _power(base: Any, exponent: Any) -> Symbol:
    """A power by the shortest way there is: products for small whole exponents, a root for 1/2."""
    if isinstance(base, Symbol) and not base._node.is_number and isinstance(exponent, int | float):
        whole: dict[float, Callable[[Symbol], Symbol]] = {
            1: lambda x: x, 2: lambda x: x * x, 3: lambda x: x * x * x, -1: xp.reciprocal, 0.5: xp.sqrt,
        }  # fmt: skip
        if exponent in whole:
            return whole[exponent](base)
    return _applied("power", base, exponent)


class Symbols:
    """``xp`` of the symbols: the names of a backend that make sense for one element alone."""

    inf, nan, pi = math.inf, math.nan, math.pi

    def __getattr__(self, name: str) -> Callable[..., Symbol]:
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in PRIMITIVES:
            raise RuleError(f"xp.{name} cannot stand in a kernel's formula; there are {', '.join(sorted(PRIMITIVES))}")

        def call(*args: Any) -> Any:
            if any(isinstance(a, Symbol) for a in args):
                return _applied(name, *args)
            return PRIMITIVES[name].host(*args)  # numbers that are known already

        return call

    def power(self, base: Any, exponent: Any) -> Any:
        return _power(base, exponent) if isinstance(base, Symbol) or isinstance(exponent, Symbol) else base**exponent

    pow_scalar = power

    def maximum_scalar(self, x: Any, value: Any) -> Any:
        return self.maximum(x, value)

    def bitwise_and(self, a: Any, b: Any) -> Any:
        return self.logical_and(a, b)

    def bitwise_or(self, a: Any, b: Any) -> Any:
        return self.logical_or(a, b)

    def invert(self, a: Any) -> Any:
        return self.logical_not(a)

    def square(self, x: Any) -> Any:
        return x * x

    def rsqrt(self, x: Any) -> Any:
        return self.reciprocal(self.sqrt(x))

    def sigmoid(self, x: Any) -> Any:
        return self.exp(self.minimum(x, 0.0)) / (self.exp(-self.absolute(x)) + 1.0)

    def flat(self, condition: Any, d: Any, like: Any) -> Any:
        """``d``, and ``0 * like`` where ``condition``."""
        return self.where(condition, 0.0 * like, d)

    def kept(self, condition: Any, g: Any) -> Any:
        """``g`` where ``condition``, and 0 elsewhere."""
        return self.where(condition, g, 0.0)

    def isnan(self, x: Any) -> Any:
        return self.not_equal(x, x)

    def scalar(self, value: Any, _dtype: Any) -> Any:
        return Symbol(_NONE, _NONE.constant(value))  # not rounded: the kernel's type decides

    def astype(self, x: Any, _dtype: Any, copy: bool = False) -> Any:
        return _applied("cast", x) if isinstance(x, Symbol) and x._node.kind == "mask" else x

    def zeros_like(self, _x: Any) -> float:
        return 0.0

    def ones_like(self, _x: Any) -> float:
        return 1.0

    def full(self, _shape: Any, value: Any, _dtype: Any = None) -> Any:
        return self.scalar(value, None)

    def zeros(self, _shape: Any, _dtype: Any = None) -> Any:
        return self.scalar(0.0, None)

    def ones(self, _shape: Any, _dtype: Any = None) -> Any:
        return self.scalar(1.0, None)

    def array(self, x: Any, dtype: Any = None, *, copy: bool = True, order: str = "K") -> Any:
        return x  # nothing is written into symbols

    def asarray(self, x: Any, dtype: Any = None) -> Any:
        return x

    real = conjugate = owner = asarray

    def sum_to(self, x: Any, _shape: Any) -> Any:
        return x  # one element is broadcast to nothing

    broadcast_to = sum_to

    def broadcast_shapes(self, *_shapes: Any) -> tuple[int, ...]:
        return ()

    def device_of(self, _x: Any) -> device:
        return CPU


xp = Symbols()


class Program:
    """An expression ready to be written out.

    ``arrays`` are the names of its inputs, ``outputs`` pairs of a name and the node stored there (the name of an input:
    that array is overwritten), ``body`` the nodes computed for each element, in order, and ``numbers`` the nodes that
    the elements share; ``compute`` gets the values of the formula's numbers, called ``given``, and gives those of ``numbers``.
    """

    def __init__(self, name: str, arrays: Sequence[str], given: Sequence[str], outputs: Sequence[tuple[str, Node]]) -> None:
        self.name, self.arrays, self.given, self.outputs = name, tuple(arrays), tuple(given), tuple(outputs)
        self.body: list[Node] = []
        self.numbers: list[Node] = []
        seen: set[Node] = set()
        for _, node in outputs:
            self._collect(node, seen)
        self.compute = _host_function(given, self.numbers)

    def _collect(self, root: Node, seen: set[Node]) -> None:
        stack = [(root, False)]  # no recursion: a formula may be long
        while stack:
            node, done = stack.pop()
            if done:
                self.body.append(node)
            elif node not in seen:
                seen.add(node)
                if node.is_number:
                    if node.name != "constant":
                        self.numbers.append(node)
                elif node.args:
                    stack.append((node, True))
                    stack += [(a, False) for a in reversed(node.args)]


def _host_function(given: Sequence[str], numbers: Sequence[Node]) -> Callable[..., tuple[float, ...]]:
    """The shared numbers as a function of the formula's own, in double precision.

    What is written has names of its own for them: a number that the user calls ``k0`` is not one that is computed here.
    """
    own = {name: f"n{i}" for i, name in enumerate(given)}
    env: dict[str, Any] = {f"host_{name}": p.host for name, p in PRIMITIVES.items()}
    lines: list[str] = []
    names: dict[Node, str] = {}

    def text(node: Node) -> str:
        if node.name == "number":
            return own[node.value]
        if node.name == "constant":
            return f"float({str(node.value)!r})"
        if node not in names:
            args = ", ".join([text(a) for a in node.args])
            names[node] = f"k{len(names)}"
            lines.append(f"    {names[node]} = host_{node.name}({args})")
        return names[node]

    results = [text(n) for n in numbers]
    source = (
        f"def numbers({', '.join(own.values())}):\n" + "\n".join(lines) + f"\n    return ({''.join(r + ', ' for r in results)})\n"
    )
    exec(source, env)
    return env["numbers"]  # type: ignore[no-any-return]


def trace(
    formula: Callable[..., Any], arrays: Iterable[str], numbers: Iterable[str], fixed: dict[str, Any], writes: Sequence[str],
    low: str | None = None,
) -> Program:  # fmt: skip
    """Run ``formula`` on symbols for ``arrays`` and ``numbers`` and on the values ``fixed``; what it returns, in the order of
    ``writes``, is stored there (None: nothing is).  ``low`` names a further output, which gets what the first one gets."""
    tr = Trace()
    given = list(numbers)
    symbols = {name: Symbol(tr, tr.leaf("array", name, "array")) for name in arrays}
    symbols |= {name: Symbol(tr, tr.leaf("number", name, "number")) for name in given}
    made = formula(xp, **symbols, **fixed)
    made = made if isinstance(made, tuple) else (made,)
    if len(made) != len(writes):
        raise RuleError(f"{formula.__name__} returns {len(made)} values for {len(writes)} outputs ({', '.join(writes)})")
    pairs = [*zip(writes, made, strict=True), *([(low, made[0])] if low else [])]
    outputs = []
    for name, value in pairs:
        if value is not None:
            node = _node(tr, value)
            outputs.append((name, tr.apply("cast", node) if node.kind in ("mask", "flag") else node))
    return Program(formula.__name__, list(arrays), given, outputs)
