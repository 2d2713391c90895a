"""Layers, activations and losses as modules: initialisation, gradients, states, settings."""

from __future__ import annotations

import numpy as np
import pytest

import gradflow as gf
from gradflow import nn
from gradflow._engine import writes
from gradflow.errors import ArgumentError, DTypeError, InPlaceError, ShapeError


def test_default_initialisation() -> None:
    layer = nn.Linear(400, 300, dtype=gf.float64)
    w, bound = layer.weight.detach().cpu().numpy(), 1 / 20
    assert abs(w).max() <= bound and abs(w.std() - bound / 3**0.5) < 1e-3 * bound * 3 and abs(w.mean()) < bound / 100
    b = layer.bias.detach().cpu().numpy()
    assert abs(b).max() <= bound and b.std() > bound / 3
    assert (layer.weight.dtype, layer.weight.is_leaf, layer.weight.requires_grad) == (gf.float64, True, True)
    e = nn.Embedding(500, 100).weight.detach().cpu().numpy()
    assert abs(e.std() - 1) < 0.02 and abs(e.mean()) < 0.02
    assert nn.Embedding(3, 2, padding_idx=-1).weight[2].tolist() == [0, 0]
    assert nn.Linear(2, 1, bias=False).bias is None
    gf.manual_seed(1)
    one = nn.Linear(3, 3).weight.tolist()
    gf.manual_seed(1)
    assert nn.Linear(3, 3).weight.tolist() == one
    table = nn.Embedding.from_pretrained(gf.ones(4, 2))
    assert not table.weight.requires_grad and table(gf.tensor([3])).tolist() == [[1, 1]]
    assert nn.Linear(0, 2)(gf.ones(3, 0)).tolist() == [[0, 0]] * 3


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: nn.Linear(3, 2), (4, 3)),
        (lambda: nn.BatchNorm1d(3), (5, 3)),
        (lambda: nn.BatchNorm1d(3), (2, 3, 4)),
        (lambda: nn.BatchNorm2d(2), (2, 2, 3, 2)),
        (lambda: nn.BatchNorm1d(3).eval(), (5, 3)),
        (lambda: nn.LayerNorm((2, 3)), (4, 2, 3)),
        (lambda: nn.Sequential(nn.Flatten(), nn.Linear(6, 2), nn.Tanh()), (2, 3, 2)),
    ],
)
def test_layer_gradients(make: object, shape: tuple) -> None:
    layer = make().double()  # type: ignore[operator]
    with gf.no_grad():
        for p in layer.parameters():
            p.normal_()

    names = [name.rpartition(".") for name, _ in layer.named_parameters()]

    def call(x: gf.Tensor, *parameters: gf.Tensor) -> gf.Tensor:
        for (path, _, name), p in zip(names, parameters, strict=True):
            layer.get_submodule(path)._parameters[name] = p
        return layer(x)

    assert gf.gradcheck(call, (gf.randn(shape, dtype=gf.float64, requires_grad=True), *layer.parameters()))


def test_running_statistics_are_watched_only_where_they_are_kept() -> None:
    layer, x = nn.BatchNorm1d(2), gf.randn(5, 2, requires_grad=True)
    version = layer.running_mean._version
    y = (x * x).sum()
    before = writes.last
    layer(x)
    assert writes.last == before and layer.running_mean._version == version + 1
    y.backward()
    kept = (x * layer.running_mean).sum()
    layer(x)
    with pytest.raises(InPlaceError, match="version 2"):
        kept.backward()


def test_batch_norm_states() -> None:
    x = gf.tensor(np.random.default_rng(0).normal(size=(3, 8, 2)))
    average = nn.BatchNorm1d(2, momentum=None, dtype=gf.float64)
    for batch in x:
        average(batch)
    np.testing.assert_allclose(average.running_mean.cpu().numpy(), x.cpu().numpy().mean(1).mean(0), rtol=1e-12)
    np.testing.assert_allclose(average.running_var.cpu().numpy(), x.cpu().numpy().var(1, ddof=1).mean(0), rtol=1e-12)
    assert average.num_batches_tracked.item() == 3
    average.reset_parameters()
    assert (average.running_mean.tolist(), average.num_batches_tracked.item()) == ([0, 0], 0)
    bare = nn.BatchNorm1d(2, affine=False, track_running_stats=False).eval()
    assert list(bare.state_dict()) == [] and abs(bare(x[0].float()).mean().item()) < 1e-6
    held = nn.BatchNorm1d(2).eval()
    held(x[0])
    assert held.num_batches_tracked.item() == 0
    for layer, wrong in (
        (nn.BatchNorm1d(2), gf.ones(2, 2, 2, 2)),
        (nn.BatchNorm2d(2), gf.ones(2, 2)),
        (nn.BatchNorm1d(2), gf.ones(4, 3)),
    ):
        with pytest.raises(ShapeError):
            layer(wrong)


def test_layer_norm_begins_anew() -> None:
    layer = nn.LayerNorm(2)
    with gf.no_grad():
        layer.weight.fill_(5)
        layer.bias.fill_(5)
    layer.reset_parameters()
    assert (layer.weight.tolist(), layer.bias.tolist()) == ([1, 1], [0, 0])
    assert nn.LayerNorm(2, bias=False).bias is None and list(nn.LayerNorm(2, elementwise_affine=False).parameters()) == []


def test_dropout_only_in_training() -> None:
    layer, x = nn.Dropout(0.5), gf.ones(1000)
    assert 300 < (layer(x) == 0).sum().item() < 700
    assert layer.eval()(x) is x


@pytest.mark.parametrize("name", sorted(nn.activations.__dict__.keys() & set(nn.__all__) - {"Module"}))
def test_activation_modules_are_the_functions(name: str) -> None:
    function = {"LeakyReLU": "leaky_relu", "LogSigmoid": "logsigmoid", "LogSoftmax": "log_softmax"}.get(name, name.lower())
    settings = {"dim": 1} if "max" in name else {}
    x = gf.randn(3, 4)
    layer = getattr(nn, name)(**settings)
    assert (layer(x) == getattr(nn.functional, function)(x, **settings)).all()


def test_loss_modules_hand_on_their_settings() -> None:
    F = nn.functional
    x, t, w = gf.randn(4, 3), gf.rand(4, 3), gf.rand(3)
    index, p = gf.tensor([0, 2, 1, 1]), gf.rand(4, 3)
    pairs = [
        (nn.MSELoss("sum")(x, t), F.mse_loss(x, t, reduction="sum")),
        (nn.L1Loss("none")(x, t), F.l1_loss(x, t, reduction="none")),
        (nn.SmoothL1Loss(beta=0.3)(x, t), F.smooth_l1_loss(x, t, beta=0.3)),
        (nn.HuberLoss(delta=0.3)(x, t), F.huber_loss(x, t, delta=0.3)),
        (nn.BCELoss(w)(p, t), F.binary_cross_entropy(p, t, w)),
        (nn.BCEWithLogitsLoss(pos_weight=w)(x, t), F.binary_cross_entropy_with_logits(x, t, pos_weight=w)),
        (
            nn.CrossEntropyLoss(w, ignore_index=1, label_smoothing=0.1)(x, index),
            F.cross_entropy(x, index, w, ignore_index=1, label_smoothing=0.1),
        ),
        (nn.NLLLoss(w, ignore_index=2)(x, index), F.nll_loss(x, index, w, ignore_index=2)),
        (nn.KLDivLoss(reduction="batchmean", log_target=True)(x, t), F.kl_div(x, t, reduction="batchmean", log_target=True)),
    ]
    for got, wanted in pairs:
        assert (got == wanted).all()
    moved = nn.CrossEntropyLoss(w).double()
    assert moved.weight.dtype == gf.float64 and list(moved.parameters()) == []
    with pytest.raises(DTypeError, match="int64"):
        nn.Linear(2, 2, dtype=gf.int64)
    for make in (
        lambda: nn.MSELoss("avg"), lambda: nn.SmoothL1Loss(beta=-1), lambda: nn.HuberLoss(delta=0), lambda: nn.Dropout(2),
        lambda: nn.CrossEntropyLoss(label_smoothing=2), lambda: nn.GELU("fast"), lambda: nn.Hardtanh(1, 0),
        lambda: nn.Hardtanh(1, 1),
        lambda: nn.Linear(-1, 2), lambda: nn.Linear(2, 1.5), lambda: nn.BatchNorm1d(2, momentum=2), lambda: nn.Embedding(3, 2, 3),
    ):  # fmt: skip
        with pytest.raises(ArgumentError):
            make()


def test_everything_named_is_there_and_documented() -> None:
    for name in nn.__all__:
        assert getattr(nn, name).__doc__, name
    for name in nn.functional.__all__:
        assert ">>>" in getattr(nn.functional, name).__doc__ or name == "one_hot", name
