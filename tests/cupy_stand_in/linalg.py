"""``cupy.linalg``: no LinAlgError unless ``cupyx.errstate(linalg="raise")`` asks for one, and then a wait to find out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.linalg import LinAlgError

from .array import Host, ndarray, shown
from .record import launches, wait
from .snapshot import API, bound

FUNCTIONS: dict[str, Callable[..., Any]] = {}


class _Config(threading.local):
    linalg = "ignore"


_config = _Config()


@contextmanager
def errstate(
    *, divide: Any = None, over: Any = None, under: Any = None, invalid: Any = None, linalg: Any = None
) -> Iterator[None]:  # fmt: skip
    if any(v is not None for v in (divide, over, under, invalid)) or linalg not in (None, "ignore", "raise"):
        raise NotImplementedError
    before, _config.linalg = _config.linalg, linalg or _config.linalg
    try:
        yield
    finally:
        _config.linalg = before


def _stacked_square(*arrays: Any) -> None:
    for a in arrays:
        if not isinstance(a, ndarray):
            raise LinAlgError("cupy.linalg only supports cupy.ndarray")
        if a.ndim < 2:
            raise LinAlgError(f"{a.ndim}-dimensional array given. Array must be at least two-dimensional")
        if a.shape[-1] != a.shape[-2]:
            raise LinAlgError("Last 2 dimensions of the array must be square")


def _factorised(numpys: Any, a: Host, *others: Host) -> Host:
    """What NumPy finds; NaN where it fails, and an error only where the caller wants to wait for one."""
    if any(v.dtype.char == "e" for v in (a, *others)):
        raise TypeError("float16 is unsupported in linalg")
    launches.append("cusolver")
    if _config.linalg == "raise":
        wait("linalg with errstate(linalg='raise')")
    try:
        found: Host = numpys(a, *others)
    except LinAlgError:
        if _config.linalg == "raise":
            raise LinAlgError(f"Error reported by {numpys.__name__} in cuSOLVER. devInfo = [1].") from None
        like = np.result_type(a, *others, np.float32)
        found = np.full(others[0].shape if others else a.shape, np.nan, like)
    return found


def public(definition: Callable[..., Any]) -> None:
    name = definition.__name__

    def call(*args: Any, **kwargs: Any) -> Any:
        with np.errstate(all="ignore"):
            return definition(**bound(API["cupy.linalg"]["functions"][name], name, args, kwargs))

    call.__name__ = name
    FUNCTIONS[name] = call


@public
def inv(a: Any) -> ndarray:
    _stacked_square(a)
    return shown(_factorised(np.linalg.inv, a._a))


@public
def solve(a: Any, b: Any) -> ndarray:
    _stacked_square(a)
    if not isinstance(b, ndarray):
        raise LinAlgError("cupy.linalg only supports cupy.ndarray")
    if b.ndim == 0:
        raise ValueError("b must have at least one dimension")
    if b.ndim == 1:
        if a.shape[-1] != b.size:
            raise ValueError("a must have (..., M, M) shape and b must have (M,) for one-dimensional b")
        return shown(_factorised(np.linalg.solve, a._a, b._a))
    if a.shape[:-1] != b.shape[:-1]:  # the dimensions in front are not broadcast, as NumPy would do
        raise ValueError("a must have (..., M, M) shape and b must have (..., M, K) for multidimensional b")
    return shown(_factorised(np.linalg.solve, a._a, b._a))


@public
def cholesky(a: Any) -> ndarray:
    _stacked_square(a)
    return shown(_factorised(np.linalg.cholesky, a._a))


@public
def slogdet(a: Any) -> tuple[ndarray, ndarray]:
    _stacked_square(a)
    if a.dtype.char == "e":
        raise TypeError("float16 is unsupported in linalg")
    launches.append("cusolver")
    if _config.linalg == "raise":
        wait("linalg with errstate(linalg='raise')")
    sign, logarithm = np.linalg.slogdet(a._a)
    return shown(sign), shown(logarithm)


@public
def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True) -> tuple[ndarray, ndarray, ndarray]:
    if not isinstance(a, ndarray) or not compute_uv:
        raise NotImplementedError
    if a.dtype.char == "e":
        raise TypeError("float16 is unsupported in linalg")
    launches.append("cusolver")
    if _config.linalg == "raise":
        wait("linalg with errstate(linalg='raise')")
    u, s, vh = np.linalg.svd(a._a, full_matrices)
    return shown(u), shown(s), shown(vh)


@public
def det(a: Any) -> ndarray:
    sign, logarithm = FUNCTIONS["slogdet"](a)
    return sign * shown(np.exp(logarithm._a))


@public
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> ndarray:
    if not isinstance(x, ndarray):
        raise TypeError(f"Unsupported type {type(x)}")
    if ord in ("nuc", 2, -2) and (x.ndim == 2 or isinstance(axis, tuple)):
        raise NotImplementedError("the stand-in has no norms made of singular values")
    launches.append("cupy_norm")
    return shown(np.linalg.norm(x._a, ord, axis, keepdims))
