"""Keeps the ledger of a hidden track: what each team has handed in, and what it was shown.

    PRIVATE/TRACK/ledger.jsonl

Its first line is the track's policy. A submission adds a line when it is charged, one when it turned out not to be
valid and is given back, and one when its record is released. Lines are only ever added, each whole or not at all, by
one process at a time. A submission is charged before it is scored and released before it is published; whoever calls
again after a crash finds both done. The same predictions of the same team are charged once and released alike.
"""

from __future__ import annotations

import errno
import os
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed

from .private_log import TellableError
from .release_policy import DEFAULT_POLICY, Release, ReleasePolicy
from .result_record import Digest, RecordId, ResultRecord

LEDGER_FILE: Final = "ledger.jsonl"


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PolicyLine(_Line):
    """The first line."""

    what: Literal["policy"] = "policy"
    policy: ReleasePolicy


class ChargeLine(_Line):
    """A submission was taken from the team's budget, or given back."""

    what: Literal["charged", "given back"]
    time: AwareDatetime
    team: str
    predictions: Digest


class ReleaseLine(_Line):
    """A record was released."""

    what: Literal["released"] = "released"
    time: AwareDatetime
    team: str
    predictions: Digest
    labels: Digest
    """The reference that it was scored against: scores against others do not compare."""
    protocol: str
    record: RecordId
    dsc_steps: int | None
    """Avg. DSC, rounded down, in steps of the policy."""
    f1_steps: int | None
    shown: bool

    @property
    def compares_within(self) -> tuple[str, ...]:
        """Releases that have this in common are steps of one ladder."""
        return self.team, self.labels, self.protocol


_LINES: TypeAdapter[PolicyLine | ChargeLine | ReleaseLine] = TypeAdapter(
    Annotated[PolicyLine | ChargeLine | ReleaseLine, Field(discriminator="what")]
)


@dataclass(frozen=True)
class Ledger:
    """The ledger of one track."""

    path: Path

    @classmethod
    def of(cls, private: Path, track: str) -> Ledger:
        return cls(private / track / LEDGER_FILE)

    def charge(self, team: str, predictions: str, policy: ReleasePolicy | None, now: datetime) -> None:
        """Takes a submission from the team's budget, unless it was taken before.

        `policy` becomes the track's if nothing was handed in yet. Raises a BenchError that may be told where it is
        another than the track's, and where nothing is left of the budget, with the day on which there will be.
        """
        with self._open() as ledger:
            kept = ledger.policy
            if kept is None:
                kept = policy or DEFAULT_POLICY
                ledger.add(PolicyLine(policy=kept))
            elif policy not in {None, kept}:
                what, mend = "the track began with another release policy, which it keeps", "Leave out --policy."
                raise TellableError(
                    Problem(what, "", kept.model_dump_json(), str(policy and policy.model_dump_json()), mend)
                )
            charged = ledger.charges(team)
            if predictions in charged:
                return
            problem = _over_budget(team, sorted(charged.values()), kept, now)
            if problem is not None:
                raise TellableError(problem)
            ledger.add(ChargeLine(what="charged", time=now, team=team, predictions=predictions))

    def give_back(self, team: str, predictions: str, now: datetime) -> None:
        """Returns to the team what a submission that cannot be scored had cost."""
        with self._open() as ledger:
            if predictions in ledger.charges(team):
                ledger.add(ChargeLine(what="given back", time=now, team=team, predictions=predictions))

    def release(self, record: ResultRecord, team: str, now: datetime) -> Release:
        """Decides whether the record's averages are shown, and writes it down before anybody sees them."""
        with self._open() as ledger:
            policy = ledger.policy or DEFAULT_POLICY
            if ledger.policy is None:
                ledger.add(PolicyLine(policy=policy))
            line = ReleaseLine(
                time=now,
                team=team,
                predictions=record.predictions_digest,
                labels=record.reference_digest,
                protocol=record.protocol,
                record=record.id,
                dsc_steps=policy.steps(record.average.dsc.value),
                f1_steps=policy.steps(record.average.f1.value),
                shown=False,
            )
            before = next((each for each in ledger.releases if each.record == line.record), None)
            if before is not None:
                # Released to another team perhaps: a record has one release, whoever hands it in after a crash.
                return Release(policy=policy, shown=before.shown)
            line = line.model_copy(update={"shown": is_shown(line, ledger.releases)})
            ledger.add(line)
            return Release(policy=policy, shown=line.shown)

    def used(self, team: str) -> str:
        """Says how much of its budget the team has used."""
        with self._open() as ledger:
            policy = ledger.policy or DEFAULT_POLICY
            return f"the team {team} has used {len(ledger.charges(team))} of its {policy.submissions} submissions"

    def refuse_others(self, records: Iterable[ResultRecord]) -> None:
        """Raises BenchError where one of the published `records` of the track was released by another ledger.

        With a wrong private folder, or a lost ledger, all teams would begin anew.
        """
        known = {line.record for line in self.read() if isinstance(line, ReleaseLine)}
        others = sorted(record.id for record in records if record.release is not None and record.id not in known)
        if others:
            what = f"does not have the release of {listed(others)}, though published"
            mend = "Give the private folder of these results, or bring its ledger back from a backup."
            raise BenchError(Problem(what, str(self.path), mend=mend))

    def read(self) -> Sequence[PolicyLine | ChargeLine | ReleaseLine]:
        """Its lines; none where there is no ledger. Raises BenchError for one that is damaged or cannot be read."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise BenchError(Problem(f"cannot be read ({error.strerror or error})", str(self.path))) from error
        return list(_lines(_whole(content), self.path))

    @contextmanager
    def _open(self) -> Iterator[_OpenLedger]:
        """Waits for other processes. The ledger itself is locked, so that no lock is left by a process that dies."""
        import fcntl

        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield _OpenLedger(handle, list(_lines(_read_and_mended(handle), self.path)))
            finally:
                os.close(handle)
        except OSError as error:
            raise BenchError(Problem(f"cannot be written ({error.strerror or error})", str(self.path))) from error


@dataclass(frozen=True)
class _OpenLedger:
    handle: int
    lines: list[PolicyLine | ChargeLine | ReleaseLine]

    @property
    def policy(self) -> ReleasePolicy | None:
        return next((line.policy for line in self.lines if isinstance(line, PolicyLine)), None)

    @property
    def releases(self) -> list[ReleaseLine]:
        return [line for line in self.lines if isinstance(line, ReleaseLine)]

    def charges(self, team: str) -> dict[str, datetime]:
        """The predictions that the team has been charged for, and when."""
        charged: dict[str, datetime] = {}
        for line in self.lines:
            if isinstance(line, ChargeLine) and line.team == team:
                if line.what == "charged":
                    charged[line.predictions] = line.time
                else:
                    charged.pop(line.predictions, None)
        return charged

    def add(self, line: PolicyLine | ChargeLine | ReleaseLine) -> None:
        content = (line.model_dump_json() + "\n").encode()
        if os.write(self.handle, content) < len(content):
            # As on a disk that is nearly full. The half line is removed by the next call.
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(self.handle)
        self.lines.append(line)


def is_shown(line: ReleaseLine, before: Sequence[ReleaseLine]) -> bool:
    """Whether a release shows its averages: the ladder of Blum and Hardt (ICML 2015), one step of the policy wide.

    One of the two must be above all that the team was shown before. The same predictions are shown as they were.
    """
    earlier = [each for each in before if each.compares_within == line.compares_within]
    for each in earlier:
        if each.predictions == line.predictions:
            return each.shown
    shown = [each for each in earlier if each.shown]
    return any(
        mine is not None and all(theirs is None or mine > theirs for theirs in best)
        for mine, best in (
            (line.dsc_steps, [each.dsc_steps for each in shown]),
            (line.f1_steps, [each.f1_steps for each in shown]),
        )
    )


def team_of(contact: str) -> str:
    """Names the team after the address in its form, without what is added to an address after a plus."""
    name, _, host = same_team(contact).rpartition("@")
    return f"{name.partition('+')[0]}@{host.rstrip('.')}"


def same_team(name: str) -> str:
    """Writes a team's name as all that read alike: without case, what nobody sees, and the width of letters."""
    seen = "".join(letter for letter in name if unicodedata.category(letter) != "Cf")
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold()).split())


def _over_budget(team: str, charged: Sequence[datetime], policy: ReleasePolicy, now: datetime) -> Problem | None:
    if len(charged) >= policy.submissions:
        what = f"the team {team} has handed in all {policy.submissions} submissions that it has on this track"
        return Problem(what, mend="No further one is scored.")
    within = timedelta(days=policy.days)
    recent = [time for time in charged if time > now - within]
    if len(recent) < policy.recent:
        return None
    possible = recent[-policy.recent] + within
    what = f"the team {team} has handed in {len(recent)} submissions within {policy.days} days, which is all it may"
    return Problem(what, mend=f"The next one can be scored from {possible.astimezone(UTC):%F %H:%M} UTC on.")


def _read_and_mended(handle: int) -> bytes:
    """Removes what a process that died in writing left behind the last whole line.

    A line that lacks nothing but its end, as editors may leave it, is kept and ended.
    """
    content = b""
    while part := os.read(handle, 1 << 20):
        content += part
    whole = _whole(content)
    if len(whole) > len(content):
        os.write(handle, b"\n")
    elif len(whole) < len(content):
        os.ftruncate(handle, len(whole))
        os.lseek(handle, 0, os.SEEK_END)
    return whole


def _whole(content: bytes) -> bytes:
    ended = content.rfind(b"\n") + 1
    try:
        _LINES.validate_json(content[ended:])
    except ValidationError:
        return content[:ended]
    return content + b"\n"


def _lines(content: bytes, path: Path) -> Iterator[PolicyLine | ChargeLine | ReleaseLine]:
    for number, line in enumerate(content.splitlines(), 1):
        try:
            yield _LINES.validate_json(line)
        except ValidationError as error:
            what = f"line {number} is not one of a ledger, or was changed"
            raise BenchError(Problem(what, str(path), mend="Bring it back from a backup.")) from error
