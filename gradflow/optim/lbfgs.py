"""L-BFGS: quasi-Newton steps from the last few changes of the gradient, with a line search."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from .. import backend
from .._creation import as_tensor
from .._engine import recording, wrap
from .._plain import whole_number
from .._tensor import Tensor
from ..backend.dtypes import float32
from ..errors import ArgumentError, DeviceError, NonFiniteError
from ..typing import Array, Namespace
from ._flat import real_pairs
from ._line_search import LineSearch, SearchPoint
from .optimizer import Optimizer, Params, Update, at_least

LEAST_CURVATURE = 1e-10  # pairs whose s.y is not above it would spoil the positive definite approximation
VECTORS, LISTS, COUNTS = ("d", "prev_flat_grad"), ("old_dirs", "old_stps"), ("func_evals", "n_iter")


# --- the direction ----------------------------------------------------------------------------------------------------------


def downhill(xp: Namespace, g: Array, pairs: list[tuple[Array, Array, float]], scale: float, work: Array) -> Array:
    """``-H g`` of the inverse Hessian H that the pairs (y, s, 1 / s.y) tell, by two loops over them; algorithm 7.4.

    The products stay on the device.
    """
    q, alphas = xp.negative(g), []
    for y, s, ro in reversed(pairs):
        alpha = xp.dot(s, q) * ro
        alphas.append(alpha)
        xp.subtract(q, xp.multiply(y, alpha, out=work), out=q)
    xp.multiply(q, scale, out=q)
    for y, s, ro in pairs:
        xp.add(q, xp.multiply(s, alphas.pop() - xp.dot(y, q) * ro, out=work), out=q)
    return q


class Memory:
    """What one iteration leaves to the next: its step, the gradient before it, and the pairs; algorithm 7.5.

    A vector is never written again once it is here, so a state that was saved, or is to come back, needs no copy.
    """

    def __init__(self, flat: Flat, state: Mapping[str, Any], most: int) -> None:
        def array(held: Tensor) -> Array:
            taken: Array = held.to(dtype=flat.dtype, device=flat.device).array
            return taken

        self.flat, self.most = flat, most
        self.d, self.grad = (None if state.get(key) is None else array(state[key]) for key in VECTORS)
        self.t, self.scale, self.loss = state.get("t", 0.0), state.get("H_diag", 1.0), state.get("prev_loss")
        held = zip(*(state.get(key) or () for key in (*LISTS, "ro")), strict=True)
        self.pairs = [(array(y), array(s), ro) for y, s, ro in held]

    @property
    def begun(self) -> bool:
        return self.d is not None and self.grad is not None

    def direction(self, g: Array, loss: float, t: float) -> Array:
        """Learn from the last step, which led to the gradient g, and begin one of the length t; its direction."""
        flat = self.flat
        if self.begun:
            y, s = flat.xp.subtract(g, self.grad), flat.xp.multiply(self.d, self.t)
            curvature = flat.dot(y, s)
            if curvature > LEAST_CURVATURE:
                self.pairs = [*self.pairs, (y, s, 1 / curvature)][-self.most :]
                self.scale = curvature / flat.dot(y, y)
        self.d = downhill(flat.xp, g, self.pairs, self.scale, flat.work)
        self.grad, self.loss, self.t = g, loss, t
        return self.d

    def saved(self) -> dict[str, Any]:
        dirs, steps, ros = ([pair[i] for pair in self.pairs] for i in range(3))
        return {
            "d": wrap(self.d), "t": self.t, "old_dirs": [wrap(y) for y in dirs], "old_stps": [wrap(s) for s in steps], "ro": ros,
            "H_diag": self.scale, "prev_flat_grad": wrap(self.grad), "prev_loss": self.loss,
        }  # fmt: skip


# --- all parameters as one vector -------------------------------------------------------------------------------------------


class Flat:
    """The parameters seen as one vector; complex ones as pairs of real numbers, float16 ones in float32."""

    def __init__(self, params: list[Tensor]) -> None:
        places = list(dict.fromkeys(str(p.device) for p in params))
        if len(places) > 1:
            raise DeviceError(f"LBFGS: all parameters have to be on one device, not on {', '.join(places)}; move them with .to()")
        self.params, self.device = params, params[0].device
        self.updates = [Update(p.array) for p in params]
        self.xp = self.updates[0].xp
        self.size = sum(u.array.size for u in self.updates)
        widest = max((u.array.dtype for u in self.updates), key=lambda dtype: dtype.itemsize)
        self.dtype = widest if widest.itemsize > 2 else float32
        self.work = self.xp.empty_like(self.updates[0].array, shape=(self.size,), dtype=self.dtype)

    def follows(self, params: list[Tensor]) -> bool:
        """True if the parameters' memory is still the one seen here."""
        return all(u.of is p.array for u, p in zip(self.updates, params, strict=True))

    def parts(self) -> list[tuple[Tensor, Update, slice]]:
        found, at = [], 0
        for p, u in zip(self.params, self.updates, strict=True):
            found.append((p, u, slice(at, at + u.array.size)))
            at += u.array.size
        return found

    def values(self) -> Array:
        x = self.xp.empty_like(self.work)
        for _, u, part in self.parts():
            x[part] = u.array.reshape(-1)
        return x

    def gradient(self) -> Array:
        """The gradients; 0 for a parameter that has none."""
        g = self.xp.empty_like(self.work)
        for p, _, part in self.parts():
            g[part] = 0 if p.grad is None else real_pairs(p.grad.array).reshape(-1)
        return g

    def put(self, x: Array) -> None:
        """Write the vector into the parameters."""
        for _, u, part in self.parts():
            u.array[...] = x[part].reshape(u.array.shape)
            u.written()

    def put_moved(self, x: Array, t: float, d: Array, out: Array | None = None) -> None:
        """Write ``x + t d`` into the parameters, and into ``out``."""
        self.put(self.xp.add(self.xp.multiply(d, t, out=self.work), x, out=self.work if out is None else out))

    def largest(self, v: Array) -> float:
        return number(self.xp, self.xp.max(self.xp.absolute(v, out=self.work))) if self.size else 0.0

    def sum_absolute(self, v: Array) -> float:
        return number(self.xp, self.xp.sum(self.xp.absolute(v, out=self.work)))

    def dot(self, a: Array, b: Array) -> float:
        with self.xp.floating_errors(over="ignore", invalid="ignore"):  # the loss may be anything at a trial
            return number(self.xp, self.xp.dot(a, b))


def number(xp: Namespace, a: Array) -> float:
    """One number of the device on the host; waits for it."""
    return float(xp.to_host(a))


# --- the optimizer ----------------------------------------------------------------------------------------------------------


class LBFGS(Optimizer):
    """Limited-memory BFGS: ``p = p - t H g`` with H, an approximate inverse Hessian, from the last changes of p and g.

    With s the change of p and y that of g in one iteration, H is built from the last ``history_size`` pairs (s, y), starting from
    (s.y / y.y) I. Pairs with s.y <= 1e-10 are left out. All parameters are one vector, so there is one group.

    A step runs up to ``max_iter`` iterations, and calls ``closure``, which computes the loss with its gradients and returns it,
    up to ``max_eval`` times. It ends earlier when no component of g is above ``tolerance_grad``, or when ``tolerance_change`` is
    more than the greatest change of a component of p, the change of the loss, or the slope of the loss along -H g. The step
    length t is ``lr``, in the very first iteration lr min(1, 1 / sum |g|). A line search starts there.

    The decisions are taken on the host, so on CUDA every iteration waits for the device. Where a step raises an error, or the
    closure does, parameters and state are as before the step. A loss that is not finite further on is never taken by the line
    search; without one it ends the step.

    Parameters
    ----------
    params : iterable of Tensor, (str, Tensor) or dict
        Parameters, ``named_parameters()``, or dicts with "params" and settings of their own (groups).
    lr : float, default 1
        The step length, at least 0.
    max_iter : int, default 20
        The most iterations in a step.
    max_eval : int, optional
        The most calls of ``closure`` in a step; None: 5/4 of ``max_iter``. A line search with ``max_iter=1`` needs more, because
        5/4 of 1 leaves it no second trial.
    tolerance_grad : float, default 1e-7
        The step ends when no component of the gradient is above it.
    tolerance_change : float, default 1e-9
        The step ends when changes are below it.
    history_size : int, default 100
        How many pairs make H.
    line_search_fn : {None, "strong_wolfe"}, default None
        "strong_wolfe": a search for a step length that meets the strong Wolfe conditions, c1 = 1e-4 and c2 = 0.9.

    Raises
    ------
    TypeError
        For a step without a closure, or one that returns no loss.
    ArgumentError
        For settings that make no sense, and a second group.
    NonFiniteError
        For a loss or gradient that is not finite at the start of a step.
    DeviceError
        For parameters on several devices.

    References
    ----------
    Nocedal and Wright, "Numerical optimization" (2nd ed., 2006), algorithms 3.5, 3.6, 7.4 and 7.5.

    Examples
    --------
    >>> import gradflow as gf
    >>> w = gf.tensor([-1.5, 2.0], dtype=gf.float64, requires_grad=True)
    >>> optimizer = gf.optim.LBFGS([w], max_iter=100, line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2  # Rosenbrock's valley
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(closure)
    tensor(12.5000, dtype=float64, grad_fn=<AddBackward>)
    >>> w.detach()
    tensor([1.0000, 1.0000], dtype=float64)
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        _count("max_iter", max_iter)
        settings = {
            "lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change, "history_size": history_size,
            "line_search_fn": line_search_fn,
        }  # fmt: skip
        super().__init__(params, settings)
        self._flat: Flat | None = None

    def check(self, group: dict[str, Any]) -> None:
        for what in ("lr", "tolerance_grad", "tolerance_change"):
            at_least("LBFGS", what, group[what])
        for what in ("max_iter", "max_eval", "history_size"):
            _count(what, group[what])
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ArgumentError(f"LBFGS: line_search_fn is None or 'strong_wolfe', not {group['line_search_fn']!r}")

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Take the one group there is; a second one is refused, because all parameters share one vector and one H.

        Parameters
        ----------
        param_group : dict
            {"params": parameters} and settings by name.

        Raises
        ------
        ArgumentError
            For a second group; other errors as of ``Optimizer.add_param_group``.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.LBFGS([gf.zeros(1, requires_grad=True)])
        >>> optimizer.add_param_group({"params": [gf.zeros(1, requires_grad=True)]})
        Traceback (most recent call last):
            ...
        gradflow.errors.ArgumentError: LBFGS: takes one group; all its parameters are one vector with one setting of each kind
        """
        if self.param_groups:
            raise ArgumentError("LBFGS: takes one group; all its parameters are one vector with one setting of each kind")
        super().add_param_group(param_group)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Run up to ``max_iter`` iterations.

        Parameters
        ----------
        closure : callable, optional
            A function that zeroes the gradients, computes the loss, calls ``backward`` and returns the loss.

        Returns
        -------
        object
            What ``closure`` returned first.

        Raises
        ------
        TypeError
            Without a closure, and for one that returns no loss; other errors as of the class.

        Examples
        --------
        >>> import gradflow as gf
        >>> w = gf.tensor(3.0, requires_grad=True)
        >>> optimizer = gf.optim.LBFGS([w], lr=0.5)
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = (w - 1) ** 2
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure).detach(), w.detach()
        (tensor(4.), tensor(1.0000))
        """
        if closure is None:
            raise TypeError("LBFGS.step needs a closure that zeroes the gradients, computes the loss, calls backward, returns it")
        return super().step(closure)

    def _loss_of(self, closure: Callable[[], Any] | None) -> Any:
        """All of a step: the losses and the moves depend on one another."""
        assert closure is not None
        params = self.param_groups[0]["params"]
        flat = self._flat
        if flat is None or not flat.follows(params):
            flat = self._flat = Flat(params)
        before = flat.values()
        try:
            first = recording(True, closure)
            state = self._iterated(flat, closure, first, before)
        except BaseException:
            if not same(flat, before):
                flat.put(before)
            raise
        self.state[params[0]] = state
        return first

    def _step_group(self, number: int, group: dict[str, Any]) -> None:
        """Nothing is left to do."""

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_flat": None}

    def _iterated(self, flat: Flat, closure: Callable[[], Any], first: Any, before: Array) -> dict[str, Any]:
        """The iterations of a step; returns the state after them, and leaves the one before as it is."""
        group = self.param_groups[0]
        max_iter, max_eval, smallest = (group[k] for k in ("max_iter", "max_eval", "tolerance_change"))
        loss, g = value_of(first), flat.gradient()
        top = flat.largest(g)
        if not (math.isfinite(loss) and math.isfinite(top)):
            what = f"loss is {loss}" if not math.isfinite(loss) else f"largest gradient is {top}"
            raise NonFiniteError(
                f"LBFGS: the {what} at the start of a step; there is no way down from there, nothing was changed"
            )
        state = {"func_evals": 0, "n_iter": 0, **self.state.get(flat.params[0], {})}
        state["func_evals"] += 1
        if top <= group["tolerance_grad"]:
            return state

        def evaluated() -> tuple[float, Array]:
            return value_of(recording(True, closure)), flat.gradient()

        def trial(t: float) -> SearchPoint:
            flat.put_moved(x, t, d)
            reached, grad = evaluated()
            slope = flat.dot(grad, d)
            return SearchPoint(t, reached if math.isfinite(reached) and math.isfinite(slope) else math.inf, slope, grad)

        memory, x, evals = Memory(flat, state, group["history_size"]), before.copy(), 1
        for n in range(1, max_iter + 1):
            state["n_iter"] += 1
            t = float(group["lr"]) * (1.0 if memory.begun else min(1.0, 1 / flat.sum_absolute(g)))
            d = memory.direction(g, loss, t)
            slope, largest, last_loss, tried = flat.dot(g, d), flat.largest(d), loss, 1
            if slope > -smallest:
                break
            if group["line_search_fn"] is None:
                flat.put_moved(x, t, d, out=x)
                if n == max_iter:
                    break  # the next step begins with an evaluation there
                loss, g = evaluated()
            else:
                search = LineSearch(trial, SearchPoint(0.0, loss, slope, g), largest, smallest, max_eval - evals)
                t, loss, _, g = search.run(t)
                tried += search.further
                memory.t = t
                flat.put_moved(x, t, d, out=x)
            evals += tried
            state["func_evals"] += tried
            top = flat.largest(g)
            if evals >= max_eval or top <= group["tolerance_grad"] or not (math.isfinite(loss) and math.isfinite(top)):
                break
            if largest * abs(t) <= smallest or abs(loss - last_loss) < smallest:
                break
        return {**state, **memory.saved()}

    def _taken(self, held: Mapping[str, Any], p: Tensor, number: int) -> dict[str, Any]:
        if p is not self.param_groups[0]["params"][0]:
            raise ArgumentError(f"LBFGS: there is state for parameter {number}, but all belongs to the first; nothing was loaded")
        flat = Flat(self.param_groups[0]["params"])

        def vector(key: str, value: Any) -> Tensor:
            v = as_tensor(value).detach()
            if v.shape != (flat.size,):
                raise ArgumentError(f"LBFGS: the state {key!r} has shape {v.shape}, not ({flat.size},); nothing was loaded")
            taken: Tensor = v.to(dtype=flat.dtype, device=flat.device, copy=True)
            return taken

        made: dict[str, Any] = {}
        for key, value in held.items():
            if key == "al":  # scratch that PyTorch saves
                continue
            if value is None:
                made[key] = None
            elif key in VECTORS:
                made[key] = vector(key, value)
            elif key in LISTS:
                made[key] = [vector(key, v) for v in value]
            elif key == "ro":
                made[key] = [value_of(v, "ro") for v in value]
            else:
                made[key] = int(value_of(value, key)) if key in COUNTS else value_of(value, key)
        if len({len(made.get(k) or ()) for k in (*LISTS, "ro")}) > 1:
            raise ArgumentError("LBFGS: old_dirs, old_stps and ro of the state have different lengths; nothing was loaded")
        return made


def same(flat: Flat, x: Array) -> bool:
    """True if the parameters hold ``x`` still, so that they need not be written."""
    return bool(flat.xp.to_host(flat.xp.all(flat.xp.equal(flat.values(), x))))


def value_of(loss: Any, what: str = "what the closure returns, the loss,") -> float:
    """A number on the host, from a number, a Tensor or an array."""
    if isinstance(loss, int | float) and not isinstance(loss, bool):
        return float(loss)
    if not isinstance(loss, Tensor) and not backend.is_array(loss):
        raise TypeError(f"LBFGS: {what} has to be a number or a Tensor, not {type(loss).__name__}")
    held = as_tensor(loss)
    if held.numel() != 1:
        raise ArgumentError(f"LBFGS: {what} has to be one number, not of shape {held.shape}")
    return float(held.item())


def _count(what: str, value: Any) -> None:
    number = whole_number(value)
    if number is None or number < 1:
        raise ArgumentError(f"LBFGS: {what} is a whole number from 1, not {value!r}")
