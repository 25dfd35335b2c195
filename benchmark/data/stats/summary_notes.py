"""Writes the notes below the tables: what was counted, what was left out, where the paper differs."""

from __future__ import annotations

from collections.abc import Iterator

from mswal_bench.benchmark.core.errors import listed
from mswal_bench.benchmark.data import mswal_facts as paper
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.data.mswal_facts import SPECK_VOXELS

from .dataset_statistics import DatasetStatistics
from .numbers import TOTAL, Numbers


def summary_notes(statistics: DatasetStatistics, numbers: Numbers) -> Iterator[str]:
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
    yield from _cases(statistics)
    for what, values in (("Sex", statistics.records.sex), ("Contrast phase", statistics.records.phase)):
        if not values:
            yield f"{what} is not recorded: there is no cases.csv that tells it."


def _differences(numbers: Numbers) -> Iterator[str]:
    differing = [
        f"{quantity} {of} {number.found:,} (paper {number.paper:,})"
        for quantity, group in numbers.items()
        for of, number in group.items()
        if number.differs
    ]
    if differing:
        yield f"Differs from the paper: {listed(differing, most=30)}.".replace("_", " ")


def _specks(numbers: Numbers) -> Iterator[str]:
    specks = numbers["specks"]
    if specks[TOTAL].found:
        of_classes = [f"{specks[one.key].found} {one.name.lower()}" for one in LESION_CLASSES if specks[one.key].found]
        yield f"{specks[TOTAL].found} of the lesions are of 1 to {SPECK_VOXELS} voxels: {', '.join(of_classes)}."


def _cases(statistics: DatasetStatistics) -> Iterator[str]:
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
