"""Makes text of strangers safe to print: what a terminal would obey or cannot show becomes an escape."""

from __future__ import annotations


def plain_text(text: str) -> str:
    r"""Replaces every character that is invisible or that a terminal might obey by an escape: `\x1b`, `\n`, `\u202e`.

    Bytes of a file name that are not UTF-8 are escaped too, as by `unicode_name`.
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in unicode_name(text)
    )


def unicode_name(name: str) -> str:
    r"""Returns a file's name as text that can be written anywhere; each byte that is not UTF-8 becomes as `\xe9`."""
    bytes_told = "".join(
        f"\\x{ord(letter) - 0xDC00:02x}" if "\udc80" <= letter <= "\udcff" else letter for letter in name
    )
    return bytes_told.encode("utf-8", "backslashreplace").decode("utf-8")


def is_unicode(name: str) -> bool:
    """Returns whether a file's name is UTF-8 throughout."""
    return unicode_name(name) == name
