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

from mswal_bench.baselines.method import MethodError
from mswal_bench.baselines.nnunet.settings import Training
from mswal_bench.baselines.nnunet1 import prediction
from mswal_bench.baselines.nnunet1.settings import Recipe
from mswal_bench.baselines.nnunet1.workspace import Workspace

RECIPE = asdict(Recipe(Training()))
FULL, NOT_FULL = 4096, 1 << 40


@pytest.fixture
def left_out(tmp_path, monkeypatch):
    """Predicts two cases of which v1 leaves out one, with so much room on the disk while v1 works."""

    def predict(room: int) -> None:
        out = tmp_path / "out"

        def predict_cases(model, images, files, *_, **__):
            for file in files:
                Path(file).parent.mkdir(parents=True)
            (out / "good.nii.gz").touch()

        monkeypatch.setattr(v1, "predict_cases", predict_cases)

        def disk_usage(folder):
            # What v1 wrote beside takes up the room that is missing.
            return SimpleNamespace(free=room if list(out.glob(".partial-*")) else NOT_FULL)

        monkeypatch.setattr(shutil, "disk_usage", disk_usage)
        monkeypatch.setattr(prediction, "use_threads", lambda device: None)
        images = {"good": "good_0000.nii.gz", "bad": "bad_0000.nii.gz"}
        prediction.predict(str(tmp_path), [], images, str(out), RECIPE, "cpu", lambda done, total, note: None)

    return predict


def test_a_full_disk_is_no_fault_of_the_image(left_out):
    with pytest.raises(MethodError, match="The disk is full"):
        left_out(FULL)


def test_the_log_says_what_else_it_was(left_out, tmp_path):
    with pytest.raises(
        MethodError, match=r"^bad: nnU-Net v1 could not preprocess its image; \S*log\.txt says why"
    ) as caught:
        left_out(NOT_FULL)
    assert "memory" in str(caught.value)
    assert "good" not in str(caught.value)


def test_the_smallest_lesions_are_those_of_the_cases_that_the_folds_train_on(tmp_path, save_labels):
    workspace = Workspace(tmp_path)
    for case, voxels in {"a": 6, "b": 4, "c": 2}.items():
        labels = np.zeros((2, 3, 8), np.uint8)
        labels[0, 0, :voxels] = 3
        save_labels(workspace.preprocessed / "gt_segmentations" / f"{case}.nii.gz", labels, spacing=(1, 2, 5))
    workspace.splits.write_bytes(pickle.dumps([{"train": ["a", "b"]}, {"train": ["a", "c"]}, {"train": ["a"]}]))
    for folds, voxels in (([2], 6), ([0], 4), ([0, 2], 4), ([0, 1], 2)):
        limits = prediction.shares_of_smallest_mm3(0.5, prediction._training_labels(workspace, folds))
        assert limits == pytest.approx({3: 0.5 * voxels * 10})
