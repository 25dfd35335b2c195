"""The addresses of the views, in headless Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("selenium")
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

from .browser_steps import address, choose, column, loaded, show, sort


def test_every_view_has_an_address(front: Any) -> None:
    assert address(front) == ""
    choose(front, "track", "public-cv")
    choose(front, "metric", "Recall")
    choose(front, "lesion", "Liver cyst")
    choose(front, "scheme", "Avg. F1")
    front.find_element(By.CSS_SELECTOR, "input[value=claimed]").click()
    loaded(front)
    sort(front, "average_f1")
    front.find_element(By.ID, "search").send_keys("method 1")
    loaded(front)
    shown = column(front, "method")
    view = dict(part.split("=") for part in address(front).split("&"))
    assert view == {
        "track": "public-cv", "metric": "recall", "lesion": "liver_cyst", "scheme": "f1",
        "show": "people%2Cceiling%2Cverified%2Creported", "sort": "-average_f1", "search": "method+1",
    }  # fmt: skip
    there = front.current_url
    front.get("about:blank")
    front.get(there)
    loaded(front)
    assert column(front, "method") == shown
    assert [Select(front.find_element(By.ID, name)).first_selected_option.text for name in ("metric", "lesion")] == [
        "Recall", "Liver cyst",
    ]  # fmt: skip
    assert not front.find_element(By.CSS_SELECTOR, "input[value=claimed]").is_selected()
    assert front.current_url == there


def test_back_and_forward_go_through_the_views(front: Any) -> None:
    official = column(front, "method")
    choose(front, "track", "public-cv")
    long = column(front, "method")
    sort(front, "average_dsc")
    by_dsc = column(front, "method")
    front.back()
    loaded(front)
    assert column(front, "method") == long
    front.back()
    loaded(front)
    assert column(front, "method") == official
    assert Select(front.find_element(By.ID, "track")).first_selected_option.text == "official-test"
    front.forward()
    front.forward()
    loaded(front)
    assert column(front, "method") == by_dsc


@pytest.mark.parametrize(
    "wrong",
    [
        "track=nowhere", "metric=<script>alert(1)</script>", "%E0%A4%A", "sort=__proto__&scheme=constructor",
        "show=nobody", "board-official-test", "&&&===", "lesion=average_dsc&track=",
    ],
)  # fmt: skip
def test_a_bad_address_shows_what_the_page_opens_on(browser: Any, site: Path, wrong: str) -> None:
    show(browser, site / "index.html", width=1400, scheme="light")
    expected = column(browser, "method")
    browser.get("about:blank")
    browser.get_log("browser")
    browser.get(f"{(site / 'index.html').as_uri()}#{wrong}")
    loaded(browser)
    assert column(browser, "method") == expected
    assert browser.get_log("browser") == []
    # And on from there.
    choose(browser, "track", "public-cv")
    assert len(column(browser, "method")) == 71


def test_an_anchor_keeps_the_view(front: Any) -> None:
    choose(front, "track", "public-cv")
    shown = column(front, "method")
    front.execute_script("location.hash = '#content'")
    loaded(front)
    assert column(front, "method") == shown
