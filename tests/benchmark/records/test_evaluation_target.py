from __future__ import annotations

import json
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.records.evaluation_target import EvaluationTarget, open_for_track
from mswal_bench.benchmark.submissions.make_manifest import manifest_of
from mswal_bench.benchmark.submissions.manifest import Manifest
from mswal_bench.benchmark.submissions.manifest_file import write_manifest
from mswal_bench.benchmark.submissions.validate import validate

from .conftest import CASES, FORM


def _manifest(
    submission: Path, labels: Path, manifest: Path | None = None, track: str | None = None, *, private: bool = False
) -> Manifest:
    with open_for_track(submission, labels, manifest, track, private=private) as (_, expected):
        return expected


def test_without_a_manifest_the_form_names_the_track(submission: Path, labels: Path) -> None:
    manifest = _manifest(submission, labels)
    assert (manifest.track, manifest.hidden, tuple(manifest.cases)) == ("demo", False, CASES)
    assert _manifest(submission, labels, track="other").track == "other"


@pytest.mark.parametrize(
    ("track", "private", "hidden"),
    [("demo", False, False), ("demo", True, True), ("official-test", False, True), ("official-test", True, True)],
)
def test_whether_it_is_hidden_is_not_for_a_form_to_say(
    track: str, private: bool, hidden: bool, submission: Path, labels: Path
) -> None:
    assert _manifest(submission, labels, track=track, private=private).hidden == hidden
    (submission / "submission.yaml").write_text(FORM.replace("track: demo", f"track: {track}"))
    if private:
        with pytest.raises(BenchError, match="is not for a submission's form to name"):
            _manifest(submission, labels, private=private)
    else:
        assert _manifest(submission, labels).hidden == hidden


@pytest.mark.parametrize("form", [None, "", "track: [demo]", "track: ../x", "- demo", "track: &a demo"])
def test_a_form_that_is_wrong_names_no_track(form: str | None, submission: Path, labels: Path) -> None:
    if form is None:
        (submission / "submission.yaml").unlink()
    else:
        (submission / "submission.yaml").write_text(form)
    assert _manifest(submission, labels).track == "unknown"


def test_what_else_is_wrong_with_a_form_is_said_elsewhere(submission: Path, labels: Path) -> None:
    (submission / "submission.yaml").write_text(FORM + "more: 1\n")
    assert _manifest(submission, labels).track == "demo"


def test_the_manifest_of_another_track(submission: Path, labels: Path, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    write_manifest(manifest_of(labels, "demo", False), path)
    assert _manifest(submission, labels, path, "demo").track == "demo"
    with pytest.raises(BenchError, match="is the manifest of another track: expected other, found demo"):
        _manifest(submission, labels, path, "other")


@pytest.mark.parametrize("track", [None, "demo"])
def test_the_bounds_are_those_of_the_manifest(track: str | None, submission: Path, labels: Path) -> None:
    """Also where the form has to be read before the manifest is known."""
    with (submission / "notes.pdf").open("wb") as file:
        file.truncate(1 << 29)
    with open_for_track(submission, labels, None, track, private=False) as (package, expected):
        assert [finding.to_json() for finding in package.findings] == [
            finding.to_json() for finding in validate(submission, expected, deep=False).findings
        ]
        assert [finding.code for finding in package.findings] == ["total-too-large"]
        assert package.files == ()


def test_a_manifest_of_other_labels_than_the_reference_s(labels: Path, tmp_path: Path) -> None:
    named = {"background": 0, **{lesion.key: lesion.id for lesion in LESION_CLASSES}, "spleen": 8}
    manifest = manifest_of(labels, "demo", False).model_copy(update={"labels": named})
    assert EvaluationTarget(manifest, labels, tmp_path / "results", None).manifest is manifest
    description = labels.parent / "dataset.json"
    description.write_text(json.dumps({"labels": {name.upper(): number for name, number in named.items()}}))
    assert EvaluationTarget(manifest, labels, tmp_path / "results", None).manifest is manifest
    description.write_text(json.dumps({"labels": {"background": 0, "liver": 1}}))
    with pytest.raises(BenchError, match=r"names other labels than the manifest.*found 1 liver"):
        EvaluationTarget(manifest, labels, tmp_path / "results", None)
