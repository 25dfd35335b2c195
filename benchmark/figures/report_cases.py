"""Gives a report the pages of its worst cases, and the links to them."""

from __future__ import annotations

from pathlib import Path

from mswal_bench.benchmark.data.dataset import Dataset
from mswal_bench.benchmark.data.scoring_protocol import Protocol
from mswal_bench.benchmark.scoring.scores import Scores

from .explorer.case_content import CaseToShow
from .explorer.pages_folder import write_pages
from .explorer.worst_cases import worst_cases
from .explorer.worst_links import MOST_METHODS, WorstOfClass, worst_links, worst_said

FOLDER = "cases"


def write_worst_cases(
    out: Path, scores: Scores, dataset: Dataset, protocol: Protocol, most: int
) -> tuple[tuple[WorstOfClass, ...], str]:
    """Writes pages of the `most` worst cases of each method and lesion type to `out`; returns links to them, and a
    sentence that says which cases these are, which is empty where there are none.

    Pages are of a bounded number of cases; where there would be more, fewer are taken of each method and type.
    """
    names = list(scores)[:MOST_METHODS]
    worst = worst_cases({name: scores[name].counts for name in names}, most)
    cases = []
    for case in worst.cases:
        scored = {name: of for name in names if (of := scores[name].by_case.get(case)) is not None}
        reference = next(of.reference for of in scored.values())
        assert reference is not None
        predictions = {name: of.prediction for name, of in scored.items()}
        cases.append(CaseToShow(case, reference, dataset.test[case].image, predictions))
    write_pages(out / FOLDER, cases, protocol, back="../index.html", back_text="Back to the report", progress=True)
    return worst_links(worst, protocol, f"{FOLDER}/"), worst_said(worst, most, len(scores))
