from __future__ import annotations

from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.scoring.labels_digest import labels_digest


def _files(folder: Path, ending: str = ".nii.gz") -> dict[str, Path]:
    folder.mkdir()
    files = {case: folder / f"{case}{ending}" for case in ("case_1", "case_2")}
    for case, path in files.items():
        path.write_text(f"labels of {case}")
    return files


def test_the_digest_is_over_ids_and_contents(tmp_path: Path) -> None:
    files = _files(tmp_path / "a")
    first = labels_digest(files)
    assert labels_digest(dict(reversed(files.items()))) == first
    assert labels_digest(_files(tmp_path / "b", ".mha")) == first
    assert labels_digest({**files, "case_1": files["case_2"]}) != first
    assert labels_digest({"case_1": files["case_1"]}) != first
    files["case_1"].unlink()
    with pytest.raises(BenchError, match="cannot be read"):
        labels_digest(files)
