"""Functions with a derivative of their own."""

import gc
import weakref
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow.errors import AnomalyError, DTypeError, GradcheckError, GraphError, ShapeError


class Cube(gf.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * g


class SinCos(gf.Function):
    """Two outputs, saved, an argument that is no tensor."""

    @staticmethod
    def forward(ctx, x, scale):
        s, c = gf.sin(x * scale), gf.cos(x * scale)
        ctx.save_for_backward(s, c)
        ctx.scale = scale
        return s, c

    @staticmethod
    def backward(ctx, gs, gc_):
        s, c = ctx.saved_tensors
        return (gs * c - gc_ * s) * ctx.scale, None


class RawExp(gf.Function):
    """Works on the bare arrays, as a pair of RawKernels would."""

    @staticmethod
    def forward(ctx, x):
        y = np.exp(x.array)
        ctx.y = y
        return gf.as_tensor(y)

    @staticmethod
    @gf.autograd.once_differentiable
    def backward(ctx, g):
        return gf.as_tensor(g.array * ctx.y)


def x64(*shape):
    return gf.randn(*shape, dtype=gf.float64, requires_grad=True)


def test_first_and_second_order():
    assert gf.gradcheck(Cube.apply, x64(3)) and gf.gradgradcheck(Cube.apply, x64(3))


def test_a_gradient_that_is_another_when_recorded_is_found():
    class Square(Cube):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return (3 if gf.is_grad_enabled() else 2) * x * g

    assert gf.gradcheck(Square.apply, x64(3))
    with pytest.raises(GradcheckError, match="where it is recorded"):
        gf.gradgradcheck(Square.apply, x64(3))


def test_several_outputs_saved_outputs_and_plain_arguments():
    f = lambda x: SinCos.apply(x, 2.0)
    assert gf.gradcheck(f, x64(3)) and gf.gradgradcheck(f, x64(3))
    x = x64(2)
    SinCos.apply(x, 1.0)[1].sum().backward()  # the other output is not used
    np.testing.assert_allclose(x.grad.cpu().numpy(), -np.sin(x.detach().cpu().numpy()))


def test_backward_on_bare_arrays_only_once():
    assert gf.gradcheck(RawExp.apply, x64(3))
    x = x64(3)
    (g,) = gf.autograd.grad(RawExp.apply(x).sum(), x, create_graph=True)
    np.testing.assert_allclose(g.detach().cpu().numpy(), np.exp(x.detach().cpu().numpy()))
    with pytest.raises(GraphError, match="once_differentiable"):
        g.sum().backward()


def test_the_node_is_named_and_the_graph_can_be_read():
    x = gf.ones(2, requires_grad=True)
    y = Cube.apply(x)
    assert y.grad_fn.name() == "CubeBackward" and y.grad_fn.next_functions[0][0].variable is x
    assert not Cube.apply(gf.ones(2)).requires_grad
    with gf.no_grad():
        assert not Cube.apply(x).requires_grad


def test_needs_input_grad_and_none():
    class Pick(gf.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.seen = None
            return a * b

        @staticmethod
        def backward(ctx, g):
            Pick.needs = ctx.needs_input_grad
            return g, None

    a, b = gf.ones(2, requires_grad=True), gf.ones(2)
    Pick.apply(a, b).sum().backward()
    assert Pick.needs == (True, False) and b.grad is None


def test_wrong_returns_are_told():
    class Bad(gf.Function):
        made = staticmethod(lambda x: x * 1)
        given = staticmethod(lambda g: g)

        @staticmethod
        def forward(ctx, x):
            return Bad.made(x)

        @staticmethod
        def backward(ctx, g):
            return Bad.given(g)

    x = gf.ones(2, requires_grad=True)
    Bad.given = lambda g: (g, g)
    with pytest.raises(GraphError, match=r"Bad.backward returned 2 gradients for the 1"):
        Bad.apply(x).sum().backward()
    Bad.given = lambda g: gf.ones(3)
    with pytest.raises(ShapeError, match="argument 0"):
        Bad.apply(x).sum().backward()
    Bad.made = lambda x: 3
    with pytest.raises(DTypeError, match="forward returned int"):
        Bad.apply(x)
    assert x.grad is None


def test_non_differentiable_outputs_and_unmaterialised_gradients():
    class Split(gf.Function):
        @staticmethod
        def forward(ctx, x):
            order, y = x.argsort(), x * 2
            ctx.mark_non_differentiable(order)
            ctx.set_materialize_grads(False)
            return y, order, x * 3

        @staticmethod
        def backward(ctx, gy, gorder, gz):
            Split.got = (gy is None, gorder is None, gz is None)
            return gy * 2

    x = gf.ones(2, requires_grad=True)
    y, order, _ = Split.apply(x)
    assert not order.requires_grad
    y.sum().backward()
    assert Split.got == (False, True, True)


def test_returning_the_input_makes_a_new_tensor():
    class Same(gf.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 5

    x = gf.ones(2, requires_grad=True)
    y = Same.apply(x)
    assert y is not x and x.is_leaf
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.cpu().numpy(), 5)


def test_overwriting_what_was_saved_is_noticed():
    x = gf.ones(2, requires_grad=True)
    mid = x * 1
    y = Cube.apply(mid)
    mid.add_(1)
    with pytest.raises(GraphError, match="overwritten"):
        y.sum().backward()


def test_saved_outputs_do_not_keep_the_graph_alive():
    gc.disable()
    try:
        x = gf.ones(2, requires_grad=True)
        s, c = SinCos.apply(x, 1.0)
        node = weakref.ref(s.grad_fn.next_functions[0][0])
        del s, c
        assert node() is None
    finally:
        gc.enable()


def test_hooks_and_graph_through_a_function():
    x = gf.ones(2, requires_grad=True)
    y = Cube.apply(x)
    seen = []
    y.register_hook(lambda g: seen.append(g.shape))
    y.grad_fn.register_hook(lambda ins, outs: seen.append(ins[0].cpu().numpy().copy()))
    y.sum().backward()
    assert seen[0] == (2,) and (seen[1] == 3).all()


class TwiceAndThrice(gf.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2, x * 3

    @staticmethod
    def backward(ctx, a, b):
        return a * 2 + b * 3


@pytest.mark.parametrize("create_graph", [False, True])
def test_hooks_on_the_nodes_of_several_outputs(create_graph: bool) -> None:
    def run(register) -> tuple[list, list]:
        seen: list = []
        x = gf.tensor([1.0, 2.0], requires_grad=True)
        a, b = TwiceAndThrice.apply(x)
        register(a.grad_fn, a.grad_fn.next_functions[0][0], seen)
        (a + 2 * b).sum().backward(create_graph=create_graph)
        return seen, x.grad.tolist()

    def lists(gradients):
        return [None if g is None else g.tolist() for g in gradients]

    def look(seen, answer=None):
        return lambda *shown: seen.append([lists(s) for s in shown]) or answer

    ones, twos, all_in = [1.0, 1.0], [2.0, 2.0], [8.0, 8.0]
    assert run(lambda part, whole, seen: part.register_hook(look(seen))) == ([[[ones], [ones]]], all_in)
    assert run(lambda part, whole, seen: whole.register_hook(look(seen))) == ([[[all_in], [ones, twos]]], all_in)
    assert run(lambda part, whole, seen: part.register_prehook(look(seen))) == ([[[ones]]], all_in)
    assert run(lambda part, whole, seen: whole.register_prehook(look(seen))) == ([[[ones, twos]]], all_in)
    five = gf.full((2,), 5.0)
    assert run(lambda part, whole, seen: part.register_hook(look(seen, (five,))))[1] == [16.0, 16.0]
    assert run(lambda part, whole, seen: whole.register_prehook(look(seen, (five, None))))[1] == [10.0, 10.0]
    assert run(lambda part, whole, seen: whole.register_hook(look(seen, (five,))))[1] == [5.0, 5.0]
    with pytest.raises(TypeError, match="tuple of 2 gradients"):
        run(lambda part, whole, seen: whole.register_prehook(look(seen, (five,))))
    with pytest.raises(ShapeError, match=r"shape \(3,\), not \(2,\)"):
        run(lambda part, whole, seen: whole.register_prehook(look(seen, (gf.ones(3), None))))


def test_anomalies_behind_several_outputs_are_found() -> None:
    x = gf.tensor([1.0, 2.0], requires_grad=True)
    with gf.autograd.detect_anomaly():
        a, b = TwiceAndThrice.apply(x)
        (a + b).sum().backward()
        assert x.grad.tolist() == [5.0, 5.0]
        _, b = TwiceAndThrice.apply(x)
        with pytest.raises(AnomalyError, match="backward of TwiceAndThrice"):
            b.sum().backward(gradient=gf.tensor(2e38))


# Derivatives of what backward computed


class BareScale(gf.Function):
    """Linear, and works on the bare arrays."""

    @staticmethod
    def forward(ctx, x):
        return gf.as_tensor(3 * x.array)

    @staticmethod
    def backward(ctx, g):
        return gf.as_tensor(3 * g.array)


class BareScaleOnce(BareScale):
    backward = staticmethod(gf.autograd.once_differentiable(BareScale.backward))


class BareSquare(gf.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return gf.as_tensor(x.array**2)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * x.array * g.array  # an array


class SwitchedOff(Cube):
    @staticmethod
    def backward(ctx, g):
        with gf.no_grad():
            return Cube.backward(ctx, g)


class OnceIdentity(gf.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 1

    @staticmethod
    @gf.autograd.once_differentiable
    def backward(ctx, g):
        return g


BARE = [BareScale, BareScaleOnce, BareSquare, RawExp, SwitchedOff, OnceIdentity]


@pytest.mark.parametrize("cls", BARE)
def test_what_is_not_recorded_is_never_taken_for_constant(cls):
    f, x, v = cls.apply, x64(3).detach(), gf.ones(3, dtype=gf.float64)
    asked = {
        "jvp": lambda: gf.func.jvp(f, (x,), (v,)),
        "jacfwd": lambda: gf.func.jacfwd(f)(x),
        "hvp": lambda: gf.func.hvp(lambda x: f(x).square().sum(), (x,), (v,)),
        "hvp of a sum": lambda: gf.func.hvp(lambda x: f(x).sum(), (x,), (v,)),
        "hessian with a second path": lambda: gf.func.hessian(lambda x: f(x).square().sum() + (x * x).sum())(x),
        "hessian of a sum with a second path": lambda: gf.func.hessian(lambda x: f(x).sum() + (x * x).sum())(x),
        "gradgradcheck": lambda: gf.gradgradcheck(f, x.clone().requires_grad_()),
    }
    for name, ask in asked.items():
        with pytest.raises(GraphError, match=rf"{cls.__name__}.backward is not made of recorded operations"):
            print(name, ask())
    z = x.clone().requires_grad_()
    (g,) = gf.autograd.grad(f(z).sum() + (z * z).sum(), z, create_graph=True)
    for options in ({}, {"allow_unused": True}, {"materialize_grads": True}, {"inputs": z}):
        with pytest.raises(GraphError, match="not made of recorded operations"):
            g.sum().backward(**options) if "inputs" in options else gf.autograd.grad(g.sum(), z, retain_graph=True, **options)
    # First derivatives, also recorded, and what does not depend on the Function's
    once = gf.func.jacrev(f)(x).detach().cpu().numpy()
    np.testing.assert_allclose(np.diag(once), (g.detach() - 2 * x).cpu().numpy())
    w = x64(3)
    (g,) = gf.autograd.grad(f(z).sum() + (w**3).sum(), w, create_graph=True)
    np.testing.assert_allclose(gf.autograd.grad(g.sum(), w)[0].cpu().numpy(), 6 * w.detach().cpu().numpy())


def test_a_recorded_gradient_of_a_linear_function_is_a_constant():
    class Triple(gf.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 3

        @staticmethod
        def backward(ctx, g):
            h = g.clone()
            h *= 3
            return h

    x, v = x64(2).detach(), gf.ones(2, dtype=gf.float64)
    assert gf.func.jvp(Triple.apply, (x,), (v,))[1].tolist() == [3, 3]
    assert gf.func.jacfwd(Triple.apply)(x).tolist() == [[3, 0], [0, 3]]
    assert gf.func.hvp(lambda x: Triple.apply(x).square().sum(), (x,), (v,))[1][0].tolist() == [18, 18]
    assert gf.func.hessian(lambda x: Triple.apply(x).sum() + (x * x).sum())(x).tolist() == [[2, 0], [0, 2]]
    z = x.clone().requires_grad_()
    (g,) = gf.autograd.grad(Triple.apply(z).sum(), z, create_graph=True)
    assert g.tolist() == [3, 3] and not g.requires_grad
    TwiceAndThrice.apply(z)[1].sum().backward(create_graph=True)  # one of two outputs is used
    assert z.grad.tolist() == [3, 3] and not z.grad.requires_grad


def test_none_is_a_gradient_that_is_always_zero():
    class Steps(gf.Function):
        zero = staticmethod(lambda g: None)

        @staticmethod
        def forward(ctx, x, y):
            return gf.floor(x) + y

        @staticmethod
        def backward(ctx, g):
            return Steps.zero(g), g

    x = x64(2).detach()
    assert gf.func.hessian(lambda x: (Steps.apply(x, x * x)).sum())(x).tolist() == [[2, 0], [0, 2]]
    Steps.zero = lambda g: gf.zeros_like(g)
    with pytest.raises(GraphError, match="None for a gradient that is always zero"):
        gf.func.hessian(lambda x: (Steps.apply(x, x * x)).sum())(x)


def test_a_function_that_lacks_a_half_says_so() -> None:
    class OnlyForward(gf.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: gf.Tensor) -> gf.Tensor:
            return x * 2

    class OnlyBackward(gf.autograd.Function):
        @staticmethod
        def backward(ctx: Any, g: gf.Tensor) -> gf.Tensor:
            return g

    x = gf.ones(2, requires_grad=True)
    with pytest.raises(NotImplementedError, match="backward"):
        OnlyForward.apply(x).sum().backward()
    with pytest.raises(NotImplementedError, match="forward"):
        OnlyBackward.apply(x)
    assert OnlyForward.apply(x.detach()).tolist() == [2.0, 2.0]
