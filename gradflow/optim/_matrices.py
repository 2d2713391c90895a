"""What the optimizers that treat a matrix as a whole share: which parameters they take, and in what precision they work."""

from __future__ import annotations

from typing import Any

from .._engine import wrap
from .._tensor import Tensor
from ..errors import DTypeError, ShapeError
from ..typing import Array
from ._flat import kept_in
from .optimizer import Update


def real_only(name: str, param_group: Any, ndim: int | None = None) -> Any:
    """The group with its parameters in a list, none of them complex, each with ``ndim`` dimensions.

    What is no group, or holds what are no Tensors, is left to ``Optimizer`` to refuse.
    """
    if not isinstance(param_group, dict) or "params" not in param_group or isinstance(param_group["params"], set):
        return param_group
    params = param_group["params"]
    params = [params] if isinstance(params, Tensor) else list(params)
    for i, p in enumerate(params):
        if not isinstance(p, Tensor):
            continue
        if p.is_complex():
            raise DTypeError(f"{name}: parameter {i} (shape {p.shape}) is {p.dtype}; only real ones are served")
        if ndim is not None and p.ndim != ndim:
            raise ShapeError(
                f"{name}: parameter {i} has shape {p.shape}; only matrices ({ndim} dimensions) are served, "
                "give biases and the like to another optimizer such as AdamW"
            )
    return {**param_group, "params": params}


def kept(state: dict[str, Any], key: str, u: Update) -> Array:
    """One array of the state; it follows a parameter that was cast or moved."""
    p, held = wrap(u.of), state[key]
    if held.dtype != kept_in(p) or held.device != p.device:
        held = state[key] = held.to(dtype=kept_in(p), device=p.device)
    return held.array


def full_precision(state: dict[str, Any], u: Update) -> Array:
    """The numbers to work on: the parameter, or of half precision its copy in float32, ``state["master_param"]``.

    The copy takes over what was written into the parameter since it was rounded to it.
    """
    p = wrap(u.of)
    if p.dtype == kept_in(p):
        state.pop("master_param", None)
        return u.array
    if "master_param" not in state:
        state["master_param"] = p.to(dtype=kept_in(p), copy=True)
    master = kept(state, "master_param", u)
    u.xp.copyto(master, u.xp.where(u.xp.equal(u.xp.astype(master, u.array.dtype), u.array), master, u.array))
    return master
