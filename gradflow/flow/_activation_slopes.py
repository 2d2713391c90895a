"""The slope of an activation, found by differentiating it: nothing here knows sigmoid or ReLU by name."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradflow as gf

from ..random import restore, states

FLAT = 0.05  # an activation is flat where its slope is under this part of its steepest
_FAR = 50.0


class Shape(NamedTuple):
    """What an activation looks like: its steepest slope, and on how many sides of 0 it becomes flat."""

    steepest: float
    sides: int


def shape_of(module: gf.nn.Module) -> Shape | None:
    """The form of ``module`` if it is an elementwise function without parameters whose slope changes; otherwise None.

    It is called (past its hooks) on a grid on the CPU, in order and in reverse: each element of what an elementwise function
    makes depends on its own place alone.  A module that cannot take such a grid, or draws random numbers, is none.
    """
    if next(module.children(), None) is not None or any(True for _ in (*module.parameters(), *module.buffers())):
        return None
    drawn, held = states(), dict(vars(module))
    try:
        values = gf.cat([gf.linspace(-8.0, 8.0, 321, device="cpu"), gf.tensor([-_FAR, _FAR], device="cpu")])
        slope, y = slope_at(module, values.reshape(-1, 1))
        back, y_back = slope_at(module, values.flip(0).reshape(-1, 1))
        _, y_row = slope_at(module, values.reshape(1, -1))
    except Exception:  # whatever it says of such an input: it is not an elementwise function of floats
        return None
    finally:
        restore(drawn)
        vars(module).clear()
        vars(module).update(held)
    if y.shape != (len(values), 1) or y_row.shape != (1, len(values)):
        return None
    same = bool((y == y_back.flip(0)).all()) and bool((y == y_row.reshape(-1, 1)).all()) and bool((slope == back.flip(0)).all())
    size = slope.abs()
    steepest = float(size.max())
    if not same or not 0 < steepest < float("inf") or float(size.min()) == steepest:
        return None
    return Shape(steepest, sum(float(size[i]) < 0.005 * steepest for i in (-2, -1)))


def slope_at(module: gf.nn.Module, x: Any) -> tuple[Any, Any]:
    """The derivative of ``module`` at each element of ``x``, and its values; neither ``x`` nor any graph is touched."""
    with gf.enable_grad():
        held = x.detach().requires_grad_()
        # A module that works in place gets a copy: neither x nor a leaf can be written over.
        y = module.forward(held * 1 if getattr(module, "inplace", False) else held)
        (slope,) = gf.autograd.grad(y.sum(), held, allow_unused=True, materialize_grads=True)
    return slope, y.detach()


def slope_between(y: Any, x: Any) -> tuple[Any, Any] | None:
    """The derivative of ``y`` by ``x`` in the recorded graph, and a 0-d array that says if ``y`` is elementwise; None if there
    is no way from one to the other.

    If ``y`` is an elementwise function of ``x``, its Jacobian is diagonal: then J v = v * (J 1) for a vector of signs v.
    The graph stays as it was.
    """
    if y.shape != x.shape or not y.requires_grad or not x.requires_grad:
        return None
    ones = gf.ones_like(y).detach()
    signs = gf.ones_like(y).detach()
    signs.array.reshape(-1)[1::2] = -1
    (slope,) = gf.autograd.grad(y, x, ones, retain_graph=True, allow_unused=True)
    if slope is None:
        return None
    signed: Any = gf.autograd.grad(y, x, signs, retain_graph=True)[0]
    return slope, (signed.array == slope.array * signs.array).all()
