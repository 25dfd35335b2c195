"""Opens the front page in a browser, and reads and chooses on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.ui import WebDriverWait


def show(browser: Any, page: Path, width: int, scheme: str) -> None:
    emulate(browser, "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    # Hidden scroll bars of a phone take no width.
    emulate(
        browser, "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 500
    )
    browser.get(page.as_uri())
    loaded(browser)


def loaded(browser: Any) -> None:
    """Waits until what was chosen is drawn."""
    drawn = "return document.querySelector('#board')?.getAttribute('aria-busy') !== 'true'"
    WebDriverWait(browser, 20, poll_frequency=0.02).until(lambda _: browser.execute_script(drawn))


def emulate(browser: Any, command: str, **arguments: object) -> None:
    browser.execute_cdp_cmd(command, arguments)


def column(browser: Any, field: str) -> list[str]:
    """The texts of a column as they stand below each other."""
    return browser.execute_script(
        "return [...document.querySelectorAll(`#board tbody [data-column=${arguments[0]}]`)]"
        ".map((cell) => cell.querySelector('.value, .method-name, bdi, .none').textContent)",
        field,
    )


def columns(browser: Any) -> list[str]:
    """The columns there are."""
    return browser.execute_script(
        "return [...document.querySelectorAll('#board thead th')].map((th) => th.dataset.column)"
    )


def groups(browser: Any) -> list[str]:
    """The group of every row."""
    return browser.execute_script(
        "return [...document.querySelectorAll('#board tr.line')].map((row) => row.parentElement.className)"
    )


def header(browser: Any, field: str) -> Any:
    return browser.find_element(By.CSS_SELECTOR, f"#board thead [data-column={field}]")


def sort(browser: Any, field: str) -> None:
    header(browser, field).find_element(By.TAG_NAME, "button").click()
    loaded(browser)


def address(browser: Any) -> str:
    """What stands behind the # of the page."""
    return browser.current_url.partition("#")[2]


def choose(browser: Any, control: str, text: str) -> None:
    Select(browser.find_element(By.ID, control)).select_by_visible_text(text)
    loaded(browser)


def said(browser: Any) -> str:
    return browser.find_element(By.ID, "count").text
