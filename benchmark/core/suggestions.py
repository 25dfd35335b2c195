"""Suggests the name that was meant, and tells names apart that look the same.

An `é` is either one character (composed, Unicode's NFC) or two, an e and an accent (decomposed, NFD, as macOS writes).
Both look the same, but are two different names for a file system and for this program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from unicodedata import is_normalized, normalize


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns a sentence that suggests one of the `known` names; empty where none is similar."""
    names = list(known)
    if twin := written_otherwise(name, names):
        return twin
    close = closest(name, names)
    return f"Did you mean {close}?" if close is not None else ""


def closest(name: str, known: Iterable[str]) -> str | None:
    """Returns the one of the `known` names that is most similar; None where none is.

    Upper and lower case make no difference, nor do underscores in place of hyphens.
    """
    plain = {_plain(each): each for each in reversed(list(known))}
    close = get_close_matches(_plain(name), plain, n=1)
    return plain[close[0]] if close else None


def written_otherwise(name: str, known: Iterable[str]) -> str:
    """Returns a sentence about one of the `known` names that looks the same but is another name; empty without one."""
    # ASCII has no accents that could be written in two ways.
    others = () if name.isascii() else known
    twin = next((each for each in others if each != name and looks(each) == looks(name)), None)
    if twin is None:
        return ""
    return (
        f"{name} is written {normal_form(name)} ({name!a}), but {twin} there {normal_form(twin)} ({twin!a}): "
        "the names differ in Unicode normalisation alone. Rename one of them."
    )


def looks(name: str) -> str:
    """Returns a form that is equal for names which look the same: those that differ in Unicode normalisation alone."""
    return normalize("NFC", name)


def normal_form(name: str) -> str:
    """Names the Unicode normal form in which a name is written."""
    if is_normalized("NFC", name):
        return "composed"
    return "decomposed" if is_normalized("NFD", name) else "composed in part"


def apart(names: Sequence[str]) -> list[str]:
    """Returns the names for a list, with the normal form behind those that look like another one of them."""
    seen = Counter(looks(name) for name in set(names))
    return [f"{name} ({normal_form(name)})" if seen[looks(name)] > 1 else name for name in names]


def _plain(name: str) -> str:
    return looks(name).casefold().replace("_", "-")
