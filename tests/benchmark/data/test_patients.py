from __future__ import annotations

from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.patients import Patients, patients_file, read_patients, taken_over

CASES = ("a", "b", "c")
SCORES = "method,case,class,dsc\nmine,a,liver_cyst,0.5\nmine,a,gallstone,0.5\n"


def patients(root: Path, content: str | bytes, name: str = "patients.csv") -> Patients:
    (root / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return read_patients(root, CASES)


def test_without_a_file_nothing_is_recorded(tmp_path: Path) -> None:
    assert read_patients(tmp_path, CASES) == Patients()
    assert taken_over(tmp_path, CASES, {}) == ("", ())


def test_sexes_and_phases_are_understood_as_people_write_them(tmp_path: Path) -> None:
    found = patients(tmp_path, "case,sex,phase\na,F,Non-Contrast\nb, male ,portal_venous\nc,Female,Arterial phase\n")
    assert found.sex == {"a": "female", "b": "male", "c": "female"}
    assert found.phase == {"a": "non-contrast", "b": "portal venous", "c": "arterial"}
    assert not found.problems


def test_what_is_empty_or_of_other_cases_is_not_recorded(tmp_path: Path) -> None:
    found = patients(tmp_path, "\ufeffphase,case,sex,weight\n,a,m,80\nvenous,b\n,other,alien,1\n")
    assert found.sex == {"a": "male"}
    assert found.phase == {"b": "venous"}
    assert not found.problems


def test_a_column_may_be_absent(tmp_path: Path) -> None:
    assert patients(tmp_path, "case\na\n") == Patients()


def test_unknown_values_are_told_one_by_one(tmp_path: Path) -> None:
    found = patients(tmp_path, "case,sex,phase\na,x,portal\nb,male,venous\n")
    assert found.sex == {"b": "male"}
    assert found.phase == {"b": "venous"}
    texts = [str(problem) for problem in found.problems]
    assert len(texts) == 2
    assert "the sex of a is not known: expected male, female, found x" in texts[0]
    assert "the phase of a is not known: expected non-contrast, arterial, venous, portal venous, delayed" in texts[1]


def test_a_case_with_two_rows_is_told(tmp_path: Path) -> None:
    found = patients(tmp_path, "case,sex\na,m\na,f\nb,m\n")
    assert found.sex == {"a": "female", "b": "male"}
    assert "several rows for one case: found a" in str(found.problems[0])


@pytest.mark.parametrize("content", ["", "patient,sex\na,m\n", b"\xff\xfe\x00case", "case;sex\na;m\n"])
def test_another_kind_of_file_is_one_problem(tmp_path: Path, content: str | bytes) -> None:
    found = patients(tmp_path, content)
    assert not found.sex
    assert len(found.problems) == 1
    assert "patients.csv" in str(found.problems[0])


def test_a_folder_of_that_name_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").mkdir()
    assert len(read_patients(tmp_path, CASES).problems) == 1


@pytest.mark.parametrize("content", ["case,sex,phase\na,m,venous\n", "case,subset,phase\na,train,delayed\n"])
def test_a_table_that_an_earlier_version_wrote_is_read(tmp_path: Path, content: str) -> None:
    found = patients(tmp_path, content, "cases.csv")
    assert found == patients(tmp_path, content)
    assert found.sex or found.phase
    assert not found.problems


def test_rows_of_scores_are_no_table_of_patients(tmp_path: Path) -> None:
    assert patients(tmp_path, SCORES, "cases.csv") == Patients()
    assert taken_over(tmp_path, CASES, {}) == ("", ())
    assert patients_file(tmp_path) is None
    assert patients(tmp_path, "case,sex\na,m\n") == Patients({"a": "male"})


@pytest.mark.parametrize("earlier", ["case,sex\na,M\n", "case,phase\n", "", SCORES, b"\xff"])
def test_an_earlier_table_that_says_nothing_else_may_lie_beside(tmp_path: Path, earlier: str | bytes) -> None:
    patients(tmp_path, earlier, "cases.csv")
    assert patients(tmp_path, "case,sex\na,male\nb,female\n") == Patients({"a": "male", "b": "female"})
    assert not taken_over(tmp_path, CASES, {})[1]


@pytest.mark.parametrize("earlier", ["case,sex\na,f\n", "case,sex,phase\na,m,venous\n"])
def test_of_two_tables_that_differ_the_new_one_counts_and_it_is_told(tmp_path: Path, earlier: str) -> None:
    patients(tmp_path, earlier, "cases.csv")
    found = patients(tmp_path, "case,sex\na,m\n")
    assert (found.sex, found.phase) == ({"a": "male"}, {})
    (problem,) = found.problems
    assert "cases.csv: does not agree with patients.csv, which is the one that counts, on a." in str(problem)
    assert taken_over(tmp_path, CASES, {}) == (
        "case,sex\na,m\n",
        ("cases.csv is left out, for it does not agree with patients.csv",),
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"case,sex\nold_b,male\n", "case,sex\nb,male\n"),
        (b"\xef\xbb\xbfcase,sex\r\nold_b,male\r\n", "case,sex\nb,male\n"),
        (b"sex,case,phase\nmale,a,\nmale\n\n", "sex,case,phase\nmale,a,\n"),
        (b"case\nstranger\n", "case\n"),
    ],
)
def test_the_rows_of_the_cases_are_taken_over_wherever_the_column_is(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    (tmp_path / "patients.csv").write_bytes(content)
    assert taken_over(tmp_path, CASES, {"old_b": "b"}) == (expected, ())


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"patient,sex\n1,male\n", "its columns are patient, sex"),
        (b"case;sex\n1;male\n", "its columns are case;sex"),
        (b"", "it is empty"),
    ],
)
@pytest.mark.parametrize("name", ["patients.csv", "cases.csv"])
def test_a_table_without_the_column_is_not_left_out_without_a_word(
    tmp_path: Path, name: str, content: bytes, why: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert taken_over(tmp_path, CASES, {}) == ("", (f"{name} is left out, for it has no column 'case': {why}",))


def test_a_table_that_cannot_be_read_is_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_bytes(b"case,sex\na,m\xe4nnlich\n")
    with pytest.raises(BenchError, match="cannot be read as a CSV file"):
        taken_over(tmp_path, CASES, {})
