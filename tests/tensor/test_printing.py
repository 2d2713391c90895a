"""How tensors print, and questions about whole tensors."""

import numpy as np
import pytest

import gradflow as gf


@pytest.mark.parametrize(
    ("t", "text"),
    [
        (gf.tensor(3.0), "tensor(3.)"),
        (gf.tensor(3), "tensor(3)"),
        (gf.tensor(True), "tensor(True)"),
        (gf.tensor([]), "tensor([], dtype=float32)"),
        (gf.zeros(0, 3), "tensor([], size=(0, 3), dtype=float32)"),
        (gf.tensor([1.0, 12.0]), "tensor([ 1., 12.])"),
        (gf.tensor([1.5, -12.25]), "tensor([  1.5000, -12.2500])"),
        (gf.tensor([1.0, float("nan"), float("-inf")]), "tensor([  1.,  nan, -inf])"),
        (gf.tensor([1e-6, 1.0]), "tensor([1.0000e-06, 1.0000e+00])"),
        (gf.tensor([0.5], dtype=gf.float64), "tensor([0.5000], dtype=float64)"),
        (gf.tensor([1, 2], dtype=gf.int32), "tensor([1, 2], dtype=int32)"),
        (gf.tensor([True, False]), "tensor([ True, False])"),
        (gf.tensor([[1, 2], [3, 4]]), "tensor([[1, 2],\n        [3, 4]])"),
        (gf.ones(2, requires_grad=True), "tensor([1., 1.], requires_grad=True)"),
        (gf.ones(2, requires_grad=True) * 2, "tensor([2., 2.], grad_fn=<MulBackward>)"),
        (gf.tensor([1 + 2j]), "tensor([1.+2.j], dtype=complex64)"),
    ],
    ids=str,
)
@pytest.mark.cpu_only("shows how tensors on the CPU print")
def test_repr(t, text):
    assert repr(t) == text


def test_long_tensors_are_shortened():
    assert len(repr(gf.arange(100_000.0))) < 100
    assert "..." in repr(gf.zeros(2000))


def test_reading_a_tensor_does_not_change_printing_elsewhere():
    before = np.get_printoptions()
    repr(gf.randn(3))
    assert np.get_printoptions() == before


def test_whole_tensor_questions():
    a = gf.tensor([1.0, 2.0])
    assert gf.is_tensor(a) and not gf.is_tensor(np.ones(2))
    assert gf.allclose(a, a + 1e-7) and not gf.allclose(a, a + 1)
    assert gf.allclose(gf.tensor(float("nan")), gf.tensor(float("nan")), equal_nan=True)
    assert gf.equal(a, gf.tensor([1.0, 2.0])) and not gf.equal(a, gf.tensor([1.0])) and not gf.equal(a, a + 1)
