"""Makes results folders with many records, whose rows are drawn and whose numbers follow from them.

The reference's lesions are the same for all records; a method finds some of them and invents others.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.core.digests import file_digest
from mswal_bench.benchmark.core.environment import Environment
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.records.identity import Identity, submission_digest
from mswal_bench.benchmark.records.record_writing import add_record
from mswal_bench.benchmark.records.result_record import ResultRecord
from mswal_bench.benchmark.scoring.cases_csv import CASES_FILE, write_case_rows
from mswal_bench.benchmark.scoring.estimates import estimates
from mswal_bench.benchmark.scoring.lesions_csv import LESIONS_FILE, write_lesion_rows
from mswal_bench.benchmark.scoring.scores import MethodScores, ScoredCase, Scores
from mswal_bench.benchmark.submissions.submission_form import PublicForm
from mswal_bench.metrics.case import CaseScore, ClassCounts
from mswal_bench.metrics.lesions import Lesions

TRACK = "many-records"
_SPACING_MM = (1.25, 0.8, 0.8)
_VOXEL_MM3 = float(np.prod(_SPACING_MM))
# Class id -> in which share of the cases it is, how many lesions more than one a case has, median diameter in mm.
_TYPES: Mapping[int, tuple[float, float, float]] = {
    1: (0.25, 1.0, 8),
    2: (0.30, 1.2, 5),
    3: (0.20, 4.0, 18),
    4: (0.10, 0.2, 32),
    5: (0.10, 0.1, 30),
    6: (0.50, 3.0, 11),
    7: (0.60, 2.5, 12),
}


def make_results(results: Path, records: int, cases: int, *, resamples: int = 10_000) -> None:
    """Adds records of one public track to the folder `results`, the same each time; those that are there are kept."""
    results.mkdir(parents=True, exist_ok=True)
    reference = _reference(cases)
    for number in range(records):
        form = _form(number)
        identity = _identity(form, cases, number)
        if (results / "records" / TRACK / identity.id).exists():
            continue
        scores = _scores(form.method, reference, number, 0.35 + 0.5 * number / max(1, records - 1))
        record = _record(scores, form, identity, cases, number, resamples)
        with tempfile.TemporaryDirectory(dir=results.parent) as folder:
            rows = Path(folder)
            all_scores = Scores(MSWAL_1, {scores.name: scores})
            write_case_rows(rows / CASES_FILE, all_scores.case_rows())
            write_lesion_rows(rows / LESIONS_FILE, all_scores.lesion_rows())
            files = {name: file_digest(rows / name) for name in (CASES_FILE, LESIONS_FILE)}
            add_record(record.model_copy(update={"files": files}), rows, results, None)


def _reference(cases: int) -> list[dict[int, NDArray[np.int64]]]:
    """Case by case: class id -> voxels of each lesion."""
    generator = np.random.default_rng(0)
    drawn = []
    for _ in range(cases):
        of_case = {}
        for class_id, (share, more, diameter_mm) in _TYPES.items():
            count = int(generator.random() < share) * (1 + int(generator.poisson(more)))
            of_case[class_id] = _voxels(diameter_mm * np.exp(0.5 * generator.normal(size=count)))
        drawn.append(of_case)
    return drawn


def _voxels(diameters_mm: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.maximum(1, np.pi / 6 * diameters_mm**3 / _VOXEL_MM3).astype(np.int64)


def _scores(name: str, reference: list[dict[int, NDArray[np.int64]]], number: int, skill: float) -> MethodScores:
    generator = np.random.default_rng([1, number])
    by_case = {}
    for place, of_case in enumerate(reference):
        case = f"MSWAL_{place:04d}"
        parts, counts = [], {}
        for class_id, voxels in of_case.items():
            lesions, counts[class_id] = _class(class_id, voxels, generator, skill)
            parts.append(lesions)
        rows = np.concatenate(parts)
        score = CaseScore(counts, _lesions(rows), _VOXEL_MM3)
        places = np.round(generator.uniform(-150, 150, (len(rows), 3)), 3)
        by_case[case] = ScoredCase(case, score, read_positions_mm=places)
    return MethodScores(name, MSWAL_1, by_case)


def _class(
    class_id: int, voxels: NDArray[np.int64], generator: np.random.Generator, skill: float
) -> tuple[NDArray[np.float64], ClassCounts]:
    """Rows of class, side, lesion, voxels, match, IoU and DSC; and the counts that they are of."""
    found = generator.random(voxels.size) < skill
    predicted = np.maximum(1, voxels[found] * generator.uniform(0.8, 1.2, found.sum())).astype(np.int64)
    # Of two sizes that differ by a fifth, this much in common is an IoU of a half or more.
    both = np.ceil(np.minimum(voxels[found], predicted) * generator.uniform(0.87, 1, found.sum())).astype(np.int64)
    both = np.minimum(both, np.minimum(voxels[found], predicted))
    iou, dsc = both / (voxels[found] + predicted - both), 2 * both / (voxels[found] + predicted)
    kept = 2 * both >= voxels[found] + predicted - both
    places = np.flatnonzero(found)[kept]
    predicted, both, iou, dsc = predicted[kept], both[kept], iou[kept], dsc[kept]
    _, _, diameter_mm = _TYPES[class_id]
    invented = _voxels(0.7 * diameter_mm * np.exp(0.5 * generator.normal(size=generator.poisson(0.35 * (1 - skill)))))
    of_reference = np.zeros((voxels.size, 7))
    of_reference[:, 0], of_reference[:, 2], of_reference[:, 3] = class_id, np.arange(1, voxels.size + 1), voxels
    of_reference[places, 4:] = np.stack([np.arange(1, places.size + 1), iou, dsc], axis=1)
    sizes = np.concatenate([predicted, invented])
    of_prediction = np.zeros((sizes.size, 7))
    of_prediction[:, 0], of_prediction[:, 1], of_prediction[:, 2] = class_id, 1, np.arange(1, sizes.size + 1)
    of_prediction[:, 3] = sizes
    of_prediction[: places.size, 4:] = np.stack([places + 1, iou, dsc], axis=1)
    counts = ClassCounts(
        int(voxels.sum()), int(sizes.sum()), int(both.sum()), places.size, invented.size, voxels.size - places.size
    )
    return np.concatenate([of_reference, of_prediction]), counts


def _lesions(rows: NDArray[np.float64]) -> Lesions:
    class_id, predicted, lesion_id, voxels, matched_id, iou, dsc = rows.T
    volume_mm3 = voxels * _VOXEL_MM3
    return Lesions(
        class_id=class_id.astype(np.int64),
        is_prediction=predicted.astype(bool),
        lesion_id=lesion_id.astype(np.int64),
        voxels=voxels.astype(np.int64),
        volume_mm3=volume_mm3,
        diameter_mm=np.round(np.cbrt(6 / np.pi * volume_mm3), 3),
        centroid_mm=np.full((len(rows), 3), np.nan),
        matched_id=matched_id.astype(np.int64),
        iou=iou,
        dsc=dsc,
    )


def _form(number: int) -> PublicForm:
    return PublicForm(
        method=f"Method {number:04d}",
        authors=[f"Author {number}", "B. Sample"],
        affiliation="Many Records",
        track=TRACK,
    )


def _identity(form: PublicForm, cases: int, number: int) -> Identity:
    of_form = submission_digest(form, _predictions(number))
    return Identity(of_form, _digest("labels"), _digest(f"{cases} cases"), MSWAL_1.id, "verified")


def _predictions(number: int) -> str:
    return _digest(f"predictions {number}")


def _record(
    scores: MethodScores, form: PublicForm, identity: Identity, cases: int, number: int, resamples: int
) -> ResultRecord:
    """Its files are still to be named."""
    classes, average, bootstrap = estimates(scores, resamples=resamples, seed=0)
    return ResultRecord(
        id=identity.id,
        created_at=datetime(2026, 9, 1, tzinfo=UTC) + timedelta(hours=number),
        status=identity.status,
        track=TRACK,
        hidden=False,
        protocol=identity.protocol,
        cases=cases,
        manifest_digest=identity.manifest_digest,
        split_digest=None,
        reference_digest=identity.reference_digest,
        submission_digest=identity.submission_digest,
        predictions_digest=_predictions(number),
        form=form,
        version="0.1.0",
        environment=Environment(
            python="3.11.7", packages={"numpy": "2.4.6", "SimpleITK": "2.5.7"}, git_commit=None, git_dirty=None,
            system="Linux x86_64", cpu_cores=2, gpu=None, gpu_driver=None, cuda=None,
        ),
        classes=classes,
        average=average,
        bootstrap=bootstrap,
        files={},
    )  # fmt: skip


def _digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
