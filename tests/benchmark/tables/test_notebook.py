"""Tables in notebooks: what they say is escaped, and their colours are those of the page."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from mswal_bench.benchmark.tables.notebook import notebook_html, plain_view
from mswal_bench.benchmark.tables.view import Title

VIEW = plain_view(["Method", "DSC"], [["<b>", "1.00"]], ["a < b"], title=Title("Table", "of & more", label=""))


class Open(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("br", "col"):
            self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.tags.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] != ["style"] and data.strip():
            self.texts.append(data.strip())


def test_it_is_whole_and_escaped() -> None:
    parser = Open()
    parser.feed(notebook_html(VIEW, VIEW))
    assert not parser.tags
    assert parser.texts == ["Table. of & more", "Method", "DSC", "<b>", "1.00", "a < b"] * 2


def test_no_colour_is_its_own_and_no_style_leaves_it() -> None:
    (style,) = re.findall("<style>(.*)</style>", notebook_html(VIEW), re.DOTALL)
    assert not re.findall(r"color|background|#[0-9a-f]{3}", style)
    assert all(rule.lstrip().startswith(".mswal-bench") for rule in style.split("}")[:-1])


def test_words_stand_on_the_left_though_there_are_digits_in_them() -> None:
    rows = [["code", "case_1"]]
    assert 'style="text-align: left">case_1' in notebook_html(plain_view(["Finding", "Where"], rows, words=True))
    assert 'style="text-align: right">case_1' in notebook_html(plain_view(["Finding", "Where"], rows))
