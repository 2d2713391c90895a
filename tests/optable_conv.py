"""The rows of convolution, pooling and resampling; importing this file adds them to the table."""

from __future__ import annotations

from typing import Any

import numpy as np
from optable import Shapes, distinct, row

import gradflow as gf
import gradflow.nn.functional as F
from gradflow._ops import convolve, pool, resample
from gradflow.backend._convolution import Form

# Convolution: the three operations that are each other's gradients, then the functions over them

PLAIN = Form((1,), (0,), (1,))
UNEVEN = Form((2, 1), (1, 0), (1, 2), 2)
row(
    convolve.conv,
    ((2, 2, 4), (3, 2, 2), (3,)),
    ((0, 2, 4), (3, 2, 2), (3,)),
    ((2, 2, 4), (3, 2, 2)),
    call=lambda x, w, *b: convolve.conv(x, w, (3,), PLAIN, *b),
    complex=True,
)
row(convolve.conv, ((1, 2, 3, 4), (4, 1, 2, 2), (4,)), call=lambda x, w, b: convolve.conv(x, w, (2, 2), UNEVEN, b), complex=True)
row(convolve.conv_input, ((2, 3, 3), (3, 2, 2)), call=lambda x, w: convolve.conv_input(x, w, (4,), PLAIN), complex=True)
row(convolve.conv_input, ((1, 2, 2, 2), (2, 1, 2, 2)), call=lambda x, w: convolve.conv_input(x, w, (3, 4), UNEVEN))
row(convolve.conv_weight, ((2, 2, 4), (2, 3, 3)), call=lambda a, b: convolve.conv_weight(a, b, (2,), PLAIN), complex=True)
row(convolve.conv_weight, ((1, 2, 3, 4), (1, 4, 2, 2)), call=lambda a, b: convolve.conv_weight(a, b, (2, 2), UNEVEN))
row(convolve.patches, (1, 2, 3, 4), call=lambda x: convolve.patches(x, (2, 2), (2, 2), UNEVEN._replace(groups=1)), complex=True)
row(convolve.patches, (0, 1, 3), call=lambda x: convolve.patches(x, (2,), (2,), PLAIN))
row(convolve.fold, (1, 2, 2, 2, 2, 2), call=lambda x: convolve.fold(x, (2, 2), (3, 4), UNEVEN._replace(groups=1)), complex=True)

row(F.conv1d, ((2, 2, 4), (2, 2, 3), (2,)), ((2, 4), (2, 2, 3), (2,)), kw=[{}, {"stride": 2, "padding": 1}])
row(F.conv1d, ((1, 2, 5), (2, 2, 2)), kw=[{"padding": "same", "dilation": 2}, {"padding": "valid"}])
KINDS: list[tuple[Shapes, dict[str, Any]]] = [
    (((2, 2, 3, 3), (2, 2, 2, 2), (2,)), {}),
    (((1, 1, 4, 3), (2, 1, 2, 3), (2,)), {"stride": (2, 1), "padding": (0, 1)}),
    (((1, 2, 3, 3), (4, 1, 2, 2)), {"groups": 2, "padding": "same"}),
    (((1, 4, 2, 2), (2, 2, 1, 1), (2,)), {"groups": 2}),
    (((2, 2, 2, 2), (2, 2, 1, 1)), {"stride": 2, "padding": 1}),
    (((2, 3, 3), (1, 2, 2, 2)), {"dilation": 2, "padding": 1}),
]
for sizes, settings in KINDS:
    row(F.conv2d, sizes, kw=[settings])
row(F.conv3d, ((1, 1, 2, 3, 2), (2, 1, 2, 2, 1), (2,)), kw=[{"padding": (0, 1, 0)}])
row(F.conv_transpose1d, ((2, 2, 3), (2, 1, 2), (1,)), ((2, 3), (2, 1, 2)), kw=[{}, {"stride": 2, "output_padding": 1}])
row(F.conv_transpose2d, ((1, 2, 2, 2), (2, 2, 2, 2), (2,)), kw=[{}, {"stride": 2, "padding": 1}, {"dilation": 2}])
row(F.conv_transpose2d, ((1, 2, 2, 2), (2, 1, 2, 3), (2,)), kw=[{"groups": 2, "stride": (1, 2), "output_padding": (0, 1)}])
row(F.conv_transpose3d, ((1, 1, 2, 2, 1), (1, 2, 2, 1, 2), (2,)))
row(F.unfold, (1, 2, 3, 3), (2, 3, 3), kw=[{"kernel_size": 2}, {"kernel_size": (2, 1), "stride": 2, "padding": (1, 0)}])
row(F.fold, (1, 4, 4), (4, 4), kw=[{"output_size": 3, "kernel_size": 2}, {"output_size": (4, 4), "kernel_size": 2, "stride": 2}])

# Pooling

WINDOWS: list[dict[str, Any]] = [
    {"kernel_size": 2},
    {"kernel_size": (2, 3), "stride": 1},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": 2, "stride": 3, "ceil_mode": True},
]
row(F.max_pool2d, (1, 2, 4, 4), (2, 4, 5), domain=distinct, kw=[*WINDOWS, {"kernel_size": 2, "stride": 1, "dilation": 2}])
row(F.max_pool2d, (1, 2, 4, 4), domain=distinct, kw=[{"kernel_size": 2, "return_indices": True}])
row(F.max_pool2d, (0, 2, 4, 4), kw=[{"kernel_size": 2}])
row(F.max_pool1d, (2, 2, 4), (1, 5), domain=distinct, kw=[{"kernel_size": 2}, {"kernel_size": 3, "stride": 1}])
row(F.max_pool3d, (1, 1, 2, 3, 2), domain=distinct, kw=[{"kernel_size": 2}])
row(F.avg_pool2d, (1, 2, 4, 4), (2, 4, 5), kw=[*WINDOWS, {**WINDOWS[2], "count_include_pad": False}], complex=True)
row(F.avg_pool2d, (1, 1, 4, 4), kw=[{"kernel_size": 2, "divisor_override": 3}])
row(F.avg_pool1d, (2, 2, 4), (1, 5), (0, 1, 4), kw=[{"kernel_size": 2}, {"kernel_size": 3, "stride": 1, "padding": 1}])
row(F.avg_pool3d, (1, 1, 2, 3, 2), kw=[{"kernel_size": 2}])
row(F.adaptive_avg_pool1d, (2, 2, 5), (2, 6), kw=[{"output_size": 3}])
row(F.adaptive_avg_pool2d, (1, 2, 4, 5), kw=[{"output_size": (2, 3)}, {"output_size": 1}, {"output_size": (None, 2)}])
row(F.adaptive_max_pool1d, (2, 2, 5), (2, 6), domain=distinct, kw=[{"output_size": 3}])
row(F.adaptive_max_pool2d, (1, 2, 4, 5), domain=distinct, kw=[{"output_size": (2, 3)}, {"output_size": (2, 5)}])

GIVEN = np.arange(8.0).reshape(1, 2, 4)
MOST, TWO = GIVEN[..., 1::2].copy(), Form((2,), (0,), (1,))
row(pool.pool_put, (1, 2, 2), call=lambda x: pool.pool_put(x, gf.tensor(GIVEN), gf.tensor(MOST), (2,), TWO))
row(pool.pool_pick, (1, 2, 4), call=lambda x: pool.pool_pick(x, gf.tensor(GIVEN), gf.tensor(MOST), (2,), TWO))
row(pool.pool_indices, (1, 2, 4), call=lambda x: pool.pool_indices(x, F.max_pool1d(x, 2).detach(), (2,), TWO), smooth=False)
row(pool.pool_spread, (1, 2, 2), call=lambda x: pool.pool_spread(x, (3,), (4,), Form((2,), (1,), (1,))), complex=True)

# Resampling

INDEX, SHARES = np.array([[0, 1, 3], [1, 2, 3]]), np.array([[0.5, 0.2, 1.0], [0.5, 0.8, 0.0]])
row(resample.blend, (2, 4), call=lambda x: resample.blend(x, 1, INDEX, SHARES), complex=True)
row(resample.blend, (4, 2), call=lambda x: resample.blend(x, 0, INDEX[:1], None))
row(resample.unblend, (2, 3), call=lambda x: resample.unblend(x, 1, INDEX, SHARES, 4), complex=True)
row(resample.unblend, (3, 2), call=lambda x: resample.unblend(x, 0, INDEX[:1], None, 5))
row(F.interpolate, (1, 2, 3), kw=[{"size": 5}, {"scale_factor": 1.5, "mode": "linear"}, {"size": 2, "mode": "area"}])
row(F.interpolate, (1, 1, 3, 2), kw=[{"scale_factor": 2, "mode": m} for m in ("nearest", "nearest-exact", "bilinear", "bicubic")])
row(F.interpolate, (1, 1, 3, 2), kw=[{"size": (2, 4), "mode": "bilinear", "align_corners": True}, {"size": (3, 2)}])
row(F.interpolate, (1, 1, 2, 2, 2), kw=[{"size": 3, "mode": "trilinear"}])
row(F.interpolate, (0, 1, 3), kw=[{"size": 5, "mode": "linear"}])
