"""Goes through what a release needs, a line for each check: pass, or FAIL with what to do.

    python -m mswal_bench.tests.release [--quick]

What is built goes into a temporary folder. `--quick` leaves out what takes minutes: the documentation, and everything
that is installed into a fresh environment. Ends with 1 where a check fails.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from . import archives, stated, trial
from .outcome import Outcome

ROOT = Path(__file__).resolve().parents[2]


def main(root: Path = ROOT) -> None:
    parser = argparse.ArgumentParser(prog="python -m mswal_bench.tests.release", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes")
    quick = parser.parse_args().quick
    failed = 0
    with tempfile.TemporaryDirectory(prefix="release-check-") as folder:
        for outcome in outcomes(root, Path(folder), quick=quick):
            print(outcome, flush=True)
            failed += bool(outcome.faults)
    if failed:
        sys.exit(f"release-check: {failed} of the checks failed")
    print(f"version {stated.project(root)['version']} can be released, as far as this was checked")


def outcomes(root: Path, folder: Path, *, quick: bool) -> Iterator[Outcome]:
    """Makes one check after the other."""
    told = stated.project(root)["version"]
    yield _outcome(f"version {told} everywhere", lambda: stated.version_faults(root, version("mswal-bench")))
    yield _outcome("changelog", lambda: stated.changelog_faults(root, datetime.now(UTC).date()))
    yield _outcome("everything is committed, and the tag is free", lambda: stated.tree_faults(root))
    tracked = archives.tracked_files(root)
    source, built = archives.copy_of(root, tracked, folder / "source"), folder / "built"
    built.mkdir()
    try:
        sdist = archives.build_sdist(source, built)
        wheel = archives.build_wheel(sdist, built)
    except RuntimeError as error:
        yield Outcome("source distribution and wheel are built", [str(error)])
        return
    yield Outcome(f"{sdist.name} and {wheel.name} are built", [])
    yield _outcome("the wheel has the tracked files", lambda: archives.file_faults(wheel, tracked))
    yield _outcome("licences are in the wheel", lambda: archives.licence_faults(wheel))
    yield _outcome("tested versions are in the wheel", lambda: archives.constraint_faults(wheel, root))
    yield _outcome("doctor", lambda: command_faults_here(root, "-m", "mswal_bench", "doctor"))
    slow: list[tuple[str, Callable[[], list[str]]]] = [
        ("documentation", lambda: documentation_faults(root, folder / "docs")),
        ("the core from the wheel, in a fresh environment", lambda: _tried(wheel, root, folder / "wheel", told)),
        ("the core from the source distribution", lambda: _tried(sdist, root, folder / "sdist", told)),
        ("what the container installs", lambda: _container(root, tracked, folder / "container")),
    ]
    for name, check in slow:
        yield Outcome(name, [], "left out by --quick") if quick else _outcome(name, check)
    engine = None if quick else engine_at_hand()
    if engine is None:
        why = "left out by --quick" if quick else "not built, for neither Docker nor Podman answers here"
        yield Outcome("the container's image", [], why)
    else:
        yield _outcome("the container's image", lambda: trial.image_faults(engine, root))


def _outcome(name: str, check: Callable[[], list[str]]) -> Outcome:
    return Outcome(name, check())


def documentation_faults(root: Path, out: Path) -> list[str]:
    """Builds it as `make docs` does: warnings are errors."""
    options = ["-b", "html", "-W", "--keep-going", "-n", "-q", "-E"]
    return command_faults_here(root, "-m", "sphinx", *options, "docs", str(out))


def command_faults_here(root: Path, *arguments: str) -> list[str]:
    """Runs this Python with the arguments; says all that it printed on stderr where it fails."""
    done = subprocess.run([sys.executable, *arguments], cwd=root, capture_output=True, text=True, check=False)
    return (done.stderr.strip() or "it says nothing").splitlines() if done.returncode else []


def engine_at_hand() -> str | None:
    """Docker or Podman, where its service answers."""
    for engine in ("docker", "podman"):
        path = shutil.which(engine)
        if path and subprocess.run([path, "info"], capture_output=True, check=False).returncode == 0:
            return path
    return None


def _tried(built: Path, root: Path, folder: Path, told: str) -> list[str]:
    programs = trial.environment(folder / "environment")
    work = folder / "work"
    work.mkdir()
    faults = trial.install_faults(programs, built, root / "constraints.txt") or trial.command_faults(
        programs, told, work
    )
    shutil.rmtree(folder)  # 0.9 GB
    return faults


def _container(root: Path, tracked: list[str], folder: Path) -> list[str]:
    programs = trial.environment(folder / "environment")
    return trial.container_faults(root, tracked, folder / "copied", programs)
