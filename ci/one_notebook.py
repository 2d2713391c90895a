"""Run one notebook (ci/notebooks does it with each): ``python ci/one_notebook.py PATH [--write]``."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
}
ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/svg+xml": "svg"}
PLACE = re.compile(r"(?<![\w.:/*)\]>])/(?:[\w.-]+/)+[\w.-]+|\b[A-Z]:\\")  # an absolute path, but not what follows in an address
TOO_LARGE = 4_000_000  # bytes in a notebook with its outputs


def run(notebook: Any, folder: Path) -> None:
    """Run all cells in place, in a kernel of this very Python."""
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    client.execute()


def digest(notebook: Any) -> str:
    """A checksum of the code, kept with the outputs that it gave."""
    return hashlib.sha256("\0".join(c.source for c in notebook.cells if c.cell_type == "code").encode()).hexdigest()


def cleaned(notebook: Any) -> Any:
    """The notebook with nothing in it that differs from machine to machine, or from run to run, but what its cells show."""
    notebook.metadata = nbformat.from_dict(METADATA | {"outputs_of": digest(notebook)})
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number}"
        kept = {k: v for k, v in cell.metadata.items() if k in ("tags", "jupyter")}
        cell.metadata = nbformat.from_dict(kept)
    return notebook


def complaints(notebook: Any) -> list[str]:
    """What is wrong with a notebook as committed: cells without the marks of a run, warnings, names of places on a machine."""
    wrong = []
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if [cell.execution_count for cell in codes] != list(range(1, len(codes) + 1)):
        wrong.append("its cells were not run in order, from the first to the last, before it was saved (ci/notebooks --write)")
    if notebook.metadata.get("outputs_of") != digest(notebook):
        wrong.append("its code was changed after it was run; run and save it with ci/notebooks --write")
    for cell in codes:
        for output in cell.outputs:
            if output.output_type == "error":
                wrong.append(f"an error is saved in it: {output.ename}")
            if output.output_type == "stream" and output.name == "stderr":
                wrong.append(f"something on stderr is saved in it: {output.text[:200]!r}")
            text = str(output.get("text", "")) + str(output.get("data", {}).get("text/plain", ""))
            if PLACE.search(text):
                wrong.append(f"a place on somebody's machine is saved in it: {text[:200]!r}")
    return wrong


def hang(notebook: Any, gallery: Path) -> None:
    """Save the picture of each cell with a tag "gallery-NAME" as NAME.png (or .jpg, .svg), for README."""
    for cell in notebook.cells:
        shown = [o.data for o in cell.get("outputs", ()) if "data" in o]
        for tag in cell.metadata.get("tags", ()):
            if not tag.startswith("gallery-"):
                continue
            found = [(data[kind], end) for data in shown for kind, end in ENDINGS.items() if kind in data]
            if not found:
                sys.exit(f"the cell tagged {tag!r} shows no picture")
            gallery.mkdir(exist_ok=True)
            data, end = found[0]
            name = gallery / f"{tag.removeprefix('gallery-')}.{end}"
            name.write_bytes(data.encode() if end == "svg" else base64.b64decode(data))


def main() -> None:
    path, write = Path(sys.argv[1]), "--write" in sys.argv[2:]
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    committed = [] if write else complaints(notebook)
    try:
        run(notebook, path.parent)
    except CellExecutionError as error:
        sys.exit(str(error))
    if write:
        cleaned(notebook)
    wrong = committed or complaints(notebook)
    if wrong:
        sys.exit("\n".join(f"{path.name}: {line}" for line in dict.fromkeys(wrong)))
    if write:
        nbformat.write(notebook, path)
        hang(notebook, path.parent / "gallery")
        if path.stat().st_size > TOO_LARGE:
            sys.exit(
                f"{path.name}: {path.stat().st_size / 1e6:.1f} MB with its outputs, and {TOO_LARGE / 1e6:.0f} MB is the limit"
            )


if __name__ == "__main__":
    main()
