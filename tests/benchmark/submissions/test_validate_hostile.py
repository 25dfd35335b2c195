"""Validates packages and volumes with bytes changed at random: all of it ends in findings, and in text to print."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from mswal_bench.benchmark.submissions.make_manifest import manifest_of
from mswal_bench.benchmark.submissions.manifest import Manifest
from mswal_bench.benchmark.submissions.validate import validate
from mswal_bench.benchmark.submissions.validation import validation_json, validation_text

from .cases import FORM
from .hostile_bytes import hostile_packages, hostile_volumes, volumes

# The same examples each time; `hostile_bytes.py` tries others on the readers for as long as it is told to.
_SETTINGS = settings(
    max_examples=200,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Of the volumes that the hostile ones are made of."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, content in volumes().items():
        (folder / name).write_bytes(content)
    return manifest_of(folder)


def _is_told(path: Path, manifest: Manifest) -> None:
    with warnings.catch_warnings():
        # What is warned of on the way is not told to anybody.
        warnings.simplefilter("error")
        validation = validate(path, manifest, deep=True)
    assert validation.ok == (validation.number("error") == 0)
    assert validation_json(validation)
    assert all(line.isprintable() for line in validation_text(validation).splitlines())


@_SETTINGS
@given(content=hostile_packages())
def test_packages(tmp_path: Path, manifest: Manifest, content: bytes) -> None:
    path = tmp_path / "package"
    path.write_bytes(content)
    _is_told(path, manifest)
    assert list(tmp_path.iterdir()) == [path]


@_SETTINGS
@given(volume=hostile_volumes())
def test_volumes(tmp_path: Path, manifest: Manifest, volume: tuple[str, bytes]) -> None:
    name, content = volume
    predictions = tmp_path / "predictions"
    predictions.mkdir(exist_ok=True)
    (tmp_path / "submission.yaml").write_bytes(FORM)
    (predictions / name).write_bytes(content)
    _is_told(tmp_path, manifest)
    (predictions / name).unlink()
