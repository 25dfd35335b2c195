"""Runs a notebook of the documentation, and compares what its cells give with what it holds.

The notebook is stored with its outputs, so that it can be read without running it. A cell's outputs are its lines of
text, its tables and its pictures. Text is compared as that of the pages is; of a picture the pixels, which may differ
a little, as other versions of fonts and drawing libraries draw.
"""

from __future__ import annotations

import base64
import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mswal_bench.benchmark.core.whole_files import write_text

from .same_output import same_output
from .same_pictures import same_pictures

_LONGEST_S = 1800
_FONT_CACHE = "Matplotlib is building the font cache"
"""Is said on stderr in a new home, and only if that takes longer than some seconds."""


def check_notebook(path: Path, folder: Path, environment: Mapping[str, str], *, write: bool = False) -> list[str]:
    """Runs all cells in `folder` and gives what differs, as text; with `write` the new outputs are put into the file.

    A cell that raises always differs. Raises ValueError for a file that is no notebook.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook = _read(path)
    stored = [list(cell.get("outputs", ())) for cell in notebook.cells]
    client = NotebookClient(
        notebook,
        timeout=_LONGEST_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        coalesce_streams=True,
    )
    try:
        client.execute(env=dict(environment))
    except CellExecutionError as error:
        return [f"{path}: {error}"]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if _FONT_CACHE not in output.get("text", "")]
    differences = []
    for number, (cell, before) in enumerate(zip(notebook.cells, stored, strict=True)):
        if cell.cell_type != "code":
            continue
        shown, printed = list(_lines(before)), list(_lines(cell.outputs))
        if same_output(shown, printed) and same_pictures(_pictures(before), _pictures(cell.outputs)):
            # What differs honestly stays as it was, so that a run without a change changes no byte.
            cell.outputs = before
            continue
        told = difflib.unified_diff(shown, printed, "notebook", "printed", lineterm="", n=1)
        differences.append("\n".join([f"{path}, cell {number + 1}: {cell.source.splitlines()[0]}", *told]))
    if write and differences:
        write_text(path, nbformat.writes(notebook) + "\n")
        return []
    return differences


def notebook_as_markdown(path: Path) -> str:
    """The cells below the title and their stored outputs as MyST Markdown, with tables and pictures as HTML."""
    parts = []
    for cell in _read(path).cells[1:]:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        for output in cell.outputs:
            parts.append(_output_as_markdown(output, cell.metadata.get("alt", "")))
    return "\n\n".join(parts) + "\n"


def _read(path: Path) -> Any:
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise ValueError(f"no notebook: {error}") from error


def _lines(outputs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The text of a cell's outputs, and a line for each picture."""
    for output in outputs:
        data = output.get("data", {})
        if "image/png" in data:
            yield "(a picture)"
        else:
            yield from (output.get("text") or data.get("text/html") or data.get("text/plain") or "").splitlines()


def _pictures(outputs: Sequence[Mapping[str, Any]]) -> list[bytes]:
    return [
        base64.b64decode(output["data"]["image/png"]) for output in outputs if "image/png" in output.get("data", {})
    ]


def _output_as_markdown(output: Mapping[str, Any], alt: str) -> str:
    data = output.get("data", {})
    if "image/png" in data:
        picture = data["image/png"].replace("\n", "")
        return f'```{{raw}} html\n<img class="notebook-picture" alt="{alt}" src="data:image/png;base64,{picture}">\n```'
    if "text/html" in data:
        return f'```{{raw}} html\n<div class="notebook-table">\n{data["text/html"]}\n</div>\n```'
    return f"```text\n{(output.get('text') or data.get('text/plain') or '').rstrip()}\n```"
