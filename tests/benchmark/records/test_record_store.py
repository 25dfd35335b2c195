from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.records.record_store import read_records, record_folder, scan_records, stored_records
from mswal_bench.benchmark.records.result_record import ResultRecord
from mswal_bench.tests.benchmark.signed_records import consistent, write_signed

if TYPE_CHECKING:
    pass


def _add(results: Path, record: ResultRecord) -> Path:
    folder = record_folder(results, record.track, record.id)
    write_signed(folder, record)
    return folder


def test_what_is_written_is_read_back(record: ResultRecord, tmp_path: Path) -> None:
    (stored,) = stored_records(tmp_path / "results")
    assert stored.record == record
    assert stored.folder == record_folder(tmp_path / "results", "demo", record.id)


def test_records_are_by_track_and_age(record: ResultRecord, tmp_path: Path) -> None:
    older = {"predictions_digest": "sha256:" + "1" * 64, "created_at": record.created_at.replace(year=2000)}
    other = {"track": "another", "form": record.form.model_copy(update={"track": "another"})}
    made = [consistent(record.model_copy(update=update)) for update in (older, other)]
    for each in made:
        _add(tmp_path / "results", each)
    found = [(each.track, each.id) for each in read_records(tmp_path / "results")]
    assert found == [("another", made[1].id), ("demo", made[0].id), ("demo", record.id)]


def test_a_claim_gives_way_to_what_was_verified(record: ResultRecord, tmp_path: Path) -> None:
    verified = consistent(record.model_copy(update={"status": "verified"}))
    other = consistent(record.model_copy(update={"predictions_digest": "sha256:" + "1" * 64}))
    for each in (verified, other):
        _add(tmp_path / "results", each)
    assert {each.id for each in read_records(tmp_path / "results")} == {verified.id, other.id}
    assert len(stored_records(tmp_path / "results")) == 3


def test_no_records(tmp_path: Path) -> None:
    assert read_records(tmp_path) == []
    with pytest.raises(BenchError, match="there is no such results folder"):
        read_records(tmp_path / "nowhere")


def test_half_written_and_hidden_folders_are_passed_over(record: ResultRecord, tmp_path: Path) -> None:
    folder = record_folder(tmp_path / "results", "demo", record.id)
    shutil.copytree(folder, folder.with_name(".partial-0123"))
    (folder.parent / ".DS_Store").touch()
    (folder.parent / "README.md").touch()
    for place in (tmp_path / "results" / "records", folder.parent, folder):
        (place / "@eaDir").mkdir()
    assert read_records(tmp_path / "results") == [record]


def test_all_that_is_damaged_is_told_beside_what_is_not(record: ResultRecord, tmp_path: Path) -> None:
    for number in range(3):
        folder = _add(tmp_path / "results", record.model_copy(update={"id": str(number) * 16}))
        (folder / "record.json").write_text(('{"id": 1}', "", "null")[number])
    stored, problems = scan_records(tmp_path / "results")
    assert [each.record for each in stored] == [record]
    assert len(problems) == 3
    with pytest.raises(BenchError) as raised:
        read_records(tmp_path / "results")
    assert all(str(number) * 16 in str(raised.value) for number in range(3))


@pytest.mark.parametrize("name", ["../../etc", "A" * 16, "0" * 15, "", "0123456789abcde\n"])
def test_an_id_is_no_path(record: ResultRecord, name: str) -> None:
    with pytest.raises(ValueError, match="id"):
        ResultRecord.model_validate({**record.model_dump(), "id": name})
