"""Scores one case from its files: the reference's label map and every method's prediction of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mswal_bench.benchmark.core.errors import Problem, raise_if_any
from mswal_bench.benchmark.data.label_headers import gathered_label_header
from mswal_bench.benchmark.data.scoring_protocol import Protocol, protocol_of_label_maps
from mswal_bench.benchmark.volumes.geometry import Geometry
from mswal_bench.benchmark.volumes.gridded_labels import gathered_labels, labels_on_grid, note_rounding
from mswal_bench.metrics.case import CaseScore, score_case
from mswal_bench.metrics.foreground import Foreground, empty_foreground

from .case_store import ResultStore


@dataclass(frozen=True)
class CaseToScore:
    """One case's files."""

    case: str
    reference: Path
    predictions: Mapping[str, Path | None]
    """Method name -> file; None scores an empty prediction."""


@dataclass
class CaseOutcome:
    """What came of one case."""

    case: str
    geometry: Geometry | None = None
    """The reference's grid; None when its header cannot be read."""
    scores: dict[str, CaseScore] = field(default_factory=dict)
    """Method name -> score, for every method that has one."""
    reused: int = 0
    """How many of the scores were in the store."""
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What was done to a file, or what other readers make of it, that its owner should know."""


def score_files(
    reference: Path, prediction: Path, *, protocol: Protocol | None = None, details: bool = False
) -> CaseScore:
    """Scores one prediction file against one reference file; `details` adds NSD and HD95.

    The protocol is by default that of the reference, `protocol_of_label_maps`. Raises BenchError with every problem of
    both.
    """
    protocol = protocol or protocol_of_label_maps(reference)
    outcome = score_case_files(CaseToScore("", reference, {"": prediction}), protocol, details=details)
    raise_if_any(outcome.problems)
    return outcome.scores[""]


def score_case_files(
    files: CaseToScore, protocol: Protocol, *, details: bool, store: ResultStore | None = None
) -> CaseOutcome:
    """Reads a case's reference once and scores every method's prediction of it.

    What the store has of the very same files is not scored again; what it has not is added to it. A file that is wrong
    costs the scores that need it, and its problems are in the outcome. Raises StoreError.
    """
    outcome = CaseOutcome(files.case)
    header = gathered_label_header(files.reference, protocol, outcome.problems, outcome.notes)
    outcome.geometry = header.geometry if header is not None else None
    keys = {} if store is None or header is None else store.keys(files.reference, files.predictions)
    for name, key in keys.items():
        known = store.load(key, surfaces=details) if store is not None else None
        if known is not None:
            outcome.scores[name] = known
    outcome.reused = len(outcome.scores)
    reference = None
    if header is not None and outcome.reused < len(files.predictions):
        reference = gathered_labels(header, max(protocol.class_ids), outcome.problems, outcome.notes)
    elif header is not None:
        note_rounding(header, max(protocol.class_ids), outcome.notes)
    for name, path in files.predictions.items():
        # Read also where there is nothing to compare with, so that all that is wrong is told in one go.
        prediction = _prediction(path, name in outcome.scores, protocol, outcome)
        if reference is None or prediction is None or outcome.geometry is None:
            continue
        outcome.scores[name] = score_case(
            reference,
            prediction,
            outcome.geometry.spacing_mm[::-1],
            protocol.class_ids,
            match_iou=protocol.match_iou,
            connectivity=protocol.connectivity,
            axial_axis=2 - outcome.geometry.axial_axis,
            nsd_tolerance_mm=protocol.nsd_tolerance_mm if details else None,
        )
        if store is not None and name in keys:
            store.save(keys[name], outcome.scores[name])
    return outcome


def _prediction(path: Path | None, is_known: bool, protocol: Protocol, outcome: CaseOutcome) -> Foreground | None:
    """The prediction on the reference's grid; None when it is scored already or cannot be scored."""
    if path is None:
        shape = outcome.geometry.shape[::-1] if outcome.geometry is not None else (0, 0, 0)
        return None if is_known else empty_foreground(shape)
    highest = max(protocol.class_ids)
    stored = gathered_label_header(path, protocol, outcome.problems, outcome.notes)
    return labels_on_grid(outcome.geometry, stored, path, highest, outcome.problems, outcome.notes, check_only=is_known)
