from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner

import mswal_bench.results
from mswal_bench.benchmark.cli.main import main


@pytest.mark.parametrize(
    ("style", "shown"),
    [
        ("text", "AbdomenAtlas 1.1 [12]  20,460"),
        ("markdown", r"| AbdomenAtlas 1.1 \[12\] |"),
        ("latex", r"\toprule"),
        ("html", "<td"),
    ],
)
def test_table_1_in_every_format(style: str, shown: str) -> None:
    done = CliRunner().invoke(main, ["tables", "1", "--format", style])
    assert done.exit_code == 0, done.output
    assert shown in done.stdout
    assert "5,212" in done.stdout


def test_text_is_the_default() -> None:
    runner = CliRunner()
    plain = runner.invoke(main, ["tables", "1"])
    assert plain.stdout == runner.invoke(main, ["tables", "1", "--format", "text"]).stdout


def test_csv_is_the_file_itself() -> None:
    done = CliRunner().invoke(main, ["tables", "1", "--format", "csv"])
    stored = Path(mswal_bench.results.__file__).parent / "paper" / "table1.csv"
    assert done.stdout == stored.read_text(encoding="utf-8")
    rows = [*csv.reader(done.stdout.splitlines())]
    assert {len(row) for row in rows} == {13}
    assert rows[-1][:3] == ["MSWAL (Ours)", "694", "5,212"]


@pytest.mark.parametrize("arguments", [[], ["9"], ["1", "--format", "excel"]])
def test_a_wrong_call_exits_with_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, ["tables", *arguments]).exit_code == 2
