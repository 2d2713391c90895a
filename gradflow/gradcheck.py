"""Derivatives checked against central differences, the chapter's (f(w + h) - f(w - h)) / 2h."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import backend
from ._engine import sweep, warn, wrap
from ._tensor import Tensor
from .backend import dtypes
from .errors import ArgumentError, GradcheckError

__all__ = ["gradcheck", "gradgradcheck", "numerical_grad"]


def numerical_grad(f: Callable[[Any], Any], w: Any, h: float = 1e-5) -> Tensor:
    """The gradient of ``f`` at ``w`` by central differences, ``(f(w + h) - f(w - h)) / 2h`` for each element in turn.

    Parameters
    ----------
    f : callable
        Takes a tensor of the shape of `w` and returns one number.
    w : Tensor or array
        Where to differentiate; real floats.  The elements are changed on a copy.
    h : float
        The step.  In float32 one of 1e-5 leaves little of the difference: use float64.

    Returns
    -------
    Tensor
        The shape and dtype of `w`.

    Raises
    ------
    ArgumentError
        When `w` is not of real floats, or `h` is not positive.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.autograd.numerical_grad(lambda w: (w ** 2).sum(), gf.tensor([1.0, 2.0], dtype=gf.float64))
    tensor([2.0000, 4.0000], dtype=float64)
    """
    from ._creation import tensor
    from ._engine import no_grad

    point = tensor(w.detach() if hasattr(w, "detach") else w)
    point = w._like(point) if isinstance(w, Tensor) else point
    if point.dtype.kind != "f":
        raise ArgumentError(f"numerical_grad: w is of {point.dtype}; differences need floats")
    if not h > 0:
        raise ArgumentError(f"numerical_grad: the step h must be positive, not {h}")
    slopes = np.empty(point.shape, np.float64)
    flat = point.array.reshape(-1)
    with no_grad():
        for i, at in enumerate(np.ndindex(*point.shape)):
            was = flat[i].copy()
            flat[i] = was + h
            up = float(f(point))
            flat[i] = was - h
            down = float(f(point))
            flat[i] = was
            slopes[at] = (up - down) / (2 * h)
    return tensor(slopes, dtype=point.dtype, device=point.device)


def gradcheck(
    func: Callable[..., Any], inputs: Any, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
    raise_exception: bool = True, check_undefined_grad: bool = False,
) -> bool:  # fmt: skip
    """True if the gradients of ``func(*inputs)`` agree with central differences of step ``eps``.

    Every element of every output is differentiated by every element of the inputs that require grad.

    Parameters
    ----------
    func : callable
        Returns a Tensor, or a tuple or list of them.
    inputs : Tensor or sequence
        The arguments of `func`.  Those that require grad are checked; they are float64 or complex128, or a warning says that the
        differences are too coarse.
    eps : float
        The step of the differences.
    atol, rtol : float
        A derivative may be off by `atol` + `rtol` times its size.
    raise_exception : bool
        Whether a disagreement raises; else False is returned.
    check_undefined_grad : bool
        Taken as PyTorch takes it, without a meaning.

    Returns
    -------
    bool
        Whether all agree.

    Raises
    ------
    GradcheckError
        When a derivative disagrees: it says which input, which entry and by how much.
    ArgumentError
        When no input requires grad.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.gradcheck(gf.tanh, gf.randn(3, dtype=gf.float64, requires_grad=True))
    True
    """
    arguments = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    checked = [(i, t) for i, t in enumerate(arguments) if isinstance(t, Tensor) and t.requires_grad]
    if not checked:
        raise ArgumentError("gradcheck: no input requires grad, so there is nothing to check")
    for i, t in checked:
        if t.dtype not in (dtypes.float64, dtypes.complex128):
            warn(f"gradcheck: input {i} is {t.dtype}; differences need float64 to be of use")
    try:
        outputs = _outputs(func, arguments)
        if not any(o.requires_grad for o in outputs):
            raise GradcheckError(
                "no output requires grad: the function does not depend on the inputs through recorded operations"
            )
        for place, t in checked:
            _compare(func, arguments, outputs, place, t, eps, atol, rtol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any], inputs: Any, grad_outputs: Any = None, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:  # fmt: skip
    """True if second derivatives of ``func(*inputs)`` agree with central differences: ``gradcheck`` of the gradients.

    They are taken with respect to the inputs and to the gradient fed in.  The recorded gradients (``create_graph=True``) that
    these are derivatives of must also be the plain ones, to half the digits of their dtype.

    Parameters
    ----------
    func : callable
        Returns a Tensor, or a tuple or list of them.
    inputs : Tensor or sequence
        The arguments of `func`, as for ``gradcheck``.
    grad_outputs : Tensor, sequence of Tensor or None
        The gradient fed in for each output that requires grad; None is random numbers.
    eps : float
        The step of the differences.
    atol, rtol : float
        A derivative may be off by `atol` + `rtol` times its size.
    raise_exception : bool
        Whether a disagreement raises; else False is returned.

    Returns
    -------
    bool
        Whether all agree.

    Raises
    ------
    GradcheckError
        When a derivative disagrees, or a recorded gradient is not the plain one: it says which input's.
    ArgumentError
        When no input requires grad.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.gradgradcheck(gf.tanh, gf.randn(3, dtype=gf.float64, requires_grad=True))
    True
    """
    from .autograd import grad
    from .random import randn

    arguments = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    places = [i for i, t in enumerate(arguments) if isinstance(t, Tensor) and t.requires_grad]
    outputs = [o for o in _outputs(func, arguments) if o.requires_grad]
    if grad_outputs is None:
        weights = [randn(o.shape, dtype=o.dtype, device=o.device, requires_grad=True) for o in outputs]
    else:
        weights = [grad_outputs] if isinstance(grad_outputs, Tensor) else list(grad_outputs)

    def first(*everything: Any) -> Any:
        values = list(everything[: len(arguments)])
        outs = [o for o in _outputs(func, values) if o.requires_grad]
        grads = grad(outs, [values[i] for i in places], list(everything[len(arguments) :]), create_graph=True, allow_unused=True)
        return tuple(g for g in grads if g is not None and g.requires_grad)

    try:
        if outputs:
            _recorded_as_plain(outputs, places, [arguments[i] for i in places], weights)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return gradcheck(first, [*arguments, *weights], eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception)


def _recorded_as_plain(outputs: list[Tensor], places: list[int], inputs: list[Tensor], weights: list[Tensor]) -> None:
    from .autograd import grad

    pair = [grad(outputs, inputs, weights, retain_graph=True, create_graph=c, materialize_grads=True) for c in (False, True)]
    for place, plain, recorded in zip(places, *pair, strict=True):
        assert plain is not None and recorded is not None
        a, b = recorded.detach().to_numpy(), plain.to_numpy()
        allowed = np.finfo(b.dtype).eps ** 0.5 * (1 + np.abs(b))
        if a.shape != b.shape or not np.all((np.abs(a - b) <= allowed) | (a == b) | (np.isnan(a) & np.isnan(b))):
            raise GradcheckError(
                f"the gradient of input {place} is {a.tolist()} where it is recorded (create_graph=True) and {b.tolist()} where "
                "it is not"
            )


def _outputs(func: Callable[..., Any], arguments: Sequence[Any]) -> list[Tensor]:
    made = func(*arguments)
    outs = list(made) if isinstance(made, tuple | list) else [made]
    return [o for o in outs if isinstance(o, Tensor) and o.dtype.kind in "fc"]


def _compare(
    func: Callable[..., Any],
    arguments: list[Any],
    outputs: list[Tensor],
    place: int,
    t: Tensor,
    eps: float,
    atol: float,
    rtol: float,
) -> None:
    assert t.node is not None
    slopes = _differences(func, arguments, place, t, eps)
    for k, o in enumerate(outputs):
        sides = (1.0, 1j) if o.dtype.kind == "c" else (1.0,)
        for at in np.ndindex(*o.shape):
            for side in sides:
                got = np.zeros(t.shape, np.complex128)
                if o.node is not None:
                    seed = np.zeros(o.shape, o.dtype)
                    seed[at] = side
                    xp = backend.namespace_of(o.array)
                    seed = xp.from_host(seed, o.device)
                    found, _ = sweep([(o.node, seed)], retain_graph=True, inputs=[t.node])
                    if t.node in found:
                        got = wrap(found[t.node]).to_numpy().astype(np.complex128)
                        if got.shape != t.shape:
                            raise GradcheckError(
                                f"the gradient of input {place}, of shape {t.shape}, came back in shape {got.shape}"
                            )
                # d Re(conj(seed) * output): PyTorch's convention for complex gradients
                want = (np.conj(side) * slopes[0][k][at]).real + 0j
                if t.dtype.kind == "c":
                    want = want + 1j * (np.conj(side) * slopes[1][k][at]).real
                off = np.abs(got - want)
                allowed = atol + rtol * np.abs(want)
                if not (off <= allowed).all():
                    worst = (
                        np.unravel_index(int(np.argmax(np.where(np.isnan(off), np.inf, off - allowed))), t.shape)
                        if t.shape
                        else ()
                    )
                    where = tuple(int(i) for i in worst)
                    a, b = (got[where], want[where]) if t.dtype.kind == "c" else (got[where].real, want[where].real)
                    raise GradcheckError(
                        f"the derivative of output {k}, entry {at}, with respect to input {place}, entry {where}, is {a:.6g} by "
                        f"backward and {b:.6g} by central differences of {eps:g}: off by {abs(a - b):.3g}, allowed "
                        f"{float(allowed[where]):.3g}"
                    )


def _differences(
    func: Callable[..., Any], arguments: list[Any], place: int, t: Tensor, eps: float
) -> list[list[np.ndarray[Any, Any]]]:
    """For each direction (real, and imaginary if the input is complex) and output: d output / d input, input entries last."""
    found: list[list[np.ndarray[Any, Any]]] = []
    for step in (eps, 1j * eps) if t.dtype.kind == "c" else (eps,):
        columns: list[list[np.ndarray[Any, Any]]] = []
        for at in np.ndindex(*t.shape):
            sides = []
            for sign in (1, -1):
                moved = np.array(t.to_numpy())
                moved[at] += sign * step
                xp = backend.namespace_of(t.array)
                shifted = t._like(wrap(_laid_like(xp.from_host(moved, t.device), t.array))).requires_grad_()
                outs = _outputs(func, [*arguments[:place], shifted, *arguments[place + 1 :]])
                sides.append([o.to_numpy().astype(np.complex128) for o in outs])
            columns.append([(up - down) / (2 * eps) for up, down in zip(*sides, strict=True)])
        outs = _outputs(func, arguments) if not columns else []
        count = len(columns[0]) if columns else len(outs)
        stacked = []
        for k in range(count):
            column = [c[k] for c in columns]
            shape = column[0].shape if columns else outs[k].shape
            stacked.append(
                np.stack(column, -1).reshape((*shape, *t.shape)) if columns else np.zeros((*shape, *t.shape), np.complex128)
            )
        found.append(stacked)
    return found


def _laid_like(array: Any, like: Any) -> Any:
    """``array`` in memory of the order of ``like``, so that the function takes the same way through views."""
    if array.flags.c_contiguous and not like.flags.c_contiguous and like.flags.f_contiguous:
        return backend.namespace_of(array).array(array, order="F")
    return array
