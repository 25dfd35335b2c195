from __future__ import annotations

from pathlib import Path

import pytest

from mswal_bench.benchmark.data.stats.case_records import CaseRecords, read_case_records

CASES = ("a", "b", "c")


def records(root: Path, content: str | bytes) -> CaseRecords:
    path = root / "cases.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_case_records(root, CASES)


def test_without_a_file_nothing_is_recorded(tmp_path: Path) -> None:
    assert read_case_records(tmp_path, CASES) == CaseRecords()


def test_sexes_and_phases_are_understood_as_people_write_them(tmp_path: Path) -> None:
    found = records(tmp_path, "case,sex,phase\na,F,Non-Contrast\nb, male ,portal_venous\nc,Female,Arterial phase\n")
    assert found.sex == {"a": "female", "b": "male", "c": "female"}
    assert found.phase == {"a": "non-contrast", "b": "portal venous", "c": "arterial"}
    assert not found.problems


def test_what_is_empty_or_of_other_cases_is_not_recorded(tmp_path: Path) -> None:
    found = records(tmp_path, "\ufeffphase,case,sex,weight\n,a,m,80\nvenous,b\n,other,alien,1\n")
    assert found.sex == {"a": "male"}
    assert found.phase == {"b": "venous"}
    assert not found.problems


def test_a_column_may_be_absent(tmp_path: Path) -> None:
    assert records(tmp_path, "case\na\n") == CaseRecords()


def test_unknown_values_are_told_one_by_one(tmp_path: Path) -> None:
    found = records(tmp_path, "case,sex,phase\na,x,portal\nb,male,venous\n")
    assert found.sex == {"b": "male"}
    assert found.phase == {"b": "venous"}
    texts = [str(problem) for problem in found.problems]
    assert len(texts) == 2
    assert "the sex of a is not known: expected male, female, found x" in texts[0]
    assert "the phase of a is not known: expected non-contrast, arterial, venous, portal venous, delayed" in texts[1]


def test_a_case_with_two_rows_is_told(tmp_path: Path) -> None:
    found = records(tmp_path, "case,sex\na,m\na,f\nb,m\n")
    assert found.sex == {"a": "female", "b": "male"}
    assert "several rows for one case: found a" in str(found.problems[0])


@pytest.mark.parametrize("content", ["", "patient,sex\na,m\n", b"\xff\xfe\x00case", "case;sex\na;m\n"])
def test_another_kind_of_file_is_one_problem(tmp_path: Path, content: str | bytes) -> None:
    found = records(tmp_path, content)
    assert not found.sex
    assert len(found.problems) == 1
    assert "cases.csv" in str(found.problems[0])


def test_a_folder_of_that_name_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "cases.csv").mkdir()
    assert len(read_case_records(tmp_path, CASES).problems) == 1
