"""Edits records in every way that a forger may try: each is refused by name, or shown as claimed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.core.digests import file_digest
from mswal_bench.benchmark.records.evaluate_submission import evaluate
from mswal_bench.benchmark.records.evaluation_target import EvaluationTarget
from mswal_bench.benchmark.records.identity import identity_of, sealed, submission_digest
from mswal_bench.benchmark.records.record_store import SIGNATURE_FILE, read_results, record_folder
from mswal_bench.benchmark.records.record_writing import record_json
from mswal_bench.benchmark.records.result_record import ResultRecord
from mswal_bench.benchmark.records.signing import sign_records
from mswal_bench.benchmark.submissions.make_manifest import manifest_of
from mswal_bench.tests.benchmark.signed_records import KEY, OTHER_KEY, consistent

from .conftest import CASES, FORM, predicted_labels, reference_labels

Change = Callable[[dict[str, Any]], object]
Edit = Callable[[Path], object]
"""Takes the folder of the record."""
READERS = ("rank", "build", "verify", "list")
NOBODY = "sha256:" + "0" * 64


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, save_labels: Any) -> Path:
    """Three folders with a record each, `public`, `claimed` and `hidden`, the first and last signed."""
    top = tmp_path_factory.mktemp("made")
    for number, case in enumerate(CASES, start=1):
        save_labels(top / "labels" / f"{case}.nii.gz", reference_labels(number))
        save_labels(top / "submission" / "predictions" / f"{case}.nii.gz", predicted_labels(number))
    (top / "submission" / "submission.yaml").write_text(FORM)
    for name in ("public", "claimed", "hidden"):
        target = EvaluationTarget(
            manifest_of(top / "labels", "demo", name == "hidden"),
            top / "labels",
            top / name / "results",
            top / name / "private" if name == "hidden" else None,
            "claimed" if name == "claimed" else "verified",
            None if name == "claimed" else KEY,
        )
        assert evaluate(top / "submission", target, jobs=1, resamples=50).record is not None
    return top


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Callable[[str], Path]:
    """`copied("public")` gives the folder of a record that may be edited."""

    def copy(name: str) -> Path:
        shutil.copytree(made / name, tmp_path, dirs_exist_ok=True)
        (folder,) = (tmp_path / "results" / "records" / "demo").iterdir()
        return folder

    return copy


def _read_by(reader: str, top: Path, *options: str) -> tuple[int, str]:
    results, private = str(top / "results"), top / "private"
    commands = {
        "rank": ["rank", results, "--resamples", "20", "--permutations", "20"],
        "build": ["leaderboard", "build", results, "-o", str(top / "site"), "--resamples", "100"],
        "verify": ["results", "verify", results],
        "list": ["results", "list", results],
    }
    hidden = ["--private", str(private)] if private.exists() and reader in ("rank", "verify") else []
    done = CliRunner().invoke(main, [*commands[reader], *hidden, *options])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done.exit_code, done.output


def _refuses(reader: str, top: Path, told: str, *options: str) -> None:
    code, output = _read_by(reader, top, *options)
    assert code == 1, output
    assert told in output
    assert not (top / "site").exists()


def _changed(change: Change) -> Edit:
    """Changes the JSON of the record, and nothing else."""

    def edit(folder: Path) -> None:
        content = json.loads((folder / "record.json").read_text())
        change(content)
        (folder / "record.json").write_text(json.dumps(content))

    return edit


def _made_anew(change: Change) -> Edit:
    """Changes it and computes the digest of it all again, as anybody can."""

    def edit(folder: Path) -> None:
        _changed(change)(folder)
        _seal(folder)

    return edit


def _seal(folder: Path) -> None:
    record = ResultRecord.model_validate_json((folder / "record.json").read_bytes())
    (folder / "record.json").write_text(record_json(sealed(record)))


DIGEST = "the digest does not follow"
SIGNATURE = "is not the signature of this record"
EDITS: dict[str, tuple[Change, str]] = {
    "id": (lambda c: c.update(id="f" * 16), "holds the record of another track or id"),
    "schema": (lambda c: c.update(schema_version=2), "is not a record of this version"),
    "date": (lambda c: c.update(created_at="2020-01-01T00:00:00Z"), DIGEST),
    "status": (lambda c: c.update(status="claimed"), "the id does not follow"),
    "track": (lambda c: c.update(track="other"), "holds the record of another track or id"),
    "hidden": (lambda c: c.update(hidden=True), DIGEST),
    "released": (
        lambda c: c.update(release={"policy": {"points": 20}, "shown": True}),
        "was released as of a hidden track",
    ),
    "protocol": (lambda c: c.update(protocol="mswal/2"), "the id does not follow"),
    "cases": (lambda c: c.update(cases=7), DIGEST),
    "manifest": (lambda c: c.update(manifest_digest=NOBODY), "the id does not follow"),
    "split": (lambda c: c.update(split_digest=NOBODY), DIGEST),
    "reference": (lambda c: c.update(reference_digest=NOBODY), "the id does not follow"),
    "submission": (lambda c: c.update(submission_digest=NOBODY), "the submission_digest does not follow"),
    "predictions": (lambda c: c.update(predictions_digest=NOBODY), "the submission_digest does not follow"),
    "method": (lambda c: c["form"].update(method="Best Net"), "the submission_digest does not follow"),
    "authors": (lambda c: c["form"].update(authors=["B. Thief"]), "the submission_digest does not follow"),
    "paper": (lambda c: c["form"].update(paper="https://example.org/"), "the submission_digest does not follow"),
    "extra data": (lambda c: c["form"].update(notes="None."), "the submission_digest does not follow"),
    "form of a track": (lambda c: c["form"].update(track="other"), "the form is of another track"),
    "version": (lambda c: c.update(version="9.9.9"), DIGEST),
    "environment": (lambda c: c["environment"].update(cpu_cores=999), DIGEST),
    "value": (lambda c: c["classes"]["liver_tumor"]["dsc"].update(value=0.99), DIGEST),
    "interval": (lambda c: c["classes"]["liver_tumor"]["f1"].update(low=0.9), DIGEST),
    "interval turned": (lambda c: c["average"]["dsc"].update(low=1.0, high=0.0), "has an interval that is none"),
    "average": (lambda c: c["average"]["dsc"].update(value=0.99), "the average dsc is not the mean"),
    "average of more": (lambda c: c["average"].update(f1_classes=7), "over another number of classes"),
    "class left out": (lambda c: c["classes"].pop("gallstone"), "the classes are not those of mswal/1"),
    "bootstrap": (lambda c: c["bootstrap"].update(seed=1), DIGEST),
    "missing": (lambda c: c.update(missing=["case_1"]), DIGEST),
    "missing more": (lambda c: c.update(missing=[f"x{n}" for n in range(7)]), "more cases are without a prediction"),
    "files": (lambda c: c["files"].pop("lesions.csv"), "does not name the files of its rows"),
    "digest": (lambda c: c.update(digest=NOBODY), DIGEST),
    "without digest": (lambda c: c.pop("digest"), SIGNATURE),
    "another field": (lambda c: c.update(prize=1), "is not a record of this version"),
    "spaces": (lambda c: None, SIGNATURE),
}


@pytest.mark.parametrize("reader", READERS)
def test_what_was_not_edited_is_read(copied: Callable[[str], Path], reader: str, tmp_path: Path) -> None:
    for name in ("public", "hidden"):
        folder = copied(name)
        code, output = _read_by(reader, tmp_path)
        assert code == 0, output
        assert "verified" in output or reader == "verify"
        assert output.count(KEY.public.fingerprint) == 1
        shutil.rmtree(folder.parents[2])
        shutil.rmtree(tmp_path / "site", ignore_errors=True)


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("reader", READERS)
def test_an_edited_field(copied: Callable[[str], Path], reader: str, edit: str, tmp_path: Path) -> None:
    change, told = EDITS[edit]
    _changed(change)(copied("public"))
    _refuses(reader, tmp_path, told)


@pytest.mark.parametrize("edit", ["date", "version", "environment", "value", "split", "missing"])
@pytest.mark.parametrize("reader", READERS)
def test_a_signed_record_made_anew(copied: Callable[[str], Path], reader: str, edit: str, tmp_path: Path) -> None:
    folder = copied("public")
    _made_anew(EDITS[edit][0])(folder)
    _refuses(reader, tmp_path, SIGNATURE)


def _scores(folder: Path) -> None:
    """Another score of a class, with the average that follows from it."""

    def change(content: dict[str, Any]) -> None:
        content["classes"]["liver_tumor"]["dsc"].update(value=0.9)
        known = [each["dsc"]["value"] for each in content["classes"].values() if each["dsc"]["value"] is not None]
        content["average"]["dsc"].update(value=sum(known) / len(known))

    _made_anew(change)(folder)


def _rows_changed(folder: Path) -> None:
    rows = folder / "cases.csv"
    rows.write_text(rows.read_text().replace("case_1", "case_0"))


def _case_deleted(folder: Path) -> None:
    names = ("cases.csv", "lesions.csv")
    for name in names:
        lines = (folder / name).read_text().splitlines(keepends=True)
        (folder / name).write_text("".join(line for line in lines if ",case_6," not in line))
    digests = {name: file_digest(folder / name) for name in names}
    _made_anew(lambda content: content["files"].update(digests))(folder)


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (_scores, "liver_tumor dsc"),
        (_rows_changed, "is not the file that the record was written with"),
        (lambda folder: (folder / "cases.csv").unlink(), "cases.csv: cannot be read"),
        (lambda folder: (folder / "lesions.csv").unlink(), "lesions.csv: cannot be read"),
        (lambda folder: (folder / "lesions.csv").write_text(""), "is not the file that the record was written with"),
        (_case_deleted, "number of cases"),
    ],
)
@pytest.mark.parametrize("reader", ["rank", "build", "verify"])
def test_a_claimed_record_and_its_rows(
    copied: Callable[[str], Path], reader: str, edit: Edit, told: str, tmp_path: Path
) -> None:
    edit(copied("claimed"))
    _refuses(reader, tmp_path, told, *(["--claimed"] if reader == "rank" else []))


def _claim_made_verified(folder: Path) -> Path:
    record = ResultRecord.model_validate_json((folder / "record.json").read_bytes())
    verified = consistent(record.model_copy(update={"status": "verified"}))
    (folder / "record.json").write_text(record_json(verified))
    return folder.rename(folder.with_name(verified.id))


@pytest.mark.parametrize("reader", ["rank", "build", "list"])
def test_a_claim_that_says_verified_is_shown_as_claimed(
    copied: Callable[[str], Path], reader: str, tmp_path: Path
) -> None:
    for name in ("claimed", "public"):
        folder = copied(name)
        if name == "claimed":
            _claim_made_verified(folder)
        else:
            (folder / SIGNATURE_FILE).unlink()
        code, output = _read_by(reader, tmp_path)
        assert code == 0, output
        assert "claimed" in output
        assert "1 record that says verified has no signature of the organiser and counts as claimed" in output
        (record,) = read_results(tmp_path / "results").records
        assert record.status == "claimed"
        shutil.rmtree(tmp_path / "results")


def _signed_by_another(folder: Path) -> None:
    (folder / SIGNATURE_FILE).write_bytes(OTHER_KEY.signed((folder / "record.json").read_bytes()))


def _named_otherwise(folder: Path) -> None:
    """The other's signature under the organiser's fingerprint."""
    _signed_by_another(folder)
    text = (folder / SIGNATURE_FILE).read_text()
    (folder / SIGNATURE_FILE).write_text(text.replace(OTHER_KEY.public.fingerprint, KEY.public.fingerprint))


def _of_another_record(folder: Path) -> None:
    (folder / SIGNATURE_FILE).write_bytes(KEY.signed(b"{}"))


def _under_another_id(folder: Path) -> None:
    shutil.copytree(folder, folder.with_name("0" * 16))


def _on_another_track(folder: Path) -> None:
    shutil.copytree(folder, folder.parents[1] / "other" / folder.name)


def _linked_to(folder: Path, name: str = "") -> None:
    place = folder / name
    elsewhere = folder.parents[3] / "elsewhere"
    place.rename(elsewhere)
    place.symlink_to(elsewhere)


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (_signed_by_another, "is a signature by another key than the organiser's"),
        (_named_otherwise, SIGNATURE),
        (_of_another_record, SIGNATURE),
        (lambda folder: (folder / SIGNATURE_FILE).write_bytes(b"\x00garbage"), "is not a signature of mswal-bench"),
        (lambda folder: (folder.parents[2] / "organiser.pub").unlink(), "there is no key of the organiser to check it"),
        (lambda folder: (folder.parents[2] / "organiser.pub").write_text("x"), "is not an Ed25519 key in PEM"),
        (
            lambda folder: (folder.parents[2] / "organiser.pub").write_bytes(OTHER_KEY.public.pem),
            "is a signature by another key than the organiser's",
        ),
        (_under_another_id, "holds the record of another track or id"),
        (_on_another_track, "holds the record of another track or id"),
        (_linked_to, "is a link that leads out of the results folder"),
        (lambda folder: _linked_to(folder, "cases.csv"), "is a link that leads out of the results folder"),
        (lambda folder: _linked_to(folder, SIGNATURE_FILE), "is a link that leads out of the results folder"),
    ],
)
@pytest.mark.parametrize("reader", READERS)
def test_signatures_places_and_links(
    copied: Callable[[str], Path], reader: str, edit: Edit, told: str, tmp_path: Path
) -> None:
    edit(copied("public"))
    _refuses(reader, tmp_path, told)


@pytest.mark.parametrize("reader", READERS)
def test_who_names_the_organiser_is_not_led_astray(copied: Callable[[str], Path], reader: str, tmp_path: Path) -> None:
    """A forger signs everything with his own key and leaves that in the folder."""
    folder = copied("public")
    (tmp_path / "true.pub").write_bytes(KEY.public.pem)
    pinned = ("--organiser", str(tmp_path / "true.pub"))
    code, output = _read_by(reader, tmp_path, *pinned)
    assert code == 0, output
    assert KEY.public.fingerprint not in output
    shutil.rmtree(tmp_path / "site", ignore_errors=True)
    _signed_by_another(folder)
    (folder.parents[2] / "organiser.pub").write_bytes(OTHER_KEY.public.pem)
    _refuses(reader, tmp_path, "is not the key of the organiser that was given", *pinned)
    # Who does not pin the key is told whose it is.
    assert OTHER_KEY.public.fingerprint in _read_by(reader, tmp_path)[1]


@pytest.mark.parametrize("reader", ["rank", "build", "verify"])
def test_published_numbers_of_a_hidden_track(copied: Callable[[str], Path], reader: str, tmp_path: Path) -> None:
    folder = copied("hidden")
    _made_anew(lambda content: content["classes"]["liver_tumor"]["f1"].update(value=0.9))(folder)
    (folder / SIGNATURE_FILE).unlink()
    _refuses(reader, tmp_path, "says more than may be published of a hidden track")


@pytest.mark.parametrize("reader", ["rank", "verify"])
def test_published_averages_are_those_of_the_private_record(
    copied: Callable[[str], Path], reader: str, tmp_path: Path
) -> None:
    folder = copied("hidden")
    _made_anew(lambda content: content["average"]["dsc"].update(value=0.97))(folder)
    (folder / SIGNATURE_FILE).unlink()
    options = ["--claimed"] if reader == "rank" else []
    _refuses(reader, tmp_path, "is not what is to be published", *options)


@pytest.mark.parametrize("change", [{"value": 0.0123}, {"value": 0.02, "low": 0.01, "high": 0.03}])
def test_without_the_private_folder_an_average_says_no_more_than_its_step(
    copied: Callable[[str], Path], change: dict[str, float], tmp_path: Path
) -> None:
    folder = copied("hidden")
    _made_anew(lambda content: content["average"]["dsc"].update(change))(folder)
    (folder / SIGNATURE_FILE).unlink()
    shutil.rmtree(tmp_path / "private")
    _refuses("verify", tmp_path, "says more than may be published of a hidden track")


def test_nothing_edited_is_signed(copied: Callable[[str], Path], tmp_path: Path) -> None:
    from mswal_bench.benchmark.core.errors import BenchError

    folder = _claim_made_verified(copied("claimed"))
    _scores(folder)
    with pytest.raises(BenchError, match="liver_tumor dsc value does not follow from the rows"):
        sign_records(tmp_path / "results", None, KEY)
    assert not (folder / SIGNATURE_FILE).exists()


def test_a_claimed_record_made_anew_by_its_author_cannot_be_told(copied: Callable[[str], Path], tmp_path: Path) -> None:
    """As README says: it is what its author says, until the submission is scored again."""
    folder = copied("claimed")
    record = ResultRecord.model_validate_json((folder / "record.json").read_bytes())
    form = record.form.model_copy(update={"authors": ["B. Thief"]})
    other = consistent(record.model_copy(update={"form": form}))
    assert (other.id, other.submission_digest) == (
        identity_of(other).id,
        submission_digest(form, record.predictions_digest),
    )
    (folder / "record.json").write_text(record_json(other))
    folder.rename(record_folder(tmp_path / "results", "demo", other.id))
    assert _read_by("verify", tmp_path) == (0, "1 record: nothing differs.\n")
