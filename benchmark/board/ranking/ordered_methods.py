"""Defines methods in order as plain values, which the command prints and the board shows."""

from __future__ import annotations

from dataclasses import dataclass

from mswal_bench.benchmark.scoring.estimates import Estimate


@dataclass(frozen=True)
class RankedMethod:
    """One method's place."""

    method: str
    rank: int | None
    """1 is best; equal methods share: 1 1 3. None where a number that the scheme ranks by is undefined,
    or is 0 where another method's is undefined, which is of false positives alone."""
    ordered_by: float | None
    """What the methods are ordered by: under `mean-rank` and `class:KEY` the mean of the two ranks, else the number
    itself (a fraction; under `rank-then-mean` the mean rank over the cases). None without a rank."""
    dsc: Estimate
    """Avg. DSC, or under `class:KEY` that of the class. A fraction with its 95 % bootstrap interval."""
    f1: Estimate
    """Avg. F1 of pooled lesions, or under `class:KEY` that of the class."""
    f1_per_case: Estimate
    """Avg. of the mean F1 per case, or under `class:KEY` that of the class. Not ranked by, but in `mean-then-rank` and
    `rank-then-mean`."""
    rank_shares: tuple[float, ...]
    """The share of the bootstrap's draws in which it has rank 1, 2, ..., up to the number of methods. The shares of the
    methods at one rank may add up to more than 1, for ties share. Those of one method add up to 1, less the draws in
    which it has no rank. All 0 where there are too few cases to draw from (`FEWEST_CASES`)."""
    rank_low: int | None
    """The best and..."""
    rank_high: int | None
    """... the worst of the ranks that are left when 2.5 % of the draws are taken off at either end. None where there
    are too few cases to draw from."""


@dataclass(frozen=True)
class TestedPair:
    """A paired permutation test between two methods: two-sided, a case's results swapped or not."""

    first: str
    """The one that is ranked better; of equal ones, the first by name."""
    second: str
    number: str
    """What is compared: `dsc` (Avg. DSC), `f1` (Avg. F1), under `class:KEY` those of the class; `mean` (of DSC and F1
    per case, under `mean-then-rank`); `case_rank` (mean rank over the cases, under `rank-then-mean`)."""
    difference: float | None
    """The first's less the second's; None where one of them is undefined."""
    p: float | None
    """By itself. None where the difference is."""
    p_holm: float | None
    """Corrected after Holm for all comparisons of the same number beside it: those of neighbours for the neighbours,
    those of all pairs for the pairs."""


@dataclass(frozen=True)
class OrderedMethods:
    """Methods in order, and how sure the order is."""

    scheme: str
    """One of `SCHEMES` (`schemes.py`)."""
    cases: int
    classes: tuple[str, ...]
    """Keys of the classes that were scored."""
    resamples: int
    permutations: int
    """How many swaps at most: where the cases can be swapped in no more ways, every way is counted."""
    seed: int
    methods: tuple[RankedMethod, ...]
    """Best first, equal ones by name, those without a rank last."""
    neighbours: tuple[TestedPair, ...]
    """Each ranked method against the next one in `methods`, number by number of those that are ranked by."""
    compared: int
    """How many of the ranked methods, from the best on, are tested against one another: all, or the 25 best of more."""
    pairs: tuple[TestedPair, ...]
    """Every pair of those, number by number: the significance map. No other pairs were tested, and `p_holm` is
    corrected for no others."""
