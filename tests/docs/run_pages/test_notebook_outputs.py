"""Notebooks are run by a kernel of their own, and what their cells give is compared with what they hold."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from mswal_bench.docs.run_pages.notebook_outputs import notebook_as_markdown
from mswal_bench.docs.run_pages.outputs import main, pages_with_commands

_PLOT = """import base64
import io

from IPython.display import Image
from PIL import Image as Pixels

file = io.BytesIO()
Pixels.new("RGB", (8, 8), {colour}).save(file, "PNG")
Image(file.getvalue())"""


def notebook(path: Path, *sources: str) -> Path:
    cells = [nbformat.v4.new_markdown_cell("# Title"), *map(nbformat.v4.new_code_cell, sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_outputs_are_told_written_and_then_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = notebook(tmp_path / "a.ipynb", "one = 'took 3 s'\nprint(one)", _PLOT.format(colour=0), "{'a': 1}")
    before = path.read_bytes()
    assert main([str(path)]) == 1
    assert "cell 2: one = 'took 3 s'\n" in capsys.readouterr().out
    assert path.read_bytes() == before
    assert main([str(path), "--write"]) == 0
    written = path.read_text()
    # Another time and nearly the same black are the same, another colour and another number are not.
    alike = written.replace("took 3 s\\n", "took 5 s\\n", 1).replace("(8, 8), 0)", "(8, 8), (3, 3, 3))")
    path.write_text(alike)
    assert alike != written
    assert main([str(path), "--write"]) == 0
    assert path.read_text() == alike
    capsys.readouterr()
    path.write_text(written.replace("(8, 8), 0)", "(8, 8), (255, 0, 0))").replace("'a': 1", "'a': 2", 1))
    assert main([str(path)]) == 1
    out = capsys.readouterr().out
    assert "cell 2" not in out
    assert "cell 3" in out
    assert "cell 4" in out


def test_a_cell_that_raises_is_told_and_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = notebook(tmp_path / "a.ipynb", "print(1)", "1 / 0")
    before = path.read_bytes()
    assert main([str(path), "--write"]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().out
    assert path.read_bytes() == before


def test_what_is_no_notebook_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text("no JSON")
    assert main([str(path)]) == 1
    assert "no notebook" in capsys.readouterr().out


def test_notebooks_of_the_documentation_are_run(tmp_path: Path) -> None:
    (tmp_path / "docs" / "tutorials").mkdir(parents=True)
    path = notebook(tmp_path / "docs" / "tutorials" / "a.ipynb", "1")
    assert pages_with_commands(tmp_path) == [path]


def test_the_page_of_a_notebook_has_its_cells_and_outputs(tmp_path: Path) -> None:
    source = "from IPython.display import HTML\n\nHTML('<b>bold</b>')"
    path = notebook(tmp_path / "a.ipynb", "print('text')", source, _PLOT.format(colour=0))
    assert main([str(path), "--write"]) == 0
    page = notebook_as_markdown(path)
    assert "# Title" not in page
    assert "```python\nprint('text')\n```\n\n```text\ntext\n```\n" in page
    assert '```{raw} html\n<div class="notebook-table">\n<b>bold</b>\n</div>\n```' in page
    assert 'src="data:image/png;base64,iVBOR' in page
