"""The body of an elementwise kernel as a function of the host, compiled by g++ and kept by the hash of its source."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

HEADER = (Path(__file__).parent / "host.h").read_text(encoding="utf-8")
# -ffp-contract=off: each operation is rounded, as NumPy rounds it; a GPU may fuse a product with a sum.
FLAGS = ["-O1", "-std=c++17", "-shared", "-fPIC", "-ffp-contract=off", "-fno-strict-aliasing", "-w"]
CTYPES = {
    "?": "bool", "b": "signed char", "B": "unsigned char", "h": "short", "H": "unsigned short", "i": "int",
    "I": "unsigned int", "l": "long", "L": "unsigned long", "q": "long long", "Q": "unsigned long long",
    "e": "float16", "f": "float", "d": "double", "F": "complex<float>", "D": "complex<double>",
}  # fmt: skip


def compiler() -> str:
    """The compiler's path; the test that needs one is skipped where there is none."""
    found = shutil.which("g++")
    if found is None:
        import pytest

        pytest.skip("the stand-in runs a kernel by compiling it for the host, and there is no g++ on this machine")
    return found


def built(source: str) -> Any:
    """The function ``run`` of a C++ source that begins with the host's header."""
    return library(source).run


@cache
def library(source: str, flags: tuple[str, ...] = tuple(FLAGS)) -> ctypes.CDLL:
    """A C++ source, compiled and loaded."""
    folder = Path(tempfile.gettempdir()) / f"gradflow-stand-in-{os.getuid() if hasattr(os, 'getuid') else 0}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder / f"{_named(source, flags)}.so"
    if not found.exists():
        own = source.removeprefix(HEADER)
        # The header is kept compiled, which takes most of the time off each kernel.
        first = () if own == source else ("-include", str(_header(folder, flags)))
        _compile(own, found, *flags, *first)
    return ctypes.CDLL(str(found))


@cache
def _header(folder: Path, flags: tuple[str, ...]) -> Path:
    header = folder / f"{_named(HEADER, flags)}.h"
    compiled = header.with_suffix(".h.gch")
    if not compiled.exists():
        header.write_text(HEADER, encoding="utf-8")
        _compile(HEADER, compiled, *(f for f in flags if f != "-shared"), "-x", "c++-header")
    return header


def _named(text: str, flags: tuple[str, ...]) -> str:
    return hashlib.sha256((text + repr(flags)).encode()).hexdigest()[:24]


def _compile(text: str, target: Path, *flags: str) -> None:
    """Compile ``text`` to ``target``, which appears at once, so that another process never sees half of it."""
    written, made = target.with_name(f"{target.name}-{os.getpid()}.cpp"), target.with_name(f"{target.name}-{os.getpid()}")
    written.write_text(text, encoding="utf-8")
    done = subprocess.run([compiler(), *flags, written, "-o", made], capture_output=True, text=True)
    written.unlink()
    if done.returncode:
        raise RuntimeError(f"the kernel does not compile:\n{done.stderr}\n{text}")
    made.replace(target)


def source(
    types: dict[str, str], preamble: str, parameters: list[tuple[str, str, str]], loop_prep: str, body: str, after_loop: str
) -> str:
    """The text of ``run``: ``parameters`` are (kind, type, name), the kind "raw", "element" or "scalar"."""
    taken, before, inside = [], [], []
    for kind, ctype, name in parameters:
        taken.append(f"char* p_{name}, ptrdiff_t n_{name}, int d_{name}, const ptrdiff_t* h_{name}, const ptrdiff_t* s_{name}")
        if kind == "raw":
            before.append(f"CArray<{ctype}> {name}{{p_{name}, n_{name}, d_{name}, h_{name}, s_{name}}};")
        elif kind == "scalar":
            before.append(f"{ctype} {name} = *({ctype}*)p_{name};")
        else:
            inside.append(f"{ctype} &{name} = *({ctype}*)(p_{name} + at(i, _ind.ndim, _ind.shape_, s_{name}));")
    names = "".join(f"typedef {ctype} {letter};\n" for letter, ctype in types.items())
    lines = "\n    ".join
    return f"""{HEADER}
{names}{preamble}
extern "C" void run(ptrdiff_t _size, int _ndim, const ptrdiff_t* _shape, {", ".join(taken)}) {{
    CIndexer _ind{{_size, _ndim, _shape}};
    {lines(before)}
    {loop_prep};
    for (ptrdiff_t i = 0; i < _size; ++i) {{
    _ind.set(i);
    {lines(inside)}
    {body};
    }}
    {after_loop};
}}
"""
