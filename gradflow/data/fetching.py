"""Files from the network: resumed where a download broke off, checked, and then there as a whole."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .._files import regular, settle
from ..errors import ArgumentError, DownloadError

_CHUNK = 1 << 16
_ATTEMPTS = 3


def cache_folder() -> Path:
    r"""The folder where downloaded data is kept: ``$GRADFLOW_DATA``, or the platform's place for what can be downloaded again.

    That is ``$XDG_CACHE_HOME/gradflow`` or ``~/.cache/gradflow``; on macOS ``~/Library/Caches/gradflow``; on Windows
    ``%LOCALAPPDATA%\gradflow\Cache``. It is made when something is downloaded.

    Returns
    -------
    Path
        An absolute path.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.data.cache_folder().is_absolute()
    True
    """
    if own := os.environ.get("GRADFLOW_DATA"):
        return Path(own).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "gradflow"
    if os.name == "nt":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "gradflow" / "Cache"
    cache = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(cache) if os.path.isabs(cache) else Path.home() / ".cache") / "gradflow"


def fetch(
    urls: str | Sequence[str], path: str | os.PathLike[str], sha256: str, size: int | None = None, *, progress: bool = True,
    timeout: float = 30.0,
) -> Path:  # fmt: skip
    """The file at ``path``, downloaded from the first of ``urls`` that gives it, unless it is there already.

    What has come so far lies in ``path`` + ".part", and the next call goes on from there. Whole and right, it is moved into place
    in one step. Processes that fetch the same file take turns (not on Windows).

    Parameters
    ----------
    urls : str or sequence of str
        Addresses of http or https, tried in order.
    path : str or path
        Where the file is or will be.
    sha256 : str
        The checksum that it must have, in hexadecimal. A file at ``path`` with another one is downloaded anew.
    size : int, optional
        Its length in bytes; no more is then taken from any server.
    progress : bool, default True
        Whether there is a bar on a terminal, where tqdm is installed.
    timeout : float, default 30.0
        Seconds to wait for a server that says nothing.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    ArgumentError
        For what is no http or https address.
    OSError
        For a ``path`` that is a folder or a device.
    DownloadError
        With what each server did, if none of them gives the file; then ``path`` is as it was.

    Examples
    --------
    >>> import gradflow as gf, hashlib, os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "numbers")
    ...     with open(path, "wb") as file:
    ...         _ = file.write(b"123")
    ...     there = gf.data.fetch("https://example.org/numbers", path, hashlib.sha256(b"123").hexdigest())
    >>> there.name
    'numbers'
    """
    addresses = [urls] if isinstance(urls, str) else list(urls)
    for url in addresses:
        if not url.startswith(("http://", "https://")):
            raise ArgumentError(f"fetch: {url!r} is not an address that begins with http:// or https://")
    regular(path)
    target = Path(path)
    if checksum(target) == sha256:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    problems = []
    with part.open("a+b") as file, _alone(file):
        if checksum(target) == sha256:  # another process was faster
            part.unlink(missing_ok=True)
            return target
        for url in addresses:
            problem = _from(url, file, sha256, size, progress, timeout)
            if problem is None:
                if os.name == "nt":
                    file.close()  # there an open file cannot be moved
                settle(part, target)
                return target
            problems.append(f"{url}: {problem}")
    raise DownloadError(f"{target.name} could not be downloaded\n  " + "\n  ".join(problems))


def checksum(path: Path) -> str | None:
    """The SHA-256 of a file in hexadecimal; None if there is no file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


@contextmanager
def _alone(file: Any) -> Iterator[None]:
    """Wait until no other process works on ``file``."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    fcntl.flock(file, fcntl.LOCK_EX)
    yield  # unlocked when the file is closed


def _from(url: str, file: Any, sha256: str, size: int | None, progress: bool, timeout: float) -> str | None:
    """Complete ``file`` from ``url``; what went wrong, or None."""
    problem = "nothing came"
    for _ in range(_ATTEMPTS):
        have = file.seek(0, os.SEEK_END)
        if size is None or have < size:
            try:
                _receive(url, file, have, size, progress, timeout)
            except urllib.error.HTTPError as refused:
                problem = f"the server says {refused.code} {refused.reason}"
                if refused.code != 416:  # 416: there is no more than we have
                    return problem
            except _TooLongError as wrong:
                file.truncate(0)
                return str(wrong)
            except (OSError, http.client.HTTPException) as broken:
                problem = f"{broken or type(broken).__name__} after {file.seek(0, os.SEEK_END):,} bytes; what has come is kept"
                continue
        file.seek(0)
        found = hashlib.file_digest(file, "sha256").hexdigest()
        if found == sha256:
            return None
        problem = f"the file has the checksum {found}, not {sha256}"
        file.truncate(0)
        if not have:  # otherwise what lay there from before may have been the wrong part
            return problem
    return problem


class _TooLongError(Exception):
    """More bytes than the file has."""


def _receive(url: str, file: Any, have: int, size: int | None, progress: bool, timeout: float) -> None:
    """Append to ``file``, of ``have`` bytes, what ``url`` has beyond them."""
    headers = {"User-Agent": "gradflow", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=timeout) as answer:
        if have and not (answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")):
            file.truncate(0)  # the server sends all of it
            have = 0
        length = answer.headers.get("Content-Length", "")
        total = have + int(length) if length.isdigit() else None
        if size is not None and total is not None and total > size:
            raise _TooLongError(f"it would be {total:,} bytes, not {size:,}")
        file.seek(0, os.SEEK_END)
        got = have
        with _bar(progress, Path(url).name, have, total) as moved:
            while chunk := answer.read(_CHUNK):
                got += len(chunk)
                if size is not None and got > size:
                    raise _TooLongError(f"it is longer than {size:,} bytes")
                file.write(chunk)
                moved(len(chunk))
        file.flush()
        if total is not None and got < total:
            raise http.client.HTTPException(f"the connection ended {total - got:,} bytes early")


@contextmanager
def _bar(wanted: bool, name: str, have: int, total: int | None) -> Iterator[Any]:
    """What to call with a number of bytes that have come; a bar on a terminal, where tqdm is installed."""
    if wanted:
        with contextlib.suppress(ImportError):
            from tqdm import tqdm

            with tqdm(desc=name, initial=have, total=total, unit="B", unit_scale=True, leave=False, disable=None) as bar:
                yield bar.update
            return
    yield lambda _: None
