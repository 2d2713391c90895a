"""Faults for ``ci/mutation``: the operators, and every place in the package where one applies."""

from __future__ import annotations

import ast
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from common import ROOT

COMMUTATIVE = {"maximum", "minimum", "add", "multiply", "max", "min", "equal", "not_equal", "logical_and", "logical_or"}
COMPARED = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"), ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="), ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"), ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}  # fmt: skip
ARITHMETIC = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"), ast.Pow: ("**", "*"),
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """The bytes from ``start`` to ``end`` of a file, replaced by ``new``."""

    operator: str
    file: str
    line: int
    start: int
    end: int
    new: str
    name: str  # of the innermost function or class around it

    def applied(self, source: bytes) -> bytes:
        return source[: self.start] + self.new.encode() + source[self.end :]

    def diff(self, source: bytes) -> str:
        """The lines that change, before and after."""
        begin = source.rfind(b"\n", 0, self.start) + 1
        stop = source.find(b"\n", self.end)
        after = source[begin : self.start] + self.new.encode() + source[self.end : stop]
        lines = [f"- {line}" for line in source[begin:stop].decode().splitlines()]
        return "\n".join(lines + [f"+ {line}" for line in after.decode().splitlines()])


class Places:
    """All faults of one file."""

    def __init__(self, file: str, source: bytes) -> None:
        self.file, self.source = file, source
        self.starts = [0]
        for line in source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.found: list[Fault] = []
        self.block(ast.parse(source).body, "")

    def at(self, node: Any) -> tuple[int, int]:
        return self.starts[node.lineno - 1] + node.col_offset, self.starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, node: Any) -> str:
        start, end = self.at(node)
        return self.source[start:end].decode()

    def add(self, operator: str, node: Any, new: str, name: str, span: tuple[int, int] | None = None) -> None:
        start, end = span or self.at(node)
        line = self.source.count(b"\n", 0, start) + 1
        self.found.append(Fault(operator, self.file, line, start, end, new, name))

    def block(self, body: list[Any], name: str) -> None:
        for i, statement in enumerate(body):
            if i and isinstance(statement, ast.stmt) and name and not name.startswith("class "):
                indent = " " * statement.col_offset
                if not isinstance(statement, ast.Return | ast.Raise | ast.FunctionDef | ast.ClassDef):
                    start, _ = self.at(statement)
                    self.add("return early", statement, f"return\n{indent}", name, (start, start))
            self.statement(statement, name)

    def statement(self, node: Any, name: str) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name in ("__repr__", "__str__") or any("overload" in self.text(d) for d in node.decorator_list):
                return
            for part in [*node.decorator_list, *node.args.defaults, *[d for d in node.args.kw_defaults if d]]:
                self.expression(part, node.name)
            self.block(node.body, node.name)
            return
        if isinstance(node, ast.ClassDef):
            for part in node.decorator_list:
                self.expression(part, node.name)
            self.block(node.body, f"class {node.name}")
            return
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Assert | ast.Pass | ast.Global | ast.Nonlocal):
            return
        if isinstance(node, ast.If) and "TYPE_CHECKING" in self.text(node.test):
            return
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        if any(self.text(t) in ("__all__", "__slots__") for t in targets) or (isinstance(node, ast.AnnAssign) and not node.value):
            return
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant | ast.JoinedStr):
            return  # a docstring
        warned = isinstance(node, ast.Expr) and "warn" in self.text(node).partition("(")[0]
        if isinstance(node, ast.Expr | ast.Assign | ast.AugAssign | ast.Delete | ast.Raise | ast.Continue | ast.Break):
            self.add("drop a statement", node, "pass", name)
        if isinstance(node, ast.Raise) or warned:
            return
        if isinstance(node, ast.AugAssign) and type(node.op) in ARITHMETIC:
            old, new = ARITHMETIC[type(node.op)]
            self.between(node.target, node.value, old + "=", new + "=", "change a sign", name)
        if isinstance(node, ast.If | ast.While):
            self.add("negate a condition", node.test, f"not ({self.text(node.test)})", name)
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "type_params"):
                continue
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                self.block(value, name)
            elif isinstance(value, ast.expr):
                self.expression(value, name)
            elif isinstance(value, list):
                for part in value:
                    if isinstance(part, ast.ExceptHandler | ast.match_case):
                        self.block(part.body, name)
                    elif isinstance(part, ast.withitem):
                        self.expression(part.context_expr, name)
                    elif isinstance(part, ast.expr):
                        self.expression(part, name)

    def expression(self, node: Any, name: str) -> None:
        if isinstance(node, ast.JoinedStr):
            return  # wording
        if isinstance(node, ast.Compare):
            old, new = COMPARED[type(node.ops[0])]
            self.between(node.left, node.comparators[0], old, new, "flip a comparison", name)
        elif isinstance(node, ast.BoolOp):
            old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            self.between(node.values[0], node.values[1], old, new, "flip and and or", name)
        elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
            if not any(
                isinstance(side, ast.List | ast.Tuple | ast.JoinedStr) or is_text(side) for side in (node.left, node.right)
            ):
                self.between(node.left, node.right, *ARITHMETIC[type(node.op)], "change a sign", name)
        elif isinstance(node, ast.UnaryOp):
            if isinstance(node.op, ast.Not):
                self.add("drop a not", node, f"({self.text(node.operand)})", name)
            elif isinstance(node.op, ast.USub):
                self.add("change a sign", node, f"({self.text(node.operand)})", name)
        elif isinstance(node, ast.Constant):
            value = node.value
            if isinstance(value, bool):
                self.add("change a constant", node, str(not value), name)
            elif isinstance(value, int | float):
                other = value + 1 if isinstance(value, int) else value * 1.3 or 1.0
                self.add("change a constant", node, repr(other), name)
        elif isinstance(node, ast.Subscript):
            self.indices(node.slice, name)
            self.expression(node.value, name)
            if not isinstance(node.slice, ast.Constant | ast.Slice | ast.UnaryOp):
                self.expression(node.slice, name)
            return
        elif isinstance(node, ast.Call):
            first = node.args[:2]
            plain = len(first) == 2 and not any(isinstance(a, ast.Starred | ast.GeneratorExp) for a in first)
            called = self.text(node.func).rpartition(".")[2]
            if plain and self.text(first[0]) != self.text(first[1]) and called not in COMMUTATIVE and called != "isinstance":
                span = self.at(first[0])[0], self.at(first[1])[1]
                middle = self.source[self.at(first[0])[1] : self.at(first[1])[0]].decode()
                self.add("swap arguments", node, self.text(first[1]) + middle + self.text(first[0]), name, span)
        elif isinstance(node, ast.IfExp):
            self.add("negate a condition", node.test, f"not ({self.text(node.test)})", name)
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            for test in (t for g in node.generators for t in g.ifs):
                self.add("negate a condition", test, f"not ({self.text(test)})", name)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.comprehension | ast.keyword):
                for part in ast.iter_child_nodes(child):
                    if isinstance(part, ast.expr):
                        self.expression(part, name)
            elif isinstance(child, ast.arguments):
                for part in [*child.defaults, *[d for d in child.kw_defaults if d]]:
                    self.expression(part, name)
            elif isinstance(child, ast.expr):
                self.expression(child, name)

    def indices(self, node: Any, name: str) -> None:
        bounds = [node.lower, node.upper] if isinstance(node, ast.Slice) else [node]
        for bound in bounds:
            try:
                value = ast.literal_eval(bound) if bound is not None else None
            except (ValueError, TypeError):
                value = None
            if isinstance(value, int) and not isinstance(value, bool):
                self.add("change an index", bound, str(value + 1 if value >= 0 else value - 1), name)
        if isinstance(node, ast.Slice):
            for bound in bounds:
                if bound is not None and not isinstance(bound, ast.Constant):
                    self.expression(bound, name)

    def between(self, left: Any, right: Any, old: str, new: str, operator: str, name: str) -> None:
        """``new`` for ``old``, which stands between two expressions."""
        start, end = self.at(left)[1], self.at(right)[0]
        place = self.source[start:end].decode().find(old)
        if place >= 0:
            self.add(operator, left, new, name, (start + place, start + place + len(old)))


def is_text(node: Any) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def compiles(source: bytes) -> bool:
    try:
        compile(source, "<mutated>", "exec")
    except SyntaxError:
        return False
    return True


def drawn(n: int, seed: str, only: list[str], without: Iterable[str] = ()) -> list[Fault]:
    """``n`` faults, each operator as often as every other."""
    by_operator: dict[str, list[Fault]] = {}
    for path in sorted(ROOT.glob("gradflow/**/*.py")):
        file = path.relative_to(ROOT).as_posix()
        if (
            file.endswith("_version.py")
            or file.startswith(tuple(without))
            or (only and not any(file == o or file.startswith(o.rstrip("/") + "/") for o in only))
        ):
            continue
        for fault in Places(file, path.read_bytes()).found:
            by_operator.setdefault(fault.operator, []).append(fault)
    r = random.Random(seed)
    for faults in by_operator.values():
        r.shuffle(faults)
    chosen: list[Fault] = []
    while len(chosen) < n and by_operator:
        for operator in sorted(by_operator):
            fault = by_operator[operator].pop()
            if not by_operator[operator]:
                del by_operator[operator]
            if len(chosen) < n and compiles(fault.applied((ROOT / fault.file).read_bytes())):
                chosen.append(fault)
    print(f"seed {seed}: {len(chosen)} faults, " + ", ".join(f"{k} {v}" for k, v in Counter(f.operator for f in chosen).items()))
    return chosen
