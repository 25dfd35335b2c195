"""Finds the commands in a page, with the output that the page shows of each.

A page is Markdown. Its commands stand in fences of `console`, each after a dollar sign, with the output below:

    ```console
    $ mswal-bench data phantom raw --train 4 --test 2 --size tiny
    6 cases in raw
    ```

A line that ends with a backslash goes on in the next. A line of `...` in an output stands for any number of lines. A
command that ends with another status than 0 says so: `$ mswal-bench validate mine  # exits with 1`. A fence with
`>>>` lines in `pycon` is run by Python, one interpreter for the whole page. What readers need not see is a comment:
`<!-- $ cp -r /example/folder . -->`. `page_pictures.py` says how a page shows a picture that a command made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

_FENCE = re.compile(r"^(?P<ticks>`{3,})(?P<language>console|pycon)\s*$")
_ANY_FENCE = re.compile(r"^(?P<ticks>`{3,}|:{3,})")
_HIDDEN = re.compile(r"^<!-- \$ (?P<command>.+) -->$")
_STATUS = re.compile(r"\s# exits with (?P<status>\d+)$")
ELLIPSIS = "..."


@dataclass(frozen=True)
class PageCommand:
    """One command of a page."""

    language: Literal["console", "pycon"]
    command: str
    """Without prompts; several lines of one command are joined by ends of lines."""
    line: int
    """Of the page, from 1, in which it begins."""
    output: tuple[str, ...]
    """The lines that the page shows below it."""
    output_from: int
    """The line, from 1, in which the output begins, or would."""
    hidden: bool = False
    """Whether it stands in a comment and its output nowhere."""

    @property
    def status(self) -> int:
        """The exit status that the page tells."""
        found = _STATUS.search(self.command)
        return int(found["status"]) if found else 0


def page_commands(text: str) -> list[PageCommand]:
    """The commands of a page in their order. Raises ValueError for a fence whose first line is no command."""
    lines = text.splitlines()
    found: list[PageCommand] = []
    number = 0
    while number < len(lines):
        hidden = _HIDDEN.match(lines[number])
        fence = _FENCE.match(lines[number])
        other = _ANY_FENCE.match(lines[number])
        if hidden:
            found.append(PageCommand("console", hidden["command"], number + 1, (), number + 2, hidden=True))
        elif fence:
            end = _end_of_fence(lines, number, fence["ticks"])
            found += _commands_in(lines, number + 1, end, fence["language"])
            number = end
        elif other and other["ticks"].startswith("`"):
            # What stands in a fence of another language is text.
            number = _end_of_fence(lines, number, other["ticks"])
        number += 1
    return found


def with_outputs(text: str, outputs: Sequence[tuple[PageCommand, Sequence[str]]]) -> str:
    """The page with other outputs below these commands of it."""
    lines = text.splitlines()
    for command, output in sorted(outputs, key=lambda each: -each[0].line):
        start = command.output_from - 1
        lines[start : start + len(command.output)] = output
    return "\n".join(lines) + "\n"


def _end_of_fence(lines: Sequence[str], start: int, ticks: str) -> int:
    """The index of the line that closes a fence; a fence that nothing closes ends with the page."""
    return next((at for at in range(start + 1, len(lines)) if lines[at].rstrip() == ticks), len(lines))


def _commands_in(lines: Sequence[str], start: int, end: int, language: str) -> Iterator[PageCommand]:
    prompt, goes_on = ("$ ", "> ") if language == "console" else (">>> ", "... ")
    number = start
    while number < end:
        first = number
        if not lines[number].startswith(prompt):
            raise ValueError(f"line {number + 1}: a {language} fence begins with {prompt!r}, found {lines[number]!r}")
        command = [lines[number].removeprefix(prompt)]
        number += 1
        if language == "console":
            while command[-1].endswith("\\") and number < end:
                command.append(lines[number].removeprefix(goes_on))
                number += 1
        else:
            while number < end and (lines[number] + " ").startswith(goes_on) and _is_open(command):
                command.append(lines[number][len(goes_on) :])
                number += 1
        output_from = number
        while number < end and not lines[number].startswith(prompt):
            number += 1
        kind: Literal["console", "pycon"] = "console" if language == "console" else "pycon"
        yield PageCommand(kind, "\n".join(command), first + 1, tuple(lines[output_from:number]), output_from + 1)


def _is_open(lines: Sequence[str]) -> bool:
    """Whether more lines can follow: `...` below a whole statement is output that is left out."""
    from codeop import compile_command

    try:
        return compile_command("\n".join(lines)) is None
    except (SyntaxError, ValueError, OverflowError):
        return False
