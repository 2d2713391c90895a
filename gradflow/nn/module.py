"""Module: named tensors in a tree, and what is computed from them, spelled as in PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from .. import backend
from .._creation import as_tensor
from .._engine import wrap, writes
from .._recorded import zero_grads
from .._tensor import Tensor
from ..backend import device as Device
from ..backend import dtypes
from ..errors import ArgumentError, DTypeError
from ..typing import Array, DeviceLike, DType
from ._hooks import Hooked
from .parameter import Parameter

if TYPE_CHECKING:
    from ._summary import Summary

__all__ = ["LoadedKeys", "Module", "Parameter"]

M = TypeVar("M", bound="Module")


class LoadedKeys(NamedTuple):
    """What ``load_state_dict`` found different: names it looked for in vain, and names it had no use for."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module(Hooked):
    """A part of a model: parameters, buffers and further modules, found by the names they are assigned to.

    A subclass calls ``super().__init__()``, assigns its parts, and says in ``forward`` what it computes.

    >>> import gradflow as gf
    >>> class Scale(gf.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.factor = gf.nn.Parameter(gf.tensor(2.0))
    ...     def forward(self, x):
    ...         return self.factor * x
    >>> Scale()(gf.ones(2)).detach()
    tensor([2., 2.])
    >>> [name for name, _ in Scale().named_parameters()]
    ['factor']
    """

    training: bool

    def __init__(self) -> None:
        put = super().__setattr__
        put("training", True)
        put("_parameters", {})
        put("_buffers", {})
        put("_modules", {})
        put("_transient", set())
        put("_hooks", {})

    # --- states -----------------------------------------------------------------------------------------------------------

    def train(self: M, mode: bool = True) -> M:
        """Switch this module and those in it to training (or, ``mode=False``, to evaluation); returns the module."""
        if not isinstance(mode, bool):
            raise ArgumentError(f"train: mode is True or False, not {mode!r}")
        for m in self.modules():
            m.training = mode
        return self

    def eval(self: M) -> M:
        """``train(False)``: dropout passes everything on, batch normalisation uses its running statistics."""
        return self.train(False)

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
        """Ask for gradients of all parameters, or stop asking (to freeze a part of a model)."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Make the gradients of all parameters None, so that the next backward writes them anew.

        The memory of a gradient is kept for the next one, unless something still shows it: a gradient that you hold is never
        overwritten.  With ``set_to_none=False`` zeros are written into the gradients that are there, and whatever shows one
        shows zeros.
        """
        zero_grads(self.parameters(), set_to_none)

    def apply(self: M, fn: Callable[[Module], object]) -> M:
        """Call ``fn`` on every module, the parts before the whole; returns the module.  For initialisation, as a rule."""
        for m in self.children():
            m.apply(fn)
        fn(self)
        return self

    def to(self: M, *where: Tensor | DType | Device, dtype: DType = None, device: DeviceLike = None) -> M:
        """Move to a device and cast to a dtype, as in ``to("cuda")``, ``to(gf.float64)``, ``to(tensor)``; in place.

        The dtype is for floating parameters and buffers, integers stay.  Parameters and buffers remain the same Tensor
        objects, so an optimizer made before serves them on.  DTypeError for a dtype without gradients, DeviceError for a
        device that is not there; then nothing has changed.

        >>> import gradflow as gf
        >>> gf.nn.Linear(2, 1).to(gf.float64).weight.dtype
        dtype('float64')
        """
        for what in where:
            if isinstance(what, Tensor):
                dtype, device = what.dtype, what.device
            elif what is not None:
                device, dtype = backend.meant_by(what, device, dtype)
        wanted = None if dtype is None else dtypes.as_dtype(dtype)
        if wanted is not None and wanted.kind not in "fc":
            raise DTypeError(f"Module.to: parameters are floats, not {wanted}")

        def moved(t: Tensor) -> Array:
            return t.detach().to(dtype=wanted if t.dtype.kind in "fc" else None, device=device).array

        held = {id(t): t for m in self.modules() for t in (*m._parameters.values(), *m._buffers.values()) if t is not None}
        changes = []
        for t in held.values():
            grad = t.grad if t.is_leaf else None
            changes.append((t, moved(t), None if grad is None else moved(grad)))
        for t, data, g in changes:
            if data is not t.array:
                _replace(t, data, g)
        return self

    def float(self: M) -> M:
        """``to(float32)``."""
        return self.to(dtype=dtypes.float32)

    def double(self: M) -> M:
        """``to(float64)``."""
        return self.to(dtype=dtypes.float64)

    def half(self: M) -> M:
        """``to(float16)``."""
        return self.to(dtype=dtypes.float16)

    def cpu(self: M) -> M:
        """``to("cpu")``."""
        return self.to(device="cpu")

    def cuda(self: M, index: int | None = None) -> M:
        """``to("cuda")``, or the GPU of that number."""
        return self.to(device=Device("cuda", index))

    # --- saving -----------------------------------------------------------------------------------------------------------

    def state_dict(self, *, prefix: str = "", keep_vars: bool = False) -> dict[str, Tensor]:
        """All parameters and persistent buffers by their full names, detached but sharing memory.

        >>> import gradflow as gf
        >>> list(gf.nn.Sequential(gf.nn.Linear(2, 1)).state_dict())
        ['0.weight', '0.bias']
        """
        return {name: t if keep_vars else t.detach() for name, t in self._lasting(prefix)}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> LoadedKeys:
        """Copy ``state_dict`` (Tensors or arrays by full name) into the memory of the parameters and buffers.

        ``strict``: the names must be just those of ``state_dict()``; without it those that fit are loaded.  Returns the
        missing and the unexpected names.  ArgumentError that lists every wrong name and shape; then nothing is loaded.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"load_state_dict takes a dict of names and tensors, not {type(state_dict).__name__}")
        own = dict(self._lasting(""))
        keys = LoadedKeys([n for n in own if n not in state_dict], [n for n in state_dict if n not in own])
        problems = []
        if strict:
            problems += [f"missing: {', '.join(keys.missing_keys)}"] if keys.missing_keys else []
            problems += [f"unexpected: {', '.join(keys.unexpected_keys)}"] if keys.unexpected_keys else []
        loads: list[tuple[Tensor, Array]] = []
        for name, t in own.items():
            if name not in state_dict:
                continue
            try:
                value = as_tensor(state_dict[name]).detach()
            except (TypeError, ValueError) as problem:
                problems.append(f"{name}: {problem}")
                continue
            if value.shape != t.shape:
                problems.append(f"{name}: shape {value.shape} given, {t.shape} here")
            elif value.dtype.kind == "c" and t.dtype.kind != "c":
                problems.append(f"{name}: {value.dtype} given, {t.dtype} here")
            elif not problems:
                loads.append((t, value.to(device=t.device).array))
        if problems:
            raise ArgumentError(
                f"load_state_dict: this does not fit {type(self).__name__}, nothing was loaded\n  " + "\n  ".join(problems)
            )
        for t, array in loads:
            t.array[...] = array
            writes.written(t.array)
        return keys

    def _lasting(self, prefix: str) -> Iterator[tuple[str, Tensor]]:
        """The parameters and persistent buffers by full name; one that has several names comes under each."""
        for path, m in self.named_modules(prefix=prefix.removesuffix("."), remove_duplicate=False):
            path += "." if path else ""
            for name, t in (*m._parameters.items(), *m._buffers.items()):
                if t is not None and name not in m._transient:
                    yield path + name, t

    def summary(self, *example: Any) -> Summary:
        """A table of all modules in this one: what each makes of ``example``, and its parameters; print it.

        example: what the module is called with; without one there are no shapes.  The call is made in evaluation mode, records
        nothing, and leaves running statistics and random numbers as they were.

        >>> import gradflow as gf
        >>> net = gf.nn.Sequential(gf.nn.Linear(4, 8), gf.nn.ReLU(), gf.nn.Linear(8, 3))
        >>> net.summary(gf.ones(2, 4))
        module         output shape    parameters
        -----------------------------------------
        Sequential     (2, 3)                  67
          0: Linear    (2, 8)                  40
          1: ReLU      (2, 8)
          2: Linear    (2, 3)                  27
        -----------------------------------------
        67 parameters, 67 of them trained, 268 bytes
        """
        from ._summary import summarize

        return summarize(self, example)

    # --- printing ---------------------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What stands in the brackets of ``repr``; layers name their sizes."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        parts = [f"({name}): " + repr(m).replace("\n", "\n  ") for name, m in self._modules.items()]
        if not parts and len(lines) <= 1:
            return f"{type(self).__name__}({extra})"
        return f"{type(self).__name__}(\n  " + "\n  ".join([*lines, *parts]) + "\n)"

    def __dir__(self) -> Iterable[str]:
        return sorted({*super().__dir__(), *self._parameters, *self._buffers, *self._modules})


def _replace(t: Tensor, data: Array, grad: Array | None) -> None:
    """Give ``t`` other memory (and dtype) while it stays the same object, leaf and all."""
    t.array = data
    if not t.is_leaf:
        t.detach_()
    if t.is_leaf and (grad is not None or t.grad is not None):
        t.grad = None if grad is None else wrap(grad)
