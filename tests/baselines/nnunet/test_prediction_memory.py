"""What a prediction needs by the headers of its images, and what follows from it."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("nnunetv2")
import SimpleITK
from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO
from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
from nnunetv2.preprocessing.resampling.default_resampling import resample_data_or_seg_to_shape

from mswal_bench.baselines.nnunet import prediction_memory
from mswal_bench.baselines.nnunet.prediction_memory import PredictionMemory
from mswal_bench.baselines.preparation_memory_estimates import LIBRARIES_BYTES
from mswal_bench.baselines.worker_memory import Room

# Of the larger image on its network's grid of (40, 80, 100): prepared it takes 80,000 voxels of 2 bytes and 320,000 of
# 4; the window holds the latter and sums of 2 folds, 8 classes and 32 planes, of 2 bytes; the export 3 bytes a voxel as
# stored, and 64 planes of 8 classes.
PREPARE = 80_000 * 2 + 320_000 * 4
WINDOW = 320_000 * 4 + 2 * 8 * 32 * 80 * 100 * 2
EXPORT = 80_000 * 3 + 64 * 8 * 80 * 100 * 2


@pytest.fixture
def images(tmp_path):
    found = {}
    for case, shape in {"small": (10, 20, 20), "large": (20, 40, 100)}.items():
        image = SimpleITK.GetImageFromArray(np.zeros(shape, np.int16))
        image.SetSpacing((1.0, 2.0, 2.0))
        found[case] = tmp_path / f"{case}_0000.nii.gz"
        SimpleITK.WriteImage(image, str(found[case]))
    return found


def memory(monkeypatch, images, room, *, cores=2, is_seg=False, normalization="CTNormalization"):
    resample = partial(resample_data_or_seg_to_shape, is_seg=is_seg, order=1, order_z=0, force_separate_z=None)
    of_image = partial(resample_data_or_seg_to_shape, is_seg=False, order=3, order_z=0, force_separate_z=None)
    configuration = SimpleNamespace(
        spacing=[1.0, 1.0, 1.0],
        patch_size=[32, 80, 80],
        resampling_fn_data=of_image,
        resampling_fn_probabilities=resample,
        preprocessor_class=DefaultPreprocessor,
        normalization_schemes=[normalization],
    )
    networks = SimpleNamespace(
        configuration=configuration,
        plans=SimpleNamespace(transpose_forward=[0, 1, 2], image_reader_writer_class=SimpleITKIO),
        labels=SimpleNamespace(num_segmentation_heads=8, has_regions=False),
        weights=[{}, {}],
    )
    monkeypatch.setattr(prediction_memory, "room_for_workers", lambda given: Room(int(room), "so much is free"))
    monkeypatch.setattr(prediction_memory, "cores", lambda: cores)
    return PredictionMemory(networks, images, None)


def test_an_image_that_does_not_fit_is_named_before_it_begins(images, tmp_path, monkeypatch):
    assert memory(monkeypatch, images, WINDOW + EXPORT).do_not_fit() == {}
    found = memory(monkeypatch, images, WINDOW + EXPORT - 1).do_not_fit()
    assert found == {
        "large": "its prediction needs about 0.02 GB of memory, by estimate and without the network: so much is free. "
        "Use a machine or a job with more memory, or give `--memory` (in Python `memory_gb`) where it is known to be "
        "enough."
    }
    # What has no header is told of when it is read.
    (tmp_path / "none_0000.nii.gz").write_text("no volume")
    assert memory(monkeypatch, {"none": tmp_path / "none_0000.nii.gz"}, 0).do_not_fit() == {}


def test_stages_are_for_what_is_large_and_fits(images, monkeypatch):
    monkeypatch.setattr(prediction_memory, "WORTH_VOXELS", 84_000)
    enough = 2 * LIBRARIES_BYTES + PREPARE + WINDOW + EXPORT
    assert memory(monkeypatch, images, enough).allows_stages()
    assert not memory(monkeypatch, images, enough - 1).allows_stages()
    assert not memory(monkeypatch, images, enough, cores=1).allows_stages()
    # nnU-Net's own export takes all planes at once.
    assert not memory(monkeypatch, images, enough, is_seg=True).allows_stages()
    assert not memory(monkeypatch, {"large": images["large"]}, enough).allows_stages()
    monkeypatch.setattr(prediction_memory, "WORTH_VOXELS", 84_001)
    assert not memory(monkeypatch, images, enough).allows_stages()


def test_what_is_left_to_nnunet_needs_more(images, monkeypatch):
    large = {"large": images["large"]}
    enough = WINDOW + EXPORT
    assert memory(monkeypatch, large, enough).do_not_fit() == {}
    # All planes of logits, and all of them resampled.
    of_all = 8 * (320_000 * 2 + 80_000 * 10)
    assert memory(monkeypatch, large, WINDOW + of_all, is_seg=True).do_not_fit() == {}
    assert memory(monkeypatch, large, WINDOW + of_all - 1, is_seg=True).do_not_fit()
    assert memory(monkeypatch, large, PREPARE, normalization="ZScoreNormalization").do_not_fit()
