"""Runs the Python of the pages on concepts."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

_CONCEPTS = Path(__file__).parents[2] / "docs/concepts"
_FENCE = re.compile(r"(?ms)^```pycon\n(.*?)^```$")


@pytest.mark.parametrize("name", ["protocol", "files-in-space", "what-limits-a-method"])
def test_what_the_page_computes_is_so(name: str) -> None:
    page = (_CONCEPTS / f"{name}.md").read_text(encoding="utf-8")
    examples = "\n".join(_FENCE.findall(page))
    assert ">>>" in examples
    test = doctest.DocTestParser().get_doctest(examples, {}, name, f"{name}.md", 0)
    told: list[str] = []
    assert doctest.DocTestRunner().run(test, out=told.append).failed == 0, "".join(told)


def test_the_pictures_of_the_pages_are_there_and_small() -> None:
    pictures = {
        (page.parent / link).resolve()
        for page in _CONCEPTS.glob("*.md")
        for link in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    }
    assert pictures
    assert all(picture.stat().st_size < 100_000 for picture in pictures)
