"""Both tracks and several devices, from the command line, under the smoke budget."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mswal_bench.benchmark.runs.run_progress import read_failures, read_progress
from mswal_bench.benchmark.runs.tracks import Track
from mswal_bench.splits import five_folds

from .smoke_runs import assert_gone, call, check_predictions, descendants, options, read_record

pytest.importorskip("nnunetv2")

pytestmark = pytest.mark.slow

TWO = ("--devices", "cpu,cpu")
CV = ("--track", Track.PUBLIC_CV)
FILES = ["cases", "cases.csv", "lesions.csv", "record.json", "scores.json"]


@pytest.fixture(scope="module")
def work(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work folder of nnU-Net v2 after `public-cv`, all folds trained on two devices. Not to be changed."""
    folder = tmp_path_factory.mktemp("tracks") / "work"
    output = call("run", "nnunet-v2", *options(raw, folder, *CV, device=TWO))
    assert "Protocol mswal/1, track public-cv, 5 cases scored, none left out." in output
    return folder


def checkpoints(work: Path) -> dict[Path, int]:
    return {path.relative_to(work): path.stat().st_mtime_ns for path in work.rglob("checkpoint_final.pth")}


def test_out_of_fold_predictions_of_every_training_case_on_two_devices(raw, work):
    images = sorted((raw / "imagesTr").iterdir())
    assert len(images) == 5
    check_predictions(work / "public-cv" / "nnunet-v2", images)
    assert sorted(path.name for path in (work / "public-cv-fold-all").iterdir()) == FILES
    record = read_record(work, "public-cv-fold-all")
    assert (record["track"], record["folds"], record["cases"]) == ("public-cv", [0, 1, 2, 3, 4], 5)
    assert record["scores"]["track"] == "public-cv"
    assert record["scores"]["cases"] == 5
    assert record["resumed_from_epochs"] == {str(fold): [] for fold in range(5)}
    starts = {}
    for fold, (session,) in record["training"].items():
        starts[fold] = session["started_at"]
        assert (session["device"], session["from_epoch"], session["to_epoch"]) == ("cpu", 0, 4)
        assert session["resources"]["peak_host_mib"] > 0
        assert record["environments"][session["environment"]]["cpu_cores"] >= 1
    # The third fold waits for a device.
    assert max(starts["0"], starts["1"]) < min(starts["2"], starts["3"], starts["4"])
    assert not read_progress(work)
    assert not read_failures(work)


def test_the_other_track_trains_nothing_again(raw, work, tmp_path):
    shutil.copytree(work, tmp_path / "work", symlinks=True)
    before = checkpoints(tmp_path / "work")
    assert len(before) == 5
    output = call("run", "nnunet-v2", *options(raw, tmp_path / "work"))
    assert "Protocol mswal/1, track official-test, 2 cases scored, none left out." in output
    assert checkpoints(tmp_path / "work") == before
    ensemble, cv = (read_record(tmp_path / "work", goal) for goal in ("fold-all", "public-cv-fold-all"))
    assert ensemble["track"] == "official-test"
    assert ensemble["training"] == cv["training"]
    images = sorted((raw / "imagesTs").iterdir())
    check_predictions(tmp_path / "work" / "fold-all" / "nnunet-v2", images)
    assert sorted(path.name for path in (tmp_path / "work" / "fold-all").iterdir()) == sorted([*FILES, "nnunet-v2"])
    # Each goal has its own end.
    for track in Track:
        assert "nothing is left to do" in call("run", "nnunet-v2", *options(raw, tmp_path / "work", "--track", track))
    # A fold of the five is predicted with already, and only scored.
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "work").rglob("*.nii.gz")}
    output = call("run", "nnunet-v2", *options(raw, tmp_path / "work", *CV, "--fold", 2))
    assert "track public-cv of fold 2 alone, 1 case scored, none left out." in output
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_without_test_images_one_fold_is_scored_on_what_it_held_out(raw, tmp_path):
    data, work = tmp_path / "data", tmp_path / "work"
    shutil.copytree(raw, data)
    shutil.rmtree(data / "imagesTs")
    shutil.rmtree(data / "labelsTs")
    output = call("run", "nnunet-v2", *options(data, work, "--fold", 2), exit_code=1)
    assert "there is no test image to predict" in output
    assert "--track public-cv" in output
    assert not work.exists()

    output = call("run", "nnunet-v2", *options(data, work, *CV, "--fold", 2))
    assert "track public-cv of fold 2 alone, 1 case scored, none left out." in output
    cases = [path.name.removesuffix(".nii.gz") for path in (data / "labelsTr").iterdir()]
    (held_out,) = five_folds(cases)[2].validation
    check_predictions(work / "public-cv" / "nnunet-v2", [data / "imagesTr" / f"{held_out}_0000.nii.gz"])
    record = read_record(work, "public-cv-fold-2")
    assert (record["track"], record["folds"], record["cases"]) == ("public-cv", [2], 1)
    assert record["scores"]["track"] == "public-cv of fold 2 alone"
    assert len(checkpoints(work)) == 1


def test_labels_that_predictions_could_not_be_scored_against_stop_it_before_the_training(raw, tmp_path, save_labels):
    data, work = tmp_path / "data", tmp_path / "work"
    shutil.copytree(raw, data)
    label = sorted((data / "labelsTr").iterdir())[0]
    label.write_bytes(label.read_bytes()[:-20])
    output = call("run", "nnunet-v2", *options(data, work, *CV), exit_code=1)
    assert label.name in output
    assert not (work / "nnunet").exists()


@pytest.fixture
def two_folds_left(work, tmp_path) -> Path:
    """A work folder in which folds 3 and 4 have no networks."""
    shutil.copytree(work, tmp_path / "work", symlinks=True)
    (tmp_path / "work" / "public-cv-fold-all" / "record.json").unlink()
    for fold in (3, 4):
        (results,) = (tmp_path / "work").rglob(f"fold_{fold}")
        shutil.rmtree(results)
    return tmp_path / "work"


def test_a_fold_that_fails_stops_the_others_and_the_same_command_goes_on(raw, two_folds_left):
    finished = checkpoints(two_folds_left)
    (results,) = {path.parent.parent for path in two_folds_left.rglob("fold_0/checkpoint_final.pth")}
    (results / "fold_3").write_text("in the way")
    command = [sys.executable, "-m", "mswal_bench.benchmark.cli.main", "run", "nnunet-v2"]
    command += [str(option) for option in options(raw, two_folds_left, *CV, device=TWO)]
    failed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "train fold 3 on cpu" in failed.stderr
    assert {path: checkpoints(two_folds_left)[path] for path in finished} == finished

    (results / "fold_3").unlink()
    call("run", "nnunet-v2", *options(raw, two_folds_left, *CV, device=TWO))
    record = read_record(two_folds_left, "public-cv-fold-all")
    assert record["training"]["3"][-1]["to_epoch"] == record["training"]["4"][-1]["to_epoch"] == 4
    assert {path: checkpoints(two_folds_left)[path] for path in finished} == finished


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a worker with its parent")
def test_killed_it_leaves_nobody(raw, two_folds_left):
    command = [sys.executable, "-m", "mswal_bench.benchmark.cli.main", "run", "nnunet-v2"]
    command += [str(option) for option in options(raw, two_folds_left, *CV, device=TWO)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while not list(two_folds_left.rglob("checkpoint_latest.pth")):
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    family = descendants(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    # Two that train, and those that cut patches for them.
    assert len(family) >= 4
    assert_gone(family)
    state = json.loads((two_folds_left / "run.json").read_text())
    assert state["training"]["3"][-1]["to_epoch"] is None


def test_devices_that_cannot_be(raw, tmp_path):
    work = tmp_path / "work"
    output = call("run", "nnunet-v2", *options(raw, work, "--device", "cpu", device=TWO), exit_code=2)
    assert "--device and --devices exclude each other" in output
    output = call("run", "nnunet-v2", *options(raw, work, "--fold", 0, device=TWO), exit_code=1)
    assert "one fold trains on one device: expected one, found 2" in output
    output = call("run", "nnunet-v2", *options(raw, work, device=("--devices", "gpu")), exit_code=1)
    assert "cannot be used as devices" in output
    assert not work.exists()
