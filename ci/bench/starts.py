"""W8: what a new process costs - importing, the first gradient, the memory of W3 at batch 1024 - and what is installed."""

from __future__ import annotations

import compileall
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from .measure import quartiles
from .problems import Aim, problems
from .rotation import Failed, Process
from .worker import MB, environment

ROOT = Path(__file__).resolve().parents[2]

_TORCHLIKE = "import {0} as lib\nx = lib.tensor([1.0, 2.0], requires_grad=True)\n(x * x).sum().backward()"
TINY = {
    "gradflow": ("gradflow", _TORCHLIKE.format("gradflow")),
    "torch": ("torch", _TORCHLIKE.format("torch")),
    "autograd": (
        "autograd",
        "import autograd, autograd.numpy as np\nautograd.grad(lambda x: np.sum(x * x))(np.array([1.0, 2.0]))",
    ),
    "mygrad": ("mygrad", "import mygrad\nx = mygrad.tensor([1.0, 2.0])\n(x * x).sum().backward()"),
    "jax": ("jax", "import jax, jax.numpy as np\njax.grad(lambda x: np.sum(x * x))(np.array([1.0, 2.0])).block_until_ready()"),
    "hand": ("numpy", "import numpy as np\nx = np.array([1.0, 2.0])\n2 * x"),
}
"""The module of each library, and its import with the gradient of a sum of squares."""

AIMS = {"first": Aim("torch", 0.15), "peak_mb": Aim("torch", 1.0)}

_TIMED = "import time; start = time.perf_counter()\n{0}\nprint(time.perf_counter() - start)"


def measured(peers: list[str], repeats: int) -> dict[str, Any]:
    """For each library seconds of its import and of import and first gradient, megabytes installed and used."""
    times: dict[str, dict[str, list[float]]] = {peer: {"import": [], "first": []} for peer in peers}
    with tempfile.TemporaryDirectory() as folder:
        # gradflow as it would be installed: compiled, like the others.
        shutil.copytree(ROOT / "gradflow", Path(folder) / "gradflow", ignore=shutil.ignore_patterns("__pycache__"))
        compileall.compile_dir(folder, quiet=2)
        for _ in range(repeats):
            for peer in peers:
                module, tiny = TINY[peer]
                times[peer]["import"].append(_seconds(f"import {module}", folder))
                times[peer]["first"].append(_seconds(tiny, folder))
    return {
        peer: {
            "import": quartiles(found["import"]), "first": quartiles(found["first"]), "installed_mb": _installed(TINY[peer][0]),
            **_memory(peer),
        }
        for peer, found in times.items()
    }  # fmt: skip


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    """What became of each aim."""
    known = {what: ratio(found, what, aim.peer) for what, aim in AIMS.items()}
    return {what: "reached" if r <= AIMS[what].ratio else "missed" for what, r in known.items() if r is not None}


def ratio(found: dict[str, Any], what: str, peer: str) -> float | None:
    """gradflow's figure over another's."""
    ours, theirs = (found.get(name, {}).get(what) for name in ("gradflow", peer))
    if not ours or not theirs:
        return None
    return float(ours[0] / theirs[0] if what in ("import", "first") else ours / theirs)


def _seconds(code: str, folder: str) -> float:
    """What the code takes in a new process that starts in a folder, from the first import on."""
    command = [sys.executable, "-c", _TIMED.format(code)]
    done = subprocess.run(command, env=environment(), cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


def _installed(module: str) -> float:
    """Megabytes of a package's own files, without what it depends on and without caches."""
    sys.path.insert(0, str(ROOT))
    try:
        spec = importlib.util.find_spec(module)
    finally:
        sys.path.remove(str(ROOT))
    assert spec is not None
    assert spec.origin is not None
    files = (f for f in Path(spec.origin).parent.rglob("*") if f.is_file() and "__pycache__" not in f.parts)
    return sum(f.stat().st_size for f in files) / MB


def _memory(peer: str) -> dict[str, Any]:
    """By how many megabytes a process grows for W3 at batch 1024, after some steps of W2 have brought the library's code in."""
    known = problems("cpu")
    small = next(p for p in known if p.group == "W2")
    large = next(p for p in known if p.group == "W3" and p.size["batch"] == 1024)
    process = Process(peer, "cpu")
    try:
        process.ready()
        process.ask("build", small)
        process.ask("warm", 0.1)
        process.ask("build", large)
        process.ask("warm", 0.3)
        return {"peak_mb": process.ask("peak")}
    except Failed as error:
        return {"peak_mb": None, "error": str(error)}
    finally:
        process.stop()
