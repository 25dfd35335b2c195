"""The entry point as the container runs it, and the Dockerfile as far as it can be looked at without building it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mswal_bench.benchmark.board import grand_challenge
from mswal_bench.benchmark.board.grand_challenge.configuration import VARIABLES, configuration
from mswal_bench.benchmark.core.errors import BenchError

if TYPE_CHECKING:
    from .conftest import Mounts

ROOT = Path(grand_challenge.__file__).resolve().parents[3]
DOCKERFILE = Path(grand_challenge.__file__).with_name("Dockerfile").read_text()
(ENTRY_POINT,) = re.findall(r"^ENTRYPOINT (.*)$", DOCKERFILE, re.MULTILINE)


def _copied() -> list[tuple[list[str], str]]:
    lines = re.findall(r"^COPY (.*)$", DOCKERFILE, re.MULTILINE)
    return [(line.split()[:-1], line.split()[-1]) for line in lines]


def _run(mounts: Mounts, path: str | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    program, *arguments = json.loads(ENTRY_POINT)
    assert program == "python"
    environment = {**os.environ, **mounts.variables, **variables}
    if path is not None:
        environment["PYTHONPATH"] = path
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment, cwd=mounts.root, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_it_runs(mounts: Mounts) -> None:
    result = _run(mounts)
    assert (result.returncode, result.stderr) == (0, "")
    assert mounts.metrics()["aggregates"]["average"]["f1"]["value"] == 0.9, "10 of 11, rounded down"


def test_it_fails_with_a_sentence(mounts: Mounts) -> None:
    (mounts.root / "input" / "predictions.json").write_text("[]")
    result = _run(mounts)
    assert result.returncode == 1
    assert result.stderr.startswith("error: there is no job for 6 of 6 cases")
    assert "Traceback" not in result.stderr
    assert not list((mounts.root / "output").iterdir())
    assert "is neither true nor false" in _run(mounts, MSWAL_HIDDEN="perhaps").stderr


def test_what_the_dockerfile_copies_is_there() -> None:
    sources = [source for several, _ in _copied() for source in several]
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert "constraints.txt" in sources
    assert {path.name for path in ROOT.glob("*.py")} <= set(sources)
    assert re.search(r"pip install .*-c constraints.txt \.$", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^USER (?!root)", DOCKERFILE, re.MULTILINE)
    assert "://" not in DOCKERFILE


@pytest.mark.slow
def test_what_the_dockerfile_copies_is_enough(mounts: Mounts, tmp_path: Path) -> None:
    """It is installed from the copied files alone, but for other packages, and what the container runs is run."""
    sources, installed = tmp_path / "sources", tmp_path / "installed"
    sources.mkdir()
    for several, target in _copied():
        for source in several:
            if (ROOT / source).is_dir():
                ignored = shutil.ignore_patterns("__pycache__", ".*")
                shutil.copytree(ROOT / source, sources / target, ignore=ignored)
            else:
                shutil.copy(ROOT / source, sources / target)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", str(installed), str(sources)], check=True, timeout=300)
    assert (installed / "mswal_bench" / "benchmark" / "board" / "grand_challenge" / "__main__.py").is_file()
    where = "import mswal_bench; print(mswal_bench.__file__)"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    found = subprocess.run([sys.executable, "-c", where], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.startswith(str(installed))
    assert _run(mounts, str(installed)).returncode == 0
    assert mounts.metrics()["cases"] == 6


class TestConfiguration:
    def test_defaults_are_the_platforms(self) -> None:
        found = configuration({})
        assert found.input == Path("/input")
        assert found.output == Path("/output")
        assert found.ground_truth == Path("/opt/ml/input/data/ground_truth")
        assert found.hidden
        assert found.resamples == 10_000
        assert (found.image_socket, found.prediction_socket, found.jobs) == (None, None, None)

    @pytest.mark.parametrize("value", ["-1", "1.5", "many", "\u00b2", "1" * 5000])
    def test_numbers_that_are_none(self, value: str) -> None:
        numbers = dict.fromkeys(["MSWAL_RESAMPLES", "MSWAL_SEED", "MSWAL_JOBS"], value)
        with pytest.raises(BenchError) as raised:
            configuration(numbers)
        assert len(raised.value.problems) == 3

    @pytest.mark.parametrize("value", ["0", "1000001"])
    def test_no_number_of_resamples(self, value: str) -> None:
        with pytest.raises(BenchError, match="is out of range"):
            configuration({"MSWAL_RESAMPLES": value})

    def test_what_is_empty_is_not_set(self) -> None:
        assert configuration(dict.fromkeys(VARIABLES, "")) == configuration({})
