"""What a user is told of images that nnU-Net v1 leaves out, and what is a speck."""

import pickle
import shutil
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("nnunet")

from nnunet.inference import predict as v1

from mswal_bench.baselines.method import FailedCasesError, MethodError
from mswal_bench.baselines.nnunet.settings import Training
from mswal_bench.baselines.nnunet1 import prediction
from mswal_bench.baselines.nnunet1.settings import Recipe
from mswal_bench.baselines.nnunet1.workspace import Workspace
from mswal_bench.baselines.worker_memory import GB, held_memory

RECIPE = asdict(Recipe(Training()))
FULL, NOT_FULL = 4096, 1 << 40


@pytest.fixture
def left_out(tmp_path, monkeypatch):
    """Predicts three cases of which v1 leaves out one, and for one has no finite output, with so much room on the disk
    while v1 works."""

    def predict(room: int) -> None:
        out = tmp_path / "out"

        def predict_cases(model, images, files, *_, **__):
            for file in files:
                Path(file).parent.mkdir(parents=True)
            (out / "good.nii.gz").touch()
            nan = np.full((2, 1, 1, 1), np.nan)
            v1.save_segmentation_nifti_from_softmax(nan, next(file for file in files if "lost" in file))

        monkeypatch.setattr(v1, "predict_cases", predict_cases)

        def disk_usage(folder):
            # What v1 wrote beside takes up the room that is missing.
            return SimpleNamespace(free=room if list(out.glob(".partial-*")) else NOT_FULL)

        monkeypatch.setattr(shutil, "disk_usage", disk_usage)
        monkeypatch.setattr(prediction, "use_threads", lambda device: None)
        images = {case: f"{case}_0000.nii.gz" for case in ("good", "bad", "lost")}
        prediction.predict(str(tmp_path), [], images, str(out), RECIPE, "cpu", None, lambda done, total, note: None)

    return predict


def test_a_full_disk_is_no_fault_of_the_image(left_out):
    with pytest.raises(MethodError, match="The disk is full"):
        left_out(FULL)


def test_each_case_left_out_is_named_with_its_reason(left_out, tmp_path):
    with pytest.raises(FailedCasesError, match=r"^bad: nnU-Net v1 could not preprocess .*log\.txt says why") as caught:
        left_out(NOT_FULL)
    assert [*caught.value.cases] == ["bad", "lost"]
    assert "memory" in caught.value.cases["bad"]
    assert caught.value.cases["lost"].startswith("the network's output is not finite")
    assert not list((tmp_path / "out").glob(".*"))


def test_the_smallest_lesions_are_those_of_the_cases_that_the_folds_train_on(tmp_path, save_labels):
    workspace = Workspace(tmp_path)
    for case, voxels in {"a": 6, "b": 4, "c": 2}.items():
        labels = np.zeros((2, 3, 8), np.uint8)
        labels[0, 0, :voxels] = 3
        save_labels(workspace.preprocessed / "gt_segmentations" / f"{case}.nii.gz", labels, spacing=(1, 2, 5))
    workspace.splits.write_bytes(pickle.dumps([{"train": ["a", "b"]}, {"train": ["a", "c"]}, {"train": ["a"]}]))
    for folds, voxels in (([2], 6), ([0], 4), ([0, 2], 4), ([0, 1], 2)):
        limits = prediction.shares_of_smallest_mm3(0.5, prediction.training_labels(workspace, folds))
        assert limits == pytest.approx({3: 0.5 * voxels * 10})


def test_specks_are_what_the_recipe_says_of_them(tmp_path, monkeypatch, save_labels):
    workspace = Workspace(tmp_path)
    labels = np.zeros((2, 3, 8), np.uint8)
    labels[0, 0, :6] = 3
    save_labels(workspace.preprocessed / "gt_segmentations" / "a.nii.gz", labels, spacing=(1, 2, 5))
    workspace.splits.write_bytes(pickle.dumps([{"train": ["a"]}]))
    seen = []
    monkeypatch.setattr(prediction, "use_threads", lambda device: None)
    monkeypatch.setattr(prediction, "validate", lambda *_: None)
    monkeypatch.setattr(v1, "predict_cases", lambda *_, **__: seen.append(v1.save_segmentation_nifti_from_softmax))
    recipe = asdict(Recipe(Training(), speck_share=0.25))
    prediction.predict(str(tmp_path), [0], {}, str(tmp_path), recipe, "cpu", None, lambda done, total, note: None)
    assert [export.least_mm3 for export in seen] == [{3: pytest.approx(15)}]


@pytest.mark.parametrize(("gigabytes", "processes"), [(0.5, 1), (2.6, 5), (64, 6)])
def test_images_are_preprocessed_by_as_many_processes_as_fit(tmp_path, monkeypatch, save_labels, gigabytes, processes):
    """One of a tiny image takes 0.46 GB; v1's own number is six."""
    workspace = Workspace(tmp_path)
    image = save_labels(tmp_path / "a_0000.nii.gz", np.zeros((2, 3, 8), np.int16))
    workspace.plans.parent.mkdir(parents=True)
    stages = {0: {"current_spacing": [9.0, 9.0, 9.0]}, 1: {"current_spacing": [1.0, 2.0, 1.0]}}
    workspace.plans.write_bytes(pickle.dumps({"transpose_forward": [1, 0, 2], "plans_per_stage": stages}))
    workspace.splits.write_bytes(pickle.dumps([]))
    asked = []
    monkeypatch.setenv("MSWAL_BENCH_CORES", "8")
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(8))
    monkeypatch.setattr(prediction, "use_threads", lambda device: None)

    def predict_cases(model, images, files, *_, num_threads_preprocessing, **__):
        asked.append(num_threads_preprocessing)
        for file in files:
            Path(file).parent.mkdir()
        (tmp_path / "out" / "a.nii.gz").touch()

    monkeypatch.setattr(v1, "predict_cases", predict_cases)
    (tmp_path / "out").mkdir()
    given = held_memory() + int(gigabytes * GB)
    prediction.predict(
        str(tmp_path),
        [],
        {"a": str(image)},
        str(tmp_path / "out"),
        RECIPE,
        "cpu",
        given,
        lambda done, total, note: None,
    )
    assert asked == [processes]
