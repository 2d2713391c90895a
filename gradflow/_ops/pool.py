"""Pooling over windows, for any number of spatial dimensions.

The largest element is picked where it was found: ``pool_put`` puts a number back there, and ``pool_pick`` takes one from there;
the two are each other's gradients.  Of several that are equally large the first counts, as in PyTorch.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from .._engine import linear, primitive, wide
from ..backend import cpu, namespace_of
from ..backend._convolution import Form
from ..errors import ArgumentError, DTypeError, ShapeError
from ..typing import Array, Namespace, Shape, Tensor
from .convolve import batched, each, extent, setting, unbatched
from .elementwise import mul
from .extremes import argmax
from .index import getitem
from .picking import take_along_dim
from .resample import averages, edges, resampled
from .shape import permute, reshape


@primitive(lambda xp, g, x, y, kernel, form: xp.pool_put(g, x, y, kernel, form))
def pool_max(xp: Namespace, x: Array, kernel: Shape, size: Shape, form: Form) -> Array:
    """The largest element of each window: (N, C, ...) gives (N, C, *size)."""
    return xp.pool_max(x, kernel, size, form)


@linear(lambda xp, g, given, most, kernel, form: xp.pool_pick(g, given, most, kernel, form), given=None, most=None)
def pool_put(xp: Namespace, x: Array, given: Array, most: Array, kernel: Shape, form: Form) -> Array:
    """``x`` (N, C, *windows) put where each window of ``given`` has its largest element, held in ``most``; zeros elsewhere."""
    return xp.pool_put(x, given, most, kernel, form)


@linear(lambda xp, g, given, most, kernel, form: xp.pool_put(g, given, most, kernel, form), given=None, most=None)
def pool_pick(xp: Namespace, x: Array, given: Array, most: Array, kernel: Shape, form: Form) -> Array:
    """The adjoint of ``pool_put``: the elements of ``x`` from those places."""
    return xp.pool_pick(x, given, most, kernel, form)


@primitive(None, most=None)
def pool_indices(xp: Namespace, x: Array, most: Array, kernel: Shape, form: Form) -> Array:
    """Those places, counted through the spatial dimensions of ``x``: int64."""
    return xp.pool_indices(x, most, kernel, form)


@linear(lambda xp, g, _x, kernel, form: xp.pool_spread(g, kernel, _x.shape[2:], form))
def pool_sum(xp: Namespace, x: Array, kernel: Shape, size: Shape, form: Form) -> Array:
    """The sum of each window: (N, C, ...) gives (N, C, *size)."""
    return xp.pool_sum(x, kernel, size, form)


@linear(lambda xp, g, _x, kernel, form: xp.pool_sum(g, kernel, _x.shape[2:], form))
def pool_spread(xp: Namespace, x: Array, kernel: Shape, size: Shape, form: Form) -> Array:
    """The adjoint of ``pool_sum``: each element added to all of its window in (N, C, *size)."""
    return xp.pool_spread(x, kernel, size, form)


# --- arguments ------------------------------------------------------------------------------------------------------------


@lru_cache(256)
def _window(
    sizes: Shape, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, name: str
) -> tuple[Shape, Shape, Form]:
    """The kernel, the number of windows and where they lie."""
    rank = len(sizes)
    kernel = each(kernel, rank, 1, name, "kernel_size")
    stride = kernel if stride is None else each(stride, rank, 1, name, "stride")
    low, dilation = each(padding, rank, 0, name, "padding"), each(dilation, rank, 1, name, "dilation")
    if any(p > r // 2 for p, r in zip(low, extent(kernel, dilation), strict=True)):
        raise ArgumentError(f"{name}: padding {low} is more than half of the kernel {kernel} with dilation {dilation}")
    size = []
    for n, r, s, p in zip(sizes, extent(kernel, dilation), stride, low, strict=True):
        room = n + 2 * p - r
        count = (-(-room // s) if ceil_mode else room // s) + 1
        if ceil_mode and (count - 1) * s >= n + p:  # the last window begins inside of the input or the padding before it
            count -= 1
        size.append(count)
    if min(size) < 1:
        raise ShapeError(
            f"{name}: a kernel {kernel} with dilation {dilation} does not fit into an input of sizes {sizes} with padding {low}; "
            "pad more, or take a smaller kernel"
        )
    return kernel, tuple(size), Form(stride, low, dilation)


def _ordered(x: Any, name: str) -> None:
    if x.dtype.kind not in "iuf":
        raise DTypeError(f"{name}: compares real numbers, not {x.dtype}")


def _floats(x: Any, name: str) -> None:
    if x.dtype.kind not in "fc":
        raise DTypeError(f"{name}: averages floats, not {x.dtype}; convert with .float()")


def max_pool(
    x: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, return_indices: bool, rank: int
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest element of each window, and with ``return_indices`` where in the flattened sizes it was."""
    name = f"max_pool{rank}d"
    x, single = batched(x, rank, name)
    _ordered(x, name)
    settings = setting(kernel_size), setting(stride), setting(padding), setting(dilation)
    kernel, size, form = _window(tuple(x.shape[2:]), *settings, ceil_mode, name)
    y = pool_max(x, kernel, size, form)
    if not return_indices:
        return unbatched(y, single)
    return unbatched(y, single), unbatched(pool_indices(x, y, kernel, form), single)


@wide
def avg_pool(
    x: Array, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool,
    divisor_override: int | None, rank: int,
) -> Tensor:  # fmt: skip
    """The mean of each window; ``count_include_pad``: the zeros around the input count as elements."""
    name = f"avg_pool{rank}d"
    x, single = batched(x, rank, name)
    _floats(x, name)
    settings = setting(kernel_size), setting(stride), setting(padding), 1
    kernel, size, form = _window(tuple(x.shape[2:]), *settings, ceil_mode, name)
    total = pool_sum(x, kernel, size, form)
    if divisor_override is not None:
        if isinstance(divisor_override, bool) or not hasattr(divisor_override, "__index__") or divisor_override == 0:
            raise ArgumentError(f"{name}: divisor_override is a whole number other than 0, not {divisor_override!r}")
        return unbatched(mul(total, 1 / divisor_override), single)
    counts = [
        [_count(i * s - p, k, n, p if count_include_pad else 0) for i in range(o)]
        for k, o, s, p, n in zip(kernel, size, form.stride, form.low, x.shape[2:], strict=True)
    ]
    if all(len(set(c)) == 1 for c in counts):
        return unbatched(mul(total, 1 / math.prod(c[0] for c in counts)), single)
    for i, c in enumerate(counts):
        shares = cpu.array([1 / n for n in c]).reshape((-1,) + (1,) * (rank - 1 - i))
        total = mul(total, _like(total, shares))
    return unbatched(total, single)


def _count(start: int, kernel: int, n: int, padding: int) -> int:
    """How many elements of a window count: those in the input, and in the padding if that counts."""
    return max(min(start + kernel, n + padding) - max(start, -padding), 1)


def _like(x: Any, numbers: Any) -> Any:
    """Numbers from the host, of the dtype and on the device of ``x``."""
    xp = namespace_of(x.array)
    return xp.astype(xp.asarray(numbers), x.dtype)


def _adaptive(x: Any, output_size: Any, rank: int, name: str) -> tuple[Any, bool, Shape]:
    x, single = batched(x, rank, name)
    wanted = tuple(output_size) if isinstance(output_size, tuple | list) else (output_size,) * rank
    if len(wanted) == rank:
        wanted = tuple(n if w is None else w for w, n in zip(wanted, x.shape[2:], strict=True))
    size = each(wanted, rank, 1, name, "output_size")
    if 0 in x.shape[2:]:
        raise ShapeError(f"{name}: there is nothing to pool in shape {tuple(x.shape)}")
    return x, single, size


def _even(sizes: Shape, size: Shape) -> Shape | None:
    """The kernel of windows that share out the sizes evenly, if they can."""
    if any(n % o for n, o in zip(sizes, size, strict=True)):
        return None
    return tuple(n // o for n, o in zip(sizes, size, strict=True))


def adaptive_avg_pool(x: Array, output_size: Any, rank: int) -> Tensor:
    """The means of ``output_size`` windows that share out the input; window i is [floor(i n / o), ceil((i + 1) n / o))."""
    name = f"adaptive_avg_pool{rank}d"
    x, single, size = _adaptive(x, output_size, rank, name)
    _floats(x, name)
    kernel = _even(x.shape[2:], size)
    if kernel is None:
        return unbatched(resampled(x, size, lambda i: averages(x.shape[i + 2], size[i])), single)
    y = pool_sum(x, kernel, size, Form(kernel, (0,) * rank, (1,) * rank))
    return unbatched(mul(y, 1 / math.prod(kernel)), single)


def adaptive_max_pool(x: Array, output_size: Any, return_indices: bool, rank: int) -> Tensor | tuple[Tensor, Tensor]:
    """The largest elements of the same windows."""
    name = f"adaptive_max_pool{rank}d"
    x, single, size = _adaptive(x, output_size, rank, name)
    _ordered(x, name)
    kernel = _even(x.shape[2:], size)
    if kernel is not None:
        form = Form(kernel, (0,) * rank, (1,) * rank)
        y = pool_max(x, kernel, size, form)
        where: Any = pool_indices(x, y, kernel, form) if return_indices else None
    else:
        y, where = _uneven_max(x, size)
    return (unbatched(y, single), unbatched(where, single)) if return_indices else unbatched(y, single)


def _uneven_max(x: Any, size: Shape) -> tuple[Any, Any]:
    """Each window laid out with its last element repeated, so that all are of one size."""
    rank, places = len(size), []
    for n, o in zip(x.shape[2:], size, strict=True):
        spans = edges(n, o)
        most = max(stop - start for start, stop in spans)
        places.append(cpu.array([[min(start + t, stop - 1) for t in range(most)] for start, stop in spans]))
    windows, flat = x, cpu.zeros((1,), "int64")
    for i, index in enumerate(places):
        windows = getitem(windows, (slice(None),) * (2 + 2 * i) + (index,))
        flat = flat[..., None, None] * x.shape[2 + i] + index
    order = (*range(0, 2 * rank, 2), *range(1, 2 * rank, 2))
    count = math.prod(index.shape[1] for index in places)
    windows = permute(windows, (0, 1, *(2 + d for d in order)))
    windows = reshape(windows, (*x.shape[:2], *size, count))
    flat = flat[0].transpose(order).reshape(*size, count)
    best = argmax(windows, -1, True)
    xp = namespace_of(best.array)
    where = take_along_dim(xp.broadcast_to(xp.asarray(flat), windows.shape), best, -1)
    y = take_along_dim(windows, best, -1)
    return reshape(y, y.shape[:-1]), reshape(where, where.shape[:-1])
