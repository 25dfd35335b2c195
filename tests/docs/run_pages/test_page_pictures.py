"""Pictures that a page's commands make are compared with those that the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from mswal_bench.docs.run_pages.outputs import main
from mswal_bench.docs.run_pages.page_pictures import PagePicture, page_pictures

Capture = pytest.CaptureFixture[str]
_DRAW = "python -c \"from PIL import Image; Image.new('RGB', (40, 20), {colour}).save('made.png')\""
_PAGE = "```console\n$ {draw}\n```\n\n<!-- picture: made.png -->\n![A field](shown.png)\n"


def test_pictures_with_a_comment_are_found() -> None:
    text = "![no](a.png)\n\n<!-- picture: b.png -->\n![yes](../c.png)\n\n<!-- picture: d.png -->\n![and\nyes](e.png)\n"
    assert page_pictures(text) == [
        PagePicture(made="b.png", shown="../c.png", line=3),
        PagePicture(made="d.png", shown="e.png", line=6),
    ]


@pytest.mark.parametrize(
    "below", ["\n![no](b.png)", "![no](b.png) and text", "text", "", "<!-- a comment -->\n![no](b.png)"]
)
def test_a_comment_without_a_picture_right_below_is_refused(below: str, tmp_path: Path, capsys: Capture) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# A page\n\n<!-- picture: b.png -->\n{below}\n")
    assert main([str(page)]) == 1
    told = f"{page}: line 3: no picture right below '<!-- picture: b.png -->'\n"
    assert capsys.readouterr().out.startswith(told)


@pytest.mark.parametrize(
    "comment", ["<!-- picture: a b.png -->", "<!--picture: b.png -->", "text <!-- picture: b.png -->"]
)
def test_a_comment_in_another_form_is_refused(comment: str) -> None:
    with pytest.raises(ValueError, match="line 1: no picture right below"):
        page_pictures(f"{comment}\n![no](b.png)\n")


def test_a_picture_is_told_written_and_then_the_same(tmp_path: Path, capsys: Capture) -> None:
    page, shown = tmp_path / "page.md", tmp_path / "shown.png"
    page.write_text(_PAGE.format(draw=_DRAW.format(colour="(200, 0, 0)")))
    told = f"{page}, line 5: made.png: looks other than shown.png\n"
    assert main([str(page)]) == 1
    assert told in capsys.readouterr().out
    assert not shown.exists()
    assert main([str(page), "--write"]) == 0
    assert "page.md: written, " in capsys.readouterr().out
    with Image.open(shown) as picture:
        assert (picture.size, picture.convert("RGB").getpixel((3, 3))) == ((20, 10), (200, 0, 0))
    # Nearly the same red is the same, and stays as it is.
    Image.new("RGB", (20, 10), (203, 0, 0)).save(shown)
    before = shown.read_bytes()
    assert main([str(page), "--write"]) == 0
    assert "page.md: the same, " in capsys.readouterr().out
    assert shown.read_bytes() == before
    for other in (Image.new("RGB", (20, 10), (0, 0, 200)), Image.new("RGB", (40, 20), (200, 0, 0))):
        other.save(shown)
        assert main([str(page)]) == 1
        assert told in capsys.readouterr().out


def test_a_picture_that_no_command_makes_is_told(tmp_path: Path, capsys: Capture) -> None:
    page = tmp_path / "page.md"
    page.write_text(_PAGE.format(draw="true"))
    assert main([str(page), "--write"]) == 1
    assert f"{page}, line 5: made.png: no command of the page made it\n" in capsys.readouterr().out
