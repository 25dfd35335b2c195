"""Text that Markdown and LaTeX show as it is, whatever is in it."""

from __future__ import annotations

from .table_view import UNDEFINED

_LATEX_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", UNDEFINED: "--",
}  # fmt: skip
_MARKDOWN_SPECIAL = "\\`*_{}[]<>|#"


def markdown_text(text: str) -> str:
    """The text with everything escaped that Markdown would take as markup."""
    return "".join(f"\\{character}" if character in _MARKDOWN_SPECIAL else character for character in text)


def latex_text(text: str) -> str:
    """The text with everything escaped that LaTeX would take as a command."""
    return "".join(_LATEX_SPECIAL.get(character, character) for character in text)
