from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.submissions.package.digest import predictions_digest
from mswal_bench.benchmark.submissions.package.submitted_files import open_submission
from mswal_bench.tests.benchmark.submissions.packages import FILES, PACKINGS, pack

PREDICTIONS = {"a": "predictions/a.nii.gz", "b": "predictions/b.nii"}


def _digest(path: Path, predictions: dict[str, str]) -> str:
    with open_submission(path) as submission:
        return predictions_digest(submission, predictions)


@pytest.mark.parametrize("packing", PACKINGS)
def test_it_is_of_the_files_alone(tmp_path: Path, packing: str) -> None:
    by_hand = hashlib.sha256()
    for case, name in PREDICTIONS.items():
        by_hand.update(case.encode() + b"\0" + hashlib.sha256(FILES[name]).digest())
    expected = f"sha256:{by_hand.hexdigest()}"
    assert _digest(pack(tmp_path / "s", packing, FILES), PREDICTIONS) == expected
    nested = {f"M/{name}": content for name, content in reversed((FILES | {"more.txt": b"more"}).items())}
    assert _digest(pack(tmp_path / "t", packing, nested), dict(reversed(PREDICTIONS.items()))) == expected


def test_it_changes_with_case_and_content(tmp_path: Path) -> None:
    path = pack(tmp_path / "s", "zip", FILES)
    swapped = {"a": PREDICTIONS["b"], "b": PREDICTIONS["a"]}
    fewer = {"a": PREDICTIONS["a"]}
    other = pack(tmp_path / "t", "zip", FILES | {"predictions/b.nii": b"Second"})
    digests = [_digest(path, PREDICTIONS), _digest(path, swapped), _digest(path, fewer), _digest(other, PREDICTIONS)]
    assert len(set(digests)) == 4


def test_a_name_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"has no c\.nii"):
        _digest(pack(tmp_path / "s", "zip", FILES), {"c": "c.nii"})
