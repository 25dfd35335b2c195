"""Ranking: bootstrap intervals and permutation tests beside scipy's and a plain loop.

    python -m mswal_bench.tests.speed.ranking [--out docs/benchmarks.md]

Prints a section for `docs/benchmarks.md`, or writes it there.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from collections.abc import Callable, Mapping
from itertools import combinations
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from mswal_bench.benchmark.board.ranking.rank_methods import rank_methods
from mswal_bench.benchmark.board.ranking.score_arrays import ScoreArrays
from mswal_bench.benchmark.core.whole_files import write_text
from mswal_bench.metrics.resampling.bootstrap import averaged, bootstrap
from mswal_bench.metrics.resampling.case_ratios import CaseRatios, defined_means, divided
from mswal_bench.metrics.resampling.permutation import permutation_tests
from mswal_bench.tests.benchmark.board.ranking.score_making import picked, random_arrays

from .machine import describe_machine
from .page import replace_section, table

Floats = NDArray[np.float64]

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_PROGRAM = "python -m mswal_bench.tests.speed.ranking"
_HEADING = "## Ranking"
_METHODS, _CASES, _CLASSES = 10, 210, 7
_BATCH = 200
"""Of scipy's draws at a time: of 50, 200 and 1000 its quickest here."""
_METHOD = """\
{methods} methods on {cases} cases of {classes} classes have random scores. There are {resamples:,} resamples of the
cases, or as many permutations of a pair's results, for both Avg. DSC and Avg. F1 (which pools lesions). All programs
took turns on one thread. Seconds are medians of CPU time over {turns} turns, with the lowest and the highest in
brackets; a ratio is the peer's time divided by ours.

- *intervals*: those of all methods. *scipy*: `scipy.stats.bootstrap`, percentile, vectorized, one method at a time.
  *plain loop*: numpy, one resample at a time, all methods at once.
- *permutation tests*: those of one pair. *scipy*: `scipy.stats.permutation_test` of pairs of samples, vectorized.
  *plain loop*: numpy, one permutation at a time. *of all 45 pairs*: ours alone.
- *ranking*: everything that `mswal-bench rank` computes: ranks, intervals, rank stability, tests of all pairs.

All programs found the same numbers, else nothing would have been written: ends of intervals within {end:g} of the
interval's width, p within {p:g}."""
_END_TOLERANCE, _P_TOLERANCE = 0.1, 0.03


def main() -> None:
    arguments = _arguments()
    machine = describe_machine()
    # Of 40 of rising skill: the closer two are, the less trivial is their p.
    of = picked(random_arrays(4 * _METHODS, _CASES, _CLASSES), range(_METHODS))
    numbers = (of.dsc_ratios, of.f1_ratios)
    draws = arguments.resamples
    pair = (4, 5)
    found: dict[str, dict[str, Floats]] = {
        "intervals": {},
        "permutation tests": {},
    }
    calls: Mapping[str, Mapping[str, Callable[[], object]]] = {
        "intervals": {
            "ours": lambda: _intervals(numbers, draws),
            "scipy": lambda: _intervals_of_scipy(numbers, draws),
            "plain loop": lambda: _intervals_of_loop(numbers, draws),
        },
        "permutation tests": {
            "ours": lambda: _p_values(numbers, draws, pair),
            "scipy": lambda: _p_values_of_scipy(numbers, draws, pair),
            "plain loop": lambda: _p_values_of_loop(numbers, draws, pair),
        },
        "permutation tests of all 45 pairs": {"ours": lambda: _all_pairs(numbers, draws)},
        "ranking": {"ours": lambda: _ranking(of, draws)},
    }
    seconds: dict[tuple[str, str], list[float]] = {(what, who): [] for what in calls for who in calls[what]}
    for _ in range(arguments.turns):
        for (what, who), times in seconds.items():
            start = time.process_time()
            result = calls[what][who]()
            times.append(time.process_time() - start)
            if what in found:
                found[what][who] = np.asarray(result)
            print(f"{what}: {who}: {times[-1]:.2f} s", file=sys.stderr, flush=True)
    check(found)
    text = _section(seconds, arguments, machine)
    if arguments.out is None:
        print(text)
        return
    page = arguments.out.read_text(encoding="utf-8") if arguments.out.exists() else ""
    write_text(arguments.out, replace_section(page, text))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=_PROGRAM, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, help=f"a page, whose section {_HEADING!r} is replaced  [default: print]")
    parser.add_argument("--resamples", type=int, default=10_000, help="to try things out")
    parser.add_argument("--turns", type=int, default=3)
    return parser.parse_args()


def _intervals(numbers: tuple[CaseRatios, ...], draws: int) -> list[list[tuple[float, float]]]:
    drawn = [averaged(*both) for both in zip(bootstrap(numbers, draws, seed=0), numbers, strict=True)]
    return [[of_number.interval(method, 0) for method in range(_METHODS)] for of_number in drawn]


def _intervals_of_scipy(numbers: tuple[CaseRatios, ...], draws: int) -> list[list[tuple[float, float]]]:
    found = []
    for number in numbers:
        ends = []
        for upper, lower in zip(number.numerator, number.denominator, strict=True):

            def statistic(cases: NDArray[np.int64], axis: int, up: Floats = upper, low: Floats = lower) -> Floats:
                # `cases` is (..., case), and so is `axis`.
                return defined_means(divided(up[cases].sum(axis - 1), low[cases].sum(axis - 1)))

            result = stats.bootstrap(
                (np.arange(_CASES),),
                statistic,
                n_resamples=draws,
                batch=_BATCH,
                vectorized=True,
                method="percentile",
                rng=np.random.default_rng(0),
            )
            ends.append((float(result.confidence_interval.low), float(result.confidence_interval.high)))
        found.append(ends)
    return found


def _intervals_of_loop(numbers: tuple[CaseRatios, ...], draws: int) -> list[list[tuple[float, float]]]:
    generator = np.random.default_rng(0)
    samples = np.empty((len(numbers), draws, _METHODS))
    for draw in range(draws):
        cases = generator.integers(_CASES, size=_CASES)
        for place, number in enumerate(numbers):
            sums = number.numerator[:, cases].sum(axis=1), number.denominator[:, cases].sum(axis=1)
            samples[place, draw] = defined_means(divided(*sums))
    ends = np.quantile(samples, [0.025, 0.975], axis=1)
    return [[(float(low), float(high)) for low, high in ends[:, place].T] for place in range(len(numbers))]


def _p_values(numbers: tuple[CaseRatios, ...], draws: int, pair: tuple[int, int]) -> list[float]:
    return [permutation_tests(number, [pair], draws, seed=0)[0].p for number in numbers]


def _p_values_of_scipy(numbers: tuple[CaseRatios, ...], draws: int, pair: tuple[int, int]) -> list[float]:
    found = []
    for number in numbers:
        # Each of the two is known by the numbers of its rows: those of the first, then those of the second.
        upper, lower = (part[list(pair)].reshape(-1, _CLASSES) for part in (number.numerator, number.denominator))

        def statistic(
            first: NDArray[np.int64], second: NDArray[np.int64], axis: int, up: Floats = upper, low: Floats = lower
        ) -> Floats:
            one, other = (
                defined_means(divided(up[rows].sum(axis - 1), low[rows].sum(axis - 1))) for rows in (first, second)
            )
            return one - other

        result = stats.permutation_test(
            (np.arange(_CASES), _CASES + np.arange(_CASES)),
            statistic,
            permutation_type="samples",
            n_resamples=draws,
            batch=_BATCH,
            vectorized=True,
            axis=-1,
            rng=np.random.default_rng(0),
        )
        found.append(float(result.pvalue))
    return found


def _p_values_of_loop(numbers: tuple[CaseRatios, ...], draws: int, pair: tuple[int, int]) -> list[float]:
    generator = np.random.default_rng(0)
    which = np.zeros((2, _CASES), int)
    which[1] = 1
    as_large = np.ones(len(numbers))
    halves = [(number.numerator[list(pair)], number.denominator[list(pair)]) for number in numbers]
    observed = [_difference(half, which) for half in halves]
    for _ in range(draws):
        swapped = which ^ generator.integers(2, size=_CASES)
        for place, half in enumerate(halves):
            as_large[place] += abs(_difference(half, swapped)) >= abs(observed[place]) - 1e-12
    return [float(count) / (1 + draws) for count in as_large]


def _difference(half: tuple[Floats, Floats], which: NDArray[np.int64]) -> float:
    """Of the two methods, the first having the results of `which[0]` in each case."""
    sums = [part[which, np.arange(_CASES)].sum(axis=1) for part in half]
    first, second = defined_means(divided(*sums))
    return float(first - second)


def _all_pairs(numbers: tuple[CaseRatios, ...], draws: int) -> None:
    pairs = list(combinations(range(_METHODS), 2))
    for number in numbers:
        permutation_tests(number, pairs, draws, seed=0)


def _ranking(of: ScoreArrays, draws: int) -> None:
    rank_methods(of, resamples=draws, permutations=draws)


def check(found: Mapping[str, Mapping[str, Floats]]) -> None:
    ours, tests = found["intervals"]["ours"], found["permutation tests"]["ours"]
    for who in ("scipy", "plain loop"):
        apart = np.abs(found["intervals"][who] - ours).max(axis=-1) / np.ptp(ours, axis=-1)
        if apart.max() > _END_TOLERANCE:
            sys.exit(f"the intervals of {who} are others: {apart.max():.3f} of their width")
        if np.abs(found["permutation tests"][who] - tests).max() > _P_TOLERANCE:
            sys.exit(f"the p values of {who} are others: {found['permutation tests'][who]}, {tests}")


def _section(seconds: Mapping[tuple[str, str], list[float]], arguments: argparse.Namespace, machine: list[str]) -> str:
    rows = []
    for (what, who), times in seconds.items():
        ours = median(seconds[what, "ours"])
        ratio = "" if who == "ours" else f"{median(times) / ours:.0f}x"
        rows.append((what, who, f"{median(times):.3f} ({min(times):.3f} to {max(times):.3f})", ratio))
    method = _METHOD.format(
        methods=_METHODS,
        cases=_CASES,
        classes=_CLASSES,
        resamples=arguments.resamples,
        turns=arguments.turns,
        end=_END_TOLERANCE,
        p=_P_TOLERANCE,
    )
    about = [f"`{shlex.join([*_PROGRAM.split(), *sys.argv[1:]])}`", *machine]
    parts = [_HEADING, "\n".join(f"- {line}" for line in about), table(("what", "who", "CPU s", "ratio"), rows), method]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    if not _ONE_THREAD.items() <= os.environ.items():
        # Read when numpy is imported: too late for this process.
        command = [sys.executable, "-m", "mswal_bench.tests.speed.ranking", *sys.argv[1:]]
        os.execve(sys.executable, command, os.environ | _ONE_THREAD)
    main()
