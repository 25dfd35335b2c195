"""Installs what was built into an environment of its own, and runs the commands of the core there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from .archives import copy_of, files_of_the_package

COMMANDS = (
    "mswal-bench doctor",
    "mswal-bench data phantom raw --train 1 --test 4 --size tiny",
    "mswal-bench score raw/labelsTs --reference raw/labelsTs --out scores",
    "mswal-bench rank scores --resamples 100",
    "mswal-bench manifest raw/labelsTs --track phantom --public -o manifest.json",
    "mswal-bench submission init mine --track phantom --predictions raw/labelsTs --method copy"
    " --author A.Author --affiliation Here --contact nobody@example.org",
    "mswal-bench evaluate mine --reference raw/labelsTs --manifest manifest.json --results results --resamples 100",
    "mswal-bench leaderboard build results -o site --resamples 100",
    'python -c \'import mswal_bench as mb; print(mb.score_folders("raw/labelsTs", "raw"))\'',
)
"""What a user of the core does first, one after the other in an empty folder."""
_SCORES = ("mswal-bench score ", "python -c")
"""These score label maps against themselves."""
_ALL_RIGHT = re.compile(r"^Avg\. +100\.00 +100\.00", re.MULTILINE)


def environment(folder: Path) -> Path:
    """Makes a virtual environment with nothing in it and gives its folder of programs."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
    return folder / "bin"


def install_faults(programs: Path, built: Path, constraints: Path) -> list[str]:
    """Installs the wheel or source distribution with the tested versions of the core's packages."""
    pip = [str(programs / "python"), "-m", "pip"]
    return _faults([*pip, "install", "--quiet", "-c", str(constraints), str(built)], built.parent) or _faults(
        [*pip, "check"], built.parent
    )


def command_faults(programs: Path, version: str, folder: Path, commands: tuple[str, ...] = COMMANDS) -> list[str]:
    """Runs the commands in `folder` with what is installed beside `programs`. The first that fails ends it."""
    told = _run(["mswal-bench", "--version"], folder, programs)
    if told.stdout.strip() != f"mswal-bench, version {version}":
        return [f"mswal-bench --version prints {(told.stdout or told.stderr).strip()!r}: build from this checkout"]
    for command in commands:
        done = _run(shlex.split(command), folder, programs)
        if done.returncode:
            return [_sentence(command, done)]
        if command.startswith(_SCORES) and not _ALL_RIGHT.search(done.stdout):
            return [f"{command} prints no average of 100.00 and 100.00: find out why"]
    return []


def container_faults(root: Path, tracked: list[str], folder: Path, programs: Path) -> list[str]:
    """Looks whether the container's recipe copies the whole package, and whether what its pip installs can be found."""
    recipe = (root / "benchmark/board/grand_challenge/Dockerfile").read_text(encoding="utf-8")
    copied = [word for line in re.findall(r"^COPY (.*)$", recipe, re.MULTILINE) for word in line.split()[:-1]]
    names = [name for name in tracked if name in copied or name.partition("/")[0] in copied]
    lacks = [
        f"the Dockerfile does not copy {name}: add it to COPY" for name in files_of_the_package(tracked) - {*names}
    ]
    lines = re.findall(r"^RUN (python -m pip install .*)$", recipe, re.MULTILINE)
    if not lines:
        return [*lacks, "the Dockerfile has no line RUN python -m pip install: add it"]
    copy_of(root, names, folder)
    dry = [str(programs / "python"), *shlex.split(lines[0])[1:], "--dry-run", "--quiet"]
    return sorted(lacks) + _faults(dry, folder)


def image_faults(engine: str, root: Path) -> list[str]:
    """Builds the container's image."""
    recipe = "benchmark/board/grand_challenge/Dockerfile"
    return _faults([engine, "build", "-f", recipe, "-t", "mswal-evaluation", "."], root)


def _faults(command: list[str], folder: Path) -> list[str]:
    done = _run(command, folder)
    return [_sentence(shlex.join(command), done)] if done.returncode else []


def _sentence(command: str, done: subprocess.CompletedProcess[str]) -> str:
    last = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
    return f"{command} ends with {done.returncode} and says: {last}"


def _run(command: list[str], folder: Path, programs: Path | None = None) -> subprocess.CompletedProcess[str]:
    # By PYTHONPATH the checkout would be found in the installed package's place.
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if programs is not None:
        variables["PATH"] = f"{programs}{os.pathsep}{variables['PATH']}"
        command = [str(programs / command[0]), *command[1:]]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
