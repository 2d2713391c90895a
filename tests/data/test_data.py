"""Datasets, batches, the real sets, and files that are fetched from a server."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.server
import os
import struct
import subprocess
import sys
import threading
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from counting import calls_in

import gradflow as gf
from gradflow import data
from gradflow.data import fetching, images
from gradflow.data.datasets import default_collate
from gradflow.errors import ArgumentError, DeviceError, DownloadError, DTypeError, FormatError, ShapeError

Pair = namedtuple("Pair", "x y")


def points(n: int = 10) -> data.TensorDataset:
    return data.TensorDataset(gf.arange(2.0 * n).reshape(n, 2), gf.arange(n))


# --- datasets ---------------------------------------------------------------------------------------------------------------


def test_tensor_dataset() -> None:
    d = points()
    x, y = d[3]
    assert len(d) == 10 and x.tolist() == [6, 7] and y.item() == 3
    assert [t.tolist() for t in d.take(gf.tensor([9, 0]))] == [[[18, 19], [0, 1]], [9, 0]]
    assert d.device == gf.ones(1).device and repr(d) == "TensorDataset(float32 (10, 2), int64 (10,))"
    one = data.TensorDataset(np.arange(3))
    assert len(one) == 3 and one[1][0].item() == 1 and repr(one) == "TensorDataset(int64 (3,))"
    for wrong, error in (((), ArgumentError), ((gf.ones(2), gf.ones(3)), ShapeError), ((gf.tensor(1.0),), ShapeError)):
        with pytest.raises(error, match="TensorDataset"):
            data.TensorDataset(*wrong)
    w = gf.ones(4, requires_grad=True)
    (batch,) = data.TensorDataset(w).take(gf.tensor([1, 1]))
    batch.sum().backward()
    assert w.grad.tolist() == [0, 2, 0, 0]


def test_samples_have_names() -> None:
    x, y = np.ones((3, 2), "f4"), np.array([0, 1, 1])
    named = data.Samples(x, y, "points", np.array(["width", "height"]), ["red", "blue"])
    assert named.x is named.tensors[0] and named.y is named.tensors[1] and named.y.tolist() == [0, 1, 1]
    assert (named.name, named.feature_names, named.target_names) == ("points", ("width", "height"), ("red", "blue"))
    assert repr(named) == "points: 3 examples, x float32 (3, 2), y int64 (3,), 2 classes"
    plain = data.Samples(x, y)
    assert (plain.name, plain.feature_names, plain.target_names) == ("samples", (), ())
    assert repr(plain) == "samples: 3 examples, x float32 (3, 2), y int64 (3,)"


@pytest.mark.stand_in
def test_tensors_on_two_devices_are_no_dataset() -> None:
    with pytest.raises(DeviceError, match=r"lie on cpu, cuda:0, not on one device"):
        data.TensorDataset(gf.ones(2, device="cpu"), gf.ones(2))


def test_subset() -> None:
    part = data.Subset(points(), [-1, 2, 2])
    assert len(part) == 3 and part[0][1].item() == 9 and part[-1][1].item() == 2
    assert data.Subset(part, gf.tensor([1, 0])).take(gf.tensor([0, 1]))[1].tolist() == [2, 9]
    assert data.Subset([10, 20, 30], range(2)).take(gf.tensor([1])).tolist() == [20]
    for indices in ([10], [-11]):
        with pytest.raises(IndexError, match="10 examples"):
            data.Subset(points(), indices)
    with pytest.raises(DTypeError):
        data.Subset(points(), [0.5])
    assert len(data.Subset(points(), [])) == 0


@pytest.mark.parametrize(
    ("lengths", "sizes"),
    [
        ([7, 3], [7, 3]),
        ([0.7, 0.3], [7, 3]),
        ([0.25, 0.25, 0.5], [3, 2, 5]),
        ([0.1] * 10, [1] * 10),
        ([10, 0], [10, 0]),
        ([1.0], [10]),
    ],
)
def test_random_split(lengths: list[float], sizes: list[int]) -> None:
    parts = data.random_split(points(), lengths, gf.Generator().manual_seed(1))
    assert [len(p) for p in parts] == sizes
    held = [int(i) for p in parts for i in p.indices]
    assert sorted(held) == list(range(10))
    again = data.random_split(points(), lengths, gf.Generator().manual_seed(1))
    assert [p.indices.tolist() for p in parts] == [p.indices.tolist() for p in again]


@pytest.mark.parametrize("lengths", [[5, 4], [0.5, 0.4], [-1, 11], [2.5, 7.5], [True, 9], ["a"]])
def test_random_split_refuses(lengths: list[Any]) -> None:
    with pytest.raises(ArgumentError, match="random_split"):
        data.random_split(points(), lengths)


# --- collating --------------------------------------------------------------------------------------------------------------


def test_collate() -> None:
    made = default_collate([{"a": (1, gf.ones(2)), "b": "x"}, {"a": (2, gf.zeros(2)), "b": "y"}])
    assert made["b"] == ["x", "y"] and made["a"][0].tolist() == [1, 2] and made["a"][1].tolist() == [[1, 1], [0, 0]]
    assert type(default_collate([Pair(1, 2), Pair(3, 4)])) is Pair and type(default_collate([[1, 2]])) is list
    kinds = [(True, gf.bool), (1, gf.int64), (0.5, gf.float32), (1j, gf.complex64), (np.float64(1), gf.float64)]
    for value, dtype in [*kinds, (np.int8(1), gf.int8)]:
        assert default_collate([value, value]).dtype == dtype, value
    assert default_collate([np.ones((2, 3))] * 4).shape == (4, 2, 3)
    for wrong in ([gf.ones(2), gf.ones(3)], [np.ones(2), np.ones(3)], [(1, 2), (1,)]):
        with pytest.raises(ShapeError):
            default_collate(wrong)
    with pytest.raises(TypeError, match="object"):
        default_collate([object()])


# --- loader -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 3, 5, 10, 11])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("shuffle", [False, True])
def test_loader_hands_out_every_example_once(size: int, drop_last: bool, shuffle: bool) -> None:
    loader = data.DataLoader(points(), size, shuffle, drop_last=drop_last)
    batches = list(loader)
    assert len(batches) == len(loader) == (10 // size if drop_last else -(-10 // size))
    assert all(len(y) == size for _, y in batches[:-1])
    found = [i for _, y in batches for i in y.tolist()]
    assert len(set(found)) == len(found) == (10 // size * size if drop_last else 10)
    assert shuffle or found == list(range(len(found)))
    assert all((x[:, 0] == 2 * y).all() for x, y in batches)


def test_order_is_new_in_every_pass_and_the_same_for_the_same_generator() -> None:
    def orders(generator: gf.Generator | None) -> list[list[int]]:
        loader = data.DataLoader(points(50), 50, shuffle=True, generator=generator)
        return [next(iter(loader))[1].tolist() for _ in range(2)]

    one, other = orders(gf.Generator().manual_seed(5)), orders(gf.Generator().manual_seed(5))
    assert one == other and one[0] != one[1] and orders(gf.Generator().manual_seed(6)) != one
    gf.manual_seed(1)
    first = orders(None)
    gf.manual_seed(1)
    assert orders(None) == first


def test_a_batch_is_a_copy() -> None:
    d = points()
    for x, _ in data.DataLoader(d, 10):
        x.zero_()
    assert d.tensors[0].sum().item() == 190


def test_loader_of_other_datasets() -> None:
    class Squares(data.Dataset):
        def __len__(self) -> int:
            return 5

        def __getitem__(self, index: int) -> Any:
            return {"i": index, "square": gf.tensor([index**2])}

    (batch,) = data.DataLoader(Squares(), 5)
    assert batch["square"].tolist() == [[0], [1], [4], [9], [16]]
    assert [b.tolist() for b in data.DataLoader([1.5, 2.5, 3.5], 2)] == [[1.5, 2.5], [3.5]]
    assert list(data.DataLoader(points(4), 2, collate_fn=lambda batch: [y.item() for _, y in batch])) == [[0, 1], [2, 3]]
    part = data.random_split(points(), [6, 4])[0]
    assert sorted(i for _, y in data.DataLoader(part, 4, shuffle=True) for i in y.tolist()) == sorted(part.indices.tolist())
    assert list(data.DataLoader([], 3)) == [] and len(data.DataLoader([], 3)) == 0
    bare = data.Dataset()
    with pytest.raises(NotImplementedError, match="__len__"):
        len(bare)
    with pytest.raises(NotImplementedError, match="__getitem__"):
        bare[0]


class Lines(gf.data.IterableDataset):
    def __init__(self, count: int) -> None:
        self.count = count

    def __iter__(self) -> Any:
        for i in range(self.count):
            yield {"x": gf.full((2,), float(i)), "name": f"line {i}"}


def test_examples_that_are_iterated() -> None:
    loader = gf.data.DataLoader(Lines(5), batch_size=2)
    for _ in range(2):  # every pass begins anew
        batches = list(loader)
        assert [b["x"].tolist() for b in batches] == [[[0, 0], [1, 1]], [[2, 2], [3, 3]], [[4, 4]]]
        assert batches[1]["name"] == ["line 2", "line 3"]
    assert [len(b["name"]) for b in gf.data.DataLoader(Lines(5), batch_size=2, drop_last=True)] == [2, 2]
    assert list(gf.data.DataLoader(Lines(0))) == []
    assert [b.tolist() for b in gf.data.DataLoader({3}, batch_size=2)] == [[3]]
    assert list(gf.data.DataLoader(Lines(3), batch_size=3, collate_fn=len)) == [3]
    with pytest.raises(TypeError, match="len"):
        len(loader)

    class Counted(Lines):
        def __len__(self) -> int:
            return self.count

    assert len(gf.data.DataLoader(Counted(5), batch_size=2)) == 3 and len(list(gf.data.DataLoader(Counted(5), 2))) == 3
    with pytest.raises(ArgumentError, match="shuffle"):
        gf.data.DataLoader(Counted(5), shuffle=True)
    for wrong in (iter([1, 2]), 5, None):
        with pytest.raises(TypeError, match="DataLoader"):
            gf.data.DataLoader(wrong)
    with pytest.raises(NotImplementedError, match="__iter__"):
        next(iter(gf.data.DataLoader(gf.data.IterableDataset())))


def test_iterated_examples_come_to_a_device() -> None:
    device = gf.get_default_device()
    loader = gf.data.DataLoader(Lines(5), batch_size=2, device=device)
    assert [b["x"].device for b in loader] == [gf.ones(1).device] * 3


def test_gradients_go_through_a_loader_that_brings_batches_to_a_device() -> None:
    x = gf.arange(5.0).requires_grad_()
    for k, (part, y) in enumerate(gf.data.DataLoader(gf.data.TensorDataset(x, gf.arange(5)), 2, device=x.device)):
        assert part.requires_grad and not y.requires_grad and y.tolist() == [0, 1, 2, 3, 4][2 * k : 2 * k + 2]
        (part * (k + 1)).sum().backward()
    assert x.grad.tolist() == [1, 1, 2, 2, 3]


def test_loader_refuses() -> None:
    for size in (0, -1, 2.5, True, None):
        with pytest.raises(ArgumentError, match="batch_size"):
            data.DataLoader(points(), size)
    with pytest.raises(TypeError, match="dataset"):
        data.DataLoader(iter([1]))
    with pytest.raises(TypeError, match="generator"):
        data.DataLoader(points(), generator=3)
    with pytest.raises(DeviceError):
        list(data.DataLoader(points(), device="cuda:7"))


@pytest.mark.parametrize("source", ["cpu", "default"])
def test_batches_are_brought_to_the_device(source: str) -> None:
    where = gf.get_default_device()
    with gf.device("cpu" if source == "cpu" else where):
        d = data.TensorDataset(gf.arange(20.0).reshape(10, 2), gf.arange(10), gf.zeros(10, 0), gf.ones(10) > 0)
    kept = list(data.DataLoader(d, 3, device=where))
    assert [y.tolist() for _, y, *_ in kept] == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]
    for x, y, empty, flag in kept:
        assert {t.device for t in (x, y, empty, flag)} == {gf.ones(1).device}
        assert x[:, 0].tolist() == (2 * y).tolist() and empty.shape == (len(y), 0) and flag.all()
    assert all(y.device.type == "cpu" for _, y in data.DataLoader(points(), 4, device="cpu"))
    words = data.DataLoader([("a", 1), ("b", 2)], 2, device=where)
    assert [(w, n.tolist()) for w, n in words] == [(["a", "b"], [1, 2])]
    half = iter(data.DataLoader(d, 2, device=where))
    next(half)
    del half  # broken off, with a batch under way


@pytest.mark.stand_in
def test_sending_ahead_does_not_wait_for_the_device() -> None:
    import cupy_stand_in

    with gf.device("cpu"):
        d = data.TensorDataset(gf.arange(40.0).reshape(20, 2), gf.arange(20))
    batches = iter(data.DataLoader(d, 10, device="cuda"))
    with cupy_stand_in.no_waits():
        one, other = next(batches), next(batches)
    assert [y.tolist() for _, y in (one, other)] == [list(range(10)), list(range(10, 20))]


def test_a_batch_of_rows_takes_no_loop_over_examples() -> None:
    calls = [calls_in(lambda n=n: list(data.DataLoader(points(n), n // 10, shuffle=True))) for n in (1_000, 100_000)]
    assert calls[1] < calls[0] + 100


def test_batch_sizes_of_the_chapter_all_descend() -> None:
    x = gf.linspace(-1, 1, 32).reshape(-1, 1)
    for size in (32, 8, 1):
        model = gf.nn.Linear(1, 1)
        optimizer = gf.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(20):
            for inputs, wanted in data.DataLoader(data.TensorDataset(x, 3 * x + 1), size, shuffle=True):
                optimizer.zero_grad()
                ((model(inputs) - wanted) ** 2).mean().backward()
                optimizer.step()
        assert ((model(x) - 3 * x - 1) ** 2).mean().item() < 1


# --- scikit-learn's sets ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [
        ("digits", (1797, 64), 10),
        ("breast_cancer", (569, 30), 2),
        ("diabetes", (442, 10), 0),
        ("iris", (150, 4), 3),
        ("wine", (178, 13), 3),
    ],
)
def test_real_sets(name: str, shape: tuple[int, ...], classes: int) -> None:
    sets = pytest.importorskip("sklearn.datasets", exc_type=ImportError)
    found = getattr(data, name)()
    theirs = getattr(sets, f"load_{name}")()
    assert found.x.shape == shape and found.x.dtype == gf.float32 and len(found.feature_names) == shape[1]
    np.testing.assert_allclose(found.x.to_numpy(), theirs.data, rtol=1e-6)
    assert found.y.to_numpy().tolist() == theirs.target.tolist()
    assert len(found.target_names) == classes and found.y.dtype == (gf.int64 if classes else gf.float32)
    assert all(type(n) is str for n in found.feature_names + found.target_names)
    assert f"{name}: {shape[0]} examples" in repr(found)
    assert getattr(data, name)(dtype=gf.float64, device="cpu").x.device.type == "cpu"
    x, y = next(iter(data.DataLoader(found, 5)))
    assert x.shape == (5, shape[1]) and y.shape == (5,)


def test_without_scikit_learn_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match=r"pip install 'gradflow-autograd\[demo\]'"):
        data.iris()


def test_importing_gradflow_imports_neither_data_nor_io() -> None:
    code = (
        "import sys, gradflow as gf; print({'gradflow.data', 'gradflow.io', 'zipfile'} & {*sys.modules}); gf.data, gf.io, gf.save"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert found.strip() == "set()"
    with pytest.raises(AttributeError, match="nothing"):
        gf.nothing
    assert {"data", "io", "save", "load"} <= set(gf.__all__)


# --- IDX --------------------------------------------------------------------------------------------------------------------


def idx(array: np.ndarray) -> bytes:
    code = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}[array.dtype.str[1:]]
    head = struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), (0, 5), ()])
def test_idx_round_trip(dtype: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    for name, content in (("x", idx(array)), ("x.gz", gzip.compress(idx(array)))):
        (tmp_path / name).write_bytes(content)
        found = data.read_idx(tmp_path / name)
        assert found.dtype == array.dtype and found.shape == shape and (found == array).all()


def test_altered_idx_files_are_refused(tmp_path: Path) -> None:
    plain = idx(np.arange(50, dtype="u1").reshape(10, 5))
    packed = gzip.compress(plain, mtime=0)
    wrong = {f"cut{n}": plain[:n] for n in range(len(plain))} | {f"cut{n}.gz": packed[:n] for n in range(len(packed))}
    wrong |= {"longer": plain + b"\0", "longer.gz": gzip.compress(plain + b"\0"), "plain.gz": plain, "text": b"<html>"}
    wrong |= {"type": b"\0\0\x07\x01" + plain[4:], "huge": struct.pack(">HBBII", 0, 8, 2, 2**31, 2**31) + bytes(8)}
    for i in range(10, len(packed)):  # the first ten bytes are a header with a date
        changed = bytearray(packed)
        changed[i] ^= 0x10
        wrong[f"changed{i}.gz"] = bytes(changed)
    for name, content in wrong.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FormatError, match=name):
            data.read_idx(tmp_path / name)


# --- downloads --------------------------------------------------------------------------------------------------------------


class Server(http.server.ThreadingHTTPServer):
    """Serves ``files``; ``faults`` says what goes wrong with the next answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.faults: list[str] = []
        self.asked: list[tuple[str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append((self.path, wanted))
        fault = self.server.faults.pop(0) if self.server.faults else ""
        content = self.server.files.get(self.path.lstrip("/"))
        if content is None or fault == "missing":
            self.send_error(404)
            return
        start = 0
        if wanted and fault != "no ranges":
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        body = content[start:]
        if fault == "altered":
            body = bytes(len(body))
        if fault == "endless":
            body += bytes(1 << 20)
        if fault not in ("no length", "endless"):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if fault == "broken off" else body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


BODY = np.random.default_rng(0).bytes(300_000)
SUM = hashlib.sha256(BODY).hexdigest()


def get(server: Server, path: Path, **more: Any) -> Path:
    server.files["f"] = BODY
    return fetching.fetch(server.url + "f", path, SUM, len(BODY), progress=False, **more)


def test_fetch_once(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "f"
    assert get(server, path) == path and path.read_bytes() == BODY and os.listdir(path.parent) == ["f"]
    get(server, path)
    assert server.asked == [("/f", None)]
    path.write_bytes(BODY[:-1] + b"x")  # altered here: fetched anew
    assert get(server, path).read_bytes() == BODY and len(server.asked) == 2


def test_what_broke_off_is_resumed(server: Server, tmp_path: Path) -> None:
    server.faults = ["broken off"]
    assert get(server, tmp_path / "f").read_bytes() == BODY
    assert server.asked == [("/f", None), ("/f", "bytes=150000-")]
    server.asked.clear()
    server.faults = ["broken off"] * 3
    with pytest.raises(DownloadError, match="is kept"):
        get(server, tmp_path / "g")
    assert not (tmp_path / "g").exists() and (tmp_path / "g.part").stat().st_size == 262_500
    assert get(server, tmp_path / "g").read_bytes() == BODY  # in the next call
    assert server.asked[-1] == ("/f", "bytes=262500-") and sorted(os.listdir(tmp_path)) == ["f", "g"]


@pytest.mark.parametrize("left", [BODY[:1000], b"x" * 1000, b"x" * len(BODY), b"x" * (len(BODY) + 5), BODY])
@pytest.mark.parametrize("fault", ["", "no ranges", "no length"])
def test_whatever_lies_there_from_before(left: bytes, fault: str, server: Server, tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(left)
    server.faults = [fault]
    assert get(server, tmp_path / "f").read_bytes() == BODY and os.listdir(tmp_path) == ["f"]
    server.files["f"] = BODY
    (tmp_path / "h.part").write_bytes(left)
    fetching.fetch(server.url + "f", tmp_path / "h", SUM, progress=False)  # of unknown length
    assert (tmp_path / "h").read_bytes() == BODY


def test_an_altered_file_is_refused(server: Server, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"old")
    for fault, words in (("altered", "checksum"), ("endless", "longer than"), ("missing", "404")):
        server.faults = [fault] * 5
        with pytest.raises(DownloadError, match=words):
            get(server, tmp_path / "f")
        server.faults.clear()
        assert (tmp_path / "f").read_bytes() == b"old"
    server.files["long"] = BODY * 2
    with pytest.raises(DownloadError, match="it would be 600,000 bytes"):
        fetching.fetch(server.url + "long", tmp_path / "f", SUM, len(BODY), progress=False)
    assert (tmp_path / "f.part").stat().st_size == 0  # nothing of it is kept for the next call


def test_a_server_that_goes_on_with_another_file_is_asked_for_all_of_it_once(server: Server, tmp_path: Path) -> None:
    (tmp_path / "g.part").write_bytes(b"another begin")
    server.files["g"] = BODY[:-1] + b"x"
    with pytest.raises(DownloadError, match="checksum"):
        fetching.fetch(server.url + "g", tmp_path / "g", SUM, progress=False)
    assert server.asked == [("/g", "bytes=13-"), ("/g", None)]


def test_what_another_process_has_fetched_meanwhile_is_taken(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextlib.contextmanager
    def waited(file: Any) -> Any:
        (tmp_path / "f").write_bytes(BODY)
        yield

    monkeypatch.setattr(fetching, "_alone", waited)
    assert get(server, tmp_path / "f").read_bytes() == BODY
    assert server.asked == [] and os.listdir(tmp_path) == ["f"]


def test_the_next_mirror_is_asked(server: Server, tmp_path: Path) -> None:
    server.files["f"] = BODY
    urls = [server.url + "nothing", "http://127.0.0.1:9/f", server.url + "f"]
    fetching.fetch(urls, tmp_path / "f", SUM, progress=False)
    assert (tmp_path / "f").read_bytes() == BODY
    with pytest.raises(DownloadError, match=r"nothing: the server says 404[^\n]*\n.*:9/f: "):
        fetching.fetch(urls[:2], tmp_path / "g", SUM, progress=False)
    for url in ("file:///etc/passwd", "ftp://x/y", "/etc/passwd"):
        with pytest.raises(ArgumentError, match="http"):
            fetching.fetch(url, tmp_path / "g", SUM)


@pytest.mark.skipif(sys.platform == "win32", reason="turns are taken where flock is")
def test_a_platform_without_locks_fetches_all_the_same(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.files["f"] = BODY
    monkeypatch.setitem(sys.modules, "fcntl", None)
    path = fetching.fetch(server.url + "f", tmp_path / "f", SUM, len(BODY), progress=False)
    assert path.read_bytes() == BODY and not (tmp_path / "f.part").exists()


def test_processes_that_fetch_the_same_file_take_turns(server: Server, tmp_path: Path) -> None:
    threads = [threading.Thread(target=get, args=(server, tmp_path / "f")) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert (tmp_path / "f").read_bytes() == BODY and os.listdir(tmp_path) == ["f"] and len(server.asked) == 1


def test_a_bar_where_tqdm_is(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[int] = []

    class Bar:
        def __init__(self, **options: Any) -> None:
            assert options["total"] == len(BODY) and options["initial"] == 0 and options["desc"] == "f"

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: Any) -> None:
            pass

        def update(self, n: int) -> None:
            moved.append(n)

    monkeypatch.setitem(sys.modules, "tqdm", type(sys)("tqdm"))
    monkeypatch.setattr(sys.modules["tqdm"], "tqdm", Bar, raising=False)
    server.files["f"] = BODY
    fetching.fetch(server.url + "f", tmp_path / "f", SUM)
    assert sum(moved) == len(BODY)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    fetching.fetch(server.url + "f", tmp_path / "g", SUM)


def test_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GRADFLOW_DATA", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(fetching.sys, "platform", "linux")
    assert data.cache_folder() == Path.home() / ".cache" / "gradflow"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert data.cache_folder() == tmp_path / "gradflow"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # which the standard says to ignore
    assert data.cache_folder() == Path.home() / ".cache" / "gradflow"
    monkeypatch.setattr(fetching.sys, "platform", "darwin")
    assert data.cache_folder() == Path.home() / "Library" / "Caches" / "gradflow"
    monkeypatch.setenv("GRADFLOW_DATA", str(tmp_path / "own"))
    assert data.cache_folder() == tmp_path / "own"


# --- MNIST ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def small(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> images.Collection:
    """A set like MNIST with 20 + 10 images, on the server."""
    rng = np.random.default_rng(0)
    files = {}
    for part, n in (("train", 20), ("t10k", 10)):
        pixels, labels = rng.integers(0, 256, (n, 28, 28), np.uint8), rng.integers(0, 10, n, np.uint8)
        for name, array in ((f"{part}-images-idx3-ubyte.gz", pixels), (f"{part}-labels-idx1-ubyte.gz", labels)):
            server.files[name] = gzip.compress(idx(array))
            files[name] = hashlib.sha256(server.files[name]).hexdigest(), len(server.files[name])
    monkeypatch.setenv("GRADFLOW_DATA", str(tmp_path))
    made = images.Collection("mnist", (server.url,), files, tuple("0123456789"))
    monkeypatch.setattr(images, "MNIST", made)
    monkeypatch.setattr(images, "FASHION_MNIST", made)
    return made


def test_mnist(small: images.Collection, server: Server, tmp_path: Path) -> None:
    found = data.mnist(progress=False)
    assert found.x.shape == (20, 1, 28, 28) and found.x.dtype == gf.float32 and found.y.dtype == gf.int64
    pixels = np.frombuffer(gzip.decompress(server.files["train-images-idx3-ubyte.gz"])[16:], np.uint8)
    np.testing.assert_array_equal(found.x.to_numpy().ravel(), pixels.astype(np.float32) / np.float32(255))
    assert found.target_names[3] == "3" and len(os.listdir(tmp_path / "mnist")) == 2 and found.device == gf.ones(1).device
    asked = len(server.asked)
    assert len(data.mnist(train=False, progress=False)) == 10 and len(server.asked) == asked + 2
    again = data.mnist(download=False, dtype=gf.float64, device="cpu")
    assert again.x.dtype == gf.float64 and again.x.device.type == "cpu" and len(server.asked) == asked + 2
    assert len(data.fashion_mnist(folder=tmp_path / "mnist", mirrors=[], progress=False)) == 20


def test_altered_or_missing_mnist_is_refused(small: images.Collection, server: Server, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="download=True"):
        data.mnist(download=False)
    data.mnist(progress=False)
    packed = tmp_path / "mnist" / "train-labels-idx1-ubyte.gz"
    content = packed.read_bytes()
    for wrong in (content[:-3], content[:20] + b"\0" + content[21:]):
        packed.write_bytes(wrong)
        with pytest.raises(FormatError, match="altered or cut short"):
            data.mnist(download=False)
    server.files[packed.name] = content[:-3]
    with pytest.raises(DownloadError, match="checksum"):
        data.mnist(progress=False)
    server.files[packed.name] = content
    assert len(data.mnist(progress=False)) == 20


def test_unpacked_files_and_those_that_do_not_go_together(small: images.Collection, tmp_path: Path) -> None:
    def write(pixels: Any, labels: Any) -> None:
        (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(np.asarray(pixels)))
        (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.asarray(labels)))

    good = np.zeros((3, 28, 28), np.uint8)
    write(good, np.array([1, 2, 3], np.uint8))
    assert data.mnist(folder=tmp_path, download=False).y.tolist() == [1, 2, 3]
    for pixels, labels in (
        (good, np.zeros(2, np.uint8)), (good[0], np.zeros(3, np.uint8)), (good.astype("f4"), np.zeros(3, np.uint8)),
        (good, np.array([1, 2, 10], np.uint8)),
    ):  # fmt: skip
        write(pixels, labels)
        with pytest.raises(FormatError, match="mnist"):
            data.mnist(folder=tmp_path, download=False)


def test_the_published_checksums_are_whole() -> None:
    for collection in (images.MNIST, images.FASHION_MNIST):
        assert len(collection.files) == 4 and len(collection.target_names) == 10
        assert all(len(bytes.fromhex(digest)) == 32 and size > 1000 for digest, size in collection.files.values())
        assert all(m.startswith("http") and m.endswith("/") for m in collection.mirrors)
    totals = [sum(size for _, size in c.files.values()) for c in (images.MNIST, images.FASHION_MNIST)]
    assert totals == [11_594_722, 30_878_645]  # bytes, as published
