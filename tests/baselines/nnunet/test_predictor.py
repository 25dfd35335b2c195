"""The label map made one class at a time against nnU-Net's own export, which holds all classes at once; and which
training cases say what a speck is."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")
import SimpleITK
from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO
from nnunetv2.inference.export_prediction import convert_predicted_logits_to_segmentation_with_correct_shape
from nnunetv2.preprocessing.resampling.default_resampling import resample_data_or_seg_to_shape
from nnunetv2.utilities.label_handling.label_handling import LabelManager

from mswal_bench.baselines.nnunet.predictor import labels_from_logits, speck_limits_mm3
from mswal_bench.baselines.nnunet.workspace import Workspace

LABELS = LabelManager({"background": 0, **{f"lesion {label}": label for label in range(1, 8)}}, None)


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1)])
@pytest.mark.parametrize("grid", [(10, 12, 14), (16, 9, 7)])
def test_same_as_nnunet(axes, grid):
    def resample(data, new_shape, current_spacing, new_spacing):
        return resample_data_or_seg_to_shape(
            data, new_shape, current_spacing, new_spacing, is_seg=False, order=1, order_z=0, force_separate_z=None
        )

    plans = SimpleNamespace(transpose_forward=list(axes), transpose_backward=list(np.argsort(axes)))
    configuration = SimpleNamespace(spacing=[3.0, 2.0, 1.5], resampling_fn_probabilities=resample)
    cropped, whole = (12, 13, 11), (15, 16, 17)
    properties = {
        "spacing": [2.5, 1.5, 1.0],
        "shape_after_cropping_and_before_resampling": cropped,
        "shape_before_cropping": whole,
        "bbox_used_for_cropping": [[1, 13], [2, 15], [3, 14]],
    }
    logits = torch.from_numpy(np.random.default_rng(0).normal(size=(8, *grid)).astype(np.float32))
    # A tie goes to the lower class in both.
    logits[3] = logits[5]
    expected = convert_predicted_logits_to_segmentation_with_correct_shape(
        logits, plans, configuration, LABELS, properties, num_threads_torch=1
    )
    found = labels_from_logits(logits, properties, plans, configuration)
    assert found.dtype == np.uint8
    assert len(np.unique(found)) > 5
    np.testing.assert_array_equal(found, expected)


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
    plans = SimpleNamespace(image_reader_writer_class=SimpleITKIO)
    assert speck_limits_mm3(prepared, folds, share, plans) == pytest.approx(expected)
