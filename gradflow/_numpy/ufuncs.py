"""The docstrings of the functions that work element by element, NumPy's ufuncs: one line of facts and one template for all.

The operations behind them have docstrings of their own, in PyTorch's terms.  ``gradflow.numpy`` alone imports this module.
"""

from __future__ import annotations

from typing import Any

_TEMPLATE = """{summary}{more}

Parameters
----------
{parameters}

Returns
-------
ndarray or Tensor
    {returns}

Examples
--------
>>> import gradflow.numpy as gnp
>>> gnp.{name}({given})
{result}
"""

_ONE = "x : array_like\n    {takes}"
_TWO = "x1 : array_like\n    {takes}\nx2 : array_like\n    The others; the shapes broadcast."

_ANY, _REAL, _WHOLE, _RADIANS = "Numbers, real or complex.", "Real numbers.", "Whole numbers or booleans.", "Angles in radians."
_FLAT, _BY_ZERO = "Its derivative is 0.", "Whole numbers divided by 0 give 0, with a warning."
_TRUTH, _NUMBER = "Booleans, which have no gradient.", "In the dtype that NumPy's function gives."

_FACTS: dict[str, tuple[str, str, str, str, str]] = {
    # powers, exponentials, logarithms
    "square": ("``x * x``; its derivative is ``2 * x``.", "", _ANY, "[1.0, -3.0]", "array([1., 9.])"),
    "sqrt": (
        "The square root; its derivative is ``1 / (2 * sqrt(x))``.", "The derivative is infinite at 0.", _ANY, "[1.0, 4.0]",
        "array([1., 2.])",
    ),
    "reciprocal": ("``1 / x``; its derivative is ``-1 / x**2``.", "", _ANY, "[2.0, 4.0]", "array([0.5 , 0.25])"),
    "exp": ("The exponential function ``e**x``, which is its own derivative.", "", _ANY, "1.0", "array(2.71828183)"),
    "expm1": ("``exp(x) - 1``, accurate near 0.", "Its derivative is ``exp(x)``.", _ANY, "1e-20", "array(1.e-20)"),
    "log": (
        "The natural logarithm; its derivative is ``1 / x``.", "Of negative real numbers it is NaN, with a warning.", _ANY,
        "[1.0, 10.0]", "array([0.        , 2.30258509])",
    ),
    "log1p": ("``log(1 + x)``, accurate near 0.", "Its derivative is ``1 / (1 + x)``.", _ANY, "1e-20", "array(1.e-20)"),
    "log2": ("The logarithm to base 2.", "Its derivative is ``1 / (x * log(2))``.", _ANY, "[1.0, 8.0]", "array([0., 3.])"),
    "log10": ("The logarithm to base 10.", "Its derivative is ``1 / (x * log(10))``.", _ANY, "[1.0, 100.0]", "array([0., 2.])"),
    "logaddexp": ("``log(exp(x1) + exp(x2))`` without overflow.", "", _REAL, "1000.0, 1000.0", "array(1000.69314718)"),
    "power": (
        "``x1`` to the power ``x2``.",
        "Whole numbers to a negative power raise, as NumPy's do.  The slope of ``0**x2`` in ``x2`` is taken to be 0.", _ANY,
        "[2.0, 3.0], 2", "array([4., 9.])",
    ),
    "hypot": (
        "``sqrt(x1**2 + x2**2)`` without overflow.", "The gradient is taken to be 0 where both are 0.", _REAL, "3.0, 4.0",
        "array(5.)",
    ),
    # angles
    "sin": ("The sine; its derivative is ``cos(x)``.", "", _RADIANS, "[0.0, 0.5]", "array([0.        , 0.47942554])"),
    "cos": ("The cosine; its derivative is ``-sin(x)``.", "", _RADIANS, "[0.0, 1.0]", "array([1.        , 0.54030231])"),
    "tan": ("The tangent; its derivative is ``1 + tan(x)**2``.", "", _RADIANS, "0.5", "array(0.54630249)"),
    "asin": ("The inverse sine, in radians.", "Its derivative is ``1 / sqrt(1 - x**2)``.", _ANY, "1.0", "array(1.57079633)"),
    "acos": ("The inverse cosine, in radians.", "Its derivative is ``-1 / sqrt(1 - x**2)``.", _ANY, "0.0", "array(1.57079633)"),
    "atan": ("The inverse tangent, in radians.", "Its derivative is ``1 / (1 + x**2)``.", _ANY, "1.0", "array(0.78539816)"),
    "atan2": (
        "The angle of the point (``x2``, ``x1``) in the plane, in radians from -pi to pi.",
        "The gradient is taken to be 0 where both are 0.", _REAL, "1.0, -1.0", "array(2.35619449)",
    ),
    "degrees": ("The angles in degrees: ``x * 180 / pi``.", "", _RADIANS, "[0.0, gnp.pi]", "array([  0., 180.])"),
    "radians": ("The angles in radians: ``x * pi / 180``.", "", "Angles in degrees.", "180.0", "array(3.14159265)"),
    "sinh": ("The hyperbolic sine; its derivative is ``cosh(x)``.", "", _ANY, "1.0", "array(1.17520119)"),
    "cosh": ("The hyperbolic cosine; its derivative is ``sinh(x)``.", "", _ANY, "1.0", "array(1.54308063)"),
    "tanh": ("The hyperbolic tangent; its derivative is ``1 - tanh(x)**2``.", "", _ANY, "1.0", "array(0.76159416)"),
    "asinh": ("The inverse hyperbolic sine.", "Its derivative is ``1 / sqrt(x**2 + 1)``.", _ANY, "1.0", "array(0.88137359)"),
    "acosh": ("The inverse hyperbolic cosine.", "Its derivative is ``1 / sqrt(x**2 - 1)``.", _ANY, "2.0", "array(1.3169579)"),
    "atanh": ("The inverse hyperbolic tangent.", "Its derivative is ``1 / (1 - x**2)``.", _ANY, "0.5", "array(0.54930614)"),
    # not NumPy's, but SciPy's
    "erf": (
        "The error function, ``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` from 0 to ``x`` (DLMF 7.2.1).",
        "NumPy has none; SciPy's is ``scipy.special.erf``.", _REAL, "[0.5, 1.0]", "array([0.52049988, 0.84270079])",
    ),
    "sigmoid": (
        "The logistic function ``1 / (1 + exp(-x))``, for every ``x`` without overflow.",
        "NumPy has none; SciPy's is ``scipy.special.expit``.", _REAL, "[0.0, 1000.0]", "array([0.5, 1. ])",
    ),
    # sums and quotients
    "add": ("The sum ``x1 + x2``.", "", _ANY, "[1, 2], 0.5", "array([1.5, 2.5])"),
    "subtract": ("The difference ``x1 - x2``.", "", _ANY, "[1, 2], 0.5", "array([0.5, 1.5])"),
    "multiply": ("The product ``x1 * x2``, element by element.", "", _ANY, "[1, 2], [3, 4]", "array([3, 8])"),
    "divide": ("The quotient ``x1 / x2``; of whole numbers it is float64.", "", _ANY, "[1, 3], 2", "array([0.5, 1.5])"),
    "floor_divide": (
        "``floor(x1 / x2)``, flat almost everywhere, so that its gradient is 0.",
        _BY_ZERO, _REAL, "[5, -5], 3", "array([ 1, -2])",
    ),
    "remainder": (
        "``x1 - x2 * floor(x1 / x2)``, with the sign of ``x2``: Python's ``%``.",
        _BY_ZERO, _REAL, "[5, -5], 3", "array([2, 1])",
    ),
    "fmod": (
        "``x1 - x2 * trunc(x1 / x2)``, with the sign of ``x1``: C's ``fmod``.",
        _BY_ZERO, _REAL, "[5, -5], 3", "array([ 2, -2])",
    ),
    "negative": ("``-x``.", "", _ANY, "[1.0, -2.0]", "array([-1.,  2.])"),
    "absolute": (
        "The absolute value ``abs(x)``; of complex numbers the distance from 0.", "The derivative is taken to be 0 at 0.", _ANY,
        "[-2.0, 3 + 4j]", "array([2., 5.])",
    ),
    "sign": ("-1, 0 or 1; its derivative is 0.", "Complex numbers raise DTypeError.", _REAL, "[-2.5, 0.0]", "array([-1.,  0.])"),
    "maximum": (
        "The larger of two numbers.", "Where they are equal each gets half of the gradient.  NaN is passed on.", _REAL,
        "[1.0, 5.0], 2.0", "array([2., 5.])",
    ),
    "minimum": (
        "The smaller of two numbers.", "Where they are equal each gets half of the gradient.  NaN is passed on.", _REAL,
        "[1.0, 5.0], 2.0", "array([1., 2.])",
    ),
    "floor": ("The largest whole number that is not above ``x``.", _FLAT, _REAL, "[1.5, -1.5]", "array([ 1., -2.])"),
    "ceil": ("The smallest whole number that is not below ``x``.", _FLAT, _REAL, "[1.5, -1.5]", "array([ 2., -1.])"),
    "trunc": ("``x`` without its fraction.", _FLAT, _REAL, "[1.5, -1.5]", "array([ 1., -1.])"),
    "rint": (
        "The nearest whole number; of two equally near the even one.", _FLAT, _REAL, "[0.5, 1.5]",
        "array([0., 2.])",
    ),
    "conj": ("The complex conjugate; of real numbers a copy.", "", _ANY, "[1 + 2j]", "array([1.-2.j])"),
    # bits
    "bitwise_and": ("The bits set in both.", "", _WHOLE, "6, 3", "array(2)"),
    "bitwise_or": ("The bits set in one or both.", "", _WHOLE, "6, 3", "array(7)"),
    "bitwise_xor": ("The bits set in just one.", "", _WHOLE, "6, 3", "array(5)"),
    "bitwise_not": ("The bits inverted; of booleans ``not``.", "", _WHOLE, "[True, False]", "array([False,  True])"),
    # truth
    "equal": ("``x1 == x2``, element by element.", "", _ANY, "[1, 2], 2", "array([False,  True])"),
    "not_equal": ("``x1 != x2``, element by element.", "", _ANY, "[1, 2], 2", "array([ True, False])"),
    "less": ("``x1 < x2``, element by element.", "", _REAL, "[1, 2], 2", "array([ True, False])"),
    "less_equal": ("``x1 <= x2``, element by element.", "", _REAL, "[1, 3], 2", "array([ True, False])"),
    "greater": ("``x1 > x2``, element by element.", "", _REAL, "[2, 3], 2", "array([False,  True])"),
    "greater_equal": ("``x1 >= x2``, element by element.", "", _REAL, "[1, 2], 2", "array([False,  True])"),
    "logical_and": ("True where both are nonzero.", "", _ANY, "[1, 0], 2", "array([ True, False])"),
    "logical_or": ("True where one or both are nonzero.", "", _ANY, "[1, 0], 0", "array([ True, False])"),
    "logical_xor": ("True where just one is nonzero.", "", _ANY, "[1, 0], 2", "array([False,  True])"),
    "logical_not": ("True where ``x`` is zero.", "", _ANY, "[1, 0]", "array([False,  True])"),
    "isnan": ("True where ``x`` is not a number.", "", _ANY, "[1.0, gnp.nan]", "array([False,  True])"),
    "isinf": ("True where ``x`` is infinite.", "", _ANY, "[1.0, gnp.inf]", "array([False,  True])"),
    "isfinite": ("True where ``x`` is neither infinite nor NaN.", "", _ANY, "[1.0, gnp.inf]", "array([ True, False])"),
}  # fmt: skip
"""Name: summary, a further sentence, what it takes, the arguments of an example and what it shows."""


def docstring(name: str, parameters: tuple[str, ...]) -> str | None:
    """The docstring of the function called ``name``, of one or two ``parameters``; None if it is none of these."""
    if name not in _FACTS:
        return None
    summary, more, takes, given, result = _FACTS[name]
    return _TEMPLATE.format(
        summary=summary,
        more=f"\n\n{more}" if more else "",
        parameters=(_TWO if len(parameters) == 2 else _ONE).format(takes=takes),
        returns=_TRUTH if "True" in result else _NUMBER,
        name=name,
        given=given,
        result=result,
    )


class Positional:
    """Stands for an operation where ``inspect.signature`` looks: its inputs have NumPy's names, and are given by place."""

    def __init__(self, function: Any, parameters: tuple[str, ...]) -> None:
        self.__wrapped__ = function  # which inspect.getsource goes on to
        self._parameters = parameters

    def __call__(self) -> None: ...

    @property
    def __signature__(self) -> Any:
        import inspect  # slow

        full = inspect.signature(self.__wrapped__)
        inputs = zip(full.parameters.values(), self._parameters, strict=True)
        return full.replace(parameters=[p.replace(name=name, kind=p.POSITIONAL_ONLY) for p, name in inputs])
