"""Text of strangers for a terminal."""

from __future__ import annotations


def plain_text(text: str) -> str:
    r"""The text with all that cannot be seen, and that a terminal might obey, as escapes: `\x1b`, `\n`, `\u202e`."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text
    )
