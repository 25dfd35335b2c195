from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mswal_bench.benchmark.scoring.scores import Scores
from mswal_bench.benchmark.scoring.scores_json import summary_json

if TYPE_CHECKING:
    from mswal_bench.tests.benchmark.conftest import MakeTable

KEYS = ["gallstone", "kidney_stone", "liver_tumor", "kidney_tumor", "pancreatic_cancer", "liver_cyst", "kidney_cyst"]


def test_json_is_strict_and_complete(two_methods: Scores) -> None:
    content = json.loads(summary_json(two_methods.summary()))
    assert content["protocol"] == "mswal/1"
    assert list(content["methods"]) == ["first", "second_one"]
    first = content["methods"]["first"]
    assert list(first["classes"]) == KEYS
    assert first["classes"]["gallstone"] == {
        "dsc": pytest.approx(0.85),
        "f1": 1.0,
        "tp": 2,
        "fp": 0,
        "fn": 0,
        "f1_per_case": 1.0,
        "cases": 2,
    }
    assert first["classes"]["liver_cyst"] == {
        "dsc": None,
        "f1": None,
        "tp": 0,
        "fp": 0,
        "fn": 0,
        "f1_per_case": None,
        "cases": 0,
    }
    assert first["average"]["dsc"] == pytest.approx((0.85 + 0.5 + 0.4) / 3)
    assert first["average"]["f1"] == pytest.approx((1 + 0.5 + 0.4) / 3)
    assert first["average"]["dsc_classes"] == 3
    assert content["average_score"]["liver_tumor"] == {"dsc": pytest.approx(0.55), "f1": pytest.approx(0.65)}
    assert content["average_score"]["liver_cyst"] == {"dsc": None, "f1": None}
    assert content["difficulty"] == {
        "dsc": ["kidney_cyst", "liver_tumor", "gallstone"],
        "f1": ["kidney_cyst", "liver_tumor", "gallstone"],
    }
    assert content["missing"] == {"second_one": ["case_2"]}
    assert content["cases"] == 2


def test_one_method_is_its_own_average(make_table: MakeTable) -> None:
    table = make_table({"one": [{"gallstone": (90, 1, 0, 0)}]})
    assert table.average_score["gallstone"].dsc == 0.9
    assert table.difficulty_dsc == ("gallstone",)
    assert table.summary().missing == {}
