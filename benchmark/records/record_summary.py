"""nnU-Net's `summary.json` of a recorded submission, made of its rows: nothing is scored for it."""

from __future__ import annotations

from math import prod

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.whole_files import write_text
from mswal_bench.benchmark.scoring.nnunet_summary import SUMMARY_FILE, SummarisedCase, summary_json
from mswal_bench.benchmark.scoring.stored_scores import load_method

from .evaluation_target import Setting
from .private_log import kept_private
from .record_store import private_folder, record_folder
from .result_record import ResultRecord


def write_summary(record: ResultRecord, setting: Setting) -> None:
    """Writes it beside the rows: of a hidden track into the private folder.

    Files are called `CASE.nii.gz`, whatever folder they lay in. Raises BenchError where the rows are damaged and
    where it cannot be written.
    """
    with kept_private(setting.private):
        if record.hidden and setting.private is not None:
            folder = private_folder(setting.private, record.track, record.id)
        else:
            folder = record_folder(setting.results, record.track, record.id)
        scores = load_method(folder, setting.protocol)
        cases = [
            SummarisedCase(
                reference_file=f"{case}.nii.gz",
                prediction_file=None if scored.is_missing else f"{case}.nii.gz",
                voxels=prod(setting.manifest.cases[case].shape),
                score=scored.score,
            )
            for case, scored in scores.by_case.items()
        ]
        try:
            write_text(folder / SUMMARY_FILE, summary_json(cases, setting.protocol.class_ids))
        except OSError as error:
            what = f"cannot be written ({error.strerror or error})"
            raise BenchError(Problem(what, str(folder / SUMMARY_FILE))) from error
