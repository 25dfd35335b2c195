"""Keeps the results of an inspection in a file, so that volumes that have not changed are not read again.

A file is known again by its inode, size, and times of change, which any way of replacing it or writing into it moves:
the second of the two times is the file system's own, and no tool can set it back. A file that is younger than those
clocks are fine is not kept: another one in its place could have the same times.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from mswal_bench import metrics
from mswal_bench.benchmark import data, volumes
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.core.whole_files import write_text
from mswal_bench.benchmark.data.raw_folder import RawCase

from .case_check import CaseResult, FileResult
from .findings_catalogue import DataFinding
from .layout import Layout

# The coarsest clock of a file system in use, FAT's.
_GRAIN_NS = 2_000_000_000
_PACKAGES = (Path(__file__).parent, Path(data.__path__[0]), Path(volumes.__path__[0]), Path(metrics.__path__[0]))
State = list[int]


class KeptResults:
    """Keeps results for the files in `layout` as they are now, in the file `path`, which need not be there yet.

    Results with an error are not kept: such a file is read again. A damaged file at `path` counts as none.
    """

    def __init__(self, path: Path, layout: Layout):
        self._path, self._root = path, layout.root
        # Before anything is read: what changes meanwhile is another file the next time.
        files = {file for case in layout.cases for file in (case.image, case.label) if file is not None}
        self._states = {file: _state_of(file) for file in files}
        self._rules = _rules(layout)
        self._kept: dict[str, dict[str, Any]] = _read(path, self._rules)

    def image(self, files: RawCase) -> FileResult | None:
        """Returns the result of a case's image; None where it is not known, an empty result where there is no image."""
        return self._known(files.image, [files.image])

    def label(self, files: RawCase) -> FileResult | None:
        """Returns the result of a case's label map, known only beside the image that it was compared with."""
        return self._known(files.label, [files.image, files.label])

    def add(self, result: CaseResult) -> None:
        """Adds the results of a case."""
        files = result.files
        if any(one.severity == "error" for one in result.image.findings):
            # It may have ended before the label was looked at.
            return
        self._add(files.image, [files.image], result.image)
        self._add(files.label, [files.image, files.label], result.label)

    def write(self) -> None:
        """Writes all results to the file, whole. Raises OSError."""
        content = {"rules": self._rules, "files": dict(sorted(self._kept.items()))}
        write_text(self._path, json.dumps(content, separators=(",", ":")) + "\n")

    def _known(self, file: Path | None, beside: list[Path | None]) -> FileResult | None:
        if file is None:
            return FileResult()
        entry = self._kept.get(self._name(file))
        states = self._states_of(beside)
        if entry is None or states is None or entry["states"] != states:
            return None
        return FileResult(tuple(DataFinding(**one) for one in entry["findings"]), entry["digest"])

    def _add(self, file: Path | None, beside: list[Path | None], result: FileResult) -> None:
        states = self._states_of(beside)
        if file is None or states is None or any(one.severity == "error" for one in result.findings):
            return
        findings = [asdict(one) for one in result.findings]
        self._kept[self._name(file)] = {"states": states, "digest": result.digest, "findings": findings}

    def _states_of(self, files: list[Path | None]) -> list[State | None] | None:
        """None where one cannot be told from another in its place."""
        states = [None if file is None else self._states[file] for file in files]
        return None if any(state is None for state, file in zip(states, files, strict=True) if file) else states

    def _name(self, file: Path) -> str:
        return file.relative_to(self._root).as_posix()


def _state_of(file: Path) -> State | None:
    """None for a file that is not there, or too young."""
    now = time.time_ns()
    try:
        stat = file.stat()
    except OSError:
        return None
    if now - max(stat.st_mtime_ns, stat.st_ctime_ns) < _GRAIN_NS:
        return None
    return [stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]


def _read(path: Path, rules: str) -> dict[str, dict[str, Any]]:
    try:
        content = json.loads(read_bytes(path))
        if content["rules"] != rules:
            return {}
        return {name: entry for name, entry in content["files"].items() if _is_whole(entry)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _is_whole(entry: Mapping[str, Any]) -> bool:
    return entry.keys() == {"states", "digest", "findings"}


def _rules(layout: Layout) -> str:
    """What a file was held against: a result does not outlive a change of it."""
    parts = (layout.root.resolve(), sorted(layout.labels), layout.classes, layout.is_mswal, _digest_of_the_code())
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@cache
def _digest_of_the_code() -> str:
    digest = hashlib.sha256()
    for package in _PACKAGES:
        for path in sorted(package.glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
