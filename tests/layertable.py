"""The table of the layers and losses: how each is made, what it is called with, and what its manual's formula gives.

A row is one way to make one module.  Its formula is written in NumPy and calls nothing of gradflow.
``tests/nn/test_layertable.py`` says what is done with the rows, and fails if a module with a ``forward`` has none.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from optable import anything, distinct, no_whole, positive

import gradflow as gf
from gradflow import nn

Array = np.ndarray[Any, Any]
State = dict[str, Array]


@dataclass(frozen=True)
class LayerRow:
    """``make()`` shows itself as ``shown`` and, called with ``inputs``, computes ``formula(state, *inputs)``.

    ``inputs``: a shape, drawn from ``domain``; a pair (domain, shape); or an array of integers, which has no gradient.
    ``training``: the mode in which the module is called.
    """

    make: Callable[[], nn.Module]
    shown: str
    formula: Callable[..., Any]
    inputs: tuple[Any, ...]
    domain: Callable[..., Any] = anything
    training: bool = True

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.shown.partition("(")[0]

    def arrays(self) -> list[Array]:
        """The inputs in float64, the same on every call."""
        rng = np.random.default_rng(zlib.crc32(self.shown.encode()))
        found = []
        for given in self.inputs:
            if isinstance(given, np.ndarray):
                found.append(given)
            else:
                domain, shape = given if given and callable(given[0]) else (self.domain, given)
                found.append(np.asarray(domain(rng, shape), np.float64))
        return found


ROWS: list[LayerRow] = []


def row(make: Callable[[], nn.Module], shown: str, formula: Callable[..., Any], *inputs: Any, **options: Any) -> None:
    ROWS.append(LayerRow(make, shown, formula, inputs, **options))


# Formulas


def probabilities(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    return rng.uniform(0.1, 0.9, shape)


def distributions(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Probabilities of classes: dimension 1 sums to 1."""
    drawn = rng.uniform(0.1, 0.9, shape)
    return drawn / drawn.sum(1, keepdims=True)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def softplus(x: Array) -> Array:
    return np.log(1 + np.exp(x))


def softmax(x: Array, axis: int = 1) -> Array:
    e = np.exp(x)
    return e / e.sum(axis, keepdims=True)


def over(x: Array, axes: tuple[int, ...], eps: float = 1e-5) -> Array:
    """``x`` with mean 0 and variance 1 over ``axes``."""
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


def channels(values: Array, x: Array) -> Array:
    """One value for each channel of ``x``, in dimension 1."""
    return values.reshape(-1, *(1,) * (x.ndim - 2))


def running(s: State, x: Array) -> Array:
    """Batch normalisation in evaluation."""
    mean, var, w, b = (channels(s[k], x) for k in ("running_mean", "running_var", "weight", "bias"))
    return (x - mean) / np.sqrt(var + 1e-5) * w + b


def windows(
    x: Array, kernel: Sequence[int], stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int] | None = None,
    fill: float = 0.0,
) -> Array:  # fmt: skip
    """The windows of (N, C, *sizes): (N, C, *positions, *kernel)."""
    dilation = dilation or (1,) * len(kernel)
    padded = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)], constant_values=fill)
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    seen = np.lib.stride_tricks.sliding_window_view(padded, spans, axis=tuple(range(2, x.ndim)))
    return seen[(slice(None), slice(None), *(slice(None, None, s) for s in (*stride, *dilation)))]


def over_windows(reduce: Callable[..., Any], x: Array, kernel: Sequence[int], *settings: Any, **options: Any) -> Any:
    return reduce(windows(x, kernel, *settings, **options), axis=tuple(range(-len(kernel), 0)))


def convolution(
    s: State, x: Array, stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int] | None = None, groups: int = 1
) -> Array:
    w = s["weight"]
    seen = windows(x, w.shape[2:], stride, padding, dilation)
    rank, inside, outside = x.ndim - 2, w.shape[1], len(w) // groups
    axes = ((1, *range(2 + rank, 2 + 2 * rank)), (1, *range(2, 2 + rank)))
    parts = [
        np.tensordot(seen[:, g * inside : (g + 1) * inside], w[g * outside : (g + 1) * outside], axes) for g in range(groups)
    ]
    y = np.moveaxis(np.concatenate(parts, -1), -1, 1)
    return y + channels(s["bias"], y) if "bias" in s else y


def transposed(s: State, x: Array, stride: Sequence[int], padding: Sequence[int], more: Sequence[int]) -> Array:
    """Each element of ``x`` adds its multiple of the kernel; ``more`` is output_padding."""
    w = s["weight"]
    kernel, sizes = w.shape[2:], x.shape[2:]
    full = [(n - 1) * step + k + m for n, step, k, m in zip(sizes, stride, kernel, more, strict=True)]
    y = np.zeros((len(x), w.shape[1], *full))
    for at in np.ndindex(*sizes):
        place = tuple(slice(i * step, i * step + k) for i, step, k in zip(at, stride, kernel, strict=True))
        y[(slice(None), slice(None), *place)] += np.tensordot(x[(slice(None), slice(None), *at)], w, 1)
    inner = y[(slice(None), slice(None), *(slice(p, n - p) for p, n in zip(padding, full, strict=True)))]
    return inner + channels(s["bias"], inner)


def adaptive(reduce: Callable[..., Any], x: Array, out: Sequence[int]) -> Array:
    """Window i of n from floor(i size / n) to ceil((i + 1) size / n)."""
    y = np.empty((*x.shape[:2], *out))
    for at in np.ndindex(*out):
        part = tuple(slice(i * n // m, -((i + 1) * n // -m)) for i, n, m in zip(at, x.shape[2:], out, strict=True))
        y[(slice(None), slice(None), *at)] = reduce(x[(slice(None), slice(None), *part)], axis=tuple(range(2, x.ndim)))
    return y


def columns(x: Array, kernel: Sequence[int], stride: Sequence[int], padding: Sequence[int]) -> Array:
    """The windows of images as columns: (N, C * kernel, positions)."""
    seen = windows(x, kernel, stride, padding)
    return np.moveaxis(seen, (2, 3), (4, 5)).reshape(len(x), x.shape[1] * math.prod(kernel), -1)


def folded(x: Array, size: tuple[int, int], kernel: tuple[int, int]) -> Array:
    """Columns of windows with stride 1 added up where they come from."""
    y = np.zeros((len(x), x.shape[1] // math.prod(kernel), *size))
    blocks = x.reshape(len(x), y.shape[1], *kernel, size[0] - kernel[0] + 1, size[1] - kernel[1] + 1)
    for i, j in np.ndindex(*blocks.shape[-2:]):
        y[:, :, i : i + kernel[0], j : j + kernel[1]] += blocks[..., i, j]
    return y


def huber(d: Array, delta: float) -> Array:
    return np.where(abs(d) < delta, 0.5 * d**2, delta * (abs(d) - 0.5 * delta))


def binary(x: Array, t: Array, positives: Any = 1.0) -> Array:
    return -(positives * t * np.log(x) + (1 - t) * np.log(1 - x))


def classes(logs: Array, t: Array, weight: Array, ignored: int = -100) -> Any:
    """The weighted mean of ``-logs[n, t[n]]`` over the targets that count."""
    used = [(weight[c], logs[n, c]) for n, c in enumerate(t) if c != ignored]
    return -sum(w * v for w, v in used) / sum(w for w, _ in used)


def smoothed(x: Array, t: Array, weight: Array, e: float) -> Any:
    """Cross entropy with label smoothing: of (1 - e) times the class and e / C of all."""
    logs = np.log(softmax(x))
    every = (-logs * weight).sum(1) / x.shape[1]
    return (1 - e) * classes(logs, t, weight) + e * every.sum() / weight[t].sum()


# Layers

row(nn.Identity, "Identity()", lambda s, x: x, (2, 3))
row(nn.Flatten, "Flatten(start_dim=1, end_dim=-1)", lambda s, x: x.reshape(2, 6), (2, 3, 2))
row(lambda: nn.Flatten(0, 1), "Flatten(start_dim=0, end_dim=1)", lambda s, x: x.reshape(6, 2), (2, 3, 2))
row(
    lambda: nn.Linear(3, 2),
    "Linear(in_features=3, out_features=2, bias=True)",
    lambda s, x: x @ s["weight"].T + s["bias"],
    (2, 2, 3),
)
row(
    lambda: nn.Linear(3, 2, bias=False), "Linear(in_features=3, out_features=2, bias=False)", lambda s, x: x @ s["weight"].T, (3,)
)
BATCH = "(2, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)"
for kind, shape in ((nn.BatchNorm1d, (4, 2)), (nn.BatchNorm1d, (3, 2, 2)), (nn.BatchNorm2d, (2, 2, 2, 2))):
    every = (0, *range(2, len(shape)))
    row(
        lambda kind=kind: kind(2),
        kind.__name__ + BATCH,
        lambda s, x, axes=every: over(x, axes) * channels(s["weight"], x) + channels(s["bias"], x),
        shape,
    )
    row(lambda kind=kind: kind(2), kind.__name__ + BATCH, running, shape, training=False)
row(
    lambda: nn.BatchNorm1d(2, eps=0.1, affine=False, track_running_stats=False),
    "BatchNorm1d(2, eps=0.1, momentum=0.1, affine=False, track_running_stats=False)",
    lambda s, x: over(x, (0,), 0.1),
    (4, 2),
    training=False,
)
row(
    lambda: nn.LayerNorm((2, 3)),
    "LayerNorm((2, 3), eps=1e-05, elementwise_affine=True)",
    lambda s, x: over(x, (1, 2)) * s["weight"] + s["bias"],
    (2, 2, 3),
)
row(
    lambda: nn.LayerNorm(3, eps=0.1, elementwise_affine=False),
    "LayerNorm((3,), eps=0.1, elementwise_affine=False)",
    lambda s, x: over(x, (1,), 0.1),
    (2, 3),
)
row(lambda: nn.Dropout(0.3), "Dropout(p=0.3, inplace=False)", lambda s, x: x, (2, 3), training=False)
row(lambda: nn.Dropout(0.0), "Dropout(p=0.0, inplace=False)", lambda s, x: x, (2, 3))
row(lambda: nn.Dropout(1.0), "Dropout(p=1.0, inplace=False)", lambda s, x: np.zeros_like(x), (2, 3))
INDICES = np.array([[0, 3, 0], [2, 1, 3]])
row(lambda: nn.Embedding(4, 2), "Embedding(4, 2)", lambda s, i: s["weight"][i], INDICES)
row(
    lambda: nn.Sequential(nn.Linear(2, 2), nn.Tanh()),
    "Sequential(\n  (0): Linear(in_features=2, out_features=2, bias=True)\n  (1): Tanh()\n)",
    lambda s, x: np.tanh(x @ s["0.weight"].T + s["0.bias"]),
    (3, 2),
)
row(
    lambda: nn.Residual(nn.Linear(3, 2), nn.Linear(3, 2, bias=False)),
    "Residual(\n  (body): Linear(in_features=3, out_features=2, bias=True)\n"
    "  (shortcut): Linear(in_features=3, out_features=2, bias=False)\n)",
    lambda s, x: x @ s["body.weight"].T + s["body.bias"] + x @ s["shortcut.weight"].T,
    (4, 3),
)

# Convolutions

row(
    lambda: nn.Conv1d(2, 2, 2, dilation=2, padding=1),
    "Conv1d(2, 2, kernel_size=(2,), stride=(1,), padding=(1,), dilation=(2,))",
    lambda s, x: convolution(s, x, (1,), (1,), (2,)),
    (2, 2, 4),
)
row(
    lambda: nn.Conv1d(1, 2, 3, padding="same", padding_mode="circular", bias=False),
    "Conv1d(1, 2, kernel_size=(3,), stride=(1,), padding='same', bias=False, padding_mode=circular)",
    lambda s, x: convolution(s, np.concatenate([x[..., -1:], x, x[..., :1]], -1), (1,), (0,)),
    (1, 1, 4),
)
row(
    lambda: nn.Conv2d(2, 4, (2, 1), stride=(2, 1), padding=(1, 0), groups=2),
    "Conv2d(2, 4, kernel_size=(2, 1), stride=(2, 1), padding=(1, 0), groups=2)",
    lambda s, x: convolution(s, x, (2, 1), (1, 0), groups=2),
    (1, 2, 3, 2),
)
row(
    lambda: nn.Conv3d(1, 2, (1, 2, 2)),
    "Conv3d(1, 2, kernel_size=(1, 2, 2), stride=(1, 1, 1))",
    lambda s, x: convolution(s, x, (1, 1, 1), (0, 0, 0)),
    (1, 1, 2, 2, 3),
)
for rank, kind in enumerate((nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d), 1):
    one, two = (1,) * rank, (2,) * rank
    row(
        lambda kind=kind: kind(2, 1, 2, stride=2, padding=1, output_padding=1),
        f"{kind.__name__}(2, 1, kernel_size={two}, stride={two}, padding={one}, output_padding={one})",
        lambda s, x, one=one, two=two: transposed(s, x, two, one, one),
        (1, 2, *two[1:], 3),
    )

# Pooling, windows and sizes

for rank, (most, mean) in enumerate(
    ((nn.MaxPool1d, nn.AvgPool1d), (nn.MaxPool2d, nn.AvgPool2d), (nn.MaxPool3d, nn.AvgPool3d)), 1
):
    one, two, size = (1,) * rank, (2,) * rank, (1, 2, *(2,) * (rank - 1), 5)
    row(
        lambda kind=most: kind(2, stride=1, padding=1),
        f"{most.__name__}(kernel_size=2, stride=1, padding=1, dilation=1, ceil_mode=False)",
        lambda s, x, one=one, two=two: over_windows(np.max, x, two, one, one, fill=-np.inf),
        size,
        domain=distinct,
    )
    row(
        lambda kind=mean: kind(2, padding=1),
        f"{mean.__name__}(kernel_size=2, stride=2, padding=1)",
        lambda s, x, one=one, two=two: over_windows(np.mean, x, two, two, one),
        size,
    )
for out, kinds in (((3,), (nn.AdaptiveAvgPool1d, nn.AdaptiveMaxPool1d)), ((2, 3), (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d))):
    for kind, reduce in zip(kinds, (np.mean, np.max), strict=True):
        row(
            lambda kind=kind, out=out: kind(out[0] if len(out) == 1 else out),
            f"{kind.__name__}(output_size={out[0] if len(out) == 1 else out})",
            lambda s, x, out=out, reduce=reduce: adaptive(reduce, x, out),
            (1, 2, *(3,) * (len(out) - 1), 5),
            domain=distinct,
        )
row(
    lambda: nn.Unfold((2, 1), padding=(1, 0), stride=2),
    "Unfold(kernel_size=(2, 1), dilation=1, padding=(1, 0), stride=2)",
    lambda s, x: columns(x, (2, 1), (2, 2), (1, 0)),
    (2, 2, 3, 3),
)
row(
    lambda: nn.Fold((3, 4), (2, 3)),
    "Fold(output_size=(3, 4), kernel_size=(2, 3), dilation=1, padding=0, stride=1)",
    lambda s, x: folded(x, (3, 4), (2, 3)),
    (1, 6, 4),
)
row(
    lambda: nn.Upsample(scale_factor=2),
    "Upsample(scale_factor=2, mode='nearest')",
    lambda s, x: x.repeat(2, 2).repeat(2, 3),
    (1, 2, 2, 3),
)
row(
    lambda: nn.Upsample(3, mode="linear", align_corners=True),
    "Upsample(size=3, mode='linear')",
    lambda s, x: np.stack([x[..., 0], (x[..., 0] + x[..., 1]) / 2, x[..., 1]], -1),
    (1, 2, 2),
)

# Activations

ERF = np.vectorize(math.erf)
SELU = 1.0507009873554805, 1.6732632423543772
row(nn.ReLU, "ReLU()", lambda s, x: np.where(x > 0, x, 0), (2, 3))
row(lambda: nn.LeakyReLU(0.2), "LeakyReLU(negative_slope=0.2)", lambda s, x: np.where(x > 0, x, 0.2 * x), (2, 3))
row(lambda: nn.ELU(1.5), "ELU(alpha=1.5)", lambda s, x: np.where(x > 0, x, 1.5 * (np.exp(x) - 1)), (2, 3))
row(nn.SELU, "SELU()", lambda s, x: SELU[0] * np.where(x > 0, x, SELU[1] * (np.exp(x) - 1)), (2, 3))
row(nn.GELU, "GELU(approximate='none')", lambda s, x: x * 0.5 * (1 + ERF(x / 2**0.5)), (2, 3))
row(
    lambda: nn.GELU("tanh"),
    "GELU(approximate='tanh')",
    lambda s, x: 0.5 * x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3))),
    (2, 3),
)
row(nn.SiLU, "SiLU()", lambda s, x: x * sigmoid(x), (2, 3))
row(
    lambda: nn.Softplus(2.0, 3.0),
    "Softplus(beta=2.0, threshold=3.0)",
    lambda s, x: np.where(2 * x > 3, x, softplus(2 * x) / 2),
    (2, 3),
    domain=lambda rng, size: rng.choice([-2.0, -0.3, 0.4, 2.0], size),
)
row(nn.Mish, "Mish()", lambda s, x: x * np.tanh(softplus(x)), (2, 3))
row(lambda: nn.Hardtanh(-2, 1.0), "Hardtanh(min_val=-2, max_val=1.0)", lambda s, x: np.clip(x, -2, 1), (2, 3), domain=no_whole)
row(nn.LogSigmoid, "LogSigmoid()", lambda s, x: np.log(sigmoid(x)), (2, 3))
row(nn.Sigmoid, "Sigmoid()", lambda s, x: sigmoid(x), (2, 3))
row(nn.Tanh, "Tanh()", lambda s, x: np.tanh(x), (2, 3))
row(lambda: nn.Softmax(1), "Softmax(dim=1)", lambda s, x: softmax(x), (2, 3))
row(lambda: nn.LogSoftmax(0), "LogSoftmax(dim=0)", lambda s, x: np.log(softmax(x, 0)), (2, 3))

# Losses

row(nn.MSELoss, "MSELoss()", lambda s, x, t: ((x - t) ** 2).mean(), (2, 3), (positive, (2, 3)))
row(lambda: nn.MSELoss("sum"), "MSELoss()", lambda s, x, t: ((x - t) ** 2).sum(), (2, 3), (2, 3))
row(nn.L1Loss, "L1Loss()", lambda s, x, t: abs(x - t).mean(), (2, 3), (2, 3))
row(lambda: nn.L1Loss("none"), "L1Loss()", lambda s, x, t: abs(x - t), (2, 3), (2, 3))
row(lambda: nn.SmoothL1Loss(beta=0.5), "SmoothL1Loss()", lambda s, x, t: (huber(x - t, 0.5) / 0.5).mean(), (2, 3), (2, 3))
row(lambda: nn.HuberLoss("sum", 0.7), "HuberLoss()", lambda s, x, t: huber(x - t, 0.7).sum(), (2, 3), (2, 3))
row(nn.BCELoss, "BCELoss()", lambda s, x, t: binary(x, t).mean(), (2, 3), (2, 3), domain=probabilities)
row(
    lambda: nn.BCELoss(gf.ones(3), reduction="sum"),
    "BCELoss()",
    lambda s, x, t: (s["weight"] * binary(x, t)).sum(),
    (2, 3),
    (2, 3),
    domain=probabilities,
)
row(
    lambda: nn.BCEWithLogitsLoss(gf.ones(3), pos_weight=gf.ones(3)),
    "BCEWithLogitsLoss()",
    lambda s, x, t: (s["weight"] * binary(sigmoid(x), t, s["pos_weight"])).mean(),
    (2, 3),
    (probabilities, (2, 3)),
)
TARGETS = np.array([2, 0, 1, 2])
row(
    lambda: nn.CrossEntropyLoss(gf.ones(3), ignore_index=1),
    "CrossEntropyLoss()",
    lambda s, x, t: classes(np.log(softmax(x)), t, s["weight"], 1),
    (4, 3),
    TARGETS,
)
row(
    lambda: nn.CrossEntropyLoss(gf.ones(3), label_smoothing=0.2),
    "CrossEntropyLoss()",
    lambda s, x, t: smoothed(x, t, s["weight"], 0.2),
    (4, 3),
    TARGETS,
)
row(
    nn.CrossEntropyLoss,
    "CrossEntropyLoss()",
    lambda s, x, t: -(t * np.log(softmax(x))).sum() / 2,
    (2, 3),
    (distributions, (2, 3)),
)
row(
    lambda: nn.NLLLoss(gf.ones(3), ignore_index=0),
    "NLLLoss()",
    lambda s, x, t: classes(x, t, s["weight"], 0),
    (4, 3),
    TARGETS,
)
row(
    lambda: nn.KLDivLoss(reduction="batchmean"),
    "KLDivLoss()",
    lambda s, x, t: (t * (np.log(t) - x)).sum() / 2,
    (2, 3),
    (probabilities, (2, 3)),
)
row(
    lambda: nn.KLDivLoss(reduction="sum", log_target=True),
    "KLDivLoss()",
    lambda s, x, t: (np.exp(t) * (t - x)).sum(),
    (2, 3),
    (2, 3),
)
