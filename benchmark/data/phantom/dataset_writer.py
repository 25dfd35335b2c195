"""Writes the phantom as a raw data set of nnU-Net, case by case, so that a stopped call can go on."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mswal_bench.baselines.raw_layout import image_name, label_name
from mswal_bench.benchmark.core.errors import Problem, raise_if_any
from mswal_bench.benchmark.core.whole_files import write_text
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.data.patients import PATIENTS_FILE
from mswal_bench.benchmark.data.raw_folder import DESCRIPTION

from .cohort import TEST_SLOTS, TRAIN_SLOTS, Patient, case_name, cohort
from .drawing import draw_all, write_volume
from .grids import SIZES, grid_for
from .phantom_folder import check_folder, clear_leftovers, write_mark
from .seeds import GENERATOR_VERSION

_ENDING = ".nii.gz"
_FOLDERS = {"train": ("imagesTr", "labelsTr"), "test": ("imagesTs", "labelsTs")}


@dataclass(frozen=True)
class _Job:
    """One case to be made, with the files it goes to."""

    seed: int
    slot: int
    size: str
    image: Path
    label: Path


def write_phantom(
    out: Path, *, train: int, test: int, size: str, seed: int, jobs: int | None = None, progress: bool = True
) -> None:
    """Writes the first `train` and the first `test` patients of the cohort's two pools to `out`.

    The files do not depend on `jobs`, the number of processes (None: one per core). Cases that are already there are
    not drawn again; `dataset.json` and `patients.csv` come last, so a folder with them is complete. A folder with more
    cases than are asked for is refused untouched, and so is one with anything else in it.

    Raises BenchError for arguments out of range and for such a folder.
    """
    check_arguments(train, test, size, seed, jobs)
    slots = [*range(1, train + 1), *range(TRAIN_SLOTS + 1, TRAIN_SLOTS + test + 1)]
    mark = {"generator": "mswal-bench phantom", "generator_version": GENERATOR_VERSION, "seed": seed, "size": size}
    planned = [_job(out, seed, slot, size) for slot in slots]
    files = [path for job in planned for path in (job.image, job.label)]
    check_folder(out, mark, [*files, *(out / name for name in (DESCRIPTION, PATIENTS_FILE))])
    missing = [job for job in planned if not (job.label.exists() and job.image.exists())]
    finished = all((out / name).exists() for name in (DESCRIPTION, PATIENTS_FILE))
    if not missing and finished and _recorded_cases(out) == [case_name(slot) for slot in slots]:
        return
    for name in (DESCRIPTION, PATIENTS_FILE):
        (out / name).unlink(missing_ok=True)
    write_mark(out, mark)
    folders = [out / name for pair in _FOLDERS.values() for name in pair]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    clear_leftovers(folders)
    draw_all(_write_case, missing, processes=jobs, progress=progress)
    write_text(out / PATIENTS_FILE, _patients_csv((cohort(seed)[slot - 1] for slot in slots), size))
    write_text(out / DESCRIPTION, _dataset_json(mark, train, test))


def check_arguments(
    train: int,
    test: int,
    size: str,
    seed: int,
    jobs: int | None,
    *,
    most_train: int = TRAIN_SLOTS,
    most_test: int = TEST_SLOTS,
) -> None:
    """Checks the arguments for a phantom. Raises BenchError with everything that is wrong with them."""
    problems = []
    for name, asked, most in (("--train", train, most_train), ("--test", test, most_test)):
        if not 0 <= asked <= most:
            problems.append(Problem(f"{name} is out of range", expected=f"0 to {most}", found=str(asked)))
    if train == 0 and test == 0:
        problems.append(Problem("--train and --test are both 0", mend="Ask for one case at least."))
    if size not in SIZES:
        problems.append(Problem("no such phantom --size", expected=" or ".join(SIZES), found=size))
    if seed < 0:
        problems.append(Problem("--seed is negative", expected="0 or more", found=str(seed)))
    if jobs is not None and jobs < 1:
        problems.append(Problem("--jobs is too small", expected="1 or more", found=str(jobs)))
    raise_if_any(problems)


def _job(out: Path, seed: int, slot: int, size: str) -> _Job:
    images, labels = _FOLDERS["train" if slot <= TRAIN_SLOTS else "test"]
    case = case_name(slot)
    return _Job(seed, slot, size, out / images / image_name(case, _ENDING), out / labels / label_name(case, _ENDING))


def _recorded_cases(out: Path) -> list[str]:
    with (out / PATIENTS_FILE).open(encoding="utf-8", newline="") as table:
        return [row["case"] for row in csv.DictReader(table)]


def _write_case(job: _Job) -> None:
    """Makes a case and writes it, the label last: a case with a label is finished."""
    from .case import make_case

    case = make_case(job.seed, job.slot, job.size)
    job.label.unlink(missing_ok=True)
    for path, array in ((job.image, case.image), (job.label, case.label)):
        write_volume(path, array, case.spacing_mm, case.origin_mm)


def _patients_csv(patients: Iterable[Patient], size: str) -> str:
    """One row per case: who the patient is, the grid, and how many lesions the label holds."""
    keys = [lesion.key for lesion in LESION_CLASSES]
    groups = [(key, group) for key in keys for group in ("small", "large")]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    grid_names = ("spacing_x_mm", "spacing_y_mm", "spacing_z_mm", "shape_x", "shape_y", "shape_z")
    writer.writerow(("case", "subset", "sex", "phase", *grid_names, *(f"{key}_{group}" for key, group in groups)))
    for patient in patients:
        grid = grid_for(patient, size)
        subset = "train" if patient.slot <= TRAIN_SLOTS else "test"
        counts = [sum((one.key, one.group) == pair for one in patient.lesions) for pair in groups]
        writer.writerow(
            (patient.case, subset, patient.sex, patient.phase, *grid.spacing_mm, *grid.shape[::-1], *counts)
        )
    return text.getvalue()


def _dataset_json(mark: dict[str, Any], train: int, test: int) -> str:
    """nnU-Net's description of the data set; it ignores keys that it does not know."""
    description = {
        "name": "MSWAL phantom",
        "description": "Procedural abdomens with seven types of lesion. No patient's data.",
        "channel_names": {"0": "CT"},
        "labels": {"background": 0, **{lesion.key: lesion.id for lesion in LESION_CLASSES}},
        "numTraining": train,
        "numTest": test,
        "file_ending": _ENDING,
        "phantom": mark,
    }
    return json.dumps(description, indent=2) + "\n"
