"""The attacks do what they say, on few submissions; the whole of them is run by hand."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from mswal_bench.benchmark.records.release_policy import DEFAULT_POLICY, Release, ReleasePolicy

from .asked import scored
from .exact_attacks import counts_in, lindstroem, numbers_of_lesions, told_by_an_interval
from .group_curves import bits_of_groups
from .honest_boards import rounded_down, simulate, with_noise
from .ladder_climb import Design, Known, Possible, Rules, climb, numbers
from .page import GOAL
from .phantom_track import HIDDEN_BITS, KEYS, N_CASES, PhantomTrack, draw_track

_NOW = Release(policy=DEFAULT_POLICY, shown=True)
_PAGE = Path(__file__).parents[2] / "docs" / "concepts" / "hidden-tracks.md"


@pytest.fixture(scope="module")
def track() -> PhantomTrack:
    return draw_track(0.3, 1)


def test_what_is_hidden(track: PhantomTrack) -> None:
    assert round(HIDDEN_BITS) == 1213
    assert 0 < track.bits_left < HIDDEN_BITS
    assert (track.has >= track.plain).all()


@pytest.mark.parametrize("order", [1, 2, 3, 6])
def test_groups_that_tell_of_three_times_as_many_cases(order: int) -> None:
    design, decoded = lindstroem(order)
    assert design.shape == (2**order - 1, order * 2 ** (order - 1))
    random = np.random.default_rng(order)
    for _ in range(5):
        coins = random.random(design.shape[1]) < 0.3
        assert (decoded(design.astype(int) @ coins) == coins).all()


def test_classes_to_four_decimals_count_the_cases_of_a_group(track: PhantomTrack) -> None:
    groups = np.zeros((3, N_CASES), np.bool_)
    groups[0, 7], groups[1, 20:40], groups[2, ::2] = True, True, True
    counts = counts_in(track, groups, None)
    assert counts is not None
    assert (counts == groups.astype(int) @ track.has).all()
    assert counts_in(track, groups, _NOW) is None


def test_one_record_tells_the_numbers_of_lesions(track: PhantomTrack) -> None:
    assert numbers_of_lesions(track, None) == track.lesions.sum(0).tolist()
    assert numbers_of_lesions(track, _NOW) == [None] * len(KEYS)


def test_an_interval_tells_more_than_its_value() -> None:
    value, ranged = told_by_an_interval(bits=5, resamples=200)
    assert value < 3 < ranged <= 5


def test_the_attacker_foretells_what_is_published(track: PhantomTrack) -> None:
    known = Known(track)
    truth = Possible(
        np.array([[[track.has[part, column].sum() for part in known.parts[column]] for column in range(len(KEYS))]]),
        track.lesions.sum(0)[None],
    )
    random = np.random.default_rng(0)
    for _ in range(3):
        design = Design(random.choice([0.0, 0.5, 1.0], len(KEYS)), random.random((len(KEYS), 4)) < 0.4)
        dsc, f1 = numbers(known, truth, design)
        average = scored(track, known.submission(design)).average
        assert (dsc.mean(), f1.mean()) == pytest.approx((average.dsc, average.f1), abs=1e-12)


def test_rules_are_those_of_the_ladder() -> None:
    rules = Rules(ReleasePolicy(), dsc=40, f1=30)
    dsc, f1 = np.array([0.409, 0.41, 0.10]), np.array([0.309, 0.10, 0.31])
    assert rules.codes(dsc, f1).tolist() == [-1, 41010, 10031]
    assert (rules.climbed(41010).dsc, rules.climbed(41010).f1, rules.climbed(-1)) == (41, 30, rules)


def test_a_climb_tells_more_in_finer_steps() -> None:
    coarse, fine = (
        climb(Rules(ReleasePolicy(points=points)), 2, seen=0.6, patience=0.003, tracks=300, seed=0)
        for points in (20, 0.5)
    )
    assert len(coarse) == len(fine) == 2
    assert coarse == sorted(coarse)
    assert coarse[-1] < fine[-1]
    assert 3 < fine[-1] < 20


def test_groups_tell_more_the_smaller_the_error(track: PhantomTrack) -> None:
    assert bits_of_groups(track, 0.01, 5) < bits_of_groups(track, 0.001, 5) < bits_of_groups(track, 0.001, 50)
    assert bits_of_groups(track, 1e-6, 250) == pytest.approx(track.bits_left)


def test_a_lead_of_a_point_is_ranked_right() -> None:
    default = simulate(rounded_down(DEFAULT_POLICY), ladder=DEFAULT_POLICY, boards=60)
    assert (default.above, default.right) == (1.0, 1.0)
    assert simulate(rounded_down(ReleasePolicy(points=5)), ladder=None, boards=60).right < 0.95
    assert simulate(with_noise(0.005), ladder=None, boards=60).right < 0.95


def test_the_page_has_the_default_and_it_keeps_the_goal() -> None:
    row = re.search(r"\| the default \| (\d+) \| ([\d.]+) \|", _PAGE.read_text(encoding="utf-8"))
    assert row is not None
    assert int(row[1]) == DEFAULT_POLICY.submissions
    assert float(row[2]) < GOAL * HIDDEN_BITS
