"""The board in a browser at the widths of phones, tablets and desks: nothing is cut without a way to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("selenium")
from selenium.webdriver.common.by import By

from .browser_steps import choose, column, emulate, said, show


@pytest.mark.parametrize("page", ["index.html", "method", "paper"])
def test_a_phone_does_not_scroll_sideways(browser: Any, site: Path, page: str) -> None:
    method = next(path for path in sorted((site / "methods").iterdir()) if "alert(3)" in path.read_text())
    pages = {"index.html": site / "index.html", "method": method, "paper": site / "methods" / "paper-mednext.html"}
    show(browser, pages[page], width=360, scheme="light")
    boards = ["official-test", "public-cv"] if page == "index.html" else [""]
    for board in boards:
        if board:
            choose(browser, "track", board)
        assert browser.execute_script("return document.documentElement.scrollWidth") == 360


def test_on_a_phone_the_longest_numbers_stay_in_one_line(browser: Any, site: Path) -> None:
    method = next(path for path in sorted((site / "methods").iterdir()) if "alert(3)" in path.read_text())
    show(browser, method, width=360, scheme="light")
    cells = browser.execute_script(
        "return [...document.querySelectorAll('table.chart tbody tr')].map((row) => {"
        "  const [read, range] = row.querySelectorAll('td.read, td.range');"
        "  read.textContent = '100.00';"
        "  range.textContent = '100.00–100.00';"  # noqa: RUF001
        "  const [number, interval] = [read, range].map((cell) => {"
        "    const text = document.createRange();"
        "    text.selectNodeContents(cell);"
        "    return text;"
        "  });"
        "  const lines = number.getClientRects().length + interval.getClientRects().length;"
        "  return [lines, interval.getBoundingClientRect().left - number.getBoundingClientRect().right];"
        "})"
    )
    assert len(cells) > 20
    assert all(lines == 2 and gap > 2 for lines, gap in cells), cells


@pytest.mark.parametrize("track", ["official-test", "public-cv"])
def test_no_column_is_cut_off(browser: Any, site: Path, track: str) -> None:
    for width in (1400, 1024, 768):
        show(browser, site / "index.html", width=width, scheme="light")
        choose(browser, "track", track)
        assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        ends = "return [...document.querySelectorAll('#board :is(th, td)')].map((c) => c.getBoundingClientRect().right)"
        assert max(browser.execute_script(ends)) <= width
        # The few numbers of a hidden track need less.
        assert ("No room here for" in said(browser)) == (width < (1400 if track == "public-cv" else 1024))


def test_on_a_phone_the_board_is_a_list(browser: Any, site: Path) -> None:
    show(browser, site / "index.html", width=390, scheme="light")
    choose(browser, "track", "public-cv")
    cards = browser.find_elements(By.CSS_SELECTOR, "#board tr.line")
    assert len(cards) == 71
    said_on_one = cards[0].text
    for text in ("Rank", "Avg. DSC", "Avg. F1", "GS", "LC", "GPU hours"):
        labels = browser.execute_script("return [...arguments[0].children].map((cell) => cell.dataset.label)", cards[0])
        assert text in labels
    for field in ("method", "average_dsc", "average_f1", "gallstone"):
        assert column(browser, field)[0] in said_on_one
    assert "GS: gallstone" in browser.find_element(By.ID, "abbreviations").text
    assert "overflow" not in browser.find_element(By.ID, "board").get_attribute("class")
    # Nothing overlaps, and nothing is outside of the page.
    boxes = browser.execute_script(
        "return [...arguments[0].children].filter((cell) => cell.offsetWidth).map((cell) => {"
        "  const { left, top, right, bottom } = cell.getBoundingClientRect(); return [left, top, right, bottom]; })",
        cards[1],
    )
    for number, (left, top, right, bottom) in enumerate(boxes):
        assert left >= 0
        assert right <= 390
        for other in boxes[number + 1 :]:
            assert other[0] >= right or other[2] <= left or other[1] >= bottom or other[3] <= top
    choose(browser, "sort", "Avg. F1")
    scores = [float(text) for text in column(browser, "average_f1")[:70]]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("track", ["official-test", "public-cv"])
def test_on_a_phone_every_choice_is_read_whole(browser: Any, site: Path, track: str) -> None:
    show(browser, site / "index.html", width=390, scheme="light")
    choose(browser, "track", track)
    # A box without a given width is as wide as the longest of its choices.
    widths = browser.execute_script(
        "return [...document.querySelectorAll('#controls select')].filter((box) => box.offsetWidth).map((box) => {"
        "  const free = box.cloneNode(true);"
        "  free.style.cssText = 'position: absolute; width: auto; max-width: none';"
        "  box.after(free);"
        "  const needed = free.offsetWidth;"
        "  free.remove();"
        "  return [box.id, box.offsetWidth, needed];"
        "})"
    )
    assert {"track", "scheme", "sort"} <= {name for name, _, _ in widths}
    assert [(name, width, needed) for name, width, needed in widths if width < needed] == []


def test_a_phone_reads_a_fidelity_card_whole(browser: Any, site: Path) -> None:
    show(browser, site / "methods" / "paper-mednext.html", width=390, scheme="light")
    boxes = browser.execute_script(
        "return [...document.querySelectorAll('.box:has(table.card)')].map((box) => [box.scrollWidth, box.clientWidth])"
    )
    assert len(boxes) > 1
    assert all(wanted <= width for wanted, width in boxes)


def test_a_box_that_scrolls_fades_where_there_is_more(browser: Any, site: Path) -> None:
    show(browser, site / "index.html", width=390, scheme="light")
    choose(browser, "track", "public-cv")
    sides = []
    for place in (0, 0.5, 1):
        # The script hears of it before the picture after the next.
        browser.execute_async_script(
            "const box = document.querySelector('section:not([hidden]) .box:has(table.map)');"
            "box.scrollLeft = arguments[0] * (box.scrollWidth - box.clientWidth);"
            "requestAnimationFrame(() => requestAnimationFrame(arguments[1]))",
            place,
        )
        box = browser.find_element(By.CSS_SELECTOR, "section:not([hidden]) .box:has(table.map)")
        sides.append(box.get_attribute("data-more"))
        assert box.value_of_css_property("mask-image").startswith("linear-gradient")
    assert sides == ["right", "left right", "left"]


def test_a_table_that_fits_again_does_not_fade(browser: Any, site: Path) -> None:
    show(browser, site / "index.html", width=660, scheme="light")
    # A tablet, whose scroll bars take no room: the box is as large with one as without.
    emulate(browser, "Emulation.setDeviceMetricsOverride", width=660, height=800, deviceScaleFactor=1, mobile=True)
    choose(browser, "track", "public-cv")
    board = browser.find_element(By.ID, "board")
    # Of one height whatever the table's is.
    browser.execute_script("arguments[0].style.height = '20rem'", board)
    frames = "requestAnimationFrame(() => requestAnimationFrame(arguments[0]))"
    browser.execute_async_script(frames)
    assert (board.get_attribute("class"), board.get_attribute("data-more")) == ("scrolls", "right")
    choose(browser, "lesion", "Liver cyst")
    browser.execute_async_script(frames)
    assert (board.get_attribute("class"), board.get_attribute("data-more")) == ("", None)
