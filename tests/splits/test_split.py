import json

import pytest

from mswal_bench.splits import Split, SplitError, load_split, read_split


def test_the_phantoms_split_is_the_papers_in_size():
    split = load_split("phantom")
    assert (len(split.train), len(split.test)) == (484, 210)
    assert split.train[0] == "PHANTOM_0001"
    assert split.test[-1] == "PHANTOM_0694"


def test_digest_depends_on_the_cases_alone():
    split = Split("a", ("1", "2"), ("3",))
    assert split.digest == Split("b", ("2", "1"), ("3",)).digest
    assert split.digest != Split("a", ("1",), ("2", "3")).digest
    # Fixed for good: records carry it.
    assert split.digest == "sha256:f2316562639cf19565471c104d636d1b77a48b976415b490e63b967ac0312187"


def test_subset_keeps_the_parts():
    split = Split("a", ("1", "2"), ("3", "4"))
    assert split.subset(["4", "1"]) == Split("a", ("1",), ("4",))
    with pytest.raises(SplitError, match="has no case 9"):
        split.subset(["9"])


def test_refuses_a_case_in_both_parts():
    with pytest.raises(SplitError, match="more than once: 2"):
        Split("a", ("1", "2"), ("2",))


def test_reads_what_was_written(tmp_path):
    path = tmp_path / "split.json"
    path.write_text(json.dumps({"name": "mine", "train": ["b", "a"], "test": ["c"]}))
    assert read_split(path) == Split("mine", ("a", "b"), ("c",))


def test_a_digest_in_the_file_is_checked(tmp_path):
    path, split = tmp_path / "split.json", Split("mine", ("a", "b"), ("c",))
    content = {"name": "mine", "digest": split.digest, "train": split.train, "test": split.test}
    path.write_text(json.dumps(content))
    assert read_split(path) == split
    path.write_text(json.dumps(content | {"test": ["d"]}))
    with pytest.raises(SplitError, match="the digest is not that of the cases"):
        read_split(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("nonsense", "is not JSON"),
        ("[]", 'expected an object with "name", "train" and "test"'),
        ('{"name": "x", "train": [1], "test": []}', '"train" to be a list of case ids'),
        ('{"name": "x", "train": ["a"], "test": ["a"]}', "more than once: a"),
    ],
)
def test_bad_files_are_named(tmp_path, content, words):
    path = tmp_path / "split.json"
    path.write_text(content)
    with pytest.raises(SplitError, match=words):
        read_split(path)
    with pytest.raises(SplitError, match="cannot be read"):
        read_split(tmp_path / "absent.json")


def test_unknown_name_lists_the_known():
    with pytest.raises(SplitError, match="there are: kits, lits, phantom"):
        load_split("mars")
