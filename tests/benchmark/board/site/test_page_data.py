from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mswal_bench.benchmark.board.site.board_ranks import board_places
from mswal_bench.benchmark.board.site.boards import Board, boards_of
from mswal_bench.benchmark.board.site.page_data import board_files
from mswal_bench.benchmark.board.site.site_pages import build_site
from mswal_bench.benchmark.scoring.estimates import Estimate

from .board_results import add_record

MOST_BYTES = 2_000_000
"""What a visitor of a board of a thousand records loads at most."""
ENTRY = {"training_gpu_hours": 12345.5, "parameters": 31_234_567}


def content(files: dict[str, bytes], name: str) -> Any:
    """What a script of a board hands over."""
    call = files[name].decode().strip().removeprefix("mswal.receive(").removesuffix(");")
    return json.loads(f"[{call}]")[2]


def written(board: Board) -> dict[str, bytes]:
    return board_files(board, board_places(board, {})[1])


@pytest.fixture
def board(tmp_path: Path) -> Board:
    """A verified, a claimed and a rater's record on public-cv."""
    records = [
        add_record(tmp_path, "V", seed=1, cost=ENTRY, extra_data=[{"name": "LiTS", "public": False, "use": "u"}]),
        add_record(tmp_path, "C", seed=2, status="claimed", paper="https://example.org/p"),
        add_record(tmp_path, "P", seed=3, drawn_by="people"),
    ]
    return boards_of(records)[1]


def test_numbers_have_the_digits_of_the_pages(board: Board) -> None:
    files = written(board)
    for metric in ("dsc", "recall_small"):
        values = content(files, f"boards/public-cv.{metric}.js")
        for lesion in board.classes:
            shown = [None if number is None else f"{number / 100:.2f}" for number in values[lesion.key]]
            estimates = [entry.of(lesion.key, metric) for entry in board.entries]
            numbers = [x for each in estimates for x in (each.value, each.low, each.high)]
            assert shown == [None if x is None else f"{x * 100:.2f}" for x in numbers]


def test_the_lines_say_who_and_what(board: Board) -> None:
    lines = content(written(board), "boards/public-cv.js")
    assert lines["method"] == ["P", "V", "C"]
    assert lines["group"] == ["people", "verified", "claimed"]
    assert lines["status"] == ["verified", "verified", "claimed"]
    assert lines["ranks"]["mean-rank"] == [None, 1, 1]
    assert lines["hours"] == [None, 12345.5, None]
    assert lines["extra"] == ["", "LiTS (not public)", ""]
    assert lines["paper"] == [None, None, "https://example.org/p"]


def test_what_is_not_published_is_empty(board: Board) -> None:
    first, *others = board.entries
    nothing = replace(first, average=dict.fromkeys(first.average, Estimate(value=None)), classes={})
    files = written(replace(board, entries=(nothing, *others)))
    assert content(files, "boards/public-cv.js")["average"]["dsc"][:3] == [None, None, None]
    assert content(files, "boards/public-cv.f1.js")["gallstone"][:3] == [None, None, None]


def test_a_thousand_records_are_loaded_with_less_than_two_megabytes(tmp_path: Path) -> None:
    def loaded(many: int) -> tuple[int, int]:
        results = tmp_path / str(many) / "results"
        made = [
            add_record(
                results, f"A method of some length {index:03}", seed=index, cases=6, cost=ENTRY,
                status="verified" if index % 2 else "claimed", paper="https://example.org/paper/of/some/length",
                code="https://example.org/code/of/some/length", authors=["First Author", "Second Author", "Third"],
            )
            for index in range(many)
        ]  # fmt: skip
        site = tmp_path / str(many) / "site"
        build_site(results, site, date=None, resamples=100, seed=0)
        assert len(made) == many
        page = [site / "index.html", *(site / "assets").iterdir()]
        chosen = [site / "boards" / name for name in ("public-cv.js", "public-cv.dsc.js")]
        return sum(path.stat().st_size for path in page), sum(path.stat().st_size for path in chosen)

    (page, chosen), (longer, more) = loaded(52), loaded(60)
    # What is drawn and listed in the page itself is bounded: of each kind the best 25.
    assert longer < 1.1 * page
    assert longer + chosen + (1000 - 52) * (more - chosen) / 8 < MOST_BYTES
