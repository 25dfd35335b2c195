from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from mswal_bench.benchmark.board.ranking.rank_methods import rank_methods
from mswal_bench.benchmark.board.ranking.score_arrays import arrays_of_scores
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.scoring.estimates import Estimate, estimates
from mswal_bench.benchmark.scoring.scores import MethodScores, scores_of
from mswal_bench.metrics import CaseScore, average, class_details, class_score, score_case

_NONE = Estimate(value=None)


def _cases(count: int, seed: int = 0, classes: Sequence[int] = (1, 3, 6)) -> list[CaseScore]:
    """Boxes of 2 to 30 mm, some found, some moved, some missed, some invented."""
    generator = np.random.default_rng(seed)
    scores = []
    for _ in range(count):
        reference, prediction = np.zeros((2, 4, 40, 40), np.uint8)
        for _ in range(generator.integers(0, 6)):
            y, x = generator.integers(0, 30, 2)
            height, width = generator.integers(2, 10, 2)
            label = generator.choice(classes)
            reference[1:3, y : y + height, x : x + width] = label
            fate = generator.random()
            if fate < 0.6:
                prediction[1:3, y : y + height, x + (fate < 0.3) : x + width] = label
            elif fate < 0.8:
                prediction[0, 39 - height :, :2] = label
        scores.append(score_case(reference, prediction, (3.0, 3.0, 3.0), MSWAL_1.class_ids))
    return scores


def _method(cases: Sequence[CaseScore]) -> MethodScores:
    return scores_of(MSWAL_1, {"mine": _named(cases)})["mine"]


def _named(cases: Sequence[CaseScore]) -> dict[str, CaseScore]:
    return {f"case_{number:02}": case for number, case in enumerate(cases)}


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value


def test_a_lesion_of_exactly_20_mm_is_large() -> None:
    lesion = np.zeros((1, 20, 20), np.uint8)
    lesion[0, :12, :16] = 3
    case = score_case(lesion, lesion, (1.0, 1.0, 1.0), MSWAL_1.class_ids)
    assert case.lesions.diameter_mm.tolist() == [20.0, 20.0]
    classes, *_ = estimates(_method([case]), resamples=10, seed=0)
    found = classes["liver_tumor"]
    assert (found.recall_small.value, found.recall_large.value) == (None, 1.0)


@pytest.mark.parametrize("count", [1, 4, 25])
def test_the_values_are_exactly_those_of_metrics(count: int) -> None:
    cases = _cases(count)
    classes, mean, bootstrap = estimates(_method(cases), resamples=50, seed=3)
    assert list(classes) == [lesion.key for lesion in MSWAL_1.lesion_classes]
    scores = {}
    for lesion in MSWAL_1.lesion_classes:
        score = scores[lesion.key] = class_score(case.classes[lesion.id] for case in cases)
        details = class_details(cases, lesion.id, MSWAL_1.large_from_mm)
        found = classes[lesion.key]
        assert (found.dsc.value, found.f1.value) == (_or_none(score.dsc), _or_none(score.f1))
        assert found.f1_per_case.value == _or_none(score.f1_per_case)
        assert found.precision.value == _or_none(details.every_size.precision)
        assert found.recall.value == _or_none(details.every_size.recall)
        assert found.recall_small.value == _or_none(details.small.recall)
        assert found.recall_large.value == _or_none(details.large.recall)
    expected = average(scores)
    assert (mean.dsc.value, mean.f1.value) == (_or_none(expected.dsc), _or_none(expected.f1))
    assert mean.f1_per_case.value == _or_none(expected.f1_per_case)
    assert (mean.dsc_classes, mean.f1_classes) == (expected.dsc_classes, expected.f1_classes)
    assert (bootstrap.resamples, bootstrap.seed, bootstrap.confidence) == (50, 3, 0.95)


def test_intervals_are_those_of_a_plain_loop() -> None:
    cases = _cases(30, seed=1)
    classes, mean, _ = estimates(_method(cases), resamples=400, seed=0)
    generator = np.random.default_rng(0)
    found: dict[str, list[float]] = {"dsc": [], "f1": [], "recall_small": [], "recall_large": [], "precision": []}
    averages = []
    for _ in range(400):
        drawn = [cases[index] for index in generator.integers(30, size=30)]
        scores = {lesion.key: class_score(c.classes[lesion.id] for c in drawn) for lesion in MSWAL_1.lesion_classes}
        details = class_details(drawn, 3, MSWAL_1.large_from_mm)
        averages.append(average(scores).f1)
        found["dsc"].append(scores["liver_tumor"].dsc)
        found["f1"].append(scores["liver_tumor"].f1)
        found["recall_small"].append(details.small.recall)
        found["recall_large"].append(details.large.recall)
        found["precision"].append(details.every_size.precision)
    for name, samples in [*found.items(), ("average", averages)]:
        estimate = mean.f1 if name == "average" else getattr(classes["liver_tumor"], name)
        expected = np.nanquantile(samples, [0.025, 0.975])
        assert (estimate.low, estimate.high) == pytest.approx(tuple(expected), abs=0.25 * float(np.nanstd(samples))), (
            name
        )


def test_values_lie_in_their_intervals() -> None:
    classes, mean, _ = estimates(_method(_cases(40, seed=2)), resamples=1000, seed=0)
    for estimate in (classes["gallstone"].dsc, classes["liver_cyst"].f1, mean.dsc, mean.f1, mean.f1_per_case):
        ends = np.array([estimate.low, estimate.value, estimate.high], np.float64)
        assert (np.diff(ends) > 0).all()


def test_a_class_that_no_case_has() -> None:
    classes, mean, _ = estimates(_method(_cases(10)), resamples=50, seed=0)
    assert all(value == _NONE for _, value in classes["kidney_stone"])
    assert mean.dsc_classes == 3


def test_one_case_has_values_and_no_interval() -> None:
    cases = [case for case in _cases(10) if len(case.lesions)][:1]
    _, mean, _ = estimates(_method(cases), resamples=50, seed=0)
    assert mean.dsc.value is not None
    assert (mean.dsc.low, mean.dsc.high) == (None, None)


def test_no_case_at_all() -> None:
    classes, mean, _ = estimates(_method([]), resamples=50, seed=0)
    assert all(value == _NONE for result in classes.values() for _, value in result)
    assert (mean.dsc, mean.f1, mean.dsc_classes) == (_NONE, _NONE, 0)


def test_perfect_predictions_have_an_interval_of_no_width() -> None:
    label = np.zeros((3, 9, 9), np.uint8)
    label[1, 2:5, 2:5] = 1
    cases = [score_case(label, label, (1.0, 1.0, 1.0), MSWAL_1.class_ids)] * 6
    _, mean, _ = estimates(_method(cases), resamples=50, seed=0)
    assert mean.dsc == mean.f1 == Estimate(value=1.0, low=1.0, high=1.0)


def test_a_record_and_a_ranking_tell_the_same() -> None:
    seeds = {"second": 5, "first": 6}
    scores = scores_of(MSWAL_1, {name: _named(_cases(20, seed=seed)) for name, seed in seeds.items()})
    ranking = rank_methods(arrays_of_scores(scores), resamples=500, permutations=10, seed=4)
    for method in ranking.methods:
        _, mean, _ = estimates(scores[method.method], resamples=500, seed=4)
        assert (method.dsc, method.f1, method.f1_per_case) == (mean.dsc, mean.f1, mean.f1_per_case)


@pytest.mark.parametrize("key", ["gallstone", "liver_tumor", "liver_cyst"])
def test_a_record_and_the_ranking_of_a_class_tell_the_same(key: str) -> None:
    """To the last digit: products of other shapes round other ways."""
    scores = scores_of(MSWAL_1, {f"method {seed}": _named(_cases(40, seed=seed)) for seed in range(3)})
    for method in rank_methods(
        arrays_of_scores(scores), f"class:{key}", resamples=500, permutations=10, seed=4
    ).methods:
        classes, _, _ = estimates(scores[method.method], resamples=500, seed=4)
        expected = classes[key]
        assert (method.dsc, method.f1, method.f1_per_case) == (expected.dsc, expected.f1, expected.f1_per_case)
