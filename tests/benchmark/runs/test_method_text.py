from dataclasses import replace
from typing import Any

import pytest

from mswal_bench.baselines.fidelity import FidelityCard, Setting
from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.runs.method_text import card_text, method_data, methods_table

CARD = FidelityCard(
    summary="a method for the test of its text",
    mswal_paper=(),
    own_paper=(Setting("epochs", "1,000", "its code", ("training.epochs",)),),
    chosen=(Setting("a setting with a long name", "value " * 20, "reason " * 30),),
    differences=(),
    parameters=1_234_567,
    parameters_of="one size",
)
NNUNET: Any = METHODS["nnunet-v2"]
METHOD = replace(NNUNET, name="toy", title="Toy", publication="Nobody, 2026", card=CARD)


@pytest.mark.parametrize("width", [80, 120])
def test_lines_fit_the_terminal(width):
    every = [each for method in METHODS.values() for each in (method, *method.variants().values())]
    for text in (
        methods_table([*METHODS.values(), METHOD], width),
        *(card_text(each, width) for each in (*every, METHOD)),
    ):
        assert max(map(len, text.splitlines())) <= width


def test_the_table_says_what_each_is():
    lines = methods_table([METHODS["inception-nnunet"], METHOD], 120).splitlines()
    assert lines[0].split() == ["Method", "Title", "Parameters", "What", "it", "is"]
    assert lines[2].startswith("inception-nnunet  Inception nnU-Net")
    assert "110.80 M" in lines[2]
    assert "variants: I, II, III, IV, V, released" in lines[4]
    assert lines[5].split()[:4] == ["toy", "Toy", "1.23", "M"]
    assert "Nobody, 2026" in lines[6]


def test_a_card_has_its_groups_in_order():
    text = card_text(METHOD, 100)
    assert "1,234,567 parameters: one size" in text
    assert "A100" not in text, "nothing is published"
    published = replace(METHOD, card=replace(CARD, gpu_hours=8.5))
    assert "8.5 hours of training a fold on an A100 with 40 GB, as published" in card_text(published, 100)
    blocks = text.split("\n\n")
    assert blocks[1] == "Set by the MSWAL paper\n  nothing"
    assert blocks[2].splitlines()[0] == "Set by its own paper or its authors' code"
    assert blocks[2].splitlines()[1].split() == ["epochs", "1,000", "its", "code"]
    assert blocks[3].splitlines()[0] == "Left open by both, and chosen here"
    assert blocks[3].count("reason") == 30
    assert blocks[4] == "Different from the original\n  nothing known"
    assert [line.split() for line in blocks[5].splitlines() if "epochs" in line] == [
        ["epochs", "1,000", *(str(METHOD.epochs(budget)) for budget in (Budget.DEMO, Budget.SMOKE))],
        ["warmup", "epochs", "0", "1", "0"],
    ]
    assert "decay exponent" not in blocks[5], "the same under every budget"


def test_data_is_what_the_card_holds():
    data = method_data(METHOD)
    assert data["card"]["own_paper"] == (
        {"name": "epochs", "value": "1,000", "source": "its code", "keys": ("training.epochs",)},
    )
    assert data["settings"]["paper"]["training"]["epochs"] == 1000
    assert data["variants"] == []
    assert data["card"]["gpu_hours"] is None
    assert method_data(NNUNET)["card"]["gpu_hours"] == 9
