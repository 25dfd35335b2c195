"""Gathers methods that can be ranked together: a folder's records, or those of one `score --out`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from mswal_bench.benchmark.core.suggestions import did_you_mean, looks
from mswal_bench.benchmark.records.organiser_key import PublicKey
from mswal_bench.benchmark.records.record_rows import rows_of
from mswal_bench.benchmark.records.record_store import read_results
from mswal_bench.benchmark.records.result_record import ResultRecord, Status
from mswal_bench.benchmark.scoring.cases_csv import CASES_FILE, read_counts
from mswal_bench.benchmark.scoring.estimates import estimate_text
from mswal_bench.benchmark.scoring.scores import Scores
from mswal_bench.benchmark.scoring.scores_json import SCORES_FILE, read_summary

from .record_numbers import check_numbers
from .score_arrays import ScoreArrays, arrays_of_read_counts, arrays_of_scores, read_score_arrays


@dataclass(frozen=True)
class Comparable:
    """Methods that were scored on the same cases by the same rules."""

    arrays: ScoreArrays
    """Its methods are named as people know them; two records of one name have their ids in brackets."""
    protocol: str | None
    """None where the folder does not say."""
    track: str | None = None
    """None where the folder does not say. `status` is None for the scores of one `score --out`."""
    status: Status | None = None
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    """Case ids that could not be scored of every method."""


def comparable_methods(
    source: Path,
    *,
    track: str | None = None,
    claimed: bool = False,
    private: Path | None = None,
    organiser: PublicKey | None = None,
) -> list[Comparable]:
    """Returns what is in `source`, apart wherever it does not compare.

    A folder that `score --out` wrote gives its methods. A results folder gives, track by track, the verified records of
    the same protocol, cases and reference labels, or with `claimed` the claimed ones in their place; never both, for
    nobody but their authors has seen the predictions of the claimed. Verified is what the organiser has signed, by the
    key `organiser`, else by the folder's own; where he has signed nothing, as in folders of version 0.1.0, what says
    verified is ranked with the claimed. Rows of hidden tracks are read from `private`. A track that has none of the
    records, and without `private` a hidden one, is left out where there are others, with a note in the last of what is
    given; what is to be said of the signatures is there too. What people drew is no method: a note says its averages.

    Raises BenchError for a folder that is neither, for a track that has no such record, for records that contradict
    themselves or their rows, and for rows that are missing, damaged, or not those that the record was made with.
    """
    if (source / CASES_FILE).is_file():
        named = (("--track", track), ("--claimed", claimed), ("--private", private), ("--organiser", organiser))
        wrong = [name for name, given in named if given]
        if wrong:
            what = f"holds the scores of one `score --out`, to which {listed(wrong)} cannot apply"
            raise BenchError(Problem(what, str(source)))
        return [_of_scores(source)]
    read = read_results(source, organiser)
    records = read.records
    if not records:
        expected = f"records, or a {CASES_FILE} that `mswal-bench score --out` wrote"
        raise BenchError(Problem("has nothing to rank", str(source), expected=expected))
    tracks = sorted({record.track for record in records})
    if track is not None and track not in tracks:
        mend = did_you_mean(track, tracks)
        raise BenchError(Problem("has no record of the track", str(source), track, listed(tracks), mend))
    chosen = tracks if track is None else [track]
    if not any(record.status == "verified" for record in records if record.track in chosen):
        # Where nothing is signed, what says verified is not hidden behind an option.
        claimed = claimed or any(record.id in read.unsigned for record in records if record.track in chosen)
    found = _of_results(source, records, chosen, "claimed" if claimed else "verified", private)
    return [*found[:-1], replace(found[-1], notes=(*found[-1].notes, *read.notes))]


def _of_results(
    results: Path, records: Sequence[ResultRecord], tracks: Sequence[str], status: Status, private: Path | None
) -> list[Comparable]:
    having = {record.track for record in records if record.status == status}
    of_methods = {record.track for record in records if record.status == status and not record.form.of_people}
    ranked = [name for name in tracks if name in of_methods]
    if not ranked:
        what = f"has no {status} record in {listed(tracks)}"
        if having & set(tracks):
            mend = "People are a reference and are not ranked."
            raise BenchError(Problem(f"{what} but of what people drew", str(results), mend=mend))
        mend = (
            "`--claimed` is for claimed ones alone."
            if status == "claimed"
            else "`--claimed` ranks claimed ones, apart."
        )
        raise BenchError(Problem(what, str(results), mend=mend))
    unread = sorted({record.track for record in records if record.hidden and private is None} & set(ranked))
    # Whoever asks for nothing but a hidden track is told what it takes.
    unread = unread if len(unread) < len(ranked) else []
    left_out = [
        f"Left out: {name}, which has no {status} record{' but of what people drew' if name in having else ''}."
        for name in tracks
        if name not in ranked
    ]
    left_out += [f"Left out: {name}, which is hidden: `--private` says where its rows are." for name in unread]
    found = [
        each
        for name in ranked
        if name not in unread
        for each in _of_track([record for record in records if record.track == name], status, results, private)
    ]
    return [*found[:-1], replace(found[-1], notes=(*found[-1].notes, *left_out))]


def _of_scores(folder: Path) -> Comparable:
    path = folder / CASES_FILE
    counts = read_counts(path)
    # Counts in a table alone, of anybody's, can be ranked too.
    summary = read_summary(folder / SCORES_FILE) if (folder / SCORES_FILE).exists() else None
    where = dict.fromkeys(counts, str(path))
    if summary is None:
        return Comparable(arrays_of_read_counts(counts, None, where), None)
    arrays = arrays_of_read_counts(counts, summary.class_keys, where)
    return _of_one_scoring(arrays, summary.protocol, summary.track, summary.failed)


def comparable_scores(scores: Scores) -> Comparable:
    """The methods of scores. Raises BenchError as `arrays_of_scores` does."""
    failed = {name: method.failed for name, method in scores.items()}
    return _of_one_scoring(arrays_of_scores(scores), scores.protocol.id, scores.track, failed)


def _of_one_scoring(
    arrays: ScoreArrays, protocol: str, track: str | None, failed: Mapping[str, Sequence[str]]
) -> Comparable:
    """`failed` are the ids of cases that could not be scored, by method."""
    left_out = sorted({case for cases in failed.values() for case in cases})
    what = f"without {listed(left_out)}, which could not be scored of every method"
    notes = (f"NOT COMPARABLE with rankings of all cases: {what}.",) if left_out else ()
    return Comparable(arrays, protocol, track, notes=notes, left_out=tuple(left_out))


def _of_track(records: Sequence[ResultRecord], status: Status, results: Path, private: Path | None) -> list[Comparable]:
    groups: dict[tuple[str, ...], list[ResultRecord]] = defaultdict(list)
    people: dict[tuple[str, ...], list[ResultRecord]] = defaultdict(list)
    for record in records:
        if record.status == status:
            kind = people if record.form.of_people else groups
            kind[record.protocol, record.manifest_digest, record.reference_digest].append(record)
    others = [record.form.method for record in records if record.status != status and not record.form.of_people]
    notes = []
    if others:
        how = "verified" if status == "claimed" else "claimed"
        notes.append(f"Not among these, for they are {how}: {listed(others)}. The two are never ranked together.")
    if len(groups) > 1:
        notes.append(_why_apart(list(groups)))
    problems: list[Problem] = []
    found = []
    for key, group in groups.items():
        try:
            arrays = _arrays(group, results, private)
        except BenchError as error:
            problems += error.problems
            continue
        reference = [_of_people(people[key])] if key in people else []
        found.append(Comparable(arrays, key[0], group[0].track, status, (*reference, *notes)))
    raise_if_any(problems)
    return found


def _of_people(records: Sequence[ResultRecord]) -> str:
    told = [
        f"{name} (Avg. DSC {estimate_text(record.average.dsc)}, Avg. F1 {estimate_text(record.average.f1)})"
        for record, name in zip(records, _names(records).values(), strict=True)
    ]
    return f"Drawn by people, as a reference and not ranked: {'; '.join(told)}."


def _why_apart(keys: Sequence[tuple[str, ...]]) -> str:
    parts = zip(("protocol", "cases", "reference labels"), zip(*keys, strict=True), strict=True)
    different = [name for name, values in parts if len(set(values)) > 1]
    return f"One of {len(keys)} rankings of this track: records of different {' and '.join(different)} do not compare."


def _arrays(group: Sequence[ResultRecord], results: Path, private: Path | None) -> ScoreArrays:
    if private is None and any(record.hidden for record in group):
        mend = "Give the organiser's folder with `--private`; `leaderboard build` ranks by what is published."
        raise BenchError(Problem("the track is hidden, and its rows are not published", group[0].track, mend=mend))
    names = _names(group)
    problems: list[Problem] = []
    with_numbers, files = {}, {}
    for record in group:
        name = names[record.id]
        try:
            with_numbers[name], files[name] = rows_of(record, results, private)
        except BenchError as error:
            problems += error.problems
    raise_if_any(problems)
    arrays = read_score_arrays(files, tuple(group[0].classes))
    check_numbers(with_numbers, arrays, files)
    return arrays


def _names(group: Sequence[ResultRecord]) -> Mapping[str, str]:
    """Record id -> the method's name."""
    # By what a reader sees: names that differ by Unicode normalisation alone are two that look like one.
    times = Counter(looks(record.form.method) for record in group)
    return {
        record.id: method if times[looks(method := record.form.method)] == 1 else f"{method} ({record.id})"
        for record in group
    }
