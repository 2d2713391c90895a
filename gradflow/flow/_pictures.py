"""The report as pictures.  Matplotlib is imported here alone, when a picture is asked for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ._try_cures import Tried
    from .report import Report

BLUE, ORANGE, GREEN, PINK, SKY, AMBER, BLACK, GREY = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#8C8C8C",
)  # fmt: skip
HISTOGRAMS = 5  # layers with a histogram of their own


def _figure(figure: Any, size: tuple[float, float]) -> Any:
    """A new Figure unless one is given."""
    if figure is not None:
        return figure
    import matplotlib.pyplot as plt

    return plt.figure(figsize=size, layout="constrained")


def _styled(draw: Any) -> Any:
    """``draw`` inside of gradflow's style, which is left again afterwards."""

    def styled(what: Any, figure: Any = None) -> Any:
        try:
            import matplotlib.pyplot as plt
        except ImportError as problem:
            raise ImportError(
                f"plot needs matplotlib, which cannot be imported here ({problem}): pip install matplotlib"
            ) from None
        with plt.style.context("gradflow.style"):
            return draw(what, figure)

    return styled


@_styled
def picture(report: Report, figure: Any = None) -> Any:
    """See ``Report.plot``."""
    facts = report.facts
    over_time = len(facts.snapshots) > 1
    rows = 3 if over_time else 2
    made = _figure(figure, (12.5, 4.1 * rows))
    made.suptitle("; ".join(v.title for v in report.verdicts[:2]), fontsize=13, fontweight="bold", wrap=True)
    axes = made.subplots(rows, 2)
    _sizes(axes[0, 0], facts.last)
    if over_time:
        _map(made, axes[0, 1], facts.snapshots)
        _updates(axes[1, 0], facts.snapshots)
        _losses(axes[1, 1], facts)
    elif facts.trial is not None:
        _trial(axes[0, 1], facts.trial)
    else:
        _weights(axes[0, 1], facts.last)
    _histograms(axes[-1, 0], axes[-1, 1], facts.sampled)
    return made


def _positive(values: Any) -> Any:
    return np.array([v if v is not None and 0 < v < math.inf else np.nan for v in values], float)


def _named(axes: Any, names: list[str], most: int = 24) -> None:
    """Names of layers at the x axis, as many as can be read."""
    stride = -(-len(names) // most)
    axes.set_xticks(range(0, len(names), stride), [_short(n) for n in names[::stride]])
    crowded = sum(map(len, names[::stride])) > 40
    if crowded:
        axes.tick_params(axis="x", rotation=60 if max(map(len, names)) > 3 else 0, labelsize=8)
    axes.set_xlim(-0.6, len(names) - 0.4)


def _short(name: str, wide: int = 16) -> str:
    return name if len(name) <= wide else "…" + name[1 - wide :]


def _sizes(axes: Any, s: Any) -> None:
    names = [v.name for v in s.layers]
    x = np.arange(len(names))
    values, gradients = _positive(v.rms for v in s.layers), _positive(v.gradient for v in s.layers)
    both = np.concatenate([values, gradients])
    both = both[np.isfinite(both)]
    axes.set_yscale("log")
    if both.size:
        floor = 10.0 ** (math.floor(math.log10(both.min())) - 0.3)
        for shift, sizes, color, what in ((-0.2, values, BLUE, "output"), (0.2, gradients, ORANGE, "gradient of the loss")):
            axes.bar(x + shift, np.nan_to_num(sizes - floor), 0.4, bottom=floor, color=color, label=what)
        axes.set_ylim(floor, 10 ** (math.log10(both.max()) + 0.12 * (math.log10(both.max() / floor)) + 0.3))
    lost = [i for i, v in enumerate(s.layers) if v.gradient is None]
    if lost:
        axes.plot(lost, [0.02] * len(lost), "x", color=BLACK, ms=5, transform=axes.get_xaxis_transform(), label="no gradient")
    if both.size or lost:
        axes.legend(ncols=3, loc="upper left")
    axes.set(title="Size of each layer's output, and of its gradient", xlabel="layer, from input to output", ylabel="RMS")
    axes.grid(False, axis="x")
    _named(axes, names)


def _map(figure: Any, axes: Any, snapshots: Any) -> None:
    from matplotlib.colors import LogNorm

    names = [v.name for v in snapshots[-1].layers]
    grid = np.full((len(names), len(snapshots)), np.nan)
    for j, s in enumerate(snapshots):
        found = {v.name: v.gradient for v in s.layers}
        grid[:, j] = _positive(found.get(n) for n in names)
    axes.set(title="Gradient of the loss, layer by layer over time", xlabel="step", ylabel="layer, from input to output")
    axes.grid(False)
    known = grid[np.isfinite(grid)]
    if not known.size:
        return
    steps = [s.step for s in snapshots]
    width = steps[1] - steps[0]
    edges = [*steps, steps[-1] + width]
    norm = LogNorm(known.min(), max(known.max(), known.min() * 10))
    shown = axes.pcolormesh(edges, np.arange(len(names) + 1) - 0.5, grid, norm=norm, cmap="viridis")
    axes.invert_yaxis()
    stride = -(-len(names) // 20)
    axes.set_yticks(range(0, len(names), stride), [_short(n) for n in names[::stride]])
    axes.tick_params(axis="y", labelsize=8)
    figure.colorbar(shown, ax=axes, label="RMS", pad=0.01)


def _updates(axes: Any, snapshots: Any) -> None:
    names = [w.name for w in snapshots[-1].weights if len(w.shape) > 1]
    steps = [s.step for s in snapshots]
    import matplotlib

    colors = matplotlib.colormaps["viridis"](np.linspace(0, 0.9, max(2, len(names))))
    labelled = {0, len(names) // 2, len(names) - 1}
    for i, name in enumerate(names):
        ratios = [next((w.ratio for w in s.weights if w.name == name), None) for s in snapshots]
        axes.plot(steps, _positive(ratios), color=colors[i], lw=1.5, label=_short(name, 24) if i in labelled else None)
    axes.axhline(1e-3, color=ORANGE, ls="--", lw=1.5)
    axes.text(0.01, 0.95e-3, "1e-3", color=ORANGE, ha="left", va="top", transform=axes.get_yaxis_transform())
    axes.set(title="Step taken by the size of the weights", xlabel="step", ylabel="RMS of update / RMS of weights", yscale="log")
    if names:
        axes.legend(fontsize=8.5, loc="best")


def _losses(axes: Any, facts: Any) -> None:
    axes.set(title="Loss", xlabel="step", ylabel="loss")
    if not facts.losses:
        axes.text(0.5, 0.5, "not noted: call note(loss) in the loop", ha="center", color=GREY, transform=axes.transAxes)
        return
    steps, losses = np.array([p[0] for p in facts.losses]), np.array([p[1] for p in facts.losses], float)
    axes.plot(steps, losses, color=GREY, lw=0.7, alpha=0.7, label="each step")
    wide = max(1, len(losses) // 30)
    if wide > 1:
        axes.plot(steps[wide - 1 :], np.convolve(losses, np.ones(wide) / wide, "valid"), color=BLUE, label=f"mean of {wide}")
        axes.legend()
    known = losses[np.isfinite(losses)]
    if known.size and known.min() > 0 and known.max() > 20 * known.min():
        axes.set_yscale("log")


def _trial(axes: Any, trial: Any) -> None:
    colors = {0.01: SKY, 0.1: BLUE, 1.0: BLACK, 10.0: AMBER, 100.0: ORANGE}
    levels = [trial.start, *([trial.constant] if trial.constant is not None else [])]
    ends = [v for c in trial.curves.values() for v in c if v == v and v < 4 * max(levels)]
    for factor, curve in trial.curves.items():
        said = "as it is" if factor == 1 else f"x {factor:g}"
        label = f"{trial.lr * factor:g} ({said})"
        axes.plot(
            range(len(curve) + 1),
            [trial.start, *curve],
            color=colors.get(factor, GREY),
            lw=2.6 if factor == 1 else 1.6,
            label=label,
        )
    if trial.constant is not None:
        axes.axhline(trial.constant, color=GREY, ls=":", lw=1.5, label="best constant answer")
    low, high = min([*levels, *ends]), max([*levels, *ends])
    axes.set_ylim(low - 0.06 * (high - low) - 1e-9, high + 0.08 * (high - low) + 1e-9)
    axes.set(title=f"Trial steps of {trial.optimizer} on copies", xlabel="step", ylabel="loss of the batch")
    axes.legend(title="learning rate", fontsize=8.5, title_fontsize=8.5)
    axes.xaxis.get_major_locator().set_params(integer=True)


def _weights(axes: Any, s: Any) -> None:
    shown = [w for w in s.weights if len(w.shape) > 1] or list(s.weights)
    names = [w.name for w in shown]
    axes.plot(_positive(w.rms for w in shown), "o-", color=BLUE, ms=4, label="values")
    axes.plot(_positive(w.gradient for w in shown), "s-", color=ORANGE, ms=4, label="gradient of the loss")
    axes.set(
        title="Size of the weights, and of their gradients", xlabel="parameter, from input to output", ylabel="RMS", yscale="log"
    )
    axes.legend()
    _named(axes, names)


def _histograms(left: Any, right: Any, s: Any) -> None:
    import matplotlib

    layers = [v for v in s.layers if v.role == "activation"] or [v for v in s.layers if v.role == "weights"] or list(s.layers)
    chosen = [layers[i] for i in sorted({round(i) for i in np.linspace(0, len(layers) - 1, HISTOGRAMS)})] if layers else []
    colors = matplotlib.colormaps["viridis"](np.linspace(0, 0.9, max(2, len(chosen))))
    for axes, kind in ((left, "samples"), (right, "gradient_samples")):
        sampled = [(v.name, np.array(getattr(v, kind), float), color) for v, color in zip(chosen, colors, strict=False)]
        finite = [(name, a[np.isfinite(a)], color) for name, a, color in sampled]
        known = [(name, a, color) for name, a, color in finite if a.size]
        everything = np.concatenate([a for _, a, _ in known]) if known else np.zeros(0)
        if not everything.size:
            axes.text(0.5, 0.5, "nothing measured", ha="center", color=GREY, transform=axes.transAxes)
            continue
        if kind == "samples":
            low, high = np.quantile(everything, [0.002, 0.998])
            bins: Any = np.linspace(low - 1e-12, high + 1e-12, 31)
            parts = [(name, np.clip(a, low, high), color) for name, a, color in known]
        else:  # sizes over many decades; zeros have no logarithm and are told in the label
            sizes = np.abs(everything[everything != 0])
            low, high = (np.log10(np.quantile(sizes, [0.002, 1.0]))) if sizes.size else (-3.0, 0.0)
            bins = np.logspace(low - 0.05, high + 0.05, 41)
            axes.set_xscale("log")
            parts = []
            for name, a, color in known:
                zeros = float((a == 0).mean())
                parts.append((name + (f" ({zeros:.0%} are 0)" if zeros else ""), np.abs(a[a != 0]), color))
        for name, a, color in parts:
            shares = np.ones(a.size) / max(1, a.size)
            axes.hist(a, bins, weights=shares, histtype="step", lw=1.8, color=color, label=_short(name, 26))
        what = "Outputs of activations" if layers and layers[0].role == "activation" else "Outputs of layers"
        title = f"{what}, first to last" if kind == "samples" else "Size of their gradients"
        axes.set(title=title, xlabel="value" if kind == "samples" else "|gradient of the loss|", ylabel="share")
        axes.legend(fontsize=8.5)


@_styled
def trials(tried: Tried, figure: Any = None) -> Any:
    """See ``Tried.plot``."""
    results = [r for r in (tried.unchanged, *tried.results) if r.losses]
    made = _figure(figure, (12.5, max(4.2, 1.4 + 0.42 * len(results))))
    left, right = made.subplots(1, 2, width_ratios=[1.25, 1])
    import matplotlib

    cycle = [BLUE, GREEN, PINK, SKY, AMBER, ORANGE]
    ends = [r.end for r in results if math.isfinite(r.end)]
    start = [r.losses[0] for r in results if math.isfinite(r.losses[0])]
    top = 1.3 * max([tried.unchanged.losses[0], *(e for e in ends if e < 3 * max(start))]) if ends else 1.0
    order = sorted(results, key=lambda r: r.end)
    colors = {}
    for i, r in enumerate(r for r in order if r is not tried.unchanged):
        colors[r.key] = cycle[i % len(cycle)] if i < len(cycle) else matplotlib.colors.to_hex(GREY)
    colors[tried.unchanged.key] = BLACK
    for r in reversed(order):
        losses = np.array(r.losses, float)
        wide = max(1, len(losses) // 25)
        smooth = np.convolve(losses, np.ones(wide) / wide, "valid") if len(losses) > wide else losses
        axis = np.arange(len(smooth)) + len(losses) - len(smooth) + 1
        left.plot(axis, smooth, color=colors[r.key], lw=2.6 if r is tried.unchanged else 1.7)
    left.set(title="Loss of copies with one change each", xlabel="step", ylabel="loss (running mean)", ylim=(0, top))
    for i, r in enumerate(reversed(order)):
        gone = not math.isfinite(r.end) or r.end > top
        right.barh(i, top if gone else r.end, color=colors[r.key], alpha=0.35 if gone else 1.0)
        said = f"{r.end:.3g}" if math.isfinite(r.end) else "diverged"
        place = (top * 0.98, "right") if gone else (r.end + top * 0.01, "left")
        right.text(place[0], i, said, va="center", ha=place[1], fontsize=9)
    right.set_yticks(range(len(order)), [r.name for r in reversed(order)])
    right.set(title="Loss at the end", xlabel="mean loss of the last tenth of the steps", xlim=(0, top * 1.12))
    right.grid(False, axis="y")
    return made
