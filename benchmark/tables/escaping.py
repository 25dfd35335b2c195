"""Escapes text so that Markdown and LaTeX show it as it is."""

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
