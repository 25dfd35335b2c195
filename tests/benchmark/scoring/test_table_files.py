from __future__ import annotations

from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.scoring.score_formats import format_table
from mswal_bench.benchmark.scoring.scores import scores_of
from mswal_bench.benchmark.scoring.table_files import write_tables


def test_the_tables_are_those_that_are_printed(tmp_path: Path) -> None:
    scores = scores_of(MSWAL_1, {"a_b": {}, "c": {}}, failed={"a_b": ["x"], "c": ["x"]})
    write_tables(scores, tmp_path / "out")
    assert {path.name: path.read_text() for path in (tmp_path / "out").iterdir()} == {
        "table.txt": format_table(scores, "table") + "\n",
        "table.md": format_table(scores, "markdown") + "\n",
        "table.tex": format_table(scores, "latex") + "\n",
    }
    assert r"a\_b" in (tmp_path / "out" / "table.tex").read_text()


def test_what_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(BenchError, match="cannot be written"):
        write_tables(scores_of(MSWAL_1, {"a": {}}), tmp_path / "out")
