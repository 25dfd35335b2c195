from __future__ import annotations

import sys

import pytest

pytest.importorskip("nnunetv2")

from . import model_start


@pytest.mark.slow
def test_writes_its_section(monkeypatch, tmp_path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("# Benchmarks\n\n## Scoring\n\nkept\n")
    monkeypatch.setattr(sys, "argv", ["model_start", "--small", "--turns", "1", "--out", str(page)])
    model_start.main()
    text = page.read_text()
    assert "## Scoring\n\nkept\n\n## Model bundles\n\n- `python -m mswal_bench.tests.speed.model_start" in text
    for what in ("size, float32", "size, float16", "first window", "memory"):
        assert f"| {what} |" in text
