"""Scores for the tests, drawn or written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mswal_bench.benchmark.board.ranking.score_arrays import ScoreArrays, arrays_of_counts
from mswal_bench.metrics import ClassCounts

Row = tuple[int, int, int, int] | None
"""DSC in percent, TP, FP and FN of a case and class; None where neither side has any of it."""


def counts(row: Row) -> ClassCounts:
    """Counts of such a row, which contradict themselves nowhere."""
    if row is None:
        return ClassCounts(0, 0, 0, 0, 0, 0)
    dsc_percent, tp, fp, fn = row
    reference, prediction = 100 * bool(tp + fn), 100 * bool(tp + fp)
    return ClassCounts(reference, prediction, dsc_percent, tp, fp, fn)


def arrays(methods: Mapping[str, Sequence[Sequence[Row]]], classes: Sequence[str] | None = None) -> ScoreArrays:
    """`arrays({method: [[row of each class] of each case]})`; cases are named a, b, c and so on."""
    width = len(next(iter(methods.values()))[0])
    keys = tuple(classes or (f"class_{place}" for place in range(width)))
    of_methods = {
        name: {
            chr(ord("a") + place): {key: counts(row) for key, row in zip(keys, case, strict=True)}
            for place, case in enumerate(cases)
        }
        for name, cases in methods.items()
    }
    return arrays_of_counts(of_methods, keys)


def random_arrays(methods: int = 3, cases: int = 20, classes: int = 4, *, seed: int = 0) -> ScoreArrays:
    """Methods of rising skill; a class is in about half of the cases."""
    generator = np.random.default_rng(seed)
    shape = (methods, cases, classes)
    there = generator.random((cases, classes)) < 0.5
    skill = np.linspace(0.3, 0.6, methods)[:, None, None]
    lesions = generator.poisson(1.5, (cases, classes)) + 1
    tp = generator.binomial(np.broadcast_to(lesions, shape), np.broadcast_to(skill, shape)) * there
    fn, fp = lesions * there - tp, generator.poisson(0.7, shape) * there
    dsc = np.clip(skill + generator.normal(0, 0.2, shape), 0, 1)
    return ScoreArrays(
        tuple(f"method {number}" for number in range(methods)),
        tuple(f"case_{number:03}" for number in range(cases)),
        tuple(f"class_{number}" for number in range(classes)),
        np.where(there, dsc, np.nan),
        tp,
        fp,
        fn,
    )


def picked(of: ScoreArrays, methods: Sequence[int]) -> ScoreArrays:
    """Some of its methods, in that order."""
    chosen = list(methods)
    names = tuple(of.methods[index] for index in chosen)
    return ScoreArrays(names, of.cases, of.classes, of.dsc[chosen], of.tp[chosen], of.fp[chosen], of.fn[chosen])
