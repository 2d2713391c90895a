"""Made-up facts of gradflow.flow, so that what is made of them can be worked out by hand."""

from __future__ import annotations

from typing import Any

from gradflow.flow.measurements import Layer, Snapshot, Trial, Weight


def layer(name: str, role: str = "weights", rms: float = 1.0, **more: Any) -> Layer:
    kind = more.pop("kind", {"weights": "Linear", "activation": "Tanh"}.get(role, "Other"))
    given = {"mean": 0.0, "std": rms, "spread": 0.5, "zeros": 0.0, "gradient": 1.0, **more}
    return Layer(name, kind, role, (8, 4), rms=rms, **given)


def weight(name: str, gradient: float | None = 1.0, rms: float = 0.5, **more: Any) -> Weight:
    """A 4 x 4 matrix; Xavier's initialisation gives it the RMS sqrt(1 / 4) = 0.5."""
    given = {"shape": (4, 4), "trained": True, **more}
    return Weight(name, name.rpartition(".")[0], rms=rms, gradient=gradient, **given)


def snapshot(layers: Any = None, weights: Any = None, step: int = 0, loss: float | None = 1.0) -> Snapshot:
    layers = [layer("0"), layer("1", "activation", sides=2, steepest=1.0), layer("2")] if layers is None else layers
    weights = [weight("0.weight"), weight("2.weight")] if weights is None else weights
    return Snapshot(step, tuple(layers), tuple(weights), loss)


def trial(start: float = 2.0, constant: float | None = 1.0, after: Snapshot | None = None, **ends: float) -> Trial:
    """Trial steps that end at the loss ``own``, and at the others named ``x10``, ``x01`` and so on."""
    keys = {"x001": 0.01, "x01": 0.1, "own": 1.0, "x10": 10.0, "x100": 100.0}
    curves = {factor: (start, *[ends.get(key, start)] * 3) for key, factor in keys.items()}
    return Trial("SGD", 0.1, start, constant, curves, after=after)
