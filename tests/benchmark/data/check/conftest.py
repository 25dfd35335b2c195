"""A small raw folder without a fault, to plant faults into."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mswal_bench.benchmark.data.phantom.dataset_writer import write_phantom


@pytest.fixture(scope="session")
def sound_phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three training and two test cases at `tiny` size. Not to be written to."""
    out = tmp_path_factory.mktemp("phantom") / "raw"
    write_phantom(out, train=3, test=2, size="tiny", seed=0, jobs=1, progress=False)
    return out


@pytest.fixture
def raw(sound_phantom: Path, tmp_path: Path) -> Path:
    """A copy of the sound phantom: training cases 1 to 3, test cases 485 and 486."""
    return Path(shutil.copytree(sound_phantom, tmp_path / "raw"))
