"""Which training cases say what a speck is."""

import json

import numpy as np
import pytest

pytest.importorskip("nnunetv2")
import SimpleITK

from mswal_bench.baselines.nnunet.trained_folds import speck_limits_mm3
from mswal_bench.baselines.nnunet.workspace import Workspace


@pytest.fixture
def prepared(tmp_path):
    """What planning leaves: three cases of one lesion of class 1, of 8, 6 and 4 voxels; "c" has one of class 2 too."""
    workspace = Workspace(tmp_path)
    folder = workspace.preprocessed / "gt_segmentations"
    folder.mkdir(parents=True)
    for case, voxels in {"a": 8, "b": 6, "c": 4}.items():
        labels = np.zeros((2, 4, 10), np.uint8)
        labels[0, 0, :voxels] = 1
        labels[1, 3, :3] = 2 * (case == "c")
        image = SimpleITK.GetImageFromArray(labels)
        image.SetSpacing((0.5, 1.0, 4.0))
        SimpleITK.WriteImage(image, str(folder / f"{case}.nii.gz"))
    splits = [{"train": ["a", "b"], "val": ["c"]}, {"train": ["a"], "val": ["b"]}, {"train": ["c"], "val": ["a", "b"]}]
    (workspace.preprocessed / "splits_final.json").write_text(json.dumps(splits))
    (workspace.preprocessed / "dataset.json").write_text(json.dumps({"file_ending": ".nii.gz"}))
    (workspace.preprocessed / "benchPlans.json").write_text(json.dumps({"image_reader_writer": "SimpleITKIO"}))
    return workspace


@pytest.mark.parametrize(
    ("folds", "share", "expected"),
    [
        ([0], 0.5, {1: 6.0}),
        ([1], 0.5, {1: 8.0}),
        ([0, 1], 0.5, {1: 6.0}),
        ([0, 2], 0.5, {1: 4.0, 2: 3.0}),
        ([2], 0.25, {1: 2.0, 2: 1.5}),
        ([0, 1, 2], 0, {}),
    ],
)
def test_specks_are_what_is_small_beside_the_folds_own_training_lesions(prepared, folds, share, expected):
    assert speck_limits_mm3(prepared, folds, share) == pytest.approx(expected)
