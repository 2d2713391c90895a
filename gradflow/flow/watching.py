"""``watch``: a training measured every so many steps."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import gradflow as gf

from ..errors import ArgumentError
from ._measure import Measured, Probe, Tally, fetch
from .diagnosis import checked_model, checked_optimizer
from .measurements import Broken, Facts
from .report import Report, Setting

_SAMPLED = 5  # values for histograms are kept of every fifth measured step


class watch:  # noqa: N801 - used as a statement: with gf.flow.watch(...) as w
    """Measure every ``every``-th step of a training inside of a ``with`` block; ``report()`` tells what was seen.

    The loop is left as it is: the hooks of ``model`` and ``optimizer`` see each step. Hooks are on the modules only in the steps
    that are measured. ``note(loss)`` in the loop lets the report judge the course of the loss too. Nothing waits for the device
    until ``report()``, which waits once. What is measured is the last call of the model before ``step()``.

    Parameters
    ----------
    model : Module
        The model that is trained.
    optimizer : Optimizer
        It holds the model's parameters.
    every : int, default 50
        How many steps apart the measured ones are, from 1.

    Raises
    ------
    TypeError
        For what is no Module, and for what is no optimizer.
    ArgumentError
        For an optimizer of other parameters, and an ``every`` below 1.

    Examples
    --------
    >>> import gradflow as gf
    >>> _ = gf.manual_seed(0)
    >>> net, x = gf.nn.Linear(3, 1), gf.randn(32, 3)
    >>> y = x.sum(dim=1, keepdim=True)
    >>> optimizer = gf.optim.SGD(net.parameters(), lr=0.1)
    >>> with gf.flow.watch(net, optimizer, every=5) as w:
    ...     for _ in range(30):
    ...         loss = gf.nn.functional.mse_loss(net(x), y)
    ...         optimizer.zero_grad()
    ...         loss.backward()
    ...         optimizer.step()
    ...         w.note(loss)
    >>> [s.step for s in w.report().facts.snapshots]
    [0, 5, 10, 15, 20, 25]
    """

    def __init__(self, model: gf.nn.Module, optimizer: gf.optim.Optimizer, every: int = 50) -> None:
        checked_model(model, "watch")
        checked_optimizer(model, optimizer, "watch")
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise ArgumentError(f"watch: every is a whole number from 1, not {every!r}")
        self.model, self.optimizer, self.every = model, optimizer, every
        self.steps = 0  # made so far
        self._probe = Probe(model)
        self._done: list[Measured] = []
        self._noted: list[int] = []
        self._losses = Tally()
        self._handles: list[Any] = []
        self._before: dict[str, Any] | None = None

    def __enter__(self) -> Self:
        if self._handles:
            raise ArgumentError("watch: this block is entered already")
        self._handles = [
            self.optimizer.register_step_pre_hook(self._stepping),
            self.optimizer.register_step_post_hook(self._stepped),
        ]
        self._begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, where: TracebackType | None) -> None:
        self._probe.detach()
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._before = None

    def note(self, loss: Any) -> None:
        """Remember the loss of the step just made, or about to be made.

        Parameters
        ----------
        loss : Tensor or float
            A single number; a Tensor is not looked at, so nothing waits for the device.

        Raises
        ------
        ArgumentError
            For a Tensor of several elements.

        Examples
        --------
        >>> import gradflow as gf
        >>> net = gf.nn.Linear(2, 1)
        >>> with gf.flow.watch(net, gf.optim.SGD(net.parameters(), lr=0.1), every=1) as w:
        ...     loss = net(gf.ones(4, 2)).square().mean()
        ...     loss.backward()
        ...     w.optimizer.step()
        ...     w.note(loss)
        >>> len(w.report().facts.losses)
        1
        """
        data = loss.detach().array if isinstance(loss, gf.Tensor) else None
        if data is not None and data.size != 1:
            raise ArgumentError(f"watch.note: a loss is a single number, not of shape {data.shape}")
        self._losses.put(gf.tensor(float(loss)).array if data is None else data.reshape(())[()])
        self._noted.append(self.steps)

    def _stepping(self, *_: Any) -> None:
        if self.steps % self.every == 0 and self._probe.measured.rows:
            self._probe.weigh()
            self._before = {name: p.array.copy() for name, p in self._probe.named if p.requires_grad}

    def _stepped(self, *_: Any) -> None:
        if self._before is not None:
            self._probe.moved(self._before)
            self._before = None
            measured = self._probe.measured
            if self._probe.samples:  # of the values kept for histograms those seen last are enough
                for earlier in self._done:
                    earlier.samples = Tally()
            for tally in (measured.tally, self._losses):
                tally.packed()  # one vector in the place of many small arrays
            self._done.append(measured)
            self._probe.detach()
        self.steps += 1
        self._begin()

    def _begin(self) -> None:
        if self.steps % self.every == 0:
            self._probe.samples = len(self._done) % _SAMPLED == 0
            self._probe.attach(self.steps)

    def report(self) -> Report:
        """The report on what was measured until now, with its verdicts.

        Returns
        -------
        Report
            It has one snapshot for each step that was measured.

        Raises
        ------
        ArgumentError
            If no step has been measured.

        Examples
        --------
        >>> import gradflow as gf
        >>> net = gf.nn.Linear(2, 1)
        >>> with gf.flow.watch(net, gf.optim.SGD(net.parameters(), lr=0.1), every=1) as w:
        ...     net(gf.ones(4, 2)).square().mean().backward()
        ...     w.optimizer.step()
        >>> len(w.report().facts.snapshots)
        1
        """
        if not self._done:
            raise ArgumentError(
                "watch: no step has been measured: inside of the with block, call the model (model(x), not model.forward(x)), "
                "then loss.backward() and optimizer.step()"
            )
        numbers = fetch([self._losses, *(m.tally for m in self._done), *(m.samples for m in self._done)])
        losses, count = tuple(zip(self._noted, numbers[0], strict=True)), len(self._done)
        tallied, sampled = numbers[1 : 1 + count], numbers[1 + count :]
        snapshots = [m.on_host(v, w) for m, v, w in zip(self._done, tallied, sampled, strict=True)]
        broken = next((b for b in map(_broken, snapshots) if b is not None), None)
        lr = float(self.optimizer.param_groups[0]["lr"])
        facts = Facts(tuple(snapshots), None, broken, losses, self._probe.uncalled(), type(self.optimizer).__name__, lr)
        return Report(facts, Setting(self.model, None, None, self.optimizer))


def _broken(snapshot: Any) -> Broken | None:
    """The first module whose output is not finite; if there is none, the last whose gradient is not (backward runs backwards)."""
    said = f"seen in step {snapshot.step}; gf.flow.diagnose on its batch names the operation"
    for layer in snapshot.layers:
        if not layer.finite:
            return Broken(layer.kind, layer.name, "forward", said)
    for layer in reversed(snapshot.layers):
        if layer.gradient is not None and not abs(layer.gradient) < float("inf"):
            return Broken(layer.kind, layer.name, "backward", said)
    return None
