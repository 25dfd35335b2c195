"""A browser, and a site to open in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mswal_bench.benchmark.board.site.site_pages import build_site
from mswal_bench.benchmark.records.release_policy import DEFAULT_POLICY, Release
from mswal_bench.tests.benchmark.headless_chromium import headless_chromium

from .board_results import add_record


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Headless Chromium, driven by selenium."""
    with headless_chromium(tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """70 verified records and a claimed one on public-cv, hostile names among them, three hidden on official-test."""
    base = tmp_path_factory.mktemp("board")
    results, private = base / "results", base / "private"
    for index in range(68):
        add_record(
            results, f"Method {index:02}", quality=0.3 + 0.008 * index, seed=index, cases=6,
            cost={"training_gpu_hours": 10.0 * index, "parameters": 10**7 + index} if index % 3 else {},
        )  # fmt: skip
    add_record(results, "<script>alert(1)</script>", seed=100, cases=6, authors=['"><img src=x onerror=alert(2)>'],
               notes="</script><script>alert(3)</script>", paper="https://example.org/paper")  # fmt: skip
    add_record(results, '"><img src=x onerror=alert(4)>', seed=101, cases=6)
    add_record(results, "Claims the most", status="claimed", quality=0.95, seed=102, cases=6)
    for index in range(3):
        add_record(
            results, f"Hidden {index}", track="official-test", private=private, quality=0.4 + 0.15 * index, seed=index
        )
    build_site(results, base / "site", date=None, resamples=100, seed=0)
    return base / "site"


@pytest.fixture(scope="module")
def people_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 verified records and two human raters on public-cv; on a hidden track one whose numbers are kept back."""
    base = tmp_path_factory.mktemp("people")
    results, private = base / "results", base / "private"
    for index in range(120):
        add_record(results, f"Method {index:03}", quality=0.2 + 0.004 * index, seed=index, cases=3)
    for number, quality in ((1, 0.9), (2, 0.99)):
        add_record(results, f"Rater {number}", quality=quality, seed=300 + number, cases=3, drawn_by="people")
    kept_back = Release(policy=DEFAULT_POLICY, shown=False)
    add_record(results, "Shown", track="secret", private=private, seed=1)
    add_record(results, "Kept back", track="secret", private=private, seed=2, release=kept_back)
    build_site(results, base / "site", date=None, resamples=100, seed=0)
    return base / "site"


@pytest.fixture
def front(browser: Any, site: Path) -> Any:
    """The front page, just opened, wide and light."""
    from .browser_steps import show

    show(browser, site / "index.html", width=1400, scheme="light")
    return browser
