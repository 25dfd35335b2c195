from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mswal_bench.benchmark.records.evaluate_submission import evaluate
from mswal_bench.benchmark.records.record_store import read_records, record_folder
from mswal_bench.benchmark.records.rescoring import differences_to_rescored
from mswal_bench.benchmark.records.verify_records import verify_records
from mswal_bench.benchmark.submissions.package.size_limits import Bounds

from .conftest import CASES

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels

    from .conftest import TargetOf

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def folder(submission: Path, target_of: TargetOf) -> Path:
    """Of the one record that the results have."""
    target = target_of()
    record = evaluate(submission, target, jobs=1, resamples=200, seed=3).record
    assert record is not None
    return record_folder(target.results, "demo", record.id)


def _told(results: Path, private: Path | None = None) -> list[str]:
    return [str(problem) for problem in verify_records(results, private).problems]


def _change(path: Path, change: Change) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_nothing_differs(folder: Path, tmp_path: Path) -> None:
    verified = verify_records(tmp_path / "results")
    assert (verified.records, verified.problems, verified.notes) == (1, (), ())
    assert verified.verdict == "1 record: nothing differs."


def test_no_results(tmp_path: Path) -> None:
    assert "there is no such results folder" in _told(tmp_path / "nowhere")[0]
    assert verify_records(tmp_path).records == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda c: c["classes"]["liver_tumor"]["dsc"].update(value=0.99), "liver_tumor dsc value does not follow"),
        (lambda c: c["classes"]["liver_tumor"]["recall_small"].update(low=0.123), "liver_tumor recall_small low does"),
        (lambda c: c["classes"]["gallstone"]["f1"].update(value=0.5), "gallstone f1 value does not follow"),
        (lambda c: c["average"]["f1"].update(high=0.999), "average f1 high does not follow"),
        (lambda c: c["average"].update(dsc_classes=7), "average dsc_classes does not follow"),
        (
            lambda c: c["average"]["dsc"].update(value=c["average"]["dsc"]["value"] - 1e-15),
            "average dsc value does not",
        ),
        (lambda c: c["bootstrap"].update(seed=4), "does not follow from the rows"),
        (lambda c: c["bootstrap"].update(confidence=0.9), "the confidence is not that of its intervals"),
        (lambda c: c["bootstrap"].update(resamples=10**12), "is not a record of this version"),
        (lambda c: c["form"].update(method="Better Net"), "the submission_digest does not follow"),
        (lambda c: c["form"].update(method="Better Net"), "the method is not that of cases.csv"),
        (lambda c: c.update(status="verified"), "the id does not follow"),
        (lambda c: c.update(predictions_digest="sha256:" + "0" * 64), "the submission_digest does not follow"),
        (lambda c: c.update(missing=["case_1"]), "the cases without a prediction is not that of cases.csv"),
        (lambda c: c.update(cases=5), "the number of cases is not that of cases.csv"),
        (lambda c: c["files"].update({"lesions.csv": "sha256:" + "0" * 64}), "is not the file that the record was"),
        (lambda c: c.update(protocol="mswal/2"), "the protocol is not that of its classes"),
        (lambda c: c["classes"].pop("liver_cyst"), "the protocol is not that of its classes"),
        (lambda c: c.update(track="other"), "holds the record of another track or id"),
        (lambda c: c.update(extra=1), "is not a record of this version"),
        (lambda c: c["average"]["dsc"].update(value=1.5), "is not a record of this version"),
        (lambda c: c["average"]["dsc"].update(value=float("nan")), "is not a record of this version"),
        (lambda c: c.update(created_at="2026-01-01T00:00:00"), "is not a record of this version"),
    ],
)
def test_a_changed_record(folder: Path, tmp_path: Path, change: Change, told: str) -> None:
    _change(folder / "record.json", change)
    assert [line for line in _told(tmp_path / "results") if told in line], _told(tmp_path / "results")


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("cases.csv", "case_1,liver_tumor,0,", "case_1,liver_tumor,0,9", "is not the file that the record"),
        ("cases.csv", "case_1,liver_tumor,0,", "case_1,liver_tumour,0,", "the case case_1 has other classes"),
        ("cases.csv", "case_1,liver_tumor,0,", "case_2,liver_tumor,0,", "is a second row of liver_tumor"),
        ("cases.csv", "method,case,class", "a,b,c", "lacks columns: found method, case, class"),
        (
            "cases.csv",
            "case_1,liver_tumor,0,",
            f"case_1,liver_tumor,0,{'9' * 400}",
            "reference_voxels that is no count",
        ),
        ("lesions.csv", "reference,1,TP", "prediction,1,TP", "the lesions are not those that cases.csv counts"),
        ("lesions.csv", "case_1,liver_tumor,reference", "case_9,liver_tumor,reference", "the lesions are not those"),
        ("lesions.csv", "reference,1,TP", "reference,one,TP", "line 2 is not a row"),
        ("lesions.csv", "reference,1,TP", f"reference,{'9' * 400},TP", "line 2 is not a row"),
        ("lesions.csv", "reference,1,TP", "reference,-1,TP", "line 2 is not a row"),
    ],
)
def test_changed_rows(folder: Path, tmp_path: Path, name: str, old: str, new: str, told: str) -> None:
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))
    lines = _told(tmp_path / "results")
    assert [line for line in lines if told in line], lines
    assert [line for line in lines if "is not the file that the record was written with" in line]


@pytest.mark.parametrize("name", ["cases.csv", "lesions.csv", "record.json"])
@pytest.mark.parametrize("content", [None, b"", b"\xff\x00\xfe", b"[" * 100_000, b"\n" * 10])
def test_what_is_not_there_or_something_else(folder: Path, tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    assert [line for line in _told(tmp_path / "results") if name in line]


def test_every_damaged_record_is_named_in_one_go(
    folder: Path, submission: Path, target_of: TargetOf, tmp_path: Path
) -> None:
    (submission / "submission.yaml").write_text((submission / "submission.yaml").read_text() + "notes: more\n")
    evaluate(submission, target_of(), jobs=1, resamples=50)
    copied = folder.with_name("0" * 16)
    shutil.copytree(folder, copied)
    (folder / "record.json").write_text("{}")
    told = _told(tmp_path / "results")
    assert len(told) == 2
    assert str(folder) in "".join(told)
    assert f"{copied}/record.json: holds the record of another track or id" in "".join(told)
    from mswal_bench.benchmark.core.errors import BenchError

    with pytest.raises(BenchError) as raised:
        read_records(tmp_path / "results")
    assert len(raised.value.problems) == 2


class TestScoredAgain:
    def _told(self, tmp_path: Path, submission: Path, private: Path | None = None) -> list[str]:
        found = differences_to_rescored(tmp_path / "results", private, submission, tmp_path / "labels", jobs=1)
        return [str(problem) for problem in found]

    def test_nothing_differs(self, folder: Path, submission: Path, tmp_path: Path) -> None:
        assert self._told(tmp_path, submission) == []

    def test_every_file_is_unpacked_once(
        self, folder: Path, submission: Path, tmp_path: Path, voxels_read: list[str]
    ) -> None:
        voxels_read.clear()
        assert self._told(tmp_path, submission) == []
        assert sorted(voxels_read) == sorted(2 * [f"{case}.nii.gz" for case in CASES])

    def test_voxels_that_are_not_labels(
        self, folder: Path, submission: Path, tmp_path: Path, save_labels: SaveLabels
    ) -> None:
        """With a record of them, which is forged, and without one."""
        from mswal_bench.benchmark.records.identity import submission_digest
        from mswal_bench.benchmark.records.record_store import read_record
        from mswal_bench.benchmark.records.record_writing import record_json
        from mswal_bench.benchmark.submissions.package.open_submission import open_submission
        from mswal_bench.benchmark.submissions.package.private_copy import copied

        file = submission / "predictions" / f"{CASES[0]}.nii.gz"
        save_labels(file, np.full((4, 6, 40), 8, np.uint8))
        assert "is not a valid submission" in self._told(tmp_path, submission)[0]
        (tmp_path / "copy").mkdir()
        with open_submission(submission, Bounds()) as package:
            digest = copied(package, lambda name: True, tmp_path / "copy").digest(
                {case: f"predictions/{case}.nii.gz" for case in CASES}
            )
        record = read_record(folder)
        update = {"predictions_digest": digest, "submission_digest": submission_digest(record.form, digest)}
        (folder / "record.json").write_text(record_json(record.model_copy(update=update)))
        (told,) = self._told(tmp_path, submission)
        assert "is not a valid submission" in told
        assert "1 errors" in told

    def test_a_forged_record_whose_parts_agree(self, folder: Path, submission: Path, tmp_path: Path) -> None:
        """What verifying the record alone cannot see."""
        from mswal_bench.benchmark.core.digests import file_digest
        from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
        from mswal_bench.benchmark.records.identity import sealed
        from mswal_bench.benchmark.records.record_store import read_record
        from mswal_bench.benchmark.records.record_writing import record_json
        from mswal_bench.benchmark.scoring.estimates import estimates
        from mswal_bench.benchmark.scoring.saved_scores import load_method

        # The prediction that missed is made one that was right.
        for name in ("cases.csv", "lesions.csv"):
            lines = (folder / name).read_text().splitlines(keepends=True)
            right = [line.replace("case_5", "case_6") for line in lines if "case_5" in line]
            (folder / name).write_text("".join([line for line in lines if "case_6" not in line] + right))
        record = read_record(folder)
        classes, average, _ = estimates(load_method(folder, MSWAL_1), resamples=200, seed=3)
        files = {name: file_digest(folder / name) for name in record.files}
        forged = record.model_copy(update={"classes": classes, "average": average, "files": files})
        (folder / "record.json").write_text(record_json(sealed(forged)))
        assert _told(tmp_path / "results") == []
        told = self._told(tmp_path, submission)
        assert [line for line in told if "files, scored again, is another" in line]
        assert [line for line in told if "liver_tumor f1 value" in line]

    def test_a_record_of_another_manifest(self, folder: Path, submission: Path, tmp_path: Path) -> None:
        from mswal_bench.benchmark.records.identity import identity_of, sealed
        from mswal_bench.benchmark.records.record_store import read_record
        from mswal_bench.benchmark.records.record_writing import record_json

        forged = read_record(folder).model_copy(update={"manifest_digest": "sha256:" + "0" * 64})
        forged = forged.model_copy(update={"id": identity_of(forged).id})
        (folder / "record.json").write_text(record_json(sealed(forged)))
        folder.rename(folder.with_name(forged.id))
        assert _told(tmp_path / "results") == []
        assert ["manifest_digest, scored again" in line for line in self._told(tmp_path, submission)] == [True]

    def test_other_labels(self, folder: Path, submission: Path, labels: Path, tmp_path: Path) -> None:
        shutil.copy(submission / "predictions" / "case_5.nii.gz", labels / "case_5.nii.gz")
        assert [line for line in self._told(tmp_path, submission) if "reference_digest, scored again" in line]

    def test_another_submission(self, folder: Path, submission: Path, tmp_path: Path) -> None:
        shutil.copy(tmp_path / "labels" / "case_1.nii.gz", submission / "predictions" / "case_1.nii.gz")
        assert "no record of demo is of these predictions" in self._told(tmp_path, submission)[0]
        (submission / "predictions" / "case_1.nii.gz").unlink()
        (submission / "submission.yaml").unlink()
        assert "is not a valid submission" in self._told(tmp_path, submission)[0]


class TestOfAHiddenTrack:
    @pytest.fixture
    def hidden(self, submission: Path, target_of: TargetOf) -> Path:
        target = target_of(hidden=True)
        record = evaluate(submission, target, jobs=1, resamples=200).record
        assert record is not None
        return record_folder(target.results, "demo", record.id)

    def test_nothing_differs(self, hidden: Path, submission: Path, tmp_path: Path) -> None:
        private = tmp_path / "private"
        assert _told(tmp_path / "results", private) == []
        assert [note for note in verify_records(tmp_path / "results").notes if "--private" in note] == [
            "not all rows were looked at: those of 1 record of hidden tracks are in a private folder (--private)"
        ]
        found = differences_to_rescored(tmp_path / "results", private, submission, tmp_path / "labels", jobs=1)
        assert found == []

    def test_rows_that_lie_in_the_open(self, hidden: Path, tmp_path: Path) -> None:
        shutil.copy(tmp_path / "private" / "demo" / hidden.name / "cases.csv", hidden)
        assert "files lie here that are not to be published" in _told(tmp_path / "results")[0]

    def test_the_private_record_in_the_open(self, hidden: Path, tmp_path: Path) -> None:
        shutil.copy(tmp_path / "private" / "demo" / hidden.name / "record.json", hidden)
        assert "says more than may be published of a hidden track" in _told(tmp_path / "results")[0]

    def test_a_changed_public_number(self, hidden: Path, tmp_path: Path) -> None:
        _change(hidden / "record.json", lambda content: content["average"]["dsc"].update(value=0.9))
        told = _told(tmp_path / "results", tmp_path / "private")
        assert [line for line in told if "is not what is to be published" in line]
        assert [line for line in told if "average dsc value" in line]

    def test_changed_private_rows(self, hidden: Path, tmp_path: Path) -> None:
        rows = tmp_path / "private" / "demo" / hidden.name / "cases.csv"
        rows.write_text(rows.read_text().replace("case_1", "case_0"))
        assert "is not the file that the record" in _told(tmp_path / "results", tmp_path / "private")[0]
        shutil.rmtree(rows.parent)
        assert "the record cannot be read" in _told(tmp_path / "results", tmp_path / "private")[0]
