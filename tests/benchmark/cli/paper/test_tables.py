from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import mswal_bench.results
from mswal_bench.benchmark.cli.main import main
from mswal_bench.tests.benchmark.paper.own_records import run, submit, transfer

SHOWN = {
    "1": "AbdomenAtlas 1.1",
    "2": "58.53",
    "3": "49.83",
    "4": "96.79",
    "difficulty": "16.44",
}


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["tables", *map(str, arguments)])


def good(*arguments: object) -> str:
    done = call(*arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("style", ["text", "markdown", "latex", "html", "csv"])
@pytest.mark.parametrize("table", SHOWN)
def test_every_table_in_every_format(table: str, style: str) -> None:
    assert SHOWN[table] in good(table, "--format", style)


@pytest.mark.parametrize("style", ["text", "markdown", "latex", "html"])
def test_all_is_all_of_them(style: str) -> None:
    text = good("all", "--format", style)
    parts = [good(table, "--format", style) for table in SHOWN]
    assert text == "\n".join(parts)


def test_text_is_the_default() -> None:
    assert good("2") == good("2", "--format", "text")


@pytest.mark.parametrize("number", "1234")
def test_csv_is_the_file_itself(number: str) -> None:
    stored = Path(mswal_bench.results.__file__).parent / "paper" / f"table{number}.csv"
    assert good(number, "--format", "csv") == stored.read_text(encoding="utf-8")


def test_another_methods_improvements() -> None:
    assert "**60.27**<sup>+3.15</sup>" in good("2", "--ours", "mednext", "--format", "markdown")
    done = call("2", "--ours", "nobody")
    assert done.exit_code == 1
    assert "error: nobody: there is no such method in Table 2" in done.stderr


def test_check() -> None:
    text = good("check")
    assert "typo: 49.83 fits" in text
    assert text.splitlines()[-1] == "111 checks: 93 agree, 18 differ."
    rows = json.loads(good("check", "--format", "json"))
    lesions = next(row for row in rows if row["what"] == "Lesions: the sum of the types")
    assert (lesions["printed"], lesions["recomputed"], lesions["verdict"]) == ("5,212", "5,212", "agrees")
    assert len([*csv.reader(good("check", "--format", "csv").splitlines())]) == len(rows) + 1


def test_results_of_ones_own(tmp_path: Path) -> None:
    submit(tmp_path, "Mine", 0.5)
    run(tmp_path / "runs" / "III", "inception-nnunet-III", 0.4)
    transfer(tmp_path / "lits", "LiTS", {"Liver": (0.5, 0.6)})
    assert "Mine DSC" in good("2", "--results", tmp_path, "--format", "csv").splitlines()[0]
    assert "III,✓,✗,✓,40.00,40.00" in good("3", "--results", tmp_path, "--format", "csv").splitlines()
    assert "↑ 10.00" in good("4", "--results", tmp_path)
    text = good("all", "--results", tmp_path)
    assert [line.split(".")[0] for line in text.splitlines() if line.startswith(("Table ", "Difficulty"))] == [
        "Table 2", "Table 3", "Table 4", "Difficulty",
    ]  # fmt: skip


def test_tracks_have_to_be_chosen_between(tmp_path: Path) -> None:
    submit(tmp_path, "A", 0.5)
    submit(tmp_path, "B", 0.4, track="public-cv")
    done = call("2", "--results", tmp_path)
    assert done.exit_code == 1
    assert "--track: official-test, public-cv" in done.stderr
    assert "40.00" in good("2", "--results", tmp_path, "--track", "public-cv")


def test_what_is_not_there_is_noted_on_stderr(tmp_path: Path) -> None:
    submit(tmp_path, "A", 0.5)
    done = call("all", "--results", tmp_path, "--format", "latex")
    assert done.exit_code == 0
    assert done.stderr.count("note: Left out: ") == 2
    assert "Left out" not in done.stdout
    assert call("all", "--results", tmp_path / "nothing").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing argument"),
        (["9"], "Invalid value"),
        (["1", "--format", "excel"], "Invalid value"),
        (["1", "--results", "."], "Table 1 compares data sets"),
        (["check", "--results", "."], "the paper's values alone"),
        (["check", "--format", "latex"], "check is printed as"),
        (["check", "--format", "html"], "check is printed as"),
        (["2", "--format", "json"], "json is for check"),
        (["all", "--format", "csv"], "csv holds one table"),
        (["2", "--track", "public-cv"], "--track chooses among the --results"),
        (["4", "--results", ".", "--track", "public-cv"], "--track chooses among the --results"),
        (["3", "--ours", "mednext"], "--ours is for Table 2"),
        (["2", "--ours", "mednext", "--format", "csv"], "nothing for --ours to mark"),
    ],
)
def test_a_wrong_call_exits_with_2(arguments: list[str], said: str) -> None:
    done = call(*arguments)
    assert done.exit_code == 2
    assert said in done.stderr
