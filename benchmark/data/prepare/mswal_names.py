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
    """Returns whether an id is a bare number, with or without `wab_`."""
    return _BARE.fullmatch(case) is not None


def certain_id(name: str) -> str:
    """Returns `MSWAL_0001` for every spelling of it (`mswal-1`, `wab_MSWAL_0001`), and other names without `wab_`."""
    if _PREFIX.match(name):
        name = _PREFIX.sub("", name, count=1)
    match = _MSWAL.fullmatch(name)
    return f"MSWAL_{int(match[1]):04d}" if match else name


def supposed_id(name: str) -> str:
    """Returns the `certain_id`, where a bare number (`wab_0001`) is taken for a case of MSWAL."""
    case = certain_id(name)
    match = _BARE.fullmatch(case)
    return f"MSWAL_{int(match[1]):04d}" if match else case


def naming(files: Iterable[str], listed: Iterable[str]) -> Callable[[str], str]:
    """Chooses how the names of a source become ids: by `certain_id`, or by `supposed_id` where that is safe.

    `files` are the names of the training cases that are there, `listed` their names in the source's own list. Bare
    numbers are taken for cases of MSWAL where one of the two has bare numbers, the other has full names, and they match
    one to one. Otherwise a bare number is kept, for nothing says which patient it stands for.
    """
    files, listed = set(files), set(listed)
    some_bare = [any(is_bare(certain_id(name)) for name in names) for names in (files, listed)]
    supposed = {supposed_id(name) for name in files}
    one_to_one = len(supposed) == len(files) == len(listed) and supposed == {supposed_id(name) for name in listed}
    return supposed_id if one_to_one and sum(some_bare) == 1 else certain_id


def check_label_names(labels: object, where: Path, problems: list[Problem]) -> None:
    """Checks that the `labels` of a `dataset.json` fit MSWAL's: values 1 to 7, each for its lesion.

    Names and values may stand either way round (nnU-Net v2 has `"gallstone": 1`, v1 `"1": "gallstone"`), background may
    go unnamed, and a lesion may have any name that is not another's. None, for a file without `labels`, passes. What is
    wrong is added to `problems`, about the file `where`.
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
