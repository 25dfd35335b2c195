import pytest

from mswal_bench.benchmark.volumes.file_names import certain_id, naming, split_ending, supposed_id, without_channel


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
    assert split_ending(name) == parts


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
    ("name", "certain", "supposed"),
    [
        ("MSWAL_0001", "MSWAL_0001", "MSWAL_0001"),
        ("mswal-1", "MSWAL_0001", "MSWAL_0001"),
        ("wab_MSWAL_0001", "MSWAL_0001", "MSWAL_0001"),
        ("WAB_mswal_12345", "MSWAL_12345", "MSWAL_12345"),
        ("wab_PHANTOM_0001", "PHANTOM_0001", "PHANTOM_0001"),
        ("wab_0001", "wab_0001", "MSWAL_0001"),
        ("1", "1", "MSWAL_0001"),
        ("patient7", "patient7", "patient7"),
    ],
)
def test_ids(name, certain, supposed):
    assert (certain_id(name), supposed_id(name)) == (certain, supposed)


@pytest.mark.parametrize(
    ("files", "listed", "case"),
    [
        # One to one, in both directions.
        (["wab_0001", "wab_2"], ["MSWAL_0001", "MSWAL_0002"], "MSWAL_0001"),
        (["MSWAL_0001", "MSWAL_0002"], ["1", "2"], "MSWAL_0001"),
        # Other numbers, no list, no other names: nothing says what the numbers are.
        (["wab_0001", "wab_0002"], ["MSWAL_0001", "MSWAL_0003"], "wab_0001"),
        (["wab_0001", "wab_0002"], [], "wab_0001"),
        (["wab_0001", "wab_0002"], ["wab_0001", "wab_0002"], "wab_0001"),
        # Two files for one number are not one to one.
        (["wab_0001", "wab_1"], ["MSWAL_0001"], "wab_0001"),
    ],
)
def test_a_bare_number_is_mswals_where_the_source_says_so(files, listed, case):
    name = naming(files, listed)
    assert name("wab_0001") == case
