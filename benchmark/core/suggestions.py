"""Suggests the name that was meant, and tells names apart that look the same.

An `é` is one character (composed, Unicode's NFC) or two, an e and an accent (decomposed, NFD; macOS writes it). Both
look the same, and are two names to a file system and to this program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from unicodedata import is_normalized, normalize


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence for what to do about a name that is not known; empty where none of the `known` is like it."""
    names = list(known)
    if twin := written_otherwise(name, names):
        return twin
    close = closest(name, names)
    return f"Did you mean {close}?" if close is not None else ""


def closest(name: str, known: Iterable[str]) -> str | None:
    """The one of the `known` that is most like a name; None where none is like it. Capitals, and underscores for
    dashes, make no difference.
    """
    plain = {_plain(each): each for each in reversed(list(known))}
    close = get_close_matches(_plain(name), plain, n=1)
    return plain[close[0]] if close else None


def written_otherwise(name: str, known: Iterable[str]) -> str:
    """A sentence about one of the `known` that looks the same and is another name; empty where there is none."""
    # In ASCII every character is one alone.
    others = () if name.isascii() else known
    twin = next((each for each in others if each != name and looks(each) == looks(name)), None)
    if twin is None:
        return ""
    return (
        f"{name} is {form_of(name)}, {name!a}, and {twin} there is {form_of(twin)}, {twin!a}: "
        "they differ by Unicode normalisation alone. Rename one of them."
    )


def looks(name: str) -> str:
    """Equal for names that look the same: those that are one but for Unicode normalisation."""
    return normalize("NFC", name)


def form_of(name: str) -> str:
    """Unicode's normal form that a name is written in."""
    if is_normalized("NFC", name):
        return "composed"
    return "decomposed" if is_normalized("NFD", name) else "composed in part"


def apart(names: Sequence[str]) -> list[str]:
    """The names as a list shows them: those that look like another one of them say how they are written."""
    seen = Counter(looks(name) for name in set(names))
    return [f"{name} ({form_of(name)})" if seen[looks(name)] > 1 else name for name in names]


def _plain(name: str) -> str:
    return looks(name).casefold().replace("_", "-")
