"""Sums a data set up in numbers, each beside the paper's where the paper has it, and in notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

import numpy as np

from mswal_bench.benchmark.core.errors import listed
from mswal_bench.benchmark.data import mswal_facts as paper
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.data.mswal_facts import SPECK_VOXELS
from mswal_bench.benchmark.data.patients import PATIENTS_FILE

from .dataset_statistics import DatasetStatistics, lesion_frame
from .measured_case import Subset

NOT_RECORDED = "not recorded"
TOTAL = "total"
_Value = TypeVar("_Value", bound=str)

_POINTS = {"shortest": 0, "quartile_1": 0.25, "median": 0.5, "quartile_3": 0.75, "longest": 1}
_PRINTED = {"lesions": paper.LESIONS, "small": paper.SMALL, "large": paper.LARGE}


@dataclass(frozen=True)
class SummaryNumber:
    """Holds one number of the data set, and the paper's."""

    found: int | float | None
    """Is None where it is not known: nothing is recorded, or nothing is there to measure."""
    paper: int | None = None
    """Is the paper's number, for all 694 patients; None where the paper does not say."""
    is_of_all: bool = False
    """Says that it was found in as many cases as the paper's, so that the two should be equal."""

    @property
    def differs(self) -> bool:
        return self.is_of_all and self.paper is not None and self.found != self.paper


SummaryNumbers = Mapping[str, Mapping[str, SummaryNumber]]
"""Maps quantities to what they are of to numbers: `numbers["small"]["liver_cyst"]`. Their names have their units."""


@dataclass(frozen=True)
class Summary:
    """Holds what is shown and written of a data set."""

    name: str
    numbers: SummaryNumbers
    notes: tuple[str, ...]
    """Are the sentences below the tables."""


def summarise(statistics: DatasetStatistics) -> Summary:
    """Counts the lesions, patients and scans. Without a lesion there is no diameter, without a label map no count."""
    numbers: dict[str, Mapping[str, SummaryNumber]] = {
        "cases": _cases(statistics),
        **_lesion_numbers(statistics),
        "sex": _recorded(statistics, statistics.patients.sex, paper.SEX),
        "phase": _recorded(statistics, statistics.patients.phase, paper.PHASE),
        **_grid_numbers(statistics),
    }
    return Summary(statistics.name, numbers, tuple(_notes(statistics, numbers)))


def _cases(statistics: DatasetStatistics) -> dict[str, SummaryNumber]:
    subsets = Counter(case.subset for case in statistics.cases)
    chosen: tuple[Subset, ...] = ("train", "test") if statistics.subset == "all" else (statistics.subset,)
    return {
        TOTAL: SummaryNumber(len(statistics.cases), sum(paper.CASES[part] for part in chosen)),
        **{part: SummaryNumber(subsets[part], paper.CASES[part]) for part in chosen},
        "with lesion counts": SummaryNumber(sum(case.lesions is not None for case in statistics.cases)),
    }


def _lesion_numbers(statistics: DatasetStatistics) -> dict[str, dict[str, SummaryNumber]]:
    import pandas as pd

    each = lesion_frame(statistics)
    keys = [*each["class"].cat.categories, TOTAL]
    each = each.assign(
        small=each["size"] == "small", large=each["size"] == "large", specks=each["voxels"] <= SPECK_VOXELS
    )
    # Every lesion is there twice: under its class, and under all.
    of_classes = pd.concat([each.astype({"class": "str"}), each.assign(**{"class": TOTAL})]).groupby("class")
    counts = of_classes.agg(
        lesions=("lesion", "size"),
        small=("small", "sum"),
        large=("large", "sum"),
        patients=("case", "nunique"),
        specks=("specks", "sum"),
    ).reindex(keys, fill_value=0)
    diameters = {str(key): of_class.to_numpy() for key, of_class in of_classes["diameter_mm"]}
    counted = sum(case.lesions is not None for case in statistics.cases)
    is_of_all = counted == paper.CASES[TOTAL]
    numbers: dict[str, dict[str, SummaryNumber]] = {}
    for quantity, found in counts.items():
        printed: Mapping[str, int] = _PRINTED.get(str(quantity), {})
        numbers[str(quantity)] = {
            key: SummaryNumber(int(found[key]) if counted else None, printed.get(key), is_of_all) for key in keys
        }
    for point, part in _POINTS.items():
        numbers[f"diameter_{point}_mm"] = {
            key: SummaryNumber(float(np.quantile(diameters[key], part)) if key in diameters else None, None, is_of_all)
            for key in keys
        }
    return numbers


def _recorded(
    statistics: DatasetStatistics, values: Mapping[str, str], printed: Mapping[_Value, int]
) -> dict[str, SummaryNumber]:
    """How many cases have each value; None for every one where no case has any."""
    counts, cases = Counter(values.values()), len(statistics.cases)
    is_of_all = len(values) == cases == paper.CASES[TOTAL]
    numbers: dict[str, SummaryNumber] = {
        value: SummaryNumber(counts[value] if values else None, in_paper, is_of_all)
        for value, in_paper in printed.items()
    }
    return {**numbers, NOT_RECORDED: SummaryNumber(cases - len(values))}


def _grid_numbers(statistics: DatasetStatistics) -> dict[str, dict[str, SummaryNumber]]:
    grids = [case.geometry for case in statistics.cases if case.geometry is not None]
    slices: list[int] = []
    voxels: list[int] = []
    between_mm: list[float] = []
    in_plane_mm: list[float] = []
    for grid in grids:
        for axis, (count, step_mm) in enumerate(zip(grid.shape, grid.spacing_mm, strict=True)):
            is_axial = axis == grid.axial_axis
            (slices if is_axial else voxels).append(count)
            (between_mm if is_axial else in_plane_mm).append(step_mm)
    is_of_all = len(grids) == paper.CASES[TOTAL]
    return {
        "slices": {
            name: SummaryNumber(value, paper.SLICE_COUNTS.get(name), is_of_all)
            for name, value in ({TOTAL: sum(slices)} | _spread(slices, "fewest", "most")).items()
        },
        "in_plane_voxels": {
            name: SummaryNumber(value, paper.IN_PLANE_VOXELS if name != "median" else None, is_of_all)
            for name, value in _spread(voxels).items()
        },
        "in_plane_spacing_mm": {name: SummaryNumber(value) for name, value in _spread(in_plane_mm).items()},
        "slice_spacing_mm": {name: SummaryNumber(value) for name, value in _spread(between_mm).items()},
    }


def _spread(values: Sequence[float], low: str = "smallest", high: str = "largest") -> dict[str, float]:
    return {low: min(values), "median": median(values), high: max(values)}


def _notes(statistics: DatasetStatistics, numbers: SummaryNumbers) -> Iterator[str]:
    """Sentences, each once and only where it applies."""
    yield (
        "A lesion is a 26-connected component of one class; it is large from a longest axial diameter of "
        f"{statistics.protocol.large_from_mm:g} mm on, measured between outer voxel edges."
    )
    counted, every = sum(case.lesions is not None for case in statistics.cases), paper.CASES[TOTAL]
    if counted != every:
        yield f"The paper's numbers are of {every} patients; the lesions here are of {counted}."
    yield from _differences(numbers)
    yield from _specks(numbers)
    yield from _case_notes(statistics)
    for what, values in (("Sex", statistics.patients.sex), ("Contrast phase", statistics.patients.phase)):
        if not values:
            yield f"{what} is not recorded: there is no {PATIENTS_FILE} that tells it."


def _differences(numbers: SummaryNumbers) -> Iterator[str]:
    differing = [
        f"{quantity} {of} {number.found:,} (paper {number.paper:,})"
        for quantity, group in numbers.items()
        for of, number in group.items()
        if number.differs
    ]
    if differing:
        yield f"Differs from the paper: {listed(differing, most=30)}.".replace("_", " ")


def _specks(numbers: SummaryNumbers) -> Iterator[str]:
    specks = numbers["specks"]
    if specks[TOTAL].found:
        of_classes = [f"{specks[one.key].found} {one.name.lower()}" for one in LESION_CLASSES if specks[one.key].found]
        yield f"{specks[TOTAL].found} of the lesions are of 1 to {SPECK_VOXELS} voxels: {', '.join(of_classes)}."


def _case_notes(statistics: DatasetStatistics) -> Iterator[str]:
    cases = statistics.cases
    for what, which in (
        ("No label map, so no lesions counted", [case for case in cases if not case.has_label]),
        (
            "A label map that cannot be read, so no lesions counted",
            [case for case in cases if case.has_label and case.lesions is None],
        ),
        ("Neither image nor label map can be read", [case for case in cases if case.geometry is None]),
        (
            "The label map is on another grid than the image; diameters are measured on the label map's",
            [case for case in cases if case.grids_differ],
        ),
    ):
        if which:
            yield f"{what}: {len(which)} of {len(cases)} cases ({listed([case.case for case in which])})."
