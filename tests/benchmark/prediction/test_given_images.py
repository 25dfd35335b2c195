"""Which volumes are meant by the paths that a user names, and what each is called."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.core.errors import Problem
from mswal_bench.benchmark.prediction.given_images import GivenImage, find_images
from mswal_bench.tests.benchmark.volumes.dicom_files import write_series

VOLUME = SimpleITK.GetImageFromArray(np.zeros((3, 4, 5), np.int16))


def found(*paths: Path) -> list[GivenImage]:
    problems: list[Problem] = []
    images = find_images(paths, problems)
    assert problems == []
    return images


def wrong(*paths: Path) -> list[str]:
    problems: list[Problem] = []
    find_images(paths, problems)
    return [str(problem) for problem in problems]


def files(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"a volume")
    return folder


def cases(images: Sequence[GivenImage]) -> list[str]:
    return [image.case for image in images]


def test_a_file_is_called_as_it_is_without_the_channel(tmp_path: Path) -> None:
    folder = files(tmp_path, "B_2_0000.nii.gz", "a1.MHA", "scan.nrrd", "c_0000.mhd", "c_0000.raw", "notes.txt")
    assert cases(found(folder)) == ["B_2", "a1", "c_0000", "scan"]
    assert cases(found(folder / "B_2_0000.nii.gz", folder / "a1.MHA")) == ["B_2", "a1"]


def test_a_file_that_is_named_twice_is_one(tmp_path: Path) -> None:
    folder = files(tmp_path / "images", "a1.nii.gz")
    named = found(folder, folder / "a1.nii.gz", tmp_path / "images" / ".." / "images")
    assert [image.path for image in named] == [folder / "a1.nii.gz"]


def test_a_series_is_called_as_its_folder(tmp_path: Path) -> None:
    for case, volume in (("p1", VOLUME), ("p2", VOLUME + 1)):
        write_series(volume, tmp_path / "study" / case / f"{case}_ct")
    images = found(tmp_path / "study")
    assert cases(images) == ["p1_ct", "p2_ct"]
    for image in images:
        assert image.series is not None
    first, second = images
    known = second.digest
    assert first.digest != known
    (tmp_path / "study" / "p2" / "p2_ct").rename(tmp_path / "elsewhere")
    (again,) = found(tmp_path / "elsewhere")
    assert again.digest == known


def test_an_image_is_known_by_its_content(tmp_path: Path) -> None:
    for folder, volume in (("a", VOLUME), ("b", VOLUME + 1), ("c", VOLUME)):
        (tmp_path / folder).mkdir()
        for ending in (".nii", ".mhd"):
            SimpleITK.WriteImage(volume, str(tmp_path / folder / f"ct{ending}"))
    for ending in (".nii", ".mhd"):
        paths = [tmp_path / folder / f"ct{ending}" for folder in "abc"]
        assert len({path.stat().st_size for path in paths}) == 1
        one, another, same = (found(path)[0].digest for path in paths)
        assert one == same != another


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    write_series(VOLUME, tmp_path / "study" / "p1")
    (tmp_path / "study" / "up").symlink_to(tmp_path)
    assert cases(found(tmp_path / "study")) == ["p1"]


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    files(tmp_path / "a", "x1.nii.gz")
    files(tmp_path / "b", "x1_0000.mha", "slice.dcm", "notes.txt", "v.raw")
    files(tmp_path / "empty")
    (tmp_path / "gone.nii.gz").symlink_to(tmp_path / "nothing")
    write_series(VOLUME, tmp_path / "two", uid="1.2.3")
    write_series(VOLUME, tmp_path / "two", uid="1.2.4", tags={"0008|103e": "Lung"})
    b = tmp_path / "b"
    named = (
        "a", "b/x1_0000.mha", "b/slice.dcm", "b/notes.txt", "b/v.raw", "empty", "gone.nii.gz", "nowhere", "two"
    )  # fmt: skip
    slice_, notes, raw, empty, link, nowhere, two, twice = wrong(*(tmp_path / name for name in named))
    assert slice_.startswith(f"{b}/slice.dcm: is no volume of a format that is read: expected .nii.gz, .nii, .mha, ")
    assert slice_.endswith("Name the folder of the DICOM series, or the file with the header.")
    assert notes.endswith("found notes.txt.")
    assert raw.endswith("or the file with the header.")
    assert f"{tmp_path}/empty: there is no image in the folder: expected volume files (" in empty
    assert link == f"{tmp_path}/gone.nii.gz: is a link to a file that is not there."
    assert nowhere == f"{tmp_path}/nowhere: there is no such file or folder."
    assert "the folder has 2 DICOM series" in two
    assert "'Abdomen' (CT, 3 files, series 1.2.3); 'Lung' (CT, 3 files, series 1.2.4)" in two
    assert two.endswith("Put the files of the series that is meant into a folder of their own, and name that.")
    assert twice.startswith("several images are of the case x1, by their names: found ")
    assert f"{tmp_path}/a/x1.nii.gz and {b}/x1_0000.mha" in twice


@pytest.mark.parametrize("inner", ["", "study"])
def test_a_series_that_is_no_volume_is_named(tmp_path: Path, inner: str) -> None:
    one, *_ = write_series(VOLUME, tmp_path / inner)
    one.write_bytes(one.read_bytes()[:-10])
    (sentence,) = wrong(tmp_path)
    assert "DICOM files of the folder cannot be read" in sentence
