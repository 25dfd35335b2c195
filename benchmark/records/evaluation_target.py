"""Describes what submissions are evaluated against, and which folders may be used for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.data.protocol import Protocol, protocol_of_labels
from mswal_bench.benchmark.submissions.make_manifest import OFFICIAL_TEST, manifest_of
from mswal_bench.benchmark.submissions.manifest import Manifest
from mswal_bench.benchmark.submissions.manifest_file import read_manifest
from mswal_bench.benchmark.submissions.package.plain_yaml import MOST_BYTES, PlainYamlError, read_plain_yaml
from mswal_bench.benchmark.submissions.package.submitted_files import open_submission
from mswal_bench.benchmark.submissions.submission_form import FORM_FILE, TrackName

from .result_record import Status

_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Setting:
    """A track's cases and labels, and the folders for its records. Raises BenchError where a folder may not be it."""

    manifest: Manifest
    reference: Path
    """The folder of reference labels."""
    results: Path
    private: Path | None
    """For what the organiser of a hidden track keeps to himself; None for a track that is not hidden."""
    status: Status = "claimed"

    def __post_init__(self) -> None:
        raise_if_any(_misplaced(self))

    @property
    def protocol(self) -> Protocol:
        return protocol_of_labels(self.manifest.labels, f"the manifest of {self.manifest.track}")


def manifest_for(
    submission: Path, reference: Path, manifest: Path | None, track: str | None, *, private: bool
) -> Manifest:
    """Returns the manifest in a file, or one made of the reference.

    That one is of `track`, or of the track that the submission's form names, and hidden if there is a private folder or
    the track is the official one: whether labels are kept back is not for a form to say. Raises BenchError for a file
    of another track.
    """
    if manifest is None:
        named = track or _track_of_form(submission)
        return manifest_of(reference, named, private or named == OFFICIAL_TEST)
    expected = read_manifest(manifest)
    if track not in {None, expected.track}:
        raise BenchError(Problem("is the manifest of another track", str(manifest), track or "", expected.track))
    return expected


def _track_of_form(submission: Path) -> str:
    """`unknown` where the form has none; validating the submission will say so."""
    # What is wrong with the rest of the form is said there too.
    with suppress(BenchError, OSError, PlainYamlError, ValidationError), open_submission(submission) as package:
        for file in package.files:
            if file.name == FORM_FILE:
                with file.open() as stream:
                    content = read_plain_yaml(stream.read(MOST_BYTES + 1)[:MOST_BYTES])
                return TypeAdapter(TrackName).validate_python(content.get("track") if isinstance(content, dict) else "")
    return _UNKNOWN


def _misplaced(setting: Setting) -> Iterator[Problem]:
    results, private, reference = setting.results, setting.private, setting.reference
    if not setting.manifest.hidden:
        if private is not None:
            what = f"the track {setting.manifest.track} is not hidden, so that its rows would be published all the same"
            yield Problem(what, str(private), mend="Leave out --private, or give the manifest of a hidden track.")
        return
    if private is None:
        what = f"the track {setting.manifest.track} is hidden: what is of single cases needs a folder of its own"
        yield Problem(what, mend="Name one with --private, outside of what is published.")
    for name, folder in (("the private folder", private), ("the folder of hidden labels", reference)):
        if folder is not None and folder.resolve().is_relative_to(results.resolve()):
            mend = "Take a folder outside of it."
            yield Problem(f"{name} lies in the results folder {results}, which is published", str(folder), mend=mend)
