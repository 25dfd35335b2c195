"""The colours of the pages can be told apart, light and dark: the ratios of WCAG 2.2, level AA."""

from __future__ import annotations

import re
from importlib import resources

import pytest

CSS = resources.files("mswal_bench.benchmark.board.site").joinpath("assets", "board.css").read_text(encoding="utf-8")
PAIRS = {name: (light, dark) for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", CSS)}

TEXT = [
    ("ink", "page"), ("ink", "raised"), ("ink", "faint"), ("soft", "page"), ("soft", "raised"), ("soft", "faint"),
    ("link", "page"), ("link", "faint"), ("page", "ink"), ("ink", "better"), ("ink", "worse"), ("ink", "people"),
]  # fmt: skip
DRAWN = [
    ("edge", "page"), ("edge", "raised"), ("focus", "page"), ("dsc", "page"), ("f1", "page"), ("small", "page"),
    ("large", "page"), ("ink", "dsc-bar"), ("ink", "f1-bar"), ("ink", "small-bar"), ("ink", "large-bar"),
]  # fmt: skip

MEANINGS = {
    "dsc": ".dsc", "dsc-bar": ".dsc", "f1": ".f1", "f1-bar": ".f1",
    "small": ".recall_small", "small-bar": ".recall_small", "large": ".recall_large", "large-bar": ".recall_large",
    "better": ".better", "worse": ".worse", "people": ".people",
}  # fmt: skip
"""What a colour of data stands for: the part of a selector that names it."""


def test_a_colour_of_data_means_one_thing() -> None:
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", re.sub(r"/\*.*?\*/", "", CSS, flags=re.DOTALL))
    used: dict[str, set[str]] = {}
    for selectors, body in rules:
        for name in re.findall(r"var\(--([\w-]+)\)", body):
            used.setdefault(name, set()).update(each.strip() for each in selectors.split(","))
    assert set(MEANINGS) <= set(used)
    strangers = {
        name: [selector for selector in used[name] if meaning not in selector] for name, meaning in MEANINGS.items()
    }
    assert not any(strangers.values()), strangers


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_no_two_meanings_share_a_colour(theme: int) -> None:
    meanings: dict[str, set[str]] = {}
    for name, meaning in {**MEANINGS, "link": "a link", "ink": "text", "soft": "text", "page": "the page"}.items():
        meanings.setdefault(PAIRS[name][theme], set()).add(meaning)
    assert {colour: shared for colour, shared in meanings.items() if len(shared) > 1} == {}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("least", "pairs"), [(4.5, TEXT), (3.0, DRAWN)], ids=["text", "drawn"])
def test_contrast(theme: int, least: float, pairs: list[tuple[str, str]]) -> None:
    ratios = {pair: contrast(*(PAIRS[name][theme] for name in pair)) for pair in pairs}
    assert {pair: round(ratio, 2) for pair, ratio in ratios.items() if ratio < least} == {}


def test_the_formula() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


def contrast(first: str, second: str) -> float:
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
