"""Ceilings on the board: beside the methods of the same labels, never ranked, never of hidden labels."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mswal_bench.benchmark.board.site.board_ranks import board_places
from mswal_bench.benchmark.board.site.boards import boards_of
from mswal_bench.benchmark.board.site.ceiling_entries import with_ceilings
from mswal_bench.benchmark.board.site.charts import forest
from mswal_bench.benchmark.board.site.site_pages import build_site
from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.core.errors import BenchError

from .board_results import add_record
from .ceiling_folders import add_ceilings

GRIDS = {"0.8 x 0.8 x 1.25": ("nnunet-v2", "swin-unetr"), "1 x 1 x 1": ("mednext",)}


def refused(folder: Path, *records: Any) -> str:
    with pytest.raises(BenchError) as error:
        with_ceilings(boards_of(records), [folder])
    return str(error.value)


def test_a_grid_is_a_line_above_the_methods_and_has_no_rank(tmp_path: Path) -> None:
    records = [
        add_record(tmp_path / "results", "Rater", quality=0.9, seed=1, drawn_by="people"),
        add_record(tmp_path / "results", "A method", seed=2),
        add_record(tmp_path / "results", "Other labels", seed=3, reference="others"),
    ]
    add_ceilings(tmp_path / "ceilings", GRIDS)
    official, *boards = with_ceilings(boards_of(records), [tmp_path / "ceilings"])
    board = next(board for board in boards if len(board.entries) > 1)
    assert [entry.group for entry in board.entries] == ["people", "ceiling", "ceiling", "verified"]
    assert not any(one.of("ceiling") for one in (official, *boards) if one is not board)
    assert board.counted == "1 human rater, 2 ceilings, 1 verified"
    fine, coarse = board.of("ceiling")
    assert (fine.method, fine.by) == ("Grid of 0.8 x 0.8 x 1.25 mm, nnU-Net v2", "planned by nnunet-v2, swin-unetr")
    assert fine.average["dsc"].value == 1
    # Half of the voxels come back: DSC 2/3, and an IoU of just 1/2.
    assert coarse.of("kidney_tumor", "dsc").value == pytest.approx(2 / 3)
    assert coarse.of("kidney_tumor", "f1").value == 1
    assert coarse.of("gallstone", "dsc").value is None
    assert coarse.ceiling is not None
    assert coarse.ceiling.lost == "1 of 1 lesions is lost: 1 gone."
    schemes, places = board_places(board, {})
    assert schemes
    assert not any({fine.id, coarse.id} & of_scheme.keys() for of_scheme in places.values())
    assert forest(board, "dsc").ceilings == (pytest.approx(2 / 3), 1)


def test_labels_that_are_kept_back_have_no_ceiling_on_any_board(tmp_path: Path) -> None:
    hidden = add_record(tmp_path / "results", track="secret", private=tmp_path / "private")
    public = add_record(tmp_path / "results", track="public-cv", seed=1)
    add_ceilings(tmp_path / "ceilings", GRIDS)
    assert "are kept back by the track secret" in refused(tmp_path / "ceilings", hidden, public)


def test_what_is_no_whole_ceiling_of_these_labels_is_refused(tmp_path: Path) -> None:
    record = add_record(tmp_path / "results")
    add_ceilings(tmp_path / "other", GRIDS, reference="others")
    assert "no board is of the labels of this ceiling" in refused(tmp_path / "other", record)
    content = add_ceilings(tmp_path / "count", GRIDS, cases=7)
    assert "another number of cases" in refused(tmp_path / "count", record)
    add_ceilings(tmp_path / "names", GRIDS, grids=content["grids"][:1])
    assert "names other methods than its scores" in refused(tmp_path / "names", record)
    add_ceilings(tmp_path / "changed", GRIDS)
    (tmp_path / "changed" / "lost_lesions.csv").write_text("method\n")
    assert "is not the file that ceiling.json was written with" in refused(tmp_path / "changed", record)
    (tmp_path / "changed" / "ceiling.json").write_text("{}")
    assert "is not the file of a ceiling" in refused(tmp_path / "changed", record)
    add_ceilings(tmp_path / "twice", GRIDS)
    with pytest.raises(BenchError, match="is measured twice"):
        with_ceilings(boards_of([record]), [tmp_path / "twice", tmp_path / "twice"])


def test_the_site_says_what_it_is_of_and_keeps_it_apart(tmp_path: Path) -> None:
    add_record(tmp_path / "results", "A method")
    told = add_ceilings(tmp_path / "ceilings", {"0.8 x 0.8 x 1.25": ("nnunet-v2",), "1 x 1 x 1": ("<b>mine",)})
    arguments = ["leaderboard", "build", str(tmp_path / "results"), "-o", str(tmp_path / "site"), "--resamples", "100"]
    result = CliRunner().invoke(main, [*arguments, "--ceiling", str(tmp_path / "ceilings")])
    assert result.exit_code == 0, result.output
    assert "public-cv: 2 ceilings, 1 verified" in result.output
    site = tmp_path / "site"
    with (site / "results.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["drawn_by"] == "ceiling"]
    assert {(row["status"], row["mean_rank"], row["track"]) for row in rows} == {("ceiling", "", "public-cv")}
    assert {row["reference"] for row in rows} == {told["reference_digest"][7:19]}
    pages = [(site / "methods" / f"{id_}.html").read_text() for id_ in {row["id"] for row in rows}]
    (page,) = [text for text in pages if "mine" in text]
    assert "Grid of 1 x 1 x 1 mm, nnU-Net v2" in page
    assert "voxels of 1 x 1 x 1 mm along" in page
    assert "Avg. is over the 1 type that" in page
    assert "&lt;b&gt;mine" in page
    assert "<b>mine" not in page
    assert "1, the training cases" in page
    assert "1 of 1 lesions is lost: 1 gone." in page
    assert told["reference_digest"] in page
    assert "Rank among" not in page
    folder = site / "records" / next(row["id"] for row in rows)
    assert json.loads((folder / "ceiling.json").read_text()) == told
    assert gzip.decompress((folder / "cases.csv.gz").read_bytes()) == (tmp_path / "ceilings" / "cases.csv").read_bytes()
    front = (site / "index.html").read_text()
    assert "ceilings: 66.67 to 100.00" in front
    # In each of the three rows of two charts a line at each of two values.
    assert front.count('class="ceiling-line"') == 2 * 3 * 2


def test_without_ceilings_the_site_is_as_it_was(tmp_path: Path) -> None:
    add_record(tmp_path / "results", "A method")
    build_site(tmp_path / "results", tmp_path / "site", date=None, resamples=100, seed=0)
    assert "ceiling-line" not in (tmp_path / "site" / "index.html").read_text()
