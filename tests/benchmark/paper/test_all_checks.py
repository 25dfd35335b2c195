from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import pytest

from mswal_bench.benchmark.paper import printed
from mswal_bench.benchmark.paper.all_checks import all_checks, format_checks
from mswal_bench.benchmark.paper.check import differing
from mswal_bench.benchmark.paper.table_1 import printed_data_sets
from mswal_bench.benchmark.paper.table_2 import printed_comparison, printed_improvements, printed_underlines
from mswal_bench.benchmark.paper.table_3 import printed_ablation
from mswal_bench.benchmark.paper.table_4 import printed_gains
from mswal_bench.benchmark.paper.text_claims import ABLATION_LOSS, TRANSFER_DSC

LOADERS = (
    printed_comparison, printed_improvements, printed_underlines, printed_ablation, printed_gains, printed_data_sets,
)  # fmt: skip
UNROUNDED = "neither rounded nor truncated; may be the rounded mean of unrounded cells"
# Everything in which the paper differs from itself.
KNOWN = {
    "Avg. of Inception nnU-Net, DSC": ("+0.0057", UNROUNDED),
    "Avg. of Inception nnU-Net, F1": ("-0.0057", "truncated"),
    "Avg. of nnU-Netv2, F1": ("-0.0086", "truncated"),
    "Avg. of Mednext, F1": ("-0.0071", "truncated"),
    "Average score of gallstone, DSC": ("-0.0071", "truncated"),
    "Average score of gallstone, F1": ("-0.0057", "truncated"),
    "Average score of kidney stone, F1": ("-0.0086", "truncated"),
    "Average score of kidney tumor, DSC": ("-0.0086", "truncated"),
    "Average score of kidney tumor, F1": ("-0.0071", "truncated"),
    "Average score of pancreatic cancer, DSC": ("-0.0071", "truncated"),
    "Average score of liver cyst, DSC": ("-0.0057", "truncated"),
    "Average score of kidney cyst, DSC": ("-0.0086", "truncated"),
    "Average score of Avg., over the methods, DSC": ("-0.0129", "that over the lesion types, truncated"),
    "Average score of Avg., over the lesion types, DSC": ("-0.0071", "truncated"),
    "Average score of Avg., over the methods, F1": ("-0.0086", "truncated"),
    "Average score of Avg., over the lesion types, F1": ("-0.0086", "truncated"),
    "The hardest lesion types by F1": (None, "the sentence names no metric, and holds for DSC only"),
    "DSC of variant III": ("-1.00", "typo: 49.83 fits the difference of 0.26 stated"),
}


def found() -> dict[str, tuple[str | None, str]]:
    return {
        check.what: (None if check.by is None else f"{check.by:+}", check.reading) for check in differing(all_checks())
    }


@pytest.fixture
def misread(monkeypatch):
    """Reads a file of results/paper with one text in it replaced."""
    original = printed.printed_csv

    def forget() -> None:
        for loader in LOADERS:
            loader.cache_clear()

    def replace(name: str, old: str, new: str) -> None:
        assert old in original(name)
        monkeypatch.setattr(
            printed, "printed_csv", lambda asked: original(asked).replace(old, new, 1 if asked == name else 0)
        )
        forget()

    forget()
    yield replace
    monkeypatch.undo()
    forget()


def test_the_differences_are_the_known_ones() -> None:
    assert found() == KNOWN


def test_what_is_checked() -> None:
    whats = [check.what for check in all_checks()]
    assert len(whats) == 111
    for part, count in {"Avg. of ": 16, "Average score of ": 18, "Improvement in ": 14, "Underlined": 3}.items():
        assert sum(part in what for what in whats) == count
    checks = {check.what: check for check in all_checks()}
    assert checks["Lesions: the sum of the types"].recomputed == "5,212"
    assert checks["Lesions: the sum of small and large"].recomputed == "5,212"
    assert checks["Patients: the sum of the phases"].recomputed == "694"
    assert checks["Training to test, approximately"].recomputed == "6.97:3.03"
    assert checks["Percent female: 320 of 694"].recomputed == "46.11 %"
    assert checks["Pancreatic cancer: average DSC"].recomputed == "39.05 of 40.32: 1.27 below"
    assert checks["The same, of the means of the cells, DSC"].recomputed == "0.4571"


@pytest.mark.parametrize("metric", ["dsc", "f1"])
@pytest.mark.parametrize("method", range(7))
def test_a_wrong_cell_of_table_2_shows_in_both_of_its_sums(misread, method: int, metric: str) -> None:
    """Every cell, off by 0.1: its average and its average score both differ by more than truncation explains."""
    column = 2 * method + (metric == "f1") + 1
    name = {"dsc": "DSC", "f1": "F1"}[metric]
    title = printed_comparison().methods[method].title
    rows = printed.printed_rows("table2")[1:-1]
    for row in rows:
        for sign in (1, -1):
            wrong = (*row[:column], str(Decimal(row[column]) + sign * Decimal("0.10")), *row[column + 1 :])
            misread("table2", ",".join(row), ",".join(wrong))
            lesion = {"Pancrea cancer": "pancreatic cancer"}.get(row[0], row[0].lower())
            for what in (f"Avg. of {title}, {name}", f"Average score of {lesion}, {name}"):
                by, reading = found()[what]
                assert what not in KNOWN or (by, reading) != KNOWN[what]
                assert by is not None
                # Truncation leaves a printed average below its mean, by less than 0.01.
                assert abs(Decimal(by)) > Decimal("0.005")


@pytest.mark.parametrize(
    ("name", "old", "new", "what"),
    [
        ("table2", "58.53,23.05", "58.54,23.05", "Improvement in liver tumor, DSC"),
        ("table2", "56.00,20.57", "56.01,20.57", "Improvement in liver tumor, DSC"),
        ("table2_improvements", "+3.54", "+3.45", "Improvement in pancreatic cancer, F1"),
        ("table2_improvements", "Gallstone,,", "Gallstone,+0.10,", "Improvement in gallstone, DSC"),
        ("table2_underlined", "Gallstone,Inception nnU-Net (Ours),DSC", "Gallstone,nnU-Netv1 [8],DSC",
         "Underlined: nnU-Netv1 in gallstone, DSC"),
        ("table2", "49.63,38.88", "49.36,38.88", "Avg. of nnU-Net res, DSC"),
        ("table2", "32.38,27.24", "32.83,27.24", "Avg. of nnU-Netv1, DSC"),
        ("table3", "49.02", "49.20", "DSC of variant I below V"),
        ("table3", "49.46", "49.64", "DSC of variant II below V"),
        ("table3", "50.09", "50.19", "Variant V is Avg. of Inception nnU-Net in Table 2, DSC"),
        ("table4", "96.82", "96.28", "Improvement in liver"),
        ("table4", "↑ 0.89", "↑ 0.98", "Improvement in kidney tumor"),
        ("table1", "5,212", "5,221", "MSWAL's lesions are the types of Section 2"),
    ],
)  # fmt: skip
def test_a_wrong_transcription_shows(misread, name: str, old: str, new: str, what: str) -> None:
    misread(name, old, new)
    assert what in found()
    assert what not in KNOWN


def test_the_text_is_as_claimed(paper_text: str) -> None:
    """The sentences hold the numbers that are kept of them."""
    assert "decreases the DSC to 48.83%" in paper_text
    assert all(f"{points}%" in paper_text for points in ABLATION_LOSS.values())
    assert all(f"from {old}% to {new}%" in paper_text for old, new in TRANSFER_DSC.values())
    assert "3.00% for liver tumors and 0.89% for kidney tumors" in paper_text
    assert "0.46% in DSC and 0.68% in F1" in paper_text
    assert "kidney stones and kidney tumors is the most challenging" in paper_text
    assert "374 (53.9%) male and 320 (46.1%) female" in paper_text
    for share in ("(261, 38%)", "(71, 10%)", "(64, 9%)", "(37, 5%)", "approximate 7:3 ratio"):
        assert share in paper_text


def test_formats() -> None:
    checks = all_checks()
    text = format_checks(checks, "text")
    assert text.endswith("111 checks: 93 agree, 18 differ.")
    assert "-0.0129" in text
    assert max(map(len, text.splitlines())) < 150
    rows = [*csv.DictReader(io.StringIO(format_checks(checks, "csv")))]
    assert len(rows) == len(checks)
    assert next(row for row in rows if row["what"] == "DSC of variant III") == {
        "what": "DSC of variant III",
        "where": "Section 4, ablation",
        "printed": "48.83",
        "recomputed": "49.83",
        "verdict": "differs",
        "by": "-1.00",
        "reading": "typo: 49.83 fits the difference of 0.26 stated",
    }
    data = json.loads(format_checks(checks, "json"))
    assert {key for row in data for key in row} == {
        "what",
        "where",
        "printed",
        "recomputed",
        "verdict",
        "by",
        "reading",
    }
    assert sum(row["verdict"] == "differs" for row in data) == len(KNOWN)
    assert format_checks(checks, "markdown").count("| differs ") == len(KNOWN)
