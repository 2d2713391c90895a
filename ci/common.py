"""What the scripts beside this file share: the repository's root, quiet commands, virtual environments."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
if sys.version_info < (3, 11):  # noqa: UP036 - the scripts are started with whatever python3 is
    sys.exit(f"gradflow needs Python 3.11 or newer; this is {sys.version.split()[0]}")

ROOT = Path(__file__).resolve().parent.parent
VENVS = ROOT / ".venv-ci"


def run(*command: str | Path, **environment: str) -> None:
    """Run a command in the root of the repository; stop the script if it fails."""
    words = [str(word) for word in command]
    code = subprocess.run(words, cwd=ROOT, env=os.environ | environment, stdin=subprocess.DEVNULL).returncode
    if code:
        sys.exit(f"FAILED ({code}): {shlex.join(words)}")


def venv(name: str, *requirements: str, python: str = sys.executable) -> Path:
    """A fresh environment .venv-ci/NAME with the requirements in it; returns its Python."""
    where = VENVS / name
    if where.exists():
        shutil.rmtree(where)
    run(python, "-m", "venv", where)
    inside = where / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    # --group needs pip 25.1, newer than what the oldest supported Python brings.
    run(inside, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--upgrade", "pip>=25.1")
    run(inside, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *requirements)
    return inside


def answers(python: str, version: str) -> bool:
    """True if that interpreter starts, is of that version ("3.12") and can make environments."""
    question = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    try:
        reply = subprocess.run([python, "-c", question], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return reply.returncode == 0 and reply.stdout.strip() == version


def find_python(version: str) -> str | None:
    """An interpreter of a version on this machine: this one, one on PATH, or one that pyenv keeps."""
    candidates = [sys.executable]
    candidates += [str(Path(folder) / f"python{version}") for folder in os.get_exec_path()]
    if pyenv := shutil.which("pyenv"):
        latest = subprocess.run([pyenv, "latest", version], capture_output=True, text=True).stdout.strip()
        if latest:
            prefix = subprocess.run([pyenv, "prefix", latest], capture_output=True, text=True).stdout.strip()
            candidates.append(str(Path(prefix) / "bin" / "python"))
    return next((found for found in candidates if answers(found, version)), None)
