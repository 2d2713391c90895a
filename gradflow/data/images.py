"""MNIST and Fashion-MNIST, and the IDX files that they come in."""

from __future__ import annotations

import gzip
import math
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .._creation import tensor
from ..backend import dtypes
from ..errors import FormatError
from ..typing import DeviceLike, DType
from .datasets import Samples
from .fetching import cache_folder, checksum, fetch

MNIST_MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
FASHION_MNIST_MIRRORS = (
    "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
LARGEST = 1 << 31
"""Bytes; an IDX file that says it holds more is refused."""

_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def read_idx(path: str | os.PathLike[str]) -> np.ndarray[Any, Any]:
    """The array in an IDX file, or in a ``.gz`` of one.

    The file has four bytes (0, 0, the type, the number of dimensions), the sizes as 32-bit numbers, high byte first, and the
    elements, in rows.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    numpy.ndarray
        Of the file's dtype, in this machine's byte order.

    Raises
    ------
    FormatError
        For a file that is anything else, cut short, altered (where a ``.gz`` has a checksum) or longer than it says.

    References
    ----------
    LeCun, Cortes and Burges, "The MNIST database of handwritten digits" (1998).

    Examples
    --------
    >>> import gradflow as gf, os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "two-idx1-ubyte")
    ...     with open(path, "wb") as file:
    ...         _ = file.write(bytes([0, 0, 8, 1, 0, 0, 0, 2, 3, 4]))
    ...     gf.data.read_idx(path).tolist()
    [3, 4]
    """
    name = Path(path).name
    opened: Any = gzip.open(path) if name.endswith(".gz") else open(path, "rb")  # noqa: SIM115 - closed below
    try:
        with opened as file:
            return _idx(file, name)
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise FormatError(f"{name} is no whole .gz file: {problem}") from problem


def _idx(file: Any, name: str) -> np.ndarray[Any, Any]:
    head = file.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES:
        raise FormatError(f"{name} is no IDX file: it begins with {head!r}")
    sizes = file.read(4 * head[3])
    if len(sizes) < 4 * head[3]:
        raise FormatError(f"{name} is cut short in its header")
    shape = tuple(int(n) for n in np.frombuffer(sizes, ">u4"))
    dtype = np.dtype(_TYPES[head[2]])
    length = math.prod(shape) * dtype.itemsize
    if length > LARGEST:
        raise FormatError(f"{name} says that it holds {shape}, {length:,} bytes; {LARGEST:,} is the limit")
    data = file.read(length)
    if len(data) < length:
        raise FormatError(f"{name} is cut short: {len(data):,} of {length:,} bytes")
    if file.read(1):
        raise FormatError(f"{name} goes on after the {length:,} bytes that it says it holds")
    array = np.frombuffer(data, dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="))


@dataclass(frozen=True)
class Collection:
    """A set of images in four IDX files: where they are, and their checksums and lengths."""

    name: str
    mirrors: tuple[str, ...]
    files: dict[str, tuple[str, int]]
    target_names: tuple[str, ...]

    def load(
        self,
        train: bool,
        folder: Any,
        download: bool,
        mirrors: Sequence[str] | None,
        progress: bool,
        device: DeviceLike,
        dtype: DType,
    ) -> Samples:
        where = cache_folder() / self.name if folder is None else Path(folder)
        part = "train" if train else "t10k"
        images, labels = (
            self._read(where, f"{part}-{what}-ubyte", download, self.mirrors if mirrors is None else mirrors, progress)
            for what in ("images-idx3", "labels-idx1")
        )
        if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels) or images.dtype != np.uint8:
            raise FormatError(
                f"{self.name}: images of {images.dtype} {images.shape} and labels {labels.shape} do not go together"
            )
        if labels.size and labels.max() >= len(self.target_names):
            raise FormatError(f"{self.name}: there is a label {labels.max()}, and {len(self.target_names)} classes")
        pixels = images.astype(dtype or dtypes.get_default_dtype())
        pixels /= pixels.dtype.type(255)
        y = tensor(labels.astype(np.int64), device=device)
        return Samples(tensor(pixels[:, None], device=device), y, self.name, ("pixels",), self.target_names)

    def _read(self, folder: Path, name: str, download: bool, mirrors: Sequence[str], progress: bool) -> np.ndarray[Any, Any]:
        unpacked, packed = folder / name, folder / f"{name}.gz"
        if unpacked.exists() and not packed.exists():
            return read_idx(unpacked)
        sha256, size = self.files[packed.name]
        if download:
            fetch([f"{m.rstrip('/')}/{packed.name}" for m in mirrors], packed, sha256, size, progress=progress)
        elif (found := checksum(packed)) is None:
            raise FileNotFoundError(f"{packed} is not there; download=True fetches it")
        elif found != sha256:
            raise FormatError(f"{packed} has been altered or cut short: its checksum is {found}, not {sha256}")
        return read_idx(packed)


MNIST = Collection(
    "mnist",
    MNIST_MIRRORS,
    {
        "train-images-idx3-ubyte.gz": ("440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", 9_912_422),
        "train-labels-idx1-ubyte.gz": ("3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", 28_881),
        "t10k-images-idx3-ubyte.gz": ("8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", 1_648_877),
        "t10k-labels-idx1-ubyte.gz": ("f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", 4_542),
    },
    tuple("0123456789"),
)
FASHION_MNIST = Collection(
    "fashion_mnist",
    FASHION_MNIST_MIRRORS,
    {
        "train-images-idx3-ubyte.gz": ("3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", 26_421_880),
        "train-labels-idx1-ubyte.gz": ("a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", 29_515),
        "t10k-images-idx3-ubyte.gz": ("346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", 4_422_102),
        "t10k-labels-idx1-ubyte.gz": ("67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", 5_148),
    },
    ("T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
)


def mnist(
    train: bool = True, folder: str | os.PathLike[str] | None = None, *, download: bool = True,
    mirrors: Sequence[str] | None = None, progress: bool = True, device: DeviceLike = None, dtype: DType = None,
) -> Samples:  # fmt: skip
    """Handwritten digits, 60,000 to learn from or 10,000 for the test: ``x`` (n, 1, 28, 28) in [0, 1], ``y`` the digit.

    What is not in ``folder`` is downloaded, 12 MB in all. A ``.gz`` is compared with its known checksum each time; an unpacked
    file is taken too, if its ``.gz`` is not there.

    Parameters
    ----------
    train : bool, default True
        False: those for the test.
    folder : str or path, optional
        Where the four files are or will be; None: ``cache_folder() / "mnist"``.
    download : bool, default True
        Whether files that are not there are downloaded.
    mirrors : sequence of str, optional
        Addresses to download from; None: ``MNIST_MIRRORS``.
    progress : bool, default True
        Whether there is a bar on a terminal, where tqdm is installed.
    device : device or str, optional
        Where the tensors are.
    dtype : dtype or str, optional
        The dtype of ``x``; None: the default dtype.

    Returns
    -------
    Samples
        ``y`` are int64, with ``target_names``.

    Raises
    ------
    DownloadError
        If no mirror gives a file.
    FileNotFoundError
        For a file that is not there and may not be downloaded.
    FormatError
        For one that was cut short or altered and may not be downloaded.

    References
    ----------
    LeCun et al., "Gradient-based learning applied to document recognition" (1998).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.data.mnist(folder="a folder without the files", download=False)  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
        ...
    FileNotFoundError: train-images-idx3-ubyte.gz is not there; download=True fetches it
    """
    return MNIST.load(train, folder, download, mirrors, progress, device, dtype)


def fashion_mnist(
    train: bool = True, folder: str | os.PathLike[str] | None = None, *, download: bool = True,
    mirrors: Sequence[str] | None = None, progress: bool = True, device: DeviceLike = None, dtype: DType = None,
) -> Samples:  # fmt: skip
    """A set of photographs of clothes in the form of ``mnist``, which are harder to tell apart; 31 MB.

    Parameters
    ----------
    train : bool, default True
        False: those for the test.
    folder : str or path, optional
        Where the four files are or will be; None: ``cache_folder() / "fashion_mnist"``.
    download : bool, default True
        Whether files that are not there are downloaded.
    mirrors : sequence of str, optional
        Addresses to download from; None: ``FASHION_MNIST_MIRRORS``.
    progress : bool, default True
        Whether there is a bar on a terminal, where tqdm is installed.
    device : device or str, optional
        Where the tensors are.
    dtype : dtype or str, optional
        The dtype of ``x``; None: the default dtype.

    Returns
    -------
    Samples
        ``y`` are int64, with ``target_names``.

    Raises
    ------
    DownloadError
        If no mirror gives a file.
    FileNotFoundError
        For a file that is not there and may not be downloaded.
    FormatError
        For one that was cut short or altered and may not be downloaded.

    References
    ----------
    Xiao et al., "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms" (2017).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.data.fashion_mnist(folder="a folder without the files", download=False)  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
        ...
    FileNotFoundError: train-images-idx3-ubyte.gz is not there; download=True fetches it
    """
    return FASHION_MNIST.load(train, folder, download, mirrors, progress, device, dtype)
