from __future__ import annotations

from dataclasses import replace

from mswal_bench.benchmark.data.lesion_classes import BY_KEY
from mswal_bench.benchmark.data.stats.dataset_statistics import DatasetStatistics
from mswal_bench.benchmark.data.stats.lesion_frame import lesion_frame


def test_a_row_a_lesion_in_order(paper_like: DatasetStatistics) -> None:
    lesions = lesion_frame(paper_like)
    every = [(case.case, one) for case in paper_like.cases for one in case.lesions or ()]
    assert list(lesions["case"]) == [case for case, _ in every]
    assert list(lesions["diameter_mm"]) == [one.diameter_mm for _, one in every]
    assert list(lesions["class"].map({key: one.id for key, one in BY_KEY.items()})) == [
        one.class_id for _, one in every
    ]
    assert list(lesions["size"] == "large") == [one.diameter_mm >= 20 for _, one in every]


def test_without_a_lesion_there_are_all_columns_and_classes(paper_like: DatasetStatistics) -> None:
    cases = (replace(paper_like.cases[0], lesions=()), replace(paper_like.cases[1], lesions=None))
    lesions = lesion_frame(replace(paper_like, cases=cases))
    assert lesions.empty
    assert list(lesions.columns) == list(lesion_frame(paper_like).columns)
    assert (lesions.dtypes == lesion_frame(paper_like).dtypes).all()
    assert list(lesions["class"].cat.categories) == list(BY_KEY)
