"""Asks the evaluation: scores a submission in counts by this program's own code, and gives what would be published."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.records.publication import rounded
from mswal_bench.benchmark.records.release_policy import Release, released
from mswal_bench.benchmark.scoring.estimates import AverageResult, ClassResult, estimates
from mswal_bench.benchmark.scoring.scores import MethodScores, scores_of
from mswal_bench.metrics.case import CaseScore, ClassCounts
from mswal_bench.metrics.lesions import Lesions

from .phantom_track import OWN_DSC, Bools, Ints, PhantomTrack

_DSC = Fraction(OWN_DSC).limit_denominator(1000)
_VOXELS = 1000 * _DSC.denominator


@dataclass(frozen=True, eq=False)
class Submission:
    """What is predicted where; both arrays have the shape (case, class)."""

    own: Bools
    """Where the attacker's outlines are, which may only be where he sees the class."""
    far: Ints
    """How many specks that touch no lesion."""


def plain_submission(track: PhantomTrack) -> Submission:
    """What the attacker sees and nothing else."""
    return Submission(track.plain, np.zeros(track.plain.shape, np.int64))


def scored(track: PhantomTrack, submission: Submission) -> MethodScores:
    """Scores the submission against the hidden track."""
    cases = {f"CASE_{number:04}": _case(track, submission, number) for number in range(len(track.plain))}
    return scores_of(MSWAL_1, {"attack": cases})["attack"]


def answer(
    track: PhantomTrack, submission: Submission, release: Release | None, *, resamples: int = 1
) -> tuple[dict[str, ClassResult], AverageResult]:
    """What is published of it: by a release, or with None as it was before there were any."""
    classes, average, _ = estimates(scored(track, submission), resamples=resamples, seed=0)
    return rounded(classes, average) if release is None else released(classes, average, release)


def _case(track: PhantomTrack, submission: Submission, number: int) -> CaseScore:
    counts, rows = {}, []
    for column, class_id in enumerate(MSWAL_1.class_ids):
        own, far = bool(submission.own[number, column]), int(submission.far[number, column])
        lesions = int(track.lesions[number, column])
        matched = int(track.matched[number, column]) if own else 0
        counts[class_id] = ClassCounts(
            reference_voxels=_VOXELS if lesions else 0,
            prediction_voxels=(_VOXELS if own else 0) + (far if not own else 0),
            intersection_voxels=int(_VOXELS * _DSC) if own else 0,
            tp=matched,
            fp=(lesions - matched if own else 0) + far,
            fn=lesions - matched,
        )
        predicted = (lesions if own else 0) + far
        rows += [(class_id, False, i + 1, i + 1 if i < matched else 0) for i in range(lesions)]
        rows += [(class_id, True, i + 1, i + 1 if i < matched else 0) for i in range(predicted)]
    return CaseScore(counts, _lesions(rows), 1.0)


def _lesions(rows: list[tuple[int, bool, int, int]]) -> Lesions:
    table = np.array(rows, np.int64).reshape(-1, 4)
    ones = np.ones(len(table))
    return Lesions(
        class_id=table[:, 0], is_prediction=table[:, 1].astype(np.bool_), lesion_id=table[:, 2],
        voxels=ones.astype(np.int64), volume_mm3=ones, diameter_mm=10 * ones, centroid_mm=np.zeros((len(table), 3)),
        matched_id=table[:, 3], iou=np.where(table[:, 3] > 0, 0.8, 0.0), dsc=np.where(table[:, 3] > 0, 0.9, 0.0),
    )  # fmt: skip
