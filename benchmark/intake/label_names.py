"""Whether a source's label values mean what MSWAL's mean."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import Problem
from ..lesion_classes import LESION_CLASSES


def check_labels(labels: object, where: Path, problems: list[Problem]) -> None:
    """Adds a problem for a `labels` of `dataset.json` that contradicts MSWAL's: values 1 to 7, each for its lesion.

    Names and values may stand either way round (nnU-Net v2 has `"gallstone": 1`, v1 `"1": "gallstone"`), and a lesion
    may be called anything that is not the name of another. No `labels` at all says nothing, and passes.
    """
    if labels is None:
        return
    try:
        values = _values(labels)
    except (TypeError, ValueError):
        problems.append(Problem("has labels that cannot be read", str(where), 'an object like {"gallstone": 1, ...}'))
        return
    expected = ", ".join(f"{lesion.id} {lesion.name.lower()}" for lesion in LESION_CLASSES)
    wrong = [f"{value} {name}" for name, value in values.items() if _IDS.get(_plain(name), value) != value]
    mend = "Label maps are not converted: give MSWAL's own."
    if wrong:
        problems.append(Problem("labels other lesions than MSWAL", str(where), expected, ", ".join(wrong), mend))
    elif sorted(value for value in values.values() if value != 0) != [lesion.id for lesion in LESION_CLASSES]:
        found = ", ".join(f"{value} {name}" for name, value in values.items() if value != 0) or "none"
        problems.append(Problem("does not have the labels of MSWAL", str(where), expected, found, mend))


def _values(labels: object) -> dict[str, int]:
    """The value of each name. Raises TypeError or ValueError for what has no such form."""
    if not isinstance(labels, dict):
        raise TypeError
    if all(str(key).isdigit() for key in labels):
        return {str(name): int(key) for key, name in labels.items()}
    if not all(isinstance(value, int) for value in labels.values()):
        raise TypeError
    return {str(name): value for name, value in labels.items()}


def _plain(name: str) -> str:
    """Without case, gaps and the plural: `Kidney stones` and `kidney_stone` are one."""
    return re.sub(r"[^a-z]", "", name.lower()).removesuffix("s")


_IDS = {
    _plain(spelling): lesion.id
    for lesion in LESION_CLASSES
    for spelling in (lesion.key, lesion.plural, lesion.abbreviation)
}
