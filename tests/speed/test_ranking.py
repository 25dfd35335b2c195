from __future__ import annotations

import sys

import numpy as np
import pytest

from . import ranking


def test_writes_its_section(monkeypatch, tmp_path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("# Benchmarks\n\n## Scoring\n\nkept\n")
    monkeypatch.setattr(sys, "argv", ["ranking", "--resamples", "1500", "--turns", "1", "--out", str(page)])
    ranking.main()
    text = page.read_text()
    assert "## Scoring\n\nkept\n\n## Ranking\n\n- `python -m mswal_bench.tests.speed.ranking" in text
    for what in ("intervals | scipy", "intervals | plain loop", "permutation tests | scipy", "ranking | ours"):
        assert f"| {what} |" in text


def test_peers_that_find_something_else_stop_it() -> None:
    ours = {"intervals": np.array([[[0.4, 0.6]]]), "permutation tests": np.array([0.5])}
    found = {what: dict.fromkeys(("ours", "scipy", "plain loop"), values) for what, values in ours.items()}
    ranking.check(found)
    with pytest.raises(SystemExit, match="the intervals of scipy are others"):
        ranking.check(found | {"intervals": found["intervals"] | {"scipy": np.array([[[0.4, 0.63]]])}})
    with pytest.raises(SystemExit, match="the p values of plain loop are others"):
        ranking.check(found | {"permutation tests": found["permutation tests"] | {"plain loop": np.array([0.6])}})
