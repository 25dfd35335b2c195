"""Measures every case of a data set, in several processes, and lists its lesions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mswal_bench.baselines.processes import cores
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.core.worker_pool import worked_on
from mswal_bench.benchmark.data.dataset import Case, Dataset, open_dataset
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES, classes_of
from mswal_bench.benchmark.data.patients import Patients, read_patients
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1, Protocol

from .measured_case import MeasuredCase, Subset, measure_case

if TYPE_CHECKING:
    from pandas import DataFrame

Subsets = Literal["train", "test", "all"]
LESION_SIZES = ("small", "large")


@dataclass(frozen=True)
class DatasetStatistics:
    """Holds every case of a data set, or of one of its subsets, as measured and recorded."""

    name: str
    subset: Subsets
    protocol: Protocol
    cases: tuple[MeasuredCase, ...]
    """Are sorted by subset, training first, and case id."""
    patients: Patients
    """Holds what `patients.csv` records of them."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Returns everything that is wrong with the files."""
        return (*(problem for case in self.cases for problem in case.problems), *self.patients.problems)

    @property
    def notes(self) -> tuple[str, ...]:
        """Returns what the owner of the label maps should know of how they were read."""
        return tuple(note for case in self.cases for note in case.notes)


def dataset_statistics(
    root: Path,
    *,
    subset: Subsets = "all",
    jobs: int | None = None,
    progress: bool = False,
    protocol: Protocol = MSWAL_1,
) -> DatasetStatistics:
    """Measures the cases of a raw folder, without reading the voxels of an image.

    `jobs` is the number of processes, one per core by default; `progress` shows a bar on stderr. A file that cannot be
    read is a problem of the result and costs nothing but itself. Raises BenchError for a folder that is no complete
    data set, that has other labels than MSWAL's, or without a case to measure, and when no file can be read.
    """
    dataset = open_dataset(root)
    require_mswal(dataset)
    chosen: list[tuple[Case, Subset]] = []
    if subset != "test":
        chosen += [(case, "train") for case in dataset.train.values()]
    if subset != "train":
        chosen += [(case, "test") for case in dataset.test.values()]
    if not chosen:
        raise BenchError(Problem("there is no test case", str(root / "imagesTs"), mend="Leave out --subset test."))
    measured: dict[str, MeasuredCase] = {}
    with progress_bar("stats", "case", shown=progress) as report:
        for case in worked_on(chosen, partial(_measure, protocol=protocol), lost=_lost, jobs=jobs or cores()):
            measured[case.case] = case
            report(len(measured), len(chosen), "")
    cases = tuple(measured[case.id] for case, _ in chosen)
    if all(case.geometry is None for case in cases):
        raise BenchError(*(problem for case in cases for problem in case.problems))
    patients = read_patients(root, measured.keys())
    return DatasetStatistics(dataset.name, subset, protocol, cases, patients)


def lesion_frame(statistics: DatasetStatistics) -> DataFrame:
    """Returns a frame with a row per lesion, by case, in the order and with the columns of `lesion_statistics.csv`.

    `class` has all lesion class keys as its categories, and `size` has small and large, also without such a lesion;
    without any lesion the frame is empty. Lengths are in mm, volumes in mm3, centroids in the patient (LPS).
    """
    import pandas as pd

    keys = {lesion.id: lesion.key for lesion in LESION_CLASSES}
    rows = [
        (case.case, case.subset, keys[one.class_id], one.lesion_id,
         LESION_SIZES[one.diameter_mm >= statistics.protocol.large_from_mm],
         one.diameter_mm, one.volume_mm3, one.voxels, *one.centroid_mm)
        for case in statistics.cases for one in case.lesions or ()
    ]  # fmt: skip
    columns: dict[str, Any] = {
        "case": "str", "subset": "str", "class": pd.CategoricalDtype(list(keys.values())), "lesion": "int64",
        "size": pd.CategoricalDtype(list(LESION_SIZES)), "diameter_mm": "float64", "volume_mm3": "float64",
        "voxels": "int64",
        "centroid_x_mm": "float64", "centroid_y_mm": "float64", "centroid_z_mm": "float64",
    }  # fmt: skip
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def require_mswal(dataset: Dataset) -> None:
    """Raises BenchError for other labels, which would be counted as gallstones and kidney stones without a word."""
    where = str(dataset.root / "dataset.json")
    classes = classes_of(dataset.labels, where)
    if classes != LESION_CLASSES:
        expected, found = (
            ", ".join(f"{one.id} {one.name.lower()}" for one in named) for named in (LESION_CLASSES, classes)
        )
        raise BenchError(Problem("the labels are not MSWAL's", where, expected, found))


def _measure(one: tuple[Case, Subset], protocol: Protocol) -> MeasuredCase:
    return measure_case(*one, protocol)


def _lost(one: tuple[Case, Subset]) -> MeasuredCase:
    case, subset = one
    what = "its process was ended from outside, most often for lack of memory"
    problem = Problem(what, str(case.label), mend="Count with fewer --jobs.")
    return MeasuredCase(case.id, subset, None, None, case.label is not None, problems=(problem,))
