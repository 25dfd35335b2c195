"""Makes the reference's pages of commands, one for each command of `mswal-bench`, from the command line itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import click

from mswal_bench.benchmark.cli.main import main

from .help_as_markdown import help_as_markdown

PROGRAM = "mswal-bench"


def command_pages() -> Mapping[str, str]:
    """The text of each page by its name without ending; `index` lists all."""
    pages = {name: _page(name, command) for name, command in main.commands.items() if not command.hidden}
    addresses = {name: f"{name}.md" for name in pages}
    names = "\n".join(pages)
    index = f"# Commands\n\n{help_as_markdown(main, PROGRAM, addresses)}\n```{{toctree}}\n:hidden:\n\n{names}\n```\n"
    return {"index": index, **pages}


def commands_with_names(command: click.Command = main, name: str = PROGRAM) -> Iterator[tuple[str, click.Command]]:
    """Every command that is shown, with all the words by which it is called; groups come before what is in them."""
    yield name, command
    if isinstance(command, click.Group):
        for word, below in command.commands.items():
            if not below.hidden:
                yield from commands_with_names(below, f"{name} {word}")


def _page(word: str, command: click.Command) -> str:
    parts = []
    for name, each in commands_with_names(command, f"{PROGRAM} {word}"):
        short = name.removeprefix(f"{PROGRAM} ")
        below = each.commands if isinstance(each, click.Group) else {}
        anchors = {other: f"#{_anchor(f'{short} {other}')}" for other in below}
        mark = "#" if each is command else "##"
        parts.append(f"({_anchor(short)})=\n{mark} {short}\n\n{help_as_markdown(each, name, anchors)}")
    return "\n".join(parts)


def _anchor(name: str) -> str:
    return f"command-{name.replace(' ', '-')}"
