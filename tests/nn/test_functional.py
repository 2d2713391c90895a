"""nn.functional against formulas written out in NumPy, and its derivatives against central differences."""

from __future__ import annotations

import copy
import math
import warnings

import numpy as np
import pytest

import gradflow as gf
import gradflow.nn.functional as F
from gradflow.errors import ArgumentError, DTypeError, GraphError, IndexingError, ShapeError

RNG = np.random.default_rng(3)


def numbers(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape) * 2


def var(array: np.ndarray) -> gf.Tensor:
    return gf.tensor(np.asarray(array, np.float64), requires_grad=True)


def near(t: gf.Tensor, wanted: object) -> None:
    np.testing.assert_allclose(t.detach().cpu().numpy(), wanted, rtol=1e-12, atol=1e-13)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def softmax(x: np.ndarray, axis: int) -> np.ndarray:
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


ERF = np.vectorize(math.erf)
ACTIVATIONS = {
    "relu": (F.relu, lambda x: np.where(x > 0, x, 0)),
    "leaky_relu": (lambda x: F.leaky_relu(x, 0.3), lambda x: np.where(x > 0, x, 0.3 * x)),
    "elu": (lambda x: F.elu(x, 1.7), lambda x: np.where(x > 0, x, 1.7 * (np.exp(x) - 1))),
    "selu": (F.selu, lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * (np.exp(x) - 1))),
    "gelu": (F.gelu, lambda x: x * 0.5 * (1 + ERF(x / math.sqrt(2)))),
    "gelu_tanh": (
        lambda x: F.gelu(x, approximate="tanh"),
        lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    ),
    "silu": (F.silu, lambda x: x * sigmoid(x)),
    "softplus": (lambda x: F.softplus(x, 2.0, 3.0), lambda x: np.where(2 * x > 3, x, np.log(1 + np.exp(2 * x)) / 2)),
    "mish": (F.mish, lambda x: x * np.tanh(np.log(1 + np.exp(x)))),
    "hardtanh": (lambda x: F.hardtanh(x, -0.5, 2.0), lambda x: np.clip(x, -0.5, 2)),
    "logsigmoid": (F.logsigmoid, lambda x: np.log(sigmoid(x))),
    "sigmoid": (F.sigmoid, sigmoid),
    "tanh": (F.tanh, np.tanh),
    "softmax": (lambda x: F.softmax(x, 0), lambda x: softmax(x, 0)),
    "log_softmax": (lambda x: F.log_softmax(x, -1), lambda x: np.log(softmax(x, 1))),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(name: str) -> None:
    function, formula = ACTIVATIONS[name]
    x = numbers(3, 4)
    near(function(gf.tensor(x)), formula(x))
    assert gf.gradcheck(function, var(x))


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "selu", "silu", "mish", "hardtanh"])
def test_inplace_writes_over_the_input_and_keeps_the_gradient(name: str) -> None:
    function, x = getattr(F, name), numbers(5)
    a, b = var(x), var(x)
    function(a * 2).sum().backward()
    held = b * 2
    assert function(held, inplace=True) is held
    near(held, function(gf.tensor(2 * x)).cpu().numpy())
    held.sum().backward()
    near(b.grad, a.grad.cpu().numpy())


def test_softmax_casts_first_and_warns_without_dim() -> None:
    assert F.softmax(gf.ones(2), 0, dtype=gf.float64).dtype == gf.float64
    with pytest.warns(UserWarning, match="give dim"):
        near(F.softmax(gf.zeros(1, 4)), [[0.25] * 4])


# --- elementwise losses -----------------------------------------------------------------------------------------------------

REDUCE = {"none": lambda v: v, "mean": np.mean, "sum": np.sum}


def huber(d: np.ndarray, delta: float) -> np.ndarray:
    return np.where(abs(d) < delta, 0.5 * d**2, delta * (abs(d) - 0.5 * delta))


LOSSES = {
    "mse_loss": ({}, lambda x, t: (x - t) ** 2),
    "l1_loss": ({}, lambda x, t: abs(x - t)),
    "smooth_l1_loss": ({"beta": 0.7}, lambda x, t: huber(x - t, 0.7) / 0.7),
    "huber_loss": ({"delta": 1.5}, lambda x, t: huber(x - t, 1.5)),
    "binary_cross_entropy": ({}, lambda x, t: -(t * np.log(x) + (1 - t) * np.log(1 - x))),
    "binary_cross_entropy_with_logits": (
        {},
        lambda x, t: -(t * np.log(sigmoid(x)) + (1 - t) * np.log(1 - sigmoid(x))),
    ),
    "kl_div": ({}, lambda x, t: t * (np.log(t) - x)),
}


@pytest.mark.parametrize("reduction", REDUCE)
@pytest.mark.parametrize("name", LOSSES)
def test_elementwise_loss(name: str, reduction: str) -> None:
    settings, formula = LOSSES[name]
    x, t = (numbers(3, 4), RNG.uniform(0.1, 0.9, size=(3, 4)))
    if name == "binary_cross_entropy":
        x = RNG.uniform(0.1, 0.9, size=(3, 4))

    def loss(x: gf.Tensor, t: gf.Tensor) -> gf.Tensor:
        return getattr(F, name)(x, t, reduction=reduction, **settings)

    near(loss(gf.tensor(x), gf.tensor(t)), REDUCE[reduction](formula(x, t)))
    assert gf.gradcheck(loss, (var(x), var(t)))


def test_weights_of_losses() -> None:
    x, t, w = numbers(3, 4), RNG.uniform(0.1, 0.9, size=(3, 4)), RNG.uniform(0.5, 2, size=(3, 4))
    tx, tt, tw = (gf.tensor(a) for a in (x, t, w))
    near(F.mse_loss(tx, tt, weight=tw), ((x - t) ** 2 * w).sum() / w.sum())
    near(F.l1_loss(tx, tt, weight=tw, reduction="none"), abs(x - t) * w)
    near(F.huber_loss(tx, tt, weight=tw), (huber(x - t, 1.0) * w).mean())
    s, p = sigmoid(x), np.array([0.5, 1.0, 2.0, 3.0])
    near(F.binary_cross_entropy(gf.tensor(s), tt, tw[0]), -(w[0] * (t * np.log(s) + (1 - t) * np.log(1 - s))).mean())
    wanted = -w * (p * t * np.log(s) + (1 - t) * np.log(1 - s))
    near(F.binary_cross_entropy_with_logits(tx, tt, tw, pos_weight=gf.tensor(p)), wanted.mean())
    near(F.kl_div(tx, gf.tensor(np.log(t)), log_target=True, reduction="batchmean"), (t * (np.log(t) - x)).sum() / 3)


def test_losses_at_their_edges() -> None:
    x = gf.tensor([0.0, 1.0, 1.0, 0.0], requires_grad=True)
    loss = F.binary_cross_entropy(x, gf.tensor([0.0, 1.0, 0.0, 1.0]), reduction="none")
    near(loss, [0, 0, 100, 100])
    loss.sum().backward()
    assert np.isfinite(x.grad.cpu().numpy()).all()
    far = gf.tensor([-800.0, 800.0], requires_grad=True)
    loss = F.binary_cross_entropy_with_logits(far, gf.tensor([1.0, 0.0]))
    loss.backward()
    assert (loss.item(), far.grad.tolist()) == (800.0, [-0.5, 0.5])
    near(F.kl_div(gf.tensor([-1.0, -2.0]), gf.tensor([0.0, 1.0]), reduction="none"), [0, 2])
    near(F.smooth_l1_loss(gf.tensor([3.0]), gf.tensor([1.0]), beta=0), 2)
    assert gf.gradgradcheck(lambda d: F.huber_loss(d, gf.zeros(3, dtype=gf.float64)), var(np.array([0.0, 0.3, 4.0])))


def test_shapes_of_losses() -> None:
    with pytest.warns(UserWarning, match=r"\(3,\).*\(3, 1\)"):
        assert F.mse_loss(gf.ones(3), gf.ones(3, 1), reduction="none").shape == (3, 3)
    for name in ("mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss", "kl_div"):
        with pytest.raises(ShapeError, match=name):
            getattr(F, name)(gf.ones(3), gf.ones(4))
    for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits"):
        with pytest.raises(ShapeError, match=name):
            getattr(F, name)(gf.ones(3), gf.ones(3, 1))
    with pytest.raises(ShapeError, match="pos_weight"):
        F.binary_cross_entropy_with_logits(gf.ones(2, 3), gf.ones(2, 3), pos_weight=gf.ones(2))


# --- classes ----------------------------------------------------------------------------------------------------------------


def class_loss(x: np.ndarray, target: np.ndarray, w: np.ndarray, ignore: int, e: float, reduction: str) -> object:
    """Cross-entropy of class indices, element by element as its definition says."""
    log_p = np.log(softmax(x, 1))
    losses, weights = np.zeros(target.shape), np.zeros(target.shape)
    for place in np.ndindex(*target.shape):
        c = target[place]
        if c == ignore:
            continue
        row = log_p[(place[0], slice(None), *place[1:])]
        losses[place] = -(1 - e) * w[c] * row[c] - e / len(row) * (w * row).sum()
        weights[place] = w[c]
    return losses.sum() / weights.sum() if reduction == "mean" else REDUCE[reduction](losses)


@pytest.mark.parametrize("reduction", REDUCE)
@pytest.mark.parametrize("e", [0.0, 0.3])
@pytest.mark.parametrize(("weighted", "ignore"), [(False, -100), (True, -100), (False, 1), (True, -1)])
@pytest.mark.parametrize("shape", [(6, 4), (2, 4, 3), (2, 4, 2, 2)])
def test_cross_entropy_of_class_indices(shape: tuple, weighted: bool, ignore: int, e: float, reduction: str) -> None:
    x, w = numbers(*shape), RNG.uniform(0.2, 2, size=4) if weighted else np.ones(4)
    target = RNG.integers(0, 4, size=(shape[0], *shape[2:]))
    target.ravel()[::3] = ignore if ignore != -100 else 2

    def loss(x: gf.Tensor) -> gf.Tensor:
        weight = gf.tensor(w) if weighted else None
        return F.cross_entropy(x, gf.tensor(target), weight, ignore_index=ignore, label_smoothing=e, reduction=reduction)

    near(loss(gf.tensor(x)), class_loss(x, target, w, ignore, e, reduction))
    assert gf.gradcheck(loss, var(x))
    if e == 0:
        scores = F.nll_loss(
            F.log_softmax(gf.tensor(x), 1),
            gf.tensor(target),
            gf.tensor(w) if weighted else None,
            ignore_index=ignore,
            reduction=reduction,
        )
        near(scores, class_loss(x, target, w, ignore, 0, reduction))


@pytest.mark.parametrize("reduction", REDUCE)
@pytest.mark.parametrize("shape", [(6, 4), (2, 4, 3), (4,)])
def test_cross_entropy_of_probabilities(shape: tuple, reduction: str) -> None:
    axis = 0 if len(shape) == 1 else 1
    x, t, w, e = numbers(*shape), softmax(numbers(*shape), axis), RNG.uniform(0.2, 2, size=4), 0.2
    along = w.reshape([-1 if d == axis else 1 for d in range(len(shape))])
    wanted = -(np.log(softmax(x, axis)) * along * ((1 - e) * t + e / 4)).sum(axis)

    def loss(x: gf.Tensor, t: gf.Tensor) -> gf.Tensor:
        return F.cross_entropy(x, t, gf.tensor(w), label_smoothing=e, reduction=reduction)

    near(loss(gf.tensor(x), gf.tensor(t)), REDUCE[reduction](wanted))
    assert gf.gradcheck(loss, (var(x), var(t)))


NOTHING = {
    "all ignored": ([-100, -100, -100], None),
    "all ignored, with weights": ([-100, -100, -100], [1.0, 2.0, 3.0, 4.0]),
    "weights of 0": ([0, 1, 2], [0.0, 0.0, 0.0, 4.0]),
    "both": ([-100, 1, 2], [4.0, 0.0, 0.0, 4.0]),
}


@pytest.mark.parametrize("name", NOTHING)
@pytest.mark.parametrize("dtype", [gf.float16, gf.float32, gf.float64])
def test_where_no_target_counts_the_loss_is_nan_and_its_gradient_0(name: str, dtype: object) -> None:
    target, weights = gf.tensor(NOTHING[name][0]), NOTHING[name][1]
    w = None if weights is None else gf.tensor(weights, dtype=dtype)
    x = gf.tensor(numbers(3, 4), dtype=dtype, requires_grad=True)
    for loss in (F.cross_entropy(x, target, w), F.nll_loss(x, target, w), F.cross_entropy(x, target, w, label_smoothing=0.0)):
        assert math.isnan(loss.item())
        (g,) = gf.autograd.grad(loss, x, create_graph=True)
        assert not g.detach().cpu().numpy().any()
        if g.requires_grad:
            (h,) = gf.autograd.grad(g.sum(), x)
            assert not h.cpu().numpy().any()
    if name.startswith("all"):
        (g,) = gf.autograd.grad(F.cross_entropy(x, target, w, label_smoothing=0.1), x)
        assert not g.cpu().numpy().any()
    images = F.cross_entropy(x.reshape(1, 4, 3), target.reshape(1, 3), w)
    assert math.isnan(images.item()) and not gf.autograd.grad(images, x)[0].cpu().numpy().any()


def test_binary_cross_entropy_where_a_probability_is_0_or_1() -> None:
    """The values are PyTorch's."""
    x = gf.tensor([0.0, 1.0, 0.0, 1.0, 0.5], dtype=gf.float64, requires_grad=True)
    target = gf.tensor([1.0, 0.0, 0.0, 1.0, 0.3], dtype=gf.float64, requires_grad=True)
    loss = F.binary_cross_entropy(x, target, reduction="none")
    near(loss, [100, 100, 0, 0, math.log(2)])
    g, t = gf.autograd.grad(loss.sum(), [x, target], create_graph=True)
    near(g, [-1e12, 1e12, 0, 0, 0.8])
    near(t, [100, -100, 100, -100, 0])
    (h,) = gf.autograd.grad(g.sum(), x)
    near(h, [1e12, 1e12, 1e12, 1e12, 4])  # the slope of that gradient, whose denominator is held
    low = gf.tensor([0.0], requires_grad=True)
    F.binary_cross_entropy(low, gf.ones(1)).backward()
    assert low.grad is not None and low.grad.item() == pytest.approx(-1e12)


def test_cross_entropy_unbatched_empty_and_all_ignored() -> None:
    x = numbers(4)
    near(F.cross_entropy(gf.tensor(x), gf.tensor(2)), -np.log(softmax(x, 0))[2])
    assert F.cross_entropy(gf.zeros(0, 3), gf.zeros(0, dtype=gf.int64), reduction="sum").item() == 0
    assert math.isnan(F.cross_entropy(gf.zeros(2, 3), gf.tensor([-100, -100])).item())
    far = gf.tensor([[1000.0, 0.0]], requires_grad=True)
    loss = F.cross_entropy(far, gf.tensor([1], dtype=gf.uint8))
    loss.backward()
    assert (loss.item(), far.grad.tolist()) == (1000.0, [[1.0, -1.0]])


LOOKING = pytest.mark.cpu_only("looking at the numbers would wait for a device")


@pytest.mark.parametrize(
    ("error", "said", "call"),
    [
        pytest.param(IndexingError, "class 3 of 3", lambda: F.cross_entropy(gf.zeros(2, 3), gf.tensor([0, 3])), marks=LOOKING),
        pytest.param(IndexingError, "class -1 of 3", lambda: F.nll_loss(gf.zeros(2, 3), gf.tensor([0, -1])), marks=LOOKING),
        (ShapeError, r"shape \(3,\)", lambda: F.cross_entropy(gf.zeros(2, 3), gf.tensor([0, 1, 2]))),
        (ShapeError, r"shape \(2, 1\)", lambda: F.nll_loss(gf.zeros(2, 3), gf.tensor([[0], [1]]))),
        (DTypeError, "integers", lambda: F.cross_entropy(gf.zeros(2, 3), gf.ones(2))),
        (DTypeError, "probabilities", lambda: F.cross_entropy(gf.zeros(2, 3), gf.zeros(2, 3, dtype=gf.int64))),
        (DTypeError, "floats", lambda: F.cross_entropy(gf.zeros(2, 3, dtype=gf.int64), gf.tensor([0, 1]))),
        (ShapeError, "weight", lambda: F.cross_entropy(gf.zeros(2, 3), gf.tensor([0, 1]), gf.ones(2))),
        (ArgumentError, "ignore_index", lambda: F.cross_entropy(gf.zeros(2, 3), gf.ones(2, 3), ignore_index=1)),
        (ArgumentError, "label_smoothing", lambda: F.cross_entropy(gf.zeros(2, 3), gf.tensor([0, 1]), label_smoothing=2)),
        (ArgumentError, "reduction", lambda: F.cross_entropy(gf.zeros(2, 3), gf.tensor([0, 1]), reduction="avg")),
        (ArgumentError, "reduction", lambda: F.mse_loss(gf.ones(2), gf.ones(2), reduction="batchmean")),
        pytest.param(ArgumentError, "probabilities", lambda: F.binary_cross_entropy(gf.tensor([1.5]), gf.ones(1)), marks=LOOKING),
        pytest.param(
            ArgumentError, "probabilities", lambda: F.binary_cross_entropy(gf.tensor([gf.nan]), gf.ones(1)), marks=LOOKING
        ),
        (ShapeError, "weight", lambda: F.mse_loss(gf.ones(2), gf.ones(2), weight=gf.ones(1))),
        (DTypeError, "floats", lambda: F.binary_cross_entropy(gf.tensor([1]), gf.tensor([1]))),
        (ShapeError, r"not \(\)", lambda: F.cross_entropy(gf.tensor(1.0), gf.tensor(0))),
        (ShapeError, r"not shape \(3,\)", lambda: F.batch_norm(gf.ones(3), None, None, training=True)),
        (ShapeError, "entries", lambda: F.embedding(gf.tensor([0]), gf.ones(3))),
        (ArgumentError, "delta", lambda: F.huber_loss(gf.ones(2), gf.ones(2), delta=0)),
        (ArgumentError, "beta", lambda: F.smooth_l1_loss(gf.ones(2), gf.ones(2), beta=-1)),
        (ArgumentError, "probability", lambda: F.dropout(gf.ones(2), 1.5)),
        (DTypeError, "floats", lambda: F.dropout(gf.tensor([1, 2]))),
        (ShapeError, "linear", lambda: F.linear(gf.ones(2, 3), gf.ones(4, 2))),
        (ShapeError, "more than one value", lambda: F.batch_norm(gf.ones(1, 3), None, None, training=True)),
        (ShapeError, "running_mean", lambda: F.batch_norm(gf.ones(2, 3), gf.ones(2), gf.ones(3))),
        (ArgumentError, "running_mean", lambda: F.batch_norm(gf.ones(2, 3), None, None)),
        (ShapeError, "normalized_shape", lambda: F.layer_norm(gf.ones(2, 3), (2,))),
        (ShapeError, "weight", lambda: F.layer_norm(gf.ones(2, 3), (3,), gf.ones(2))),
        pytest.param(IndexingError, "class 5 of 5", lambda: F.embedding(gf.tensor([5]), gf.ones(5, 2)), marks=LOOKING),
        (IndexingError, "padding_idx", lambda: F.embedding(gf.tensor([1]), gf.ones(5, 2), padding_idx=5)),
        (DTypeError, "integers", lambda: F.embedding(gf.ones(2), gf.ones(5, 2))),
        (ArgumentError, "mode", lambda: F.pad(gf.ones(3), (1, 1), mode="mirror")),
        (ArgumentError, "value", lambda: F.pad(gf.ones(3), (1, 1), mode="reflect", value=1.0)),
        (ShapeError, "at most 2", lambda: F.pad(gf.ones(3), (3, 0), mode="reflect")),
        (ShapeError, "at most 3", lambda: F.pad(gf.ones(3), (4, 0), mode="circular")),
        (ShapeError, "pair", lambda: F.pad(gf.ones(3), (1, 1, 1, 1))),
        (ShapeError, "cuts", lambda: F.pad(gf.ones(3), (-2, -2))),
    ],
)
def test_errors(error: type, said: str, call: object) -> None:
    with pytest.raises(error, match=said):
        call()  # type: ignore[operator]


def test_second_derivatives() -> None:
    x, target = numbers(4, 3), gf.tensor([0, 2, 1, 1])
    for e in (0.0, 0.2):
        assert gf.gradgradcheck(lambda x, e=e: F.cross_entropy(x, target, label_smoothing=e), var(x))
    assert gf.gradgradcheck(lambda x: F.binary_cross_entropy_with_logits(x, gf.tensor(np.full((4, 3), 0.3))), var(x))
    assert gf.gradgradcheck(lambda x, w, b: F.layer_norm(x, (3,), w, b), (var(x), var(numbers(3)), var(numbers(3))))
    assert gf.gradgradcheck(lambda x, w: F.batch_norm(x, None, None, w, training=True), (var(x), var(numbers(3))))
    assert gf.gradgradcheck(F.linear, (var(x), var(numbers(2, 3)), var(numbers(2))))


# --- layers -----------------------------------------------------------------------------------------------------------------


def test_common_cases_are_few_nodes() -> None:
    x = gf.randn(4, 3, requires_grad=True)
    w, b = gf.randn(3, requires_grad=True), gf.randn(3, requires_grad=True)

    def leaf(node: object) -> bool:
        return node is None or node.name() == "AccumulateGrad"  # type: ignore[attr-defined]

    y = F.batch_norm(x, gf.zeros(3), gf.ones(3), w, b, training=True)
    assert all(leaf(n) for n, _ in y.grad_fn.next_functions)
    assert all(leaf(n) for n, _ in F.layer_norm(x, (3,), w, b).grad_fn.next_functions)
    assert all(leaf(n) for n, _ in F.linear(x, gf.ones(2, 3, requires_grad=True)).grad_fn.next_functions)
    loss = F.cross_entropy(x, gf.tensor([0, 1, 2, 0]))
    ((first, _),) = loss.grad_fn.next_functions
    assert all(leaf(n) for n, _ in first.next_functions)


@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 5), (2, 3, 2, 2)])
def test_batch_norm(shape: tuple) -> None:
    x, w, b, mean, var_ = numbers(*shape), numbers(3), numbers(3), numbers(3), RNG.uniform(0.5, 2, size=3)
    axes, form = (0, *range(2, len(shape))), (1, 3) + (1,) * (len(shape) - 2)
    running = gf.tensor(mean), gf.tensor(var_)
    before = running[0].data_ptr()

    def formula(m: np.ndarray, v: np.ndarray) -> np.ndarray:
        return (x - m.reshape(form)) / np.sqrt(v.reshape(form) + 1e-3) * w.reshape(form) + b.reshape(form)

    tensors = [gf.tensor(a) for a in (x, w, b)]
    y = F.batch_norm(tensors[0], *running, *tensors[1:], training=False, eps=1e-3)
    np.testing.assert_allclose(y.cpu().numpy(), formula(mean, var_), rtol=1e-10, atol=1e-12)
    near(running[0], mean)
    y = F.batch_norm(tensors[0], *running, *tensors[1:], training=True, momentum=0.3, eps=1e-3)
    np.testing.assert_allclose(y.cpu().numpy(), formula(x.mean(axes), x.var(axes)), rtol=1e-10, atol=1e-12)
    near(running[0], 0.7 * mean + 0.3 * x.mean(axes))
    near(running[1], 0.7 * var_ + 0.3 * x.var(axes, ddof=1))
    assert running[0].data_ptr() == before and not running[0].requires_grad
    for training in (True, False):
        assert gf.gradcheck(
            lambda x, w, b, t=training: F.batch_norm(x, gf.tensor(mean), gf.tensor(var_), w, b, training=t),
            (var(x), var(w), var(b)),
        )


def test_layer_norm() -> None:
    x, w, b = numbers(2, 3, 4), numbers(3, 4), numbers(3, 4)
    wanted = (x - x.mean((1, 2), keepdims=True)) / np.sqrt(x.var((1, 2), keepdims=True) + 1e-5) * w + b
    y = F.layer_norm(gf.tensor(x), (3, 4), gf.tensor(w), gf.tensor(b))
    np.testing.assert_allclose(y.cpu().numpy(), wanted, rtol=1e-10, atol=1e-12)
    assert gf.gradcheck(lambda x, w, b: F.layer_norm(x, (3, 4), w, b), (var(x), var(w), var(b)))
    assert F.layer_norm(gf.ones(2, 3), 3).shape == (2, 3)


def test_linear_and_dropout() -> None:
    x, w, b = numbers(2, 3, 4), numbers(5, 4), numbers(5)
    near(F.linear(gf.tensor(x), gf.tensor(w), gf.tensor(b)), np.einsum("abi,oi->abo", x, w) + b)
    assert gf.gradcheck(F.linear, (var(x), var(w), var(b)))
    ones = gf.ones(100_000, requires_grad=True)
    y = F.dropout(ones, 0.3)
    y.sum().backward()
    assert set(np.unique(y.detach().cpu().numpy())) == {np.float32(0), np.float32(1 / 0.7)}
    assert abs(float((y.detach() == 0).float().mean()) - 0.3) < 0.01
    near(ones.grad, y.detach().cpu().numpy())
    assert F.dropout(ones, 0.3, training=False) is ones
    near(F.dropout(gf.ones(3), 1.0), [0, 0, 0])
    held = gf.ones(50)
    assert F.dropout(held, 0.5, inplace=True) is held and (held == 0).any()


def test_embedding() -> None:
    w, index = var(numbers(5, 2)), np.array([[0, 2], [2, 4]])
    y = F.embedding(gf.tensor(index), w, padding_idx=-1)
    near(y, w.detach().cpu().numpy()[index])
    y.sum().backward()
    near(w.grad, np.array([[1, 1], [0, 0], [2, 2], [0, 0], [0, 0]]))  # the last row is padding
    assert gf.gradcheck(lambda w: F.embedding(gf.tensor(index), w), var(numbers(5, 2)))


@pytest.mark.parametrize(("mode", "theirs"), [("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap")])
def test_pad_by_the_edges(mode: str, theirs: str) -> None:
    x = numbers(2, 3, 4)
    near(F.pad(gf.tensor(x), (2, 1, 0, 2), mode=mode), np.pad(x, ((0, 0), (0, 2), (2, 1)), mode=theirs))
    assert gf.gradcheck(lambda x: F.pad(x, (2, 1, 0, 2), mode=mode), var(x))


def test_pad_with_a_value() -> None:
    x = numbers(2, 3)
    near(F.pad(gf.tensor(x), (1, 2, 0, 1)), np.pad(x, ((0, 1), (1, 2))))
    near(F.pad(gf.tensor(x), (1, 0), value=-gf.inf), np.pad(x, ((0, 0), (1, 0)), constant_values=-np.inf))
    near(F.pad(gf.tensor(x), (-1, 1, -1, 0), value=3.0), np.pad(x[1:, 1:], ((0, 0), (0, 1)), constant_values=3))
    assert gf.gradcheck(lambda x: F.pad(x, (-1, 1), value=3.0), var(x))


def test_normalize_and_cosine_similarity() -> None:
    a, b = numbers(3, 4), numbers(3, 4)
    near(F.normalize(gf.tensor(a), p=3.0, dim=0), a / (abs(a) ** 3).sum(0) ** (1 / 3))
    near(F.normalize(gf.zeros(2, 2)), np.zeros((2, 2)))
    wanted = (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
    near(F.cosine_similarity(gf.tensor(a), gf.tensor(b)), wanted)
    assert F.cosine_similarity(gf.ones(3, 4), gf.ones(4), dim=-1).shape == (3,)
    assert gf.gradcheck(F.cosine_similarity, (var(a), var(b))) and gf.gradcheck(F.normalize, var(a))
    with pytest.raises(ShapeError, match="broadcast"):
        F.cosine_similarity(gf.ones(3), gf.ones(4))


@pytest.mark.parametrize("dtype", ["u1", "u8", "i2", "i4", "i8"])
def test_class_indices_of_any_integer_dtype(dtype: str) -> None:
    scores, classes = gf.randn(7, 5), np.arange(7) % 5
    right = F.cross_entropy(scores, gf.tensor(classes)).item()
    assert F.cross_entropy(scores, gf.tensor(classes.astype(dtype))).item() == right


def test_layer_norm_of_no_examples() -> None:
    layer, x = gf.nn.LayerNorm(5), gf.zeros(0, 5, requires_grad=True)
    layer(x).sum().backward()
    assert x.grad.shape == (0, 5) and layer.weight.grad.tolist() == [0.0] * 5


# --- what losses and layers are given --------------------------------------------------------------------------------------

ROWS = [[0.25, 0.5], [0.75, 0.125]]
ELEMENTWISE = {
    **{name: getattr(F, name) for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "kl_div")},
    **{name: getattr(F, name) for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits")},
    **{name: lambda x, t, name=name: getattr(gf.nn, name)()(x, t) for name in dir(gf.nn) if name.endswith("Loss")},
}
CLASSES = {name: ELEMENTWISE.pop(name) for name in ("CrossEntropyLoss", "NLLLoss")} | {
    "cross_entropy": F.cross_entropy,
    "nll_loss": F.nll_loss,
}


class Frame:
    """What a Series, a DataFrame or another library's tensor has."""

    def __init__(self, numbers):
        self.numbers = np.asarray(numbers)

    def __array__(self, dtype=None, copy=None):
        return self.numbers


def test_every_loss_of_the_package_is_among_them():
    functions = {name for name in dir(F) if name.endswith("_loss") or "cross_entropy" in name or name == "kl_div"}
    assert functions <= {*ELEMENTWISE, *CLASSES}
    assert {name for name in dir(gf.nn) if name.endswith("Loss")} <= {*ELEMENTWISE, *CLASSES}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_losses_take_numbers_in_every_form(name):
    loss = ELEMENTWISE[name]
    target = [[1.0, 0.0], [0.25, 1.0]]
    x = gf.tensor(ROWS, requires_grad=True)
    wanted = loss(x, gf.tensor(target))
    (slope,) = gf.autograd.grad(wanted, [x])
    for form in (list, tuple, lambda t: np.array(t, "f4"), np.array, Frame, lambda t: list(map(np.array, t))):
        given = form(target)
        found = loss(x, given)
        assert abs(found.item() - wanted.item()) < 1e-6
        (g,) = gf.autograd.grad(found, [x])
        assert g.dtype == gf.float32 and abs((g - slope).to_numpy()).max() < 1e-6
    assert loss(x, target).dtype == gf.float32 and loss(x.double(), target).dtype == gf.float64
    assert loss(x.half(), target).dtype == gf.float16
    for form in (list, np.array, Frame):
        assert abs(loss(form(ROWS), gf.tensor(target)).item() - wanted.item()) < 1e-6
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        full = loss(x, gf.ones(2, 2))
        for one in (1, 1.0, np.float32(1), np.array(1.0)):
            assert abs(loss(x, one).item() - full.item()) < 1e-6


@pytest.mark.parametrize("name", CLASSES)
def test_losses_of_classes_take_them_in_every_form(name):
    loss = CLASSES[name]
    x = gf.tensor(ROWS, requires_grad=True)
    wanted = loss(x, gf.tensor([1, 0])).item()
    for given in ([1, 0], (1, 0), np.array([1, 0]), np.array([1, 0], "u1"), Frame([1, 0]), [np.int64(1), 0]):
        assert loss(x, given).item() == wanted
    assert loss(np.array(ROWS, "f4"), [1, 0]).item() == loss(ROWS, gf.tensor([1, 0])).item() == wanted
    assert loss(x[0], 1).item() == loss(x[0], gf.tensor(1)).item()
    for wrong in (np.array([1.0, 0.0]), [True, False]):
        with pytest.raises(DTypeError, match="class indices are integers, not"):
            loss(x, wrong)


@pytest.mark.parametrize("name", [*ELEMENTWISE, *CLASSES])
def test_losses_say_what_is_not_numbers(name):
    loss, x = (ELEMENTWISE | CLASSES)[name], gf.tensor(ROWS, requires_grad=True)
    for wrong in (None, "a", object(), {}, gf.nn.ReLU()):
        with pytest.raises(DTypeError, match=f"the target must be a Tensor, .* not {type(wrong).__name__}$"):
            loss(x, wrong)
        with pytest.raises(DTypeError, match=f"the input must be a Tensor, .* not {type(wrong).__name__}$"):
            loss(wrong, x.detach())
    with pytest.raises(DTypeError, match=r"the input is a list of Tensors; gf\.stack"):
        loss([x[0], x[1]], x.detach())
    with pytest.raises(DTypeError, match=r"the target is a list of Tensors; gf\.stack"):
        loss(x, [x[0], x[1]])
    with pytest.raises(ShapeError, match=r"the target: .*ragged"):
        loss(x, [[1.0], [1.0, 2.0]])


def test_weights_of_losses_may_be_lists():
    x, t, w = gf.tensor(ROWS), gf.tensor([1, 0]), gf.tensor([1.0, 3.0])
    for given in ([1.0, 3.0], np.array([1.0, 3.0]), (1, 3)):
        assert F.cross_entropy(x, t, given).item() == F.cross_entropy(x, t, w).item()
        assert gf.nn.CrossEntropyLoss(weight=given)(x, t).item() == F.cross_entropy(x, t, w).item()
        assert gf.nn.NLLLoss(given)(x, t).item() == F.nll_loss(x, t, w).item()
        assert gf.nn.BCEWithLogitsLoss(pos_weight=given)(x, x).item() == pytest.approx(
            F.binary_cross_entropy_with_logits(x, x, pos_weight=w).item()
        )
        assert F.binary_cross_entropy(x, x, given).item() == pytest.approx(F.binary_cross_entropy(x, x, w).item())
    assert F.mse_loss(x, 1.0, weight=ROWS).item() == F.mse_loss(x, gf.ones(2, 2), weight=x).item()
    for ignored in (np.int64(1), gf.tensor(1)):
        assert F.cross_entropy(x, t, ignore_index=ignored).item() == F.cross_entropy(x, t, ignore_index=1).item()


LAYERS = {
    "Linear": (lambda: gf.nn.Linear(3, 2), (4, 3)), "Conv1d": (lambda: gf.nn.Conv1d(3, 2, 2), (1, 3, 5)),
    "Conv2d": (lambda: gf.nn.Conv2d(3, 2, 2), (1, 3, 5, 5)),
    "ConvTranspose2d": (lambda: gf.nn.ConvTranspose2d(3, 2, 2), (1, 3, 5, 5)),
    "MaxPool2d": (lambda: gf.nn.MaxPool2d(2), (1, 4, 4)), "AvgPool1d": (lambda: gf.nn.AvgPool1d(2), (1, 4)),
    "AdaptiveAvgPool2d": (lambda: gf.nn.AdaptiveAvgPool2d(2), (1, 4, 4)),
    "AdaptiveMaxPool2d": (lambda: gf.nn.AdaptiveMaxPool2d(2), (1, 4, 4)),
    "Unfold": (lambda: gf.nn.Unfold(2), (1, 1, 4, 4)), "Fold": (lambda: gf.nn.Fold(2, 2), (1, 4, 1)),
    "Upsample": (lambda: gf.nn.Upsample(scale_factor=2), (1, 1, 4)),
    "BatchNorm1d": (lambda: gf.nn.BatchNorm1d(3), (4, 3)), "BatchNorm2d": (lambda: gf.nn.BatchNorm2d(3), (4, 3, 2, 2)),
    "LayerNorm": (lambda: gf.nn.LayerNorm(3), (4, 3)), "Dropout": (lambda: gf.nn.Dropout(0.0), (4, 3)),
    "Flatten": (lambda: gf.nn.Flatten(), (4, 3, 2)), "Softmax": (lambda: gf.nn.Softmax(1), (4, 3)),
    "LogSoftmax": (lambda: gf.nn.LogSoftmax(1), (4, 3)), "ReLU": (gf.nn.ReLU, (4, 3)), "GELU": (gf.nn.GELU, (4, 3)),
    "Tanh": (gf.nn.Tanh, (4, 3)), "Sigmoid": (gf.nn.Sigmoid, (4, 3)), "Softplus": (gf.nn.Softplus, (4, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_layers_take_arrays_and_say_what_is_none(name):
    make, shape = LAYERS[name]
    layer = make()
    x = np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    for _ in range(2):
        found = layer(as_array(x))
        assert isinstance(found, gf.Tensor)
        assert np.allclose(found.detach().to_numpy(), layer(gf.tensor(x)).detach().to_numpy(), atol=1e-6)
        layer.eval()
    for wrong in (None, "a", {}):
        with pytest.raises(DTypeError, match=f"must be a Tensor, an array or a number, not {type(wrong).__name__}$"):
            layer(wrong)
    for wrong in (x.tolist(), Frame(x)):
        with pytest.raises(DTypeError, match=r"must be a Tensor, .*; gf.tensor\(...\) makes one of it"):
            layer(wrong)


def as_array(x):
    """An array of the device that the tests run on."""
    return gf.tensor(x).array


def test_embedding_takes_lists_and_arrays_of_integers():
    layer = gf.nn.Embedding(4, 2)
    wanted = layer(gf.tensor([0, 3])).detach().to_numpy()
    for given in ([0, 3], np.array([0, 3]), Frame([0, 3])):
        assert (layer(given).detach().to_numpy() == wanted).all()
    with pytest.raises(DTypeError, match="embedding: the input must be"):
        layer(None)


def test_to_says_what_devices_and_dtypes_there_are():
    for thing in (gf.nn.Linear(1, 1), gf.ones(1)):
        for wrong in ("gpu", "mps", "gpu:0", 0, object()):
            with pytest.raises(ArgumentError, match=r"neither a device \('cpu', 'cuda' or 'cuda:N'\) nor a dtype"):
                thing.to(wrong)
        with pytest.raises(ArgumentError, match="use 'cpu', 'cuda' or 'cuda:N'"):
            thing.to(device="gpu")
        assert thing.to("float64").to("cpu").to(gf.float32, "cpu") is not None
    with pytest.raises(ArgumentError, match="use 'cpu', 'cuda' or 'cuda:N'"):
        gf.zeros(1, device="nonsense")


def test_errors_name_the_recorded_way_first():
    y = gf.ones(2, requires_grad=True) * 2
    with pytest.raises(GraphError, match=r"np.sin\(t\), are recorded; .*to_numpy\(\)"):
        y.numpy()
    with pytest.raises(GraphError, match=r"autograd.Function .*detach\(\)"):
        y.__dlpack__()
    with pytest.raises(GraphError, match=r"clone\(\) is a recorded copy, detach\(\).clone\(\)"):
        copy.deepcopy(y)


@pytest.mark.parametrize("shape", [[1], [1, 1]])
def test_layer_norm_over_one_feature(shape: list[int]) -> None:
    layer = gf.nn.LayerNorm(shape, eps=0.01).double()
    x = gf.randn(3, *shape, dtype=gf.float64, requires_grad=True)
    y = layer(x)
    (y * gf.arange(1.0, 4.0, dtype=gf.float64).reshape(3, *[1] * len(shape))).sum().backward()
    assert not x.grad.tolist()[0][0] if len(shape) == 1 else not x.grad.reshape(-1).tolist()[0]
    assert layer.weight.grad.reshape(-1).tolist() == [0.0] and layer.bias.grad.reshape(-1).tolist() == [6.0]
    assert gf.gradgradcheck(lambda x, w, b: F.layer_norm(x, shape, w, b, 0.01), (x, layer.weight, layer.bias))
