from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from mswal_bench.benchmark.cli.data.phantom import phantom
from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.phantom.cohort import TEST_SLOTS, TRAIN_SLOTS


def test_phantom_is_written_with_progress_on_stderr(tmp_path: Path) -> None:
    out = tmp_path / "raw"
    arguments = ["data", "phantom", str(out), "--train", "1", "--test", "1", "--size", "tiny", "--jobs", "1"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert "2/2" in result.stderr
    assert result.stdout == ""
    assert (out / "dataset.json").exists()
    assert (out / "labelsTs" / "PHANTOM_0485.nii.gz").exists()
    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 0


def test_a_foreign_folder_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    result = CliRunner().invoke(main, ["data", "phantom", str(tmp_path), "--train", "1", "--test", "0"])
    assert result.exit_code == 1
    assert "holds something other than a phantom" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "wrong",
    [
        ["--train", "485"],
        ["--train", "-1"],
        ["--test", "211"],
        ["--train", "0", "--test", "0"],
        ["--seed", "-1"],
        ["--size", "huge"],
        ["--jobs", "0"],
    ],
)
def test_a_wrong_call_exits_with_2(tmp_path: Path, wrong: list[str]) -> None:
    result = CliRunner().invoke(main, ["data", "phantom", str(tmp_path / "raw"), *wrong])
    assert result.exit_code == 2
    assert not (tmp_path / "raw").exists()


def test_the_options_know_the_pools() -> None:
    ranges = {option.name: option.type for option in phantom.params if isinstance(option.type, click.IntRange)}
    most = {name: kind.max for name, kind in ranges.items() if isinstance(kind, click.IntRange)}
    assert (most["train"], most["test"]) == (TRAIN_SLOTS, TEST_SLOTS)
