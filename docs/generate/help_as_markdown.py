"""Writes the help of a command as Markdown, from what click would print of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import click

from .tables import STACKED

_EXAMPLES = "Examples"
_FENCE = "```\n\n"


class MarkdownFormatter(click.HelpFormatter):
    """Takes what a command says of itself in place of click's own formatter, so that groups, sections and examples of a
    command come out as they do on the terminal.

    `pages` are addresses of commands, by the names that a list has them by.
    """

    def __init__(self, pages: Mapping[str, str] | None = None):
        super().__init__(width=100)
        self._pages = pages or {}
        self._is_code = False
        self._heading = ""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        plain = click.HelpFormatter(width=90)
        plain.write_usage(prog, args, "")
        self._write_code(plain.getvalue())

    def write_heading(self, heading: str) -> None:
        # Not yet: it is the head of a list, or a paragraph above all else, and no heading of the page.
        self._heading = heading

    def write_paragraph(self) -> None:
        """Every block ends with an empty line here."""

    def write_text(self, text: str) -> None:
        if self._is_code:
            self.write(f"{text}\n")
            return
        self._begin()
        for paragraph in text.split("\n\n"):
            # A backspace is how click marks a paragraph that it must not fill: lines to type.
            if paragraph.startswith("\b"):
                self._write_code(paragraph.removeprefix("\b"))
            else:
                self.buffer.append(f"{' '.join(paragraph.split())}\n\n")

    def write(self, string: str) -> None:
        """Takes lines that a command has laid out itself."""
        if string.strip():
            self._write_code(string)

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        # Terms of several lists come padded to one width.
        lines = [f"| {self._term(term.strip())} | {_in_cell(text)} |" for term, text in rows]
        heading, self._heading = self._heading, ""
        self.buffer.append("\n".join([STACKED, f"| {heading} | |", "|---|---|", *lines]) + "\n\n")

    @contextmanager
    def section(self, name: str) -> Iterator[None]:
        was, self._is_code = self._is_code, name.rstrip(":") == _EXAMPLES
        self.write_heading(name.rstrip(":"))
        yield
        self._is_code = was

    def _begin(self) -> None:
        if self._heading:
            self.buffer.append(f"**{self._heading}**\n\n")
            self._heading = ""

    def _write_code(self, text: str) -> None:
        self._begin()
        lines = [line.rstrip() for line in text.strip("\n").splitlines()]
        indent = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
        block = "\n".join(line[indent:] for line in lines)
        if self.buffer and self.buffer[-1] == _FENCE:
            # Lines of one block may come one by one.
            self.buffer[-1:] = [f"{block}\n", _FENCE]
        else:
            self.buffer += ["```text\n", f"{block}\n", _FENCE]

    def _term(self, term: str) -> str:
        page = self._pages.get(term)
        code = f"`{_in_code(term)}`"
        return f"[{code}]({page})" if page else code


def help_as_markdown(command: click.Command, name: str, pages: Mapping[str, str] | None = None) -> str:
    """Everything that `name --help` says."""
    formatter = MarkdownFormatter(pages)
    # What the environment of the one who builds says must not get into a page.
    context = click.Context(command, info_name=name, help_option_names=["-h", "--help"], show_default=None)
    command.format_help(context, formatter)
    return formatter.getvalue()


def _in_cell(text: str) -> str:
    """Text in a cell, in which an asterisk, an angle bracket or a bar mean themselves."""
    plain = " ".join(text.split())
    parts = plain.split("`")
    # Every other part stands in backticks.
    for place in range(0, len(parts), 2):
        for sign in ("\\", "*", "_", "<", "[", "|"):
            parts[place] = parts[place].replace(sign, f"\\{sign}")
    parts[1::2] = [_in_code(part) for part in parts[1::2]]
    return "`".join(parts)


def _in_code(text: str) -> str:
    return text.replace("|", "\\|")
