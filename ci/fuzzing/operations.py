"""What a random program may do: operations by name, each ``(L, argument, *tensors) -> tensor``, over either library ``L``.

Arguments of functions with poles and branch points are brought into their domains, so that most programs stay finite.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .libraries import Library

Operation = Callable[..., Any]


def unary() -> dict[str, Operation]:
    """One tensor, no argument."""
    return {
        "exp": lambda L, p, x: (x * 0.3).exp(),
        "expm1": lambda L, p, x: L.expm1(x * 0.2),
        "log": lambda L, p, x: (x.abs() + 0.5).log(),
        "log1p": lambda L, p, x: L.log1p(x.abs()),
        "sin": lambda L, p, x: x.sin(),
        "cos": lambda L, p, x: x.cos(),
        "tan": lambda L, p, x: L.tan(x * 0.1),
        "atan": lambda L, p, x: L.atan(x),
        "acos": lambda L, p, x: L.acos(x.tanh() * 0.5),
        "sinh": lambda L, p, x: L.sinh(x * 0.3),
        "cosh": lambda L, p, x: L.cosh(x * 0.3),
        "tanh": lambda L, p, x: x.tanh(),
        "asinh": lambda L, p, x: L.asinh(x),
        "atanh": lambda L, p, x: L.atanh(x.tanh() * 0.5),
        "sigmoid": lambda L, p, x: x.sigmoid(),
        "erf": lambda L, p, x: L.erf(x),
        "neg": lambda L, p, x: -x,
        "abs": lambda L, p, x: x.abs(),
        "square": lambda L, p, x: x.square(),
        "sqrt": lambda L, p, x: (x * x + 0.5).sqrt(),
        "rsqrt": lambda L, p, x: (x * x + 0.5).rsqrt(),
        "reciprocal": lambda L, p, x: (x * x + 0.5).reciprocal(),
        "sign": lambda L, p, x: x.sign(),
        "floor": lambda L, p, x: x.floor(),
        "clamp": lambda L, p, x: x.clamp(-0.7, 0.9),
        "x ** 3": lambda L, p, x: x**3,
        "x ** 2.5": lambda L, p, x: (x.abs() + 0.3) ** 2.5,
        "x ** 1": lambda L, p, x: x**1,
        "x ** 0": lambda L, p, x: x**0,
        "1.7 ** x": lambda L, p, x: 1.7**x,
        "2 / x": lambda L, p, x: 2.0 / (x * x + 1),
        "3 - x": lambda L, p, x: 3 - x,
        "x * 1.5": lambda L, p, x: x * 1.5,
        "x * 1": lambda L, p, x: x * 1,
        "x + 0.25": lambda L, p, x: x + 0.25,
        "x + 0": lambda L, p, x: x + 0,
        "relu": lambda L, p, x: L.relu(x),
        "leaky_relu": lambda L, p, x: L.F.leaky_relu(x, 0.1),
        "elu": lambda L, p, x: L.F.elu(x),
        "selu": lambda L, p, x: L.selu(x),
        "gelu": lambda L, p, x: L.F.gelu(x),
        "silu": lambda L, p, x: L.F.silu(x),
        "mish": lambda L, p, x: L.F.mish(x),
        "softplus": lambda L, p, x: L.F.softplus(x),
        "hardtanh": lambda L, p, x: L.F.hardtanh(x),
        "logsigmoid": lambda L, p, x: L.F.logsigmoid(x),
        "clone": lambda L, p, x: x.clone(),
        "contiguous": lambda L, p, x: x.contiguous(),
        "Square": lambda L, p, x: L.Square.apply(x),
        "Exp": lambda L, p, x: L.Exp.apply(x * 0.2),
        "Pair, first": lambda L, p, x: L.Pair.apply(x, x + 1)[0],
        "Pair, second": lambda L, p, x: L.Pair.apply(x, x)[1],
        "checkpoint": lambda L, p, x: L.checkpoint(lambda a: (a * a).sin(), x),
        "checkpoint of a Function": lambda L, p, x: L.checkpoint(lambda a: L.Square.apply(a).tanh() + a, x),
        "checkpoint, in place": lambda L, p, x: L.checkpoint(lambda a: (a * 2).mul_(a), x),
        "checkpoint of x and x": lambda L, p, x: L.checkpoint(lambda a, b: (a * b).sin(), x, x),
    }


def captured(L: Library, p: Any, x: Any, y: Any) -> Any:
    """A checkpointed function that sees a tensor and one made from it."""
    h = y * 2
    return L.checkpoint(lambda a: (a * h + y).tanh(), x)


def binary() -> dict[str, Operation]:
    """Two tensors that broadcast."""
    return {
        "x + y": lambda L, p, x, y: x + y,
        "x - y": lambda L, p, x, y: x - y,
        "x * y": lambda L, p, x, y: x * y,
        "x / y": lambda L, p, x, y: x / (y * y + 0.5),
        "x ** y": lambda L, p, x, y: (x * x + 0.5) ** y.tanh(),
        "x % y": lambda L, p, x, y: x % (y.abs() + 0.6),
        "fmod": lambda L, p, x, y: L.fmod(x, y.abs() + 0.6),
        "add, alpha": lambda L, p, x, y: x.add(y, alpha=2.5),
        "maximum": lambda L, p, x, y: L.maximum(x, y),
        "minimum": lambda L, p, x, y: L.minimum(x, y),
        "clamp, min": lambda L, p, x, y: L.clamp(x, min=y),
        "atan2": lambda L, p, x, y: L.atan2(x, y * y + 0.1),
        "where": lambda L, p, x, y: L.where(x > y, x, y * 2),
        "lerp": lambda L, p, x, y: L.lerp(x, y, 0.3),
        "mse_loss": lambda L, p, x, y: L.F.mse_loss(x, y),
        "l1_loss": lambda L, p, x, y: L.F.l1_loss(x, y, reduction="sum"),
        "huber_loss": lambda L, p, x, y: L.F.huber_loss(x, y, reduction="none"),
        "Pair": lambda L, p, x, y: sum(L.Pair.apply(x * 1, y.sum() + x * 0)),
        "checkpoint": lambda L, p, x, y: L.checkpoint(lambda a, b: (a * b).tanh() + a, x, y),
        "checkpoint of x and x * y": lambda L, p, x, y: L.checkpoint(lambda a, b: (a * b).sin(), x, x * y),
        "checkpoint, captured": captured,
    }


def matrix() -> dict[str, Operation]:
    """Products of two tensors."""
    return {
        "matmul": lambda L, p, x, y: x @ y,
        "matmul, transposed": lambda L, p, x, y: x @ y.mT,
        "bmm": lambda L, p, x, y: L.bmm(x, y),
        "mv": lambda L, p, x, y: L.mv(x, y),
        "dot": lambda L, p, x, y: L.dot(x, y),
        "outer": lambda L, p, x, y: L.outer(x, y),
        "kron": lambda L, p, x, y: L.kron(x, y),
        "tensordot": lambda L, p, x, y: L.tensordot(x, y, 1),
        "einsum ...i,...i": lambda L, p, x, y: L.einsum("...i,...i->...", x, y),
        "einsum ij,kj": lambda L, p, x, y: L.einsum("ij,kj->ik", x, y),
        "einsum ij,ij": lambda L, p, x, y: L.einsum("ij,ij", x, y),
        "einsum ii,jk": lambda L, p, x, y: L.einsum("ii,jk->jk", x, y),
    }


def reduced(name: str) -> Operation:
    """A reduction; its argument is the keywords."""

    def call(L: Library, p: dict[str, Any], x: Any) -> Any:
        result = getattr(L, name)(x, **p)
        return result[0] if name in ("max", "min", "median") and "dim" in p else result

    return call


REDUCTIONS = ("sum", "mean", "prod", "amax", "amin", "max", "min", "logsumexp", "var", "std", "norm", "median")


def shaping() -> dict[str, Operation]:
    """One tensor and an argument: shapes, places, orders."""
    return {
        "cumsum": lambda L, p, x: L.cumsum(x, p),
        "cumprod": lambda L, p, x: L.cumprod(x, p),
        "softmax": lambda L, p, x: L.softmax(x, p),
        "log_softmax": lambda L, p, x: L.log_softmax(x, p),
        "sort": lambda L, p, x: L.sort(x, dim=p[0], descending=p[1])[0],
        "topk": lambda L, p, x: L.topk(x, p[1], dim=p[0])[0],
        "reshape": lambda L, p, x: x.reshape(p),
        "view": lambda L, p, x: x.view(p),
        "permute": lambda L, p, x: x.permute(p),
        "transpose": lambda L, p, x: x.transpose(*p),
        "movedim": lambda L, p, x: L.movedim(x, *p),
        "mT": lambda L, p, x: x.mT if x.ndim >= 2 else x,
        "unsqueeze": lambda L, p, x: x.unsqueeze(p),
        "squeeze": lambda L, p, x: x.squeeze() if p is None else x.squeeze(p),
        "expand": lambda L, p, x: x.expand(p),
        "flatten": lambda L, p, x: x.flatten(*p),
        "flip": lambda L, p, x: L.flip(x, p),
        "roll": lambda L, p, x: L.roll(x, p[0], p[1]),
        "split": lambda L, p, x: L.split(x, p[0], dim=p[1])[p[2]],
        "chunk": lambda L, p, x: L.chunk(x, p[0], dim=p[1])[0],
        "unbind": lambda L, p, x: L.unbind(x, p[0])[p[1]],
        "narrow": lambda L, p, x: L.narrow(x, *p),
        "select": lambda L, p, x: L.select(x, *p),
        "tril": lambda L, p, x: L.tril(x, p),
        "triu": lambda L, p, x: L.triu(x, p),
        "diag": lambda L, p, x: L.diag(x, p),
        "diagonal": lambda L, p, x: L.diagonal(x, p),
        "trace": lambda L, p, x: L.trace(x),
        "repeat": lambda L, p, x: x.repeat(p),
        "tile": lambda L, p, x: L.tile(x, p),
        "repeat_interleave": lambda L, p, x: L.repeat_interleave(x, p[0], dim=p[1]),
        "x[...]": lambda L, p, x: x[index(L, p)],
        "x[..., None]": lambda L, p, x: x[..., None],
        "x[x > p]": lambda L, p, x: x[x > p],
        "masked_select": lambda L, p, x: L.masked_select(x, x < p),
        "masked_fill": lambda L, p, x: x.masked_fill(x > p, -1.5),
        "index_select": lambda L, p, x: L.index_select(x, p[0], L.index(p[1])),
        "gather": lambda L, p, x: L.gather(x, p[0], L.index(p[1])),
        "take_along_dim": lambda L, p, x: L.take_along_dim(x, L.index(p[1]), dim=p[0]),
        "pad": lambda L, p, x: L.F.pad(x, p),
        "layer_norm": lambda L, p, x: L.F.layer_norm(x, (x.shape[-1],)),
        "detach": lambda L, p, x: x.detach(),
        ".grad": lambda L, p, x: x.grad,
    }


def joining() -> dict[str, Operation]:
    """Two tensors and an argument."""
    return {
        "cat": lambda L, p, x, y: L.cat([x, y], dim=p),
        "cat of three": lambda L, p, x, y: L.cat([x, y, x], dim=p),
        "stack": lambda L, p, x, y: L.stack([x, y], dim=p),
        "scatter": lambda L, p, x, y: L.scatter(x, p[0], L.index(p[1]), y),
        "scatter_add": lambda L, p, x, y: L.scatter_add(x, p[0], L.index(p[1]), y),
        "index_add": lambda L, p, x, y: L.index_add(x, p[0], L.index(p[1]), y),
        "where, mask": lambda L, p, x, y: L.where(L.index(p), x, y),
    }


def index(L: Library, places: tuple[Any, ...]) -> Any:
    """An index as Python writes it: ("slice", a, b, c), ("tensor", [...]), ("list", [...]), or what stands for itself."""
    made: list[Any] = []
    for place in places:
        if not isinstance(place, tuple):
            made.append(place)
        elif place[0] == "slice":
            made.append(slice(*place[1:]))
        else:
            made.append(L.index(place[1]) if place[0] == "tensor" else list(place[1]))
    return tuple(made) if len(made) != 1 else made[0]


def written() -> dict[str, Operation]:
    """Writes to x: by itself, a number p, or at places p; they return nothing."""

    def setitem(L: Library, p: Any, x: Any, y: Any) -> None:
        x[index(L, p)] = y

    def set_number(L: Library, p: Any, x: Any, y: Any) -> None:
        x[index(L, p)] = 0.7

    def add_number(L: Library, p: Any, x: Any, y: Any) -> None:
        x[index(L, p)] += 1.25

    def multiply(L: Library, p: Any, x: Any, y: Any) -> None:
        x[index(L, p)] *= y

    return {
        "mul_": lambda L, p, x: x.mul_(p),
        "add_": lambda L, p, x: x.add_(p),
        "fill_": lambda L, p, x: x.fill_(p),
        "zero_": lambda L, p, x: x.zero_(),
        "tanh_": lambda L, p, x: x.tanh_(),
        "sigmoid_": lambda L, p, x: x.sigmoid_(),
        "square_": lambda L, p, x: x.square_(),
        "exp_": lambda L, p, x: x.mul_(0.1).exp_(),
        "relu_": lambda L, p, x: x.relu_(),
        "neg_": lambda L, p, x: x.neg_(),
        "abs_": lambda L, p, x: x.abs_(),
        "sin_": lambda L, p, x: x.sin_(),
        "sqrt_": lambda L, p, x: x.square_().add_(1).sqrt_(),
        "reciprocal_": lambda L, p, x: x.square_().add_(1).reciprocal_(),
        "clamp_": lambda L, p, x: x.clamp_(-0.5, 0.8),
        "masked_fill_": lambda L, p, x: x.masked_fill_(x > p, 0.3),
        "pow_": lambda L, p, x: x.pow_(2),
        "mul_ by itself": lambda L, p, x: x.mul_(x),
        "add_ of its sum": lambda L, p, x: x.add_(x.sum()),
        "add_ y": lambda L, p, x, y: x.add_(y),
        "sub_ y": lambda L, p, x, y: x.sub_(y, alpha=2),
        "mul_ y": lambda L, p, x, y: x.mul_(y),
        "div_ y": lambda L, p, x, y: x.div_(y * y + 0.5),
        "*= y": lambda L, p, x, y: x.__imul__(y),
        "copy_ y": lambda L, p, x, y: x.copy_(y),
        "lerp_ y": lambda L, p, x, y: x.lerp_(y, 0.4),
        "fill_ y": lambda L, p, x, y: x.fill_(y),
        "x[p] = y": setitem,
        "x[p] = 0.7": set_number,
        "x[p] += 1.25": add_number,
        "x[p] *= y": multiply,
    }


FAMILIES: dict[str, dict[str, Operation]] = {
    "unary": unary(),
    "binary": binary(),
    "matrix": matrix(),
    "reduction": {name: reduced(name) for name in REDUCTIONS},
    "shaping": shaping(),
    "joining": joining(),
    "writing": written(),
}
