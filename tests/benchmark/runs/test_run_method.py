"""Runs of the smoke budget on the tiny phantom, through the command line where a user would be."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import SimpleITK
from click.testing import CliRunner

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.runs.run_folder import RunFolder

pytest.importorskip("nnunetv2")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("run") / "data"
    call("data", "phantom", root, "--train", 5, "--test", 2, "--size", "tiny")
    return root


@pytest.fixture(scope="module")
def finished_by(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The work folder of a finished smoke run of a method."""
    root = tmp_path_factory.mktemp("work")

    @cache
    def run(method: str) -> Path:
        call("run", method, *options(raw, root / method))
        return root / method

    return run


@pytest.fixture(scope="module")
def finished(finished_by: Callable[[str], Path]) -> Path:
    """The work folder of a finished smoke run of nnU-Net v2."""
    return finished_by("nnunet-v2")


def options(raw: Path, work: Path) -> tuple[object, ...]:
    return ("--data", raw, "--work", work, "--budget", "smoke", "--fold", "0", "--device", "cpu")


def call(*arguments: object, exit_code: int = 0) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == exit_code, result.output
    return result.output


def read_record(work: Path) -> Any:
    return json.loads((work / "fold-0" / "record.json").read_text())


@pytest.mark.parametrize("method", METHODS)
def test_a_run_predicts_scores_and_records(raw, finished_by, method):
    finished = finished_by(method)
    record = read_record(finished)
    assert record["identity"]["method"] == method
    assert record["identity"]["budget"] == "smoke"
    assert record["identity"]["split_digest"].startswith("sha256:")
    assert record["folds"] == [0]
    assert record["epochs"] == 4
    assert record["resumed_from_epochs"] == {"0": []}
    assert record["prepared"]["wall_s"] > 0
    assert record["training"]["0"][0]["environment"]["packages"]["torch"]
    assert record["predicted"]["environment"]["packages"]["torch"]
    assert record["scores"]["protocol"] == "mswal/1"
    assert record["scores"] == json.loads((finished / "fold-0" / "scores.json").read_text())
    images = sorted((raw / "imagesTs").iterdir())
    assert len(images) == 2
    for image in images:
        same_geometry(finished / "fold-0" / method / image.name.replace("_0000", ""), image)


def same_geometry(label: Path, image: Path) -> None:
    a, b = SimpleITK.ReadImage(str(label)), SimpleITK.ReadImage(str(image))
    assert a.GetSize() == b.GetSize()
    for getter in ("GetSpacing", "GetOrigin", "GetDirection"):
        assert getattr(a, getter)() == pytest.approx(getattr(b, getter)(), abs=1e-4)
    assert SimpleITK.GetArrayViewFromImage(a).max() <= 7


def test_called_again_it_repeats_nothing(raw, finished):
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
    same_geometry(tmp_path / "example_ct.nii.gz", example_ct)


def test_labels_that_come_later_are_scored_without_training_again(raw, finished, tmp_path):
    data, work = tmp_path / "data", tmp_path / "work"
    shutil.copytree(raw, data)
    shutil.copytree(finished, work, symlinks=True)
    record = work / "fold-0" / "record.json"
    unscored = json.loads(record.read_text()) | {"scores": None}
    record.write_text(json.dumps(unscored))
    (data / "labelsTs").rename(tmp_path / "hidden")
    assert "nothing is left to do" in call("run", "nnunet-v2", *options(data, work))
    (tmp_path / "hidden").rename(data / "labelsTs")
    assert "Kidney stone" in call("run", "nnunet-v2", *options(data, work))
    assert read_record(work) == read_record(finished) | {"created_at": read_record(work)["created_at"]}


def test_a_killed_preparation_is_done_anew(raw, tmp_path):
    from mswal_bench.baselines.method import Budget, Job
    from mswal_bench.splits import five_folds

    cases = [path.name.removesuffix(".nii.gz") for path in (raw / "labelsTr").iterdir()]
    job = Job(raw, tmp_path, five_folds(cases), Budget.SMOKE, "cpu", 0)
    plans = tmp_path / "nnunet" / "preprocessed" / "Dataset001_Bench" / "benchPlans.json"
    plans.parent.mkdir(parents=True)
    plans.write_text('{"half": ')
    METHODS["nnunet-v2"].prepare(job, lambda done, total, note: None)
    assert json.loads(plans.read_text())["configurations"]


def test_killed_in_the_middle_of_training_it_resumes(raw, tmp_path):
    work = tmp_path / "inception-nnunet"
    command = [sys.executable, "-m", "mswal_bench.benchmark.cli.main", "run", "inception-nnunet"]
    command += [str(option) for option in options(raw, work)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    workers: set[int] = set()
    deadline = time.monotonic() + 300
    while not list(work.rglob("checkpoint_latest.pth")):
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        workers |= children(process.pid)
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not list(work.rglob("checkpoint_final.pth")), "the training was over before the kill"

    call("run", "inception-nnunet", *options(raw, work))

    record = read_record(work)
    first, second = record["training"]["0"]
    assert (first["from_epoch"], first["wall_s"]) == (0, None)
    assert second["from_epoch"] >= 1
    assert record["resumed_from_epochs"] == {"0": [second["from_epoch"]]}
    assert workers
    assert not {pid for pid in workers if alive(pid)}, "a worker outlived the run that was killed"


def children(pid: int) -> set[int]:
    try:
        return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    except OSError:
        return set()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_one_run_per_work_folder(raw, finished):
    with RunFolder(finished).locked():
        # The lock is of this process, so the call comes from another.
        command = [sys.executable, "-m", "mswal_bench.benchmark.cli.main", "run", "nnunet-v2"]
        command += [str(option) for option in options(raw, finished)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "another run is using this work folder" in result.stderr
    assert f"process {os.getpid()}" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_work_folder_belongs_to_one_run(raw, finished):
    output = call("run", "nnunet-v2", *options(raw, finished), "--seed", 1, exit_code=1)
    assert "belongs to a run with another seed: expected 0, found 1" in output
    output = call("run", "inception-nnunet", *options(raw, finished), exit_code=1)
    assert "another method: expected nnunet-v2, found inception-nnunet" in output
