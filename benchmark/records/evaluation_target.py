"""Describes what submissions are evaluated against, and which folders may be used for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.data.scoring_protocol import Protocol, protocol_of_labels
from mswal_bench.benchmark.submissions.make_manifest import OFFICIAL_TEST, manifest_of
from mswal_bench.benchmark.submissions.manifest import Manifest
from mswal_bench.benchmark.submissions.manifest_file import read_manifest
from mswal_bench.benchmark.submissions.manifest_labels import other_classes
from mswal_bench.benchmark.submissions.package.open_submission import Submission, open_submission
from mswal_bench.benchmark.submissions.package.plain_yaml import MOST_BYTES, PlainYamlError, read_plain_yaml
from mswal_bench.benchmark.submissions.package.size_limits import Bounds
from mswal_bench.benchmark.submissions.submission_form import FORM_FILE, TrackName

from .organiser_key import SigningKey, organiser_of
from .release_ledger import same_team
from .release_policy import ReleasePolicy
from .result_record import Status

WORK = ".evaluating"
"""The folder, beside records or rows, of what goes when a record is there."""
_UNKNOWN = "unknown"


@dataclass(frozen=True)
class EvaluationTarget:
    """A track's cases and labels, and the folders for its records. Raises BenchError where a folder may not be it."""

    manifest: Manifest
    reference: Path
    """The folder of reference labels."""
    results: Path
    private: Path | None
    """For what the organiser of a hidden track keeps to himself; None for a track that is not hidden."""
    status: Status = "claimed"
    key: SigningKey | None = None
    """Signs what is verified; None for claims."""
    team: str | None = None
    """Of a hidden track: whose budget it is. None for the address in the submission's form."""
    policy: ReleasePolicy | None = None
    """Of a hidden track: what it begins with. None for the one that it has, or the default."""

    def __post_init__(self) -> None:
        raise_if_any(_misplaced(self))

    @property
    def protocol(self) -> Protocol:
        return protocol_of_labels(self.manifest.labels, f"the manifest of {self.manifest.track}")

    @property
    def works(self) -> Path:
        """Where scores lie until the record is there, and the copy of the submission: nothing of a hidden track is
        beside its records."""
        return (self.private or self.results) / WORK


@contextmanager
def open_for_track(
    submission: Path,
    reference: Path,
    manifest: Path | None,
    track: str | None,
    *,
    private: bool,
    form_names_hidden: bool = False,
) -> Iterator[tuple[Submission, Manifest]]:
    """Opens a submission, and gives with it the manifest by which it is evaluated: a file's, or made of the reference.

    The latter is of `track`, or of the track that the submission's form names, and hidden if there is a private folder
    or the track is the official one: whether labels are kept back is not for a form to say. Nor is, unless
    `form_names_hidden`, which hidden track it is, for each has budgets of its own. Raises BenchError where that is left
    to the form, for a file of another track, and for a reference of which none can be made. What is wrong with the
    submission is among its findings.
    """
    if private and manifest is None and track is None and not form_names_hidden:
        what = "a hidden track is not for a submission's form to name: under another name it would have a new budget"
        raise BenchError(Problem(what, mend="Give --track or --manifest."))
    expected = _known_manifest(reference, manifest, track, private)
    with open_submission(submission, Bounds() if expected is None else Bounds.of(expected)) as package:
        if expected is None:
            expected = _made_manifest(reference, _track_of_form(package), private)
        yield package.within(Bounds.of(expected)), expected


def _known_manifest(reference: Path, manifest: Path | None, track: str | None, private: bool) -> Manifest | None:
    """The manifest that the call names; None where that is left to the submission's form."""
    if manifest is None:
        return None if track is None else _made_manifest(reference, track, private)
    expected = read_manifest(manifest)
    if track not in {None, expected.track}:
        raise BenchError(Problem("is the manifest of another track", str(manifest), track or "", expected.track))
    return expected


def _made_manifest(reference: Path, track: str, private: bool) -> Manifest:
    return manifest_of(reference, track, private or track == OFFICIAL_TEST)


def _track_of_form(submission: Submission) -> str:
    """`unknown` where the form has none; validating the submission will say so, and where it is another by then."""
    # What is wrong with the rest of the form is said there too.
    with suppress(BenchError, OSError, PlainYamlError, ValidationError):
        for file in submission.files:
            if file.name == FORM_FILE:
                with file.open() as stream:
                    content = read_plain_yaml(stream.read(MOST_BYTES + 1)[:MOST_BYTES])
                return TypeAdapter(TrackName).validate_python(content.get("track") if isinstance(content, dict) else "")
    return _UNKNOWN


def _misplaced(target: EvaluationTarget) -> Iterator[Problem]:
    yield from _wrong_key(target)
    yield from other_classes(target.manifest, target.reference)
    results, private, reference = target.results, target.private, target.reference
    if not target.manifest.hidden:
        if private is not None:
            what = f"the track {target.manifest.track} is not hidden, so that its rows would be published all the same"
            yield Problem(what, str(private), mend="Leave out --private, or give the manifest of a hidden track.")
        for name, given in (("--team", target.team), ("--policy", target.policy)):
            if given is not None:
                what = f"the track {target.manifest.track} is not hidden, and {name} is for hidden ones"
                yield Problem(what, mend=f"Leave out {name}, or give the manifest of a hidden track.")
        return
    if target.team is not None and not same_team(target.team):
        yield Problem("names no team", "--team", mend="Leave out --team for the address in the form.")
    if private is None:
        what = f"the track {target.manifest.track} is hidden: what is of single cases needs a folder of its own"
        yield Problem(what, mend="Name one with --private, outside of what is published.")
    for name, folder in (("the private folder", private), ("the folder of hidden labels", reference)):
        if folder is not None and folder.resolve().is_relative_to(results.resolve()):
            mend = "Take a folder outside of it."
            yield Problem(f"{name} lies in the results folder {results}, which is published", str(folder), mend=mend)


def _wrong_key(target: EvaluationTarget) -> Iterator[Problem]:
    key, results = target.key, target.results
    if key is None:
        if target.status == "verified":
            mend = "`mswal-bench results keygen` makes one, once."
            yield Problem("a verified record needs the key of the organiser, who signs it", mend=mend)
        return
    if target.status == "claimed":
        yield Problem("nothing but a verified record is signed", str(key.where))
    yield from key_in_results(key, results)
    try:
        organiser_of(results, key.public)
    except BenchError as error:
        yield from error.problems


def key_in_results(key: SigningKey, results: Path) -> Iterator[Problem]:
    """Yields a problem where the private key lies in the results folder, which is published."""
    if key.where.resolve().is_relative_to(results.resolve()):
        what, mend = f"the private key lies in the results folder {results}, which is published", "Move it elsewhere."
        yield Problem(what, str(key.where), mend=mend)
