from __future__ import annotations

from collections import Counter

import pytest

from mswal_bench.benchmark.data.lesion_classes import BY_KEY
from mswal_bench.benchmark.data.mswal_facts import PHASE
from mswal_bench.benchmark.data.phantom.cohort import BURDENS, PATIENTS, TRAIN_SLOTS, case_name, cohort
from mswal_bench.splits.split import load_split

# MSWAL (arXiv 2503.13560), Fig. 1 (c).
SMALL_LARGE = {
    "gallstone": (144, 71),
    "kidney_stone": (400, 15),
    "liver_tumor": (438, 329),
    "kidney_tumor": (164, 76),
    "pancreatic_cancer": (12, 105),
    "liver_cyst": (2126, 161),
    "kidney_cyst": (1003, 168),
}

# The largest lesions in Fig. 1 (d), in mm, as read off the figure.
LONGEST_OF_THE_PAPER = {
    "gallstone": 70,
    "kidney_stone": 50,
    "liver_tumor": 260,
    "kidney_tumor": 170,
    "pancreatic_cancer": 120,
    "liver_cyst": 250,
    "kidney_cyst": 100,
}
# What a radiologist would still call an ordinary large one, in mm.
ORDINARY = {
    "gallstone": 40,
    "kidney_stone": 40,
    "liver_tumor": 150,
    "kidney_tumor": 140,
    "pancreatic_cancer": 90,
    "liver_cyst": 100,
    "kidney_cyst": 90,
}


@pytest.mark.parametrize("seed", [0, 1, 2, 77])
def test_totals_are_the_papers(seed: int) -> None:
    patients = cohort(seed)
    lesions = Counter((lesion.key, lesion.group) for patient in patients for lesion in patient.lesions)
    assert len(patients) == 694
    assert {key: (lesions[key, "small"], lesions[key, "large"]) for key in BY_KEY} == SMALL_LARGE
    assert sum(lesions.values()) == 5212
    assert Counter(patient.sex for patient in patients) == {"male": 374, "female": 320}
    assert Counter(patient.phase for patient in patients) == {
        "non-contrast": 261,
        "arterial": 261,
        "venous": 71,
        "portal venous": 64,
        "delayed": 37,
    }
    slices = [patient.slices for patient in patients]
    assert (sum(slices), min(slices), max(slices)) == (191_417, 52, 1_089)


@pytest.mark.parametrize("seed", [0, 5])
def test_diameters_are_within_their_group_and_ordinary_for_their_class(seed: int) -> None:
    longest = dict.fromkeys(BURDENS, 0.0)
    for patient in cohort(seed):
        for lesion in patient.lesions:
            assert (lesion.diameter_mm >= 20) == (lesion.group == "large")
            assert lesion.diameter_mm >= BURDENS[lesion.key].shortest_mm
            longest[lesion.key] = max(longest[lesion.key], lesion.diameter_mm)
    for key, diameter_mm in longest.items():
        assert 0.4 * ORDINARY[key] < diameter_mm <= ORDINARY[key] <= LONGEST_OF_THE_PAPER[key], key


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_any_six_patients_in_a_row_hold_every_class(seed: int) -> None:
    patients = cohort(seed)
    for start in range(PATIENTS - 5):
        keys = {lesion.key for patient in patients[start : start + 6] for lesion in patient.lesions}
        assert keys == set(BY_KEY), f"slots {start + 1} to {start + 6}"


def test_sex_and_phase_are_independent_enough() -> None:
    men = Counter(patient.phase for patient in cohort(0) if patient.sex == "male")
    for phase, count in men.items():
        if PHASE[phase] > 200:
            assert count / PHASE[phase] == pytest.approx(374 / 694, abs=0.1)


def test_counts_are_overdispersed_and_capped() -> None:
    cysts = [sum(lesion.key == "liver_cyst" for lesion in patient.lesions) for patient in cohort(0)]
    carriers = [count for count in cysts if count]
    assert len(carriers) == BURDENS["liver_cyst"].carriers
    assert 30 < max(carriers) <= BURDENS["liver_cyst"].most
    assert sorted(carriers)[len(carriers) // 2] < sum(carriers) / len(carriers)


def test_seeds_are_different_cohorts_and_the_same_seed_the_same() -> None:
    first = cohort(3)
    cohort.cache_clear()
    assert cohort(3) == first
    assert cohort(4) != first


def test_the_split_file_holds_the_two_pools() -> None:
    names = [case_name(slot) for slot in range(1, PATIENTS + 1)]
    split = load_split("phantom")
    assert (list(split.train), list(split.test)) == (names[:TRAIN_SLOTS], names[TRAIN_SLOTS:])
    assert [patient.case for patient in cohort(0)] == names
