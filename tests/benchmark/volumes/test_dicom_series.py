"""Series of DICOM files as volumes: what is found in a folder, what is read, and what is odd."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.volumes.dicom_series import DicomSeries, series_in

from .dicom_files import write_series


@pytest.fixture
def volume() -> SimpleITK.Image:
    """8 slices of 12 x 10 voxels with HU, turned by half a turn about the long axis."""
    values = np.random.default_rng(0).integers(-1000, 1500, (8, 10, 12)).astype(np.int16)
    image = SimpleITK.GetImageFromArray(values)
    image.SetSpacing((0.75, 0.75, 2.5))
    image.SetOrigin((-120.5, 33.25, -410.0))
    image.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
    return image


def only(folder: Path) -> DicomSeries:
    (series,) = series_in(folder)
    return series


def test_a_series_is_read_as_the_volume_that_it_was_made_of(volume: SimpleITK.Image, tmp_path: Path) -> None:
    files = write_series(volume, tmp_path)
    series = only(tmp_path)
    assert (series.uid, series.files, series.beside) == ("1.2.3.4", tuple(files), ())
    assert str(series) == "'Abdomen' (CT, 8 files, series 1.2.3.4)"
    assert (series.problems(), series.oddities()) == ([], [])
    read = series.read()
    assert np.array_equal(SimpleITK.GetArrayFromImage(read), SimpleITK.GetArrayFromImage(volume))
    for getter in ("GetSpacing", "GetOrigin", "GetDirection"):
        assert getattr(read, getter)() == pytest.approx(getattr(volume, getter)(), abs=1e-6)


def test_every_series_of_a_folder_is_found(volume: SimpleITK.Image, tmp_path: Path) -> None:
    write_series(volume, tmp_path, uid="1.2.3.5")
    write_series(volume, tmp_path, uid="1.2.3.4", tags={"0008|103e": ""})
    assert [str(series) for series in series_in(tmp_path)] == [
        "(CT, 8 files, series 1.2.3.4)",
        "'Abdomen' (CT, 8 files, series 1.2.3.5)",
    ]


def test_without_dicom_files_there_is_no_series_and_nothing_is_said(tmp_path: Path, capfd: Any) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    assert series_in(tmp_path) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"0008|0060": "MR"}, "the series is no CT"),
        ({"0008|0008": "ORIGINAL\\PRIMARY\\LOCALIZER"}, "the series is a localizer, an overview of where the scan was"),
    ],
)
def test_what_is_no_abdominal_ct_is_odd(
    volume: SimpleITK.Image, tmp_path: Path, tags: dict[str, str], expected: str
) -> None:
    write_series(volume, tmp_path, tags=tags)
    assert [problem.what for problem in only(tmp_path).oddities()] == [expected]


def test_slices_that_are_missing_are_odd(volume: SimpleITK.Image, tmp_path: Path, capfd: Any) -> None:
    write_series(volume, tmp_path, without={3, 4})
    (problem,) = only(tmp_path).oddities()
    assert problem.what == "slices are missing or not evenly spaced, and are read as if they were"
    assert (problem.expected, problem.found) == ("2.5 mm between all slices", "2.5 to 7.5 mm")
    assert only(tmp_path).read().GetSize() == (12, 10, 6)
    assert capfd.readouterr() == ("", "")


def test_a_tilted_gantry_is_odd(volume: SimpleITK.Image, tmp_path: Path) -> None:
    write_series(volume, tmp_path, shift_mm=0.5)
    (problem,) = only(tmp_path).oddities()
    assert problem.what.startswith("the gantry was tilted")
    assert problem.found == f"{np.degrees(np.arctan(0.5 / 2.5)):.1f} degrees"


def test_files_that_are_no_part_of_the_series_are_odd(volume: SimpleITK.Image, tmp_path: Path) -> None:
    write_series(volume, tmp_path)
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / ".DS_Store").write_text("")
    (problem,) = only(tmp_path).oddities()
    what = "files in the folder of the series are no part of it, and are passed over"
    assert (problem.what, problem.found) == (what, "notes.txt")
    assert only(tmp_path).problems() == []


def test_a_file_that_is_cut_off_is_named(volume: SimpleITK.Image, tmp_path: Path) -> None:
    """GDCM leaves it out of the series and says nothing; of the first slice not even a gap is left."""
    first, *_ = write_series(volume, tmp_path)
    first.write_bytes(first.read_bytes()[:-100])
    (problem,) = only(tmp_path).problems()
    assert (problem.what, problem.found) == ("DICOM files of the folder cannot be read", first.name)


def test_two_volumes_under_one_series_are_no_volume(volume: SimpleITK.Image, tmp_path: Path) -> None:
    """As the phases of a scan are exported by some stations."""
    for path in write_series(volume, tmp_path):
        path.rename(path.with_name(f"first-{path.name}"))
    write_series(volume + 1, tmp_path)
    (problem,) = only(tmp_path).problems()
    assert problem.what.startswith("slices of the series lie in the same place")


def test_a_single_slice_is_no_volume(volume: SimpleITK.Image, tmp_path: Path) -> None:
    write_series(volume, tmp_path, without=range(1, 8))
    with pytest.raises(BenchError, match="the series is not one 3D volume: expected one volume of two slices"):
        only(tmp_path).read()


def test_slices_of_different_sizes_are_no_volume(volume: SimpleITK.Image, tmp_path: Path) -> None:
    write_series(volume, tmp_path, without=range(4))
    write_series(volume[:6], tmp_path, without=range(4, 8))
    with pytest.raises(BenchError, match="the series cannot be read"):
        only(tmp_path).read()
