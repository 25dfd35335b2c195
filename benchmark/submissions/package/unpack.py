"""The predictions of a submission as a folder of files, for what reads folders."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.volumes.file_names import SUBMITTED_SUFFIXES, submitted_case_id

from .listing import SubmittedFile
from .size_limits import Bounds
from .submitted_files import files_named, open_submission

_ROOM = Bounds()


@contextmanager
def unpacked(
    path: Path, predictions: Mapping[str, str], bounds: Bounds = _ROOM, parent: Path | None = None
) -> Iterator[Path]:
    """A private folder that is removed at the end, with `CASE.nii.gz` (or `.nii`, `.mha`) for each case.

    `predictions` is case id -> name inside the submission; nothing else of it is unpacked. Files of an archive are
    copied, those of a folder linked to. It lies in `parent`, by default where the system keeps temporary files. Raises
    BenchError for a name that the submission does not have and for a file that cannot be read.
    """
    cases = {name: case for case, name in predictions.items()}
    with (
        tempfile.TemporaryDirectory(prefix="mswal-bench-", dir=parent) as folder,
        open_submission(path, bounds) as submission,
    ):
        for file in files_named(submission, predictions.values()):
            _place(file, Path(folder) / _file_name(cases[file.name], file.name))
        yield Path(folder)


def _file_name(case: str, name: str) -> str:
    suffix = next((suffix for suffix in SUBMITTED_SUFFIXES if name.lower().endswith(suffix)), None)
    # A case id comes from a manifest, and one of another maker's may be a path.
    if suffix is None or submitted_case_id(Path(f"{case}{suffix}").name) != case or "\\" in case:
        expected = f"a case id and one of {', '.join(SUBMITTED_SUFFIXES)}"
        raise BenchError(Problem("not the file of a case", name, expected, case))
    return f"{case}{suffix}"


def _place(file: SubmittedFile, target: Path) -> None:
    if file.path is not None:
        # Read for the check that it is still the file that was listed.
        next(file.blocks(), None)
        target.symlink_to(file.path.resolve())
        return
    with target.open("xb") as out:
        out.writelines(file.blocks())
