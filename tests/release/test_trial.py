"""Commands are run with what is installed, and the container's recipe is read."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mswal_bench.tests.release import trial
from mswal_bench.tests.release.archives import tracked_files


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A `mswal-bench` that prints its version, 100.00 for `score good`, and fails with a sentence for `rank`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "mswal-bench").write_text(
        '#!/bin/sh\ncase "$*" in\n--version) echo "mswal-bench, version 1.2.0" ;;\n'
        '"score good") echo "Avg.   100.00   100.00" ;;\nrank*) echo "error: no scores" >&2; exit 1 ;;\nesac\n'
    )
    (folder / "python").write_text(f'#!/bin/sh\necho "$*" > {tmp_path}/asked\n[ -z "$PYTHONPATH" ] || exit 3\n')
    for path in folder.iterdir():
        path.chmod(0o755)
    return folder


def test_commands_up_to_the_first_that_fails(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "the checkout")
    assert trial.command_faults(programs, "1.2.0", tmp_path, ("mswal-bench score good",)) == []
    assert trial.command_faults(programs, "1.3.0", tmp_path) == [
        "mswal-bench --version prints 'mswal-bench, version 1.2.0': build from this checkout"
    ]
    assert trial.command_faults(programs, "1.2.0", tmp_path, ("mswal-bench score bad", "mswal-bench rank")) == [
        "mswal-bench score bad prints no average of 100.00 and 100.00: find out why"
    ]
    assert trial.command_faults(programs, "1.2.0", tmp_path, ("mswal-bench rank scores", "mswal-bench")) == [
        "mswal-bench rank scores ends with 1 and says: error: no scores"
    ]


def test_the_containers_recipe(checkout: Path, programs: Path, tmp_path: Path) -> None:
    assert trial.container_faults(checkout, tracked_files(checkout), tmp_path / "copied", programs) == []
    asked = (tmp_path / "asked").read_text().split()
    assert asked == ["-m", "pip", "install", "-c", "constraints.txt", ".", "--dry-run", "--quiet"]
    assert (tmp_path / "copied" / "metrics" / "__init__.py").exists()
    recipe = checkout / "benchmark/board/grand_challenge/Dockerfile"
    recipe.write_text(recipe.read_text().replace(" py.typed", "").replace("RUN", "# RUN"))
    assert trial.container_faults(checkout, tracked_files(checkout), tmp_path / "again", programs) == [
        "the Dockerfile does not copy py.typed: add it to COPY",
        "the Dockerfile has no line RUN python -m pip install: add it",
    ]


@pytest.mark.parametrize(("status", "faults"), [(0, 0), (1, 1)])
def test_the_image_is_built(checkout: Path, tmp_path: Path, status: int, faults: int) -> None:
    engine = tmp_path / "engine"
    engine.write_text(f'#!/bin/sh\n[ "$1" = build ] && [ -e "$3" ] && exit {status}\nexit 2\n')
    engine.chmod(0o755)
    found = trial.image_faults(str(engine), checkout)
    assert len(found) == faults
    assert all("ends with 1" in fault for fault in found)


def test_an_environment_has_a_python(tmp_path: Path) -> None:
    found = trial.environment(tmp_path / "environment")
    assert (found / "python").exists()
    assert found != Path(sys.executable).parent
