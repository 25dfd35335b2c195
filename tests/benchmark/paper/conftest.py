"""The paper's text beside the repository, and a LaTeX to compile with."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def paper_text() -> str:
    """The text of the paper, its tables as lines of cells with tabs between."""
    paths = sorted((Path(__file__).resolve().parents[4] / "shared" / "paper").glob("*.txt"))
    if not paths:
        pytest.skip("the paper's text (../shared/paper) is not beside the repository")
    return paths[0].read_text(encoding="utf-8")


@pytest.fixture
def compiled(tmp_path: Path) -> Callable[[str], str]:
    """Compiles the body of a LaTeX document with the packages that tables ask for, and gives LaTeX's own log."""
    if shutil.which("pdflatex") is None:
        missing = "pdflatex is not on this machine (Debian: texlive-latex-base, texlive-latex-recommended)"
        if os.environ.get("REQUIRE_LATEX"):
            pytest.fail(missing)
        pytest.skip(missing)

    def compile_body(body: str) -> str:
        packages = r"\usepackage{booktabs,graphicx,amssymb}"
        document = f"\\documentclass{{article}}\n{packages}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"
        (tmp_path / "tables.tex").write_text(document, encoding="utf-8")
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "tables.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=120)
        log = (tmp_path / "tables.log").read_text(encoding="utf-8", errors="replace")
        assert done.returncode == 0, log[-3000:]
        assert (tmp_path / "tables.pdf").read_bytes().startswith(b"%PDF")
        return log

    return compile_body
