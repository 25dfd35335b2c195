"""Training cases prepared plane by plane, against nnU-Net's own preprocessing."""

import pickle

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("nnunetv2")
import blosc2
import SimpleITK
from nnunetv2.preprocessing.cropping.cropping import crop_to_nonzero
from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor

from mswal_bench.baselines.nnunet.case_preparation import PlaneByPlane
from mswal_bench.baselines.nnunet.nonzero_crop import mark_outside

from .test_image_preparation import plans, write

DESCRIPTION = {
    "labels": {"background": 0, **{f"lesion {label}": label for label in range(1, 8)}},
    "channel_names": {"0": "CT"},
    "file_ending": ".nii.gz",
}


def write_labels(path, image, kind=np.uint8):
    """Balls and single voxels of all classes."""
    of_image = SimpleITK.ReadImage(str(image))
    shape = of_image.GetSize()[::-1]
    rng = np.random.default_rng(1)
    labels = np.zeros(shape, kind)
    grid = np.ogrid[tuple(slice(size) for size in shape)]
    for label in range(1, 8):
        centre = [rng.integers(size) for size in shape]
        labels[sum((axis - at) ** 2 for axis, at in zip(grid, centre, strict=True)) < 16] = label
        labels[tuple(rng.integers(size) for size in shape)] = label
    made = SimpleITK.GetImageFromArray(labels)
    made.CopyInformation(of_image)
    SimpleITK.WriteImage(made, str(path))
    return path


def assert_same_files(folder, of_plans, image, labels):
    configuration = of_plans.get_configuration("3d_fullres")
    for preprocessor in (DefaultPreprocessor, PlaneByPlane):
        where = folder / preprocessor.__name__
        preprocessor(verbose=False).run_case_save(
            str(where), [str(image)], str(labels), of_plans, configuration, DESCRIPTION
        )
    one, other = DefaultPreprocessor.__name__, PlaneByPlane.__name__
    for ending in (".b2nd", "_seg.b2nd"):
        expected, found = (blosc2.open(str(folder / f"{name}{ending}"))[:] for name in (one, other))
        assert found.dtype == expected.dtype
        if ending == ".b2nd":
            np.testing.assert_array_max_ulp(found, expected, 1)
            assert (found != expected).mean() <= 1e-4
        else:
            np.testing.assert_array_equal(found, expected)
            assert len(np.unique(found)) >= 7
    expected, found = (pickle.loads((folder / f"{name}.pkl").read_bytes()) for name in (one, other))
    places, found_places = expected.pop("class_locations"), found.pop("class_locations")
    assert found == expected
    assert found_places.keys() == places.keys()
    for label, of_label in places.items():
        np.testing.assert_array_equal(found_places[label], of_label)


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1)])
@pytest.mark.parametrize("empty", [0, 3])
def test_what_is_stored_is_nnunets(tmp_path, axes, empty):
    image = write(tmp_path / "a_0000.nii.gz", empty=empty)
    assert_same_files(tmp_path, plans(axes=axes), image, write_labels(tmp_path / "a.nii.gz", image))


@pytest.mark.parametrize("spacing", [(1, 1, 6), (6, 1, 1)])
def test_long_voxels(tmp_path, spacing):
    image = write(tmp_path / "a_0000.nii.gz", spacing=spacing)
    assert_same_files(tmp_path, plans(spacing=(2.0, 1.2, 1.2)), image, write_labels(tmp_path / "a.nii.gz", image))


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_kinds_of_labels(tmp_path, kind):
    image = write(tmp_path / "a_0000.nii.gz")
    assert_same_files(tmp_path, plans(), image, write_labels(tmp_path / "a.nii.gz", image, kind))


def test_other_plans_are_left_to_nnunet(tmp_path):
    image = write(tmp_path / "a_0000.nii.gz")
    labels = write_labels(tmp_path / "a.nii.gz", image)
    assert_same_files(tmp_path, plans(normalisation="ZScoreNormalization"), image, labels)


def test_zero_outside_the_body_is_told_from_zero_in_it():
    rng = np.random.default_rng(0)
    # Most voxels are 0, so that many parts of them reach the border on winding ways, and some do not.
    voxels = (rng.random((9, 10, 11)) < 0.6).astype(np.int16)
    voxels[[0, -1], 3, 3] = voxels[3, [0, -1], 3] = voxels[3, 3, [0, -1]] = 1
    labels = rng.integers(0, 2, voxels.shape).astype(np.int16)
    _, expected, _ = crop_to_nonzero(voxels[None].copy(), labels[None].copy())
    mark_outside(labels, voxels)
    assert {-1, 0, 1} == set(np.unique(labels).tolist())
    np.testing.assert_array_equal(labels, expected[0])
