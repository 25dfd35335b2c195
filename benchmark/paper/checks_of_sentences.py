"""Checks the paper's sentences on results against its Tables 2, 3 and 4."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mswal_bench.benchmark.data.lesion_classes import BY_KEY
from mswal_bench.benchmark.data.mswal_facts import LESIONS
from mswal_bench.benchmark.scoring.score_view import METRIC_NAMES

from . import text_claims
from .check import Check, holds, same
from .table_2 import AVERAGE, METRICS, Metric, printed_comparison, rounded
from .table_2_view import OURS, difficulty, improvements, mean
from .table_3 import WHOLE, printed_ablation
from .table_4 import printed_gains

_COMPARISON, _ABLATION, _TRANSFER = (f"Section 4, {part}" for part in ("comparison", "ablation", "transfer"))


def sentence_checks() -> list[Check]:
    """Checks the sentences on difficulty, ablation and transfer, and those of the abstract and the conclusion."""
    return [*_difficulty(), *_ablation(), *_transfer(), *_conclusion()]


def _difficulty() -> Iterator[Check]:
    comparison = printed_comparison()
    claimed = _names(text_claims.HARDEST)
    for metric, name in zip(METRICS, METRIC_NAMES, strict=True):
        hardest = difficulty(comparison, metric)[: len(text_claims.HARDEST)]
        agrees = set(hardest) == set(text_claims.HARDEST)
        reading = "" if agrees else "the sentence names no metric, and holds for DSC only"
        yield holds(f"The hardest lesion types by {name}", _COMPARISON, claimed, _names(hardest), agrees, reading)
    key = text_claims.NEAR_THE_AVERAGE
    for metric, name in zip(METRICS, METRIC_NAMES, strict=True):
        own, every = comparison.average_score[key].of(metric), comparison.average_score[AVERAGE].of(metric)
        if own is None or every is None:
            raise AssertionError("every average score of the paper has a number")
        found = f"{own} of {every}: " + (f"{own - every} above" if own >= every else f"{every - own} below")
        what = f"{BY_KEY[key].name}: average {name}"
        # "Approaches" sets no bound; here it means less than two points below.
        yield holds(what, _COMPARISON, "achieves or approaches the average", found, own > every - 2)
    for key, count in text_claims.IMBALANCE.items():
        yield same(f"Lesions: {BY_KEY[key].plural}", _COMPARISON, count, LESIONS[key])


def _ablation() -> Iterator[Check]:
    dsc = {variant.name: variant.average.dsc for variant in printed_ablation()}
    known = {name: value for name, value in dsc.items() if value is not None}
    for name, stated in text_claims.ABLATION_DSC.items():
        fits = name in text_claims.ABLATION_LOSS and known[WHOLE] - text_claims.ABLATION_LOSS[name] == known[name]
        reading = f"typo: {known[name]} fits the difference of {text_claims.ABLATION_LOSS[name]} stated" if fits else ""
        yield same(f"DSC of variant {name}", _ABLATION, stated, known[name], reading)
    for name, stated in text_claims.ABLATION_LOSS.items():
        yield same(f"DSC of variant {name} below {WHOLE}", _ABLATION, stated, known[WHOLE] - known[name])
    one_part = [variant.name for variant in printed_ablation() if sum(variant.parts) == 2]
    worst = min(one_part, key=lambda name: known[name])
    claimed = text_claims.MOST_CRITICAL
    yield holds("The part that matters most, left out in", _ABLATION, claimed, worst, worst == claimed)


def _transfer() -> Iterator[Check]:
    for gain in printed_gains():
        stated = text_claims.TRANSFER_DSC[gain.structure]
        for what, of_text, of_table in zip(
            ("from scratch", "pretrained"), stated, (gain.scratch, gain.pretrained), strict=True
        ):
            if of_table is not None:
                yield same(f"DSC of {gain.structure.lower()}, {what}", _TRANSFER, of_text, of_table)
    for gain in printed_gains():
        claimed = text_claims.ABSTRACT_TRANSFER.get(gain.structure)
        if claimed is not None and gain.improvement is not None:
            yield same(f"Gain in DSC for {gain.structure.lower()}s", "Abstract", claimed, gain.improvement)


def _conclusion() -> Iterator[Check]:
    derived = improvements(printed_comparison())[AVERAGE]
    for metric, name in zip(METRICS, METRIC_NAMES, strict=True):
        claimed, computed = text_claims.CONCLUSION_IMPROVEMENT.of(metric), derived.of(metric)
        if claimed is not None and computed is not None:
            yield same(f"Improvement of Inception nnU-Net in Avg., {name}", "Section 5", claimed, computed)
        of_cells = _improvement_of_means(metric)
        found = f"{of_cells:.4f}"
        what = f"The same, of the means of the cells, {name}"
        yield holds(what, "Section 5", str(claimed), found, rounded(of_cells) == claimed)


def _improvement_of_means(metric: Metric) -> Decimal:
    means = {
        method.key: mean([pair.of(metric) for pair in method.classes.values()]) or Decimal(0)
        for method in printed_comparison().methods
    }
    return means.pop(OURS) - max(means.values())


def _names(keys: tuple[str, ...] | list[str]) -> str:
    return ", ".join(BY_KEY[key].name.lower() for key in keys)
