"""Writing into a tensor's memory: ``add_``, ``x[i] = v``, ``copy_``, and what that means for the graph.

A write through a view changes its base and every other view of it.  The base then gets a node for "the base with these
elements replaced", and each living view one for "these elements of the base", so that gradients go where the numbers
went.  Which elements a view shows is read off the addresses and strides of the arrays when it is written to; making a
view costs nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from . import backend
from ._engine import REGISTRY, Leaf, ShapeOnly, base_of, mode, tick, views_of, wrap, writes
from ._ops import elementwise, index, shape
from .backend import dtypes
from .errors import DeviceError, DTypeError, IndexingError, InPlaceError, ShapeError
from .typing import Array, IndexLike, TensorData, TensorLike

if TYPE_CHECKING:
    from ._tensor import Tensor

P = ParamSpec("P")


def of(function: Callable[Concatenate[Any, P], Tensor], name: str) -> Callable[Concatenate[Tensor, P], Tensor]:
    """The in-place form of an operation: its result written over its first input."""

    def write(self: Tensor, /, *args: P.args, **kwargs: P.kwargs) -> Tensor:
        allow(self, name)
        began = tick()
        result = function(self, *args, **kwargs)
        _keep_copies(result.node, self.array, began)
        overwrite(self, result, name)
        return self

    write.__name__ = write.__qualname__ = name
    write.__doc__ = _docstring(name)
    return write


def _docstring(name: str) -> str:
    given, arguments, shown = _EXAMPLES.get(name, ("", "", ""))
    return f"""``{name.removesuffix("_")}``, written over this tensor; the graph records it.

        Parameters
        ----------
        *args : object
            What ``{name.removesuffix("_")}`` takes beside its first input.
        **kwargs : object
            The same by name.

        Returns
        -------
        Tensor
            This tensor.

        Raises
        ------
        InPlaceError
            If this tensor is a leaf that requires grad, outside of ``no_grad``, or repeats its memory.
        ShapeError
            If the result has another shape.
        DTypeError
            If this tensor cannot hold the result, such as floats where it holds whole numbers.

        Examples
        --------
        >>> import gradflow as gf
        >>> x = gf.tensor({given})
        >>> x.{name}({arguments})
        {shown}
        """


_EXAMPLES = {
    "add_": ("[1.0, 2.0]", "1, alpha=2", "tensor([3., 4.])"),
    "sub_": ("[1.0, 2.0]", "1", "tensor([0., 1.])"),
    "mul_": ("[1.0, 2.0]", "3", "tensor([3., 6.])"),
    "div_": ("[1.0, 2.0]", "2", "tensor([0.5000, 1.0000])"),
    "pow_": ("[1.0, 2.0]", "3", "tensor([1., 8.])"),
    "neg_": ("[1.0, -2.0]", "", "tensor([-1.,  2.])"),
    "abs_": ("[1.0, -2.0]", "", "tensor([1., 2.])"),
    "exp_": ("[0.0, 1.0]", "", "tensor([1.0000, 2.7183])"),
    "log_": ("[1.0, 10.0]", "", "tensor([0.0000, 2.3026])"),
    "sqrt_": ("[1.0, 4.0]", "", "tensor([1., 2.])"),
    "square_": ("[1.0, -3.0]", "", "tensor([1., 9.])"),
    "reciprocal_": ("[2.0, 4.0]", "", "tensor([0.5000, 0.2500])"),
    "sin_": ("[0.0, 1.0]", "", "tensor([0.0000, 0.8415])"),
    "cos_": ("[0.0, 1.0]", "", "tensor([1.0000, 0.5403])"),
    "tanh_": ("[0.0, 1.0]", "", "tensor([0.0000, 0.7616])"),
    "sigmoid_": ("[0.0, 1.0]", "", "tensor([0.5000, 0.7311])"),
    "relu_": ("[-1.0, 2.0]", "", "tensor([0., 2.])"),
    "clamp_": ("[-2.0, 0.5, 3.0]", "-1, 1", "tensor([-1.0000,  0.5000,  1.0000])"),
    "floor_": ("[1.5, -1.5]", "", "tensor([ 1., -2.])"),
    "ceil_": ("[1.5, -1.5]", "", "tensor([ 2., -1.])"),
    "round_": ("[0.5, 1.5]", "", "tensor([0., 2.])"),
    "masked_fill_": ("[1.0, 2.0]", "gf.tensor([True, False]), 0", "tensor([0., 2.])"),
    "lerp_": ("[0.0, 2.0]", "gf.tensor([4.0, 4.0]), 0.5", "tensor([2., 3.])"),
    "scatter_": ("[1.0, 2.0, 3.0]", "0, gf.tensor([2, 0]), gf.tensor([7.0, 8.0])", "tensor([8., 2., 7.])"),
    "scatter_add_": ("[1.0, 2.0]", "0, gf.tensor([1, 1]), gf.tensor([3.0, 4.0])", "tensor([1., 9.])"),
    "index_add_": ("[1.0, 2.0]", "0, gf.tensor([1, 1]), gf.tensor([3.0, 4.0])", "tensor([1., 9.])"),
}
"""The numbers of a tensor, what the method is given, and what the tensor is then."""


def allow(t: Any, name: str) -> None:
    """Raise InPlaceError where a write cannot be: into a leaf that is being recorded, into memory that repeats."""
    if mode.recording:
        base = base_of(t)
        if isinstance(base.node, Leaf):
            what = "a leaf tensor that requires grad" if base is t else "a view of a leaf tensor that requires grad"
            raise InPlaceError(
                f"{name}: {what} cannot be written in place while it is recorded; use gf.no_grad(), or write out of place"
            )
    if t.array.size and any(s == 0 and n > 1 for s, n in zip(t.array.strides, t.array.shape, strict=True)):
        raise InPlaceError(f"{name}: this tensor of shape {t.shape} repeats the same memory (expand); clone() it before writing")
    if not getattr(getattr(t.array, "flags", None), "writeable", True):
        raise InPlaceError(f"{name}: this tensor shows an array that is read-only; clone() it before writing")


def _keep_copies(node: Any, data: Array, began: int) -> None:
    """Where the nodes made since ``began`` saved the memory that is about to be overwritten, let them keep a copy."""
    copy = None
    todo = [node]
    while todo:
        n = todo.pop()
        if n is None or n.seq < began:
            continue
        todo.extend(n.parents)
        if any(k is data for k in n.saved):
            copy = backend.namespace_of(data).array(data, copy=True) if copy is None else copy
            n.saved = tuple(copy if k is data else k for k in n.saved)


def overwrite(t: Any, result: Any, name: str) -> None:
    """Put ``result`` into the memory of ``t`` and make its graph that of ``t``."""
    data = t.array
    if result.array.shape != data.shape:
        raise ShapeError(f"{name}: a result of shape {result.shape} does not fit into a tensor of shape {t.shape}")
    if result.dtype != data.dtype:
        mine, its = dtypes.CATEGORY[data.dtype.kind], dtypes.CATEGORY[result.dtype.kind]
        if its > mine or (data.dtype.kind == "c" and its < mine):
            raise DTypeError(f"{name}: a result of {result.dtype} cannot be held by a tensor of {data.dtype}; write out of place")
        result = elementwise.cast(result, data.dtype)
    data[...] = result.array
    _rebase(t, result.node if mode.recording else t.node)


def _rebase(t: Any, node: Any) -> None:
    """Give ``t`` the graph ``node`` of its new contents, and its base and the views of that theirs."""
    writes.written(t.array)
    if not mode.recording:
        return
    base = base_of(t)
    if base is t:
        _hand_over(t, node)
    else:
        old = base.node
        if node is None and old is None:
            return
        places = _places(base.array, t.array)
        saved = {"offset": places, "_v": ShapeOnly(t.array), "_x": ShapeOnly(base.array)}
        _hand_over(base, REGISTRY["window_set"].record(base.array, (old, node), saved))
    if base.node is None and node is None:
        return
    for view in views_of(base):
        if base.node is None:
            view.node = None
        else:
            places = _places(base.array, view.array)
            saved = {"_x": ShapeOnly(base.array), "offset": places}
            _hand_over(view, REGISTRY["window"].record(view.array, (base.node,), saved))


def _hand_over(t: Any, node: Any) -> None:
    """Give ``t`` the graph ``node``; a gradient that was to be retained is that of the new contents, as in PyTorch."""
    old, t.node = t.node, node
    if node is None or old is None or old.extra is None or not old.extra.retain:
        return
    node.metadata.retain, node.metadata.grad = True, old.extra.grad
    old.extra.retain, old.extra.grad = False, None


def _places(base: Array, view: Array) -> Array:
    """Where in the flattened ``base`` each element of ``view`` lies, as integers of the shape of ``view``."""
    xp = backend.namespace_of(base)
    offset = xp.zeros((1,) * view.ndim, "int64") + (xp.address(view) - xp.address(base))
    for d, (n, stride) in enumerate(zip(view.shape, view.strides, strict=True)):
        offset = offset + xp.reshape(xp.arange(n) * stride, tuple(n if i == d else 1 for i in range(view.ndim)))
    lowest = sum(min(stride, 0) * (n - 1) for n, stride in zip(base.shape, base.strides, strict=True))
    offset = offset - lowest
    places = xp.zeros_like(offset)
    sizes = list(base.shape)
    for d in sorted(range(base.ndim), key=lambda i: -abs(base.strides[i])):
        n, stride = base.shape[d], base.strides[d]
        if n == 1:
            continue
        at = offset // abs(stride)
        offset = offset - at * abs(stride)
        if stride < 0:
            at = n - 1 - at
        weight = 1
        for size in sizes[d + 1 :]:
            weight *= size
        places = places + at * weight
    return xp.reshape(places, view.shape)


def setitem(t: Tensor, where: IndexLike, value: TensorLike) -> None:
    """``t[where] = value``, recorded; of several values for one element the one that stays gets the gradient."""
    _assign(t, index.bare(where), value, "x[index] = value")


def _assign(t: Any, where: Any, value: Any, name: str) -> None:
    allow(t, name)
    if not hasattr(value, "node"):
        value = wrap(_filled(t.array, value, name))
    xp = backend.namespace_of(t.array)
    if backend.namespace_of(value.array) is not xp:
        raise DeviceError(f"{name}: x is on {t.device}, value on {value.device}; use value.to('{t.device}')")
    if value.dtype != t.dtype:
        value = _as_held(value, t.dtype, name)
    recorded = (t.node is not None or value.node is not None) and mode.recording
    if recorded and xp.owner(value.array) is xp.owner(t.array):
        value = shape.clone(value)
    raw, last = value.array, None
    if recorded and value.node is not None:
        last = index.last_written(t.array, where)
    try:
        if last is not None or raw.shape[:1] == (1,):
            raw = index.fitting(xp, raw, where, last, t.shape)
        xp.setitem(t.array, where, raw)
    except (ValueError, IndexError, TypeError) as problem:
        kind = ShapeError if isinstance(problem, ValueError) else IndexingError
        raise kind(f"{name}: {problem} (x has shape {t.shape}, value {tuple(value.shape)})") from None
    node = t.node
    if recorded:
        saved = {"index": where, "last": last, "_v": ShapeOnly(value.array), "_x": ShapeOnly(t.array)}
        node = REGISTRY["index_set"].record(t.array, (t.node, value.node), saved)
    _rebase(t, node)


def _filled(like: Array, value: Any, name: str) -> Array:
    xp = backend.namespace_of(like)
    try:
        array = xp.asarray(value) if isinstance(value, complex) or hasattr(value, "__len__") else value
        is_complex = hasattr(array, "dtype") and array.dtype.kind == "c"
        return array if is_complex else xp.asarray(array, dtype=like.dtype)
    except (TypeError, ValueError):
        raise DTypeError(f"{name}: {type(value).__name__} is not a number, an array or a Tensor") from None


def _as_held(value: Any, dtype: Any, name: str) -> Any:
    """``value`` in the dtype of the tensor that is written to; DTypeError if an imaginary part would be lost."""
    if value.dtype.kind == "c" and dtype.kind != "c":
        raise DTypeError(
            f"{name}: a complex value ({value.dtype}) cannot be held by a tensor of {dtype}, which has no imaginary part; "
            f"write value.real, or make the tensor complex first: x.to(gf.{dtypes.complex_of(dtype)})"
        )
    return elementwise.cast(value, dtype)


def copy_(self: Tensor, source: TensorData) -> Tensor:
    """Write other numbers over this tensor; the graph records it.

    Parameters
    ----------
    source : array_like
        The numbers.  They are broadcast, cast to the dtype of this tensor and moved to its device.

    Returns
    -------
    Tensor
        This tensor.

    Raises
    ------
    DTypeError
        If they are complex and this tensor is not.
    InPlaceError
        If this tensor is a leaf that requires grad, outside of ``no_grad``, or repeats its memory.

    Examples
    --------
    >>> import gradflow as gf
    >>> x, y = gf.zeros(2), gf.tensor(3.0, requires_grad=True)
    >>> x.copy_(y).sum().backward()
    >>> x, y.grad
    (tensor([3., 3.], grad_fn=<BroadcastToBackward>), tensor(2.))
    """
    return _written_over(self, source, "copy_")


def _written_over(self: Tensor, source: Any, name: str) -> Tensor:
    allow(self, name)
    if not hasattr(source, "node"):
        source = wrap(_filled(self.array, source, name))
    value = source.to(self.device) if source.device != self.device else source
    if value.dtype != self.dtype:
        value = _as_held(value, self.dtype, name)
    if value.shape != self.shape:
        value = shape.broadcast_to(value, self.shape)
    if value.node is None and self.node is not None and mode.recording:  # what was there has a gradient, which is 0
        _assign(self, Ellipsis, value, name)
        return self
    if value is source and mode.recording:
        value = shape.clone(value)  # a node of its own, or hooks and gradients of the two tensors would be one
    overwrite(self, value, name)
    return self


def fill_(self: Tensor, value: TensorLike) -> Tensor:
    """Write one number over the whole tensor; the graph records it.

    The tensor goes on requiring grad if it did.  What was there gets the gradient 0.

    Parameters
    ----------
    value : Tensor or number
        The number, which may be a tensor without dimensions.

    Returns
    -------
    Tensor
        This tensor.

    Raises
    ------
    ShapeError
        If ``value`` has dimensions.
    InPlaceError
        If this tensor is a leaf that requires grad, outside of ``no_grad``, or repeats its memory.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.ones(2).fill_(7)
    tensor([7., 7.])
    """
    if size := getattr(value, "shape", ()):
        raise ShapeError(f"fill_: takes one number, got shape {size}")
    return _written_over(self, value, "fill_")


def zero_(self: Tensor) -> Tensor:
    """Write 0 over the whole tensor, as ``fill_``.

    Returns
    -------
    Tensor
        This tensor.

    Raises
    ------
    InPlaceError
        If this tensor is a leaf that requires grad, outside of ``no_grad``, or repeats its memory.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.ones(2).zero_()
    tensor([0., 0.])
    """
    return _written_over(self, 0, "zero_")
