"""Groups entries into boards: entries of one track, under one protocol, against the same labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from mswal_bench.benchmark.data.lesion_classes import BY_KEY
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.records.release_policy import ReleasePolicy
from mswal_bench.benchmark.records.result_record import ResultRecord
from mswal_bench.benchmark.runs.tracks import Track

from .entries import GROUPS, Entry, Group, entry_of, reported_entries


@dataclass(frozen=True)
class BoardClass:
    """A lesion class of a board."""

    key: str
    name: str
    abbreviation: str


@dataclass(frozen=True)
class Board:
    """The entries that compare with one another."""

    key: str
    """Safe in an address; of one site unique."""
    title: str
    track: str
    protocol: str
    cases: int | None
    """None where only the paper's methods are on it."""
    hidden: bool
    """Whether the labels are kept back."""
    reference_digest: str | None
    classes: tuple[BoardClass, ...]
    entries: tuple[Entry, ...]
    """People first, then ceilings, verified methods, claimed and reported ones."""

    @property
    def policy(self) -> ReleasePolicy | None:
        """By which a hidden track's records were released; the coarsest of several, and None where none was.

        What the organiser has signed says it, if anything is: a claimed record may be anybody's.
        """
        records = [entry.record for entry in self.entries if entry.record is not None]
        released = [(record.status, record.release.policy) for record in records if record.release is not None]
        signed = [policy for status, policy in released if status == "verified"]
        return max(signed or [policy for _, policy in released], key=lambda policy: policy.points, default=None)

    @cached_property
    def known_classes(self) -> tuple[BoardClass, ...]:
        """Those of which any entry shows a number: none of a hidden track that shows averages alone."""
        return tuple(
            one
            for one in self.classes
            if any(of.value is not None for entry in self.entries for of in entry.classes.get(one.key, {}).values())
        )

    def of(self, group: Group) -> tuple[Entry, ...]:
        """The people, the ceilings, or the methods of one status; ranks and tests are among these alone."""
        return self._by_group.get(group, ())

    @cached_property
    def _by_group(self) -> dict[Group, tuple[Entry, ...]]:
        there = dict.fromkeys(entry.group for entry in self.entries)
        return {group: tuple(entry for entry in self.entries if entry.group == group) for group in there}

    @property
    def counted(self) -> str:
        """How many there are of each group, in words."""
        counts = [(len(self.of(group)), group) for group in GROUPS]
        names: dict[Group, str] = {
            "people": "human rater" if len(self.of("people")) == 1 else "human raters",
            "ceiling": "ceiling" if len(self.of("ceiling")) == 1 else "ceilings",
        }
        return ", ".join(f"{many} {names.get(group, group)}" for many, group in counts if many)


def boards_of(records: Sequence[ResultRecord]) -> tuple[Board, ...]:
    """Makes the boards of all records: the official test first, which is there without any record, then by name.

    What is reported in the paper stands on the boards of the official test.
    """
    groups: dict[tuple[str, str, str | None], list[ResultRecord]] = {}
    for record in records:
        groups.setdefault((record.track, record.protocol, record.reference_digest), []).append(record)
    official = str(Track.OFFICIAL_TEST)
    if not any((track, protocol) == (official, MSWAL_1.id) for track, protocol, _ in groups):
        groups[official, MSWAL_1.id, None] = []
    tracks = [track for track, _, _ in groups]
    order = (official, str(Track.PUBLIC_CV))
    return tuple(
        _board(*key, groups[key], alone=tracks.count(key[0]) == 1)
        for key in sorted(groups, key=lambda key: (*(key[0] != first for first in order), *map(str, key)))
    )


def _board(track: str, protocol: str, reference: str | None, records: Sequence[ResultRecord], *, alone: bool) -> Board:
    entries = [entry_of(record) for record in records]
    if (track, protocol) == (Track.OFFICIAL_TEST, MSWAL_1.id):
        entries += reported_entries()
    keys = dict.fromkeys(key for entry in entries for key in entry.classes)
    short = (reference or "").removeprefix("sha256:")[:8]
    return Board(
        key=track if alone else f"{track}-{short or 'paper'}-{_letters(protocol)}",
        title=track if alone else f"{track}, {protocol}, labels {short or 'of the paper'}",
        track=track,
        protocol=protocol,
        cases=records[0].cases if records else None,
        hidden=any(record.hidden for record in records) or (not records and track == Track.OFFICIAL_TEST),
        reference_digest=reference,
        classes=tuple(_board_class(key) for key in keys),
        entries=in_order(entries),
    )


def in_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Puts entries in the order of a board: group by group, of each the highest Avg. DSC first."""
    groups = list(GROUPS)
    return tuple(
        sorted(entries, key=lambda entry: (groups.index(entry.group), -(entry.average["dsc"].value or 0), entry.id))
    )


def _board_class(key: str) -> BoardClass:
    lesion = BY_KEY.get(key)
    if lesion is not None:
        return BoardClass(key, lesion.name, lesion.abbreviation)
    words = key.split("_")
    return BoardClass(key, " ".join(words).capitalize(), "".join(word[:1] for word in words).upper())


def _letters(text: str) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text)
