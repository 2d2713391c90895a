"""Files that were altered, and saving that was killed: other numbers than those saved never come back.

usage: ci/fuzz files [--seed S] [--n N]      N altered files
       ci/fuzz kills [--seed S] [--n N]      N processes killed while they save
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

import gradflow as gf
from gradflow.errors import FormatError

SUFFIXES = (".npz", ".safetensors")


def contents(seed: int) -> list[Any]:
    """Things to save: a plain dict of tensors, a training state, many small tensors."""
    gf.manual_seed(seed)
    model = gf.nn.Sequential(gf.nn.Linear(3, 4), gf.nn.BatchNorm1d(4), gf.nn.Linear(4, 2))
    optimizer = gf.optim.Adam(model.parameters())
    model(gf.randn(5, 3)).sum().backward()
    optimizer.step()
    training = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": 3, "notes": ["a", None, 0.5, True]}
    dtypes: list[Any] = [gf.float16, gf.float32, gf.float64]
    small = {f"part.{k}": gf.randn(k % 4, 2, dtype=dtypes[k % 3]) for k in range(12)}
    return [{"weight": gf.randn(6, 5), "bias": gf.arange(7)}, training, small]


def equal(a: Any, b: Any) -> bool:
    """The same nesting, keys in any order, dtypes, shapes and bits."""
    if isinstance(a, gf.Tensor):
        same_kind = isinstance(b, gf.Tensor) and a.dtype == b.dtype and a.shape == b.shape
        return same_kind and a.detach().numpy().tobytes() == b.detach().numpy().tobytes()
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    return bool(a == b)


def altered(data: bytes, r: random.Random) -> tuple[str, bytes]:
    """The bytes with one change; where they have a header it is hit as often as what follows."""
    changed, size = bytearray(data), len(data)
    at = r.randrange(min(size, 400)) if r.random() < 0.5 else r.randrange(size)
    length = r.choice([1, 1, 2, 8, 64])
    kind = r.choice(["a bit", "a byte", "zeros", "cut off", "left out", "put in", "swapped", "repeated"])
    if kind == "a bit":
        changed[at] ^= 1 << r.randrange(8)
    elif kind == "a byte":
        changed[at] = r.randrange(256)
    elif kind == "zeros":
        changed[at : at + length] = bytes(len(changed[at : at + length]))
    elif kind == "cut off":
        del changed[at:]
    elif kind == "left out":
        del changed[at : at + length]
    elif kind == "put in":
        changed[at:at] = r.randbytes(length)
    elif kind == "swapped":
        other = r.randrange(size)
        changed[at], changed[other] = changed[other], changed[at]
    else:
        changed[at:at] = changed[at : at + length]
    return f"{kind} at {at}", bytes(changed)


def altered_files(seed: int, n: int) -> bool:
    """True if loading each altered file raises FormatError, or gives what was saved."""
    counts: Counter[str] = Counter()
    right = True
    with tempfile.TemporaryDirectory() as folder:
        for k in range(seed, seed + n):
            r = random.Random(k)
            suffix = SUFFIXES[k % 2]
            saved = contents(k)[r.randrange(3)]
            path = Path(folder) / f"file{suffix}"
            gf.save(saved, path)
            if k < seed + 6 and not equal(gf.load(path), saved):
                print(f"DIFFERENT: seed {k} is not loaded as it was saved{suffix}")
                right = False
            how, data = altered(path.read_bytes(), r)
            path.write_bytes(data)
            try:
                verdict = "identical" if equal(gf.load(path), saved) else "other numbers"
            except FormatError:
                verdict = "FormatError"
            except Exception as error:
                verdict = f"{type(error).__name__}: {error}"
            counts[f"{suffix} {verdict[:60]}"] += 1
            if verdict not in ("identical", "FormatError"):
                right = False
                print(f"DIFFERENT: {suffix}, {how}: {verdict[:200]}\n    again: ci/fuzz files --seed {k} --n 1")
    print(f"altered files {seed} to {seed + n - 1}:", ", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
    return right


SAVING = """
import sys
import gradflow as gf
path, parts = sys.argv[1], 6
print("ready", flush=True)
for k in range(1, 1_000_000):
    gf.save({f"part {i}": gf.full((40_000,), k, dtype=gf.int64) for i in range(parts)}, path)
"""


def kills(seed: int, n: int) -> bool:
    """True if the file is whole, of one save or another, however often the process that saves is killed."""
    r = random.Random(seed)
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for k in range(n):
            path = Path(folder) / f"file{SUFFIXES[k % 2]}"
            if not path.exists():
                gf.save({"old": gf.full((3,), -1, dtype=gf.int64)}, path)
            child = subprocess.Popen([sys.executable, "-c", SAVING, str(path)], stdout=subprocess.PIPE)
            assert child.stdout
            child.stdout.readline()
            time.sleep(r.uniform(0.0, 0.1))
            child.kill()
            child.wait()
            child.stdout.close()
            found[state(path)] += 1
    print(f"{n} kills during save:", ", ".join(f"{count} {name}" for name, count in found.most_common()))
    return not set(found) - {"whole"}


def state(path: Path) -> str:
    """ "whole", if every part has the numbers of one save."""
    try:
        parts = gf.load(path)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "whole" if len({int(v) for t in parts.values() for v in np.unique(t.numpy())}) == 1 else "MIXED"
