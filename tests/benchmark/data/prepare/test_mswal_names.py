from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import Problem
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.data.prepare.mswal_names import certain_id, check_label_names, naming, supposed_id

OURS = {"background": 0, **{lesion.key: lesion.id for lesion in LESION_CLASSES}}


def problems(labels: object) -> list[str]:
    found: list[Problem] = []
    check_label_names(labels, Path("dataset.json"), found)
    return [str(problem) for problem in found]


@pytest.mark.parametrize(
    "labels",
    [
        None,
        OURS,
        {str(value): name for name, value in OURS.items()},
        {"0": "background", **{str(lesion.id): lesion.plural for lesion in LESION_CLASSES}},
        {"background": 0, **{lesion.abbreviation: lesion.id for lesion in LESION_CLASSES}},
        {"background": 0, **{f"lesion {lesion.id}": lesion.id for lesion in LESION_CLASSES}},
        {lesion.plural.replace("tumor", "Tumour"): lesion.id for lesion in LESION_CLASSES},
    ],
)
def test_mswals_labels_under_any_name(labels):
    assert problems(labels) == []


def test_a_lesion_under_the_value_of_another():
    (line,) = problems(OURS | {"gallstone": 2, "kidney_stone": 1})
    assert "labels other lesions than MSWAL" in line
    assert "1 kidney_stone, 2 gallstone" in line


@pytest.mark.parametrize(
    ("kidney", "liver"),
    [("kidney tumours", "liver tumours"), ("Kidney_Tumour", "LIVER-TUMOUR"), ("KT", "lt"), ("kidney tumor", "lesion")],
)
@pytest.mark.parametrize("v1", [False, True])
def test_two_lesions_exchanged_in_any_spelling(kidney, liver, v1):
    others = {name: value for name, value in OURS.items() if value not in (3, 4)}
    labels = others | {kidney: 3, liver: 4}
    (line,) = problems({str(value): name for name, value in labels.items()} if v1 else labels)
    assert "labels other lesions than MSWAL" in line
    assert f"3 {kidney}" in line


@pytest.mark.parametrize(("first", "second"), [("Liver tumour", "liver_tumors"), ("a b", "A-B")])
def test_two_labels_of_one_name(first, second):
    others = {f"lesion {number}": number for number in range(1, 6)}
    (line,) = problems({"background": 0, **others, first: 6, second: 7})
    assert f"several labels of one name: found {first}, {second}" in line


@pytest.mark.parametrize("labels", [{"background": 0, "tumor": 1}, OURS | {"spleen": 8}])
def test_more_or_fewer_labels(labels):
    (line,) = problems(labels)
    assert "does not have the labels of MSWAL" in line


@pytest.mark.parametrize("labels", [["gallstone"], "gallstone", {"gallstone": "one"}, {"gallstone": True}])
def test_labels_of_another_form(labels):
    (line,) = problems(labels)
    assert 'has "labels" that are not one whole number a name' in line


@pytest.mark.parametrize("labels", [{}, {"background": 0}, {"0": "background"}])
def test_no_label_at_all(labels):
    (line,) = problems(labels)
    assert "names nothing but background" in line


@pytest.mark.parametrize("gaps", [{"gallstone": 1, "kidney_stone": 9}, {"gallstone": 1, "kidney_stone": 1}])
def test_gaps_in_the_numbers(gaps):
    (line,) = problems(gaps)
    assert "not numbered 0, 1, 2 and so on" in line


@pytest.mark.parametrize(
    ("name", "certain", "supposed"),
    [
        ("MSWAL_0001", "MSWAL_0001", "MSWAL_0001"),
        ("mswal-1", "MSWAL_0001", "MSWAL_0001"),
        ("wab_MSWAL_0001", "MSWAL_0001", "MSWAL_0001"),
        ("WAB_mswal_12345", "MSWAL_12345", "MSWAL_12345"),
        ("wab_PHANTOM_0001", "PHANTOM_0001", "PHANTOM_0001"),
        ("wab_0001", "wab_0001", "MSWAL_0001"),
        ("1", "1", "MSWAL_0001"),
        ("patient7", "patient7", "patient7"),
    ],
)
def test_ids(name, certain, supposed):
    assert (certain_id(name), supposed_id(name)) == (certain, supposed)


@pytest.mark.parametrize(
    ("files", "listed", "case"),
    [
        # One to one, in both directions.
        (["wab_0001", "wab_2"], ["MSWAL_0001", "MSWAL_0002"], "MSWAL_0001"),
        (["MSWAL_0001", "MSWAL_0002"], ["1", "2"], "MSWAL_0001"),
        # Other numbers, no list, no other names: nothing says what the numbers are.
        (["wab_0001", "wab_0002"], ["MSWAL_0001", "MSWAL_0003"], "wab_0001"),
        (["wab_0001", "wab_0002"], [], "wab_0001"),
        (["wab_0001", "wab_0002"], ["wab_0001", "wab_0002"], "wab_0001"),
        # Two files for one number are not one to one.
        (["wab_0001", "wab_1"], ["MSWAL_0001"], "wab_0001"),
    ],
)
def test_a_bare_number_is_mswals_where_the_source_says_so(files, listed, case):
    name = naming(files, listed)
    assert name("wab_0001") == case
