"""Symbols: a formula is run on them once, and leaves the expression that it computes.

Symbols stand for arrays, and for numbers that are the same for all elements.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .._programs.primitives import PRIMITIVES
from .._programs.program import Expression, Expressions, Program
from ..backend import CPU, device, dtypes
from ..errors import RuleError

_CONSTANTS = Expressions()
"""The expressions of constants that have not met an array yet."""


class Symbol:
    """What a formula sees in place of an array or a number."""

    shape: tuple[int, ...] = ()
    ndim = 0
    size = 1

    def __init__(self, trace: Expressions, node: Expression) -> None:
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
    trace = next((t for t in traces if t is not _CONSTANTS), _CONSTANTS)
    nodes = [_node(trace, a) for a in args]
    if name == "where":
        nodes = [_truth(trace, nodes[0]), *(trace.apply("cast", n) if n.kind == "mask" else n for n in nodes[1:])]
    elif name.startswith("logical"):
        nodes = [_truth(trace, n) for n in nodes]
    elif name != "cast":
        nodes = [trace.apply("cast", n) if n.kind == "mask" else n for n in nodes]
    return Symbol(trace, trace.apply(name, *nodes))


def _truth(trace: Expressions, node: Expression) -> Expression:
    """A condition, as NumPy takes one: a number is true unless it is 0."""
    return node if node.kind in ("mask", "flag") else trace.apply("not_equal", node, trace.constant(0.0))


def _node(trace: Expressions, value: Any) -> Expression:
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
        return Symbol(_CONSTANTS, _CONSTANTS.constant(value))  # not rounded: the kernel's type decides

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


def trace(
    formula: Callable[..., Any], arrays: Iterable[str], numbers: Iterable[str], fixed: dict[str, Any], writes: Sequence[str],
    low: str | None = None,
) -> Program:  # fmt: skip
    """Run ``formula`` on symbols for ``arrays`` and ``numbers`` and on the values ``fixed``; what it returns, in the order of
    ``writes``, is stored there (None: nothing is).  ``low`` names a further output, which gets what the first one gets."""
    tr = Expressions()
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
