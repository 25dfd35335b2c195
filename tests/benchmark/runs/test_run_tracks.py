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
from mswal_bench.tests.conftest import MadeOnce

from .smoke_runs import assert_gone, call, check_predictions, descendants, options, read_record

pytest.importorskip("nnunetv2")

pytestmark = pytest.mark.slow

TWO = ("--devices", "cpu,cpu")
CV = ("--track", Track.PUBLIC_CV)
FILES = ["cases", "cases.csv", "lesions.csv", "record.json", "scores.json"]


@pytest.fixture(scope="session")
def work(raw: Path, made_once: MadeOnce) -> Path:
    """The work folder of nnU-Net v2 after `public-cv`, all folds trained. Not to be written to."""

    def make(folder: Path) -> None:
        output = call("run", "nnunet-v2", *options(raw, folder, *CV))
        assert "Protocol mswal/1, track public-cv, 5 cases scored, none left out." in output

    return made_once("run-nnunet-v2-public-cv", make)


def checkpoints(work: Path) -> dict[Path, int]:
    return {path.relative_to(work): path.stat().st_mtime_ns for path in work.rglob("checkpoint_final.pth")}


def predicted(work: Path) -> Path:
    return work / "public-cv" / "nnunet-v2"


def test_out_of_fold_predictions_of_every_training_case(raw, work):
    images = sorted((raw / "imagesTr").iterdir())
    assert len(images) == 5
    check_predictions(predicted(work), images)
    assert sorted(path.name for path in (work / "public-cv-fold-all").iterdir()) == FILES
    record = read_record(work, "public-cv-fold-all")
    assert (record["track"], record["folds"], record["cases"]) == ("public-cv", [0, 1, 2, 3, 4], 5)
    assert record["scores"]["track"] == "public-cv"
    assert record["scores"]["cases"] == 5
    assert record["resumed_from_epochs"] == {str(fold): [] for fold in range(5)}
    for (session,) in record["training"].values():
        assert (session["device"], session["from_epoch"], session["to_epoch"]) == ("cpu", 0, 4)
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
    """A work folder in which folds 3 and 4 have no networks, and what they held out no predictions."""
    shutil.copytree(work, tmp_path / "work", symlinks=True)
    (tmp_path / "work" / "public-cv-fold-all" / "record.json").unlink()
    cases = [path.name.removesuffix(".nii.gz") for path in predicted(work).iterdir()]
    for fold in (3, 4):
        (results,) = (tmp_path / "work").rglob(f"fold_{fold}")
        shutil.rmtree(results)
        (held_out,) = five_folds(cases)[fold].validation
        (predicted(tmp_path / "work") / f"{held_out}.nii.gz").unlink()
    return tmp_path / "work"


def test_on_two_devices_a_fold_that_fails_stops_the_others_and_the_same_command_goes_on(raw, two_folds_left):
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
    third, fourth = (record["training"][fold][-1] for fold in ("3", "4"))
    for session in (third, fourth):
        assert (session["device"], session["to_epoch"]) == ("cpu", 4)
        assert session["resources"]["peak_host_mib"] > 0
        assert record["environments"][session["environment"]]["cpu_cores"] >= 1
    assert {path: checkpoints(two_folds_left)[path] for path in finished} == finished
    check_predictions(predicted(two_folds_left), sorted((raw / "imagesTr").iterdir()))


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
