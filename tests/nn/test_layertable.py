"""What holds for every layer and loss: values, derivatives to second order, state, dtypes, repr; and that none is left out."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from typing import Any
from unittest import mock

import numpy as np
import pytest
from layertable import ROWS, LayerRow

import gradflow as gf
from gradflow import nn

every_row = pytest.mark.parametrize("row", ROWS, ids=[f"{r.name}-{i}" for i, r in enumerate(ROWS)])


def filled(row: LayerRow, dtype: Any = gf.float64) -> nn.Module:
    """The module of a row in ``dtype``, with numbers in (0.4, 2) for all parameters and buffers."""
    rng = np.random.default_rng(3)
    module = row.make().to(dtype).train(row.training)
    with gf.no_grad():
        for value in module.state_dict().values():
            if value.is_floating_point():
                value.copy_(gf.tensor(rng.uniform(0.4, 2.0, value.shape), dtype=dtype))
    return module


def given(row: LayerRow, dtype: Any = gf.float64) -> list[gf.Tensor]:
    return [gf.tensor(a) if a.dtype.kind == "i" else gf.tensor(a, dtype=dtype, requires_grad=True) for a in row.arrays()]


def values(module: nn.Module) -> dict[str, Any]:
    return {name: t.detach().to_numpy().astype(np.float64) for name, t in module.state_dict().items()}


def wanted(row: LayerRow, module: nn.Module, inputs: list[gf.Tensor]) -> Any:
    """The row's formula on the numbers that the module and the inputs hold."""
    arrays = [t.detach().to_numpy() for t in inputs]
    return row.formula(values(module), *(a if a.dtype.kind == "i" else a.astype(np.float64) for a in arrays))


@every_row
def test_value_and_shape(row: LayerRow) -> None:
    module, inputs = filled(row), given(row)
    expected = wanted(row, module, inputs)
    y = module(*inputs)
    assert isinstance(y, gf.Tensor) and y.shape == np.shape(expected)
    np.testing.assert_allclose(y.detach().to_numpy(), expected, rtol=1e-11, atol=1e-11)
    for t, a in zip(inputs, row.arrays(), strict=True):
        np.testing.assert_array_equal(t.detach().to_numpy(), a)


@every_row
def test_derivatives_of_inputs_and_parameters(row: LayerRow) -> None:
    module, inputs = filled(row), given(row)
    places = [name.rpartition(".") for name, _ in module.named_parameters()]

    def call(*tensors: gf.Tensor) -> gf.Tensor:
        for (path, _, name), p in zip(places, tensors[len(inputs) :], strict=True):
            module.get_submodule(path)._parameters[name] = p
        return module(*tensors[: len(inputs)])

    tensors = (*inputs, *module.parameters())
    assert gf.gradcheck(call, tensors)
    assert gf.gradgradcheck(call, tensors)


@every_row
def test_state_dict_round_trip(row: LayerRow) -> None:
    module, fresh = filled(row), row.make().double().train(row.training)
    saved = {name: t.clone() for name, t in module.state_dict().items()}
    y = module(*given(row))
    fresh.load_state_dict(saved)
    again = fresh(*given(row))
    assert y.tolist() == again.tolist()
    assert list(fresh.state_dict()) == list(saved) and set(saved) >= {name for name, _ in module.named_parameters()}


@pytest.mark.parametrize(("dtype", "tolerance"), [(gf.float32, 1e-5), (gf.float16, 1e-2)], ids=["float32", "float16"])
@every_row
def test_dtypes_are_kept(row: LayerRow, dtype: Any, tolerance: float) -> None:
    module, inputs = filled(row, dtype), given(row, dtype)
    expected = wanted(row, module, inputs)
    y = module(*inputs)
    assert y.dtype == dtype
    np.testing.assert_allclose(y.detach().to_numpy(), expected, rtol=tolerance, atol=tolerance)
    y.sum().backward()
    for t in (*(t for t in inputs if t.is_floating_point()), *module.parameters()):
        assert t.grad is not None and t.grad.dtype == t.dtype == dtype and t.grad.shape == t.shape


WITH_PARAMETERS = [r for r in ROWS if list(r.make().parameters(recurse=False))]


@pytest.mark.parametrize("row", WITH_PARAMETERS, ids=lambda r: r.shown)
def test_parameters_are_made_in_the_dtype_and_on_the_device_asked_for(row: LayerRow) -> None:
    cls = getattr(nn, row.name)
    with mock.patch.object(cls, "__init__", functools.partialmethod(cls.__init__, dtype=gf.float64, device="cpu")):
        made = row.make().state_dict()
    for name, value in made.items():
        assert value.device.type == "cpu", name
        assert value.dtype == (gf.int64 if name == "num_batches_tracked" else gf.float64), name


@every_row
def test_repr(row: LayerRow) -> None:
    assert repr(row.make()) == row.shown


# Nothing is left out


def modules_with_a_forward() -> set[str]:
    """The names of all classes of ``gradflow.nn`` that can be called; one that begins with an underscore is a part of others."""
    for found in pkgutil.walk_packages(nn.__path__, "gradflow.nn."):
        importlib.import_module(found.name)
    left: list[type[nn.Module]] = [nn.Module]
    classes: set[type[nn.Module]] = set()
    while left:
        for cls in left.pop().__subclasses__():
            left.append(cls)
            if cls.__module__.startswith("gradflow.nn") and cls.forward is not nn.Module.forward:
                classes.add(cls)
    return {cls.__name__ for cls in classes if not cls.__name__.startswith("_")}


def test_every_layer_and_loss_has_a_row() -> None:
    there = modules_with_a_forward()
    assert len(there) > 50
    assert sorted(there - {row.name for row in ROWS}) == []
    assert sorted(there - set(nn.__all__)) == []
