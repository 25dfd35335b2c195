"""What is read before a run begins: everything wrong is named at once, and nothing is read twice."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

pytest.importorskip("psutil")

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.check import case_check, image_check
from mswal_bench.benchmark.data.raw_folder import TEST, TRAINING
from mswal_bench.benchmark.runs.input_check import check_input
from mswal_bench.benchmark.runs.run_folder import CHECKED_FILE
from mswal_bench.benchmark.runs.run_listing import list_runs
from mswal_bench.benchmark.runs.run_method import RunOutcome, run_method
from mswal_bench.benchmark.runs.tracks import Track
from mswal_bench.benchmark.volumes.voxel_summary import summarize_voxels
from mswal_bench.tests.benchmark.data.check.planting import cut_to, set_voxel, stored_as
from mswal_bench.tests.benchmark.data.check.raw_folder import edit_header, edit_voxels, image_of, label_of

from .quick_method import QuickMethod
from .smoke_runs import call

ALL = (TRAINING, TEST)
SECOND_NS = 1_000_000_000


@pytest.fixture
def data(raw: Path, tmp_path: Path) -> Path:
    """A copy of the phantom: training cases 1 to 5, test cases 485 and 486."""
    return Path(shutil.copytree(raw, tmp_path / "data"))


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files seem to have been written long before they are checked, so that all are kept."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 60 * SECOND_NS)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Gives the names of the images that were read since it was asked last; with one core, all in this process."""
    read = list[str]()
    summarize = summarize_voxels

    def noted(stored):
        read.append(Path(str(stored.file)).name)
        return summarize(stored)

    monkeypatch.setattr(image_check, "summarize_voxels", noted)
    monkeypatch.setenv("MSWAL_BENCH_CORES", "1")

    def since() -> list[str]:
        found = sorted(read)
        read.clear()
        return found

    return since


def shear(path: Path) -> None:
    """An sform of which x leans into y by a hundredth, without a qform."""

    def leaning(srow):
        srow[0, 1] = srow[0, 0] / 100
        return srow

    edit_header(path, qform_code=0, sform_code=1, srow=leaning)


def run(raw: Path, work: Path, **more) -> RunOutcome:
    return run_method(QuickMethod(), raw, work, selection="0", device="cpu", **more)


def test_every_fault_ends_a_run_before_it_begins_all_named_in_one_go(data, tmp_path):
    pytest.importorskip("nnunetv2")
    cut_to(image_of(data, 1), 3000)
    edit_voxels(label_of(data, 2), set_voxel((5, 5, 5), 9))
    shear(image_of(data, 3))
    edit_voxels(image_of(data, 485), set_voxel((5, 5, 5), np.nan))
    work = tmp_path / "work"
    arguments = ("run", "nnunet-v2", "--data", data, "--work", work, "--budget", "smoke", "--device", "cpu")
    lines = call(*arguments, exit_code=1).splitlines()
    assert lines[0] == "checking 5 + 2 cases ..."
    errors = [line.removeprefix(f"error: {data}/") for line in lines if line.startswith("error: ")]
    assert [line.split(":")[0] for line in errors[:-1]] == [
        "imagesTr/PHANTOM_0001_0000.nii.gz",
        "labelsTr/PHANTOM_0002.nii.gz",
        "imagesTr/PHANTOM_0003_0000.nii.gz",
        "imagesTs/PHANTOM_0485_0000.nii.gz",
    ]
    for line, words in zip(
        errors, ("is cut off", "does not name", "not at right angles", "NaN or infinite"), strict=False
    ):
        assert words in line
    assert "found 9 (1 voxel)" in errors[1]
    assert f"nothing was begun, for the data set has 4 errors. `mswal-bench data check {data}` lists them" in errors[4]
    assert sorted(path.name for path in work.iterdir() if not path.name.startswith(".")) == [CHECKED_FILE]


def test_a_mended_data_set_is_run_in_the_same_work_folder(data, raw, tmp_path):
    cut_to(image_of(data, 1), 3000)
    with pytest.raises(BenchError, match="is cut off"):
        run(data, tmp_path / "work")
    shutil.copy(image_of(raw, 1), image_of(data, 1))
    assert run(data, tmp_path / "work").record.exists()


def test_what_turns_bad_ends_a_run_that_was_begun_and_is_listed(data, tmp_path):
    work = tmp_path / "work"
    run(data, work)
    image_of(data, 485).write_bytes(image_of(data, 485).read_bytes()[:-8] + bytes(8))
    with pytest.raises(BenchError, match="is corrupt"):
        run_method(QuickMethod(), data, work, selection="1", device="cpu")
    (listed,) = list_runs(work).runs
    assert [*listed.failures] == ["fold-1"]
    assert "is corrupt" in listed.failures["fold-1"]


def test_without_the_check_nothing_is_read(data, tmp_path, reads):
    edit_voxels(image_of(data, 1), set_voxel((5, 5, 5), np.nan))
    assert run(data, tmp_path / "work", check=False).record.exists()
    assert reads() == []
    assert not (tmp_path / "work" / CHECKED_FILE).exists()


def test_what_was_read_is_not_read_again_by_other_folds_and_processes(data, tmp_path, reads, settled):
    told = list[str]()
    check_input(data, tmp_path, parts=ALL, announce=told.append)
    assert len(reads()) == 7
    check_input(data, tmp_path, parts=ALL, announce=told.append)
    assert reads() == []
    assert told == ["checking 5 + 2 cases ..."]
    code = (
        f"import time; now = time.time_ns; time.time_ns = lambda: now() + {60 * SECOND_NS};"
        "import sys; from pathlib import Path; from mswal_bench.benchmark.runs.input_check import check_input;"
        "check_input(Path(sys.argv[1]), Path(sys.argv[2]), parts=('Tr', 'Ts'), announce=print)"
    )
    command = [sys.executable, "-c", code, str(data), str(tmp_path)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == ""


def replace_in_place(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def replace_by_another(path: Path, content: bytes) -> None:
    other = path.with_name(".other")
    other.write_bytes(content)
    other.replace(path)


def replace_under_a_link(path: Path, content: bytes) -> None:
    replace_by_another(path.resolve(), content)


@pytest.mark.parametrize("replace", [replace_in_place, replace_by_another, replace_under_a_link])
def test_another_file_of_equal_size_and_time_is_seen(data, tmp_path, reads, settled, replace):
    """Of equal size, and of the same second and nanosecond of change as tools can set it."""
    path = image_of(data, 2)
    if replace is replace_under_a_link:
        path.rename(tmp_path / path.name)
        path.symlink_to(tmp_path / path.name)
    check_input(data, tmp_path / "work", parts=ALL)
    reads()
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    replace(path, bytes(content))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    with pytest.raises(BenchError, match=path.name):
        check_input(data, tmp_path / "work", parts=ALL)


def test_a_file_as_young_as_a_clock_is_coarse_is_read_again(data, tmp_path, reads):
    check_input(data, tmp_path, parts=ALL)
    assert len(reads()) == 7
    check_input(data, tmp_path, parts=ALL)
    # A file that takes the place of one within the same tick of a coarse clock could not be told from it.
    assert len(reads()) == 7


def test_what_was_wrong_is_looked_at_again_and_the_rest_is_not(data, raw, tmp_path, reads, settled):
    edit_voxels(label_of(data, 3), set_voxel((5, 5, 5), 9))
    for _ in range(2):
        with pytest.raises(BenchError) as caught:
            check_input(data, tmp_path / "work", parts=ALL)
        assert len(caught.value.problems) == 2
    shutil.copy(label_of(raw, 3), label_of(data, 3))
    reads()
    check_input(data, tmp_path / "work", parts=ALL)
    assert reads() == []


def test_labels_that_come_later_are_read_and_their_images_are_not(data, tmp_path, reads, settled):
    (data / "labelsTs").rename(tmp_path / "hidden")
    check_input(data, tmp_path / "work", parts=ALL)
    reads()
    (tmp_path / "hidden").rename(data / "labelsTs")
    edit_voxels(label_of(data, 486), set_voxel((5, 5, 5), 9))
    with pytest.raises(BenchError, match=r"labelsTs/PHANTOM_0486"):
        check_input(data, tmp_path / "work", parts=ALL)
    assert reads() == []


def test_what_is_kept_holds_for_the_labels_it_was_held_against(data, tmp_path, settled):
    check_input(data, tmp_path / "work", parts=ALL)
    description = json.loads((data / "dataset.json").read_text())
    del description["labels"]["kidney_cyst"]
    (data / "dataset.json").write_text(json.dumps(description))
    with pytest.raises(BenchError, match="does not name"):
        check_input(data, tmp_path / "work", parts=ALL)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"rules": 1, "files": []}', b"\xff"])
def test_a_damaged_memory_is_none(data, tmp_path, reads, settled, content):
    check_input(data, tmp_path, parts=ALL)
    (tmp_path / CHECKED_FILE).write_bytes(content)
    reads()
    check_input(data, tmp_path, parts=ALL)
    assert len(reads()) == 7


def test_interrupted_it_goes_on(data, tmp_path, reads, settled, monkeypatch):
    with monkeypatch.context() as patch:
        inspect = image_check.inspect_image

        def interrupted(path, notes, *, is_mswal):
            if "0004" in path.name:
                raise KeyboardInterrupt
            return inspect(path, notes, is_mswal=is_mswal)

        patch.setattr(case_check, "inspect_image", interrupted)
        with pytest.raises(KeyboardInterrupt):
            check_input(data, tmp_path, parts=ALL)
    assert len(reads()) == 3
    told = list[str]()
    check_input(data, tmp_path, parts=ALL, announce=told.append)
    assert told == ["checking 5 + 2 cases, 4 of them not read before or changed ..."]
    assert len(reads()) == 4


def test_only_what_the_track_uses_is_read(data, tmp_path, reads):
    edit_voxels(image_of(data, 485), set_voxel((5, 5, 5), np.nan))
    run(data, tmp_path / "work", track=Track.PUBLIC_CV)
    assert not any("048" in name for name in reads())


def test_warnings_do_not_end_a_run_and_are_counted(data, tmp_path):
    edit_voxels(label_of(data, 1), lambda array: array * 0)
    edit_voxels(image_of(data, 2), lambda array: array.clip(-150, 250))
    told = list[str]()
    run(data, tmp_path / "work", announce=told.append)
    assert told[1] == f"2 warnings on {data}: `mswal-bench data check {data}` lists them"


def test_test_labels_along_other_axes_can_be_scored_and_training_labels_not_trained_on(data, tmp_path):
    stored_as(label_of(data, 485), (0, 1, 2), True)
    told = list[str]()
    assert run(data, tmp_path / "work", announce=told.append).scores is not None
    assert told[1].startswith("1 warning on ")
    stored_as(label_of(data, 1), (0, 1, 2), True)
    with pytest.raises(BenchError, match="another order or direction"):
        run(data, tmp_path / "another")


def test_labels_that_lie_elsewhere_are_told_with_their_repair(data, tmp_path):
    label = SimpleITK.ReadImage(str(label_of(data, 1)))
    label.SetOrigin((1, 2, 3))
    SimpleITK.WriteImage(label, str(label_of(data, 1)), useCompression=True)
    with pytest.raises(BenchError, match="places it elsewhere") as caught:
        check_input(data, tmp_path, parts=ALL)
    assert "lists them, with --fix it mends 1." in str(caught.value)
