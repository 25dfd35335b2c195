"""Begins a submission: a folder with a form to fill in, and the predictions, if they are there."""

from __future__ import annotations

import filecmp
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from mswal_bench.benchmark.core.link_or_copy import place
from mswal_bench.benchmark.core.litter import visible
from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.core.whole_files import not_written, write_text
from mswal_bench.benchmark.runs.finished_goals import RECORD_FILE, finished_goals
from mswal_bench.benchmark.runs.run_record import RunRecord, read_run_record
from mswal_bench.benchmark.runs.tracks import Track
from mswal_bench.benchmark.scoring.case_folders import folder_name, meant_folder
from mswal_bench.benchmark.volumes.file_names import SUBMITTED_SUFFIXES, case_id, submitted_case_id

from .form_file import read_form
from .form_template import form_template
from .package.listing import PREDICTIONS
from .run_claims import claims_of
from .submission_form import FORM_FILE


@dataclass(frozen=True)
class Begun:
    """What was written."""

    form: Path
    predictions: int
    """How many were copied."""


def init_submission(
    folder: Path,
    *,
    run: Path | None = None,
    predictions: Path | None = None,
    fields: Mapping[str, Any] = MappingProxyType({}),
    claims: Mapping[str, Any] = MappingProxyType({}),
    progress: bool = False,
) -> Begun:
    """Writes `folder/submission.yaml`, and copies the label maps of `predictions` to `folder/predictions`.

    `run` is the outcome of a run, `WORK/fold-all` say: its record fills in what it tells, and its predictions are
    taken if no others are named. `claims` are what a model bundle tells, for what the record does not. `fields` of the
    form are as given here, whatever record and claims say. A method that
    neither names is called as the folder `predictions` is. Nothing is overwritten: what an interrupted call left is
    taken up, and all else that is there is in the way. Raises BenchError with all that is, values that no form can have
    included.
    """
    form, copies = folder / FORM_FILE, folder / PREDICTIONS
    record = record_of(run) if run is not None else None
    source = predictions if predictions is not None or run is None or record is None else _predictions(run, record)
    problems: list[Problem] = []
    files = _label_maps(source, problems) if source is not None else []
    # An organiser may give the test cases of a data set another name; one of the run's own two tracks is not the other.
    if record is not None and fields.get("track", record.track) in {*Track} - {record.track}:
        problems.append(Problem("the run is of another track", str(run), fields["track"], record.track))
    told = claims_of(record) if record is not None else {}
    named = {**_named_after(predictions), **claims, **told, **fields}
    text = form_template(named)
    problems += _refused(text, fields)
    # What an interrupted call wrote, this one would write too.
    if os.path.lexists(form) and _content(form) != text.encode():
        problems.append(Problem("is there already", str(form), mend="Edit it, or name another folder."))
    if files and copies.is_dir() and _strangers(copies, files):
        problems.append(Problem("has predictions in it already", str(copies), mend="Name another folder."))
    raise_if_any(problems)
    try:
        copies.mkdir(parents=True, exist_ok=True)
        with progress_bar("copy", "file", shown=progress) as report:
            for done, file in enumerate(files, start=1):
                if not (copies / file.name).exists():
                    place(file, copies / file.name, copy=True)
                report(done, len(files), "")
        if not form.exists():
            write_text(form, text)
    except OSError as error:
        raise BenchError(not_written(error, folder)) from error
    return Begun(form, len(files))


def _strangers(copies: Path, files: Sequence[Path]) -> bool:
    """Whether there is anything but copies of these files."""
    sources = {file.name: file for file in files}
    return any(
        (source := sources.get(there.name)) is None
        or not there.is_file()
        or not filecmp.cmp(source, there, shallow=False)
        for there in visible(copies)
    )


def _content(path: Path) -> bytes | None:
    with suppress(OSError):
        return read_bytes(path)
    return None


def _named_after(predictions: Path | None) -> dict[str, str]:
    """The method's name where it is the folder's, as everywhere else; not where a form can have no such name."""
    name = folder_name(predictions) if predictions is not None else PREDICTIONS
    named = {"method": name}
    return {} if name == PREDICTIONS or _refused(form_template(named), named) else named


def _refused(text: str, fields: Iterable[str]) -> list[Problem]:
    """What is wrong with the given fields, as the form's reader sees them; what is left to fill in is not."""
    # An argument that is not UTF-8 comes as surrogates, which the reader names.
    findings = read_form(text.encode(errors="surrogatepass")).findings
    return [
        Problem(finding.what, finding.field, finding.expected, finding.found)
        for finding in findings
        if finding.code != "form-placeholder" and (not finding.field or re.split(r"[.[]", finding.field)[0] in fields)
    ]


def record_of(run: Path) -> RunRecord:
    """The record in the outcome of a run. Raises BenchError where it cannot be read."""
    path = run / RECORD_FILE
    try:
        return read_run_record(path)
    except OSError as error:
        inside = [each.parent.name for each in finished_goals(run)]
        mend = f"Did you mean {run / inside[0]}?" if inside else "It is there when a run has ended."
        what = f"the record of a run cannot be read ({error.strerror or error})"
        raise BenchError(Problem(what, str(path), mend=mend)) from error


def _predictions(run: Path, record: RunRecord) -> Path:
    # Out-of-fold predictions of all selections of folds are in one folder.
    goal = run.parent / Track.PUBLIC_CV.value if record.track == Track.PUBLIC_CV else run
    return goal / record.identity.method


def _label_maps(folder: Path, problems: list[Problem]) -> list[Path]:
    try:
        maps = [path for path in visible(folder) if case_id(path.name) is not None and path.is_file()]
    except OSError as error:
        problems.append(Problem(f"cannot be read ({error.strerror or error})", str(folder), "a folder of predictions"))
        return []
    expected = f"label maps ({', '.join(SUBMITTED_SUFFIXES)})"
    others = [path.name for path in maps if submitted_case_id(path.name) is None]
    if others:
        what = "has predictions in formats that a submission cannot have"
        problems.append(Problem(what, str(folder), expected, listed(others), "Convert them, to .nii.gz say."))
    if not maps:
        problems.append(Problem("has no prediction in it", str(folder), expected, mend=meant_folder(folder)))
    return maps
