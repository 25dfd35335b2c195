from __future__ import annotations

from mswal_bench.benchmark.data import mswal_facts as paper
from mswal_bench.benchmark.data.lesion_classes import BY_KEY


def test_the_papers_numbers_fit_together() -> None:
    assert [*paper.LESIONS] == [*paper.SMALL] == [*paper.LARGE] == [*BY_KEY, "total"]
    assert {key: paper.SMALL[key] + paper.LARGE[key] for key in paper.LESIONS} == dict(paper.LESIONS)
    assert sum(paper.LESIONS[key] for key in BY_KEY) == paper.LESIONS["total"] == 5_212
    assert sum(paper.SEX.values()) == sum(paper.PHASE.values()) == paper.CASES["total"] == 694
    assert paper.CASES["train"] + paper.CASES["test"] == 694
    assert dict(paper.SLICE_COUNTS) == {"total": 191_417, "fewest": 52, "most": 1_089}
