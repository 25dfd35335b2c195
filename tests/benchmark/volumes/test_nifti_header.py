"""Headers written with nibabel, where SimpleITK writes only one kind, and read by SimpleITK for comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.volumes.geometry import Geometry
from mswal_bench.benchmark.volumes.nifti_header import read_nifti_header
from mswal_bench.benchmark.volumes.stored_volume import VolumeError

nibabel = pytest.importorskip("nibabel")


def _turn(seed: int) -> NDArray[np.float64]:
    """A random affine, half of them with a mirrored axis."""
    random = np.random.default_rng(seed)
    affine = np.eye(4)
    affine[:3, :3] = np.linalg.qr(random.normal(size=(3, 3)))[0] * random.uniform(0.3, 5.0, 3)
    affine[:3, 3] = random.uniform(-900, 900, 3)
    return affine


def _save(path: Path, change: dict[str, Any] | None = None, order: str = "<", affine: Any = None) -> Path:
    """A volume of 3 x 4 x 5 voxels; `change` sets fields of the header as bytes on disk."""
    image = nibabel.Nifti1Image(np.zeros((3, 4, 5), np.uint8), _turn(0) if affine is None else affine)
    header = image.header.as_byteswapped(order) if order != "<" else image.header
    header["vox_offset"], header["magic"] = 352, b"n+1"
    for name, value in (change or {}).items():
        header[name] = value
    path.write_bytes(header.binaryblock + bytes(4) + bytes(60))
    return path


def _by_simpleitk(path: Path) -> Geometry:
    image = SimpleITK.ReadImage(str(path))
    return Geometry(image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection())


def _assert_alike(ours: Geometry, theirs: Geometry) -> None:
    assert ours.shape == theirs.shape
    for name in ("spacing_mm", "origin_mm", "direction"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), atol=1e-4)


@pytest.mark.parametrize("sform_code", [0, 1, 2])
@pytest.mark.parametrize("qform_code", [0, 1, 2])
@pytest.mark.parametrize("alike", [True, False])
def test_placed_as_simpleitk_does(tmp_path: Path, sform_code: int, qform_code: int, alike: bool) -> None:
    affine = _turn(3 * sform_code + qform_code)
    image = nibabel.Nifti1Image(np.zeros((3, 4, 5), np.uint8), affine)
    image.set_qform(affine, qform_code)
    if not alike:
        affine = affine + np.array([[0, 0, 0, 7.0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    image.set_sform(affine, sform_code)
    path = tmp_path / "a.nii.gz"
    nibabel.save(image, path)
    _assert_alike(read_nifti_header(path).geometry, _by_simpleitk(path))


@pytest.mark.parametrize(("unit", "factor"), [(0, 1.0), (1, 1000.0), (2, 1.0), (3, 0.001)])
def test_units_of_length(tmp_path: Path, unit: int, factor: float) -> None:
    # 8 is seconds, in the bits beside those of the length.
    path = _save(tmp_path / "a.nii", {"xyzt_units": unit + 8})
    plain = _save(tmp_path / "b.nii", {"xyzt_units": 2})
    expected = np.array(read_nifti_header(plain).geometry.spacing_mm) * factor
    np.testing.assert_allclose(read_nifti_header(path).geometry.spacing_mm, expected, rtol=1e-6)
    _assert_alike(read_nifti_header(path).geometry, _by_simpleitk(path))


def test_big_endian(tmp_path: Path) -> None:
    header = read_nifti_header(_save(tmp_path / "a.nii", {"datatype": 4, "bitpix": 16}, order=">"))
    assert header.dtype == np.dtype(">i2")
    assert header.geometry == read_nifti_header(_save(tmp_path / "b.nii")).geometry


@pytest.mark.parametrize("slope", [0.0, np.nan, np.inf, 1.0])
@pytest.mark.parametrize("intercept", [0.0, np.nan])
def test_a_slope_that_means_not_scaled(tmp_path: Path, slope: float, intercept: float) -> None:
    if slope == 1.0 and np.isnan(intercept):
        intercept = 0.0
    header = read_nifti_header(_save(tmp_path / "a.nii", {"scl_slope": slope, "scl_inter": intercept}))
    assert (header.slope, header.intercept) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("slope", "intercept"), [(0.0, 5.0), (np.nan, 5.0), (np.inf, 5.0), (2.0, np.nan), (2.0, np.inf), (1e-20, 0.0)]
)
def test_values_that_readers_take_differently_are_refused(tmp_path: Path, slope: float, intercept: float) -> None:
    path = _save(tmp_path / "a.nii", {"scl_slope": slope, "scl_inter": intercept})
    by_simpleitk = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
    try:
        by_nibabel = np.asarray(nibabel.load(path).dataobj).T
        assert not np.array_equal(by_simpleitk, by_nibabel) or slope == 1e-20  # all voxels are 0
    except nibabel.spatialimages.HeaderDataError:
        pass
    with pytest.raises(VolumeError, match="readers disagree about the values") as error:
        read_nifti_header(path)
    assert error.value.fault == "bad-scaling"


def test_a_slope(tmp_path: Path) -> None:
    header = read_nifti_header(_save(tmp_path / "a.nii", {"scl_slope": 0.5, "scl_inter": -1.0}))
    assert (header.slope, header.intercept) == (0.5, -1.0)


def test_a_skew_that_simpleitk_refuses_is_refused_with_the_file_named(tmp_path: Path) -> None:
    affine = np.diag([1.0, 2.0, 3.0, 1.0])
    affine[0, 2] = 1.5e-3
    path = _save(tmp_path / "a.nii", {"qform_code": 0, "sform_code": 1}, affine=affine)
    with pytest.raises(RuntimeError, match="orthonormal"):
        _by_simpleitk(path)
    with pytest.raises(VolumeError, match=f"{path}.*not at right angles; SimpleITK") as error:
        read_nifti_header(path)
    assert error.value.fault == "bad-geometry"


def test_a_sheared_sform_with_a_qform_gives_way_to_it(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.nii", {"qform_code": 1, "sform_code": 1, "srow_x": [1.0, 1.0, 0.0, 0.0]})
    _assert_alike(read_nifti_header(path).geometry, _by_simpleitk(path))


_SHEAR = np.diag([1.0, 2.0, 3.0, 1.0])
_SHEAR[0, 2] = 0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sizeof_hdr": 0}, "not a NIfTI file"),
        ({"sizeof_hdr": 540}, "NIfTI-2"),
        ({"magic": b"ni1"}, "header without voxels"),
        ({"magic": b"abc"}, "not a NIfTI file"),
        ({"datatype": 128}, "neither integers nor floats"),
        ({"datatype": 32}, "neither integers nor floats"),
        ({"vox_offset": 0}, "no valid voxel offset"),
        ({"vox_offset": np.nan}, "no valid voxel offset"),
        ({"dim": [0, 3, 4, 5, 1, 1, 1, 1]}, "no valid number of dimensions"),
        ({"dim": [8, 3, 4, 5, 1, 1, 1, 1]}, "no valid number of dimensions"),
        ({"dim": [2, 3, 4, 1, 1, 1, 1, 1]}, r"found shape \(3, 4\)"),
        ({"dim": [4, 3, 4, 5, 2, 1, 1, 1]}, r"found shape \(3, 4, 5, 2\)"),
        ({"dim": [3, 3, -4, 5, 1, 1, 1, 1]}, r"found shape \(3, -4, 5\)"),
        ({"pixdim": [1, 0, 1, 1, 0, 0, 0, 0]}, "no valid spacing"),
        ({"pixdim": [1, np.nan, 1, 1, 0, 0, 0, 0]}, "not finite"),
        ({"srow_x": [np.nan, 0, 0, 0], "qform_code": 0, "sform_code": 1}, "not finite"),
        ({"srow_x": [0, 0, 0, 0], "qform_code": 0, "sform_code": 1}, "right angles"),
        ({"qoffset_x": np.inf, "qform_code": 1, "sform_code": 0}, "not finite"),
    ],
)
def test_what_is_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = _save(tmp_path / "bad.nii", change)
    with pytest.raises(BenchError, match=message) as error:
        read_nifti_header(path)
    assert str(path) in str(error.value)


def test_a_sheared_grid_is_refused(tmp_path: Path) -> None:
    path = _save(tmp_path / "bad.nii", {"qform_code": 0, "sform_code": 2}, affine=_SHEAR)
    with pytest.raises(BenchError, match="right angles"):
        read_nifti_header(path)


def test_steps_of_the_sform_and_of_pixdim_that_differ_are_taken_as_simpleitk_does(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.nii", {"pixdim": [1, 9, 9, 9, 0, 0, 0, 0], "sform_code": 1}, affine=np.eye(4))
    stored = read_nifti_header(path)
    _assert_alike(stored.geometry, _by_simpleitk(path))
    assert stored.geometry.spacing_mm == (9, 9, 9)
    (remark,) = stored.remarks
    assert "SimpleITK: spacing (9, 9, 9); nibabel: spacing (1, 1, 1)" in remark


def test_4d_with_one_volume_is_3d(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.nii", {"dim": [5, 3, 4, 5, 1, 1, 1, 1]})
    assert read_nifti_header(path).geometry.shape == (3, 4, 5)
