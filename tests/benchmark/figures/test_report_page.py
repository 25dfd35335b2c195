import json
import re
import shutil
from html import unescape
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import SimpleITK
from click.testing import CliRunner
from PIL import Image

from mswal_bench.benchmark.cli.main import main
from mswal_bench.tests.benchmark.headless_chromium import headless_chromium


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("report") / "data"
    arguments = ["data", "phantom", str(root), "--train", "1", "--test", "3", "--size", "tiny", "--jobs", "1"]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    return root


@pytest.fixture
def perfect(raw: Path, tmp_path: Path) -> Path:
    """The reference as a prediction, by a method with a name that is hostile to a page."""
    return Path(shutil.copytree(raw / "labelsTs", tmp_path / "<script>alert(1)<&script>"))


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["report", *(str(argument) for argument in arguments)])
    return result.exit_code, result.output


def test_writes_table_picture_and_page(raw, perfect, tmp_path):
    out = tmp_path / "out"
    code, output = call(perfect, "--data", raw, "--out", out)
    assert code == 0, output
    assert str(out / "index.html") in output
    assert {path.name for path in out.iterdir()} == {
        "index.html", "slice.png", "slice-narrow.png", "scores.json", "cases.csv", "lesions.csv", "cases",
    }  # fmt: skip
    page = (out / "index.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "100.00" in page
    assert 'src="slice.png" style="--width: 662px"' in page
    assert 'srcset="slice-narrow.png"' in page
    scores = json.loads((out / "scores.json").read_text())
    assert next(iter(scores["methods"].values()))["average"]["dsc"] == 1
    picture = np.asarray(Image.open(out / "slice.png").convert("RGB"))
    assert picture.shape[1] > picture.shape[0] > 200
    # Two pixels and more of the picture for one of the page: at 390 pixels 342 are left beside the margins.
    assert picture.shape[1] >= 2 * 662
    assert Image.open(out / "slice-narrow.png").size[0] >= 2 * 342
    # Above the legend there is colour in the reference's panel and in the method's, and none in the CT's.
    panels = picture[: int(0.85 * len(picture))].astype(int)
    ct, reference, method = np.array_split(np.ptp(panels, axis=2).max(axis=0) > 40, 3)
    assert not ct.any()
    assert reference.any()
    assert method.any()


def test_the_table_leads_to_the_worst_cases_of_each_class(raw, tmp_path):
    emptied = Path(shutil.copytree(raw / "labelsTs", tmp_path / "a & b"))
    worst = emptied / "PHANTOM_0486.nii.gz"
    image = SimpleITK.ReadImage(worst)
    SimpleITK.WriteImage(image * 0, worst)
    out = tmp_path / "out"
    code, output = call(emptied, "--data", raw, "--out", out, "--cases", "1")
    assert code == 0, output
    page = (out / "index.html").read_text()
    links = [unescape(link) for link in re.findall(r'href="(cases/[^"]*)"', page)]
    assert "cases/PHANTOM_0486.html#method=a%20%26%20b&type=liver_cyst" in links
    anchors = re.findall(r'href="#(worst-[a-z_]+)"', page)
    assert anchors
    assert all(f'id="{anchor}"' in page for anchor in anchors)
    pages = {unquote(link.partition("#")[0]) for link in links}
    assert all((out / name).is_file() for name in pages)
    assert {f"cases/{path.name}" for path in (out / "cases").glob("*.html")} == pages
    assert "The worst case of each lesion type and method" in page
    # Without pages those of the call before are taken away.
    code, output = call(emptied, "--data", raw, "--out", out, "--cases", "0")
    assert code == 0, output
    assert "Worst cases" not in (out / "index.html").read_text()
    assert not list((out / "cases").glob("*.html"))


def test_many_methods_are_shown_in_rows_of_five(raw, tmp_path):
    methods = [shutil.copytree(raw / "labelsTs", tmp_path / f"method-{number}") for number in range(7)]
    sizes = {}
    for count in (1, 3, 7):
        code, output = call(*methods[:count], "--data", raw, "--out", tmp_path / f"out-{count}")
        assert code == 0, output
        sizes[count] = Image.open(tmp_path / f"out-{count}" / "slice.png").size
    # The CT and the reference come first.
    assert sizes[7][0] == sizes[3][0] == pytest.approx(sizes[1][0] * 5 / 3, abs=2)
    assert 1.5 * sizes[3][1] < sizes[7][1] < 2 * sizes[3][1]


def test_a_phone_sees_that_there_is_more_of_a_wide_table(raw, perfect, tmp_path):
    pytest.importorskip("selenium")
    methods = [perfect, *(shutil.copytree(perfect, tmp_path / name) for name in ("second", "third"))]
    code, output = call(*methods, "--data", raw, "--out", tmp_path / "out", "--cases", "1")
    assert code == 0, output
    with headless_chromium(tmp_path / "chromium") as browser:
        # Scroll bars of a phone take no room.
        size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get((tmp_path / "out" / "index.html").as_uri())
        assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        edges = []
        for place in (0, 0.5, 1):
            box = browser.execute_script(
                "const box = document.querySelector('.wide');"
                "box.scrollLeft = arguments[0] * (box.scrollWidth - box.clientWidth); return box",
                place,
            )
            picture = np.asarray(Image.open(BytesIO(box.screenshot_as_png)).convert("L"))
            # The median is the ground beside the letters.
            edges.append(np.median(picture[:, -3]))
    assert edges[0] == edges[1] < 200
    assert edges[2] == 255


def test_a_case_that_is_asked_for_is_shown(raw, perfect, tmp_path):
    code, output = call(perfect, "--data", raw, "--out", tmp_path / "out", "--case", "PHANTOM_0486")
    assert code == 0, output
    assert "PHANTOM_0486" in (tmp_path / "out" / "index.html").read_text()


def test_a_case_that_is_not_there(raw, perfect, tmp_path):
    code, output = call(perfect, "--data", raw, "--out", tmp_path / "out", "--case", "X")
    assert code == 1
    assert "there is no test case 'X'" in output
    assert not (tmp_path / "out").exists()


def test_a_bad_prediction_costs_itself_and_is_told_on_the_page(raw, perfect, tmp_path):
    (perfect / "PHANTOM_0485.nii.gz").write_bytes(b"not a volume")
    code, output = call(perfect, "--data", raw, "--out", tmp_path / "out")
    assert code == 1
    assert "PHANTOM_0485.nii.gz: is not a NIfTI file" in output
    page = (tmp_path / "out" / "index.html").read_text()
    assert '<p class="warning">NOT COMPARABLE with scores of all cases: 1 of 3 cases left out.</p>' in page
    assert json.loads((tmp_path / "out" / "scores.json").read_text())["comparable"] is False


def test_a_folder_that_is_left_out_whole_is_told_on_the_page(raw, perfect, tmp_path):
    short = tmp_path / "short"
    short.mkdir()
    (short / "PHANTOM_0485.nii.gz").write_bytes((perfect / "PHANTOM_0485.nii.gz").read_bytes())
    code, _ = call(perfect, short, "--data", raw, "--out", tmp_path / "out")
    assert code == 1
    assert "Left out whole, for it could not be scored: short." in (tmp_path / "out" / "index.html").read_text()
    assert json.loads((tmp_path / "out" / "scores.json").read_text())["left_out"] == ["short"]


def test_a_case_that_could_not_be_scored_is_not_shown(raw, perfect, tmp_path):
    (perfect / "PHANTOM_0485.nii.gz").write_bytes(b"not a volume")
    code, output = call(perfect, "--data", raw, "--out", tmp_path / "out", "--case", "PHANTOM_0485")
    assert code == 1
    assert "PHANTOM_0485.nii.gz: is not a NIfTI file" in output
    assert not (tmp_path / "out").exists()


def test_another_data_set_has_its_own_names_and_colours(tmp_path):
    published, raw, out = tmp_path / "published", tmp_path / "raw", tmp_path / "out"
    sizes = ["--train", "1", "--test", "1", "--size", "tiny", "--jobs", "1"]
    for arguments in (
        ["data", "phantom", str(published), "--as", "kits", *sizes],
        ["data", "prepare", str(published), str(raw), "--as", "kits", "--partial"],
    ):
        assert CliRunner().invoke(main, arguments).exit_code == 0
    code, output = call(shutil.copytree(raw / "labelsTs", tmp_path / "perfect"), "--data", raw, "--out", out)
    assert code == 0, output
    page = (out / "index.html").read_text()
    for name in ("Kidney", "Kidney tumor", "Kidney cyst"):
        assert re.search(rf'<th scope="row">(<a [^>]*>)?{name}(</a>)?</th>', page)
    assert "Gallstone" not in page
    picture = np.asarray(Image.open(out / "slice.png").convert("RGB")).astype(int)
    # The colour of a kidney in the legend; a kidney is 1, as a gallstone is in MSWAL, which is green.
    assert (np.abs(picture - (0x77, 0xAA, 0xDD)).max(axis=2) < 8).any()
    assert not (np.abs(picture - (0x22, 0x88, 0x33)).max(axis=2) < 8).any()
