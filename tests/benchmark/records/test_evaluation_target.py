from __future__ import annotations

from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.records.evaluation_target import manifest_for
from mswal_bench.benchmark.submissions.make_manifest import manifest_of
from mswal_bench.benchmark.submissions.manifest_file import write_manifest

from .conftest import CASES, FORM


def test_without_a_manifest_the_form_names_the_track(submission: Path, labels: Path) -> None:
    manifest = manifest_for(submission, labels, None, None, private=False)
    assert (manifest.track, manifest.hidden, tuple(manifest.cases)) == ("demo", False, CASES)
    assert manifest_for(submission, labels, None, "other", private=False).track == "other"


@pytest.mark.parametrize(
    ("track", "private", "hidden"),
    [("demo", False, False), ("demo", True, True), ("official-test", False, True), ("official-test", True, True)],
)
def test_whether_it_is_hidden_is_not_for_a_form_to_say(
    track: str, private: bool, hidden: bool, submission: Path, labels: Path
) -> None:
    assert manifest_for(submission, labels, None, track, private=private).hidden == hidden
    (submission / "submission.yaml").write_text(FORM.replace("track: demo", f"track: {track}"))
    assert manifest_for(submission, labels, None, None, private=private).hidden == hidden


@pytest.mark.parametrize("form", [None, "", "track: [demo]", "track: ../x", "- demo", "track: &a demo"])
def test_a_form_that_is_wrong_names_no_track(form: str | None, submission: Path, labels: Path) -> None:
    if form is None:
        (submission / "submission.yaml").unlink()
    else:
        (submission / "submission.yaml").write_text(form)
    assert manifest_for(submission, labels, None, None, private=False).track == "unknown"


def test_what_else_is_wrong_with_a_form_is_said_elsewhere(submission: Path, labels: Path) -> None:
    (submission / "submission.yaml").write_text(FORM + "more: 1\n")
    assert manifest_for(submission, labels, None, None, private=False).track == "demo"


def test_the_manifest_of_another_track(submission: Path, labels: Path, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    write_manifest(manifest_of(labels, "demo", False), path)
    assert manifest_for(submission, labels, path, "demo", private=False).track == "demo"
    with pytest.raises(BenchError, match="is the manifest of another track: expected other, found demo"):
        manifest_for(submission, labels, path, "other", private=False)
