"""The two libraries behind one spelling, what counts as equal, and which differences are meant."""

from __future__ import annotations

import multiprocessing
import re
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import differences  # tests/differences.py
import numpy as np
import torch
from torch.utils.checkpoint import checkpoint

import gradflow as gf

torch.set_num_threads(1)
warnings.simplefilter("ignore")


def functions(base: Any) -> tuple[Any, Any, Any]:
    """Three functions with derivatives of their own: of one input, of two with two results, of their own result."""

    class Square(base):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return 2 * x * g

    class Pair(base):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            ctx.save_for_backward(x, y)
            return x * y, x.sum()

        @staticmethod
        def backward(ctx: Any, g: Any, h: Any) -> Any:
            x, y = ctx.saved_tensors
            return g * y + h, g * x

    class Exp(base):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (y,) = ctx.saved_tensors
            return g * y

    return Square, Pair, Exp


class Library:
    """A library: its own names, and beside them those that the two spell differently."""

    def __init__(self, name: str, module: Any, run_checkpoint: Callable[..., Any], base: Any) -> None:
        self.name, self.module, self.checkpoint = name, module, run_checkpoint
        self.nn, self.F = module.nn, module.nn.functional
        self.Square, self.Pair, self.Exp = functions(base)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)

    def array(self, tensor: Any) -> Any:
        """The numbers of a tensor."""
        return tensor.numpy(force=True) if self.module is torch else tensor.detach().cpu().numpy()

    def index(self, places: Any) -> Any:
        """A tensor of integers or booleans."""
        return self.module.as_tensor(np.asarray(places))


TORCH = Library("torch", torch, lambda f, *a: checkpoint(f, *a, use_reentrant=False), torch.autograd.Function)
GRADFLOW = Library("gradflow", gf, gf.checkpoint, gf.autograd.Function)
BOTH = (TORCH, GRADFLOW)
CURRENT = multiprocessing.RawArray("c", 16)  # the name of the library that is at work, for who started this process

gf.set_default_dtype(gf.float64)
torch.set_default_dtype(torch.float64)


def same(a: Any, b: Any, rtol: float = 1e-7, atol: float = 1e-9) -> bool:
    """Equal shapes, and equal numbers but for rounding."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        return False
    with np.errstate(all="ignore"):
        return bool(np.allclose(a, b, rtol=rtol, atol=atol, equal_nan=True))


def shown(array: Any) -> str:
    """Numbers in a line of a report."""
    return "None" if array is None else " ".join(np.array2string(np.asarray(array), threshold=12, precision=6).split())


class DisagreementError(Exception):
    """What the two libraries do not agree in: its kind ("value", "gradient", "refused by torch", ...), where, and how."""

    def __init__(self, kind: str, where: str, how: str, refusal: str = "") -> None:
        super().__init__(kind, where, how)
        self.kind, self.where, self.how, self.refusal = kind, where, how, refusal

    def __str__(self) -> str:
        return f"{self.kind} at {self.where}: {self.how}"


def refused(by: Library, where: str, error: BaseException) -> DisagreementError:
    """One library raises and the other does not."""
    return DisagreementError(f"refused by {by.name}", where, f"{type(error).__name__}: {str(error)[:240]}", str(error))


def both(call: Callable[[Library], Any], where: str, order: tuple[Library, ...] = BOTH) -> dict[Library, Any] | None:
    """What each library gives; None if both refuse; DisagreementError if one does."""
    results: dict[Library, Any] = {}
    errors: dict[Library, Exception] = {}
    for L in order:
        CURRENT.value = L.name.encode()
        try:
            results[L] = call(L)
        except Exception as error:
            errors[L] = error
    if len(errors) == 1:
        ((by, refusal),) = errors.items()
        raise refused(by, where, refusal)
    return None if errors else results


def meant(found: DisagreementError, met: Iterable[str]) -> differences.Difference | None:
    """The row of tests/differences that explains a disagreement, if there is one.

    A refusal is known by its words, anything else by what the program did: ``met`` names rows whose case it met.
    """
    for row in differences.DIFFERENCES:
        expected = {"refused by torch": row.torch, "refused by gradflow": row.gradflow}.get(found.kind)
        if isinstance(expected, differences.Refused) and re.search(expected.words, found.refusal):
            return row
        if row.name in met and found.kind in row.shows:
            return row
    return None
