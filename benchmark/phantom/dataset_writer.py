"""The phantom on disk: a nnU-Net raw data set, written case by case so that a stopped call can go on."""

from __future__ import annotations

import csv
import io
import json
import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...baselines.processes import cores, die_with_parent
from ..errors import BenchError, Problem, raise_if_any
from ..files import PARTIAL, whole_file, write_text
from ..lesion_classes import LESION_CLASSES
from .cohort import TEST_SLOTS, TRAIN_SLOTS, Patient, case_name, cohort
from .grids import SIZES, grid_for
from .seeds import GENERATOR_VERSION

if TYPE_CHECKING:
    import numpy.typing as npt

    from .grids import Vector

_FOLDERS = {"train": ("imagesTr", "labelsTr"), "test": ("imagesTs", "labelsTs")}
# Says whose folder it is from the first case on; dataset.json, which readers look for, comes last.
_MARK = "phantom.json"


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
    not made again; `dataset.json` and `cases.csv` come last, so a folder with them is complete. A folder that is
    complete with more cases than are asked for is refused, as is any that holds something else: nothing is touched.

    Raises BenchError for arguments out of range and for such a folder.
    """
    _check_arguments(train, test, size, seed, jobs)
    slots = [*range(1, train + 1), *range(TRAIN_SLOTS + 1, TRAIN_SLOTS + test + 1)]
    mark = {"generator": "mswal-bench phantom", "generator_version": GENERATOR_VERSION, "seed": seed, "size": size}
    planned = [_job(out, seed, slot, size) for slot in slots]
    _check_folder(out, mark, planned)
    missing = [job for job in planned if not (job.label.exists() and job.image.exists())]
    finished = all((out / name).exists() for name in ("dataset.json", "cases.csv"))
    if not missing and finished and _recorded_cases(out) == [case_name(slot) for slot in slots]:
        return
    for name in ("dataset.json", "cases.csv"):
        (out / name).unlink(missing_ok=True)
    write_text(out / _MARK, json.dumps(mark, indent=2) + "\n")
    for folder in (name for pair in _FOLDERS.values() for name in pair):
        (out / folder).mkdir(exist_ok=True)
        for leftover in (out / folder).glob(PARTIAL + "*"):
            leftover.unlink()
    for _ in _with_progress(_made(missing, jobs or cores()), len(missing), progress):
        pass
    write_text(out / "cases.csv", _cases_csv((cohort(seed)[slot - 1] for slot in slots), size))
    write_text(out / "dataset.json", _dataset_json(mark, train, test))


def _check_arguments(train: int, test: int, size: str, seed: int, jobs: int | None) -> None:
    problems = []
    for name, asked, most in (("--train", train, TRAIN_SLOTS), ("--test", test, TEST_SLOTS)):
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
    return _Job(seed, slot, size, out / images / f"{case}_0000.nii.gz", out / labels / f"{case}.nii.gz")


def _check_folder(out: Path, mark: dict[str, Any], planned: list[_Job]) -> None:
    """Raises BenchError unless `out` is new, empty, or a phantom of the same kind without other files."""
    if not out.exists():
        return
    if not out.is_dir():
        raise BenchError(Problem("is not a folder", str(out), mend="Give a folder that is new or empty."))
    if all(path.name.startswith(PARTIAL) for path in out.iterdir()):
        return
    try:
        there = json.loads((out / _MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise BenchError(
            Problem("holds something other than a phantom", str(out), mend="Give a folder that is new or empty.")
        ) from None
    if there != mark:
        wanted, found = (json.dumps(one) for one in (mark, there))
        mend = "Give another folder, or ask for the phantom that is there."
        raise BenchError(Problem("holds another phantom", str(out), expected=wanted, found=found, mend=mend))
    expected = {out / name for name in (_MARK, "dataset.json", "cases.csv")}
    expected |= {path for job in planned for path in (job.image, job.label)}
    folders = [folder for pair in _FOLDERS.values() for folder in pair]
    strangers = [path for path in out.iterdir() if path not in expected and path.name not in folders]
    strangers += [path for folder in folders for path in (out / folder).glob("*") if path not in expected]
    strangers = sorted(path for path in strangers if not path.name.startswith(PARTIAL))
    if strangers:
        names = ", ".join(str(path.relative_to(out)) for path in strangers[:3]) + ("..." if len(strangers) > 3 else "")
        mend = "Give another folder, or move these files away."
        problem = Problem(f"holds {len(strangers)} files that this phantom has not: {names}", str(out), mend=mend)
        raise BenchError(problem)


def _recorded_cases(out: Path) -> list[str]:
    with (out / "cases.csv").open(encoding="utf-8", newline="") as table:
        return [row["case"] for row in csv.DictReader(table)]


def _made(missing: list[_Job], jobs: int) -> Iterator[None]:
    """Makes the cases, in this process or in several; gives one item for each that is finished."""
    if jobs == 1 or len(missing) < 2:
        yield from map(_write_case, missing)
        return
    # Spawned rather than forked: a fork copies locks that other threads of this process may hold.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(missing)), mp_context=context, initializer=die_with_parent) as pool:
        pending = [pool.submit(_write_case, job) for job in missing]
        try:
            for done in as_completed(pending):
                yield done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _write_case(job: _Job) -> None:
    """Makes a case and writes it, the label last: a case with a label is finished."""
    from .case import make_case

    case = make_case(job.seed, job.slot, job.size)
    job.label.unlink(missing_ok=True)
    for path, array in ((job.image, case.image), (job.label, case.label)):
        _write_volume(path, array, case.spacing_mm, case.origin_mm)


def _write_volume(path: Path, array: npt.NDArray[Any], spacing_mm: Vector, origin_mm: Vector) -> None:
    import SimpleITK

    volume = SimpleITK.GetImageFromArray(array)
    volume.SetSpacing(spacing_mm)
    volume.SetOrigin(origin_mm)
    with whole_file(path) as temporary:
        SimpleITK.WriteImage(volume, str(temporary), useCompression=True)


def _with_progress(finished: Iterable[None], count: int, progress: bool) -> Iterable[None]:
    from tqdm import tqdm

    return tqdm(finished, total=count, desc="phantom", unit="case", disable=not progress)


def _cases_csv(patients: Iterable[Patient], size: str) -> str:
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
        "file_ending": ".nii.gz",
        "phantom": mark,
    }
    return json.dumps(description, indent=2) + "\n"
