"""A module called with other parameters: ``gf.func.functional_call``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ._tensor import Tensor
from .errors import ArgumentError

Place = tuple[dict[str, Any], str]
"""Where a module holds a parameter or a buffer: its dictionary, and the name there."""


def functional_call(
    module: Any, parameters_and_buffers: Mapping[str, Tensor] | Sequence[Mapping[str, Tensor]], args: Any = None,
    kwargs: Mapping[str, Any] | None = None, *, tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """``module(*args, **kwargs)`` with the Tensors of a dict in the place of its parameters and buffers.

    Afterwards the module is what it was.  What it writes into a buffer in that call is written into the Tensor that was given.

    Parameters
    ----------
    module : Module
        What to call.
    parameters_and_buffers : dict or sequence of dict
        Tensors by their names, those of ``named_parameters`` and ``named_buffers``.  What is not named stays the module's own.
    args : tuple or object
        The positional arguments; one that is no tuple stands for itself, None for no argument.
    kwargs : dict or None
        The named arguments.
    tie_weights : bool
        Whether a parameter that the module holds under several names is replaced under all of them.
    strict : bool
        Whether every parameter and buffer has to be named.

    Returns
    -------
    object
        What the module returns.

    Raises
    ------
    ArgumentError
        For a name that the module does not have or two dicts share, for one that is missing if `strict`, and for tied weights
        that are given two Tensors.

    Examples
    --------
    >>> import gradflow as gf
    >>> layer = gf.nn.Linear(2, 1)
    >>> w = {"weight": gf.ones(1, 2), "bias": gf.zeros(1)}
    >>> gf.func.functional_call(layer, w, gf.tensor([[3.0, 4.0]]))
    tensor([[7.]])
    >>> gf.func.grad(lambda w: gf.func.functional_call(layer, w, gf.tensor([[3.0, 4.0]])).sum())(w)["weight"]
    tensor([[3., 4.]])
    """
    given = _merged(parameters_and_buffers)
    places = _places(module)
    if unknown := [name for name in given if name not in places]:
        raise ArgumentError(f"functional_call: {type(module).__name__} has no parameter or buffer {unknown[0]!r}")
    if strict and (missing := [name for name in places if name not in given]):
        raise ArgumentError(f"functional_call: strict, and {missing[0]!r} is not given")
    wanted = _tied(places, given) if tie_weights else given
    before = [(*places[name], places[name][0][places[name][1]]) for name in wanted]
    try:
        for name, tensor in wanted.items():
            held, key = places[name]
            held[key] = tensor
        return module(*(args if isinstance(args, tuple) else () if args is None else (args,)), **(kwargs or {}))
    finally:
        for held, key, own in before:
            held[key] = own


def _merged(given: Any) -> dict[str, Tensor]:
    merged: dict[str, Tensor] = {}
    for part in [given] if isinstance(given, Mapping) else given:
        if not isinstance(part, Mapping):
            raise TypeError(f"functional_call: takes a dict of Tensors, or several, not {type(part).__name__}")
        for name, tensor in part.items():
            if not isinstance(tensor, Tensor):
                raise TypeError(f"functional_call: {name!r} is given a {type(tensor).__name__}, not a Tensor")
            if name in merged:
                raise ArgumentError(f"functional_call: {name!r} is in two of the dicts")
            merged[name] = tensor
    return merged


def _places(module: Any) -> dict[str, Place]:
    """Every parameter and buffer by its full name, those that are held twice under each of their names."""
    return {
        f"{prefix}.{key}" if prefix else key: (held, key)
        for prefix, m in module.named_modules(remove_duplicate=False)
        for held in (m._parameters, m._buffers)
        for key, tensor in held.items()
        if tensor is not None
    }


def _tied(places: dict[str, Place], given: dict[str, Tensor]) -> dict[str, Tensor]:
    """``given``, and every other name of the Tensors that are replaced."""
    replaced: dict[int, Tensor] = {}
    for name, tensor in given.items():
        held, key = places[name]
        if replaced.setdefault(id(held[key]), tensor) is not tensor:
            raise ArgumentError(f"functional_call: {name!r} is tied to another name, and both are given different Tensors")
    return {name: replaced[id(held[key])] for name, (held, key) in places.items() if id(held[key]) in replaced}
