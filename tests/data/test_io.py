"""gf.save and gf.load: what comes back, what is refused, and that a file is whole whenever the writer is killed."""

from __future__ import annotations

import io
import json
import math
import os
import pickle
import random
import socket
import struct
import subprocess
import sys
import zipfile
from collections import OrderedDict, namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradflow as gf
from gradflow import nn, optim
from gradflow._files import whole
from gradflow.errors import ArgumentError, DeviceError, FormatError

FORMATS = ["npz", "safetensors"]
Point = namedtuple("Point", "x y")


def path_of(folder: Path, kind: str) -> Path:
    if kind == "safetensors":
        pytest.importorskip("safetensors")
    return folder / f"file.{kind}"


def same(a: Any, b: Any) -> bool:
    """Equal in types, structure and numbers."""
    if isinstance(a, gf.Tensor):
        same_bits = a.to_numpy().tobytes() == b.to_numpy().tobytes()
        return (
            isinstance(b, gf.Tensor) and (a.dtype, a.shape, a.requires_grad) == (b.dtype, b.shape, b.requires_grad) and same_bits
        )
    if isinstance(a, np.ndarray):
        return type(b) is np.ndarray and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return (a == b) or (a != a and b != b)


# --- what comes back --------------------------------------------------------------------------------------------------------

DTYPES = ["float16", "float32", "float64", "complex64", "int8", "int16", "int32", "int64", "uint8", "bool"]


@pytest.mark.parametrize("kind", FORMATS)
def test_everything_comes_back(kind: str, tmp_path: Path) -> None:
    given = {
        "numbers": [0, -1, 2**200, 1.5, -0.0, 1e-320, math.inf, -math.inf, math.nan, True, False, None, 1 + 2j],
        "text": ["", "Grüße", "\0\n\"'", "\ud800"],
        "nested": {"a": {"b": ({"c": [()]}, [[]], {})}},
        "keys": {0: "int", "0": "str", None: 1, 2.5: 2, (1, "x"): 3, gf.device("cuda", 1): 4},
        "types": [gf.float32, np.dtype("int8"), gf.device("cpu")],
        "tensors": {d: gf.tensor(np.arange(6).reshape(2, 3), dtype=d) for d in DTYPES},
        "odd names": {"../x": gf.ones(1), "a/b": gf.ones(2), "": gf.ones(3), "a" * 500: gf.ones(4), "CON": gf.ones(5)},
        "shapes": [gf.tensor(3.0), gf.zeros(0), gf.zeros(3, 0, 2), gf.ones(2, 3).T, gf.arange(10)[::3], gf.arange(6.0).flip(0)],
        "asked": gf.ones(2, requires_grad=True),
        "array": np.arange(3.0)[::-1],
    }
    path = path_of(tmp_path, kind)
    gf.save(given, path)
    found = gf.load(path)
    for key in given:
        assert same(given[key], found[key]), key
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("value", [None, 3, "text", [], {}, (), [1, [2]], {"a": 1}])
def test_objects_without_tensors(value: Any, tmp_path: Path) -> None:
    gf.save(value, tmp_path / "x")
    assert same(gf.load(tmp_path / "x"), value)


def test_derived_classes_become_their_builtin_ones(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    gf.save([OrderedDict(a=1), Point(1, 2), np.float32(0.5), np.int64(3), np.bool_(True), np.complex64(1j)], path)
    assert same(gf.load(path), [{"a": 1}, (1, 2), 0.5, 3, True, 1j])
    p = nn.Parameter(gf.ones(2))
    gf.save([p, p * 2], path)
    leaf, result = gf.load(path)
    assert type(leaf) is gf.Tensor and leaf.requires_grad and not result.requires_grad and result.tolist() == [2, 2]


def test_one_tensor_twice_is_one_tensor(tmp_path: Path) -> None:
    shared = gf.arange(1000.0)
    gf.save({"a": shared, "b": [shared.detach()], "c": gf.arange(1000.0)}, tmp_path / "x")
    found = gf.load(tmp_path / "x")
    assert found["a"] is found["b"][0] and found["a"] is not found["c"]
    assert (tmp_path / "x").stat().st_size < 10_000


@pytest.mark.parametrize("kind", FORMATS)
def test_training_goes_on_as_if_it_had_never_stopped(kind: str, tmp_path: Path) -> None:
    def begin() -> tuple[Any, ...]:
        model = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 1))
        optimizer = optim.Adam(model.parameters(), lr=0.02, weight_decay=1e-3)
        return model, optimizer, optim.lr_scheduler.CosineAnnealingLR(optimizer, 20), gf.Generator().manual_seed(3)

    def run(model: Any, optimizer: Any, scheduler: Any, generator: Any, steps: int) -> list[float]:
        losses = []
        for _ in range(steps):
            x = gf.randn(16, 3, generator=generator, device="cpu").to(gf.get_default_device())
            loss = ((model(x) - x.sum(dim=1, keepdim=True)) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
        return losses

    parts = begin()
    run(*parts, 5)
    path = path_of(tmp_path, kind)
    model, optimizer, scheduler, generator = parts
    states = [model.state_dict(), optimizer.state_dict(), scheduler.state_dict(), generator.get_state()]
    gf.save({"parts": states, "all": [gf.random.states(), gf.get_rng_state()], "step": 5}, path)
    wanted = run(*parts, 5)

    gf.manual_seed(99)
    again = begin()
    found = gf.load(path)
    again[0].load_state_dict(found["parts"][0])
    again[1].load_state_dict(found["parts"][1])
    again[2].load_state_dict(found["parts"][2])
    again[3].set_state(found["parts"][3])
    gf.random.restore(found["all"][0])
    assert run(*again, 5) == wanted


def test_a_state_dict_is_a_plain_file(tmp_path: Path) -> None:
    model = nn.Linear(3, 2)
    gf.save(model.state_dict(), tmp_path / "w.npz")
    with np.load(tmp_path / "w.npz") as found:
        assert found.files == ["weight", "bias"]
        np.testing.assert_array_equal(found["weight"], model.weight.to_numpy())
    np.savez(tmp_path / "theirs.npz", **{"a/b": np.asfortranarray(np.arange(6).reshape(2, 3)), "c": np.array([1.5], ">f4")})
    found = gf.load(tmp_path / "theirs.npz")
    assert found["a/b"].tolist() == [[0, 1, 2], [3, 4, 5]] and found["c"].dtype == gf.float32 and found["c"].tolist() == [1.5]


def test_safetensors_of_others(tmp_path: Path) -> None:
    numpy = pytest.importorskip("safetensors.numpy")
    numpy.save_file({"w": np.ones((2, 2), np.float16)}, tmp_path / "x.safetensors", {"format": "pt"})
    found = gf.load(tmp_path / "x.safetensors")
    assert list(found) == ["w"] and found["w"].dtype == gf.float16
    gf.save(nn.Linear(1, 1).state_dict(), tmp_path / "y.safetensors")
    assert sorted(numpy.load_file(tmp_path / "y.safetensors")) == ["bias", "weight"]
    with pytest.raises(TypeError, match="complex128"):
        gf.save([gf.zeros(1, dtype=gf.complex128)], tmp_path / "z.safetensors")
    assert not (tmp_path / "z.safetensors").exists()


def test_without_the_package_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(ImportError, match=r"pip install 'gradflow-autograd\[safetensors\]'"):
        gf.save({}, tmp_path / "x.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_same_object_same_bytes_and_binary_files() -> None:
    one, other = io.BytesIO(), io.BytesIO()
    for file in (one, other):
        gf.save({"a": gf.arange(3), "b": 1}, file)
    assert one.getvalue() == other.getvalue()
    assert gf.load(one)["a"].tolist() == [0, 1, 2]


def test_devices(tmp_path: Path) -> None:
    gf.save([gf.ones(2)], tmp_path / "x")
    assert gf.load(tmp_path / "x")[0].device == gf.ones(1).device
    assert gf.load(tmp_path / "x", device="cpu")[0].device.type == "cpu"
    with pytest.raises(DeviceError):
        gf.load(tmp_path / "x", device="cuda:7")
    with pytest.raises(FileNotFoundError):
        gf.load(tmp_path / "nothing")


# --- what cannot be saved ---------------------------------------------------------------------------------------------------


def test_what_cannot_be_saved_is_named_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    gf.save("old", path)
    for value, words in [
        ({"model": nn.Linear(1, 1)}, r"obj\['model'\] is Linear.*state_dict\(\)"),
        ([1, {"g": gf.Generator()}], r"obj\[1\]\['g'\] is Generator.*get_state\(\)"),
        (lambda: 0, "obj is function"),
        ([{1, 2}], r"obj\[0\] is set"),
        ([np.array(["a"])], "array of <U1"),
        ([np.array([None])], "array of object"),
        ([np.dtype("O")], "obj"),
        ({b"x": 1}, "bytes"),
    ]:
        with pytest.raises(TypeError, match=words):
            gf.save(value, path)
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ArgumentError, match="contains itself"):
        gf.save(loop, path)
    assert gf.load(path) == "old" and [p.name for p in tmp_path.iterdir()] == ["x.npz"]


# --- foreign, cut short, crafted --------------------------------------------------------------------------------------------


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as z:
        for name, content in members.items():
            z.writestr(name, content)
    return file.getvalue()


def npy(array: Any, **changes: Any) -> bytes:
    """A .npy whose header may say what is not so."""
    array = np.asarray(array)
    file = io.BytesIO()
    header = np.lib.format.header_data_from_array_1_0(array) | changes
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + array.tobytes()


def table(value: Any, version: Any = 1) -> bytes:
    return json.dumps({"gradflow": version, "value": value}).encode()


class Bomb:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("pwned",)


def object_array() -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.array([Bomb()], object), allow_pickle=True)
    return file.getvalue()


def encrypted() -> bytes:
    raw = bytearray(archive({"a.npy": npy(1.0)}))
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    return bytes(raw)


def overlapping() -> bytes:
    """Many names for the same bytes."""
    raw = archive({"a.npy": npy(np.zeros(1000))})
    start = raw.index(b"PK\x01\x02")
    end = raw.index(b"PK\x05\x06")
    entries = b"".join(raw[start:end].replace(b"a.npy", f"{i}.npy".encode()) for i in range(3))
    return raw[:start] + entries + raw[end : end + 8] + struct.pack("<HHIIH", 3, 3, len(entries), start, 0)


CRAFTED = {
    "empty": (b"", "empty"),
    "text": (b"not a model at all", "neither"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "neither"),
    "pickle": (pickle.dumps(Bomb()), "pickle"),
    "torch": (archive({"archive/data.pkl": pickle.dumps(Bomb()), "archive/version": b"3"}), "PyTorch"),
    "objects": (archive({"a.npy": object_array()}), "objects"),
    "document": (archive({"word/document.xml": b"<x/>"}), "not an array"),
    "bomb": (archive({"a.npy": npy(np.zeros(10**6))}, zipfile.ZIP_DEFLATED), "compressed"),
    "overlapping": (overlapping(), "longer than the file"),
    "encrypted": (encrypted(), "encrypted"),
    "path up": (archive({"../a.npy": npy(1.0)}), "leads elsewhere"),
    "absolute path": (archive({"/etc/a.npy": npy(1.0)}), "leads elsewhere"),
    "backslash": (archive({"..\\a.npy": npy(1.0)}), "leads elsewhere"),
    "too few bytes": (archive({"a.npy": npy(1.0, shape=(2,))}), "says that it is"),
    "too many bytes": (archive({"a.npy": npy(np.ones(5), shape=(2,))}), "says that it is"),
    "huge": (archive({"a.npy": npy(1.0, shape=(2**40,))}), "says that it is"),
    "huge and empty": (archive({"a.npy": npy(np.ones(0), shape=(0, 2**62, 2**62))}), None),
    "negative": (archive({"a.npy": npy(1.0, shape=(-1, -1))}), "says that it is"),
    "text array": (archive({"a.npy": npy(np.array(["x"]))}), "not numbers"),
    "records": (archive({"a.npy": npy(np.zeros(1, [("x", "f4")]))}), "not numbers"),
    "long double": (archive({"a.npy": npy(np.zeros(1, "g"))}), "not numbers"),
    "dates": (archive({"a.npy": npy(np.zeros(1, "M8[s]"))}), "not numbers"),
    "code in the header": (
        archive({"a.npy": b"\x93NUMPY\x01\x00" + struct.pack("<H", 30) + b"__import__('os').mkdir('pwned')"}),
        None,
    ),
    "no header": (archive({"a.npy": b"xyz"}), None),
    "npy version": (archive({"a.npy": b"\x93NUMPY\x09\x00" + bytes(64)}), None),
    "table without array": (archive({"gradflow.json": table({"tensor": "a"})}), "lacks the array"),
    "array without table": (archive({"gradflow.json": table(1), "a.npy": npy(1.0)}), "does not name"),
    "no table": (archive({"gradflow.json": b"{}"}), "not gradflow's"),
    "no json": (archive({"gradflow.json": b"{"}), None),
    "deep json": (archive({"gradflow.json": b"[" * 200_000}), None),
    "newer": (archive({"gradflow.json": table(1, 2)}), "version 2"),
    "unknown word": (archive({"gradflow.json": table({"call": "os.system"})}), "no meaning"),
    "wrong part": (archive({"gradflow.json": table({"tuple": 3})}), "no meaning"),
    "empty word": (archive({"gradflow.json": table({})}), "no meaning"),
    "odd pairs": (archive({"gradflow.json": table({"dict": [[1]]})}), None),
    "list as key": (archive({"gradflow.json": table({"dict": [[[1], 2]]})}), None),
    "same key": (archive({"gradflow.json": table({"dict": [[1, 2], [1, 3]]})}), "twice"),
    "dtype": (archive({"gradflow.json": table({"dtype": "object"})}), None),
    "device": (archive({"gradflow.json": table({"device": "moon"})}), None),
    "grad of integers": (archive({"gradflow.json": table({"tensor": "a", "requires_grad": True}), "a.npy": npy(1)}), None),
}


@pytest.mark.parametrize("name", CRAFTED)
def test_crafted_files(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    content, words = CRAFTED[name]
    if name == "long double" and np.dtype("g").itemsize == 8:
        pytest.skip("there is no long double here")
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(FormatError, match=words) as caught:
        gf.load(tmp_path / "x.npz")
    assert "x.npz" in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["x.npz"]  # nothing was unpacked, nothing was run


def test_two_members_of_one_name(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(tmp_path / "x", "w") as z:
        z.writestr("a.npy", npy(1.0))
        z.writestr("a.npy", npy(2.0))
    with pytest.raises(FormatError, match="two members"):
        gf.load(tmp_path / "x")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_cut_short_anywhere_is_refused(kind: str, tmp_path: Path) -> None:
    path = path_of(tmp_path, kind)
    gf.save({"w": gf.arange(20.0), "step": 3, "more": [gf.ones(3)]}, path)
    content = path.read_bytes()
    for n in range(len(content)):
        path.write_bytes(content[:n])
        with pytest.raises(FormatError):
            gf.load(path)


def test_no_altered_byte_of_an_array_goes_unnoticed(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    gf.save({"w": gf.arange(20.0), "step": 3}, path)
    content = path.read_bytes()
    first = content.index(gf.arange(20.0).to_numpy().tobytes())
    refused = 0
    for i in range(len(content)):
        changed = bytearray(content)
        changed[i] ^= 0x41
        path.write_bytes(changed)
        try:
            found = gf.load(path)
        except FormatError:
            refused += 1
        else:  # a date, a version or the like
            assert found["step"] == 3 and found["w"].tolist() == list(range(20)), i
            assert not first <= i < first + 80
    assert refused > len(content) / 2


def altered(content: bytes, chance: random.Random) -> bytes:
    """The bytes of a file with something wrong: a few overwritten, zeroed, moved, put in or lost."""
    changed, n = bytearray(content), len(content)
    i, j, length = chance.randrange(n), chance.randrange(n), chance.randrange(1, 40)
    match chance.randrange(8):
        case 0:
            changed[i] ^= 1 << chance.randrange(8)
        case 1:
            for _ in range(chance.randrange(1, 9)):
                changed[chance.randrange(n)] = chance.randrange(256)
        case 2:
            changed[i], changed[j] = changed[j], changed[i]
        case 3:
            changed[i : i + length] = bytes(len(changed[i : i + length]))
        case 4:
            changed[i : i + length] = chance.randbytes(len(changed[i : i + length]))
        case 5:
            changed[i : i + length] = changed[j : j + length]
        case 6:
            changed[i:i] = chance.randbytes(length)
        case _:
            del changed[i : i + length]
    return bytes(changed)


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("kind", FORMATS)
def test_an_altered_file_gives_the_same_numbers_or_an_error(kind: str, plain: bool, tmp_path: Path) -> None:
    w, b = gf.arange(20.0), gf.ones(3, dtype=gf.float16)
    given: Any = {"weight": w, "bias": b} if plain else {"model": {"weight": w}, "step": 3, "more": [b, 1.5]}
    path, chance, refused = path_of(tmp_path, kind), random.Random(plain), 0
    gf.save(given, path)
    content = path.read_bytes()
    for i in range(1500):
        path.write_bytes(altered(content, chance))
        try:
            found = gf.load(path)
        except FormatError:
            refused += 1
        else:
            assert set(found) == set(given) and all(same(given[key], found[key]) for key in given), i
    assert refused > 1000


def test_a_safetensors_file_has_a_checksum_that_others_need_not_know(tmp_path: Path) -> None:
    numpy = pytest.importorskip("safetensors.numpy")
    w = np.arange(6, dtype=np.float32).reshape(2, 3)
    for given in ({"w": gf.tensor(w)}, {"model": {"w": gf.tensor(w)}, "step": 1}):
        path = tmp_path / "x.safetensors"
        gf.save(given, path)
        content = path.read_bytes()
        theirs = numpy.load_file(path)
        assert next(iter(theirs.values())).tolist() == w.tolist()
        gf.save(given, path)
        assert path.read_bytes() == content
        at = content.index(w.tobytes())
        path.write_bytes(content[: at + 4] + b"\0\0\0\x40" + content[at + 8 :])
        with pytest.raises(FormatError, match="checksum"):
            gf.load(path)
        path.write_bytes(content.replace(b'"gradflow":"', b'"gradflox":"'))
        with pytest.raises(FormatError, match="header was altered"):
            gf.load(path)
    # As files were before they had one, and as those of others are.
    table = {"gradflow": 1, "value": {"dict": [["w", {"tensor": "w"}], ["step", 3]]}}
    numpy.save_file({"w": w}, tmp_path / "old.safetensors", {"gradflow": json.dumps(table)})
    found = gf.load(tmp_path / "old.safetensors")
    assert found["step"] == 3 and found["w"].tolist() == w.tolist()
    numpy.save_file({"w": w}, tmp_path / "other.safetensors")
    assert gf.load(tmp_path / "other.safetensors")["w"].tolist() == w.tolist()


@pytest.mark.parametrize("kind", FORMATS)
def test_names_that_a_format_has_for_itself(kind: str, tmp_path: Path) -> None:
    path = path_of(tmp_path, kind)
    for given in ({"__metadata__": gf.ones(2), "w": gf.zeros(1)}, {"a": {"__metadata__": gf.ones(2)}}, {"__metadata__": 3}):
        gf.save(given, path)
        assert same(given, gf.load(path))
    gf.save({"gradflow": gf.ones(2), "gradflow.json": gf.zeros(1)}, path)
    assert sorted(gf.load(path)) == ["gradflow", "gradflow.json"]


# --- killed while writing ---------------------------------------------------------------------------------------------------

RANDOMLY = """
import os, random, signal, sys, time
import gradflow as gf

path, rounds = sys.argv[1], int(sys.argv[2])
tensors = lambda n: {"n": n, "w": [gf.full((200_000,), float(n)), gf.full((200_000,), float(n))]}
begun = time.monotonic()
for _ in range(3):
    gf.save(tensors(-1), path)
each = (time.monotonic() - begun) / 3
chance, leftovers, seen = random.Random(0), 0, set()
for i in range(rounds):
    child = os.fork()
    if child == 0:
        n = 1000 * i
        while True:
            gf.save(tensors(n), path)
            n += 1
    time.sleep(chance.uniform(0.0, 6 * each))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    found = gf.load(path)
    seen.add(found["n"])
    assert sorted(found) == ["n", "w"] and len(found["w"]) == 2
    for w in found["w"]:
        assert w.shape == (200_000,) and bool((w == found["n"]).all()), i
    left = set(os.listdir(os.path.dirname(path))) - {os.path.basename(path)}
    assert all(name.startswith(".") for name in left) and len(left) <= 1, left  # the next child has swept what there was
    leftovers += len(left)
gf.save("done", path)
assert os.listdir(os.path.dirname(path)) == [os.path.basename(path)]
print(leftovers, len(seen))
"""

AT_EACH_STEP = """
import os, signal, sys
import gradflow as gf

path = sys.argv[1]
for step in range(1, 100):
    gf.save("old", path)
    child = os.fork()
    if child == 0:
        calls = 0

        def dying(event, _):
            global calls
            if event in ("open", "os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.chmod", "shutil.copymode"):
                calls += 1
                if calls == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(dying)
        gf.save("new", path)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(gf.load(path), end=" ")
    gf.save("swept", path)
    assert os.listdir(os.path.dirname(path)) == [os.path.basename(path)], step
    if os.WIFEXITED(status):
        break
"""


def run(script: str, *arguments: Any) -> list[str]:
    """What a script prints in a process of its own, which may fork: this one has threads."""
    command = [sys.executable, "-W", "ignore", "-c", script, *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=120).stdout.split()


forks = pytest.mark.skipif(sys.platform != "linux", reason="a process that has started threads can be forked on Linux only")


@pytest.mark.slow
@forks
@pytest.mark.cpu_only("the writer is a process of its own")
@pytest.mark.parametrize("kind", FORMATS)
def test_killed_at_any_moment_the_file_is_whole(kind: str, tmp_path: Path) -> None:
    leftovers, seen = map(int, run(RANDOMLY, path_of(tmp_path, kind), 100))
    assert leftovers > 5 and seen > 5  # some were killed while they wrote, some between


@forks
@pytest.mark.cpu_only("the writer is a process of its own")
def test_killed_before_each_step_on_files(tmp_path: Path) -> None:
    """The writer dies just before it opens, moves or removes its 1st, 2nd, 3rd ... file."""
    outcomes = run(AT_EACH_STEP, tmp_path / "x.npz")
    assert len(outcomes) > 4 and outcomes[0] == "old" and outcomes[-1] == "new"
    assert sorted(outcomes, reverse=True) == outcomes


# --- files ------------------------------------------------------------------------------------------------------------------


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("old")
    path.chmod(0o640)
    with pytest.raises(KeyboardInterrupt), whole(path) as beside:
        beside.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old" and len(list(tmp_path.iterdir())) == 1
    link = tmp_path / "link"
    link.symlink_to(path)
    with whole(link) as beside:
        beside.write_text("new")
    assert link.is_symlink() and path.read_text() == "new" and path.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.name != "posix", reason="the kinds of files are those of POSIX")
def test_only_files_are_replaced(tmp_path: Path) -> None:
    fifo, folder, plug, link = (tmp_path / name for name in ("fifo", "folder", "socket", "link.npz"))
    os.mkfifo(fifo)
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as held:
        held.bind(str(plug))
        link.symlink_to(fifo)
        before = {p.name: (p.lstat().st_mode, p.lstat().st_ino) for p in tmp_path.iterdir()}
        for path, said in ((fifo, "FIFO"), (folder, "folder"), (plug, "socket"), (link, "FIFO"), (Path("/dev/full"), "device")):
            node = path.stat().st_mode, path.stat().st_rdev
            with pytest.raises(OSError, match=said) as told:
                gf.save([1], path)
            assert told.value.filename == str(path)
            with pytest.raises(OSError, match=said):
                gf.data.fetching.fetch("https://localhost/x", path, "0" * 64)
            assert (path.stat().st_mode, path.stat().st_rdev) == node
        assert {p.name: (p.lstat().st_mode, p.lstat().st_ino) for p in tmp_path.iterdir()} == before


def test_a_folder_that_is_missing_is_told_by_the_users_name(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "x.npz"
    with pytest.raises(FileNotFoundError, match="folder of this file") as told:
        gf.save(1, path)
    assert told.value.filename == str(path)
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(FileNotFoundError, match=r"where this link leads, .*missing"):
        gf.save(1, link)
    (tmp_path / "missing").mkdir()
    gf.save(1, link)
    assert link.is_symlink() and gf.load(path) == 1
    with pytest.raises(TypeError, match=r"save\(obj, f\): f is a path or a binary file, not dict"):
        gf.save("x.npz", {"a": 1})


@pytest.mark.skipif(os.name != "posix", reason="what locks a folder is POSIX's")
def test_what_a_killed_writer_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.npz"
    foreign = [".b.npz.1-00000000.part", ".a.npz.x.1-00000000.part", "a.npz.1-00000000.part", ".a.npz.1-0000.part", ".a.npz.part"]
    for name in (*foreign, ".a.npz.1-00000000.part", f".a.npz.{os.getpid()}-0000000a.part"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.npz").write_text("half")
    (tmp_path / ".a.npz.1-00000001.part").write_text("a file")
    (tmp_path / ".a.npz.1-00000002.part").symlink_to(tmp_path / foreign[0])
    with whole(target) as beside:  # as another process that writes the same file at this moment
        beside.write_text("first")
        gf.save("second", target)
        assert beside.read_text() == "first"
    assert target.read_text() == "first"
    kept = {*foreign, ".a.npz.1-00000001.part", ".a.npz.1-00000002.part", "a.npz"}
    assert {p.name for p in tmp_path.iterdir()} == kept
    assert (tmp_path / foreign[0] / "a.npz").read_text() == "half"


def test_names_as_long_as_the_disk_takes(tmp_path: Path) -> None:
    for name in ("a" * 255, "数" * 85):
        gf.save(name, tmp_path / name)
        assert gf.load(tmp_path / name) == name
    assert len(list(tmp_path.iterdir())) == 2
