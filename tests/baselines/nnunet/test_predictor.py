"""The label map made one class at a time against nnU-Net's own export, which holds all classes at once."""

from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")
from nnunetv2.inference.export_prediction import convert_predicted_logits_to_segmentation_with_correct_shape
from nnunetv2.preprocessing.resampling.default_resampling import resample_data_or_seg_to_shape
from nnunetv2.utilities.label_handling.label_handling import LabelManager

from mswal_bench.baselines.nnunet.predictor import labels_from_logits

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
