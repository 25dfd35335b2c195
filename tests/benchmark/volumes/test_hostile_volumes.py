"""Headers that ask for far more than there is: refused before anything of it is read or held."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.volumes.label_maps import read_label_map
from mswal_bench.benchmark.volumes.volume_header import read_header
from mswal_bench.tests.conftest import SaveLabels
from mswal_bench.tests.counted_calls import at_most_calls

LABELS = np.zeros((3, 4, 5), np.uint8)


def _refused(path: Path, match: str) -> None:
    tracemalloc.start()
    with at_most_calls(50_000), pytest.raises(BenchError, match=match):
        read_label_map(path, 7)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 16 << 20


@pytest.mark.parametrize("flag", [8, 16])
def test_a_gzip_header_without_end(tmp_path: Path, flag: int) -> None:
    path = tmp_path / "a.nii.gz"
    path.write_bytes(b"\x1f\x8b\x08" + bytes([flag]) + bytes(6) + b"A" * 20_000_000)
    _refused(path, "corrupt")


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("offset", [1e10, 3e38, float("inf"), float("nan"), -1e9, 100.0])
def test_voxels_far_away(tmp_path: Path, save_labels: SaveLabels, suffix: str, offset: float) -> None:
    plain = bytearray(save_labels(tmp_path / "b.nii", LABELS).read_bytes())
    struct.pack_into("<f", plain, 108, offset)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(gzip.compress(plain) if suffix.endswith("gz") else plain)
    _refused(path, "no valid voxel offset")


@pytest.mark.parametrize("size", [1000, 10_000])
def test_more_voxels_than_the_file_can_hold(tmp_path: Path, save_labels: SaveLabels, size: int) -> None:
    plain = bytearray(save_labels(tmp_path / "b.nii", LABELS).read_bytes())
    struct.pack_into("<4h", plain, 40, 3, size, size, size)
    path = tmp_path / "a.nii.gz"
    path.write_bytes(gzip.compress(bytes(plain) + bytes(50_000_000), 1))
    _refused(path, "absurd size" if size == 10_000 else "cut off")


@pytest.mark.parametrize(
    ("line", "match"),
    [
        ("DimSize = 1e300 1e300 1e300", "absurd size"),
        ("DimSize = " + "1 " * 1900, "no valid DimSize"),
        ("DimSize = 1e999 1 1", "no valid DimSize"),
        ("NDims = " + "9" * 5000, "two lines of NDims"),
    ],
)
def test_a_metaimage_of_absurd_numbers(tmp_path: Path, save_labels: SaveLabels, line: str, match: str) -> None:
    path = save_labels(tmp_path / "a.mha", LABELS)
    path.write_bytes(path.read_bytes().replace(b"DimSize = 5 4 3", line.encode()))
    _refused(path, match)


def test_a_metaimage_header_without_end(tmp_path: Path) -> None:
    path = tmp_path / "a.mha"
    path.write_bytes(b"Comment = x\n" * 2_000_000)
    with pytest.raises(BenchError, match="not a MetaImage file"):
        read_header(path)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("at", [*range(76, 92, 4), *range(256, 328, 4)])
@pytest.mark.parametrize("number", [3e38, float("inf"), float("nan")])
def test_a_header_of_absurd_numbers_is_refused_or_read_without_a_warning(
    tmp_path: Path, save_labels: SaveLabels, at: int, number: float
) -> None:
    path = save_labels(tmp_path / "a.nii", LABELS)
    plain = bytearray(path.read_bytes())
    struct.pack_into("<f", plain, at, number)
    path.write_bytes(plain)
    try:
        geometry = read_header(path).geometry
    except BenchError:
        return
    assert np.isfinite([*geometry.spacing_mm, *geometry.origin_mm, *geometry.direction]).all()
