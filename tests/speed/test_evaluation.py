from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from mswal_bench.benchmark.submissions.form_file import read_form

from .evaluation import FORM, measure_evaluation, unpacking_cpu_s


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for side in ("reference", "prediction"):
        (tmp_path / "many" / side).mkdir(parents=True)
        for case in range(2):
            (tmp_path / "many" / side / f"case-{case}.nii.gz").write_bytes(gzip.compress(bytes(1000)))
    return tmp_path / "many"


def test_the_first_turn_is_not_counted_and_nothing_is_left(folder: Path) -> None:
    seen: list[str] = []

    def run(command: list[str]) -> str:
        if "evaluate" not in command:
            seen.append("score" if "score" in command else f"{len(command) - 3} files")
            return "0.25"
        submission, results = (Path(command[command.index(name) + 1]) for name in ("evaluate", "--results"))
        seen.append(f"{len([*(submission / 'predictions').iterdir()])} predictions")
        assert (submission / "submission.yaml").read_text() == FORM
        (results / "records").mkdir(parents=True)
        (results / "records" / "record.json").touch()
        return ""

    measured = measure_evaluation(folder, run)
    turns = len(measured["evaluate"].cpu_s)
    assert turns == len(measured["score"].wall_s) > 2
    assert measured["unpacking"].cpu_s == [0.25] * turns
    assert seen == ["2 predictions", "score", "4 files"] * (turns + 1)
    assert [path.name for path in folder.parent.iterdir()] == ["many"]


def test_an_evaluation_without_a_record_is_no_measurement(folder: Path) -> None:
    with pytest.raises(RuntimeError, match="no record"):
        measure_evaluation(folder, lambda command: "0.25")


def test_the_form_is_valid() -> None:
    reading = read_form(FORM.encode(), "submission.yaml")
    assert reading.form is not None
    assert reading.track == "drawn"
    assert not reading.findings


def test_unpacking_reads_every_file_to_its_end(folder: Path) -> None:
    files = [*(folder / "reference").iterdir()]
    assert unpacking_cpu_s(files) >= 0
    files[1].write_bytes(files[1].read_bytes()[:-5])
    with pytest.raises(Exception, match=r"incomplete|truncated"):
        unpacking_cpu_s(files)
