"""Verifies that the records of a hidden track were released as its ledger, policy and scores say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.runs.finished_goals import RECORD_FILE

from .record_store import private_folder, read_record
from .release_ledger import ChargeLine, Ledger, PolicyLine, ReleaseLine, is_shown
from .release_policy import Release, ReleasePolicy
from .result_record import ResultRecord


def releases_differ(private: Path, records: Iterable[ResultRecord]) -> Iterator[Problem]:
    """Yields a problem for every release that does not follow from the ledger's earlier lines and the scores.

    `records` are the published ones of hidden tracks. Those from before there were policies are in no ledger.
    """
    of_tracks: dict[str, list[ResultRecord]] = {}
    for record in records:
        if record.release is not None:
            of_tracks.setdefault(record.track, []).append(record)
    for track, of_track in of_tracks.items():
        ledger = Ledger.of(private, track)
        try:
            lines = ledger.read()
        except BenchError as error:
            yield from error.problems
            continue
        policies = [number for number, line in enumerate(lines) if isinstance(line, PolicyLine)]
        if lines and policies != [0]:
            yield Problem("does not have the track's policy in its first line, and there alone", str(ledger.path))
        policy = next((line.policy for line in lines if isinstance(line, PolicyLine)), None)
        yield from _not_charged(lines, ledger)
        releases = [line for line in lines if isinstance(line, ReleaseLine)]
        written_down = {line.record for line in releases}
        for record in of_track:
            if record.id not in written_down:
                yield Problem(f"the record {record.id} was published and is not in the ledger", str(ledger.path))
        shown = {record.id for record in of_track}
        for number, line in enumerate(releases):
            if policy is not None and line.record in shown:
                yield from _differs(
                    line, releases[:number], policy, private_folder(private, track, line.record), ledger
                )


def _not_charged(lines: Sequence[PolicyLine | ChargeLine | ReleaseLine], ledger: Ledger) -> Iterator[Problem]:
    """Yields a problem for every release that no team has paid for by then."""
    charged: set[tuple[str, str]] = set()
    for line in lines:
        if isinstance(line, ReleaseLine) and (line.team, line.predictions) not in charged:
            yield Problem(f"the record {line.record} was released to a team that was not charged", str(ledger.path))
        elif isinstance(line, ChargeLine):
            change = charged.add if line.what == "charged" else charged.discard
            change((line.team, line.predictions))


def _differs(
    line: ReleaseLine, before: list[ReleaseLine], policy: ReleasePolicy, folder: Path, ledger: Ledger
) -> Iterator[Problem]:
    try:
        record = read_record(folder)
    except BenchError:
        # That the private record is not there is told by whoever verifies its rows.
        return
    where = str(folder / RECORD_FILE)
    if line.shown != is_shown(line, before):
        yield Problem(f"whether {line.record} is shown does not follow from the lines before", str(ledger.path))
    for what, told, steps in (
        ("Avg. DSC", line.dsc_steps, policy.steps(record.average.dsc.value)),
        ("Avg. F1", line.f1_steps, policy.steps(record.average.f1.value)),
    ):
        if told != steps:
            yield Problem(
                f"the {what} of {line.record} in steps is not that of its record",
                str(ledger.path),
                str(steps),
                str(told),
            )
    if record.release != Release(policy=policy, shown=line.shown):
        yield Problem("was released otherwise than the ledger says", where)
