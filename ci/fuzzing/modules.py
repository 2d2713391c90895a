"""Random modules and losses with random settings, run by both libraries and compared.

Compared are the result, buffers, gradients of inputs and parameters (plain and recorded), and second derivatives where
PyTorch has them; in float64 and float32; sizes of 0 and 1 among the shapes.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .isolated import Result, name_of_kind
from .libraries import BOTH, GRADFLOW, TORCH, DisagreementError, Library, both, meant, shown

TOLERANCE = {"float64": (1e-9, 1e-7), "float32": (5e-5, 2e-3)}  # of the largest number: first order, second order


class Case(NamedTuple):
    """``make(L)`` is a module, or a function of the inputs.  Inputs of floating-point numbers get gradients."""

    text: str
    make: Callable[[Library], Any]
    inputs: list[Any]


class Drawer:
    """Random settings."""

    def __init__(self, seed: int) -> None:
        self.r, self.rng = random.Random(seed), np.random.default_rng(seed)

    def flag(self, chance: float = 0.5) -> bool:
        return self.r.random() < chance

    def batch(self) -> int:
        return self.r.choice([0, 1, 2, 2, 3, 3])

    def sizes(self, n: int, low: int, high: int) -> int | tuple[int, ...]:
        """A number for all n dimensions, or one for each."""
        if self.flag():
            return self.r.randint(low, high)
        return tuple(self.r.randint(low, high) for _ in range(n))

    def numbers(self, *shape: int) -> Any:
        return self.rng.normal(size=shape)

    def chances(self, *shape: int) -> Any:
        return self.rng.uniform(0.02, 0.98, size=shape)

    def some(self, **choices: list[Any]) -> dict[str, Any]:
        """Each keyword with one of its values, or left out."""
        return {name: self.r.choice(values) for name, values in choices.items() if self.flag()}


def module(d: Drawer, name: str, inputs: list[Any], *args: Any, **keywords: Any) -> Case:
    text = f"nn.{name}({', '.join([*map(repr, args), *(f'{k}={v!r}' for k, v in keywords.items())])})"
    training = d.flag(0.7)

    def make(L: Library) -> Any:
        return getattr(L.nn, name)(*args, **keywords).train(training)

    return Case(f"{text}{'' if training else '.eval()'}", make, inputs)


def function(name: str, inputs: list[Any], **keywords: Any) -> Case:
    """A function of nn.functional.  Arrays among the keywords become tensors without a gradient."""
    said = {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in keywords.items()}
    text = f"F.{name}(..., {', '.join(f'{k}={v!r}' for k, v in said.items())})"

    def make(L: Library) -> Any:
        def call(*tensors: Any) -> Any:
            given = {k: beside(L, v, tensors[0]) if isinstance(v, np.ndarray) else v for k, v in keywords.items()}
            return getattr(L.F, name)(*tensors, **given)

        return call

    return Case(text, make, inputs)


def beside(L: Library, array: Any, tensor: Any) -> Any:
    made = L.tensor(array)
    return made.to(tensor.dtype) if array.dtype.kind == "f" else made


# Layers


def linear(d: Drawer) -> Case:
    n, m = d.r.randint(1, 5), d.r.randint(1, 5)
    shape = d.r.choice([(n,), (d.batch(), n), (d.batch(), 2, n)])
    return module(d, "Linear", [d.numbers(*shape)], n, m, **d.some(bias=[True, False]))


def convolution(d: Drawer) -> Case:
    n, transposed = d.r.choice([1, 1, 2, 2, 2, 3]), d.flag(0.4)
    groups = d.r.choice([1, 1, 1, 2, 3])
    channels, out = groups * d.r.randint(1, 2), groups * d.r.randint(1, 2)
    keywords = d.some(dilation=[d.sizes(n, 1, 2)], padding=[d.sizes(n, 0, 2)], bias=[True, False])
    keywords["stride"] = d.sizes(n, 1, 3)
    if transposed:
        keywords |= d.some(output_padding=[d.sizes(n, 0, 1)])
    elif d.flag(0.3):
        keywords["padding"] = d.r.choice(["same", "valid"])
    if not transposed and d.flag(0.3):
        keywords["padding_mode"] = d.r.choice(["zeros", "reflect", "replicate", "circular"])
    space = [d.r.randint(1, 8 if n < 3 else 5) for _ in range(n)]
    shape = [channels, *space] if d.flag(0.2) else [d.batch(), channels, *space]
    name = f"Conv{'Transpose' if transposed else ''}{n}d"
    return module(d, name, [d.numbers(*shape)], channels, out, d.sizes(n, 1, 3), groups=groups, **keywords)


def pooling(d: Drawer) -> Case:
    n, kind = d.r.choice([1, 2, 2, 3]), d.r.choice(["Max", "Avg"])
    kernel = d.sizes(n, 1, 3)
    keywords = d.some(stride=[d.sizes(n, 1, 3)], padding=[d.sizes(n, 0, 1)], ceil_mode=[True, False])
    if kind == "Avg":
        keywords |= d.some(count_include_pad=[True, False])
        if n > 1:
            keywords |= d.some(divisor_override=[1, 3])
    elif not keywords.get("ceil_mode"):  # PyTorch writes outside of its memory with some of both
        keywords |= d.some(dilation=[d.sizes(n, 1, 2)])
    space = [d.r.randint(1, 7 if n < 3 else 5) for _ in range(n)]
    return module(d, f"{kind}Pool{n}d", [d.numbers(d.batch(), d.r.randint(1, 3), *space)], kernel, **keywords)


def adaptive_pooling(d: Drawer) -> Case:
    n, kind = d.r.choice([1, 2]), d.r.choice(["Max", "Avg"])
    space = [d.r.randint(1, 7) for _ in range(n)]
    return module(d, f"Adaptive{kind}Pool{n}d", [d.numbers(d.batch(), d.r.randint(1, 3), *space)], d.sizes(n, 1, 4))


def windows(d: Drawer) -> Case:
    keywords = d.some(dilation=[d.sizes(2, 1, 2)], padding=[d.sizes(2, 0, 1)], stride=[d.sizes(2, 1, 2)])
    kernel, space = d.sizes(2, 1, 3), (d.r.randint(1, 6), d.r.randint(1, 6))
    if d.flag():
        return module(d, "Unfold", [d.numbers(d.batch(), d.r.randint(1, 2), *space)], kernel, **keywords)

    def both_ways(L: Library) -> Any:
        return lambda x: L.F.fold(L.F.unfold(x, kernel, **keywords), space, kernel, **keywords)

    return Case(f"fold of unfold, {kernel}, {keywords}", both_ways, [d.numbers(d.batch(), 2, *space)])


def upsample(d: Drawer) -> Case:
    mode, n = d.r.choice([("nearest", 1), ("nearest", 2), ("linear", 1), ("bilinear", 2), ("nearest", 3)])
    keywords: dict[str, Any] = {"mode": mode}
    if d.flag():
        keywords["size"] = d.sizes(n, 1, 7)
    else:
        keywords["scale_factor"] = d.r.choice([2, 3, 1.5, 0.6])
    if "linear" in mode:
        keywords |= d.some(align_corners=[True, False])
    return module(d, "Upsample", [d.numbers(d.batch(), 2, *(d.r.randint(1, 5) for _ in range(n)))], **keywords)


def batch_norm(d: Drawer) -> Case:
    channels, n = d.r.randint(1, 4), d.r.choice([1, 2])
    space = [d.r.randint(1, 4) for _ in range(2)] if n == 2 else d.r.choice([[], [d.r.randint(1, 4)]])
    keywords = d.some(eps=[1e-5, 1e-2], momentum=[0.1, 0.7, None], affine=[True, False], track_running_stats=[True, False])
    return module(d, f"BatchNorm{n}d", [d.numbers(d.batch(), channels, *space)], channels, **keywords)


def layer_norm(d: Drawer) -> Case:
    shape = [d.r.randint(1, 4) for _ in range(d.r.randint(1, 2))]
    keywords = d.some(eps=[1e-5, 1e-2], elementwise_affine=[True, False], bias=[True, False])
    return module(d, "LayerNorm", [d.numbers(d.batch(), *shape)], shape, **keywords)


def embedding(d: Drawer) -> Case:
    count, width = d.r.randint(1, 6), d.r.randint(1, 4)
    shape = d.r.choice([(d.r.randint(0, 5),), (d.batch(), 3), ()])
    places = d.rng.integers(0, count, size=shape)
    return module(d, "Embedding", [places], count, width, **d.some(padding_idx=[0, count - 1, -1]))


def activation(d: Drawer) -> Case:
    settings: dict[str, dict[str, list[Any]]] = {
        "ReLU": {}, "LeakyReLU": {"negative_slope": [0.2, 0.01]}, "ELU": {"alpha": [0.5, 1.3]}, "SELU": {},
        "GELU": {"approximate": ["none", "tanh"]}, "SiLU": {}, "Softplus": {"beta": [2.0, 0.5], "threshold": [1.0, 20.0]},
        "Mish": {}, "Hardtanh": {"min_val": [-0.3], "max_val": [0.4]}, "LogSigmoid": {}, "Sigmoid": {}, "Tanh": {},
    }  # fmt: skip
    name = d.r.choice(list(settings))
    x = d.numbers(*d.r.choice([(), (4,), (d.batch(), 3), (2, 1, 3)])) * d.r.choice([1.0, 5.0, 40.0])
    return module(d, name, [np.asarray(x)], **d.some(**settings[name]))


def softmax(d: Drawer) -> Case:
    shape = d.r.choice([(4,), (d.batch(), 3), (2, 1, 3), (2, 0)])
    x = d.numbers(*shape) * d.r.choice([1.0, 5.0, 40.0])
    return module(d, d.r.choice(["Softmax", "LogSoftmax"]), [x], dim=d.r.randrange(-len(shape), len(shape)))


def padding(d: Drawer) -> Case:
    mode = d.r.choice(["constant", "reflect", "replicate", "circular"])
    n = d.r.choice([1, 2])
    x = d.numbers(d.batch(), 2, *(d.r.randint(1, 4) for _ in range(n)))
    pads = [d.r.randint(-1 if mode == "constant" else 0, 2) for _ in range(2 * n)]
    keywords = {"mode": mode, "pad": pads} | (d.some(value=[1.5]) if mode == "constant" else {})
    return function("pad", [x], **keywords)


def distances(d: Drawer) -> Case:
    shape = (d.batch(), d.r.randint(1, 4))
    if d.flag():
        return function("normalize", [d.numbers(*shape)], **d.some(p=[2.0, 1.0, 3.0], dim=[0, 1, -1], eps=[1e-12, 1e-2]))
    return function("cosine_similarity", [d.numbers(*shape), d.numbers(*shape)], **d.some(dim=[0, 1, -1], eps=[1e-8, 1e-2]))


def flatten(d: Drawer) -> Case:
    return module(d, "Flatten", [d.numbers(d.batch(), 2, 1, 3)], **d.some(start_dim=[0, 1, 2, -1], end_dim=[-1, 2, 1]))


# Losses


def pointwise_loss(d: Drawer) -> Case:
    name = d.r.choice(["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
    shape = d.r.choice([(), (d.batch(),), (d.batch(), 3)])
    inputs = [np.asarray(d.numbers(*shape)), np.asarray(d.numbers(*shape))]
    more = {"smooth_l1_loss": {"beta": [0.5, 1.7, 0.0]}, "huber_loss": {"delta": [0.5, 1.7]}}.get(name, {})
    return function(name, inputs, reduction=d.r.choice(["mean", "sum", "none"]), **d.some(**more))


def binary_loss(d: Drawer) -> Case:
    shape = d.r.choice([(), (d.batch(),), (d.batch(), 3)])
    target = d.r.choice([d.chances(*shape), (d.chances(*shape) > 0.5) * 1.0])
    keywords: dict[str, Any] = {"reduction": d.r.choice(["mean", "sum", "none"]), "target": np.asarray(target)}
    if d.flag(0.3):
        keywords["weight"] = np.asarray(d.chances(*shape))
    if d.flag():
        if d.flag(0.4):
            keywords["pos_weight"] = np.asarray(d.chances(*shape[-1:]))
        return function("binary_cross_entropy_with_logits", [np.asarray(d.numbers(*shape) * 5)], **keywords)
    # 0 and 1 themselves are in tests/nn/test_functional.py: PyTorch's least denominator is 1e-12 rounded to float32, and its
    # second derivative there is that of another formula.
    return function("binary_cross_entropy", [np.asarray(d.chances(*shape))], **keywords)


def class_loss(d: Drawer) -> Case:
    name = d.r.choice(["cross_entropy", "cross_entropy", "nll_loss"])
    classes = d.r.randint(1, 5)
    shape = d.r.choice([(classes,), (d.batch(), classes), (d.batch(), classes, 3), (d.batch(), classes, 2, 2)])
    places = [k for i, k in enumerate(shape) if i != (0 if len(shape) == 1 else 1)]
    target = np.asarray(d.rng.integers(0, classes, size=places))
    keywords: dict[str, Any] = {"reduction": d.r.choice(["mean", "sum", "none"])}
    if d.flag(0.4):
        keywords["ignore_index"] = d.r.choice([-100, 0, classes - 1, 7])
        if d.flag(0.4):
            target = np.where(d.rng.random(size=target.shape) < d.r.choice([0.3, 1.0]), keywords["ignore_index"], target)
    if d.flag(0.3):
        keywords["weight"] = np.asarray(d.chances(classes))
    if name == "cross_entropy":
        keywords |= d.some(label_smoothing=[0.0, 0.1, 0.6])
        if d.flag(0.25) and keywords.pop("ignore_index", -100):
            target = d.chances(*shape)
    return function(name, [d.numbers(*shape) * d.r.choice([1.0, 10.0])], target=np.asarray(target), **keywords)


def divergence(d: Drawer) -> Case:
    shape = (d.batch(), 3)
    target = d.chances(*shape)
    logarithm = d.flag()
    keywords = {"reduction": d.r.choice(["mean", "sum", "none", "batchmean"]), "log_target": logarithm}
    return function("kl_div", [np.log(d.chances(*shape))], target=np.log(target) if logarithm else target, **keywords)


LAYERS = [linear, convolution, convolution, convolution, pooling, pooling, adaptive_pooling, windows, upsample, batch_norm,
          batch_norm, layer_norm, embedding, activation, activation, softmax, padding, distances, flatten]  # fmt: skip
LOSSES = [pointwise_loss, binary_loss, class_loss, class_loss, divergence]


def draw(seed: int) -> tuple[Case, str]:
    d = Drawer(seed)
    case = d.r.choice([d.r.choice(LAYERS), d.r.choice(LAYERS), d.r.choice(LOSSES)])(d)
    return case, d.r.choice(["float64", "float64", "float32"])


# Comparing


class Made(NamedTuple):
    """A case in one library."""

    call: Any
    inputs: list[Any]
    wanted: list[tuple[str, Any]]  # inputs and parameters that get gradients, with their names
    buffers: dict[str, Any]


def build(L: Library, case: Case, dtype: str, numbers: dict[str, Any]) -> Made:
    """``numbers``: those of parameters and buffers; gradflow is built first and fills it, PyTorch takes them from there."""
    kind = getattr(L, dtype)
    inputs = [L.tensor(a).to(kind).requires_grad_(True) if a.dtype.kind == "f" else L.tensor(a) for a in case.inputs]
    call = case.make(L)
    wanted = [(f"input {i}", x) for i, x in enumerate(inputs) if x.requires_grad]
    buffers: dict[str, Any] = {}
    if hasattr(call, "state_dict"):
        call = call.to(kind)
        state = call.state_dict()
        if L is GRADFLOW:
            rng = np.random.default_rng(3)
            for name, t in state.items():
                a = rng.normal(size=tuple(t.shape))
                numbers[name] = np.asarray(abs(a) + 0.5 if name == "running_var" else a)
        call.load_state_dict({name: L.tensor(numbers[name]).to(t.dtype) for name, t in state.items()})
        wanted += list(call.named_parameters())
        buffers = dict(call.named_buffers())
    return Made(call, inputs, wanted, buffers)


def first_order(L: Library, made: Made, weights: dict[tuple[int, ...], Any], record: bool) -> dict[str, Any]:
    """The result, the buffers after it, and the gradients of a weighted sum of it."""
    result = made.call(*made.inputs)
    out = result[0] if isinstance(result, tuple) else result
    shape = tuple(out.shape)
    if shape not in weights:
        weights[shape] = np.random.default_rng(5).normal(size=shape)
    loss = (out * L.tensor(weights[shape]).to(out.dtype)).sum()
    found = {"result": out, **{f"buffer {name}": b for name, b in made.buffers.items()}}
    tensors = [t for _, t in made.wanted]
    grads = L.autograd.grad(loss, tensors, create_graph=record, allow_unused=True) if tensors and loss.requires_grad else []
    return found | {f"gradient of {name}": g for (name, _), g in zip(made.wanted, grads, strict=False)}


def second_order(L: Library, made: Made, first: dict[str, Any]) -> dict[str, Any]:
    squares = [(g * g).sum() for name, g in first.items() if name.startswith("gradient") and g is not None and g.requires_grad]
    tensors = [t for _, t in made.wanted]
    if not squares:
        return {}
    grads = L.autograd.grad(sum(squares[1:], start=squares[0]), tensors, allow_unused=True)
    return {f"second gradient of {name}": g for (name, _), g in zip(made.wanted, grads, strict=True)}


def check(found: dict[Library, dict[str, Any]], where: str, tolerance: float) -> None:
    """Every number; no gradient counts as a gradient of zeros."""
    for name in sorted(found[TORCH] | found[GRADFLOW]):
        values = [None if (x := found[L].get(name)) is None else L.array(x) for L in BOTH]
        there = [value for value in values if value is not None]
        if not there:
            continue
        a, b = (np.zeros_like(there[0]) if value is None else value for value in values)
        size = 1 + np.max(np.abs(a[np.isfinite(a)]), initial=0)
        if a.shape != b.shape or not np.allclose(a, b, rtol=tolerance, atol=tolerance * size, equal_nan=True):
            alone = ", NaN in torch alone" if a.shape == b.shape and (np.isnan(a) & ~np.isnan(b)).any() else ""
            raise DisagreementError(f"{name.split(' of ')[0]}{alone}", where, f"{name}: torch {shown(a)}, gradflow {shown(b)}")
        if a.dtype != b.dtype:
            raise DisagreementError("dtype", where, f"{name}: torch {a.dtype}, gradflow {b.dtype}")


def run(case: Case, dtype: str) -> str:
    where = case.text.split("(")[0]
    numbers: dict[str, Any] = {}
    weights: dict[tuple[int, ...], Any] = {}

    made = both(lambda L: build(L, case, dtype, numbers), where, order=(GRADFLOW, TORCH))
    if made is None:
        return "both refuse"
    plain = both(lambda L: first_order(L, made[L], weights, record=False), where)
    if plain is None:
        return "both refuse"
    check(plain, where, TOLERANCE[dtype][0])
    recorded = both(lambda L: first_order(L, made[L], weights, record=True), where)
    if recorded is None:
        return "both refuse"  # BatchNorm that counts up to 0 batches
    check(recorded, f"{where}, recorded", TOLERANCE[dtype][0])
    try:
        second = both(lambda L: second_order(L, made[L], recorded[L]), f"{where}, second order")
    except DisagreementError as found:
        if found.kind == "refused by torch" and "is not implemented" in found.refusal:
            return "agree; torch has no second derivative"
        raise
    if second:
        check(second, f"{where}, second order", TOLERANCE[dtype][1])
    return "agree"


def compare(seed: int) -> Result:
    """The verdict on the module or loss of a seed."""
    case, dtype = draw(seed)
    try:
        return Result(seed, run(case, dtype))
    except DisagreementError as found:
        if row := meant(found, ()):
            return Result(seed, f"meant: {row.name}")
        inputs = "\n".join(f"    input {i}: {shown(a)}" for i, a in enumerate(case.inputs))
        name = name_of_kind(f"{found.kind} at {found.where}: {found.refusal}")
        return Result(seed, name, f"{found}\n    {case.text}, {dtype}\n{inputs}", len(case.text))
