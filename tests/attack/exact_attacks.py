"""Recovers hidden labels exactly, from numbers of single classes to four decimals.

A case counts in a class's mean DSC as soon as either side has the class. So a speck in a case that has it changes
nothing, and one in a case that does not makes the mean's denominator larger by one. With specks in a group of cases
the mean tells how many of the group have the class, of all seven classes at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np

from mswal_bench.benchmark.records.release_policy import Release, ReleasePolicy
from mswal_bench.benchmark.scoring.estimates import ClassResult
from mswal_bench.metrics.resampling.bootstrap import bootstrap, interval
from mswal_bench.metrics.resampling.case_ratios import CaseRatios

from .asked import Submission, answer, plain_submission
from .phantom_track import KEYS, N_CASES, OWN_DSC, Bools, Ints, PhantomTrack, entropy, entropy_of


@dataclass(frozen=True)
class Recovered:
    """What an attack comes to."""

    submissions: int
    right: int
    """How many of the presences are guessed right, of cases x classes."""
    bits: float
    """What was learnt of presence, beyond what the attacker knew."""


def one_case_at_a_time(track: PhantomTrack, release: Release | None) -> Recovered:
    """A speck in one case after the other, of all classes: the first attack."""
    groups = np.eye(N_CASES, dtype=np.bool_)
    counts = counts_in(track, groups, release)
    return _recovered(track, None if counts is None else counts > 0, np.ones(N_CASES, np.bool_), N_CASES + 1)


def weighings(track: PhantomTrack, release: Release | None) -> Recovered:
    """63 groups that tell of 192 cases: Lindstroem's detecting matrix. Of the other 18 cases he guesses."""
    design, decoded = lindstroem(6)
    groups = np.zeros((len(design), N_CASES), np.bool_)
    groups[:, : design.shape[1]] = design
    counts = counts_in(track, groups, release)
    told = np.arange(N_CASES) < design.shape[1]
    has = None
    if counts is not None:
        has = np.zeros((N_CASES, len(KEYS)), np.bool_)
        has[: design.shape[1]] = np.stack([decoded(column) for column in counts.T], axis=1)
    return _recovered(track, has, told, len(design) + 1)


def numbers_of_lesions(track: PhantomTrack, release: Release | None) -> list[int | None]:
    """The third attack: one record and one's own counts give how many lesions each class has, or None."""
    submission = plain_submission(track)
    classes, _ = answer(track, submission, release)
    found: list[int | None] = []
    for column, of_class in enumerate(classes.values()):
        predicted = int((track.lesions * submission.own)[:, column].sum())
        if of_class.f1.value is None or of_class.precision.value is None:
            found.append(None)
            continue
        matched = round(of_class.precision.value * predicted)
        found.append(round(2 * matched / of_class.f1.value) - predicted)
    return found


def from_averages(track: PhantomTrack, policy: ReleasePolicy) -> tuple[int, float]:
    """The first attack on averages: how many of its submissions the ladder shows after one without specks, and what
    each would tell at most if all were shown, in bits."""
    plain, release = plain_submission(track), Release(policy=policy, shown=True)
    _, base = answer(track, plain, release)
    told = []
    for number in range(N_CASES):
        specks = np.zeros_like(plain.far)
        specks[number] = ~track.plain[number]
        _, average = answer(track, Submission(plain.own, specks), release)
        told.append((average.dsc.value or 0.0, average.f1.value or 0.0))
    start = (base.dsc.value or 0.0, base.f1.value or 0.0)
    shares = np.array([told.count(each) for each in set(told)]) / len(told)
    return sum(dsc > start[0] or f1 > start[1] for dsc, f1 in told), entropy_of(shares)


def told_by_an_interval(bits: int = 8, resamples: int = 1000, seed: int = 0) -> tuple[float, float]:
    """The fourth attack: of `bits` cases that are not known yet, what value alone and value with interval tell, in
    bits. The seed of the draws is public, so that the attacker draws each of the 2^bits possibilities himself."""
    cases, known = 200, 50
    random = np.random.default_rng([seed, 4])
    numerator = np.zeros((1, cases, 1))
    numerator[0, :known, 0] = random.uniform(0.5, 0.95, known)
    denominator = (numerator > 0).astype(float)
    told = []
    for possibility in range(2**bits):
        denominator[0, known : known + bits, 0] = possibility >> np.arange(bits) & 1
        (drawn,) = bootstrap([CaseRatios(numerator, denominator.copy())], resamples, 0)
        value = numerator.sum() / denominator.sum()
        told.append((round(value, 4), *(round(end, 4) for end in interval(drawn.samples[:, 0, 0]))))
    return _information([each[:1] for each in told]), _information(told)


def lindstroem(order: int) -> tuple[Bools, Decoder]:
    """A matrix of 2^order - 1 groups of order * 2^(order - 1) coins, and what reads the coins from the counts.

    After Lindstroem, Canad Math Bull 8:477 (1965). Rows are the subsets of `order` things that are not empty. Each such
    subset B has as many columns as elements; the j-th has a 1 in 2^j rows of the odd subsets of B, and in all rows that
    meet B in one of them.
    """
    subsets = [*chain.from_iterable(combinations(range(order), size) for size in range(1, order + 1))]
    columns = []
    for subset in sorted(subsets, key=len, reverse=True):
        odd = [each for each in subsets if set(each) <= set(subset) and len(each) % 2]
        for power in range(len(subset)):
            chosen = set(odd[: 2**power])
            column = [tuple(x for x in row if x in subset) in chosen for row in subsets]
            columns.append((subset, power, column))
    return np.array([column for *_, column in columns], np.bool_).T, Decoder(subsets, columns)


@dataclass(frozen=True)
class Decoder:
    """Reads the coins that a detecting matrix was made for."""

    subsets: list[tuple[int, ...]]
    columns: list[tuple[tuple[int, ...], int, list[bool]]]

    def __call__(self, counts: Ints) -> Bools:
        coins = np.zeros(len(self.columns), np.bool_)
        design = np.array([column for *_, column in self.columns], np.int64).T
        for subset in sorted(self.subsets, key=len, reverse=True):
            # Summed with the sign of its size over the subsets of B, a column of no larger set is 0 unless it is of B.
            signs = np.array([(len(row) % 2 * 2 - 1) * (set(row) <= set(subset)) for row in self.subsets])
            left = int(signs @ (counts - design @ coins))
            for place, (of, power, _) in enumerate(self.columns):
                if of == subset:
                    coins[place] = left >> power & 1
        return coins


def counts_in(track: PhantomTrack, groups: Bools, release: Release | None) -> Ints | None:
    """How many of each group have each class, shape (group, class); None where no number of a class is published."""
    plain = plain_submission(track)
    base, _ = answer(track, plain, release)
    if any(of_class.dsc.value is None for of_class in base.values()):
        return None
    summed = OWN_DSC * track.plain.sum(0)
    carriers = np.round(summed / _values(base))
    counts = []
    for group in groups:
        specks = np.where(group[:, None] & ~track.plain, 1, 0)
        classes, _ = answer(track, Submission(plain.own, specks), release)
        # Cases that he sees have the class, so that they need no speck.
        seen = (group[:, None] & track.plain).sum(0)
        counts.append(carriers + specks.sum(0) - np.round(summed / _values(classes)) + seen)
    return np.array(counts, np.int64)


def _values(classes: dict[str, ClassResult]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([of_class.dsc.value for of_class in classes.values()], np.float64)


def _recovered(track: PhantomTrack, has: Bools | None, told: Bools, submissions: int) -> Recovered:
    """`has` is what was decoded of the cases `told`. He guesses the others by what he sees or most have."""
    guess = track.plain | (track.chance > 0.5)
    decoded = guess if has is None else np.where(told[:, None], has, guess)
    bits = 0.0
    if has is not None and (decoded[told] == track.has[told]).all():
        bits = float((entropy(track.chance) * (told[:, None] & ~track.plain)).sum())
    return Recovered(submissions, int((decoded == track.has).sum()), bits)


def _information(told: list[tuple[float, ...]]) -> float:
    """The mean information about which of the equally likely possibilities it is."""
    sizes = np.array([told.count(each) for each in told])
    return float(np.mean(np.log2(len(told) / sizes)))
