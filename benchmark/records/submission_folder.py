"""Finds the submissions in a folder of many, each of which is to be evaluated."""

from __future__ import annotations

from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from mswal_bench.benchmark.core.litter import visible
from mswal_bench.benchmark.submissions.package.entry_names import is_nested_archive
from mswal_bench.benchmark.submissions.package.listing import PREDICTIONS
from mswal_bench.benchmark.submissions.package.open_submission import open_submission
from mswal_bench.benchmark.submissions.submission_form import FORM_FILE
from mswal_bench.benchmark.submissions.validate import FORM_NAMES


def submissions_in(folder: Path) -> list[Path]:
    """Gives the submissions that lie in `folder`, by name; nothing is unpacked.

    They are the archives, told by name or by content, and the folders with a form or with predictions, themselves or in
    the one folder that everything in them lies in. Whether a submission is right is not looked at: an archive of a kind
    that is refused is one too, so that evaluating it says so. Anything else is passed over, and so is what is hidden.
    Raises BenchError where there is no such folder or none in it, where it is a submission itself, and with everything
    that cannot be read.
    """
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "there is no such folder"
        raise BenchError(Problem(what, str(folder), "a folder of submissions"))
    problems: list[Problem] = []
    entries = _entries(folder, problems)
    if _has_content(entries):
        raise BenchError(Problem("is a submission itself", str(folder), "a folder of submissions"))
    found = [entry for entry in entries if _is_submission(entry, problems)]
    raise_if_any(problems)
    if not found:
        expected = f"archives, or folders with {FORM_FILE} and {PREDICTIONS}"
        there = listed([entry.name for entry in entries]) or "an empty folder"
        raise BenchError(Problem("no submission in it", str(folder), expected, there))
    return found


def refuse_several(path: Path) -> None:
    """Raises BenchError where `path` is no submission but a folder of several."""
    if not path.is_dir():
        return
    try:
        found = submissions_in(path)
    except BenchError:
        # Evaluating it says what is wrong with it, if it is anything.
        return
    if len(found) > 1:
        what, expected = "is a folder of several submissions", "one; with --on each of them is evaluated"
        raise BenchError(Problem(what, str(path), expected, listed([each.name for each in found])))


def _is_submission(path: Path, problems: list[Problem]) -> bool:
    if not path.is_dir():
        return is_nested_archive(path.name) or _is_archive(path)
    inside = _entries(path, problems)
    if len(inside) == 1 and inside[0].is_dir() and not _has_content(inside):
        inside = _entries(inside[0], problems)
    return _has_content(inside)


def _is_archive(path: Path) -> bool:
    with open_submission(path) as package:
        return package.packing != "unknown"


def _has_content(entries: list[Path]) -> bool:
    return any(entry.name.lower() in FORM_NAMES or (entry.name == PREDICTIONS and entry.is_dir()) for entry in entries)


def _entries(folder: Path, problems: list[Problem]) -> list[Path]:
    try:
        return visible(folder)
    except OSError as error:
        problems.append(Problem(f"cannot be read ({error.strerror or error})", str(folder)))
        return []
