"""The colours of the pages can be told apart, light and dark: the ratios of WCAG 2.2, level AA."""

from __future__ import annotations

import re
from importlib import resources

import pytest

CSS = resources.files("mswal_bench.benchmark.board.site").joinpath("assets", "board.css").read_text(encoding="utf-8")
PAIRS = {name: (light, dark) for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", CSS)}

TEXT = [
    ("ink", "page"), ("ink", "raised"), ("ink", "faint"), ("soft", "page"), ("soft", "raised"), ("soft", "faint"),
    ("blue", "page"), ("blue", "faint"), ("page", "blue"), ("ink", "blue-bar"), ("ink", "orange-bar"),
]  # fmt: skip
DRAWN = [("edge", "page"), ("edge", "raised"), ("focus", "page"), ("blue", "page"), ("orange", "page")]


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
