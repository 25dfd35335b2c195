"""Takes the pictures on the front page: the leaderboard with the paper's reported numbers, wide and on a phone.

    python -m mswal_bench.docs.board_picture [--out docs/pictures]

Needs Chromium with its driver, and selenium of the extra `dev`.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from itertools import product
from pathlib import Path

from mswal_bench.benchmark.cli.main import main as command

_SIZES = {
    "board": {"width": 1200, "height": 760, "deviceScaleFactor": 1, "mobile": False},
    "board-phone": {"width": 390, "height": 780, "deviceScaleFactor": 2, "mobile": True},
}


def main() -> None:
    """Builds a board, which has what the paper reports whatever else is on it, and takes its pictures."""
    parser = argparse.ArgumentParser(
        prog="python -m mswal_bench.docs.board_picture", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "pictures")
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory() as folder:
        _take(_board(Path(folder)), out)


def _board(folder: Path) -> Path:
    """The front page of a board, for which there must be a record: one of the phantom, on a track of its own."""
    labels, manifest, mine, results = (
        str(folder / name) for name in ("raw/labelsTs", "manifest.json", "mine", "results")
    )
    people = ["--author", "nobody", "--affiliation", "nowhere", "--contact", "nobody@example.org"]
    for line in (
        ["data", "phantom", str(folder / "raw"), "--train", "1", "--test", "1", "--size", "tiny"],
        ["manifest", labels, "--track", "phantom", "-o", manifest],
        ["submission", "init", mine, "--track", "phantom", "--predictions", labels, "--method", "labels", *people],
        ["evaluate", mine, "--reference", labels, "--manifest", manifest, "--results", results],
        ["leaderboard", "build", results, "-o", str(folder / "site")],
    ):
        command(line, standalone_mode=False)
    return folder / "site" / "index.html"


def _take(page: Path, out: Path) -> None:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        for name, mode in product(_SIZES, ("light", "dark")):
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", _SIZES[name])
            feature = {"name": "prefers-color-scheme", "value": mode}
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
            # Another address of the same page would only be scrolled to.
            browser.get("about:blank")
            browser.get(f"{page.as_uri()}#track=official-test")
            if _SIZES[name]["mobile"]:
                # The controls fill a phone's first screen.
                browser.execute_script("document.querySelector('#count').scrollIntoView()")
            browser.save_screenshot(str(out / f"{name}-{mode}.png"))
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
