"""Label maps made of logits, against nnU-Net's own export of them."""

import logging
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")
from nnunetv2.inference.export_prediction import convert_predicted_logits_to_segmentation_with_correct_shape
from nnunetv2.preprocessing.resampling.default_resampling import resample_data_or_seg_to_shape
from nnunetv2.utilities.label_handling.label_handling import LabelManager

from mswal_bench.baselines.nnunet.predictor import labels_from_logits

NAMES = {"background": 0, **{f"lesion {label}": label for label in range(1, 8)}}
LABELS = LabelManager(NAMES, None)
LINEAR = {"is_seg": False, "order": 1, "order_z": 0, "force_separate_z": None}


def case(*, axes=(0, 1, 2), spacing=(3.0, 2.0, 1.5), image_spacing=(2.5, 1.5, 1.0), arguments=LINEAR):
    """Plans, a configuration, and what preprocessing tells of an image that was cropped."""
    plans = SimpleNamespace(transpose_forward=list(axes), transpose_backward=list(np.argsort(axes)))
    resample = partial(resample_data_or_seg_to_shape, **arguments)
    configuration = SimpleNamespace(spacing=list(spacing), resampling_fn_probabilities=resample)
    properties = {
        "spacing": list(image_spacing),
        "shape_after_cropping_and_before_resampling": (12, 13, 11),
        "shape_before_cropping": (15, 16, 17),
        "bbox_used_for_cropping": [[1, 13], [2, 15], [3, 14]],
    }
    return properties, plans, configuration


def random_logits(grid, seed=0, kind=np.float16):
    """Halves of integers, so that many classes tie, also with each other everywhere."""
    logits = np.round(2 * np.random.default_rng(seed).normal(size=(8, *grid))).astype(kind) / 2
    logits[3] = logits[5]
    return torch.from_numpy(logits)


def assert_same(logits, properties, plans, configuration, labels=LABELS):
    expected = convert_predicted_logits_to_segmentation_with_correct_shape(
        logits, plans, configuration, labels, properties, num_threads_torch=1
    )
    found = labels_from_logits(logits, properties, plans, configuration, labels)
    assert found.dtype == np.uint8
    assert len(np.unique(found)) > 5
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("kind", [np.float16, np.float32])
@pytest.mark.parametrize("grid", [(10, 12, 14), (16, 9, 7), (12, 13, 11), (1, 13, 14)])
@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_same_as_nnunet(caplog, axes, grid, kind):
    assert_same(random_logits(grid, kind=kind), *case(axes=axes))
    assert caplog.text == ""


@pytest.mark.parametrize("long", range(3))
@pytest.mark.parametrize("of", ["network", "image", "both"])
def test_long_voxels_are_resampled_slice_by_slice(long, of):
    spacings = {
        name: [6.0 if axis == long and of in (name, "both") else 1.0 for axis in range(3)]
        for name in ("network", "image")
    }
    grid = [9 if axis == long else 15 for axis in range(3)]
    assert_same(random_logits(grid), *case(spacing=spacings["network"], image_spacing=spacings["image"]))


@pytest.mark.parametrize("force", [True, False])
def test_plans_may_say_whether_slices_are_resampled_one_by_one(force):
    assert_same(
        random_logits((9, 15, 15)),
        *case(spacing=(2.0, 1.0, 1.0), image_spacing=(4.0, 1.0, 1.0), arguments=LINEAR | {"force_separate_z": force}),
    )


def test_background_alone_and_an_empty_class():
    logits = torch.full((8, 10, 12, 14), -3.0, dtype=torch.float16)
    logits[0] = 1
    found = labels_from_logits(logits, *case())
    assert found.shape == (15, 16, 17)
    assert not found.any()
    # A tie everywhere is background too.
    logits[4] = 1
    assert not labels_from_logits(logits, *case()).any()
    # Above background by the smallest step at one voxel.
    logits[4, 5, 6, 7] = float(np.nextafter(np.float16(1), np.float16(2)))
    properties, plans, configuration = case()
    expected = convert_predicted_logits_to_segmentation_with_correct_shape(
        logits, plans, configuration, LABELS, properties, num_threads_torch=1
    )
    np.testing.assert_array_equal(labels_from_logits(logits, properties, plans, configuration), expected)


@pytest.mark.parametrize(
    "arguments", [LINEAR | {"order": 3}, LINEAR | {"order_z": 1}, LINEAR | {"separate_z_anisotropy_threshold": 2}]
)
def test_another_resampling_is_left_to_nnunet_and_the_log_says_so(caplog, arguments):
    assert_same(random_logits((10, 12, 14)), *case(arguments=arguments))
    assert "nnU-Net's own export is used" in caplog.text
    assert "the plans resample logits in a way of their own" in caplog.text
    # Without names of the labels too.
    logits = random_logits((10, 12, 14))
    found = labels_from_logits(logits, *case(arguments=arguments))
    np.testing.assert_array_equal(found, labels_from_logits(logits, *case(arguments=arguments), LABELS))


def test_an_unknown_function_is_left_to_nnunet(caplog):
    properties, plans, configuration = case()
    configuration.resampling_fn_probabilities = configuration.resampling_fn_probabilities.__call__
    assert_same(random_logits((10, 12, 14)), properties, plans, configuration)
    assert "nnU-Net's own export is used" in caplog.text


def test_regions_are_left_to_nnunet(caplog):
    regions = LabelManager({name: [label, 7] if label else 0 for name, label in NAMES.items()}, list(range(1, 8)))
    with caplog.at_level(logging.WARNING):
        assert_same(random_logits((10, 12, 14))[:7], *case(), labels=regions)
    assert "the labels are regions" in caplog.text
