"""Every command prints where an encoding lacks most letters, and its tables stay tables."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from mswal_bench.benchmark.cli.main import main


def _commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set, two methods in `a` and `b`, and the scores of both in `scores`."""
    root = tmp_path_factory.mktemp("any") / "data"
    _called("utf-8", "data", "phantom", root, "--train", "1", "--test", "2", "--size", "tiny", "--jobs", "1")
    for name in ("a", "b"):
        shutil.copytree(root / "labelsTs", root.parent / name)
    _called("utf-8", "score", root.parent / "a", root.parent / "b", "--reference", root / "labelsTs",
            "--out", root.parent / "scores", "--jobs", "1")  # fmt: skip
    return root


def _called(charset: str, *arguments: object) -> Result:
    result = CliRunner(charset=charset).invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None, result.output
    return result


@pytest.mark.parametrize("command", list(_commands(main)), ids=" ".join)
def test_help(command: tuple[str, ...]) -> None:
    assert _called("ascii", *command, "--help").stdout_bytes.decode("ascii").startswith("Usage: ")


COMMANDS = [
    *(f"score a b --reference data/labelsTs --jobs 1 --format {style}" for style in ("table", "markdown", "latex")),
    "score a b --reference data/labelsTs --jobs 1 --details",
    "data stats data --jobs 1",
    "data stats data --jobs 1 --json",
    "data check data --jobs 1",
    *(f"tables {table}" for table in ("all", "check", "1 --format html", "2 --format markdown")),
    "methods",
    "methods inception-nnunet",
    *(f"rank scores --resamples 20 --permutations 20 --format {style}" for style in ("table", "markdown", "csv")),
    "report a b --data data --out report",
    "manifest data/labelsTs -o manifest.json",
    "figure qualitative a --reference data/labelsTs --case PHANTOM_0485 --out figure.svg",
    "results list results",
    "runs .",
]
SOME = [
    "score a b --reference data/labelsTs --jobs 1 --format table",
    "tables all",
    "report a b --data data --out report",
]


# What ascii has, others have as well; they have letters of their own, which tables and pages keep.
@pytest.mark.parametrize(
    ("command", "charset"),
    [*((each, "ascii") for each in COMMANDS), *((each, charset) for each in SOME for charset in ("latin-1", "cp1252"))],
)
def test_commands(raw: Path, command: str, charset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(raw.parent)
    (raw.parent / "results").mkdir(exist_ok=True)
    result = _called(charset, *command.split())
    text = result.stdout_bytes.decode(charset)
    assert "?" not in text


def test_a_table_in_ascii_is_one(raw: Path) -> None:
    folders = [raw.parent / "a", raw.parent / "b", "--reference", raw / "labelsTs", "--jobs", "1"]
    wide, plain = (_called(charset, "score", *folders).stdout for charset in ("utf-8", "ascii"))
    assert plain == wide.replace("─", "-").replace("–", "-")  # noqa: RUF001


def test_a_name_of_longer_look_alikes_does_not_move_columns(raw: Path, tmp_path: Path) -> None:
    shutil.copytree(raw.parent / "a", tmp_path / "groß")
    out = tmp_path / "out"
    options = ["--reference", raw / "labelsTs", "--jobs", "1", "--details", "--out", out]
    scores = _called("ascii", "score", tmp_path / "groß", raw.parent / "a", *options).stdout
    ranks = _called("ascii", "rank", out, "--resamples", "20", "--permutations", "20").stdout
    for text in (scores, ranks):
        of_tables = [
            [line for line in block.splitlines() if line.strip()]
            for block in text.split("\n\n")
            if re.search(r"^[- ]*-{6}[- ]*$", block, re.MULTILINE)
        ]
        assert of_tables
        assert "gross" in text
        for table in of_tables:
            rule = next(line for line in table if set(line) <= {"-", " "})
            assert all(len(line.rstrip()) <= len(rule) for line in table)
            # Where columns are apart no letter stands.
            gaps = [gap.start() for gap in re.finditer(r"(?<= ) (?=-)", rule)]
            assert all(line[gap : gap + 1] in ("", " ") for line in table for gap in gaps)


def test_longer_look_alikes_do_not_move_columns() -> None:
    heads, *rows = _called("ascii", "tables", "4").stdout.splitlines()[3:7]
    assert "96.79 -> 96.82" in rows[1]
    assert len({len(row) for row in (heads, *rows)}) == 1


def test_the_installed_command_and_its_processes(raw: Path) -> None:
    command = "from mswal_bench.benchmark.cli.main import main; main()"
    arguments = ["score", raw.parent / "a", raw.parent / "b", "--reference", raw / "labelsTs", "--jobs", "2"]
    done = subprocess.run(
        [sys.executable, "-c", command, *map(str, arguments)],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )
    assert done.returncode == 0, done.stderr
    assert "-" * 40 in done.stdout.decode("latin-1")
