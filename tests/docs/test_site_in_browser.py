"""The built site in headless Chromium, at the width of a desk and of a phone, light and dark."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import mswal_bench
from mswal_bench.tests.benchmark.headless_chromium import headless_chromium
from mswal_bench.tests.conftest import MadeOnce

pytest.importorskip("sphinx", reason="the documentation's packages are not installed: the extra docs has them")
pytest.importorskip("selenium")

DOCS = Path(mswal_bench.__file__).parent / "docs"
DESK, PHONE = 1400, 390

# What of a page is wider than its place and can be reached by scrolling the page itself, or not at all. The theme's
# column would scroll as a whole: that counts as the page.
_CUT = """
const column = document.querySelector(".bd-article-container");
const scrolls = (box) => box !== column && ["auto", "scroll"].includes(getComputedStyle(box).overflowX);
const inBox = (element) => {
  for (let box = element.parentElement; box && box !== document.body; box = box.parentElement)
    if (scrolls(box)) return true;
  return false;
};
const name = (element) => `${element.tagName} ${element.className}: ${element.textContent.trim().slice(0, 60)}`;
const wide = [document.documentElement, column].filter((box) => box.scrollWidth > box.clientWidth);
const cut = [...column.querySelectorAll("*")].filter((element) => {
  const style = getComputedStyle(element);
  // Read by a screen reader alone, or ended by dots.
  if (!element.clientWidth || element.closest(".visually-hidden, .ellipsis")) return false;
  const hides = ["hidden", "clip"].includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
  return hides || (element.getBoundingClientRect().right > innerWidth + 1 && !inBox(element));
});
return [...wide.map((box) => `${box.tagName} is ${box.scrollWidth} wide`), ...cut.map(name)];
"""

# Boxes that scroll, and whether the script has said of them that there is more on the right.
_BOXES = """
const boxes = [...document.querySelectorAll(".bd-article *")].filter((box) => box.checkVisibility()
  && ["auto", "scroll"].includes(getComputedStyle(box).overflowX) && box.scrollWidth > box.clientWidth + 1);
return boxes.map((box) => [box.className || box.tagName, box.dataset.more ?? "", getComputedStyle(box).maskImage]);
"""

_CONTRAST = """
const channels = (colour) => { const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
const light = (colour) => colour.slice(0, 3).map((value) => value / 255)
  .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
  .reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
const ground = (element) => {
  const colours = [];
  for (let box = element; box; box = box.parentElement)
    colours.unshift(channels(getComputedStyle(box).backgroundColor));
  return colours.reduce((below, top) => over(top, below), [255, 255, 255, 1]);
};
const faint = [];
const texts = document.createTreeWalker(document.querySelector(".bd-article-container"), NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  const seen = element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  if (!seen || !texts.currentNode.data.trim() || element.closest("script, style, noscript")) continue;
  const style = getComputedStyle(element);
  const behind = ground(element);
  const [low, high] = [light(over(channels(style.color), behind)), light(behind)].sort((a, b) => a - b);
  const size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
  if ((high + 0.05) / (low + 0.05) < (large ? 3 : 4.5)) faint.push(texts.currentNode.data.trim().slice(0, 60));
}
return faint;
"""


def _build(site: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-d", site / "read", DOCS, site / "html"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr


@pytest.fixture(scope="module")
def site(made_once: MadeOnce) -> Path:
    """The site, just built. Not to be written to."""
    return made_once("site", _build) / "html"


@pytest.fixture(scope="module")
def pages(site: Path) -> list[Path]:
    """Every page of the site; the first is the front page."""
    found = sorted(path for path in site.rglob("*.html") if "_static" not in path.parts)
    assert len(found) > 70
    return sorted(found, key=lambda path: path != site / "index.html")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with headless_chromium(tmp_path_factory.mktemp("chromium")) as started:
        yield started


def _show(browser: Any, width: int, scheme: str) -> None:
    """Gives the open page a width and a colour scheme, and waits until its scripts have heard of it."""
    # Scroll bars of a phone take no room.
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width == PHONE}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    _wait(browser)


def _wait(browser: Any) -> None:
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")


@pytest.mark.slow
def test_nothing_is_cut_or_too_faint(browser: Any, site: Path, pages: list[Path]) -> None:
    found: dict[tuple[Path, int, str, str], object] = {}
    browser.get("about:blank")
    browser.get_log("browser")
    for page in pages:
        name = page.relative_to(site)
        browser.get(page.as_uri())
        # Colours change at once, not in a tenth of a second.
        browser.execute_script(
            "document.head.append(Object.assign(document.createElement('style'),"
            " { textContent: '* { transition: none !important; }' }))"
        )
        for width, scheme in product((DESK, PHONE), ("light", "dark")):
            _show(browser, width, scheme)
            assert browser.execute_script("return document.documentElement.dataset.theme") == scheme
            found[name, width, scheme, "faint"] = browser.execute_script(_CONTRAST)
            if scheme == "dark":
                # Colours take no room: once for both schemes.
                continue
            boxes = browser.execute_script(_BOXES)
            found[name, width, scheme, "cut"] = browser.execute_script(_CUT)
            found[name, width, scheme, "unmarked"] = [box for box in boxes if "right" not in box[1] or box[2] == "none"]
    assert {place: wrong for place, wrong in found.items() if wrong} == {}
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


@pytest.mark.slow
def test_a_box_fades_where_there_is_more(browser: Any, pages: list[Path]) -> None:
    browser.get(next(page for page in pages if page.name == "how-other-tools-count.html").as_uri())
    _show(browser, PHONE, "light")
    box = "document.querySelector('.pst-scrollable-table-container[data-more]')"
    sides = []
    for place in (0, 0.5, 1):
        browser.execute_script(
            f"window.box ??= {box}; box.scrollLeft = arguments[0] * (box.scrollWidth - box.clientWidth)", place
        )
        _wait(browser)
        sides.append(browser.execute_script("return box.dataset.more"))
    assert sides == ["right", "left right", "left"]


@pytest.mark.slow
def test_a_phone_gets_a_picture_of_a_phone(browser: Any, pages: list[Path]) -> None:
    browser.get(pages[0].as_uri())
    for width, scheme, kind in ((DESK, "light", "wide"), (PHONE, "dark", "narrow")):
        _show(browser, width, scheme)
        (shown,) = browser.execute_script(
            "return [...document.querySelectorAll('.board-picture')].filter((picture) => picture.offsetWidth)"
            ".map((picture) => picture.className)"
        )
        assert {f"only-{scheme}", kind} <= set(shown.split())
