"""One adapter for each library.

An adapter is a ``Peer`` with a method for each kind of problem that its library can do: ``chain``, ``mlp``, ``residual``,
``optimizer``, ``conv``, ``hvp``, ``hessian``.  Each returns a ``Work``.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np


class Unsupported(Exception):  # noqa: N818 - no error, a reason
    """The library has nothing for this problem."""


@dataclass
class Work:
    """A problem that a library has been set."""

    step: Callable[[], Any]
    """What is timed.  What it returns, if not None, is compared as the step's result."""
    start: Callable[[], Any] = lambda: None
    """Back to where it began; not timed."""
    values: Callable[[], dict[str, Any]] = dict
    """Further arrays to be compared, by name."""


class Peer:
    """What the adapters have in common."""

    lacks: ClassVar[dict[str, str]] = {}
    """Why a kind of problem has no method."""
    asynchronous = False
    """Whether steps are only begun when they return, so that ``wait`` has to be called."""

    def __init__(self, device: str) -> None:
        self.device = device

    def version(self) -> str:
        return np.__version__

    def host(self, result: Any) -> Any:
        """A result as a NumPy array."""
        return np.array(result)

    def wait(self) -> None:
        """Until the device has finished."""

    def device_name(self) -> str | None:
        return None

    def device_memory(self) -> float | None:
        """The most bytes that the library has had on the device for this problem."""
        return None

    def drop(self) -> None:
        """Give the device's memory back."""


@dataclass(frozen=True)
class Entry:
    """A peer as it is chosen and shown: ``module:class``, what must be installed, which groups of problems it joins."""

    label: str
    where: str
    needs: tuple[str, ...] = ()
    devices: tuple[str, ...] = ("cpu",)
    groups: tuple[str, ...] = ("W1", "W2", "W3", "W4", "W5", "W6", "W7")
    options: dict[str, Any] = field(default_factory=dict)
    quick: bool = True  # whether --quick has it without being asked: what starts or compiles for seconds is left out


_BOTH, _CUDA, _W5, _NETS = ("cpu", "cuda"), ("cuda",), ("W5",), ("W2", "W3", "W4", "W6")

PEERS = {
    "gradflow": Entry("gradflow", "gradflow:Gradflow", devices=_BOTH),
    "torch": Entry("PyTorch eager", "pytorch:Torch", ("torch",), _BOTH),
    "torch-foreach": Entry("PyTorch foreach", "pytorch:Torch", ("torch",), _BOTH, _W5, {"foreach": True}, False),
    "torch-fused": Entry("PyTorch fused", "pytorch:Torch", ("torch",), _BOTH, _W5, {"fused": True}, False),
    "torch-compile": Entry("torch.compile", "pytorch_compiled:Compiled", ("torch",), _CUDA, ("W3",)),
    "torch-graph": Entry("PyTorch, CUDA graph", "pytorch_compiled:Graphed", ("torch",), _CUDA, _NETS),
    "hand": Entry("NumPy by hand", "by_hand:ByHandOnNumPy"),
    "cupy": Entry("CuPy by hand", "by_hand:ByHandOnCuda", ("cupy",), _CUDA, ("W2", "W3", "W5", "W7")),
    "autograd": Entry("HIPS autograd", "hips:Hips", ("autograd",), groups=("W1", "W2", "W3", "W4", "W6", "W7")),
    "mygrad": Entry("MyGrad", "my_grad:MyGrad", ("mygrad",), groups=("W1", "W2", "W3", "W4", "W6", "W7")),
    "jax": Entry("JAX jit", "with_jax:Jax", ("jax",), quick=False),
    "floor": Entry("memory floor", "floor:Floor", groups=_W5),
    "floor-cuda": Entry("memory floor", "floor:Floor", ("cupy",), _CUDA, _W5),
}  # fmt: skip
"""In the order of the table.  What comes first is what the others are held against."""


def load(name: str, device: str) -> Peer:
    """Import the library and return its adapter."""
    entry = PEERS[name]
    module, _, cls = entry.where.partition(":")
    made = getattr(importlib.import_module(f".{module}", __package__), cls)(device, **entry.options)
    assert isinstance(made, Peer)
    return made


def installed(name: str, given: tuple[str, ...] = ()) -> bool:
    """Whether what a peer needs can be imported, apart from what is ``given``."""
    return all(needed in given or importlib.util.find_spec(needed) is not None for needed in PEERS[name].needs)
