"""Training in float16: a loss that is scaled, so that small gradients are not lost."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from . import backend
from ._engine import writes
from ._plain import real_number, whole_number
from ._tensor import Tensor
from .backend import dtypes
from .errors import ArgumentError
from .typing import Array

TOP_OF_HALF = 32768.0
"""The largest power of two that float16 holds."""
LEAST = 2.0**-126
"""The smallest ordinary float32, below which the scale is not lowered."""


class _Turn:
    """What has been done for one optimizer since the last ``update()``."""

    __slots__ = ("finite", "optimizer", "scaled", "stepped")

    def __init__(self, optimizer: Any, finite: Array, scaled: bool) -> None:
        self.optimizer = optimizer
        self.finite: Any = finite  # an array of one bool, and that bool once the device has been asked
        self.scaled = scaled
        self.stepped = False

    def is_finite(self) -> bool:
        """Whether all gradients were finite; waits for the device the first time."""
        if not isinstance(self.finite, bool):
            self.finite = bool(backend.namespace_of(self.finite).to_host(self.finite).all())
        return bool(self.finite)


class GradScaler:
    """Multiplies the loss by a scale before ``backward()``, and divides the gradients by it before the optimizer's step.

    Gradients below 6e-8 are 0 in float16.  A loss that is scaled by S gives gradients that are S times as large, and
    stay.  S is found by trial: if a gradient is infinite or NaN the step is left out and ``S *= backoff_factor``; after
    ``growth_interval`` steps without one ``S *= growth_factor``.

    init_scale: the first S, above 0.  growth_factor: above 1.  backoff_factor: in (0, 1).  growth_interval: steps, at least
    1.  enabled: if False, ``scale`` returns what it is given, ``step`` is the optimizer's, and the rest does nothing.

    The gradients are divided in place, in their own dtype.  What is small comes out of this as it would without scaling:
    a float16 gradient of 1e-8 is 6.6e-4 while it is scaled by 65536, and 0 afterwards.  An optimizer that keeps float32
    copies of float16 parameters should therefore divide by itself, in float32.  One whose ``_step_supports_amp_scaling`` is
    true finds the scale in its attribute ``grad_scale`` during ``step()``, and in its gradients what backward left there.
    Float32 parameters under a float16 computation have float32 gradients, and lose nothing.

    S is a Python number.  A step waits for the device once, to learn whether the gradients were finite.

    ArgumentError for settings that make no sense, and for calls in an order that makes none.

    Source: Micikevicius et al., "Mixed precision training" (2017), section 3.2.

    >>> import gradflow as gf
    >>> w = gf.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer, scaler = gf.optim.SGD([w], lr=0.5), gf.amp.GradScaler(init_scale=1024.0)
    >>> loss = (w * w).sum()
    >>> scaler.scale(loss).backward()
    >>> w.grad
    tensor([2048., 4096.])
    >>> scaler.step(optimizer)  # divides, and steps if all is finite
    >>> scaler.update()
    >>> w.grad, w.detach()
    (tensor([2., 4.]), tensor([0., 0.]))
    """

    def __init__(
        self,
        init_scale: float = 65536.0,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        self._enabled = bool(enabled)
        self._scale = _checked("init_scale", init_scale, 0.0)
        self._growth_tracker = 0
        self._scaled = False  # since the last update()
        self._turns: dict[int, _Turn] = {}
        self.set_growth_factor(growth_factor)
        self.set_backoff_factor(backoff_factor)
        self.set_growth_interval(growth_interval)

    # --- one iteration ------------------------------------------------------------------------------------------------------

    def scale(self, outputs: Any) -> Any:
        """The scale times ``outputs``: a Tensor, or a list, tuple or other iterable of Tensors.

        Unlike in PyTorch a float16 Tensor comes out as float32, since its value would overflow; and as its gradient, which
        is S, would too, S is then lowered to 32768.  TypeError for anything but Tensors.
        """
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            if outputs.dtype == dtypes.float16:
                if self._scale > TOP_OF_HALF and not self._scaled:
                    self._scale = TOP_OF_HALF
                outputs = outputs.float()
            self._scaled = True
            return outputs * self._scale
        if isinstance(outputs, Iterable) and not isinstance(outputs, str | bytes | Mapping):
            scaled = map(self.scale, outputs)
            return type(outputs)(scaled) if isinstance(outputs, list | tuple) else scaled
        raise TypeError(f"GradScaler.scale takes Tensors, not {type(outputs).__name__}")

    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of an optimizer by the scale, in place, to clip or to look at them before ``step``.

        Does not wait for the device.  ArgumentError the second time since ``update()``, after ``step``, and without
        gradients.
        """
        if not self._enabled:
            return
        turn = self._turns.get(id(optimizer))
        if turn is not None:
            after = "step()" if turn.stepped else "unscale_()"
            raise ArgumentError(
                f"GradScaler.unscale_: {after} has been called for this {_name(optimizer)} since the last update()"
            )
        grads = self._grads("unscale_", optimizer)
        self._turns[id(optimizer)] = _Turn(optimizer, _finite(grads), scaled=False)
        self._divide(grads)

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """Unscale, unless that has been done, and call ``optimizer.step(*args, **kwargs)`` if all gradients are finite.

        Returns what the optimizer's step returns, None if it was left out.  Waits for the device once.

        ArgumentError the second time since ``update()``, without gradients, and for a closure, which would compute gradients
        that are not scaled.
        """
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if kwargs.get("closure") is not None or any(callable(a) for a in args):
            raise ArgumentError("GradScaler.step: a closure would give gradients that are not scaled; use enabled=False with it")
        turn = self._turns.get(id(optimizer))
        if turn is not None and turn.stepped:
            raise ArgumentError(
                f"GradScaler.step: already called for this {_name(optimizer)}; call update() once in each iteration"
            )
        if turn is None and getattr(optimizer, "_step_supports_amp_scaling", False):
            turn = self._turns[id(optimizer)] = _Turn(optimizer, _finite(self._grads("step", optimizer)), scaled=True)
        elif turn is None:
            self.unscale_(optimizer)
            turn = self._turns[id(optimizer)]
        turn.stepped = True
        if not turn.is_finite():
            return None
        if not turn.scaled:
            return optimizer.step(*args, **kwargs)
        optimizer.grad_scale = self._scale
        try:
            return optimizer.step(*args, **kwargs)
        finally:
            del optimizer.grad_scale

    def update(self, new_scale: float | Tensor | None = None) -> None:
        """Adapt the scale, once in each iteration after all ``step`` calls; ``new_scale`` sets it instead.

        ArgumentError if neither ``step`` nor ``unscale_`` has been called since the last time, or for a ``new_scale`` that
        is no number above 0.
        """
        if not self._enabled:
            return
        if new_scale is not None:
            self._scale = _checked("new_scale", new_scale.item() if isinstance(new_scale, Tensor) else new_scale, 0.0)
        else:
            if not self._turns:
                raise ArgumentError("GradScaler.update: call step(optimizer) first; no gradients have been looked at")
            if all(turn.is_finite() for turn in self._turns.values()):
                self._growth_tracker += 1
                if self._growth_tracker >= self._growth_interval:
                    larger = self._scale * self._growth_factor
                    self._scale = larger if larger < 3e38 else self._scale  # float32 ends there
                    self._growth_tracker = 0
            else:
                self._scale = max(self._scale * self._backoff_factor, LEAST)
                self._growth_tracker = 0
        self._turns, self._scaled = {}, False

    # --- settings -----------------------------------------------------------------------------------------------------------

    def get_scale(self) -> float:
        """The scale; 1 if this is not enabled.  Does not wait for the device."""
        return self._scale if self._enabled else 1.0

    def is_enabled(self) -> bool:
        return self._enabled

    def get_growth_factor(self) -> float:
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        self._growth_factor = _checked("growth_factor", new_factor, 1.0)

    def get_backoff_factor(self) -> float:
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        self._backoff_factor = _checked("backoff_factor", new_factor, 0.0, 1.0)

    def get_growth_interval(self) -> int:
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        number = whole_number(new_interval)
        if number is None or number < 1:
            raise ArgumentError(f"GradScaler: growth_interval is a whole number of at least 1, not {new_interval!r}")
        self._growth_interval = number

    def state_dict(self) -> dict[str, Any]:
        """The scale, the settings and how many steps went well, under PyTorch's keys; {} if this is not enabled.

        To be called after ``update()``.
        """
        if not self._enabled:
            return {}
        return {
            "scale": self._scale,
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._growth_tracker,
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what ``state_dict()`` gave, here or in PyTorch; nothing if this is not enabled.

        ArgumentError if entries are missing, as in the state of a scaler that was not enabled; nothing is then loaded.
        """
        if not self._enabled:
            return
        missing = [key for key in self.state_dict() if key not in state_dict]
        if missing:
            raise ArgumentError(
                f"GradScaler.load_state_dict: the state lacks {', '.join(missing)}; nothing was loaded"
                + ("" if state_dict else " (a scaler with enabled=False has an empty state)")
            )
        taken = GradScaler(*(state_dict[k] for k in ("scale", "growth_factor", "backoff_factor", "growth_interval")))
        taken._growth_tracker = int(state_dict["_growth_tracker"])
        vars(self).update(vars(taken))

    def __repr__(self) -> str:
        return f"GradScaler(scale={self.get_scale():g}, enabled={self._enabled})"

    # --- parts --------------------------------------------------------------------------------------------------------------

    def _grads(self, name: str, optimizer: Any) -> list[Array]:
        """The gradients of an optimizer, each memory once."""
        if not hasattr(optimizer, "param_groups"):
            raise TypeError(f"GradScaler.{name} takes an optimizer, not {_name(optimizer)}")
        grads = [p.grad.array for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        if not grads:
            raise ArgumentError(
                f"GradScaler.{name}: no parameter of this {_name(optimizer)} has a gradient; call scaler.scale(loss).backward() "
                "first"
            )
        return grads

    def _divide(self, grads: list[Array]) -> None:
        factor = 1 / self._scale
        for g in grads:
            xp = backend.namespace_of(g)
            with xp.floating_errors(over="ignore", invalid="ignore"):
                # a float32 factor: in float16 the inverse of a large scale would be 0
                wide = g.dtype.itemsize == (16 if g.dtype.kind == "c" else 8)
                xp.multiply(g, xp.scalar(factor, dtypes.float64 if wide else dtypes.float32), out=g)
            writes.written(g)


def _finite(grads: list[Array]) -> Array:
    """One bool, on the device of the first: whether all elements are finite."""
    xp = backend.namespace_of(grads[0])
    there, found = xp.device_of(grads[0]), []
    for g in grads:
        here = backend.namespace_of(g)
        one = here.asarray(here.all(here.isfinite(g))).reshape(1)
        found.append(one if here.device_of(one) == there else here.moved(one, there))
    return xp.all(xp.concatenate(found), keepdims=True) if len(found) > 1 else found[0]


def _checked(what: str, value: Any, above: float, below: float = math.inf) -> float:
    """``value`` as a number between two others, both excluded."""
    number = real_number(value)
    if number is None or not above < number < below:
        bounds = f"above {above:g}" + (f" and below {below:g}" if below < math.inf else "")
        raise ArgumentError(f"GradScaler: {what} is a finite number {bounds}, not {value!r}")
    return float(number)


def _name(optimizer: Any) -> str:
    return type(optimizer).__name__
