"""Text that Markdown and LaTeX show as it is, whatever is in it."""

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
# What is between two tildes is struck out on GitHub.
_MARKDOWN_SPECIAL = "\\`*_{}[]<>|#~&"


def markdown_text(text: str) -> str:
    """The text with everything escaped that Markdown would take as markup."""
    return "".join(f"\\{character}" if character in _MARKDOWN_SPECIAL else character for character in text)


def latex_text(text: str) -> str:
    """The text with everything escaped that LaTeX would take as a command, or draw as something else.

    Ticks need amssymb.
    """
    # Two hyphens in a row are a dash; a bracket or a star behind the end of a line would be an argument of it.
    parted = re.sub(r"-(?=-)|^(?=\s*[\[*])", r"\g<0>" + "\0", text)
    return "".join(_LATEX_SPECIAL.get(character, character) for character in parted)
