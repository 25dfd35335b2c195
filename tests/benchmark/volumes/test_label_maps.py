from __future__ import annotations

import gzip
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.volumes.file_names import case_id, submitted_case_id
from mswal_bench.benchmark.volumes.label_maps import check_labels, read_label_map, read_labels
from mswal_bench.benchmark.volumes.volume_header import read_header

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels

SUFFIXES = [".nii.gz", ".nii", ".mha"]
LABELS = np.random.default_rng(0).integers(0, 8, (5, 6, 7)).astype(np.uint8)


def test_case_ids() -> None:
    assert case_id("MSWAL_0001.nii.gz") == "MSWAL_0001"
    assert case_id("a.b.nii") == "a.b"
    assert case_id("a.mha") == "a"
    assert case_id("a.NII.GZ") == "a"
    assert case_id("a.seg.nrrd") == case_id("a.nrrd") == case_id("a.mhd") == case_id("a.hdr") == "a"
    assert case_id("a.img") is None
    assert submitted_case_id("a.nrrd") is None
    assert case_id(".nii.gz") is None


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])
def test_every_dtype_of_whole_numbers(tmp_path: Path, save_labels: SaveLabels, suffix: str, dtype: str) -> None:
    path = save_labels(tmp_path / f"a{suffix}", LABELS.astype(dtype))
    np.testing.assert_array_equal(read_label_map(path, 7).to_array(), LABELS)
    geometry = read_header(path).geometry
    assert (geometry.shape, geometry.spacing_mm) == ((7, 6, 5), (1.0, 1.0, 2.0))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_more_than_one_block(tmp_path: Path, save_labels: SaveLabels, suffix: str) -> None:
    # 12 MB of noise, 8 bytes a voxel: blocks and voxels do not end together.
    labels = np.random.default_rng(1).integers(0, 8, (11, 367, 373)).astype(np.float64)
    np.testing.assert_array_equal(read_label_map(save_labels(tmp_path / f"a{suffix}", labels), 7).to_array(), labels)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_4d_with_one_volume_is_3d_and_with_two_is_refused(tmp_path: Path, suffix: str) -> None:
    image = SimpleITK.GetImageFromArray(LABELS)
    path = tmp_path / f"a{suffix}"
    SimpleITK.WriteImage(SimpleITK.JoinSeries([image]), str(path))
    np.testing.assert_array_equal(read_label_map(path, 7).to_array(), LABELS)
    SimpleITK.WriteImage(SimpleITK.JoinSeries([image, image]), str(path))
    with pytest.raises(BenchError, match="not one 3D volume"):
        read_label_map(path, 7)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_all_wrong_values_are_told_with_their_numbers(tmp_path: Path, save_labels: SaveLabels, suffix: str) -> None:
    labels = LABELS.astype(np.float32)
    labels[0, 0, :6] = [np.nan, np.inf, 0.5, 1.9999, 8, 8]
    labels[1, 0, 0] = -1
    path = save_labels(tmp_path / f"a{suffix}", labels)
    with pytest.raises(BenchError) as error:
        read_label_map(path, 7)
    not_finite, fractional, outside = [str(problem) for problem in error.value.problems]
    assert "voxels are NaN or infinite: expected labels, found 2 voxels" in not_finite
    assert "0.5 (1 voxel), 1.9999 (1 voxel)" in fractional
    assert "expected 0 to 7, found 8 (2 voxels), -1 (1 voxel)" in outside
    assert all(str(path) in str(problem) for problem in error.value.problems)


def test_checking_without_keeping_tells_the_same(tmp_path: Path, save_labels: SaveLabels) -> None:
    good, bad = save_labels(tmp_path / "good.nii.gz", LABELS), save_labels(tmp_path / "bad.nii.gz", LABELS * 3)
    check_labels(read_header(good), 7)
    with pytest.raises(BenchError) as kept:
        read_label_map(bad, 7)
    with pytest.raises(BenchError) as checked:
        check_labels(read_header(bad), 7)
    assert str(checked.value) == str(kept.value)


def test_a_probability_map_is_told_briefly(tmp_path: Path, save_labels: SaveLabels) -> None:
    path = save_labels(tmp_path / "a.nii.gz", np.random.default_rng(0).random((20, 30, 40)).astype(np.float32))
    with pytest.raises(BenchError, match="and other values") as error:
        read_label_map(path, 7)
    assert len(str(error.value)) < 600


def test_integers_outside_the_labels(tmp_path: Path, save_labels: SaveLabels) -> None:
    labels = LABELS.astype(np.int16)
    labels[0, 0, 0], labels[0, 0, 1] = -1024, 255
    with pytest.raises(BenchError, match=r"-1024 \(1 voxel\), 255 \(1 voxel\)"):
        read_label_map(save_labels(tmp_path / "a.nii.gz", labels), 7)


def test_scaled_labels(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    image = nibabel.Nifti1Image(LABELS.T.astype(float), np.eye(4))
    image.set_data_dtype(np.int16)
    path = tmp_path / "a.nii.gz"
    nibabel.save(image, path)
    assert image.header["scl_slope"] != 1
    np.testing.assert_array_equal(read_label_map(path, 7).to_array(), LABELS)


def _scaled_to_uint8(path: Path, values: Any) -> Path:
    nibabel = pytest.importorskip("nibabel")
    image = nibabel.Nifti1Image(values.T, np.eye(4))
    image.set_data_dtype(np.uint8)
    nibabel.save(image, path)
    return path


def test_labels_scaled_to_8_bits_are_taken_within_half_a_step_and_noted(tmp_path: Path) -> None:
    path = _scaled_to_uint8(tmp_path / "a.nii.gz", LABELS.astype(float))
    notes: list[str] = []
    np.testing.assert_array_equal(read_labels(read_header(path), 7, notes).to_array(), LABELS)
    (note,) = notes
    assert note.startswith(f"{path}: its labels were scaled")
    # 36 of 255 steps of 7/255 are the nearest to 1, and a cast makes it 0.
    assert "0.988235" in note
    assert "would lose label 1, 3, 5" in note
    again: list[str] = []
    check_labels(read_header(path), 7, again)
    assert again == notes


def test_a_probability_map_scaled_to_8_bits_is_refused(tmp_path: Path) -> None:
    path = _scaled_to_uint8(tmp_path / "a.nii.gz", np.random.default_rng(0).random((5, 6, 7)))
    with pytest.raises(BenchError, match="not whole numbers"):
        read_label_map(path, 7)


def test_half_of_a_coarse_step_is_no_label(tmp_path: Path) -> None:
    path = _scaled_to_uint8(tmp_path / "a.nii.gz", LABELS.astype(float))
    plain = bytearray(gzip.decompress(path.read_bytes()))
    struct.pack_into("<f", plain, 112, 1.5)  # one step is 1.5: the values are 0, 1.5, 3 and so on
    path.write_bytes(gzip.compress(bytes(plain)))
    with pytest.raises(BenchError, match=r"1\.5 \(|not whole numbers"):
        read_label_map(path, 255)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_cut_off_anywhere(tmp_path: Path, save_labels: SaveLabels, suffix: str) -> None:
    path = save_labels(tmp_path / f"a{suffix}", LABELS)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(BenchError):
            read_label_map(path, 7)


@pytest.mark.parametrize("suffix", [".nii.gz", ".mha"])
def test_any_changed_byte_of_compressed_voxels_is_found(tmp_path: Path, save_labels: SaveLabels, suffix: str) -> None:
    path = save_labels(tmp_path / f"a{suffix}", LABELS)
    whole = path.read_bytes()
    start = 10 if suffix == ".nii.gz" else whole.index(b"LOCAL\n") + 6
    for place in range(start, len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x04]) + whole[place + 1 :])
        with pytest.raises(BenchError):
            read_label_map(path, 7)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_bytes_after_the_voxels_are_refused(tmp_path: Path, save_labels: SaveLabels, suffix: str) -> None:
    path = save_labels(tmp_path / f"a{suffix}", LABELS)
    path.write_bytes(path.read_bytes() + b"1")
    with pytest.raises(BenchError):
        read_label_map(path, 7)


def test_gzip_in_several_members(tmp_path: Path, save_labels: SaveLabels) -> None:
    plain = save_labels(tmp_path / "a.nii", LABELS).read_bytes()
    path = tmp_path / "b.nii.gz"
    path.write_bytes(gzip.compress(plain[:100]) + gzip.compress(plain[100:400]) + gzip.compress(plain[400:]))
    np.testing.assert_array_equal(read_label_map(path, 7).to_array(), LABELS)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_absurd_size_is_refused_at_once(tmp_path: Path, save_labels: SaveLabels, suffix: str) -> None:
    path = save_labels(tmp_path / f"a{suffix}", LABELS)
    data = path.read_bytes()
    if suffix == ".mha":
        data = data.replace(b"DimSize = 7 6 5", b"DimSize = 999 999 999")
    else:
        plain = gzip.decompress(data) if suffix == ".nii.gz" else data
        plain = plain[:42] + np.array([32767, 32767, 32767], "<i2").tobytes() + plain[48:]
        data = gzip.compress(plain) if suffix == ".nii.gz" else plain
    path.write_bytes(data)
    with pytest.raises(BenchError, match=r"absurd size|cut off"):
        read_label_map(path, 7)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_no_volume(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    with pytest.raises(BenchError, match="No such file"):
        read_label_map(path, 7)
    path.write_bytes(b"")
    with pytest.raises(BenchError, match="the file is empty"):
        read_label_map(path, 7)
    path.write_text("<html>404 not found</html>" * 40)
    with pytest.raises(BenchError, match="not a"):
        read_label_map(path, 7)
    path.unlink()
    path.mkdir()
    with pytest.raises(BenchError, match="a folder"):
        read_label_map(path, 7)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file(tmp_path: Path, save_labels: SaveLabels) -> None:
    path = save_labels(tmp_path / "a.nii.gz", LABELS)
    path.chmod(0)
    with pytest.raises(BenchError, match="Permission denied"):
        read_label_map(path, 7)
