import sys

import pytest

pytest.importorskip("torch")
pytest.importorskip("nnunetv2")
from . import inception


@pytest.mark.slow
def test_writes_its_section(monkeypatch, tmp_path):
    page = tmp_path / "benchmarks.md"
    page.write_text("# Benchmarks\n\n## Scoring\n\nkept\n")
    monkeypatch.setattr(
        sys, "argv", ["inception", "--only", "demo", "--turns", "1", "--patch", "16", "16", "16", "--out", str(page)]
    )
    inception.main()
    text = page.read_text()
    assert "## Scoring\n\nkept\n\n## Inception nnU-Net\n\n- `python -m mswal_bench.tests.speed.inception" in text
    assert "| demo | 16 x 16 x 16 | folded |" in text
    assert "| demo | 4 x 16 x 16 x 16 | Inception |" in text
    assert "ResEnc-L |" not in text
