"""The pages in headless Chromium, opened from disk."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("selenium")
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.ui import WebDriverWait

NONE = "–"  # noqa: RUF001

from .browser_steps import address, choose, column, columns, emulate, groups, header, loaded, said, show, sort


@pytest.mark.parametrize("page", ["index.html", "method", "paper"])
def test_loads_without_errors_and_without_asking_anyone(browser: Any, site: Path, page: str) -> None:
    pages = {
        "index.html": site / "index.html",
        "method": next(path for path in sorted((site / "methods").iterdir()) if "alert(3)" in path.read_text()),
        "paper": site / "methods" / "paper-mednext.html",
    }
    # Away from the page that the browser begins with, which loads for a while.
    browser.get("about:blank")
    browser.get_log("browser"), browser.get_log("performance")
    show(browser, pages[page], width=1200, scheme="light")
    assert browser.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert pages[page].as_uri() in asked
    assert [url for url in asked if not url.startswith((site.as_uri(), "data:,"))] == []
    # Nothing failed, so that what was asked for was also there.
    assert [event for event in events if event["method"] == "Network.loadingFailed"] == []


def test_other_sites_cannot_be_asked(front: Any) -> None:
    front.get_log("browser")
    front.execute_script("new Image().src = 'http://127.0.0.1:9/x.png'; fetch('http://127.0.0.1:9/y').catch(() => {});")
    refused = " ".join(entry["message"] for entry in front.get_log("browser"))
    assert refused.count("Content Security Policy") >= 2


def test_the_official_test_comes_first_and_keeps_the_reported_apart(front: Any) -> None:
    assert column(front, "method")[:3] == ["Hidden 2", "Hidden 1", "Hidden 0"]
    assert column(front, "rank") == ["1", "2", "3", *[NONE] * 7]
    assert column(front, "method")[3] == "Inception nnU-Net"
    assert column(front, "average_dsc")[3] == "50.09"
    sort(front, "average_dsc")
    assert header(front, "average_dsc").get_attribute("aria-sort") == "descending"
    # The paper's are better than two of the three, and still below them.
    assert groups(front) == ["verified"] * 3 + ["reported"] * 7


def test_sorting_changes_the_order(front: Any) -> None:
    choose(front, "track", "public-cv")
    first = column(front, "average_dsc")[:70]
    sort(front, "average_dsc")
    down = [float(text) for text in column(front, "average_dsc")[:70]]
    assert down == sorted(down, reverse=True)
    sort(front, "average_dsc")
    up = [float(text) for text in column(front, "average_dsc")[:70]]
    assert up == sorted(up) != [float(text) for text in first]
    assert "sorted by Avg. DSC, ascending" in said(front)
    sort(front, "hours")
    hours = column(front, "hours")[:70]
    told = [float(text) for text in hours if text != NONE]
    assert told == sorted(told)
    assert NONE not in hours[: len(told)]


def test_the_keyboard_sorts(front: Any) -> None:
    for key, order in ((Keys.ENTER, "descending"), (Keys.SPACE, "ascending")):
        button = header(front, "average_f1").find_element(By.TAG_NAME, "button")
        front.execute_script("arguments[0].focus()", button)
        button.send_keys(key)
        loaded(front)
        assert header(front, "average_f1").get_attribute("aria-sort") == order
        # The keyboard stays where it was.
        WebDriverWait(front, 5).until(lambda _: front.switch_to.active_element.text == "Avg. F1")
    assert front.execute_script("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    shown = [float(text) for text in column(front, "average_f1")[:3]]
    assert shown == sorted(shown)


def test_filters_change_what_is_shown(front: Any) -> None:
    choose(front, "track", "public-cv")
    assert len(column(front, "method")) == 71
    heads = front.find_elements(By.CSS_SELECTOR, "#board tr.group")
    assert [head.text.split()[0] for head in heads] == ["Verified", "Claimed"]
    search = front.find_element(By.ID, "search")
    search.send_keys("method 1")
    loaded(front)
    assert sorted(column(front, "method")) == [f"Method {index:02}" for index in range(68) if "1" in str(index)]
    assert said(front).startswith("16 of 71 entries")
    search.send_keys("nothing is called so")
    loaded(front)
    assert column(front, "method") == []
    assert said(front).startswith("Nothing matches")
    search.clear()
    search.send_keys(" ")
    front.find_element(By.CSS_SELECTOR, "input[value=verified]").click()
    loaded(front)
    assert column(front, "method") == ["Claims the most"]
    # Better than all, and the first of the claimed alone.
    assert column(front, "rank") == ["1"]


def test_lesion_metric_and_scheme_change_the_numbers(front: Any) -> None:
    choose(front, "track", "public-cv")
    assert len(front.find_elements(By.CSS_SELECTOR, "#board thead .lesion")) == 7
    dsc = column(front, "liver_cyst")
    choose(front, "metric", "Recall")
    assert column(front, "liver_cyst") != dsc
    choose(front, "lesion", "Liver cyst")
    assert len(front.find_elements(By.CSS_SELECTOR, "#board thead .lesion")) == 1
    assert header(front, "liver_cyst").text.startswith("Liver cyst Recall")
    before = column(front, "method")
    choose(front, "scheme", "Liver cyst")
    assert column(front, "method") != before
    assert "of this type alone: liver cyst" in front.find_element(By.ID, "scheme-note").text
    choose(front, "scheme", "Rank, then mean")
    assert column(front, "rank")[0] == "1"


def test_ties_are_marked(front: Any) -> None:
    choose(front, "track", "public-cv")
    ranks = [text for text in column(front, "rank") if text.startswith("=")]
    assert ranks
    assert all(ranks.count(rank) > 1 for rank in ranks)
    assert "share a rank" in front.find_element(By.ID, "scheme-note").text


def test_hostile_names_stay_text(front: Any, site: Path) -> None:
    choose(front, "track", "public-cv")
    names = column(front, "method")
    for name in ("<script>alert(1)</script>", '"><img src=x onerror=alert(4)>'):
        assert name in names
    assert front.find_elements(By.CSS_SELECTOR, "img, script:not([src]):not([type])") == []
    front.find_element(By.LINK_TEXT, "<script>alert(1)</script>").click()
    assert re.fullmatch(r".*/methods/[0-9a-f]{16}\.html", front.current_url)
    assert front.find_element(By.CSS_SELECTOR, "h1 bdi").text == "<script>alert(1)</script>"
    assert "</script><script>alert(3)</script>" in front.find_element(By.TAG_NAME, "main").text
    with pytest.raises(NoAlertPresentException):
        front.switch_to.alert.accept()


def test_dark_as_the_system_says_and_by_the_switch(browser: Any, site: Path) -> None:
    def lightness() -> int:
        colour = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour)[:3]))

    show(browser, site / "index.html", width=1200, scheme="dark")
    assert lightness() < 150
    grid = "return getComputedStyle(document.querySelector('#board .line .value')).color"
    text = sum(map(int, re.findall(r"\d+", browser.execute_script(grid))[:3]))
    assert text > 500
    switch = browser.find_element(By.ID, "theme")
    assert switch.text == "Light theme"
    switch.click()
    assert lightness() > 700
    # The choice goes along, without anything being stored.
    browser.find_element(By.LINK_TEXT, "Hidden 2").click()
    assert lightness() > 700
    assert browser.execute_script("return document.cookie + localStorage.length + sessionStorage.length") == "00"


def test_without_a_script_the_scores_can_be_read(browser: Any, site: Path) -> None:
    emulate(browser, "Emulation.setScriptExecutionDisabled", value=True)
    try:
        show(browser, site / "index.html", width=1200, scheme="light")
        text = browser.find_element(By.TAG_NAME, "main").text
        assert "Claims the most" in text
        assert "Hidden 2" in text
        assert not browser.find_element(By.ID, "controls").is_displayed()
    finally:
        emulate(browser, "Emulation.setScriptExecutionDisabled", value=False)


def test_every_control_has_a_label_and_the_first_stop_skips_to_the_content(front: Any) -> None:
    unlabelled = front.execute_script(
        "return [...document.querySelectorAll('input, select, button')]"
        ".filter((control) => !control.labels?.length && !control.textContent.trim())"
        ".map((control) => control.outerHTML)"
    )
    assert unlabelled == []
    front.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert front.switch_to.active_element.text == "Skip to the content"
    front.switch_to.active_element.send_keys(Keys.ENTER)
    assert front.switch_to.active_element.get_attribute("id") == "content"


def test_columns_that_nobody_fills_are_left_out(front: Any) -> None:
    assert "hours" not in columns(front)
    assert "extra" not in columns(front)
    choose(front, "track", "public-cv")
    assert {"rank", "hours", "parameters", "links"} <= set(columns(front))
    search = front.find_element(By.ID, "search")
    search.send_keys("method 03")
    loaded(front)
    # That one says no cost and has no links.
    assert {"hours", "parameters", "links"}.isdisjoint(columns(front))
    search.clear()
    search.send_keys(" ")
    loaded(front)
    assert "hours" in columns(front)


def test_what_the_paper_does_not_report_is_said(front: Any) -> None:
    for box in ("verified", "claimed"):
        front.execute_script("document.querySelector(`input[value=${arguments[0]}]`).click()", box)
    loaded(front)
    choose(front, "metric", "Recall")
    assert front.find_elements(By.CSS_SELECTOR, "#board thead .lesion") == []
    assert "Recall is not known of these" in said(front)
    assert "rank" not in columns(front)


def test_a_long_board_shows_the_best_and_all_on_demand(browser: Any, people_site: Path) -> None:
    show(browser, people_site / "index.html", width=1400, scheme="light")
    assert len(column(browser, "method")) == 100
    assert said(browser).startswith("122 of 122 entries")
    browser.find_element(By.CSS_SELECTOR, "#more button").click()
    loaded(browser)
    assert len(column(browser, "method")) == 122
    assert not browser.find_element(By.ID, "more").is_displayed()


def test_people_stand_above_the_methods_without_a_rank(browser: Any, people_site: Path) -> None:
    show(browser, people_site / "index.html", width=1400, scheme="light")
    assert column(browser, "method")[:2] == ["Rater 2", "Rater 1"]
    assert column(browser, "rank")[:3] == [NONE, NONE, "1"]
    assert groups(browser)[:3] == ["people", "people", "verified"]
    sort(browser, "average_dsc")
    sort(browser, "average_dsc")
    assert groups(browser)[:2] == ["people", "people"]
    caption = browser.find_element(By.CSS_SELECTOR, "section:not([hidden]) table.forest caption").text
    assert re.fullmatch(r"Avg\. DSC, % · 2 human raters: [\d.]+ to [\d.]+", caption)
    # The band stands behind every method, where the raters' own marks are.
    bands, marks = browser.execute_script(
        "const forest = document.querySelector('section:not([hidden]) table.forest');"
        "const middle = (mark) => { const box = mark.getBoundingClientRect(); return (box.left + box.right) / 2; };"
        "return [[...forest.querySelectorAll('.people-band')].map((band) => {"
        "  const box = band.getBoundingClientRect(); return [box.left, box.right]; }),"
        " [...forest.querySelectorAll('.mark.people')].map(middle)]"
    )
    assert len(bands) == 2 + 25
    assert all(band == pytest.approx([min(marks), max(marks)], abs=2) for band in bands)
    browser.find_element(By.LINK_TEXT, "Rater 2").click()
    assert "They are not ranked." in browser.find_element(By.TAG_NAME, "main").text
    assert "Rank among" not in browser.find_element(By.TAG_NAME, "main").text
    browser.find_element(By.LINK_TEXT, "MSWAL leaderboard").click()
    loaded(browser)
    assert address(browser) == "track=public-cv"


def test_what_a_hidden_track_keeps_back_is_not_shown(browser: Any, people_site: Path) -> None:
    show(browser, people_site / "index.html", width=1400, scheme="light")
    choose(browser, "track", "secret")
    assert column(browser, "method") == ["Shown", "Kept back"]
    assert column(browser, "gallstone") == [], "no class of a hidden track has a number"
    assert not [name for name in ("lesion", "metric") if browser.find_element(By.ID, name).is_displayed()]
    schemes = [option.text for option in Select(browser.find_element(By.ID, "scheme")).options]
    assert schemes == ["Mean rank (DSC, F1)", "Avg. DSC", "Avg. F1"]
    for metric in ("average_dsc", "average_f1"):
        shown, kept_back = column(browser, metric)
        assert kept_back == "not shown"
        assert re.fullmatch(r"\d+", shown), "whole points"
    assert "This track shows no numbers of lesion types" in said(browser)
    emulate(browser, "Emulation.setDeviceMetricsOverride", width=390, height=800, deviceScaleFactor=1, mobile=True)
    kept_back = browser.find_elements(By.CSS_SELECTOR, "#board tr.line")[1].text
    assert kept_back.count("not shown") == 2, "a phone's list says it too"
    assert browser.find_element(By.ID, "abbreviations").text == "", "no abbreviation is on the page"
    browser.find_element(By.LINK_TEXT, "Kept back").click()
    assert "not shown" in browser.find_element(By.CSS_SELECTOR, "dl.facts").text
