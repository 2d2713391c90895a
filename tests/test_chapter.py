"""The chapter's snippets, word for word, with ``import gradflow as torch``."""

import numpy as np
import pytest

import gradflow as torch


def leaf():
    x = torch.arange(4)
    with pytest.warns(UserWarning, match=r"arange\(4\.0\)"):
        x.requires_grad_(True)
    return x


def test_gradient_of_twice_the_dot_product():
    x = torch.arange(4.0)
    assert repr(x.cpu()) == "tensor([0., 1., 2., 3.])"
    x.requires_grad_(True)
    assert x.grad is None
    y = 2 * torch.dot(x, x)
    assert y.item() == 28.0
    assert y.grad_fn is not None and x.grad_fn is None
    y.backward()
    assert repr(x.grad.cpu()) == "tensor([ 0.,  4.,  8., 12.])"
    assert repr((x.grad == 4 * x).cpu()) == "tensor([True, True, True, True])"


def test_integers_are_promoted_with_a_warning():
    x = leaf()
    assert x.dtype == torch.float32 and x.requires_grad
    y = 2 * torch.dot(x, x)
    y.backward()
    assert bool((x.grad == 4 * x).all())


def test_gradients_accumulate_until_zeroed():
    x = torch.arange(4.0, requires_grad=True)
    y = 2 * torch.dot(x, x)
    y.backward()
    buffer = x.grad
    y = x.sum()
    y.backward()
    np.testing.assert_array_equal(x.grad.cpu().numpy(), [1, 5, 9, 13])
    x.grad.zero_()
    np.testing.assert_array_equal(x.grad.cpu().numpy(), 0)
    y = x.sum()
    y.backward()
    np.testing.assert_array_equal(x.grad.cpu().numpy(), 1)
    assert x.grad is buffer


def test_backward_of_a_vector():
    x = torch.arange(4.0, requires_grad=True)
    y = x * x
    with pytest.raises(RuntimeError, match="gradient="):
        y.backward()
    assert x.grad is None  # nothing was changed
    y.backward(gradient=torch.ones(len(x)))
    np.testing.assert_array_equal(x.grad.cpu().numpy(), [0, 2, 4, 6])
    x.grad.zero_()
    y = x * x
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.cpu().numpy(), [0, 2, 4, 6])


def test_detach():
    x = torch.arange(4.0, requires_grad=True)
    y = x * x
    u = y.detach()
    z = u * x
    z.sum().backward()
    assert bool((x.grad == u).all())
    x.grad.zero_()
    y.sum().backward()
    assert bool((x.grad == 2 * x).all())


def test_control_flow():
    def f(a):
        b = a * 2
        while b.norm() < 1000:
            b = b * 2
        if b.sum() > 0:
            c = b
        else:
            c = 100 * b
        return c

    for seed in range(4):
        torch.manual_seed(seed)
        a = torch.randn(size=(), requires_grad=True)
        d = f(a)
        d.backward()
        assert bool(a.grad == d / a)


def test_order_matters():
    a = torch.tensor(1.0, requires_grad=True)
    b = a + a
    c = b + b
    c.backward()
    assert a.grad.item() == 4.0


def test_numerical_gradient():
    w = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64, requires_grad=True)

    def f(w):
        return (w**3).sum() + torch.sin(w).prod()

    f(w).backward()
    numerical = torch.autograd.numerical_grad(f, w, h=1e-5)
    np.testing.assert_allclose(w.grad.cpu().numpy(), numerical.cpu().numpy(), rtol=1e-8, atol=1e-9)
    assert numerical.dtype == torch.float64 and not numerical.requires_grad
    np.testing.assert_array_equal(w.detach().cpu().numpy(), [0.5, -1.0, 2.0])  # unharmed
    with pytest.raises(ValueError, match="positive"):
        torch.autograd.numerical_grad(f, w, h=0)
