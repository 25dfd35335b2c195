"""Labels to a network's grid and back, against both nnU-Nets' own preprocessing and export of whole volumes."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mswal_bench.baselines.label_grid import LabelGrid
from mswal_bench.baselines.label_round_trip import LabelledImage, slices_axis, there_and_back
from mswal_bench.baselines.nnunet.nonzero_crop import nonzero_box, zero_from_the_border
from mswal_bench.metrics.components import connected_components
from mswal_bench.metrics.foreground import foreground_of

SPACINGS = st.sampled_from([(1.0, 1.0, 1.0), (1.25, 0.7, 0.7), (5.0, 0.8, 0.8), (0.8, 0.8, 4.0), (2.0, 2.0, 1.1)])
AXES = st.sampled_from([(0, 1, 2), (1, 0, 2), (2, 0, 1)])


def drawn(seed, shape=None):
    """An image with an empty border and holes, and labels of single voxels and larger blocks, some of them in both."""
    rng = np.random.default_rng(seed)
    shape = shape or tuple(rng.integers(6, 20, 3).tolist())
    image = rng.integers(-3, 4, shape)
    image[rng.random(shape) < 0.3] = 0
    for axis, width in enumerate(rng.integers(0, 2, 3)):
        image[(slice(None),) * axis + (slice(0, int(width)),)] = 0
    labels = np.zeros(shape, np.uint8)
    for _ in range(rng.integers(1, 9)):
        start = [int(rng.integers(0, size)) for size in shape]
        size = rng.integers(1, 5, 3).tolist()
        labels[tuple(slice(a, a + b) for a, b in zip(start, size, strict=True))] = rng.integers(1, 8)
    return image.astype(np.float32), labels


def lesions_of(labels):
    found = []
    components = connected_components(foreground_of(labels))
    for number, label in enumerate(components.class_ids.tolist()):
        part = components.foreground.select(components.of_run == number).to_array() > 0
        places = [np.flatnonzero(part.any(tuple({0, 1, 2} - {axis}))) for axis in range(3)]
        box = tuple(slice(int(at[0]), int(at[-1]) + 1) for at in places)
        found.append((label, box, part[box]))
    return found


def round_trip(image, labels, spacing, grid):
    crop = tuple(slice(*ends) for ends in nonzero_box(image))
    outside = zero_from_the_border(image[crop] == 0)
    return there_and_back(LabelledImage(labels, spacing, crop, outside), grid, lesions_of(labels))


def by_nnunet_v2(image, labels, spacing, grid):
    pytest.importorskip("torch")
    pytest.importorskip("nnunetv2")
    import torch
    from nnunetv2.preprocessing.cropping.cropping import crop_to_nonzero
    from nnunetv2.preprocessing.resampling.default_resampling import (
        compute_new_shape,
        resample_data_or_seg_to_shape,
    )

    turned, of_labels = (each.transpose(grid.axes)[None] for each in (image, labels.astype(np.int8)))
    of_image = [spacing[axis] for axis in grid.axes]
    data, seg, box = crop_to_nonzero(turned, of_labels)
    shape = compute_new_shape(data.shape[1:], of_image, grid.spacing_mm)
    options = {"order": 1, "order_z": 0, "force_separate_z": None}
    seen = resample_data_or_seg_to_shape(seg, shape, of_image, grid.spacing_mm, is_seg=True, **options)[0]
    seen = np.maximum(seen, 0)
    logits = np.stack([seen == label for label in range(8)]).astype(np.float16)
    back = resample_data_or_seg_to_shape(
        torch.from_numpy(logits), data.shape[1:], grid.spacing_mm, of_image, is_seg=False, **options
    ).argmax(0)
    whole = np.zeros(turned.shape[1:], np.uint8)
    whole[tuple(slice(*ends) for ends in box)] = back
    return seen, whole.transpose(np.argsort(grid.axes))


def by_nnunet_v1(image, labels, spacing, grid):
    pytest.importorskip("nnunet")
    import SimpleITK
    from nnunet.inference.segmentation_export import save_segmentation_nifti_from_softmax
    from nnunet.preprocessing.cropping import crop_to_nonzero
    from nnunet.preprocessing.preprocessing import resample_patient

    data, seg, box = crop_to_nonzero(image[None], labels[None].astype(np.float32), nonzero_label=-1)
    cropped = data.shape[1:]
    data, seg = (each.transpose([0, *(axis + 1 for axis in grid.axes)]) for each in (data, seg))
    turned = [spacing[axis] for axis in grid.axes]
    _, seen = resample_patient(
        None, seg, np.array(turned), np.array(grid.spacing_mm), 3, 1, force_separate_z=None, order_z_seg=0
    )
    seen = np.maximum(seen[0], 0).astype(np.uint8)
    softmax = np.stack([seen == label for label in range(8)]).astype(np.float32)
    softmax = softmax.transpose([0, *(axis + 1 for axis in np.argsort(grid.axes))])
    properties = {
        "size_after_cropping": cropped,
        "original_size_of_raw_data": image.shape,
        "original_spacing": np.array(spacing),
        "spacing_after_resampling": np.array(grid.spacing_mm),
        "crop_bbox": [list(ends) for ends in box],
        "itk_spacing": spacing[::-1],
        "itk_origin": (0.0, 0.0, 0.0),
        "itk_direction": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
    }
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder, "a.nii.gz"))
        save_segmentation_nifti_from_softmax(softmax, file, properties, 1, None, verbose=False)
        return seen, SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(file))


@pytest.mark.parametrize(("version", "by_nnunet"), [(2, by_nnunet_v2), (1, by_nnunet_v1)])
@given(seed=st.integers(0, 2**32 - 1), spacing=SPACINGS, target=SPACINGS, axes=AXES)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_every_voxel_is_nnunets(version, by_nnunet, seed, spacing, target, axes):
    image, labels = drawn(seed)
    grid = LabelGrid(target, axes, version)
    seen, returned = by_nnunet(image, labels, spacing, grid)
    found = round_trip(image, labels, spacing, grid)
    np.testing.assert_array_equal(found.seen, seen)
    np.testing.assert_array_equal(found.returned, returned)


@given(seed=st.integers(0, 2**32 - 1), spacing=SPACINGS, target=SPACINGS)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_lesion_is_seen_where_its_label_alone_would_be(seed, spacing, target):
    """Each lesion is taken away: it was seen exactly where that takes voxels of its label from the network's grid."""
    image, labels = drawn(seed)
    image[:] = 1
    grid = LabelGrid(target, (0, 1, 2), 2)
    found = round_trip(image, labels, spacing, grid)
    for is_seen, (label, box, mask) in zip(found.is_seen, lesions_of(labels), strict=True):
        without = labels.copy()
        without[box][mask] = 0
        left = round_trip(image, without, spacing, grid).seen
        assert is_seen == bool(((found.seen == label) & (left != label)).any())


@pytest.mark.parametrize(("version", "by_nnunet"), [(2, by_nnunet_v2), (1, by_nnunet_v1)])
@pytest.mark.parametrize("target", [(6.0, 5.0, 5.0), (2.5, 4.0, 7.0), (14.0, 4.0, 4.0)])
def test_every_voxel_of_a_phantom_is_nnunets(small_phantom, version, by_nnunet, target):
    import SimpleITK

    name = "PHANTOM_0001"
    image = SimpleITK.ReadImage(str(small_phantom / "imagesTr" / f"{name}_0000.nii.gz"))
    labels = SimpleITK.ReadImage(str(small_phantom / "labelsTr" / f"{name}.nii.gz"))
    arrays = SimpleITK.GetArrayFromImage(image).astype(np.float32), SimpleITK.GetArrayFromImage(labels)
    spacing = image.GetSpacing()[::-1]
    grid = LabelGrid(target, (0, 1, 2), version)
    seen, returned = by_nnunet(*arrays, spacing, grid)
    found = round_trip(*arrays, spacing, grid)
    assert len(np.unique(seen)) > 2
    np.testing.assert_array_equal(found.seen, seen)
    np.testing.assert_array_equal(found.returned, returned)


def test_logits_are_rounded_before_the_largest_wins():
    """In the middle of a long row, of twice as many voxels less one, weights are a half up to the rounding of v2."""
    for seed in range(3):
        labels = np.repeat(np.random.default_rng(seed).integers(0, 8, 1000), 2)[:1999].astype(np.uint8)
        labels = np.broadcast_to(labels, (2, 2, 1999)).copy()
        grid, spacing, image = LabelGrid((1.0, 1.0, 1.999), (0, 1, 2), 2), (1.0, 1.0, 1.0), np.ones(labels.shape)
        _, returned = by_nnunet_v2(image, labels, spacing, grid)
        np.testing.assert_array_equal(round_trip(image, labels, spacing, grid).returned, returned)


def test_the_same_grid_keeps_all():
    image, labels = drawn(0)
    image[:] = 1
    found = round_trip(image, labels, (1.0, 0.8, 0.8), LabelGrid((1.0, 0.8, 0.8), (0, 1, 2), 2))
    np.testing.assert_array_equal(found.returned, labels)
    assert all(found.is_seen)


def test_small_lesions_are_erased_by_a_coarser_grid():
    labels = np.zeros((20, 20, 20), np.uint8)
    # The nearest centres of the grid lie at 0.6 and 2.8: the largest weight of the lesion is 0.6 ** 3.
    labels[1:3, 1:3, 1:3] = 3
    labels[12:18, 12:18, 12:18] = 4
    found = round_trip(np.ones(labels.shape), labels, (1.0, 1.0, 1.0), LabelGrid((2.2, 2.2, 2.2), (0, 1, 2), 2))
    assert found.is_seen == (False, True)
    assert set(np.unique(found.returned)) == {0, 4}


def test_what_is_cut_off_is_lost():
    labels = np.zeros((8, 8, 8), np.uint8)
    labels[0, 2, 2], labels[4:6, 4:6, 4:6] = 1, 2
    image = np.ones(labels.shape)
    image[:2] = 0
    found = round_trip(image, labels, (1.0, 1.0, 1.0), LabelGrid((1.0, 1.0, 1.0), (0, 1, 2), 2))
    assert found.is_seen == (False, True)
    assert set(np.unique(found.returned)) == {0, 2}


def test_slices_are_taken_whole_along_one_long_axis_alone():
    assert slices_axis((5.0, 1.0, 1.0), (1.0, 1.0, 1.0)) == 0
    assert slices_axis((1.0, 1.0, 1.0), (1.0, 1.0, 4.0)) == 2
    assert slices_axis((3.0, 1.0, 1.0), (1.0, 1.0, 1.0)) is None
    assert slices_axis((5.0, 5.0, 1.0), (5.0, 1.0, 1.0)) is None
