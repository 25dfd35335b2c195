from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.volumes.volume_header import read_header
from mswal_bench.benchmark.volumes.voxel_summary import VoxelSummary, summarize_voxels

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels

# More than a block of 512 KiB of any type.
SHAPE = (40, 100, 90)


def _noise() -> NDArray[np.int16]:
    return np.random.default_rng(0).integers(-1024, 3071, SHAPE, np.int16)


def _summary(save: SaveLabels, path: Path, array: NDArray[Any]) -> VoxelSummary:
    return summarize_voxels(read_header(save(path, array)))


def test_range(tmp_path: Path, save_labels: SaveLabels) -> None:
    array = _noise()
    array[-1, -1, -1], array[0, 0, 0] = 30_000, -2048
    summary = _summary(save_labels, tmp_path / "a.nii.gz", array)
    assert (summary.lowest, summary.highest, summary.not_finite) == (-2048, 30_000, 0)


def test_what_is_not_finite_is_counted_and_left_out(tmp_path: Path, save_labels: SaveLabels) -> None:
    array = np.zeros(SHAPE, np.float32)
    array[0, 0, :3] = np.nan, np.inf, -np.inf
    array[-1, -1, -2:] = np.nan, 0.5
    summary = _summary(save_labels, tmp_path / "a.nii.gz", array)
    assert (summary.lowest, summary.highest, summary.not_finite) == (0, 0.5, 4)


def test_nothing_finite(tmp_path: Path, save_labels: SaveLabels) -> None:
    summary = _summary(save_labels, tmp_path / "a.nii.gz", np.full((2, 3, 4), np.nan, np.float32))
    assert isnan(summary.lowest)
    assert isnan(summary.highest)
    assert summary.not_finite == 24


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.float32, np.float64])
@pytest.mark.parametrize("name", ["a.nii.gz", "a.nii", "a.mha"])
def test_the_digest_is_of_the_values(tmp_path: Path, save_labels: SaveLabels, dtype: Any, name: str) -> None:
    one = _summary(save_labels, tmp_path / "one.nii.gz", _noise())
    other = _summary(save_labels, tmp_path / name, _noise().astype(dtype))
    assert one == other


def test_the_digest_is_of_scaled_values(tmp_path: Path, save_labels: SaveLabels) -> None:
    path = save_labels(tmp_path / "a.nii", _noise() + np.int16(1024))
    content = bytearray(path.read_bytes())
    content[112:120] = np.array([1, -1024], "<f4").tobytes()
    path.write_bytes(content)
    assert summarize_voxels(read_header(path)) == _summary(save_labels, tmp_path / "b.nii.gz", _noise())


def test_another_voxel_or_shape_is_another_digest(tmp_path: Path, save_labels: SaveLabels) -> None:
    array = _noise()
    array[20, 20, 20] += 1
    volumes = (_noise(), array, _noise().reshape(100, 40, 90))
    digests = {_summary(save_labels, tmp_path / f"{i}.nii.gz", one).digest for i, one in enumerate(volumes)}
    assert len(digests) == 3


def test_a_damaged_file(tmp_path: Path, save_labels: SaveLabels) -> None:
    path = save_labels(tmp_path / "a.nii.gz", _noise())
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(BenchError, match="cut off"):
        summarize_voxels(read_header(path))


def test_a_real_ct_has_one_digest_whatever_its_type(example_ct: Path, tmp_path: Path) -> None:
    volume = SimpleITK.Cast(SimpleITK.ReadImage(str(example_ct)), SimpleITK.sitkInt16)
    digests = set()
    for kind in (SimpleITK.sitkInt16, SimpleITK.sitkInt32, SimpleITK.sitkFloat64):
        path = tmp_path / f"{kind}.nii.gz"
        SimpleITK.WriteImage(SimpleITK.Cast(volume, kind), str(path))
        digests.add(summarize_voxels(read_header(path)).digest)
    assert len(digests) == 1
    volume[5, 5, 5] += 1
    SimpleITK.WriteImage(volume, str(tmp_path / "other.nii"))
    digests.add(summarize_voxels(read_header(tmp_path / "other.nii")).digest)
    assert len(digests) == 2
