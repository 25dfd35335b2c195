"""Reading column by column finds what reading line by line does, and leaves all that is wrong to it."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.scoring import cases_csv, lesions_csv
from mswal_bench.benchmark.scoring.case_columns import sound_columns
from mswal_bench.benchmark.scoring.cases_csv import read_case_rows
from mswal_bench.benchmark.scoring.lesions_csv import ReadLesions, read_lesions
from mswal_bench.benchmark.scoring.table_columns import table_columns
from mswal_bench.tests.speed.many_records import TRACK, make_results

_IDS = {lesion.key: lesion.id for lesion in MSWAL_1.lesion_classes}
_CELLS = [
    "",
    "0",
    "1",
    "-1",
    "7.5",
    "nan",
    "inf",
    "1e999",
    "x",
    " ",
    "٣",
    "1_0",
    "9" * 16,
    "gallstone",
    "\t",
    '"',
    "0.5",
]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    results = tmp_path_factory.mktemp("results")
    make_results(results, 1, 12, resamples=100)
    (folder,) = (results / "records" / TRACK).iterdir()
    return folder


def _changed(text: str, seed: int) -> str:
    """With a cell that is another, a line twice or away, or a cell too few."""
    generator = np.random.default_rng(seed)
    lines = list(csv.reader(text.splitlines()))[: 1 + int(generator.integers(1, 60))]
    line = lines[int(generator.integers(len(lines)))]
    kind = generator.integers(6)
    if kind == 0:
        lines.append(line)
    elif kind == 1:
        line.pop()
    else:
        line[int(generator.integers(len(line)))] = _CELLS[int(generator.integers(len(_CELLS)))]
    with_quotes = '"' in "".join(map("".join, lines)) or seed % 2
    if not with_quotes:
        return "\n".join(map(",".join, lines)) + "\n"
    return "\n".join(",".join(f'"{cell.replace(chr(34), 2 * chr(34))}"' for cell in line) for line in lines) + "\n"


def test_counts_of_changed_tables(record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (record / "cases.csv").read_text()
    path = tmp_path / "cases.csv"
    sound = 0
    for seed in range(150):
        path.write_text(_changed(text, seed))
        is_sound = sound_columns(path) is not None
        sound += is_sound
        quickly = _outcome(path)
        with monkeypatch.context() as patched:
            patched.setattr(cases_csv, "sound_columns", lambda path: None)
            assert quickly == _outcome(path)
        assert is_sound == quickly.startswith("[CaseRow"), path.read_text()
    assert 10 < sound < 140


def _outcome(path: Path) -> str:
    try:
        return repr(read_case_rows(path))
    except BenchError as error:
        return str(error)


def test_lesions_of_changed_tables(record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (record / "lesions.csv").read_text()
    path = tmp_path / "lesions.csv"
    read = 0
    for seed in range(150):
        path.write_text(_changed(text, seed))
        quickly = _lesions(path)
        with monkeypatch.context() as patched:
            patched.setattr(lesions_csv, "_MOST_BYTES", 0)
            assert quickly == _lesions(path)
        read += isinstance(quickly, list)
    assert 10 < read < 140


def _lesions(path: Path) -> list[object] | str:
    try:
        return [(*names, *_plain(of_case)) for names, of_case in read_lesions(path, _IDS).items()]
    except BenchError as error:
        return str(error)


def _plain(of_case: ReadLesions) -> list[str]:
    return [*map(repr, of_case.lesions), repr(of_case.positions_mm.tolist()), str(of_case.lesions.voxels.dtype)]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a,b\n1,2\n\n3,\n", {"a": ["1", "3"], "b": ["2", ""]}),
        ("a,b\r\n1,2\r\n", {"a": ["1"], "b": ["2"]}),
        ('a,b\n"1,\n",2\n', {"a": ["1,\n"], "b": ["2"]}),
        ("a,b\n", {}),
        ("a,b\n1\n", None),
        ("a,b\n1,2,3\n", None),
        ("a,a\n1,2\n", None),
        ("\na,b\n1,2\n", None),
        ("", None),
        ('a,b\n"1,2\n', None),
        (f"a,b\n1,{'2' * 140_000}\n", None),
        ("a\x0b,b\n1,2\x0b\n", {"a\x0b": ["1"], "b": ["2\x0b"]}),
    ],
)
def test_tables(tmp_path: Path, text: str, columns: dict[str, list[str]] | None) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text, newline="")
    assert table_columns(path) == columns
    if columns is not None:
        with path.open(newline="") as file:
            assert list(csv.DictReader(file)) == [
                dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)
            ]


def test_large_files_and_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a\n1\n")
    assert table_columns(path, most_bytes=3) is None
    assert table_columns(tmp_path) is table_columns(tmp_path / "nothing") is None
    path.write_bytes(b"a\n\xff\n")
    assert table_columns(path) is None
