"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_KINDS = {stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


@contextmanager
def whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A name to write to; what was written takes the place of ``path`` when the block ends, and is dropped if it fails.

    The name is in a folder of its own, ``.NAME.*.part`` beside ``path``.  The file is on the disk, and not only on its way
    there, before it is moved, and a move is one step: killed or cut off from power at any moment, the old file is whole or the
    new one.  A process that is killed leaves its ``.part`` folder behind; the next one that writes ``path`` removes it (not on
    Windows), and never one whose process lives: that holds a lock on it.

    A symbolic link stays, and the file that it leads to is replaced.  OSError, with nothing changed, if ``path`` is a folder, a
    device, a FIFO or a socket, or its folder is not there.

    >>> import os, tempfile
    >>> from gradflow._files import whole
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole(f"{folder}/a") as name:
    ...         _ = name.write_text("new")
    ...     os.listdir(folder)
    ['a']
    """
    regular(path)
    target, given = Path(os.path.realpath(path)), os.fspath(path)
    if not target.parent.is_dir():
        where = f", where this link leads, {target.parent}," if os.path.islink(path) else ""
        raise FileNotFoundError(errno.ENOENT, f"the folder of this file{where} is not there", given)
    _sweep(target)
    try:
        folder, lock = _begun(target)
    except OSError as problem:
        raise OSError(problem.errno, problem.strerror, given) from None
    try:
        beside = folder / target.name
        yield beside
        settle(beside, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def regular(path: str | os.PathLike[str]) -> None:
    """Raise OSError if there is something at ``path``, or where it leads, that is not a regular file."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "this is a folder; give the name of a file", os.fspath(path))
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "not a regular file")
        raise OSError(errno.EINVAL, f"this is {kind}, which a file cannot replace; open it, and write to that", os.fspath(path))


def settle(beside: Path, target: Path) -> None:
    """Bring the file ``beside`` to the disk, and then into the place of ``target``, on the same disk."""
    if target.exists():
        shutil.copymode(target, beside)
    with beside.open("r+b") as file:
        os.fsync(file.fileno())
    os.replace(beside, target)
    if os.name == "posix":  # elsewhere a folder cannot be opened
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


# --- folders that are written in ----------------------------------------------------------------------------------------------


def _stem(target: Path) -> str:
    """What the ``.part`` folders of ``target`` and of no other file begin with, not longer than a file's name may be."""
    name = os.fsencode(target.name)
    return f".{target.name if len(name) <= 200 else hashlib.sha256(name).hexdigest()}."


def _begun(target: Path) -> tuple[Path, int | None]:
    """A new folder beside ``target``, and a lock on it."""
    while True:
        folder = target.with_name(f"{_stem(target)}{os.getpid()}-{os.urandom(4).hex()}.part")
        folder.mkdir()
        if os.name != "posix":
            return folder, None
        try:
            lock = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:  # swept before it was locked
            continue
        _locked(lock, wait=True)
        if os.path.exists(folder):
            return folder, lock
        os.close(lock)


def _locked(folder: int, wait: bool) -> bool:
    """Lock a folder that is open, until it is closed or the process ends; False if another holds it, or none can."""
    import fcntl

    try:
        fcntl.flock(folder, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        return False
    return True


def _sweep(target: Path) -> None:
    """Remove what processes that were killed while they wrote ``target`` have left."""
    if os.name != "posix":
        return
    pattern = re.compile(re.escape(_stem(target)) + r"\d+-[0-9a-f]{8}\.part")
    for name in filter(pattern.fullmatch, os.listdir(target.parent)):
        folder = target.with_name(name)
        try:
            opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:  # a file of that name, or another user's
            continue
        try:
            if _locked(opened, wait=False):
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(opened)
