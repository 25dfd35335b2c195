import pytest

from mswal_bench.benchmark.volumes.file_names import PREPARED_SUFFIXES, case_of_image, split_ending, without_channel


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("MSWAL_0001.nii.gz", ("MSWAL_0001", ".nii.gz")),
        ("volume-0.nii", ("volume-0", ".nii")),
        ("A.NII.GZ", ("A", ".nii.gz")),
        ("a.b.nii", ("a.b", ".nii")),
        ("notes.txt", ("notes.txt", "")),
        (".nii.gz", (".nii.gz", "")),
    ],
)
def test_endings(name, parts):
    assert split_ending(name, PREPARED_SUFFIXES) == parts


@pytest.mark.parametrize(
    ("stem", "case"),
    [
        ("MSWAL_0001_0000", "MSWAL_0001"),
        ("MSWAL_0001", "MSWAL_0001"),
        ("MSWAL_0000", "MSWAL_0000"),
        ("MSWAL_0000_0000", "MSWAL_0000"),
        ("7_0000", "7"),
    ],
)
def test_the_channel_is_dropped_and_the_number_is_not(stem, case):
    assert without_channel(stem) == case


@pytest.mark.parametrize(
    ("stem", "case"),
    [("A_0000", "A"), ("A_0000_0000", "A_0000"), ("A", None), ("A_0001", None), ("_0000", None), ("0000", None)],
)
def test_an_image_is_named_with_its_channel(stem, case):
    assert case_of_image(stem) == case
