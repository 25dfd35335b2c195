"""Fingerprints taken plane by plane, against nnU-Net's own."""

import json
import pickle

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("nnunetv2")
import SimpleITK
from nnunetv2.experiment_planning.dataset_fingerprint import fingerprint_extractor
from nnunetv2.experiment_planning.dataset_fingerprint.fingerprint_extractor import DatasetFingerprintExtractor
from nnunetv2.imageio.nibabel_reader_writer import NibabelIO
from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO

from mswal_bench.baselines.nnunet.case_fingerprint import PlaneByPlaneFingerprint

from .quick_nnunet import quick_nnunet

SHAPE = 24, 30, 33


def body():
    """A CT that is 0 in a hole, and nowhere at its border."""
    voxels = np.random.default_rng(0).normal(40, 300, SHAPE).astype(np.int16)
    voxels[voxels == 0] = 1
    voxels[5:9, 6:12, 7:13] = 0
    return voxels


def lesions(shape=SHAPE, share=0.02):
    rng = np.random.default_rng(1)
    return (rng.integers(1, 8, shape) * (rng.random(shape) < share)).astype(np.uint8)


def save(path, voxels, spacing=(0.75, 0.9, 1.3)):
    image = SimpleITK.GetImageFromArray(voxels)
    image.SetSpacing(spacing)
    SimpleITK.WriteImage(image, str(path))
    return str(path)


def assert_equal(found, expected):
    """In every number and in the kinds of all of them."""
    assert type(found) is type(expected)
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            assert_equal(found[name], value)
    elif isinstance(expected, list | tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_equal(one, other)
    else:
        np.testing.assert_array_equal(found, expected)
        assert getattr(found, "dtype", None) == getattr(expected, "dtype", None)


def assert_as_nnunet(folder, voxels, labels, *, samples=10_000, reader=SimpleITKIO, alone=True):
    files = [save(folder / "a_0000.nii.gz", voxels)], save(folder / "a.nii.gz", labels)
    expected = DatasetFingerprintExtractor.analyze_case(*files, reader, samples)
    left = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            DatasetFingerprintExtractor, "analyze_case", lambda *case: left.append(case) or expected, raising=True
        )
        found = PlaneByPlaneFingerprint.analyze_case(*files, reader, samples)
    assert_equal(found, expected)
    assert (left == []) is alone
    return found


@pytest.mark.parametrize("samples", [10_000, 777])
@pytest.mark.parametrize("share", [0, 1e-4, 0.02, 0.9])
def test_every_number_is_nnunets(tmp_path, share, samples):
    """Without foreground, with less and with more of it than is drawn."""
    labels = lesions(share=share)
    _, _, (drawn,), (described,), _ = assert_as_nnunet(tmp_path, body(), labels, samples=samples)
    assert len(drawn) == (samples if share else 0)
    assert np.isnan(described["mean"]) == (share == 0)


@pytest.mark.parametrize("empty", [((2, 3), (4, 0), (0, 5)), ((1, 1), (1, 1), (1, 1))])
def test_zero_around_the_body_is_cropped_and_foreground_there_does_not_count(tmp_path, empty):
    voxels, labels = np.pad(body(), empty), np.pad(lesions(), empty, constant_values=3)
    shape, spacing, _, _, share = assert_as_nnunet(tmp_path, voxels, labels)
    assert shape == SHAPE
    # A NIfTI header has float32.
    assert spacing == [np.float32(1.3), np.float32(0.9), 0.75]
    assert share == np.prod(SHAPE) / voxels.size


def test_an_image_of_nothing_but_zero_stays_whole(tmp_path):
    shape, *_ = assert_as_nnunet(tmp_path, np.zeros(SHAPE, np.int16), lesions())
    assert shape == SHAPE


def test_intensities_below_zero_alone(tmp_path):
    assert_as_nnunet(tmp_path, -1 - np.abs(body()), lesions())


@pytest.mark.parametrize("of_image", [np.uint8, np.uint16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("of_labels", [np.int8, np.int16, np.uint16, np.int64])
def test_kinds_of_numbers(tmp_path, of_image, of_labels):
    voxels = np.abs(body()) * (1.1 if np.dtype(of_image).kind == "f" else 1)
    labels = lesions().astype(of_labels)
    if np.dtype(of_labels).kind == "i":
        labels[3] = -labels[3]
    assert_as_nnunet(tmp_path, voxels.astype(of_image), labels)


def test_whole_numbers_that_float32_rounds(tmp_path):
    assert_as_nnunet(tmp_path, body().astype(np.int32) * 70_001, lesions())


def test_numbers_that_are_nothing_in_float32_are_cropped(tmp_path):
    voxels = np.pad(body().astype(np.float64), 2, constant_values=1e-60)
    shape, *_ = assert_as_nnunet(tmp_path, voxels, np.pad(lesions(), 2))
    assert shape == SHAPE


def test_other_cases_are_left_to_nnunet(tmp_path):
    assert_as_nnunet(tmp_path, body(), lesions().astype(np.float32), alone=False)
    assert_as_nnunet(tmp_path, body(), lesions(), reader=NibabelIO, alone=False)
    two = SimpleITK.JoinSeries([SimpleITK.GetImageFromArray(channel) for channel in (body(), body() + 1)])
    four = save(tmp_path / "four.nii.gz", SimpleITK.GetArrayFromImage(two))
    files = [four], save(tmp_path / "b.nii.gz", lesions())
    assert_equal(
        PlaneByPlaneFingerprint.analyze_case(*files, SimpleITKIO),
        DatasetFingerprintExtractor.analyze_case(*files, SimpleITKIO),
    )


def test_what_is_not_a_number_is_refused_by_nnunet(tmp_path):
    voxels = body().astype(np.float32)
    voxels[3, 4, 5] = np.nan
    # Of a NIfTI file SimpleITK gives 0 for it.
    files = [save(tmp_path / "a_0000.mha", voxels)], save(tmp_path / "a.mha", lesions())
    with pytest.raises(AssertionError, match="NaN"):
        PlaneByPlaneFingerprint.analyze_case(*files, SimpleITKIO)


def test_of_a_data_set(tmp_path, monkeypatch):
    raw = tmp_path / "raw" / "Dataset001_Bench"
    for folder in ("imagesTr", "labelsTr"):
        (raw / folder).mkdir(parents=True)
    for number in range(3):
        voxels = np.pad(np.roll(body(), number, 2) + number, ((0, number), (number, 0), (0, 1)))
        save(raw / "imagesTr" / f"c{number}_0000.nii.gz", voxels, spacing=(0.8, 0.8, 1 + number))
        save(raw / "labelsTr" / f"c{number}.nii.gz", lesions(voxels.shape))
    description = {"labels": {"background": 0, "lesion": 1}, "channel_names": {"0": "CT"}, "numTraining": 3}
    (raw / "dataset.json").write_text(json.dumps(description | {"file_ending": ".nii.gz"}))
    monkeypatch.setattr(fingerprint_extractor, "nnUNet_raw", str(raw.parent))
    monkeypatch.setattr(fingerprint_extractor, "maybe_convert_to_dataset_name", str)
    made = []
    with quick_nnunet():
        for extractor in (DatasetFingerprintExtractor, PlaneByPlaneFingerprint):
            out = tmp_path / extractor.__name__
            monkeypatch.setattr(fingerprint_extractor, "nnUNet_preprocessed", str(out))
            taker = extractor(raw.name, num_processes=1)
            taker.num_foreground_voxels_for_intensitystats = 90_000
            taker.show_progress_bar = False
            taker.run()
            made.append(json.loads((out / raw.name / "dataset_fingerprint.json").read_text()))
            # No case of the second is left to it.
            monkeypatch.setattr(DatasetFingerprintExtractor, "analyze_case", None)
    expected, found = made
    assert found == expected
    assert found["shapes_after_crop"] == [list(SHAPE)] * 3
    assert fingerprint_extractor.DatasetFingerprintExtractor is DatasetFingerprintExtractor


def test_workers_can_be_told_the_function():
    assert pickle.loads(pickle.dumps(PlaneByPlaneFingerprint.analyze_case)) is PlaneByPlaneFingerprint.analyze_case
