from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mswal_bench.benchmark.cli.main import main
from mswal_bench.tests.benchmark.cli.scoring.score_call import score


@pytest.fixture
def scored(folders: Path) -> Path:
    """The scores of `mine` and `yours`, in `out/mine` and `out/yours`, and of both, in `both`."""
    shutil.copytree(folders / "mine", folders / "yours")
    for name in ("mine", "yours"):
        assert score(folders, "--out", str(folders / "out" / name), predictions=(name,)).exit_code == 0
    assert score(folders, "--out", str(folders / "both"), predictions=("mine", "yours")).exit_code == 0
    return folders


def _merge(folders: Path, *names: str, style: str = "table", out: str = "merged") -> Result:
    paths = [str(folders / "out" / name) for name in names]
    return CliRunner().invoke(main, ["merge", *paths, "--out", str(folders / out), "--format", style])


@pytest.mark.parametrize("style", ["table", "markdown", "latex", "csv", "json"])
def test_it_prints_and_writes_what_one_score_does(scored: Path, style: str) -> None:
    result = _merge(scored, "mine", "yours", style=style)
    assert result.exit_code == 0
    assert result.stdout == score(scored, "--format", style, predictions=("mine", "yours")).stdout
    for name in ("cases.csv", "lesions.csv", "scores.json"):
        assert (scored / "merged" / name).read_bytes() == (scored / "both" / name).read_bytes()
    assert result.stderr == (
        f"written to {scored / 'merged'}: scores.json, cases.csv, lesions.csv, table.txt, table.md, table.tex\n"
    )
    assert (scored / "merged" / "table.txt").read_text() == score(scored, predictions=("mine", "yours")).stdout


def test_a_job_that_failed(scored: Path) -> None:
    result = _merge(scored, "mine", "failed", "yours")
    assert result.exit_code == 1
    assert f"error: {scored / 'out' / 'failed' / 'scores.json'}: cannot be read" in result.stderr
    assert "failed" in result.stdout
    assert "failed" in (scored / "merged" / "table.txt").read_text()
    content = json.loads((scored / "merged" / "scores.json").read_text())
    assert (list(content["methods"]), content["left_out"]) == (["mine", "yours"], ["failed"])


def test_what_is_no_one_table_is_refused_and_nothing_written(scored: Path) -> None:
    result = _merge(scored, "mine", "../both")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "scores of one method, 'mine'" in result.stderr
    assert not (scored / "merged").exists()
    assert _merge(scored).exit_code == 2
