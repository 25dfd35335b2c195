"""Runs of the smoke budget on the tiny phantom, through the command line where a user would be."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.runs.run_folder import RunFolder

from . import smoke_runs
from .smoke_runs import assert_gone, call, check_geometry, check_predictions, descendants, read_record

pytest.importorskip("nnunetv2")

pytestmark = pytest.mark.slow


# The command line, of which a training that has written a checkpoint gets no further.
WAITS_AFTER_A_CHECKPOINT = """
import sys, time
from contextlib import contextmanager
from pathlib import Path
from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.runs import steps

work = Path(sys.argv.pop(1))

@contextmanager
def waiting(label, unit):
    def report(done, total, note):
        while list(work.rglob("checkpoint_latest.pth")):
            time.sleep(1)
    yield report

steps.progress_bar = waiting
main()
"""

# Of Inception nnU-Net's variants the one without its three parts, and the one that is not folded. Between them others
# differ in arguments of the network alone.
ALL = [*((name, None) for name in METHODS), ("inception-nnunet", "I"), ("inception-nnunet", "released")]


def options(raw: Path, work: Path) -> tuple[object, ...]:
    return smoke_runs.options(raw, work, "--fold", 0)


@pytest.mark.parametrize(("method", "variant"), ALL)
def test_a_run_trains_resumes_predicts_scores_and_records(raw, finished_by, method, variant):
    finished = finished_by(method, variant)
    record = read_record(finished)
    name = method if variant is None else f"{method}-{variant}"
    assert record["identity"]["method"] == name
    assert record["identity"]["budget"] == "smoke"
    assert record["identity"]["split_digest"].startswith("sha256:")
    assert (record["track"], record["folds"], record["cases"]) == ("official-test", [0], 2)
    assert record["epochs"] == 4
    first, second = record["training"]["0"]
    assert first["from_epoch"] == 0
    assert second["from_epoch"] == first["to_epoch"] in (1, 2, 3)
    assert second["to_epoch"] == 4
    assert record["resumed_from_epochs"] == {"0": [second["from_epoch"]]}
    for step in (record["prepared"], first, second, record["predicted"]):
        assert step["resources"]["wall_s"] > 0
        assert record["environments"][step["environment"]]["packages"]["torch"]
    state = json.loads((finished / "run.json").read_text())
    batches = record["settings"].get("statistics_batches")
    assert (batches is None) == (name in {"mednext", "nnformer", "swin-unetr", "inception-nnunet-released"})
    for told in (record, state):
        assert told.get("statistics_batches") == (None if batches is None else {"0": batches})
    assert record["parameters"] > 0
    assert record["card"]
    assert record["scores"]["protocol"] == "mswal/1"
    assert record["scores"]["track"] == "official-test of fold 0 alone"
    assert record["scores"] == json.loads((finished / "fold-0" / "scores.json").read_text())
    images = sorted((raw / "imagesTs").iterdir())
    assert len(images) == 2
    check_predictions(finished / "fold-0" / name, images)


def test_called_again_it_repeats_nothing(raw, finished, tmp_path):
    finished = shutil.copytree(finished, tmp_path / "work", symlinks=True)
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*.nii.gz")}
    before |= {path: path.stat().st_mtime_ns for path in finished.rglob("*.pth")}
    before |= {path: path.stat().st_mtime_ns for path in (finished / "fold-0").iterdir()}
    output = call("run", "nnunet-v2", *options(raw, finished))
    assert "finished before; nothing is left to do" in output
    assert str(finished / "fold-0" / "record.json") in output
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_predicts_a_real_ct_in_its_own_geometry(raw, finished, example_ct, tmp_path):
    from mswal_bench.baselines.method import Budget, Job

    job = Job(raw, finished, (), Budget.SMOKE, "cpu", 0)
    METHODS["nnunet-v2"].predict(job, [0], {"example_ct": example_ct}, tmp_path, lambda done, total, note: None)
    check_geometry(tmp_path / "example_ct.nii.gz", example_ct)


def test_labels_that_come_later_are_scored_without_training_again(raw, finished, tmp_path):
    data, work = tmp_path / "data", tmp_path / "work"
    shutil.copytree(raw, data)
    shutil.copytree(finished, work, symlinks=True)
    record = work / "fold-0" / "record.json"
    unscored = json.loads(record.read_text()) | {"scores": None, "labels_digest": None}
    record.write_text(json.dumps(unscored))
    (data / "labelsTs").rename(tmp_path / "hidden")
    assert "nothing is left to do" in call("run", "nnunet-v2", *options(data, work))
    (tmp_path / "hidden").rename(data / "labelsTs")
    assert "Kidney stone" in call("run", "nnunet-v2", *options(data, work))
    assert read_record(work) == read_record(finished) | {"created_at": read_record(work)["created_at"]}


def test_a_killed_preparation_is_done_anew(raw, tmp_path):
    from mswal_bench.baselines.method import Budget, Job
    from mswal_bench.splits import five_folds
    from mswal_bench.tests.baselines.nnunet.quick_nnunet import quick_nnunet

    cases = [path.name.removesuffix(".nii.gz") for path in (raw / "labelsTr").iterdir()]
    job = Job(raw, tmp_path, five_folds(cases), Budget.SMOKE, "cpu", 0)
    plans = tmp_path / "nnunet" / "preprocessed" / "Dataset001_Bench" / "benchPlans.json"
    plans.parent.mkdir(parents=True)
    plans.write_text('{"half": ')
    with quick_nnunet():
        METHODS["nnunet-v2"].prepare(job, lambda done, total, note: None)
    assert json.loads(plans.read_text())["configurations"]


def test_killed_in_the_middle_of_training_it_resumes(raw, tmp_path):
    """With the processes and pictures of nnU-Net's, which the calls of the other tests do without."""
    work = tmp_path / "inception-nnunet"
    command = [sys.executable, "-c", WAITS_AFTER_A_CHECKPOINT, str(work), "run", "inception-nnunet"]
    command += [str(option) for option in options(raw, work)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while not list(work.rglob("checkpoint_latest.pth")):
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    workers = descendants(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not list(work.rglob("checkpoint_final.pth"))

    call("run", "inception-nnunet", *options(raw, work))

    record = read_record(work)
    first, second = record["training"]["0"]
    assert (first["from_epoch"], first["to_epoch"], first["resources"]["wall_s"]) == (0, None, None)
    assert second["from_epoch"] >= 1
    assert record["resumed_from_epochs"] == {"0": [second["from_epoch"]]}
    assert workers
    assert_gone(workers)


def test_one_run_of_a_fold_in_a_work_folder(raw, finished, tmp_path):
    shutil.copytree(finished, tmp_path / "work", symlinks=True)
    (tmp_path / "work" / "fold-0" / "record.json").unlink()
    with RunFolder(tmp_path / "work").holding(["fold 0"]):
        # The lock is of this process, so the call comes from another.
        command = [sys.executable, "-m", "mswal_bench.benchmark.cli.main", "run", "nnunet-v2"]
        command += [str(option) for option in options(raw, tmp_path / "work")]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "another run is at work on fold 0 in this work folder" in result.stderr
    assert f"process {os.getpid()}" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_work_folder_belongs_to_one_run(raw, finished):
    output = call("run", "nnunet-v2", *options(raw, finished), "--seed", 1, exit_code=1)
    assert "belongs to a run with another seed: expected 0, found 1" in output
    output = call("run", "inception-nnunet", *options(raw, finished), exit_code=1)
    assert "another method: expected nnunet-v2, found inception-nnunet" in output
