"""A board whose methods lead to their worst cases, from a data set and a folder of submissions."""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import SimpleITK
from click.testing import CliRunner, Result

from mswal_bench.benchmark.cli.main import main
from mswal_bench.tests.benchmark.headless_chromium import SOFTWARE_WEBGL, headless_chromium

FORM = "method: '{}'\nauthors: [A. Author]\naffiliation: Here\ncontact: a@here.org\ntrack: {}\n"


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def evaluate(base: Path, submission: Path, *options: object) -> None:
    folders = ["--reference", base / "data" / "labelsTs", "--results", base / "results"]
    result = call("evaluate", submission, *folders, "--jobs", "1", "--resamples", "100", *options)
    assert result.exit_code == 0, result.output


def submit(base: Path, name: str, method: str, track: str = "phantom", *, emptied: str = "PHANTOM_0486") -> Path:
    """The reference as a submission, one case of which has nothing."""
    submission = base / "inbox" / name
    shutil.copytree(base / "data" / "labelsTs", submission / "predictions")
    path = submission / "predictions" / f"{emptied}.nii.gz"
    SimpleITK.WriteImage(SimpleITK.ReadImage(path) * 0, path)
    (submission / "submission.yaml").write_text(FORM.format(method, track))
    return submission


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two public records, of a folder and of a zip file, and one of a hidden track, of other predictions."""
    base = tmp_path_factory.mktemp("evidence")
    phantom = ["data", "phantom", base / "data", "--train", "1", "--test", "3", "--size", "tiny", "--jobs", "1"]
    assert call(*phantom).exit_code == 0
    evaluate(base, submit(base, "one", "A & <b>one</b>"))
    other = submit(base, "other", "Other", emptied="PHANTOM_0487")
    evaluate(base, other)
    shutil.make_archive(str(other), "zip", other)
    shutil.rmtree(other)
    hidden = submit(base, "hidden", "Hidden", "secret", emptied="PHANTOM_0485")
    evaluate(base, hidden, "--private", base / "private", "--track", "secret")
    return base


def build(made: Path, site: Path, inbox: Path | None = None, data: Path | None = None) -> Result:
    options = ["--data", data or made / "data", "--submissions", inbox or made / "inbox", "--resamples", "100"]
    return call("leaderboard", "build", made / "results", "-o", site, *options)


def pages_of(site: Path) -> dict[str, str]:
    """The method pages by their titles."""
    pages = [path.read_text() for path in (site / "methods").iterdir()]
    return {re.search(r"<title>(.*), MSWAL leaderboard</title>", page)[1]: page for page in pages}  # type: ignore[index]


def links(page: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="(\.\./cases/[^"]*)"', page)]


@pytest.fixture(scope="module")
def site(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = tmp_path_factory.mktemp("site") / "site"
    result = build(made, site)
    assert result.exit_code == 0, result.output
    assert "note:" not in result.output
    return site


def test_a_method_leads_to_its_worst_cases_of_each_class(site: Path) -> None:
    pages = pages_of(site)
    first = links(pages["A &amp; &lt;b&gt;one&lt;/b&gt;"])
    assert first
    assert links(pages["Other"])
    for link in first:
        address, _, asked = link.partition("#")
        assert (site / "methods" / unquote(address)).resolve().is_file()
        assert unquote(asked).startswith("method=A & <b>one</b>&type=")
    cases = {path.name for path in (site / "cases" / "phantom").glob("*.html")}
    # All that has pages is linked to.
    every = {unquote(link.rpartition("/")[2].partition("#")[0]) for page in pages.values() for link in links(page)}
    assert cases == every
    # The case without a prediction comes first.
    worst = re.findall(r'<details id="worst-[a-z_]+">.*?</details>', pages["Other"], re.DOTALL)
    emptied = [each for each in worst if "PHANTOM_0487" in each]
    assert emptied
    assert all(each.index("PHANTOM_0487") == each.index("PHANTOM_") for each in emptied)
    script = (site / "cases" / "phantom" / "PHANTOM_0487.js").read_text()
    assert "A & <b>one</b>" in script
    assert '"ct":{' in script


def test_three_clicks_lead_from_a_row_to_the_voxels(site: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    pytest.importorskip("selenium")
    from selenium.webdriver.support.ui import WebDriverWait

    with headless_chromium(tmp_path_factory.mktemp("chromium"), SOFTWARE_WEBGL) as browser:

        def found(selector: str, text: str) -> Any:
            """The one that says `text`, as soon as it is there."""
            of_all = f"[...document.querySelectorAll('{selector}')]"
            script = f"return {of_all}.find((each) => each.textContent.trim() === arguments[0])"
            return WebDriverWait(browser, 60).until(lambda driver: driver.execute_script(script, text))

        browser.get(f"{(site / 'index.html').as_uri()}#track=phantom")
        found("#board tr a.method-name", "Other").click()
        of_types = re.findall(r'<details id="worst-([a-z_]+)">(.*?)</details>', pages_of(site)["Other"], re.DOTALL)
        lesion = next(key for key, cases in of_types if "PHANTOM_0487" in cases)
        found("details summary", lesion.replace("_", " ").capitalize()).click()
        found(f"#worst-{lesion} a", "PHANTOM_0487").click()
        WebDriverWait(browser, 120).until(
            lambda driver: driver.execute_script("return document.documentElement.dataset.ready === 'true'")
        )
        assert "/cases/phantom/PHANTOM_0487.html" in browser.current_url
        # A lesion that the method does not have is in the picture, with its place.
        assert browser.execute_script("return [...document.querySelectorAll('#lesions .badge')].length") > 0
        assert browser.execute_script("return crosshairMm().every(Number.isFinite)")


def test_nothing_of_a_hidden_track_is_shown(site: Path, made: Path, tmp_path: Path) -> None:
    assert [path.name for path in (site / "cases").iterdir()] == ["phantom"]
    assert not links(pages_of(site)["Hidden"])
    assert not any("Hidden" in path.read_text() for path in (site / "cases").rglob("PHANTOM*"))
    # Of a results folder with hidden records alone there are no cases at all, although the labels are theirs.
    shutil.copytree(made / "results" / "records" / "secret", tmp_path / "results" / "records" / "secret")
    options = ["--data", made / "data", "--submissions", made / "inbox", "--resamples", "100"]
    result = call("leaderboard", "build", tmp_path / "results", "-o", tmp_path / "site", *options)
    assert result.exit_code == 1
    assert "no public board is of these labels" in result.output
    assert not (tmp_path / "site").exists()


def test_methods_without_their_predictions_are_named(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "inbox" / "one", tmp_path / "inbox" / "renamed")
    result = build(made, tmp_path / "site", inbox=tmp_path / "inbox")
    assert result.exit_code == 0
    assert "note: phantom: no submission has the predictions of Other; no cases are shown" in result.output
    pages = pages_of(tmp_path / "site")
    assert links(pages["A &amp; &lt;b&gt;one&lt;/b&gt;"])
    assert not links(pages["Other"])


def test_other_labels_are_refused(made: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(made / "data", tmp_path / "data"))
    path = data / "labelsTs" / "PHANTOM_0485.nii.gz"
    SimpleITK.WriteImage(SimpleITK.ReadImage(path) * 0, path)
    result = build(made, tmp_path / "site", data=data)
    assert result.exit_code == 1
    assert "no public board is of these labels" in result.output


def test_one_of_the_two_folders_is_no_call(made: Path, tmp_path: Path) -> None:
    result = call("leaderboard", "build", made / "results", "-o", tmp_path / "site", "--data", made / "data")
    assert result.exit_code == 2
    assert "given together" in result.output
