"""Convolution, pooling and interpolation: PyTorch's own numbers (tests/torch_conv.json), naive loops, layers, refusals.

``ci/torch_values_conv`` wrote the file; no test imports PyTorch.  Derivatives of every order are checked in ``test_ops.py``.
"""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradflow as gf
import gradflow.nn.functional as F
from gradflow import nn
from gradflow.backend import _convolution as layout
from gradflow.errors import ArgumentError, DTypeError, ShapeError

GOLDEN = json.loads((Path(__file__).parents[1] / "torch_conv.json").read_text(encoding="utf-8"))["cases"]


def numbers(shape: Any, seed: int = 0) -> np.ndarray:
    """Numbers in (-1, 1), the first 251 different: the formula of ``ci/torch_values_conv``."""
    i = np.arange(math.prod(shape), dtype=np.float64) + 1
    return ((i * (89 + 4 * seed)) % 251 / 125.5 - 1).reshape(shape)


def near(t: gf.Tensor, wanted: Any, tolerance: float = 1e-9) -> None:
    np.testing.assert_allclose(t.detach().to_numpy(), wanted, rtol=tolerance, atol=tolerance)


def stored(t: gf.Tensor, case: dict[str, Any]) -> None:
    assert list(t.shape) == case["shape"]
    near(t, np.array(case["values"]).reshape(case["shape"]))


def given(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings as they were written: JSON has no tuples."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}


@pytest.mark.parametrize("blocks", [1 << 30, 1], ids=["whole", "row by row"])
@pytest.mark.parametrize("case", GOLDEN, ids=[f"{c['name']}-{c['shapes'][0]}-{c['settings']}".replace("'", "") for c in GOLDEN])
def test_as_in_pytorch(case: dict[str, Any], blocks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = [gf.tensor(numbers(shape, seed), requires_grad=True) for seed, shape in enumerate(case["shapes"])]
    monkeypatch.setattr(gf.backend.namespace_of(inputs[0].array), "block_bytes", blocks)
    y = getattr(F, case["name"])(*inputs, **given(case["settings"]))
    if "indices" in case:
        y, indices = y
        assert indices.dtype == gf.int64
        stored(indices, case["indices"])
    stored(y, case["y"])
    y.backward(gf.tensor(numbers(y.shape, 7)))
    for t, wanted in zip(inputs, case["gradients"], strict=True):
        stored(t.grad, wanted)


def naive(x: np.ndarray, w: np.ndarray, stride: int, low: int, dilation: int, groups: int, size: int) -> np.ndarray:
    y = np.zeros((len(x), len(w), size, size))
    for n, o, p, q in np.ndindex(*y.shape):
        for c, i, j in np.ndindex(*w.shape[1:]):
            a, b = p * stride - low + i * dilation, q * stride - low + j * dilation
            if 0 <= a < x.shape[2] and 0 <= b < x.shape[3]:
                y[n, o, p, q] += w[o, c, i, j] * x[n, o // (len(w) // groups) * w.shape[1] + c, a, b]
    return y


@pytest.mark.parametrize(("stride", "padding", "dilation", "groups"), [*itertools.product((1, 2), (0, 2), (1, 2), (1, 2, 4))])
def test_convolution_is_the_naive_loop_and_its_adjoints_fit(stride: int, padding: int, dilation: int, groups: int) -> None:
    x, w = numbers((2, 4, 7, 7)), numbers((8, 4 // groups, 3, 3), 1)
    tx, tw = gf.tensor(x, requires_grad=True), gf.tensor(w, requires_grad=True)
    y = F.conv2d(tx, tw, None, stride, padding, dilation, groups)
    near(y, naive(x, w, stride, padding, dilation, groups, y.shape[2]))
    # <conv(x, w), g> = <x, dx> = <w, dw>
    g = numbers(y.shape, 2)
    y.backward(gf.tensor(g))
    product = (y.detach().to_numpy() * g).sum()
    np.testing.assert_allclose((x * tx.grad.to_numpy()).sum(), product, rtol=1e-10)
    np.testing.assert_allclose((w * tw.grad.to_numpy()).sum(), product, rtol=1e-10)


@pytest.mark.parametrize("dtype", [gf.float16, gf.float32, gf.complex64])
def test_dtypes(dtype: Any) -> None:
    x, w, b = (gf.tensor(numbers(s, i), dtype=dtype) for i, s in enumerate([(2, 3, 6, 6), (4, 3, 3, 3), (4,)]))
    wanted = F.conv2d(*(t.to(dtype=gf.complex128 if dtype == gf.complex64 else gf.float64) for t in (x, w, b)))
    found = F.conv2d(x, w, b)
    assert found.dtype == dtype
    near(found, wanted.to_numpy(), 1e-2 if dtype == gf.float16 else 1e-5)
    for t in (F.avg_pool2d(x, 2), F.conv_transpose2d(x, w.transpose(0, 1)), F.unfold(x, 2), F.interpolate(x, size=4)):
        assert t.dtype == dtype
    if dtype == gf.float16:  # sums of many are kept in float32
        assert F.conv1d(gf.ones(1, 1, 4096, dtype=dtype), gf.ones(1, 1, 4096, dtype=dtype)).item() == 4096
        assert F.avg_pool1d(gf.ones(1, 1, 4096, dtype=dtype), 4096).item() == 1


def test_no_batch_and_no_channels() -> None:
    x, w, b = gf.zeros(0, 2, 5, 5, requires_grad=True), gf.ones(3, 2, 3, 3, requires_grad=True), gf.ones(3, requires_grad=True)
    y = F.max_pool2d(F.conv2d(x, w, b, padding=1), 2)
    assert y.shape == (0, 3, 2, 2)
    y.sum().backward()
    assert (x.grad.shape, float(w.grad.abs().sum()), b.grad.tolist()) == (x.shape, 0, [0, 0, 0])
    for made in (F.avg_pool2d(x, 2), F.interpolate(x, size=2), F.adaptive_max_pool2d(x, 2), F.conv_transpose2d(x, w.mT[:2])):
        assert made.shape[0] == 0
    assert F.conv1d(gf.zeros(1, 0, 4), gf.zeros(2, 0, 3), gf.tensor([1.0, 2.0])).tolist() == [[[1, 1], [2, 2]]]


def test_results_lie_with_the_batch_last_and_count_as_ordinary_tensors() -> None:
    x = gf.tensor(numbers((3, 2, 6, 6)))
    y = F.relu(F.conv2d(x, gf.tensor(numbers((4, 2, 3, 3)))))
    assert y.array.transpose(1, 2, 3, 0).flags.c_contiguous and not y.is_contiguous()
    near(y.reshape(3, -1), y.to_numpy().reshape(3, -1))
    near(F.max_pool2d(y, 2), F.max_pool2d(y.contiguous(), 2).to_numpy())


def test_the_largest_of_equals_and_of_nan() -> None:
    x = gf.tensor([[1.0, 1.0, 0.0, math.nan]], requires_grad=True)
    y, where = F.max_pool1d(x, 2, return_indices=True)
    assert where.tolist()[0][0] == 0 and math.isnan(y.tolist()[0][1])
    y.sum().backward()
    assert x.grad.tolist()[0][:2] == [1, 0]
    low = gf.tensor([[-math.inf, -math.inf]])
    assert F.max_pool1d(low, 2, 1, 1).tolist() == [[-math.inf] * 3]
    whole = gf.tensor([[-5, -3, -9]])
    assert F.max_pool1d(whole, 3, 2, 1).tolist() == [[-3, -3]]
    assert F.interpolate(gf.tensor([[[math.inf, 1.0]]]), size=4).tolist() == [[[math.inf, math.inf, 1, 1]]]


def test_windows_of_a_row_at_a_time() -> None:
    """``span`` against looking at every window."""
    for n, windows, stride, offset in itertools.product((1, 4, 5), (1, 3, 6), (1, 2, 3), range(-9, 10)):
        here, there = layout.span(n, windows, stride, offset)
        inside = [(o, o * stride + offset) for o in range(windows) if 0 <= o * stride + offset < n]
        assert list(zip(range(windows)[here], range(n)[there], strict=True)) == inside


# Layers


def test_initialisation_is_pytorchs() -> None:
    layer = nn.Conv2d(6, 200, (3, 5), groups=2, dtype=gf.float64)
    bound = 1 / math.sqrt(3 * 15)
    w, b = layer.weight.detach().to_numpy(), layer.bias.detach().to_numpy()
    assert w.shape == (200, 3, 3, 5) and abs(w).max() <= bound and abs(w.std() - bound / 3**0.5) < bound / 50
    assert b.shape == (200,) and bound / 2 < abs(b).max() <= bound
    turned = nn.ConvTranspose2d(6, 200, 3, groups=2)
    assert turned.weight.shape == (6, 100, 3, 3) and turned.weight.abs().max().item() <= 1 / math.sqrt(900)
    assert nn.Conv1d(2, 2, 1, bias=False).bias is None
    assert list(nn.Conv2d(1, 2, 3).state_dict()) == ["weight", "bias"]


def test_layers_print_as_pytorchs() -> None:
    shown = {
        "Conv2d(4, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), groups=2, bias=False)": nn.Conv2d(
            4, 8, 3, padding=1, groups=2, bias=False
        ),
        "Conv1d(4, 8, kernel_size=(3,), stride=(1,), padding='same', dilation=(2,), padding_mode=circular)": nn.Conv1d(
            4, 8, 3, padding="same", dilation=2, padding_mode="circular"
        ),
        "ConvTranspose2d(4, 8, kernel_size=(3, 3), stride=(2, 2), output_padding=(1, 1))": nn.ConvTranspose2d(
            4, 8, 3, 2, output_padding=1
        ),
        "AvgPool2d(kernel_size=2, stride=2, padding=0)": nn.AvgPool2d(2),
        "AdaptiveAvgPool2d(output_size=(1, None))": nn.AdaptiveAvgPool2d((1, None)),
        "AdaptiveMaxPool1d(output_size=3)": nn.AdaptiveMaxPool1d(3),
        "Unfold(kernel_size=2, dilation=1, padding=0, stride=1)": nn.Unfold(2),
        "Upsample(scale_factor=2.0, mode='nearest')": nn.Upsample(scale_factor=2.0),
    }
    assert [repr(layer) for layer in shown.values()] == list(shown)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_padding_modes(mode: str) -> None:
    x = gf.tensor(numbers((2, 3, 6, 5)))
    numeric = nn.Conv2d(3, 4, 3, padding=(2, 1), padding_mode=mode, dtype=gf.float64)
    padded = F.pad(x, (1, 1, 2, 2), mode=mode)
    near(numeric(x), F.conv2d(padded, numeric.weight, numeric.bias).detach().to_numpy())
    same = nn.Conv2d(3, 4, (3, 2), padding="same", padding_mode=mode, dtype=gf.float64)
    assert same(x).shape == (2, 4, 6, 5)
    near(same(x), F.conv2d(F.pad(x, (0, 1, 1, 1), mode=mode), same.weight, same.bias).detach().to_numpy())
    valid = nn.Conv2d(3, 4, 3, padding="valid", padding_mode=mode, dtype=gf.float64)
    near(valid(x), F.conv2d(x, valid.weight, valid.bias).detach().to_numpy())


def test_layers_are_the_functions() -> None:
    x, signal, volume = gf.randn(2, 4, 7, 6), gf.randn(2, 4, 9), gf.randn(1, 2, 4, 5, 4)
    conv, turned = nn.Conv2d(4, 6, 3, (2, 1), 1, 1, 2), nn.ConvTranspose1d(4, 2, 3, 2, 1, 1)
    pairs = [
        (conv(x), F.conv2d(x, conv.weight, conv.bias, (2, 1), 1, 1, 2)),
        (turned(signal), F.conv_transpose1d(signal, turned.weight, turned.bias, 2, 1, 1)),
        (nn.MaxPool2d(3, 2, 1, ceil_mode=True)(x), F.max_pool2d(x, 3, 2, 1, ceil_mode=True)),
        (nn.MaxPool1d(2, dilation=2)(signal), F.max_pool1d(signal, 2, dilation=2)),
        (nn.MaxPool3d(2, 1)(volume), F.max_pool3d(volume, 2, 1)),
        (nn.MaxPool2d(2, return_indices=True)(x)[1], F.max_pool2d(x, 2, return_indices=True)[1]),
        (nn.AvgPool1d(3, 1, 1, count_include_pad=False)(signal), F.avg_pool1d(signal, 3, 1, 1, count_include_pad=False)),
        (nn.AvgPool2d(2, divisor_override=3)(x), F.avg_pool2d(x, 2, divisor_override=3)),
        (nn.AvgPool3d(2)(volume), F.avg_pool3d(volume, 2)),
        (nn.AdaptiveMaxPool2d((2, None))(x), F.adaptive_max_pool2d(x, (2, None))),
        (nn.AdaptiveMaxPool1d(4)(signal), F.adaptive_max_pool1d(signal, 4)),
        (nn.Unfold(2, stride=2)(x), F.unfold(x, 2, stride=2)),
        (nn.Upsample((3, 9), mode="bilinear", align_corners=True)(x), F.interpolate(x, (3, 9), None, "bilinear", True)),
    ]
    for found, wanted in pairs:
        near(found, wanted.detach().to_numpy(), 1e-6)
    near(nn.Fold((7, 6), 2)(nn.Unfold(2)(gf.ones(1, 1, 7, 6))), F.fold(F.unfold(gf.ones(1, 1, 7, 6), 2), (7, 6), 2).to_numpy())


def test_transposed_layer_with_an_output_size() -> None:
    layer = nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1)
    x = gf.randn(1, 2, 4, 5)
    assert [layer(x, output_size=s).shape[2:] for s in [(7, 9), (8, 10), (1, 3, 7, 10)]] == [(7, 9), (8, 10), (7, 10)]
    with pytest.raises(ShapeError, match=r"output_size \(9, 9\) cannot come.*from \(7, 9\) to \(8, 10\)"):
        layer(x, output_size=(9, 9))


def test_a_small_network_learns() -> None:
    gf.manual_seed(3)
    net = nn.Sequential(nn.Conv2d(1, 4, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 2))
    rows = np.zeros((20, 1, 6, 6), np.float32)
    for i in range(20):  # horizontal and vertical bars
        rows[(i, 0, i % 6) if i % 2 else (i, 0, slice(None), i % 5)] = 1
    x, y = gf.tensor(rows), gf.tensor([i % 2 for i in range(20)])
    optimizer = gf.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(60):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


# Refusals: what does not fit, named, and what to do


def t(*shape: int, dtype: Any = gf.float32) -> gf.Tensor:
    return gf.zeros(*shape, dtype=dtype)


REFUSED: list[tuple[Any, type[Exception], str]] = [
    (lambda: F.conv2d(t(3, 4), t(1, 1, 1, 1)), ShapeError, r"conv2d: takes \(N, C, H, W\) or \(C, H, W\), not .*\(3, 4\)"),
    (lambda: F.conv1d(t(3), t(1, 1, 1)), ShapeError, r"conv1d: takes \(N, C, L\) or \(C, L\)"),
    (lambda: F.conv2d(t(1, 2, 4, 4), t(1, 2, 3)), ShapeError, r"weight has shape \(1, 2, 3\), not \(out, in / groups"),
    (lambda: F.conv2d(t(1, 2, 4, 4), t(1, 2, 0, 3)), ShapeError, r"kernel sizes from 1"),
    (
        lambda: F.conv2d(t(1, 3, 4, 4), t(1, 2, 3, 3)),
        ShapeError,
        r"input has 3 channels.*\(1, 3, 4, 4\).*\(1, 2, 3, 3\).*takes 2",
    ),
    (lambda: F.conv2d(t(1, 4, 4, 4), t(3, 2, 3, 3), groups=2), ShapeError, r"groups=2 does not divide the 3 output channels"),
    (lambda: F.conv2d(t(1, 4, 4, 4), t(3, 4, 3, 3), groups=0), ArgumentError, "groups is a whole number from 1, not 0"),
    (lambda: F.conv2d(t(1, 1, 4, 4), t(2, 1, 3, 3), t(3)), ShapeError, r"bias has shape \(3,\); 2 output channels need \(2,\)"),
    (lambda: F.conv2d(t(1, 1, 4, 4), t(1, 1, 3, 3), padding=-1), ArgumentError, "padding is at least 0, not -1"),
    (lambda: F.conv2d(t(1, 1, 4, 4), t(1, 1, 3, 3), stride=0), ArgumentError, "stride is at least 1, not 0"),
    (lambda: F.conv2d(t(1, 1, 4, 4), t(1, 1, 3, 3), stride=1.5), ArgumentError, "stride is a whole number or 2 of them"),
    (lambda: F.conv2d(t(1, 1, 4, 4), t(1, 1, 3, 3), dilation=(1, 2, 3)), ArgumentError, r"dilation .* 2 of them.*\(1, 2, 3\)"),
    (
        lambda: F.conv2d(t(1, 1, 4, 4), t(1, 1, 3, 3), padding="full"),
        ArgumentError,
        "'same', 'valid' or whole numbers, not 'full'",
    ),
    (
        lambda: F.conv2d(t(1, 1, 4, 4), t(1, 1, 3, 3), padding="same", stride=2),
        ArgumentError,
        "'same' needs stride 1.*as numbers",
    ),
    (
        lambda: F.conv2d(t(1, 1, 4, 4), t(1, 1, 3, 3), dilation=2, padding=(1, 0)),
        ShapeError,
        r"kernel \(3, 3\) with dilation \(2, 2\) spans \(5, 5\), more than .* \(4, 4\), which with padding \(1, 0\) is \(6, 4\)",
    ),
    (
        lambda: F.conv2d(t(1, 1, 4, 4), t(1, 1, 3, 3, dtype=gf.float64)),
        DTypeError,
        "input is float32 and the weight float64.*double",
    ),
    (lambda: F.conv1d(t(1, 1, 4), t(1, 1, 3), t(1, dtype=gf.float16)), DTypeError, "the bias float16"),
    (
        lambda: F.conv1d(t(1, 1, 4, dtype=gf.int64), t(1, 1, 3, dtype=gf.int64)),
        DTypeError,
        r"floats, not int64; convert with \.float",
    ),
    (lambda: F.conv_transpose2d(t(1, 3, 4, 4), t(2, 3, 3, 3)), ShapeError, "input has 3 channels.*takes 2"),
    (lambda: F.conv_transpose1d(t(1, 2, 4), t(2, 3, 3), output_padding=1), ArgumentError, r"output_padding \(1,\) is not below"),
    (lambda: F.conv_transpose1d(t(1, 2, 1), t(2, 3, 2), padding=1), ShapeError, r"would give sizes \(0,\); pad less"),
    (lambda: F.conv_transpose1d(t(1, 3, 4), t(3, 1, 2), groups=2), ShapeError, "groups=2 does not divide the 3 input channels"),
    (lambda: F.unfold(t(1, 1, 2, 2), 3), ShapeError, r"kernel \(3, 3\) with dilation \(1, 1\) does not fit into sizes \(2, 2\)"),
    (lambda: F.fold(t(1, 3, 4), 3, 2), ShapeError, "3 rows are no multiple of the 4 elements"),
    (lambda: F.fold(t(1, 4, 3), 3, 2), ShapeError, r"2 x 2 = 4 windows .*\(1, 4, 3\), has 3"),
    (lambda: F.fold(t(4), 3, 2), ShapeError, r"fold: takes"),
    (
        lambda: F.max_pool2d(t(1, 1, 4, 4), 2, padding=2),
        ArgumentError,
        r"padding \(2, 2\) is more than half of the kernel \(2, 2\)",
    ),
    (lambda: F.max_pool2d(t(1, 1, 2, 4), 3), ShapeError, r"does not fit into an input of sizes \(2, 4\).*pad more"),
    (lambda: F.max_pool2d(t(1, 1, 4, 4, dtype=gf.complex64), 2), DTypeError, "compares real numbers, not complex64"),
    (lambda: F.max_pool2d(t(4, 4), 2), ShapeError, "max_pool2d: takes"),
    (lambda: F.avg_pool1d(t(1, 1, 4, dtype=gf.int64), 2), DTypeError, r"averages floats, not int64; convert with \.float"),
    (lambda: F.avg_pool2d(t(1, 1, 4, 4), 2, divisor_override=0), ArgumentError, "divisor_override"),
    (lambda: F.adaptive_avg_pool2d(t(1, 1, 4, 4), 0), ArgumentError, "output_size is at least 1, not"),
    (lambda: F.adaptive_max_pool1d(t(1, 1, 0), 1), ShapeError, "nothing to pool"),
    (lambda: F.interpolate(t(1, 1, 4)), ArgumentError, "give size or scale_factor, one of them"),
    (lambda: F.interpolate(t(1, 1, 4), 2, 2), ArgumentError, "give size or scale_factor, one of them"),
    (
        lambda: F.interpolate(t(1, 1, 4), 2, mode="bilinear"),
        ShapeError,
        r"'bilinear' takes .* 4 dimensions, not shape \(1, 1, 4\)",
    ),
    (lambda: F.interpolate(t(1, 1, 4), 2, mode="cubic"), ArgumentError, "mode is one of 'linear'.*'area', not 'cubic'"),
    (lambda: F.interpolate(t(1, 1, 4), 2, align_corners=True), ArgumentError, "leave align_corners out"),
    (lambda: F.interpolate(t(1, 1, 4), 2, mode="area", align_corners=True), ArgumentError, "leave align_corners out"),
    (lambda: F.interpolate(t(1, 1, 4), scale_factor=0.1), ShapeError, r"leaves nothing of sizes \(4,\)"),
    (lambda: F.interpolate(t(1, 1, 4), scale_factor=-1), ArgumentError, "scale_factor is a positive number"),
    (lambda: F.interpolate(t(1, 1, 0), 2), ShapeError, "nothing to take from"),
    (lambda: F.interpolate(t(1, 1, 4, dtype=gf.int64), 2, mode="linear"), DTypeError, "blends floats, not int64"),
    (lambda: nn.Conv2d(3, 4, 3, groups=2), ArgumentError, "groups=2 does not divide 3 input and 4 output channels"),
    (lambda: nn.Conv2d(0, 4, 3), ArgumentError, "in_channels is a whole number from 1"),
    (lambda: nn.Conv2d(1, 4, 0), ArgumentError, "kernel_size is at least 1"),
    (lambda: nn.Conv2d(1, 4, 3, padding="sane"), ArgumentError, "padding is whole numbers, same or valid: 'sane'"),
    (lambda: nn.Conv2d(1, 4, 3, padding="same", stride=2), ArgumentError, "needs stride 1"),
    (lambda: nn.Conv2d(1, 4, 3, padding_mode="mirror"), ArgumentError, "padding_mode is 'zeros' or"),
    (lambda: nn.ConvTranspose2d(1, 4, 3, padding_mode="reflect"), ArgumentError, "padding_mode is 'zeros'"),
    (lambda: nn.ConvTranspose2d(1, 4, 3, padding="same"), ArgumentError, "padding is whole numbers"),
    (lambda: nn.Conv1d(1, 4, 3, dtype=gf.int64), DTypeError, "int64"),
]


@pytest.mark.parametrize(("call", "error", "words"), REFUSED)
def test_refusals(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize("name", ["adaptive_avg_pool1d", "adaptive_avg_pool2d", "avg_pool1d", "avg_pool2d"])
def test_averages_are_those_of_floats(name: str) -> None:
    whole = gf.ones(*(1, 1, 4, 4)[: 2 + int(name[-2])], dtype=gf.int64)
    with pytest.raises(DTypeError, match=f"{name}: averages floats, not int64"):
        getattr(F, name)(whole, 2)
