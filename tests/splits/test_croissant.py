from __future__ import annotations

from pathlib import Path

import pytest

import mswal_bench.splits
from mswal_bench.splits import load_split
from mswal_bench.tests.croissant_files import left_out, read_croissant, rows

DESCRIPTION = Path(mswal_bench.splits.__file__).with_name("croissant.json")


@pytest.mark.parametrize("name", ["kits", "lits", "phantom"])
def test_a_split_is_read_by_its_description(name: str) -> None:
    described = read_croissant(DESCRIPTION)
    assert left_out(described) == set()
    split = load_split(name)
    for part, cases in (("train", split.train), ("test", split.test)):
        assert [row["case"] for row in rows(described, f"{name}-{part}")] == list(cases)


def test_every_split_is_described() -> None:
    described = read_croissant(DESCRIPTION)
    files = {path.name for path in DESCRIPTION.parent.glob("*.json")} - {DESCRIPTION.name}
    # Each is there once for training and once for test cases: the library reads no two lists of one file.
    assert sorted(each.content_url for each in described.metadata.distribution) == sorted([*files, *files])
