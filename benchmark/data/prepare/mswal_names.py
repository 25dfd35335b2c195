"""Recognises MSWAL's cases and labels under the names that others gave them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES, lesion_called, names_by_id

_PREFIX = re.compile(r"wab_(?=.*[a-z])", re.IGNORECASE)
_MSWAL = re.compile(r"mswal[_-]?(\d+)", re.IGNORECASE)
_BARE = re.compile(r"(?:wab_)?(\d+)", re.IGNORECASE)
_BY_ABBREVIATION = {lesion.abbreviation: lesion for lesion in LESION_CLASSES}


def is_bare(case: str) -> bool:
    """Whether an id is but a number, with or without `wab_`."""
    return _BARE.fullmatch(case) is not None


def certain_id(name: str) -> str:
    """`MSWAL_0001` for every spelling of it (`mswal-1`, `wab_MSWAL_0001`); another full name without its `wab_`."""
    if _PREFIX.match(name):
        name = _PREFIX.sub("", name, count=1)
    match = _MSWAL.fullmatch(name)
    return f"MSWAL_{int(match[1]):04d}" if match else name


def supposed_id(name: str) -> str:
    """As `certain_id`, with a bare number (`wab_0001`) taken for that of MSWAL."""
    case = certain_id(name)
    match = _BARE.fullmatch(case)
    return f"MSWAL_{int(match[1]):04d}" if match else case


def naming(files: Iterable[str], listed: Iterable[str]) -> Callable[[str], str]:
    """How a source's names become ids: `certain_id`, or `supposed_id` where the source itself vouches for it.

    `files` are the training cases that are there, `listed` what the source's list calls them. A bare number is that of
    MSWAL where one of the two has bare numbers, the other has full names, and they map one to one. Else it is kept:
    which patient a number that somebody gave stands for cannot be known from it.
    """
    files, listed = set(files), set(listed)
    some_bare = [any(is_bare(certain_id(name)) for name in names) for names in (files, listed)]
    supposed = {supposed_id(name) for name in files}
    one_to_one = len(supposed) == len(files) == len(listed) and supposed == {supposed_id(name) for name in listed}
    return supposed_id if one_to_one and sum(some_bare) == 1 else certain_id


def check_label_names(labels: object, where: Path, problems: list[Problem]) -> None:
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
