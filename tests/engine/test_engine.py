"""The graph and the backward pass: accumulation, order, freeing, hooks, modes, threads, memory."""

import gc
import inspect
import subprocess
import sys
import threading
import tracemalloc
import weakref
from pathlib import Path

import numpy as np
import pytest

import gradflow as gf
from gradflow._engine import REGISTRY, Node, elementwise, linear, primitive
from gradflow.errors import AnomalyError, DeviceError, GraphError, RuleError, ShapeError


def grads(*tensors):
    return [None if t.grad is None else t.grad.cpu().numpy().copy() for t in tensors]


# --- the form of an operation --------------------------------------------------------------------------------------


def define(decorator, function):
    try:
        return decorator(function)
    finally:
        REGISTRY.pop(function.__name__, None)


def test_rules_get_what_they_name():
    seen = {}

    def rule(xp, g, y, x, k):
        seen.update(xp=xp, g=g, y=y, x=x, k=k)
        return g * k

    def scale(xp, x, k=3.0):
        return x * k

    op = define(elementwise(rule), scale)
    x = gf.tensor([1.0, 2.0], requires_grad=True)
    op(x).sum().backward()
    assert seen["xp"] is gf.backend.namespace_for(None) and seen["k"] == 3.0
    assert type(seen["g"]) is type(seen["x"]) is seen["xp"].ndarray  # first order is bare arrays, nothing boxed
    assert seen["x"] is x.array
    np.testing.assert_array_equal(x.grad.cpu().numpy(), 3)


def test_a_leading_underscore_keeps_shape_and_dtype_only():
    def total(xp, x):
        return xp.sum(x)

    op = define(linear(lambda xp, g, _x: xp.broadcast_to(g, _x.shape)), total)
    x = gf.ones(3, requires_grad=True)
    y = op(x)
    (ghost,) = y.grad_fn.saved
    assert ghost.shape == (3,) and ghost.dtype == gf.float32 and ghost.ndim == 1 and "not saved" in repr(ghost)
    y.backward()
    np.testing.assert_array_equal(x.grad.cpu().numpy(), 1)


@pytest.mark.parametrize(
    "rule",
    [
        lambda g, x: g * 2 * x + 0 * (x > 1e9),
        lambda xp, g, x: xp.where(x > 0, g * 2 * x, g * 2 * x),
        lambda xp, g, x: g * 2 * x if x.dtype == "float32" else g,
        lambda xp, g, x: 2 * g * x if x.ndim else g,
        lambda xp, g, x: twice(xp, g * x),
        lambda g, x: g * 2 * x if isinstance(x, gf.backend.namespace_for(None).ndarray) else g,
        lambda g, x: g * 2 * x if x is not None else g,
        lambda g, x: g * (2 if isinstance(x, gf.backend.namespace_for(None).ndarray) else 0) * x,
    ],
)
def test_a_rule_means_the_same_written_out_or_called(rule):
    def squared(xp, x):
        return x * x

    op = define(elementwise(rule), squared)
    x = gf.tensor([1.0, -2.0], requires_grad=True)
    op(x).sum().backward()
    np.testing.assert_array_equal(x.grad.cpu().numpy(), [2, -4])


def twice(xp, z):
    return z + z  # an intermediate value used twice is not written out twice


@pytest.mark.parametrize(
    "make",
    [
        lambda: elementwise(lambda g, z: g)(lambda xp, x: x),
        lambda: elementwise(lambda g: g, lambda g: g)(lambda xp, x: x),
        lambda: (
            primitive(lambda g: g, nothing=None)(lambda xp, x: x)
            if False
            else linear(lambda g: g, q=lambda g: g)(lambda xp, x: x)
        ),
    ],
)
def test_a_name_that_fits_nothing_raises_at_definition(make):
    with pytest.raises(RuleError):
        make()


def test_only_what_a_needed_rule_names_is_kept():
    x, w = gf.ones(3), gf.ones(3, requires_grad=True)
    node = (x * w).grad_fn
    kept = dict(zip(node.op.saves, node.saved, strict=True))
    assert kept["a"] is x.array and kept["b"] is None  # w itself would be needed for the gradient of x alone
    assert (x + w).grad_fn.saved == ()


def test_signature_and_doc_are_the_definitions():
    import inspect

    assert list(inspect.signature(gf.tril).parameters) == ["x", "diagonal"]
    assert "Lower triangle" in gf.tril.__doc__
    gf.tril(gf.ones(2, 2), diagonal=1)
    assert list(inspect.signature(gf.tril).parameters) == ["x", "diagonal"]
    with pytest.raises(TypeError):
        gf.tril(gf.ones(2, 2), diag=0)


# --- accumulation --------------------------------------------------------------------------------------------------


def test_grad_is_none_at_first_and_keeps_one_buffer():
    w = gf.randn(20, 20, requires_grad=True)
    x = gf.randn(5, 20)
    assert w.grad is None
    pointers = set()
    for _ in range(100):
        if w.grad is not None:
            w.grad.zero_()
        ((x @ w) ** 2).sum().backward()
        pointers.add(w.grad.data_ptr())
    assert len(pointers) == 1
    np.testing.assert_allclose(
        w.grad.cpu().numpy(), 2 * x.cpu().numpy().T @ (x.cpu().numpy() @ w.detach().cpu().numpy()), rtol=1e-4
    )


def test_two_leaves_do_not_share_a_gradient():
    a, b = gf.ones(3, requires_grad=True), gf.ones(3, requires_grad=True)
    (a + b).sum().backward()
    a.grad.zero_()
    np.testing.assert_array_equal(b.grad.cpu().numpy(), 1)


def test_the_incoming_gradient_is_neither_kept_nor_written():
    a = gf.ones(3, requires_grad=True)
    g = gf.ones(3)
    (a + a + a).backward(g)
    a.grad.zero_()
    np.testing.assert_array_equal(g.cpu().numpy(), 1)


def test_a_gradient_met_twice_is_added_in_place_only_when_owned():
    x = gf.ones(4, requires_grad=True)
    y = x * 1
    held = []
    y.register_hook(lambda g: held.append(g))
    (y + y).sum().backward()
    (first,) = held
    np.testing.assert_array_equal(first.cpu().numpy(), 2)
    np.testing.assert_array_equal(x.grad.cpu().numpy(), 2)


def test_grad_can_be_set_and_is_checked():
    x = gf.ones(3, requires_grad=True)
    x.grad = gf.ones(3)
    x.sum().backward()
    np.testing.assert_array_equal(x.grad.cpu().numpy(), 2)
    x.grad = None
    assert x.grad is None
    with pytest.raises(ShapeError):
        x.grad = gf.ones(2)
    with pytest.raises(TypeError):
        x.grad = 1.0
    frozen = gf.ones(2)
    frozen.grad = gf.ones(2)
    assert frozen.grad is not None and not frozen.requires_grad


def test_switching_requires_grad_off_keeps_grad():
    x = gf.ones(3, requires_grad=True)
    x.sum().backward()
    x.requires_grad_(False)
    assert not (x * 2).requires_grad
    np.testing.assert_array_equal(x.grad.cpu().numpy(), 1)
    x.requires_grad_(True)
    x.sum().backward()
    np.testing.assert_array_equal(x.grad.cpu().numpy(), 2)
    with pytest.raises(GraphError, match="leaves"):
        (x * 2).requires_grad_(False)
    y = (x * 2).sum()
    x.requires_grad_(False)
    y.backward()
    np.testing.assert_array_equal(x.grad.cpu().numpy(), 2)  # nothing more was collected


def test_memory_does_not_grow_over_a_thousand_steps():
    w = gf.randn(8, 8, requires_grad=True)
    x = gf.randn(4, 8)

    def step():
        if w.grad is not None:
            w.grad.zero_()
        loss = (gf.tanh(x @ w.T) ** 2).mean()
        loss.backward()
        with gf.no_grad():
            w.sub_(w.grad, alpha=0.01)

    gc.collect()
    gc.disable()
    try:
        tracemalloc.start()
        for _ in range(1000):  # until the interpreter's own stores of freed tuples are full
            step()
        alive = sum(isinstance(o, Node) for o in gc.get_objects())
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(1000):
            step()
        grown = tracemalloc.get_traced_memory()[0] - before
        assert sum(isinstance(o, Node) for o in gc.get_objects()) <= alive
    finally:
        tracemalloc.stop()
        gc.enable()
    assert grown < 16_000  # a node a step would be ten times that


def test_a_graph_dies_with_its_result_without_the_collector():
    gc.disable()
    try:
        x = gf.ones(3, requires_grad=True)
        y = x * 2
        node = weakref.ref(y.grad_fn)
        leaf = weakref.ref(x.node)
        del y
        assert node() is None
        del x
        assert leaf() is None
    finally:
        gc.enable()


# --- the sweep -----------------------------------------------------------------------------------------------------


def test_a_chain_of_a_hundred_thousand():
    x = gf.tensor([1.0, 2.0], requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y + 1
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.cpu().numpy(), 1)
    del y


def test_a_long_chain_of_kept_values_is_freed_and_dropped():
    x = gf.tensor([1.0], dtype=gf.float64, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y * 1.00001
    y.backward()
    np.testing.assert_allclose(x.grad.cpu().numpy(), 1.00001**100_000)


def test_order_in_a_wide_and_tangled_graph():
    gf.manual_seed(3)
    rng = np.random.default_rng(0)
    leaves = [gf.randn(3, dtype=gf.float64, requires_grad=True) for _ in range(5)]
    pool = list(leaves)
    for _ in range(200):
        i, j = rng.integers(0, len(pool), 2)
        pool.append(gf.tanh(pool[i] * 0.9 + pool[j] * 0.3))
    total = sum((t.sum() for t in pool[5:]), start=gf.zeros((), dtype=gf.float64))
    total.backward()

    def f(*values):
        rng = np.random.default_rng(0)
        pool = [v.copy() for v in values]
        for _ in range(200):
            i, j = rng.integers(0, len(pool), 2)
            pool.append(np.tanh(pool[i] * 0.9 + pool[j] * 0.3))
        return sum(t.sum() for t in pool[5:])

    values = [t.detach().cpu().numpy() for t in leaves]
    for k in range(5):
        for e in range(3):
            up, down = [v.copy() for v in values], [v.copy() for v in values]
            up[k][e] += 1e-6
            down[k][e] -= 1e-6
            assert leaves[k].grad[e].item() == pytest.approx((f(*up) - f(*down)) / 2e-6, rel=1e-6, abs=1e-7)


def test_second_backward_says_the_graph_is_freed():
    x = gf.ones(3, requires_grad=True)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(GraphError, match="retain_graph=True"):
        y.backward()
    np.testing.assert_array_equal(x.grad.cpu().numpy(), 2)  # the failed pass added nothing
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_array_equal(x.grad.cpu().numpy(), 6)


def test_a_pass_that_ends_at_a_tensor_needs_nothing_that_made_it() -> None:
    x = gf.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    (y * y).sum().backward()  # what y kept is freed
    seen: list[list[float]] = []
    y.register_hook(lambda g: seen.append(g.tolist()))
    for options in ({}, {"create_graph": True}):
        (g,) = gf.autograd.grad((y * y).sum(), [y], **options)
        assert g.tolist() == [2, 8]
    assert seen == [[2, 8]] * 2
    with pytest.raises(GraphError, match=r"MulBackward.*retain_graph=True"):
        gf.autograd.grad((y * y).sum(), [y, x])
    u = x * 1
    z = u * u
    with gf.no_grad():
        u.add_(1)  # what z kept is overwritten
    assert gf.autograd.grad((z * z).sum(), [z])[0].tolist() == [2, 8]
    with pytest.raises(GraphError, match="overwritten"):
        gf.autograd.grad((z * z).sum(), [z, x])


def test_a_failed_pass_leaves_every_grad_as_it_was():
    a, b = gf.ones(3, requires_grad=True), gf.ones(3, requires_grad=True)

    class Fails(gf.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            raise ValueError("on purpose")

    early = Fails.apply(a)
    with pytest.raises(ValueError, match="on purpose"):
        (early * b).sum().backward()
    assert a.grad is None and b.grad is None


def test_inputs_restricts_what_is_touched():
    a, b = gf.ones(3, requires_grad=True), gf.ones(3, requires_grad=True)
    (a * b).sum().backward(inputs=[a])
    assert b.grad is None
    np.testing.assert_array_equal(a.grad.cpu().numpy(), 1)
    with pytest.raises(GraphError):
        (a * b).sum().backward(inputs=[])
    with pytest.raises(GraphError):
        (a * b).sum().backward(inputs=a * 2)


def test_autograd_grad():
    x = gf.tensor([1.0, 2.0], requires_grad=True)
    u = gf.ones(2, requires_grad=True)
    y = x * x
    z = (y * 3).sum()
    gx, gy = gf.autograd.grad(z, [x, y], retain_graph=True)
    np.testing.assert_array_equal(gx.cpu().numpy(), [6, 12])
    np.testing.assert_array_equal(gy.cpu().numpy(), [3, 3])
    assert x.grad is None
    with pytest.raises(GraphError, match="not used"):
        gf.autograd.grad(z, [x, u], retain_graph=True)
    assert gf.autograd.grad(z, [x, u], retain_graph=True, allow_unused=True)[1] is None
    np.testing.assert_array_equal(gf.autograd.grad(z, [u], materialize_grads=True)[0].cpu().numpy(), 0)
    with pytest.raises(GraphError, match="does not require grad"):
        gf.autograd.grad(z, gf.ones(2))


def test_gradients_returned_do_not_share_memory():
    a, b = gf.ones(2, requires_grad=True), gf.ones(2, requires_grad=True)
    ga, gb = gf.autograd.grad((a + b).sum(), [a, b])
    ga.zero_()
    np.testing.assert_array_equal(gb.cpu().numpy(), 1)


def test_derivatives_of_any_order():
    x = gf.tensor(0.7, dtype=gf.float64, requires_grad=True)
    y = gf.sin(x) * gf.exp(x)
    want = [
        lambda v: np.exp(v) * (np.sin(v) + np.cos(v)),
        lambda v: 2 * np.exp(v) * np.cos(v),
        lambda v: 2 * np.exp(v) * (np.cos(v) - np.sin(v)),
        lambda v: -4 * np.exp(v) * np.sin(v),
    ]
    for f in want:
        (y,) = gf.autograd.grad(y, x, create_graph=True)
        assert y.item() == pytest.approx(f(0.7), rel=1e-12)


def test_create_graph_accumulates_gradients_with_graphs():
    x = gf.tensor(2.0, dtype=gf.float64, requires_grad=True)
    (x**3).backward(create_graph=True)
    assert x.grad.requires_grad
    g = x.grad
    x.grad = None
    g.backward()
    assert x.grad.item() == pytest.approx(12.0)


def test_what_cannot_be_differentiated_says_so():
    with pytest.raises(GraphError, match="does not require grad"):
        gf.ones(()).backward()
    x = gf.ones(3, requires_grad=True)
    with pytest.raises(ShapeError, match="gradient has shape"):
        (x * 1).backward(gf.ones(2))
    with pytest.raises(TypeError):
        gf.autograd.backward([3.0])
    with pytest.raises(ValueError, match="2 gradients"):
        gf.autograd.backward([x.sum()], [None, None])
    z = gf.ones(2, dtype=gf.complex64, requires_grad=True)
    with pytest.raises(GraphError, match="complex"):
        (z * z).sum().backward()


def test_backward_of_a_leaf_and_of_several_roots():
    x = gf.tensor(3.0, requires_grad=True)
    x.backward()
    assert x.grad.item() == 1
    gf.autograd.backward([x * 2, x * 3])
    assert x.grad.item() == 6


# --- graph, hooks --------------------------------------------------------------------------------------------------


def test_the_graph_can_be_read():
    x = gf.ones(2, requires_grad=True)
    c = gf.ones(2)
    y = gf.tanh(x * 2) + c
    assert y.grad_fn.name() == "AddBackward" and repr(y.grad_fn) == "<AddBackward>"
    (tanh, _), (none, _) = y.grad_fn.next_functions
    assert tanh.name() == "TanhBackward" and none is None
    ((mul, _),) = tanh.next_functions
    (leaf, _), _ = mul.next_functions
    assert leaf.name() == "AccumulateGrad" and leaf.variable is x and leaf.next_functions == ()
    assert x.is_leaf and c.is_leaf and not y.is_leaf and x.grad_fn is None
    place = "" if y.device.type == "cpu" else f"device='{y.device}', "
    assert repr(y) == f"tensor([1.9640, 1.9640], {place}grad_fn=<AddBackward>)"
    assert repr(x) == f"tensor([1., 1.], {place}requires_grad=True)"


def test_tensor_hooks_see_and_replace_the_whole_gradient():
    x = gf.ones(2, requires_grad=True)
    y = x * 3
    seen = []
    handle = y.register_hook(lambda g: seen.append(g.cpu().numpy().copy()))
    replace = y.register_hook(lambda g: g * 10)
    (y.sum() + y.sum()).backward()
    np.testing.assert_array_equal(seen[0], 2)
    np.testing.assert_array_equal(x.grad.cpu().numpy(), 60)
    handle.remove()
    replace.remove()
    x.grad = None
    calls = []
    x.register_hook(lambda g: calls.append(g.cpu().numpy().copy()))
    (x * 2 + x * 3).sum().backward()
    assert len(calls) == 1 and (calls[0] == 5).all()
    with pytest.raises(GraphError):
        gf.ones(2).register_hook(print)
    with pytest.raises(TypeError):
        x.register_hook("no function")


def test_hooks_of_a_leaf_run_when_its_last_use_has_run_before_the_pass_ends() -> None:
    first, last = gf.ones(2, requires_grad=True), gf.ones(2, requires_grad=True)
    order: list[object] = []
    y = first * 2
    y.register_hook(lambda g: order.append("y"))
    z = y * last
    z.register_hook(lambda g: order.append("z"))
    total = (z + last).sum()
    last.register_hook(lambda g: order.append(("last", g.tolist(), last.grad is None)))
    first.register_hook(lambda g: order.append(("first", g.tolist(), first.grad is None)))
    total.backward()
    assert order == ["z", ("last", [3.0, 3.0], True), "y", ("first", [2.0, 2.0], True)]


def test_hooks_of_leaves_that_a_pass_reaches_in_part_or_not_at_all() -> None:
    a, b, seen = gf.ones(2, requires_grad=True), gf.ones(2, requires_grad=True), []
    a.register_hook(lambda g: seen.append(("a", g.tolist())))
    b.register_hook(lambda g: 10 * g)
    y = a * 3
    # The oldest use of b is behind a, where no gradient is asked for.
    total = ((b * 2).detach() * y + b * 5).sum()
    (gb,) = gf.autograd.grad(total, b, retain_graph=True)
    assert gb.tolist() == [50.0, 50.0] and seen == []
    b.backward(gf.ones(2))  # a leaf is the end of the pass itself
    assert b.grad is not None and b.grad.tolist() == [10.0, 10.0]
    total.backward()
    assert seen == [("a", [6.0, 6.0])] and b.grad.tolist() == [60.0, 60.0]


def test_a_hook_of_a_leaf_that_raises_leaves_every_gradient_as_it_was() -> None:
    a, b = gf.ones(2, requires_grad=True), gf.ones(2, requires_grad=True)
    (a + b).sum().backward()
    with b.register_hook(lambda g: 1 / 0), pytest.raises(ZeroDivisionError):
        (a * b).sum().backward()
    (a * b).sum().backward()
    assert a.grad is not None and b.grad is not None and a.grad.tolist() == b.grad.tolist() == [2.0, 2.0]


def test_a_prehook_on_the_node_of_a_leaf() -> None:
    x = gf.ones(2, requires_grad=True)
    (y,) = [n for n, _ in (x * 2).grad_fn.next_functions if n is not None]
    y.register_prehook(lambda gs: (gs[0] * 10,))
    (x * 3).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [30.0, 30.0]


def test_a_node_says_where_its_operation_is_defined() -> None:
    x = gf.ones(2, requires_grad=True)
    path, _, line = gf.linalg.norm(x).grad_fn.where.rpartition(":")
    assert path.endswith("norms.py")
    with open(path, encoding="utf-8") as file:
        assert any("def _norm2" in text for text in file.read().splitlines()[int(line) - 1 : int(line) + 12])

    class Twice(gf.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            return t * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    assert Twice.apply(x).grad_fn.where == f"{__file__}:{Twice.backward.__code__.co_firstlineno}"
    leaf = x.sum().grad_fn.parents[0]
    assert leaf.where == ""


def test_a_hook_that_returns_nonsense_is_refused():
    x = gf.ones(2, requires_grad=True)
    with x.register_hook(lambda g: 3), pytest.raises(TypeError, match="hook returned"):
        x.sum().backward()
    with x.register_hook(lambda g: gf.ones(3)), pytest.raises(ShapeError, match="hook returned"):
        x.sum().backward()
    assert x.grad is None


def test_node_hooks():
    x = gf.ones(2, requires_grad=True)
    y = x * 4
    seen = []
    y.grad_fn.register_prehook(lambda outs: (outs[0] * 2,))
    y.grad_fn.register_hook(
        lambda ins, outs: seen.append((len(ins), ins[0].cpu().numpy().copy(), ins[1], outs[0].cpu().numpy().copy()))
    )
    y.sum().backward()
    n, first, second, out = seen[0]
    assert n == 2 and second is None
    np.testing.assert_array_equal(first, 8)
    np.testing.assert_array_equal(out, 2)
    np.testing.assert_array_equal(x.grad.cpu().numpy(), 8)
    z = x * 4
    z.grad_fn.register_hook(lambda ins, outs: (ins[0] * 0, None))
    x.grad = None
    z.sum().backward()
    np.testing.assert_array_equal(x.grad.cpu().numpy(), 0)


def test_hooks_with_create_graph_are_differentiable():
    x = gf.tensor(3.0, dtype=gf.float64, requires_grad=True)
    y = x * x
    y.register_hook(lambda g: g * x)
    (g,) = gf.autograd.grad(y, x, create_graph=True)
    assert g.item() == 18 and gf.autograd.grad(g, x)[0].item() == 12


def test_retain_grad_and_post_accumulate_hook():
    x = gf.ones(2, requires_grad=True)
    y = x * 2
    with pytest.warns(UserWarning, match="retain_grad"):
        assert y.grad is None
    y.retain_grad()
    assert y.retains_grad and not x.retains_grad
    done = []
    x.register_post_accumulate_grad_hook(lambda t: done.append(t.grad.cpu().numpy().copy()))
    (y * y).sum().backward()
    np.testing.assert_array_equal(y.grad.cpu().numpy(), 4)
    np.testing.assert_array_equal(done[0], 8)


def test_backward_inside_a_hook():
    x = gf.tensor(2.0, requires_grad=True)
    y = x * x
    y.register_hook(lambda g: (x * 5).backward() if False else gf.autograd.grad(gf.enable_grad()(lambda: x * 5)(), x)[0] * g)
    y.backward()
    assert x.grad.item() == 20


# --- modes ---------------------------------------------------------------------------------------------------------


def test_grad_modes():
    x = gf.ones(2, requires_grad=True)
    with gf.no_grad():
        assert not (x * 2).requires_grad and not gf.is_grad_enabled()
        with gf.enable_grad():
            assert (x * 2).requires_grad
        assert not gf.is_grad_enabled()
    assert gf.is_grad_enabled()

    @gf.no_grad()
    def f(t):
        return t * 2

    @gf.no_grad
    def g(t):
        return t * 2

    assert not f(x).requires_grad and not g(x).requires_grad and f.__name__ == "f"
    with gf.set_grad_enabled(False):
        assert not (x * 2).requires_grad
    assert gf.is_grad_enabled()
    gf.set_grad_enabled(False)
    assert not gf.is_grad_enabled()
    gf.set_grad_enabled(True)
    with pytest.raises(ZeroDivisionError), gf.no_grad():
        raise ZeroDivisionError
    assert gf.is_grad_enabled()


def test_grad_mode_belongs_to_the_thread():
    seen = []
    with gf.no_grad():
        t = threading.Thread(target=lambda: seen.append(gf.is_grad_enabled()))
        t.start()
        t.join()
    assert seen == [True]


def test_anomaly_mode_reports_op_shape_and_line():
    x = gf.tensor([1.0, -1.0, 0.0], requires_grad=True)
    with gf.autograd.detect_anomaly(), np.errstate(all="ignore"):
        with pytest.raises(
            AnomalyError, match=r"forward of log: 1 NaN and 1 infinite.*\(3,\).*test_engine.py:\d+ \(gf.log\(x\)\)"
        ):
            gf.log(x)
        y = gf.sqrt(gf.abs(x))  # made here
        with pytest.raises(AnomalyError, match=r"backward of sqrt: 1 infinite.*test_engine.py:\d+ \(y = gf.sqrt"):
            y.sum().backward()
    assert x.grad is None
    with np.errstate(all="ignore"):
        gf.log(x).sum().backward()  # and outside nothing is checked


def test_two_threads_train_their_own_models():
    def train(seed, out):
        g = gf.Generator(gf.get_default_device()).manual_seed(seed)
        w = gf.randn(6, 3, dtype=gf.float64, generator=g, requires_grad=True)
        x = gf.randn(20, 6, dtype=gf.float64, generator=g)
        y = gf.randn(20, 3, dtype=gf.float64, generator=g)
        for _ in range(150):
            if w.grad is not None:
                w.grad.zero_()
            ((gf.tanh(x @ w) - y) ** 2).mean().backward()
            with gf.no_grad():
                w.sub_(w.grad, alpha=0.1)
        out[seed] = w.detach().cpu().numpy()

    together, alone = {}, {}
    threads = [threading.Thread(target=train, args=(s, together)) for s in (1, 2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for s in (1, 2):
        train(s, alone)
        np.testing.assert_array_equal(together[s], alone[s])


# --- values --------------------------------------------------------------------------------------------------------


def test_cuda_without_a_gpu_is_one_clear_error():
    if gf.backend.cuda_is_available():
        pytest.skip("a GPU is here")
    for call in (lambda: gf.ones(2, device="cuda"), lambda: gf.ones(2).cuda(), lambda: gf.ones(2).to("cuda:1")):
        with pytest.raises(DeviceError, match=r"CuPy|GPU"):
            call()


@pytest.mark.cpu_only("is about memory shared with NumPy")
def test_numpy_sharing_and_what_it_refuses():
    a = np.zeros(3, np.float32)
    t = gf.as_tensor(a)
    assert t.array is a and t.numpy() is a and gf.tensor(a).array is not a and gf.from_numpy(a).array is a
    x = gf.ones(3, requires_grad=True)
    with pytest.raises(GraphError, match="to_numpy"):
        x.numpy()
    with pytest.raises(GraphError):
        np.asarray(x)
    np.testing.assert_array_equal(x.to_numpy(), 1)
    np.testing.assert_array_equal(np.asarray(t), 0)
    np.testing.assert_array_equal(np.from_dlpack(t), 0)
    np.testing.assert_array_equal(gf.from_dlpack(a).cpu().numpy(), 0)
    with pytest.raises(GraphError):
        np.from_dlpack(x)


def test_numbers_truth_and_iteration():
    t = gf.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert float(t[0, 0]) == 1.0 and int(t[1, 0]) == 3 and [1, 2, 3][gf.tensor(1)] == 2
    assert len(t) == 2 and [float(r.sum()) for r in t] == [3.0, 7.0]
    assert 3.0 in t and 9.0 not in t
    assert t.size() == (2, 2) and t.size(0) == 2 and t.size == 4 and t.numel() == 4 and t.dim() == 2
    assert f"{t[0, 1]:.2f}" == "2.00"
    with pytest.raises(ShapeError):
        bool(t)
    with pytest.raises(TypeError):
        len(gf.tensor(1.0))
    with pytest.raises(TypeError):
        [1, 2][gf.tensor(1.0)]
    with pytest.raises(ShapeError):
        t.item()


def test_copies():
    import copy
    import pickle

    x = gf.ones(3, requires_grad=True)
    x.sum().backward()
    for made in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert made.requires_grad and made.array is not x.array
        np.testing.assert_array_equal(made.to_numpy(), 1)
    assert copy.deepcopy(x).grad is not None
    for f in (copy.deepcopy, pickle.dumps):
        with pytest.raises(GraphError):
            f(x * 2)


def test_a_node_hook_sees_each_gradient_of_an_input_used_twice() -> None:
    a = gf.tensor(3.0, requires_grad=True)
    y = a / a
    seen: list[float] = []
    y.grad_fn.register_hook(lambda given, _: seen.extend(g.item() for g in given))
    y.backward()
    assert np.allclose(seen, [1 / 3, -1 / 3])


def test_the_source_of_an_operation_is_its_definition() -> None:
    assert "def mul(xp" in inspect.getsource(gf.mul)
    assert list(inspect.signature(gf.mul).parameters) == ["a", "b"]


def test_a_signature_is_what_the_caller_gives_and_gets() -> None:
    assert str(inspect.signature(gf.exp)) == "(x: 'TensorLike') -> 'Tensor'"
    assert str(inspect.signature(gf.sum)).endswith("-> 'Tensor'")
    functions = [getattr(gf, name) for name in gf.__all__] + [getattr(gf.linalg, name) for name in gf.linalg.__all__]
    operations = [f for f in functions if getattr(f, "op", None) in REGISTRY.values()]
    assert len(operations) > 60
    for f in operations:
        assert "Array" not in {*f.__annotations__.values()} and f.__annotations__["return"] == "Tensor", f.__name__


# --- the user's line -----------------------------------------------------------------------------------------------

POINTING = """
import traceback
import numpy as np
import gradflow as gf
import gradflow.numpy as gnp

nn, F = gf.nn, gf.nn.functional
x = gf.zeros(1, requires_grad=True)
y = gf.sqrt(x * 1e20)
many = gf.full((3,), 1000.0)
def inner(t):
    return gf.log(t)  # log
inner(x)
for _ in range(3):
    1 / gf.zeros(1)  # divide
np.log(gf.zeros(1))  # log
gnp.sqrt(gf.tensor([-1.0]))  # sqrt
gf.exp(many)  # exp
np.log(np.zeros(1))  # log
nn.MSELoss()(gf.ones(2, 1), gf.ones(2))  # mse_loss
F.l1_loss(gf.ones(2, 1), gf.ones(2))  # l1_loss
nn.Sequential(nn.Softmax())(gf.ones(2))  # softmax
F.log_softmax(gf.ones(2))  # log_softmax
gf.arange(3, requires_grad=True)  # only
gf.tensor([1, 2], requires_grad=True)  # only
gf.tensor([1, 2]).requires_grad_()  # only
y.grad  # the
nn.utils.clip_grad_norm_(iter([]), 1.0)  # clip_grad_norm_
gf.gradcheck(gf.sin, gf.ones(1, requires_grad=True), eps=1e-2, atol=1e-2)  # gradcheck
with np.errstate(all="ignore"):
    gf.log(gf.zeros(1))
"""


@pytest.mark.cpu_only("a GPU gives no floating-point warnings")
def test_warnings_point_at_the_users_line(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(POINTING)
    told = subprocess.run([sys.executable, str(script)], check=True, stderr=subprocess.PIPE, text=True, timeout=120).stderr
    wanted = [
        (i, line.rpartition("# ")[2]) for i, line in enumerate(POINTING.splitlines(), 1) if "  # " in line
    ]  # a loop is told once
    lines = [line for line in told.splitlines() if "Warning: " in line]
    assert all(line.startswith(f"{script}:") for line in lines), told
    assert [int(line.split(":")[1]) for line in lines] == [i for i, _ in wanted], told
    for line, (_, word) in zip(lines, wanted, strict=True):
        assert f"encountered in {word}" in line or f"UserWarning: {word}" in line, line


@pytest.mark.cpu_only("a GPU gives no floating-point warnings")
def test_a_warning_that_is_an_error_ends_at_the_users_line() -> None:
    script = "import gradflow as gf\ngf.softmax(gf.tensor([-1e30, 0.0]), 0)\ngf.log(gf.zeros(1))"
    ran = subprocess.run([sys.executable, "-W", "error", "-c", script], stderr=subprocess.PIPE, text=True, timeout=120)
    assert ran.returncode == 1 and ran.stderr.endswith("RuntimeWarning: divide by zero encountered in log\n")
    assert 'File "<string>", line 3' in ran.stderr


TRACED = """
import traceback
import gradflow as gf

x = gf.ones(2, 3)
for f in (lambda: gf.mul(x, gf.ones(2)), lambda: x - gf.ones(5), lambda: gf.mm(x, x), lambda: gf.cat([x, gf.ones(3)]),
          lambda: gf.index_select(x, 0, gf.tensor([7])), lambda: gf.exp("x"), lambda: gf.linalg.inv(gf.zeros(2, 2))):
    for _ in range(2):
        try:
            f()
        except gf.errors.GradflowError as problem:
            frames = traceback.extract_tb(problem.__traceback__)
            # The loop, the lambda, and behind them as little as there can be.
            print(*[frame.name for frame in frames[2:]], problem.__cause__, problem.__suppress_context__)
"""


@pytest.mark.cpu_only("the script is a process of its own")
def test_tracebacks_show_nothing_of_how_an_operation_is_made() -> None:
    ran = subprocess.run([sys.executable, "-c", TRACED], check=True, stdout=subprocess.PIPE, text=True, timeout=120)
    lines = ran.stdout.splitlines()
    assert len(lines) == 14
    for first, second in zip(lines[::2], lines[1::2], strict=True):
        assert not {"_stub", "build"} & {*first.split(), *second.split()}, (first, second)
        assert len(first.split()) <= len(second.split()) <= 5
        assert "call" in first and first.endswith("None True")


def test_what_grad_takes_is_a_tensor_or_several() -> None:
    x = gf.ones(2, requires_grad=True)
    for outputs, inputs in ((5, x), (x.sum(), 5), (x.sum(), None), (iter([x.sum()]), x)):
        with pytest.raises(TypeError, match="Tensor"):
            gf.autograd.grad(outputs, inputs)
    assert gf.autograd.grad((x.sum(), x.sum()), [x])[0].tolist() == [2.0, 2.0]
