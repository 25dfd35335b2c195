"""Compares the pictures of a page that its own commands make with those that the page shows.

A comment right above a picture names the file that a command wrote in the page's folder:

    <!-- picture: fig3.png -->
    ![What it shows](../pictures/figure.png)

Pages show it at half its size and in 256 colours, which is enough for a screen and a quarter of the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np

from mswal_bench.benchmark.core.whole_files import whole_file

_PICTURE = re.compile(r"^<!-- picture: (?P<made>\S+) -->\n!\[[^\]]*\]\((?P<shown>[^)]+)\)$", re.MULTILINE)
_ALIKE = 6.0
"""Mean difference of two pictures, of 255, up to which they count as the same."""


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
    """The pictures of a page that have such a comment, in their order."""
    return [
        PagePicture(found["made"], found["shown"], text.count("\n", 0, found.start()) + 1)
        for found in _PICTURE.finditer(text)
    ]


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


def same_pictures(some: Sequence[bytes], others: Sequence[bytes]) -> bool:
    """Whether the pictures of two lists of one length look alike; their pixels may differ a little, as other versions
    of fonts and drawing libraries draw."""
    from PIL import Image

    for one, other in zip(some, others, strict=True):
        pixels, beside = (np.asarray(Image.open(BytesIO(each)).convert("RGB"), float) for each in (one, other))
        if pixels.shape != beside.shape or np.abs(pixels - beside).mean() > _ALIKE:
            return False
    return True


def _as_shown(png: bytes) -> bytes:
    from PIL import Image

    with Image.open(BytesIO(png)) as picture:
        size = (max(picture.width // 2, 1), max(picture.height // 2, 1))
        small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS).quantize(256)
    file = BytesIO()
    small.save(file, "PNG", optimize=True)
    return file.getvalue()
