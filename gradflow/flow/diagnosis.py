"""``diagnose``: one batch through a model and back, everything measured, nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import gradflow as gf

from ..errors import AnomalyError, ArgumentError, ShapeError
from ..random import restore, states
from ._measure import Probe, fetch
from ._trial_steps import STEPS, attempt, best_constant
from .measurements import Broken, Facts
from .report import Report, Setting


def diagnose(
    model: gf.nn.Module,
    loss_fn: Callable[[Any, Any], Any],
    batch: tuple[Any, Any],
    optimizer: gf.optim.Optimizer | None = None,
    *,
    trial_steps: int = STEPS,
) -> Report:
    """Tell how values and gradients flow through ``model`` on one batch, what is wrong, why, and what would help.

    The model is run in the mode that it is in. Parameters, gradients, buffers, attributes that ``forward`` assigns, random
    numbers and hooks are as before afterwards, also after an error. On CUDA there is one wait for the device (two, if there is a
    NaN or an infinity to look for).

    Parameters
    ----------
    model : Module
        What is diagnosed.
    loss_fn : callable
        The loss is ``loss_fn(model(x), y)``, a single number.
    batch : pair of Tensor and object
        ``(x, y)``, as a DataLoader gives it; ``x`` may be a tuple: ``model(*x)``.
    optimizer : Optimizer, optional
        It holds the model's parameters. Steps are tried on copies of model and optimizer, at its learning rate and at multiples
        of it; what the report then says of the learning rate, and of whether the model learns, has been tried out.
    trial_steps : int, default 20
        How many steps are tried, from 3.

    Returns
    -------
    Report
        The verdicts and what they are made from.

    Raises
    ------
    TypeError
        For what is no Module, callable, pair or optimizer.
    ArgumentError
        For a model without parameters to train, and for an optimizer that does not hold them.
    ShapeError
        For a loss that is not a single number, and for an empty batch.

    Examples
    --------
    >>> import gradflow as gf
    >>> _ = gf.manual_seed(0)
    >>> layers = [part for _ in range(20) for part in (gf.nn.Linear(16, 16), gf.nn.Sigmoid())]
    >>> net = gf.nn.Sequential(*layers, gf.nn.Linear(16, 3))
    >>> report = gf.flow.diagnose(net, gf.nn.CrossEntropyLoss(), (gf.randn(64, 16), gf.randint(0, 3, (64,))))
    >>> report.verdicts[0].name
    'vanishing'
    """
    x, y = _checked(model, loss_fn, batch, optimizer, trial_steps)
    probe = Probe(model)
    outputs: list[Any] = []

    def loss_of(net: Any) -> Any:
        output = net(*x)
        outputs.append(output)
        return _single(loss_fn(output, y))

    tried, later = None, None
    with _unchanged(model), np.errstate(all="ignore"):  # what overflows is reported, not warned of
        loss, output = _through(probe, loss_of, outputs)
        if optimizer is not None and loss.requires_grad:

            def baseline() -> list[Any]:
                if not isinstance(output, gf.Tensor):
                    return []
                return best_constant(output, lambda c: _single(loss_fn(c, y)))

            def afterwards(net: Any) -> None:
                nonlocal later
                later = Probe(net, samples=False)
                _through(later, loss_of, outputs, trial_steps)

            def loss_only(net: Any) -> Any:
                made = loss_of(net)
                outputs.clear()
                return made

            tried = attempt(model, optimizer, loss_only, baseline, probe.moved, afterwards, trial_steps)
        measured = probe.measured
        tallies = [measured.tally, measured.samples]
        if tried is not None and later is not None:
            tallies += [tried.tally, later.measured.tally]
        numbers = fetch(tallies)
        snapshot = measured.on_host(*numbers[:2])
        trial = None
        if tried is not None and later is not None:
            trial = tried.on_host(numbers[2], snapshot.loss or 0.0, later.measured.on_host(numbers[3]))
        broken = _search(model, loss_of, x) if _has_nonfinite(snapshot) else None
    name = None if optimizer is None else type(optimizer).__name__
    lr = None if optimizer is None else float(optimizer.param_groups[0]["lr"])
    facts = Facts((snapshot,), trial, broken, (), probe.uncalled(), name, lr)
    return Report(facts, Setting(model, loss_fn, (batch,), optimizer))


def _through(probe: Probe, loss_of: Callable[[Any], Any], outputs: list[Any], step: int = 0) -> tuple[Any, Any]:
    """Measure a pass forward and back through the probe's model, whose ``.grad`` are not touched; the loss and the output."""
    model = probe.model
    params = [p for p in model.parameters() if p.requires_grad]
    probe.attach(step)
    try:
        with gf.enable_grad():
            loss = loss_of(model)
        probe.measured.loss = probe.measured.tally.put(loss.array)
        grads: Any = [None] * len(params)
        if loss.requires_grad:
            grads = gf.autograd.grad(loss, params, allow_unused=True)
        by_id = {id(p): g for p, g in zip(params, grads, strict=True)}
        probe.weigh(lambda p: by_id.get(id(p)))
    finally:
        probe.detach()
    return loss, outputs.pop()


def _checked(model: Any, loss_fn: Any, batch: Any, optimizer: Any, steps: Any) -> tuple[tuple[Any, ...], Any]:
    checked_model(model, "diagnose")
    if not callable(loss_fn):
        raise TypeError(f"diagnose: loss_fn is called as loss_fn(model(x), y), but this is a {type(loss_fn).__name__}")
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        what = f"{len(batch)} parts" if isinstance(batch, tuple | list) else type(batch).__name__
        raise TypeError(f"diagnose: batch is a pair (x, y), as a DataLoader gives it, not {what}")
    x = tuple(batch[0]) if isinstance(batch[0], tuple | list) else (batch[0],)
    for part in x:
        if not isinstance(part, gf.Tensor):
            raise TypeError(f"diagnose: x is a Tensor (or a tuple of them), not {type(part).__name__}; use gf.tensor(x)")
        if not part.numel():
            raise ShapeError(f"diagnose: the batch is empty: x has shape {part.shape}")
    if optimizer is not None:
        checked_optimizer(model, optimizer, "diagnose")
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 3:
        raise ArgumentError(f"diagnose: trial_steps is a whole number from 3, not {steps!r}")
    return x, batch[1]


def checked_model(model: Any, who: str) -> None:
    """TypeError or ArgumentError unless ``model`` is a Module with something to train."""
    if not isinstance(model, gf.nn.Module):
        raise TypeError(f"{who}: model is a gf.nn.Module, not {type(model).__name__}")
    if not any(True for _ in model.parameters()):
        raise ArgumentError(f"{who}: {type(model).__name__} has no parameters; there is nothing to train")
    if not any(p.requires_grad for p in model.parameters()):
        raise ArgumentError(f"{who}: no parameter of {type(model).__name__} requires grad; call model.requires_grad_()")


def checked_optimizer(model: gf.nn.Module, optimizer: Any, who: str) -> None:
    """TypeError or ArgumentError unless ``optimizer`` trains a parameter of ``model``."""
    if not isinstance(optimizer, gf.optim.Optimizer):
        raise TypeError(f"{who}: optimizer is one of gf.optim, not {type(optimizer).__name__}")
    held = {id(p) for g in optimizer.param_groups for p in g["params"]}
    if not any(id(p) in held for p in model.parameters()):
        raise ArgumentError(f"{who}: the optimizer holds none of the model's parameters; make it from model.parameters()")


def _single(loss: Any) -> Any:
    if not isinstance(loss, gf.Tensor):
        raise TypeError(f"diagnose: loss_fn returned a {type(loss).__name__}, not a Tensor")
    if loss.numel() != 1:
        raise ShapeError(f"diagnose: the loss has shape {loss.shape}; it is a single number: use mean() or sum()")
    return loss.reshape(())


@contextmanager
def _unchanged(model: gf.nn.Module) -> Iterator[None]:
    """Put back what a forward pass may change: buffers, attributes, modes, random numbers."""
    drawn = states()
    buffers = [(t, t.array.copy()) for t in model.buffers()]
    # Shallow copies: what forward assigns anew is put back, a list that it appends to is not.
    attributes = [(m, dict(vars(m)), dict(m.named_buffers(recurse=False, remove_duplicate=False))) for m in model.modules()]
    try:
        yield
    finally:
        for m, held, own in attributes:
            vars(m).clear()
            vars(m).update(held)
            for name, t in own.items():
                if getattr(m, name) is not t:
                    setattr(m, name, t)
        for t, array in buffers:
            t.array[...] = array
        restore(drawn)


def _has_nonfinite(snapshot: Any) -> bool:
    values = [snapshot.loss, *(v for layer in snapshot.layers for v in (layer.rms, layer.gradient))]
    values += [v for w in snapshot.weights for v in (w.rms, w.gradient)]
    return any(v is not None and not abs(v) < float("inf") for v in values)


def _search(model: gf.nn.Module, loss_of: Callable[[Any], Any], x: tuple[Any, ...]) -> Broken:
    """Run the batch again, every operation looked at, until one makes a NaN or an infinity."""
    if not all(bool(part.isfinite().all()) for part in x if part.dtype.kind == "f"):
        return Broken("", "", "batch")
    for name, p in model.named_parameters():
        if not bool(p.detach().isfinite().all()):
            return Broken("", name, "parameter")
    inside: list[str] = []
    passed: list[str] = []
    handles = []
    for name, m in model.named_modules():

        def enter(_m: Any, _args: Any, name: str = name) -> None:
            inside.append(name)

        def leave(_m: Any, _args: Any, output: Any, name: str = name) -> None:
            inside.pop()
            if isinstance(output, gf.Tensor) and output.requires_grad and next(_m.children(), None) is None:
                output.register_hook(lambda _: passed.append(name))

        handles += [m.register_forward_pre_hook(enter), m.register_forward_hook(leave)]
    try:
        with gf.enable_grad(), gf.autograd.detect_anomaly():
            loss = loss_of(model)
            gf.autograd.grad(loss, [p for p in model.parameters() if p.requires_grad], allow_unused=True)
    except AnomalyError as found:
        said = str(found)
        direction, _, rest = said.partition(" of ")
        operation = rest.partition(":")[0]
        if direction == "backward":
            return Broken(operation, passed[-1] if passed else "", "backward", said)
        return Broken(operation, inside[-1] if inside else "", "forward" if inside else "loss", said)
    finally:
        for handle in handles:
            handle.remove()
    return Broken("", "", "unknown")
