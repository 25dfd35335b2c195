"""Adds to the inspection of a data set the lesions that a method's grid erases from training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mswal_bench.baselines.label_grid import LabelGrid
from mswal_bench.benchmark.data.check.case_check import CaseResult
from mswal_bench.benchmark.data.check.check_dataset import Inspection
from mswal_bench.benchmark.data.check.findings_catalogue import DataFinding
from mswal_bench.benchmark.data.dataset import Case
from mswal_bench.benchmark.data.raw_folder import TRAINING
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1

from .asked_grids import AskedGrid
from .method_ceilings import crop_cases, return_cases
from .returned_case import Returned

_MOST = 6
"""Lesions of a case that are named."""


def with_erased_lesions(
    inspection: Inspection, asked: Sequence[AskedGrid], *, jobs: int | None = None, progress: bool = False
) -> Inspection:
    """The inspection with a finding for each label map and grid that erases lesions of it.

    Training cases with errors are passed over; methods without a run plan for the others. Raises BenchError for one
    whose grid is not known.
    """
    classes = inspection.layout.classes
    sound = [result for result in inspection.results if _is_sound(result)] if classes else []
    if not sound:
        return inspection
    cases = [Case(one.files.case, one.files.image, one.files.label) for one in sound if one.files.image is not None]
    cropped = crop_cases(cases, jobs=jobs, progress=progress)
    planned = [case.as_planned for case in cropped]
    methods: dict[LabelGrid, list[str]] = {}
    for one in asked:
        methods.setdefault(one.on(planned), []).append(one.name)
    protocol = replace(MSWAL_1, lesion_classes=classes)
    returned = {
        case.case: case.of_grids
        for case in return_cases(cropped, list(methods), protocol, jobs=jobs, progress=progress)
    }
    more: dict[str, list[DataFinding]] = {}
    for result in sound:
        case, label = result.files.case, result.files.label
        assert label is not None
        file = label.relative_to(inspection.layout.root).as_posix()
        for (grid, of_grid), found in zip(methods.items(), returned[case], strict=False):
            told = _told(found)
            if told:
                where = f"{told}, on the grid of {', '.join(of_grid)}: {grid}"
                more.setdefault(case, []).append(DataFinding("erased-lesions", file, where, case=case))
    return replace(inspection, results=tuple(_added(result, more) for result in inspection.results))


def _is_sound(result: CaseResult) -> bool:
    files = result.files
    errors = any(one.severity == "error" for one in (*result.image.findings, *result.label.findings))
    return files.subset == TRAINING and files.image is not None and files.label is not None and not errors


def _added(result: CaseResult, more: dict[str, list[DataFinding]]) -> CaseResult:
    if result.files.subset != TRAINING or result.files.case not in more:
        return result
    findings = (*result.label.findings, *more[result.files.case])
    return replace(result, label=replace(result.label, findings=findings))


def _told(returned: Returned) -> str:
    """How many lesions of the case are erased, and which; empty where none is."""
    references = [lesion for lesion in returned.score.lesions if lesion.side == "reference"]
    erased = [one for one, is_seen in zip(references, returned.is_seen, strict=True) if not is_seen]
    if not erased:
        return ""
    erased.sort(key=lambda one: -one.diameter_mm)
    named = [f"label {one.class_id} of {one.diameter_mm:.1f} mm" for one in erased[:_MOST]]
    named += [f"{len(erased) - _MOST} more"] if len(erased) > _MOST else []
    return f"{len(erased)} of {len(references)} lesions: {', '.join(named)}"
