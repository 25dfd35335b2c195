from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from .hostile_bytes import hostile_packages, hostile_volumes, survives

# The same examples each time; `hostile_bytes.py` tries others for as long as it is told to.
_SETTINGS = settings(
    max_examples=400,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(autouse=True)
def private_temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    return tmp_path


@_SETTINGS
@given(content=hostile_packages())
def test_packages(tmp_path: Path, content: bytes) -> None:
    survives(tmp_path, content)


@_SETTINGS
@given(volume=hostile_volumes())
def test_volumes(tmp_path: Path, volume: tuple[str, bytes]) -> None:
    survives(tmp_path, volume[1], volume[0])
