"""Saving and loading without pickle: ``gf.save`` and ``gf.load``.

A file is a ``.npz``: a zip archive with a ``.npy`` for each tensor, which ``numpy.load`` reads too, and ``gradflow.json``, which
says how they are nested.  With ``pip install 'gradflow-autograd[safetensors]'`` it may be a ``.safetensors`` with that text in
its header, and a checksum of all that it holds, as a zip archive has by itself.  Neither can hold anything but numbers and text,
so loading a file runs no code, whoever wrote it.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ._creation import as_tensor
from ._files import whole
from ._tensor import Tensor
from .backend import device as Device
from .backend import dtypes
from .errors import ArgumentError, FormatError
from .typing import DeviceLike

__all__ = ["load", "save"]

_TABLE = "gradflow.json"
_KEY = "gradflow"  # of a .safetensors file's metadata
_VERSION = 1
_PLAIN_NAME = re.compile(r"\w[\w.-]*", re.ASCII)
_DTYPES = {str(np.dtype(c)): np.dtype(c) for c in "?bhiqBHIQefdFD"}


def save(obj: Any, f: str | os.PathLike[str] | BinaryIO) -> None:
    """Write ``obj`` to a file without pickle: nested dicts, lists and tuples of tensors, arrays, numbers, text and None.

    Dtypes and devices are taken too.  Classes derived from dict, list and tuple become dict, list and tuple, NumPy's numbers
    Python's, Parameters tensors that require grad; of a tensor's graph nothing is kept.  A tensor that occurs twice is one tensor
    again when it is loaded.  A dict of nothing but named tensors, as of ``state_dict()``, is a plain file of these.

    Parameters
    ----------
    obj : dict, list, tuple, Tensor, array, number, str or None
        What to write.  Of modules, optimizers and schedulers it is ``state_dict()``, of generators ``get_state()``.
    f : str, path or binary file
        Where to.  A path that ends in ".safetensors" gives that format (and needs the package), anything else a ``.npz``.  At a
        path the new file takes the place of the old one in one step, when it is whole and on the disk; a symbolic link stays,
        and the file that it leads to is replaced.

    Raises
    ------
    TypeError
        When there is anything else in `obj`; it says where.
    ArgumentError
        When `obj` contains itself.
    OSError
        When the path is a folder, a device, a FIFO or a socket; nothing is changed.

    Examples
    --------
    >>> import gradflow as gf, os, tempfile
    >>> model = gf.nn.Linear(2, 1)
    >>> optimizer = gf.optim.Adam(model.parameters())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "training.npz")
    ...     gf.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": 3}, path)
    ...     found = gf.load(path)
    >>> sorted(found), found["step"]
    (['model', 'optimizer', 'step'], 3)
    >>> model.load_state_dict(found["model"])
    LoadedKeys(missing_keys=[], unexpected_keys=[])
    """
    if not isinstance(f, str | os.PathLike) and not hasattr(f, "write"):
        raise TypeError(f"save(obj, f): f is a path or a binary file, not {type(f).__name__}; the object comes first")
    safetensors = isinstance(f, str | os.PathLike) and Path(f).suffix == ".safetensors"
    writer = _Writer(reserved=("__metadata__",) if safetensors else ())
    try:
        value = writer.encode(obj, ())
    except RecursionError:
        raise ArgumentError("save: the object is nested too deep, or contains itself") from None
    table = {"gradflow": _VERSION} | ({} if writer.is_plain(obj) else {"value": value})
    text = json.dumps(table) if "value" in table else None
    if not isinstance(f, str | os.PathLike):
        _write_npz(f, writer.arrays, text)
        return
    with whole(f) as beside:
        if safetensors:
            _write_safetensors(beside, writer.arrays, table)
        else:
            with beside.open("xb") as file:
                _write_npz(file, writer.arrays, text)


def load(f: str | os.PathLike[str] | BinaryIO, device: DeviceLike = None) -> Any:
    """What ``save`` wrote to a file, with its tensors on one device.

    No code is run, whoever wrote the file, and no more memory is asked for than the file is long.

    Parameters
    ----------
    f : str, path or binary file
        Where from; a binary file can be searched.
    device : device, str or None
        Where the tensors go, wherever they were before; None is the default device.

    Returns
    -------
    object
        What was saved.  A ``.npz`` or ``.safetensors`` file of another program gives the dict of its tensors.

    Raises
    ------
    FormatError
        When the file is anything else, cut short, altered or crafted.
    DeviceError
        When the device is not there.

    Examples
    --------
    >>> import gradflow as gf, io
    >>> file = io.BytesIO()
    >>> gf.save([gf.ones(2), (1, "two", None)], file)
    >>> gf.load(file, device="cpu")
    [tensor([1., 1.]), (1, 'two', None)]
    """
    place = None if device is None else Device(device)
    as_tensor(0.0, device=place)  # the error if it is not there, before anything is read
    if not isinstance(f, str | os.PathLike):
        f.seek(0)
        return _load(f, getattr(f, "name", "the file"), place)
    with open(f, "rb") as file:
        return _load(file, os.fspath(f), place)


def _load(file: BinaryIO, name: Any, device: DeviceLike) -> Any:
    head = file.read(9)
    file.seek(0)
    try:
        if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            arrays, text = _read_npz(file)
        elif head[8:9] == b"{":
            arrays, text = _read_safetensors(file)
        elif head[:1] == b"\x80":
            raise FormatError("it looks like pickle, which can run code when it is read, so it is not read")
        else:
            raise FormatError("it is neither .npz nor .safetensors" if head else "it is empty")
        if text is None:
            return {key: as_tensor(array, device=device) for key, array in arrays.items()}
        return _Reader(arrays, device).value(text)
    except (MemoryError, ImportError):
        raise
    except Exception as problem:  # whatever the readers of zip archives, headers and JSON raise for wrong bytes
        raise FormatError(f"load: {name} cannot be loaded: {problem}") from problem


# --- objects and tables -----------------------------------------------------------------------------------------------------


class _Writer:
    """An object as a table for JSON, and the arrays that it names."""

    def __init__(self, reserved: tuple[str, ...] = ()) -> None:
        self.arrays: dict[str, Any] = {}
        self._reserved = reserved  # names that the format has for itself
        self._names: dict[int, str] = {}
        self._held: list[Any] = []  # so that no id is given away

    def encode(self, value: Any, path: tuple[Any, ...]) -> Any:
        if isinstance(value, np.generic) and not isinstance(value, float | complex):
            value = value.item()
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | str):
            return int(value) if isinstance(value, int) else str(value)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else {"float": repr(float(value))}
        if isinstance(value, complex):
            return {"complex": [repr(value.real), repr(value.imag)]}
        if isinstance(value, list):
            return [self.encode(v, (*path, i)) for i, v in enumerate(value)]
        if isinstance(value, tuple):
            return {"tuple": [self.encode(v, (*path, i)) for i, v in enumerate(value)]}
        if isinstance(value, Mapping):
            return {"dict": [[self.encode(k, (*path, "key")), self.encode(v, (*path, k))] for k, v in value.items()]}
        if isinstance(value, Tensor):
            tag = {"tensor": self._named(value.array, value, path)}
            return tag | {"requires_grad": True} if value.requires_grad and value.is_leaf else tag
        if isinstance(value, np.ndarray) and str(value.dtype) in _DTYPES:
            return {"array": self._named(value, value, path)}
        if isinstance(value, np.dtype) and str(value) in _DTYPES:
            return {"dtype": str(value)}
        if isinstance(value, Device):
            return {"device": str(value)}
        where = "".join(f"[{k!r}]" for k in path)
        what = f"an array of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
        instead = next((m for m in ("state_dict", "get_state") if hasattr(value, m)), None)
        advice = f"; save its {instead}()" if instead else ""
        raise TypeError(f"save: obj{where} is {what}, which is neither tensors, numbers nor text{advice}")

    def _named(self, array: Any, value: Any, path: tuple[Any, ...]) -> str:
        """The name that ``array`` is stored under: its path where that makes one."""
        found = self._names.get(id(array))
        if found is None:
            name = ".".join(map(str, path))
            if not _PLAIN_NAME.fullmatch(name) or name in (*self.arrays, *self._reserved) or len(name) > 200:
                name = f"tensor-{len(self.arrays)}"
                while name in self.arrays:
                    name += "-"
            found = self._names[id(array)] = name
            self.arrays[name] = value.to_numpy() if isinstance(value, Tensor) else value
            self._held.append(array)
        return found

    def is_plain(self, value: Any) -> bool:
        """True for a dict of tensors, each under its own name."""
        return (
            isinstance(value, Mapping)
            and list(value) == list(self.arrays) != []
            and all(isinstance(t, Tensor) and not t.requires_grad for t in value.values())
        )


class _Reader:
    """The object of a table."""

    def __init__(self, arrays: dict[str, Any], device: DeviceLike) -> None:
        self.arrays, self.device = arrays, device
        self._made: dict[str, Any] = {}

    def value(self, text: str) -> Any:
        table = json.loads(text)
        if not isinstance(table, dict) or set(table) != {"gradflow", "value"}:
            raise FormatError(f"its {_TABLE} is not gradflow's")
        if table["gradflow"] != _VERSION:
            raise FormatError(f"it is of version {table['gradflow']!r}, and this gradflow reads version {_VERSION}")
        made = self.decode(table["value"])
        if unused := set(self.arrays) - {json.loads(key)[1] for key in self._made}:
            raise FormatError(f"it holds arrays that its table does not name: {', '.join(sorted(unused)[:5])}")
        return made

    def decode(self, table: Any) -> Any:
        if table is None or isinstance(table, bool | int | float | str):
            return table
        if isinstance(table, list):
            return [self.decode(v) for v in table]
        tag = next(iter(table), None)
        held = table.get(tag)
        match tag, held:
            case "tuple", list():
                return tuple(self.decode(v) for v in held)
            case "dict", list():
                made = {self.decode(k): self.decode(v) for k, v in held}
                if len(made) != len(held):
                    raise FormatError("its table names one key twice")
                return made
            case (("tensor" | "array"), str()):
                return self._array(table, tag, held)
            case "float", ("nan" | "inf" | "-inf"):
                return float(held)
            case "complex", [str(), str()]:
                return complex(float(held[0]), float(held[1]))
            case "dtype", str():
                return _DTYPES[held]
            case "device", str():
                return Device(held)
        raise FormatError(f"its table says {str(table)[:60]!r}, which has no meaning")

    def _array(self, table: dict[str, Any], tag: Any, name: str) -> Any:
        if name not in self.arrays:
            raise FormatError(f"it lacks the array {name!r}")
        requires_grad = table.get("requires_grad") is True
        key = json.dumps([tag, name, requires_grad])
        if key not in self._made:
            array = self.arrays[name]
            if requires_grad and array.dtype.kind not in "fc":
                raise FormatError(f"{name} is of {array.dtype}, which has no gradient")
            made = array if tag == "array" else as_tensor(array, device=self.device)
            self._made[key] = made.requires_grad_() if requires_grad else made
        return self._made[key]


# --- .npz -------------------------------------------------------------------------------------------------------------------


def _write_npz(file: Any, arrays: dict[str, Any], text: str | None) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        # Dated as the format's first day, so that the same object gives the same file.
        if text is not None:
            archive.writestr(zipfile.ZipInfo(_TABLE), text)
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(name + ".npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array, order="C"), allow_pickle=False)


def _read_npz(file: BinaryIO) -> tuple[dict[str, Any], str | None]:
    size = file.seek(0, os.SEEK_END)
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        names = [m.filename for m in members]
        if any(name.endswith("/data.pkl") for name in names):
            raise FormatError("it was saved by PyTorch, with pickle, which can run code when it is read; save safetensors there")
        if len(set(names)) != len(names):
            raise FormatError("it holds two members of one name")
        if not _is_full(file, size, len(names)):
            raise FormatError("its list of members is not as long as it says")
        for m in members:
            path = m.filename
            if path.startswith(("/", "\\")) or "\\" in m.orig_filename or ".." in path.split("/") or "\0" in m.orig_filename:
                raise FormatError(f"a member is called {m.orig_filename!r}, which leads elsewhere")
            if path != _TABLE and not path.endswith(".npy"):
                raise FormatError(f"it holds {path!r}, which is not an array")
            if m.flag_bits & 1:
                raise FormatError(f"{path} is encrypted")
            if m.compress_type != zipfile.ZIP_STORED or m.compress_size != m.file_size:
                raise FormatError(f"{path} is compressed; only what lies there as it is can be read without risk")
        # Members that share bytes could make much of a small file.
        if sum(m.file_size for m in members) > size:
            raise FormatError("its members are longer than the file")
        text = archive.read(_TABLE).decode() if _TABLE in names else None
        return {m.filename[:-4]: _read_npy(archive, m) for m in members if m.filename != _TABLE}, text


def _is_full(file: BinaryIO, size: int, members: int) -> bool:
    """False if the last bytes of a zip archive say that its list is longer or elsewhere, which ``zipfile`` does not compare."""
    file.seek(size - 22)
    mark, count, length, start = struct.unpack("<4s6xHII2x", file.read(22))
    if mark != b"PK\x05\x06" or count == 0xFFFF or start == 0xFFFFFFFF:  # a comment follows, or the numbers are elsewhere
        return True
    return count == members and start + length == size - 22  # type: ignore[no-any-return]


def _read_npy(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Any:
    opened: Any = archive.open(member)
    with opened as file:
        version = np.lib.format.read_magic(file)
        readers: dict[Any, Any] = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        if version not in readers:
            raise FormatError(f"{member.filename} is of the .npy version {version}")
        shape, columns_first, dtype = readers[version](file)
        native = dtype.newbyteorder("=")
        if native.names is not None or native.subdtype is not None or native not in _DTYPES.values():
            raise FormatError(f"{member.filename} holds {'objects' if native.hasobject else native}, not numbers")
        length = math.prod(shape) * dtype.itemsize
        left = member.file_size - file.tell()
        if min(shape, default=0) < 0 or length != left:
            raise FormatError(f"{member.filename} says that it is {shape} of {dtype}, but it has {left} bytes")
        array = np.empty(shape, dtype, "F" if columns_first else "C")
        room: Any = array.reshape(-1, order="A").view(np.uint8)
        for start in range(0, length, 1 << 20):
            part = room[start : start + (1 << 20)]
            if file.readinto(part) != len(part):
                raise FormatError(f"{member.filename} is cut short")
        if file.read(1):  # at the end, where the checksum is compared
            raise FormatError(f"{member.filename} is longer than it says")
    return array.astype(native, copy=False)


# --- .safetensors -----------------------------------------------------------------------------------------------------------


def _safetensors() -> Any:
    try:
        import safetensors
        import safetensors.numpy
    except ImportError as problem:
        raise ImportError(
            f"a .safetensors file needs the package safetensors ({problem}): pip install 'gradflow-autograd[safetensors]'"
        ) from None
    return safetensors


def _write_safetensors(path: Path, arrays: dict[str, Any], table: dict[str, Any]) -> None:
    library = _safetensors()
    held = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    if wrong := [f"{name} is {a.dtype}" for name, a in held.items() if a.dtype == dtypes.complex128]:
        raise TypeError(f"save: a .safetensors file holds no complex128, and {wrong[0]}; save as .npz")
    # Under one key: with several the format's order, and so the file, would be another each time.
    text = json.dumps(table | {"sha256": _checksum(held, table)})
    library.numpy.save_file(held, path, {_KEY: text})


def _checksum(arrays: dict[str, Any], table: dict[str, Any]) -> str:
    """SHA-256 of the table, and of every array with its name, dtype and shape."""
    digest = hashlib.sha256(json.dumps(table).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(json.dumps([name, str(array.dtype), array.shape]).encode())
        flat: Any = np.ascontiguousarray(array).reshape(-1)
        digest.update(flat.view(np.uint8))
    return digest.hexdigest()


def _read_safetensors(file: BinaryIO) -> tuple[dict[str, Any], str | None]:
    _safetensors()
    from safetensors import safe_open

    if not isinstance(getattr(file, "name", None), str | os.PathLike):
        raise FormatError("a .safetensors file is loaded from a path")
    with safe_open(file.name, "np") as found:
        arrays = {}
        for name in found.keys():  # noqa: SIM118 - it is no dict
            array = found.get_tensor(name)
            if str(array.dtype) not in _DTYPES:
                raise FormatError(f"{name} holds {array.dtype}, which is not among the dtypes of gradflow")
            arrays[name] = array
        return arrays, _verified(arrays, found.metadata() or {})


def _verified(arrays: dict[str, Any], metadata: dict[str, str]) -> str | None:
    """The table of a file that gradflow wrote, None of a file without one; FormatError if the checksum is another."""
    text = metadata.get(_KEY)
    if text is None:
        if any(value.startswith('{"gradflow"') for value in metadata.values()):
            raise FormatError("its header was altered")
        return None
    table = json.loads(text)
    if not isinstance(table, dict) or "sha256" not in table:
        return text  # written before there were checksums
    if table.pop("sha256") != _checksum(arrays, table):
        raise FormatError("it was altered: the checksum is not that of its contents")
    return json.dumps(table) if table != {"gradflow": _VERSION} else None
