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
    """What ``load_state_dict`` found different: names it looked for in vain, and names it had no use for.

    Parameters
    ----------
    missing_keys : list of str
        Names of parameters and buffers that were not in the dict.
    unexpected_keys : list of str
        Names in the dict that no parameter or buffer has.
    """

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module(Hooked):
    """A part of a model: parameters, buffers and further modules, found by the names they are assigned to.

    A subclass calls ``super().__init__()``, assigns its parts, and computes its result in ``forward``. ``training`` says whether
    the module is in training; see ``train``.

    Examples
    --------
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
        """Switch this module and those in it to training or, with ``mode=False``, to evaluation.

        Parameters
        ----------
        mode : bool, default True
            The value for ``training``.

        Returns
        -------
        Module
            The module.

        Raises
        ------
        ArgumentError
            For a ``mode`` that is no bool.

        Examples
        --------
        >>> import gradflow as gf
        >>> net = gf.nn.Sequential(gf.nn.Dropout())
        >>> net.train(False)[0].training
        False
        """
        if not isinstance(mode, bool):
            raise ArgumentError(f"train: mode is True or False, not {mode!r}")
        for m in self.modules():
            m.training = mode
        return self

    def eval(self: M) -> M:
        """Switch to evaluation: dropout passes everything on, batch normalisation uses its running statistics.

        Returns
        -------
        Module
            The module.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.nn.Dropout().eval()(gf.ones(2))
        tensor([1., 1.])
        """
        return self.train(False)

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
        """Ask for gradients of all parameters, or stop asking, to freeze a part of a model.

        Parameters
        ----------
        requires_grad : bool, default True
            Whether parameters require grad.

        Returns
        -------
        Module
            The module.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.nn.Linear(2, 1).requires_grad_(False).weight.requires_grad
        False
        """
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Make the gradients of all parameters None, so that the next backward writes them anew.

        The memory of a gradient is kept for the next one, unless something still shows it: a gradient that you hold is never
        overwritten.

        Parameters
        ----------
        set_to_none : bool, default True
            False: zeros are written into the gradients that are there, and whatever shows one shows zeros.

        Examples
        --------
        >>> import gradflow as gf
        >>> layer = gf.nn.Linear(2, 1)
        >>> layer(gf.ones(2)).sum().backward()
        >>> layer.zero_grad()
        >>> layer.weight.grad is None
        True
        """
        zero_grads(self.parameters(), set_to_none)

    def apply(self: M, fn: Callable[[Module], object]) -> M:
        """Call ``fn`` on every module, the parts before the whole; for initialisation, as a rule.

        Parameters
        ----------
        fn : callable
            What is called with each module; what it returns is ignored.

        Returns
        -------
        Module
            The module.

        Examples
        --------
        >>> import gradflow as gf
        >>> net = gf.nn.Sequential(gf.nn.ReLU(), gf.nn.Tanh())
        >>> _ = net.apply(lambda module: print(type(module).__name__))
        ReLU
        Tanh
        Sequential
        """
        for m in self.children():
            m.apply(fn)
        fn(self)
        return self

    def to(self: M, *where: Tensor | DType | Device, dtype: DType = None, device: DeviceLike = None) -> M:
        """Move to a device and cast to a dtype, in place, as in ``to("cuda")``, ``to(gf.float64)``, ``to(tensor)``.

        The dtype is for floating parameters and buffers, integers stay. Parameters and buffers remain the same Tensor objects, so
        an optimizer made before still updates them. Where an error is raised, nothing has changed.

        Parameters
        ----------
        *where : device, dtype or Tensor
            Where to and which dtype; a Tensor stands for its device and dtype.
        dtype : dtype or str, optional
            The dtype, by name.
        device : device or str, optional
            The device, by name.

        Returns
        -------
        Module
            The module.

        Raises
        ------
        DTypeError
            For a dtype without gradients.
        DeviceError
            For a device that is not there.

        Examples
        --------
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
        """Cast floating parameters and buffers to float32, in place, as ``to(gf.float32)``.

        Returns
        -------
        Module
            The module.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.nn.Linear(2, 1, dtype=gf.float64).float().weight.dtype
        dtype('float32')
        """
        return self.to(dtype=dtypes.float32)

    def double(self: M) -> M:
        """Cast floating parameters and buffers to float64, in place, as ``to(gf.float64)``.

        Returns
        -------
        Module
            The module.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.nn.Linear(2, 1).double().weight.dtype
        dtype('float64')
        """
        return self.to(dtype=dtypes.float64)

    def half(self: M) -> M:
        """Cast floating parameters and buffers to float16, in place, as ``to(gf.float16)``.

        Returns
        -------
        Module
            The module.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.nn.Linear(2, 1).half().weight.dtype
        dtype('float16')
        """
        return self.to(dtype=dtypes.float16)

    def cpu(self: M) -> M:
        """Move to the CPU, in place, as ``to("cpu")``.

        Returns
        -------
        Module
            The module.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.nn.Linear(2, 1).cpu().weight.device
        device(type='cpu')
        """
        return self.to(device="cpu")

    def cuda(self: M, index: int | None = None) -> M:
        """Move to a GPU, in place, as ``to("cuda")``.

        Parameters
        ----------
        index : int, optional
            The number of the GPU; None: the current one.

        Returns
        -------
        Module
            The module.

        Raises
        ------
        DeviceError
            If it is not there.

        Examples
        --------
        >>> import gradflow as gf
        >>> if gf.backend.cuda_is_available():
        ...     layer = gf.nn.Linear(2, 1).cuda()
        """
        return self.to(device=Device("cuda", index))

    # --- saving -----------------------------------------------------------------------------------------------------------

    def state_dict(self, *, prefix: str = "", keep_vars: bool = False) -> dict[str, Tensor]:
        """All parameters and persistent buffers by their full names.

        Parameters
        ----------
        prefix : str, default ""
            What stands before each name.
        keep_vars : bool, default False
            Whether the values are the parameters themselves, which record what is computed from them.

        Returns
        -------
        dict of str and Tensor
            The values are detached, and share the memory of the module's.

        Examples
        --------
        >>> import gradflow as gf
        >>> list(gf.nn.Sequential(gf.nn.Linear(2, 1)).state_dict())
        ['0.weight', '0.bias']
        """
        return {name: t if keep_vars else t.detach() for name, t in self._lasting(prefix)}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> LoadedKeys:
        """Copy values into the memory of the parameters and buffers of these names.

        Parameters
        ----------
        state_dict : mapping of str
            Tensors or arrays by full name.
        strict : bool, default True
            Whether the names must be just those of ``state_dict()``; otherwise those that fit are loaded.

        Returns
        -------
        LoadedKeys
            The ``missing_keys`` and the ``unexpected_keys``.

        Raises
        ------
        ArgumentError
            With every wrong name and shape; then nothing has been loaded.
        TypeError
            For a ``state_dict`` that is no dict.

        Examples
        --------
        >>> import gradflow as gf
        >>> layer = gf.nn.Linear(1, 1)
        >>> layer.load_state_dict({"weight": [[2.0]]}, strict=False)
        LoadedKeys(missing_keys=['bias'], unexpected_keys=[])
        >>> layer.weight.tolist()
        [[2.0]]
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
        """A table of all modules in this one: the shape of what each returns, and the number of its parameters; print it.

        The call is made in evaluation mode, records nothing, and leaves running statistics and random numbers as they were.

        Parameters
        ----------
        *example : object
            What the module is called with; without it there are no shapes.

        Returns
        -------
        Summary
            Its ``repr`` is the table.

        Examples
        --------
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
        """Text that stands in the brackets of ``repr``; layers name their sizes in it.

        Returns
        -------
        str
            "" for a Module; lines are indented.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.nn.Linear(2, 1).extra_repr()
        'in_features=2, out_features=1, bias=True'
        """
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
