"""The functions of an operation, written out as straight-line source: its call, its backward, and ``lift``.

The source is written when an operation is first called: an import of gradflow does not pay for operations that are not.
``linecache`` knows it, so that a traceback shows it.  In the source of a call an input ``a`` is ``a``, its array ``a_`` and
its node ``a_n``.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from .. import backend
from .._standins.text import expression
from ..backend import dtypes
from ..errors import GradflowError
from .anomaly import inspect_forward
from .explain import explain
from .half import all_half, in_float32
from .modes import mode, process, threads_not_recording
from .node import Node, ShapeOnly, tick
from .promote import enter, enter_all, is_operand, is_value
from .tensor_layer import tensor_layer, wrap
from .unused import left_out, meets_pole, unused
from .views import link

if TYPE_CHECKING:
    from .op import Op

F = TypeVar("F", bound=Callable[..., Any])
Source = tuple[str, dict[str, Any]]  # a function's text, and what its names mean


def parameter_names(function: Any) -> tuple[str, ...]:
    return () if function is None else tuple(function.__code__.co_varnames[: function.__code__.co_argcount])


# --- the public function ----------------------------------------------------------------------------------------------------


def _stub(*args: Any, **kwargs: Any) -> Any:
    try:
        return build(*args, **kwargs)  # type: ignore[name-defined]  # noqa: F821 - a global of each operation's own
    except GradflowError as problem:  # told as by the code that has taken this place: at the user's line
        raise problem.with_traceback(None) from None


def operator(function: F, test: str = "is_operand") -> F:
    """An operation as Python's operator: NotImplemented beside what fails ``test``, so that the other operand is asked."""
    return cast("F", make_callable(function.op, test=test))  # type: ignore[attr-defined]


def make_callable(op: Op, enter: Callable[..., Any] | None = None, test: str = "") -> FunctionType:
    """The public function: a stub that, when first called, takes on the code written for the operation.

    ``enter`` takes the place of ``promote.enter``, the way in for what is not Tensors of one dtype.
    """
    env: dict[str, Any] = {"__builtins__": __builtins__, "__name__": op.forward.__module__, "GradflowError": GradflowError}
    code = _stub.__code__.replace(co_filename=f"<gradflow {op.name}>", co_name="call", co_qualname="call")
    call = FunctionType(code, env, op.forward.__name__)

    def build(*args: Any, **kwargs: Any) -> Any:
        source, names = call_source(op, test) if op.variadic is None else variadic_call_source(op)
        if enter is not None:
            names["enter"] = enter
        made = compiled(op, "call", source, names)
        env.update(names)
        call.__defaults__, call.__kwdefaults__ = made.__defaults__, made.__kwdefaults__
        call.__code__ = made.__code__
        return call(*args, **kwargs)

    env["build"], env["call"] = build, call
    call.__doc__ = op.forward.__doc__
    call.__qualname__ = op.forward.__name__
    call.__module__ = op.forward.__module__
    call.__annotations__ = {k: v for k, v in op.forward.__annotations__.items() if k != "xp"} | {"return": "Tensor"}
    call.__wrapped__ = _Signature(op.forward)  # type: ignore[attr-defined]
    call.op = op  # type: ignore[attr-defined]
    return call


class _Signature:
    """What ``inspect.signature`` reads instead of the definition: the signature without ``xp``, which returns a Tensor."""

    def __init__(self, definition: Callable[..., Any]) -> None:
        self._definition = self.__wrapped__ = definition  # which inspect.getsource goes on to

    def __call__(self) -> None: ...

    @property
    def __signature__(self) -> Any:
        import inspect  # slow

        full = inspect.signature(self._definition)
        return full.replace(parameters=list(full.parameters.values())[1:], return_annotation="Tensor")


def compiled(op: Op, what: str, source: str, env: dict[str, Any]) -> FunctionType:
    """The function ``what`` of a source written for ``op``, which tracebacks show."""
    file = f"<gradflow {op.name}.{what}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    scope = dict(env)
    exec(compile(source, file, "exec"), scope)
    return cast("FunctionType", scope[what])


# --- the call ---------------------------------------------------------------------------------------------------------------

_AS_ARRAY = "if type(y) is not ndarray: y = asarray(y) if isinstance(y, generic) else namespace_of(y).asarray(y)"
"""NumPy makes a number of a result without dimensions."""


def call_source(op: Op, test: str) -> Source:
    """The call of an operation on a fixed number of inputs."""
    ins, grads = op.inputs, op.differentiable
    unpack = ", ".join(x for n in ins for x in ([f"{n}_", f"{n}_n"] if n in grads else [f"{n}_"])) + ","
    half = [f"if all_half(({', '.join(ins)},)): return in_float32(call, {', '.join(op.positional)})"] * op.wide
    promote = [*half, f"{unpack} = enter(op, ({', '.join(ins)},))"]
    differs = _dtypes_differ(op)
    refuse = [f"if not {test}({', '.join(ins)}): return NotImplemented"] * bool(test)
    pair = len(ins) == 2 and ins == op.promoted == grads
    lines = [
        f"def call({', '.join(f'{n}=_d_{n}' if n in op.defaults else n for n in op.positional)}):",
        f"    if {' and '.join(_is_tensor(op, n) for n in ins)}:",
        *(f"        {line}" for n in ins for line in _taken_apart(op, n)),
        *([f"        if {differs}:", *(f"            {line}" for line in promote)] if differs else []),
        *(line for a, b in ((ins, ins[::-1]) if pair else ()) for line in _with_number(a, b, op.wide)),
        *["    else:", *(f"        {line}" for line in [*refuse, *promote])],
        *(f"    {line}" for line in _computed(op)),
        *(f"    {line}" for line in _recorded(op)),
        *([f"    if isinstance({ins[0]}, Tensor): link(t, {ins[0]})"] if op.view else []),
        "    return t" if not op.also else f"    return (t, {', '.join(op.also)})",
    ]
    return "\n".join(lines) + "\n", _env(op) | {f"_d_{n}": v for n, v in op.defaults.items()}


def _is_tensor(op: Op, name: str) -> str:
    return f"isinstance({name}, Tensor)" if name not in op.optional else f"({name} is None or isinstance({name}, Tensor))"


def _taken_apart(op: Op, name: str) -> list[str]:
    """The lines that take array and node out of an input that is a Tensor, or None where it may be missing."""
    node = name in op.differentiable
    take = f"{name}_ = {name}.array" + (f"; {name}_n = {name}.node" if node else "")
    if name not in op.optional:
        return [take]
    none = f"{name}_ = None" + (f"; {name}_n = None" if node else "")
    return [f"if {name} is None: {none}", f"else: {take}"]


def _dtypes_differ(op: Op) -> str:
    """The test whether Tensors have to be promoted; empty if that cannot be."""
    first, *rest = op.promoted or [""]
    differs = [
        f"{first}_.dtype is not {n}_.dtype"
        if n not in op.optional
        else f"({n}_ is not None and {first}_.dtype is not {n}_.dtype)"
        for n in rest
    ]
    if op.floats or op.wide:
        codes = "?bBhHiIlLqQ" * op.floats + "e" * op.wide
        differs.append(f"({first}_.dtype is not F32 and {first}_.dtype.char in '{codes}')")
    return " or ".join(differs)


def _with_number(tensor: str, number: str, wide: bool) -> list[str]:
    """The lines for a Python number beside a Tensor of floats on the CPU, whose dtype stays, as most numbers in formulas do."""
    fits = "char in 'fd'" if wide else "kind == 'f'"
    return [
        f"    elif isinstance({tensor}, Tensor) and {number}.__class__ in numbers and {tensor}.array.__class__ is ndarray"
        f" and {tensor}.array.dtype.{fits}:",
        f"        {tensor}_ = {tensor}.array; {tensor}_n = {tensor}.node",
        f"        {number}_ = cpu.scalar({number}, {tensor}_.dtype); {number}_n = None",
    ]


def _computed(op: Op) -> list[str]:
    """The lines that run the definition on the arrays, and make a Tensor of the result."""
    ins, arrays = op.inputs, ", ".join(f"{n}_" for n in op.inputs)
    arguments = ", ".join(f"{n}_" if n in ins else n for n in op.positional)
    formula = (formula_of(op, op.forward, "_") if not op.also else None) or f"forward(xp, {arguments})"
    return [
        f"xp = cpu if type({ins[0]}_) is ndarray else namespace_of({arrays})",
        f"try: {', '.join(['y', *op.also])} = {formula}",
        f"except Exception as problem: raise explain(op, ({arrays},), problem) from None",
        _AS_ARRAY,
        "t = new(Tensor); t.array = y",
    ]


def _recorded(op: Op) -> list[str]:
    """The lines that give the result a node, if an input has one and the thread records."""
    grads = op.differentiable
    if not grads:
        return ["t.node = None"]
    return [
        f"if ({' or '.join(f'{n}_n is not None' for n in grads)}) and (not threads_not_recording or mode.recording):",
        f"    n = t.node = new(Node); n.op = op; n.parents = ({', '.join(f'{n}_n' for n in grads)},)",
        f"    n.saved = ({''.join(_saved(op, name) + ', ' for name in op.saves)})",
        "    n.shape = y.shape; n.extra = None; n.seq = tick()",
        "    if process.anomaly_was_used and mode.anomaly: inspect_forward(n, xp, y)",
        "else: t.node = None",
    ]


def _saved(op: Op, name: str) -> str:
    """The expression for one thing that a node saves: only if a gradient whose rule names it will be asked for."""
    if name == "y" or name in op.inputs:
        value = "y" if name == "y" else f"{name}_"
        users = [n for n in op.differentiable if name in op.wants[n]]
        if op.also or len(users) == len(op.differentiable):
            return value
        return f"({value} if {' or '.join(f'{n}_n is not None' for n in users)} else None)"
    if name.startswith("_"):
        source = f"{name[1:]}_"
        return f"(None if {source} is None else ShapeOnly({source}))" if name[1:] in op.optional else f"ShapeOnly({source})"
    return name


def variadic_call_source(op: Op) -> Source:
    """The call of an operation on any number of inputs."""
    xs, params = op.variadic, [*op.positional, *(n for n in op.params if n not in op.positional)]
    first = [n for n in params if n in op.positional]
    keyword = [n for n in params if n not in op.positional]
    signature = ", ".join([*first, f"*{xs}", *(f"{n}=_d_{n}" if n in op.defaults else n for n in keyword)])
    passed = ", ".join([*first, "*raw", *(f"{n}={n}" for n in keyword)])
    save = {xs: "raw", f"_{xs}": "tuple([ShapeOnly(a) for a in raw])", "y": "y"}
    source = f"""\
def call({signature}):
    raw, nodes = enter_all(op, {xs})
    xp = cpu if type(raw[0]) is ndarray else namespace_of(*raw)
    try: y = forward(xp, {passed})
    except Exception as problem: raise explain(op, raw, problem) from None
    {_AS_ARRAY}
    t = new(Tensor); t.array = y; t.node = None
    if (not threads_not_recording or mode.recording) and any([n is not None for n in nodes]):
        n = t.node = new(Node); n.op = op; n.parents = nodes
        n.saved = ({"".join(save.get(k, k) + ", " for k in op.saves)})
        n.shape = y.shape; n.extra = None; n.seq = tick()
        if process.anomaly_was_used and mode.anomaly: inspect_forward(n, xp, y)
    return t
"""
    return source, _env(op) | {f"_d_{n}": v for n, v in op.defaults.items()}


def formula_of(op: Op, function: Callable[..., Any], suffix: str) -> str | None:
    """What ``function`` computes from arrays alone, as one expression; None if it has parameters or does more."""
    names = parameter_names(function)
    if op.fuse or op.optional or any(n in op.params for n in names):
        return None
    return expression(function, {n: n + suffix if n in op.inputs else n for n in names})


def _fused(function: Callable[..., Any], arrays: list[str]) -> Callable[..., Any]:
    from .._kernels import Fusion  # here, so that an import of gradflow does not pay for it

    return Fusion(function, arrays)


def _env(op: Op) -> dict[str, Any]:
    return {
        "__builtins__": __builtins__, "__name__": op.forward.__module__, "op": op,
        "forward": op.forward if not op.fuse else _fused(op.forward, op.inputs),
        "Tensor": tensor_layer.tensor, "Node": Node, "ShapeOnly": ShapeOnly, "new": object.__new__, "mode": mode,
        "process": process, "threads_not_recording": threads_not_recording, "tick": tick, "cpu": backend.cpu,
        "ndarray": np.ndarray, "generic": np.generic, "asarray": np.asarray, "namespace_of": backend.namespace_of,
        "F32": dtypes.float32, "numbers": (float, int), "enter": enter, "enter_all": enter_all, "is_operand": is_operand,
        "is_value": is_value, "explain": explain, "inspect_forward": inspect_forward, "link": link, "all_half": all_half,
        "in_float32": in_float32,
    }  # fmt: skip


# --- lift -------------------------------------------------------------------------------------------------------------------


def lift_source(op: Op) -> Source:
    """``lift``: what a node saved, as Tensors that know where they come from, for a backward that is itself recorded."""
    lines = ["def lift(node, g):"]
    if op.saves:
        lines.append(f"    {', '.join(op.saves)}, = node.saved")
    if op.variadic is None and set(op.saves) & set(op.differentiable):
        lines.append(f"    {', '.join(f'{n}_n' for n in op.differentiable)}, = node.parents")
    made = f"({''.join(f'({_lifted(op, name)}), ' for name in op.saves)})"
    lines.append(f"    return {f'op.recompute({made})' if set(op.also) & set(op.saves) else made}")
    return "\n".join(lines) + "\n", {"wrap": wrap, "on_device": _on_device, "op": op, "ndarray": np.ndarray}


def _lifted(op: Op, name: str) -> str:
    if name == "y":
        return "wrap(y, node)"
    if name == op.variadic:
        return f"tuple([wrap(k, p) for k, p in zip({name}, node.parents)])"
    if op.variadic is None and name in op.differentiable:
        array = f"{name} if {name}.__class__ is ndarray else on_device({name}, g)"
        return f"None if {name} is None else wrap({array}, {name}_n)"
    return name


def _on_device(saved: Any, g: Any) -> Any:
    """A number that was saved becomes an array on the device of ``g``, the gradient that comes in."""
    return backend.namespace_of(g.array).asarray(saved) if isinstance(saved, np.generic) else saved


# --- the backward -----------------------------------------------------------------------------------------------------------


def backward_source(op: Op) -> Source:
    """``backward``: each rule is run for a parent that is not None, and what it returns is given to that parent."""
    lines = ["def backward(xp, g, saved, parents, give, out_for):"]
    if op.saves:
        lines.append(f"    {', '.join(op.saves)}, = saved")
    names = op.differentiable if op.variadic is None else []
    lines += [f"    p{i} = parents[{i}]" for i in range(len(names))]
    if _broadcasts(op):
        lines.append("    s = g.shape")
    env: dict[str, Any] = {"zip": zip}
    if op.joint is not None:
        env["joint"] = op.joint
        lines += _joint_gradients(op, names)
    for i, name in enumerate(names):
        if op.rules[name] is not op.joint:
            lines += _one_gradient(op, i, name, env)
    return "\n".join(lines) + "\n", env


def _broadcasts(op: Op) -> bool:
    return op.kind == "elementwise" and len(op.inputs) > 1


def _joint_gradients(op: Op, names: list[str]) -> list[str]:
    """The lines for the inputs that one rule serves together."""
    lines = []
    if op.variadic is not None or "needs" in parameter_names(op.joint):
        lines.append("    needs = tuple([p is not None for p in parents])")
    wants = ", ".join(parameter_names(op.joint))
    if op.variadic is not None:
        return [*lines, f"    for p, d in zip(parents, joint({wants})):", "        if p is not None: give(p, d)"]
    served = [i for i, n in enumerate(names) if op.rules[n] is op.joint]
    lines.append(f"    {', '.join(f'd{i}' for i in served)}, = joint({wants})")
    for i in served:
        summed = f"xp.sum_to(d{i}, p{i}.shape) if p{i}.shape != s else d{i}" if _broadcasts(op) else f"d{i}"
        lines.append(f"    if p{i} is not None: give(p{i}, {summed})")
    return lines


def _one_gradient(op: Op, i: int, name: str, env: dict[str, Any]) -> list[str]:
    """The lines for the input ``name``, which has a rule of its own."""
    rule = op.rules[name]
    assert rule is not None
    env[f"rule_{name}"] = rule if not op.fuse else _fused(rule, ["g", "y", *op.inputs])
    asked = parameter_names(rule)
    if op.fuse:
        asked = ("xp", *(w for w in asked if w != "xp"))
    lines = [f"    if p{i} is not None:"]
    if "out" in asked:
        lines.append(f"        out = out_for(p{i})")
    formula = formula_of(op, rule, "") or f"rule_{name}({', '.join(asked)})"
    lines.append(f"        d = {formula}")
    if "out" in asked:
        lines.append("        if out is not None and d is not out: out[...] = d; d = out")
    if _broadcasts(op):
        lines.append(f"        if p{i}.shape != s: d = xp.sum_to(d, p{i}.target_shape())")
    lines.append(f"        give(p{i}, {_with_structural_zeros(op, name, i, env)})")
    return lines


def _with_structural_zeros(op: Op, name: str, i: int, env: dict[str, Any]) -> str:
    """What is given to parent ``i``: ``d``, with its structural zeros if the operation selects and the parent carries."""
    carried = f"if p{i}.op.carries and meets_pole(p{i}) else d"
    if op.selects and i == 0:
        env |= {"op": op, "left_out": left_out, "meets_pole": meets_pole}
        return f"left_out(d, p{i}, op, saved, g) {carried}"
    if name not in op.unused:
        return "d"
    env |= {f"unused_{name}": op.unused[name], "unused": unused, "meets_pole": meets_pole}
    whole = "s" if _broadcasts(op) else f"p{i}.shape"
    found = f"unused_{name}({', '.join(parameter_names(op.unused[name]))})"
    clean = op.rules[name].clean  # type: ignore[union-attr]
    return f"unused(d, p{i}, {whole}, lambda: {found}, {clean}) {carried}"
