"""Compares the pictures of a page that its own commands make with those that the page shows.

A comment right above a picture names the file that a command wrote in the page's folder:

    <!-- picture: fig3.png -->
    ![What it shows](../pictures/figure.png)

Pages show it at half its size and in 256 colours, which is enough for a screen and a quarter of the bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from mswal_bench.benchmark.core.whole_files import whole_file

from .same_pictures import same_pictures

_COMMENT = re.compile(r"<!-- *picture\b.*")
_PICTURE = re.compile(r"^<!-- picture: (?P<made>\S+) -->\n!\[[^\]]*\]\((?P<shown>[^)]+)\)$", re.MULTILINE)


@dataclass(frozen=True)
class PagePicture:
    """A picture of a page that a command of it makes."""

    made: str
    """The file that the command wrote."""
    shown: str
    """The file that the page shows, beside the page."""
    line: int
    """Of the page, from 1, with the name of what was made."""


def page_pictures(text: str) -> list[PagePicture]:
    """The pictures of a page that have such a comment, in their order.

    Raises ValueError for a comment that is not right above a picture.
    """
    pictures = []
    for comment in _COMMENT.finditer(text):
        line = text.count("\n", 0, comment.start()) + 1
        found = _PICTURE.match(text, comment.start())
        if found is None:
            raise ValueError(f"line {line}: no picture right below {comment.group()!r}")
        pictures.append(PagePicture(found["made"], found["shown"], line))
    return pictures


def check_pictures(page: Path, text: str, folder: Path, *, write: bool = False) -> list[str]:
    """Gives a line for each picture of `page` that its commands, which ran in `folder`, make otherwise or not at all.

    With `write` the page's picture is made anew where it differs.
    """
    differences = []
    for picture in page_pictures(text):
        where = f"{page}, line {picture.line}: {picture.made}"
        made, shown = folder / picture.made, page.parent / picture.shown
        if not made.exists():
            differences.append(f"{where}: no command of the page made it")
            continue
        small = _as_shown(made.read_bytes())
        if shown.exists() and same_pictures([small], [shown.read_bytes()]):
            continue
        if write:
            with whole_file(shown) as partial:
                partial.write_bytes(small)
        else:
            differences.append(f"{where}: looks other than {picture.shown}")
    return differences


def _as_shown(png: bytes) -> bytes:
    from PIL import Image

    with Image.open(BytesIO(png)) as picture:
        size = (max(picture.width // 2, 1), max(picture.height // 2, 1))
        small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS).quantize(256)
    file = BytesIO()
    small.save(file, "PNG", optimize=True)
    return file.getvalue()
