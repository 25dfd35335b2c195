"""The numbers of a data set, each beside the paper's where the paper has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

import numpy as np

from mswal_bench.benchmark.data import mswal_facts as paper
from mswal_bench.benchmark.data.mswal_facts import SPECK_VOXELS

from .dataset_statistics import DatasetStatistics
from .lesion_frame import lesion_frame
from .measured_case import Subset
from .numbers import NOT_RECORDED, TOTAL, Number, Numbers
from .summary_notes import summary_notes

_Value = TypeVar("_Value", bound=str)

_POINTS = {"shortest": 0, "quartile_1": 0.25, "median": 0.5, "quartile_3": 0.75, "longest": 1}
_PRINTED = {"lesions": paper.LESIONS, "small": paper.SMALL, "large": paper.LARGE}


@dataclass(frozen=True)
class Summary:
    """What is shown and written of a data set."""

    name: str
    numbers: Numbers
    notes: tuple[str, ...]
    """Sentences for below the tables."""


def summarise(statistics: DatasetStatistics) -> Summary:
    """Counts the lesions, patients and scans. Of no lesion there is no diameter; of no label map, no lesion count."""
    numbers: dict[str, Mapping[str, Number]] = {
        "cases": _cases(statistics),
        **_lesion_numbers(statistics),
        "sex": _recorded(statistics, statistics.records.sex, paper.SEX),
        "phase": _recorded(statistics, statistics.records.phase, paper.PHASE),
        **_grid_numbers(statistics),
    }
    return Summary(statistics.name, numbers, tuple(summary_notes(statistics, numbers)))


def _cases(statistics: DatasetStatistics) -> dict[str, Number]:
    subsets = Counter(case.subset for case in statistics.cases)
    chosen: tuple[Subset, ...] = ("train", "test") if statistics.subset == "all" else (statistics.subset,)
    return {
        TOTAL: Number(len(statistics.cases), sum(paper.CASES[part] for part in chosen)),
        **{part: Number(subsets[part], paper.CASES[part]) for part in chosen},
        "with lesion counts": Number(sum(case.lesions is not None for case in statistics.cases)),
    }


def _lesion_numbers(statistics: DatasetStatistics) -> dict[str, dict[str, Number]]:
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
    numbers: dict[str, dict[str, Number]] = {}
    for quantity, found in counts.items():
        printed: Mapping[str, int] = _PRINTED.get(str(quantity), {})
        numbers[str(quantity)] = {
            key: Number(int(found[key]) if counted else None, printed.get(key), is_of_all) for key in keys
        }
    for point, part in _POINTS.items():
        numbers[f"diameter_{point}_mm"] = {
            key: Number(float(np.quantile(diameters[key], part)) if key in diameters else None, None, is_of_all)
            for key in keys
        }
    return numbers


def _recorded(
    statistics: DatasetStatistics, values: Mapping[str, str], printed: Mapping[_Value, int]
) -> dict[str, Number]:
    """How many cases have each value; None for every one where no case has any."""
    counts, cases = Counter(values.values()), len(statistics.cases)
    is_of_all = len(values) == cases == paper.CASES[TOTAL]
    numbers: dict[str, Number] = {
        value: Number(counts[value] if values else None, in_paper, is_of_all) for value, in_paper in printed.items()
    }
    return {**numbers, NOT_RECORDED: Number(cases - len(values))}


def _grid_numbers(statistics: DatasetStatistics) -> dict[str, dict[str, Number]]:
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
            name: Number(value, paper.SLICE_COUNTS.get(name), is_of_all)
            for name, value in ({TOTAL: sum(slices)} | _spread(slices, "fewest", "most")).items()
        },
        "in_plane_voxels": {
            name: Number(value, paper.IN_PLANE_VOXELS if name != "median" else None, is_of_all)
            for name, value in _spread(voxels).items()
        },
        "in_plane_spacing_mm": {name: Number(value) for name, value in _spread(in_plane_mm).items()},
        "slice_spacing_mm": {name: Number(value) for name, value in _spread(between_mm).items()},
    }


def _spread(values: Sequence[float], low: str = "smallest", high: str = "largest") -> dict[str, float]:
    return {low: min(values), "median": median(values), high: max(values)}
