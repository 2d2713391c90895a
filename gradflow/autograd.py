"""Gradients as values, functions with a derivative of one's own, and the modes of recording.

Spelled as ``torch.autograd``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, overload

from . import backend
from ._engine import (
    OneByOne,
    copy_of,
    detect_anomaly,
    enable_grad,
    no_grad,
    set_detect_anomaly,
    set_grad_enabled,
    sweep,
    wrap,
)
from ._function import Function, once_differentiable
from ._ops.elementwise import cast
from ._ops.joining import stack
from ._recorded import backward as _backward
from ._recorded import initial
from ._tensor import Tensor
from .errors import ArgumentError, GraphError
from .gradcheck import gradcheck, gradgradcheck, numerical_grad

__all__ = [
    "Function", "backward", "detect_anomaly", "enable_grad", "grad", "gradcheck", "gradgradcheck", "no_grad", "numerical_grad",
    "once_differentiable", "set_detect_anomaly", "set_grad_enabled",
]  # fmt: skip


_Tensors: TypeAlias = Tensor | Sequence[Tensor]
_Weights: TypeAlias = Tensor | Sequence[Tensor | None] | None


def _several(value: Any) -> list[Any]:
    return [value] if isinstance(value, Tensor) or not isinstance(value, Sequence) else list(value)


def backward(
    tensors: _Tensors, grad_tensors: _Weights = None, retain_graph: bool | None = None, create_graph: bool = False,
    inputs: _Tensors | None = None,
) -> None:  # fmt: skip
    """Add the gradients of the sum of ``tensors`` to ``.grad`` of the leaves.

    Parameters
    ----------
    tensors : Tensor or sequence of Tensor
        What to differentiate.
    grad_tensors : Tensor, sequence of Tensor or None
        The weights of the elements of each tensor, in its shape; None, or a None in the sequence, is 1 for a tensor of one
        element.
    retain_graph : bool or None
        Whether what was saved for backward is kept for another pass; None is `create_graph`.
    create_graph : bool
        Whether the gradients are recorded, so that they can be differentiated.
    inputs : Tensor, sequence of Tensor or None
        The leaves that get gradients; None is all of them.

    Raises
    ------
    ArgumentError
        When there are not as many weights as tensors.
    GraphError
        When a tensor does not require grad, has several elements and no weights, or its graph is used up.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor([1.0, 2.0], requires_grad=True)
    >>> gf.autograd.backward([x**2, 3 * x], [gf.ones(2), gf.tensor([1.0, 0.0])])
    >>> x.grad
    tensor([5., 4.])
    """
    roots = _several(tensors)
    gradients = [None] * len(roots) if grad_tensors is None else _several(grad_tensors)
    if len(gradients) != len(roots):
        raise ArgumentError(f"backward: {len(roots)} tensors and {len(gradients)} gradients")
    _backward(roots, gradients, retain_graph, create_graph, inputs)


@overload
def grad(
    outputs: _Tensors, inputs: _Tensors, grad_outputs: _Weights = None, retain_graph: bool | None = None,
    create_graph: bool = False, allow_unused: Literal[False] | None = None, materialize_grads: bool = False,
    is_grads_batched: bool = False,
) -> tuple[Tensor, ...]: ...  # fmt: skip
@overload
def grad(
    outputs: _Tensors, inputs: _Tensors, grad_outputs: _Weights = None, retain_graph: bool | None = None,
    create_graph: bool = False, *, allow_unused: bool | None, materialize_grads: bool = False, is_grads_batched: bool = False,
) -> tuple[Tensor | None, ...]: ...  # fmt: skip
def grad(
    outputs: _Tensors, inputs: _Tensors, grad_outputs: _Weights = None, retain_graph: bool | None = None,
    create_graph: bool = False, allow_unused: bool | None = None, materialize_grads: bool = False, is_grads_batched: bool = False,
) -> tuple[Tensor | None, ...]:  # fmt: skip
    """The gradients of the sum of ``outputs`` with respect to ``inputs``; no ``.grad`` is touched.

    Parameters
    ----------
    outputs : Tensor or sequence of Tensor
        What to differentiate.
    inputs : Tensor or sequence of Tensor
        With respect to what; each requires grad.
    grad_outputs : Tensor, sequence of Tensor or None
        The weights of the elements of each output, in its shape; an output of several elements needs them.
    retain_graph : bool or None
        Whether what was saved for backward is kept for another pass; None is `create_graph`.
    create_graph : bool
        Whether the gradients are recorded, so that they can be differentiated again.
    allow_unused : bool or None
        Whether an input that was not used has the gradient None instead of raising GraphError.
    materialize_grads : bool
        Whether an input that was not used has a gradient of zeros.
    is_grads_batched : bool
        Whether each of `grad_outputs` has a first dimension more, and so has each gradient: row i belongs to row i.  All rows are
        computed in one pass, after which the graph is still there.  They are computed one after the other if the pass goes
        through a Function or a hook, or is recorded.

    Returns
    -------
    tuple of Tensor
        A gradient for each input, in its shape.

    Raises
    ------
    ArgumentError
        When there are not as many weights as outputs.
    GraphError
        When an input was not used or does not require grad, an output has several elements and no weights, or its graph is used
        up.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.tensor(3.0, requires_grad=True)
    >>> (dy,) = gf.autograd.grad(x ** 3, x, create_graph=True)
    >>> gf.autograd.grad(dy, x)
    (tensor(18.),)
    """
    outs, ins = _several(outputs), _several(inputs)
    weights = [None] * len(outs) if grad_outputs is None else _several(grad_outputs)
    if len(weights) != len(outs):
        raise ArgumentError(f"grad: {len(outs)} outputs and {len(weights)} grad_outputs")
    for i, t in enumerate(ins):
        if not isinstance(t, Tensor):
            raise TypeError(f"grad: input {i} is a Tensor, not {type(t).__name__}")
        if t.node is None:
            raise GraphError(f"grad: input {i} does not require grad")
    retain = create_graph if retain_graph is None else retain_graph
    if is_grads_batched:
        found, owned = _rows(outs, [t.node for t in ins], weights, retain, create_graph), set[Any]()
    else:
        starts = [initial(t, w, create_graph) for t, w in zip(outs, weights, strict=True)]
        roots = [(t.node, g) for t, g in zip(outs, starts, strict=True)]
        found, owned = sweep(roots, create_graph=create_graph, retain_graph=retain, inputs=[t.node for t in ins])
    result: list[Tensor | None] = []
    for i, t in enumerate(ins):
        g = found.get(t.node)
        if g is None:
            if not (allow_unused or materialize_grads):
                raise GraphError(
                    f"grad: input {i} (shape {t.shape}) was not used in computing the outputs; allow_unused=True gives None"
                )
            count = tuple(weights[0].shape[:1]) if is_grads_batched else ()  # type: ignore[union-attr]
            xp = backend.namespace_of(t.array)
            result.append(wrap(xp.zeros_like(xp.broadcast_to(t.array, (*count, *t.shape)))) if materialize_grads else None)
        else:
            result.append(g if create_graph else wrap(g if t.node in owned else copy_of(g)))
    return tuple([None if g is None else t._like(g, create_graph) for t, g in zip(ins, result, strict=True)])


def _rows(outs: list[Any], nodes: list[Any], weights: list[Any], retain: bool, create_graph: bool) -> dict[Any, Any]:
    """The gradients for every row of ``weights``, each with the rows as its first dimension."""
    counts = {tuple(w.shape)[:1] for w in weights if isinstance(w, Tensor)}
    if len(counts) != 1 or () in counts or not all(isinstance(w, Tensor) for w in weights):
        raise ArgumentError("grad: with is_grads_batched each of grad_outputs is a Tensor, and all have equally many rows")
    count = counts.pop()[0]
    for t, w in zip(outs, weights, strict=True):
        initial(t, w[0] if count else wrap(w.array.reshape(t.shape)), False)  # whatever is wrong with one row is told of it
    if count and not create_graph:
        from ._standins.batch import Batch, NoBatch

        roots = [(t.node, Batch(cast(w, t.dtype).array)) for t, w in zip(outs, weights, strict=True)]
        try:
            xp = backend.namespace_of(roots[0][1])
            found, _ = sweep(roots, retain_graph=True, inputs=nodes, batched=xp)
        except (OneByOne, NoBatch):
            pass
        else:
            return {n: xp.spread(g) for n, g in found.items()}
    rows: list[dict[Any, Any]] = []
    for i in range(count):
        roots = [(t.node, initial(t, w[i], create_graph)) for t, w in zip(outs, weights, strict=True)]
        rows.append(sweep(roots, create_graph=create_graph, retain_graph=retain or i < count - 1, inputs=nodes)[0])
    stacked = {n: stack([row[n] if create_graph else wrap(row[n]) for row in rows]) for n in (rows[0] if rows else ())}
    return stacked if create_graph else {n: t.array for n, t in stacked.items()}


# --- functions with a derivative of one's own ---------------------------------------------------------------------------
