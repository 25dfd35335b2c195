"""Reads scores back from the files that `Scores.save` wrote, and refuses files that contradict one another."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, replace
from math import isclose, isnan, nan
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from mswal_bench.benchmark.data.scoring_protocol import Protocol, protocol_of_labels
from mswal_bench.metrics.case import CaseScore
from mswal_bench.metrics.details import ClassDetails
from mswal_bench.metrics.surface_distance import SurfaceAgreement

from .cases_csv import CASES_FILE, CaseRow, read_case_rows
from .lesions_csv import LESIONS_FILE, ReadLesions, no_lesions, read_lesions
from .scores import MethodScores, ScoredCase, Scores

if TYPE_CHECKING:
    from .scores_json import ScoreSummary

_ROUNDED_MM = 1e-3


def load_scores(folder: Path) -> Scores:
    """Reads the scores that `Scores.save`, or `mswal-bench score --out`, wrote to `folder`.

    Counts, IoU, DSC, NSD, HD95 and the other details are the very numbers that were saved; diameters and places are to
    the micrometre, volumes to a thousandth of a mm3, as files have them. Saved again they are the same files. Notes,
    problems and the paths of label maps are not kept. Raises BenchError where one of the three files is not there,
    cannot be read, or contradicts another, and for a protocol that this version does not know.
    """
    # pydantic takes as long to import as a small folder to score.
    from .scores_json import SCORES_FILE, read_summary

    summary = read_summary(folder / SCORES_FILE)
    protocol = protocol_of_keys(summary.class_keys, summary.protocol, str(folder / SCORES_FILE))
    measured = {name for name, method in summary.methods.items() if method.details is not None}
    methods = _read_methods(folder, protocol, measured)
    unscored = [name for name in summary.methods if name not in methods and not summary.failed.get(name)]
    strangers = [name for name in methods if name not in summary.methods]
    if unscored or strangers:
        found, expected = listed(list(methods)), listed(list(summary.methods))
        what = f"the methods are not those of {SCORES_FILE}"
        raise BenchError(Problem(what, str(folder / CASES_FILE), expected, found))
    scores = Scores(
        protocol,
        {
            name: MethodScores(name, protocol, methods.get(name, {}), summary.failed.get(name, ()), of_method.details)
            for name, of_method in summary.methods.items()
        },
        summary.track,
        summary.left_out,
    )
    raise_if_any(_other_numbers(scores, summary, folder / SCORES_FILE))
    return scores


def load_method(folder: Path, protocol: Protocol) -> MethodScores:
    """Reads the scores in the `cases.csv` and `lesions.csv` of one method, as records have them.

    Raises BenchError where a file is not such rows, or of several methods, a case lacks one of the protocol's classes,
    or the lesions are not those that the cases count.
    """
    methods = _read_methods(folder, protocol)
    if len(methods) != 1:
        raise BenchError(Problem("is not of one method", str(folder / CASES_FILE), found=listed(list(methods))))
    ((name, cases),) = methods.items()
    return MethodScores(name, protocol, cases)


def protocol_of_keys(keys: Iterable[str], protocol_id: str, where: str) -> Protocol:
    """Returns the protocol of that id whose classes have these keys, in order.

    Raises BenchError, about the file `where`, for a protocol that this version does not know.
    """
    labels = {"background": 0, **{key: number for number, key in enumerate(keys, start=1)}}
    protocol = protocol_of_labels(labels, where)
    if protocol.id != protocol_id:
        raise BenchError(Problem("the protocol is not that of its classes", where, protocol.id, protocol_id))
    return protocol


def _read_methods(folder: Path, protocol: Protocol, measured: Collection[str] = ()) -> dict[str, dict[str, ScoredCase]]:
    """Method -> case id -> its score, by case id; methods in the order of the file.

    `measured` are those with NSD and HD95 of every case, also where they are undefined.
    """
    rows: dict[tuple[str, str], list[CaseRow]] = {}
    for row in read_case_rows(folder / CASES_FILE):
        rows.setdefault((row.method, row.case), []).append(row)
    raise_if_any(_other_classes(rows, protocol, folder / CASES_FILE))
    lesions = read_lesions(folder / LESIONS_FILE, {lesion.key: lesion.id for lesion in protocol.lesion_classes})
    methods: dict[str, dict[str, ScoredCase]] = {method: {} for method, _ in rows}
    differing = [case for method, case in lesions if (method, case) not in rows]
    nothing = no_lesions()
    for (method, case), of_case in sorted(rows.items()):
        read = lesions.get((method, case), nothing)
        methods[method][case] = _scored_case(case, of_case, read, protocol, measured=method in measured)
    for scored in methods.values():
        differing += _differing(scored)
    if differing:
        what = f"the lesions are not those that {CASES_FILE} counts, in case {differing[0]}"
        raise BenchError(Problem(what, str(folder / LESIONS_FILE)))
    return methods


def _other_classes(
    rows: Mapping[tuple[str, str], Sequence[CaseRow]], protocol: Protocol, path: Path
) -> Iterable[Problem]:
    expected = {lesion.key for lesion in protocol.lesion_classes}
    for (_, case), of_case in rows.items():
        keys = [row.class_key for row in of_case]
        if set(keys) != expected:
            what = f"the case {case} has other classes"
            yield Problem(what, str(path), f"those of {protocol.id}", listed(keys))
            return


def _other_numbers(scores: Scores, summary: ScoreSummary, path: Path) -> Iterator[Problem]:
    """Where the summary has other numbers than follow from the cases, as when rows of a case were taken out."""
    for name, method in scores.items():
        cases = len(method.by_case) + len(method.failed)
        if cases != summary.cases:
            what = f"{name} was scored on another number of cases than {CASES_FILE} has"
            yield Problem(what, str(path), expected=str(cases), found=str(summary.cases))
        told = summary.methods[name].classes
        others = [
            key
            for key, score in method.items()
            if key not in told or not _are_equal(astuple(score), astuple(told[key]))
        ]
        if others:
            yield Problem(f"the numbers of {name} are not those of {CASES_FILE}", str(path), found=listed(others))
        elif method.read_details is not None:
            others = _other_details(replace(method, read_details=None), method.read_details)
            what = f"the details of {name} are not those of {CASES_FILE} and {LESIONS_FILE}"
            yield from [Problem(what, str(path), found=listed(others))] if others else []


def _other_details(method: MethodScores, told: Mapping[str, ClassDetails]) -> list[str]:
    """The classes whose details in the summary are not those that follow from the cases.

    What rests on volumes and diameters is not looked at: the tables have them rounded. So was HD95 in version 0.1.0.
    """

    def exact(details: ClassDetails) -> tuple[float, ...]:
        return (*astuple(details.every_size), details.matched_dsc, details.nsd, details.hd95_cases)

    return [
        key
        for key, details in method.details.items()
        if key not in told
        or not _are_equal(exact(details), exact(told[key]))
        or not _are_equal([details.hd95_mm], [told[key].hd95_mm], within=_ROUNDED_MM)
    ]


def _are_equal(numbers: Sequence[float], others: Sequence[float], within: float = 1e-9) -> bool:
    # A mean may differ by the order in which another version adds.
    return all(
        isclose(number, told, abs_tol=within) or (isnan(number) and isnan(told))
        for number, told in zip(numbers, others, strict=True)
    )


def _scored_case(
    case: str, rows: Sequence[CaseRow], read: ReadLesions, protocol: Protocol, *, measured: bool
) -> ScoredCase:
    by_key = {row.class_key: row for row in rows}
    in_order = {lesion.id: by_key[lesion.key] for lesion in protocol.lesion_classes}
    surfaces = None
    # What is undefined is empty in the table, as is what was not measured.
    if measured or any(row.surface is not None for row in rows):
        surfaces = {id_: row.surface or SurfaceAgreement(nan, nan) for id_, row in in_order.items()}
    score = CaseScore({id_: row.counts for id_, row in in_order.items()}, read.lesions, _voxel_mm3(rows), surfaces)
    missing = any(row.is_missing for row in rows)
    volumes_mm3 = {id_: (row.reference_mm3, row.prediction_mm3) for id_, row in in_order.items()}
    return ScoredCase(
        case, score, is_missing=missing, read_positions_mm=read.positions_mm, read_volumes_mm3=volumes_mm3
    )


def _voxel_mm3(rows: Sequence[CaseRow]) -> float:
    """Of the side with most voxels, for the volumes are rounded; NaN where there is none, or no volume."""
    sides = [
        (voxels, volume_mm3)
        for row in rows
        for voxels, volume_mm3 in (
            (row.counts.reference_voxels, row.reference_mm3),
            (row.counts.prediction_voxels, row.prediction_mm3),
        )
        if voxels and not isnan(volume_mm3)
    ]
    voxels, volume_mm3 = max(sides, default=(0, nan))
    return volume_mm3 / voxels if voxels else nan


def _differing(scored: Mapping[str, ScoredCase]) -> list[str]:
    """The cases whose lesions are not those that their counts are of."""
    scores = [case.score for case in scored.values()]
    of_case = np.repeat(np.arange(len(scores)), [len(score.lesions) for score in scores])
    class_id, is_prediction, matched_id, voxels = (
        np.concatenate([np.zeros(0, np.int64), *(getattr(score.lesions, name) for score in scores)])
        for name in ("class_id", "is_prediction", "matched_id", "voxels")
    )
    classes = 1 + max((int(class_id.max(initial=0)), *(id_ for score in scores for id_ in score.classes)), default=0)
    places = of_case * classes + class_id
    found, matched = is_prediction != 0, matched_id > 0

    def per_class(chosen: NDArray[np.bool_], weights: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        # As floats: a count has 15 digits at most, which a float holds exactly.
        some = np.ones(np.count_nonzero(chosen)) if weights is None else weights[chosen].astype(np.float64)
        return np.asarray(np.bincount(places[chosen], some, minlength=len(scores) * classes), np.float64)

    told = np.array(
        [
            per_class(~found & matched),
            per_class(found & ~matched),
            per_class(~found & ~matched),
            per_class(found & matched),
            per_class(~found, voxels),
            per_class(found, voxels),
        ]
    ).reshape(6, len(scores), classes)
    counted = told.copy()
    for place, score in enumerate(scores):
        for id_, of in score.classes.items():
            counted[:, place, id_] = of.tp, of.fp, of.fn, of.tp, of.reference_voxels, of.prediction_voxels
    differs = (told != counted).any(axis=(0, 2))
    return [case for case, other in zip(scored, differs.tolist(), strict=True) if other]
