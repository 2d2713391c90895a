"""What can be done about a network that does not learn, as changes of a model or of its training that can be tried out."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import gradflow as gf

from ._activation_slopes import shape_of

nn = gf.nn
Model = Any
LR = (0.01, 0.1, 10.0, 100.0)


class NotApplicable(Exception):  # noqa: N818 - it says why a cure is left out
    """A cure that cannot be applied to this model; the text says why."""


@dataclass(frozen=True)
class Cure:
    """A change, ``name`` in the report: ``model`` changes a copy of the model, the rest says how its optimizer differs."""

    key: str
    name: str
    model: Callable[[Model], Model] | None = None
    lr: float = 1.0
    adam: bool = False
    clip: float | None = None

    def apply(self, model: Model, optimizer: Any) -> tuple[Model, Any]:
        """A changed copy of ``model`` and a new optimizer for it, of the same kind; NotApplicable if that cannot be."""
        net = copy.deepcopy(model)
        if self.model is not None:
            net = self.model(net)
        made = adam(net) if self.adam else same_kind(optimizer, list(net.parameters()), self.lr)
        if self.clip is not None:
            limit, params = self.clip, list(net.parameters())
            made.register_step_pre_hook(lambda *_: clipped(params, limit))
        return net, made


def adam(model: Model) -> Any:
    """Adam with its default learning rate."""
    return gf.optim.Adam(model.parameters(), lr=1e-3)


def clipped(params: list[Any], limit: float) -> None:
    """Scale the gradients down together so that their norm is at most ``limit``."""
    nn.utils.clip_grad_norm_([p for p in params if p.grad is not None], limit)


def same_kind(optimizer: Any, params: list[Any], factor: float = 1.0) -> Any:
    """A new optimizer of the class and the settings (of the first group) of ``optimizer``, its learning rate times ``factor``."""
    group = optimizer.param_groups[0]
    taken = inspect.signature(type(optimizer)).parameters
    settings = {k: v for k, v in group.items() if k in taken and k != "params"}
    settings["lr"] = group["lr"] * factor
    return type(optimizer)(params, **settings)


# --- changes of a model -----------------------------------------------------------------------------------------------------


def _parts(model: Model) -> Iterator[tuple[Any, str, Any]]:
    """Every module with what holds it and under which name, in order."""
    for holder in list(model.modules()):
        for name, m in list(holder.named_children()):
            yield holder, name, m


def is_dense(m: Any) -> bool:
    """True for a linear layer or a convolution."""
    return isinstance(m, nn.Linear) or (hasattr(m, "kernel_size") and isinstance(getattr(m, "weight", None), nn.Parameter))


def initialise(model: Model) -> Model:
    """Draw the weights of linear layers and convolutions anew, by what follows: He's before a function that is flat on one
    side or none, Xavier's before one flat on both and before none; biases 0, normalisations as new."""
    modules = list(model.modules())
    found = 0
    for i, m in enumerate(modules):
        if is_dense(m):
            after = next((shape_of(n) or n for n in modules[i + 1 :] if is_dense(n) or shape_of(n) is not None), None)
            sides = getattr(after, "sides", 2)
            if sides < 2:
                nn.init.kaiming_normal_(m.weight)
            else:
                nn.init.xavier_normal_(m.weight)
            if getattr(m, "bias", None) is not None:
                nn.init.zeros_(m.bias)
            found += 1
        elif not is_dense(m) and hasattr(m, "running_mean") and hasattr(m, "reset_parameters"):
            m.reset_parameters()
    if not found:
        raise NotApplicable("there is no Linear layer or convolution")
    return model


def _swapped(model: Model, wanted: Callable[[int], bool], make: Callable[[], Any], why: str) -> Model:
    places = [(holder, name) for holder, name, m in _parts(model) if (s := shape_of(m)) is not None and wanted(s.sides)]
    if not places:
        raise NotApplicable(why)
    for holder, name in places:
        setattr(holder, name, make())
    return model


def relu(model: Model) -> Model:
    """ReLU in the place of activations that are flat on both sides, and He's initialisation."""
    why = "there is no activation module that is flat on both sides"
    return initialise(_swapped(model, lambda sides: sides == 2, nn.ReLU, why))


def leaky(model: Model) -> Model:
    """LeakyReLU in the place of activations that are flat on one side; the weights stay as they are."""
    return _swapped(model, lambda sides: sides == 1, nn.LeakyReLU, "there is no activation module that is flat on one side")


def _rows(model: Model) -> Iterator[Any]:
    for m in list(model.modules()):
        if isinstance(m, nn.Sequential):
            yield m


def normalise(model: Model) -> Model:
    """A batch normalisation between each linear layer (or 2-d convolution) and the activation that follows it in a Sequential."""
    found = 0
    for row in _rows(model):
        parts = list(row)
        made: list[Any] = []
        for m, after in zip(parts, [*parts[1:], None], strict=True):
            made.append(m)
            if is_dense(m) and after is not None and shape_of(after) is not None:
                found += 1
                at = {"device": m.weight.device, "dtype": m.weight.dtype}
                made.append(
                    nn.BatchNorm1d(m.out_features, **at) if isinstance(m, nn.Linear) else nn.BatchNorm2d(m.out_channels, **at)
                )
        _refill(row, made)
    if not found:
        raise NotApplicable("no Sequential has a linear layer right before an activation")
    return model


def residual(model: Model) -> Model:
    """Each linear layer that keeps the number of features, with what follows it up to its activation, as ``x + f(x)``."""
    found = 0
    for row in _rows(model):
        parts, made, i = list(row), list[Any](), 0
        while i < len(parts):
            m, end = parts[i], i + 1
            if isinstance(m, nn.Linear) and m.in_features == m.out_features:
                while end < len(parts) and not is_dense(parts[end]) and shape_of(parts[end - 1]) is None:
                    end += 1
            if end - i > 1 and shape_of(parts[end - 1]) is not None:
                made.append(nn.Residual(nn.Sequential(*parts[i:end])))
                found += 1
            else:
                made += parts[i:end]
            i = end

        _refill(row, made)
    if not found:
        raise NotApplicable("no Sequential has a linear layer with as many outputs as inputs before an activation")
    return model


def _refill(row: Any, parts: list[Any]) -> None:
    del row[:]
    for i, m in enumerate(parts):
        row.add_module(str(i), m)


def together(model: Model) -> Model:
    """As many as can be applied of ReLU, batch normalisation, residual connections and a new initialisation."""
    for change in (relu, normalise, residual, initialise):
        with suppress(NotApplicable):
            model = change(model)
    return model


CURES = (
    Cure("init", "He / Xavier initialisation", initialise),
    Cure("relu", "ReLU with He initialisation", relu),
    Cure("norm", "batch normalisation", normalise),
    Cure("residual", "residual connections", residual),
    Cure("leaky", "LeakyReLU", leaky),
    Cure("adam", "Adam, lr 0.001", adam=True),
    Cure("all", "all of these together, with Adam", together, adam=True),
    Cure("clip", "gradient clipping, norm 1", clip=1.0),
    *(Cure(f"lr x {f:g}", f"learning rate x {f:g}", lr=f) for f in LR),
)
