"""Writes phantoms of LiTS and KiTS23 in the layouts in which these are published, an organ and its lesions labelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from mswal_bench.benchmark.data.lesion_classes import BY_KEY
from mswal_bench.splits import load_split

from .canvas import Tissue
from .case import PhantomCase, make_case
from .cohort import Patient, cohort
from .dataset_writer import check_arguments
from .drawing import draw_all, write_volume
from .phantom_folder import check_folder, clear_leftovers, write_mark
from .seeds import GENERATOR_VERSION

# So far from the seeds of MSWAL's phantom that nobody's patients are in two of the three data sets.
_FIRST_SEED = {"lits": 1_000_000, "kits": 2_000_000}
_COHORTS_PER_SEED = 10
# KiTS23's axes as they are stored: slices first, from the head down.
_AXES = {"lits": "LPS", "kits": "IPL"}
_ORGAN = 1
"""Is the value of the organ in the label maps."""


@dataclass(frozen=True)
class OrganLabels:
    """Describes the label maps of a public data set of one organ."""

    tissues: tuple[Tissue, ...]
    """Make up the organ, whose value is 1."""
    lesions: Mapping[str, int]
    """Has the value of each class of lesion that grows in the organ; 1 where the data set does not tell it apart."""
    every: str
    """Is the class that every patient of the data set has."""


ORGAN_LABELS: Mapping[str, OrganLabels] = MappingProxyType(
    {
        "lits": OrganLabels((Tissue.LIVER,), {"liver_tumor": 2, "liver_cyst": _ORGAN}, "liver_tumor"),
        "kits": OrganLabels(
            (Tissue.KIDNEY_RIGHT, Tissue.KIDNEY_LEFT),
            {"kidney_tumor": 2, "kidney_cyst": 3, "kidney_stone": _ORGAN},
            "kidney_tumor",
        ),
    }
)


@dataclass(frozen=True)
class _Job:
    """One case to be drawn, with the files it goes to."""

    kind: str
    patient: Patient
    size: str
    image: Path
    label: Path


def write_public_phantom(
    out: Path,
    kind: str,
    *,
    train: int,
    test: int,
    size: str,
    seed: int,
    jobs: int | None = None,
    progress: bool = True,
) -> None:
    """Writes a phantom of LiTS or KiTS23 (`kind`: `lits`, `kits`) to `out` as it is published.

    The cases are the first `train` and `test` ones of the split that is fixed for the data set. Every patient has a
    tumor; a case does not depend on how many are asked for. Cases that are there are not made again. Raises BenchError
    for arguments out of range and for a folder with anything else in it.
    """
    split = load_split(kind)
    check_arguments(train, test, size, seed, jobs, most_train=len(split.train), most_test=len(split.test))
    patients = dict(zip(sorted((*split.train, *split.test)), public_patients(kind, seed), strict=False))
    planned = [_job(out, kind, case, patients[case], size) for case in (*split.train[:train], *split.test[:test])]
    mark = {
        "generator": "mswal-bench phantom",
        "generator_version": GENERATOR_VERSION,
        "as": kind,
        "seed": seed,
        "size": size,
    }
    check_folder(out, mark, [path for job in planned for path in (job.image, job.label)])
    missing = [job for job in planned if not (job.label.exists() and job.image.exists())]
    if not missing:
        return
    write_mark(out, mark)
    clear_leftovers({job.image.parent for job in planned})
    draw_all(_write_case, missing, processes=jobs, progress=progress)


def organ_label_map(case: PhantomCase, labels: OrganLabels) -> npt.NDArray[np.uint8]:
    """Returns the label map of `case` (z, y, x) as the data set would have it.

    A lesion belongs to its organ even where it grows out of it; voxels taken by another organ's lesion do not.
    """
    label: npt.NDArray[np.uint8] = np.zeros_like(case.label)
    label[np.isin(case.tissues, labels.tissues) & (case.label == 0)] = _ORGAN
    for key, value in labels.lesions.items():
        label[case.label == BY_KEY[key].id] = value
    return label


def public_patients(kind: str, seed: int) -> list[Patient]:
    """As many patients with the data set's tumor as it has cases, from as many cohorts as that takes."""
    split = load_split(kind)
    found: list[Patient] = []
    for number in count():
        everybody = cohort(_FIRST_SEED[kind] + _COHORTS_PER_SEED * seed + number)
        wanted = ORGAN_LABELS[kind].every
        found += [one for one in everybody if any(lesion.key == wanted for lesion in one.lesions)]
        if len(found) >= len(split.train) + len(split.test):
            break
    return found


def _job(out: Path, kind: str, case: str, patient: Patient, size: str) -> _Job:
    if kind == "lits":
        number = int(case.removeprefix("LITS_"))
        return _Job(kind, patient, size, out / f"volume-{number}.nii", out / f"segmentation-{number}.nii")
    return _Job(kind, patient, size, out / case / "imaging.nii.gz", out / case / "segmentation.nii.gz")


def _write_case(job: _Job) -> None:
    """Draws a case and writes it, the label last: a case with a label is finished."""
    case = make_case(job.patient.seed, job.patient.slot, job.size)
    job.label.unlink(missing_ok=True)
    label = organ_label_map(case, ORGAN_LABELS[job.kind])
    for path, array in ((job.image, case.image), (job.label, label)):
        write_volume(path, array, case.spacing_mm, case.origin_mm, axes=_AXES[job.kind])
