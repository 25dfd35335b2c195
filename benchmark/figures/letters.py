"""Finds fonts for letters of every script: names of cases, methods and classes may be in any.

matplotlib's own font has Latin, Greek, Cyrillic, Arabic and more, but no Chinese, Japanese or Korean. What it lacks is
taken from the fonts that are installed; a letter that none of them has is drawn as a box.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from unicodedata import east_asian_width

_OWN = "DejaVu Sans"
# It has a box for every letter, and matplotlib takes it last anyhow.
_LAST_RESORT = "Last Resort"
_REGULAR = 400
_FILL = "\ue000"
"""A letter of private use, that stands for the second half of a wide one."""


def families_for(*texts: str) -> list[str]:
    """Returns matplotlib's own font family and those, of the installed, that have letters of the texts that it lacks.

    As `font.family` they are tried for each letter in this order.
    """
    return [_OWN, *_others(frozenset(ord(letter) for text in texts for letter in text if not letter.isspace()))]


def doubled(text: str) -> str:
    """Returns the text with a second place for every letter as wide as two others, so that its length is its width."""
    return "".join(letter + _FILL if east_asian_width(letter) in "WF" else letter for letter in text)


def undoubled(text: str) -> str:
    """Takes out what `doubled` put in."""
    return text.replace(_FILL, "")


def _others(letters: frozenset[int]) -> Iterable[str]:
    from matplotlib.font_manager import findfont, fontManager

    missing = letters - _letters_of(findfont(_OWN))
    found: dict[str, None] = {}
    # Upright fonts of the usual weight first, and the same in every run.
    for entry in sorted(
        fontManager.ttflist, key=lambda font: (font.style != "normal", abs(_weight(font.weight) - _REGULAR), font.name)
    ):
        if not missing:
            break
        if entry.name.startswith(_LAST_RESORT):
            continue
        has = missing & _letters_of(entry.fname)
        if has:
            found[entry.name] = None
            missing -= has
    return tuple(found)


@cache
def _letters_of(font: str) -> frozenset[int]:
    """Nothing for a file that matplotlib cannot read."""
    from matplotlib.font_manager import get_font

    try:
        return frozenset(get_font(font).get_charmap())
    except (OSError, RuntimeError):
        return frozenset()


def _weight(weight: int | str) -> int:
    from matplotlib.font_manager import weight_dict

    return weight if isinstance(weight, int) else int(weight_dict.get(weight, _REGULAR))
