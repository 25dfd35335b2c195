from __future__ import annotations

from decimal import Decimal

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.paper.table_2 import (
    AVERAGE,
    Pair,
    printed_comparison,
    printed_improvements,
    printed_underlines,
    row_key,
)


def test_the_seven_methods_are_the_registrys_in_its_order() -> None:
    methods = printed_comparison().methods
    assert [method.key for method in methods] == list(METHODS)
    assert [method.title for method in methods] == [
        "Inception nnU-Net", "nnU-Netv1", "nnU-Netv2", "nnU-Net res", "Mednext", "nnFormer", "Swin UNETR",
    ]  # fmt: skip


def test_numbers_keep_the_decimals_that_are_printed() -> None:
    first, *_, last = printed_comparison().methods
    assert first.of("gallstone") == Pair(Decimal("57.12"), Decimal("52.46"))
    assert last.of(AVERAGE) == Pair(Decimal("28.37"), Decimal("26.29"))
    assert str(printed_comparison().methods[2].of("gallstone").dsc) == "33.60"
    assert printed_comparison().average_score["kidney_stone"] == Pair(Decimal("31.71"), Decimal("24.32"))
    assert printed_comparison().average_score[AVERAGE] == Pair(Decimal("40.32"), Decimal("33.69"))


def test_every_method_has_every_class() -> None:
    keys = [lesion.key for lesion in LESION_CLASSES]
    for method in printed_comparison().methods:
        assert list(method.classes) == keys
        assert all(pair.dsc is not None and pair.f1 is not None for pair in method.classes.values())


def test_row_names_as_printed_find_their_class() -> None:
    assert row_key("Pancrea cancer") == "pancreatic_cancer"
    assert row_key("Kidney Cyst") == "kidney_cyst"
    assert row_key("Avg.") == AVERAGE


def test_improvements_and_underlines() -> None:
    assert printed_improvements()["pancreatic_cancer"] == Pair(None, Decimal("3.54"))
    assert printed_improvements()["gallstone"] == Pair(None, None)
    assert ("kidney_tumor", "inception-nnunet", "f1") in printed_underlines()
