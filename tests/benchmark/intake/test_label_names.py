from pathlib import Path

import pytest

from mswal_bench.benchmark.errors import Problem
from mswal_bench.benchmark.intake.label_names import check_labels
from mswal_bench.benchmark.lesion_classes import LESION_CLASSES

OURS = {"background": 0, **{lesion.key: lesion.id for lesion in LESION_CLASSES}}


def problems(labels: object) -> list[str]:
    found: list[Problem] = []
    check_labels(labels, Path("dataset.json"), found)
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
    ],
)
def test_mswals_labels_under_any_name(labels):
    assert problems(labels) == []


def test_a_lesion_under_the_value_of_another():
    (line,) = problems(OURS | {"gallstone": 2, "kidney_stone": 1})
    assert "labels other lesions than MSWAL" in line
    assert "2 gallstone, 1 kidney_stone" in line


@pytest.mark.parametrize("labels", [{"background": 0, "tumor": 1}, OURS | {"spleen": 8}, {}])
def test_more_or_fewer_labels(labels):
    (line,) = problems(labels)
    assert "does not have the labels of MSWAL" in line


@pytest.mark.parametrize("labels", [["gallstone"], "gallstone", {"gallstone": "one"}, {"whole": [1, 2]}])
def test_labels_of_another_form(labels):
    (line,) = problems(labels)
    assert "labels that cannot be read" in line
