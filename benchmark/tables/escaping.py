"""Escapes text so that a terminal, Markdown and LaTeX show it as it is, whoever wrote it."""

from __future__ import annotations

import re

from .view import NO, UNDEFINED, YES

_LATEX_SPECIAL = {
    "\0": "{}",
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"$\sim$", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "`": r"\textasciigrave{}", UNDEFINED: "--", YES: r"\checkmark{}", NO: r"$\times$",
    "→": r"$\rightarrow$", "↑": r"$\uparrow$", "↓": r"$\downarrow$", "…": r"\dots{}",
}  # fmt: skip
# GitHub strikes out text between tildes.
_MARKDOWN_SPECIAL = "\\`*_{}[]<>|#~&"


def markdown_text(text: str) -> str:
    """Escapes everything that Markdown would take for markup."""
    return "".join(f"\\{character}" if character in _MARKDOWN_SPECIAL else character for character in text)


def latex_text(text: str) -> str:
    """Escapes everything that LaTeX would take for a command or print as something else.

    Ticks become `\\checkmark`, which needs the package amssymb.
    """
    # LaTeX prints two hyphens in a row as a dash, and takes a bracket or a star after a line's end for its argument.
    parted = re.sub(r"-(?=-)|^(?=\s*[\[*])", r"\g<0>" + "\0", text)
    return "".join(_LATEX_SPECIAL.get(character, character) for character in parted)


def plain_text(text: str) -> str:
    r"""Replaces every character that is invisible or that a terminal might obey by an escape: `\x1b`, `\n`, `\u202e`.

    Bytes of a file name that are not UTF-8 are escaped too, as by `unicode_name`.
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in unicode_name(text)
    )


def unicode_name(name: str) -> str:
    r"""Returns a file's name as text that can be written anywhere; a byte that is not UTF-8 becomes `\xe9` or alike."""
    bytes_told = "".join(
        f"\\x{ord(letter) - 0xDC00:02x}" if "\udc80" <= letter <= "\udcff" else letter for letter in name
    )
    return bytes_told.encode("utf-8", "backslashreplace").decode("utf-8")


def is_unicode(name: str) -> bool:
    """Returns whether a file's name is UTF-8 throughout."""
    return unicode_name(name) == name
