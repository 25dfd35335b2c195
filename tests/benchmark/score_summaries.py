"""Makes the aggregated scores of records and of `scores.json` to order, for tests that do not score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan

from mswal_bench.benchmark.scoring.scores_json import Difficulty, MethodSummary, ScoreSummary
from mswal_bench.metrics import ClassScore, MetricPair, average

Pair = tuple[float | None, float | None]
"""DSC and F1, fractions."""


def summary(
    methods: Mapping[str, Mapping[str, Pair]],
    *,
    protocol: str = "mswal/1",
    cases: int = 210,
    absent: Sequence[str] = (),
    failed: Mapping[str, tuple[str, ...]] | None = None,
) -> ScoreSummary:
    """`summary({method: {class key: (DSC, F1)}})`; the reference has a lesion of each class but those in `absent`."""
    scores = {
        name: {key: _score(pair, key not in absent) for key, pair in of_method.items()}
        for name, of_method in methods.items()
    }
    return ScoreSummary(
        protocol=protocol,
        cases=cases,
        comparable=not failed,
        methods={name: MethodSummary(classes=classes, average=average(classes)) for name, classes in scores.items()},
        average_score={key: MetricPair(nan, nan) for classes in scores.values() for key in classes},
        difficulty=Difficulty(dsc=(), f1=()),
        failed=dict(failed or {}),
    )


def _score(pair: Pair, there: bool) -> ClassScore:
    dsc, f1 = (nan if number is None else number for number in pair)
    defined = pair != (None, None)
    return ClassScore(dsc, f1, tp=0, fp=int(defined), fn=int(defined and there), f1_per_case=f1, cases=int(defined))
