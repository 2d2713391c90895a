"""The source of a backend as one module: what ``cpu.py`` and ``cuda.py`` show of their parts stands in the import's place."""

from __future__ import annotations

import ast
from pathlib import Path

from gradflow.backend import cpu

FOLDER = Path(cpu.__file__).parent


def statements(name: str) -> list[ast.stmt]:
    """The statements of ``cpu.py`` or ``cuda.py``; ``from ._part import name as name`` is the definition of ``name`` there."""
    found: list[ast.stmt] = []
    for statement in ast.parse((FOLDER / name).read_text(encoding="utf-8")).body:
        shown = {a.name for a in statement.names if a.asname == a.name} if isinstance(statement, ast.ImportFrom) else set()
        if not shown:
            found.append(statement)
            continue
        assert isinstance(statement, ast.ImportFrom)
        part = ast.parse((FOLDER / f"{statement.module}.py").read_text(encoding="utf-8")).body
        defined = [s for s in part if isinstance(s, ast.FunctionDef | ast.ClassDef) and s.name in shown]
        assert {s.name for s in defined} == shown, statement.module
        found += defined
    return found
