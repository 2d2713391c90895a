"""The table of the operations: what each is called with, and on which numbers its derivatives can be checked.

A row is one way to call one function.  Its inputs are drawn from the operation's domain, away from the points where the
derivative jumps, because central differences see both sides of such a point; those points stand in ``points=``, with the
values that are right there.  ``tests/ops/test_ops.py`` says what is done with the rows, and fails if an operation has none.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import gradflow as gf
from gradflow import linalg
from gradflow._ops import (
    activations,
    device,
    diagonals,
    division,
    elementwise,
    factorisations,
    index,
    neural,
    reduce,
    shape,
    transcendental,
)
from gradflow._ops.elementwise import cast_to

Draw = Callable[[np.random.Generator, tuple[int, ...]], Any]
Shapes = tuple[tuple[int, ...], ...]


# Domains


def anything(rng: np.random.Generator, size: tuple[int, ...]) -> Any:
    """Of both signs, at least 0.3 away from 0."""
    return rng.uniform(0.3, 1.6, size) * rng.choice([-1.0, 1.0], size)


def positive(rng: np.random.Generator, size: tuple[int, ...]) -> Any:
    return rng.uniform(0.4, 2.0, size)


def above_one(rng: np.random.Generator, size: tuple[int, ...]) -> Any:
    return rng.uniform(1.3, 3.0, size)


def inside_one(rng: np.random.Generator, size: tuple[int, ...]) -> Any:
    return rng.uniform(0.1, 0.8, size) * rng.choice([-1.0, 1.0], size)


def no_whole(rng: np.random.Generator, size: tuple[int, ...]) -> Any:
    """At least 0.2 away from every whole number, and from every half."""
    return rng.integers(-3, 3, size) + rng.choice([0.25, 0.75], size) + rng.uniform(-0.05, 0.05, size)


def distinct(rng: np.random.Generator, size: tuple[int, ...]) -> Any:
    """No two alike, nor alike in size, nor near 0."""
    n = int(np.prod(size))
    values = (rng.permutation(n) + 1) * 0.37 * rng.choice([-1.0, 1.0], n)
    return values.reshape(size)


def definite(rng: np.random.Generator, size: tuple[int, ...]) -> Any:
    """Symmetric, positive definite matrices."""
    a = rng.normal(size=size)
    return a @ np.swapaxes(a, -1, -2) + 2 * np.eye(size[-1])


def regular(rng: np.random.Generator, size: tuple[int, ...]) -> Any:
    """Matrices far from singular."""
    return rng.uniform(-1, 1, size) + 3 * np.eye(size[-1])


# Rows


@dataclass(frozen=True)
class Point:
    """What a function is at a point where a formula of its derivatives could fail: at a removable singularity, a kink, a tie.

    ``at``: a number, or a tuple with a number or list for each input.  ``gradient`` and ``hessian``: of the sum of all outputs,
    with respect to all elements of all inputs in turn.  All are written down from what is known of the function, and not
    computed by it.  ``hessian=None``: the function has no second derivative there, and none is agreed on.
    """

    at: Any
    value: Any
    gradient: Any
    hessian: Any = None

    def arrays(self, dtype: Any) -> list[Any]:
        return [np.array(a, dtype) for a in (self.at if isinstance(self.at, tuple) else (self.at,))]


@dataclass(frozen=True)
class Row:
    """``call`` takes tensors of ``shapes`` with numbers from ``domains``.

    ``second``: the second derivative exists and is worth checking; ``smooth``: False for an operation without a
    gradient; ``half``: takes float16; ``complex``: makes sense for complex numbers; ``view``: the result may show the
    input's memory; ``points``: where a limit must hold.
    """

    of: Any
    call: Callable[..., Any]
    shapes: Shapes
    domains: tuple[Draw, ...]
    label: str
    second: bool = True
    smooth: bool = True
    half: bool = True
    complex: bool = False
    view: bool = False
    points: tuple[Point, ...] = ()

    def arrays(self, dtype: Any = np.float64) -> list[Any]:
        """The inputs, the same on every call."""
        rng = np.random.default_rng(zlib.crc32(self.label.encode()))
        found = []
        for draw, size in zip(self.domains, self.shapes, strict=True):
            a = np.asarray(draw(rng, size))
            if np.dtype(dtype).kind == "c":
                a = a + 1j * rng.uniform(0.3, 0.9, size)
            found.append(np.array(a, dtype))
        return found


ROWS: list[Row] = []

ONE: list[Shapes] = [((2, 3),), ((),), ((1,),), ((0, 2),)]
TWO: list[Shapes] = [((2, 3), (2, 3)), ((2, 1), (3,)), ((), (2,)), ((2,), ()), ((1,), (1,)), ((0, 2), (2,)), ((), ())]


def row(
    of: Any,
    *shapes: Any,
    call: Callable[..., Any] | None = None,
    domain: Any = anything,
    kw: list[dict[str, Any]] | None = None,
    points: Sequence[Point] = (),
    **options: bool,
) -> None:
    """A row for each of ``shapes`` (a shape, or a tuple of them for several inputs) and each of the keyword variants.

    ``points`` belong to the first row of one variant.
    """
    assert not points or len(kw or [{}]) == 1
    for case in shapes:
        several = case if case and isinstance(case[0], tuple) else (case,)
        domains = domain if isinstance(domain, tuple) else (domain,) * len(several)
        for extra in kw or [{}]:
            bound = (lambda *tensors, f=call or of, extra=extra: f(*tensors, **extra)) if extra else call or of
            name = f"{of.__module__.rpartition('.')[2]}.{getattr(of, '__qualname__', of)}"
            shown = ",".join(f"{k}={v}" for k, v in extra.items())
            label = f"{name}({shown}){'x'.join(str(s) for s in several)}".replace(" ", "")
            label += f"#{sum(r.label.startswith(label + '#') for r in ROWS)}"
            ROWS.append(Row(of, bound, several, domains, label, points=tuple(points), **options))
            points = ()


def unary(of: Any, domain: Draw = anything, **options: Any) -> None:
    row(of, *ONE, domain=domain, **options)


def binary(of: Any, domain: Any = anything, **options: Any) -> None:
    row(of, *TWO, domain=domain, **options)


# Arithmetic

binary(gf.add, complex=True)
binary(gf.sub, complex=True)
binary(gf.mul, complex=True)
binary(gf.div, domain=(anything, positive), complex=True)
row(gf.add, ((2, 3), (3,)), kw=[{"alpha": 0.5}], complex=True)
row(gf.sub, ((2, 3), (3,)), kw=[{"alpha": -2}], complex=True)
row(
    gf.div,
    ((2, 3), (3,)),
    kw=[{"rounding_mode": "floor"}, {"rounding_mode": "trunc"}],
    domain=(no_whole, lambda _, s: np.ones(s)),
    second=False,
)
row(elementwise.rsub, ((2, 3), (3,)))
row(division.rdiv, ((2, 3), (3,)), domain=positive)
row(elementwise.rpow, ((2, 3), (3,)), domain=positive)
row(division.rfloor_divide, ((2,), (2,)), domain=(lambda _, s: np.ones(s), no_whole), second=False)
row(division.rremainder, ((2,), (2,)), domain=(lambda _, s: 1.5 * np.ones(s), no_whole))
unary(gf.neg, complex=True)
unary(gf.abs)
unary(gf.abs, complex=True)
unary(gf.square, complex=True)
unary(gf.sqrt, positive, complex=True)
unary(gf.rsqrt, positive, complex=True)
unary(gf.reciprocal, complex=True)
binary(gf.pow, domain=(positive, anything), complex=True)
for exponent in (2, 3, -1, 0.5, 1, 0, -1.5):
    row(gf.pow, (2, 3), domain=positive, kw=[{"exponent": exponent}], complex=exponent != 0, second=exponent != 0)
row(gf.pow, (2, 3), kw=[{"exponent": 2}, {"exponent": 3}, {"exponent": -1}])
row(gf.pow, (2, 3), call=lambda x: 2.0**x)
binary(gf.remainder, domain=(no_whole, lambda _, s: 1.0 + np.zeros(s)))
binary(gf.fmod, domain=(no_whole, lambda _, s: 1.0 + np.zeros(s)))
binary(gf.floor_divide, domain=(no_whole, lambda _, s: 1.0 + np.zeros(s)), second=False)
row(gf.lerp, ((2, 3), (2, 3), (2, 3)), ((2, 1), (3,), ()), ((0,), (0,), (1,)), complex=True)
for f in (gf.sign, gf.floor, gf.ceil, gf.round, gf.trunc):
    unary(f, no_whole, second=False)
row(gf.round, (2, 3), kw=[{"decimals": 1}], domain=lambda rng, s: no_whole(rng, s) + 0.02, second=False)

# Exponentials, logarithms, trigonometry

for f in (gf.exp, gf.sin, gf.cos, gf.tan, gf.sinh, gf.cosh, gf.tanh):
    unary(f, complex=True)
for f in (gf.expm1, gf.erf, gf.sigmoid, gf.atan, gf.asinh):
    unary(f)
unary(transcendental.logistic)
unary(gf.log, positive, complex=True)
for f in (gf.log1p, gf.log2, gf.log10):
    unary(f, positive)
for f in (gf.asin, gf.acos, gf.atanh):
    unary(f, inside_one)
unary(gf.acosh, above_one)
binary(gf.atan2)
binary(gf.hypot)
binary(gf.logaddexp)

# Selection

binary(gf.maximum, domain=(positive, lambda rng, s: above_one(rng, s) + 1))
binary(gf.minimum, domain=(lambda rng, s: above_one(rng, s) + 1, positive))
row(gf.maximum, ((2, 3), (2, 3)), domain=(no_whole, lambda rng, s: rng.integers(-2, 2, s)))
row(gf.minimum, ((2, 3), (2, 3)), domain=(no_whole, lambda rng, s: rng.integers(-2, 2, s)))
row(gf.clamp, (2, 3), (), (0,), domain=lambda rng, s: no_whole(rng, s), kw=[{"min": -1}, {"max": 1.0}, {"min": -1, "max": 1}])
row(gf.clamp, ((2, 3), (3,), ()), domain=(anything, lambda _, s: -0.1 + np.zeros(s), lambda _, s: 0.1 + np.zeros(s)))
row(
    gf.where,
    ((2, 3), (2, 3)),
    ((2, 3), ()),
    ((3,), (2, 1)),
    ((0, 3), (3,)),
    call=lambda a, b: gf.where(gf.tensor([True, False, True]), a, b),
    complex=True,
)
row(gf.masked_fill, (2, 3), call=lambda x: gf.masked_fill(x, gf.tensor([True, False, False]), 7.0), complex=True)
row(gf.masked_fill, ((2, 3), ()), call=lambda x, v: gf.masked_fill(x, gf.tensor([[True], [False]]), v))

# Comparison and logic: no gradient

for f in (gf.eq, gf.ne, gf.lt, gf.le, gf.gt, gf.ge, gf.logical_and, gf.logical_or, gf.logical_xor):
    binary(f, smooth=False)
for f in (gf.logical_not, gf.isnan, gf.isinf, gf.isfinite):
    unary(f, smooth=False)
for f in (gf.bitwise_and, gf.bitwise_or, gf.bitwise_xor):
    row(f, ((2, 3), (3,)), call=lambda a, b, f=f: f((a > 0), (b > 0)), smooth=False)
row(gf.bitwise_not, (2, 3), call=lambda a: gf.bitwise_not(a > 0), smooth=False)

# Complex numbers: a real input is its own conjugate and real part

unary(gf.conj, complex=True, view=True)
unary(gf.real, complex=True, view=True)
row(gf.imag, (2, 3), (), (0,), call=lambda x: gf.imag(x if x.is_complex() else x * 1j), complex=True, half=False)
row(gf.angle, (2, 3), (), (0,), complex=True, second=False)
row(gf.angle, (2, 3), call=lambda x: gf.angle(x if x.is_complex() else x + 1j), complex=True, half=False)
row(elementwise.flat, (2, 3), (), (0, 2), call=lambda d: elementwise.flat(gf.tensor(False), d, d), complex=True)
row(cast_to, (2, 3), (), (0, 2), call=lambda x: cast_to(x, gf.complex128) * (1 + 2j), half=False)
row(cast_to, (2, 3), call=lambda x: cast_to(x * (1 - 2j), gf.float64) * 3.0, complex=True, half=False)
row(elementwise.cast, (2, 3), call=lambda x: elementwise.cast(x, gf.float64))
row(device.to_device, (2, 3), call=lambda x: device._move(x, x.device, x.device), view=True)
row(device.to_device, (2, 3), call=lambda x: device.to_device(x, x.device), view=True)

# Reductions

DIMS: list[dict[str, Any]] = [{}, {"dim": 0}, {"dim": -1, "keepdim": True}, {"dim": (0, 2)}, {"dim": (1,), "keepdim": True}]
for f in (gf.sum, gf.mean):
    row(f, (2, 3, 2), kw=DIMS, complex=True)
    row(f, (), (1,), (0, 2), kw=[{}, {"dim": 0}, {"dim": -1, "keepdim": True}], complex=True)
row(gf.sum, (2, 3), kw=[{"dtype": gf.float64}, {"dim": []}], complex=False)
row(gf.mean, (2, 3), kw=[{"dtype": gf.float64}])
row(gf.var, (2, 3, 2), kw=DIMS)
row(gf.var, (2, 3), kw=[{"dim": 1, "unbiased": False}, {"dim": 0, "correction": 0}, {"unbiased": False}, {"correction": 1.5}])
row(gf.var, (1, 3), kw=[{"dim": 0, "correction": 0}])
row(gf.std, (2, 3, 2), kw=DIMS)
row(gf.std, (2, 3), kw=[{"dim": 1, "unbiased": False}, {"correction": 0}])
row(gf.prod, (2, 3), kw=[{}, {"dim": 0}, {"dim": -1, "keepdim": True}], complex=True)
row(gf.prod, (), (1,), kw=[{}, {"dim": 0}])
row(gf.prod, (0, 2), kw=[{}, {"dim": 0}, {"dim": 1}])
row(gf.cumsum, (2, 3), kw=[{"dim": 0}, {"dim": -1}], complex=True)
row(gf.cumprod, (2, 3), kw=[{"dim": 0}, {"dim": -1}])
row(gf.cumsum, (), (1,), (0, 2), kw=[{"dim": 0}])
row(gf.cumprod, (), (1,), (0, 2), kw=[{"dim": 0}])
row(reduce.recurrence, ((2, 3), (2, 3)), ((1,), (1,)), ((0, 2), (0, 2)), kw=[{"dim": 0}])
row(reduce.recurrence, ((2, 3), (2, 3)), kw=[{"dim": 1}])
for f in (gf.amax, gf.amin):
    row(f, (2, 3, 2), kw=DIMS, domain=distinct)
    row(f, (), (1,), kw=[{}, {"dim": 0}], domain=distinct)
    row(f, (0, 2), kw=[{"dim": 1}], domain=distinct)
for f in (gf.max, gf.min):
    row(f, (2, 3), kw=[{}, {"dim": 0}, {"dim": -1, "keepdim": True}], domain=distinct)
    row(f, ((2, 3), (2, 3)), domain=(positive, lambda rng, s: above_one(rng, s) + 1))
    row(f, (), (1,), kw=[{}, {"dim": 0}])
row(gf.median, (2, 3), (1,), (4, 1), kw=[{}, {"dim": 0}, {"dim": -1, "keepdim": True}], domain=distinct)
row(gf.median, (), kw=[{}, {"dim": 0}])
row(gf.sort, (2, 3), kw=[{}, {"dim": 0, "descending": True}], domain=distinct)
row(gf.sort, (), (1,), (0, 2))
row(gf.topk, (2, 3), kw=[{"k": 2}, {"k": 1, "dim": 0, "largest": False}, {"k": 0}], domain=distinct)
row(gf.topk, (), (1,), kw=[{"k": 1}])
for f in (gf.argmax, gf.argmin):
    row(f, (2, 3), kw=[{}, {"dim": 0}, {"dim": -1, "keepdim": True}], smooth=False)
row(gf.argsort, (2, 3), kw=[{}, {"dim": 0, "descending": True}], smooth=False)
for f in (gf.any, gf.all):
    row(f, (2, 3), (), (0, 2), kw=[{}, {"dim": 0}, {"dim": -1, "keepdim": True}], smooth=False)
row(gf.logsumexp, (2, 3), kw=[{"dim": 0}, {"dim": -1, "keepdim": True}, {"dim": (0, 1)}])
row(gf.logsumexp, (), (1,), kw=[{"dim": 0}])
row(gf.norm, (2, 3), kw=[{}, {"dim": 1}, {"dim": (0, 1), "keepdim": True}, {"p": 2, "dim": 0}], complex=True)
row(gf.norm, (2, 3), kw=[{"p": 1}, {"p": 3, "dim": 1}, {"p": 1.5}, {"p": -1.0, "dim": 0}], domain=distinct)
row(gf.norm, (2, 3), kw=[{"p": p, "dim": 1, "keepdim": True} for p in (float("inf"), float("-inf"))], domain=distinct)
row(gf.norm, (2, 3), kw=[{"p": 0}], second=False, smooth=False)
row(gf.norm, (), (1,), (0, 2))
row(linalg.norm, (2, 3), kw=[{}, {"ord": 3, "dim": 1}, {"ord": "fro"}])
row(linalg.vector_norm, (2, 3), kw=[{}, {"ord": 3}, {"ord": 1, "dim": 1}])

# Moving elements about

row(gf.reshape, (2, 3), call=lambda x: gf.reshape(x, (3, -1)), view=True, complex=True)
row(gf.reshape, (2, 3), call=lambda x: x.reshape(6), view=True)
row(gf.reshape, (), (1,), call=lambda x: x.reshape(1, 1), view=True)
row(gf.reshape, (0, 2), call=lambda x: x.reshape(2, 0), view=True)
row(gf.Tensor.view, (2, 3), call=lambda x: x.contiguous().view(3, 2), view=True)
row(gf.flatten, (2, 3, 2), kw=[{}, {"start_dim": 1}, {"end_dim": 1}], view=True)
row(gf.flatten, (), (0, 2), view=True)
row(gf.ravel, (2, 3), (), view=True)
row(gf.squeeze, (2, 1, 3, 1), kw=[{}, {"dim": 1}, {"dim": (1, 3)}, {"dim": 0}], view=True)
row(gf.unsqueeze, (2, 3), kw=[{"dim": 0}, {"dim": -1}, {"dim": 1}], view=True)
row(gf.unsqueeze, (), (0,), kw=[{"dim": 0}], view=True)
row(gf.permute, (2, 3, 1), call=lambda x: gf.permute(x, (2, 0, 1)), view=True, complex=True)
row(gf.transpose, (2, 3), (0, 2), kw=[{"dim0": 0, "dim1": 1}], view=True)
row(gf.t, (2, 3), (3,), (), view=True)
row(gf.movedim, (2, 3, 1), call=lambda x: gf.movedim(x, 0, -1), view=True)
row(gf.movedim, (2, 3, 1), call=lambda x: gf.movedim(x, (0, 1), (2, 0)), view=True)
row(gf.broadcast_to, (3,), (1,), (), (2, 1), call=lambda x: gf.broadcast_to(x, (2, 3)), view=True, complex=True)
row(gf.broadcast_to, (1,), call=lambda x: gf.broadcast_to(x, (0,)), view=True)
row(gf.Tensor.expand, (3, 1), call=lambda x: x.expand(2, -1, 2), view=True)
row(shape.sum_to, (2, 3), call=lambda x: shape.sum_to(x, (3,)), complex=True)
row(shape.sum_to, (2, 3), call=lambda x: shape.sum_to(x, (2, 1)))
row(shape.sum_to, (2, 3), call=lambda x: shape.sum_to(x, ()))
row(shape.sum_to, (2, 3), call=lambda x: shape.sum_to(x, (2, 3)))
row(gf.cat, ((2, 3), (1, 3)), ((0, 3), (1, 3)), call=lambda a, b: gf.cat([a, b]), complex=True)
row(gf.cat, ((2, 1), (2, 3)), call=lambda a, b: gf.cat([a, b, a], dim=-1))
row(gf.stack, ((2, 3), (2, 3)), ((), ()), call=lambda a, b: gf.stack([a, b]))
row(gf.stack, ((2, 3), (2, 3)), call=lambda a, b: gf.stack((a, b), dim=-1))
row(gf.flip, (2, 3), call=lambda x: gf.flip(x, (0, 1)))
row(gf.flip, (2, 3), (0, 2), call=lambda x: gf.flip(x, -1))
row(
    gf.roll,
    (2, 3),
    kw=[{"shifts": 1}, {"shifts": (1, -2), "dims": (0, 1)}, {"shifts": 1, "dims": -1}, {"shifts": (1, 1), "dims": (0, 0)}],
)
row(gf.roll, (), (0, 2), kw=[{"shifts": 1}])
row(gf.tile, (2, 3), (), (3,), (0, 1), call=lambda x: gf.tile(x, (2, 1)))
row(gf.tile, (2, 3), call=lambda x: gf.tile(x, 2))
row(gf.Tensor.repeat, (2, 3), (3,), call=lambda x: x.repeat(2, 2))
row(gf.repeat_interleave, (2, 3), kw=[{"repeats": 2}, {"repeats": 2, "dim": 0}, {"repeats": [0, 3, 1], "dim": 1}])
row(gf.repeat_interleave, (), (0, 2), kw=[{"repeats": 2}])
row(gf.narrow, (2, 3), kw=[{"dim": 1, "start": 1, "length": 2}, {"dim": 0, "start": -1, "length": 1}], view=True)
row(gf.select, (2, 3), kw=[{"dim": 0, "index": 1}, {"dim": -1, "index": -1}], view=True)
row(gf.split, (5, 2), call=lambda x: gf.split(x, 2), view=True)
row(gf.split, (2, 5), call=lambda x: gf.split(x, [1, 0, 4], dim=1), view=True)
row(gf.chunk, (5, 2), call=lambda x: gf.chunk(x, 2), view=True)
row(gf.unbind, (2, 3), kw=[{}, {"dim": 1}], view=True)
row(gf.tril, (3, 3), (2, 3), (2, 2, 3), kw=[{}, {"diagonal": -1}, {"diagonal": 1}])
row(gf.triu, (3, 3), (2, 3), kw=[{}, {"diagonal": -1}, {"diagonal": 1}], complex=True)
row(gf.diagonal, (3, 3), (2, 3), kw=[{}, {"offset": 1}, {"offset": -1}], view=True)
row(gf.diagonal, (2, 2, 3), kw=[{"dim1": -2, "dim2": -1}, {"dim1": 2, "dim2": 0, "offset": 1}], view=True)
row(diagonals.diagonal_scatter, (2,), call=lambda x: diagonals.diagonal_scatter(x, (3, 2), 0, 0, 1))
row(diagonals.diagonal_scatter, (2, 2), call=lambda x: diagonals.diagonal_scatter(x, (2, 2, 3), 1, 1, 2))
row(gf.diag, (2,), (2, 3), (0,), kw=[{}, {"diagonal": 1}])
row(gf.diag, (2,), kw=[{"diagonal": -1}])
row(gf.trace, (2, 2), (2, 3), complex=True)
unary(gf.clone, complex=True)
row(gf.Tensor.contiguous, (2, 3), call=lambda x: x.T.contiguous(), view=True)
row(shape._compact, (2, 3))
row(index.window, (2, 3), call=lambda x: index.window(x, gf.tensor([[0, 5], [2, 2]]).array), complex=True)
row(index.window_put, (3,), call=lambda x: index.window_put(x, (2, 3), gf.tensor([5, 1, 1]).array))
row(index.window_set, ((2, 3), (2,)), call=lambda x, v: index.window_set(x, v, gf.tensor([4, 0]).array))
row(gf.meshgrid, ((2,), (3,)), ((2,), ()), kw=[{}, {"indexing": "xy"}], view=True)

# Indexing

ROWS_OF = np.array([1, 0, 1])
row(index.getitem, (3, 4), call=lambda x: x[1], view=True, complex=True)
row(index.getitem, (3, 4), call=lambda x: x[1:, ::2], view=True)
row(index.getitem, (3, 4), call=lambda x: x[::2, None, ..., -1], view=True)
row(index.getitem, (3, 4), call=lambda x: x[ROWS_OF], complex=True)
row(index.getitem, (3, 4), call=lambda x: x[ROWS_OF, gf.tensor([0, 2, 0])])
row(index.getitem, (3, 4), call=lambda x: x[gf.tensor([True, False, True])])
row(index.getitem, (2, 3, 2), call=lambda x: x[:, [0, 0], 1:])
row(index.getitem, (), call=lambda x: x[None], view=True)
row(index.getitem, (0, 2), call=lambda x: x[:, 1], view=True)
row(index.put_add, (3,), call=lambda x: index.put_add(x, gf.tensor([1, 0, 1]).array, (4,)), complex=True)
row(index.put_add, (2,), call=lambda x: index.put_add(x, slice(1, 3), (4,)))
row(index.index_set, ((2, 3), (3,)), call=lambda x, v: index.index_set(x, v, 1))
row(index.index_set, ((3,), (2,)), call=lambda x, v: index.index_set(x, v, gf.tensor([2, 0]).array))
row(index.index_set, ((3,), ()), call=lambda x, v: index.index_set(x, v, slice(1, None)))
row(index.index_set, ((3, 2), (4, 2)), call=lambda x, v: index.index_set(x, v, gf.tensor([2, 0, -1, 2]).array), complex=True)
row(index.index_set, ((2, 3), (2, 1)), call=lambda x, v: index.index_set(x, v, (..., gf.tensor([1, 1, -2]).array)))
row(gf.gather, (2, 3), call=lambda x: gf.gather(x, 1, gf.tensor([[0, 0], [2, 1]])))
row(gf.gather, (2, 3), call=lambda x: gf.gather(x, -2, gf.tensor([[0, 1]])))
row(gf.take_along_dim, (2, 3), call=lambda x: gf.take_along_dim(x, gf.tensor([[2, 0]]), 1))
row(gf.take_along_dim, (2, 3), call=lambda x: gf.take_along_dim(x, gf.tensor([5, 0, 5])))
row(gf.index_select, (2, 3), call=lambda x: gf.index_select(x, 1, gf.tensor([2, 0, 2])))
row(gf.scatter, ((2, 3), (2, 2)), call=lambda x, v: gf.scatter(x, 1, gf.tensor([[0, 1], [2, 0]]), v))
row(gf.scatter, ((2, 3), (2, 3)), call=lambda x, v: gf.scatter(x, 1, gf.tensor([[0, 1, 0], [2, 2, 2]]), v))
row(gf.scatter, ((), (2,)), call=lambda x, v: gf.scatter(x, 0, gf.tensor([0, 0]), v))
row(gf.scatter, (2, 3), call=lambda x: gf.scatter(x, 0, gf.tensor([[0, 1]]), 5.0))
row(gf.gather, (), call=lambda x: gf.gather(x, 0, gf.tensor([0, 0])))
row(gf.index_select, (), call=lambda x: gf.index_select(x, 0, gf.tensor([0])))
row(gf.scatter_add, ((), ()), call=lambda x, v: gf.scatter_add(x, 0, gf.tensor(0), v))
row(gf.index_add, ((), ()), call=lambda x, v: gf.index_add(x, 0, gf.tensor(0), v, alpha=2.0))
row(gf.scatter_add, ((2, 3), (2, 3)), call=lambda x, v: gf.scatter_add(x, 1, gf.tensor([[0, 0, 2], [1, 1, 1]]), v))
row(gf.gather, (), call=lambda x: gf.gather(x, 0, gf.tensor([0, 0])))
row(gf.index_select, (), call=lambda x: gf.index_select(x, 0, gf.tensor([0])))
row(gf.scatter_add, ((), ()), call=lambda x, v: gf.scatter_add(x, 0, gf.tensor(0), v))
row(gf.index_add, ((), ()), call=lambda x, v: gf.index_add(x, 0, gf.tensor(0), v, alpha=2.0))
row(gf.scatter_add, ((2, 3), (2, 3)), call=lambda x, v: gf.scatter_add(x, 0, gf.tensor([[0, 1]]), v))
row(gf.index_add, ((3, 2), (2, 2)), call=lambda x, v: gf.index_add(x, 0, gf.tensor([2, 2]), v))
row(gf.index_add, ((2, 3), (2, 2)), call=lambda x, v: gf.index_add(x, 1, gf.tensor([2, 0]), v, alpha=-2))
row(gf.masked_select, (2, 3), call=lambda x: gf.masked_select(x, gf.tensor([[True, False, True], [False, True, True]])))
row(gf.masked_select, (2, 3), (3,), call=lambda x: gf.masked_select(x, gf.tensor([[True], [False]])))
row(gf.nonzero, (2, 3), (3,), (), (0, 2), smooth=False)
row(gf.one_hot, (2, 3), call=lambda x: gf.one_hot((x > 0).long(), 3), smooth=False)

# Linear algebra

row(gf.dot, ((3,), (3,)), ((0,), (0,)), ((1,), (1,)), complex=True)
row(gf.mv, ((2, 3), (3,)), ((2, 0), (0,)))
row(gf.mm, ((2, 3), (3, 2)), ((2, 0), (0, 3)), complex=True)
row(gf.bmm, ((2, 2, 3), (2, 3, 1)))
row(
    gf.matmul,
    ((2, 3), (3, 2)),
    ((3,), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3,)),
    ((2, 2, 3), (3,)),
    ((3,), (2, 3, 1)),
    ((2, 1, 1, 2), (3, 2, 1)),
    ((0, 3), (3, 2)),
    complex=True,
)
row(linalg.matmul.__globals__["rmatmul"], ((3, 2), (2, 3)))
row(gf.outer, ((2,), (3,)), ((0,), (3,)), complex=True)
EINSUMS: dict[str, Shapes] = {
    "ij,jk->ik": ((2, 3), (3, 2)),
    "ij,kj": ((2, 3), (2, 3)),
    "i,i->": ((3,), (3,)),
    "i,j->ij": ((2,), (3,)),
    "ii->": ((3, 3),),
    "ii->i": ((3, 3),),
    "ij->": ((2, 3),),
    "ij->j": ((2, 3),),
    "...ij,...jk->...ik": ((2, 2, 3), (3, 1)),
    "bij,bjk->bik": ((2, 1, 3), (2, 3, 2)),
    "iij,jj->i": ((2, 2, 3), (3, 3)),
    "ij,jk,kl->il": ((2, 3), (3, 2), (2, 2)),
    "i...->...": ((2, 3),),
    "ij,ij,ij->ij": ((2, 3),) * 3,
    "ba": ((2, 3),),
    "ij,jk->ki": ((2, 1), (3, 2)),
    ",ij->ji": ((), (2, 3)),
    "ij,ij->": ((2, 3), (1, 3)),
    "jik,jik->k": ((2, 3, 2), (1, 3, 2)),
    "i,i,i->i": ((1,), (3,), (3,)),
}
for equation, sizes in EINSUMS.items():
    row(gf.einsum, sizes, call=lambda *ts, e=equation: gf.einsum(e, *ts), complex=True)
row(gf.tensordot, ((2, 3), (2, 3)), call=lambda a, b: gf.tensordot(a, b, ((1, 0), (1, 0))))
row(gf.tensordot, ((2, 3), (3, 2)), kw=[{"dims": 1}])
row(gf.tensordot, ((2,), (3,)), kw=[{"dims": 0}])
row(gf.tensordot, ((1, 2, 3), (2, 3, 2)))
row(gf.kron, ((2, 2), (1, 2)), ((2,), (2, 1)), ((), (2,)))
row(linalg.inv, (2, 2), (2, 2, 2), (0, 0), domain=regular, half=False, complex=True)
row(linalg.det, (3, 3), (2, 2, 2), domain=regular, half=False, complex=True)
row(factorisations.cofactors, (3, 3), (1, 1), (2, 2, 2), domain=regular, half=False, complex=True)
row(linalg.slogdet, (3, 3), (2, 2, 2), (0, 0), domain=regular, half=False, complex=True)
row(
    linalg.solve,
    ((2, 2), (2,)),
    ((2, 2), (2, 3)),
    ((2, 2, 2), (2, 2, 1)),
    ((2, 2, 2), (2, 2)),
    ((1, 2, 2), (3, 2, 1)),
    domain=(regular, anything),
    half=False,
    complex=True,
)
row(
    linalg.cholesky,
    (2, 2),
    (2, 2, 2),
    call=lambda a: linalg.cholesky(0.5 * (a + a.mT)),
    domain=definite,
    half=False,
)
row(linalg.cholesky, (2, 2), call=lambda a: linalg.cholesky(0.5 * (a + a.mT), upper=True), domain=definite, half=False)

# Neural networks

for f in (
    gf.relu,
    activations.leaky_relu,
    activations.elu,
    activations.gelu,
    activations.silu,
    activations.softplus,
    activations.mish,
    activations.logsigmoid,
    gf.selu,
):
    unary(f)
row(activations.leaky_relu, (2, 3), kw=[{"negative_slope": 0.3}])
row(activations.elu, (2, 3), kw=[{"alpha": 0.5}])
row(activations.gelu, (2, 3), kw=[{"approximate": "tanh"}])
row(activations.softplus, (2, 3), kw=[{"beta": 2.0}, {"beta": 3.0, "threshold": 1.0}])
unary(activations.hardtanh, no_whole)
row(activations.hardtanh, (2, 3), domain=no_whole, kw=[{"min_val": 0.0, "max_val": 6.0}])
row(
    neural.probability_cross_entropy,
    ((2, 3), (2, 3)),
    ((), ()),
    domain=lambda rng, s: rng.uniform(0.1, 0.9, s),
)
for f in (gf.softmax, gf.log_softmax):
    row(f, (2, 3), kw=[{"dim": 0}, {"dim": -1}])
    row(f, (), (1,), (0, 2), kw=[{"dim": 0}])
row(
    neural.softmax_cross_entropy,
    (3, 4),
    (1, 2),
    call=lambda x: neural.softmax_cross_entropy(x, gf.arange(len(x)) * x.shape[1] + gf.arange(len(x)) % 2)[0],
)
row(
    neural.linear_layer,
    ((2, 3), (2, 3), (2,)),
    ((3,), (2, 3), (2,)),
    ((2, 1, 3), (2, 3), (2,)),
    ((2, 3), (2, 3)),
    ((0, 3), (2, 3), (2,)),
)
row(
    neural.normalised,
    ((3, 2), (2,), (2,)),
    ((3, 2), (1, 2), (1, 2)),
    half=False,
    call=lambda x, w, b: neural.normalised(x, (0,), 1e-5, w, b)[0],
)
row(neural.normalised, ((2, 3), (3,), (3,)), call=lambda x, w, b: neural.normalised(x, (1,), 0.1, w, b)[0])
row(neural.normalised, ((2, 3), (3,)), call=lambda x, w: neural.normalised(x, (1,), 0.1, w)[0])
row(neural.normalised, (3, 2), call=lambda x: neural.normalised(x, (0,), 0.1)[0])
row(neural.pad_zero, (2, 3), (0, 1), call=lambda x: neural.pad_zero(x, ((1, 0), (0, 2))))
