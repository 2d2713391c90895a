"""Writing in place: recorded through the tensor, its base and every other view of it, with versions checked."""

import numpy as np
import pytest

import gradflow as gf
from gradflow.errors import DTypeError, GraphError, IndexingError, InPlaceError, ShapeError


def f64(*shape):
    return gf.randn(*shape, dtype=gf.float64, requires_grad=True)


def same(x, y):
    np.testing.assert_array_equal(x.to_numpy(), y)


@pytest.mark.parametrize(
    "write",
    [
        lambda t, w: t.add_(w),
        lambda t, w: t.add_(w, alpha=3.0),
        lambda t, w: t.sub_(w),
        lambda t, w: t.mul_(2.0).add_(w),
        lambda t, w: t.div_(3.0).sub_(w),
        lambda t, w: t.copy_(w),
        lambda t, w: t.fill_(2.0).add_(w),
        lambda t, w: t.zero_().add_(w),
        lambda t, w: t.exp_().add_(w),
        lambda t, w: t.tanh_(),
        lambda t, w: t.sigmoid_(),
        lambda t, w: t.relu_(),
        lambda t, w: t.neg_().clamp_(-0.3, 0.8),
        lambda t, w: t.lerp_(w, 0.3),
        lambda t, w: t.masked_fill_(gf.tensor([True, False, True]), 0.5),
        lambda t, w: t.abs_().sqrt_(),
        lambda t, w: t.square_().reciprocal_(),
    ],
)
@pytest.mark.parametrize("through", ["itself", "row", "column", "transposed", "diagonal", "flat"])
def test_every_write_through_every_view_is_recorded(write, through):
    views = {
        "itself": lambda t: t,
        "row": lambda t: t[1],
        "column": lambda t: t[:, 2],
        "transposed": lambda t: t.T,
        "diagonal": lambda t: t.diagonal(),
        "flat": lambda t: t.view(-1)[2:5],
    }

    def f(x, w):
        base = x * 1.5
        other = base[1:, :]  # a second view, made before the write
        write(views[through](base), w)
        return base * base, other * 3

    assert gf.gradcheck(f, [f64(3, 3), f64(3)])
    assert gf.gradgradcheck(f, [f64(3, 3), f64(3)])


@pytest.mark.parametrize(
    "index",
    [
        0,
        -1,
        slice(1, 3),
        (slice(None), 1),
        (Ellipsis, 0),
        None,
        ([0, 2], [1, 1]),
        (slice(None, None, -2),),
        np.array([[True, False]] * 3),
    ],
    ids=str,
)
def test_setitem_is_recorded(index):
    def f(x, v):
        t = x * 2
        t[index] = v * 3
        return t * t

    x = f64(3, 2)
    assert gf.gradcheck(f, [x, f64(*x.detach()[index].shape)])
    assert gf.gradgradcheck(f, [x, f64()])  # one number for all of them


def test_setitem_of_a_number_cuts_the_gradient():
    x = gf.ones(3, requires_grad=True)
    y = x * 2
    y[1] = 7.0
    y.sum().backward()
    same(x.grad, [2, 0, 2])


def test_a_constant_becomes_part_of_the_graph():
    x = gf.ones(2, requires_grad=True)
    out = gf.zeros(4)
    view = out[1:3]
    out[1:3] = x * 3
    assert out.requires_grad and view.requires_grad and not out.is_leaf
    view.sum().backward()
    same(x.grad, [3, 3])


def test_plus_equals_on_an_item():
    def f(x, w):
        t = x * 1
        t[0] += w
        t[:, 1] *= 2
        return t * t

    assert gf.gradcheck(f, [f64(2, 2), f64(2)])


def test_a_view_of_a_view_and_a_write_after_a_write():
    def f(x, w):
        t = x * 1
        a = t[1:]
        b = a.T[0]
        b.mul_(2.0)
        a[0] = w
        t[:, 1].add_(w[:1])
        return t.sum(0) * b[:1], a

    assert gf.gradcheck(f, [f64(3, 2), f64(2)])


def test_base_in_odd_memory():
    storage = np.arange(24.0).reshape(4, 6)

    def f(x):
        base = gf.as_tensor(storage.copy()[::-1, ::2].T)
        base.mul_(1.0)
        base[1:, 2].copy_(x)
        return base * base

    x = f64(2)
    assert gf.gradcheck(f, x)


def test_a_leaf_that_requires_grad_refuses():
    x = gf.ones(3, requires_grad=True)
    for write in (
        lambda: x.add_(1),
        lambda: x.__setitem__(0, 1.0),
        lambda: x.zero_(),
        lambda: x[:2].mul_(2),
        lambda: x.view(3).fill_(1),
    ):
        with pytest.raises(InPlaceError, match="leaf"):
            write()
    same(x.detach(), 1)
    with gf.no_grad():
        x.add_(1)
        x[0] = 5.0
    same(x.detach(), [5, 2, 2])
    assert x.is_leaf and x.requires_grad
    x.array += 1
    same(x.detach(), [6, 3, 3])


def test_a_value_that_backward_needs_is_missed():
    x = gf.ones(3, requires_grad=True)
    y = x * 2
    z = y * y
    y.add_(1)
    with pytest.raises(InPlaceError, match=r"MulBackward: its input.*overwritten.*version 1"):
        z.sum().backward()
    assert x.grad is None
    e = gf.exp(x * 1)
    e[0] = 1.0
    with pytest.raises(InPlaceError, match="ExpBackward: its output"):
        e.sum().backward()


def test_a_write_through_another_view_is_noticed():
    x = gf.ones(4, requires_grad=True)
    y = x * 1
    z = y[:2] * y[:2]
    y[3] = 0.0  # one memory, one version, as in PyTorch
    with pytest.raises(InPlaceError):
        z.sum().backward()


@pytest.mark.parametrize("write", [lambda h: h.fill_(2.0), lambda h: h.copy_(gf.ones(3)), lambda h: h.add_(1)])
def test_a_write_right_after_the_operation_is_noticed(write):
    x = f64(3)
    h = x * 1
    y = h * h  # the youngest node of all, and the next thing that happens is the write
    with gf.no_grad():
        write(h)
    with pytest.raises(InPlaceError, match="MulBackward"):
        y.backward(gf.ones_like(y))


def test_a_step_right_after_the_operation_is_noticed():
    w = f64(3)
    (w * w).sum().backward()
    optimizer = gf.optim.SGD([w], lr=0.1)
    y = w * w
    optimizer.step()
    with pytest.raises(InPlaceError, match="MulBackward"):
        y.backward(gf.ones_like(y))


def test_a_write_that_nobody_needs_is_fine():
    x = gf.ones(3, requires_grad=True)
    y = x + 1
    y.mul_(3)
    y += 1
    y.sum().backward()
    same(x.grad, 3)
    assert y._version == 2


def test_writing_a_parameter_between_forward_and_backward_is_noticed():
    w, x = gf.ones(3, requires_grad=True), gf.ones(3, requires_grad=True)
    loss = (w * x).sum()
    with gf.no_grad():
        w.sub_(0.1)
    with pytest.raises(InPlaceError):
        loss.backward()


def test_no_grad_writes_bump_the_version_and_leave_the_graph():
    x = gf.ones(2, requires_grad=True)
    y = x + 1
    before = y.grad_fn
    with gf.no_grad():
        y.mul_(2)
    assert y.grad_fn is before and y._version == 1
    y.detach().zero_()
    assert y._version == 2  # shared with everything that shows this memory


def test_what_cannot_be_written():
    with pytest.raises(InPlaceError, match="repeats"):
        gf.zeros(1).expand(3).add_(1)
    with pytest.raises(DTypeError, match="cannot be held"):
        gf.zeros(2, dtype=gf.int64).add_(0.5)
    with pytest.raises(ShapeError):
        gf.zeros(2).add_(gf.zeros(3, 2))
    with pytest.raises(ShapeError):
        gf.zeros(2).__setitem__(slice(None), gf.zeros(3))
    with pytest.raises(IndexingError):
        gf.zeros(2)[5] = 1.0
    with pytest.raises(IndexingError):
        gf.zeros(2)[gf.tensor([0.5])] = 1.0
    with pytest.raises(DTypeError):
        gf.zeros(2)[0] = "a"
    locked = np.zeros(2)
    locked.flags.writeable = False
    with pytest.raises(InPlaceError, match="read-only"):
        gf.from_numpy(locked).add_(1)
    with pytest.raises(ShapeError):
        gf.zeros(2).fill_(gf.zeros(2))


def test_overlapping_assignment():
    t = gf.arange(5.0)
    t[1:] = t[:-1]
    same(t, [0, 0, 1, 2, 3])
    x = f64(4)

    def f(x):
        t = x * 1
        t[1:] = t[:-1]
        return t * t

    assert gf.gradcheck(f, x)


def test_writes_keep_dtype_and_memory():
    t = gf.ones(3)
    pointer = t.data_ptr()
    t += np.float64(2)
    t.add_(gf.ones(3, dtype=gf.float64))
    assert t.dtype == gf.float32 and t.data_ptr() == pointer
    same(t, 4)
    i = gf.arange(3)
    i *= 2
    same(i, [0, 2, 4])
    t.copy_([1.0, 2.0, 3.0]).copy_(gf.tensor(5))
    same(t, 5)
    t.normal_(generator=gf.Generator(gf.get_default_device()).manual_seed(0))
    t.uniform_(2.0, 3.0)
    assert bool(((t >= 2) & (t < 3)).all())


@pytest.mark.parametrize("count", [9, 17, 40])
def test_every_one_of_many_views_is_reached(count):
    x, w = f64(count), f64(1)

    def f(x, w):
        base = x * 1.5
        views = [base[i : i + 1] for i in range(count)]
        base[:1] = w
        base.mul_(2.0)
        return gf.cat([v * (i + 1) for i, v in enumerate(views)])

    assert gf.gradcheck(f, [x, w])
    gradient = gf.autograd.grad(f(x, w).sum(), [x, w])
    np.testing.assert_allclose(gradient[0].to_numpy(), 3.0 * np.arange(1, count + 1) * (np.arange(count) > 0))
    np.testing.assert_allclose(gradient[1].to_numpy(), 2.0)


def test_many_views_do_not_pile_up():
    w = gf.ones(3, 3)
    for _ in range(1000):
        w.T
    assert len(w._views) <= 16


def test_detach_underscore():
    x = gf.ones(2, requires_grad=True)
    y = (x * 2).detach_()
    assert y.is_leaf and not y.requires_grad
    with pytest.raises(GraphError):
        y.sum().backward()


def test_one_element_is_a_view_too():
    x = gf.arange(3.0)
    x[0].add_(5)
    x.select(0, 1).mul_(10)
    x.reshape(3)[-1].fill_(7)
    same(x, [5, 10, 7])
    leaf = gf.ones(3, requires_grad=True)
    with pytest.raises(InPlaceError, match="view of a leaf"):
        leaf[0].add_(1)

    def f(x):
        t = x * 1
        t[1].mul_(x[0])
        return t * t

    assert gf.gradcheck(f, f64(3)) and gf.gradgradcheck(f, f64(3))


def test_a_copy_has_a_node_of_its_own():
    x = gf.ones(2, requires_grad=True)
    c = gf.zeros(2).copy_(x)
    assert not c.is_leaf and x.is_leaf
    same(gf.autograd.grad((c * x * x).sum(), c, retain_graph=True)[0], 1)
    c.register_hook(lambda g: g * 100)
    (c * 3 + x).sum().backward()
    same(x.grad, 301)


def test_writing_over_a_quotient_is_fine():
    a, b = f64(3), f64(3)
    assert gf.gradcheck(lambda a, b: (a / (b * b + 1)).mul_(2.0).add_(a), [a, b])


@pytest.mark.parametrize("index", [..., None, True, (None, ...)], ids=str)
def test_writing_into_a_tensor_without_dimensions(index):
    def f(x, v):
        y = x * 3
        y[index] = v
        y[index] += x
        return y * y

    assert gf.gradcheck(f, [f64(), f64()]) and gf.gradgradcheck(f, [f64(), f64()])
    x = gf.tensor(2.0, requires_grad=True)
    y = x * 3
    y[index] = x
    (y * y).backward()
    same(x.grad, 4)


COMPLEX_WRITES = {
    "add_": lambda t: t.add_(2j),
    "+=": lambda t: t.__iadd__(gf.tensor([1j, 1, 1])),
    "*=": lambda t: t.__imul__(1j),
    "/=": lambda t: t.__itruediv__(np.complex64(1j)),
    "pow_": lambda t: t.pow_(gf.tensor(1j)),
    "item": lambda t: t.__setitem__(0, 1j),
    "slice": lambda t: t.__setitem__(slice(None), gf.tensor([1j, 2, 3])),
    "array": lambda t: t.__setitem__(slice(None), np.array([1j, 2, 3])),
    "list": lambda t: t.__setitem__(slice(None), [1j, 2, 3]),
    "indices": lambda t: t.__setitem__([0, 1], gf.tensor(1j)),
    "copy_": lambda t: t.copy_(gf.tensor([1j, 2, 3])),
    "copy_ of a list": lambda t: t.copy_([1j, 2, 3]),
    "fill_": lambda t: t.fill_(2j),
    "fill_ of a tensor": lambda t: t.fill_(gf.tensor(2j)),
    "normal_": lambda t: t.normal_(2j) if t.is_floating_point() else t.fill_(2j),
    "masked_fill_": lambda t: t.masked_fill_(gf.tensor([True, False, True]), 1j),
    "scatter_": lambda t: t.scatter_(0, gf.tensor([0]), gf.tensor([1j])),
    "scatter_ of a number": lambda t: t.scatter_(0, gf.tensor([0]), value=1j),
    "scatter_add_": lambda t: t.scatter_add_(0, gf.tensor([0]), gf.tensor([1j])),
    "index_add_": lambda t: t.index_add_(0, gf.tensor([0]), gf.tensor([1j])),
    "lerp_": lambda t: t.lerp_(gf.tensor([1j, 2, 3]), 0.5),
    "grad": lambda t: setattr(t.requires_grad_(), "grad", gf.tensor([1j, 2, 3])),
}


@pytest.mark.parametrize("name", COMPLEX_WRITES)
@pytest.mark.parametrize("dtype", [gf.float32, gf.float64, gf.int64], ids=str)
def test_a_complex_value_is_not_written_into_a_real_tensor(name, dtype):
    t = gf.ones(3, dtype=dtype)
    with gf.no_grad(), pytest.raises((DTypeError, ShapeError)) as told:
        COMPLEX_WRITES[name](t.to(gf.float32) if name == "grad" else t)
    assert "complex" in str(told.value)
    same(t, 1)


def test_what_dtype_a_result_may_have_to_be_written_in_place():
    same(gf.zeros(2, dtype=gf.uint8).add_(gf.ones(2, dtype=gf.int64)), 1)  # of one kind, as in PyTorch
    same(gf.zeros(2, dtype=gf.complex64).add_(gf.ones(2)), 1)
    for write in (
        lambda: gf.zeros(2, dtype=gf.bool).add_(1),
        lambda: gf.zeros(2, dtype=gf.int64).mul_(0.5),
        lambda: gf.zeros(2, dtype=gf.complex64).abs_(),  # real: what would be lost is the tensor's own
    ):
        with pytest.raises(DTypeError, match="cannot be held"):
            write()


CONSTANTS = {
    "fill_": lambda y: y.fill_(2.0),
    "zero_": lambda y: y.zero_(),
    "copy_": lambda y: y.copy_(gf.ones(3)),
    "normal_": lambda y: y.normal_(),
    "uniform_": lambda y: y.uniform_(),
}


@pytest.mark.parametrize("name", CONSTANTS)
@pytest.mark.parametrize("through", ["itself", "view"])
def test_a_constant_written_over_a_result_leaves_it_in_the_graph(name, through):
    x = gf.ones(3, requires_grad=True)
    y = x * 2
    assert CONSTANTS[name](y if through == "itself" else y.view(3)).requires_grad
    assert y.requires_grad
    seen = []
    y.register_hook(seen.append)
    y.retain_grad()
    (y * 3).sum().backward()
    same(x.grad, 0)
    same(y.grad, 3)
    same(seen[0], 3)
    assert not CONSTANTS[name](gf.ones(3)).requires_grad
    with gf.no_grad():
        z = x * 2
        assert not CONSTANTS[name](z).requires_grad


def test_fill_with_a_tensor_is_recorded():
    x, v = f64(2, 3), f64()
    assert gf.gradcheck(lambda x, v: (x * 1).fill_(v) * x, [x, v])


@pytest.mark.parametrize("write", ["itself", "view", "base"])
def test_a_retained_gradient_is_that_of_the_new_contents(write):
    x = gf.tensor([-1.0, 1.0, 2.0], requires_grad=True)
    base = x * 2
    y = base if write == "itself" else base[:]
    y.retain_grad()
    {"itself": y, "view": y, "base": base}[write].relu_()
    (y * y).sum().backward()
    same(y.grad, [0, 4, 8])
    same(x.grad, [0, 8, 16])
    z = x * 2
    z.retain_grad()
    z.sum().backward()
    z.mul_(2)  # what has been retained stays to be read
    same(z.grad, 1)


def test_fill_and_zero_of_complex_tensors():
    z = gf.tensor([1j, 2.0])
    assert z.fill_(3).tolist() == [3, 3] and z.fill_(0.5).tolist() == [0.5, 0.5] and z.zero_().tolist() == [0, 0]
