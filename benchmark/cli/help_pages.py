"""Lays out help: commands in the order of work, and examples at the end of every page."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import click

Example = tuple[str, str]
"""What it is good for, in some words, and the whole command as it is typed."""

_INDENT = 2
_WIDE = 78
_WHOLE = 1000
"""Characters of a short help, of which click leaves out what is longer."""


class _WithExamples(click.Command):
    """Ends its help with examples. Generators of documentation find them in `epilog`, as the terminal shows them."""

    def __init__(self, *arguments: Any, examples: Sequence[Example] = (), **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.examples = tuple(examples)
        self.note: str | None = self.epilog
        """What stands below the examples."""
        if self.examples:
            lines = "\n".join(f"  {line}" for line in example_lines(self.examples, _WIDE - _INDENT))
            self.epilog = f"\b\nExamples:\n{lines}" + (f"\n\n{self.note}" if self.note else "")

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.examples:
            with formatter.section("Examples"):
                for line in example_lines(self.examples, formatter.width - _INDENT):
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")
        if self.note:
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(self.note)


class BenchCommand(_WithExamples):
    """A command with examples."""


class BenchGroup(_WithExamples, click.Group):
    """Lists its commands in the order in which they were added, below the heads of `sections` if there are any."""

    command_class = BenchCommand

    def __init__(
        self, *arguments: Any, sections: Mapping[str, Sequence[click.Command]] | None = None, **settings: Any
    ) -> None:
        super().__init__(*arguments, **settings)
        self.sections = dict(sections or {})
        for command in (each for of_section in self.sections.values() for each in of_section):
            self.add_command(command)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # One column for all sections.
        widest = max(map(len, self.commands))
        for head, commands in (self.sections or {"Commands": tuple(self.commands.values())}).items():
            with formatter.section(head):
                formatter.write_dl(
                    [(f"{each.name or '':{widest}}", each.get_short_help_str(_WHOLE)) for each in commands]
                )


def example_lines(examples: Sequence[Example], width: int) -> list[str]:
    """The lines of examples as a shell takes them, none wider than `width` where a command can be broken so."""
    lines = []
    for what, command in examples:
        lines += [f"# {what}", *_broken(command, width)]
    return lines


def _broken(command: str, width: int) -> list[str]:
    """Breaks a command before options, or before a word that does not fit, and ends what goes on with a backslash."""
    words = shlex.split(command)
    # An option keeps its value.
    parts: list[str] = []
    for word in map(_as_typed, words):
        if parts and parts[-1].startswith("-") and " " not in parts[-1] and not word.startswith("-"):
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    lines = [parts[0]]
    for part in parts[1:]:
        if len(lines[-1]) + 1 + len(part) <= width - 2:
            lines[-1] += f" {part}"
        else:
            lines[-1] += " \\"
            lines.append(f"    {part}")
    return lines


def _as_typed(word: str) -> str:
    return f'"{word}"' if any(letter in word for letter in " <>[") else word
