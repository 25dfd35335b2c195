"""Draws the 694 virtual patients: a cohort with exactly the paper's totals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from mswal_bench.benchmark.data.mswal_facts import (
    CASES,
    LARGE,
    LARGE_FROM_MM,
    PHASE,
    SEX,
    SLICE_COUNTS,
    SMALL,
    Phase,
    Sex,
)

from .seeds import Purpose, stream

T = TypeVar("T")
SizeGroup = Literal["small", "large"]

TRAIN_SLOTS, TEST_SLOTS, PATIENTS = CASES["train"], CASES["test"], CASES["total"]


@dataclass(frozen=True)
class Burden:
    """Says how many lesions of one class the cohort has, in which patients, and how large they are."""

    small: int
    """Lesions below 20 mm: the paper's Fig. 1 (c)."""
    large: int
    """Lesions of 20 mm and more: the paper's Fig. 1 (c)."""
    carriers: int
    """Patients with at least one. Not in the paper: ours. At least 116, so any six slots in a row hold a carrier."""
    spread: float
    """Shape of the gamma law behind the counts per carrier; below 1 a few patients have very many. Ours."""
    most: int
    """The most lesions one patient has. Ours."""
    median_mm: float
    """Median of the log-normal law of diameters, read off Fig. 1 (d); its sigma follows from small and large."""
    shortest_mm: float
    longest_mm: float
    """What no lesion exceeds: an ordinary large one by `_LONGEST_MM`. Never above the largest in Fig. 1 (d)."""

    @property
    def total(self) -> int:
        return self.small + self.large


# The largest lesions of Fig. 1 (d) are rarities, such as a gallstone of 70 mm, and a law cut there would draw them in
# numbers. It is cut where the literature has the largest of an ordinary series.
_LONGEST_MM = {
    # Stones from 30 mm on in 12 % of women with stones: Lowenfels et al., Int J Epidemiol 1989, 18:50.
    "gallstone": 40.0,
    # 2 to 38 mm, on average 7: "Renal tract calculi: comparison of stone size on plain radiography and noncontrast
    # spiral CT scan".
    "kidney_stone": 40.0,
    # Of resected hepatocellular carcinomas 11 % reach 100 mm: Chen et al., Ann Med Surg 2015, 4:193.
    "liver_tumor": 150.0,
    # 12 to 140 mm, on average 57: "Prognostic importance of tumor size for localized conventional (clear cell) renal
    # cell carcinoma", a registry's cases.
    "kidney_tumor": 140.0,
    # 45 +- 24 mm at CT, 13 to 120: Indian J Radiol Imaging 2025, doi:10.1055/s-0045-1811197. Two deviations above.
    "pancreatic_cancer": 90.0,
    # Simple cysts are mostly within 100 mm: McMaster Textbook of Internal Medicine, B31.II.7.30.11.2.
    "liver_cyst": 100.0,
    # 2 to 90 mm, on average 33: Park and Kim, Korean J Urol 2015, 56:351.
    "kidney_cyst": 90.0,
}
# By class: from `carriers` to `shortest_mm`.
_OURS = {
    "gallstone": (125, 0.6, 10, 14.0, 3.0),
    "kidney_stone": (175, 0.7, 12, 6.0, 2.0),
    "liver_tumor": (190, 0.6, 18, 17.5, 4.0),
    "kidney_tumor": (170, 1.0, 4, 14.5, 5.0),
    "pancreatic_cancer": (116, 1.0, 2, 35.0, 8.0),
    "liver_cyst": (360, 0.5, 45, 8.0, 3.0),
    "kidney_cyst": (400, 0.8, 16, 10.5, 4.0),
}
BURDENS = {key: Burden(SMALL[key], LARGE[key], *ours, _LONGEST_MM[key]) for key, ours in _OURS.items()}


@dataclass(frozen=True)
class PlannedLesion:
    """Describes a lesion before it has a place: its class, size group and longest axial diameter."""

    key: str
    """The class, a key of `lesion_classes`."""
    group: SizeGroup
    diameter_mm: float


@dataclass(frozen=True)
class Patient:
    """Describes one of the 694 patients before anything is drawn."""

    seed: int
    slot: int
    """1 to 694; 1 to 484 are the training pool, the rest the test pool."""
    sex: Sex
    phase: Phase
    slices: int
    """Slices of the `full` size; over all patients their sum is the paper's."""
    lesions: tuple[PlannedLesion, ...]

    @property
    def case(self) -> str:
        return case_name(self.slot)


def case_name(slot: int) -> str:
    """Returns the case id of a slot: `PHANTOM_0001` for 1."""
    return f"PHANTOM_{slot:04d}"


@lru_cache(maxsize=4)
def cohort(seed: int) -> tuple[Patient, ...]:
    """Returns the 694 patients of `seed`, by slot. Consecutive slots have about the proportions of the whole cohort."""
    rng = stream(seed, 0, Purpose.COHORT)
    sexes, phases = _interleaved(SEX, rng), _interleaved(PHASE, rng)
    slices = _slice_counts(rng)
    groups: list[list[tuple[str, SizeGroup]]] = [[] for _ in range(PATIENTS)]
    for key, burden in BURDENS.items():
        for slot_index, group in _lesion_slots(burden, rng):
            groups[slot_index].append((key, group))
    patients = []
    for index in range(PATIENTS):
        sizes = stream(seed, index + 1, Purpose.DIAMETERS)
        lesions = tuple(PlannedLesion(key, group, _diameter_mm(key, group, sizes)) for key, group in groups[index])
        patients.append(Patient(seed, index + 1, sexes[index], phases[index], int(slices[index]), lesions))
    return tuple(patients)


def _interleaved(counts: Mapping[T, int], rng: np.random.Generator) -> list[T]:
    """Every value as often as `counts` says, spread over the sequence.

    Each value has one place in every stretch in which one is due, at random within: strictly regular, the periods of
    sex and phase would beat, and whole runs of patients would be men in one phase and women in another.
    """
    places = [((number + rng.random()) / count, value) for value, count in counts.items() for number in range(count)]
    return [value for _, value in sorted(places, key=lambda place: place[0])]


def _lesion_slots(burden: Burden, rng: np.random.Generator) -> list[tuple[int, SizeGroup]]:
    """For every lesion of a class the index of its patient and its size group, by patient."""
    carriers = ((np.arange(burden.carriers) + rng.random()) * PATIENTS / burden.carriers).astype(int)
    counts = _counts(burden, rng)
    owner = np.repeat(carriers, counts)
    rank = np.concatenate([np.arange(1, count + 1) for count in counts])
    # Systematic sampling of the large ones; a patient's further lesions are less likely to be large, else the
    # many stones of one gallbladder would be large by the handful.
    reach = np.cumsum(rank**-0.5)
    step = reach[-1] / burden.large
    if step < 1:
        raise AssertionError("more large lesions than systematic sampling can tell apart")
    large = np.zeros(burden.total, bool)
    large[np.searchsorted(reach, (np.arange(burden.large) + rng.random()) * step)] = True
    return [(int(index), "large" if is_large else "small") for index, is_large in zip(owner, large, strict=True)]


def _counts(burden: Burden, rng: np.random.Generator) -> npt.NDArray[np.int_]:
    """Lesions per carrier, in slot order: overdispersed, at least 1, at most `burden.most`, summing to the total."""
    weights = np.sort(rng.gamma(burden.spread, size=burden.carriers))
    ideal = weights / weights.sum() * (burden.total - burden.carriers)
    counts = 1 + np.minimum(np.floor(ideal).astype(int), burden.most - 1)
    # What rounding and the cap left over goes to the patients whose share was cut most.
    for _ in range(burden.total - int(counts.sum())):
        lack = np.where(counts < burden.most, 1 + ideal - counts, -np.inf)
        counts[np.argmax(lack)] += 1
    # The golden ratio's sequence visits few-lesion and many-lesion ranks in turn, in every run of carriers.
    golden = (np.arange(burden.carriers) * 0.6180339887498949 + rng.random()) % 1
    return np.asarray(counts[np.argsort(np.argsort(golden))], dtype=int)


def _slice_counts(rng: np.random.Generator) -> npt.NDArray[np.int_]:
    """Slices per patient: log-normal between the paper's extremes, which both occur; the sum is the paper's."""
    law = NormalDist(np.log(215), 0.7)
    ranks = [law.inv_cdf((rank + 0.5) / PATIENTS) for rank in range(PATIENTS)]
    fewest, most = SLICE_COUNTS["fewest"], SLICE_COUNTS["most"]
    slices = np.clip(np.exp(ranks).astype(int), fewest, most)
    slices[0], slices[-1] = fewest, most
    while (excess := int(slices.sum()) - SLICE_COUNTS["total"]) != 0:
        step = -int(np.sign(excess))
        movable = np.flatnonzero((slices > fewest) & (slices < most) & (slices + step > fewest))
        slices[movable[-abs(excess) :]] += step
    return rng.permutation(slices)


def _diameter_mm(key: str, group: SizeGroup, rng: np.random.Generator) -> float:
    """A longest axial diameter from the class's log-normal law, cut to the size group."""
    burden = BURDENS[key]
    share_small = burden.small / burden.total
    sigma = np.log(LARGE_FROM_MM / burden.median_mm) / NormalDist().inv_cdf(share_small)
    law = NormalDist(float(np.log(burden.median_mm)), float(sigma))
    edges = (burden.shortest_mm, LARGE_FROM_MM) if group == "small" else (LARGE_FROM_MM, burden.longest_mm)
    low, high = (law.cdf(float(np.log(edge))) for edge in edges)
    return float(np.clip(np.exp(law.inv_cdf(low + (high - low) * rng.uniform(0.001, 0.999))), *edges))
