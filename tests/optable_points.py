"""The rows with points: where a limit must hold to second order.  Importing this file adds them to the table.

A point stands here for every operation whose rule tells cases apart (``test_ops.py`` demands it), and for those whose plain
formula would divide 0 by 0, overflow or lose all digits.  The numbers are those of the function's series or definition; at
kinks and ties, where several are as good, they are PyTorch's.
"""

from __future__ import annotations

import math

import numpy as np
from optable import Point, anything, distinct, positive, row

import gradflow as gf
from gradflow import linalg
from gradflow._ops import activations, neural

INF, NAN = math.inf, math.nan
LN2 = 0.6931471805599453
ROOT2 = 1.4142135623730951
SLOPE = 0.7978845608028654  # sqrt(2 / pi), the second derivative of gelu at 0
SELU = 1.7580993408473766  # scale * alpha, the slope of selu from the left


def quadratic(a: float, b: float, c: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """A Hessian of two numbers."""
    return (a, b), (b, c)


ZEROS = quadratic(0, 0, 0)

# Arithmetic

row(gf.abs, (2,), points=[Point(0.0, 0, 0, 0), Point(-0.0, 0, 0, 0), Point(-2.0, 2, -1, 0), Point(1e-30, 1e-30, 1, 0)])
row(
    gf.abs,
    (2,),
    call=lambda x: gf.abs(x * (1 + 1j)),
    points=[Point(0.0, 0, 0, NAN), Point(-1.0, ROOT2, -ROOT2, 0)],
    half=False,
)
row(gf.square, (2,), points=[Point(0.0, 0, 0, 2)])
row(gf.sqrt, (2,), domain=positive, points=[Point(0.0, 0, INF, -INF), Point(0.25, 0.5, 1, -2)])
row(gf.rsqrt, (2,), domain=positive, points=[Point(0.0, INF, -INF, INF), Point(0.25, 2, -4, 24)])
for exponent, point in (
    (0, Point(0.0, 1, 0, 0)),
    (1, Point(0.0, 0, 1, 0)),
    (2, Point(0.0, 0, 0, 2)),
    (3, Point(0.0, 0, 0, 0)),
    (1.5, Point(0.0, 0, 0, INF)),
    (2.5, Point(0.0, 0, 0, 0)),
    (0.5, Point(0.0, 0, INF, -INF)),
    (-1, Point(0.5, 2, -4, 16)),
):
    row(gf.pow, (2,), domain=positive, kw=[{"exponent": exponent}], points=[point], second=exponent != 0)
row(
    gf.pow,
    ((2,), (2,)),
    domain=(positive, anything),
    points=[
        Point((1.0, 0.0), 1, (0, 0), quadratic(0, 1, 0)),
        Point((1.0, 3.0), 1, (3, 0), quadratic(6, 1, 0)),
        Point((0.0, 2.0), 0, (0, 0)),  # the second: 2 and 0, but gradflow has NaN for those of the exponent
        Point((0.0, 1.0), 0, (1, 0)),
        Point((0.0, 0.0), 1, (0, 0)),
    ],
)
row(gf.pow, (2,), call=lambda x: gf.pow(2.0, x), points=[Point(0.0, 1, LN2, LN2**2)])
row(
    gf.pow,
    (2,),
    call=lambda x: gf.pow(gf.zeros(()), x),
    domain=positive,
    points=[Point(2.0, 0, 0, NAN)],
    second=False,
    half=False,
)

# Exponentials, logarithms, angles

row(gf.expm1, (2,), points=[Point(0.0, 0, 1, 1), Point(1e-30, 1e-30, 1, 1)])
row(gf.log1p, (2,), domain=positive, points=[Point(0.0, 0, 1, -1), Point(1e-30, 1e-30, 1, -1)])
row(gf.sin, (2,), points=[Point(0.0, 0, 1, 0), Point(1e-30, 1e-30, 1, 0)])
row(gf.tan, (2,), points=[Point(0.0, 0, 1, 0)])
row(gf.sinh, (2,), points=[Point(0.0, 0, 1, 0)])
row(gf.tanh, (2,), points=[Point(0.0, 0, 1, 0), Point(400.0, 1, 0, 0), Point(-400.0, -1, 0, 0)])
row(gf.asinh, (2,), points=[Point(0.0, 0, 1, 0)])
row(gf.atan, (2,), points=[Point(0.0, 0, 1, 0), Point(1.0, math.pi / 4, 0.5, -0.5)])
row(
    gf.asin,
    (2,),
    domain=lambda rng, s: rng.uniform(-0.8, 0.8, s),
    points=[Point(0.0, 0, 1, 0), Point(1.0, math.pi / 2, INF, INF)],
)
row(gf.atanh, (2,), domain=lambda rng, s: rng.uniform(-0.8, 0.8, s), points=[Point(0.0, 0, 1, 0)])
row(gf.erf, (2,), points=[Point(0.0, 0, 2 / math.sqrt(math.pi), 0), Point(30.0, 1, 0, 0)])
row(gf.sigmoid, (2,), points=[Point(0.0, 0.5, 0.25, 0), Point(800.0, 1, 0, 0), Point(-800.0, 0, 0, 0)])
row(gf.angle, (2,), second=False, points=[Point(0.0, 0, 0, 0), Point(-1.0, math.pi, 0, 0)])
row(
    gf.atan2,
    ((2,), (2,)),
    points=[
        Point((0.0, 1.0), 0, (1, 0), quadratic(0, -1, 0)),
        Point((0.0, -1.0), math.pi, (-1, 0), quadratic(0, -1, 0)),
        Point((1.0, 0.0), math.pi / 2, (0, -1), quadratic(0, 1, 0)),
        Point((-2.0, 0.0), -math.pi / 2, (0, 0.5), quadratic(0, 0.25, 0)),
        Point((0.0, 0.0), 0, (0, 0)),
    ],
)
row(
    gf.hypot,
    ((2,), (2,)),
    points=[
        Point((0.0, 2.0), 2, (0, 1), quadratic(0.5, 0, 0)),
        Point((-4.0, 0.0), 4, (-1, 0), quadratic(0, 0, 0.25)),
        Point((0.0, 0.0), 0, (0, 0)),
    ],
)
row(
    gf.logaddexp,
    ((2,), (2,)),
    points=[
        Point((0.0, 0.0), LN2, (0.5, 0.5), quadratic(0.25, -0.25, 0.25)),
        Point((800.0, -800.0), 800, (1, 0), ZEROS),
        Point((-INF, 0.0), 0, (0, 1), ZEROS),
    ],
)
row(
    gf.logsumexp,
    (2,),
    kw=[{"dim": 0}],
    points=[
        Point(([0.0, 0.0],), LN2, (0.5, 0.5), quadratic(0.25, -0.25, 0.25)),
        Point(([-INF, 0.0],), 0, (0, 1), ZEROS),
        Point(([800.0, 0.0],), 800, (1, 0), ZEROS),
    ],
)
row(
    gf.softmax,
    (2,),
    call=lambda x: gf.softmax(x, 0)[0],
    points=[Point(([800.0, -800.0],), 1, (0, 0), ZEROS), Point(([0.0, 0.0],), 0.5, (0.25, -0.25), ZEROS)],
)

# Selection: at a tie both have a share

row(gf.maximum, ((2,), (2,)), points=[Point((1.0, 1.0), 1, (0.5, 0.5), ZEROS), Point((1.0, -1.0), 1, (1, 0), ZEROS)])
row(gf.minimum, ((2,), (2,)), points=[Point((1.0, 1.0), 1, (0.5, 0.5), ZEROS), Point((1.0, -1.0), -1, (0, 1), ZEROS)])
row(gf.amax, (3,), domain=distinct, points=[Point(([2.0, 2.0, 1.0],), 2, (0.5, 0.5, 0), np.zeros((3, 3)))])
row(gf.amin, (3,), domain=distinct, points=[Point(([2.0, 1.0, 1.0],), 1, (0, 0.5, 0.5), np.zeros((3, 3)))])
row(gf.max, (3,), domain=distinct, kw=[{"dim": 0}], points=[Point(([1.0, 2.0, 2.0],), [2, 1], (0, 1, 0), np.zeros((3, 3)))])
row(gf.median, (3,), domain=distinct, points=[Point(([1.0, 2.0, 2.0],), 2, (0, 0.5, 0.5), np.zeros((3, 3)))])
row(
    gf.clamp,
    (2,),
    kw=[{"min": -1, "max": 1}],
    domain=lambda rng, s: rng.uniform(-0.5, 0.5, s),
    points=[Point(-1.0, -1, 1, 0), Point(1.0, 1, 1, 0), Point(2.0, 1, 0, 0), Point(-2.0, -1, 0, 0)],
)
row(
    gf.clamp,
    ((2,), (2,), (2,)),
    domain=(anything, lambda _, s: np.full(s, -0.1), lambda _, s: np.full(s, 0.1)),
    points=[
        Point((1.0, 1.0, 3.0), 1, (1, 0, 0), np.zeros((3, 3))),
        Point((3.0, 1.0, 3.0), 3, (1, 0, 0), np.zeros((3, 3))),
        Point((4.0, 1.0, 3.0), 3, (0, 0, 1), np.zeros((3, 3))),
    ],
)

# Reductions

row(
    gf.norm,
    (2,),
    points=[
        Point(([0.0, 0.0],), 0, (0, 0), quadratic(NAN, NAN, NAN)),
        Point(([0.0, 2.0],), 2, (0, 1), quadratic(0.5, 0, 0)),
        Point(([3.0, -4.0],), 5, (0.6, -0.8), quadratic(0.128, 0.096, 0.072)),
    ],
)
for p, points in (
    (1, [Point(([0.0, 2.0],), 2, (0, 1), ZEROS)]),
    (1.5, [Point(([0.0, 1.0],), 1, (0, 1)), Point(([0.0, 0.0],), 0, (0, 0))]),
    (2.5, [Point(([0.0, 1.0],), 1, (0, 1), ZEROS)]),
    (3, [Point(([0.0, 2.0],), 2, (0, 1), ZEROS), Point(([0.0, 0.0],), 0, (0, 0), quadratic(NAN, NAN, NAN))]),
    (INF, [Point(([2.0, -2.0],), 2, (0.5, -0.5), ZEROS)]),
):
    row(gf.norm, (2,), domain=distinct, kw=[{"p": p}], points=points)
row(gf.var, (2,), points=[Point(([3.0, 3.0],), 0, (0, 0), quadratic(1, -1, 1))])
row(
    gf.std,
    (2,),
    points=[
        Point(([3.0, 3.0],), 0, (0, 0), quadratic(NAN, NAN, NAN)),
        Point(([1.0, 3.0],), ROOT2, (-ROOT2 / 2, ROOT2 / 2), ZEROS),
    ],
)
row(
    gf.prod,
    (3,),
    points=[
        Point(([0.0, 2.0, 3.0],), 0, (6, 0, 0), ((0, 3, 2), (3, 0, 0), (2, 0, 0))),
        Point(([0.0, 0.0, 3.0],), 0, (0, 0, 0), ((0, 3, 0), (3, 0, 0), (0, 0, 0))),
    ],
)
row(
    gf.cumprod,
    (3,),
    kw=[{"dim": 0}],
    points=[Point(([2.0, 0.0, 3.0],), (2, 0, 0), (1, 8, 0), ((0, 4, 0), (4, 0, 2), (0, 2, 0)))],
)
OF_DET = ((0, 0, 0, 1), (0, 0, -1, 0), (0, -1, 0, 0), (1, 0, 0, 0))
row(
    linalg.det,
    (2, 2),
    half=False,
    points=[
        Point(([[1.0, 2.0], [2.0, 4.0]],), 0, (4, -2, -2, 1), OF_DET),
        Point(([[0.0, 0.0], [0.0, 0.0]],), 0, (0, 0, 0, 0), OF_DET),
        Point(([[1.0, 2.0], [3.0, 4.0]],), -2, (4, -3, -2, 1), OF_DET),
    ],
)

# Neural networks

row(gf.relu, (2,), points=[Point(0.0, 0, 0, 0), Point(2.0, 2, 1, 0)])
row(activations.leaky_relu, (2,), kw=[{"negative_slope": 0.25}], points=[Point(0.0, 0, 0.25, 0)])
row(activations.elu, (2,), points=[Point(0.0, 0, 1), Point(-800.0, -1, 0, 0), Point(800.0, 800, 1, 0)])
row(gf.selu, (2,), points=[Point(0.0, 0, SELU), Point(-800.0, -SELU, 0, 0)])
for how in ("none", "tanh"):
    row(
        activations.gelu,
        (2,),
        kw=[{"approximate": how}],
        points=[Point(0.0, 0, 0.5, SLOPE), Point(-100.0, 0, 0, 0), Point(100.0, 100, 1, 0)],
    )
row(activations.silu, (2,), points=[Point(0.0, 0, 0.5, 0.5), Point(-800.0, 0, 0, 0), Point(800.0, 800, 1, 0)])
row(activations.mish, (2,), points=[Point(0.0, 0, 0.6, 0.64), Point(-800.0, 0, 0, 0), Point(800.0, 800, 1, 0)])
row(activations.softplus, (2,), points=[Point(0.0, LN2, 0.5, 0.25), Point(-800.0, 0, 0, 0), Point(800.0, 800, 1, 0)])
row(
    activations.softplus,
    (2,),
    kw=[{"beta": 2.0, "threshold": 1.0}],
    points=[Point(0.0, LN2 / 2, 0.5, 0.5), Point(0.75, 0.75, 1, 0)],
)
row(activations.logsigmoid, (2,), points=[Point(0.0, -LN2, 0.5, -0.25), Point(-800.0, -800, 1, 0), Point(800.0, 0, 0, 0)])
row(
    activations.hardtanh,
    (2,),
    domain=lambda rng, s: rng.uniform(-0.5, 0.5, s),
    points=[Point(-1.0, -1, 0, 0), Point(1.0, 1, 0, 0)],
)
row(
    neural.probability_cross_entropy,
    ((2,), (2,)),
    domain=lambda rng, s: rng.uniform(0.1, 0.9, s),
    points=[
        Point((0.0, 0.0), 0, (0, 100)),  # the logarithms end at -100
        Point((1.0, 1.0), 0, (0, -100)),
        Point((0.5, 0.5), LN2, (0, 0), quadratic(4, -4, 0)),
    ],
)
