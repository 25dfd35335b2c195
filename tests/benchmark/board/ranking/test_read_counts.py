from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mswal_bench.benchmark.board.ranking.score_arrays import (
    ScoreArrays,
    arrays_of_read_counts,
    arrays_of_scores,
    read_score_arrays,
)
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.scoring.cases_csv import read_counts
from mswal_bench.benchmark.scoring.score_folders import score_folders

from .score_making import random_arrays

if TYPE_CHECKING:
    from .conftest import Rows, WriteRows

RowsOf = Callable[[ScoreArrays], "Rows"]


@pytest.fixture
def rows(rows_of: RowsOf) -> Rows:
    return rows_of(random_arrays(2, 3, 2))


@pytest.fixture
def filled(rows: Rows) -> dict[str, str]:
    """A row of a class that both sides have."""
    return next(row for row in rows if row["tp"] != "0")


def test_what_scoring_writes_is_what_was_scored(tmp_path: Path, kits_raters: Path) -> None:
    others = [kits_raters / "rater2", kits_raters / "rater3"]
    scores = score_folders(others, kits_raters / "rater1", jobs=1)
    scores.save(tmp_path)
    path = tmp_path / "cases.csv"
    read = read_score_arrays({"rater2": path, "rater3": path})
    scored = arrays_of_scores(scores)
    assert (read.methods, read.cases, read.classes) == (scored.methods, scored.cases, scored.classes)
    np.testing.assert_array_equal(read.dsc, scored.dsc)
    for name in ("tp", "fp", "fn"):
        np.testing.assert_array_equal(getattr(read, name), getattr(scored, name))


def test_one_method_a_file_and_several(tmp_path: Path, rows: Rows, write_rows: WriteRows) -> None:
    both = write_rows(tmp_path / "both.csv", rows)
    alone = write_rows(tmp_path / "alone.csv", [row for row in rows if row["method"] == "method 1"])
    read = read_score_arrays({"method 0": both, "another name": alone})
    assert read.methods == ("method 0", "another name")
    expected = read_score_arrays({"method 0": both, "method 1": both})
    np.testing.assert_array_equal(read.tp, expected.tp)
    with pytest.raises(BenchError, match=r"both\.csv: holds no rows of the method: expected nobody, found method 0"):
        read_score_arrays({"nobody": both})


def test_rows_in_any_order_and_files_in_the_order_of_the_one_before(
    tmp_path: Path, rows_of: RowsOf, write_rows: WriteRows
) -> None:
    rows = rows_of(random_arrays(6, 4, 2))
    files, expected = {}, {}
    for number in range(6):
        method = f"method {number}"
        of_method = [row for row in rows if row["method"] == method]
        expected[method] = {(row["case"], row["class"]): int(row["tp"]) for row in of_method}
        # Two in one order, two in another that differs in classes alone, two backwards.
        swapped = sorted(of_method, key=lambda row: (row["case"], row["class"] == "class_0"))
        in_order = (of_method, swapped, of_method[::-1])[number // 2]
        files[method] = write_rows(tmp_path / f"{number}.csv", in_order)
    read = read_score_arrays(files, ("class_0", "class_1"))
    for row, method in enumerate(read.methods):
        counts = {
            (case, key): int(read.tp[row, place, column])
            for place, case in enumerate(read.cases)
            for column, key in enumerate(read.classes)
        }
        assert counts == expected[method]


def _problems(path: Path) -> list[str]:
    with pytest.raises(BenchError) as caught:
        arrays_of_read_counts(read_counts(path))
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ({"tp": "-1"}, "has a tp that is no count: expected a whole number from 0 on, found '-1'"),
        ({"fp": "1.5"}, "has a fp that is no count"),
        ({"fn": ""}, "has a fn that is no count"),
        ({"tp": "nan"}, "has a tp that is no count"),
        ({"tp": "²"}, "has a tp that is no count"),
        ({"tp": "٣"}, "has a tp that is no count"),
        ({"reference_voxels": "9" * 400}, "has a reference_voxels that is no count"),
        ({"intersection_voxels": "101"}, "has a larger intersection than its smaller side: expected at most 100"),
        ({"dsc": "0.99"}, "has a dsc that its counts contradict: expected"),
        ({"dsc": ""}, "has a dsc that its counts contradict: expected"),
        ({"dsc": "nan"}, "has a dsc that is no number"),
        ({"dsc": "inf"}, "has a dsc that is no number"),
        ({"dsc": "0,5"}, "has a dsc that is no number"),
        ({"f1": "0.123"}, "has a f1 that its counts contradict"),
        ({"reference_voxels": "0", "intersection_voxels": "0"}, "lesions in 0 voxels of the reference"),
        ({"tp": "101"}, "lesions in 100 voxels of the reference"),
        ({"method": " "}, "has no readable method: found ' '"),
        ({"case": "a\x1b[31m"}, r"has no readable case: found 'a\x1b[31m'"),
        ({"class": ""}, "has no readable class"),
        ({"missing": "yes"}, "has a missing that is neither: expected 1 without a prediction, else 0, found 'yes'"),
        ({"missing": "1"}, "has predicted voxels though the prediction is missing: found"),
    ],
)
def test_cells(
    tmp_path: Path,
    rows: Rows,
    filled: dict[str, str],
    write_rows: WriteRows,
    cells: dict[str, str],
    sentence: str,
) -> None:
    line = rows.index(filled) + 2
    filled.update(cells)
    path = write_rows(tmp_path / "cases.csv", rows)
    problems = _problems(path)
    assert any(problem.startswith(f"{path}, line {line}: ") and sentence in problem for problem in problems), problems


def test_all_problems_at_once_but_not_a_thousand(tmp_path: Path, rows: Rows, write_rows: WriteRows) -> None:
    for row in rows[:2]:
        row["tp"] = "x"
    assert len(_problems(write_rows(tmp_path / "two.csv", rows))) == 2
    for row in (many := rows * 4):
        row["tp"] = "x"
    problems = _problems(write_rows(tmp_path / "many.csv", many))
    assert len(problems) == 21
    assert problems[-1] == "and 28 more of the kind."


def test_a_row_twice(tmp_path: Path, rows: Rows, write_rows: WriteRows) -> None:
    (problem,) = _problems(write_rows(tmp_path / "cases.csv", [*rows, rows[0]]))
    assert problem.endswith("line 14: is a second row of class_0 in the case case_000 of method 0.")


def test_a_class_misspelt_and_one_left_out(tmp_path: Path, rows: Rows, write_rows: WriteRows) -> None:
    rows[0]["class"] = "class_O"
    del rows[-1]
    first, second = _problems(write_rows(tmp_path / "cases.csv", rows))
    assert first == (
        "method 0: the case case_000 has other classes: expected class_0, class_1, found class_O, class_1."
    )
    assert second == "method 1: the case case_002 has other classes: expected class_0, class_1, found class_0."


def test_the_classes_that_are_asked_for(tmp_path: Path, rows: Rows, write_rows: WriteRows) -> None:
    path = write_rows(tmp_path / "cases.csv", rows)
    assert read_score_arrays({"method 0": path}, ("class_1", "class_0")).classes == ("class_1", "class_0")
    with pytest.raises(BenchError, match="has other classes: expected gallstone, found class_0, class_1"):
        read_score_arrays({"method 0": path}, ("gallstone",))


def test_other_cases(tmp_path: Path, rows: Rows, write_rows: WriteRows) -> None:
    rows[0]["case"] = rows[1]["case"] = "elsewhere"
    first, second = _problems(write_rows(tmp_path / "cases.csv", rows))
    assert first.startswith("method 0: has no scores of 1 of the cases that others have: found case_000")
    assert second.startswith("method 1: has no scores of 1 of the cases that others have: found elsewhere")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "lacks columns: found method, case, class"),
        (b"method,case,class\n", "lacks columns: found reference_voxels"),
        (b"method;case;class\n", "lacks columns"),
        (b"\xff\xfe\x00m", "cannot be read"),
        (b"PK\x03\x04" + bytes(200), "lacks columns"),
    ],
)
def test_files_that_are_no_such_table(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "cases.csv"
    path.write_bytes(content)
    (problem,) = _problems(path)
    assert problem.startswith(f"{path}: {sentence}")


def test_lines_of_another_length(tmp_path: Path, rows: Rows, write_rows: WriteRows) -> None:
    path = write_rows(tmp_path / "cases.csv", rows)
    whole = path.read_text()
    for damaged in (whole[:-9], whole + "a,b\n", whole + ",".join("x" * 30) + "\n"):
        path.write_text(damaged)
        assert any("another number of cells" in problem or "no count" in problem for problem in _problems(path))


def test_no_rows_and_no_file(tmp_path: Path, write_rows: WriteRows) -> None:
    assert _problems(write_rows(tmp_path / "cases.csv", [])) == [f"{tmp_path / 'cases.csv'}: holds no rows."]
    assert "No such file" in _problems(tmp_path / "nowhere.csv")[0]
    assert "cannot be read" in _problems(tmp_path)[0]


def test_columns_twice(tmp_path: Path, rows: Rows, write_rows: WriteRows) -> None:
    path = write_rows(tmp_path / "cases.csv", rows)
    path.write_text(path.read_text().replace("missing", "tp", 1))
    assert _problems(path)[0].startswith(f"{path}: has columns twice: found tp.")
