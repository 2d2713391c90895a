"""The side of a tensor that faces the graph: whether it is recorded, its gradient, its hooks, its backward pass."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

import numpy as np

from . import backend
from ._engine import Leaf, Node, RemovableHandle, Value, accumulate, accumulating, mode, sweep, views, warn, wrap, writes
from ._ops import elementwise
from ._size import Size
from .backend import _memory, dtypes
from .backend import device as Device
from .errors import DeviceError, DTypeError, GraphError, LostGradientWarning, ShapeError
from .typing import Tensor, TensorLike


class Recorded(Value):
    """What every Tensor has to do with gradients."""

    __slots__ = ()

    @property
    def shape(self) -> Size:
        """The lengths of the dimensions: a tuple, with ``numel()``.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2, 3).shape
        (2, 3)
        """
        return Size(self.array.shape)

    @property
    def data(self) -> Tensor:
        """A Tensor that shares this one's memory and records nothing, as PyTorch's ``.data``.

        A Tensor assigned to it becomes this one's memory; a leaf may change its shape and its dtype by that.  Writes through
        ``.data`` are counted: backward raises InPlaceError if it needs what they have overwritten, where PyTorch computes with
        the new numbers.  The bare array is ``.array``.

        Examples
        --------
        >>> import gradflow as gf
        >>> w = gf.ones(2, requires_grad=True)
        >>> w.data -= 0.5
        >>> w
        tensor([0.5000, 0.5000], requires_grad=True)
        """
        t: Tensor = wrap(self.array)
        return t

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Recorded):
            raise TypeError(
                f"data is a Tensor, not {type(value).__name__}; gf.as_tensor makes one of an array and shares its memory"
            )
        if value.array is self.array:  # w.data -= 1 ends here
            return
        if not self.is_leaf and (value.shape, value.dtype, value.device) != (self.shape, self.dtype, self.device):
            raise GraphError(
                f"data: the result of a recorded operation stays {self.dtype} {self.shape} on {self.device}, and cannot become "
                f"{value.dtype} {value.shape} on {value.device}"
            )
        if self.node is not None and value.dtype.kind not in "fc":
            raise DTypeError(f"data: a tensor that requires grad holds floats, not {value.dtype}")
        views.replace(self, value.array)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the elements, one of NumPy's.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2).dtype
        dtype('float32')
        """
        return self.array.dtype  # type: ignore[no-any-return]

    @property
    def device(self) -> Device:
        """Where the elements lie.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2).device
        device(type='cpu')
        """
        return backend.namespace_of(self.array).device_of(self.array)  # type: ignore[no-any-return]

    @property
    def requires_grad(self) -> bool:
        """True if operations on this tensor are recorded; settable on leaves.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.ones(2)
        >>> x.requires_grad = True
        >>> (2 * x).requires_grad
        True
        """
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Ask for a gradient of this tensor, or stop asking.

        An integer or boolean tensor becomes one of the default float dtype, with a warning: whole numbers have no
        derivative.

        Parameters
        ----------
        requires_grad : bool, default True
            False stops asking; a gradient that has been added up stays in ``.grad``.

        Returns
        -------
        Tensor
            This tensor.

        Raises
        ------
        GraphError
            If it is False and this tensor is the result of a recorded operation.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2).requires_grad_()
        tensor([1., 1.], requires_grad=True)
        """
        if not requires_grad:
            if not self.is_leaf:
                raise GraphError("requires_grad can be switched off on leaves only; use detach() for a result without its graph")
            if self.node is not None:
                self._frozen, self.node = self.node, None  # type: ignore[assignment]
            return self
        if self.node is None:
            if self.dtype.kind not in "fc":
                default = self._float_dtype()
                warn(
                    f"only floating tensors have gradients: this {self.dtype} tensor becomes {default}; "
                    "write the numbers as floats to begin with, such as arange(4.0)"
                )
                self.array = backend.namespace_of(self.array).astype(self.array, default)
            frozen = getattr(self, "_frozen", None)
            if frozen is None:
                frozen = Leaf(self)
            elif (held := frozen.numbers()) is not None and (held.shape, held.dtype) != (self.shape, self.dtype):
                frozen.grad = None
            self.node = frozen
        return self

    @property
    def is_leaf(self) -> bool:
        """True unless this tensor is the result of a recorded operation.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.ones(2, requires_grad=True)
        >>> x.is_leaf, (2 * x).is_leaf
        (True, False)
        """
        return self.node is None or isinstance(self.node, Leaf)

    @property
    def grad_fn(self) -> Node | None:
        """The node of the operation that made this tensor; None for a leaf.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.ones(2, requires_grad=True)
        >>> (2 * x).grad_fn
        <MulBackward>
        """
        return None if isinstance(self.node, Leaf) else self.node

    @property
    def grad(self) -> Tensor | None:
        """The gradient that backward has added up here; None at first, and after ``zero_grad()``.

        A result has one after ``retain_grad()``; without that, asking for it warns and gives None.  A Tensor of the same shape,
        dtype and device may be assigned.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.tensor([1.0, 2.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([2., 4.])
        """
        node = self.node if self.node is not None else getattr(self, "_frozen", None)
        if node is None:
            return None
        if isinstance(node, Leaf):
            return node.grad  # type: ignore[no-any-return]
        if node.extra is None or not node.extra.retain:
            warn(f"the .grad of a tensor that is not a leaf ({node!r}) is not kept; call retain_grad() on it before backward()")
            return None
        return node.extra.grad  # type: ignore[no-any-return]

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Recorded):
                raise TypeError(f"grad is a Tensor or None, not {type(value).__name__}")
            if value.shape != self.shape or value.dtype != self.dtype or value.device != self.device:
                raise ShapeError(
                    f"a grad of {value.dtype} {value.shape} on {value.device} does not fit a tensor of {self.dtype} {self.shape} "
                    f"on {self.device}"
                )
        node: Any = self.node if self.node is not None else getattr(self, "_frozen", None)
        if node is None:
            if value is None:
                return
            node = self._frozen = Leaf(self)
        if isinstance(node, Leaf):
            node.grad = value
        else:
            node.metadata.grad = value

    @property
    def retains_grad(self) -> bool:
        """True if this is a result whose gradient is kept: after ``retain_grad()``.

        Examples
        --------
        >>> import gradflow as gf
        >>> y = 2 * gf.ones(2, requires_grad=True)
        >>> y.retain_grad()
        >>> y.retains_grad
        True
        """
        return self.node is not None and self.node.extra is not None and self.node.extra.retain

    def retain_grad(self) -> None:
        """Keep the gradient of this result in ``.grad``, as leaves do.

        Raises
        ------
        GraphError
            If this tensor does not require grad.

        Examples
        --------
        >>> import gradflow as gf
        >>> y = 2 * gf.ones(2, requires_grad=True)
        >>> y.retain_grad()
        >>> y.sum().backward()
        >>> y.grad
        tensor([1., 1.])
        """
        if self.node is None:
            raise GraphError("retain_grad: this tensor does not require grad")
        if not isinstance(self.node, Leaf):
            self.node.metadata.retain = True

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Call ``hook(grad)`` whenever the gradient of this tensor is known; a Tensor it returns is used instead.

        Parameters
        ----------
        hook : callable
            Takes the gradient, and returns another of the same shape, or None to leave it.

        Returns
        -------
        RemovableHandle
            Its ``remove()`` takes the hook away.

        Raises
        ------
        GraphError
            If this tensor does not require grad.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.ones(2, requires_grad=True)
        >>> handle = x.register_hook(lambda grad: 10 * grad)
        >>> x.sum().backward()
        >>> x.grad
        tensor([10., 10.])
        """
        if self.node is None:
            raise GraphError("register_hook: this tensor does not require grad")
        if isinstance(self.node, Leaf):
            return self.node.register_gradient_hook(hook)
        return RemovableHandle(self.node.metadata.hooks, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle:
        """Call ``hook(tensor)`` after a gradient has been added to ``.grad`` of this leaf.

        Parameters
        ----------
        hook : callable
            Takes this tensor; what it returns is not used.

        Returns
        -------
        RemovableHandle
            Its ``remove()`` takes the hook away.

        Raises
        ------
        GraphError
            If this tensor is no leaf that requires grad.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.ones(2, requires_grad=True)
        >>> handle = x.register_post_accumulate_grad_hook(lambda t: print(t.grad))
        >>> x.sum().backward()
        tensor([1., 1.])
        """
        if not isinstance(self.node, Leaf):
            raise GraphError("register_post_accumulate_grad_hook: only a leaf that requires grad collects gradients")
        return RemovableHandle(self.node.metadata.post_hooks, hook)

    @property
    def _version(self) -> int:
        """How often this memory has been written in place through gradflow."""
        return writes.version(self.array)

    def _float_dtype(self) -> np.dtype[Any]:
        """What whole numbers become where floats are needed."""
        return dtypes.get_default_dtype()

    def _like(self, made: Any, shared: bool = False) -> Any:
        """``made``, a Tensor computed for this one, in the class whose methods this one has; ``shared``: others may hold it."""
        return made

    def detach(self) -> Self:
        """The same memory without the graph.

        Returns
        -------
        Tensor
            A leaf that does not require grad.  Writes to it are counted, as those to this tensor.

        Examples
        --------
        >>> import gradflow as gf
        >>> y = 2 * gf.ones(2, requires_grad=True)
        >>> y.detach()
        tensor([2., 2.])
        """
        t: Self = wrap(self.array)
        return t

    def detach_(self) -> Self:
        """Forget how this tensor was made: it becomes a leaf that does not require grad.

        A leaf keeps its ``.grad`` and its hooks.

        Returns
        -------
        Tensor
            This tensor.

        Examples
        --------
        >>> import gradflow as gf
        >>> y = 2 * gf.ones(2, requires_grad=True)
        >>> y.detach_().requires_grad
        False
        """
        if isinstance(self.node, Leaf):
            return self.requires_grad_(False)
        self.node = None
        return self

    def backward(
        self, gradient: TensorLike | None = None, retain_graph: bool | None = None, create_graph: bool = False,
        inputs: Tensor | Sequence[Tensor] | None = None,
    ) -> None:  # fmt: skip
        """Add the gradient of this tensor to ``.grad`` of the leaves it was computed from.

        Parameters
        ----------
        gradient : Tensor, optional
            The gradient of what is differentiated with respect to this tensor, of its shape; 1 for a single element.
        retain_graph : bool, optional
            True keeps the recorded values for another pass; they are freed otherwise.  The default is ``create_graph``.
        create_graph : bool, default False
            True records the pass itself, so that the gradients have gradients.
        inputs : Tensor or sequence of Tensor, optional
            The leaves that get their gradients; all by default.

        Raises
        ------
        GraphError
            If this tensor does not require grad, if ``gradient`` is missing or the graph has been freed.  Nothing is changed.
        InPlaceError
            If a recorded value has been overwritten in place.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.tensor([1.0, 2.0], requires_grad=True)
        >>> (x ** 2).backward(gradient=gf.ones(2))
        >>> x.grad
        tensor([2., 4.])
        """
        backward([self], [gradient], retain_graph, create_graph, inputs)


def zero_grads(tensors: Iterable[Any], set_to_none: bool) -> None:
    """Make every ``.grad`` None, its memory set aside for the next gradient; or write zeros into those that are there."""
    with accumulating:
        for t in tensors:
            if not set_to_none:
                grad = t.grad
                if grad is not None:
                    grad.detach_().array.fill(0)
                    writes.written(grad.array)
            elif t.node.__class__ is Leaf:
                t.node.clear()
            else:
                t.grad = None


def backward(
    tensors: Sequence[Any], gradients: Sequence[TensorLike | None], retain_graph: bool | None, create_graph: bool,
    inputs: Any | None = None,
) -> None:  # fmt: skip
    """The backward pass from several tensors at once into ``.grad``."""
    if _memory.kept is None:
        _memory.keep()
    starts = [initial(t, g, create_graph) for t, g in zip(tensors, gradients, strict=True)]
    roots = [(t.node, g) for t, g in zip(tensors, starts, strict=True)]
    chosen = None
    if inputs is not None:
        inputs = [inputs] if isinstance(inputs, Recorded) else list(inputs)
        if not inputs:
            raise GraphError("backward: inputs is empty; leave it out for all leaves")
        for t in inputs:
            if not isinstance(t.node, Leaf):
                raise GraphError("backward: inputs are leaves that require grad; for others use gf.autograd.grad")
        chosen = [t.node for t in inputs if t.node is not None]
    retain = create_graph if retain_graph is None else retain_graph
    found, owned = sweep(roots, create_graph=create_graph, retain_graph=retain, inputs=chosen, in_place=True)
    accumulate(found, owned, create_graph)


def initial(t: Any, gradient: TensorLike | None, create_graph: bool) -> Any:
    """The gradient that a backward pass from ``t`` begins with, checked."""
    if not isinstance(t, Recorded):
        raise TypeError(f"backward starts at a Tensor, not {type(t).__name__}")
    if t.node is None:
        raise GraphError(
            "this tensor does not require grad and was not computed from one that does (or was, inside no_grad); "
            "set requires_grad=True on what the gradient is wanted of"
        )
    xp = backend.namespace_of(t.array)
    if gradient is None:
        if t.array.size != 1:
            raise GraphError(
                f"a gradient is implicitly 1 only for a tensor of one element, not of shape {t.shape}: call sum() or mean() "
                "first, or pass gradient=, of the same shape, to weight the elements"
            )
        if t.dtype.kind == "c":
            raise GraphError("a complex result needs gradient=: it says which real quantity is differentiated")
        if xp is backend.cpu and not t.array.ndim and not create_graph:
            return xp.scalar(1, t.array.dtype)  # the remembered 1: no rule writes into the gradient that it is given
        g: Any = xp.ones_like(t.array)
        return wrap(g) if create_graph else g
    held = gradient if isinstance(gradient, Recorded) else wrap(xp.asarray(gradient))
    if held.shape != t.shape:
        raise ShapeError(f"backward: gradient has shape {held.shape} and the tensor {t.shape}; they must be the same")
    if held.device != t.device:
        raise DeviceError(f"backward: gradient is on {held.device} and the tensor on {t.device}; use gradient.to('{t.device}')")
    if held.dtype != t.dtype:
        if held.dtype.kind == "c":
            raise DTypeError(f"backward: a complex gradient for a tensor of {t.dtype}")
        held = elementwise.cast(held, t.dtype)
    return held if create_graph else held.array


_THROUGH = (__name__.partition(".")[0], "numpy", "scipy")
_PLOTS = ("matplotlib", "mpl_toolkits")


def asked_by() -> Any:
    """The frame of the code that is neither gradflow nor NumPy or SciPy, which hand on what they are given."""
    frame: Any = sys._getframe(1)
    while frame.f_back is not None and _package(frame) in _THROUGH:
        frame = frame.f_back
    return frame


def is_plotted() -> bool:
    """Whether matplotlib asks for the numbers, by way of NumPy: there they end, so that no gradient can be lost."""
    return _package(asked_by()) in _PLOTS


def _package(frame: Any) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def loses_gradient(t: Any) -> bool:
    """True if a gradient of ``t`` is asked for here, so that numbers without a graph would lose it."""
    return mode.recording and getattr(t, "node", None) is not None


def warn_of_lost_gradient(what: str, instead: str) -> None:
    """Warn, once per line of the user's code, that ``what`` goes on without the gradient, and how it would be recorded."""
    frame = asked_by()
    if _package(frame) in _PLOTS:
        return
    warnings.warn_explicit(
        f"{what} has no gradient, and the Tensor it was made of requires grad; {instead}; "
        "where plain numbers are meant, use .item() or .detach()",
        LostGradientWarning,
        frame.f_code.co_filename,
        frame.f_lineno,
        frame.f_globals.get("__name__"),
        frame.f_globals.setdefault("__warningregistry__", {}),
    )


def refuse_to_lose(t: Any, what: str, instead: str) -> None:
    """GraphError if a gradient of ``t`` is asked for, which ``what`` has none of."""
    if loses_gradient(t):
        raise GraphError(f"{what} is given a Tensor that requires grad, and has no gradient for it; {instead}")
