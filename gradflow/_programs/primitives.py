"""The operations that kernels know: how C writes each, and what the host computes of numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

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
