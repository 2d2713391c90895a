"""The report: verdicts first, then the table of layers; pictures, a page for notebooks, a frame and a dict of the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError
from .measurements import Facts, Layer, Weight
from .wording import Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._try_cures import Tried

WIDE = 110  # columns of the table at most
ROWS = 40  # layers shown at most; the middle of a longer list is left out


@dataclass(frozen=True)
class Setting:
    """What was diagnosed, for trying cures on copies of it."""

    model: Any
    loss_fn: Any
    data: Any
    optimizer: Any


class Report:
    """What ``diagnose`` and ``watch`` found: ``verdicts``, the worst first, and ``facts``, the numbers they come from.

    It prints as verdicts and a table of the layers; a notebook shows it as a page.

    Parameters
    ----------
    facts : Facts
        What was measured.
    setting : Setting
        The model, the loss, the data and the optimizer, of which ``try_cures`` makes copies.

    Examples
    --------
    >>> import gradflow as gf
    >>> _ = gf.manual_seed(0)
    >>> net = gf.nn.Sequential(gf.nn.Linear(4, 16), gf.nn.ReLU(), gf.nn.Linear(16, 2))
    >>> batch = gf.randn(32, 4), gf.randint(0, 2, (32,))
    >>> report = gf.flow.diagnose(net, gf.nn.CrossEntropyLoss(), batch)
    >>> report.healthy, [layer.name for layer in report.facts.last.layers]
    (True, ['0', '1', '2'])
    """

    def __init__(self, facts: Facts, setting: Setting) -> None:
        self.facts, self._setting = facts, setting

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts: what is wrong, the worst first; one verdict "healthy" if nothing is.

        Examples
        --------
        >>> import gradflow as gf
        >>> net = gf.nn.Linear(2, 1)
        >>> report = gf.flow.diagnose(net, lambda y, t: (y - t).square().mean(), (gf.randn(8, 2), gf.ones(8, 1)))
        >>> [verdict.name for verdict in report.verdicts]
        ['healthy']
        """
        return judge(self.facts)

    @property
    def healthy(self) -> bool:
        """True if nothing was found wrong.

        Examples
        --------
        >>> import gradflow as gf
        >>> net = gf.nn.Linear(2, 1)
        >>> gf.flow.diagnose(net, lambda y, t: (y - t).square().mean(), (gf.randn(8, 2), gf.ones(8, 1))).healthy
        True
        """
        return self.verdicts[0].name == "healthy"

    def __str__(self) -> str:
        parts = [str(v) for v in self.verdicts]
        return "\n\n".join([*parts, _table(self.facts)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from ._html import page

        return page(self)

    def plot(self, figure: Any = None) -> Any:
        """A picture of the RMS of activations and gradients layer by layer, their histograms, the trial steps and the loss.

        Of a ``watch`` it also has a map of the gradients over layers and steps, and the update of each parameter by its size over
        time (around 1e-3 in trainings that go well).

        Parameters
        ----------
        figure : matplotlib.figure.Figure, optional
            What is drawn on; None: a new one.

        Returns
        -------
        matplotlib.figure.Figure
            The picture.

        Raises
        ------
        ImportError
            Without matplotlib.

        Examples
        --------
        >>> import gradflow as gf
        >>> net = gf.nn.Linear(2, 1)
        >>> report = gf.flow.diagnose(net, lambda y, t: (y - t).square().mean(), (gf.randn(8, 2), gf.ones(8, 1)))
        >>> report.plot().savefig("report.png")  # doctest: +SKIP
        """
        from ._pictures import picture

        return picture(self, figure)

    def to_frame(self) -> Any:
        """The measured numbers as a table with one row for each layer and measured step.

        Returns
        -------
        pandas.DataFrame
            The columns are the fields of ``Layer`` without samples, and "step", "loss" and "update_ratio".

        Raises
        ------
        ImportError
            Without pandas.

        Examples
        --------
        >>> import importlib.util
        >>> import gradflow as gf
        >>> net = gf.nn.Linear(2, 1)
        >>> report = gf.flow.diagnose(net, lambda y, t: (y - t).square().mean(), (gf.randn(8, 2), gf.ones(8, 1)))
        >>> if importlib.util.find_spec("pandas"):
        ...     assert list(report.to_frame()["kind"]) == ["Linear"]
        """
        try:
            pandas = import_module("pandas")
        except ImportError as problem:
            raise ImportError(f"to_frame needs pandas, which cannot be imported here ({problem}): pip install pandas") from None
        rows = []
        for s in self.facts.snapshots:
            for layer in s.layers:
                held = {k: v for k, v in vars(layer).items() if not k.endswith("samples")}
                rows.append({"step": s.step, "loss": s.loss, **held, "update_ratio": update_of(layer, s.weights)})
        return pandas.DataFrame(rows)

    def to_dict(self) -> dict[str, Any]:
        """The verdicts and facts as lists, dicts, numbers and strings, fit for JSON.

        Returns
        -------
        dict
            "verdicts", and the entries of ``Facts.to_dict``.

        Examples
        --------
        >>> import gradflow as gf
        >>> net = gf.nn.Linear(2, 1)
        >>> report = gf.flow.diagnose(net, lambda y, t: (y - t).square().mean(), (gf.randn(8, 2), gf.ones(8, 1)))
        >>> report.to_dict()["verdicts"][0]["name"]
        'healthy'
        """
        return {"verdicts": [v.to_dict() for v in self.verdicts], **self.facts.to_dict()}

    def try_cures(
        self,
        data: Any = None,
        *,
        steps: int = 200,
        cures: Any = None,
        loss_fn: Callable[[Any, Any], Any] | None = None,
        train: Callable[[Any, Any], Any] | None = None,
    ) -> Tried:
        """Train fresh copies of the model, each with one change, and tell which change worked.

        The copies start from the model as it is now, but for a changed initialisation.

        Parameters
        ----------
        data : iterable of pairs, optional
            It gives batches ``(x, y)``, as a DataLoader does, again and again; None: the batch of ``diagnose`` is learnt.
        steps : int, default 200
            How many steps each copy is trained.
        cures : iterable of str or Cure, optional
            Keys: "init", "relu", "norm", "residual", "leaky", "adam", "all", "clip", "lr x 0.01", "lr x 0.1", "lr x 10", "lr x
            100", or Cures of your own. None: those that the verdicts name, and those that change the learning rate.
        loss_fn : callable, optional
            The loss; None: that of ``diagnose``.
        train : callable, optional
            ``train(model, optimizer)``, which returns the losses, if ``steps`` of plain training are not what you want.

        Returns
        -------
        Tried
            ``results``, the best first, and ``unchanged``, the training as it is; it prints as a table.

        Raises
        ------
        ArgumentError
            After ``watch``, without ``data`` and ``loss_fn``, or ``train``.

        Examples
        --------
        >>> import gradflow as gf
        >>> _ = gf.manual_seed(0)
        >>> net = gf.nn.Sequential(*(m for _ in range(12) for m in (gf.nn.Linear(8, 8), gf.nn.Sigmoid())), gf.nn.Linear(8, 2))
        >>> x = gf.randn(64, 8)
        >>> batch, optimizer = (x, (x.sum(dim=1) > 0).long()), gf.optim.Adam(net.parameters())
        >>> report = gf.flow.diagnose(net, gf.nn.CrossEntropyLoss(), batch, optimizer)
        >>> report.try_cures(steps=60, cures=["relu", "clip"]).best.key
        'relu'
        """
        from ._try_cures import tried

        s = self._setting
        loss_fn = loss_fn or s.loss_fn
        data = s.data if data is None else data
        if train is None and (loss_fn is None or data is None):
            raise ArgumentError(
                "try_cures: after watch, give data= and loss_fn=, or train=: a function (model, optimizer) -> losses"
            )
        return tried(s.model, s.optimizer, loss_fn, data, steps, cures, train, self.verdicts)


def update_of(layer: Layer, weights: tuple[Weight, ...]) -> float | None:
    """The update by the size of the largest parameter of a layer, None if it has none."""
    own = [w for w in weights if w.layer == layer.name and w.ratio is not None]
    return max(own, key=lambda w: len(w.shape)).ratio if own else None


# --- the table --------------------------------------------------------------------------------------------------------------


def number(v: float | None) -> str:
    """Three digits, short."""
    if v is None:
        return ""
    if v == 0 or 0.01 <= abs(v) < 999.5:
        return f"{v:.3g}"
    digits, _, power = f"{v:.2e}".partition("e")
    return f"{digits}e{int(power)}" if power else digits


def percent(v: float | None) -> str:
    """A share in percent, with 0 and 100 only for none and all."""
    return "" if v is None else "0" if v == 0 else "<1" if v < 0.01 else ">99" if 0.99 < v < 1 else f"{100 * v:.0f}"


HEADINGS = ("layer", "kind", "mean", "std", "differs", "flat %", "dead %", "gradient", "step/size")


def rows_of(facts: Facts) -> list[tuple[str, ...]]:
    """The cells of the table, a row for each layer of the last measured step, without the headings."""
    s = facts.last
    return [
        (
            v.name, v.kind, number(v.mean), number(v.std), number(v.spread), percent(v.saturated), percent(v.dead),
            "none" if v.gradient is None else number(v.gradient), number(update_of(v, s.weights)),
        )
        for v in s.layers
    ]  # fmt: skip


def bars(facts: Facts, wide: int = 12) -> list[str]:
    """The gradients of the layers as bars on a logarithmic scale over what occurs, but at least three decades."""
    import math

    sizes = [v.gradient for v in facts.last.layers]
    logs = [math.log10(g) if g and math.isfinite(g) else None for g in sizes]
    known = [v for v in logs if v is not None]
    if not known:
        return ["" for _ in logs]
    top = max(known)
    low = min(min(known), top - 3)
    parts = " ▏▎▍▌▋▊▉█"
    made = []
    for v in logs:
        eighths = 0 if v is None else max(1, round(8 * wide * (v - low + 0.02) / (top - low + 0.02)))
        made.append("█" * (eighths // 8) + parts[eighths % 8].strip())
    return made


def folded(rows: list[Any], most: int = ROWS) -> tuple[list[Any], list[Any], int]:
    """The first and the last of many rows, and how many are left out between them."""
    if len(rows) <= most:
        return rows, [], 0
    part = most // 2
    return rows[:part], rows[-part:], len(rows) - 2 * part


def _table(facts: Facts) -> str:
    s = facts.last
    rows = [(*cells, bar) for cells, bar in zip(rows_of(facts), bars(facts), strict=True)]
    head = (*HEADINGS, "gradient, log scale")
    first, rest, hidden = folded(rows)
    shown = [head, *first, *rest]
    widths = [max(len(line[i]) for line in shown) for i in range(len(head))]
    over = sum(widths) + 2 * (len(widths) - 1) - WIDE
    for i in (0, 1):
        cut = min(max(0, over), max(0, widths[i] - 10))
        widths[i] -= cut
        over -= cut

    def line(cells: tuple[str, ...]) -> str:
        made = []
        for i, (cell, wide) in enumerate(zip(cells, widths, strict=True)):
            cell = cell if len(cell) <= wide else "…" + cell[len(cell) - wide + 1 :]
            made.append(cell.ljust(wide) if i in (0, 1, len(widths) - 1) else cell.rjust(wide))
        return "  ".join(made).rstrip()

    rule = "-" * min(WIDE, sum(widths) + 2 * (len(widths) - 1))
    lines = [line(head), rule, *map(line, first)]
    if hidden:
        lines += [f"... {hidden} layers more ..."]
    lines += [
        *map(line, rest),
        rule,
        "differs: between examples, as part of the RMS;  flat: slope under 5 % of the activation's largest",
    ]
    title = f"step {s.step}, the last of {len(facts.snapshots)} measured" if len(facts.snapshots) > 1 else "one batch"
    loss = "" if s.loss is None else f", loss {number(s.loss)}"
    return "\n".join([f"{title}{loss}", *lines])
