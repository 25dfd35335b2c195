from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from mswal_bench.benchmark.cli.data.phantom import phantom
from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.data.phantom.cohort import TEST_SLOTS, TRAIN_SLOTS
from mswal_bench.splits import load_split


def test_phantom_is_written_and_nothing_on_stdout(tmp_path: Path) -> None:
    out = tmp_path / "raw"
    arguments = ["data", "phantom", str(out), "--train", "1", "--test", "1", "--size", "tiny", "--jobs", "1"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
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
        ["--train", "all"],
        ["--seed", "-1"],
        ["--size", "huge"],
        ["--jobs", "0"],
    ],
)
def test_a_wrong_call_exits_with_2(tmp_path: Path, wrong: list[str]) -> None:
    result = CliRunner().invoke(main, ["data", "phantom", str(tmp_path / "raw"), *wrong])
    assert result.exit_code == 2
    assert not (tmp_path / "raw").exists()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (["--train", "485"], "--train is out of range: expected 0 to 484, found 485."),
        (["--train", "-1"], "--train is out of range: expected 0 to 484, found -1."),
        (["--test", "211"], "--test is out of range: expected 0 to 210, found 211."),
        (["--as", "lits", "--train", "200"], "--train is out of range: expected 0 to 105, found 200."),
        (["--as", "kits", "--test", "99"], "--test is out of range: expected 0 to 98, found 99."),
        (["--train", "0", "--test", "0"], "--train and --test are both 0. Ask for one case at least."),
    ],
)
def test_more_or_fewer_cases_than_there_are_exit_with_1(tmp_path: Path, wrong: list[str], says: str) -> None:
    result = CliRunner().invoke(main, ["data", "phantom", str(tmp_path / "raw"), *wrong])
    assert (result.exit_code, result.stderr) == (1, f"error: {says}\n")
    assert not (tmp_path / "raw").exists()


def test_the_help_knows_how_many_cases_there_are() -> None:
    pools = {"mswal": (TRAIN_SLOTS, TEST_SLOTS)}
    pools |= {kind: (len(split.train), len(split.test)) for kind in ("lits", "kits") for split in [load_split(kind)]}
    (text,) = [
        str(option.help) for option in phantom.params if isinstance(option, click.Option) and option.name == "kind"
    ]
    assert text.endswith(", ".join(f"{kind} {train} and {test}" for kind, (train, test) in pools.items()) + ".")
