"""What the picture of a case shows: which lesions, in which slices, turned to the patient, of every format."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.figures.findings_picture import Findings
from mswal_bench.benchmark.prediction.case_findings import MOST_SHOWN, findings_of, largest_lesions
from mswal_bench.benchmark.prediction.given_images import GivenImage
from mswal_bench.benchmark.prediction.predicted_lesions import lesions_of
from mswal_bench.benchmark.volumes.dicom_series import series_in
from mswal_bench.tests.benchmark.volumes.dicom_files import write_series

LIVER_TUMOR, KIDNEY_CYST, GALLSTONE = (
    (slice(4, 8), slice(2, 6), slice(3, 9)),
    (9, slice(8, 11), slice(1, 4)),
    (2, 9, 20),
)
IDS = [each.id for each in LESION_CLASSES]


def volumes() -> tuple[SimpleITK.Image, SimpleITK.Image]:
    """A CT of 12 slices whose every voxel has a value of its own, and a label map with lesions of three types.

    The tumor's section is largest in slice 6. The file's x runs to the right, its y to the front.
    """
    values = np.arange(12 * 14 * 24).reshape(12, 14, 24).astype(np.int16) - 1000
    labels = np.zeros(values.shape, np.uint8)
    labels[LIVER_TUMOR], labels[KIDNEY_CYST], labels[GALLSTONE] = 3, 7, 1
    labels[6, 6, 3:9] = 3
    images = SimpleITK.GetImageFromArray(values), SimpleITK.GetImageFromArray(labels)
    for image in images:
        image.SetSpacing((1.5, 2, 5))
        image.SetOrigin((30, 40, -50))
        image.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
    return images


def found(image: SimpleITK.Image, label_map: SimpleITK.Image, folder: Path, ending: str = ".nii.gz") -> Findings:
    folder.mkdir(exist_ok=True)
    if ending == "dicom":
        write_series(image, folder / "series")
        (series,) = series_in(folder / "series")
        given = GivenImage("a", folder / "series", series)
    else:
        given = GivenImage("a", folder / f"a{ending}")
        SimpleITK.WriteImage(image, str(given.path))
    SimpleITK.WriteImage(label_map, str(folder / "labels.nii.gz"))
    return findings_of(given, folder / "labels.nii.gz", LESION_CLASSES, "a model", "a notice")


def test_the_largest_sections_are_shown_in_the_patient_s_orientation(tmp_path: Path) -> None:
    image, label_map = volumes()
    findings = found(image, label_map, tmp_path)
    tumor, cyst, stone = findings.shown
    assert [each.lesion.key for each in findings.shown] == ["liver_tumor", "kidney_cyst", "gallstone"]
    assert [each.where.number for each in findings.shown] == [6, 9, 2]
    assert (findings.middle, findings.slices, findings.count) == (None, 12, 3)
    assert (tumor.where.z_mm, tumor.where.pixel_mm) == (-20, (2, 1.5))
    # Voxels of 15 mm3; the tumor has 4 x 4 x 6 and a row of 6.
    assert [each.volume_mm3 for each in findings.shown] == [102 * 15, 9 * 15, 15]
    assert tumor.diameter_mm == pytest.approx(np.hypot(9, 10), abs=1e-3)
    # The file's x runs to the right and its y to the front: both are turned.
    values = SimpleITK.GetArrayViewFromImage(image)
    assert np.array_equal(tumor.where.grey, values[6, ::-1, ::-1])
    assert np.array_equal(tumor.pixels, SimpleITK.GetArrayViewFromImage(label_map)[6, ::-1, ::-1] == 3)
    assert np.array_equal(cyst.where.class_ids, SimpleITK.GetArrayViewFromImage(label_map)[9, ::-1, ::-1])
    assert stone.pixels.sum() == 1
    assert [(each.lesion.key, each.count, each.volume_mm3) for each in findings.types] == [
        ("liver_tumor", 1, 1530),
        ("kidney_cyst", 1, 135),
        ("gallstone", 1, 15),
    ]


@pytest.mark.parametrize("ending", [".mha", ".nrrd", "dicom"])
def test_every_format_gives_the_same(tmp_path: Path, ending: str) -> None:
    check_same(found(*volumes(), tmp_path / "a"), found(*volumes(), tmp_path / "b", ending))


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1, 2, 0]])
@pytest.mark.parametrize("flipped", [[True, False, True], [False, True, False]])
@pytest.mark.parametrize("ending", [".mha", "dicom"])
def test_however_the_axes_are_stored(tmp_path: Path, order: list[int], flipped: list[bool], ending: str) -> None:
    turned = [SimpleITK.Flip(SimpleITK.PermuteAxes(volume, order), flipped) for volume in volumes()]
    # Slices of a series follow each other by their places: a left-handed grid cannot be written as one.
    if ending == "dicom" and np.linalg.det(np.reshape(turned[0].GetDirection(), (3, 3))) < 0:
        turned = [volume[:, :, ::-1] for volume in turned]
    check_same(found(*volumes(), tmp_path / "a"), found(turned[0], turned[1], tmp_path / "b", ending), numbers=False)


def check_same(first: Findings, other: Findings, *, numbers: bool = True) -> None:
    assert first.types == other.types
    for one, two in zip(first.shown, other.shown, strict=True):
        assert (one.lesion, one.volume_mm3, one.diameter_mm, one.magnified) == (
            two.lesion, two.volume_mm3, two.diameter_mm, two.magnified,
        )  # fmt: skip
        assert one.where.z_mm == pytest.approx(two.where.z_mm)
        assert one.where.whole == two.where.whole
        for name in ("grey", "class_ids"):
            assert np.array_equal(getattr(one.where, name), getattr(two.where, name))
        if numbers:
            assert one.where.number == two.where.number


def test_nothing_found_shows_the_middle(tmp_path: Path) -> None:
    image, label_map = volumes()
    findings = found(image, label_map * 0, tmp_path)
    assert (findings.shown, findings.types, findings.count) == ((), (), 0)
    assert findings.middle is not None
    assert findings.middle.number == 6


def test_types_come_before_more_of_the_same(tmp_path: Path) -> None:
    """Of three large cysts, a smaller tumor and a stone that is the smallest of all."""
    labels = np.zeros((3, 3, 60), np.uint8)
    labels[1, 1, 40] = 1
    labels[1, 1, 30:32] = 3
    for start, length in ((0, 3), (5, 5), (15, 4)):
        labels[1, 1, start : start + length] = 7
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(labels), str(tmp_path / "a.nii.gz"))
    lesions = lesions_of("a", tmp_path / "a.nii.gz", IDS)
    chosen = [(int(lesions.class_ids[place]), int(lesions.voxels[place])) for place in largest_lesions(lesions, 4)]
    assert chosen == [(7, 5), (3, 2), (1, 1), (7, 4)]
    assert len(largest_lesions(lesions, 9)) == 5
    assert MOST_SHOWN == 4


def test_a_label_map_of_another_grid_is_refused(tmp_path: Path) -> None:
    image, label_map = volumes()
    with pytest.raises(BenchError, match="the shape"):
        found(image[:, :, :10], label_map, tmp_path)
    with pytest.raises(BenchError, match="the label map is not of this series: their shapes differ"):
        found(image[:20], label_map, tmp_path / "b", "dicom")
