"""Training in float16: a loss that is scaled, so that small gradients are not lost."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ._plain import real_number, whole_number
from ._scaling import Turn, divide, finite
from ._tensor import Tensor
from .backend import dtypes
from .errors import ArgumentError
from .typing import Array

TOP_OF_HALF = 32768.0
"""The largest power of two that float16 holds."""
LEAST = 2.0**-126
"""The smallest ordinary float32, below which the scale is not lowered."""


class GradScaler:
    """Multiplies the loss by a scale S before ``backward()``, and divides the gradients by it before the optimizer's step.

    Gradients below 6e-8 are 0 in float16. A loss that is scaled by S gives gradients that are S times as large, and stay. S is
    found by trial: if a gradient is infinite or NaN, the step is left out and S *= backoff_factor; after ``growth_interval``
    steps without one

    Parameters
    ----------
    init_scale : float, default 65536.0
        The first S, above 0.
    growth_factor : float, default 2.0
        Above 1.
    backoff_factor : float, default 0.5
        In (0, 1).
    growth_interval : int, default 2000
        Steps, at least 1.
    enabled : bool, default True
        False: ``scale`` returns what it is given, ``step`` is the optimizer's, and the rest does nothing.

    Raises
    ------
    ArgumentError
        For settings that make no sense, and for calls in an order that makes none.

    References
    ----------
    *= growth_factor.

    The gradients are divided in place, in their own dtype. What is small comes out of this as it would without scaling: a float16
    gradient of
    1e-8 is 6.6e-4 while it is scaled by 65536, and 0 afterwards. An optimizer that keeps float32 copies of float16 parameters
    should therefore
    divide by itself, in float32. One whose ``_step_supports_amp_scaling`` is true finds the scale in its attribute ``grad_scale``
    during
    ``step()``, and in its gradients what backward left there. Float32 parameters under a float16 computation have float32
    gradients, and lose
    nothing.

    is a Python number. A step waits for the device once, to learn whether the gradients were finite.

    Micikevicius et al., "Mixed precision training" (2017), section 3.2.

    Examples
    --------
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
        self._turns: dict[int, Turn] = {}
        self.set_growth_factor(growth_factor)
        self.set_backoff_factor(backoff_factor)
        self.set_growth_interval(growth_interval)

    # --- one iteration ------------------------------------------------------------------------------------------------------

    def scale(self, outputs: Any) -> Any:
        """The scale times ``outputs``.

        Unlike in PyTorch a float16 Tensor comes out as float32, since its value would overflow. As its gradient, which is S,
        would overflow too, S is then lowered to 32768.

        Parameters
        ----------
        outputs : Tensor, or iterable of Tensors
            What is scaled, as a rule the loss.

        Returns
        -------
        Tensor, or iterable of Tensors
            A list or tuple for a list or tuple.

        Raises
        ------
        TypeError
            For anything but Tensors.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.amp.GradScaler(init_scale=8.0).scale(gf.tensor(2.0))
        tensor(16.)
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

        It does not wait for the device.

        Parameters
        ----------
        optimizer : Optimizer
            Its parameters' gradients are divided.

        Raises
        ------
        ArgumentError
            The second time since ``update()``, after ``step``, and without gradients.

        Examples
        --------
        >>> import gradflow as gf
        >>> w = gf.ones(1, requires_grad=True)
        >>> optimizer, scaler = gf.optim.SGD([w]), gf.amp.GradScaler(init_scale=8.0)
        >>> scaler.scale(w.sum()).backward()
        >>> scaler.unscale_(optimizer)
        >>> w.grad
        tensor([1.])
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
        self._turns[id(optimizer)] = Turn(optimizer, finite(grads), scaled=False)
        divide(grads, self._scale)

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """Unscale, unless that has been done, and call ``optimizer.step(*args, **kwargs)`` if all gradients are finite.

        It waits for the device once.

        Parameters
        ----------
        optimizer : Optimizer
            What makes the step.
        *args : object
            Passed on.
        **kwargs : object
            Passed on.

        Returns
        -------
        object
            What the optimizer's step returns; None if it was left out.

        Raises
        ------
        ArgumentError
            The second time since ``update()``, without gradients, and for a closure, which would compute gradients that are not
            scaled.

        Examples
        --------
        >>> import gradflow as gf
        >>> w = gf.ones(1, requires_grad=True)
        >>> optimizer, scaler = gf.optim.SGD([w], lr=0.5), gf.amp.GradScaler()
        >>> scaler.scale(w.sum() * float("inf")).backward()
        >>> scaler.step(optimizer)
        >>> w.detach()
        tensor([1.])
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
            turn = self._turns[id(optimizer)] = Turn(optimizer, finite(self._grads("step", optimizer)), scaled=True)
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
        """Adapt the scale, once in each iteration after all ``step`` calls.

        Parameters
        ----------
        new_scale : float or Tensor, optional
            Sets the scale instead.

        Raises
        ------
        ArgumentError
            If neither ``step`` nor ``unscale_`` has been called since the last time, and for a ``new_scale`` that is no number
            above 0.

        Examples
        --------
        >>> import gradflow as gf
        >>> scaler = gf.amp.GradScaler()
        >>> scaler.update(new_scale=4.0)
        >>> scaler.get_scale()
        4.0
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
        """The scale; it does not wait for the device.

        Returns
        -------
        float
            1 if the scaler is not enabled.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.amp.GradScaler(init_scale=8.0).get_scale()
        8.0
        """
        return self._scale if self._enabled else 1.0

    def is_enabled(self) -> bool:
        """Whether the scaler does anything.

        Returns
        -------
        bool
            What ``enabled`` was.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.amp.GradScaler(enabled=False).is_enabled()
        False
        """
        return self._enabled

    def get_growth_factor(self) -> float:
        """By what the scale is multiplied after ``growth_interval`` steps without an infinite or NaN gradient.

        Returns
        -------
        float
            Above 1.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.amp.GradScaler().get_growth_factor()
        2.0
        """
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Set by what the scale is multiplied after ``growth_interval`` good steps.

        Parameters
        ----------
        new_factor : float
            Above 1.

        Raises
        ------
        ArgumentError
            For another number.

        Examples
        --------
        >>> import gradflow as gf
        >>> scaler = gf.amp.GradScaler()
        >>> scaler.set_growth_factor(4.0)
        >>> scaler.get_growth_factor()
        4.0
        """
        self._growth_factor = _checked("growth_factor", new_factor, 1.0)

    def get_backoff_factor(self) -> float:
        """By what the scale is multiplied when a gradient is infinite or NaN.

        Returns
        -------
        float
            In (0, 1).

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.amp.GradScaler().get_backoff_factor()
        0.5
        """
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Set by what the scale is multiplied when a gradient is infinite or NaN.

        Parameters
        ----------
        new_factor : float
            In (0, 1).

        Raises
        ------
        ArgumentError
            For another number.

        Examples
        --------
        >>> import gradflow as gf
        >>> scaler = gf.amp.GradScaler()
        >>> scaler.set_backoff_factor(0.25)
        >>> scaler.get_backoff_factor()
        0.25
        """
        self._backoff_factor = _checked("backoff_factor", new_factor, 0.0, 1.0)

    def get_growth_interval(self) -> int:
        """After how many steps without an infinite or NaN gradient the scale grows.

        Returns
        -------
        int
            At least 1.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.amp.GradScaler().get_growth_interval()
        2000
        """
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Set after how many good steps the scale grows.

        Parameters
        ----------
        new_interval : int
            A whole number, at least 1.

        Raises
        ------
        ArgumentError
            For another number.

        Examples
        --------
        >>> import gradflow as gf
        >>> scaler = gf.amp.GradScaler()
        >>> scaler.set_growth_interval(100)
        >>> scaler.get_growth_interval()
        100
        """
        number = whole_number(new_interval)
        if number is None or number < 1:
            raise ArgumentError(f"GradScaler: growth_interval is a whole number of at least 1, not {new_interval!r}")
        self._growth_interval = number

    def state_dict(self) -> dict[str, Any]:
        """The scale, the settings and how many steps went well; to be called after ``update()``.

        Returns
        -------
        dict
            Under PyTorch's keys; {} if the scaler is not enabled.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.amp.GradScaler(init_scale=8.0).state_dict()["scale"]
        8.0
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
        """Take over what ``state_dict()`` gave, here or in PyTorch; nothing if the scaler is not enabled.

        Parameters
        ----------
        state_dict : dict
            The state.

        Raises
        ------
        ArgumentError
            If entries are missing, as in the state of a scaler that was not enabled; nothing is then loaded.

        Examples
        --------
        >>> import gradflow as gf
        >>> scaler = gf.amp.GradScaler()
        >>> scaler.load_state_dict(gf.amp.GradScaler(init_scale=8.0).state_dict())
        >>> scaler.get_scale()
        8.0
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


def _checked(what: str, value: Any, above: float, below: float = math.inf) -> float:
    """``value`` as a number between two others, both excluded."""
    number = real_number(value)
    if number is None or not above < number < below:
        bounds = f"above {above:g}" + (f" and below {below:g}" if below < math.inf else "")
        raise ArgumentError(f"GradScaler: {what} is a finite number {bounds}, not {value!r}")
    return float(number)


def _name(optimizer: Any) -> str:
    return type(optimizer).__name__
