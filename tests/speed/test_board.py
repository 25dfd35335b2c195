from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from . import board
from .earlier import CHECKOUT


def test_writes_its_section(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("# Benchmarks\n\n## Scoring\n\nkept\n")
    (tmp_path / "this" / "mswal_bench").parent.mkdir()
    (tmp_path / "this" / "mswal_bench").symlink_to(CHECKOUT)

    @contextmanager
    def twice_this(revision: str, cache: Path):
        yield tmp_path / "this", tmp_path / "this"

    monkeypatch.setattr(board, "earlier_revision", twice_this)
    monkeypatch.setattr(board, "_COMMANDS", ("rank", "build"))
    words = ["board", "before", "--cache", str(tmp_path), "--out", str(page), "--cases", "8", "--records", "2", "4"]
    monkeypatch.setattr(sys, "argv", [*words, "--earlier-most", "2"])
    board.main()
    text = page.read_text()
    assert "## Scoring\n\nkept\n\n## The board of many records\n\n- `python -m mswal_bench.tests.speed.board" in text
    rows = [line.split(" | ")[:3] for line in text.splitlines() if line.startswith(("| rank", "| build"))]
    of_two = [[f"| {name}", "2", who] for name in ("rank", "build") for who in ("this tree", "before")]
    assert rows == [*of_two, *([f"| {name}", "4", "this tree"] for name in ("rank", "build"))]
