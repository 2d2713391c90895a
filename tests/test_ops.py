"""What holds for every operation: derivatives of first and second order, memory, dtypes; and that none is left out."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import optable
import pytest
from optable import ROWS, Row

import gradflow as gf
from gradflow import linalg
from gradflow.engine import REGISTRY, Node
from gradflow.engine.op import Op, elementwise, primitive
from gradflow.errors import GradcheckError, RuleError

SMOOTH = [r for r in ROWS if r.smooth]
COMPLEX = [r for r in SMOOTH if r.complex]


def ids(rows: list[Row]) -> dict[str, Any]:
    return {"argvalues": rows, "ids": [r.label for r in rows]}


# Layouts of the same numbers in memory


def transposed(a: Any) -> Any:
    return np.ascontiguousarray(a.T).T


def backwards(a: Any) -> Any:
    return np.ascontiguousarray(a[::-1])[::-1] if a.ndim else a


def gappy(a: Any) -> Any:
    return np.repeat(a, 2, -1)[..., ::2] if a.ndim else a


def frozen(a: Any) -> Any:
    a = a.view()
    a.flags.writeable = False
    return a


def leaves(row: Row, dtype: Any = np.float64, layout: Any = np.ascontiguousarray) -> list[gf.Tensor]:
    return [gf.as_tensor(frozen(layout(a) if a.ndim else a)).requires_grad_() for a in row.arrays(dtype)]


def outputs(made: Any) -> list[gf.Tensor]:
    many = list(made) if isinstance(made, tuple) else [made]
    return [o for o in many if isinstance(o, gf.Tensor) and o.requires_grad]


def gradients(row: Row, ins: list[gf.Tensor], seeds: Any = None, **options: Any) -> tuple[Any, Any, Any]:
    outs = outputs(row.call(*ins))
    if seeds is None:
        rng = np.random.default_rng(1)
        seeds = []
        for o in outs:
            seed = rng.uniform(0.5, 1.5, o.shape) + (1j * rng.uniform(0.5, 1.5, o.shape) if o.is_complex() else 0)
            seeds.append(gf.as_tensor(frozen(np.array(seed, o.dtype))))
    return outs, seeds, gf.autograd.grad(outs, ins, seeds, allow_unused=True, **options)


# Derivatives


@pytest.mark.parametrize("layout", [np.ascontiguousarray, transposed])
@pytest.mark.parametrize("row", **ids(SMOOTH))
def test_first_derivative(row: Row, layout: Any) -> None:
    if layout is transposed and all(a.T.flags.c_contiguous for a in row.arrays()):
        pytest.skip("transposed is the same")
    assert gf.gradcheck(row.call, leaves(row, layout=layout))


@pytest.mark.parametrize("row", **ids([r for r in SMOOTH if r.second]))
def test_second_derivative(row: Row) -> None:
    assert gf.gradgradcheck(row.call, leaves(row, layout=transposed))


@pytest.mark.parametrize("row", **ids(COMPLEX))
def test_complex_derivatives(row: Row) -> None:
    ins = leaves(row, np.complex128)
    assert gf.gradcheck(row.call, ins)
    if row.second:
        assert gf.gradgradcheck(row.call, ins)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("row", **ids(SMOOTH))
def test_memory_dtypes_and_layouts(row: Row, dtype: Any) -> None:
    """One sweep for what the differences do not see."""
    if dtype == np.float16 and not row.half:
        pytest.skip("no float16")
    ins = leaves(row, dtype)
    before = [t.data.copy() for t in ins]
    outs, seeds, first = gradients(row, ins)
    held = [s.data.copy() for s in seeds]
    for t, was in zip([*ins, *seeds], [*before, *held], strict=True):
        np.testing.assert_array_equal(t.data, was)
    for o in outs:
        assert isinstance(o.data, np.ndarray)
        if not row.view:
            assert not any(np.shares_memory(o.data, t.data) for t in ins)
    for t, g in zip(ins, first, strict=True):
        assert g is not None and g.dtype == t.dtype and g.shape == t.shape and g.grad_fn is None
        assert g.data.flags.writeable
        assert not any(np.shares_memory(g.data, other.data) for other in (*ins, *seeds, *outs))
    _, _, recorded = gradients(row, ins, seeds, create_graph=True)
    tolerance = {"f8": 1e-12, "f4": 1e-5, "f2": 2e-2}[np.dtype(dtype).str[1:]]
    for t, g, again in zip(ins, first, recorded, strict=True):
        assert again.dtype == t.dtype and again.shape == t.shape
        np.testing.assert_allclose(again.data, g.data, rtol=tolerance, atol=tolerance)
    for layout in (transposed, backwards, gappy):
        outs_there, _, there = gradients(row, leaves(row, dtype, layout), seeds)
        for a, b in zip([*outs_there, *there], [*outs, *first], strict=True):
            np.testing.assert_allclose(a.data, b.data, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("row", **ids([r for r in ROWS if not r.smooth]))
def test_without_derivative(row: Row) -> None:
    ins = leaves(row)
    made = row.call(*ins)
    assert isinstance(made, gf.Tensor) and not made.requires_grad
    assert not any(np.shares_memory(made.data, t.data) for t in ins)
