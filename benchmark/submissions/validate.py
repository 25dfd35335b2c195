"""Decides whether a submission can be scored, by the same code for participant and organiser."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mswal_bench.benchmark.core.errors import BenchError, listed
from mswal_bench.benchmark.core.findings import in_order
from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.core.suggestions import looks, written_otherwise
from mswal_bench.benchmark.volumes.file_names import case_behind, submitted_case_id

from .findings_catalogue import SubmissionFinding
from .form_file import read_form
from .manifest import Manifest
from .package.listing import PREDICTIONS, PackageError, SubmittedFile
from .package.open_submission import Submission, opened
from .package.plain_yaml import MOST_BYTES
from .package.size_limits import Bounds
from .prediction_check import Voxels, check_prediction
from .submission_form import FORM_FILE, SubmissionForm
from .validation import Validation

if TYPE_CHECKING:
    pass

FORM_NAMES = frozenset({"submission.yaml", "submission.yml", "submission.yaml.txt"})
"""What a form is called, or meant to be, in lower case."""


def validate(
    submission: Path | Submission,
    manifest: Manifest,
    *,
    deep: bool,
    allow_missing: bool = False,
    progress: bool = False,
) -> Validation:
    """Looks for everything that is wrong with the folder or archive `submission`, and writes nothing.

    Without `deep`, of a prediction only the header is read. With `allow_missing` a case without a prediction is noted
    only, as long as there is one prediction. What is wrong is in the findings: nothing is raised.
    """
    with opened(submission, Bounds.of(manifest)) as package:
        voxels: Voxels = "all" if deep else "none"
        return validate_opened(package, manifest, voxels=voxels, allow_missing=allow_missing, progress=progress)


def validate_opened(
    submission: Submission, manifest: Manifest, *, voxels: Voxels, allow_missing: bool, progress: bool = False
) -> Validation:
    """Does what `validate` does, for a submission that was opened within the bounds of the manifest.

    Of which predictions the voxels are read too, `voxels` says.
    """
    findings = list(submission.findings)
    deep = voxels == "all"
    if not submission.files and findings:
        # Of a package that cannot be read nobody knows what is missing in it.
        return Validation(None, {}, in_order(findings), len(manifest.cases), deep)
    predictions = _predictions(submission.files, manifest, findings)
    form = None
    with progress_bar("validate", "file", shown=progress) as report:
        # In the package's order, in which an archive is quick to read.
        for done, file in enumerate(submission.files, start=1):
            if file.name == FORM_FILE:
                form = _form(file, manifest, findings)
            elif (case := predictions.get(file.name)) is not None:
                expected = manifest.cases[case]
                findings += check_prediction(file, case, expected, manifest.highest_label, voxels=voxels)
            report(done, len(submission.files), "")
    findings += _form_missing(submission.files, findings)
    found = {case: name for name, case in sorted(predictions.items(), key=lambda item: item[1])}
    findings += _missing(manifest, found, findings, allow_missing)
    return Validation(form, found, in_order(findings), len(manifest.cases), deep)


def is_checked(name: str, manifest: Manifest) -> bool:
    """Tells whether more than its name may matter of a file: of the form, and of what is called as a prediction is."""
    return name == FORM_FILE or submitted_case_id(_base(name)) in manifest.cases


def _predictions(
    files: Sequence[SubmittedFile], manifest: Manifest, findings: list[SubmissionFinding]
) -> dict[str, str]:
    """Name -> case of every file that is the prediction of one; what else lies there goes to the findings."""
    folder = f"{PREDICTIONS}/"
    if not any(file.name.startswith(folder) for file in files) and any(
        "/" not in file.name and submitted_case_id(file.name) is not None for file in files
    ):
        folder = ""
        findings.append(SubmissionFinding("not-in-folder", expected=f"{PREDICTIONS}/CASE.nii.gz"))
    spelled = {_spelled(known): known for known in manifest.cases}
    names: dict[str, list[str]] = {}
    others = []
    for name in (file.name for file in files):
        base = name.removeprefix(folder)
        case = submitted_case_id(base)
        if not name.startswith(folder) or case is None or "/" in base:
            others.append(name)
        elif case in manifest.cases:
            names.setdefault(case, []).append(name)
        else:
            meant = spelled.get(case_behind(_spelled(case), spelled) or "")
            expected = f"{meant}.nii.gz" if meant else _some_case(manifest)
            found = written_otherwise(case, manifest.cases).partition(". ")[0] or case
            findings.append(SubmissionFinding("unknown-case", name, found, expected))
    for case, several in names.items():
        if len(several) > 1:
            findings.append(SubmissionFinding("two-files", several[0], " and ".join(several), "one", case))
    findings += _beside((name for name in others if name != FORM_FILE), folder, names.keys(), manifest)
    return {several[0]: case for case, several in names.items() if len(several) == 1}


def _beside(names: Iterable[str], folder: str, found: Iterable[str], manifest: Manifest) -> list[SubmissionFinding]:
    """Files that are no predictions: only the one that a case has instead of a prediction is wrong."""
    without = manifest.cases.keys() - set(found)
    findings = []
    for name in names:
        base = name.removeprefix(folder)
        # nnU-Net writes CASE.npz beside CASE.nii.gz, which is fine.
        stems = {base[:place] for place, letter in enumerate(base) if letter == "."}
        cases = sorted(stems & without)
        if cases and name.startswith(folder) and submitted_case_id(base) is None:
            expected = f"{PREDICTIONS}/{cases[0]}.nii.gz"
            findings.append(SubmissionFinding("wrong-suffix", name, base.removeprefix(cases[0]), expected, cases[0]))
        else:
            findings.append(SubmissionFinding("extra-file", name))
    return findings


def _spelled(case: str) -> str:
    """Equal for what a person may mean by one name: capitals and Unicode normalisation make no other."""
    return looks(looks(case).casefold())


def _some_case(manifest: Manifest) -> str:
    return f"one of {len(manifest.cases)}, such as {next(iter(manifest.cases))}"


def _form(file: SubmittedFile, manifest: Manifest, findings: list[SubmissionFinding]) -> SubmissionForm | None:
    try:
        with file.open() as stream:
            data = stream.read(MOST_BYTES + 1)
    except PackageError as error:
        findings.append(error.finding)
        return None
    except (OSError, BenchError) as error:
        findings.append(SubmissionFinding("form-unreadable", file.name, str(error)))
        return None
    reading = read_form(data, file.name)
    findings += reading.findings
    if reading.track is not None and reading.track != manifest.track:
        findings.append(SubmissionFinding("track-differs", file.name, reading.track, manifest.track, field="track"))
    return reading.form


def _form_missing(files: Sequence[SubmittedFile], findings: Sequence[SubmissionFinding]) -> list[SubmissionFinding]:
    refused = {_base(finding.file) for finding in findings if finding.severity == "error"}
    if FORM_FILE in refused or any(file.name == FORM_FILE for file in files):
        return []
    alike = [file.name for file in files if _base(file.name).lower() in FORM_NAMES]
    return [SubmissionFinding("form-missing", found=listed(alike, 3), expected=FORM_FILE if alike else "")]


def _missing(
    manifest: Manifest, found: Mapping[str, str], findings: Sequence[SubmissionFinding], allow_missing: bool
) -> list[SubmissionFinding]:
    # What is refused is there, though it cannot be used.
    errors = [finding for finding in findings if finding.severity == "error"]
    refused = {finding.case for finding in errors} | {submitted_case_id(_base(finding.file)) for finding in errors}
    missing = [case for case in manifest.cases if case not in found and case not in refused]
    if len(missing) == len(manifest.cases):
        of_cases = (each.file for each in findings if submitted_case_id(_base(each.file)) in manifest.cases)
        elsewhere = {file.rpartition("/")[0] for file in of_cases}
        where = f"label maps in {listed(sorted(elsewhere), 3)}" if elsewhere else ""
        return [
            SubmissionFinding(
                "no-predictions", found=where, expected=f"{PREDICTIONS}/CASE.nii.gz, {len(missing)} cases"
            )
        ]
    code = "missing-allowed" if allow_missing else "missing-case"
    return [SubmissionFinding(code, expected=f"{PREDICTIONS}/{case}.nii.gz", case=case) for case in missing]


def _base(name: str) -> str:
    return name.rpartition("/")[2]
