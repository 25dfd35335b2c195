"""A track of six cases in miniature, and a submission for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from mswal_bench.benchmark.records.evaluate_submission import evaluate
from mswal_bench.benchmark.records.evaluation_target import EvaluationTarget
from mswal_bench.benchmark.records.result_record import ResultRecord, Status
from mswal_bench.benchmark.submissions.make_manifest import manifest_of
from mswal_bench.tests.benchmark.signed_records import KEY

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels

CASES = tuple(f"case_{number}" for number in range(1, 7))
FORM = """\
method: Careful Net
authors: [A. Author]
affiliation: Here
contact: a.author@here.org
track: demo
"""
TargetOf = Callable[..., EvaluationTarget]


def reference_labels(number: int) -> NDArray[np.uint8]:
    """Each case has a liver tumor, of another size; the first three have a kidney cyst too."""
    labels = np.zeros((4, 6, 40), np.uint8)
    labels[1, 1:4, 2 : 4 + number] = 3
    if number <= 3:
        labels[3, 4, 5:8] = 7
    return labels


def predicted_labels(number: int) -> NDArray[np.uint8]:
    """One column off in all cases, without a match in the last, and with a false kidney cyst in the fifth."""
    labels = np.roll(reference_labels(number), 1, axis=2)
    if number == 5:
        labels[0, 0, 0] = 7
    if number == 6:
        labels[labels == 3] = 0
        labels[1, 1, 3] = 3
    return labels


@pytest.fixture
def labels(tmp_path: Path, save_labels: SaveLabels) -> Path:
    """The folder of reference labels."""
    for number, case in enumerate(CASES, start=1):
        save_labels(tmp_path / "labels" / f"{case}.nii.gz", reference_labels(number))
    return tmp_path / "labels"


@pytest.fixture
def submission(tmp_path: Path, save_labels: SaveLabels) -> Path:
    """A valid submission for the track `demo`."""
    folder = tmp_path / "submission"
    for number, case in enumerate(CASES, start=1):
        save_labels(folder / "predictions" / f"{case}.nii.gz", predicted_labels(number))
    (folder / "submission.yaml").write_text(FORM)
    return folder


@pytest.fixture
def target_of(tmp_path: Path, labels: Path, submission: Path) -> TargetOf:
    """`target_of(hidden=False, status="claimed")`: results in `results`, of a hidden track rows in `private`."""

    def target(*, hidden: bool = False, status: Status = "claimed", track: str = "demo") -> EvaluationTarget:
        private = tmp_path / "private" if hidden else None
        key = KEY if status == "verified" else None
        return EvaluationTarget(manifest_of(labels, track, hidden), labels, tmp_path / "results", private, status, key)

    return target


@pytest.fixture
def record(submission: Path, target_of: TargetOf) -> ResultRecord:
    """Of that submission, claimed, on the track that is not hidden."""
    found = evaluate(submission, target_of(), jobs=1, resamples=20).record
    assert found is not None
    return found
