"""What teams are charged, and which of their records are shown."""

from __future__ import annotations

import multiprocessing
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.records.private_log import TellableError
from mswal_bench.benchmark.records.release_ledger import ChargeLine, Ledger, ReleaseLine, is_shown, same_team, team_of
from mswal_bench.benchmark.records.release_policy import Release, ReleasePolicy
from mswal_bench.benchmark.records.result_record import ResultRecord

_START = datetime(2026, 1, 1, tzinfo=UTC)


def _digest(number: int) -> str:
    return f"sha256:{number:064x}"


def _charge(ledger: Ledger, number: int, day: float, team: str = "a@b.org") -> None:
    ledger.charge(team, _digest(number), None, _START + timedelta(days=day))


def _line(dsc: int | None, f1: int | None, number: int = 0, *, shown: bool = True, labels: int = 0) -> ReleaseLine:
    return ReleaseLine(
        time=_START, team="a@b.org", predictions=_digest(number), labels=_digest(labels), protocol="mswal/1",
        record=f"{number:016x}", dsc_steps=dsc, f1_steps=f1, shown=shown,
    )  # fmt: skip


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.of(tmp_path / "private", "demo")


def test_two_in_thirty_days_and_five_in_all(ledger: Ledger) -> None:
    _charge(ledger, 1, 0)
    _charge(ledger, 2, 1)
    with pytest.raises(TellableError, match=r"2 submissions within 30 days.*from 2026-01-31 00:00 UTC on"):
        _charge(ledger, 3, 2)
    _charge(ledger, 3, 2, team="another@b.org")
    _charge(ledger, 3, 30)
    with pytest.raises(TellableError, match="from 2026-02-01 00:00 UTC on"):
        _charge(ledger, 4, 30.5)
    for number, day in ((4, 61), (5, 62)):
        _charge(ledger, number, day)
    with pytest.raises(TellableError, match="has handed in all 5 submissions"):
        _charge(ledger, 6, 1000)


def test_the_same_predictions_and_what_is_given_back_cost_nothing(ledger: Ledger) -> None:
    for _ in range(3):
        _charge(ledger, 1, 0)
    for number in range(2, 9):
        _charge(ledger, number, 0)
        ledger.give_back("a@b.org", _digest(number), _START)
        ledger.give_back("a@b.org", _digest(number), _START)
    charges = [line.what for line in ledger.read() if isinstance(line, ChargeLine)]
    assert charges == ["charged", *["charged", "given back"] * 7]


def test_a_track_keeps_its_policy(ledger: Ledger) -> None:
    ledger.charge("a@b.org", _digest(1), ReleasePolicy(submissions=1, recent=1), _START)
    with pytest.raises(TellableError, match="has handed in all 1 submissions"):
        _charge(ledger, 2, 400)
    with pytest.raises(TellableError, match="began with another release policy"):
        ledger.charge("c@b.org", _digest(2), ReleasePolicy(), _START)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (_line(41, 0, 9), True),
        (_line(0, 31, 9), True),
        (_line(40, 30, 9), False),
        (_line(None, 30, 9), False),
        (_line(0, 0, 9, labels=1), True),
        (_line(0, 0, 1), True),
        (_line(40, 30, 2), False),
    ],
)
def test_one_average_must_be_a_step_above_what_was_shown(line: ReleaseLine, shown: bool) -> None:
    """The last two are the same predictions again; what was not shown is nothing to be above."""
    before = [_line(40, None, 0), _line(10, 30, 1), _line(50, 50, 2, shown=False)]
    assert is_shown(line, before) is shown


def test_a_first_record_is_shown() -> None:
    assert is_shown(_line(0, None), [])
    assert not is_shown(_line(None, None), [])


def test_half_a_line_of_a_process_that_died_is_removed(ledger: Ledger) -> None:
    _charge(ledger, 1, 0)
    whole = ledger.path.read_bytes()
    ledger.path.write_bytes(whole + b'{"what": "charged", "ti')
    _charge(ledger, 2, 0)
    assert ledger.path.read_bytes().startswith(whole)
    assert len(ledger.read()) == 3
    ledger.path.write_bytes(b"charged\n")
    with pytest.raises(BenchError, match="line 1 is not one of a ledger"):
        ledger.read()


def test_of_many_processes_at_once_two_are_charged(ledger: Ledger) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        told = pool.starmap(_is_charged, [(ledger, number) for number in range(12)])
    assert sum(told) == 2
    assert len(ledger.read()) == 3
    assert [path.name for path in ledger.path.parent.iterdir()] == ["ledger.jsonl"]


def _is_charged(ledger: Ledger, number: int) -> bool:
    try:
        _charge(ledger, number, 0)
    except TellableError:
        return False
    return True


def test_a_team_is_called_after_its_address() -> None:
    assert team_of(" A.Author+second@Here.org ") == team_of("a.author@here.org") == "a.author@here.org"


def test_reading_writes_nothing(ledger: Ledger) -> None:
    assert ledger.read() == ()
    assert not ledger.path.parent.exists()
    _charge(ledger, 1, 0)
    half = ledger.path.read_bytes() + b'{"wh'
    ledger.path.write_bytes(half)
    assert len(ledger.read()) == 2
    assert ledger.path.read_bytes() == half


def test_teams_that_read_alike_are_one() -> None:
    alike = ["A.\u200bAuthor@here.org", "a.author@here.org.", "\uff41.author@here.org", "a.author\uff0b2@here.org"]
    assert {team_of(contact) for contact in alike} == {"a.author@here.org"}
    assert same_team(" The  TEAM ") == same_team("the team") == same_team("The Te\u00adam")


def test_a_record_has_one_release(ledger: Ledger, record: ResultRecord) -> None:
    """Handed in again by another team, after a crash between its release and its record."""
    ledger.release(record.model_copy(update={"id": "1" * 16, "predictions_digest": _digest(1)}), "a@b.org", _START)
    assert not ledger.release(record, "a@b.org", _START).shown
    assert not ledger.release(record, "another@b.org", _START).shown
    assert len(ledger.read()) == 3


def test_records_of_another_ledger(ledger: Ledger, record: ResultRecord) -> None:
    ledger.refuse_others([record])
    released = record.model_copy(update={"release": Release(policy=ReleasePolicy(), shown=True)})
    with pytest.raises(BenchError, match=f"does not have the release of {record.id}"):
        ledger.refuse_others([released])
    ledger.release(record, "a@b.org", _START)
    ledger.refuse_others([released])


def test_a_line_without_its_end_counts(ledger: Ledger) -> None:
    """As an editor may leave it: nothing is taken off a budget that was charged."""
    for number in (1, 2):
        _charge(ledger, number, 0)
    ledger.path.write_bytes(ledger.path.read_bytes().rstrip(b"\n"))
    assert len(ledger.read()) == 3
    with pytest.raises(TellableError, match="2 submissions within 30 days"):
        _charge(ledger, 3, 0)
    _charge(ledger, 3, 31)
    assert len(ledger.read()) == 4


def test_a_line_that_is_written_in_part_is_not_charged(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    _charge(ledger, 1, 0)
    whole = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda handle, content: whole(handle, content[:20]))
        with pytest.raises(BenchError, match="cannot be written"):
            _charge(ledger, 2, 0)
    assert len(ledger.read()) == 2
    _charge(ledger, 2, 0)
    assert len(ledger.read()) == 3
