"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A name to write to; what was written takes the place of ``path`` when the block ends, and is dropped if it fails.

    The name lies in the folder of ``path``.  The file is on the disk, and not only on its way there, before it is moved, and a
    move within a folder is one step: killed or cut off from power at any moment, the old file is whole or the new one.  A
    process that is killed may leave ``.NAME.*.part`` behind.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole(f"{folder}/a") as name:
    ...         _ = name.write_text("new")
    ...     os.listdir(folder)
    ['a']
    """
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".{target.name[:100]}.{os.getpid()}-{os.urandom(4).hex()}.part")
    try:
        yield beside
        settle(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def settle(beside: Path, target: Path) -> None:
    """Bring the file ``beside`` to the disk, and then into the place of ``target``, in the same folder."""
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
