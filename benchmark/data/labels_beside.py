"""Finds the `dataset.json` that belongs to label maps, which says what their values mean."""

from __future__ import annotations

import os
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem

from .label_forms import ONE_NUMBER_A_NAME
from .raw_folder import DESCRIPTION, read_description


def labels_beside(label_maps: Path) -> tuple[object, str] | None:
    """Returns the `labels` of the `dataset.json` of label maps, unchecked, and that file's name; None without a file.

    `label_maps` is a folder of them or one file. Raises BenchError for a `dataset.json` that cannot be read or has no
    `labels`.
    """
    for path in descriptions_of(label_maps):
        # A link to nowhere is one that cannot be read.
        if os.path.lexists(path):
            content, fault = read_description(path.parent)
            if fault or "labels" not in content:
                mend = "Mend it, or move it away: the labels are taken for MSWAL's where there is none."
                what, expected = "does not describe labels", f'"labels": {ONE_NUMBER_A_NAME}'
                raise BenchError(Problem(what, str(path), expected, fault, mend))
            return content["labels"], str(path)
    return None


def descriptions_of(label_maps: Path) -> tuple[Path, ...]:
    """Returns the places where that `dataset.json` may be, the first that is there counts: in the folder, or beside it.

    Of a link these are the places around its name, and then those around what it leads to.
    """
    places = []
    # abspath: `.` and `..` have no parent in their text, and a link is where the user put it.
    for path in (Path(os.path.abspath(label_maps)), label_maps.resolve()):  # noqa: PTH100
        folder = path if label_maps.is_dir() else path.parent
        places += [folder / DESCRIPTION, folder.parent / DESCRIPTION]
    return tuple(dict.fromkeys(places))
