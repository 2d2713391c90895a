"""What the functions of ``gradflow.func`` are built on: arguments as trees of Tensors, and a level of differentiation."""

from __future__ import annotations

from _thread import _local
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import autograd
from ._engine import mode, recording, wrap
from ._filled import eye, zeros, zeros_like
from ._ops.shape import reshape
from ._tensor import Tensor
from .backend import is_array
from .errors import ArgumentError, DTypeError, GraphError, ShapeError

Argnums = int | tuple[int, ...]


# --- trees of tensors ---------------------------------------------------------------------------------------------------


class Tree:
    """A Tensor, or tuples, lists and dicts of Tensors: ``leaves``, and the form to ``rebuild`` with others in their places."""

    def __init__(self, tree: Any) -> None:
        self.leaves: list[Any] = []
        self._form = self._read(tree)

    def _read(self, tree: Any) -> Any:
        if isinstance(tree, dict):
            return {k: self._read(v) for k, v in tree.items()}
        if isinstance(tree, tuple | list):
            return [type(tree), *map(self._read, tree)]
        self.leaves.append(tree)
        return len(self.leaves) - 1

    def rebuild(self, leaves: Sequence[Any]) -> Any:
        return self._built(self._form, leaves)

    def _built(self, form: Any, leaves: Sequence[Any]) -> Any:
        if isinstance(form, dict):
            return {k: self._built(f, leaves) for k, f in form.items()}
        if isinstance(form, list):
            parts = [self._built(f, leaves) for f in form[1:]]
            return form[0](*parts) if hasattr(form[0], "_fields") else form[0](parts)
        return leaves[form]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tree) and self._form == other._form

    __hash__ = None  # type: ignore[assignment]


def _seen(value: Any) -> Any:
    """An array of NumPy or CuPy as the function sees it: as ``gradflow.numpy``'s."""
    if isinstance(value, Tensor) or not is_array(value) or isinstance(value, np.generic):
        return value
    from .numpy import asarray

    return asarray(value)


# --- one call of a function that is being differentiated ----------------------------------------------------------------


class _Depth(_local):
    count = 0


_depth = _Depth()  # how many functions of this module are at work around the present call, in this thread


class Level:
    """The call of a function on inputs of its own, whose derivative is wanted.

    What comes out is recorded (``again``) only if somebody may differentiate it: another level around this one, or the user,
    if any of the tensors in ``given`` requires grad.
    """

    def __init__(self, name: str, given: Any) -> None:
        self.name = name
        outer = any(isinstance(t, Tensor) and t.node is not None for t in Tree(given).leaves)
        self.again = mode.recording and (outer or _depth.count > 0)

    def run(self, body: Callable[..., Any], *args: Any) -> Any:
        """``body(self, *args)``, recorded, one level further in."""
        depth = _depth.count
        try:
            _depth.count = depth + 1
            return recording(True, body, self, *args)
        finally:
            _depth.count = depth

    def inputs(self, args: tuple[Any, ...], argnums: Argnums) -> Tree:
        """The chosen arguments as tensors of this level: the same memory, and a place in the graph of their own."""
        chosen = argnums if isinstance(argnums, tuple) else (argnums,)
        for i in chosen:
            if not isinstance(i, int) or isinstance(i, bool) or not -len(args) <= i < len(args):
                raise ArgumentError(f"{self.name}: argnums names argument {i!r}, and the function was given {len(args)}")
        tree = Tree(tuple(args[i] for i in chosen) if isinstance(argnums, tuple) else args[chosen[0]])
        tree.leaves = [_seen(t) for t in tree.leaves]
        for t in tree.leaves:
            if not isinstance(t, Tensor):
                raise DTypeError(
                    f"{self.name}: only Tensors and arrays are differentiated, not {type(t).__name__}; is argnums the one meant?"
                )
            if t.dtype.kind not in "fc":
                raise DTypeError(f"{self.name}: a tensor of {t.dtype} has no derivative; convert it with .float()")
        tree.leaves = [
            t._like(wrap(t.array)).requires_grad_() if t.node is None else t._like(reshape(t, t.shape)) for t in tree.leaves
        ]
        made = tree.rebuild(tree.leaves)
        self._args = list(args)
        for i, a in zip(chosen, made if isinstance(argnums, tuple) else (made,), strict=True):
            self._args[i] = a
        return tree

    def call(self, func: Callable[..., Any], kwargs: dict[str, Any], has_aux: bool) -> tuple[Any, Any]:
        """The value of ``func`` on the inputs, and what it returns beside it."""
        value = func(*self._args, **kwargs)
        aux = None
        if has_aux:
            if not isinstance(value, tuple) or len(value) != 2:
                raise ArgumentError(f"{self.name}: with has_aux the function returns a pair (value, aux)")
            value, aux = value
        for t in Tree(value).leaves:
            if not isinstance(t, Tensor):
                raise DTypeError(f"{self.name}: the function returned {type(t).__name__}; it returns Tensors")
        return value, aux if self.again else self._plain(aux)

    def shown(self, value: Any) -> Any:
        """The value for the caller."""
        return value if self.again else self._plain(value)

    def _plain(self, value: Any) -> Any:
        tree = Tree(value)
        return tree.rebuild([t.detach() if isinstance(t, Tensor) else t for t in tree.leaves])

    def gradients(
        self, outputs: Sequence[Tensor], weights: Sequence[Tensor] | None, inputs: Sequence[Tensor], *,
        recorded: bool = False, batched: bool = False,
    ) -> list[Any]:  # fmt: skip
        """The gradients in ``inputs``: zeros for those that ``outputs`` do not depend on."""
        given: Sequence[Tensor | None] = weights or [None] * len(outputs)
        pairs = [(t, w) for t, w in zip(outputs, given, strict=True) if t.node is not None]
        if not pairs:
            count = (len(weights[0]),) if batched and weights else ()
            return [x._like(zeros(*count, *x.shape, dtype=x.dtype, device=x.device)) for x in inputs]
        return list(autograd.grad(
            [t for t, _ in pairs], list(inputs), [w for _, w in pairs], retain_graph=True, create_graph=self.again or recorded,
            materialize_grads=True, is_grads_batched=batched,
        ))  # fmt: skip


def linear_in_cotangents(level: Level, outputs: Tree, inputs: Tree) -> tuple[list[Tensor], list[Tensor]]:
    """Cotangents, all zero, and the gradients in ``inputs`` that belong to them, recorded: linear functions of them."""
    cotangents = [y._like(zeros_like(y.detach())).requires_grad_() for y in outputs.leaves]
    return cotangents, level.gradients(outputs.leaves, cotangents, inputs.leaves, recorded=True)


def directions_of(t: Tensor) -> Tensor:
    """All directions in the space of ``t``: one of its elements is 1 in each."""
    n = t.array.size
    made: Tensor = reshape(eye(n, dtype=t.dtype, device=t.device), (n, *t.shape))
    return made


def real(level: Level, what: str, tree: Tree) -> Tree:
    """``tree`` without complex leaves: d Re y / d Re x and the like are four numbers, which are one only if y is holomorphic."""
    for t in tree.leaves:
        if t.dtype.kind == "c":
            raise DTypeError(
                f"{level.name}: {what} is {t.dtype}, and Jacobians are of real numbers; write the function from real and "
                "imaginary parts to real and imaginary parts, or take products with the Jacobian by jvp or vjp"
            )
    return tree


def number(value: Any) -> Tensor:
    if not isinstance(value, Tensor) or value.array.size != 1:
        what = f"a tensor of shape {value.shape}" if isinstance(value, Tensor) else type(value).__name__
        raise GraphError(f"a gradient is of one number, and the function returned {what}; for several there are vjp and jacrev")
    return value


def check_tuples(name: str, primals: Any, tangents: Any) -> None:
    if not (isinstance(primals, tuple) and isinstance(tangents, tuple) and len(primals) == len(tangents)):
        raise ArgumentError(f"{name}: primals and tangents are tuples of one length; for a single tensor write (x,) and (v,)")


def fitting(name: str, what: str, tree: Any, model: Tree) -> list[Tensor]:
    """The leaves of ``tree``, which must have the form, the shapes and the devices of ``model``."""
    given = Tree(tree)
    if given != model:
        raise ArgumentError(f"{name}: {what} must have the form of what it belongs to, tensor for tensor")
    given.leaves = [_seen(t) for t in given.leaves]
    for t, m in zip(given.leaves, model.leaves, strict=True):
        if not isinstance(t, Tensor) or t.shape != m.shape:
            shape = t.shape if isinstance(t, Tensor) else type(t).__name__
            raise ShapeError(f"{name}: one of the {what} has shape {shape}, and what it belongs to {m.shape}")
    return given.leaves
