"""Optimizers that treat every number alike: one formula, one kernel for all parameters of a group."""

from __future__ import annotations

import itertools
from typing import Any, ClassVar

from .._kernels import SCALE, Kernel
from .._plain import plain
from .._tensor import Tensor
from ..backend import dtypes
from ._flat import Bucket, Run, buckets, kept_in
from .optimizer import Optimizer


class ElementwiseOptimizer(Optimizer):
    """An optimizer that is one formula, the same for every number of every parameter.

    A subclass has ``formula``, a ``Kernel``. Its parameters are ``p`` (the parameter), ``g`` (its gradient), the names that
    ``keeps`` gives (its state), and by name any setting of the group, anything in ``counters`` and ``first`` (True at a
    parameter's first step). ``betas`` are also there as ``beta1`` and ``beta2``.

    Parameters, gradients and state of a group are brought together in one memory at the first step, so that a step is one kernel.
    A parameter whose memory something else shows too (an array of the user's, a view) is updated where it is. Parameters of half
    precision have a full-precision copy, ``state[p]["master_param"]``, on which the formula works.

    Parameters
    ----------
    params : iterable of Tensor, (str, Tensor) or dict
        Parameters, ``named_parameters()``, or dicts with "params" and settings of their own (groups).
    defaults : dict
        The settings of the groups that do not say otherwise.
    error_on_nonfinite : bool, default False
        Whether a step refuses NaN and infinite gradients; it then waits for the device.

    Examples
    --------
    >>> import gradflow as gf
    >>> class SignDescent(gf.optim.ElementwiseOptimizer):
    ...     formula = gf.optim.Kernel(lambda xp, p, g, lr: p - lr * xp.sign(g), writes="p")
    ...     def __init__(self, params, lr=0.1):
    ...         super().__init__(params, {"lr": lr})
    >>> w = gf.tensor([1.0, -2.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> SignDescent([w]).step()
    >>> w.detach()
    tensor([ 0.9000, -1.9000])
    """

    formula: ClassVar[Kernel]
    counters: ClassVar[dict[str, Any]] = {}
    """What is counted for each parameter beside its arrays, with what it starts from."""

    def keeps(self, group: dict[str, Any]) -> dict[str, float]:
        """The arrays that are the state of each parameter; a subclass writes it.

        Parameters
        ----------
        group : dict
            A dict of ``param_groups``: settings by name.

        Returns
        -------
        dict of str and float
            The names of the arrays, with the number that fills each at the start.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.Momentum([gf.zeros(1, requires_grad=True)])
        >>> optimizer.keeps(optimizer.param_groups[0])
        {'velocity': 0.0}
        """
        return {}

    def advance(self, group: dict[str, Any], counts: dict[str, Any]) -> None:
        """Count one step further, in place; a subclass adds to it what it counts.

        Parameters
        ----------
        group : dict
            A dict of ``param_groups``: settings by name.
        counts : dict
            The values of ``counters`` for a parameter.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.Adam([gf.zeros(1, requires_grad=True)])
        >>> counts = {"step": 0}
        >>> optimizer.advance(optimizer.param_groups[0], counts)
        >>> counts
        {'step': 1}
        """
        if "step" in counts:
            counts["step"] += 1

    def numbers(self, group: dict[str, Any], counts: dict[str, Any]) -> dict[str, Any]:
        """The settings and counters that the formula may name; a subclass adds to them.

        Parameters
        ----------
        group : dict
            A dict of ``param_groups``: settings by name.
        counts : dict
            The values of ``counters`` for a parameter.

        Returns
        -------
        dict
            Values by name.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.Adam([gf.zeros(1, requires_grad=True)])
        >>> optimizer.numbers(optimizer.param_groups[0], {"step": 1})["beta2"]
        0.999
        """
        known = {**group, **counts}
        if "betas" in group:
            known["beta1"], known["beta2"] = group["betas"]
        lr = known.get("lr")
        if lr is not None and lr.__class__ is not float:
            known["lr"] = plain(lr)
        return known

    @property
    def _step_supports_amp_scaling(self) -> bool:
        """With half-precision parameters a GradScaler leaves the gradients scaled and says by how much, in ``grad_scale``: the
        kernel divides in full precision, where nothing is lost."""
        return any(p.dtype == dtypes.float16 for g in self.param_groups for p in g["params"])

    def _step_group(self, number: int, group: dict[str, Any]) -> None:
        for bucket in self._current(number, group, self.keeps(group)):
            for run in bucket.collect():
                for part in self._even(bucket, run):
                    self._step_run(group, bucket, part)

    def _step_run(self, group: dict[str, Any], bucket: Bucket, run: Run) -> None:
        begin, end = run
        states, first = bucket.states[begin:end], bucket.new[begin]
        counts = {name: states[0][name] for name in self.counters}
        self.advance(group, counts)
        known = self.numbers(group, counts)
        known["first"] = first
        scale = getattr(self, "grad_scale", None)
        if scale is not None:
            known[SCALE] = 1 / scale
        bucket.step(run, known)
        for name, count in counts.items():
            for s in states:
                s[name] = count
        if first:
            bucket.new[begin:end] = [False] * len(states)

    def _even(self, bucket: Bucket, run: Run) -> list[Run]:
        """``run``, divided where the parameters' counters differ."""
        begin, end = run
        states = bucket.states[begin:end]
        columns = [bucket.new[begin:end], *([s[n] for s in states] for n in self.counters)]
        if all(c.count(c[0]) == len(c) for c in columns):
            return [run]
        here = list(zip(*columns, strict=True))
        borders = [begin + i for i in range(1, len(here)) if here[i] != here[i - 1]]
        return list(itertools.pairwise([begin, *borders, end]))

    def _current(self, number: int, group: dict[str, Any], keeps: dict[str, float]) -> list[Bucket]:
        """The group's buckets, made anew where a parameter's memory was replaced and for parameters that come in."""
        held = self._buckets.setdefault(number, [])
        _keep_only(held, [b for b in held if b.keeps == keeps and b.is_current()])
        served = sum([len(b.params) for b in held])
        if served < len(group["params"]):
            new = _without_bucket(group["params"], held)
            if new:
                _keep_only(held, [b for b in held if not b.shares_memory_with(new)])
                held += buckets(self.formula, _without_bucket(group["params"], held), self._state_of, keeps)
                place = {id(p): i for i, p in enumerate(group["params"])}
                held.sort(key=lambda b: place[id(b.params[0])])  # the order counts where parameters share memory
        return held

    def _state_of(self, p: Tensor) -> dict[str, Any]:
        state = self.state.setdefault(p, {})
        for name, start in self.counters.items():
            state.setdefault(name, start)
        for name, value in state.items():
            if isinstance(value, Tensor) and value.shape == p.shape:
                state[name] = value.to(dtype=kept_in(p), device=p.device)
        return state


def _keep_only(held: list[Bucket], good: list[Bucket]) -> None:
    """Release the buckets that are not among ``good``, and take them out of ``held``."""
    if len(good) != len(held):
        for b in held:
            if b not in good:
                b.release()
        held[:] = good


def _without_bucket(params: list[Tensor], held: list[Bucket]) -> list[Tensor]:
    """The parameters that have a gradient and are in no bucket."""
    taken = {id(p) for b in held for p in b.params}
    return [p for p in params if id(p) not in taken and p.grad is not None]
