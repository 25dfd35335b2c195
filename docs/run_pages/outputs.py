"""Runs the commands of the pages and compares what they print with what the pages show.

    python -m mswal_bench.docs.run_pages [--write] [PAGE...]

Without PAGE, those of `docs/` and README.md that have commands, and notebooks. Each page has a folder of its own, in
which its commands run one after the other. A difference is shown and ends it with 1. `--write` puts what was printed
into the page, where it is not the same already. Pictures that a page's commands make are compared and written too
(`page_pictures.py`).
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from mswal_bench.benchmark.core.whole_files import write_text

from .notebook_outputs import check_notebook
from .page_commands import PageCommand, page_commands, with_outputs
from .page_pictures import check_pictures, page_pictures
from .python_session import PythonSession
from .same_output import same_output

ROOT = Path(__file__).resolve().parents[2]
_HOME = "/home/you"
"""Stands in pages for the folder in which their commands ran."""
_WIDTH = 100
_LONGEST_S = 1800
_PROGRESS = re.compile(r"\d+ of \d+ .*\d\d:\d\d elapsed")
_PASSED_ON = ("PATH", "LANG", "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE")


def main(arguments: Sequence[str] | None = None) -> int:
    """Gives the exit status."""
    options = _options(arguments)
    wrong = 0
    for page in options.pages or pages_with_commands():
        started = time.monotonic()
        try:
            before = _stored(page)
            differences = check_page(page, write=options.write)
            told = "differs" if differences else "the same" if _stored(page) == before else "written"
        except ValueError as error:
            differences, told = [f"{page}: {error}"], "differs"
        wrong += bool(differences)
        print("\n".join(differences), end="\n" if differences else "")
        print(f"{os.path.relpath(page)}: {told}, {time.monotonic() - started:.0f} s", flush=True)
    if wrong and not options.write:
        print("Look whether the new output is right, and put it into the pages with --write.", file=sys.stderr)
    return int(bool(wrong))


def pages_with_commands(root: Path = ROOT) -> list[Path]:
    """README.md, the pages of `docs/` that have a command to run, and its notebooks."""
    pages = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    with_commands = [page for page in pages if page.exists() and page_commands(page.read_text(encoding="utf-8"))]
    return [*with_commands, *sorted((root / "docs").rglob("*.ipynb"))]


def check_page(page: Path, *, write: bool = False) -> list[str]:
    """Runs a page's commands and gives what differs, as text; with `write` what differs is put into the page.

    A command that ends with another status than the page tells always differs. So does a picture that no command made.
    A notebook's cells are compared in the same way. Raises ValueError for a page whose fences, or comments of pictures,
    cannot be read.
    """
    if page.suffix == ".ipynb":
        with tempfile.TemporaryDirectory(prefix=f"{page.stem}-") as folder:
            return check_notebook(page, Path(folder), _environment(Path(folder)), write=write)
    text = page.read_text(encoding="utf-8")
    differences, outputs = [], []
    with tempfile.TemporaryDirectory(prefix=f"{page.stem}-") as folder, _PageFolder(Path(folder)) as place:
        for command in page_commands(text):
            printed, status = place.run(command)
            where = f"{page}, line {command.line}: {command.command}"
            if status != command.status:
                # What follows would differ for no reason of its own.
                return [f"{where}: exits with {status}, and the page says {command.status}", *printed]
            if not command.hidden and not same_output(command.output, printed):
                outputs.append((command, printed))
                shown = difflib.unified_diff(command.output, printed, "page", "printed", lineterm="", n=1)
                differences.append("\n".join([where, *shown]))
        of_pictures = check_pictures(page, text, Path(folder), write=write)
    if write and outputs:
        write_text(page, with_outputs(text, outputs))
        return of_pictures
    return [*differences, *of_pictures]


def _stored(page: Path) -> list[str | bytes]:
    """A page, and its pictures that commands make."""
    text = page.read_text(encoding="utf-8", errors="replace")
    shown = [page.parent / picture.shown for picture in page_pictures(text)]
    return [text, *(path.read_bytes() for path in shown if path.exists())]


class _PageFolder:
    """The folder of one page, and the programs that run in it."""

    def __init__(self, folder: Path):
        self._folder = folder.resolve()
        self._session: PythonSession | None = None

    def __enter__(self) -> _PageFolder:
        return self

    def __exit__(self, *_: object) -> None:
        if self._session is not None:
            self._session.close()

    def run(self, command: PageCommand) -> tuple[list[str], int]:
        """What a command prints on stdout and stderr, line by line, and its exit status."""
        if command.language == "pycon":
            if self._session is None:
                self._session = PythonSession(self._folder, _environment(self._folder))
            return self._lines(self._session.run(command.command)), 0
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command.command],
            cwd=self._folder,
            env=_environment(self._folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_LONGEST_S,
            check=False,
        )
        return self._lines(done.stdout.decode(errors="backslashreplace")), done.returncode

    def _lines(self, printed: str) -> list[str]:
        # Of a line that was written over, as progress is, the last state counts.
        lines = [line.rpartition("\r")[2].rstrip() for line in printed.replace("\r\n", "\n").split("\n")]
        while lines and not lines[-1]:
            lines.pop()
        # Only a slow machine prints progress: a line each half minute.
        return [line.replace(str(self._folder), _HOME) for line in lines if not _PROGRESS.search(line)]


def _environment(folder: Path) -> Mapping[str, str]:
    """The same for everybody: a user's own settings must not get into a page."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    # The commands of the Python that runs this, which need not be an activated one.
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', os.defpath)}"
    threads = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    terminal = {"COLUMNS": str(_WIDTH), "LC_ALL": "C.UTF-8", "TERM": "dumb", "PYTHONUNBUFFERED": "1"}
    return {**kept, **threads, **terminal, "PATH": path, "HOME": str(folder)}


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m mswal_bench.docs.run_pages", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument(
        "pages", nargs="*", type=Path, metavar="PAGE", help="a page or notebook  [default: all with commands]"
    )
    parser.add_argument("--write", action="store_true", help="put what is printed into the pages")
    return parser.parse_args(arguments)
