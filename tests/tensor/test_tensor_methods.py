"""Methods of Tensor that are more than an operation of the same name."""

import copy
import pickle

import numpy as np
import pytest

import gradflow as gf
from gradflow.errors import GraphError, ShapeError


def test_where_keeps_self_where_true():
    x = gf.tensor([1.0, 2.0], requires_grad=True)
    y = x.where(gf.tensor([True, False]), gf.tensor([5.0, 6.0]))
    np.testing.assert_array_equal(y.to_numpy(), [1, 6])
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.cpu().numpy(), [1, 0])


def test_like_another():
    a, b = gf.arange(6.0), gf.zeros(2, 3, dtype=gf.float64)
    assert a.view_as(b).shape == a.reshape_as(b).shape == (2, 3)
    assert gf.ones(1, 3).expand_as(b).shape == (2, 3)
    assert a.type_as(b).dtype == a.type(gf.float64).dtype == a.to(b).dtype == gf.float64
    assert a.element_size() == 4 and b.stride() == (3, 1) and b.T.stride() == (1, 3) and not b.T.is_contiguous()
    assert b.is_floating_point() and not b.is_complex() and gf.tensor([1j]).is_complex()


def test_to_copies_only_when_asked():
    x = gf.ones(2)
    assert x.to(x.device) is x and x.to(gf.float32) is x
    assert x.device.type != "cpu" or (x.to("cpu") is x and x.cpu() is x)
    y = x.to(gf.float32, copy=True)
    assert y is not x and y.array is not x.array


def test_casts_are_recorded_between_floats_and_end_at_integers():
    x = gf.ones(2, requires_grad=True)
    y = x.double().half().float()
    (y * 3).sum().backward()
    np.testing.assert_array_equal(x.grad.cpu().numpy(), 3)
    assert x.grad.dtype == gf.float32
    assert not x.long().requires_grad and not x.int().requires_grad and not x.bool().requires_grad


def test_new_forms_follow_dtype():
    x = gf.ones(2, dtype=gf.float64)
    for made in (x.new_zeros(3), x.new_ones((3,)), x.new_full((3,), 2), x.new_empty(3), x.new_tensor([1, 2, 3])):
        assert made.dtype == gf.float64 and made.shape == (3,)
    assert x.new_zeros(2, requires_grad=True).requires_grad


def test_matrix_properties_need_matrices():
    assert gf.zeros(2, 3, 4).mT.shape == (2, 4, 3) and gf.zeros(2, 3, 4).T.shape == (4, 3, 2)
    with pytest.raises(ShapeError, match="2 dimensions"):
        gf.zeros(3).mT


def test_conversions_of_one_element():
    x = gf.tensor([2.0], requires_grad=True)
    assert float(x.detach()) == 2.0 and int(x) == 2 and complex(x.detach()) == 2 and bool(x) and x.tolist() == [2.0]
    assert (+x) is x
    assert x.numpy(force=True).tolist() == [2.0]
    with pytest.raises(GraphError):
        gf.ones(2).retain_grad()
    with pytest.raises(GraphError):
        (x * 2).register_post_accumulate_grad_hook(print)


def test_operators_beside_what_they_do_not_know() -> None:
    t = gf.tensor([1.0, 2.0])
    assert (t == None) is False and (t != None) is True and (t == "a") is False  # noqa: E711
    assert None not in (t,) and t in [None, t] and (1, t) != (1, None)
    assert t.sum().cpu() == pytest.approx(3.0)

    class Other:
        def __radd__(self, left: object) -> str:
            return "asked"

        __rmatmul__ = __rmod__ = __rxor__ = __gt__ = __radd__

    assert [t + Other(), t @ Other(), t % Other(), t ^ Other(), t < Other()] == ["asked"] * 5
    assert (t == [1.0, 2.0]) is False and (t != "a") is True
    for wrong in (lambda: t + None, lambda: t @ {}, lambda: t & None, lambda: t < None):
        with pytest.raises(TypeError, match=r"not supported between|unsupported operand"):
            wrong()
    for wrong in (lambda: t * [1, 2], lambda: t - "a", lambda: t < "a"):
        with pytest.raises(TypeError, match="must be a Tensor, an array or a number"):
            wrong()


def test_a_size_can_be_copied_and_pickled() -> None:
    size = gf.ones(2, 3).size
    for made in (copy.deepcopy(size), pickle.loads(pickle.dumps(size))):
        assert made == 6 and made() == (2, 3) and made(1) == 3
