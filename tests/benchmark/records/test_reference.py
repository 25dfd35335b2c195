from __future__ import annotations

import json
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.records.reference import reference_files, split_digest
from mswal_bench.splits import Split

from .conftest import CASES


def test_only_the_cases_asked_for(labels: Path) -> None:
    (labels / "notes.txt").touch()
    assert list(reference_files(labels, CASES[1:3])) == ["case_2", "case_3"]
    with pytest.raises(BenchError, match="no label map of 2 cases: other, some"):
        reference_files(labels, [*CASES, "some", "other"])
    with pytest.raises(BenchError, match="there is no such folder of reference labels"):
        reference_files(labels / "nowhere", CASES)


def test_the_split_beside_the_labels(labels: Path) -> None:
    assert split_digest(labels) is None
    split = Split("demo", ("a",), CASES)
    content = {"name": split.name, "train": split.train, "test": split.test}
    (labels.parent / "split.json").write_text(json.dumps(content))
    assert split_digest(labels) == split.digest
    (labels.parent / "split.json").write_text("{}")
    with pytest.raises(BenchError, match="Prepare the data set again"):
        split_digest(labels)
