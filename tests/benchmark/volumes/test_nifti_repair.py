"""Placements copied between headers, and read again by SimpleITK. Repairs are tested with the inspection."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.volumes.geometry import differing
from mswal_bench.benchmark.volumes.nifti_header import read_nifti_header
from mswal_bench.benchmark.volumes.nifti_repair import copy_placement


def _write(path: Path, origin: tuple[float, float, float] = (0, 0, 0)) -> Path:
    volume = SimpleITK.GetImageFromArray(np.arange(60, dtype=np.uint8).reshape(3, 4, 5))
    volume.SetOrigin(origin)
    SimpleITK.WriteImage(volume, str(path))
    return path


def test_nothing_changes_where_nothing_differs(tmp_path: Path) -> None:
    one, other = _write(tmp_path / "one.nii.gz"), _write(tmp_path / "other.nii")
    assert copy_placement(one, other, tmp_path / "out.nii") == {}
    assert (tmp_path / "out.nii").read_bytes() == other.read_bytes()


def test_what_changed_is_told(tmp_path: Path) -> None:
    one, other = _write(tmp_path / "one.nii.gz", (1, 2, 3)), _write(tmp_path / "other.nii.gz")
    changes = copy_placement(one, other, tmp_path / "out.nii.gz")
    assert set(changes) == {"qoffset", "srow"}
    assert changes["qoffset"] == ([0, 0, 0], [-1, -2, 3])
    assert differing(read_nifti_header(one).geometry, read_nifti_header(tmp_path / "out.nii.gz").geometry) == {}


def test_the_same_voxels_make_the_same_file(tmp_path: Path) -> None:
    one, other = _write(tmp_path / "one.nii.gz", (1, 2, 3)), _write(tmp_path / "other.nii.gz")
    for name in ("out.nii.gz", "again.nii.gz"):
        copy_placement(one, other, tmp_path / name)
    assert (tmp_path / "out.nii.gz").read_bytes() == (tmp_path / "again.nii.gz").read_bytes()


def test_no_nifti(tmp_path: Path) -> None:
    (tmp_path / "text.nii.gz").write_text("text " * 100)
    with pytest.raises(BenchError, match="not a NIfTI file"):
        copy_placement(tmp_path / "text.nii.gz", _write(tmp_path / "a.nii.gz"), tmp_path / "out.nii.gz")


def test_real_axes_are_copied_as_simpleitk_reads_them(kits_raters: Path, tmp_path: Path) -> None:
    """I-P-L axes, of which none is where a plain header puts it."""
    source = min((kits_raters / "rater1").iterdir(), key=lambda path: path.stat().st_size)
    image = SimpleITK.ReadImage(str(source))
    plain = SimpleITK.GetImageFromArray(SimpleITK.GetArrayFromImage(image))
    SimpleITK.WriteImage(plain, str(tmp_path / "plain.nii.gz"), useCompression=True)
    copy_placement(source, tmp_path / "plain.nii.gz", tmp_path / "placed.nii.gz")
    placed = SimpleITK.ReadImage(str(tmp_path / "placed.nii.gz"))
    assert placed.GetDirection() == image.GetDirection() != plain.GetDirection()
    assert (placed.GetSpacing(), placed.GetOrigin()) == (image.GetSpacing(), image.GetOrigin())
    unpacked = [gzip.decompress((tmp_path / f"{name}.nii.gz").read_bytes())[352:] for name in ("plain", "placed")]
    assert unpacked[0] == unpacked[1]
    assert np.array_equal(SimpleITK.GetArrayFromImage(placed), SimpleITK.GetArrayFromImage(image))
