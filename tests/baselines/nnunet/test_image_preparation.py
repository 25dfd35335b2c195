"""Images prepared plane by plane, against nnU-Net's own preprocessing of them."""

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("nnunetv2")
import SimpleITK
from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

from mswal_bench.baselines.nnunet.image_preparation import prepare_image
from mswal_bench.baselines.nnunet.nonzero_crop import nonzero_box

RESAMPLING = {"is_seg": False, "order": 3, "order_z": 0, "force_separate_z": None}
SEGMENTATION = {"is_seg": True, "order": 1, "order_z": 0, "force_separate_z": None}
INTENSITIES = {"mean": 85.3, "std": 141.7, "percentile_00_5": -958.0, "percentile_99_5": 331.0}
DESCRIPTION = {"labels": {"background": 0, "lesion": 1}, "channel_names": {"0": "CT"}}


def plans(*, axes=(0, 1, 2), spacing=(1.0, 1.0, 1.0), normalisation="CTNormalization", order=3):
    to_shape = "resample_data_or_seg_to_shape"
    configuration = {
        "preprocessor_name": "DefaultPreprocessor",
        "patch_size": [16, 16, 16],
        "architecture": {"network_class_name": "none", "arch_kwargs": {}, "_kw_requires_import": []},
        "spacing": list(spacing),
        "normalization_schemes": [normalisation],
        "use_mask_for_norm": [False],
        "resampling_fn_data": to_shape,
        "resampling_fn_data_kwargs": RESAMPLING | {"order": order},
        "resampling_fn_seg": to_shape,
        "resampling_fn_seg_kwargs": SEGMENTATION,
    }
    return PlansManager(
        {
            "plans_name": "p",
            "image_reader_writer": "SimpleITKIO",
            "transpose_forward": list(axes),
            "transpose_backward": np.argsort(axes).tolist(),
            "foreground_intensity_properties_per_channel": {"0": INTENSITIES},
            "configurations": {"3d_fullres": configuration},
        }
    )


def write(path, *, kind=np.int16, spacing=(0.8, 0.9, 1.3), empty=0, shape=(23, 31, 28)):
    """A CT with `empty` voxels of 0 around it; SimpleITK's axes of spacing are (x, y, z)."""
    rng = np.random.default_rng(0)
    voxels = rng.normal(40, 300, shape).astype(kind)
    voxels[5:9, 6:12, 7:13] = 0
    image = SimpleITK.GetImageFromArray(np.pad(voxels, empty))
    image.SetSpacing(spacing)
    image.SetOrigin((3, -4, 5.5))
    image.SetDirection((0, 1, 0, 1, 0, 0, 0, 0, -1))
    SimpleITK.WriteImage(image, str(path))
    return path


def both(image, of_plans):
    configuration = of_plans.get_configuration("3d_fullres")
    expected, _, told = DefaultPreprocessor(verbose=False).run_case(
        [str(image)], None, of_plans, configuration, DESCRIPTION
    )
    return expected, told, *prepare_image(image, of_plans, configuration, DESCRIPTION)


def assert_same(image, of_plans):
    expected, told, found, properties = both(image, of_plans)
    assert properties == told
    assert found.dtype == expected.dtype == np.float32
    assert (found != expected).mean() <= 1e-4
    np.testing.assert_array_max_ulp(found, expected, 1)


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("empty", [0, 3])
def test_as_nnunet(tmp_path, axes, empty):
    assert_same(write(tmp_path / "a.nii.gz", empty=empty), plans(axes=axes))


@pytest.mark.parametrize("kind", [np.uint8, np.int32, np.float32, np.float64])
def test_kinds_of_numbers(tmp_path, kind):
    assert_same(write(tmp_path / "a.mha", kind=kind), plans())


@pytest.mark.parametrize("spacing", [(1, 1, 6), (6, 1, 1), (1, 6, 1)])
def test_long_voxels(tmp_path, spacing):
    assert_same(write(tmp_path / "a.nii.gz", spacing=spacing), plans(spacing=(2.0, 1.2, 1.2)))


def test_an_image_on_the_networks_grid_is_not_resampled(tmp_path):
    image = write(tmp_path / "a.nii.gz", spacing=(1, 1, 1))
    expected, _, found, _ = both(image, plans())
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("change", [{"normalisation": "ZScoreNormalization"}, {"order": 1}])
def test_other_plans_are_left_to_nnunet(tmp_path, change):
    expected, told, found, properties = both(write(tmp_path / "a.nii.gz"), plans(**change))
    np.testing.assert_array_equal(found, expected)
    assert properties == told


def test_an_image_of_one_slice(tmp_path):
    assert_same(write(tmp_path / "a.nii.gz", shape=(1, 31, 28)), plans(spacing=(1.3, 1.0, 1.0)))


def test_the_box_of_what_is_not_zero():
    voxels = np.zeros((4, 5, 6))
    assert nonzero_box(voxels) == [[0, 4], [0, 5], [0, 6]]
    voxels[1, 2, 3] = voxels[2, 0, 3] = -7
    assert nonzero_box(voxels) == [[1, 3], [0, 3], [3, 4]]
    # In float32 this is 0.
    assert nonzero_box(np.where(voxels == 0, 1e-60, voxels)) == [[1, 3], [0, 3], [3, 4]]
