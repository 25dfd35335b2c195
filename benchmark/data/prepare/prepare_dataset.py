"""Makes the cases that were found a data set in nnU-Net's raw layout, and freezes its split.

The folder says from the first file on what it is made from (`prepared.json`); `dataset.json`, which readers look for,
comes last. Called again, a complete folder is left alone, a started one goes on, and a file is put in place again when
the source has another one for it, or has changed it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from mswal_bench.baselines.raw_layout import image_name, label_name
from mswal_bench.benchmark.core.claims import PARTIAL
from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.core.link_or_copy import Way, is_placed, place, state_of
from mswal_bench.benchmark.core.litter import is_litter, is_passed_over
from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.core.whole_files import write_text
from mswal_bench.benchmark.data.dataset import Dataset, open_dataset
from mswal_bench.benchmark.data.patients import PATIENTS_FILE, patients_file, taken_over
from mswal_bench.benchmark.data.raw_folder import DESCRIPTION, FOLDERS, TEST, TRAINING
from mswal_bench.benchmark.volumes.file_names import PREPARED_SUFFIXES, split_ending
from mswal_bench.splits import SPLIT_FILE, Split, SplitError, read_split

from .found_cases import Source, counted, is_part, some
from .lits_kits import find_kits, find_lits
from .mswal_layouts import find_mswal

FINDERS: Mapping[str, Callable[..., Source]] = {"mswal": find_mswal, "lits": find_lits, "kits": find_kits}
_MARK = "prepared.json"
_LOCK = ".prepare.lock"


@dataclass(frozen=True)
class Prepared:
    """Describes what a preparation has made."""

    dataset: Dataset
    split: Split
    """Lists the test cases whose images are not there as well."""
    placed: Mapping[Way, int]
    """Counts the files that this call put in place, by the way; empty where nothing was left to do."""
    notes: tuple[str, ...]
    """Are sentences about the source for the user."""

    @property
    def hidden(self) -> tuple[str, ...]:
        """Returns the test cases of the split that cannot be scored here: those without an image or without a label."""
        labelled = {case.id for case in self.dataset.test.values() if case.label is not None}
        return tuple(case for case in self.split.test if case not in labelled)


def prepare_dataset(
    source: Path, out: Path, *, kind: str = "mswal", copy: bool = False, partial: bool = False
) -> Prepared:
    """Makes the data set `kind` (a key of `FINDERS`) in `source` a raw data set in `out`, with links where they work.

    `copy` makes copies of all files; `partial` takes what is there of a data set that is not complete. `source` is only
    read. A `patients.csv` that is in `out` stays as it is. Raises BenchError with every problem found, before anything
    is written, when `out` cannot be written, and while another call is writing it.
    """
    with _sentences("cannot be read", source):
        _refuse_nested(source, out)
        found = FINDERS[kind](source, partial=partial)
        ending = _ending(found)
        targets = _targets(found, out, ending)
        mark = _mark(found, kind, out, targets)
        table, notes = taken_over(found.root, {*found.train, *found.test}, found.renamed)
    with _sentences("cannot be read", out):
        _check_folder(out, found, mark, targets)
    texts = {SPLIT_FILE: _split_json(found.split), DESCRIPTION: _dataset_json(found, ending)}
    with _own(out):
        # Again, for another call may have ended in between.
        _check_folder(out, found, mark, targets)
        states = _recorded_states(out)
        todo = {
            target: path
            for target, path in targets.items()
            if not is_placed(path, target, states.get(_name(target, out)), copy=copy)
        }
        if todo or not all(_has(out / name, text) for name, text in texts.items()):
            _clear(out, todo)
        _write_if_other(out / _MARK, json.dumps(mark, indent=1) + "\n")
        placed = _place_all(todo, copy)
        held = patients_file(out)
        if table and held is None:
            write_text(out / PATIENTS_FILE, table)
        elif table and held is not None and not _has(held, table):
            notes += (f"{held} stays as it is, though the source's differs: remove it to have it made again",)
        for name, text in texts.items():
            _write_if_other(out / name, text)
        return Prepared(open_dataset(out), found.split, placed, (*found.notes, *notes))


def _refuse_nested(source: Path, out: Path) -> None:
    within, folder = source.resolve(), out.resolve()
    if folder == within or folder.is_relative_to(within):
        what = "is the folder that is read" if folder == within else "lies within the folder that is read"
        raise BenchError(Problem(what, str(out), mend="Give a folder beside it."))


def _ending(found: Source) -> str:
    """nnU-Net wants one ending for all files; what is not compressed can become so, and not the other way round."""
    files = [path for case in (*found.train.values(), *found.test.values()) for path in (case.image, case.label)]
    endings = {split_ending(path.name, PREPARED_SUFFIXES)[1] for path in files if path is not None}
    return ".nii" if endings == {".nii"} else ".nii.gz"


def _targets(found: Source, out: Path, ending: str) -> dict[Path, Path]:
    """For every file of the data set the one of the source."""
    targets: dict[Path, Path] = {}
    for subset, cases in ((TRAINING, found.train), (TEST, found.test)):
        for case in cases.values():
            targets[out / f"images{subset}" / image_name(case.id, ending)] = case.image
            if case.label is not None:
                targets[out / f"labels{subset}" / label_name(case.id, ending)] = case.label
    return targets


def _mark(found: Source, kind: str, out: Path, targets: Mapping[Path, Path]) -> dict[str, Any]:
    return {
        "prepared_by": "mswal-bench data prepare",
        "as": kind,
        "source": str(found.root.resolve()),
        "files": {
            _name(target, out): {"source": _name(path, found.root), "state": state_of(path)}
            for target, path in sorted(targets.items())
        },
    }


def _recorded_states(out: Path) -> Mapping[str, Any]:
    """What every file in `out` was made from: the state of its source, by its name; empty where that is not known."""
    try:
        files = json.loads(read_bytes(out / _MARK))["files"]
        return {name: record["state"] for name, record in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _check_folder(out: Path, found: Source, mark: Mapping[str, Any], targets: Mapping[Path, Path]) -> None:
    """Raises BenchError unless `out` is new, empty, or was begun from the same source and has no other case."""
    if not out.exists():
        return
    if not out.is_dir():
        raise BenchError(Problem("is not a folder", str(out), mend="Give a folder that is new or empty."))
    if all(path.name == _LOCK or path.name.startswith(PARTIAL) or is_litter(path.name) for path in out.iterdir()):
        return
    try:
        there = json.loads(read_bytes(out / _MARK))
        owner = {key: there[key] for key in ("as", "source")}
    except (OSError, ValueError, KeyError, TypeError):
        what = "holds something other than a data set prepared here"
        raise BenchError(Problem(what, str(out), mend="Give a folder that is new or empty.")) from None
    if owner != {key: mark[key] for key in owner}:
        expected, was = (f"{one['source']} as {one['as']}" for one in (mark, owner))
        raise BenchError(Problem("was prepared from another source", str(out), expected, was, "Give another folder."))
    problems = []
    strangers = [path for name in FOLDERS for path in (out / name).glob("*") if path not in targets]
    strangers = [path for path in strangers if not is_passed_over(path.name)]
    if strangers:
        names = some([str(path.relative_to(out)) for path in strangers])
        mend = "Move them away, or give another folder."
        problems.append(Problem(f"holds files that the source has not: {names}", str(out), mend=mend))
    problems += _refrozen(out / SPLIT_FILE, found.split)
    raise_if_any(problems)


def _refrozen(path: Path, split: Split) -> list[Problem]:
    """A split stays what it was once it is the whole; of a part it grows with the part."""
    if not path.exists():
        return []
    try:
        frozen = read_split(path)
    except SplitError as error:
        return [Problem(str(error), mend="Give another folder.")]
    if is_part(frozen) or frozen.digest == split.digest:
        return []
    moved = {*frozen.train} ^ {*split.train} | {*frozen.test} ^ {*split.test}
    what = f"the split of this folder is frozen with other cases: {counted(moved)} differ, {some(moved)}"
    return [Problem(what, str(path), frozen.digest, split.digest, "Give another folder.")]


@contextmanager
def _own(out: Path) -> Iterator[None]:
    """Makes `out` this call's alone while the context lasts."""
    with _sentences("cannot be written", out, "What is done stays; the same command goes on."):
        out.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(out / _LOCK, blocking=False):
                yield
        except Timeout as error:
            mend = "Wait until it has ended."
            raise BenchError(Problem("another call is preparing this folder", str(out), mend=mend)) from error


@contextmanager
def _sentences(what: str, where: Path, mend: str = "") -> Iterator[None]:
    """Makes an error of the file system a sentence."""
    try:
        yield
    except OSError as error:
        path = str(error.filename or where)
        raise BenchError(Problem(f"{what} ({error.strerror or error})", path, mend=mend)) from error


def _clear(out: Path, stale: Iterable[Path]) -> None:
    """Takes away what says that the folder is complete, and what an interrupted call left half written.

    So with `stale`, which are to be placed again: no file may be there under the record of another.
    """
    (out / DESCRIPTION).unlink(missing_ok=True)
    for target in stale:
        target.unlink(missing_ok=True)
    for folder in (out, *(out / name for name in FOLDERS)):
        for leftover in folder.glob(PARTIAL + "*"):
            leftover.unlink()


def _place_all(todo: Mapping[Path, Path], copy: bool) -> Mapping[Way, int]:
    placed: Counter[Way] = Counter()
    with progress_bar("prepare", "file") as report:
        for number, (target, path) in enumerate(todo.items(), 1):
            target.parent.mkdir(exist_ok=True)
            placed[place(path, target, copy=copy)] += 1
            report(number, len(todo), "")
    return placed


def _has(path: Path, text: str) -> bool:
    return path.exists() and read_bytes(path) == text.encode()


def _write_if_other(path: Path, text: str) -> None:
    if not _has(path, text):
        write_text(path, text)


def _split_json(split: Split) -> str:
    content = {"name": split.name, "digest": split.digest, "train": split.train, "test": split.test}
    return json.dumps(content, separators=(",", ":")) + "\n"


def _dataset_json(found: Source, ending: str) -> str:
    """nnU-Net's description of the data set; it ignores keys that it does not know."""
    description = {
        "name": found.name,
        "channel_names": {"0": "CT"},
        "labels": found.labels,
        "numTraining": len(found.train),
        "numTest": len(found.test),
        "file_ending": ending,
        **found.extra,
    }
    return json.dumps(description, indent=2) + "\n"
