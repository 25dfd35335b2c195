from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tabulate import SEPARATING_LINE

from mswal_bench.benchmark.tables.wrapped_table import wrapped_table

HEADS = ["Run", "Method", "Data", "Some\nnumber"]
ROWS = [["runs/a", "nnunet-v2", "MSWAL", "1.00"], SEPARATING_LINE, ["runs/b", "mednext", "KiTS\nLiTS", "20.00"]]
ALIGN = ["left", "left", "left", "right"]


def test_what_fits_stands_side_by_side() -> None:
    text = wrapped_table(HEADS, ROWS, ALIGN, width=None)
    assert text == wrapped_table(HEADS, ROWS, ALIGN, width=60)
    assert text.splitlines() == [
        "Run     Method     Data        Some",
        "                             number",
        "------  ---------  ------  --------",
        "runs/a  nnunet-v2  MSWAL       1.00",
        "------  ---------  ------  --------",
        "runs/b  mednext    KiTS       20.00",
        "                   LiTS",
    ]


def test_the_rest_comes_below_under_the_same_first_column() -> None:
    first, second = wrapped_table(HEADS, ROWS, ALIGN, width=24).split("\n\n")
    assert first.splitlines()[-3:] == ["runs/a  nnunet-v2", "------  ---------", "runs/b  mednext"]
    assert second.splitlines()[-2:] == ["runs/b  KiTS       20.00", "        LiTS"]


@given(st.integers(30, 80), st.integers(1, 2))
def test_no_line_is_longer_and_nothing_is_lost(width: int, keep: int) -> None:
    heads = ["Method", "Lesion", *(f"Column\n{number}" for number in range(9))]
    rows = [[f"work/of/a-method-{row}", "Kidney stone", *(f"{row}{number}.00" for number in range(9))] for row in "12"]
    rows[0][5] = "a long remark about this very cell"
    text = wrapped_table(heads, rows, ["left", "left", *["right"] * 9], width=width, keep=keep)
    assert max(map(len, text.splitlines())) <= width
    letters = "".join(text.split())
    for row in "12":
        assert all(f"{row}{number}.00" in letters for number in range(9) if (row, number) != ("1", 3))
    assert "a" in text.split()
    assert "cell" in letters


def test_of_no_row_the_headings() -> None:
    assert wrapped_table(["a", "b"], [], ["left", "right"], width=60).split() == ["a", "b", "---", "---"]
