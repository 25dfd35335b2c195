"""Pairs files with one reference file, which is a case by itself, without folders."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from mswal_bench.benchmark.core.errors import Problem, raise_if_any
from mswal_bench.benchmark.tables.escaping import unicode_name
from mswal_bench.benchmark.volumes.file_names import SUFFIXES, case_behind, case_id

from .case_folders import CaseFolder, MethodFolder, Pairing, cases_in, folder_name


def pair_files(predictions: Sequence[Path | MethodFolder], reference: Path) -> Pairing:
    """Pairs the case of the file `reference` with a file of each method.

    A method is called as its file is; where that is the case's name, as the folder that it is in. Raises BenchError
    with everything that is wrong: a folder, no such file, another kind of file, two methods of one name.
    """
    paths = [each.path if isinstance(each, MethodFolder) else each for each in predictions]
    problems = [problem for path in (*paths, reference) for problem in _wrong(path)]
    raise_if_any(problems)
    case = _stem(reference)
    names = [_stem(path) if _stem(path) != case else _folder_of(path) for path in paths]
    for name, count in Counter(names).items():
        if count > 1:
            what = f"files of one name, {name!r}, which would be one method in the table"
            where = ", ".join(str(path) for path, of in zip(paths, names, strict=True) if of == name)
            problems.append(Problem(what, where, mend="Rename one of them, or link to it under another name."))
    raise_if_any(problems)
    methods = tuple(CaseFolder(path.parent, name, {case: path}) for path, name in zip(paths, names, strict=True))
    of_reference = CaseFolder(reference.parent, case, {case: reference})
    return Pairing(of_reference, methods, dict.fromkeys(names, ()), doubts=_of_other_cases(paths, reference))


def _of_other_cases(paths: Sequence[Path], reference: Path) -> tuple[str, ...]:
    """Predictions that are named as another reference beside this one."""
    case, cases = _stem(reference), cases_in(reference.parent)
    of_path = {path: case_behind(_stem(path), cases) for path in paths}
    return tuple(
        f"{path}: is named as of the case {other}, and scored against {reference.name}, of the case {case}"
        for path, other in of_path.items()
        if other not in (None, case)
    )


def _wrong(path: Path) -> list[Problem]:
    expected = f"a label map ({', '.join(SUFFIXES)})"
    if path.is_dir():
        mend = "Folders are scored against a folder of reference label maps, --reference."
        return [Problem("is a folder, and the reference is one file", str(path), expected, mend=mend)]
    # A link to nowhere is told when it is read.
    if not os.path.lexists(path):
        return [Problem("no such file", str(path), expected)]
    return [] if case_id(path.name) is not None else [Problem("is not named as a label map", str(path), expected)]


def _stem(path: Path) -> str:
    return unicode_name(case_id(path.name) or path.name)


def _folder_of(path: Path) -> str:
    # The root has no name.
    return folder_name(path.parent) or _stem(path)
