from __future__ import annotations

from dataclasses import replace

import pytest

from mswal_bench.benchmark.data import mswal_facts as paper
from mswal_bench.benchmark.data.lesion_classes import BY_KEY
from mswal_bench.benchmark.data.patients import Patients
from mswal_bench.benchmark.data.stats.dataset_statistics import DatasetStatistics
from mswal_bench.benchmark.data.stats.summary import summarise


def found(numbers, quantity: str) -> dict[str, object]:
    return {of: number.found for of, number in numbers[quantity].items()}


def test_all_of_mswal_has_the_papers_numbers(paper_like: DatasetStatistics) -> None:
    summary = summarise(paper_like)
    numbers = summary.numbers
    assert found(numbers, "lesions") == dict(paper.LESIONS)
    assert found(numbers, "small") == dict(paper.SMALL)
    assert found(numbers, "large") == dict(paper.LARGE)
    assert found(numbers, "sex") == {"male": 374, "female": 320, "not recorded": 0}
    assert found(numbers, "phase") == dict(paper.PHASE) | {"not recorded": 0}
    assert found(numbers, "slices") == {
        "total": 191_417,
        "fewest": 52,
        "median": pytest.approx(215, abs=30),
        "most": 1_089,
    }
    every = [number for group in numbers.values() for number in group.values()]
    compared = [number for number in every if number.paper is not None]
    assert len(compared) == 3 + 3 * 8 + 2 + 5 + 3 + 2
    assert all(number.found == number.paper for number in compared)
    # Only the definition of a lesion is left to say.
    assert len(summary.notes) == 1


def test_what_differs_is_named_when_every_case_is_there(paper_like: DatasetStatistics) -> None:
    case = next(case for case in paper_like.cases if case.count(BY_KEY["gallstone"].id))
    fewer = tuple(one for one in case.lesions or () if one.class_id != 1)
    removed = case.count(1)
    cases = tuple(replace(one, lesions=fewer) if one is case else one for one in paper_like.cases)
    notes = " ".join(summarise(replace(paper_like, cases=cases)).notes)
    assert f"lesions gallstone {215 - removed} (paper 215)" in notes
    assert f"lesions total {5212 - removed:,} (paper 5,212)" in notes
    assert "kidney" not in notes


def test_of_a_part_the_papers_numbers_are_said_to_be_of_694(paper_like: DatasetStatistics) -> None:
    public = replace(paper_like, subset="train", cases=paper_like.cases[:484])
    summary = summarise(public)
    assert summary.numbers["lesions"]["liver_cyst"].paper == 2_287
    assert found(summary.numbers, "cases") == {"total": 484, "train": 484, "with lesion counts": 484}
    assert [number.paper for number in summary.numbers["cases"].values()] == [484, 484, None]
    assert "The paper's numbers are of 694 patients; the lesions here are of 484." in summary.notes
    assert not any(note.startswith("Differs") for note in summary.notes)


def test_sizes_split_at_20_mm_and_specks_are_told(paper_like: DatasetStatistics) -> None:
    template = next(one for case in paper_like.cases for one in case.lesions or ())
    sizes = [(19.999, 1000), (20.0, 1000), (20.001, 4), (1.0, 3), (1.0, 1)]
    lesions = tuple(replace(template, class_id=6, diameter_mm=mm, voxels=voxels) for mm, voxels in sizes)
    one = replace(paper_like, cases=(replace(paper_like.cases[0], lesions=lesions),), patients=Patients())
    summary = summarise(one)
    of_class = {
        quantity: group["liver_cyst"].found for quantity, group in summary.numbers.items() if "liver_cyst" in group
    }
    assert (of_class["small"], of_class["large"], of_class["specks"], of_class["patients"]) == (3, 2, 2, 1)
    assert (of_class["diameter_shortest_mm"], of_class["diameter_median_mm"]) == (1.0, 19.999)
    assert summary.numbers["diameter_median_mm"]["gallstone"].found is None
    assert "2 of the lesions are of 1 to 3 voxels: 2 liver cyst." in summary.notes


def test_what_is_not_known_is_none_and_not_0(paper_like: DatasetStatistics) -> None:
    cases = tuple(replace(case, lesions=None, has_label=False) for case in paper_like.cases[484:487])
    numbers = summarise(replace(paper_like, cases=cases, patients=Patients())).numbers
    assert set(found(numbers, "lesions").values()) == {None}
    assert set(found(numbers, "patients").values()) == {None}
    assert found(numbers, "sex") == {"male": None, "female": None, "not recorded": 3}
    assert found(numbers, "slices")["total"] is not None


def test_partly_recorded_is_counted_and_told(paper_like: DatasetStatistics) -> None:
    cases = paper_like.cases[:5]
    patients = Patients({cases[0].case: "female"}, {})
    summary = summarise(replace(paper_like, cases=cases, patients=patients))
    assert found(summary.numbers, "sex") == {"male": 0, "female": 1, "not recorded": 4}
    assert [note for note in summary.notes if "recorded" in note] == [
        "Contrast phase is not recorded: there is no patients.csv that tells it."
    ]


def test_cases_that_lack_something_are_named(paper_like: DatasetStatistics) -> None:
    first, second, third, fourth = paper_like.cases[:4]
    cases = (
        replace(first, lesions=None, has_label=False),
        replace(second, lesions=None),
        replace(third, lesions=None, geometry=None),
        replace(fourth, grids_differ=True),
    )
    notes = summarise(replace(paper_like, cases=cases)).notes
    assert "No label map, so no lesions counted: 1 of 4 cases (PHANTOM_0001)." in notes
    assert any("cannot be read, so" in note and "2 of 4 cases (PHANTOM_0002, PHANTOM_0003)." in note for note in notes)
    assert "Neither image nor label map can be read: 1 of 4 cases (PHANTOM_0003)." in notes
    assert any("another grid" in note and "1 of 4 cases (PHANTOM_0004)." in note for note in notes)
