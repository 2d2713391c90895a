"""An operation: its derivative rules above its definition.

    @elementwise(lambda g, b: g * b,      # d/da
                 lambda g, a: g * a)      # d/db
    def mul(xp, a, b):
        return xp.multiply(a, b)

A rule names what it needs and gets it by name: ``g`` the incoming gradient, ``y`` the output, an input (kept for
backward), an input with a leading underscore (a Ghost: only shape and dtype are kept), a parameter, a further value
that the definition returns (``also``), ``needs`` (which gradients are asked for), ``room`` (memory of the gradient's shape
to write it into, or None), ``xp``.
A rule is a pure function: where it is one expression it is run once on symbols and written out.

From that the two functions of the operation, its call and its backward, are written out as straight-line source.  The
source is made when the operation is first called, so that importing gradflow does not pay for operations nobody uses.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from functools import cached_property
from types import FunctionType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

import numpy as np

from .. import backend
from .._standins.text import expression
from ..backend import dtypes
from ..errors import GradflowError, RuleError
from ..typing import Array
from .graph import Ghost, Node, ever, mode, quiet, tick, upstairs, wrap
from .unused import left_out, meets_pole, unused

if TYPE_CHECKING:
    from .._tensor import Tensor

P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., Any])
Rule = Callable[..., Any] | None
Definition = Callable[Concatenate[Any, P], Any]

REGISTRY: dict[str, Op] = {}
"""Every operation by name; the tests go through it, so that none is left unchecked."""


class Op:
    """What the decorators make of a definition and its rules."""

    def __init__(
        self, kind: str, definition: Callable[..., Any], rules: dict[str, Rule], joint: Rule, promoted: list[str],
        also: list[str], floats: bool, holomorphic: bool, view: bool, fuse: bool = False, selects: bool = False,
        carries: bool = True,
    ) -> None:  # fmt: skip
        code = definition.__code__
        names = list(code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount])
        self.name = definition.__name__.strip("_")
        self.title = "".join(w.capitalize() for w in self.name.split("_")) + "Backward"
        self.kind, self.forward, self.rules, self.joint = kind, definition, rules, joint
        self.variadic = code.co_varnames[len(names) + 1] if code.co_flags & 4 else None
        self.also, self.floats, self.holomorphic, self.view, self.fuse = also, floats, holomorphic, view, fuse
        self.selects, self.carries = selects, carries and kind in ("elementwise", "linear")
        self.wide = False  # ``wide`` says so
        self.inputs = [n for n in names if n in rules]
        self.params = [n for n in names if n not in rules]
        self.differentiable = [n for n in self.inputs if rules[n] is not None]
        self.promoted = [n for n in self.inputs if n in promoted]
        self.positional = names[: code.co_argcount - 1]
        self.defaults = dict(zip(reversed(self.positional), reversed(definition.__defaults__ or ()), strict=False))
        self.defaults |= definition.__kwdefaults__ or {}
        self.optional = {n for n in self.inputs if n in self.defaults and self.defaults[n] is None}
        self.unused = {n: r.unused for n, r in rules.items() if r is not None and hasattr(r, "unused")}  # pyright: ignore[reportFunctionMemberAccess]
        self.wants = {n: _names(r) + _names(self.unused.get(n)) for n, r in rules.items() if r is not None}
        self._check([*names, *([self.variadic] if self.variadic else [])])
        wanted = {w for want in self.wants.values() for w in want} - {"xp", "g", "needs", "room"}
        if wanted & set(also):  # recorded again from the inputs when the derivative is itself differentiated
            wanted |= set(self.inputs)
        self.keeps = tuple(sorted(wanted))
        held = {"y", *self.inputs, *also, *([self.variadic] if self.variadic else [])}
        self.frees = bool(wanted & held)
        self.shown = self.inputs  # what errors call them
        self.backward: Callable[..., None] = self._first_backward
        self.lift: Callable[..., tuple[Any, ...]] = self._first_lift

    def _check(self, names: list[str]) -> None:
        inputs = [*self.inputs, *([self.variadic] if self.variadic else [])]
        words = {"xp", "g", "y", "needs", "room"}
        if words & {*names, *self.also}:
            raise RuleError(f"{self.name}: {sorted(words & {*names, *self.also})} have a meaning in rules; name them otherwise")
        known = {*words, *names, *("_" + n for n in inputs), *self.also}
        for target, wants in self.wants.items():
            if target not in names:
                raise RuleError(f"{self.name}: there is a rule for {target!r}, but the definition takes {names}")
            if "room" in wants and self.rules[target] is self.joint:
                raise RuleError(f"{self.name}: a rule for several inputs cannot be given room for one gradient")
            for want in wants:
                if want not in known:
                    raise RuleError(f"{self.name}: the rule for {target!r} asks for {want!r}; it may name {sorted(known)}")

    def _first_backward(self, *args: Any) -> None:
        source, env = _backward_source(self)
        self.backward = compiled(self, "backward", source, env)
        self.backward(*args)

    def _first_lift(self, node: Node, g: Any) -> tuple[Any, ...]:
        self.lift = compiled(self, "lift", _lift_source(self), {"wrap": wrap, "held": _held, "op": self, "ndarray": np.ndarray})
        return self.lift(node, g)  # type: ignore[no-any-return]

    @cached_property
    def tame(self) -> bool:
        """True if no rule has a pole: each selects, adds or moves elements of ``g``, or multiplies it with another input."""
        return self.kind == "linear" or all(self._is_tame(self.rules[n]) for n in self.differentiable)

    def _is_tame(self, rule: Any) -> bool:
        return hasattr(rule, "unused") or (rule is not self.joint and _formula(self, rule, "") in _TAME)

    def recompute(self, kept: tuple[Any, ...]) -> tuple[Any, ...]:
        """The values that the definition returns after its result are made again, recorded, from what was kept and lifted."""
        lifted = dict(zip(self.keeps, kept, strict=True))
        arguments = {n: lifted.get(n, self.defaults.get(n)) for n in self.positional}
        _, *others = self.forward(upstairs.namespace, **arguments)
        lifted |= {n: v for n, v in zip(self.also, others, strict=True) if n in lifted}
        return tuple(lifted[n] for n in self.keeps)

    def record(self, y: Array, parents: tuple[Node | None, ...], kept: dict[str, Any]) -> Node:
        """A node for a result that is already there (an in-place write, a view of one)."""
        n = Node()
        n.op, n.parents, n.shape, n.extra, n.seq = self, parents, y.shape, None, tick()
        n.kept = tuple(kept[name] for name in self.keeps)
        return n

    def __repr__(self) -> str:
        return f"<{self.kind} operation {self.name}>"


_TAME = ("g", "(-g)", "(g * a)", "(g * b)")


def _names(function: Any) -> tuple[str, ...]:
    return () if function is None else tuple(function.__code__.co_varnames[: function.__code__.co_argcount])


def selecting(rule: Callable[..., Any], unused: Callable[..., Any], clean: bool = False) -> Callable[..., Any]:
    """A rule of an operation that selects: ``unused`` says at which elements the result does not depend on the input.

    It names what it needs as a rule does.  At these elements the gradient stays 0 whatever derivative lies behind
    (``engine/unused.py``), so it must not be true where two arguments are equal and either could have been taken.
    ``clean``: the rule gives 0 there also of an infinite ``g``.
    """
    rule.unused, rule.clean = unused, clean  # type: ignore[attr-defined]
    return rule


def _definer(
    kind: str, positional: tuple[Rule, ...], named: dict[str, Rule], joint: tuple[Callable[..., Any], str] | None,
    also: str, floats: bool, holomorphic: bool, view: bool, fuse: bool = False, selects: bool = False, carries: bool = True,
) -> Callable[[Definition[P]], Callable[P, Tensor]]:  # fmt: skip
    def define(definition: Definition[P]) -> Callable[P, Tensor]:
        names = definition.__code__.co_varnames[1 : definition.__code__.co_argcount]
        rules: dict[str, Rule] = dict(zip(names, positional, strict=False)) | named
        if len(positional) > len(names):
            raise RuleError(f"{definition.__name__}: {len(positional)} rules for {len(names)} inputs")
        shared = None
        if joint is not None:
            shared, served = joint
            rules |= dict.fromkeys(served.split(), shared)
        promoted = [n for n in rules if n in names[: len(positional)] or rules[n] is not None]
        op = Op(kind, definition, rules, shared, promoted, also.split(), floats, holomorphic, view, fuse, selects, carries)
        REGISTRY[op.name] = op
        return cast("Callable[P, Tensor]", make_callable(op))

    return define


def elementwise(
    *rules: Rule, floats: bool = False, holomorphic: bool = True, fuse: bool = False, **named: Rule
) -> Callable[[Definition[P]], Callable[P, Tensor]]:
    """An operation on each element alone; gradients are summed back over dimensions that were broadcast.

    ``rules`` serve the first inputs in order, ``named`` rules the input of that name (None: it gets no gradient and is
    not promoted).  ``floats``: integers are made floats first.  ``fuse``: definition and rules, each more than a call or two,
    are run as one kernel where that is faster.
    """
    return _definer("elementwise", rules, named, None, "", floats, holomorphic, False, fuse)


def linear(
    *rules: Rule, view: bool = False, joint: tuple[Callable[..., Any], str] | None = None, selects: bool = False,
    carries: bool = True, **named: Rule,
) -> Callable[[Definition[P]], Callable[P, Tensor]]:  # fmt: skip
    """An operation linear in its inputs taken together; ``view``: its result may show its input's memory.

    ``selects``: it leaves out elements of its first input, as an index does.  ``carries=False``: it has negative weights, which
    may cancel (``engine/unused.py`` says what both are for).
    """
    return _definer("linear", rules, named, joint, "", False, True, view, False, selects, carries)


def primitive(
    *rules: Rule, joint: tuple[Callable[..., Any], str] | None = None, also: str = "", floats: bool = False,
    holomorphic: bool = True, **named: Rule,
) -> Callable[[Definition[P]], Callable[P, Tensor]]:  # fmt: skip
    """Any other operation.

    ``joint=(rule, "x weight")``: one rule returns the gradients of several inputs as a tuple.  ``also="mean rstd"``:
    the definition returns those values after its result, and a rule may name them.
    """
    return _definer("primitive", rules, named, joint, also, floats, holomorphic, False)


# --- writing the two functions of an operation ----------------------------------------------------------------------


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
        source, names = _call_source(op, test) if op.variadic is None else _variadic_source(op)
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
    """Stands for the definition where ``inspect.signature`` looks, which is seldom: without ``xp``, and returning a Tensor."""

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


_WHOLE = "if type(y) is not ndarray: y = asarray(y) if isinstance(y, generic) else namespace_of(y).asarray(y)"
"""NumPy makes a number of a result without dimensions."""


def _call_source(op: Op, test: str = "") -> tuple[str, dict[str, Any]]:
    ins, grads = op.inputs, op.differentiable
    parameters = [f"{n}=_d_{n}" if n in op.defaults else n for n in op.positional]
    tensors = [f"isinstance({n}, Tensor)" if n not in op.optional else f"({n} is None or isinstance({n}, Tensor))" for n in ins]
    lines = [f"def call({', '.join(parameters)}):", f"    if {' and '.join(tensors)}:"]
    for n in ins:
        take = f"{n}_ = {n}.array" + (f"; {n}_n = {n}.node" if n in grads else "")
        if n in op.optional:
            none = f"{n}_ = None" + (f"; {n}_n = None" if n in grads else "")
            lines += [f"        if {n} is None: {none}", f"        else: {take}"]
        else:
            lines.append(f"        {take}")
    unpack = ", ".join(x for n in ins for x in ([f"{n}_", f"{n}_n"] if n in grads else [f"{n}_"])) + ","
    enter = f"{unpack} = enter(op, ({', '.join(ins)},))"
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
    again = [f"if all_half(({', '.join(ins)},)): return in_float32(call, {', '.join(op.positional)})"] * op.wide
    if differs:
        lines += [f"        if {' or '.join(differs)}:", *(f"            {line}" for line in [*again, enter])]
    if len(ins) == 2 and ins == op.promoted == grads:
        lines += [line for a, b in (ins, ins[::-1]) for line in _with_number(a, b, op.wide)]
    unknown = [f"if not {test}({', '.join(ins)}): return NotImplemented"] * bool(test)
    lines += ["    else:", *(f"        {line}" for line in [*unknown, *again, enter])]
    arguments = ", ".join(f"{n}_" if n in ins else n for n in op.positional)
    formula = (_formula(op, op.forward, "_") if not op.also else None) or f"forward(xp, {arguments})"
    result = "y" if not op.also else "y, " + ", ".join(op.also)
    lines += [
        f"    xp = cpu if type({ins[0]}_) is ndarray else namespace_of({', '.join(f'{n}_' for n in ins)})",
        f"    try: {result} = {formula}",
        f"    except Exception as problem: raise explain(op, ({', '.join(f'{n}_' for n in ins)},), problem) from None",
        f"    {_WHOLE}",
        "    t = new(Tensor); t.array = y",
    ]
    if grads:
        lines += [
            f"    if ({' or '.join(f'{n}_n is not None' for n in grads)}) and (not quiet or mode.recording):",
            f"        n = t.node = new(Node); n.op = op; n.parents = ({', '.join(f'{n}_n' for n in grads)},)",
            f"        n.kept = ({''.join(_keeping(op, k) + ', ' for k in op.keeps)})",
            "        n.shape = y.shape; n.extra = None; n.seq = tick()",
            "        if ever.anomaly and mode.anomaly: inspect_forward(n, xp, y)",
            "    else: t.node = None",
        ]
    else:
        lines.append("    t.node = None")
    if op.view:
        lines.append(f"    if isinstance({ins[0]}, Tensor): link(t, {ins[0]})")
    lines.append("    return t" if not op.also else f"    return (t, {', '.join(op.also)})")
    env = _env(op) | {f"_d_{n}": v for n, v in op.defaults.items()}
    return "\n".join(lines) + "\n", env


def _with_number(tensor: str, number: str, wide: bool) -> list[str]:
    """The lines for a Python number beside a Tensor of floats on the CPU, whose dtype stays, as most numbers in formulas do."""
    fits = "char in 'fd'" if wide else "kind == 'f'"
    return [
        f"    elif isinstance({tensor}, Tensor) and {number}.__class__ in numbers and {tensor}.array.__class__ is ndarray"
        f" and {tensor}.array.dtype.{fits}:",
        f"        {tensor}_ = {tensor}.array; {tensor}_n = {tensor}.node",
        f"        {number}_ = cpu.scalar({number}, {tensor}_.dtype); {number}_n = None",
    ]


def _formula(op: Op, function: Callable[..., Any], suffix: str) -> str | None:
    """What ``function`` computes from arrays alone, as one expression; None if it has parameters or does more."""
    names = _names(function)
    if op.fuse or op.optional or any(n in op.params for n in names):
        return None
    return expression(function, {n: n + suffix if n in op.inputs else n for n in names})


def _keeping(op: Op, name: str) -> str:
    """The expression for one thing kept: only if a gradient whose rule names it will be asked for."""
    if name == "y" or name in op.inputs:
        value = "y" if name == "y" else f"{name}_"
        users = [n for n in op.differentiable if name in op.wants[n]]
        if op.also or len(users) == len(op.differentiable):
            return value
        return f"({value} if {' or '.join(f'{n}_n is not None' for n in users)} else None)"
    if name.startswith("_"):
        source = f"{name[1:]}_"
        return f"(None if {source} is None else Ghost({source}))" if name[1:] in op.optional else f"Ghost({source})"
    return name


def _variadic_source(op: Op) -> tuple[str, dict[str, Any]]:
    xs, params = op.variadic, [*op.positional, *(n for n in op.params if n not in op.positional)]
    plain = [n for n in params if n in op.positional]
    keyword = [n for n in params if n not in op.positional]
    signature = ", ".join([*plain, f"*{xs}", *(f"{n}=_d_{n}" if n in op.defaults else n for n in keyword)])
    passed = ", ".join([*plain, "*raw", *(f"{n}={n}" for n in keyword)])
    keep = {xs: "raw", f"_{xs}": "tuple([Ghost(a) for a in raw])", "y": "y"}
    return (
        f"""\
def call({signature}):
    raw, nodes = enter_all(op, {xs})
    xp = cpu if type(raw[0]) is ndarray else namespace_of(*raw)
    try: y = forward(xp, {passed})
    except Exception as problem: raise explain(op, raw, problem) from None
    {_WHOLE}
    t = new(Tensor); t.array = y; t.node = None
    if (not quiet or mode.recording) and any([n is not None for n in nodes]):
        n = t.node = new(Node); n.op = op; n.parents = nodes
        n.kept = ({"".join(keep.get(k, k) + ", " for k in op.keeps)})
        n.shape = y.shape; n.extra = None; n.seq = tick()
        if ever.anomaly and mode.anomaly: inspect_forward(n, xp, y)
    return t
""",
        _env(op) | {f"_d_{n}": v for n, v in op.defaults.items()},
    )


def _lift_source(op: Op) -> str:
    """What a node kept, as Tensors that know where they come from, for a backward that is itself recorded."""
    lines = ["def lift(node, g):"]
    if op.keeps:
        lines.append(f"    {', '.join(op.keeps)}, = node.kept")
    if op.variadic is None and set(op.keeps) & set(op.differentiable):
        lines.append(f"    {', '.join(f'{n}_n' for n in op.differentiable)}, = node.parents")
    values = []
    for name in op.keeps:
        if name == "y":
            values.append("wrap(y, node)")
        elif name == op.variadic:
            values.append(f"tuple([wrap(k, p) for k, p in zip({name}, node.parents)])")
        elif op.variadic is None and name in op.differentiable:
            array = f"{name} if {name}.__class__ is ndarray else held({name}, g)"
            values.append(f"None if {name} is None else wrap({array}, {name}_n)")
        else:
            values.append(name)
    made = f"({''.join(f'({v}), ' for v in values)})"
    lines.append(f"    return {f'op.recompute({made})' if set(op.also) & set(op.keeps) else made}")
    return "\n".join(lines) + "\n"


def _held(kept: Any, g: Any) -> Any:
    """A number that was kept becomes an array on the device of ``g``, the gradient that comes in."""
    return backend.namespace_of(g.array).asarray(kept) if isinstance(kept, np.generic) else kept


def _backward_source(op: Op) -> tuple[str, dict[str, Any]]:
    lines = ["def backward(xp, g, kept, parents, give, room_for):"]
    if op.keeps:
        lines.append(f"    {', '.join(op.keeps)}, = kept")
    names = op.differentiable if op.variadic is None else []
    lines += [f"    p{i} = parents[{i}]" for i in range(len(names))]
    broadcasts = op.kind == "elementwise" and len(op.inputs) > 1
    if broadcasts:
        lines.append("    s = g.shape")
    env: dict[str, Any] = {"zip": zip}
    if op.joint is not None:
        env["joint"] = op.joint
        served = [(i, n) for i, n in enumerate(names) if op.rules[n] is op.joint]
        if op.variadic is not None or "needs" in _names(op.joint):
            lines.append("    needs = tuple([p is not None for p in parents])")
        wants = ", ".join(_names(op.joint))
        if op.variadic is not None:
            lines += [f"    for p, d in zip(parents, joint({wants})):", "        if p is not None: give(p, d)"]
        else:
            lines.append(f"    {', '.join(f'd{i}' for i, _ in served)}, = joint({wants})")
            for i, _ in served:
                summed = f"xp.sum_to(d{i}, p{i}.shape) if p{i}.shape != s else d{i}" if broadcasts else f"d{i}"
                lines.append(f"    if p{i} is not None: give(p{i}, {summed})")
    for i, n in enumerate(names):
        if op.rules[n] is op.joint:
            continue
        rule = op.rules[n]
        assert rule is not None
        env[f"rule_{n}"] = rule if not op.fuse else _fused(rule, ["g", "y", *op.inputs])
        asked = _names(rule) if not op.fuse else ("xp", *(w for w in _names(rule) if w != "xp"))
        formula = _formula(op, rule, "") or f"rule_{n}({', '.join(asked)})"
        lines.append(f"    if p{i} is not None:")
        if "room" in asked:
            lines.append(f"        room = room_for(p{i})")
        lines.append(f"        d = {formula}")
        if "room" in asked:
            lines.append("        if room is not None and d is not room: room[...] = d; d = room")
        if broadcasts:
            lines.append(f"        if p{i}.shape != s: d = xp.sum_to(d, p{i}.target_shape())")
        lines.append(f"        give(p{i}, {_marked(op, n, i, env)})")
    return "\n".join(lines) + "\n", env


def _marked(op: Op, name: str, i: int, env: dict[str, Any]) -> str:
    """What is handed on to parent ``i``: ``d``, with its structural zeros if the operation selects and the parent carries."""
    carried = f"if p{i}.op.carries and meets_pole(p{i}) else d"
    if op.selects and i == 0:
        env |= {"op": op, "left_out": left_out, "meets_pole": meets_pole}
        return f"left_out(d, p{i}, op, kept, g) {carried}"
    if name not in op.unused:
        return "d"
    env |= {f"unused_{name}": op.unused[name], "unused": unused, "meets_pole": meets_pole}
    whole = "s" if op.kind == "elementwise" and len(op.inputs) > 1 else f"p{i}.shape"
    found = f"unused_{name}({', '.join(_names(op.unused[name]))})"
    clean = op.rules[name].clean  # type: ignore[union-attr]
    return f"unused(d, p{i}, {whole}, lambda: {found}, {clean}) {carried}"


def _fused(function: Callable[..., Any], arrays: list[str]) -> Callable[..., Any]:
    from .._programs import Fusion  # here, so that an import of gradflow does not pay for it

    return Fusion(function, arrays)


def _env(op: Op) -> dict[str, Any]:
    from .promote import all_half, enter, enter_all, explain, in_float32, inspect_forward, is_operand, is_value
    from .views import link

    return {
        "__builtins__": __builtins__, "__name__": op.forward.__module__, "op": op,
        "forward": op.forward if not op.fuse else _fused(op.forward, op.inputs),
        "Tensor": upstairs.tensor, "Node": Node, "Ghost": Ghost, "new": object.__new__, "mode": mode, "ever": ever,
        "quiet": quiet, "tick": tick, "cpu": backend.cpu, "ndarray": np.ndarray, "generic": np.generic, "asarray": np.asarray,
        "namespace_of": backend.namespace_of, "F32": dtypes.float32, "numbers": (float, int),
        "enter": enter, "enter_all": enter_all, "is_operand": is_operand, "is_value": is_value,
        "explain": explain, "inspect_forward": inspect_forward,
        "link": link, "all_half": all_half, "in_float32": in_float32,
    }  # fmt: skip
