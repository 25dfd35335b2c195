"""Looks at the reference labels before a training of days, not after it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ...baselines.method import Report
from ..dataset import Case
from ..errors import BenchError, Problem, raise_if_any
from ..scoring.protocol import Protocol
from ..volumes.geometry import disagreements
from ..volumes.label_maps import check_labels
from ..volumes.orientation import axes_towards
from ..volumes.volume_header import read_header


def check_references(cases: dict[str, Case], protocol: Protocol, report: Report) -> None:
    """Raises BenchError with everything for which predictions of `cases` could not be scored under `protocol`.

    That is a label map that is damaged, holds anything but the protocol's classes, or does not lie on its image's
    grid, where predictions will. Cases without a label are passed over. Every label map is read once.
    """
    problems: list[Problem] = []
    for done, case in enumerate(cases.values()):
        report(done, len(cases), case.id)
        if case.label is not None:
            problems += _problems(case.image, case.label, protocol)
    report(len(cases), len(cases), "")
    raise_if_any(problems)


def _problems(image: Path, label: Path, protocol: Protocol) -> list[Problem]:
    try:
        stored = read_header(label)
        check_labels(stored, max(protocol.class_ids))
        expected = read_header(image).geometry
    except BenchError as error:
        return list(error.problems)
    found = axes_towards(expected, stored.geometry).of_geometry(stored.geometry)
    return [
        replace(
            problem,
            what=problem.what.replace("the reference's", "its image's"),
            mend="Mend the label map: predictions lie on the image's grid, and could not be scored against it.",
        )
        for problem in disagreements(expected, found, str(label))
    ]
