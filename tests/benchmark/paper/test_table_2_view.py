from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import get_args

import pytest

from mswal_bench.benchmark.data.lesion_classes import BY_KEY, LESION_CLASSES
from mswal_bench.benchmark.paper.table_2 import (
    AVERAGE,
    NOTHING,
    Comparison,
    MethodColumns,
    Pair,
    printed_comparison,
    printed_improvements,
)
from mswal_bench.benchmark.paper.table_2_view import (
    comparison_view,
    difficulty,
    difficulty_view,
    improvements,
    printed_table_2,
)
from mswal_bench.benchmark.tables.formats import ViewFormat, format_view
from mswal_bench.benchmark.tables.view import UNDEFINED, Cell


def toy(**dsc: str | None) -> Comparison:
    """Methods that differ in the DSC of gallstones alone."""
    methods = []
    for key, value in dsc.items():
        pair = Pair(None if value is None else Decimal(value), Decimal("1.00"))
        classes = {lesion.key: pair if lesion.key == "gallstone" else NOTHING for lesion in LESION_CLASSES}
        methods.append(MethodColumns(key, key.title(), classes, NOTHING))
    return Comparison(tuple(methods), dict.fromkeys((*(one.key for one in LESION_CLASSES), AVERAGE), NOTHING))


def test_every_cell_is_as_printed_and_the_derived_superscripts_are_the_printed_ones() -> None:
    view, comparison = printed_table_2(), printed_comparison()
    assert len(view.rows) == 8
    for row, key in zip(view.rows, [*(lesion.key for lesion in LESION_CLASSES), AVERAGE], strict=True):
        pairs = [*(method.of(key) for method in comparison.methods), comparison.average_score[key]]
        assert [cell.text for cell in row.cells] == [str(number) for pair in pairs for number in (pair.dsc, pair.f1)]
        improved = printed_improvements()[key]
        expected = ["" if number is None else f"+{number}" for number in (improved.dsc, improved.f1)]
        assert [cell.superscript for cell in row.cells] == [*expected, *[""] * 14]


def test_marks_of_the_printed_table() -> None:
    rows = {row.label: row.cells for row in printed_table_2().rows}
    # By hand: MedNeXt is best for gallstones, then Inception nnU-Net by DSC and nnU-Net res by F1.
    assert [cell.text for cell in rows["Gallstone"] if cell.best] == ["60.27", "64.61"]
    assert [cell.text for cell in rows["Gallstone"] if cell.second] == ["57.12", "57.81"]
    assert [cell.text for cell in rows["Kidney stone"] if cell.best] == ["32.46", "37.84"]
    assert [cell.text for cell in rows["Avg."] if cell.second] == ["49.63", "38.88"]
    assert all(sum(cell.best for cell in cells[metric:14:2]) == 1 for cells in rows.values() for metric in (0, 1))
    assert not any(cell.best or cell.second for cells in rows.values() for cell in cells[14:])


def test_the_notes_name_every_average_that_is_not_the_mean_of_its_cells() -> None:
    notes = "\n".join(printed_table_2().notes)
    assert "Inception nnU-Net DSC 50.08, Inception nnU-Net F1 39.57, nnU-Netv2 F1 30.70, Mednext F1 38.23." in notes
    assert "Gallstone DSC 47.42" in notes
    assert "nnU-Net res DSC" not in notes


def test_improvements_of_another_method() -> None:
    others = improvements(printed_comparison(), "mednext")
    assert others["gallstone"] == Pair(Decimal("3.15"), Decimal("6.80"))
    assert others["liver_tumor"] == Pair(None, None)
    assert "MedNeXt" not in printed_table_2().legend
    assert "Mednext is better" in printed_table_2("mednext").legend


@pytest.mark.parametrize(
    ("dsc", "expected"),
    [
        ({"ours": "50.00", "other": "49.90"}, Decimal("0.10")),
        ({"ours": "50.00", "other": "50.00"}, None),
        ({"ours": "49.00", "other": "50.00"}, None),
        ({"ours": "50.00", "other": None}, None),
        ({"ours": "50.00"}, None),
        ({"ours": None, "other": "50.00"}, None),
        ({"other": "50.00"}, None),
        ({"ours": "0.00", "a": "0.00", "b": None}, None),
    ],
)
def test_improvement_is_that_over_the_best_other(dsc, expected) -> None:
    assert improvements(toy(**dsc), "ours")["gallstone"].dsc == expected


def test_ties_share_the_marks() -> None:
    view = comparison_view(toy(a="9.00", b="10.00", c="10.00"), [], "b")
    assert view.rows[0].cells[0:6:2] == (Cell("9.00"), Cell("10.00", best=True), Cell("10.00", best=True))
    seconds = comparison_view(toy(a="9.00", b="10.00", c="9.00"), [], "b")
    assert [cell.second for cell in seconds.rows[0].cells[0:6:2]] == [True, False, True]
    assert seconds.rows[0].cells[2] == Cell("10.00", best=True, superscript="+1.00")


def test_what_is_missing_is_a_dash() -> None:
    view = comparison_view(toy(a=None, b="10.00"), [], "b")
    assert view.rows[0].cells[0] == Cell(UNDEFINED)
    assert view.rows[1].cells == (Cell(UNDEFINED),) * 6


def test_the_orders_of_difficulty() -> None:
    by_dsc = "kidney_stone kidney_tumor pancreatic_cancer kidney_cyst liver_tumor liver_cyst gallstone"
    by_f1 = "liver_tumor kidney_tumor kidney_stone pancreatic_cancer liver_cyst gallstone kidney_cyst"
    assert " ".join(difficulty(printed_comparison(), "dsc")) == by_dsc
    assert " ".join(difficulty(printed_comparison(), "f1")) == by_f1
    rows = difficulty_view(printed_comparison(), []).rows
    assert [row.label for row in rows] == list("1234567")
    assert [cell.text for cell in rows[0].cells] == ["Kidney stone", "31.71", "Liver tumor", "16.44"]


def test_difficulty_leaves_out_what_is_undefined() -> None:
    scores = {
        **toy(a="1.00").average_score,
        "liver_cyst": Pair(Decimal("3.00"), None),
        "gallstone": Pair(Decimal(2), None),
    }
    comparison = Comparison(toy(a="1.00").methods, scores)
    assert difficulty(comparison, "dsc") == ["gallstone", "liver_cyst"]
    assert difficulty(comparison, "f1") == []
    rows = difficulty_view(comparison, []).rows
    assert [cell.text for cell in rows[1].cells] == ["Liver cyst", "3.00", UNDEFINED, UNDEFINED]


def test_false_positives_alone_are_in_no_order_of_difficulty() -> None:
    comparison = printed_comparison()
    changed = replace(comparison, false_alone=("gallstone",))
    assert "gallstone" in difficulty(comparison, "f1")
    assert "gallstone" not in difficulty(changed, "f1")
    told = "Without a place in the order, because no reference has it: gallstone."
    assert told in difficulty_view(changed, []).notes
    assert told in comparison_view(changed, []).notes


@pytest.mark.parametrize("style", get_args(ViewFormat))
def test_an_order_of_no_class_is_drawn(style: ViewFormat) -> None:
    comparison = replace(printed_comparison(), false_alone=tuple(BY_KEY))
    view = difficulty_view(comparison, [])
    assert view.rows == ()
    assert "Average score" in format_view(view, style)
