from __future__ import annotations

from pathlib import Path

import pytest

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.board.site.board_ranks import board_places
from mswal_bench.benchmark.board.site.board_statistics import board_statistics
from mswal_bench.benchmark.board.site.boards import boards_of
from mswal_bench.benchmark.board.site.charts import axis_of, difficulty, forest
from mswal_bench.benchmark.board.site.public_rows import statistics_rows
from mswal_bench.benchmark.records.identity import resealed
from mswal_bench.benchmark.records.publication import published
from mswal_bench.benchmark.records.release_policy import Release, ReleasePolicy
from mswal_bench.benchmark.scoring.estimates import Estimate

from .board_results import add_record


def test_without_a_record_the_papers_methods_stand_on_the_official_test_alone() -> None:
    (board,) = boards_of([])
    assert board.key == "official-test"
    assert board.hidden
    assert {entry.status for entry in board.entries} == {"reported"}
    assert {entry.baseline_named for entry in board.entries} == set(METHODS)
    first = board.entries[0]
    assert first.method == "Inception nnU-Net"
    # As printed: the mean of the printed F1 is 39.57.
    assert (first.average["dsc"].value, first.average["f1"].value) == (0.5009, 0.3956)
    assert first.of("pancreatic_cancer", "f1").value == 0.4444
    assert first.of("gallstone", "recall").value is None
    assert board_places(board, {})[1]["mean-rank"] == {}


def test_what_is_signed_says_the_rules_of_a_hidden_track(tmp_path: Path) -> None:
    """A claimed record that anybody made would make all ranks ties."""
    private = tmp_path / "private"
    made = [
        add_record(
            tmp_path, status, status=status, private=private, seed=seed,
            release=Release(policy=ReleasePolicy(points=points), shown=True),
        )
        for seed, (status, points) in enumerate((("verified", 1), ("claimed", 19)))
    ]  # fmt: skip
    *_, board = boards_of(made)
    assert board.policy == ReleasePolicy()
    *_, board = boards_of(made[1:])
    assert board.policy == ReleasePolicy(points=19)


def test_tracks_protocols_and_labels_are_never_on_one_board(tmp_path: Path) -> None:
    made = [
        add_record(tmp_path, "a", track="public-cv"),
        add_record(tmp_path, "b", track="public-cv", reference="corrected labels"),
        add_record(tmp_path, "c", track="a-demo"),
        add_record(tmp_path, "d", track="a-demo", protocol="mswal/1 on liver", classes=("liver",)),
        add_record(tmp_path, "e", track="official-test"),
    ]
    boards = boards_of(made)
    assert [board.track for board in boards] == ["official-test", "public-cv", "public-cv", "a-demo", "a-demo"]
    assert len({board.key for board in boards}) == 5
    assert len({board.title for board in boards}) == 5
    reported = [len(board.of("reported")) for board in boards]
    assert reported == [7, 0, 0, 0, 0]


def test_each_status_is_ranked_among_its_own(tmp_path: Path) -> None:
    best = add_record(tmp_path, "claims most", status="claimed", quality=0.95, seed=9)
    others = [add_record(tmp_path, f"m{i}", quality=0.3 + 0.2 * i, seed=i) for i in range(3)]
    (_, board) = boards_of([best, *others])
    assert [entry.status for entry in board.entries] == ["verified"] * 3 + ["claimed"]
    schemes, places = board_places(board, {})
    assert places["mean-rank"][best.id].rank == 1
    assert [places["mean-rank"][record.id].rank for record in reversed(others)] == [1, 2, 3]
    keys = [scheme.key for scheme in schemes]
    assert keys[:3] == ["mean-rank", "dsc", "f1"]
    assert "class:liver_cyst" in keys
    assert "rank-then-mean" not in keys


def test_equal_results_share_a_rank(tmp_path: Path) -> None:
    # The seed makes the numbers, the name the record.
    records = [add_record(tmp_path, name, seed=3) for name in ("one", "same")]
    records.append(add_record(tmp_path, "worse", quality=0.2, seed=4))
    board = boards_of(records)[1]
    places = board_places(board, {})[1]["mean-rank"]
    assert [(places[record.id].rank, places[record.id].shared) for record in records] == [
        (1, True), (1, True), (3, False),
    ]  # fmt: skip


def test_statistics_follow_from_the_rows(tmp_path: Path) -> None:
    records = [add_record(tmp_path, f"m{i}", quality=0.2 + 0.3 * i, seed=i) for i in range(3)]
    board = boards_of(records)[1]
    arrays = statistics_rows(board, tmp_path)
    assert set(arrays) == {"verified"}
    schemes, places = board_places(board, arrays)
    assert {"mean-then-rank", "rank-then-mean"} <= {scheme.key for scheme in schemes}
    statistics = board_statistics(board, arrays, places["mean-rank"], resamples=200, seed=0)
    assert statistics is not None
    assert [row.entry.method for row in statistics.stability] == ["m2", "m1", "m0"]
    for row in statistics.stability:
        assert sum(segment.share for segment in row.segments) == pytest.approx(1)
    dsc = statistics.maps[0]
    assert dsc.cells[records[2].id, records[0].id].verdict == "better"
    assert dsc.cells[records[0].id, records[2].id].verdict == "worse"


def test_without_all_rows_there_are_no_statistics(tmp_path: Path) -> None:
    results, private = tmp_path / "results", tmp_path / "private"
    added = [add_record(results, name, seed=seed, private=private) for seed, name in enumerate(("a", "b"))]
    records = [resealed(published(record)) for record in added]
    board = boards_of(records)[1]
    arrays = statistics_rows(board, results)
    assert arrays == {}
    places = board_places(board, arrays)[1]["mean-rank"]
    assert board_statistics(board, arrays, places, resamples=200, seed=0) is None
    assert len(places) == 2


def test_difficulty_is_the_papers(tmp_path: Path) -> None:
    (board,) = boards_of([])
    hardest = [lesion.key for lesion, _ in difficulty(board, board.entries, "dsc").rows]
    assert hardest[:2] == ["kidney_stone", "kidney_tumor"]
    rows = dict(difficulty(board, board.entries, "f1").rows)
    assert min(rows.values()) == pytest.approx(0.1644, abs=0.0002)


@pytest.mark.parametrize(
    ("values", "from_zero", "expected"),
    [
        ([], False, (0, 100)),
        ([0.5], False, (50, 51)),
        ([0.312, 0.488], False, (30, 50)),
        ([0.312, 0.488], True, (0, 50)),
        ([0.0, 1.0], False, (0, 100)),
    ],
)
def test_all_values_lie_on_the_axis(values: list[float], from_zero: bool, expected: tuple[int, int]) -> None:
    axis = axis_of([Estimate(value=value) for value in values], from_zero=from_zero)
    assert (axis.low, axis.high) == expected
    assert axis.ticks[0] == axis.low
    assert axis.ticks[-1] == axis.high
    for value in values:
        assert 0 <= float(axis.at(value).rstrip("%")) <= 100


def test_of_a_long_board_the_best_are_drawn_and_tested(tmp_path: Path) -> None:
    records = [add_record(tmp_path, f"m{i:02}", quality=0.2 + 0.02 * i, seed=i, cases=6) for i in range(30)]
    board = boards_of(records)[1]
    arrays = statistics_rows(board, tmp_path)
    statistics = board_statistics(board, arrays, board_places(board, arrays)[1]["mean-rank"], resamples=100, seed=0)
    assert statistics is not None
    assert (len(statistics.stability), statistics.left_out) == (25, 5)
    drawn = forest(board, "dsc")
    assert (len(drawn.groups[0][1]), drawn.left_out) == (25, 5)
    values = [estimate.value or 0 for _, estimate in drawn.groups[0][1]]
    assert values == sorted(values, reverse=True)


def test_people_are_never_ranked_or_tested_among_methods(tmp_path: Path) -> None:
    raters = [add_record(tmp_path, f"r{i}", quality=0.97 + 0.02 * i, seed=50 + i, drawn_by="people") for i in range(2)]
    methods = [add_record(tmp_path, f"m{i}", quality=0.2 + 0.3 * i, seed=i) for i in range(3)]
    board = boards_of([*methods, *raters])[1]
    assert [entry.group for entry in board.entries] == ["people"] * 2 + ["verified"] * 3
    assert board.counted == "2 human raters, 3 verified"
    arrays = statistics_rows(board, tmp_path)
    _, places = board_places(board, arrays)
    ids = {record.id for record in raters}
    assert all(ids.isdisjoint(of_scheme) for of_scheme in places.values())
    assert [places["mean-rank"][record.id].rank for record in reversed(methods)] == [1, 2, 3]
    statistics = board_statistics(board, arrays, places["mean-rank"], resamples=200, seed=0)
    assert statistics is not None
    assert {row.entry.method for row in statistics.stability} == {"m0", "m1", "m2"}
    drawn = forest(board, "dsc")
    assert [group for group, _ in drawn.groups] == ["people", "verified"]
    values = sorted(record.average.dsc.value or 0 for record in raters)
    assert drawn.people == (values[0], values[-1])
    assert forest(boards_of(methods)[1], "dsc").people is None


def test_a_track_of_people_alone_is_a_board(tmp_path: Path) -> None:
    record = add_record(tmp_path, "r", drawn_by="people")
    (_, board) = boards_of([record])
    assert board.counted == "1 human rater"
    _, places = board_places(board, statistics_rows(board, tmp_path))
    assert not any(places.values())
    assert board_statistics(board, {}, places["mean-rank"], resamples=200, seed=0) is None
