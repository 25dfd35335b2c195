"""Checks that a source's label values mean what MSWAL's mean."""

from __future__ import annotations

from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES, lesion_called, names_by_id


def check_labels(labels: object, where: Path, problems: list[Problem]) -> None:
    """Adds a problem for a `labels` of `dataset.json` that contradicts MSWAL's: values 1 to 7, each for its lesion.

    Names and values may stand either way round (nnU-Net v2 has `"gallstone": 1`, v1 `"1": "gallstone"`), background may
    go unnamed, and a lesion may be called anything that is not the name of another. No `labels` at all says nothing,
    and passes.
    """
    if labels is None:
        return
    try:
        names = names_by_id(_as_v2(labels), str(where))
    except BenchError as error:
        problems += error.problems
        return
    expected = ", ".join(f"{lesion.id} {lesion.name.lower()}" for lesion in LESION_CLASSES)
    wrong = [f"{value} {name}" for value, name in names.items() if _id_of(name, value) != value]
    mend = "Label maps are not converted: give MSWAL's own."
    if wrong:
        problems.append(Problem("labels other lesions than MSWAL", str(where), expected, ", ".join(wrong), mend))
    elif len(names) != len(LESION_CLASSES):
        found = ", ".join(f"{value} {name}" for value, name in names.items())
        problems.append(Problem("does not have the labels of MSWAL", str(where), expected, found, mend))


def _as_v2(labels: object) -> object:
    """With the names first, and background; what is no object stays what it is."""
    if not isinstance(labels, dict):
        return labels
    if labels and all(str(key).isdecimal() for key in labels):
        labels = {str(name): int(key) for key, name in labels.items()}
    return labels if 0 in labels.values() else {"background": 0, **labels}


def _id_of(name: str, otherwise: int) -> int:
    """MSWAL's for a lesion that `name` is a name of, or the abbreviation."""
    lesion = lesion_called(name) or _BY_ABBREVIATION.get(name.upper())
    return lesion.id if lesion is not None else otherwise


_BY_ABBREVIATION = {lesion.abbreviation: lesion for lesion in LESION_CLASSES}
