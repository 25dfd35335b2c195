"""Text of strangers for a terminal."""

from __future__ import annotations


def plain_text(text: str) -> str:
    r"""The text with all that cannot be seen, and that a terminal might obey, as escapes: `\x1b`, `\n`, `\u202e`."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in unicode_name(text)
    )


def unicode_name(name: str) -> str:
    r"""A file's name as text that can be written anywhere: its bytes that are not UTF-8 are `\xe9` each."""
    bytes_told = "".join(
        f"\\x{ord(letter) - 0xDC00:02x}" if "\udc80" <= letter <= "\udcff" else letter for letter in name
    )
    return bytes_told.encode("utf-8", "backslashreplace").decode("utf-8")


def is_unicode(name: str) -> bool:
    """Whether a file's name is UTF-8 altogether."""
    return unicode_name(name) == name
