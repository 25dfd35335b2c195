"""Tells what is odd with images that are to be predicted, as abdominal CTs, and which of them cannot be.

The limits and the words are those of `data check`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import get_args

from mswal_bench.baselines.processes import cores
from mswal_bench.benchmark.core.errors import Problem
from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.core.worker_pool import worked_on
from mswal_bench.benchmark.data.check.findings_catalogue import DataFinding
from mswal_bench.benchmark.data.check.image_check import FileNotes, inspect_image
from mswal_bench.benchmark.volumes.stored_volume import Fault

from .given_images import GivenImage

# What networks or their readers make nothing of; all else is predicted with a warning.
_FATAL = frozenset({*get_args(Fault), "broken-link", "not-finite"})
# Read sooner than processes start.
_WORTH_PROCESSES_BYTES = 20_000_000


@dataclass(frozen=True)
class ReadImage:
    """An image and what was found when it was read to its end."""

    image: GivenImage
    volume: Path
    """The file that is predicted: the image itself, or what it was converted to."""
    faults: tuple[Problem, ...] = ()
    """Why it cannot be predicted."""
    oddities: tuple[Problem, ...] = ()
    """What is unlike an abdominal CT."""


def read_images(images: Sequence[ReadImage], *, is_mswal: bool, progress: bool = False) -> list[ReadImage]:
    """Reads every volume whole, on all cores, and adds what it finds. With `is_mswal` sizes are compared with MSWAL's.

    The result is in the order of the cases.
    """
    sizes = {read.image.case: read.volume.stat().st_size for read in images}
    every, done = sum(sizes.values()), 0
    found = []
    with progress_bar("check", "B", shown=progress) as report:
        jobs = 1 if every < _WORTH_PROCESSES_BYTES else cores()
        for read in worked_on(images, partial(_guarded, is_mswal), lost=_lost, jobs=jobs):
            found.append(read)
            done += sizes[read.image.case]
            report(done, every, f"{len(found)} of {len(images)} images")
    return sorted(found, key=lambda read: read.image.case)


def _guarded(is_mswal: bool, read: ReadImage) -> ReadImage:
    notes = FileNotes(read.image.case, str(read.image.path))
    try:
        inspect_image(read.volume, notes, is_mswal=is_mswal)
    except MemoryError:
        notes.add("unreadable", "there is not enough memory to read it")
    except OSError as error:
        notes.add("unreadable", f"cannot be read ({error.strerror or error})")
    refusals = (replace(one, where=notes.file) for one in notes.refusals)
    # What a reader refused the file for is among the findings too, without its sentence.
    others = [one for one in notes.findings if one.code not in get_args(Fault) or not notes.refusals]
    fatal = (*refusals, *(_problem(one) for one in others if one.code in _FATAL))
    odd = tuple(_problem(one) for one in others if one.code not in _FATAL)
    return replace(read, faults=read.faults + fatal, oddities=read.oddities + odd)


def _lost(read: ReadImage) -> ReadImage:
    what = "its process was ended from outside, most often for lack of memory"
    return replace(read, faults=(*read.faults, Problem(what, str(read.image.path))))


def _problem(finding: DataFinding) -> Problem:
    kind = finding.kind
    # What a reader refused a file for is a sentence of its own.
    what, found = (finding.found, "") if finding.code in get_args(Fault) else (kind.what, finding.found)
    return Problem(what, finding.file, finding.expected, found, kind.mend)
