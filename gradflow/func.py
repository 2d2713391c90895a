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

from collections.abc import Callable
from typing import Any

from ._levels import Argnums, Level, Tree, check_tuples, directions_of, fitting, linear_in_cotangents, number, real
from ._ops.shape import movedim, reshape
from ._stateless import functional_call
from ._tensor import Tensor

__all__ = ["functional_call", "grad", "grad_and_value", "hessian", "hvp", "jacfwd", "jacrev", "jvp", "vjp"]


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

    def derive(level: Level, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        inputs = level.inputs(args, argnums)
        value, aux = level.call(func, kwargs, has_aux)
        found = inputs.rebuild(level.gradients([number(value)], None, inputs.leaves))
        value = level.shown(value)
        return found, ((value, aux) if has_aux else value)

    return lambda *args, **kwargs: Level("grad", args).run(derive, args, kwargs)


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

    def derive(level: Level) -> tuple[Tree, Any, Any]:
        return level.inputs(primals, tuple(range(len(primals)))), *level.call(func, {}, has_aux)

    level = Level("vjp", primals)
    inputs, value, aux = level.run(derive)
    outputs = Tree(value)

    def pulled(level: Level, cotangent: Any) -> Any:
        weights = fitting("vjp", "cotangent", cotangent, outputs)
        return inputs.rebuild(level.gradients(outputs.leaves, weights, inputs.leaves))

    def pull(cotangent: Any) -> Any:
        return Level("vjp", (primals, cotangent)).run(pulled, cotangent)

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
    check_tuples("jvp", primals, tangents)

    def derive(level: Level) -> Any:
        inputs = level.inputs(primals, tuple(range(len(primals))))
        value, aux = level.call(func, {}, has_aux)
        outputs = Tree(value)
        directions, linear = linear_in_cotangents(level, outputs, inputs)
        weights = fitting("jvp", "tangents", tangents, inputs)
        pushed = outputs.rebuild(level.gradients(linear, weights, directions))
        return (level.shown(value), pushed, aux) if has_aux else (level.shown(value), pushed)

    return Level("jvp", (primals, tangents)).run(derive)


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
    def derive(level: Level, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        inputs = real(level, "an argument", level.inputs(args, argnums))
        value, aux = level.call(func, kwargs, has_aux)
        outputs = real(level, "the value", Tree(value))
        blocks = []
        for y in outputs.leaves:
            rows = level.gradients([y], [directions_of(y)], inputs.leaves, batched=True)
            found = [x._like(reshape(r, (*y.shape, *x.shape))) for r, x in zip(rows, inputs.leaves, strict=True)]
            blocks.append(inputs.rebuild(found))
        made = outputs.rebuild(blocks)
        return (made, aux) if has_aux else made

    return lambda *args, **kwargs: Level(name, args).run(derive, args, kwargs)


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

    def derive(level: Level, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        inputs = real(level, "an argument", level.inputs(args, argnums))
        value, aux = level.call(func, kwargs, has_aux)
        outputs = real(level, "the value", Tree(value))
        directions, linear = linear_in_cotangents(level, outputs, inputs)
        blocks: list[list[Tensor]] = [[] for _ in outputs.leaves]
        for x, product in zip(inputs.leaves, linear, strict=True):
            columns = level.gradients([product], [directions_of(x)], directions, batched=True)
            for block, column, y in zip(blocks, columns, outputs.leaves, strict=True):
                block.append(x._like(reshape(movedim(column, 0, -1), (*y.shape, *x.shape))))
        made = outputs.rebuild([inputs.rebuild(block) for block in blocks])
        return (made, aux) if has_aux else made

    return lambda *args, **kwargs: Level("jacfwd", args).run(derive, args, kwargs)


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
    check_tuples("hvp", primals, tangents)

    def derive(level: Level) -> Any:
        inputs = level.inputs(primals, tuple(range(len(primals))))
        value, _ = level.call(func, {}, False)
        first = level.gradients([number(value)], None, inputs.leaves, recorded=True)
        weights = fitting("hvp", "tangents", tangents, inputs)
        product = inputs.rebuild(level.gradients(first, weights, inputs.leaves))
        return level.shown(value), product

    return Level("hvp", (primals, tangents)).run(derive)
