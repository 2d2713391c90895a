"""What PyTorch's own names mean: the class as a constructor, Size, numbers in f-strings, ``axis`` beside ``dim``."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow._numpy_keywords import FUNCTIONS
from gradflow.errors import DTypeError


def test_the_class_is_a_constructor() -> None:
    for made, shape in (
        (gf.Tensor(4, 5), (4, 5)),
        (gf.Tensor(), (0,)),
        (gf.Tensor(3), (3,)),
        (gf.Tensor(gf.ones(2, 3).shape), (2, 3)),
    ):
        assert made.shape == shape and made.dtype == gf.float32 and not made.requires_grad
    array = np.array([1.0, 2.0])
    for data in ([1, 2], (1.0, 2.0), array, gf.tensor([1, 2]), gf.tensor([1.0, 2.0], dtype=gf.float64), [gf.tensor(1), 2]):
        made = gf.Tensor(data)
        assert made.dtype == gf.float32 and made.tolist() == [1.0, 2.0]
    held = gf.ones(2)
    assert gf.Tensor(held).array is held.array and gf.Tensor([1.0], requires_grad=True).requires_grad
    for wrong in ((1.5,), (2, 3.0), ([1], [2]), (2j,), ([1.0], True)):
        with pytest.raises(TypeError, match=r"gf\.tensor"):
            gf.Tensor(*wrong)
    with pytest.raises(DTypeError):
        gf.Tensor([1j])


def test_size_is_a_tuple_that_counts() -> None:
    shape = gf.ones(2, 3, 4).shape
    assert type(shape) is gf.Size and shape == (2, 3, 4) and repr(shape) == "(2, 3, 4)" and hash(shape) == hash((2, 3, 4))
    assert (
        shape.numel() == 24 and shape[1:].numel() == 12 and shape.__add__((5,)).numel() == 120 and gf.ones(()).shape.numel() == 1
    )
    assert type(shape[0]) is int and type(gf.ones(2).size()) is gf.Size and gf.ones(2, 3).size(1) == 3 and [*shape] == [2, 3, 4]
    assert np.zeros(shape).shape == gf.zeros(shape).shape == shape and gf.zeros(6, 4).reshape(shape).shape == shape


def test_a_number_in_an_f_string() -> None:
    loss = gf.tensor(1.5, requires_grad=True) * 2
    assert f"{loss}" == "3.0" and f"{loss:.2f}" == "3.00" and f"{gf.tensor(3):>4}" == "   3" and f"{gf.tensor(True)}" == "True"
    x = gf.tensor([1.0, 2.0])
    assert f"{x}" == str(x)
    with pytest.raises((TypeError, ValueError)):
        f"{x:.2f}"


X = gf.tensor([[3.0, 1.0, 2.0], [4.0, 6.0, 5.0]])
INDEX = gf.tensor([[0, 1, 0], [1, 0, 1]])
MORE: dict[str, dict[str, Any]] = {
    "chunk": {"chunks": 2},
    "gather": {"index": INDEX},
    "index_add": {"index": gf.tensor([1]), "source": X[:1]},
    "index_select": {"index": gf.tensor([1])},
    "narrow": {"start": 0, "length": 1},
    "repeat_interleave": {"repeats": 2},
    "scatter": {"index": INDEX, "src": X},
    "scatter_add": {"index": INDEX, "src": X},
    "select": {"index": 1},
    "take_along_dim": {"indices": INDEX},
    "topk": {"k": 1},
}


def numbers(made: Any) -> Any:
    return [m.tolist() for m in made] if isinstance(made, tuple | list) else made.tolist()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_axis_is_dim(name: str) -> None:
    first: Any = [X, X] if name in ("cat", "concat", "concatenate", "stack") else X
    for f in [getattr(gf, name)] if first is not X else [getattr(gf, name), getattr(gf.Tensor, name)]:
        more = MORE.get(name, {})
        wanted = numbers(f(first, dim=0, **more))
        assert numbers(f(first, axis=0, **more)) == wanted
        if "keepdim" in inspect.signature(f).parameters:
            assert numbers(f(first, axis=0, keepdims=True, **more)) == numbers(f(first, dim=0, keepdim=True, **more)) != wanted
        with pytest.raises(TypeError, match="both dim= and axis="):
            f(first, axis=0, dim=0, **more)


def test_axis_is_refused_where_pytorch_refuses_it() -> None:
    for call in (
        lambda: gf.norm(X, axis=0),
        lambda: gf.split(X, 1, axis=0),
        lambda: gf.flip(X, axis=0),
        lambda: gf.roll(X, 1, axis=0),
        lambda: gf.flatten(X, axis=0),
        lambda: gf.transpose(X, axis=0),
        lambda: X.norm(keepdims=True),
    ):
        with pytest.raises(TypeError, match=r"unexpected keyword|axis|keepdims"):
            call()
    with_dim = {n for n in gf.__all__ if callable(f := getattr(gf, n)) and not isinstance(f, type) and "dim" in _parameters(f)}
    assert with_dim - {"norm", "split", "flip", "concat", "concatenate"} == {*FUNCTIONS}


def _parameters(f: Any) -> Any:
    try:
        return inspect.signature(f).parameters
    except (TypeError, ValueError):
        return ()


def test_the_list_is_pytorchs() -> None:
    torch: Any = pytest.importorskip("torch")
    x = torch.tensor(X.tolist())
    for name in {n for n in gf.__all__ if hasattr(torch, n) and "dim" in _parameters(getattr(gf, n))}:
        more = {k: torch.tensor(v.tolist()) if isinstance(v, gf.Tensor) else v for k, v in MORE.get(name, {}).items()}
        first: Any = [x, x] if name in ("cat", "concat", "concatenate", "stack") else x
        try:
            getattr(torch, name)(first, axis=0, **more)
            takes = True
        except TypeError:
            takes = False
        assert takes == (name in FUNCTIONS), name


def test_math_takes_a_tensor_of_one_number() -> None:
    assert math.isclose(math.exp(gf.tensor(1.0)), math.e)
