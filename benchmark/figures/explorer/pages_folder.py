"""Writes the pages of several cases into a folder, and takes those of an earlier call out of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.progress import progress_bar, say_above_bar
from mswal_bench.benchmark.core.whole_files import whole_file, write_text
from mswal_bench.benchmark.data.scoring_protocol import Protocol

from .case_content import CaseToShow, case_content
from .case_pages import case_page_files, viewer_files

LISTING = "pages.json"
"""Names the files that a call wrote, so that the next one can take away those that it does not write again."""


def write_pages(
    folder: Path, cases: Sequence[CaseToShow], protocol: Protocol, *, back: str, back_text: str, progress: bool = False
) -> int:
    """Writes a page for each case, and returns how many bytes the folder's files have.

    `back` is the address, as seen from the folder, of the page that a reader comes from. Each file is whole or not
    there. Raises BenchError for a case that cannot be read, and where nothing can be written.
    """
    try:
        return _write(folder, cases, protocol, back, back_text, progress)
    except OSError as error:
        what = f"cannot be written ({error.strerror or error})"
        raise BenchError(Problem(what, str(error.filename or folder))) from error


def _write(
    folder: Path, cases: Sequence[CaseToShow], protocol: Protocol, back: str, back_text: str, progress: bool
) -> int:
    earlier = _listed(folder)
    written: dict[str, int] = {}

    def write(name: str, content: bytes) -> None:
        with whole_file(folder / name) as temporary:
            temporary.write_bytes(content)
        written[name] = len(content)

    for name, content in pages_of(cases, protocol, back=back, back_text=back_text, progress=progress):
        write(name, content)
    for name in earlier - set(written):
        (folder / name).unlink(missing_ok=True)
    if written or earlier:
        write_text(folder / LISTING, json.dumps(sorted(written), indent=2) + "\n")
    return sum(written.values())


def pages_of(
    cases: Sequence[CaseToShow], protocol: Protocol, *, back: str, back_text: str, progress: bool = False
) -> Iterator[tuple[str, bytes]]:
    """Yields the viewer's files and those of each case, by their paths in a folder; nothing without a case.

    One case is held at a time. With `progress`, a CT that cannot be shown is told. Raises BenchError for a case whose
    label maps cannot be read.
    """
    if not cases:
        return
    size = 0
    for name, content in viewer_files().items():
        size += len(content)
        yield name, content
    with progress_bar("case pages", "case", shown=progress) as report:
        for index, case in enumerate(cases):
            report(index, len(cases), f"{size / 1e6:.0f} MB")
            shown = case_content(case, protocol)
            for problem in shown.ct_problems if progress else ():
                say_above_bar(f"note: {problem}; the page of {case.case} is without the CT")
            for name, content in case_page_files(case.case, shown, protocol, back=back, back_text=back_text).items():
                size += len(content)
                yield name, content
        report(len(cases), len(cases), f"{size / 1e6:.0f} MB")


def _listed(folder: Path) -> set[str]:
    """Returns what an earlier call wrote; nothing where its listing is not one. Names outside of the folder are not."""
    try:
        names = json.loads((folder / LISTING).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return set()
    return {name for name in names if not Path(name).is_absolute() and ".." not in Path(name).parts}
