"""The page on other tools shows what was measured, and what was measured is still so for the tools that are here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from . import measured, of_mswal_bench, situations
from .measure import asked
from .tools import OURS, TOOLS

INSTALLED = [tool for tool in TOOLS if tool.package and not tool.version]


def test_the_page_has_the_tables_of_what_was_measured() -> None:
    page = measured.PAGE.read_text(encoding="utf-8")
    assert measured.page_with(page, measured.read()) == page


def test_our_own_row_is_what_we_answer() -> None:
    assert of_mswal_bench.answers() == measured.read()[OURS]


def test_every_tool_was_measured_at_the_version_that_is_pinned() -> None:
    answers = measured.read()
    assert {tool.name: answers[tool.name]["version"] for tool in TOOLS} == {
        tool.name: tool.told_version for tool in TOOLS
    }
    assert {tool.name for tool in INSTALLED} == {"nnU-Net", "panoptica", "MONAI", "MedPy"}


@pytest.mark.slow
@pytest.mark.parametrize("tool", INSTALLED, ids=lambda tool: tool.name)
def test_tools_that_are_installed_answer_as_they_did(tool: object) -> None:
    assert tool in TOOLS
    before = {question: answer for question, answer in measured.read()[tool.name].items() if question != "version"}
    assert asked(Path(sys.executable), tool.module) == before


def test_a_page_without_a_marker_is_refused() -> None:
    with pytest.raises(ValueError, match="expected <!-- dice -->"):
        measured.page_with("<!-- versions --><!-- end of versions -->", measured.read())


@pytest.mark.parametrize(
    ("answer", "told"), [(0.5, "0.5"), (1, "1"), (2 / 3, "0.667"), (float("nan"), "NaN"), (float("inf"), "infinite")]
)
def test_an_answer_is_told_in_a_few_words(answer: float, told: str) -> None:
    assert situations.told(lambda: answer) == told


def test_what_a_tool_raises_is_its_answer() -> None:
    def refuse() -> float:
        raise RuntimeError("no object")

    assert situations.told(refuse) == "refused (RuntimeError)"
