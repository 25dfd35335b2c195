from pathlib import Path

import pytest

from mswal_bench.benchmark.errors import BenchError
from mswal_bench.benchmark.runs.run_folder import RunFolder
from mswal_bench.benchmark.runs.run_record import RunIdentity

IDENTITY = RunIdentity(
    method="m", budget="smoke", seed=0, dataset="d", split_digest="s", files_digest="f", settings_digest="t"
)


def test_state_is_kept_and_read(tmp_path):
    folder = RunFolder(tmp_path / "work")
    with folder.locked():
        folder.keep(folder.open_state(IDENTITY))
    assert folder.open_state(IDENTITY).identity == IDENTITY
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == [".lock", "run.json"]


def test_what_a_run_left_that_was_killed_at_once_is_no_hindrance(tmp_path):
    (tmp_path / ".partial-abc.json").write_text("{")
    (tmp_path / ".owner.json").write_text("{")
    with RunFolder(tmp_path).locked():
        assert not (tmp_path / ".partial-abc.json").exists()


def test_another_folder_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(BenchError, match="not that of a run: found thesis"), RunFolder(tmp_path).locked():
        pass
    assert (tmp_path / "thesis.tex").read_text() == "precious"


def test_every_difference_of_identity_is_told(tmp_path):
    folder = RunFolder(tmp_path)
    with folder.locked():
        folder.keep(folder.open_state(IDENTITY))
    with pytest.raises(BenchError) as caught:
        folder.open_state(IDENTITY.model_copy(update={"seed": 1, "settings_digest": "u"}))
    first, second = (str(problem) for problem in caught.value.problems)
    assert "another seed: expected 0, found 1" in first
    assert "another settings digest: expected t, found u" in second


def test_a_damaged_state_is_not_overwritten(tmp_path):
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(BenchError, match="is not the state of a run"):
        RunFolder(tmp_path).open_state(IDENTITY)
    assert (tmp_path / "run.json").read_text() == "{"


def test_a_place_where_no_folder_can_be(tmp_path):
    (tmp_path / "file").touch()
    folder = RunFolder(Path(tmp_path / "file" / "work"))
    with pytest.raises(BenchError, match="the work folder cannot be made"), folder.locked():
        pass
