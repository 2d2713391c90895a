"""An operation: its derivative rules above its definition.

    @elementwise(lambda g, b: g * b,      # d/da
                 lambda g, a: g * a)      # d/db
    def mul(xp, a, b):
        return xp.multiply(a, b)

A rule names what it needs and gets it by name: ``g`` the incoming gradient, ``y`` the output, an input (saved for backward),
an input with a leading underscore (a ShapeOnly: only shape and dtype are saved), a parameter, a further value that the
definition returns (``also``), ``needs`` (which gradients are asked for), ``out`` (memory to write the gradient into, or None),
``xp``.  A rule is a pure function: where it is one expression it is run once on symbols and written out.

``writing`` makes source of that: the call of the operation and its backward.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from ..errors import RuleError
from ..typing import Array
from .node import Node, tick
from .tensor_layer import tensor_layer
from .writing import backward_source, compiled, formula_of, lift_source, make_callable, parameter_names

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
        self, kind: str, definition: Callable[..., Any], *, rules: dict[str, Rule], promoted: list[str], joint: Rule = None,
        also: Sequence[str] = (), floats: bool = False, holomorphic: bool = True, view: bool = False, fuse: bool = False,
        selects: bool = False, carries: bool = True,
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
        self.wants = {n: parameter_names(r) + parameter_names(self.unused.get(n)) for n, r in rules.items() if r is not None}
        self._check([*names, *([self.variadic] if self.variadic else [])])
        wanted = {w for want in self.wants.values() for w in want} - {"xp", "g", "needs", "out"}
        if wanted & set(also):  # recorded again from the inputs when the derivative is itself differentiated
            wanted |= set(self.inputs)
        self.saves = tuple(sorted(wanted))
        held = {"y", *self.inputs, *also, *([self.variadic] if self.variadic else [])}
        self.releases = bool(wanted & held)
        self.shown = self.inputs  # what errors call them
        self.backward: Callable[..., None] = self._first_backward
        self.lift: Callable[..., tuple[Any, ...]] = self._first_lift

    def _check(self, names: list[str]) -> None:
        inputs = [*self.inputs, *([self.variadic] if self.variadic else [])]
        words = {"xp", "g", "y", "needs", "out"}
        if words & {*names, *self.also}:
            raise RuleError(f"{self.name}: {sorted(words & {*names, *self.also})} have a meaning in rules; name them otherwise")
        known = {*words, *names, *("_" + n for n in inputs), *self.also}
        for target, wants in self.wants.items():
            if target not in names:
                raise RuleError(f"{self.name}: there is a rule for {target!r}, but the definition takes {names}")
            if "out" in wants and self.rules[target] is self.joint:
                raise RuleError(f"{self.name}: a rule for several inputs cannot be given the memory of one gradient")
            for want in wants:
                if want not in known:
                    raise RuleError(f"{self.name}: the rule for {target!r} asks for {want!r}; it may name {sorted(known)}")

    def _first_backward(self, *args: Any) -> None:
        self.backward = compiled(self, "backward", *backward_source(self))
        self.backward(*args)

    def _first_lift(self, node: Node, g: Any) -> tuple[Any, ...]:
        self.lift = compiled(self, "lift", *lift_source(self))
        return self.lift(node, g)  # type: ignore[no-any-return]

    @cached_property
    def tame(self) -> bool:
        """True if no rule has a pole: each selects, adds or moves elements of ``g``, or multiplies it with another input."""
        return self.kind == "linear" or all(self._is_tame(self.rules[n]) for n in self.differentiable)

    def _is_tame(self, rule: Any) -> bool:
        return hasattr(rule, "unused") or (rule is not self.joint and formula_of(self, rule, "") in _TAME)

    def recompute(self, saved: tuple[Any, ...]) -> tuple[Any, ...]:
        """The values that the definition returns after its result are made again, recorded, from what was saved and lifted."""
        lifted = dict(zip(self.saves, saved, strict=True))
        arguments = {n: lifted.get(n, self.defaults.get(n)) for n in self.positional}
        _, *others = self.forward(tensor_layer.namespace, **arguments)
        lifted |= {n: v for n, v in zip(self.also, others, strict=True) if n in lifted}
        return tuple(lifted[n] for n in self.saves)

    def record(self, y: Array, parents: tuple[Node | None, ...], saved: dict[str, Any]) -> Node:
        """A node for a result that is already there (an in-place write, a view of one)."""
        n = Node()
        n.op, n.parents, n.shape, n.extra, n.seq = self, parents, y.shape, None, tick()
        n.saved = tuple(saved[name] for name in self.saves)
        return n

    def __repr__(self) -> str:
        return f"<{self.kind} operation {self.name}>"


_TAME = ("g", "(-g)", "(g * a)", "(g * b)")


def selecting(rule: Callable[..., Any], unused: Callable[..., Any], clean: bool = False) -> Callable[..., Any]:
    """A rule of an operation that selects: ``unused`` says at which elements the result does not depend on the input.

    It names what it needs as a rule does.  At these elements the gradient stays 0 whatever derivative lies behind
    (``unused.py``), so it must not be true where two arguments are equal and either could have been taken.
    ``clean``: the rule gives 0 there also of an infinite ``g``.
    """
    rule.unused, rule.clean = unused, clean  # type: ignore[attr-defined]
    return rule


def _definer(
    kind: str, positional: tuple[Rule, ...], named: dict[str, Rule], joint: tuple[Callable[..., Any], str] | None = None,
    **options: Any,
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
        op = Op(kind, definition, rules=rules, joint=shared, promoted=promoted, **options)
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
    return _definer("elementwise", rules, named, floats=floats, holomorphic=holomorphic, fuse=fuse)


def linear(
    *rules: Rule, view: bool = False, joint: tuple[Callable[..., Any], str] | None = None, selects: bool = False,
    carries: bool = True, **named: Rule,
) -> Callable[[Definition[P]], Callable[P, Tensor]]:  # fmt: skip
    """An operation linear in its inputs taken together; ``view``: its result may show its input's memory.

    ``selects``: it leaves out elements of its first input, as an index does.  ``carries=False``: it has negative weights, which
    may cancel (``unused.py`` says what both are for).
    """
    return _definer("linear", rules, named, joint, view=view, selects=selects, carries=carries)


def primitive(
    *rules: Rule, joint: tuple[Callable[..., Any], str] | None = None, also: str = "", floats: bool = False,
    holomorphic: bool = True, **named: Rule,
) -> Callable[[Definition[P]], Callable[P, Tensor]]:  # fmt: skip
    """Any other operation.

    ``joint=(rule, "x weight")``: one rule returns the gradients of several inputs as a tuple.  ``also="mean rstd"``:
    the definition returns those values after its result, and a rule may name them.
    """
    return _definer("primitive", rules, named, joint, also=also.split(), floats=floats, holomorphic=holomorphic)
