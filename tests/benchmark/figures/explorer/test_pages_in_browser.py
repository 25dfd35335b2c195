"""The pages of cases in headless Chromium, opened from disk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("selenium")
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.ui import WebDriverWait

from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.figures.explorer.pages_folder import write_pages
from mswal_bench.benchmark.scoring.score_files import score_files
from mswal_bench.tests.benchmark.headless_chromium import SOFTWARE_WEBGL, headless_chromium

from .explorer_cases import SPACING_MM, MadeCase, make_case

KINDS = ["plain", "flipped", "permuted", "oblique"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with headless_chromium(tmp_path_factory.mktemp("chromium"), SOFTWARE_WEBGL) as started:
        yield started


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, MadeCase]:
    base = tmp_path_factory.mktemp("cases")
    made = {kind: make_case(base / kind, kind) for kind in KINDS}
    return made | {"bare": make_case(base / "bare", "plain", ct=False), "empty": make_case(base / "e", lesions=False)}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, cases: dict[str, MadeCase]) -> Path:
    out = tmp_path_factory.mktemp("pages") / "cases"
    named = [_renamed(made, name) for name, made in cases.items()]
    write_pages(out, named, MSWAL_1, back="../index.html", back_text="Back")
    return out


def _renamed(made: MadeCase, name: str) -> Any:
    return replace(made.files, case=name)


def show(browser: Any, page: Path, hash_: str = "", *, width: int = 600, height: int = 400) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
    )
    browser.get("about:blank")
    browser.get(page.as_uri() + hash_)
    wait(browser, "document.documentElement.dataset.ready === 'true'")


def wait(browser: Any, condition: str) -> None:
    WebDriverWait(browser, 120, poll_frequency=0.1).until(lambda driver: driver.execute_script(f"return {condition}"))


def rows(browser: Any) -> list[Any]:
    return browser.find_elements(By.CSS_SELECTOR, "#lesions tbody tr")


def statuses(browser: Any) -> list[str]:
    return browser.execute_script("return [...document.querySelectorAll('#lesions .badge')].map((e) => e.textContent)")


def crosshair(browser: Any) -> np.ndarray:
    return np.array(browser.execute_script("return crosshairMm()"))


def said(browser: Any, place: str) -> str:
    return browser.execute_script("return document.getElementById(arguments[0]).textContent", place)


def press(browser: Any, key: str) -> None:
    browser.find_element(By.TAG_NAME, "body").send_keys(key)


@pytest.mark.parametrize("name", ["plain", "bare", "empty"])
def test_loads_without_errors_and_without_asking_anyone(browser: Any, pages: Path, name: str) -> None:
    browser.get_log("browser"), browser.get_log("performance")
    # Wide enough for the planes and 3D together.
    show(browser, pages / f"{name}.html", width=1000)
    assert browser.find_element(By.ID, "view").get_attribute("value") == "3"
    assert browser.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    address = (pages / f"{name}.html").as_uri()
    sent = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
    asked = [each["request"]["url"] for each in sent if each["documentURL"] == address]
    assert address in asked
    # The viewer's letters are a picture in its script.
    own = (pages.as_uri(), "data:")
    assert [url for url in asked if not url.startswith(own)] == []
    ours = {each["requestId"] for each in sent if each["documentURL"] == address}
    failed = [event["params"] for event in events if event["method"] == "Network.loadingFailed"]
    assert [each for each in failed if each["requestId"] in ours] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_click_moves_the_crosshair_to_the_lesion(
    browser: Any, pages: Path, cases: dict[str, MadeCase], kind: str
) -> None:
    show(browser, pages / f"{kind}.html")
    made = cases[kind]
    score = score_files(made.files.reference, made.files.reference.with_name("prediction.nii.gz"))
    listed = rows(browser)
    assert len(listed) == len(score.lesions)
    for index, lesion in enumerate(score.lesions):
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", listed[index])
        listed[index].find_element(By.TAG_NAME, "button").click()
        at = made.image.TransformPhysicalPointToContinuousIndex(crosshair(browser).tolist())
        array = made.reference if lesion.side == "reference" else made.prediction
        assert array[tuple(round(place) for place in at)[::-1]] == lesion.class_id
        # The centroid of the shell lies outside of it; of the others it is within a voxel.
        off_mm = (np.array(at) - np.array(lesion.centroid_mm)[::-1] / SPACING_MM) * SPACING_MM
        assert lesion.class_id == 5 or (np.abs(off_mm) <= SPACING_MM).all()
        word = "reference" if lesion.side == "reference" else "predicted"
        assert f"{word}: " in said(browser, "place")
        assert lesion.status in said(browser, "place")


def test_counts_and_marks_are_those_of_score(browser: Any, pages: Path, cases: dict[str, MadeCase]) -> None:
    show(browser, pages / "plain.html")
    made = cases["plain"]
    score = score_files(made.files.reference, made.files.reference.with_name("prediction.nii.gz"))
    assert statuses(browser) == [lesion.status for lesion in score.lesions]
    tp, fp, fn = (sum(getattr(of, name) for of in score.classes.values()) for name in ("tp", "fp", "fn"))
    assert said(browser, "counts") == f"All types: {tp} TP, {fp} FP, {fn} FN"
    # What the viewer is given to draw: the places of the colours of TP, FN and FP in its table.
    drawn = browser.execute_script("return [1, 2].map((at) => [...new Set(shownVolumes()[at].img)].sort())")
    assert drawn == [[0, 1, 2], [0, 1, 3]]


def test_keys_lead_through_the_list_windows_methods_and_layers(browser: Any, pages: Path) -> None:
    show(browser, pages / "plain.html")
    chosen = "[...document.querySelectorAll('#lesions tbody tr')].findIndex((e) => e.classList.contains('chosen'))"
    # It opens at the first error.
    assert statuses(browser)[browser.execute_script(f"return {chosen}")] != "TP"
    first = browser.execute_script(f"return {chosen}")
    press(browser, "n")
    assert browser.execute_script(f"return {chosen}") == first + 1
    press(browser, "p")
    assert browser.execute_script(f"return {chosen}") == first
    press(browser, "e")
    assert statuses(browser)[browser.execute_script(f"return {chosen}")] != "TP"
    limits = "return [shownVolumes()[0].cal_min, shownVolumes()[0].cal_max]"
    assert browser.execute_script(limits) == [-160, 240]
    press(browser, "3")
    assert browser.execute_script(limits) == [-1350, 150]
    assert browser.find_element(By.ID, "window").get_attribute("value") == "2"
    Select(browser.find_element(By.ID, "window")).select_by_visible_text("Bone")
    assert browser.execute_script(limits) == [-400, 1200]
    press(browser, "r")
    assert browser.execute_script("return shownVolumes()[1].opacity") == 0
    press(browser, "r")
    assert browser.execute_script("return shownVolumes()[1].opacity") > 0
    press(browser, "c")
    assert "Liver tumor" in said(browser, "legend")
    press(browser, "c")
    press(browser, "v")
    assert browser.find_element(By.ID, "view").get_attribute("value") == "1"
    press(browser, "m")
    wait(browser, "document.getElementById('counts').textContent.includes('it counts as empty')")
    assert set(statuses(browser)) == {"FN"}


def test_arrows_move_the_crosshair_in_the_viewer(browser: Any, pages: Path) -> None:
    show(browser, pages / "plain.html")
    before = crosshair(browser)
    canvas = browser.find_element(By.ID, "canvas")
    canvas.send_keys(Keys.PAGE_UP)
    assert crosshair(browser) - before == pytest.approx([0, 0, SPACING_MM[2]], abs=1e-3)
    # The patient's left is on the right of the picture.
    canvas.send_keys(Keys.ARROW_RIGHT)
    assert (crosshair(browser) - before)[0] == pytest.approx(SPACING_MM[0], abs=1e-3)
    # NiiVue's own keys do nothing.
    canvas.send_keys("h")
    assert (crosshair(browser) - before)[0] == pytest.approx(SPACING_MM[0], abs=1e-3)


def test_a_link_opens_the_method_and_the_lesion_type(browser: Any, pages: Path) -> None:
    show(browser, pages / "plain.html", "#method=Nothing&type=liver_cyst")
    assert Select(browser.find_element(By.ID, "method")).first_selected_option.text == "Nothing"
    assert said(browser, "counts").startswith("Liver cyst: 0 TP, 0 FP, 1 FN, DSC 0.00")
    assert statuses(browser) == ["FN"]
    show(browser, pages / "plain.html", "#method=unknown&type=unknown")
    # A name that is hostile to a page is text.
    assert Select(browser.find_element(By.ID, "method")).first_selected_option.text == "<b>One</b> & 1"


def test_without_a_ct_there_is_no_window(browser: Any, pages: Path) -> None:
    show(browser, pages / "bare.html")
    assert not browser.find_element(By.ID, "window").is_enabled()
    assert "The CT was not at hand" in said(browser, "about")
    assert " HU" not in said(browser, "place")


def test_a_case_without_a_lesion(browser: Any, pages: Path) -> None:
    show(browser, pages / "empty.html")
    assert rows(browser) == []
    assert browser.find_element(By.ID, "none").is_displayed()
    assert said(browser, "counts") == "All types: 0 TP, 0 FP, 0 FN"
    assert " HU" in said(browser, "place")


def test_without_webgl_the_list_is_there(pages: Path, tmp_path: Path) -> None:
    with headless_chromium(tmp_path, ("--disable-3d-apis",)) as browser:
        browser.get((pages / "plain.html").as_uri())
        wait(browser, "!document.getElementById('fault').hidden")
        assert "WebGL 2" in said(browser, "fault")
        assert "FN" in statuses(browser)
        rows(browser)[0].find_element(By.TAG_NAME, "button").click()
        Select(browser.find_element(By.ID, "method")).select_by_visible_text("Nothing")
        assert set(statuses(browser)) == {"FN"}
        # It warns that there is no WebGL, and nothing else.
        assert [entry for entry in browser.get_log("browser") if "WebGL" not in entry["message"]] == []


@pytest.mark.parametrize("width", [390, 768, 1400])
def test_nothing_is_wider_than_the_page(browser: Any, pages: Path, width: int) -> None:
    show(browser, pages / "plain.html", width=width)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    box = "const box = document.querySelector('.box'); return box.scrollWidth <= box.clientWidth"
    assert browser.execute_script(box)
