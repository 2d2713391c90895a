"""Functions of functions, spelled as ``torch.func``: gradients, Jacobians and Hessians of functions that return tensors.

>>> import gradflow as gf
>>> gf.func.grad(lambda x: (x ** 3).sum())(gf.tensor([1.0, 2.0]))
tensor([ 3., 12.])

An argument that is differentiated is a Tensor, or a tuple, list or dict of Tensors (nested, if need be); what comes out has its
form.  An array of NumPy or CuPy in its place is an array of ``gradflow.numpy`` inside the function, and so is its gradient.
Results can be differentiated again: by another function of this module around, or by ``backward`` if an argument requires grad.
What else the function uses (tensors it closes over) is constant for it.
"""

from __future__ import annotations

from _thread import _local
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import autograd
from ._engine import mode, recording, wrap
from ._filled import eye, zeros, zeros_like
from ._ops.shape import movedim, reshape
from ._stateless import functional_call
from ._tensor import Tensor
from .backend import is_array
from .errors import ArgumentError, DTypeError, GraphError, ShapeError

__all__ = ["functional_call", "grad", "grad_and_value", "hessian", "hvp", "jacfwd", "jacrev", "jvp", "vjp"]

Argnums = int | tuple[int, ...]


def grad_and_value(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns the gradient and the value of ``func``.

    Parameters
    ----------
    func : callable
        Returns a Tensor of one element, or ``(value, aux)`` with `has_aux`.
    argnums : int or tuple of int
        Which positional arguments to differentiate: each a Tensor, an array, or nested tuples, lists and dicts of them.
    has_aux : bool
        Whether `func` returns something beside its value, which is passed on.

    Returns
    -------
    callable
        Takes the arguments of `func` and returns ``(gradient, value)``, or ``(gradient, (value, aux))``.  The gradient has the
        form of the argument; for a tuple of `argnums` it is a tuple.

    Raises
    ------
    GraphError
        From the function returned, when the value has several elements.
    DTypeError
        From the function returned, when the argument is not of floats or complex numbers.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.func.grad_and_value(lambda x: x ** 2)(gf.tensor(3.0))
    (tensor(6.), tensor(9.))
    """

    def derive(level: _Level, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        inputs = level.inputs(args, argnums)
        value, aux = level.call(func, kwargs, has_aux)
        found = inputs.rebuild(level.gradients([_number(value)], None, inputs.leaves))
        value = level.shown(value)
        return found, ((value, aux) if has_aux else value)

    return lambda *args, **kwargs: _Level("grad", args).run(derive, args, kwargs)


def grad(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns the gradient of ``func``.

    Parameters
    ----------
    func : callable
        Returns a Tensor of one element, or ``(value, aux)`` with `has_aux`.
    argnums : int or tuple of int
        Which positional arguments to differentiate: each a Tensor, an array, or nested tuples, lists and dicts of them.
    has_aux : bool
        Whether `func` returns something beside its value, which is passed on.

    Returns
    -------
    callable
        Takes the arguments of `func` and returns the gradient, or ``(gradient, aux)``.  The gradient has the form of the
        argument; for a tuple of `argnums` it is a tuple.

    Raises
    ------
    GraphError
        From the function returned, when the value has several elements.
    DTypeError
        From the function returned, when the argument is not of floats or complex numbers.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.func.grad(gf.func.grad(gf.sin))(gf.tensor(1.0))
    tensor(-0.8415)
    """
    both = grad_and_value(func, argnums, has_aux)

    def derive(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return derive


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The value of a function, and a function that multiplies cotangents with its Jacobian.

    Parameters
    ----------
    func : callable
        Returns Tensors, in nested tuples, lists and dicts if need be; with `has_aux` ``(value, aux)``.
    *primals : Tensor, array or nested tuples, lists and dicts of them
        The arguments of `func`, all of which are differentiated.
    has_aux : bool
        Whether `func` returns something beside its value, which is passed on.

    Returns
    -------
    tuple
        ``(value, pull)``, or ``(value, pull, aux)``.  ``pull(v)`` takes a cotangent of the form of the value and returns ``v``
        times the Jacobian, a tuple with a gradient for each of the primals.  It may be called again and again.

    Examples
    --------
    >>> import gradflow as gf
    >>> value, pull = gf.func.vjp(gf.exp, gf.tensor([0.0, 1.0]))
    >>> pull(gf.tensor([1.0, 0.0]))
    (tensor([1., 0.]),)
    """

    def derive(level: _Level) -> tuple[_Tree, Any, Any]:
        return level.inputs(primals, tuple(range(len(primals)))), *level.call(func, {}, has_aux)

    level = _Level("vjp", primals)
    inputs, value, aux = level.run(derive)
    outputs = _Tree(value)

    def pulled(level: _Level, cotangent: Any) -> Any:
        weights = _fitting("vjp", "cotangent", cotangent, outputs)
        return inputs.rebuild(level.gradients(outputs.leaves, weights, inputs.leaves))

    def pull(cotangent: Any) -> Any:
        return _Level("vjp", (primals, cotangent)).run(pulled, cotangent)

    return (level.shown(value), pull, aux) if has_aux else (level.shown(value), pull)


def jvp(func: Callable[..., Any], primals: tuple[Any, ...], tangents: tuple[Any, ...], *, has_aux: bool = False) -> Any:
    """The value of a function, and its Jacobian times ``tangents``.

    It is computed as the derivative of the vjp, which is linear in its cotangent, in the direction of that cotangent: two
    backward passes.

    Parameters
    ----------
    func : callable
        Returns Tensors, in nested tuples, lists and dicts if need be; with `has_aux` ``(value, aux)``.
    primals : tuple
        The arguments of `func`, all of which are differentiated.
    tangents : tuple
        The direction, of the form of `primals`.
    has_aux : bool
        Whether `func` returns something beside its value, which is passed on.

    Returns
    -------
    tuple
        ``(value, tangent)``, both of the form of the value, or ``(value, tangent, aux)``.

    Raises
    ------
    ArgumentError
        When `primals` and `tangents` are not tuples of one form.
    ShapeError
        When a tangent has another shape than its primal.

    References
    ----------
    J. Townsend, "A new trick for calculating Jacobian vector products" (2017).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.func.jvp(gf.exp, (gf.tensor([0.0, 1.0]),), (gf.tensor([1.0, 1.0]),))
    (tensor([1.0000, 2.7183]), tensor([1.0000, 2.7183]))
    """
    _tuples("jvp", primals, tangents)

    def derive(level: _Level) -> Any:
        inputs = level.inputs(primals, tuple(range(len(primals))))
        value, aux = level.call(func, {}, has_aux)
        outputs = _Tree(value)
        directions, linear = _linear_in_cotangents(level, outputs, inputs)
        weights = _fitting("jvp", "tangents", tangents, inputs)
        pushed = outputs.rebuild(level.gradients(linear, weights, directions))
        return (level.shown(value), pushed, aux) if has_aux else (level.shown(value), pushed)

    return _Level("jvp", (primals, tangents)).run(derive)


def jacrev(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns the Jacobian of ``func``, by rows, all in one backward pass.

    It is better than ``jacfwd`` where the value has fewer elements than the argument.  Both are of real numbers: the derivative
    of a complex function is no matrix of complex numbers.

    Parameters
    ----------
    func : callable
        Returns Tensors, in nested tuples, lists and dicts if need be; with `has_aux` ``(value, aux)``.
    argnums : int or tuple of int
        Which positional arguments to differentiate: each a Tensor, an array, or nested tuples, lists and dicts of them.
    has_aux : bool
        Whether `func` returns something beside its value, which is passed on.

    Returns
    -------
    callable
        Takes the arguments of `func` and returns Jacobians of shape (*value, *argument), in the form of the value with that of
        the argument in each place; with `has_aux` ``(jacobian, aux)``.

    Raises
    ------
    DTypeError
        From the function returned, when an argument or the value is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.func.jacrev(lambda x: x ** 2)(gf.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    return _rows("jacrev", func, argnums, has_aux)


def _rows(name: str, func: Callable[..., Any], argnums: Argnums, has_aux: bool = False) -> Callable[..., Any]:
    def derive(level: _Level, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        inputs = _real(level, "an argument", level.inputs(args, argnums))
        value, aux = level.call(func, kwargs, has_aux)
        outputs = _real(level, "the value", _Tree(value))
        blocks = []
        for y in outputs.leaves:
            rows = level.gradients([y], [_directions(y)], inputs.leaves, batched=True)
            found = [x._like(reshape(r, (*y.shape, *x.shape))) for r, x in zip(rows, inputs.leaves, strict=True)]
            blocks.append(inputs.rebuild(found))
        made = outputs.rebuild(blocks)
        return (made, aux) if has_aux else made

    return lambda *args, **kwargs: _Level(name, args).run(derive, args, kwargs)


def jacfwd(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns the Jacobian of ``func``, by columns.

    It is better than ``jacrev`` where the argument has fewer elements than the value.  Both are of real numbers.

    Parameters
    ----------
    func : callable
        Returns Tensors, in nested tuples, lists and dicts if need be; with `has_aux` ``(value, aux)``.
    argnums : int or tuple of int
        Which positional arguments to differentiate: each a Tensor, an array, or nested tuples, lists and dicts of them.
    has_aux : bool
        Whether `func` returns something beside its value, which is passed on.

    Returns
    -------
    callable
        Takes the arguments of `func` and returns Jacobians of shape (*value, *argument), in the form of the value with that of
        the argument in each place; with `has_aux` ``(jacobian, aux)``.

    Raises
    ------
    DTypeError
        From the function returned, when an argument or the value is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.func.jacfwd(lambda t: gf.stack([gf.cos(t), gf.sin(t)]))(gf.tensor(0.0))
    tensor([0., 1.])
    """

    def derive(level: _Level, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        inputs = _real(level, "an argument", level.inputs(args, argnums))
        value, aux = level.call(func, kwargs, has_aux)
        outputs = _real(level, "the value", _Tree(value))
        directions, linear = _linear_in_cotangents(level, outputs, inputs)
        blocks: list[list[Tensor]] = [[] for _ in outputs.leaves]
        for x, product in zip(inputs.leaves, linear, strict=True):
            columns = level.gradients([product], [_directions(x)], directions, batched=True)
            for block, column, y in zip(blocks, columns, outputs.leaves, strict=True):
                block.append(x._like(reshape(movedim(column, 0, -1), (*y.shape, *x.shape))))
        made = outputs.rebuild([inputs.rebuild(block) for block in blocks])
        return (made, aux) if has_aux else made

    return lambda *args, **kwargs: _Level("jacfwd", args).run(derive, args, kwargs)


def hessian(func: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """A function that returns the matrix of second derivatives of ``func``.

    It is the Jacobian of the gradient, and all its rows come out of one backward pass.

    Parameters
    ----------
    func : callable
        Returns a Tensor of one element.
    argnums : int or tuple of int
        Which positional arguments to differentiate: each a Tensor, an array, or nested tuples, lists and dicts of them.

    Returns
    -------
    callable
        Takes the arguments of `func` and returns Tensors of shape (*argument, *argument).

    Raises
    ------
    GraphError
        From the function returned, when the value has several elements.
    DTypeError
        From the function returned, when an argument or the value is complex.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.func.hessian(lambda x: (x ** 3).sum())(gf.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return _rows("hessian", grad(func, argnums), argnums)


def hvp(func: Callable[..., Any], primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
    """The value of a function, and its Hessian times ``tangents``, without the Hessian.

    It is computed as the gradient of the product of gradient and tangents.

    Parameters
    ----------
    func : callable
        Returns a Tensor of one element.
    primals : tuple
        The arguments of `func`, all of which are differentiated.
    tangents : tuple
        The direction, of the form of `primals`.

    Returns
    -------
    tuple
        ``(value, product)``; the product is a tuple of the form of `primals`.

    Raises
    ------
    ArgumentError
        When `primals` and `tangents` are not tuples of one form.
    GraphError
        When the value has several elements.

    References
    ----------
    B. Pearlmutter, "Fast exact multiplication by the Hessian" (1994).

    Examples
    --------
    >>> import gradflow as gf
    >>> x, v = gf.tensor([1.0, 2.0]), gf.tensor([1.0, 0.0])
    >>> gf.func.hvp(lambda x: (x ** 3).sum(), (x,), (v,))
    (tensor(9.), (tensor([6., 0.]),))
    """
    _tuples("hvp", primals, tangents)

    def derive(level: _Level) -> Any:
        inputs = level.inputs(primals, tuple(range(len(primals))))
        value, _ = level.call(func, {}, False)
        first = level.gradients([_number(value)], None, inputs.leaves, recorded=True)
        weights = _fitting("hvp", "tangents", tangents, inputs)
        product = inputs.rebuild(level.gradients(first, weights, inputs.leaves))
        return level.shown(value), product

    return _Level("hvp", (primals, tangents)).run(derive)


# --- trees of tensors ---------------------------------------------------------------------------------------------------


class _Tree:
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
        return isinstance(other, _Tree) and self._form == other._form

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


class _Level:
    """The call of a function on inputs of its own, whose derivative is wanted.

    What comes out is recorded (``again``) only if somebody may differentiate it: another level around this one, or the user,
    if any of the tensors in ``given`` requires grad.
    """

    def __init__(self, name: str, given: Any) -> None:
        self.name = name
        outer = any(isinstance(t, Tensor) and t.node is not None for t in _Tree(given).leaves)
        self.again = mode.recording and (outer or _depth.count > 0)

    def run(self, body: Callable[..., Any], *args: Any) -> Any:
        """``body(self, *args)``, recorded, one level further in."""
        depth = _depth.count
        try:
            _depth.count = depth + 1
            return recording(True, body, self, *args)
        finally:
            _depth.count = depth

    def inputs(self, args: tuple[Any, ...], argnums: Argnums) -> _Tree:
        """The chosen arguments as tensors of this level: the same memory, and a place in the graph of their own."""
        chosen = argnums if isinstance(argnums, tuple) else (argnums,)
        for i in chosen:
            if not isinstance(i, int) or isinstance(i, bool) or not -len(args) <= i < len(args):
                raise ArgumentError(f"{self.name}: argnums names argument {i!r}, and the function was given {len(args)}")
        tree = _Tree(tuple(args[i] for i in chosen) if isinstance(argnums, tuple) else args[chosen[0]])
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
        for t in _Tree(value).leaves:
            if not isinstance(t, Tensor):
                raise DTypeError(f"{self.name}: the function returned {type(t).__name__}; it returns Tensors")
        return value, aux if self.again else self._plain(aux)

    def shown(self, value: Any) -> Any:
        """The value for the caller."""
        return value if self.again else self._plain(value)

    def _plain(self, value: Any) -> Any:
        tree = _Tree(value)
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


def _linear_in_cotangents(level: _Level, outputs: _Tree, inputs: _Tree) -> tuple[list[Tensor], list[Tensor]]:
    """Cotangents, all zero, and the gradients in ``inputs`` that belong to them, recorded: linear functions of them."""
    cotangents = [y._like(zeros_like(y.detach())).requires_grad_() for y in outputs.leaves]
    return cotangents, level.gradients(outputs.leaves, cotangents, inputs.leaves, recorded=True)


def _directions(t: Tensor) -> Tensor:
    """All directions in the space of ``t``: one of its elements is 1 in each."""
    n = t.array.size
    made: Tensor = reshape(eye(n, dtype=t.dtype, device=t.device), (n, *t.shape))
    return made


def _real(level: _Level, what: str, tree: _Tree) -> _Tree:
    """``tree`` without complex leaves: d Re y / d Re x and the like are four numbers, which are one only if y is holomorphic."""
    for t in tree.leaves:
        if t.dtype.kind == "c":
            raise DTypeError(
                f"{level.name}: {what} is {t.dtype}, and Jacobians are of real numbers; write the function from real and "
                "imaginary parts to real and imaginary parts, or take products with the Jacobian by jvp or vjp"
            )
    return tree


def _number(value: Any) -> Tensor:
    if not isinstance(value, Tensor) or value.array.size != 1:
        what = f"a tensor of shape {value.shape}" if isinstance(value, Tensor) else type(value).__name__
        raise GraphError(f"a gradient is of one number, and the function returned {what}; for several there are vjp and jacrev")
    return value


def _tuples(name: str, primals: Any, tangents: Any) -> None:
    if not (isinstance(primals, tuple) and isinstance(tangents, tuple) and len(primals) == len(tangents)):
        raise ArgumentError(f"{name}: primals and tangents are tuples of one length; for a single tensor write (x,) and (v,)")


def _fitting(name: str, what: str, tree: Any, model: _Tree) -> list[Tensor]:
    """The leaves of ``tree``, which must have the form, the shapes and the devices of ``model``."""
    given = _Tree(tree)
    if given != model:
        raise ArgumentError(f"{name}: {what} must have the form of what it belongs to, tensor for tensor")
    given.leaves = [_seen(t) for t in given.leaves]
    for t, m in zip(given.leaves, model.leaves, strict=True):
        if not isinstance(t, Tensor) or t.shape != m.shape:
            shape = t.shape if isinstance(t, Tensor) else type(t).__name__
            raise ShapeError(f"{name}: one of the {what} has shape {shape}, and what it belongs to {m.shape}")
    return given.leaves
