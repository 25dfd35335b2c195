"""The table of all results, as whoever analyses it reads it."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from mswal_bench.benchmark.board.site import results_table
from mswal_bench.benchmark.board.site.board_ranks import board_places
from mswal_bench.benchmark.board.site.boards import Board, boards_of
from mswal_bench.benchmark.board.site.entries import METRICS
from mswal_bench.benchmark.board.site.results_table import Row, require_parquet, results_files, results_rows
from mswal_bench.benchmark.board.site.site_pages import build_site
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.records.record_store import read_results
from mswal_bench.benchmark.scoring.estimates import Estimate
from mswal_bench.tests.croissant_files import left_out, read_croissant, rows

from .board_results import add_record, digest


def rows_of(board: Board) -> list[Row]:
    return results_rows(board, board_places(board, {})[1]["mean-rank"])


@pytest.fixture
def boards(tmp_path: Path) -> tuple[Board, ...]:
    """The paper's methods; and a verified, a claimed and a rater's record on public-cv."""
    records = [
        add_record(tmp_path, "V", seed=1),
        add_record(tmp_path, 'C, "quoted"', seed=2, status="claimed"),
        add_record(tmp_path, "P", seed=3, drawn_by="people"),
    ]
    return boards_of(records)


def test_every_number_of_every_entry_has_a_row(boards: tuple[Board, ...]) -> None:
    table = [row for board in boards for row in rows_of(board)]
    found = {(row.id, row.lesion, row.metric): row for row in table}
    assert len(found) == len(table)
    for board in boards:
        for entry in board.entries:
            numbers = {"average": entry.average, **entry.classes}
            for lesion, metrics in numbers.items():
                for metric, estimate in metrics.items():
                    row = found.pop((entry.id, lesion, metric))
                    read = (row.value, row.low, row.high)
                    assert read == pytest.approx((estimate.value, estimate.low, estimate.high), abs=1e-6)
    assert not found


def test_a_row_says_whose_number_it_is(boards: tuple[Board, ...]) -> None:
    paper, ours = (rows_of(board) for board in boards)
    firsts = {row.method: row for row in reversed(ours)}
    told = [(row.drawn_by, row.status, row.mean_rank, str(row.date)) for row in firsts.values()]
    assert dict(zip(firsts, told, strict=True)) == {
        "P": ("people", "verified", None, "2026-09-04"),
        "V": ("method", "verified", 1, "2026-09-02"),
        'C, "quoted"': ("method", "claimed", 1, "2026-09-03"),
    }
    reference = digest("labels").removeprefix("sha256:")
    assert {(row.track, row.protocol, row.reference) for row in ours} == {("public-cv", "mswal/1", reference[:12])}
    assert {(row.track, row.status, row.reference, row.date) for row in paper} == {
        ("official-test", "reported", None, None)
    }
    assert {row.metric for row in paper} == {"dsc", "f1"}
    assert {row.metric for row in ours} == set(METRICS)


def test_undefined_is_empty_and_what_is_kept_back_is_not_there(tmp_path: Path) -> None:
    add_record(tmp_path / "results", "H", track="official-test", private=tmp_path / "private")
    add_record(tmp_path / "results", "V", seed=1)
    hidden, ours = boards_of(read_results(tmp_path / "results", None).records)
    told = [row for row in rows_of(hidden) if row.status != "reported"]
    assert {(row.lesion, row.metric) for row in told} == {("average", "dsc"), ("average", "f1")}
    assert all(row.value is not None and row.low is None for row in told)
    (entry,) = ours.entries
    undefined = {**entry.classes, "gallstone": {**entry.classes["gallstone"], "f1": Estimate(value=None)}}
    (empty,) = [
        row for row in rows_of(replace(ours, entries=(replace(entry, classes=undefined),))) if row.value is None
    ]
    assert (empty.lesion, empty.metric, empty.low, empty.high) == ("gallstone", "f1", None, None)


def test_csv_parquet_and_their_description_say_the_same(boards: tuple[Board, ...], tmp_path: Path) -> None:
    table = [row for board in boards for row in rows_of(board)]
    files = results_files(table, parquet=True)
    assert list(files) == ["results.csv", "results.parquet", "croissant.json"]
    assert files == results_files(table, parquet=True)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    text = pd.read_csv(io.BytesIO(files["results.csv"]), parse_dates=["date"])
    binary = pd.read_parquet(io.BytesIO(files["results.parquet"]))
    assert list(text) == list(binary) == list(Row._fields)
    assert len(text) == len(binary) == len(table)
    for column in Row._fields:
        known = text[column].notna()
        assert (known == binary[column].notna()).all()
        one, other = text[column][known], binary[column][known]
        assert [str(x).removesuffix(" 00:00:00") for x in one] == [str(x).removesuffix(" 00:00:00") for x in other]
    described = read_croissant(tmp_path / "croissant.json")
    # Whose results these are is the organiser's to say.
    assert left_out(described) == {"license", "version"}
    read = rows(described, "results")
    assert len(read) == len(table)
    for row, wanted in list(zip(read, table, strict=True))[::40]:
        assert (row["id"], row["method"], row["lesion"], row["value"]) == (
            wanted.id, wanted.method, wanted.lesion, wanted.value,
        )  # fmt: skip


def test_without_parquet_none_is_written(boards: tuple[Board, ...]) -> None:
    files = results_files(rows_of(boards[0]), parquet=False)
    assert list(files) == ["results.csv", "croissant.json"]
    assert [each["name"] for each in json.loads(files["croissant.json"])["distribution"]] == ["results.csv"]


@pytest.mark.parametrize("parquet", [False, True])
def test_the_page_links_what_there_is(tmp_path: Path, parquet: bool) -> None:
    add_record(tmp_path / "results", "</script><b>", seed=1)
    site = tmp_path / "site"
    build_site(tmp_path / "results", site, date=None, resamples=100, seed=0, parquet=parquet)
    page = (site / "index.html").read_text()
    linked = set(re.findall(r'href="((?:results|croissant)[^"]*)"', page))
    assert linked == {"results.csv", "croissant.json"} | ({"results.parquet"} if parquet else set())
    assert all((site / name).is_file() for name in linked)
    embedded = page.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    assert json.loads(embedded) == json.loads((site / "croissant.json").read_text())


def test_parquet_that_cannot_be_written_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results_table, "find_spec", lambda name: None)
    with pytest.raises(BenchError, match=r"not installed: pyarrow\. .*mswal-bench\[parquet\]"):
        require_parquet()
    with pytest.raises(BenchError, match="pyarrow"):
        build_site(tmp_path / "nothing", tmp_path / "site", date=None, resamples=100, seed=0, parquet=True)
    assert not (tmp_path / "site").exists()
