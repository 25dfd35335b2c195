from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mswal_bench.benchmark.scoring.score_view import AVERAGE_GROUP, table_view
from mswal_bench.benchmark.scoring.scores import Scores
from mswal_bench.benchmark.scoring.scores_json import summary_json
from mswal_bench.benchmark.tables.view import UNDEFINED, Cell, marked

if TYPE_CHECKING:
    from mswal_bench.tests.benchmark.conftest import MakeTable


def test_layout(two_methods: Scores) -> None:
    view = table_view(two_methods)
    assert view.groups == ("first", "second_one", AVERAGE_GROUP)
    assert [row.label for row in view.rows] == [
        "Gallstone",
        "Kidney stone",
        "Liver tumor",
        "Kidney tumor",
        "Pancreatic cancer",
        "Liver cyst",
        "Kidney cyst",
        "Avg.",
    ]
    assert [row.is_average for row in view.rows] == [False] * 7 + [True]
    assert view.rows[0].cells == (
        Cell("85.00", best=True),
        Cell("100.00", best=True),
        Cell("35.00", second=True),
        Cell("50.00", second=True),
        Cell("60.00"),
        Cell("75.00"),
    )
    assert view.rows[1].cells == (Cell(UNDEFINED),) * 6


def test_equal_best_share_the_mark_and_leave_no_second(make_table: MakeTable) -> None:
    table = make_table({name: [{"gallstone": (dsc, 1, 0, 0)}] for name, dsc in {"a": 90, "b": 90, "c": 80}.items()})
    cells = table_view(table).rows[0].cells
    assert cells[0::2][:3] == (Cell("90.00", best=True), Cell("90.00", best=True), Cell("80.00"))


def test_equal_seconds_share_the_mark(make_table: MakeTable) -> None:
    table = make_table({name: [{"gallstone": (dsc, 1, 0, 0)}] for name, dsc in {"a": 70, "b": 90, "c": 70}.items()})
    cells = table_view(table).rows[0].cells
    assert cells[0::2][:3] == (Cell("70.00", second=True), Cell("90.00", best=True), Cell("70.00", second=True))


def test_undefined_is_never_marked(make_table: MakeTable) -> None:
    # Only the second method has the class at all: a false alarm, which is a score of 0.
    table = make_table({"a": [{}], "b": [{"gallstone": (0, 0, 1, 0)}]})
    assert table_view(table).rows[0].cells[:4] == (
        Cell(UNDEFINED),
        Cell(UNDEFINED),
        Cell("0.00"),
        Cell("0.00"),
    )
    assert table.difficulty_dsc == table.difficulty_f1 == ()
    told = "In no scored case's reference, so that all that is predicted is false and it is in no order of"
    assert f"{told} difficulty: gallstone." in table_view(table).notes


@pytest.mark.parametrize(
    ("numbers", "best", "second"),
    [
        ([0.0, 0.0], [], []),
        ([None, 0.0], [], []),
        ([0.01, 0.0], [0], []),
        ([50.0, 0.0, None], [0], []),
        ([50.0, 40.0, 0.0], [0], [1]),
        ([0.0, 40.0, 40.0], [1, 2], []),
        ([12.0, None], [0], []),
        ([12.0], [], []),
    ],
)
def test_nought_is_neither_best_nor_second(numbers: list[float | None], best: list[int], second: list[int]) -> None:
    texts = [UNDEFINED if number is None else f"{number:.2f}" for number in numbers]
    cells = marked(texts, numbers)
    assert [cell.text for cell in cells] == texts
    assert [number for number, cell in enumerate(cells) if cell.best] == best
    assert [number for number, cell in enumerate(cells) if cell.second] == second


def test_one_method_has_no_marks_and_no_average_score(make_table: MakeTable) -> None:
    view = table_view(make_table({"one": [{"gallstone": (90, 1, 0, 0)}]}))
    assert view.groups == ("one",)
    assert view.rows[0].cells == (Cell("90.00"), Cell("100.00"))
    assert not any("Hardest" in note for note in view.notes)


def test_notes(two_methods: Scores) -> None:
    notes = "\n".join(table_view(two_methods).notes)
    assert "Hardest first by DSC: kidney cyst, liver tumor, gallstone." in notes
    assert "Hardest first by F1: kidney cyst, liver tumor, gallstone." in notes
    assert f"{UNDEFINED}: undefined, for no scored case has such a lesion" in notes
    assert "Avg. is over 3 of 7 classes." in notes
    assert "second_one: no prediction for 1 of 2 cases, counted as empty: case_2." in notes
    assert "Protocol mswal/1, 2 cases scored, none left out." in notes


def test_a_track_that_is_known_is_told(two_methods: Scores) -> None:
    table = replace(two_methods, track="public-cv of fold 2 alone")
    assert (
        "Percent. Protocol mswal/1, track public-cv of fold 2 alone, 2 cases scored, none left out."
        in table_view(table).notes
    )
    assert table.summary().track == "public-cv of fold 2 alone"
    assert '"track"' not in summary_json(two_methods.summary())


def test_averages_over_different_numbers_of_classes_name_the_methods(make_table: MakeTable) -> None:
    table = make_table(
        {"a": [{"gallstone": (90, 1, 0, 0)}], "b": [{"gallstone": (90, 1, 0, 0), "liver_cyst": (0, 0, 1, 0)}]}
    )
    notes = table_view(table).notes
    assert "Avg. is over 1 of 7 classes for a." in notes
    assert "Avg. is over 2 of 7 classes for b." in notes
