"""Shows the voxels behind a board's numbers: the worst cases of its methods, from the labels and the submissions.

Only boards whose labels are public have them. A submission is known by the digest of its predictions, whatever it is
called and however it is packed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfile
from tempfile import gettempdir

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.core.scratch_folder import scratch_folder
from mswal_bench.benchmark.data.dataset import Case, Dataset, open_dataset
from mswal_bench.benchmark.data.scoring_protocol import Protocol, protocol_of
from mswal_bench.benchmark.figures.explorer.case_content import CaseToShow
from mswal_bench.benchmark.figures.explorer.pages_folder import pages_of
from mswal_bench.benchmark.figures.explorer.worst_cases import worst_cases
from mswal_bench.benchmark.figures.explorer.worst_links import MOST_METHODS, LinkedCase, worst_links, worst_said
from mswal_bench.benchmark.records.record_store import record_folder
from mswal_bench.benchmark.records.result_record import ResultRecord
from mswal_bench.benchmark.records.submission_folder import submissions_in
from mswal_bench.benchmark.scoring.cases_csv import CASES_FILE, read_counts
from mswal_bench.benchmark.scoring.labels_digest import labels_digest
from mswal_bench.benchmark.submissions.package.listing import PREDICTIONS
from mswal_bench.benchmark.submissions.package.open_submission import open_submission
from mswal_bench.benchmark.submissions.package.private_copy import copied
from mswal_bench.benchmark.volumes.file_names import submitted_case_id
from mswal_bench.metrics.case import ClassCounts

from .boards import Board
from .entries import Entry

FOLDER = "cases"
MOST_CASES = 10
"""Of each method and lesion type."""


@dataclass(frozen=True)
class EntryCases:
    """Holds what the page of a method links to."""

    said: str
    """Says which cases these are."""
    classes: tuple[tuple[str, str, tuple[LinkedCase, ...]], ...]
    """Gives the key and the name of each lesion type, and its worst cases, the worst first."""


@dataclass(frozen=True)
class CaseEvidence:
    """Holds the links of all entries, and makes the pages."""

    of: Mapping[str, EntryCases] = field(default_factory=dict)
    """Maps ids of entries to their cases; entries without any are not there."""
    notes: tuple[str, ...] = ()
    """Names the methods whose predictions were not found."""
    _shown: tuple[tuple[Board, Protocol, tuple[CaseToShow, ...]], ...] = ()

    def files(self, *, progress: bool = False) -> Iterator[tuple[str, bytes]]:
        """Yields the pages by their paths in the site, one case at a time. Raises BenchError for what cannot be
        read."""
        for board, protocol, cases in self._shown:
            back = f"../../index.html#track={board.key}"
            for name, content in pages_of(cases, protocol, back=back, back_text="Leaderboard", progress=progress):
                yield f"{FOLDER}/{board.key}/{name}", content


@contextmanager
def case_evidence(
    boards: Sequence[Board], results: Path, data: Path, submissions: Path, *, progress: bool = False
) -> Iterator[CaseEvidence]:
    """Finds the worst cases of each public board that is of the labels in the data set `data`, while the block runs.

    Images are taken from `data` too. Of a board at most `MOST_METHODS` methods have cases, the first whose rows are in
    `results` and whose predictions are in a submission of the folder `submissions`. Nothing of a hidden track is read.
    Raises BenchError where no public board is of these labels, and for what cannot be read.
    """
    dataset = open_dataset(data)
    protocol = protocol_of(dataset)
    found = {board.key: counts for board in boards if (counts := _counts(board, results, dataset, protocol))}
    if not found:
        what = "no public board is of these labels"
        mend = "Give the data set by whose labels the records were made."
        raise BenchError(Problem(what, str(data), mend=mend))
    with scratch_folder(Path(gettempdir()), private=True) as kept:
        wanted = {entry.record.predictions_digest for board in boards for entry in _public(board) if entry.record}
        cases = {case for counts in found.values() for of in counts.values() for case in of}
        predictions = _predictions(submissions, wanted, cases, kept, progress=progress)
        yield _evidence([board for board in boards if board.key in found], found, predictions, dataset, protocol)


def _public(board: Board) -> list[Entry]:
    if board.hidden:
        return []
    return [entry for entry in board.entries if entry.record is not None and not entry.record.hidden]


def _counts(
    board: Board, results: Path, dataset: Dataset, protocol: Protocol
) -> dict[str, dict[str, dict[str, ClassCounts]]]:
    """Returns the counts of each public entry whose rows are at hand, by id; nothing where the board is of other
    labels."""
    if board.protocol != protocol.id:
        return {}
    counts = {}
    for entry in _public(board):
        path = record_folder(results, board.track, entry.id) / CASES_FILE
        if path.is_file():
            (counts[entry.id],) = read_counts(path).values()
    labels = {case: each.label for case, each in _cases(dataset).items() if each.label is not None}
    cases = {case for of_entry in counts.values() for case in of_entry}
    if not cases or not cases <= labels.keys():
        return {}
    digest = labels_digest({case: labels[case] for case in cases})
    return counts if digest == board.reference_digest else {}


def _cases(dataset: Dataset) -> dict[str, Case]:
    return {**dataset.test, **dataset.train}


def _predictions(
    submissions: Path, wanted: set[str], cases: set[str], kept: Path, *, progress: bool
) -> dict[str, dict[str, Path]]:
    """Copies the predictions of the wanted digests into `kept`, and returns them by digest and case."""
    found: dict[str, dict[str, Path]] = {}
    paths = submissions_in(submissions)
    with progress_bar("submissions", "submission", shown=progress) as report:
        for number, path in enumerate(paths):
            report(number, len(paths), "")
            with scratch_folder(kept, private=True) as scratch, open_submission(path) as package:
                named = {
                    case: file.name
                    for file in package.files
                    if file.name.startswith(f"{PREDICTIONS}/")
                    and (case := submitted_case_id(file.name.rpartition("/")[2])) in cases
                    and case is not None
                }
                names = set(named.values())
                copy = copied(package, names.__contains__, scratch)
                if not copy.is_whole:
                    continue
                digest = copy.digest(named)
                if digest in wanted and digest not in found:
                    target = kept / f"predictions-{number}"
                    links = scratch / "named"
                    links.mkdir()
                    target.mkdir()
                    copy.link(named, links)
                    found[digest] = {}
                    for link in links.iterdir():
                        copyfile(link, target / link.name)
                        found[digest][str(submitted_case_id(link.name))] = target / link.name
        report(len(paths), len(paths), "")
    return found


def _evidence(
    boards: Sequence[Board],
    counts: Mapping[str, Mapping[str, Mapping[str, Mapping[str, ClassCounts]]]],
    predictions: Mapping[str, Mapping[str, Path]],
    dataset: Dataset,
    protocol: Protocol,
) -> CaseEvidence:
    of: dict[str, EntryCases] = {}
    notes, shown = [], []
    for board in boards:
        records = {
            entry.id: entry.record
            for entry in _public(board)
            if entry.record is not None and entry.id in counts[board.key]
        }
        absent = [record.form.method for record in records.values() if record.predictions_digest not in predictions]
        if absent:
            notes.append(f"{board.title}: no submission has the predictions of {', '.join(absent)}; no cases are shown")
        there = [entry for entry, record in records.items() if record.predictions_digest in predictions]
        titles = _titles({entry: records[entry] for entry in there[:MOST_METHODS]})
        worst = worst_cases({title: counts[board.key][entry] for entry, title in titles.items()}, MOST_CASES)
        said = worst_said(worst, MOST_CASES, len(there), each="lesion type")
        linked = worst_links(worst, protocol, f"../{FOLDER}/{board.key}/")
        for entry, title in titles.items():
            classes = [
                (each.lesion.key, each.lesion.name, each.methods[title]) for each in linked if title in each.methods
            ]
            if classes:
                of[entry] = EntryCases(said, tuple(classes))
        cases = []
        for case in worst.cases:
            known = _cases(dataset)[case]
            assert known.label is not None
            of_case = {
                title: predictions[records[entry].predictions_digest].get(case) for entry, title in titles.items()
            }
            cases.append(CaseToShow(case, known.label, known.image if known.image.is_file() else None, of_case))
        shown.append((board, protocol, tuple(cases)))
    return CaseEvidence(of, tuple(notes), tuple(shown))


def _titles(records: Mapping[str, ResultRecord]) -> dict[str, str]:
    """Returns a title for each entry: the method's name, and where several have it the record's id too."""
    names = [record.form.method for record in records.values()]
    return {
        entry: record.form.method if names.count(record.form.method) == 1 else f"{record.form.method} ({record.id[:6]})"
        for entry, record in records.items()
    }
